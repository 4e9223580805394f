/* tests/contract/vm_proofs.h — statements and evidence for requests of the main contract in NEAR's
 * VM. What cannot go on prints a sentence and aborts. */
#ifndef VM_PROOFS_H
#define VM_PROOFS_H

#include "tests/lib/vmhost.h"
#include "verify/verify.h"

#define VM_OPERATOR "operator.test" /* and the register, which lives on the same account */
#define VM_OUTPUT "{\"payout\":1}"
#define VM_ANSWER /* a response with that output */                                                \
    "\"response\":{\"success\":true,\"output\":{\"Json\":" VM_OUTPUT "},\"error\":null,"           \
    "\"resources_used\":{\"instructions\":5500000,\"time_ms\":120,\"compile_time_ms\":null},"      \
    "\"compilation_note\":null,\"refund_usd\":null}"

struct vm_proof {
    struct alc_hash statement; /* its hash */
    uint8_t report_data[64];   /* what a quote must say */
    char statement64[4096];
    char evidence64[32768]; /* by vm_evidence */
};

void need(bool holds, const char *what);

/* The value of a string key, wherever it comes first in JSON that we wrote ourselves. */
struct alc_bytes value_of(struct alc_bytes json, const char *key);

/* vm_statement makes what request `id` (of VMHOST_SIGNER, 10^9 instructions, 128 MB, 60 s) accepts
 * for `output`, under a key of bytes 0x22 whose enclave is *measurement, SIMULATED. */
void vm_statement(struct vm_proof *p, struct vmhost *h, uint64_t id, enum alc_output_kind kind,
                  struct alc_bytes output, const struct alc_hash *measurement);
/* vm_evidence puts `quote` over a batch of 100 statements with this one in it. */
void vm_evidence(struct vm_proof *p, struct alc_bytes quote);

/* vm_by_operator calls under that key. */
const struct nearvm_outcome *vm_by_operator(struct vmhost *h, const char *method, const char *args);

/* vm_vouched registers that key as the register does, which it also sets; for a week. */
const struct nearvm_outcome *vm_vouched(struct vmhost *h, const struct alc_hash *measurement);

/* What a resolve at level "onchain" asked: copies of the arguments of verify_quote and of the
 * callback, and what gas the callback is given. */
struct vm_asked {
    char *verify, *callback;
    uint64_t verify_gas, callback_gas;
};
struct vm_asked vm_asked(struct vmhost *h);
void vm_asked_fini(struct vm_asked *a);
/* vm_verdict runs the callback; verdict.p NULL: the register failed. */
const struct nearvm_outcome *vm_verdict(struct vmhost *h, const struct vm_asked *a,
                                        struct alc_bytes verdict);
/* An accepting verdict on what *a asks, about *measurement, as long as a real one. */
const char *vm_accepting(const struct vm_asked *a, const struct alc_hash *measurement);

#endif
