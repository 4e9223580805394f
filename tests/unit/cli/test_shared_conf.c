/* tests/unit/cli/test_shared_conf.c — one file of settings serves every subcommand: what `alcove
 * up` accepts in file and environment stops none of the others. */
#include "program.h"

#include "cli/settings.h"

/* A value that an item takes: its preset, or one within its limits. */
static const char *value_of(const struct alc_conf_item *item, char out[64])
{
    if (item->preset != NULL && item->preset[0] != 0) return item->preset;
    snprintf(out, 64, "%s",
             item->kind == ALC_CONF_BOOL   ? "true"
             : item->kind == ALC_CONF_STR  ? "text"
             : item->kind == ALC_CONF_LIST ? "http://127.0.0.1:9"
                                           : "1");
    return out;
}

static const char *env_of(const struct alc_conf_item *item, char out[128])
{
    snprintf(out, 128, "ALCOVE_%s", item->name);
    for (char *c = out; *c != 0; c++)
        *c = *c == '.' || *c == '-' ? '_' : *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c;
    return out;
}

/* Every setting of the roles, as a file: plain names first, then a line [section] for each. */
static void write_all(const struct program *p, const char *name)
{
    char path[128], value[64], section[64] = "";
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", p->dir, name);
    f = fopen(path, "w");
    assert_non_null(f);
    for (int sections = 0; sections < 2; sections++)
        for (size_t i = 0; i < cli_node_table.count; i++) {
            const struct alc_conf_item *item = &cli_node_table.items[i];
            const char *dot = strchr(item->name, '.');
            if ((dot != NULL) != (sections == 1)) continue;
            if (dot != NULL) {
                snprintf(section, sizeof section, "%.*s", (int)(dot - item->name), item->name);
                fprintf(f, "[%s]\n", section);
            }
            fprintf(f, "%s = %s\n", dot != NULL ? dot + 1 : item->name, value_of(item, value));
        }
    assert_int_equal(fclose(f), 0);
}

/* Each reads its settings, and then stops at a word of its own. */
static const struct {
    const char *words, *says;
    int exit;
} stops[] = {
    {"verify nothing.json", "nothing.json: No such file", 2},
    {"run nothing.wasm", "nothing.wasm: No such file", 5},
    {"request", "name the --key file", 2},
    {"attest word", "`word`: only flags", 2},
    {"doctor word", "`word`", 2},
    {"up word", "`word`: only flags", 2},
    {"demo word", "near.rpc is set", 2},
};
#define STOPS (sizeof stops / sizeof *stops)

static void a_file_for_the_roles_stops_no_subcommand(void **state)
{
    struct program *p = *state;

    write_all(p, "all.conf");
    for (size_t i = 0; i < STOPS; i++) {
        int code = program_run(p, "%s --conf all.conf", stops[i].words);
        program_said(&p->err, stops[i].says);
        if (code != stops[i].exit) fail_msg("%s: exit %d", stops[i].words, code);
    }
}

static void an_environment_for_the_roles_stops_no_subcommand(void **state)
{
    struct program *p = *state;
    char value[64], name[128];

    for (size_t i = 0; i < cli_node_table.count; i++) {
        const struct alc_conf_item *item = &cli_node_table.items[i];
        assert_int_equal(setenv(env_of(item, name), value_of(item, value), 1), 0);
    }
    for (size_t i = 0; i < STOPS; i++) {
        int code = program_run(p, "%s", stops[i].words);
        program_said(&p->err, stops[i].says);
        if (code != stops[i].exit) fail_msg("%s: exit %d", stops[i].words, code);
    }
    for (size_t i = 0; i < cli_node_table.count; i++)
        unsetenv(env_of(&cli_node_table.items[i], name));
}

static void a_name_that_nobody_has_stops_them_all(void **state)
{
    struct program *p = *state;
    char path[128];
    FILE *f;

    snprintf(path, sizeof path, "%s/typo.conf", p->dir);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs("[gatewya]\nport = 1\n", f);
    assert_int_equal(fclose(f), 0);
    for (size_t i = 0; i < STOPS; i++) {
        assert_int_equal(program_run(p, "%s --conf typo.conf", stops[i].words), 2);
        program_said(&p->err, "gatewya.port");
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, program_set_up, program_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_file_for_the_roles_stops_no_subcommand),
        TEST(an_environment_for_the_roles_stops_no_subcommand),
        TEST(a_name_that_nobody_has_stops_them_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
