/* tests/unit/localnet/test_chain.c — accounts, keys, contracts: what actions do, and how they fail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/enc.h"
#include "net.h"

static void call_writes_and_view_reads(void **state)
{
    struct net *n = *state;
    struct net_result r = net_call(n, "alice.test", "tool.test", "set", "seven", 0);
    assert_true(net_is(&r, ""));
    assert_string_equal(net_view(n, "tool.test", "get", ""), "seven");
}

static void storage_usage_follows_the_records(void **state)
{
    struct net *n = *state;
    uint64_t before = net_usage(n, "tool.test");
    net_call(n, "alice.test", "tool.test", "set", "seven", 0);
    assert_int_equal(net_usage(n, "tool.test"), before + 1 + 5 + 40);
    net_call(n, "alice.test", "tool.test", "del", "", 0);
    assert_int_equal(net_usage(n, "tool.test"), before);
}

static void fresh_account_with_one_key_has_182_bytes(void **state)
{
    struct net *n = *state;
    net_create(n, "fresh.test", NEAR(3));
    assert_int_equal(net_usage(n, "fresh.test"), 182);
    assert_true(net_amount(n, "fresh.test") == NEAR(3));
}

static void failed_batch_leaves_no_trace(void **state)
{
    struct net *n = *state;
    net_call(n, "alice.test", "tool.test", "set", "kept", 0);
    __uint128_t before = net_amount(n, "tool.test");
    struct alc_near_action a[] = {net_act_transfer(NEAR(5)), net_act_call("set", "x", 0, NET_GAS),
                                  net_act_call("boom", "", NEAR(1), NET_GAS)};
    struct net_result r = net_send(n, "alice.test", "tool.test", a, 3);
    assert_true(net_failed(&r, "\"index\":2"));
    assert_true(net_failed(&r, "Smart contract panicked: boom"));
    assert_string_equal(net_view(n, "tool.test", "get", ""), "kept");
    assert_true(net_amount(n, "tool.test") == before);
    /* the logs are shown, the deposit comes back before the gas */
    assert_string_equal(net_text(&r, "receipts_outcome.0.outcome.logs.0"), "before the end");
    assert_string_equal(net_text(&r, "receipts.1.receipt.Action.actions.0.Transfer.deposit"),
                        "6000000000000000000000000");
    assert_string_equal(net_text(&r, "receipts.1.receipt.Action.signer_id"), "system");
    assert_string_equal(net_text(&r, "receipts.2.receipt.Action.signer_id"), "alice.test");
}

static void call_without_code_says_so(void **state)
{
    struct net *n = *state;
    struct net_result r = net_call(n, "alice.test", "bob.test", "hello", "", 0);
    assert_true(net_failed(&r, "{\"FunctionCallError\":{\"CompilationError\":{\"CodeDoesNotExist\":"
                               "{\"account_id\":\"bob.test\"}}}}"));
    assert_string_equal(net_view(n, "bob.test", "hello", ""),
                        "wasm execution failed with error: "
                        "CompilationError(CodeDoesNotExist { account_id: \"bob.test\" })");
    assert_string_equal(net_view(n, "tool.test", "nothing", ""),
                        "wasm execution failed with error: MethodResolveError(MethodNotFound)");
    assert_string_equal(net_view(n, "nobody.test", "hello", ""), "error: NOT_FOUND");
}

static void view_may_not_write(void **state)
{
    assert_non_null(strstr(net_view(*state, "tool.test", "set", "x"), "ProhibitedInView"));
}

static void account_creation_has_rules(void **state)
{
    struct net *n = *state;
    struct alc_near_action a[] = {{.kind = ALC_NEAR_CREATE_ACCOUNT}, net_act_transfer(NEAR(1))};
    struct net_result r = net_send(n, "alice.test", "bob.test", a, 2);
    assert_true(net_failed(&r, "{\"AccountAlreadyExists\":{\"account_id\":\"bob.test\"}}"));
    r = net_send(n, "alice.test", "carol.test", a, 2);
    assert_true(net_failed(&r, "CreateAccountNotAllowed"));
    r = net_send(n, "alice.test", "toplevel", a, 2);
    assert_true(net_failed(&r, "CreateAccountOnlyByRegistrar"));
    r = net_send(n, "registrar", "toplevel", a, 2);
    assert_true(net_is(&r, ""));
    r = net_send(n, "registrar", "system", a, 2); /* refunds come from there, for free */
    assert_true(net_failed(&r, "CreateAccountOnlyByRegistrar"));
    r = net_send(n, "alice.test", "a.alice.test", a, 2);
    assert_true(net_is(&r, ""));
    r = net_send(n, "alice.test", "b.a.alice.test", a, 2); /* only the direct parent */
    assert_true(net_failed(&r, "CreateAccountNotAllowed"));
    r = net_send(n, "alice.test",
                 "3e1003d95833cd81d1fe7eb68b9d0a52b4629c4745212031f7705156300f3cfa", a, 2);
    assert_true(net_failed(&r, "OnlyImplicitAccountCreationAllowed"));
}

static void transfer_makes_an_implicit_account(void **state)
{
    static const char id[] = "3e1003d95833cd81d1fe7eb68b9d0a52b4629c4745212031f7705156300f3cfa";
    struct net *n = *state;
    struct alc_near_action pay = net_act_transfer(NEAR(2));
    struct alc_near_key key;
    struct net_result r = net_send(n, "alice.test", id, &pay, 1);
    assert_true(net_is(&r, ""));
    assert_true(net_amount(n, id) == NEAR(2));
    assert_int_equal(net_usage(n, id), 182);
    assert_true(
        alc_near_key_read(&key, ALC_LIT("ed25519:5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dB")));
    assert_true(net_nonce(n, id, &key) % 1000000 == 0);
    r = net_send(n, "alice.test", "missing.test", &pay, 1);
    assert_true(net_failed(&r, "{\"AccountDoesNotExist\":{\"account_id\":\"missing.test\"}}"));
}

static void only_the_account_itself_changes_itself(void **state)
{
    struct alc_near_action a = net_act_key("thief");
    struct net_result r = net_send(*state, "alice.test", "bob.test", &a, 1);
    assert_true(net_failed(&r, "{\"ActorNoPermission\":{\"account_id\":\"bob.test\","
                               "\"actor_id\":\"alice.test\"}}"));
}

static void keys_come_and_go(void **state)
{
    struct net *n = *state;
    struct alc_near_action add = net_act_key("second");
    struct alc_near_action drop = {.kind = ALC_NEAR_DELETE_KEY, .key = net_public("second")};
    struct alc_near_key key = net_public("second");
    uint64_t usage = net_usage(n, "alice.test");
    struct net_result r = net_send(n, "alice.test", "alice.test", &add, 1);
    assert_true(net_is(&r, ""));
    assert_int_equal(net_usage(n, "alice.test"), usage + 82);
    assert_true(net_nonce(n, "alice.test", &key) % 1000000 == 0);
    r = net_send(n, "alice.test", "alice.test", &add, 1);
    assert_true(net_failed(&r, "AddKeyAlreadyExists"));
    r = net_send(n, "alice.test", "alice.test", &drop, 1);
    assert_true(net_is(&r, ""));
    assert_int_equal(net_usage(n, "alice.test"), usage);
    r = net_send(n, "alice.test", "alice.test", &drop, 1);
    assert_true(net_failed(&r, "DeleteKeyDoesNotExist"));
}

static void deleted_account_pays_its_beneficiary(void **state)
{
    struct net *n = *state;
    struct alc_near_action end = {.kind = ALC_NEAR_DELETE_ACCOUNT,
                                  .account_id = ALC_LIT("bob.test")};
    net_create(n, "gone.test", NEAR(7));
    __uint128_t before = net_amount(n, "bob.test");
    struct net_result r = net_send(n, "gone.test", "gone.test", &end, 1);
    assert_true(net_is(&r, ""));
    assert_false(net_exists(n, "gone.test"));
    __uint128_t got = net_amount(n, "bob.test") - before;
    assert_true(got > NEAR(6) && got < NEAR(7)); /* what was prepaid came back to nobody */
}

static void contract_deletes_itself_in_the_same_block(void **state)
{
    struct net *n = *state;
    struct net_result r = net_call(n, "alice.test", "tool.test", "end_me", "bob.test", 0);
    assert_true(net_is(&r, ""));
    assert_false(net_exists(n, "tool.test"));
    assert_string_equal(net_text(&r, "receipts_outcome.0.block_hash"),
                        net_text(&r, "receipts_outcome.1.block_hash"));
}

static void large_account_is_not_deleted(void **state)
{
    struct net *n = *state;
    struct alc_near_action end = {.kind = ALC_NEAR_DELETE_ACCOUNT,
                                  .account_id = ALC_LIT("bob.test")};
    net_call(n, "alice.test", "tool.test", "fill", "", 0);
    struct net_result r = net_send(n, "tool.test", "tool.test", &end, 1);
    assert_true(net_failed(&r, "DeleteAccountWithLargeState"));
}

static void storage_must_be_paid_for(void **state)
{
    struct net *n = *state;
    struct alc_near_action poor = {.kind = ALC_NEAR_TRANSFER,
                                   .amount = net_amount(n, "tool.test") - NEAR(1) / 10};
    struct net_result r = net_send(n, "tool.test", "alice.test", &poor, 1);
    assert_true(net_is(&r, ""));
    r = net_call(n, "alice.test", "tool.test", "fill", "", 0);
    assert_true(net_failed(&r, "\"index\":null"));
    assert_true(net_failed(&r, "LackBalanceForState"));
}

static void top_of_the_gas_stops_a_call(void **state)
{
    struct net *n = *state;
    struct alc_near_action a = net_act_call("chain", "", 0, ALC_NEAR_TGAS);
    struct net_result r = net_send(n, "alice.test", "tool.test", &a, 1);
    assert_true(net_failed(&r, "Exceeded the prepaid gas."));
}

/* Four calls of 300 Tgas fill a block of 1,000; the fifth is delayed, and the gas price moves. */
static void full_block_delays_the_rest(void **state)
{
    struct net *n = *state;
    struct alc_near_action spin = net_act_call("spin", "", 0, 300 * ALC_NEAR_TGAS);
    struct alc_near_key key = net_public("alice.test");
    uint64_t nonce = net_nonce(n, "alice.test", &key);
    struct alc_hash hash[5];
    struct lnet_info info;
    for (size_t i = 0; i < 5; i++)
        hash[i] = net_submit(n, net_tx_with(n, "alice.test", net_key("alice.test"), nonce + 1 + i,
                                            "tool.test", &spin, 1));
    net_step(n);
    net_step(n);
    for (size_t i = 0; i < 5; i++) {
        struct net_result r = net_result_of(n, &hash[i]);
        if (i < 4)
            assert_true(net_failed(&r, "Exceeded the prepaid gas."));
        else
            assert_string_equal(net_text(&r, "status"), "Started");
    }
    lnet_chain_info(n->chain, &info);
    /* 1,200 Tgas and a little: 10^8 * (1 + (1.2036 - 0.5) / 100) */
    assert_true(info.gas_price > 100700000 && info.gas_price < 100710000);
    net_settle(n);
    struct net_result r = net_result_of(n, &hash[4]);
    assert_true(net_failed(&r, "Exceeded the prepaid gas."));
}

static void global_contract_serves_other_accounts(void **state)
{
    struct net *n = *state;
    struct alc_buf code = ALC_BUF(1u << 20);
    struct alc_hash hash, found;
    struct lnet_block_ref at;
    struct alc_err err;
    assert_int_equal(lnet_read_code(n->chain, "tool.test", &code, &hash, &at, &err), ALC_OK);
    struct alc_near_action use = {.kind = ALC_NEAR_USE_GLOBAL, .code_hash = hash};
    struct net_result r = net_send(n, "bob.test", "bob.test", &use, 1);
    assert_true(net_failed(&r, "GlobalContractDoesNotExist"));

    struct alc_near_action deploy = {.kind = ALC_NEAR_DEPLOY_GLOBAL, .data = alc_buf_bytes(&code)};
    __uint128_t supply = net_total(n);
    r = net_send(n, "alice.test", "alice.test", &deploy, 1);
    assert_true(net_is(&r, ""));
    assert_true(supply - net_total(n) > (__uint128_t)code.n * NEAR(1) / 10000); /* burnt */
    uint64_t usage = net_usage(n, "bob.test");
    r = net_send(n, "bob.test", "bob.test", &use, 1);
    assert_true(net_is(&r, ""));
    assert_int_equal(net_usage(n, "bob.test"), usage + 32);
    r = net_call(n, "alice.test", "bob.test", "echo", "shared", 0);
    assert_true(net_is(&r, "shared"));

    deploy.by_account = 1;
    r = net_send(n, "alice.test", "alice.test", &deploy, 1);
    assert_true(net_is(&r, ""));
    use.by_account = 1;
    use.account_id = ALC_LIT("alice.test");
    r = net_send(n, "bob.test", "bob.test", &use, 1);
    assert_true(net_is(&r, ""));
    assert_int_equal(net_usage(n, "bob.test"), usage + strlen("alice.test"));
    r = net_call(n, "alice.test", "bob.test", "echo", "followed", 0);
    assert_true(net_is(&r, "followed"));
    alc_buf_reset(&code);
    assert_int_equal(lnet_read_global_code(n->chain, NULL, "alice.test", &code, &found, &at, &err),
                     ALC_OK);
    assert_true(alc_hash_eq(&found, &hash));
    alc_buf_fini(&code);
}

static void block_names_what_it_changed(void **state)
{
    struct net *n = *state;
    struct alc_buf out = ALC_BUF(1u << 20);
    struct alc_err err;
    struct net_result r = net_call(n, "alice.test", "tool.test", "set", "v", 0);
    struct lnet_block_id id = {.by = LNET_BY_HASH};
    size_t len;
    const char *hash = net_text(&r, "receipts_outcome.0.block_hash");
    assert_true(alc_base58_decode(id.hash.b, 32, &len, alc_cstr(hash)));
    assert_int_equal(lnet_read_changes(n->chain, &id, &out, NULL, &err), ALC_OK);
    assert_non_null(strstr(alc_buf_text(&out),
                           "\"type\":\"data_update\",\"change\":{\"account_id\":"
                           "\"tool.test\",\"key_base64\":\"aw==\","
                           "\"value_base64\":\"dg==\"}"));
    alc_buf_reset(&out);
    net_call(n, "alice.test", "tool.test", "boom", "", 0);
    for (uint64_t h = net_height(n) - 2; h <= net_height(n); h++) {
        struct lnet_block_id at = {.by = LNET_BY_HEIGHT, .height = h};
        assert_int_equal(lnet_read_changes(n->chain, &at, &out, NULL, &err), ALC_OK);
    }
    assert_null(strstr(alc_buf_text(&out), "data_update")); /* rolled back with the call */
    alc_buf_fini(&out);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, net_setup_tool, net_teardown)
    const struct CMUnitTest tests[] = {
        T(call_writes_and_view_reads),
        T(storage_usage_follows_the_records),
        T(fresh_account_with_one_key_has_182_bytes),
        T(failed_batch_leaves_no_trace),
        T(call_without_code_says_so),
        T(view_may_not_write),
        T(account_creation_has_rules),
        T(transfer_makes_an_implicit_account),
        T(only_the_account_itself_changes_itself),
        T(keys_come_and_go),
        T(deleted_account_pays_its_beneficiary),
        T(contract_deletes_itself_in_the_same_block),
        T(large_account_is_not_deleted),
        T(storage_must_be_paid_for),
        T(top_of_the_gas_stops_a_call),
        T(full_block_delays_the_rest),
        T(global_contract_serves_other_accounts),
        T(block_names_what_it_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
