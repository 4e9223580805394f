/* contracts/compute/purse.h — money: deposits for storage, and the stablecoin that accounts hold in
 * this contract. */
#ifndef COMPUTE_PURSE_H
#define COMPUTE_PURSE_H

#include "contract/near.h"

/* What the interface asks for a byte; the protocol locks the same. */
#define STORAGE_BYTE_YOCTO ((near_u128)1000000000u * 10000000000u)

near_u128 storage_price(uint64_t bytes); /* yoctoNEAR */

/* storage_charge takes from the attached deposit what `required` bytes cost beyond the `held` ones
 * that were paid before, and sends the rest to `to`.  Panics with `phrase` and both amounts when
 * too little is attached. */
void storage_charge(uint64_t required, uint64_t held, const struct alc_bytes *to,
                    const char *phrase);

/* storage_release sends back what `bytes` cost. */
void storage_release(uint64_t bytes, const struct alc_bytes *to);

/* Stablecoin, in its minimal units: what users paid in, and what developers earned. */
enum purse {
    PURSE_USER = 'u',
    PURSE_EARNINGS = 'e',
    PURSE_NONCE = 'f', /* no money: the floor of an account's payment keys (payment_key.h) */
};

near_u128 purse_get(enum purse which, const struct alc_bytes *account);
void purse_add(enum purse which, const struct alc_bytes *account,
               near_u128 amount); /* overflow panics */
/* purse_take panics with `phrase` when there is less. */
void purse_take(enum purse which, const struct alc_bytes *account, near_u128 amount,
                const char *phrase);

#endif
