#include "worker/parts.h"

#include "base/failpoint.h"
#include "settle/settle.h"

#include <stdlib.h>
#include <string.h>

#define ARGS_MAX_BYTES (1500u << 10) /* what a transaction carries */
#define JOB_ARENA_BYTES (16u << 20)
#define ATTEMPTS_MAX 3u
#define PAUSE_PENDING_MS 25u
#define PAUSE_IDLE_MS 2000u

/* Gas by need: it is bought at a price above what it burns at, so what is attached binds the
 * operator's balance.  Measured on localnet: a resolve burns 2.2 Tgas with its receipt, a stored
 * output about 60 Ggas a kilobyte of arguments. */
#define GAS_BASE (8u * (uint64_t)ALC_NEAR_TGAS)
#define GAS_PER_BYTE UINT64_C(150000000)
#define GAS_MOST (300u * (uint64_t)ALC_NEAR_TGAS)

#define GAS_LONG_INPUT (100u * (uint64_t)ALC_NEAR_TGAS) /* the contract hashes it for a proof */

static uint64_t gas_for(size_t args_bytes, uint32_t attempt, const struct wk_request *r)
{
    uint64_t gas = GAS_BASE + args_bytes * GAS_PER_BYTE;
    if (r->proof && r->input_in_state) gas += GAS_LONG_INPUT;
    return attempt > 1 || gas > GAS_MOST ? GAS_MOST : gas;
}

/* plain finds the contract's own words in the chain's error; the error itself when it has none. */
static const char *plain(const char *failure, struct alc_arena *arena)
{
    struct alc_json *doc = NULL;
    const struct alc_json *kind;
    struct alc_bytes words;
    const char *out = failure;

    if (alc_json_open(&doc, alc_cstr(failure), 1u << 20, NULL) != ALC_OK) return failure;
    kind = alc_json_get(alc_json_get(doc, "ActionError"), "kind");
    if (alc_json_str(alc_json_get(alc_json_get(kind, "FunctionCallError"), "ExecutionError"),
                     &words) &&
        alc_arena_copy(arena, words, &words))
        out = (const char *)words.p;
    alc_json_close(doc);
    return out;
}

/* put writes the call for a job's answer into the outbox.  From the second attempt on, the answer
 * is a failure that says why the contract refused the first. */
static enum alc_rc put(struct wk_slot *s, struct alc_settle *settle, const struct alc_job *job,
                       struct alc_answer *answer, uint32_t attempt, const char *refusal,
                       struct alc_arena *arena, struct alc_err *err)
{
    struct alc_buf args = ALC_BUF(ARGS_MAX_BYTES);
    struct wk_request request;
    const char *method = NULL;
    enum alc_rc rc;

    if (wk_request_read(&request, job->request.data, arena, err) != ALC_OK)
        request = (struct wk_request){0}; /* refused for that; it gets its failure all the same */
    if (refusal != NULL) {
        const char *text =
            alc_arena_text(arena, "the contract refused the answer: %s", plain(refusal, arena));
        rc = text == NULL ? ALC_NOMEM : wk_answer_fail(answer, text, arena);
        if (rc != ALC_OK) return rc;
        answer->statement = (struct alc_bytes){NULL, 0};
    }
    rc = wk_answer_call(&method, &args, job, answer, request.proof, request.with_proof);
    if (rc == ALC_NOMEM && answer->success) {
        alc_buf_reset(&args);
        rc = wk_answer_fail(answer, "the output does not fit into a transaction", arena);
        answer->statement = (struct alc_bytes){NULL, 0};
        if (rc == ALC_OK)
            rc = wk_answer_call(&method, &args, job, answer, request.proof, request.with_proof);
    }
    if (rc == ALC_OK)
        rc = alc_settle_put(settle, job->id, attempt, s->worker->conf.contract_id, method,
                            alc_buf_bytes(&args), gas_for(args.n, attempt, &request), err);
    alc_buf_fini(&args);
    if (rc == ALC_OK) alc_failpoint("settle.signed");
    return rc == ALC_CONFLICT ? ALC_OK : rc; /* put before a crash */
}

static enum alc_rc put_first(struct wk_slot *s, struct alc_settle *settle, uint64_t id,
                             struct alc_err *err)
{
    struct alc_arena arena = ALC_ARENA(JOB_ARENA_BYTES);
    struct alc_answer answer;
    struct alc_job job;
    bool answered;
    enum alc_rc rc = alc_queue_get(s->queue, &job, &answer, &answered, id, &arena, err);

    if (rc == ALC_OK && answered && (job.state == ALC_JOB_DONE || job.state == ALC_JOB_FAILED))
        rc = put(s, settle, &job, &answer, 1, NULL, &arena, err);
    alc_arena_fini(&arena);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

static enum alc_rc conclude(struct wk_slot *s, uint64_t job, const char *how, struct alc_err *err)
{
    enum alc_rc rc = alc_queue_settle(s->queue, job, how, err);
    return rc == ALC_CONFLICT ? ALC_OK : rc; /* concluded before a crash */
}

/* waits: whether the contract still waits for this very request.  Its number alone does not tell: a
 * contract that was deployed anew counts from 0 again, and would take the old answer for the new
 * request's. */
static enum alc_rc waits(struct wk_slot *s, bool *out, const struct alc_job *job,
                         struct alc_arena *arena, struct alc_err *err)
{
    struct wk_context context;
    enum alc_rc rc = wk_context_read(s, &context, job->request.request_id,
                                     job->request.block_height, arena, err);

    *out = rc == ALC_OK && alc_hash_eq(&context.data_id, &job->request.data_id);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

/* put_left finds what a former process left unsettled, and forgets what nobody waits for now. */
static enum alc_rc put_left(struct wk_slot *s, struct alc_settle *settle, struct alc_err *err)
{
    uint64_t after = 0;
    enum alc_rc rc;

    do {
        struct alc_arena arena = ALC_ARENA(JOB_ARENA_BYTES);
        struct alc_answer answer;
        struct alc_job job = {.id = after};
        bool waiting;
        rc = alc_queue_unsettled(s->queue, &job, &answer, after, &arena, err);
        if (rc == ALC_OK) rc = waits(s, &waiting, &job, &arena, err);
        if (rc == ALC_OK && waiting) rc = put(s, settle, &job, &answer, 1, NULL, &arena, err);
        if (rc == ALC_OK && !waiting) {
            rc = conclude(s, job.id, "gone", err);
            if (rc == ALC_OK) rc = alc_settle_forget(settle, job.id, err);
        }
        after = job.id;
        alc_arena_fini(&arena);
    } while (rc == ALC_OK && !s->worker->stop);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

/* refused decides after a call that the chain did not accept: gone, more gas, a failure, or the
 * end. */
static enum alc_rc refused(struct wk_slot *s, struct alc_settle *settle,
                           const struct alc_settled *done, struct alc_arena *arena,
                           struct alc_err *err)
{
    bool gas = strstr(done->failure, "Exceeded the prepaid gas") != NULL;
    struct alc_answer answer;
    struct alc_job job;
    bool answered, waiting;
    enum alc_rc rc;

    alc_log(ALC_WARN, "settle.refused", "job=%llu attempt=%u why=%s", (unsigned long long)done->job,
            done->attempt, done->failure);
    rc = alc_queue_get(s->queue, &job, &answer, &answered, done->job, arena, err);
    if (rc != ALC_OK) return rc == ALC_NOT_FOUND ? ALC_OK : rc;
    rc = waits(s, &waiting, &job, arena, err);
    if (rc != ALC_OK) return rc;
    if (!waiting) return conclude(s, done->job, "gone", err);
    if (done->attempt >= ATTEMPTS_MAX || !answered) {
        alc_log(ALC_ERROR, "settle.given_up", "job=%llu next=\"the yield times out with a refund\"",
                (unsigned long long)done->job);
        return conclude(s, done->job, "given up", err);
    }
    return put(s, settle, &job, &answer, done->attempt + 1,
               gas && done->attempt == 1 ? NULL : done->failure, arena, err);
}

/* poll handles one call that came to its end.  ALC_NOT_FOUND: none now. */
static enum alc_rc poll(struct wk_slot *s, struct alc_settle *settle, struct alc_err *err)
{
    struct alc_arena arena = ALC_ARENA(JOB_ARENA_BYTES);
    struct alc_settled done;
    enum alc_rc rc = alc_settle_poll(settle, &done, &arena, err);

    if (rc == ALC_OK && done.end == ALC_SETTLED_OK) {
        alc_log(ALC_INFO, "settle.final", "job=%llu attempt=%u gas=%llu",
                (unsigned long long)done.job, done.attempt, (unsigned long long)done.gas_burnt);
        rc = conclude(s, done.job, "resolved", err);
    } else if (rc == ALC_OK) {
        rc = refused(s, settle, &done, &arena, err);
    }
    if (rc == ALC_OK) rc = alc_settle_drop(settle, done.job, done.attempt, err);
    alc_arena_fini(&arena);
    return rc;
}

/* take_filed moves the list of jobs with new answers out. */
static uint64_t *take_filed(struct alc_worker *w, size_t *count, bool *look, uint32_t wait_ms)
{
    uint64_t *ids;

    pthread_mutex_lock(&w->lock);
    if (w->filed_count == 0 && wait_ms > 0 && !w->stop) wk_pause(w, &w->tell, wait_ms);
    ids = w->filed;
    *count = w->filed_count;
    *look = w->look;
    w->filed = NULL;
    w->filed_count = w->filed_cap = 0;
    w->look = false;
    pthread_mutex_unlock(&w->lock);
    return ids;
}

static enum alc_rc round_trip(struct wk_slot *s, struct alc_settle *settle, uint32_t wait_ms,
                              struct alc_err *err)
{
    bool look;
    size_t count;
    uint64_t *ids = take_filed(s->worker, &count, &look, wait_ms);
    enum alc_rc rc = look ? put_left(s, settle, err) : ALC_OK;

    for (size_t i = 0; i < count && rc == ALC_OK; i++)
        rc = put_first(s, settle, ids[i], err);
    free(ids);
    if (rc == ALC_OK) rc = alc_settle_send(settle, err);
    if (rc == ALC_OK && count > 0) alc_failpoint("settle.sent");
    while (rc == ALC_OK)
        rc = poll(s, settle, err);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

void *wk_settler(void *slot)
{
    struct wk_slot *s = slot;
    struct alc_worker *w = s->worker;
    const struct alc_settle_conf conf = {.account_id = w->conf.operator_id,
                                         .key = alc_attest_key(w->conf.attest),
                                         .rpc = s->rpc,
                                         .clock = w->conf.clock,
                                         .durable = w->conf.durable};
    struct alc_settle *settle = NULL;
    bool left = false; /* what a former process, or a failed round, left was put */
    uint32_t wait_ms = 0;

    while (!w->stop) {
        struct alc_err err = {0};
        size_t pending = 0;
        enum alc_rc rc = ALC_OK;

        if (settle == NULL) rc = alc_settle_open(&settle, s->store, &conf, &err);
        if (rc == ALC_OK && !left) rc = put_left(s, settle, &err);
        if (rc == ALC_OK) {
            left = true;
            rc = round_trip(s, settle, wait_ms, &err);
        }
        if (rc == ALC_OK) rc = alc_settle_pending(settle, &pending, &err);
        wait_ms = pending > 0 ? PAUSE_PENDING_MS : PAUSE_IDLE_MS;
        if (rc == ALC_OK || w->stop) continue;
        alc_log(alc_rc_again(rc) ? ALC_WARN : ALC_ERROR, "settle.retry",
                "why=\"%s\" next=\"in 1 s\"", alc_err_text(&err, rc));
        left = false;
        pthread_mutex_lock(&w->lock);
        if (!w->stop) wk_pause(w, &w->tell, 1000);
        pthread_mutex_unlock(&w->lock);
    }
    alc_settle_close(settle);
    return NULL;
}
