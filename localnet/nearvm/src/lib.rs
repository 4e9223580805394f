//! NEAR's VM behind the C ABI of `nearvm.h`. The header is the manual; nothing is decided here.

mod abi;
mod action;
mod host;
mod outcome;
mod universal;

use abi::{Bytes, Call, Err as CErr, Fee, Fees, Hash, Outcome, Ratio, State};
use near_crypto::{KeyType, MlDsa65PublicKey, PublicKey, Signature};
use near_parameters::{ActionCosts, RuntimeConfig, RuntimeConfigStore, RuntimeConfigView};
use near_primitives_core::account::AccountContract;
use near_primitives_core::code::ContractCode;
use near_primitives_core::config::ViewConfig;
use near_primitives_core::hash::CryptoHash;
use near_primitives_core::types::{AccountId, Balance, Gas};
use near_primitives_core::version::{
    ProtocolFeature, MIN_SUPPORTED_PROTOCOL_VERSION, PROTOCOL_VERSION,
};
use near_vm_runner::logic::errors::{CompilationError, FunctionCallError, VMRunnerError};
use near_vm_runner::logic::types::PromiseResult;
use near_vm_runner::logic::VMContext;
use near_vm_runner::{noop_background_spawner, Contract, FilesystemContractRuntimeCache};
use std::ffi::{c_char, c_int, CStr};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// Loaded modules kept in memory, counted in units of 16 MiB by near-vm-runner.
const LOADED_MAX: usize = 16;
/// Compiled contracts kept in the folder; the least recently used go first.
const CACHE_FILES_MAX_BYTES: u64 = 1 << 30;

pub struct Vm {
    config: Arc<RuntimeConfig>,
    cache: FilesystemContractRuntimeCache,
    config_json: String,
    post_quantum_keys: bool,
    _temporary: Option<TempDir>, // removed with the VM
}

/// Turns a panic into ALC_CORRUPT with its text.
unsafe fn door(err: *mut CErr, f: impl FnOnce() -> c_int) -> c_int {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(rc) => rc,
        Err(panic) => {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("no text");
            abi::fail(err, abi::CORRUPT, &format!("near vm: {text}"))
        }
    }
}

fn open(version: u32, dir: Option<&Path>) -> Result<Vm, (c_int, String)> {
    if !(MIN_SUPPORTED_PROTOCOL_VERSION..=PROTOCOL_VERSION).contains(&version) {
        let text = format!(
            "protocol version {version} is not among {MIN_SUPPORTED_PROTOCOL_VERSION} to \
             {PROTOCOL_VERSION}"
        );
        return Err((abi::BAD_INPUT, text));
    }
    let config = RuntimeConfigStore::new(None).get_config(version).clone();
    let view = RuntimeConfigView::from(RuntimeConfig::clone(&config));
    let config_json = serde_json::to_string(&view).map_err(|e| (abi::CORRUPT, e.to_string()))?;
    let (dir, temporary) = match dir {
        Some(dir) => (dir.to_path_buf(), None),
        None => {
            let made = tempfile::Builder::new().prefix("alcove-nearvm-").tempdir();
            let made = made.map_err(|e| (abi::IO, format!("a temporary folder: {e}")))?;
            (made.path().to_path_buf(), Some(made))
        }
    };
    let cache = FilesystemContractRuntimeCache::with_memory_cache(
        &dir,
        Some(".none"), // where an older layout would be moved from
        "compiled",
        LOADED_MAX,
        None,
        CACHE_FILES_MAX_BYTES,
        noop_background_spawner(),
    )
    .map_err(|e| {
        (
            abi::IO,
            format!("compiled contracts in {}: {e}", dir.display()),
        )
    })?;
    // Asking for any contract makes the engine, and the engine takes its signals: now, not in the
    // middle of the first run.
    let wasm_config = Arc::clone(&config.wasm_config);
    near_vm_runner::contract_cached(wasm_config, &cache, CryptoHash::default())
        .map_err(|e| (abi::IO, format!("compiled contracts: {e}")))?;
    let post_quantum_keys = ProtocolFeature::PostQuantumSignatures.enabled(version);
    Ok(Vm {
        config,
        cache,
        config_json,
        post_quantum_keys,
        _temporary: temporary,
    })
}

/// # Safety
/// As `nearvm.h` says.
#[no_mangle]
pub unsafe extern "C" fn nearvm_open(
    out: *mut *mut Vm,
    protocol_version: u32,
    cache_dir: *const c_char,
    err: *mut CErr,
) -> c_int {
    door(err, || {
        let dir = if cache_dir.is_null() {
            None
        } else {
            match CStr::from_ptr(cache_dir).to_str() {
                Ok(s) => Some(Path::new(s)),
                Err(_) => return abi::fail(err, abi::BAD_INPUT, "cache folder is not UTF-8"),
            }
        };
        match open(protocol_version, dir) {
            Ok(vm) => {
                *out = Box::into_raw(Box::new(vm));
                abi::OK
            }
            Err((rc, text)) => abi::fail(err, rc, &text),
        }
    })
}

/// # Safety
/// As `nearvm.h` says.
#[no_mangle]
pub unsafe extern "C" fn nearvm_close(vm: *mut Vm) {
    if !vm.is_null() {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(Box::from_raw(vm))));
    }
}

/// # Safety
/// As `nearvm.h` says.
#[no_mangle]
pub unsafe extern "C" fn nearvm_config_json(vm: *const Vm) -> Bytes {
    Bytes::of((*vm).config_json.as_bytes())
}

fn fees(config: &RuntimeConfig) -> Fees {
    let f = &config.fees;
    let l = &config.wasm_config.limit_config;
    let creation = &config.account_creation_config;
    let mut action = [Fee {
        send_sir: 0,
        send_not_sir: 0,
        exec: 0,
    }; abi::COSTS];
    for (cost, fee) in &f.action_fees {
        let cost: ActionCosts = cost;
        action[cost as usize] = Fee {
            send_sir: fee.send_fee(true).gas.as_gas(),
            send_not_sir: fee.send_fee(false).gas.as_gas(),
            exec: fee.exec_fee().gas.as_gas(),
        };
    }
    let mut registrar = [0 as c_char; 65];
    for (to, from) in registrar
        .iter_mut()
        .zip(creation.registrar_account_id.as_bytes())
    {
        *to = *from as c_char;
    }
    let ml_dsa = f.signature_verification_costs[near_parameters::SignatureKind::MlDsa65];
    let storage = &f.storage_usage_config;
    let ratio = |num: &i32, den: &i32| Ratio {
        num: *num,
        den: *den,
    };
    Fees {
        storage_price_per_byte: storage.storage_amount_per_byte.as_yoctonear(),
        global_price_per_byte: storage
            .global_contract_storage_amount_per_byte
            .as_yoctonear(),
        min_gas_purchase_price: config.min_gas_purchase_price.as_yoctonear(),
        account_creation_charge: config.account_creation_charge.as_yoctonear(),
        action,
        ml_dsa_verify: ml_dsa.gas.as_gas(),
        account_bytes: storage.num_bytes_account,
        record_bytes: storage.num_extra_bytes_record,
        min_gas_refund_penalty: f.min_gas_refund_penalty.as_gas(),
        gas_refund_penalty: ratio(f.gas_refund_penalty.numer(), f.gas_refund_penalty.denom()),
        contract_reward: ratio(f.burnt_gas_reward.numer(), f.burnt_gas_reward.denom()),
        pessimistic_inflation: ratio(
            f.pessimistic_gas_price_inflation_ratio.numer(),
            f.pessimistic_gas_price_inflation_ratio.denom(),
        ),
        max_gas_burnt: l.max_gas_burnt.as_gas(),
        max_total_prepaid_gas: l.max_total_prepaid_gas.as_gas(),
        max_actions_per_receipt: l.max_actions_per_receipt,
        max_deploys_per_receipt: l.max_deploy_actions_per_receipt,
        max_method_name_bytes: l.max_length_method_name,
        max_key_method_names_bytes: l.max_number_bytes_method_names,
        max_arguments_bytes: l.max_arguments_length,
        max_return_bytes: l.max_length_returned_data,
        max_contract_bytes: l.max_contract_size,
        max_transaction_bytes: l.max_transaction_size,
        max_receipt_bytes: l.max_receipt_size,
        max_storage_key_bytes: l.max_length_storage_key,
        max_storage_value_bytes: l.max_length_storage_value,
        max_promises_per_call: l.max_promises_per_function_call_action,
        max_input_data: l.max_number_input_data_dependencies,
        max_state_init_entries: l.max_state_init_entries,
        max_yield_payload_bytes: l.max_yield_payload_size,
        yield_timeout_blocks: l.yield_timeout_length_in_blocks,
        min_top_level_name_bytes: u64::from(creation.min_allowed_top_level_account_length),
        registrar,
    }
}

/// # Safety
/// As `nearvm.h` says.
#[no_mangle]
pub unsafe extern "C" fn nearvm_fees(vm: *const Vm, out: *mut Fees) {
    out.write(fees(&(*vm).config));
}

/// # Safety
/// As `nearvm.h` says.
#[no_mangle]
pub unsafe extern "C" fn nearvm_ml_dsa_65_ok(key: Bytes, sig: Bytes, hash: *const Hash) -> bool {
    let checked = catch_unwind(AssertUnwindSafe(|| {
        let Ok(key) = MlDsa65PublicKey::try_from(key.get()) else {
            return false;
        };
        let mut tagged = vec![KeyType::MLDSA65 as u8];
        tagged.extend_from_slice(sig.get());
        let Ok(sig) = borsh::from_slice::<Signature>(&tagged) else {
            return false;
        };
        sig.verify(&*hash, &PublicKey::MLDSA65(key))
    }));
    checked.unwrap_or(false)
}

/// # Safety
/// As `nearvm.h` says.
#[no_mangle]
pub unsafe extern "C" fn nearvm_ml_dsa_65_handle(key: Bytes, out: *mut Hash) -> bool {
    let made = catch_unwind(AssertUnwindSafe(|| {
        MlDsa65PublicKey::try_from(key.get()).map(|key| key.to_public_key_handle().0)
    }));
    match made {
        Ok(Ok(handle)) => {
            out.write(handle);
            true
        }
        _ => false,
    }
}

struct Code<'a> {
    hash: CryptoHash,
    code: &'a [u8],
}

impl Contract for Code<'_> {
    fn hash(&self) -> CryptoHash {
        self.hash
    }

    fn get_code(&self) -> Option<Arc<ContractCode>> {
        Some(Arc::new(ContractCode::new(
            self.code.to_vec(),
            Some(self.hash),
        )))
    }
}

type Refused = (c_int, String);

unsafe fn text<'a>(b: Bytes, what: &str) -> Result<&'a str, Refused> {
    std::str::from_utf8(b.get()).map_err(|_| (abi::BAD_INPUT, format!("{what} is not UTF-8")))
}

unsafe fn account(b: Bytes, what: &str) -> Result<AccountId, Refused> {
    let s = text(b, what)?;
    s.parse()
        .map_err(|e| (abi::BAD_INPUT, format!("{what} \"{s}\": {e}")))
}

unsafe fn list<'a, T>(p: *const T, n: usize) -> &'a [T] {
    if n == 0 {
        return &[];
    }
    std::slice::from_raw_parts(p, n)
}

unsafe fn context(call: &Call, max_gas_burnt: Gas) -> Result<VMContext, Refused> {
    let account_contract = match call.contract {
        abi::CONTRACT_NONE => AccountContract::None,
        abi::CONTRACT_LOCAL => AccountContract::Local(CryptoHash(call.contract_hash)),
        abi::CONTRACT_GLOBAL => AccountContract::Global(CryptoHash(call.contract_hash)),
        abi::CONTRACT_GLOBAL_BY_ACCOUNT => {
            let id = account(call.contract_account, "contract_account")?;
            AccountContract::GlobalByAccount(id)
        }
        n => return Err((abi::BAD_INPUT, format!("contract kind {n} is not known"))),
    };
    let predecessor_account_id = account(call.predecessor_id, "predecessor_id")?;
    let refund_to_account_id = match call.refund_to_id.n {
        0 => predecessor_account_id.clone(),
        _ => account(call.refund_to_id, "refund_to_id")?,
    };
    let promise_results = list(call.results, call.results_count)
        .iter()
        .map(|r| match r.kind {
            abi::RESULT_DATA => PromiseResult::Successful(r.data.get().into()),
            _ => PromiseResult::Failed,
        })
        .collect();
    let output_data_receivers = list(call.receivers, call.receivers_count)
        .iter()
        .map(|id| account(*id, "receiver"))
        .collect::<Result<_, _>>()?;
    Ok(VMContext {
        current_account_id: account(call.current_id, "current_id")?,
        signer_account_id: account(call.signer_id, "signer_id")?,
        signer_account_pk: call.signer_key.get().to_vec(),
        predecessor_account_id,
        refund_to_account_id,
        input: call.args.get().into(),
        promise_results,
        block_height: call.block_height,
        block_timestamp: call.block_time_ns,
        epoch_height: call.epoch_height,
        account_balance: Balance::from_yoctonear(call.account_balance),
        account_locked_balance: Balance::from_yoctonear(call.account_locked),
        storage_usage: call.storage_usage_bytes,
        account_contract,
        attached_deposit: Balance::from_yoctonear(call.deposit),
        prepaid_gas: if call.view {
            max_gas_burnt
        } else {
            Gas::from_gas(call.prepaid_gas)
        },
        random_seed: call.random_seed.get().to_vec(),
        view_config: call.view.then_some(ViewConfig { max_gas_burnt }),
        output_data_receivers,
    })
}

unsafe fn run(vm: &Vm, call: &Call, state: &State) -> Result<Outcome, Refused> {
    let config = &vm.config.wasm_config;
    let max_gas_burnt = match (call.view, call.view_max_gas) {
        (true, n) if n > 0 => Gas::from_gas(n),
        _ => config.limit_config.max_gas_burnt,
    };
    let context = context(call, max_gas_burnt)?;
    let method = text(call.method, "method")?;
    let chain_id = text(call.chain_id, "chain_id")?.to_owned();
    let no_code = || {
        let account_id = context.current_account_id.as_str().into();
        let e =
            FunctionCallError::CompilationError(CompilationError::CodeDoesNotExist { account_id });
        outcome::not_run(abi::END_NO_CODE, &e)
    };
    if call.code.p.is_null() {
        return Ok(no_code());
    }
    let code = Code {
        hash: CryptoHash(call.code_hash),
        code: call.code.get(),
    };
    let gas = context.make_gas_counter(config);
    let mut host = host::Host::new(
        state,
        chain_id,
        call.trie_nodes_per_write,
        vm.post_quantum_keys,
    );
    let prepared = near_vm_runner::prepare(&code, Arc::clone(config), Some(&vm.cache), gas, method);
    match near_vm_runner::run(prepared, &mut host, &context, Arc::clone(&vm.config.fees)) {
        Ok(vm_outcome) => {
            let unused = context
                .prepaid_gas
                .saturating_sub(vm_outcome.used_gas)
                .as_gas();
            let shared = host.share(unused);
            Ok(outcome::ran(vm_outcome, host, shared))
        }
        Err(VMRunnerError::ContractCodeNotPresent) => Ok(no_code()),
        Err(VMRunnerError::LoadingError(msg)) => {
            let e = FunctionCallError::LoadingError { msg };
            Ok(outcome::not_run(abi::END_UNLOADABLE, &e))
        }
        Err(VMRunnerError::ExternalError(e)) => {
            let callback = e.downcast::<host::StateFailed>().map_or("?", |s| s.0);
            Err((abi::IO, format!("the state failed in {callback}")))
        }
        Err(VMRunnerError::CacheError(e)) => Err((abi::IO, format!("compiled contracts: {e}"))),
        Err(e) => Err((abi::CORRUPT, format!("near vm: {e}"))),
    }
}

/// # Safety
/// As `nearvm.h` says.
#[no_mangle]
pub unsafe extern "C" fn nearvm_run(
    vm: *mut Vm,
    call: *const Call,
    state: *const State,
    out: *mut Outcome,
    err: *mut CErr,
) -> c_int {
    door(err, || match run(&*vm, &*call, &*state) {
        Ok(outcome) => {
            out.write(outcome);
            abi::OK
        }
        Err((rc, text)) => abi::fail(err, rc, &text),
    })
}

/// # Safety
/// As `nearvm.h` says.
#[no_mangle]
pub unsafe extern "C" fn nearvm_outcome_free(o: *mut Outcome) {
    if let Some(o) = o.as_mut() {
        outcome::free(o);
    }
}
