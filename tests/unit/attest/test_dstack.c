/* dstack's guest agent, played by a thread on a unix socket: HTTP/1.1, POST /GetQuote and /Info. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "attest/sim.h"
#include "base/enc.h"
#include "base/json.h"

/* The agent.  What it shall answer is set before it is asked; what it was asked is read after. */
struct agent {
    char dir[64], path[96];
    int fd;
    pthread_t thread;
    struct alc_sim *pki;

    int status;        /* of GetQuote */
    const char *error; /* body of a status that is not 200 */
    const char *raw;   /* body instead of a quote's */
    bool stale, no_log, hang_up;
    int info_status;

    unsigned quotes, infos, unknown;
    char method[8], type[64];
    char report_data[129];
};

static const char event_log[] = "[{\"imr\":3,\"event_type\":134217729,\"digest\":\"\","
                                "\"event\":\"system-preparing\",\"event_payload\":\"\"}]";

/* Reads one request; false: the peer closed.  head keeps the header, *body what follows. */
static bool read_request(int fd, char *text, size_t cap, char **body)
{
    size_t n = 0, length = 0;
    char *end = NULL, *at;

    *body = NULL;
    while (n < cap - 1) {
        ssize_t got = read(fd, text + n, cap - 1 - n);
        if (got <= 0) return false;
        n += (size_t)got;
        text[n] = 0;
        end = strstr(text, "\r\n\r\n");
        if (end == NULL) continue;
        at = strcasestr(text, "\r\nContent-Length:");
        length = at == NULL ? 0 : strtoul(at + 17, NULL, 10);
        if (n >= (size_t)(end + 4 - text) + length) break;
    }
    if (end == NULL) return false;
    *body = end + 4;
    (*body)[length] = 0;
    return true;
}

static void send_answer(int fd, int status, struct alc_bytes body)
{
    char head[160];
    int n =
        snprintf(head, sizeof head,
                 "HTTP/1.1 %d -\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                 status, body.n);
    if (write(fd, head, (size_t)n) != n) return;
    for (size_t at = 0; at < body.n;) {
        ssize_t wrote = write(fd, body.p + at, body.n - at);
        if (wrote <= 0) return;
        at += (size_t)wrote;
    }
}

static void put_quote(struct agent *g, struct alc_buf *out, const char *body)
{
    struct alc_buf quote = ALC_BUF(1 << 16);
    struct alc_jw w = {.out = out};
    struct alc_json *doc = NULL;
    struct alc_sim_quote q;
    struct alc_bytes hex;
    size_t n = 0;

    alc_sim_quote_usual(&q, ALC_TEE_TDX);
    if (alc_json_open(&doc, alc_cstr(body), 4096, NULL) == ALC_OK &&
        alc_json_str(alc_json_get(doc, "report_data"), &hex) && hex.n <= 128 &&
        alc_hex_decode(q.td.report_data, 64, &n, hex))
        snprintf(g->report_data, sizeof g->report_data, "%s", (const char *)hex.p);
    if (g->stale) q.td.report_data[0] ^= 1;
    alc_json_close(doc);
    if (alc_sim_quote(g->pki, &q, &quote, NULL) != ALC_OK) return;
    alc_jw_obj(&w);
    alc_jw_key(&w, "quote");
    alc_jw_hex(&w, alc_buf_bytes(&quote));
    if (!g->no_log) {
        alc_jw_key(&w, "event_log");
        alc_jw_text(&w, event_log);
    }
    alc_jw_key(&w, "report_data");
    alc_jw_text(&w, g->report_data);
    alc_jw_key(&w, "vm_config");
    alc_jw_text(&w, "{}");
    alc_jw_end(&w);
    alc_buf_fini(&quote);
}

static void serve_one(struct agent *g, int fd, char *text, char *body)
{
    static const char info[] = "{\"app_id\":\"00\",\"app_name\":\"rain\\u001b[2J\","
                               "\"compose_hash\":\"beef\",\"tcb_info\":\"{}\"}";
    struct alc_buf out = ALC_BUF(1 << 20);
    char path[64] = "", *type = strcasestr(text, "\r\nContent-Type:");

    sscanf(text, "%7s %63s", g->method, path);
    if (type != NULL) sscanf(type + 15, " %63[^\r]", g->type);
    if (strcmp(path, "/Info") == 0) {
        g->infos++;
        send_answer(fd, g->info_status, alc_cstr(info));
    } else if (strcmp(path, "/GetQuote") == 0) {
        g->quotes++;
        if (g->status != 200)
            send_answer(fd, g->status, alc_cstr(g->error));
        else if (g->raw != NULL)
            send_answer(fd, 200, alc_cstr(g->raw));
        else if (!g->hang_up) {
            put_quote(g, &out, body);
            send_answer(fd, 200, alc_buf_bytes(&out));
        }
    } else {
        g->unknown++;
        send_answer(fd, 404, ALC_LIT("{\"error\":\"no such method\"}"));
    }
    alc_buf_fini(&out);
}

/* One connection at a time, kept open as long as the client wants it. */
static void *serve(void *arg)
{
    struct agent *g = arg;
    char text[8192], *body;

    for (;;) {
        int fd = accept(g->fd, NULL, NULL);
        if (fd < 0) return NULL; /* shut down */
        while (read_request(fd, text, sizeof text, &body)) {
            serve_one(g, fd, text, body);
            if (g->hang_up && g->quotes > 0) break;
        }
        close(fd);
    }
}

static int set_up(void **state)
{
    struct agent *g = calloc(1, sizeof *g);
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    assert_non_null(g);
    g->status = g->info_status = 200;
    strcpy(g->dir, "/tmp/alcove-dstack-XXXXXX");
    assert_non_null(mkdtemp(g->dir));
    snprintf(g->path, sizeof g->path, "%s/dstack.sock", g->dir);
    strcpy(at.sun_path, g->path);
    assert_int_equal(alc_sim_open(&g->pki, NULL, &alc_clock_system, NULL), ALC_OK);
    g->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(g->fd >= 0);
    assert_int_equal(bind(g->fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(g->fd, 8), 0);
    assert_int_equal(pthread_create(&g->thread, NULL, serve, g), 0);
    *state = g;
    return 0;
}

static int tear_down(void **state)
{
    struct agent *g = *state;
    shutdown(g->fd, SHUT_RDWR);
    assert_int_equal(pthread_join(g->thread, NULL), 0);
    close(g->fd);
    unlink(g->path);
    rmdir(g->dir);
    alc_sim_close(g->pki);
    free(g);
    return 0;
}

static enum alc_rc open_attest(struct agent *g, struct alc_attest **out, struct alc_err *err)
{
    const struct alc_attest_conf conf = {.source = ALC_SOURCE_DSTACK, .dstack_socket = g->path};
    struct alc_ed25519 key = {0};
    enum alc_rc rc;

    assert_int_equal(alc_ed25519_make(&key), ALC_OK);
    rc = alc_attest_open(out, &key, &conf, err);
    alc_ed25519_fini(&key);
    return rc;
}

static struct alc_attest *opened(struct agent *g)
{
    struct alc_attest *a = NULL;
    struct alc_err err = {0};
    enum alc_rc rc = open_attest(g, &a, &err);
    if (rc != ALC_OK) fail_msg("%s", alc_err_text(&err, rc));
    return a;
}

static void assert_refused(struct agent *g, enum alc_rc want, const char *says)
{
    struct alc_attest *a = NULL;
    struct alc_err err = {0};
    enum alc_rc rc = open_attest(g, &a, &err);
    if (rc != want || strstr(err.text, says) == NULL) fail_msg("%s: %s", alc_rc_name(rc), err.text);
    assert_null(a);
}

static void the_agent_quotes_our_64_bytes(void **state)
{
    struct agent *g = *state;
    struct alc_attest *a = opened(g);
    struct alc_buf quote = ALC_BUF(1 << 16), log = ALC_BUF(1 << 20);
    uint8_t data[64];
    char hex[129];
    struct alc_quote q;
    size_t n;

    for (size_t i = 0; i < 64; i++)
        data[i] = (uint8_t)(0xf0 + i);
    assert_int_equal(alc_attest_quote(a, data, &quote, &log, NULL), ALC_OK);
    assert_true(alc_hex_encode(hex, sizeof hex, &n, (struct alc_bytes){data, 64}));
    hex[n] = 0;
    assert_string_equal(g->report_data, hex);
    assert_string_equal(g->method, "POST");
    assert_string_equal(g->type, "application/json");
    assert_int_equal(alc_quote_read(&q, alc_buf_bytes(&quote)), ALC_REFUSAL_NONE);
    assert_memory_equal(alc_quote_report_data(&q), data, 64);
    assert_string_equal(alc_buf_text(&log), event_log);
    assert_int_equal(g->unknown, 0);
    assert_int_equal(alc_attest_source(a), ALC_SOURCE_DSTACK);
    alc_buf_fini(&quote);
    alc_buf_fini(&log);
    alc_attest_close(a);
}

static void a_log_is_not_needed(void **state)
{
    struct agent *g = *state;
    struct alc_attest *a;
    struct alc_buf quote = ALC_BUF(1 << 16), log = ALC_BUF(1 << 20);
    const uint8_t data[64] = {1};

    g->no_log = true;
    a = opened(g);
    assert_int_equal(alc_attest_quote(a, data, &quote, &log, NULL), ALC_OK);
    assert_int_equal(log.n, 0);
    assert_int_equal(alc_attest_quote(a, data, &quote, NULL, NULL), ALC_OK);
    alc_buf_fini(&quote);
    alc_buf_fini(&log);
    alc_attest_close(a);
}

static void the_environments_proxy_is_not_asked(void **state)
{
    struct agent *g = *state;
    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:9", 1), 0);
    alc_attest_close(opened(g));
    assert_int_equal(unsetenv("http_proxy"), 0);
    assert_int_equal(g->quotes, 1);
}

static void the_agents_own_words_reach_the_operator(void **state)
{
    struct agent *g = *state;
    g->status = 500;
    g->error = "{\"error\":\"quoting\\nservice is away\"}";
    assert_refused(g, ALC_IO, "answers GetQuote with 500: quoting?service is away");
    g->status = 400;
    g->error = "not even JSON";
    assert_refused(g, ALC_IO, "answers GetQuote with 400: not even JSON");
    g->status = 200;
    g->info_status = 503;
    assert_refused(g, ALC_IO, "answers Info with 503");
}

static void answers_that_are_no_quotes_are_refused(void **state)
{
    struct agent *g = *state;
    g->raw = "{";
    assert_refused(g, ALC_IO, "the answer of the dstack guest agent to GetQuote");
    g->raw = "{}";
    assert_refused(g, ALC_IO, "gave no quote");
    g->raw = "{\"quote\":\"\"}";
    assert_refused(g, ALC_IO, "gave no quote");
    g->raw = "{\"quote\":7}";
    assert_refused(g, ALC_IO, "gave no quote");
    g->raw = "{\"quote\":\"0x04\"}";
    assert_refused(g, ALC_IO, "is no hex");
    g->raw = "{\"quote\":\"0400\"}";
    assert_refused(g, ALC_CORRUPT, "what came from the source of quotes is none");
}

static void a_quote_over_the_limit_is_refused(void **state)
{
    static char body[2 * ALC_QUOTE_MAX_BYTES + 64]; /* the agent's thread has it in hand */
    struct agent *g = *state;
    char *at = body + sprintf(body, "{\"quote\":\"");

    memset(at, '0', 2 * (ALC_QUOTE_MAX_BYTES + 1));
    strcpy(at + 2 * (ALC_QUOTE_MAX_BYTES + 1), "\"}");
    g->raw = body;
    assert_refused(g, ALC_IO, "over 16384 bytes");
}

static void a_quote_for_other_data_is_refused(void **state)
{
    struct agent *g = *state;
    g->stale = true;
    assert_refused(g, ALC_CORRUPT, "other report data");
}

static void an_agent_that_hangs_up_is_an_error(void **state)
{
    struct agent *g = *state;
    g->hang_up = true;
    assert_refused(g, ALC_IO, "the dstack guest agent at /tmp/");
}

static void a_place_without_an_agent_is_told(void **state)
{
    struct agent *g = *state;
    char path[96], line[600];
    struct alc_attest_conf conf = {.dstack_socket = path};

    snprintf(path, sizeof path, "%s/nothing.sock", g->dir);
    assert_false(alc_attest_probe(ALC_SOURCE_DSTACK, &conf, line, sizeof line));
    assert_non_null(strstr(line, path));
    snprintf(path, sizeof path, "%s", g->dir); /* there, but no socket */
    assert_false(alc_attest_probe(ALC_SOURCE_DSTACK, &conf, line, sizeof line));
    assert_non_null(strstr(line, "no socket"));
    assert_int_equal(g->infos, 0);
}

static void a_probe_names_the_app_and_asks_for_no_quote(void **state)
{
    struct agent *g = *state;
    const struct alc_attest_conf conf = {.dstack_socket = g->path,
                                         .configfs_dir = "/nonexistent/tsm"};
    char line[600];

    assert_true(alc_attest_probe(ALC_SOURCE_DSTACK, &conf, line, sizeof line));
    assert_non_null(strstr(line, "app rain?[2J, compose hash beef")); /* no escape sequences */
    assert_true(alc_attest_probe(ALC_SOURCE_AUTO, &conf, line, sizeof line));
    assert_non_null(strstr(line, g->path));
    assert_int_equal(g->infos, 2);
    assert_int_equal(g->quotes, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_agent_quotes_our_64_bytes),
        TEST(a_log_is_not_needed),
        TEST(the_environments_proxy_is_not_asked),
        TEST(the_agents_own_words_reach_the_operator),
        TEST(answers_that_are_no_quotes_are_refused),
        TEST(a_quote_over_the_limit_is_refused),
        TEST(a_quote_for_other_data_is_refused),
        TEST(an_agent_that_hangs_up_is_an_error),
        TEST(a_place_without_an_agent_is_told),
        TEST(a_probe_names_the_app_and_asks_for_no_quote),
    };
    alc_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
