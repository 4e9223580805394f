/* tests/contract/compute_proofs.h — statements that the main contract accepts, and evidence for
 * them: what the tests of proven answers share. */
#ifndef COMPUTE_PROOFS_H
#define COMPUTE_PROOFS_H

#include "tests/contract/compute_calls.h"

#include "crypto/crypto.h"
#include "verify/verify.h"

#define OUTPUT ALC_LIT("{\"payout\":1}")
#define OUTPUT_ARG "{\"Json\":{ \"payout\" : 1 }}"
#define WORKER 0x22 /* key_text of it is the worker's */

/* good_statement is what the last request accepts for OUTPUT; made from what was announced, not
 * from what the contract says of itself, but for the deployment id. */
void good_statement(struct alc_statement *t, uint64_t id);

/* base64_of is the encoding with `extra` behind it; valid until the next call. */
const char *base64_of(const struct alc_statement *t, const char *extra);
struct alc_hash hash_of_statement(const struct alc_statement *t);

/* The arguments of a resolve with `output` and a statement in base64. */
const char *resolve_args(uint64_t id, const char *output, const char *statement);

void as_worker(void); /* the operator, under the worker's key */

/* envelope_is: the last call returned `output` with the proof that names *t. */
void envelope_is(const struct alc_statement *t, const char *output, uint64_t id);

/* ---- enclaves ---- */

#define REGISTER "op.test" /* the register lives on the operator's account */
#define M1 "1111111111111111111111111111111111111111111111111111111111111111"
#define M2 "2222222222222222222222222222222222222222222222222222222222222222"
#define DAY_NS UINT64_C(86400000000000)

void set_register(void); /* as the owner */
/* vouch registers a key of 32 such bytes, as the register does. */
void vouch(uint8_t key, uint64_t expires_ns, const char *measurement, bool simulated);

/* Hashes natively, for what the contract computes by host functions. */
extern const struct alc_verify_ops native_ops;

#endif
