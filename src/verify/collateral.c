#include "base/enc.h"
#include "verify/parts.h"

/* The JSON object, each part as text or decoded; the members of attestation services and of
 * dcap-qvl's QuoteCollateralV3. */
struct parts {
    struct alc_verify_work *work;
    struct alc_bytes pck_chain, tcb_chain, qe_chain; /* PEM */
    struct alc_bytes root_crl, pck_crl;              /* DER */
    struct alc_bytes tcb_info, qe_identity;          /* the very text that is signed */
    uint8_t tcb_signature[64], qe_signature[64];
};

#define TEXT_MEMBER(field)                                                                         \
    static void read_##field(struct vf_json *j, void *ctx)                                         \
    {                                                                                              \
        struct parts *p = ctx;                                                                     \
        p->field = vf_json_string(j, p->work);                                                     \
    }
TEXT_MEMBER(pck_chain)
TEXT_MEMBER(tcb_chain)
TEXT_MEMBER(qe_chain)
TEXT_MEMBER(tcb_info)
TEXT_MEMBER(qe_identity)

static struct alc_bytes hex(struct vf_json *j, struct alc_verify_work *w)
{
    struct alc_bytes t = vf_json_text(j);
    uint8_t *p = vf_take(w, t.n / 2);
    size_t n;

    if (p == NULL || !alc_hex_decode(p, t.n / 2, &n, t)) {
        j->bad = true;
        return (struct alc_bytes){0};
    }
    return (struct alc_bytes){p, n};
}

static void read_root_crl(struct vf_json *j, void *ctx)
{
    struct parts *p = ctx;
    p->root_crl = hex(j, p->work);
}

static void read_pck_crl(struct vf_json *j, void *ctx)
{
    struct parts *p = ctx;
    p->pck_crl = hex(j, p->work);
}

static void read_tcb_signature(struct vf_json *j, void *ctx)
{
    struct parts *p = ctx;
    vf_json_hex(j, p->tcb_signature, sizeof p->tcb_signature);
}

static void read_qe_signature(struct vf_json *j, void *ctx)
{
    struct parts *p = ctx;
    vf_json_hex(j, p->qe_signature, sizeof p->qe_signature);
}

static void pass(struct vf_json *j, void *ctx)
{
    (void)ctx;
    vf_json_skip(j);
}

static enum alc_refusal read_parts(struct parts *p, struct alc_bytes json)
{
    static const struct vf_member members[] = {
        {"pck_crl_issuer_chain", read_pck_chain, true},
        {"root_ca_crl", read_root_crl, true},
        {"pck_crl", read_pck_crl, true},
        {"tcb_info_issuer_chain", read_tcb_chain, true},
        {"tcb_info", read_tcb_info, true},
        {"tcb_info_signature", read_tcb_signature, true},
        {"qe_identity_issuer_chain", read_qe_chain, true},
        {"qe_identity", read_qe_identity, true},
        {"qe_identity_signature", read_qe_signature, true},
        {"pck_certificate_chain", pass, false},
    };
    struct vf_json j = vf_json(json);

    if (json.n > ALC_COLLATERAL_MAX_BYTES) return ALC_REFUSAL_COLLATERAL_FORMAT;
    /* No part is longer than its text: with this much, no reader runs out. */
    if (p->work->n - p->work->used < json.n) return ALC_REFUSAL_WORK;
    (void)vf_json_object(&j, members, sizeof members / sizeof *members, p);
    return vf_json_end(&j) ? ALC_REFUSAL_NONE : ALC_REFUSAL_COLLATERAL_FORMAT;
}

static void read_own_chain(struct vf_json *j, void *ctx)
{
    struct parts *p = ctx;
    if (!vf_json_null(j)) p->pck_chain = vf_json_string(j, p->work);
}

enum alc_refusal alc_collateral_pck_chain(struct alc_bytes *out, struct alc_bytes json,
                                          struct alc_verify_work *work)
{
    static const struct vf_member members[] = {{"pck_certificate_chain", read_own_chain, false}};
    struct parts p = {.work = work};
    struct vf_json j = vf_json(json);

    *out = (struct alc_bytes){0};
    if (json.n > ALC_COLLATERAL_MAX_BYTES) return ALC_REFUSAL_COLLATERAL_FORMAT;
    if (work->n - work->used < json.n) return ALC_REFUSAL_WORK;
    (void)vf_json_object(&j, members, 1, &p);
    if (!vf_json_end(&j)) return ALC_REFUSAL_COLLATERAL_FORMAT;
    *out = p.pck_chain;
    return ALC_REFUSAL_NONE;
}

/* ---- certificates ---- */

static struct alc_window meet(struct alc_window a, struct alc_window b)
{
    if (b.from_s > a.from_s) a.from_s = b.from_s;
    if (b.until_s < a.until_s) a.until_s = b.until_s;
    return a;
}

static bool revokes(const struct vf_crl *crl, struct alc_bytes serial)
{
    struct alc_cur each = crl->revoked;
    struct alc_bytes s;

    while (vf_crl_next(&each, &s))
        if (alc_bytes_eq(s, serial)) return true;
    return false;
}

/* What the certificates of a set are checked with. */
struct judge {
    const struct alc_verify_ops *ops;
    const struct alc_trust *trust;
    struct alc_verify_work *work;
    struct vf_root root;
    struct vf_crl root_crl;
};

/* first reads the first certificate of a chain and moves *chain behind it. */
static enum alc_refusal first(struct judge *t, struct vf_cert *out, struct alc_bytes *chain)
{
    struct alc_bytes der;
    enum alc_refusal r = vf_pem_next(&der, chain, t->work);

    if (r != ALC_REFUSAL_NONE) return r;
    return der.n == 0 ? ALC_REFUSAL_PEM : vf_cert_read(out, der);
}

/* Intel's root is pinned by its key, so whatever a chain holds behind its first certificate says
 * nothing; under a simulated root the second one, when it is there, must be that root. */
static enum alc_refusal rest_of_chain(struct judge *t, struct alc_bytes chain)
{
    size_t mark = t->work->used;
    struct alc_bytes der;
    enum alc_refusal r;

    if (!t->root.simulated) return ALC_REFUSAL_NONE;
    r = vf_pem_next(&der, &chain, t->work);
    t->work->used = mark;
    if (r != ALC_REFUSAL_NONE || der.n == 0) return r;
    return alc_bytes_eq(der, t->trust->simulated_root) ? ALC_REFUSAL_NONE : ALC_REFUSAL_ROOT;
}

static enum alc_refusal issued_by_root(const struct judge *t, const struct vf_cert *cert)
{
    if (!alc_bytes_eq(cert->issuer, t->root.subject)) return ALC_REFUSAL_ROOT;
    if (!vf_signed(cert->tbs, cert->signature, t->root.key, t->ops))
        return ALC_REFUSAL_CHAIN_SIGNATURE;
    if (revokes(&t->root_crl, cert->serial)) return ALC_REFUSAL_REVOKED_CERTIFICATE;
    return ALC_REFUSAL_NONE;
}

static bool signs_tcb(const struct vf_cert *c)
{
    return alc_bytes_eq(c->subject_cn, ALC_LIT("Intel SGX TCB Signing")) && !c->ca && c->may_sign;
}

static enum alc_refusal read_crl(struct judge *t, struct vf_crl *out, struct alc_bytes der,
                                 struct alc_bytes issuer, const uint8_t key[64])
{
    enum alc_refusal r = vf_crl_read(out, der);
    if (r != ALC_REFUSAL_NONE) return r;
    if (!alc_bytes_eq(out->issuer, issuer)) return ALC_REFUSAL_CRL_ISSUER;
    return vf_signed(out->tbs, out->signature, key, t->ops) ? ALC_REFUSAL_NONE
                                                            : ALC_REFUSAL_CRL_SIGNATURE;
}

/* The signer of TCB info leads to the root, and the root to its list. */
static enum alc_refusal judge_root(struct judge *t, struct alc_collateral *c, const struct parts *p,
                                   const struct vf_cert *signer)
{
    enum alc_refusal r;

    if (!vf_root_find(&t->root, signer->issuer, t->trust, t->ops)) return ALC_REFUSAL_ROOT;
    r = read_crl(t, &t->root_crl, p->root_crl, t->root.subject, t->root.key);
    if (r != ALC_REFUSAL_NONE) return r;
    if (revokes(&t->root_crl, t->root.serial)) return ALC_REFUSAL_REVOKED_CERTIFICATE;
    c->simulated = t->root.simulated;
    c->root = t->root.certificate;
    c->root_crl = t->root_crl.window;
    c->chains = (struct alc_window){t->root.from_s, t->root.until_s};
    return ALC_REFUSAL_NONE;
}

static void narrow(struct alc_collateral *c, const struct vf_cert *cert)
{
    c->chains = meet(c->chains, (struct alc_window){cert->from_s, cert->until_s});
}

/* ---- the parts, in the order of the refusals that say most ---- */

/* Both signers; usually they are one, and its signature is checked once. */
static enum alc_refusal judge_signers(struct judge *t, struct alc_collateral *c, struct parts *p,
                                      struct vf_cert *tcb, struct vf_cert *qe)
{
    enum alc_refusal r = first(t, tcb, &p->tcb_chain);

    if (r != ALC_REFUSAL_NONE) return r;
    if (!signs_tcb(tcb)) return ALC_REFUSAL_ROLE;
    r = judge_root(t, c, p, tcb);
    if (r == ALC_REFUSAL_NONE) r = rest_of_chain(t, p->tcb_chain);
    if (r == ALC_REFUSAL_NONE) r = issued_by_root(t, tcb);
    if (r == ALC_REFUSAL_NONE) r = first(t, qe, &p->qe_chain);
    if (r == ALC_REFUSAL_NONE) r = rest_of_chain(t, p->qe_chain);
    if (r != ALC_REFUSAL_NONE) return r;
    narrow(c, tcb);
    narrow(c, qe);
    if (alc_bytes_eq(qe->der, tcb->der)) return ALC_REFUSAL_NONE;
    return signs_tcb(qe) ? issued_by_root(t, qe) : ALC_REFUSAL_ROLE;
}

static enum alc_refusal judge_texts(struct judge *t, struct alc_collateral *c, struct parts *p)
{
    struct vf_cert tcb, qe;
    enum alc_refusal r = judge_signers(t, c, p, &tcb, &qe);

    if (r != ALC_REFUSAL_NONE) return r;
    if (!vf_signed(p->tcb_info, p->tcb_signature, tcb.key, t->ops))
        return ALC_REFUSAL_TCB_SIGNATURE;
    r = vf_tcb_info_read(c, p->tcb_info);
    if (r != ALC_REFUSAL_NONE) return r;
    if (!vf_signed(p->qe_identity, p->qe_signature, qe.key, t->ops))
        return ALC_REFUSAL_QE_SIGNATURE;
    return vf_qe_identity_read(c, p->qe_identity);
}

static enum alc_refusal keep_revoked(struct alc_collateral *c, const struct vf_crl *crl)
{
    struct alc_cur each = crl->revoked;
    struct alc_bytes s;

    while (vf_crl_next(&each, &s)) {
        if (c->revoked_count == ALC_REVOKED_MAX) return ALC_REFUSAL_CRL;
        __builtin_memcpy(c->revoked[c->revoked_count++] + ALC_SERIAL_BYTES - s.n, s.p, s.n);
    }
    return ALC_REFUSAL_NONE;
}

static enum alc_refusal judge_ca(struct judge *t, struct alc_collateral *c, struct parts *p)
{
    struct vf_cert ca;
    struct vf_crl crl;
    enum alc_refusal r = first(t, &ca, &p->pck_chain);

    if (r == ALC_REFUSAL_NONE) r = rest_of_chain(t, p->pck_chain);
    if (r != ALC_REFUSAL_NONE) return r;
    if (!vf_pck_ca(&c->ca, ca.subject_cn) || !ca.ca || !ca.may_sign_certs || !ca.may_sign_crls)
        return ALC_REFUSAL_ROLE;
    r = issued_by_root(t, &ca);
    if (r != ALC_REFUSAL_NONE) return r;
    narrow(c, &ca);
    t->ops->sha256(t->ops->ctx, &c->ca_certificate, ca.der);
    __builtin_memcpy(c->ca_key, ca.key, sizeof c->ca_key);
    r = read_crl(t, &crl, p->pck_crl, ca.subject, ca.key);
    if (r != ALC_REFUSAL_NONE) return r;
    c->pck_crl = crl.window;
    return keep_revoked(c, &crl);
}

enum alc_refusal alc_collateral_verify(struct alc_collateral *out, struct alc_bytes json,
                                       const struct alc_trust *trust, struct alc_verify_work *work,
                                       const struct alc_verify_ops *ops)
{
    struct parts p = {.work = work};
    struct judge t = {.ops = ops, .trust = trust, .work = work};
    const size_t mark = work->used;
    enum alc_refusal r = read_parts(&p, json);

    __builtin_memset(out, 0, sizeof *out);
    if (r == ALC_REFUSAL_NONE) r = judge_texts(&t, out, &p);
    if (r == ALC_REFUSAL_NONE) r = judge_ca(&t, out, &p);
    work->used = mark; /* *out borrows nothing */
    return r;
}

struct alc_window alc_collateral_window(const struct alc_collateral *c)
{
    return meet(meet(meet(c->tcb, c->qe), meet(c->root_crl, c->pck_crl)), c->chains);
}
