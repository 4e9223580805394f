/* sdk/contract/near_p256.h — the host function p256_verify (NEP-635), live from protocol 85 on.
 *
 * Apart from near.h, because a host function that a network does not have makes every method of a
 * contract that imports it uncallable: what does not call near_p256_verify does not import it. */
#ifndef NEAR_P256_H
#define NEAR_P256_H

#include "contract/near.h"

NEAR_HOST(uint64_t, p256_verify, uint64_t sig_n, uint64_t sig, uint64_t message_n, uint64_t message,
          uint64_t key_n, uint64_t key);

/* near_p256_verify: r‖s is a signature of the digest, high s accepted.  The key is compressed: 2 or
 * 3 for an even or odd Y, then X; so whoever has X‖Y checks first that it is on the curve.
 * 1.3 Tgas. */
static inline ALC_MUST bool near_p256_verify(const uint8_t sig[64], const uint8_t key[33],
                                             const struct alc_hash *digest)
{
    return near_host_p256_verify(64, (uint64_t)(uintptr_t)sig, sizeof digest->b,
                                 (uint64_t)(uintptr_t)digest->b, 33, (uint64_t)(uintptr_t)key) == 1;
}

#endif
