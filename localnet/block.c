/* localnet/block.c — one block: transactions, receipts in their order, timeouts, and what is
 * written of it, all in one transaction of the store (near.md 7). */
#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "localnet/views.h"

#define IDLE_BLOCK_NS 1000000000u /* time that a skipped height stands for on an instant chain */
#define PRICE_RATE 100u           /* the gas price moves by at most half of 1/100 in a block */
#define PRICE_MAX ((__uint128_t)10000000000000000000u)

static void derive(struct alc_hash *out, const char *tag, const struct alc_hash *base, uint64_t n)
{
    struct alc_sha256 s;
    uint8_t le[8];
    for (size_t i = 0; i < sizeof le; i++)
        le[i] = (uint8_t)(n >> (8 * i));
    alc_sha256_init(&s);
    alc_sha256_update(&s, alc_cstr(tag));
    alc_sha256_update(&s, alc_hash_bytes(base));
    alc_sha256_update(&s, (struct alc_bytes){le, sizeof le});
    alc_sha256_final(&s, out);
}

void lnet_block_epoch(struct alc_hash *out, uint64_t epoch)
{
    static const struct alc_hash none;
    *out = none; /* the first has the zero id */
    if (epoch > 0) derive(out, "epoch", &none, epoch);
}

/* ---- begin and end ---- */

/* The time of the block in work, whose height is there already.  time_ahead may stand for less than
 * nothing: a chain brought back to an earlier state is behind the clock.  The sum wraps as it
 * should. */
static uint64_t block_time(const struct lnet_chain *c, struct lnet_head *h, uint64_t jump)
{
    uint64_t block_ns =
        c->conf.block_time_ms > 0 ? c->conf.block_time_ms * UINT64_C(1000000) : IDLE_BLOCK_NS;
    uint64_t last = c->head.ref.timestamp_ns, now;
    if (jump == 0 && last > 0) return last; /* a genesis that says its time */
    if (c->conf.deterministic) return last + jump * block_ns;
    if (jump > 1) h->time_ahead_ns += jump * block_ns;
    now = c->clock->wall_ns(c->clock->ctx) + h->time_ahead_ns;
    return now > last ? now : last + 1;
}

void lnet_block_begin(struct lnet_chain *c, struct lnet_block *b, uint64_t jump)
{
    *b = (struct lnet_block){.head = c->head,
                             .prev_hash = c->head.ref.hash,
                             .prev_height = c->head.ref.height,
                             .gas_price = c->head.gas_price,
                             .arena = ALC_ARENA(LNET_RECEIPT_ARENA_BYTES)};
    b->head.ref.height += jump;
    b->head.ordinal++;
    b->head.ref.timestamp_ns = block_time(c, &b->head, jump);
    derive(&b->random, "random", &b->prev_hash, b->head.ref.height);
    /* what came before is in the root; what this block adds is in the next one's */
    derive(&b->head.ref.hash, "block", &c->head.root, b->head.ref.timestamp_ns);
    derive(&b->head.ref.hash, "hash", &b->head.ref.hash, b->head.ref.height);
    derive(&b->chunk_hash, "chunk", &b->head.ref.hash, b->head.ref.height);
    b->epoch_height = b->head.ref.height / LNET_EPOCH_BLOCKS;
    lnet_block_epoch(&b->epoch, b->epoch_height);
    lnet_block_epoch(&b->next_epoch, b->epoch_height + 1);
    alc_buf_reset(&c->journal.json);
    lnet_journal_cause(c, "initial_state", NULL, NULL);
    alc_sha256_init(&b->roll);
    alc_sha256_update(&b->roll, alc_hash_bytes(&c->head.root));
    alc_sha256_update(&b->roll, alc_hash_bytes(&b->head.ref.hash));
}

/* price * (1 + (used / limit - 1/2) / 100), within bounds */
static __uint128_t next_price(__uint128_t price, uint64_t used)
{
    const __uint128_t whole = (__uint128_t)2 * PRICE_RATE * LNET_GAS_LIMIT;
    __uint128_t next = price * (whole + 2 * (__uint128_t)used - LNET_GAS_LIMIT) / whole;
    if (next < LNET_PRICE_MIN) return LNET_PRICE_MIN;
    return next > PRICE_MAX ? PRICE_MAX : next;
}

static enum alc_rc write_block(struct lnet_chain *c, struct lnet_block *b, struct alc_err *err)
{
    struct alc_buf header = ALC_BUF(LNET_DOC_MAX_BYTES), chunk = ALC_BUF(LNET_DOC_MAX_BYTES);
    struct alc_jw hw = {.out = &header}, cw = {.out = &chunk};
    uint8_t price[16];
    enum alc_rc rc = ALC_NOMEM;
    lnet_view_header(&hw, c, b);
    lnet_view_chunk_header(&cw, c, b);
    if (!header.failed && !chunk.failed && !c->journal.json.failed)
        rc = alc_store_exec(
            c->store, NULL,
            "INSERT INTO block(height, hash, chunk, time, gas_price, tx_from, tx_to, made_from,"
            " made_to, out_from, out_to, header, chunk_header, changes)"
            " VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            ALC_ARGS(ALC_INT(b->head.ref.height), ALC_BLOB(alc_hash_bytes(&b->head.ref.hash)),
                     ALC_BLOB(alc_hash_bytes(&b->chunk_hash)), ALC_INT(b->head.ref.timestamp_ns),
                     ALC_BLOB(lnet_u128_put(price, b->gas_price)), ALC_INT(c->head.tx_seq + 1),
                     ALC_INT(b->head.tx_seq), ALC_INT(c->head.receipt_seq + 1),
                     ALC_INT(b->head.receipt_seq), ALC_INT(c->head.outcome_seq + 1),
                     ALC_INT(b->head.outcome_seq), ALC_TEXT(alc_buf_bytes(&header)),
                     ALC_TEXT(alc_buf_bytes(&chunk)), ALC_TEXT(alc_buf_bytes(&c->journal.json))),
            err);
    alc_buf_fini(&header);
    alc_buf_fini(&chunk);
    return rc;
}

static int by_seq(const void *a, const void *b)
{
    const struct lnet_touched *x = a, *y = b;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static int by_hash(const void *a, const void *b)
{
    const struct lnet_touched *x = a, *y = b;
    return memcmp(x->hash.b, y->hash.b, sizeof x->hash.b);
}

enum lnet_level lnet_block_level(int64_t work, int64_t refunds)
{
    if (work > 0) return LNET_INCLUDED_FINAL;
    return refunds > 0 ? LNET_EXECUTED : LNET_FINAL;
}

/* Says where each transaction that went on is now, for those who wait. */
static enum alc_rc settle_touched(struct lnet_chain *c, struct lnet_block *b, struct alc_err *err)
{
    size_t n = 0;
    if (b->touched_count == 0) return ALC_OK;
    qsort(b->touched, b->touched_count, sizeof *b->touched, by_seq);
    for (size_t i = 0; i < b->touched_count; i++)
        if (n == 0 || b->touched[n - 1].seq != b->touched[i].seq) b->touched[n++] = b->touched[i];
    b->touched_count = n;
    for (size_t i = 0; i < n; i++) {
        struct alc_rows r;
        enum alc_rc rc = lnet_row(&r, c->store, "SELECT hash, work, refunds FROM tx WHERE seq = $1",
                                  ALC_ARGS(ALC_INT(b->touched[i].seq)), err);
        if (rc == ALC_NOT_FOUND) rc = alc_fail(err, ALC_CORRUPT, "a transaction is gone");
        if (rc != ALC_OK) return rc;
        b->touched[i].level = lnet_block_level(alc_rows_int(&r, 1), alc_rows_int(&r, 2));
        rc = lnet_hash_get(&b->touched[i].hash, alc_rows_bytes(&r, 0), err);
        alc_rows_end(&r);
        if (rc != ALC_OK) return rc;
    }
    qsort(b->touched, n, sizeof *b->touched, by_hash);
    return ALC_OK;
}

enum alc_rc lnet_block_finish(struct lnet_chain *c, struct lnet_block *b, struct alc_err *err)
{
    enum alc_rc rc;
    b->head.gas_price = next_price(b->gas_price, b->gas_used);
    b->head.supply += b->minted;
    if (b->head.supply < b->burnt)
        return alc_fail(err, ALC_CORRUPT, "a block burnt more than there is");
    b->head.supply -= b->burnt;
    alc_sha256_final(&b->roll, &b->head.root);
    rc = settle_touched(c, b, err);
    if (rc == ALC_OK) rc = write_block(c, b, err);
    if (rc == ALC_OK) rc = lnet_head_write(c, &b->head, err);
    return rc;
}

/* ---- what is written on the way ---- */

static enum alc_rc queue(struct lnet_chain *c, const struct lnet_receipt *r, struct alc_err *err)
{
    struct alc_buf body = ALC_BUF(LNET_DOC_MAX_BYTES);
    enum alc_rc rc = ALC_NOMEM;
    lnet_receipt_write(&body, r);
    if (!body.failed)
        rc = alc_store_exec(c->store, NULL, "INSERT INTO queue(seq, body) VALUES($1, $2)",
                            ALC_ARGS(ALC_INT(r->seq), ALC_BLOB(alc_buf_bytes(&body))), err);
    alc_buf_fini(&body);
    return rc;
}

enum alc_rc lnet_block_receipt(struct lnet_chain *c, struct lnet_block *b, struct lnet_receipt *r,
                               enum lnet_way way, struct alc_err *err)
{
    struct alc_buf doc = ALC_BUF(LNET_DOC_MAX_BYTES);
    struct alc_jw w = {.out = &doc};
    enum alc_rc rc = ALC_NOMEM;
    r->seq = ++b->head.receipt_seq;
    lnet_view_receipt(&w, r);
    if (!doc.failed)
        rc = alc_store_exec(c->store, NULL,
                            "INSERT INTO receipt(seq, id, tx, way, doc) VALUES($1, $2, $3, $4, $5)",
                            ALC_ARGS(ALC_INT(r->seq), ALC_BLOB(alc_hash_bytes(&r->id)),
                                     ALC_INT(r->tx), ALC_INT(way), ALC_TEXT(alc_buf_bytes(&doc))),
                            err);
    if (rc == ALC_OK && way == LNET_TRAVELS) rc = queue(c, r, err);
    alc_buf_fini(&doc);
    return rc;
}

static enum alc_rc touch(struct lnet_block *b, uint64_t tx)
{
    if (b->touched_count > 0 && b->touched[b->touched_count - 1].seq == tx) return ALC_OK;
    if (b->touched_count == b->touched_cap) {
        size_t cap = b->touched_cap == 0 ? 64 : b->touched_cap * 2;
        struct lnet_touched *more = alc_arena_array(&b->arena, cap, sizeof *more);
        if (more == NULL) return ALC_NOMEM;
        if (b->touched_count > 0) memcpy(more, b->touched, b->touched_count * sizeof *more);
        b->touched = more;
        b->touched_cap = cap;
    }
    b->touched[b->touched_count++].seq = tx;
    return ALC_OK;
}

enum alc_rc lnet_block_outcome(struct lnet_chain *c, struct lnet_block *b, uint64_t tx,
                               const struct lnet_outcome *o, int64_t work, int64_t refunds,
                               struct alc_err *err)
{
    struct alc_buf doc = ALC_BUF(LNET_DOC_MAX_BYTES), status = ALC_BUF(LNET_DOC_MAX_BYTES);
    struct alc_jw dw = {.out = &doc}, sw = {.out = &status};
    struct alc_bytes children = {(const uint8_t *)o->children,
                                 o->children_count * sizeof *o->children};
    enum alc_rc rc = ALC_NOMEM;
    lnet_view_outcome(&dw, o);
    lnet_view_status(&sw, o);
    if (doc.failed || status.failed) goto out;
    alc_sha256_update(&b->roll, alc_buf_bytes(&doc));
    rc = alc_store_exec(
        c->store, NULL,
        "INSERT INTO outcome(seq, id, tx, kind, next, children, status, doc)"
        " VALUES($1, $2, $3, $4, $5, $6, $7, $8)",
        ALC_ARGS(
            ALC_INT(++b->head.outcome_seq), ALC_BLOB(alc_hash_bytes(&o->id)), ALC_INT(tx),
            ALC_INT(o->status),
            o->status == LNET_STATUS_RECEIPT ? ALC_BLOB(alc_hash_bytes(&o->next)) : ALC_NULL_ARG,
            ALC_BLOB(children), ALC_TEXT(alc_buf_bytes(&status)), ALC_TEXT(alc_buf_bytes(&doc))),
        err);
    if (rc == ALC_OK && (work != 0 || refunds != 0))
        rc = alc_store_exec(c->store, NULL,
                            "UPDATE tx SET work = work + $2, refunds = refunds + $3 WHERE seq = $1",
                            ALC_ARGS(ALC_INT(tx), ALC_INT(work), ALC_INT(refunds)), err);
    if (rc == ALC_OK) rc = touch(b, tx);
out:
    alc_buf_fini(&doc);
    alc_buf_fini(&status);
    return rc;
}

/* ---- receipts ---- */

/* One slot of the block, with an arena of its own. */
static enum alc_rc deliver(struct lnet_chain *c, struct lnet_block *b, const struct lnet_receipt *r,
                           struct alc_err *err)
{
    struct alc_arena arena = ALC_ARENA(LNET_RECEIPT_ARENA_BYTES);
    enum alc_rc rc = lnet_deliver(c, b, r, &arena, err);
    alc_arena_fini(&arena);
    return rc;
}

/* Those that find the block full go on the queue. */
static enum alc_rc deliver_local(struct lnet_chain *c, struct lnet_block *b, struct alc_err *err)
{
    for (size_t i = 0; i < b->local_count; i++) {
        bool full = b->gas_used >= LNET_GAS_LIMIT;
        enum alc_rc rc = full ? queue(c, &b->local[i], err) : deliver(c, b, &b->local[i], err);
        if (rc != ALC_OK) return rc;
    }
    return ALC_OK;
}

/* Takes the first queued receipt of those numbered at most `last`.  ALC_NOT_FOUND: none. */
static enum alc_rc next_queued(struct lnet_chain *c, uint64_t last, struct lnet_receipt *out,
                               struct alc_arena *arena, struct alc_err *err)
{
    struct alc_rows r;
    struct alc_bytes body;
    bool copied;
    int64_t seq;
    enum alc_rc rc =
        lnet_row(&r, c->store, "SELECT seq, body FROM queue WHERE seq <= $1 ORDER BY seq LIMIT 1",
                 ALC_ARGS(ALC_INT(last)), err);
    if (rc != ALC_OK) return rc;
    seq = alc_rows_int(&r, 0);
    copied = alc_arena_copy(arena, alc_rows_bytes(&r, 1), &body);
    alc_rows_end(&r);
    if (!copied) return ALC_NOMEM;
    rc = alc_store_exec(c->store, NULL, "DELETE FROM queue WHERE seq = $1", ALC_ARGS(ALC_INT(seq)),
                        err);
    return rc == ALC_OK ? lnet_receipt_read(out, body, arena, err) : rc;
}

/* Receipts of earlier blocks, the oldest first, until the block is full. */
static enum alc_rc deliver_queue(struct lnet_chain *c, struct lnet_block *b, struct alc_err *err)
{
    enum alc_rc rc = ALC_OK;
    while (rc == ALC_OK && b->gas_used < LNET_GAS_LIMIT) {
        struct alc_arena arena = ALC_ARENA(LNET_RECEIPT_ARENA_BYTES);
        struct lnet_receipt r;
        rc = next_queued(c, c->head.receipt_seq, &r, &arena, err);
        if (rc == ALC_OK) rc = lnet_deliver(c, b, &r, &arena, err);
        alc_arena_fini(&arena);
    }
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

/* ---- the block ---- */

static enum alc_rc fill(struct lnet_chain *c, struct lnet_block *b,
                        const struct lnet_block_plan *plan, size_t *taken, struct alc_err *err)
{
    enum alc_rc rc = ALC_OK;
    if (plan->patch.n > 0) rc = lnet_patch_apply(c, b, plan->patch, err);
    if (rc == ALC_OK && plan->import != NULL) rc = lnet_import_block(c, b, plan->import, err);
    if (rc == ALC_OK) rc = lnet_block_txs(c, b, plan->pending, taken, err);
    if (rc == ALC_OK) rc = deliver_local(c, b, err);
    if (rc == ALC_OK) rc = deliver_queue(c, b, err);
    if (rc == ALC_OK) rc = lnet_yield_timeouts(c, b, err);
    if (rc == ALC_OK) rc = lnet_block_finish(c, b, err);
    return rc;
}

enum alc_rc lnet_block_make(struct lnet_chain *c, const struct lnet_block_plan *plan,
                            struct lnet_block *done, size_t *taken, struct alc_err *err)
{
    enum alc_rc rc;
    *taken = 0;
    lnet_block_begin(c, done, plan->jump);
    rc = alc_store_begin(c->store, err);
    if (rc == ALC_OK) rc = alc_changes_begin(c->changes, err);
    if (rc == ALC_OK) rc = fill(c, done, plan, taken, err);
    if (rc == ALC_OK) rc = lnet_past_keep(c, done, err);
    alc_changes_end(c->changes);
    alc_failpoint("block.filled");
    if (rc == ALC_OK) rc = alc_store_commit(c->store, err);
    alc_failpoint("block.committed"); /* nobody has been told */
    if (rc != ALC_OK)
        alc_store_rollback(c->store);
    else
        c->head = done->head;
    return rc;
}

void lnet_block_fini(struct lnet_block *b)
{
    alc_arena_fini(&b->arena);
    *b = (struct lnet_block){0};
}
