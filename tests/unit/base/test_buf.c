#include "base/buf.h"
#include "fail_alloc.h"

static void it_grows_and_keeps_a_nul_behind(void **state)
{
    struct alc_buf b = ALC_BUF(100000);
    (void)state;
    assert_string_equal(alc_buf_text(&b), "");
    for (int i = 0; i < 1000; i++) {
        alc_buf_put_text(&b, "ab");
        alc_buf_put(&b, "c", 1);
        alc_buf_printf(&b, "%d", i % 10);
        assert_int_equal(b.p[b.n], 0);
    }
    assert_false(b.failed);
    assert_int_equal(b.n, 4000);
    assert_memory_equal(alc_buf_text(&b) + 3996, "abc9", 5);
    alc_buf_fini(&b);
    assert_null(b.p);
    assert_int_equal(b.max_bytes, 100000);
}

static void the_limit_is_exact_and_failure_stays(void **state)
{
    struct alc_buf b = ALC_BUF(5);
    (void)state;
    alc_buf_put_text(&b, "12345");
    assert_false(b.failed);
    alc_buf_put_text(&b, "6");
    assert_true(b.failed);
    alc_buf_put_text(&b, "");
    alc_buf_printf(&b, "x");
    alc_buf_put_bytes(&b, ALC_LIT("y"));
    assert_null(alc_buf_room(&b, 0));
    assert_string_equal(alc_buf_text(&b), "12345");
    alc_buf_reset(&b);
    assert_false(b.failed);
    assert_string_equal(alc_buf_text(&b), "");
    alc_buf_put_text(&b, "abcde");
    assert_false(b.failed);
    alc_buf_fini(&b);
}

static void a_printf_over_the_limit_writes_nothing(void **state)
{
    struct alc_buf b = ALC_BUF(10);
    (void)state;
    alc_buf_printf(&b, "%s", "four");
    alc_buf_printf(&b, "%07d", 1);
    assert_true(b.failed);
    assert_string_equal(alc_buf_text(&b), "four");
    alc_buf_fini(&b);
}

static void room_is_counted_when_used(void **state)
{
    struct alc_buf b = ALC_BUF(300);
    uint8_t *to;
    (void)state;
    to = alc_buf_room(&b, 300);
    assert_non_null(to);
    memset(to, 'z', 300);
    alc_buf_add(&b, 2);
    assert_string_equal(alc_buf_text(&b), "zz");
    assert_null(alc_buf_room(&b, SIZE_MAX));
    assert_true(b.failed);
    alc_buf_fini(&b);
}

static void nothing_can_be_put(void **state)
{
    struct alc_buf b = ALC_BUF(0);
    (void)state;
    alc_buf_put(&b, NULL, 0);
    assert_false(b.failed);
    assert_string_equal(alc_buf_text(&b), "");
    alc_buf_put(&b, "x", 1);
    assert_true(b.failed);
    alc_buf_fini(&b);
}

static enum alc_rc fill(void)
{
    struct alc_buf b = ALC_BUF(MIB);
    enum alc_rc rc;
    for (int i = 0; i < 1000; i++)
        alc_buf_put_text(&b, "some words ");
    rc = b.failed ? ALC_NOMEM : ALC_OK;
    alc_buf_fini(&b);
    return rc;
}

static void no_memory_is_told(void **state)
{
    (void)state;
    each_allocation_failing(fill);
}

static void sums_and_products_report_overflow(void **state)
{
    size_t v = 1;
    (void)state;
    assert_true(alc_add(SIZE_MAX - 1, 1, &v));
    assert_true(v == SIZE_MAX);
    assert_false(alc_add(SIZE_MAX, 1, &v));
    assert_true(alc_mul(SIZE_MAX / 2, 2, &v));
    assert_false(alc_mul(SIZE_MAX / 2 + 1, 2, &v));
    assert_true(alc_mul(0, SIZE_MAX, &v));
    assert_int_equal(v, 0);
}

static void bytes_compare_by_content(void **state)
{
    struct alc_hash a = {{1}}, b = {{1}};
    (void)state;
    assert_true(alc_bytes_eq((struct alc_bytes){NULL, 0}, ALC_LIT("")));
    assert_true(alc_bytes_is(ALC_LIT("ab"), "ab"));
    assert_false(alc_bytes_is(ALC_LIT("ab"), "abc"));
    assert_false(alc_bytes_is(ALC_LIT("ab"), "ac"));
    assert_int_equal(alc_cstr(NULL).n, 0);
    assert_int_equal(alc_cstr("four").n, 4);
    assert_true(alc_hash_eq(&a, &b));
    b.b[31] = 1;
    assert_false(alc_hash_eq(&a, &b));
    assert_int_equal(alc_hash_bytes(&a).n, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_grows_and_keeps_a_nul_behind),
        cmocka_unit_test(the_limit_is_exact_and_failure_stays),
        cmocka_unit_test(a_printf_over_the_limit_writes_nothing),
        cmocka_unit_test(room_is_counted_when_used),
        cmocka_unit_test(nothing_can_be_put),
        cmocka_unit_test(no_memory_is_told),
        cmocka_unit_test(sums_and_products_report_overflow),
        cmocka_unit_test(bytes_compare_by_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
