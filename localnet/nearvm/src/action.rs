//! Actions that a contract asked for, and their borsh as it stands in a receipt.
//!
//! The enum `Action` itself lives in near-primitives, which brings in far more than is needed
//! here; the parts with inner structure (keys, permissions, state inits) are the VM crates' own.

use borsh::BorshSerialize;
use near_crypto::PublicKey;
use near_primitives_core::account::{
    AccessKey, AccessKeyPermission, FunctionCallPermission, GasKeyInfo,
};
use near_primitives_core::deterministic_account_id::DeterministicAccountStateInit;
use near_primitives_core::global_contract::GlobalContractIdentifier;
use near_primitives_core::types::{AccountId, Balance};
use near_primitives_core::universal_state_init::RawStateInit;

pub enum Action {
    CreateAccount,
    Deploy {
        code: Vec<u8>,
    },
    Call {
        method: String,
        args: Vec<u8>,
        gas: u64,
        deposit: Balance,
    },
    Transfer {
        deposit: Balance,
    },
    Stake {
        stake: Balance,
        key: PublicKey,
    },
    AddKey {
        key: PublicKey,
        access: AccessKey,
    },
    DeleteKey {
        key: PublicKey,
    },
    DeleteAccount {
        beneficiary: AccountId,
    },
    DeployGlobal {
        code: Vec<u8>,
        by_account: bool,
    },
    UseGlobal {
        contract: GlobalContractIdentifier,
    },
    StateInit {
        init: DeterministicAccountStateInit,
        deposit: Balance,
    },
    TransferToGasKey {
        key: PublicKey,
        deposit: Balance,
    },
    UniversalInit {
        init: RawStateInit,
        deposit: Balance,
    },
}

impl Action {
    pub fn borsh(&self) -> Vec<u8> {
        match self {
            Action::CreateAccount => vec![0],
            Action::Deploy { code } => tagged(1, &code),
            Action::Call {
                method,
                args,
                gas,
                deposit,
            } => tagged(2, &(method, args, gas, deposit)),
            Action::Transfer { deposit } => tagged(3, deposit),
            Action::Stake { stake, key } => tagged(4, &(stake, key)),
            Action::AddKey { key, access } => tagged(5, &(key, access)),
            Action::DeleteKey { key } => tagged(6, key),
            Action::DeleteAccount { beneficiary } => tagged(7, beneficiary),
            Action::DeployGlobal { code, by_account } => tagged(9, &(code, u8::from(*by_account))),
            Action::UseGlobal { contract } => tagged(10, contract),
            Action::StateInit { init, deposit } => tagged(11, &(init, deposit)),
            Action::TransferToGasKey { key, deposit } => tagged(12, &(key, deposit)),
            Action::UniversalInit { init, deposit } => tagged(15, &(init, deposit)),
        }
    }
}

fn tagged<T: BorshSerialize>(tag: u8, fields: &T) -> Vec<u8> {
    let mut out = vec![tag];
    fields.serialize(&mut out).expect("a Vec takes any bytes");
    out
}

pub fn call_permission(
    allowance: Option<Balance>,
    receiver_id: AccountId,
    method_names: Vec<String>,
) -> FunctionCallPermission {
    FunctionCallPermission {
        allowance,
        receiver_id: receiver_id.into(),
        method_names,
    }
}

pub fn access(nonce: u64, permission: AccessKeyPermission) -> AccessKey {
    AccessKey { nonce, permission }
}

/// A gas key starts empty; its nonces are set when the action is applied.
pub fn gas_key(num_nonces: u16) -> GasKeyInfo {
    GasKeyInfo {
        balance: Balance::ZERO,
        num_nonces,
    }
}
