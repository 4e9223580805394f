/* sdk/contract/eight.h — strings eight bytes at a time, for json.c and json_out.c alone. */
#ifndef NEAR_EIGHT_H
#define NEAR_EIGHT_H

#include "base/bytes.h"

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline uint64_t load8(const uint8_t *p)
{
    uint64_t x;
    __builtin_memcpy(&x, p, sizeof x); /* little endian: the first byte is the lowest */
    return x;
}

/* The top bit of each byte below 0x20, quote or backslash.  Borrows may set bits above the lowest
 * one that is due, never below it. */
static inline uint64_t special8(uint64_t x)
{
    uint64_t quote = x ^ EACH('"'), slash = x ^ EACH('\\');
    return (((x - EACH(0x20)) & ~x) | ((quote - EACH(1)) & ~quote) | ((slash - EACH(1)) & ~slash)) &
           EACH(0x80);
}

/* The index of the first byte that a mask of top bits names; 8: none. */
static inline size_t first8(uint64_t mask)
{
    return mask == 0 ? 8 : (size_t)__builtin_ctzll(mask) / 8;
}

#endif
