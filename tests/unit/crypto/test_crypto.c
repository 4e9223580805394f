#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/enc.h"
#include "crypto/crypto.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Hexadecimal into a buffer of the test's. */
static struct alc_bytes unhex(uint8_t *out, size_t cap, const char *text)
{
    size_t n;
    assert_true(alc_hex_decode(out, cap, &n, alc_cstr(text)));
    return (struct alc_bytes){out, n};
}

static void assert_hex(const uint8_t *got, size_t n, const char *want)
{
    uint8_t bytes[256];
    assert_int_equal(unhex(bytes, sizeof bytes, want).n, n);
    assert_memory_equal(got, bytes, n);
}

/* ---- SHA-256: the examples of FIPS 180-2, appendix B, and the empty text ---- */

static const char *const sha256[][2] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};
static const char *const sha256_million_a =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

static void sha256_agrees_with_the_standard(void **state)
{
    struct alc_hash h;
    (void)state;
    for (size_t i = 0; i < COUNT(sha256); i++) {
        alc_sha256(&h, alc_cstr(sha256[i][0]));
        assert_hex(h.b, 32, sha256[i][1]);
    }
    alc_sha256(&h, (struct alc_bytes){NULL, 0});
    assert_hex(h.b, 32, sha256[0][1]);
}

static void pieces_make_the_same_hash(void **state)
{
    static uint8_t million[1000000];
    struct alc_sha256 s;
    struct alc_hash h;
    (void)state;
    memset(million, 'a', sizeof million);
    for (size_t piece = 1; piece < sizeof million; piece = piece * 7 + 1) {
        alc_sha256_init(&s);
        for (size_t i = 0; i < sizeof million; i += piece) {
            size_t n = sizeof million - i < piece ? sizeof million - i : piece;
            alc_sha256_update(&s, (struct alc_bytes){million + i, n});
            alc_sha256_update(&s, (struct alc_bytes){NULL, 0});
        }
        alc_sha256_final(&s, &h);
        assert_hex(h.b, 32, sha256_million_a);
    }
}

static void a_copy_forks_the_hash(void **state)
{
    struct alc_sha256 s, fork;
    struct alc_hash h;
    (void)state;
    alc_sha256_init(&s);
    alc_sha256_update(&s, ALC_LIT("ab"));
    fork = s;
    alc_sha256_update(&fork, ALC_LIT("other"));
    alc_sha256_final(&fork, &h);
    alc_sha256_update(&s, ALC_LIT("c"));
    alc_sha256_final(&s, &h);
    assert_hex(h.b, 32, sha256[1][1]);
}

/* ---- HMAC-SHA-256: RFC 4231, cases 1 to 4, 6 and 7 (5 is about truncation) ---- */

struct hmac_case {
    const char *key, *data, *mac; /* hexadecimal */
};

static const struct hmac_case hmac[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "ddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
     "ddd"
     "dddd",
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {"0102030405060708090a0b0c0d0e0f10111213141516171819",
     "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdc"
     "dcd"
     "cdcd",
     "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
};
static const char *const hmac_long_key[][2] = {
    {"Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {"This is a test using a larger than block-size key and a larger than block-size data. The key "
     "needs to be hashed before being used by the HMAC algorithm.",
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
};

static void hmac_agrees_with_the_rfc(void **state)
{
    uint8_t key[131], data[64];
    struct alc_hash h;
    (void)state;
    for (size_t i = 0; i < COUNT(hmac); i++) {
        struct alc_bytes k = unhex(key, sizeof key, hmac[i].key);
        alc_hmac_sha256(&h, k, unhex(data, sizeof data, hmac[i].data));
        assert_hex(h.b, 32, hmac[i].mac);
    }
    memset(key, 0xaa, sizeof key);
    for (size_t i = 0; i < COUNT(hmac_long_key); i++) {
        alc_hmac_sha256(&h, (struct alc_bytes){key, sizeof key}, alc_cstr(hmac_long_key[i][0]));
        assert_hex(h.b, 32, hmac_long_key[i][1]);
    }
}

static void hmac_takes_empty_keys_and_texts(void **state)
{
    struct alc_hash h;
    (void)state;
    alc_hmac_sha256(&h, (struct alc_bytes){NULL, 0}, (struct alc_bytes){NULL, 0});
    /* `openssl dgst -sha256 -hmac ''` of nothing */
    assert_hex(h.b, 32, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

/* ---- Ed25519: RFC 8032 §7.1, tests 1 to 3 ---- */

struct ed25519_case {
    const char *seed, *public_key, *message, *signature;
};

static const struct ed25519_case ed25519[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

static void ed25519_agrees_with_the_rfc(void **state)
{
    uint8_t seed[32], message[8], sig[64];
    (void)state;
    for (size_t i = 0; i < COUNT(ed25519); i++) {
        struct alc_bytes m = unhex(message, sizeof message, ed25519[i].message);
        struct alc_ed25519 k = {0};
        unhex(seed, sizeof seed, ed25519[i].seed);
        assert_int_equal(alc_ed25519_init(&k, seed), ALC_OK);
        assert_hex(k.public_key.b, 32, ed25519[i].public_key);
        assert_int_equal(k.key.n, 64);
        assert_memory_equal(k.key.p, seed, 32);
        assert_memory_equal(k.key.p + 32, k.public_key.b, 32);
        alc_ed25519_sign(sig, &k, m);
        assert_hex(sig, 64, ed25519[i].signature);
        assert_true(alc_ed25519_verify(sig, &k.public_key, m));
        alc_ed25519_fini(&k);
    }
}

static void a_tampered_signature_message_or_key_is_refused(void **state)
{
    const struct alc_bytes m = ALC_LIT("pay bob 1");
    struct alc_ed25519 k = {0}, other = {0};
    uint8_t sig[64];
    (void)state;
    assert_int_equal(alc_ed25519_make(&k), ALC_OK);
    assert_int_equal(alc_ed25519_make(&other), ALC_OK);
    alc_ed25519_sign(sig, &k, m);
    assert_true(alc_ed25519_verify(sig, &k.public_key, m));
    assert_false(alc_ed25519_verify(sig, &k.public_key, ALC_LIT("pay bob 2")));
    assert_false(alc_ed25519_verify(sig, &k.public_key, ALC_LIT("pay bob 1 ")));
    assert_false(alc_ed25519_verify(sig, &other.public_key, m));
    for (size_t bit = 0; bit < 512; bit++) {
        sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(alc_ed25519_verify(sig, &k.public_key, m));
        sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    alc_ed25519_fini(&other);
    alc_ed25519_fini(&k);
}

/* The group's order added to s gives the same equation and a second signature: RFC 8032 §5.1.7
 * wants it refused. */
static void a_second_signature_cannot_be_made_from_the_first(void **state)
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                      0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    struct alc_ed25519 k = {0};
    uint8_t sig[64];
    unsigned carry = 0;
    (void)state;
    assert_int_equal(alc_ed25519_make(&k), ALC_OK);
    alc_ed25519_sign(sig, &k, ALC_LIT("once"));
    for (size_t i = 0; i < 32; i++) {
        carry += (unsigned)sig[32 + i] + order[i];
        sig[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_false(alc_ed25519_verify(sig, &k.public_key, ALC_LIT("once")));
    alc_ed25519_fini(&k);
}

/* With the neutral element as key and as R, and s = 0, the bare equation holds for any message. */
static void a_key_of_small_order_signs_nothing(void **state)
{
    const struct alc_hash neutral = {{1}};
    const uint8_t sig[64] = {1};
    (void)state;
    assert_false(alc_ed25519_verify(sig, &neutral, ALC_LIT("anything")));
}

static void made_keys_differ(void **state)
{
    struct alc_ed25519 a = {0}, b = {0};
    (void)state;
    assert_int_equal(alc_ed25519_make(&a), ALC_OK);
    assert_int_equal(alc_ed25519_make(&b), ALC_OK);
    assert_false(alc_hash_eq(&a.public_key, &b.public_key));
    alc_ed25519_fini(&a);
    assert_null(a.key.p);
    alc_ed25519_fini(&a);
    alc_ed25519_fini(&b);
    alc_ed25519_fini(NULL);
}

/* ---- secp256k1: deterministic signatures (RFC 6979) of the key 1, as Bitcoin's libraries publish
 * them; the message is hashed with SHA-256 ---- */

static const char *const generator =
    "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";

static const char *const secp256k1[][2] = {
    {"Satoshi Nakamoto", "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
                         "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5"},
    {"All those moments will be lost in time, like tears in rain. Time to die...",
     "8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b"
     "547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21"},
};

static void secp256k1_agrees_with_what_bitcoin_signs(void **state)
{
    uint8_t key[64], sig[64];
    struct alc_hash digest, other = {{0}};
    (void)state;
    unhex(key, sizeof key, generator);
    for (size_t i = 0; i < COUNT(secp256k1); i++) {
        alc_sha256(&digest, alc_cstr(secp256k1[i][0]));
        unhex(sig, sizeof sig, secp256k1[i][1]);
        assert_true(alc_secp256k1_verify(sig, key, &digest));
        assert_false(alc_secp256k1_verify(sig, key, &other));
        for (size_t byte = 0; byte < 64; byte++) {
            sig[byte] ^= 1;
            assert_false(alc_secp256k1_verify(sig, key, &digest));
            sig[byte] ^= 1;
        }
    }
}

static void the_high_s_is_accepted(void **state)
{
    uint8_t key[64], sig[64], order[32];
    struct alc_hash digest;
    int borrow = 0;
    (void)state;
    unhex(key, sizeof key, generator);
    unhex(sig, sizeof sig, secp256k1[0][1]);
    unhex(order, sizeof order, "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
    for (size_t i = 32; i-- > 0;) { /* s = n - s */
        int d = order[i] - sig[32 + i] - borrow;
        borrow = d < 0;
        sig[32 + i] = (uint8_t)(d + (borrow ? 256 : 0));
    }
    alc_sha256(&digest, alc_cstr(secp256k1[0][0]));
    assert_true(alc_secp256k1_verify(sig, key, &digest));
}

static void keys_and_signatures_outside_the_curve_are_refused(void **state)
{
    uint8_t key[64], sig[64], zeroes[64] = {0}, ones[64];
    struct alc_hash digest;
    (void)state;
    memset(ones, 0xff, sizeof ones);
    unhex(key, sizeof key, generator);
    unhex(sig, sizeof sig, secp256k1[0][1]);
    alc_sha256(&digest, alc_cstr(secp256k1[0][0]));
    assert_false(alc_secp256k1_verify(zeroes, key, &digest));
    assert_false(alc_secp256k1_verify(ones, key, &digest));
    assert_false(alc_secp256k1_verify(sig, zeroes, &digest));
    assert_false(alc_secp256k1_verify(sig, ones, &digest));
    key[63] ^= 1; /* not on the curve */
    assert_false(alc_secp256k1_verify(sig, key, &digest));
}

/* ---- secrets, randomness ---- */

static void secrets_begin_as_zeroes_and_end_as_nothing(void **state)
{
    struct alc_secret s = {0};
    (void)state;
    alc_secret_fini(&s);
    assert_int_equal(alc_secret_init(&s, 100), ALC_OK);
    assert_int_equal(s.n, 100);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(s.p[i], 0);
    memset(s.p, 0xaa, 100);
    alc_secret_fini(&s);
    assert_null(s.p);
    assert_int_equal(s.n, 0);
    alc_secret_fini(&s);
    alc_secret_fini(NULL);
    assert_int_equal(alc_secret_init(&s, 0), ALC_OK);
    alc_secret_fini(&s);
}

static void a_secret_over_all_memory_is_told(void **state)
{
    struct alc_secret s = {0};
    (void)state;
    assert_int_equal(alc_secret_init(&s, SIZE_MAX), ALC_NOMEM);
    assert_int_equal(alc_secret_init(&s, SIZE_MAX / 2), ALC_NOMEM);
    assert_null(s.p);
}

/* A read behind a secret ends the process: the page there is not ours to read. */
static void behind_a_secret_lies_a_wall(void **state)
{
    struct alc_secret s = {0};
    int status;
    pid_t child;
    (void)state;
    assert_int_equal(alc_secret_init(&s, 32), ALC_OK);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        volatile uint8_t *p = s.p;
        signal(SIGSEGV, SIG_DFL); /* a sanitizer's own would write a report */
        _exit(p[4096] == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
    alc_secret_fini(&s);
}

static void comparison_sees_every_byte(void **state)
{
    uint8_t a[32] = {0}, b[32] = {0};
    (void)state;
    assert_true(alc_equal_ct(a, b, 32));
    for (size_t i = 0; i < 32; i++) {
        b[i] = 0x80;
        assert_false(alc_equal_ct(a, b, 32));
        b[i] = 0;
    }
    assert_true(alc_equal_ct(a, b, 0));
}

static void random_bytes_fill_all_and_do_not_repeat(void **state)
{
    uint8_t a[64] = {0}, b[64] = {0}, any[64] = {0};
    (void)state;
    alc_random(a, 32);
    for (size_t i = 32; i < 64; i++)
        assert_int_equal(a[i], 0);
    alc_random(b, 32);
    assert_memory_not_equal(a, b, 32);
    for (int i = 0; i < 100; i++) { /* a byte that is never written stays 0: 2^-800 by chance */
        alc_random(a, 64);
        for (size_t k = 0; k < 64; k++)
            any[k] |= a[k];
    }
    for (size_t k = 0; k < 64; k++)
        assert_int_not_equal(any[k], 0);
}

static int set_up(void **state)
{
    (void)state;
    alc_crypto_init();
    alc_crypto_init(); /* any number of times */
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_agrees_with_the_standard),
        cmocka_unit_test(pieces_make_the_same_hash),
        cmocka_unit_test(a_copy_forks_the_hash),
        cmocka_unit_test(hmac_agrees_with_the_rfc),
        cmocka_unit_test(hmac_takes_empty_keys_and_texts),
        cmocka_unit_test(ed25519_agrees_with_the_rfc),
        cmocka_unit_test(a_tampered_signature_message_or_key_is_refused),
        cmocka_unit_test(a_second_signature_cannot_be_made_from_the_first),
        cmocka_unit_test(a_key_of_small_order_signs_nothing),
        cmocka_unit_test(made_keys_differ),
        cmocka_unit_test(secp256k1_agrees_with_what_bitcoin_signs),
        cmocka_unit_test(the_high_s_is_accepted),
        cmocka_unit_test(keys_and_signatures_outside_the_curve_are_refused),
        cmocka_unit_test(secrets_begin_as_zeroes_and_end_as_nothing),
        cmocka_unit_test(a_secret_over_all_memory_is_told),
        cmocka_unit_test(behind_a_secret_lies_a_wall),
        cmocka_unit_test(comparison_sees_every_byte),
        cmocka_unit_test(random_bytes_fill_all_and_do_not_repeat),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
