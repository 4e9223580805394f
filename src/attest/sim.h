/* src/attest/sim.h — a local PKI with the shapes of Intel's, under a root named SIMULATED: root,
 * PCK CA, PCK certificate with the SGX extension, TCB signing, TCB info, QE identity, two CRLs, and
 * quotes.  It stands in for hardware in development, and lets tests sign what Intel never would:
 * so every part can be given instead of the usual one.  Not for other rooms; tests include it. */
#ifndef ALC_ATTEST_SIM_H
#define ALC_ATTEST_SIM_H

#include "attest/attest.h"

struct alc_sim; /* the keys and certificates; opaque, belongs to one thread at a time */

/* alc_sim_open reads the PKI of `dir`, making it (keys 0600) when the folder has none; dir NULL: a
 * fresh one in memory alone. */
ALC_MUST enum alc_rc alc_sim_open(struct alc_sim **out, const char *dir,
                                  const struct alc_clock *clock, struct alc_err *err);
void alc_sim_close(struct alc_sim *s);
struct alc_bytes alc_sim_root(const struct alc_sim *s); /* DER, borrowed */

/* What a quote says; `= {0}` with alc_sim_quote_usual gives the usual TD. */
struct alc_sim_quote {
    uint16_t version;   /* 3, 4 or 5 */
    uint16_t body_type; /* 1 SGX, 2 TD 1.0, 3 TD 1.5 */
    struct alc_td_report td;
    struct alc_sgx_report sgx;
    /* the QE report before its signature: changed by tests of its checks */
    struct alc_sgx_report qe; /* report_data is filled by signing unless keep_qe_report_data */
    bool keep_qe_report_data;
    struct alc_bytes auth_data;
    uint16_t outer_type, inner_type; /* 6 and 5 */
    size_t trailing;                 /* zero bytes behind the quote */
};
void alc_sim_quote_usual(struct alc_sim_quote *q, enum alc_tee tee);
ALC_MUST enum alc_rc alc_sim_quote(struct alc_sim *s, const struct alc_sim_quote *q,
                                   struct alc_buf *out, struct alc_err *err);

/* What a collateral set says.  A text that is given (n > 0) is signed as it is; else the usual one
 * is made for the time now_s. */
struct alc_sim_set {
    enum alc_tee tee;
    uint64_t now_s;
    struct alc_bytes tcb_info, qe_identity;
    bool revoke_leaf, revoke_ca, revoke_tcb_signing;
    uint64_t crl_from_s, crl_until_s; /* 0: now, and 30 days */
    struct alc_bytes tcb_info_chain;  /* PEM instead of TCB signing's: a wrong role */
    bool tcb_info_by_pck;             /* and the TCB info signed by the PCK leaf's key */
    bool with_pck_chain;              /* fill pck_certificate_chain */
};
ALC_MUST enum alc_rc alc_sim_collateral(struct alc_sim *s, const struct alc_sim_set *set,
                                        struct alc_buf *json, struct alc_err *err);
/* The texts that alc_sim_collateral would sign, for tests that change a part of them. */
ALC_MUST enum alc_rc alc_sim_tcb_info(struct alc_sim *s, enum alc_tee tee, uint64_t now_s,
                                      struct alc_buf *out, struct alc_err *err);
ALC_MUST enum alc_rc alc_sim_qe_identity(struct alc_sim *s, enum alc_tee tee, uint64_t now_s,
                                         struct alc_buf *out, struct alc_err *err);
struct alc_bytes alc_sim_pck_chain(const struct alc_sim *s); /* PEM, borrowed */
void alc_sim_sign(struct alc_sim *s, bool by_pck, uint8_t sig[64], struct alc_bytes text);

#endif
