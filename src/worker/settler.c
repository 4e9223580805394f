/* The thread that brings answers to the chain: one line to it per key, since what a key signed is
 * settled under that key.  A line to an older key is closed once nothing is left to say on it. */
#include "worker/parts.h"

#include "base/failpoint.h"

#include <stdlib.h>
#include <string.h>

#define JOB_ARENA_BYTES (16u << 20)
#define ATTEMPTS_MAX 3u
#define PAUSE_PENDING_MS 25u
#define PAUSE_IDLE_MS 2000u

struct line {
    struct alc_hash key;
    struct alc_settle *settle; /* NULL: the account has lost the key */
};

struct settler {
    struct wk_slot *slot;
    struct line lines[ALC_WORKER_KEYS_MAX];
    size_t count;
    bool left; /* what a former process, or a failed round, left was put */
};

/* ---- lines ---- */

static struct line *find(struct settler *t, const struct alc_hash *key)
{
    for (size_t i = 0; i < t->count; i++)
        if (alc_hash_eq(&t->lines[i].key, key)) return &t->lines[i];
    return NULL;
}

static bool newest(const struct settler *t, const struct alc_hash *key)
{
    return alc_hash_eq(key, &alc_attest_key(t->slot->worker->conf.attest)->public_key);
}

static bool known(const struct settler *t)
{
    struct alc_worker *w = t->slot->worker;
    bool is;
    pthread_mutex_lock(&w->lock);
    is = w->known;
    pthread_mutex_unlock(&w->lock);
    return is;
}

/* lose gives up a key that the account no longer has, with the calls that wait under it. */
static enum alc_rc lose(struct settler *t, const struct alc_hash *key, const struct alc_err *why,
                        struct alc_err *err)
{
    struct line *l = find(t, key);

    alc_log(ALC_WARN, "settle.key_lost", "why=\"%s\" next=\"its answers become failures\"",
            alc_err_text(why, ALC_NOT_FOUND));
    if (l == NULL && t->count < ALC_WORKER_KEYS_MAX) {
        l = &t->lines[t->count++];
        l->key = *key;
    } else if (l != NULL) {
        alc_settle_close(l->settle);
    }
    if (l != NULL) l->settle = NULL;
    t->left = false;
    return alc_settle_lose(t->slot->store, key, err);
}

/* line_to opens the line of a key.  ALC_BUSY: the newest key is not registered yet, or an older one
 * not found yet.  ALC_NOT_FOUND: the key is lost. */
static enum alc_rc line_to(struct settler *t, struct line **out, const struct alc_hash *key,
                           struct alc_err *err)
{
    struct alc_worker *w = t->slot->worker;
    struct alc_settle_conf conf = {.account_id = w->conf.operator_id,
                                   .key = alc_attest_find(w->conf.attest, key),
                                   .rpc = t->slot->rpc,
                                   .clock = w->conf.clock,
                                   .durable = w->conf.durable};
    struct line *l = find(t, key);
    struct alc_settle *settle = NULL;
    struct alc_err late = {0};
    enum alc_rc rc;

    if (l != NULL && l->settle == NULL && !newest(t, key)) return ALC_NOT_FOUND;
    if (l == NULL || l->settle == NULL) {
        if ((newest(t, key) || conf.key == NULL) && !known(t)) return ALC_BUSY;
        if (conf.key == NULL)
            rc = alc_fail(err, ALC_NOT_FOUND, "a key signed calls whose file is gone");
        else
            rc = alc_settle_open(&settle, t->slot->store, &conf, err);
        if (rc == ALC_NOT_FOUND && newest(t, key)) return ALC_DENIED; /* someone must mend it */
        if (rc == ALC_NOT_FOUND) {
            rc = lose(t, key, err, &late);
            return rc == ALC_OK ? ALC_NOT_FOUND : rc;
        }
        if (rc != ALC_OK) return rc;
        if (l == NULL && t->count == ALC_WORKER_KEYS_MAX) {
            alc_settle_close(settle);
            return alc_fail(err, ALC_LIMIT, "%u keys settle already", ALC_WORKER_KEYS_MAX);
        }
        if (l == NULL) l = &t->lines[t->count++];
        *l = (struct line){*key, settle};
    }
    *out = l;
    return ALC_OK;
}

/* is_lost, as wk_deliver_key asks it. */
static bool is_lost(void *ctx, const struct alc_hash *key)
{
    struct settler *t = ctx;
    const struct line *l = find(t, key);

    if (newest(t, key)) return false;
    if (l != NULL) return l->settle == NULL;
    return alc_attest_find(t->slot->worker->conf.attest, key) == NULL && known(t);
}

/* ---- answers to calls ---- */

static enum alc_rc put(struct settler *t, struct wk_delivery *d, struct alc_arena *arena,
                       struct alc_err *err)
{
    struct alc_hash key;
    struct line *l;
    enum alc_rc rc;

    do { /* once more when the key turns out to be lost */
        rc = wk_deliver_key(t->slot, &key, d, is_lost, t, arena, err);
        if (rc == ALC_OK) rc = line_to(t, &l, &key, err);
    } while (rc == ALC_NOT_FOUND);
    if (rc == ALC_OK) rc = wk_deliver(t->slot, l->settle, d, arena, err);
    return rc == ALC_BUSY ? ALC_OK : rc; /* it comes again by itself */
}

static enum alc_rc put_first(struct settler *t, uint64_t id, struct alc_err *err)
{
    struct alc_arena arena = ALC_ARENA(JOB_ARENA_BYTES);
    struct alc_answer answer;
    struct alc_job job;
    struct wk_delivery d = {.job = &job, .answer = &answer, .attempt = 1};
    bool answered;
    enum alc_rc rc = alc_queue_get(t->slot->queue, &job, &answer, &answered, id, &arena, err);

    if (rc == ALC_OK && answered && (job.state == ALC_JOB_DONE || job.state == ALC_JOB_FAILED))
        rc = put(t, &d, &arena, err);
    alc_arena_fini(&arena);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

static enum alc_rc conclude(struct settler *t, uint64_t job, const char *how, struct alc_err *err)
{
    enum alc_rc rc = alc_queue_settle(t->slot->queue, job, how, err);
    return rc == ALC_CONFLICT ? ALC_OK : rc; /* concluded before a crash */
}

/* waits: whether the contract still waits for this very request.  Its number alone does not tell: a
 * contract that was deployed anew counts from 0 again, and would take the old answer for the new
 * request's. */
static enum alc_rc waits(struct settler *t, bool *out, const struct alc_job *job,
                         struct alc_arena *arena, struct alc_err *err)
{
    struct wk_context context;
    enum alc_rc rc = wk_context_read(t->slot, &context, job->request.request_id,
                                     job->request.block_height, arena, err);

    *out = rc == ALC_OK && alc_hash_eq(&context.data_id, &job->request.data_id);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

/* put_left finds what a former process left unsettled, and forgets what nobody waits for now. */
static enum alc_rc put_left(struct settler *t, struct alc_err *err)
{
    uint64_t after = 0;
    enum alc_rc rc;

    do {
        struct alc_arena arena = ALC_ARENA(JOB_ARENA_BYTES);
        struct alc_answer answer;
        struct alc_job job = {.id = after};
        struct wk_delivery d = {.job = &job, .answer = &answer, .attempt = 1};
        bool waiting;
        rc = alc_queue_unsettled(t->slot->queue, &job, &answer, after, &arena, err);
        if (rc == ALC_OK) rc = waits(t, &waiting, &job, &arena, err);
        if (rc == ALC_OK && waiting) rc = put(t, &d, &arena, err);
        if (rc == ALC_OK && !waiting) {
            rc = conclude(t, job.id, "gone", err);
            if (rc == ALC_OK) rc = alc_settle_forget(t->slot->store, job.id, err);
        }
        after = job.id;
        alc_arena_fini(&arena);
    } while (rc == ALC_OK && !t->slot->worker->stop);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

/* ---- calls that came to their end ---- */

/* refused decides after a call that the contract did not accept: gone, more gas, a failure, or the
 * end. */
static enum alc_rc refused(struct settler *t, const struct alc_settled *done,
                           struct alc_arena *arena, struct alc_err *err)
{
    bool gas = strstr(done->failure, "Exceeded the prepaid gas") != NULL ||
               strstr(done->failure, "NO_VERDICT") != NULL; /* the register's share was too small */
    struct alc_answer answer;
    struct alc_job job;
    struct wk_delivery d = {.job = &job, .answer = &answer, .attempt = done->attempt + 1};
    bool answered, waiting;
    enum alc_rc rc;

    alc_log(ALC_WARN, "settle.refused", "job=%llu attempt=%u why=%s", (unsigned long long)done->job,
            done->attempt, done->failure);
    rc = alc_queue_get(t->slot->queue, &job, &answer, &answered, done->job, arena, err);
    if (rc != ALC_OK) return rc == ALC_NOT_FOUND ? ALC_OK : rc;
    rc = waits(t, &waiting, &job, arena, err);
    if (rc != ALC_OK) return rc;
    if (!waiting) return conclude(t, done->job, "gone", err);
    if (done->attempt >= ATTEMPTS_MAX || !answered) {
        alc_log(ALC_ERROR, "settle.given_up", "job=%llu next=\"the yield times out with a refund\"",
                (unsigned long long)done->job);
        return conclude(t, done->job, "given up", err);
    }
    if (!gas || done->attempt > 1) d.refusal = done->failure;
    return put(t, &d, arena, err);
}

/* accepted: a call that went well may still carry a quote that the contract refused; it says so in
 * its log, and waits on. */
static enum alc_rc accepted(struct settler *t, struct alc_settled *done, struct alc_arena *arena,
                            struct alc_err *err)
{
    const char *why = NULL;
    struct alc_answer answer;
    struct wk_request request;
    struct alc_job job;
    bool answered;
    enum alc_rc rc = alc_queue_get(t->slot->queue, &job, &answer, &answered, done->job, arena, err);

    if (rc == ALC_NOT_FOUND) return ALC_OK;
    if (rc == ALC_OK && wk_request_read(&request, job.request.data, arena, err) == ALC_OK &&
        request.onchain && answer.statement.n > 0)
        rc = wk_quote_refused(t->slot, &why, &done->hash, arena, err);
    if (rc != ALC_OK) return rc;
    if (why != NULL) {
        done->end = ALC_SETTLED_FAILED;
        done->failure = why;
        return refused(t, done, arena, err);
    }
    alc_log(ALC_INFO, "settle.final", "job=%llu attempt=%u gas=%llu", (unsigned long long)done->job,
            done->attempt, (unsigned long long)done->gas_burnt);
    return conclude(t, done->job, "resolved", err);
}

/* poll handles one call of a line that came to its end.  ALC_NOT_FOUND: none now. */
static enum alc_rc poll(struct settler *t, struct line *l, struct alc_err *err)
{
    struct alc_arena arena = ALC_ARENA(JOB_ARENA_BYTES);
    struct alc_settled done;
    enum alc_rc rc = alc_settle_poll(l->settle, &done, &arena, err);

    if (rc == ALC_OK)
        rc = done.end == ALC_SETTLED_OK ? accepted(t, &done, &arena, err)
                                        : refused(t, &done, &arena, err);
    if (rc == ALC_OK) rc = alc_settle_drop(l->settle, done.job, done.attempt, err);
    alc_arena_fini(&arena);
    return rc;
}

/* ---- rounds ---- */

/* take_filed moves the list of jobs with new answers out. */
static struct wk_jobs take_filed(struct alc_worker *w, bool *look, uint32_t wait_ms)
{
    struct wk_jobs jobs;

    pthread_mutex_lock(&w->lock);
    if (w->filed.count == 0 && !w->look && wait_ms > 0 && !w->stop) wk_pause(w, &w->tell, wait_ms);
    jobs = w->filed;
    *look = w->look;
    w->filed = (struct wk_jobs){NULL, 0, 0};
    w->look = false;
    pthread_mutex_unlock(&w->lock);
    return jobs;
}

/* open_lines opens the newest key's line, to find out early whether the account has that key, and
 * those on which a former process, or a former key, left calls. */
static enum alc_rc open_lines(struct settler *t, struct alc_err *err)
{
    struct alc_hash keys[ALC_WORKER_KEYS_MAX + 1] = {
        alc_attest_key(t->slot->worker->conf.attest)->public_key};
    struct line *l;
    size_t n = 0;
    enum alc_rc rc = alc_settle_keys(t->slot->store, keys + 1, &n, ALC_WORKER_KEYS_MAX, err);

    for (size_t i = 0; i <= n && rc == ALC_OK; i++) {
        rc = line_to(t, &l, &keys[i], err);
        if (rc == ALC_NOT_FOUND || rc == ALC_BUSY) rc = ALC_OK;
    }
    return rc;
}

/* drain closes the lines of older keys on which nothing is left, and forgets the keys. */
static enum alc_rc drain(struct settler *t, struct alc_err *err)
{
    struct alc_worker *w = t->slot->worker;
    struct alc_hash old[ALC_WORKER_KEYS_MAX];
    size_t count = wk_keys_old(w, old);
    enum alc_rc rc = ALC_OK;

    for (size_t i = 0; i < count && rc == ALC_OK; i++) {
        struct line *l = find(t, &old[i]);
        size_t calls = 0, jobs = 0;
        rc = alc_queue_owes(t->slot->queue, &jobs, &old[i], err);
        if (rc == ALC_OK) rc = alc_settle_held(t->slot->store, &calls, &old[i], err);
        if (rc != ALC_OK || calls > 0 || jobs > 0) continue;
        if (l != NULL) {
            alc_settle_close(l->settle);
            *l = t->lines[--t->count];
        }
        wk_keys_drop(w, &old[i]);
    }
    return rc;
}

/* serve sends and polls one line.  A key that was lost meanwhile is no failure of the round. */
static enum alc_rc serve(struct settler *t, struct line *l, struct alc_err *err)
{
    struct alc_hash key = l->key;
    struct alc_err late = {0};
    enum alc_rc rc = alc_settle_send(l->settle, err);

    while (rc == ALC_OK)
        rc = poll(t, l, err);
    if (rc == ALC_NOT_FOUND) return ALC_OK;
    return rc == ALC_DENIED && !newest(t, &key) ? lose(t, &key, err, &late) : rc;
}

static enum alc_rc round_trip(struct settler *t, uint32_t wait_ms, struct alc_err *err)
{
    bool look;
    struct wk_jobs jobs = take_filed(t->slot->worker, &look, wait_ms);
    enum alc_rc rc = look ? put_left(t, err) : ALC_OK;

    for (size_t i = 0; i < jobs.count && rc == ALC_OK; i++)
        rc = put_first(t, jobs.ids[i], err);
    free(jobs.ids);
    for (size_t i = 0; i < t->count && rc == ALC_OK; i++)
        if (t->lines[i].settle != NULL) rc = serve(t, &t->lines[i], err);
    if (rc == ALC_OK && jobs.count > 0) alc_failpoint("settle.sent");
    return rc == ALC_OK ? drain(t, err) : rc;
}

static enum alc_rc pending(struct settler *t, size_t *out, struct alc_err *err)
{
    enum alc_rc rc = ALC_OK;

    *out = 0;
    for (size_t i = 0; i < t->count && rc == ALC_OK; i++) {
        size_t n = 0;
        if (t->lines[i].settle != NULL) rc = alc_settle_pending(t->lines[i].settle, &n, err);
        *out += n;
    }
    return rc;
}

void *wk_settler(void *slot)
{
    struct wk_slot *s = slot;
    struct alc_worker *w = s->worker;
    struct settler t = {.slot = s};
    uint32_t wait_ms = 0;

    while (!w->stop) {
        struct alc_err err = {0};
        size_t waiting = 0;
        enum alc_rc rc = ALC_OK;

        if (!t.left) {
            rc = open_lines(&t, &err);
            if (rc == ALC_OK) rc = put_left(&t, &err);
            t.left = rc == ALC_OK;
        }
        if (rc == ALC_OK) rc = round_trip(&t, wait_ms, &err);
        if (rc == ALC_OK) rc = pending(&t, &waiting, &err);
        wait_ms = waiting > 0 ? PAUSE_PENDING_MS : PAUSE_IDLE_MS;
        if (rc == ALC_OK || w->stop) continue;
        alc_log(alc_rc_again(rc) ? ALC_WARN : ALC_ERROR, "settle.retry",
                "why=\"%s\" next=\"in 1 s\"", alc_err_text(&err, rc));
        t.left = false;
        pthread_mutex_lock(&w->lock);
        if (!w->stop) wk_pause(w, &w->tell, 1000);
        pthread_mutex_unlock(&w->lock);
    }
    for (size_t i = 0; i < t.count; i++)
        alc_settle_close(t.lines[i].settle);
    return NULL;
}
