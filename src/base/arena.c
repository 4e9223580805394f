#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_MIN_BYTES 4096u

struct alc_arena_block {
    struct alc_arena_block *next;
    size_t used, cap;
    alignas(max_align_t) uint8_t data[];
};

void *alc_arena_alloc(struct alc_arena *a, size_t n)
{
    struct alc_arena_block *b = a->head;
    size_t want;
    void *p;

    if (!alc_add(n, alignof(max_align_t) - 1, &want)) return NULL;
    want &= ~(alignof(max_align_t) - 1);
    if (want > a->max_bytes - a->used_bytes) return NULL;
    if (b == NULL || b->cap - b->used < want) {
        /* Blocks double with what is used, so that many small pieces cost few mallocs. */
        size_t cap = a->used_bytes > BLOCK_MIN_BYTES ? a->used_bytes : BLOCK_MIN_BYTES;
        size_t all;
        if (cap > a->max_bytes - a->used_bytes) cap = a->max_bytes - a->used_bytes;
        if (cap < want) cap = want;
        if (!alc_add(cap, sizeof *b, &all)) return NULL;
        b = malloc(all);
        if (b == NULL) return NULL;
        b->next = a->head;
        b->used = 0;
        b->cap = cap;
        a->head = b;
    }
    p = b->data + b->used;
    b->used += want;
    a->used_bytes += want;
    return memset(p, 0, n);
}

void *alc_arena_array(struct alc_arena *a, size_t count, size_t size)
{
    size_t n;
    return alc_mul(count, size, &n) ? alc_arena_alloc(a, n) : NULL;
}

bool alc_arena_copy(struct alc_arena *a, struct alc_bytes b, struct alc_bytes *out)
{
    size_t n;
    uint8_t *p = alc_add(b.n, 1, &n) ? alc_arena_alloc(a, n) : NULL;
    if (p == NULL) return false;
    if (b.n > 0) memcpy(p, b.p, b.n);
    *out = (struct alc_bytes){p, b.n};
    return true;
}

char *alc_arena_text(struct alc_arena *a, const char *fmt, ...)
{
    va_list ap;
    char *p;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0) return NULL;
    p = alc_arena_alloc(a, (size_t)n + 1);
    if (p == NULL) return NULL;
    va_start(ap, fmt);
    vsnprintf(p, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return p;
}

void alc_arena_fini(struct alc_arena *a)
{
    while (a->head != NULL) {
        struct alc_arena_block *b = a->head;
        a->head = b->next;
        free(b);
    }
    a->used_bytes = 0;
}
