/* tests/contract/test_compute_near_top_up.c — a payment key topped up with NEAR: what is set aside,
 * where the rest goes, and that a step that failed ends the way. */
#include "tests/contract/compute_money.h"

#define CALL "{\"nonce\":1,\"swap_contract_id\":\"swap.test\"}"
#define ASIDE (15 * MILLI + 1)
#define CODE "{\"WasmUrl\":{\"url\":\"https://example.org/g.wasm\",\"hash\":\"" CODE_HASH "\"}}"
#define ARGS                                                                                       \
    "{\"owner\":\"alice.test\",\"nonce\":1,\"token_id\":\"wrap.near\",\"amount\":\"%s\","          \
    "\"swap_contract_id\":\"swap.test\"}"
#define WRAPPED "85000000000000000000000" /* 0.1 NEAR of which 15 and 1 are set aside: less 1 */

static void publish(const char *owner)
{
    as(owner);
    fake_env.deposit = 1000 * MILLI;
    ok("create_project", "{\"name\":\"payment-keys-with-intents\",\"source\":" CODE "}");
    fake_env.deposit = 0;
    as("alice.test");
}

static void ready(void)
{
    publish("publishintent.near");
    store_key("alice.test", 1);
    fake_env.deposit = 100 * MILLI + 1;
}

static void the_deposit_is_wrapped_and_sent_or_neither(void **state)
{
    const struct fake_receipt *r;
    (void)state;
    ready();
    ok("top_up_payment_key_with_near", CALL);
    assert_int_equal(fake_receipts(), 3);
    r = fake_receipt(0);
    assert_string_equal(r->receiver, "wrap.near");
    assert_string_equal(r->method, "near_deposit");
    assert_true(r->amount == 85 * MILLI && r->gas == 10 * (uint64_t)NEAR_TGAS);
    r = fake_receipt(1);
    assert_int_equal(r->part_of, 0); /* one receipt: both actions, or none */
    assert_string_equal(r->method, "ft_transfer");
    assert_string_equal((const char *)r->args.p,
                        "{\"receiver_id\":\"swap.test\",\"amount\":\"" WRAPPED "\"}");
    assert_true(r->amount == 1 && r->gas == 30 * (uint64_t)NEAR_TGAS);
    r = fake_receipt(2);
    assert_string_equal(r->receiver, "compute.test");
    assert_string_equal(r->method, "on_near_wrapped");
    assert_string_equal((const char *)r->args.p, fmt(ARGS, WRAPPED));
    assert_true(r->after == 0 && r->amount == 0 && r->weight == 1);
    assert_int_equal(fake_promise_returned(), 2);
}

static void then_the_project_is_asked(void **state)
{
    const struct fake_receipt *r;
    (void)state;
    ready();
    fake_env.deposit = 0;
    assert_true(
        fake_callback(near_entry_on_near_wrapped, alc_cstr(fmt(ARGS, WRAPPED)), ALC_LIT("")));
    assert_int_equal(fake_receipts(), 1);
    r = fake_receipt(0);
    assert_string_equal(r->receiver, "compute.test");
    assert_string_equal(r->method, "request_execution");
    assert_string_equal(
        (const char *)r->args.p,
        "{\"source\":{\"Project\":{\"project_id\":\"publishintent.near/payment-keys-with-intents\","
        "\"version_key\":null}},\"resource_limits\":{\"max_instructions\":10000000000,"
        "\"max_memory_mb\":256,\"max_execution_seconds\":120},\"input_data\":\"{\\\"owner\\\":"
        "\\\"alice.test\\\",\\\"nonce\\\":1,\\\"token_id\\\":\\\"wrap.near\\\",\\\"amount\\\":"
        "\\\"" WRAPPED "\\\",\\\"swap_contract_id\\\":\\\"swap.test\\\"}\",\"secrets_ref\":"
        "{\"profile\":\"intents-swap\",\"account_id\":\"publishintent.near\"},\"response_format\":"
        "\"Json\",\"payer_account_id\":null,\"params\":null}");
    assert_true(r->amount == 15 * MILLI && r->gas == 0 && r->weight == 1);
    assert_int_equal(fake_promise_returned(), 0);
    { /* and the request is one that this contract takes */
        char *args = strdup((const char *)r->args.p);
        assert_non_null(args);
        as("compute.test");
        fake_env.deposit = 15 * MILLI;
        ok("request_execution", args);
        fake_env.deposit = 0;
        free(args);
    }
}

static void a_failed_wrap_gives_all_near_back(void **state)
{
    (void)state;
    ready();
    fake_env.deposit = 0;
    assert_true(fake_callback(near_entry_on_near_wrapped, alc_cstr(fmt(ARGS, WRAPPED)),
                              (struct alc_bytes){NULL, 0}));
    refunds("alice.test", 100 * MILLI + 1);
    assert_int_equal(fake_promise_returned(), FAKE_RECEIPTS_MAX);
}

static void what_is_set_aside_covers_what_is_spent(void **state)
{
    (void)state;
    ready();
    fake_env.deposit = ASIDE + 10 * MILLI - 1; /* one unit short */
    panics("Attach at least 0.025 NEAR", "top_up_payment_key_with_near", CALL);
    fake_env.deposit = 0;
    panics("Attach at least 0.025 NEAR", "top_up_payment_key_with_near", CALL);
    fake_env.deposit = ASIDE + 10 * MILLI;
    ok("top_up_payment_key_with_near", CALL);
    /* What leaves this contract is what came in. */
    assert_true(fake_receipt(0)->amount + fake_receipt(1)->amount + 15 * MILLI == fake_env.deposit);
}

static void refusals_come_before_any_money_moves(void **state)
{
    (void)state;
    fake_env.deposit = 100 * MILLI;
    panics("Payment key not found", "top_up_payment_key_with_near", CALL);
    store_key("alice.test", 1);
    fake_env.deposit = 100 * MILLI;
    panics("Project not found", "top_up_payment_key_with_near", CALL);
    fake_env.deposit = 0;
    publish("publishintent.near");
    as("owner.test");
    ok("set_pricing", "{\"base_fee\":\"2999000000000000000001\"}"); /* estimate one over 0.015 */
    as("alice.test");
    fake_env.deposit = 100 * MILLI;
    panics("costs more than 0.015 NEAR", "top_up_payment_key_with_near", CALL);
    fake_env.deposit = 0;
    as("owner.test");
    ok("set_pricing", "{\"base_fee\":\"2000000000000000000000\"}");
    ok("set_paused", "{\"paused\":true}");
    as("alice.test");
    panics("Contract is paused", "top_up_payment_key_with_near", CALL); /* before the deposit */
    as("owner.test");
    ok("set_paused", "{\"paused\":false}");
    as("bob.test");
    fake_env.deposit = 100 * MILLI;
    panics("Payment key not found", "top_up_payment_key_with_near", CALL);
    panics("missing field swap_contract_id", "top_up_payment_key_with_near", "{\"nonce\":1}");
    panics("not an account id", "top_up_payment_key_with_near",
           "{\"nonce\":1,\"swap_contract_id\":\"A\"}");
    as("alice.test");
    ok("top_up_payment_key_with_near", CALL);
}

static void the_owner_names_the_accounts(void **state)
{
    (void)state;
    returns("{\"wrap_contract_id\":\"wrap.near\",\"intents_account_id\":\"publishintent.near\"}",
            "get_near_top_up", "");
    panics("Only owner", "set_near_top_up", "{\"wrap_contract_id\":\"evil.test\"}");
    as("owner.test");
    ok("set_near_top_up", "{\"wrap_contract_id\":\"wrap.testnet\"}");
    returns("{\"wrap_contract_id\":\"wrap.testnet\",\"intents_account_id\":\"publishintent.near\"}",
            "get_near_top_up", "");
    panics("not an account id", "set_near_top_up", "{\"intents_account_id\":\"\"}");
    ok("set_near_top_up", "{\"intents_account_id\":\"mine.test\",\"wrap_contract_id\":null}");
    returns("{\"wrap_contract_id\":\"wrap.testnet\",\"intents_account_id\":\"mine.test\"}",
            "get_near_top_up", "");
    publish("mine.test");
    store_key("alice.test", 1);
    fake_env.deposit = 100 * MILLI;
    ok("top_up_payment_key_with_near", CALL);
    assert_string_equal(fake_receipt(0)->receiver, "wrap.testnet");
}

static void the_way_with_another_token_is_closed(void **state)
{
    (void)state;
    ready();
    panics("disabled", "top_up_payment_key_with_token",
           "{\"nonce\":1,\"token_id\":\"usdt.test\",\"amount\":\"5\",\"swap_contract_id\":"
           "\"swap.test\"}");
    fake_env.deposit = 0;
    panics("disabled", "top_up_payment_key_with_token", "{}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MONEY(the_deposit_is_wrapped_and_sent_or_neither),
        MONEY(then_the_project_is_asked),
        MONEY(a_failed_wrap_gives_all_near_back),
        MONEY(what_is_set_aside_covers_what_is_spent),
        MONEY(refusals_come_before_any_money_moves),
        MONEY(the_owner_names_the_accounts),
        MONEY(the_way_with_another_token_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
