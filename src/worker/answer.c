#include "worker/parts.h"

#include "base/enc.h"
#include "base/utf8.h"

#include <string.h>

/* A resume carries at most 1,024 bytes; what the contract adds for with_proof needs some of them.
 */
#define RESPONSE_MAX_BYTES 1023u
#define PROOF_ROOM_BYTES 160u
#define ERROR_MAX_BYTES 512u /* of an error that is cut */
/* stderr of a guest, each byte of it a U+FFFD, and the words around it. */
#define ERROR_RAW_MAX_BYTES (4u << 20)

static void put_output(struct alc_jw *w, const struct alc_answer *a)
{
    switch (a->output_kind) {
    case ALC_OUTPUT_TEXT:
        alc_jw_obj(w);
        alc_jw_key(w, "Text");
        alc_jw_str(w, a->output);
        alc_jw_end(w);
        break;
    case ALC_OUTPUT_JSON:
        alc_jw_obj(w);
        alc_jw_key(w, "Json");
        alc_jw_raw(w, a->output);
        alc_jw_end(w);
        break;
    case ALC_OUTPUT_BYTES:
        alc_jw_obj(w);
        alc_jw_key(w, "Bytes");
        alc_jw_arr(w);
        for (size_t i = 0; i < a->output.n; i++)
            alc_jw_u64(w, a->output.p[i]);
        alc_jw_end(w);
        alc_jw_end(w);
        break;
    default:
        alc_jw_null(w);
    }
}

static void put_text_or_null(struct alc_jw *w, const char *key, struct alc_bytes text)
{
    alc_jw_key(w, key);
    if (text.n > 0)
        alc_jw_str(w, text);
    else
        alc_jw_null(w);
}

/* The members that ExecutionResponse and the combined method share, in the interface's order. */
static void put_members(struct alc_jw *w, const struct alc_answer *a)
{
    put_text_or_null(w, "error", a->error);
    alc_jw_key(w, "resources_used");
    alc_jw_obj(w);
    alc_jw_key(w, "instructions");
    alc_jw_u64(w, a->instructions);
    alc_jw_key(w, "time_ms");
    alc_jw_u64(w, a->time_ms);
    alc_jw_key(w, "compile_time_ms");
    if (a->has_compile_ms)
        alc_jw_u64(w, a->compile_ms);
    else
        alc_jw_null(w);
    alc_jw_end(w);
    put_text_or_null(w, "compilation_note", a->note);
    alc_jw_key(w, "refund_usd");
    if (a->has_refund)
        alc_jw_u64(w, a->refund_usd);
    else
        alc_jw_null(w);
}

static void put_response(struct alc_jw *w, const struct alc_answer *a)
{
    alc_jw_obj(w);
    alc_jw_key(w, "success");
    alc_jw_bool(w, a->success);
    alc_jw_key(w, "output");
    put_output(w, a);
    put_members(w, a);
    alc_jw_end(w);
}

/* put_lossy appends text as UTF-8: stderr of a guest may be anything. */
static void put_lossy(struct alc_buf *out, struct alc_bytes text)
{
    while (text.n > 0) {
        bool ok;
        size_t n = alc_utf8_next(text, &ok);
        if (ok) n = alc_utf8_good(text);
        if (ok)
            alc_buf_put(out, text.p, n);
        else
            alc_buf_put_text(out, "\xef\xbf\xbd");
        text.p += n;
        text.n -= n;
    }
}

static bool fits(const struct alc_answer *a)
{
    struct alc_buf response = ALC_BUF(2u * RESPONSE_MAX_BYTES);
    struct alc_jw w = {.out = &response};
    bool ok;

    put_response(&w, a);
    ok = !response.failed && response.n <= RESPONSE_MAX_BYTES;
    alc_buf_fini(&response);
    return ok;
}

enum alc_rc wk_answer_fail(struct alc_answer *a, const char *sentence, struct alc_arena *arena)
{
    struct alc_buf text = ALC_BUF(ERROR_RAW_MAX_BYTES);
    bool ok;

    a->success = false;
    a->output_kind = ALC_OUTPUT_NONE;
    a->output = (struct alc_bytes){NULL, 0};
    a->has_refund = false;
    a->refund_usd = 0;
    put_lossy(&text, alc_cstr(sentence));
    a->error = alc_buf_bytes(&text);
    if (!text.failed && text.n > ERROR_MAX_BYTES && !fits(a)) {
        size_t original = text.n;
        text.n = alc_utf8_cut(a->error, ERROR_MAX_BYTES);
        alc_buf_printf(&text, "... (truncated, original size: %zu bytes)", original);
    }
    ok = !text.failed && alc_arena_copy(arena, alc_buf_bytes(&text), &a->error);
    if (!ok) a->error = (struct alc_bytes){NULL, 0};
    alc_buf_fini(&text);
    return ok ? ALC_OK : ALC_NOMEM;
}

static enum alc_rc json_output(struct alc_answer *a, struct alc_bytes out, struct alc_arena *arena)
{
    struct alc_buf compact = ALC_BUF(4u * ALC_WORKER_OUTPUT_MAX_BYTES);
    struct alc_json *doc = NULL;
    struct alc_err err = {0};
    enum alc_rc rc = alc_json_open(&doc, out, ALC_WORKER_OUTPUT_MAX_BYTES, &err);

    if (rc != ALC_OK) {
        const char *text = alc_arena_text(
            arena, "Failed to parse output as JSON: %s. Output was: %.*s", alc_err_text(&err, rc),
            (int)(out.n < ERROR_MAX_BYTES ? out.n : ERROR_MAX_BYTES), (const char *)out.p);
        return text == NULL ? ALC_NOMEM : wk_answer_fail(a, text, arena);
    }
    alc_json_dump(doc, &compact);
    a->output_kind = ALC_OUTPUT_JSON;
    rc = !compact.failed && alc_arena_copy(arena, alc_buf_bytes(&compact), &a->output) ? ALC_OK
                                                                                       : ALC_NOMEM;
    alc_json_close(doc);
    alc_buf_fini(&compact);
    return rc;
}

enum alc_rc wk_answer_output(struct alc_answer *a, struct alc_bytes out, enum wk_format format,
                             struct alc_arena *arena)
{
    size_t good;

    if (format == WK_JSON) return json_output(a, out, arena);
    a->output = out;
    a->output_kind = format == WK_BYTES ? ALC_OUTPUT_BYTES : ALC_OUTPUT_TEXT;
    good = alc_utf8_good(out);
    if (format == WK_TEXT && good < out.n) {
        const char *text = alc_arena_text(
            arena, "Invalid UTF-8 output: invalid utf-8 sequence from index %zu", good);
        if (text == NULL) return ALC_NOMEM;
        a->output = alc_cstr(text);
    }
    return ALC_OK;
}

static void put_statement(struct alc_jw *w, const struct alc_answer *a, struct alc_bytes evidence,
                          bool proved)
{
    struct alc_bytes body = a->statement;
    if (!proved || body.n <= ALC_STATEMENT_SIG_BYTES) return;
    body.n -= ALC_STATEMENT_SIG_BYTES; /* the transaction's own signature stands in its place */
    alc_jw_key(w, "statement");
    alc_jw_base64(w, body);
    if (evidence.n == 0) return;
    alc_jw_key(w, "evidence");
    alc_jw_base64(w, evidence);
}

enum alc_rc wk_answer_call(const char **method, struct alc_buf *args, const struct alc_job *job,
                           const struct alc_answer *a, struct alc_bytes evidence, bool proved,
                           bool with_proof)
{
    struct alc_buf response = ALC_BUF(8u << 20);
    struct alc_jw w = {.out = args};
    struct alc_answer said = *a;
    size_t most = RESPONSE_MAX_BYTES - (with_proof ? PROOF_ROOM_BYTES : 0);

    for (;;) {
        struct alc_jw inner = {.out = &response};
        put_response(&inner, &said);
        if (said.success || response.n <= most || said.error.n == 0) break;
        /* Escapes made the error longer than its 512 bytes: the front half of it still tells. */
        said.error.n = alc_utf8_cut(said.error, said.error.n / 2);
        alc_buf_reset(&response);
    }
    alc_jw_obj(&w);
    alc_jw_key(&w, "request_id");
    alc_jw_u64(&w, job->request.request_id);
    if (response.n <= most || !a->success) {
        *method = "resolve_execution";
        alc_jw_key(&w, "response");
        alc_jw_raw(&w, alc_buf_bytes(&response));
    } else {
        *method = "submit_execution_output_and_resolve";
        alc_jw_key(&w, "output");
        put_output(&w, a);
        alc_jw_key(&w, "success");
        alc_jw_bool(&w, true);
        put_members(&w, a);
    }
    put_statement(&w, a, evidence, proved);
    alc_jw_end(&w);
    if (response.failed) args->failed = true;
    alc_buf_fini(&response);
    return args->failed ? ALC_NOMEM : ALC_OK;
}
