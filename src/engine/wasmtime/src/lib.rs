//! Wasmtime behind the C ABI of alcove_wasmtime.h.  No policy lives here: what is refused, how long
//! a guest may run and what is said about it is decided in src/engine/*.c.

mod abi;
mod calls;
mod host;
mod run;

use abi::{
    door, slice, Answer, Blob, Conf, End, Host, Run, RunResult, Text, FAILED, INVALID, KIND_P1,
    REFUSED,
};
use std::hash::{Hash, Hasher};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Mutex;
use tokio::runtime::Runtime;
use wasmtime::component::{Component, Linker as ComponentLinker};
use wasmtime::{
    Config, Engine, ExternType, InstanceAllocationStrategy, InstancePre, Linker, Module, OptLevel,
    PoolingAllocationConfig, Result,
};
use wasmtime_wasi::p2::bindings::CommandPre;

/// `struct alcw_engine`.
pub struct Door {
    engine: Engine,
    p1: Linker<host::State>,
    p2: ComponentLinker<host::State>,
    /// `p2` and the calls of a host that has them.
    p2_calls: ComponentLinker<host::State>,
    runtimes: Mutex<Vec<Runtime>>, // idle ones; a run borrows one
}

/// `struct alcw_module`: linked as far as it goes without a store, or why it never will be.
pub enum Loaded {
    P1(InstancePre<host::State>),
    P2(CommandPre<host::State>),
    P2Calls(CommandPre<host::State>, String), // why it does not link without the host's calls
    Unfit(End, String),
}

fn config(c: &Conf) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    let each = |n: u32| c.slots.saturating_mul(n);
    pool.total_component_instances(c.slots)
        .total_core_instances(each(c.instances_max))
        .total_memories(each(c.memories_max))
        .total_tables(each(c.tables_max))
        .total_stacks(c.slots)
        .max_core_instances_per_component(c.instances_max)
        .max_memories_per_component(c.memories_max)
        .max_memories_per_module(c.memories_max)
        .max_tables_per_component(c.tables_max)
        .max_tables_per_module(c.tables_max)
        .table_elements(c.table_elements_max as usize)
        .max_memory_size(c.memory_max_bytes as usize)
        .max_core_instance_size(c.instance_max_bytes as usize)
        .max_component_instance_size(c.instance_max_bytes as usize)
        .linear_memory_keep_resident(c.memory_keep_bytes as usize)
        .table_keep_resident(c.table_keep_bytes as usize);

    let mut config = Config::new();
    config
        .consume_fuel(true)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .cranelift_opt_level(OptLevel::Speed)
        .wasm_multi_memory(true)
        .wasm_memory64(false)
        .concurrency_support(false)
        .memory_init_cow(true)
        .max_wasm_stack(c.wasm_stack_bytes as usize)
        .async_stack_size((c.wasm_stack_bytes + c.host_stack_bytes) as usize)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

fn new_engine(c: &Conf) -> Result<Door> {
    let engine = Engine::new(&config(c))?;
    let mut p1 = Linker::new(&engine);
    wasmtime_wasi::p1::add_to_linker_async(&mut p1, |s: &mut host::State| &mut s.wasi)?;
    let mut p2 = ComponentLinker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut p2)?;
    let mut p2_calls = p2.clone();
    calls::add_to_linker(&mut p2_calls)?;
    Ok(Door {
        engine,
        p1,
        p2,
        p2_calls,
        runtimes: Mutex::new(Vec::new()),
    })
}

fn load(e: &Door, kind: i32, artifact: &[u8]) -> Result<Loaded> {
    // SAFETY: alcw_load's contract: alcw_compile made these bytes, or a MAC over them was checked.
    let linked = if kind == KIND_P1 {
        let module = unsafe { Module::deserialize(&e.engine, artifact)? };
        if !has_entry(&module) {
            return Ok(Loaded::Unfit(
                End::NoEntry,
                "no function _start: () -> ()".into(),
            ));
        }
        e.p1.instantiate_pre(&module).map(Loaded::P1)
    } else {
        let component = unsafe { Component::deserialize(&e.engine, artifact)? };
        let link = |linker: &ComponentLinker<_>| {
            linker.instantiate_pre(&component).and_then(CommandPre::new)
        };
        link(&e.p2).map(Loaded::P2).or_else(|without| {
            link(&e.p2_calls).map(|pre| Loaded::P2Calls(pre, format!("{without:#}")))
        })
    };
    Ok(linked.unwrap_or_else(|e| Loaded::Unfit(End::Link, format!("{e:#}"))))
}

fn has_entry(module: &Module) -> bool {
    let start = module.get_export("_start");
    let start = start.as_ref().and_then(ExternType::func);
    start.is_some_and(|f| f.params().len() == 0 && f.results().len() == 0)
}

/// Collects what Wasmtime says an artifact depends on, instead of squeezing it into 64 bits.
struct Collect(Vec<u8>);

impl Hasher for Collect {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
    fn finish(&self) -> u64 {
        0
    }
}

/// # Safety
/// As alcove_wasmtime.h says; the same holds for every door below.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn alcw_engine_new(
    out: *mut *mut Door,
    conf: *const Conf,
    text: Text,
) -> i32 {
    door(text, || {
        let e = new_engine(unsafe { &*conf }).map_err(|e| (FAILED, format!("{e:#}")))?;
        unsafe { *out = Box::into_raw(Box::new(e)) };
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn alcw_engine_free(e: *mut Door) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(unsafe { Box::from_raw(e) })));
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn alcw_engine_tick(e: *mut Door) {
    unsafe { &*e }.engine.increment_epoch();
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn alcw_engine_build(e: *const Door, out: *mut u8, cap: usize) -> usize {
    let collected = catch_unwind(AssertUnwindSafe(|| {
        let mut collect = Collect(Vec::new());
        unsafe { &*e }
            .engine
            .precompile_compatibility_hash()
            .hash(&mut collect);
        collect.0
    }));
    let bytes = collected.unwrap_or_default();
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), out, bytes.len().min(cap)) };
    bytes.len()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn alcw_compile(
    out: *mut Blob,
    e: *const Door,
    kind: i32,
    wasm: *const u8,
    n: usize,
    text: Text,
) -> i32 {
    door(text, || -> Answer {
        let (e, wasm) = unsafe { (&*e, slice(wasm, n)) };
        let made = if kind == KIND_P1 {
            e.engine.precompile_module(wasm)
        } else {
            e.engine.precompile_component(wasm)
        };
        let mut bytes = made.map_err(|e| (INVALID, format!("{e:#}")))?;
        unsafe {
            *out = Blob {
                p: bytes.as_mut_ptr(),
                n: bytes.len(),
                cap: bytes.capacity(),
            }
        };
        std::mem::forget(bytes);
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn alcw_blob_free(b: *mut Blob) {
    let b = unsafe { &mut *b };
    if !b.p.is_null() {
        drop(unsafe { Vec::from_raw_parts(b.p, b.n, b.cap) });
    }
    *b = Blob {
        p: std::ptr::null_mut(),
        n: 0,
        cap: 0,
    };
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn alcw_load(
    out: *mut *mut Loaded,
    e: *const Door,
    kind: i32,
    artifact: *const u8,
    n: usize,
    text: Text,
) -> i32 {
    door(text, || {
        let (e, artifact) = unsafe { (&*e, slice(artifact, n)) };
        let m = load(e, kind, artifact).map_err(|e| (REFUSED, format!("{e:#}")))?;
        unsafe { *out = Box::into_raw(Box::new(m)) };
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn alcw_module_free(m: *mut Loaded) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(unsafe { Box::from_raw(m) })));
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn alcw_run(
    out: *mut RunResult,
    e: *const Door,
    m: *const Loaded,
    run: *const Run,
    host: *const Host,
) {
    let (out, e, m, run, host) = unsafe { (&mut *out, &*e, &*m, &*run, *host) };
    let ran = catch_unwind(AssertUnwindSafe(|| run::run(out, e, m, run, host)));
    if let Err(panic) = ran {
        run::panicked(out, abi::panic_text(&*panic));
    }
}
