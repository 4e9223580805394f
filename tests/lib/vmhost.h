/* tests/lib/vmhost.h — one contract in NEAR's VM with its state in memory, for tests and benches.
 *
 *     struct vmhost *h = vmhost_open("c.test", vmhost_file("contract.wasm"));
 *     const struct nearvm_outcome *o = vmhost_do(h, "set", "{\"n\":1}");
 *     assert_true(vmhost_ok(o));
 *     assert_true(vmhost_returned(vmhost_view(h, "get", ""), "1"));
 *
 * There is no chain: promises do not travel and balances of others do not exist.  A call that
 * succeeds keeps its state, its balance and its yields; one that fails leaves all as it was. Yields
 * wait until the test wakes them.  What cannot go on (no memory, no such file, the VM itself fails)
 * prints a sentence and aborts the program.  One thread. */
#ifndef VMHOST_H
#define VMHOST_H

#include "localnet/nearvm/nearvm.h"
#include "near/near.h"

#define VMHOST_SIGNER "alice.test"
#define VMHOST_GAS (300u * (uint64_t)ALC_NEAR_TGAS)

struct vmhost;

/* What the contract can see; may be changed between calls. */
struct vmhost_env {
    const char *chain_id; /* "localnet" */
    uint64_t height;      /* starts at 100, one more after each call that is no view */
    uint64_t time_ns;     /* starts at 1.7e18, one second more likewise */
    __uint128_t balance;  /* of the contract: starts at 1,000 NEAR, follows deposits */
    uint64_t usage_bytes; /* storage: starts at 182 plus the code, follows writes */
    uint64_t trie_nodes;  /* charged per write and removal: 0 */
    bool print;           /* a line of gas per call on stdout: false */
};

struct vmhost_call {
    const char *method;
    struct alc_bytes args;
    const char *signer;                  /* NULL: VMHOST_SIGNER */
    const char *predecessor;             /* NULL: the signer */
    const struct alc_near_key *key;      /* of the signer; NULL: an Ed25519 key of bytes 0x11 */
    __uint128_t deposit;                 /* yoctoNEAR */
    uint64_t gas;                        /* 0: VMHOST_GAS */
    const struct nearvm_result *results; /* of the promises it is a callback of */
    size_t results_count;
    const struct alc_bytes *receivers; /* account ids that wait for the returned value */
    size_t receivers_count;
    bool view;
};

/* A yield that waits for its data. */
struct vmhost_yield {
    struct alc_hash data_id;
    struct alc_hash yield_id; /* zero unless the contract chose one */
    const char *method;
    struct alc_bytes args;
    uint64_t gas;
    __uint128_t deposit;
    bool resumed;
    struct alc_bytes payload; /* what it was resumed with first */
};

/* vmhost_file reads a whole file; the bytes live as long as the program. */
struct alc_bytes vmhost_file(const char *path);

/* vmhost_open puts `wasm` (copied) on a fresh account. */
struct vmhost *vmhost_open(const char *account_id, struct alc_bytes wasm);
void vmhost_close(struct vmhost *h); /* NULL too */
struct vmhost_env *vmhost_env(struct vmhost *h);
/* vmhost_deploy replaces the code; state stays. */
void vmhost_deploy(struct vmhost *h, struct alc_bytes wasm);

/* vmhost_call runs one call.  The outcome is borrowed until the next call of this host. */
const struct nearvm_outcome *vmhost_call(struct vmhost *h, const struct vmhost_call *call);
const struct nearvm_outcome *vmhost_do(struct vmhost *h, const char *method, const char *args);
const struct nearvm_outcome *vmhost_view(struct vmhost *h, const char *method, const char *args);

/* What came of it; each prints the error or the value when the answer is no. */
bool vmhost_ok(const struct nearvm_outcome *o);
bool vmhost_panicked(const struct nearvm_outcome *o, const char *text);
bool vmhost_returned(const struct nearvm_outcome *o, const char *text);
bool vmhost_logged(const struct nearvm_outcome *o, const char *part); /* in any line */

/* vmhost_action decodes an action of a receipt that the last call made; borrowed likewise. */
const struct alc_near_action *vmhost_action(struct vmhost *h, size_t receipt, size_t action);

/* Yields that wait, oldest first; borrowed until the next call. */
size_t vmhost_yields(const struct vmhost *h);
const struct vmhost_yield *vmhost_yield(const struct vmhost *h, size_t i);
/* vmhost_wake runs the callback of yield i, which no longer waits then: with its payload when it
 * was resumed, as a timeout otherwise. */
const struct nearvm_outcome *vmhost_wake(struct vmhost *h, size_t i);

/* The contract's records. */
bool vmhost_get(const struct vmhost *h, struct alc_bytes key, struct alc_bytes *value);
void vmhost_put(struct vmhost *h, struct alc_bytes key, struct alc_bytes value);
size_t vmhost_records(const struct vmhost *h);
void vmhost_record(const struct vmhost *h, size_t i, struct alc_bytes *key,
                   struct alc_bytes *value);

/* vmhost_fees are the numbers of the protocol version the hosts run at. */
const struct nearvm_fees *vmhost_fees(void);

#endif
