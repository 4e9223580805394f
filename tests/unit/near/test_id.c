/* tests/unit/near/test_id.c — what is an account id by form. */
#include "near_test.h"

static void good_forms_are_valid(void **state)
{
    static const char *const good[] = {"aa",        "a-a",    "100",       "system", "10-4.8-2",
                                       "b-o_w_e-n", "near.a", "a.b.c_d-e", "0s1234"};
    char longest[65];
    (void)state;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!alc_near_id_valid(alc_cstr(good[i]))) fail_msg("%s should be valid", good[i]);
    memset(longest, 'f', 64);
    longest[64] = 0;
    assert_true(alc_near_id_valid(alc_cstr(longest)));
}

static void bad_forms_are_not(void **state)
{
    static const char *const bad[] = {"",     "a",    "A",         "near.", ".near", "a..near",
                                      "0__0", "_x",   "x_",        "a@b",   "a b",   "a._b",
                                      "Ab",   "a\tb", "x\xc3\xbc", "-a",    "a-",    "a-_b"};
    char too_long[66];
    (void)state;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (alc_near_id_valid(alc_cstr(bad[i]))) fail_msg("\"%s\" should not be valid", bad[i]);
    memset(too_long, 'a', 65);
    too_long[65] = 0;
    assert_false(alc_near_id_valid(alc_cstr(too_long)));
    assert_false(alc_near_id_valid((struct alc_bytes){(const uint8_t *)"a\0b", 3}));
    assert_false(alc_near_id_valid((struct alc_bytes){NULL, 0}));
}

static void set_copies_valid_ids_and_leaves_the_rest_alone(void **state)
{
    struct alc_near_id id = {"before"};
    (void)state;

    assert_false(alc_near_id_set(&id, ALC_LIT("Not.Valid")));
    assert_string_equal(id.s, "before");
    assert_true(alc_near_id_set(&id, ALC_LIT("compute.near")));
    assert_string_equal(id.s, "compute.near");
    assert_text(alc_near_id_bytes(&id), "compute.near");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_forms_are_valid),
        cmocka_unit_test(bad_forms_are_not),
        cmocka_unit_test(set_copies_valid_ids_and_leaves_the_rest_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
