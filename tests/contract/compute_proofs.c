#include "tests/contract/compute_proofs.h"

#include "base/enc.h"

void good_statement(struct alc_statement *t, uint64_t id)
{
    const char *view, *at;
    size_t n;

    *t = (struct alc_statement){
        .chain_id = ALC_LIT("localnet"),
        .contract_id = ALC_LIT("compute.test"),
        .request_id = id,
        .data_id = last.data_id,
        .anchor_height = fake_env.height,
        .attempt = 1,
        .signer_id = ALC_LIT("alice.test"),
        .predecessor_id = ALC_LIT("alice.test"),
        .max_instructions = 1000000000,
        .max_memory_mb = 128,
        .max_seconds = 60,
        .instructions = 5500000,
        .time_ms = 120,
        .output_kind = ALC_OUTPUT_JSON,
    };
    alc_sha256(&t->request_hash, alc_cstr(last.request_data));
    alc_sha256(&t->input_hash, ALC_LIT("in"));
    alc_sha256(&t->output_hash, OUTPUT);
    assert_true(alc_hex_decode(t->code_hash.b, 32, &n, ALC_LIT(CODE_HASH)));
    memset(t->worker_key.b, WORKER, 32);
    ok("get_request_context", fmt("{\"request_id\":%u}", (unsigned)id));
    view = (const char *)fake_returned().p;
    at = strstr(view, "\"deployment_id\":\"");
    assert_non_null(at);
    assert_true(alc_hex_decode(t->deployment_id.b, 32, &n,
                               (struct alc_bytes){(const uint8_t *)at + 17, 64}));
}

const char *base64_of(const struct alc_statement *t, const char *extra)
{
    uint8_t buf[ALC_STATEMENT_MAX_BYTES + 8];
    static char text[4096];
    size_t n = alc_statement_write(t, buf, ALC_STATEMENT_MAX_BYTES), m;

    assert_in_range(n, 1, ALC_STATEMENT_MAX_BYTES);
    memcpy(buf + n, extra, strlen(extra));
    assert_true(
        alc_base64_encode(text, sizeof text - 1, &m, (struct alc_bytes){buf, n + strlen(extra)}));
    text[m] = 0;
    return text;
}

const char *resolve_args(uint64_t id, const char *output, const char *statement)
{
    return fmt("{\"request_id\":%u,\"response\":{\"success\":true,\"output\":%s," USED
               "},\"statement\":\"%s\"}",
               (unsigned)id, output, statement);
}

void as_worker(void)
{
    as("op.test");
    memset(fake_env.signer_key + 1, WORKER, 32);
}

struct alc_hash hash_of_statement(const struct alc_statement *t)
{
    uint8_t buf[ALC_STATEMENT_MAX_BYTES];
    size_t n = alc_statement_write(t, buf, sizeof buf);
    struct alc_hash h;

    assert_in_range(n, 1, sizeof buf);
    alc_sha256(&h, (struct alc_bytes){buf, n});
    return h;
}

void envelope_is(const struct alc_statement *t, const char *output, uint64_t id)
{
    struct alc_hash h = hash_of_statement(t);
    char hex[65];
    size_t n;

    assert_true(alc_hex_encode(hex, 64, &n, alc_hash_bytes(&h)));
    hex[64] = 0;
    result_is(fmt("{\"output\":%s,\"statement_hash\":\"%s\",\"worker_key\":\"ed25519:%s\","
                  "\"request_id\":%u}",
                  output, hex, key_text(WORKER), (unsigned)id));
}

void set_register(void)
{
    as("owner.test");
    ok("set_register", "{\"register_id\":\"" REGISTER "\"}");
}

void vouch(uint8_t key, uint64_t expires_ns, const char *measurement, bool simulated)
{
    as(REGISTER);
    ok("add_worker_key", fmt("{\"public_key\":\"ed25519:%s\",\"expires_ns\":%" PRIu64
                             ",\"measurement\":\"%s\",\"simulated\":%s}",
                             key_text(key), expires_ns, measurement, simulated ? "true" : "false"));
}

static void sha256(void *ctx, struct alc_hash *out, struct alc_bytes in)
{
    (void)ctx;
    alc_sha256(out, in);
}

const struct alc_verify_ops native_ops = {.sha256 = sha256};
