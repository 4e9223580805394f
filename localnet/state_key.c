/* localnet/state_key.c — access keys in the store, and the nonces of gas keys. */
#include <stdlib.h>
#include <string.h>

#include "localnet/node.h"

struct alc_near_key lnet_key_handle(const struct alc_near_key *key)
{
    struct alc_near_key h = {.curve = ALC_NEAR_ML_DSA_65_HANDLE};
    struct alc_hash hash;
    if (key->curve != ALC_NEAR_ML_DSA_65) return *key;
    if (!nearvm_ml_dsa_65_handle(alc_near_key_raw(key), &hash)) abort(); /* it has its length */
    memcpy(h.b, hash.b, sizeof hash.b);
    return h;
}

struct alc_bytes lnet_key_bytes(uint8_t out[65], const struct alc_near_key *key)
{
    struct alc_near_key h = lnet_key_handle(key);
    size_t n = alc_near_key_bytes(&h);
    out[0] = h.curve;
    memcpy(out + 1, h.b, n);
    return (struct alc_bytes){out, n + 1};
}

static bool key_of_bytes(struct alc_near_key *out, struct alc_bytes b)
{
    if (b.n < 33) return false;
    *out = (struct alc_near_key){.curve = b.p[0]};
    if (out->curve > ALC_NEAR_ML_DSA_65_HANDLE || out->curve == ALC_NEAR_ML_DSA_65 ||
        b.n != 1 + alc_near_key_bytes(out))
        return false;
    memcpy(out->b, b.p + 1, b.n - 1);
    return true;
}

enum alc_rc lnet_key_row(const struct alc_rows *r, struct alc_near_key *key,
                         struct alc_near_access *out, struct alc_arena *arena, struct alc_err *err)
{
    struct alc_near_access a = {.nonce = (uint64_t)alc_rows_int(r, 1),
                                .permission = (uint8_t)alc_rows_int(r, 2),
                                .has_allowance = !alc_rows_null(r, 3)};
    struct alc_bytes methods;
    if (!key_of_bytes(key, alc_rows_bytes(r, 0)))
        return alc_fail(err, ALC_CORRUPT, "the chain's state holds a malformed key");
    if (a.has_allowance) {
        enum alc_rc rc = lnet_u128_get(&a.allowance, alc_rows_bytes(r, 3), err);
        if (rc != ALC_OK) return rc;
    }
    if (alc_near_is_gas_key(&a)) {
        enum alc_rc rc = lnet_u128_get(&a.gas_balance, alc_rows_bytes(r, 6), err);
        if (rc != ALC_OK) return rc;
        a.gas_nonces = (uint16_t)alc_rows_int(r, 7);
    }
    if (alc_near_is_call_key(&a)) {
        if (!alc_arena_copy(arena, alc_rows_bytes(r, 4), &a.receiver_id) ||
            !alc_arena_copy(arena, alc_rows_bytes(r, 5), &methods))
            return ALC_NOMEM;
        struct alc_cur m = alc_cur(methods);
        if (!alc_cur_u32le(&m, &a.methods_count))
            return alc_fail(err, ALC_CORRUPT, "the chain's state holds a malformed method list");
        a.methods = alc_arena_array(arena, a.methods_count, sizeof *a.methods);
        if (a.methods == NULL) return ALC_NOMEM;
        for (uint32_t i = 0; i < a.methods_count; i++)
            if (!alc_borsh_bytes(&m, m.n, &a.methods[i]))
                return alc_fail(err, ALC_CORRUPT, "the chain's state holds a malformed method");
    }
    *out = a;
    return ALC_OK;
}

enum alc_rc lnet_keys_journal_gone(struct lnet_chain *c, const char *id, struct alc_err *err)
{
    struct alc_rows r;
    struct alc_near_key key;
    enum alc_rc rc =
        alc_rows_start(&r, c->store, "SELECT key FROM access_key WHERE id = $1 ORDER BY key",
                       ALC_ARGS(ALC_TEXT(alc_cstr(id))), err);
    if (rc != ALC_OK) return rc;
    while ((rc = alc_rows_next(&r, err)) == ALC_OK)
        if (key_of_bytes(&key, alc_rows_bytes(&r, 0))) lnet_journal_key(c, id, &key, NULL);
    alc_rows_end(&r);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

enum alc_rc lnet_key_get(struct lnet_chain *c, const char *id, const struct alc_near_key *key,
                         struct alc_near_access *out, struct alc_arena *arena, struct alc_err *err)
{
    struct alc_rows r;
    struct alc_near_key same;
    uint8_t k[65];
    enum alc_rc rc = lnet_row(
        &r, c->store, "SELECT " LNET_KEY_COLUMNS " FROM access_key WHERE id = $1 AND key = $2",
        ALC_ARGS(ALC_TEXT(alc_cstr(id)), ALC_BLOB(lnet_key_bytes(k, key))), err);
    if (rc != ALC_OK) return rc;
    rc = lnet_key_row(&r, &same, out, arena, err);
    alc_rows_end(&r);
    return rc;
}

static struct alc_arg gas_balance(uint8_t out[16], const struct alc_near_access *access)
{
    if (!alc_near_is_gas_key(access)) return ALC_NULL_ARG;
    return ALC_BLOB(lnet_u128_put(out, access->gas_balance));
}

enum alc_rc lnet_key_put(struct lnet_chain *c, const char *id, const struct alc_near_key *key,
                         const struct alc_near_access *access, struct alc_err *err)
{
    struct alc_buf methods = ALC_BUF(1u << 20);
    uint8_t k[65], allowance[16], balance[16], n[4];
    bool call = alc_near_is_call_key(access);
    struct alc_borsh w = alc_borsh(n, sizeof n);
    enum alc_rc rc = ALC_NOMEM;

    alc_borsh_put_u32(&w, access->methods_count);
    alc_buf_put(&methods, n, sizeof n);
    for (uint32_t i = 0; i < access->methods_count; i++) {
        w = alc_borsh(n, sizeof n);
        alc_borsh_put_u32(&w, (uint32_t)access->methods[i].n);
        alc_buf_put(&methods, n, sizeof n);
        alc_buf_put_bytes(&methods, access->methods[i]);
    }
    if (methods.failed) goto out;
    lnet_journal_key(c, id, key, access);
    rc = alc_store_exec(
        c->store, NULL,
        "INSERT INTO access_key(id, key, nonce, permission, allowance, receiver, methods,"
        " gas_balance, gas_nonces) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        " ON CONFLICT(id, key) DO UPDATE SET nonce = $3, permission = $4, allowance = $5,"
        " receiver = $6, methods = $7, gas_balance = $8, gas_nonces = $9",
        ALC_ARGS(ALC_TEXT(alc_cstr(id)), ALC_BLOB(lnet_key_bytes(k, key)), ALC_INT(access->nonce),
                 ALC_INT(access->permission),
                 call && access->has_allowance
                     ? ALC_BLOB(lnet_u128_put(allowance, access->allowance))
                     : ALC_NULL_ARG,
                 call ? ALC_TEXT(access->receiver_id) : ALC_NULL_ARG,
                 call ? ALC_BLOB(alc_buf_bytes(&methods)) : ALC_NULL_ARG,
                 gas_balance(balance, access), ALC_INT(access->gas_nonces)),
        err);
out:
    alc_buf_fini(&methods);
    return rc;
}

enum alc_rc lnet_key_touch(struct lnet_chain *c, const char *id, const struct alc_near_key *key,
                           const struct alc_near_access *access, struct alc_err *err)
{
    uint8_t k[65], allowance[16], balance[16];
    lnet_journal_key(c, id, key, access);
    return alc_store_exec(
        c->store, NULL,
        "UPDATE access_key SET nonce = $3, allowance = $4, gas_balance = $5"
        " WHERE id = $1 AND key = $2",
        ALC_ARGS(ALC_TEXT(alc_cstr(id)), ALC_BLOB(lnet_key_bytes(k, key)), ALC_INT(access->nonce),
                 access->has_allowance ? ALC_BLOB(lnet_u128_put(allowance, access->allowance))
                                       : ALC_NULL_ARG,
                 gas_balance(balance, access)),
        err);
}

/* Those of the index `from` and above. */
static enum alc_rc drop_gas_nonces(struct lnet_chain *c, const char *id,
                                   const struct alc_near_key *key, uint16_t from,
                                   struct alc_err *err)
{
    uint8_t k[65];
    return alc_store_exec(
        c->store, NULL, "DELETE FROM gas_nonce WHERE id = $1 AND key = $2 AND place >= $3",
        ALC_ARGS(ALC_TEXT(alc_cstr(id)), ALC_BLOB(lnet_key_bytes(k, key)), ALC_INT(from)), err);
}

enum alc_rc lnet_key_drop(struct lnet_chain *c, const char *id, const struct alc_near_key *key,
                          struct alc_err *err)
{
    uint8_t k[65];
    enum alc_rc rc;
    lnet_journal_key(c, id, key, NULL);
    rc = alc_store_exec(c->store, NULL, "DELETE FROM access_key WHERE id = $1 AND key = $2",
                        ALC_ARGS(ALC_TEXT(alc_cstr(id)), ALC_BLOB(lnet_key_bytes(k, key))), err);
    return rc == ALC_OK ? drop_gas_nonces(c, id, key, 0, err) : rc;
}

/* ---- nonces of gas keys ---- */

enum alc_rc lnet_gas_nonce_get(struct lnet_chain *c, const char *id, const struct alc_near_key *key,
                               uint16_t index, uint64_t *out, struct alc_err *err)
{
    struct alc_rows r;
    uint8_t k[65];
    enum alc_rc rc = lnet_row(
        &r, c->store, "SELECT nonce FROM gas_nonce WHERE id = $1 AND key = $2 AND place = $3",
        ALC_ARGS(ALC_TEXT(alc_cstr(id)), ALC_BLOB(lnet_key_bytes(k, key)), ALC_INT(index)), err);
    if (rc != ALC_OK) return rc;
    *out = (uint64_t)alc_rows_int(&r, 0);
    alc_rows_end(&r);
    return ALC_OK;
}

enum alc_rc lnet_gas_nonce_put(struct lnet_chain *c, const char *id, const struct alc_near_key *key,
                               uint16_t index, uint64_t nonce, struct alc_err *err)
{
    uint8_t k[65];
    lnet_journal_gas_nonce(c, id, key, index, nonce);
    return alc_store_exec(c->store, NULL,
                          "INSERT INTO gas_nonce(id, key, place, nonce) VALUES($1, $2, $3, $4)"
                          " ON CONFLICT(id, key, place) DO UPDATE SET nonce = $4",
                          ALC_ARGS(ALC_TEXT(alc_cstr(id)), ALC_BLOB(lnet_key_bytes(k, key)),
                                   ALC_INT(index), ALC_INT(nonce)),
                          err);
}

enum alc_rc lnet_gas_nonces_put(struct lnet_chain *c, const char *id,
                                const struct alc_near_key *key, uint16_t count, uint64_t nonce,
                                bool only_new, struct alc_err *err)
{
    enum alc_rc rc = drop_gas_nonces(c, id, key, count, err);
    for (uint16_t i = 0; rc == ALC_OK && i < count; i++) {
        uint64_t old;
        rc = only_new ? lnet_gas_nonce_get(c, id, key, i, &old, err) : ALC_NOT_FOUND;
        if (rc == ALC_NOT_FOUND) rc = lnet_gas_nonce_put(c, id, key, i, nonce, err);
    }
    return rc;
}

enum alc_rc lnet_gas_balances(struct lnet_chain *c, const char *id, __uint128_t *out,
                              struct alc_err *err)
{
    struct alc_rows r;
    __uint128_t one;
    enum alc_rc rc = alc_rows_start(
        &r, c->store,
        "SELECT gas_balance FROM access_key WHERE id = $1 AND gas_balance IS NOT NULL",
        ALC_ARGS(ALC_TEXT(alc_cstr(id))), err);
    if (rc != ALC_OK) return rc;
    *out = 0;
    while ((rc = alc_rows_next(&r, err)) == ALC_OK) {
        rc = lnet_u128_get(&one, alc_rows_bytes(&r, 0), err);
        if (rc != ALC_OK) break;
        *out += one; /* at most the supply, which fits */
    }
    alc_rows_end(&r);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}
