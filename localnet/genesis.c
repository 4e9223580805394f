/* localnet/genesis.c — the first block: accounts that the program names, and records of a file in
 * NEAR's genesis form. */
#include <errno.h>
#include <string.h>

#include "base/enc.h"
#include "localnet/node.h"
#include "localnet/records.h"

/* ---- the parts ---- */

static enum alc_rc put_account(struct lnet_chain *c, struct lnet_block *b,
                               const struct lnet_genesis_account *g, struct alc_err *err)
{
    static const struct alc_near_access full = {.permission = ALC_NEAR_FULL_ACCESS};
    struct lnet_account a = {.amount = g->amount,
                             .locked = g->locked,
                             .usage_bytes =
                                 c->fees.account_bytes + lnet_key_usage(&c->fees, &g->key, &full)};
    uint8_t number[16];
    enum alc_rc rc;
    if (!alc_near_id_valid(alc_near_id_bytes(&g->id)))
        return alc_fail(err, ALC_BAD_INPUT, "genesis: \"%s\" is no account id", g->id.s);
    if (__builtin_add_overflow(b->head.supply, g->amount, &b->head.supply) ||
        __builtin_add_overflow(b->head.supply, g->locked, &b->head.supply))
        return alc_fail(err, ALC_BAD_INPUT, "genesis: the total supply overflows");
    alc_sha256_update(&b->roll, alc_near_id_bytes(&g->id));
    alc_sha256_update(&b->roll, (struct alc_bytes){g->key.b, sizeof g->key.b});
    alc_sha256_update(&b->roll, lnet_u128_put(number, g->amount));
    alc_sha256_update(&b->roll, lnet_u128_put(number, g->locked));
    rc = lnet_account_put(c, g->id.s, &a, err);
    return rc == ALC_OK ? lnet_key_put(c, g->id.s, &g->key, &full, err) : rc;
}

static enum alc_rc put_head(struct lnet_chain *c, const struct lnet_block *b, struct alc_err *err)
{
    uint8_t key[1 + sizeof c->validator_key.b], zero[16] = {0};
    key[0] = c->validator_key.curve;
    memcpy(key + 1, c->validator_key.b, sizeof c->validator_key.b);
    return alc_store_exec(
        c->store, NULL,
        "INSERT INTO head(one, chain_id, validator_key, genesis_height, genesis_hash, genesis_time,"
        " height, hash, time, time_ahead, root, gas_price, supply, ordinal)"
        " VALUES(1, $1, $2, $6, $3, $4, $6, $3, $4, 0, $3, $5, $5, 0)",
        ALC_ARGS(ALC_TEXT(alc_cstr(c->chain_id)), ALC_BLOB(((struct alc_bytes){key, sizeof key})),
                 ALC_BLOB(alc_hash_bytes(&b->head.ref.hash)), ALC_INT(b->head.ref.timestamp_ns),
                 ALC_BLOB(((struct alc_bytes){zero, sizeof zero})), ALC_INT(b->head.ref.height)),
        err);
}

static enum alc_rc put_note(struct lnet_chain *c, const struct lnet_block *b,
                            const struct lnet_genesis *g, FILE *f, struct alc_err *err)
{
    struct alc_bytes none = ALC_LIT("[]"),
                     validators = g->validators.n > 0 ? alc_buf_bytes(&g->validators) : none;
    struct alc_hash hash;
    uint8_t supply[16];
    enum alc_rc rc = ALC_OK;
    if (f != NULL && fseek(f, 0, SEEK_SET) != 0)
        return alc_fail(err, ALC_IO, "it cannot be read twice");
    if (f != NULL) rc = lnet_file_hash(f, &hash, err);
    if (rc != ALC_OK) return rc;
    return alc_store_exec(c->store, NULL,
                          "INSERT INTO genesis(one, supply, validators, file, deterministic)"
                          " VALUES(1, $1, $2, $3, $4)",
                          ALC_ARGS(ALC_BLOB(lnet_u128_put(supply, b->head.supply)),
                                   ALC_TEXT(validators),
                                   f != NULL ? ALC_BLOB(alc_hash_bytes(&hash)) : ALC_NULL_ARG,
                                   ALC_INT(c->conf.deterministic)),
                          err);
}

static enum alc_rc check_supply(const struct lnet_block *b, const struct lnet_genesis *g,
                                struct alc_err *err)
{
    char said[ALC_U128_DIGITS], is[ALC_U128_DIGITS];
    if (!g->has_supply || g->supply == b->head.supply) return ALC_OK;
    return alc_fail(
        err, ALC_BAD_INPUT, "total_supply is %.*s, but the accounts of the records hold %.*s",
        (int)alc_u128_encode(said, g->supply), said, (int)alc_u128_encode(is, b->head.supply), is);
}

/* ---- the whole ---- */

static enum alc_rc fill(struct lnet_chain *c, struct lnet_block *b, const struct lnet_genesis *g,
                        FILE *f, struct alc_err *err)
{
    enum alc_rc rc = ALC_OK;
    for (size_t i = 0; rc == ALC_OK && i < c->conf.accounts_count; i++)
        rc = put_account(c, b, &c->conf.accounts[i], err);
    if (rc == ALC_OK && f != NULL) rc = lnet_import_apply(c, b, f, LNET_RECORD_GENESIS, err);
    if (rc == ALC_OK) rc = check_supply(b, g, err);
    if (rc == ALC_OK) rc = put_head(c, b, err);
    if (rc == ALC_OK) rc = put_note(c, b, g, f, err);
    return rc == ALC_OK ? lnet_block_finish(c, b, err) : rc;
}

static enum alc_rc make(struct lnet_chain *c, const struct lnet_genesis *g, FILE *f,
                        struct alc_err *err)
{
    struct lnet_block b;
    enum alc_rc rc;
    if (c->chain_id[0] == 0) memcpy(c->chain_id, "localnet", sizeof "localnet");
    c->validator_key = c->conf.validator_key;
    c->head = (struct lnet_head){.gas_price = LNET_PRICE_MIN,
                                 .ref = {.height = g->height, .timestamp_ns = g->time_ns}};
    if (g->time_ns == 0 && c->conf.deterministic) c->head.ref.timestamp_ns = LNET_GENESIS_TIME_NS;
    alc_sha256(&c->head.root, alc_cstr(c->chain_id));
    lnet_block_begin(c, &b, 0);
    b.head.ordinal = 0;
    rc = alc_store_begin(c->store, err);
    if (rc == ALC_OK) rc = fill(c, &b, g, f, err);
    if (rc == ALC_OK) rc = alc_store_commit(c->store, err);
    if (rc != ALC_OK) alc_store_rollback(c->store);
    lnet_block_fini(&b);
    return rc == ALC_OK ? lnet_block_load(c, err) : rc;
}

/* The file's head says the chain's name, which the caller's must be too if he gave one. */
static enum alc_rc read_file(struct lnet_chain *c, FILE *f, struct lnet_genesis *g,
                             struct alc_err *err)
{
    struct alc_buf rest = ALC_BUF(LNET_RECORDS_REST_MAX_BYTES);
    enum alc_rc rc = lnet_records_read(f, &rest, NULL, NULL, err);
    if (rc == ALC_OK) rc = lnet_genesis_read(g, alc_buf_bytes(&rest), err);
    alc_buf_fini(&rest);
    if (rc != ALC_OK) return rc;
    if (fseek(f, 0, SEEK_SET) != 0) return alc_fail(err, ALC_IO, "it cannot be read twice");
    if (g->chain_id[0] == 0) return ALC_OK;
    if (c->conf.chain_id != NULL && strcmp(c->conf.chain_id, g->chain_id) != 0)
        return alc_fail(err, ALC_BAD_INPUT, "it is of the chain %s, not %s", g->chain_id,
                        c->conf.chain_id);
    memcpy(c->chain_id, g->chain_id, sizeof c->chain_id);
    return ALC_OK;
}

enum alc_rc lnet_block_genesis(struct lnet_chain *c, struct alc_err *err)
{
    const char *path = c->conf.genesis;
    struct lnet_genesis g = {0};
    FILE *f;
    enum alc_rc rc;
    if (path == NULL) return make(c, &g, NULL, err);
    f = fopen(path, "rbe");
    if (f == NULL)
        return alc_fail(err, errno == ENOENT ? ALC_NOT_FOUND : ALC_IO, "%s: %s", path,
                        strerror(errno));
    rc = read_file(c, f, &g, err);
    if (rc == ALC_OK) rc = make(c, &g, f, err);
    lnet_genesis_fini(&g);
    fclose(f);
    if (rc != ALC_OK) alc_fail_in(err, "%s", path);
    return rc;
}

/* ---- a chain that is there ---- */

/* *same: `path` holds what the chain was made from. */
static enum alc_rc same_file(const char *path, struct alc_bytes made_from, bool *same,
                             struct alc_err *err)
{
    struct alc_hash hash;
    FILE *f = fopen(path, "rbe");
    enum alc_rc rc;
    if (f == NULL)
        return alc_fail(err, errno == ENOENT ? ALC_NOT_FOUND : ALC_IO, "%s: %s", path,
                        strerror(errno));
    rc = lnet_file_hash(f, &hash, err);
    fclose(f);
    *same = rc == ALC_OK && alc_bytes_eq(made_from, alc_hash_bytes(&hash));
    return rc;
}

enum alc_rc lnet_genesis_check(struct lnet_chain *c, struct alc_err *err)
{
    const char *path = c->conf.genesis_once ? NULL : c->conf.genesis;
    struct alc_rows r;
    bool same = path == NULL;
    enum alc_rc rc =
        lnet_row(&r, c->store, "SELECT file, deterministic FROM genesis", ALC_NO_ARGS, err);
    if (rc == ALC_NOT_FOUND) return ALC_OK; /* older than genesis files */
    if (rc != ALC_OK) return rc;
    if (path != NULL) rc = same_file(path, alc_rows_bytes(&r, 0), &same, err);
    /* NULL: made before it was written down */
    if (rc == ALC_OK && c->conf.deterministic && !alc_rows_null(&r, 1) && alc_rows_int(&r, 1) == 0)
        rc =
            alc_fail(err, ALC_BAD_INPUT,
                     "deterministic: the folder holds a chain that was begun without it, and whose "
                     "blocks nobody can make again; take another folder");
    alc_rows_end(&r);
    if (rc == ALC_OK && !same)
        rc = alc_fail(err, ALC_BAD_INPUT,
                      "genesis: the folder holds a chain already, which was not made from %s; take "
                      "another folder",
                      path);
    return rc;
}
