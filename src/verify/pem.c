#include "base/enc.h"
#include "verify/parts.h"

uint8_t *vf_take(struct alc_verify_work *w, size_t n)
{
    size_t skip = (size_t)(-(uintptr_t)(w->p + w->used) & 7);
    uint8_t *p;

    if (w->n - w->used < skip || w->n - w->used - skip < n) return NULL;
    p = w->p + w->used + skip;
    w->used += skip + n;
    return p;
}

/* until moves `text` behind the next `mark`, and *before is what stood in front of it. */
static bool until(struct alc_bytes *text, struct alc_bytes mark, struct alc_bytes *before)
{
    for (size_t i = 0; text->n - i >= mark.n && i < text->n; i++) {
        if (text->p[i] != mark.p[0] || __builtin_memcmp(text->p + i, mark.p, mark.n) != 0) continue;
        *before = (struct alc_bytes){text->p, i};
        text->p += i + mark.n;
        text->n -= i + mark.n;
        return true;
    }
    return false;
}

static bool is_space(uint8_t c)
{
    return c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

enum alc_refusal vf_pem_next(struct alc_bytes *der, struct alc_bytes *text,
                             struct alc_verify_work *w)
{
    struct alc_bytes body;
    uint8_t *p;
    size_t n = 0, m;

    *der = (struct alc_bytes){0};
    if (!until(text, ALC_LIT("-----BEGIN CERTIFICATE-----"), &body)) return ALC_REFUSAL_NONE;
    if (!until(text, ALC_LIT("-----END CERTIFICATE-----"), &body)) return ALC_REFUSAL_PEM;
    p = vf_take(w, body.n);
    if (p == NULL) return ALC_REFUSAL_WORK;
    for (size_t i = 0; i < body.n; i++)
        if (!is_space(body.p[i])) p[n++] = body.p[i];
    /* In place: four digits are read before their three bytes are written. */
    if (!alc_base64_decode(p, n, &m, (struct alc_bytes){p, n}) || m == 0) return ALC_REFUSAL_PEM;
    w->used -= body.n - m;
    *der = (struct alc_bytes){p, m};
    return ALC_REFUSAL_NONE;
}
