#include "verify/parts.h"

/* What is not known is null: a reader finds every name in every verdict. */
static void hex_if(struct vf_out *o, bool known, const char *key, const uint8_t *p, size_t n)
{
    if (known)
        vf_out_hex(o, key, p, n);
    else
        vf_out_null(o, key);
}

static void u64_if(struct vf_out *o, bool known, const char *key, uint64_t v)
{
    if (known)
        vf_out_u64(o, key, v);
    else
        vf_out_null(o, key);
}

static void text_if(struct vf_out *o, bool known, const char *key, const char *text)
{
    if (known)
        vf_out_text(o, key, alc_cstr(text));
    else
        vf_out_null(o, key);
}

static bool has(const struct alc_advisories *a, size_t i)
{
    return (a->bits[i / 64] >> (i % 64) & 1) != 0;
}

static int order(struct alc_bytes a, struct alc_bytes b)
{
    int d = __builtin_memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return d != 0 ? d : (a.n > b.n) - (a.n < b.n);
}

/* The names in `some` that are not in `before` yet, in their own order: that of the JSON is an
 * accident, and a digest does not keep it. */
static void names(struct vf_out *o, const struct alc_collateral *c,
                  const struct alc_advisories *some, struct alc_advisories *before)
{
    for (;;) {
        struct alc_bytes least = {NULL, 0};
        size_t at = 0;
        for (size_t i = 0; i < c->advisories_count; i++) {
            struct alc_bytes name = {c->advisories[i].b, c->advisories[i].n};
            if (!has(some, i) || has(before, i)) continue;
            if (least.p != NULL && order(name, least) >= 0) continue;
            least = name;
            at = i;
        }
        if (least.p == NULL) return;
        before->bits[at / 64] |= UINT64_C(1) << (at % 64);
        vf_out_text(o, NULL, least);
    }
}

static void part_status(struct vf_out *o, bool known, const char *key,
                        const struct alc_quote_verdict *v, uint8_t status,
                        const struct alc_advisories *advisories)
{
    struct alc_advisories none = {{0}};

    if (!known) {
        vf_out_null(o, key);
        return;
    }
    vf_out_open(o, key, '{');
    vf_out_text(o, "status", alc_cstr(alc_tcb_name(status)));
    vf_out_open(o, "advisory_ids", '[');
    names(o, v->collateral, advisories, &none);
    vf_out_close(o, ']');
    vf_out_close(o, '}');
}

static void out_bits(struct vf_out *o, const char *key, uint64_t v)
{
    uint8_t b[8];
    for (size_t i = 0; i < sizeof b; i++)
        b[i] = (uint8_t)(v >> (8 * i));
    vf_out_hex(o, key, b, sizeof b);
}

static void out_td(struct vf_out *o, const struct alc_td_report *t)
{
    vf_out_text(o, "type", alc_cstr(t->v15 ? "TD15" : "TD10"));
    vf_out_hex(o, "tee_tcb_svn", t->tee_tcb_svn, sizeof t->tee_tcb_svn);
    vf_out_hex(o, "mrseam", t->mrseam, sizeof t->mrseam);
    vf_out_hex(o, "mrsignerseam", t->mrsignerseam, sizeof t->mrsignerseam);
    vf_out_hex(o, "seamattributes", t->seamattributes, sizeof t->seamattributes);
    out_bits(o, "td_attributes", t->td_attributes);
    out_bits(o, "xfam", t->xfam);
    vf_out_hex(o, "mrtd", t->mrtd, sizeof t->mrtd);
    vf_out_hex(o, "mrconfigid", t->mrconfigid, sizeof t->mrconfigid);
    vf_out_hex(o, "mrowner", t->mrowner, sizeof t->mrowner);
    vf_out_hex(o, "mrownerconfig", t->mrownerconfig, sizeof t->mrownerconfig);
    vf_out_hex(o, "rtmr0", t->rtmr[0], sizeof t->rtmr[0]);
    vf_out_hex(o, "rtmr1", t->rtmr[1], sizeof t->rtmr[1]);
    vf_out_hex(o, "rtmr2", t->rtmr[2], sizeof t->rtmr[2]);
    vf_out_hex(o, "rtmr3", t->rtmr[3], sizeof t->rtmr[3]);
    vf_out_hex(o, "report_data", t->report_data, sizeof t->report_data);
    if (!t->v15) return;
    vf_out_hex(o, "tee_tcb_svn_2", t->tee_tcb_svn_2, sizeof t->tee_tcb_svn_2);
    vf_out_hex(o, "mrservicetd", t->mrservicetd, sizeof t->mrservicetd);
}

static void out_sgx(struct vf_out *o, const struct alc_sgx_report *s)
{
    vf_out_text(o, "type", ALC_LIT("SGX"));
    vf_out_hex(o, "cpusvn", s->cpusvn, sizeof s->cpusvn);
    vf_out_u64(o, "miscselect", s->miscselect);
    vf_out_hex(o, "attributes", s->attributes, sizeof s->attributes);
    vf_out_hex(o, "mrenclave", s->mrenclave, sizeof s->mrenclave);
    vf_out_hex(o, "mrsigner", s->mrsigner, sizeof s->mrsigner);
    vf_out_u64(o, "isvprodid", s->isvprodid);
    vf_out_u64(o, "isvsvn", s->isvsvn);
    vf_out_hex(o, "report_data", s->report_data, sizeof s->report_data);
}

static void out_report(struct vf_out *o, const struct alc_quote_verdict *v)
{
    if (!v->read) {
        vf_out_null(o, "report");
        return;
    }
    vf_out_open(o, "report", '{');
    if (v->quote.tee == ALC_TEE_TDX)
        out_td(o, &v->quote.td);
    else
        out_sgx(o, &v->quote.sgx);
    vf_out_close(o, '}');
}

void vf_out_quote_verdict(struct vf_out *o, const struct alc_quote_verdict *v)
{
    bool refused = v->refusal != ALC_REFUSAL_NONE, set = v->collateral != NULL;
    bool tdx = v->read && v->quote.tee == ALC_TEE_TDX;
    struct alc_advisories before = {{0}};

    vf_out_bool(o, "accepted", v->accepted);
    vf_out_bool(o, "genuine", v->genuine);
    vf_out_bool(o, "simulated", v->simulated);
    vf_out_text(o, "attestation",
                alc_cstr(v->simulated ? "SIMULATED"
                         : v->genuine ? "hardware"
                                      : "none"));
    text_if(o, refused, "refusal", alc_refusal_word(v->refusal));
    text_if(o, refused, "reason", alc_refusal_text(v->refusal));
    u64_if(o, v->read, "version", v->quote.version);
    text_if(o, v->read, "tee", tdx ? "TDX" : "SGX");
    text_if(o, v->has_status, "status", alc_tcb_name(v->status));
    vf_out_open(o, "advisory_ids", '[');
    if (v->has_status) {
        names(o, v->collateral, &v->platform_advisories, &before);
        names(o, v->collateral, &v->module_advisories, &before);
        names(o, v->collateral, &v->qe_advisories, &before);
    }
    vf_out_close(o, ']');
    part_status(o, v->has_status, "platform_status", v, v->platform_status,
                &v->platform_advisories);
    part_status(o, v->has_module, "module_status", v, v->module_status, &v->module_advisories);
    part_status(o, v->has_status, "qe_status", v, v->qe_status, &v->qe_advisories);
    hex_if(o, v->has_platform, "ppid", v->ppid, sizeof v->ppid);
    hex_if(o, v->has_platform, "fmspc", v->fmspc, sizeof v->fmspc);
    hex_if(o, v->has_platform, "pceid", v->pceid, sizeof v->pceid);
    text_if(o, v->has_platform, "pck_ca", v->ca == ALC_PCK_PLATFORM ? "platform" : "processor");
    u64_if(o, v->has_platform, "pcesvn", v->pcesvn);
    hex_if(o, v->has_platform, "cpusvn", v->cpusvn, sizeof v->cpusvn);
    u64_if(o, v->has_status, "tcb_date", v->tcb_date_s);
    u64_if(o, set, "tcb_evaluation_data_number", v->tcb_evaluation);
    u64_if(o, set, "qe_evaluation_data_number", v->qe_evaluation);
    u64_if(o, v->has_window, "valid_from", v->window.from_s);
    u64_if(o, v->has_window, "valid_until", v->window.until_s);
    hex_if(o, tdx, "measurement", v->measurement.b, sizeof v->measurement.b);
    hex_if(o, v->read, "report_data", v->read ? alc_quote_report_data(&v->quote) : NULL, 64);
    out_report(o, v);
}

size_t alc_quote_verdict_json(const struct alc_quote_verdict *v, uint8_t *out, size_t cap)
{
    struct vf_out o = {.p = out, .cap = cap};

    vf_out_open(&o, NULL, '{');
    vf_out_quote_verdict(&o, v);
    vf_out_close(&o, '}');
    return o.full ? 0 : o.n;
}
