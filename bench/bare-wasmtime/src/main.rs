//! bare-wasmtime p1|p2 FILE RUNS WARMUP: runs FILE so often on one thread, 12 bytes in and out, and
//! prints each run's nanoseconds, store creation to drop.
//!
//! It is what somebody would write who wants a guest run fast under limits and nothing else: pooling,
//! pre-instantiation, fuel, epochs, canonical NaNs, memory pipes, synchronous calls.

use std::time::Instant;
use wasmtime::component::{Component, Linker as ComponentLinker};
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, InstancePre, Linker, Module,
    PoolingAllocationConfig, Result, Store, StoreLimits, StoreLimitsBuilder,
};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p2::bindings::sync::CommandPre;
use wasmtime_wasi::p2::pipe::{MemoryInputPipe, MemoryOutputPipe};
use wasmtime_wasi::{WasiCtxBuilder, WasiCtxView, WasiView};

const INPUT: &str = "hello alcove";

struct State {
    wasi: WasiP1Ctx,
    limits: StoreLimits,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi.ctx()
    }
}

enum Guest {
    P1(InstancePre<State>),
    P2(CommandPre<State>),
}

fn engine() -> Result<Engine> {
    let mut pool = PoolingAllocationConfig::new();
    pool.max_memory_size(512 << 20)
        .linear_memory_keep_resident(256 << 10)
        .table_keep_resident(32 << 10);
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .concurrency_support(false)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config)
}

fn load(engine: &Engine, kind: &str, path: &str) -> Result<Guest> {
    let bytes = std::fs::read(path)?;
    if kind == "p1" {
        let mut linker = Linker::new(engine);
        wasmtime_wasi::p1::add_to_linker_sync(&mut linker, |s: &mut State| &mut s.wasi)?;
        Ok(Guest::P1(
            linker.instantiate_pre(&Module::new(engine, bytes)?)?,
        ))
    } else {
        let mut linker = ComponentLinker::new(engine);
        wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?;
        let pre = linker.instantiate_pre(&Component::new(engine, bytes)?)?;
        Ok(Guest::P2(CommandPre::new(pre)?))
    }
}

fn run(engine: &Engine, guest: &Guest) -> Result<()> {
    let out = MemoryOutputPipe::new(1 << 20);
    let wasi = WasiCtxBuilder::new()
        .stdin(MemoryInputPipe::new(INPUT))
        .stdout(out.clone())
        .stderr(MemoryOutputPipe::new(1 << 20))
        .build_p1();
    let limits = StoreLimitsBuilder::new().memory_size(128 << 20).build();
    let mut store = Store::new(engine, State { wasi, limits });
    store.limiter(|s| &mut s.limits);
    store.set_fuel(1_000_000_000)?;
    store.set_epoch_deadline(1 << 30);
    match guest {
        Guest::P1(pre) => {
            let instance = pre.instantiate(&mut store)?;
            let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
            start.call(&mut store, ())?;
        }
        Guest::P2(pre) => {
            let command = pre.instantiate(&mut store)?;
            let ended = command.wasi_cli_run().call_run(&mut store)?;
            assert!(ended.is_ok());
        }
    }
    drop(store);
    assert_eq!(out.contents(), INPUT.as_bytes());
    Ok(())
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let [_, kind, path, runs, warmup] = &args[..] else {
        panic!("usage: bare-wasmtime p1|p2 FILE RUNS WARMUP");
    };
    let engine = engine()?;
    let guest = load(&engine, kind, path)?;
    for _ in 0..warmup.parse::<usize>()? {
        run(&engine, &guest)?;
    }
    let mut times = Vec::new();
    for _ in 0..runs.parse::<usize>()? {
        let began = Instant::now();
        run(&engine, &guest)?;
        times.push(began.elapsed().as_nanos());
    }
    for t in times {
        println!("{t}");
    }
    Ok(())
}
