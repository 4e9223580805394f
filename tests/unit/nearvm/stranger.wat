;; Imports a host function that no node has.
(module
  (import "env" "conjure" (func (param i64)))
  (memory 1)
  (func (export "empty")))
