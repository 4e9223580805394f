/* tests/contract/compute_money.h — a contract with a payment token, and payment keys: what the
 * tests of money share. */
#ifndef COMPUTE_MONEY_H
#define COMPUTE_MONEY_H

#include "tests/contract/compute_calls.h"

#define TOKEN "usdc.test"
#define YOCTO_BYTE ((near_u128)10000000000u * 1000000000u) /* storage of a byte */

int fresh_money(void **state); /* fresh, with TOKEN for payment token; as alice.test */

/* store_key stores `owner`'s payment key `nonce` with ciphertext AAAA. */
void store_key(const char *owner, unsigned nonce);
/* transfer is ft_on_transfer by TOKEN; `msg` is JSON, which gets its quotes escaped.
 * transfer_panics is the same, refused. */
void transfer(const char *from, const char *amount, const char *msg);
void transfer_panics(const char *phrase, const char *from, const char *amount, const char *msg);

const char *data_id_hex(void);   /* of `last` */
const char *data_id_array(void); /* the same as JSON integers */
/* resumes: the operator's call.  wake_money runs `method`, the callback of `last`, with it. */
void resumes(const char *method, const char *result);
void wake_money(const char *callback);
void times_out(const char *callback);

#define MONEY(name) cmocka_unit_test_setup_teardown(name, fresh_money, done)

#endif
