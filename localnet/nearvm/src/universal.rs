//! The state init of a `0u` account: decoded to price it and to tell whether it is canonical.

use borsh::{BorshDeserialize, BorshSerialize};
use near_crypto::PublicKeyHandle;
use near_primitives_core::global_contract::GlobalContractIdentifier;
use near_primitives_core::universal_state_init::{
    DecodeMode, RawStateInit, StateInitError, UniversalStateInitCounts,
};
use std::collections::{BTreeMap, BTreeSet};

#[derive(BorshSerialize, BorshDeserialize)]
enum Init {
    V1(InitV1),
}

#[derive(BorshSerialize, BorshDeserialize)]
struct InitV1 {
    code: Option<GlobalContractIdentifier>,
    data: BTreeMap<Vec<u8>, Vec<u8>>,
    keys: BTreeSet<PublicKeyHandle>,
}

fn decode(raw: &RawStateInit, mode: DecodeMode) -> Result<InitV1, StateInitError> {
    let init = Init::try_from_slice(&raw.0).map_err(|_| StateInitError::Malformed)?;
    if mode == DecodeMode::Strict {
        let again = borsh::to_vec(&init).map_err(|_| StateInitError::Malformed)?;
        if again != raw.0 {
            return Err(StateInitError::NonCanonical);
        }
    }
    let Init::V1(init) = init;
    Ok(init)
}

pub fn check(raw: &RawStateInit) -> Result<(), StateInitError> {
    decode(raw, DecodeMode::Strict).map(|_| ())
}

/// What does not decode is priced by its bytes alone.
pub fn counts(raw: &RawStateInit, mode: DecodeMode) -> UniversalStateInitCounts {
    let (num_entries, num_keys) =
        decode(raw, mode).map_or((0, 0), |i| (i.data.len() as u64, i.keys.len() as u64));
    UniversalStateInitCounts {
        num_bytes: raw.0.len() as u64,
        num_entries,
        num_keys,
    }
}
