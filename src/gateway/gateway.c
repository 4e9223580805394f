#include "gateway/room.h"

#include "base/enc.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_ARENA_BYTES (32u << 20)
#define ATTESTATIONS "/attestations/"

const char *const gw_state_names[ALC_JOB_STATES] = {
    [ALC_JOB_WAITING] = "waiting", [ALC_JOB_RUNNING] = "running", [ALC_JOB_DONE] = "done",
    [ALC_JOB_FAILED] = "failed",   [ALC_JOB_SETTLED] = "settled", [ALC_JOB_CANCELLED] = "cancelled",
};

bool gw_number(struct alc_bytes text, uint64_t *out)
{
    __uint128_t v;
    if (text.n > 20 || !alc_u128_decode(&v, text) || v > UINT64_MAX) return false;
    *out = (uint64_t)v;
    return true;
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
        alc_buf_printf(&out->body, "alcove_jobs{state=\"%s\"} %" PRIu64 "\n", gw_state_names[i],
                       count[i]);
    if (g->metrics != NULL) g->metrics(g->metrics_ctx, &out->body);
    return ALC_OK;
}

static enum alc_rc show_health(struct alc_httpd_answer *out)
{
    alc_buf_put_text(&out->body, "{\"status\":\"ok\"}");
    return ALC_OK;
}

/* ---- dispatch ---- */

bool gw_under(const char *path, const char *prefix, struct alc_bytes *rest)
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
    if (strcmp(ask->path, "/public/collateral") == 0) return gw_collateral(g, ask, out, arena, err);
    if (gw_under(ask->path, "/statements/", &rest)) return gw_statement(g, rest, out, arena, err);
    if (gw_under(ask->path, "/requests/", &rest)) return gw_request(g, rest, out, arena, err);
    if (gw_under(ask->path, ATTESTATIONS, &rest)) return gw_attestation(g, rest, out, arena, err);
    return alc_fail(err, ALC_NOT_FOUND,
                    "Unknown endpoint; there are /health, /metrics, /requests/<id>, "
                    "/statements/<hash>, /attestations/<task_id> and /public/collateral");
}

static void handle(void *ctx, const struct alc_httpd_ask *ask, struct alc_httpd_answer *out)
{
    struct alc_gateway *g = ctx;
    struct alc_arena arena = ALC_ARENA(ANSWER_ARENA_BYTES);
    struct alc_err err = {0};
    struct alc_bytes rest;
    enum alc_rc rc;

    pthread_mutex_lock(&g->lock);
    rc = route(g, ask, out, &arena, &err);
    pthread_mutex_unlock(&g->lock);
    if (rc == ALC_OK && out->body.failed) rc = ALC_NOMEM;
    if (rc != ALC_OK) {
        alc_buf_reset(&out->body);
        out->status = alc_rc_http(rc);
    }
    /* OutLayer's clients tell a record that is not there yet from an unknown page by an empty body.
     */
    if (rc != ALC_OK && !(rc == ALC_NOT_FOUND && gw_under(ask->path, ATTESTATIONS, &rest))) {
        struct alc_jw w = {.out = &out->body};
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
    g->register_id = conf->register_id;
    g->sets = conf->sets;
    g->attest = conf->attest;
    g->metrics = conf->metrics;
    g->metrics_ctx = conf->metrics_ctx;
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
