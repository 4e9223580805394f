/* tests/unit/localnet_rpc/fake_chain.h — a chain that does as it is told, behind localnet/chain.h:
 * what the RPC makes of an answer is tested without NEAR's VM. */
#ifndef FAKE_CHAIN_H
#define FAKE_CHAIN_H

#include "localnet/chain.h"

/* Blocks have the heights genesis .. head, without jump_from .. jump_to; the hash of a block is 31
 * zero bytes and its height. */
struct lnet_chain {
    uint64_t genesis, head, jump_from, jump_to;
    bool failed;
    bool moves;           /* the head moves on between a block's look-up and the reading of state */
    uint64_t oldest;      /* height below which state is not kept */
    uint64_t past;        /* height at which state is read; 0: the head */
    enum alc_rc state_rc; /* what every reader of state returns */
    const char *view;     /* result bytes of a view call */
    enum lnet_level level; /* of the transaction whose bytes are "good" */
    bool sent;
    const char *result; /* of the transaction, when not the usual one */
    unsigned waits;     /* calls of lnet_chain_wait */
    char patched[256];  /* records of the last patch */
    uint64_t delta;     /* of the last fast-forward */
    uint64_t snapshots, restored;
};

#define FAKE_PANIC                                                                                 \
    "wasm execution failed with error: HostError(GuestPanic { panic_msg: \"no\\n\" })"

struct alc_hash fake_hash(uint64_t height);
struct alc_hash fake_tx(void); /* SHA-256 of "good" */

#endif
