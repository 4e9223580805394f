#include "base_test.h"

static void every_result_has_its_row(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ALC_RC_COUNT; i++) {
        enum alc_rc rc = (enum alc_rc)i;
        assert_true(strlen(alc_rc_name(rc)) > 0);
        assert_true(strlen(alc_rc_text(rc)) > 0);
        assert_in_range(alc_rc_http(rc), 200, 599);
    }
    assert_string_equal(alc_rc_name(ALC_BAD_INPUT), "BAD_INPUT");
    assert_int_equal(alc_rc_http(ALC_LIMIT), 413);
    assert_int_equal(alc_rc_exit(ALC_OK), 0);
}

static void exit_codes_tell_results_apart(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ALC_RC_COUNT; i++)
        for (unsigned k = 0; k < i; k++)
            assert_int_not_equal(alc_rc_exit((enum alc_rc)i), alc_rc_exit((enum alc_rc)k));
}

static void only_what_is_outside_is_tried_again(void **state)
{
    (void)state;
    assert_true(alc_rc_again(ALC_IO));
    assert_true(alc_rc_again(ALC_BUSY));
    assert_true(alc_rc_again(ALC_NOMEM));
    assert_true(alc_rc_again(ALC_TIMEOUT));
    assert_false(alc_rc_again(ALC_OK));
    assert_false(alc_rc_again(ALC_BAD_INPUT));
    assert_false(alc_rc_again(ALC_CORRUPT));
}

static void a_value_outside_the_table_reads_as_corrupt(void **state)
{
    (void)state;
    enum alc_rc wild = (enum alc_rc)(ALC_RC_COUNT + 7);
    assert_string_equal(alc_rc_name(wild), "CORRUPT");
    assert_string_equal(alc_rc_text(wild), alc_rc_text(ALC_CORRUPT));
    assert_int_equal(alc_rc_http(wild), 500);
    assert_int_equal(alc_rc_exit(wild), alc_rc_exit(ALC_CORRUPT));
    assert_false(alc_rc_again(wild));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_result_has_its_row),
        cmocka_unit_test(exit_codes_tell_results_apart),
        cmocka_unit_test(only_what_is_outside_is_tried_again),
        cmocka_unit_test(a_value_outside_the_table_reads_as_corrupt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
