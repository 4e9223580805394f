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
