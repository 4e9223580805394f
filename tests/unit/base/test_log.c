#include <regex.h>
#include <unistd.h>

#include "base_test.h"

/* Standard error goes into a file while a test runs. */
static char got[8192];

static void log_of(void (*act)(void))
{
    FILE *f = tmpfile();
    int kept = dup(STDERR_FILENO);
    size_t n;

    assert_non_null(f);
    assert_true(kept >= 0);
    fflush(stderr);
    assert_true(dup2(fileno(f), STDERR_FILENO) >= 0);
    act();
    fflush(stderr);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    rewind(f);
    n = fread(got, 1, sizeof got - 1, f);
    got[n] = 0;
    fclose(f);
}

static void assert_matches(const char *pattern)
{
    regex_t re;
    assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
    if (regexec(&re, got, 0, NULL, 0) != 0) fail_msg("'%s' does not match %s", got, pattern);
    regfree(&re);
}

static void one_line(void)
{
    alc_log(ALC_INFO, "job.claimed", "job=%d tries=%u", 7, 1u);
}

static void a_line_has_time_level_event_and_fields(void **state)
{
    (void)state;
    log_of(one_line);
    assert_matches("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z "
                   "info job\\.claimed job=7 tries=1\n$");
}

static void foreign_text(void)
{
    alc_log(ALC_WARN, "odd", "name=%s", "a\nerror forged x=1\r\x1b[2J\x7f");
}

static void foreign_text_makes_no_second_line(void **state)
{
    (void)state;
    log_of(foreign_text);
    assert_matches("Z warn odd name=a\\?error forged x=1\\?\\?\\[2J\\?\n$");
    assert_ptr_equal(strchr(got, '\n'), got + strlen(got) - 1);
}

static void all_levels(void)
{
    alc_log(ALC_ERROR, "e", "n=1");
    alc_log(ALC_WARN, "w", "n=1");
    alc_log(ALC_INFO, "i", "n=1");
    alc_log(ALC_DEBUG, "d", "n=1");
}

static void quieter_levels_are_left_out(void **state)
{
    (void)state;
    log_of(all_levels);
    assert_non_null(strstr(got, " info i "));
    assert_null(strstr(got, " debug d "));
    alc_log_set(ALC_ERROR);
    log_of(all_levels);
    assert_non_null(strstr(got, " error e "));
    assert_null(strstr(got, " warn w "));
    alc_log_set(ALC_DEBUG);
    log_of(all_levels);
    assert_non_null(strstr(got, " debug d "));
    alc_log_set(ALC_INFO);
}

static void very_long_line(void)
{
    static char text[4000];
    memset(text, 'y', sizeof text - 1);
    alc_log(ALC_INFO, "long", "text=%s", text);
}

static void a_long_line_is_cut_and_ends(void **state)
{
    (void)state;
    log_of(very_long_line);
    assert_true(strlen(got) < 2000);
    assert_int_equal(got[strlen(got) - 1], '\n');
    assert_int_equal(got[strlen(got) - 2], 'y');
}

static void levels_have_names(void **state)
{
    enum alc_log_level level = ALC_INFO;
    (void)state;
    assert_true(alc_log_level_of("error", &level));
    assert_int_equal(level, ALC_ERROR);
    assert_true(alc_log_level_of("debug", &level));
    assert_int_equal(level, ALC_DEBUG);
    assert_false(alc_log_level_of("DEBUG", &level));
    assert_false(alc_log_level_of("", &level));
    assert_int_equal(level, ALC_DEBUG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_time_level_event_and_fields),
        cmocka_unit_test(foreign_text_makes_no_second_line),
        cmocka_unit_test(quieter_levels_are_left_out),
        cmocka_unit_test(a_long_line_is_cut_and_ends),
        cmocka_unit_test(levels_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
