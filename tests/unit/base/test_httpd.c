#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/httpd.h"
#include "base_test.h"

/* The client here is a bare socket, so that what goes over the wire is seen. */
struct fixture {
    struct alc_httpd *d;
    struct alc_buf got; /* of the last exchange */
    pthread_mutex_t lock;
    pthread_cond_t change;
    unsigned inside; /* handlers that run now */
    bool leave;
    bool finished;
};

static void wait_inside(struct fixture *f, unsigned n)
{
    pthread_mutex_lock(&f->lock);
    f->inside++;
    pthread_cond_broadcast(&f->change);
    while (f->inside < n && !f->leave)
        pthread_cond_wait(&f->change, &f->lock);
    f->finished = true;
    pthread_mutex_unlock(&f->lock);
}

static void handle(void *ctx, const struct alc_httpd_ask *ask, struct alc_httpd_answer *a)
{
    struct fixture *f = ctx;
    if (strcmp(ask->path, "/empty") == 0) return;
    if (strcmp(ask->path, "/pair") == 0) wait_inside(f, 2);
    if (strcmp(ask->path, "/wait") == 0) wait_inside(f, 1000);
    if (strcmp(ask->path, "/flood") == 0) {
        for (unsigned i = 0; i <= ALC_HTTPD_ANSWER_MAX_BYTES / MIB; i++) {
            uint8_t *to = alc_buf_room(&a->body, MIB);
            if (to == NULL) return;
            memset(to, 'f', MIB);
            alc_buf_add(&a->body, MIB);
        }
    }
    if (strcmp(ask->path, "/query") == 0) {
        const char *a1 = alc_httpd_query(ask, "a"), *b1 = alc_httpd_query(ask, "b");
        alc_buf_printf(&a->body, "a=%s b=%s ", a1 == NULL ? "none" : a1, b1 == NULL ? "none" : b1);
    }
    if (strcmp(ask->path, "/made") == 0) {
        a->status = 201;
        a->type = "text/plain";
        strcpy(a->location, "/things/1");
    }
    alc_buf_printf(&a->body, "%s %s %zu:", ask->method, ask->path, ask->body.n);
    alc_buf_put_bytes(&a->body, ask->body);
}

static void serve(struct fixture *f, struct alc_httpd_conf conf)
{
    struct alc_err err = {0};
    conf.host = "127.0.0.1";
    conf.handle = handle;
    conf.ctx = f;
    if (alc_httpd_open(&f->d, &conf, &err) != ALC_OK) fail_msg("%s", err.text);
    assert_int_not_equal(alc_httpd_port(f->d), 0);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->got = ALC_BUF(MIB);
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->change, NULL);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    alc_httpd_close(f->d);
    alc_buf_fini(&f->got);
    pthread_cond_destroy(&f->change);
    pthread_mutex_destroy(&f->lock);
    free(f);
    return 0;
}

static int dial(struct fixture *f)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons(alc_httpd_port(f->d)),
                            .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

static void say(int fd, const void *p, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t m = send(fd, (const char *)p + done, n - done, MSG_NOSIGNAL);
        assert_true(m > 0);
        done += (size_t)m;
    }
}

/* hear reads one answer: its header, and as much body as that says. */
static const char *hear(struct fixture *f, int fd, bool has_body)
{
    size_t length = 0, head = 0;
    alc_buf_reset(&f->got);
    for (;;) {
        uint8_t *to = alc_buf_room(&f->got, 1);
        const char *p;
        assert_non_null(to);
        if (recv(fd, to, 1, 0) != 1) break;
        alc_buf_add(&f->got, 1);
        if (head == 0 && strstr(alc_buf_text(&f->got), "\r\n\r\n") != NULL) {
            head = f->got.n;
            p = strcasestr(alc_buf_text(&f->got), "Content-Length:");
            if (p != NULL && has_body) length = strtoul(p + 15, NULL, 10);
        }
        if (head > 0 && f->got.n == head + length) break;
    }
    return alc_buf_text(&f->got);
}

static const char *exchange(struct fixture *f, const char *request)
{
    int fd = dial(f);
    const char *got;
    say(fd, request, strlen(request));
    got = hear(f, fd, strncmp(request, "HEAD", 4) != 0);
    close(fd);
    return got;
}

static void assert_holds(const char *text, const char *part)
{
    if (strcasestr(text, part) == NULL) fail_msg("'%s' is not in: %s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
    if (strcasestr(text, part) != NULL) fail_msg("'%s' is in: %s", part, text);
}

static void parameters_behind_the_path_are_decoded(void **state)
{
    struct fixture *f = *state;
    serve(f, (struct alc_httpd_conf){0});
    assert_holds(exchange(f, "GET /query?a=x%20%26y&b HTTP/1.1\r\nHost: h\r\n\r\n"),
                 "a=x &y b= GET /query 0:");
    assert_holds(exchange(f, "GET /query?b=%41 HTTP/1.1\r\nHost: h\r\n\r\n"), "a=none b=A ");
    assert_holds(exchange(f, "GET /query HTTP/1.1\r\nHost: h\r\n\r\n"), "a=none b=none ");
}

static void a_whole_url_is_taken_for_its_path(void **state)
{
    struct fixture *f = *state;
    serve(f, (struct alc_httpd_conf){0});
    assert_holds(exchange(f, "GET http://h:80/status?q HTTP/1.1\r\nHost: h\r\n\r\n"),
                 "\r\n\r\nGET /status 0:");
    assert_holds(exchange(f, "GET HTTP://h HTTP/1.1\r\nHost: h\r\n\r\n"), "\r\n\r\nGET / 0:");
    assert_holds(exchange(f, "GET /http://h/a HTTP/1.1\r\nHost: h\r\n\r\n"),
                 "\r\n\r\nGET /http://h/a 0:");
}

static void a_request_becomes_a_call_and_an_answer(void **state)
{
    struct fixture *f = *state;
    const char *got;
    serve(f, (struct alc_httpd_conf){0});
    got = exchange(f, "GET /a/b%20c?q=1 HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_holds(got, "HTTP/1.1 200 ");
    assert_holds(got, "Content-Type: application/json\r\n");
    assert_holds(got, "\r\n\r\nGET /a/b c 0:");
    assert_lacks(got, "Access-Control");
    assert_lacks(got, "Location");
    got = exchange(f, "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
    assert_holds(got, "\r\n\r\nPOST /p 5:hello");
    got = exchange(f, "POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
    assert_holds(got, "\r\n\r\nPOST /p 5:hello");
    got = exchange(f, "GET /empty HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_holds(got, "HTTP/1.1 200 ");
    assert_holds(got, "Content-Length: 0\r\n");
}

static void status_type_and_location_are_the_handlers(void **state)
{
    struct fixture *f = *state;
    const char *got;
    serve(f, (struct alc_httpd_conf){0});
    got = exchange(f, "PUT /made HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    assert_holds(got, "HTTP/1.1 201 ");
    assert_holds(got, "Content-Type: text/plain\r\n");
    assert_holds(got, "Location: /things/1\r\n");
}

static void head_is_get_without_the_body(void **state)
{
    struct fixture *f = *state;
    const char *got;
    serve(f, (struct alc_httpd_conf){0});
    got = exchange(f, "HEAD /abc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_holds(got, "HTTP/1.1 200 ");
    assert_holds(got, "Content-Length: 11\r\n"); /* of "GET /abc 0:" */
    assert_true(got[strlen(got) - 1] == '\n');
}

static void a_connection_serves_many_requests(void **state)
{
    static const char request[] = "POST /n HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
    struct fixture *f = *state;
    int fd;
    serve(f, (struct alc_httpd_conf){0});
    fd = dial(f);
    for (int i = 0; i < 5; i++) {
        say(fd, request, sizeof request - 1);
        assert_holds(hear(f, fd, true), "POST /n 3:abc");
    }
    close(fd);
}

static void a_connection_over_the_limit_is_closed(void **state)
{
    static const char request[] = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
    struct fixture *f = *state;
    int fd, over;
    serve(f, (struct alc_httpd_conf){.max_connections = 1});
    fd = dial(f);
    say(fd, request, sizeof request - 1);
    assert_holds(hear(f, fd, true), "GET /a 0:");
    over = dial(f);
    (void)send(over, request, sizeof request - 1, MSG_NOSIGNAL); /* it may be closed by now */
    assert_string_equal(hear(f, over, true), "");
    close(over);
    say(fd, request, sizeof request - 1); /* the first one is none the worse */
    assert_holds(hear(f, fd, true), "GET /a 0:");
    close(fd);
}

static const char *send_body(struct fixture *f, size_t n, bool chunked)
{
    static uint8_t body[MIB];
    char head[200];
    int fd = dial(f);
    const char *got;
    if (chunked)
        snprintf(head, sizeof head,
                 "POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n", n);
    else
        snprintf(head, sizeof head, "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n",
                 n);
    say(fd, head, strlen(head));
    say(fd, body, n);
    if (chunked) say(fd, "\r\n0\r\n\r\n", 7);
    got = hear(f, fd, true);
    close(fd);
    return got;
}

static void a_body_over_the_limit_is_413(void **state)
{
    struct fixture *f = *state;
    serve(f, (struct alc_httpd_conf){.max_body_bytes = 1000});
    for (int chunked = 0; chunked <= 1; chunked++) {
        assert_holds(send_body(f, 1000, chunked), "POST /b 1000:");
        assert_holds(send_body(f, 1001, chunked), "HTTP/1.1 413 ");
        assert_holds(send_body(f, MIB, chunked), "HTTP/1.1 413 ");
        assert_holds(alc_buf_text(&f->got), "over 1000 bytes");
    }
}

/* A client that asks first is told before it sends. */
static void a_long_body_that_is_announced_is_refused_at_once(void **state)
{
    struct fixture *f = *state;
    const char *got;
    serve(f, (struct alc_httpd_conf){.max_body_bytes = 1000});
    got = exchange(f, "POST /b HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                      "Content-Length: 1001\r\n\r\n");
    assert_holds(got, "HTTP/1.1 413 ");
    assert_lacks(got, "100 Continue");
    got = exchange(f, "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n");
    assert_holds(got, "HTTP/1.1 413 ");
    got = exchange(
        f, "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n");
    assert_holds(got, "HTTP/1.1 4");
}

static void cors_lets_any_origin_ask(void **state)
{
    struct fixture *f = *state;
    const char *got;
    serve(f, (struct alc_httpd_conf){.cors = true});
    got = exchange(f, "OPTIONS /p HTTP/1.1\r\nHost: x\r\nOrigin: http://page\r\n"
                      "Access-Control-Request-Method: POST\r\n"
                      "Access-Control-Request-Headers: x-payment-key,content-type\r\n\r\n");
    assert_holds(got, "HTTP/1.1 204 ");
    assert_holds(got, "Access-Control-Allow-Origin: *\r\n");
    assert_holds(got, "Access-Control-Allow-Headers: x-payment-key,content-type\r\n");
    assert_holds(got, "Access-Control-Allow-Methods: GET, HEAD, POST");
    assert_lacks(got, "OPTIONS /p 0:"); /* the handler was not asked */
    got = exchange(f, "GET /p HTTP/1.1\r\nHost: x\r\nOrigin: http://page\r\n\r\n");
    assert_holds(got, "Access-Control-Allow-Origin: *\r\n");
    assert_holds(got, "GET /p 0:");
}

static void without_cors_options_are_the_handlers(void **state)
{
    struct fixture *f = *state;
    serve(f, (struct alc_httpd_conf){0});
    assert_holds(exchange(f, "OPTIONS /p HTTP/1.1\r\nHost: x\r\n\r\n"), "OPTIONS /p 0:");
}

static void an_answer_over_the_limit_is_500(void **state)
{
    struct fixture *f = *state;
    serve(f, (struct alc_httpd_conf){0});
    assert_holds(exchange(f, "GET /flood HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP/1.1 500 ");
}

static void garbage_is_answered_with_an_error(void **state)
{
    struct fixture *f = *state;
    const char *got;
    serve(f, (struct alc_httpd_conf){0});
    got = exchange(f, "\x01\x02 nonsense\r\n\r\n");
    assert_true(got[0] == 0 || strstr(got, " 400 ") != NULL);
    assert_holds(exchange(f, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"), "GET /a 0:"); /* it lives on */
}

/* A client that goes away in the middle leaves nothing behind (the sanitizer would say so). */
static void a_client_that_breaks_off_is_forgotten(void **state)
{
    static const char part[] = "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf";
    struct fixture *f = *state;
    int fd;
    serve(f, (struct alc_httpd_conf){0});
    fd = dial(f);
    say(fd, part, sizeof part - 1);
    close(fd);
    assert_holds(exchange(f, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"), "GET /a 0:");
}

static void *ask_pair(void *ctx)
{
    struct fixture *f = ctx;
    static const char request[] = "GET /pair HTTP/1.1\r\nHost: x\r\n\r\n";
    char first[16] = "";
    int fd = dial(f);
    say(fd, request, sizeof request - 1);
    if (recv(fd, first, 12, MSG_WAITALL) != 12) first[0] = 0;
    close(fd);
    return strcmp(first, "HTTP/1.1 200") == 0 ? f : NULL;
}

static void handlers_run_side_by_side(void **state)
{
    struct fixture *f = *state;
    pthread_t other;
    void *ok;
    serve(f, (struct alc_httpd_conf){0});
    assert_int_equal(pthread_create(&other, NULL, ask_pair, f), 0);
    assert_non_null(ask_pair(f)); /* each waits inside for the other */
    assert_int_equal(pthread_join(other, &ok), 0);
    assert_non_null(ok);
}

static void *close_server(void *ctx)
{
    struct fixture *f = ctx;
    alc_httpd_close(f->d);
    return NULL;
}

static void close_waits_for_a_handler_that_runs(void **state)
{
    static const char request[] = "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n";
    struct fixture *f = *state;
    pthread_t closer;
    int idle, fd;
    serve(f, (struct alc_httpd_conf){0});
    idle = dial(f); /* a connection without a request must not hold it up */
    fd = dial(f);
    say(fd, request, sizeof request - 1);
    pthread_mutex_lock(&f->lock);
    while (f->inside == 0)
        pthread_cond_wait(&f->change, &f->lock);
    pthread_mutex_unlock(&f->lock);
    assert_int_equal(pthread_create(&closer, NULL, close_server, f), 0);
    pthread_mutex_lock(&f->lock);
    assert_false(f->finished);
    f->leave = true; /* as the owner of a waiting handler does */
    pthread_cond_broadcast(&f->change);
    pthread_mutex_unlock(&f->lock);
    assert_int_equal(pthread_join(closer, NULL), 0);
    assert_true(f->finished);
    f->d = NULL;
    assert_holds(hear(f, fd, true), "\r\n\r\nGET /wait 0:"); /* and for its answer to be sent */
    close(fd);
    close(idle);
}

static void a_taken_port_is_told(void **state)
{
    struct fixture *f = *state;
    struct alc_httpd_conf conf = {.host = "127.0.0.1", .handle = handle};
    struct alc_httpd *second = NULL;
    struct alc_err err = {0};
    serve(f, (struct alc_httpd_conf){0});
    conf.port = alc_httpd_port(f->d);
    assert_int_equal(alc_httpd_open(&second, &conf, &err), ALC_IO);
    assert_says(&err, "127.0.0.1", "in use");
    assert_null(second);
}

static void a_port_is_free_again_after_close(void **state)
{
    struct fixture *f = *state;
    uint16_t port;
    serve(f, (struct alc_httpd_conf){0});
    port = alc_httpd_port(f->d);
    assert_holds(exchange(f, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"), "GET /a 0:");
    alc_httpd_close(f->d);
    f->d = NULL;
    serve(f, (struct alc_httpd_conf){.port = port});
    assert_int_equal(alc_httpd_port(f->d), port);
    assert_holds(exchange(f, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"), "GET /a 0:");
}

static void an_address_that_is_not_ours_is_told(void **state)
{
    struct alc_httpd_conf conf = {.host = "192.0.2.1", .handle = handle}; /* RFC 5737 */
    struct alc_httpd *d = NULL;
    struct alc_err err = {0};
    (void)state;
    assert_int_equal(alc_httpd_open(&d, &conf, &err), ALC_IO);
    assert_says(&err, "192.0.2.1");
    conf.host = "localhost";
    assert_int_equal(alc_httpd_open(&d, &conf, &err), ALC_BAD_INPUT);
    assert_says(&err, "localhost", "numeric");
    assert_null(d);
    alc_httpd_close(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(parameters_behind_the_path_are_decoded),
        TEST(a_whole_url_is_taken_for_its_path),
        TEST(a_request_becomes_a_call_and_an_answer),
        TEST(status_type_and_location_are_the_handlers),
        TEST(head_is_get_without_the_body),
        TEST(a_connection_serves_many_requests),
        TEST(a_connection_over_the_limit_is_closed),
        TEST(a_body_over_the_limit_is_413),
        TEST(a_long_body_that_is_announced_is_refused_at_once),
        TEST(cors_lets_any_origin_ask),
        TEST(without_cors_options_are_the_handlers),
        TEST(an_answer_over_the_limit_is_500),
        TEST(garbage_is_answered_with_an_error),
        TEST(a_client_that_breaks_off_is_forgotten),
        TEST(handlers_run_side_by_side),
        TEST(close_waits_for_a_handler_that_runs),
        TEST(a_taken_port_is_told),
        TEST(a_port_is_free_again_after_close),
        TEST(an_address_that_is_not_ours_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
