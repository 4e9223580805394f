/* src/cli/demo.h — what the two files of `alcove demo` share. */
#ifndef ALC_CLI_DEMO_H
#define ALC_CLI_DEMO_H

#include "cli/node.h"

#define GAS_ALL (300u * (uint64_t)ALC_NEAR_TGAS)
#define PATIENCE_MS 60000u

struct demo {
    struct cli_settings set;
    struct cli_state state;
    struct cli_devnet dev;
    struct cli_enclave enclave;
    struct cli_node *node;
    struct alc_ed25519 user; /* the user's key */
    struct alc_hash module;
    char out[4096];         /* where the statement file goes */
    char root[4096];        /* and the simulated root beside it */
    struct alc_buf command; /* with which a shell verifies it */
    uint64_t last_ms;       /* of the step before */
    struct alc_arena arena;
};

extern const char demo_policy[]; /* JSON: against what is insured */

/* demo_step says what happened: the block it ended in, gas burnt, and the time since the step
 * before. */
void demo_step(struct demo *d, const char *name, uint64_t block, uint64_t gas, const char *fmt, ...)
    ALC_PRINTF(5, 6);
const char *demo_hardware(const struct demo *d); /* "SIMULATED", or whose quotes */

/* A receipt of the claim that ran on an account: which one is told by its place in the order. */
struct demo_receipt {
    uint64_t gas, height;
};
ALC_MUST enum alc_rc demo_receipt_on(struct demo *d, struct demo_receipt *out,
                                     const struct alc_json *tx, const char *account, unsigned nth,
                                     struct alc_err *err);
/* demo_resolved finds the worker's receipt on the contract between two blocks; `all`: its gas is
 * that of the whole transaction. */
ALC_MUST enum alc_rc demo_resolved(struct demo *d, struct demo_receipt *out, uint64_t from,
                                   uint64_t to, bool all, struct alc_err *err);

/* demo_prove waits for the quote that vouches for the answer's statement, gets what the gateway
 * shows to whoever asks, judges it with everything the demo knows of the run, and writes it out as
 * one file for `alcove verify`. */
ALC_MUST enum alc_rc demo_prove(struct demo *d, const struct alc_json *answer, struct alc_err *err);
/* demo_check says how to verify that file. */
void demo_check(struct demo *d);
/* demo_levels shows what each level of proof costs the one who resolves. */
ALC_MUST enum alc_rc demo_levels(struct demo *d, struct alc_err *err);

#endif
