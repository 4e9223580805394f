/* localnet/read.c — answers for readers: documents put together from what the blocks wrote. */
#include <string.h>

#include "localnet/views.h"

static const char *const level_names[] = {
    [LNET_NONE] = "NONE",
    [LNET_INCLUDED] = "INCLUDED",
    [LNET_EXECUTED_OPTIMISTIC] = "EXECUTED_OPTIMISTIC",
    [LNET_INCLUDED_FINAL] = "INCLUDED_FINAL",
    [LNET_EXECUTED] = "EXECUTED",
    [LNET_FINAL] = "FINAL",
};

const char *lnet_level_name(enum lnet_level level)
{
    return level_names[level];
}

bool lnet_level_of(struct alc_bytes name, enum lnet_level *out)
{
    for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++)
        if (alc_bytes_is(name, level_names[i])) {
            *out = (enum lnet_level)i;
            return true;
        }
    return false;
}

bool lnet_level_met(enum lnet_level is, enum lnet_level wanted)
{
    if (wanted == LNET_EXECUTED_OPTIMISTIC)
        return is == LNET_EXECUTED_OPTIMISTIC || is == LNET_EXECUTED || is == LNET_FINAL;
    return is >= wanted;
}

/* ---- blocks ---- */

struct block_row {
    struct lnet_block_ref ref;
    __uint128_t gas_price;
    int64_t tx_from, tx_to, out_from, out_to;
};

#define BLOCK_COLUMNS                                                                              \
    "SELECT height, hash, time, gas_price, tx_from, tx_to, out_from, out_to, header,"              \
    " chunk_header, changes FROM block WHERE "

/* Finds the block; on ALC_OK the caller ends *r, whose columns 8, 9 and 10 are its header, its
 * chunk's header, and the inside of its list of changes. */
static enum alc_rc find_block(struct lnet_chain *c, const struct lnet_block_id *id,
                              struct alc_rows *r, struct block_row *out, struct alc_err *err)
{
    enum alc_rc rc = ALC_NOT_FOUND;
    switch (id->by) {
    case LNET_LATEST:
        rc = lnet_row(r, c->store, BLOCK_COLUMNS "height = $1",
                      ALC_ARGS(ALC_INT(c->head.ref.height)), err);
        break;
    case LNET_GENESIS:
        rc = lnet_row(r, c->store, BLOCK_COLUMNS "height = $1",
                      ALC_ARGS(ALC_INT(c->genesis.height)), err);
        break;
    case LNET_BY_HEIGHT:
        if (id->height > c->head.ref.height) break;
        rc = lnet_row(r, c->store, BLOCK_COLUMNS "height = $1", ALC_ARGS(ALC_INT(id->height)), err);
        break;
    case LNET_BY_HASH:
        rc = lnet_row(r, c->store, BLOCK_COLUMNS "hash = $1",
                      ALC_ARGS(ALC_BLOB(alc_hash_bytes(&id->hash))), err);
        break;
    }
    if (rc != ALC_OK) return rc;
    *out = (struct block_row){.ref = {.height = (uint64_t)alc_rows_int(r, 0),
                                      .timestamp_ns = (uint64_t)alc_rows_int(r, 2)},
                              .tx_from = alc_rows_int(r, 4),
                              .tx_to = alc_rows_int(r, 5),
                              .out_from = alc_rows_int(r, 6),
                              .out_to = alc_rows_int(r, 7)};
    rc = lnet_hash_get(&out->ref.hash, alc_rows_bytes(r, 1), err);
    if (rc == ALC_OK) rc = lnet_u128_get(&out->gas_price, alc_rows_bytes(r, 3), err);
    if (rc != ALC_OK) alc_rows_end(r);
    return rc;
}

static void block_view(struct alc_buf *out, const struct alc_rows *r)
{
    struct alc_jw w = {.out = out};
    alc_jw_obj(&w);
    alc_jw_key(&w, "author");
    alc_jw_text(&w, LNET_VALIDATOR);
    alc_jw_key(&w, "header");
    alc_jw_raw(&w, alc_rows_bytes(r, 8));
    alc_jw_key(&w, "chunks");
    alc_jw_arr(&w);
    alc_jw_raw(&w, alc_rows_bytes(r, 9));
    alc_jw_end(&w);
    alc_jw_end(&w);
}

/* Puts the first column of each row of a range, with commas between. */
static enum alc_rc put_range(struct lnet_chain *c, struct alc_jw *w, const char *sql, int64_t from,
                             int64_t to, struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc = alc_rows_start(&r, c->store, sql, ALC_ARGS(ALC_INT(from), ALC_INT(to)), err);
    if (rc != ALC_OK) return rc;
    alc_jw_arr(w);
    while ((rc = alc_rows_next(&r, err)) == ALC_OK)
        alc_jw_raw(w, alc_rows_bytes(&r, 0));
    alc_jw_end(w);
    alc_rows_end(&r);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

/* The receipts that travelled to this block: those made by the block before it. */
static enum alc_rc put_incoming(struct lnet_chain *c, struct alc_jw *w, uint64_t height,
                                struct alc_err *err)
{
    struct alc_rows r;
    int64_t from = 1, to = 0;
    enum alc_rc rc = lnet_row(&r, c->store,
                              "SELECT made_from, made_to FROM block WHERE height < $1"
                              " ORDER BY height DESC LIMIT 1",
                              ALC_ARGS(ALC_INT(height)), err);
    if (rc != ALC_OK && rc != ALC_NOT_FOUND) return rc;
    if (rc == ALC_OK) {
        from = alc_rows_int(&r, 0);
        to = alc_rows_int(&r, 1);
        alc_rows_end(&r);
    }
    return put_range(c, w,
                     "SELECT doc FROM receipt WHERE seq BETWEEN $1 AND $2 AND way = 0 ORDER BY seq",
                     from, to, err);
}

enum alc_rc lnet_read_block(struct lnet_chain *c, const struct lnet_block_id *id,
                            struct alc_buf *out, struct lnet_block_ref *ref, struct alc_err *err)
{
    struct alc_rows r;
    struct block_row b;
    enum alc_rc rc;
    lnet_take(c);
    rc = find_block(c, id, &r, &b, err);
    if (rc == ALC_OK) {
        block_view(out, &r);
        alc_rows_end(&r);
        if (ref != NULL) *ref = b.ref;
    }
    lnet_give(c);
    return rc;
}

enum alc_rc lnet_read_block_ref(struct lnet_chain *c, const struct lnet_block_id *id,
                                struct lnet_block_ref *ref, __uint128_t *gas_price,
                                struct alc_err *err)
{
    struct alc_rows r;
    struct block_row b;
    enum alc_rc rc;
    lnet_take(c);
    rc = find_block(c, id, &r, &b, err);
    if (rc == ALC_OK) {
        alc_rows_end(&r);
        *ref = b.ref;
        if (gas_price != NULL) *gas_price = b.gas_price;
    }
    lnet_give(c);
    return rc;
}

enum alc_rc lnet_read_changes(struct lnet_chain *c, const struct lnet_block_id *id,
                              struct alc_buf *out, struct lnet_block_ref *ref, struct alc_err *err)
{
    struct alc_rows r;
    struct block_row b;
    enum alc_rc rc;
    lnet_take(c);
    rc = find_block(c, id, &r, &b, err);
    if (rc == ALC_OK) {
        alc_buf_put_text(out, "[");
        alc_buf_put_bytes(out, alc_rows_bytes(&r, 10));
        alc_buf_put_text(out, "]");
        alc_rows_end(&r);
        if (ref != NULL) *ref = b.ref;
    }
    lnet_give(c);
    return rc;
}

static enum alc_rc chunk_view(struct lnet_chain *c, const struct lnet_block_id *id,
                              struct alc_buf *out, struct lnet_block_ref *ref, struct alc_err *err)
{
    struct alc_jw w = {.out = out};
    struct alc_rows r;
    struct block_row b;
    enum alc_rc rc = find_block(c, id, &r, &b, err);
    if (rc != ALC_OK) return rc;
    alc_jw_obj(&w);
    alc_jw_key(&w, "author");
    alc_jw_text(&w, LNET_VALIDATOR);
    alc_jw_key(&w, "header");
    alc_jw_raw(&w, alc_rows_bytes(&r, 9));
    alc_rows_end(&r);
    alc_jw_key(&w, "transactions");
    rc = put_range(c, &w, "SELECT doc FROM tx WHERE seq BETWEEN $1 AND $2 ORDER BY seq", b.tx_from,
                   b.tx_to, err);
    if (rc != ALC_OK) return rc;
    alc_jw_key(&w, "receipts");
    rc = put_incoming(c, &w, b.ref.height, err);
    alc_jw_end(&w);
    if (rc == ALC_OK && ref != NULL) *ref = b.ref;
    return rc;
}

enum alc_rc lnet_read_chunk(struct lnet_chain *c, const struct lnet_block_id *id,
                            struct alc_buf *out, struct lnet_block_ref *ref, struct alc_err *err)
{
    enum alc_rc rc;
    lnet_take(c);
    rc = chunk_view(c, id, out, ref, err);
    lnet_give(c);
    return rc;
}

enum alc_rc lnet_read_by_chunk(struct lnet_chain *c, const struct alc_hash *chunk,
                               struct alc_buf *out, struct alc_err *err)
{
    struct lnet_block_id id = {.by = LNET_BY_HEIGHT};
    struct alc_rows r;
    enum alc_rc rc;
    lnet_take(c);
    rc = lnet_row(&r, c->store, "SELECT height FROM block WHERE chunk = $1",
                  ALC_ARGS(ALC_BLOB(alc_hash_bytes(chunk))), err);
    if (rc == ALC_OK) {
        id.height = (uint64_t)alc_rows_int(&r, 0);
        alc_rows_end(&r);
        rc = chunk_view(c, &id, out, NULL, err);
    }
    lnet_give(c);
    return rc;
}

/* ---- the block stream ---- */

/* Each transaction with its outcome and the receipt it made. */
static enum alc_rc stream_txs(struct lnet_chain *c, struct alc_jw *w, const struct block_row *b,
                              struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc = alc_rows_start(
        &r, c->store,
        "SELECT tx.doc, outcome.doc, receipt.doc FROM tx JOIN outcome ON outcome.id = tx.hash"
        " LEFT JOIN receipt ON receipt.id = outcome.next"
        " WHERE tx.seq BETWEEN $1 AND $2 ORDER BY tx.seq",
        ALC_ARGS(ALC_INT(b->tx_from), ALC_INT(b->tx_to)), err);
    if (rc != ALC_OK) return rc;
    alc_jw_arr(w);
    while ((rc = alc_rows_next(&r, err)) == ALC_OK) {
        alc_jw_obj(w);
        alc_jw_key(w, "transaction");
        alc_jw_raw(w, alc_rows_bytes(&r, 0));
        alc_jw_key(w, "outcome");
        alc_jw_obj(w);
        alc_jw_key(w, "execution_outcome");
        alc_jw_raw(w, alc_rows_bytes(&r, 1));
        alc_jw_key(w, "receipt");
        if (alc_rows_null(&r, 2))
            alc_jw_null(w);
        else
            alc_jw_raw(w, alc_rows_bytes(&r, 2));
        alc_jw_end(w);
        alc_jw_end(w);
    }
    alc_jw_end(w);
    alc_rows_end(&r);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

/* Each receipt executed in this block, in the order of execution. */
static enum alc_rc stream_outcomes(struct lnet_chain *c, struct alc_jw *w,
                                   const struct block_row *b, struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc = alc_rows_start(
        &r, c->store,
        "SELECT outcome.doc, receipt.doc, tx.hash FROM outcome"
        " JOIN receipt ON receipt.id = outcome.id LEFT JOIN tx ON tx.seq = outcome.tx"
        " WHERE outcome.seq BETWEEN $1 AND $2 ORDER BY outcome.seq",
        ALC_ARGS(ALC_INT(b->out_from), ALC_INT(b->out_to)), err);
    if (rc != ALC_OK) return rc;
    alc_jw_arr(w);
    while ((rc = alc_rows_next(&r, err)) == ALC_OK) {
        alc_jw_obj(w);
        alc_jw_key(w, "execution_outcome");
        alc_jw_raw(w, alc_rows_bytes(&r, 0));
        alc_jw_key(w, "receipt");
        alc_jw_raw(w, alc_rows_bytes(&r, 1));
        alc_jw_key(w, "tx_hash");
        if (alc_rows_null(&r, 2))
            alc_jw_null(w);
        else
            alc_jw_base58(w, alc_rows_bytes(&r, 2));
        alc_jw_end(w);
    }
    alc_jw_end(w);
    alc_rows_end(&r);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

static enum alc_rc stream_shard(struct lnet_chain *c, struct alc_jw *w, const struct block_row *b,
                                struct alc_bytes chunk_header, struct alc_bytes changes,
                                struct alc_err *err)
{
    enum alc_rc rc;
    alc_jw_obj(w);
    alc_jw_key(w, "shard_id");
    alc_jw_u64(w, 0);
    alc_jw_key(w, "chunk");
    alc_jw_obj(w);
    alc_jw_key(w, "author");
    alc_jw_text(w, LNET_VALIDATOR);
    alc_jw_key(w, "header");
    alc_jw_raw(w, chunk_header);
    alc_jw_key(w, "transactions");
    rc = stream_txs(c, w, b, err);
    if (rc != ALC_OK) return rc;
    alc_jw_key(w, "receipts");
    rc = put_incoming(c, w, b->ref.height, err);
    if (rc != ALC_OK) return rc;
    alc_jw_end(w);
    alc_jw_key(w, "receipt_execution_outcomes");
    rc = stream_outcomes(c, w, b, err);
    alc_jw_key(w, "state_changes");
    alc_jw_arr(w);
    if (changes.n > 0) alc_jw_raw(w, changes);
    alc_jw_end(w);
    alc_jw_end(w);
    return rc;
}

static enum alc_rc stream_block(struct lnet_chain *c, uint64_t height, struct alc_buf *out,
                                struct alc_err *err)
{
    struct alc_arena arena = ALC_ARENA(2u * LNET_DOC_MAX_BYTES);
    struct lnet_block_id id = {.by = LNET_BY_HEIGHT, .height = height};
    struct alc_jw w = {.out = out};
    struct alc_rows r;
    struct block_row b;
    struct alc_bytes chunk_header, changes;
    enum alc_rc rc = find_block(c, &id, &r, &b, err);
    if (rc != ALC_OK) return rc;
    alc_jw_obj(&w);
    alc_jw_key(&w, "block");
    block_view(out, &r);
    w.comma = true;
    if (!alc_arena_copy(&arena, alc_rows_bytes(&r, 9), &chunk_header) ||
        !alc_arena_copy(&arena, alc_rows_bytes(&r, 10), &changes))
        rc = ALC_NOMEM;
    alc_rows_end(&r);
    alc_jw_key(&w, "shards");
    alc_jw_arr(&w);
    if (rc == ALC_OK) rc = stream_shard(c, &w, &b, chunk_header, changes, err);
    alc_jw_end(&w);
    alc_jw_end(&w);
    alc_arena_fini(&arena);
    return rc;
}

enum alc_rc lnet_read_stream(struct lnet_chain *c, uint64_t height, struct alc_buf *out,
                             struct alc_err *err)
{
    enum alc_rc rc;
    lnet_take(c);
    rc = stream_block(c, height, out, err);
    lnet_give(c);
    return rc;
}

/* ---- transactions ---- */

/* Follows SuccessReceiptId from `id` on; "Started" where nothing was executed yet. */
static enum alc_rc put_final_status(struct lnet_chain *c, struct alc_jw *w, struct alc_hash id,
                                    struct alc_err *err)
{
    for (;;) {
        struct alc_rows r;
        enum alc_rc rc =
            lnet_row(&r, c->store, "SELECT kind, next, status FROM outcome WHERE id = $1",
                     ALC_ARGS(ALC_BLOB(alc_hash_bytes(&id))), err);
        if (rc == ALC_NOT_FOUND) {
            alc_jw_text(w, "Started");
            return ALC_OK;
        }
        if (rc != ALC_OK) return rc;
        if (alc_rows_int(&r, 0) != LNET_STATUS_RECEIPT) {
            alc_jw_raw(w, alc_rows_bytes(&r, 2));
            alc_rows_end(&r);
            return ALC_OK;
        }
        rc = lnet_hash_get(&id, alc_rows_bytes(&r, 1), err);
        alc_rows_end(&r);
        if (rc != ALC_OK) return rc;
    }
}

/* Pushes the children of an outcome, the first on top. */
static void push_children(struct alc_buf *stack, struct alc_bytes children)
{
    for (size_t n = children.n; n >= sizeof(struct alc_hash); n -= sizeof(struct alc_hash))
        alc_buf_put(stack, children.p + n - sizeof(struct alc_hash), sizeof(struct alc_hash));
}

/* Goes depth first through the receipts of a transaction; those not executed yet are left out. */
static enum alc_rc put_receipts(struct lnet_chain *c, struct alc_jw *w, struct alc_bytes first,
                                const char *sql, bool skip_first, struct alc_err *err)
{
    struct alc_buf stack = ALC_BUF(LNET_DOC_MAX_BYTES);
    enum alc_rc rc = ALC_OK;
    push_children(&stack, first);
    alc_jw_arr(w);
    while (rc == ALC_OK && stack.n > 0) {
        struct alc_rows r;
        struct alc_hash id;
        stack.n -= sizeof id;
        memcpy(id.b, stack.p + stack.n, sizeof id);
        rc = lnet_row(&r, c->store, sql, ALC_ARGS(ALC_BLOB(alc_hash_bytes(&id))), err);
        if (rc == ALC_NOT_FOUND) {
            rc = ALC_OK;
            continue;
        }
        if (rc != ALC_OK) break;
        if (!skip_first) alc_jw_raw(w, alc_rows_bytes(&r, 1));
        skip_first = false;
        push_children(&stack, alc_rows_bytes(&r, 0));
        alc_rows_end(&r);
    }
    alc_jw_end(w);
    if (rc == ALC_OK && stack.failed) rc = ALC_NOMEM;
    alc_buf_fini(&stack);
    return rc;
}

struct tx_row {
    int64_t work, refunds;
    bool sir;
    struct alc_bytes doc, outcome, children;
};

static enum alc_rc find_tx(struct lnet_chain *c, const struct alc_hash *tx, struct tx_row *out,
                           struct alc_arena *arena, struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc = lnet_row(&r, c->store,
                              "SELECT work, refunds, sir, tx.doc, outcome.doc, children FROM tx"
                              " JOIN outcome ON outcome.id = tx.hash WHERE tx.hash = $1",
                              ALC_ARGS(ALC_BLOB(alc_hash_bytes(tx))), err);
    if (rc != ALC_OK) return rc;
    *out = (struct tx_row){.work = alc_rows_int(&r, 0),
                           .refunds = alc_rows_int(&r, 1),
                           .sir = alc_rows_int(&r, 2) != 0};
    if (!alc_arena_copy(arena, alc_rows_bytes(&r, 3), &out->doc) ||
        !alc_arena_copy(arena, alc_rows_bytes(&r, 4), &out->outcome) ||
        !alc_arena_copy(arena, alc_rows_bytes(&r, 5), &out->children))
        rc = ALC_NOMEM;
    alc_rows_end(&r);
    return rc;
}

static enum alc_rc tx_view(struct lnet_chain *c, const struct alc_hash *tx, bool receipts,
                           struct alc_buf *out, struct alc_arena *arena, struct alc_err *err)
{
    struct alc_jw w = {.out = out};
    struct tx_row t;
    enum alc_rc rc = find_tx(c, tx, &t, arena, err);
    if (rc != ALC_OK) return rc;
    alc_jw_obj(&w);
    alc_jw_key(&w, "final_execution_status");
    alc_jw_text(&w, lnet_level_name(lnet_block_level(t.work, t.refunds)));
    alc_jw_key(&w, "status");
    rc = put_final_status(c, &w, *tx, err);
    alc_jw_key(&w, "transaction");
    alc_jw_raw(&w, t.doc);
    alc_jw_key(&w, "transaction_outcome");
    alc_jw_raw(&w, t.outcome);
    alc_jw_key(&w, "receipts_outcome");
    if (rc == ALC_OK)
        rc = put_receipts(c, &w, t.children, "SELECT children, doc FROM outcome WHERE id = $1",
                          false, err);
    if (rc == ALC_OK && receipts) {
        alc_jw_key(&w, "receipts");
        rc = put_receipts(c, &w, t.children,
                          "SELECT children, receipt.doc FROM outcome"
                          " JOIN receipt ON receipt.id = outcome.id WHERE outcome.id = $1",
                          t.sir, err);
    }
    alc_jw_end(&w);
    return rc;
}

enum alc_rc lnet_read_tx(struct lnet_chain *c, const struct alc_hash *tx, bool receipts,
                         struct alc_buf *out, struct alc_err *err)
{
    struct alc_arena arena = ALC_ARENA(LNET_DOC_MAX_BYTES);
    enum alc_rc rc;
    lnet_take(c);
    rc = tx_view(c, tx, receipts, out, &arena, err);
    if (rc == ALC_NOT_FOUND && lnet_is_pending(c, tx)) {
        alc_buf_put_text(out, "{\"final_execution_status\":\"NONE\"}");
        rc = ALC_OK;
    }
    lnet_give(c);
    alc_arena_fini(&arena);
    return rc;
}

enum alc_rc lnet_read_receipt(struct lnet_chain *c, const struct alc_hash *receipt,
                              struct alc_buf *out, struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc;
    lnet_take(c);
    rc = lnet_row(&r, c->store, "SELECT doc FROM receipt WHERE id = $1",
                  ALC_ARGS(ALC_BLOB(alc_hash_bytes(receipt))), err);
    if (rc == ALC_OK) {
        alc_buf_put_bytes(out, alc_rows_bytes(&r, 0));
        alc_rows_end(&r);
    }
    lnet_give(c);
    return rc;
}
