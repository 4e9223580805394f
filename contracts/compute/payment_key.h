/* contracts/compute/payment_key.h — payment keys: secrets of accessor System with a number for a
 * profile, whose balance is kept off chain.  The contract sees money reach a key and has the
 * operator answer with the key's new ciphertext. */
#ifndef COMPUTE_PAYMENT_KEY_H
#define COMPUTE_PAYMENT_KEY_H

#include "call.h"

#define NONCE_MAX 2147483647u
#define TOP_UP_MIN 10000u /* $0.01 */
#define PLANS_MAX 16u
#define PLAN_NAME_MAX_BYTES 64u

/* The floor of an account: the highest nonce ever seen of it, 0 when none.  It never falls; a new
 * key's nonce is above it.  nonce_raise keeps the higher one. */
uint32_t nonce_floor(const struct alc_bytes *account);
void nonce_raise(const struct alc_bytes *account, uint32_t nonce);
/* What an account's first key pays for the floor's record; not refunded. */
#define NONCE_FLOOR_BYTES(account_n) (49u + (account_n))

/* payment_announce logs the event TopUpPaymentKey.  A data_id of zeroes with amount 0 tells of a
 * new key. */
struct payment {
    struct alc_bytes owner; /* of the key */
    uint32_t nonce;
    near_u128 amount;
    struct alc_bytes ciphertext;
    struct alc_bytes payer; /* the rest is of messages */
    struct alc_bytes msg;
    uint32_t plan;
    struct alc_hash data_id;
    struct alc_bytes id; /* data_id as it is written */
};
void payment_announce(struct payment *p);

/* What a message of the token asks for; each panics when it cannot be done, and the token then
 * gives everything back. */
void payment_key_top_up(struct payment *p);     /* returns its yield's promise */
void payment_key_must(const struct payment *p); /* panics: no such key */

/* ---- subscription.c ---- */

/* In the event's order; the first three are the message's. */
#define PURCHASE_FIELDS 5
extern const struct near_field purchase_fields[PURCHASE_FIELDS];
void subscription_buy(const struct payment *p);

/* ---- earnings.c ---- */

/* ft_transfer adds the call to a batch for the token, with the one yoctoNEAR that it wants. */
struct ft_call {
    struct alc_bytes to;
    near_u128 amount;
    struct alc_bytes memo; /* p NULL: none */
};
void ft_transfer(uint64_t batch, const struct ft_call *t, uint64_t gas);

/* ---- what these files share ---- */

void one_yocto(void); /* panics unless something is attached; it is kept */

/* args_of writes an object of a table's members; borrowed until the next one.  call_self is a call
 * with such arguments that this contract makes of itself. */
struct alc_bytes args_of(const void *args, const struct near_field *fields, size_t n);
uint64_t call_self(uint64_t after, const char *method, uint64_t gas, const void *args,
                   const struct near_field *fields, size_t n);

#endif
