/* src/worker/worker.h — takes a job through code, engine, statement and settlement.
 *
 * A worker is a pool: `slots` threads that each claim a job, get its module, run it, sign the
 * statement and file the answer; one thread that settles answers on chain; one that renews leases;
 * one that gets quotes for statements; one that keeps the worker's key registered and the
 * collateral fresh. It believes nothing that the operator could forge: the request's text is
 * compared with the hash that the contract keeps, the module with its hash, and the statement says
 * the rest. */
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
#define ALC_WORKER_BATCH_MAX 1000u /* statements under one quote */
#define ALC_WORKER_KEYS_MAX 64u    /* that one process may hold, the newest among them */

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

    /* attestation; without a source of quotes nothing of it happens */
    uint32_t batch_ms;       /* statements are collected for so long before a quote */
    bool records;            /* runs are recorded in OutLayer's form too, each with a quote */
    const char *keys_dir;    /* folder of the worker's keys, see alc_worker_key; NULL: one key */
    const char *register_id; /* the register contract; "": keys are added by hand */
    const char *init_id;     /* who may register keys there, */
    const char *init_key;    /* and the file of that account's key */
    uint32_t check_ms;       /* between two looks at what the chain says of the key */
    struct alc_sets *sets;   /* whence collateral for the register comes; NULL: who runs it brings
                              * it, but a simulated source's own set is put all the same */
    uint32_t collateral_ms;  /* between two times that the newest set is asked for; at most a day */
};

/* alc_worker_policy: the hash of the effective configuration, which statements repeat, and which is
 * measured before the first job.  Of `conf` it reads what is above `engine` alone. */
void alc_worker_policy(struct alc_hash *out, const struct alc_worker_conf *conf);

/* alc_worker_key loads the newest key of the folder, or makes it.  Files, all 0600:
 *   worker.json       the newest: statements are signed with it
 *   worker-next.json  the one after it: on disk before the chain hears of it
 *   worker-<n>.json   older ones, until all that they signed is settled */
ALC_MUST enum alc_rc alc_worker_key(struct alc_ed25519 *out, const char *dir, struct alc_err *err);

/* alc_worker_open starts the threads.  Jobs that a former process left running are waiting again.
 * Whether the operator's account and key are on chain is for the settling thread to find out: it
 * says what is missing and looks again each second.  ALC_BAD_INPUT: slots.  ALC_IO, ALC_NOMEM. */
ALC_MUST enum alc_rc alc_worker_open(struct alc_worker **out, const struct alc_worker_conf *conf,
                                     struct alc_err *err);
/* Counters since the start, and where the newest key stands; for any thread. */
struct alc_worker_stats {
    uint64_t quotes;     /* made, for batches and records */
    uint64_t batches;    /* stored */
    uint64_t statements; /* that have their quote */
    uint64_t records;
    uint64_t quote_failures;
    uint64_t registrations;
    bool registered;          /* the chain vouches for the newest key (true without a register) */
    uint64_t key_expires_s;   /* Unix seconds, by the chain's clock; 0: it does not, or not known */
    uint64_t collateral_puts; /* sets put on chain */
    uint64_t collateral_failures;      /* times that no set came */
    struct alc_sets_health collateral; /* as last looked at; `there` is false before that */
};
void alc_worker_stats(struct alc_worker *w, struct alc_worker_stats *out);

/* alc_worker_wake tells idle slots that there are jobs; for any thread. */
void alc_worker_wake(struct alc_worker *w);
/* alc_worker_close stops: running guests are cancelled and their jobs given back. */
void alc_worker_close(struct alc_worker *w);

#endif
