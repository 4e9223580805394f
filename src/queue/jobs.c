#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "queue/room.h"

/* The numbers of the states are in the indexes below and in the statements that use them.  A
 * partial index holds the jobs of one stage alone, so that a claim among ten waiting jobs costs the
 * same beside a million settled ones. */
_Static_assert(ALC_JOB_WAITING == 0 && ALC_JOB_RUNNING == 1 && ALC_JOB_DONE == 2 &&
                   ALC_JOB_FAILED == 3 && ALC_JOB_SETTLED == 4 && ALC_JOB_CANCELLED == 5,
               "the states are stored by these numbers");

static const char *const steps[] = {
    "CREATE TABLE alc_cursor (chain TEXT PRIMARY KEY, height BIGINT NOT NULL);"
    "CREATE TABLE alc_job_last (id BIGINT NOT NULL);" /* the highest that was given out */
    "INSERT INTO alc_job_last (id) VALUES (0);"
    "CREATE TABLE alc_job ("
    " id BIGINT PRIMARY KEY, state BIGINT NOT NULL, tries BIGINT NOT NULL,"
    " not_before_ms BIGINT NOT NULL, lease_until_ms BIGINT NOT NULL,"
    " worker TEXT NOT NULL, reason TEXT NOT NULL);"
    "CREATE INDEX alc_job_waiting ON alc_job (not_before_ms, id) WHERE state = 0;"
    "CREATE INDEX alc_job_running ON alc_job (lease_until_ms) WHERE state = 1;"
    "CREATE INDEX alc_job_unsettled ON alc_job (id) WHERE state IN (2, 3);"
    "CREATE TABLE alc_request ("
    " id BIGINT PRIMARY KEY REFERENCES alc_job (id),"
    " contract_id TEXT NOT NULL, request_id BIGINT NOT NULL, data_id BYTEA NOT NULL,"
    " data BYTEA NOT NULL, block_height BIGINT NOT NULL, block_timestamp_ns BIGINT NOT NULL,"
    " receipt_id TEXT NOT NULL, tx_hash TEXT NOT NULL, signer_key TEXT NOT NULL,"
    " gas_burnt BIGINT NOT NULL, UNIQUE (contract_id, data_id));"
    "CREATE INDEX alc_request_number ON alc_request (contract_id, request_id, id);"
    "CREATE TABLE alc_statement ("
    " hash BYTEA PRIMARY KEY, worker_key BYTEA NOT NULL, sequence BIGINT NOT NULL,"
    " bytes BYTEA NOT NULL, UNIQUE (worker_key, sequence));"
    "CREATE TABLE alc_answer ("
    " id BIGINT PRIMARY KEY REFERENCES alc_job (id), success BIGINT NOT NULL,"
    " output_kind BIGINT NOT NULL, output BYTEA NOT NULL, error BYTEA NOT NULL,"
    " instructions BIGINT NOT NULL, time_ms BIGINT NOT NULL, compile_ms BIGINT,"
    " note BYTEA NOT NULL, refund_usd BIGINT,"
    " statement BYTEA REFERENCES alc_statement (hash));",

    /* Quotes, what they vouch for, records; and the two lists of what waits for one. */
    "CREATE TABLE alc_batch ("
    " id BIGINT PRIMARY KEY, root BYTEA NOT NULL UNIQUE, head BYTEA NOT NULL, tail BYTEA NOT NULL,"
    " event_log BYTEA NOT NULL);"
    "CREATE TABLE alc_proof ("
    " statement BYTEA PRIMARY KEY REFERENCES alc_statement (hash),"
    " batch BIGINT NOT NULL REFERENCES alc_batch (id), path BYTEA NOT NULL);"
    "CREATE TABLE alc_unproven (job BIGINT PRIMARY KEY, statement BYTEA NOT NULL UNIQUE);"
    "CREATE TABLE alc_record ("
    " job BIGINT PRIMARY KEY, call_id TEXT NOT NULL, tx_hash TEXT NOT NULL, text BYTEA NOT NULL);"
    "CREATE INDEX alc_record_call ON alc_record (call_id, job) WHERE call_id <> '';"
    "CREATE INDEX alc_record_tx ON alc_record (tx_hash, job) WHERE tx_hash <> '';"
    "CREATE TABLE alc_unrecorded (job BIGINT PRIMARY KEY)",
};

enum alc_rc alc_queue_open(struct alc_queue **out, struct alc_store *store, struct alc_err *err)
{
    struct alc_queue *q;
    enum alc_rc rc;

    rc = alc_store_migrate(store, "queue", steps, sizeof steps / sizeof *steps, err);
    if (rc != ALC_OK) return rc;
    q = malloc(sizeof *q);
    if (q == NULL) return alc_fail(err, ALC_NOMEM, "no memory for the queue");
    q->store = store;
    *out = q;
    return ALC_OK;
}

void alc_queue_close(struct alc_queue *q)
{
    free(q);
}

/* -- blocks ---------------------------------------------------------------------------------- */

enum alc_rc alc_queue_cursor(struct alc_queue *q, uint64_t *height, const char *chain,
                             struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc;

    rc = alc_rows_start(&r, q->store, "SELECT height FROM alc_cursor WHERE chain = $1",
                        ALC_ARGS(ALC_TEXT(alc_cstr(chain))), err);
    if (rc == ALC_OK) rc = alc_rows_next(&r, err);
    if (rc == ALC_OK) *height = (uint64_t)alc_rows_int(&r, 0);
    alc_rows_end(&r);
    return rc;
}

static enum alc_rc cursor_move(struct alc_queue *q, const char *chain, uint64_t height,
                               struct alc_err *err)
{
    int64_t changed;
    enum alc_rc rc;

    if (height > INT64_MAX)
        return alc_fail(err, ALC_BAD_INPUT, "block %" PRIu64 " is past the last height", height);
    rc = alc_store_exec(q->store, &changed,
                        "INSERT INTO alc_cursor (chain, height) VALUES ($1, $2) "
                        "ON CONFLICT (chain) DO UPDATE SET height = excluded.height "
                        "WHERE alc_cursor.height <= excluded.height",
                        ALC_ARGS(ALC_TEXT(alc_cstr(chain)), ALC_INT(height)), err);
    if (rc == ALC_OK && changed == 0)
        rc = alc_fail(err, ALC_CONFLICT, "block %" PRIu64 " of %s is older than those taken",
                      height, chain);
    return rc;
}

/* Sets *first to the first of `count` ids that nobody has had. */
static enum alc_rc ids_take(struct alc_queue *q, int64_t *first, size_t count, struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc;

    rc = alc_rows_start(&r, q->store, "UPDATE alc_job_last SET id = id + $1 RETURNING id",
                        ALC_ARGS(ALC_INT(count)), err);
    if (rc == ALC_OK) rc = alc_rows_next(&r, err);
    if (rc == ALC_OK) *first = alc_rows_int(&r, 0) - (int64_t)count + 1;
    if (rc == ALC_NOT_FOUND) rc = alc_fail(err, ALC_CORRUPT, "the queue has lost its last id");
    alc_rows_end(&r);
    return rc;
}

static enum alc_rc request_known(struct alc_queue *q, bool *known, const struct alc_request *m,
                                 struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc;

    rc = alc_rows_start(
        &r, q->store, "SELECT id FROM alc_request WHERE contract_id = $1 AND data_id = $2",
        ALC_ARGS(ALC_TEXT(m->contract_id), ALC_BLOB(alc_hash_bytes(&m->data_id))), err);
    if (rc == ALC_OK) rc = alc_rows_next(&r, err);
    alc_rows_end(&r);
    if (rc != ALC_OK && rc != ALC_NOT_FOUND) return rc;
    *known = rc == ALC_OK;
    return ALC_OK;
}

static enum alc_rc job_new(struct alc_queue *q, int64_t id, const struct alc_request *m,
                           struct alc_err *err)
{
    enum alc_rc rc;

    rc = alc_store_exec(q->store, NULL,
                        "INSERT INTO alc_job (id, state, tries, not_before_ms, lease_until_ms, "
                        "worker, reason) VALUES ($1, 0, 0, 0, 0, '', '')",
                        ALC_ARGS(ALC_INT(id)), err);
    if (rc != ALC_OK) return rc;
    return alc_store_exec(
        q->store, NULL,
        "INSERT INTO alc_request (id, contract_id, request_id, data_id, data, block_height, "
        "block_timestamp_ns, receipt_id, tx_hash, signer_key, gas_burnt) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        ALC_ARGS(ALC_INT(id), ALC_TEXT(m->contract_id), ALC_INT(alc_bits(m->request_id)),
                 ALC_BLOB(alc_hash_bytes(&m->data_id)), ALC_BLOB(m->data),
                 ALC_INT(alc_bits(m->block_height)), ALC_INT(alc_bits(m->block_timestamp_ns)),
                 ALC_TEXT(m->receipt_id), ALC_TEXT(m->tx_hash), ALC_TEXT(m->signer_key),
                 ALC_INT(alc_bits(m->gas_burnt))),
        err);
}

static enum alc_rc request_take(struct alc_queue *q, size_t *fresh, int64_t id,
                                const struct alc_request *m, struct alc_err *err)
{
    bool known;
    enum alc_rc rc;

    if (m->data.n > ALC_JOB_REQUEST_MAX_BYTES)
        return alc_fail(err, ALC_LIMIT, "request %" PRIu64 " is %zu bytes, at most %u",
                        m->request_id, m->data.n, ALC_JOB_REQUEST_MAX_BYTES);
    rc = request_known(q, &known, m, err);
    if (rc != ALC_OK || known) return rc;
    rc = job_new(q, id, m, err);
    if (rc != ALC_OK) return rc;
    ++*fresh;
    alc_log(ALC_INFO, "job.new", "job=%" PRId64 " contract=%.*s request=%" PRIu64 " bytes=%zu", id,
            (int)m->contract_id.n, (const char *)m->contract_id.p, m->request_id, m->data.n);
    return ALC_OK;
}

enum alc_rc alc_queue_take_block(struct alc_queue *q, size_t *fresh, const char *chain,
                                 uint64_t height, const struct alc_request *requests, size_t count,
                                 struct alc_err *err)
{
    size_t taken = 0;
    int64_t first = 0;
    enum alc_rc rc;

    rc = alc_store_begin(q->store, err);
    if (rc != ALC_OK) return rc;
    rc = cursor_move(q, chain, height, err);
    if (rc == ALC_OK && count > 0) rc = ids_take(q, &first, count, err);
    for (size_t i = 0; rc == ALC_OK && i < count; i++) {
        rc = request_take(q, &taken, first + (int64_t)i, &requests[i], err);
        if (taken == 1)
            alc_failpoint("queue.block"); /* jobs are there, the cursor is not kept yet */
    }
    rc = alc_queue_end(q, rc, err);
    if (rc == ALC_OK) *fresh = taken;
    return rc;
}

/* -- reading --------------------------------------------------------------------------------- */

static bool copy(const struct alc_rows *r, int column, struct alc_arena *arena,
                 struct alc_bytes *out)
{
    return alc_arena_copy(arena, alc_rows_bytes(r, column), out);
}

static uint64_t u64(const struct alc_rows *r, int column)
{
    return (uint64_t)alc_rows_int(r, column);
}

static bool request_read(const struct alc_rows *r, struct alc_request *m, struct alc_arena *arena)
{
    m->request_id = u64(r, 4);
    m->block_height = u64(r, 7);
    m->block_timestamp_ns = u64(r, 8);
    m->gas_burnt = u64(r, 12);
    return copy(r, 3, arena, &m->contract_id) && copy(r, 6, arena, &m->data) &&
           copy(r, 9, arena, &m->receipt_id) && copy(r, 10, arena, &m->tx_hash) &&
           copy(r, 11, arena, &m->signer_key);
}

static bool answer_read(const struct alc_rows *r, struct alc_answer *a, struct alc_arena *arena)
{
    a->success = alc_rows_int(r, ALC_JOB_ANSWER_COLUMN) != 0;
    a->output_kind = (uint8_t)alc_rows_int(r, 14);
    a->instructions = u64(r, 17);
    a->time_ms = u64(r, 18);
    a->has_compile_ms = !alc_rows_null(r, 19);
    a->compile_ms = u64(r, 19);
    a->has_refund = !alc_rows_null(r, 21);
    a->refund_usd = u64(r, 21);
    return copy(r, 15, arena, &a->output) && copy(r, 16, arena, &a->error) &&
           copy(r, 20, arena, &a->note) && copy(r, 22, arena, &a->statement);
}

enum alc_rc alc_job_read(const struct alc_rows *r, struct alc_job *job, struct alc_answer *answer,
                         bool *answered, struct alc_arena *arena, struct alc_err *err)
{
    struct alc_bytes data_id = alc_rows_bytes(r, 5);
    struct alc_job j = {.id = u64(r, 0), .tries = (uint32_t)alc_rows_int(r, 2)};
    struct alc_answer a = {0};
    uint64_t state = u64(r, 1);
    bool has = !alc_rows_null(r, ALC_JOB_ANSWER_COLUMN);

    if (state >= ALC_JOB_STATES || data_id.n != sizeof j.request.data_id.b)
        return alc_fail(err, ALC_CORRUPT, "job %" PRIu64 " is stored in a form unknown here", j.id);
    j.state = (enum alc_job_state)state;
    memcpy(j.request.data_id.b, data_id.p, data_id.n);
    if (!request_read(r, &j.request, arena) ||
        (answer != NULL && has && !answer_read(r, &a, arena)))
        return alc_fail(err, ALC_NOMEM, "no room to read job %" PRIu64, j.id);
    *job = j;
    if (answer != NULL) *answer = a;
    if (answered != NULL) *answered = has;
    return ALC_OK;
}

enum alc_rc alc_queue_get(struct alc_queue *q, struct alc_job *job, struct alc_answer *answer,
                          bool *answered, uint64_t id, struct alc_arena *arena, struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc;

    rc = alc_rows_start(&r, q->store, ALC_JOB_SELECT "WHERE j.id = $1",
                        ALC_ARGS(ALC_INT(alc_clamp(id))), err);
    if (rc == ALC_OK) rc = alc_rows_next(&r, err);
    if (rc == ALC_OK) rc = alc_job_read(&r, job, answer, answered, arena, err);
    alc_rows_end(&r);
    return rc;
}

enum alc_rc alc_queue_find(struct alc_queue *q, uint64_t *id, struct alc_bytes contract_id,
                           uint64_t request_id, struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc;

    rc = alc_rows_start(&r, q->store,
                        "SELECT id FROM alc_request WHERE contract_id = $1 AND request_id = $2 "
                        "ORDER BY id DESC LIMIT 1",
                        ALC_ARGS(ALC_TEXT(contract_id), ALC_INT(alc_bits(request_id))), err);
    if (rc == ALC_OK) rc = alc_rows_next(&r, err);
    if (rc == ALC_OK) *id = u64(&r, 0);
    alc_rows_end(&r);
    return rc;
}

enum alc_rc alc_queue_count(struct alc_queue *q, uint64_t out[ALC_JOB_STATES], struct alc_err *err)
{
    uint64_t n[ALC_JOB_STATES] = {0};
    struct alc_rows r;
    enum alc_rc rc;

    rc = alc_rows_start(&r, q->store, "SELECT state, count(*) FROM alc_job GROUP BY state",
                        ALC_NO_ARGS, err);
    if (rc == ALC_OK) {
        while ((rc = alc_rows_next(&r, err)) == ALC_OK)
            if (u64(&r, 0) < ALC_JOB_STATES) n[u64(&r, 0)] = u64(&r, 1);
        if (rc == ALC_NOT_FOUND) rc = ALC_OK;
    }
    alc_rows_end(&r);
    if (rc == ALC_OK) memcpy(out, n, sizeof n);
    return rc;
}
