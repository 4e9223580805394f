(module (memory (export "memory") 1024) (func (export "_start")))
