//! Host calls that wait: start, poll, read and cancel of the C table as one future, and the
//! interface whose functions are such calls.

use crate::abi::Host;
use crate::host::State;
use std::ffi::{CStr, CString};
use std::mem::ManuallyDrop;
use wasmtime::component::{ComponentNamedList, Lift, Linker, LinkerInstance, WasmStr};
use wasmtime::{Result, StoreContextMut};

/// Every function of it takes strings and returns two: a value and an error.
const RPC: &str = "near:rpc/api@0.1.0";
const RPC_FUNCTIONS: [(&str, usize); 19] = [
    ("view", 4),
    ("view-account", 2),
    ("view-access-key", 3),
    ("view-access-key-list", 2),
    ("view-code", 2),
    ("view-state", 3),
    ("block", 1),
    ("chunk", 1),
    ("changes", 1),
    ("send-tx", 2),
    ("tx-status", 3),
    ("receipt", 1),
    ("call", 8),
    ("transfer", 5),
    ("gas-price", 1),
    ("status", 0),
    ("network-info", 0),
    ("validators", 1),
    ("raw", 2),
];

pub fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    let mut api = linker.instance(RPC)?;
    let api = &mut api;
    // Typed, so that an import of another type does not link.
    for (name, parameters) in RPC_FUNCTIONS {
        match parameters {
            0 => bind(api, name, |()| []),
            1 => bind(api, name, |(a,)| [a]),
            2 => bind(api, name, |(a, b)| [a, b]),
            3 => bind(api, name, |(a, b, c)| [a, b, c]),
            4 => bind(api, name, |(a, b, c, d)| [a, b, c, d]),
            5 => bind(api, name, |(a, b, c, d, e)| [a, b, c, d, e]),
            8 => bind(api, name, |(a, b, c, d, e, f, g, h)| {
                [a, b, c, d, e, f, g, h]
            }),
            n => unreachable!("no function of {n} parameters"),
        }?;
    }
    Ok(())
}

fn bind<P, const N: usize>(
    api: &mut LinkerInstance<'_, State>,
    name: &str,
    list: fn(P) -> [WasmStr; N],
) -> Result<()>
where
    P: ComponentNamedList + Lift + 'static,
{
    let verb = CString::new(format!("{RPC}.{name}"))?;
    api.func_wrap_async(name, move |store: StoreContextMut<'_, State>, given: P| {
        let begun = begin(&store, &verb, &list(given));
        Box::new(async move {
            let call = match begun? {
                Ok(call) => call,
                Err(why) => return Ok(((String::new(), why.to_string()),)),
            };
            call.ready().await;
            Ok((call.read()?,))
        })
    })
}

/// Begins a call, or says why there is none, which the guest is told.
fn begin(
    store: &StoreContextMut<'_, State>,
    verb: &CStr,
    texts: &[WasmStr],
) -> Result<Result<Call, &'static str>> {
    let host = store.data().host;
    let max = store.data().request_max_bytes;
    let mut request = Vec::new();
    put_length(&mut request, texts.len());
    for text in texts {
        let text = text.to_str(store)?;
        if text.len() > max.saturating_sub(request.len() + 4) {
            return Ok(Err("the request is too large"));
        }
        put_length(&mut request, text.len());
        request.extend_from_slice(text.as_bytes());
    }
    Ok(Call::start(host, store.data().wait_ms, verb, &request).ok_or("no such call on this host"))
}

fn put_length(out: &mut Vec<u8>, n: usize) {
    out.extend_from_slice(&(n as u32).to_le_bytes()); // request_max_bytes is far below 4 GiB
}

/// A call that C has begun.  Dropped unread (the run ends while the guest waits) it is cancelled.
struct Call {
    host: Host,
    wait_ms: u32,
    handle: i64,
}

impl Call {
    fn start(host: Host, wait_ms: u32, verb: &CStr, request: &[u8]) -> Option<Call> {
        let start = host.start?;
        let handle = start(host.ctx, verb.as_ptr(), request.as_ptr(), request.len());
        // Made when there is a handle only: dropping it cancels.
        (handle >= 0).then(|| Call {
            host,
            wait_ms,
            handle,
        })
    }

    /// C does the waiting, on this thread; between two steps whoever drives the run looks at clock
    /// and flags.
    async fn ready(&self) {
        while (self.host.poll)(self.host.ctx, self.handle, self.wait_ms) == 0 {
            tokio::task::yield_now().await;
        }
    }

    fn read(self) -> Result<(String, String)> {
        let call = ManuallyDrop::new(self); // reading frees the handle
        let (mut p, mut n) = (std::ptr::null(), 0);
        if (call.host.read)(call.host.ctx, call.handle, &mut p, &mut n) != 0 {
            return Err(Unanswered("the host lost the answer to a call".into()).into());
        }
        // SAFETY: C keeps the answer until it is asked for the next one.
        let answer = unsafe { crate::abi::slice(p, n) };
        two_texts(answer).ok_or_else(|| {
            Unanswered(format!(
                "the host answered with {n} bytes that are not two strings"
            ))
            .into()
        })
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        (self.host.cancel)(self.host.ctx, self.handle);
    }
}

fn two_texts(mut answer: &[u8]) -> Option<(String, String)> {
    let pair = (text(&mut answer)?, text(&mut answer)?);
    answer.is_empty().then_some(pair)
}

fn text(rest: &mut &[u8]) -> Option<String> {
    let (n, after) = rest.split_first_chunk()?;
    let (text, after) = after.split_at_checked(u32::from_le_bytes(*n) as usize)?;
    *rest = after;
    String::from_utf8(text.to_vec()).ok()
}

/// The error with which a run ends when C has no answer that a guest could be given.
#[derive(Debug)]
pub struct Unanswered(String);

impl std::fmt::Display for Unanswered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unanswered {}
