/* localnet/serve.c — the chain behind its server: opened, announced, waited for, closed. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/json.h"
#include "localnet/program.h"

#define TICK_S 1 /* how soon the death of the chain's thread is noticed */

/* ---- what NEAR's sandbox is started with ---- */

/* `run` stands on what `init` has left; the caller makes accounts by editing the genesis. */
static enum alc_rc open_contract(struct program *p, struct alc_err *err)
{
    char path[LNET_PATH_BYTES];
    const char *genesis;

    if (p->set.accounts[0] != NULL || p->set.genesis[0] != 0)
        return alc_fail(err, ALC_BAD_INPUT,
                        "run takes its accounts from the genesis.json of its --home");
    lnet_home_path(p, path, "genesis.json", "");
    genesis = alc_arena_text(p->arena, "%s", path);
    p->owned = alc_arena_array(p->arena, 1, sizeof *p->owned);
    if (genesis == NULL || p->owned == NULL) return ALC_NOMEM;
    if (access(path, F_OK) != 0)
        return alc_fail(err, ALC_NOT_FOUND, "%s: run `alcove-localnet --home %s init` first", path,
                        p->set.home);
    p->set.genesis = genesis;
    p->owned_count = p->given = 1;
    p->owned[0] = (struct owned){.id = {LNET_ROOT}};
    lnet_home_path(p, path, "validator_key.json", "");
    return alc_near_key_file(&p->owned[0].key, NULL, path, err);
}

/* ---- chain ---- */

static enum alc_rc start_chain(struct program *p, struct alc_err *err)
{
    const struct settings *s = &p->set;
    bool from_file = s->genesis[0] != 0;
    struct lnet_conf conf = {.folder = p->temporary ? NULL : p->folder,
                             .chain_id = s->chain_id[0] != 0 ? s->chain_id : NULL,
                             .genesis = from_file ? s->genesis : NULL,
                             .genesis_once = p->contract,
                             .deterministic = s->deterministic,
                             .block_time_ms = s->block_time_ms,
                             .idle_ms = s->idle_ms,
                             .trie_nodes_per_write = s->trie_nodes,
                             .validity_blocks = s->validity_blocks,
                             .state_view_max_bytes = s->state_view_bytes};
    struct lnet_genesis_account *accounts =
        alc_arena_array(p->arena, p->owned_count, sizeof *accounts);

    if (accounts == NULL) return ALC_NOMEM;
    for (size_t i = 0; i < p->owned_count; i++)
        accounts[i] = (struct lnet_genesis_account){.id = p->owned[i].id,
                                                    .key = alc_near_key_of(&p->owned[i].key),
                                                    .amount = p->owned[i].amount,
                                                    .locked = p->owned[i].locked};
    if (p->owned_count > 0) conf.validator_key = accounts[0].key;
    conf.accounts = accounts;
    conf.accounts_count = from_file ? 0 : p->owned_count;
    return lnet_chain_open(&p->chain, &conf, err);
}

static bool has_account(struct program *p, const struct owned *o)
{
    struct alc_buf out = ALC_BUF(1u << 20);
    struct lnet_block_ref at;
    bool has = lnet_read_account(p->chain, o->id.s, &out, &at, NULL) == ALC_OK;

    alc_buf_fini(&out);
    return has;
}

static bool has_key(struct program *p, const struct owned *o)
{
    struct alc_near_key key = alc_near_key_of(&o->key);
    struct alc_buf out = ALC_BUF(1u << 20);
    struct lnet_block_ref at;
    bool has = lnet_read_key(p->chain, o->id.s, &key, &out, &at, NULL) == ALC_OK;

    alc_buf_fini(&out);
    return has;
}

/* The two records of an account, whose text needs no escaping. */
static void put_new(struct alc_buf *out, const struct owned *o)
{
    struct alc_near_key key = alc_near_key_of(&o->key);
    char text[ALC_NEAR_KEY_TEXT_MAX], amount[ALC_U128_DIGITS];
    size_t digits = alc_u128_encode(amount, o->amount);

    alc_near_key_text(text, &key);
    alc_buf_printf(out,
                   "%c{\"Account\":{\"account_id\":\"%s\",\"account\":{\"amount\":\"%.*s\","
                   "\"locked\":\"0\",\"storage_usage\":182}}},"
                   "{\"AccessKey\":{\"account_id\":\"%s\",\"public_key\":\"%s\",\"access_key\":"
                   "{\"nonce\":0,\"permission\":\"FullAccess\"}}}",
                   out->n == 0 ? '[' : ',', o->id.s, (int)digits, amount, o->id.s, text);
}

/* Accounts of --account that an older chain, or a genesis file, does not have. */
static enum alc_rc add_accounts(struct program *p, struct alc_err *err)
{
    struct alc_buf records = ALC_BUF(1u << 20);
    enum alc_rc rc = ALC_OK;

    for (size_t i = p->given; i < p->owned_count; i++)
        if (!has_account(p, &p->owned[i])) put_new(&records, &p->owned[i]);
    if (records.n > 0) {
        alc_buf_put_text(&records, "]");
        rc = records.failed ? ALC_NOMEM : lnet_chain_patch(p->chain, alc_buf_bytes(&records), err);
    }
    alc_buf_fini(&records);
    return rc;
}

static enum alc_rc import(struct program *p, struct alc_err *err)
{
    bool done;
    enum alc_rc rc;

    if (p->set.import[0] == 0) return ALC_OK;
    rc = lnet_chain_import(p->chain, p->set.import, &done, err);
    if (rc == ALC_OK)
        alc_log(ALC_INFO, "localnet.import", "file=%s done=%s", p->set.import,
                done ? "now" : "before");
    return rc;
}

static enum alc_rc open_chain(struct program *p, struct alc_err *err)
{
    enum alc_rc rc = start_chain(p, err);

    if (rc == ALC_OK) rc = import(p, err);
    if (rc == ALC_OK) rc = add_accounts(p, err);
    for (size_t i = 0; i < p->owned_count && rc == ALC_OK; i++) {
        struct owned *o = &p->owned[i];
        o->there = has_key(p, o);
        if (!o->there)
            alc_log(ALC_WARN, "localnet.key", "account=%s its key file does not hold a key of it",
                    o->id.s);
    }
    return rc;
}

/* ---- server ---- */

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

/* ---- the ready line ---- */

/* An IPv6 address stands in brackets.  Where all addresses are listened on, the URL is that of this
 * machine: nobody can call 0.0.0.0. */
static void url_of(const struct program *p, char out[128])
{
    const char *host = p->set.host;
    bool v6 = strchr(host, ':') != NULL;

    if (strcmp(host, "0.0.0.0") == 0) host = "127.0.0.1";
    if (strcmp(host, "::") == 0) host = "::1";
    (void)snprintf(out, 128, "http://%s%s%s:%u", v6 ? "[" : "", host, v6 ? "]" : "",
                   (unsigned)lnet_rpc_port(p->rpc));
}

static void key_path(const struct program *p, const struct owned *o, char out[LNET_PATH_BYTES])
{
    if (p->contract)
        lnet_home_path(p, out, "validator_key", ".json");
    else
        lnet_home_path(p, out, o->id.s, ".json");
}

static void put_account(struct alc_jw *w, const struct program *p, const struct owned *o)
{
    char path[LNET_PATH_BYTES];

    key_path(p, o, path);
    alc_jw_obj(w);
    alc_jw_key(w, "account_id");
    alc_jw_text(w, o->id.s);
    alc_jw_key(w, "key_file");
    alc_jw_text(w, path);
    alc_jw_end(w);
}

static void put_ready(struct alc_jw *w, const struct program *p, const char *url)
{
    static const char *const roles[] = {"root", "sandbox", "registrar"};
    struct lnet_info info;

    lnet_chain_info(p->chain, &info);
    alc_jw_obj(w);
    alc_jw_key(w, "rpc");
    alc_jw_text(w, url);
    alc_jw_key(w, "chain_id");
    alc_jw_text(w, info.chain_id);
    alc_jw_key(w, "pid");
    alc_jw_i64(w, getpid());
    for (size_t i = 0; i < p->given; i++) {
        if (!p->owned[i].there) continue;
        alc_jw_key(w, roles[i]);
        put_account(w, p, &p->owned[i]);
    }
    alc_jw_key(w, "accounts");
    alc_jw_arr(w);
    for (size_t i = p->given; i < p->owned_count; i++)
        if (p->owned[i].there) put_account(w, p, &p->owned[i]);
    alc_jw_end(w);
    alc_jw_end(w);
}

/* Says where it listens: whoever started this program waits for that line; but those who start it
 * as NEAR's sandbox ask for the status, and may have closed their end. */
static enum alc_rc say_ready(const struct program *p, struct alc_err *err)
{
    struct alc_buf out = ALC_BUF(1u << 20);
    struct alc_jw w = {.out = &out};
    char url[128], path[LNET_PATH_BYTES];
    bool ok;

    url_of(p, url);
    if (p->set.json) {
        put_ready(&w, p, url);
    } else {
        alc_buf_printf(&out, "alcove-localnet at %s", url);
        if (p->owned_count > 0 && p->owned[0].there) {
            key_path(p, &p->owned[0], path);
            alc_buf_printf(&out, ", %s account %s, its key in %s", p->given > 0 ? "root" : "first",
                           p->owned[0].id.s, path);
        }
    }
    ok = !out.failed && printf("%s\n", alc_buf_text(&out)) > 0 && fflush(stdout) == 0;
    alc_buf_fini(&out);
    return ok || p->contract ? ALC_OK : alc_fail(err, ALC_IO, "nobody reads the standard output");
}

/* ---- the end ---- */

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

enum alc_rc lnet_serve(struct program *p, const sigset_t *signals, struct alc_err *err)
{
    enum alc_rc rc = lnet_home_open(p, err);

    if (rc == ALC_OK) rc = p->contract ? open_contract(p, err) : lnet_home_accounts(p, err);
    if (rc == ALC_OK) rc = open_chain(p, err);
    if (rc == ALC_OK) rc = open_server(p, err);
    if (rc == ALC_OK) rc = say_ready(p, err);
    if (rc == ALC_OK) rc = wait_for_end(p, signals, err);
    if (p->chain != NULL) lnet_chain_stop(p->chain); /* requests that wait come back */
    lnet_rpc_close(p->rpc);
    lnet_chain_close(p->chain);
    lnet_home_close(p);
    return rc;
}
