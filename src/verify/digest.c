#include "verify/parts.h"

/* The digest of a verified set.  As in statement.c one walk reads and writes, so that each line is
 * one field in the order of docs/collateral-digest.md.  What is checked on the way is checked in
 * both directions: a digest that reads was written by this code or could have been.  Writing
 * assigns nothing. */
struct walk {
    struct alc_cur *in; /* NULL: writing */
    struct alc_borsh *out;
    bool ok;
    uint16_t svn_used; /* levels of svn_levels that were passed */
};

static const char tag[8] = "ALCOL/1"; /* with its NUL */

static void bytes(struct walk *w, uint8_t *p, size_t n)
{
    if (!w->ok) return;
    if (w->in != NULL)
        w->ok = alc_cur_copy(w->in, p, n);
    else
        alc_borsh_put(w->out, p, n);
}

/* number passes one of `width` bytes that must be at most `most`, and returns it. */
static uint64_t number(struct walk *w, size_t width, uint64_t v, uint64_t most)
{
    if (!w->ok) return v;
    if (w->in != NULL)
        w->ok = alc_cur_uint_le(w->in, width, &v);
    else
        alc_borsh_put_uint(w->out, width, v);
    if (v > most) w->ok = false;
    return v;
}

static void u8(struct walk *w, uint8_t *v, uint8_t most)
{
    uint8_t r = (uint8_t)number(w, 1, *v, most);
    if (w->in != NULL) *v = r;
}

static void u16(struct walk *w, uint16_t *v)
{
    uint16_t r = (uint16_t)number(w, 2, *v, UINT16_MAX);
    if (w->in != NULL) *v = r;
}

static void u32(struct walk *w, uint32_t *v)
{
    uint32_t r = (uint32_t)number(w, 4, *v, UINT32_MAX);
    if (w->in != NULL) *v = r;
}

static void u64(struct walk *w, uint64_t *v)
{
    uint64_t r = number(w, 8, *v, UINT64_MAX);
    if (w->in != NULL) *v = r;
}

/* The length of a Vec.  Above `most` it is not used: w->ok is false. */
static void count(struct walk *w, uint16_t *v, uint16_t most)
{
    uint16_t r = (uint16_t)number(w, 4, *v, most);
    if (w->in != NULL) *v = r;
}

static void window(struct walk *w, struct alc_window *v)
{
    u64(w, &v->from_s);
    u64(w, &v->until_s);
}

static void advisory_set(struct walk *w, const struct alc_collateral *c, struct alc_advisories *a)
{
    for (size_t i = 0; i < sizeof a->bits / sizeof *a->bits; i++) {
        const size_t known = c->advisories_count > 64 * i ? c->advisories_count - 64 * i : 0;
        u64(w, &a->bits[i]);
        if (known < 64 && a->bits[i] >> known != 0) w->ok = false;
    }
}

static void advisory_names(struct walk *w, struct alc_collateral *c)
{
    count(w, &c->advisories_count, ALC_ADVISORIES_MAX);
    for (size_t i = 0; w->ok && i < c->advisories_count; i++) {
        uint16_t n = c->advisories[i].n;
        count(w, &n, ALC_ADVISORY_MAX_BYTES);
        if (w->in != NULL) c->advisories[i].n = (uint8_t)n;
        bytes(w, c->advisories[i].b, n);
        if (!w->ok) break;
        w->ok =
            vf_advisory_name((struct alc_bytes){c->advisories[i].b, n}) &&
            (i == 0 || vf_advisory_order(c, i - 1, (struct alc_bytes){c->advisories[i].b, n}) < 0);
    }
}

static void svn_levels(struct walk *w, struct alc_collateral *c, uint16_t *first, uint16_t *n)
{
    if (w->in != NULL)
        *first = w->svn_used;
    else if (*first != w->svn_used)
        w->ok = false;
    count(w, n, (uint16_t)(ALC_TCB_LEVELS_MAX - w->svn_used));
    for (size_t i = 0; w->ok && i < *n; i++) {
        struct alc_svn_level *l = &c->svn_levels[w->svn_used++];
        u16(w, &l->isvsvn);
        u8(w, &l->status, ALC_TCB_COUNT - 1);
        u64(w, &l->date_s);
        advisory_set(w, c, &l->advisories);
        if (i > 0 && l[-1].isvsvn <= l->isvsvn) w->ok = false;
    }
}

static void modules(struct walk *w, struct alc_collateral *c)
{
    const bool tdx = c->tee == ALC_TEE_TDX;

    count(w, &c->modules_count, tdx ? ALC_MODULES_MAX : 0);
    if (tdx && c->modules_count == 0) w->ok = false;
    for (size_t i = 0; w->ok && i < c->modules_count; i++) {
        struct alc_tdx_module *m = &c->modules[i];
        u8(w, &m->number, UINT8_MAX);
        bytes(w, m->mrsigner, sizeof m->mrsigner);
        bytes(w, m->attributes, sizeof m->attributes);
        bytes(w, m->mask, sizeof m->mask);
        svn_levels(w, c, &m->first, &m->levels);
        /* tdxModule stands first, and alone has neither number nor levels */
        if ((i == 0) != (m->number == 0) || (i == 0 && m->levels != 0)) w->ok = false;
        for (size_t k = 0; k < i; k++)
            if (c->modules[k].number == m->number) w->ok = false;
    }
}

static void platform_levels(struct walk *w, struct alc_collateral *c)
{
    static const uint8_t none[sizeof c->levels[0].tdx];

    count(w, &c->levels_count, ALC_TCB_LEVELS_MAX);
    for (size_t i = 0; w->ok && i < c->levels_count; i++) {
        struct alc_tcb_level *l = &c->levels[i];
        bytes(w, l->sgx, sizeof l->sgx);
        bytes(w, l->tdx, sizeof l->tdx);
        u16(w, &l->pcesvn);
        u8(w, &l->status, ALC_TCB_COUNT - 1);
        u64(w, &l->date_s);
        advisory_set(w, c, &l->advisories);
        if (i > 0 && vf_level_order(l - 1, l) <= 0) w->ok = false;
        if (c->tee == ALC_TEE_SGX && __builtin_memcmp(l->tdx, none, sizeof none) != 0)
            w->ok = false;
    }
}

static void quoting_enclave(struct walk *w, struct alc_collateral *c)
{
    bytes(w, c->qe_mrsigner, sizeof c->qe_mrsigner);
    u16(w, &c->qe_isvprodid);
    u32(w, &c->qe_miscselect);
    u32(w, &c->qe_miscselect_mask);
    bytes(w, c->qe_attributes, sizeof c->qe_attributes);
    bytes(w, c->qe_attributes_mask, sizeof c->qe_attributes_mask);
    svn_levels(w, c, &c->qe_first, &c->qe_levels);
}

static void revoked(struct walk *w, struct alc_collateral *c)
{
    count(w, &c->revoked_count, ALC_REVOKED_MAX);
    for (size_t i = 0; w->ok && i < c->revoked_count; i++)
        bytes(w, c->revoked[i], sizeof c->revoked[i]);
}

static void fields(struct walk *w, struct alc_collateral *c)
{
    uint8_t simulated = c->simulated, tee = (uint8_t)c->tee, ca = (uint8_t)c->ca;

    u8(w, &simulated, 1);
    u8(w, &tee, ALC_TEE_TDX);
    if (tee != ALC_TEE_TDX && tee != ALC_TEE_SGX) w->ok = false;
    if (!w->ok) return;
    if (w->in != NULL) {
        c->simulated = simulated == 1;
        c->tee = tee == ALC_TEE_TDX ? ALC_TEE_TDX : ALC_TEE_SGX;
    }
    bytes(w, c->root.b, sizeof c->root.b);
    bytes(w, c->fmspc, sizeof c->fmspc);
    bytes(w, c->pceid, sizeof c->pceid);
    u32(w, &c->tcb_evaluation);
    u32(w, &c->qe_evaluation);
    window(w, &c->tcb);
    window(w, &c->qe);
    window(w, &c->root_crl);
    window(w, &c->pck_crl);
    window(w, &c->chains);
    u8(w, &ca, ALC_PCK_PLATFORM);
    if (w->in != NULL) c->ca = ca == ALC_PCK_PLATFORM ? ALC_PCK_PLATFORM : ALC_PCK_PROCESSOR;
    bytes(w, c->ca_certificate.b, sizeof c->ca_certificate.b);
    bytes(w, c->ca_key, sizeof c->ca_key);
    revoked(w, c);
    advisory_names(w, c);
    modules(w, c);
    quoting_enclave(w, c);
    platform_levels(w, c);
    if (w->in != NULL)
        c->svn_levels_count = w->svn_used;
    else if (c->svn_levels_count != w->svn_used)
        w->ok = false;
}

size_t alc_collateral_write(const struct alc_collateral *c, uint8_t *out, size_t cap)
{
    struct alc_borsh b = alc_borsh(out, cap);
    struct walk w = {.out = &b, .ok = true};

    alc_borsh_put(&b, tag, sizeof tag);
    fields(&w, (struct alc_collateral *)(uintptr_t)c); /* which writing leaves alone */
    return w.ok && !b.full ? b.n : 0;
}

bool alc_collateral_read(struct alc_collateral *out, struct alc_bytes in)
{
    struct alc_cur c = alc_cur(in);
    struct walk w = {.in = &c, .ok = true};
    struct alc_bytes t;

    __builtin_memset(out, 0, sizeof *out);
    if (!alc_cur_take(&c, sizeof tag, &t) || __builtin_memcmp(t.p, tag, sizeof tag) != 0)
        return false;
    fields(&w, out);
    return w.ok && c.n == 0;
}
