/* localnet/state.c — accounts, access keys and code in the store. */
#include <stdlib.h>
#include <string.h>

#include "localnet/node.h"

/* Numbers of 128 bits are 16 bytes little endian.  Rows of tx, receipt and outcome are numbered in
 * the order in which they came to be; a block names them by its ranges. */
static const char *const steps[] = {
    /* 1: the chain */
    "CREATE TABLE head(one INTEGER PRIMARY KEY CHECK (one = 1), chain_id TEXT NOT NULL,"
    " validator_key BLOB NOT NULL, genesis_height INTEGER NOT NULL, genesis_hash BLOB NOT NULL,"
    " genesis_time INTEGER NOT NULL, height INTEGER NOT NULL, hash BLOB NOT NULL,"
    " time INTEGER NOT NULL, time_ahead INTEGER NOT NULL, root BLOB NOT NULL,"
    " gas_price BLOB NOT NULL, supply BLOB NOT NULL, ordinal INTEGER NOT NULL)",
    "CREATE TABLE block(height INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,"
    " chunk BLOB NOT NULL UNIQUE, time INTEGER NOT NULL, gas_price BLOB NOT NULL,"
    " tx_from INTEGER NOT NULL, tx_to INTEGER NOT NULL, made_from INTEGER NOT NULL,"
    " made_to INTEGER NOT NULL, out_from INTEGER NOT NULL, out_to INTEGER NOT NULL,"
    " header TEXT NOT NULL, chunk_header TEXT NOT NULL, changes TEXT NOT NULL)",
    "CREATE TABLE tx(seq INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, sir INTEGER NOT NULL,"
    " work INTEGER NOT NULL, refunds INTEGER NOT NULL, doc TEXT NOT NULL)",
    /* way: 0 travelled to the next block, 1 local, 2 instant */
    "CREATE TABLE receipt(seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, tx INTEGER NOT NULL,"
    " way INTEGER NOT NULL, doc TEXT NOT NULL)",
    /* kind: enum lnet_status; next: where a SuccessReceiptId leads; children: ids of 32 bytes */
    "CREATE TABLE outcome(seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, tx INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, next BLOB, children BLOB NOT NULL, status TEXT NOT NULL,"
    " doc TEXT NOT NULL)",
    /* receipts under way, in the order in which they will be delivered */
    "CREATE TABLE queue(seq INTEGER PRIMARY KEY, body BLOB NOT NULL)",
    /* accounts */
    "CREATE TABLE account(id TEXT PRIMARY KEY, amount BLOB NOT NULL, locked BLOB NOT NULL,"
    " usage INTEGER NOT NULL, contract INTEGER NOT NULL, code BLOB, code_owner TEXT) WITHOUT ROWID",
    "CREATE TABLE access_key(id TEXT NOT NULL, key BLOB NOT NULL, nonce INTEGER NOT NULL,"
    " permission INTEGER NOT NULL, allowance BLOB, receiver TEXT, methods BLOB,"
    " PRIMARY KEY(id, key)) WITHOUT ROWID",
    "CREATE TABLE data(id TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,"
    " PRIMARY KEY(id, key)) WITHOUT ROWID",
    /* global contracts: name is the account that deployed, or the module's hash */
    "CREATE TABLE global(name BLOB PRIMARY KEY, hash BLOB NOT NULL) WITHOUT ROWID",
    /* receipts that wait for data, what they wait for, and data that came first */
    "CREATE TABLE waiting(id BLOB PRIMARY KEY, missing INTEGER NOT NULL, body BLOB NOT NULL)",
    "CREATE TABLE input(account TEXT NOT NULL, data_id BLOB NOT NULL, receipt BLOB NOT NULL,"
    " PRIMARY KEY(account, data_id)) WITHOUT ROWID",
    "CREATE TABLE received(account TEXT NOT NULL, data_id BLOB NOT NULL, data BLOB,"
    " PRIMARY KEY(account, data_id))",
    /* yields; resumed: 0 waits, 1 a resume is on its way */
    "CREATE TABLE yield(account TEXT NOT NULL, data_id BLOB NOT NULL, resumed INTEGER NOT NULL,"
    " yield_id BLOB, PRIMARY KEY(account, data_id)) WITHOUT ROWID",
    "CREATE UNIQUE INDEX yield_by_id ON yield(account, yield_id) WHERE yield_id IS NOT NULL",
    "CREATE TABLE expiry(seq INTEGER PRIMARY KEY, height INTEGER NOT NULL, account TEXT NOT NULL,"
    " data_id BLOB NOT NULL)",
    /* files of records that were imported, by the SHA-256 of their bytes */
    "CREATE TABLE imported(hash BLOB PRIMARY KEY, height INTEGER NOT NULL) WITHOUT ROWID",
    /* what the genesis said, for those who ask for it */
    "CREATE TABLE genesis(one INTEGER PRIMARY KEY CHECK (one = 1), supply BLOB NOT NULL,"
    " validators TEXT NOT NULL)",
};

enum alc_rc lnet_state_migrate(struct alc_store *s, struct alc_err *err)
{
    return alc_store_migrate(s, "localnet", steps, sizeof steps / sizeof *steps, err);
}

enum alc_rc lnet_row(struct alc_rows *r, struct alc_store *s, const char *sql,
                     const struct alc_arg *args, size_t args_count, struct alc_err *err)
{
    enum alc_rc rc = alc_rows_start(r, s, sql, args, args_count, err);
    if (rc != ALC_OK) return rc;
    rc = alc_rows_next(r, err);
    if (rc != ALC_OK) alc_rows_end(r);
    return rc;
}

struct alc_bytes lnet_u128_put(uint8_t out[16], __uint128_t v)
{
    for (size_t i = 0; i < 16; i++)
        out[i] = (uint8_t)(v >> (8 * i));
    return (struct alc_bytes){out, 16};
}

enum alc_rc lnet_u128_get(__uint128_t *out, struct alc_bytes b, struct alc_err *err)
{
    struct alc_cur c = alc_cur(b);
    if (b.n != 16 || !alc_cur_u128le(&c, out))
        return alc_fail(err, ALC_CORRUPT, "the chain's state holds an amount of %zu bytes", b.n);
    return ALC_OK;
}

enum alc_rc lnet_hash_get(struct alc_hash *out, struct alc_bytes b, struct alc_err *err)
{
    if (b.n != sizeof out->b)
        return alc_fail(err, ALC_CORRUPT, "the chain's state holds a hash of %zu bytes", b.n);
    memcpy(out->b, b.p, sizeof out->b);
    return ALC_OK;
}

/* ---- accounts ---- */

enum alc_rc lnet_account_get(struct lnet_chain *c, const char *id, struct lnet_account *out,
                             struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc = lnet_row(&r, c->store,
                              "SELECT amount, locked, usage, contract, code, code_owner"
                              " FROM account WHERE id = $1",
                              ALC_ARGS(ALC_TEXT(alc_cstr(id))), err);
    if (rc != ALC_OK) return rc;
    struct lnet_account a = {.usage_bytes = (uint64_t)alc_rows_int(&r, 2),
                             .contract = (enum nearvm_contract)alc_rows_int(&r, 3)};
    rc = lnet_u128_get(&a.amount, alc_rows_bytes(&r, 0), err);
    if (rc == ALC_OK) rc = lnet_u128_get(&a.locked, alc_rows_bytes(&r, 1), err);
    if (rc == ALC_OK &&
        (a.contract == NEARVM_CONTRACT_LOCAL || a.contract == NEARVM_CONTRACT_GLOBAL))
        rc = lnet_hash_get(&a.code, alc_rows_bytes(&r, 4), err);
    if (rc == ALC_OK && a.contract == NEARVM_CONTRACT_GLOBAL_BY_ACCOUNT &&
        !alc_near_id_set(&a.code_owner, alc_rows_bytes(&r, 5)))
        rc = alc_fail(err, ALC_CORRUPT, "account %s names no owner of its contract", id);
    alc_rows_end(&r);
    if (rc == ALC_OK) *out = a;
    return rc;
}

enum alc_rc lnet_account_put(struct lnet_chain *c, const char *id, const struct lnet_account *a,
                             struct alc_err *err)
{
    uint8_t amount[16], locked[16];
    bool hash = a->contract == NEARVM_CONTRACT_LOCAL || a->contract == NEARVM_CONTRACT_GLOBAL;
    bool owner = a->contract == NEARVM_CONTRACT_GLOBAL_BY_ACCOUNT;
    lnet_journal_account(c, id, a);
    return alc_store_exec(
        c->store, NULL,
        "INSERT INTO account(id, amount, locked, usage, contract, code, code_owner)"
        " VALUES($1, $2, $3, $4, $5, $6, $7) ON CONFLICT(id) DO UPDATE SET amount = $2,"
        " locked = $3, usage = $4, contract = $5, code = $6, code_owner = $7",
        ALC_ARGS(ALC_TEXT(alc_cstr(id)), ALC_BLOB(lnet_u128_put(amount, a->amount)),
                 ALC_BLOB(lnet_u128_put(locked, a->locked)), ALC_INT(a->usage_bytes),
                 ALC_INT(a->contract), hash ? ALC_BLOB(alc_hash_bytes(&a->code)) : ALC_NULL_ARG,
                 owner ? ALC_TEXT(alc_near_id_bytes(&a->code_owner)) : ALC_NULL_ARG),
        err);
}

enum alc_rc lnet_account_drop(struct lnet_chain *c, const char *id, struct alc_err *err)
{
    struct alc_arg arg = ALC_TEXT(alc_cstr(id));
    enum alc_rc rc;
    lnet_journal_account(c, id, NULL);
    rc = alc_store_exec(c->store, NULL, "DELETE FROM account WHERE id = $1", &arg, 1, err);
    if (rc == ALC_OK)
        rc = alc_store_exec(c->store, NULL, "DELETE FROM access_key WHERE id = $1", &arg, 1, err);
    if (rc == ALC_OK)
        rc = alc_store_exec(c->store, NULL, "DELETE FROM data WHERE id = $1", &arg, 1, err);
    return rc;
}

/* ---- access keys ---- */

struct alc_bytes lnet_key_bytes(uint8_t out[65], const struct alc_near_key *key)
{
    size_t n = alc_near_key_bytes(key);
    out[0] = key->curve;
    memcpy(out + 1, key->b, n);
    return (struct alc_bytes){out, n + 1};
}

static bool key_of_bytes(struct alc_near_key *out, struct alc_bytes b)
{
    if (b.n < 33) return false;
    *out = (struct alc_near_key){.curve = b.p[0]};
    if (b.n != 1 + alc_near_key_bytes(out)) return false;
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
    if (a.permission == ALC_NEAR_FUNCTION_CALL_KEY) {
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

enum alc_rc lnet_key_put(struct lnet_chain *c, const char *id, const struct alc_near_key *key,
                         const struct alc_near_access *access, struct alc_err *err)
{
    struct alc_buf methods = ALC_BUF(1u << 20);
    uint8_t k[65], allowance[16], n[4];
    bool call = access->permission == ALC_NEAR_FUNCTION_CALL_KEY;
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
        "INSERT INTO access_key(id, key, nonce, permission, allowance, receiver, methods)"
        " VALUES($1, $2, $3, $4, $5, $6, $7) ON CONFLICT(id, key) DO UPDATE SET nonce = $3,"
        " permission = $4, allowance = $5, receiver = $6, methods = $7",
        ALC_ARGS(ALC_TEXT(alc_cstr(id)), ALC_BLOB(lnet_key_bytes(k, key)), ALC_INT(access->nonce),
                 ALC_INT(access->permission),
                 call && access->has_allowance
                     ? ALC_BLOB(lnet_u128_put(allowance, access->allowance))
                     : ALC_NULL_ARG,
                 call ? ALC_TEXT(access->receiver_id) : ALC_NULL_ARG,
                 call ? ALC_BLOB(alc_buf_bytes(&methods)) : ALC_NULL_ARG),
        err);
out:
    alc_buf_fini(&methods);
    return rc;
}

enum alc_rc lnet_key_touch(struct lnet_chain *c, const char *id, const struct alc_near_key *key,
                           const struct alc_near_access *access, struct alc_err *err)
{
    uint8_t k[65], allowance[16];
    lnet_journal_key(c, id, key, access);
    return alc_store_exec(
        c->store, NULL,
        "UPDATE access_key SET nonce = $3, allowance = $4 WHERE id = $1 AND key = $2",
        ALC_ARGS(ALC_TEXT(alc_cstr(id)), ALC_BLOB(lnet_key_bytes(k, key)), ALC_INT(access->nonce),
                 access->has_allowance ? ALC_BLOB(lnet_u128_put(allowance, access->allowance))
                                       : ALC_NULL_ARG),
        err);
}

enum alc_rc lnet_key_drop(struct lnet_chain *c, const char *id, const struct alc_near_key *key,
                          struct alc_err *err)
{
    uint8_t k[65];
    lnet_journal_key(c, id, key, NULL);
    return alc_store_exec(c->store, NULL, "DELETE FROM access_key WHERE id = $1 AND key = $2",
                          ALC_ARGS(ALC_TEXT(alc_cstr(id)), ALC_BLOB(lnet_key_bytes(k, key))), err);
}

/* ---- records of contracts ---- */

enum alc_rc lnet_data_put(struct lnet_chain *c, const char *id, struct alc_bytes key,
                          struct alc_bytes value, struct alc_err *err)
{
    lnet_journal_data(c, id, key, &value);
    return alc_store_exec(c->store, NULL,
                          "INSERT INTO data(id, key, value) VALUES($1, $2, $3)"
                          " ON CONFLICT(id, key) DO UPDATE SET value = $3",
                          ALC_ARGS(ALC_TEXT(alc_cstr(id)), ALC_BLOB(key), ALC_BLOB(value)), err);
}

enum alc_rc lnet_data_drop(struct lnet_chain *c, const char *id, struct alc_bytes key,
                           struct alc_err *err)
{
    lnet_journal_data(c, id, key, NULL);
    return alc_store_exec(c->store, NULL, "DELETE FROM data WHERE id = $1 AND key = $2",
                          ALC_ARGS(ALC_TEXT(alc_cstr(id)), ALC_BLOB(key)), err);
}

/* ---- code ---- */

static void code_free(struct lnet_code *k)
{
    alc_arena_fini(&k->arena);
    free(k);
}

void lnet_code_cache_fini(struct lnet_chain *c)
{
    while (c->codes != NULL) {
        struct lnet_code *k = c->codes;
        c->codes = k->next;
        code_free(k);
    }
    c->codes_bytes = 0;
}

/* Drops what was not used for longest until the rest fits; never the newest. */
static void code_evict(struct lnet_chain *c)
{
    while (c->codes_bytes > LNET_CODE_CACHE_BYTES && c->codes->next != NULL) {
        struct lnet_code **last = &c->codes->next;
        while ((*last)->next != NULL)
            last = &(*last)->next;
        c->codes_bytes -= (*last)->bytes.n;
        code_free(*last);
        *last = NULL;
    }
}

enum alc_rc lnet_code_get(struct lnet_chain *c, const struct alc_hash *hash, struct alc_bytes *out,
                          struct alc_err *err)
{
    for (struct lnet_code **at = &c->codes; *at != NULL; at = &(*at)->next) {
        struct lnet_code *k = *at;
        if (!alc_hash_eq(&k->hash, hash)) continue;
        *at = k->next;
        k->next = c->codes;
        c->codes = k;
        *out = k->bytes;
        return ALC_OK;
    }
    struct lnet_code *k = calloc(1, sizeof *k);
    if (k == NULL) return ALC_NOMEM;
    k->hash = *hash;
    k->arena = ALC_ARENA(LNET_CODE_CACHE_BYTES);
    enum alc_rc rc = alc_blob_get(c->store, &k->bytes, hash, &k->arena, err);
    if (rc != ALC_OK) {
        code_free(k);
        return rc;
    }
    k->next = c->codes;
    c->codes = k;
    c->codes_bytes += k->bytes.n;
    code_evict(c);
    *out = k->bytes;
    return ALC_OK;
}

enum alc_rc lnet_code_put(struct lnet_chain *c, struct alc_hash *hash, struct alc_bytes code,
                          struct alc_err *err)
{
    alc_sha256(hash, code);
    return alc_blob_put(c->store, hash, code, err);
}

enum alc_rc lnet_global_get(struct lnet_chain *c, struct alc_hash *hash, const char *owner,
                            struct alc_err *err)
{
    struct alc_rows r;
    struct alc_bytes name = owner != NULL ? alc_cstr(owner) : alc_hash_bytes(hash);
    enum alc_rc rc = lnet_row(&r, c->store, "SELECT hash FROM global WHERE name = $1",
                              ALC_ARGS(ALC_BLOB(name)), err);
    if (rc != ALC_OK) return rc;
    rc = lnet_hash_get(hash, alc_rows_bytes(&r, 0), err);
    alc_rows_end(&r);
    return rc;
}

enum alc_rc lnet_global_put(struct lnet_chain *c, const struct alc_hash *hash, const char *owner,
                            struct alc_err *err)
{
    struct alc_bytes name = owner != NULL ? alc_cstr(owner) : alc_hash_bytes(hash);
    return alc_store_exec(c->store, NULL,
                          "INSERT INTO global(name, hash) VALUES($1, $2)"
                          " ON CONFLICT(name) DO UPDATE SET hash = $2",
                          ALC_ARGS(ALC_BLOB(name), ALC_BLOB(alc_hash_bytes(hash))), err);
}

enum alc_rc lnet_contract_get(struct lnet_chain *c, const struct lnet_account *a,
                              struct alc_bytes *code, struct alc_hash *hash, struct alc_err *err)
{
    struct alc_hash h = a->code;
    enum alc_rc rc;
    if (a->contract == NEARVM_CONTRACT_NONE) return ALC_NOT_FOUND;
    if (a->contract == NEARVM_CONTRACT_GLOBAL_BY_ACCOUNT) {
        rc = lnet_global_get(c, &h, a->code_owner.s, err);
        if (rc != ALC_OK) return rc;
    }
    rc = lnet_code_get(c, &h, code, err);
    if (rc == ALC_OK) *hash = h;
    return rc;
}

enum alc_rc lnet_contract_usage(struct lnet_chain *c, const struct lnet_account *a, uint64_t *bytes,
                                struct alc_err *err)
{
    struct alc_bytes code;
    enum alc_rc rc = ALC_OK;
    switch (a->contract) {
    case NEARVM_CONTRACT_NONE:
        *bytes = 0;
        break;
    case NEARVM_CONTRACT_LOCAL:
        rc = lnet_code_get(c, &a->code, &code, err);
        if (rc == ALC_NOT_FOUND) { /* a patched account whose code never came */
            *bytes = 0;
            rc = ALC_OK;
        } else if (rc == ALC_OK) {
            *bytes = code.n;
        }
        break;
    case NEARVM_CONTRACT_GLOBAL:
        *bytes = sizeof a->code.b;
        break;
    case NEARVM_CONTRACT_GLOBAL_BY_ACCOUNT:
        *bytes = strlen(a->code_owner.s);
        break;
    }
    return rc;
}
