/* contracts/register/policy.c — what the owner accepts of a platform, and of registrations. */
#include "register.h"

#include "base/enc.h"

/* What a call asks to change; what is absent stays. */
struct policy_args {
    uint32_t statuses; /* 0: absent, as an empty list is refused */
    struct near_opt_u32 min_evaluation;
    struct near_opt_u64 key_lifetime_s;
    struct near_opt_u32 require_binding;
    bool with_advisories, with_ppids;
    size_t advisories_count;
    struct alc_bytes advisories[POLICY_ADVISORIES_MAX];
    bool any_platform;
    size_t ppids_count;
};

static uint8_t ppids[POLICY_PPIDS_MAX][16];

static void read_status(struct near_json *j, void *out)
{
    uint32_t *statuses = out;
    struct alc_bytes name;
    uint8_t status;

    near_read_string(j, &name);
    if (!alc_tcb_read(&status, name)) near_panic_with("There is no TCB status ", name);
    if (status == ALC_TCB_REVOKED) near_panic("The status Revoked cannot be accepted");
    *statuses |= 1u << status;
}

void read_statuses(struct near_json *j, void *out)
{
    uint32_t *statuses = out;
    near_json_list(j, read_status, statuses);
    if (*statuses == 0) near_panic("statuses: name at least one that is accepted");
}

static void read_advisory(struct near_json *j, void *out)
{
    struct policy_args *a = out;
    struct alc_bytes name;

    near_read_string(j, &name);
    if (name.n == 0 || name.n > ALC_ADVISORY_MAX_BYTES)
        near_panic("An advisory's name is 1 to 31 bytes");
    if (a->advisories_count == POLICY_ADVISORIES_MAX) near_panic("At most 64 advisories");
    a->advisories[a->advisories_count++] = name;
}

/* These tables' entries are read at offset 0, into the whole struct. */
void read_advisories(struct near_json *j, void *out)
{
    struct policy_args *a = out;
    a->with_advisories = true;
    near_json_list(j, read_advisory, a);
}

static void read_ppid(struct near_json *j, void *out)
{
    struct policy_args *a = out;
    struct alc_bytes text;
    size_t n;

    near_read_string(j, &text);
    if (a->ppids_count == POLICY_PPIDS_MAX) near_panic("At most 256 platforms (PPIDs)");
    if (!alc_hex_decode(ppids[a->ppids_count], 16, &n, text) || n != 16)
        near_panic("A PPID is 32 hex digits");
    a->ppids_count++;
}

void read_ppids(struct near_json *j, void *out)
{
    struct policy_args *a = out;
    a->with_ppids = true;
    a->any_platform = near_json_null(j);
    if (a->any_platform) return;
    near_json_list(j, read_ppid, a);
    if (a->ppids_count == 0)
        near_panic("ppids: null accepts every platform, a list names at least one");
}

void read_opt_bool(struct near_json *j, void *out)
{
    struct near_opt_u32 *o = out;
    bool v;
    near_read_bool(j, &v);
    *o = (struct near_opt_u32){v, 1};
}

static const struct near_field policy_fields[] = {
    NEAR_FIELD("statuses", struct policy_args, statuses, read_statuses, NEAR_MAY),
    NEAR_FIELD_ALL("advisories", read_advisories, NEAR_MAY),
    NEAR_FIELD("min_evaluation", struct policy_args, min_evaluation, near_read_opt_u32, NEAR_MAY),
    NEAR_FIELD_ALL("ppids", read_ppids, NEAR_DEFAULT),
    NEAR_FIELD("require_binding", struct policy_args, require_binding, read_opt_bool, NEAR_MAY),
    NEAR_FIELD("key_lifetime_s", struct policy_args, key_lifetime_s, near_read_opt_u64, NEAR_MAY),
};

void method_set_policy(void)
{
    struct policy_args a = {.statuses = 0};
    struct state s;
    struct policy *p = &s.policy;

    NEAR_ARGS(&a, policy_fields);
    state_load(&s);
    only_owner(&s);
    if (a.statuses != 0) p->statuses = a.statuses;
    if (a.min_evaluation.some) p->min_evaluation = a.min_evaluation.v;
    if (a.with_advisories) {
        p->advisories_count = a.advisories_count;
        for (size_t i = 0; i < a.advisories_count; i++)
            p->advisories[i] = a.advisories[i];
    }
    if (a.with_ppids) {
        p->any_platform = a.any_platform;
        p->ppids = (struct alc_bytes){ppids[0], a.ppids_count * 16};
    }
    if (a.require_binding.some) p->require_binding = a.require_binding.v != 0;
    if (p->require_binding && s.chain_id.n == 0)
        near_panic("require_binding needs a chain_id, which `new` was not given");
    if (a.key_lifetime_s.some) {
        if (a.key_lifetime_s.v < LIFETIME_LEAST_S || a.key_lifetime_s.v > LIFETIME_MOST_S)
            near_panic("key_lifetime_s is 3600 (an hour) to 7776000 (90 days)");
        p->key_lifetime_s = a.key_lifetime_s.v;
    }
    state_save(&s);
}

void method_get_policy(void)
{
    static uint8_t buf[1024 + POLICY_ADVISORIES_MAX * (6 * ALC_ADVISORY_MAX_BYTES + 3) +
                       POLICY_PPIDS_MAX * 35];
    struct near_out o = NEAR_OUT(buf);
    struct state s;
    const struct policy *p = &s.policy;
    bool first = true;

    state_load(&s);
    near_out_lit(&o, "{\"statuses\":[");
    for (uint8_t i = 0; i < ALC_TCB_COUNT; i++) {
        if ((p->statuses >> i & 1) == 0) continue;
        if (!first) near_out_lit(&o, ",");
        first = false;
        near_out_str(&o, alc_cstr(alc_tcb_name(i)));
    }
    near_out_lit(&o, "],\"advisories\":[");
    for (size_t i = 0; i < p->advisories_count; i++) {
        if (i > 0) near_out_lit(&o, ",");
        near_out_str(&o, p->advisories[i]);
    }
    near_out_lit(&o, "],\"min_evaluation\":");
    near_out_u64(&o, p->min_evaluation);
    near_out_lit(&o, ",\"ppids\":");
    near_out_raw(&o, p->any_platform ? ALC_LIT("null") : ALC_LIT("["));
    for (size_t i = 0; i < p->ppids_count; i++) {
        if (i > 0) near_out_lit(&o, ",");
        near_out_hex(&o, (struct alc_bytes){p->ppids.p + 16 * i, 16});
    }
    if (!p->any_platform) near_out_lit(&o, "]");
    near_out_lit(&o, ",\"require_binding\":");
    near_out_bool(&o, p->require_binding);
    near_out_lit(&o, ",\"key_lifetime_s\":");
    near_out_u64(&o, p->key_lifetime_s);
    near_out_lit(&o, ",\"root\":");
    near_out_raw(&o, s.simulated ? ALC_LIT("\"SIMULATED\"") : ALC_LIT("\"Intel\""));
    near_out_lit(&o, "}");
    near_return(near_out_bytes(&o, "result too long"));
}
