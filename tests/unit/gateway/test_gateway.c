/* tests/unit/gateway/test_gateway.c — what the gateway's pages show, asked over HTTP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "attest/attest.h"
#include "base/http.h"
#include "base/json.h"
#include "gateway/gateway.h"
#include "queue/queue.h"
#include "store/store.h"

#define CONTRACT "compute.test.near"
#define REQUEST_DATA "{\"request_id\":7}"
#define OUTPUT "{\"answer\":42}"

struct fixture {
    char folder[64], file[96], hash[65];
    struct alc_store *store;
    struct alc_queue *queue;
    struct alc_gateway *gateway;
    struct alc_http *http;
    struct alc_arena arena;
    int status;
    struct alc_json *body;
};

#define OK(call) assert_int_equal((call), ALC_OK)

/* One request that was answered with a statement, and one that waits. */
static void fill(struct fixture *f)
{
    uint8_t bytes[ALC_STATEMENT_SIGNED_MAX_BYTES];
    struct alc_request requests[2] = {
        {.contract_id = ALC_LIT(CONTRACT), .request_id = 7, .data = ALC_LIT(REQUEST_DATA)},
        {.contract_id = ALC_LIT(CONTRACT), .request_id = 8, .data = ALC_LIT("{}")}};
    struct alc_answer answer = {
        .success = true, .output_kind = ALC_OUTPUT_JSON, .output = ALC_LIT(OUTPUT)};
    struct alc_statement s = {.contract_id = ALC_LIT(CONTRACT), .request_id = 7};
    struct alc_ed25519 key = {0};
    struct alc_attest *attest;
    struct alc_order order = {.sequence = 0};
    struct alc_job job;
    size_t fresh;

    requests[0].data_id.b[0] = 1;
    requests[1].data_id.b[0] = 2;
    OK(alc_queue_take_block(f->queue, &fresh, "chain", 5, requests, 2, NULL));
    OK(alc_queue_claim(f->queue, &job, "test", 1, 1000, &f->arena, NULL));
    OK(alc_ed25519_make(&key));
    order.worker_key = key.public_key;
    OK(alc_attest_open(&attest, &key, &(struct alc_attest_conf){.source = ALC_SOURCE_NONE}, NULL));
    s.output_kind = ALC_OUTPUT_JSON;
    alc_sha256(&s.output_hash, ALC_LIT(OUTPUT));
    alc_sha256(&s.request_hash, ALC_LIT(REQUEST_DATA));
    OK(alc_attest_sign(attest, &s, bytes, &answer.statement.n, &order.hash, NULL));
    answer.statement.p = bytes;
    OK(alc_queue_finish(f->queue, job.id, job.tries, &answer, &order, NULL));
    for (int i = 0; i < 32; i++)
        snprintf(f->hash + 2 * i, 3, "%02x", order.hash.b[i]);
    alc_attest_close(attest);
}

static int begin(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct alc_gateway_conf conf = {.contract_id = CONTRACT, .host = "127.0.0.1"};
    if (f == NULL) return 1;
    strcpy(f->folder, "/tmp/alcove-gateway-XXXXXX");
    if (mkdtemp(f->folder) == NULL) return 1;
    snprintf(f->file, sizeof f->file, "%s/db", f->folder);
    f->arena = ALC_ARENA(1u << 20);
    alc_crypto_init();
    OK(alc_store_open(&f->store, f->file, false, NULL));
    OK(alc_queue_open(&f->queue, f->store, NULL));
    fill(f);
    conf.store_path = f->file;
    OK(alc_gateway_open(&f->gateway, &conf, NULL));
    OK(alc_http_open(&f->http, NULL));
    *state = f;
    return 0;
}

static int end(void **state)
{
    struct fixture *f = *state;
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    char name[128];
    alc_json_close(f->body);
    alc_http_close(f->http);
    alc_gateway_close(f->gateway);
    alc_queue_close(f->queue);
    alc_store_close(f->store);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(name, sizeof name, "%s%s", f->file, ends[i]);
        unlink(name);
    }
    rmdir(f->folder);
    alc_arena_fini(&f->arena);
    free(f);
    return 0;
}

static struct alc_bytes ask(struct fixture *f, const char *method, const char *path)
{
    char url[256];
    struct alc_http_ask order = {.method = method, .url = url, .plain_ok = true};
    struct alc_http_answer answer;
    struct alc_err err = {0};

    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", alc_gateway_port(f->gateway), path);
    OK(alc_http_do(f->http, &answer, &order, NULL, &f->arena, &err));
    f->status = answer.status;
    return answer.body;
}

static const struct alc_json *ask_json(struct fixture *f, const char *path)
{
    struct alc_bytes body = ask(f, "GET", path);
    alc_json_close(f->body);
    f->body = NULL;
    OK(alc_json_open(&f->body, body, 1u << 20, NULL));
    return f->body;
}

static void assert_text(const struct alc_json *v, const char *want)
{
    const char *text;
    assert_true(alc_json_text(v, &text));
    assert_string_equal(text, want);
}

static void a_statement_comes_with_its_evidence_and_verifies(void **state)
{
    struct fixture *f = *state;
    char path[128];
    struct alc_bundle b;
    struct alc_verdict v;
    struct alc_err err = {0};
    struct alc_bytes body;

    snprintf(path, sizeof path, "/statements/%s", f->hash);
    body = ask(f, "GET", path);
    assert_int_equal(f->status, 200);
    OK(alc_bundle_read(&b, body, &f->arena, &err));
    assert_true(b.has_request && b.has_output && !b.has_input);
    assert_true(alc_bytes_is(b.request, REQUEST_DATA));
    assert_true(alc_bytes_is(b.output, OUTPUT));
    alc_verify_signed(&v, b.signed_statement,
                      &(struct alc_expect){.request = &b.request, .output = &b.output},
                      &alc_verify_native);
    assert_true(v.accepted);
}

static void a_request_shows_its_state_and_statement(void **state)
{
    struct fixture *f = *state;
    const struct alc_json *r = ask_json(f, "/requests/7");
    assert_int_equal(f->status, 200);
    assert_text(alc_json_get(r, "state"), "done");
    assert_text(alc_json_get(r, "statement_hash"), f->hash);
    r = ask_json(f, "/requests/8");
    assert_text(alc_json_get(r, "state"), "waiting");
    assert_null(alc_json_get(r, "statement_hash"));
}

static void what_is_not_there_is_said(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *path;
        int status;
    } asks[] = {{"/requests/9", 404},
                {"/requests/", 400},
                {"/requests/-1", 400},
                {"/requests/99999999999999999999999", 400},
                {"/statements/00", 400},
                {"/statements/zz", 400},
                {"/statements/"
                 "0000000000000000000000000000000000000000000000000000000000000000",
                 404},
                {"/", 404},
                {"/nothing", 404}};
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        const struct alc_json *body = ask_json(f, asks[i].path);
        assert_int_equal(f->status, asks[i].status);
        assert_non_null(alc_json_get(body, "error"));
    }
    ask(f, "POST", "/health");
    assert_int_equal(f->status, 400);
}

static void counters_count(void **state)
{
    struct fixture *f = *state;
    struct alc_bytes body = ask(f, "GET", "/metrics");
    assert_int_equal(f->status, 200);
    assert_non_null(strstr((const char *)body.p, "alcove_jobs{state=\"done\"} 1\n"));
    assert_non_null(strstr((const char *)body.p, "alcove_jobs{state=\"waiting\"} 1\n"));
    assert_text(alc_json_get(ask_json(f, "/health"), "status"), "ok");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_statement_comes_with_its_evidence_and_verifies, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_request_shows_its_state_and_statement, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_there_is_said, begin, end),
        cmocka_unit_test_setup_teardown(counters_count, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
