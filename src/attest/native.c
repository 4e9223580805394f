/* The embedder's table of verify.h over the room crypto. */
#include "attest/attest.h"

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

static void op_sha384(void *ctx, uint8_t out[48], struct alc_bytes in)
{
    (void)ctx;
    alc_sha384(out, in);
}

static bool op_p256(void *ctx, const uint8_t sig[64], const uint8_t key[64],
                    const struct alc_hash *digest)
{
    (void)ctx;
    return alc_p256_verify(sig, key, digest);
}

const struct alc_verify_ops alc_verify_native = {
    .sha256 = op_sha256, .sha384 = op_sha384, .ed25519 = op_ed25519, .p256 = op_p256};
