#include <inttypes.h>
#include <string.h>

#include "queue/room.h"

static enum alc_rc statement_file(struct alc_queue *q, struct alc_bytes statement,
                                  const struct alc_order *order, struct alc_err *err)
{
    enum alc_rc rc;

    if (order->sequence > INT64_MAX)
        return alc_fail(err, ALC_BAD_INPUT, "statement %" PRIu64 " is past the last sequence",
                        order->sequence);
    rc = alc_store_exec(q->store, NULL,
                        "INSERT INTO alc_statement (hash, worker_key, sequence, bytes) "
                        "VALUES ($1, $2, $3, $4)",
                        ALC_ARGS(ALC_BLOB(alc_hash_bytes(&order->hash)),
                                 ALC_BLOB(alc_hash_bytes(&order->worker_key)),
                                 ALC_INT(order->sequence), ALC_BLOB(statement)),
                        err);
    if (rc == ALC_CONFLICT)
        return alc_fail(err, rc, "statement %" PRIu64 " of this worker is filed already",
                        order->sequence);
    return rc;
}

enum alc_rc alc_answer_keep(struct alc_queue *q, uint64_t id, const struct alc_answer *answer,
                            const struct alc_order *order, struct alc_err *err)
{
    enum alc_rc rc;

    if ((order == NULL) != (answer->statement.n == 0))
        return alc_fail(err, ALC_BAD_INPUT, "a statement comes with its order, or neither does");
    if (order != NULL) {
        rc = statement_file(q, answer->statement, order, err);
        if (rc != ALC_OK) return rc;
    }
    rc = alc_store_exec(
        q->store, NULL,
        "INSERT INTO alc_answer (id, success, output_kind, output, error, instructions, time_ms, "
        "compile_ms, note, refund_usd, statement) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        ALC_ARGS(ALC_INT(alc_clamp(id)), ALC_INT(answer->success), ALC_INT(answer->output_kind),
                 ALC_BLOB(answer->output), ALC_BLOB(answer->error),
                 ALC_INT(alc_bits(answer->instructions)), ALC_INT(alc_bits(answer->time_ms)),
                 answer->has_compile_ms ? ALC_INT(alc_bits(answer->compile_ms)) : ALC_NULL_ARG,
                 ALC_BLOB(answer->note),
                 answer->has_refund ? ALC_INT(alc_bits(answer->refund_usd)) : ALC_NULL_ARG,
                 order != NULL ? ALC_BLOB(alc_hash_bytes(&order->hash)) : ALC_NULL_ARG),
        err);
    if (rc == ALC_CONFLICT) return alc_fail(err, rc, "job %" PRIu64 " has its answer already", id);
    if (rc == ALC_OK && order != NULL) rc = alc_proof_list(q, id, order, err);
    return rc;
}

/* -- finish and settle ----------------------------------------------------------------------- */

enum alc_rc alc_queue_finish(struct alc_queue *q, uint64_t id, uint32_t tries,
                             const struct alc_answer *answer, const struct alc_order *order,
                             struct alc_err *err)
{
    const struct alc_job_row to = {
        .id = id, .state = answer->success ? ALC_JOB_DONE : ALC_JOB_FAILED, .tries = tries};
    enum alc_rc rc;

    rc = alc_store_begin(q->store, err);
    if (rc != ALC_OK) return rc;
    rc = alc_job_leased(q, id, tries, err);
    if (rc == ALC_OK) rc = alc_answer_keep(q, id, answer, order, err);
    if (rc == ALC_OK) rc = alc_job_move(q, ALC_JOB_RUNNING, tries, &to, err);
    return alc_queue_end(q, rc, err);
}

enum alc_rc alc_queue_unsettled(struct alc_queue *q, struct alc_job *job, struct alc_answer *answer,
                                uint64_t after, struct alc_arena *arena, struct alc_err *err)
{
    struct alc_rows r;
    bool answered;
    enum alc_rc rc;

    rc = alc_rows_start(
        &r, q->store, ALC_JOB_SELECT "WHERE j.state IN (2, 3) AND j.id > $1 ORDER BY j.id LIMIT 1",
        ALC_ARGS(ALC_INT(alc_clamp(after))), err);
    if (rc == ALC_OK) rc = alc_rows_next(&r, err);
    if (rc == ALC_OK && alc_rows_null(&r, ALC_JOB_ANSWER_COLUMN))
        rc = alc_fail(err, ALC_CORRUPT, "job %" PRId64 " has ended without an answer",
                      alc_rows_int(&r, 0));
    if (rc == ALC_OK) rc = alc_job_read(&r, job, answer, &answered, arena, err);
    alc_rows_end(&r);
    return rc;
}

/* To an end that the table of state.c allows from where the job stands; `reason` says how it came.
 */
static enum alc_rc end_job(struct alc_queue *q, uint64_t id, enum alc_job_state end,
                           const char *reason, struct alc_err *err)
{
    struct alc_job_row to = {.id = id, .state = end, .reason = alc_cstr(reason)};
    enum alc_job_state from;
    enum alc_rc rc;

    rc = alc_store_begin(q->store, err);
    if (rc != ALC_OK) return rc;
    rc = alc_job_at(q, &from, &to.tries, id, err);
    if (rc == ALC_OK) rc = alc_job_move(q, from, to.tries, &to, err);
    return alc_queue_end(q, rc, err);
}

enum alc_rc alc_queue_settle(struct alc_queue *q, uint64_t id, const char *how, struct alc_err *err)
{
    return end_job(q, id, ALC_JOB_SETTLED, how, err);
}

enum alc_rc alc_queue_cancel(struct alc_queue *q, uint64_t id, const char *why, struct alc_err *err)
{
    return end_job(q, id, ALC_JOB_CANCELLED, why, err);
}

/* -- statements ------------------------------------------------------------------------------ */

enum alc_rc alc_queue_order(struct alc_queue *q, struct alc_order *out,
                            const struct alc_hash *worker_key, struct alc_err *err)
{
    struct alc_bytes hash;
    struct alc_rows r;
    enum alc_rc rc;

    rc = alc_rows_start(&r, q->store,
                        "SELECT sequence, hash FROM alc_statement WHERE worker_key = $1 "
                        "ORDER BY sequence DESC LIMIT 1",
                        ALC_ARGS(ALC_BLOB(alc_hash_bytes(worker_key))), err);
    if (rc == ALC_OK) rc = alc_rows_next(&r, err);
    if (rc != ALC_OK) goto out;
    hash = alc_rows_bytes(&r, 1);
    if (hash.n != sizeof out->hash.b) {
        rc = alc_fail(err, ALC_CORRUPT, "a statement is filed under a hash of %zu bytes", hash.n);
        goto out;
    }
    *out = (struct alc_order){.worker_key = *worker_key, .sequence = (uint64_t)alc_rows_int(&r, 0)};
    memcpy(out->hash.b, hash.p, hash.n);
out:
    alc_rows_end(&r);
    return rc;
}

enum alc_rc alc_queue_owes(struct alc_queue *q, size_t *count, const struct alc_hash *worker_key,
                           struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc;

    rc = alc_rows_start(&r, q->store,
                        "SELECT count(*) FROM alc_job j JOIN alc_answer a ON a.id = j.id "
                        "JOIN alc_statement s ON s.hash = a.statement "
                        "WHERE j.state IN (2, 3) AND s.worker_key = $1",
                        ALC_ARGS(ALC_BLOB(alc_hash_bytes(worker_key))), err);
    if (rc == ALC_OK) rc = alc_rows_next(&r, err);
    if (rc == ALC_OK) *count = (size_t)alc_rows_int(&r, 0);
    alc_rows_end(&r);
    return rc;
}

enum alc_rc alc_queue_statement(struct alc_queue *q, struct alc_bytes *out,
                                const struct alc_hash *hash, struct alc_arena *arena,
                                struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc;

    rc = alc_rows_start(&r, q->store, "SELECT bytes FROM alc_statement WHERE hash = $1",
                        ALC_ARGS(ALC_BLOB(alc_hash_bytes(hash))), err);
    if (rc == ALC_OK) rc = alc_rows_next(&r, err);
    if (rc == ALC_OK && !alc_arena_copy(arena, alc_rows_bytes(&r, 0), out))
        rc = alc_fail(err, ALC_NOMEM, "no room for a statement");
    alc_rows_end(&r);
    return rc;
}
