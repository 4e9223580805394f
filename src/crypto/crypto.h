/* src/crypto/crypto.h — the product's few verbs over libsodium, libsecp256k1 and OpenSSL.
 *
 * All are thread-safe once alc_crypto_init has returned.  Secrets live in struct alc_secret alone.
 */
#ifndef ALC_CRYPTO_H
#define ALC_CRYPTO_H

#include "base/base.h"

/* alc_crypto_init makes the libraries ready; call it first in main.  Any number of times. */
void alc_crypto_init(void);

/* alc_random fills out with bytes from the system's generator; it cannot fail. */
void alc_random(uint8_t *out, size_t n);

/* SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104). */
void alc_sha256(struct alc_hash *out, struct alc_bytes in);
void alc_hmac_sha256(struct alc_hash *out, struct alc_bytes key, struct alc_bytes in);

/* SHA-256 in pieces: init, update ..., final.  A copy of the struct is a fork of the hash. */
struct alc_sha256 {
    uint64_t opaque[16];
};
void alc_sha256_init(struct alc_sha256 *h);
void alc_sha256_update(struct alc_sha256 *h, struct alc_bytes in);
void alc_sha256_final(struct alc_sha256 *h, struct alc_hash *out);

/* alc_equal_ct compares n bytes in constant time. */
ALC_MUST bool alc_equal_ct(const uint8_t *a, const uint8_t *b, size_t n);

/* Bytes that must not leak: locked pages, wiped by fini, no printer.  `= {0}` is safe to fini. */
struct alc_secret {
    uint8_t *p;
    size_t n;
};
ALC_MUST enum alc_rc alc_secret_init(struct alc_secret *s, size_t n); /* zeroes; ALC_NOMEM */
void alc_secret_fini(struct alc_secret *s);

/* Ed25519 (RFC 8032).  A seed is 32 secret bytes; the key pair is computed from it. */
#define ALC_ED25519_SEED_BYTES 32u
#define ALC_ED25519_SIGNATURE_BYTES 64u

struct alc_ed25519 {
    struct alc_secret key; /* seed ‖ public key, 64 bytes */
    struct alc_hash public_key;
};
ALC_MUST enum alc_rc alc_ed25519_init(struct alc_ed25519 *k,
                                      const uint8_t seed[32]); /* ALC_NOMEM */
ALC_MUST enum alc_rc alc_ed25519_make(struct alc_ed25519 *k);  /* random */
void alc_ed25519_fini(struct alc_ed25519 *k);
void alc_ed25519_sign(uint8_t sig[64], const struct alc_ed25519 *k, struct alc_bytes message);
ALC_MUST bool alc_ed25519_verify(const uint8_t sig[64], const struct alc_hash *public_key,
                                 struct alc_bytes message);

/* alc_secp256k1_verify checks r‖s (64 bytes, high s accepted) over a 32-byte digest with an
 * uncompressed key without its 0x04 prefix. */
ALC_MUST bool alc_secp256k1_verify(const uint8_t sig[64], const uint8_t public_key[64],
                                   const struct alc_hash *digest);

/* SHA-384 (FIPS 180-4). */
void alc_sha384(uint8_t out[48], struct alc_bytes in);

/* ECDSA on P-256 (FIPS 186-4) over SHA-256 digests; r‖s and X‖Y big endian. */
struct alc_p256 {
    struct alc_secret key; /* the scalar, 32 bytes big endian */
    uint8_t public_key[64];
};
ALC_MUST enum alc_rc alc_p256_make(struct alc_p256 *k); /* random */
ALC_MUST enum alc_rc alc_p256_init(struct alc_p256 *k,
                                   const uint8_t scalar[32]); /* ALC_BAD_INPUT */
void alc_p256_fini(struct alc_p256 *k);
ALC_MUST enum alc_rc alc_p256_sign(uint8_t sig[64], const struct alc_p256 *k,
                                   const struct alc_hash *digest); /* ALC_NOMEM */
/* High s is accepted.  False also for a key off the curve and for r or s out of range. */
ALC_MUST bool alc_p256_verify(const uint8_t sig[64], const uint8_t public_key[64],
                              const struct alc_hash *digest);

#endif
