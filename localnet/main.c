/* localnet/main.c — the program alcove-localnet: its settings, its help, and which subcommand. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/json.h"
#include "localnet/program.h"

#define FIELD(f) offsetof(struct settings, f)
static const struct alc_conf_item items[] = {
    {"host", ALC_CONF_STR, FIELD(host), "127.0.0.1", 1, 64,
     "numeric address to listen on, or localhost"},
    {"port", ALC_CONF_U32, FIELD(port), "3030", 0, 65535, "port to listen on; 0: any free one"},
    {"home", ALC_CONF_STR, FIELD(home), "", 0, 3800,
     "folder for state and keys; none: everything is gone at the end"},
    {"chain-id", ALC_CONF_STR, FIELD(chain_id), "", 0, 64,
     "name of the chain; none: what the home or the genesis says, else localnet"},
    {"account", ALC_CONF_LIST, FIELD(accounts), "", 0, 128,
     "NAME[=NEAR], repeatable: an account of so many NEAR (10000), its key in NAME.json"},
    {"seed", ALC_CONF_STR, FIELD(seed), "", 0, 256, "new keys are derived from this text"},
    {"deterministic", ALC_CONF_BOOL, FIELD(deterministic), "false", 0, 0,
     "the same calls in the same order make the same chain, hash by hash"},
    {"genesis", ALC_CONF_STR, FIELD(genesis), "", 0, 3800,
     "a new chain begins with the accounts of this file, in NEAR's genesis form"},
    {"import", ALC_CONF_STR, FIELD(import), "", 0, 3800,
     "records of this file (a dump or a genesis) are written at the start, once"},
    {"block-time-ms", ALC_CONF_U32, FIELD(block_time_ms), "0", 0, 600000,
     "a block each so many milliseconds; 0: whenever there is something to do"},
    {"idle-ms", ALC_CONF_U32, FIELD(idle_ms), "1000", 1, 600000,
     "with --block-time-ms 0: pause between empty blocks while a yield waits"},
    {"trie-nodes", ALC_CONF_U32, FIELD(trie_nodes), "5", 0, 100,
     "trie nodes charged for each storage write; 0: the VM's bare figures"},
    {"validity-blocks", ALC_CONF_U64, FIELD(validity_blocks), "86400", 1, 1000000000,
     "how old the block hash of a transaction may be"},
    {"state-view-bytes", ALC_CONF_U64, FIELD(state_view_bytes), "0", 0, 0,
     "view_state refuses a larger state; 0: no limit"},
    {"log", ALC_CONF_STR, FIELD(log), "warn", 0, 16, "error, warn, info or debug"},
    {"json", ALC_CONF_BOOL, FIELD(json), "false", 0, 0, "say where it listens as a line of JSON"},
    {"exit-with-parent", ALC_CONF_BOOL, FIELD(exit_with_parent), "false", 0, 0,
     "end when the process that started this one ends"},
    {"expose", ALC_CONF_BOOL, FIELD(expose), "false", 0, 0,
     "allow a --host that others can reach: the keys are public knowledge"},
    {"rpc-addr", ALC_CONF_STR, FIELD(rpc_addr), "", 0, 80,
     "HOST:PORT, in place of --host and --port; 0.0.0.0 is the loopback without --expose"},
    {"network-addr", ALC_CONF_STR, FIELD(network_addr), "", 0, 80,
     "taken and left alone: this node has no peers"},
    {"version", ALC_CONF_BOOL, FIELD(version), "false", 0, 0, "say the version, and end"},
    {"fast", ALC_CONF_BOOL, FIELD(fast), "false", 0, 0, "of init; blocks are instant anyway"},
};
/* What `alcove up` may have in its environment and its file, which this program inherits. */
static const char *const others[] = {"state",  "near.", "watcher.",  "worker.",
                                     "store.", "dev.",  "localnet.", NULL};
static const struct alc_conf_table table = {items, sizeof items / sizeof items[0], others};

static void print_help(void)
{
    printf(
        "alcove-localnet: a NEAR chain of one node, for development\n\n"
        "usage: alcove-localnet [--flag value]...\n"
        "       alcove-localnet dump --home DIR [--account ID]... > FILE\n"
        "       alcove-localnet --home DIR init [--chain-id NAME] [--seed TEXT]\n"
        "       alcove-localnet --home DIR run [--rpc-addr HOST:PORT] [--flag value]...\n\n"
        "Serves NEAR's JSON-RPC and the block stream over HTTP.  Funded accounts: %s (root,\n"
        "its key in a file of the home folder), sandbox and %s (the key of NEAR's sandbox),\n"
        "and those of --account.  Ctrl-C ends it; with --home the chain goes on at the next "
        "start.\n"
        "\n"
        "dump writes the accounts named (none: all) with keys, code and state as records, which\n"
        "--genesis and --import take.  init and run with --home are those of NEAR's sandbox: init\n"
        "leaves config.json, genesis.json, node_key.json and validator_key.json in DIR, and run\n"
        "begins with the accounts of that genesis.json, edited or not.\n\n"
        "Beside NEAR's methods: sandbox_patch_state, sandbox_fast_forward, sandbox_dump_state, "
        "and\n"
        "the whole chain put by and brought back: sandbox_snapshot, sandbox_restore,\n"
        "sandbox_drop_snapshot.  Blocks by GET: /v0/last_block/final, /v0/first_block,\n"
        "/v0/block/HEIGHT, /v0/block_opt/HEIGHT.  docs/localnet.md says all of it.\n\n",
        LNET_ROOT, LNET_REGISTRAR);
    alc_conf_help(&table);
}

/* ---- settings ---- */

/* HOST:PORT or [HOST]:PORT, of the setting `name`. */
static enum alc_rc read_address(struct program *p, const char *name, const char *text,
                                struct alc_err *err)
{
    const char *colon = strrchr(text, ':');
    size_t n = colon != NULL ? (size_t)(colon - text) : 0;
    size_t digits = n > 0 ? strspn(colon + 1, "0123456789") : 0;
    unsigned long port;

    if (digits == 0 || colon[1 + digits] != 0)
        return alc_fail(err, ALC_BAD_INPUT, "%s: '%s' is not HOST:PORT", name, text);
    port = digits <= 9 ? strtoul(colon + 1, NULL, 10) : UINT32_MAX;
    if (port > 65535)
        return alc_fail(err, ALC_BAD_INPUT, "%s: '%s': a port is a number from 0 to 65535", name,
                        text);
    if (text[0] == '[' && text[n - 1] == ']') {
        text++;
        n -= 2;
    }
    p->set.host = alc_arena_text(p->arena, "%.*s", (int)n, text);
    p->set.port = (uint32_t)port;
    return p->set.host != NULL ? ALC_OK : alc_fail(err, ALC_NOMEM, "no memory for %s", name);
}

/* "rpc":{"addr"} of the config.json that init has left, and the caller may have edited. */
static enum alc_rc read_config(struct program *p, struct alc_err *err)
{
    struct alc_buf text = ALC_BUF(1u << 20);
    struct alc_json *doc = NULL;
    const char *address, *path = alc_arena_text(p->arena, "%s/config.json", p->set.home);
    FILE *f = path != NULL ? fopen(path, "rbe") : NULL;
    enum alc_rc rc = ALC_OK;
    char piece[4096];
    size_t n;

    if (f == NULL) return ALC_OK;
    while (f != NULL && (n = fread(piece, 1, sizeof piece, f)) > 0)
        alc_buf_put(&text, piece, n);
    fclose(f);
    rc = text.failed ? alc_fail(err, ALC_BAD_INPUT, "over %zu bytes", text.max_bytes)
                     : alc_json_open(&doc, alc_buf_bytes(&text), text.n, err);
    if (rc != ALC_OK) {
        rc = rc == ALC_LIMIT ? ALC_BAD_INPUT : rc;
        alc_fail_in(err, "%s", path);
    } else if (alc_json_text(alc_json_get(alc_json_get(doc, "rpc"), "addr"), &address)) {
        rc = read_address(p, "rpc.addr", address, err);
        if (rc != ALC_OK) alc_fail_in(err, "%s", path);
    }
    alc_json_close(doc);
    alc_buf_fini(&text);
    return rc;
}

/* Drivers of the sandbox ask for any address and mean this machine. */
static void stay_home(struct settings *s)
{
    if (s->expose) return;
    if (strcmp(s->host, "0.0.0.0") == 0) s->host = "127.0.0.1";
    if (strcmp(s->host, "::") == 0) s->host = "::1";
}

/* config.json says what --host and --port do not. */
static enum alc_rc settle_address(struct program *p, const struct alc_conf_rest *rest,
                                  struct alc_err *err)
{
    struct settings *s = &p->set;
    const char *host = s->host;
    uint32_t port = s->port;
    bool keep_host = alc_conf_given(&table, rest, "host");
    enum alc_rc rc;

    rc = read_config(p, err);
    if (rc != ALC_OK) return rc;
    if (keep_host) s->host = host;
    if (alc_conf_given(&table, rest, "port")) s->port = port;
    if (!keep_host) stay_home(s);
    return ALC_OK;
}

static enum alc_rc check_settings(struct program *p, const struct alc_conf_rest *rest,
                                  struct alc_err *err)
{
    struct settings *s = &p->set;
    enum alc_log_level level;
    enum alc_rc rc = ALC_OK;

    if (!alc_log_level_of(s->log, &level))
        return alc_fail(err, ALC_BAD_INPUT, "log: '%s' is not error, warn, info or debug", s->log);
    alc_log_set(level);
    if (s->rpc_addr[0] != 0) {
        rc = read_address(p, "rpc-addr", s->rpc_addr, err);
        if (rc == ALC_OK) stay_home(s);
    } else if (p->contract) {
        rc = settle_address(p, rest, err);
    }
    if (rc != ALC_OK) return rc;
    if (strcmp(s->host, "localhost") == 0) s->host = "127.0.0.1";
    if (!s->expose && strncmp(s->host, "127.", 4) != 0 && strcmp(s->host, "::1") != 0)
        return alc_fail(err, ALC_BAD_INPUT,
                        "host: %s can be reached by others, and the keys of this chain are public "
                        "knowledge; say --expose if that is meant",
                        s->host);
    return ALC_OK;
}

/* ---- main ---- */

/* The parent may have died before the kernel was told; its pid was then another one. */
static enum alc_rc die_with_parent(pid_t parent, struct alc_err *err)
{
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
        return alc_fail(err, ALC_IO, "exit-with-parent: %s", strerror(errno));
    return getppid() == parent ? ALC_OK : alc_fail(err, ALC_IO, "the parent is gone");
}

static enum alc_rc run(struct program *p, const struct alc_conf_rest *rest, pid_t parent,
                       const sigset_t *signals, struct alc_err *err)
{
    const char *word = rest->count > 0 ? rest->words[0] : "run";
    bool serve = strcmp(word, "run") == 0;
    enum alc_rc rc;

    if (rest->count > 1 || (!serve && strcmp(word, "init") != 0 && strcmp(word, "dump") != 0))
        return alc_fail(err, ALC_BAD_INPUT,
                        "'%s': only flags and one of run, init, dump are understood",
                        rest->words[rest->count - 1]);
    p->contract = serve && rest->count > 0 && p->set.home[0] != 0;
    rc = check_settings(p, rest, err);
    if (rc == ALC_OK && p->set.exit_with_parent) rc = die_with_parent(parent, err);
    if (rc != ALC_OK) return rc;
    if (serve) return lnet_serve(p, signals, err);
    return word[0] == 'i' ? lnet_init(p, err) : lnet_dump(p, err);
}

int main(int argc, char **argv)
{
    struct alc_arena arena = ALC_ARENA(4u << 20);
    struct program p = {.lock = -1, .arena = &arena};
    struct alc_conf_rest rest = {0};
    struct alc_err err = {0};
    pid_t parent = getppid();
    sigset_t signals;
    enum alc_rc rc;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before there are threads */
    (void)signal(SIGPIPE, SIG_IGN);
    alc_crypto_init();
    rc = alc_conf_read(&p.set, &rest, &table, NULL, argc - 1, argv + 1, &arena, &err);
    if (rc == ALC_OK && rest.help) {
        print_help();
        alc_arena_fini(&arena);
        return 0;
    }
    if (rc == ALC_OK && p.set.version) {
        printf("alcove-localnet %s, NEAR protocol %u\n", ALC_VERSION, LNET_PROTOCOL_VERSION);
        alc_arena_fini(&arena);
        return 0;
    }
    if (rc == ALC_OK) rc = run(&p, &rest, parent, &signals, &err);
    if (rc != ALC_OK) fprintf(stderr, "alcove-localnet: %s\n", alc_err_text(&err, rc));
    alc_arena_fini(&arena);
    return alc_rc_exit(rc);
}
