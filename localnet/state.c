/* localnet/state.c — accounts, records and code in the store. */
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
    /* gas keys: NULL and 0 for other keys; place: the index of a nonce */
    "ALTER TABLE access_key ADD COLUMN gas_balance BLOB",
    "ALTER TABLE access_key ADD COLUMN gas_nonces INTEGER NOT NULL DEFAULT 0",
    "CREATE TABLE gas_nonce(id TEXT NOT NULL, key BLOB NOT NULL, place INTEGER NOT NULL,"
    " nonce INTEGER NOT NULL, PRIMARY KEY(id, key, place)) WITHOUT ROWID",
    /* how the chain was begun: SHA-256 of its genesis file (NULL: none), and conf.deterministic */
    "ALTER TABLE genesis ADD COLUMN file BLOB",
    "ALTER TABLE genesis ADD COLUMN deterministic INTEGER",
    /* what each block changed in the state (past.c), no row where it changed nothing; NULL: it is
     * not known, and no block below has a state.  A row that is older than a column holds no
     * default of it, and SQLite would tell us NULL when it changes: keys get theirs. */
    "CREATE TABLE past(height INTEGER PRIMARY KEY, changes BLOB);"
    "INSERT INTO past(height, changes) SELECT height, NULL FROM head;"
    "UPDATE access_key SET gas_nonces = gas_nonces",
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

/* Tells that all data of an account go; its keys are told by lnet_keys_journal_gone. */
static enum alc_rc journal_data_gone(struct lnet_chain *c, const char *id, struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc = alc_rows_start(&r, c->store, "SELECT key FROM data WHERE id = $1 ORDER BY key",
                                    ALC_ARGS(ALC_TEXT(alc_cstr(id))), err);
    if (rc != ALC_OK) return rc;
    while ((rc = alc_rows_next(&r, err)) == ALC_OK)
        lnet_journal_data(c, id, alc_rows_bytes(&r, 0), NULL);
    alc_rows_end(&r);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

enum alc_rc lnet_account_drop(struct lnet_chain *c, const char *id, struct alc_err *err)
{
    struct alc_arg arg = ALC_TEXT(alc_cstr(id));
    enum alc_rc rc;
    lnet_journal_account(c, id, NULL);
    rc = lnet_keys_journal_gone(c, id, err);
    if (rc == ALC_OK) rc = journal_data_gone(c, id, err);
    if (rc != ALC_OK) return rc;
    rc = alc_store_exec(c->store, NULL, "DELETE FROM account WHERE id = $1", &arg, 1, err);
    if (rc == ALC_OK)
        rc = alc_store_exec(c->store, NULL, "DELETE FROM access_key WHERE id = $1", &arg, 1, err);
    if (rc == ALC_OK)
        rc = alc_store_exec(c->store, NULL, "DELETE FROM gas_nonce WHERE id = $1", &arg, 1, err);
    if (rc == ALC_OK)
        rc = alc_store_exec(c->store, NULL, "DELETE FROM data WHERE id = $1", &arg, 1, err);
    return rc;
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
