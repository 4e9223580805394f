#include "tests/contract/gas.h"

#include "base/enc.h"
#include "tests/lib/vmhost.h"
#include "verify/verify.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WASM ALC_BUILD_DIR "/contracts/compute.wasm"
#define CODE_HASH "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define OUTPUT_HASH /* SHA-256 of {"payout":1} */                                                  \
    "390c70676b1488b70d87c1f2264412dac1a4b67de4dd115fd281a369a43d172f"
#define OPERATOR "operator.test"
#define MGAS 1000000u

static struct alc_bytes text(const char *s)
{
    return alc_cstr(s);
}

static void need(bool holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "gas: %s\n", what);
    abort();
}

/* 500 bytes of arguments, whatever else they say. */
static void request_args(char out[501], const char *params)
{
    char head[512];
    int n =
        snprintf(head, sizeof head,
                 "{\"source\":{\"WasmUrl\":{\"url\":\"https://example.org/guest.wasm\",\"hash\":"
                 "\"" CODE_HASH "\",\"build_target\":\"wasm32-wasip1\"}},\"resource_limits\":{"
                 "\"max_instructions\":1000000000,\"max_memory_mb\":128,"
                 "\"max_execution_seconds\":60},\"response_format\":\"Json\","
                 "\"payer_account_id\":\"payer.test\"%s,\"input_data\":\"",
                 params);
    need(n > 0 && n < 498, "the arguments leave no room for input");
    memset(out, 'x', 500);
    memcpy(out, head, (size_t)n);
    memcpy(out + 498, "\"}", 3);
}

/* The value of a string key in a flat JSON object that we wrote ourselves. */
static struct alc_bytes value_of(struct alc_bytes json, const char *key)
{
    char pattern[64];
    const uint8_t *at, *end;
    int n = snprintf(pattern, sizeof pattern, "\"%s\":\"", key);

    at = memmem(json.p, json.n, pattern, (size_t)n);
    need(at != NULL, key);
    at += n;
    end = memchr(at, '"', json.n - (size_t)(at - json.p));
    need(end != NULL, key);
    return (struct alc_bytes){at, (size_t)(end - at)};
}

static struct alc_hash hash_of(struct alc_bytes json, const char *key)
{
    struct alc_hash h;
    size_t n;
    need(alc_hex_decode(h.b, sizeof h.b, &n, value_of(json, key)) && n == 32, key);
    return h;
}

/* A statement that request 0 accepts for the output {"payout":1}, signed by the fake key 0x22... */
static void statement(struct vmhost *h, uint64_t id, char out[4096])
{
    const struct nearvm_outcome *o;
    struct alc_statement t = {.chain_id = ALC_LIT("localnet"), .contract_id = ALC_LIT("c.test")};
    uint8_t buf[ALC_STATEMENT_MAX_BYTES];
    char args[64];
    size_t n, m;

    snprintf(args, sizeof args, "{\"request_id\":%u}", (unsigned)id);
    o = vmhost_view(h, "get_request_context", args);
    need(vmhost_ok(o), "get_request_context");
    t.deployment_id = hash_of(o->value, "deployment_id");
    t.data_id = hash_of(o->value, "data_id");
    t.request_hash = hash_of(o->value, "request_hash");
    t.input_hash = hash_of(o->value, "input_hash");
    t.code_hash = hash_of(o->value, "code_hash");
    t.signer_id = ALC_LIT(VMHOST_SIGNER);
    t.predecessor_id = ALC_LIT(VMHOST_SIGNER);
    t.request_id = id;
    t.attempt = 1;
    t.max_instructions = 1000000000;
    t.max_memory_mb = 128;
    t.max_seconds = 60;
    t.instructions = 5500000;
    t.time_ms = 120;
    t.output_kind = ALC_OUTPUT_JSON;
    need(alc_hex_decode(t.output_hash.b, 32, &n, text(OUTPUT_HASH)), "output hash");
    memset(t.worker_key.b, 0x22, 32);
    m = alc_statement_write(&t, buf, sizeof buf);
    need(m > 0 && alc_base64_encode(out, 4095, &n, (struct alc_bytes){buf, m}), "statement");
    out[n] = 0;
}

struct day {
    struct vmhost *h;
    struct gas_row *rows;
    size_t n;
    bool nodes;
};

static void note(struct day *d, const char *name, const struct nearvm_outcome *o, uint64_t limit,
                 double outlayer)
{
    struct gas_row *r = &d->rows[d->n++];

    need(vmhost_ok(o), name);
    need(d->n <= GAS_ROWS_MAX, "too many rows");
    if (d->nodes) {
        r->nodes = o->burnt_gas;
        return;
    }
    *r = (struct gas_row){name, o->burnt_gas, 0, limit * 1000 * MGAS, outlayer};
}

static const struct nearvm_outcome *request(struct day *d, const char *params)
{
    static char args[501];
    request_args(args, params);
    return vmhost_call(
        d->h, &(struct vmhost_call){.method = "request_execution",
                                    .args = text(args),
                                    .deposit = (__uint128_t)ALC_NEAR_TGAS * 100000000000u});
}

static const struct nearvm_outcome *by_operator(struct day *d, const char *method, const char *args)
{
    static struct alc_near_key key;
    memset(key.b, 0x22, 32);
    return vmhost_call(d->h,
                       &(struct vmhost_call){
                           .method = method, .args = text(args), .signer = OPERATOR, .key = &key});
}

static size_t run_day(struct day *d)
{
    static char proof[4096], args[8192], key[64];
    struct alc_hash worker;
    char *big;
    size_t n;

    d->h = vmhost_open("c.test", vmhost_file(WASM));
    vmhost_env(d->h)->trie_nodes = d->nodes ? GAS_TRIE_NODES : 0;
    note(d, "new",
         vmhost_do(d->h, "new",
                   "{\"owner_id\":\"" VMHOST_SIGNER "\",\"operator_id\":\"" OPERATOR
                   "\",\"chain_id\":\"localnet\"}"),
         0, 0.970);
    memset(worker.b, 0x22, 32);
    need(alc_base58_encode(key, sizeof key, &n, alc_hash_bytes(&worker)), "key");
    snprintf(args, sizeof args, "{\"public_key\":\"ed25519:%.*s\"}", (int)n, key);
    note(d, "add_worker_key", vmhost_do(d->h, "add_worker_key", args), 0, 0);

    note(d, "request_execution, 500 B", request(d, ""), 1400, 2.320);
    note(d, "resolve_execution",
         by_operator(d, "resolve_execution",
                     "{\"request_id\":0,\"response\":{\"success\":true,\"output\":{\"Json\":"
                     "{\"payout\":1}},\"error\":null,\"resources_used\":{\"instructions\":5500000,"
                     "\"time_ms\":120,\"compile_time_ms\":null},\"compilation_note\":null,"
                     "\"refund_usd\":null}}"),
         1600, 2.429);
    note(d, "on_execution_response", vmhost_wake(d->h, 0), 900, 1.817);

    note(d, "request_execution, 500 B, key",
         request(d, ",\"params\":{\"with_proof\":true,\"proof\":\"key\"}"), 1400, 0);
    statement(d->h, 1, proof);
    snprintf(args, sizeof args,
             "{\"request_id\":1,\"response\":{\"success\":true,\"output\":{\"Json\":"
             "{\"payout\":1}},\"error\":null,\"resources_used\":{\"instructions\":5500000,"
             "\"time_ms\":120,\"compile_time_ms\":null},\"compilation_note\":null,"
             "\"refund_usd\":null},\"statement\":\"%s\"}",
             proof);
    note(d, "resolve_execution, key", by_operator(d, "resolve_execution", args), 1700, 0);
    note(d, "on_execution_response, key", vmhost_wake(d->h, 0), 900, 0);

    note(d, "request_execution, timeout", request(d, ""), 1400, 0);
    note(d, "on_execution_response, timeout", vmhost_wake(d->h, 0), 900, 0);
    (void)request(d, "");
    big = malloc(262144 + 512);
    need(big != NULL, "memory");
    n = (size_t)sprintf(big, "{\"request_id\":3,\"output\":{\"Text\":\"");
    memset(big + n, 'y', 262144);
    strcpy(big + n + 262144, "\"},\"success\":true,\"error\":null,\"resources_used\":{"
                             "\"instructions\":5500000,\"time_ms\":120}}");
    note(d, "submit and resolve, 256 KiB",
         by_operator(d, "submit_execution_output_and_resolve", big), 0, 0);
    free(big);
    note(d, "on_execution_response, 256 KiB", vmhost_wake(d->h, 0), 0, 0);
    note(d, "get_stats", vmhost_view(d->h, "get_stats", ""), 150, 0.898);
    vmhost_close(d->h);
    return d->n;
}

size_t gas_measure(struct gas_row rows[GAS_ROWS_MAX])
{
    struct day bare = {.rows = rows}, nodes = {.rows = rows, .nodes = true};
    size_t n = run_day(&bare);
    need(run_day(&nodes) == n, "the two days differ");
    return n;
}

size_t gas_code_bytes(void)
{
    return vmhost_file(WASM).n;
}
