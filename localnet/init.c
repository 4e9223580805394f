/* localnet/init.c — the subcommands that serve nothing: `init` leaves the files that drivers of
 * NEAR's sandbox look for, `dump` writes accounts as records. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "localnet/program.h"

#define FILE_MAX_BYTES (1u << 20)
#define CHAIN_ID_BYTES 32

/* ---- init ---- */

static bool is_there(const struct program *p, const char *name)
{
    char path[LNET_PATH_BYTES];

    lnet_home_path(p, path, name, "");
    return access(path, F_OK) == 0;
}

/* The text goes through a buffer of its own, wiped behind it. */
static enum alc_rc write_key(const struct program *p, const char *name, const char *id,
                             const struct alc_ed25519 *key, struct alc_err *err)
{
    struct alc_near_key public_key = alc_near_key_of(key);
    char public_text[ALC_NEAR_KEY_TEXT_MAX];
    struct alc_secret secret = {0}, text = {0};
    enum alc_rc rc = alc_secret_init(&secret, ALC_NEAR_SECRET_TEXT_MAX);

    if (rc == ALC_OK) rc = alc_secret_init(&text, 1024);
    if (rc == ALC_OK) {
        alc_near_key_text(public_text, &public_key);
        alc_near_secret_text((char *)secret.p, key);
        int n = snprintf((char *)text.p, text.n,
                         "{\"account_id\":\"%s\",\"public_key\":\"%s\",\"secret_key\":\"%s\"}\n",
                         id, public_text, (const char *)secret.p);
        rc = lnet_home_write(p, name, (struct alc_bytes){text.p, (size_t)n}, err);
    }
    alc_secret_fini(&secret);
    alc_secret_fini(&text);
    return rc;
}

static void put(struct alc_jw *w, const char *key, const char *text)
{
    alc_jw_key(w, key);
    alc_jw_text(w, text);
}

/* As NEAR's: a name that was not given is made up. */
static void name_chain(const struct program *p, char out[CHAIN_ID_BYTES])
{
    struct alc_hash h;

    if (p->set.deterministic || p->set.seed[0] != 0)
        alc_sha256(&h, alc_cstr(p->set.seed));
    else
        alc_random(h.b, sizeof h.b);
    (void)snprintf(out, CHAIN_ID_BYTES, "test-chain-");
    for (size_t i = 0; i < 5; i++)
        out[11 + i] = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"[h.b[i] % 56];
    out[16] = 0;
}

static void put_record(struct alc_jw *w, const char *kind)
{
    alc_jw_obj(w);
    alc_jw_key(w, kind);
    alc_jw_obj(w);
    put(w, "account_id", LNET_ROOT);
}

static void put_records(struct alc_jw *w, const char *public_key)
{
    put_record(w, "Account");
    alc_jw_key(w, "account");
    alc_jw_obj(w);
    alc_jw_key(w, "amount");
    alc_jw_u128_str(w, ALC_NEAR_YOCTO * LNET_ROOT_NEAR);
    alc_jw_key(w, "locked");
    alc_jw_u128_str(w, ALC_NEAR_YOCTO * LNET_ROOT_LOCKED_NEAR);
    put(w, "code_hash", "11111111111111111111111111111111");
    alc_jw_key(w, "storage_usage");
    alc_jw_u64(w, 182); /* an account with one full-access key */
    put(w, "version", "V1");
    alc_jw_end(w);
    alc_jw_end(w);
    alc_jw_end(w);
    put_record(w, "AccessKey");
    put(w, "public_key", public_key);
    alc_jw_key(w, "access_key");
    alc_jw_raw(w, ALC_LIT("{\"nonce\":0,\"permission\":\"FullAccess\"}"));
    alc_jw_end(w);
    alc_jw_end(w);
}

static void genesis_time(const struct program *p, char out[40])
{
    time_t t = p->set.deterministic ? (time_t)(LNET_GENESIS_TIME_NS / 1000000000u) : time(NULL);
    struct tm tm;

    out[0] = 0;
    if (gmtime_r(&t, &tm) != NULL) (void)strftime(out, 40, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static enum alc_rc write_genesis(const struct program *p, const struct alc_ed25519 *root,
                                 struct alc_err *err)
{
    struct alc_buf out = ALC_BUF(FILE_MAX_BYTES);
    struct alc_jw w = {.out = &out};
    struct alc_near_key key = alc_near_key_of(root);
    char public_key[ALC_NEAR_KEY_TEXT_MAX], chain_id[CHAIN_ID_BYTES], when[40];
    enum alc_rc rc;

    alc_near_key_text(public_key, &key);
    name_chain(p, chain_id);
    genesis_time(p, when);
    alc_jw_obj(&w);
    alc_jw_key(&w, "protocol_version");
    alc_jw_u64(&w, LNET_PROTOCOL_VERSION);
    put(&w, "genesis_time", when);
    put(&w, "chain_id", p->set.chain_id[0] != 0 ? p->set.chain_id : chain_id);
    alc_jw_key(&w, "genesis_height");
    alc_jw_u64(&w, 0);
    alc_jw_key(&w, "epoch_length");
    alc_jw_u64(&w, LNET_EPOCH_BLOCKS);
    alc_jw_key(&w, "gas_limit");
    alc_jw_u64(&w, LNET_GAS_LIMIT);
    put(&w, "min_gas_price", "100000000");
    alc_jw_key(&w, "total_supply");
    alc_jw_u128_str(&w, ALC_NEAR_YOCTO * (LNET_ROOT_NEAR + LNET_ROOT_LOCKED_NEAR));
    alc_jw_key(&w, "validators");
    alc_jw_arr(&w);
    alc_jw_obj(&w);
    put(&w, "account_id", LNET_ROOT);
    put(&w, "public_key", public_key);
    alc_jw_key(&w, "amount");
    alc_jw_u128_str(&w, ALC_NEAR_YOCTO * LNET_ROOT_LOCKED_NEAR);
    alc_jw_end(&w);
    alc_jw_end(&w);
    alc_jw_key(&w, "records");
    alc_jw_arr(&w);
    put_records(&w, public_key);
    alc_jw_end(&w);
    alc_jw_end(&w);
    rc = out.failed ? ALC_NOMEM : lnet_home_write(p, "genesis.json", alc_buf_bytes(&out), err);
    alc_buf_fini(&out);
    return rc;
}

/* Of config.json `run` takes rpc.addr, when no --rpc-addr is given; the rest is what drivers edit.
 */
static const char config[] =
    "{\n  \"genesis_file\": \"genesis.json\",\n  \"validator_key_file\": \"validator_key.json\",\n"
    "  \"node_key_file\": \"node_key.json\",\n"
    "  \"rpc\": {\n    \"addr\": \"127.0.0.1:3030\",\n    \"cors_allowed_origins\": [\"*\"],\n"
    "    \"limits_config\": {\"json_payload_max_size\": 67108864}\n  },\n"
    "  \"network\": {\"addr\": \"127.0.0.1:24567\"},\n"
    "  \"store\": {\"max_open_files\": 10000}\n}\n";

/* Each file that is there is kept, as NEAR's does. */
enum alc_rc lnet_init(struct program *p, struct alc_err *err)
{
    struct alc_ed25519 root = {0}, node = {0};
    char path[LNET_PATH_BYTES];
    enum alc_rc rc;

    if (p->set.home[0] == 0)
        return alc_fail(err, ALC_BAD_INPUT, "init wants a --home to put its files in");
    rc = lnet_home_open(p, err);
    if (rc == ALC_OK && is_there(p, "chain.db") && !is_there(p, "genesis.json"))
        rc = alc_fail(err, ALC_CONFLICT,
                      "%s holds a chain that was begun without init; take another folder",
                      p->folder);
    lnet_home_path(p, path, "validator_key.json", "");
    if (rc == ALC_OK)
        rc = is_there(p, "validator_key.json") ? alc_near_key_file(&root, NULL, path, err)
                                               : lnet_home_key(p, &root, LNET_ROOT);
    if (rc == ALC_OK) rc = lnet_home_key(p, &node, "node");
    if (rc == ALC_OK && !is_there(p, "validator_key.json"))
        rc = write_key(p, "validator_key.json", LNET_ROOT, &root, err);
    if (rc == ALC_OK && !is_there(p, "node_key.json"))
        rc = write_key(p, "node_key.json", "node", &node, err);
    if (rc == ALC_OK && !is_there(p, "config.json"))
        rc = lnet_home_write(p, "config.json", ALC_LIT(config), err);
    if (rc == ALC_OK && !is_there(p, "genesis.json")) rc = write_genesis(p, &root, err);
    alc_ed25519_fini(&root);
    alc_ed25519_fini(&node);
    lnet_home_close(p);
    return rc;
}

/* ---- dump ---- */

static enum alc_rc print(void *ctx, struct alc_bytes piece, struct alc_err *err)
{
    if (fwrite(piece.p, 1, piece.n, ctx) == piece.n) return ALC_OK;
    return alc_fail(err, ALC_IO, "standard output: %s", strerror(errno));
}

enum alc_rc lnet_dump(struct program *p, struct alc_err *err)
{
    size_t count = 0;
    enum alc_rc rc;

    if (p->set.home[0] == 0)
        return alc_fail(err, ALC_BAD_INPUT, "dump wants the --home of a chain");
    (void)snprintf(p->folder, sizeof p->folder, "%s", p->set.home);
    if (!is_there(p, "chain.db"))
        return alc_fail(err, ALC_NOT_FOUND, "%s holds no chain", p->set.home);
    while (p->set.accounts[count] != NULL)
        count++;
    rc = lnet_home_open(p, err);
    if (rc == ALC_OK)
        rc = lnet_chain_open(&p->chain, &(struct lnet_conf){.folder = p->folder, .manual = true},
                             err);
    if (rc == ALC_OK) rc = lnet_chain_dump(p->chain, p->set.accounts, count, print, stdout, err);
    if (rc == ALC_OK && (printf("\n") < 0 || fflush(stdout) != 0))
        rc = alc_fail(err, ALC_IO, "standard output: %s", strerror(errno));
    lnet_chain_close(p->chain);
    lnet_home_close(p);
    return rc;
}
