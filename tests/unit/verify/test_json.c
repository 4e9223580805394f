/* tests/unit/verify/test_json.c — JSON is read as RFC 8259 says, without floats, by tables that
 * find what is missing or there twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verify/parts.h"

static uint8_t memory[4096];

static struct vf_json at(const char *text)
{
    return vf_json(alc_cstr(text));
}

static bool skips(const char *text)
{
    struct vf_json j = at(text);
    vf_json_skip(&j);
    return vf_json_end(&j);
}

/* ---- objects ---- */

struct pair {
    uint64_t a, b;
};

static void read_a(struct vf_json *j, void *ctx)
{
    ((struct pair *)ctx)->a = vf_json_u64(j);
}

static void read_b(struct vf_json *j, void *ctx)
{
    ((struct pair *)ctx)->b = vf_json_u64(j);
}

static const struct vf_member members[] = {{"a", read_a, true}, {"b", read_b, false}};

static bool reads(const char *text, struct pair *p, uint32_t *seen)
{
    struct vf_json j = at(text);
    *p = (struct pair){0};
    *seen = vf_json_object(&j, members, 2, p);
    return vf_json_end(&j);
}

static void members_are_read_in_any_order(void **state)
{
    struct pair p;
    uint32_t seen;
    (void)state;

    assert_true(reads(" {\"b\" : 2 ,\n\"a\":\t1}\r\n", &p, &seen));
    assert_int_equal(p.a, 1);
    assert_int_equal(p.b, 2);
    assert_int_equal(seen, 3);
    assert_true(reads("{\"a\":7}", &p, &seen));
    assert_int_equal(seen, 1);
}

static void unknown_members_are_skipped_whatever_they_hold(void **state)
{
    struct pair p;
    uint32_t seen;
    (void)state;

    assert_true(reads("{\"x\":{\"a\":[1,\"\\\"}\",null,true,{}]},\"a\":1,\"\":false}", &p, &seen));
    assert_int_equal(p.a, 1);
    assert_int_equal(seen, 1);
    assert_true(reads("{\"aa\":5,\"a\":1}", &p, &seen));
    /* a key longer than any that is asked for, with an escape in it */
    assert_true(
        reads("{\"\\u0061aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
              "aaaaaaaa\":5,\"a\":1}",
              &p, &seen));
    assert_int_equal(p.a, 1);
}

static void a_missing_or_repeated_member_is_refused(void **state)
{
    struct pair p;
    uint32_t seen;
    (void)state;

    assert_false(reads("{\"b\":1}", &p, &seen));
    assert_false(reads("{}", &p, &seen));
    assert_false(reads("{\"a\":1,\"a\":1}", &p, &seen));
    assert_false(reads("{\"a\":1,\"b\":1,\"b\":1}", &p, &seen));
    /* the same key, spelt with an escape */
    assert_false(reads("{\"a\":1,\"\\u0061\":1}", &p, &seen));
    assert_true(reads("{\"\\u0061\":9}", &p, &seen));
    assert_int_equal(p.a, 9);
}

static void every_prefix_of_a_document_is_refused(void **state)
{
    static const char text[] = "{\"x\":[{\"y\":\"\\ud83d\\ude00 \\n\"},-12,true],\"a\":1,\"b\":20}";
    struct pair p;
    char *copy;
    (void)state;

    for (size_t n = 0; n < sizeof text; n++) {
        struct vf_json j;
        copy = malloc(n + 1); /* the exact size, so that a read behind it is seen */
        memcpy(copy, text, n);
        j = vf_json((struct alc_bytes){(uint8_t *)copy, n});
        (void)vf_json_object(&j, members, 2, &p);
        assert_int_equal(vf_json_end(&j), n == sizeof text - 1);
        free(copy);
    }
}

static void what_is_no_json_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "}",
        "[",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{'a':1}",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1]]",
        "1 1",
        "nul",
        "nullx",
        "True",
        "tru",
        "+1",
        "01",
        "-",
        "- 1",
        "--1",
        "1.0",
        "1e3",
        "1E3",
        ".5",
        "0x10",
        "NaN",
        "\"\\x\"",
        "\"\\\"",
        "\"\\u12g4\"",
        "\"\t\"",
        "\"a\nb\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\\ud800x\"",
        "\"\\u12\"",
        "\"\xff\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "\"\xe2\x82\"",
        "/**/1",
    };
    (void)state;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (skips(bad[i])) fail_msg("accepted: %s", bad[i]);
    }
}

static void what_is_json_is_skipped(void **state)
{
    static const char *const good[] = {
        "0",
        "-0",
        "-1",
        "12345678901234567890123456789",
        "true",
        "false",
        "null",
        "\"\"",
        "[]",
        "{}",
        "[[[[[[[[]]]]]]]]",
        " [ 1 , 2 ] ",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uFFFF\"",
        "\"\\uD83D\\uDE00 \xf0\x9f\x98\x80\"",
        "{\"a\":1,\"a\":2}",
    };
    (void)state;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!skips(good[i])) fail_msg("refused: %s", good[i]);
}

static void nesting_has_an_end(void **state)
{
    static char text[2 * 20000 + 1];
    (void)state;

    assert_true(skips("[[[[[[[[]]]]]]]]"));
    assert_false(skips("[[[[[[[[[]]]]]]]]]"));
    assert_true(skips("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}"));
    assert_false(skips("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}"));
    /* depth is counted, not how many there are */
    assert_true(skips("[[],[],[],[],[],[],[],[],[],[],[],[],{},{},{},{},{},{},{},{}]"));
    memset(text, '[', 20000);
    assert_false(skips(text));
}

/* ---- values ---- */

static void integers_keep_to_their_range(void **state)
{
    static const struct {
        const char *text;
        bool u64, i64;
        int64_t value;
    } rows[] = {
        {"0", true, true, 0},
        {"9223372036854775807", true, true, INT64_MAX},
        {"9223372036854775808", true, false, INT64_MIN},
        {"18446744073709551615", true, false, -1},
        {"18446744073709551616", false, false, 0},
        {"99999999999999999999", false, false, 0},
        {"-1", false, true, -1},
        {"-9223372036854775808", false, true, INT64_MIN},
        {"-9223372036854775809", false, false, 0},
        {"007", false, false, 0},
        {"1.5", false, false, 0},
        {"\"1\"", false, false, 0},
        {"", false, false, 0},
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct vf_json j = at(rows[i].text);
        uint64_t u = vf_json_u64(&j);
        assert_int_equal(vf_json_end(&j), rows[i].u64);
        if (rows[i].u64) assert_int_equal(u, (uint64_t)rows[i].value);
        j = at(rows[i].text);
        int64_t s = vf_json_i64(&j);
        assert_int_equal(vf_json_end(&j), rows[i].i64);
        if (rows[i].i64) assert_int_equal(s, rows[i].value);
    }
}

static void strings_are_unescaped(void **state)
{
    struct alc_verify_work w = ALC_VERIFY_WORK(memory);
    struct vf_json j =
        at("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\uD83D\\ude00\\u0000z\"");
    struct alc_bytes s = vf_json_string(&j, &w);
    (void)state;

    assert_true(vf_json_end(&j));
    assert_true(
        alc_bytes_eq(s, ALC_LIT("a\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\0z")));
    assert_int_equal(w.used, s.n); /* what the escapes took is given back */
}

static void a_string_that_does_not_fit_in_memory_is_refused(void **state)
{
    uint8_t small[8];
    struct alc_verify_work w = ALC_VERIFY_WORK(small);
    struct vf_json j = at("\"123456789\"");
    (void)state;

    (void)vf_json_string(&j, &w);
    assert_false(vf_json_end(&j));
}

static void text_is_borrowed_and_has_no_escapes(void **state)
{
    static const char text[] = "\"plain \xc3\xa9\"";
    struct vf_json j = at(text);
    struct alc_bytes s = vf_json_text(&j);
    (void)state;

    assert_true(vf_json_end(&j));
    assert_ptr_equal(s.p, text + 1);
    assert_int_equal(s.n, sizeof text - 3);
    j = at("\"a\\n\"");
    s = vf_json_text(&j);
    assert_false(vf_json_end(&j));
    assert_int_equal(s.n, 0);
}

static void hex_has_its_length_and_either_case(void **state)
{
    static const char *const bad[] = {"\"\"",       "\"00\"",   "\"00a\"", "\"00aF0\"",
                                      "\"00aF00\"", "\"0g00\"", "12",      "\"0\\u0030af\""};
    struct vf_json j = at("\"00aF\"");
    uint8_t b[2];
    (void)state;

    vf_json_hex(&j, b, 2);
    assert_true(vf_json_end(&j));
    assert_int_equal(b[0], 0);
    assert_int_equal(b[1], 0xaf);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        j = at(bad[i]);
        vf_json_hex(&j, b, 2);
        assert_false(vf_json_end(&j));
    }
}

static void times_are_utc_to_the_second(void **state)
{
    static const char *const bad[] = {
        "\"2025-06-19T10:32:27\"",
        "\"2025-06-19T10:32:27+00:00\"",
        "\"2025-06-19 10:32:27Z\"",
        "\"2025-06-19T10:32:27.5Z\"",
        "\"2025-06-19t10:32:27z\"",
        "\"2025-02-29T00:00:00Z\"",
        "\"2025-13-01T00:00:00Z\"",
        "\"2025-00-01T00:00:00Z\"",
        "\"2025-01-00T00:00:00Z\"",
        "\"2025-01-01T24:00:00Z\"",
        "\"2025-01-01T00:60:00Z\"",
        "\"2025-01-01T00:00:60Z\"",
        "\"1969-12-31T23:59:59Z\"",
        "\"20x5-06-19T10:32:27Z\"",
        "\"\"",
        "1750329147",
    };
    struct vf_json j = at("\"2025-06-19T10:32:27Z\"");
    (void)state;

    assert_int_equal(vf_json_time(&j), 1750329147);
    assert_true(vf_json_end(&j));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        j = at(bad[i]);
        (void)vf_json_time(&j);
        if (vf_json_end(&j)) fail_msg("accepted: %s", bad[i]);
    }
}

static void count_item(struct vf_json *j, void *ctx)
{
    ++*(size_t *)ctx;
    (void)vf_json_u64(j);
}

static void arrays_have_a_most(void **state)
{
    size_t n = 0;
    struct vf_json j = at("[1,2,3]");
    (void)state;

    vf_json_array(&j, 3, count_item, &n);
    assert_true(vf_json_end(&j));
    assert_int_equal(n, 3);
    n = 0;
    j = at("[1,2,3]");
    vf_json_array(&j, 2, count_item, &n);
    assert_false(vf_json_end(&j));
    assert_int_equal(n, 2);
    n = 0;
    j = at("[]");
    vf_json_array(&j, 0, count_item, &n);
    assert_true(vf_json_end(&j));
}

static void a_failed_cursor_stays_failed(void **state)
{
    struct vf_json j = at("x 1");
    (void)state;

    (void)vf_json_u64(&j);
    assert_true(j.bad);
    j.at = 2;
    assert_int_equal(vf_json_u64(&j), 0);
    assert_int_equal(vf_json_i64(&j), 0);
    assert_int_equal(vf_json_text(&j).n, 0);
    assert_false(vf_json_null(&j));
    assert_false(vf_json_end(&j));
}

static void null_is_taken_only_when_it_stands_there(void **state)
{
    struct vf_json j = at(" null ");
    (void)state;

    assert_true(vf_json_null(&j));
    assert_true(vf_json_end(&j));
    j = at("\"null\"");
    assert_false(vf_json_null(&j));
    assert_int_equal(vf_json_text(&j).n, 4);
    assert_true(vf_json_end(&j));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_read_in_any_order),
        cmocka_unit_test(unknown_members_are_skipped_whatever_they_hold),
        cmocka_unit_test(a_missing_or_repeated_member_is_refused),
        cmocka_unit_test(every_prefix_of_a_document_is_refused),
        cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(what_is_json_is_skipped),
        cmocka_unit_test(nesting_has_an_end),
        cmocka_unit_test(integers_keep_to_their_range),
        cmocka_unit_test(strings_are_unescaped),
        cmocka_unit_test(a_string_that_does_not_fit_in_memory_is_refused),
        cmocka_unit_test(text_is_borrowed_and_has_no_escapes),
        cmocka_unit_test(hex_has_its_length_and_either_case),
        cmocka_unit_test(times_are_utc_to_the_second),
        cmocka_unit_test(arrays_have_a_most),
        cmocka_unit_test(a_failed_cursor_stays_failed),
        cmocka_unit_test(null_is_taken_only_when_it_stands_there),
    };
    return cmocka_run_group_tests_name("verify/json", tests, NULL, NULL);
}
