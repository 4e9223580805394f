//! What the VM asks of the chain (`External`): storage goes to the C callbacks at once; receipts,
//! actions and resumes are kept as data and handed over after the run.

use crate::abi::{Bytes, Hash, State};
use crate::action::{access, call_permission, gas_key, Action};
use crate::universal;
use near_crypto::PublicKey;
use near_primitives_core::account::AccessKeyPermission;
use near_primitives_core::deterministic_account_id::{
    DeterministicAccountStateInit, DeterministicAccountStateInitV1,
};
use near_primitives_core::hash::{CryptoHash, YieldId};
use near_primitives_core::types::{AccountId, Balance, Gas, GasWeight, Nonce, NonceIndex};
use near_primitives_core::universal_state_init::{
    DecodeMode, RawStateInit, StateInitError, UniversalStateInitCounts,
};
use near_vm_runner::logic::errors::AnyError;
use near_vm_runner::logic::types::{
    ActionIndex, GlobalContractDeployMode, GlobalContractIdentifier, ReceiptIndex,
};
use near_vm_runner::logic::{External, HostError, StorageAccessTracker, VMLogicError, ValuePtr};
use std::collections::{HashMap, HashSet};
use std::ffi::c_int;

type Result<T> = std::result::Result<T, VMLogicError>;

/// The named callback returned -1: the run ends as a failure of the node, not of the contract.
#[derive(PartialEq, Eq)]
pub struct StateFailed(pub &'static str);

fn answer(callback: &'static str, rc: c_int) -> Result<bool> {
    match rc {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(VMLogicError::ExternalError(AnyError::new(StateFailed(
            callback,
        )))),
    }
}

pub enum Kind {
    Action {
        deps: Vec<(ReceiptIndex, CryptoHash)>,
    },
    Yield {
        data_id: CryptoHash,
        yield_id: Option<YieldId>,
    },
}

pub struct Receipt {
    pub kind: Kind,
    pub receiver: AccountId,
    pub refund_to: Option<AccountId>,
    pub actions: Vec<Action>,
}

pub struct Host<'a> {
    state: &'a State,
    chain_id: String,
    trie_nodes_per_write: u64,
    post_quantum_keys: bool,
    data_ids: u64,
    pub receipts: Vec<Receipt>,
    pub resumes: Vec<(CryptoHash, Vec<u8>)>,
    /// (receipt, action, weight) of the calls that share what gas is left
    weights: Vec<(usize, usize, u64)>,
    yields: HashSet<CryptoHash>,
    yield_ids: HashMap<YieldId, CryptoHash>,
}

// SAFETY: the VM runs on the thread that called nearvm_run; near-vm-runner asks for Send only
// because a node may prepare elsewhere.
unsafe impl Send for Host<'_> {}

struct Stored<'a>(&'a [u8]);

impl ValuePtr for Stored<'_> {
    fn len(&self) -> u32 {
        self.0.len() as u32
    }

    fn deref(&self, _: &mut dyn StorageAccessTracker) -> Result<Vec<u8>> {
        Ok(self.0.to_vec())
    }
}

impl<'a> Host<'a> {
    pub fn new(
        state: &'a State,
        chain_id: String,
        trie_nodes_per_write: u64,
        post_quantum_keys: bool,
    ) -> Self {
        Host {
            state,
            chain_id,
            trie_nodes_per_write,
            post_quantum_keys,
            data_ids: 0,
            receipts: Vec::new(),
            resumes: Vec::new(),
            weights: Vec::new(),
            yields: HashSet::new(),
            yield_ids: HashMap::new(),
        }
    }

    /// Shares `unused` gas among the weighted calls, the remainder to the last; returns what was
    /// given out: all of it, or nothing when no call has a weight.
    pub fn share(&mut self, unused: u64) -> u64 {
        let total: u128 = self.weights.iter().map(|w| u128::from(w.2)).sum();
        if total == 0 {
            return 0;
        }
        let mut left = unused;
        let last = self.weights.len() - 1;
        for (i, &(receipt, action, weight)) in self.weights.iter().enumerate() {
            let part = (u128::from(unused) * u128::from(weight) / total) as u64;
            left -= part;
            let part = if i == last { part + left } else { part };
            if let Action::Call { gas, .. } = &mut self.receipts[receipt].actions[action] {
                *gas = gas.saturating_add(part);
            }
        }
        unused
    }

    fn push(&mut self, receipt: ReceiptIndex, action: Action) -> usize {
        let actions = &mut self.receipts[receipt as usize].actions;
        actions.push(action);
        actions.len() - 1
    }

    fn push_receipt(&mut self, kind: Kind, receiver: AccountId) -> ReceiptIndex {
        self.receipts.push(Receipt {
            kind,
            receiver,
            refund_to: None,
            actions: Vec::new(),
        });
        self.receipts.len() as u64 - 1
    }

    fn charge_trie(&self, tracker: &mut dyn StorageAccessTracker) -> Result<()> {
        match self.trie_nodes_per_write {
            0 => Ok(()),
            n => tracker.trie_node_touched(n),
        }
    }

    fn pending(&self, id: &YieldId) -> Result<Option<CryptoHash>> {
        if let Some(data_id) = self.yield_ids.get(id) {
            return Ok(Some(*data_id));
        }
        let Some(ask) = self.state.yield_id_pending else {
            return Ok(None);
        };
        let mut data_id: Hash = [0; 32];
        // SAFETY: both pointers live for the call; the callback is the caller's.
        let rc = unsafe { ask(self.state.ctx, &id.0 .0, &mut data_id) };
        Ok(answer("yield_id_pending", rc)?.then_some(CryptoHash(data_id)))
    }
}

fn utf8(names: Vec<Vec<u8>>) -> Result<Vec<String>> {
    names
        .into_iter()
        .map(|n| String::from_utf8(n).map_err(|_| HostError::InvalidMethodName.into()))
        .collect()
}

// SAFETY of the callbacks below: the table outlives the run, keys and values live for the call,
// and bytes given out are copied (or, for get, read) before the next callback.
impl External for Host<'_> {
    fn storage_set<'b>(
        &'b mut self,
        tracker: &mut dyn StorageAccessTracker,
        key: &[u8],
        value: &[u8],
    ) -> Result<Option<Vec<u8>>> {
        self.charge_trie(tracker)?;
        let mut old = Bytes::EMPTY;
        let s = self.state;
        let rc = unsafe { (s.set)(s.ctx, Bytes::of(key), Bytes::of(value), &mut old) };
        if !answer("set", rc)? {
            return Ok(None);
        }
        let old = unsafe { old.get() };
        tracker.deref_write_evicted_value_bytes(old.len() as u64)?;
        Ok(Some(old.to_vec()))
    }

    fn storage_get<'b>(
        &'b self,
        _: &mut dyn StorageAccessTracker,
        key: &[u8],
    ) -> Result<Option<Box<dyn ValuePtr + 'b>>> {
        let mut value = Bytes::EMPTY;
        let s = self.state;
        if !answer("get", unsafe { (s.get)(s.ctx, Bytes::of(key), &mut value) })? {
            return Ok(None);
        }
        Ok(Some(Box::new(Stored(unsafe { value.get() }))))
    }

    fn storage_remove(
        &mut self,
        tracker: &mut dyn StorageAccessTracker,
        key: &[u8],
    ) -> Result<Option<Vec<u8>>> {
        self.charge_trie(tracker)?;
        let mut old = Bytes::EMPTY;
        let s = self.state;
        if !answer("remove", unsafe {
            (s.remove)(s.ctx, Bytes::of(key), &mut old)
        })? {
            return Ok(None);
        }
        let old = unsafe { old.get() };
        tracker.deref_removed_value_bytes(old.len() as u64)?;
        Ok(Some(old.to_vec()))
    }

    fn storage_has_key(&mut self, _: &mut dyn StorageAccessTracker, key: &[u8]) -> Result<bool> {
        let s = self.state;
        answer("has", unsafe { (s.has)(s.ctx, Bytes::of(key)) })
    }

    fn generate_data_id(&mut self) -> CryptoHash {
        let mut id: Hash = [0; 32];
        unsafe { (self.state.data_id)(self.state.ctx, self.data_ids, &mut id) };
        self.data_ids += 1;
        CryptoHash(id)
    }

    // There are no state proofs here, so their size limit never bites.
    fn get_recorded_storage_size(&self) -> usize {
        0
    }

    fn storage_proof_size_before_receipt(&self) -> usize {
        0
    }

    fn validator_stake(&self, account_id: &AccountId) -> Result<Option<Balance>> {
        let Some(ask) = self.state.validator_stake else {
            return Ok(None);
        };
        let mut stake = 0u128;
        let id = Bytes::of(account_id.as_bytes());
        let rc = unsafe { ask(self.state.ctx, id, &mut stake) };
        Ok(answer("validator_stake", rc)?.then_some(Balance::from_yoctonear(stake)))
    }

    fn validator_total_stake(&self) -> Result<Balance> {
        let Some(ask) = self.state.validator_total else {
            return Ok(Balance::ZERO);
        };
        let mut stake = 0u128;
        answer("validator_total", unsafe {
            ask(self.state.ctx, &mut stake)
        })?;
        Ok(Balance::from_yoctonear(stake))
    }

    fn chain_id(&self) -> String {
        self.chain_id.clone()
    }

    fn create_action_receipt(
        &mut self,
        receipt_indices: Vec<ReceiptIndex>,
        receiver_id: AccountId,
    ) -> Result<ReceiptIndex> {
        let mut deps = Vec::with_capacity(receipt_indices.len());
        for receipt_index in receipt_indices {
            if receipt_index >= self.receipts.len() as u64 {
                return Err(HostError::InvalidReceiptIndex { receipt_index }.into());
            }
            deps.push((receipt_index, self.generate_data_id()));
        }
        Ok(self.push_receipt(Kind::Action { deps }, receiver_id))
    }

    fn create_promise_yield_receipt(
        &mut self,
        receiver_id: AccountId,
    ) -> Result<(ReceiptIndex, CryptoHash)> {
        let data_id = self.generate_data_id();
        self.yields.insert(data_id);
        let index = self.push_receipt(
            Kind::Yield {
                data_id,
                yield_id: None,
            },
            receiver_id,
        );
        Ok((index, data_id))
    }

    fn create_promise_yield_receipt_with_id(
        &mut self,
        receiver_id: AccountId,
        user_yield_id: YieldId,
    ) -> Result<Option<(ReceiptIndex, CryptoHash)>> {
        if self.pending(&user_yield_id)?.is_some() {
            return Ok(None);
        }
        let data_id = self.generate_data_id();
        self.yields.insert(data_id);
        self.yield_ids.insert(user_yield_id, data_id);
        let kind = Kind::Yield {
            data_id,
            yield_id: Some(user_yield_id),
        };
        Ok(Some((self.push_receipt(kind, receiver_id), data_id)))
    }

    fn submit_promise_resume_data(&mut self, data_id: CryptoHash, data: Vec<u8>) -> Result<bool> {
        let s = self.state;
        let waits = self.yields.contains(&data_id)
            || answer("yield_waits", unsafe { (s.yield_waits)(s.ctx, &data_id.0) })?;
        if waits {
            self.resumes.push((data_id, data));
        }
        Ok(waits)
    }

    fn submit_promise_resume_data_with_yield_id(
        &mut self,
        user_yield_id: YieldId,
        data: Vec<u8>,
    ) -> Result<bool> {
        match self.pending(&user_yield_id)? {
            Some(data_id) => self.submit_promise_resume_data(data_id, data),
            None => Ok(false),
        }
    }

    fn append_action_create_account(&mut self, receipt_index: ReceiptIndex) {
        self.push(receipt_index, Action::CreateAccount);
    }

    fn append_action_deploy_contract(&mut self, receipt_index: ReceiptIndex, code: Vec<u8>) {
        self.push(receipt_index, Action::Deploy { code });
    }

    fn append_action_deploy_global_contract(
        &mut self,
        receipt_index: ReceiptIndex,
        code: Vec<u8>,
        mode: GlobalContractDeployMode,
    ) {
        let by_account = mode == GlobalContractDeployMode::AccountId;
        self.push(receipt_index, Action::DeployGlobal { code, by_account });
    }

    fn append_action_use_global_contract(
        &mut self,
        receipt_index: ReceiptIndex,
        contract_id: GlobalContractIdentifier,
    ) {
        self.push(
            receipt_index,
            Action::UseGlobal {
                contract: contract_id.into(),
            },
        );
    }

    fn append_action_deterministic_state_init(
        &mut self,
        receipt_index: ReceiptIndex,
        contract_id: GlobalContractIdentifier,
        amount: Balance,
    ) -> ActionIndex {
        let init = DeterministicAccountStateInit::V1(DeterministicAccountStateInitV1 {
            code: contract_id.into(),
            data: Default::default(),
        });
        self.push(
            receipt_index,
            Action::StateInit {
                init,
                deposit: amount,
            },
        ) as u64
    }

    fn set_deterministic_state_init_data_entry(
        &mut self,
        receipt_index: ReceiptIndex,
        action_index: ActionIndex,
        key: Vec<u8>,
        value: Vec<u8>,
    ) -> Result<()> {
        let action = self
            .receipts
            .get_mut(receipt_index as usize)
            .and_then(|r| r.actions.get_mut(usize::try_from(action_index).ok()?));
        let Some(Action::StateInit { init, .. }) = action else {
            return Err(HostError::InvalidActionIndex {
                receipt_index,
                action_index,
            }
            .into());
        };
        match init.data_mut().insert(key, value) {
            None => Ok(()),
            Some(_) => Err(HostError::DataEntryAlreadyExists.into()),
        }
    }

    fn check_state_init(
        &self,
        state_init: &RawStateInit,
    ) -> std::result::Result<(), StateInitError> {
        universal::check(state_init)
    }

    fn state_init_send_counts(
        &self,
        state_init: &RawStateInit,
        mode: DecodeMode,
    ) -> UniversalStateInitCounts {
        universal::counts(state_init, mode)
    }

    fn append_action_universal_state_init(
        &mut self,
        receipt_index: ReceiptIndex,
        state_init: RawStateInit,
        amount: Balance,
    ) {
        self.push(
            receipt_index,
            Action::UniversalInit {
                init: state_init,
                deposit: amount,
            },
        );
    }

    fn append_action_function_call_weight(
        &mut self,
        receipt_index: ReceiptIndex,
        method_name: Vec<u8>,
        args: Vec<u8>,
        attached_deposit: Balance,
        prepaid_gas: Gas,
        gas_weight: GasWeight,
    ) -> Result<()> {
        let method = String::from_utf8(method_name).map_err(|_| HostError::InvalidMethodName)?;
        let gas = prepaid_gas.as_gas();
        let call = Action::Call {
            method,
            args,
            gas,
            deposit: attached_deposit,
        };
        let action = self.push(receipt_index, call);
        if gas_weight.0 > 0 {
            self.weights
                .push((receipt_index as usize, action, gas_weight.0));
        }
        Ok(())
    }

    fn append_action_transfer(&mut self, receipt_index: ReceiptIndex, deposit: Balance) {
        self.push(receipt_index, Action::Transfer { deposit });
    }

    fn append_action_transfer_to_gas_key(
        &mut self,
        receipt_index: ReceiptIndex,
        public_key: PublicKey,
        deposit: Balance,
    ) {
        self.push(
            receipt_index,
            Action::TransferToGasKey {
                key: public_key,
                deposit,
            },
        );
    }

    fn append_action_add_gas_key_with_full_access(
        &mut self,
        receipt_index: ReceiptIndex,
        public_key: PublicKey,
        num_nonces: NonceIndex,
    ) {
        let permission = AccessKeyPermission::GasKeyFullAccess(gas_key(num_nonces));
        let action = Action::AddKey {
            key: public_key,
            access: access(0, permission),
        };
        self.push(receipt_index, action);
    }

    fn append_action_add_gas_key_with_function_call(
        &mut self,
        receipt_index: ReceiptIndex,
        public_key: PublicKey,
        num_nonces: NonceIndex,
        allowance: Option<Balance>,
        receiver_id: AccountId,
        method_names: Vec<Vec<u8>>,
    ) -> Result<()> {
        let call = call_permission(allowance, receiver_id, utf8(method_names)?);
        let permission = AccessKeyPermission::GasKeyFunctionCall(gas_key(num_nonces), call);
        let action = Action::AddKey {
            key: public_key,
            access: access(0, permission),
        };
        self.push(receipt_index, action);
        Ok(())
    }

    fn append_action_stake(
        &mut self,
        receipt_index: ReceiptIndex,
        stake: Balance,
        public_key: PublicKey,
    ) {
        self.push(
            receipt_index,
            Action::Stake {
                stake,
                key: public_key,
            },
        );
    }

    fn append_action_add_key_with_full_access(
        &mut self,
        receipt_index: ReceiptIndex,
        public_key: PublicKey,
        nonce: Nonce,
    ) {
        let access = access(nonce, AccessKeyPermission::FullAccess);
        self.push(
            receipt_index,
            Action::AddKey {
                key: public_key,
                access,
            },
        );
    }

    fn append_action_add_key_with_function_call(
        &mut self,
        receipt_index: ReceiptIndex,
        public_key: PublicKey,
        nonce: Nonce,
        allowance: Option<Balance>,
        receiver_id: AccountId,
        method_names: Vec<Vec<u8>>,
    ) -> Result<()> {
        let call = call_permission(allowance, receiver_id, utf8(method_names)?);
        let access = access(nonce, AccessKeyPermission::FunctionCall(call));
        self.push(
            receipt_index,
            Action::AddKey {
                key: public_key,
                access,
            },
        );
        Ok(())
    }

    fn append_action_delete_key(&mut self, receipt_index: ReceiptIndex, public_key: PublicKey) {
        self.push(receipt_index, Action::DeleteKey { key: public_key });
    }

    fn append_action_delete_account(
        &mut self,
        receipt_index: ReceiptIndex,
        beneficiary_id: AccountId,
    ) {
        self.push(
            receipt_index,
            Action::DeleteAccount {
                beneficiary: beneficiary_id,
            },
        );
    }

    fn get_receipt_receiver(&self, receipt_index: ReceiptIndex) -> &AccountId {
        &self.receipts[receipt_index as usize].receiver
    }

    fn set_refund_to(&mut self, receipt_index: ReceiptIndex, refund_to: AccountId) {
        self.receipts[receipt_index as usize].refund_to = Some(refund_to);
    }

    fn post_quantum_keys_enabled(&self) -> bool {
        self.post_quantum_keys
    }
}
