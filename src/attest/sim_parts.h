/* src/attest/sim_parts.h — what the files of the simulated PKI share.
 *
 *   sim.c        the folder, life cycle, collateral sets
 *   sim_cert.c   certificates and revocation lists
 *   sim_text.c   TCB info and QE identity
 *   sim_quote.c  quotes */
#ifndef ALC_ATTEST_SIM_PARTS_H
#define ALC_ATTEST_SIM_PARTS_H

#include "attest/sim.h"

#define SIM_DAY_S UINT64_C(86400)
#define SIM_VALID_S (20 * 365 * SIM_DAY_S + 5 * SIM_DAY_S) /* twenty years */
#define SIM_FRESH_S (30 * SIM_DAY_S)                       /* what Intel's sets live */
#define SIM_CERT_MAX_BYTES 4096u
#define SIM_CHAIN_MAX_BYTES 8192u

/* The first four have a certificate. */
enum sim_role { SIM_ROOT, SIM_CA, SIM_PCK, SIM_TCB, SIM_CERTS, SIM_QE = SIM_CERTS, SIM_KEYS };

struct alc_sim {
    const struct alc_clock *clock;
    struct alc_p256 key[SIM_KEYS]; /* of SIM_QE: the attestation key */
    uint8_t ppid[16];              /* random: tells one simulated platform from another */
    struct alc_buf cert[SIM_CERTS];
    struct alc_buf pck_chain, ca_chain, tcb_chain; /* PEM, root last */
};

/* The simulated platform. */
extern const uint8_t sim_components[16], sim_tee_tcb_svn[16];
extern const uint8_t sim_fmspc[6]; /* "SIM" and zeros */
#define SIM_PCESVN 13u
#define SIM_QE_ISVSVN 8u
#define SIM_QE_FLAGS 0x15u /* INIT, MODE64, PROVISION_KEY */

/* sim_signer: MRSIGNER of the simulated quoting enclave. */
void sim_signer(uint8_t out[32]);
/* The product number of the quoting enclaves: Intel's own are 1 and 2. */
uint16_t sim_qe_product(enum alc_tee tee);

ALC_MUST enum alc_rc sim_sign(struct alc_sim *s, enum sim_role role, uint8_t sig[64],
                              struct alc_bytes text);
/* sim_key_id: of a certificate's key; also its serial, as with Intel's CAs. */
void sim_key_id(uint8_t out[20], const struct alc_sim *s, enum sim_role role);
/* sim_cert appends the DER certificate of `role`. */
ALC_MUST enum alc_rc sim_cert(struct alc_sim *s, enum sim_role role, uint64_t from_s,
                              struct alc_buf *out);
/* sim_crl appends the list of `issuer` (SIM_ROOT or SIM_CA) that revokes the roles whose bit is
 * set. */
ALC_MUST enum alc_rc sim_crl(struct alc_sim *s, enum sim_role issuer, unsigned revoked,
                             uint64_t from_s, uint64_t until_s, struct alc_buf *out);

#endif
