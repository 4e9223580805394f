/* src/worker/parts.h — what the files of this room share; no other room includes it. */
#ifndef ALC_WORKER_PARTS_H
#define ALC_WORKER_PARTS_H

#include "base/http.h"
#include "base/json.h"
#include "worker/worker.h"

#include <pthread.h>

enum wk_format { WK_TEXT, WK_JSON, WK_BYTES };

/* request_data, typed.  Strings live in the job's arena. */
struct wk_request {
    uint64_t request_id;
    struct alc_bytes signer_id, predecessor_id;
    bool github; /* else a WasmUrl */
    struct alc_bytes url;
    struct alc_bytes hash_hex;
    struct alc_hash code;
    enum alc_target target;
    struct alc_run_limits limits;
    struct alc_bytes input;
    bool input_in_state;
    enum wk_format format;
    const char *payment;      /* decimal yoctoNEAR */
    const char *attached_usd; /* decimal, smallest units */
    bool compile_only, force_rebuild, store_on_fastfs;
    bool secrets; /* secrets_ref is there */
    bool project;
    bool proof; /* anything above "none" was asked */
    bool with_proof;
};

/* wk_request_read parses the announced text.  ALC_BAD_INPUT names the field. */
ALC_MUST enum alc_rc wk_request_read(struct wk_request *out, struct alc_bytes text,
                                     struct alc_arena *arena, struct alc_err *err);
/* wk_request_unbuilt is the sentence that refuses what does not exist yet; NULL: nothing. */
const char *wk_request_unbuilt(const struct wk_request *r);

/* What the contract itself says of a pending request (its view get_request_context). */
struct wk_context {
    struct alc_hash data_id, request_hash, deployment_id;
};

/* A thread's own tools: nothing here is shared. */
struct wk_slot {
    struct alc_worker *worker;
    struct alc_near_block_ref anchor; /* of statements */
    uint64_t anchor_ms;
    pthread_t thread;
    unsigned index;
    struct alc_store *store;
    struct alc_queue *queue;
    struct alc_near_rpc *rpc;
    struct alc_http *http;
    /* The lease that the heart renews; under worker->lock. 0: none. */
    uint64_t job;
    uint32_t tries;
};

struct alc_worker {
    struct alc_worker_conf conf;
    struct alc_hash engine_id, policy_hash;
    volatile bool stop;
    pthread_mutex_t lock; /* wake counter, leases, the finished list */
    pthread_cond_t wake;  /* slots wait for jobs */
    pthread_cond_t beat;  /* the heart waits for its time */
    pthread_cond_t tell;  /* the settler waits for answers */
    uint64_t wakes;
    uint64_t *filed; /* jobs whose answers wait for the settler; owned */
    size_t filed_count, filed_cap;
    bool look;             /* the settler shall look through all unsettled jobs */
    pthread_mutex_t order; /* held from reading the last statement to filing the next */
    struct wk_slot *slots;
    unsigned slots_running;
    struct wk_slot settler, heart;
    bool settler_runs, heart_runs;
};

/* context.c: ALC_NOT_FOUND: the contract no longer waits for the request, which it announced in the
 * block of `height`.  A node that is not there yet is waited for; ALC_BUSY: too long.  wk_input
 * reads the input that was too long for the event.  wk_anchor: a final block, at most a second old.
 */
ALC_MUST enum alc_rc wk_context_read(struct wk_slot *s, struct wk_context *out, uint64_t request_id,
                                     uint64_t height, struct alc_arena *arena, struct alc_err *err);
ALC_MUST enum alc_rc wk_input(struct wk_slot *s, struct alc_bytes *out, uint64_t request_id,
                              struct alc_arena *arena, struct alc_err *err);

ALC_MUST enum alc_rc wk_anchor(struct wk_slot *s, struct alc_err *err);

/* module.c: the bytes of a module by its hash: from the blobs, the mirror, its URL; kept as a blob.
 * *fetched_ms: how long that took over the network, 0 when it did not.  ALC_NOMEM and ALC_BUSY are
 * worth another try; the rest is told to who asked, since a yield does not wait for long. */
ALC_MUST enum alc_rc wk_module(struct wk_slot *s, struct alc_bytes *out, uint64_t *fetched_ms,
                               bool *fetched, const struct wk_request *r, struct alc_arena *arena,
                               struct alc_err *err);

/* env.c: the variables of guest-abi §2.2 for a chain request, NULL values left out. */
ALC_MUST enum alc_rc wk_env(struct alc_env_var **out, size_t *count, const struct alc_worker *w,
                            const struct wk_request *r, const struct alc_request *announced,
                            struct alc_arena *arena);

/* turn.c: runs one claimed job to an answer and files it; or gives it back, or cancels it. */
void wk_turn(struct wk_slot *s, const struct alc_job *job, struct alc_arena *arena);

/* worker.c: hands a job to the settler. */
void wk_file(struct alc_worker *w, uint64_t job);

/* answer.c: from stdout to the reported value (guest-abi §1.6). */
ALC_MUST enum alc_rc wk_answer_output(struct alc_answer *a, struct alc_bytes out,
                                      enum wk_format format, struct alc_arena *arena);
/* wk_answer_call chooses the method for an answer and writes its arguments.  `proved`: the request
 * asked for proof, so the statement goes along. */
ALC_MUST enum alc_rc wk_answer_call(const char **method, struct alc_buf *args,
                                    const struct alc_job *job, const struct alc_answer *a,
                                    bool proved, bool with_proof);
/* wk_answer_fail makes *a a failure with a sentence; what it used stays. */
ALC_MUST enum alc_rc wk_answer_fail(struct alc_answer *a, const char *sentence,
                                    struct alc_arena *arena);

/* settler.c: the thread that brings answers to the chain. */
void *wk_settler(void *slot);

/* wk_pause waits on `cond` at most ms; worker->lock is held. */
void wk_pause(struct alc_worker *w, pthread_cond_t *cond, uint32_t ms);

#endif
