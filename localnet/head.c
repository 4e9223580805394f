/* localnet/head.c — the head of the chain as it is kept, and what waits behind it. */
#include <string.h>

#include "localnet/node.h"

static enum alc_rc read_head(struct lnet_chain *c, const struct alc_rows *r, struct alc_err *err)
{
    struct lnet_head *h = &c->head;
    struct alc_bytes id = alc_rows_bytes(r, 0), key = alc_rows_bytes(r, 1);
    enum alc_rc rc;
    if (c->chain_id[0] == 0 && id.n < sizeof c->chain_id) /* any chain will do */
        memcpy(c->chain_id, id.p, id.n);
    if (!alc_bytes_is(id, c->chain_id))
        return alc_fail(err, ALC_CORRUPT, "the folder holds the chain %.*s, not %s", (int)id.n,
                        (const char *)id.p, c->chain_id);
    if (key.n != 1 + sizeof c->validator_key.b)
        return alc_fail(err, ALC_CORRUPT, "the chain's head holds a malformed key");
    c->validator_key.curve = key.p[0];
    memcpy(c->validator_key.b, key.p + 1, sizeof c->validator_key.b);
    c->genesis.height = (uint64_t)alc_rows_int(r, 2);
    c->genesis.timestamp_ns = (uint64_t)alc_rows_int(r, 4);
    h->ref.height = (uint64_t)alc_rows_int(r, 5);
    h->ref.timestamp_ns = (uint64_t)alc_rows_int(r, 7);
    h->time_ahead_ns = (uint64_t)alc_rows_int(r, 8);
    h->ordinal = (uint64_t)alc_rows_int(r, 12);
    h->tx_seq = (uint64_t)alc_rows_int(r, 13);
    h->receipt_seq = (uint64_t)alc_rows_int(r, 14);
    h->outcome_seq = (uint64_t)alc_rows_int(r, 15);
    rc = lnet_hash_get(&c->genesis.hash, alc_rows_bytes(r, 3), err);
    if (rc == ALC_OK) rc = lnet_hash_get(&h->ref.hash, alc_rows_bytes(r, 6), err);
    if (rc == ALC_OK) rc = lnet_hash_get(&h->root, alc_rows_bytes(r, 9), err);
    if (rc == ALC_OK) rc = lnet_u128_get(&h->gas_price, alc_rows_bytes(r, 10), err);
    if (rc == ALC_OK) rc = lnet_u128_get(&h->supply, alc_rows_bytes(r, 11), err);
    return rc;
}

/* A chain made before there were genesis files has no row, and nothing to tell. */
static enum alc_rc read_genesis(struct lnet_chain *c, struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc;
    if (c->validators != NULL) return ALC_OK;
    c->genesis_supply = c->head.supply;
    rc = lnet_row(&r, c->store, "SELECT supply, validators FROM genesis", ALC_NO_ARGS, err);
    if (rc == ALC_NOT_FOUND) {
        c->validators = strdup("[]");
        return c->validators != NULL ? ALC_OK : ALC_NOMEM;
    }
    if (rc != ALC_OK) return rc;
    struct alc_bytes text = alc_rows_bytes(&r, 1);
    c->validators = strndup((const char *)text.p, text.n);
    rc = c->validators != NULL ? ALC_OK : ALC_NOMEM;
    if (rc == ALC_OK) rc = lnet_u128_get(&c->genesis_supply, alc_rows_bytes(&r, 0), err);
    alc_rows_end(&r);
    return rc;
}

enum alc_rc lnet_block_load(struct lnet_chain *c, struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc = lnet_row(
        &r, c->store,
        "SELECT chain_id, validator_key, genesis_height, genesis_hash, genesis_time, height, hash,"
        " time, time_ahead, root, gas_price, supply, ordinal,"
        " (SELECT max(seq) FROM tx), (SELECT max(seq) FROM receipt),"
        " (SELECT max(seq) FROM outcome) FROM head",
        ALC_NO_ARGS, err);
    if (rc != ALC_OK) return rc;
    rc = read_head(c, &r, err);
    alc_rows_end(&r);
    return rc == ALC_OK ? read_genesis(c, err) : rc;
}

enum alc_rc lnet_head_write(struct lnet_chain *c, const struct lnet_head *h, struct alc_err *err)
{
    uint8_t price[16], supply[16];
    return alc_store_exec(
        c->store, NULL,
        "UPDATE head SET height = $1, hash = $2, time = $3, time_ahead = $4, root = $5,"
        " gas_price = $6, supply = $7, ordinal = $8",
        ALC_ARGS(ALC_INT(h->ref.height), ALC_BLOB(alc_hash_bytes(&h->ref.hash)),
                 ALC_INT(h->ref.timestamp_ns), ALC_INT(h->time_ahead_ns),
                 ALC_BLOB(alc_hash_bytes(&h->root)), ALC_BLOB(lnet_u128_put(price, h->gas_price)),
                 ALC_BLOB(lnet_u128_put(supply, h->supply)), ALC_INT(h->ordinal)),
        err);
}

enum alc_rc lnet_block_work(struct lnet_chain *c, bool *receipts, uint64_t *yields,
                            struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc =
        lnet_row(&r, c->store, "SELECT EXISTS(SELECT 1 FROM queue), (SELECT COUNT(*) FROM yield)",
                 ALC_NO_ARGS, err);
    if (rc != ALC_OK) return rc;
    *receipts = alc_rows_int(&r, 0) != 0;
    *yields = (uint64_t)alc_rows_int(&r, 1);
    alc_rows_end(&r);
    return ALC_OK;
}
