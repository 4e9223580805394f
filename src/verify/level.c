#include "verify/parts.h"

/* ---- statuses ---- */

#define NAME(name, text) text,
static const char *const status_names[ALC_TCB_COUNT] = {ALC_TCB_MAP(NAME)};
#undef NAME

const char *alc_tcb_name(uint8_t status)
{
    return status < ALC_TCB_COUNT ? status_names[status] : "an unknown status";
}

bool alc_tcb_read(uint8_t *out, struct alc_bytes name)
{
    for (uint8_t i = 0; i < ALC_TCB_COUNT; i++) {
        if (!alc_bytes_is(name, status_names[i])) continue;
        *out = i;
        return true;
    }
    return false;
}

/* ---- levels ---- */

static bool reaches(const uint8_t *have, const uint8_t *need, size_t from)
{
    /* Each component by itself: an order over whole arrays would let one make up for another. */
    for (size_t i = from; i < 16; i++)
        if (have[i] < need[i]) return false;
    return true;
}

static const struct alc_tcb_level *platform_level(const struct alc_collateral *c,
                                                  const struct vf_pck *pck,
                                                  const struct alc_quote *q, bool tdx_from_zero)
{
    const uint8_t *svn = q->td.tee_tcb_svn;
    /* The first two bytes are the module's, and are judged by its identity when it has one. */
    size_t from = svn[1] == 0 || tdx_from_zero ? 0 : 2;

    for (size_t i = 0; i < c->levels_count; i++) {
        const struct alc_tcb_level *l = &c->levels[i];
        if (reaches(pck->components, l->sgx, 0) && pck->pcesvn >= l->pcesvn &&
            (q->tee != ALC_TEE_TDX || reaches(svn, l->tdx, from)))
            return l;
    }
    return NULL;
}

static const struct alc_svn_level *svn_level(const struct alc_collateral *c, uint16_t first,
                                             uint16_t count, uint16_t isvsvn)
{
    for (size_t i = first; i < (size_t)first + count; i++)
        if (isvsvn >= c->svn_levels[i].isvsvn) return &c->svn_levels[i];
    return NULL;
}

/* Whether the TD's module is this one: its signer, and no attribute but those that it must have.
 * Intel's own modules (signer zero) have none at all. */
static bool is_module(const struct alc_tdx_module *m, const struct alc_td_report *td)
{
    uint8_t signer = 0, attributes = 0;

    if (__builtin_memcmp(m->mrsigner, td->mrsignerseam, sizeof m->mrsigner) != 0) return false;
    for (size_t i = 0; i < sizeof m->mrsigner; i++)
        signer |= td->mrsignerseam[i];
    for (size_t i = 0; i < sizeof m->attributes; i++) {
        if (td->seamattributes[i] != (m->attributes[i] & m->mask[i])) return false;
        attributes |= td->seamattributes[i];
    }
    return signer != 0 || attributes == 0;
}

static enum alc_refusal module_level(const struct alc_svn_level **out,
                                     const struct alc_collateral *c, const struct alc_td_report *td)
{
    uint8_t number = td->tee_tcb_svn[1];

    for (size_t i = 0; i < c->modules_count; i++) {
        const struct alc_tdx_module *m = &c->modules[i];
        if (m->number != number) continue;
        if (!is_module(m, td)) return ALC_REFUSAL_MODULE_IDENTITY;
        if (number == 0) return ALC_REFUSAL_NONE; /* old modules: the platform's level has them */
        *out = svn_level(c, m->first, m->levels, td->tee_tcb_svn[0]);
        return *out != NULL ? ALC_REFUSAL_NONE : ALC_REFUSAL_MODULE_LEVEL;
    }
    return ALC_REFUSAL_MODULE_IDENTITY;
}

/* What the platform's status becomes beside that of its module or quoting enclave. */
static uint8_t merge(uint8_t platform, uint8_t part)
{
    if (platform == ALC_TCB_REVOKED || part == ALC_TCB_REVOKED) return ALC_TCB_REVOKED;
    if (part == ALC_TCB_UP_TO_DATE || platform >= ALC_TCB_OUT_OF_DATE) return platform;
    return platform >= ALC_TCB_CONFIGURATION ? ALC_TCB_OUT_OF_DATE_CONFIGURATION
                                             : ALC_TCB_OUT_OF_DATE;
}

static void unite(struct alc_advisories *all, const struct alc_advisories *more)
{
    for (size_t i = 0; i < sizeof all->bits / sizeof *all->bits; i++)
        all->bits[i] |= more->bits[i];
}

void vf_levels(struct vf_levels *out, const struct alc_collateral *c, const struct vf_pck *pck,
               const struct alc_quote *q, uint16_t qe_isvsvn, bool tdx_from_zero)
{
    enum alc_refusal module = ALC_REFUSAL_NONE;

    __builtin_memset(out, 0, sizeof *out);
    out->qe = svn_level(c, c->qe_first, c->qe_levels, qe_isvsvn);
    out->platform = platform_level(c, pck, q, tdx_from_zero);
    if (q->tee == ALC_TEE_TDX) module = module_level(&out->module, c, &q->td);
    out->refusal = out->qe == NULL         ? ALC_REFUSAL_QE_LEVEL
                   : out->platform == NULL ? ALC_REFUSAL_PLATFORM_LEVEL
                                           : module;
    if (out->refusal != ALC_REFUSAL_NONE) return;
    out->merged = out->platform->status;
    out->advisories = out->platform->advisories;
    if (out->module != NULL) {
        out->merged = merge(out->merged, out->module->status);
        unite(&out->advisories, &out->module->advisories);
    }
    out->merged = merge(out->merged, out->qe->status);
    unite(&out->advisories, &out->qe->advisories);
}
