#include "crypto/crypto.h"

#include <secp256k1.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(struct alc_sha256),
               "alc_sha256 holds libsodium's state");
_Static_assert(ALC_ED25519_SEED_BYTES == crypto_sign_SEEDBYTES, "RFC 8032 seed");
_Static_assert(ALC_ED25519_SIGNATURE_BYTES == crypto_sign_BYTES, "RFC 8032 signature");

void alc_crypto_init(void)
{
    if (sodium_init() < 0) {
        fputs("alcove: the system gives no random bytes\n", stderr);
        abort(); /* no key may be made without them */
    }
    secp256k1_selftest();
}

void alc_random(uint8_t *out, size_t n)
{
    randombytes_buf(out, n);
}

/* ---- hashes ---- */

void alc_sha256(struct alc_hash *out, struct alc_bytes in)
{
    crypto_hash_sha256(out->b, in.p, in.n);
}

void alc_hmac_sha256(struct alc_hash *out, struct alc_bytes key, struct alc_bytes in)
{
    crypto_auth_hmacsha256_state s;

    /* libsodium declares that a key is never NULL, not even an empty one. */
    crypto_auth_hmacsha256_init(&s, key.p == NULL ? (const uint8_t *)"" : key.p, key.n);
    crypto_auth_hmacsha256_update(&s, in.p, in.n);
    crypto_auth_hmacsha256_final(&s, out->b);
    sodium_memzero(&s, sizeof s);
}

/* The state is copied in and out, since the header does not show libsodium's type. */
static crypto_hash_sha256_state state_of(const struct alc_sha256 *h)
{
    crypto_hash_sha256_state s;
    memcpy(&s, h->opaque, sizeof s);
    return s;
}

void alc_sha256_init(struct alc_sha256 *h)
{
    crypto_hash_sha256_state s;
    crypto_hash_sha256_init(&s);
    *h = (struct alc_sha256){0};
    memcpy(h->opaque, &s, sizeof s);
}

void alc_sha256_update(struct alc_sha256 *h, struct alc_bytes in)
{
    crypto_hash_sha256_state s = state_of(h);
    crypto_hash_sha256_update(&s, in.p, in.n);
    memcpy(h->opaque, &s, sizeof s);
}

void alc_sha256_final(struct alc_sha256 *h, struct alc_hash *out)
{
    crypto_hash_sha256_state s = state_of(h);
    crypto_hash_sha256_final(&s, out->b);
    *h = (struct alc_sha256){0};
}

bool alc_equal_ct(const uint8_t *a, const uint8_t *b, size_t n)
{
    return sodium_memcmp(a, b, n) == 0;
}

/* ---- secrets ---- */

enum alc_rc alc_secret_init(struct alc_secret *s, size_t n)
{
    uint8_t *p = sodium_malloc(n); /* between guard pages, locked, out of core dumps */
    if (p == NULL) return ALC_NOMEM;
    sodium_memzero(p, n);
    *s = (struct alc_secret){p, n};
    return ALC_OK;
}

void alc_secret_fini(struct alc_secret *s)
{
    if (s == NULL) return;
    sodium_free(s->p); /* wipes */
    *s = (struct alc_secret){0};
}

/* ---- Ed25519 ---- */

enum alc_rc alc_ed25519_init(struct alc_ed25519 *k, const uint8_t seed[32])
{
    struct alc_ed25519 made = {0};
    enum alc_rc rc = alc_secret_init(&made.key, crypto_sign_SECRETKEYBYTES);
    if (rc != ALC_OK) return rc;
    crypto_sign_seed_keypair(made.public_key.b, made.key.p, seed);
    *k = made;
    return ALC_OK;
}

enum alc_rc alc_ed25519_make(struct alc_ed25519 *k)
{
    struct alc_secret seed = {0};
    enum alc_rc rc = alc_secret_init(&seed, ALC_ED25519_SEED_BYTES);
    if (rc != ALC_OK) goto out;
    alc_random(seed.p, seed.n);
    rc = alc_ed25519_init(k, seed.p);
out:
    alc_secret_fini(&seed);
    return rc;
}

void alc_ed25519_fini(struct alc_ed25519 *k)
{
    if (k == NULL) return;
    alc_secret_fini(&k->key);
    *k = (struct alc_ed25519){0};
}

void alc_ed25519_sign(uint8_t sig[64], const struct alc_ed25519 *k, struct alc_bytes message)
{
    crypto_sign_detached(sig, NULL, message.p, message.n, k->key.p);
}

bool alc_ed25519_verify(const uint8_t sig[64], const struct alc_hash *public_key,
                        struct alc_bytes message)
{
    return crypto_sign_verify_detached(sig, message.p, message.n, public_key->b) == 0;
}

/* ---- secp256k1 ---- */

bool alc_secp256k1_verify(const uint8_t sig[64], const uint8_t public_key[64],
                          const struct alc_hash *digest)
{
    const secp256k1_context *ctx = secp256k1_context_static; /* enough to verify */
    secp256k1_ecdsa_signature s;
    secp256k1_pubkey key;
    uint8_t prefixed[65] = {0x04};

    memcpy(prefixed + 1, public_key, 64);
    if (!secp256k1_ec_pubkey_parse(ctx, &key, prefixed, sizeof prefixed)) return false;
    if (!secp256k1_ecdsa_signature_parse_compact(ctx, &s, sig)) return false;
    secp256k1_ecdsa_signature_normalize(ctx, &s, &s); /* it verifies low s alone */
    return secp256k1_ecdsa_verify(ctx, &s, digest->b, &key) == 1;
}
