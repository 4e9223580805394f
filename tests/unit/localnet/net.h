/* tests/unit/localnet/net.h — a chain for a test: in memory or in a folder, with a clock of its
 * own, making blocks when told.
 *
 *     struct net *n = net_open(NULL);
 *     net_deploy(n, "tool.test");
 *     struct net_result r = net_call(n, "alice.test", "tool.test", "chain", "", 0);
 *     assert_true(net_is(&r, "1one;"));
 *
 * Accounts: alice.test, bob.test, registrar and test (parent of all), 1,000,000 NEAR each, with
 * keys net_key(id).  What cannot go on prints a sentence and aborts.  One thread. */
#ifndef NET_H
#define NET_H

#include "base/json.h"
#include "localnet/chain.h"
#include "localnet/node.h"

#define NET_GAS (100u * (uint64_t)ALC_NEAR_TGAS)
#define NEAR(n) ((__uint128_t)(n) * ALC_NEAR_YOCTO)

struct net {
    struct lnet_chain *chain;
    struct alc_clock clock;
    uint64_t now_ns;
    struct alc_arena arena;  /* of all results */
    struct lnet_conf wanted; /* folder, genesis, deterministic; `clock` set: the machine's */
};

struct net *net_open(const char *folder);
/* net_open_as takes of `wanted` what struct net names; the texts outlive the net.  A chain from a
 * genesis file has that file's accounts alone.  net_try_open is for those that may not open. */
struct net *net_open_as(const struct lnet_conf *wanted);
enum alc_rc net_try_open(const struct lnet_conf *wanted, struct alc_err *err);
/* A new folder for a test, and its end. */
const char *net_folder_make(char path[64]);
void net_folder_drop(const char *path);
/* What cmocka wants: an empty net, and one with tool.test on it. */
int net_setup(void **state);
int net_setup_tool(void **state);
int net_teardown(void **state);
void net_close(struct net *n);
void net_reopen(struct net *n); /* the folder's chain, as after a restart */

/* net_key is the full-access key of an account: from a seed made of its name. */
const struct alc_ed25519 *net_key(const char *id);
struct alc_near_key net_public(const char *id);

/* What came of a transaction: the TxResult as JSON, parsed. */
struct net_result {
    struct alc_hash hash;
    const char *invalid;         /* refused at once: JSON of the InvalidTxError; else NULL */
    const struct alc_json *json; /* else the TxResult with its receipts */
    const char *text;
};

/* net_tx signs actions of `signer` for `receiver` with the next nonce; net_tx_nonce with this one.
 * net_send submits and makes blocks until nothing is left to do. */
struct alc_bytes net_tx(struct net *n, const char *signer, const char *receiver,
                        struct alc_near_action *actions, uint32_t count);
struct alc_bytes net_tx_with(struct net *n, const char *signer, const struct alc_ed25519 *key,
                             uint64_t nonce, const char *receiver, struct alc_near_action *actions,
                             uint32_t count);
/* net_tx_gas signs with a gas key and the nonce of one of its indices. */
struct alc_bytes net_tx_gas(struct net *n, const char *signer, const struct alc_ed25519 *key,
                            uint16_t index, uint64_t nonce, const char *receiver,
                            struct alc_near_action *actions, uint32_t count);
struct alc_hash net_submit(struct net *n, struct alc_bytes tx); /* must be accepted */
const char *net_refused(struct net *n, struct alc_bytes tx);    /* must not: the InvalidTxError */
struct net_result net_result_of(struct net *n, const struct alc_hash *hash);
struct net_result net_send(struct net *n, const char *signer, const char *receiver,
                           struct alc_near_action *actions, uint32_t count);
struct net_result net_call(struct net *n, const char *signer, const char *receiver,
                           const char *method, const char *args, __uint128_t deposit);
void net_settle(struct net *n);
void net_step(struct net *n);

struct alc_near_action net_act_call(const char *method, const char *args, __uint128_t deposit,
                                    uint64_t gas);
struct alc_near_action net_act_transfer(__uint128_t amount);
struct alc_near_action net_act_key(const char *whose);

/* net_deploy makes the account (of 100 NEAR, a child of test) with the tool contract on it. */
void net_deploy(struct net *n, const char *id);
void net_create(struct net *n, const char *id, __uint128_t amount);

/* Questions about a result.  Each prints what there is when the answer is no. */
bool net_is(const struct net_result *r, const char *value);    /* SuccessValue */
bool net_failed(const struct net_result *r, const char *part); /* Failure whose JSON has this */
bool net_has(const struct net_result *r, const char *part);    /* anywhere in the TxResult */
/* net_path walks "receipts_outcome.0.outcome.gas_burnt"; NULL where there is nothing. */
const struct alc_json *net_path(const struct alc_json *v, const char *path);
/* net_same compares two documents, members in any order; prints the first difference. */
bool net_same(const struct alc_json *a, const struct alc_json *b);
const struct alc_json *net_json(const char *text);
uint64_t net_u64(const struct net_result *r, const char *path);
const char *net_text(const struct net_result *r, const char *path);

__uint128_t net_amount(struct net *n, const char *id); /* must exist */
bool net_exists(struct net *n, const char *id);
uint64_t net_usage(struct net *n, const char *id);
uint64_t net_nonce(struct net *n, const char *id, const struct alc_near_key *key);
uint64_t net_height(struct net *n);
/* Of a gas key, which must be there. */
__uint128_t net_gas_balance(struct net *n, const char *id, const struct alc_near_key *key);
uint64_t net_gas_nonce(struct net *n, const char *id, const struct alc_near_key *key,
                       uint16_t index);
/* net_view gives what a view call returned, or "error: ..." */
const char *net_view(struct net *n, const char *id, const char *method, const char *args);

/* net_records patches the state (sandbox_patch_state); what came of it. */
enum alc_rc net_records(struct net *n, const char *json, struct alc_err *err);
void net_forward(struct net *n, uint64_t delta);

/* net_total is all there is: balances, stakes, what gas keys hold and receipts under way carry. */
__uint128_t net_total(struct net *n);

#endif
