/* tests/unit/near/test_rpc.c — the JSON-RPC client against servers that answer, fail, lie or stay
 * silent. */
#include "near_server.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 60000u /* longer than any test: who waits for it fails by the test's limit */

static struct alc_near_rpc *open_client(const char *const *urls, size_t count, uint32_t timeout_ms,
                                        const volatile bool *stop)
{
    struct alc_near_rpc_conf conf = {.urls = urls,
                                     .urls_count = count,
                                     .timeout_ms = timeout_ms,
                                     .plain_ok = true,
                                     .stop = stop};
    struct alc_near_rpc *r = NULL;
    struct alc_err err;

    if (alc_near_rpc_open(&r, &conf, &err) != ALC_OK) fail_msg("%s", err.text);
    return r;
}

static struct alc_near_rpc *open_one(const struct server *s)
{
    const char *urls[] = {s->url};
    return open_client(urls, 1, PATIENCE_MS, NULL);
}

static struct alc_near_rpc *open_two(const struct server *a, const struct server *b)
{
    const char *urls[] = {a->url, b->url};
    return open_client(urls, 2, PATIENCE_MS, NULL);
}

static enum alc_rc call_status(struct alc_near_rpc *r, struct alc_err *err)
{
    struct alc_json *result = NULL;
    enum alc_rc rc = alc_near_rpc_call(r, &result, "status", ALC_LIT("[]"), NULL, err);
    alc_json_close(result);
    return rc;
}

static void answer_seven(struct server *s, unsigned n, const struct alc_httpd_ask *ask,
                         struct alc_httpd_answer *answer)
{
    (void)s;
    (void)n;
    reply(ask, answer, 200, "\"result\":{\"seven\":7}");
}

static void answer_500(struct server *s, unsigned n, const struct alc_httpd_ask *ask,
                       struct alc_httpd_answer *answer)
{
    (void)s;
    (void)n;
    (void)ask;
    words(answer, 500, "<html>no</html>");
}

static void stay_silent(struct server *s, unsigned n, const struct alc_httpd_ask *ask,
                        struct alc_httpd_answer *answer)
{
    (void)n;
    (void)ask;
    (void)answer;
    s->stop = true;
    silence(s);
}

/* ---- one server ---- */

static void a_result_is_the_callers_own_document(void **state)
{
    struct server s;
    struct alc_near_rpc *r;
    struct alc_json *result = NULL;
    struct alc_err err;
    char cause[64] = "before";
    uint64_t v;
    (void)state;

    server_open(&s, answer_seven);
    r = open_one(&s);
    assert_int_equal(
        alc_near_rpc_call(r, &result, "block", ALC_LIT("{\"finality\":\"final\"}"), cause, &err),
        ALC_OK);
    alc_near_rpc_close(r); /* the document outlives the client */
    assert_true(alc_json_u64(alc_json_get(result, "seven"), &v));
    assert_int_equal(v, 7);
    assert_string_equal(cause, "");
    alc_json_close(result);
    assert_string_equal(s.method[0], "block");
    assert_string_equal(s.params[0], "{\"finality\":\"final\"}");
    server_close(&s);
}

static void answer_null(struct server *s, unsigned n, const struct alc_httpd_ask *ask,
                        struct alc_httpd_answer *answer)
{
    (void)s;
    (void)n;
    reply(ask, answer, 200, "\"result\":null");
}

static void a_null_result_is_a_result(void **state)
{
    struct server s;
    struct alc_near_rpc *r;
    struct alc_json *result = NULL;
    struct alc_err err;
    (void)state;

    server_open(&s, answer_null);
    r = open_one(&s);
    assert_int_equal(alc_near_rpc_call(r, &result, "health", ALC_LIT("null"), NULL, &err), ALC_OK);
    assert_int_equal(alc_json_kind(result), ALC_JSON_NULL);
    alc_json_close(result);
    alc_near_rpc_close(r);
    server_close(&s);
}

struct refusal {
    int status;
    const char *error;
    enum alc_rc rc;
    const char *cause;
    const char *says;
};

#define HANDLER(cause, data)                                                                       \
    "\"error\":{\"name\":\"HANDLER_ERROR\",\"cause\":{\"name\":\"" cause                           \
    "\",\"info\":{}},\"code\":-32000,\"message\":\"Server error\",\"data\":" data "}"
#define INVALID(variant)                                                                           \
    HANDLER("INVALID_TRANSACTION", "{\"TxExecutionError\":{\"InvalidTxError\":" variant "}}")

static const struct refusal refusals[] = {
    {200, HANDLER("UNKNOWN_ACCOUNT", "\"account x does not exist while viewing\""), ALC_NOT_FOUND,
     "UNKNOWN_ACCOUNT", "account x does not exist"},
    {200, HANDLER("UNKNOWN_ACCESS_KEY", "\"Access key\""), ALC_NOT_FOUND, "UNKNOWN_ACCESS_KEY",
     "Access key"},
    {422, HANDLER("UNKNOWN_BLOCK", "\"DB Not Found Error\""), ALC_NOT_FOUND, "UNKNOWN_BLOCK", "DB"},
    {200, HANDLER("UNKNOWN_TRANSACTION", "\"Transaction h doesn't exist\""), ALC_NOT_FOUND,
     "UNKNOWN_TRANSACTION", "h doesn't exist"},
    {200, INVALID("{\"InvalidNonce\":{\"tx_nonce\":1,\"ak_nonce\":5}}"), ALC_CONFLICT,
     "INVALID_TRANSACTION", "INVALID_TRANSACTION InvalidNonce: "},
    {200, INVALID("\"Expired\""), ALC_CONFLICT, "INVALID_TRANSACTION", "Expired"},
    {200, INVALID("{\"InvalidAccessKeyError\":\"RequiresFullAccess\"}"), ALC_CONFLICT,
     "INVALID_TRANSACTION", "InvalidAccessKeyError.RequiresFullAccess"},
    {200, INVALID("{\"InvalidAccessKeyError\":{\"AccessKeyNotFound\":{\"account_id\":\"a\"}}}"),
     ALC_CONFLICT, "INVALID_TRANSACTION", " InvalidAccessKeyError.AccessKeyNotFound: "},
    {408, HANDLER("TIMEOUT_ERROR", "\"Timeout\""), ALC_TIMEOUT, "TIMEOUT_ERROR", "Timeout"},
    {200, HANDLER("CONTRACT_EXECUTION_ERROR", "\"boom\""), ALC_TRAP, "CONTRACT_EXECUTION_ERROR",
     "boom"},
    {200, HANDLER("INVALID_ACCOUNT", "\"what\""), ALC_BAD_INPUT, "INVALID_ACCOUNT", "what"},
    {400,
     "\"error\":{\"name\":\"REQUEST_VALIDATION_ERROR\",\"cause\":{\"name\":\"PARSE_ERROR\","
     "\"info\":{\"error_message\":\"m\"}},\"code\":-32700,\"message\":\"Parse error\",\"data\":"
     "\"Failed parsing args\"}",
     ALC_BAD_INPUT, "PARSE_ERROR", "Failed parsing args"},
    {200, "\"error\":{\"code\":-32601,\"message\":\"Method not found\"}", ALC_BAD_INPUT, "error",
     "Method not found"},
};
static size_t refusal_now;

static void answer_refusal(struct server *s, unsigned n, const struct alc_httpd_ask *ask,
                           struct alc_httpd_answer *answer)
{
    (void)s;
    (void)n;
    reply(ask, answer, refusals[refusal_now].status, refusals[refusal_now].error);
}

static void what_a_node_refuses_is_told_apart_and_asked_once(void **state)
{
    struct server s;
    struct alc_near_rpc *r;
    (void)state;

    server_open(&s, answer_refusal);
    r = open_one(&s);
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct alc_json *result = NULL;
        struct alc_err err;
        char cause[64];

        refusal_now = i;
        assert_int_equal(alc_near_rpc_call(r, &result, "m", ALC_LIT("{}"), cause, &err),
                         refusals[i].rc);
        assert_null(result);
        assert_string_equal(cause, refusals[i].cause);
        if (strstr(err.text, refusals[i].says) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", err.text, refusals[i].says);
        assert_int_equal(server_asked(&s), i + 1);
    }
    alc_near_rpc_close(r);
    server_close(&s);
}

static void answer_big(struct server *s, unsigned n, const struct alc_httpd_ask *ask,
                       struct alc_httpd_answer *answer)
{
    size_t size = (n == 0 ? 8u : 33u) << 20;
    (void)s;
    (void)ask;

    alc_buf_fini(&answer->body);
    answer->body = ALC_BUF(64u << 20);
    alc_buf_put_text(&answer->body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"");
    memset(alc_buf_room(&answer->body, size), 'x', size);
    alc_buf_add(&answer->body, size);
    alc_buf_put_text(&answer->body, "\"}");
}

static void big_results_pass_and_endless_ones_do_not(void **state)
{
    struct server s;
    struct alc_near_rpc *r;
    struct alc_json *result = NULL;
    struct alc_bytes text;
    struct alc_err err;
    (void)state;

    server_open(&s, answer_big);
    r = open_one(&s);
    assert_int_equal(alc_near_rpc_call(r, &result, "m", ALC_LIT("{}"), NULL, &err), ALC_OK);
    assert_true(alc_json_str(result, &text));
    assert_int_equal(text.n, 8u << 20);
    alc_json_close(result);
    assert_int_equal(call_status(r, &err), ALC_LIMIT);
    assert_int_equal(server_asked(&s), 2);
    alc_near_rpc_close(r);
    server_close(&s);
}

static void an_endless_result_of_one_server_sends_to_the_next(void **state)
{
    struct server endless, good;
    struct alc_near_rpc *r;
    struct alc_json *result = NULL;
    struct alc_err err;
    (void)state;

    server_open(&endless, answer_big);
    server_open(&good, answer_big);
    r = open_one(&endless);
    assert_int_equal(alc_near_rpc_call(r, &result, "m", ALC_LIT("{}"), NULL, &err), ALC_OK);
    alc_json_close(result); /* from the second on it has no end */
    alc_near_rpc_close(r);
    r = open_two(&endless, &good);
    result = NULL;
    assert_int_equal(alc_near_rpc_call(r, &result, "m", ALC_LIT("{}"), NULL, &err), ALC_OK);
    assert_int_equal(server_asked(&endless), 2);
    alc_json_close(result);
    alc_near_rpc_close(r);
    server_close(&endless);
    server_close(&good);
}

static void answer_nonsense(struct server *s, unsigned n, const struct alc_httpd_ask *ask,
                            struct alc_httpd_answer *answer)
{
    (void)s;
    switch (n) {
    case 0:
        words(answer, 200,
              "{\"jsonrpc\":\"2.0\",\"id\":12345,\"result\":1}"); /* another request's */
        break;
    case 1:
        words(answer, 200, "not JSON");
        break;
    case 2:
        words(answer, 200, "[]");
        break;
    default:
        reply(ask, answer, 200, "\"result\":7");
    }
}

static void answers_that_are_none_are_tried_again(void **state)
{
    struct server s;
    struct alc_near_rpc *r;
    struct alc_err err;
    (void)state;

    server_open(&s, answer_nonsense);
    r = open_one(&s);
    assert_int_equal(call_status(r, &err), ALC_IO);
    assert_int_equal(server_asked(&s), 3);
    assert_int_equal(call_status(r, &err), ALC_OK);
    alc_near_rpc_close(r);
    server_close(&s);
}

static void urls_are_checked_when_opened(void **state)
{
    static const char *const bad[] = {"http://127.0.0.1:1", "ftp://x", "", "localhost:3030"};
    struct alc_near_rpc *r = NULL;
    struct alc_err err;
    (void)state;

    for (size_t i = 0; i < 4; i++) {
        struct alc_near_rpc_conf conf = {.urls = &bad[i], .urls_count = 1, .plain_ok = i > 0};
        assert_int_equal(alc_near_rpc_open(&r, &conf, &err), ALC_BAD_INPUT);
    }
    assert_int_equal(alc_near_rpc_open(&r, &(struct alc_near_rpc_conf){0}, &err), ALC_BAD_INPUT);
    assert_null(r);
}

/* ---- several servers ---- */

static void a_failing_server_is_passed_over_and_rests(void **state)
{
    struct server bad, good;
    struct alc_near_rpc *r;
    struct alc_err err;
    (void)state;

    server_open(&bad, answer_500);
    server_open(&good, answer_seven);
    r = open_two(&bad, &good);
    for (int i = 0; i < 3; i++)
        assert_int_equal(call_status(r, &err), ALC_OK);
    assert_int_equal(server_asked(&bad), 1);
    assert_int_equal(server_asked(&good), 3);
    alc_near_rpc_close(r);
    server_close(&bad);
    server_close(&good);
}

static void fail_first(struct server *s, unsigned n, const struct alc_httpd_ask *ask,
                       struct alc_httpd_answer *answer)
{
    (void)s;
    if (n == 0)
        words(answer, 429, "slow down");
    else
        reply(ask, answer, 200, "\"result\":1");
}

static void answer_once(struct server *s, unsigned n, const struct alc_httpd_ask *ask,
                        struct alc_httpd_answer *answer)
{
    (void)s;
    if (n == 0)
        reply(ask, answer, 200, "\"result\":1");
    else
        reply(ask, answer, 500,
              "\"error\":{\"name\":\"INTERNAL_ERROR\",\"cause\":{\"name\":\"INTERNAL_ERROR\","
              "\"info\":{\"error_message\":\"m\"}},\"code\":-32000,\"message\":\"Server error\"}");
}

static void one_that_rests_is_asked_when_the_others_fail(void **state)
{
    struct server first, second;
    struct alc_near_rpc *r;
    struct alc_err err;
    (void)state;

    server_open(&first, fail_first);
    server_open(&second, answer_once);
    r = open_two(&first, &second);
    assert_int_equal(call_status(r, &err), ALC_OK); /* 429 from the first, which rests now */
    assert_int_equal(call_status(r, &err), ALC_OK); /* an internal error from the second */
    assert_int_equal(server_asked(&first), 2);
    assert_int_equal(server_asked(&second), 2);
    alc_near_rpc_close(r);
    server_close(&first);
    server_close(&second);
}

static void answer_unheard_of(struct server *s, unsigned n, const struct alc_httpd_ask *ask,
                              struct alc_httpd_answer *answer)
{
    (void)s;
    if (n == 0)
        reply(ask, answer, 200, HANDLER("SOMETHING_NEW", "\"what\""));
    else
        reply(ask, answer, 200, "\"result\":1");
}

static void what_no_node_is_known_to_say_is_asked_again(void **state)
{
    struct server s;
    struct alc_near_rpc *r;
    struct alc_err err;
    (void)state;

    server_open(&s, answer_unheard_of);
    r = open_one(&s);
    assert_int_equal(call_status(r, &err), ALC_OK);
    assert_int_equal(server_asked(&s), 2);
    alc_near_rpc_close(r);
    server_close(&s);
}

static void a_server_that_is_gone_is_passed_over(void **state)
{
    struct server gone, good;
    struct alc_near_rpc *r;
    struct alc_err err;
    (void)state;

    server_open(&gone, answer_seven);
    server_open(&good, answer_seven);
    server_close(&gone);
    r = open_two(&gone, &good);
    assert_int_equal(call_status(r, &err), ALC_OK);
    alc_near_rpc_close(r);
    r = open_one(&gone);
    assert_int_equal(call_status(r, &err), ALC_IO);
    alc_near_rpc_close(r);
    server_close(&good);
}

static void a_silent_server_costs_one_timeout(void **state)
{
    struct server mute, good;
    const char *urls[2];
    struct alc_near_rpc *r;
    struct alc_err err;
    (void)state;

    server_open(&mute, stay_silent);
    server_open(&good, answer_seven);
    urls[0] = mute.url;
    urls[1] = good.url;
    r = open_client(urls, 2, 300, NULL);
    assert_int_equal(call_status(r, &err), ALC_OK);
    assert_int_equal(server_asked(&good), 1);
    alc_near_rpc_close(r);
    r = open_client(urls, 1, 300, NULL);
    assert_int_equal(call_status(r, &err), ALC_TIMEOUT);
    assert_int_equal(server_asked(&mute), 2);
    alc_near_rpc_close(r);
    server_close(&mute);
    server_close(&good);
}

static void a_stop_ends_the_wait(void **state)
{
    struct server mute;
    const char *urls[1];
    struct alc_near_rpc *r;
    struct alc_err err;
    (void)state;

    server_open(&mute, stay_silent); /* sets the stop when it is asked */
    urls[0] = mute.url;
    r = open_client(urls, 1, PATIENCE_MS, &mute.stop);
    assert_int_equal(call_status(r, &err), ALC_TIMEOUT);
    assert_int_equal(server_asked(&mute), 1);
    assert_int_equal(call_status(r, &err), ALC_TIMEOUT); /* and nobody is asked any more */
    assert_int_equal(server_asked(&mute), 1);
    alc_near_rpc_close(r);
    server_close(&mute);
}

/* A listener that keeps the header of one request: the test's server does not show headers. */
struct listener {
    int fd;
    char seen[2048];
};

static void *listen_once(void *ctx)
{
    static const char out[] = "HTTP/1.1 500 no\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    struct listener *l = ctx;
    int c = accept(l->fd, NULL, NULL);
    size_t n = 0;

    while (c >= 0 && n < sizeof l->seen - 1 && strstr(l->seen, "\r\n\r\n") == NULL) {
        ssize_t got = read(c, l->seen + n, sizeof l->seen - 1 - n);
        if (got <= 0) break;
        n += (size_t)got;
    }
    if (c >= 0 && write(c, out, sizeof out - 1) < 0) l->seen[0] = 0;
    close(c);
    close(l->fd); /* later tries are refused */
    return NULL;
}

static void the_api_key_goes_with_the_request(void **state)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    struct listener l = {.fd = socket(AF_INET, SOCK_STREAM, 0)};
    struct alc_near_rpc_conf conf = {.urls_count = 1, .api_key = "k-123", .plain_ok = true};
    const char *urls[1];
    struct alc_near_rpc *r = NULL;
    struct alc_err err;
    pthread_t thread;
    char url[64];
    (void)state;

    assert_int_equal(bind(l.fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(l.fd, 1), 0);
    assert_int_equal(getsockname(l.fd, (struct sockaddr *)&at, &n), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", ntohs(at.sin_port));
    urls[0] = url;
    conf.urls = urls;
    assert_int_equal(pthread_create(&thread, NULL, listen_once, &l), 0);
    assert_int_equal(alc_near_rpc_open(&r, &conf, &err), ALC_OK);
    assert_int_equal(call_status(r, &err), ALC_IO);
    alc_near_rpc_close(r);
    pthread_join(thread, NULL);
    assert_non_null(strstr(l.seen, "Authorization: Bearer k-123\r\n"));
    assert_non_null(strstr(l.seen, "Content-Type: application/json\r\n"));
    assert_null(strstr(err.text, "k-123"));
}

/* ---- blocks, keys, views ---- */

#define HASH_1 "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi" /* 32 bytes 0x01 */
#define HEADER                                                                                     \
    "{\"height\":9007199254740993,\"hash\":\"" HASH_1 "\",\"timestamp\":1700000000000000001,"      \
    "\"timestamp_nanosec\":\"1700000000000000001\"}"

static const char *result_now;

static void answer_result(struct server *s, unsigned n, const struct alc_httpd_ask *ask,
                          struct alc_httpd_answer *answer)
{
    char member[4096];
    (void)s;
    (void)n;

    snprintf(member, sizeof member, "\"result\":%s", result_now);
    reply(ask, answer, 200, member);
}

static void the_final_block_is_read_exactly(void **state)
{
    struct server s;
    struct alc_near_rpc *r;
    struct alc_near_block_ref b;
    struct alc_err err;
    (void)state;

    server_open(&s, answer_result);
    r = open_one(&s);
    result_now = "{\"header\":" HEADER "}";
    assert_int_equal(alc_near_rpc_final(r, &b, &err), ALC_OK);
    assert_true(b.height == 9007199254740993u); /* no double holds it */
    assert_true(b.timestamp_ns == 1700000000000000001u);
    assert_int_equal(b.hash.b[31], 1);
    assert_string_equal(s.params[0], "{\"finality\":\"final\"}");
    result_now = "{\"header\":{}}";
    assert_int_equal(alc_near_rpc_final(r, &b, &err), ALC_IO);
    alc_near_rpc_close(r);
    server_close(&s);
}

static void nonces_and_missing_keys(void **state)
{
    struct server s;
    struct alc_near_rpc *r;
    struct alc_near_key k;
    struct alc_err err;
    uint64_t nonce = 0;
    (void)state;

    server_open(&s, answer_result);
    r = open_one(&s);
    assert_true(alc_near_key_read(&k, ALC_LIT(KEY_2_PUBLIC)));
    result_now = "{\"nonce\":105000000000007,\"permission\":\"FullAccess\"}";
    assert_int_equal(alc_near_rpc_nonce(r, &nonce, "worker.near", &k, &err), ALC_OK);
    assert_true(nonce == 105000000000007u);
    assert_string_equal(s.params[0],
                        "{\"request_type\":\"view_access_key\",\"finality\":\"final\","
                        "\"account_id\":\"worker.near\",\"public_key\":\"" KEY_2_PUBLIC "\"}");
    result_now = "{\"error\":\"access key " KEY_2_PUBLIC " does not exist while viewing\",\"logs\":"
                 "[],\"block_height\":5,\"block_hash\":\"" HASH_1 "\"}";
    assert_int_equal(alc_near_rpc_nonce(r, &nonce, "worker.near", &k, &err), ALC_NOT_FOUND);
    result_now = "{\"nonce\":\"7\"}";
    assert_int_equal(alc_near_rpc_nonce(r, &nonce, "worker.near", &k, &err), ALC_IO);
    alc_near_rpc_close(r);
    server_close(&s);
}

static void views_give_bytes_or_the_contracts_words(void **state)
{
    struct server s;
    struct alc_near_rpc *r;
    struct alc_arena arena = ALC_ARENA(65536);
    struct alc_bytes out;
    struct alc_err err;
    (void)state;

    server_open(&s, answer_result);
    r = open_one(&s);
    result_now = "{\"result\":[123,0,255,125],\"logs\":[]}";
    assert_int_equal(alc_near_rpc_view(r, &out, "c.near", "get", ALC_LIT("{}"), &arena, &err),
                     ALC_OK);
    assert_int_equal(out.n, 4);
    assert_memory_equal(out.p, "{\0\xff}", 4);
    assert_string_equal(s.params[0],
                        "{\"request_type\":\"call_function\",\"finality\":\"final\",\"account_id\":"
                        "\"c.near\",\"method_name\":\"get\",\"args_base64\":\"e30=\"}");
    result_now = "{\"result\":[],\"logs\":[]}";
    assert_int_equal(alc_near_rpc_view(r, &out, "c.near", "get", ALC_LIT(""), &arena, &err),
                     ALC_OK);
    assert_int_equal(out.n, 0);
    result_now = "{\"error\":\"wasm execution failed with error: HostError(GuestPanic { panic_msg: "
                 "\\\"boom\\\" })\",\"logs\":[]}";
    assert_int_equal(alc_near_rpc_view(r, &out, "c.near", "get", ALC_LIT(""), &arena, &err),
                     ALC_TRAP);
    assert_non_null(strstr(err.text, "boom"));
    result_now = "{\"error\":\"wasm execution failed with error: MethodResolveError(MethodNotFound)"
                 "\",\"logs\":[]}";
    assert_int_equal(alc_near_rpc_view(r, &out, "c.near", "get", ALC_LIT(""), &arena, &err),
                     ALC_NOT_FOUND);
    result_now = "{\"result\":[256]}";
    assert_int_equal(alc_near_rpc_view(r, &out, "c.near", "get", ALC_LIT(""), &arena, &err),
                     ALC_IO);
    result_now = "{\"result\":[1.5]}";
    assert_int_equal(alc_near_rpc_view(r, &out, "c.near", "get", ALC_LIT(""), &arena, &err),
                     ALC_IO);
    alc_near_rpc_close(r);
    server_close(&s);
    alc_arena_fini(&arena);
}

/* ---- transactions ---- */

#define OUTCOME(gas, tokens)                                                                       \
    "{\"block_hash\":\"" HASH_1 "\",\"id\":\"" HASH_1                                              \
    "\",\"outcome\":{\"logs\":[],\"gas_burnt\":" gas ",\"tokens_burnt\":\"" tokens "\"}}"
#define TX_RESULT(level, status)                                                                   \
    "\"result\":{\"final_execution_status\":\"" level "\",\"status\":" status                      \
    ",\"transaction\":{},\"transaction_outcome\":" OUTCOME(                                        \
        "100", "7") ",\"receipts_outcome\":[" OUTCOME("20", "340282366920938463463374607431768211" \
                                                            "400") "," OUTCOME("3", "0") "]}"
#define TX_OK TX_RESULT("FINAL", "{\"SuccessValue\":\"eyJhIjoxfQ==\"}")
#define PENDING "\"result\":{\"final_execution_status\":\"NONE\"}"

/* A script: what each method answers, one after the other. */
struct line {
    const char *method;
    int status; /* 0: silence */
    const char *answer;
};
static const struct line *script;

static void answer_script(struct server *s, unsigned n, const struct alc_httpd_ask *ask,
                          struct alc_httpd_answer *answer)
{
    const struct line *l = &script[n];

    if (l->method == NULL || strcmp(s->method[n], l->method) != 0)
        words(answer, 400, "off the script");
    else if (l->status == 0)
        silence(s);
    else
        reply(ask, answer, l->status, l->answer);
}

struct sent {
    struct server server;
    struct alc_near_rpc *rpc;
    struct alc_arena arena;
    struct alc_buf tx;
    struct alc_hash hash;
    struct alc_near_tx_status status;
    struct alc_err err;
};

static void open_sent(struct sent *t, const struct line *lines, uint32_t timeout_ms)
{
    struct alc_near_tx tx = {.signer_id = ALC_LIT("sandbox"), .receiver_id = ALC_LIT("bob.near")};
    struct alc_ed25519 k = {0};
    const char *urls[1];

    memset(t, 0, sizeof *t);
    t->arena = ALC_ARENA(1u << 20);
    t->tx = ALC_BUF(4096);
    script = lines;
    server_open(&t->server, answer_script);
    urls[0] = t->server.url;
    t->rpc = open_client(urls, 1, timeout_ms, NULL);
    assert_int_equal(alc_near_secret_read(&k, ALC_LIT(KEY_2_SECRET)), ALC_OK);
    tx.key = alc_near_key_of(&k);
    assert_int_equal(alc_near_tx_sign(&t->tx, &t->hash, &tx, &k), ALC_OK);
    alc_ed25519_fini(&k);
}

static enum alc_rc send_it(struct sent *t, const char *wait_until, bool keep_json)
{
    return alc_near_rpc_send(t->rpc, &t->status, alc_buf_bytes(&t->tx), wait_until, keep_json,
                             &t->arena, &t->err);
}

static void close_sent(struct sent *t)
{
    alc_json_close(t->status.json);
    alc_near_rpc_close(t->rpc);
    server_close(&t->server);
    alc_buf_fini(&t->tx);
    alc_arena_fini(&t->arena);
}

static void a_sent_transaction_is_summed_up(void **state)
{
    static const struct line lines[] = {{"send_tx", 200, TX_OK}, {NULL, 0, NULL}};
    const struct alc_json *transaction;
    struct sent t;
    (void)state;

    open_sent(&t, lines, PATIENCE_MS);
    assert_int_equal(send_it(&t, "FINAL", true), ALC_OK);
    assert_int_equal(t.status.state, ALC_NEAR_TX_OK);
    assert_true(t.status.final);
    assert_text(t.status.value, "{\"a\":1}");
    assert_int_equal(t.status.gas_burnt, 123);
    assert_true(t.status.tokens_burnt == ~(__uint128_t)0 - 48);
    transaction = alc_json_get(t.status.json, "transaction");
    assert_int_equal(alc_json_kind(transaction), ALC_JSON_OBJECT);
    assert_non_null(strstr(t.server.params[0], "\"wait_until\":\"FINAL\""));
    assert_int_equal(server_asked(&t.server), 1);
    close_sent(&t);
}

static void a_failed_transaction_shows_its_failure(void **state)
{
    static const struct line lines[] = {
        {"send_tx", 200,
         TX_RESULT(
             "EXECUTED_OPTIMISTIC",
             "{\"Failure\":{\"ActionError\":{\"index\":0,\"kind\":\"DelegateActionExpired\"}}}")},
        {NULL, 0, NULL}};
    struct sent t;
    (void)state;

    open_sent(&t, lines, PATIENCE_MS);
    assert_int_equal(send_it(&t, "EXECUTED_OPTIMISTIC", false), ALC_OK);
    assert_int_equal(t.status.state, ALC_NEAR_TX_FAILED);
    assert_false(t.status.final);
    assert_string_equal(t.status.failure,
                        "{\"ActionError\":{\"index\":0,\"kind\":\"DelegateActionExpired\"}}");
    assert_null(t.status.json);
    close_sent(&t);
}

static void without_an_outcome_it_is_pending(void **state)
{
    static const struct line lines[] = {
        {"send_tx", 200, PENDING},
        {"tx", 200, TX_RESULT("INCLUDED", "\"Started\"")},
        {"tx", 200, HANDLER("UNKNOWN_TRANSACTION", "\"Transaction doesn't exist\"")},
        {"tx", 200, HANDLER("UNKNOWN_BLOCK", "\"\"")},
        {NULL, 0, NULL}};
    struct sent t;
    (void)state;

    open_sent(&t, lines, PATIENCE_MS);
    assert_int_equal(send_it(&t, "NONE", false), ALC_OK);
    assert_int_equal(t.status.state, ALC_NEAR_TX_PENDING);
    assert_int_equal(
        alc_near_rpc_tx(t.rpc, &t.status, &t.hash, "sandbox", "NONE", false, &t.arena, &t.err),
        ALC_OK);
    assert_int_equal(t.status.state, ALC_NEAR_TX_PENDING);
    assert_int_equal(
        alc_near_rpc_tx(t.rpc, &t.status, &t.hash, "sandbox", "NONE", false, &t.arena, &t.err),
        ALC_OK);
    assert_int_equal(t.status.state, ALC_NEAR_TX_UNKNOWN);
    assert_int_equal(
        alc_near_rpc_tx(t.rpc, &t.status, &t.hash, "sandbox", "NONE", false, &t.arena, &t.err),
        ALC_NOT_FOUND);
    close_sent(&t);
}

static void after_a_timeout_the_same_bytes_go_out_again(void **state)
{
    static const struct line lines[] = {{"send_tx", 408, HANDLER("TIMEOUT_ERROR", "\"Timeout\"")},
                                        {"send_tx", 200, TX_OK},
                                        {NULL, 0, NULL}};
    struct sent t;
    (void)state;

    open_sent(&t, lines, PATIENCE_MS);
    assert_int_equal(send_it(&t, "FINAL", false), ALC_OK);
    assert_int_equal(t.status.state, ALC_NEAR_TX_OK);
    assert_string_equal(t.server.params[0], t.server.params[1]);
    close_sent(&t);
}

static void silence_is_followed_by_the_question_for_the_transaction(void **state)
{
    static const struct line lines[] = {
        {"send_tx", 0, NULL}, {"send_tx", 0, NULL}, {"tx", 200, PENDING}, {NULL, 0, NULL}};
    struct sent t;
    (void)state;

    open_sent(&t, lines, 300);
    assert_int_equal(send_it(&t, "FINAL", false), ALC_OK);
    assert_int_equal(t.status.state, ALC_NEAR_TX_PENDING);
    assert_string_equal(t.server.params[0], t.server.params[1]);
    close_sent(&t);
}

static void what_nobody_knows_after_silence_is_a_timeout(void **state)
{
    static const struct line lines[] = {
        {"send_tx", 0, NULL},
        {"send_tx", 0, NULL},
        {"tx", 200, HANDLER("UNKNOWN_TRANSACTION", "\"Transaction doesn't exist\"")},
        {NULL, 0, NULL}};
    struct sent t;
    (void)state;

    open_sent(&t, lines, 300);
    assert_int_equal(send_it(&t, "FINAL", false), ALC_TIMEOUT);
    close_sent(&t);
}

static void a_used_nonce_may_be_its_own(void **state)
{
    static const struct line lines[] = {
        {"send_tx", 200, INVALID("{\"InvalidNonce\":{\"tx_nonce\":1,\"ak_nonce\":1}}")},
        {"tx", 200, TX_OK},
        {NULL, 0, NULL}};
    struct sent t;
    (void)state;

    open_sent(&t, lines, PATIENCE_MS);
    assert_int_equal(send_it(&t, "FINAL", false), ALC_OK);
    assert_int_equal(t.status.state, ALC_NEAR_TX_OK);
    close_sent(&t);
}

static void a_refused_transaction_is_a_conflict(void **state)
{
    static const struct line lines[] = {
        {"send_tx", 200, INVALID("{\"InvalidNonce\":{\"tx_nonce\":1,\"ak_nonce\":5}}")},
        {"tx", 200, HANDLER("UNKNOWN_TRANSACTION", "\"Transaction doesn't exist\"")},
        {NULL, 0, NULL}};
    struct sent t;
    (void)state;

    open_sent(&t, lines, PATIENCE_MS);
    assert_int_equal(send_it(&t, "FINAL", false), ALC_CONFLICT);
    assert_non_null(strstr(t.err.text, "InvalidNonce"));
    assert_int_equal(server_asked(&t.server), 2);
    close_sent(&t);
}

static void bytes_that_are_no_transaction_are_not_sent(void **state)
{
    static const struct line lines[] = {{NULL, 0, NULL}};
    struct sent t;
    (void)state;

    open_sent(&t, lines, PATIENCE_MS);
    alc_buf_put(&t.tx, "x", 1);
    assert_int_equal(send_it(&t, "FINAL", false), ALC_BAD_INPUT);
    assert_int_equal(server_asked(&t.server), 0);
    close_sent(&t);
}

static void odd_results_of_transactions_are_refused(void **state)
{
    static const char *const odd[] = {
        "\"result\":{}",
        "\"result\":{\"status\":{\"SuccessValue\":\"\"}}",
        TX_RESULT("FINAL", "{\"SuccessValue\":\"not base64\"}"),
        "\"result\":{\"status\":{\"SuccessValue\":\"\"},\"transaction_outcome\":" OUTCOME(
            "18446744073709551615", "1") ",\"receipts_outcome\":[]}",
        "\"result\":{\"status\":{\"SuccessValue\":\"\"},\"transaction_outcome\":" OUTCOME(
            "1", "340282366920938463463374607431768211456") ",\"receipts_outcome\":[]}",
    };
    (void)state;

    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        struct line lines[] = {{"tx", 200, odd[i]}, {NULL, 0, NULL}};
        struct sent t;
        open_sent(&t, lines, PATIENCE_MS);
        assert_int_equal(
            alc_near_rpc_tx(t.rpc, &t.status, &t.hash, "sandbox", "FINAL", true, &t.arena, &t.err),
            ALC_IO);
        assert_null(t.status.json);
        close_sent(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_is_the_callers_own_document),
        cmocka_unit_test(a_null_result_is_a_result),
        cmocka_unit_test(what_a_node_refuses_is_told_apart_and_asked_once),
        cmocka_unit_test(big_results_pass_and_endless_ones_do_not),
        cmocka_unit_test(an_endless_result_of_one_server_sends_to_the_next),
        cmocka_unit_test(answers_that_are_none_are_tried_again),
        cmocka_unit_test(urls_are_checked_when_opened),
        cmocka_unit_test(a_failing_server_is_passed_over_and_rests),
        cmocka_unit_test(one_that_rests_is_asked_when_the_others_fail),
        cmocka_unit_test(what_no_node_is_known_to_say_is_asked_again),
        cmocka_unit_test(a_server_that_is_gone_is_passed_over),
        cmocka_unit_test(a_silent_server_costs_one_timeout),
        cmocka_unit_test(a_stop_ends_the_wait),
        cmocka_unit_test(the_api_key_goes_with_the_request),
        cmocka_unit_test(the_final_block_is_read_exactly),
        cmocka_unit_test(nonces_and_missing_keys),
        cmocka_unit_test(views_give_bytes_or_the_contracts_words),
        cmocka_unit_test(a_sent_transaction_is_summed_up),
        cmocka_unit_test(a_failed_transaction_shows_its_failure),
        cmocka_unit_test(without_an_outcome_it_is_pending),
        cmocka_unit_test(after_a_timeout_the_same_bytes_go_out_again),
        cmocka_unit_test(silence_is_followed_by_the_question_for_the_transaction),
        cmocka_unit_test(what_nobody_knows_after_silence_is_a_timeout),
        cmocka_unit_test(a_used_nonce_may_be_its_own),
        cmocka_unit_test(a_refused_transaction_is_a_conflict),
        cmocka_unit_test(bytes_that_are_no_transaction_are_not_sent),
        cmocka_unit_test(odd_results_of_transactions_are_refused),
    };
    alc_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
