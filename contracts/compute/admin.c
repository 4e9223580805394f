/* contracts/compute/admin.c — setting up, and the owner's settings. */
#include "compute.h"

void only_owner(const struct state *s)
{
    struct near_account caller;

    near_predecessor(&caller);
    if (!alc_bytes_eq(near_account_bytes(&caller), s->owner))
        near_panic("Only owner can call this method");
}

void not_paused(const struct state *s)
{
    if (s->paused != 0) near_panic("Contract is paused");
}

static void check_metadata(struct alc_bytes text)
{
    if (text.n > METADATA_MAX_BYTES)
        near_panic("An event standard, event version or chain_id is at most 64 bytes");
}

/* ---- new ---- */

struct new_args {
    struct alc_bytes owner;
    struct alc_bytes operator_id;
    struct alc_bytes standard;
    struct alc_bytes version;
    struct alc_bytes chain_id;
};

static const struct near_field new_fields[] = {
    NEAR_FIELD("owner_id", struct new_args, owner, near_read_account, NEAR_MUST),
    NEAR_FIELD("operator_id", struct new_args, operator_id, near_read_account, NEAR_MAY),
    NEAR_FIELD("event_standard", struct new_args, standard, near_read_string, NEAR_MAY),
    NEAR_FIELD("event_version", struct new_args, version, near_read_string, NEAR_MAY),
    NEAR_FIELD("chain_id", struct new_args, chain_id, near_read_string, NEAR_MAY),
};

/* A name for this deployment that another one, of the same account, does not get. */
static struct alc_hash make_deployment_id(struct alc_bytes self)
{
    uint8_t buf[NEAR_ACCOUNT_MAX_BYTES + 64];
    struct alc_borsh w = alc_borsh(buf, sizeof buf);
    struct alc_hash seed, id;

    near_random(&seed);
    alc_borsh_put_bytes(&w, self);
    alc_borsh_put_u64(&w, near_host_block_index());
    alc_borsh_put_u64(&w, near_host_block_timestamp());
    alc_borsh_put_hash(&w, &seed);
    near_sha256(&id, (struct alc_bytes){buf, w.n});
    return id;
}

void method_new(void)
{
    struct new_args a = {.standard = ALC_LIT("near-outlayer"), .version = ALC_LIT("1.0.0")};
    struct prices_usd usd = {1000, 1, 1, 10};
    struct near_account self;
    struct state s;

    NEAR_ARGS(&a, new_fields);
    if (state_exists()) near_panic("The contract has already been initialized");
    check_metadata(a.standard);
    check_metadata(a.version);
    check_metadata(a.chain_id);
    near_current(&self);
    s = (struct state){
        .pending_bytes_cap = PENDING_BYTES_CAP,
        .prices = {.base_fee = UINT64_C(1000000000000000) * (near_u128)1000000,
                   .per_million_instructions_fee = UINT64_C(100000000000000),
                   .per_ms_fee = UINT64_C(100000000000000000),
                   .per_compile_ms_fee = UINT64_C(100000000000000000)},
        .deployment_id = make_deployment_id(near_account_bytes(&self)),
        .owner = a.owner,
        .operator_id = a.operator_id.p != NULL ? a.operator_id : a.owner,
        .standard = a.standard,
        .version = a.version,
        .chain_id = a.chain_id,
        .self = near_account_bytes(&self),
    };
    state_save(&s);
    usd_save(&usd);
}

/* ---- Settings ---- */

struct account_args {
    struct alc_bytes account;
};

static const struct near_field owner_fields[] = {
    NEAR_FIELD("new_owner_id", struct account_args, account, near_read_account, NEAR_MUST),
};

void method_set_owner(void)
{
    struct account_args a;
    struct state s;

    NEAR_ARGS(&a, owner_fields);
    state_load(&s);
    only_owner(&s);
    s.owner = a.account;
    state_save(&s);
}

static const struct near_field operator_fields[] = {
    NEAR_FIELD("new_operator_id", struct account_args, account, near_read_account, NEAR_MUST),
};

void method_set_operator(void)
{
    struct account_args a;
    struct state s;

    NEAR_ARGS(&a, operator_fields);
    state_load(&s);
    only_owner(&s);
    s.operator_id = a.account;
    state_save(&s);
}

struct paused_args {
    bool paused;
};

static const struct near_field paused_fields[] = {
    NEAR_FIELD("paused", struct paused_args, paused, near_read_bool, NEAR_MUST),
};

void method_set_paused(void)
{
    struct paused_args a;
    struct state s;

    NEAR_ARGS(&a, paused_fields);
    state_load(&s);
    only_owner(&s);
    s.paused = a.paused;
    state_save(&s);
}

struct pricing_args {
    struct near_opt_u128 base_fee, per_million, per_ms, per_compile_ms;
    struct near_opt_u128 base_usd, per_million_usd, per_sec_usd, per_compile_ms_usd;
};

static const struct near_field pricing_fields[] = {
    NEAR_FIELD("base_fee", struct pricing_args, base_fee, near_read_opt_u128, NEAR_MAY),
    NEAR_FIELD("per_million_instructions_fee", struct pricing_args, per_million, near_read_opt_u128,
               NEAR_MAY),
    NEAR_FIELD("per_ms_fee", struct pricing_args, per_ms, near_read_opt_u128, NEAR_MAY),
    NEAR_FIELD("per_compile_ms_fee", struct pricing_args, per_compile_ms, near_read_opt_u128,
               NEAR_MAY),
    NEAR_FIELD("base_fee_usd", struct pricing_args, base_usd, near_read_opt_u128, NEAR_MAY),
    NEAR_FIELD("per_million_instructions_fee_usd", struct pricing_args, per_million_usd,
               near_read_opt_u128, NEAR_MAY),
    NEAR_FIELD("per_sec_fee_usd", struct pricing_args, per_sec_usd, near_read_opt_u128, NEAR_MAY),
    NEAR_FIELD("per_compile_ms_fee_usd", struct pricing_args, per_compile_ms_usd,
               near_read_opt_u128, NEAR_MAY),
};

static void set_if(near_u128 *price, const struct near_opt_u128 *given)
{
    if (given->some) *price = given->v;
}

void method_set_pricing(void)
{
    struct pricing_args a = {.base_fee = {0, false}};
    struct prices_usd usd;
    struct state s;

    NEAR_ARGS(&a, pricing_fields);
    state_load(&s);
    only_owner(&s);
    usd_load(&usd);
    set_if(&s.prices.base_fee, &a.base_fee);
    set_if(&s.prices.per_million_instructions_fee, &a.per_million);
    set_if(&s.prices.per_ms_fee, &a.per_ms);
    set_if(&s.prices.per_compile_ms_fee, &a.per_compile_ms);
    set_if(&usd.base_fee, &a.base_usd);
    set_if(&usd.per_million_instructions_fee, &a.per_million_usd);
    set_if(&usd.per_sec_fee, &a.per_sec_usd);
    set_if(&usd.per_compile_ms_fee, &a.per_compile_ms_usd);
    state_save(&s);
    usd_save(&usd);
}

struct metadata_args {
    struct alc_bytes standard;
    struct alc_bytes version;
};

static const struct near_field metadata_fields[] = {
    NEAR_FIELD("standard", struct metadata_args, standard, near_read_string, NEAR_MAY),
    NEAR_FIELD("version", struct metadata_args, version, near_read_string, NEAR_MAY),
};

void method_set_event_metadata(void)
{
    struct metadata_args a = {.standard = {NULL, 0}};
    struct state s;

    NEAR_ARGS(&a, metadata_fields);
    state_load(&s);
    only_owner(&s);
    check_metadata(a.standard);
    check_metadata(a.version);
    if (a.standard.p != NULL) s.standard = a.standard;
    if (a.version.p != NULL) s.version = a.version;
    state_save(&s);
}

struct cap_args {
    uint64_t max_bytes;
};

static const struct near_field cap_fields[] = {
    NEAR_FIELD("max_bytes", struct cap_args, max_bytes, near_read_u64, NEAR_MUST),
};

void method_set_pending_bytes_cap(void)
{
    struct cap_args a;
    struct state s;

    NEAR_ARGS(&a, cap_fields);
    state_load(&s);
    only_owner(&s);
    s.pending_bytes_cap = a.max_bytes;
    state_save(&s);
}

/* ---- The register ----
 *
 * The contract that judges quotes: it registers the workers' keys, and level "onchain" asks it.  A
 * record of its own, so that calls which need no register do not pay for it. */

static void read_account_or_null(struct near_json *j, void *out)
{
    *(struct alc_bytes *)out = (struct alc_bytes){NULL, 0};
    if (!near_json_null(j)) near_read_account(j, out);
}

static const struct near_field register_fields[] = {
    NEAR_FIELD("register_id", struct account_args, account, read_account_or_null, NEAR_MUST),
};

bool register_load(struct near_account *out)
{
    return near_get(ALC_LIT("g"), out->b, sizeof out->b, &out->n);
}

void register_must(struct near_account *out)
{
    if (!register_load(out))
        near_panic("Proof \"onchain\" is not offered: no register contract is set");
}

void method_set_register(void)
{
    struct account_args a;
    struct state s;

    NEAR_ARGS(&a, register_fields);
    state_load(&s);
    only_owner(&s);
    if (a.account.p != NULL)
        near_put(ALC_LIT("g"), a.account);
    else
        (void)near_remove(ALC_LIT("g"));
}
