/* src/attest/attest.h — what ran becomes a statement, the statement a signature, and many of them a
 * quote.
 *
 * Holds the worker's Ed25519 keys.  They sign two things, both built here or by settle from what
 * this process knows: statements and NEAR transactions; never bytes that came from outside.
 * A quote comes from the machine's TDX module (configfs-tsm), from dstack's guest agent, or from a
 * local PKI that says SIMULATED.  An alc_attest is for any thread. */
#ifndef ALC_ATTEST_H
#define ALC_ATTEST_H

#include "base/buf.h"
#include "crypto/crypto.h"
#include "verify/verify.h"

struct alc_attest; /* opaque */

/* Where quotes come from. */
enum alc_source {
    ALC_SOURCE_NONE,      /* no quotes: statements say simulated = 1 and name no measurement */
    ALC_SOURCE_AUTO,      /* configfs, else dstack, else ALC_NOT_FOUND */
    ALC_SOURCE_CONFIGFS,  /* /sys/kernel/config/tsm/report, Linux 6.7 and later */
    ALC_SOURCE_DSTACK,    /* the guest agent's unix socket */
    ALC_SOURCE_SIMULATED, /* a local PKI under a root named SIMULATED */
};
const char *alc_source_name(enum alc_source source); /* "configfs", "SIMULATED" ... */
ALC_MUST bool alc_source_read(enum alc_source *out, const char *name); /* "simulated" ... */

struct alc_attest_conf {
    enum alc_source source;
    const char *configfs_dir;    /* NULL: the kernel's */
    const char *dstack_socket;   /* NULL: the usual places */
    const char *simulated_dir;   /* folder of the local PKI, made on first use */
    struct alc_hash policy_hash; /* goes into the simulated RTMR3, as alcove-policy */
    const struct alc_clock *clock;
};

/* alc_attest_open takes the key (on success *key is emptied), opens the source, and learns what it
 * measures from a first quote.  ALC_NOT_FOUND: the source is not there, and why.  ALC_IO,
 * ALC_TIMEOUT, ALC_CORRUPT as of alc_attest_quote.  conf NULL: no source. */
ALC_MUST enum alc_rc alc_attest_open(struct alc_attest **out, struct alc_ed25519 *key,
                                     const struct alc_attest_conf *conf, struct alc_err *err);
void alc_attest_close(struct alc_attest *a);

/* alc_attest_probe says what a source would need: one line for `alcove doctor`.  Returns whether it
 * is there. */
bool alc_attest_probe(enum alc_source source, const struct alc_attest_conf *conf, char *line,
                      size_t cap);

/* ---- keys ---- */

/* alc_attest_key borrows the newest key, with which statements are signed from now on.  A key, once
 * lent, stays until it is forgotten, so that what it signed can be settled with it. */
const struct alc_ed25519 *alc_attest_key(const struct alc_attest *a);
/* alc_attest_find borrows the key with this public key; NULL: it is none of ours. */
const struct alc_ed25519 *alc_attest_find(struct alc_attest *a, const struct alc_hash *public_key);
/* alc_attest_rotate makes `key` (emptied on success) the newest.  ALC_LIMIT: 64 keys are held. */
ALC_MUST enum alc_rc alc_attest_rotate(struct alc_attest *a, struct alc_ed25519 *key,
                                       struct alc_err *err);
/* alc_attest_add holds an older key (emptied on success) for what it signed.  ALC_LIMIT as above.
 */
ALC_MUST enum alc_rc alc_attest_add(struct alc_attest *a, struct alc_ed25519 *key,
                                    struct alc_err *err);
/* alc_attest_forget wipes an older key, which makes room for another; the newest one, and one that
 * is not held, are left alone.  Nobody may use what was lent of it any more, nor be signing with
 * it: the caller has seen to it that a rotation came between. */
void alc_attest_forget(struct alc_attest *a, const struct alc_hash *public_key);

/* ---- statements ---- */

/* alc_attest_sign signs with the newest key: it sets worker_key, measurement and simulated in *s,
 * encodes it, and writes encoding and signature to out; *hash is the statement's.  ALC_LIMIT: a
 * string of *s is too long. */
ALC_MUST enum alc_rc alc_attest_sign(const struct alc_attest *a, struct alc_statement *s,
                                     uint8_t out[ALC_STATEMENT_SIGNED_MAX_BYTES], size_t *n,
                                     struct alc_hash *hash, struct alc_err *err);

/* ---- quotes ---- */

enum alc_source alc_attest_source(const struct alc_attest *a); /* never ALC_SOURCE_AUTO */
bool alc_attest_simulated(const struct alc_attest *a);         /* also without a source */
/* alc_attest_measurement: of this enclave; zero without a source. */
struct alc_measurement alc_attest_measurement(const struct alc_attest *a);
void alc_attest_measurement_hash(const struct alc_attest *a, struct alc_hash *out);

/* alc_attest_quote appends a quote with this report data, having compared what came with what was
 * asked.  One at a time: it waits for its turn.  ALC_NOT_FOUND: no source.  ALC_IO, ALC_TIMEOUT:
 * the host or agent did not answer, ask again.  ALC_CORRUPT: what came is no quote, is for other
 * data, or is of an enclave that measures something else than at the start.  *event_log, when not
 * NULL, gets the JSON log (appended; nothing when the source has none). */
ALC_MUST enum alc_rc alc_attest_quote(struct alc_attest *a, const uint8_t report_data[64],
                                      struct alc_buf *quote, struct alc_buf *event_log,
                                      struct alc_err *err);

/* alc_attest_simulated_root: DER of the local PKI's root; n 0 for other sources.
 * alc_attest_simulated_collateral appends the set that goes with its quotes, valid now (30 days).
 */
struct alc_bytes alc_attest_simulated_root(const struct alc_attest *a);
ALC_MUST enum alc_rc alc_attest_simulated_collateral(struct alc_attest *a, struct alc_buf *json,
                                                     struct alc_err *err);

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
 *    "request":"<request_data text>","input":"<base64>","output":"<base64>",
 *    "evidence":"<base64>","collateral":"<JSON>","event_log":"<JSON>",
 *    "source":{"code_hash":"<hex>","url":"..","repo":"..","commit":".."},"judged_at":1790000000}
 *
 * Only format, statement and signature must be there; docs/statement.md has the rest. */
#define ALC_BUNDLE_MAX_BYTES (8u << 20)

struct alc_bundle {
    struct alc_bytes signed_statement; /* encoding ‖ signature */
    bool has_request, has_input, has_output;
    struct alc_bytes request, input, output;
    struct alc_bytes evidence;   /* as verify.h encodes it; n 0: none, also below */
    struct alc_bytes collateral; /* the set's JSON text */
    struct alc_bytes event_log;  /* JSON text */
    bool has_source;             /* whence the module came; texts that nobody knows are empty */
    struct alc_hash source_code; /* SHA-256 of the module it speaks of */
    struct alc_bytes source_url, source_repo, source_commit;
    bool has_judged_at;
    uint64_t judged_at_s; /* when whoever wrote the file judged it, Unix seconds */
};

/* alc_bundle_read: ALC_BAD_INPUT says what is wrong with the text. */
ALC_MUST enum alc_rc alc_bundle_read(struct alc_bundle *out, struct alc_bytes text,
                                     struct alc_arena *arena, struct alc_err *err);
/* alc_bundle_write appends the JSON and a line's end. */
void alc_bundle_write(struct alc_buf *out, const struct alc_bundle *b);

#include "attest/collateral.h" /* sets of collateral: fetched, kept, watched */

#endif
