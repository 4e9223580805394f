//! From the VM's outcome to the C one.

use crate::abi::{self, Bytes, Dep, Outcome, Receipt, Resume};
use crate::host::{Host, Kind};
use near_vm_runner::logic::errors::{CompilationError, FunctionCallError};
use near_vm_runner::logic::{ReturnData, VMOutcome};
use near_vm_runner::ProfileDataV3;
use serde_json::{json, Value};
use std::ffi::{c_int, c_void};

/// What an outcome's pointers point into. Boxed slices do not move when the lists grow.
#[derive(Default)]
struct Owned {
    bytes: Vec<Box<[u8]>>,
    views: Vec<Box<[Bytes]>>,
    deps: Vec<Box<[Dep]>>,
    receipts: Box<[Receipt]>,
    resumes: Box<[Resume]>,
}

impl Owned {
    fn bytes(&mut self, b: Vec<u8>) -> Bytes {
        let b = b.into_boxed_slice();
        let view = Bytes::of(&b);
        self.bytes.push(b);
        view
    }

    fn list(&mut self, items: impl Iterator<Item = Vec<u8>>) -> (*const Bytes, usize) {
        let views: Box<[Bytes]> = items.map(|b| self.bytes(b)).collect();
        let out = (views.as_ptr(), views.len());
        self.views.push(views);
        out
    }

    fn receipt(&mut self, r: crate::host::Receipt) -> Receipt {
        let (actions, actions_count) = self.list(r.actions.iter().map(|a| a.borsh()));
        let mut out = Receipt {
            kind: abi::RECEIPT_ACTION,
            receiver_id: self.bytes(r.receiver.as_bytes().to_vec()),
            refund_to_id: Bytes::EMPTY,
            deps: std::ptr::null(),
            deps_count: 0,
            data_id: [0; 32],
            yield_id: [0; 32],
            actions,
            actions_count,
        };
        if let Some(id) = r.refund_to {
            out.refund_to_id = self.bytes(id.as_bytes().to_vec());
        }
        match r.kind {
            Kind::Action { deps } => {
                let deps: Box<[Dep]> = deps
                    .iter()
                    .map(|(i, id)| Dep {
                        receipt: *i,
                        data_id: id.0,
                    })
                    .collect();
                (out.deps, out.deps_count) = (deps.as_ptr(), deps.len());
                self.deps.push(deps);
            }
            Kind::Yield { data_id, yield_id } => {
                out.kind = abi::RECEIPT_YIELD;
                out.data_id = data_id.0;
                if let Some(id) = yield_id {
                    out.kind = abi::RECEIPT_YIELD_WITH_ID;
                    out.yield_id = id.0 .0;
                }
            }
        }
        out
    }
}

fn empty(end: c_int) -> Outcome {
    Outcome {
        balance: 0,
        subsidized: 0,
        end,
        abort: abi::ABORT_NONE,
        error: Bytes::EMPTY,
        error_debug: Bytes::EMPTY,
        error_json: Bytes::EMPTY,
        storage_usage_bytes: 0,
        burnt_gas: 0,
        used_gas: 0,
        returned: abi::RETURN_NONE,
        value: Bytes::EMPTY,
        promise: 0,
        logs: std::ptr::null(),
        logs_count: 0,
        gas_profile: Bytes::EMPTY,
        receipts: std::ptr::null(),
        receipts_count: 0,
        resumes: std::ptr::null(),
        resumes_count: 0,
        owner: std::ptr::null_mut(),
    }
}

fn kind_of(e: &FunctionCallError) -> c_int {
    match e {
        FunctionCallError::CompilationError(_) => abi::ABORT_COMPILATION,
        FunctionCallError::LinkError { .. } => abi::ABORT_LINK,
        FunctionCallError::MethodResolveError(_) => abi::ABORT_METHOD,
        FunctionCallError::WasmTrap(_) => abi::ABORT_TRAP,
        FunctionCallError::HostError(_) => abi::ABORT_HOST,
        FunctionCallError::LoadingError { .. } => abi::ABORT_LOAD,
    }
}

/// The value under `FunctionCallError` as nodes serialise it.
fn json_of(e: &FunctionCallError) -> Value {
    match e {
        FunctionCallError::HostError(_) | FunctionCallError::WasmTrap(_) => {
            json!({ "ExecutionError": e.to_string() })
        }
        FunctionCallError::LinkError { msg } => {
            json!({ "ExecutionError": format!("Link Error: {msg}") })
        }
        FunctionCallError::LoadingError { msg } => {
            json!({ "ExecutionError": format!("Loading Error: {msg}") })
        }
        FunctionCallError::MethodResolveError(m) => json!({ "MethodResolveError": m.to_string() }),
        FunctionCallError::CompilationError(c) => {
            let inner = match c {
                CompilationError::CodeDoesNotExist { account_id } => {
                    json!({ "CodeDoesNotExist": { "account_id": account_id } })
                }
                CompilationError::PrepareError(p) => json!({ "PrepareError": format!("{p:?}") }),
                // Clients know no name for Wasmtime's, so nodes show both under this one.
                CompilationError::WasmerCompileError { msg }
                | CompilationError::WasmtimeCompileError { msg } => {
                    json!({ "WasmerCompileError": { "msg": msg } })
                }
            };
            json!({ "CompilationError": inner })
        }
    }
}

fn say(out: &mut Outcome, own: &mut Owned, e: &FunctionCallError) {
    out.abort = kind_of(e);
    out.error = own.bytes(e.to_string().into_bytes());
    out.error_debug = own.bytes(format!("{e:?}").into_bytes());
    out.error_json = own.bytes(json_of(e).to_string().into_bytes());
}

/// Sorted by category and name, without zeroes; instructions count as one host cost.
fn profile_json(p: &ProfileDataV3) -> String {
    let name = |c: &dyn std::fmt::Debug| format!("{c:?}").to_ascii_uppercase();
    let mut costs: Vec<(&str, String, u64)> = Vec::new();
    for (cost, gas) in &p.actions_profile {
        costs.push(("ACTION_COST", name(&cost), gas.as_gas()));
    }
    for (cost, gas) in &p.wasm_ext_profile {
        costs.push(("WASM_HOST_COST", name(&cost), gas.as_gas()));
    }
    costs.push((
        "WASM_HOST_COST",
        "WASM_INSTRUCTION".into(),
        p.wasm_gas.as_gas(),
    ));
    costs.retain(|c| c.2 > 0);
    costs.sort();
    let list: Vec<Value> = costs
        .iter()
        .map(|(category, cost, gas)| {
            json!({ "cost_category": category, "cost": cost, "gas_used": gas.to_string() })
        })
        .collect();
    Value::Array(list).to_string()
}

fn give(mut out: Outcome, own: Owned) -> Outcome {
    out.owner = Box::into_raw(Box::new(own)).cast::<c_void>();
    out
}

/// The call never ran.
pub fn not_run(end: c_int, e: &FunctionCallError) -> Outcome {
    let mut own = Owned::default();
    let mut out = empty(end);
    say(&mut out, &mut own, e);
    give(out, own)
}

/// The call ran; `shared` gas went to weighted promises.
pub fn ran(vm: VMOutcome, host: Host<'_>, shared: u64) -> Outcome {
    let mut own = Owned::default();
    let mut out = empty(abi::END_OK);
    out.balance = vm.balance.as_yoctonear();
    out.subsidized = vm.subsidized_amount.as_yoctonear();
    out.storage_usage_bytes = vm.storage_usage;
    out.burnt_gas = vm.burnt_gas.as_gas();
    out.used_gas = vm.used_gas.as_gas().saturating_add(shared);
    out.gas_profile = own.bytes(profile_json(&vm.profile).into_bytes());
    (out.logs, out.logs_count) = own.list(vm.logs.into_iter().map(String::into_bytes));
    if let Some(e) = &vm.aborted {
        out.end = abi::END_ABORTED;
        say(&mut out, &mut own, e);
        return give(out, own);
    }
    match vm.return_data {
        ReturnData::None => {}
        ReturnData::Value(v) => {
            out.returned = abi::RETURN_VALUE;
            out.value = own.bytes(v);
        }
        ReturnData::ReceiptIndex(i) => {
            out.returned = abi::RETURN_PROMISE;
            out.promise = i;
        }
    }
    own.receipts = {
        let list: Vec<Receipt> = host.receipts.into_iter().map(|r| own.receipt(r)).collect();
        list.into_boxed_slice()
    };
    (out.receipts, out.receipts_count) = (own.receipts.as_ptr(), own.receipts.len());
    own.resumes = host
        .resumes
        .into_iter()
        .map(|(id, data)| Resume {
            data_id: id.0,
            payload: own.bytes(data),
        })
        .collect();
    (out.resumes, out.resumes_count) = (own.resumes.as_ptr(), own.resumes.len());
    give(out, own)
}

/// # Safety
/// `o` came from `ran` or `not_run`, or is zeroed.
pub unsafe fn free(o: &mut Outcome) {
    if !o.owner.is_null() {
        drop(Box::from_raw(o.owner.cast::<Owned>()));
    }
    *o = empty(abi::END_OK);
}
