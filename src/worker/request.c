#include "worker/parts.h"

#include "base/enc.h"

#include <string.h>

/* request_data carries the input, at most 9,999 bytes, escaped. */
#define REQUEST_DATA_MAX_BYTES (64u << 10)

static bool text(const struct alc_json *object, const char *key, struct alc_arena *arena,
                 struct alc_bytes *out)
{
    struct alc_bytes b;
    return alc_json_str(alc_json_get(object, key), &b) && alc_arena_copy(arena, b, out);
}

static bool flag(const struct alc_json *object, const char *key, bool *out)
{
    const struct alc_json *v = alc_json_get(object, key);
    *out = false;
    return v == NULL || alc_json_bool(v, out);
}

static bool there(const struct alc_json *object, const char *key)
{
    const struct alc_json *v = alc_json_get(object, key);
    return v != NULL && alc_json_kind(v) != ALC_JSON_NULL;
}

static bool read_target(struct wk_request *r, const struct alc_json *source,
                        struct alc_arena *arena)
{
    r->target = ALC_TARGET_ANY;
    if (!there(source, "build_target")) return true;
    if (!text(source, "build_target", arena, &r->build_target)) return false;
    if (alc_bytes_is(r->build_target, "wasm32-wasip2")) r->target = ALC_TARGET_P2;
    if (alc_bytes_is(r->build_target, "wasm32-wasip1") ||
        alc_bytes_is(r->build_target, "wasm32-wasi"))
        r->target = ALC_TARGET_P1;
    return true;
}

static bool read_source(struct wk_request *r, const struct alc_json *source,
                        struct alc_arena *arena)
{
    const struct alc_json *url = alc_json_get(source, "WasmUrl");
    size_t n;

    r->github = there(source, "GitHub");
    if (r->github) return true;
    return text(url, "url", arena, &r->url) && text(url, "hash", arena, &r->hash_hex) &&
           alc_hex_decode(r->code.b, sizeof r->code.b, &n, r->hash_hex) && n == sizeof r->code.b &&
           read_target(r, url, arena);
}

static bool read_limits(struct wk_request *r, const struct alc_json *limits)
{
    uint64_t instructions, mb, seconds;
    if (!alc_json_u64(alc_json_get(limits, "max_instructions"), &instructions) ||
        !alc_json_u64(alc_json_get(limits, "max_memory_mb"), &mb) || mb > UINT32_MAX ||
        !alc_json_u64(alc_json_get(limits, "max_execution_seconds"), &seconds) ||
        seconds > UINT32_MAX / 1000)
        return false;
    r->limits = (struct alc_run_limits){.max_instructions = instructions,
                                        .max_memory_mb = (uint32_t)mb,
                                        .max_ms = (uint32_t)seconds * 1000,
                                        .max_output_bytes = ALC_WORKER_OUTPUT_MAX_BYTES};
    return true;
}

static bool read_format(struct wk_request *r, const struct alc_json *v)
{
    struct alc_bytes f;
    r->format = WK_TEXT;
    if (v == NULL) return true;
    if (!alc_json_str(v, &f)) return false;
    if (alc_bytes_is(f, "Json"))
        r->format = WK_JSON;
    else if (alc_bytes_is(f, "Bytes"))
        r->format = WK_BYTES;
    else
        return alc_bytes_is(f, "Text");
    return true;
}

/* A uuid opens a project's storage: it is trusted only together with the id, and only in the form
 * that the contract gives it. */
static const char *read_project(struct wk_request *r, const struct alc_json *d,
                                struct alc_arena *arena)
{
    const uint8_t *slash;
    size_t n;

    if (!there(d, "project_id")) return there(d, "project_uuid") ? "project_id" : NULL;
    if (!text(d, "project_id", arena, &r->project_id) ||
        r->project_id.n > ALC_STATEMENT_PROJECT_MAX_BYTES)
        return "project_id";
    slash = memchr(r->project_id.p, '/', r->project_id.n);
    if (slash == NULL) return "project_id";
    n = (size_t)(slash - r->project_id.p);
    r->project_owner = (struct alc_bytes){r->project_id.p, n};
    r->project_name = (struct alc_bytes){slash + 1, r->project_id.n - n - 1};
    if (n == 0 || r->project_name.n == 0) return "project_id";
    if (!text(d, "project_uuid", arena, &r->project_uuid) || r->project_uuid.n != 17 ||
        r->project_uuid.p[0] != 'p' ||
        strspn((const char *)r->project_uuid.p + 1, "0123456789abcdef") != 16)
        return "project_uuid";
    return NULL;
}

static const char *read_all(struct wk_request *r, const struct alc_json *d, struct alc_arena *arena)
{
    struct alc_bytes payment = {NULL, 0}, usd = {NULL, 0}, proof;

    if (!alc_json_u64(alc_json_get(d, "request_id"), &r->request_id)) return "request_id";
    if (!text(d, "sender_id", arena, &r->signer_id)) return "sender_id";
    if (!text(d, "predecessor_id", arena, &r->predecessor_id)) return "predecessor_id";
    if (!read_source(r, alc_json_get(d, "code_source"), arena)) return "code_source";
    if (!read_limits(r, alc_json_get(d, "resource_limits"))) return "resource_limits";
    if (!text(d, "input_data", arena, &r->input)) return "input_data";
    if (!flag(d, "input_data_in_state", &r->input_in_state)) return "input_data_in_state";
    if (!read_format(r, alc_json_get(d, "response_format"))) return "response_format";
    if (!text(d, "payment", arena, &payment)) return "payment";
    if (!text(d, "attached_usd", arena, &usd)) return "attached_usd";
    if (!flag(d, "compile_only", &r->compile_only)) return "compile_only";
    if (!flag(d, "force_rebuild", &r->force_rebuild)) return "force_rebuild";
    if (!flag(d, "store_on_fastfs", &r->store_on_fastfs)) return "store_on_fastfs";
    if (!flag(d, "with_proof", &r->with_proof)) return "with_proof";
    r->payment = (const char *)payment.p;
    r->attached_usd = (const char *)usd.p;
    r->secrets = there(d, "secrets_ref");
    if (there(d, "proof")) {
        if (!alc_json_str(alc_json_get(d, "proof"), &proof)) return "proof";
        r->proof = !alc_bytes_is(proof, "none");
        r->quote = alc_bytes_is(proof, "quote") || alc_bytes_is(proof, "onchain");
        r->onchain = alc_bytes_is(proof, "onchain");
    }
    return read_project(r, d, arena);
}

enum alc_rc wk_request_read(struct wk_request *out, struct alc_bytes request_data,
                            struct alc_arena *arena, struct alc_err *err)
{
    struct alc_json *doc = NULL;
    const char *field;
    enum alc_rc rc;

    *out = (struct wk_request){0};
    rc = alc_json_open(&doc, request_data, REQUEST_DATA_MAX_BYTES, err);
    if (rc != ALC_OK) return rc;
    field = read_all(out, doc, arena);
    if (field != NULL)
        rc = alc_fail(err, ALC_BAD_INPUT, "request_data.%s is missing or not what it should be",
                      field);
    alc_json_close(doc);
    return rc;
}

const char *wk_request_unbuilt(const struct wk_request *r)
{
    if (r->github) return "GitHub sources are not built by this worker yet; use a WasmUrl source";
    if (r->secrets) return "secrets_ref is not served by this worker yet; leave it out";
    if (r->force_rebuild) return "force_rebuild is not served by this worker yet; leave it out";
    if (r->store_on_fastfs) return "store_on_fastfs is not served by this worker yet; leave it out";
    return NULL;
}
