/* tests/fuzz/fuzz_register.c — the register contract with arbitrary calls: whatever is sent, it
 * either panics and leaves the state alone, or returns JSON; and what was changed after it was
 * signed registers nothing.
 *
 * The input is calls, separated by a zero byte: one byte of method, one of how it is called, and
 * the arguments; or, of GENUINE calls, changes to a quote or a set that would be accepted: three
 * bytes each, of an offset and what it is xored with. */
#include "tests/contract/fake_near.h"
#include "tests/contract/register_world.h"

#include "register.h"

#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define CALLS_MAX 16u
#define BY_INIT 1u /* else anybody, or the owner */
#define BY_OWNER 2u
#define PAID 4u
#define LATER 8u /* eight days and 600 blocks pass first */
#define GENUINE 16u
#define FAILED 32u        /* what a callback waited for */
#define SIGNED_BYTES 632u /* header and body of a quote of version 4 */

#define ENTRY(name, kind) NEAR_ENTRY(name);
REGISTER_METHODS(ENTRY)
#undef ENTRY

static const struct {
    const char *name;
    void (*entry)(void);
    enum near_kind kind;
} methods[] = {
#define ROW(name, kind) {#name, near_entry_##name, NEAR_##kind},
    REGISTER_METHODS(ROW)
#undef ROW
};
#define METHODS (sizeof methods / sizeof methods[0])

static uint8_t quote[ALC_QUOTE_MAX_BYTES], set[ALC_COLLATERAL_MAX_BYTES];
static size_t quote_n, set_n;
/* The state after `new`, a set and an approval, made once. */
static struct alc_bytes start[16][2];
static size_t start_n;

static struct alc_bytes copied(struct alc_bytes b)
{
    uint8_t *p = malloc(b.n + 1);
    assert(p != NULL);
    memcpy(p, b.p, b.n);
    return (struct alc_bytes){p, b.n};
}

static void begin(void)
{
    fake_reset();
    fake_env.current = "op.test";
    fake_env.time_ns = WORLD_S * NS_PER_S;
    fake_env.predecessor = fake_env.signer = "owner.test";
}

static void make_start(void)
{
    struct alc_bytes b;
    const char *text;

    world_open();
    b = world_quote_of(0x22, NULL);
    memcpy(quote, b.p, quote_n = b.n);
    b = world_set(ALC_TEE_TDX, WORLD_S);
    memcpy(set, b.p, set_n = b.n);
    begin();
    text = world_text("{\"owner_id\":\"owner.test\",\"init_worker_account\":\"init.test\","
                      "\"outlayer_contract_id\":\"compute.test\",\"chain_id\":\"localnet\","
                      "\"simulated_root\":\"%s\"}",
                      world_root());
    assert(fake_call(near_entry_new, alc_cstr(text)));
    assert(fake_call(near_entry_put_collateral, world_put((struct alc_bytes){set, set_n}, "")));
    text = world_text("{\"measurements\":%s}", world_measurement());
    assert(fake_call(near_entry_add_approved_measurements, alc_cstr(text)));
    for (start_n = 0; start_n < fake_records(); start_n++) {
        struct alc_bytes key, value;
        fake_record(start_n, &key, &value);
        start[start_n][0] = copied(key);
        start[start_n][1] = copied(value);
    }
    world_close();
}

static void check_json(struct alc_bytes text)
{
    json_error_t why;
    json_t *j = json_loadb((const char *)text.p, text.n,
                           JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &why);
    if (j == NULL) {
        fprintf(stderr, "not JSON: %s: %.*s\n", why.text, (int)text.n, (const char *)text.p);
        abort();
    }
    json_decref(j);
}

/* change xors bytes of out as the input says; true: one of its first `most` became another. */
static bool change(uint8_t *out, size_t n, size_t most, const uint8_t *p, size_t len)
{
    uint8_t before[SIGNED_BYTES];
    memcpy(before, out, most);
    for (; len >= 3; p += 3, len -= 3)
        out[((size_t)p[0] << 8 | p[1]) % n] ^= p[2];
    return memcmp(before, out, most) != 0;
}

/* *harmed: it cannot be accepted. */
static struct alc_bytes genuine_args(const char *method, const uint8_t *p, size_t n, bool *harmed)
{
    uint8_t changed[ALC_COLLATERAL_MAX_BYTES];
    bool collateral = strstr(method, "collateral") != NULL;

    *harmed = false;
    if (collateral) {
        memcpy(changed, set, set_n);
        (void)change(changed, set_n, 0, p, n);
        return world_put((struct alc_bytes){changed, set_n}, ",\"index\":0");
    }
    memcpy(changed, quote, quote_n);
    *harmed = change(changed, quote_n, SIGNED_BYTES, p, n);
    if (strcmp(method, "verify_quote") == 0)
        return alc_cstr(
            world_text("{\"quote\":\"%s\"}", world_base64((struct alc_bytes){changed, quote_n})));
    return alc_cstr(world_text("{\"public_key\":\"%s\",\"tdx_quote_hex\":\"%s\"}",
                               world_key_of(0x22),
                               world_hex((struct alc_bytes){changed, quote_n})));
}

/* What a call gives back is never more than what came with it. */
static void check_money(void)
{
    near_u128 out = 0;
    for (size_t i = 0; i < fake_receipts(); i++)
        out += fake_receipt(i)->amount;
    assert(out <= fake_env.deposit);
}

static void one_call(const uint8_t *p, size_t n)
{
    size_t method = p[0] % METHODS;
    unsigned how = p[1];
    struct alc_bytes args = {p + 2, n - 2};
    bool ok, harmed = false;

    fake_env.predecessor = (how & BY_INIT) != 0    ? "init.test"
                           : (how & BY_OWNER) != 0 ? "owner.test"
                                                   : "alice.test";
    fake_env.signer = fake_env.predecessor;
    if ((how & LATER) != 0) {
        fake_env.time_ns += 8 * WORLD_DAY_S * NS_PER_S;
        fake_env.height += 600;
    }
    if ((how & GENUINE) != 0) args = genuine_args(methods[method].name, p + 2, n - 2, &harmed);
    if (methods[method].kind == NEAR_PRIVATE) {
        ok = fake_callback(methods[method].entry, args,
                           (how & FAILED) != 0 ? (struct alc_bytes){NULL, 0} : ALC_LIT(""));
    } else if (methods[method].kind == NEAR_VIEW) {
        ok = fake_view(methods[method].entry, args);
    } else {
        fake_env.deposit = (how & PAID) != 0 ? (near_u128)UINT64_MAX * 100000 : 0;
        ok = fake_call(methods[method].entry, args);
        check_money();
        fake_env.deposit = 0;
    }
    assert(ok == (fake_panic().p == NULL));
    if (fake_returned().p != NULL) check_json(fake_returned());
    if (methods[method].entry == near_entry_register_worker_key) assert(!ok || !harmed);
    if (methods[method].entry == near_entry_verify_quote && (how & GENUINE) != 0) {
        assert(ok); /* whatever the quote is */
        assert(!harmed ||
               memmem(fake_returned().p, fake_returned().n, "\"accepted\":true", 15) == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    if (start_n == 0) make_start();
    begin();
    for (size_t i = 0; i < start_n; i++)
        fake_put(start[i][0], start[i][1]);
    for (unsigned calls = 0; calls < CALLS_MAX && n >= 2; calls++) {
        /* The first two bytes may be anything, zero too. */
        const uint8_t *end = n > 2 ? memchr(p + 2, 0, n - 2) : NULL;
        size_t len = end != NULL ? (size_t)(end - p) : n;
        one_call(p, len);
        if (end != NULL) len++;
        p += len;
        n -= len;
    }
    fake_reset();
    world_close(); /* texts of this input */
    return 0;
}
