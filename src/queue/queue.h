/* src/queue/queue.h — jobs that wait for a worker, the leases on those that run, and the answers
 * that wait to be settled.
 *
 * Knows jobs, states, leases and answers.  Knows nothing of HTTP, chains or WebAssembly: a request
 * is the text that its contract announced, and a worker reads it for itself.
 * An alc_queue belongs to one thread at a time; threads open one each on the same store file, and
 * its transactions keep them apart.  Times are milliseconds of the clock that the caller passes. */
#ifndef ALC_QUEUE_H
#define ALC_QUEUE_H

#include "base/base.h"

#define ALC_JOB_REQUEST_MAX_BYTES (4u << 20)
#define ALC_JOB_TRIES_MAX 3u

struct alc_store;
struct alc_queue; /* opaque */

/* A job's life; queue/state.c draws the arrows. */
enum alc_job_state {
    ALC_JOB_WAITING = 0,
    ALC_JOB_RUNNING = 1,
    ALC_JOB_DONE = 2,      /* ran to an answer that reports success */
    ALC_JOB_FAILED = 3,    /* an answer that reports failure */
    ALC_JOB_SETTLED = 4,   /* the contract no longer waits for it */
    ALC_JOB_CANCELLED = 5, /* it went away on chain before it ran */
    ALC_JOB_STATES
};

/* What a contract asked, as the watcher found it.  Texts are UTF-8. */
struct alc_request {
    struct alc_bytes contract_id;
    uint64_t request_id;
    struct alc_hash data_id; /* of the yield; with contract_id it names the request for ever */
    struct alc_bytes data;   /* the announced request_data text, byte for byte */
    uint64_t block_height;
    uint64_t block_timestamp_ns;
    struct alc_bytes receipt_id; /* base58; empty when unknown, like the two below */
    struct alc_bytes tx_hash;
    struct alc_bytes signer_key; /* "ed25519:..." */
    uint64_t gas_burnt;
};

struct alc_job {
    uint64_t id; /* never reused */
    enum alc_job_state state;
    uint32_t tries; /* 1 on the first run; tells a late finish from a current one */
    struct alc_request request;
};

/* What a run came to, in the words of the contract's ExecutionResponse. */
struct alc_answer {
    bool success;
    uint8_t output_kind;     /* enum alc_output_kind of verify.h */
    struct alc_bytes output; /* Text: UTF-8; Json: compact text; Bytes: raw */
    struct alc_bytes error;  /* UTF-8; empty on success */
    uint64_t instructions;
    uint64_t time_ms;
    bool has_compile_ms;
    uint64_t compile_ms;
    struct alc_bytes note; /* compilation_note, or empty */
    bool has_refund;
    uint64_t refund_usd;
    struct alc_bytes statement; /* encoding of statement v1; empty: none was made */
};

/* alc_queue_open migrates the tables of this room in `store`, which is borrowed and outlives the
 * queue.  ALC_CORRUPT: the tables are from a newer version.  ALC_IO, ALC_NOMEM. */
ALC_MUST enum alc_rc alc_queue_open(struct alc_queue **out, struct alc_store *store,
                                    struct alc_err *err);
void alc_queue_close(struct alc_queue *q); /* leases stay until they run out */

/* alc_queue_cursor: the height up to which blocks of `chain` were taken.  ALC_NOT_FOUND: none. */
ALC_MUST enum alc_rc alc_queue_cursor(struct alc_queue *q, uint64_t *height, const char *chain,
                                      struct alc_err *err);

/* alc_queue_take_block stores a block's requests as WAITING jobs and moves the cursor of `chain` to
 * `height`, in one transaction.  A request that is there already stays as it is, so taking a block
 * twice is harmless.  *fresh: how many were new.  The cursor never goes back: ALC_CONFLICT.
 * ALC_LIMIT: a request over ALC_JOB_REQUEST_MAX_BYTES, and nothing of the block was taken. */
ALC_MUST enum alc_rc alc_queue_take_block(struct alc_queue *q, size_t *fresh, const char *chain,
                                          uint64_t height, const struct alc_request *requests,
                                          size_t count, struct alc_err *err);

/* alc_queue_claim gives the oldest waiting job to `worker` (a name, for the log) until
 * now_ms + lease_ms; *out lives in `arena`.  No two callers get the same job.
 * ALC_NOT_FOUND: none waits. */
ALC_MUST enum alc_rc alc_queue_claim(struct alc_queue *q, struct alc_job *out, const char *worker,
                                     uint64_t now_ms, uint32_t lease_ms, struct alc_arena *arena,
                                     struct alc_err *err);

/* alc_queue_renew extends the lease.  ALC_CONFLICT: it was lost (expired, or the job ended).  A
 * lease past its time is lost when alc_queue_expire takes it back, not before: so it is for finish
 * too. */
ALC_MUST enum alc_rc alc_queue_renew(struct alc_queue *q, uint64_t id, uint32_t tries,
                                     uint64_t now_ms, uint32_t lease_ms, struct alc_err *err);

/* alc_queue_finish keeps the answer: DONE or FAILED, by answer->success; a statement is filed with
 * it (worker_key and sequence from `order`; NULL without one).  ALC_CONFLICT: the lease was lost,
 * or the sequence is used; ALC_BAD_INPUT: a statement without order.  Then nothing has changed. */
struct alc_order {
    struct alc_hash worker_key;
    uint64_t sequence;
    struct alc_hash hash; /* of the statement */
    bool prove;           /* alc_queue_unproven lists it until a quote vouches for it */
    bool record;          /* alc_queue_unrecorded lists its job until it has a record */
};
ALC_MUST enum alc_rc alc_queue_finish(struct alc_queue *q, uint64_t id, uint32_t tries,
                                      const struct alc_answer *answer,
                                      const struct alc_order *order, struct alc_err *err);

/* alc_queue_release puts a RUNNING job back to WAITING because the worker stops.  The try is
 * counted, since a run may have begun, but a job never fails for it.  ALC_CONFLICT: the lease was
 * lost. */
ALC_MUST enum alc_rc alc_queue_release(struct alc_queue *q, uint64_t id, uint32_t tries,
                                       struct alc_err *err);

/* alc_queue_give_back puts a RUNNING job back to WAITING after a failure that is worth another try,
 * not to be claimed before not_before_ms.  After ALC_JOB_TRIES_MAX tries it becomes
 * FAILED, with `why` as the error of its answer.  ALC_CONFLICT: the lease was lost. */
ALC_MUST enum alc_rc alc_queue_give_back(struct alc_queue *q, uint64_t id, uint32_t tries,
                                         uint64_t not_before_ms, const char *why,
                                         struct alc_err *err);

/* alc_queue_expire gives back jobs whose lease ended before now_ms; those out of tries become
 * FAILED with a sentence.  *count: how many changed.  With UINT64_MAX every lease counts as ended:
 * the start of the one process that owns the store. */
ALC_MUST enum alc_rc alc_queue_expire(struct alc_queue *q, size_t *count, uint64_t now_ms,
                                      struct alc_err *err);

/* alc_queue_order: sequence and hash of the newest statement filed for a worker key.
 * ALC_NOT_FOUND: none. */
ALC_MUST enum alc_rc alc_queue_order(struct alc_queue *q, struct alc_order *out,
                                     const struct alc_hash *worker_key, struct alc_err *err);

/* alc_queue_unsettled: the oldest job with id > after that is DONE or FAILED, with its answer; both
 * live in `arena`.  ALC_NOT_FOUND: none. */
ALC_MUST enum alc_rc alc_queue_unsettled(struct alc_queue *q, struct alc_job *job,
                                         struct alc_answer *answer, uint64_t after,
                                         struct alc_arena *arena, struct alc_err *err);

/* alc_queue_settle marks a DONE or FAILED job SETTLED, with a word on how ("resolved", "gone").
 * ALC_CONFLICT: it is in another state; ALC_NOT_FOUND. */
ALC_MUST enum alc_rc alc_queue_settle(struct alc_queue *q, uint64_t id, const char *how,
                                      struct alc_err *err);

/* alc_queue_cancel marks a WAITING or RUNNING job CANCELLED: its request went away on chain.  A
 * worker that runs it has lost its lease.  ALC_CONFLICT: it has ended already; ALC_NOT_FOUND. */
ALC_MUST enum alc_rc alc_queue_cancel(struct alc_queue *q, uint64_t id, const char *why,
                                      struct alc_err *err);

/* alc_queue_get finds a job and, when there is one, its answer (`answered`).  ALC_NOT_FOUND. */
ALC_MUST enum alc_rc alc_queue_get(struct alc_queue *q, struct alc_job *job,
                                   struct alc_answer *answer, bool *answered, uint64_t id,
                                   struct alc_arena *arena, struct alc_err *err);
/* alc_queue_find: the id of the job of a request; of the newest, when a contract that was deployed
 * again counts anew.  ALC_NOT_FOUND. */
ALC_MUST enum alc_rc alc_queue_find(struct alc_queue *q, uint64_t *id, struct alc_bytes contract_id,
                                    uint64_t request_id, struct alc_err *err);
/* alc_queue_statement finds a statement by its hash.  ALC_NOT_FOUND. */
ALC_MUST enum alc_rc alc_queue_statement(struct alc_queue *q, struct alc_bytes *out,
                                         const struct alc_hash *hash, struct alc_arena *arena,
                                         struct alc_err *err);
/* ---- evidence: which quote vouches for a statement ----
 *
 * Many statements share a quote.  The evidence of one, as verify.h encodes it, is the batch's head,
 * the statement's own part, and the batch's tail; this room joins them and reads none. */
struct alc_batch {
    struct alc_hash root;       /* names the batch: what the quote was made for */
    struct alc_bytes head;      /* tag and binding */
    struct alc_bytes tail;      /* the quote with its length */
    struct alc_bytes event_log; /* JSON; empty: none */
};
struct alc_batch_leaf {
    struct alc_hash statement;
    struct alc_bytes path; /* with its count */
};

/* alc_queue_put_batch keeps a quote and what it vouches for, and takes the statements off the list
 * of unproven ones, in one transaction.  ALC_CONFLICT: the root is there already, or a statement
 * has its quote; then nothing has changed. */
ALC_MUST enum alc_rc alc_queue_put_batch(struct alc_queue *q, const struct alc_batch *batch,
                                         const struct alc_batch_leaf *leaves, size_t count,
                                         struct alc_err *err);
/* alc_queue_evidence joins the encoded evidence of a statement.  ALC_NOT_FOUND: there is none yet,
 * or no such statement. */
ALC_MUST enum alc_rc alc_queue_evidence(struct alc_queue *q, struct alc_bytes *out,
                                        const struct alc_hash *statement, struct alc_arena *arena,
                                        struct alc_err *err);
/* alc_queue_event_log: the log that belongs to a statement's quote, empty when its source has none.
 * ALC_NOT_FOUND: as above. */
ALC_MUST enum alc_rc alc_queue_event_log(struct alc_queue *q, struct alc_bytes *out,
                                         const struct alc_hash *statement, struct alc_arena *arena,
                                         struct alc_err *err);
/* alc_queue_last_root: of the newest batch.  ALC_NOT_FOUND: there is none. */
ALC_MUST enum alc_rc alc_queue_last_root(struct alc_queue *q, struct alc_hash *out,
                                         struct alc_err *err);

/* alc_queue_owes: how many answers that are not settled have a statement of this key. */
ALC_MUST enum alc_rc alc_queue_owes(struct alc_queue *q, size_t *count,
                                    const struct alc_hash *worker_key, struct alc_err *err);

/* alc_queue_unproven fills out[0..*count), *count <= limit, with the oldest statements that wait
 * for a quote, by their jobs. */
struct alc_unproven {
    uint64_t job;
    struct alc_hash statement;
};
ALC_MUST enum alc_rc alc_queue_unproven(struct alc_queue *q, struct alc_unproven *out,
                                        size_t *count, size_t limit, struct alc_err *err);

/* ---- records: the JSON of one run in OutLayer's form, found three ways ---- */

/* alc_queue_put_record keeps a job's record (another one replaces it) and takes the job off the
 * list of those that wait for one.  call_id and tx_hash may be empty. */
ALC_MUST enum alc_rc alc_queue_put_record(struct alc_queue *q, uint64_t job,
                                          struct alc_bytes call_id, struct alc_bytes tx_hash,
                                          struct alc_bytes text, struct alc_err *err);
/* The three return the text.  Of several of one transaction: the first.  ALC_NOT_FOUND. */
ALC_MUST enum alc_rc alc_queue_record(struct alc_queue *q, struct alc_bytes *out, uint64_t job,
                                      struct alc_arena *arena, struct alc_err *err);
ALC_MUST enum alc_rc alc_queue_record_by_tx(struct alc_queue *q, struct alc_bytes *out,
                                            struct alc_bytes tx_hash, struct alc_arena *arena,
                                            struct alc_err *err);
ALC_MUST enum alc_rc alc_queue_record_by_call(struct alc_queue *q, struct alc_bytes *out,
                                              struct alc_bytes call_id, struct alc_arena *arena,
                                              struct alc_err *err);
/* alc_queue_unrecorded: the oldest jobs that wait for a record. */
ALC_MUST enum alc_rc alc_queue_unrecorded(struct alc_queue *q, uint64_t *out, size_t *count,
                                          size_t limit, struct alc_err *err);

/* alc_queue_count fills how many jobs are in each state.  It reads every job, 0.2 s for a million:
 * for a person or a minute's tick, not for a loop. */
ALC_MUST enum alc_rc alc_queue_count(struct alc_queue *q, uint64_t out[ALC_JOB_STATES],
                                     struct alc_err *err);

#endif
