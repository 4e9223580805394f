;; hits the maximum that it declares itself, then traps: that is no memory limit of ours
(module (memory (export "memory") 1 2)
  (func (export "_start")
    (if (i32.ne (memory.grow (i32.const 65000)) (i32.const -1)) (then (loop $l (br $l))))
    unreachable))
