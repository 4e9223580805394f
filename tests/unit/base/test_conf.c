#include <unistd.h>

#include "base/conf.h"
#include "fail_alloc.h"

struct settings {
    const char *url;
    uint32_t slots;
    uint64_t budget;
    bool loud;
    bool json;
    const char *const *env;
};

static const struct alc_conf_item items[] = {
    {"worker.url", ALC_CONF_STR, offsetof(struct settings, url), "http://here", 0, 40, "where"},
    {"worker.slots", ALC_CONF_U32, offsetof(struct settings, slots), "2", 1, 64, "guests at once"},
    {"worker.day_budget", ALC_CONF_U64, offsetof(struct settings, budget), NULL, 0, 0, "money"},
    {"log.loud", ALC_CONF_BOOL, offsetof(struct settings, loud), "false", 0, 0, "say more"},
    {"json", ALC_CONF_BOOL, offsetof(struct settings, json), NULL, 0, 0, "for machines"},
    {"run.env", ALC_CONF_LIST, offsetof(struct settings, env), NULL, 0, 40, "NAME=VALUE"},
};
static const char *const others[] = {"gateway.", "failpoint", NULL};
static const struct alc_conf_table table = {items, sizeof items / sizeof items[0], others};

struct fixture {
    struct alc_arena arena;
    struct settings s;
    struct alc_conf_rest rest;
    struct alc_err err;
    char file[32]; /* a temporary one, "" when there is none */
};

static int set_up(void **state)
{
    static const char *const names[] = {"ALCOVE_WORKER_SLOTS", "ALCOVE_WORKER_DAY_BUDGET",
                                        "ALCOVE_LOG_LOUD",     "ALCOVE_JSON",
                                        "ALCOVE_CONF",         "ALCOVE_GATEWAY_PORT",
                                        "ALCOVE_FAILPOINT",    "ALCOVE_WROKER_SLOTS",
                                        "ALCOVE_RUN_ENV",      "ALCOVE_WORKER_URL",
                                        "ALCOVE_GATEWAY"};
    struct fixture *f = calloc(1, sizeof *f);
    f->arena = ALC_ARENA(MIB);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    if (f->file[0] != 0) unlink(f->file);
    alc_arena_fini(&f->arena);
    free(f);
    return 0;
}

static const char *file_of(struct fixture *f, const char *text)
{
    FILE *out;
    int fd;
    if (f->file[0] != 0) unlink(f->file);
    strcpy(f->file, "conf-XXXXXX");
    fd = mkstemp(f->file);
    assert_true(fd >= 0);
    out = fdopen(fd, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    return f->file;
}

/* read_with(f, file, words ...) reads as a program would that got these words. */
#define read_with(f, file, ...) read_words((f), (file), (const char *const[]){__VA_ARGS__, NULL})
#define read_without(f, file) read_words((f), (file), (const char *const[]){NULL})

static enum alc_rc read_words(struct fixture *f, const char *file, const char *const *words)
{
    char *argv[16];
    int argc = 0;
    enum alc_rc rc;
    for (; words[argc] != NULL; argc++)
        argv[argc] = strdup(words[argc]);
    f->err = (struct alc_err){0};
    rc = alc_conf_read(&f->s, &f->rest, &table, file, argc, argv, &f->arena, &f->err);
    /* Words stay those of argv: what is asserted about them must be copied. */
    for (size_t i = 0; rc == ALC_OK && i < f->rest.count; i++)
        f->rest.words[i] = alc_arena_text(&f->arena, "%s", f->rest.words[i]);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    return rc;
}

static void presets_stand_where_nobody_speaks(void **state)
{
    struct fixture *f = *state;
    memset(&f->s, 0xff, sizeof f->s);
    assert_int_equal(read_without(f, NULL), ALC_OK);
    assert_string_equal(f->s.url, "http://here");
    assert_int_equal(f->s.slots, 2);
    assert_int_equal(f->s.budget, 0);
    assert_false(f->s.loud);
    assert_false(f->s.json);
    assert_null(f->s.env[0]);
    assert_int_equal(f->rest.count, 0);
    assert_false(f->rest.help);
}

static void each_source_wins_over_the_one_before(void **state)
{
    struct fixture *f = *state;
    const char *file = file_of(f, "[worker]\nslots = 3\nurl = http://file\nday_budget = 1\n"
                                  "[log]\nloud = yes\n");
    assert_int_equal(read_without(f, file), ALC_OK);
    assert_int_equal(f->s.slots, 3);
    assert_string_equal(f->s.url, "http://file");
    assert_true(f->s.loud);
    setenv("ALCOVE_WORKER_SLOTS", "4", 1);
    setenv("ALCOVE_WORKER_DAY_BUDGET", "18446744073709551615", 1);
    assert_int_equal(read_without(f, file), ALC_OK);
    assert_int_equal(f->s.slots, 4);
    assert_true(f->s.budget == UINT64_MAX);
    assert_int_equal(read_with(f, file, "--worker-slots", "5"), ALC_OK);
    assert_int_equal(f->s.slots, 5);
    assert_string_equal(f->s.url, "http://file");
    assert_true(f->s.budget == UINT64_MAX);
}

static void flags_come_in_both_forms(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_with(f, NULL, "--worker-slots=7", "--worker-url", "--odd", "--json",
                               "--worker-day-budget=9"),
                     ALC_OK);
    assert_int_equal(f->s.slots, 7);
    assert_string_equal(f->s.url, "--odd"); /* what follows a flag is its value */
    assert_true(f->s.json);
    assert_int_equal(f->s.budget, 9);
    assert_int_equal(read_with(f, NULL, "--json=off", "--worker-url=a=b", "--log-loud"), ALC_OK);
    assert_false(f->s.json);
    assert_true(f->s.loud);
    assert_string_equal(f->s.url, "a=b");
    assert_int_equal(read_with(f, NULL, "--worker-url="), ALC_OK);
    assert_string_equal(f->s.url, "");
}

static void words_stay_in_order(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_with(f, NULL, "a.wasm", "--json", "b", "-", "--worker-slots", "3", "c",
                               "--", "--json", "--help"),
                     ALC_OK);
    assert_int_equal(f->rest.count, 6);
    assert_string_equal(f->rest.words[0], "a.wasm");
    assert_string_equal(f->rest.words[1], "b"); /* a switch takes no word behind it */
    assert_string_equal(f->rest.words[2], "-");
    assert_string_equal(f->rest.words[3], "c");
    assert_string_equal(f->rest.words[4], "--json");
    assert_string_equal(f->rest.words[5], "--help");
    assert_true(f->s.json);
    assert_false(f->rest.help);
}

static void a_list_adds_within_a_source_and_is_replaced_by_the_next(void **state)
{
    struct fixture *f = *state;
    const char *file = file_of(f, "[run]\nenv = F=1\nenv = F=2\n");
    assert_int_equal(read_without(f, file), ALC_OK);
    assert_string_equal(f->s.env[0], "F=1");
    assert_string_equal(f->s.env[1], "F=2");
    assert_null(f->s.env[2]);
    setenv("ALCOVE_RUN_ENV", "E=1", 1);
    assert_int_equal(read_without(f, file), ALC_OK);
    assert_string_equal(f->s.env[0], "E=1");
    assert_null(f->s.env[1]);
    assert_int_equal(read_with(f, file, "--run-env", "A=1", "--run-env=B=2"), ALC_OK);
    assert_string_equal(f->s.env[0], "A=1");
    assert_string_equal(f->s.env[1], "B=2");
    assert_null(f->s.env[2]);
}

static void help_checks_nothing(void **state)
{
    struct fixture *f = *state;
    setenv("ALCOVE_WORKER_SLOTS", "no number", 1);
    assert_int_equal(read_with(f, "/no/such/file", "--nonsense", "--help"), ALC_OK);
    assert_true(f->rest.help);
    assert_int_equal(read_with(f, NULL, "-h"), ALC_OK);
    assert_true(f->rest.help);
}

static void numbers_are_checked(void **state)
{
    static const char *const bad[] = {
        "0", "65", "", "-1", "+1", "1.0", "0x2", " 2", "2 ", "two", "18446744073709551617"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_with(f, NULL, "--worker-slots", bad[i]), ALC_BAD_INPUT);
        assert_says(&f->err, "worker.slots", "--worker-slots", bad[i], "from 1 to 64");
    }
    assert_int_equal(read_with(f, NULL, "--worker-slots", "64"), ALC_OK);
    assert_int_equal(read_with(f, NULL, "--worker-day-budget", "18446744073709551616"),
                     ALC_BAD_INPUT);
}

static void bools_and_lengths_are_checked(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_with(f, NULL, "--json=maybe"), ALC_BAD_INPUT);
    assert_says(&f->err, "json", "maybe", "true");
    assert_int_equal(read_with(f, NULL, "--json="), ALC_BAD_INPUT);
    assert_int_equal(
        read_with(f, NULL, "--worker-url", "12345678901234567890123456789012345678901"),
        ALC_BAD_INPUT);
    assert_says(&f->err, "worker.url", "40 bytes");
}

static void the_sentence_names_the_source(void **state)
{
    struct fixture *f = *state;
    const char *file = file_of(f, "; a comment\n\n[worker]\nslots = 99\n");
    assert_int_equal(read_without(f, file), ALC_BAD_INPUT);
    assert_says(&f->err, "worker.slots", "'99'", file, ":4", "1 to 64");
    setenv("ALCOVE_WORKER_SLOTS", "98", 1);
    assert_int_equal(read_without(f, NULL), ALC_BAD_INPUT);
    assert_says(&f->err, "worker.slots", "'98'", "ALCOVE_WORKER_SLOTS");
}

static void an_unknown_name_stops_the_start(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_without(f, file_of(f, "[worker]\nslots = 2\nslot = 3\n")), ALC_BAD_INPUT);
    assert_says(&f->err, ":3", "worker.slot");
    assert_int_equal(read_without(f, file_of(f, "[wroker]\nslots = 2\n")), ALC_BAD_INPUT);
    assert_says(&f->err, ":2", "wroker.slots");
    assert_int_equal(read_with(f, NULL, "--worker-slot", "2"), ALC_BAD_INPUT);
    assert_says(&f->err, "--worker-slot", "--help");
    assert_int_equal(read_with(f, NULL, "-x"), ALC_BAD_INPUT);
    assert_int_equal(read_with(f, NULL, "--worker.slots=2"), ALC_BAD_INPUT);
    setenv("ALCOVE_WROKER_SLOTS", "2", 1);
    assert_int_equal(read_without(f, NULL), ALC_BAD_INPUT);
    assert_says(&f->err, "ALCOVE_WROKER_SLOTS");
}

static void names_of_others_are_let_through(void **state)
{
    struct fixture *f = *state;
    setenv("ALCOVE_GATEWAY_PORT", "80", 1);
    setenv("ALCOVE_FAILPOINT", "x", 1);
    assert_int_equal(read_without(f, file_of(f, "[gateway]\nport = 80\n[worker]\nslots = 3\n")),
                     ALC_OK);
    assert_int_equal(f->s.slots, 3);
    setenv("ALCOVE_GATEWAY", "x", 1); /* a section is no name */
    assert_int_equal(read_without(f, NULL), ALC_BAD_INPUT);
    unsetenv("ALCOVE_GATEWAY");
    assert_int_equal(read_with(f, NULL, "--gateway-port", "80"), ALC_BAD_INPUT);
}

static void a_flag_wants_its_value(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_with(f, NULL, "--worker-slots"), ALC_BAD_INPUT);
    assert_says(&f->err, "--worker-slots", "value");
    assert_int_equal(read_with(f, NULL, "--conf"), ALC_BAD_INPUT);
}

static void the_file_is_named_three_ways(void **state)
{
    struct fixture *f = *state;
    const char *file = file_of(f, "[worker]\nslots = 33\n");
    assert_int_equal(read_with(f, "/no/such/file", "--conf", file), ALC_OK);
    assert_int_equal(f->s.slots, 33);
    setenv("ALCOVE_CONF", "/no/such/file", 1);
    assert_int_equal(read_with(f, NULL, "--conf", file), ALC_OK);
    assert_int_equal(f->s.slots, 33);
    assert_int_equal(read_without(f, file), ALC_NOT_FOUND);
    assert_says(&f->err, "/no/such/file");
    setenv("ALCOVE_CONF", file, 1);
    assert_int_equal(read_without(f, NULL), ALC_OK);
    assert_int_equal(f->s.slots, 33);
    /* What looks like --conf may be another flag's value. */
    unsetenv("ALCOVE_CONF");
    assert_int_equal(read_with(f, NULL, "--worker-url", "--conf"), ALC_OK);
    assert_string_equal(f->s.url, "--conf");
}

static void a_broken_file_is_refused(void **state)
{
    struct fixture *f = *state;
    char line[ALC_CONF_LINE_MAX_BYTES + 100];
    assert_int_equal(read_without(f, file_of(f, "[worker]\nslots\n")), ALC_BAD_INPUT);
    assert_says(&f->err, ":2");
    assert_int_equal(read_without(f, file_of(f, "[worker\nslots = 2\n")), ALC_BAD_INPUT);
    assert_says(&f->err, ":1");
    assert_int_equal(read_without(f, file_of(f, "[worker]\nslots = 2\nslots = 3\n")),
                     ALC_BAD_INPUT);
    assert_says(&f->err, ":3", "second");
    assert_int_equal(read_without(f, file_of(f, "jsom = true\n")), ALC_BAD_INPUT);
    assert_says(&f->err, ":1", "jsom");
    assert_int_equal(read_without(f, file_of(f, "json = true\n")), ALC_OK);
    assert_true(f->s.json);
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = 0;
    memcpy(line, "[worker]\nurl=", 13);
    assert_int_equal(read_without(f, file_of(f, line)), ALC_BAD_INPUT);
    assert_says(&f->err, ":2", "4096");
    assert_int_equal(read_without(f, "/"), ALC_IO);
    assert_int_equal(read_without(f, "/no/such/file"), ALC_NOT_FOUND);
}

static void long_lines_and_no_newline_at_the_end_are_fine(void **state)
{
    struct fixture *f = *state;
    char text[1200] = "; ";
    memset(text + 2, 'c', 1000);
    strcpy(text + 1002, "\n  [worker]\n  url = http://u ; why\nslots=6");
    assert_int_equal(read_without(f, file_of(f, text)), ALC_OK);
    assert_string_equal(f->s.url, "http://u");
    assert_int_equal(f->s.slots, 6);
}

static void settings_over_the_arena_are_told(void **state)
{
    struct fixture *f = *state;
    alc_arena_fini(&f->arena);
    f->arena = ALC_ARENA(40);
    assert_int_equal(read_with(f, NULL, "--json"), ALC_NOMEM);
}

static enum alc_rc read_all(void)
{
    struct alc_arena arena = ALC_ARENA(MIB);
    struct alc_conf_rest rest;
    struct settings s;
    char flag[] = "--run-env=A=1", word[] = "word";
    char *argv[] = {flag, word, flag};
    enum alc_rc rc = alc_conf_read(&s, &rest, &table, NULL, 3, argv, &arena, NULL);
    alc_arena_fini(&arena);
    return rc;
}

static void no_memory_is_told(void **state)
{
    (void)state;
    each_allocation_failing(read_all);
}

static void help_has_a_line_a_setting(void **state)
{
    char text[4096];
    FILE *out = tmpfile();
    int kept;
    size_t n;
    (void)state;
    assert_non_null(out);
    fflush(stdout);
    kept = dup(STDOUT_FILENO);
    assert_true(dup2(fileno(out), STDOUT_FILENO) >= 0);
    alc_conf_help(&table);
    fflush(stdout);
    assert_true(dup2(kept, STDOUT_FILENO) >= 0);
    close(kept);
    rewind(out);
    n = fread(text, 1, sizeof text - 1, out);
    text[n] = 0;
    fclose(out);
    assert_non_null(strstr(text, "  --worker-slots N       guests at once [2]\n"));
    assert_non_null(strstr(text, "  --worker-day-budget N  money\n"));
    assert_non_null(strstr(text, "  --json                 for machines\n"));
    assert_non_null(strstr(text, "  --conf TEXT            file"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(presets_stand_where_nobody_speaks),
        TEST(each_source_wins_over_the_one_before),
        TEST(flags_come_in_both_forms),
        TEST(words_stay_in_order),
        TEST(a_list_adds_within_a_source_and_is_replaced_by_the_next),
        TEST(help_checks_nothing),
        TEST(numbers_are_checked),
        TEST(bools_and_lengths_are_checked),
        TEST(the_sentence_names_the_source),
        TEST(an_unknown_name_stops_the_start),
        TEST(names_of_others_are_let_through),
        TEST(a_flag_wants_its_value),
        TEST(the_file_is_named_three_ways),
        TEST(a_broken_file_is_refused),
        TEST(long_lines_and_no_newline_at_the_end_are_fine),
        TEST(settings_over_the_arena_are_told),
        TEST(no_memory_is_told),
        TEST(help_has_a_line_a_setting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
