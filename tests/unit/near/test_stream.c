/* tests/unit/near/test_stream.c — following block servers that lag, skip, redirect and fail. */
#include "near_server.h"

#define BLOCK(height)                                                                              \
    "{\"block\":{\"header\":{\"height\":" height                                                   \
    ",\"hash\":\"4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi\",\"timestamp\":5}},\"shards\":[]}"
#define REFUSED(type) "{\"error\":\"no\",\"type\":\"" type "\"}"
#define PATIENCE_MS 60000u

/* What a server answers to its n-th request: a status and a body, or a place for 3xx; the last
 * line repeats. */
struct line {
    int status; /* 0: silence */
    const char *body;
};
struct scripted {
    struct server server; /* first, so that a handler finds the script */
    const struct line *lines;
    size_t count;
};

static void answer_line(struct server *s, unsigned n, const struct alc_httpd_ask *ask,
                        struct alc_httpd_answer *answer)
{
    const struct scripted *script = (const struct scripted *)(const void *)s;
    const struct line *l = &script->lines[n < script->count ? n : script->count - 1];
    (void)ask;

    if (l->status == 0) {
        s->stop = true;
        silence(s);
    } else if (l->status >= 300 && l->status < 400) {
        answer->status = l->status;
        snprintf(answer->location, sizeof answer->location, "%s", l->body);
    } else {
        words(answer, l->status, l->body);
    }
}

static void script_open(struct scripted *s, const struct line *lines, size_t count)
{
    server_open(&s->server, answer_line);
    s->lines = lines;
    s->count = count;
}
#define SCRIPT(s, lines) script_open(s, lines, sizeof(lines) / sizeof(lines)[0])

static struct alc_near_stream *open_stream(const struct scripted *a, const struct scripted *b,
                                           uint32_t timeout_ms, const volatile bool *stop)
{
    const char *urls[] = {a->server.url, b == NULL ? NULL : b->server.url};
    struct alc_near_stream_conf conf = {.urls = urls,
                                        .urls_count = b == NULL ? 1 : 2,
                                        .timeout_ms = timeout_ms,
                                        .plain_ok = true,
                                        .stop = stop};
    struct alc_near_stream *s = NULL;
    struct alc_err err;

    if (alc_near_stream_open(&s, &conf, &err) != ALC_OK) fail_msg("%s", err.text);
    return s;
}

static enum alc_rc get_block(struct alc_near_stream *s, struct alc_near_stream_block *b,
                             uint64_t height)
{
    struct alc_arena arena = ALC_ARENA(65536);
    struct alc_err err;
    enum alc_rc rc = alc_near_stream_get(s, b, height, NULL, &arena, &err);

    alc_arena_fini(&arena); /* these blocks have no receipts */
    return rc;
}

static void the_last_height_is_read_from_the_location(void **state)
{
    static const struct line lines[] = {{302, "/v0/block/12345"}};
    struct scripted s;
    struct alc_near_stream *f;
    struct alc_err err;
    uint64_t height = 0;
    (void)state;

    SCRIPT(&s, lines);
    f = open_stream(&s, NULL, PATIENCE_MS, NULL);
    assert_int_equal(alc_near_stream_last(f, &height, &err), ALC_OK);
    assert_int_equal(height, 12345);
    assert_string_equal(s.server.method[0], "/v0/last_block/final");
    alc_near_stream_close(f);
    server_close(&s.server);
}

static void places_that_name_no_height_are_refused(void **state)
{
    static const struct line lines[] = {
        {302, "/v0/block/"}, {302, "/v0/block/12x"}, {302, "/v0/block/18446744073709551616"}};
    struct scripted s;
    struct alc_near_stream *f;
    struct alc_err err;
    uint64_t height = 7;
    (void)state;

    SCRIPT(&s, lines);
    f = open_stream(&s, NULL, PATIENCE_MS, NULL);
    assert_int_equal(alc_near_stream_last(f, &height, &err), ALC_IO);
    assert_int_equal(height, 7);
    assert_int_equal(server_asked(&s.server), 3);
    alc_near_stream_close(f);
    server_close(&s.server);
}

static void blocks_and_skipped_heights_follow_each_other(void **state)
{
    static const struct line lines[] = {
        {200, BLOCK("7")}, {200, "null"}, {200, BLOCK("9007199254740993")}};
    struct scripted s;
    struct alc_near_stream *f;
    struct alc_near_stream_block b;
    (void)state;

    SCRIPT(&s, lines);
    f = open_stream(&s, NULL, PATIENCE_MS, NULL);
    assert_int_equal(get_block(f, &b, 7), ALC_OK);
    assert_false(b.skipped);
    assert_int_equal(get_block(f, &b, 8), ALC_OK);
    assert_true(b.skipped);
    assert_int_equal(b.height, 8);
    assert_int_equal(get_block(f, &b, 9007199254740993u), ALC_OK);
    assert_string_equal(s.server.method[2], "/v0/block/9007199254740993");
    alc_near_stream_close(f);
    server_close(&s.server);
}

static void a_block_that_is_not_there_yet_is_waited_for(void **state)
{
    static const struct line lines[] = {{404, REFUSED("BLOCK_DOES_NOT_EXIST")},
                                        {404, REFUSED("BLOCK_DOES_NOT_EXIST")},
                                        {200, BLOCK("7")}};
    struct scripted s;
    struct alc_near_stream *f;
    struct alc_near_stream_block b;
    (void)state;

    SCRIPT(&s, lines);
    f = open_stream(&s, NULL, PATIENCE_MS, NULL);
    assert_int_equal(get_block(f, &b, 7), ALC_OK);
    assert_int_equal(server_asked(&s.server), 3);
    alc_near_stream_close(f);
    f = open_stream(&s, NULL, 1, NULL);
    s.lines = lines;
    s.count = 1; /* never there */
    assert_int_equal(get_block(f, &b, 8), ALC_TIMEOUT);
    alc_near_stream_close(f);
    server_close(&s.server);
}

static void a_block_below_the_first_is_not_found(void **state)
{
    static const struct line low[] = {{404, REFUSED("BLOCK_HEIGHT_TOO_LOW")}};
    static const struct line archive[] = {{200, BLOCK("3")}};
    struct scripted a, b;
    struct alc_near_stream *f;
    struct alc_near_stream_block block;
    (void)state;

    SCRIPT(&a, low);
    SCRIPT(&b, archive);
    f = open_stream(&a, NULL, PATIENCE_MS, NULL);
    assert_int_equal(get_block(f, &block, 3), ALC_NOT_FOUND);
    alc_near_stream_close(f);
    f = open_stream(&a, &b, PATIENCE_MS, NULL); /* another server may keep it */
    assert_int_equal(get_block(f, &block, 3), ALC_OK);
    alc_near_stream_close(f);
    server_close(&a.server);
    server_close(&b.server);
}

static void redirects_are_followed_but_not_for_ever(void **state)
{
    static const struct line near[] = {{302, "/v0/archive/7"}, {200, BLOCK("7")}};
    static const struct line loop[] = {{302, "/v0/block/7"}};
    static const struct line nowhere[] = {{302, "file:///etc/passwd"}, {302, "//elsewhere/7"}};
    const struct line *const bad[] = {loop, nowhere};
    struct line far[1];
    char place[128];
    struct scripted a, b;
    struct alc_near_stream *f;
    struct alc_near_stream_block block;
    (void)state;

    SCRIPT(&a, near);
    snprintf(place, sizeof place, "%s/v0/block/7", a.server.url);
    far[0] = (struct line){307, place};
    SCRIPT(&b, far);
    f = open_stream(&b, NULL, PATIENCE_MS, NULL);
    assert_int_equal(get_block(f, &block, 7), ALC_OK);
    assert_string_equal(a.server.method[1], "/v0/archive/7");
    alc_near_stream_close(f);
    server_close(&b.server);
    server_close(&a.server);
    for (size_t i = 0; i < 2; i++) {
        script_open(&a, bad[i], i + 1);
        f = open_stream(&a, NULL, PATIENCE_MS, NULL);
        assert_int_equal(get_block(f, &block, 7), ALC_IO);
        assert_true(server_asked(&a.server) <= 12);
        alc_near_stream_close(f);
        server_close(&a.server);
    }
}

static void failing_servers_are_passed_over(void **state)
{
    static const struct line bad[] = {{429, "slow down"}};
    static const struct line lying[] = {{200, BLOCK("8")}, {200, "{\"block\":"}, {500, ""}};
    static const struct line good[] = {{200, BLOCK("7")}};
    struct scripted a, b;
    struct alc_near_stream *f;
    struct alc_near_stream_block block;
    (void)state;

    SCRIPT(&a, bad);
    SCRIPT(&b, good);
    f = open_stream(&a, &b, PATIENCE_MS, NULL);
    assert_int_equal(get_block(f, &block, 7), ALC_OK);
    assert_int_equal(get_block(f, &block, 7), ALC_OK);
    assert_int_equal(server_asked(&a.server), 1); /* it rests */
    alc_near_stream_close(f);
    server_close(&a.server);
    SCRIPT(&a, lying);
    f = open_stream(&a, NULL, PATIENCE_MS, NULL);
    assert_int_equal(get_block(f, &block, 7), ALC_IO);
    alc_near_stream_close(f);
    server_close(&a.server);
    server_close(&b.server);
}

/* More nesting than the reader accepts: as good as a body over the cap, and smaller. */
#define DEEP_16 "[[[[[[[[[[[[[[[["
#define DEEP_128 DEEP_16 DEEP_16 DEEP_16 DEEP_16 DEEP_16 DEEP_16 DEEP_16 DEEP_16

static void a_server_that_goes_over_a_limit_is_as_one_that_fails(void **state)
{
    static const struct line too_deep[] = {{200, DEEP_128 "["}}, good[] = {{200, BLOCK("7")}};
    struct scripted a, b;
    struct alc_near_stream_block block;
    struct alc_near_stream *s;
    (void)state;

    SCRIPT(&a, too_deep);
    SCRIPT(&b, good);
    s = open_stream(&a, &b, 1000, NULL);
    assert_int_equal(get_block(s, &block, 7), ALC_OK);
    assert_int_equal(server_asked(&a.server), 1);
    alc_near_stream_close(s);
    s = open_stream(&a, NULL, 1000, NULL);
    assert_int_equal(get_block(s, &block, 7), ALC_IO); /* worth another try, later */
    alc_near_stream_close(s);
    server_close(&a.server);
    server_close(&b.server);
}

static void a_silent_server_is_left_for_the_next_one(void **state)
{
    static const struct line mute[] = {{0, NULL}};
    static const struct line good[] = {{200, BLOCK("7")}};
    struct scripted a, b;
    struct alc_near_stream *f;
    struct alc_near_stream_block block;
    (void)state;

    SCRIPT(&a, mute);
    SCRIPT(&b, good);
    f = open_stream(&a, &b, 300, NULL);
    assert_int_equal(get_block(f, &block, 7), ALC_TIMEOUT);
    assert_int_equal(get_block(f, &block, 7), ALC_OK);
    assert_int_equal(server_asked(&a.server), 1);
    alc_near_stream_close(f);
    server_close(&a.server);
    server_close(&b.server);
}

static void a_stop_ends_the_long_poll(void **state)
{
    static const struct line mute[] = {{0, NULL}};
    struct scripted s;
    struct alc_near_stream *f;
    struct alc_near_stream_block block;
    struct alc_err err;
    uint64_t height;
    (void)state;

    SCRIPT(&s, mute); /* sets the stop when it is asked */
    f = open_stream(&s, NULL, PATIENCE_MS, &s.server.stop);
    assert_int_equal(get_block(f, &block, 7), ALC_TIMEOUT);
    assert_int_equal(alc_near_stream_last(f, &height, &err), ALC_TIMEOUT);
    assert_int_equal(server_asked(&s.server), 1);
    alc_near_stream_close(f);
    server_close(&s.server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_height_is_read_from_the_location),
        cmocka_unit_test(places_that_name_no_height_are_refused),
        cmocka_unit_test(blocks_and_skipped_heights_follow_each_other),
        cmocka_unit_test(a_block_that_is_not_there_yet_is_waited_for),
        cmocka_unit_test(a_block_below_the_first_is_not_found),
        cmocka_unit_test(redirects_are_followed_but_not_for_ever),
        cmocka_unit_test(failing_servers_are_passed_over),
        cmocka_unit_test(a_server_that_goes_over_a_limit_is_as_one_that_fails),
        cmocka_unit_test(a_silent_server_is_left_for_the_next_one),
        cmocka_unit_test(a_stop_ends_the_long_poll),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
