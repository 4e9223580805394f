//! A run's store: WASI whose streams, clocks and randomness are the C table's.

use crate::abi::{slice, Host, Run};
use bytes::Bytes;
use rand_core::TryRng;
use std::convert::Infallible;
use std::ffi::{c_char, CStr};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use wasmtime::{format_err, ResourceLimiter, Result};
use wasmtime_wasi::cli::{IsTerminal, StdinStream, StdoutStream};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtxBuilder, WasiCtxView, WasiView};

/// Both kinds of guest run on it: a WasiP1Ctx is a Preview 2 context with a table of descriptors.
pub struct State {
    pub wasi: WasiP1Ctx,
    pub limits: Limits,
    pub host: Host,
    pub wait_ms: u32,
    pub request_max_bytes: usize,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi.ctx()
    }
}

/// The error with which a run ends when C said that it ends; C knows why.
#[derive(Debug)]
pub struct Stopped;

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("stopped by the host")
    }
}

impl std::error::Error for Stopped {}

pub struct Limits {
    host: Host,
}

impl ResourceLimiter for Limits {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        max: Option<usize>,
    ) -> Result<bool> {
        let max = max.map_or(u64::MAX, |m| m as u64);
        Ok((self.host.grow)(self.host.ctx, current as u64, desired as u64, max) != 0)
    }

    // Tables are bounded by the pool, which refuses more elements than a slot has.
    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> Result<bool> {
        Ok(true)
    }
}

/// Standard input: the caller's bytes, borrowed for the run.  Every stream that a guest makes of it
/// reads on where the others stopped.
#[derive(Clone)]
struct Input {
    rest: Arc<Mutex<&'static [u8]>>,
}

impl Input {
    fn take(&self, max: usize) -> &'static [u8] {
        let mut rest = self.rest.lock().unwrap();
        let (now, later) = rest.split_at(max.min(rest.len()));
        *rest = later;
        now
    }
}

impl IsTerminal for Input {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdinStream for Input {
    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        Box::new(self.clone())
    }
    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Pollable for Input {
    async fn ready(&mut self) {}
}

impl InputStream for Input {
    fn read(&mut self, max: usize) -> StreamResult<Bytes> {
        match self.take(max) {
            [] if max > 0 => Err(StreamError::Closed),
            now => Ok(Bytes::from_static(now)),
        }
    }
}

impl AsyncRead for Input {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        buf.put_slice(self.take(buf.remaining()));
        Poll::Ready(Ok(()))
    }
}

/// Standard output and error: every byte goes to C at once.
#[derive(Clone)]
struct Output {
    host: Host,
    fd: i32,
}

/// What a guest may write in one call; the copy of one call is all that is buffered here.
const WRITE_MAX_BYTES: usize = 64 << 10;

impl Output {
    fn put(&self, bytes: &[u8]) -> Result<(), Stopped> {
        match (self.host.write)(self.host.ctx, self.fd, bytes.as_ptr(), bytes.len()) {
            0 => Ok(()),
            _ => Err(Stopped),
        }
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if bytes.len() > WRITE_MAX_BYTES {
            return Err(StreamError::Trap(format_err!(
                "a write of more bytes than were permitted"
            )));
        }
        self.put(&bytes)
            .map_err(|stopped| StreamError::Trap(stopped.into()))
    }
    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }
    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_MAX_BYTES)
    }
}

impl AsyncWrite for Output {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Poll::Ready(
            self.put(bytes)
                .map(|()| bytes.len())
                .map_err(std::io::Error::other),
        )
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

struct Clock(Host);

impl HostWallClock for Clock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }
    fn now(&self) -> Duration {
        Duration::from_nanos((self.0.wall_ns)(self.0.ctx))
    }
}

impl HostMonotonicClock for Clock {
    fn resolution(&self) -> u64 {
        1
    }
    fn now(&self) -> u64 {
        (self.0.mono_ns)(self.0.ctx)
    }
}

/// Most that one call may draw: it cannot be interrupted, and takes about a microsecond a byte.
const RANDOM_MAX_BYTES: u64 = 1 << 20;

/// Secure and insecure randomness alike: a replay gives both again from one record.
struct Random(Host);

impl TryRng for Random {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut b = [0; 4];
        self.try_fill_bytes(&mut b)?;
        Ok(u32::from_le_bytes(b))
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut b = [0; 8];
        self.try_fill_bytes(&mut b)?;
        Ok(u64::from_le_bytes(b))
    }
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        (self.0.random)(self.0.ctx, out.as_mut_ptr(), out.len());
        Ok(())
    }
}

/// # Safety
/// `p` is a NUL-terminated text.
unsafe fn text(p: *const c_char) -> String {
    unsafe { CStr::from_ptr(p) }.to_string_lossy().into_owned()
}

/// `seeded`: the guest can ask for wasi:random/insecure-seed, which Preview 1 does not have.
///
/// # Safety
/// What `run` points to outlives the state.
pub unsafe fn state(run: &Run, host: Host, seeded: bool) -> State {
    let mut wasi = WasiCtxBuilder::new();
    let input: &'static [u8] = unsafe { slice(run.input, run.input_n) };
    wasi.stdin(Input {
        rest: Arc::new(Mutex::new(input)),
    })
    .stdout(Output { host, fd: 1 })
    .stderr(Output { host, fd: 2 })
    .wall_clock(Clock(host))
    .monotonic_clock(Clock(host))
    .secure_random(Random(host))
    .insecure_random(Random(host))
    .max_random_size(RANDOM_MAX_BYTES);
    if seeded {
        let mut seed = [0; 16];
        (host.random)(host.ctx, seed.as_mut_ptr(), seed.len());
        wasi.insecure_random_seed(u128::from_le_bytes(seed));
    }
    for pair in unsafe { slice(run.env, run.env_n) } {
        wasi.env(unsafe { text(pair.name) }, unsafe { text(pair.value) });
    }
    for arg in unsafe { slice(run.args, run.args_n) } {
        wasi.arg(unsafe { text(*arg) });
    }
    State {
        wasi: wasi.build_p1(),
        limits: Limits { host },
        host,
        wait_ms: run.wait_ms,
        request_max_bytes: run.request_max_bytes,
    }
}
