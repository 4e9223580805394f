#include "base/enc.h"
#include "base_test.h"

struct pair {
    const char *plain; /* hexadecimal, or text */
    const char *coded;
};

/* RFC 4648 §10. */
static const struct pair base64[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

/* Bitcoin Core, src/test/data/base58_encode_decode.json. */
static const struct pair base58[] = {
    {"", ""},
    {"61", "2g"},
    {"626262", "a3gV"},
    {"636363", "aPEr"},
    {"73696d706c792061206c6f6e6720737472696e67", "2cFupjhnEsSn59qHXstmK2ffpLv2"},
    {"00eb15231dfceb60925886b67d065299925915aeb172c06647", "1NS17iag9jJgTHD1VXjvLCEnZuQ3rJDE9L"},
    {"516b6fcd0f", "ABnLTmg"},
    {"bf4f89001e670274dd", "3SEo3LWLoPntC"},
    {"572e4794", "3EFU7m"},
    {"ecac89cad93923c02321", "EJDM8drfXA6uyA"},
    {"10c8511e", "Rt5zm"},
    {"00000000000000000000", "1111111111"},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct alc_bytes text_of(const char *p, size_t n)
{
    return (struct alc_bytes){(const uint8_t *)p, n};
}

static void base64_agrees_with_the_rfc(void **state)
{
    char text[64];
    uint8_t bytes[64];
    size_t n;
    (void)state;
    for (size_t i = 0; i < COUNT(base64); i++) {
        assert_true(alc_base64_encode(text, sizeof text, &n, alc_cstr(base64[i].plain)));
        assert_text(text_of(text, n), base64[i].coded);
        assert_true(alc_base64_decode(bytes, sizeof bytes, &n, alc_cstr(base64[i].coded)));
        assert_text((struct alc_bytes){bytes, n}, base64[i].plain);
    }
}

static void base64_uses_the_whole_alphabet(void **state)
{
    const char *all = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t bytes[48];
    char text[64];
    size_t n;
    (void)state;
    assert_true(alc_base64_decode(bytes, sizeof bytes, &n, alc_cstr(all)));
    assert_int_equal(n, 48);
    assert_true(alc_base64_encode(text, sizeof text, &n, (struct alc_bytes){bytes, 48}));
    assert_text(text_of(text, n), all);
}

static void malformed_base64_is_refused(void **state)
{
    static const char *const bad[] = {"Z",    "Zg",   "Zg=",  "Zg===",    "=",       "====",
                                      "Z===", "Zh==", "Zm9=", "Zg==Zg==", "Zm9v\n",  "Zm 9",
                                      "Zm-_", "Zm9*", "=Zg=", "Zg=v",     "Zm9vYg=A"};
    uint8_t bytes[64];
    size_t n = 77;
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        if (alc_base64_decode(bytes, sizeof bytes, &n, alc_cstr(bad[i])))
            fail_msg("'%s' was taken", bad[i]);
    assert_int_equal(n, 77);
}

static void base58_agrees_with_bitcoin(void **state)
{
    char text[64];
    uint8_t bytes[64], back[64];
    size_t n, m;
    (void)state;
    for (size_t i = 0; i < COUNT(base58); i++) {
        assert_true(alc_hex_decode(bytes, sizeof bytes, &n, alc_cstr(base58[i].plain)));
        assert_true(alc_base58_encode(text, sizeof text, &m, (struct alc_bytes){bytes, n}));
        assert_text(text_of(text, m), base58[i].coded);
        assert_true(alc_base58_decode(back, sizeof back, &m, alc_cstr(base58[i].coded)));
        assert_int_equal(m, n);
        assert_memory_equal(back, bytes, n);
    }
}

static void malformed_base58_is_refused(void **state)
{
    static const char *const bad[] = {"0", "O", "I", "l", "a b", "2g=", "a\n", "+"};
    uint8_t bytes[64];
    size_t n;
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(alc_base58_decode(bytes, sizeof bytes, &n, alc_cstr(bad[i])));
}

static void base58_is_for_short_things(void **state)
{
    uint8_t bytes[ALC_BASE58_MAX_BYTES + 1], back[ALC_BASE58_MAX_BYTES + 1];
    char text[ALC_BASE58_CHARS(ALC_BASE58_MAX_BYTES) + 8];
    size_t n, m;
    (void)state;
    memset(bytes, 0xff, sizeof bytes);
    assert_false(alc_base58_encode(text, sizeof text, &n, (struct alc_bytes){bytes, sizeof bytes}));
    assert_true(
        alc_base58_encode(text, sizeof text, &n, (struct alc_bytes){bytes, sizeof bytes - 1}));
    assert_true(n <= ALC_BASE58_CHARS(ALC_BASE58_MAX_BYTES));
    assert_true(alc_base58_decode(back, sizeof back, &m, text_of(text, n)));
    assert_int_equal(m, sizeof bytes - 1);
    assert_memory_equal(back, bytes, m);
    text[n] = 'z'; /* 58 times as much does not fit any more */
    assert_false(alc_base58_decode(back, sizeof back, &m, text_of(text, n + 1)));
}

static void hex_is_written_small_and_read_in_both(void **state)
{
    const uint8_t bytes[] = {0x00, 0x9a, 0xbc, 0xff};
    uint8_t back[4];
    char text[8];
    size_t n;
    (void)state;
    assert_true(alc_hex_encode(text, sizeof text, &n, (struct alc_bytes){bytes, 4}));
    assert_text(text_of(text, n), "009abcff");
    assert_true(alc_hex_decode(back, sizeof back, &n, ALC_LIT("009ABcFf")));
    assert_int_equal(n, 4);
    assert_memory_equal(back, bytes, 4);
}

static void malformed_hex_is_refused(void **state)
{
    static const char *const bad[] = {"0", "0g", "g0", "0x", " 0", "0:", "0/", "0@", "0`", "000"};
    uint8_t bytes[8];
    size_t n;
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(alc_hex_decode(bytes, sizeof bytes, &n, alc_cstr(bad[i])));
}

static void what_does_not_fit_is_refused(void **state)
{
    char text[8];
    uint8_t bytes[8];
    size_t n;
    (void)state;
    assert_false(alc_hex_encode(text, 7, &n, ALC_LIT("abcd")));
    assert_true(alc_hex_encode(text, 8, &n, ALC_LIT("abcd")));
    assert_false(alc_hex_decode(bytes, 1, &n, ALC_LIT("0000")));
    assert_false(alc_base64_encode(text, 7, &n, ALC_LIT("abcd")));
    assert_true(alc_base64_encode(text, 8, &n, ALC_LIT("abcd")));
    assert_false(alc_base64_decode(bytes, 2, &n, ALC_LIT("Zm9v")));
    assert_true(alc_base64_decode(bytes, 1, &n, ALC_LIT("Zg==")));
    assert_false(alc_base64_decode(bytes, 0, &n, ALC_LIT("Zg==")));
    assert_false(alc_base58_encode(text, 3, &n, ALC_LIT("bbb")));
    assert_true(alc_base58_encode(text, 4, &n, ALC_LIT("bbb")));
    assert_false(alc_base58_decode(bytes, 2, &n, ALC_LIT("a3gV")));
    assert_false(alc_base58_decode(bytes, 2, &n, ALC_LIT("111")));
    assert_true(alc_base58_decode(bytes, 3, &n, ALC_LIT("111")));
}

static void u128_of(const char *text, __uint128_t want)
{
    char back[ALC_U128_DIGITS];
    __uint128_t v;
    assert_true(alc_u128_decode(&v, alc_cstr(text)));
    assert_true(v == want);
    assert_text(text_of(back, alc_u128_encode(back, v)), text);
}

static void decimals_go_to_128_bits(void **state)
{
    const __uint128_t most = ~(__uint128_t)0;
    __uint128_t ten = 1;
    char text[ALC_U128_DIGITS + 1] = "1";
    (void)state;
    u128_of("0", 0);
    u128_of("18446744073709551615", UINT64_MAX);
    u128_of("18446744073709551616", (__uint128_t)UINT64_MAX + 1);
    u128_of("340282366920938463463374607431768211455", most);
    for (int i = 1; i < 39; i++) {
        ten *= 10;
        text[i] = '0';
        text[i + 1] = 0;
        u128_of(text, ten); /* each power of ten, over the edges of its groups of digits */
    }
}

static void malformed_decimals_are_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "+1",
                                      "-1",
                                      " 1",
                                      "1 ",
                                      "1e3",
                                      "0x1",
                                      "340282366920938463463374607431768211456",
                                      "999999999999999999999999999999999999999",
                                      "3402823669209384634633746074317682114550"};
    __uint128_t v = 5;
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(alc_u128_decode(&v, alc_cstr(bad[i])));
    assert_true(v == 5);
    assert_true(alc_u128_decode(&v, ALC_LIT("0000000000000000000000000000000000000000000000012")));
    assert_true(v == 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_agrees_with_the_rfc),
        cmocka_unit_test(base64_uses_the_whole_alphabet),
        cmocka_unit_test(malformed_base64_is_refused),
        cmocka_unit_test(base58_agrees_with_bitcoin),
        cmocka_unit_test(malformed_base58_is_refused),
        cmocka_unit_test(base58_is_for_short_things),
        cmocka_unit_test(hex_is_written_small_and_read_in_both),
        cmocka_unit_test(malformed_hex_is_refused),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(decimals_go_to_128_bits),
        cmocka_unit_test(malformed_decimals_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
