//! ML-DSA-65 keys (FIPS 204): the state keeps their hash, the wire the keys.
use near_crypto::{InMemorySigner, KeyType, PublicKeyHandle, SecretKey, Signer};
use near_jsonrpc_client::methods::tx;
use near_jsonrpc_primitives::types::query::QueryResponseKind;
use near_jsonrpc_primitives::types::transactions::TransactionInfo;
use near_primitives::account::AccessKey;
use near_primitives::action::delegate::{DelegateAction, SignedDelegateAction};
use near_primitives::action::{Action, AddKeyAction, DeleteKeyAction};
use near_primitives::errors::{ActionsValidationError, InvalidTxError};
use near_primitives::views::{
    ActionView, ExecutionStatusView, FinalExecutionStatus, QueryRequest, ReceiptEnumView,
    TxExecutionStatus,
};

use crate::errors::refused;
use crate::net::{call, near, transfer, Net};

fn add(by: &Signer, access_key: AccessKey) -> Action {
    Action::AddKey(Box::new(AddKeyAction {
        public_key: by.public_key(),
        access_key,
    }))
}

/// An account with a classical key and an ML-DSA one.
async fn account(net: &Net, name: &str) -> (Signer, Signer) {
    let owner = net.account(name, true).await;
    let id = owner.get_account_id();
    let secret = SecretKey::from_seed(KeyType::MLDSA65, name);
    let quantum = InMemorySigner::from_secret_key(id.clone(), secret);
    let done = net
        .commit(&owner, &id, vec![add(&quantum, AccessKey::full_access())])
        .await;
    assert_eq!(
        done.status,
        FinalExecutionStatus::SuccessValue(vec![]),
        "{done:?}"
    );
    (owner, quantum)
}

async fn usage(net: &Net, of: &Signer) -> u64 {
    let account_id = of.get_account_id();
    let request = QueryRequest::ViewAccount { account_id };
    let QueryResponseKind::ViewAccount(view) = net.query(request).await.unwrap().kind else {
        panic!("no account view")
    };
    view.storage_usage
}

pub async fn a_post_quantum_key_signs(net: &Net) {
    let (owner, quantum) = account(net, "quantum").await;
    let id = owner.get_account_id();
    let done = net
        .commit(
            &quantum,
            &"sandbox".parse().unwrap(),
            vec![transfer(near(1))],
        )
        .await;
    assert_eq!(done.status, FinalExecutionStatus::SuccessValue(vec![]));
    assert_eq!(done.transaction.public_key, quantum.public_key());
    // a transfer's, and for the look at such a signature
    assert_eq!(
        done.transaction_outcome.outcome.gas_burnt.as_gas(),
        223_182_562_500 + 100_000_000_000
    );
    // with a contract, whose receipt carries the key on
    let done = net
        .commit(&quantum, &id, vec![call("set_greeting", "{}")])
        .await;
    assert!(
        matches!(done.status, FinalExecutionStatus::SuccessValue(_)),
        "{done:?}"
    );
    let request = tx::RpcTransactionStatusRequest {
        transaction_info: TransactionInfo::TransactionId {
            tx_hash: done.transaction.hash,
            sender_account_id: id.clone(),
        },
        wait_until: TxExecutionStatus::Final,
    };
    let done = net.client.call(request).await.unwrap();
    let done = done.final_execution_outcome.unwrap().into_outcome();
    let refund = done.receipts_outcome.last().unwrap();
    assert!(matches!(
        refund.outcome.status,
        ExecutionStatusView::SuccessValue(_)
    ));
    let request = near_jsonrpc_client::methods::EXPERIMENTAL_receipt::RpcReceiptRequest {
        receipt_reference: near_jsonrpc_primitives::types::receipts::ReceiptReference {
            receipt_id: refund.id,
        },
    };
    let ReceiptEnumView::Action {
        signer_public_key, ..
    } = net.client.call(request).await.unwrap().receipt
    else {
        panic!("no action receipt")
    };
    assert_eq!(signer_public_key, quantum.public_key());
}

pub async fn the_state_keeps_the_hash_of_the_key(net: &Net) {
    let (owner, quantum) = account(net, "hashed").await;
    let id = owner.get_account_id();
    let request = QueryRequest::ViewAccessKeyList {
        account_id: id.clone(),
        after_key: None,
        limit: None,
    };
    let QueryResponseKind::AccessKeyList(list) = net.query(request).await.unwrap().kind else {
        panic!("no list")
    };
    let handle = PublicKeyHandle::from(quantum.public_key());
    assert!(list.keys.iter().any(|k| k.public_key == handle), "{list:?}");
    let with = usage(net, &owner).await;
    let delete = Action::DeleteKey(Box::new(DeleteKeyAction {
        public_key: quantum.public_key(),
    }));
    let done = net.commit(&quantum, &id, vec![delete]).await;
    assert_eq!(done.status, FinalExecutionStatus::SuccessValue(vec![]));
    assert_eq!(with - usage(net, &owner).await, 33 + 9 + 40);
    let e = refused(net, net.sign(&owner, &id, vec![transfer(near(1000))]).await).await;
    assert!(
        matches!(e, InvalidTxError::NotEnoughBalance { .. }),
        "{e:?}"
    );
}

pub async fn a_delegate_is_signed_by_a_post_quantum_key(net: &Net) {
    let (_, quantum) = account(net, "quantumdelegate").await;
    let id = quantum.get_account_id();
    let (nonce, _) = net.nonce(id.clone(), quantum.public_key()).await;
    let delegate = DelegateAction {
        sender_id: id.clone(),
        receiver_id: id.clone(),
        actions: vec![call("set_greeting", "{}").try_into().unwrap()],
        nonce: nonce + 1,
        max_block_height: 1_000_000,
        public_key: quantum.public_key(),
    };
    let signed = SignedDelegateAction::sign(&quantum, delegate.clone());
    let done = net
        .commit(&net.root, &id, vec![signed.clone().into()])
        .await;
    assert!(
        matches!(done.status, FinalExecutionStatus::SuccessValue(_)),
        "{done:?}"
    );
    let [ActionView::Delegate {
        delegate_action,
        signature,
    }] = &done.transaction.actions[..]
    else {
        panic!("no delegate")
    };
    assert_eq!((delegate_action, signature), (&delegate, &signed.signature));

    let mut forged = signed;
    forged.delegate_action.nonce += 1;
    let done = net.commit(&net.root, &id, vec![forged.into()]).await;
    assert!(
        format!("{:?}", done.status).contains("DelegateActionInvalidSignature"),
        "{done:?}"
    );
}

pub async fn what_post_quantum_keys_may_not_is_told(net: &Net) {
    let (owner, quantum) = account(net, "quantumrules").await;
    let id = owner.get_account_id();
    let mut forged = net.sign(&quantum, &id, vec![transfer(near(1))]).await;
    forged.signature = quantum.sign(b"something else");
    assert_eq!(refused(net, forged).await, InvalidTxError::InvalidSignature);
    let mut mixed = net.sign(&quantum, &id, vec![transfer(near(1))]).await;
    mixed.signature = owner.sign(mixed.get_hash().as_ref());
    assert_eq!(refused(net, mixed).await, InvalidTxError::InvalidSignature);
    // gas keys of this kind are priced in two ways at protocol 88, so there are none here
    let action = add(&quantum, AccessKey::gas_key_full_access(1));
    let e = refused(net, net.sign(&owner, &id, vec![action]).await).await;
    assert!(
        matches!(&e, InvalidTxError::ActionsValidation(
            ActionsValidationError::UnsupportedProtocolFeature { protocol_feature, .. })
            if protocol_feature == "GasKeys"),
        "{e:?}"
    );
}
