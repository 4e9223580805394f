/* localnet/rpc_node.c — the node itself: status, health, validators, and the configurations. */
#include "base/enc.h"
#include "base/json.h"
#include "localnet/rpc_call.h"

/* Numbers of the genesis that clients print and nothing here decides by. */
#define MAX_GAS_PRICE "10000000000000000000000"
#define MIN_GAS_PRICE "100000000"
#define BLOCKS_PER_YEAR 31536000u

static void put_text(struct alc_jw *w, const char *key, const char *text)
{
    alc_jw_key(w, key);
    alc_jw_text(w, text);
}

static void put_u64(struct alc_jw *w, const char *key, uint64_t v)
{
    alc_jw_key(w, key);
    alc_jw_u64(w, v);
}

static void put_hash(struct alc_jw *w, const char *key, const struct alc_hash *h)
{
    alc_jw_key(w, key);
    alc_jw_base58(w, alc_hash_bytes(h));
}

static void put_key(struct alc_jw *w, const char *key, const struct alc_near_key *k)
{
    char text[ALC_NEAR_KEY_TEXT_MAX];

    alc_near_key_text(text, k);
    put_text(w, key, text);
}

static void put_raw(struct alc_jw *w, const char *key, const char *json)
{
    alc_jw_key(w, key);
    alc_jw_raw(w, alc_cstr(json));
}

/* ---- status ---- */

static void put_version(struct alc_jw *w)
{
    alc_jw_key(w, "version");
    alc_jw_obj(w);
    put_text(w, "version", ALC_VERSION);
    put_text(w, "build", "alcove-localnet");
    put_text(w, "commit", "");
    put_text(w, "rustc_version", "");
    alc_jw_end(w);
}

static void put_sync_info(struct alc_jw *w, const struct lnet_info *info)
{
    alc_jw_key(w, "sync_info");
    alc_jw_obj(w);
    put_hash(w, "latest_block_hash", &info->head.hash);
    put_u64(w, "latest_block_height", info->head.height);
    put_hash(w, "latest_state_root", &info->state_root);
    alc_jw_key(w, "latest_block_time");
    lnet_put_time(w, info->head.timestamp_ns);
    put_raw(w, "syncing", "false");
    put_hash(w, "earliest_block_hash", &info->genesis.hash);
    put_u64(w, "earliest_block_height", info->genesis.height);
    alc_jw_key(w, "earliest_block_time");
    lnet_put_time(w, info->genesis.timestamp_ns);
    put_hash(w, "epoch_id", &info->epoch_id);
    put_u64(w, "epoch_start_height", info->epoch_start_height);
    alc_jw_end(w);
}

bool lnet_do_status(struct lnet_call *c)
{
    struct alc_jw w = {.out = c->out};
    struct lnet_info info;

    lnet_chain_info(c->chain, &info);
    alc_jw_obj(&w);
    put_version(&w);
    put_text(&w, "chain_id", info.chain_id);
    put_u64(&w, "protocol_version", LNET_PROTOCOL_VERSION);
    put_u64(&w, "latest_protocol_version", LNET_PROTOCOL_VERSION);
    alc_jw_key(&w, "rpc_addr");
    alc_jw_textf(&w, "%s:%u", c->conf->host, (unsigned)c->port);
    put_raw(&w, "validators", "[{\"account_id\":\"" LNET_VALIDATOR "\"}]");
    put_sync_info(&w, &info);
    put_text(&w, "validator_account_id", LNET_VALIDATOR);
    put_key(&w, "validator_public_key", &info.validator_key);
    put_key(&w, "node_public_key", &info.validator_key);
    put_raw(&w, "node_key", "null");
    put_u64(&w, "uptime_sec", c->uptime_ms / 1000u);
    put_hash(&w, "genesis_hash", &info.genesis.hash);
    alc_jw_end(&w);
    return true;
}

bool lnet_do_health(struct lnet_call *c)
{
    struct lnet_info info;

    lnet_chain_info(c->chain, &info);
    if (info.failed)
        return lnet_fail(c, LNET_NO_NEW_BLOCKS,
                         "The chain has met an error and makes no more blocks");
    alc_buf_put_text(c->out, "null");
    return true;
}

bool lnet_do_network_info(struct lnet_call *c)
{
    alc_buf_put_text(c->out, "{\"active_peers\":[],\"num_active_peers\":0,\"peer_max_count\":40,"
                             "\"sent_bytes_per_sec\":0,\"received_bytes_per_sec\":0,"
                             "\"known_producers\":[]}");
    return true;
}

/* ---- validators: the one there is ---- */

/* What the validator has locked, out of its AccountView. */
static void read_stake(struct lnet_call *c, __uint128_t *out)
{
    struct alc_buf account = ALC_BUF(4096);
    struct alc_json *doc = NULL;
    struct alc_bytes text;
    struct lnet_block_ref at;

    *out = 0;
    if (lnet_read_account(c->chain, LNET_VALIDATOR, &account, &at, NULL) == ALC_OK &&
        alc_json_open(&doc, alc_buf_bytes(&account), account.n, NULL) == ALC_OK &&
        alc_json_str(alc_json_get(doc, "locked"), &text) && !alc_u128_decode(out, text))
        *out = 0;
    alc_json_close(doc);
    alc_buf_fini(&account);
}

/* `e`: the epoch whose work is told; NULL: that of the next one, without any. */
static void put_validator(struct alc_jw *w, const struct lnet_info *info, __uint128_t stake,
                          const struct lnet_epoch *e)
{
    static const char *const counts[] = {
        "num_produced_blocks", "num_expected_blocks",       "num_produced_chunks",
        "num_expected_chunks", "num_produced_endorsements", "num_expected_endorsements",
    };
    static const char *const lists[] = {
        "num_produced_chunks_per_shard",
        "num_expected_chunks_per_shard",
        "num_produced_endorsements_per_shard",
        "num_expected_endorsements_per_shard",
    };

    alc_jw_arr(w);
    alc_jw_obj(w);
    put_text(w, "account_id", LNET_VALIDATOR);
    put_key(w, "public_key", &info->validator_key);
    alc_jw_key(w, "stake");
    alc_jw_u128_str(w, stake);
    put_raw(w, "shards", "[0]");
    if (e != NULL) {
        put_raw(w, "is_slashed", "false");
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
            put_u64(w, counts[i], i < 4 ? e->blocks : 0);
        for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
            alc_jw_key(w, lists[i]);
            alc_jw_arr(w);
            if (i < 2) alc_jw_u64(w, e->blocks);
            alc_jw_end(w);
        }
        put_raw(w, "shards_endorsed", "[]");
    } else {
        put_text(w, "validator_stake_struct_version", "V1");
    }
    alc_jw_end(w);
    alc_jw_end(w);
}

bool lnet_do_validators(struct lnet_call *c)
{
    struct lnet_validators_ref ref;
    struct alc_err err = {0};
    struct alc_jw w = {.out = c->out};
    struct lnet_epoch epoch;
    struct lnet_info info;
    __uint128_t stake;
    enum alc_rc rc = lnet_params_validators(&ref, c->params, &err);

    if (rc != ALC_OK) return lnet_fail_params(c, rc, &err);
    lnet_chain_info(c->chain, &info);
    rc =
        lnet_read_epoch(c->chain, ref.by_epoch ? &ref.epoch_id : NULL, &ref.block.id, &epoch, &err);
    if (rc == ALC_NOT_FOUND) return lnet_fail(c, LNET_UNKNOWN_EPOCH, "Unknown Epoch");
    if (rc != ALC_OK) return lnet_fail_internal(c, rc, &err);
    read_stake(c, &stake);
    alc_jw_obj(&w);
    alc_jw_key(&w, "current_validators");
    put_validator(&w, &info, stake, &epoch);
    alc_jw_key(&w, "next_validators");
    put_validator(&w, &info, stake, NULL);
    put_raw(&w, "current_fishermen", "[]");
    put_raw(&w, "next_fishermen", "[]");
    put_raw(&w, "current_proposals", "[]");
    put_raw(&w, "prev_epoch_kickout", "[]");
    put_u64(&w, "epoch_start_height", epoch.start_height);
    put_u64(&w, "epoch_height", epoch.height);
    put_raw(&w, "validator_reward_paid_prev_epoch", "{}");
    alc_jw_end(&w);
    return true;
}

/* ---- configurations ---- */

/* Members that both configurations share.  near-cli reads avg_hidden_validator_seats_per_shard out
 * of the genesis, though nodes of this age no longer send it. */
static const char shared_config[] =
    "\"num_block_producer_seats\":100,\"dynamic_resharding\":false,"
    "\"protocol_upgrade_stake_threshold\":[4,5],\"block_producer_kickout_threshold\":90,"
    "\"chunk_producer_kickout_threshold\":90,\"chunk_validator_only_kickout_threshold\":80,"
    "\"target_validator_mandates_per_shard\":68,\"online_min_threshold\":[9,10],"
    "\"online_max_threshold\":[99,100],\"gas_price_adjustment_rate\":[1,100],"
    "\"protocol_reward_rate\":[1,10],\"max_inflation_rate\":[1,20],"
    "\"protocol_treasury_account\":\"" LNET_VALIDATOR "\","
    "\"fishermen_threshold\":\"10000000000000000000000000\",\"minimum_stake_divisor\":10,"
    "\"max_kickout_stake_perc\":100,\"minimum_stake_ratio\":[1,6250],"
    "\"shuffle_shard_assignment_for_chunk_producers\":false,\"minimum_validators_per_shard\":1,"
    "\"avg_hidden_validator_seats_per_shard\":[0],\"num_block_producer_seats_per_shard\":[100],"
    "\"shard_layout\":{\"V0\":{\"num_shards\":1,\"version\":0}}";

static void put_config(struct alc_jw *w, struct lnet_call *c, const struct lnet_info *info)
{
    put_u64(w, "protocol_version", LNET_PROTOCOL_VERSION);
    alc_jw_key(w, "genesis_time");
    lnet_put_time(w, info->genesis.timestamp_ns);
    put_text(w, "chain_id", info->chain_id);
    put_u64(w, "genesis_height", info->genesis.height);
    put_u64(w, "epoch_length", LNET_EPOCH_BLOCKS);
    put_u64(w, "gas_limit", LNET_GAS_LIMIT);
    put_text(w, "min_gas_price", MIN_GAS_PRICE);
    put_text(w, "max_gas_price", MAX_GAS_PRICE);
    put_u64(w, "num_blocks_per_year", BLOCKS_PER_YEAR);
    put_u64(w, "transaction_validity_period", info->validity_blocks);
    alc_buf_put_text(c->out, ",");
    alc_buf_put_text(c->out, shared_config);
}

bool lnet_do_protocol_config(struct lnet_call *c)
{
    struct alc_err err = {0};
    struct alc_jw w = {.out = c->out};
    struct alc_buf runtime = ALC_BUF(1u << 20);
    struct lnet_block_ref at;
    struct lnet_info info;
    struct lnet_ref ref;
    enum alc_rc rc = lnet_params_ref(&ref, c->params, false, &err);

    if (rc != ALC_OK) return lnet_fail_params(c, rc, &err);
    rc = lnet_read_block_ref(c->chain, &ref.id, &at, NULL, &err);
    if (rc == ALC_NOT_FOUND) return lnet_fail_config_block(c, &ref);
    if (rc == ALC_OK) rc = lnet_read_runtime_config(c->chain, &runtime, &err);
    lnet_chain_info(c->chain, &info);
    alc_jw_obj(&w);
    put_config(&w, c, &info);
    alc_jw_key(&w, "runtime_config");
    alc_jw_raw(&w, alc_buf_bytes(&runtime));
    alc_jw_end(&w);
    alc_buf_fini(&runtime);
    return rc == ALC_OK || lnet_fail_internal(c, rc, &err);
}

bool lnet_do_genesis_config(struct lnet_call *c)
{
    struct alc_jw w = {.out = c->out};
    struct lnet_info info;

    lnet_chain_info(c->chain, &info);
    alc_jw_obj(&w);
    put_config(&w, c, &info);
    put_raw(&w, "validators", info.validators);
    alc_jw_key(&w, "total_supply");
    alc_jw_u128_str(&w, info.genesis_supply);
    put_raw(&w, "use_production_config", "false");
    put_raw(&w, "num_chunk_producer_seats", "100");
    put_raw(&w, "num_chunk_validator_seats", "300");
    put_raw(&w, "chunk_producer_assignment_changes_limit", "5");
    alc_jw_end(&w);
    return true;
}
