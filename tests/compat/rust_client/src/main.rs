//! near-jsonrpc-client, unmodified, against alcove-localnet.
//!
//!     LOCALNET_PROGRAM=path  GREETING_WASM=path  near-client
//!
//! Starts the chain on a free port and runs one check after the other.  A reply that the client's
//! types do not take, or that says something else than a node would, is a panic that names the check.
mod blocks;
mod errors;
mod net;
mod node;
mod query;
mod sandbox;
mod tx;

use net::Net;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let net = Net::start().await;

    macro_rules! run {
        ($($room:ident :: $check:ident),* $(,)?) => {
            $(
                println!("{}: {}", stringify!($room), stringify!($check).replace('_', " "));
                $room::$check(&net).await;
            )*
        };
    }
    run!(
        node::a_node_tells_its_status,
        node::health_and_peers_are_told,
        node::the_validator_is_listed_for_every_kind_of_epoch_reference,
        node::the_protocol_config_is_one_that_nearcore_reads,
        node::the_genesis_config_is_one_that_nearcore_reads,
        blocks::a_block_is_found_by_every_reference,
        blocks::a_chunk_is_found_by_hash_and_by_block,
        blocks::the_gas_price_is_told_for_any_block,
        tx::a_transfer_is_committed,
        tx::a_transaction_is_sent_first_and_asked_for_later,
        tx::every_level_of_waiting_is_reached,
        tx::a_status_shows_the_receipts_too,
        tx::a_receipt_is_found_by_its_id,
        tx::a_failed_call_is_a_typed_failure,
        query::an_account_is_viewed,
        query::code_is_viewed,
        query::state_is_viewed_whole_by_prefix_and_in_pages,
        query::keys_are_viewed_alone_in_lists_and_in_pages,
        query::a_function_is_called,
        query::global_code_is_viewed_by_hash_and_by_account,
        query::gas_keys_are_refused,
        blocks::changes_name_their_cause,
        blocks::touched_accounts_are_listed,
        errors::an_unknown_account_is_told,
        errors::an_unknown_key_is_told,
        errors::an_unknown_block_and_chunk_are_told,
        errors::a_view_that_panics_is_told,
        errors::an_account_without_code_is_told,
        errors::an_old_nonce_is_told,
        errors::other_invalid_transactions_are_told,
        errors::unknown_transactions_and_receipts_are_told,
        errors::an_unknown_method_and_wrong_parameters_are_bad_requests,
        sandbox::state_is_patched,
        sandbox::heights_are_skipped,
    );
    println!("all passed");
}
