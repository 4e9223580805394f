#include "gateway/gateway.h"

#include "attest/attest.h"
#include "base/enc.h"
#include "base/httpd.h"
#include "base/json.h"
#include "queue/queue.h"
#include "store/store.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_ARENA_BYTES (16u << 20)

struct alc_gateway {
    pthread_mutex_t lock; /* handlers run on many threads; the connection is for one at a time */
    struct alc_store *store;
    struct alc_queue *queue;
    struct alc_bytes contract_id;
    struct alc_httpd *httpd;
};

static const char *const state_names[ALC_JOB_STATES] = {
    [ALC_JOB_WAITING] = "waiting", [ALC_JOB_RUNNING] = "running", [ALC_JOB_DONE] = "done",
    [ALC_JOB_FAILED] = "failed",   [ALC_JOB_SETTLED] = "settled", [ALC_JOB_CANCELLED] = "cancelled",
};

/* ---- /statements/<hash> ---- */

/* add_evidence puts what the statement speaks of beside it, when the job is still known. */
static enum alc_rc add_evidence(struct alc_gateway *g, struct alc_bundle *b,
                                struct alc_arena *arena, struct alc_err *err)
{
    struct alc_bytes body = b->signed_statement;
    struct alc_statement s;
    struct alc_answer answer;
    struct alc_job job;
    bool answered;
    uint64_t id;
    enum alc_rc rc;

    if (body.n < ALC_STATEMENT_SIG_BYTES) return ALC_OK;
    body.n -= ALC_STATEMENT_SIG_BYTES;
    if (!alc_statement_read(&s, body)) return ALC_OK;
    rc = alc_queue_find(g->queue, &id, s.contract_id, s.request_id, err);
    if (rc == ALC_OK) rc = alc_queue_get(g->queue, &job, &answer, &answered, id, arena, err);
    if (rc == ALC_NOT_FOUND) return ALC_OK;
    if (rc != ALC_OK || !answered || !alc_bytes_eq(answer.statement, b->signed_statement))
        return rc;
    b->has_request = true;
    b->request = job.request.data;
    b->has_output = answer.output_kind != ALC_OUTPUT_NONE;
    b->output = answer.output;
    return ALC_OK;
}

static enum alc_rc show_statement(struct alc_gateway *g, struct alc_bytes name,
                                  struct alc_httpd_answer *out, struct alc_arena *arena,
                                  struct alc_err *err)
{
    struct alc_bundle b = {.has_request = false};
    struct alc_hash hash;
    size_t n;
    enum alc_rc rc;

    if (!alc_hex_decode(hash.b, sizeof hash.b, &n, name) || n != sizeof hash.b)
        return alc_fail(err, ALC_BAD_INPUT, "a statement is named by 64 hex digits");
    rc = alc_queue_statement(g->queue, &b.signed_statement, &hash, arena, err);
    if (rc == ALC_OK) rc = add_evidence(g, &b, arena, err);
    if (rc == ALC_OK) alc_bundle_write(&out->body, &b);
    return rc;
}

/* ---- /requests/<id> ---- */

static void put_answer(struct alc_jw *w, const struct alc_answer *a)
{
    struct alc_bytes body = a->statement;
    struct alc_hash hash;

    alc_jw_key(w, "success");
    alc_jw_bool(w, a->success);
    alc_jw_key(w, "error");
    if (a->error.n > 0)
        alc_jw_str(w, a->error);
    else
        alc_jw_null(w);
    alc_jw_key(w, "statement_hash");
    if (body.n > ALC_STATEMENT_SIG_BYTES) {
        body.n -= ALC_STATEMENT_SIG_BYTES;
        alc_sha256(&hash, body);
        alc_jw_hex(w, alc_hash_bytes(&hash));
    } else {
        alc_jw_null(w);
    }
}

static bool read_number(struct alc_bytes text, uint64_t *out)
{
    __uint128_t v;
    if (text.n > 20 || !alc_u128_decode(&v, text) || v > UINT64_MAX) return false;
    *out = (uint64_t)v;
    return true;
}

static enum alc_rc show_request(struct alc_gateway *g, struct alc_bytes name,
                                struct alc_httpd_answer *out, struct alc_arena *arena,
                                struct alc_err *err)
{
    struct alc_jw w = {.out = &out->body};
    struct alc_answer answer;
    struct alc_job job;
    uint64_t request, id;
    bool answered;
    enum alc_rc rc;

    if (!read_number(name, &request))
        return alc_fail(err, ALC_BAD_INPUT, "a request is named by its number");
    rc = alc_queue_find(g->queue, &id, g->contract_id, request, err);
    if (rc == ALC_OK) rc = alc_queue_get(g->queue, &job, &answer, &answered, id, arena, err);
    if (rc != ALC_OK) return rc;
    alc_jw_obj(&w);
    alc_jw_key(&w, "contract_id");
    alc_jw_str(&w, g->contract_id);
    alc_jw_key(&w, "request_id");
    alc_jw_u64(&w, request);
    alc_jw_key(&w, "state");
    alc_jw_text(&w, state_names[job.state]);
    alc_jw_key(&w, "tries");
    alc_jw_u64(&w, job.tries);
    if (answered) put_answer(&w, &answer);
    alc_jw_end(&w);
    return ALC_OK;
}

/* ---- /metrics, /health ---- */

static enum alc_rc show_metrics(struct alc_gateway *g, struct alc_httpd_answer *out,
                                struct alc_err *err)
{
    uint64_t count[ALC_JOB_STATES];
    enum alc_rc rc = alc_queue_count(g->queue, count, err);

    if (rc != ALC_OK) return rc;
    out->type = "text/plain; version=0.0.4";
    alc_buf_put_text(&out->body,
                     "# HELP alcove_jobs Jobs in each state.\n# TYPE alcove_jobs gauge\n");
    for (unsigned i = 0; i < ALC_JOB_STATES; i++)
        alc_buf_printf(&out->body, "alcove_jobs{state=\"%s\"} %" PRIu64 "\n", state_names[i],
                       count[i]);
    return ALC_OK;
}

static enum alc_rc show_health(struct alc_httpd_answer *out)
{
    alc_buf_put_text(&out->body, "{\"status\":\"ok\"}");
    return ALC_OK;
}

/* ---- dispatch ---- */

static bool under(const char *path, const char *prefix, struct alc_bytes *rest)
{
    size_t n = strlen(prefix);
    if (strncmp(path, prefix, n) != 0) return false;
    *rest = alc_cstr(path + n);
    return true;
}

static enum alc_rc route(struct alc_gateway *g, const struct alc_httpd_ask *ask,
                         struct alc_httpd_answer *out, struct alc_arena *arena, struct alc_err *err)
{
    struct alc_bytes rest;

    if (strcmp(ask->method, "GET") != 0)
        return alc_fail(err, ALC_BAD_INPUT, "only GET is answered here");
    if (strcmp(ask->path, "/health") == 0) return show_health(out);
    if (strcmp(ask->path, "/metrics") == 0) return show_metrics(g, out, err);
    if (under(ask->path, "/statements/", &rest)) return show_statement(g, rest, out, arena, err);
    if (under(ask->path, "/requests/", &rest)) return show_request(g, rest, out, arena, err);
    return alc_fail(err, ALC_NOT_FOUND,
                    "there is no such page: /health, /metrics, /requests/<id>, /statements/<hash>");
}

static void handle(void *ctx, const struct alc_httpd_ask *ask, struct alc_httpd_answer *out)
{
    struct alc_gateway *g = ctx;
    struct alc_arena arena = ALC_ARENA(ANSWER_ARENA_BYTES);
    struct alc_err err = {0};
    enum alc_rc rc;

    pthread_mutex_lock(&g->lock);
    rc = route(g, ask, out, &arena, &err);
    pthread_mutex_unlock(&g->lock);
    if (rc == ALC_OK && out->body.failed) rc = ALC_NOMEM;
    if (rc != ALC_OK) {
        struct alc_jw w = {.out = &out->body};
        alc_buf_reset(&out->body);
        out->status = alc_rc_http(rc);
        alc_jw_obj(&w);
        alc_jw_key(&w, "error");
        alc_jw_text(&w, alc_err_text(&err, rc));
        alc_jw_end(&w);
    }
    alc_arena_fini(&arena);
}

enum alc_rc alc_gateway_open(struct alc_gateway **out, const struct alc_gateway_conf *conf,
                             struct alc_err *err)
{
    struct alc_gateway *g = calloc(1, sizeof *g);
    const struct alc_httpd_conf httpd = {
        .host = conf->host, .port = conf->port, .cors = true, .handle = handle, .ctx = g};
    enum alc_rc rc;

    if (g == NULL) return alc_fail(err, ALC_NOMEM, "no memory for the gateway");
    pthread_mutex_init(&g->lock, NULL);
    g->contract_id = alc_cstr(conf->contract_id);
    rc = alc_store_open(&g->store, conf->store_path, false, err);
    if (rc == ALC_OK) rc = alc_queue_open(&g->queue, g->store, err);
    if (rc == ALC_OK) rc = alc_httpd_open(&g->httpd, &httpd, err);
    if (rc == ALC_OK)
        *out = g;
    else
        alc_gateway_close(g);
    return rc;
}

uint16_t alc_gateway_port(const struct alc_gateway *g)
{
    return alc_httpd_port(g->httpd);
}

void alc_gateway_close(struct alc_gateway *g)
{
    if (g == NULL) return;
    alc_httpd_close(g->httpd);
    alc_queue_close(g->queue);
    alc_store_close(g->store);
    pthread_mutex_destroy(&g->lock);
    free(g);
}
