//! One run: a store, an instance, the entry point, and how it ended.

use crate::abi::{put, End, Host, Run, RunResult};
use crate::calls::Unanswered;
use crate::host::{state, State, Stopped};
use crate::{Door, Loaded};
use std::future::{poll_fn, Future};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use wasmtime::{Result, Store, Trap, UpdateDeadline, WasmBacktrace};
use wasmtime_wasi::I32Exit;

/// How the guest came to its end when nothing went wrong in between.
type Returned = Result<Result<(), ()>>;

pub fn run(out: &mut RunResult, door: &Door, loaded: &Loaded, run: &Run, host: Host) {
    out.end = End::Ok;
    out.code = 0;
    out.fuel_left = run.fuel;
    (out.cause[0], out.trace[0]) = (0, 0);
    let unfit = match loaded {
        Loaded::Unfit(end, why) => Some((*end, why)),
        Loaded::P2Calls(_, why) if host.start.is_none() => Some((End::Link, why)),
        _ => None,
    };
    if let Some((end, why)) = unfit {
        out.end = end;
        put(&mut out.cause, why);
        return;
    }
    // SAFETY: the store, which holds what `run` points to, is dropped at the end of this function.
    let mut store = Store::new(&door.engine, unsafe {
        state(run, host, !matches!(loaded, Loaded::P1(_)))
    });
    store.limiter(|s| &mut s.limits);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| match host.stops() {
        false => Ok(UpdateDeadline::Continue(1)),
        true => Err(Stopped.into()),
    });
    let runtime = runtime(door);
    let mut started = false;
    let returned = store
        .set_fuel(run.fuel)
        .and_then(|()| runtime.block_on(watch(guest(loaded, &mut store, &mut started), run, host)));
    out.fuel_left = store.get_fuel().unwrap_or(0);
    describe(out, returned, started);
    door.runtimes.lock().unwrap().push(runtime);
}

pub fn panicked(out: &mut RunResult, why: &str) {
    out.end = End::Panic;
    put(&mut out.cause, why);
}

async fn guest(loaded: &Loaded, store: &mut Store<State>, started: &mut bool) -> Returned {
    match loaded {
        Loaded::P1(pre) => {
            let instance = pre.instantiate_async(&mut *store).await?;
            *started = true;
            let start = instance.get_typed_func::<(), ()>(&mut *store, "_start")?;
            start.call_async(store, ()).await.map(Ok)
        }
        Loaded::P2(pre) | Loaded::P2Calls(pre, _) => {
            let command = pre.instantiate_async(&mut *store).await?;
            *started = true;
            command.wasi_cli_run().call_run(store).await
        }
        Loaded::Unfit(..) => unreachable!("run() has answered"),
    }
}

/// Lets C look at clock and flags while the guest waits; epochs do the same while it computes.
async fn watch(guest: impl Future<Output = Returned>, run: &Run, host: Host) -> Returned {
    let mut guest = pin!(guest);
    // Most guests never wait: they get no timer.
    if let Poll::Ready(returned) = poll_fn(|cx| Poll::Ready(guest.as_mut().poll(cx))).await {
        return returned;
    }
    loop {
        if let Ok(returned) =
            timeout(Duration::from_millis(run.wait_ms.into()), guest.as_mut()).await
        {
            return returned;
        }
        if host.stops() {
            return Err(Stopped.into());
        }
    }
}

fn runtime(door: &Door) -> Runtime {
    let idle = door.runtimes.lock().unwrap().pop();
    idle.unwrap_or_else(|| {
        Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime")
    })
}

fn describe(out: &mut RunResult, returned: Returned, started: bool) {
    let error = match returned {
        Ok(ended) => {
            out.end = if ended.is_ok() { End::Ok } else { End::Err };
            return;
        }
        Err(error) => error,
    };
    out.end = if error.is::<Stopped>() {
        End::Stopped
    } else if let Some(exit) = error.downcast_ref::<I32Exit>() {
        out.code = exit.0;
        End::Exit
    } else if let Some(trap) = error.downcast_ref::<Trap>() {
        if *trap == Trap::OutOfFuel {
            End::Fuel
        } else {
            End::Trap
        }
    } else if error.is::<Unanswered>() {
        End::Host
    } else if !started {
        End::Start
    } else if error.is::<WasmBacktrace>() {
        End::Trap // a host function refused what the guest did
    } else {
        End::Host
    };
    put(&mut out.cause, &error.root_cause().to_string());
    if error.is::<WasmBacktrace>() {
        put(&mut out.trace, &error.to_string());
    }
}
