/* localnet/main.c — the program alcove-localnet: settings, keys, the chain, the server, the end. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/json.h"
#include "localnet/rpc.h"

/* The key pair of NEAR's own sandbox.  Everybody knows it: that is why this program stays on the
 * loopback unless told otherwise. */
#define KNOWN_SECRET                                                                               \
    "ed25519:"                                                                                     \
    "3tgdk2wPraJzT4nsTuf86UX41xgPNk3MHnq8epARMdBNs29AFEztAuaQ7iHddDfXG9F2RzV1XNQYgJyAyoW51UBB"
#define ROOT LNET_VALIDATOR
#define ROOT_NEAR 1000000000u /* its amount; the others have OTHER_NEAR each */
#define ROOT_LOCKED_NEAR 50000000u
#define OTHER_NEAR 10000u
#define TICK_S 1 /* how soon the death of the chain's thread is noticed */

struct settings {
    const char *host, *home, *chain_id, *log;
    uint32_t port, block_time_ms, idle_ms, trie_nodes;
    uint64_t validity_blocks, state_view_bytes;
    bool json, exit_with_parent, expose;
};

#define FIELD(f) offsetof(struct settings, f)
static const struct alc_conf_item items[] = {
    {"host", ALC_CONF_STR, FIELD(host), "127.0.0.1", 1, 64, "numeric address to listen on"},
    {"port", ALC_CONF_U32, FIELD(port), "3030", 0, 65535, "port to listen on; 0: any free one"},
    {"home", ALC_CONF_STR, FIELD(home), "", 0, 3800,
     "folder for state and keys; none: everything is gone at the end"},
    {"chain-id", ALC_CONF_STR, FIELD(chain_id), "localnet", 1, 64, "name of the chain"},
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
};
/* What `alcove up` may have in its environment and its file, which this program inherits. */
static const char *const others[] = {"state",  "near.", "watcher.",  "worker.",
                                     "store.", "dev.",  "localnet.", NULL};
static const struct alc_conf_table table = {items, sizeof items / sizeof items[0], others};

struct program {
    struct settings set;
    char folder[4000]; /* of the keys: --home, or a temporary one */
    bool temporary;
    int lock; /* an open file of --home, or -1 */
    struct alc_ed25519 root, known;
    struct lnet_chain *chain;
    struct lnet_rpc *rpc;
};

/* Accounts of the genesis; the registrar is the one who may create top-level names. */
static const struct {
    const char *id;
    bool known_key;
} accounts[] = {{ROOT, false}, {"sandbox", true}, {LNET_REGISTRAR, true}};
#define ACCOUNTS (sizeof accounts / sizeof accounts[0])

/* ---- settings ---- */

static enum alc_rc check_settings(const struct settings *s, struct alc_err *err)
{
    enum alc_log_level level;

    if (!alc_log_level_of(s->log, &level))
        return alc_fail(err, ALC_BAD_INPUT, "log: '%s' is not error, warn, info or debug", s->log);
    alc_log_set(level);
    if (!s->expose && strncmp(s->host, "127.", 4) != 0 && strcmp(s->host, "::1") != 0)
        return alc_fail(err, ALC_BAD_INPUT,
                        "host: %s can be reached by others, and the keys of this chain are public "
                        "knowledge; say --expose if that is meant",
                        s->host);
    return ALC_OK;
}

static void print_help(void)
{
    printf("alcove-localnet: a NEAR chain of one node, for development\n\n"
           "usage: alcove-localnet [--flag value]...\n\n"
           "Serves NEAR's JSON-RPC and the block stream over HTTP.  Funded accounts: %s (root,\n"
           "its key in a file of the home folder), sandbox and %s (the key of NEAR's sandbox).\n"
           "Ctrl-C ends it; with --home the chain goes on at the next start.\n\n",
           ROOT, LNET_REGISTRAR);
    alc_conf_help(&table);
}

/* ---- folder and keys ---- */

static enum alc_rc open_folder(struct program *p, struct alc_err *err)
{
    const char *tmp = getenv("TMPDIR");
    char path[4096];

    p->temporary = p->set.home[0] == 0;
    if (p->temporary) {
        (void)snprintf(p->folder, sizeof p->folder, "%s/alcove-localnet-XXXXXX",
                       tmp != NULL && tmp[0] != 0 ? tmp : "/tmp");
        if (mkdtemp(p->folder) != NULL) return ALC_OK;
        p->temporary = false; /* nothing to remove */
        return alc_fail(err, ALC_IO, "%s: %s", p->folder, strerror(errno));
    }
    (void)snprintf(p->folder, sizeof p->folder, "%s", p->set.home);
    if (mkdir(p->folder, 0700) != 0 && errno != EEXIST)
        return alc_fail(err, ALC_IO, "%s: %s", p->folder, strerror(errno));
    (void)snprintf(path, sizeof path, "%s/lock", p->folder);
    p->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (p->lock < 0) return alc_fail(err, ALC_IO, "%s: %s", path, strerror(errno));
    if (flock(p->lock, LOCK_EX | LOCK_NB) != 0)
        return alc_fail(err, ALC_BUSY, "%s: another localnet runs in this folder", p->folder);
    return ALC_OK;
}

static void key_path(const struct program *p, size_t account, char out[4096])
{
    (void)snprintf(out, 4096, "%s/%s.json", p->folder, accounts[account].id);
}

static void close_folder(struct program *p)
{
    char path[4096];

    if (p->lock >= 0) close(p->lock);
    if (!p->temporary) return;
    for (size_t i = 0; i < ACCOUNTS; i++) {
        key_path(p, i, path);
        (void)unlink(path);
    }
    (void)rmdir(p->folder);
}

/* The root's key is kept once it is there; the others' files cannot differ. */
static enum alc_rc open_keys(struct program *p, struct alc_err *err)
{
    char path[4096];
    enum alc_rc rc;

    key_path(p, 0, path);
    rc = alc_near_secret_read(&p->known, ALC_LIT(KNOWN_SECRET));
    if (rc != ALC_OK) return rc;
    if (access(path, F_OK) == 0)
        rc = alc_near_key_file(&p->root, NULL, path, err);
    else
        rc = alc_ed25519_make(&p->root);
    for (size_t i = 0; i < ACCOUNTS && rc == ALC_OK; i++) {
        struct alc_near_id id;
        if (!alc_near_id_set(&id, alc_cstr(accounts[i].id))) return ALC_BAD_INPUT;
        key_path(p, i, path);
        rc = alc_near_key_file_write(path, accounts[i].known_key ? &p->known : &p->root, &id, err);
    }
    return rc;
}

/* ---- chain and server ---- */

static enum alc_rc open_chain(struct program *p, struct alc_err *err)
{
    struct lnet_genesis_account genesis[ACCOUNTS] = {0};
    const struct settings *s = &p->set;
    struct alc_buf key = ALC_BUF(4096);
    struct lnet_block_ref at;
    struct alc_near_key root = alc_near_key_of(&p->root);
    enum alc_rc rc;

    for (size_t i = 0; i < ACCOUNTS; i++) {
        bool is_root = i == 0;
        if (!alc_near_id_set(&genesis[i].id, alc_cstr(accounts[i].id))) return ALC_BAD_INPUT;
        genesis[i].key = accounts[i].known_key ? alc_near_key_of(&p->known) : root;
        genesis[i].amount = ALC_NEAR_YOCTO * (is_root ? ROOT_NEAR : OTHER_NEAR);
        genesis[i].locked = is_root ? ALC_NEAR_YOCTO * ROOT_LOCKED_NEAR : 0;
    }
    rc = lnet_chain_open(&p->chain,
                         &(struct lnet_conf){.folder = p->temporary ? NULL : p->folder,
                                             .chain_id = s->chain_id,
                                             .block_time_ms = s->block_time_ms,
                                             .idle_ms = s->idle_ms,
                                             .accounts = genesis,
                                             .accounts_count = ACCOUNTS,
                                             .validator_key = root,
                                             .trie_nodes_per_write = s->trie_nodes,
                                             .validity_blocks = s->validity_blocks,
                                             .state_view_max_bytes = s->state_view_bytes},
                         err);
    if (rc != ALC_OK) return rc;
    if (lnet_read_key(p->chain, ROOT, &root, &key, &at, NULL) == ALC_NOT_FOUND)
        alc_log(ALC_WARN, "localnet.key", "account=%s its key file does not hold a key of it",
                ROOT);
    alc_buf_fini(&key);
    return ALC_OK;
}

/* Each connection is an open file, and the usual soft limit is 1024 of them. */
static void raise_files_limit(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0)
        alc_log(ALC_DEBUG, "localnet.files", "the limit of open files stays as it was");
}

static enum alc_rc open_server(struct program *p, struct alc_err *err)
{
    raise_files_limit();
    return lnet_rpc_open(&p->rpc,
                         &(struct lnet_rpc_conf){
                             .chain = p->chain, .host = p->set.host, .port = (uint16_t)p->set.port},
                         err);
}

/* An IPv6 address stands in brackets. */
static void url_of(const struct program *p, char out[128])
{
    bool v6 = strchr(p->set.host, ':') != NULL;

    (void)snprintf(out, 128, "http://%s%s%s:%u", v6 ? "[" : "", p->set.host, v6 ? "]" : "",
                   (unsigned)lnet_rpc_port(p->rpc));
}

static void put_account(struct alc_jw *w, const struct program *p, const char *key, size_t account)
{
    char path[4096];

    key_path(p, account, path);
    alc_jw_key(w, key);
    alc_jw_obj(w);
    alc_jw_key(w, "account_id");
    alc_jw_text(w, accounts[account].id);
    alc_jw_key(w, "key_file");
    alc_jw_text(w, path);
    alc_jw_end(w);
}

/* Says where it listens: whoever started this program waits for that line. */
static enum alc_rc say_ready(const struct program *p, struct alc_err *err)
{
    struct alc_buf out = ALC_BUF(64u << 10);
    struct alc_jw w = {.out = &out};
    char url[128], path[4096];
    bool ok;

    url_of(p, url);
    key_path(p, 0, path);
    if (p->set.json) {
        alc_jw_obj(&w);
        alc_jw_key(&w, "rpc");
        alc_jw_text(&w, url);
        alc_jw_key(&w, "chain_id");
        alc_jw_text(&w, p->set.chain_id);
        alc_jw_key(&w, "pid");
        alc_jw_i64(&w, getpid());
        put_account(&w, p, "root", 0);
        put_account(&w, p, "sandbox", 1);
        put_account(&w, p, "registrar", 2);
        alc_jw_end(&w);
    } else {
        alc_buf_printf(&out, "alcove-localnet at %s, root account %s, its key in %s", url, ROOT,
                       path);
    }
    ok = !out.failed && printf("%s\n", alc_buf_text(&out)) > 0 && fflush(stdout) == 0;
    alc_buf_fini(&out);
    return ok ? ALC_OK : alc_fail(err, ALC_IO, "nobody reads the standard output");
}

/* Returns when a signal asks for the end, or when the chain has died. */
static enum alc_rc wait_for_end(const struct program *p, const sigset_t *signals,
                                struct alc_err *err)
{
    const struct timespec tick = {.tv_sec = TICK_S};
    struct lnet_info info;

    for (;;) {
        int got = sigtimedwait(signals, NULL, &tick);
        if (got > 0) return ALC_OK;
        if (errno != EAGAIN && errno != EINTR)
            return alc_fail(err, ALC_IO, "waiting for signals: %s", strerror(errno));
        lnet_chain_info(p->chain, &info);
        if (info.failed)
            return alc_fail(err, ALC_CORRUPT, "the chain makes no more blocks; the log says why");
    }
}

/* ---- main ---- */

static enum alc_rc run(struct program *p, const sigset_t *signals, struct alc_err *err)
{
    enum alc_rc rc = open_folder(p, err);

    if (rc == ALC_OK) rc = open_keys(p, err);
    if (rc == ALC_OK) rc = open_chain(p, err);
    if (rc == ALC_OK) rc = open_server(p, err);
    if (rc == ALC_OK) rc = say_ready(p, err);
    if (rc == ALC_OK) rc = wait_for_end(p, signals, err);
    if (p->chain != NULL) lnet_chain_stop(p->chain); /* requests that wait come back */
    lnet_rpc_close(p->rpc);
    lnet_chain_close(p->chain);
    alc_ed25519_fini(&p->root);
    alc_ed25519_fini(&p->known);
    close_folder(p);
    return rc;
}

/* The parent may have died before the kernel was told; its pid was then another one. */
static enum alc_rc die_with_parent(pid_t parent, struct alc_err *err)
{
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
        return alc_fail(err, ALC_IO, "exit-with-parent: %s", strerror(errno));
    return getppid() == parent ? ALC_OK : alc_fail(err, ALC_IO, "the parent is gone");
}

int main(int argc, char **argv)
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct program p = {.lock = -1};
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
    if (rc == ALC_OK && rest.count > 0)
        rc = alc_fail(&err, ALC_BAD_INPUT, "'%s': only flags are understood", rest.words[0]);
    if (rc == ALC_OK) rc = check_settings(&p.set, &err);
    if (rc == ALC_OK && p.set.exit_with_parent) rc = die_with_parent(parent, &err);
    if (rc == ALC_OK) rc = run(&p, &signals, &err);
    if (rc != ALC_OK) fprintf(stderr, "alcove-localnet: %s\n", alc_err_text(&err, rc));
    alc_arena_fini(&arena);
    return alc_rc_exit(rc);
}
