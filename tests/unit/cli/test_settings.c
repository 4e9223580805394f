/* tests/unit/cli/test_settings.c — what `alcove up` refuses before it starts anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/node.h"

static void refused(const char *flag, const char *value, const char *says)
{
    char *argv[] = {(char *)(uintptr_t)flag, (char *)(uintptr_t)value};
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct cli_settings set = {0};
    struct alc_err err = {0};
    bool help = false;

    assert_int_equal(cli_node_settings(&set, &help, 2, argv, &arena, &err), ALC_BAD_INPUT);
    if (strstr(err.text, says) == NULL) fail_msg("%s %s: %s", flag, value, err.text);
    alc_arena_fini(&arena);
}

static void names_that_are_no_accounts_are_refused(void **state)
{
    (void)state;
    refused("--near-contract", "BAD!!", "near.contract: `BAD!!` is no account id");
    refused("--near-operator", "a..b", "near.operator: `a..b` is no account id");
}

static void a_network_needs_a_state_folder(void **state)
{
    (void)state;
    refused("--near-rpc", "https://rpc.example", "--state folder is needed");
}

static void a_level_that_is_none_is_refused(void **state)
{
    (void)state;
    refused("--log", "loud", "`loud`");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_are_no_accounts_are_refused),
        cmocka_unit_test(a_network_needs_a_state_folder),
        cmocka_unit_test(a_level_that_is_none_is_refused),
    };
    unsetenv("ALCOVE_VECTORS"); /* the tests' own; to the program it is a setting that is none */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
