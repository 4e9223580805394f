#include "tests/contract/compute_money.h"

#include "base/enc.h"

int fresh_money(void **state)
{
    fresh(state);
    as("owner.test");
    ok("set_payment_token_contract", "{\"token_contract\":\"" TOKEN "\"}");
    as("alice.test");
    return 0;
}

void store_key(const char *owner, unsigned nonce)
{
    as(owner);
    fake_env.deposit = 400 * YOCTO_BYTE; /* what is too much comes back */
    ok("store_secrets", fmt("{\"accessor\":{\"System\":\"PaymentKey\"},\"profile\":\"%u\","
                            "\"encrypted_secrets_base64\":\"AAAA\",\"access\":\"AllowAll\"}",
                            nonce));
    fake_env.deposit = 0;
}

static const char *transfer_args(const char *from, const char *amount, const char *msg)
{
    static char text[65536];
    size_t n = 0;

    for (const char *p = msg; *p != 0; p++) {
        assert_true(n + 3 < sizeof text);
        if (*p == '"' || *p == '\\') text[n++] = '\\';
        text[n++] = *p;
    }
    text[n] = 0;
    return fmt("{\"sender_id\":\"%s\",\"amount\":\"%s\",\"msg\":\"%s\"}", from, amount, text);
}

void transfer(const char *from, const char *amount, const char *msg)
{
    as(TOKEN);
    ok("ft_on_transfer", transfer_args(from, amount, msg));
}

void transfer_panics(const char *phrase, const char *from, const char *amount, const char *msg)
{
    as(TOKEN);
    panics(phrase, "ft_on_transfer", transfer_args(from, amount, msg));
}

const char *data_id_hex(void)
{
    static char text[65];
    size_t n;

    assert_true(alc_hex_encode(text, 64, &n, alc_hash_bytes(&last.data_id)));
    return text;
}

const char *data_id_array(void)
{
    static char text[256];
    size_t n = 0;

    for (size_t i = 0; i < 32; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%u", i == 0 ? "[" : ",",
                              last.data_id.b[i]);
    snprintf(text + n, sizeof text - n, "]");
    return text;
}

void resumes(const char *method, const char *result)
{
    as("op.test");
    ok(method, fmt("{\"data_id\":\"%s\",\"result\":%s}", data_id_hex(), result));
}

void wake_money(const char *callback)
{
    uint8_t buf[NEAR_RESUME_MAX_BYTES];
    struct alc_bytes payload;
    struct alc_hash id;

    assert_true(fake_resumed(&id, &payload));
    assert_memory_equal(id.b, last.data_id.b, 32);
    if (payload.n > 0) memcpy(buf, payload.p, payload.n);
    assert_true(fake_callback(method_of(callback)->entry, alc_cstr(last.request_data),
                              (struct alc_bytes){buf, payload.n}));
}

void times_out(const char *callback)
{
    assert_true(fake_callback(method_of(callback)->entry, alc_cstr(last.request_data),
                              (struct alc_bytes){NULL, 0}));
}
