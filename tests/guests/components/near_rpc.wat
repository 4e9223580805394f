;; Asks near:rpc/api `raw` again and again, each time with the two strings of the last answer, so
;; that the host sees what arrived.  Begins with ("hello", "wörld").  Two empty strings end the run
;; well; the values "trap" and "fail" do what they say, "huge" has it send 17 MiB.  Memory for an
;; answer is given up to 64 KiB a string.
(component
  (import "near:rpc/api@0.1.0" (instance $rpc
    (export "raw" (func (param "method" string) (param "params-json" string)
      (result (tuple string string))))))

  (core module $Memory
    (memory (export "memory") 300)
    (data (i32.const 16) "hellow\c3\b6rld")
    (global $top (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (if (i32.gt_u (local.get 3) (i32.const 65536)) (then unreachable))
      (global.get $top)
      (global.set $top (i32.add (global.get $top) (local.get 3)))))

  (core module $Main
    (import "m" "memory" (memory 300))
    (import "rpc" "raw" (func $raw (param i32 i32 i32 i32 i32)))
    ;; 0: value, its length, error, its length
    (func (export "run") (result i32)
      (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 5))
      (i32.store (i32.const 8) (i32.const 21)) (i32.store (i32.const 12) (i32.const 6))
      (loop $again
        (call $raw (i32.load (i32.const 0)) (i32.load (i32.const 4))
          (i32.load (i32.const 8)) (i32.load (i32.const 12)) (i32.const 0))
        (if (i32.eqz (i32.or (i32.load (i32.const 4)) (i32.load (i32.const 12))))
          (then (return (i32.const 0))))
        (br_if $again (i32.ne (i32.load (i32.const 4)) (i32.const 4)))
        (if (call $is (i32.const 0x70617274)) (then unreachable)) ;; "trap"
        (if (call $is (i32.const 0x65677568)) ;; "huge"
          (then (i32.store (i32.const 4) (i32.const 17825792))))
        (br_if $again (i32.eqz (call $is (i32.const 0x6c696166))))) ;; "fail"
      (i32.const 1))
    (func $is (param $word i32) (result i32)
      (i32.eq (i32.load (i32.load (i32.const 0))) (local.get $word))))

  (core instance $memory (instantiate $Memory))
  (core func $raw (canon lower (func $rpc "raw")
    (memory $memory "memory") (realloc (func $memory "realloc"))))
  (core instance $main (instantiate $Main
    (with "m" (instance $memory))
    (with "rpc" (instance (export "raw" (func $raw))))))
  (func $run (result (result)) (canon lift (core func $main "run")))
  (instance $cli (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $cli)))
