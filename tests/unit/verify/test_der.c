/* tests/unit/verify/test_der.c — DER is read in its one form: shortest lengths, shortest integers,
 * real dates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "verify/parts.h"

#define DER(s) alc_cur(ALC_LIT(s))

static void an_element_is_taken_with_its_header(void **state)
{
    struct alc_cur c = DER("\x30\x03\x02\x01\x05\x04\x00");
    struct alc_bytes in, whole;
    uint8_t tag;
    (void)state;

    assert_false(vf_der(&c, 0x31, &in)); /* another tag: nothing moved */
    assert_int_equal(c.n, 7);
    assert_true(vf_der_whole(&c, 0x30, &in, &whole));
    assert_int_equal(in.n, 3);
    assert_int_equal(whole.n, 5);
    assert_ptr_equal(in.p, whole.p + 2);
    assert_true(vf_der_any(&c, &tag, &in));
    assert_int_equal(tag, 0x04);
    assert_int_equal(in.n, 0);
    assert_false(vf_der_any(&c, &tag, &in));
    assert_false(vf_der(&c, 0x30, &in));
}

static void lengths_have_their_shortest_form(void **state)
{
    static uint8_t b[70000];
    static const struct {
        uint8_t head[6];
        size_t head_n, n; /* n 0: refused */
    } rows[] = {
        {{0x7f}, 1, 127},
        {{0x81, 0x80}, 2, 128},
        {{0x81, 0xff}, 2, 255},
        {{0x82, 1, 0}, 3, 256},
        {{0x82, 0xff, 0xff}, 3, 65535},
        {{0x83, 1, 0, 0}, 4, 65536},
        {{0x80}, 1, 0},
        {{0x81, 0x7f}, 2, 0},
        {{0x81, 0x01}, 2, 0},
        {{0x82, 0, 0xff}, 3, 0},
        {{0x83, 0, 1, 0}, 4, 0},
        {{0x84, 0, 1, 0, 0}, 5, 0},
        {{0x85, 0, 0, 0, 0, 1}, 6, 0},
        {{0xff}, 1, 0},
        {{0x84, 0xff, 0xff, 0xff, 0xff}, 5, 0},
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct alc_bytes in;
        struct alc_cur c = {b, 1 + rows[i].head_n + rows[i].n};
        b[0] = 0x04;
        memcpy(b + 1, rows[i].head, rows[i].head_n);
        if (rows[i].n == 0) c.n = sizeof b;
        assert_int_equal(vf_der(&c, 0x04, &in), rows[i].n != 0);
        if (rows[i].n == 0) continue;
        assert_int_equal(in.n, rows[i].n);
        assert_int_equal(c.n, 0);
        c = (struct alc_cur){b, rows[i].head_n + rows[i].n}; /* a byte short */
        assert_false(vf_der(&c, 0x04, &in));
        assert_int_equal(c.n, rows[i].head_n + rows[i].n);
    }
}

static void tags_of_many_bytes_are_refused(void **state)
{
    struct alc_cur c = DER("\x1f\x81\x01\x00");
    struct alc_bytes in;
    uint8_t tag;
    (void)state;

    assert_false(vf_der_any(&c, &tag, &in));
}

static void integers_are_short_and_not_negative(void **state)
{
    static const struct {
        const char *der;
        size_t n;
        uint64_t max, value;
        bool good;
    } rows[] = {
        {"\x02\x01\x00", 3, 255, 0, true},
        {"\x02\x01\x7f", 3, 255, 127, true},
        {"\x02\x02\x00\xff", 4, 255, 255, true},
        {"\x02\x02\x01\x00", 4, 255, 256, false},
        {"\x02\x03\x00\xff\xff", 5, 65535, 65535, true},
        {"\x02\x03\x01\x00\x00", 5, 65535, 0, false},
        {"\x02\x01\x80", 3, 255, 0, false},     /* negative */
        {"\x02\x02\x00\x7f", 4, 255, 0, false}, /* a zero too many */
        {"\x02\x02\x00\x00", 4, 255, 0, false},
        {"\x02\x00", 2, 255, 0, false},
        {"\x03\x01\x05", 3, 255, 0, false},
        {"\x02\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff", 11, UINT64_MAX, UINT64_MAX, true},
        {"\x02\x09\x01\x00\x00\x00\x00\x00\x00\x00\x00", 11, UINT64_MAX, 0, false},
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct alc_cur c = {(const uint8_t *)rows[i].der, rows[i].n};
        uint64_t v = 0;
        assert_int_equal(vf_der_uint(&c, rows[i].max, &v), rows[i].good);
        assert_int_equal(c.n, rows[i].good ? 0 : rows[i].n);
        if (rows[i].good) assert_true(v == rows[i].value);
    }
}

static void serials_lose_their_leading_zero(void **state)
{
    struct alc_cur c = DER("\x02\x03\x00\x95\x6f\x02\x01\x00\x02\x03\x01\x02\x03");
    struct alc_bytes v;
    uint8_t padded[ALC_SERIAL_BYTES] = {0};
    (void)state;

    assert_true(vf_der_positive(&c, 2, &v));
    assert_int_equal(v.n, 2);
    assert_int_equal(v.p[0], 0x95);
    padded[18] = 0x95;
    padded[19] = 0x6f;
    assert_true(vf_serial_is(padded, v));
    padded[17] = 1;
    assert_false(vf_serial_is(padded, v));
    padded[17] = 0;
    padded[19] = 0x6e;
    assert_false(vf_serial_is(padded, v));
    assert_false(vf_der_positive(&c, 20, &v)); /* zero is no serial */
    c.p += 3;
    c.n -= 3;
    assert_false(vf_der_positive(&c, 2, &v)); /* too long */
    assert_true(vf_der_positive(&c, 3, &v));
}

static void signatures_become_two_numbers_of_32_bytes(void **state)
{
    static const char *const bad[] = {
        "3006020100020101",   /* r is zero */
        "3006020101020100",   /* s is zero */
        "3006020181020101",   /* r is negative */
        "300702020001020101", /* r has a zero too many */
        "30060201010201010a", /* a byte behind */
        "3007020101020101aa", /* a byte behind, inside */
        "3003020101",         /* no s */
        "3106020101020101",
        "3027" /* r of 33 bytes */
        "022101ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
        "020101ff",
    };
    uint8_t sig[64], b[64];
    (void)state;

    assert_true(vf_der_signature(
        sig, ALC_LIT("\x30\x26\x02\x01\x05\x02\x21\x00\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9"
                     "\xfa\xfb\xfc\xfd\xfe\xff\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa"
                     "\xfb\xfc\xfd\xfe\xff\x0a")));
    assert_int_equal(sig[31], 5);
    assert_int_equal(sig[30], 0);
    assert_int_equal(sig[32], 0xf1);
    assert_int_equal(sig[63], 0x0a);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t n = strlen(bad[i]) / 2;
        for (size_t k = 0; k < n; k++) {
            char digits[3] = {bad[i][2 * k], bad[i][2 * k + 1], 0};
            b[k] = (uint8_t)strtoul(digits, NULL, 16);
        }
        if (vf_der_signature(sig, (struct alc_bytes){b, n})) fail_msg("accepted: %s", bad[i]);
    }
}

static void times_agree_with_the_c_library(void **state)
{
    (void)state;

    /* each day at another second, over more than one Gregorian cycle of 400 years */
    for (int64_t t = 0; t < INT64_C(86400) * 366 * 500; t += 86400 + 3607) {
        char text[64];
        struct tm tm;
        time_t clock = (time_t)t;
        uint64_t v;

        assert_non_null(gmtime_r(&clock, &tm));
        strftime(text, sizeof text, "%Y%m%d%H%M%S", &tm);
        assert_true(vf_time((const uint8_t *)text, &v));
        assert_int_equal(v, t);
    }
}

static void dates_that_are_none_are_refused(void **state)
{
    static const char *const bad[] = {"20230229000000", "21000229000000", "20230431000000",
                                      "20231301000000", "20230001000000", "20230100000000",
                                      "20230101240000", "20230101006000", "20230101000060",
                                      "19691231235959", "2023010100000:", "2023 101000000"};
    uint64_t v;
    (void)state;

    assert_true(vf_time((const uint8_t *)"20240229235959", &v));
    assert_true(vf_time((const uint8_t *)"20000229000000", &v));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (vf_time((const uint8_t *)bad[i], &v)) fail_msg("accepted: %s", bad[i]);
}

static void both_forms_of_time_are_read(void **state)
{
    static const struct {
        const char *der;
        uint64_t value;
        bool good;
    } rows[] = {
        {"\x17\x0d"
         "180521104510Z",
         1526899510, true},
        {"\x17\x0d"
         "491231235959Z",
         2524607999, true}, /* 2049 */
        {"\x17\x0d"
         "700101000000Z",
         0, true}, /* 1970 */
        {"\x17\x0d"
         "500101000000Z",
         0, false}, /* 1950: before our time */
        {"\x18\x0f"
         "20500101000000Z",
         2524608000, true},
        {"\x18\x0f"
         "18500101000000Z",
         0, false},
        {"\x17\x0b"
         "1805211045Z",
         0, false},
        {"\x17\x0d"
         "180521104510+",
         0, false},
        {"\x17\x0f"
         "20180521104510Z",
         0, false},
        {"\x18\x0d"
         "180521104510Z",
         0, false},
        {"\x18\x11"
         "20180521104510.5Z",
         0, false},
        {"\x16\x0d"
         "180521104510Z",
         0, false},
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct alc_cur c = alc_cur(alc_cstr(rows[i].der));
        uint64_t v = 0;
        if (vf_der_time(&c, &v) != rows[i].good) fail_msg("row %zu", i);
        if (rows[i].good) assert_int_equal(v, rows[i].value);
        assert_int_equal(c.n == 0, rows[i].good);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_element_is_taken_with_its_header),
        cmocka_unit_test(lengths_have_their_shortest_form),
        cmocka_unit_test(tags_of_many_bytes_are_refused),
        cmocka_unit_test(integers_are_short_and_not_negative),
        cmocka_unit_test(serials_lose_their_leading_zero),
        cmocka_unit_test(signatures_become_two_numbers_of_32_bytes),
        cmocka_unit_test(times_agree_with_the_c_library),
        cmocka_unit_test(dates_that_are_none_are_refused),
        cmocka_unit_test(both_forms_of_time_are_read),
    };
    return cmocka_run_group_tests_name("verify/der", tests, NULL, NULL);
}
