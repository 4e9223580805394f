#include "base/utf8.h"
#include "verify/parts.h"

static const char hex_digits[16] = {'0', '1', '2', '3', '4', '5', '6', '7',
                                    '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};

static void put(struct vf_out *o, const void *p, size_t n)
{
    if (o->full || o->cap - o->n < n) {
        o->full = true;
        return;
    }
    if (n > 0) __builtin_memcpy(o->p + o->n, p, n);
    o->n += n;
}

static void put_char(struct vf_out *o, char c)
{
    put(o, &c, 1);
}

void vf_out_raw(struct vf_out *o, const char *text)
{
    struct alc_bytes b = alc_cstr(text);
    put(o, b.p, b.n);
}

/* Every value begins here: what separates it from the one before, and its name. */
static void begin(struct vf_out *o, const char *key)
{
    if (o->comma) put_char(o, ',');
    o->comma = true;
    if (key == NULL) return;
    put_char(o, '"');
    vf_out_raw(o, key);
    vf_out_raw(o, "\":");
}

void vf_out_open(struct vf_out *o, const char *key, char bracket)
{
    begin(o, key);
    put_char(o, bracket);
    o->comma = false;
}

void vf_out_close(struct vf_out *o, char bracket)
{
    put_char(o, bracket);
    o->comma = true;
}

static void put_escape(struct vf_out *o, unsigned unit)
{
    vf_out_raw(o, "\\u");
    for (unsigned shift = 16; shift > 0;) {
        shift -= 4;
        put_char(o, hex_digits[unit >> shift & 15]);
    }
}

void vf_out_text(struct vf_out *o, const char *key, struct alc_bytes text)
{
    begin(o, key);
    put_char(o, '"');
    while (text.n > 0) {
        bool ok;
        size_t n = alc_utf8_next(text, &ok);
        uint8_t c = text.p[0];

        if (!ok)
            put_escape(o, 0xfffd);
        else if (c < 0x20 || c == 0x7f)
            put_escape(o, c);
        else {
            if (c == '"' || c == '\\') put_char(o, '\\');
            put(o, text.p, n);
        }
        text.p += n;
        text.n -= n;
    }
    put_char(o, '"');
}

void vf_out_hex(struct vf_out *o, const char *key, const uint8_t *p, size_t n)
{
    begin(o, key);
    put_char(o, '"');
    for (size_t i = 0; i < n; i++) {
        char two[2] = {hex_digits[p[i] >> 4], hex_digits[p[i] & 15]};
        put(o, two, 2);
    }
    put_char(o, '"');
}

void vf_out_u64(struct vf_out *o, const char *key, uint64_t v)
{
    uint8_t digits[20];
    size_t at = sizeof digits;

    begin(o, key);
    do {
        digits[--at] = (uint8_t)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    put(o, digits + at, sizeof digits - at);
}

void vf_out_bool(struct vf_out *o, const char *key, bool v)
{
    begin(o, key);
    vf_out_raw(o, v ? "true" : "false");
}

void vf_out_null(struct vf_out *o, const char *key)
{
    begin(o, key);
    vf_out_raw(o, "null");
}
