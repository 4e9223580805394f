#include "base/httpd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define IDLE_S 30u
#define STACK_BYTES ((size_t)2 << 20)
#define BODY_MAX_BYTES ((size_t)4 << 20) /* of max_body_bytes = 0 */
#define CONNECTIONS 1024u                /* of max_connections = 0 */
#define BACKLOG 512
#define LAST_ANSWERS_S 5 /* for clients to take what was made for them, when the server ends */

/* So much of a body over the limit is still read and dropped, since a client that is cut off while
 * it sends often misses the answer. */
#define DRAIN_BYTES ((size_t)16 << 20)

struct alc_httpd {
    struct MHD_Daemon *daemon;
    struct alc_httpd_conf conf; /* without `host`, with the defaults filled in */
    uint16_t port;
    pthread_mutex_t door;
    pthread_cond_t idle;
    size_t asked; /* requests that are whole, and whose answers are not sent; under `door` */
};

/* One request on its way in; lives from its header until the answer is sent. */
struct exchange {
    struct alc_buf body;
    size_t dropped; /* bytes over the limit */
    bool counted;   /* in `asked` */
};

static void count(struct alc_httpd *d, struct exchange *x)
{
    pthread_mutex_lock(&d->door);
    d->asked++;
    pthread_mutex_unlock(&d->door);
    x->counted = true;
}

static void uncount(struct alc_httpd *d, struct exchange *x)
{
    if (!x->counted) return;
    pthread_mutex_lock(&d->door);
    d->asked--;
    if (d->asked == 0) pthread_cond_signal(&d->idle);
    pthread_mutex_unlock(&d->door);
}

/* ---- answers ---- */

static const char *header(struct MHD_Connection *c, const char *name)
{
    return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

static bool add_cors(struct MHD_Connection *c, struct MHD_Response *r, bool preflight)
{
    const char *headers = header(c, "Access-Control-Request-Headers");

    if (MHD_add_response_header(r, "Access-Control-Allow-Origin", "*") != MHD_YES) return false;
    if (!preflight)
        return MHD_add_response_header(r, "Access-Control-Expose-Headers", "Location") == MHD_YES;
    if (headers == NULL) headers = "Authorization, Content-Type";
    return MHD_add_response_header(r, "Access-Control-Allow-Methods",
                                   "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS") == MHD_YES &&
           MHD_add_response_header(r, "Access-Control-Allow-Headers", headers) == MHD_YES &&
           MHD_add_response_header(r, "Access-Control-Max-Age", "86400") == MHD_YES;
}

/* send_answer frees the answer's body, now or when it is sent.  MHD_NO closes the connection. */
static enum MHD_Result send_answer(const struct alc_httpd *d, struct MHD_Connection *c,
                                   struct alc_httpd_answer *a, bool preflight)
{
    enum MHD_Result sent = MHD_NO;
    struct MHD_Response *r;
    bool ok = true;

    if (a->body.n > 0)
        r = MHD_create_response_from_buffer(a->body.n, a->body.p, MHD_RESPMEM_MUST_FREE);
    else
        r = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (a->body.n == 0 || r == NULL) alc_buf_fini(&a->body);
    if (r == NULL) return MHD_NO;
    if (!preflight) ok = MHD_add_response_header(r, "Content-Type", a->type) == MHD_YES;
    if (a->location[0] != 0)
        ok = ok && MHD_add_response_header(r, "Location", a->location) == MHD_YES;
    for (size_t i = 0; i < sizeof a->extra / sizeof *a->extra; i++)
        if (a->extra[i].name != NULL)
            ok = ok && MHD_add_response_header(r, a->extra[i].name, a->extra[i].value) == MHD_YES;
    if (d->conf.cors) ok = ok && add_cors(c, r, preflight);
    if (ok) sent = MHD_queue_response(c, (unsigned int)a->status, r);
    MHD_destroy_response(r);
    return sent;
}

static struct alc_httpd_answer new_answer(int status)
{
    return (struct alc_httpd_answer){
        .status = status, .type = "application/json", .body = ALC_BUF(ALC_HTTPD_ANSWER_MAX_BYTES)};
}

static enum MHD_Result send_error(const struct alc_httpd *d, struct MHD_Connection *c, int status,
                                  const char *sentence)
{
    struct alc_httpd_answer a = new_answer(status);
    alc_buf_printf(&a.body, "{\"error\":\"%s\"}", sentence);
    return send_answer(d, c, &a, false);
}

static enum MHD_Result send_too_large(const struct alc_httpd *d, struct MHD_Connection *c)
{
    char text[64];
    snprintf(text, sizeof text, "the body is over %zu bytes", d->conf.max_body_bytes);
    return send_error(d, c, MHD_HTTP_CONTENT_TOO_LARGE, text);
}

/* ---- requests ---- */

/* A request through a proxy, or of a client that takes this server for one, names the whole URL. */
static const char *path_of(const char *path)
{
    static const char scheme[] = "http://";
    const char *slash;

    if (strncasecmp(path, scheme, sizeof scheme - 1) != 0) return path;
    slash = strchr(path + sizeof scheme - 1, '/');
    return slash != NULL ? slash : "/";
}

static enum MHD_Result call_handler(const struct alc_httpd *d, struct MHD_Connection *c,
                                    const char *method, const char *path, const struct exchange *x)
{
    struct alc_httpd_answer a = new_answer(MHD_HTTP_OK);
    struct alc_httpd_ask ask = {.method = strcmp(method, "HEAD") == 0 ? "GET" : method,
                                .path = path_of(path),
                                .body = alc_buf_bytes(&x->body),
                                .connection = c};

    if (d->conf.cors && strcmp(method, "OPTIONS") == 0) {
        a.status = MHD_HTTP_NO_CONTENT;
        return send_answer(d, c, &a, true);
    }
    /* The idle limit is off while the handler works and starts again with the answer. */
    MHD_set_connection_option(c, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
    d->conf.handle(d->conf.ctx, &ask, &a);
    MHD_set_connection_option(c, MHD_CONNECTION_OPTION_TIMEOUT, IDLE_S);
    if (a.body.failed) {
        alc_buf_fini(&a.body);
        return send_error(d, c, MHD_HTTP_INTERNAL_SERVER_ERROR, "the answer is too large");
    }
    return send_answer(d, c, &a, false);
}

const char *alc_httpd_query(const struct alc_httpd_ask *ask, const char *name)
{
    static const char none[] = "";
    const char *value = NULL;
    size_t n;

    if (ask->connection == NULL ||
        MHD_lookup_connection_value_n(ask->connection, MHD_GET_ARGUMENT_KIND, name, strlen(name),
                                      &value, &n) != MHD_YES)
        return NULL;
    return value != NULL ? value : none;
}

/* Whether a body that is announced should not even be sent. */
static bool refuse_early(const struct alc_httpd *d, struct MHD_Connection *c)
{
    const char *length = header(c, "Content-Length");
    size_t most = d->conf.max_body_bytes;

    if (length == NULL) return false;
    if (header(c, "Expect") == NULL && !alc_add(most, DRAIN_BYTES, &most)) return false;
    return strtoull(length, NULL, 10) > most;
}

/* libmicrohttpd calls this once for the header, for each piece of the body, and at its end. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *path,
                                  const char *method, const char *version, const char *piece,
                                  size_t *piece_bytes, void **state)
{
    struct alc_httpd *d = cls;
    struct exchange *x = *state;

    (void)version;
    if (x == NULL) {
        if (refuse_early(d, c)) return send_too_large(d, c);
        x = calloc(1, sizeof *x);
        if (x == NULL) return MHD_NO;
        x->body = ALC_BUF(d->conf.max_body_bytes);
        *state = x;
        return MHD_YES;
    }
    if (*piece_bytes > 0) {
        if (x->dropped > 0 || *piece_bytes > d->conf.max_body_bytes - x->body.n)
            x->dropped += *piece_bytes;
        else
            alc_buf_put(&x->body, piece, *piece_bytes);
        *piece_bytes = 0;
        return x->dropped > DRAIN_BYTES ? MHD_NO : MHD_YES;
    }
    if (x->dropped > 0) return send_too_large(d, c);
    if (x->body.failed) return send_error(d, c, MHD_HTTP_SERVICE_UNAVAILABLE, "no memory");
    count(d, x);
    return call_handler(d, c, method, path, x);
}

static void on_completed(void *cls, struct MHD_Connection *c, void **state,
                         enum MHD_RequestTerminationCode how)
{
    struct exchange *x = *state;

    (void)c;
    (void)how;
    if (x == NULL) return;
    uncount(cls, x);
    alc_buf_fini(&x->body);
    free(x);
    *state = NULL;
}

/* ---- life ---- */

/* The socket is made here, not by libmicrohttpd, so that errno says why it could not be. */
static enum alc_rc listen_on(int *out, uint16_t *real_port, const char *host, uint16_t port,
                             struct alc_err *err)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    bool is_v4 = inet_pton(AF_INET, host, &v4.sin_addr) == 1;
    struct sockaddr *address = is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
    socklen_t n = is_v4 ? sizeof v4 : sizeof v6;
    int fd, yes = 1;

    if (!is_v4 && inet_pton(AF_INET6, host, &v6.sin6_addr) != 1)
        return alc_fail(err, ALC_BAD_INPUT, "'%s' is not a numeric address to listen on", host);
    fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) goto fail;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0) goto fail;
    if (bind(fd, address, n) != 0 || listen(fd, BACKLOG) != 0) goto fail;
    if (getsockname(fd, address, &n) != 0) goto fail;
    *real_port = ntohs(is_v4 ? v4.sin_port : v6.sin6_port);
    *out = fd;
    return ALC_OK;
fail:
    alc_fail(err, ALC_IO, "cannot listen on %s port %u: %s", host, port, strerror(errno));
    if (fd >= 0) close(fd);
    return ALC_IO;
}

static void init_count(struct alc_httpd *d)
{
    pthread_condattr_t attr;

    pthread_mutex_init(&d->door, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&d->idle, &attr);
    pthread_condattr_destroy(&attr);
}

static void fini_count(struct alc_httpd *d)
{
    pthread_cond_destroy(&d->idle);
    pthread_mutex_destroy(&d->door);
}

/* libmicrohttpd cuts connections off when it stops, answers under way or not. */
static void await_answers(struct alc_httpd *d)
{
    struct timespec due;

    clock_gettime(CLOCK_MONOTONIC, &due);
    due.tv_sec += LAST_ANSWERS_S;
    pthread_mutex_lock(&d->door);
    while (d->asked > 0 && pthread_cond_timedwait(&d->idle, &d->door, &due) != ETIMEDOUT)
        continue;
    pthread_mutex_unlock(&d->door);
}

enum alc_rc alc_httpd_open(struct alc_httpd **out, const struct alc_httpd_conf *conf,
                           struct alc_err *err)
{
    const unsigned int flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
                               MHD_USE_POLL | MHD_USE_ITC;
    struct alc_httpd *d = calloc(1, sizeof *d);
    enum alc_rc rc;
    int fd = -1;

    if (d == NULL) return alc_fail(err, ALC_NOMEM, "no memory for an HTTP server");
    init_count(d);
    d->conf = *conf;
    d->conf.host = NULL;
    if (d->conf.max_body_bytes == 0) d->conf.max_body_bytes = BODY_MAX_BYTES;
    if (d->conf.max_connections == 0) d->conf.max_connections = CONNECTIONS;
    rc = listen_on(&fd, &d->port, conf->host, conf->port, err);
    if (rc != ALC_OK) goto fail;
    d->daemon =
        MHD_start_daemon(flags, d->port, NULL, NULL, on_request, d, MHD_OPTION_LISTEN_SOCKET, fd,
                         MHD_OPTION_CONNECTION_LIMIT, d->conf.max_connections,
                         MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_THREAD_STACK_SIZE,
                         STACK_BYTES, MHD_OPTION_NOTIFY_COMPLETED, on_completed, d, MHD_OPTION_END);
    if (d->daemon == NULL) { /* it has closed fd */
        rc = alc_fail(err, ALC_NOMEM, "cannot start the HTTP server: no memory or threads");
        goto fail;
    }
    *out = d;
    return ALC_OK;
fail:
    fini_count(d);
    free(d);
    return rc;
}

uint16_t alc_httpd_port(const struct alc_httpd *d)
{
    return d->port;
}

void alc_httpd_close(struct alc_httpd *d)
{
    int listener;

    if (d == NULL) return;
    listener = MHD_quiesce_daemon(d->daemon);
    await_answers(d);
    MHD_stop_daemon(d->daemon);
    if (listener >= 0) close(listener);
    fini_count(d);
    free(d);
}
