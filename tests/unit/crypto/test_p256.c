/* SHA-384 and ECDSA on P-256: the standards' examples, what must be refused, and our own round
 * trip. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/enc.h"
#include "crypto/crypto.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct alc_bytes unhex(uint8_t *out, size_t cap, const char *text)
{
    size_t n;
    assert_true(alc_hex_decode(out, cap, &n, alc_cstr(text)));
    return (struct alc_bytes){out, n};
}

/* FIPS 180-2, appendix D, and the empty text. */
static void sha384_agrees_with_the_standard(void **state)
{
    static const char *const known[][2] = {
        {"", "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da"
             "274edebfe76f65fbd51ad2f14898b95b"},
        {"abc", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                "8086072ba1e7cc2358baeca134c825a7"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
         "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
         "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712"
         "fcc7c71a557e2db966c3e9fa91746039"},
    };
    uint8_t got[48], want[48];

    (void)state;
    for (size_t i = 0; i < COUNT(known); i++) {
        alc_sha384(got, alc_cstr(known[i][0]));
        unhex(want, sizeof want, known[i][1]);
        assert_memory_equal(got, want, 48);
    }
    alc_sha384(got, (struct alc_bytes){NULL, 0});
    unhex(want, sizeof want, known[0][1]);
    assert_memory_equal(got, want, 48);
}

struct known {
    const char *scalar; /* NULL: not published */
    const char *key, *message_hex, *r, *s;
};

static const struct known known[] = {
    /* RFC 6979, A.2.5, "sample" (its s is above half the order) and "test" */
    {"c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
     "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
     "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
     "73616d706c65", "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
    {"c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
     "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
     "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
     "74657374", "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
     "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"},
    /* NIST CAVP, FIPS 186-4 SigGen, P-256 with SHA-256, the first */
    {"519b423d715f8b581f4fa8ee59f4771a5b44c8130b4e3eacca54a56dda72b464",
     "1ccbe91c075fc7f4f033bfa248db8fccd3565de94bbfb12f3c59ff46c271bf83"
     "ce4014c68811f9a21a1fdb2c0e6113e06db7ca93b7404e78dc7ccd5ca89a4ca9",
     "5905238877c77421f73e43ee3da6f2d9e2ccad5fc942dcec0cbd25482935faaf416983fe165b1a045ee2bcd2e6dca"
     "3"
     "bdf46c4310a7461f9a37960ca672d3feb5473e253605fb1ddfd28065b53cb5858a8ad28175bf9bd386a5e471ea7a6"
     "5"
     "c17cc934a9d791e91491eb3754d03799790fe2d308d16146d5c9b0d0debd97d79ce8",
     "f3ac8061b514795b8843e3d6629527ed2afd6b1f6a555a7acabb5e6f79c8c2ac",
     "8bf77819ca05a6b2786c76262bf7371cef97b218e96f175a3ccdda2acc058903"},
    /* Project Wycheproof: the nonce's point has an x above the order, so that r is x minus it */
    {NULL,
     "0ad99500288d466940031d72a9f5445a4d43784640855bf0a69874d2de5fe103"
     "c5011e6ef2c42dcd50d5d3d29f99ae6eba2c80c9244f4c5422f0979ff0c3ba5e",
     "313233343030", "000000000000000000000000000000004319055358e8617b0c46353d039cdaab",
     "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63254e"},
};

struct given {
    uint8_t sig[64], key[64];
    struct alc_hash digest;
};

static struct given given(const struct known *k)
{
    struct given g;
    uint8_t message[256];
    unhex(g.key, sizeof g.key, k->key);
    unhex(g.sig, 32, k->r);
    unhex(g.sig + 32, 32, k->s);
    alc_sha256(&g.digest, unhex(message, sizeof message, k->message_hex));
    return g;
}

static void published_signatures_are_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(known); i++) {
        struct given g = given(&known[i]);
        assert_true(alc_p256_verify(g.sig, g.key, &g.digest));
    }
}

static void a_published_scalar_gives_its_published_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(known); i++) {
        struct given g = given(&known[i]);
        struct alc_p256 k = {0};
        uint8_t scalar[32];
        if (known[i].scalar == NULL) continue;
        unhex(scalar, sizeof scalar, known[i].scalar);
        assert_int_equal(alc_p256_init(&k, scalar), ALC_OK);
        assert_memory_equal(k.public_key, g.key, 64);
        assert_memory_equal(k.key.p, scalar, 32);
        alc_p256_fini(&k);
        assert_null(k.key.p);
    }
}

static const char order[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
static const char prime[] = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";

/* a - b, both 32 bytes big endian. */
static void minus(uint8_t out[32], const uint8_t a[32], const uint8_t b[32])
{
    int borrow = 0;
    for (int i = 32; i-- > 0;) {
        int d = a[i] - b[i] - borrow;
        borrow = d < 0;
        out[i] = (uint8_t)(d + 256 * borrow);
    }
}

static void plus(uint8_t out[32], const uint8_t a[32], const uint8_t b[32])
{
    unsigned carry = 0;
    for (int i = 32; i-- > 0;) {
        carry += (unsigned)a[i] + b[i];
        out[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

static void both_forms_of_s_are_accepted(void **state)
{
    struct given g = given(&known[0]);
    uint8_t n[32];

    (void)state;
    unhex(n, sizeof n, order);
    minus(g.sig + 32, n, g.sig + 32);
    assert_true(g.sig[32] < 0x80); /* the published one is the high form */
    assert_true(alc_p256_verify(g.sig, g.key, &g.digest));
}

static void every_changed_byte_is_noticed(void **state)
{
    const struct given good = given(&known[0]);
    (void)state;
    for (size_t i = 0; i < 64; i++) {
        struct given g = good;
        g.sig[i] ^= 1;
        assert_false(alc_p256_verify(g.sig, g.key, &g.digest));
        g = good;
        g.key[i] ^= 1;
        assert_false(alc_p256_verify(g.sig, g.key, &g.digest));
    }
    for (size_t i = 0; i < 32; i++) {
        struct given g = good;
        g.digest.b[i] ^= 0x80;
        assert_false(alc_p256_verify(g.sig, g.key, &g.digest));
    }
}

static void r_and_s_outside_their_range_are_refused(void **state)
{
    static const char *const outside[] = {
        "0000000000000000000000000000000000000000000000000000000000000000", order,
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552", prime,
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(outside); i++)
        for (size_t j = 0; j < COUNT(outside); j++) {
            struct given g = given(&known[1]);
            unhex(g.sig, 32, outside[i]);
            assert_false(alc_p256_verify(g.sig, g.key, &g.digest));
            g = given(&known[1]);
            unhex(g.sig + 32, 32, outside[j]);
            assert_false(alc_p256_verify(g.sig, g.key, &g.digest));
            unhex(g.sig, 32, outside[i]);
            assert_false(alc_p256_verify(g.sig, g.key, &g.digest));
        }
}

static void r_plus_the_order_is_not_r(void **state)
{
    struct given g = given(&known[3]); /* its r is small enough for r + n to fit */
    uint8_t n[32];
    (void)state;
    unhex(n, sizeof n, order);
    plus(g.sig, g.sig, n);
    assert_false(alc_p256_verify(g.sig, g.key, &g.digest));
}

static void keys_that_are_no_points_are_refused(void **state)
{
    struct given g = given(&known[0]);
    uint8_t p[32];

    (void)state;
    memset(g.key, 0, 64); /* how some write the point at infinity */
    assert_false(alc_p256_verify(g.sig, g.key, &g.digest));
    g = given(&known[0]);
    memset(g.key + 32, 0, 32);
    assert_false(alc_p256_verify(g.sig, g.key, &g.digest));
    memset(g.key, 0xff, 64);
    assert_false(alc_p256_verify(g.sig, g.key, &g.digest));
    g = given(&known[0]); /* the same points of the field, but not in their one form */
    unhex(p, sizeof p, prime);
    memcpy(g.key, p, 32);
    assert_false(alc_p256_verify(g.sig, g.key, &g.digest));
    memcpy(g.key + 32, p, 32);
    assert_false(alc_p256_verify(g.sig, g.key, &g.digest));
}

static void the_point_below_is_another_key(void **state)
{
    struct given g = given(&known[0]);
    uint8_t p[32];
    (void)state;
    unhex(p, sizeof p, prime);
    minus(g.key + 32, p, g.key + 32); /* on the curve, so the key itself is fine */
    assert_false(alc_p256_verify(g.sig, g.key, &g.digest));
}

/* With key = generator (scalar 1) and r = -e, s anything: u1 G + u2 Q is no point. */
static void a_sum_at_infinity_is_refused(void **state)
{
    struct alc_p256 one = {0};
    uint8_t scalar[32] = {0}, n[32], sig[64];
    struct alc_hash digest = {{0}};

    (void)state;
    scalar[31] = 1;
    assert_int_equal(alc_p256_init(&one, scalar), ALC_OK);
    digest.b[31] = 5;
    unhex(n, sizeof n, order);
    minus(sig, n, digest.b);
    memset(sig + 32, 0, 32);
    sig[63] = 7;
    assert_false(alc_p256_verify(sig, one.public_key, &digest));
    alc_p256_fini(&one);
}

static void scalars_outside_their_range_make_no_key(void **state)
{
    struct alc_p256 k = {0};
    uint8_t scalar[32] = {0};
    (void)state;
    assert_int_equal(alc_p256_init(&k, scalar), ALC_BAD_INPUT);
    unhex(scalar, sizeof scalar, order);
    assert_int_equal(alc_p256_init(&k, scalar), ALC_BAD_INPUT);
    memset(scalar, 0xff, sizeof scalar);
    assert_int_equal(alc_p256_init(&k, scalar), ALC_BAD_INPUT);
    assert_null(k.key.p);
    unhex(scalar, sizeof scalar, order);
    scalar[31]--; /* the greatest */
    assert_int_equal(alc_p256_init(&k, scalar), ALC_OK);
    alc_p256_fini(&k);
}

static void what_a_made_key_signs_verifies_under_it_alone(void **state)
{
    struct alc_p256 a = {0}, b = {0};
    struct alc_hash digest;
    uint8_t first[64], second[64];

    (void)state;
    assert_int_equal(alc_p256_make(&a), ALC_OK);
    assert_int_equal(alc_p256_make(&b), ALC_OK);
    assert_memory_not_equal(a.public_key, b.public_key, 64);
    for (uint8_t i = 0; i < 50; i++) {
        alc_sha256(&digest, (struct alc_bytes){&i, 1});
        assert_int_equal(alc_p256_sign(first, &a, &digest), ALC_OK);
        assert_int_equal(alc_p256_sign(second, &a, &digest), ALC_OK);
        assert_true(alc_p256_verify(first, a.public_key, &digest));
        assert_true(alc_p256_verify(second, a.public_key, &digest));
        assert_memory_not_equal(first, second, 32); /* a nonce that repeats gives the key away */
        assert_false(alc_p256_verify(first, b.public_key, &digest));
    }
    alc_p256_fini(&a);
    alc_p256_fini(&b);
}

static void *verify_often(void *arg)
{
    size_t wrong = 0;
    for (size_t i = 0; i < 200; i++) {
        struct given g = given(&known[i % COUNT(known)]);
        if (!alc_p256_verify(g.sig, g.key, &g.digest)) wrong++;
        g.sig[40] ^= 1;
        if (alc_p256_verify(g.sig, g.key, &g.digest)) wrong++;
    }
    *(size_t *)arg = wrong;
    return NULL;
}

static void threads_verify_side_by_side(void **state)
{
    pthread_t t[4];
    size_t wrong[4];
    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&t[i], NULL, verify_often, &wrong[i]), 0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(t[i], NULL), 0);
        assert_int_equal(wrong[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha384_agrees_with_the_standard),
        cmocka_unit_test(published_signatures_are_accepted),
        cmocka_unit_test(a_published_scalar_gives_its_published_key),
        cmocka_unit_test(both_forms_of_s_are_accepted),
        cmocka_unit_test(every_changed_byte_is_noticed),
        cmocka_unit_test(r_and_s_outside_their_range_are_refused),
        cmocka_unit_test(r_plus_the_order_is_not_r),
        cmocka_unit_test(keys_that_are_no_points_are_refused),
        cmocka_unit_test(the_point_below_is_another_key),
        cmocka_unit_test(a_sum_at_infinity_is_refused),
        cmocka_unit_test(scalars_outside_their_range_make_no_key),
        cmocka_unit_test(what_a_made_key_signs_verifies_under_it_alone),
        cmocka_unit_test(threads_verify_side_by_side),
    };
    alc_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
