#include "record.h"

struct walk walk_reading(struct alc_bytes record)
{
    return (struct walk){(uint8_t *)(uintptr_t)record.p, record.n, false, false};
}

struct walk walk_writing(uint8_t *buf, size_t cap)
{
    return (struct walk){buf, cap, true, false};
}

void walk_raw(struct walk *w, void *v, size_t n)
{
    if (w->bad || w->left < n) {
        w->bad = true;
        return;
    }
    if (w->writing)
        __builtin_memcpy(w->p, v, n);
    else
        __builtin_memcpy(v, w->p, n);
    w->p += n;
    w->left -= n;
}

void walk_bytes(struct walk *w, struct alc_bytes *b)
{
    uint32_t n = (uint32_t)b->n; /* nothing here has 4 GiB */

    if (w->left < sizeof n) w->bad = true;
    if (w->bad) return;
    if (w->writing)
        __builtin_memcpy(w->p, &n, sizeof n);
    else
        __builtin_memcpy(&n, w->p, sizeof n);
    w->p += sizeof n;
    w->left -= sizeof n;
    if (w->left < n) {
        w->bad = true;
        return;
    }
    if (!w->writing)
        *b = (struct alc_bytes){w->p, n};
    else if (n > 0)
        __builtin_memcpy(w->p, b->p, n);
    w->p += n;
    w->left -= n;
}

void walk_opt_bytes(struct walk *w, struct alc_bytes *b)
{
    uint8_t some = b->p != NULL;

    walk_raw(w, &some, 1);
    if (some > 1) w->bad = true;
    if (some == 1)
        walk_bytes(w, b);
    else
        *b = (struct alc_bytes){NULL, 0};
}

void walk_accounts(struct walk *w, struct alc_bytes *first, size_t n)
{
    for (struct alc_bytes *b = first; b < first + n; b++) {
        walk_bytes(w, b);
        if (!w->writing && b->n > NEAR_ACCOUNT_MAX_BYTES) w->bad = true;
    }
}

struct alc_bytes joined(uint8_t *buf, size_t cap, struct alc_bytes a, char between,
                        struct alc_bytes b)
{
    struct near_out o = {buf, 0, cap, false};

    near_out_raw(&o, a);
    near_out_put(&o, &between, 1);
    near_out_raw(&o, b);
    return (struct alc_bytes){buf, o.n};
}

bool walk_done(const struct walk *w)
{
    return !w->bad && w->left == 0;
}

struct alc_bytes walk_written(const struct walk *w, const uint8_t *buf)
{
    return (struct alc_bytes){buf, (size_t)(w->p - buf)};
}
