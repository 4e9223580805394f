/* The low-level interface of OpenSSL is used on purpose: a verification with the import of its key
 * takes 61 us with it and 79 us through EVP, whose import goes by way of parameters and a provider.
 * A key that was imported before takes 58 us: so little less that none is kept.  (Debian's
 * OpenSSL 3.0.19.) */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/crypto.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void alc_sha384(uint8_t out[48], struct alc_bytes in)
{
    if (SHA384(in.n == 0 ? (const uint8_t *)"" : in.p, in.n, out) == NULL) {
        fputs("alcove: no memory for a hash\n", stderr);
        abort(); /* a hash that was not computed must not be taken for one */
    }
}

/* ---- P-256 ---- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EC_GROUP *p256; /* for the life of the process; read alone after `once` */

static void make_group(void)
{
    p256 = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    if (p256 == NULL) {
        fputs("alcove: this OpenSSL does not know P-256\n", stderr);
        abort();
    }
}

static const EC_GROUP *group(void)
{
    (void)pthread_once(&once, make_group);
    return p256;
}

/* What OpenSSL thinks of a bad key or signature must not stay in the thread's queue of errors,
 * where the HTTP client would take it for one of its connection's. */
static void forget_errors(void)
{
    (void)ERR_pop_to_mark();
}

enum alc_rc alc_p256_init(struct alc_p256 *k, const uint8_t scalar[32])
{
    const EC_GROUP *g = group();
    struct alc_p256 made = {0};
    BN_CTX *ctx = NULL;
    EC_POINT *point = NULL;
    BIGNUM *d = NULL;
    uint8_t encoded[65];
    enum alc_rc rc = ALC_NOMEM;

    (void)ERR_set_mark();
    ctx = BN_CTX_new();
    point = EC_POINT_new(g);
    d = BN_bin2bn(scalar, 32, NULL); /* cleared when freed */
    if (ctx == NULL || point == NULL || d == NULL) goto out;
    if (BN_is_zero(d) || BN_cmp(d, EC_GROUP_get0_order(g)) >= 0) {
        rc = ALC_BAD_INPUT;
        goto out;
    }
    BN_set_flags(d, BN_FLG_CONSTTIME);
    if (EC_POINT_mul(g, point, d, NULL, NULL, ctx) != 1 ||
        EC_POINT_point2oct(g, point, POINT_CONVERSION_UNCOMPRESSED, encoded, sizeof encoded, ctx) !=
            sizeof encoded)
        goto out;
    rc = alc_secret_init(&made.key, 32);
    if (rc != ALC_OK) goto out;
    memcpy(made.key.p, scalar, 32);
    memcpy(made.public_key, encoded + 1, sizeof made.public_key);
    *k = made;
out:
    BN_clear_free(d);
    EC_POINT_free(point);
    BN_CTX_free(ctx);
    forget_errors();
    return rc;
}

enum alc_rc alc_p256_make(struct alc_p256 *k)
{
    struct alc_secret scalar = {0};
    enum alc_rc rc = alc_secret_init(&scalar, 32);
    if (rc != ALC_OK) return rc;
    do { /* once in 2^32 the number is not below the order */
        alc_random(scalar.p, scalar.n);
        rc = alc_p256_init(k, scalar.p);
    } while (rc == ALC_BAD_INPUT);
    alc_secret_fini(&scalar);
    return rc;
}

void alc_p256_fini(struct alc_p256 *k)
{
    if (k == NULL) return;
    alc_secret_fini(&k->key);
    *k = (struct alc_p256){0};
}

enum alc_rc alc_p256_sign(uint8_t sig[64], const struct alc_p256 *k, const struct alc_hash *digest)
{
    EC_KEY *key = NULL;
    BIGNUM *d = NULL;
    ECDSA_SIG *s = NULL;
    enum alc_rc rc = ALC_NOMEM;

    (void)ERR_set_mark();
    key = EC_KEY_new();
    d = BN_bin2bn(k->key.p, (int)k->key.n, NULL);
    if (key == NULL || d == NULL || EC_KEY_set_group(key, group()) != 1 ||
        EC_KEY_set_private_key(key, d) != 1)
        goto out;
    s = ECDSA_do_sign(digest->b, sizeof digest->b, key);
    if (s == NULL || BN_bn2binpad(ECDSA_SIG_get0_r(s), sig, 32) != 32 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(s), sig + 32, 32) != 32)
        goto out;
    rc = ALC_OK;
out:
    ECDSA_SIG_free(s);
    BN_clear_free(d);
    EC_KEY_free(key); /* clears its copy */
    forget_errors();
    return rc;
}

/* r and s are taken over by the result. */
static ECDSA_SIG *signature_of(const uint8_t sig[64])
{
    ECDSA_SIG *s = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(sig, 32, NULL);
    BIGNUM *t = BN_bin2bn(sig + 32, 32, NULL);

    if (s != NULL && r != NULL && t != NULL && ECDSA_SIG_set0(s, r, t) == 1) return s;
    BN_free(r);
    BN_free(t);
    ECDSA_SIG_free(s);
    return NULL;
}

bool alc_p256_verify(const uint8_t sig[64], const uint8_t public_key[64],
                     const struct alc_hash *digest)
{
    const EC_GROUP *g = group();
    uint8_t encoded[65] = {POINT_CONVERSION_UNCOMPRESSED};
    EC_POINT *point = NULL;
    EC_KEY *key = NULL;
    ECDSA_SIG *s = NULL;
    bool ok = false;

    (void)ERR_set_mark();
    memcpy(encoded + 1, public_key, 64);
    point = EC_POINT_new(g);
    /* Coordinates below the field's order and on the curve; the group has no smaller subgroup, so
     * that a check of the order, 30 us, would find nothing more. */
    if (point == NULL || EC_POINT_oct2point(g, point, encoded, sizeof encoded, NULL) != 1) goto out;
    key = EC_KEY_new();
    s = signature_of(sig);
    if (key == NULL || s == NULL || EC_KEY_set_group(key, g) != 1 ||
        EC_KEY_set_public_key(key, point) != 1)
        goto out;
    ok = ECDSA_do_verify(digest->b, sizeof digest->b, s, key) == 1; /* r and s: 1 .. order - 1 */
out:
    ECDSA_SIG_free(s);
    EC_KEY_free(key);
    EC_POINT_free(point);
    forget_errors();
    return ok;
}
