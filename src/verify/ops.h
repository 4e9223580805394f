/* src/verify/ops.h — what every part of this room shares: the embedder's table of functions,
 * working memory, and the reasons for a refusal.  Part of the door verify.h. */
#ifndef ALC_VERIFY_OPS_H
#define ALC_VERIFY_OPS_H

#include "base/borsh.h"

/* Hashes and signatures come from the embedder: libraries natively, host functions on chain, a kept
 * JavaScript library in the browser.  No function may fail in another way than false. */
struct alc_verify_ops {
    void (*sha256)(void *ctx, struct alc_hash *out, struct alc_bytes in);
    /* Only event logs need it; NULL: they are refused. */
    void (*sha384)(void *ctx, uint8_t out[48], struct alc_bytes in);
    bool (*ed25519)(void *ctx, const uint8_t sig[64], const struct alc_hash *key,
                    struct alc_bytes message);
    /* ECDSA on P-256: sig is r‖s, key X‖Y, both big endian.  High s is accepted, as DCAP's signers
     * do not normalise; a key that is not on the curve, and r or s that is zero or not below the
     * group's order, are false. */
    bool (*p256)(void *ctx, const uint8_t sig[64], const uint8_t key[64],
                 const struct alc_hash *digest);
    void *ctx;
};

/* Memory to work in, since this room has no heap: `p` is the embedder's, nothing is freed, and a
 * caller that starts anew sets used = 0.  What is taken from it lives as long as `p`. */
struct alc_verify_work {
    uint8_t *p;
    size_t n;
    size_t used;
};
#define ALC_VERIFY_WORK(buf) ((struct alc_verify_work){(buf), sizeof(buf), 0})

/* Why something was refused: the first check that failed.  The word is part of the interface (JSON
 * shows it), the sentence is for people. */
#define ALC_REFUSAL_MAP(X)                                                                         \
    X(NONE, "nothing was refused")                                                                 \
    /* a statement */                                                                              \
    X(FORMAT, "these bytes are no statement of version 1")                                         \
    X(SIGNATURE, "the signature is not the worker key's over this statement")                      \
    X(CHAIN, "the statement speaks of another chain")                                              \
    X(CONTRACT, "the statement speaks of another contract")                                        \
    X(REQUEST_ID, "the statement speaks of another request")                                       \
    X(WORKER_KEY, "the statement was made under another worker key")                               \
    X(REQUEST, "the request is not the one that the statement answers")                            \
    X(CODE, "the module is not the one that ran")                                                  \
    X(INPUT, "the input is not the one that the module got")                                       \
    X(OUTPUT, "the output is not the one that the module gave")                                    \
    /* what every reader may say */                                                                \
    X(WORK, "not enough working memory for input of this size")                                    \
    /* collateral: its parts */                                                                    \
    X(COLLATERAL_FORMAT, "the collateral is not the JSON object that it should be")                \
    X(PEM, "a certificate chain is not PEM, or has too few certificates")                          \
    X(CERTIFICATE, "a certificate cannot be read, or has a form that Intel does not issue")        \
    X(CERTIFICATE_ALGORITHM, "a certificate or list is not signed with ECDSA P-256 and SHA-256")   \
    X(ROOT, "the chain does not end in Intel's root certificate")                                  \
    X(ROLE, "a certificate has another role than its place in the chain needs")                    \
    X(CHAIN_SIGNATURE, "a certificate is not signed by its issuer")                                \
    X(CRL, "a revocation list cannot be read")                                                     \
    X(CRL_ISSUER, "the revocation list of a certificate's issuer is missing")                      \
    X(CRL_SIGNATURE, "a revocation list is not signed by its issuer")                              \
    X(REVOKED_CERTIFICATE, "a certificate was revoked by its issuer")                              \
    X(TCB_SIGNATURE, "the TCB info is not signed by the TCB signing key")                          \
    X(TCB_FORMAT, "the TCB info cannot be read, or is of another version")                         \
    X(TCB_ID, "the TCB info speaks of another kind of enclave")                                    \
    X(QE_SIGNATURE, "the QE identity is not signed by the TCB signing key")                        \
    X(QE_FORMAT, "the QE identity cannot be read, or is of another version")                       \
    X(QE_ID, "the QE identity speaks of another enclave")                                          \
    /* collateral: its time */                                                                     \
    X(TCB_FUTURE, "the TCB info was issued after this time")                                       \
    X(TCB_EXPIRED, "the TCB info has expired at this time")                                        \
    X(QE_FUTURE, "the QE identity was issued after this time")                                     \
    X(QE_EXPIRED, "the QE identity has expired at this time")                                      \
    X(CRL_FUTURE, "a revocation list was issued after this time")                                  \
    X(CRL_EXPIRED, "a revocation list has expired at this time")                                   \
    X(CERTIFICATE_FUTURE, "a certificate is not valid yet at this time")                           \
    X(CERTIFICATE_EXPIRED, "a certificate has expired at this time")                               \
    X(EVALUATION, "the collateral's evaluation number is below the policy's minimum")              \
    /* a quote */                                                                                  \
    X(NO_COLLATERAL, "there is no collateral for the quote's platform")                            \
    X(STUB, "this is a development stub that stands in for a quote: no hardware made it")          \
    X(QUOTE_FORMAT, "these bytes are no quote, or lengths inside it contradict each other")        \
    X(QUOTE_VERSION, "the quote's version is none of 3, 4 and 5")                                  \
    X(QUOTE_TEE, "the quote is for neither SGX nor TDX, or its body does not fit its kind")        \
    X(QUOTE_KEY_TYPE, "the quote's attestation key is not ECDSA P-256")                            \
    X(QUOTE_VENDOR, "the quoting enclave is not Intel's")                                          \
    X(CERTIFICATION, "the quote does not carry its certificate chain (certification data type 5)") \
    X(PCK_EXTENSION, "the PCK certificate's SGX extension cannot be read")                         \
    X(PCK_CA, "the PCK certificate was issued by another CA than the collateral's")                \
    X(FMSPC, "the collateral is for another platform model (FMSPC)")                               \
    X(PCEID, "the collateral is for another provisioning enclave (PCEID)")                         \
    X(QE_REPORT_SIGNATURE, "the QE report is not signed by the platform's PCK key")                \
    X(QE_BINDING, "the QE report does not vouch for the attestation key")                          \
    X(QE_SIGNER, "the QE report is of an enclave of another signer")                               \
    X(QE_PRODUCT, "the QE report is of another product of its signer")                             \
    X(QE_MISCSELECT, "the QE report's MISCSELECT is not the one expected")                         \
    X(QE_ATTRIBUTES,                                                                               \
      "the QE report's attributes are not those expected, or it is a debug enclave")               \
    X(QE_LEVEL, "no TCB level fits the quoting enclave's version")                                 \
    X(QUOTE_SIGNATURE, "the quote is not signed by its attestation key")                           \
    X(PLATFORM_LEVEL, "no TCB level fits the platform")                                            \
    X(MODULE_IDENTITY, "the TDX module is none that the TCB info knows, or has another signer")    \
    X(MODULE_LEVEL, "no TCB level fits the TDX module's version")                                  \
    X(TCB_REVOKED, "the platform's TCB level was revoked")                                         \
    X(DEBUG, "the enclave is in debug mode: its host can read its memory")                         \
    X(ATTRIBUTES, "the enclave's attributes are not safe: reserved or unwanted bits are set, or "  \
                  "SEPT_VE_DISABLE is not")                                                        \
    X(SERVICE_TD, "a service TD is bound to this TD")                                              \
    /* the caller's policy */                                                                      \
    X(SIMULATED, "SIMULATED: no hardware made this quote, and that was not allowed")               \
    X(STATUS, "the platform's TCB status is not one that the policy accepts")                      \
    X(ADVISORY, "an advisory applies to the platform that the policy does not accept")             \
    X(GRACE, "the platform's TCB level is older than the policy's period of grace")                \
    X(MEASUREMENT, "the enclave's measurements are not among those allowed")                       \
    X(REPORT_DATA, "the quote's report data is not what was expected")                             \
    X(PPID, "the platform is not among those allowed (PPID)")                                      \
    X(HARDWARE, "no hardware vouches for the key, and that was asked for")                         \
    /* what ties a statement to a quote */                                                         \
    X(EVIDENCE_FORMAT, "these bytes are no evidence of version 1")                                 \
    X(BINDING, "the quote was made for another statement")                                         \
    X(STATEMENT_MEASUREMENT, "the statement names another enclave than the quote does")            \
    X(STATEMENT_SIMULATED, "statement and quote disagree on whether hardware stands behind them")  \
    X(EVENTS_FORMAT, "the event log cannot be read, or breaks the rules of its kind")              \
    X(EVENTS_RTMR, "the event log does not lead to the quote's RTMRs")                             \
    X(STATEMENT_POLICY, "the statement names another policy than the enclave measured")            \
    X(RECORD_FORMAT, "this is no attestation record, or a field is missing")                       \
    X(RECORD_BINDING, "the quote was made for another attestation record")

enum alc_refusal {
#define ALC_REFUSAL_ENUM(name, text) ALC_REFUSAL_##name,
    ALC_REFUSAL_MAP(ALC_REFUSAL_ENUM)
#undef ALC_REFUSAL_ENUM
        ALC_REFUSAL_COUNT
};

/* Both take any value and never return NULL. */
const char *alc_refusal_text(enum alc_refusal refusal);
const char *alc_refusal_word(enum alc_refusal refusal); /* "QE_BINDING" */

#endif
