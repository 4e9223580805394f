/* localnet/rpc_params.c — parameters of JSON-RPC methods, read once at the edge. */
#include "localnet/rpc_params.h"

#include <string.h>

#include "base/enc.h"
#include "base/json.h"

static bool is_absent(const struct alc_json *v)
{
    return alc_json_kind(v) == ALC_JSON_NULL;
}

/* The only element of an array of one, or of an array whose rest nobody looks at. */
static const struct alc_json *first(const struct alc_json *params)
{
    return alc_json_kind(params) == ALC_JSON_ARRAY ? alc_json_at(params, 0) : NULL;
}

static enum alc_rc read_hash(struct alc_hash *out, const struct alc_json *v, const char *what,
                             struct alc_err *err)
{
    struct alc_bytes text;
    struct alc_hash h;
    size_t n;

    if (!alc_json_str(v, &text))
        return alc_fail(err, ALC_BAD_INPUT, "%s: a base58 string is expected", what);
    if (!alc_base58_decode(h.b, sizeof h.b, &n, text) || n != sizeof h.b)
        return alc_fail(err, ALC_BAD_INPUT, "%s: not the base58 of 32 bytes", what);
    *out = h;
    return ALC_OK;
}

/* A member that has to be a string. */
static enum alc_rc read_str(struct alc_bytes *out, const struct alc_json *v, const char *what,
                            struct alc_err *err)
{
    if (v == NULL) return alc_fail(err, ALC_BAD_INPUT, "missing field `%s`", what);
    if (!alc_json_str(v, out))
        return alc_fail(err, ALC_BAD_INPUT, "%s: a string is expected", what);
    return ALC_OK;
}

static enum alc_rc read_account(struct alc_near_id *out, const struct alc_json *v, const char *what,
                                struct alc_err *err)
{
    struct alc_bytes text;
    enum alc_rc rc = read_str(&text, v, what, err);

    if (rc != ALC_OK) return rc;
    if (!alc_near_id_set(out, text))
        return alc_fail(err, ALC_BAD_INPUT, "%s: not a valid account id", what);
    return ALC_OK;
}

/* A key, whose bytes may go to the arena; without one a key or a handle, as the state has it. */
static enum alc_rc read_key(struct alc_near_key *out, const struct alc_json *v, const char *what,
                            struct alc_arena *arena, struct alc_err *err)
{
    struct alc_bytes text;
    enum alc_rc rc = read_str(&text, v, what, err);

    if (rc != ALC_OK) return rc;
    if (!alc_near_key_read_in(out, text, arena) ||
        (arena != NULL && out->curve == ALC_NEAR_ML_DSA_65_HANDLE))
        return alc_fail(err, ALC_BAD_INPUT, "%s: not a public key", what);
    return ALC_OK;
}

/* An absent value is empty bytes: clients leave out empty arguments and prefixes. */
static enum alc_rc read_base64(struct alc_bytes *out, const struct alc_json *v, const char *what,
                               struct alc_arena *arena, struct alc_err *err)
{
    struct alc_bytes text = {NULL, 0};
    uint8_t *p;
    size_t n;

    if (!is_absent(v) && !alc_json_str(v, &text))
        return alc_fail(err, ALC_BAD_INPUT, "%s: a base64 string is expected", what);
    p = alc_arena_alloc(arena, text.n + 1);
    if (p == NULL) return alc_fail(err, ALC_NOMEM, "no memory for %s", what);
    if (!alc_base64_decode(p, text.n + 1, &n, text))
        return alc_fail(err, ALC_BAD_INPUT, "%s: not base64", what);
    *out = (struct alc_bytes){p, n};
    return ALC_OK;
}

static enum alc_rc read_level(enum lnet_level *out, const struct alc_json *v, struct alc_err *err)
{
    struct alc_bytes text;

    *out = LNET_EXECUTED_OPTIMISTIC;
    if (is_absent(v)) return ALC_OK;
    if (!alc_json_str(v, &text) || !lnet_level_of(text, out))
        return alc_fail(err, ALC_BAD_INPUT,
                        "wait_until: NONE, INCLUDED, EXECUTED_OPTIMISTIC, INCLUDED_FINAL, EXECUTED "
                        "or FINAL is expected");
    return ALC_OK;
}

/* ---- blocks ---- */

/* A height or a hash. */
static enum alc_rc read_block_id(struct lnet_ref *out, const struct alc_json *v,
                                 struct alc_err *err)
{
    out->said = v;
    out->said_key = "block_id";
    if (alc_json_u64(v, &out->id.height)) {
        out->id.by = LNET_BY_HEIGHT;
        return ALC_OK;
    }
    if (alc_json_kind(v) != ALC_JSON_STRING)
        return alc_fail(err, ALC_BAD_INPUT, "block_id: a height or a hash is expected");
    out->id.by = LNET_BY_HASH;
    return read_hash(&out->id.hash, v, "block_id", err);
}

/* The newest block is final here, so the three finalities are one. */
static enum alc_rc read_finality(struct lnet_ref *out, const struct alc_json *v,
                                 struct alc_err *err)
{
    struct alc_bytes text;

    if (!alc_json_str(v, &text) ||
        !(alc_bytes_is(text, "optimistic") || alc_bytes_is(text, "near-final") ||
          alc_bytes_is(text, "final")))
        return alc_fail(err, ALC_BAD_INPUT,
                        "finality: optimistic, near-final or final is expected");
    out->id.by = LNET_LATEST;
    out->said = v;
    out->said_key = "finality";
    return ALC_OK;
}

/* Nothing is ever collected here: the earliest block there is is the genesis. */
static enum alc_rc read_checkpoint(struct lnet_ref *out, const struct alc_json *v,
                                   struct alc_err *err)
{
    struct alc_bytes text;

    if (!alc_json_str(v, &text) ||
        !(alc_bytes_is(text, "genesis") || alc_bytes_is(text, "earliest_available")))
        return alc_fail(err, ALC_BAD_INPUT,
                        "sync_checkpoint: genesis or earliest_available is expected");
    out->id.by = LNET_GENESIS;
    out->said = v;
    out->said_key = "sync_checkpoint";
    return ALC_OK;
}

enum alc_rc lnet_params_ref(struct lnet_ref *out, const struct alc_json *params, bool latest_ok,
                            struct alc_err *err)
{
    const struct alc_json *v;
    enum alc_rc rc;

    memset(out, 0, sizeof *out);
    out->id.by = LNET_LATEST;
    if (alc_json_kind(params) == ALC_JSON_OBJECT) {
        if (!is_absent(v = alc_json_get(params, "block_id"))) {
            rc = read_block_id(out, v, err);
            out->numeric_in_object = rc == ALC_OK && out->id.by == LNET_BY_HEIGHT;
            return rc;
        }
        if (!is_absent(v = alc_json_get(params, "finality"))) return read_finality(out, v, err);
        if (!is_absent(v = alc_json_get(params, "sync_checkpoint")))
            return read_checkpoint(out, v, err);
    } else if (!is_absent(v = first(params))) {
        return read_block_id(out, v, err);
    } else if (!is_absent(params) && alc_json_kind(params) != ALC_JSON_ARRAY) {
        return alc_fail(err, ALC_BAD_INPUT, "an object or an array is expected");
    }
    if (latest_ok) return ALC_OK;
    return alc_fail(err, ALC_BAD_INPUT,
                    "a block is expected: `block_id`, `finality` or `sync_checkpoint`");
}

enum alc_rc lnet_params_chunk(struct lnet_chunk_ref *out, const struct alc_json *params,
                              struct alc_err *err)
{
    const struct alc_json *v = first(params), *shard;
    enum alc_rc rc;

    memset(out, 0, sizeof *out);
    if (alc_json_kind(v) == ALC_JSON_STRING || !is_absent(alc_json_get(params, "chunk_id"))) {
        if (alc_json_kind(v) != ALC_JSON_STRING) v = alc_json_get(params, "chunk_id");
        out->by_hash = true;
        return read_hash(&out->hash, v, "chunk_id", err);
    }
    if (alc_json_kind(v) == ALC_JSON_ARRAY) { /* [[block, shard]] */
        shard = alc_json_at(v, 1);
        rc = read_block_id(&out->block, alc_json_at(v, 0), err);
    } else {
        if (alc_json_kind(v) == ALC_JSON_OBJECT) params = v; /* [{"block_id", "shard_id"}] */
        shard = alc_json_get(params, "shard_id");
        if (is_absent(alc_json_get(params, "block_id")))
            return alc_fail(err, ALC_BAD_INPUT,
                            "a chunk is expected: `chunk_id`, or `block_id` and `shard_id`");
        rc = lnet_params_ref(&out->block, params, false, err);
    }
    if (rc != ALC_OK) return rc;
    if (!alc_json_u64(shard, &out->shard_id))
        return alc_fail(err, ALC_BAD_INPUT, "shard_id: a number is expected");
    return ALC_OK;
}

enum alc_rc lnet_params_validators(struct lnet_validators_ref *out, const struct alc_json *params,
                                   struct alc_err *err)
{
    struct alc_bytes text;

    memset(out, 0, sizeof *out);
    if (alc_json_str(params, &text)) {
        if (alc_bytes_is(text, "latest")) return ALC_OK;
        return alc_fail(err, ALC_BAD_INPUT, "an epoch, a block or `latest` is expected");
    }
    if (!is_absent(alc_json_get(params, "epoch_id"))) {
        out->by_epoch = true;
        return read_hash(&out->epoch_id, alc_json_get(params, "epoch_id"), "epoch_id", err);
    }
    return lnet_params_ref(&out->block, params, true, err);
}

/* ---- queries ---- */

static const char *const query_names[LNET_QUERY_KINDS] = {
    [LNET_VIEW_ACCOUNT] = "view_account",
    [LNET_VIEW_CODE] = "view_code",
    [LNET_VIEW_STATE] = "view_state",
    [LNET_VIEW_KEY] = "view_access_key",
    [LNET_VIEW_KEYS] = "view_access_key_list",
    [LNET_CALL_FUNCTION] = "call_function",
    [LNET_VIEW_GLOBAL_BY_HASH] = "view_global_contract_code",
    [LNET_VIEW_GLOBAL_BY_ACCOUNT] = "view_global_contract_code_by_account_id",
    [LNET_VIEW_GAS_KEY] = "view_gas_key_nonces",
};

/* Which piece of a listing: {"limit"} of 1 and more, and the entry that it begins behind. */
static enum alc_rc read_page(struct lnet_query *q, const struct alc_json *o,
                             struct alc_arena *arena, struct alc_err *err)
{
    const struct alc_json *limit = alc_json_get(o, "limit");
    const struct alc_json *state = alc_json_get(o, "after_key_base64");
    const struct alc_json *key = alc_json_get(o, "after_key");
    uint64_t n = 0;

    if (!is_absent(limit) && (!alc_json_u64(limit, &n) || n == 0 || n > UINT32_MAX))
        return alc_fail(err, ALC_BAD_INPUT, "limit: 1 and more is expected");
    q->limit = (uint32_t)n;
    q->has_after = !is_absent(q->kind == LNET_VIEW_STATE ? state : key);
    if (!q->has_after) return ALC_OK;
    if (q->kind == LNET_VIEW_STATE)
        return read_base64(&q->after, state, "after_key_base64", arena, err);
    return read_key(&q->key, key, "after_key", NULL, err); /* a handle */
}

/* The members of an object that belong to its kind. */
static enum alc_rc read_fields(struct lnet_query *q, const struct alc_json *o,
                               struct alc_arena *arena, struct alc_err *err)
{
    enum alc_rc rc;

    if (q->kind == LNET_VIEW_GLOBAL_BY_HASH)
        return read_hash(&q->code_hash, alc_json_get(o, "code_hash"), "code_hash", err);
    rc = read_account(&q->account, alc_json_get(o, "account_id"), "account_id", err);
    if (rc != ALC_OK) return rc;
    if (q->kind == LNET_VIEW_KEY || q->kind == LNET_VIEW_GAS_KEY)
        return read_key(&q->key, alc_json_get(o, "public_key"), "public_key", arena, err);
    if (q->kind == LNET_VIEW_STATE)
        rc = read_base64(&q->data, alc_json_get(o, "prefix_base64"), "prefix_base64", arena, err);
    if (rc == ALC_OK && (q->kind == LNET_VIEW_STATE || q->kind == LNET_VIEW_KEYS))
        return read_page(q, o, arena, err);
    if (rc != ALC_OK) return rc;
    if (q->kind != LNET_CALL_FUNCTION) return ALC_OK;
    rc = read_str(&q->method, alc_json_get(o, "method_name"), "method_name", err);
    if (rc != ALC_OK) return rc;
    return read_base64(&q->data, alc_json_get(o, "args_base64"), "args_base64", arena, err);
}

enum alc_rc lnet_params_query_as(struct lnet_query *out, enum lnet_query_kind kind,
                                 const struct alc_json *params, struct alc_arena *arena,
                                 struct alc_err *err)
{
    enum alc_rc rc;

    memset(out, 0, sizeof *out);
    out->kind = kind;
    if (alc_json_kind(params) != ALC_JSON_OBJECT)
        return alc_fail(err, ALC_BAD_INPUT, "an object is expected");
    rc = lnet_params_ref(&out->at, params, false, err);
    return rc == ALC_OK ? read_fields(out, params, arena, err) : rc;
}

/* The next part of a path, up to a slash; false when nothing is left. */
static bool next_part(struct alc_bytes *rest, struct alc_bytes *part)
{
    size_t n = 0;

    if (rest->p == NULL) return false;
    while (n < rest->n && rest->p[n] != '/')
        n++;
    *part = (struct alc_bytes){rest->p, n};
    *rest = n < rest->n ? (struct alc_bytes){rest->p + n + 1, rest->n - n - 1}
                        : (struct alc_bytes){NULL, 0};
    return true;
}

/* The older form: account/ID, access_key/ID[/KEY], code/ID, contract/ID, call/ID/METHOD. */
static enum alc_rc read_path(struct lnet_query *q, struct alc_bytes path, struct alc_err *err)
{
    static const struct {
        const char *name;
        enum lnet_query_kind kind;
    } kinds[] = {{"account", LNET_VIEW_ACCOUNT},
                 {"access_key", LNET_VIEW_KEY},
                 {"code", LNET_VIEW_CODE},
                 {"contract", LNET_VIEW_STATE},
                 {"call", LNET_CALL_FUNCTION}};
    struct alc_bytes name = {NULL, 0}, id = {NULL, 0}, third = {NULL, 0};
    bool has_third;
    size_t i = 0;

    if (!next_part(&path, &name) || !next_part(&path, &id))
        return alc_fail(err, ALC_BAD_INPUT, "the path has no account");
    has_third = next_part(&path, &third);
    while (i < sizeof kinds / sizeof kinds[0] && !alc_bytes_is(name, kinds[i].name))
        i++;
    if (i == sizeof kinds / sizeof kinds[0] || path.p != NULL)
        return alc_fail(err, ALC_BAD_INPUT, "the path is not one of a query");
    q->kind = kinds[i].kind;
    if (!alc_near_id_set(&q->account, id))
        return alc_fail(err, ALC_BAD_INPUT, "the path's account id is not valid");
    if (q->kind == LNET_VIEW_KEY && !has_third)
        q->kind = LNET_VIEW_KEYS;
    else if (q->kind == LNET_VIEW_KEY && !alc_near_key_read(&q->key, third))
        return alc_fail(err, ALC_BAD_INPUT, "the path's public key is not valid");
    else if (q->kind == LNET_CALL_FUNCTION && !has_third)
        return alc_fail(err, ALC_BAD_INPUT, "the path has no method");
    else if (q->kind != LNET_VIEW_KEY && q->kind != LNET_CALL_FUNCTION && has_third)
        return alc_fail(err, ALC_BAD_INPUT, "the path is not one of a query");
    q->method = third;
    return ALC_OK;
}

static enum alc_rc query_array(struct lnet_query *out, const struct alc_json *params,
                               struct alc_arena *arena, struct alc_err *err)
{
    struct alc_bytes path, data = {NULL, 0};
    enum alc_rc rc;

    if (!alc_json_str(alc_json_at(params, 0), &path) ||
        (!is_absent(alc_json_at(params, 1)) && !alc_json_str(alc_json_at(params, 1), &data)))
        return alc_fail(err, ALC_BAD_INPUT, "[\"path\", \"base58 data\"] is expected");
    out->at.id.by = LNET_LATEST;
    rc = read_path(out, path, err);
    if (rc != ALC_OK) return rc;
    return lnet_base58_read(&out->data, data, arena, err);
}

enum alc_rc lnet_params_query(struct lnet_query *out, const struct alc_json *params,
                              struct alc_arena *arena, struct alc_err *err)
{
    struct alc_bytes type;
    enum alc_rc rc;

    memset(out, 0, sizeof *out);
    if (alc_json_kind(params) == ALC_JSON_ARRAY) return query_array(out, params, arena, err);
    rc = read_str(&type, alc_json_get(params, "request_type"), "request_type", err);
    if (rc != ALC_OK) return rc;
    for (unsigned i = 0; i < LNET_QUERY_KINDS; i++)
        if (alc_bytes_is(type, query_names[i]))
            return lnet_params_query_as(out, (enum lnet_query_kind)i, params, arena, err);
    return alc_fail(err, ALC_BAD_INPUT, "request_type: not one that this node knows");
}

/* ---- transactions ---- */

enum alc_rc lnet_params_send(struct lnet_send *out, const struct alc_json *params,
                             struct alc_arena *arena, struct alc_err *err)
{
    const struct alc_json *tx = first(params);
    enum alc_rc rc;

    memset(out, 0, sizeof *out);
    if (alc_json_kind(params) == ALC_JSON_OBJECT) tx = alc_json_get(params, "signed_tx_base64");
    rc = read_str(&out->signed_tx, tx, "signed_tx_base64", err);
    if (rc != ALC_OK) return rc;
    rc = read_level(&out->level, alc_json_get(params, "wait_until"), err);
    if (rc != ALC_OK) return rc;
    return read_base64(&out->signed_tx, tx, "signed_tx_base64", arena, err);
}

enum alc_rc lnet_params_tx(struct lnet_tx_ref *out, const struct alc_json *params,
                           struct alc_arena *arena, struct alc_err *err)
{
    const struct alc_json *hash = NULL, *sender = NULL;
    struct alc_near_signed tx;
    struct alc_near_id id;
    struct lnet_send send;
    struct alc_hash alone;
    enum alc_rc rc;

    memset(out, 0, sizeof *out);
    if (alc_json_count(params) == 1 && read_hash(&alone, first(params), "tx_hash", NULL) ==
                                           ALC_OK) /* no transaction is so short */
        return alc_fail(err, ALC_BAD_INPUT,
                        "the sender's account is missing: [\"hash\", \"account\"] is expected");
    if (alc_json_kind(params) == ALC_JSON_OBJECT) {
        hash = alc_json_get(params, "tx_hash");
        sender = alc_json_get(params, "sender_account_id");
    } else if (alc_json_count(params) == 2) {
        hash = alc_json_at(params, 0);
        sender = alc_json_at(params, 1);
    }
    if (!is_absent(hash)) {
        rc = read_level(&out->level, alc_json_get(params, "wait_until"), err);
        if (rc == ALC_OK) rc = read_hash(&out->hash, hash, "tx_hash", err);
        if (rc == ALC_OK) rc = read_account(&id, sender, "sender_account_id", err);
        return rc;
    }
    rc = lnet_params_send(&send, params, arena, err);
    if (rc == ALC_OK) rc = alc_near_tx_read_any(&tx, send.signed_tx, arena, err);
    if (rc != ALC_OK) return rc;
    out->level = send.level;
    out->hash = tx.hash;
    return ALC_OK;
}

enum alc_rc lnet_params_hash(struct alc_hash *out, const struct alc_json *params, const char *key,
                             struct alc_err *err)
{
    const struct alc_json *v = first(params);

    if (alc_json_kind(params) == ALC_JSON_OBJECT) v = alc_json_get(params, key);
    return read_hash(out, v, key, err);
}

/* ---- changes ---- */

/* What a kind of changes is called, and the types of change that belong to it. */
static const struct {
    const char *name, *types[3];
} changes[LNET_CHANGES_KINDS] = {
    [LNET_CHANGES_ACCOUNT] = {"account_changes", {"account_update", "account_deletion"}},
    [LNET_CHANGES_ONE_KEY] = {"single_access_key_changes",
                              {"access_key_update", "access_key_deletion"}},
    /* the nonces of a gas key lie behind it, and are found with it */
    [LNET_CHANGES_KEYS] = {"all_access_key_changes",
                           {"access_key_update", "access_key_deletion", "gas_key_nonce_update"}},
    [LNET_CHANGES_CODE] = {"contract_code_changes",
                           {"contract_code_update", "contract_code_deletion"}},
    [LNET_CHANGES_DATA] = {"data_changes", {"data_update", "data_deletion"}},
};

/* Who is asked for must be able to exist, or an empty answer would pass for one. */
static enum alc_rc check_wanted(const struct lnet_changes_ref *ref, struct alc_arena *arena,
                                struct alc_err *err)
{
    struct alc_near_id id;
    struct alc_near_key key;
    enum alc_rc rc = ALC_OK;

    for (size_t i = 0; i < alc_json_count(ref->accounts) && rc == ALC_OK; i++) {
        const struct alc_json *a = alc_json_at(ref->accounts, i);
        if (ref->kind != LNET_CHANGES_ONE_KEY) {
            rc = read_account(&id, a, "account_ids", err);
            continue;
        }
        rc = read_account(&id, alc_json_get(a, "account_id"), "account_id", err);
        if (rc != ALC_OK) continue;
        if (read_key(&key, alc_json_get(a, "public_key"), "public_key", NULL, NULL) != ALC_OK)
            rc = read_key(&key, alc_json_get(a, "public_key"), "public_key", arena, err);
    }
    return rc;
}

enum alc_rc lnet_params_changes(struct lnet_changes_ref *out, const struct alc_json *params,
                                struct alc_arena *arena, struct alc_err *err)
{
    struct alc_bytes type;
    unsigned kind = 0;
    enum alc_rc rc;

    memset(out, 0, sizeof *out);
    if (alc_json_kind(params) != ALC_JSON_OBJECT)
        return alc_fail(err, ALC_BAD_INPUT, "an object is expected");
    rc = read_str(&type, alc_json_get(params, "changes_type"), "changes_type", err);
    if (rc != ALC_OK) return rc;
    while (kind < LNET_CHANGES_KINDS && !alc_bytes_is(type, changes[kind].name))
        kind++;
    if (kind == LNET_CHANGES_KINDS)
        return alc_fail(err, ALC_BAD_INPUT, "changes_type: not one that this node knows");
    out->kind = (enum lnet_changes_kind)kind;
    out->accounts =
        alc_json_get(params, out->kind == LNET_CHANGES_ONE_KEY ? "keys" : "account_ids");
    if (alc_json_kind(out->accounts) != ALC_JSON_ARRAY)
        return alc_fail(err, ALC_BAD_INPUT, "account_ids (of one key: keys): an array is expected");
    rc = check_wanted(out, arena, err);
    if (rc == ALC_OK)
        rc = read_base64(&out->prefix, alc_json_get(params, "key_prefix_base64"),
                         "key_prefix_base64", arena, err);
    return rc == ALC_OK ? lnet_params_ref(&out->at, params, false, err) : rc;
}

static bool same_text(const struct alc_json *a, const struct alc_json *b)
{
    struct alc_bytes x, y;
    return alc_json_str(a, &x) && alc_json_str(b, &y) && alc_bytes_eq(x, y);
}

/* Whether the change's key, base64, begins with the wanted prefix.  Decoding a piece of the text
 * that covers the prefix is enough. */
static bool key_begins(const struct alc_json *key, struct alc_bytes prefix)
{
    static const size_t piece = 64;
    struct alc_bytes text;
    uint8_t got[48];
    size_t n, done = 0;

    if (!alc_json_str(key, &text)) return false;
    while (done < prefix.n) {
        size_t take = text.n < piece ? text.n : piece;
        if (!alc_base64_decode(got, sizeof got, &n, (struct alc_bytes){text.p, take})) return false;
        if (n == 0) return false;
        if (n > prefix.n - done) n = prefix.n - done;
        if (memcmp(got, prefix.p + done, n) != 0) return false;
        done += n;
        text = (struct alc_bytes){text.p + take, text.n - take};
    }
    return true;
}

static bool is_of_kind(enum lnet_changes_kind kind, struct alc_bytes type)
{
    for (size_t i = 0; i < 3; i++)
        if (changes[kind].types[i] != NULL && alc_bytes_is(type, changes[kind].types[i]))
            return true;
    return false;
}

bool lnet_changes_has(const struct lnet_changes_ref *ref, const struct alc_json *change)
{
    const struct alc_json *what = alc_json_get(change, "change");
    struct alc_bytes type;
    bool wanted = false;

    if (!alc_json_str(alc_json_get(change, "type"), &type) || !is_of_kind(ref->kind, type))
        return false;
    for (size_t i = 0; i < alc_json_count(ref->accounts) && !wanted; i++) {
        const struct alc_json *a = alc_json_at(ref->accounts, i);
        if (ref->kind == LNET_CHANGES_ONE_KEY)
            wanted = same_text(alc_json_get(a, "account_id"), alc_json_get(what, "account_id")) &&
                     same_text(alc_json_get(a, "public_key"), alc_json_get(what, "public_key"));
        else
            wanted = same_text(a, alc_json_get(what, "account_id"));
    }
    if (!wanted || ref->kind != LNET_CHANGES_DATA) return wanted;
    return key_begins(alc_json_get(what, "key_base64"), ref->prefix);
}
