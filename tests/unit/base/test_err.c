#include "base_test.h"

static void fail_keeps_result_and_sentence(void **state)
{
    struct alc_err err = {0};
    (void)state;
    assert_int_equal(alc_fail(&err, ALC_LIMIT, "%d of %s", 7, "them"), ALC_LIMIT);
    assert_int_equal(err.rc, ALC_LIMIT);
    assert_string_equal(err.text, "7 of them");
    assert_string_equal(alc_err_text(&err, ALC_LIMIT), "7 of them");
}

static void nobody_has_to_listen(void **state)
{
    (void)state;
    assert_int_equal(alc_fail(NULL, ALC_IO, "lost"), ALC_IO);
    alc_fail_in(NULL, "doing");
    assert_string_equal(alc_err_text(NULL, ALC_IO), alc_rc_text(ALC_IO));
}

static void without_a_sentence_the_result_speaks(void **state)
{
    const struct alc_err err = {0};
    (void)state;
    assert_string_equal(alc_err_text(&err, ALC_BUSY), alc_rc_text(ALC_BUSY));
}

static void what_was_being_done_goes_in_front(void **state)
{
    struct alc_err err = {0};
    (void)state;
    alc_fail(&err, ALC_IO, "refused");
    alc_fail_in(&err, "asking %s", "node 1");
    alc_fail_in(&err, "job %d", 4);
    assert_string_equal(err.text, "job 4: asking node 1: refused");
    assert_int_equal(err.rc, ALC_IO);
}

static void a_long_sentence_is_cut(void **state)
{
    char longer[2 * sizeof((struct alc_err *)0)->text];
    struct alc_err err = {0};
    (void)state;
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = 0;
    alc_fail(&err, ALC_IO, "%s", longer);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    alc_fail_in(&err, "before");
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_memory_equal(err.text, "before: xxx", 11);
    alc_fail_in(&err, "%s", longer);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_memory_equal(err.text, "xxx", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fail_keeps_result_and_sentence),
        cmocka_unit_test(nobody_has_to_listen),
        cmocka_unit_test(without_a_sentence_the_result_speaks),
        cmocka_unit_test(what_was_being_done_goes_in_front),
        cmocka_unit_test(a_long_sentence_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
