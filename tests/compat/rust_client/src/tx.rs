//! Transactions: sending, waiting, reading what became of them.
use near_jsonrpc_client::methods::{self, broadcast_tx_async, send_tx, tx, tx_status};
use near_jsonrpc_primitives::types::transactions::{RpcTransactionResponse, TransactionInfo};
use near_primitives::errors::{ActionErrorKind, FunctionCallError, TxExecutionError};
use near_primitives::types::AccountId;
use near_primitives::views::{
    ActionView, ExecutionStatusView, FinalExecutionOutcomeView, FinalExecutionOutcomeViewEnum,
    FinalExecutionStatus, ReceiptEnumView, TxExecutionStatus,
};

use crate::net::{call, near, transfer, Net};

fn sandbox() -> AccountId {
    "sandbox".parse().unwrap()
}

fn outcome(response: RpcTransactionResponse) -> FinalExecutionOutcomeView {
    response
        .final_execution_outcome
        .expect("an outcome")
        .into_outcome()
}

pub async fn a_transfer_is_committed(net: &Net) {
    let done = net
        .commit(&net.root, &sandbox(), vec![transfer(near(1))])
        .await;
    assert_eq!(done.status, FinalExecutionStatus::SuccessValue(vec![]));
    assert_eq!(
        done.transaction.actions,
        vec![ActionView::Transfer { deposit: near(1) }]
    );
    // 223,182,562,500 gas for the action, and as much again for its receipt
    assert_eq!(
        done.transaction_outcome.outcome.gas_burnt.as_gas(),
        223_182_562_500
    );
    assert_eq!(
        done.receipts_outcome[0].outcome.gas_burnt.as_gas(),
        223_182_562_500
    );
    let receipt = done.receipts_outcome[0].id;
    assert_eq!(
        done.transaction_outcome.outcome.status,
        ExecutionStatusView::SuccessReceiptId(receipt)
    );
    assert_eq!(done.receipts_outcome[0].outcome.executor_id, sandbox());
}

pub async fn a_transaction_is_sent_first_and_asked_for_later(net: &Net) {
    let signed_transaction = net
        .sign(&net.root, &sandbox(), vec![transfer(near(1))])
        .await;
    let request = broadcast_tx_async::RpcBroadcastTxAsyncRequest {
        signed_transaction: signed_transaction.clone(),
    };
    let tx_hash = net.client.call(request).await.unwrap();
    assert_eq!(tx_hash, signed_transaction.get_hash());
    let sender_account_id = net.root.get_account_id();
    for transaction_info in [
        TransactionInfo::TransactionId {
            tx_hash,
            sender_account_id,
        },
        TransactionInfo::Transaction {
            signed_tx: signed_transaction.clone(),
        },
    ] {
        let request = tx::RpcTransactionStatusRequest {
            transaction_info,
            wait_until: TxExecutionStatus::Final,
        };
        let response = net.client.call(request).await.unwrap();
        assert_eq!(response.final_execution_status, TxExecutionStatus::Final);
        let done = outcome(response);
        assert_eq!(done.transaction.hash, tx_hash);
        assert_eq!(done.status, FinalExecutionStatus::SuccessValue(vec![]));
    }
}

pub async fn every_level_of_waiting_is_reached(net: &Net) {
    let contract = net.account("levels", true).await;
    for (wait_until, reached) in [
        (TxExecutionStatus::None, &[TxExecutionStatus::None][..]),
        (
            TxExecutionStatus::Included,
            &[
                TxExecutionStatus::Included,
                TxExecutionStatus::ExecutedOptimistic,
                TxExecutionStatus::IncludedFinal,
                TxExecutionStatus::Executed,
                TxExecutionStatus::Final,
            ],
        ),
        (
            TxExecutionStatus::ExecutedOptimistic,
            &[
                TxExecutionStatus::ExecutedOptimistic,
                TxExecutionStatus::Executed,
                TxExecutionStatus::Final,
            ],
        ),
        (
            TxExecutionStatus::IncludedFinal,
            &[
                TxExecutionStatus::IncludedFinal,
                TxExecutionStatus::Executed,
                TxExecutionStatus::Final,
            ],
        ),
        (
            TxExecutionStatus::Executed,
            &[TxExecutionStatus::Executed, TxExecutionStatus::Final],
        ),
        (TxExecutionStatus::Final, &[TxExecutionStatus::Final]),
    ] {
        let signed_transaction = net
            .sign(
                &net.root,
                &contract.get_account_id(),
                vec![call("set_greeting", "{}")],
            )
            .await;
        let tx_hash = signed_transaction.get_hash();
        let said = format!("{wait_until:?}");
        let request = send_tx::RpcSendTransactionRequest {
            signed_transaction,
            wait_until: wait_until.clone(),
        };
        let response = net
            .client
            .call(request)
            .await
            .unwrap_or_else(|e| panic!("{said}: {e:?}"));
        let got = response.final_execution_status.clone();
        assert!(reached.contains(&got), "{said}: {got:?}");
        if wait_until == TxExecutionStatus::None {
            assert!(response.final_execution_outcome.is_none());
        } else {
            assert_eq!(outcome(response).transaction.hash, tx_hash);
        }
        // the next signature reads its nonce from the chain
        let transaction_info = TransactionInfo::TransactionId {
            tx_hash,
            sender_account_id: net.root.get_account_id(),
        };
        let request = tx::RpcTransactionStatusRequest {
            transaction_info,
            wait_until: TxExecutionStatus::Final,
        };
        let done = outcome(net.client.call(request).await.unwrap());
        assert_eq!(
            done.receipts_outcome[0].outcome.logs,
            vec!["the greeting is set".to_string()]
        );
    }
}

#[allow(deprecated)]
pub async fn a_status_shows_the_receipts_too(net: &Net) {
    let contract = net.account("statuses", true).await;
    let id = contract.get_account_id();
    let sent = net
        .commit(&net.root, &id, vec![call("set_greeting", r#"{"n":2}"#)])
        .await;
    let info = || TransactionInfo::TransactionId {
        tx_hash: sent.transaction.hash,
        sender_account_id: net.root.get_account_id(),
    };
    let wait_until = TxExecutionStatus::Final;
    let stable = tx_status::RpcTransactionStatusRequest {
        transaction_info: info(),
        wait_until: wait_until.clone(),
    };
    let older = methods::EXPERIMENTAL_tx_status::RpcTransactionStatusRequest {
        transaction_info: info(),
        wait_until,
    };
    for response in [
        net.client.call(stable).await.unwrap(),
        net.client.call(older).await.unwrap(),
    ] {
        let Some(FinalExecutionOutcomeViewEnum::FinalExecutionOutcomeWithReceipt(done)) =
            response.final_execution_outcome
        else {
            panic!("no receipts");
        };
        assert_eq!(
            done.receipts.len(),
            done.final_outcome.receipts_outcome.len()
        );
        assert_eq!(
            done.receipts[0].receipt_id,
            done.final_outcome.receipts_outcome[0].id
        );
        assert_eq!(done.receipts[0].receiver_id, id);
        let ReceiptEnumView::Action {
            signer_id,
            actions,
            is_promise_yield,
            ..
        } = &done.receipts[0].receipt
        else {
            panic!("no action receipt");
        };
        assert_eq!(*signer_id, net.root.get_account_id());
        assert!(!is_promise_yield);
        let ActionView::FunctionCall {
            method_name, args, ..
        } = &actions[0]
        else {
            panic!("no call")
        };
        assert_eq!(
            (method_name.as_str(), args.as_slice()),
            ("set_greeting", &br#"{"n":2}"#[..])
        );
        // what is left of the gas goes back, as a receipt of the system
        assert_eq!(done.receipts.last().unwrap().predecessor_id, "system");
    }
}

pub async fn a_receipt_is_found_by_its_id(net: &Net) {
    let done = net
        .commit(&net.root, &sandbox(), vec![transfer(near(2))])
        .await;
    let receipt_id = done.receipts_outcome[0].id;
    let request = methods::EXPERIMENTAL_receipt::RpcReceiptRequest {
        receipt_reference: near_jsonrpc_primitives::types::receipts::ReceiptReference {
            receipt_id,
        },
    };
    let receipt = net.client.call(request).await.unwrap();
    assert_eq!(receipt.receipt_id, receipt_id);
    assert_eq!(
        (receipt.predecessor_id, receipt.receiver_id),
        (net.root.get_account_id(), sandbox())
    );
    let ReceiptEnumView::Action {
        actions,
        signer_public_key,
        ..
    } = receipt.receipt
    else {
        panic!("no action receipt")
    };
    assert_eq!(actions, vec![ActionView::Transfer { deposit: near(2) }]);
    assert_eq!(signer_public_key, net.root.public_key());
}

pub async fn a_failed_call_is_a_typed_failure(net: &Net) {
    let contract = net.account("failing", true).await;
    let kind = |done: FinalExecutionOutcomeView| {
        let FinalExecutionStatus::Failure(TxExecutionError::ActionError(e)) = done.status else {
            panic!("{:?}", done.status);
        };
        assert_eq!(e.index, Some(0));
        e.kind
    };
    let id = contract.get_account_id();
    let done = net.commit(&net.root, &id, vec![call("fail", "")]).await;
    let ActionErrorKind::FunctionCallError(FunctionCallError::ExecutionError(said)) = kind(done)
    else {
        panic!()
    };
    assert_eq!(said, "Smart contract panicked: no greeting today");
    let done = net.commit(&net.root, &id, vec![call("nothing", "")]).await;
    assert!(matches!(
        kind(done),
        ActionErrorKind::FunctionCallError(FunctionCallError::MethodResolveError(
            near_primitives::errors::MethodResolveError::MethodNotFound
        ))
    ));
    let nobody: AccountId = "nobody.test.near".parse().unwrap();
    let done = net
        .commit(&net.root, &nobody, vec![transfer(near(1))])
        .await;
    assert_eq!(
        kind(done),
        ActionErrorKind::AccountDoesNotExist { account_id: nobody }
    );
}
