;; grows a table without end; -1 ends it
(module (memory (export "memory") 1) (table $t 1 funcref)
  (func (export "_start")
    (loop $l (br_if $l (i32.ne (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1))))))
