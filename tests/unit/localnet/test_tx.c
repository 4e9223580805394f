/* tests/unit/localnet/test_tx.c — what makes a transaction invalid, and what a limited key may do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net.h"

static void assert_part(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) fprintf(stderr, "no %s in %s\n", part, text);
    assert_non_null(strstr(text, part));
}

static struct alc_bytes pay(struct net *n, const char *signer, uint64_t nonce, __uint128_t amount)
{
    struct alc_near_action a = net_act_transfer(amount);
    return net_tx_with(n, signer, net_key(signer), nonce, "bob.test", &a, 1);
}

static void nonces_have_two_edges(void **state)
{
    struct net *n = *state;
    struct alc_near_key key = net_public("alice.test");
    uint64_t limit = (net_height(n) + 1) * 1000000;
    net_submit(n, pay(n, "alice.test", 7, 1));
    net_settle(n);
    assert_int_equal(net_nonce(n, "alice.test", &key), 7);
    assert_part(net_refused(n, pay(n, "alice.test", 7, 2)),
                "{\"TxExecutionError\":{\"InvalidTxError\":"
                "{\"InvalidNonce\":{\"tx_nonce\":7,\"ak_nonce\":7}}}}");
    assert_part(net_refused(n, pay(n, "alice.test", 6, 2)), "InvalidNonce");
    limit = (net_height(n) + 1) * 1000000;
    char large[128];
    snprintf(large, sizeof large, "{\"NonceTooLarge\":{\"tx_nonce\":%llu,\"upper_bound\":%llu}}",
             (unsigned long long)limit, (unsigned long long)limit);
    assert_part(net_refused(n, pay(n, "alice.test", limit, 2)), large);
    net_submit(n, pay(n, "alice.test", limit - 1, 2)); /* gaps are fine */
    net_settle(n);
    assert_int_equal(net_nonce(n, "alice.test", &key), limit - 1);
}

static void new_key_starts_at_the_height(void **state)
{
    struct net *n = *state;
    struct alc_near_action add[] = {net_act_key("one"), net_act_key("two")};
    struct alc_near_key one = net_public("one"), two = net_public("two");
    add[0].access.nonce = 5;         /* ignored */
    uint64_t at = net_height(n) + 1; /* its own account: applied in the block of the transaction */
    net_send(n, "alice.test", "alice.test", add, 2);
    assert_int_equal(net_nonce(n, "alice.test", &one), (at - 1) * 1000000);
    assert_int_equal(net_nonce(n, "alice.test", &two), (at - 1) * 1000000);
}

static void same_bytes_again_are_fine(void **state)
{
    struct net *n = *state;
    struct alc_bytes tx = pay(n, "alice.test", 1, 5);
    struct alc_hash a = net_submit(n, tx), b = net_submit(n, tx);
    assert_true(alc_hash_eq(&a, &b));
    __uint128_t before = net_amount(n, "bob.test");
    net_settle(n);
    a = net_submit(n, tx);
    net_settle(n);
    assert_true(net_amount(n, "bob.test") == before + 5);
}

static void two_with_one_nonce_and_one_wins(void **state)
{
    struct net *n = *state;
    struct alc_hash a = net_submit(n, pay(n, "alice.test", 1, 5));
    struct alc_hash b = net_submit(n, pay(n, "alice.test", 1, 6));
    net_settle(n);
    struct net_result ra = net_result_of(n, &a), rb = net_result_of(n, &b);
    assert_true(net_is(&ra, ""));
    assert_true(net_failed(&rb, "{\"InvalidTxError\":{\"InvalidNonce\":"));
    assert_int_equal(net_u64(&rb, "transaction_outcome.outcome.gas_burnt"), 0);
    assert_string_equal(net_text(&rb, "final_execution_status"), "FINAL");
}

static void nonces_of_one_key_are_put_in_order(void **state)
{
    static const uint64_t order[] = {4, 2, 5, 1, 3};
    struct net *n = *state;
    struct alc_hash hash[5];
    for (size_t i = 0; i < 5; i++) {
        hash[i] = net_submit(n, pay(n, "alice.test", order[i], 1));
        net_submit(n, pay(n, "bob.test", 6 - order[i], order[i])); /* to himself, between */
    }
    net_step(n);
    assert_int_equal(net_height(n), 1);
    net_settle(n);
    for (size_t i = 0; i < 5; i++) {
        struct net_result r = net_result_of(n, &hash[i]);
        assert_true(net_is(&r, ""));
    }
}

static void signature_must_be_of_the_key(void **state)
{
    struct net *n = *state;
    struct alc_bytes tx = pay(n, "alice.test", 1, 5);
    uint8_t *raw = alc_arena_alloc(&n->arena, tx.n);
    memcpy(raw, tx.p, tx.n);
    raw[tx.n - 40] ^= 1;
    assert_part(net_refused(n, (struct alc_bytes){raw, tx.n}),
                "{\"InvalidTxError\":\"InvalidSignature\"}");
    assert_string_equal(net_refused(n, (struct alc_bytes){raw, tx.n - 1}), "BAD_INPUT");
    assert_string_equal(net_refused(n, ALC_LIT("nonsense")), "BAD_INPUT");
}

static void signer_and_key_must_be_there(void **state)
{
    struct net *n = *state;
    struct alc_near_action a = net_act_transfer(1);
    assert_part(
        net_refused(n, net_tx_with(n, "nobody.test", net_key("nobody.test"), 1, "bob.test", &a, 1)),
        "{\"SignerDoesNotExist\":{\"signer_id\":\"nobody.test\"}}");
    assert_part(
        net_refused(n, net_tx_with(n, "alice.test", net_key("bob.test"), 1, "bob.test", &a, 1)),
        "{\"InvalidAccessKeyError\":{\"AccessKeyNotFound\":{\"account_id\":\"alice.test\"");
}

static void balance_must_cover_the_cost(void **state)
{
    struct net *n = *state;
    assert_part(net_refused(n, pay(n, "alice.test", 1, NEAR(1000000))),
                "{\"NotEnoughBalance\":{\"signer_id\":\"alice.test\","
                "\"balance\":\"1000000000000000000000000000000\",\"cost\":\"10000000002455");
    assert_part(net_refused(n, pay(n, "alice.test", 1, ~(__uint128_t)0)), "CostOverflow");
}

static void old_and_unknown_blocks_are_expired(void **state)
{
    struct net *n = *state;
    struct alc_near_action a = net_act_transfer(1);
    struct alc_near_tx tx = {.signer_id = ALC_LIT("alice.test"),
                             .receiver_id = ALC_LIT("bob.test"),
                             .key = net_public("alice.test"),
                             .nonce = 1,
                             .actions = &a,
                             .actions_count = 1};
    struct alc_buf out = ALC_BUF(4096);
    struct alc_hash hash;
    assert_int_equal(alc_near_tx_sign(&out, &hash, &tx, net_key("alice.test")), ALC_OK);
    assert_part(net_refused(n, alc_buf_bytes(&out)), "{\"InvalidTxError\":\"Expired\"}");
    alc_buf_fini(&out);
    struct alc_bytes old = pay(n, "alice.test", 1, 1);
    net_forward(n, 86401);
    assert_part(net_refused(n, old), "{\"InvalidTxError\":\"Expired\"}");
}

static void actions_have_limits(void **state)
{
    struct net *n = *state;
    struct alc_near_action many[101], a;
    for (size_t i = 0; i < 101; i++)
        many[i] = net_act_transfer(1);
    assert_part(net_refused(n, net_tx(n, "alice.test", "bob.test", many, 101)),
                "TotalNumberOfActionsExceeded");
    a = net_act_call("m", "", 0, 0);
    assert_part(net_refused(n, net_tx(n, "alice.test", "bob.test", &a, 1)),
                "{\"ActionsValidation\":\"FunctionCallZeroAttachedGas\"}");
    a = net_act_call("m", "", 0, 1000 * ALC_NEAR_TGAS + 1);
    assert_part(net_refused(n, net_tx(n, "alice.test", "bob.test", &a, 1)),
                "TotalPrepaidGasExceeded");
    a = net_act_call("", "", 0, 1);
    assert_part(net_refused(n, net_tx(n, "alice.test", "bob.test", &a, 1)),
                "FunctionCallEmptyMethodName");
    many[0] = (struct alc_near_action){.kind = ALC_NEAR_DELETE_ACCOUNT,
                                       .account_id = ALC_LIT("bob.test")};
    assert_part(net_refused(n, net_tx(n, "alice.test", "alice.test", many, 2)),
                "DeleteActionMustBeFinal");
    for (size_t i = 0; i < 11; i++)
        many[i] = (struct alc_near_action){.kind = ALC_NEAR_DEPLOY};
    assert_part(net_refused(n, net_tx(n, "alice.test", "alice.test", many, 11)),
                "{\"TotalNumberOfDeployActionsExceeded\":"
                "{\"number_of_deploy_actions\":11,\"limit\":10}}");
}

/* ---- ML-DSA-65 keys ---- */

/* The state has a hash of 32 bytes in place of the key, under which it is listed, told and dumped;
 * who signs for it is shown by tests/compat/rust_client. */
static void post_quantum_keys_are_kept_as_hashes(void **state)
{
    static uint8_t raw[ALC_NEAR_ML_DSA_65_KEY_BYTES], sig[ALC_NEAR_ML_DSA_65_SIG_BYTES];
    struct net *n = *state;
    struct alc_near_action a = {.kind = ALC_NEAR_ADD_KEY,
                                .key = {.curve = ALC_NEAR_ML_DSA_65, .full = raw},
                                .access = {.permission = ALC_NEAR_FULL_ACCESS}};
    struct alc_buf keys = ALC_BUF(1u << 20), changes = ALC_BUF(1u << 20);
    struct lnet_block_id id = {.by = LNET_BY_HEIGHT, .height = net_height(n) + 1};
    struct lnet_block_ref at;
    struct alc_err err = {0};
    char handle[ALC_NEAR_KEY_TEXT_MAX];
    struct alc_near_key h = lnet_key_handle(&a.key);
    uint64_t usage = net_usage(n, "alice.test");
    alc_near_key_text(handle, &h);
    struct net_result r = net_send(n, "alice.test", "alice.test", &a, 1);
    assert_true(net_is(&r, ""));
    assert_int_equal(net_usage(n, "alice.test") - usage, 33 + 9 + 40);
    assert_int_equal(lnet_read_keys(n->chain, "alice.test", NULL, &keys, &at, &err), ALC_OK);
    assert_part(alc_buf_text(&keys), handle);
    assert_int_equal(lnet_read_changes(n->chain, &id, &changes, NULL, &err), ALC_OK);
    assert_part(alc_buf_text(&changes), handle);
    assert_true(net_has(&r, "{\"AddKey\":{\"public_key\":\"ml-dsa-65:1111")); /* the key itself */
    (void)net_nonce(n, "alice.test", &a.key); /* found by the key, and by the hash */
    (void)net_nonce(n, "alice.test", &h);
    r = net_send(n, "alice.test", "alice.test", &a, 1);
    assert_true(net_failed(&r, "{\"AddKeyAlreadyExists\":{\"account_id\":\"alice.test\","
                               "\"public_key\":\"ml-dsa-65:1111"));

    struct alc_near_action pay = net_act_transfer(1);
    struct alc_near_tx tx = {.signer_id = ALC_LIT("alice.test"),
                             .receiver_id = ALC_LIT("bob.test"),
                             .key = a.key,
                             .nonce = 1,
                             .actions = &pay,
                             .actions_count = 1};
    struct alc_buf forged = ALC_BUF(1u << 14);
    alc_near_tx_write(&forged, &tx);
    alc_buf_put(&forged, "\x02", 1);
    alc_buf_put(&forged, sig, sizeof sig);
    assert_part(net_refused(n, alc_buf_bytes(&forged)),
                "{\"InvalidTxError\":\"InvalidSignature\"}");

    const char *record = alc_arena_text(
        &n->arena,
        "[{\"AccessKey\":{\"account_id\":\"bob.test\",\"public_key\":\"%s\",\"access_key\":"
        "{\"nonce\":5,\"permission\":\"FullAccess\"}}}]",
        handle);
    assert_int_equal(net_records(n, record, &err), ALC_OK);
    assert_int_equal(net_nonce(n, "bob.test", &a.key), 5);
    a.kind = ALC_NEAR_DELETE_KEY;
    r = net_send(n, "alice.test", "alice.test", &a, 1);
    assert_true(net_is(&r, ""));
    assert_int_equal(net_usage(n, "alice.test"), usage);
    alc_buf_fini(&keys);
    alc_buf_fini(&changes);
    alc_buf_fini(&forged);
}

/* NEAR's VM and its receipts price these by different lengths at protocol 88. */
static void post_quantum_gas_keys_are_refused(void **state)
{
    static uint8_t raw[ALC_NEAR_ML_DSA_65_KEY_BYTES];
    struct net *n = *state;
    struct alc_near_action a[] = {
        {.kind = ALC_NEAR_ADD_KEY,
         .access = {.permission = ALC_NEAR_GAS_FULL_ACCESS, .gas_nonces = 1}},
        {.kind = ALC_NEAR_TRANSFER_GAS_KEY, .amount = 1},
        {.kind = ALC_NEAR_WITHDRAW_GAS_KEY, .amount = 1},
        {.kind = ALC_NEAR_STAKE, .amount = 1}};
    for (size_t i = 0; i < 4; i++) {
        a[i].key = (struct alc_near_key){.curve = ALC_NEAR_ML_DSA_65, .full = raw};
        assert_part(net_refused(n, net_tx(n, "alice.test", "alice.test", &a[i], 1)),
                    i < 3 ? "{\"ActionsValidation\":{\"UnsupportedProtocolFeature\":"
                            "{\"protocol_feature\":\"GasKeys\",\"version\":88}}}"
                          : "{\"UnsuitableStakingKey\":{\"public_key\":\"ml-dsa-65:");
    }
}

/* ---- function-call keys ---- */

static const char limited[] = "limited";

static void add_limited_key(struct net *n, __uint128_t allowance)
{
    static struct alc_bytes methods[] = {{(const uint8_t *)"set", 3}, {(const uint8_t *)"boom", 4}};
    struct alc_near_action add = {.kind = ALC_NEAR_ADD_KEY,
                                  .key = net_public(limited),
                                  .access = {.permission = ALC_NEAR_FUNCTION_CALL_KEY,
                                             .has_allowance = true,
                                             .allowance = allowance,
                                             .receiver_id = ALC_LIT("tool.test"),
                                             .methods = methods,
                                             .methods_count = 2}};
    struct net_result r = net_send(n, "alice.test", "alice.test", &add, 1);
    assert_true(net_is(&r, ""));
}

static struct alc_bytes by_limited(struct net *n, const char *receiver, struct alc_near_action a)
{
    struct alc_near_key key = net_public(limited);
    return net_tx_with(n, "alice.test", net_key(limited), net_nonce(n, "alice.test", &key) + 1,
                       receiver, &a, 1);
}

static __uint128_t allowance(struct net *n)
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_near_key key = net_public(limited);
    struct alc_near_access access;
    struct alc_err err;
    lnet_take(n->chain);
    assert_int_equal(lnet_key_get(n->chain, "alice.test", &key, &access, &arena, &err), ALC_OK);
    lnet_give(n->chain);
    alc_arena_fini(&arena);
    return access.allowance;
}

static void limited_key_does_what_it_may(void **state)
{
    struct net *n = *state;
    add_limited_key(n, NEAR(1));
    struct alc_near_action set = net_act_call("set", "x", 0, NET_GAS);
    assert_part(net_refused(n, by_limited(n, "tool.test", net_act_transfer(1))),
                "{\"InvalidAccessKeyError\":\"RequiresFullAccess\"}");
    set.amount = 1;
    assert_part(net_refused(n, by_limited(n, "tool.test", set)), "DepositWithFunctionCall");
    set.amount = 0;
    assert_part(
        net_refused(n, by_limited(n, "bob.test", set)),
        "{\"ReceiverMismatch\":{\"tx_receiver\":\"bob.test\",\"ak_receiver\":\"tool.test\"}}");
    assert_part(net_refused(n, by_limited(n, "tool.test", net_act_call("del", "", 0, NET_GAS))),
                "{\"MethodNameMismatch\":{\"method_name\":\"del\"}}");
    net_submit(n, by_limited(n, "tool.test", set));
    net_settle(n);
    assert_string_equal(net_view(n, "tool.test", "get", ""), "x");
}

static void refund_restores_the_allowance(void **state)
{
    struct net *n = *state;
    static const char *const methods[] = {"set", "boom"};
    add_limited_key(n, NEAR(1));
    for (size_t i = 0; i < 2; i++) {
        __uint128_t before = allowance(n), alice = net_amount(n, "alice.test");
        net_submit(n, by_limited(n, "tool.test", net_act_call(methods[i], "x", 0, NET_GAS)));
        net_step(n);
        /* 100 Tgas at 10^9 and a little are set aside, and come back but for what was burnt */
        assert_true(before - allowance(n) > NEAR(1) / 10);
        net_settle(n);
        assert_true(before - allowance(n) < NEAR(1) / 1000);
        assert_true(before - allowance(n) == alice - net_amount(n, "alice.test"));
    }
}

static void used_up_allowance_refuses(void **state)
{
    struct net *n = *state;
    add_limited_key(n, NEAR(1) / 100);
    assert_part(
        net_refused(n, by_limited(n, "tool.test", net_act_call("set", "x", 0, NET_GAS))),
        "{\"InvalidAccessKeyError\":{\"NotEnoughAllowance\":{\"account_id\":\"alice.test\"");
}

int main(void)
{
#define E(name) cmocka_unit_test_setup_teardown(name, net_setup, net_teardown)
#define T(name) cmocka_unit_test_setup_teardown(name, net_setup_tool, net_teardown)
    const struct CMUnitTest tests[] = {
        E(nonces_have_two_edges),
        E(new_key_starts_at_the_height),
        E(same_bytes_again_are_fine),
        E(two_with_one_nonce_and_one_wins),
        E(nonces_of_one_key_are_put_in_order),
        E(signature_must_be_of_the_key),
        E(signer_and_key_must_be_there),
        E(balance_must_cover_the_cost),
        E(old_and_unknown_blocks_are_expired),
        E(actions_have_limits),
        E(post_quantum_keys_are_kept_as_hashes),
        E(post_quantum_gas_keys_are_refused),
        T(limited_key_does_what_it_may),
        T(refund_restores_the_allowance),
        T(used_up_allowance_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
