/* src/base/buf.h — bytes that grow, up to a limit given at birth.
 *
 * A write that would go over the limit, or finds no memory, sets `failed` and changes nothing; all
 * later writes do nothing, so a caller checks once at the end.  `= ALC_BUF(max)`, then fini. */
#ifndef ALC_BUF_H
#define ALC_BUF_H

#include "base/bytes.h"

struct alc_buf {
    uint8_t
        *p; /* owned; one NUL that does not count follows the n bytes once anything was written */
    size_t n;
    size_t cap;
    size_t max_bytes;
    bool failed;
};

#define ALC_BUF(max) ((struct alc_buf){NULL, 0, 0, (max), false})

void alc_buf_put(struct alc_buf *b, const void *p, size_t n);
void alc_buf_put_bytes(struct alc_buf *b, struct alc_bytes bytes);
void alc_buf_put_text(struct alc_buf *b, const char *s);
void alc_buf_printf(struct alc_buf *b, const char *fmt, ...) ALC_PRINTF(2, 3);

/* alc_buf_room makes room for n more bytes and returns where they go, or NULL; alc_buf_add then
 * counts those that were written there. */
uint8_t *alc_buf_room(struct alc_buf *b, size_t n);
void alc_buf_add(struct alc_buf *b, size_t n);

static inline struct alc_bytes alc_buf_bytes(const struct alc_buf *b)
{
    return (struct alc_bytes){b->p, b->n};
}

/* alc_buf_text is the content as a C string, "" when empty. */
const char *alc_buf_text(const struct alc_buf *b);

void alc_buf_reset(struct alc_buf *b); /* empties, keeps memory and limit, forgives a failure */
void alc_buf_fini(struct alc_buf *b);

#endif
