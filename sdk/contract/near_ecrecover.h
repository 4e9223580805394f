/* sdk/contract/near_ecrecover.h — the key behind a signature of secp256k1.  The host function is
 * older than all that near.h asks for; few contracts need it. */
#ifndef NEAR_ECRECOVER_H
#define NEAR_ECRECOVER_H

#include "contract/near.h"

/* 1, and X‖Y of the key in the register; 0 when there is none, and with `low_s_alone` 1 also when s
 * is in the upper half.  `hash_n` is 32, `sig` r‖s of 64 bytes, `v` at most 3. */
NEAR_HOST(uint64_t, ecrecover, uint64_t hash_n, uint64_t hash, uint64_t sig_n, uint64_t sig,
          uint64_t v, uint64_t low_s_alone, uint64_t reg);

#endif
