#include "fail_alloc.h"

static void memory_is_zeroed_aligned_and_apart(void **state)
{
    struct alc_arena a = ALC_ARENA(MIB);
    (void)state;
    for (size_t n = 1; n < 300; n++) {
        uint8_t *p = alc_arena_alloc(&a, n);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, n); /* the next piece must still be zeroes */
    }
    alc_arena_fini(&a);
}

static void the_limit_holds(void **state)
{
    struct alc_arena a = ALC_ARENA(10000);
    size_t got = 0;
    (void)state;
    assert_null(alc_arena_alloc(&a, 10001));
    while (alc_arena_alloc(&a, 160) != NULL)
        got += 160;
    assert_true(got <= 10000);
    assert_true(got > 9000);
    assert_true(a.used_bytes <= a.max_bytes);
    assert_null(alc_arena_alloc(&a, SIZE_MAX));
    assert_null(alc_arena_alloc(&a, SIZE_MAX - 7));
    alc_arena_fini(&a);
}

static void fini_leaves_it_usable(void **state)
{
    struct alc_arena a = ALC_ARENA(4096);
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_non_null(alc_arena_alloc(&a, 4096));
        assert_null(alc_arena_alloc(&a, 1));
        alc_arena_fini(&a);
        assert_int_equal(a.used_bytes, 0);
    }
}

static void nothing_costs_nothing(void **state)
{
    struct alc_arena a = ALC_ARENA(0);
    (void)state;
    assert_non_null(alc_arena_alloc(&a, 0));
    assert_null(alc_arena_alloc(&a, 1));
    alc_arena_fini(&a);
}

static void an_array_that_overflows_is_refused(void **state)
{
    struct alc_arena a = ALC_ARENA(SIZE_MAX);
    (void)state;
    assert_null(alc_arena_array(&a, SIZE_MAX / 2, 4));
    assert_non_null(alc_arena_array(&a, 3, 7));
    alc_arena_fini(&a);
}

static void a_copy_has_a_nul_behind(void **state)
{
    struct alc_arena a = ALC_ARENA(64);
    struct alc_bytes out = {0};
    (void)state;
    assert_true(alc_arena_copy(&a, ALC_LIT("word"), &out));
    assert_text(out, "word");
    assert_int_equal(out.p[4], 0);
    assert_true(alc_arena_copy(&a, (struct alc_bytes){NULL, 0}, &out));
    assert_int_equal(out.n, 0);
    assert_int_equal(out.p[0], 0);
    assert_false(alc_arena_copy(&a, (struct alc_bytes){out.p, SIZE_MAX}, &out));
    assert_int_equal(out.n, 0);
    alc_arena_fini(&a);
}

static void text_is_formatted(void **state)
{
    struct alc_arena a = ALC_ARENA(64);
    (void)state;
    assert_string_equal(alc_arena_text(&a, "%s-%d", "n", 12), "n-12");
    assert_null(alc_arena_text(&a, "%100d", 1));
    alc_arena_fini(&a);
}

static enum alc_rc fill(void)
{
    struct alc_arena a = ALC_ARENA(MIB);
    enum alc_rc rc = ALC_OK;
    for (int i = 0; i < 100 && rc == ALC_OK; i++)
        if (alc_arena_alloc(&a, 1000) == NULL) rc = ALC_NOMEM;
    alc_arena_fini(&a);
    return rc;
}

static void no_memory_is_told(void **state)
{
    (void)state;
    each_allocation_failing(fill);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(the_limit_holds),
        cmocka_unit_test(fini_leaves_it_usable),
        cmocka_unit_test(nothing_costs_nothing),
        cmocka_unit_test(an_array_that_overflows_is_refused),
        cmocka_unit_test(a_copy_has_a_nul_behind),
        cmocka_unit_test(text_is_formatted),
        cmocka_unit_test(no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
