/* src/watcher/watcher.h — follows the chain and turns announced requests into jobs, each exactly
 * once: a block's jobs and the cursor are one transaction, so that dying anywhere is harmless.
 *
 * The watcher belongs to the operator and is not trusted: it hands on what the contract announced,
 * byte for byte, and the worker checks that against the contract's own hash. */
#ifndef ALC_WATCHER_H
#define ALC_WATCHER_H

#include "near/near.h"
#include "queue/queue.h"

struct alc_watcher_conf {
    const char *chain; /* names the cursor: "localnet", "testnet" ... */
    const char *contract_id;
    const char *standard;  /* of the events: "near-outlayer" */
    uint64_t start_height; /* where a new cursor begins; 0: at the newest final block */
    const volatile bool *stop;
    void (*fresh)(void *ctx, size_t jobs); /* called after a block brought new jobs; may be NULL */
    void *ctx;
};

/* alc_watcher_place writes down where a new watcher begins: from its return on no request is
 * missed, whatever dies.  One that was here before goes on where it was.  alc_watcher_run does the
 * same when it starts.  ALC_TIMEOUT, ALC_IO: the server gave no answer. */
ALC_MUST enum alc_rc alc_watcher_place(const struct alc_watcher_conf *conf,
                                       struct alc_near_stream *stream, struct alc_queue *queue,
                                       struct alc_err *err);

/* alc_watcher_run follows until *stop; stream and queue are borrowed and used by this thread alone.
 * Trouble outside is logged and retried with a growing pause.  It returns for what a person must
 * mend: ALC_CORRUPT, ALC_NOT_FOUND (the server no longer has the next block). */
ALC_MUST enum alc_rc alc_watcher_run(const struct alc_watcher_conf *conf,
                                     struct alc_near_stream *stream, struct alc_queue *queue,
                                     struct alc_err *err);

/* alc_watcher_read finds the request in one log line of the contract.  False: the line is another
 * event, or not of `standard`, or malformed (then *odd says why).  *out borrows from `arena`. */
ALC_MUST bool alc_watcher_read(struct alc_request *out, struct alc_bytes line, const char *standard,
                               const char **odd, struct alc_arena *arena);

#endif
