#include "attest/attest.h"

#include <stdlib.h>
#include <string.h>

#define ENV_MAX_BYTES (16u << 20)

static int by_name(const void *x, const void *y)
{
    const struct alc_env_fact *a = x, *b = y;
    size_t n = a->name.n < b->name.n ? a->name.n : b->name.n;
    int d = n == 0 ? 0 : memcmp(a->name.p, b->name.p, n);
    if (d != 0) return d;
    return (a->name.n > b->name.n) - (a->name.n < b->name.n);
}

static void put_text(struct alc_buf *b, struct alc_bytes t)
{
    uint8_t n[4];
    struct alc_borsh w = alc_borsh(n, sizeof n);
    alc_borsh_put_u32(&w, (uint32_t)t.n);
    alc_buf_put(b, n, sizeof n);
    alc_buf_put_bytes(b, t);
}

enum alc_rc alc_attest_env(struct alc_hash *out, struct alc_env_fact *facts, size_t count)
{
    struct alc_buf b = ALC_BUF(ENV_MAX_BYTES);
    uint8_t n[4];
    struct alc_borsh w = alc_borsh(n, sizeof n);
    bool failed;

    if (count > 0) qsort(facts, count, sizeof *facts, by_name);
    alc_borsh_put_u32(&w, (uint32_t)count);
    alc_buf_put(&b, n, sizeof n);
    for (size_t i = 0; i < count; i++) {
        put_text(&b, facts[i].name);
        alc_buf_put(&b, &facts[i].kind, 1);
        put_text(&b, facts[i].value);
    }
    failed = b.failed;
    if (!failed) alc_sha256(out, alc_buf_bytes(&b));
    alc_buf_fini(&b);
    return failed ? ALC_NOMEM : ALC_OK;
}
