#include "tests/contract/vm_proofs.h"

#include "base/enc.h"
#include "crypto/crypto.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 100u
#define INDEX 37u
#define WEEK_NS UINT64_C(604800000000000)

void need(bool holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "vm_proofs: %s\n", what);
    abort();
}

struct alc_bytes value_of(struct alc_bytes json, const char *key)
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
    size_t n = 0;
    need(alc_hex_decode(h.b, sizeof h.b, &n, value_of(json, key)) && n == 32, key);
    return h;
}

/* ---- statements and evidence ---- */

static void sha256(void *ctx, struct alc_hash *out, struct alc_bytes in)
{
    (void)ctx;
    alc_sha256(out, in);
}

static const struct alc_verify_ops ops = {.sha256 = sha256};
static const struct alc_binding binding = {.kind = ALC_EVIDENCE_BATCH, .nonce = {{9}}};

static void leaves(struct alc_hash nodes[BATCH], const struct alc_hash *statement)
{
    for (size_t i = 0; i < BATCH; i++) {
        struct alc_hash record = {{(uint8_t)i}};
        alc_merkle_leaf(&nodes[i], i == INDEX ? statement : &record, &ops);
    }
}

void vm_statement(struct vm_proof *p, struct vmhost *h, uint64_t id, enum alc_output_kind kind,
                  struct alc_bytes output, const struct alc_hash *measurement)
{
    struct alc_statement t = {.chain_id = ALC_LIT("localnet"), .contract_id = ALC_LIT("c.test")};
    struct alc_hash nodes[BATCH], root;
    const struct nearvm_outcome *o;
    uint8_t buf[ALC_STATEMENT_MAX_BYTES];
    char args[64];
    size_t n = 0, m;

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
    t.output_kind = (uint8_t)kind;
    alc_sha256(&t.output_hash, output);
    memset(t.worker_key.b, 0x22, 32);
    t.measurement = *measurement;
    t.simulated = 1;
    m = alc_statement_write(&t, buf, sizeof buf);
    need(m > 0 && alc_base64_encode(p->statement64, sizeof p->statement64 - 1, &n,
                                    (struct alc_bytes){buf, m}),
         "statement");
    p->statement64[n] = 0;
    alc_sha256(&p->statement, (struct alc_bytes){buf, m});
    leaves(nodes, &p->statement);
    alc_merkle_root(&root, nodes, BATCH, &ops);
    alc_report_data(p->report_data, &root, &binding, &ops);
}

void vm_evidence(struct vm_proof *p, struct alc_bytes quote)
{
    static uint8_t path[33 * ALC_EVIDENCE_PATH_MAX], buf[ALC_EVIDENCE_MAX_BYTES];
    struct alc_evidence e = {.binding = binding, .quote = quote};
    struct alc_hash nodes[BATCH];
    size_t n = 0;

    leaves(nodes, &p->statement);
    e.path_count = alc_merkle_path(path, nodes, BATCH, INDEX, &ops);
    e.path = (struct alc_bytes){path, 33 * (size_t)e.path_count};
    n = alc_evidence_write(&e, buf, sizeof buf);
    need(n > 0 && alc_base64_encode(p->evidence64, sizeof p->evidence64 - 1, &n,
                                    (struct alc_bytes){buf, n}),
         "evidence");
    p->evidence64[n] = 0;
}

/* ---- calls ---- */

static const struct alc_near_key *worker(void)
{
    static struct alc_near_key key;
    memset(key.b, 0x22, 32);
    return &key;
}

const struct nearvm_outcome *vm_by_operator(struct vmhost *h, const char *method, const char *args)
{
    return vmhost_call(
        h, &(struct vmhost_call){
               .method = method, .args = alc_cstr(args), .signer = VM_OPERATOR, .key = worker()});
}

static const char *hex(const struct alc_hash *h)
{
    static char text[65];
    size_t n = 0;
    need(alc_hex_encode(text, 64, &n, alc_hash_bytes(h)), "hex");
    return text;
}

const struct nearvm_outcome *vm_vouched(struct vmhost *h, const struct alc_hash *measurement)
{
    char key[64], args[512];
    size_t n = 0;

    need(vmhost_ok(vmhost_do(h, "set_register", "{\"register_id\":\"" VM_OPERATOR "\"}")),
         "set_register");
    need(alc_base58_encode(key, sizeof key, &n, (struct alc_bytes){worker()->b, 32}), "key");
    snprintf(args, sizeof args,
             "{\"public_key\":\"ed25519:%.*s\",\"expires_ns\":%" PRIu64
             ",\"measurement\":\"%s\",\"simulated\":true}",
             (int)n, key, vmhost_env(h)->time_ns + WEEK_NS, hex(measurement));
    return vm_by_operator(h, "add_worker_key", args);
}

static char *copy(struct alc_bytes b)
{
    char *text = strndup((const char *)b.p, b.n);
    need(text != NULL, "memory");
    return text;
}

struct vm_asked vm_asked(struct vmhost *h)
{
    const struct alc_near_action *verify = vmhost_action(h, 0, 0), *back = vmhost_action(h, 1, 0);

    need(alc_bytes_is(verify->method, "verify_quote"), "verify_quote was not called");
    need(alc_bytes_is(back->method, "on_quote_verified"), "there is no callback");
    return (struct vm_asked){copy(verify->data), copy(back->data), verify->gas, back->gas};
}

void vm_asked_fini(struct vm_asked *a)
{
    free(a->verify);
    free(a->callback);
    *a = (struct vm_asked){NULL, NULL, 0, 0};
}

const struct nearvm_outcome *vm_verdict(struct vmhost *h, const struct vm_asked *a,
                                        struct alc_bytes verdict)
{
    struct nearvm_result result = {verdict.p != NULL ? NEARVM_RESULT_DATA : NEARVM_RESULT_FAILED,
                                   verdict};
    return vmhost_call(h, &(struct vmhost_call){.method = "on_quote_verified",
                                                .args = alc_cstr(a->callback),
                                                .signer = VM_OPERATOR,
                                                .predecessor = "c.test",
                                                .gas = a->callback_gas,
                                                .results = &result,
                                                .results_count = 1});
}

const char *vm_accepting(const struct vm_asked *a, const struct alc_hash *measurement)
{
    static char text[4096];
    struct alc_bytes data = value_of(alc_cstr(a->verify), "report_data");

    snprintf(text, sizeof text,
             "{\"accepted\":true,\"genuine\":true,\"simulated\":true,\"attestation\":\"SIMULATED\","
             "\"refusal\":null,\"reason\":null,\"measurement\":\"%s\",\"report_data\":\"%.*s\","
             "\"report\":{\"everything else\":\"%02000d\"}}",
             hex(measurement), (int)data.n, (const char *)data.p, 0);
    return text;
}
