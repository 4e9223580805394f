/* sdk/contract/mem.c — what the compiler expects of a C library on wasm32.
 *
 * Plain loops over words, not the bulk-memory instructions: before protocol 84 one of those costs
 * 300 Tgas, and after it about what these cost.  Every instruction is 0.82 Mgas, so the loops move
 * 32 bytes a turn.  wasm32 allows unaligned words. */
#include <stddef.h>
#include <stdint.h>

typedef uint64_t word __attribute__((aligned(1), may_alias));
typedef __uint128_t wide;

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
wide __multi3(wide a, wide b);
wide __udivti3(wide n, wide d);
wide __umodti3(wide n, wide d);

/* Without no_builtin clang finds the loop and calls the function it is in. */
#ifdef __clang__
#define PLAIN __attribute__((no_builtin, noinline))
#else
#define PLAIN
#endif

PLAIN void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    uint8_t *d = to;
    const uint8_t *s = from;

    for (; n >= 32; n -= 32, d += 32, s += 32) {
        ((word *)d)[0] = ((const word *)s)[0];
        ((word *)d)[1] = ((const word *)s)[1];
        ((word *)d)[2] = ((const word *)s)[2];
        ((word *)d)[3] = ((const word *)s)[3];
    }
    for (; n >= 8; n -= 8, d += 8, s += 8)
        *(word *)d = *(const word *)s;
    for (; n > 0; n--)
        *d++ = *s++;
    return to;
}

PLAIN void *memmove(void *to, const void *from, size_t n)
{
    uint8_t *d = to;
    const uint8_t *s = from;

    if ((uintptr_t)d <= (uintptr_t)s)
        for (; n > 0; n--)
            *d++ = *s++;
    else
        while (n-- > 0)
            d[n] = s[n];
    return to;
}

PLAIN void *memset(void *to, int c, size_t n)
{
    uint8_t *d = to;
    word w = 0x0101010101010101u * (uint8_t)c;

    for (; n >= 8; n -= 8, d += 8)
        *(word *)d = w;
    for (; n > 0; n--)
        *d++ = (uint8_t)c;
    return to;
}

PLAIN int memcmp(const void *a, const void *b, size_t n)
{
    const uint8_t *x = a, *y = b;

    while (n >= 8 && *(const word *)x == *(const word *)y)
        n -= 8, x += 8, y += 8;
    for (; n > 0; n--, x++, y++)
        if (*x != *y) return *x < *y ? -1 : 1;
    return 0;
}

/* What clang calls for 128-bit integers.  The product is modulo 2^128. */
wide __multi3(wide a, wide b)
{
    uint64_t a0 = (uint64_t)a, b0 = (uint64_t)b;
    uint64_t al = (uint32_t)a0, ah = a0 >> 32, bl = (uint32_t)b0, bh = b0 >> 32;
    uint64_t ll = al * bl, lh = al * bh, hl = ah * bl;
    uint64_t mid = (ll >> 32) + (uint32_t)lh + (uint32_t)hl;
    uint64_t low = (mid << 32) | (uint32_t)ll;
    uint64_t high = ah * bh + (lh >> 32) + (hl >> 32) + (mid >> 32);

    high += (uint64_t)(a >> 64) * b0 + a0 * (uint64_t)(b >> 64);
    return (wide)high << 64 | low;
}

/* A 96-bit number by a normalised 64-bit divisor, one digit of 32 bits of the quotient (Knuth,
 * TAOCP 2, 4.3.1 D): `*high` is the running remainder, below `d`. */
static uint32_t digit(uint64_t *high, uint32_t next, uint64_t d)
{
    uint64_t dh = d >> 32, dl = (uint32_t)d;
    uint64_t q = *high / dh, r = *high % dh;

    while (q >> 32 != 0 || q * dl > (r << 32 | next)) {
        q--;
        r += dh;
        if (r >> 32 != 0) break;
    }
    *high = (*high << 32 | next) - q * d; /* modulo 2^64: the true value fits */
    return (uint32_t)q;
}

static wide divide(wide n, wide d, wide *rest)
{
    uint64_t high = (uint64_t)(n >> 64), low = (uint64_t)n, div = (uint64_t)d;
    wide q = 0, r = 0;

    if (d >> 64 == 0) {
        unsigned shift = (unsigned)__builtin_clzll(div); /* d is not 0: C leaves that undefined */
        uint64_t top = high / div;
        uint64_t rem = high % div;
        uint32_t q1, q0;

        rem = rem << shift | (shift != 0 ? low >> (64 - shift) : 0);
        low <<= shift;
        q1 = digit(&rem, (uint32_t)(low >> 32), div << shift);
        q0 = digit(&rem, (uint32_t)low, div << shift);
        *rest = rem >> shift;
        return (wide)top << 64 | (uint64_t)q1 << 32 | q0;
    }
    for (int i = 0; i < 128; i++) {
        r = r << 1 | n >> 127;
        n <<= 1;
        q <<= 1;
        if (r >= d) {
            r -= d;
            q |= 1;
        }
    }
    *rest = r;
    return q;
}

wide __udivti3(wide n, wide d)
{
    wide rest;
    return divide(n, d, &rest);
}

wide __umodti3(wide n, wide d)
{
    wide rest;
    (void)divide(n, d, &rest);
    return rest;
}
