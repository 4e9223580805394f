/* src/worker/register.h — what the registrar reads from and says to the chain; for its two files.
 */
#ifndef ALC_WORKER_REGISTER_H
#define ALC_WORKER_REGISTER_H

#include "worker/parts.h"

/* What the chain says of a key: the register, which saw its quote, and the contract, which believes
 * the register. */
struct wk_standing {
    bool kept;                /* the register has a record of it */
    bool believed;            /* and the contract takes it for this very enclave, now */
    uint64_t from_s, until_s; /* of the record */
    uint64_t now_s;           /* the chain's clock */
};
ALC_MUST enum alc_rc wk_register_standing(struct wk_slot *s, struct wk_standing *out,
                                          const struct alc_hash *public_key, struct alc_err *err);

/* wk_register_key puts collateral where the register's is missing or older, asks for a challenge,
 * and registers the key with a fresh quote, by the init account.  ALC_DENIED: the register refuses,
 * in its own words. */
ALC_MUST enum alc_rc wk_register_key(struct wk_slot *s, const struct alc_ed25519 *init,
                                     const struct alc_hash *public_key, struct alc_err *err);

#endif
