/* localnet/records.c — see records.h.  The scanner finds where a value ends by its brackets and
 * strings alone; what it found is then read by the strict reader of base/json. */
#include "localnet/records.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/enc.h"

struct scan {
    FILE *f;
    uint64_t before; /* bytes of the file before the piece */
    size_t at, n;
    uint8_t piece[65536];
};

/* The next byte without taking it, or -1 at the end. */
static int peek(struct scan *s)
{
    if (s->at == s->n) {
        s->before += s->n;
        s->at = 0;
        s->n = fread(s->piece, 1, sizeof s->piece, s->f);
        if (s->n == 0) return -1;
    }
    return s->piece[s->at];
}

static int peek_word(struct scan *s) /* behind white space */
{
    int c;
    while ((c = peek(s)) == ' ' || c == '\t' || c == '\n' || c == '\r')
        s->at++;
    return c;
}

static enum alc_rc bad(const struct scan *s, const char *what, struct alc_err *err)
{
    if (ferror(s->f)) return alc_fail(err, ALC_IO, "the file cannot be read");
    return alc_fail(err, ALC_BAD_INPUT, "byte %" PRIu64 ": %s", s->before + s->at, what);
}

static enum alc_rc take(struct scan *s, char c, const char *what, struct alc_err *err)
{
    if (peek_word(s) != c) return bad(s, what, err);
    s->at++;
    return ALC_OK;
}

/* Where the scanner is inside of a value. */
struct inside {
    unsigned depth;
    bool in_string, escaped, scalar, done;
};

static void step(struct inside *v, uint8_t c)
{
    if (v->in_string) {
        if (v->escaped)
            v->escaped = false;
        else if (c == '\\')
            v->escaped = true;
        else if (c == '"')
            v->in_string = false;
        v->done = !v->in_string && v->depth == 0;
        return;
    }
    switch (c) {
    case '"':
        v->in_string = true;
        break;
    case '{':
    case '[':
        v->depth++;
        break;
    case '}':
    case ']':
        v->depth--; /* never below 0: the first byte of a value is not one of these */
        v->done = v->depth == 0;
        break;
    default:
        v->scalar = v->depth == 0;
    }
}

static bool ends_scalar(uint8_t c)
{
    return memchr(",]} \t\r\n", c, 7) != NULL;
}

/* Takes one value; its text goes to `out` unless that is NULL. */
static enum alc_rc value(struct scan *s, struct alc_buf *out, struct alc_err *err)
{
    struct inside v = {0};
    int first = peek_word(s);

    if (out != NULL) alc_buf_reset(out);
    if (first < 0 || ends_scalar((uint8_t)first) || first == ':')
        return bad(s, "a value is missing", err);
    while (!v.done) {
        size_t from = s->at;
        if (peek(s) < 0) {
            if (v.scalar && v.depth == 0) return ALC_OK;
            return bad(s, "the file ends in the middle of a value", err);
        }
        from = s->at; /* peek may have read the next piece */
        while (s->at < s->n && !v.done) {
            if (v.scalar && v.depth == 0 && ends_scalar(s->piece[s->at])) {
                v.done = true;
                break;
            }
            step(&v, s->piece[s->at++]);
        }
        if (out != NULL) alc_buf_put(out, s->piece + from, s->at - from);
        if (out != NULL && out->failed)
            return alc_fail(err, ALC_LIMIT, "a value is over %zu bytes", out->max_bytes);
    }
    return ALC_OK;
}

static enum alc_rc give(const struct alc_buf *text, size_t i, lnet_record_fn *each, void *ctx,
                        struct alc_err *err)
{
    struct alc_json *doc = NULL;
    enum alc_rc rc = alc_json_open(&doc, alc_buf_bytes(text), LNET_RECORD_MAX_BYTES, err);
    if (rc == ALC_OK) rc = each(ctx, i, alc_buf_bytes(text), doc, err);
    alc_json_close(doc);
    return rc;
}

/* The array's elements, from behind its bracket on. */
static enum alc_rc list(struct scan *s, lnet_record_fn *each, void *ctx, struct alc_err *err)
{
    struct alc_buf text = ALC_BUF(LNET_RECORD_MAX_BYTES);
    enum alc_rc rc = ALC_OK;

    if (peek_word(s) == ']') {
        s->at++;
        return ALC_OK;
    }
    for (size_t i = 0;; i++) {
        rc = value(s, each != NULL ? &text : NULL, err);
        if (rc == ALC_OK && each != NULL) rc = give(&text, i, each, ctx, err);
        if (rc != ALC_OK) {
            alc_fail_in(err, "record %zu", i);
            break;
        }
        if (peek_word(s) == ']') {
            s->at++;
            break;
        }
        rc = take(s, ',', "',' or ']' is expected behind a record", err);
        if (rc != ALC_OK) break;
    }
    alc_buf_fini(&text);
    return rc;
}

static enum alc_rc member(struct scan *s, bool *found, struct alc_buf *rest, struct alc_buf *key,
                          struct alc_buf *text, lnet_record_fn *each, void *ctx,
                          struct alc_err *err)
{
    enum alc_rc rc;

    if (peek_word(s) != '"') return bad(s, "a member's name is expected", err);
    rc = value(s, key, err);
    if (rc == ALC_OK) rc = take(s, ':', "':' is expected", err);
    if (rc != ALC_OK) return rc;
    if (alc_bytes_is(alc_buf_bytes(key), "\"records\"")) {
        if (*found) return bad(s, "`records` stands there twice", err);
        *found = true;
        rc = take(s, '[', "`records` is not an array", err);
        return rc == ALC_OK ? list(s, each, ctx, err) : rc;
    }
    rc = value(s, rest != NULL ? text : NULL, err);
    if (rc != ALC_OK || rest == NULL) return rc;
    if (rest->n > 1) alc_buf_put_text(rest, ",");
    alc_buf_put_bytes(rest, alc_buf_bytes(key));
    alc_buf_put_text(rest, ":");
    alc_buf_put_bytes(rest, alc_buf_bytes(text));
    return ALC_OK;
}

static enum alc_rc object(struct scan *s, struct alc_buf *rest, lnet_record_fn *each, void *ctx,
                          struct alc_err *err)
{
    struct alc_buf key = ALC_BUF(4096), text = ALC_BUF(LNET_RECORDS_REST_MAX_BYTES);
    bool found = false;
    enum alc_rc rc = ALC_OK;

    if (rest != NULL) alc_buf_put_text(rest, "{");
    if (peek_word(s) == '}') {
        s->at++;
        rc = bad(s, "there are no `records`", err);
    }
    while (rc == ALC_OK) {
        rc = member(s, &found, rest, &key, &text, each, ctx, err);
        if (rc != ALC_OK) break;
        if (peek_word(s) == '}') {
            s->at++;
            break;
        }
        rc = take(s, ',', "',' or '}' is expected", err);
    }
    if (rc == ALC_OK && !found) rc = bad(s, "there are no `records`", err);
    if (rest != NULL) {
        alc_buf_put_text(rest, "}");
        if (rc == ALC_OK && rest->failed)
            rc = alc_fail(err, ALC_LIMIT, "what stands beside the records is too large");
    }
    alc_buf_fini(&key);
    alc_buf_fini(&text);
    return rc;
}

enum alc_rc lnet_records_read(FILE *f, struct alc_buf *rest, lnet_record_fn *each, void *ctx,
                              struct alc_err *err)
{
    struct scan s = {.f = f};
    enum alc_rc rc;

    switch (peek_word(&s)) {
    case '{':
        s.at++;
        rc = object(&s, rest, each, ctx, err);
        break;
    case '[':
        s.at++;
        if (rest != NULL) alc_buf_put_text(rest, "{}");
        rc = list(&s, each, ctx, err);
        break;
    default:
        return bad(&s, "neither an object with `records` nor an array of them", err);
    }
    if (rc == ALC_OK && peek_word(&s) >= 0) rc = bad(&s, "there is more behind the end", err);
    if (rc == ALC_OK && ferror(f)) rc = bad(&s, "", err);
    return rc;
}

/* ---- genesis ---- */

static bool digits(const char **at, size_t n, int *out)
{
    *out = 0;
    for (; n > 0; n--, (*at)++) {
        if (**at < '0' || **at > '9') return false;
        *out = *out * 10 + (**at - '0');
    }
    return true;
}

static bool mark(const char **at, char c)
{
    return *(*at)++ == c;
}

/* "2020-07-21T16:55:51.591948Z", a fraction of up to 9 digits, or +00:00 for Z; from 1970 on. */
static bool read_time(const char *at, uint64_t *out)
{
    struct tm tm = {0};
    uint64_t fraction = 0, unit = 100000000;
    int day, month;

    if (!digits(&at, 4, &tm.tm_year) || !mark(&at, '-') || !digits(&at, 2, &month) ||
        !mark(&at, '-') || !digits(&at, 2, &day) || !mark(&at, 'T') ||
        !digits(&at, 2, &tm.tm_hour) || !mark(&at, ':') || !digits(&at, 2, &tm.tm_min) ||
        !mark(&at, ':') || !digits(&at, 2, &tm.tm_sec))
        return false;
    if (*at == '.')
        for (at++; *at >= '0' && *at <= '9'; at++, unit /= 10)
            fraction += unit * (uint64_t)(*at - '0');
    if (strcmp(at, "Z") != 0 && strcmp(at, "+00:00") != 0) return false;
    tm.tm_year -= 1900;
    tm.tm_mon = month - 1;
    tm.tm_mday = day;
    time_t t = timegm(&tm); /* brings 31 February into March: then it was no date */
    if (tm.tm_mon != month - 1 || tm.tm_mday != day || tm.tm_hour > 23 || t < 0 ||
        t > INT64_MAX / 1000000000 - 1)
        return false;
    *out = (uint64_t)t * 1000000000 + fraction;
    return true;
}

static enum alc_rc read_members(struct lnet_genesis *g, const struct alc_json *doc,
                                struct alc_err *err)
{
    const struct alc_json *id = alc_json_get(doc, "chain_id"),
                          *time = alc_json_get(doc, "genesis_time"),
                          *height = alc_json_get(doc, "genesis_height"),
                          *supply = alc_json_get(doc, "total_supply"),
                          *validators = alc_json_get(doc, "validators");
    struct alc_bytes text;
    const char *s;

    if (id != NULL) {
        if (!alc_json_text(id, &s) || s[0] == 0 || strlen(s) >= sizeof g->chain_id)
            return alc_fail(err, ALC_BAD_INPUT, "chain_id: a text of 1 to %zu characters",
                            sizeof g->chain_id - 1);
        memcpy(g->chain_id, s, strlen(s) + 1);
    }
    if (time != NULL && (!alc_json_text(time, &s) || !read_time(s, &g->time_ns)))
        return alc_fail(err, ALC_BAD_INPUT,
                        "genesis_time: an RFC 3339 time of UTC is expected, 2026-01-31T12:00:00Z");
    if (height != NULL && (!alc_json_u64(height, &g->height) || g->height > INT64_MAX / 2000000))
        return alc_fail(err, ALC_BAD_INPUT, "genesis_height: a number is expected");
    if (supply != NULL) {
        if (!alc_json_str(supply, &text) || !alc_u128_decode(&g->supply, text))
            return alc_fail(err, ALC_BAD_INPUT, "total_supply: yoctoNEAR as a text of digits");
        g->has_supply = true;
    }
    if (validators != NULL && alc_json_kind(validators) != ALC_JSON_ARRAY)
        return alc_fail(err, ALC_BAD_INPUT, "validators: an array is expected");
    if (validators != NULL)
        alc_json_dump(validators, &g->validators);
    else
        alc_buf_put_text(&g->validators, "[]");
    return g->validators.failed ? ALC_NOMEM : ALC_OK;
}

enum alc_rc lnet_genesis_read(struct lnet_genesis *out, struct alc_bytes rest, struct alc_err *err)
{
    struct alc_json *doc = NULL;
    enum alc_rc rc;

    *out = (struct lnet_genesis){.validators = ALC_BUF(LNET_RECORDS_REST_MAX_BYTES)};
    rc = alc_json_open(&doc, rest, LNET_RECORDS_REST_MAX_BYTES, err);
    if (rc == ALC_OK) rc = read_members(out, doc, err);
    alc_json_close(doc);
    return rc;
}

void lnet_genesis_fini(struct lnet_genesis *g)
{
    alc_buf_fini(&g->validators);
    *g = (struct lnet_genesis){0};
}
