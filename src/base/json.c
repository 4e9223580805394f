#include "base/json.h"

#include <jansson.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/utf8.h"

/* A value is jansson's own node under another name, so that nothing is converted or copied. */
static json_t *node(const struct alc_json *v)
{
    /* jansson counts owners through plain pointers; the readers here change nothing else. */
    return (json_t *)(uintptr_t)v;
}

static struct alc_json *value(json_t *v)
{
    return (struct alc_json *)v;
}

/* ---- reader ---- */

/* What jansson cannot be asked for is found by one look at the text before it: nesting, the number
 * of values, and integers that do not fit 64 bits.  jansson refuses such integers or turns all of
 * the document's into doubles; a copy of the text, in which just these are written with a `.0`,
 * makes doubles of them alone. */
struct scan {
    size_t depth, deepest;
    size_t values; /* at least as many as there are */
    size_t big;    /* integers beyond int64_t */
};

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* A run of characters that numbers consist of, beginning at a digit or a minus. */
static size_t number_length(struct alc_bytes t)
{
    size_t n = 1;
    while (n < t.n && t.p[n] != 0 && strchr("0123456789+-.eE", t.p[n]) != NULL)
        n++;
    return n;
}

static bool is_big_integer(struct alc_bytes t)
{
    uint64_t v = 0, most = (uint64_t)INT64_MAX;
    size_t i = 0;

    if (t.p[0] == '-') {
        most++;
        i++;
    }
    for (size_t k = i; k < t.n; k++)
        if (!is_digit(t.p[k])) return false;
    if (t.n - i > 19) return true;
    for (; i < t.n; i++)
        v = v * 10 + (uint64_t)(t.p[i] - '0'); /* 19 digits fit */
    return v > most;
}

/* scan_text fills *s; with a `copy` it also writes the text there, big integers as doubles. */
static void scan_text(struct scan *s, struct alc_bytes t, struct alc_buf *copy)
{
    bool in_string = false;
    size_t copied = 0;

    *s = (struct scan){.values = 1};
    for (size_t i = 0; i < t.n; i++) {
        uint8_t c = t.p[i];
        if (in_string) {
            if (c == '\\') i++;
            if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            s->depth++;
            s->values++;
            if (s->depth > s->deepest) s->deepest = s->depth;
        } else if (c == '}' || c == ']') {
            if (s->depth > 0) s->depth--;
        } else if (c == ',') {
            s->values++;
        } else if (c == '-' || is_digit(c)) {
            size_t n = number_length((struct alc_bytes){t.p + i, t.n - i});
            bool big = is_big_integer((struct alc_bytes){t.p + i, n});
            i += n - 1;
            if (!big) continue;
            s->big++;
            if (copy == NULL) continue;
            alc_buf_put(copy, t.p + copied, i + 1 - copied);
            alc_buf_put_text(copy, ".0");
            copied = i + 1;
        }
    }
    if (copy != NULL) alc_buf_put(copy, t.p + copied, t.n - copied);
}

/* Where jansson finds no memory it may speak of an invalid token, or go on as if nothing had
 * happened, so it is noted here. */
static _Thread_local bool no_memory;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void *allocate(size_t n)
{
    void *p = malloc(n);
    if (p == NULL) no_memory = true;
    return p;
}

static void set_allocator(void)
{
    json_set_alloc_funcs(allocate, free);
}

/* jansson ends its sentence with an excerpt of the text, which may be anything: it is cut. */
static enum alc_rc refused(json_error_t *e, struct alc_err *err)
{
    char *near = strstr(e->text, " near ");

    if (no_memory) return alc_fail(err, ALC_NOMEM, "no memory for a JSON document");
    if (near != NULL) *near = 0;
    return alc_fail(err, ALC_BAD_INPUT, "not valid JSON at line %d column %d: %s", e->line,
                    e->column, e->text);
}

enum alc_rc alc_json_open(struct alc_json **out, struct alc_bytes text, size_t max_bytes,
                          struct alc_err *err)
{
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL;
    struct alc_buf copy = {0};
    json_error_t e = {0};
    struct scan s;
    json_t *v;
    enum alc_rc rc = ALC_OK;

    if (text.n > max_bytes)
        return alc_fail(err, ALC_LIMIT, "JSON of %zu bytes, at most %zu", text.n, max_bytes);
    scan_text(&s, text, NULL);
    if (s.deepest > ALC_JSON_MAX_DEPTH)
        return alc_fail(err, ALC_LIMIT, "JSON nested %zu deep, at most %u", s.deepest,
                        ALC_JSON_MAX_DEPTH);
    if (s.values > ALC_JSON_MAX_VALUES)
        return alc_fail(err, ALC_LIMIT, "JSON of over %u values", ALC_JSON_MAX_VALUES);
    if (s.big > 0) {
        copy = ALC_BUF(text.n + 2 * s.big);
        scan_text(&s, text, &copy);
        if (copy.failed) {
            rc = alc_fail(err, ALC_NOMEM, "no memory for a JSON document");
            goto out;
        }
        text = alc_buf_bytes(&copy);
    }
    pthread_once(&once, set_allocator);
    no_memory = false;
    v = json_loadb(text.p == NULL ? "" : (const char *)text.p, text.n, flags, &e);
    if (v == NULL || no_memory) {
        rc = refused(&e, err);
        json_decref(v);
    } else {
        *out = value(v);
    }
out:
    alc_buf_fini(&copy);
    return rc;
}

/* Values die in here alone, so whoever remembers one compares this count: see alc_json_member. */
static atomic_uint_fast64_t closes;

void alc_json_close(struct alc_json *doc)
{
    if (doc == NULL) return;
    atomic_fetch_add(&closes, 1);
    json_decref(node(doc));
}

struct alc_json *alc_json_keep(const struct alc_json *part)
{
    return value(json_incref(node(part)));
}

enum alc_json_kind alc_json_kind(const struct alc_json *v)
{
    if (v == NULL) return ALC_JSON_NULL;
    switch (json_typeof(node(v))) {
    case JSON_OBJECT:
        return ALC_JSON_OBJECT;
    case JSON_ARRAY:
        return ALC_JSON_ARRAY;
    case JSON_STRING:
        return ALC_JSON_STRING;
    case JSON_INTEGER:
        return ALC_JSON_INT;
    case JSON_REAL:
        return ALC_JSON_REAL;
    case JSON_TRUE:
    case JSON_FALSE:
        return ALC_JSON_BOOL;
    case JSON_NULL:
        break;
    }
    return ALC_JSON_NULL;
}

const struct alc_json *alc_json_get(const struct alc_json *object, const char *key)
{
    return value(json_object_get(node(object), key));
}

const struct alc_json *alc_json_at(const struct alc_json *array, size_t i)
{
    return value(json_array_get(node(array), i));
}

size_t alc_json_count(const struct alc_json *array_or_object)
{
    json_t *v = node(array_or_object);
    return json_is_object(v) ? json_object_size(v) : json_array_size(v);
}

const struct alc_json *alc_json_member(const struct alc_json *object, size_t i, const char **key)
{
    /* jansson walks members one by one only.  The last place is remembered, or a loop over a
     * large object would take the square of its size.  Any close may have freed it. */
    static _Thread_local struct {
        const struct alc_json *object;
        size_t i;
        void *iter;
        uint64_t closes;
    } last;
    json_t *o = node(object);
    uint64_t now = atomic_load(&closes);

    if (!json_is_object(o) || i >= json_object_size(o)) return NULL;
    if (last.object != object || last.closes != now || last.i > i) {
        last.object = object;
        last.closes = now;
        last.i = 0;
        last.iter = json_object_iter(o);
    }
    for (; last.i < i; last.i++)
        last.iter = json_object_iter_next(o, last.iter);
    *key = json_object_iter_key(last.iter);
    return value(json_object_iter_value(last.iter));
}

bool alc_json_str(const struct alc_json *v, struct alc_bytes *out)
{
    if (alc_json_kind(v) != ALC_JSON_STRING) return false;
    *out = (struct alc_bytes){(const uint8_t *)json_string_value(node(v)),
                              json_string_length(node(v))};
    return true;
}

bool alc_json_text(const struct alc_json *v, const char **out)
{
    struct alc_bytes s;
    if (!alc_json_str(v, &s) || memchr(s.p, 0, s.n) != NULL) return false;
    *out = (const char *)s.p;
    return true;
}

bool alc_json_u64(const struct alc_json *v, uint64_t *out)
{
    int64_t i;
    if (!alc_json_i64(v, &i) || i < 0) return false;
    *out = (uint64_t)i;
    return true;
}

bool alc_json_i64(const struct alc_json *v, int64_t *out)
{
    if (alc_json_kind(v) != ALC_JSON_INT) return false;
    *out = json_integer_value(node(v));
    return true;
}

bool alc_json_real(const struct alc_json *v, double *out)
{
    enum alc_json_kind kind = alc_json_kind(v);
    if (kind != ALC_JSON_INT && kind != ALC_JSON_REAL) return false;
    *out = json_number_value(node(v));
    return true;
}

bool alc_json_bool(const struct alc_json *v, bool *out)
{
    if (alc_json_kind(v) != ALC_JSON_BOOL) return false;
    *out = json_is_true(node(v));
    return true;
}

/* ---- writing ---- */

static void put_escape(struct alc_buf *out, uint8_t c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *at = c == 0 ? NULL : strchr(from, c);

    if (at != NULL)
        alc_buf_put(out, (const char[2]){'\\', to[at - from]}, 2);
    else
        alc_buf_printf(out, "\\u%04x", c);
}

static void put_string(struct alc_buf *out, struct alc_bytes s)
{
    size_t plain = 0; /* what lies between here and i goes out as it is */

    alc_buf_put(out, "\"", 1);
    for (size_t i = 0; i < s.n;) {
        bool ok;
        size_t n = alc_utf8_next((struct alc_bytes){s.p + i, s.n - i}, &ok);
        if (!ok || s.p[i] < 0x20 || s.p[i] == '"' || s.p[i] == '\\') {
            alc_buf_put(out, s.p + plain, i - plain);
            if (ok)
                put_escape(out, s.p[i]);
            else
                alc_buf_put_text(out, "\xef\xbf\xbd");
            plain = i + n;
        }
        i += n;
    }
    if (s.n > plain) alc_buf_put(out, s.p + plain, s.n - plain);
    alc_buf_put(out, "\"", 1);
}

/* The fewest digits that read back as v, with a point or an exponent so that it stays a double. */
static void put_real(struct alc_buf *out, double v)
{
    char text[40], *e;
    int exponent;

    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v) break;
    }
    e = strchr(text, 'e');
    if (e != NULL) { /* 1e+24 → 1e24 */
        exponent = atoi(e + 1);
        snprintf(e, sizeof text - (size_t)(e - text), "e%d", exponent);
    }
    alc_buf_put_text(out, text);
    if (e == NULL && strchr(text, '.') == NULL) alc_buf_put_text(out, ".0");
}

static void put_value(struct alc_buf *out, const struct alc_json *v)
{
    struct alc_bytes s;
    const char *key;
    size_t n = alc_json_count(v);
    double real;
    int64_t i;
    bool b;

    switch (alc_json_kind(v)) {
    case ALC_JSON_NULL:
        alc_buf_put_text(out, "null");
        break;
    case ALC_JSON_BOOL:
        if (alc_json_bool(v, &b)) alc_buf_put_text(out, b ? "true" : "false");
        break;
    case ALC_JSON_INT:
        if (alc_json_i64(v, &i)) alc_buf_printf(out, "%lld", (long long)i);
        break;
    case ALC_JSON_REAL:
        if (alc_json_real(v, &real)) put_real(out, real);
        break;
    case ALC_JSON_STRING:
        if (alc_json_str(v, &s)) put_string(out, s);
        break;
    case ALC_JSON_ARRAY:
        alc_buf_put(out, "[", 1);
        for (size_t k = 0; k < n; k++) {
            if (k > 0) alc_buf_put(out, ",", 1);
            put_value(out, alc_json_at(v, k)); /* as deep as alc_json_open lets in */
        }
        alc_buf_put(out, "]", 1);
        break;
    case ALC_JSON_OBJECT:
        alc_buf_put(out, "{", 1);
        /* Not by alc_json_member: its memory is of one place, and this goes into the members. */
        for (void *m = json_object_iter(node(v)); m != NULL;
             m = json_object_iter_next(node(v), m)) {
            if (m != json_object_iter(node(v))) alc_buf_put(out, ",", 1);
            key = json_object_iter_key(m);
            put_string(out, alc_cstr(key));
            alc_buf_put(out, ":", 1);
            put_value(out, value(json_object_iter_value(m)));
        }
        alc_buf_put(out, "}", 1);
        break;
    }
}

void alc_json_dump(const struct alc_json *v, struct alc_buf *out)
{
    put_value(out, v);
}

/* ---- writer ---- */

#define JW_MAX_DEPTH 64u /* the bits of alc_jw.is_array */

/* Each value begins with this. */
static struct alc_buf *next(struct alc_jw *w)
{
    if (w->comma) alc_buf_put(w->out, ",", 1);
    w->comma = true;
    return w->out;
}

static void open_level(struct alc_jw *w, bool is_array)
{
    struct alc_buf *out = next(w);
    uint64_t bit;

    if (w->depth >= JW_MAX_DEPTH) {
        out->failed = true;
        return;
    }
    bit = (uint64_t)1 << w->depth++;
    w->is_array = is_array ? w->is_array | bit : w->is_array & ~bit;
    w->comma = false;
    alc_buf_put(out, is_array ? "[" : "{", 1);
}

void alc_jw_obj(struct alc_jw *w)
{
    open_level(w, false);
}

void alc_jw_arr(struct alc_jw *w)
{
    open_level(w, true);
}

void alc_jw_end(struct alc_jw *w)
{
    if (w->depth == 0) {
        w->out->failed = true;
        return;
    }
    w->depth--;
    alc_buf_put(w->out, w->is_array >> w->depth & 1 ? "]" : "}", 1);
    w->comma = true;
}

void alc_jw_key(struct alc_jw *w, const char *key)
{
    alc_jw_key_bytes(w, alc_cstr(key));
}

void alc_jw_key_bytes(struct alc_jw *w, struct alc_bytes key)
{
    put_string(next(w), key);
    alc_buf_put(w->out, ":", 1);
    w->comma = false;
}

void alc_jw_str(struct alc_jw *w, struct alc_bytes s)
{
    put_string(next(w), s);
}

void alc_jw_text(struct alc_jw *w, const char *s)
{
    put_string(next(w), alc_cstr(s));
}

void alc_jw_textf(struct alc_jw *w, const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (n < 0) {
        w->out->failed = true;
        return;
    }
    alc_jw_str(w, (struct alc_bytes){(const uint8_t *)text, (size_t)n});
    free(text);
}

void alc_jw_u64(struct alc_jw *w, uint64_t v)
{
    alc_buf_printf(next(w), "%llu", (unsigned long long)v);
}

void alc_jw_i64(struct alc_jw *w, int64_t v)
{
    alc_buf_printf(next(w), "%lld", (long long)v);
}

void alc_jw_u128_str(struct alc_jw *w, __uint128_t v)
{
    char digits[ALC_U128_DIGITS];
    size_t n = alc_u128_encode(digits, v);
    put_string(next(w), (struct alc_bytes){(const uint8_t *)digits, n});
}

void alc_jw_bool(struct alc_jw *w, bool v)
{
    alc_buf_put_text(next(w), v ? "true" : "false");
}

void alc_jw_null(struct alc_jw *w)
{
    alc_buf_put_text(next(w), "null");
}

typedef bool (*encoder)(char *out, size_t cap, size_t *n, struct alc_bytes in);

/* An encoded string of at most `cap` characters, none of which needs escaping. */
static void put_encoded(struct alc_jw *w, struct alc_bytes b, size_t cap, encoder encode)
{
    struct alc_buf *out = next(w);
    uint8_t *to;
    size_t n;

    alc_buf_put(out, "\"", 1);
    to = alc_buf_room(out, cap);
    if (to == NULL) return;
    if (!encode((char *)to, cap, &n, b)) {
        out->failed = true;
        return;
    }
    alc_buf_add(out, n);
    alc_buf_put(out, "\"", 1);
}

void alc_jw_hex(struct alc_jw *w, struct alc_bytes b)
{
    put_encoded(w, b, ALC_HEX_CHARS(b.n), alc_hex_encode);
}

void alc_jw_base64(struct alc_jw *w, struct alc_bytes b)
{
    put_encoded(w, b, ALC_BASE64_CHARS(b.n), alc_base64_encode);
}

void alc_jw_base58(struct alc_jw *w, struct alc_bytes b)
{
    char text[ALC_BASE58_CHARS(ALC_BASE58_MAX_BYTES)];
    size_t n;

    if (alc_base58_encode(text, sizeof text, &n, b)) /* its estimate of length is generous */
        put_string(next(w), (struct alc_bytes){(const uint8_t *)text, n});
    else
        w->out->failed = true;
}

void alc_jw_raw(struct alc_jw *w, struct alc_bytes json)
{
    alc_buf_put_bytes(next(w), json);
}
