/* tests/contract/test_compute_ft.c — stablecoin: what a token's message may ask, plans and their
 * sale, what developers withdraw, and top-ups with NEAR. */
#include "tests/contract/compute_money.h"

#define EVENT                                                                                      \
    "EVENT_JSON:{\"standard\":\"near-outlayer\",\"version\":\"1.0.0\",\"event\":\"system_event\"," \
    "\"data\":[{"
#define DEPOSIT "{\"action\":\"deposit_balance\"}"
#define ALICE "{\"account_id\":\"alice.test\"}"
#define MOST "340282366920938463463374607431768211455"

static void balance_is(const char *amount)
{
    returns(fmt("\"%s\"", amount), "get_user_stablecoin_balance", ALICE);
}

/* ---- the token ---- */

static void the_owner_names_the_token(void **state)
{
    (void)state;
    returns("\"" TOKEN "\"", "get_payment_token_contract", "");
    panics("Only owner", "set_payment_token_contract", "{}");
    as("owner.test");
    panics("not an account id", "set_payment_token_contract", "{\"token_contract\":\"\"}");
    panics("Failed to deserialize", "set_payment_token_contract", "");
    ok("set_payment_token_contract", "{\"token_contract\":\"other.test\"}");
    returns("\"other.test\"", "get_payment_token_contract", "");
    transfer_panics("Only the payment token", "alice.test", "1", DEPOSIT);
    as("owner.test");
    ok("set_payment_token_contract", "{\"token_contract\":null}");
    returns("null", "get_payment_token_contract", "");
    ok("set_payment_token_contract", "{\"token_contract\":\"other.test\"}");
    ok("set_payment_token_contract", "{}");
    returns("null", "get_payment_token_contract", "");
    transfer_panics("Payment token is not configured", "alice.test", "1", DEPOSIT);
}

/* ---- messages ---- */

static void a_deposit_is_credited_to_who_sent_it(void **state)
{
    (void)state;
    balance_is("0");
    transfer("alice.test", "5", DEPOSIT);
    result_is("\"0\"");
    assert_int_equal(fake_logs(), 0);
    transfer("alice.test", "0", DEPOSIT);
    result_is("\"0\"");
    transfer(
        "alice.test", "+007",
        "{\"owner\":\"bob.test\",\"nonce\":\"x\",\"nonce\":{},\"action\":\"deposit_balance\"}");
    result_is("\"0\"");
    balance_is("12");
    returns("\"0\"", "get_user_stablecoin_balance", "{\"account_id\":\"bob.test\"}");
    as("owner.test");
    ok("set_paused", "{\"paused\":true}"); /* a pause does not stop tokens */
    transfer("alice.test", "1", DEPOSIT);
    balance_is("13");
}

static void balances_hold_every_amount_and_never_wrap(void **state)
{
    static const char *const amounts[] = {
        "255", "256", "4294967295", "18446744073709551615", "18446744073709551616", MOST};
    (void)state;
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
        const char *who = fmt("account-%zu.test", i);
        transfer(who, amounts[i], DEPOSIT);
        returns(fmt("\"%s\"", amounts[i]), "get_user_stablecoin_balance",
                fmt("{\"account_id\":\"%s\"}", who));
    }
    transfer_panics("overflow", "account-5.test", "1", DEPOSIT);
    returns("\"" MOST "\"", "get_user_stablecoin_balance", "{\"account_id\":\"account-5.test\"}");
    transfer("account-4.test", "340282366920938463444927863358058659839", DEPOSIT);
    returns("\"" MOST "\"", "get_user_stablecoin_balance", "{\"account_id\":\"account-4.test\"}");
}

static void only_the_token_may_bring_tokens(void **state)
{
    const char *args = "{\"sender_id\":\"alice.test\",\"amount\":\"5\",\"msg\":\"{\\\"action\\\":"
                       "\\\"deposit_balance\\\"}\"}";
    (void)state;
    as("evil.test");
    panics("Only the payment token", "ft_on_transfer", args);
    as("owner.test");
    panics("Only the payment token", "ft_on_transfer", args);
    fake_env.signer = TOKEN; /* the signer is nobody here */
    panics("Only the payment token", "ft_on_transfer", args);
    panics("Only the payment token", "ft_on_transfer",
           "{\"sender_id\":\"alice.test\",\"amount\":\"5\",\"msg\":\"no JSON\"}"); /* before msg */
    as(TOKEN);
    fake_env.deposit = 1;
    panics("Method ft_on_transfer doesn't accept deposit", "ft_on_transfer", args);
    fake_env.deposit = 0;
    balance_is("0");
    ok("ft_on_transfer", args);
    balance_is("5");
}

static void a_message_that_says_nothing_is_refused(void **state)
{
    static const char *const messages[] = {
        "",
        " ",
        "null",
        "5",
        "\"deposit_balance\"",
        "[]",
        "[\"deposit_balance\"]",
        "{}",
        "{\"action\":null}",
        "{\"action\":\"\"}",
        "{\"action\":\"Deposit_balance\"}",
        "{\"action\":\"deposit_balance \"}",
        "{\"action\":[\"deposit_balance\"]}",
        "{\"action\":\"deposit_balance\",\"action\":\"deposit_balance\"}",
        "{\"deposit_balance\":{}}",
        "{\"action\":\"deposit_balance\"} x",
        "{\"action\":\"deposit_balance\"",
        "{\"action\":\"deposit_balance\",}",
        "{\"action\":\"top_up_payment_key\"}",
        "{\"action\":\"top_up_payment_key\",\"nonce\":-1}",
        "{\"action\":\"top_up_payment_key\",\"nonce\":\"1\"}",
        "{\"action\":\"top_up_payment_key\",\"nonce\":1.0}",
        "{\"action\":\"top_up_payment_key\",\"nonce\":4294967296}",
        "{\"action\":\"top_up_payment_key\",\"nonce\":1,\"nonce\":1}",
        "{\"action\":\"top_up_payment_key\",\"nonce\":1,\"owner\":\"\"}",
        "{\"action\":\"buy_subscription\",\"nonce\":1}",
        "{\"action\":\"buy_subscription\",\"plan\":1}",
        "{\"action\":\"buy_subscription\",\"nonce\":1,\"plan\":256}",
    };
    (void)state;
    store_key("alice.test", 1);
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        transfer_panics("Failed to deserialize input from JSON", "alice.test", "10000",
                        messages[i]);
    balance_is("0");
}

/* `n` times `unit` between the two texts, as a message; freed by the caller. */
static char *long_message(const char *before, char unit, size_t n, const char *after)
{
    char *text = malloc(n + 512);
    size_t at;

    assert_non_null(text);
    at = (size_t)sprintf(text, "{\"sender_id\":\"alice.test\",\"amount\":\"7\",\"msg\":\"%s",
                         before);
    memset(text + at, unit, n);
    sprintf(text + at + n, "%s\"}", after);
    return text;
}

static void long_and_deep_messages_are_taken_or_refused_whole(void **state)
{
    char *text;
    (void)state;
    as(TOKEN);
    text = long_message("{\\\"x\\\":\\\"", 'y', 1u << 20,
                        "\\\",\\\"action\\\":\\\"deposit_balance\\\"}");
    ok("ft_on_transfer", text);
    free(text);
    balance_is("7");
    as(TOKEN);
    text = long_message("", '[', 1u << 20, "");
    panics("Failed to deserialize input from JSON", "ft_on_transfer", text);
    free(text);
    text = long_message("{\\\"action\\\":", '[', 1u << 20, "");
    panics("Failed to deserialize input from JSON", "ft_on_transfer", text);
    free(text);
    text = long_message("{\\\"action\\\":\\\"deposit_balance\\\"}", ' ', 4194303, "");
    panics("longer than this contract has room for", "ft_on_transfer", text);
    free(text);
    balance_is("7");
}

/* ---- plans ---- */

#define PLAN(index, name, price, active)                                                           \
    "{\"index\":" #index ",\"name\":\"" name "\",\"price_usd\":\"" #price "\",\"active\":" #active \
    "}"

static void plans(const char *list)
{
    as("owner.test");
    ok("set_subscription_plans", fmt("{\"plans\":[%s]}", list));
}

static void plans_panic(const char *phrase, const char *list)
{
    as("owner.test");
    panics(phrase, "set_subscription_plans", fmt("{\"plans\":[%s]}", list));
}

static void plans_are_shown_as_they_were_given(void **state)
{
    (void)state;
    returns("[]", "get_subscription_plans", "");
    plans(PLAN(255, "Pro \\\"x\\\"\\u0001\xc3\xa9", 340282366920938463463374607431768211455,
               false) "," PLAN(0, "Basic", 1, true));
    returns("[" PLAN(255, "Pro \\\"x\\\"\\u0001\xc3\xa9", 340282366920938463463374607431768211455,
                     false) "," PLAN(0, "Basic", 1, true) "]",
            "get_subscription_plans", "");
    plans("");
    returns("[]", "get_subscription_plans", "");
}

static void plans_of_the_wrong_form_are_refused(void **state)
{
    char many[4096] = "", name[70];
    (void)state;
    plans_panic("same index", PLAN(1, "A", 1, true) "," PLAN(1, "B", 1, true));
    plans_panic("cannot be empty", PLAN(1, "", 1, true));
    plans_panic("cannot be empty", PLAN(1, " \\t\xc2\x85\xe2\x80\x83\xe3\x80\x80", 1, true));
    plans_panic("greater than 0", PLAN(1, "A", 0, true));
    plans_panic("Failed to deserialize", PLAN(256, "A", 1, true));
    plans_panic("Failed to deserialize", "{\"index\":1,\"name\":\"A\",\"price_usd\":\"1\"}");
    memset(name, 'x', 65);
    name[65] = 0;
    plans_panic("at most 64 bytes",
                fmt("{\"index\":1,\"name\":\"%s\",\"price_usd\":\"1\",\"active\":true}", name));
    name[64] = 0;
    plans(fmt("{\"index\":1,\"name\":\"%s\",\"price_usd\":\"1\",\"active\":true}", name));
    for (unsigned i = 0; i < 17; i++)
        strcat(many, fmt("%s{\"index\":%u,\"name\":\"p\",\"price_usd\":\"1\",\"active\":true}",
                         i == 0 ? "" : ",", i + 2));
    plans_panic("At most 16", many);
    as("alice.test");
    panics("Only owner", "set_subscription_plans", fmt("{\"plans\":[%s]}", many));
    *strrchr(many, '{') = 0;
    many[strlen(many) - 1] = 0;
    plans(many);
}

static void a_plan_keeps_its_name_while_it_is_there(void **state)
{
    (void)state;
    plans(PLAN(1, "A", 1, true) "," PLAN(2, "B", 1, true));
    plans_panic("keeps its name", PLAN(2, "A", 1, true));
    plans(PLAN(2, "B", 5, false)); /* the price may change; and 1 is dropped */
    plans(PLAN(2, "B", 5, false) "," PLAN(1, "Other", 1, true)); /* so that it can come back */
    plans_panic("keeps its name", PLAN(1, "A", 1, true));
}

#define BUY "{\"action\":\"buy_subscription\",\"nonce\":1,\"plan\":3,\"owner\":\"alice.test\"}"

static void a_plan_is_bought_for_a_key(void **state)
{
    (void)state;
    plans(PLAN(3, "Pro", 500, true));
    store_key("alice.test", 1);
    transfer("bob.test", "501", BUY);
    result_is("\"0\"");
    assert_int_equal(fake_logs(), 1);
    log_is(0, EVENT "\"SubscriptionPurchased\":{\"owner\":\"alice.test\",\"nonce\":1,\"plan\":3,"
                    "\"paid_usd\":\"501\",\"payer\":\"bob.test\"}}]}");
    transfer("alice.test", "500", "{\"plan\":3,\"nonce\":1,\"action\":\"buy_subscription\"}");
    log_is(0, EVENT "\"SubscriptionPurchased\":{\"owner\":\"alice.test\",\"nonce\":1,\"plan\":3,"
                    "\"paid_usd\":\"500\",\"payer\":\"alice.test\"}}]}");
    balance_is("0");
}

static void a_plan_that_cannot_be_had_is_refused(void **state)
{
    (void)state;
    transfer_panics("No such subscription plan", "bob.test", "500", BUY); /* before key and price */
    plans(PLAN(3, "Pro", 500, false));
    transfer_panics("No such subscription plan", "bob.test", "500", BUY);
    plans(PLAN(3, "Pro", 500, true));
    transfer_panics("below the plan's price", "bob.test", "499", BUY); /* before the key */
    transfer_panics("Payment key not found", "bob.test", "500", BUY);
    store_key("alice.test", 1);
    transfer("bob.test", "500", BUY);
}

/* ---- earnings ---- */

static void earn(const char *account, uint64_t amount)
{
    uint8_t key[65] = {'e'};

    memcpy(key + 1, account, strlen(account));
    fake_put((struct alc_bytes){key, 1 + strlen(account)},
             (struct alc_bytes){(const uint8_t *)&amount, sizeof amount});
}

static void earned(const char *amount)
{
    returns(fmt("\"%s\"", amount), "get_developer_earnings", ALICE);
}

#define AFTER "{\"developer\":\"alice.test\",\"amount\":\"70000\"}"

static void withdraw(void)
{
    earn("alice.test", 70000);
    as("alice.test");
    fake_env.deposit = 1;
    ok("withdraw_developer_earnings", "");
    fake_env.deposit = 0;
}

static void after(const char *result, bool good)
{
    struct alc_bytes r = result == NULL ? (struct alc_bytes){NULL, 0} : alc_cstr(result);
    assert_int_equal(fake_callback(near_entry_on_withdraw_developer_earnings, alc_cstr(AFTER), r),
                     good);
}

static void earnings_are_sent_by_the_token(void **state)
{
    const struct fake_receipt *r;
    (void)state;
    withdraw();
    assert_int_equal(fake_receipts(), 2);
    r = fake_receipt(0);
    assert_string_equal(r->receiver, TOKEN);
    assert_string_equal(r->method, "ft_transfer");
    assert_string_equal((const char *)r->args.p, "{\"receiver_id\":\"alice.test\",\"amount\":"
                                                 "\"70000\",\"memo\":\"Developer earnings\"}");
    assert_true(r->amount == 1 && r->gas == 10 * (uint64_t)NEAR_TGAS && r->weight == 0);
    r = fake_receipt(1);
    assert_string_equal(r->receiver, "compute.test");
    assert_string_equal(r->method, "on_withdraw_developer_earnings");
    assert_string_equal((const char *)r->args.p, AFTER);
    assert_true(r->after == 0 && r->amount == 0);
    assert_true(r->gas == 5 * (uint64_t)NEAR_TGAS && r->weight == 1);
    assert_int_equal(fake_promise_returned(), 1);
    earned("0");
    after("", true);
    after("null", true);
    assert_null(fake_returned().p);
    earned("0");
    fake_env.deposit = 1;
    panics("No earnings", "withdraw_developer_earnings", "");
}

static void a_transfer_that_failed_gives_the_earnings_back(void **state)
{
    (void)state;
    withdraw();
    after(NULL, true);
    earned("70000");
    withdraw();
    after("true", false); /* it went through, whatever it says */
    earned("0");
    after("\"a long answer, longer than anything that is expected here\"", false);
    earned("0");
}

static void nothing_is_withdrawn_without_cause(void **state)
{
    (void)state;
    panics("at least 1 yoctoNEAR", "withdraw_developer_earnings", ""); /* before earnings */
    fake_env.deposit = 1;
    panics("No earnings to withdraw", "withdraw_developer_earnings", "");
    fake_env.deposit = 0;
    as("owner.test");
    ok("set_payment_token_contract", "{}");
    as("alice.test");
    fake_env.deposit = 1;
    panics("No earnings to withdraw", "withdraw_developer_earnings", ""); /* before the token */
    earn("alice.test", 1);
    panics("Payment token is not configured", "withdraw_developer_earnings", "");
    earned("1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MONEY(the_owner_names_the_token),
        MONEY(a_deposit_is_credited_to_who_sent_it),
        MONEY(balances_hold_every_amount_and_never_wrap),
        MONEY(only_the_token_may_bring_tokens),
        MONEY(a_message_that_says_nothing_is_refused),
        MONEY(long_and_deep_messages_are_taken_or_refused_whole),
        MONEY(plans_are_shown_as_they_were_given),
        MONEY(plans_of_the_wrong_form_are_refused),
        MONEY(a_plan_keeps_its_name_while_it_is_there),
        MONEY(a_plan_is_bought_for_a_key),
        MONEY(a_plan_that_cannot_be_had_is_refused),
        MONEY(earnings_are_sent_by_the_token),
        MONEY(a_transfer_that_failed_gives_the_earnings_back),
        MONEY(nothing_is_withdrawn_without_cause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
