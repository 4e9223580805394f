#include "attest/attest.h"

#include "base/enc.h"
#include "base/json.h"

#include <string.h>

#define FORMAT "alcove-statement/1"
#define SOURCE_TEXT_MAX_BYTES 2048u

static bool base64_member(const struct alc_json *doc, const char *key, struct alc_arena *arena,
                          struct alc_bytes *out)
{
    struct alc_bytes text;
    size_t n;
    uint8_t *p;

    if (!alc_json_str(alc_json_get(doc, key), &text)) return false;
    p = alc_arena_alloc(arena, text.n / 4 * 3 + ALC_STATEMENT_SIG_BYTES + 1);
    if (p == NULL || !alc_base64_decode(p, text.n / 4 * 3, &n, text)) return false;
    *out = (struct alc_bytes){p, n};
    return true;
}

static bool signature_member(const struct alc_json *doc, uint8_t out[ALC_STATEMENT_SIG_BYTES])
{
    static const char prefix[] = "ed25519:";
    struct alc_bytes text;
    size_t n;

    if (!alc_json_str(alc_json_get(doc, "signature"), &text) || text.n < sizeof prefix ||
        memcmp(text.p, prefix, sizeof prefix - 1) != 0)
        return false;
    text.p += sizeof prefix - 1;
    text.n -= sizeof prefix - 1;
    return alc_base58_decode(out, ALC_STATEMENT_SIG_BYTES, &n, text) &&
           n == ALC_STATEMENT_SIG_BYTES;
}

static enum alc_rc read_statement(struct alc_bundle *out, const struct alc_json *doc,
                                  struct alc_arena *arena, struct alc_err *err)
{
    uint8_t sig[ALC_STATEMENT_SIG_BYTES];
    struct alc_bytes format;
    uint8_t *p;

    if (!alc_json_str(alc_json_get(doc, "format"), &format) || !alc_bytes_is(format, FORMAT))
        return alc_fail(err, ALC_BAD_INPUT, "its \"format\" is not \"" FORMAT "\"");
    if (!base64_member(doc, "statement", arena, &out->signed_statement))
        return alc_fail(err, ALC_BAD_INPUT, "its \"statement\" is not base64");
    if (!signature_member(doc, sig))
        return alc_fail(err, ALC_BAD_INPUT,
                        "its \"signature\" is not ed25519:<base58 of 64 bytes>");
    p = alc_arena_alloc(arena, out->signed_statement.n + sizeof sig);
    if (p == NULL) return alc_fail(err, ALC_NOMEM, "no memory for the statement");
    memcpy(p, out->signed_statement.p, out->signed_statement.n);
    memcpy(p + out->signed_statement.n, sig, sizeof sig);
    out->signed_statement = (struct alc_bytes){p, out->signed_statement.n + sizeof sig};
    return ALC_OK;
}

/* A member that may be absent. */
static enum alc_rc read_base64(struct alc_bytes *out, bool *has, const struct alc_json *doc,
                               const char *key, struct alc_arena *arena, struct alc_err *err)
{
    if (alc_json_get(doc, key) == NULL) return ALC_OK;
    if (!base64_member(doc, key, arena, out))
        return alc_fail(err, ALC_BAD_INPUT, "its \"%s\" is not base64", key);
    if (has != NULL) *has = true;
    return ALC_OK;
}

static enum alc_rc read_text(struct alc_bytes *out, bool *has, const struct alc_json *doc,
                             const char *key, size_t max, struct alc_arena *arena,
                             struct alc_err *err)
{
    struct alc_bytes text;

    if (alc_json_get(doc, key) == NULL) return ALC_OK;
    if (!alc_json_str(alc_json_get(doc, key), &text))
        return alc_fail(err, ALC_BAD_INPUT, "its \"%s\" is not a text", key);
    if (text.n > max) return alc_fail(err, ALC_BAD_INPUT, "its \"%s\" is over %zu bytes", key, max);
    if (!alc_arena_copy(arena, text, out))
        return alc_fail(err, ALC_NOMEM, "no memory for the %s", key);
    if (has != NULL) *has = true;
    return ALC_OK;
}

/* JSON that stands either as it is or, as agents and services hand it out, inside a text. */
static enum alc_rc read_json(struct alc_bytes *out, const struct alc_json *doc, const char *key,
                             enum alc_json_kind kind, struct alc_arena *arena, struct alc_err *err)
{
    const struct alc_json *v = alc_json_get(doc, key);
    struct alc_buf text = ALC_BUF(ALC_BUNDLE_MAX_BYTES);
    bool ok;

    if (v == NULL) return ALC_OK;
    if (alc_json_kind(v) == ALC_JSON_STRING)
        return read_text(out, NULL, doc, key, ALC_BUNDLE_MAX_BYTES, arena, err);
    if (alc_json_kind(v) != kind)
        return alc_fail(err, ALC_BAD_INPUT, "its \"%s\" is neither JSON of its kind nor a text",
                        key);
    alc_json_dump(v, &text);
    ok = !text.failed && alc_arena_copy(arena, alc_buf_bytes(&text), out);
    alc_buf_fini(&text);
    return ok ? ALC_OK : alc_fail(err, ALC_NOMEM, "no memory for the %s", key);
}

static enum alc_rc read_source(struct alc_bundle *out, const struct alc_json *doc,
                               struct alc_arena *arena, struct alc_err *err)
{
    const struct alc_json *source = alc_json_get(doc, "source");
    struct alc_bytes hash;
    size_t n;
    enum alc_rc rc;

    if (source == NULL) return ALC_OK;
    if (!alc_json_str(alc_json_get(source, "code_hash"), &hash) ||
        !alc_hex_decode(out->source_code.b, sizeof out->source_code.b, &n, hash) ||
        n != sizeof out->source_code.b)
        return alc_fail(err, ALC_BAD_INPUT, "its \"source\" has no \"code_hash\" of 64 hex digits");
    rc = read_text(&out->source_url, NULL, source, "url", SOURCE_TEXT_MAX_BYTES, arena, err);
    if (rc == ALC_OK)
        rc = read_text(&out->source_repo, NULL, source, "repo", SOURCE_TEXT_MAX_BYTES, arena, err);
    if (rc == ALC_OK)
        rc = read_text(&out->source_commit, NULL, source, "commit", SOURCE_TEXT_MAX_BYTES, arena,
                       err);
    out->has_source = rc == ALC_OK;
    return rc;
}

static enum alc_rc read_judged_at(struct alc_bundle *out, const struct alc_json *doc,
                                  struct alc_err *err)
{
    const struct alc_json *v = alc_json_get(doc, "judged_at");

    if (v == NULL) return ALC_OK;
    out->has_judged_at = alc_json_u64(v, &out->judged_at_s);
    return out->has_judged_at ? ALC_OK
                              : alc_fail(err, ALC_BAD_INPUT, "its \"judged_at\" is no time");
}

enum alc_rc alc_bundle_read(struct alc_bundle *out, struct alc_bytes text, struct alc_arena *arena,
                            struct alc_err *err)
{
    struct alc_json *doc = NULL;
    enum alc_rc rc = alc_json_open(&doc, text, ALC_BUNDLE_MAX_BYTES, err);

    *out = (struct alc_bundle){0};
    if (rc != ALC_OK) return rc;
    rc = read_statement(out, doc, arena, err);
    if (rc == ALC_OK)
        rc = read_text(&out->request, &out->has_request, doc, "request", ALC_BUNDLE_MAX_BYTES,
                       arena, err);
    if (rc == ALC_OK) rc = read_base64(&out->input, &out->has_input, doc, "input", arena, err);
    if (rc == ALC_OK) rc = read_base64(&out->output, &out->has_output, doc, "output", arena, err);
    if (rc == ALC_OK) rc = read_base64(&out->evidence, NULL, doc, "evidence", arena, err);
    if (rc == ALC_OK)
        rc = read_json(&out->collateral, doc, "collateral", ALC_JSON_OBJECT, arena, err);
    if (rc == ALC_OK) rc = read_json(&out->event_log, doc, "event_log", ALC_JSON_ARRAY, arena, err);
    if (rc == ALC_OK) rc = read_source(out, doc, arena, err);
    if (rc == ALC_OK) rc = read_judged_at(out, doc, err);
    alc_json_close(doc);
    return rc;
}

static void put_text(struct alc_jw *w, const char *key, struct alc_bytes text)
{
    if (text.n == 0) return;
    alc_jw_key(w, key);
    alc_jw_str(w, text);
}

static void put_base64(struct alc_jw *w, const char *key, struct alc_bytes bytes)
{
    alc_jw_key(w, key);
    alc_jw_base64(w, bytes);
}

void alc_bundle_write(struct alc_buf *out, const struct alc_bundle *b)
{
    struct alc_jw w = {.out = out};
    struct alc_bytes body = b->signed_statement;
    char sig[ALC_BASE58_CHARS(ALC_STATEMENT_SIG_BYTES)];
    size_t n;

    if (body.n < ALC_STATEMENT_SIG_BYTES) {
        out->failed = true;
        return;
    }
    body.n -= ALC_STATEMENT_SIG_BYTES;
    if (!alc_base58_encode(sig, sizeof sig, &n,
                           (struct alc_bytes){body.p + body.n, ALC_STATEMENT_SIG_BYTES}))
        out->failed = true;
    alc_jw_obj(&w);
    alc_jw_key(&w, "format");
    alc_jw_text(&w, FORMAT);
    put_base64(&w, "statement", body);
    alc_jw_key(&w, "signature");
    alc_jw_textf(&w, "ed25519:%.*s", (int)n, sig);
    if (b->has_request) {
        alc_jw_key(&w, "request");
        alc_jw_str(&w, b->request);
    }
    if (b->has_input) put_base64(&w, "input", b->input);
    if (b->has_output) put_base64(&w, "output", b->output);
    if (b->evidence.n > 0) put_base64(&w, "evidence", b->evidence);
    put_text(&w, "collateral", b->collateral); /* as texts: what is signed in them stays as it is */
    put_text(&w, "event_log", b->event_log);
    if (b->has_source) {
        alc_jw_key(&w, "source");
        alc_jw_obj(&w);
        alc_jw_key(&w, "code_hash");
        alc_jw_hex(&w, alc_hash_bytes(&b->source_code));
        put_text(&w, "url", b->source_url);
        put_text(&w, "repo", b->source_repo);
        put_text(&w, "commit", b->source_commit);
        alc_jw_end(&w);
    }
    if (b->has_judged_at) {
        alc_jw_key(&w, "judged_at");
        alc_jw_u64(&w, b->judged_at_s);
    }
    alc_jw_end(&w);
    alc_buf_put_text(out, "\n");
}
