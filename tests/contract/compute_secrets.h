/* tests/contract/compute_secrets.h — storing secrets, as the tests of them do. */
#ifndef COMPUTE_SECRETS_H
#define COMPUTE_SECRETS_H

#include "tests/contract/compute_calls.h"

#define REPO "{\"Repo\":{\"repo\":\"github.com/a/b\",\"branch\":\"main\"}}"
#define PAYMENT_KEY "{\"System\":\"PaymentKey\"}"
#define BYTE ((near_u128)10000000000u * 1000000000u) /* yoctoNEAR for one of storage */

/* The arguments of a store_secrets under REPO, profile "p"; taken apart in the next call of fmt. */
const char *store_args(const char *access);

/* store_secret has charlie store with a NEAR attached, `more` behind the arguments; returns how
 * many bytes the contract kept the price of. */
int64_t store_secret(const char *accessor, const char *profile, const char *data,
                     const char *access, const char *more);

/* too_much: every call that takes a condition refuses this one with `phrase`. */
void too_much(const char *phrase, const char *access);

/* The bytes whose price the last call, with `attached`, kept, or gave back when below 0; the rest
 * went to `account`. */
int64_t kept_bytes(near_u128 attached, const char *account);

#endif
