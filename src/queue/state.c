/* src/queue/state.c — a job's life; each arrow names the calls that draw it.
 *
 *     take_block
 *         │
 *         ▼
 *      WAITING ──claim──► RUNNING ──finish──► DONE or FAILED ──settle──► SETTLED
 *       │   ▲                │  │
 *       │   └──── give_back, release, expire  worth another try, or the lease ran out; FAILED after
 *       │                       │    ALC_JOB_TRIES_MAX tries
 *       └──────── cancel ───────┴──► CANCELLED */
#include <inttypes.h>

#include "queue/room.h"

static const bool may[ALC_JOB_STATES][ALC_JOB_STATES] = {
    [ALC_JOB_WAITING] = {[ALC_JOB_RUNNING] = true, [ALC_JOB_CANCELLED] = true},
    [ALC_JOB_RUNNING] = {[ALC_JOB_WAITING] = true,
                         [ALC_JOB_DONE] = true,
                         [ALC_JOB_FAILED] = true,
                         [ALC_JOB_CANCELLED] = true},
    [ALC_JOB_DONE] = {[ALC_JOB_SETTLED] = true},
    [ALC_JOB_FAILED] = {[ALC_JOB_SETTLED] = true},
};

const char *alc_job_state_name(enum alc_job_state state)
{
    static const char *const names[ALC_JOB_STATES] = {
        [ALC_JOB_WAITING] = "waiting", [ALC_JOB_RUNNING] = "running",
        [ALC_JOB_DONE] = "done",       [ALC_JOB_FAILED] = "failed",
        [ALC_JOB_SETTLED] = "settled", [ALC_JOB_CANCELLED] = "cancelled",
    };
    return (unsigned)state < ALC_JOB_STATES ? names[state] : "?";
}

enum alc_rc alc_job_at(struct alc_queue *q, enum alc_job_state *state, uint32_t *tries, uint64_t id,
                       struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc;

    rc = alc_rows_start(&r, q->store, "SELECT state, tries FROM alc_job WHERE id = $1",
                        ALC_ARGS(ALC_INT(alc_clamp(id))), err);
    if (rc == ALC_OK) rc = alc_rows_next(&r, err);
    if (rc == ALC_OK) {
        uint64_t at = (uint64_t)alc_rows_int(&r, 0);
        *tries = (uint32_t)alc_rows_int(&r, 1);
        if (at < ALC_JOB_STATES)
            *state = (enum alc_job_state)at;
        else
            rc = alc_fail(err, ALC_CORRUPT, "job %" PRIu64 " is in state %" PRIu64, id, at);
    }
    alc_rows_end(&r);
    return rc;
}

enum alc_rc alc_job_leased(struct alc_queue *q, uint64_t id, uint32_t tries, struct alc_err *err)
{
    enum alc_job_state state = ALC_JOB_WAITING;
    uint32_t at_try = 0;
    enum alc_rc rc = alc_job_at(q, &state, &at_try, id, err);

    if (rc == ALC_NOT_FOUND) return alc_fail(err, ALC_CONFLICT, "there is no job %" PRIu64, id);
    if (rc != ALC_OK) return rc;
    if (state != ALC_JOB_RUNNING || at_try != tries)
        return alc_fail(err, ALC_CONFLICT,
                        "the lease of try %" PRIu32 " on job %" PRIu64
                        " was lost: it is %s in try %" PRIu32,
                        tries, id, alc_job_state_name(state), at_try);
    return ALC_OK;
}

/* For "%.*s": a log line is short, and printf wants a pointer even for no bytes. */
static int shown(struct alc_bytes b)
{
    return b.n > 200 ? 200 : (int)b.n;
}

static const char *text_of(struct alc_bytes b)
{
    return b.n > 0 ? (const char *)b.p : "";
}

enum alc_rc alc_job_move(struct alc_queue *q, enum alc_job_state from, uint32_t tries,
                         const struct alc_job_row *to, struct alc_err *err)
{
    int64_t changed;
    enum alc_rc rc;

    if (!may[from][to->state])
        return alc_fail(err, ALC_CONFLICT, "job %" PRIu64 " is %s, it cannot become %s", to->id,
                        alc_job_state_name(from), alc_job_state_name(to->state));
    rc = alc_store_exec(q->store, &changed,
                        "UPDATE alc_job SET state = $4, tries = $5, not_before_ms = $6, "
                        "lease_until_ms = $7, worker = $8, reason = $9 "
                        "WHERE id = $1 AND state = $2 AND tries = $3",
                        ALC_ARGS(ALC_INT(to->id), ALC_INT(from), ALC_INT(tries), ALC_INT(to->state),
                                 ALC_INT(to->tries), ALC_INT(to->not_before_ms),
                                 ALC_INT(to->lease_until_ms), ALC_TEXT(to->worker),
                                 ALC_TEXT(to->reason)),
                        err);
    if (rc != ALC_OK) return rc;
    if (changed == 0)
        return alc_fail(err, ALC_CONFLICT, "job %" PRIu64 " is not %s in try %" PRIu32, to->id,
                        alc_job_state_name(from), tries);
    alc_log(ALC_INFO, "job.state",
            "job=%" PRIu64 " tries=%" PRIu32 " from=%s to=%s by=%.*s why=%.*s", to->id, to->tries,
            alc_job_state_name(from), alc_job_state_name(to->state), shown(to->worker),
            text_of(to->worker), shown(to->reason), text_of(to->reason));
    return ALC_OK;
}

enum alc_rc alc_queue_end(struct alc_queue *q, enum alc_rc rc, struct alc_err *err)
{
    if (rc != ALC_OK) {
        alc_store_rollback(q->store);
        return rc;
    }
    rc = alc_store_commit(q->store, err);
    if (rc != ALC_OK) /* moves are logged before they are on disk */
        alc_log(ALC_WARN, "queue.undone", "the last steps were not kept: %s",
                alc_err_text(err, rc));
    return rc;
}
