/* tests/fuzz/fuzz_contract.c — the main contract with arbitrary calls: whatever is sent, it either
 * panics and leaves the state alone, or returns JSON and its books agree with its records.
 *
 * The input is calls, separated by a zero byte: one byte of method, one of who calls with what, and
 * the arguments.  The callback gets the last request's arguments; what follows is its payload.  The
 * callback of a verdict gets what the last resolve told it; what follows is the verdict. */
#include "tests/contract/fake_near.h"

#include "compute.h"

#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define CALLS_MAX 16u
#define BY_OPERATOR 1u /* else alice, or the owner */
#define BY_OWNER 2u
#define PAID 4u
#define LATER 8u    /* 601 seconds pass first */
#define RESUMED 16u /* the callback gets the payload that the last resume carried */
#define TIMED_OUT 32u

#define ENTRY(name, kind) NEAR_ENTRY(name);
COMPUTE_METHODS(ENTRY)
#undef ENTRY

static const struct {
    void (*entry)(void);
    enum near_kind kind;
} methods[] = {
#define ROW(name, kind) {near_entry_##name, NEAR_##kind},
    COMPUTE_METHODS(ROW)
#undef ROW
};
#define METHODS (sizeof methods / sizeof methods[0])

static uint8_t request_data[NEAR_LOG_MAX_BYTES], payload[NEAR_RESUME_MAX_BYTES], asked[4096];
static size_t request_n, payload_n, asked_n;

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

/* keep_question keeps what a resolve at level "onchain" told its own callback. */
static void keep_question(void)
{
    for (size_t i = 0; i < fake_receipts(); i++) {
        const struct fake_receipt *r = fake_receipt(i);
        if (r->args.p != NULL) check_json(r->args);
        if (strcmp(r->method, "on_quote_verified") != 0) continue;
        assert(r->args.n <= sizeof asked);
        asked_n = r->args.n;
        memcpy(asked, r->args.p, asked_n);
    }
}

/* What requests lock is what their records weigh: those of a letter and an id. */
static void check_books(void)
{
    uint64_t pending = 0;
    unsigned long long locked;

    for (size_t i = 0; i < fake_records(); i++) {
        struct alc_bytes key, value;
        fake_record(i, &key, &value);
        if (key.n == 9 && memchr("rio", key.p[0], 3) != NULL)
            pending += key.n + value.n + NEAR_STORAGE_RECORD_BYTES;
    }
    assert(fake_view(near_entry_get_pending_bytes, (struct alc_bytes){NULL, 0}));
    assert(sscanf((const char *)fake_returned().p, "[%llu,", &locked) == 1);
    assert(locked == pending);
}

static void one_call(const uint8_t *p, size_t n)
{
    size_t method = p[0] % METHODS;
    unsigned how = p[1];
    struct alc_bytes args = {p + 2, n - 2}, told, got;
    struct alc_hash id;
    bool ok;

    fake_env.predecessor = (how & BY_OPERATOR) != 0 ? "op.test"
                           : (how & BY_OWNER) != 0  ? "owner.test"
                                                    : "alice.test";
    fake_env.signer = fake_env.predecessor;
    if ((how & LATER) != 0) fake_env.time_ns += STALE_AFTER_NS + 1;
    if (methods[method].kind == NEAR_PRIVATE) {
        told = (struct alc_bytes){request_data, request_n};
        if ((how & RESUMED) != 0) args = (struct alc_bytes){payload, payload_n};
        if ((how & TIMED_OUT) != 0) args = (struct alc_bytes){NULL, 0};
        if (methods[method].entry == near_entry_on_quote_verified)
            told = (struct alc_bytes){asked, asked_n};
        ok = fake_callback(methods[method].entry, told, args);
    } else if (methods[method].kind == NEAR_VIEW) {
        ok = fake_view(methods[method].entry, args);
    } else {
        fake_env.deposit = (how & PAID) != 0 ? (near_u128)UINT64_MAX * 100000 : 0;
        ok = fake_call(methods[method].entry, args);
        fake_env.deposit = 0;
    }
    assert(ok == (fake_panic().p == NULL));
    if (ok && fake_yielded(&id, &got)) {
        check_json(got);
        request_n = got.n;
        memcpy(request_data, got.p, got.n);
    }
    if (ok && fake_resumed(&id, &got)) {
        payload_n = got.n;
        memcpy(payload, got.p, got.n);
    }
    if (ok) keep_question();
    if (fake_returned().p != NULL) check_json(fake_returned());
    for (size_t i = 0; i < fake_logs(); i++) {
        struct alc_bytes line = fake_log(i);
        if (line.n > 11 && memcmp(line.p, "EVENT_JSON:", 11) == 0)
            check_json((struct alc_bytes){line.p + 11, line.n - 11});
    }
    check_books();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    fake_reset();
    request_n = payload_n = asked_n = 0;
    fake_env.predecessor = fake_env.signer = "owner.test";
    assert(fake_call(near_entry_new, ALC_LIT("{\"owner_id\":\"owner.test\",\"operator_id\":"
                                             "\"op.test\",\"chain_id\":\"localnet\"}")));
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
    return 0;
}
