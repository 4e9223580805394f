#include "worker/parts.h"

#include "base/enc.h"

#define VIEW_MAX_BYTES (8u << 20)
#define LAG_MAX_MS 10000u
#define LAG_PAUSE_MS 250u

static bool hex_hash(const struct alc_json *v, struct alc_hash *out)
{
    struct alc_bytes text;
    size_t n;
    return alc_json_str(v, &text) && alc_hex_decode(out->b, sizeof out->b, &n, text) &&
           n == sizeof out->b;
}

static enum alc_rc view(struct wk_slot *s, struct alc_json **out, const char *method,
                        uint64_t request_id, struct alc_arena *arena, struct alc_err *err)
{
    const char *args =
        alc_arena_text(arena, "{\"request_id\":%llu}", (unsigned long long)request_id);
    struct alc_bytes bytes;
    enum alc_rc rc;

    if (args == NULL) return ALC_NOMEM;
    rc = alc_near_rpc_view(s->rpc, &bytes, s->worker->conf.contract_id, method, alc_cstr(args),
                           arena, err);
    if (rc == ALC_OK) rc = alc_json_open(out, bytes, VIEW_MAX_BYTES, err);
    if (rc == ALC_OK && alc_json_kind(*out) == ALC_JSON_NULL) {
        alc_json_close(*out);
        *out = NULL;
        rc = alc_fail(err, ALC_NOT_FOUND, "the contract no longer waits for request %llu",
                      (unsigned long long)request_id);
    }
    return rc;
}

/* catch_up waits until the node has come to `height`. */
static enum alc_rc catch_up(struct wk_slot *s, uint64_t height, struct alc_err *err)
{
    struct alc_worker *w = s->worker;
    uint64_t begun = alc_clock_mono_ms(w->conf.clock);
    struct alc_near_block_ref head;

    for (;;) {
        enum alc_rc rc = alc_near_rpc_final(s->rpc, &head, err);
        if (rc != ALC_OK || head.height >= height) return rc;
        if (w->stop || alc_clock_mono_ms(w->conf.clock) - begun >= LAG_MAX_MS)
            return alc_fail(err, ALC_BUSY,
                            "the node is at block %llu, the request is in block %llu",
                            (unsigned long long)head.height, (unsigned long long)height);
        pthread_mutex_lock(&w->lock);
        if (!w->stop) wk_pause(w, &w->wake, LAG_PAUSE_MS);
        pthread_mutex_unlock(&w->lock);
    }
}

enum alc_rc wk_context_read(struct wk_slot *s, struct wk_context *out, uint64_t request_id,
                            uint64_t height, struct alc_arena *arena, struct alc_err *err)
{
    struct alc_json *doc = NULL;
    enum alc_rc rc = view(s, &doc, "get_request_context", request_id, arena, err);

    /* Ended; or this node lags behind the block server that told of the request. */
    if (rc == ALC_NOT_FOUND) {
        rc = catch_up(s, height, err);
        if (rc == ALC_OK) rc = view(s, &doc, "get_request_context", request_id, arena, err);
    }
    if (rc != ALC_OK) return rc;
    if (!hex_hash(alc_json_get(doc, "data_id"), &out->data_id) ||
        !hex_hash(alc_json_get(doc, "request_hash"), &out->request_hash) ||
        !hex_hash(alc_json_get(doc, "deployment_id"), &out->deployment_id))
        rc = alc_fail(err, ALC_IO,
                      "get_request_context of %s has another form than this worker knows",
                      s->worker->conf.contract_id);
    alc_json_close(doc);
    return rc;
}

enum alc_rc wk_input(struct wk_slot *s, struct alc_bytes *out, uint64_t request_id,
                     struct alc_arena *arena, struct alc_err *err)
{
    struct alc_json *doc = NULL;
    struct alc_bytes text;
    enum alc_rc rc = view(s, &doc, "get_request", request_id, arena, err);

    if (rc != ALC_OK) return rc;
    if (!alc_json_str(alc_json_get(doc, "input_data"), &text))
        rc = alc_fail(err, ALC_IO, "get_request of %s shows no input_data",
                      s->worker->conf.contract_id);
    else if (!alc_arena_copy(arena, text, out))
        rc = ALC_NOMEM;
    alc_json_close(doc);
    return rc;
}

enum alc_rc wk_anchor(struct wk_slot *s, struct alc_err *err)
{
    uint64_t now = alc_clock_mono_ms(s->worker->conf.clock);
    enum alc_rc rc;

    if (s->anchor_ms != 0 && now - s->anchor_ms < 1000) return ALC_OK;
    rc = alc_near_rpc_final(s->rpc, &s->anchor, err);
    if (rc == ALC_OK) s->anchor_ms = now;
    return rc;
}
