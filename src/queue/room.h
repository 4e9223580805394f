/* src/queue/room.h — what the files of this room share; nobody else includes it.
 *
 * Three tables follow a request.  alc_request: what was asked, which never changes.  alc_job: how
 * it goes, a few small numbers, so that a step rewrites nothing large.  alc_answer and
 * alc_statement: what came of it, written once. */
#ifndef ALC_QUEUE_ROOM_H
#define ALC_QUEUE_ROOM_H

#include "queue/queue.h"
#include "store/store.h"

struct alc_queue {
    struct alc_store *store; /* borrowed */
};

/* -- state.c */

/* Where a job stands, and what a step changes beside its state. */
struct alc_job_row {
    uint64_t id;
    enum alc_job_state state;
    uint32_t tries;
    int64_t not_before_ms;   /* WAITING: not to be claimed earlier */
    int64_t lease_until_ms;  /* RUNNING */
    struct alc_bytes worker; /* RUNNING: who */
    struct alc_bytes reason; /* why it came to this state, where that is not plain */
};

/* alc_job_move is the one way from a state to another: `to` replaces the row that is in state
 * `from` with `tries`.  ALC_CONFLICT: there is no such row, or no such arrow.  Call it last in a
 * transaction. */
ALC_MUST enum alc_rc alc_job_move(struct alc_queue *q, enum alc_job_state from, uint32_t tries,
                                  const struct alc_job_row *to, struct alc_err *err);

/* alc_job_at reads where a job stands.  ALC_NOT_FOUND. */
ALC_MUST enum alc_rc alc_job_at(struct alc_queue *q, enum alc_job_state *state, uint32_t *tries,
                                uint64_t id, struct alc_err *err);
/* alc_job_leased: ALC_CONFLICT when job `id` is not RUNNING in try `tries`, or is not at all. */
ALC_MUST enum alc_rc alc_job_leased(struct alc_queue *q, uint64_t id, uint32_t tries,
                                    struct alc_err *err);
const char *alc_job_state_name(enum alc_job_state state);

/* alc_queue_end commits when rc is ALC_OK, and rolls back otherwise; it returns what became. */
ALC_MUST enum alc_rc alc_queue_end(struct alc_queue *q, enum alc_rc rc, struct alc_err *err);

/* The store keeps 64 signed bits.  alc_bits keeps a number that is only compared for equality;
 * alc_clamp one that is put in order. */
static inline int64_t alc_bits(uint64_t v)
{
    int64_t i;
    __builtin_memcpy(&i, &v, sizeof i);
    return i;
}

static inline int64_t alc_clamp(uint64_t v)
{
    return v > INT64_MAX ? INT64_MAX : (int64_t)v;
}

/* -- jobs.c */

/* A job with its request and, when there is one, its answer: the columns that alc_job_read reads.
 */
#define ALC_JOB_SELECT                                                                             \
    "SELECT j.id, j.state, j.tries, r.contract_id, r.request_id, r.data_id, r.data, "              \
    "r.block_height, r.block_timestamp_ns, r.receipt_id, r.tx_hash, r.signer_key, r.gas_burnt, "   \
    "a.success, a.output_kind, a.output, a.error, a.instructions, a.time_ms, a.compile_ms, "       \
    "a.note, a.refund_usd, s.bytes "                                                               \
    "FROM alc_job j JOIN alc_request r ON r.id = j.id "                                            \
    "LEFT JOIN alc_answer a ON a.id = j.id LEFT JOIN alc_statement s ON s.hash = a.statement "

#define ALC_JOB_ANSWER_COLUMN 13 /* NULL: there is no answer yet */

/* alc_job_read copies the row into `arena`.  `answer` and `answered` may be NULL. */
ALC_MUST enum alc_rc alc_job_read(const struct alc_rows *r, struct alc_job *job,
                                  struct alc_answer *answer, bool *answered,
                                  struct alc_arena *arena, struct alc_err *err);

/* -- answers.c */

/* alc_answer_keep writes the answer of a job, which has none, and files its statement. */
ALC_MUST enum alc_rc alc_answer_keep(struct alc_queue *q, uint64_t id,
                                     const struct alc_answer *answer, const struct alc_order *order,
                                     struct alc_err *err);

/* -- proofs.c */

/* alc_proof_list puts a job on the lists that its statement's order names. */
ALC_MUST enum alc_rc alc_proof_list(struct alc_queue *q, uint64_t id, const struct alc_order *order,
                                    struct alc_err *err);

#endif
