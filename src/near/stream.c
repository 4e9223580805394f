#include "near/near.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/http.h"
#include "near/hosts.h"

#define TIMEOUT_MS 30000u /* of timeout_ms = 0 */
#define BLOCK_MAX_BYTES ((size_t)64 << 20)
#define REDIRECTS_MAX 3u
#define NOT_YET_PAUSE_MS 250u /* between questions for a block too far ahead for a long poll */

struct alc_near_stream {
    struct alc_near_hosts hosts;
    struct alc_http *http;
    uint32_t timeout_ms;
    bool plain_ok;
    const volatile bool *stop;
};

enum alc_rc alc_near_stream_open(struct alc_near_stream **out,
                                 const struct alc_near_stream_conf *conf, struct alc_err *err)
{
    struct alc_near_stream *s = calloc(1, sizeof *s);
    enum alc_rc rc;

    if (s == NULL) return alc_fail(err, ALC_NOMEM, "no memory for a block stream");
    s->timeout_ms = conf->timeout_ms == 0 ? TIMEOUT_MS : conf->timeout_ms;
    s->plain_ok = conf->plain_ok;
    s->stop = conf->stop;
    rc = alc_near_hosts_init(&s->hosts, conf->urls, conf->urls_count, conf->plain_ok, err);
    if (rc == ALC_OK) rc = alc_http_open(&s->http, err);
    if (rc == ALC_OK)
        *out = s;
    else
        alc_near_stream_close(s);
    return rc;
}

void alc_near_stream_close(struct alc_near_stream *s)
{
    if (s == NULL) return;
    alc_http_close(s->http);
    alc_near_hosts_fini(&s->hosts);
    free(s);
}

static enum alc_rc get(struct alc_near_stream *s, struct alc_http_answer *out, const char *url,
                       struct alc_arena *arena, struct alc_err *err)
{
    const struct alc_http_ask ask = {.method = "GET",
                                     .url = url,
                                     .timeout_ms = s->timeout_ms,
                                     .max_bytes = BLOCK_MAX_BYTES,
                                     .plain_ok = s->plain_ok};

    return alc_http_do(s->http, out, &ask, s->stop, arena, err);
}

static bool is_redirect(const struct alc_http_answer *a)
{
    return a->status >= 300 && a->status < 400 && a->location.n > 0;
}

/* follow makes the URL that a Location names, seen from `url`: a whole one, or a path of the same
 * server.  NULL: neither, or no memory. */
static const char *follow(const char *url, struct alc_bytes location, struct alc_arena *arena)
{
    const char *to = (const char *)location.p; /* a NUL is behind */
    const char *host = strstr(url, "://"), *path;

    if (strncasecmp(to, "https://", 8) == 0 || strncasecmp(to, "http://", 7) == 0)
        return alc_arena_text(arena, "%s", to);
    if (to[0] != '/' || to[1] == '/' || host == NULL) return NULL;
    path = strchr(host + 3, '/');
    return alc_arena_text(arena, "%.*s%s", path == NULL ? (int)strlen(url) : (int)(path - url), url,
                          to);
}

/* get_far follows redirects: servers keep old blocks elsewhere. */
static enum alc_rc get_far(struct alc_near_stream *s, struct alc_http_answer *out, const char *url,
                           struct alc_arena *arena, struct alc_err *err)
{
    enum alc_rc rc = ALC_OK;

    for (uint32_t hop = 0; url != NULL && hop <= REDIRECTS_MAX; hop++) {
        rc = get(s, out, url, arena, err);
        if (rc != ALC_OK || !is_redirect(out)) return rc;
        url = follow(url, out->location, arena);
    }
    return alc_fail(err, ALC_IO, "redirected too often, or to nowhere");
}

/* ---- the last block ---- */

static bool read_last_number(uint64_t *out, struct alc_bytes location)
{
    uint64_t v = 0;
    size_t at = location.n;

    while (at > 0 && location.p[at - 1] != '/')
        at--;
    if (at == 0 || at == location.n) return false;
    for (; at < location.n; at++) {
        uint8_t c = location.p[at];
        if (c < '0' || c > '9' || __builtin_mul_overflow(v, 10u, &v) ||
            __builtin_add_overflow(v, (uint64_t)(c - '0'), &v))
            return false;
    }
    *out = v;
    return true;
}

static enum alc_rc ask_last(struct alc_near_stream *s, const char *server, uint64_t *height,
                            bool *too_often, struct alc_err *err)
{
    struct alc_arena arena = ALC_ARENA(2 * BLOCK_MAX_BYTES);
    const char *url = alc_arena_text(&arena, "%s/v0/last_block/final", server);
    struct alc_http_answer a = {0};
    enum alc_rc rc;

    if (url == NULL)
        rc = alc_fail(err, ALC_NOMEM, "no memory for a URL");
    else
        rc = get(s, &a, url, &arena, err);
    if (rc == ALC_OK && !(is_redirect(&a) && read_last_number(height, a.location)))
        rc = alc_fail(err, ALC_IO, "answered HTTP %d without the place of a block", a.status);
    *too_often = a.status == 429;
    alc_arena_fini(&arena);
    return rc;
}

enum alc_rc alc_near_stream_last(struct alc_near_stream *s, uint64_t *height, struct alc_err *err)
{
    enum alc_rc rc = alc_fail(err, ALC_TIMEOUT, "stopped");
    struct alc_near_walk walk = {0};
    bool too_often;
    size_t i;

    while (alc_near_hosts_next(&s->hosts, &walk, &i, s->stop)) {
        rc = ask_last(s, s->hosts.all[i].url, height, &too_often, err);
        if (rc == ALC_OK) {
            alc_near_hosts_answered(&s->hosts, i);
            break;
        }
        alc_fail_in(err, "block server %zu of %zu", i + 1, s->hosts.count);
        if (rc == ALC_NOMEM) break;
        if (rc == ALC_TIMEOUT) alc_near_hosts_skip(&walk, i);
        alc_near_hosts_failed(&s->hosts, i, too_often);
        if (rc != ALC_TIMEOUT) rc = ALC_IO;
    }
    return rc;
}

/* ---- one block ---- */

/* ALC_BUSY: the block is not there yet.  ALC_NOT_FOUND: this server does not keep it. */
static enum alc_rc read_refusal(const struct alc_http_answer *a, struct alc_err *err)
{
    struct alc_json *doc = NULL;
    const char *type = "";
    enum alc_rc rc;

    if (a->status == 404 && alc_json_open(&doc, a->body, 65536, NULL) == ALC_OK &&
        !alc_json_text(alc_json_get(doc, "type"), &type))
        type = "";
    if (strcmp(type, "BLOCK_DOES_NOT_EXIST") == 0)
        rc = alc_fail(err, ALC_BUSY, "the block is not there yet");
    else if (strcmp(type, "BLOCK_HEIGHT_TOO_LOW") == 0)
        rc = alc_fail(err, ALC_NOT_FOUND, "the block is below the server's first");
    else
        rc = alc_fail(err, ALC_IO, "answered HTTP %d %s", a->status, type);
    alc_json_close(doc);
    return rc;
}

static enum alc_rc ask_block(struct alc_near_stream *s, struct alc_near_stream_block *out,
                             const char *server, uint64_t height, const char *only, bool *too_often,
                             struct alc_arena *arena, struct alc_err *err)
{
    struct alc_arena scratch = ALC_ARENA(2 * BLOCK_MAX_BYTES);
    const char *url = alc_arena_text(&scratch, "%s/v0/block/%" PRIu64, server, height);
    struct alc_near_stream_block b = {0};
    struct alc_http_answer a = {0};
    enum alc_rc rc;

    if (url == NULL)
        rc = alc_fail(err, ALC_NOMEM, "no memory for a URL");
    else
        rc = get_far(s, &a, url, &scratch, err);
    *too_often = a.status == 429;
    if (rc != ALC_OK) goto out;
    if (a.status != 200) {
        rc = read_refusal(&a, err);
        goto out;
    }
    rc = alc_near_block_read(&b, a.body, only, arena, err);
    if (rc != ALC_OK) goto out;
    if (b.skipped) b.height = height;
    if (b.height != height)
        rc = alc_fail(err, ALC_IO, "asked for block %" PRIu64 ", got %" PRIu64, height, b.height);
    else
        *out = b;
out:
    alc_arena_fini(&scratch);
    return rc;
}

/* ask_all goes over the servers once.  Results as of ask_block; one that has the block decides,
 * else one that expects it. */
static enum alc_rc ask_all(struct alc_near_stream *s, struct alc_near_stream_block *out,
                           uint64_t height, const char *only, struct alc_arena *arena,
                           struct alc_err *err)
{
    enum alc_rc rc = alc_fail(err, ALC_TIMEOUT, "stopped");
    struct alc_near_walk walk = {0};
    bool expected = false, too_often;
    size_t i;

    while (alc_near_hosts_next(&s->hosts, &walk, &i, s->stop)) {
        rc = ask_block(s, out, s->hosts.all[i].url, height, only, &too_often, arena, err);
        if (rc == ALC_OK || rc == ALC_BUSY || rc == ALC_NOT_FOUND)
            alc_near_hosts_answered(&s->hosts, i);
        if (rc == ALC_OK) return rc;
        alc_fail_in(err, "block server %zu of %zu", i + 1, s->hosts.count);
        if (rc == ALC_NOMEM) return rc;
        if (rc == ALC_TIMEOUT) {
            alc_near_hosts_pass_on(&s->hosts, i); /* it may be dead: another one next time */
            return rc;
        }
        if (rc == ALC_BUSY)
            expected = true;
        else if (rc == ALC_NOT_FOUND)
            alc_near_hosts_skip(&walk, i);
        else
            alc_near_hosts_failed(&s->hosts, i, too_often);
    }
    if (expected) return ALC_BUSY;
    /* Of a server's words, not of the caller's. */
    return rc == ALC_BAD_INPUT || rc == ALC_LIMIT ? ALC_IO : rc;
}

enum alc_rc alc_near_stream_get(struct alc_near_stream *s, struct alc_near_stream_block *out,
                                uint64_t height, const char *only, struct alc_arena *arena,
                                struct alc_err *err)
{
    uint64_t end_ms = alc_clock_mono_ms(&alc_clock_system) + s->timeout_ms;
    enum alc_rc rc;

    for (;;) {
        rc = ask_all(s, out, height, only, arena, err);
        if (rc != ALC_BUSY) break;
        if (alc_clock_mono_ms(&alc_clock_system) >= end_ms ||
            !alc_near_pause(NOT_YET_PAUSE_MS, s->stop))
            return alc_fail(err, ALC_TIMEOUT, "block %" PRIu64 " is not there yet", height);
    }
    if (rc != ALC_OK) alc_fail_in(err, "block %" PRIu64, height);
    return rc;
}
