//! What sandboxes offer beyond nodes.
use near_jsonrpc_client::methods::{block, sandbox_fast_forward, sandbox_patch_state};
use near_jsonrpc_primitives::types::query::QueryResponseKind;
use near_primitives::account::{AccessKey, Account, AccountContract};
use near_primitives::state_record::StateRecord;
use near_primitives::types::AccountId;
use near_primitives::views::{FinalExecutionStatus, QueryRequest};

use crate::net::{latest, near, transfer, Net};

pub async fn patch(net: &Net, records: Vec<StateRecord>) {
    net.client
        .call(sandbox_patch_state::RpcSandboxPatchStateRequest { records })
        .await
        .unwrap();
}

pub async fn state_is_patched(net: &Net) {
    let account_id: AccountId = "patched".parse().unwrap();
    let account = Account::new(near(5), near(0), AccountContract::None, 182);
    patch(
        net,
        vec![
            StateRecord::Account {
                account_id: account_id.clone(),
                account,
            },
            StateRecord::AccessKey {
                account_id: account_id.clone(),
                public_key: net.sandbox.public_key().into(),
                access_key: AccessKey::full_access(),
            },
            StateRecord::Contract {
                account_id: account_id.clone(),
                code: net.code.clone(),
            },
        ],
    )
    .await;
    let kind = net
        .query(QueryRequest::ViewAccount {
            account_id: account_id.clone(),
        })
        .await
        .unwrap()
        .kind;
    let QueryResponseKind::ViewAccount(view) = kind else {
        panic!("no account view")
    };
    assert_eq!(view.amount, near(5));
    assert_eq!(view.code_hash, near_primitives::hash::hash(&net.code));
    let done = net
        .commit(
            &net.root,
            &account_id,
            vec![transfer(near(1)), crate::net::call("set_greeting", "{}")],
        )
        .await;
    assert_eq!(done.status, FinalExecutionStatus::SuccessValue(vec![]));
}

pub async fn heights_are_skipped(net: &Net) {
    let head = || async {
        net.client
            .call(block::RpcBlockRequest {
                block_reference: latest(),
            })
            .await
            .unwrap()
            .header
    };
    let before = head().await;
    net.client
        .call(sandbox_fast_forward::RpcSandboxFastForwardRequest { delta_height: 500 })
        .await
        .unwrap();
    let after = head().await;
    assert!(after.height >= before.height + 500);
    assert!(after.timestamp_nanosec > before.timestamp_nanosec);
}
