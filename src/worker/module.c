#include "worker/parts.h"

#define FETCH_TIMEOUT_MS 30000u

/* fetch asks one URL and checks what came against the hash that the contract was given. */
static enum alc_rc fetch(struct wk_slot *s, struct alc_bytes *out, const char *url,
                         const struct alc_hash *want, struct alc_arena *arena, struct alc_err *err)
{
    const struct alc_http_ask ask = {.method = "GET",
                                     .url = url,
                                     .timeout_ms = FETCH_TIMEOUT_MS,
                                     .max_bytes = ALC_ENGINE_MODULE_MAX_BYTES,
                                     .tries = 2,
                                     .plain_ok = s->worker->conf.plain_http};
    struct alc_http_answer answer;
    struct alc_hash got;
    enum alc_rc rc = alc_http_do(s->http, &answer, &ask, &s->worker->stop, arena, err);

    if (rc != ALC_OK) return rc;
    if (answer.status != 200)
        return alc_fail(err, ALC_NOT_FOUND, "%s answered status %d", url, answer.status);
    alc_sha256(&got, answer.body);
    if (!alc_hash_eq(&got, want))
        return alc_fail(err, ALC_BAD_INPUT, "the %zu bytes at %s have another SHA-256 than the request says",
                        answer.body.n, url);
    *out = answer.body;
    return ALC_OK;
}

enum alc_rc wk_module(struct wk_slot *s, struct alc_bytes *out, uint64_t *fetched_ms, bool *fetched,
                      const struct wk_request *r, struct alc_arena *arena, struct alc_err *err)
{
    const struct alc_clock *clock = s->worker->conf.clock;
    const char *mirror = s->worker->conf.module_mirror;
    uint64_t begun = alc_clock_mono_ms(clock);
    enum alc_rc rc;

    *fetched = false;
    *fetched_ms = 0;
    rc = alc_blob_get(s->store, out, &r->code, arena, err);
    if (rc != ALC_NOT_FOUND) return rc;
    if (mirror[0] != 0) {
        const char *url = alc_arena_text(arena, "%s/%.*s", mirror, (int)r->hash_hex.n,
                                         (const char *)r->hash_hex.p);
        rc = url == NULL ? ALC_NOMEM : fetch(s, out, url, &r->code, arena, err);
        if (rc != ALC_OK)
            alc_log(ALC_WARN, "worker.mirror", "code=%.*s why=\"%s\"", (int)r->hash_hex.n,
                    (const char *)r->hash_hex.p, alc_err_text(err, rc));
    }
    if (rc != ALC_OK) rc = fetch(s, out, (const char *)r->url.p, &r->code, arena, err);
    if (rc != ALC_OK) {
        alc_fail_in(err, "cannot get the module");
        return rc;
    }
    *fetched = true;
    *fetched_ms = alc_clock_mono_ms(clock) - begun;
    return alc_blob_put(s->store, &r->code, *out, err);
}
