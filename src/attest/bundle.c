#include "attest/attest.h"

#include "base/enc.h"
#include "base/json.h"

#include <string.h>

#define FORMAT "alcove-statement/1"

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

enum alc_rc alc_bundle_read(struct alc_bundle *out, struct alc_bytes text, struct alc_arena *arena,
                            struct alc_err *err)
{
    struct alc_json *doc = NULL;
    struct alc_bytes format, request;
    uint8_t sig[ALC_STATEMENT_SIG_BYTES];
    enum alc_rc rc = alc_json_open(&doc, text, ALC_BUNDLE_MAX_BYTES, err);

    *out = (struct alc_bundle){0};
    if (rc != ALC_OK) return rc;
    if (!alc_json_str(alc_json_get(doc, "format"), &format) || !alc_bytes_is(format, FORMAT)) {
        rc = alc_fail(err, ALC_BAD_INPUT, "its \"format\" is not \"" FORMAT "\"");
    } else if (!base64_member(doc, "statement", arena, &out->signed_statement)) {
        rc = alc_fail(err, ALC_BAD_INPUT, "its \"statement\" is not base64");
    } else if (!signature_member(doc, sig)) {
        rc = alc_fail(err, ALC_BAD_INPUT, "its \"signature\" is not ed25519:<base58 of 64 bytes>");
    } else {
        uint8_t *p = alc_arena_alloc(arena, out->signed_statement.n + sizeof sig);
        if (p == NULL) {
            rc = alc_fail(err, ALC_NOMEM, "no memory for the statement");
            goto out;
        }
        memcpy(p, out->signed_statement.p, out->signed_statement.n);
        memcpy(p + out->signed_statement.n, sig, sizeof sig);
        out->signed_statement = (struct alc_bytes){p, out->signed_statement.n + sizeof sig};
    }
    if (rc == ALC_OK && alc_json_get(doc, "request") != NULL) {
        if (!alc_json_str(alc_json_get(doc, "request"), &request))
            rc = alc_fail(err, ALC_BAD_INPUT, "its \"request\" is not a text");
        else if (!alc_arena_copy(arena, request, &out->request))
            rc = alc_fail(err, ALC_NOMEM, "no memory for the request");
        out->has_request = rc == ALC_OK;
    }
    if (rc == ALC_OK && alc_json_get(doc, "input") != NULL) {
        out->has_input = base64_member(doc, "input", arena, &out->input);
        if (!out->has_input) rc = alc_fail(err, ALC_BAD_INPUT, "its \"input\" is not base64");
    }
    if (rc == ALC_OK && alc_json_get(doc, "output") != NULL) {
        out->has_output = base64_member(doc, "output", arena, &out->output);
        if (!out->has_output) rc = alc_fail(err, ALC_BAD_INPUT, "its \"output\" is not base64");
    }
out:
    alc_json_close(doc);
    return rc;
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
    alc_jw_key(&w, "statement");
    alc_jw_base64(&w, body);
    alc_jw_key(&w, "signature");
    alc_jw_textf(&w, "ed25519:%.*s", (int)n, sig);
    if (b->has_request) {
        alc_jw_key(&w, "request");
        alc_jw_str(&w, b->request);
    }
    if (b->has_input) {
        alc_jw_key(&w, "input");
        alc_jw_base64(&w, b->input);
    }
    if (b->has_output) {
        alc_jw_key(&w, "output");
        alc_jw_base64(&w, b->output);
    }
    alc_jw_end(&w);
    alc_buf_put_text(out, "\n");
}
