/* tests/contract/test_sdk.c — sdk/contract by itself: the writer at its limits, amounts, accounts.
 */
#include "tests/contract/fake_near.h"

#include "contract/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* An escaped text either fits to the byte or says that it does not; the buffer is exactly sized, so
 * that one byte beyond it is seen. */
static void the_writer_stops_at_its_limit(void **state)
{
    static const char text[] = "plain text, \"quotes\" \\ \n \x01\x1f and \xe2\x98\x83 more of it";
    static const char json[] =
        "\"plain text, \\\"quotes\\\" \\\\ \\n \\u0001\\u001f and \xe2\x98\x83 more of it\"";
    const size_t n = sizeof json - 1;

    (void)state;
    for (size_t cap = 0; cap <= n + 8; cap++) {
        uint8_t *buf = malloc(cap > 0 ? cap : 1);
        struct near_out o = {buf, 0, cap, false};

        assert_non_null(buf);
        near_out_str(&o, alc_cstr(text));
        assert_int_equal(o.full, cap < n);
        assert_true(o.n <= cap);
        if (!o.full) {
            assert_int_equal(o.n, n);
            assert_memory_equal(buf, json, n);
        }
        free(buf);
    }
}

static void every_byte_is_escaped_as_json_wants(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 0x80; c++) {
        static const char *const two[128] = {
            ['"'] = "\\\"", ['\\'] = "\\\\", ['\b'] = "\\b", ['\f'] = "\\f",
            ['\n'] = "\\n", ['\r'] = "\\r",  ['\t'] = "\\t"};
        /* At each place in a block of eight, and in the rest behind it. */
        for (size_t at = 0; at < 11; at++) {
            uint8_t in[11], buf[64], expected[64];
            struct near_out o = NEAR_OUT(buf);
            size_t n = at;

            memset(in, 'x', sizeof in);
            memset(expected, 'x', sizeof expected);
            in[at] = (uint8_t)c;
            if (two[c] != NULL) {
                memcpy(expected + n, two[c], 2);
                n += 2;
            } else if (c < 0x20) {
                char six[8];
                const char *hex = "0123456789abcdef";
                memcpy(six, "\\u00", 4);
                six[4] = hex[c >> 4];
                six[5] = hex[c & 15];
                memcpy(expected + n, six, 6);
                n += 6;
            } else {
                expected[n++] = (uint8_t)c;
            }
            n += sizeof in - at - 1;
            near_out_esc(&o, (struct alc_bytes){in, sizeof in});
            assert_int_equal(o.n, n);
            assert_memory_equal(buf, expected, n);
        }
    }
}

static void numbers_are_written_in_full(void **state)
{
    uint8_t buf[256];
    struct near_out o = NEAR_OUT(buf);

    (void)state;
    near_out_u64(&o, 0);
    near_out_lit(&o, " ");
    near_out_u64(&o, UINT64_MAX);
    near_out_lit(&o, " ");
    near_out_u128(&o, ~(near_u128)0);
    near_out_lit(&o, " ");
    near_out_octets(&o, (struct alc_bytes){(const uint8_t *)"\x00\x09\x0a\x63\x64\xff", 6});
    near_out_lit(&o, " ");
    near_out_opt_u64(&o, 5, false);
    near_out_octets(&o, (struct alc_bytes){NULL, 0});
    assert_memory_equal(buf,
                        "0 18446744073709551615 340282366920938463463374607431768211455 "
                        "[0,9,10,99,100,255] null[]",
                        o.n);
}

static void add_most(void)
{
    (void)near_add(~(near_u128)0, 1);
}

static void mul_most(void)
{
    (void)near_mul((near_u128)1 << 64, (uint64_t)1 << 63);
    (void)near_mul((near_u128)1 << 65, (uint64_t)1 << 63);
}

static void amounts_never_wrap(void **state)
{
    near_u128 most = ~(near_u128)0;

    (void)state;
    fake_reset();
    assert_true(near_add(most - 1, 1) == most);
    assert_true(near_mul(most, 1) == most);
    assert_true(near_mul(most, 0) == 0);
    assert_true(near_mul((near_u128)UINT64_MAX << 32, 7) == ((near_u128)UINT64_MAX * 7) << 32);
    assert_false(fake_call(add_most, ALC_LIT("")));
    assert_string_equal((const char *)fake_panic().p, "amount overflow");
    assert_false(fake_call(mul_most, ALC_LIT("")));
    assert_string_equal((const char *)fake_panic().p, "amount overflow");
    fake_reset();
}

static void account_ids_follow_the_rules(void **state)
{
    static const char *const good[] = {"aa",       "a-a",       "100",   "system",
                                       "10-4.8-2", "b-o_w_e-n", "near.a"};
    static const char *const bad[] = {"",     "a",  "A",   "near.", ".near", "a..near",
                                      "0__0", "_x", "a@b", "a b",   "a-",    "\xc3\xa9\xc3\xa9"};
    char longest[66];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(near_account_valid(alc_cstr(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(near_account_valid(alc_cstr(bad[i])));
    memset(longest, 'a', 65);
    longest[65] = 0;
    assert_false(near_account_valid(alc_cstr(longest)));
    assert_true(near_account_valid(alc_cstr(longest + 1)));
}

/* member runs near_json_member on an exactly sized copy, so that one byte beyond it is seen;
 * `value` NULL: nothing is found. */
static void member(const char *json, size_t n, const char *value)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);
    struct alc_bytes got;
    bool found;

    assert_non_null(copy);
    memcpy(copy, json, n);
    found = near_json_member(&got, ALC_LIT("op"), copy, n);
    if (found != (value != NULL) || (value != NULL && !alc_bytes_is(got, value)))
        fail_msg("%.*s: %s", (int)n, json, found ? "found" : "nothing found");
    free(copy);
}

/* Texts that hold it; whatever their end lacks, or has too much, nothing is found and nothing
 * panics. */
static void a_member_is_found_or_not_but_never_panics(void **state)
{
    static const char *const good[][2] = {
        {"{\"op\":\"\"}", ""},
        {" {\n\"op\" :\"x\" , \"a\":[1,-2.5e+3,{\"op\":7},null,true,false,\"\\ud83d\\ude00\"]} ",
         "x"},
        {"{\"op\":1,\"op\":\"\\u00e9\\n\xf0\x9f\x98\x80\"}", "\xc3\xa9\n\xf0\x9f\x98\x80"},
        {"{\"\\u006fp\":\"y\",\"\":{}}", "y"},
    };
    static const char *const bad[] = {
        "",
        " ",
        "null",
        "\"op\"",
        "[\"op\",\"x\"]",
        "{}",
        "{\"op\":}",
        "{\"op\":1}",
        "{\"op\":nul",
        "{\"op\":\"x\"}}",
        "{op:1}",
        "{\"op\":\"x\",}",
        "{\"op\":\"x\",\"op\":[]}",
        "{\"op\":\"\x80\"}",
        "{\"op\":\"\x01\"}",
        "{\"op\":\"\\ud800\"}",
        "{\"op\":\"\\ud800\\u0041\"}",
        "{\"op\":\"x\",\"a\":1e999}",
        "{\"op\":\"x\",\"a\":00}",
        "{\"op\":\"x\" \"a\":0}",
        "{\"op\":\"x\",\"a\":[1 2]}",
        "{\"op\":\"x\",\"a\":{\"b\" 1}}",
        "{\"op\":\"x\",\"a\":{1:1}}",
        "{\"op\":\"x\",\"a\":\"\\q\"}",
    };
    char deep[600] = "{\"op\":\"x\",\"a\":";
    size_t head = strlen(deep);
    (void)state;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        size_t n = strlen(good[i][0]);
        while (good[i][0][n - 1] == ' ')
            n--;
        member(good[i][0], strlen(good[i][0]), good[i][1]);
        while (n-- > 0)
            member(good[i][0], n, NULL);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        member(bad[i], strlen(bad[i]), NULL);
    for (size_t levels = 126; levels <= 127; levels++) { /* and the object itself */
        memset(deep + head, '[', levels);
        memset(deep + head + levels, ']', levels);
        deep[head + 2 * levels] = '}';
        member(deep, head + 2 * levels + 1, levels == 126 ? "x" : NULL);
    }
}

struct all {
    bool b;
    uint32_t u8, u32;
    uint64_t u64;
    near_u128 u128;
    struct alc_bytes s, none, account, octets;
};

static const struct near_field all_fields[] = {
    NEAR_FIELD("b", struct all, b, near_read_bool, NEAR_MUST),
    NEAR_FIELD("u8", struct all, u8, near_read_u8, NEAR_MUST),
    NEAR_FIELD("u32", struct all, u32, near_read_u32, NEAR_MUST),
    NEAR_FIELD("u64", struct all, u64, near_read_u64, NEAR_MUST),
    NEAR_FIELD("u128", struct all, u128, near_read_u128, NEAR_MUST),
    NEAR_FIELD("s", struct all, s, near_read_string, NEAR_MUST),
    NEAR_FIELD("none", struct all, none, near_read_string, NEAR_MAY),
    NEAR_FIELD("account", struct all, account, near_read_account, NEAR_MUST),
    NEAR_FIELD("octets", struct all, octets, near_read_octets, NEAR_MUST),
};

static void a_table_writes_what_it_reads(void **state)
{
    static const char json[] =
        "{\"b\":true,\"u8\":255,\"u32\":4294967295,\"u64\":18446744073709551615,\"u128\":"
        "\"340282366920938463463374607431768211455\",\"s\":\"a\\n\\\"b\",\"none\":null,\"account\":"
        "\"a.b\",\"octets\":[0,255]}";
    char text[sizeof json];
    struct near_json j = near_json_begin((uint8_t *)text, sizeof json - 1);
    struct all all = {.none = {NULL, 0}};
    uint8_t buf[sizeof json];
    struct near_out o = NEAR_OUT(buf);

    (void)state;
    memcpy(text, json, sizeof json);
    near_json_object(&j, &all, all_fields, sizeof all_fields / sizeof all_fields[0]);
    near_json_end(&j);
    near_out_lit(&o, "{");
    NEAR_OUT_MEMBERS(&o, &all, all_fields);
    near_out_lit(&o, "}");
    assert_int_equal(o.n, sizeof json - 1);
    assert_memory_equal(buf, json, o.n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_writes_what_it_reads),
        cmocka_unit_test(a_member_is_found_or_not_but_never_panics),
        cmocka_unit_test(the_writer_stops_at_its_limit),
        cmocka_unit_test(every_byte_is_escaped_as_json_wants),
        cmocka_unit_test(numbers_are_written_in_full),
        cmocka_unit_test(amounts_never_wrap),
        cmocka_unit_test(account_ids_follow_the_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
