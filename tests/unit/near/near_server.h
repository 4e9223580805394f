/* A NEAR server for tests: on loopback, port 0, answering by a function of the test. */
#ifndef NEAR_SERVER_H
#define NEAR_SERVER_H

#include "near_test.h"

#include <pthread.h>

#include "base/httpd.h"

struct server;
/* Fills the answer to the n-th request, from 0. */
typedef void (*server_fn)(struct server *s, unsigned n, const struct alc_httpd_ask *ask,
                          struct alc_httpd_answer *answer);

struct server {
    struct alc_httpd *httpd;
    char url[64];
    server_fn respond;
    volatile bool stop; /* a test may hand this to a client */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool released; /* silent handlers go home */
    unsigned asked;
    char method[8][64]; /* of JSON-RPC, or the path; of the first requests */
    char params[8][512];
};

static inline void server_note(struct server *s, unsigned n, const struct alc_httpd_ask *ask)
{
    struct alc_buf params = ALC_BUF(1u << 22);
    struct alc_json *doc = NULL;
    const char *method = ask->path;

    if (n < 8 && ask->body.n > 0 && alc_json_open(&doc, ask->body, 1u << 22, NULL) == ALC_OK) {
        if (!alc_json_text(alc_json_get(doc, "method"), &method)) method = "?";
        alc_json_dump(alc_json_get(doc, "params"), &params);
    }
    if (n < 8) {
        snprintf(s->method[n], sizeof s->method[n], "%s", method);
        snprintf(s->params[n], sizeof s->params[n], "%s", alc_buf_text(&params));
    }
    alc_json_close(doc);
    alc_buf_fini(&params);
}

static inline void server_handle(void *ctx, const struct alc_httpd_ask *ask,
                                 struct alc_httpd_answer *answer)
{
    struct server *s = ctx;
    unsigned n;

    pthread_mutex_lock(&s->lock);
    n = s->asked++;
    server_note(s, n, ask);
    pthread_mutex_unlock(&s->lock);
    s->respond(s, n, ask, answer);
}

static inline void server_open(struct server *s, server_fn respond)
{
    struct alc_httpd_conf conf = {
        .host = "127.0.0.1", .max_body_bytes = 8u << 20, .handle = server_handle, .ctx = s};
    struct alc_err err;

    memset(s, 0, sizeof *s);
    s->respond = respond;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->wake, NULL);
    if (alc_httpd_open(&s->httpd, &conf, &err) != ALC_OK) fail_msg("%s", err.text);
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%u", alc_httpd_port(s->httpd));
}

static inline void server_close(struct server *s)
{
    pthread_mutex_lock(&s->lock);
    s->released = true;
    pthread_cond_broadcast(&s->wake);
    pthread_mutex_unlock(&s->lock);
    alc_httpd_close(s->httpd);
    pthread_cond_destroy(&s->wake);
    pthread_mutex_destroy(&s->lock);
}

static inline unsigned server_asked(struct server *s)
{
    unsigned n;

    pthread_mutex_lock(&s->lock);
    n = s->asked;
    pthread_mutex_unlock(&s->lock);
    return n;
}

/* silence holds the request until the server is closed. */
static inline void silence(struct server *s)
{
    pthread_mutex_lock(&s->lock);
    while (!s->released)
        pthread_cond_wait(&s->wake, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

/* reply wraps `member` ("\"result\":..." or "\"error\":...") in an envelope that echoes the id. */
static inline void reply(const struct alc_httpd_ask *ask, struct alc_httpd_answer *answer,
                         int status, const char *member)
{
    struct alc_json *doc = NULL;
    uint64_t id = 0;

    if (alc_json_open(&doc, ask->body, 1u << 22, NULL) != ALC_OK ||
        !alc_json_u64(alc_json_get(doc, "id"), &id))
        id = 0;
    alc_json_close(doc);
    answer->status = status;
    alc_buf_printf(&answer->body, "{\"jsonrpc\":\"2.0\",%s,\"id\":%llu}", member,
                   (unsigned long long)id);
}

static inline void words(struct alc_httpd_answer *answer, int status, const char *text)
{
    answer->status = status;
    alc_buf_put_text(&answer->body, text);
}

#endif
