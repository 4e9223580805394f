;; asks for all that 32 bits can address, page by page; goes on when refused, traps at the end
(module (memory (export "memory") 1)
  (func (export "_start") (local $i i32)
    (loop $l
      (drop (memory.grow (i32.const 256)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (i32.const 300))))
    (drop (memory.grow (i32.const 65535)))
    unreachable))
