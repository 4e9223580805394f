/* contracts/register/p256.h — P-256 (FIPS 186-4) in our own arithmetic, for public data alone: its
 * running time tells what it works on.
 *
 * The chain's p256_verify takes a compressed key, so it never sees Y; the check that a key is on
 * the curve is made here.  With REGISTER_SOFTWARE_P256 the whole of ECDSA is made here, for
 * networks without that host function (before protocol 85). */
#ifndef REGISTER_P256_H
#define REGISTER_P256_H

#include "base/bytes.h"

/* p256_on_curve: X‖Y, big endian, is a point of the curve. */
ALC_MUST bool p256_on_curve(const uint8_t key[64]);

#ifdef REGISTER_SOFTWARE_P256
/* p256_check verifies r‖s with the key X‖Y, as alc_verify_ops.p256 wants it. */
ALC_MUST bool p256_check(const uint8_t sig[64], const uint8_t key[64],
                         const struct alc_hash *digest);
#endif

#endif
