/* tests/contract/test_register_p256.c — the register contract's own P-256 beside OpenSSL's. */
#include "base/enc.h"
#include "crypto/crypto.h"
#include "p256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEYS 400u
#define PER_KEY 4u

static const char p_hex[] = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
static const char n_hex[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

struct given {
    uint8_t sig[64], key[64];
    struct alc_hash digest;
};

static void unhex(uint8_t *out, size_t cap, const char *text)
{
    size_t n;
    assert_true(alc_hex_decode(out, cap, &n, alc_cstr(text)));
    assert_int_equal(n, cap);
}

/* same: both say the same, which is returned. */
static bool same(const struct given *g)
{
    bool theirs = alc_p256_verify(g->sig, g->key, &g->digest);
    assert_int_equal(p256_check(g->sig, g->key, &g->digest), theirs);
    return theirs;
}

static struct given signed_by(const struct alc_p256 *k)
{
    struct given g;
    alc_random(g.digest.b, sizeof g.digest.b);
    memcpy(g.key, k->public_key, sizeof g.key);
    assert_int_equal(alc_p256_sign(g.sig, k, &g.digest), ALC_OK);
    return g;
}

/* big endian: out = n - in */
static void minus(uint8_t out[32], const uint8_t in[32])
{
    uint8_t n[32];
    int borrow = 0;
    unhex(n, sizeof n, n_hex);
    for (size_t i = 32; i-- > 0;) {
        int d = n[i] - in[i] - borrow;
        borrow = d < 0;
        out[i] = (uint8_t)(d & 255);
    }
}

static void published_signatures_are_accepted(void **state)
{
    static const struct {
        const char *key, *message, *r, *s;
    } known[] = {
        /* RFC 6979, A.2.5 */
        {"60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
         "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
         "sample", "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
         "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
        {"60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
         "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
         "test", "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
         "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"},
        /* Project Wycheproof: the point's x is above the order, so r is x minus it */
        {"0ad99500288d466940031d72a9f5445a4d43784640855bf0a69874d2de5fe103"
         "c5011e6ef2c42dcd50d5d3d29f99ae6eba2c80c9244f4c5422f0979ff0c3ba5e",
         "123400", "000000000000000000000000000000004319055358e8617b0c46353d039cdaab",
         "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63254e"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct given g;
        unhex(g.key, 64, known[i].key);
        unhex(g.sig, 32, known[i].r);
        unhex(g.sig + 32, 32, known[i].s);
        alc_sha256(&g.digest, alc_cstr(known[i].message));
        assert_true(same(&g));
        minus(g.sig + 32, g.sig + 32); /* the other s of the same signature */
        assert_true(same(&g));
    }
}

static void random_signatures_and_their_mutations_are_judged_alike(void **state)
{
    unsigned accepted = 0, refused = 0;

    (void)state;
    for (unsigned k = 0; k < KEYS; k++) {
        struct alc_p256 key = {0};
        assert_int_equal(alc_p256_make(&key), ALC_OK);
        for (unsigned i = 0; i < PER_KEY; i++) {
            struct given g = signed_by(&key), bad;
            uint8_t where[2];

            assert_true(same(&g));
            accepted++;
            alc_random(where, sizeof where);
            bad = g;
            bad.sig[where[0] % 64] ^= (uint8_t)(1u << where[1] % 8);
            refused += !same(&bad);
            bad = g;
            bad.digest.b[where[0] % 32] ^= (uint8_t)(1u << where[1] % 8);
            refused += !same(&bad);
            bad = g;
            bad.key[where[0] % 64] ^= (uint8_t)(1u << where[1] % 8);
            refused += !same(&bad);
        }
        alc_p256_fini(&key);
    }
    assert_int_equal(accepted, KEYS * PER_KEY);
    assert_int_equal(refused, 3 * KEYS * PER_KEY);
}

/* Numbers at the edges, in every place at once: r, s, digest; and keys with scalars whose points
 * meet in the sum (equal, opposite). */
static void numbers_at_the_edges_are_judged_alike(void **state)
{
    static const char *const edges[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000001",
        "0000000000000000000000000000000000000000000000000000000000000002",
        "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8",
        "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a9",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550",
        n_hex,
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552",
        "ffffffff00000001000000000000000000000000fffffffffffffffffffffffe",
        p_hex,
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        /* x of the generator: the sum of a key with itself and its neighbours */
        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
    };
    static const char *const scalars[] = {
        "0000000000000000000000000000000000000000000000000000000000000001",
        "0000000000000000000000000000000000000000000000000000000000000002",
        "0000000000000000000000000000000000000000000000000000000000000003",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63254f",
        "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8",
    };
    const size_t count = sizeof edges / sizeof edges[0];

    (void)state;
    for (size_t k = 0; k < sizeof scalars / sizeof scalars[0]; k++) {
        struct alc_p256 key = {0};
        struct given g, fine;
        uint8_t scalar[32];

        unhex(scalar, sizeof scalar, scalars[k]);
        assert_int_equal(alc_p256_init(&key, scalar), ALC_OK);
        fine = signed_by(&key);
        assert_true(same(&fine));
        memcpy(g.key, key.public_key, 64);
        for (size_t r = 0; r < count; r++)
            for (size_t s = 0; s < count; s++)
                for (size_t e = 0; e < count; e++) {
                    unhex(g.sig, 32, edges[r]);
                    unhex(g.sig + 32, 32, edges[s]);
                    unhex(g.digest.b, 32, edges[e]);
                    (void)same(&g);
                }
        /* A digest at an edge, signed. */
        for (size_t e = 0; e < count; e++) {
            unhex(g.digest.b, 32, edges[e]);
            assert_int_equal(alc_p256_sign(g.sig, &key, &g.digest), ALC_OK);
            assert_true(same(&g));
        }
        alc_p256_fini(&key);
    }
}

static void points_off_the_curve_are_none(void **state)
{
    struct alc_p256 k = {0};
    uint8_t key[64], p[32];
    size_t off = 0;

    (void)state;
    assert_int_equal(alc_p256_make(&k), ALC_OK);
    memcpy(key, k.public_key, 64);
    assert_true(p256_on_curve(key));
    for (size_t bit = 0; bit < 512; bit++) {
        key[bit / 8] ^= (uint8_t)(1u << bit % 8);
        off += !p256_on_curve(key);
        key[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(off, 512);

    /* The other point of this x is on it, and its parity alone is not a proof. */
    unhex(p, sizeof p, p_hex);
    for (size_t i = 32, borrow = 0; i-- > 0;) {
        int d = p[i] - key[32 + i] - (int)borrow;
        borrow = d < 0;
        key[32 + i] = (uint8_t)(d & 255);
    }
    assert_true(p256_on_curve(key));
    key[63] ^= 2;
    assert_false(p256_on_curve(key));

    memset(key, 0, sizeof key); /* how some write the point at infinity */
    assert_false(p256_on_curve(key));
    memset(key, 0xff, sizeof key);
    assert_false(p256_on_curve(key));
    alc_p256_fini(&k);
}

/* x = 5 + p is 5 modulo p, which has a point: only numbers below p are coordinates. */
static void coordinates_are_reduced(void **state)
{
    uint8_t key[64];

    (void)state;
    unhex(key, 32, "0000000000000000000000000000000000000000000000000000000000000005");
    unhex(key + 32, 32, "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc");
    assert_true(p256_on_curve(key));
    unhex(key, 32, "ffffffff00000001000000000000000000000001000000000000000000000004");
    assert_false(p256_on_curve(key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_signatures_are_accepted),
        cmocka_unit_test(random_signatures_and_their_mutations_are_judged_alike),
        cmocka_unit_test(numbers_at_the_edges_are_judged_alike),
        cmocka_unit_test(points_off_the_curve_are_none),
        cmocka_unit_test(coordinates_are_reduced),
    };
    alc_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
