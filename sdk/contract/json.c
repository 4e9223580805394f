#include "contract/json.h"

#include "base/enc.h"

void near_json_fail(const char *why)
{
    near_panic_with("Failed to deserialize input from JSON: ", alc_cstr(why));
}

/* ---- Lexing ---- */

static void skip_space(struct near_json *j)
{
    while (j->p < j->end && (*j->p == ' ' || *j->p == '\n' || *j->p == '\t' || *j->p == '\r'))
        j->p++;
}

/* The next character that is not white space; 0 at the end, which no JSON text holds. */
static uint8_t peek(struct near_json *j)
{
    skip_space(j);
    return j->p < j->end ? *j->p : 0;
}

static bool take(struct near_json *j, uint8_t c)
{
    if (peek(j) != c) return false;
    j->p++;
    return true;
}

static void expect(struct near_json *j, uint8_t c)
{
    if (!take(j, c)) near_json_fail("unexpected character");
}

static void word(struct near_json *j, struct alc_bytes text)
{
    if ((size_t)(j->end - j->p) < text.n || __builtin_memcmp(j->p, text.p, text.n) != 0)
        near_json_fail("unexpected character");
    j->p += text.n;
}

struct near_json near_json_begin(uint8_t *p, size_t n)
{
    return (struct near_json){p, p + n, 0};
}

void near_json_end(struct near_json *j)
{
    if (peek(j) != 0 || j->p != j->end) near_json_fail("trailing characters");
}

uint8_t near_json_peek(struct near_json *j)
{
    return peek(j);
}

bool near_json_null(struct near_json *j)
{
    if (peek(j) != 'n') return false;
    word(j, ALC_LIT("null"));
    return true;
}

static void enter(struct near_json *j)
{
    if (++j->depth > NEAR_JSON_DEPTH_MAX) near_json_fail("nested too deeply");
}

/* ---- Strings ----
 *
 * What a byte inside a string means: 0 stands for itself. */
enum { PLAIN = 0, WIDE = 1, SPECIAL = 4, QUOTE = 4, ESCAPE = 5, CONTROL = 6 };

/* The short escapes: what they mean, and the letter behind the backslash. */
#define ESCAPES_TO "\"\\/\b\f\n\r\t"
#define ESCAPES_FROM "\"\\/bfnrt"

#define ROW(v) v, v, v, v, v, v, v, v, v, v, v, v, v, v, v, v
static const uint8_t class_of[256] = {
    ROW(CONTROL), ROW(CONTROL), PLAIN,      PLAIN,     QUOTE,      PLAIN,      PLAIN,
    PLAIN,        PLAIN,        PLAIN,      PLAIN,     PLAIN,      PLAIN,      PLAIN,
    PLAIN,        PLAIN,        PLAIN,      PLAIN,     ROW(PLAIN), ROW(PLAIN), PLAIN,
    PLAIN,        PLAIN,        PLAIN,      PLAIN,     PLAIN,      PLAIN,      PLAIN,
    PLAIN,        PLAIN,        PLAIN,      PLAIN,     ESCAPE,     PLAIN,      PLAIN,
    PLAIN,        ROW(PLAIN),   ROW(PLAIN), ROW(WIDE), ROW(WIDE),  ROW(WIDE),  ROW(WIDE),
    ROW(WIDE),    ROW(WIDE),    ROW(WIDE),  ROW(WIDE),
};
#undef ROW

/* Eight bytes at a time: the host's instructions are what a contract pays for. */
#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static uint64_t load8(const uint8_t *p)
{
    uint64_t x;
    __builtin_memcpy(&x, p, sizeof x); /* little endian: the first byte is the lowest */
    return x;
}

/* The top bit of each byte below 0x20, quote or backslash.  Borrows may set bits above the lowest
 * one that is due, never below it. */
static uint64_t special8(uint64_t x)
{
    uint64_t quote = x ^ EACH('"'), slash = x ^ EACH('\\');
    return (((x - EACH(0x20)) & ~x) | ((quote - EACH(1)) & ~quote) | ((slash - EACH(1)) & ~slash)) &
           EACH(0x80);
}

/* The index of the first byte that a mask of top bits names; 8: none. */
static size_t first8(uint64_t mask)
{
    return mask == 0 ? 8 : (size_t)__builtin_ctzll(mask) / 8;
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
    while (q < end && class_of[*q] == PLAIN)
        q++;
    return (size_t)(q - p);
}

/* The length of the UTF-8 character at p, or 0: Unicode 15, table 3-7. */
static size_t utf8_char(const uint8_t *p, size_t n)
{
    uint8_t low = 0x80, high = 0xbf;
    size_t len;

    if (p[0] >= 0xc2 && p[0] <= 0xdf)
        len = 2;
    else if (p[0] >= 0xe0 && p[0] <= 0xef)
        len = 3;
    else if (p[0] >= 0xf0 && p[0] <= 0xf4)
        len = 4;
    else
        return 0;
    if (p[0] == 0xe0) low = 0xa0;
    if (p[0] == 0xed) high = 0x9f;
    if (p[0] == 0xf0) low = 0x90;
    if (p[0] == 0xf4) high = 0x8f;
    if (n < len || p[1] < low || p[1] > high) return 0;
    for (size_t i = 2; i < len; i++)
        if (p[i] < 0x80 || p[i] > 0xbf) return 0;
    return len;
}

static uint32_t hex4(struct near_json *j)
{
    uint8_t b[2];
    size_t n;

    if (j->end - j->p < 4 || !alc_hex_decode(b, sizeof b, &n, (struct alc_bytes){j->p, 4}))
        near_json_fail("bad escape");
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
    uint8_t c = j->p < j->end ? *j->p++ : 0;
    uint32_t u, v;

    for (size_t i = 0; i < sizeof ESCAPES_FROM - 1; i++)
        if (c == (uint8_t)ESCAPES_FROM[i]) return (uint8_t)ESCAPES_TO[i];
    if (c != 'u') near_json_fail("bad escape");
    u = hex4(j);
    if (!strict || u < 0xd800 || u > 0xdfff) return u;
    if (u > 0xdbff || j->end - j->p < 2 || j->p[0] != '\\' || j->p[1] != 'u')
        near_json_fail("unpaired surrogate");
    j->p += 2;
    v = hex4(j);
    if (v < 0xdc00 || v > 0xdfff) near_json_fail("unpaired surrogate");
    return 0x10000 + ((u - 0xd800) << 10 | (v - 0xdc00));
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
        uint32_t c;

        if (to != j->p && way == UNESCAPE) __builtin_memmove(to, j->p, n);
        to += n;
        j->p += n;
        if (j->p == j->end) near_json_fail("a string does not end");
        switch (class_of[*j->p]) {
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
            n = way == SKIM ? 1 : utf8_char(j->p, (size_t)(j->end - j->p));
            if (n == 0) near_json_fail("not UTF-8");
            if (way == UNESCAPE)
                for (size_t i = 0; i < n; i++)
                    to[i] = j->p[i];
            to += n;
            j->p += n;
            break;
        default:
            near_json_fail("a control character in a string");
        }
    }
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

static void number(struct near_json *j, bool strict)
{
    struct decimal d = {.exponent = 0, .n = 0};
    int64_t e = 0;
    bool minus;

    if (*j->p == '-') j->p++;
    if (j->p == j->end || !is_digit(*j->p)) near_json_fail("bad number");
    if (*j->p == '0' && j->end - j->p > 1 && is_digit(j->p[1])) near_json_fail("bad number");
    for (; j->p < j->end && is_digit(*j->p); j->p++)
        decimal_digit(&d, *j->p, true);
    if (j->p < j->end && *j->p == '.') {
        j->p++;
        if (j->p == j->end || !is_digit(*j->p)) near_json_fail("bad number");
        for (; j->p < j->end && is_digit(*j->p); j->p++)
            decimal_digit(&d, *j->p, false);
    }
    if (j->p < j->end && (*j->p == 'e' || *j->p == 'E')) {
        j->p++;
        minus = j->p < j->end && *j->p == '-';
        if (j->p < j->end && (*j->p == '-' || *j->p == '+')) j->p++;
        if (j->p == j->end || !is_digit(*j->p)) near_json_fail("bad number");
        for (; j->p < j->end && is_digit(*j->p); j->p++)
            if (e < (int64_t)NEAR_ARGS_MAX_BYTES * 10) e = e * 10 + (*j->p - '0');
        d.exponent += minus ? -e : e;
    }
    if (strict && overflows(&d)) near_json_fail("number out of range");
}

void near_read_u64(struct near_json *j, void *out)
{
    uint64_t v = 0;
    uint8_t c = peek(j);

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

void near_read_opt_u64(struct near_json *j, void *out)
{
    struct near_opt_u64 *o = out;
    near_read_u64(j, &o->v);
    o->some = true;
}

void near_read_opt_u32(struct near_json *j, void *out)
{
    struct near_opt_u32 *o = out;
    near_read_u32(j, &o->v);
    o->some = true;
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

    (void)peek(j);
    to = j->p;
    for (;;) {
        uint8_t c = peek(j);
        bool opened = false;

        from = j->p;
        switch (c) {
        case '{':
        case '[':
            j->p++;
            if (strict && j->depth + open + 1 > NEAR_JSON_DEPTH_MAX)
                near_json_fail("nested too deeply");
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
            word(j, ALC_LIT("true"));
            break;
        case 'f':
            word(j, ALC_LIT("false"));
            break;
        case 'n':
            word(j, ALC_LIT("null"));
            break;
        default:
            if (c != '-' && !is_digit(c)) near_json_fail("expected a value");
            number(j, strict);
        }
        if (strict) compact(&to, from, j->p);

        /* After a value, or an opening bracket: close what ends here, then stand before the next.
         */
        for (;;) {
            bool object;
            if (open == 0) return to;
            object = (brackets[(open - 1) / 8] >> (open - 1) % 8 & 1) != 0;
            c = peek(j);
            from = j->p;
            if (c == (object ? '}' : ']')) {
                j->p++;
                open--;
                opened = false;
                if (strict) compact(&to, from, j->p);
                continue;
            }
            if (!opened) {
                expect(j, ',');
                if (strict) compact(&to, from, j->p);
            }
            if (object) {
                expect(j, '"');
                from = j->p - 1;
                (void)string(j, way);
                if (strict) compact(&to, from, j->p);
                expect(j, ':');
                if (strict) compact(&to, j->p - 1, j->p);
            }
            break;
        }
    }
}

void near_read_json(struct near_json *j, void *out)
{
    uint8_t *start, *end;

    (void)peek(j);
    start = j->p;
    end = value(j, true);
    *(struct alc_bytes *)out = (struct alc_bytes){start, (size_t)(end - start)};
}

/* ---- Objects by table ---- */

static const struct near_field *field_of(const struct near_field *fields, size_t n,
                                         struct alc_bytes key)
{
    for (size_t i = 0; i < n; i++)
        if (fields[i].name_n == key.n && __builtin_memcmp(fields[i].name, key.p, key.n) == 0)
            return &fields[i];
    return NULL;
}

static void read_field(struct near_json *j, uint8_t *out, const struct near_field *f)
{
    if (f->need == NEAR_MAY && near_json_null(j)) return;
    f->read(j, out + f->at);
}

static void from_array(struct near_json *j, uint8_t *out, const struct near_field *fields, size_t n)
{
    size_t i = 0;

    if (!take(j, ']')) {
        do {
            if (i == n) near_json_fail("too many elements");
            read_field(j, out, &fields[i++]);
        } while (take(j, ','));
        expect(j, ']');
    }
    for (; i < n; i++)
        if (fields[i].need == NEAR_MUST) near_json_fail("too few elements");
}

void near_json_object(struct near_json *j, void *out, const struct near_field *fields, size_t n)
{
    uint32_t seen = 0;

    enter(j);
    if (take(j, '[')) {
        from_array(j, out, fields, n);
        j->depth--;
        return;
    }
    expect(j, '{');
    if (!take(j, '}')) {
        do {
            const struct near_field *f;
            struct alc_bytes key;

            expect(j, '"');
            key = string(j, UNESCAPE);
            expect(j, ':');
            f = field_of(fields, n, key);
            if (f == NULL) {
                (void)value(j, false);
                continue;
            }
            if ((seen >> (f - fields) & 1) != 0)
                near_panic_with("Failed to deserialize input from JSON: duplicate field ", key);
            seen |= UINT32_C(1) << (f - fields);
            read_field(j, out, f);
        } while (take(j, ','));
        expect(j, '}');
    }
    for (size_t i = 0; i < n; i++)
        if (fields[i].need == NEAR_MUST && (seen >> i & 1) == 0)
            near_panic_with("Failed to deserialize input from JSON: missing field ",
                            alc_cstr(fields[i].name));
    j->depth--;
}

void near_args(void *out, const struct near_field *fields, size_t n)
{
    static uint8_t buf[NEAR_ARGS_MAX_BYTES];
    struct alc_bytes in = near_input(buf, sizeof buf);
    struct near_json j = near_json_begin(buf, in.n);

    near_json_object(&j, out, fields, n);
    near_json_end(&j);
}

/* ---- Readers ---- */

void near_read_bool(struct near_json *j, void *out)
{
    bool v = peek(j) == 't';
    word(j, v ? ALC_LIT("true") : ALC_LIT("false"));
    *(bool *)out = v;
}

void near_read_string(struct near_json *j, void *out)
{
    expect(j, '"');
    *(struct alc_bytes *)out = string(j, UNESCAPE);
}

void near_read_u128(struct near_json *j, void *out)
{
    struct alc_bytes s;
    near_read_string(j, &s);
    if (s.n > 0 && s.p[0] == '+') s = (struct alc_bytes){s.p + 1, s.n - 1};
    if (!alc_u128_decode(out, s)) near_json_fail("expected an amount as a decimal string");
}

void near_read_opt_u128(struct near_json *j, void *out)
{
    struct near_opt_u128 *o = out;
    near_read_u128(j, &o->v);
    o->some = true;
}

void near_read_account(struct near_json *j, void *out)
{
    near_read_string(j, out);
    if (!near_account_valid(*(struct alc_bytes *)out)) near_json_fail("not an account id");
}

void near_read_key(struct near_json *j, void *out)
{
    static const char curve[] = "ed25519";
    struct alc_hash *key = out;
    struct alc_bytes s;
    size_t i = 0, n;

    near_read_string(j, &s);
    while (i < s.n && s.p[i] != ':')
        i++;
    if (i < s.n) { /* no prefix means Ed25519 */
        if (i != sizeof curve - 1) near_json_fail("expected an ed25519 key");
        for (size_t k = 0; k < i; k++)
            if ((s.p[k] | 0x20) != (uint8_t)curve[k]) near_json_fail("expected an ed25519 key");
        s = (struct alc_bytes){s.p + i + 1, s.n - i - 1};
    }
    if (!alc_base58_decode(key->b, sizeof key->b, &n, s) || n != sizeof key->b)
        near_json_fail("expected an ed25519 key");
}

void near_json_list(struct near_json *j, void (*item)(struct near_json *j, void *to), void *to)
{
    enter(j);
    expect(j, '[');
    if (!take(j, ']')) {
        do {
            item(j, to);
        } while (take(j, ','));
        expect(j, ']');
    }
    j->depth--;
}

static void octet(struct near_json *j, void *to)
{
    uint8_t **p = to;
    uint64_t v;
    near_read_u64(j, &v);
    if (v > 255) near_json_fail("integer out of range");
    *(*p)++ = (uint8_t)v;
}

void near_read_octets(struct near_json *j, void *out)
{
    uint8_t *start, *end; /* written over the array's own text, which is never shorter */

    (void)peek(j);
    start = end = j->p;
    near_json_list(j, octet, &end);
    *(struct alc_bytes *)out = (struct alc_bytes){start, (size_t)(end - start)};
}

bool near_json_variant(struct near_json *j, struct alc_bytes *name)
{
    bool with_value = take(j, '{');

    if (with_value) enter(j);
    near_read_string(j, name);
    if (with_value) expect(j, ':');
    return with_value;
}

void near_json_variant_end(struct near_json *j, bool with_value)
{
    if (!with_value) near_json_fail("a variant lacks its value");
    expect(j, '}');
    j->depth--;
}

void near_json_variant_unit(struct near_json *j, bool with_value)
{
    if (!with_value) return;
    if (!near_json_null(j)) near_json_fail("a variant has no value");
    near_json_variant_end(j, with_value);
}

/* ---- Writing ---- */

struct alc_bytes near_out_bytes(const struct near_out *o, const char *what)
{
    if (o->full) near_panic(what);
    return (struct alc_bytes){o->p, o->n};
}

/* room makes space for n more bytes and returns where they go; NULL: they do not fit. */
static uint8_t *room(struct near_out *o, size_t n)
{
    if (o->full || o->cap - o->n < n) {
        o->full = true;
        return NULL;
    }
    o->n += n;
    return o->p + o->n - n;
}

void near_out_put(struct near_out *o, const void *p, size_t n)
{
    uint8_t *to = room(o, n);
    if (to != NULL && n > 0) __builtin_memcpy(to, p, n);
}

void near_out_raw(struct near_out *o, struct alc_bytes b)
{
    near_out_put(o, b.p, b.n);
}

/* put_escape writes the escape of a quote, a backslash or a control character; returns its length.
 */
static size_t put_escape(uint8_t to[6], uint8_t c)
{
    static const char digit[] = "0123456789abcdef";

    to[0] = '\\';
    to[1] = c;
    if (c >= 0x20) return 2;
    for (size_t i = 0; i < sizeof ESCAPES_TO - 1; i++) {
        if (c != (uint8_t)ESCAPES_TO[i]) continue;
        to[1] = (uint8_t)ESCAPES_FROM[i];
        return 2;
    }
    to[1] = 'u';
    to[2] = '0';
    to[3] = '0';
    to[4] = (uint8_t)digit[c >> 4];
    to[5] = (uint8_t)digit[c & 15];
    return 6;
}

void near_out_esc(struct near_out *o, struct alc_bytes s)
{
    const uint8_t *p = s.p, *end = s.p + s.n;
    uint8_t *to = o->p + o->n, *stop = o->p + o->cap;

    while (p < end) {
        uint8_t text[6];
        size_t n;

        if (end - p >= 8 && stop - to >= 8) {
            uint64_t x = load8(p);
            __builtin_memcpy(to, &x, sizeof x);
            n = first8(special8(x));
            p += n;
            to += n;
            if (n == 8) continue;
        }
        text[0] = *p;
        n = (class_of[*p] & SPECIAL) != 0 ? put_escape(text, *p) : 1;
        p++;
        if ((size_t)(stop - to) < n) {
            o->full = true;
            break;
        }
        for (size_t i = 0; i < n; i++)
            *to++ = text[i];
    }
    o->n = (size_t)(to - o->p);
}

void near_out_str(struct near_out *o, struct alc_bytes s)
{
    near_out_lit(o, "\"");
    near_out_esc(o, s);
    near_out_lit(o, "\"");
}

void near_out_opt_str(struct near_out *o, struct alc_bytes s)
{
    if (s.p == NULL)
        near_out_lit(o, "null");
    else
        near_out_str(o, s);
}

void near_out_u64(struct near_out *o, uint64_t v)
{
    uint8_t digits[20];
    size_t i = sizeof digits;
    do {
        digits[--i] = (uint8_t)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    near_out_put(o, digits + i, sizeof digits - i);
}

void near_out_opt_u64(struct near_out *o, uint64_t v, bool some)
{
    if (some)
        near_out_u64(o, v);
    else
        near_out_lit(o, "null");
}

void near_out_u128(struct near_out *o, near_u128 v)
{
    char digits[ALC_U128_DIGITS];
    size_t n = alc_u128_encode(digits, v);
    near_out_put(o, digits, n);
}

void near_out_u128_str(struct near_out *o, near_u128 v)
{
    near_out_lit(o, "\"");
    near_out_u128(o, v);
    near_out_lit(o, "\"");
}

void near_out_bool(struct near_out *o, bool v)
{
    near_out_raw(o, v ? ALC_LIT("true") : ALC_LIT("false"));
}

void near_out_octets(struct near_out *o, struct alc_bytes b)
{
    near_out_lit(o, "[");
    for (size_t i = 0; i < b.n; i++) {
        uint8_t text[4];
        size_t n = 0;
        uint8_t v = b.p[i];
        if (i > 0) text[n++] = ',';
        if (v >= 100) text[n++] = (uint8_t)('0' + v / 100);
        if (v >= 10) text[n++] = (uint8_t)('0' + v / 10 % 10);
        text[n++] = (uint8_t)('0' + v % 10);
        near_out_put(o, text, n);
    }
    near_out_lit(o, "]");
}

void near_out_hex(struct near_out *o, struct alc_bytes b)
{
    uint8_t *to;
    size_t n;

    near_out_lit(o, "\"");
    to = room(o, ALC_HEX_CHARS(b.n));
    if (to != NULL && !alc_hex_encode((char *)to, ALC_HEX_CHARS(b.n), &n, b)) o->full = true;
    near_out_lit(o, "\"");
}

void near_out_base64(struct near_out *o, struct alc_bytes b)
{
    uint8_t *to;
    size_t n;

    near_out_lit(o, "\"");
    to = room(o, ALC_BASE64_CHARS(b.n));
    if (to != NULL && !alc_base64_encode((char *)to, ALC_BASE64_CHARS(b.n), &n, b)) o->full = true;
    near_out_lit(o, "\"");
}

void near_out_key(struct near_out *o, const struct alc_hash *k)
{
    char text[ALC_BASE58_CHARS(32)];
    size_t n;

    near_out_lit(o, "\"ed25519:");
    if (alc_base58_encode(text, sizeof text, &n, alc_hash_bytes(k))) near_out_put(o, text, n);
    near_out_lit(o, "\"");
}
