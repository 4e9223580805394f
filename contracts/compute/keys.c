/* contracts/compute/keys.c — worker keys: who may name them, how long they are good, and which
 * enclave the register saw behind them.
 *
 * One record a key, so that a resolve reads 41 bytes whoever else is registered; and the list of
 * all, for people. */
#include "compute.h"

#include "base/enc.h"

#define NEVER UINT64_MAX
#define KEY_BYTES 32u
#define RETAIN_MAX 1024u

/* ---- Records ---- */

struct record_key {
    uint8_t b[1 + KEY_BYTES];
};

static struct record_key record_key(const struct alc_hash *key)
{
    struct record_key k = {{'k'}};
    __builtin_memcpy(k.b + 1, key->b, KEY_BYTES);
    return k;
}

/* expires_ns u64 | measurement [32] | simulated u8; without the last two for a key that nobody
 * vouched for, and empty when such a key never expires. */
bool worker_load(struct worker *w, const struct alc_hash *key)
{
    struct record_key k = record_key(key);
    uint8_t buf[8 + 32 + 1];
    struct alc_cur c;
    size_t n;

    if (!near_get((struct alc_bytes){k.b, sizeof k.b}, buf, sizeof buf, &n)) return false;
    c = alc_cur((struct alc_bytes){buf, n});
    w->expires_ns = NEVER;
    w->simulated = false;
    w->vouched = alc_cur_u64le(&c, &w->expires_ns) && alc_cur_hash(&c, &w->measurement) &&
                 alc_borsh_flag(&c, &w->simulated);
    return true;
}

static void worker_save(const struct worker *w, const struct alc_hash *key)
{
    struct record_key k = record_key(key);
    uint8_t buf[8 + 32 + 1];
    struct alc_borsh b = alc_borsh(buf, sizeof buf);

    if (w->vouched || w->expires_ns != NEVER) alc_borsh_put_u64(&b, w->expires_ns);
    if (w->vouched) {
        alc_borsh_put_hash(&b, &w->measurement);
        alc_borsh_put_u8(&b, w->simulated);
    }
    near_put((struct alc_bytes){k.b, sizeof k.b}, (struct alc_bytes){buf, b.n});
}

static void worker_remove(const struct alc_hash *key)
{
    struct record_key k = record_key(key);
    (void)near_remove((struct alc_bytes){k.b, sizeof k.b});
}

bool worker_good(const struct worker *w)
{
    return w->expires_ns == NEVER || near_host_block_timestamp() < w->expires_ns;
}

/* ---- The list: raw keys, one after the other, the oldest first ---- */

static struct alc_hash list[WORKER_KEYS_MAX];

static size_t list_load(void)
{
    size_t n;
    return near_get(ALC_LIT("K"), (uint8_t *)list, sizeof list, &n) ? n / KEY_BYTES : 0;
}

static void list_save(size_t n)
{
    near_put(ALC_LIT("K"), (struct alc_bytes){(const uint8_t *)list, n * KEY_BYTES});
}

/* The index of `key` among the first n; n: it is not there. */
static size_t list_find(size_t n, const struct alc_hash *key)
{
    size_t i = 0;
    while (i < n && !alc_hash_eq(&list[i], key))
        i++;
    return i;
}

/* list_full makes room by dropping the first key that has expired.  New ones come last, so it is
 * found early and the rest keep their order; panics when none has. */
static size_t list_full(size_t n)
{
    struct worker w;

    for (size_t i = 0; i < n; i++) {
        if (worker_load(&w, &list[i]) && worker_good(&w)) continue;
        worker_remove(&list[i]);
        __builtin_memmove(&list[i], &list[i + 1], (n - 1 - i) * KEY_BYTES);
        return n - 1;
    }
    near_panic("256 worker keys are registered: remove one first");
}

/* ---- Methods ---- */

/* While a register is set, keys come from it and not from the owner. */
static void only_source(const struct state *s, bool owner_too)
{
    struct near_account caller, source;

    if (register_load(&source)) {
        near_predecessor(&caller);
        if (alc_bytes_eq(near_account_bytes(&caller), near_account_bytes(&source))) return;
        if (!owner_too)
            near_panic_with("Worker keys come from the register contract ",
                            near_account_bytes(&source));
    }
    only_owner(s);
}

static void read_hash(struct near_json *j, void *out)
{
    struct alc_hash *h = out;
    struct alc_bytes text;
    size_t n;

    near_read_string(j, &text);
    if (!alc_hex_decode(h->b, sizeof h->b, &n, text) || n != sizeof h->b)
        near_json_fail("expected 64 hex digits");
}

struct key_args {
    struct alc_hash key;
    struct worker w;
};

static void read_measurement(struct near_json *j, void *out)
{
    struct worker *w = out;
    w->vouched = true;
    read_hash(j, &w->measurement);
}

static const struct near_field key_fields[] = {
    NEAR_FIELD("public_key", struct key_args, key, near_read_key, NEAR_MUST),
    NEAR_FIELD("expires_ns", struct key_args, w.expires_ns, near_read_u64, NEAR_MAY),
    NEAR_FIELD("measurement", struct key_args, w, read_measurement, NEAR_MAY),
    NEAR_FIELD("simulated", struct key_args, w.simulated, near_read_bool, NEAR_MAY),
};

void method_add_worker_key(void)
{
    struct key_args a = {.w = {.expires_ns = NEVER}};
    struct state s;
    size_t n;

    NEAR_ARGS(&a, key_fields);
    state_load(&s);
    only_source(&s, false);
    if (a.w.simulated && !a.w.vouched) near_panic("simulated needs a measurement");
    n = list_load();
    if (list_find(n, &a.key) == n) {
        if (n == WORKER_KEYS_MAX) n = list_full(n);
        list[n] = a.key;
        list_save(n + 1);
    }
    worker_save(&a.w, &a.key);
}

void method_remove_worker_key(void)
{
    struct key_args a;
    struct state s;
    size_t n, i;

    NEAR_ARGS(&a, key_fields);
    state_load(&s);
    only_source(&s, true);
    n = list_load();
    i = list_find(n, &a.key);
    if (i == n) near_panic("This worker key is not registered");
    list[i] = list[n - 1]; /* the last one takes the place of the removed */
    list_save(n - 1);
    worker_remove(&a.key);
}

struct retained {
    struct alc_hash v[RETAIN_MAX];
    size_t n;
};

static void read_retained(struct near_json *j, void *to)
{
    struct retained *r = to;
    if (r->n == RETAIN_MAX) near_json_fail("more than 1024 measurements");
    read_hash(j, &r->v[r->n++]);
}

static void read_list(struct near_json *j, void *out)
{
    near_json_list(j, read_retained, out);
}

static const struct near_field retain_fields[] = {
    {"measurements", read_list, 0, sizeof "measurements" - 1, NEAR_MUST},
};

static bool retains(const struct retained *r, const struct alc_hash *measurement)
{
    for (size_t i = 0; i < r->n; i++)
        if (alc_hash_eq(&r->v[i], measurement)) return true;
    return false;
}

/* Ends every key whose enclave is not among those given; keys that nobody vouched for stay. */
void method_retain_worker_keys(void)
{
    static struct retained r;
    size_t n, left = 0;
    struct worker w;
    struct state s;

    r.n = 0;
    NEAR_ARGS(&r, retain_fields);
    state_load(&s);
    only_source(&s, false);
    n = list_load();
    for (size_t i = 0; i < n; i++) {
        if (worker_load(&w, &list[i]) && w.vouched && !retains(&r, &w.measurement))
            worker_remove(&list[i]);
        else
            list[left++] = list[i];
    }
    if (left < n) list_save(left);
}

/* ---- Views ---- */

static void out_worker(struct near_out *o, const struct alc_hash *key, const struct worker *w)
{
    near_out_lit(o, "{\"public_key\":");
    near_out_key(o, key);
    near_out_lit(o, ",\"expires_ns\":");
    near_out_opt_u64(o, w->expires_ns, w->expires_ns != NEVER);
    near_out_lit(o, ",\"measurement\":");
    if (w->vouched)
        near_out_hex(o, alc_hash_bytes(&w->measurement));
    else
        near_out_lit(o, "null");
    near_out_lit(o, ",\"simulated\":");
    near_out_bool(o, w->simulated);
    near_out_lit(o, "}");
}

void method_get_worker_keys(void)
{
    static uint8_t buf[WORKER_KEYS_MAX * 256];
    struct near_out o = NEAR_OUT(buf);
    struct worker w;
    struct state s;
    size_t n;

    state_load(&s);
    n = list_load();
    near_out_lit(&o, "[");
    for (size_t i = 0; i < n; i++) {
        if (!worker_load(&w, &list[i])) continue;
        if (o.n > 1) near_out_lit(&o, ",");
        out_worker(&o, &list[i], &w);
    }
    near_out_lit(&o, "]");
    near_return(near_out_bytes(&o, "result too long"));
}

void method_get_worker_key(void)
{
    uint8_t buf[256];
    struct near_out o = NEAR_OUT(buf);
    struct key_args a;
    struct state s;

    NEAR_ARGS(&a, key_fields);
    state_load(&s);
    if (worker_load(&a.w, &a.key))
        out_worker(&o, &a.key, &a.w);
    else
        near_out_lit(&o, "null");
    near_return(near_out_bytes(&o, "result too long"));
}
