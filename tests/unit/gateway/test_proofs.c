/* tests/unit/gateway/test_proofs.c — what the gateway shows of quotes: the statement with all that
 * a sceptic needs, OutLayer's records, collateral. */
#include "made_proof.h"

#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#include "base/http.h"
#include "base/json.h"
#include "gateway/gateway.h"
#include "queue/queue.h"
#include "store/store.h"

#define OK(call) assert_int_equal((call), ALC_OK)
#define HEAD_BYTES (8 + 1 + 96) /* tag, kind, nonce, anchor, previous */
#define REQUEST                                                                                    \
    "{\"code_source\":{\"WasmUrl\":{\"url\":\"https://modules.example/"                            \
    "rain.wasm\",\"hash\":\"00\"}}}"
#define RECORD "{\"id\":1,\"task_id\":1,\"tdx_quote\":\"AAAA\"}"

struct fixture {
    char folder[64], file[96], hash[65];
    struct made_proof *proof;
    struct alc_platform platform;
    struct alc_sets *sets;
    struct alc_store *store;
    struct alc_queue *queue;
    struct alc_gateway *gateway;
    struct alc_http *http;
    struct alc_arena arena;
    int status;
};

/* fill keeps the proof as the worker would. */
static void fill(struct fixture *f)
{
    struct made_proof *p = f->proof;
    struct alc_evidence e = {.binding = {.kind = ALC_EVIDENCE_STATEMENT}};
    struct alc_answer answer = {
        .success = true, .output_kind = ALC_OUTPUT_JSON, .output = MADE_OUTPUT};
    struct alc_request request = {.contract_id = p->statement.contract_id,
                                  .request_id = p->statement.request_id,
                                  .data = ALC_LIT(REQUEST)};
    struct alc_order order = {.worker_key = p->statement.worker_key};
    struct alc_buf json = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);
    struct alc_batch batch;
    struct alc_batch_leaf leaf;
    struct alc_job job;
    size_t fresh;

    alc_sha256(&p->statement.request_hash, ALC_LIT(REQUEST));
    made_proof_sign(p);
    made_proof_quote(p, &e);
    answer.statement = p->signed_statement;
    order.hash = p->hash;
    OK(alc_queue_take_block(f->queue, &fresh, "chain", 5, &request, 1, NULL));
    OK(alc_queue_claim(f->queue, &job, "test", 1, 1000, &f->arena, NULL));
    OK(alc_queue_finish(f->queue, job.id, job.tries, &answer, &order, NULL));
    batch =
        (struct alc_batch){.root = p->hash,
                           .head = {p->evidence.p, HEAD_BYTES},
                           .tail = {p->evidence.p + HEAD_BYTES + 4, p->evidence.n - HEAD_BYTES - 4},
                           .event_log = p->event_log};
    leaf = (struct alc_batch_leaf){.statement = p->hash, .path = {p->evidence.p + HEAD_BYTES, 4}};
    OK(alc_queue_put_batch(f->queue, &batch, &leaf, 1, NULL));
    OK(alc_queue_put_record(f->queue, job.id, ALC_LIT("0f-call"), ALC_LIT("Tx111"), ALC_LIT(RECORD),
                            NULL));
    OK(alc_sets_platform(&f->platform, alc_buf_bytes(&p->quote), NULL));
    OK(alc_sets_refresh(f->sets, &f->platform, &json, NULL, NULL));
    alc_buf_fini(&json);
    for (int i = 0; i < 32; i++)
        snprintf(f->hash + 2 * i, 3, "%02x", p->hash.b[i]);
}

static int begin(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct alc_gateway_conf conf = {
        .contract_id = "compute.test.near", .host = "127.0.0.1", .register_id = "op.test.near"};
    struct alc_sets_conf sets = {.url = "", .clock = &alc_clock_system};
    char dir[96];

    if (f == NULL) return 1;
    strcpy(f->folder, "/tmp/alcove-gateway-XXXXXX");
    if (mkdtemp(f->folder) == NULL) return 1;
    snprintf(f->file, sizeof f->file, "%s/db", f->folder);
    snprintf(dir, sizeof dir, "%s/collateral", f->folder);
    f->arena = ALC_ARENA(4u << 20);
    alc_crypto_init();
    f->proof = made_proof_open();
    sets.dir = dir;
    sets.attest = f->proof->attest;
    OK(alc_sets_open(&f->sets, &sets, NULL));
    OK(alc_store_open(&f->store, f->file, false, NULL));
    OK(alc_queue_open(&f->queue, f->store, NULL));
    fill(f);
    conf.store_path = f->file;
    conf.sets = f->sets;
    conf.attest = f->proof->attest;
    OK(alc_gateway_open(&f->gateway, &conf, NULL));
    OK(alc_http_open(&f->http, NULL));
    *state = f;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static int end(void **state)
{
    struct fixture *f = *state;
    alc_http_close(f->http);
    alc_gateway_close(f->gateway);
    alc_queue_close(f->queue);
    alc_store_close(f->store);
    alc_sets_close(f->sets);
    made_proof_close(f->proof);
    nftw(f->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    alc_arena_fini(&f->arena);
    free(f);
    return 0;
}

static struct alc_bytes ask(struct fixture *f, const char *path)
{
    char url[256];
    struct alc_http_ask order = {.method = "GET", .url = url, .plain_ok = true};
    struct alc_http_answer answer;

    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", alc_gateway_port(f->gateway), path);
    OK(alc_http_do(f->http, &answer, &order, NULL, &f->arena, NULL));
    f->status = answer.status;
    return answer.body;
}

static enum alc_refusal verify(const struct alc_bundle *b, const struct made_proof *p)
{
    static uint8_t memory[2u << 20];
    static struct alc_collateral set;
    static struct alc_proof_verdict v;
    struct alc_verify_work work = ALC_VERIFY_WORK(memory);
    const struct alc_trust trust = {.simulated_root = p->root};
    const struct alc_quote_policy policy = {.allow_simulated = true};
    const struct alc_expect expect = {.request = &b->request, .output = &b->output};
    const struct alc_proof_ask asked = {.signed_statement = b->signed_statement,
                                        .expect = &expect,
                                        .evidence = b->evidence,
                                        .collateral = &set,
                                        .event_log = b->event_log,
                                        .now_s = p->statement.finished_ms / 1000,
                                        .policy = &policy,
                                        .trust = &trust};

    assert_int_equal(alc_collateral_verify(&set, b->collateral, &trust, &work, &alc_verify_native),
                     ALC_REFUSAL_NONE);
    alc_proof_verify(&v, &asked, &work, &alc_verify_native);
    assert_true(v.refusal != ALC_REFUSAL_NONE || (v.has_quote && v.has_events));
    return v.refusal;
}

static void a_statement_comes_with_all_that_proves_it(void **state)
{
    struct fixture *f = *state;
    struct alc_bundle b;
    struct alc_bytes body;
    struct alc_err err = {0};
    char path[128];

    snprintf(path, sizeof path, "/statements/%s", f->hash);
    body = ask(f, path);
    assert_int_equal(f->status, 200);
    if (alc_bundle_read(&b, body, &f->arena, &err) != ALC_OK) fail_msg("%s", err.text);
    assert_true(alc_bytes_eq(b.evidence, f->proof->evidence));
    assert_true(b.event_log.n > 0 && b.collateral.n > 0);
    assert_int_equal(verify(&b, f->proof), ALC_REFUSAL_NONE);
    assert_true(b.has_source && alc_hash_eq(&b.source_code, &f->proof->statement.code_hash));
    assert_true(alc_bytes_is(b.source_url, "https://modules.example/rain.wasm"));
}

static void a_record_is_found_three_ways_byte_for_byte(void **state)
{
    static const char *const paths[] = {"/attestations/1", "/attestations/by-tx/Tx111",
                                        "/attestations/by-call/0f-call"};
    struct fixture *f = *state;

    for (size_t i = 0; i < 3; i++) {
        assert_true(alc_bytes_is(ask(f, paths[i]), RECORD));
        assert_int_equal(f->status, 200);
    }
}

static void a_record_that_is_not_there_is_a_404_without_a_body(void **state)
{
    static const char *const paths[] = {"/attestations/2", "/attestations/by-tx/Tx112",
                                        "/attestations/by-tx/", "/attestations/by-call/x",
                                        "/attestations/by-call/"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_int_equal(ask(f, paths[i]).n, 0);
        assert_int_equal(f->status, 404);
    }
    /* A page that nobody knows says so. */
    assert_non_null(strstr((const char *)ask(f, "/attestation/1").p, "Unknown endpoint"));
    assert_int_equal(f->status, 404);
    ask(f, "/attestations/x");
    assert_int_equal(f->status, 400);
}

static struct alc_json *ask_json(struct fixture *f, const char *path)
{
    struct alc_json *doc = NULL;
    OK(alc_json_open(&doc, ask(f, path), 1u << 20, NULL));
    return doc;
}

static void collateral_is_shown_as_outlayers_clients_read_it(void **state)
{
    struct fixture *f = *state;
    struct alc_json *doc;
    struct alc_bytes set, text;
    uint64_t from, until;
    struct alc_hash hash;
    char path[160], hex[65];
    bool covers;

    snprintf(path, sizeof path, "/public/collateral?fmspc=53494D000000&at=%llu",
             (unsigned long long)f->proof->now_s + 60);
    doc = ask_json(f, path);
    assert_int_equal(f->status, 200);
    assert_true(alc_json_str(alc_json_get(doc, "collateral"), &set));
    alc_sha256(&hash, set);
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash.b[i]);
    assert_true(alc_json_str(alc_json_get(doc, "collateral_sha256"), &text));
    assert_true(alc_bytes_is(text, hex));
    assert_true(alc_json_str(alc_json_get(doc, "fmspc"), &text));
    assert_true(alc_bytes_is(text, "53494d000000"));
    assert_true(alc_json_str(alc_json_get(doc, "source"), &text));
    assert_true(alc_bytes_is(text, "SIMULATED"));
    assert_true(alc_json_str(alc_json_get(doc, "contract_id"), &text));
    assert_true(alc_bytes_is(text, "op.test.near"));
    assert_true(alc_json_u64(alc_json_get(doc, "valid_from"), &from));
    assert_true(alc_json_u64(alc_json_get(doc, "valid_until"), &until));
    assert_true(from <= f->proof->now_s + 60 && until > f->proof->now_s);
    assert_true(alc_json_bool(alc_json_get(doc, "covers_requested_time"), &covers) && covers);
    alc_json_close(doc);

    doc = ask_json(f, "/public/collateral?fmspc=53494d000000&at=1000");
    assert_int_equal(f->status, 200); /* another day's, and it says so */
    assert_true(alc_json_bool(alc_json_get(doc, "covers_requested_time"), &covers) && !covers);
    alc_json_close(doc);
}

static void what_is_asked_wrongly_is_said(void **state)
{
    static const struct {
        const char *path;
        int status;
    } asks[] = {{"/public/collateral", 400},
                {"/public/collateral?fmspc=53494d", 400},
                {"/public/collateral?fmspc=53494d000000&at=yesterday", 400},
                {"/public/collateral?fmspc=53494d000000&tee=arm", 400},
                {"/public/collateral?fmspc=53494d000000&ca=mine", 400},
                {"/public/collateral?fmspc=53494d000000&tee=sgx", 404},
                {"/public/collateral?fmspc=000000000000", 404}};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        struct alc_json *doc = ask_json(f, asks[i].path);
        assert_int_equal(f->status, asks[i].status);
        assert_non_null(alc_json_get(doc, "error"));
        alc_json_close(doc);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_statement_comes_with_all_that_proves_it),
        TEST(a_record_is_found_three_ways_byte_for_byte),
        TEST(a_record_that_is_not_there_is_a_404_without_a_body),
        TEST(collateral_is_shown_as_outlayers_clients_read_it),
        TEST(what_is_asked_wrongly_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
