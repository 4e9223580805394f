//! The node itself: status, health, validators, configurations.
use near_jsonrpc_client::methods;
use near_jsonrpc_primitives::types::config::RpcProtocolConfigRequest;
use near_primitives::types::{BlockId, BlockReference, EpochReference, SyncCheckpoint};

use crate::net::{latest, near, Net};

pub async fn a_node_tells_its_status(net: &Net) {
    let status = net
        .client
        .call(methods::status::RpcStatusRequest)
        .await
        .unwrap();
    assert_eq!(status.chain_id, "localnet");
    assert_eq!(status.protocol_version, 88);
    assert_eq!(status.latest_protocol_version, 88);
    assert!(!status.sync_info.syncing);
    assert_eq!(
        status.sync_info.earliest_block_hash,
        Some(status.genesis_hash)
    );
    assert!(status.sync_info.latest_block_time >= status.sync_info.earliest_block_time.unwrap());
    assert_eq!(status.validator_account_id.unwrap(), "test.near");
    assert_eq!(status.validators[0].account_id, "test.near");
}

pub async fn health_and_peers_are_told(net: &Net) {
    net.client
        .call(methods::health::RpcHealthRequest)
        .await
        .unwrap();
    let info = net
        .client
        .call(methods::network_info::RpcNetworkInfoRequest)
        .await
        .unwrap();
    assert_eq!(info.num_active_peers, 0);
    assert!(info.active_peers.is_empty() && info.known_producers.is_empty());
}

pub async fn the_validator_is_listed_for_every_kind_of_epoch_reference(net: &Net) {
    let block = net
        .client
        .call(methods::block::RpcBlockRequest {
            block_reference: latest(),
        })
        .await
        .unwrap();
    for epoch_reference in [
        EpochReference::Latest,
        EpochReference::BlockId(BlockId::Height(block.header.height)),
        EpochReference::BlockId(BlockId::Hash(block.header.hash)),
        EpochReference::EpochId(near_primitives::types::EpochId(block.header.epoch_id)),
    ] {
        let said = format!("{epoch_reference:?}");
        let info = net
            .client
            .call(methods::validators::RpcValidatorRequest { epoch_reference })
            .await;
        let info = info.unwrap_or_else(|e| panic!("{said}: {e:?}"));
        assert_eq!(info.current_validators.len(), 1);
        assert_eq!(info.current_validators[0].account_id, "test.near");
        assert_eq!(info.current_validators[0].stake, near(50_000_000));
        assert!(!info.current_validators[0].is_slashed);
        assert_eq!(info.next_validators[0].account_id, "test.near");
        assert!(info.prev_epoch_kickout.is_empty());
    }
}

pub async fn the_protocol_config_is_one_that_nearcore_reads(net: &Net) {
    for block_reference in [
        latest(),
        BlockReference::SyncCheckpoint(SyncCheckpoint::Genesis),
    ] {
        let request =
            methods::EXPERIMENTAL_protocol_config::RpcProtocolConfigRequest { block_reference };
        let _: &RpcProtocolConfigRequest = &request;
        let config = net.client.call(request).await.unwrap();
        assert_eq!(config.protocol_version, 88);
        assert_eq!(config.chain_id, "localnet");
        assert_eq!(
            config.runtime_config.storage_amount_per_byte.as_yoctonear(),
            10u128.pow(19)
        );
        let limits = &config.runtime_config.wasm_config.limit_config;
        assert_eq!(limits.max_total_prepaid_gas.as_teragas(), 1000);
        assert_eq!(
            config
                .runtime_config
                .account_creation_config
                .registrar_account_id,
            "registrar"
        );
    }
}

pub async fn the_genesis_config_is_one_that_nearcore_reads(net: &Net) {
    let config = net
        .client
        .call(methods::EXPERIMENTAL_genesis_config::RpcGenesisConfigRequest)
        .await
        .unwrap();
    assert_eq!(config.chain_id, "localnet");
    assert!(config.total_supply > near(1_000_000_000));
    assert!(config.epoch_length > 0);
}
