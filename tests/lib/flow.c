#include "flow.h"

#include "base/enc.h"
#include "base/http.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARENA_BYTES ((size_t)512 << 20)
#define LOG_MAX_BYTES (16u << 20)
#define LOG_SHOWN_BYTES 3000u
#define POLL_MS 5u

/* ---- failing and waiting ---- */

/* log_read appends what the nodes said so far. */
static void log_read(struct flow *f, struct alc_buf *out)
{
    FILE *file = fopen(f->log, "rb");
    char chunk[4096];
    size_t n;

    if (file == NULL) return;
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0)
        alc_buf_put(out, chunk, n);
    fclose(file);
}

void flow_fail(struct flow *f, const char *fmt, ...)
{
    struct alc_buf log = ALC_BUF(LOG_MAX_BYTES);
    char text[1000];
    size_t skip;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    log_read(f, &log);
    skip = log.n > LOG_SHOWN_BYTES ? log.n - LOG_SHOWN_BYTES : 0;
    print_error("%s\n", alc_buf_text(&log) + skip);
    alc_buf_fini(&log);
    fail_msg("%s", text);
    abort(); /* fail_msg does not return, but does not say so */
}

void flow_must(struct flow *f, enum alc_rc rc, const struct alc_err *err)
{
    if (rc != ALC_OK) flow_fail(f, "%s", alc_err_text(err, rc));
}

static uint64_t now_ms(void)
{
    return alc_clock_mono_ms(&alc_clock_system);
}

void flow_until(struct flow *f, bool (*holds)(struct flow *f, void *ctx), void *ctx,
                const char *what)
{
    const struct timespec tick = {.tv_nsec = POLL_MS * 1000000};
    uint64_t until = now_ms() + FLOW_PATIENCE_MS;

    while (!holds(f, ctx)) {
        if (now_ms() > until) flow_fail(f, "waited %u ms in vain: %s", FLOW_PATIENCE_MS, what);
        nanosleep(&tick, NULL);
    }
}

/* ---- the chain ---- */

static void make_payer(struct flow *f)
{
    struct alc_near_action actions[] = {{.kind = ALC_NEAR_CREATE_ACCOUNT},
                                        {.kind = ALC_NEAR_TRANSFER, .amount = ALC_NEAR_YOCTO}};
    flow_call(f, NULL, FLOW_PAYER, actions, 2);
}

static void read_prices(struct flow *f)
{
    struct alc_json *doc = NULL;
    struct alc_bytes text;
    struct alc_err err;

    flow_must(f,
              alc_near_rpc_view(f->dev.client, &text, CLI_DEVNET_CONTRACT, "get_pricing",
                                ALC_LIT("{}"), &f->arena, &err),
              &err);
    flow_must(f, alc_json_open(&doc, text, 4096, &err), &err);
    for (size_t i = 0; i < 4; i++) {
        assert_true(alc_json_str(alc_json_at(doc, i), &text));
        assert_true(alc_u128_decode(&f->price[i], text));
    }
    alc_json_close(doc);
}

/* prepare makes on the chain what a node with the same flags needs. */
static void prepare(struct flow *f)
{
    const char *const flags[] = {"--near-rpc",       f->dev.rpc,          "--state", f->state.path,
                                 "--attest-source",  f->source,           "--log",   "error",
                                 "--dev-plain-http", "--attest-register="};
    struct alc_ed25519 worker = {0};
    struct cli_enclave enclave = {0};
    struct cli_settings set = {0};
    struct alc_err err;
    bool help;

    flow_must(f,
              cli_node_settings(&set, &help, sizeof flags / sizeof *flags,
                                (char **)(uintptr_t)flags, &f->arena, &err),
              &err);
    flow_must(f, cli_node_key(&worker, f->state.path, &err), &err);
    flow_must(f, cli_enclave_open(&enclave, &set, f->state.path, true, &worker, &err), &err);
    f->worker = alc_near_key_of(alc_attest_key(enclave.attest));
    flow_must(f, cli_devnet_prepare(&f->dev, f->state.path, enclave.attest, &err), &err);
    cli_enclave_close(&enclave);
    snprintf(f->init_key, sizeof f->init_key, "%s/init.json", f->state.path);
}

static struct flow *open_chain(const char *source)
{
    struct flow *f = calloc(1, sizeof *f);
    struct alc_near_key user;
    struct alc_err err;
    char path[4096];

    unsetenv("ALCOVE_VECTORS"); /* the tests' own; to the program it is a setting that is none */
    assert_non_null(f);
    alc_crypto_init();
    alc_log_set(ALC_ERROR);
    f->arena = ALC_ARENA(ARENA_BYTES);
    flow_must(f, cli_state_open(&f->state, "", &err), &err);
    snprintf(f->log, sizeof f->log, "%s/up.log", f->state.path);
    f->source = source;
    flow_must(f, cli_devnet_start(&f->dev, f->state.path, 0, &err), &err);
    prepare(f);
    snprintf(path, sizeof path, "%s/user.json", f->state.path);
    flow_must(f, alc_near_key_file(&f->user, NULL, path, &err), &err);
    user = alc_near_key_of(&f->user);
    flow_must(f, alc_near_rpc_nonce(f->dev.client, &f->nonce, CLI_DEVNET_USER, &user, &err), &err);
    flow_must(f,
              alc_near_stream_open(&f->stream,
                                   &(struct alc_near_stream_conf){
                                       .urls = f->dev.urls, .urls_count = 1, .plain_ok = true},
                                   &err),
              &err);
    make_payer(f);
    read_prices(f);
    return f;
}

struct flow *flow_open(void)
{
    return open_chain("none");
}

struct flow *flow_open_attested(void)
{
    return open_chain("simulated");
}

void flow_forget(struct flow *f)
{
    alc_arena_fini(&f->arena);
}

void flow_close(struct flow *f)
{
    if (f->up > 0) flow_down(f);
    alc_near_stream_close(f->stream);
    cli_devnet_stop(&f->dev);
    alc_ed25519_fini(&f->user);
    cli_state_close(&f->state);
    alc_arena_fini(&f->arena);
    free(f);
}

void flow_restart_chain(struct flow *f)
{
    uint32_t port = (uint32_t)strtoul(strrchr(f->dev.rpc, ':') + 1, NULL, 10);
    struct alc_err err;

    kill(f->dev.pid, SIGKILL);
    cli_devnet_stop(&f->dev);
    flow_must(f, cli_devnet_start(&f->dev, f->state.path, port, &err), &err);
}

void flow_call(struct flow *f, const char *signer_id, const char *receiver_id,
               struct alc_near_action *actions, uint32_t count)
{
    struct alc_near_tx_status status;
    struct alc_err err;

    flow_must(f,
              cli_send(f->dev.client, signer_id != NULL ? signer_id : f->dev.root_id.s,
                       &f->dev.root, receiver_id, actions, count, false, &status, &f->arena, &err),
              &err);
}

void flow_rpc(struct flow *f, const char *method, const char *params)
{
    struct alc_json *result = NULL;
    struct alc_err err;

    flow_must(f, alc_near_rpc_call(f->dev.client, &result, method, alc_cstr(params), NULL, &err),
              &err);
    alc_json_close(result);
}

void flow_forward(struct flow *f, uint64_t blocks)
{
    char params[64];
    snprintf(params, sizeof params, "{\"delta_height\":%llu}", (unsigned long long)blocks);
    flow_rpc(f, "sandbox_fast_forward", params);
}

__uint128_t flow_balance(struct flow *f, const char *account_id)
{
    char params[256];
    struct alc_json *result = NULL;
    struct alc_bytes text;
    struct alc_err err;
    __uint128_t amount = 0;

    snprintf(params, sizeof params,
             "{\"request_type\":\"view_account\",\"finality\":\"final\",\"account_id\":\"%s\"}",
             account_id);
    flow_must(f, alc_near_rpc_call(f->dev.client, &result, "query", alc_cstr(params), NULL, &err),
              &err);
    assert_true(alc_json_str(alc_json_get(result, "amount"), &text));
    assert_true(alc_u128_decode(&amount, text));
    alc_json_close(result);
    return amount;
}

uint64_t flow_height(struct flow *f)
{
    struct alc_near_block_ref block;
    struct alc_err err;

    flow_must(f, alc_near_rpc_final(f->dev.client, &block, &err), &err);
    return block.height;
}

void flow_stats(struct flow *f, uint64_t *executions, __uint128_t *fees)
{
    struct alc_json *doc = NULL;
    struct alc_bytes text;
    struct alc_err err;

    flow_must(f,
              alc_near_rpc_view(f->dev.client, &text, CLI_DEVNET_CONTRACT, "get_stats",
                                ALC_LIT("{}"), &f->arena, &err),
              &err);
    flow_must(f, alc_json_open(&doc, text, 4096, &err), &err);
    assert_true(alc_json_u64(alc_json_at(doc, 0), executions));
    assert_true(alc_json_str(alc_json_at(doc, 1), &text));
    assert_true(alc_u128_decode(fees, text));
    alc_json_close(doc);
}

size_t flow_pending(struct flow *f)
{
    struct alc_json *doc = NULL;
    struct alc_bytes text;
    struct alc_err err;
    size_t n;

    flow_must(f,
              alc_near_rpc_view(f->dev.client, &text, CLI_DEVNET_CONTRACT,
                                "get_pending_request_ids", ALC_LIT("{\"limit\":10000}"), &f->arena,
                                &err),
              &err);
    flow_must(f, alc_json_open(&doc, text, 1u << 20, &err), &err);
    n = alc_json_count(doc);
    alc_json_close(doc);
    return n;
}

unsigned flow_events(struct flow *f, const char *event, uint64_t height)
{
    uint64_t last = flow_height(f);
    char part[128];
    unsigned n = 0;

    snprintf(part, sizeof part, "\"event\":\"%s\"", event);
    for (; height <= last; height++) {
        struct alc_arena arena = ALC_ARENA(64u << 20);
        struct alc_near_stream_block block = {0};
        struct alc_err err;
        flow_must(f,
                  alc_near_stream_get(f->stream, &block, height, CLI_DEVNET_CONTRACT, &arena, &err),
                  &err);
        for (size_t i = 0; i < block.receipts_count; i++)
            for (size_t j = 0; j < block.receipts[i].logs_count; j++)
                n += memmem(block.receipts[i].logs[j].p, block.receipts[i].logs[j].n, part,
                            strlen(part)) != NULL;
        alc_arena_fini(&arena);
    }
    return n;
}

/* ---- the node ---- */

/* child never returns. */
static void child(struct flow *f, const char *failpoint, const char *const *more, int out)
{
    const char *argv[64] = {
        "alcove",  "up",          "--near-rpc",       f->rpc != NULL ? f->rpc : f->dev.rpc,
        "--state", f->state.path, "--dev-plain-http", "--json",
        "--log",   "info",        "--attest-source",  f->source};
    size_t n = 12;
    char program[4096];
    ssize_t len = readlink("/proc/self/exe", program, sizeof program - 16);
    int log = open(f->log, O_WRONLY | O_CREAT | O_APPEND, 0600);

    if (strcmp(f->source, "none") != 0) {
        static const char *const quick[] = {"--attest-check-ms", "100", "--attest-init-account",
                                            CLI_DEVNET_INIT, "--attest-init-key"};
        memcpy(argv + n, quick, sizeof quick);
        n += sizeof quick / sizeof *quick;
        argv[n++] = f->init_key;
    }
    for (; more != NULL && *more != NULL && n < 63; more++)
        argv[n++] = *more;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(out, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    if (failpoint != NULL) setenv("ALC_FAILPOINT", failpoint, 1);
    if (len <= 0) _exit(126);
    program[len] = 0;
    strcpy(strrchr(program, '/') + 1, "alcove");
    execv(program, (char *const *)(uintptr_t)argv);
    _exit(127);
}

static void read_ready(struct flow *f, int fd, bool may_die)
{
    uint64_t until = now_ms() + FLOW_PATIENCE_MS;
    char *line = f->ready;
    size_t n = 0;

    line[0] = 0;
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        uint64_t now = now_ms();
        ssize_t got = -1;
        if (now > until || poll(&p, 1, (int)(until - now)) == 0)
            flow_fail(f, "`alcove up` did not get ready");
        got = read(fd, line + n, sizeof f->ready - 1 - n);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0 && may_die) return;
        if (got <= 0) flow_fail(f, "`alcove up` ended before it was ready");
        n += (size_t)got;
        line[n] = 0;
        if (memchr(line, '\n', n) != NULL) return;
    }
}

void flow_up(struct flow *f, const char *failpoint, const char *const *more)
{
    int pipes[2];

#ifndef ALC_FAILPOINTS
    if (failpoint != NULL) {
        print_message("skipped: this build has no failpoints (ALC_FAILPOINTS)\n");
        skip();
    }
#endif
    assert_int_equal(f->up, 0);
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    f->up = fork();
    if (f->up == 0) child(f, failpoint, more, pipes[1]);
    close(pipes[1]);
    assert_true(f->up > 0);
    f->ups++;
    read_ready(f, pipes[0], failpoint != NULL);
    close(pipes[0]);
}

static bool ended(struct flow *f, void *ctx)
{
    return waitpid(f->up, ctx, WNOHANG) == f->up;
}

void flow_died(struct flow *f)
{
    int status = 0;

    flow_until(f, ended, &status, "the node kills itself at its failpoint");
    f->up = 0;
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
        flow_fail(f, "the node ended with status %#x instead of SIGKILL", (unsigned)status);
}

void flow_kill(struct flow *f)
{
    kill(f->up, SIGKILL);
    flow_died(f);
}

void flow_down(struct flow *f)
{
    int status = 0;

    kill(f->up, SIGTERM);
    flow_until(f, ended, &status, "the node ends in order");
    f->up = 0;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        flow_fail(f, "the node ended with status %#x instead of exit 0", (unsigned)status);
}

unsigned flow_log_count(struct flow *f, const char *part)
{
    struct alc_buf log = ALC_BUF(LOG_MAX_BYTES);
    unsigned n = 0;

    log_read(f, &log);
    for (const char *at = alc_buf_text(&log); (at = strstr(at, part)) != NULL; at++)
        n++;
    alc_buf_fini(&log);
    return n;
}

struct logged {
    const char *part;
    unsigned times;
};

static bool is_logged(struct flow *f, void *ctx)
{
    const struct logged *l = ctx;
    return flow_log_count(f, l->part) >= l->times;
}

void flow_logged(struct flow *f, const char *part, unsigned times)
{
    flow_until(f, is_logged, &(struct logged){part, times}, part);
}

static bool have_ended(struct flow *f, void *ctx)
{
    const unsigned *jobs = ctx;
    return flow_log_count(f, "to=settled") + flow_log_count(f, "to=cancelled") >= *jobs;
}

/* count_jobs: how many jobs are in each state, and how many rows the outbox holds. */
static void count_jobs(struct flow *f, uint64_t out[ALC_JOB_STATES], uint64_t *outbox)
{
    struct alc_store *store = NULL;
    struct alc_queue *queue = NULL;
    struct alc_rows rows;
    struct alc_err err;
    char path[4096];

    assert_int_equal(f->up, 0);
    snprintf(path, sizeof path, "%s/alcove.db", f->state.path);
    flow_must(f, alc_store_open(&store, path, false, &err), &err);
    flow_must(f, alc_queue_open(&queue, store, &err), &err);
    flow_must(f, alc_queue_count(queue, out, &err), &err);
    flow_must(f, alc_rows_start(&rows, store, "SELECT COUNT(*) FROM outbox", ALC_NO_ARGS, &err),
              &err);
    flow_must(f, alc_rows_next(&rows, &err), &err);
    *outbox = (uint64_t)alc_rows_int(&rows, 0);
    alc_rows_end(&rows);
    alc_queue_close(queue);
    alc_store_close(store);
}

void flow_ended(struct flow *f, unsigned jobs, uint64_t *settled)
{
    uint64_t count[ALC_JOB_STATES], outbox;

    flow_until(f, have_ended, &jobs, "all jobs come to their end");
    flow_down(f);
    count_jobs(f, count, &outbox);
    if (count[ALC_JOB_SETTLED] + count[ALC_JOB_CANCELLED] != jobs)
        flow_fail(f, "not all of the %u jobs have ended", jobs);
    for (int i = 0; i < ALC_JOB_SETTLED; i++)
        if (count[i] != 0)
            flow_fail(f, "%llu jobs are in state %d", (unsigned long long)count[i], i);
    if (outbox != 0) flow_fail(f, "%llu rows are left in the outbox", (unsigned long long)outbox);
    *settled = count[ALC_JOB_SETTLED];
}

/* ---- guests ---- */

const char *flow_guest(const char *name)
{
    static char paths[4][4096];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/guests/%s.wasm", ALC_BUILD_DIR, name);
    return path;
}

struct alc_bytes flow_wasm(struct flow *f, const char *name)
{
    struct alc_bytes wasm;
    struct alc_err err;

    flow_must(f, cli_read_file(&wasm, flow_guest(name), 16u << 20, &f->arena, &err), &err);
    return wasm;
}

struct alc_hash flow_code(struct flow *f, const char *name)
{
    struct alc_hash hash;
    alc_sha256(&hash, flow_wasm(f, name));
    return hash;
}

bool flow_shows(struct flow *f, void *line)
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_http *http = NULL;
    struct alc_json *ready = NULL;
    struct alc_http_answer answer = {0};
    struct alc_http_ask get = {
        .method = "GET", .timeout_ms = 5000, .max_bytes = 1u << 20, .tries = 1, .plain_ok = true};
    struct alc_err err;
    const char *url;
    bool found;

    flow_must(f, alc_json_open(&ready, alc_cstr(f->ready), sizeof f->ready, &err), &err);
    assert_true(alc_json_text(alc_json_get(ready, "gateway"), &url));
    get.url = alc_arena_text(&arena, "%s/metrics", url);
    flow_must(f, alc_http_open(&http, &err), &err);
    flow_must(f, alc_http_do(http, &answer, &get, NULL, &arena, &err), &err);
    assert_int_equal(answer.status, 200);
    found = memmem(answer.body.p, answer.body.n, line, strlen(line)) != NULL;
    alc_http_close(http);
    alc_json_close(ready);
    alc_arena_fini(&arena);
    return found;
}
