/* localnet/state.h — accounts, keys, code and records in the store, and the journal of what a block
 * changed in them.  For the files of the chain alone: they include node.h. */
#ifndef LNET_STATE_H
#define LNET_STATE_H

#include "localnet/chain.h"
#include "localnet/nearvm/nearvm.h"
#include "store/store.h"

/* ---- state.c, state_key.c ---- */

struct lnet_account {
    __uint128_t amount, locked;
    uint64_t usage_bytes;
    enum nearvm_contract contract;
    struct alc_hash code;          /* LOCAL, GLOBAL */
    struct alc_near_id code_owner; /* GLOBAL_BY_ACCOUNT */
};

struct lnet_code { /* a module kept at hand */
    struct alc_hash hash;
    struct alc_bytes bytes; /* in the arena */
    struct alc_arena arena;
    struct lnet_code *next; /* last used first */
};

ALC_MUST enum alc_rc lnet_state_migrate(struct alc_store *s, struct alc_err *err);
/* lnet_row starts a query and steps to its first row; ALC_NOT_FOUND ends the rows by itself, on
 * ALC_OK the caller ends them. */
ALC_MUST enum alc_rc lnet_row(struct alc_rows *r, struct alc_store *s, const char *sql,
                              const struct alc_arg *args, size_t args_count, struct alc_err *err);
struct alc_bytes lnet_u128_put(uint8_t out[16], __uint128_t v);
ALC_MUST enum alc_rc lnet_u128_get(__uint128_t *out, struct alc_bytes b, struct alc_err *err);
ALC_MUST enum alc_rc lnet_hash_get(struct alc_hash *out, struct alc_bytes b, struct alc_err *err);

struct lnet_chain;
struct lnet_block;
/* Each `get` is ALC_NOT_FOUND when there is no such thing. */
ALC_MUST enum alc_rc lnet_account_get(struct lnet_chain *c, const char *id,
                                      struct lnet_account *out, struct alc_err *err);
ALC_MUST enum alc_rc lnet_account_put(struct lnet_chain *c, const char *id,
                                      const struct lnet_account *a, struct alc_err *err);
/* lnet_account_drop removes the account with its keys and data, and tells the journal of each. */
ALC_MUST enum alc_rc lnet_account_drop(struct lnet_chain *c, const char *id, struct alc_err *err);
ALC_MUST enum alc_rc lnet_key_get(struct lnet_chain *c, const char *id,
                                  const struct alc_near_key *key, struct alc_near_access *out,
                                  struct alc_arena *arena, struct alc_err *err);
ALC_MUST enum alc_rc lnet_key_put(struct lnet_chain *c, const char *id,
                                  const struct alc_near_key *key,
                                  const struct alc_near_access *access, struct alc_err *err);
/* lnet_data_put writes one record of a contract. */
ALC_MUST enum alc_rc lnet_data_put(struct lnet_chain *c, const char *id, struct alc_bytes key,
                                   struct alc_bytes value, struct alc_err *err);
ALC_MUST enum alc_rc lnet_data_drop(struct lnet_chain *c, const char *id, struct alc_bytes key,
                                    struct alc_err *err);
/* lnet_key_touch writes nonce, allowance and a gas key's balance alone. */
ALC_MUST enum alc_rc lnet_key_touch(struct lnet_chain *c, const char *id,
                                    const struct alc_near_key *key,
                                    const struct alc_near_access *access, struct alc_err *err);
ALC_MUST enum alc_rc lnet_key_drop(struct lnet_chain *c, const char *id,
                                   const struct alc_near_key *key, struct alc_err *err);
/* lnet_keys_journal_gone tells the journal that all keys of an account go. */
ALC_MUST enum alc_rc lnet_keys_journal_gone(struct lnet_chain *c, const char *id,
                                            struct alc_err *err);
/* lnet_key_handle: the key, or of an ML-DSA-65 key its hash, which is all the state has of it. */
struct alc_near_key lnet_key_handle(const struct alc_near_key *key);
/* lnet_key_bytes: the key as it is stored and sorted, borsh of the handle: curve byte and bytes. */
struct alc_bytes lnet_key_bytes(uint8_t out[65], const struct alc_near_key *key);
/* The nonces of a gas key, one for each of its indices; the rows go with the key.
 * lnet_gas_nonces_put gives each index of the key `nonce`, and takes away what is beyond them; with
 * `only_new` those that are there keep theirs.  _get is ALC_NOT_FOUND for an index that the key has
 * not. */
ALC_MUST enum alc_rc lnet_gas_nonce_get(struct lnet_chain *c, const char *id,
                                        const struct alc_near_key *key, uint16_t index,
                                        uint64_t *out, struct alc_err *err);
ALC_MUST enum alc_rc lnet_gas_nonce_put(struct lnet_chain *c, const char *id,
                                        const struct alc_near_key *key, uint16_t index,
                                        uint64_t nonce, struct alc_err *err);
ALC_MUST enum alc_rc lnet_gas_nonces_put(struct lnet_chain *c, const char *id,
                                         const struct alc_near_key *key, uint16_t count,
                                         uint64_t nonce, bool only_new, struct alc_err *err);
/* lnet_gas_balances adds up what the gas keys of an account hold. */
ALC_MUST enum alc_rc lnet_gas_balances(struct lnet_chain *c, const char *id, __uint128_t *out,
                                       struct alc_err *err);
/* lnet_key_row reads LNET_KEY_COLUMNS. */
ALC_MUST enum alc_rc lnet_key_row(const struct alc_rows *r, struct alc_near_key *key,
                                  struct alc_near_access *out, struct alc_arena *arena,
                                  struct alc_err *err);
#define LNET_KEY_COLUMNS                                                                           \
    "key, nonce, permission, allowance, receiver, methods, gas_balance, gas_nonces"
/* lnet_code_get borrows a module until the next lnet_code_get; lnet_code_put keeps one. */
ALC_MUST enum alc_rc lnet_code_get(struct lnet_chain *c, const struct alc_hash *hash,
                                   struct alc_bytes *out, struct alc_err *err);
ALC_MUST enum alc_rc lnet_code_put(struct lnet_chain *c, struct alc_hash *hash,
                                   struct alc_bytes code, struct alc_err *err);
void lnet_code_cache_fini(struct lnet_chain *c);
/* lnet_global_get finds the module of a global contract by account; by hash it says if it is one.
 */
ALC_MUST enum alc_rc lnet_global_get(struct lnet_chain *c, struct alc_hash *hash, const char *owner,
                                     struct alc_err *err);
ALC_MUST enum alc_rc lnet_global_put(struct lnet_chain *c, const struct alc_hash *hash,
                                     const char *owner, struct alc_err *err);
/* lnet_contract_get resolves what an account runs: its bytes and their hash.  ALC_NOT_FOUND. */
ALC_MUST enum alc_rc lnet_contract_get(struct lnet_chain *c, const struct lnet_account *a,
                                       struct alc_bytes *code, struct alc_hash *hash,
                                       struct alc_err *err);
/* lnet_contract_usage is what the account's contract adds to its storage usage. */
ALC_MUST enum alc_rc lnet_contract_usage(struct lnet_chain *c, const struct lnet_account *a,
                                         uint64_t *bytes, struct alc_err *err);

/* ---- journal.c ---- */

struct lnet_journal {
    struct alc_buf json; /* changes of the block in work */
    bool off;            /* nothing is written down */
    const char *type, *field;
    struct alc_hash hash; /* the cause: of a transaction or receipt */
};
/* lnet_journal_cause sets the cause of what follows; field is NULL when no hash goes with it. */
void lnet_journal_cause(struct lnet_chain *c, const char *type, const char *field,
                        const struct alc_hash *hash);
/* What was written; NULL: deleted. */
void lnet_journal_account(struct lnet_chain *c, const char *id, const struct lnet_account *a);
void lnet_journal_key(struct lnet_chain *c, const char *id, const struct alc_near_key *key,
                      const struct alc_near_access *access);
void lnet_journal_gas_nonce(struct lnet_chain *c, const char *id, const struct alc_near_key *key,
                            uint16_t index, uint64_t nonce);
void lnet_journal_data(struct lnet_chain *c, const char *id, struct alc_bytes key,
                       const struct alc_bytes *value);
void lnet_journal_code(struct lnet_chain *c, const char *id, const struct alc_bytes *code);

#endif
