/* The thread that gets quotes: one for many statements, over the root of their Merkle tree; and,
 * when no statement waits, one for each record.  What waits stands in the store, so a restart loses
 * nothing, and a source that fails costs time alone. */
#include "worker/parts.h"

#include <stdlib.h>
#include <string.h>

#define IDLE_MS 5000u /* a look at what waits, even if nobody told of it */
#define AGAIN_MS 100u /* after a failure; it doubles */
#define AGAIN_MAX_MS 10000u
#define LOG_MAX_BYTES ALC_EVENTS_MAX_BYTES
#define STEP_BYTES 33u
#define LEVELS_MAX 11u /* of a tree of ALC_WORKER_BATCH_MAX leaves */
#define HEAD_BYTES (8u + 1u + 3u * 32u)

_Static_assert(ALC_WORKER_BATCH_MAX <= 1u << (LEVELS_MAX - 1), "a tree has room for its levels");

/* ---- the tree ---- */

/* All levels are kept, since a path asks for one node of each. */
struct tree {
    struct alc_hash *nodes; /* the leaves, then level after level */
    size_t start[LEVELS_MAX], count[LEVELS_MAX];
    unsigned levels;
};

static enum alc_rc grow(struct tree *t, const struct alc_unproven *list, size_t count,
                        struct alc_arena *arena)
{
    size_t at = 0;

    t->nodes = alc_arena_array(arena, 2 * count + LEVELS_MAX, sizeof *t->nodes);
    if (t->nodes == NULL) return ALC_NOMEM;
    for (size_t i = 0; i < count; i++)
        alc_merkle_leaf(&t->nodes[i], &list[i].statement, &alc_verify_native);
    for (t->levels = 0;; count = (count + 1) / 2) {
        const struct alc_hash *below = t->nodes + at;
        t->start[t->levels] = at;
        t->count[t->levels++] = count;
        if (count == 1) return ALC_OK;
        at += count;
        for (size_t i = 0; i < count; i += 2) {
            struct alc_hash pair[2] = {below[i], i + 1 < count ? below[i + 1] : below[i]};
            /* One without a partner moves up: the root of one node is the node. */
            alc_merkle_root(&t->nodes[at + i / 2], pair, i + 1 < count ? 2 : 1, &alc_verify_native);
        }
    }
}

/* path writes a leaf's own part of its evidence: count of steps, then the steps. */
static enum alc_rc path(const struct tree *t, size_t index, struct alc_bytes *out,
                        struct alc_arena *arena)
{
    uint8_t *buf = alc_arena_alloc(arena, 4 + STEP_BYTES * LEVELS_MAX);
    struct alc_borsh steps;
    uint32_t n = 0;

    if (buf == NULL) return ALC_NOMEM;
    steps = alc_borsh(buf + 4, STEP_BYTES * LEVELS_MAX);
    for (unsigned level = 0; level + 1 < t->levels; level++, index /= 2) {
        size_t other = index ^ 1;
        if (other >= t->count[level]) continue;
        alc_borsh_put_u8(&steps, other > index);
        alc_borsh_put_hash(&steps, &t->nodes[t->start[level] + other]);
        n++;
    }
    steps = alc_borsh(buf, 4);
    alc_borsh_put_u32(&steps, n);
    *out = (struct alc_bytes){buf, 4 + STEP_BYTES * (size_t)n};
    return ALC_OK;
}

/* ---- a batch ---- */

/* encode writes the evidence without a path and cuts it where a leaf's own part belongs. */
static enum alc_rc encode(struct alc_batch *b, const struct alc_binding *binding,
                          struct alc_bytes quote, struct alc_arena *arena, struct alc_err *err)
{
    const struct alc_evidence e = {.binding = *binding, .quote = quote};
    uint8_t *buf = alc_arena_alloc(arena, ALC_EVIDENCE_MAX_BYTES);
    size_t n;

    if (buf == NULL) return ALC_NOMEM;
    n = alc_evidence_write(&e, buf, ALC_EVIDENCE_MAX_BYTES);
    if (n == 0) return alc_fail(err, ALC_LIMIT, "a quote of %zu bytes is too long", quote.n);
    b->head = (struct alc_bytes){buf, HEAD_BYTES};
    b->tail = (struct alc_bytes){buf + HEAD_BYTES + 4, n - HEAD_BYTES - 4};
    return ALC_OK;
}

static void counted(struct alc_worker *w, size_t statements)
{
    pthread_mutex_lock(&w->lock);
    w->stats.quotes++;
    w->stats.batches++;
    w->stats.statements += statements;
    pthread_mutex_unlock(&w->lock);
}

enum alc_rc wk_prove_batch(struct wk_slot *s, const struct alc_unproven *list, size_t count,
                           struct alc_err *err)
{
    struct alc_arena arena = ALC_ARENA(8u << 20);
    struct alc_buf quote = ALC_BUF(ALC_QUOTE_MAX_BYTES), log = ALC_BUF(LOG_MAX_BYTES);
    struct alc_binding binding = {.kind = ALC_EVIDENCE_BATCH};
    struct alc_batch_leaf *leaves = alc_arena_array(&arena, count, sizeof *leaves);
    struct alc_batch batch = {.head = {NULL, 0}};
    uint8_t report_data[64];
    struct tree tree;
    enum alc_rc rc = leaves == NULL ? ALC_NOMEM : grow(&tree, list, count, &arena);

    if (rc == ALC_OK) rc = wk_anchor(s, err);
    if (rc == ALC_OK) rc = alc_queue_last_root(s->queue, &binding.previous, err);
    if (rc == ALC_NOT_FOUND) rc = ALC_OK; /* the first batch follows none */
    if (rc != ALC_OK) goto out;
    binding.anchor_hash = s->anchor.hash;
    batch.root = tree.nodes[tree.start[tree.levels - 1]];
    alc_report_data(report_data, &batch.root, &binding, &alc_verify_native);
    rc = alc_attest_quote(s->worker->conf.attest, report_data, &quote, &log, err);
    if (rc == ALC_OK) rc = encode(&batch, &binding, alc_buf_bytes(&quote), &arena, err);
    batch.event_log = alc_buf_bytes(&log);
    for (size_t i = 0; i < count && rc == ALC_OK; i++) {
        leaves[i].statement = list[i].statement;
        rc = path(&tree, i, &leaves[i].path, &arena);
    }
    if (rc == ALC_OK) rc = alc_queue_put_batch(s->queue, &batch, leaves, count, err);
    if (rc == ALC_OK) counted(s->worker, count);
out:
    alc_buf_fini(&log);
    alc_buf_fini(&quote);
    alc_arena_fini(&arena);
    return rc;
}

/* ---- the thread ---- */

/* collect waits for statements, and then for more of them, as long as one may wait for company.
 * `idle`: nothing else is to be done meanwhile. */
static void collect(struct alc_worker *w, bool idle)
{
    uint64_t until;

    pthread_mutex_lock(&w->lock);
    if (w->unproven == 0 && idle && !w->stop) wk_pause(w, &w->prove, IDLE_MS);
    until = alc_clock_mono_ms(w->conf.clock) + w->conf.batch_ms;
    while (w->unproven > 0 && w->unproven < ALC_WORKER_BATCH_MAX && !w->stop) {
        uint64_t now = alc_clock_mono_ms(w->conf.clock);
        if (now >= until) break;
        wk_pause(w, &w->prove, (uint32_t)(until - now));
    }
    w->unproven = 0;
    pthread_mutex_unlock(&w->lock);
}

/* prove makes quotes until no statement waits for one. */
static enum alc_rc prove(struct wk_slot *s, struct alc_err *err)
{
    struct alc_worker *w = s->worker;
    struct alc_unproven *list = malloc(ALC_WORKER_BATCH_MAX * sizeof *list);
    size_t count = 0;
    enum alc_rc rc = list == NULL ? ALC_NOMEM : ALC_OK;

    while (rc == ALC_OK && !w->stop) {
        rc = alc_queue_unproven(s->queue, list, &count, ALC_WORKER_BATCH_MAX, err);
        if (rc != ALC_OK || count == 0) break;
        rc = wk_prove_batch(s, list, count, err);
        if (rc != ALC_OK) break;
        alc_log(ALC_INFO, "attest.batch", "statements=%zu source=%s", count,
                alc_source_name(alc_attest_source(w->conf.attest)));
        wk_unhold(w);
    }
    free(list);
    return rc;
}

/* record makes the record of the oldest job without one.  ALC_NOT_FOUND: all have theirs. */
static enum alc_rc record(struct wk_slot *s, struct alc_err *err)
{
    struct alc_worker *w = s->worker;
    uint64_t job;
    size_t count = 0;
    enum alc_rc rc;

    if (!w->conf.records) return ALC_NOT_FOUND;
    rc = alc_queue_unrecorded(s->queue, &job, &count, 1, err);
    if (rc == ALC_OK && count == 0) return ALC_NOT_FOUND;
    return rc == ALC_OK ? wk_record(s, job, err) : rc;
}

/* rest tells of a source that fails, once, and waits: on `cond`, so that statements need not wait
 * for a record's sake. */
static void rest(struct alc_worker *w, pthread_cond_t *cond, uint32_t *again_ms,
                 const struct alc_err *err, enum alc_rc rc)
{
    pthread_mutex_lock(&w->lock);
    w->stats.quote_failures++;
    pthread_mutex_unlock(&w->lock);
    if (*again_ms == 0)
        alc_log(ALC_WARN, "attest.quote", "why=\"%s\" next=\"asks again, with growing pauses\"",
                alc_err_text(err, rc));
    *again_ms = *again_ms == 0 ? AGAIN_MS : *again_ms * 2;
    if (*again_ms > AGAIN_MAX_MS) *again_ms = AGAIN_MAX_MS;
    pthread_mutex_lock(&w->lock);
    if (!w->stop) wk_pause(w, cond, *again_ms);
    pthread_mutex_unlock(&w->lock);
}

void *wk_prover(void *slot)
{
    struct wk_slot *s = slot;
    struct alc_worker *w = s->worker;
    uint32_t again_ms = 0; /* 0: the last quote came */
    bool idle = false;     /* the first look is for what a former process left */

    while (!w->stop) {
        struct alc_err err = {0};
        bool proved;
        enum alc_rc rc;

        if (again_ms == 0) collect(w, idle);
        rc = prove(s, &err);
        proved = rc == ALC_OK;
        if (proved) rc = record(s, &err);
        idle = rc == ALC_NOT_FOUND;
        if (rc != ALC_OK && rc != ALC_NOT_FOUND) {
            if (!w->stop) rest(w, proved ? &w->prove : &w->rest, &again_ms, &err, rc);
            continue;
        }
        if (again_ms > 0) alc_log(ALC_INFO, "attest.quote", "state=\"quotes come again\"");
        again_ms = 0;
    }
    return NULL;
}
