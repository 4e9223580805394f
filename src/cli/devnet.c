#include "cli/node.h"

#include "base/json.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TX_ARENA_BYTES (16u << 20)
#define GAS (100u * (uint64_t)ALC_NEAR_TGAS)
#define READY_LINE_MAX 16384u

/* ---- transactions ---- */

struct alc_near_action cli_call(const char *method, const char *args, uint64_t gas,
                                __uint128_t deposit)
{
    return (struct alc_near_action){.kind = ALC_NEAR_CALL,
                                    .method = alc_cstr(method),
                                    .data = alc_cstr(args),
                                    .gas = gas,
                                    .amount = deposit};
}

enum alc_rc cli_send(struct alc_near_rpc *rpc, const char *signer_id, const struct alc_ed25519 *key,
                     const char *receiver_id, struct alc_near_action *actions, uint32_t count,
                     bool keep_json, struct alc_near_tx_status *out, struct alc_arena *arena,
                     struct alc_err *err)
{
    struct alc_near_tx tx = {.signer_id = alc_cstr(signer_id),
                             .receiver_id = alc_cstr(receiver_id),
                             .key = alc_near_key_of(key),
                             .actions = actions,
                             .actions_count = count};
    struct alc_buf bytes = ALC_BUF(ALC_NEAR_TX_MAX_BYTES);
    struct alc_near_block_ref block;
    struct alc_hash hash;
    enum alc_rc rc;

    rc = alc_near_rpc_nonce(rpc, &tx.nonce, signer_id, &tx.key, err);
    if (rc == ALC_OK) rc = alc_near_rpc_final(rpc, &block, err);
    if (rc != ALC_OK) goto out;
    tx.nonce++;
    tx.block_hash = block.hash;
    rc = alc_near_tx_sign(&bytes, &hash, &tx, key);
    if (rc != ALC_OK) goto out;
    rc = alc_near_rpc_send(rpc, out, alc_buf_bytes(&bytes), "FINAL", keep_json, arena, err);
    /* A yield that waits for long outlives the node's patience: ask on. */
    while (rc == ALC_TIMEOUT)
        rc = alc_near_rpc_tx(rpc, out, &hash, signer_id, "FINAL", keep_json, arena, err);
    if (rc == ALC_OK && out->state == ALC_NEAR_TX_FAILED)
        rc = alc_fail(err, ALC_TRAP, "%s", out->failure);
out:
    alc_buf_fini(&bytes);
    return rc;
}

/* ---- the child ---- */

static enum alc_rc beside(char out[4096], const char *name, struct alc_err *err)
{
    ssize_t n = readlink("/proc/self/exe", out, 4095 - 32);
    char *slash;

    if (n <= 0) return alc_fail(err, ALC_IO, "/proc/self/exe: %s", strerror(errno));
    out[n] = 0;
    slash = strrchr(out, '/');
    snprintf(slash + 1, 32, "%s", name);
    if (access(out, X_OK) != 0)
        return alc_fail(err, ALC_NOT_FOUND,
                        "%s is not there: build it, or name a network with --near-rpc", out);
    return ALC_OK;
}

/* Settings in the environment are this program's: the chain would stop at names it does not know.
 */
static void forget_settings(void)
{
    static const char prefix[] = "ALCOVE_";
    char **e = environ;
    while (*e != NULL) {
        char name[256];
        size_t n = strcspn(*e, "=");
        if (strncmp(*e, prefix, sizeof prefix - 1) != 0 || n >= sizeof name) {
            e++;
            continue;
        }
        memcpy(name, *e, n);
        name[n] = 0;
        unsetenv(name); /* moves the rest up */
    }
}

/* child never returns. */
static void child(const char *program, const char *home, uint32_t port, int out)
{
    char number[16];
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    forget_settings();
    setpgid(0, 0); /* Ctrl-C is for the parent, which ends its child in order */
    dup2(out, STDOUT_FILENO);
    snprintf(number, sizeof number, "%u", port);
    execl(program, program, "--json", "--exit-with-parent", "--home", home, "--port", number,
          (char *)NULL);
    _exit(127);
}

/* ready_line reads the child's first line.  ALC_IO: it ended without one; its log says why. */
static enum alc_rc ready_line(int fd, char *line, size_t cap, struct alc_err *err)
{
    size_t n = 0;
    while (n + 1 < cap) {
        ssize_t got = read(fd, line + n, cap - 1 - n);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        n += (size_t)got;
        line[n] = 0;
        if (memchr(line, '\n', n) != NULL) return ALC_OK;
    }
    return alc_fail(err, ALC_IO, "the development chain did not start");
}

static enum alc_rc read_ready(struct cli_devnet *d, const char *line, struct alc_err *err)
{
    struct alc_json *doc = NULL;
    struct alc_near_rpc_conf conf = {.urls = d->urls, .urls_count = 1, .plain_ok = true};
    const char *rpc, *key_file;
    enum alc_rc rc = alc_json_open(&doc, alc_cstr(line), READY_LINE_MAX, err);

    if (rc != ALC_OK) return rc;
    if (!alc_json_text(alc_json_get(doc, "rpc"), &rpc) || strlen(rpc) >= sizeof d->rpc ||
        !alc_json_text(alc_json_get(alc_json_get(doc, "root"), "key_file"), &key_file)) {
        rc = alc_fail(err, ALC_IO, "the development chain said something else than its addresses");
    } else {
        snprintf(d->rpc, sizeof d->rpc, "%s", rpc);
        d->urls[0] = d->rpc;
        rc = alc_near_key_file(&d->root, &d->root_id, key_file, err);
    }
    if (rc == ALC_OK) rc = alc_near_rpc_open(&d->client, &conf, err);
    alc_json_close(doc);
    return rc;
}

enum alc_rc cli_devnet_start(struct cli_devnet *d, const char *state, uint32_t port,
                             struct alc_err *err)
{
    char program[4096], home[4096], line[READY_LINE_MAX];
    int pipes[2] = {-1, -1};
    enum alc_rc rc = beside(program, "alcove-localnet", err);

    if (rc != ALC_OK) return rc;
    snprintf(home, sizeof home, "%s/localnet", state);
    if (pipe2(pipes, O_CLOEXEC) != 0) return alc_fail(err, ALC_IO, "no pipe: %s", strerror(errno));
    d->pid = fork();
    if (d->pid == 0) child(program, home, port, pipes[1]);
    close(pipes[1]);
    if (d->pid < 0) {
        d->pid = 0;
        rc = alc_fail(err, ALC_NOMEM, "cannot start %s: %s", program, strerror(errno));
    } else {
        rc = ready_line(pipes[0], line, sizeof line, err);
    }
    close(pipes[0]);
    if (rc == ALC_OK) rc = read_ready(d, line, err);
    if (rc != ALC_OK) cli_devnet_stop(d);
    return rc;
}

bool cli_devnet_died(struct cli_devnet *d, struct alc_err *err)
{
    if (d->pid == 0 || waitpid(d->pid, NULL, WNOHANG) != d->pid) return false;
    d->pid = 0;
    alc_fail(err, ALC_IO, "the development chain ended by itself");
    return true;
}

void cli_devnet_stop(struct cli_devnet *d)
{
    if (d->pid > 0) {
        kill(d->pid, SIGTERM);
        while (waitpid(d->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    alc_near_rpc_close(d->client);
    alc_ed25519_fini(&d->root);
    *d = (struct cli_devnet){0};
}

/* ---- accounts and contract ---- */

static enum alc_rc exists(struct cli_devnet *d, bool *out, const char *account_id,
                          struct alc_err *err)
{
    char params[256];
    struct alc_json *result = NULL;
    enum alc_rc rc;

    snprintf(params, sizeof params,
             "{\"request_type\":\"view_account\",\"finality\":\"final\",\"account_id\":\"%s\"}",
             account_id);
    rc = alc_near_rpc_call(d->client, &result, "query", alc_cstr(params), NULL, err);
    alc_json_close(result);
    *out = rc == ALC_OK;
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

static struct alc_near_action full_access(const struct alc_ed25519 *key)
{
    return (struct alc_near_action){.kind = ALC_NEAR_ADD_KEY,
                                    .key = alc_near_key_of(key),
                                    .access = {.permission = ALC_NEAR_FULL_ACCESS}};
}

static enum alc_rc make_contract(struct cli_devnet *d, struct alc_arena *arena, struct alc_err *err)
{
    char args[256];
    struct alc_near_tx_status status;
    struct alc_near_action actions[4] = {
        {.kind = ALC_NEAR_CREATE_ACCOUNT},
        {.kind = ALC_NEAR_TRANSFER, .amount = 1000 * ALC_NEAR_YOCTO},
        {.kind = ALC_NEAR_DEPLOY, .data = cli_embedded(CLI_COMPUTE)},
    };

    snprintf(args, sizeof args,
             "{\"owner_id\":\"%s\",\"operator_id\":\"" CLI_DEVNET_OPERATOR
             "\",\"chain_id\":\"localnet\"}",
             d->root_id.s);
    actions[3] = cli_call("new", args, GAS, 0);
    return cli_send(d->client, d->root_id.s, &d->root, CLI_DEVNET_CONTRACT, actions, 4, false,
                    &status, arena, err);
}

/* The worker's key can resolve and nothing else; the account itself stays with the root's key. */
static enum alc_rc make_operator(struct cli_devnet *d, const struct alc_ed25519 *worker,
                                 struct alc_arena *arena, struct alc_err *err)
{
    struct alc_bytes methods[] = {ALC_LIT("resolve_execution"),
                                  ALC_LIT("submit_execution_output_and_resolve")};
    struct alc_near_tx_status status;
    struct alc_near_action actions[] = {
        {.kind = ALC_NEAR_CREATE_ACCOUNT},
        {.kind = ALC_NEAR_TRANSFER, .amount = 10000 * ALC_NEAR_YOCTO},
        full_access(&d->root),
        {.kind = ALC_NEAR_ADD_KEY,
         .key = alc_near_key_of(worker),
         .access = {.permission = ALC_NEAR_FUNCTION_CALL_KEY,
                    .receiver_id = ALC_LIT(CLI_DEVNET_CONTRACT),
                    .methods = methods,
                    .methods_count = 2}},
    };
    return cli_send(d->client, d->root_id.s, &d->root, CLI_DEVNET_OPERATOR, actions, 4, false,
                    &status, arena, err);
}

static enum alc_rc register_worker(struct cli_devnet *d, const struct alc_ed25519 *worker,
                                   struct alc_arena *arena, struct alc_err *err)
{
    char key[ALC_NEAR_KEY_TEXT_MAX], args[256];
    struct alc_near_key k = alc_near_key_of(worker);
    struct alc_near_tx_status status;
    struct alc_near_action call;

    alc_near_key_text(key, &k);
    snprintf(args, sizeof args, "{\"public_key\":\"%s\"}", key);
    call = cli_call("add_worker_key", args, GAS, 0);
    return cli_send(d->client, d->root_id.s, &d->root, CLI_DEVNET_CONTRACT, &call, 1, false,
                    &status, arena, err);
}

static enum alc_rc make_user(struct cli_devnet *d, const char *state, struct alc_arena *arena,
                             struct alc_err *err)
{
    char path[4096];
    struct alc_ed25519 key = {0};
    struct alc_near_id id;
    struct alc_near_tx_status status;
    struct alc_near_action actions[3] = {
        {.kind = ALC_NEAR_CREATE_ACCOUNT},
        {.kind = ALC_NEAR_TRANSFER, .amount = 10000 * ALC_NEAR_YOCTO},
    };
    enum alc_rc rc = alc_ed25519_make(&key);

    if (rc != ALC_OK) return rc;
    snprintf(path, sizeof path, "%s/user.json", state);
    actions[2] = full_access(&key);
    if (!alc_near_id_set(&id, ALC_LIT(CLI_DEVNET_USER))) rc = ALC_BAD_INPUT;
    /* The key is on disk before the chain knows it: nothing is locked out by a crash. */
    if (rc == ALC_OK) rc = alc_near_key_file_write(path, &key, &id, err);
    if (rc == ALC_OK)
        rc = cli_send(d->client, d->root_id.s, &d->root, CLI_DEVNET_USER, actions, 3, false,
                      &status, arena, err);
    alc_ed25519_fini(&key);
    return rc;
}

enum alc_rc cli_devnet_prepare(struct cli_devnet *d, const char *state,
                               const struct alc_ed25519 *worker, struct alc_err *err)
{
    struct alc_arena arena = ALC_ARENA(TX_ARENA_BYTES);
    bool contract, operator_there, user;
    enum alc_rc rc = exists(d, &contract, CLI_DEVNET_CONTRACT, err);

    if (rc == ALC_OK && !contract) rc = make_contract(d, &arena, err);
    if (rc == ALC_OK) rc = exists(d, &operator_there, CLI_DEVNET_OPERATOR, err);
    if (rc == ALC_OK && !operator_there) { /* the account last: it tells that both are done */
        rc = register_worker(d, worker, &arena, err);
        if (rc == ALC_OK) rc = make_operator(d, worker, &arena, err);
    }
    if (rc == ALC_OK) rc = exists(d, &user, CLI_DEVNET_USER, err);
    if (rc == ALC_OK && !user) rc = make_user(d, state, &arena, err);
    if (rc != ALC_OK) alc_fail_in(err, "cannot prepare the development chain");
    alc_arena_fini(&arena);
    return rc;
}
