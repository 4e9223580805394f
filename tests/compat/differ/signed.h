/* tests/compat/differ/signed.h — cases that are signed anew: under the simulated PKI everything can
 * be said and still be signed, so that what verifiers compare after the signatures is compared. */
#ifndef DIFFER_SIGNED_H
#define DIFFER_SIGNED_H

#include "attest/sim.h"
#include "case.h"

struct pki {
    struct alc_sim *sim;
    struct sample base; /* the usual quote and set, as what cases begin with */
    /* of the simulated platform */
    uint8_t components[16], fmspc[6], pceid[2];
    uint16_t pcesvn;
    struct alc_trust trust;
};

void pki_open(struct pki *p);
void pki_close(struct pki *p);

/* kase_signed draws a quote and a set and signs them; sometimes edits what came out. */
void kase_signed(struct kase *c, struct pki *p, const struct sample *all, uint64_t seed);

/* ---- signed_der.c ---- */

/* pki_fix gives a PKI keys, and certificates from from_s on, that are the same in every run. */
void pki_fix(struct alc_sim *s, uint64_t from_s);
/* edit_signed_der changes a certificate or a list and has its issuer sign that. */
void edit_signed_der(struct kase *k, struct pki *p);

/* ---- signed_text.c ---- */

struct text_gen {
    struct kase *k;
    const struct pki *pki;
    enum alc_tee tee;
    uint8_t tee_tcb_svn[16]; /* of the quote */
    uint64_t issued_s, next_s;
    enum form form; /* still to be used where it fits; FORMS: none */
};
void text_tcb_info(struct text_gen *g, struct alc_buf *out);
void text_qe_identity(struct text_gen *g, struct alc_buf *out);

#endif
