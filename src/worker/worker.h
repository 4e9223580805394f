/* src/worker/worker.h — takes a job through code, engine, statement and settlement.
 *
 * A worker is a pool: `slots` threads that each claim a job, get its module, run it, sign the
 * statement and file the answer; one thread that settles answers on chain; one that renews leases.
 * It believes nothing that the operator could forge: the request's text is compared with the hash
 * that the contract keeps, the module with its hash, and the statement says the rest. */
#ifndef ALC_WORKER_H
#define ALC_WORKER_H

#include "attest/attest.h"
#include "engine/engine.h"
#include "near/near.h"
#include "queue/queue.h"
#include "store/store.h"

/* Of a guest; more is a failure with a sentence. */
#define ALC_WORKER_OUTPUT_MAX_BYTES (256u << 10)
#define ALC_WORKER_SLOTS_MAX 64u

struct alc_worker; /* opaque */

struct alc_worker_conf {
    const char *name; /* for the log */
    const char *store_path;
    bool durable; /* what is sent to the chain is on disk first, power cut or not */
    uint32_t slots;
    uint32_t max_memory_mb; /* of one guest: the operator's cap */
    const char *chain_id;   /* goes into statements; the contract compares it */
    const char *network_id; /* NEAR_NETWORK_ID of guests */
    const char *contract_id;
    const char *operator_id;     /* the account that resolves; the attest key is one of its keys */
    const char *const *rpc_urls; /* borrowed until close, like all above and below */
    size_t rpc_urls_count;
    const char *module_mirror; /* asked as <mirror>/<hash> before a module's own URL; "" none */
    bool plain_http;           /* development: mirror and RPC may be http:// and loopback */
    struct alc_engine *engine;
    struct alc_attest *attest;
    const struct alc_clock *clock;
};

/* alc_worker_open starts the threads.  Jobs that a former process left running are waiting again.
 * Whether the operator's account and key are on chain is for the settling thread to find out: it
 * says what is missing and looks again each second.  ALC_BAD_INPUT: slots.  ALC_IO, ALC_NOMEM. */
ALC_MUST enum alc_rc alc_worker_open(struct alc_worker **out, const struct alc_worker_conf *conf,
                                     struct alc_err *err);
/* alc_worker_wake tells idle slots that there are jobs; for any thread. */
void alc_worker_wake(struct alc_worker *w);
/* alc_worker_close stops: running guests are cancelled and their jobs given back. */
void alc_worker_close(struct alc_worker *w);

#endif
