/* src/verify/proof.h — what ties a statement to a quote: evidence, event logs, and all of it judged
 * together; and OutLayer's attestation record.  Part of the door verify.h. */
#ifndef ALC_PROOF_H
#define ALC_PROOF_H

#include "verify/quote.h"
#include "verify/statement.h"

/* ---- report data ----
 *
 *   subject [32] ‖ SHA-256("ALCOVE/RD/1" ‖ kind u8 ‖ nonce [32] ‖ anchor_hash [32] ‖ previous [32])
 *
 * subject: worker key (registration), statement hash, or Merkle root of statement hashes (batch).
 * Registration has a second half of its own, alc_registration_half. */
enum alc_evidence_kind {
    ALC_EVIDENCE_REGISTRATION = 1,
    ALC_EVIDENCE_STATEMENT = 2,
    ALC_EVIDENCE_BATCH = 3,
    ALC_EVIDENCE_SESSION = 4,
};

struct alc_binding {
    uint8_t kind;                /* enum alc_evidence_kind */
    struct alc_hash nonce;       /* a verifier's, for freshness; zero: none */
    struct alc_hash anchor_hash; /* of a final block: the quote is not older; zero: none */
    struct alc_hash previous;    /* statement or root that this one follows; zero: none */
};
void alc_report_data(uint8_t out[64], const struct alc_hash *subject, const struct alc_binding *b,
                     const struct alc_verify_ops *ops);

/* alc_registration_half is the second half of a registration's report data:
 *   SHA-256("ALCOVE/REG/1" ‖ chain_id ‖ contract_id ‖ operator_id ‖ challenge [32] ‖ policy [32])
 * strings with a u32 length in front.  The challenge is the register contract's. */
void alc_registration_half(struct alc_hash *out, struct alc_bytes chain_id,
                           struct alc_bytes contract_id, struct alc_bytes operator_id,
                           const struct alc_hash *challenge, const struct alc_hash *policy_hash,
                           const struct alc_verify_ops *ops);

/* ---- evidence: how a quote vouches for one statement ----
 *
 *   tag "ALCEVI/1" | kind u8 | nonce [32] | anchor_hash [32] | previous [32]
 *   | path: u32 count, then (side u8, hash [32]) each | quote: u32 length, bytes
 *
 * The path leads from the leaf SHA-256(0x00 ‖ statement_hash) to the root that is the subject; side
 * 0: the hash stands left, 1: right; a node without a partner moves up and has no step.  Of kind
 * STATEMENT the path is empty and the statement hash itself is the subject. */
#define ALC_EVIDENCE_PATH_MAX 32u
#define ALC_EVIDENCE_MAX_BYTES                                                                     \
    (8u + 1 + 96 + 4 + 33 * ALC_EVIDENCE_PATH_MAX + 4 + ALC_QUOTE_MAX_BYTES)

struct alc_evidence {
    struct alc_binding binding;
    uint32_t path_count;
    struct alc_bytes path; /* 33 bytes a step */
    struct alc_bytes quote;
};
ALC_MUST bool alc_evidence_read(struct alc_evidence *out, struct alc_bytes in);
size_t alc_evidence_write(const struct alc_evidence *e, uint8_t *out, size_t cap); /* 0: no room */
/* alc_evidence_report_data: what the quote must say, for this statement. */
void alc_evidence_report_data(uint8_t out[64], const struct alc_evidence *e,
                              const struct alc_hash *statement_hash,
                              const struct alc_verify_ops *ops);

/* Merkle trees of statement hashes: alc_merkle_root folds `nodes` (leaves on entry, destroyed) and
 * returns the root; alc_merkle_path writes the path of leaf `index` from the same leaves (also
 * destroyed) and returns its number of steps.  count is at least 1, at most 2^32 - 1. */
void alc_merkle_leaf(struct alc_hash *out, const struct alc_hash *record,
                     const struct alc_verify_ops *ops);
void alc_merkle_root(struct alc_hash *out, struct alc_hash *nodes, size_t count,
                     const struct alc_verify_ops *ops);
uint32_t alc_merkle_path(uint8_t out[33 * ALC_EVIDENCE_PATH_MAX], struct alc_hash *nodes,
                         size_t count, size_t index, const struct alc_verify_ops *ops);

/* ---- event logs ---- */

#define ALC_EVENTS_MAX_BYTES (1u << 20)

/* A log that was replayed.  The fields before `rtmr` come from the runtime events of dstack that
 * stand before boot-mr-done (key_provider: before system-ready), each at most once; p NULL: none.
 * They borrow from the work memory. */
struct alc_events {
    struct alc_bytes app_id, compose_hash, instance_id, key_provider, os_image_hash;
    struct alc_bytes policy_hash; /* "alcove-policy": our own, before the first job */
    uint32_t count;
    uint8_t rtmr[4][48];
};
/* alc_events_replay reads a JSON log and extends RTMRs as it says: RTMR' = SHA-384(RTMR ‖ digest).
 * The digest of a runtime event is computed from its name and payload, never taken. */
ALC_MUST enum alc_refusal alc_events_replay(struct alc_events *out, struct alc_bytes json,
                                            struct alc_verify_work *work,
                                            const struct alc_verify_ops *ops);

/* ---- all of it together ---- */

struct alc_proof_ask {
    struct alc_bytes signed_statement;
    const struct alc_expect *expect;         /* NULL: nothing is expected */
    struct alc_bytes evidence;               /* n 0: no quote; the statement alone is judged */
    const struct alc_collateral *collateral; /* NULL: there is none, and a quote is refused ... */
    enum alc_refusal set_refused;            /* ... as struct alc_quote_ask says */
    struct alc_bytes event_log;              /* JSON; n 0: none */
    uint64_t now_s;
    const struct alc_quote_policy *policy;
    const struct alc_trust *trust;
};

struct alc_proof_verdict {
    bool accepted;
    bool hardware; /* a genuine quote of real hardware vouches for the statement */
    enum alc_refusal refusal;
    struct alc_verdict statement;
    bool has_quote;
    struct alc_quote_verdict quote;
    bool has_events;
    struct alc_events events;
    struct alc_evidence evidence;
};
void alc_proof_verify(struct alc_proof_verdict *out, const struct alc_proof_ask *ask,
                      struct alc_verify_work *work, const struct alc_verify_ops *ops);
#define ALC_PROOF_VERDICT_MAX_BYTES (ALC_QUOTE_VERDICT_MAX_BYTES + 12288u)
size_t alc_proof_verdict_json(const struct alc_proof_verdict *v, uint8_t *out, size_t cap);

/* ---- OutLayer's attestation record ---- */

#define ALC_RECORD_V1_FROM_S 1769784939 /* records before it hash the first nine fields alone */
#define ALC_RECORD_FIELD_MAX_BYTES 4096u
/* task_id of the record of a worker's start, whose quote is over the worker's key: no task's */
#define ALC_RECORD_STARTUP (-1)

/* Texts; p NULL: absent, which hashes like an empty one. */
struct alc_record {
    struct alc_bytes task_type; /* "compile" or "execute" */
    int64_t task_id;
    struct alc_bytes repo, commit, build_target;
    struct alc_bytes wasm_hash, input_hash, output_hash; /* 64 lower-case hex digits */
    bool has_block_height;
    uint64_t block_height;
    struct alc_bytes caller, project_id, secrets_ref;
    int64_t timestamp; /* Unix seconds */
    struct alc_bytes attached_usd;
    struct alc_bytes quote; /* decoded; n 0: none */
};
/* alc_record_read reads the JSON of GET /attestations/...; strings borrow from `work`. */
ALC_MUST enum alc_refusal alc_record_read(struct alc_record *out, struct alc_bytes json,
                                          struct alc_verify_work *work);
/* alc_record_hash: SHA-256 of OutLayer's preimage, which has no lengths: two different records can
 * have one hash.  The form follows the timestamp.  False: too little work memory for the fields. */
ALC_MUST bool alc_record_hash(struct alc_hash *out, const struct alc_record *r,
                              struct alc_verify_work *work, const struct alc_verify_ops *ops);
/* alc_record_binding: whether a quote with this report data was made for the record: its hash, then
 * zeros.  NONE, RECORD_BINDING, WORK. */
ALC_MUST enum alc_refusal alc_record_binding(const struct alc_record *r,
                                             const uint8_t report_data[64],
                                             struct alc_verify_work *work,
                                             const struct alc_verify_ops *ops);

#endif
