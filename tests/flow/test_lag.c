/* The RPC server that the worker asks is some blocks behind the server that the watcher follows, or
 * gives no answer for a while. */
#include "flow.h"

#include "base/http.h"
#include "base/httpd.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define REPLY_MAX_BYTES (32u << 20)
#define LAG 3u      /* so often the server tells of an old block before it catches up */
#define SILENCE 12u /* more questions than a job has tries, times what a client asks in one */

static struct {
    struct flow *f;
    pthread_mutex_t lock;
    unsigned left;   /* the server lags until it has told of its newest block so often */
    unsigned denied; /* asked for the request, it knew of none */
    unsigned silent; /* so many questions for the request it leaves unanswered */
} proxy = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void forward(struct alc_bytes body, struct alc_httpd_answer *answer)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    const struct alc_http_ask ask = {.method = "POST",
                                     .url = proxy.f->dev.rpc,
                                     .headers = headers,
                                     .body = body,
                                     .max_bytes = REPLY_MAX_BYTES,
                                     .plain_ok = true};
    struct alc_arena arena = ALC_ARENA(REPLY_MAX_BYTES + 4096);
    struct alc_http_answer got;
    struct alc_http *http = NULL;

    answer->status = 502;
    if (alc_http_open(&http, NULL) == ALC_OK &&
        alc_http_do(http, &got, &ask, NULL, &arena, NULL) == ALC_OK) {
        answer->status = got.status;
        alc_buf_put_bytes(&answer->body, got.body);
    }
    alc_http_close(http);
    alc_arena_fini(&arena);
}

static bool holds(struct alc_bytes body, const char *text)
{
    return memmem(body.p, body.n, text, strlen(text)) != NULL;
}

static void handle(void *ctx, const struct alc_httpd_ask *ask, struct alc_httpd_answer *answer)
{
    bool block = holds(ask->body, "\"block\""), context = holds(ask->body, "get_request_context");
    struct alc_json *doc = NULL;
    uint64_t id = 0;
    bool lags, silent;

    (void)ctx;
    pthread_mutex_lock(&proxy.lock);
    lags = proxy.left > 0;
    silent = context && proxy.silent > 0;
    if (silent) proxy.silent--;
    if (lags && block) proxy.left--;
    if (lags && context) proxy.denied++;
    pthread_mutex_unlock(&proxy.lock);
    if (silent) {
        answer->status = 503;
        return;
    }
    if (!lags || !(block || context) || alc_json_open(&doc, ask->body, 1u << 20, NULL) != ALC_OK) {
        forward(ask->body, answer);
        return;
    }
    (void)!alc_json_u64(alc_json_get(doc, "id"), &id);
    alc_json_close(doc);
    if (block) {
        char old[256];
        snprintf(
            old, sizeof old,
            "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"method\":\"block\",\"params\":{\"block_id\":1}}",
            (unsigned long long)id);
        forward(alc_cstr(old), answer);
    } else {
        alc_buf_printf(&answer->body,
                       "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"result\":{\"result\":[110,117,108,108],"
                       "\"logs\":[]}}",
                       (unsigned long long)id);
    }
}

/* ask_late sends one request to a node whose RPC server is the proxy, and expects its answer.
 * `jobs`: with it, so many were ever sent. */
static void ask_late(struct flow *f, unsigned lag, unsigned silent, unsigned jobs)
{
    const struct alc_httpd_conf conf = {.host = "127.0.0.1", .handle = handle};
    struct alc_httpd *httpd = NULL;
    struct flow_end end;
    struct alc_hash tx;
    struct alc_err err;
    uint64_t settled;
    char url[64];

    proxy.f = f;
    flow_must(f, alc_httpd_open(&httpd, &conf, &err), &err);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", alc_httpd_port(httpd));
    f->rpc = url;
    flow_up(f, NULL,
            (const char *const[]){"--near-stream", f->dev.rpc, "--worker-module",
                                  flow_guest("echo"), NULL});
    pthread_mutex_lock(&proxy.lock);
    proxy.left = lag;
    proxy.silent = silent;
    pthread_mutex_unlock(&proxy.lock);
    flow_ask(f, &tx, &(struct flow_ask){.code = flow_code(f, "echo"), .input = ALC_LIT("late")});
    flow_end(f, &end, &tx);
    if (!alc_bytes_is(end.value, "\"late\"")) flow_fail(f, "no answer: %s", end.error);
    flow_ended(f, jobs, &settled);
    assert_int_equal(settled, jobs);
    alc_httpd_close(httpd);
    f->rpc = NULL;
}

static void a_request_unknown_to_a_late_server_is_no_end(void **state)
{
    ask_late(*state, LAG, 0, 1);
    assert_true(proxy.denied > 0);
}

static void a_server_without_answers_costs_a_job_no_try(void **state)
{
    ask_late(*state, 0, SILENCE, 2);
    assert_int_equal(proxy.silent, 0);
}

static int open_chain(void **state)
{
    *state = flow_open();
    return 0;
}

static int close_chain(void **state)
{
    flow_close(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_unknown_to_a_late_server_is_no_end),
        cmocka_unit_test(a_server_without_answers_costs_a_job_no_try),
    };
    return cmocka_run_group_tests(tests, open_chain, close_chain);
}
