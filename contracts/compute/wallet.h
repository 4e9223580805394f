/* contracts/compute/wallet.h — messages signed by a wallet's key, which is no account's. */
#ifndef COMPUTE_WALLET_H
#define COMPUTE_WALLET_H

#include "contract/json.h"

/* A compressed point of secp256k1, which begins with 2 or 3, or 0 and an Ed25519 key. */
struct wallet_key {
    uint8_t b[33];
};

/* wallet_key reads "ed25519:<64 hex>" or "secp256k1:<66 hex>", hex in either case; false: it is
 * something else. */
ALC_MUST bool wallet_key(struct wallet_key *key, struct alc_bytes text);

/* wallet_must_sign panics unless `signature`, in hex, is the key's over the SHA-256 of `message`:
 * for Ed25519 of 64 bytes, for secp256k1 of 65, r‖s‖v, with s in the lower half. */
void wallet_must_sign(const struct wallet_key *key, struct alc_bytes message,
                      struct alc_bytes signature);

#endif
