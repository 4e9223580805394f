/* tests/contract/test_attack_numbers.c — every number that a call takes, at the ends of its range
 * and in every form that is none. */
#include "tests/contract/attack.h"

/* How an argument is written, and its largest value. */
enum form { BARE, QUOTED };

#define U8_MAX_TEXT "255"
#define U16_MAX_TEXT "65535"
#define U32_MAX_TEXT "4294967295"
#define U64_MAX_TEXT "18446744073709551615"
#define U128_MAX_TEXT "340282366920938463463374607431768211455"

struct number {
    enum form form;
    const char *max, *over; /* the largest, and the next */
    const char *method;
    const char *args; /* with @ where the number stands */
};

#define U8(method, args) {BARE, U8_MAX_TEXT, "256", method, args}
#define U16(method, args) {BARE, U16_MAX_TEXT, "65536", method, args}
#define U32(method, args) {BARE, U32_MAX_TEXT, "4294967296", method, args}
#define U64(method, args) {BARE, U64_MAX_TEXT, "18446744073709551616", method, args}
#define U64_TEXT(method, args) {QUOTED, U64_MAX_TEXT, "18446744073709551616", method, args}
#define U128(method, args)                                                                         \
    {QUOTED, U128_MAX_TEXT, "340282366920938463463374607431768211456", method, args}

#define ASK(rest) "{" SOURCE "," rest "}"
#define RESPONSE(used, rest) "{\"request_id\":0,\"response\":{\"success\":true," used "," rest "}}"
#define BOTH(used, rest)                                                                           \
    "{\"request_id\":0,\"output\":{\"Text\":\"x\"},\"success\":true," used rest "}"
#define METRICS(instructions, ms, compile)                                                         \
    "\"resources_used\":{\"instructions\":" instructions ",\"time_ms\":" ms                        \
    ",\"compile_time_ms\":" compile "}"
#define ONE_METHOD_EACH(X)                                                                         \
    X("cancel_stale_execution")                                                                    \
    X("emergency_cancel_execution")                                                                \
    X("get_request")                                                                               \
    X("get_request_context")                                                                       \
    X("get_pending_output") X("has_pending_output") X("on_execution_response")
#define BY_REQUEST(method) U64(method, "{\"request_id\":@}"),
#define CONDITION(c) "{" ATTACK_SECRET_ID ",\"new_access\":" c "}"
#define PRICE_OF(name) U128("set_pricing", "{\"" name "\":\"@\"}")
#define TRANSFER(msg) "{\"sender_id\":\"alice.test\",\"amount\":\"20000\",\"msg\":\"" msg "\"}"
#define OPERATIONS(price, share)                                                                   \
    "{\"project_id\":\"" APP "\",\"pricing\":{\"author_account_id\":\"a.test\",\"operations\":["   \
    "{\"operation\":\"op\",\"price_usd\":\"" price "\",\"developer_share_bp\":" share "}]}}"
#define PLAN(index, price)                                                                         \
    "{\"plans\":[{\"index\":" index ",\"name\":\"n\",\"price_usd\":\"" price "\",\"active\":true}" \
    "]}"
#define WRAPPED(nonce, amount)                                                                     \
    "{\"owner\":\"alice.test\",\"nonce\":" nonce ",\"token_id\":\"w.test\",\"amount\":\"" amount   \
    "\",\"swap_contract_id\":\"s.test\"}"

static const struct number numbers[] = {
    ONE_METHOD_EACH(BY_REQUEST)
        U64("request_execution", ASK("\"resource_limits\":{\"max_instructions\":@}")),
    U32("request_execution", ASK("\"resource_limits\":{\"max_memory_mb\":@}")),
    U64("request_execution", ASK("\"resource_limits\":{\"max_execution_seconds\":@}")),
    U128("request_execution", ASK(LIMITS ",\"params\":{\"attached_usd\":\"@\"}")),
    U64("estimate_execution_cost", "{\"resource_limits\":{\"max_instructions\":@}}"),
    U32("estimate_execution_cost", "{\"resource_limits\":{\"max_memory_mb\":@}}"),
    U64("estimate_execution_cost", "{\"resource_limits\":{\"max_execution_seconds\":@}}"),
    U64("resolve_execution", "{\"request_id\":@,\"response\":" DONE "}"),
    U64("resolve_execution", RESPONSE(METRICS("@", "1", "1"), "\"refund_usd\":1")),
    U64("resolve_execution", RESPONSE(METRICS("1", "@", "1"), "\"refund_usd\":1")),
    U64("resolve_execution", RESPONSE(METRICS("1", "1", "@"), "\"refund_usd\":1")),
    U64("resolve_execution", RESPONSE(METRICS("1", "1", "1"), "\"refund_usd\":@")),
    U8("resolve_execution", RESPONSE(METRICS("1", "1", "1"), "\"output\":{\"Bytes\":[0,@,9]}")),
    U64("submit_execution_output", "{\"request_id\":@,\"output\":{\"Text\":\"x\"}}"),
    U8("submit_execution_output", "{\"request_id\":0,\"output\":{\"Bytes\":[255,@]}}"),
    U64("submit_execution_output_and_resolve",
        "{\"request_id\":@,\"output\":{\"Text\":\"x\"},\"success\":true," USED "}"),
    U64("submit_execution_output_and_resolve", BOTH(METRICS("@", "1", "1"), "")),
    U64("submit_execution_output_and_resolve", BOTH(METRICS("1", "@", "1"), "")),
    U64("submit_execution_output_and_resolve", BOTH(METRICS("1", "1", "@"), "")),
    U64("submit_execution_output_and_resolve", BOTH(USED, ",\"refund_usd\":@")),
    U64("cancel_pending_requests", "{\"request_ids\":[0,@]}"),
    U64("cancel_pending_requests", "{\"request_ids\":[0,@,1]}"),
    U64("clear_all_pending_requests", "{\"limit\":@}"),
    U64("get_pending_request_ids", "{\"from_index\":@}"),
    U64("get_pending_request_ids", "{\"limit\":@}"),
    U64("list_versions", "{\"project_id\":\"" APP "\",\"from_index\":@}"),
    U64("list_versions", "{\"project_id\":\"" APP "\",\"limit\":@}"),
    U64("list_user_secrets", "{\"account_id\":\"alice.test\",\"from_index\":@}"),
    U64("list_user_secrets", "{\"account_id\":\"alice.test\",\"limit\":@}"),
    U64("get_priced_projects", "{\"from_index\":@}"),
    U64("get_priced_projects", "{\"limit\":@}"),
    U64("set_pending_bytes_cap", "{\"max_bytes\":@}"),
    U64("add_worker_key",
        "{\"public_key\":\"ed25519:11111111111111111111111111111111\",\"expires_ns\":@}"),
    PRICE_OF("base_fee"),
    PRICE_OF("per_million_instructions_fee"),
    PRICE_OF("per_ms_fee"),
    PRICE_OF("per_compile_ms_fee"),
    PRICE_OF("base_fee_usd"),
    PRICE_OF("per_million_instructions_fee_usd"),
    PRICE_OF("per_sec_fee_usd"),
    PRICE_OF("per_compile_ms_fee_usd"),
    U128("set_project_pricing", OPERATIONS("@", "1")),
    U16("set_project_pricing", OPERATIONS("1", "@")),
    U8("set_subscription_plans", PLAN("@", "1")),
    U128("set_subscription_plans", PLAN("1", "@")),
    U128("ft_on_transfer", "{\"sender_id\":\"alice.test\",\"amount\":\"@\",\"msg\":\"{\\\"action"
                           "\\\":\\\"top_up_payment_key\\\",\\\"nonce\\\":1}\"}"),
    U32("ft_on_transfer", TRANSFER("{\\\"action\\\":\\\"top_up_payment_key\\\",\\\"nonce\\\":@}")),
    U32("ft_on_transfer",
        TRANSFER("{\\\"action\\\":\\\"buy_subscription\\\",\\\"nonce\\\":@,\\\"plan\\\":2}")),
    U8("ft_on_transfer",
       TRANSFER("{\\\"action\\\":\\\"buy_subscription\\\",\\\"nonce\\\":1,\\\"plan\\\":@}")),
    U32("delete_payment_key", "{\"nonce\":@}"),
    U32("top_up_payment_key_with_near", "{\"nonce\":@,\"swap_contract_id\":\"s.test\"}"),
    U32("on_near_wrapped", WRAPPED("@", "1")),
    U128("on_near_wrapped", WRAPPED("1", "@")),
    U32("on_top_up_response", "{\"owner\":\"alice.test\",\"nonce\":@,\"amount\":\"1\"}"),
    U128("on_top_up_response", "{\"owner\":\"alice.test\",\"nonce\":1,\"amount\":\"@\"}"),
    U32("on_delete_payment_key_response", "{\"owner\":\"alice.test\",\"nonce\":@}"),
    U128("on_withdraw_developer_earnings", "{\"developer\":\"bob.test\",\"amount\":\"@\"}"),
    U128("update_access", CONDITION("{\"NearBalance\":{\"operator\":\"Gte\",\"value\":\"@\"}}")),
    U128("update_access", CONDITION("{\"FtBalance\":{\"contract\":\"t.test\",\"operator\":\"Gte\","
                                    "\"value\":\"@\"}}")),
    U64_TEXT("update_access", CONDITION("{\"ValidUntil\":{\"until_ns\":\"@\"}}")),
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* with puts `text` where the number stands. */
static const char *with(const struct number *n, const char *text)
{
    const char *at = strchr(n->args, '@');

    assert_non_null(at);
    return fmt("%.*s%s%s", (int)(at - n->args), n->args, text, at + 1);
}

/* parses: the call got past its arguments, whatever it says then. */
static bool parses(const struct number *n, const char *text)
{
    const struct method *m = method_of(n->method);
    const char *args = with(n, text);
    bool done_well;

    as(strcmp(n->method, "ft_on_transfer") == 0 ? TOKEN : "compute.test");
    if (m->kind == NEAR_PRIVATE)
        done_well = fake_callback(m->entry, alc_cstr(args), (struct alc_bytes){NULL, 0});
    else
        done_well = call(n->method, alc_cstr(args));
    return done_well ||
           strstr((const char *)fake_panic().p, "Failed to deserialize input from JSON") == NULL;
}

static void must(bool parse, const struct number *n, const char *text)
{
    if (parses(n, text) != parse)
        fail_msg("%s %s %s: %s", n->method, with(n, text), parse ? "is refused" : "is taken",
                 (const char *)fake_panic().p);
}

static void bare(const struct number *n)
{
    static const char *const good[] = {"0", "1"};
    static const char *const bad[] = {
        "",
        "-1",
        "-0",
        "1.0",
        "1.5",
        "0.0",
        "1e9",
        "1E0",
        "1e-1",
        "01",
        "00",
        "+5",
        "0x1",
        "1_0",
        "1 1",
        "true",
        "[1]",
        "{}",
        "NaN",
        "Infinity",
        "1e999",
        ".5",
        "1.",
        "--1",
        "\xd9\xa1",
        "1\xef\xbc\x91",
        "99999999999999999999999999999999999999999999999999999999999999999999999999999999999999999",
        "340282366920938463463374607431768211456",
        "-9223372036854775808"};
    /* Inside a message quotes are escaped. */
    const char *quoted = strstr(n->args, "\\\"nonce") != NULL ? "\\\"5\\\"" : "\"5\"";

    for (size_t i = 0; i < COUNT(good); i++)
        must(true, n, good[i]);
    must(true, n, n->max);
    must(true, n, " 1 ");
    for (size_t i = 0; i < COUNT(bad); i++)
        must(false, n, bad[i]);
    must(false, n, n->over);
    must(false, n, quoted);
}

static void quoted(const struct number *n)
{
    static const char *const good[] = {
        "0", "1", "+1", "007", "+000", "0000000000000000000000000000000000000000000000000001"};
    static const char *const bad[] = {
        "",
        "-1",
        "-0",
        "1.0",
        "1e9",
        "+",
        "-",
        "+-1",
        "++1",
        " 1",
        "1 ",
        "0x1",
        "1_0",
        "1,0",
        "\\u0000",
        "\xd9\xa1",
        "1\\n",
        "NaN",
        "1a",
        "null",
        "99999999999999999999999999999999999999999999999999999999999999999999999999999999999999999",
        "340282366920938463463374607431768211460",
        "+340282366920938463463374607431768211456",
        "\\\""};
    struct number unquoted = *n;
    static char text[2048];
    const char *at = strchr(n->args, '@');

    for (size_t i = 0; i < COUNT(good); i++)
        must(true, n, good[i]);
    must(true, n, n->max);
    must(true, n, fmt("+00%s", n->max));
    for (size_t i = 0; i < COUNT(bad); i++)
        must(false, n, bad[i]);
    must(false, n, n->over);
    must(false, n, fmt("0%s", n->over));
    /* A JSON number is none. */
    snprintf(text, sizeof text, "%.*s@%s", (int)(at - n->args - 1), n->args, at + 2);
    unquoted.args = text;
    must(false, &unquoted, "5");
    must(false, &unquoted, "0");
    must(false, &unquoted, "true");
    must(true, &unquoted, "\"5\"");
}

static void numbers_have_one_form_and_a_range(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++)
        if (numbers[i].form == BARE)
            bare(&numbers[i]);
        else
            quoted(&numbers[i]);
}

/* An answer in the reference's own JSON is understood in the callback, by the same rules. */
static void numbers_of_an_answer_keep_to_the_same_rules(void **state)
{
    static const char *const places[] = {"\"instructions\":@,\"time_ms\":1",
                                         "\"instructions\":1,\"time_ms\":@",
                                         "\"instructions\":1,\"time_ms\":1,\"compile_time_ms\":@"};
    static const char *const bad[] = {
        "-1", "1.0", "1e9", "\"5\"", "05", "+5", "", "true", "18446744073709551616", "1e999"};

    (void)state;
    for (size_t i = 0; i < COUNT(places); i++) {
        const char *at = strchr(places[i], '@');

        for (size_t k = 0; k <= COUNT(bad); k++) {
            char answer[256];

            snprintf(
                answer, sizeof answer,
                "{\"success\":true,\"output\":null,\"error\":null,\"resources_used\":{%.*s%s%s},"
                "\"compilation_note\":null,\"refund_usd\":null}",
                (int)(at - places[i]), places[i], k < COUNT(bad) ? bad[k] : U64_MAX_TEXT, at + 1);
            if (k == 0) ask_project(20000, OP_INPUT);
            if (k == COUNT(bad)) {
                assert_true(fake_callback(near_entry_on_execution_response,
                                          alc_cstr(last.request_data), alc_cstr(answer)));
                continue;
            }
            if (fake_callback(near_entry_on_execution_response, alc_cstr(last.request_data),
                              alc_cstr(answer)))
                fail_msg("%s was taken", answer);
            /* The request stays, for its sender to take back. */
            ok("get_request", fmt("{\"request_id\":%zu}", i));
            assert_string_not_equal((const char *)fake_returned().p, "null");
        }
    }
}

/* ---- What the largest ones do ---- */

/* Prices of 2^128-1 for an estimate that would have to be larger: it stops, and does not wrap to a
 * price that is affordable. */
static void amounts_stop_at_their_end(void **state)
{
    static const char *const fees[] = {"per_million_instructions_fee", "per_ms_fee"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        as("owner.test");
        ok("set_pricing", "{\"base_fee\":\"0\",\"per_million_instructions_fee\":\"0\","
                          "\"per_ms_fee\":\"0\"}");
        ok("set_pricing", fmt("{\"%s\":\"" U128_MAX_TEXT "\"}", fees[i]));
        panics("overflow", "estimate_execution_cost", "{}");
        as("bob.test");
        paying_panics(~(near_u128)0, "overflow", "request_execution", "{" SOURCE "," LIMITS "}");
    }
    as("owner.test");
    ok("set_pricing", "{\"base_fee\":\"" U128_MAX_TEXT "\",\"per_million_instructions_fee\":\"0\","
                      "\"per_ms_fee\":\"0\"}");
    returns("\"" U128_MAX_TEXT "\"", "estimate_execution_cost", "{}");
    as("bob.test");
    paying_panics(~(near_u128)0 - 1, "Insufficient payment", "request_execution",
                  "{" SOURCE "," LIMITS "}");
    paying(~(near_u128)0, "request_execution", "{" SOURCE "," LIMITS "}");
}

/* seconds * 1000 must not wrap: 2^64/1000 seconds and a bit are 616 ms. */
static void a_wrapped_limit_is_not_cheap(void **state)
{
    (void)state;
    panics("overflow", "estimate_execution_cost",
           "{\"resource_limits\":{\"max_execution_seconds\":18446744073709552}}");
    ok("estimate_execution_cost",
       "{\"resource_limits\":{\"max_execution_seconds\":18446744073709551}}");
    as("bob.test");
    paying_panics(1000 * MILLI, "over the limit", "request_execution",
                  "{" SOURCE ",\"resource_limits\":{\"max_execution_seconds\":18446744073709552}}");
    paying_panics(1000 * MILLI, "over the limit", "request_execution",
                  "{" SOURCE ",\"resource_limits\":{\"max_instructions\":500000000001}}");
    paying_panics(1000 * MILLI, "over the limit", "request_execution",
                  "{" SOURCE ",\"resource_limits\":{\"max_execution_seconds\":181}}");
    paying(1000 * MILLI, "request_execution",
           "{" SOURCE ",\"resource_limits\":{\"max_instructions\":500000000000,\"max_memory_mb\":"
           "4294967295,\"max_execution_seconds\":180}}");
}

/* A worker that reports the largest metrics takes the payment, no more, and nothing wraps. */
static void vast_metrics_take_the_payment_and_no_more(void **state)
{
    (void)state;
    ask("");
    answer(0, "{\"success\":true,\"resources_used\":{\"instructions\":" U64_MAX_TEXT
              ",\"time_ms\":" U64_MAX_TEXT ",\"compile_time_ms\":" U64_MAX_TEXT
              "},\"refund_usd\":" U64_MAX_TEXT "}");
    assert_int_equal(fake_receipts(), 0);
    /* 10^21 + 18446744073709 * 10^14 + 2 * (2^64-1) * 10^17 */
    returns("[1,\"3689348816586585730370900000000000000\"]", "get_stats", "");
}

static void stablecoin_never_wraps(void **state)
{
    (void)state;
    set_usd(PURSE_USER, "bob.test", ~(near_u128)0);
    transfer_panics("overflow", "bob.test", "1", "{\"action\":\"deposit_balance\"}");
    transfer("bob.test", "0", "{\"action\":\"deposit_balance\"}");
    assert_true(usd_whole(PURSE_USER, "bob.test") == ~(near_u128)0);
    /* refund_usd is bounded by what was attached. */
    ask_project(20000, OP_INPUT);
    answer(0, "{\"success\":true,\"output\":{\"Text\":\"\"}," USED ",\"refund_usd\":" U64_MAX_TEXT
              "}");
    assert_int_equal(usd(PURSE_USER, "alice.test"), 1000000);
    assert_int_equal(usd(PURSE_EARNINGS, "alice.test"), 1000000);
    assert_int_equal(usd(PURSE_EARNINGS, "author.test"), 0);
}

/* A page that begins at the last number there is, or is as long: no sum of the two wraps. */
static void pages_at_the_ends_are_empty_or_whole(void **state)
{
    static const struct {
        const char *method, *before, *whole;
    } lists[] = {
        {"get_priced_projects", "", "[\"alice.test/app\"]"},
        {"get_pending_request_ids", "", "[0,1]"},
        {"list_versions", "\"project_id\":\"" APP "\",", NULL},
        {"list_user_secrets", "\"account_id\":\"alice.test\",", NULL},
    };
    (void)state;
    ask_project(20000, OP_INPUT);
    ask_project(20000, OP_INPUT);
    for (size_t i = 0; i < COUNT(lists); i++) {
        char *whole;

        returns("[]", lists[i].method, fmt("{%s\"from_index\":" U64_MAX_TEXT "}", lists[i].before));
        returns(
            "[]", lists[i].method,
            fmt("{%s\"from_index\":" U64_MAX_TEXT ",\"limit\":" U64_MAX_TEXT "}", lists[i].before));
        returns("[]", lists[i].method,
                fmt("{%s\"from_index\":4294967296}", lists[i].before)); /* no 32 bits are cut off */
        returns("[]", lists[i].method, fmt("{%s\"from_index\":2}", lists[i].before));
        ok(lists[i].method, fmt("{%s\"from_index\":0}", lists[i].before));
        whole = strdup((const char *)fake_returned().p);
        if (lists[i].whole != NULL) assert_string_equal(whole, lists[i].whole);
        assert_string_not_equal(whole, "[]");
        returns(whole, lists[i].method, fmt("{%s\"limit\":" U64_MAX_TEXT "}", lists[i].before));
        returns(whole, lists[i].method,
                fmt("{%s\"from_index\":0,\"limit\":4294967296}", lists[i].before));
        ok(lists[i].method,
           fmt("{%s\"from_index\":1,\"limit\":" U64_MAX_TEXT "}", lists[i].before));
        assert_true(fake_returned().n < strlen(whole));
        free(whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ATTACK(numbers_have_one_form_and_a_range),
        ATTACK(numbers_of_an_answer_keep_to_the_same_rules),
        ATTACK(amounts_stop_at_their_end),
        ATTACK(a_wrapped_limit_is_not_cheap),
        ATTACK(vast_metrics_take_the_payment_and_no_more),
        ATTACK(stablecoin_never_wraps),
        ATTACK(pages_at_the_ends_are_empty_or_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
