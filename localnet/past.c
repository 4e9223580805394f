/* localnet/past.c — the state at blocks before the head.
 *
 * What a block's changes to the state have overwritten is kept with it, in its own transaction.  A
 * reader who wants an older block has them undone from the head down, in a transaction that is
 * rolled back when he is done; he keeps the turn meanwhile. */
#include "localnet/node.h"

#define CHANGES_MAX_BYTES (128u << 20) /* of a block: what a full one can overwrite, and room */
#define SWEEP_BLOCKS 64u               /* rows that are not needed any more go once in so many */

/* ---- while a block is made ---- */

enum alc_rc lnet_past_init(struct lnet_chain *c, struct alc_err *err)
{
    static const char *const tables[] = {"account", "access_key", "gas_nonce", "data", "global"};
    return alc_changes_open(&c->changes, c->store, tables, sizeof tables / sizeof *tables,
                            CHANGES_MAX_BYTES, err);
}

/* As many rows as blocks are more than enough: not every block has one. */
static enum alc_rc sweep(struct lnet_chain *c, struct alc_err *err)
{
    return alc_store_exec(c->store, NULL,
                          "DELETE FROM past WHERE height <="
                          " (SELECT height FROM past ORDER BY height DESC LIMIT 1 OFFSET $1)",
                          ALC_ARGS(ALC_INT(LNET_PAST_BLOCKS)), err);
}

enum alc_rc lnet_past_keep(struct lnet_chain *c, const struct lnet_block *b, struct alc_err *err)
{
    struct alc_bytes bytes = {NULL, 0};
    enum alc_rc rc = alc_changes_take(c->changes, &bytes, err);
    bool lost = rc == ALC_LIMIT;
    if (rc != ALC_OK && !lost) return rc;
    rc = ALC_OK;
    if (lost || bytes.n > 0)
        rc = alc_store_exec(
            c->store, NULL, "INSERT INTO past(height, changes) VALUES($1, $2)",
            ALC_ARGS(ALC_INT(b->head.ref.height), lost ? ALC_NULL_ARG : ALC_BLOB(bytes)), err);
    if (rc == ALC_OK && b->head.ordinal % SWEEP_BLOCKS == 0) rc = sweep(c, err);
    return rc;
}

/* ---- for a reader ---- */

static void keep_turn(struct lnet_chain *c, bool keep)
{
    pthread_mutex_lock(&c->door);
    c->past = keep;
    c->past_of = pthread_self();
    pthread_mutex_unlock(&c->door);
}

static enum alc_rc check_kept(struct lnet_chain *c, uint64_t height, struct alc_err *err)
{
    struct alc_rows r;
    bool kept;
    enum alc_rc rc =
        lnet_row(&r, c->store,
                 "SELECT EXISTS(SELECT 1 FROM past WHERE height > $1 AND changes IS NULL),"
                 " (SELECT COUNT(*) FROM (SELECT 1 FROM block WHERE height > $1 LIMIT $2))",
                 ALC_ARGS(ALC_INT(height), ALC_INT(LNET_PAST_BLOCKS)), err);
    if (rc != ALC_OK) return rc;
    kept = alc_rows_int(&r, 0) == 0 && alc_rows_int(&r, 1) < (int64_t)LNET_PAST_BLOCKS;
    alc_rows_end(&r);
    return kept ? ALC_OK : alc_fail(err, ALC_LIMIT, "the state of that block is not kept");
}

static enum alc_rc undo_above(struct lnet_chain *c, uint64_t height, struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc = alc_rows_start(
        &r, c->store, "SELECT changes FROM past WHERE height > $1 ORDER BY height DESC",
        ALC_ARGS(ALC_INT(height)), err);
    if (rc != ALC_OK) return rc;
    while ((rc = alc_rows_next(&r, err)) == ALC_OK) {
        rc = alc_changes_undo(c->changes, alc_rows_bytes(&r, 0), err);
        if (rc != ALC_OK) break;
    }
    alc_rows_end(&r);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

/* Makes the store and the head what they were at the block. */
static enum alc_rc go_back(struct lnet_chain *c, const struct lnet_block_ref *to,
                           struct alc_err *err)
{
    enum alc_rc rc = check_kept(c, to->height, err);
    if (rc == ALC_OK) rc = alc_store_begin(c->store, err);
    if (rc != ALC_OK) return rc;
    c->undone = true;
    rc = undo_above(c, to->height, err);
    if (rc == ALC_OK) c->head.ref = *to;
    return rc;
}

/* Needs the turn, kept by this thread. */
static void come_home(struct lnet_chain *c)
{
    if (c->undone) alc_store_rollback(c->store);
    c->undone = false;
    c->head = c->now;
    keep_turn(c, false);
    lnet_give(c);
}

enum alc_rc lnet_past_open(struct lnet_chain *c, const struct lnet_block_id *id,
                           struct lnet_block_ref *at, struct alc_err *err)
{
    enum alc_rc rc;
    lnet_take(c);
    if (id->by == LNET_LATEST) {
        *at = c->head.ref;
        lnet_give(c);
        return ALC_OK;
    }
    c->now = c->head;
    keep_turn(c, true);
    rc = lnet_read_block_ref(c, id, at, NULL, err);
    if (rc == ALC_OK && at->height != c->head.ref.height) rc = go_back(c, at, err);
    if (rc != ALC_OK) come_home(c);
    return rc;
}

void lnet_past_close(struct lnet_chain *c)
{
    bool open;
    pthread_mutex_lock(&c->door);
    open = c->past && pthread_equal(c->past_of, pthread_self());
    pthread_mutex_unlock(&c->door);
    if (open) come_home(c);
}
