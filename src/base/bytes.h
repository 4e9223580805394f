/* src/base/bytes.h — borrowed bytes, hashes, and arithmetic that reports overflow.
 *
 * Freestanding: contracts and the verifier include it as the host does.  It needs no libc;
 * memcmp and memcpy are the compiler's (sdk/contract supplies them on wasm32). */
#ifndef ALC_BYTES_H
#define ALC_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALC_MUST __attribute__((warn_unused_result))
#define ALC_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Borrowed bytes: whoever made them says how long they live.  p may be NULL when n is 0. */
struct alc_bytes {
    const uint8_t *p;
    size_t n;
};

/* A SHA-256, or any other identity of 32 raw bytes. */
struct alc_hash {
    uint8_t b[32];
};

/* ALC_LIT("text") is the text without its final NUL. */
#define ALC_LIT(s) ((struct alc_bytes){(const uint8_t *)(s), sizeof(s) - 1})

static inline struct alc_bytes alc_cstr(const char *s)
{
    size_t n = 0;
    if (s != NULL)
        while (s[n] != 0)
            n++;
    return (struct alc_bytes){(const uint8_t *)s, n};
}

static inline bool alc_bytes_eq(struct alc_bytes a, struct alc_bytes b)
{
    return a.n == b.n && (a.n == 0 || __builtin_memcmp(a.p, b.p, a.n) == 0);
}

static inline bool alc_bytes_is(struct alc_bytes a, const char *s)
{
    return alc_bytes_eq(a, alc_cstr(s));
}

static inline bool alc_hash_eq(const struct alc_hash *a, const struct alc_hash *b)
{
    return __builtin_memcmp(a->b, b->b, sizeof a->b) == 0;
}

static inline struct alc_bytes alc_hash_bytes(const struct alc_hash *h)
{
    return (struct alc_bytes){h->b, sizeof h->b};
}

/* alc_add and alc_mul set *out and return true, or return false when it would overflow. */
static inline ALC_MUST bool alc_add(size_t a, size_t b, size_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

static inline ALC_MUST bool alc_mul(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

#endif
