/* contracts/register/state.c — records. */
#include "register.h"

NEAR_NORETURN static void corrupt(void)
{
    near_panic("a stored record contradicts itself");
}

/* ---- the state ---- */

bool state_exists(void)
{
    return near_has(ALC_LIT("s"));
}

/* version u8 | owner, init worker, main contract, chain id: strings | simulated | policy: statuses
 * u32, min evaluation u32, key lifetime u64, require binding, any platform, advisories: u32 and
 * strings, PPIDs: bytes */
static bool policy_read(struct alc_cur *c, struct policy *p)
{
    uint32_t n;

    if (!alc_cur_u32le(c, &p->statuses) || !alc_cur_u32le(c, &p->min_evaluation) ||
        !alc_cur_u64le(c, &p->key_lifetime_s) || !alc_borsh_flag(c, &p->require_binding) ||
        !alc_borsh_flag(c, &p->any_platform) || !alc_cur_u32le(c, &n) || n > POLICY_ADVISORIES_MAX)
        return false;
    p->advisories_count = n;
    for (size_t i = 0; i < n; i++)
        if (!alc_borsh_bytes(c, ALC_ADVISORY_MAX_BYTES, &p->advisories[i])) return false;
    if (!alc_borsh_bytes(c, POLICY_PPIDS_MAX * (size_t)16, &p->ppids)) return false;
    p->ppids_count = p->ppids.n / 16;
    return p->ppids.n % 16 == 0;
}

void state_load(struct state *s)
{
    static uint8_t buf[STATE_MAX_BYTES];
    struct alc_cur c;
    uint8_t version;
    size_t n;

    if (!near_get(ALC_LIT("s"), buf, sizeof buf, &n)) near_panic("The contract is not initialized");
    c = alc_cur((struct alc_bytes){buf, n});
    if (!alc_cur_u8(&c, &version) || version != STATE_VERSION ||
        !alc_borsh_bytes(&c, NEAR_ACCOUNT_MAX_BYTES, &s->owner) ||
        !alc_borsh_bytes(&c, NEAR_ACCOUNT_MAX_BYTES, &s->init_worker) ||
        !alc_borsh_bytes(&c, NEAR_ACCOUNT_MAX_BYTES, &s->outlayer) ||
        !alc_borsh_bytes(&c, CHAIN_ID_MAX_BYTES, &s->chain_id) ||
        !alc_borsh_flag(&c, &s->simulated) || !policy_read(&c, &s->policy) || c.n != 0)
        corrupt();
}

void state_save(const struct state *s)
{
    static uint8_t buf[STATE_MAX_BYTES];
    struct alc_borsh w = alc_borsh(buf, sizeof buf);
    const struct policy *p = &s->policy;

    alc_borsh_put_u8(&w, STATE_VERSION);
    alc_borsh_put_bytes(&w, s->owner);
    alc_borsh_put_bytes(&w, s->init_worker);
    alc_borsh_put_bytes(&w, s->outlayer);
    alc_borsh_put_bytes(&w, s->chain_id);
    alc_borsh_put_u8(&w, s->simulated);
    alc_borsh_put_u32(&w, p->statuses);
    alc_borsh_put_u32(&w, p->min_evaluation);
    alc_borsh_put_u64(&w, p->key_lifetime_s);
    alc_borsh_put_u8(&w, p->require_binding);
    alc_borsh_put_u8(&w, p->any_platform);
    alc_borsh_put_u32(&w, (uint32_t)p->advisories_count);
    for (size_t i = 0; i < p->advisories_count; i++)
        alc_borsh_put_bytes(&w, p->advisories[i]);
    alc_borsh_put_bytes(&w, p->ppids);
    if (w.full) corrupt();
    near_put(ALC_LIT("s"), (struct alc_bytes){buf, w.n});
}

void only_owner(const struct state *s)
{
    struct near_account caller;

    near_predecessor(&caller);
    if (!alc_bytes_eq(near_account_bytes(&caller), s->owner))
        near_panic("Only owner can call this method");
}

struct alc_trust state_trust(const struct state *s)
{
    static uint8_t root[SIMULATED_ROOT_MAX_BYTES];
    struct alc_trust t = {.simulated_root = {root, 0}};

    if (s->simulated && !near_get(ALC_LIT("r"), root, sizeof root, &t.simulated_root.n)) corrupt();
    return t;
}

/* ---- approved measurements ---- */

/* A record of raw measurements is an array of them: MRTD and four RTMRs, 240 bytes, no gaps. */
static struct alc_measurement measurements[MEASUREMENTS_MAX];
_Static_assert(sizeof measurements[0] == 240, "a measurement has gaps");

struct alc_measurement *measurements_load(size_t *n)
{
    size_t bytes;

    if (!near_get(ALC_LIT("m"), (uint8_t *)measurements, sizeof measurements, &bytes)) bytes = 0;
    if (bytes % sizeof measurements[0] != 0) corrupt();
    *n = bytes / sizeof measurements[0];
    return measurements;
}

void measurements_save(size_t n)
{
    near_put(ALC_LIT("m"),
             (struct alc_bytes){(const uint8_t *)measurements, n * sizeof measurements[0]});
}

/* ---- worker keys ----
 *
 * "k" | curve u8 | id [32]  ->  registered u64 | expires u64 | measurement [32] | PPID [16]
 * | simulated | added */
struct key_key {
    uint8_t b[2 + 32];
};

static struct key_key key_key(const struct public_key *key)
{
    struct key_key k = {{'k', key->borsh[0]}};
    __builtin_memcpy(k.b + 2, key->id.b, sizeof key->id.b);
    return k;
}

bool worker_key_load(struct worker_key *w, const struct public_key *key)
{
    struct key_key k = key_key(key);
    uint8_t buf[128];
    struct alc_cur c;
    size_t n;

    if (!near_get((struct alc_bytes){k.b, sizeof k.b}, buf, sizeof buf, &n)) return false;
    c = alc_cur((struct alc_bytes){buf, n});
    if (!alc_cur_u64le(&c, &w->registered_ns) || !alc_cur_u64le(&c, &w->expires_ns) ||
        !alc_cur_hash(&c, &w->measurement) || !alc_cur_copy(&c, w->ppid, sizeof w->ppid) ||
        !alc_borsh_flag(&c, &w->simulated) || !alc_borsh_flag(&c, &w->added) || c.n != 0)
        corrupt();
    return true;
}

void worker_key_save(const struct worker_key *w, const struct public_key *key)
{
    struct key_key k = key_key(key);
    uint8_t buf[128];
    struct alc_borsh out = alc_borsh(buf, sizeof buf);

    alc_borsh_put_u64(&out, w->registered_ns);
    alc_borsh_put_u64(&out, w->expires_ns);
    alc_borsh_put_hash(&out, &w->measurement);
    alc_borsh_put(&out, w->ppid, sizeof w->ppid);
    alc_borsh_put_u8(&out, w->simulated);
    alc_borsh_put_u8(&out, w->added);
    near_put((struct alc_bytes){k.b, sizeof k.b}, (struct alc_bytes){buf, out.n});
}

void worker_key_remove(const struct public_key *key)
{
    struct key_key k = key_key(key);
    (void)near_remove((struct alc_bytes){k.b, sizeof k.b});
}
