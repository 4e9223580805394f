/* localnet/block.c — one block: transactions, receipts in their order, timeouts, and what is
 * written of it, all in one transaction of the store (near.md 7). */
#include <stdlib.h>
#include <string.h>

#include "localnet/views.h"

#define IDLE_BLOCK_NS 1000000000u /* time that a skipped height stands for on an instant chain */
#define PRICE_RATE 100u           /* the gas price moves by at most half of 1/100 in a block */
#define PRICE_MIN ((__uint128_t)100000000u)
#define PRICE_MAX ((__uint128_t)10000000000000000000u)

/* ---- the head ---- */

static enum alc_rc read_head(struct lnet_chain *c, const struct alc_rows *r, struct alc_err *err)
{
    struct lnet_head *h = &c->head;
    struct alc_bytes id = alc_rows_bytes(r, 0), key = alc_rows_bytes(r, 1);
    enum alc_rc rc;
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
    return rc;
}

static enum alc_rc write_head(struct lnet_chain *c, const struct lnet_head *h, struct alc_err *err)
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

static void begin(struct lnet_chain *c, struct lnet_block *b, uint64_t jump)
{
    uint64_t block_ns =
        c->conf.block_time_ms > 0 ? c->conf.block_time_ms * UINT64_C(1000000) : IDLE_BLOCK_NS;
    uint64_t now;
    *b = (struct lnet_block){.head = c->head,
                             .prev_hash = c->head.ref.hash,
                             .prev_height = c->head.ref.height,
                             .gas_price = c->head.gas_price,
                             .arena = ALC_ARENA(LNET_RECEIPT_ARENA_BYTES)};
    b->head.ref.height += jump;
    b->head.ordinal++;
    if (jump > 1) b->head.time_ahead_ns += jump * block_ns;
    now = c->clock->wall_ns(c->clock->ctx) + b->head.time_ahead_ns;
    b->head.ref.timestamp_ns = now > c->head.ref.timestamp_ns ? now : c->head.ref.timestamp_ns + 1;
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
    if (next < PRICE_MIN) return PRICE_MIN;
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

static enum alc_rc finish(struct lnet_chain *c, struct lnet_block *b, struct alc_err *err)
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
    if (rc == ALC_OK) rc = write_head(c, &b->head, err);
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

/* ---- transactions ---- */

static enum alc_rc write_tx(struct lnet_chain *c, struct lnet_block *b,
                            const struct alc_near_signed *s, struct alc_err *err)
{
    struct alc_buf doc = ALC_BUF(LNET_DOC_MAX_BYTES);
    struct alc_jw w = {.out = &doc};
    enum alc_rc rc = ALC_NOMEM;
    lnet_view_tx(&w, s);
    if (!doc.failed) /* its receipt is work; a refused one takes that back */
        rc = alc_store_exec(
            c->store, NULL,
            "INSERT INTO tx(seq, hash, sir, work, refunds, doc) VALUES($1, $2, $3, 1, 0, $4)",
            ALC_ARGS(ALC_INT(b->head.tx_seq + 1), ALC_BLOB(alc_hash_bytes(&s->hash)),
                     ALC_INT(alc_bytes_eq(s->tx.signer_id, s->tx.receiver_id)),
                     ALC_TEXT(alc_buf_bytes(&doc))),
            err);
    if (rc == ALC_OK) b->head.tx_seq++;
    alc_buf_fini(&doc);
    return rc;
}

/* A transaction that was valid when it came and is not any more. */
static enum alc_rc refuse_tx(struct lnet_chain *c, struct lnet_block *b,
                             const struct alc_near_signed *s, const struct alc_buf *why,
                             struct alc_err *err)
{
    struct alc_buf failure = ALC_BUF(LNET_DOC_MAX_BYTES);
    struct lnet_outcome o = {.id = s->hash,
                             .block_hash = b->head.ref.hash,
                             .executor = s->tx.signer_id,
                             .status = LNET_STATUS_FAILURE,
                             .is_tx = true};
    enum alc_rc rc = ALC_NOMEM;
    alc_buf_put_text(&failure, "{\"InvalidTxError\":");
    alc_buf_put_bytes(&failure, alc_buf_bytes(why));
    alc_buf_put_text(&failure, "}");
    o.failure = alc_buf_bytes(&failure);
    if (!failure.failed) rc = lnet_block_outcome(c, b, b->head.tx_seq, &o, -1, 0, err);
    alc_buf_fini(&failure);
    return rc;
}

/* The signer pays, and one receipt is made. */
static enum alc_rc convert(struct lnet_chain *c, struct lnet_block *b,
                           const struct alc_near_signed *s, const struct lnet_signer *signer,
                           struct alc_err *err)
{
    struct lnet_receipt r = {.kind = LNET_ACTION,
                             .tx = b->head.tx_seq,
                             .signer_key = s->tx.key,
                             .gas_price = signer->cost.receipt_gas_price,
                             .actions = s->tx.actions,
                             .actions_count = s->tx.actions_count};
    struct lnet_outcome o = {.id = s->hash,
                             .block_hash = b->head.ref.hash,
                             .executor = s->tx.signer_id,
                             .gas_burnt = signer->cost.burnt_gas,
                             .tokens_burnt = signer->cost.burnt,
                             .children = &r.id,
                             .children_count = 1,
                             .status = LNET_STATUS_RECEIPT,
                             .is_tx = true};
    bool local = alc_bytes_eq(s->tx.signer_id, s->tx.receiver_id);
    enum alc_rc rc;
    if (!alc_near_id_set(&r.predecessor, s->tx.signer_id) ||
        !alc_near_id_set(&r.receiver, s->tx.receiver_id))
        return alc_fail(err, ALC_CORRUPT, "a checked transaction names no account");
    r.signer = r.predecessor;
    lnet_journal_cause(c, "transaction_processing", "tx_hash", &s->hash);
    rc = lnet_account_put(c, r.signer.s, &signer->account, err);
    if (rc == ALC_OK) rc = lnet_key_touch(c, r.signer.s, &s->tx.key, &signer->access, err);
    if (rc != ALC_OK) return rc;
    b->burnt += signer->cost.burnt;
    b->gas_used += signer->cost.burnt_gas;
    lnet_ix(&r.id, &s->hash, b->head.ref.height, 0);
    o.next = r.id;
    rc = lnet_block_outcome(c, b, r.tx, &o, 0, 0, err);
    if (rc == ALC_OK) rc = lnet_block_receipt(c, b, &r, local ? LNET_LOCAL : LNET_TRAVELS, err);
    if (rc == ALC_OK && local) b->local[b->local_count++] = r;
    return rc;
}

static enum alc_rc take_tx(struct lnet_chain *c, struct lnet_block *b,
                           const struct alc_near_signed *s, struct alc_err *err)
{
    struct alc_arena arena = ALC_ARENA(LNET_RECEIPT_ARENA_BYTES);
    struct alc_buf why = ALC_BUF(LNET_DOC_MAX_BYTES);
    struct lnet_signer signer;
    enum alc_rc rc = write_tx(c, b, s, err);
    if (rc == ALC_CONFLICT) { /* it is in an earlier block */
        rc = ALC_OK;
    } else if (rc == ALC_OK) {
        rc = lnet_check_state(c, &s->tx, b->head.ref.height, b->gas_price, &signer, &why, &arena,
                              err);
        if (rc == ALC_OK)
            rc = why.n > 0 ? refuse_tx(c, b, s, &why, err) : convert(c, b, s, &signer, err);
    }
    alc_buf_fini(&why);
    alc_arena_fini(&arena);
    return rc;
}

/* Takes transactions while they fill less than half of the block, and at least one. */
static enum alc_rc take_txs(struct lnet_chain *c, struct lnet_block *b,
                            const struct lnet_pending *p, size_t *taken, struct alc_err *err)
{
    size_t count = 0;
    for (const struct lnet_pending *q = p; q != NULL; q = q->next)
        count++;
    b->local = alc_arena_array(&b->arena, count, sizeof *b->local);
    if (b->local == NULL) return ALC_NOMEM;
    for (*taken = 0; p != NULL; p = p->next) {
        if (b->gas_used > LNET_GAS_LIMIT / 2) break;
        enum alc_rc rc = take_tx(c, b, &p->tx, err);
        if (rc != ALC_OK) return rc;
        ++*taken;
    }
    return ALC_OK;
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
    if (rc == ALC_OK) rc = take_txs(c, b, plan->pending, taken, err);
    if (rc == ALC_OK) rc = deliver_local(c, b, err);
    if (rc == ALC_OK) rc = deliver_queue(c, b, err);
    if (rc == ALC_OK) rc = lnet_yield_timeouts(c, b, err);
    if (rc == ALC_OK) rc = finish(c, b, err);
    return rc;
}

enum alc_rc lnet_block_make(struct lnet_chain *c, const struct lnet_block_plan *plan,
                            struct lnet_block *done, size_t *taken, struct alc_err *err)
{
    enum alc_rc rc;
    *taken = 0;
    begin(c, done, plan->jump);
    rc = alc_store_begin(c->store, err);
    if (rc == ALC_OK) rc = fill(c, done, plan, taken, err);
    if (rc == ALC_OK) rc = alc_store_commit(c->store, err);
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

/* ---- genesis ---- */

static enum alc_rc genesis_account(struct lnet_chain *c, struct lnet_block *b,
                                   const struct lnet_genesis_account *g, struct alc_err *err)
{
    static const struct alc_near_access full = {.permission = ALC_NEAR_FULL_ACCESS};
    struct lnet_account a = {.amount = g->amount,
                             .locked = g->locked,
                             .usage_bytes =
                                 c->fees.account_bytes + lnet_key_usage(&c->fees, &g->key, &full)};
    enum alc_rc rc;
    if (!alc_near_id_valid(alc_near_id_bytes(&g->id)))
        return alc_fail(err, ALC_BAD_INPUT, "genesis: \"%s\" is no account id", g->id.s);
    if (__builtin_add_overflow(b->head.supply, g->amount, &b->head.supply) ||
        __builtin_add_overflow(b->head.supply, g->locked, &b->head.supply))
        return alc_fail(err, ALC_BAD_INPUT, "genesis: the total supply overflows");
    alc_sha256_update(&b->roll, alc_near_id_bytes(&g->id));
    alc_sha256_update(&b->roll, (struct alc_bytes){g->key.b, sizeof g->key.b});
    rc = lnet_account_put(c, g->id.s, &a, err);
    return rc == ALC_OK ? lnet_key_put(c, g->id.s, &g->key, &full, err) : rc;
}

static enum alc_rc write_genesis(struct lnet_chain *c, struct lnet_block *b, struct alc_err *err)
{
    uint8_t key[1 + sizeof c->validator_key.b], zero[16] = {0};
    const struct alc_hash *hash = &b->head.ref.hash;
    enum alc_rc rc = ALC_OK;
    for (size_t i = 0; rc == ALC_OK && i < c->conf.accounts_count; i++)
        rc = genesis_account(c, b, &c->conf.accounts[i], err);
    if (rc != ALC_OK) return rc;
    key[0] = c->validator_key.curve;
    memcpy(key + 1, c->validator_key.b, sizeof c->validator_key.b);
    rc = alc_store_exec(
        c->store, NULL,
        "INSERT INTO head(one, chain_id, validator_key, genesis_height, genesis_hash, genesis_time,"
        " height, hash, time, time_ahead, root, gas_price, supply, ordinal)"
        " VALUES(1, $1, $2, 0, $3, $4, 0, $3, $4, 0, $3, $5, $5, 0)",
        ALC_ARGS(ALC_TEXT(alc_cstr(c->chain_id)), ALC_BLOB(((struct alc_bytes){key, sizeof key})),
                 ALC_BLOB(alc_hash_bytes(hash)), ALC_INT(b->head.ref.timestamp_ns),
                 ALC_BLOB(((struct alc_bytes){zero, sizeof zero}))),
        err);
    return rc == ALC_OK ? finish(c, b, err) : rc;
}

enum alc_rc lnet_block_genesis(struct lnet_chain *c, struct alc_err *err)
{
    struct lnet_block b;
    enum alc_rc rc;
    c->validator_key = c->conf.validator_key;
    c->head = (struct lnet_head){.gas_price = PRICE_MIN};
    alc_sha256(&c->head.root, alc_cstr(c->chain_id));
    begin(c, &b, 0);
    b.head.ordinal = 0;
    rc = alc_store_begin(c->store, err);
    if (rc == ALC_OK) rc = write_genesis(c, &b, err);
    if (rc == ALC_OK) rc = alc_store_commit(c->store, err);
    if (rc != ALC_OK) alc_store_rollback(c->store);
    lnet_block_fini(&b);
    return rc == ALC_OK ? lnet_block_load(c, err) : rc;
}
