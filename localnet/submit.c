/* localnet/submit.c — transactions on their way into a block, and those who wait for them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "localnet/node.h"

/* ---- pending transactions, under `door` ---- */

static struct lnet_pending **bucket_of(struct lnet_chain *c, const struct alc_hash *hash)
{
    return &c->buckets[((unsigned)hash->b[0] << 8 | hash->b[1]) % LNET_BUCKETS];
}

static struct lnet_pending *find(struct lnet_chain *c, const struct alc_hash *hash)
{
    struct lnet_pending *p = *bucket_of(c, hash);
    while (p != NULL && !alc_hash_eq(&p->hash, hash))
        p = p->bucket;
    return p;
}

bool lnet_is_pending(struct lnet_chain *c, const struct alc_hash *hash)
{
    pthread_mutex_lock(&c->door);
    bool is = find(c, hash) != NULL;
    pthread_mutex_unlock(&c->door);
    return is;
}

static void pending_free(struct lnet_pending *p)
{
    if (p == NULL) return;
    alc_arena_fini(&p->arena);
    free(p);
}

static void forget(struct lnet_chain *c, struct lnet_pending *p)
{
    struct lnet_pending **at = bucket_of(c, &p->hash);
    while (*at != p)
        at = &(*at)->bucket;
    *at = p->bucket;
    c->pending_count--;
    c->pending_bytes -= p->bytes;
    pending_free(p);
}

struct lnet_pending *lnet_pending_take(struct lnet_chain *c)
{
    struct lnet_pending *list = c->pending;
    c->pending = NULL;
    c->pending_end = &c->pending;
    return list;
}

/* By what the nonces are counted of: a key, and of a gas key each index. */
static int by_key(const struct lnet_pending *a, const struct lnet_pending *b)
{
    const struct alc_near_tx *x = &a->tx.tx, *y = &b->tx.tx;
    struct alc_bytes k = alc_near_key_raw(&x->key), l = alc_near_key_raw(&y->key);
    if (x->key.curve != y->key.curve) return x->key.curve < y->key.curve ? -1 : 1;
    int c = memcmp(k.p, l.p, k.n);
    if (c != 0) return c;
    if (x->signer_id.n != y->signer_id.n) return x->signer_id.n < y->signer_id.n ? -1 : 1;
    c = memcmp(x->signer_id.p, y->signer_id.p, x->signer_id.n);
    return c != 0 ? c : (int)x->nonce_index - (int)y->nonce_index;
}

static int by_key_and_place(const void *a, const void *b)
{
    const struct lnet_pending *const *x = a, *const *y = b;
    int c = by_key(*x, *y);
    if (c != 0) return c;
    return (*x)->place < (*y)->place ? -1 : 1;
}

static int by_key_and_nonce(const void *a, const void *b)
{
    const struct lnet_pending *const *x = a, *const *y = b;
    int c = by_key(*x, *y);
    if (c != 0) return c;
    if ((*x)->tx.tx.nonce != (*y)->tx.tx.nonce)
        return (*x)->tx.tx.nonce < (*y)->tx.tx.nonce ? -1 : 1;
    return (*x)->place < (*y)->place ? -1 : 1;
}

struct lnet_pending *lnet_pending_order(struct lnet_pending *list)
{
    struct lnet_pending **places, **nonces, **line;
    size_t n = 0;
    for (struct lnet_pending *p = list; p != NULL; p = p->next)
        p->place = n++;
    if (n < 2) return list;
    places = calloc(3 * n, sizeof *places);
    if (places == NULL) return list; /* in the order of arrival, then */
    nonces = places + n;
    line = nonces + n;
    for (struct lnet_pending *p = list; p != NULL; p = p->next)
        places[p->place] = p;
    memcpy(nonces, places, n * sizeof *places);
    qsort(places, n, sizeof *places, by_key_and_place);
    qsort(nonces, n, sizeof *nonces, by_key_and_nonce);
    /* both are grouped by key alike: the i-th place of a key gets its i-th nonce */
    for (size_t i = 0; i < n; i++)
        line[places[i]->place] = nonces[i];
    for (size_t i = 0; i < n; i++)
        line[i]->next = i + 1 < n ? line[i + 1] : NULL;
    list = line[0];
    free(places);
    return list;
}

void lnet_pending_done(struct lnet_chain *c, struct lnet_pending *list, size_t taken)
{
    for (; taken > 0; taken--) {
        struct lnet_pending *next = list->next;
        forget(c, list);
        list = next;
    }
    if (list == NULL) return;
    struct lnet_pending *last = list;
    while (last->next != NULL)
        last = last->next;
    last->next = c->pending;
    if (c->pending == NULL) c->pending_end = &last->next;
    c->pending = list;
}

void lnet_pending_fini(struct lnet_chain *c)
{
    struct lnet_pending *list = lnet_pending_take(c);
    while (list != NULL) {
        struct lnet_pending *next = list->next;
        forget(c, list);
        list = next;
    }
}

/* ---- submit ---- */

static enum alc_rc decode(struct lnet_pending **out, struct alc_bytes in, struct alc_err *err)
{
    struct lnet_pending *p = calloc(1, sizeof *p);
    struct alc_bytes own;
    enum alc_rc rc = ALC_NOMEM;
    if (p == NULL) return ALC_NOMEM;
    p->arena = ALC_ARENA(LNET_RECEIPT_ARENA_BYTES);
    if (!alc_arena_copy(&p->arena, in, &own)) goto fail;
    rc = alc_near_tx_read_any(&p->tx, own, &p->arena, err);
    if (rc != ALC_OK) goto fail;
    rc = ALC_BAD_INPUT;
    if (!alc_near_id_valid(p->tx.tx.signer_id) || !alc_near_id_valid(p->tx.tx.receiver_id)) {
        rc = alc_fail(err, ALC_BAD_INPUT, "the transaction names an account that cannot exist");
        goto fail;
    }
    p->hash = p->tx.hash;
    p->bytes = in.n;
    *out = p;
    return ALC_OK;
fail:
    pending_free(p);
    return rc;
}

/* Where a transaction of a block is.  ALC_NOT_FOUND: in none. */
static enum alc_rc level_of(struct lnet_chain *c, const struct alc_hash *tx, enum lnet_level *out,
                            struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc = lnet_row(&r, c->store, "SELECT work, refunds FROM tx WHERE hash = $1",
                              ALC_ARGS(ALC_BLOB(alc_hash_bytes(tx))), err);
    if (rc != ALC_OK) return rc;
    *out = lnet_block_level(alc_rows_int(&r, 0), alc_rows_int(&r, 1));
    alc_rows_end(&r);
    return ALC_OK;
}

/* The checks against the state, which needs the turn.  *known: it is in a block already. */
static enum alc_rc check(struct lnet_chain *c, struct lnet_pending *p, bool *known,
                         struct alc_buf *fail, struct alc_err *err)
{
    struct alc_arena arena = ALC_ARENA(LNET_RECEIPT_ARENA_BYTES);
    struct lnet_signer signer;
    enum lnet_level level;
    enum alc_rc rc = level_of(c, &p->hash, &level, err);
    *known = rc == ALC_OK;
    if (rc == ALC_NOT_FOUND)
        rc = lnet_check_state(c, &p->tx.tx, c->head.ref.height + 1, c->head.gas_price, &signer,
                              fail, &arena, err);
    alc_arena_fini(&arena);
    return rc;
}

static enum alc_rc refuse(struct alc_buf *invalid, const struct alc_buf *fail, struct alc_err *err)
{
    alc_buf_put_text(invalid, "{\"TxExecutionError\":{\"InvalidTxError\":");
    alc_buf_put_bytes(invalid, alc_buf_bytes(fail));
    alc_buf_put_text(invalid, "}}");
    if (invalid->failed || fail->failed) return ALC_NOMEM;
    return alc_fail(err, ALC_CONFLICT, "invalid transaction: %s", alc_buf_text(fail));
}

/* Puts it up for the next block, unless somebody was faster with the same one.  Takes `p`. */
static enum alc_rc put_up(struct lnet_chain *c, struct lnet_pending *p, struct alc_err *err)
{
    enum alc_rc rc = ALC_OK;
    pthread_mutex_lock(&c->door);
    if (c->seen.failed) {
        rc = alc_fail(err, ALC_IO, "the chain has stopped");
    } else if (find(c, &p->hash) != NULL) {
        pending_free(p);
        p = NULL;
    } else if (c->pending_count >= LNET_PENDING_MAX ||
               p->bytes > LNET_PENDING_MAX_BYTES - c->pending_bytes) {
        rc = alc_fail(err, ALC_BUSY, "%zu transactions wait already", c->pending_count);
    } else {
        struct lnet_pending **bucket = bucket_of(c, &p->hash);
        p->bucket = *bucket;
        *bucket = p;
        *c->pending_end = p;
        c->pending_end = &p->next;
        c->pending_count++;
        c->pending_bytes += p->bytes;
        pthread_cond_signal(&c->work);
    }
    pthread_mutex_unlock(&c->door);
    if (rc != ALC_OK) pending_free(p);
    return rc;
}

enum alc_rc lnet_chain_submit(struct lnet_chain *c, struct alc_bytes signed_tx,
                              struct alc_hash *hash, struct alc_buf *invalid, struct alc_err *err)
{
    struct alc_buf fail = ALC_BUF(LNET_DOC_MAX_BYTES);
    struct lnet_pending *p = NULL;
    bool known = false;
    enum alc_rc rc;
    rc = decode(&p, signed_tx, err);
    if (rc != ALC_OK) return rc;
    *hash = p->hash;
    if (!lnet_check_stateless(&c->fees, &p->tx, signed_tx.n, &fail)) {
        rc = refuse(invalid, &fail, err);
        goto out;
    }
    if (lnet_is_pending(c, &p->hash)) goto out;
    lnet_take(
        c); /* from the check on: a restore in between would change what it was checked against */
    rc = check(c, p, &known, &fail, err);
    if (rc == ALC_OK && !known && fail.n == 0) {
        rc = put_up(c, p, err);
        p = NULL;
        if (rc == ALC_OK && c->conf.deterministic) rc = lnet_chain_run(c, err);
    }
    lnet_give(c);
    if (rc == ALC_OK && fail.n > 0) rc = refuse(invalid, &fail, err);
out:
    pending_free(p);
    alc_buf_fini(&fail);
    return rc;
}

/* ---- waiting ---- */

static int by_hash(const void *key, const void *item)
{
    const struct alc_hash *h = key;
    const struct lnet_touched *t = item;
    return memcmp(h->b, t->hash.b, sizeof h->b);
}

void lnet_waiters_tell(struct lnet_chain *c, const struct lnet_block *b)
{
    for (struct lnet_waiter *w = c->waiters; w != NULL; w = w->next) {
        const struct lnet_touched *t = NULL;
        if (b == NULL) { /* the end: nothing more will come */
            pthread_cond_signal(&w->go);
            continue;
        }
        if (w->by_height) {
            w->met = b->head.ref.height >= w->height;
        } else if (b->touched_count > 0) {
            t = bsearch(&w->tx, b->touched, b->touched_count, sizeof *t, by_hash);
            if (t == NULL) continue;
            w->known = true;
            w->is = t->level;
            w->met = lnet_level_met(w->is, w->wanted);
        }
        if (w->met) pthread_cond_signal(&w->go);
    }
}

void lnet_waiters_end(struct lnet_chain *c)
{
    for (struct lnet_waiter *w = c->waiters; w != NULL; w = w->next) {
        w->ended = true;
        pthread_cond_signal(&w->go);
    }
}

static void join_line(struct lnet_chain *c, struct lnet_waiter *w)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&w->go, &attr);
    pthread_condattr_destroy(&attr);
    w->next = c->waiters;
    c->waiters = w;
}

/* Waits in the line until met, stopped or out of time, and leaves it.  Under `door`. */
static enum alc_rc stand_in_line(struct lnet_chain *c, struct lnet_waiter *w, uint32_t timeout_ms)
{
    struct timespec due = lnet_after_ms(timeout_ms);
    struct lnet_waiter **at = &c->waiters;
    while (!w->met && !w->ended && !c->stop)
        if (pthread_cond_timedwait(&w->go, &c->door, &due) == ETIMEDOUT) break;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    pthread_cond_destroy(&w->go);
    return w->met ? ALC_OK : ALC_TIMEOUT;
}

enum alc_rc lnet_chain_wait_height(struct lnet_chain *c, uint64_t height, uint32_t timeout_ms)
{
    struct lnet_waiter w = {.by_height = true, .height = height};
    enum alc_rc rc = ALC_OK;
    pthread_mutex_lock(&c->door);
    if (c->seen.head.height < height) {
        join_line(c, &w);
        rc = stand_in_line(c, &w, timeout_ms);
    }
    pthread_mutex_unlock(&c->door);
    return rc;
}

enum alc_rc lnet_chain_wait(struct lnet_chain *c, const struct alc_hash *tx, enum lnet_level level,
                            uint32_t timeout_ms, enum lnet_level *is, bool *known,
                            struct alc_err *err)
{
    struct lnet_waiter w = {.tx = *tx, .wanted = level};
    bool wait;
    enum alc_rc rc;
    lnet_take(c); /* no block is made between the look and the place in the line */
    rc = level_of(c, tx, &w.is, err);
    pthread_mutex_lock(&c->door);
    w.known = rc == ALC_OK || find(c, tx) != NULL;
    w.met = w.known && lnet_level_met(w.is, level);
    wait = (rc == ALC_OK || rc == ALC_NOT_FOUND) && !w.met;
    if (wait) join_line(c, &w);
    pthread_mutex_unlock(&c->door);
    lnet_give(c);
    if (w.met) rc = ALC_OK;
    if (wait) {
        pthread_mutex_lock(&c->door);
        rc = stand_in_line(c, &w, timeout_ms);
        if (find(c, tx) != NULL) w.known = true; /* submitted meanwhile */
        pthread_mutex_unlock(&c->door);
    }
    *is = w.is;
    *known = w.known;
    return rc;
}
