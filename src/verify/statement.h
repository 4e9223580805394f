/* src/verify/statement.h — the codec of statement v1 (docs/statement.md), and how one is judged.
 *
 * Part of the door verify.h.  Reading borrows from the encoding; nothing is copied. */
#ifndef ALC_STATEMENT_H
#define ALC_STATEMENT_H

#include "verify/ops.h"

#define ALC_STATEMENT_TAG "ALCOVE/1"
#define ALC_STATEMENT_STRING_MAX_BYTES 64u
#define ALC_STATEMENT_PROJECT_MAX_BYTES 128u
/* Every string at its longest: an encoding never exceeds it. */
#define ALC_STATEMENT_MAX_BYTES 1287u
/* request_id of a run that no contract asked for */
#define ALC_STATEMENT_HTTPS_REQUEST UINT64_MAX

/* How a run ended.  The numbers are part of the format. */
#define ALC_OUTCOME_MAP(X)                                                                         \
    X(OK, 0, "the guest returned normally")                                                        \
    X(EXIT, 1, "the guest ended with a non-zero exit status")                                      \
    X(TRAP, 2, "the guest trapped")                                                                \
    X(INSTRUCTIONS, 3, "the guest used up its instructions")                                       \
    X(TIME, 4, "the guest ran out of time")                                                        \
    X(MEMORY, 5, "the guest asked for more memory than it was allowed")                            \
    X(OUTPUT, 6, "the guest wrote more output than it was allowed")                                \
    X(MODULE, 7, "the module was refused")                                                         \
    X(HOST, 8, "the host could not do what the run needed")                                        \
    X(CANCELLED, 9, "the run was cancelled")

enum alc_outcome {
#define ALC_OUTCOME_ENUM(name, number, text) ALC_OUTCOME_##name = number,
    ALC_OUTCOME_MAP(ALC_OUTCOME_ENUM)
#undef ALC_OUTCOME_ENUM
        ALC_OUTCOME_COUNT
};

enum alc_output_kind {
    ALC_OUTPUT_NONE = 0,
    ALC_OUTPUT_TEXT = 1,
    ALC_OUTPUT_JSON = 2,
    ALC_OUTPUT_BYTES = 3,
};

/* The fields in the order of their encoding; a string is at most ALC_STATEMENT_STRING_MAX_BYTES
 * unless said, and what does not apply is zero or empty. */
struct alc_statement {
    /* where */
    struct alc_bytes chain_id;
    struct alc_bytes contract_id;  /* empty for HTTPS */
    struct alc_hash deployment_id; /* made by the contract's `new`: tells redeployments apart */
    uint64_t request_id;           /* ALC_STATEMENT_HTTPS_REQUEST for HTTPS */
    struct alc_hash data_id;       /* of the yield that waits */
    struct alc_bytes call_id;
    struct alc_hash caller_nonce;
    struct alc_hash request_hash; /* SHA-256 of the announced request_data text */
    uint64_t anchor_height;       /* a final block that the worker saw before the run */
    struct alc_hash anchor_hash;
    /* order */
    uint32_t attempt;         /* 1 on the first run of this request */
    uint64_t sequence;        /* of this worker key, from 0 */
    struct alc_hash previous; /* hash of this worker's statement before; gaps show */
    /* who */
    struct alc_bytes signer_id;
    struct alc_bytes predecessor_id;
    struct alc_bytes project_id; /* at most ALC_STATEMENT_PROJECT_MAX_BYTES */
    /* ran */
    struct alc_hash code_hash;   /* of the bytes executed */
    struct alc_hash source_hash; /* of the compile statement that made the module */
    struct alc_hash input_hash;  /* of stdin */
    struct alc_hash env_hash;
    struct alc_hash secrets_hash; /* of the ciphertexts used */
    struct alc_hash policy_hash;  /* manifest and effective configuration */
    uint64_t max_instructions;
    uint32_t max_memory_mb;
    uint32_t max_seconds;
    struct alc_hash engine_id; /* SHA-256 of the engine's version-and-configuration text */
    /* came */
    uint8_t outcome; /* enum alc_outcome */
    uint32_t exit_code;
    uint64_t instructions;
    uint64_t time_ms;
    uint64_t compile_ms;
    uint64_t refund_usd;         /* smallest units of the stablecoin */
    uint8_t output_kind;         /* enum alc_output_kind */
    struct alc_hash output_hash; /* of the bytes that the caller receives */
    struct alc_hash stdout_hash;
    /* touched */
    struct alc_hash egress_root;
    uint32_t egress_count;
    struct alc_hash storage_before;
    struct alc_hash storage_after;
    struct alc_hash key_log;
    struct alc_hash transcript_hash;
    /* when: the enclave's claim; the anchor block is the bound */
    uint64_t started_ms;
    uint64_t finished_ms;
    /* by */
    struct alc_hash worker_key;  /* Ed25519 public key */
    struct alc_hash measurement; /* SHA-256(MRTD ‖ RTMR0..3) */
    uint8_t simulated;           /* 1: the quote, if any, comes from no hardware */
};

/* alc_statement_read decodes all of `in`; strings borrow from it.  False: not statement v1, a field
 * out of its range, or bytes left over. */
ALC_MUST bool alc_statement_read(struct alc_statement *out, struct alc_bytes in);

/* alc_statement_write encodes `s` into out[0..cap) and returns the length; 0 when it does not fit,
 * or a field is out of its range.  ALC_STATEMENT_MAX_BYTES always suffices. */
size_t alc_statement_write(const struct alc_statement *s, uint8_t *out, size_t cap);

/* Both take any value and never return NULL; an unknown one reads "an unknown outcome". */
const char *alc_outcome_name(uint8_t outcome); /* "INSTRUCTIONS" */
const char *alc_outcome_text(uint8_t outcome);

/* ---- judging a statement ---- */

#define ALC_STATEMENT_SIG_BYTES 64u
/* A signed statement is the encoding followed by the Ed25519 signature of worker_key over its
 * SHA-256.  The pair is what the worker keeps and what `alcove verify` reads. */
#define ALC_STATEMENT_SIGNED_MAX_BYTES (ALC_STATEMENT_MAX_BYTES + ALC_STATEMENT_SIG_BYTES)

/* What the caller knows from elsewhere; NULL: not compared. */
struct alc_expect {
    const struct alc_bytes *chain_id, *contract_id;
    const uint64_t *request_id;
    const struct alc_hash *worker_key, *code_hash;
    const struct alc_bytes *input, *output, *code,
        *request; /* the bytes; their hashes are compared */
};

struct alc_verdict {
    bool accepted;            /* false from the first moment on, true when every check passed */
    enum alc_refusal refusal; /* the first check that failed */
    bool simulated;           /* the statement says that no hardware stands behind its key */
    struct alc_statement statement; /* borrows from the input; set unless refusal is FORMAT */
    struct alc_hash hash;           /* of the statement */
};

/* alc_verify_signed judges a signed statement against what is expected. */
void alc_verify_signed(struct alc_verdict *out, struct alc_bytes signed_statement,
                       const struct alc_expect *expect, const struct alc_verify_ops *ops);

#endif
