/* src/verify/quote.h — DCAP quotes and their collateral, from bytes to a verdict.
 *
 *   collateral JSON ─► alc_collateral_verify ─► struct alc_collateral   six signatures, once a set
 *   quote ──────────► alc_quote_verify ──────► struct alc_quote_verdict three signatures each
 *
 * A collateral that was verified once is kept as its digest (alc_collateral_write); the digest is
 * trusted by whoever reads it, so it is kept where only the verifier writes.
 *
 * Quotes of versions 3, 4 and 5 with SGX and TDX bodies; sources: Intel's DCAP documents ("Intel
 * SGX ECDSA Quote Library Reference", "TDX DCAP Quoting Library API", PCS v4).  Where Intel's
 * library and others differ, the stricter is taken; docs/differences.md lists each case.
 * Integers of a quote are little endian; signatures and keys big endian.
 * Part of the door verify.h. */
#ifndef ALC_QUOTE_H
#define ALC_QUOTE_H

#include "verify/ops.h"

#define ALC_QUOTE_MAX_BYTES 16384u
#define ALC_COLLATERAL_MAX_BYTES 65536u
#define ALC_QUOTE_AUTH_MAX_BYTES 1024u

/* ---- a quote's parts ---- */

enum alc_tee { ALC_TEE_SGX = 0x00, ALC_TEE_TDX = 0x81 };

#define ALC_TD_DEBUG UINT64_C(1)
#define ALC_TD_SEPT_VE_DISABLE (UINT64_C(1) << 28)

struct alc_td_report {
    uint8_t tee_tcb_svn[16];
    uint8_t mrseam[48], mrsignerseam[48], seamattributes[8];
    uint64_t td_attributes, xfam;
    uint8_t mrtd[48], mrconfigid[48], mrowner[48], mrownerconfig[48];
    uint8_t rtmr[4][48];
    uint8_t report_data[64];
    bool v15; /* a TD 1.5 body: the two below are there */
    uint8_t tee_tcb_svn_2[16];
    uint8_t mrservicetd[48];
};

struct alc_sgx_report {
    uint8_t cpusvn[16];
    uint32_t miscselect;
    uint8_t attributes[16]; /* flags u64, XFRM u64 */
    uint8_t mrenclave[32], mrsigner[32];
    uint16_t isvprodid, isvsvn;
    uint8_t report_data[64];
};

struct alc_quote {
    uint16_t version;
    enum alc_tee tee;
    uint16_t body_type; /* of v5: 1 SGX, 2 TD 1.0, 3 TD 1.5; the same numbers for v3 and v4 */
    uint8_t qe_id[16];  /* first 16 bytes of the header's user data: a pseudonym of the platform */
    struct alc_td_report td;   /* of TDX; zero otherwise */
    struct alc_sgx_report sgx; /* of SGX; zero otherwise */
    /* borrowed from the quote's bytes */
    struct alc_bytes signed_bytes;  /* header and body */
    const uint8_t *signature;       /* 64 bytes */
    const uint8_t *attestation_key; /* 64 bytes */
    struct alc_bytes qe_report;     /* 384 bytes */
    const uint8_t *qe_report_signature;
    struct alc_bytes auth_data;
    struct alc_bytes pck_chain; /* PEM, leaf first */
};

/* alc_quote_read takes a quote apart; bytes behind the signature section are ignored.  Nothing is
 * verified.  NONE, STUB, QUOTE_*, CERTIFICATION. */
ALC_MUST enum alc_refusal alc_quote_read(struct alc_quote *out, struct alc_bytes in);

/* alc_quote_report_data: the 64 bytes that the enclave chose. */
const uint8_t *alc_quote_report_data(const struct alc_quote *q);

/* alc_sgx_report_read reads 384 bytes: an enclave's report, a QE's among them. */
void alc_sgx_report_read(struct alc_sgx_report *out, const uint8_t in[384]);

/* Measurements of a TD, as policies and contracts name them. */
struct alc_measurement {
    uint8_t mrtd[48];
    uint8_t rtmr[4][48];
};
/* alc_measurement_hash: SHA-256(MRTD ‖ RTMR0..3), what statements carry. */
void alc_measurement_hash(struct alc_hash *out, const struct alc_measurement *m,
                          const struct alc_verify_ops *ops);
struct alc_measurement alc_quote_measurement(const struct alc_quote *q); /* zero of SGX */

/* alc_quote_platform finds, without verifying anything, which collateral a quote needs. */
enum alc_pck_ca { ALC_PCK_PROCESSOR = 0, ALC_PCK_PLATFORM = 1 };
struct alc_platform {
    enum alc_tee tee;
    uint8_t fmspc[6];
    uint8_t pceid[2];
    enum alc_pck_ca ca;
};
ALC_MUST enum alc_refusal alc_quote_platform(struct alc_platform *out, const struct alc_quote *q,
                                             struct alc_verify_work *work);

/* ---- TCB statuses ---- */

/* In order of severity: a worse one has a greater number.  The names are Intel's. */
#define ALC_TCB_MAP(X)                                                                             \
    X(UP_TO_DATE, "UpToDate")                                                                      \
    X(SW_HARDENING, "SWHardeningNeeded")                                                           \
    X(CONFIGURATION, "ConfigurationNeeded")                                                        \
    X(CONFIGURATION_AND_SW_HARDENING, "ConfigurationAndSWHardeningNeeded")                         \
    X(OUT_OF_DATE, "OutOfDate")                                                                    \
    X(OUT_OF_DATE_CONFIGURATION, "OutOfDateConfigurationNeeded")                                   \
    X(REVOKED, "Revoked")

enum alc_tcb_status {
#define ALC_TCB_ENUM(name, text) ALC_TCB_##name,
    ALC_TCB_MAP(ALC_TCB_ENUM)
#undef ALC_TCB_ENUM
        ALC_TCB_COUNT
};
const char *alc_tcb_name(uint8_t status);                        /* "UpToDate" */
ALC_MUST bool alc_tcb_read(uint8_t *out, struct alc_bytes name); /* exact */

/* ---- collateral ---- */

#define ALC_TCB_LEVELS_MAX 64u
#define ALC_MODULES_MAX 16u
#define ALC_ADVISORIES_MAX 128u /* distinct ones in one set */
#define ALC_ADVISORY_MAX_BYTES 31u
#define ALC_REVOKED_MAX 1024u /* leaves on one PCK CA's list */
#define ALC_SERIAL_BYTES 20u

/* A set of advisories: indices into alc_collateral.advisories. */
struct alc_advisories {
    uint64_t bits[ALC_ADVISORIES_MAX / 64];
};

struct alc_tcb_level {
    uint8_t sgx[16], tdx[16]; /* tdx: of TDX sets */
    uint16_t pcesvn;
    uint8_t status;  /* enum alc_tcb_status */
    uint64_t date_s; /* tcbDate */
    struct alc_advisories advisories;
};

struct alc_svn_level {
    uint16_t isvsvn;
    uint8_t status;
    uint64_t date_s;
    struct alc_advisories advisories;
};

/* A TDX module's identity: `module` of the TCB info's tdxModule, or "TDX_nn" of the list. */
struct alc_tdx_module {
    uint8_t number; /* nn; 0: tdxModule, without levels */
    uint8_t mrsigner[48], attributes[8], mask[8];
    uint16_t levels, first; /* in svn_levels */
};

struct alc_window {
    uint64_t from_s, until_s; /* Unix seconds, both inclusive */
};

/* A verified set: everything that judging a quote needs of it, and no signature.  About 32 kB in
 * memory; its digest is 3 to 8 kB. */
struct alc_collateral {
    bool simulated; /* it ends in the root that `trust` named, not in Intel's */
    enum alc_tee tee;
    struct alc_hash root; /* SHA-256 of the root certificate */
    uint8_t fmspc[6], pceid[2];
    uint32_t tcb_evaluation, qe_evaluation;
    struct alc_window tcb, qe, root_crl, pck_crl, chains; /* chains: TCB signing, PCK CA and root */
    /* the PCK CA and whom it revoked */
    enum alc_pck_ca ca;
    struct alc_hash ca_certificate; /* SHA-256 of its DER */
    uint8_t ca_key[64];
    uint16_t revoked_count;
    uint8_t revoked[ALC_REVOKED_MAX][ALC_SERIAL_BYTES]; /* big endian, zeros in front */
    /* the quoting enclave */
    uint8_t qe_mrsigner[32];
    uint16_t qe_isvprodid;
    uint32_t qe_miscselect, qe_miscselect_mask;
    uint8_t qe_attributes[16], qe_attributes_mask[16];
    uint16_t qe_levels, qe_first; /* in svn_levels */
    /* TDX modules; the first is tdxModule */
    uint16_t modules_count;
    struct alc_tdx_module modules[ALC_MODULES_MAX];
    uint16_t svn_levels_count;
    struct alc_svn_level svn_levels[ALC_TCB_LEVELS_MAX]; /* each group by falling isvsvn */
    /* the platform, by falling components: never in the order of the JSON */
    uint16_t levels_count;
    struct alc_tcb_level levels[ALC_TCB_LEVELS_MAX];
    uint16_t advisories_count;
    struct {
        uint8_t n;
        uint8_t b[ALC_ADVISORY_MAX_BYTES];
    } advisories[ALC_ADVISORIES_MAX];
};

/* Whom to believe.  Intel's root is always known; `= {0}` believes nobody else. */
struct alc_trust {
    /* DER of the root certificate under which sets and quotes are accepted as SIMULATED */
    struct alc_bytes simulated_root;
    /* Only for comparing with verifiers that look at all 16 TDX components even where Intel leaves
     * the first two to the module's identity. */
    bool tdx_components_from_zero;
};

/* alc_collateral_verify reads a set (the JSON object of attestation services: tcb_info,
 * qe_identity, both CRLs, three chains, signatures) and checks everything in it that does not
 * depend on the time or on a quote.  Needs work of about the text's length, at most
 * ALC_COLLATERAL_MAX_BYTES.  On another answer than NONE *out is not to be used. */
ALC_MUST enum alc_refusal alc_collateral_verify(struct alc_collateral *out, struct alc_bytes json,
                                                const struct alc_trust *trust,
                                                struct alc_verify_work *work,
                                                const struct alc_verify_ops *ops);

/* alc_collateral_pck_chain finds the optional pck_certificate_chain of a set (empty: none), which
 * stands for the chain inside the quote; only alc_quote_verify's caller decides to use it. */
ALC_MUST enum alc_refusal alc_collateral_pck_chain(struct alc_bytes *out, struct alc_bytes json,
                                                   struct alc_verify_work *work);

/* The digest: borsh, beginning with the tag "ALCOL/1\0" (docs/collateral-digest.md).  Writing
 * returns 0 when it does not fit; reading refuses what writing would not have written. */
#define ALC_COLLATERAL_DIGEST_MAX_BYTES 40960u
size_t alc_collateral_write(const struct alc_collateral *c, uint8_t *out, size_t cap);
ALC_MUST bool alc_collateral_read(struct alc_collateral *out, struct alc_bytes in);

/* alc_collateral_window: the time in which all parts of a set hold. */
struct alc_window alc_collateral_window(const struct alc_collateral *c);

/* ---- the verdict ---- */

/* What a caller accepts beyond the checks that always apply.  `= {0}` is the strictest: UpToDate
 * without advisories, whatever measurement, no debug, no service TD, no simulated root. */
struct alc_quote_policy {
    uint32_t statuses; /* bits 1 << enum alc_tcb_status; 0 stands for UpToDate alone */
    const struct alc_bytes *advisories; /* those that may apply */
    size_t advisories_count;
    bool grace; /* OutOfDate levels must not be older than grace_s; otherwise they may be of any age
                 */
    uint64_t grace_s;                           /* since the matched level's tcbDate */
    uint32_t min_evaluation;                    /* of TCB info and QE identity */
    const struct alc_measurement *measurements; /* of TDX; count 0: any */
    size_t measurements_count;
    const struct alc_hash *mrsigners; /* of SGX; count 0: any */
    size_t mrsigners_count;
    const struct alc_hash *mrenclaves; /* of SGX; count 0: any */
    size_t mrenclaves_count;
    struct alc_bytes report_data; /* its first bytes must be these; at most 64 */
    const uint8_t (*ppids)[16];   /* count 0: any */
    size_t ppids_count;
    bool allow_debug, allow_service_td, allow_simulated;
};

struct alc_quote_ask {
    struct alc_bytes quote;
    const struct alc_collateral *collateral; /* NULL: there is none, and the quote is refused ... */
    enum alc_refusal set_refused; /* ... with why a set was refused; NONE: NO_COLLATERAL */
    struct alc_bytes pck_chain;   /* PEM, instead of the quote's own; empty: the quote's own */
    uint64_t now_s;               /* when the quote is judged, Unix seconds */
    const struct alc_quote_policy *policy; /* NULL: the strictest */
    const struct alc_trust *trust;         /* NULL: Intel alone */
};

struct alc_quote_verdict {
    bool accepted;            /* false from the first moment on, true when every check passed */
    bool genuine;             /* every check passed but perhaps the caller's policy */
    bool simulated;           /* no hardware: it ends in the simulated root */
    enum alc_refusal refusal; /* the first check that failed */
    bool read;                /* `quote` is filled */
    struct alc_quote quote;
    struct alc_hash measurement; /* of TDX */
    /* The rest is set as far as the checks came. */
    bool has_platform; /* ppid, fmspc, pceid, ca, pcesvn, cpusvn, svn */
    uint8_t ppid[16], fmspc[6], pceid[2], cpusvn[16];
    enum alc_pck_ca ca;
    uint16_t pcesvn;
    bool has_status; /* the statuses, advisories and tcb_date */
    uint8_t status, platform_status, module_status, qe_status; /* enum alc_tcb_status */
    bool has_module;                                           /* module_status counts */
    struct alc_advisories advisories, platform_advisories, module_advisories, qe_advisories;
    uint64_t tcb_date_s; /* of the platform's level */
    uint32_t tcb_evaluation, qe_evaluation;
    bool has_window;
    struct alc_window window;                /* of collateral and certificates together */
    const struct alc_collateral *collateral; /* names of advisories are there */
};

/* alc_quote_verify judges a quote at ask->now_s.  Always sets *out.  work: 16 kB suffice. */
void alc_quote_verify(struct alc_quote_verdict *out, const struct alc_quote_ask *ask,
                      struct alc_verify_work *work, const struct alc_verify_ops *ops);

/* alc_quote_verdict_json writes the verdict as compact JSON, the same bytes in every embedder:
 * docs/verify.md.  Returns the length; 0: it does not fit.  Advisories keep the order
 * platform, module, QE. */
#define ALC_QUOTE_VERDICT_MAX_BYTES 16384u
size_t alc_quote_verdict_json(const struct alc_quote_verdict *v, uint8_t *out, size_t cap);

#endif
