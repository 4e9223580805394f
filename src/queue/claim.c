#include <inttypes.h>
#include <stdio.h>

#include "queue/room.h"

/* A lease never ends at INT64_MAX, so that "every lease counts as ended" is a comparison too. */
static int64_t lease_end(uint64_t now_ms, uint32_t lease_ms)
{
    uint64_t end;
    if (__builtin_add_overflow(now_ms, lease_ms, &end) || end >= INT64_MAX) return INT64_MAX - 1;
    return (int64_t)end;
}

/* -- claim ----------------------------------------------------------------------------------- */

/* Read without the write lock: an idle worker that asks often disturbs nobody. */
static enum alc_rc any_waits(struct alc_queue *q, int64_t now_ms, struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc;

    rc = alc_rows_start(&r, q->store,
                        "SELECT id FROM alc_job WHERE state = 0 AND not_before_ms <= $1 LIMIT 1",
                        ALC_ARGS(ALC_INT(now_ms)), err);
    if (rc == ALC_OK) rc = alc_rows_next(&r, err);
    alc_rows_end(&r);
    return rc;
}

static enum alc_rc oldest(struct alc_queue *q, struct alc_job *job, int64_t now_ms,
                          struct alc_arena *arena, struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc;

    /* A pause that is over counts no more: the job stands in line by its age again, or fresh ones
     * would always go before it. */
    rc = alc_store_exec(q->store, NULL,
                        "UPDATE alc_job SET not_before_ms = 0 "
                        "WHERE state = 0 AND not_before_ms > 0 AND not_before_ms <= $1",
                        ALC_ARGS(ALC_INT(now_ms)), err);
    if (rc != ALC_OK) return rc;
    rc = alc_rows_start(&r, q->store,
                        ALC_JOB_SELECT "WHERE j.state = 0 AND j.not_before_ms <= $1 "
                                       "ORDER BY j.not_before_ms, j.id LIMIT 1",
                        ALC_ARGS(ALC_INT(now_ms)), err);
    if (rc == ALC_OK) rc = alc_rows_next(&r, err);
    if (rc == ALC_OK) rc = alc_job_read(&r, job, NULL, NULL, arena, err);
    alc_rows_end(&r);
    return rc;
}

enum alc_rc alc_queue_claim(struct alc_queue *q, struct alc_job *out, const char *worker,
                            uint64_t now_ms, uint32_t lease_ms, struct alc_arena *arena,
                            struct alc_err *err)
{
    struct alc_job job;
    enum alc_rc rc;

    rc = any_waits(q, alc_clamp(now_ms), err);
    if (rc != ALC_OK) return rc;
    rc = alc_store_begin(q->store, err);
    if (rc != ALC_OK) return rc;
    rc = oldest(q, &job, alc_clamp(now_ms), arena, err);
    if (rc == ALC_OK) {
        struct alc_job_row to = {.id = job.id,
                                 .state = ALC_JOB_RUNNING,
                                 .tries = job.tries + 1,
                                 .lease_until_ms = lease_end(now_ms, lease_ms),
                                 .worker = alc_cstr(worker)};
        rc = alc_job_move(q, ALC_JOB_WAITING, job.tries, &to, err);
    }
    rc = alc_queue_end(q, rc, err);
    if (rc != ALC_OK) return rc;
    job.state = ALC_JOB_RUNNING;
    job.tries++;
    *out = job;
    return ALC_OK;
}

enum alc_rc alc_queue_renew(struct alc_queue *q, uint64_t id, uint32_t tries, uint64_t now_ms,
                            uint32_t lease_ms, struct alc_err *err)
{
    int64_t changed;
    enum alc_rc rc;

    rc = alc_store_exec(
        q->store, &changed,
        "UPDATE alc_job SET lease_until_ms = $3 "
        "WHERE id = $1 AND state = 1 AND tries = $2",
        ALC_ARGS(ALC_INT(alc_clamp(id)), ALC_INT(tries), ALC_INT(lease_end(now_ms, lease_ms))),
        err);
    if (rc == ALC_OK && changed == 0)
        rc = alc_fail(err, ALC_CONFLICT, "the lease of try %" PRIu32 " on job %" PRIu64 " was lost",
                      tries, id);
    return rc;
}

/* -- give back ------------------------------------------------------------------------------- */

/* From RUNNING to WAITING, or to FAILED with `why` as its answer when the tries are used up. */
static enum alc_rc back(struct alc_queue *q, uint64_t id, uint32_t tries, int64_t not_before_ms,
                        const char *why, struct alc_err *err)
{
    struct alc_job_row to = {.id = id,
                             .state = ALC_JOB_WAITING,
                             .tries = tries,
                             .not_before_ms = not_before_ms,
                             .reason = alc_cstr(why)};
    enum alc_rc rc;

    if (tries >= ALC_JOB_TRIES_MAX) {
        struct alc_answer answer = {.error = alc_cstr(why)};
        to.state = ALC_JOB_FAILED;
        to.not_before_ms = 0;
        rc = alc_answer_keep(q, id, &answer, NULL, err);
        if (rc != ALC_OK) return rc;
    }
    return alc_job_move(q, ALC_JOB_RUNNING, tries, &to, err);
}

enum alc_rc alc_queue_give_back(struct alc_queue *q, uint64_t id, uint32_t tries,
                                uint64_t not_before_ms, const char *why, struct alc_err *err)
{
    enum alc_rc rc = alc_store_begin(q->store, err);

    if (rc != ALC_OK) return rc;
    rc = alc_job_leased(q, id, tries, err);
    if (rc == ALC_OK) rc = back(q, id, tries, alc_clamp(not_before_ms), why, err);
    return alc_queue_end(q, rc, err);
}

enum alc_rc alc_queue_release(struct alc_queue *q, uint64_t id, uint32_t tries, struct alc_err *err)
{
    struct alc_job_row to = {
        .id = id, .state = ALC_JOB_WAITING, .tries = tries, .reason = ALC_LIT("the worker stops")};
    enum alc_rc rc = alc_store_begin(q->store, err);

    if (rc != ALC_OK) return rc;
    rc = alc_job_leased(q, id, tries, err);
    if (rc == ALC_OK) rc = alc_job_move(q, ALC_JOB_RUNNING, tries, &to, err);
    return alc_queue_end(q, rc, err);
}

/* ALC_NOT_FOUND: no lease ended before now_ms. */
static enum alc_rc next_ended(struct alc_queue *q, uint64_t *id, uint32_t *tries, int64_t now_ms,
                              struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc;

    rc = alc_rows_start(&r, q->store,
                        "SELECT id, tries FROM alc_job WHERE state = 1 AND lease_until_ms < $1 "
                        "ORDER BY lease_until_ms LIMIT 1",
                        ALC_ARGS(ALC_INT(now_ms)), err);
    if (rc == ALC_OK) rc = alc_rows_next(&r, err);
    if (rc == ALC_OK) {
        *id = (uint64_t)alc_rows_int(&r, 0);
        *tries = (uint32_t)alc_rows_int(&r, 1);
    }
    alc_rows_end(&r);
    return rc;
}

enum alc_rc alc_queue_expire(struct alc_queue *q, size_t *count, uint64_t now_ms,
                             struct alc_err *err)
{
    int64_t now = alc_clamp(now_ms);
    size_t n = 0;
    uint64_t id;
    uint32_t tries;
    char why[96];
    enum alc_rc rc;

    rc = next_ended(q, &id, &tries, now, err);
    if (rc == ALC_NOT_FOUND) {
        *count = 0;
        return ALC_OK;
    }
    if (rc != ALC_OK) return rc;
    rc = alc_store_begin(q->store, err);
    if (rc != ALC_OK) return rc;
    while ((rc = next_ended(q, &id, &tries, now, err)) == ALC_OK) {
        snprintf(why, sizeof why, "the worker was lost in try %" PRIu32 " of %u", tries,
                 ALC_JOB_TRIES_MAX);
        rc = back(q, id, tries, 0, why, err);
        if (rc != ALC_OK) break;
        n++;
    }
    rc = alc_queue_end(q, rc == ALC_NOT_FOUND ? ALC_OK : rc, err);
    if (rc == ALC_OK) *count = n;
    return rc;
}
