/* contracts/compute/admin.c — setting up, and the owner's settings. */
#include "call.h"

NEAR_APART static void check_metadata(struct alc_bytes text)
{
    near_refuse(text.n > METADATA_MAX_BYTES,
                "Event metadata and chain_id are at most 64 bytes each");
}

/* ---- new ---- */

static const struct near_field new_fields[] = {
    NEAR_FIELD("owner_id", struct state, owner, near_read_account, NEAR_MUST),
    NEAR_FIELD("operator_id", struct state, operator_id, near_read_account, NEAR_MAY),
    NEAR_FIELD("event_standard", struct state, standard, near_read_string, NEAR_MAY),
    NEAR_FIELD("event_version", struct state, version, near_read_string, NEAR_MAY),
    NEAR_FIELD("chain_id", struct state, chain_id, near_read_string, NEAR_MAY),
};

/* A name for this deployment that another one, of the same account, does not get. */
static struct alc_hash make_deployment_id(struct alc_bytes self)
{
    uint8_t buf[NEAR_ACCOUNT_MAX_BYTES + 64];
    uint64_t when[2] = {near_host_block_index(), near_host_block_timestamp()};
    struct alc_hash seed, id;

    near_random(&seed);
    walk_write(buf, sizeof buf, NULL); /* which has room for all of it */
    walk_bytes(&self);
    walk_raw(when, sizeof when);
    walk_raw(&seed, sizeof seed);
    near_sha256(&id, walk_written());
    return id;
}

void method_new(void)
{
    static const struct prices prices = {
        .base_fee = UINT64_C(1000000000000000) * (near_u128)1000000,
        .per_million_instructions_fee = UINT64_C(100000000000000),
        .per_ms_fee = UINT64_C(100000000000000000),
        .per_compile_ms_fee = UINT64_C(100000000000000000),
    };
    static const struct prices_usd usd = {1000, 1, 1, 10};
    struct state *const t = &here.state;
    static struct near_account self;

    __builtin_memset(t, 0, sizeof *t);
    t->pending_bytes_cap = PENDING_BYTES_CAP;
    t->prices = prices;
    t->standard = ALC_LIT("near-outlayer");
    t->version = ALC_LIT("1.0.0");
    NEAR_ARGS(t, new_fields);
    near_refuse(state_exists(), "The contract has already been initialized");
    check_metadata(t->standard);
    check_metadata(t->version);
    check_metadata(t->chain_id);
    if (t->operator_id.p == NULL) t->operator_id = t->owner;
    near_current(&self);
    t->self = near_account_bytes(&self);
    t->deployment_id = make_deployment_id(t->self);
    state_save();
    usd_save(&usd);
}

/* ---- Settings ---- */

void method_set_owner(void)
{
    begin(ARG_NEW_OWNER_ID | BY_OWNER);
    here.state.owner = arg.account;
    state_save();
}

void method_set_operator(void)
{
    begin(ARG_NEW_OPERATOR_ID | BY_OWNER);
    here.state.operator_id = arg.account;
    state_save();
}

void method_set_paused(void)
{
    begin(ARG_PAUSED | BY_OWNER);
    here.state.paused = arg.flag;
    state_save();
}

void method_set_pending_bytes_cap(void)
{
    begin(ARG_MAX_BYTES | BY_OWNER);
    here.state.pending_bytes_cap = arg.id;
    state_save();
}

static struct {
    struct prices near;
    struct prices_usd usd;
} prices;

#define PRICE(name, member)                                                                        \
    {name, (uint16_t)__builtin_offsetof(__typeof__(prices), member), NEAR_VALUE_near_read_u128,    \
     NEAR_MAY, sizeof name - 1}

static const struct near_field price_fields[] = {
    PRICE("base_fee", near.base_fee),
    PRICE("per_million_instructions_fee", near.per_million_instructions_fee),
    PRICE("per_ms_fee", near.per_ms_fee),
    PRICE("per_compile_ms_fee", near.per_compile_ms_fee),
    PRICE("base_fee_usd", usd.base_fee),
    PRICE("per_million_instructions_fee_usd", usd.per_million_instructions_fee),
    PRICE("per_sec_fee_usd", usd.per_sec_fee),
    PRICE("per_compile_ms_fee_usd", usd.per_compile_ms_fee),
};

static void prices_load(void)
{
    prices.near = here.state.prices;
    usd_load(&prices.usd);
}

/* What the arguments leave out keeps its value; what is wrong with them comes before a contract
 * that is not set up. */
void method_set_pricing(void)
{
    if (state_try()) prices_load();
    NEAR_ARGS(&prices, price_fields);
    begin(BY_OWNER);
    here.state.prices = prices.near;
    state_save();
    usd_save(&prices.usd);
}

void method_get_pricing_full(void)
{
    begin(0);
    prices_load();
    SAY_OBJECT(&prices, price_fields);
    give();
}

const struct near_field metadata_fields[METADATA_FIELDS] = {
    NEAR_FIELD("standard", struct state, standard, near_read_string, NEAR_MAY),
    NEAR_FIELD("version", struct state, version, near_read_string, NEAR_MAY),
};

void method_set_event_metadata(void)
{
    static struct state a;

    a.standard = a.version = (struct alc_bytes){NULL, 0};
    NEAR_ARGS(&a, metadata_fields);
    begin(BY_OWNER);
    check_metadata(a.standard);
    check_metadata(a.version);
    if (a.standard.p != NULL) here.state.standard = a.standard;
    if (a.version.p != NULL) here.state.version = a.version;
    state_save();
}

/* An upgrade: what is read in its older forms is written in the newest.  Records of their own are
 * read in theirs and need none. */
void method_migrate(void)
{
    state_load();
    state_save();
}

/* ---- The register ----
 *
 * The contract that judges quotes: it registers the workers' keys, and level "onchain" asks it.  A
 * record of its own, so that calls which need no register do not pay for it. */

void read_account_or_null(struct near_json *j, void *out)
{
    if (!near_json_null(j)) near_read_account(j, out);
}

bool register_load(struct near_account *out)
{
    return near_get(ALC_LIT("g"), out->b, sizeof out->b, &out->n);
}

void register_must(struct near_account *out)
{
    near_refuse(!register_load(out),
                "Proof \"onchain\" is not offered: no register contract is set");
}

void method_set_register(void)
{
    begin(ARG_REGISTER_ID | BY_OWNER);
    if (arg.account.p != NULL)
        near_put(ALC_LIT("g"), arg.account);
    else
        (void)near_remove(ALC_LIT("g"));
}
