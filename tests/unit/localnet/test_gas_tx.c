/* tests/unit/localnet/test_gas_tx.c — transactions that a gas key signs: what it pays for, its
 * nonces, and what is told of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gas.h"

static const char gas[] = "gas", alice[] = "alice.test";

/* ---- paying ---- */

static void gas_key_pays_gas_and_the_account_deposits(void **state)
{
    struct net *n = *state;
    struct alc_near_action call = net_act_call("hello", "", 5, NET_GAS);
    gas_add(n, gas_act_key(gas, 2), NEAR(1));
    __uint128_t account = net_amount(n, alice), key = gas_balance(n);
    uint64_t start = gas_nonce(n, 1);
    struct alc_hash hash = net_submit(n, gas_tx(n, 1, "tool.test", call));
    net_step(n);
    assert_true(account - net_amount(n, alice) == 5);
    assert_true(key - gas_balance(n) > NEAR(1) / 10); /* 100 Tgas at 10^9 are set aside */
    net_settle(n);
    struct net_result r = net_result_of(n, &hash);
    assert_true(net_is(&r, ""));
    assert_conserved(n);
    /* what was not used came back to the key, to the yocto */
    assert_true(account - net_amount(n, alice) == 5);
    __uint128_t burnt = net_u64(&r, "transaction_outcome.outcome.gas_burnt") +
                        net_u64(&r, "receipts_outcome.0.outcome.gas_burnt");
    assert_true(key - gas_balance(n) == burnt * 100000000);
    assert_int_equal(gas_nonce(n, 1), start + 1);
    assert_int_equal(gas_nonce(n, 0), start);
    assert_part(gas_shown(n, gas), "{\"nonce\":0,");
}

static void failed_call_refunds_both(void **state)
{
    struct net *n = *state;
    gas_add(n, gas_act_key(gas, 1), NEAR(1));
    __uint128_t account = net_amount(n, alice), key = gas_balance(n);
    struct net_result r = gas_send(n, 0, "tool.test", net_act_call("boom", "", NEAR(3), NET_GAS));
    assert_true(net_failed(&r, "FunctionCallError"));
    assert_true(net_amount(n, alice) == account); /* the deposit */
    assert_true(gas_balance(n) < key && key - gas_balance(n) < NEAR(1) / 1000);
}

static void each_index_counts_by_itself(void **state)
{
    struct net *n = *state;
    struct alc_near_action pay = net_act_transfer(1);
    struct alc_hash hash[4];
    gas_add(n, gas_act_key(gas, 2), NEAR(1));
    uint64_t start = gas_nonce(n, 0), high = start + 500;
    /* the same nonce under both indices, and the second index out of order */
    hash[0] = net_submit(n, net_tx_gas(n, alice, net_key(gas), 0, high, "bob.test", &pay, 1));
    hash[1] = net_submit(n, net_tx_gas(n, alice, net_key(gas), 1, high, "bob.test", &pay, 1));
    hash[2] = net_submit(n, net_tx_gas(n, alice, net_key(gas), 1, start + 2, "bob.test", &pay, 1));
    hash[3] = net_submit(n, net_tx_gas(n, alice, net_key(gas), 1, start + 1, "bob.test", &pay, 1));
    net_settle(n);
    for (size_t i = 0; i < 4; i++) {
        struct net_result r = net_result_of(n, &hash[i]);
        assert_true(net_is(&r, ""));
    }
    assert_int_equal(gas_nonce(n, 0), high);
    assert_int_equal(gas_nonce(n, 1), high);
    char used[128];
    snprintf(used, sizeof used, "{\"InvalidNonce\":{\"tx_nonce\":%llu,\"ak_nonce\":%llu}}",
             (unsigned long long)high, (unsigned long long)high);
    assert_part(net_refused(n, net_tx_gas(n, alice, net_key(gas), 0, high, alice, &pay, 1)), used);
    uint64_t limit = (net_height(n) + 1) * 1000000;
    assert_part(net_refused(n, net_tx_gas(n, alice, net_key(gas), 0, limit, alice, &pay, 1)),
                "NonceTooLarge");
}

static void strict_nonce_is_the_next_one(void **state)
{
    struct net *n = *state;
    struct alc_near_action pay = net_act_transfer(1);
    struct alc_near_tx tx = {.version = 1,
                             .gas_key_nonce = true,
                             .nonce_mode = 1,
                             .signer_id = alc_cstr(alice),
                             .receiver_id = ALC_LIT("bob.test"),
                             .key = net_public(gas),
                             .actions = &pay,
                             .actions_count = 1};
    struct lnet_info info;
    struct alc_hash hash;
    gas_add(n, gas_act_key(gas, 1), NEAR(1));
    lnet_chain_info(n->chain, &info);
    tx.block_hash = info.head.hash;
    for (uint64_t step = 2; step > 0; step--) {
        struct alc_buf out = ALC_BUF(4096);
        tx.nonce = gas_nonce(n, 0) + step;
        assert_int_equal(alc_near_tx_sign(&out, &hash, &tx, net_key(gas)), ALC_OK);
        if (step == 2)
            assert_part(net_refused(n, alc_buf_bytes(&out)), "InvalidNonce");
        else
            net_submit(n, alc_buf_bytes(&out));
        alc_buf_fini(&out);
    }
    net_settle(n);
    struct net_result r = net_result_of(n, &hash);
    assert_true(net_has(&r, "\"nonce_mode\":\"strict\""));
    assert_int_equal(net_u64(&r, "transaction.nonce_index"), 0);
    assert_int_equal(net_u64(&r, "transaction.nonce"), tx.nonce);
}

static void nonce_index_must_fit_the_key(void **state)
{
    struct net *n = *state;
    struct alc_near_action pay = net_act_transfer(1);
    gas_add(n, gas_act_key(gas, 2), NEAR(1));
    uint64_t next = gas_nonce(n, 0) + 1;
    assert_part(net_refused(n, net_tx_gas(n, alice, net_key(gas), 2, next, alice, &pay, 1)),
                "{\"InvalidTxError\":{\"InvalidNonceIndex\":"
                "{\"tx_nonce_index\":2,\"num_nonces\":2}}}");
    assert_part(net_refused(n, net_tx_with(n, alice, net_key(gas), next, alice, &pay, 1)),
                "{\"InvalidNonceIndex\":{\"tx_nonce_index\":null,\"num_nonces\":2}}");
    assert_part(net_refused(n, net_tx_gas(n, alice, net_key(alice), 0, next, alice, &pay, 1)),
                "{\"InvalidNonceIndex\":{\"tx_nonce_index\":0,\"num_nonces\":0}}");
    assert_part(net_refused(n, net_tx_gas(n, alice, net_key("none"), 0, next, alice, &pay, 1)),
                "AccessKeyNotFound");
}

static void empty_gas_key_pays_nothing(void **state)
{
    struct net *n = *state;
    struct alc_near_action a = gas_act_key(gas, 1);
    gas_pass(n, alice, alice, &a, 1);
    assert_part(net_refused(n, gas_tx(n, 0, "bob.test", net_act_transfer(1))),
                "{\"NotEnoughGasKeyBalance\":{\"signer_id\":\"alice.test\",\"balance\":\"0\","
                "\"cost\":\"2455");
    /* a transfer's gas, sent at the block's price and executed at that of purchase; but for 1 yocto
     */
    a = gas_act_fill(gas, (__uint128_t)223182562500u * (100000000u + 1000000000u) - 1);
    gas_pass(n, alice, alice, &a, 1);
    assert_part(net_refused(n, gas_tx(n, 0, "bob.test", net_act_transfer(1))),
                "\"cost\":\"245500818750000000000\"");
    a = gas_act_fill(gas, 1);
    gas_pass(n, alice, alice, &a, 1);
    struct net_result r = gas_send(n, 0, "bob.test", net_act_transfer(1));
    assert_true(net_is(&r, ""));
}

/* The account cannot pay the deposit: the node refuses it; in a block the key pays for the look. */
static void deposit_that_nobody_covers_costs_the_key(void **state)
{
    struct net *n = *state;
    gas_add(n, gas_act_key(gas, 1), NEAR(1));
    assert_part(net_refused(n, gas_tx(n, 0, "bob.test", net_act_transfer(NEAR(1000000)))),
                "{\"NotEnoughBalanceForDeposit\":{\"signer_id\":\"alice.test\",\"balance\":\"");
    __uint128_t rest = net_amount(n, alice) - NEAR(1), key = gas_balance(n);
    uint64_t before = gas_nonce(n, 0);
    struct alc_near_action most = net_act_transfer(rest), little = net_act_transfer(NEAR(2));
    net_submit(n, net_tx(n, alice, "bob.test", &most, 1));
    struct alc_hash hash = net_submit(n, gas_tx(n, 0, "bob.test", little));
    net_settle(n);
    assert_conserved(n);
    struct net_result r = net_result_of(n, &hash);
    assert_true(net_failed(&r, "{\"InvalidTxError\":{\"NotEnoughBalanceForDeposit\":"));
    assert_true(net_failed(&r, "\"reason\":\"NotEnoughBalance\""));
    assert_int_equal(net_u64(&r, "transaction_outcome.outcome.gas_burnt"), 223182562500);
    assert_string_equal(net_text(&r, "transaction_outcome.outcome.tokens_burnt"),
                        "22318256250000000000");
    assert_string_equal(net_text(&r, "final_execution_status"), "FINAL");
    assert_true(key - gas_balance(n) == (__uint128_t)223182562500 * 100000000);
    assert_int_equal(gas_nonce(n, 0), before + 1);
}

/* With 769 bytes and more an account keeps something back for its storage. */
static void deposit_may_not_eat_the_storage(void **state)
{
    struct net *n = *state;
    gas_add(n, gas_act_key(gas, 20), NEAR(1));
    __uint128_t all = net_amount(n, alice);
    assert_part(net_refused(n, gas_tx(n, 0, "bob.test", net_act_transfer(all))),
                "\"reason\":\"LackBalanceForState\"");
}

static void limited_gas_key_does_what_it_may(void **state)
{
    struct net *n = *state;
    gas_add(n, gas_act_call_key(gas, 1), NEAR(1));
    struct alc_near_action set = net_act_call("set", "x", 0, NET_GAS);
    assert_part(net_refused(n, gas_tx(n, 0, "tool.test", net_act_transfer(1))),
                "{\"InvalidAccessKeyError\":\"RequiresFullAccess\"}");
    assert_part(net_refused(n, gas_tx(n, 0, "bob.test", set)), "ReceiverMismatch");
    assert_part(net_refused(n, gas_tx(n, 0, "tool.test", net_act_call("del", "", 0, NET_GAS))),
                "MethodNameMismatch");
    set.amount = 1;
    assert_part(net_refused(n, gas_tx(n, 0, "tool.test", set)), "DepositWithFunctionCall");
    set.amount = 0;
    __uint128_t account = net_amount(n, alice);
    struct net_result r = gas_send(n, 0, "tool.test", set);
    assert_true(net_is(&r, ""));
    assert_string_equal(net_view(n, "tool.test", "get", ""), "x");
    assert_true(net_amount(n, alice) == account);
}

/* ---- what is told ---- */

static void changes_list_keys_and_nonces(void **state)
{
    struct net *n = *state;
    struct lnet_block_id id = {.by = LNET_BY_HEIGHT};
    struct alc_buf out = ALC_BUF(1u << 20);
    struct alc_err err = {0};
    gas_add(n, gas_act_key(gas, 2), NEAR(1));
    uint64_t next = gas_nonce(n, 1) + 1;
    net_submit(n, gas_tx(n, 1, "bob.test", net_act_transfer(1)));
    net_step(n);
    id.height = net_height(n);
    assert_int_equal(lnet_read_changes(n->chain, &id, &out, NULL, &err), ALC_OK);
    assert_part(alc_buf_text(&out), "\"type\":\"access_key_update\"");
    assert_part(alc_buf_text(&out), "{\"GasKeyFullAccess\":{\"balance\":\"9997");
    assert_part(alc_buf_text(&out), "\"type\":\"gas_key_nonce_update\",\"change\":{\"account_id\":"
                                    "\"alice.test\",\"public_key\":\"ed25519:");
    assert_part(alc_buf_text(&out),
                alc_arena_text(&n->arena, "\"index\":1,\"nonce\":%llu}", (unsigned long long)next));
    alc_buf_fini(&out);
}

static void transaction_is_shown_with_its_index(void **state)
{
    struct net *n = *state;
    struct alc_near_action two[] = {gas_act_key(gas, 2), gas_act_fill(gas, NEAR(1))};
    struct net_result r = gas_pass(n, alice, alice, two, 2);
    assert_true(net_has(&r, "{\"TransferToGasKey\":{\"public_key\":\"ed25519:"));
    assert_true(net_has(&r, "\"deposit\":\"1000000000000000000000000\"}}"));
    r = gas_send(n, 1, alice, gas_act_withdraw(gas, 3));
    assert_true(net_is(&r, ""));
    assert_true(net_has(&r, "{\"WithdrawFromGasKey\":{\"public_key\":\"ed25519:"));
    assert_true(net_has(&r, "\"amount\":\"3\"}}"));
    assert_int_equal(net_u64(&r, "transaction.nonce_index"), 1);
    assert_null(net_path(r.json, "transaction.nonce_mode")); /* the usual one */
}

/* ---- records ---- */

static void records_carry_gas_keys(void **state)
{
    static const char key[] = "ed25519:5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dB";
    struct net *n = *state;
    struct alc_near_key k;
    struct alc_err err = {0};
    char json[1024];
    struct lnet_info before, after;
    lnet_chain_info(n->chain, &before);
    assert_true(alc_near_key_read(&k, alc_cstr(key)));
    snprintf(json, sizeof json,
             "[{\"AccessKey\":{\"account_id\":\"alice.test\",\"public_key\":\"%s\",\"access_key\":"
             "{\"nonce\":3,\"permission\":{\"GasKeyFunctionCall\":[{\"balance\":\"40\","
             "\"num_nonces\":2},{\"allowance\":null,\"receiver_id\":\"tool.test\","
             "\"method_names\":[]}]}}}},{\"GasKeyNonce\":{\"account_id\":\"alice.test\","
             "\"public_key\":\"%s\",\"index\":1,\"nonce\":77}}]",
             key, key);
    assert_int_equal(net_records(n, json, &err), ALC_OK);
    assert_true(net_gas_balance(n, alice, &k) == 40);
    assert_int_equal(net_gas_nonce(n, alice, &k, 0), 3);
    assert_int_equal(net_gas_nonce(n, alice, &k, 1), 77);
    lnet_chain_info(n->chain, &after);
    assert_true(after.total_supply == before.total_supply + 40);
    assert_conserved(n);
    /* with other members the nonces that are left stay, and the supply follows */
    snprintf(json, sizeof json,
             "[{\"AccessKey\":{\"account_id\":\"alice.test\",\"public_key\":\"%s\",\"access_key\":"
             "{\"nonce\":0,\"permission\":{\"GasKeyFullAccess\":{\"balance\":\"5\","
             "\"num_nonces\":1}}}}}]",
             key);
    assert_int_equal(net_records(n, json, &err), ALC_OK);
    assert_int_equal(net_gas_nonce(n, alice, &k, 0), 3);
    lnet_chain_info(n->chain, &after);
    assert_true(after.total_supply == before.total_supply + 5);
    snprintf(json, sizeof json,
             "[{\"GasKeyNonce\":{\"account_id\":\"alice.test\",\"public_key\":\"%s\",\"index\":1,"
             "\"nonce\":77}}]",
             key);
    assert_int_equal(net_records(n, json, &err), ALC_BAD_INPUT);
    assert_part(err.text, "no gas key before it that has this index");
    snprintf(json, sizeof json,
             "[{\"AccessKey\":{\"account_id\":\"alice.test\",\"public_key\":\"%s\",\"access_key\":"
             "{\"nonce\":0,\"permission\":{\"GasKeyFullAccess\":{\"balance\":\"5\","
             "\"num_nonces\":1025}}}}}]",
             key);
    assert_int_equal(net_records(n, json, &err), ALC_BAD_INPUT);
    assert_part(err.text, "GasKeyFullAccess.num_nonces is not 1 to 1024");
    assert_conserved(n);
}

int main(void)
{
#define E(name) cmocka_unit_test_setup_teardown(name, net_setup, net_teardown)
#define T(name) cmocka_unit_test_setup_teardown(name, net_setup_tool, net_teardown)
    const struct CMUnitTest tests[] = {
        T(gas_key_pays_gas_and_the_account_deposits),
        T(failed_call_refunds_both),
        E(each_index_counts_by_itself),
        E(strict_nonce_is_the_next_one),
        E(nonce_index_must_fit_the_key),
        E(empty_gas_key_pays_nothing),
        E(deposit_that_nobody_covers_costs_the_key),
        E(deposit_may_not_eat_the_storage),
        T(limited_gas_key_does_what_it_may),
        E(changes_list_keys_and_nonces),
        E(transaction_is_shown_with_its_index),
        E(records_carry_gas_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
