#include "contract/json.h"

#include "base/enc.h"
#include "contract/eight.h"

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

static void put_char(struct near_out *o, char c)
{
    uint8_t *to = room(o, 1);
    if (to != NULL) *to = (uint8_t)c;
}

void near_out_text(struct near_out *o, const char *text)
{
    const struct alc_bytes b = alc_cstr(text);
    near_out_put(o, b.p, b.n);
}

void near_out_raw(struct near_out *o, struct alc_bytes b)
{
    near_out_put(o, b.p, b.n);
}

/* put_escape writes the escape of a control character; returns its length. */
static size_t put_escape(uint8_t to[6], uint8_t c)
{
    static const char digit[] = "0123456789abcdef";
    static const char letter[] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu"; /* by control character */

    to[0] = '\\';
    to[1] = (uint8_t)letter[c];
    if (to[1] != 'u') return 2;
    to[2] = '0';
    to[3] = '0';
    to[4] = (uint8_t)digit[c >> 4];
    to[5] = (uint8_t)digit[c & 15];
    return 6;
}

/* The busiest loop of a contract that announces what it was sent. */
static void escaped(struct near_out *o, const uint8_t *p, size_t size)
{
    const uint8_t *end = size > 0 ? p + size : p;
    uint8_t *to = o->p + o->n, *stop = o->p + o->cap;

    while (p != end) {
        uint8_t text[6], c;
        size_t n = 1;

        if (end - p >= 8 && stop - to >= 8) {
            uint64_t x = load8(p);
            __builtin_memcpy(to, &x, sizeof x);
            n = first8(special8(x));
            p += n;
            to += n;
            if (n == 8) continue;
            n = 1;
        }
        c = *p++;
        if (c < 0x20)
            n = put_escape(text, c);
        else if (c == '"' || c == '\\')
            n = 2;
        if ((size_t)(stop - to) < n) {
            o->full = true;
            break;
        }
        if (c < 0x20) {
            for (size_t i = 0; i < n; i++)
                *to++ = text[i];
            continue;
        }
        if (n == 2) *to++ = '\\'; /* the most frequent by far */
        *to++ = c;
    }
    o->n = (size_t)(to - o->p);
}

void near_out_esc(struct near_out *o, struct alc_bytes s)
{
    escaped(o, s.p, s.n);
}

void near_out_str(struct near_out *o, struct alc_bytes s)
{
    put_char(o, '"');
    escaped(o, s.p, s.n);
    put_char(o, '"');
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
    put_char(o, '"');
    near_out_u128(o, v);
    put_char(o, '"');
}

void near_out_bool(struct near_out *o, bool v)
{
    near_out_raw(o, v ? ALC_LIT("true") : ALC_LIT("false"));
}

void near_out_octets(struct near_out *o, struct alc_bytes b)
{
    put_char(o, '[');
    for (size_t i = 0; i < b.n; i++) {
        uint8_t v = b.p[i];
        const size_t comma = i > 0, n = 1u + (v >= 10) + (v >= 100) + comma;
        uint8_t *to = room(o, n);

        if (to == NULL) return;
        to[0] = ',';
        to += n;
        do {
            *--to = (uint8_t)('0' + v % 10);
            v /= 10;
        } while (v > 0);
    }
    put_char(o, ']');
}

void near_out_hex(struct near_out *o, struct alc_bytes b)
{
    uint8_t *to;
    size_t n;

    put_char(o, '"');
    to = room(o, ALC_HEX_CHARS(b.n));
    if (to != NULL && !alc_hex_encode((char *)to, ALC_HEX_CHARS(b.n), &n, b)) o->full = true;
    put_char(o, '"');
}

void near_out_base64(struct near_out *o, struct alc_bytes b)
{
    uint8_t *to;
    size_t n;

    put_char(o, '"');
    to = room(o, ALC_BASE64_CHARS(b.n));
    if (to != NULL && !alc_base64_encode((char *)to, ALC_BASE64_CHARS(b.n), &n, b)) o->full = true;
    put_char(o, '"');
}

void near_out_key(struct near_out *o, const struct alc_hash *k)
{
    char text[ALC_BASE58_CHARS(32)];
    size_t n;

    near_out_lit(o, "\"ed25519:");
    if (alc_base58_encode(text, sizeof text, &n, alc_hash_bytes(k))) near_out_put(o, text, n);
    put_char(o, '"');
}

static void write_value(struct near_out *o, const struct near_field *f, const void *in)
{
    const void *v = (const uint8_t *)in + f->at;
    const struct near_opt_u32 *opt32 = v;
    const struct near_opt_u64 *opt = v;

    switch (f->value) {
    case NEAR_VALUE_near_read_bool:
        near_out_bool(o, *(const bool *)v);
        return;
    case NEAR_VALUE_near_read_u8:
    case NEAR_VALUE_near_read_u32:
        near_out_u64(o, *(const uint32_t *)v);
        return;
    case NEAR_VALUE_near_read_u64:
        near_out_u64(o, *(const uint64_t *)v);
        return;
    case NEAR_VALUE_near_read_opt_u32:
        near_out_opt_u64(o, opt32->v, opt32->some != 0);
        return;
    case NEAR_VALUE_near_read_opt_u64:
        near_out_opt_u64(o, opt->v, opt->some != 0);
        return;
    case NEAR_VALUE_near_read_hash:
        near_out_hex(o, alc_hash_bytes(v));
        return;
#ifndef NEAR_PLAIN_VALUES
    case NEAR_VALUE_near_read_u128:
    case NEAR_VALUE_near_read_opt_u128:
        near_out_u128_str(o, *(const near_u128 *)v);
        return;
    case NEAR_VALUE_near_read_key:
        near_out_key(o, v);
        return;
    case NEAR_VALUE_near_read_octets:
        near_out_octets(o, *(const struct alc_bytes *)v);
        return;
    case NEAR_VALUE_near_read_json:
        near_out_raw(o, *(const struct alc_bytes *)v);
        return;
#endif
    default:
        break;
    }
    if (f->value >= NEAR_VALUES && near_own_values[f->value - NEAR_VALUES].write != NULL)
        near_own_values[f->value - NEAR_VALUES].write(o, v);
    else
        near_out_opt_str(o, *(const struct alc_bytes *)v);
}

void near_out_members(struct near_out *o, const void *in, const struct near_field *fields, size_t n)
{
    for (const struct near_field *f = fields; f < fields + n; f++) {
        const size_t comma = f > fields;
        uint8_t *to = room(o, f->name_n + 3u + comma);

        if (to == NULL) return;
        to[0] = ',';
        to[comma] = '"';
        __builtin_memcpy(to + comma + 1, f->name, f->name_n);
        to += comma + 1 + f->name_n;
        to[0] = '"';
        to[1] = ':';
        write_value(o, f, in);
    }
}

void near_out_object(struct near_out *o, const void *in, const struct near_field *fields, size_t n)
{
    put_char(o, '{');
    near_out_members(o, in, fields, n);
    put_char(o, '}');
}
