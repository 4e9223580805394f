#include "tests/contract/compute_calls.h"

#include "base/enc.h"

const struct method methods[METHODS_MAX] = {COMPUTE_METHODS(METHOD_ROW)};

const char *fmt(const char *format, ...)
{
    static char bufs[4][1 << 16];
    static unsigned turn;
    char *buf = bufs[turn++ % 4];
    va_list ap;
    int n;

    va_start(ap, format);
    n = vsnprintf(buf, sizeof bufs[0], format, ap);
    va_end(ap);
    assert_in_range(n, 0, sizeof bufs[0] - 1);
    return buf;
}

/* ---- The usual way ---- */

int fresh(void **state)
{
    (void)state;
    fake_reset();
    as("owner.test");
    ok("new",
       "{\"owner_id\":\"owner.test\",\"operator_id\":\"op.test\",\"chain_id\":\"localnet\"}");
    return 0;
}

struct asked last;

void keep_yield(void)
{
    struct alc_bytes args;

    assert_true(fake_yielded(&last.data_id, &args));
    free(last.request_data);
    last.request_data = strndup((const char *)args.p, args.n);
    assert_non_null(last.request_data);
}

int done(void **state)
{
    (void)state;
    fake_reset();
    free(last.request_data);
    last.request_data = NULL;
    return 0;
}

/* ask sends a request of alice with `more` behind source and limits, and 0.1 NEAR. */
void ask(const char *more)
{
    as("alice.test");
    fake_env.deposit = 100 * MILLI;
    ok("request_execution", fmt("{" SOURCE "," LIMITS "%s}", more));
    fake_env.deposit = 0;
    keep_yield();
}

/* wake runs the callback of the last request with what the last call resumed it with. */
void wake(void)
{
    struct alc_hash id;
    struct alc_bytes payload, kept;
    uint8_t buf[NEAR_RESUME_MAX_BYTES];

    assert_true(fake_resumed(&id, &payload));
    assert_memory_equal(id.b, last.data_id.b, 32);
    memcpy(buf, payload.p, payload.n);
    kept = (struct alc_bytes){buf, payload.n};
    assert_true(fake_callback(near_entry_on_execution_response, alc_cstr(last.request_data), kept));
}

void answer(uint64_t id, const char *response)
{
    as("op.test");
    ok("resolve_execution", fmt("{\"request_id\":%u,\"response\":%s}", (unsigned)id, response));
    wake();
}

void refunds(const char *account, near_u128 yocto)
{
    assert_int_equal(fake_receipts(), 1);
    assert_string_equal(fake_receipt(0)->receiver, account);
    assert_true(fake_receipt(0)->amount == yocto);
}

char *key_text(uint8_t byte)
{
    static char text[4][64];
    static unsigned turn;
    char *out = text[turn++ % 4];
    struct alc_hash k;
    size_t n;

    memset(k.b, byte, sizeof k.b);
    assert_true(alc_base58_encode(out, 63, &n, alc_hash_bytes(&k)));
    out[n] = 0;
    return out;
}
