/* tests/contract/test_compute_settlement.c — where every unit of stablecoin goes when a request for
 * a project ends, however it ends. */
#include "tests/contract/compute_projects.h"

#define DONE_BACK(n) "{\"success\":true,\"output\":{\"Text\":\"ok\"}," USED ",\"refund_usd\":" n "}"

static uint64_t balances[3]; /* caller, author, owner */

static void look(void)
{
    balances[0] = usd(PURSE_USER, "alice.test");
    balances[1] = usd(PURSE_EARNINGS, "author.test");
    balances[2] = usd(PURSE_EARNINGS, "alice.test");
}

/* The last request ended, and of what was attached these got that much. */
static void got(uint64_t caller, uint64_t author, uint64_t owner)
{
    uint64_t was[3];

    memcpy(was, balances, sizeof was);
    look();
    assert_int_equal(balances[0] - was[0], caller);
    assert_int_equal(balances[1] - was[1], author);
    assert_int_equal(balances[2] - was[2], owner);
}

static uint64_t asked; /* the next request's id */

/* settles asks with `attached` and answers; the three then get what is said. */
static void settles(uint64_t attached, const char *response, uint64_t caller, uint64_t author,
                    uint64_t owner)
{
    ask_project(attached, OP_INPUT);
    look();
    answer(asked++, response);
    got(caller, author, owner);
    assert_int_equal(caller + author + owner, attached);
}

static void settlement_follows_the_reference(void **state)
{
    (void)state;
    asked = 0;
    set_price(APP, "author.test", OPERATION("op", "12345", "2500"));
    settles(20000, DONE_BACK("345"), 8000, 3000, 9000);
    settles(12345, DONE, 0, 3086, 9259);
    settles(12346, DONE_BACK("0"), 1, 3086, 9259);
    settles(20000, DONE_BACK("12344"), 19999, 0, 1); /* a share that rounds to nothing */
    settles(20000, DONE_BACK("12345"), 20000, 0, 0);
    settles(20000, DONE_BACK("18446744073709551615"), 20000, 0, 0);
    settles(12345, DONE_BACK("null"), 0, 3086, 9259);
    set_price(APP, "author.test", OPERATION("op", "3", "10000"));
    settles(10, DONE, 7, 3, 0);
    set_price(APP, "author.test", OPERATION("op", "3", "0"));
    settles(10, DONE, 7, 0, 3);
    set_price(APP, "author.test", OPERATION("op", "0", "5000"));
    settles(10, DONE, 10, 0, 0);
    set_price(APP, "alice.test", OPERATION("op", "9", "5000")); /* author and owner are one */
    settles(10, DONE, 1, 0, 9);
    as("owner.test");
    ok("remove_project_pricing", PROJECT);
    settles(10, DONE, 0, 0, 10); /* unpriced: all of it is the price */
    settles(10, DONE_BACK("4"), 4, 0, 6);
    assert_int_equal(usd(PURSE_EARNINGS, "op.test") + usd(PURSE_USER, "op.test"), 0);
}

/* Shares of an amount whose product with 10000 has no room in 128 bits. */
static void a_share_of_a_vast_amount_is_exact(void **state)
{
    const near_u128 whole = ~(near_u128)0;
    near_u128 author;
    (void)state;
    set_price(APP, "author.test",
              OPERATION("op", "340282366920938463463374607431768211455", "3333"));
    set_usd(PURSE_USER, "alice.test", whole);
    as("alice.test");
    paying(100 * MILLI, "request_execution",
           "{" APP_SOURCE "," LIMITS OP_INPUT ",\"params\":{\"attached_usd\":"
           "\"340282366920938463463374607431768211455\"}}");
    keep_yield();
    answer(0, DONE);
    author = usd_whole(PURSE_EARNINGS, "author.test");
    /* 3333 * (2^128 - 1) / 10000, from a calculator: 113416112894748789872342756657008344877 */
    assert_true(author / 1000000000000000000u == (near_u128)113416112894748789u * 1000 + 872);
    assert_true(author % 1000000000000000000u == 342756657008344877u);
    assert_true(author + usd_whole(PURSE_EARNINGS, "alice.test") == whole);
    assert_int_equal(usd(PURSE_USER, "alice.test"), 0);
}

static void prices_are_those_of_the_end(void **state)
{
    (void)state;
    set_price(APP, "author.test", OPERATION("op", "100", "5000"));
    ask_project(100, OP_INPUT);
    set_price(APP, "author.test", OPERATION("op", "40", "5000")); /* cheaper: change comes back */
    look();
    answer(0, DONE);
    got(60, 20, 20);
    ask_project(40, OP_INPUT);
    set_price(APP, "author.test", OPERATION("op", "4000", "5000")); /* dearer: no more than given */
    look();
    answer(1, DONE);
    got(0, 20, 20);
    ask_project(4000, OP_INPUT);
    set_price(APP, "author.test", OPERATION("other", "1", "5000")); /* the operation is gone */
    look();
    answer(2, DONE);
    got(0, 0, 4000);
}

/* What an unpriced project takes is not looked at; a price list that comes later does look, and
 * where it finds no operation all that was attached is the price. */
static void a_project_that_gets_priced_meanwhile_settles_by_the_new_list(void **state)
{
    static const char *const nothing[] = {
        "",
        INPUT(""),
        INPUT("{\\\"operation\\\":"),
        INPUT("{\\\"operation\\\":\\\"op\\\"} }"),
        INPUT("{\\\"operation\\\":\\\"\\\\u"),
        INPUT("{\\\"operation\\\":\\\"\\\\ud800\\\"}"),
        INPUT("{\\\"operation\\\":\\\"op"),
        INPUT("{\\\"operation\\\":1}"),
        INPUT("{\\\"operation\\\":\\\"op\\\",\\\"x\\\":[{\\\"a\\\" 1}]}"),
        INPUT("{\\\"operation\\\":\\\"op\\\",\\\"x\\\":-}"),
        INPUT("{\\\"operation\\\":\\\"op\\\",\\\"x\\\":1.}"),
        INPUT("{\\\"operation\\\":\\\"op\\\",\\\"x\\\":01}"),
        INPUT("{\\\"operation\\\":\\\"op\\\",\\\"x\\\":1e999}"),
        INPUT("{\\\"operation\\\":\\\"op\\\",\\\"x\\\":nul"),
        INPUT("{ "),
        INPUT("7"),
    };
    const size_t n = sizeof nothing / sizeof nothing[0];
    (void)state;
    for (size_t i = 0; i <= n + 1; i++) {
        as("owner.test");
        ok("remove_project_pricing", PROJECT);
        ask_project(50, i < n ? nothing[i] : i == n ? body_of(10001) : OP_INPUT);
        set_price(APP, "author.test", OPERATION("op", "10", "5000"));
        look();
        answer(i, DONE);
        if (i <= n)
            got(0, 0, 50);
        else
            got(40, 5, 5);
    }
}

static void a_compile_settles_as_unpriced(void **state)
{
    (void)state;
    set_price(APP, "author.test", OPERATION("op", "500", "5000"));
    as("alice.test");
    paying(100 * MILLI, "request_execution",
           "{" APP_SOURCE ",\"params\":{\"attached_usd\":\"40\"}}");
    keep_yield();
    look();
    answer(0, "{\"success\":true,\"output\":null," USED "}");
    got(0, 0, 40);
}

static void earnings_go_to_the_owner_of_the_end(void **state)
{
    (void)state;
    ask_project(100, OP_INPUT);
    accept("bob.test", "alice.test", "app");
    as("alice.test");
    ok("transfer_project", "{\"project_name\":\"app\",\"new_owner\":\"bob.test\"}");
    publish("alice.test", "app"); /* another project under the old name */
    look();
    answer(0, DONE_BACK("30"));
    got(30, 0, 0);
    assert_int_equal(usd(PURSE_EARNINGS, "bob.test"), 70);
}

static void nobody_earns_by_a_deleted_project(void **state)
{
    (void)state;
    set_price(APP, "author.test", OPERATION("op", "10", "5000"));
    ask_project(100, OP_INPUT);
    as("alice.test");
    ok("delete_project", "{\"project_name\":\"app\"}");
    publish("alice.test", "app"); /* is not the one that was asked */
    look();
    answer(0, DONE_BACK("30"));
    got(100, 0, 0);
}

static void failures_and_timeouts_give_everything_back(void **state)
{
    (void)state;
    set_price(APP, "author.test", OPERATION("op", "10", "5000"));
    ask_project(100, OP_INPUT);
    look();
    answer(0, "{\"success\":false,\"error\":\"no\"," USED ",\"refund_usd\":3}");
    got(100, 0, 0);
    ask_project(100, OP_INPUT);
    look();
    timeout();
    got(100, 0, 0);
    timeout(); /* again: there is nothing left */
    got(0, 0, 0);
}

static void the_combined_submit_settles_with_its_refund(void **state)
{
    (void)state;
    set_price(APP, "author.test", OPERATION("op", "10", "5000"));
    ask_project(100, OP_INPUT);
    look();
    as("op.test");
    ok("submit_execution_output_and_resolve",
       "{\"request_id\":0,\"output\":{\"Text\":\"x\"},\"success\":true," USED ",\"refund_usd\":4}");
    wake();
    got(94, 3, 3);
}

/* Each way to cancel gives both payments back, to whom each belongs, and only once. */
static void cancellations_give_both_payments_back(void **state)
{
    static const struct {
        const char *caller, *method, *head, *tail; /* the id stands between */
    } ways[] = {
        {"owner.test", "emergency_cancel_execution", "{\"request_id\":", "}"},
        {"owner.test", "cancel_pending_requests", "{\"request_ids\":[", "]}"},
        {"owner.test", "clear_all_pending_requests", "{\"id\":", "}"},
        {"alice.test", "cancel_stale_execution", "{\"request_id\":", "}"},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        const char *args = fmt("%s%u%s", ways[i].head, i, ways[i].tail);
        ask_project(100, ",\"payer_account_id\":\"payer.test\"");
        fake_env.time_ns += STALE_AFTER_NS + 1;
        look();
        as(ways[i].caller);
        ok(ways[i].method, args);
        refunds("payer.test", 100 * MILLI);
        got(100, 0, 0);
        (void)call(ways[i].method, alc_cstr(args)); /* panics, or finds none */
        timeout();
        got(0, 0, 0);
    }
}

/* The predecessor paid, not the signer; the project's own caller may be a contract. */
static void stablecoin_is_the_direct_callers(void **state)
{
    (void)state;
    set_usd(PURSE_USER, "proxy.test", 10);
    fake_env.signer = "alice.test";
    fake_env.predecessor = "proxy.test";
    paying(100 * MILLI, "request_execution", project_args(10, ""));
    keep_yield();
    look();
    assert_int_equal(usd(PURSE_USER, "proxy.test"), 0);
    timeout();
    assert_int_equal(usd(PURSE_USER, "proxy.test"), 10);
    got(0, 0, 0);
}

int main(void)
{
#define PRICED(name) cmocka_unit_test_setup_teardown(name, published, done)
    const struct CMUnitTest tests[] = {
        PRICED(settlement_follows_the_reference),
        PRICED(a_share_of_a_vast_amount_is_exact),
        PRICED(prices_are_those_of_the_end),
        PRICED(a_project_that_gets_priced_meanwhile_settles_by_the_new_list),
        PRICED(a_compile_settles_as_unpriced),
        PRICED(earnings_go_to_the_owner_of_the_end),
        PRICED(nobody_earns_by_a_deleted_project),
        PRICED(failures_and_timeouts_give_everything_back),
        PRICED(the_combined_submit_settles_with_its_refund),
        PRICED(cancellations_give_both_payments_back),
        PRICED(stablecoin_is_the_direct_callers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
