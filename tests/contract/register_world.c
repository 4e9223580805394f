#include "tests/contract/register_world.h"

#include "base/base.h"
#include "base/enc.h"
#include "base/json.h"
#include "tests/lib/tdx_vectors.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct alc_sim *sim;
static struct alc_arena arena = ALC_ARENA(256u << 20);
static struct alc_err err;

static uint64_t wall(void *ctx)
{
    (void)ctx;
    return WORLD_S * 1000000000u;
}

static const struct alc_clock world_clock = {.wall_ns = wall, .mono_ns = wall};

static void need(bool holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "register_world: %s: %s\n", what, err.text);
    abort();
}

void world_open(void)
{
    alc_crypto_init();
    need(alc_sim_open(&sim, NULL, &world_clock, &err) == ALC_OK, "the PKI");
}

void world_close(void)
{
    alc_sim_close(sim);
    sim = NULL;
    alc_arena_fini(&arena);
}

int world_setup(void **state)
{
    (void)state;
    world_open();
    return 0;
}

int world_teardown(void **state)
{
    (void)state;
    world_close();
    return 0;
}

/* ---- texts ---- */

static struct alc_bytes kept(struct alc_buf *b)
{
    struct alc_bytes out = {NULL, 0};

    need(!b->failed && alc_arena_copy(&arena, alc_buf_bytes(b), &out), "memory");
    alc_buf_fini(b);
    return out;
}

const char *world_text(const char *format, ...)
{
    struct alc_buf b = ALC_BUF(1u << 20);
    va_list ap;
    int n;

    va_start(ap, format);
    n = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    need(n >= 0 && alc_buf_room(&b, (size_t)n + 1) != NULL, "memory");
    va_start(ap, format);
    (void)vsnprintf((char *)b.p, (size_t)n + 1, format, ap);
    va_end(ap);
    alc_buf_add(&b, (size_t)n);
    return (const char *)kept(&b).p;
}

static char *room(size_t n)
{
    char *p = alc_arena_alloc(&arena, n + 1);
    need(p != NULL, "memory");
    return p;
}

const char *world_hex(struct alc_bytes b)
{
    char *out = room(2 * b.n);
    size_t n;
    need(alc_hex_encode(out, 2 * b.n, &n, b), "hex");
    return out;
}

const char *world_base64(struct alc_bytes b)
{
    char *out = room(ALC_BASE64_CHARS(b.n));
    size_t n;
    need(alc_base64_encode(out, ALC_BASE64_CHARS(b.n), &n, b), "base64");
    return out;
}

const char *world_key(const uint8_t key[32])
{
    char *out = room(64);
    size_t n;
    memcpy(out, "ed25519:", 8);
    need(alc_base58_encode(out + 8, 56, &n, (struct alc_bytes){key, 32}), "base58");
    return out;
}

const char *world_key_of(uint8_t byte)
{
    uint8_t key[32];
    memset(key, byte, sizeof key);
    return world_key(key);
}

const char *world_root(void)
{
    return world_base64(alc_sim_root(sim));
}

struct alc_bytes world_root_der(void)
{
    return alc_sim_root(sim);
}

/* ---- quotes and sets ---- */

struct alc_bytes world_quote(enum alc_tee tee, const uint8_t report_data[64],
                             void (*change)(struct alc_sim_quote *q))
{
    struct alc_buf b = ALC_BUF(ALC_QUOTE_MAX_BYTES);
    struct alc_sim_quote q;

    alc_sim_quote_usual(&q, tee);
    memcpy(q.td.report_data, report_data, 64);
    memcpy(q.sgx.report_data, report_data, 64);
    if (change != NULL) change(&q);
    need(alc_sim_quote(sim, &q, &b, &err) == ALC_OK, "a quote");
    return kept(&b);
}

struct alc_bytes world_quote_of(uint8_t byte, const struct alc_hash *half)
{
    uint8_t report_data[64] = {0};
    memset(report_data, byte, 32);
    if (half != NULL) memcpy(report_data + 32, half->b, 32);
    return world_quote(ALC_TEE_TDX, report_data, NULL);
}

struct alc_bytes world_set_of(const struct alc_sim_set *set)
{
    struct alc_buf b = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);
    need(alc_sim_collateral(sim, set, &b, &err) == ALC_OK, "a set");
    return kept(&b);
}

struct alc_bytes world_set(enum alc_tee tee, uint64_t now_s)
{
    return world_set_of(&(struct alc_sim_set){.tee = tee, .now_s = now_s});
}

/* `text` with the first `from` replaced; n 0: there is none. */
static struct alc_bytes replaced(struct alc_bytes text, const char *from, const char *to)
{
    const uint8_t *at = memmem(text.p, text.n, from, strlen(from));
    struct alc_buf b = ALC_BUF(1u << 20);

    if (at == NULL) return (struct alc_bytes){NULL, 0};
    alc_buf_put(&b, text.p, (size_t)(at - text.p));
    alc_buf_put_text(&b, to);
    at += strlen(from);
    alc_buf_put(&b, at, text.n - (size_t)(at - text.p));
    return kept(&b);
}

struct alc_bytes world_set_changed(uint64_t now_s, const char *from, const char *to)
{
    struct alc_sim_set set = {.tee = ALC_TEE_TDX, .now_s = now_s};
    struct alc_buf b = ALC_BUF(1u << 20);

    need(alc_sim_tcb_info(sim, ALC_TEE_TDX, now_s, &b, &err) == ALC_OK, "a TCB info");
    set.tcb_info = replaced(kept(&b), from, to);
    if (set.tcb_info.n == 0) {
        b = ALC_BUF(1u << 20);
        need(alc_sim_qe_identity(sim, ALC_TEE_TDX, now_s, &b, &err) == ALC_OK, "a QE identity");
        set.qe_identity = replaced(kept(&b), from, to);
        need(set.qe_identity.n > 0, "nothing to replace");
    }
    return world_set_of(&set);
}

struct alc_bytes world_put(struct alc_bytes set, const char *more)
{
    struct alc_buf b = ALC_BUF(1u << 20);
    struct alc_jw w = {.out = &b};

    alc_buf_put_text(&b, "{\"collateral\":");
    alc_jw_str(&w, set);
    alc_buf_put_text(&b, more);
    alc_buf_put_text(&b, "}");
    return kept(&b);
}

/* ---- measurements ---- */

static struct alc_measurement measured(struct alc_bytes quote)
{
    struct alc_quote q;
    need(alc_quote_read(&q, quote) == ALC_REFUSAL_NONE, "not a quote");
    return alc_quote_measurement(&q);
}

const char *world_measurement_of(struct alc_bytes quote)
{
    struct alc_measurement m = measured(quote);
    return world_text(
        "{\"mrtd\":\"%s\",\"rtmr0\":\"%s\",\"rtmr1\":\"%s\",\"rtmr2\":\"%s\","
        "\"rtmr3\":\"%s\"}",
        world_hex((struct alc_bytes){m.mrtd, 48}), world_hex((struct alc_bytes){m.rtmr[0], 48}),
        world_hex((struct alc_bytes){m.rtmr[1], 48}), world_hex((struct alc_bytes){m.rtmr[2], 48}),
        world_hex((struct alc_bytes){m.rtmr[3], 48}));
}

const char *world_measurement(void)
{
    return world_measurement_of(world_quote_of(0, NULL));
}

const char *world_measurement_hash(struct alc_bytes quote)
{
    struct alc_measurement m = measured(quote);
    struct alc_hash h;
    alc_measurement_hash(&h, &m, &alc_verify_native);
    return world_hex(alc_hash_bytes(&h));
}

bool world_real(struct alc_bytes *quote, struct alc_bytes *set)
{
    *quote = tdx_vector("tdx_quote");
    *set = tdx_vector("tdx_quote_collateral.json");
    return quote->n > 0 && set->n > 0;
}
