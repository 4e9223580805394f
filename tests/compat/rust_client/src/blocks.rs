//! Blocks, chunks, gas prices, and what a block changed.
use near_jsonrpc_client::methods::{self, block, chunk, gas_price};
use near_jsonrpc_primitives::types::chunks::ChunkReference;
use near_primitives::hash::CryptoHash;
use near_primitives::types::{
    AccountWithPublicKey, BlockId, BlockReference, Finality, ShardId, StoreKey, SyncCheckpoint,
};
use near_primitives::views::{
    BlockView, StateChangeCauseView, StateChangeKindView, StateChangeValueView,
    StateChangesRequestView,
};

use crate::net::{call, latest, Net};

async fn block(net: &Net, block_reference: BlockReference) -> BlockView {
    let said = format!("{block_reference:?}");
    let got = net
        .client
        .call(block::RpcBlockRequest { block_reference })
        .await;
    got.unwrap_or_else(|e| panic!("{said}: {e:?}"))
}

pub async fn a_block_is_found_by_every_reference(net: &Net) {
    let last = block(net, latest()).await;
    assert_eq!(last.author, "test.near");
    assert_eq!(last.header.chunks_included, last.chunks.len() as u64);
    for by in [
        BlockId::Height(last.header.height),
        BlockId::Hash(last.header.hash),
    ] {
        let same = block(net, BlockReference::BlockId(by)).await;
        assert_eq!(same.header.hash, last.header.hash);
        assert_eq!(same.header.timestamp_nanosec, last.header.timestamp_nanosec);
    }
    for finality in [Finality::None, Finality::DoomSlug] {
        assert!(
            block(net, BlockReference::Finality(finality))
                .await
                .header
                .height
                >= last.header.height
        );
    }
    let genesis = block(net, BlockReference::SyncCheckpoint(SyncCheckpoint::Genesis)).await;
    assert_eq!(genesis.header.prev_hash, CryptoHash::default());
    let status = net
        .client
        .call(methods::status::RpcStatusRequest)
        .await
        .unwrap();
    assert_eq!(genesis.header.hash, status.genesis_hash);
    block(
        net,
        BlockReference::SyncCheckpoint(SyncCheckpoint::EarliestAvailable),
    )
    .await;
}

pub async fn a_chunk_is_found_by_hash_and_by_block(net: &Net) {
    let done = net
        .commit(
            &net.root,
            &"sandbox".parse().unwrap(),
            vec![crate::net::transfer(crate::net::near(1))],
        )
        .await;
    let at = block(
        net,
        BlockReference::BlockId(BlockId::Hash(done.transaction_outcome.block_hash)),
    )
    .await;
    let shard_id = ShardId::new(0);
    for chunk_reference in [
        ChunkReference::ChunkHash {
            chunk_id: at.chunks[0].chunk_hash,
        },
        ChunkReference::BlockShardId {
            block_id: BlockId::Hash(at.header.hash),
            shard_id,
        },
        ChunkReference::BlockShardId {
            block_id: BlockId::Height(at.header.height),
            shard_id,
        },
    ] {
        let chunk = net
            .client
            .call(chunk::RpcChunkRequest { chunk_reference })
            .await
            .unwrap();
        assert_eq!(chunk.author, "test.near");
        assert_eq!(chunk.header.chunk_hash, at.chunks[0].chunk_hash);
        assert_eq!(chunk.header.height_included, at.header.height);
        let found = chunk
            .transactions
            .iter()
            .find(|tx| tx.hash == done.transaction.hash)
            .unwrap();
        assert_eq!(*found, done.transaction);
    }
}

pub async fn the_gas_price_is_told_for_any_block(net: &Net) {
    let last = block(net, latest()).await;
    for block_id in [
        None,
        Some(BlockId::Height(last.header.height)),
        Some(BlockId::Hash(last.header.hash)),
    ] {
        let price = net
            .client
            .call(gas_price::RpcGasPriceRequest { block_id })
            .await
            .unwrap();
        assert_eq!(price.gas_price.as_yoctonear(), 100_000_000);
    }
}

pub async fn changes_name_their_cause(net: &Net) {
    let contract = net.account("changes", true).await;
    let id = contract.get_account_id();
    let done = net
        .commit(&contract, &id, vec![call("set_greeting", r#"{"n":1}"#)])
        .await;
    let receipt = done.receipts_outcome[0].id;
    let changes = |block_hash, state_changes_request| {
        let request = methods::EXPERIMENTAL_changes::RpcStateChangesInBlockByTypeRequest {
            block_reference: BlockReference::BlockId(BlockId::Hash(block_hash)),
            state_changes_request,
        };
        async move { net.client.call(request).await.unwrap().changes }
    };

    let at = done.receipts_outcome[0].block_hash;
    let data = StateChangesRequestView::DataChanges {
        account_ids: vec![id.clone()],
        key_prefix: StoreKey::from(b"greet".to_vec()),
    };
    let got = changes(at, data).await;
    assert_eq!(got.len(), 1);
    assert!(
        matches!(&got[0].cause, StateChangeCauseView::ReceiptProcessing { receipt_hash } if *receipt_hash == receipt)
    );
    let StateChangeValueView::DataUpdate {
        account_id,
        key,
        value,
    } = &got[0].value
    else {
        panic!("{got:?}")
    };
    assert_eq!(
        (account_id, key.as_slice(), value.as_slice()),
        (&id, &b"greeting"[..], &br#"{"n":1}"#[..])
    );

    let keys = StateChangesRequestView::SingleAccessKeyChanges {
        keys: vec![AccountWithPublicKey {
            account_id: id.clone(),
            public_key: contract.public_key(),
        }],
    };
    let got = changes(done.transaction_outcome.block_hash, keys).await;
    assert!(
        matches!(&got[0].cause, StateChangeCauseView::TransactionProcessing { tx_hash } if *tx_hash == done.transaction.hash)
    );
    let StateChangeValueView::AccessKeyUpdate { access_key, .. } = &got[0].value else {
        panic!("{got:?}")
    };
    assert_eq!(access_key.nonce, done.transaction.nonce);

    let all = StateChangesRequestView::AllAccessKeyChanges {
        account_ids: vec![id.clone()],
    };
    assert_eq!(
        changes(done.transaction_outcome.block_hash, all)
            .await
            .len(),
        got.len()
    );
    let accounts = StateChangesRequestView::AccountChanges {
        account_ids: vec![id.clone()],
    };
    let got = changes(at, accounts).await;
    assert!(got.iter().any(|c| matches!(&c.value, StateChangeValueView::AccountUpdate { account_id, .. } if *account_id == id)));
    let code = StateChangesRequestView::ContractCodeChanges {
        account_ids: vec![id],
    };
    assert!(changes(at, code).await.is_empty());
}

pub async fn touched_accounts_are_listed(net: &Net) {
    let contract = net.account("touched", true).await;
    let id = contract.get_account_id();
    let done = net
        .commit(&net.root, &id, vec![call("set_greeting", "{}")])
        .await;
    let request = methods::EXPERIMENTAL_changes_in_block::RpcStateChangesInBlockRequest {
        block_reference: BlockReference::BlockId(BlockId::Hash(
            done.receipts_outcome[0].block_hash,
        )),
    };
    let touched = net.client.call(request).await.unwrap();
    assert_eq!(touched.block_hash, done.receipts_outcome[0].block_hash);
    assert!(touched.changes.iter().any(
        |c| matches!(c, StateChangeKindView::DataTouched { account_id } if *account_id == id)
    ));
    assert!(touched.changes.iter().any(
        |c| matches!(c, StateChangeKindView::AccountTouched { account_id } if *account_id == id)
    ));
}
