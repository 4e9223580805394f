/* src/base/borsh.h — borsh (borsh.io, specification 1.0): reading over a cursor, writing into a
 * fixed buffer.  Freestanding.
 *
 * Integers little endian; String and Vec<u8> are a u32 length and the bytes; Option is a byte 0 or
 * 1 and the value; an enum is one byte of tag and its fields.  Bytes left over are the caller's to
 * refuse.  A writer that runs out of room sets `full`, writes nothing more, and says so at the end.
 */
#ifndef ALC_BORSH_H
#define ALC_BORSH_H

#include "base/cur.h"

/* alc_borsh_bytes borrows a String or a Vec<u8> of at most `max` bytes. */
static inline ALC_MUST bool alc_borsh_bytes(struct alc_cur *c, size_t max, struct alc_bytes *out)
{
    struct alc_cur d = *c;
    uint32_t n;
    if (!alc_cur_u32le(&d, &n) || n > max || !alc_cur_take(&d, n, out)) return false;
    *c = d;
    return true;
}

/* alc_borsh_flag reads the byte of a bool or of an Option: 0 or 1, nothing else. */
static inline ALC_MUST bool alc_borsh_flag(struct alc_cur *c, bool *v)
{
    if (c->n == 0 || c->p[0] > 1) return false;
    *v = c->p[0] == 1;
    c->p++;
    c->n--;
    return true;
}

struct alc_borsh {
    uint8_t *p;
    size_t n;   /* bytes written */
    size_t cap; /* bytes there are */
    bool full;  /* something did not fit; n stays where it was */
};

static inline struct alc_borsh alc_borsh(uint8_t *p, size_t cap)
{
    return (struct alc_borsh){p, 0, cap, false};
}

static inline void alc_borsh_put(struct alc_borsh *w, const void *p, size_t n)
{
    if (w->full || w->cap - w->n < n) {
        w->full = true;
        return;
    }
    if (n > 0) __builtin_memcpy(w->p + w->n, p, n);
    w->n += n;
}

static inline void alc_borsh_put_uint(struct alc_borsh *w, size_t width, uint64_t v)
{
    uint8_t b[8];
    for (size_t i = 0; i < width; i++)
        b[i] = (uint8_t)(v >> (8 * i));
    alc_borsh_put(w, b, width);
}

static inline void alc_borsh_put_u8(struct alc_borsh *w, uint8_t v)
{
    alc_borsh_put(w, &v, 1);
}

static inline void alc_borsh_put_u16(struct alc_borsh *w, uint16_t v)
{
    alc_borsh_put_uint(w, 2, v);
}

static inline void alc_borsh_put_u32(struct alc_borsh *w, uint32_t v)
{
    alc_borsh_put_uint(w, 4, v);
}

static inline void alc_borsh_put_u64(struct alc_borsh *w, uint64_t v)
{
    alc_borsh_put_uint(w, 8, v);
}

static inline void alc_borsh_put_u128(struct alc_borsh *w, __uint128_t v)
{
    alc_borsh_put_u64(w, (uint64_t)v);
    alc_borsh_put_u64(w, (uint64_t)(v >> 64));
}

/* alc_borsh_put_bytes writes a String or Vec<u8>; n over 2^32-1 counts as full. */
static inline void alc_borsh_put_bytes(struct alc_borsh *w, struct alc_bytes b)
{
    if (b.n > UINT32_MAX) {
        w->full = true;
        return;
    }
    alc_borsh_put_u32(w, (uint32_t)b.n);
    alc_borsh_put(w, b.p, b.n);
}

static inline void alc_borsh_put_hash(struct alc_borsh *w, const struct alc_hash *h)
{
    alc_borsh_put(w, h->b, sizeof h->b);
}

#endif
