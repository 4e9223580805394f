#include "base/borsh.h"
#include "base_test.h"

static void what_is_written_is_read_back(void **state)
{
    uint8_t bytes[128];
    struct alc_borsh w = alc_borsh(bytes, sizeof bytes);
    const struct alc_hash hash = {{7, 8}};
    struct alc_hash h = {0};
    struct alc_bytes s = {0};
    struct alc_cur c;
    uint8_t a = 0;
    uint16_t b = 0;
    uint32_t d = 0;
    uint64_t e = 0;
    __uint128_t f = 0;
    bool flag = false;

    (void)state;
    alc_borsh_put_u8(&w, 200);
    alc_borsh_put_u16(&w, 0xfffe);
    alc_borsh_put_u32(&w, 0xfffffffd);
    alc_borsh_put_u64(&w, UINT64_MAX - 3);
    alc_borsh_put_u128(&w, ~(__uint128_t)0 - 4);
    alc_borsh_put_bytes(&w, ALC_LIT("text"));
    alc_borsh_put_bytes(&w, (struct alc_bytes){NULL, 0});
    alc_borsh_put_hash(&w, &hash);
    alc_borsh_put_u8(&w, 1);
    assert_false(w.full);
    assert_int_equal(w.n, 1 + 2 + 4 + 8 + 16 + 8 + 4 + 32 + 1);

    c = alc_cur((struct alc_bytes){bytes, w.n});
    assert_true(alc_cur_u8(&c, &a) && a == 200);
    assert_true(alc_cur_u16le(&c, &b) && b == 0xfffe);
    assert_true(alc_cur_u32le(&c, &d) && d == 0xfffffffd);
    assert_true(alc_cur_u64le(&c, &e) && e == UINT64_MAX - 3);
    assert_true(alc_cur_u128le(&c, &f) && f == ~(__uint128_t)0 - 4);
    assert_true(alc_borsh_bytes(&c, 4, &s));
    assert_text(s, "text");
    assert_true(alc_borsh_bytes(&c, 0, &s));
    assert_int_equal(s.n, 0);
    assert_true(alc_cur_hash(&c, &h) && alc_hash_eq(&h, &hash));
    assert_true(alc_borsh_flag(&c, &flag) && flag);
    assert_int_equal(c.n, 0);
}

/* borsh.io, 1.0: a String is its length as u32, then its UTF-8 bytes. */
static void a_string_is_its_length_and_its_bytes(void **state)
{
    uint8_t bytes[16];
    struct alc_borsh w = alc_borsh(bytes, sizeof bytes);
    (void)state;
    alc_borsh_put_bytes(&w, ALC_LIT("near"));
    assert_int_equal(w.n, 8);
    assert_memory_equal(bytes, "\4\0\0\0near", 8);
}

static void a_string_over_its_limit_or_its_bytes_is_refused(void **state)
{
    static const uint8_t bytes[] = {4, 0, 0, 0, 'a', 'b', 'c', 'd'};
    struct alc_cur c = {bytes, sizeof bytes};
    struct alc_bytes s;
    (void)state;
    assert_false(alc_borsh_bytes(&c, 3, &s));
    assert_int_equal(c.n, sizeof bytes);
    c.n = 7;
    assert_false(alc_borsh_bytes(&c, 100, &s));
    assert_int_equal(c.n, 7);
    c.n = 3;
    assert_false(alc_borsh_bytes(&c, 100, &s));
    assert_int_equal(c.n, 3);
}

static void a_length_of_four_gigabytes_is_refused(void **state)
{
    static const uint8_t bytes[] = {0xff, 0xff, 0xff, 0xff, 1};
    struct alc_cur c = {bytes, sizeof bytes};
    struct alc_bytes s;
    (void)state;
    assert_false(alc_borsh_bytes(&c, SIZE_MAX, &s));
    assert_int_equal(c.n, sizeof bytes);
}

static void a_flag_is_zero_or_one(void **state)
{
    static const uint8_t bytes[] = {0, 1, 2};
    struct alc_cur c = {bytes, 3};
    bool v = true;
    (void)state;
    assert_true(alc_borsh_flag(&c, &v) && !v);
    assert_true(alc_borsh_flag(&c, &v) && v);
    assert_false(alc_borsh_flag(&c, &v));
    assert_int_equal(c.n, 1);
    c.n = 0;
    assert_false(alc_borsh_flag(&c, &v));
}

static void a_full_writer_writes_no_more(void **state)
{
    uint8_t bytes[5] = {0};
    struct alc_borsh w = alc_borsh(bytes, 5);
    (void)state;
    alc_borsh_put_u32(&w, 1);
    alc_borsh_put_u16(&w, 0xffff);
    assert_true(w.full);
    alc_borsh_put_u8(&w, 0xff); /* would fit, but comes after what did not */
    assert_int_equal(w.n, 4);
    assert_int_equal(bytes[4], 0);
}

static void bytes_beyond_a_u32_length_count_as_full(void **state)
{
    uint8_t bytes[8];
    struct alc_borsh w = alc_borsh(bytes, sizeof bytes);
    (void)state;
    alc_borsh_put_bytes(&w, (struct alc_bytes){bytes, (size_t)UINT32_MAX + 1});
    assert_true(w.full);
    assert_int_equal(w.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(a_string_is_its_length_and_its_bytes),
        cmocka_unit_test(a_string_over_its_limit_or_its_bytes_is_refused),
        cmocka_unit_test(a_length_of_four_gigabytes_is_refused),
        cmocka_unit_test(a_flag_is_zero_or_one),
        cmocka_unit_test(a_full_writer_writes_no_more),
        cmocka_unit_test(bytes_beyond_a_u32_length_count_as_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
