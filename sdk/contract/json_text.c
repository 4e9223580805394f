/* sdk/contract/json_text.c — the text: tokens, strings, numbers, whole values. */
#include "contract/json_text.h"

#include "base/enc.h"
#include "base/utf8.h"
#include "contract/eight.h"

/* fail ends a hard reading.  A soft one moves to the end of the text, where nothing more is found:
 * who goes on after it must stay within the text. */
static void fail(struct near_json *j, const char *why)
{
    if (!j->soft) near_json_fail(why);
    j->failed = true;
    j->p = j->end;
}

/* ---- Lexing ---- */

static void skip_space(struct near_json *j)
{
    while (j->p < j->end && (*j->p == ' ' || *j->p == '\n' || *j->p == '\t' || *j->p == '\r'))
        j->p++;
}

/* The next character that is not white space; 0 at the end, which no JSON text holds. */
uint8_t near_json_peek(struct near_json *j)
{
    skip_space(j);
    return j->p < j->end ? *j->p : 0;
}

bool json_take(struct near_json *j, uint8_t c)
{
    if (near_json_peek(j) != c) return false;
    j->p++;
    return true;
}

bool json_expect(struct near_json *j, uint8_t c)
{
    bool there = json_take(j, c);
    if (!there) fail(j, "unexpected character");
    return there;
}

void json_word(struct near_json *j, struct alc_bytes text)
{
    if ((size_t)(j->end - j->p) >= text.n && __builtin_memcmp(j->p, text.p, text.n) == 0)
        j->p += text.n;
    else
        fail(j, "unexpected character");
}

struct near_json near_json_begin(uint8_t *p, size_t n)
{
    return (struct near_json){p, p + n, 0, false, false};
}

void near_json_end(struct near_json *j)
{
    if (near_json_peek(j) != 0 || j->p != j->end) fail(j, "trailing characters");
}

bool near_json_null(struct near_json *j)
{
    if (near_json_peek(j) != 'n') return false;
    json_word(j, ALC_LIT("null"));
    return true;
}

void json_enter(struct near_json *j)
{
    if (++j->depth > NEAR_JSON_DEPTH_MAX) near_json_fail("nested too deeply");
}

/* ---- Strings ----
 *
 * What a byte inside a string means. */
enum { PLAIN, WIDE, QUOTE, ESCAPE, CONTROL };

static unsigned class_of(uint8_t c)
{
    if (c >= 0x80) return WIDE;
    if (c < 0x20) return CONTROL;
    return c == '"' ? QUOTE : c == '\\' ? ESCAPE : PLAIN;
}

/* plain_run is the length of the longest beginning that may stand in a string as it is. */
static size_t plain_run(const uint8_t *p, const uint8_t *end)
{
    const uint8_t *q = p;
    while (end - q >= 8) {
        uint64_t x = load8(q);
        size_t n = first8(special8(x) | (x & EACH(0x80)));
        q += n;
        if (n < 8) return (size_t)(q - p);
    }
    while (q < end && class_of(*q) == PLAIN)
        q++;
    return (size_t)(q - p);
}

static uint32_t hex4(struct near_json *j)
{
    uint8_t b[2];
    size_t n;

    if (j->end - j->p < 4 || !alc_hex_decode(b, sizeof b, &n, (struct alc_bytes){j->p, 4})) {
        fail(j, "bad escape");
        return 0;
    }
    j->p += 4;
    return (uint32_t)b[0] << 8 | b[1];
}

static uint8_t *put_utf8(uint8_t *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (uint8_t)c;
        return to;
    }
    if (c < 0x800) {
        *to++ = (uint8_t)(0xc0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *to++ = (uint8_t)(0xe0 | c >> 12);
        } else {
            *to++ = (uint8_t)(0xf0 | c >> 18);
            *to++ = (uint8_t)(0x80 | (c >> 12 & 63));
        }
        *to++ = (uint8_t)(0x80 | (c >> 6 & 63));
    }
    *to++ = (uint8_t)(0x80 | (c & 63));
    return to;
}

/* escape reads what follows a backslash.  Skimming takes any four hex digits; only a value that
 * is kept must make sense. */
static uint32_t escape(struct near_json *j, bool strict)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    uint8_t c = j->p < j->end ? *j->p++ : 0;
    uint32_t u, v;

    for (size_t i = 0; i < sizeof from - 1; i++)
        if (c == (uint8_t)from[i]) return (uint8_t)to[i];
    if (c != 'u') {
        fail(j, "bad escape");
        return 0;
    }
    u = hex4(j);
    if (!strict || u < 0xd800 || u > 0xdfff) return u;
    if (u <= 0xdbff && j->end - j->p >= 2 && j->p[0] == '\\' && j->p[1] == 'u') {
        j->p += 2;
        v = hex4(j);
        if (v >= 0xdc00 && v <= 0xdfff) return 0x10000 + ((u - 0xd800) << 10 | (v - 0xdc00));
    }
    fail(j, "unpaired surrogate");
    return 0;
}

enum string_way {
    UNESCAPE, /* keep the meaning: written over its own text, which is never shorter */
    CHECK,    /* keep the text as it is, but insist that it has a meaning */
    SKIM,     /* only find the end */
};

/* string reads from after the opening quote and returns what stands, or now stands, inside. */
static struct alc_bytes string(struct near_json *j, enum string_way way)
{
    uint8_t *start = j->p, *to = j->p;

    for (;;) {
        size_t n = plain_run(j->p, j->end);
        bool good = true;
        uint32_t c;

        if (to != j->p && way == UNESCAPE) __builtin_memmove(to, j->p, n);
        to += n;
        j->p += n;
        if (j->p == j->end) {
            fail(j, "a string does not end");
            return (struct alc_bytes){start, 0};
        }
        switch (class_of(*j->p)) {
        case QUOTE:
            j->p++;
            if (way != UNESCAPE) to = j->p - 1;
            return (struct alc_bytes){start, (size_t)(to - start)};
        case ESCAPE:
            j->p++;
            c = escape(j, way != SKIM);
            if (way == UNESCAPE) to = put_utf8(to, c);
            break;
        case WIDE:
            n = 1;
            if (way != SKIM)
                n = alc_utf8_next((struct alc_bytes){j->p, (size_t)(j->end - j->p)}, &good);
            if (!good) {
                fail(j, "not UTF-8");
                break;
            }
            if (way == UNESCAPE)
                for (size_t i = 0; i < n; i++)
                    to[i] = j->p[i];
            to += n;
            j->p += n;
            break;
        default:
            fail(j, "a control character in a string");
        }
    }
}

struct alc_bytes json_string(struct near_json *j)
{
    return string(j, UNESCAPE);
}

/* ---- Numbers ---- */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* A double overflows from 2^1024 - 2^970 on: 1.797693134862315807...e308. */
static const char overflow_digits[] = "17976931348623158079";

struct decimal {
    int64_t exponent;   /* of the first digit: 0.d1d2d3... x 10^exponent */
    uint8_t digits[20]; /* the first ones; the rest cannot matter to a reader of doubles */
    size_t n;
};

static void decimal_digit(struct decimal *d, uint8_t c, bool whole)
{
    if (d->n == 0 && c == '0') { /* leading zeros only move the point */
        if (!whole) d->exponent--;
        return;
    }
    if (d->n < sizeof d->digits) d->digits[d->n++] = c;
    if (whole) d->exponent++;
}

static bool overflows(const struct decimal *d)
{
    if (d->n == 0 || d->exponent < 309) return false;
    if (d->exponent > 309) return true;
    for (size_t i = 0; i < sizeof d->digits; i++) {
        uint8_t c = i < d->n ? d->digits[i] : '0';
        if (c != (uint8_t)overflow_digits[i]) return c > (uint8_t)overflow_digits[i];
    }
    return true;
}

/* digit finds whether a digit comes next; a number that needs one and has none is bad. */
static bool digit(struct near_json *j)
{
    bool there = j->p < j->end && is_digit(*j->p);
    if (!there) fail(j, "bad number");
    return there;
}

static void number(struct near_json *j, bool strict)
{
    struct decimal d = {.exponent = 0, .n = 0};
    int64_t e = 0;
    bool minus;

    if (*j->p == '-') j->p++;
    if (!digit(j)) return;
    if (*j->p == '0' && j->end - j->p > 1 && is_digit(j->p[1])) {
        fail(j, "bad number");
        return;
    }
    for (; j->p < j->end && is_digit(*j->p); j->p++)
        decimal_digit(&d, *j->p, true);
    if (j->p < j->end && *j->p == '.') {
        j->p++;
        if (!digit(j)) return;
        for (; j->p < j->end && is_digit(*j->p); j->p++)
            decimal_digit(&d, *j->p, false);
    }
    if (j->p < j->end && (*j->p == 'e' || *j->p == 'E')) {
        j->p++;
        minus = j->p < j->end && *j->p == '-';
        if (j->p < j->end && (*j->p == '-' || *j->p == '+')) j->p++;
        if (!digit(j)) return;
        for (; j->p < j->end && is_digit(*j->p); j->p++)
            if (e < (int64_t)NEAR_ARGS_MAX_BYTES * 10) e = e * 10 + (*j->p - '0');
        d.exponent += minus ? -e : e;
    }
    if (strict && overflows(&d)) fail(j, "number out of range");
}

void near_read_u64(struct near_json *j, void *out)
{
    uint64_t v = 0;
    uint8_t c = near_json_peek(j);

    if (!is_digit(c)) near_json_fail("expected an integer");
    if (c == '0') {
        j->p++;
    } else {
        for (; j->p < j->end && is_digit(*j->p); j->p++) {
            uint64_t d = (uint64_t)(*j->p - '0');
            if (v > UINT64_MAX / 10 || v * 10 > UINT64_MAX - d)
                near_json_fail("integer out of range");
            v = v * 10 + d;
        }
    }
    if (j->p < j->end && (is_digit(*j->p) || *j->p == '.' || *j->p == 'e' || *j->p == 'E'))
        near_json_fail("expected an integer");
    *(uint64_t *)out = v;
}

void near_read_u32(struct near_json *j, void *out)
{
    uint64_t v;
    near_read_u64(j, &v);
    if (v > UINT32_MAX) near_json_fail("integer out of range");
    *(uint32_t *)out = (uint32_t)v;
}

void near_read_u8(struct near_json *j, void *out)
{
    near_read_u32(j, out);
    if (*(uint32_t *)out > UINT8_MAX) near_json_fail("integer out of range");
}

void near_read_opt_u64(struct near_json *j, void *out)
{
    struct near_opt_u64 *o = out;
    near_read_u64(j, &o->v);
    o->some = 1;
}

void near_read_opt_u32(struct near_json *j, void *out)
{
    struct near_opt_u32 *o = out;
    near_read_u32(j, &o->v);
    o->some = 1;
}

/* ---- Any value ---- */

/* One bit for each open bracket: 1 is an object.  A skimmed value may nest as deep as it is long.
 */
static uint8_t brackets[NEAR_ARGS_MAX_BYTES / 8 + 1];

static void compact(uint8_t **to, const uint8_t *from, const uint8_t *end)
{
    if (*to == from)
        *to += end - from;
    else
        while (from < end)
            *(*to)++ = *from++;
}

/* value walks over one value.  Strict: it must make sense as serde_json's Value, and what stays
 * between `start` and the returned end is the value without white space between its tokens. */
static uint8_t *value(struct near_json *j, bool strict)
{
    enum string_way way = strict ? CHECK : SKIM;
    uint8_t *to, *from;
    size_t open = 0;

    (void)near_json_peek(j);
    to = j->p;
    for (;;) {
        uint8_t c = near_json_peek(j);
        bool opened = false;

        if (j->failed) return to;
        from = j->p;
        switch (c) {
        case '{':
        case '[':
            j->p++;
            if (strict && j->depth + open + 1 > NEAR_JSON_DEPTH_MAX) {
                fail(j, "nested too deeply");
                return to;
            }
            if (c == '{')
                brackets[open / 8] |= (uint8_t)(1u << open % 8);
            else
                brackets[open / 8] &= (uint8_t)~(1u << open % 8);
            open++;
            opened = true;
            break;
        case '"':
            j->p++;
            (void)string(j, way);
            break;
        case 't':
            json_word(j, ALC_LIT("true"));
            break;
        case 'f':
            json_word(j, ALC_LIT("false"));
            break;
        case 'n':
            json_word(j, ALC_LIT("null"));
            break;
        default:
            if (c == '-' || is_digit(c))
                number(j, strict);
            else
                fail(j, "expected a value");
        }
        if (strict) compact(&to, from, j->p);

        /* After a value, or an opening bracket: close what ends here, then stand before the next.
         */
        for (;;) {
            bool object;
            if (open == 0) return to;
            object = (brackets[(open - 1) / 8] >> (open - 1) % 8 & 1) != 0;
            c = near_json_peek(j);
            from = j->p;
            if (c == (object ? '}' : ']')) {
                j->p++;
                open--;
                opened = false;
                if (strict) compact(&to, from, j->p);
                continue;
            }
            if (!opened) {
                if (!json_expect(j, ',')) return to;
                if (strict) compact(&to, from, j->p);
            }
            if (object) {
                if (!json_expect(j, '"')) return to;
                from = j->p - 1;
                (void)string(j, way);
                if (strict) compact(&to, from, j->p);
                if (!json_expect(j, ':')) return to;
                if (strict) compact(&to, j->p - 1, j->p);
            }
            break;
        }
    }
}

void json_skim(struct near_json *j)
{
    (void)value(j, false);
}

void near_read_json(struct near_json *j, void *out)
{
    uint8_t *start, *end;

    (void)near_json_peek(j);
    start = j->p;
    end = value(j, true);
    *(struct alc_bytes *)out = (struct alc_bytes){start, (size_t)(end - start)};
}

bool near_json_member(struct alc_bytes *out, struct alc_bytes key, uint8_t *p, size_t n)
{
    struct near_json j = near_json_begin(p, n);
    bool found = false;

    j.soft = true;
    j.depth = 1;
    if (!json_take(&j, '{')) return false;
    if (!json_take(&j, '}')) {
        do {
            bool it;
            if (!json_expect(&j, '"')) return false;
            it = alc_bytes_eq(string(&j, UNESCAPE), key);
            if (!json_expect(&j, ':')) return false;
            if (it) found = near_json_peek(&j) == '"';
            if (it && found) {
                j.p++;
                *out = string(&j, UNESCAPE);
            } else {
                (void)value(&j, true);
            }
        } while (json_take(&j, ','));
        (void)json_expect(&j, '}');
    }
    near_json_end(&j);
    return found && !j.failed;
}
