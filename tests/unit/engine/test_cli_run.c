/* tests/unit/engine/test_cli_run.c — `alcove run` as people meet it: what goes where, exit codes.
 */
#include "fixture.h"

#include "base/json.h"
#include "cli/cli.h"

#include <unistd.h>

/* What the last call printed. */
static char out[65536], errors[65536];

static void take(FILE *f, char text[65536])
{
    rewind(f);
    text[fread(text, 1, 65535, f)] = 0;
    fclose(f);
}

/* alcove calls the subcommand with standard input, output and error in files. */
static int alcove(const char *input, int argc, char **argv)
{
    FILE *files[3] = {tmpfile(), tmpfile(), tmpfile()};
    int kept[3], code;

    fputs(input, files[0]);
    rewind(files[0]);
    fflush(stdout);
    fflush(stderr);
    clearerr(stdin);
    for (int i = 0; i < 3; i++) {
        kept[i] = dup(i);
        dup2(fileno(files[i]), i);
    }
    code = alc_cli_run(argc, argv);
    fflush(stdout);
    fflush(stderr);
    for (int i = 0; i < 3; i++) {
        dup2(kept[i], i);
        close(kept[i]);
    }
    fclose(files[0]);
    take(files[1], out);
    take(files[2], errors);
    return code;
}

#define ALCOVE(input, ...)                                                                         \
    alcove(input, (int)(sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)), (char *[]){__VA_ARGS__})

static char echo[] = GUESTS "echo.wasm", component[] = GUESTS "echo.p2.wasm",
            probe[] = GUESTS "probe.wasm", unlinked[] = GUESTS "unknown_import.wasm";

static void output_is_the_guests_and_the_summary_goes_to_stderr(void **state)
{
    (void)state;
    assert_int_equal(ALCOVE("", echo, "--input", "gr\xc3\xbc\xc3\x9f \"dich\""), 0);
    assert_string_equal(out, "gr\xc3\xbc\xc3\x9f \"dich\"");
    assert_non_null(strstr(errors, "-- WASI Preview 1 module, ok\n"));
    assert_non_null(strstr(errors, " instructions in "));
    assert_non_null(strstr(errors, "-- code "));
}

static void input_comes_from_a_flag_a_file_or_stdin(void **state)
{
    char path[] = "/tmp/alcove-input-XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    assert_int_equal(write(fd, "from a file", 11), 11);
    close(fd);
    assert_int_equal(ALCOVE("", echo, "--input-file", path), 0);
    assert_string_equal(out, "from a file");
    unlink(path);
    assert_int_equal(ALCOVE("from stdin", component, "-"), 0);
    assert_string_equal(out, "from stdin");
    assert_int_equal(ALCOVE("unread", echo), 0);
    assert_string_equal(out, "");
    assert_int_equal(ALCOVE("x", echo, "-", "--input", "y"), 2);
    assert_non_null(strstr(errors, "one of --input, --input-file and -"));
}

static void environment_and_arguments_are_handed_on(void **state)
{
    (void)state;
    assert_int_equal(ALCOVE("", probe, "--input", "env", "--env", "A=b=c", "--env", "EMPTY="), 0);
    assert_string_equal(out, "A=b=c\nEMPTY=\n");
    assert_int_equal(ALCOVE("", probe, "--arg", "one", "--arg", "two"), 0);
    assert_string_equal(out, "one\ntwo\n");
    assert_int_equal(ALCOVE("", probe, "--env", "noequals"), 2);
    assert_non_null(strstr(errors, "NAME=VALUE is wanted"));
}

static void the_exit_code_tells_the_outcome(void **state)
{
    (void)state;
    assert_int_equal(ALCOVE("", probe, "--input", "exit 3"), alc_rc_exit(ALC_TRAP));
    assert_non_null(strstr(errors, "exit status 3"));
    assert_int_equal(ALCOVE("", probe, "--input", "spin", "--max-instructions", "1000000"),
                     alc_rc_exit(ALC_LIMIT));
    assert_non_null(strstr(errors, "out of instructions"));
    assert_int_equal(ALCOVE("", probe, "--input", "sleep", "--max-seconds", "1"),
                     alc_rc_exit(ALC_TIMEOUT));
    assert_string_equal(out, "asleep\n");
    assert_int_equal(ALCOVE("", probe, "--input", "eat", "--max-memory-mb", "16"),
                     alc_rc_exit(ALC_LIMIT));
    assert_non_null(strstr(errors, "Out of memory"));
    assert_int_equal(ALCOVE("", unlinked), alc_rc_exit(ALC_BAD_INPUT));
    assert_non_null(strstr(errors, "env::launch")); /* people see the reason */
    assert_int_equal(ALCOVE("", "/dev/null"), alc_rc_exit(ALC_BAD_INPUT));
    assert_int_equal(ALCOVE("", "/no/such/file"), alc_rc_exit(ALC_NOT_FOUND));
    assert_int_equal(ALCOVE("", "--json"), alc_rc_exit(ALC_BAD_INPUT));
    assert_non_null(strstr(errors, "one module is wanted"));
}

static void json_has_everything_in_one_object(void **state)
{
    struct alc_json *doc = NULL;
    struct alc_bytes text;
    uint64_t n;

    (void)state;
    assert_int_equal(ALCOVE("", component, "--input", "a\"b", "--json"), 0);
    assert_string_equal(errors, "");
    assert_int_equal(alc_json_open(&doc, alc_cstr(out), sizeof out, NULL), ALC_OK);
    assert_true(alc_json_str(alc_json_get(doc, "kind"), &text) && alc_bytes_is(text, "wasip2"));
    assert_true(alc_json_str(alc_json_get(doc, "outcome"), &text) && alc_bytes_is(text, "ok"));
    assert_true(alc_json_str(alc_json_get(doc, "output"), &text) && alc_bytes_is(text, "a\"b"));
    assert_true(alc_json_str(alc_json_get(doc, "output_base64"), &text) &&
                alc_bytes_is(text, "YSJi"));
    assert_true(alc_json_str(alc_json_get(doc, "code_hash"), &text) && text.n == 64);
    assert_true(alc_json_u64(alc_json_get(doc, "instructions"), &n) && n > 0);
    alc_json_close(doc);
}

static void help_lists_the_flags(void **state)
{
    (void)state;
    assert_int_equal(ALCOVE("", "--help"), 0);
    assert_non_null(strstr(out, "usage: alcove run FILE.wasm"));
    assert_non_null(strstr(out, "--max-instructions"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_is_the_guests_and_the_summary_goes_to_stderr),
        cmocka_unit_test(input_comes_from_a_flag_a_file_or_stdin),
        cmocka_unit_test(environment_and_arguments_are_handed_on),
        cmocka_unit_test(the_exit_code_tells_the_outcome),
        cmocka_unit_test(json_has_everything_in_one_object),
        cmocka_unit_test(help_lists_the_flags),
    };
    alc_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
