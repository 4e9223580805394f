/* localnet/record.c — one state record written into the state: what a genesis, an import and
 * sandbox_patch_state have in common.
 *
 *   {"Account":{"account_id","account":{"amount","locked","code_hash","storage_usage", ...}}}
 *   {"AccessKey":{"account_id","public_key","access_key":{"nonce","permission"}}}
 *   {"GasKeyNonce":{"account_id","public_key","index","nonce"}}
 *   {"Contract":{"account_id","code"}}            {"Data":{"account_id","data_key","value"}}
 *   {"GlobalContract":{"code"[,"account_id"]}}    ours: NEAR has no record for these */
#include <string.h>

#include "base/enc.h"
#include "localnet/node.h"

#define RECORD_MAX_BYTES (64u << 20)

struct record { /* in work */
    struct lnet_chain *c;
    struct lnet_block *b;
    enum lnet_record_mode mode;
    const char *kind;
    const struct alc_json *v; /* the members under the kind */
    struct alc_near_id id;
    struct alc_arena arena;
    struct alc_err *err;
};

/* ---- members ---- */

static enum alc_rc wants(const struct record *r, const char *what)
{
    return alc_fail(r->err, ALC_BAD_INPUT, "%s%s%s: %s", r->kind, r->id.s[0] != 0 ? " of " : "",
                    r->id.s, what);
}

static enum alc_rc wants_of(const struct record *r, const char *permission, const char *what)
{
    return alc_fail(r->err, ALC_BAD_INPUT, "%s of %s: %s.%s", r->kind, r->id.s, permission, what);
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

static enum alc_rc get_base64(struct record *r, const char *name, struct alc_bytes *out)
{
    struct alc_bytes text;
    uint8_t *p;

    if (!alc_json_str(alc_json_get(r->v, name), &text))
        return alc_fail(r->err, ALC_BAD_INPUT, "%s of %s: %s is missing, or no text", r->kind,
                        r->id.s, name);
    p = alc_arena_alloc(&r->arena, text.n + 1);
    if (p == NULL) return alc_fail(r->err, ALC_NOMEM, "no memory for a record");
    if (!alc_base64_decode(p, text.n + 1, &out->n, text))
        return alc_fail(r->err, ALC_BAD_INPUT, "%s of %s: %s is no base64", r->kind, r->id.s, name);
    out->p = p;
    return ALC_OK;
}

/* Records of an account come behind it. */
static enum alc_rc need_account(struct record *r)
{
    struct lnet_account a;
    enum alc_rc rc;

    rc = lnet_account_get(r->c, r->id.s, &a, r->err);
    return rc == ALC_NOT_FOUND ? wants(r, "there is no such account before it") : rc;
}

/* ---- kinds ---- */

static enum alc_rc put_account(struct record *r)
{
    static const struct alc_hash none;
    const struct alc_json *a = alc_json_get(r->v, "account");
    const struct alc_json *owner = alc_json_get(a, "global_contract_account_id");
    struct lnet_account acc = {0}, old = {0};
    struct alc_bytes text;
    __uint128_t *supply = &r->b->head.supply;
    enum alc_rc rc;

    if (!get_amount(alc_json_get(a, "amount"), &acc.amount))
        return wants(r, "account.amount is not yoctoNEAR as a text of digits");
    if (!get_amount(alc_json_get(a, "locked"), &acc.locked))
        return wants(r, "account.locked is not yoctoNEAR as a text of digits");
    if (!alc_json_u64(alc_json_get(a, "storage_usage"), &acc.usage_bytes) ||
        acc.usage_bytes > INT64_MAX)
        return wants(r, "account.storage_usage is not a number of bytes");
    if (get_hash(alc_json_get(a, "code_hash"), &acc.code) && !alc_hash_eq(&acc.code, &none))
        acc.contract = NEARVM_CONTRACT_LOCAL;
    if (get_hash(alc_json_get(a, "global_contract_hash"), &acc.code))
        acc.contract = NEARVM_CONTRACT_GLOBAL;
    if (alc_json_str(owner, &text) && alc_near_id_set(&acc.code_owner, text))
        acc.contract = NEARVM_CONTRACT_GLOBAL_BY_ACCOUNT;
    if (strcmp(r->id.s, LNET_SYSTEM) == 0)
        return wants(r, LNET_SYSTEM " makes refunds, nothing else");
    rc = lnet_account_get(r->c, r->id.s, &old, r->err);
    if (rc == ALC_OK && r->mode == LNET_RECORD_GENESIS) return wants(r, "it is there already");
    if (rc != ALC_OK && rc != ALC_NOT_FOUND) return rc;
    /* the supply follows, so that nothing seems to come from nowhere */
    *supply -= old.amount + old.locked;
    if (__builtin_add_overflow(*supply, acc.amount, supply) ||
        __builtin_add_overflow(*supply, acc.locked, supply))
        return wants(r, "with it there would be more than there can be");
    return lnet_account_put(r->c, r->id.s, &acc, r->err);
}

/* `name`: the permission whose members these are, for the sentence. */
static enum alc_rc read_call(struct record *r, const char *name, const struct alc_json *call,
                             struct alc_near_access *access)
{
    const struct alc_json *names = alc_json_get(call, "method_names");
    const struct alc_json *allowance = alc_json_get(call, "allowance");
    size_t n = alc_json_count(names);

    access->methods = alc_arena_array(&r->arena, n, sizeof *access->methods);
    if (access->methods == NULL) return ALC_NOMEM;
    if (!alc_json_str(alc_json_get(call, "receiver_id"), &access->receiver_id))
        return wants_of(r, name, "receiver_id is missing");
    if (alc_json_kind(names) != ALC_JSON_ARRAY || n > UINT32_MAX)
        return wants_of(r, name, "method_names is not an array");
    for (size_t i = 0; i < n; i++)
        if (!alc_json_str(alc_json_at(names, i), &access->methods[i]))
            return wants_of(r, name, "method_names are texts");
    access->methods_count = (uint32_t)n;
    access->has_allowance = alc_json_kind(allowance) != ALC_JSON_NULL;
    if (access->has_allowance && !get_amount(allowance, &access->allowance))
        return wants_of(r, name, "allowance is not yoctoNEAR as a text of digits");
    return ALC_OK;
}

static enum alc_rc read_gas(struct record *r, const char *name, const struct alc_json *gas,
                            struct alc_near_access *access)
{
    uint64_t n;

    if (!get_amount(alc_json_get(gas, "balance"), &access->gas_balance))
        return wants_of(r, name, "balance is not yoctoNEAR as a text of digits");
    if (!alc_json_u64(alc_json_get(gas, "num_nonces"), &n) || n == 0 || n > ALC_NEAR_GAS_NONCES_MAX)
        return wants_of(r, name, "num_nonces is not 1 to 1024");
    access->gas_nonces = (uint16_t)n;
    return ALC_OK;
}

/* "FullAccess", or an object with one member.  A gas key for calls is a pair, {balance, num_nonces}
 * and the members of FunctionCall; views have all in one object, which is taken as well. */
static enum alc_rc read_permission(struct record *r, const struct alc_json *v,
                                   struct alc_near_access *access)
{
    const char *name = "";
    const struct alc_json *in = alc_json_member(v, 0, &name), *gas = in, *call = in;
    struct alc_bytes text;
    enum alc_rc rc = ALC_OK;

    access->permission = ALC_NEAR_FULL_ACCESS;
    if (alc_json_str(v, &text) && alc_bytes_is(text, "FullAccess")) return ALC_OK;
    if (in == NULL || alc_json_count(v) != 1) name = "";
    if (strcmp(name, "FunctionCall") == 0) {
        access->permission = ALC_NEAR_FUNCTION_CALL_KEY;
        return read_call(r, name, in, access);
    }
    if (strcmp(name, "GasKeyFullAccess") == 0) {
        access->permission = ALC_NEAR_GAS_FULL_ACCESS;
        return read_gas(r, name, in, access);
    }
    if (strcmp(name, "GasKeyFunctionCall") != 0)
        return wants(r,
                     "access_key.permission is neither \"FullAccess\" nor {\"FunctionCall\":...}, "
                     "{\"GasKeyFullAccess\":...} or {\"GasKeyFunctionCall\":[...]}");
    if (alc_json_kind(in) == ALC_JSON_ARRAY) {
        gas = alc_json_at(in, 0);
        call = alc_json_at(in, 1);
    }
    access->permission = ALC_NEAR_GAS_FUNCTION_CALL_KEY;
    rc = read_gas(r, name, gas, access);
    return rc == ALC_OK ? read_call(r, name, call, access) : rc;
}

static enum alc_rc read_key(struct record *r, struct alc_near_key *key)
{
    struct alc_bytes text;
    if (!alc_json_str(alc_json_get(r->v, "public_key"), &text) || !alc_near_key_read(key, text))
        return wants(r, "public_key is not a key (\"ed25519:...\")");
    return ALC_OK;
}

/* What a gas key holds is part of the supply.  Nonces that the key has already are kept; the others
 * begin at the record's, until a GasKeyNonce says better. */
static enum alc_rc put_key(struct record *r)
{
    const struct alc_json *a = alc_json_get(r->v, "access_key");
    struct alc_near_access access = {0}, old = {0};
    __uint128_t *supply = &r->b->head.supply;
    struct alc_near_key key;
    enum alc_rc rc = need_account(r);

    if (rc == ALC_OK) rc = read_key(r, &key);
    if (rc != ALC_OK) return rc;
    if (!alc_json_u64(alc_json_get(a, "nonce"), &access.nonce) || access.nonce > INT64_MAX)
        return wants(r, "access_key.nonce is not a number");
    rc = read_permission(r, alc_json_get(a, "permission"), &access);
    if (rc == ALC_OK) rc = lnet_key_get(r->c, r->id.s, &key, &old, &r->arena, r->err);
    if (rc != ALC_OK && rc != ALC_NOT_FOUND) return rc;
    *supply -= old.gas_balance;
    if (__builtin_add_overflow(*supply, access.gas_balance, supply))
        return wants(r, "with it there would be more than there can be");
    rc = lnet_key_put(r->c, r->id.s, &key, &access, r->err);
    if (rc != ALC_OK) return rc;
    return lnet_gas_nonces_put(r->c, r->id.s, &key, access.gas_nonces, access.nonce, true, r->err);
}

static enum alc_rc put_gas_nonce(struct record *r)
{
    struct alc_near_access access = {0};
    struct alc_near_key key;
    uint64_t index, nonce;
    enum alc_rc rc = read_key(r, &key);

    if (rc != ALC_OK) return rc;
    if (!alc_json_u64(alc_json_get(r->v, "nonce"), &nonce) || nonce > INT64_MAX)
        return wants(r, "nonce is not a number");
    rc = lnet_key_get(r->c, r->id.s, &key, &access, &r->arena, r->err);
    if (rc != ALC_OK && rc != ALC_NOT_FOUND) return rc;
    if (!alc_json_u64(alc_json_get(r->v, "index"), &index) || index >= access.gas_nonces)
        return wants(r, "there is no gas key before it that has this index");
    return lnet_gas_nonce_put(r->c, r->id.s, &key, (uint16_t)index, nonce, r->err);
}

static enum alc_rc put_code(struct record *r)
{
    struct lnet_account a;
    struct alc_bytes code;
    enum alc_rc rc = get_base64(r, "code", &code);

    if (rc == ALC_OK) rc = lnet_account_get(r->c, r->id.s, &a, r->err);
    if (rc == ALC_NOT_FOUND) return wants(r, "there is no such account before it");
    if (rc == ALC_OK) rc = lnet_code_put(r->c, &a.code, code, r->err);
    if (rc != ALC_OK) return rc;
    lnet_journal_code(r->c, r->id.s, &code);
    a.contract = NEARVM_CONTRACT_LOCAL; /* whatever hash the account named before */
    return lnet_account_put(r->c, r->id.s, &a, r->err);
}

static enum alc_rc put_data(struct record *r)
{
    struct alc_bytes key, value;
    enum alc_rc rc = need_account(r);

    if (rc == ALC_OK) rc = get_base64(r, "data_key", &key);
    if (rc == ALC_OK) rc = get_base64(r, "value", &value);
    return rc == ALC_OK ? lnet_data_put(r->c, r->id.s, key, value, r->err) : rc;
}

static enum alc_rc put_global(struct record *r)
{
    struct alc_bytes code;
    struct alc_hash hash;
    enum alc_rc rc = get_base64(r, "code", &code);

    if (rc == ALC_OK) rc = lnet_code_put(r->c, &hash, code, r->err);
    if (rc != ALC_OK) return rc;
    return lnet_global_put(r->c, &hash, r->id.s[0] != 0 ? r->id.s : NULL, r->err);
}

/* ---- the table ---- */

static const struct {
    const char *kind;
    enum alc_rc (*put)(struct record *);
    bool any_id; /* it may go without an account */
} kinds[] = {
    {"Account", put_account, false},       {"AccessKey", put_key, false},
    {"Contract", put_code, false},         {"Data", put_data, false},
    {"GasKeyNonce", put_gas_nonce, false}, {"GlobalContract", put_global, true},
};

static enum alc_rc put(struct record *r, size_t k)
{
    const struct alc_json *id = alc_json_get(r->v, "account_id");
    struct alc_bytes text;

    if (id == NULL && kinds[k].any_id) return kinds[k].put(r);
    if (!alc_json_str(id, &text) || !alc_near_id_set(&r->id, text))
        return wants(r, "account_id is not an account");
    return kinds[k].put(r);
}

enum alc_rc lnet_record_apply(struct lnet_chain *c, struct lnet_block *b,
                              const struct alc_json *record, enum lnet_record_mode mode,
                              struct alc_err *err)
{
    struct record r = {
        .c = c, .b = b, .mode = mode, .arena = ALC_ARENA(RECORD_MAX_BYTES), .err = err};
    enum alc_rc rc = ALC_NOT_FOUND;

    r.v = alc_json_member(record, 0, &r.kind);
    if (r.v == NULL || alc_json_count(record) != 1)
        return alc_fail(err, ALC_BAD_INPUT, "not an object with one member, its kind");
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0] && rc == ALC_NOT_FOUND; k++)
        if (strcmp(r.kind, kinds[k].kind) == 0) rc = put(&r, k);
    if (rc == ALC_NOT_FOUND)
        rc = alc_fail(err, ALC_BAD_INPUT, "records of kind %.40s cannot be written", r.kind);
    alc_arena_fini(&r.arena);
    return rc;
}
