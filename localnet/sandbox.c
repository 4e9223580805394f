/* localnet/sandbox.c — what real chains do not have: records written straight into the state, and
 * time that jumps (near.md 15). */
#include <string.h>

#include "base/enc.h"
#include "localnet/node.h"

#define PATCH_MAX_BYTES (64u << 20)

/* ---- fields of a record ---- */

static bool get_id(const struct alc_json *v, struct alc_near_id *out)
{
    struct alc_bytes text;
    return alc_json_str(alc_json_get(v, "account_id"), &text) && alc_near_id_set(out, text);
}

static bool get_amount(const struct alc_json *v, __uint128_t *out)
{
    struct alc_bytes text;
    return alc_json_str(v, &text) && alc_u128_decode(out, text);
}

static bool get_hash(const struct alc_json *v, struct alc_hash *out)
{
    struct alc_bytes text;
    size_t n;
    return alc_json_str(v, &text) && alc_base58_decode(out->b, sizeof out->b, &n, text) &&
           n == sizeof out->b;
}

static bool get_key(const struct alc_json *v, struct alc_near_key *out)
{
    struct alc_bytes text;
    return alc_json_str(alc_json_get(v, "public_key"), &text) && alc_near_key_read(out, text);
}

static bool get_base64(const struct alc_json *v, struct alc_bytes *out, struct alc_arena *arena)
{
    struct alc_bytes text;
    if (!alc_json_str(v, &text)) return false;
    uint8_t *p = alc_arena_alloc(arena, text.n + 1);
    if (p == NULL || !alc_base64_decode(p, text.n + 1, &out->n, text)) return false;
    out->p = p;
    return true;
}

/* ---- records ---- */

static enum alc_rc patch_account(struct lnet_chain *c, struct lnet_block *b,
                                 const struct alc_json *v, struct alc_err *err)
{
    static const struct alc_hash none;
    const struct alc_json *a = alc_json_get(v, "account");
    const struct alc_json *owner = alc_json_get(a, "global_contract_account_id");
    struct lnet_account acc = {0}, old = {0};
    struct alc_near_id id;
    struct alc_bytes text;
    enum alc_rc rc;
    if (!get_id(v, &id) || !get_amount(alc_json_get(a, "amount"), &acc.amount) ||
        !get_amount(alc_json_get(a, "locked"), &acc.locked) ||
        !alc_json_u64(alc_json_get(a, "storage_usage"), &acc.usage_bytes) ||
        acc.usage_bytes > INT64_MAX)
        return alc_fail(err, ALC_BAD_INPUT,
                        "Account wants account_id and account {amount, locked, storage_usage}");
    if (get_hash(alc_json_get(a, "code_hash"), &acc.code) && !alc_hash_eq(&acc.code, &none))
        acc.contract = NEARVM_CONTRACT_LOCAL;
    if (get_hash(alc_json_get(a, "global_contract_hash"), &acc.code))
        acc.contract = NEARVM_CONTRACT_GLOBAL;
    if (alc_json_str(owner, &text) && alc_near_id_set(&acc.code_owner, text))
        acc.contract = NEARVM_CONTRACT_GLOBAL_BY_ACCOUNT;
    if (strcmp(id.s, LNET_SYSTEM) == 0)
        return alc_fail(err, ALC_BAD_INPUT, "Account: " LNET_SYSTEM " makes refunds, nothing else");
    rc = lnet_account_get(c, id.s, &old, err);
    if (rc != ALC_OK && rc != ALC_NOT_FOUND) return rc;
    /* the supply follows, so that nothing seems to come from nowhere */
    b->head.supply -= old.amount + old.locked;
    if (__builtin_add_overflow(b->head.supply, acc.amount, &b->head.supply) ||
        __builtin_add_overflow(b->head.supply, acc.locked, &b->head.supply))
        return alc_fail(err, ALC_BAD_INPUT, "%s would have more than there can be", id.s);
    return lnet_account_put(c, id.s, &acc, err);
}

static enum alc_rc patch_key(struct lnet_chain *c, const struct alc_json *v,
                             struct alc_arena *arena, struct alc_err *err)
{
    const struct alc_json *a = alc_json_get(v, "access_key");
    const struct alc_json *permission = alc_json_get(a, "permission");
    const struct alc_json *call = alc_json_get(permission, "FunctionCall");
    const struct alc_json *names = alc_json_get(call, "method_names");
    const struct alc_json *allowance = alc_json_get(call, "allowance");
    struct alc_near_access access = {.permission = ALC_NEAR_FULL_ACCESS};
    struct alc_near_id id;
    struct alc_near_key key;
    struct alc_bytes text;
    bool ok = get_id(v, &id) && get_key(v, &key) &&
              alc_json_u64(alc_json_get(a, "nonce"), &access.nonce) && access.nonce <= INT64_MAX;
    if (call != NULL) {
        size_t n = alc_json_count(names);
        access.permission = ALC_NEAR_FUNCTION_CALL_KEY;
        access.methods = alc_arena_array(arena, n, sizeof *access.methods);
        if (access.methods == NULL) return ALC_NOMEM;
        ok = ok && n <= UINT32_MAX &&
             alc_json_str(alc_json_get(call, "receiver_id"), &access.receiver_id);
        for (size_t i = 0; ok && i < n; i++)
            ok = alc_json_str(alc_json_at(names, i), &access.methods[i]);
        access.methods_count = (uint32_t)n;
        if (alc_json_kind(allowance) == ALC_JSON_STRING) {
            access.has_allowance = true;
            ok = ok && get_amount(allowance, &access.allowance);
        }
    } else {
        ok = ok && alc_json_str(permission, &text) && alc_bytes_is(text, "FullAccess");
    }
    if (!ok)
        return alc_fail(
            err, ALC_BAD_INPUT,
            "AccessKey wants account_id, public_key and access_key {nonce, permission}");
    return lnet_key_put(c, id.s, &key, &access, err);
}

static enum alc_rc patch_code(struct lnet_chain *c, const struct alc_json *v,
                              struct alc_arena *arena, struct alc_err *err)
{
    struct lnet_account a;
    struct alc_near_id id;
    struct alc_bytes code;
    enum alc_rc rc;
    if (!get_id(v, &id) || !get_base64(alc_json_get(v, "code"), &code, arena))
        return alc_fail(err, ALC_BAD_INPUT, "Contract wants account_id and code");
    rc = lnet_account_get(c, id.s, &a, err);
    if (rc == ALC_NOT_FOUND)
        return alc_fail(err, ALC_BAD_INPUT, "Contract: there is no account %s", id.s);
    if (rc == ALC_OK) rc = lnet_code_put(c, &a.code, code, err);
    lnet_journal_code(c, id.s, code);
    a.contract = NEARVM_CONTRACT_LOCAL; /* whatever hash the account named before */
    return rc == ALC_OK ? lnet_account_put(c, id.s, &a, err) : rc;
}

static enum alc_rc patch_data(struct lnet_chain *c, const struct alc_json *v,
                              struct alc_arena *arena, struct alc_err *err)
{
    struct alc_near_id id;
    struct alc_bytes key, value;
    if (!get_id(v, &id) || !get_base64(alc_json_get(v, "data_key"), &key, arena) ||
        !get_base64(alc_json_get(v, "value"), &value, arena))
        return alc_fail(err, ALC_BAD_INPUT, "Data wants account_id, data_key and value");
    return lnet_data_put(c, id.s, key, value, err);
}

static enum alc_rc patch_record(struct lnet_chain *c, struct lnet_block *b,
                                const struct alc_json *record, struct alc_err *err)
{
    struct alc_arena arena = ALC_ARENA(PATCH_MAX_BYTES);
    const char *kind = NULL;
    const struct alc_json *v = alc_json_member(record, 0, &kind);
    enum alc_rc rc;
    if (v == NULL)
        rc = alc_fail(err, ALC_BAD_INPUT, "not an object with a kind");
    else if (strcmp(kind, "Account") == 0)
        rc = patch_account(c, b, v, err);
    else if (strcmp(kind, "AccessKey") == 0)
        rc = patch_key(c, v, &arena, err);
    else if (strcmp(kind, "Contract") == 0)
        rc = patch_code(c, v, &arena, err);
    else if (strcmp(kind, "Data") == 0)
        rc = patch_data(c, v, &arena, err);
    else
        rc = alc_fail(err, ALC_BAD_INPUT, "records of kind %.40s cannot be patched", kind);
    alc_arena_fini(&arena);
    return rc;
}

enum alc_rc lnet_patch_apply(struct lnet_chain *c, struct lnet_block *b, struct alc_bytes records,
                             struct alc_err *err)
{
    struct alc_json *doc = NULL;
    enum alc_rc rc = alc_json_open(&doc, records, PATCH_MAX_BYTES, err);
    if (rc != ALC_OK) return rc;
    lnet_journal_cause(c, "initial_state", NULL, NULL);
    if (alc_json_kind(doc) != ALC_JSON_ARRAY)
        rc = alc_fail(err, ALC_BAD_INPUT, "records is not an array");
    for (size_t i = 0; rc == ALC_OK && i < alc_json_count(doc); i++) {
        rc = patch_record(c, b, alc_json_at(doc, i), err);
        if (rc != ALC_OK) alc_fail_in(err, "record %zu", i);
    }
    alc_json_close(doc);
    return rc;
}

enum alc_rc lnet_chain_patch(struct lnet_chain *c, struct alc_bytes records, struct alc_err *err)
{
    if (records.n == 0) return alc_fail(err, ALC_BAD_INPUT, "records is empty");
    return lnet_chain_block(c, 1, records, err);
}

enum alc_rc lnet_chain_fast_forward(struct lnet_chain *c, uint64_t delta, struct alc_err *err)
{
    if (delta > LNET_FAST_FORWARD_MAX)
        return alc_fail(err, ALC_LIMIT, "one jump goes over at most %u heights",
                        LNET_FAST_FORWARD_MAX);
    if (delta == 0) return ALC_OK;
    return lnet_chain_block(c, delta, (struct alc_bytes){NULL, 0}, err);
}
