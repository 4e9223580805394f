/* The programs as a newcomer runs them: `alcove demo`, the command that it prints for its proof,
 * and `alcove up` from start to Ctrl-C. */
#include "flow.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OUT_MAX_BYTES (1u << 20)
#define PATIENCE_MS 60000u
#define READY_MS                                                                                   \
    15000u /* `alcove up` under the sanitizers on a busy machine; alone it takes 0.3 s */

struct child {
    pid_t pid;
    int out; /* its standard output */
    struct alc_buf said;
};

struct ctx {
    struct cli_state state;
    char command[4096]; /* with which the demo says that its proof is checked */
    struct alc_arena arena;
};

static void spawn(struct child *c, const char *const *argv)
{
    int pipes[2];

    *c = (struct child){.said = ALC_BUF(OUT_MAX_BYTES)};
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    c->pid = fork();
    if (c->pid == 0) {
        char program[4096];
        ssize_t n = readlink("/proc/self/exe", program, sizeof program - 16);
        int null = open("/dev/null", O_WRONLY);
        if (n <= 0 || null < 0) _exit(126);
        program[n] = 0;
        strcpy(strrchr(program, '/') + 1, "alcove");
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(pipes[1], STDOUT_FILENO);
        if (getenv("ALC_TEST_LOUD") == NULL) dup2(null, STDERR_FILENO);
        execv(program, (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    assert_true(c->pid > 0);
    setpgid(c->pid, c->pid);
    close(pipes[1]);
    c->out = pipes[0];
}

/* read_line reads what the child says up to a line's end, or all of it; false: there is no more. */
static bool read_line(struct child *c, const char **line)
{
    size_t begin = c->said.n;
    char byte;

    for (;;) {
        ssize_t n = read(c->out, &byte, 1);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        if (byte == '\n') byte = 0;
        alc_buf_put(&c->said, &byte, 1);
        if (byte == 0) break;
    }
    *line = (const char *)c->said.p + begin;
    return true;
}

/* ended waits for the child and returns its exit code; a signal fails the test. */
static int ended(struct child *c)
{
    uint64_t until = alc_clock_mono_ms(&alc_clock_system) + PATIENCE_MS;
    const struct timespec tick = {.tv_nsec = 5000000};
    int status = 0;

    while (waitpid(c->pid, &status, WNOHANG) != c->pid) {
        if (alc_clock_mono_ms(&alc_clock_system) > until) {
            kill(c->pid, SIGKILL);
            fail_msg("`alcove` does not end");
        }
        nanosleep(&tick, NULL);
    }
    close(c->out);
    if (!WIFEXITED(status)) fail_msg("`alcove` died of signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

/* verify runs `alcove verify` on a file; root: of the quotes that pass as SIMULATED, NULL: none. */
static int verify(const char *path, const char *root)
{
    struct child c;
    const char *line;
    int code;

    spawn(&c, (const char *const[]){"alcove", "verify", path,
                                    root != NULL ? "--simulated-root" : NULL, root, NULL});
    while (read_line(&c, &line))
        continue;
    code = ended(&c);
    alc_buf_fini(&c.said);
    return code;
}

/* ---- demo ---- */

static const char *const demo_steps[] = {
    "chain",  "contract", "worker", "enclave", "insurer", "policy",  "claim", "resolve", "resume",
    "payout", "quote",    "proof",  "key",     "quote",   "onchain", "done",  "check"};
#define STEPS (sizeof demo_steps / sizeof *demo_steps)

static void demo_shows_each_step(void **state)
{
    struct ctx *x = *state;
    uint64_t height = 0, block, gas;
    struct child c;
    const char *line;
    size_t n = 0;

    spawn(&c, (const char *const[]){"alcove", "demo", "--json", "--state", x->state.path, NULL});
    while (read_line(&c, &line)) {
        struct alc_json *doc = NULL;
        struct alc_bytes name;
        assert_int_equal(alc_json_open(&doc, alc_cstr(line), 65536, NULL), ALC_OK);
        assert_true(alc_json_str(alc_json_get(doc, "step"), &name));
        assert_true(n < STEPS && alc_bytes_is(name, demo_steps[n]));
        assert_true(alc_json_u64(alc_json_get(doc, "block"), &block));
        assert_true(alc_json_u64(alc_json_get(doc, "gas"), &gas));
        /* The one logical transaction: asked, resolved, resumed, paid, each in a later block. */
        if (n >= 6 && n <= 9) {
            assert_true(block > height && gas > 0);
            height = block;
        }
        if (alc_bytes_is(name, "check")) {
            const char *text;
            assert_true(alc_json_text(alc_json_get(doc, "text"), &text));
            snprintf(x->command, sizeof x->command, "%s", text);
        }
        alc_json_close(doc);
        n++;
    }
    assert_int_equal(ended(&c), 0); /* LeakSanitizer would make it another */
    assert_int_equal(n, STEPS);
    alc_buf_fini(&c.said);
}

/* bundle reads the file that the demo left. */
static struct alc_bytes bundle(struct ctx *x, char path[4096], char root[4096])
{
    struct alc_bytes text;
    struct alc_err err;

    snprintf(root, 4096, "%s/alcove-demo-root.der", x->state.path);
    snprintf(path, 4096, "%s/alcove-demo.json", x->state.path);
    if (cli_read_file(&text, path, 1u << 20, &x->arena, &err) != ALC_OK) fail_msg("%s", err.text);
    return text;
}

/* shell runs words as a person types them, with this build's `alcove` where the shell looks first.
 */
static int shell(struct alc_buf *said, const char *command)
{
    char program[4096], line[12288], part[4096];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    size_t got;
    FILE *f;
    int status;

    assert_true(n > 0);
    program[n] = 0;
    *strrchr(program, '/') = 0;
    snprintf(line, sizeof line, "PATH='%s':\"$PATH\"; %s 2>&1", program, command);
    f = popen(line, "r");
    assert_non_null(f);
    while ((got = fread(part, 1, sizeof part, f)) > 0)
        alc_buf_put(said, part, got);
    alc_buf_put(said, "", 1);
    assert_false(said->failed);
    status = pclose(f);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void the_command_that_it_prints_verifies_its_proof(void **state)
{
    struct ctx *x = *state;
    struct alc_buf said = ALC_BUF(OUT_MAX_BYTES);

    assert_int_equal(strncmp(x->command, "alcove verify ", 14), 0); /* as the test called it */
    if (shell(&said, x->command) != 0) fail_msg("%s: %s", x->command, (const char *)said.p);
    for (const char *const *word =
             (const char *const[]){"ACCEPTED statement ", "SIMULATED",
                                   "events lead to the quote's RTMRs", "module from ",
                                   "collateral  number", NULL};
         *word != NULL; word++)
        if (strstr((const char *)said.p, *word) == NULL) fail_msg("no %s", *word);
    alc_buf_fini(&said);
}

/* A folder of any name: what is printed is for a shell. */
static void its_command_quotes_what_a_shell_would_read(void **state)
{
    struct ctx *x = *state;
    struct alc_buf said = ALC_BUF(OUT_MAX_BYTES), again = ALC_BUF(OUT_MAX_BYTES);
    char command[8192];
    const char *at, *end;

    snprintf(command, sizeof command, "cd '%s' && alcove demo --state 'it'\\''s $(a) folder'",
             x->state.path);
    if (shell(&said, command) != 0) fail_msg("%s", (const char *)said.p);
    at = strstr((const char *)said.p, "\n  alcove verify '");
    assert_non_null(at);
    end = strchr(at + 1, '\n');
    assert_non_null(strstr(end, "SIMULATED: no hardware"));
    snprintf(command, sizeof command, "cd '%s' && %.*s", x->state.path, (int)(end - at - 1),
             at + 1);
    if (shell(&again, command) != 0) fail_msg("%s: %s", command, (const char *)again.p);
    alc_buf_fini(&again);
    alc_buf_fini(&said);
}

static void its_proof_is_refused_without_the_simulated_root(void **state)
{
    char path[4096], root[4096];

    bundle(*state, path, root);
    assert_int_equal(verify(path, root), 0);
    assert_int_equal(verify(path, NULL), 1);
}

/* In each part of the file one character is changed into another that is as good a text. */
static void one_changed_byte_is_refused(void **state)
{
    static const char *const parts[] = {"\"statement\":\"",
                                        "\"signature\":\"ed25519:",
                                        "\"request\":\"{\\\"request_id\\\":",
                                        "\"input\":\"",
                                        "\"output\":\"",
                                        "\"evidence\":\"",
                                        "\\\\\\\"tcbEvaluationDataNumber\\\\\\\":",
                                        "\\\"compose-hash\\\",\\\"event_payload\\\":\\\"",
                                        "\"code_hash\":\""};
    struct ctx *x = *state;
    char path[4096], root[4096], changed[4096];
    struct alc_bytes text = bundle(x, path, root);
    struct alc_err err;

    snprintf(changed, sizeof changed, "%s/changed.json", x->state.path);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const uint8_t *at = memmem(text.p, text.n, parts[i], strlen(parts[i]));
        struct alc_bytes copy;
        uint8_t *c;
        if (at == NULL) fail_msg("the file has no %s", parts[i]);
        assert_true(alc_arena_copy(&x->arena, text, &copy));
        c = (uint8_t *)(uintptr_t)copy.p + (at - text.p) + strlen(parts[i]);
        *c = *c == '2' ? '3' : '2';
        assert_int_equal(cli_write_file(changed, copy, &err), ALC_OK);
        if (verify(changed, root) != 1) fail_msg("changed behind %s, it is not refused", parts[i]);
    }
}

static void a_second_time_in_one_folder_it_says_so(void **state)
{
    struct ctx *x = *state;
    struct alc_buf said = ALC_BUF(OUT_MAX_BYTES);
    char command[4200];

    snprintf(command, sizeof command, "alcove demo --state '%s'", x->state.path);
    assert_int_equal(shell(&said, command), 6);
    if (strstr((const char *)said.p, "name another --state, or none") == NULL)
        fail_msg("%s", (const char *)said.p);
    alc_buf_fini(&said);
}

/* ---- up ---- */

/* attested: `alcove attest`, told the folder and nothing else, measures what `alcove up` approved.
 */
static void attested(const char *dir, const char *measurement)
{
    struct alc_buf said = ALC_BUF(OUT_MAX_BYTES);
    char command[4400], line[128];

    snprintf(
        command, sizeof command,
        "alcove attest --state '%s' --attest-configfs-dir ./none --attest-dstack-socket ./none",
        dir);
    if (shell(&said, command) != 0) fail_msg("%s", (const char *)said.p);
    snprintf(line, sizeof line, "\nmeasurement   %s\n", measurement);
    if (strstr((const char *)said.p, line) == NULL) fail_msg("%s", (const char *)said.p);
    alc_buf_fini(&said);
}

static void up_starts_soon_and_ends_in_order(void **state)
{
    struct ctx *x = *state;
    struct alc_json *doc = NULL;
    struct child c;
    const char *line, *text;
    char dir[4096];
    int64_t localnet;
    uint64_t ms;

    snprintf(dir, sizeof dir, "%s/up", x->state.path);
    spawn(&c, (const char *const[]){"alcove", "up", "--json", "--localnet-port", "0", "--state",
                                    dir, NULL});
    assert_true(read_line(&c, &line));
    assert_int_equal(alc_json_open(&doc, alc_cstr(line), 65536, NULL), ALC_OK);
    assert_true(alc_json_u64(alc_json_get(doc, "ready_ms"), &ms));
    assert_true(ms < READY_MS);
    assert_true(alc_json_i64(alc_json_get(doc, "localnet_pid"), &localnet) && localnet > 1);
    assert_true(alc_json_text(alc_json_get(doc, "attestation"), &text));
    assert_string_equal(text, "SIMULATED");
    assert_true(alc_json_text(alc_json_get(doc, "measurement"), &text));
    attested(dir, text);
    alc_json_close(doc);
    assert_int_equal(kill((pid_t)localnet, 0), 0);
    assert_int_equal(kill(-c.pid, SIGINT), 0); /* as a terminal sends it: to the whole group */
    assert_int_equal(ended(&c), 0);
    assert_int_equal(kill((pid_t)localnet, 0), -1);
    assert_int_equal(errno, ESRCH);
    alc_buf_fini(&c.said);
}

/* The same folder again: the chain goes on, nothing is made a second time. */
static void up_again_finds_everything(void **state)
{
    up_starts_soon_and_ends_in_order(state);
}

static int open_folder(void **state)
{
    static struct ctx x;
    struct alc_err err;

    unsetenv("ALCOVE_VECTORS"); /* the tests' own; to the program it is a setting that is none */
    x.arena = ALC_ARENA(64u << 20);
    if (cli_state_open(&x.state, "", &err) != ALC_OK) return -1;
    *state = &x;
    return 0;
}

static int close_folder(void **state)
{
    struct ctx *x = *state;
    cli_state_close(&x->state);
    alc_arena_fini(&x->arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(demo_shows_each_step),
        cmocka_unit_test(the_command_that_it_prints_verifies_its_proof),
        cmocka_unit_test(its_proof_is_refused_without_the_simulated_root),
        cmocka_unit_test(one_changed_byte_is_refused),
        cmocka_unit_test(a_second_time_in_one_folder_it_says_so),
        cmocka_unit_test(its_command_quotes_what_a_shell_would_read),
        cmocka_unit_test(up_starts_soon_and_ends_in_order),
        cmocka_unit_test(up_again_finds_everything),
    };
    return cmocka_run_group_tests(tests, open_folder, close_folder);
}
