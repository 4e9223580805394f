/* contracts/compute/admin.c — setting up, the owner's settings, and the workers' keys. */
#include "compute.h"

void only_owner(const struct state *s)
{
    struct near_account caller;

    near_predecessor(&caller);
    if (!alc_bytes_eq(near_account_bytes(&caller), s->owner))
        near_panic("Only owner can call this method");
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

/* ---- Worker keys ----
 *
 * One record a key, so that a resolve reads 8 bytes whoever else is registered; and the list of
 * all, for people. */

#define NEVER UINT64_MAX
#define KEY_BYTES 32u

struct worker_key {
    uint8_t b[1 + KEY_BYTES];
};

static struct worker_key worker_key(const struct alc_hash *key)
{
    struct worker_key k = {{'k'}};
    __builtin_memcpy(k.b + 1, key->b, KEY_BYTES);
    return k;
}

/* load_key reads when `key` expires; false: it is not registered. */
static bool load_key(const struct alc_hash *key, uint64_t *expires_ns)
{
    struct worker_key k = worker_key(key);
    uint8_t buf[8];
    struct alc_cur c;
    size_t n;

    if (!near_get((struct alc_bytes){k.b, sizeof k.b}, buf, sizeof buf, &n)) return false;
    c = alc_cur((struct alc_bytes){buf, n});
    if (!alc_cur_u64le(&c, expires_ns)) *expires_ns = NEVER;
    return true;
}

bool worker_key_valid(const struct alc_hash *key)
{
    uint64_t expires_ns;

    return load_key(key, &expires_ns) &&
           (expires_ns == NEVER || near_host_block_timestamp() < expires_ns);
}

/* The list is the raw keys, one after the other. */
static uint8_t key_list[WORKER_KEYS_MAX * KEY_BYTES];

static size_t load_list(void)
{
    size_t n;
    return near_get(ALC_LIT("K"), key_list, sizeof key_list, &n) ? n : 0;
}

/* The offset of `key` in the first n bytes of the list; n: it is not there. */
static size_t find_key(size_t n, const struct alc_hash *key)
{
    size_t i = 0;
    while (i < n && __builtin_memcmp(key_list + i, key->b, KEY_BYTES) != 0)
        i += KEY_BYTES;
    return i;
}

struct key_args {
    struct alc_hash key;
    uint64_t expires_ns;
};

static const struct near_field key_fields[] = {
    NEAR_FIELD("public_key", struct key_args, key, near_read_key, NEAR_MUST),
    NEAR_FIELD("expires_ns", struct key_args, expires_ns, near_read_u64, NEAR_MAY),
};

void method_add_worker_key(void)
{
    struct key_args a = {.expires_ns = NEVER};
    struct worker_key k;
    struct alc_borsh w;
    struct state s;
    uint8_t buf[8];
    size_t n;

    NEAR_ARGS(&a, key_fields);
    state_load(&s);
    only_owner(&s);
    n = load_list();
    if (find_key(n, &a.key) == n) {
        if (n == sizeof key_list) near_panic("256 worker keys are registered: remove one first");
        __builtin_memcpy(key_list + n, a.key.b, KEY_BYTES);
        near_put(ALC_LIT("K"), (struct alc_bytes){key_list, n + KEY_BYTES});
    }
    k = worker_key(&a.key);
    w = alc_borsh(buf, sizeof buf);
    if (a.expires_ns != NEVER) alc_borsh_put_u64(&w, a.expires_ns);
    near_put((struct alc_bytes){k.b, sizeof k.b}, (struct alc_bytes){buf, w.n});
}

void method_remove_worker_key(void)
{
    struct worker_key k;
    struct key_args a;
    struct state s;
    size_t n, i;

    NEAR_ARGS(&a, key_fields);
    state_load(&s);
    only_owner(&s);
    n = load_list();
    i = find_key(n, &a.key);
    if (i == n) near_panic("This worker key is not registered");
    n -= KEY_BYTES; /* the last one takes the place of the removed */
    if (i < n) __builtin_memcpy(key_list + i, key_list + n, KEY_BYTES);
    near_put(ALC_LIT("K"), (struct alc_bytes){key_list, n});
    k = worker_key(&a.key);
    (void)near_remove((struct alc_bytes){k.b, sizeof k.b});
}

void method_get_worker_keys(void)
{
    static uint8_t buf[WORKER_KEYS_MAX * 128];
    struct near_out o = NEAR_OUT(buf);
    struct state s;
    size_t n;

    state_load(&s);
    n = load_list();
    near_out_lit(&o, "[");
    for (size_t i = 0; i < n; i += KEY_BYTES) {
        struct alc_hash key;
        uint64_t expires_ns;

        __builtin_memcpy(key.b, key_list + i, KEY_BYTES);
        if (!load_key(&key, &expires_ns)) continue;
        if (i > 0) near_out_lit(&o, ",");
        near_out_lit(&o, "{\"public_key\":");
        near_out_key(&o, &key);
        near_out_lit(&o, ",\"expires_ns\":");
        near_out_opt_u64(&o, expires_ns, expires_ns != NEVER);
        near_out_lit(&o, "}");
    }
    near_out_lit(&o, "]");
    near_return(near_out_bytes(&o, "result too long"));
}
