//! Failures, as the client's users match on them.
use near_crypto::{InMemorySigner, Signer};
use near_jsonrpc_client::errors::{
    JsonRpcError, JsonRpcServerError, JsonRpcServerResponseStatusError,
};
use near_jsonrpc_client::methods::{self, block, broadcast_tx_commit, chunk, gas_price, tx};
use near_jsonrpc_primitives::types::blocks::RpcBlockError;
use near_jsonrpc_primitives::types::changes::RpcStateChangesError;
use near_jsonrpc_primitives::types::chunks::{ChunkReference, RpcChunkError};
use near_jsonrpc_primitives::types::gas_price::RpcGasPriceError;
use near_jsonrpc_primitives::types::query::RpcQueryError;
use near_jsonrpc_primitives::types::receipts::{ReceiptReference, RpcReceiptError};
use near_jsonrpc_primitives::types::transactions::{RpcTransactionError, TransactionInfo};
use near_primitives::errors::{InvalidAccessKeyError, InvalidTxError};
use near_primitives::hash::{hash, CryptoHash};
use near_primitives::transaction::SignedTransaction;
use near_primitives::types::{AccountId, BlockId, BlockReference, ShardId};
use near_primitives::views::{QueryRequest, StateChangesRequestView, TxExecutionStatus};

use crate::net::{near, new_key, transfer, Net};

fn nobody() -> AccountId {
    "nobody.test.near".parse().unwrap()
}

async fn failed_query(net: &Net, request: QueryRequest) -> RpcQueryError {
    let said = format!("{request:?}");
    let Err(e) = net.query(request).await else {
        panic!("{said} did not fail")
    };
    e.handler_error()
        .unwrap_or_else(|| panic!("{said}: {e:?}"))
        .clone()
}

pub async fn an_unknown_account_is_told(net: &Net) {
    let account_id = nobody();
    for request in [
        QueryRequest::ViewAccount {
            account_id: account_id.clone(),
        },
        QueryRequest::ViewCode {
            account_id: account_id.clone(),
        },
        QueryRequest::ViewState {
            account_id: account_id.clone(),
            prefix: vec![].into(),
            after_key: None,
            limit: None,
            include_proof: false,
        },
        QueryRequest::CallFunction {
            account_id,
            method_name: "m".to_string(),
            args: vec![].into(),
        },
    ] {
        let e = failed_query(net, request).await;
        let RpcQueryError::UnknownAccount {
            requested_account_id,
            block_height,
            ..
        } = e
        else {
            panic!("{e:?}")
        };
        assert_eq!(requested_account_id, nobody());
        assert!(block_height > 0);
    }
}

pub async fn an_unknown_key_is_told(net: &Net) {
    let missing = new_key("nobody has it").public_key();
    for account_id in [net.root.get_account_id(), nobody()] {
        let request = QueryRequest::ViewAccessKey {
            account_id,
            public_key: missing.clone(),
        };
        let e = failed_query(net, request).await;
        assert!(
            matches!(&e, RpcQueryError::UnknownAccessKey { public_key, .. } if *public_key == missing),
            "{e:?}"
        );
    }
}

pub async fn an_unknown_block_and_chunk_are_told(net: &Net) {
    // a height above the head: one below answers 422, whose body this client does not read
    for id in [BlockId::Height(1 << 40), BlockId::Hash(hash(b"no block"))] {
        let block_reference = BlockReference::BlockId(id.clone());
        let e = net
            .client
            .call(block::RpcBlockRequest {
                block_reference: block_reference.clone(),
            })
            .await
            .unwrap_err();
        assert!(
            matches!(e.handler_error(), Some(RpcBlockError::UnknownBlock { .. })),
            "{e:?}"
        );
        let request = methods::query::RpcQueryRequest {
            block_reference: block_reference.clone(),
            request: QueryRequest::ViewAccount {
                account_id: "test.near".parse().unwrap(),
            },
        };
        let e = net.client.call(request).await.unwrap_err();
        assert!(
            matches!(e.handler_error(), Some(RpcQueryError::UnknownBlock { block_reference: said }) if *said == block_reference),
            "{e:?}"
        );
        let e = net
            .client
            .call(gas_price::RpcGasPriceRequest {
                block_id: Some(id.clone()),
            })
            .await
            .unwrap_err();
        assert!(
            matches!(
                e.handler_error(),
                Some(RpcGasPriceError::UnknownBlock { .. })
            ),
            "{e:?}"
        );
        let chunk_reference = ChunkReference::BlockShardId {
            block_id: id,
            shard_id: ShardId::new(0),
        };
        let e = net
            .client
            .call(chunk::RpcChunkRequest { chunk_reference })
            .await
            .unwrap_err();
        assert!(
            matches!(e.handler_error(), Some(RpcChunkError::UnknownBlock { .. })),
            "{e:?}"
        );
        let request = methods::EXPERIMENTAL_changes::RpcStateChangesInBlockByTypeRequest {
            block_reference,
            state_changes_request: StateChangesRequestView::AccountChanges {
                account_ids: vec![nobody()],
            },
        };
        let e = net.client.call(request).await.unwrap_err();
        assert!(
            matches!(
                e.handler_error(),
                Some(RpcStateChangesError::UnknownBlock { .. })
            ),
            "{e:?}"
        );
    }
    let chunk_id = hash(b"no chunk");
    let request = chunk::RpcChunkRequest {
        chunk_reference: ChunkReference::ChunkHash { chunk_id },
    };
    let e = net.client.call(request).await.unwrap_err();
    assert!(
        matches!(e.handler_error(), Some(RpcChunkError::UnknownChunk { chunk_hash }) if chunk_hash.0 == chunk_id),
        "{e:?}"
    );
    let last = net
        .client
        .call(block::RpcBlockRequest {
            block_reference: crate::net::latest(),
        })
        .await
        .unwrap();
    let chunk_reference = ChunkReference::BlockShardId {
        block_id: BlockId::Hash(last.header.hash),
        shard_id: ShardId::new(9),
    };
    let e = net
        .client
        .call(chunk::RpcChunkRequest { chunk_reference })
        .await
        .unwrap_err();
    assert!(
        matches!(e.handler_error(), Some(RpcChunkError::InvalidShardId { shard_id }) if *shard_id == ShardId::new(9)),
        "{e:?}"
    );
}

pub async fn a_view_that_panics_is_told(net: &Net) {
    let account_id = net.account("panics", true).await.get_account_id();
    for (method, part) in [
        ("fail", "no greeting today"),
        ("nothing", "MethodResolveError(MethodNotFound)"),
        ("set_greeting", "ProhibitedInView"),
    ] {
        let request = QueryRequest::CallFunction {
            account_id: account_id.clone(),
            method_name: method.to_string(),
            args: vec![].into(),
        };
        let e = failed_query(net, request).await;
        let RpcQueryError::ContractExecutionError {
            vm_error,
            block_height,
            ..
        } = &e
        else {
            panic!("{e:?}")
        };
        assert!(
            vm_error.starts_with("wasm execution failed with error: ") && vm_error.contains(part),
            "{vm_error}"
        );
        assert!(*block_height > 0);
    }
}

pub async fn an_account_without_code_is_told(net: &Net) {
    let account_id = net.account("codeless", false).await.get_account_id();
    let e = failed_query(
        net,
        QueryRequest::ViewCode {
            account_id: account_id.clone(),
        },
    )
    .await;
    assert!(
        matches!(&e, RpcQueryError::NoContractCode { contract_account_id, .. } if *contract_account_id == account_id),
        "{e:?}"
    );
    let request = QueryRequest::CallFunction {
        account_id,
        method_name: "m".to_string(),
        args: vec![].into(),
    };
    let e = failed_query(net, request).await;
    assert!(
        matches!(&e, RpcQueryError::ContractExecutionError { vm_error, .. } if vm_error.contains("CodeDoesNotExist")),
        "{e:?}"
    );
}

pub async fn refused(net: &Net, signed_transaction: SignedTransaction) -> InvalidTxError {
    let request = broadcast_tx_commit::RpcBroadcastTxCommitRequest { signed_transaction };
    let e = net.client.call(request).await.expect_err("it is not valid");
    let Some(RpcTransactionError::InvalidTransaction { context }) = e.handler_error() else {
        panic!("{e:?}")
    };
    context.clone()
}

fn pay(nonce: u64, by: &Signer, block_hash: CryptoHash) -> SignedTransaction {
    SignedTransaction::from_actions(
        nonce,
        by.get_account_id(),
        "test.near".parse().unwrap(),
        by,
        vec![transfer(near(1))],
        block_hash,
    )
}

pub async fn an_old_nonce_is_told(net: &Net) {
    let alice = net.account("nonces", false).await;
    let (ak_nonce, block_hash) = net.nonce(alice.get_account_id(), alice.public_key()).await;
    let e = refused(net, pay(ak_nonce, &alice, block_hash)).await;
    assert_eq!(
        e,
        InvalidTxError::InvalidNonce {
            tx_nonce: ak_nonce,
            ak_nonce
        }
    );
    let e = refused(net, pay(u64::MAX, &alice, block_hash)).await;
    assert!(
        matches!(
            e,
            InvalidTxError::NonceTooLarge {
                tx_nonce: u64::MAX,
                ..
            }
        ),
        "{e:?}"
    );
}

pub async fn other_invalid_transactions_are_told(net: &Net) {
    let alice = net.account("invalids", false).await;
    let (nonce, block_hash) = net.nonce(alice.get_account_id(), alice.public_key()).await;
    let nonce = nonce + 1;

    let mut forged = pay(nonce, &alice, block_hash);
    forged.signature = net.root.sign(b"something else");
    assert_eq!(refused(net, forged).await, InvalidTxError::InvalidSignature);

    assert_eq!(
        refused(net, pay(nonce, &alice, hash(b"no block"))).await,
        InvalidTxError::Expired
    );

    let stranger = InMemorySigner::from_secret_key(alice.get_account_id(), new_key("stranger"));
    let e = refused(net, pay(1, &stranger, block_hash)).await;
    assert_eq!(
        e,
        InvalidTxError::InvalidAccessKeyError(InvalidAccessKeyError::AccessKeyNotFound {
            account_id: alice.get_account_id(),
            public_key: Box::new(stranger.public_key()),
        })
    );

    let too_much = SignedTransaction::from_actions(
        nonce,
        alice.get_account_id(),
        "test.near".parse().unwrap(),
        &alice,
        vec![transfer(near(1_000))],
        block_hash,
    );
    let e = refused(net, too_much).await;
    assert!(
        matches!(&e, InvalidTxError::NotEnoughBalance { signer_id, balance, .. }
        if *signer_id == alice.get_account_id() && *balance == near(10)),
        "{e:?}"
    );
    let gone = InMemorySigner::from_secret_key(nobody(), new_key("stranger"));
    let e = refused(net, pay(1, &gone, block_hash)).await;
    assert!(
        matches!(
            e,
            InvalidTxError::SignerDoesNotExist { .. } | InvalidTxError::InvalidAccessKeyError(_)
        ),
        "{e:?}"
    );
}

pub async fn unknown_transactions_and_receipts_are_told(net: &Net) {
    let tx_hash = hash(b"nobody sent it");
    let request = tx::RpcTransactionStatusRequest {
        transaction_info: TransactionInfo::TransactionId {
            tx_hash,
            sender_account_id: "test.near".parse().unwrap(),
        },
        wait_until: TxExecutionStatus::None,
    };
    let e = net.client.call(request).await.unwrap_err();
    assert!(
        matches!(e.handler_error(), Some(RpcTransactionError::UnknownTransaction { requested_transaction_hash })
        if *requested_transaction_hash == tx_hash),
        "{e:?}"
    );
    let receipt_id = hash(b"no receipt");
    let request = methods::EXPERIMENTAL_receipt::RpcReceiptRequest {
        receipt_reference: ReceiptReference { receipt_id },
    };
    let e = net.client.call(request).await.unwrap_err();
    assert!(
        matches!(e.handler_error(), Some(RpcReceiptError::UnknownReceipt { receipt_id: said }) if *said == receipt_id),
        "{e:?}"
    );
}

/// Both are 400, and of those the client reads the status alone.
pub async fn an_unknown_method_and_wrong_parameters_are_bad_requests(net: &Net) {
    for (method, params) in [
        ("no_such_method", serde_json::json!([])),
        ("block", serde_json::json!({})),
    ] {
        let request = methods::any::<Result<serde_json::Value, serde_json::Value>>(method, params);
        let e = net.client.call(request).await.unwrap_err();
        assert!(
            matches!(
                e,
                JsonRpcError::ServerError(JsonRpcServerError::ResponseStatusError(
                    JsonRpcServerResponseStatusError::BadRequest
                ))
            ),
            "{method}: {e:?}"
        );
    }
}
