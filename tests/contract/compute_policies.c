#include "tests/contract/compute_policies.h"

#include "base/enc.h"
#include "crypto/crypto.h"

#include <secp256k1_recovery.h>

static char *hex_of(char *out, const uint8_t *p, size_t bytes)
{
    size_t n;

    assert_true(alc_hex_encode(out, 2 * bytes, &n, (struct alc_bytes){p, bytes}));
    out[n] = 0;
    return out;
}

static secp256k1_context *signer(void)
{
    static secp256k1_context *ctx;

    if (ctx == NULL) ctx = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    assert_non_null(ctx);
    return ctx;
}

const char *wallet_text(enum curve curve, uint8_t seed)
{
    static char texts[4][80];
    static unsigned turn;
    char *out = texts[turn++ % 4];
    uint8_t secret[32];

    memset(secret, seed, sizeof secret);
    if (curve == ED25519) {
        struct alc_ed25519 k = {0};
        assert_int_equal(alc_ed25519_init(&k, secret), ALC_OK);
        hex_of(strcpy(out, "ed25519:") + 8, k.public_key.b, 32);
        alc_ed25519_fini(&k);
    } else {
        secp256k1_pubkey key;
        uint8_t point[33];
        size_t n = sizeof point;
        assert_true(secp256k1_ec_pubkey_create(signer(), &key, secret));
        assert_true(
            secp256k1_ec_pubkey_serialize(signer(), point, &n, &key, SECP256K1_EC_COMPRESSED));
        hex_of(strcpy(out, "secp256k1:") + 10, point, n);
    }
    return out;
}

const char *wallet_sign(enum curve curve, uint8_t seed, const char *message)
{
    static char texts[4][132];
    static unsigned turn;
    char *out = texts[turn++ % 4];
    uint8_t secret[32], sig[65];
    struct alc_hash digest;

    memset(secret, seed, sizeof secret);
    alc_sha256(&digest, alc_cstr(message));
    if (curve == ED25519) {
        struct alc_ed25519 k = {0};
        assert_int_equal(alc_ed25519_init(&k, secret), ALC_OK);
        alc_ed25519_sign(sig, &k, alc_hash_bytes(&digest));
        alc_ed25519_fini(&k);
    } else {
        secp256k1_ecdsa_recoverable_signature s;
        int v;
        assert_true(secp256k1_ecdsa_sign_recoverable(signer(), &s, digest.b, secret, NULL, NULL));
        assert_true(secp256k1_ecdsa_recoverable_signature_serialize_compact(signer(), sig, &v, &s));
        sig[64] = (uint8_t)v;
    }
    return hex_of(out, sig, curve == ED25519 ? 64 : 65);
}

const char *policy_args(enum curve curve, uint8_t seed, const char *data, const char *caller,
                        const char *more)
{
    const char *key = wallet_text(curve, seed);
    const char *message =
        fmt("store_wallet_policy:v1:%s:%zu:%s:%s", key, strlen(data), data, caller);

    return fmt("{\"wallet_pubkey\":\"%s\",\"encrypted_data\":\"%s\",\"wallet_signature\":\"%s\"%s}",
               key, data, wallet_sign(curve, seed, message), more);
}
