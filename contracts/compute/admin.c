/* contracts/compute/admin.c — setting up, and the owner's settings. */
#include "call.h"

static void check_metadata(struct alc_bytes text)
{
    near_refuse(text.n > METADATA_MAX_BYTES,
                "Event metadata and chain_id are at most 64 bytes each");
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
    struct walk w = walk_writing(buf, sizeof buf);
    uint64_t when[2] = {near_host_block_index(), near_host_block_timestamp()};
    struct alc_hash seed, id;

    near_random(&seed);
    walk_bytes(&w, &self);
    walk_raw(&w, when, sizeof when);
    walk_raw(&w, &seed, sizeof seed);
    near_sha256(&id, walk_written(&w, buf));
    return id;
}

void method_new(void)
{
    struct new_args a = {.standard = ALC_LIT("near-outlayer"), .version = ALC_LIT("1.0.0")};
    const struct prices_usd usd = {1000, 1, 1, 10};
    static struct near_account self;

    NEAR_ARGS(&a, new_fields);
    near_refuse(state_exists(), "The contract has already been initialized");
    check_metadata(a.standard);
    check_metadata(a.version);
    check_metadata(a.chain_id);
    near_current(&self);
    here.state = (struct state){
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

static const struct near_field metadata_fields[] = {
    NEAR_FIELD("standard", struct new_args, standard, near_read_string, NEAR_MAY),
    NEAR_FIELD("version", struct new_args, version, near_read_string, NEAR_MAY),
};

void method_set_event_metadata(void)
{
    struct new_args a = {.standard = {NULL, 0}};

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
