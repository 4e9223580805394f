#include "base/http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"

#define TIMEOUT_MS 30000u                 /* of timeout_ms = 0 */
#define CONNECT_MS 5000u                  /* of connect_ms = 0 */
#define BODY_MAX_BYTES ((size_t)16 << 20) /* of max_bytes = 0 */
#define HEADERS_MAX_BYTES ((size_t)64 << 10)
#define PAUSE_FIRST_MS 100u
#define PAUSE_MAX_MS 2000u
#define STOP_POLL_MS 50u /* how late a stop may be noticed */

struct alc_http {
    CURL *easy;   /* reset for each exchange */
    CURLM *multi; /* holds the open connections; gives a wait that a stop can end */
    char *direct; /* hosts that are reached without a proxy */
    bool proxied; /* the environment names a proxy */
};

/* Where an address leads. */
enum reach { PUBLIC, PRIVATE, LOOPBACK };

/* What one try receives; the callbacks write here. */
struct exchange {
    struct alc_buf body;
    struct alc_buf headers; /* of the last answer: a 1xx before it is forgotten */
    bool header_ended;      /* curl takes one that broke off for whole */
    bool plain_ok;
    bool public_only;
    bool proxied;
    bool too_long;      /* a limit ended it */
    enum reach refused; /* PUBLIC: none was */
};

/* ---- set-up ---- */

static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static bool global_ok;

static void global_init(void)
{
    global_ok = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    /* OpenSSL writes to sockets that the peer may have closed. */
    signal(SIGPIPE, SIG_IGN);
}

static bool environment_has_proxy(void)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                        "ALL_PROXY"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *v = getenv(names[i]);
        if (v != NULL && v[0] != 0) return true;
    }
    return false;
}

/* The environment's exceptions and our own: setting CURLOPT_NOPROXY hides the environment's. */
static char *direct_hosts(void)
{
    const char *more = getenv("no_proxy");
    char *list = NULL;

    if (more == NULL) more = getenv("NO_PROXY");
    if (more != NULL && strcmp(more, "*") == 0) return strdup("*");
    if (asprintf(&list, "localhost,127.0.0.1,::1%s%s", more == NULL ? "" : ",",
                 more == NULL ? "" : more) < 0)
        return NULL;
    return list;
}

enum alc_rc alc_http_open(struct alc_http **out, struct alc_err *err)
{
    struct alc_http *h = NULL;

    pthread_once(&global_once, global_init);
    if (global_ok) h = calloc(1, sizeof *h);
    if (h == NULL) goto fail;
    h->easy = curl_easy_init();
    h->multi = curl_multi_init();
    h->direct = direct_hosts();
    h->proxied = environment_has_proxy();
    if (h->easy == NULL || h->multi == NULL || h->direct == NULL) goto fail;
    *out = h;
    return ALC_OK;
fail:
    alc_http_close(h);
    return alc_fail(err, ALC_NOMEM, "no memory for an HTTP client");
}

void alc_http_close(struct alc_http *h)
{
    if (h == NULL) return;
    curl_easy_cleanup(h->easy);
    curl_multi_cleanup(h->multi);
    free(h->direct);
    free(h);
}

/* ---- where an address leads ---- */

static enum reach reach_v4(const uint8_t b[4])
{
    if (b[0] == 127 || b[0] == 0) return LOOPBACK; /* 0.0.0.0 reaches this machine too */
    if (b[0] == 10 || (b[0] == 172 && b[1] >> 4 == 1) || (b[0] == 192 && b[1] == 168) ||
        (b[0] == 169 && b[1] == 254) ||    /* link-local: clouds keep secrets there */
        (b[0] == 100 && b[1] >> 6 == 1) || /* carriers' own */
        (b[0] == 192 && b[1] == 0 && b[2] == 0) || (b[0] == 198 && b[1] >> 1 == 9) ||
        b[0] >= 224) /* multicast, broadcast, reserved */
        return PRIVATE;
    return PUBLIC;
}

static enum reach reach_v6(const uint8_t b[16])
{
    static const uint8_t zeroes[15], mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};

    if (memcmp(b, mapped, sizeof mapped) == 0 || memcmp(b, nat64, sizeof nat64) == 0)
        return reach_v4(b + 12);
    if (memcmp(b, zeroes, sizeof zeroes) == 0 && b[15] <= 1) return LOOPBACK; /* :: and ::1 */
    if (b[0] == 0x20 && b[1] == 0x02) return reach_v4(b + 2);                 /* 6to4 */
    return b[0] >> 5 == 1 ? PUBLIC : PRIVATE; /* 2000::/3 is what is routed */
}

static enum reach reach_of(const struct sockaddr *a)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (a->sa_family == AF_INET) {
        memcpy(&v4, a, sizeof v4);
        return reach_v4((const uint8_t *)&v4.sin_addr);
    }
    if (a->sa_family != AF_INET6) return LOOPBACK; /* not of the network at all */
    memcpy(&v6, a, sizeof v6);
    return reach_v6(v6.sin6_addr.s6_addr);
}

/* admitted: whether what is reached there may be asked. */
static bool admitted(enum reach r, bool plain_ok, bool public_only)
{
    if (r == LOOPBACK && !plain_ok) return false;
    return r == PUBLIC || !public_only;
}

/* curl asks here for each socket, so whatever a name resolved to is seen.  Behind a proxy the
 * address is the proxy's, which the operator chose. */
static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct exchange *x = ctx;

    (void)purpose;
    if (!x->proxied && !admitted(reach_of(&a->addr), x->plain_ok, x->public_only)) {
        x->refused = reach_of(&a->addr);
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* ---- receiving ---- */

static size_t on_body(char *p, size_t size, size_t count, void *ctx)
{
    struct exchange *x = ctx;
    size_t n = size * count; /* size is 1 */

    if (n > x->body.max_bytes - x->body.n) {
        x->too_long = true;
        return 0;
    }
    alc_buf_put(&x->body, p, n);
    return x->body.failed ? 0 : n;
}

static size_t on_header(char *p, size_t size, size_t count, void *ctx)
{
    struct exchange *x = ctx;
    size_t n = size * count;

    if (n >= 5 && memcmp(p, "HTTP/", 5) == 0) { /* the first line, or another after a 1xx */
        alc_buf_reset(&x->headers);
        x->header_ended = false;
    }
    if (n > HEADERS_MAX_BYTES - x->headers.n) {
        x->too_long = true;
        return 0;
    }
    if (n > 0 && (p[0] == '\r' || p[0] == '\n')) x->header_ended = true;
    alc_buf_put(&x->headers, p, n);
    return x->headers.failed ? 0 : n;
}

struct alc_bytes alc_http_header(const struct alc_http_answer *answer, const char *name)
{
    struct alc_bytes left = answer->headers;
    size_t length = strlen(name);

    while (left.n > 0) {
        const uint8_t *end = memchr(left.p, '\n', left.n);
        size_t n = end == NULL ? left.n : (size_t)(end - left.p) + 1, at = length + 1, last = n;
        const char *line = (const char *)left.p;

        if (n > length && strncasecmp(line, name, length) == 0 && line[length] == ':') {
            while (at < last && (line[at] == ' ' || line[at] == '\t'))
                at++;
            while (last > at && strchr(" \t\r\n", line[last - 1]) != NULL)
                last--;
            return (struct alc_bytes){left.p + at, last - at};
        }
        left.p += n;
        left.n -= n;
    }
    return (struct alc_bytes){NULL, 0};
}

/* ---- asking ---- */

/* The host as curl writes it: IPv4 in four decimals, IPv6 in brackets.  PUBLIC also for a name,
 * since only its addresses tell. */
static enum reach reach_of_host(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    char inner[INET6_ADDRSTRLEN];
    size_t n = strlen(host);

    if (inet_pton(AF_INET, host, &v4) == 1) return reach_v4((const uint8_t *)&v4);
    if (host[0] == '[' && n >= 2) {
        snprintf(inner, sizeof inner, "%.*s", (int)(n - 2), host + 1);
        return inet_pton(AF_INET6, inner, &v6) == 1 ? reach_v6(v6.s6_addr) : PUBLIC;
    }
    if (n > 0 && host[n - 1] == '.') n--;
    if ((n == 9 && strncasecmp(host, "localhost", 9) == 0) ||
        (n > 10 && strncasecmp(host + n - 10, ".localhost", 10) == 0))
        return LOOPBACK;
    return PUBLIC;
}

static enum alc_rc not_admitted(enum reach r, const char *host, struct alc_err *err)
{
    if (r == PRIVATE)
        return alc_fail(err, ALC_BAD_INPUT, "%s is in a private network: it is not asked", host);
    return alc_fail(err, ALC_BAD_INPUT, "%s is this machine: for development alone", host);
}

/* parse_url hands out a handle for curl, so that what was checked is what is asked.  The sentences
 * do not repeat the URL, which may hold a key. */
static enum alc_rc parse_url(CURLU **out, const struct alc_http_ask *ask, struct alc_err *err)
{
    CURLU *url = curl_url();
    char *scheme = NULL, *host = NULL;
    enum alc_rc rc = ALC_OK;
    CURLUcode code;

    if (url == NULL) return alc_fail(err, ALC_NOMEM, "no memory for a URL");
    code = curl_url_set(url, CURLUPART_URL, ask->url, 0);
    if (code == CURLUE_OK) code = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
    if (code == CURLUE_OK) code = curl_url_get(url, CURLUPART_HOST, &host, 0);
    if (code == CURLUE_OUT_OF_MEMORY)
        rc = alc_fail(err, ALC_NOMEM, "no memory for a URL");
    else if (code != CURLUE_OK)
        rc =
            alc_fail(err, ALC_BAD_INPUT, "not a URL of http or https: %s", curl_url_strerror(code));
    else if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
        rc = alc_fail(err, ALC_BAD_INPUT, "%s:// is not asked for, only https://", scheme);
    else if (!ask->plain_ok && strcmp(scheme, "http") == 0)
        rc = alc_fail(err, ALC_BAD_INPUT, "plain http:// to %s is for development alone", host);
    else if (!admitted(reach_of_host(host), ask->plain_ok, ask->public_only))
        rc = not_admitted(reach_of_host(host), host, err);
    curl_free(scheme);
    curl_free(host);
    if (rc == ALC_OK)
        *out = url;
    else
        curl_url_cleanup(url);
    return rc;
}

static bool add_header(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer == NULL) return false;
    *list = longer;
    return true;
}

static enum alc_rc make_headers(struct curl_slist **out, const struct alc_http_ask *ask,
                                struct alc_err *err)
{
    struct curl_slist *list = NULL;
    /* Without a value: curl leaves out what it would have put by itself, the type of a form and
     * the question whether a body is welcome, which costs a second where nobody answers it. */
    bool ok = add_header(&list, "Content-Type:") && add_header(&list, "Expect:");

    for (size_t i = 0; ok && ask->headers != NULL && ask->headers[i] != NULL; i++) {
        if (strpbrk(ask->headers[i], "\r\n") != NULL) {
            curl_slist_free_all(list);
            return alc_fail(err, ALC_BAD_INPUT, "a request header holds a line break");
        }
        ok = add_header(&list, ask->headers[i]);
    }
    if (!ok) {
        curl_slist_free_all(list);
        return alc_fail(err, ALC_NOMEM, "no memory for request headers");
    }
    *out = list;
    return ALC_OK;
}

/* The options of one exchange.  curl_easy_setopt fails for lack of memory, or where a libcurl was
 * built without a part; either way nothing may be sent. */
static bool set_options(struct alc_http *h, const struct alc_http_ask *ask, CURLU *url,
                        struct curl_slist *headers, struct exchange *x, char *sentence)
{
    const long timeout_ms = (long)(ask->timeout_ms == 0 ? TIMEOUT_MS : ask->timeout_ms);
    const long connect_ms = (long)(ask->connect_ms == 0 ? CONNECT_MS : ask->connect_ms);
    const char *protocols = ask->plain_ok ? "http,https" : "https";
    bool has_body = ask->body.n > 0 || strcmp(ask->method, "POST") == 0 ||
                    strcmp(ask->method, "PUT") == 0 || strcmp(ask->method, "PATCH") == 0;
    const char *body = ask->body.n > 0 ? (const char *)ask->body.p : "";
    CURL *e = h->easy;
    bool ok = true;

#define SET(option, v) ok = ok && curl_easy_setopt(e, CURLOPT_##option, v) == CURLE_OK
    curl_easy_reset(e);
    SET(CURLU, url);
    SET(PROTOCOLS_STR, protocols);
    SET(FOLLOWLOCATION, 0L);
    SET(SSL_VERIFYPEER, 1L);
    SET(SSL_VERIFYHOST, 2L);
    SET(NOSIGNAL, 1L);
    SET(NOPROXY, ask->unix_socket != NULL ? "*" : h->direct);
    if (ask->unix_socket != NULL) SET(UNIX_SOCKET_PATH, ask->unix_socket);
    SET(USERAGENT, "alcove/" ALC_VERSION);
    SET(TIMEOUT_MS, timeout_ms);
    SET(CONNECTTIMEOUT_MS, connect_ms);
    SET(MAXFILESIZE_LARGE, (curl_off_t)x->body.max_bytes);
    SET(HTTPHEADER, headers);
    SET(ERRORBUFFER, sentence);
    SET(OPENSOCKETFUNCTION, open_socket);
    SET(OPENSOCKETDATA, (void *)x);
    SET(WRITEFUNCTION, on_body);
    SET(WRITEDATA, (void *)x);
    SET(HEADERFUNCTION, on_header);
    SET(HEADERDATA, (void *)x);
    if (has_body) {
        SET(POSTFIELDSIZE_LARGE, (curl_off_t)ask->body.n);
        SET(POSTFIELDS, body);
    }
    if (strcmp(ask->method, "HEAD") == 0)
        SET(NOBODY, 1L);
    else
        SET(CUSTOMREQUEST, ask->method);
#undef SET
    return ok;
}

static bool stopped(const volatile bool *stop)
{
    return stop != NULL &&
           __atomic_load_n(stop, __ATOMIC_RELAXED); /* another thread's, or a signal's */
}

/* transfer runs the exchange that `easy` is set to; CURLE_ABORTED_BY_CALLBACK: stopped. */
static CURLcode transfer(struct alc_http *h, const volatile bool *stop)
{
    CURLcode code = CURLE_ABORTED_BY_CALLBACK;
    CURLMcode mc = curl_multi_add_handle(h->multi, h->easy);
    int running = 1, left;
    CURLMsg *m;

    while (mc == CURLM_OK && !stopped(stop)) {
        mc = curl_multi_perform(h->multi, &running);
        if (running == 0 || mc != CURLM_OK) break;
        mc = curl_multi_poll(h->multi, NULL, 0, stop == NULL ? 1000 : (int)STOP_POLL_MS, NULL);
    }
    if (mc != CURLM_OK) code = CURLE_OUT_OF_MEMORY;
    while ((m = curl_multi_info_read(h->multi, &left)) != NULL)
        if (m->msg == CURLMSG_DONE) code = m->data.result;
    curl_multi_remove_handle(h->multi, h->easy);
    return code;
}

static enum alc_rc outcome(CURLcode code, const struct exchange *x, const volatile bool *stop,
                           const char *sentence, struct alc_err *err)
{
    if (code == CURLE_OK && x->header_ended) return ALC_OK;
    if (code == CURLE_OK) return alc_fail(err, ALC_IO, "the answer broke off within its header");
    if (sentence[0] == 0) sentence = curl_easy_strerror(code);
    if (x->refused != PUBLIC) return not_admitted(x->refused, "the host", err);
    if (x->too_long || code == CURLE_FILESIZE_EXCEEDED)
        return alc_fail(err, ALC_LIMIT, "the answer is over %zu bytes, or its header over %zu",
                        x->body.max_bytes, HEADERS_MAX_BYTES);
    if (x->body.failed || x->headers.failed || code == CURLE_OUT_OF_MEMORY)
        return alc_fail(err, ALC_NOMEM, "no memory for an HTTP exchange");
    if (code == CURLE_ABORTED_BY_CALLBACK && stopped(stop))
        return alc_fail(err, ALC_TIMEOUT, "stopped while waiting for an answer");
    if (code == CURLE_OPERATION_TIMEDOUT) return alc_fail(err, ALC_TIMEOUT, "%s", sentence);
    if (code == CURLE_URL_MALFORMAT) return alc_fail(err, ALC_BAD_INPUT, "%s", sentence);
    return alc_fail(err, ALC_IO, "%s", sentence);
}

static bool worth_repeating(enum alc_rc rc, int status)
{
    if (rc != ALC_OK) return rc == ALC_IO || rc == ALC_TIMEOUT;
    return status == 429 || status == 502 || status == 503 || status == 504;
}

/* pause_for returns false when it was ended by the stop. */
static bool pause_for(uint32_t ms, const volatile bool *stop)
{
    while (ms > 0 && !stopped(stop)) {
        uint32_t step = ms < STOP_POLL_MS ? ms : STOP_POLL_MS;
        struct timespec t = {.tv_nsec = (long)step * 1000000};
        nanosleep(&t, NULL);
        ms -= step;
    }
    return !stopped(stop);
}

static enum alc_rc keep_answer(struct alc_http_answer *out, int status, const struct exchange *x,
                               struct alc_arena *arena, struct alc_err *err)
{
    struct alc_http_answer a = {.status = status};

    if (!alc_arena_copy(arena, alc_buf_bytes(&x->body), &a.body) ||
        !alc_arena_copy(arena, alc_buf_bytes(&x->headers), &a.headers) ||
        !alc_arena_copy(arena, alc_http_header(&a, "location"), &a.location)) /* with its NUL */
        return alc_fail(err, ALC_NOMEM, "no memory for an answer of %zu bytes", x->body.n);
    *out = a;
    return ALC_OK;
}

enum alc_rc alc_http_do(struct alc_http *h, struct alc_http_answer *out,
                        const struct alc_http_ask *ask, const volatile bool *stop,
                        struct alc_arena *arena, struct alc_err *err)
{
    struct exchange x = {.body = ALC_BUF(ask->max_bytes == 0 ? BODY_MAX_BYTES : ask->max_bytes),
                         .headers = ALC_BUF(HEADERS_MAX_BYTES),
                         .plain_ok = ask->plain_ok,
                         .public_only = ask->public_only,
                         .proxied = h->proxied};
    char sentence[CURL_ERROR_SIZE];
    struct curl_slist *headers = NULL;
    uint32_t tries = ask->tries == 0 ? 1 : ask->tries, pause_ms = PAUSE_FIRST_MS;
    CURLU *url = NULL;
    enum alc_rc rc;
    long status;

    rc = parse_url(&url, ask, err);
    if (rc != ALC_OK) goto out;
    rc = make_headers(&headers, ask, err);
    if (rc != ALC_OK) goto out;
    if (!set_options(h, ask, url, headers, &x, sentence)) {
        rc = alc_fail(err, ALC_NOMEM, "no memory for an HTTP exchange");
        goto out;
    }
    for (uint32_t try = 1;; try++) {
        alc_buf_reset(&x.body);
        alc_buf_reset(&x.headers);
        x.header_ended = false;
        x.refused = PUBLIC;
        status = 0;
        sentence[0] = 0;
        rc = outcome(transfer(h, stop), &x, stop, sentence, err);
        curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
        if (try == tries || stopped(stop) || !worth_repeating(rc, (int)status)) break;
        if (!pause_for(pause_ms, stop)) {
            rc = alc_fail(err, ALC_TIMEOUT, "stopped while waiting to try again");
            break;
        }
        pause_ms = pause_ms * 2 < PAUSE_MAX_MS ? pause_ms * 2 : PAUSE_MAX_MS;
    }
    if (rc == ALC_OK) rc = keep_answer(out, (int)status, &x, arena, err);
out:
    curl_easy_reset(h->easy); /* it points into this frame */
    curl_slist_free_all(headers);
    curl_url_cleanup(url);
    alc_buf_fini(&x.headers);
    alc_buf_fini(&x.body);
    return rc;
}
