/* tests/unit/localnet/gas.h — a gas key of alice.test's, for the tests of gas keys.  What goes
 * wrong fails the test. */
#ifndef GAS_H
#define GAS_H

#include "net.h"

#define GAS_OWNER "alice.test"
#define GAS_KEY "gas" /* net_key of this */

void assert_part(const char *text, const char *part); /* part is in it */
void assert_conserved(struct net *n); /* what there is, is what blocks account for */

/* Actions; `whose`: net_key of it.  The key for calls may call set and boom of tool.test. */
struct alc_near_action gas_act_key(const char *whose, uint16_t nonces);
struct alc_near_action gas_act_call_key(const char *whose, uint16_t nonces);
struct alc_near_action gas_act_fill(const char *whose, __uint128_t amount);
struct alc_near_action gas_act_withdraw(const char *whose, __uint128_t amount);
struct alc_near_action gas_act_delete(const char *whose);

/* gas_pass sends what has to succeed; gas_add gives the owner this key with money in it. */
struct net_result gas_pass(struct net *n, const char *signer, const char *receiver,
                           struct alc_near_action *actions, uint32_t count);
void gas_add(struct net *n, struct alc_near_action key, __uint128_t amount);

/* Of the owner's GAS_KEY.  gas_tx signs one action with the next nonce of an index; gas_send has it
 * done. */
__uint128_t gas_balance(struct net *n);
uint64_t gas_nonce(struct net *n, uint16_t index);
struct alc_bytes gas_tx(struct net *n, uint16_t index, const char *receiver,
                        struct alc_near_action a);
struct net_result gas_send(struct net *n, uint16_t index, const char *receiver,
                           struct alc_near_action a);
bool gas_has_nonces(struct net *n, const char *id, const char *whose);
const char *gas_shown(struct net *n, const char *whose); /* view_access_key of the owner's */

#endif
