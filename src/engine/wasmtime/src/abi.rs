//! The structs of alcove_wasmtime.h, field by field, and the guard of every door.

use std::ffi::{c_char, c_void};
use std::panic::{catch_unwind, AssertUnwindSafe};

pub const OK: i32 = 0;
pub const INVALID: i32 = 1;
pub const REFUSED: i32 = 2;
pub const FAILED: i32 = 3;
pub const PANIC: i32 = 4;

pub const KIND_P1: i32 = 1;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Text {
    p: *mut c_char,
    cap: usize,
}

#[repr(C)]
pub struct Conf {
    pub slots: u32,
    pub memory_max_bytes: u64,
    pub memories_max: u32,
    pub tables_max: u32,
    pub instances_max: u32,
    pub table_elements_max: u32,
    pub instance_max_bytes: u64,
    pub wasm_stack_bytes: u64,
    pub host_stack_bytes: u64,
    pub memory_keep_bytes: u64,
    pub table_keep_bytes: u64,
}

#[repr(C)]
pub struct Blob {
    pub p: *mut u8,
    pub n: usize,
    pub cap: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Host {
    pub ctx: *mut c_void,
    pub wall_ns: extern "C" fn(*mut c_void) -> u64,
    pub mono_ns: extern "C" fn(*mut c_void) -> u64,
    pub random: extern "C" fn(*mut c_void, *mut u8, usize),
    pub write: extern "C" fn(*mut c_void, i32, *const u8, usize) -> i32,
    pub tick: extern "C" fn(*mut c_void) -> i32,
    pub grow: extern "C" fn(*mut c_void, u64, u64, u64) -> i32,
    pub start: Option<extern "C" fn(*mut c_void, *const c_char, *const u8, usize) -> i64>,
    pub poll: extern "C" fn(*mut c_void, i64, u32) -> i32,
    pub read: extern "C" fn(*mut c_void, i64, *mut *const u8, *mut usize) -> i32,
    pub cancel: extern "C" fn(*mut c_void, i64),
}

// SAFETY: alcw_run drives the whole run on the calling thread and drops every user of the table
// before it returns; Wasmtime asks for Send + Sync because other embedders move their stores.
unsafe impl Send for Host {}
unsafe impl Sync for Host {}

impl Host {
    /// Asks C whether the run has to end now.
    pub fn stops(&self) -> bool {
        (self.tick)(self.ctx) != 0
    }
}

#[repr(C)]
pub struct Pair {
    pub name: *const c_char,
    pub value: *const c_char,
}

#[repr(C)]
pub struct Run {
    pub input: *const u8,
    pub input_n: usize,
    pub env: *const Pair,
    pub env_n: usize,
    pub args: *const *const c_char,
    pub args_n: usize,
    pub fuel: u64,
    pub wait_ms: u32,
    pub request_max_bytes: usize,
}

#[repr(i32)]
#[derive(Clone, Copy, PartialEq)]
pub enum End {
    Ok = 0,
    Err = 1,
    Exit = 2,
    Trap = 3,
    Fuel = 4,
    Stopped = 5,
    Link = 6,
    NoEntry = 7,
    Start = 8,
    Host = 9,
    Panic = 10,
}

#[repr(C)]
pub struct RunResult {
    pub end: End,
    pub code: i32,
    pub fuel_left: u64,
    pub cause: [u8; 512],
    pub trace: [u8; 4096],
}

/// Copies as much of `s` as fits, whole characters only, and a NUL; inner NULs become spaces.
pub fn put(out: &mut [u8], s: &str) {
    let Some(room) = out.len().checked_sub(1) else {
        return;
    };
    let n = s.floor_char_boundary(room);
    out[..n].copy_from_slice(&s.as_bytes()[..n]);
    out[..n]
        .iter_mut()
        .filter(|b| **b == 0)
        .for_each(|b| *b = b' ');
    out[n] = 0;
}

/// A slice of C memory; C gives NULL for an empty one.
///
/// # Safety
/// `p` points to `n` values that live and stay unchanged for as long as the slice is used.
pub unsafe fn slice<'a, T>(p: *const T, n: usize) -> &'a [T] {
    if n == 0 {
        &[]
    } else {
        unsafe { std::slice::from_raw_parts(p, n) }
    }
}

impl Text {
    fn put(self, s: &str) {
        if !self.p.is_null() {
            // SAFETY: the header says that p has room for cap bytes.
            put(
                unsafe { std::slice::from_raw_parts_mut(self.p.cast(), self.cap) },
                s,
            );
        }
    }
}

/// What a door answers: nothing, or a result code and its sentence.
pub type Answer = Result<(), (i32, String)>;

pub fn door(text: Text, f: impl FnOnce() -> Answer) -> i32 {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(Ok(())) => OK,
        Ok(Err((rc, s))) => {
            text.put(&s);
            rc
        }
        Err(panic) => {
            text.put(panic_text(&*panic));
            PANIC
        }
    }
}

pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied())
        .unwrap_or("panic")
}
