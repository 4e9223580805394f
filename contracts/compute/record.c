#include "record.h"

struct walk walk;

static const char contradiction[] = "a stored record contradicts itself";

void corrupt(void)
{
    near_panic(contradiction);
}

NEAR_APART void walk_read(struct alc_bytes record)
{
    walk_write((uint8_t *)(uintptr_t)record.p, record.n, contradiction);
    walk.writing = false;
}

NEAR_APART void walk_write(uint8_t *buf, size_t cap, const char *phrase)
{
    walk = (struct walk){buf, buf, cap, true, phrase};
}

void walk_refuse(bool bad)
{
    near_refuse(bad, walk.phrase);
}

/* passed goes past the next n bytes, which there must be, and returns where they are. */
static uint8_t *passed(size_t n)
{
    walk_refuse(walk.left < n);
    walk.left -= n;
    walk.p += n;
    return walk.p - n;
}

void walk_raw(void *v, size_t n)
{
    uint8_t *p = passed(n);

    if (n == 0) return; /* v may be NULL */
    if (walk.writing)
        __builtin_memcpy(p, v, n);
    else
        __builtin_memcpy(v, p, n);
}

void walk_text(struct alc_bytes *b, size_t width)
{
    size_t n = walk.writing ? b->n : 0; /* little endian, as all that runs this is */

    walk_raw(&n, width);
    if (walk.writing)
        walk_raw((uint8_t *)(uintptr_t)b->p, n);
    else
        *b = (struct alc_bytes){passed(n), n};
}

void walk_bytes(struct alc_bytes *b)
{
    walk_text(b, sizeof(uint32_t));
}

void walk_opt_bytes(struct alc_bytes *b)
{
    uint8_t some = b->p != NULL;

    walk_raw(&some, 1);
    walk_refuse(some > 1);
    if (some == 1)
        walk_bytes(b);
    else
        *b = (struct alc_bytes){NULL, 0};
}

void walk_accounts(struct alc_bytes *first, size_t n)
{
    for (struct alc_bytes *b = first; b < first + n; b++) {
        walk_bytes(b);
        walk_refuse(b->n > NEAR_ACCOUNT_MAX_BYTES);
    }
}

void walk_end(void)
{
    walk_refuse(walk.left != 0);
}

struct alc_bytes walk_written(void)
{
    return (struct alc_bytes){walk.from, (size_t)(walk.p - walk.from)};
}

struct alc_bytes joined(uint8_t *buf, size_t cap, const struct alc_bytes *a, char between,
                        const struct alc_bytes *b)
{
    struct near_out o = {buf, 0, cap, false};

    near_out_raw(&o, *a);
    near_out_put(&o, &between, 1);
    near_out_raw(&o, *b);
    return (struct alc_bytes){buf, o.n};
}
