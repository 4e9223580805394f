/* tests/unit/verify/statement_test.h — a statement with a value of its own in each field, and its
 * signature under a test key. */
#ifndef STATEMENT_TEST_H
#define STATEMENT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attest/attest.h"
#include "fields.h"

/* RFC 8032 section 7.1, test 1: a published key. */
static const uint8_t test_seed[32] = {
    0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
    0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
};

static inline struct alc_statement sample(void)
{
    struct alc_statement s = {0};
    for (size_t i = 0; i < FIELDS_COUNT; i++) {
        const struct field *f = &fields[i];
        if (f->kind == FIELD_STRING)
            *(struct alc_bytes *)field_of(&s, f) = alc_cstr(f->name);
        else if (f->kind == FIELD_HASH)
            memset(field_of(&s, f), (int)i + 1, sizeof(struct alc_hash));
        else
            field_set_number(&s, f, f->kind == FIELD_U8 ? 1 : i + 1000);
    }
    return s;
}

/* sign_as_is signs whatever stands in *s: a forger's statement too. */
static inline struct alc_bytes sign_as_is(uint8_t out[ALC_STATEMENT_SIGNED_MAX_BYTES],
                                          struct alc_statement *s, const uint8_t seed[32])
{
    struct alc_ed25519 key = {0};
    struct alc_hash h;
    size_t n;

    assert_int_equal(alc_ed25519_init(&key, seed), ALC_OK);
    s->worker_key = key.public_key;
    n = alc_statement_write(s, out, ALC_STATEMENT_MAX_BYTES);
    assert_true(n > 0);
    alc_sha256(&h, (struct alc_bytes){out, n});
    alc_ed25519_sign(out + n, &key, alc_hash_bytes(&h));
    alc_ed25519_fini(&key);
    return (struct alc_bytes){out, n + ALC_STATEMENT_SIG_BYTES};
}

static inline int crypto_ready(void **state)
{
    (void)state;
    alc_crypto_init();
    return 0;
}

#endif
