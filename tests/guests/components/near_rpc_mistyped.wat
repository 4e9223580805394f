;; Imports near:rpc/api `raw` with one parameter; it has two.
(component
  (import "near:rpc/api@0.1.0" (instance
    (export "raw" (func (param "method" string) (result (tuple string string))))))

  (core module $Main (func (export "run") (result i32) (i32.const 0)))
  (core instance $main (instantiate $Main))
  (func $run (result (result)) (canon lift (core func $main "run")))
  (instance $cli (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $cli)))
