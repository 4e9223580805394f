#include "verify/parts.h"

#define SGX_DEBUG 0x02u
#define TD_UNTRUSTED UINT64_C(0xff) /* DEBUG, and seven that let the host look in as well */
/* SEPT_VE_DISABLE, PKS, KL and PERFMON.  Any other bit is reserved, or (29, MIGRATABLE) would let a
 * service TD take this one elsewhere. */
#define TD_KNOWN (ALC_TD_SEPT_VE_DISABLE | UINT64_C(3) << 30 | UINT64_C(1) << 63)
#define XFAM_BASE UINT64_C(3) /* x87 and SSE: the CPU always sets them */

struct judge {
    struct alc_quote_verdict *v;
    const struct alc_quote_ask *ask;
    const struct alc_quote_policy *policy;
    const struct alc_collateral *c;
    const struct alc_verify_ops *ops;
    struct vf_pck pck;
    struct vf_levels levels;
};

static bool is_zero(const uint8_t *p, size_t n)
{
    while (n > 0)
        if (p[--n] != 0) return false;
    return true;
}

static bool is_same(const uint8_t *a, const uint8_t *b, size_t n)
{
    return __builtin_memcmp(a, b, n) == 0;
}

static bool has_hash(const struct judge *j, struct alc_bytes in, const struct alc_hash *want)
{
    struct alc_hash h;
    j->ops->sha256(j->ops->ctx, &h, in);
    return alc_hash_eq(&h, want);
}

/* The root that the set ends in is one that the caller believes. */
static bool root_is_trusted(const struct judge *j)
{
    const struct alc_trust *trust = j->ask->trust;

    if (!j->c->simulated) return alc_hash_eq(&j->c->root, &vf_intel_root.certificate);
    return trust != NULL && trust->simulated_root.n > 0 &&
           has_hash(j, trust->simulated_root, &j->c->root);
}

static enum alc_refusal in_window(const struct judge *j, const struct alc_window *w,
                                  enum alc_refusal future, enum alc_refusal expired)
{
    if (j->ask->now_s < w->from_s) return future;
    return j->ask->now_s <= w->until_s ? ALC_REFUSAL_NONE : expired;
}

static enum alc_refusal collateral_time(const struct judge *j)
{
    const struct {
        const struct alc_window *w;
        enum alc_refusal future, expired;
    } part[] = {
        {&j->c->tcb, ALC_REFUSAL_TCB_FUTURE, ALC_REFUSAL_TCB_EXPIRED},
        {&j->c->qe, ALC_REFUSAL_QE_FUTURE, ALC_REFUSAL_QE_EXPIRED},
        {&j->c->root_crl, ALC_REFUSAL_CRL_FUTURE, ALC_REFUSAL_CRL_EXPIRED},
        {&j->c->pck_crl, ALC_REFUSAL_CRL_FUTURE, ALC_REFUSAL_CRL_EXPIRED},
        {&j->c->chains, ALC_REFUSAL_CERTIFICATE_FUTURE, ALC_REFUSAL_CERTIFICATE_EXPIRED},
    };
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        enum alc_refusal r = in_window(j, part[i].w, part[i].future, part[i].expired);
        if (r != ALC_REFUSAL_NONE) return r;
    }
    return ALC_REFUSAL_NONE;
}

/* The quote's chain: its CA and root are those that the set has checked already; the leaf is
 * checked here. */
static enum alc_refusal chain(struct judge *j, struct vf_cert *leaf, struct alc_verify_work *work)
{
    struct alc_bytes pem = j->ask->pck_chain.n > 0 ? j->ask->pck_chain : j->v->quote.pck_chain;
    const struct alc_collateral *c = j->c;
    struct alc_quote_verdict *v = j->v;
    struct alc_window window;
    struct alc_bytes der[3];
    struct vf_cert ca;
    enum alc_refusal r;

    for (size_t i = 0; i < 3; i++) {
        r = vf_pem_next(&der[i], &pem, work);
        if (r != ALC_REFUSAL_NONE) return r;
        if (der[i].n == 0) return ALC_REFUSAL_PEM;
    }
    if (!has_hash(j, der[2], &c->root)) return ALC_REFUSAL_ROOT;
    if (!has_hash(j, der[1], &c->ca_certificate)) return ALC_REFUSAL_PCK_CA;
    r = vf_cert_read(leaf, der[0]);
    if (r == ALC_REFUSAL_NONE) r = vf_cert_read(&ca, der[1]);
    if (r != ALC_REFUSAL_NONE) return r;
    if (leaf->ca || !leaf->may_sign || !alc_bytes_is(leaf->subject_cn, "Intel SGX PCK Certificate"))
        return ALC_REFUSAL_ROLE;
    if (!alc_bytes_eq(leaf->issuer, ca.subject)) return ALC_REFUSAL_PCK_CA;
    if (!vf_signed(leaf->tbs, leaf->signature, c->ca_key, j->ops))
        return ALC_REFUSAL_CHAIN_SIGNATURE;
    for (size_t i = 0; i < c->revoked_count; i++)
        if (vf_serial_is(c->revoked[i], leaf->serial)) return ALC_REFUSAL_REVOKED_CERTIFICATE;
    window = (struct alc_window){leaf->from_s, leaf->until_s};
    if (window.from_s > v->window.from_s) v->window.from_s = window.from_s;
    if (window.until_s < v->window.until_s) v->window.until_s = window.until_s;
    r = in_window(j, &window, ALC_REFUSAL_CERTIFICATE_FUTURE, ALC_REFUSAL_CERTIFICATE_EXPIRED);
    if (r != ALC_REFUSAL_NONE) return r;

    if (!vf_pck_read(&j->pck, leaf->sgx)) return ALC_REFUSAL_PCK_EXTENSION;
    v->has_platform = true;
    __builtin_memcpy(v->ppid, j->pck.ppid, sizeof v->ppid);
    __builtin_memcpy(v->fmspc, j->pck.fmspc, sizeof v->fmspc);
    __builtin_memcpy(v->pceid, j->pck.pceid, sizeof v->pceid);
    __builtin_memcpy(v->cpusvn, j->pck.cpusvn, sizeof v->cpusvn);
    v->pcesvn = j->pck.pcesvn;
    v->ca = c->ca;
    return ALC_REFUSAL_NONE;
}

/* The QE's report: signed by the platform, it vouches for the key, and it is of Intel's QE. */
static enum alc_refusal quoting_enclave(const struct judge *j, const uint8_t pck_key[64],
                                        struct alc_sgx_report *qe)
{
    const struct alc_quote *q = &j->v->quote;
    const struct alc_collateral *c = j->c;
    uint8_t vouched[64 + ALC_QUOTE_AUTH_MAX_BYTES];
    struct alc_hash h;

    if (!vf_signed(q->qe_report, q->qe_report_signature, pck_key, j->ops))
        return ALC_REFUSAL_QE_REPORT_SIGNATURE;
    if (!is_same(j->pck.fmspc, c->fmspc, sizeof c->fmspc)) return ALC_REFUSAL_FMSPC;
    if (!is_same(j->pck.pceid, c->pceid, sizeof c->pceid)) return ALC_REFUSAL_PCEID;

    alc_sgx_report_read(qe, q->qe_report.p);
    __builtin_memcpy(vouched, q->attestation_key, 64);
    if (q->auth_data.n > 0) __builtin_memcpy(vouched + 64, q->auth_data.p, q->auth_data.n);
    j->ops->sha256(j->ops->ctx, &h, (struct alc_bytes){vouched, 64 + q->auth_data.n});
    if (!is_same(h.b, qe->report_data, sizeof h.b)) return ALC_REFUSAL_QE_BINDING;

    if (!is_same(qe->mrsigner, c->qe_mrsigner, sizeof c->qe_mrsigner)) return ALC_REFUSAL_QE_SIGNER;
    if (qe->isvprodid != c->qe_isvprodid) return ALC_REFUSAL_QE_PRODUCT;
    if (((qe->miscselect ^ c->qe_miscselect) & c->qe_miscselect_mask) != 0)
        return ALC_REFUSAL_QE_MISCSELECT;
    for (size_t i = 0; i < sizeof c->qe_attributes; i++)
        if (((qe->attributes[i] ^ c->qe_attributes[i]) & c->qe_attributes_mask[i]) != 0)
            return ALC_REFUSAL_QE_ATTRIBUTES;
    return qe->attributes[0] & SGX_DEBUG ? ALC_REFUSAL_QE_ATTRIBUTES : ALC_REFUSAL_NONE;
}

static enum alc_refusal levels(struct judge *j, uint16_t qe_isvsvn)
{
    struct alc_quote_verdict *v = j->v;
    struct vf_levels *l = &j->levels;

    vf_levels(l, j->c, &j->pck, &v->quote, qe_isvsvn,
              j->ask->trust != NULL && j->ask->trust->tdx_components_from_zero);
    if (l->refusal != ALC_REFUSAL_NONE) return l->refusal;
    v->has_status = true;
    v->status = l->merged;
    v->advisories = l->advisories;
    v->platform_status = l->platform->status;
    v->platform_advisories = l->platform->advisories;
    v->tcb_date_s = l->platform->date_s;
    v->qe_status = l->qe->status;
    v->qe_advisories = l->qe->advisories;
    if (l->module != NULL) {
        v->has_module = true;
        v->module_status = l->module->status;
        v->module_advisories = l->module->advisories;
    }
    return l->merged == ALC_TCB_REVOKED ? ALC_REFUSAL_TCB_REVOKED : ALC_REFUSAL_NONE;
}

/* What the enclave itself is allowed to be. */
static enum alc_refusal workload(const struct judge *j)
{
    const struct alc_quote *q = &j->v->quote;
    bool debug = q->tee == ALC_TEE_TDX ? (q->td.td_attributes & ALC_TD_DEBUG) != 0
                                       : (q->sgx.attributes[0] & SGX_DEBUG) != 0;

    if (debug && !j->policy->allow_debug) return ALC_REFUSAL_DEBUG;
    if (q->tee != ALC_TEE_TDX) return ALC_REFUSAL_NONE;
    if ((q->td.td_attributes & ~(TD_KNOWN | ALC_TD_DEBUG)) != 0 ||
        (q->td.td_attributes & ALC_TD_SEPT_VE_DISABLE) == 0 ||
        (q->td.xfam & XFAM_BASE) != XFAM_BASE)
        return ALC_REFUSAL_ATTRIBUTES;
    if (!is_zero(q->td.mrservicetd, sizeof q->td.mrservicetd) && !j->policy->allow_service_td)
        return ALC_REFUSAL_SERVICE_TD;
    return ALC_REFUSAL_NONE;
}

/* ---- the caller's policy ---- */

static bool advisories_are_allowed(const struct judge *j)
{
    const struct alc_quote_policy *p = j->policy;

    for (size_t i = 0; i < j->c->advisories_count; i++) {
        struct alc_bytes name = {j->c->advisories[i].b, j->c->advisories[i].n};
        bool allowed = (j->levels.advisories.bits[i / 64] >> (i % 64) & 1) == 0;
        for (size_t k = 0; k < p->advisories_count && !allowed; k++)
            allowed = alc_bytes_eq(p->advisories[k], name);
        if (!allowed) return false;
    }
    return true;
}

/* Every part that is behind is so no longer than the policy's grace. */
static bool is_in_grace(const struct judge *j, uint8_t status, uint64_t date_s)
{
    if (!j->policy->grace || status < ALC_TCB_OUT_OF_DATE) return true;
    return date_s >= j->ask->now_s || j->ask->now_s - date_s <= j->policy->grace_s;
}

static bool has_entry(const void *list, size_t count, size_t size, const uint8_t *entry)
{
    for (size_t i = 0; i < count; i++)
        if (is_same((const uint8_t *)list + i * size, entry, size)) return true;
    return false;
}

/* A policy that names enclaves of one kind alone allows none of the other. */
static bool measurement_is_allowed(const struct judge *j)
{
    const struct alc_quote_policy *p = j->policy;
    const struct alc_quote *q = &j->v->quote;
    struct alc_measurement m;

    if (p->measurements_count == 0 && p->mrsigners_count == 0 && p->mrenclaves_count == 0)
        return true;
    if (q->tee == ALC_TEE_TDX) {
        m = alc_quote_measurement(q);
        return has_entry(p->measurements, p->measurements_count, sizeof m, (const uint8_t *)&m);
    }
    if (p->mrsigners_count == 0 && p->mrenclaves_count == 0) return false;
    return (p->mrsigners_count == 0 ||
            has_entry(p->mrsigners, p->mrsigners_count, 32, q->sgx.mrsigner)) &&
           (p->mrenclaves_count == 0 ||
            has_entry(p->mrenclaves, p->mrenclaves_count, 32, q->sgx.mrenclave));
}

static enum alc_refusal policy(const struct judge *j)
{
    const struct alc_quote_policy *p = j->policy;
    const struct alc_quote_verdict *v = j->v;
    const struct vf_levels *l = &j->levels;
    uint32_t statuses = p->statuses != 0 ? p->statuses : 1u << ALC_TCB_UP_TO_DATE;

    if (v->simulated && !p->allow_simulated) return ALC_REFUSAL_SIMULATED;
    if (v->tcb_evaluation < p->min_evaluation || v->qe_evaluation < p->min_evaluation)
        return ALC_REFUSAL_EVALUATION;
    if ((statuses >> v->status & 1) == 0) return ALC_REFUSAL_STATUS;
    if (!advisories_are_allowed(j)) return ALC_REFUSAL_ADVISORY;
    if (!is_in_grace(j, l->platform->status, l->platform->date_s) ||
        !is_in_grace(j, l->qe->status, l->qe->date_s) ||
        (l->module != NULL && !is_in_grace(j, l->module->status, l->module->date_s)))
        return ALC_REFUSAL_GRACE;
    if (!measurement_is_allowed(j)) return ALC_REFUSAL_MEASUREMENT;
    if (p->report_data.n > 64 ||
        (p->report_data.n > 0 &&
         !is_same(p->report_data.p, alc_quote_report_data(&v->quote), p->report_data.n)))
        return ALC_REFUSAL_REPORT_DATA;
    if (p->ppids_count > 0 && !has_entry(p->ppids, p->ppids_count, sizeof v->ppid, v->ppid))
        return ALC_REFUSAL_PPID;
    return ALC_REFUSAL_NONE;
}

static enum alc_refusal genuine(struct judge *j, struct alc_verify_work *work)
{
    struct alc_quote_verdict *v = j->v;
    struct alc_quote *q = &v->quote;
    struct alc_measurement m;
    struct alc_sgx_report qe;
    struct vf_cert leaf;
    enum alc_refusal r = alc_quote_read(q, j->ask->quote);

    if (r != ALC_REFUSAL_NONE) return r;
    v->read = true;
    if (q->tee == ALC_TEE_TDX) {
        m = alc_quote_measurement(q);
        alc_measurement_hash(&v->measurement, &m, j->ops);
    }
    if (j->c == NULL)
        return j->ask->set_refused != ALC_REFUSAL_NONE ? j->ask->set_refused
                                                       : ALC_REFUSAL_NO_COLLATERAL;
    v->collateral = j->c;
    v->simulated = j->c->simulated;
    v->tcb_evaluation = j->c->tcb_evaluation;
    v->qe_evaluation = j->c->qe_evaluation;
    v->window = alc_collateral_window(j->c);
    v->has_window = true;
    if (!root_is_trusted(j)) return ALC_REFUSAL_ROOT;
    if (q->tee != j->c->tee) return ALC_REFUSAL_TCB_ID;
    if ((r = collateral_time(j)) != ALC_REFUSAL_NONE ||
        (r = chain(j, &leaf, work)) != ALC_REFUSAL_NONE ||
        (r = quoting_enclave(j, leaf.key, &qe)) != ALC_REFUSAL_NONE)
        return r;
    if (!vf_signed(q->signed_bytes, q->signature, q->attestation_key, j->ops))
        return ALC_REFUSAL_QUOTE_SIGNATURE;
    r = levels(j, qe.isvsvn);
    return r != ALC_REFUSAL_NONE ? r : workload(j);
}

void alc_quote_verify(struct alc_quote_verdict *out, const struct alc_quote_ask *ask,
                      struct alc_verify_work *work, const struct alc_verify_ops *ops)
{
    static const struct alc_quote_policy strictest;
    struct judge j = {.v = out, .ask = ask, .c = ask->collateral, .ops = ops};

    j.policy = ask->policy != NULL ? ask->policy : &strictest;
    __builtin_memset(out, 0, sizeof *out);
    out->refusal = genuine(&j, work);
    if (out->refusal != ALC_REFUSAL_NONE) return;
    out->genuine = true;
    out->refusal = policy(&j);
    out->accepted = out->refusal == ALC_REFUSAL_NONE;
}
