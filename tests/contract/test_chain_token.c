/* tests/contract/test_chain_token.c — the token and the main contract on one chain: what a real
 * ft_transfer_call brings reaches a balance, a payment key or a plan, and a refusal brings all of
 * it back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/vmhost.h"
#include "tests/unit/localnet/net.h"

#define USD "usd.test" /* the payment token; alice.test mints it */
#define COMPUTE "compute.test"
#define OPERATOR "test"
#define SUPPLY 1000000u
#define CODE                                                                                       \
    "{\"WasmUrl\":{\"url\":\"https://example.org/g.wasm\",\"hash\":"                               \
    "\"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\"}}"
#define DEPOSIT "{\\\"action\\\":\\\"deposit_balance\\\"}"
#define TOP_UP "{\\\"action\\\":\\\"top_up_payment_key\\\",\\\"nonce\\\":1}"
#define BUY "{\\\"action\\\":\\\"buy_subscription\\\",\\\"nonce\\\":1,\\\"plan\\\":2}"
#define MILLI ((__uint128_t)1000000000u * 1000000000000u) /* 0.001 NEAR */

static struct net *n;
static char text[4096];

static const char *fmt(const char *format, ...) ALC_PRINTF(1, 2);
static const char *fmt(const char *format, ...)
{
    static char bufs[4][4096];
    static unsigned turn;
    char *buf = bufs[turn++ % 4];
    va_list ap;

    va_start(ap, format);
    assert_in_range(vsnprintf(buf, sizeof bufs[0], format, ap), 0, sizeof bufs[0] - 1);
    va_end(ap);
    return buf;
}

static struct net_result call(const char *who, const char *to, const char *method, const char *args,
                              __uint128_t deposit)
{
    struct net_result r = net_call(n, who, to, method, args, deposit);
    if (net_path(r.json, "status.SuccessValue") == NULL) fail_msg("%s: %s", method, r.text);
    return r;
}

static void token(const char *id)
{
    net_deploy(n, id); /* TOOL_WASM is the token */
    call("alice.test", id, "new",
         fmt("{\"owner_id\":\"alice.test\",\"total_supply\":\"%u\"}", SUPPLY), 0);
    call("bob.test", id, "storage_deposit", "{}", 10 * MILLI);
    call("alice.test", id, "storage_deposit", "{\"account_id\":\"" COMPUTE "\"}", 10 * MILLI);
    call("alice.test", id, "ft_transfer", "{\"receiver_id\":\"bob.test\",\"amount\":\"500000\"}",
         1);
}

static void deploy_compute(void)
{
    struct alc_near_action a[] = {
        {.kind = ALC_NEAR_CREATE_ACCOUNT},
        net_act_transfer(NEAR(100)),
        {.kind = ALC_NEAR_DEPLOY, .data = vmhost_file(ALC_BUILD_DIR "/contracts/compute.wasm")}};
    struct net_result r = net_send(n, "test", COMPUTE, a, 3);
    assert_true(net_is(&r, ""));
    call("alice.test", COMPUTE, "new",
         "{\"owner_id\":\"alice.test\",\"operator_id\":\"" OPERATOR "\"}", 0);
    call("alice.test", COMPUTE, "set_payment_token_contract", "{\"token_contract\":\"" USD "\"}",
         0);
    call("alice.test", COMPUTE, "set_subscription_plans",
         "{\"plans\":[{\"index\":2,\"name\":\"Pro\",\"price_usd\":\"30000\",\"active\":true}]}", 0);
}

/* bob holds 500,000 of the token and a payment key. */
static int setup(void **state)
{
    net_setup(state);
    n = *state;
    token(USD);
    deploy_compute();
    call("bob.test", COMPUTE, "store_secrets",
         "{\"accessor\":{\"System\":\"PaymentKey\"},\"profile\":\"1\",\"encrypted_secrets_base64\":"
         "\"AAAA\",\"access\":\"AllowAll\"}",
         10 * MILLI);
    return 0;
}

static const char *transfer_args(const char *amount, const char *msg)
{
    return fmt("{\"receiver_id\":\"" COMPUTE "\",\"amount\":\"%s\",\"msg\":\"%s\"}", amount, msg);
}

static struct net_result pay(const char *with, const char *amount, const char *msg)
{
    return net_call(n, "bob.test", with, "ft_transfer_call", transfer_args(amount, msg), 1);
}

static bool holds(const char *with, const char *who, unsigned amount)
{
    const char *is = net_view(n, with, "ft_balance_of", fmt("{\"account_id\":\"%s\"}", who));
    bool same = strcmp(is, fmt("\"%u\"", amount)) == 0;

    if (!same) print_error("%s holds %s, not %u\n", who, is, amount);
    return same;
}

/* refused: the token shows that nothing was kept, and why. */
static void refused(const char *with, const char *amount, const char *msg, const char *why)
{
    struct net_result r = pay(with, amount, msg);

    assert_true(net_is(&r, "\"0\""));
    assert_true(net_has(&r, why));
    assert_true(holds(with, "bob.test", 500000));
    assert_true(holds(with, COMPUTE, 0));
}

static bool has_balance(const char *who, const char *amount)
{
    return strcmp(net_view(n, COMPUTE, "get_user_stablecoin_balance",
                           fmt("{\"account_id\":\"%s\"}", who)),
                  amount) == 0;
}

static void tokens_become_a_balance(void **state)
{
    (void)state;
    struct net_result r = pay(USD, "70000", DEPOSIT);
    assert_true(net_is(&r, "\"70000\"")); /* all used */
    assert_true(has_balance("bob.test", "\"70000\""));
    assert_true(holds(USD, COMPUTE, 70000));
    assert_true(holds(USD, "bob.test", 430000));
}

static void tokens_buy_a_plan(void **state)
{
    (void)state;
    struct net_result r = pay(USD, "30000", BUY);
    assert_true(net_is(&r, "\"30000\""));
    assert_true(net_has(&r, "SubscriptionPurchased"));
    assert_true(holds(USD, COMPUTE, 30000));
    assert_true(has_balance("bob.test", "\"0\""));
}

/* ---- the yield in the middle ---- */

static struct alc_hash top_up(const char *amount)
{
    struct alc_near_action a =
        net_act_call("ft_transfer_call", transfer_args(amount, TOP_UP), 1, 3 * NET_GAS);
    struct alc_hash tx = net_submit(n, net_tx(n, "bob.test", USD, &a, 1));

    net_settle(n);
    assert_true(holds(USD, COMPUTE, (unsigned)atoi(amount))); /* they wait with the contract */
    return tx;
}

static const char *data_id(const struct alc_hash *tx)
{
    struct net_result r = net_result_of(n, tx);
    const char *p = strstr(r.text, "TopUpPaymentKey");

    assert_non_null(p);
    p = strchr(p, '[');
    assert_non_null(p);
    for (size_t i = 0; i < 32; i++) {
        char *end;
        snprintf(text + 2 * i, 3, "%02lx", strtoul(p + 1, &end, 10));
        p = end;
    }
    assert_int_equal(*p, ']');
    return text;
}

static bool key_is(const char *ciphertext)
{
    const char *secret = net_view(
        n, COMPUTE, "get_secrets",
        "{\"accessor\":{\"System\":\"PaymentKey\"},\"profile\":\"1\",\"owner\":\"bob.test\"}");
    return strstr(secret, fmt("\"encrypted_secrets\":\"%s\"", ciphertext)) != NULL;
}

static void resume(const struct alc_hash *tx, const char *result)
{
    call(OPERATOR, COMPUTE, "resume_topup",
         fmt("{\"data_id\":\"%s\",\"result\":%s}", data_id(tx), result), 0);
}

static void tokens_top_up_a_key_once_the_operator_agrees(void **state)
{
    struct alc_hash tx = top_up("20000");
    struct net_result r;
    (void)state;
    resume(&tx, "{\"Success\":{\"new_encrypted_data\":\"BBBB\"}}");
    r = net_result_of(n, &tx);
    assert_true(net_is(&r, "\"20000\""));
    assert_true(key_is("BBBB"));
    assert_true(holds(USD, COMPUTE, 20000));
    assert_true(holds(USD, "bob.test", 480000));
    r = net_call(
        n, OPERATOR, COMPUTE, "resume_topup",
        fmt("{\"data_id\":\"%s\",\"result\":{\"Error\":{\"message\":\"\"}}}", data_id(&tx)), 0);
    assert_true(net_failed(&r, "TopUp yield resume failed: no yield for data_id="));
}

static void a_refused_top_up_brings_the_tokens_back(void **state)
{
    struct alc_hash tx = top_up("20000");
    struct net_result r;
    (void)state;
    resume(&tx, "{\"Error\":{\"message\":\"no\"}}");
    r = net_result_of(n, &tx);
    assert_true(net_is(&r, "\"0\""));
    assert_true(holds(USD, COMPUTE, 0));
    assert_true(holds(USD, "bob.test", 500000));
    assert_true(key_is("AAAA"));
}

static void a_forgotten_top_up_brings_the_tokens_back(void **state)
{
    struct alc_hash tx = top_up("20000");
    struct net_result r;
    (void)state;
    net_forward(n, 201);
    net_settle(n);
    r = net_result_of(n, &tx);
    assert_true(net_is(&r, "\"0\""));
    assert_true(holds(USD, COMPUTE, 0));
    assert_true(holds(USD, "bob.test", 500000));
    assert_true(key_is("AAAA"));
    r = net_call(n, OPERATOR, COMPUTE, "resume_topup",
                 fmt("{\"data_id\":\"%s\",\"result\":{\"Success\":{\"new_encrypted_data\":\"C\"}}}",
                     data_id(&tx)),
                 0);
    assert_true(net_failed(&r, "TopUp yield resume failed: no yield for data_id="));
    assert_true(key_is("AAAA"));
}

/* ---- refusals ---- */

static void what_is_refused_comes_back_whole(void **state)
{
    (void)state;
    refused(USD, "9999", TOP_UP, "at least 10000");
    refused(USD, "29999", BUY, "below the plan's price");
    refused(USD, "30000",
            "{\\\"action\\\":\\\"buy_subscription\\\",\\\"nonce\\\":2,\\\"plan\\\":2}",
            "Payment key not found");
    refused(USD, "30000",
            "{\\\"action\\\":\\\"buy_subscription\\\",\\\"nonce\\\":1,\\\"plan\\\":3}",
            "No such subscription plan");
    refused(USD, "5", "", "Failed to deserialize input from JSON");
    refused(USD, "5", "{\\\"action\\\":\\\"withdraw\\\"}", "Failed to deserialize input from JSON");
    assert_true(has_balance("bob.test", "\"0\""));
}

static void another_token_counts_for_nothing(void **state)
{
    (void)state;
    token("fake.test");
    refused("fake.test", "70000", DEPOSIT, "Only the payment token");
    assert_true(has_balance("bob.test", "\"0\""));
    call("alice.test", COMPUTE, "set_payment_token_contract", "{}", 0);
    refused(USD, "70000", DEPOSIT, "Payment token is not configured");
}

/* ---- and out again ---- */

/* A run of bob's at alice's project, for which 20,000 of his balance are attached; alice earns them
 * whole, for the project is not priced. */
static void alice_earns(void)
{
    struct alc_near_action a =
        net_act_call("request_execution",
                     "{\"source\":{\"Project\":{\"project_id\":\"alice.test/app\"}},"
                     "\"resource_limits\":{},\"params\":{\"attached_usd\":\"20000\"}}",
                     100 * MILLI, 3 * NET_GAS);

    call("alice.test", COMPUTE, "create_project", "{\"name\":\"app\",\"source\":" CODE "}",
         100 * MILLI);
    (void)pay(USD, "50000", DEPOSIT);
    (void)net_submit(n, net_tx(n, "bob.test", COMPUTE, &a, 1));
    net_settle(n);
    call(OPERATOR, COMPUTE, "resolve_execution",
         "{\"request_id\":0,\"response\":{\"success\":true,\"output\":{\"Text\":\"ok\"},"
         "\"resources_used\":{\"instructions\":1,\"time_ms\":1}}}",
         0);
    assert_true(has_balance("bob.test", "\"30000\""));
    assert_string_equal(
        net_view(n, COMPUTE, "get_developer_earnings", "{\"account_id\":\"alice.test\"}"),
        "\"20000\"");
}

static void earnings_leave_as_tokens(void **state)
{
    struct net_result r;
    (void)state;
    alice_earns();
    r = call("alice.test", COMPUTE, "withdraw_developer_earnings", "", 1);
    assert_true(net_is(&r, ""));
    assert_true(holds(USD, "alice.test", 520000));
    assert_true(holds(USD, COMPUTE, 30000)); /* bob's balance, and nothing else */
    assert_string_equal(
        net_view(n, COMPUTE, "get_developer_earnings", "{\"account_id\":\"alice.test\"}"), "\"0\"");
    r = net_call(n, "alice.test", COMPUTE, "withdraw_developer_earnings", "", 1);
    assert_true(net_failed(&r, "No earnings to withdraw"));
}

static void earnings_nobody_can_receive_stay(void **state)
{
    struct net_result r;
    (void)state;
    alice_earns();
    call("alice.test", USD, "storage_unregister", "{\"force\":true}", 1);
    r = net_call(n, "alice.test", COMPUTE, "withdraw_developer_earnings", "", 1);
    assert_true(net_has(&r, "The account alice.test is not registered"));
    assert_true(net_is(&r, ""));
    assert_string_equal(
        net_view(n, COMPUTE, "get_developer_earnings", "{\"account_id\":\"alice.test\"}"),
        "\"20000\"");
    assert_true(holds(USD, COMPUTE, 50000));
}

/* A payment key topped up with NEAR where the wrapping fails, for this token wraps nothing: bob
 * pays for the gas and no more, and the contract gains and loses nothing. */
static void near_that_cannot_be_wrapped_comes_back(void **state)
{
    __uint128_t bob, contract;
    struct net_result r;
    (void)state;
    call("alice.test", COMPUTE, "set_near_top_up",
         "{\"wrap_contract_id\":\"" USD "\",\"intents_account_id\":\"alice.test\"}", 0);
    call("alice.test", COMPUTE, "create_project",
         "{\"name\":\"payment-keys-with-intents\",\"source\":" CODE "}", 100 * MILLI);
    bob = net_amount(n, "bob.test");
    contract = net_amount(n, COMPUTE);
    r = call("bob.test", COMPUTE, "top_up_payment_key_with_near",
             "{\"nonce\":1,\"swap_contract_id\":\"alice.test\"}", NEAR(200)); /* more than it has */
    assert_true(net_has(&r, "MethodNotFound"));
    assert_true(bob - net_amount(n, "bob.test") < 20 * MILLI);
    assert_true(net_amount(n, COMPUTE) - contract < 20 * MILLI); /* its share of the gas */
    assert_true(holds(USD, "alice.test", 500000));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, net_teardown)
    const struct CMUnitTest tests[] = {
        TEST(tokens_become_a_balance),
        TEST(tokens_buy_a_plan),
        TEST(tokens_top_up_a_key_once_the_operator_agrees),
        TEST(a_refused_top_up_brings_the_tokens_back),
        TEST(a_forgotten_top_up_brings_the_tokens_back),
        TEST(what_is_refused_comes_back_whole),
        TEST(another_token_counts_for_nothing),
        TEST(earnings_leave_as_tokens),
        TEST(earnings_nobody_can_receive_stay),
        TEST(near_that_cannot_be_wrapped_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
