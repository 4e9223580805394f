/* src/attest/attest.h — what ran becomes a statement, and the statement a signature.
 *
 * Holds the worker's Ed25519 key.  The key signs two things, both built here or by settle from
 * what this process knows: statements and NEAR transactions; never bytes that came from outside.
 * No quote source exists yet: every statement says simulated = 1 and names no measurement.
 * An alc_attest is for any thread. */
#ifndef ALC_ATTEST_H
#define ALC_ATTEST_H

#include "base/buf.h"
#include "crypto/crypto.h"
#include "verify/verify.h"

struct alc_attest; /* opaque */

/* alc_attest_open takes the key (on success *key is emptied). */
ALC_MUST enum alc_rc alc_attest_open(struct alc_attest **out, struct alc_ed25519 *key,
                                     struct alc_err *err);
void alc_attest_close(struct alc_attest *a);

/* alc_attest_key borrows the key, for signing transactions. */
const struct alc_ed25519 *alc_attest_key(const struct alc_attest *a);

/* alc_attest_sign sets worker_key, measurement and simulated in *s, encodes it, and writes encoding
 * and signature to out; *hash is the statement's.  ALC_LIMIT: a string of *s is too long. */
ALC_MUST enum alc_rc alc_attest_sign(const struct alc_attest *a, struct alc_statement *s,
                                     uint8_t out[ALC_STATEMENT_SIGNED_MAX_BYTES], size_t *n,
                                     struct alc_hash *hash, struct alc_err *err);

/* The embedder's table of verify.h, natively. */
extern const struct alc_verify_ops alc_verify_native;

/* env_hash of a statement: SHA-256 over the borsh list, sorted by name, of (name String, kind u8,
 * value String); kind 0 is a plain value, 1 a secret, whose value stands as its ciphertext's hash.
 */
struct alc_env_fact {
    struct alc_bytes name, value;
    uint8_t kind;
};
/* alc_attest_env sorts `facts` in place.  ALC_NOMEM. */
ALC_MUST enum alc_rc alc_attest_env(struct alc_hash *out, struct alc_env_fact *facts, size_t count);

/* ---- a statement and its evidence as a file ----
 *
 *   {"format":"alcove-statement/1","statement":"<base64>","signature":"ed25519:<base58>",
 *    "request":"<request_data text>","input":"<base64>","output":"<base64>"}
 *
 * Only format, statement and signature must be there; docs/statement.md has the rest. */
#define ALC_BUNDLE_MAX_BYTES (4u << 20)

struct alc_bundle {
    struct alc_bytes signed_statement; /* encoding ‖ signature */
    bool has_request, has_input, has_output;
    struct alc_bytes request, input, output;
};

/* alc_bundle_read: ALC_BAD_INPUT says what is wrong with the text. */
ALC_MUST enum alc_rc alc_bundle_read(struct alc_bundle *out, struct alc_bytes text,
                                     struct alc_arena *arena, struct alc_err *err);
/* alc_bundle_write appends the JSON and a line's end. */
void alc_bundle_write(struct alc_buf *out, const struct alc_bundle *b);

#endif
