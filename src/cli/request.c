#include "cli/cli.h"
#include "cli/settings.h"

#include "base/enc.h"
#include "base/json.h"

#include <stdio.h>
#include <string.h>

#define ARENA_BYTES (64u << 20)

struct settings {
    const char *const *rpc;
    const char *contract, *key, *module, *url, *hash, *target, *input, *input_file, *format, *proof;
    const char *deposit;
    uint64_t max_instructions;
    uint32_t max_memory_mb, max_seconds;
    bool with_proof, json;
};

#define FIELD(f) offsetof(struct settings, f)
static const struct alc_conf_item items[] = {
    {"near.rpc", ALC_CONF_LIST, FIELD(rpc), "http://127.0.0.1:3030", 0, 0, "JSON-RPC endpoint"},
    {"contract", ALC_CONF_STR, FIELD(contract), CLI_DEVNET_CONTRACT, 2, 64, "whom to ask"},
    {"key", ALC_CONF_STR, FIELD(key), "", 0, 4000, "key file of the account that asks"},
    {"module", ALC_CONF_STR, FIELD(module), "", 0, 4000,
     "file of a module that the worker knows; its hash is asked for"},
    {"url", ALC_CONF_STR, FIELD(url), "https://alcove.invalid/module.wasm", 9, 2048,
     "where the worker may get the module"},
    {"hash", ALC_CONF_STR, FIELD(hash), "", 0, 64, "SHA-256 of the module, instead of --module"},
    {"target", ALC_CONF_STR, FIELD(target), "", 0, 64,
     "wasm32-wasip1, wasm32-wasip2; none: its header says"},
    {"input", ALC_CONF_STR, FIELD(input), "", 0, 0, "what the module gets on stdin"},
    {"input-file", ALC_CONF_STR, FIELD(input_file), "", 0, 4000, "the same from a file"},
    {"format", ALC_CONF_STR, FIELD(format), "Text", 4, 5, "Text, Json or Bytes"},
    {"proof", ALC_CONF_STR, FIELD(proof), "none", 3, 7,
     "none; key: the contract checks the signed statement; quote: a quote vouches for it too; "
     "onchain: the contract checks that quote"},
    {"with-proof", ALC_CONF_BOOL, FIELD(with_proof), "false", 0, 0,
     "the answer names its statement and worker key"},
    {"max-instructions", ALC_CONF_U64, FIELD(max_instructions), "1000000000", 1, 0, "limit"},
    {"max-memory-mb", ALC_CONF_U32, FIELD(max_memory_mb), "128", 1, 4096, "limit"},
    {"max-seconds", ALC_CONF_U32, FIELD(max_seconds), "60", 1, 180, "limit"},
    {"deposit", ALC_CONF_STR, FIELD(deposit), "100000000000000000000000", 1, 39,
     "yoctoNEAR; what the run does not cost comes back"},
    {"json", ALC_CONF_BOOL, FIELD(json), "false", 0, 0, "print the transaction's result as JSON"},
};
static const struct alc_conf_table table = {items, sizeof items / sizeof *items, cli_others};

static const char help[] =
    "alcove request: asks a contract for a computation and waits for the answer\n\n"
    "prints the answer; exit: 0 an answer came, 8 the run or the call failed\n\n";

static enum alc_rc arguments(struct alc_buf *out, const struct settings *s, struct alc_arena *arena,
                             struct alc_err *err)
{
    struct alc_bytes input = alc_cstr(s->input), wasm;
    struct alc_jw w = {.out = out};
    struct alc_hash hash;
    char hex[65];
    const char *name = s->hash;
    enum alc_rc rc = ALC_OK;

    if (s->module[0] != 0) {
        rc = cli_read_file(&wasm, s->module, ALC_ENGINE_MODULE_MAX_BYTES, arena, err);
        if (rc != ALC_OK) return rc;
        alc_sha256(&hash, wasm);
        name = cli_hex(hex, &hash);
    }
    if (name[0] == 0) return alc_fail(err, ALC_BAD_INPUT, "name a --module or its --hash");
    if (s->input_file[0] != 0) rc = cli_read_file(&input, s->input_file, 1u << 20, arena, err);
    if (rc != ALC_OK) return rc;
    alc_jw_obj(&w);
    alc_jw_key(&w, "source");
    alc_jw_obj(&w);
    alc_jw_key(&w, "WasmUrl");
    alc_jw_obj(&w);
    alc_jw_key(&w, "url");
    alc_jw_text(&w, s->url);
    alc_jw_key(&w, "hash");
    alc_jw_text(&w, name);
    if (s->target[0] != 0) {
        alc_jw_key(&w, "build_target");
        alc_jw_text(&w, s->target);
    }
    alc_jw_end(&w);
    alc_jw_end(&w);
    alc_jw_key(&w, "resource_limits");
    alc_jw_obj(&w);
    alc_jw_key(&w, "max_instructions");
    alc_jw_u64(&w, s->max_instructions);
    alc_jw_key(&w, "max_memory_mb");
    alc_jw_u64(&w, s->max_memory_mb);
    alc_jw_key(&w, "max_execution_seconds");
    alc_jw_u64(&w, s->max_seconds);
    alc_jw_end(&w);
    alc_jw_key(&w, "input_data");
    alc_jw_str(&w, input);
    alc_jw_key(&w, "response_format");
    alc_jw_text(&w, s->format);
    if (strcmp(s->proof, "none") != 0 || s->with_proof) {
        alc_jw_key(&w, "params");
        alc_jw_obj(&w);
        alc_jw_key(&w, "with_proof");
        alc_jw_bool(&w, s->with_proof);
        alc_jw_key(&w, "proof");
        alc_jw_text(&w, s->proof);
        alc_jw_end(&w);
    }
    alc_jw_end(&w);
    return out->failed ? ALC_NOMEM : ALC_OK;
}

/* completed reads one log line; true when it is the event that ends a request. */
static bool completed(struct alc_bytes line, bool *success, struct alc_err *err)
{
    static const char prefix[] = "EVENT_JSON:";
    struct alc_json *event = NULL;
    const struct alc_json *data;
    struct alc_bytes name, why;
    char text[560];
    bool found;

    if (line.n < sizeof prefix || memcmp(line.p, prefix, sizeof prefix - 1) != 0) return false;
    line.p += sizeof prefix - 1;
    line.n -= sizeof prefix - 1;
    if (alc_json_open(&event, line, 64u << 10, NULL) != ALC_OK) return false;
    found = alc_json_str(alc_json_get(event, "event"), &name) &&
            alc_bytes_is(name, "execution_completed");
    data = alc_json_at(alc_json_get(event, "data"), 0);
    if (!alc_json_bool(alc_json_get(data, "success"), success)) *success = false;
    if (found && alc_json_str(alc_json_get(data, "error_message"), &why))
        alc_fail(err, ALC_TRAP, "the run failed: %s", cli_plain(text, sizeof text, why));
    alc_json_close(event);
    return found;
}

/* explain finds the contract's own word on why there is no output: the error_message of its event
 * execution_completed; a timeout has none. */
static enum alc_rc explain(const char *contract, const struct alc_json *tx, struct alc_err *err)
{
    const struct alc_json *all = alc_json_get(tx, "receipts_outcome");

    for (size_t i = 0; i < alc_json_count(all); i++) {
        const struct alc_json *outcome = alc_json_get(alc_json_at(all, i), "outcome");
        const struct alc_json *logs = alc_json_get(outcome, "logs");
        struct alc_bytes who, line;
        bool success;
        if (!alc_json_str(alc_json_get(outcome, "executor_id"), &who) ||
            !alc_bytes_is(who, contract))
            continue;
        for (size_t j = 0; j < alc_json_count(logs); j++)
            if (alc_json_str(alc_json_at(logs, j), &line) && completed(line, &success, err))
                return success ? ALC_OK : ALC_TRAP; /* on success the answer was the JSON null */
    }
    return alc_fail(err, ALC_TRAP,
                    "the request timed out; the payment came back but for the base fee");
}

static enum alc_rc ask(const struct settings *s, struct alc_arena *arena, struct alc_err *err)
{
    const struct alc_near_rpc_conf conf = {.urls = s->rpc, .urls_count = 1, .plain_ok = true};
    struct alc_buf args = ALC_BUF(ALC_NEAR_TX_MAX_BYTES);
    struct alc_near_rpc *rpc = NULL;
    struct alc_ed25519 key = {0};
    struct alc_near_id id = {""};
    struct alc_near_tx_status tx = {0};
    struct alc_near_action call;
    __uint128_t deposit = 0;
    enum alc_rc rc;

    if (s->key[0] == 0)
        return alc_fail(err, ALC_BAD_INPUT, "name the --key file of the account that asks");
    rc = alc_near_key_file(&key, &id, s->key, err);
    if (rc == ALC_OK && id.s[0] == 0)
        rc = alc_fail(err, ALC_BAD_INPUT, "%s names no account_id", s->key);
    if (rc == ALC_OK && !alc_u128_decode(&deposit, alc_cstr(s->deposit)))
        rc = alc_fail(err, ALC_BAD_INPUT, "deposit: `%s` is no amount", s->deposit);
    if (rc == ALC_OK) rc = arguments(&args, s, arena, err);
    if (rc == ALC_OK) rc = alc_near_rpc_open(&rpc, &conf, err);
    if (rc == ALC_OK) {
        call = cli_call("request_execution", alc_buf_text(&args), 300u * (uint64_t)ALC_NEAR_TGAS,
                        deposit);
        rc = cli_send(rpc, id.s, &key, s->contract, &call, 1, true, &tx, arena, err);
    }
    if (rc == ALC_OK && s->json) {
        struct alc_buf out = ALC_BUF(64u << 20);
        alc_json_dump(tx.json, &out);
        printf("%s\n", alc_buf_text(&out));
        alc_buf_fini(&out);
    } else if (rc == ALC_OK) {
        printf("%.*s\n", (int)tx.value.n, (const char *)tx.value.p);
    }
    if (rc == ALC_OK && alc_bytes_is(tx.value, "null")) rc = explain(s->contract, tx.json, err);
    alc_json_close(tx.json);
    alc_near_rpc_close(rpc);
    alc_ed25519_fini(&key);
    alc_buf_fini(&args);
    return rc;
}

int alc_cli_request(int argc, char **argv)
{
    struct alc_arena arena = ALC_ARENA(ARENA_BYTES);
    struct alc_conf_rest rest = {0};
    struct settings set = {0};
    struct alc_err err = {0};
    enum alc_rc rc = alc_conf_read(&set, &rest, &table, NULL, argc, argv, &arena, &err);

    if (rc == ALC_OK && rest.help) {
        fputs(help, stdout);
        alc_conf_help(&table);
    } else if (rc == ALC_OK) {
        if (rest.count > 0)
            rc = alc_fail(&err, ALC_BAD_INPUT, "`%s`: only flags are understood here; see --help",
                          rest.words[0]);
        else
            rc = ask(&set, &arena, &err);
    }
    if (rc != ALC_OK) fprintf(stderr, "alcove request: %s\n", alc_err_text(&err, rc));
    alc_arena_fini(&arena);
    return alc_rc_exit(rc);
}
