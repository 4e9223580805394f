/* contracts/token/token.h — a fungible token for development chains: NEP-141 with NEP-145 and
 * NEP-148, and an owner who may mint as much as tests need.
 *
 *   ft_transfer_call ─► receiver: ft_on_transfer ─► ft_resolve_transfer, which takes back what the
 *                                                   receiver did not use
 *
 * Storage.  "s" version u8 | supply u128 | owner | decimals u8 | name, symbol | option icon;
 * "a" + account its balance, u128.  The record of an account is there while it is registered. */
#ifndef TOKEN_H
#define TOKEN_H

#include "contract/json.h"

#include "methods.h"

#define STATE_VERSION 1u
#define STATE_MAX_BYTES 20480u
#define NAME_MAX_BYTES 256u /* of name and symbol */
#define ICON_MAX_BYTES 16384u

/* What an account's record locks at the protocol's price, for an id of 64 bytes. */
#define REGISTRATION_YOCTO                                                                         \
    ((near_u128)(NEAR_STORAGE_RECORD_BYTES + 1 + NEAR_ACCOUNT_MAX_BYTES + sizeof(near_u128)) *     \
     10000000000000000000u)

struct token {
    near_u128 supply;
    struct alc_bytes owner;
    uint8_t decimals;
    struct alc_bytes name;
    struct alc_bytes symbol;
    struct alc_bytes icon; /* p NULL: none */
};

/* ---- state.c ---- */

void token_load(struct token *t); /* panics before `new`; borrows until the next token_load */
void token_save(const struct token *t);
bool token_exists(void);

/* balance_get: false when the account is not registered.  balance_must panics then. */
ALC_MUST bool balance_get(struct alc_bytes account, near_u128 *balance);
near_u128 balance_must(struct alc_bytes account);
void balance_put(struct alc_bytes account, near_u128 balance);
void balance_remove(struct alc_bytes account);

/* one_yocto panics unless exactly that is attached: who calls holds a full-access key. */
void one_yocto(void);

/* ---- event.c ---- */

/* Events of NEP-297 (standard nep141).  `memo` with p NULL is left out. */
void event_transfer(struct alc_bytes from, struct alc_bytes to, near_u128 amount,
                    struct alc_bytes memo);
void event_mint(struct alc_bytes owner, near_u128 amount);
void event_burn(struct alc_bytes owner, near_u128 amount, struct alc_bytes memo);

/* ---- what all files use ---- */

void out_account(struct near_out *o, struct alc_bytes a);
void give_amount(near_u128 v); /* returns "digits" */

#endif
