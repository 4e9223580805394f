#include "base/cur.h"
#include "base_test.h"

static const uint8_t eight[8] = {1, 2, 3, 4, 5, 6, 7, 8};

static void integers_are_little_endian(void **state)
{
    struct alc_cur c = {eight, 8};
    uint8_t a;
    uint16_t b;
    uint32_t d;
    uint64_t e;
    (void)state;
    assert_true(alc_cur_u8(&c, &a));
    assert_true(alc_cur_u16le(&c, &b));
    assert_true(alc_cur_u32le(&c, &d));
    assert_int_equal(a, 1);
    assert_int_equal(b, 0x0302);
    assert_int_equal(d, 0x07060504);
    assert_int_equal(c.n, 1);
    c = (struct alc_cur){eight, 8};
    assert_true(alc_cur_u64le(&c, &e));
    assert_true(e == 0x0807060504030201u);
    assert_int_equal(c.n, 0);
}

static void u128_takes_the_low_half_first(void **state)
{
    const uint8_t bytes[16] = {[0] = 1, [15] = 0x80};
    struct alc_cur c = {bytes, 16};
    __uint128_t v;
    (void)state;
    assert_true(alc_cur_u128le(&c, &v));
    assert_true(v == ((__uint128_t)1 << 127) + 1);
}

static void a_read_that_does_not_fit_moves_nothing(void **state)
{
    struct alc_cur c = {eight, 7};
    struct alc_bytes out = {0};
    struct alc_hash h;
    uint64_t v = 9;
    __uint128_t w = 9;
    uint8_t copy[8];
    (void)state;
    assert_false(alc_cur_u64le(&c, &v));
    assert_false(alc_cur_u128le(&c, &w));
    assert_false(alc_cur_take(&c, 8, &out));
    assert_false(alc_cur_take(&c, SIZE_MAX, &out));
    assert_false(alc_cur_copy(&c, copy, 8));
    assert_false(alc_cur_hash(&c, &h));
    assert_int_equal(v, 9);
    assert_true(w == 9);
    assert_ptr_equal(c.p, eight);
    assert_int_equal(c.n, 7);
}

static void a_half_read_u128_moves_nothing(void **state)
{
    const uint8_t bytes[15] = {0};
    struct alc_cur c = {bytes, 15};
    __uint128_t v;
    (void)state;
    assert_false(alc_cur_u128le(&c, &v));
    assert_int_equal(c.n, 15);
}

static void an_empty_cursor_gives_empty_bytes(void **state)
{
    struct alc_cur c = alc_cur((struct alc_bytes){NULL, 0});
    struct alc_bytes out;
    uint8_t b;
    (void)state;
    assert_true(alc_cur_take(&c, 0, &out));
    assert_int_equal(out.n, 0);
    assert_false(alc_cur_u8(&c, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_little_endian),
        cmocka_unit_test(u128_takes_the_low_half_first),
        cmocka_unit_test(a_read_that_does_not_fit_moves_nothing),
        cmocka_unit_test(a_half_read_u128_moves_nothing),
        cmocka_unit_test(an_empty_cursor_gives_empty_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
