//! The structs of `nearvm.h`, field by field. `sizes_agree` here and the assertions at the end of
//! the header hold the two together.

use std::ffi::{c_char, c_int, c_void};

/// Values of `enum alc_rc` that leave this crate.
pub const OK: c_int = 0;
pub const BAD_INPUT: c_int = 1;
pub const CORRUPT: c_int = 8;
pub const IO: c_int = 9;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Bytes {
    pub p: *const u8,
    pub n: usize,
}

impl Bytes {
    pub const EMPTY: Bytes = Bytes {
        p: std::ptr::null(),
        n: 0,
    };

    /// # Safety
    /// `p` and `n` describe readable bytes for as long as `'a`.
    pub unsafe fn get<'a>(self) -> &'a [u8] {
        if self.n == 0 {
            return &[];
        }
        std::slice::from_raw_parts(self.p, self.n)
    }

    pub fn of(b: &[u8]) -> Bytes {
        Bytes {
            p: b.as_ptr(),
            n: b.len(),
        }
    }
}

pub type Hash = [u8; 32];

/// `struct alc_err`.
#[repr(C)]
pub struct Err {
    rc: c_int,
    text: [c_char; 600],
}

/// Leaves the sentence, cut where it does not fit, in `*err` (which may be null) and gives `rc` back.
///
/// # Safety
/// `err` is null or writable.
pub unsafe fn fail(err: *mut Err, rc: c_int, sentence: &str) -> c_int {
    if err.is_null() {
        return rc;
    }
    let mut text = [0 as c_char; 600];
    let mut n = sentence.len().min(text.len() - 1);
    while !sentence.is_char_boundary(n) {
        n -= 1;
    }
    for (to, from) in text.iter_mut().zip(&sentence.as_bytes()[..n]) {
        *to = if *from == b'\n' { b' ' } else { *from } as c_char;
    }
    err.write(Err { rc, text });
    rc
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Fee {
    pub send_sir: u64,
    pub send_not_sir: u64,
    pub exec: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Ratio {
    pub num: i32,
    pub den: i32,
}

pub const COSTS: usize = 29;

#[repr(C)]
pub struct Fees {
    pub storage_price_per_byte: u128,
    pub global_price_per_byte: u128,
    pub min_gas_purchase_price: u128,
    pub account_creation_charge: u128,
    pub action: [Fee; COSTS],
    pub ml_dsa_verify: u64,
    pub account_bytes: u64,
    pub record_bytes: u64,
    pub min_gas_refund_penalty: u64,
    pub gas_refund_penalty: Ratio,
    pub contract_reward: Ratio,
    pub pessimistic_inflation: Ratio,
    pub max_gas_burnt: u64,
    pub max_total_prepaid_gas: u64,
    pub max_actions_per_receipt: u64,
    pub max_deploys_per_receipt: u64,
    pub max_method_name_bytes: u64,
    pub max_key_method_names_bytes: u64,
    pub max_arguments_bytes: u64,
    pub max_return_bytes: u64,
    pub max_contract_bytes: u64,
    pub max_transaction_bytes: u64,
    pub max_receipt_bytes: u64,
    pub max_storage_key_bytes: u64,
    pub max_storage_value_bytes: u64,
    pub max_promises_per_call: u64,
    pub max_input_data: u64,
    pub max_state_init_entries: u64,
    pub max_yield_payload_bytes: u64,
    pub yield_timeout_blocks: u64,
    pub min_top_level_name_bytes: u64,
    pub registrar: [c_char; 65],
}

pub const RESULT_DATA: c_int = 1;

#[repr(C)]
pub struct PromiseResult {
    pub kind: c_int,
    pub data: Bytes,
}

pub const CONTRACT_NONE: c_int = 0;
pub const CONTRACT_LOCAL: c_int = 1;
pub const CONTRACT_GLOBAL: c_int = 2;
pub const CONTRACT_GLOBAL_BY_ACCOUNT: c_int = 3;

#[repr(C)]
pub struct Call {
    pub account_balance: u128,
    pub account_locked: u128,
    pub deposit: u128,
    pub code: Bytes,
    pub code_hash: Hash,
    pub method: Bytes,
    pub args: Bytes,
    pub current_id: Bytes,
    pub signer_id: Bytes,
    pub signer_key: Bytes,
    pub predecessor_id: Bytes,
    pub refund_to_id: Bytes,
    pub chain_id: Bytes,
    pub random_seed: Bytes,
    pub results: *const PromiseResult,
    pub results_count: usize,
    pub receivers: *const Bytes,
    pub receivers_count: usize,
    pub prepaid_gas: u64,
    pub block_height: u64,
    pub block_time_ns: u64,
    pub epoch_height: u64,
    pub storage_usage_bytes: u64,
    pub contract: c_int,
    pub contract_hash: Hash,
    pub contract_account: Bytes,
    pub view: bool,
    pub view_max_gas: u64,
    pub trie_nodes_per_write: u64,
}

#[repr(C)]
pub struct State {
    pub ctx: *mut c_void,
    pub get: unsafe extern "C" fn(*mut c_void, Bytes, *mut Bytes) -> c_int,
    pub set: unsafe extern "C" fn(*mut c_void, Bytes, Bytes, *mut Bytes) -> c_int,
    pub remove: unsafe extern "C" fn(*mut c_void, Bytes, *mut Bytes) -> c_int,
    pub has: unsafe extern "C" fn(*mut c_void, Bytes) -> c_int,
    pub data_id: unsafe extern "C" fn(*mut c_void, u64, *mut Hash),
    pub yield_waits: unsafe extern "C" fn(*mut c_void, *const Hash) -> c_int,
    pub yield_id_pending:
        Option<unsafe extern "C" fn(*mut c_void, *const Hash, *mut Hash) -> c_int>,
    pub validator_stake: Option<unsafe extern "C" fn(*mut c_void, Bytes, *mut u128) -> c_int>,
    pub validator_total: Option<unsafe extern "C" fn(*mut c_void, *mut u128) -> c_int>,
}

pub const END_OK: c_int = 0;
pub const END_ABORTED: c_int = 1;
pub const END_NO_CODE: c_int = 2;
pub const END_UNLOADABLE: c_int = 3;

pub const ABORT_NONE: c_int = 0;
pub const ABORT_COMPILATION: c_int = 1;
pub const ABORT_LINK: c_int = 2;
pub const ABORT_METHOD: c_int = 3;
pub const ABORT_TRAP: c_int = 4;
pub const ABORT_HOST: c_int = 5;
pub const ABORT_LOAD: c_int = 6;

pub const RETURN_NONE: c_int = 0;
pub const RETURN_VALUE: c_int = 1;
pub const RETURN_PROMISE: c_int = 2;

pub const RECEIPT_ACTION: c_int = 0;
pub const RECEIPT_YIELD: c_int = 1;
pub const RECEIPT_YIELD_WITH_ID: c_int = 2;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Dep {
    pub receipt: u64,
    pub data_id: Hash,
}

#[repr(C)]
pub struct Receipt {
    pub kind: c_int,
    pub receiver_id: Bytes,
    pub refund_to_id: Bytes,
    pub deps: *const Dep,
    pub deps_count: usize,
    pub data_id: Hash,
    pub yield_id: Hash,
    pub actions: *const Bytes,
    pub actions_count: usize,
}

#[repr(C)]
pub struct Resume {
    pub data_id: Hash,
    pub payload: Bytes,
}

#[repr(C)]
pub struct Outcome {
    pub balance: u128,
    pub subsidized: u128,
    pub end: c_int,
    pub abort: c_int,
    pub error: Bytes,
    pub error_debug: Bytes,
    pub error_json: Bytes,
    pub storage_usage_bytes: u64,
    pub burnt_gas: u64,
    pub used_gas: u64,
    pub returned: c_int,
    pub value: Bytes,
    pub promise: u64,
    pub logs: *const Bytes,
    pub logs_count: usize,
    pub gas_profile: Bytes,
    pub receipts: *const Receipt,
    pub receipts_count: usize,
    pub resumes: *const Resume,
    pub resumes_count: usize,
    pub owner: *mut c_void,
}

const fn sizes_agree() {
    use std::mem::size_of;
    assert!(size_of::<Err>() == 604);
    assert!(size_of::<Fees>() == 1040);
    assert!(size_of::<Call>() == 400);
    assert!(size_of::<State>() == 80);
    assert!(size_of::<Receipt>() == 136);
    assert!(size_of::<Outcome>() == 224);
}
const _: () = sizes_agree();
