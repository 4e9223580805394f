#include "base/enc.h"
#include "verify/parts.h"

/* Two JSON documents of Intel's (PCS v4), each signed as text: TCB info v3 (how fresh a platform of
 * one model is) and QE identity v2 (which quoting enclave, and how fresh).  Unknown members are
 * skipped; numbers, statuses and hex are exact. */

#define ITEM_ADVISORIES_MAX 64u
#define COMPONENTS 16u

/* What the readers below pass around: where the digest is filled, and the level being read. */
struct reading {
    struct alc_collateral *c;
    struct alc_tdx_module *module; /* being read */
    bool platform;                 /* levels have components, not one isvsvn */
    bool tdx_parts;                /* something was there that SGX does not have */
    bool has_module;
    struct alc_bytes id; /* TCB info's, QE identity's */
    struct {
        uint8_t components[2][COMPONENTS]; /* SGX, TDX */
        bool has[2];
        uint8_t which;
        size_t count;
        uint16_t svn; /* PCESVN or ISVSVN */
        uint8_t status;
        uint64_t date_s;
        struct alc_advisories advisories;
    } level;
};

static uint64_t number(struct vf_json *j, uint64_t most)
{
    uint64_t v = vf_json_u64(j);
    if (v > most) j->bad = true;
    return v;
}

/* ---- a level ---- */

static void read_advisory(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    struct alc_bytes name = vf_json_text(j);
    if (j->bad || !vf_advisory_add(r->c, &r->level.advisories, name)) j->bad = true;
}

static void level_advisories(struct vf_json *j, void *ctx)
{
    vf_json_array(j, ITEM_ADVISORIES_MAX, read_advisory, ctx);
}

static void level_date(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    r->level.date_s = vf_json_time(j);
}

static void level_status(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    if (!alc_tcb_read(&r->level.status, vf_json_text(j))) j->bad = true;
}

static void level_svn(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    r->level.svn = (uint16_t)number(j, UINT16_MAX);
}

static void component_svn(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    r->level.components[r->level.which][r->level.count] = (uint8_t)number(j, UINT8_MAX);
}

static void read_component(struct vf_json *j, void *ctx)
{
    static const struct vf_member members[] = {{"svn", component_svn, true}};
    struct reading *r = ctx;
    (void)vf_json_object(j, members, 1, ctx);
    r->level.count++;
}

static void components(struct vf_json *j, struct reading *r, uint8_t which)
{
    r->level.which = which;
    r->level.count = 0;
    vf_json_array(j, COMPONENTS, read_component, r);
    /* A shorter list would leave components that nobody compares. */
    if (r->level.count != COMPONENTS) j->bad = true;
    r->level.has[which] = true;
}

static void level_sgx(struct vf_json *j, void *ctx)
{
    components(j, ctx, 0);
}

static void level_tdx(struct vf_json *j, void *ctx)
{
    if (!vf_json_null(j)) components(j, ctx, 1);
}

static void level_tcb(struct vf_json *j, void *ctx)
{
    static const struct vf_member platform[] = {{"sgxtcbcomponents", level_sgx, true},
                                                {"pcesvn", level_svn, true},
                                                {"tdxtcbcomponents", level_tdx, false}};
    static const struct vf_member svn[] = {{"isvsvn", level_svn, true}};
    struct reading *r = ctx;

    if (r->platform)
        (void)vf_json_object(j, platform, 3, ctx);
    else
        (void)vf_json_object(j, svn, 1, ctx);
}

static void read_level(struct vf_json *j, struct reading *r)
{
    static const struct vf_member members[] = {{"tcb", level_tcb, true},
                                               {"tcbDate", level_date, true},
                                               {"tcbStatus", level_status, true},
                                               {"advisoryIDs", level_advisories, false}};
    __builtin_memset(&r->level, 0, sizeof r->level);
    (void)vf_json_object(j, members, sizeof members / sizeof *members, r);
}

/* ---- levels in order: from the highest down, whatever the order of the text ---- */

int vf_level_order(const struct alc_tcb_level *a, const struct alc_tcb_level *b)
{
    int d = __builtin_memcmp(a->sgx, b->sgx, sizeof a->sgx);
    if (d == 0) d = (int)a->pcesvn - (int)b->pcesvn;
    if (d == 0) d = __builtin_memcmp(a->tdx, b->tdx, sizeof a->tdx);
    return d;
}

static void read_platform_level(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    struct alc_collateral *c = r->c;
    struct alc_tcb_level l = {0};
    size_t i = c->levels_count;

    read_level(j, r);
    __builtin_memcpy(l.sgx, r->level.components[0], sizeof l.sgx);
    __builtin_memcpy(l.tdx, r->level.components[1], sizeof l.tdx);
    l.pcesvn = r->level.svn;
    l.status = r->level.status;
    l.date_s = r->level.date_s;
    l.advisories = r->level.advisories;
    /* One level may lack what another has: then the set is neither of SGX nor of TDX. */
    if (i > 0 && r->level.has[1] != r->tdx_parts) j->bad = true;
    r->tdx_parts = r->level.has[1];
    for (; i > 0 && vf_level_order(&l, &c->levels[i - 1]) >= 0; i--) {
        if (vf_level_order(&l, &c->levels[i - 1]) == 0) j->bad = true;
        c->levels[i] = c->levels[i - 1];
    }
    c->levels[i] = l;
    c->levels_count++;
}

static void read_svn_level(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    struct alc_collateral *c = r->c;
    uint16_t *count = r->module != NULL ? &r->module->levels : &c->qe_levels;
    struct alc_svn_level l = {0}, *group;
    size_t i = *count;

    if (c->svn_levels_count == ALC_TCB_LEVELS_MAX) {
        j->bad = true;
        return;
    }
    group = &c->svn_levels[c->svn_levels_count - i];
    read_level(j, r);
    l.isvsvn = r->level.svn;
    l.status = r->level.status;
    l.date_s = r->level.date_s;
    l.advisories = r->level.advisories;
    for (; i > 0 && l.isvsvn >= group[i - 1].isvsvn; i--) {
        if (l.isvsvn == group[i - 1].isvsvn) j->bad = true;
        group[i] = group[i - 1];
    }
    group[i] = l;
    ++*count;
    c->svn_levels_count++;
}

/* ---- TDX modules ---- */

static void module_mrsigner(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    vf_json_hex(j, r->module->mrsigner, sizeof r->module->mrsigner);
}

static void module_attributes(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    vf_json_hex(j, r->module->attributes, sizeof r->module->attributes);
}

static void module_mask(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    vf_json_hex(j, r->module->mask, sizeof r->module->mask);
}

/* "TDX_" and the module's major version in hex; compared as a number, so in either case. */
static void module_id(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    struct alc_bytes id = vf_json_text(j);
    size_t n;

    if (id.n != 6 || __builtin_memcmp(id.p, "TDX_", 4) != 0 ||
        !alc_hex_decode(&r->module->number, 1, &n, (struct alc_bytes){id.p + 4, 2}) ||
        r->module->number == 0)
        j->bad = true;
}

static void module_levels(struct vf_json *j, void *ctx)
{
    vf_json_array(j, ALC_TCB_LEVELS_MAX, read_svn_level, ctx);
}

#define MODULE_MEMBERS                                                                             \
    {"mrsigner", module_mrsigner, true}, {"attributes", module_attributes, true},                  \
    {                                                                                              \
        "attributesMask", module_mask, true                                                        \
    }

static void info_module(struct vf_json *j, void *ctx)
{
    static const struct vf_member members[] = {MODULE_MEMBERS};
    struct reading *r = ctx;

    if (vf_json_null(j)) return;
    r->module = &r->c->modules[0];
    r->has_module = true;
    (void)vf_json_object(j, members, 3, ctx);
}

static void read_identity(struct vf_json *j, void *ctx)
{
    static const struct vf_member members[] = {
        MODULE_MEMBERS, {"id", module_id, true}, {"tcbLevels", module_levels, true}};
    struct reading *r = ctx;
    struct alc_collateral *c = r->c;

    /* The first place is tdxModule's, which has no number. */
    if (c->modules_count == ALC_MODULES_MAX) {
        j->bad = true;
        return;
    }
    r->module = &c->modules[c->modules_count];
    r->module->first = c->svn_levels_count;
    (void)vf_json_object(j, members, 5, ctx);
    for (size_t i = 1; i < c->modules_count; i++)
        if (c->modules[i].number == r->module->number) j->bad = true;
    c->modules_count++;
}

static void info_identities(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    if (vf_json_null(j)) return;
    r->platform = false;
    vf_json_array(j, ALC_MODULES_MAX - 1, read_identity, ctx);
}

/* ---- TCB info ---- */

static void any_id(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    r->id = vf_json_text(j);
}

static void info_version(struct vf_json *j, void *ctx)
{
    (void)ctx;
    if (vf_json_u64(j) != 3) j->bad = true;
}

static void info_issued(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    r->c->tcb.from_s = vf_json_time(j);
}

static void info_next(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    r->c->tcb.until_s = vf_json_time(j);
}

static void info_fmspc(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    vf_json_hex(j, r->c->fmspc, sizeof r->c->fmspc);
}

static void info_pceid(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    vf_json_hex(j, r->c->pceid, sizeof r->c->pceid);
}

static void info_type(struct vf_json *j, void *ctx)
{
    (void)ctx;
    if (vf_json_u64(j) != 0) j->bad = true;
}

static void info_evaluation(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    r->c->tcb_evaluation = (uint32_t)number(j, UINT32_MAX);
}

static void info_levels(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    r->platform = true;
    vf_json_array(j, ALC_TCB_LEVELS_MAX, read_platform_level, ctx);
}

enum alc_refusal vf_tcb_info_read(struct alc_collateral *out, struct alc_bytes json)
{
    static const struct vf_member members[] = {
        {"id", any_id, true},
        {"version", info_version, true},
        {"issueDate", info_issued, true},
        {"nextUpdate", info_next, true},
        {"fmspc", info_fmspc, true},
        {"pceId", info_pceid, true},
        {"tcbType", info_type, true},
        {"tcbEvaluationDataNumber", info_evaluation, true},
        {"tdxModule", info_module, false},
        {"tdxModuleIdentities", info_identities, false},
        {"tcbLevels", info_levels, true},
    };
    struct reading r = {.c = out};
    struct vf_json j = vf_json(json);
    bool tdx;

    /* modules[0] waits for tdxModule, which may come after the identities */
    out->modules_count = 1;
    (void)vf_json_object(&j, members, sizeof members / sizeof *members, &r);
    if (!vf_json_end(&j)) return ALC_REFUSAL_TCB_FORMAT;
    tdx = alc_bytes_is(r.id, "TDX");
    if (!tdx && !alc_bytes_is(r.id, "SGX")) return ALC_REFUSAL_TCB_ID;
    out->tee = tdx ? ALC_TEE_TDX : ALC_TEE_SGX;
    if (r.has_module != tdx || (out->levels_count > 0 && r.tdx_parts != tdx))
        return ALC_REFUSAL_TCB_FORMAT;
    if (!tdx && --out->modules_count > 0) return ALC_REFUSAL_TCB_FORMAT;
    return ALC_REFUSAL_NONE;
}

/* ---- QE identity ---- */

static void qe_version(struct vf_json *j, void *ctx)
{
    (void)ctx;
    if (vf_json_u64(j) != 2) j->bad = true;
}

static void qe_issued(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    r->c->qe.from_s = vf_json_time(j);
}

static void qe_next(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    r->c->qe.until_s = vf_json_time(j);
}

static void qe_evaluation(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    r->c->qe_evaluation = (uint32_t)number(j, UINT32_MAX);
}

/* Hex fields are bytes in memory order: MISCSELECT is little endian. */
static uint32_t hex_u32(struct vf_json *j)
{
    uint8_t b[4] = {0};
    vf_json_hex(j, b, sizeof b);
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static void qe_miscselect(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    r->c->qe_miscselect = hex_u32(j);
}

static void qe_miscselect_mask(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    r->c->qe_miscselect_mask = hex_u32(j);
}

static void qe_attributes(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    vf_json_hex(j, r->c->qe_attributes, sizeof r->c->qe_attributes);
}

static void qe_attributes_mask(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    vf_json_hex(j, r->c->qe_attributes_mask, sizeof r->c->qe_attributes_mask);
}

static void qe_mrsigner(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    vf_json_hex(j, r->c->qe_mrsigner, sizeof r->c->qe_mrsigner);
}

static void qe_isvprodid(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    r->c->qe_isvprodid = (uint16_t)number(j, UINT16_MAX);
}

static void qe_levels(struct vf_json *j, void *ctx)
{
    vf_json_array(j, ALC_TCB_LEVELS_MAX, read_svn_level, ctx);
}

enum alc_refusal vf_qe_identity_read(struct alc_collateral *out, struct alc_bytes json)
{
    static const struct vf_member members[] = {
        {"id", any_id, true},
        {"version", qe_version, true},
        {"issueDate", qe_issued, true},
        {"nextUpdate", qe_next, true},
        {"tcbEvaluationDataNumber", qe_evaluation, true},
        {"miscselect", qe_miscselect, true},
        {"miscselectMask", qe_miscselect_mask, true},
        {"attributes", qe_attributes, true},
        {"attributesMask", qe_attributes_mask, true},
        {"mrsigner", qe_mrsigner, true},
        {"isvprodid", qe_isvprodid, true},
        {"tcbLevels", qe_levels, true},
    };
    struct reading r = {.c = out};
    struct vf_json j = vf_json(json);

    out->qe_first = out->svn_levels_count;
    (void)vf_json_object(&j, members, sizeof members / sizeof *members, &r);
    if (!vf_json_end(&j)) return ALC_REFUSAL_QE_FORMAT;
    /* QvE's is one too: it verifies quotes, it does not make them */
    if (!alc_bytes_is(r.id, out->tee == ALC_TEE_TDX ? "TD_QE" : "QE")) return ALC_REFUSAL_QE_ID;
    return ALC_REFUSAL_NONE;
}
