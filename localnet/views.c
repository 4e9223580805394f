/* localnet/views.c — NEAR's JSON forms of accounts, transactions, receipts, outcomes and blocks
 * (near.md 11). */
#include "localnet/view_parts.h"

static void key_empty(struct alc_jw *w, const char *key)
{
    alc_jw_key(w, key);
    alc_jw_arr(w);
    alc_jw_end(w);
}

/* `inside` is JSON values with commas between. */
static void key_array(struct alc_jw *w, const char *key, struct alc_bytes inside)
{
    alc_jw_key(w, key);
    alc_jw_arr(w);
    if (inside.n > 0) alc_jw_raw(w, inside);
    alc_jw_end(w);
}

void lnet_view_account_fields(struct alc_jw *w, const struct lnet_account *a)
{
    static const struct alc_hash none;
    key_amount(w, "amount", a->amount);
    key_amount(w, "locked", a->locked);
    key_hash(w, "code_hash", a->contract == NEARVM_CONTRACT_LOCAL ? &a->code : &none);
    key_u64(w, "storage_usage", a->usage_bytes);
    key_u64(w, "storage_paid_at", 0);
    if (a->contract == NEARVM_CONTRACT_GLOBAL) key_hash(w, "global_contract_hash", &a->code);
    if (a->contract == NEARVM_CONTRACT_GLOBAL_BY_ACCOUNT)
        key_id(w, "global_contract_account_id", alc_near_id_bytes(&a->code_owner));
}

void lnet_view_account(struct alc_jw *w, const struct lnet_account *a)
{
    alc_jw_obj(w);
    lnet_view_account_fields(w, a);
    alc_jw_end(w);
}

void lnet_view_contract(struct alc_jw *w, const struct lnet_account *a)
{
    if (a->contract == NEARVM_CONTRACT_NONE) {
        alc_jw_null(w);
        return;
    }
    alc_jw_obj(w);
    if (a->contract == NEARVM_CONTRACT_LOCAL) key_hash(w, "local", &a->code);
    if (a->contract == NEARVM_CONTRACT_GLOBAL) key_hash(w, "global_hash", &a->code);
    if (a->contract == NEARVM_CONTRACT_GLOBAL_BY_ACCOUNT)
        key_id(w, "global_account_id", alc_near_id_bytes(&a->code_owner));
    alc_jw_end(w);
}

/* ---- transactions and receipts ---- */

void lnet_view_tx(struct alc_jw *w, const struct alc_near_signed *s)
{
    alc_jw_obj(w);
    key_id(w, "signer_id", s->tx.signer_id);
    alc_jw_key(w, "public_key");
    lnet_view_key(w, &s->tx.key);
    key_u64(w, "nonce", s->tx.nonce);
    key_id(w, "receiver_id", s->tx.receiver_id);
    alc_jw_key(w, "actions");
    alc_jw_arr(w);
    for (uint32_t i = 0; i < s->tx.actions_count; i++)
        lnet_view_action(w, &s->tx.actions[i]);
    alc_jw_end(w);
    key_u64(w, "priority_fee", 0);
    alc_jw_key(w, "signature");
    lnet_view_sig(w, &s->sig);
    key_hash(w, "hash", &s->hash);
    if (s->tx.gas_key_nonce) key_u64(w, "nonce_index", s->tx.nonce_index);
    if (s->tx.nonce_mode == 1) { /* the usual one is not told */
        alc_jw_key(w, "nonce_mode");
        alc_jw_text(w, "strict");
    }
    alc_jw_end(w);
}

static void view_action_receipt(struct alc_jw *w, const struct lnet_receipt *r)
{
    alc_jw_key(w, "Action");
    alc_jw_obj(w);
    key_id(w, "signer_id", alc_near_id_bytes(&r->signer));
    alc_jw_key(w, "signer_public_key");
    lnet_view_key(w, &r->signer_key);
    key_amount(w, "gas_price", r->gas_price);
    alc_jw_key(w, "output_data_receivers");
    alc_jw_arr(w);
    for (uint32_t i = 0; i < r->outputs_count; i++) {
        alc_jw_obj(w);
        key_hash(w, "data_id", &r->outputs[i].data_id);
        key_id(w, "receiver_id", alc_near_id_bytes(&r->outputs[i].receiver));
        alc_jw_end(w);
    }
    alc_jw_end(w);
    alc_jw_key(w, "input_data_ids");
    alc_jw_arr(w);
    for (uint32_t i = 0; i < r->inputs_count; i++)
        alc_jw_base58(w, alc_hash_bytes(&r->inputs[i]));
    alc_jw_end(w);
    alc_jw_key(w, "actions");
    alc_jw_arr(w);
    for (uint32_t i = 0; i < r->actions_count; i++)
        lnet_view_action(w, &r->actions[i]);
    alc_jw_end(w);
    alc_jw_key(w, "is_promise_yield");
    alc_jw_bool(w, r->kind == LNET_YIELD);
    if (r->refund_to.s[0] != 0) key_id(w, "refund_to", alc_near_id_bytes(&r->refund_to));
    alc_jw_end(w);
}

static void view_data_receipt(struct alc_jw *w, const struct lnet_receipt *r)
{
    alc_jw_key(w, "Data");
    alc_jw_obj(w);
    key_hash(w, "data_id", &r->data_id);
    alc_jw_key(w, "data");
    if (r->has_data)
        alc_jw_base64(w, r->data);
    else
        alc_jw_null(w);
    alc_jw_key(w, "is_promise_resume");
    alc_jw_bool(w, r->kind == LNET_RESUME);
    alc_jw_end(w);
}

static void view_global_receipt(struct alc_jw *w, const struct lnet_receipt *r)
{
    struct alc_hash h;
    alc_sha256(&h, r->data);
    alc_jw_key(w, "GlobalContractDistribution");
    alc_jw_obj(w);
    alc_jw_key(w, "id");
    alc_jw_obj(w);
    if (r->by_account)
        key_id(w, "account_id", alc_near_id_bytes(&r->predecessor));
    else
        key_hash(w, "hash", &h);
    alc_jw_end(w);
    key_u64(w, "target_shard", 0);
    key_empty(w, "already_delivered_shards");
    alc_jw_key(w, "code");
    alc_jw_base64(w, alc_hash_bytes(&h));
    alc_jw_end(w);
}

void lnet_view_receipt(struct alc_jw *w, const struct lnet_receipt *r)
{
    alc_jw_obj(w);
    key_id(w, "predecessor_id", alc_near_id_bytes(&r->predecessor));
    key_id(w, "receiver_id", alc_near_id_bytes(&r->receiver));
    key_hash(w, "receipt_id", &r->id);
    alc_jw_key(w, "receipt");
    alc_jw_obj(w);
    switch (r->kind) {
    case LNET_ACTION:
    case LNET_YIELD:
        view_action_receipt(w, r);
        break;
    case LNET_DATA:
    case LNET_RESUME:
        view_data_receipt(w, r);
        break;
    case LNET_GLOBAL:
        view_global_receipt(w, r);
        break;
    }
    alc_jw_end(w);
    key_u64(w, "priority", 0);
    alc_jw_end(w);
}

/* ---- outcomes ---- */

void lnet_view_status(struct alc_jw *w, const struct lnet_outcome *o)
{
    alc_jw_obj(w);
    switch (o->status) {
    case LNET_STATUS_VALUE:
        alc_jw_key(w, "SuccessValue");
        alc_jw_base64(w, o->value);
        break;
    case LNET_STATUS_RECEIPT:
        key_hash(w, "SuccessReceiptId", &o->next);
        break;
    case LNET_STATUS_FAILURE:
        alc_jw_key(w, "Failure");
        alc_jw_raw(w, o->failure);
        break;
    }
    alc_jw_end(w);
}

void lnet_view_outcome(struct alc_jw *w, const struct lnet_outcome *o)
{
    alc_jw_obj(w);
    key_empty(w, "proof");
    key_hash(w, "block_hash", &o->block_hash);
    key_hash(w, "id", &o->id);
    alc_jw_key(w, "outcome");
    alc_jw_obj(w);
    key_array(w, "logs", o->logs);
    alc_jw_key(w, "receipt_ids");
    alc_jw_arr(w);
    for (size_t i = 0; i < o->children_count; i++)
        alc_jw_base58(w, alc_hash_bytes(&o->children[i]));
    alc_jw_end(w);
    key_u64(w, "gas_burnt", o->gas_burnt);
    key_amount(w, "tokens_burnt", o->tokens_burnt);
    key_id(w, "executor_id", o->executor);
    alc_jw_key(w, "status");
    lnet_view_status(w, o);
    alc_jw_key(w, "metadata");
    alc_jw_obj(w);
    key_u64(w, "version", o->is_tx ? 1 : 4);
    if (o->is_tx) {
        alc_jw_key(w, "gas_profile");
        alc_jw_null(w);
    } else {
        key_array(w, "gas_profile", o->profile);
        key_array(w, "contracts", o->contracts);
    }
    alc_jw_end(w);
    alc_jw_end(w);
    alc_jw_end(w);
}

/* ---- blocks ---- */

/* Sixty-four zero bytes: nobody signs here, but the text must parse. */
#define NO_SIGNATURE "ed25519:1111111111111111111111111111111111111111111111111111111111111111"

void lnet_view_header(struct alc_jw *w, const struct lnet_chain *c, const struct lnet_block *b)
{
    static const struct alc_hash none;
    const struct lnet_head *h = &b->head;
    alc_jw_obj(w);
    key_u64(w, "height", h->ref.height);
    key_u64(w, "prev_height", b->prev_height);
    key_hash(w, "epoch_id", &b->epoch);
    key_hash(w, "next_epoch_id", &b->next_epoch);
    key_hash(w, "hash", &h->ref.hash);
    key_hash(w, "prev_hash", &b->prev_hash);
    key_hash(w, "prev_state_root", &c->head.root);
    alc_jw_key(w, "block_body_hash");
    alc_jw_null(w);
    key_hash(w, "chunk_receipts_root", &none);
    key_hash(w, "chunk_headers_root", &b->chunk_hash);
    key_hash(w, "chunk_tx_root", &none);
    key_hash(w, "outcome_root", &h->root);
    key_u64(w, "chunks_included", 1);
    key_hash(w, "challenges_root", &none);
    key_u64(w, "timestamp", h->ref.timestamp_ns);
    alc_jw_key(w, "timestamp_nanosec");
    alc_jw_u128_str(w, h->ref.timestamp_ns);
    key_hash(w, "random_value", &b->random);
    key_empty(w, "validator_proposals");
    alc_jw_key(w, "chunk_mask");
    alc_jw_raw(w, ALC_LIT("[true]"));
    key_amount(w, "gas_price", b->gas_price);
    key_u64(w, "block_ordinal", h->ordinal);
    key_amount(w, "rent_paid", 0);
    key_amount(w, "validator_reward", 0);
    key_amount(w, "total_supply", h->supply);
    key_empty(w, "challenges_result");
    key_hash(w, "last_final_block", &b->prev_hash);
    key_hash(w, "last_ds_final_block", &b->prev_hash);
    key_hash(w, "next_bp_hash", &none);
    key_hash(w, "block_merkle_root", &none);
    alc_jw_key(w, "epoch_sync_data_hash");
    alc_jw_null(w);
    key_empty(w, "approvals");
    alc_jw_key(w, "signature");
    alc_jw_text(w, NO_SIGNATURE);
    key_u64(w, "latest_protocol_version", LNET_PROTOCOL_VERSION);
    alc_jw_key(w, "chunk_endorsements");
    alc_jw_null(w);
    alc_jw_key(w, "shard_split");
    alc_jw_null(w);
    alc_jw_end(w);
}

void lnet_view_chunk_header(struct alc_jw *w, const struct lnet_chain *c,
                            const struct lnet_block *b)
{
    static const struct alc_hash none;
    const struct lnet_head *h = &b->head;
    alc_jw_obj(w);
    key_hash(w, "chunk_hash", &b->chunk_hash);
    key_hash(w, "prev_block_hash", &b->prev_hash);
    key_hash(w, "outcome_root", &h->root);
    key_hash(w, "prev_state_root", &c->head.root);
    key_hash(w, "encoded_merkle_root", &none);
    key_u64(w, "encoded_length", 0);
    key_u64(w, "height_created", h->ref.height);
    key_u64(w, "height_included", h->ref.height);
    key_u64(w, "shard_id", 0);
    key_u64(w, "gas_used", b->gas_used);
    key_u64(w, "gas_limit", LNET_GAS_LIMIT);
    key_amount(w, "rent_paid", 0);
    key_amount(w, "validator_reward", 0);
    key_amount(w, "balance_burnt", b->burnt);
    key_hash(w, "outgoing_receipts_root", &none);
    key_hash(w, "tx_root", &none);
    key_empty(w, "validator_proposals");
    alc_jw_key(w, "congestion_info");
    alc_jw_raw(w, ALC_LIT("{\"delayed_receipts_gas\":\"0\",\"buffered_receipts_gas\":\"0\","
                          "\"receipt_bytes\":0,\"allowed_shard\":0}"));
    alc_jw_key(w, "bandwidth_requests");
    alc_jw_null(w);
    alc_jw_key(w, "signature");
    alc_jw_text(w, NO_SIGNATURE);
    alc_jw_end(w);
}
