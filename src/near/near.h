/* src/near/near.h — NEAR for C: account ids, keys, borsh transactions, JSON-RPC, the block stream.
 *
 * Formats are those of protocol version 88 (nearcore's primitives); vectors made by near-api-js are
 * under tests/vectors/near.  Amounts are yoctoNEAR in __uint128_t; gas is in gas units.
 * Knows nothing of jobs.  Codec functions are pure; a client belongs to one thread. */
#ifndef ALC_NEAR_H
#define ALC_NEAR_H

#include "base/base.h"
#include "base/borsh.h"
#include "base/buf.h"
#include "base/json.h"
#include "crypto/crypto.h"

#define ALC_NEAR_ID_MAX 64u
#define ALC_NEAR_TX_MAX_BYTES 1572864u /* signature included */
#define ALC_NEAR_ACTIONS_MAX 100u
#define ALC_NEAR_GAS_NONCES_MAX 1024u /* of a gas key; at least one */
#define ALC_NEAR_TGAS 1000000000000u
#define ALC_NEAR_YOCTO ((__uint128_t)1000000000000u * 1000000000000u) /* of one NEAR */

/* ---- account ids ---- */

struct alc_near_id {
    char s[ALC_NEAR_ID_MAX + 1]; /* NUL-terminated; "" is no account */
};

/* alc_near_id_valid: 2..64 of a-z 0-9 - _ . with no separator first, last or beside another. */
ALC_MUST bool alc_near_id_valid(struct alc_bytes text);
ALC_MUST bool alc_near_id_set(struct alc_near_id *out,
                              struct alc_bytes text); /* false: not valid */
static inline struct alc_bytes alc_near_id_bytes(const struct alc_near_id *id)
{
    return alc_cstr(id->s);
}

/* ---- keys and signatures ---- */

/* Borsh tags.  Of an ML-DSA-65 key the state of the network keeps a hash alone, the handle, which
 * stands in views and state records and never in a transaction. */
enum alc_near_curve {
    ALC_NEAR_ED25519 = 0,
    ALC_NEAR_SECP256K1 = 1,
    ALC_NEAR_ML_DSA_65 = 2,
    ALC_NEAR_ML_DSA_65_HANDLE = 3
};
#define ALC_NEAR_ML_DSA_65_KEY_BYTES 1952u
#define ALC_NEAR_ML_DSA_65_SIG_BYTES 3309u

struct alc_near_key {
    uint8_t curve;
    uint8_t b[64];       /* 32 used for Ed25519 and handles, 64 for secp256k1; the rest is zero */
    const uint8_t *full; /* ML_DSA_65: the key, borrowed */
};
size_t alc_near_key_bytes(const struct alc_near_key *k); /* 32, 64 or 1952 */
struct alc_bytes alc_near_key_raw(const struct alc_near_key *k);
bool alc_near_key_eq(const struct alc_near_key *a, const struct alc_near_key *b);

#define ALC_NEAR_KEY_TEXT_MAX 2720u
/* "ed25519:<base58>", "secp256k1:<base58>", "ml-dsa-65-hash:<base58>" (a handle); no prefix is
 * Ed25519; the curve in any case.  alc_near_key_read_in takes "ml-dsa-65:<base58>" too, whose bytes
 * it puts into the arena; false also when that is full. */
ALC_MUST bool alc_near_key_read(struct alc_near_key *out, struct alc_bytes text);
ALC_MUST bool alc_near_key_read_in(struct alc_near_key *out, struct alc_bytes text,
                                   struct alc_arena *arena);
void alc_near_key_text(char out[ALC_NEAR_KEY_TEXT_MAX], const struct alc_near_key *k);

struct alc_near_sig {
    uint8_t curve;
    uint8_t b[65];       /* 64 used for Ed25519 */
    const uint8_t *full; /* ML_DSA_65: 3309 bytes, borrowed */
};
struct alc_bytes alc_near_sig_raw(const struct alc_near_sig *s);
/* alc_near_sig_ok checks a signature over a 32-byte hash with the key of the same curve.  False for
 * ML-DSA-65, which this room cannot check (localnet asks NEAR's own code). */
ALC_MUST bool alc_near_sig_ok(const struct alc_near_sig *sig, const struct alc_near_key *key,
                              const struct alc_hash *hash);

/* A secret key, "ed25519:<base58 of seed ‖ public key>".  ALC_BAD_INPUT: malformed, or the public
 * key is another's.  ALC_NOMEM. */
ALC_MUST enum alc_rc alc_near_secret_read(struct alc_ed25519 *out, struct alc_bytes text);
#define ALC_NEAR_SECRET_TEXT_MAX 104u
void alc_near_secret_text(char out[ALC_NEAR_SECRET_TEXT_MAX], const struct alc_ed25519 *k);
struct alc_near_key alc_near_key_of(const struct alc_ed25519 *k);
/* alc_near_key_file reads {"account_id","public_key","private_key"|"secret_key"}; the file must not
 * be readable by others.  alc_near_key_file_write makes it 0600, by rename.  `id` may be NULL, and
 * is "" where the file names no account.  ALC_NOT_FOUND: no file.  ALC_DENIED: others can read it.
 * ALC_BAD_INPUT: not a key file.  ALC_IO, ALC_NOMEM. */
ALC_MUST enum alc_rc alc_near_key_file(struct alc_ed25519 *out, struct alc_near_id *id,
                                       const char *path, struct alc_err *err);
ALC_MUST enum alc_rc alc_near_key_file_write(const char *path, const struct alc_ed25519 *k,
                                             const struct alc_near_id *id, struct alc_err *err);

/* ---- transactions ---- */

/* Borsh tags. */
enum alc_near_permission {
    ALC_NEAR_FUNCTION_CALL_KEY = 0,
    ALC_NEAR_FULL_ACCESS = 1,
    ALC_NEAR_GAS_FUNCTION_CALL_KEY = 2,
    ALC_NEAR_GAS_FULL_ACCESS = 3,
};

struct alc_near_access {
    uint64_t nonce;
    uint8_t permission;
    bool has_allowance;
    __uint128_t allowance;
    struct alc_bytes receiver_id; /* a plain string by type; checked where it matters */
    struct alc_bytes *methods;    /* in the arena; none: any method */
    uint32_t methods_count;
    __uint128_t gas_balance; /* gas keys: what they pay for gas with, and */
    uint16_t gas_nonces;     /* how many nonces they have, numbered from 0 */
};
/* A gas key (NEP-611) pays for the gas of what it signs, and has nonces of its own by index;
 * `nonce` stays 0.  Either kind may be bound to calls, by the members above. */
static inline bool alc_near_is_gas_key(const struct alc_near_access *a)
{
    return a->permission >= ALC_NEAR_GAS_FUNCTION_CALL_KEY;
}
static inline bool alc_near_is_call_key(const struct alc_near_access *a)
{
    return a->permission == ALC_NEAR_FUNCTION_CALL_KEY ||
           a->permission == ALC_NEAR_GAS_FUNCTION_CALL_KEY;
}

/* Borsh tags. */
enum alc_near_action_kind {
    ALC_NEAR_CREATE_ACCOUNT = 0,
    ALC_NEAR_DEPLOY = 1,
    ALC_NEAR_CALL = 2,
    ALC_NEAR_TRANSFER = 3,
    ALC_NEAR_STAKE = 4,
    ALC_NEAR_ADD_KEY = 5,
    ALC_NEAR_DELETE_KEY = 6,
    ALC_NEAR_DELETE_ACCOUNT = 7,
    ALC_NEAR_DELEGATE = 8,
    ALC_NEAR_DEPLOY_GLOBAL = 9,
    ALC_NEAR_USE_GLOBAL = 10,
    ALC_NEAR_STATE_INIT = 11,
    ALC_NEAR_TRANSFER_GAS_KEY = 12,
    ALC_NEAR_WITHDRAW_GAS_KEY = 13,
    ALC_NEAR_DELEGATE_V2 = 14,
    ALC_NEAR_UNIVERSAL_INIT = 15,
};

struct alc_near_delegate;

/* One struct for all kinds; each names the members it uses.  Bytes are borrowed. */
struct alc_near_action {
    uint8_t kind;
    struct alc_bytes method;       /* CALL */
    struct alc_bytes data;         /* CALL args; DEPLOY, DEPLOY_GLOBAL code; UNIVERSAL_INIT record;
                                    * STATE_INIT: borsh of its map; DELEGATE_V2: the rest, raw */
    uint64_t gas;                  /* CALL */
    __uint128_t amount;            /* CALL and inits: deposit; TRANSFER, STAKE, gas keys */
    struct alc_near_key key;       /* STAKE, ADD_KEY, DELETE_KEY, gas keys */
    struct alc_near_access access; /* ADD_KEY */
    struct alc_bytes account_id; /* DELETE_ACCOUNT beneficiary; USE_GLOBAL, STATE_INIT by account */
    uint8_t by_account;          /* DEPLOY_GLOBAL mode, USE_GLOBAL, STATE_INIT: 0 hash, 1 account */
    struct alc_hash code_hash;   /* USE_GLOBAL, STATE_INIT by hash */
    struct alc_near_delegate *delegate; /* DELEGATE, in the arena */
};

struct alc_near_delegate {
    struct alc_bytes sender_id, receiver_id;
    struct alc_near_action *actions; /* none of them a delegate */
    uint32_t actions_count;
    uint64_t nonce, max_block_height;
    struct alc_near_key key;
    struct alc_near_sig sig;
};

struct alc_near_tx {
    uint8_t version;                         /* 0 or 1 */
    struct alc_bytes signer_id, receiver_id; /* not checked by the codec */
    struct alc_near_key key;
    uint64_t nonce;
    bool gas_key_nonce;   /* V1: the nonce belongs to a gas key */
    uint16_t nonce_index; /* V1, gas key */
    uint8_t nonce_mode;   /* V1: 0 monotonic, 1 strict */
    struct alc_hash block_hash;
    struct alc_near_action *actions;
    uint32_t actions_count;
};

struct alc_near_signed {
    struct alc_near_tx tx;
    struct alc_near_sig sig;
    struct alc_hash hash; /* SHA-256 of the transaction without the signature */
};

/* alc_near_tx_read decodes one SignedTransaction with no byte left over.  ALC_BAD_INPUT (what is
 * wrong, where), ALC_LIMIT, ALC_NOMEM (arena).  The signature is not checked. */
ALC_MUST enum alc_rc alc_near_tx_read(struct alc_near_signed *out, struct alc_bytes in,
                                      struct alc_arena *arena, struct alc_err *err);
/* alc_near_tx_read_any is the same without the two limits, for a node, which tells its client which
 * of them a transaction is over.  More than ALC_NEAR_ACTIONS_MAX actions (of a delegate: inner
 * ones) are counted but not kept: `actions` is then NULL.  ALC_BAD_INPUT, ALC_NOMEM (arena). */
ALC_MUST enum alc_rc alc_near_tx_read_any(struct alc_near_signed *out, struct alc_bytes in,
                                          struct alc_arena *arena, struct alc_err *err);
/* alc_near_tx_write appends the borsh of the unsigned transaction. */
void alc_near_tx_write(struct alc_buf *out, const struct alc_near_tx *tx);
/* alc_near_action_read/_write: one Action, as VM wrappers and delegates carry them. */
ALC_MUST bool alc_near_action_read(struct alc_cur *c, struct alc_near_action *out,
                                   struct alc_arena *arena);
void alc_near_action_write(struct alc_buf *out, const struct alc_near_action *a);
void alc_near_key_write(struct alc_buf *out, const struct alc_near_key *k);
/* alc_near_key_take: one borsh PublicKey; an ML-DSA-65 key borrows its bytes. */
ALC_MUST bool alc_near_key_take(struct alc_cur *c, struct alc_near_key *out);
/* alc_near_delegate_hash is what the sender of a delegate action signs (NEP-366). */
void alc_near_delegate_hash(struct alc_hash *out, const struct alc_near_delegate *d);
/* alc_near_tx_sign appends the signed transaction to `out` and sets *hash.  tx->key is the public
 * key of `k`.  ALC_NOMEM: also when `out` is full. */
ALC_MUST enum alc_rc alc_near_tx_sign(struct alc_buf *out, struct alc_hash *hash,
                                      const struct alc_near_tx *tx, const struct alc_ed25519 *k);

/* ---- JSON-RPC client ---- */

struct alc_near_rpc; /* opaque */

struct alc_near_rpc_conf {
    const char *const *urls; /* tried in order; one that fails is left alone for a while */
    size_t urls_count;
    const char *api_key;       /* sent as Authorization: Bearer; NULL: none */
    uint32_t timeout_ms;       /* 0 = 15 s */
    bool plain_ok;             /* http:// allowed: localnet */
    const volatile bool *stop; /* ends waits; may be NULL */
};

ALC_MUST enum alc_rc alc_near_rpc_open(struct alc_near_rpc **out,
                                       const struct alc_near_rpc_conf *conf, struct alc_err *err);
void alc_near_rpc_close(struct alc_near_rpc *r);

/* alc_near_rpc_call sends one request; the same bytes go to the next server, three times around at
 * most, until one answers.  A server that was silent for timeout_ms is not asked twice.  *result is
 * owned by the caller (alc_json_close) and is the `result` member wrapped as a document.
 * ALC_NOT_FOUND: UNKNOWN_ACCOUNT, UNKNOWN_ACCESS_KEY, UNKNOWN_BLOCK, UNKNOWN_TRANSACTION.
 * ALC_CONFLICT: INVALID_TRANSACTION (the sentence names the variant).  ALC_TIMEOUT: TIMEOUT_ERROR
 * too.  ALC_BAD_INPUT: the node refused the request. ALC_TRAP: CONTRACT_EXECUTION_ERROR. ALC_LIMIT:
 * an answer over 32 MiB.  ALC_IO: no endpoint answered.  cause[64], when given, gets the error's
 * cause name, "" without one. */
ALC_MUST enum alc_rc alc_near_rpc_call(struct alc_near_rpc *r, struct alc_json **result,
                                       const char *method, struct alc_bytes params, char cause[64],
                                       struct alc_err *err);

struct alc_near_block_ref {
    uint64_t height;
    struct alc_hash hash;
    uint64_t timestamp_ns;
};
ALC_MUST enum alc_rc alc_near_rpc_final(struct alc_near_rpc *r, struct alc_near_block_ref *out,
                                        struct alc_err *err); /* newest final block */
ALC_MUST enum alc_rc alc_near_rpc_nonce(struct alc_near_rpc *r, uint64_t *nonce,
                                        const char *account_id, const struct alc_near_key *k,
                                        struct alc_err *err); /* ALC_NOT_FOUND: no such key */
/* alc_near_rpc_view calls a view at `final`; *out: its result bytes in the arena.  A panic of the
 * contract is ALC_TRAP with its text.  ALC_NOT_FOUND: no such account, code or method. */
ALC_MUST enum alc_rc alc_near_rpc_view(struct alc_near_rpc *r, struct alc_bytes *out,
                                       const char *account_id, const char *method,
                                       struct alc_bytes args, struct alc_arena *arena,
                                       struct alc_err *err);

/* Where a transaction is. */
enum alc_near_tx_state {
    ALC_NEAR_TX_UNKNOWN,
    ALC_NEAR_TX_PENDING,
    ALC_NEAR_TX_OK,
    ALC_NEAR_TX_FAILED
};
struct alc_near_tx_status {
    enum alc_near_tx_state state;
    bool final;             /* all receipts in final blocks */
    struct alc_bytes value; /* of ALC_NEAR_TX_OK, decoded, in the arena */
    const char *failure;    /* of FAILED: compact JSON of the error, in the arena */
    uint64_t gas_burnt;     /* of the transaction and all its receipts */
    __uint128_t tokens_burnt;
    struct alc_json *json; /* the TxResult when asked for, else NULL; owned by the caller */
};
/* alc_near_rpc_send sends signed bytes and waits for `wait_until` ("NONE", "INCLUDED",
 * "EXECUTED_OPTIMISTIC", "FINAL"...).  Sending the same bytes again is harmless: it is done once
 * after a timeout, and then the chain is asked by hash; so is it after a refusal, for a nonce may
 * be used by an earlier arrival.  ALC_OK may thus show PENDING.  ALC_BAD_INPUT: not a signed
 * transaction.  ALC_CONFLICT: refused, and not known.  ALC_TIMEOUT, ALC_IO: nobody knows it. */
ALC_MUST enum alc_rc alc_near_rpc_send(struct alc_near_rpc *r, struct alc_near_tx_status *out,
                                       struct alc_bytes signed_tx, const char *wait_until,
                                       bool keep_json, struct alc_arena *arena,
                                       struct alc_err *err);
/* alc_near_rpc_tx asks for a transaction by hash; ALC_NEAR_TX_UNKNOWN is ALC_OK. */
ALC_MUST enum alc_rc alc_near_rpc_tx(struct alc_near_rpc *r, struct alc_near_tx_status *out,
                                     const struct alc_hash *hash, const char *sender_id,
                                     const char *wait_until, bool keep_json,
                                     struct alc_arena *arena, struct alc_err *err);

/* ---- block stream ---- */

/* One successful receipt's logs, in the order of execution. */
struct alc_near_logs {
    struct alc_bytes executor_id, predecessor_id, signer_id, signer_key; /* as text */
    struct alc_bytes receipt_id, tx_hash; /* base58; tx_hash empty when the server gives none */
    struct alc_bytes *logs;
    size_t logs_count;
    uint64_t gas_burnt;
};
struct alc_near_stream_block {
    bool skipped; /* no block has this height */
    uint64_t height;
    struct alc_hash hash;
    uint64_t timestamp_ns;
    struct alc_near_logs *receipts; /* in the arena; failed receipts are left out */
    size_t receipts_count;
};

/* alc_near_block_read parses one block document; `only` (an account id, or NULL) keeps just the
 * receipts executed by it.  ALC_BAD_INPUT, ALC_LIMIT, ALC_NOMEM. */
ALC_MUST enum alc_rc alc_near_block_read(struct alc_near_stream_block *out, struct alc_bytes text,
                                         const char *only, struct alc_arena *arena,
                                         struct alc_err *err);

struct alc_near_stream; /* opaque: a follower of one server; failover over several URLs */
struct alc_near_stream_conf {
    const char *const *urls;
    size_t urls_count;
    uint32_t timeout_ms; /* of one long poll, 0 = 30 s */
    bool plain_ok;
    const volatile bool *stop;
};
ALC_MUST enum alc_rc alc_near_stream_open(struct alc_near_stream **out,
                                          const struct alc_near_stream_conf *conf,
                                          struct alc_err *err);
void alc_near_stream_close(struct alc_near_stream *s);
ALC_MUST enum alc_rc alc_near_stream_last(struct alc_near_stream *s, uint64_t *height,
                                          struct alc_err *err); /* last final */
/* alc_near_stream_get waits for the block of `height`.  ALC_TIMEOUT: not there yet, ask again.
 * ALC_IO: no server answered.  ALC_NOT_FOUND: below the server's first block. */
ALC_MUST enum alc_rc alc_near_stream_get(struct alc_near_stream *s,
                                         struct alc_near_stream_block *out, uint64_t height,
                                         const char *only, struct alc_arena *arena,
                                         struct alc_err *err);

#endif
