/* tests/unit/localnet/test_gas_keys.c — gas keys (NEP-611): what they cost, what is refused, and
 * where their money goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gas.h"

static const char gas[] = "gas", alice[] = "alice.test";

/* ---- adding ---- */

static void new_gas_key_is_empty_with_fresh_nonces(void **state)
{
    struct net *n = *state;
    struct alc_near_action both[] = {gas_act_key(gas, 3), gas_act_call_key("calls", 2)};
    uint64_t usage = net_usage(n, alice), at = net_height(n) + 1;
    gas_pass(n, alice, alice, both, 2);
    assert_string_equal(gas_shown(n, gas), "{\"nonce\":0,\"permission\":{\"GasKeyFullAccess\":"
                                           "{\"balance\":\"0\",\"num_nonces\":3}}}");
    assert_string_equal(gas_shown(n, "calls"),
                        "{\"nonce\":0,\"permission\":{\"GasKeyFunctionCall\":{\"balance\":\"0\","
                        "\"num_nonces\":2,\"allowance\":null,\"receiver_id\":\"tool.test\","
                        "\"method_names\":[\"set\",\"boom\"]}}}");
    for (uint16_t i = 0; i < 3; i++)
        assert_int_equal(gas_nonce(n, i), (at - 1) * 1000000);
    /* borsh of key and access key and 40 for the record; a nonce: key, index, nonce, 40 */
    uint64_t full = 33 + (8 + 1 + 18) + 40 + 3 * (33 + 2 + 8 + 40);
    uint64_t call = 33 + (8 + 1 + 18 + 1 + 4 + 9 + 4 + 4 + 3 + 4 + 4) + 40 + 2 * 83;
    assert_int_equal(net_usage(n, alice) - usage, full + call);
    struct alc_near_action end[] = {gas_act_delete(gas), gas_act_delete("calls")};
    gas_pass(n, alice, alice, end, 2);
    assert_int_equal(net_usage(n, alice), usage);
    assert_false(gas_has_nonces(n, alice, gas));
    assert_false(gas_has_nonces(n, alice, alice)); /* a plain key has none */
}

static void adding_costs_by_the_nonces(void **state)
{
    struct net *n = *state;
    struct alc_near_action a = gas_act_key(gas, 7);
    struct net_result r = gas_pass(n, alice, alice, &a, 1);
    uint64_t byte = 59357464, exec_byte = 101435400, write = 64196736000;
    uint64_t receipt = 108059500000, full = 101765125000;
    assert_int_equal(net_u64(&r, "transaction_outcome.outcome.gas_burnt"),
                     receipt + full + byte * 18);
    assert_int_equal(net_u64(&r, "receipts_outcome.0.outcome.gas_burnt"),
                     receipt + full + 7 * (write + exec_byte * (2 + 10 + 33 + 2 + 8)));
    a = gas_act_fill(gas, 1);
    r = gas_pass(n, "bob.test", alice, &a, 1);
    assert_int_equal(net_u64(&r, "transaction_outcome.outcome.gas_burnt"),
                     receipt + 115123062500 + byte * 33);
    assert_int_equal(net_u64(&r, "receipts_outcome.0.outcome.gas_burnt"),
                     receipt + 235676644250 + exec_byte * (2 + 10 + 33 + 27));
    a = gas_act_withdraw(gas, 1);
    r = gas_pass(n, alice, alice, &a, 1);
    assert_int_equal(net_u64(&r, "receipts_outcome.0.outcome.gas_burnt"),
                     receipt + 235676644250 + exec_byte * (2 + 10 + 33 + 27));
}

static const char *refused_key(struct net *n, struct alc_near_action a)
{
    return net_refused(n, net_tx(n, alice, alice, &a, 1));
}

static void malformed_gas_keys_are_refused(void **state)
{
    struct net *n = *state;
    struct alc_near_action a = gas_act_key(gas, 0);
    assert_part(refused_key(n, a),
                "{\"InvalidTxError\":{\"ActionsValidation\":{\"GasKeyInvalidNumNonces\":"
                "{\"requested_nonces\":0,\"limit\":1024}}}}");
    assert_part(refused_key(n, gas_act_key(gas, 1025)), "\"requested_nonces\":1025");
    a = gas_act_key(gas, 1);
    a.access.gas_balance = 7;
    assert_part(refused_key(n, a),
                "{\"ActionsValidation\":{\"AddGasKeyWithNonZeroBalance\":{\"balance\":\"7\"}}}");
    a = gas_act_call_key(gas, 1);
    a.access.has_allowance = true;
    assert_part(refused_key(n, a),
                "{\"ActionsValidation\":\"GasKeyFunctionCallAllowanceNotAllowed\"}");
    a = gas_act_call_key(gas, 1);
    a.access.receiver_id = ALC_LIT("NO");
    assert_part(refused_key(n, a), "{\"InvalidAccountId\":{\"account_id\":\"NO\"}}");
    a = gas_act_key(gas, 1024); /* the most there can be */
    gas_pass(n, alice, alice, &a, 1);
    assert_int_equal(gas_nonce(n, 1023), gas_nonce(n, 0));
    struct net_result r = net_send(n, alice, alice, &a, 1);
    assert_true(net_failed(&r, "AddKeyAlreadyExists"));
}

/* ---- money in and out ---- */

static void anybody_fills_and_the_owner_withdraws(void **state)
{
    struct net *n = *state;
    struct alc_near_action a = gas_act_key(gas, 1);
    gas_pass(n, alice, alice, &a, 1);
    a = gas_act_fill(gas, NEAR(3));
    gas_pass(n, "bob.test", alice, &a, 1);
    assert_true(gas_balance(n) == NEAR(3));
    a = gas_act_withdraw(gas, NEAR(1));
    struct net_result r = net_send(n, "bob.test", alice, &a, 1);
    assert_true(net_failed(&r, "{\"ActorNoPermission\":{\"account_id\":\"alice.test\","
                               "\"actor_id\":\"bob.test\"}}"));
    __uint128_t before = net_amount(n, alice);
    gas_pass(n, alice, alice, &a, 1);
    assert_true(gas_balance(n) == NEAR(2));
    assert_true(net_amount(n, alice) - before > NEAR(1) - NEAR(1) / 100);
    a = gas_act_withdraw(gas, NEAR(2) + 1);
    r = net_send(n, alice, alice, &a, 1);
    assert_true(net_failed(&r, "{\"InsufficientGasKeyBalance\":{\"account_id\":\"alice.test\","
                               "\"public_key\":\"ed25519:"));
    assert_true(net_failed(&r, "\"balance\":\"2000000000000000000000000\","
                               "\"required\":\"2000000000000000000000001\""));
    assert_true(gas_balance(n) == NEAR(2));
    assert_conserved(n);
}

static void what_finds_no_gas_key_goes_back(void **state)
{
    struct net *n = *state;
    struct alc_near_action a = gas_act_fill("none", NEAR(1));
    __uint128_t before = net_amount(n, "bob.test");
    struct net_result r = net_send(n, "bob.test", alice, &a, 1);
    assert_true(net_failed(&r, "{\"GasKeyDoesNotExist\":{\"account_id\":\"alice.test\","));
    assert_true(before - net_amount(n, "bob.test") < NEAR(1) / 100);
    a.key = net_public(alice); /* a plain key */
    r = net_send(n, "bob.test", alice, &a, 1);
    assert_true(net_failed(&r, "GasKeyDoesNotExist"));
    a = gas_act_withdraw(alice, 0);
    r = net_send(n, alice, alice, &a, 1);
    assert_true(net_failed(&r, "GasKeyDoesNotExist"));
    a = gas_act_fill(gas, NEAR(1));
    r = net_send(n, "bob.test", "nobody.test", &a, 1);
    assert_true(net_failed(&r, "AccountDoesNotExist"));
    assert_conserved(n);
}

/* ---- the end of a key ---- */

static void little_money_is_burnt_and_much_stays(void **state)
{
    struct net *n = *state;
    struct alc_near_action a = gas_act_delete(gas);
    gas_add(n, gas_act_key(gas, 2), NEAR(1) + 1);
    struct net_result r = net_send(n, alice, alice, &a, 1);
    assert_true(net_failed(&r, "{\"GasKeyBalanceTooHigh\":{\"account_id\":\"alice.test\","
                               "\"public_key\":\"ed25519:"));
    assert_true(net_failed(&r, "\"balance\":\"1000000000000000000000001\""));
    struct lnet_info before, after;
    struct alc_near_action out = gas_act_withdraw(gas, 1);
    gas_pass(n, alice, alice, &out, 1);
    lnet_chain_info(n->chain, &before);
    r = gas_pass(n, alice, alice, &a, 1);
    lnet_chain_info(n->chain, &after);
    assert_true(before.total_supply - after.total_supply > NEAR(1));
    assert_part(net_text(&r, "receipts_outcome.0.outcome.tokens_burnt"), "10000203");
    assert_false(gas_has_nonces(n, alice, gas));
}

/* A key that deletes itself: the rest of its gas finds the account. */
static void refund_of_a_gone_key_goes_to_the_account(void **state)
{
    struct net *n = *state;
    gas_add(n, gas_act_key(gas, 1), NEAR(1) / 2);
    __uint128_t account = net_amount(n, alice);
    struct net_result r = gas_send(n, 0, alice, gas_act_delete(gas));
    assert_true(net_is(&r, ""));
    assert_true(net_amount(n, alice) > account);
}

static void account_goes_with_little_in_its_gas_keys(void **state)
{
    struct net *n = *state;
    struct alc_near_action end = {.kind = ALC_NEAR_DELETE_ACCOUNT, .account_id = ALC_LIT("test")};
    struct alc_near_action keys[] = {gas_act_key(gas, 1), gas_act_key("second", 2),
                                     gas_act_fill(gas, NEAR(1)), gas_act_fill("second", 1)};
    gas_pass(n, alice, alice, keys, 4);
    struct net_result r = net_send(n, alice, alice, &end, 1);
    assert_true(net_failed(&r, "{\"GasKeyBalanceTooHigh\":{\"account_id\":\"alice.test\","
                               "\"public_key\":null,\"balance\":\"1000000000000000000000001\"}}"));
    struct alc_near_action out = gas_act_withdraw("second", 1);
    gas_pass(n, alice, alice, &out, 1);
    gas_pass(n, alice, alice, &end, 1);
    assert_false(net_exists(n, alice));
    assert_false(gas_has_nonces(n, alice, "second"));
}

/* ---- delegates ---- */

static struct alc_near_action delegated(struct net *n, struct alc_near_delegate *d,
                                        const char *key_of, struct alc_near_action *inner)
{
    struct alc_hash hash;
    *d = (struct alc_near_delegate){.sender_id = alc_cstr(alice),
                                    .receiver_id = alc_cstr(alice),
                                    .actions = inner,
                                    .actions_count = 1,
                                    .max_block_height = net_height(n) + 100,
                                    .key = net_public(key_of)};
    d->nonce = net_nonce(n, alice, &d->key) + 1;
    alc_near_delegate_hash(&hash, d);
    alc_ed25519_sign(d->sig.b, net_key(key_of), alc_hash_bytes(&hash));
    return (struct alc_near_action){.kind = ALC_NEAR_DELEGATE, .delegate = d};
}

static void delegate_fills_but_never_withdraws(void **state)
{
    struct net *n = *state;
    struct alc_near_delegate d;
    struct alc_near_action inner = gas_act_call_key(gas, 2);
    struct alc_near_action outer = delegated(n, &d, alice, &inner);
    struct net_result r = gas_pass(n, "bob.test", alice, &outer, 1);
    /* in a delegate actions stand as they are stored */
    assert_true(net_has(&r, "{\"AddKey\":{\"public_key\":\"ed25519:"));
    assert_true(net_has(&r, "{\"GasKeyFunctionCall\":[{\"balance\":\"0\",\"num_nonces\":2},"
                            "{\"allowance\":null,\"receiver_id\":\"tool.test\","));
    assert_true(net_has(&r, "{\"GasKeyFunctionCall\":{\"balance\":\"0\",\"num_nonces\":2,"));
    inner = gas_act_fill(gas, NEAR(1));
    outer = delegated(n, &d, alice, &inner);
    gas_pass(n, "bob.test", alice, &outer, 1);
    assert_true(gas_balance(n) == NEAR(1));
    inner = gas_act_withdraw(gas, 1);
    outer = delegated(n, &d, alice, &inner);
    assert_part(net_refused(n, net_tx(n, "bob.test", alice, &outer, 1)),
                "{\"ActionsValidation\":\"WithdrawFromGasKeyNotAllowedInDelegate\"}");
}

static void gas_key_signs_no_delegate(void **state)
{
    struct net *n = *state;
    struct alc_near_delegate d;
    struct alc_near_action inner = net_act_transfer(1);
    gas_add(n, gas_act_key(gas, 1), NEAR(1));
    struct alc_near_action outer = delegated(n, &d, gas, &inner);
    struct net_result r = net_send(n, "bob.test", alice, &outer, 1);
    assert_true(
        net_failed(&r, "{\"DelegateActionAccessKeyError\":\"DelegateActionRequiresNonGasKey\"}"));
}

/* ---- contracts ---- */

static struct net_result call_with_key(struct net *n, const char *method)
{
    static uint8_t key[65];
    struct alc_near_key k = net_public(gas);
    struct alc_near_action a = net_act_call(method, "", 0, NET_GAS);
    a.data = lnet_key_bytes(key, &k);
    struct net_result r = net_send(n, "bob.test", "tool.test", &a, 1);
    assert_conserved(n);
    return r;
}

static void contract_makes_and_fills_gas_keys(void **state)
{
    struct net *n = *state;
    struct alc_near_key key = net_public(gas);
    __uint128_t before = net_amount(n, "tool.test");
    struct net_result r = call_with_key(n, "gas_key");
    assert_true(net_is(&r, ""));
    assert_true(net_gas_balance(n, "tool.test", &key) == NEAR(1));
    assert_true(before - net_amount(n, "tool.test") == NEAR(1));
    struct alc_near_action set = net_act_call("set", "by itself", 0, NET_GAS);
    uint64_t next = net_gas_nonce(n, "tool.test", &key, 2) + 1;
    net_submit(n, net_tx_gas(n, "tool.test", net_key(gas), 2, next, "tool.test", &set, 1));
    net_settle(n);
    assert_string_equal(net_view(n, "tool.test", "get", ""), "by itself");
    assert_conserved(n);
    /* it is there already: the money comes back to the contract */
    before = net_amount(n, "tool.test");
    r = call_with_key(n, "gas_key");
    assert_true(net_has(&r, "AddKeyAlreadyExists"));
    assert_true(net_amount(n, "tool.test") == before);
}

static void contract_makes_gas_keys_for_calls(void **state)
{
    struct net *n = *state;
    struct alc_near_key key = net_public(gas);
    struct net_result r = call_with_key(n, "gas_call_key_with_allowance");
    assert_true(net_failed(&r, "{\"NewReceiptValidationError\":{\"ActionsValidation\":"
                               "\"GasKeyFunctionCallAllowanceNotAllowed\"}}"));
    r = call_with_key(n, "gas_call_key");
    assert_true(net_is(&r, ""));
    assert_true(net_gas_balance(n, "tool.test", &key) == 0);
    assert_true(gas_has_nonces(n, "tool.test", gas));
}

int main(void)
{
#define E(name) cmocka_unit_test_setup_teardown(name, net_setup, net_teardown)
#define T(name) cmocka_unit_test_setup_teardown(name, net_setup_tool, net_teardown)
    const struct CMUnitTest tests[] = {
        E(new_gas_key_is_empty_with_fresh_nonces),   E(adding_costs_by_the_nonces),
        E(malformed_gas_keys_are_refused),           E(anybody_fills_and_the_owner_withdraws),
        E(what_finds_no_gas_key_goes_back),          E(little_money_is_burnt_and_much_stays),
        E(refund_of_a_gone_key_goes_to_the_account), E(account_goes_with_little_in_its_gas_keys),
        E(delegate_fills_but_never_withdraws),       E(gas_key_signs_no_delegate),
        T(contract_makes_and_fills_gas_keys),        T(contract_makes_gas_keys_for_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
