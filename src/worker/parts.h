/* src/worker/parts.h — what the files of this room share; no other room includes it. */
#ifndef ALC_WORKER_PARTS_H
#define ALC_WORKER_PARTS_H

#include "base/http.h"
#include "base/json.h"
#include "settle/settle.h"
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
    struct alc_bytes build_target; /* as it was asked for */
    struct alc_run_limits limits;
    struct alc_bytes input;
    bool input_in_state;
    enum wk_format format;
    const char *payment;      /* decimal yoctoNEAR */
    const char *attached_usd; /* decimal, smallest units */
    bool compile_only, force_rebuild, store_on_fastfs;
    bool secrets; /* secrets_ref is there */
    /* A project's run names both, else both are empty.  project_owner and project_name are parts of
     * the id. */
    struct alc_bytes project_id, project_owner, project_name, project_uuid;
    bool proof;   /* anything above "none" was asked */
    bool quote;   /* "quote" or "onchain": hardware shall vouch for the statement itself */
    bool onchain; /* the contract checks that quote */
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

/* A list of jobs; under worker->lock. */
struct wk_jobs {
    uint64_t *ids; /* owned */
    size_t count, cap;
};

/* An older key, which still settles what it signed; under worker->lock. */
struct wk_old_key {
    struct alc_hash public_key;
    unsigned number; /* of its file */
};

struct alc_worker {
    struct alc_worker_conf conf;
    struct alc_hash engine_id, policy_hash;
    volatile bool stop;
    pthread_mutex_t lock; /* wake counter, leases, the finished list */
    pthread_cond_t wake;  /* slots wait for jobs */
    pthread_cond_t beat;  /* the heart waits for its time */
    pthread_cond_t tell;  /* the settler waits for answers */
    pthread_cond_t prove; /* the prover waits for statements */
    pthread_cond_t rest;  /* long pauses, ended by nothing but the stop */
    uint64_t wakes;
    struct wk_jobs filed; /* whose answers wait for the settler */
    struct wk_jobs held;  /* of those, the ones that wait for their quote */
    bool look;            /* the settler shall look through all unsettled jobs */
    size_t unproven;      /* statements filed since the prover last looked */
    bool ready;           /* the newest key is registered: jobs may be claimed */
    bool known;           /* it was at least once: answers may be settled under it */
    struct wk_old_key old[ALC_WORKER_KEYS_MAX];
    size_t old_count;
    struct alc_worker_stats stats;
    pthread_mutex_t order; /* held from reading the last statement to filing the next */
    bool quotes;           /* there is a source of quotes */
    struct wk_slot *slots;
    unsigned slots_running;
    struct wk_slot settler, heart, prover, registrar;
    bool settler_runs, heart_runs, prover_runs, registrar_runs;
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

/* worker.c: hands a job to the settler; holds one back until wk_unhold hands on all held ones;
 * tells the prover of a statement. */
void wk_file(struct alc_worker *w, uint64_t job);
void wk_hold(struct alc_worker *w, uint64_t job);
void wk_unhold(struct alc_worker *w);
void wk_prove(struct alc_worker *w);
/* wk_ready says whether jobs may be claimed. */
void wk_ready(struct alc_worker *w, bool ready, uint64_t key_expires_s);

/* answer.c: from stdout to the reported value (guest-abi §1.6). */
ALC_MUST enum alc_rc wk_answer_output(struct alc_answer *a, struct alc_bytes out,
                                      enum wk_format format, struct alc_arena *arena);
/* wk_answer_call chooses the method for an answer and writes its arguments.  `proved`: the request
 * asked for proof, so the statement goes along; with `evidence`, unless it is empty. */
ALC_MUST enum alc_rc wk_answer_call(const char **method, struct alc_buf *args,
                                    const struct alc_job *job, const struct alc_answer *a,
                                    struct alc_bytes evidence, bool proved, bool with_proof);
/* wk_answer_fail makes *a a failure with a sentence; what it used stays. */
ALC_MUST enum alc_rc wk_answer_fail(struct alc_answer *a, const char *sentence,
                                    struct alc_arena *arena);

/* A job's answer as the settler takes it up. */
struct wk_delivery {
    const struct alc_job *job;
    struct alc_answer *answer; /* changed to a failure where there is nothing better to tell */
    uint32_t attempt;          /* from the second on a failure that says why */
    const char *refusal; /* why the contract took none of the former; NULL: more gas was needed */
};

/* deliver.c: wk_deliver_key chooses under which key an answer goes to the chain: the statement's,
 * when proof was asked.  A key that is no more (`lost` says so) turns the answer into a failure.
 * wk_deliver writes the call into the outbox.  ALC_BUSY: it waits for its quote, and was put on
 * the list of held ones. */
ALC_MUST enum alc_rc wk_deliver_key(struct wk_slot *s, struct alc_hash *key, struct wk_delivery *d,
                                    bool (*lost)(void *ctx, const struct alc_hash *key), void *ctx,
                                    struct alc_arena *arena, struct alc_err *err);
ALC_MUST enum alc_rc wk_deliver(struct wk_slot *s, struct alc_settle *settle, struct wk_delivery *d,
                                struct alc_arena *arena, struct alc_err *err);
/* wk_plain finds the contract's own words in a transaction's failure; the text itself when it has
 * none.  wk_quote_refused finds why a call that went well was not accepted all the same. */
const char *wk_plain(const char *failure, struct alc_arena *arena);
ALC_MUST enum alc_rc wk_quote_refused(struct wk_slot *s, const char **why,
                                      const struct alc_hash *tx, struct alc_arena *arena,
                                      struct alc_err *err);

/* settler.c: the thread that brings answers to the chain. */
void *wk_settler(void *slot);

/* evidence.c: the thread that gets quotes for statements, and then for records (record.c). */
void *wk_prover(void *slot);
/* wk_prove_batch makes one quote for `count` statements and keeps it with their paths.  It is
 * what the thread does for each batch. */
ALC_MUST enum alc_rc wk_prove_batch(struct wk_slot *s, const struct alc_unproven *list,
                                    size_t count, struct alc_err *err);
/* wk_record makes the record of a job, with a quote of its own. */
ALC_MUST enum alc_rc wk_record(struct wk_slot *s, uint64_t job, struct alc_err *err);
/* wk_record_text appends the text whose hash is a record's output_hash. */
ALC_MUST enum alc_rc wk_record_text(struct alc_buf *out, const struct alc_answer *a);

/* registrar.c: the thread that keeps the newest key registered and the collateral fresh. */
void *wk_registrar(void *slot);

/* keys.c: wk_keys_load finds the older keys of the folder and lends them to attest.  wk_keys_next
 * loads or makes the key after the newest.  wk_keys_rotate makes it the newest.  wk_keys_drop
 * forgets an older one and its file. */
ALC_MUST enum alc_rc wk_keys_load(struct alc_worker *w, struct alc_err *err);
ALC_MUST enum alc_rc wk_keys_next(struct alc_worker *w, struct alc_ed25519 *out,
                                  struct alc_err *err);
ALC_MUST enum alc_rc wk_keys_rotate(struct alc_worker *w, struct alc_ed25519 *next,
                                    struct alc_err *err);
void wk_keys_drop(struct alc_worker *w, const struct alc_hash *public_key);
size_t wk_keys_old(struct alc_worker *w, struct alc_hash out[ALC_WORKER_KEYS_MAX]);

/* wk_pause waits on `cond` at most ms; worker->lock is held. */
void wk_pause(struct alc_worker *w, pthread_cond_t *cond, uint32_t ms);

#endif
