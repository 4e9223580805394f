/* localnet/read_epoch.c — epochs, as far as there are any: LNET_EPOCH_BLOCKS heights each. */
#include "localnet/node.h"

/* The number of the epoch that has this id, among those that have a block.  ALC_NOT_FOUND. */
static enum alc_rc find_epoch(struct lnet_chain *c, const struct alc_hash *id, uint64_t *out,
                              struct alc_err *err)
{
    struct alc_rows r;
    struct alc_hash its;
    enum alc_rc rc =
        alc_rows_start(&r, c->store, "SELECT DISTINCT height / $1 FROM block ORDER BY 1 DESC",
                       ALC_ARGS(ALC_INT(LNET_EPOCH_BLOCKS)), err);
    if (rc != ALC_OK) return rc;
    while ((rc = alc_rows_next(&r, err)) == ALC_OK) {
        *out = (uint64_t)alc_rows_int(&r, 0);
        lnet_block_epoch(&its, *out);
        if (alc_hash_eq(&its, id)) break;
    }
    alc_rows_end(&r);
    return rc;
}

/* The genesis was made by nobody. */
static enum alc_rc count_blocks(struct lnet_chain *c, struct lnet_epoch *e, struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc =
        lnet_row(&r, c->store,
                 "SELECT COUNT(*) FROM block WHERE height > $1 AND height >= $2 AND height < $3",
                 ALC_ARGS(ALC_INT(c->genesis.height), ALC_INT(e->start_height),
                          ALC_INT(e->start_height + LNET_EPOCH_BLOCKS)),
                 err);
    if (rc != ALC_OK) return rc;
    e->blocks = (uint64_t)alc_rows_int(&r, 0);
    alc_rows_end(&r);
    return ALC_OK;
}

enum alc_rc lnet_read_epoch(struct lnet_chain *c, const struct alc_hash *id,
                            const struct lnet_block_id *block, struct lnet_epoch *out,
                            struct alc_err *err)
{
    struct lnet_epoch e = {0};
    struct lnet_block_ref ref;
    enum alc_rc rc = ALC_OK;

    if (id == NULL) {
        rc = lnet_read_block_ref(c, block, &ref, NULL, err);
        if (rc != ALC_OK) return rc;
        e.height = ref.height / LNET_EPOCH_BLOCKS;
    }
    lnet_take(c);
    if (id != NULL) rc = find_epoch(c, id, &e.height, err);
    e.start_height = e.height * LNET_EPOCH_BLOCKS;
    if (rc == ALC_OK) rc = count_blocks(c, &e, err);
    lnet_give(c);
    if (rc != ALC_OK) return rc;
    lnet_block_epoch(&e.id, e.height);
    *out = e;
    return ALC_OK;
}
