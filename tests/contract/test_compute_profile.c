/* tests/contract/test_compute_profile.c — which characters the name of a profile may hold: letters
 * and numbers of Unicode, '-' and '_'. */
#include "tests/contract/compute_calls.h"

static struct {
    struct alc_bytes profile;
} checked;

static void check(void)
{
    profile_check(checked.profile, "profile");
}

static bool passes(const char *profile, size_t n)
{
    checked.profile = (struct alc_bytes){(const uint8_t *)profile, n};
    return fake_view(check, ALC_LIT(""));
}

static size_t utf8_of(char out[4], uint32_t c)
{
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

static void letters_and_numbers_of_all_scripts_pass(void **state)
{
    static const char *const good[] = {"a",
                                       "Z9-_",
                                       "\xc2\xb2",         /* superscript two */
                                       "caf\xc3\xa9",      /* e with acute */
                                       "\xce\xb1\xce\xa9", /* Greek */
                                       "\xe4\xb8\xad",     /* Han */
                                       "\xe2\x85\xa7",     /* Roman numeral eight */
                                       "\xd9\xa3",         /* Arabic-Indic digit */
                                       "\xf0\x90\x90\x80", /* Deseret */
                                       "\xcd\x85" /* a mark that is alphabetic */};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(passes(good[i], strlen(good[i])));
}

static void others_are_named(void **state)
{
    static const char *const bad[] = {" ",
                                      ".",
                                      "\x7f",
                                      "\xc2\xa0",         /* no-break space */
                                      "\xe2\x82\xac",     /* euro sign */
                                      "\xcc\x81",         /* combining acute */
                                      "\xe2\x80\x8b",     /* zero width space */
                                      "\xef\xbf\xbd",     /* replacement character */
                                      "\xf0\x9f\x98\x80", /* a face */
                                      "\xf4\x8f\xbf\xbf"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *profile = fmt("\xc3\xa9%s", bad[i]);
        assert_false(passes(profile, strlen(profile)));
        assert_string_equal((const char *)fake_panic().p,
                            fmt("profile must be 1\xe2\x80\x93"
                                "64 bytes of letters, digits, '-' or '_' (it contains '%s')",
                                bad[i]));
    }
}

/* How many there are, and their sum, as Rust's char::is_alphanumeric counts those of Unicode 17. */
static void the_whole_table_is_read_as_it_was_written(void **state)
{
    uint64_t count = 0, sum = 0;
    char text[4];
    (void)state;
    for (uint32_t c = 0x80; c < 0x33480; c++) {
        if (c >= 0xd800 && c < 0xe000) continue;
        if (!passes(text, utf8_of(text, c))) continue;
        count++;
        sum += c;
    }
    assert_int_equal(count, 149044);
    assert_int_equal(sum, UINT64_C(16342301476));
    assert_false(passes(text, utf8_of(text, 0xe0100)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(letters_and_numbers_of_all_scripts_pass),
        TEST(others_are_named),
        TEST(the_whole_table_is_read_as_it_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
