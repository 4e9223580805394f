/* src/base/cur.h — a cursor over foreign bytes.  Freestanding.
 *
 * A read that does not fit returns false and moves nothing.  Integers are little endian. */
#ifndef ALC_CUR_H
#define ALC_CUR_H

#include "base/bytes.h"

struct alc_cur {
    const uint8_t *p;
    size_t n; /* bytes left */
};

static inline struct alc_cur alc_cur(struct alc_bytes b)
{
    return (struct alc_cur){b.p, b.n};
}

/* alc_cur_take borrows the next n bytes. */
static inline ALC_MUST bool alc_cur_take(struct alc_cur *c, size_t n, struct alc_bytes *out)
{
    if (c->n < n) return false;
    *out = (struct alc_bytes){c->p, n};
    if (n > 0) c->p += n; /* p may be NULL when nothing is left */
    c->n -= n;
    return true;
}

static inline ALC_MUST bool alc_cur_copy(struct alc_cur *c, uint8_t *out, size_t n)
{
    struct alc_bytes b;
    if (!alc_cur_take(c, n, &b)) return false;
    if (n > 0) __builtin_memcpy(out, b.p, n);
    return true;
}

static inline ALC_MUST bool alc_cur_u8(struct alc_cur *c, uint8_t *v)
{
    return alc_cur_copy(c, v, 1);
}

static inline ALC_MUST bool alc_cur_uint_le(struct alc_cur *c, size_t width, uint64_t *v)
{
    struct alc_bytes b;
    uint64_t r = 0;
    if (!alc_cur_take(c, width, &b)) return false;
    for (size_t i = width; i-- > 0;)
        r = r << 8 | b.p[i];
    *v = r;
    return true;
}

static inline ALC_MUST bool alc_cur_u16le(struct alc_cur *c, uint16_t *v)
{
    uint64_t r;
    if (!alc_cur_uint_le(c, 2, &r)) return false;
    *v = (uint16_t)r;
    return true;
}

static inline ALC_MUST bool alc_cur_u32le(struct alc_cur *c, uint32_t *v)
{
    uint64_t r;
    if (!alc_cur_uint_le(c, 4, &r)) return false;
    *v = (uint32_t)r;
    return true;
}

static inline ALC_MUST bool alc_cur_u64le(struct alc_cur *c, uint64_t *v)
{
    return alc_cur_uint_le(c, 8, v);
}

static inline ALC_MUST bool alc_cur_u128le(struct alc_cur *c, __uint128_t *v)
{
    struct alc_cur d = *c;
    uint64_t lo, hi;
    if (!alc_cur_u64le(&d, &lo) || !alc_cur_u64le(&d, &hi)) return false;
    *v = (__uint128_t)hi << 64 | lo;
    *c = d;
    return true;
}

static inline ALC_MUST bool alc_cur_hash(struct alc_cur *c, struct alc_hash *h)
{
    return alc_cur_copy(c, h->b, sizeof h->b);
}

#endif
