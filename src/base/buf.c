#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint8_t *alc_buf_room(struct alc_buf *b, size_t n)
{
    size_t need, cap;
    uint8_t *p;

    if (b->failed) return NULL;
    if (!alc_add(b->n, n, &need) || need > b->max_bytes) {
        b->failed = true;
        return NULL;
    }
    if (need < b->cap) return b->p + b->n; /* `<`: one byte for the NUL */
    cap = b->cap < 128 ? 128 : b->cap;
    while (cap <= need)
        cap += cap / 2;
    p = realloc(b->p, cap);
    if (p == NULL) {
        b->failed = true;
        return NULL;
    }
    b->p = p;
    b->cap = cap;
    return b->p + b->n;
}

void alc_buf_add(struct alc_buf *b, size_t n)
{
    b->n += n;
    b->p[b->n] = 0;
}

void alc_buf_put(struct alc_buf *b, const void *p, size_t n)
{
    uint8_t *to = alc_buf_room(b, n);
    if (to == NULL) return;
    if (n > 0) memcpy(to, p, n);
    alc_buf_add(b, n);
}

void alc_buf_put_bytes(struct alc_buf *b, struct alc_bytes bytes)
{
    alc_buf_put(b, bytes.p, bytes.n);
}

void alc_buf_put_text(struct alc_buf *b, const char *s)
{
    alc_buf_put(b, s, strlen(s));
}

void alc_buf_printf(struct alc_buf *b, const char *fmt, ...)
{
    va_list ap;
    uint8_t *to;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0) b->failed = true;
    to = alc_buf_room(b, n < 0 ? 0 : (size_t)n);
    if (to == NULL) return;
    va_start(ap, fmt);
    vsnprintf((char *)to, (size_t)n + 1, fmt, ap);
    va_end(ap);
    alc_buf_add(b, (size_t)n);
}

const char *alc_buf_text(const struct alc_buf *b)
{
    return b->p == NULL ? "" : (const char *)b->p;
}

void alc_buf_reset(struct alc_buf *b)
{
    b->n = 0;
    b->failed = false;
    if (b->p != NULL) b->p[0] = 0;
}

void alc_buf_fini(struct alc_buf *b)
{
    free(b->p);
    *b = ALC_BUF(b->max_bytes);
}
