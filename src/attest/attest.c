#include "attest/attest.h"

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

#define ENV_MAX_BYTES (16u << 20)

struct alc_attest {
    struct alc_ed25519 key;
};

enum alc_rc alc_attest_open(struct alc_attest **out, struct alc_ed25519 *key,
                            const struct alc_attest_conf *conf, struct alc_err *err)
{
    struct alc_attest *a = calloc(1, sizeof *a);
    (void)conf;
    if (a == NULL) return alc_fail(err, ALC_NOMEM, "no memory for the worker's key");
    a->key = *key;
    *key = (struct alc_ed25519){0};
    *out = a;
    return ALC_OK;
}

void alc_attest_close(struct alc_attest *a)
{
    if (a == NULL) return;
    alc_ed25519_fini(&a->key);
    free(a);
}

const struct alc_ed25519 *alc_attest_key(const struct alc_attest *a)
{
    return &a->key;
}

enum alc_rc alc_attest_sign(const struct alc_attest *a, struct alc_statement *s,
                            uint8_t out[ALC_STATEMENT_SIGNED_MAX_BYTES], size_t *n,
                            struct alc_hash *hash, struct alc_err *err)
{
    size_t len;

    s->worker_key = a->key.public_key;
    s->measurement = (struct alc_hash){{0}};
    s->simulated = 1;
    len = alc_statement_write(s, out, ALC_STATEMENT_MAX_BYTES);
    if (len == 0) return alc_fail(err, ALC_LIMIT, "a field of the statement is over its limit");
    alc_sha256(hash, (struct alc_bytes){out, len});
    alc_ed25519_sign(out + len, &a->key, alc_hash_bytes(hash));
    *n = len + ALC_STATEMENT_SIG_BYTES;
    return ALC_OK;
}

static void op_sha256(void *ctx, struct alc_hash *out, struct alc_bytes in)
{
    (void)ctx;
    alc_sha256(out, in);
}

static bool op_ed25519(void *ctx, const uint8_t sig[64], const struct alc_hash *key,
                       struct alc_bytes message)
{
    (void)ctx;
    return alc_ed25519_verify(sig, key, message);
}

const struct alc_verify_ops alc_verify_native = {.sha256 = op_sha256, .ed25519 = op_ed25519};

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
