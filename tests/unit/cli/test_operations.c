/* tests/unit/cli/test_operations.c — the example of docs/operations.md is read as it stands there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/node.h"

/* example writes the page's ini block to a file of its own and returns its name. */
static const char *example(char name[64])
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_bytes page;
    const char *begin, *end;
    FILE *f;
    int fd;

    assert_int_equal(
        cli_read_file(&page, ALC_SOURCE_DIR "/docs/operations.md", 1u << 16, &arena, NULL), ALC_OK);
    begin = strstr((const char *)page.p, "```ini\n");
    assert_non_null(begin);
    begin += strlen("```ini\n");
    end = strstr(begin, "```");
    assert_non_null(end);
    strcpy(name, "/tmp/alcove-conf-XXXXXX");
    fd = mkstemp(name);
    assert_true(fd >= 0);
    f = fdopen(fd, "w");
    assert_int_equal(fwrite(begin, 1, (size_t)(end - begin), f), (size_t)(end - begin));
    assert_int_equal(fclose(f), 0);
    alc_arena_fini(&arena);
    return name;
}

static enum alc_rc read_flags(struct cli_settings *set, char *const *flags, int count,
                              struct alc_arena *arena, struct alc_err *err)
{
    bool help;
    char *argv[8];
    for (int i = 0; i < count; i++)
        argv[i] = flags[i];
    return cli_node_settings(set, &help, count, argv, arena, err);
}

static void the_page_s_example_is_what_it_says(void **state)
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct cli_settings set = {0};
    struct alc_err err = {0};
    char name[64], flag[] = "--conf", over[] = "--worker-slots=7";
    char *flags[3] = {flag, NULL, over};
    (void)state;

    flags[1] = name;
    example(name);
    assert_int_equal(read_flags(&set, flags, 3, &arena, &err), ALC_OK);
    assert_string_equal(set.state, "/var/lib/alcove");
    assert_string_equal(set.rpc[0], "https://rpc.testnet.near.org");
    assert_null(set.rpc[1]);
    assert_string_equal(set.stream[0], "https://testnet.neardata.xyz");
    assert_string_equal(set.chain_id, "testnet");
    assert_string_equal(set.contract_id, "compute.you.testnet");
    assert_string_equal(set.operator_id, "worker.you.testnet");
    assert_int_equal(set.slots, 7); /* a flag wins over the file */
    assert_int_equal(set.max_memory_mb, 512);
    assert_false(set.plain_http);
    assert_string_equal(set.source, "auto");
    assert_string_equal(set.register_id, "worker.you.testnet"); /* on the operator's account */
    assert_string_equal(set.init_id, "init.you.testnet");
    assert_string_equal(set.init_key, "/etc/alcove/init.json");
    unlink(name);
    alc_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_s_example_is_what_it_says),
    };
    unsetenv("ALCOVE_VECTORS"); /* the tests' own; to the program it is a setting that is none */
    alc_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
