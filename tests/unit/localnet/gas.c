/* tests/unit/localnet/gas.c — see gas.h. */
#include "gas.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

void assert_part(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) fprintf(stderr, "no %s in %s\n", part, text);
    assert_non_null(strstr(text, part));
}

void assert_conserved(struct net *n)
{
    struct lnet_info info;
    lnet_chain_info(n->chain, &info);
    assert_true(net_total(n) == info.total_supply);
}

/* ---- actions ---- */

struct alc_near_action gas_act_key(const char *whose, uint16_t nonces)
{
    return (struct alc_near_action){
        .kind = ALC_NEAR_ADD_KEY,
        .key = net_public(whose),
        .access = {.permission = ALC_NEAR_GAS_FULL_ACCESS, .gas_nonces = nonces, .nonce = 5}};
}

struct alc_near_action gas_act_call_key(const char *whose, uint16_t nonces)
{
    static struct alc_bytes methods[] = {{(const uint8_t *)"set", 3}, {(const uint8_t *)"boom", 4}};
    struct alc_near_action a = gas_act_key(whose, nonces);
    a.access.permission = ALC_NEAR_GAS_FUNCTION_CALL_KEY;
    a.access.receiver_id = ALC_LIT("tool.test");
    a.access.methods = methods;
    a.access.methods_count = 2;
    return a;
}

struct alc_near_action gas_act_fill(const char *whose, __uint128_t amount)
{
    return (struct alc_near_action){
        .kind = ALC_NEAR_TRANSFER_GAS_KEY, .key = net_public(whose), .amount = amount};
}

struct alc_near_action gas_act_withdraw(const char *whose, __uint128_t amount)
{
    return (struct alc_near_action){
        .kind = ALC_NEAR_WITHDRAW_GAS_KEY, .key = net_public(whose), .amount = amount};
}

struct alc_near_action gas_act_delete(const char *whose)
{
    return (struct alc_near_action){.kind = ALC_NEAR_DELETE_KEY, .key = net_public(whose)};
}

/* ---- the key ---- */

struct net_result gas_pass(struct net *n, const char *signer, const char *receiver,
                           struct alc_near_action *actions, uint32_t count)
{
    struct net_result r = net_send(n, signer, receiver, actions, count);
    assert_true(net_is(&r, ""));
    assert_conserved(n);
    return r;
}

void gas_add(struct net *n, struct alc_near_action key, __uint128_t amount)
{
    struct alc_near_action both[] = {key, gas_act_fill(GAS_KEY, amount)};
    gas_pass(n, GAS_OWNER, GAS_OWNER, both, 2);
}

__uint128_t gas_balance(struct net *n)
{
    struct alc_near_key key = net_public(GAS_KEY);
    return net_gas_balance(n, GAS_OWNER, &key);
}

uint64_t gas_nonce(struct net *n, uint16_t index)
{
    struct alc_near_key key = net_public(GAS_KEY);
    return net_gas_nonce(n, GAS_OWNER, &key, index);
}

/* One action, signed by the gas key with the next nonce of an index. */
struct alc_bytes gas_tx(struct net *n, uint16_t index, const char *receiver,
                        struct alc_near_action a)
{
    return net_tx_gas(n, GAS_OWNER, net_key(GAS_KEY), index, gas_nonce(n, index) + 1, receiver, &a,
                      1);
}

struct net_result gas_send(struct net *n, uint16_t index, const char *receiver,
                           struct alc_near_action a)
{
    struct alc_hash hash = net_submit(n, gas_tx(n, index, receiver, a));
    net_settle(n);
    assert_conserved(n);
    return net_result_of(n, &hash);
}

bool gas_has_nonces(struct net *n, const char *id, const char *whose)
{
    struct alc_near_key key = net_public(whose);
    struct alc_buf out = ALC_BUF(1u << 20);
    struct lnet_block_ref at;
    struct alc_err err = {0};
    enum alc_rc rc = lnet_read_gas_nonces(n->chain, id, &key, &out, &at, &err);
    alc_buf_fini(&out);
    assert_true(rc == ALC_OK || rc == ALC_NOT_FOUND);
    return rc == ALC_OK;
}

const char *gas_shown(struct net *n, const char *whose)
{
    struct alc_near_key key = net_public(whose);
    struct alc_buf out = ALC_BUF(1u << 20);
    struct lnet_block_ref at;
    struct alc_err err = {0};
    assert_int_equal(lnet_read_key(n->chain, GAS_OWNER, &key, &out, &at, &err), ALC_OK);
    const char *text = alc_arena_text(&n->arena, "%s", alc_buf_text(&out));
    alc_buf_fini(&out);
    return text;
}
