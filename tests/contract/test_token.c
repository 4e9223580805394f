/* tests/contract/test_token.c — the test token natively: transfers, refunds of what a receiver left
 * unused, storage, and that the supply is always the sum of the balances. */
#include "tests/contract/calls.h"

#include "base/enc.h"

#include "token.h"

#define EVENT(name, data)                                                                          \
    "EVENT_JSON:{\"standard\":\"nep141\",\"version\":\"1.0.0\",\"event\":\"" name                  \
    "\",\"data\":[{" data "}]}"
#define MOST "340282366920938463463374607431768211455"
#define PRICE ((near_u128)121 * 10000000000000000000u) /* 0.00121 NEAR */
#define PRICE_TEXT "\"1210000000000000000000\""

TOKEN_METHODS(METHOD_ENTRY)
const struct method methods[METHODS_MAX] = {TOKEN_METHODS(METHOD_ROW)};

static void logged(const char *line)
{
    assert_int_equal(fake_logs(), 1);
    log_is(0, line);
}

static void balance_is(const char *account, const char *amount)
{
    char args[128], expected[64];

    snprintf(args, sizeof args, "{\"account_id\":\"%s\"}", account);
    snprintf(expected, sizeof expected, "\"%s\"", amount);
    returns(expected, "ft_balance_of", args);
}

static void supply_is(const char *amount)
{
    char expected[64], digits[ALC_U128_DIGITS + 1];
    near_u128 sum = 0;

    snprintf(expected, sizeof expected, "\"%s\"", amount);
    returns(expected, "ft_total_supply", "");
    for (size_t i = 0; i < fake_records(); i++) {
        struct alc_bytes key, value;
        near_u128 v;
        fake_record(i, &key, &value);
        if (key.p[0] != 'a') continue;
        assert_int_equal(value.n, sizeof v);
        memcpy(&v, value.p, sizeof v);
        sum += v;
    }
    digits[alc_u128_encode(digits, sum)] = 0;
    assert_string_equal(digits, amount);
}

static void by(const char *account, near_u128 deposit)
{
    as(account);
    fake_env.deposit = deposit;
}

static void register_account(const char *account)
{
    by(account, PRICE);
    ok("storage_deposit", "{}");
    by(account, 0);
}

/* A token of bank.test with a supply of 1,000; alice and bob are registered. */
static int fresh(void **state)
{
    (void)state;
    fake_reset();
    fake_env.current = "token.test";
    by("bank.test", 0);
    ok("new", "{\"owner_id\":\"bank.test\",\"total_supply\":\"1000\"}");
    register_account("alice.test");
    register_account("bob.test");
    by("bank.test", 1);
    return 0;
}

static int done(void **state)
{
    (void)state;
    fake_reset();
    return 0;
}

/* ---- set-up ---- */

static void a_token_is_named_once(void **state)
{
    (void)state;
    returns("{\"spec\":\"ft-1.0.0\",\"name\":\"Test Dollar\",\"symbol\":\"tUSD\",\"icon\":null,"
            "\"reference\":null,\"reference_hash\":null,\"decimals\":6}",
            "ft_metadata", "");
    by("eve.test", 0);
    panics("already been initialized", "new", "{\"owner_id\":\"eve.test\"}");
    fake_reset();
    panics("The contract is not initialized", "ft_total_supply", "");
    panics("The contract is not initialized", "ft_transfer",
           "{\"receiver_id\":\"bob.test\","
           "\"amount\":\"1\"}");
    panics("metadata.spec", "new",
           "{\"owner_id\":\"bank.test\",\"metadata\":{\"spec\":\"ft-2\",\"name\":\"\",\"symbol\":"
           "\"\",\"decimals\":0}}");
    panics("metadata.decimals", "new",
           "{\"owner_id\":\"bank.test\",\"metadata\":{\"name\":\"\",\"symbol\":\"\","
           "\"decimals\":256}}");
    ok("new", "{\"owner_id\":\"bank.test\",\"metadata\":{\"spec\":\"ft-1.0.0\",\"name\":\"A "
              "\\\"b\\\"\",\"symbol\":\"C\",\"icon\":\"data:,x\",\"decimals\":24}}");
    assert_int_equal(fake_logs(), 0); /* nothing was minted */
    returns("{\"spec\":\"ft-1.0.0\",\"name\":\"A \\\"b\\\"\",\"symbol\":\"C\",\"icon\":\"data:,x\","
            "\"reference\":null,\"reference_hash\":null,\"decimals\":24}",
            "ft_metadata", "");
    supply_is("0");
}

static void only_the_owner_mints(void **state)
{
    (void)state;
    by("bank.test", 0);
    ok("mint", "{\"account_id\":\"carol.test\",\"amount\":\"5\"}"); /* registers as well */
    logged(EVENT("ft_mint", "\"owner_id\":\"carol.test\",\"amount\":\"5\""));
    balance_is("carol.test", "5");
    supply_is("1005");
    panics("positive number", "mint", "{\"account_id\":\"carol.test\",\"amount\":\"0\"}");
    panics("overflow", "mint", "{\"account_id\":\"carol.test\",\"amount\":\"" MOST "\"}");
    ok("mint", "{\"account_id\":\"carol.test\",\"amount\":"
               "\"340282366920938463463374607431768210450\"}");
    supply_is(MOST);
    panics("overflow", "mint", "{\"account_id\":\"dave.test\",\"amount\":\"1\"}");
    by("carol.test", 0);
    panics("Only owner", "mint", "{\"account_id\":\"carol.test\",\"amount\":\"1\"}");
    supply_is(MOST);
}

/* ---- transfers ---- */

static void a_transfer_moves_tokens_and_tells(void **state)
{
    (void)state;
    ok("ft_transfer", "{\"receiver_id\":\"alice.test\",\"amount\":\"400\"}");
    logged(EVENT("ft_transfer", "\"old_owner_id\":\"bank.test\",\"new_owner_id\":\"alice.test\","
                                "\"amount\":\"400\""));
    assert_null(fake_returned().p);
    assert_int_equal(fake_receipts(), 0);
    by("alice.test", 1);
    ok("ft_transfer",
       "{\"receiver_id\":\"bob.test\",\"amount\":\"400\",\"memo\":\"a \\\"memo\\\"\"}");
    logged(EVENT("ft_transfer", "\"old_owner_id\":\"alice.test\",\"new_owner_id\":\"bob.test\","
                                "\"amount\":\"400\",\"memo\":\"a \\\"memo\\\"\""));
    balance_is("alice.test", "0");
    balance_is("bob.test", "400");
    balance_is("bank.test", "600");
    supply_is("1000");
}

static void a_transfer_that_cannot_be_is_refused(void **state)
{
    static const char *const methods_of[] = {"ft_transfer", "ft_transfer_call"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const char *m = methods_of[i];
        by("bank.test", 0);
        panics("exactly 1 yoctoNEAR", m,
               "{\"receiver_id\":\"bob.test\",\"amount\":\"1\",\"msg\":\"\"}");
        by("bank.test", 2);
        panics("exactly 1 yoctoNEAR", m,
               "{\"receiver_id\":\"bob.test\",\"amount\":\"1\",\"msg\":\"\"}");
        by("bank.test", 1);
        panics("should be different", m,
               "{\"receiver_id\":\"bank.test\",\"amount\":\"1\",\"msg\":\"\"}");
        panics("positive number", m,
               "{\"receiver_id\":\"bob.test\",\"amount\":\"0\",\"msg\":\"\"}");
        panics("doesn't have enough balance", m,
               "{\"receiver_id\":\"bob.test\",\"amount\":\"1001\",\"msg\":\"\"}");
        panics("The account eve.test is not registered", m,
               "{\"receiver_id\":\"eve.test\",\"amount\":\"1\",\"msg\":\"\"}");
        by("eve.test", 1);
        panics("The account eve.test is not registered", m,
               "{\"receiver_id\":\"bob.test\",\"amount\":\"1\",\"msg\":\"\"}");
    }
    by("bank.test", 1);
    panics("missing field msg", "ft_transfer_call",
           "{\"receiver_id\":\"bob.test\",\"amount\":\"1\"}");
    supply_is("1000");
    balance_is("bob.test", "0");
}

#define RESOLVE "{\"sender_id\":\"bank.test\",\"receiver_id\":\"bob.test\",\"amount\":\"100\"}"

static void send_with_message(void)
{
    by("bank.test", 1);
    ok("ft_transfer_call", "{\"receiver_id\":\"bob.test\",\"amount\":\"100\",\"msg\":\"{\\\"a\\\":"
                           "1}\"}");
    fake_env.deposit = 0;
}

static void a_transfer_with_a_message_asks_the_receiver(void **state)
{
    const struct fake_receipt *r;
    (void)state;
    send_with_message();
    balance_is("bob.test", "100"); /* already */
    send_with_message();
    assert_int_equal(fake_receipts(), 2);
    r = fake_receipt(0);
    assert_string_equal(r->receiver, "bob.test");
    assert_string_equal(r->method, "ft_on_transfer");
    assert_string_equal((const char *)r->args.p, "{\"sender_id\":\"bank.test\",\"amount\":\"100\","
                                                 "\"msg\":\"{\\\"a\\\":1}\"}");
    assert_true(r->amount == 0 && r->weight == 1);
    r = fake_receipt(1);
    assert_string_equal(r->receiver, "token.test");
    assert_string_equal(r->method, "ft_resolve_transfer");
    assert_string_equal((const char *)r->args.p, RESOLVE);
    assert_true(r->after == 0 && r->gas == 5 * (uint64_t)NEAR_TGAS && r->weight == 0);
    assert_int_equal(fake_promise_returned(), 1);
    by("bob.test", 0);
    panics("Method ft_resolve_transfer is private", "ft_resolve_transfer", RESOLVE);
}

/* resolved runs the end of send_with_message with what the receiver answered. */
static void resolved(const char *answer, const char *kept)
{
    char expected[64];
    struct alc_bytes a = answer == NULL ? (struct alc_bytes){NULL, 0} : alc_cstr(answer);

    fake_env.deposit = 0;
    snprintf(expected, sizeof expected, "\"%s\"", kept);
    assert_true(fake_callback(near_entry_ft_resolve_transfer, alc_cstr(RESOLVE), a));
    result_is(expected);
}

static void what_the_receiver_leaves_goes_back(void **state)
{
    static const struct {
        const char *answer, *kept, *bob;
    } answers[] = {
        {"\"0\"", "100", "100"},
        {"\"30\"", "70", "170"},
        {"\"100\"", "0", "170"},
        {"\"101\"", "0", "170"}, /* no more than was sent */
        {"\"" MOST "\"", "0", "170"},
        {NULL, "0", "170"}, /* it failed */
        {"", "0", "170"},   /* or said nothing that can be read */
        {"5", "0", "170"},
        {"\"\"", "0", "170"},
        {"\"-1\"", "0", "170"},
        {"\"340282366920938463463374607431768211456\"", "0", "170"},
        {"null", "0", "170"},
        {"\"0", "0", "170"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        send_with_message();
        resolved(answers[i].answer, answers[i].kept);
        balance_is("bob.test", answers[i].bob);
        supply_is("1000");
    }
    send_with_message();
    resolved("\"30\"", "70");
    assert_int_equal(fake_logs(), 1);
    logged(EVENT("ft_transfer", "\"old_owner_id\":\"bob.test\",\"new_owner_id\":\"bank.test\","
                                "\"amount\":\"30\",\"memo\":\"refund\""));
}

static void what_the_receiver_spent_stays_spent(void **state)
{
    (void)state;
    send_with_message();
    by("bob.test", 1);
    ok("ft_transfer", "{\"receiver_id\":\"alice.test\",\"amount\":\"80\"}");
    resolved(NULL, "80"); /* only 20 were left to take */
    balance_is("bob.test", "0");
    balance_is("bank.test", "920");
    send_with_message();
    by("bob.test", 1);
    ok("ft_transfer", "{\"receiver_id\":\"alice.test\",\"amount\":\"100\"}");
    resolved(NULL, "100");
    assert_int_equal(fake_logs(), 0);
    send_with_message();
    by("bob.test", 1);
    ok("storage_unregister", "{\"force\":true}");
    resolved(NULL, "100");
    balance_is("bob.test", "0");
    supply_is("900"); /* what bob had was burnt */
}

static void a_refund_to_nobody_is_burnt(void **state)
{
    (void)state;
    send_with_message();
    by("bank.test", 1);
    ok("storage_unregister", "{\"force\":true}");
    logged(EVENT("ft_burn", "\"owner_id\":\"bank.test\",\"amount\":\"900\""));
    resolved("\"60\"", "100");
    logged(EVENT("ft_burn", "\"owner_id\":\"bob.test\",\"amount\":\"60\",\"memo\":\"refund\""));
    balance_is("bob.test", "40");
    supply_is("40");
}

/* ---- storage ---- */

#define REGISTERED "{\"total\":" PRICE_TEXT ",\"available\":\"0\"}"

static void refunded(const char *account, near_u128 yocto)
{
    assert_int_equal(fake_receipts(), 1);
    assert_string_equal(fake_receipt(0)->receiver, account);
    assert_true(fake_receipt(0)->amount == yocto);
}

static void an_account_pays_for_its_record_once(void **state)
{
    uint64_t before = fake_state_bytes();
    (void)state;
    returns("{\"min\":" PRICE_TEXT ",\"max\":" PRICE_TEXT "}", "storage_balance_bounds", "");
    returns("null", "storage_balance_of", "{\"account_id\":\"carol.test\"}");
    by("carol.test", PRICE - 1);
    panics("less than the minimum storage balance", "storage_deposit", "{}");
    by("carol.test", PRICE);
    ok("storage_deposit", "{}");
    result_is(REGISTERED);
    assert_int_equal(fake_receipts(), 0);
    assert_true((near_u128)(fake_state_bytes() - before) * 10000000000000000000u <= PRICE);
    by("carol.test", PRICE + 5);
    ok("storage_deposit", "{\"registration_only\":true}");
    refunded("carol.test", PRICE + 5);
    by("carol.test", PRICE + 5);
    ok("storage_deposit", "{\"account_id\":\"dave.test\",\"registration_only\":null}");
    refunded("carol.test", 5); /* who paid, not who is registered */
    returns(REGISTERED, "storage_balance_of", "{\"account_id\":\"dave.test\"}");
    by("dave.test", 0);
    ok("storage_deposit", "{}");
    assert_int_equal(fake_receipts(), 0);
}

static void nothing_can_be_withdrawn_but_by_leaving(void **state)
{
    (void)state;
    by("alice.test", 1);
    returns(REGISTERED, "storage_withdraw", "{}");
    returns(REGISTERED, "storage_withdraw", "{\"amount\":\"0\"}");
    panics("greater than the available", "storage_withdraw", "{\"amount\":\"1\"}");
    by("eve.test", 1);
    panics("The account eve.test is not registered", "storage_withdraw", "{}");
    returns("false", "storage_unregister", "{}");
    assert_int_equal(fake_receipts(), 0);
    by("alice.test", 0);
    panics("exactly 1 yoctoNEAR", "storage_withdraw", "{}");
    panics("exactly 1 yoctoNEAR", "storage_unregister", "{}");
    by("alice.test", 1);
    returns("true", "storage_unregister", "{}");
    refunded("alice.test", PRICE + 1);
    returns("false", "storage_unregister", "{}");
    assert_int_equal(fake_receipts(), 0); /* once */
    by("bank.test", 1);
    panics("positive balance without force", "storage_unregister", "{\"force\":false}");
    returns("true", "storage_unregister", "{\"force\":true}");
    supply_is("0");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, done)
    const struct CMUnitTest tests[] = {
        TEST(a_token_is_named_once),
        TEST(only_the_owner_mints),
        TEST(a_transfer_moves_tokens_and_tells),
        TEST(a_transfer_that_cannot_be_is_refused),
        TEST(a_transfer_with_a_message_asks_the_receiver),
        TEST(what_the_receiver_leaves_goes_back),
        TEST(what_the_receiver_spent_stays_spent),
        TEST(a_refund_to_nobody_is_burnt),
        TEST(an_account_pays_for_its_record_once),
        TEST(nothing_can_be_withdrawn_but_by_leaving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
