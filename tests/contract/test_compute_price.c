/* tests/contract/test_compute_price.c — priced projects: the owner's lists, and who is admitted. */
#include "tests/contract/compute_projects.h"

#define SET(rest) "{\"project_id\":\"" APP "\",\"pricing\":{" rest "}}"
#define AUTHOR "\"author_account_id\":\"author.test\""
#define ROWS(rows) SET(AUTHOR ",\"operations\":[" rows "]")

/* ---- the owner's lists ---- */

static void prices_are_set_shown_and_removed(void **state)
{
    (void)state;
    returns("null", "get_project_pricing", PROJECT);
    returns("\"0\"", "get_project_max_price", PROJECT);
    returns("0", "get_priced_project_count", "");
    returns("[]", "get_priced_projects", "{}");
    set_price(APP, "author.test",
              OPERATION("send", "12345",
                        "2500") "," OPERATION("\\\"q", "340282366920938463463374607431768211455",
                                              "10000") "," OPERATION("free", "0", "0"));
    returns("{" AUTHOR ",\"operations\":[" OPERATION("send", "12345", "2500") "," OPERATION(
                "\\\"q", "340282366920938463463374607431768211455",
                "10000") "," OPERATION("free", "0", "0") "]}",
            "get_project_pricing", PROJECT);
    returns("\"340282366920938463463374607431768211455\"", "get_project_max_price", PROJECT);
    returns("1", "get_priced_project_count", "");
    returns("[\"" APP "\"]", "get_priced_projects", "{}");
    set_price(APP, "other.test", OPERATION("send", "7", "1")); /* replaces */
    returns(
        "{\"author_account_id\":\"other.test\",\"operations\":[" OPERATION("send", "7", "1") "]}",
        "get_project_pricing", PROJECT);
    returns("\"7\"", "get_project_max_price", PROJECT);
    returns("1", "get_priced_project_count", "");
    ok("remove_project_pricing", PROJECT);
    returns("0", "get_priced_project_count", "");
    ok("remove_project_pricing", PROJECT); /* no error when absent */
    returns("null", "get_project_pricing", PROJECT);
}

static void priced_projects_are_paged(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        publish("bob.test", fmt("p%u", i));
        set_price(fmt("bob.test/p%u", i), "x.test", OPERATION("op", "1", "0"));
    }
    ok("remove_project_pricing", "{\"project_id\":\"bob.test/p1\"}");
    returns("[\"bob.test/p0\",\"bob.test/p4\",\"bob.test/p2\",\"bob.test/p3\"]",
            "get_priced_projects", "{}");
    returns("[\"bob.test/p4\",\"bob.test/p2\"]", "get_priced_projects",
            "{\"from_index\":1,\"limit\":2}");
    returns("[]", "get_priced_projects", "{\"limit\":0}");
    returns("[]", "get_priced_projects", "{\"from_index\":4}");
    returns("[]", "get_priced_projects",
            "{\"from_index\":18446744073709551615,\"limit\":18446744073709551615}");
}

static size_t priced_shown(const char *args)
{
    size_t n = 0;

    ok("get_priced_projects", args);
    for (const char *at = (const char *)fake_returned().p; (at = strstr(at, "bob.test/")) != NULL;
         at++)
        n++;
    return n;
}

static void a_page_of_priced_projects_has_100_and_at_most_500(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 501; i++) {
        publish("bob.test", fmt("p%u", i));
        set_price(fmt("bob.test/p%u", i), "x.test", OPERATION("op", "1", "0"));
    }
    returns("501", "get_priced_project_count", "");
    assert_int_equal(priced_shown("{}"), 100);
    assert_int_equal(priced_shown("{\"limit\":null}"), 100);
    assert_int_equal(priced_shown("{\"limit\":500}"), 500);
    assert_int_equal(priced_shown("{\"limit\":501}"), 500);
    assert_int_equal(priced_shown("{\"limit\":18446744073709551615}"), 500);
    returns("[\"bob.test/p500\"]", "get_priced_projects", "{\"from_index\":500,\"limit\":501}");
}

static void only_the_owner_sets_sound_prices(void **state)
{
    char rows[33 * 80] = "", *at = rows;
    (void)state;
    as("alice.test");
    panics("Only owner", "set_project_pricing", ROWS(OPERATION("op", "1", "0")));
    panics("Only owner", "remove_project_pricing", PROJECT);
    as("owner.test");
    panics("Project not found", "set_project_pricing",
           "{\"project_id\":\"alice.test/none\",\"pricing\":{" AUTHOR ",\"operations\":[]}}");
    panics("1 to 32 operations", "set_project_pricing", ROWS(""));
    panics("blank", "set_project_pricing", ROWS(OPERATION("", "1", "0")));
    panics("blank", "set_project_pricing", ROWS(OPERATION(" \\t\xe2\x80\x83", "1", "0")));
    panics(
        "twice", "set_project_pricing",
        ROWS(OPERATION("a", "1", "0") "," OPERATION("b", "1", "0") "," OPERATION("a", "2", "0")));
    panics("over 10000", "set_project_pricing", ROWS(OPERATION("a", "1", "10001")));
    panics("integer out of range", "set_project_pricing", ROWS(OPERATION("a", "1", "65536")));
    panics("expected an amount", "set_project_pricing", ROWS(OPERATION("a", "-1", "0")));
    panics("missing field author_account_id", "set_project_pricing", SET("\"operations\":[]"));
    panics("not an account id", "set_project_pricing",
           SET("\"author_account_id\":\"A\",\"operations\":[]"));
    for (unsigned i = 0; i < 33; i++) {
        at += sprintf(at, "%s" OPERATION("o%u", "1", "0"), i == 0 ? "" : ",", i);
        if (i == 31) ok("set_project_pricing", fmt(ROWS("%s"), rows));
    }
    panics("1 to 32 operations", "set_project_pricing", fmt(ROWS("%s"), rows));
    ok("get_project_pricing", PROJECT);
    assert_non_null(strstr((const char *)fake_returned().p, "\"o31\""));
    fake_env.deposit = 1;
    panics("doesn't accept deposit", "set_project_pricing", ROWS(OPERATION("op", "1", "0")));
}

/* ---- admission ---- */

static void refused(const char *phrase, uint64_t attached, const char *more)
{
    as("alice.test");
    paying_panics(100 * MILLI, phrase, "request_execution", project_args(attached, more));
}

static void an_input_names_a_priced_operation(void **state)
{
    static const char *const no_operation[] = {
        "",
        INPUT(""),
        INPUT(" "),
        INPUT("operation"),
        INPUT("{\\\"op\\\":\\\"op\\\"}"),
        INPUT("{\\\"operation\\\":7}"),
        INPUT("{\\\"operation\\\":null}"),
        INPUT("{\\\"operation\\\":\\\" \\\"}"),
        INPUT("{\\\"operation\\\":\\\"\\\"}"),
        INPUT("[\\\"operation\\\"]"),
        INPUT("\\\"operation\\\""),
        INPUT("{\\\"a\\\":{\\\"operation\\\":\\\"op\\\"}}"),
        INPUT("{\\\"operation\\\":\\\"op\\\"} x"),
        INPUT("{\\\"operation\\\":\\\"op\\\""),
        INPUT("{\\\"operation\\\":\\\"op\\\",}"),
        INPUT("{\\\"operation\\\":\\\"op\\\",\\\"n\\\":1e999}"),
        INPUT("{\\\"operation\\\":\\\"op\\\",\\\"n\\\":\\\"\\\\ud800\\\"}"),
        INPUT("{\\\"operation\\\":\\\"op\\\",\\\"operation\\\":1}"),
        INPUT("{'operation':'op'}"),
    };
    (void)state;
    set_price(APP, "author.test", OPERATION("op", "5", "0") "," OPERATION("free", "0", "0"));
    for (size_t i = 0; i < sizeof no_operation / sizeof no_operation[0]; i++)
        refused("with a string \"operation\"", 5, no_operation[i]);
    refused("no price for the operation other", 5, INPUT("{\\\"operation\\\":\\\"other\\\"}"));
    refused("no price for the operation OP", 5, INPUT("{\\\"operation\\\":\\\"OP\\\"}"));
    refused("below the price of op", 4, OP_INPUT);
    refused("below the price of op", 0, OP_INPUT);
    /* a name is stored as it was given, and looked up trimmed */
    set_price(APP, "author.test", OPERATION(" op", "5", "0"));
    refused("no price for the operation op", 5, INPUT("{\\\"operation\\\":\\\" op\\\"}"));
    set_price(APP, "author.test", OPERATION("op", "5", "0") "," OPERATION("free", "0", "0"));
    ask_project(5, INPUT("{\\\"operation\\\":\\\"\\\\u00a0 op\\\\u2003\\\\n\\\"}"));
    ask_project(5, INPUT("{\\\"operation\\\":\\\"other\\\",\\\"operation\\\":\\\"op\\\"}"));
    ask_project(5, INPUT("{\\\"\\\\u006fperation\\\":\\\"\\\\u006fp\\\",\\\"x\\\":[{}]}"));
    ask_project(0, INPUT("{\\\"operation\\\":\\\"free\\\"}"));
    ask_project(6, OP_INPUT);
    assert_int_equal(usd(PURSE_USER, "alice.test"), 1000000 - 5 - 5 - 5 - 6);
}

static void a_priced_body_has_at_most_10000_bytes(void **state)
{
    (void)state;
    set_price(APP, "author.test", OPERATION("op", "5", "4000"));
    refused("must be a JSON object of at most 10000 bytes", 5, body_of(10001));
    refused("must be a JSON object of at most 10000 bytes", 5, body_of(12000));
    ask_project(9, body_of(9999)); /* in the event */
    answer(0, DONE);
    assert_int_equal(usd(PURSE_EARNINGS, "author.test"), 2);
    ask_project(9, body_of(10000)); /* apart */
    answer(1, DONE);
    assert_int_equal(usd(PURSE_EARNINGS, "author.test"), 4);
    assert_int_equal(usd(PURSE_EARNINGS, "alice.test"), 6);
    assert_int_equal(usd(PURSE_USER, "alice.test"), 1000000 - 10);
}

static void stablecoin_is_checked_after_the_price_and_before_the_payment(void **state)
{
    (void)state;
    set_price(APP, "author.test", OPERATION("op", "5", "0"));
    as("bob.test");
    panics("below the price", "request_execution", project_args(4, OP_INPUT));
    panics("Insufficient stablecoin balance", "request_execution", project_args(5, OP_INPUT));
    set_usd(PURSE_USER, "bob.test", 4);
    panics("Insufficient stablecoin balance", "request_execution", project_args(5, OP_INPUT));
    set_usd(PURSE_USER, "bob.test", 5);
    panics("Insufficient payment", "request_execution", project_args(5, OP_INPUT));
    panics("max_execution_seconds", "request_execution",
           "{" APP_SOURCE ",\"resource_limits\":{\"max_execution_seconds\":181},\"params\":{"
           "\"attached_usd\":\"5\"}}");
    assert_int_equal(usd(PURSE_USER, "bob.test"), 5); /* what failed took nothing */
    paying(100 * MILLI, "request_execution", project_args(5, OP_INPUT));
    assert_int_equal(usd(PURSE_USER, "bob.test"), 0);
    paying_panics(100 * MILLI, "attached_usd needs a Project source", "request_execution",
                  "{" SOURCE ",\"params\":{\"attached_usd\":\"1\"}}");
    paying_panics(100 * MILLI, "Insufficient stablecoin balance", "request_execution",
                  "{" APP_SOURCE ",\"params\":{\"attached_usd\":"
                  "\"340282366920938463463374607431768211455\"}}");
}

int main(void)
{
#define PRICED(name) cmocka_unit_test_setup_teardown(name, published, done)
    const struct CMUnitTest tests[] = {
        PRICED(prices_are_set_shown_and_removed),
        PRICED(priced_projects_are_paged),
        PRICED(a_page_of_priced_projects_has_100_and_at_most_500),
        PRICED(only_the_owner_sets_sound_prices),
        PRICED(an_input_names_a_priced_operation),
        PRICED(a_priced_body_has_at_most_10000_bytes),
        PRICED(stablecoin_is_checked_after_the_price_and_before_the_payment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
