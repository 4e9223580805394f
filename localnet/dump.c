/* localnet/dump.c — accounts with all that belongs to them, as the records of a genesis file. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "localnet/views.h"

struct dump {
    struct lnet_chain *c;
    const char *const *ids; /* count 0: all accounts */
    size_t count;
    lnet_put_fn *put;
    void *ctx;
    struct alc_buf text; /* of one record */
    bool any;            /* a record was given */
    struct alc_err *err;
};

static enum alc_rc flush(struct dump *d)
{
    enum alc_rc rc = d->text.failed ? alc_fail(d->err, ALC_NOMEM, "no memory for a record")
                                    : d->put(d->ctx, alc_buf_bytes(&d->text), d->err);
    alc_buf_reset(&d->text);
    return rc;
}

/* Opens {"<kind>":{"account_id":id — without it when id is NULL; the caller adds members. */
static struct alc_jw begin(struct dump *d, const char *kind, const char *id)
{
    struct alc_jw w = {.out = &d->text};
    alc_buf_put_text(&d->text, d->any ? ",\n" : "\n");
    d->any = true;
    alc_jw_obj(&w);
    alc_jw_key(&w, kind);
    alc_jw_obj(&w);
    if (id != NULL) {
        alc_jw_key(&w, "account_id");
        alc_jw_text(&w, id);
    }
    return w;
}

static enum alc_rc end(struct dump *d, struct alc_jw *w)
{
    alc_jw_end(w);
    alc_jw_end(w);
    return flush(d);
}

/* ---- kinds ---- */

static enum alc_rc put_global(struct dump *d, const struct alc_hash *hash, const char *owner)
{
    struct alc_bytes code;
    enum alc_rc rc = lnet_code_get(d->c, hash, &code, d->err);
    if (rc != ALC_OK) return rc;
    struct alc_jw w = begin(d, "GlobalContract", owner);
    alc_jw_key(&w, "code");
    alc_jw_base64(&w, code);
    return end(d, &w);
}

static enum alc_rc put_globals(struct dump *d)
{
    struct alc_rows r;
    enum alc_rc rc = alc_rows_start(&r, d->c->store, "SELECT name, hash FROM global ORDER BY name",
                                    ALC_NO_ARGS, d->err);
    if (rc != ALC_OK) return rc;
    while ((rc = alc_rows_next(&r, d->err)) == ALC_OK) {
        bool by_hash = alc_bytes_eq(alc_rows_bytes(&r, 0), alc_rows_bytes(&r, 1));
        struct alc_near_id owner;
        struct alc_hash hash;
        rc = lnet_hash_get(&hash, alc_rows_bytes(&r, 1), d->err);
        if (rc == ALC_OK && !by_hash && !alc_near_id_set(&owner, alc_rows_bytes(&r, 0)))
            rc = alc_fail(d->err, ALC_CORRUPT, "a global contract has no owner");
        if (rc == ALC_OK) rc = put_global(d, &hash, by_hash ? NULL : owner.s);
        if (rc != ALC_OK) break;
    }
    alc_rows_end(&r);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

/* The contract that an account uses, before the account: in a dump of all they stand in front. */
static enum alc_rc put_used(struct dump *d, const struct lnet_account *a)
{
    struct alc_hash hash = a->code;
    enum alc_rc rc;
    if (d->count == 0) return ALC_OK;
    if (a->contract == NEARVM_CONTRACT_GLOBAL) return put_global(d, &hash, NULL);
    if (a->contract != NEARVM_CONTRACT_GLOBAL_BY_ACCOUNT) return ALC_OK;
    rc = lnet_global_get(d->c, &hash, a->code_owner.s, d->err);
    if (rc == ALC_NOT_FOUND) return ALC_OK;
    return rc == ALC_OK ? put_global(d, &hash, a->code_owner.s) : rc;
}

static enum alc_rc put_code(struct dump *d, const char *id, const struct lnet_account *a)
{
    struct alc_bytes code;
    enum alc_rc rc;
    if (a->contract != NEARVM_CONTRACT_LOCAL) return ALC_OK;
    rc = lnet_code_get(d->c, &a->code, &code, d->err);
    if (rc == ALC_NOT_FOUND) return ALC_OK; /* a patched account whose code never came */
    if (rc != ALC_OK) return rc;
    struct alc_jw w = begin(d, "Contract", id);
    alc_jw_key(&w, "code");
    alc_jw_base64(&w, code);
    return end(d, &w);
}

static enum alc_rc put_gas_nonces(struct dump *d, const char *id, const struct alc_near_key *key)
{
    struct alc_rows r;
    uint8_t k[65];
    enum alc_rc rc = alc_rows_start(
        &r, d->c->store,
        "SELECT place, nonce FROM gas_nonce WHERE id = $1 AND key = $2 ORDER BY place",
        ALC_ARGS(ALC_TEXT(alc_cstr(id)), ALC_BLOB(lnet_key_bytes(k, key))), d->err);
    if (rc != ALC_OK) return rc;
    while ((rc = alc_rows_next(&r, d->err)) == ALC_OK) {
        struct alc_jw w = begin(d, "GasKeyNonce", id);
        alc_jw_key(&w, "public_key");
        lnet_view_key(&w, key);
        alc_jw_key(&w, "index");
        alc_jw_u64(&w, (uint64_t)alc_rows_int(&r, 0));
        alc_jw_key(&w, "nonce");
        alc_jw_u64(&w, (uint64_t)alc_rows_int(&r, 1));
        rc = end(d, &w);
        if (rc != ALC_OK) break;
    }
    alc_rows_end(&r);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

static enum alc_rc put_keys(struct dump *d, const char *id)
{
    struct alc_rows r;
    enum alc_rc rc = alc_rows_start(
        &r, d->c->store, "SELECT " LNET_KEY_COLUMNS " FROM access_key WHERE id = $1 ORDER BY key",
        ALC_ARGS(ALC_TEXT(alc_cstr(id))), d->err);
    if (rc != ALC_OK) return rc;
    while ((rc = alc_rows_next(&r, d->err)) == ALC_OK) {
        struct alc_arena arena = ALC_ARENA(1u << 20);
        struct alc_near_access access;
        struct alc_near_key key;
        rc = lnet_key_row(&r, &key, &access, &arena, d->err);
        if (rc == ALC_OK) {
            struct alc_jw w = begin(d, "AccessKey", id);
            alc_jw_key(&w, "public_key");
            lnet_view_key(&w, &key);
            alc_jw_key(&w, "access_key");
            lnet_view_access_plain(&w, &access);
            rc = end(d, &w);
        }
        if (rc == ALC_OK && alc_near_is_gas_key(&access)) rc = put_gas_nonces(d, id, &key);
        alc_arena_fini(&arena);
        if (rc != ALC_OK) break;
    }
    alc_rows_end(&r);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

static enum alc_rc put_data(struct dump *d, const char *id)
{
    struct alc_rows r;
    enum alc_rc rc =
        alc_rows_start(&r, d->c->store, "SELECT key, value FROM data WHERE id = $1 ORDER BY key",
                       ALC_ARGS(ALC_TEXT(alc_cstr(id))), d->err);
    if (rc != ALC_OK) return rc;
    while ((rc = alc_rows_next(&r, d->err)) == ALC_OK) {
        struct alc_jw w = begin(d, "Data", id);
        alc_jw_key(&w, "data_key");
        alc_jw_base64(&w, alc_rows_bytes(&r, 0));
        alc_jw_key(&w, "value");
        alc_jw_base64(&w, alc_rows_bytes(&r, 1));
        rc = end(d, &w);
        if (rc != ALC_OK) break;
    }
    alc_rows_end(&r);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

/* ---- accounts ---- */

typedef enum alc_rc visit_fn(struct dump *d, const char *id, const struct lnet_account *a,
                             void *ctx);

static enum alc_rc visit_one(struct dump *d, const char *id, visit_fn *visit, void *ctx)
{
    struct lnet_account a;
    enum alc_rc rc = lnet_account_get(d->c, id, &a, d->err);
    if (rc == ALC_NOT_FOUND) return alc_fail(d->err, ALC_NOT_FOUND, "there is no account %s", id);
    return rc == ALC_OK ? visit(d, id, &a, ctx) : rc;
}

static enum alc_rc visit_each(struct dump *d, visit_fn *visit, void *ctx)
{
    struct alc_rows r;
    enum alc_rc rc = ALC_OK;
    for (size_t i = 0; i < d->count && rc == ALC_OK; i++)
        rc = visit_one(d, d->ids[i], visit, ctx);
    if (d->count > 0 || rc != ALC_OK) return rc;
    rc = alc_rows_start(&r, d->c->store, "SELECT id FROM account ORDER BY id", ALC_NO_ARGS, d->err);
    if (rc != ALC_OK) return rc;
    while ((rc = alc_rows_next(&r, d->err)) == ALC_OK) {
        struct alc_near_id id;
        rc = alc_near_id_set(&id, alc_rows_bytes(&r, 0))
                 ? visit_one(d, id.s, visit, ctx)
                 : alc_fail(d->err, ALC_CORRUPT, "an account has no name");
        if (rc != ALC_OK) break;
    }
    alc_rows_end(&r);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

static enum alc_rc add_up(struct dump *d, const char *id, const struct lnet_account *a, void *ctx)
{
    __uint128_t *sum = ctx, in_keys = 0;
    enum alc_rc rc = lnet_gas_balances(d->c, id, &in_keys, d->err);
    *sum += a->amount + a->locked + in_keys; /* at most the supply, which fits */
    return rc;
}

static enum alc_rc put_account(struct dump *d, const char *id, const struct lnet_account *a,
                               void *ctx)
{
    enum alc_rc rc = put_used(d, a);
    (void)ctx;
    if (rc != ALC_OK) return rc;
    struct alc_jw w = begin(d, "Account", id);
    alc_jw_key(&w, "account");
    lnet_view_account(&w, a);
    rc = end(d, &w);
    if (rc == ALC_OK) rc = put_code(d, id, a);
    if (rc == ALC_OK) rc = put_keys(d, id);
    return rc == ALC_OK ? put_data(d, id) : rc;
}

static enum alc_rc put_head(struct dump *d, __uint128_t sum)
{
    const struct lnet_block_ref *at = &d->c->head.ref;
    time_t seconds = (time_t)(at->timestamp_ns / 1000000000u);
    struct alc_jw w = {.out = &d->text};
    char day[32] = "";
    struct tm tm;
    if (gmtime_r(&seconds, &tm) != NULL) (void)strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
    alc_jw_obj(&w);
    alc_jw_key(&w, "protocol_version");
    alc_jw_u64(&w, LNET_PROTOCOL_VERSION);
    alc_jw_key(&w, "chain_id");
    alc_jw_text(&w, d->c->chain_id);
    alc_jw_key(&w, "genesis_time");
    alc_jw_textf(&w, "%s.%09uZ", day, (unsigned)(at->timestamp_ns % 1000000000u));
    alc_jw_key(&w, "genesis_height");
    alc_jw_u64(&w, at->height);
    alc_jw_key(&w, "total_supply");
    alc_jw_u128_str(&w, sum);
    alc_jw_key(&w, "validators");
    alc_jw_raw(&w, ALC_LIT("[]"));
    alc_jw_key(&w, "records");
    alc_buf_put_text(&d->text, "["); /* closed by lnet_chain_dump */
    return flush(d);
}

enum alc_rc lnet_chain_dump(struct lnet_chain *c, const char *const *ids, size_t count,
                            lnet_put_fn *put, void *ctx, struct alc_err *err)
{
    struct dump d = {.c = c,
                     .ids = ids,
                     .count = count,
                     .put = put,
                     .ctx = ctx,
                     .text = ALC_BUF(LNET_DOC_MAX_BYTES),
                     .err = err};
    __uint128_t sum = 0;
    enum alc_rc rc;
    lnet_take(c);
    rc = visit_each(&d, add_up, &sum);
    if (rc == ALC_OK) rc = put_head(&d, sum);
    if (rc == ALC_OK && count == 0) rc = put_globals(&d);
    if (rc == ALC_OK) rc = visit_each(&d, put_account, NULL);
    lnet_give(c);
    alc_buf_put_text(&d.text, "\n]}");
    if (rc == ALC_OK) rc = flush(&d);
    alc_buf_fini(&d.text);
    return rc;
}
