#include "worker/parts.h"

#define FETCH_TIMEOUT_MS 30000u

/* fetch asks one URL and checks what came against the hash that the contract was given.  `strange`:
 * the URL is the caller's, who shall not look around in the operator's network. */
static enum alc_rc fetch(struct wk_slot *s, struct alc_bytes *out, const char *url, bool strange,
                         const struct alc_hash *want, struct alc_arena *arena, struct alc_err *err)
{
    const struct alc_http_ask ask = {.method = "GET",
                                     .url = url,
                                     .timeout_ms = FETCH_TIMEOUT_MS,
                                     .max_bytes = ALC_ENGINE_MODULE_MAX_BYTES,
                                     .tries = 2,
                                     .plain_ok = s->worker->conf.plain_http,
                                     .public_only = strange && !s->worker->conf.plain_http};
    struct alc_http_answer answer;
    struct alc_hash got;
    enum alc_rc rc = alc_http_do(s->http, &answer, &ask, &s->worker->stop, arena, err);

    if (rc != ALC_OK) return rc;
    if (answer.status != 200)
        return alc_fail(err, ALC_NOT_FOUND, "the server answered status %d", answer.status);
    alc_sha256(&got, answer.body);
    if (!alc_hash_eq(&got, want))
        return alc_fail(err, ALC_BAD_INPUT,
                        "the %zu bytes there have another SHA-256 than the request says",
                        answer.body.n);
    *out = answer.body;
    return ALC_OK;
}

/* fetch_any asks the mirror, then the module's own URL. */
static enum alc_rc fetch_any(struct wk_slot *s, struct alc_bytes *out, const struct wk_request *r,
                             struct alc_arena *arena, struct alc_err *err)
{
    const char *mirror = s->worker->conf.module_mirror, *said = NULL, *url;
    enum alc_rc rc;

    if (mirror[0] != 0) {
        url = alc_arena_text(arena, "%s/%.*s", mirror, (int)r->hash_hex.n,
                             (const char *)r->hash_hex.p);
        if (url == NULL) return ALC_NOMEM;
        rc = fetch(s, out, url, false, &r->code, arena, err);
        if (rc == ALC_OK) return ALC_OK;
        alc_log(ALC_WARN, "worker.mirror", "code=%.*s why=\"%s\"", (int)r->hash_hex.n,
                (const char *)r->hash_hex.p, alc_err_text(err, rc));
        /* Who asked hears what came from there; its address is the operator's own. */
        said = alc_arena_text(arena, "; nor from the worker's mirror: %s",
                              alc_rc_again(rc) ? "no answer" : alc_err_text(err, rc));
        if (said == NULL) return ALC_NOMEM;
    }
    rc = fetch(s, out, (const char *)r->url.p, true, &r->code, arena, err);
    if (rc != ALC_OK && said != NULL) {
        const char *text = alc_arena_text(arena, "%s%s", alc_err_text(err, rc), said);
        if (text != NULL) (void)alc_fail(err, rc, "%s", text);
    }
    if (rc != ALC_OK) alc_fail_in(err, "cannot get the module");
    return rc;
}

enum alc_rc wk_module(struct wk_slot *s, struct alc_bytes *out, uint64_t *fetched_ms, bool *fetched,
                      const struct wk_request *r, struct alc_arena *arena, struct alc_err *err)
{
    const struct alc_clock *clock = s->worker->conf.clock;
    uint64_t begun = alc_clock_mono_ms(clock);
    enum alc_rc rc;

    *fetched = false;
    *fetched_ms = 0;
    rc = alc_blob_get(s->store, out, &r->code, arena, err);
    if (rc == ALC_CORRUPT) /* fetching mends it */
        alc_log(ALC_ERROR, "worker.blob", "why=\"%s\" next=\"fetched anew\"",
                alc_err_text(err, rc));
    else if (rc != ALC_NOT_FOUND)
        return rc;
    rc = fetch_any(s, out, r, arena, err);
    if (rc != ALC_OK) return rc;
    *fetched = true;
    *fetched_ms = alc_clock_mono_ms(clock) - begun;
    rc = alc_blob_put(s->store, &r->code, *out, err);
    if (rc != ALC_OK) /* a full disk is no reason not to run what is here */
        alc_log(ALC_WARN, "worker.blob", "why=\"%s\" next=\"runs without keeping it\"",
                alc_err_text(err, rc));
    return ALC_OK;
}
