//! near-jsonrpc-client, unmodified, against alcove-localnet.
//!
//!     LOCALNET_PROGRAM=path  GREETING_WASM=path  near-client
//!
//! Starts the chain on a free port and runs one check after the other.  A reply that the client's
//! types do not take, or that says something else than a node would, is a panic that names the check.
mod blocks;
mod errors;
mod gas_keys;
mod ml_dsa;
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
        gas_keys::a_plain_key_has_no_such_nonces,
        gas_keys::a_gas_key_pays_for_what_it_signs,
        gas_keys::a_limited_gas_key_is_added_by_a_delegate,
        gas_keys::what_gas_keys_may_not_is_told,
        gas_keys::records_of_gas_keys_are_patched,
        ml_dsa::a_post_quantum_key_signs,
        ml_dsa::the_state_keeps_the_hash_of_the_key,
        ml_dsa::a_delegate_is_signed_by_a_post_quantum_key,
        ml_dsa::what_post_quantum_keys_may_not_is_told,
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
