/* tests/unit/cli/test_verify.c — `alcove verify` as its users meet it: exit code, words, JSON. */
#include "example.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attest/attest.h"
#include "base/json.h"

extern char **environ;

#define ALCOVE ALC_BUILD_DIR "/bin/alcove"

struct fixture {
    char folder[32], path[64], other[64], said[80], complained[80];
    char out[16u << 10], err[4u << 10];
    struct alc_arena arena;
    struct alc_bundle bundle; /* the document's example */
};

static void read_back(char *out, size_t cap, const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t n;
    assert_non_null(f);
    n = fread(out, 1, cap - 1, f);
    out[n] = 0;
    fclose(f);
}

/* run starts `alcove verify` with up to five words and returns its exit code. */
static int run(struct fixture *f, const char *a, const char *b, const char *c, const char *d)
{
    const char *words[] = {ALCOVE, "verify", a, b, c, d, NULL};
    char *argv[8] = {NULL};
    posix_spawn_file_actions_t files;
    int status = 0;
    pid_t pid;

    for (size_t i = 0; i < 7 && words[i] != NULL; i++) {
        argv[i] = strdup(words[i]);
        assert_non_null(argv[i]);
    }
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 1, f->said, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&files, 2, f->complained, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(posix_spawn(&pid, ALCOVE, &files, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&files);
    for (size_t i = 0; argv[i] != NULL; i++)
        free(argv[i]);
    while (waitpid(pid, &status, 0) != pid)
        assert_int_equal(errno, EINTR);
    read_back(f->out, sizeof f->out, f->said);
    read_back(f->err, sizeof f->err, f->complained);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void write_file(const char *path, struct alc_bytes bytes)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
    assert_int_equal(fclose(f), 0);
}

static void write_bundle(struct fixture *f)
{
    struct alc_buf text = ALC_BUF(1u << 20);
    alc_bundle_write(&text, &f->bundle);
    write_file(f->path, alc_buf_bytes(&text));
    alc_buf_fini(&text);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    if (f == NULL) return -1;
    unsetenv("ALCOVE_VECTORS"); /* the tests' own; to the program it is a setting that is none */
    alc_crypto_init();
    snprintf(f->folder, sizeof f->folder, "cli_verify.XXXXXX");
    if (mkdtemp(f->folder) == NULL) return -1;
    snprintf(f->path, sizeof f->path, "%s/statement.json", f->folder);
    snprintf(f->other, sizeof f->other, "%s/other", f->folder);
    snprintf(f->said, sizeof f->said, "%s/out", f->folder);
    snprintf(f->complained, sizeof f->complained, "%s/err", f->folder);
    f->arena = ALC_ARENA(1u << 20);
    write_file(f->path, example());
    if (alc_bundle_read(&f->bundle, example(), &f->arena, NULL) != ALC_OK) return -1;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    unlink(f->path);
    unlink(f->other);
    unlink(f->said);
    unlink(f->complained);
    rmdir(f->folder);
    alc_arena_fini(&f->arena);
    free(f);
    return 0;
}

static void says(const char *text, const char *word)
{
    if (strstr(text, word) == NULL) fail_msg("no `%s` in: %s", word, text);
}

static void rejects(struct fixture *f, const char *a, const char *b, const char *why)
{
    assert_int_equal(run(f, f->path, a, b, NULL), 1);
    says(f->out, "REJECTED: ");
    says(f->out, why);
    assert_null(strstr(f->out, "ACCEPTED"));
    assert_null(strstr(f->out, "Proven"));
    assert_string_equal(f->err, "");
}

static void the_documents_example_is_accepted_and_said_to_be_simulated(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(run(f, f->path, NULL, NULL, NULL), 0);
    says(f->out, "ACCEPTED statement ");
    says(f->out, "SIMULATED");
    says(f->out, "NOT proven");
    says(f->out, "no quote");
    says(f->out, "compute.test.near, request 7");
    says(f->out, "not shown, so not compared"); /* the module */
    assert_string_equal(f->err, "");
}

static void evidence_on_the_command_line_is_compared(void **state)
{
    struct fixture *f = *state;

    write_file(f->other, ALC_LIT("the bytes of rain.wasm"));
    assert_int_equal(run(f, f->path, "--code", f->other, NULL), 0);
    assert_null(strstr(f->out, "not shown"));
    rejects(f, "--input", f->other, alc_refusal_text(ALC_REFUSAL_INPUT));
    rejects(f, "--output", f->other, alc_refusal_text(ALC_REFUSAL_OUTPUT));
    write_file(f->other, ALC_LIT("the bytes of rain.wasM"));
    rejects(f, "--code", f->other, alc_refusal_text(ALC_REFUSAL_CODE));
}

static void what_the_caller_expects_is_compared(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(run(f, f->path, "--worker-key",
                         "ed25519:FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z", NULL),
                     0);
    rejects(f, "--worker-key", "ed25519:9FtHUFBQsZ2MG77K3x3MJ9wjX3UT8zE1TczCrhZEcG8U",
            alc_refusal_text(ALC_REFUSAL_WORKER_KEY));
    assert_int_equal(run(f, f->path, "--contract", "compute.test.near", NULL), 0);
    rejects(f, "--contract", "evil.test.near", alc_refusal_text(ALC_REFUSAL_CONTRACT));
    assert_int_equal(run(f, f->path, "--chain", "localnet", NULL), 0);
    rejects(f, "--chain", "mainnet", alc_refusal_text(ALC_REFUSAL_CHAIN));
}

static void no_statement_of_this_version_is_hardware(void **state)
{
    struct fixture *f = *state;
    uint8_t bytes[ALC_STATEMENT_SIGNED_MAX_BYTES];
    struct alc_statement s;

    rejects(f, "--hardware", NULL, "no hardware vouches for the key");
    s = sample();
    s.simulated = 0; /* and to say so is not enough */
    f->bundle = (struct alc_bundle){.signed_statement = sign_as_is(bytes, &s, test_seed)};
    write_bundle(f);
    rejects(f, "--hardware", NULL, "no hardware vouches for the key");
    assert_int_equal(run(f, f->path, NULL, NULL, NULL), 0);
    says(f->out, "NOT proven");
}

static void a_changed_file_is_rejected(void **state)
{
    struct fixture *f = *state;
    const struct alc_bundle whole = f->bundle;
    uint8_t bytes[ALC_STATEMENT_SIGNED_MAX_BYTES];

    memcpy(bytes, whole.signed_statement.p, whole.signed_statement.n);
    f->bundle.signed_statement.p = bytes;
    bytes[whole.signed_statement.n - 1] ^= 1; /* the signature */
    write_bundle(f);
    rejects(f, NULL, NULL, alc_refusal_text(ALC_REFUSAL_SIGNATURE));
    bytes[whole.signed_statement.n - 1] ^= 1;
    bytes[12] = 'L'; /* the chain's name */
    write_bundle(f);
    rejects(f, NULL, NULL, alc_refusal_text(ALC_REFUSAL_SIGNATURE));
    bytes[0] = 'a'; /* the tag */
    write_bundle(f);
    rejects(f, NULL, NULL, alc_refusal_text(ALC_REFUSAL_FORMAT));

    f->bundle = whole;
    f->bundle.output = ALC_LIT("{\"payout\":251,\"rain_days\":21}");
    write_bundle(f);
    rejects(f, NULL, NULL, alc_refusal_text(ALC_REFUSAL_OUTPUT));
    f->bundle = whole;
    f->bundle.request = ALC_LIT("{\"request_id\":7}");
    write_bundle(f);
    rejects(f, NULL, NULL, alc_refusal_text(ALC_REFUSAL_REQUEST));
    f->bundle = whole;
    write_bundle(f);
    assert_int_equal(run(f, f->path, NULL, NULL, NULL), 0);
}

static void what_cannot_be_read_is_neither(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(run(f, f->other, NULL, NULL, NULL), 2); /* there is no such file */
    says(f->err, f->other);
    assert_string_equal(f->out, "");
    write_file(f->other, ALC_LIT("{\"format\":\"alcove-statement/9\"}"));
    assert_int_equal(run(f, f->other, NULL, NULL, NULL), 2);
    says(f->err, "is no statement file");
    says(f->err, "format");
    assert_int_equal(run(f, f->folder, NULL, NULL, NULL), 2);
    assert_int_equal(run(f, NULL, NULL, NULL, NULL), 2);
    says(f->err, "name one file");
    assert_int_equal(run(f, f->path, f->path, NULL, NULL), 2);
    assert_int_equal(run(f, f->path, "--no-such-flag", NULL, NULL), 2);
    assert_int_equal(run(f, f->path, "--worker-key", "ed25519:short", NULL), 2);
    says(f->err, "worker-key");
    unlink(f->other);
    assert_int_equal(run(f, f->path, "--code", f->other, NULL), 2);
    assert_int_equal(run(f, "--help", NULL, NULL, NULL), 0);
    says(f->out, "exit: 0 accepted, 1 rejected, 2 ");
}

static struct alc_json *verdict(struct fixture *f)
{
    struct alc_json *doc = NULL;
    struct alc_err err = {0};
    if (alc_json_open(&doc, alc_cstr(f->out), sizeof f->out, &err) != ALC_OK)
        fail_msg("%s: %s", err.text, f->out);
    return doc;
}

static void is_text(const struct alc_json *doc, const char *key, const char *want)
{
    struct alc_bytes text = {NULL, 0};
    if (!alc_json_str(alc_json_get(doc, key), &text) || !alc_bytes_is(text, want))
        fail_msg("%s is %.*s, not %s", key, (int)text.n, (const char *)text.p, want);
}

static void machines_get_the_same_verdict(void **state)
{
    struct fixture *f = *state;
    struct alc_json *doc;
    bool yes = false;

    assert_int_equal(run(f, f->path, "--json", NULL, NULL), 0);
    doc = verdict(f);
    assert_true(alc_json_bool(alc_json_get(doc, "accepted"), &yes) && yes);
    is_text(doc, "verdict", "pass");
    assert_int_equal(alc_json_kind(alc_json_get(doc, "refusal")), ALC_JSON_NULL);
    assert_int_equal(alc_json_kind(alc_json_get(doc, "quote")), ALC_JSON_NULL);
    assert_true(alc_json_bool(alc_json_get(doc, "hardware"), &yes) && !yes);
    is_text(doc, "attestation", "SIMULATED");
    is_text(doc, "worker_key", "ed25519:FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z");
    is_text(doc, "request_id", "7");
    is_text(doc, "outcome", "OK");
    is_text(doc, "code_hash", "2848cc7dd8dc9b143918c207b187afb2d80d9e37e9a5caa17ae26ac36d2148ef");
    alc_json_close(doc);

    assert_int_equal(run(f, f->path, "--json", "--chain", "mainnet"), 1);
    doc = verdict(f);
    assert_true(alc_json_bool(alc_json_get(doc, "accepted"), &yes) && !yes);
    is_text(doc, "verdict", "fail");
    is_text(doc, "refusal", "CHAIN");
    is_text(doc, "reason", alc_refusal_text(ALC_REFUSAL_CHAIN));
    is_text(doc, "attestation", "SIMULATED");
    alc_json_close(doc);

    assert_int_equal(run(f, f->path, "--json", "--hardware", NULL), 1);
    doc = verdict(f);
    assert_true(alc_json_bool(alc_json_get(doc, "accepted"), &yes) && !yes);
    is_text(doc, "refusal", "HARDWARE");
    says(f->out, "no hardware vouches for the key");
    alc_json_close(doc);
}

/* Who makes a statement chooses its strings; none may look like words of ours. */
static void names_cannot_draw_on_the_terminal(void **state)
{
    struct fixture *f = *state;
    uint8_t bytes[ALC_STATEMENT_SIGNED_MAX_BYTES];
    struct alc_statement s = sample();
    struct alc_json *doc;

    s.contract_id = ALC_LIT("a\n  hardware vouches\x1b[2J\x9b\xff\\");
    s.signer_id = ALC_LIT("\rProven by hardware\0");
    f->bundle = (struct alc_bundle){.signed_statement = sign_as_is(bytes, &s, test_seed)};
    write_bundle(f);
    assert_int_equal(run(f, f->path, NULL, NULL, NULL), 0);
    says(f->out, "a\\x0a  hardware vouches\\x1b[2J\\x9b\\xff\\x5c,");
    says(f->out, "\\x0dProven by hardware\\x00,");
    for (const char *p = f->out; *p != 0; p++)
        assert_true(*p == '\n' || (*p >= 0x20 && *p < 0x7f));
    assert_int_equal(run(f, f->path, "--json", NULL, NULL), 0);
    doc = verdict(f); /* one line, and JSON whatever the bytes were */
    alc_json_close(doc);
    for (const char *p = f->out; *p != 0; p++)
        assert_true((unsigned char)*p >= 0x20 || (*p == '\n' && p[1] == 0));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_documents_example_is_accepted_and_said_to_be_simulated),
        TEST(evidence_on_the_command_line_is_compared),
        TEST(what_the_caller_expects_is_compared),
        TEST(no_statement_of_this_version_is_hardware),
        TEST(a_changed_file_is_rejected),
        TEST(what_cannot_be_read_is_neither),
        TEST(machines_get_the_same_verdict),
        TEST(names_cannot_draw_on_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
