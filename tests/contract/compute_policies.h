/* tests/contract/compute_policies.h — wallets that sign their policies, as the tests of them do. */
#ifndef COMPUTE_POLICIES_H
#define COMPUTE_POLICIES_H

#include "tests/contract/compute_calls.h"

enum curve { ED25519, SECP256K1 };

/* A wallet is a curve and the byte that its secret key is made of.  Four texts of each kind take
 * turns. */
const char *wallet_text(enum curve curve, uint8_t seed);
const char *wallet_sign(enum curve curve, uint8_t seed, const char *message); /* hex */

/* The arguments of store_wallet_policy as `caller` sends them; `more` goes before the last brace.
 */
const char *policy_args(enum curve curve, uint8_t seed, const char *data, const char *caller,
                        const char *more);

#endif
