/* contracts/compute/keys.c — worker keys: who may name them, how long they are good, and which
 * enclave the register saw behind them.
 *
 * One record a key, so that a resolve reads 41 bytes whoever else is registered; and the list of
 * all, for people. */
#include "call.h"

#include "base/enc.h"

#define NEVER UINT64_MAX
#define KEY_BYTES 32u
#define RETAIN_MAX 1024u

/* ---- Records ---- */

struct record_key {
    uint8_t b[1 + KEY_BYTES];
};

NEAR_APART static struct record_key record_key(const struct alc_hash *key)
{
    struct record_key k = {{'k'}};
    __builtin_memcpy(k.b + 1, key->b, KEY_BYTES);
    return k;
}

/* expires_ns u64 | measurement [32] | simulated u8; without the last two for a key that nobody
 * vouched for, and empty when such a key never expires. */
#define RECORD_BYTES (8 + 32 + 1)

static void walk_worker(struct worker *w)
{
    walk_raw(&w->expires_ns, sizeof w->expires_ns);
    if (!w->vouched) return;
    walk_raw(&w->measurement, sizeof w->measurement);
    walk_raw(&w->simulated, 1);
}

bool worker_load(struct worker *w, const struct alc_hash *key)
{
    struct record_key k = record_key(key);
    uint8_t buf[RECORD_BYTES];
    size_t n;

    if (!near_get((struct alc_bytes){k.b, sizeof k.b}, buf, sizeof buf, &n)) return false;
    walk_read((struct alc_bytes){buf, n});
    w->expires_ns = NEVER;
    w->simulated = false;
    w->vouched = n > sizeof w->expires_ns;
    if (n > 0) walk_worker(w);
    return true;
}

static void worker_save(struct worker *w, const struct alc_hash *key)
{
    struct record_key k = record_key(key);
    uint8_t buf[RECORD_BYTES];

    walk_write(buf, sizeof buf, NULL); /* which has room for all of it */
    if (w->vouched || w->expires_ns != NEVER) walk_worker(w);
    near_put((struct alc_bytes){k.b, sizeof k.b}, walk_written());
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
    near_panic("256 worker keys are registered");
}

/* ---- Methods ---- */

/* While a register is set, keys come from it and not from the owner. */
static void only_source(bool owner_too)
{
    struct near_account source;

    begin(BY);
    if (register_load(&source)) {
        if (is_caller(near_account_bytes(&source))) return;
        if (!owner_too)
            near_panic_with("Worker keys come from the register contract ",
                            near_account_bytes(&source));
    }
    only_owner();
}

struct key_args {
    struct alc_hash key;
    struct worker w;
};

void read_measurement(struct near_json *j, void *out)
{
    struct worker *w = out;
    w->vouched = true;
    near_read_hash(j, &w->measurement);
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
    size_t n;

    NEAR_ARGS(&a, key_fields);
    only_source(false);
    near_refuse(a.w.simulated && !a.w.vouched, "simulated needs a measurement");
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
    size_t n, i;

    NEAR_ARGS(&a, key_fields);
    only_source(true);
    n = list_load();
    i = list_find(n, &a.key);
    near_refuse(i == n, "This worker key is not registered");
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
    near_read_hash(j, &r->v[r->n++]);
}

void read_measurements(struct near_json *j, void *out)
{
    near_json_list(j, read_retained, out);
}

static const struct near_field retain_fields[] = {
    NEAR_FIELD_ALL("measurements", read_measurements, NEAR_MUST),
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

    r.n = 0;
    NEAR_ARGS(&r, retain_fields);
    only_source(false);
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

struct shown_key {
    struct alc_hash key;
    struct near_opt_u64 expires;
    struct alc_bytes measurement; /* in hex; p NULL: none */
    bool simulated;
};

static const struct near_field shown_fields[] = {
    NEAR_FIELD("public_key", struct shown_key, key, near_read_key, NEAR_MUST),
    NEAR_FIELD("expires_ns", struct shown_key, expires, near_read_opt_u64, NEAR_MUST),
    NEAR_FIELD("measurement", struct shown_key, measurement, near_read_string, NEAR_MUST),
    NEAR_FIELD("simulated", struct shown_key, simulated, near_read_bool, NEAR_MUST),
};

static void say_worker(const struct alc_hash *key, const struct worker *w)
{
    struct shown_key t = {
        .key = *key, .expires = {w->expires_ns, w->expires_ns != NEVER}, .simulated = w->simulated};
    char hex[64];

    if (w->vouched &&
        alc_hex_encode(hex, sizeof hex, &t.measurement.n, alc_hash_bytes(&w->measurement)))
        t.measurement.p = (const uint8_t *)hex;
    SAY_OBJECT(&t, shown_fields);
}

void method_get_worker_keys(void)
{
    const char *before = "[";
    struct worker w;
    size_t n;

    begin(0);
    n = list_load();
    for (size_t i = 0; i < n; i++) {
        if (!worker_load(&w, &list[i])) continue;
        say(before);
        before = ",";
        say_worker(&list[i], &w);
    }
    say(before[0] == '[' ? "[]" : "]");
    give();
}

void method_get_worker_key(void)
{
    struct key_args a;

    NEAR_ARGS(&a, key_fields);
    begin(0);
    if (worker_load(&a.w, &a.key))
        say_worker(&a.key, &a.w);
    else
        say("null");
    give();
}
