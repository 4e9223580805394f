/* contracts/compute/wallet.h — messages signed by a wallet's key, which is no account's. */
#ifndef COMPUTE_WALLET_H
#define COMPUTE_WALLET_H

#include "contract/json.h"

/* wallet_ed25519 reads "ed25519:<64 hex>", hex in either case; false: it is something else. */
ALC_MUST bool wallet_ed25519(struct alc_hash *key, struct alc_bytes text);

/* wallet_must_sign panics unless `signature`, in hex, is the key's over the SHA-256 of `message`.
 */
void wallet_must_sign(const struct alc_hash *key, struct alc_bytes message,
                      struct alc_bytes signature);

#endif
