#include <time.h>

#include "base_test.h"

static void the_system_clock_agrees_with_time(void **state)
{
    uint64_t before = (uint64_t)time(NULL), now;
    (void)state;
    now = alc_clock_wall_ms(&alc_clock_system) / 1000;
    /* time() may lag behind the precise clock by a tick. */
    assert_in_range(now, before, (uint64_t)time(NULL) + 1);
}

static void the_monotonic_clock_never_goes_back(void **state)
{
    const struct alc_clock *c = &alc_clock_system;
    uint64_t last = c->mono_ns(c->ctx);
    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint64_t now = c->mono_ns(c->ctx);
        assert_true(now >= last);
        last = now;
    }
}

static uint64_t fixed(void *ctx)
{
    return *(uint64_t *)ctx;
}

static void milliseconds_are_cut_not_rounded(void **state)
{
    uint64_t ns = 1999999;
    struct alc_clock c = {fixed, fixed, &ns};
    (void)state;
    assert_int_equal(alc_clock_wall_ms(&c), 1);
    assert_int_equal(alc_clock_mono_ms(&c), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_system_clock_agrees_with_time),
        cmocka_unit_test(the_monotonic_clock_never_goes_back),
        cmocka_unit_test(milliseconds_are_cut_not_rounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
