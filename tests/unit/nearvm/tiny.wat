;; The smallest contract: what a call costs before it does anything.
(module
  (memory 1)
  (func (export "empty")))
