//! Gas keys: made, filled, signed with, and emptied, in near-primitives' own types and bytes.
use near_crypto::{InMemorySigner, PublicKey, Signer};
use near_jsonrpc_client::methods::{self, broadcast_tx_commit, tx};
use near_jsonrpc_primitives::types::query::{QueryResponseKind, RpcQueryError};
use near_jsonrpc_primitives::types::transactions::TransactionInfo;
use near_primitives::account::{AccessKey, FunctionCallPermission};
use near_primitives::action::delegate::{DelegateAction, SignedDelegateAction};
use near_primitives::action::{
    Action, AddKeyAction, DeleteKeyAction, TransferToGasKeyAction, WithdrawFromGasKeyAction,
};
use near_primitives::errors::{
    ActionErrorKind, ActionsValidationError, InvalidTxError, TxExecutionError,
};
use near_primitives::hash::CryptoHash;
use near_primitives::state_record::StateRecord;
use near_primitives::transaction::Transaction;
use near_primitives::transaction::{NonceMode, SignedTransaction, TransactionNonce, TransactionV1};
use near_primitives::types::{AccountId, Balance, BlockId, BlockReference, Nonce, NonceIndex};
use near_primitives::views::{
    AccessKeyPermissionView, ActionView, FinalExecutionOutcomeView, FinalExecutionOutcomeViewEnum,
    FinalExecutionStatus, QueryRequest, StateChangeValueView, StateChangesRequestView,
    TxExecutionStatus,
};

use crate::errors::refused;
use crate::net::{call, near, new_key, transfer, Net};

fn add(public_key: &PublicKey, access_key: AccessKey) -> Action {
    Action::AddKey(Box::new(AddKeyAction {
        public_key: public_key.clone(),
        access_key,
    }))
}

fn fill(public_key: &PublicKey, deposit: Balance) -> Action {
    Action::TransferToGasKey(Box::new(TransferToGasKeyAction {
        public_key: public_key.clone(),
        deposit,
    }))
}

fn withdraw(public_key: &PublicKey, amount: Balance) -> Action {
    Action::WithdrawFromGasKey(Box::new(WithdrawFromGasKeyAction {
        public_key: public_key.clone(),
        amount,
    }))
}

fn only_greetings(contract: &AccountId) -> FunctionCallPermission {
    FunctionCallPermission {
        allowance: None,
        receiver_id: contract.to_string(),
        method_names: vec!["set_greeting".to_string()],
    }
}

/// The nonces of a gas key, and the newest block.
async fn nonces(net: &Net, by: &Signer) -> (Vec<Nonce>, CryptoHash) {
    let request = QueryRequest::ViewGasKeyNonces {
        account_id: by.get_account_id(),
        public_key: by.public_key(),
    };
    let response = net.query(request).await.expect("a gas key");
    let QueryResponseKind::GasKeyNonces(view) = response.kind else {
        panic!("no nonces")
    };
    (view.nonces, response.block_hash)
}

async fn permission(net: &Net, of: &Signer) -> (Nonce, AccessKeyPermissionView) {
    let request = QueryRequest::ViewAccessKey {
        account_id: of.get_account_id(),
        public_key: of.public_key(),
    };
    let QueryResponseKind::AccessKey(key) = net.query(request).await.unwrap().kind else {
        panic!("no access key view")
    };
    (key.nonce, key.permission)
}

fn sign(
    by: &Signer,
    nonce: TransactionNonce,
    to: &AccountId,
    actions: Vec<Action>,
    block_hash: CryptoHash,
    nonce_mode: NonceMode,
) -> SignedTransaction {
    Transaction::V1(TransactionV1 {
        signer_id: by.get_account_id(),
        public_key: by.public_key(),
        nonce,
        receiver_id: to.clone(),
        block_hash,
        actions,
        nonce_mode,
    })
    .sign(by)
}

/// Signs with the next nonce of an index.
async fn signed(
    net: &Net,
    by: &Signer,
    index: NonceIndex,
    to: &AccountId,
    actions: Vec<Action>,
) -> SignedTransaction {
    let (nonces, block_hash) = nonces(net, by).await;
    let next = nonces[usize::from(index)] + 1;
    let nonce = TransactionNonce::from_nonce_and_index(next, index);
    sign(by, nonce, to, actions, block_hash, NonceMode::Strict)
}

async fn commit(net: &Net, signed_transaction: SignedTransaction) -> FinalExecutionOutcomeView {
    net.client
        .call(broadcast_tx_commit::RpcBroadcastTxCommitRequest { signed_transaction })
        .await
        .expect("it is valid")
}

fn action_error(done: &FinalExecutionOutcomeView) -> &ActionErrorKind {
    let FinalExecutionStatus::Failure(TxExecutionError::ActionError(e)) = &done.status else {
        panic!("{:?}", done.status)
    };
    &e.kind
}

/// An account with a full gas key of three nonces and 2 NEAR in it.
async fn account(net: &Net, name: &str) -> (Signer, Signer) {
    let owner = net.account(name, true).await;
    let id = owner.get_account_id();
    let gas = InMemorySigner::from_secret_key(id.clone(), new_key(&format!("{name} gas")));
    let actions = vec![
        add(&gas.public_key(), AccessKey::gas_key_full_access(3)),
        fill(&gas.public_key(), near(2)),
    ];
    let done = net.commit(&owner, &id, actions).await;
    assert_eq!(
        done.status,
        FinalExecutionStatus::SuccessValue(vec![]),
        "{done:?}"
    );
    (owner, gas)
}

pub async fn a_plain_key_has_no_such_nonces(net: &Net) {
    let request = QueryRequest::ViewGasKeyNonces {
        account_id: net.root.get_account_id(),
        public_key: net.root.public_key(),
    };
    let e = net.query(request).await.expect_err("a plain key");
    let Some(RpcQueryError::UnknownGasKey { public_key, .. }) = e.handler_error() else {
        panic!("{e:?}")
    };
    assert_eq!(*public_key, net.root.public_key());
}

pub async fn a_gas_key_pays_for_what_it_signs(net: &Net) {
    let (owner, gas) = account(net, "gaskeyed").await;
    let id = owner.get_account_id();
    assert_eq!(
        permission(net, &gas).await,
        (
            0,
            AccessKeyPermissionView::GasKeyFullAccess {
                balance: near(2),
                num_nonces: 3
            }
        )
    );
    let (before, _) = nonces(net, &gas).await;
    assert_eq!(before, vec![before[0]; 3]);

    let actions = vec![call("set_greeting", "{}"), transfer(near(1))];
    let tx = signed(net, &gas, 1, &id, actions).await;
    let hash = tx.get_hash();
    let done = commit(net, tx).await;
    assert_eq!(
        done.status,
        FinalExecutionStatus::SuccessValue(vec![]),
        "{done:?}"
    );
    assert_eq!(done.transaction.hash, hash);
    assert_eq!(done.transaction.nonce, before[1] + 1);
    assert_eq!(done.transaction.nonce_index, Some(1));
    assert_eq!(done.transaction.nonce_mode, Some(NonceMode::Strict));

    // the whole of it, refund and all, by the transaction's own bytes and by its hash
    let request = tx::RpcTransactionStatusRequest {
        transaction_info: TransactionInfo::TransactionId {
            tx_hash: hash,
            sender_account_id: id.clone(),
        },
        wait_until: TxExecutionStatus::Final,
    };
    let done = net.client.call(request).await.unwrap();
    let Some(FinalExecutionOutcomeViewEnum::FinalExecutionOutcome(done)) =
        done.final_execution_outcome
    else {
        panic!("no outcome")
    };
    let burnt: u128 = done
        .receipts_outcome
        .iter()
        .map(|o| o.outcome.tokens_burnt.as_yoctonear())
        .sum::<u128>()
        + done.transaction_outcome.outcome.tokens_burnt.as_yoctonear();
    let (_, AccessKeyPermissionView::GasKeyFullAccess { balance, .. }) =
        permission(net, &gas).await
    else {
        panic!("it is a gas key")
    };
    assert_eq!(balance.as_yoctonear(), near(2).as_yoctonear() - burnt);
    let (after, _) = nonces(net, &gas).await;
    assert_eq!(after, vec![before[0], before[1] + 1, before[2]]);

    let request = methods::EXPERIMENTAL_changes::RpcStateChangesInBlockByTypeRequest {
        block_reference: BlockReference::BlockId(BlockId::Hash(
            done.transaction_outcome.block_hash,
        )),
        state_changes_request: StateChangesRequestView::AllAccessKeyChanges {
            account_ids: vec![id],
        },
    };
    let changes = net.client.call(request).await.unwrap().changes;
    assert!(
        changes.iter().any(|c| matches!(&c.value,
            StateChangeValueView::GasKeyNonceUpdate { public_key, index: 1, nonce, .. }
            if *public_key == gas.public_key().into() && *nonce == after[1])),
        "{changes:?}"
    );
}

pub async fn a_limited_gas_key_is_added_by_a_delegate(net: &Net) {
    let owner = net.account("gasdelegate", true).await;
    let id = owner.get_account_id();
    let gas = InMemorySigner::from_secret_key(id.clone(), new_key("limited gas"));
    let limited = AccessKey::gas_key_function_call(2, only_greetings(&id));
    for inner in [
        add(&gas.public_key(), limited.clone()),
        fill(&gas.public_key(), near(1)),
    ] {
        let (nonce, _) = net.nonce(id.clone(), owner.public_key()).await;
        let delegate = DelegateAction {
            sender_id: id.clone(),
            receiver_id: id.clone(),
            actions: vec![inner.clone().try_into().unwrap()],
            nonce: nonce + 1,
            max_block_height: 1_000_000,
            public_key: owner.public_key(),
        };
        let outer: Action = SignedDelegateAction::sign(&owner, delegate.clone()).into();
        let done = net.commit(&net.root, &id, vec![outer]).await;
        assert!(
            matches!(done.status, FinalExecutionStatus::SuccessValue(_)),
            "{done:?}"
        );
        let [ActionView::Delegate {
            delegate_action, ..
        }] = &done.transaction.actions[..]
        else {
            panic!("no delegate")
        };
        assert_eq!(*delegate_action, delegate);
    }
    assert_eq!(
        permission(net, &gas).await.1,
        AccessKeyPermissionView::GasKeyFunctionCall {
            balance: near(1),
            num_nonces: 2,
            allowance: None,
            receiver_id: id.to_string(),
            method_names: vec!["set_greeting".to_string()],
        }
    );
    let tx = signed(net, &gas, 0, &id, vec![call("set_greeting", "{}")]).await;
    assert!(matches!(
        commit(net, tx).await.status,
        FinalExecutionStatus::SuccessValue(_)
    ));
    let tx = signed(net, &gas, 0, &id, vec![transfer(near(1))]).await;
    let e = refused(net, tx).await;
    assert!(
        matches!(e, InvalidTxError::InvalidAccessKeyError(_)),
        "{e:?}"
    );
}

pub async fn what_gas_keys_may_not_is_told(net: &Net) {
    let (owner, gas) = account(net, "gasrules").await;
    let id = owner.get_account_id();
    let key = gas.public_key();
    let (nonces, block_hash) = nonces(net, &gas).await;
    let pay = |nonce| {
        let actions = vec![transfer(near(1))];
        sign(&gas, nonce, &id, actions, block_hash, NonceMode::Monotonic)
    };
    let next = nonces[0] + 1;
    assert_eq!(
        refused(net, pay(TransactionNonce::from_nonce_and_index(next, 3))).await,
        InvalidTxError::InvalidNonceIndex {
            tx_nonce_index: Some(3),
            num_nonces: 3
        }
    );
    assert_eq!(
        refused(net, pay(TransactionNonce::from_nonce(next))).await,
        InvalidTxError::InvalidNonceIndex {
            tx_nonce_index: None,
            num_nonces: 3
        }
    );
    let actions = vec![transfer(near(1000))];
    let e = refused(net, signed(net, &gas, 0, &id, actions).await).await;
    assert!(
        matches!(e, InvalidTxError::NotEnoughBalanceForDeposit { .. }),
        "{e:?}"
    );

    let empty = InMemorySigner::from_secret_key(id.clone(), new_key("empty gas"));
    let action = add(&empty.public_key(), AccessKey::gas_key_full_access(1));
    net.commit(&owner, &id, vec![action]).await;
    let tx = signed(net, &empty, 0, &id, vec![transfer(near(1))]).await;
    let e = refused(net, tx).await;
    assert!(
        matches!(e, InvalidTxError::NotEnoughGasKeyBalance { balance, .. } if balance.is_zero()),
        "{e:?}"
    );

    let action = add(&key, AccessKey::gas_key_full_access(1025));
    assert_eq!(
        refused(net, net.sign(&owner, &id, vec![action]).await).await,
        InvalidTxError::ActionsValidation(ActionsValidationError::GasKeyInvalidNumNonces {
            requested_nonces: 1025,
            limit: 1024
        })
    );

    let done = net.commit(&owner, &id, vec![withdraw(&key, near(3))]).await;
    assert_eq!(
        *action_error(&done),
        ActionErrorKind::InsufficientGasKeyBalance {
            account_id: id.clone(),
            public_key: Box::new(key.clone()),
            balance: near(2),
            required: near(3),
        }
    );
    let delete = Action::DeleteKey(Box::new(DeleteKeyAction {
        public_key: key.clone(),
    }));
    let done = net.commit(&owner, &id, vec![delete.clone()]).await;
    assert_eq!(
        *action_error(&done),
        ActionErrorKind::GasKeyBalanceTooHigh {
            account_id: id.clone(),
            public_key: Some(Box::new(key.clone())),
            balance: near(2),
        }
    );
    let done = net
        .commit(&owner, &id, vec![withdraw(&key, near(2)), delete])
        .await;
    assert_eq!(done.status, FinalExecutionStatus::SuccessValue(vec![]));
    let done = net.commit(&net.root, &id, vec![fill(&key, near(1))]).await;
    assert_eq!(
        *action_error(&done),
        ActionErrorKind::GasKeyDoesNotExist {
            account_id: id.clone(),
            public_key: Box::new(key),
        }
    );
}

pub async fn records_of_gas_keys_are_patched(net: &Net) {
    let account_id = net.account("gaspatched", true).await.get_account_id();
    let gas = InMemorySigner::from_secret_key(account_id.clone(), new_key("patched gas"));
    let mut access_key = AccessKey::gas_key_function_call(2, only_greetings(&account_id));
    access_key.gas_key_info_mut().unwrap().balance = near(1);
    let public_key = gas.public_key();
    crate::sandbox::patch(
        net,
        vec![
            StateRecord::AccessKey {
                account_id: account_id.clone(),
                public_key: public_key.clone().into(),
                access_key,
            },
            StateRecord::gas_key_nonce(account_id.clone(), public_key, 1, 77),
        ],
    )
    .await;
    assert_eq!(nonces(net, &gas).await.0, vec![0, 77]);
    let actions = vec![call("set_greeting", "{}")];
    let done = commit(net, signed(net, &gas, 1, &account_id, actions).await).await;
    assert!(
        matches!(done.status, FinalExecutionStatus::SuccessValue(_)),
        "{done:?}"
    );
    assert_eq!(nonces(net, &gas).await.0, vec![0, 78]);
}
