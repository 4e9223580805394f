#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/http.h"
#include "base/httpd.h"
#include "fail_alloc.h"

struct fixture {
    struct alc_http *h;
    struct alc_httpd *d;
    struct alc_arena arena;
    struct alc_err err;
    struct alc_http_answer answer;
    pthread_mutex_t lock;
    pthread_cond_t change;
    unsigned calls; /* that the server saw */
    unsigned busy;  /* calls of /busy that are still answered 503 */
    bool leave;     /* ends /wait */
    volatile bool stop;
};

static void handle(void *ctx, const struct alc_httpd_ask *ask, struct alc_httpd_answer *a)
{
    struct fixture *f = ctx;
    pthread_mutex_lock(&f->lock);
    f->calls++;
    pthread_cond_broadcast(&f->change);
    if (strcmp(ask->path, "/wait") == 0)
        while (!f->leave)
            pthread_cond_wait(&f->change, &f->lock);
    if (strcmp(ask->path, "/busy") == 0 && f->busy > 0) {
        f->busy--;
        a->status = 503;
    }
    pthread_mutex_unlock(&f->lock);
    if (strncmp(ask->path, "/status/", 8) == 0) a->status = atoi(ask->path + 8);
    if (strcmp(ask->path, "/moved") == 0) {
        a->status = 302;
        strcpy(a->location, "/elsewhere");
    }
    if (strcmp(ask->path, "/headers") == 0) {
        a->extra[0].name = "X-First";
        a->extra[0].value = "one two";
        a->extra[3].name = "X-First-Longer";
        a->extra[3].value = "three";
    }
    if (strncmp(ask->path, "/size/", 6) == 0) {
        size_t n = strtoul(ask->path + 6, NULL, 10);
        uint8_t *to = alc_buf_room(&a->body, n);
        if (to == NULL) return;
        memset(to, 's', n);
        alc_buf_add(&a->body, n);
        return;
    }
    alc_buf_printf(&a->body, "%s %s:", ask->method, ask->path);
    alc_buf_put_bytes(&a->body, ask->body);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct alc_httpd_conf conf = {.host = "127.0.0.1", .handle = handle, .ctx = f};
    f->arena = ALC_ARENA(64 * MIB);
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->change, NULL);
    *state = f;
    return alc_http_open(&f->h, &f->err) != ALC_OK ||
           alc_httpd_open(&f->d, &conf, &f->err) != ALC_OK;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    pthread_mutex_lock(&f->lock);
    f->leave = true;
    pthread_cond_broadcast(&f->change);
    pthread_mutex_unlock(&f->lock);
    alc_http_close(f->h);
    alc_httpd_close(f->d);
    alc_arena_fini(&f->arena);
    pthread_cond_destroy(&f->change);
    pthread_mutex_destroy(&f->lock);
    free(f);
    return 0;
}

/* ask(f, path, method, .field = ...) asks the fixture's server. */
#define ask(f, path, ...)                                                                          \
    ask_url((f), url_of((f), (path)),                                                              \
            &(struct alc_http_ask){.plain_ok = true, .method = __VA_ARGS__})

static const char *url_of(struct fixture *f, const char *path)
{
    return alc_arena_text(&f->arena, "http://127.0.0.1:%u%s", alc_httpd_port(f->d), path);
}

static enum alc_rc ask_url(struct fixture *f, const char *url, const struct alc_http_ask *how)
{
    struct alc_http_ask a = *how;
    a.url = url;
    f->err = (struct alc_err){0};
    f->answer = (struct alc_http_answer){0};
    return alc_http_do(f->h, &f->answer, &a, &f->stop, &f->arena, &f->err);
}

/* A call may still be on its way when its asker has given up: more than n would be the mistake. */
static void assert_calls(struct fixture *f, unsigned n)
{
    pthread_mutex_lock(&f->lock);
    while (f->calls < n)
        pthread_cond_wait(&f->change, &f->lock);
    assert_int_equal(f->calls, n);
    pthread_mutex_unlock(&f->lock);
}

static void the_answer_comes_whole(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, "/a?q=1", "GET"), ALC_OK);
    assert_int_equal(f->answer.status, 200);
    assert_text(f->answer.body, "GET /a:");
    assert_int_equal(f->answer.body.p[f->answer.body.n], 0);
    assert_int_equal(f->answer.location.n, 0);
    assert_int_equal(ask(f, "/b", "POST", .body = ALC_LIT("hello")), ALC_OK);
    assert_text(f->answer.body, "POST /b:hello");
    assert_int_equal(ask(f, "/b", "POST"), ALC_OK);
    assert_text(f->answer.body, "POST /b:");
    assert_int_equal(ask(f, "/c", "PUT", .body = ALC_LIT("\0x")), ALC_OK);
    assert_int_equal(f->answer.body.n, strlen("PUT /c:") + 2);
    assert_int_equal(ask(f, "/d", "DELETE"), ALC_OK);
    assert_text(f->answer.body, "DELETE /d:");
    assert_int_equal(ask(f, "/e", "HEAD"), ALC_OK);
    assert_int_equal(f->answer.status, 200);
    assert_int_equal(f->answer.body.n, 0);
    assert_int_equal(ask(f, "/f", "GET"), ALC_OK); /* nothing of the ones before stays */
    assert_text(f->answer.body, "GET /f:");
}

static void any_status_is_an_answer(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, "/status/404", "GET", .tries = 3), ALC_OK);
    assert_int_equal(f->answer.status, 404);
    assert_calls(f, 1); /* not worth another try */
    assert_int_equal(ask(f, "/status/500", "GET", .tries = 3), ALC_OK);
    assert_int_equal(f->answer.status, 500);
    assert_calls(f, 2);
}

static void a_redirect_is_shown_and_not_followed(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, "/moved", "GET"), ALC_OK);
    assert_int_equal(f->answer.status, 302);
    assert_text(f->answer.location, "/elsewhere");
    assert_calls(f, 1);
}

static void headers_are_found_in_any_letter_case(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, "/headers", "GET"), ALC_OK);
    assert_text(alc_http_header(&f->answer, "x-FIRST"), "one two");
    assert_text(alc_http_header(&f->answer, "X-First-Longer"), "three");
    assert_int_equal(alc_http_header(&f->answer, "X-Fir").n, 0);
    assert_text(alc_http_header(&f->answer, "content-type"), "application/json");
    assert_int_equal(ask(f, "/plain", "GET"), ALC_OK); /* nothing of the one before stays */
    assert_int_equal(alc_http_header(&f->answer, "X-First").n, 0);
}

static void busy_servers_are_asked_again(void **state)
{
    struct fixture *f = *state;
    f->busy = 2;
    assert_int_equal(ask(f, "/busy", "GET", .tries = 3), ALC_OK);
    assert_int_equal(f->answer.status, 200);
    assert_calls(f, 3);
    assert_text(f->answer.body, "GET /busy:"); /* the last answer alone */
}

static void the_last_try_shows_its_status(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, "/status/429", "GET", .tries = 2), ALC_OK);
    assert_int_equal(f->answer.status, 429);
    assert_calls(f, 2);
    assert_int_equal(ask(f, "/status/503", "GET"), ALC_OK); /* one try, if nobody says more */
    assert_int_equal(f->answer.status, 503);
    assert_calls(f, 3);
}

static void an_answer_over_the_cap_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, "/size/5000", "GET", .max_bytes = 5000), ALC_OK);
    assert_int_equal(f->answer.body.n, 5000);
    assert_int_equal(ask(f, "/size/5001", "GET", .max_bytes = 5000, .tries = 3), ALC_LIMIT);
    assert_says(&f->err, "5000 bytes");
    assert_null(f->answer.body.p);
    assert_calls(f, 2); /* asking again would not help */
    assert_int_equal(ask(f, "/size/5000", "GET", .max_bytes = 5000), ALC_OK); /* and it goes on */
}

static void an_answer_over_the_arena_is_told(void **state)
{
    struct fixture *f = *state;
    struct alc_arena small = ALC_ARENA(1000);
    const struct alc_http_ask a = {
        .method = "GET", .url = url_of(f, "/size/5000"), .plain_ok = true};
    assert_int_equal(alc_http_do(f->h, &f->answer, &a, NULL, &small, &f->err), ALC_NOMEM);
    alc_arena_fini(&small);
}

static void no_answer_in_time_is_a_timeout(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, "/wait", "GET", .timeout_ms = 50), ALC_TIMEOUT);
    assert_calls(f, 1);
    assert_int_equal(ask(f, "/wait", "GET", .timeout_ms = 50, .tries = 2), ALC_TIMEOUT);
    assert_calls(f, 3);
}

static void *stop_at_call(void *ctx)
{
    struct fixture *f = ctx;
    pthread_mutex_lock(&f->lock);
    while (f->calls == 0)
        pthread_cond_wait(&f->change, &f->lock);
    __atomic_store_n(&f->stop, true, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&f->lock);
    return NULL;
}

static void a_stop_ends_the_wait(void **state)
{
    struct fixture *f = *state;
    pthread_t other;
    assert_int_equal(pthread_create(&other, NULL, stop_at_call, f), 0);
    assert_int_equal(ask(f, "/wait", "GET", .timeout_ms = 60000, .tries = 100), ALC_TIMEOUT);
    assert_says(&f->err, "stopped");
    assert_int_equal(pthread_join(other, NULL), 0);
    assert_calls(f, 1);
    assert_int_equal(ask(f, "/a", "GET"), ALC_TIMEOUT); /* nothing begins after it */
    assert_calls(f, 1);
}

static void a_stop_ends_the_pauses(void **state)
{
    struct fixture *f = *state;
    pthread_t other;
    assert_int_equal(pthread_create(&other, NULL, stop_at_call, f), 0);
    /* A thousand tries would pause for half an hour. */
    f->busy = 1000;
    (void)ask(f, "/busy", "GET", .tries = 1000);
    assert_int_equal(pthread_join(other, NULL), 0);
    pthread_mutex_lock(&f->lock);
    assert_in_range(f->calls, 1, 9);
    pthread_mutex_unlock(&f->lock);
}

static void a_refused_connection_is_io(void **state)
{
    struct fixture *f = *state;
    const char *url = url_of(f, "/");
    alc_httpd_close(f->d);
    f->d = NULL;
    assert_int_equal(
        ask_url(f, url, &(struct alc_http_ask){.method = "GET", .plain_ok = true, .tries = 2}),
        ALC_IO);
    assert_true(f->err.text[0] != 0);
}

static void a_server_that_went_away_between_requests_is_no_matter(void **state)
{
    struct fixture *f = *state;
    struct alc_httpd_conf conf = {.host = "127.0.0.1", .handle = handle, .ctx = f};
    assert_int_equal(ask(f, "/a", "GET"), ALC_OK);
    conf.port = alc_httpd_port(f->d);
    alc_httpd_close(f->d); /* the kept connection is dead now */
    f->d = NULL;
    assert_int_equal(alc_httpd_open(&f->d, &conf, &f->err), ALC_OK);
    assert_int_equal(ask(f, "/a", "POST", .body = ALC_LIT("again")), ALC_OK);
    assert_text(f->answer.body, "POST /a:again");
}

static void plain_http_is_for_development_alone(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask_url(f, url_of(f, "/secret"), &(struct alc_http_ask){.method = "GET"}),
                     ALC_BAD_INPUT);
    assert_says(&f->err, "plain http");
    assert_null(strstr(f->err.text, "/secret"));
    assert_calls(f, 0);
}

static void this_machine_is_for_development_alone(void **state)
{
    static const char *const local[] = {
        "https://127.0.0.1:1/",
        "https://127.9.9.9/",
        "https://localhost:1/",
        "https://LOCALHOST./",
        "https://a.localhost/",
        "https://[::1]:1/",
        "https://[::ffff:127.0.0.1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0.0.0.0/",
        "https://[::]/",
        "https://127.1/",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
        if (ask_url(f, local[i], &(struct alc_http_ask){.method = "GET"}) != ALC_BAD_INPUT)
            fail_msg("%s was asked", local[i]);
        assert_says(&f->err, "development");
    }
}

static void strangers_reach_no_private_network(void **state)
{
    static const char *const inner[] = {
        "https://10.1.2.3:1/",
        "https://172.16.0.1/",
        "https://172.31.255.255/",
        "https://192.168.1.1/",
        "https://169.254.169.254/",
        "https://100.64.0.1/",
        "https://192.0.0.8/",
        "https://198.18.0.1/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://0xa.1/",
        "https://2851995902/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://[ff02::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[2002:a00:1::]/",
        "https://[::a00:1]/",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof inner / sizeof inner[0]; i++) {
        if (ask_url(f, inner[i], &(struct alc_http_ask){.method = "GET", .public_only = true}) !=
            ALC_BAD_INPUT)
            fail_msg("%s was asked", inner[i]);
        assert_says(&f->err, "private network");
    }
    assert_int_equal(
        ask_url(f, url_of(f, "/a"),
                &(struct alc_http_ask){.method = "GET", .plain_ok = true, .public_only = true}),
        ALC_BAD_INPUT);
    assert_calls(f, 0);
}

static void other_urls_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "example.org",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "gopher://127.0.0.1/",
        "http:/",
        "http://a b/",
        "http://:80/",
        "http://h:99999/",
        "dict://127.0.0.1/x",
        "://",
        "http://[::1/",
        "/path",
        "http://\n/",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (ask_url(f, bad[i], &(struct alc_http_ask){.method = "GET", .plain_ok = true}) !=
            ALC_BAD_INPUT)
            fail_msg("'%s' was asked: %s", bad[i], f->err.text);
}

static void a_line_break_in_a_header_is_refused(void **state)
{
    struct fixture *f = *state;
    const char *const headers[] = {"X: 1\r\nInjected: 2", NULL};
    assert_int_equal(ask(f, "/a", "GET", .headers = headers), ALC_BAD_INPUT);
    assert_calls(f, 0);
}

/* ---- servers that misbehave: bytes are given, whatever was asked ---- */

struct liar {
    int fd;
    struct alc_bytes reply;
    bool endless; /* repeats the reply until the peer has enough */
    struct alc_buf heard;
    pthread_t thread;
};

static void *lie(void *ctx)
{
    struct liar *l = ctx;
    int fd = accept(l->fd, NULL, NULL);
    if (fd < 0) return NULL;
    while (strstr(alc_buf_text(&l->heard), "\r\n\r\n") == NULL) {
        uint8_t *to = alc_buf_room(&l->heard, 1);
        if (to == NULL || recv(fd, to, 1, 0) != 1) break;
        alc_buf_add(&l->heard, 1);
    }
    do {
        if (send(fd, l->reply.p, l->reply.n, MSG_NOSIGNAL) < 0) break;
    } while (l->endless);
    close(fd);
    return NULL;
}

static enum alc_rc ask_liar(struct fixture *f, struct liar *l, struct alc_bytes reply,
                            const struct alc_http_ask *how)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof a;
    enum alc_rc rc;
    l->reply = reply;
    l->heard = ALC_BUF(MIB);
    l->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(l->fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(l->fd, 1), 0);
    assert_int_equal(getsockname(l->fd, (struct sockaddr *)&a, &n), 0);
    assert_int_equal(pthread_create(&l->thread, NULL, lie, l), 0);
    rc = ask_url(f, alc_arena_text(&f->arena, "http://127.0.0.1:%u/", ntohs(a.sin_port)), how);
    assert_int_equal(pthread_join(l->thread, NULL), 0);
    close(l->fd);
    return rc;
}

static void only_what_the_caller_gave_is_sent(void **state)
{
    struct fixture *f = *state;
    const char *const headers[] = {"Content-Type: application/json", "X-Key: k", NULL};
    const struct alc_http_ask a = {
        .method = "POST", .plain_ok = true, .headers = headers, .body = ALC_LIT("{}")};
    const struct alc_http_ask bare = {.method = "POST", .plain_ok = true, .body = ALC_LIT("{}")};
    const struct alc_bytes ok = ALC_LIT("HTTP/1.1 204 No\r\nConnection: close\r\n\r\n");
    struct liar l = {0};
    assert_int_equal(ask_liar(f, &l, ok, &a), ALC_OK);
    assert_int_equal(f->answer.status, 204);
    assert_non_null(strstr(alc_buf_text(&l.heard), "POST / HTTP/1.1\r\n"));
    assert_non_null(strstr(alc_buf_text(&l.heard), "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(alc_buf_text(&l.heard), "\r\nX-Key: k\r\n"));
    assert_non_null(strstr(alc_buf_text(&l.heard), "\r\nContent-Length: 2\r\n"));
    assert_non_null(strstr(alc_buf_text(&l.heard), "\r\nUser-Agent: alcove/"));
    assert_null(strstr(alc_buf_text(&l.heard), "Expect"));
    alc_buf_fini(&l.heard);
    assert_int_equal(ask_liar(f, &l, ok, &bare), ALC_OK);
    assert_null(strstr(alc_buf_text(&l.heard), "Content-Type"));
    alc_buf_fini(&l.heard);
}

static void lies_are_refused(void **state)
{
    static const struct {
        const char *reply;
        enum alc_rc rc;
    } lies[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", ALC_IO},
        {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx", ALC_LIMIT},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", ALC_IO},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", ALC_IO},
        {"HTTP/1.1 200 OK\r\nX: unfinished", ALC_IO},
        {"no HTTP at all\r\n\r\n", ALC_IO},
        {"", ALC_IO},
    };
    const struct alc_http_ask a = {.method = "GET", .plain_ok = true, .max_bytes = 1000};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct liar l = {0};
        enum alc_rc rc = ask_liar(f, &l, alc_cstr(lies[i].reply), &a);
        if (rc != lies[i].rc) fail_msg("'%s' gave %s", lies[i].reply, alc_rc_name(rc));
        assert_true(f->err.text[0] != 0);
        assert_null(f->answer.body.p);
        alc_buf_fini(&l.heard);
    }
}

static void a_flood_without_a_length_is_cut_off(void **state)
{
    static char reply[5000];
    const struct alc_http_ask a = {.method = "GET", .plain_ok = true, .max_bytes = 100000};
    struct fixture *f = *state;
    struct liar l = {.endless = true};
    memset(reply, 'b', sizeof reply);
    memcpy(reply, "HTTP/1.1 200 OK\r\n\r\n", 19); /* later ones are body too */
    assert_int_equal(ask_liar(f, &l, (struct alc_bytes){(uint8_t *)reply, sizeof reply}, &a),
                     ALC_LIMIT);
    alc_buf_fini(&l.heard);
}

static void a_header_without_end_is_cut_off(void **state)
{
    static char reply[200000];
    const struct alc_http_ask a = {.method = "GET", .plain_ok = true};
    struct fixture *f = *state;
    struct liar l = {0};
    for (size_t i = 0; i < sizeof reply; i += 50) {
        memset(reply + i, 'h', 50);
        memcpy(reply + i, i == 0 ? "HTTP/1.1 200 " : "X-Header-Li: ", 13);
        memcpy(reply + i + 48, "\r\n", 2);
    }
    assert_int_equal(ask_liar(f, &l, (struct alc_bytes){(uint8_t *)reply, sizeof reply}, &a),
                     ALC_LIMIT);
    alc_buf_fini(&l.heard);
}

static void the_location_is_the_final_answers(void **state)
{
    const struct alc_http_ask a = {.method = "GET", .plain_ok = true};
    struct fixture *f = *state;
    struct liar l = {0};
    assert_int_equal(ask_liar(f, &l,
                              ALC_LIT("HTTP/1.1 103 Early\r\nLocation: /early\r\n\r\n"
                                      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"),
                              &a),
                     ALC_OK);
    assert_int_equal(f->answer.status, 200);
    assert_int_equal(f->answer.location.n, 0);
    alc_buf_fini(&l.heard);
    assert_int_equal(
        ask_liar(
            f, &l,
            ALC_LIT("HTTP/1.1 301 M\r\nLOCATION: \t https://x/y \r\nContent-Length: 0\r\n\r\n"),
            &a),
        ALC_OK);
    assert_text(f->answer.location, "https://x/y");
    alc_buf_fini(&l.heard);
    assert_int_equal(ask_liar(f, &l,
                              ALC_LIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                      "1\r\nx\r\n0\r\nX-Trailer: 1\r\n\r\n"),
                              &a),
                     ALC_OK);
    assert_text(f->answer.body, "x");
    alc_buf_fini(&l.heard);
}

/* ---- memory ---- */

static enum alc_rc open_and_ask(void)
{
    struct alc_http *h = NULL;
    struct alc_arena arena = ALC_ARENA(MIB);
    const struct alc_http_ask a = {
        .method = "POST", .url = "http://127.0.0.1:1/", .plain_ok = true};
    struct alc_http_answer answer;
    enum alc_rc rc = alc_http_open(&h, NULL);
    /* Nobody listens there: a server in this process would meet the failures too. */
    if (rc == ALC_OK) rc = alc_http_do(h, &answer, &a, NULL, &arena, NULL);
    if (rc == ALC_IO) rc = ALC_OK;
    alc_http_close(h);
    alc_arena_fini(&arena);
    return rc;
}

static void no_memory_is_told(void **state)
{
    (void)state;
    each_allocation_failing(open_and_ask);
}

int main(void)
{
    static const char *const proxies[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                          "ALL_PROXY",  "no_proxy",    "NO_PROXY"};
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_answer_comes_whole),
        TEST(any_status_is_an_answer),
        TEST(a_redirect_is_shown_and_not_followed),
        TEST(headers_are_found_in_any_letter_case),
        TEST(busy_servers_are_asked_again),
        TEST(the_last_try_shows_its_status),
        TEST(an_answer_over_the_cap_is_refused),
        TEST(an_answer_over_the_arena_is_told),
        TEST(no_answer_in_time_is_a_timeout),
        TEST(a_stop_ends_the_wait),
        TEST(a_stop_ends_the_pauses),
        TEST(a_refused_connection_is_io),
        TEST(a_server_that_went_away_between_requests_is_no_matter),
        TEST(plain_http_is_for_development_alone),
        TEST(this_machine_is_for_development_alone),
        TEST(strangers_reach_no_private_network),
        TEST(other_urls_are_refused),
        TEST(a_line_break_in_a_header_is_refused),
        TEST(only_what_the_caller_gave_is_sent),
        TEST(lies_are_refused),
        TEST(a_flood_without_a_length_is_cut_off),
        TEST(a_header_without_end_is_cut_off),
        TEST(the_location_is_the_final_answers),
        TEST(no_memory_is_told),
    };
    for (size_t i = 0; i < sizeof proxies / sizeof proxies[0]; i++)
        unsetenv(proxies[i]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
