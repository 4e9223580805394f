/* tests/contract/test_compute_setup.c — setting the main contract up, money, cancelling. */
#include "tests/contract/compute_calls.h"

/* ---- Setting up ---- */

/* But contract_source_metadata, which knows of no state. */
static void nothing_works_before_new(void **state)
{
    (void)state;
    fake_reset();
    for (size_t i = 0; methods[i].name != NULL; i++) {
        const char *args = "{\"request_id\":0,\"owner_id\":\"a.b\",\"new_owner_id\":\"a.b\","
                           "\"new_operator_id\":\"a.b\",\"paused\":true,\"max_bytes\":1,"
                           "\"request_ids\":[],\"measurements\":[],\"register_id\":\"a.b\","
                           "\"report_data\":\"\",\"measurement\":\"" CODE_HASH "\","
                           "\"simulated\":true,\"turn\":0,\"leans\":true,\"mine\":true,"
                           "\"name\":\"a\",\"project_name\":\"a\",\"version_key\":\"a\","
                           "\"set_active\":true,\"new_owner\":\"a.b\",\"from\":\"a.b\","
                           "\"project_id\":\"a.b/a\",\"project_uuid\":\"\",\"account_id\":\"a.b\","
                           "\"pricing\":{\"author_account_id\":\"a.b\",\"operations\":[]},"
                           "\"payload\":\"\"," SOURCE ",\"response\":{\"success\":true," USED "},"
                           "\"output\":{\"Text\":\"\"},\"success\":true," USED ","
                           "\"sender_id\":\"a.b\",\"amount\":\"1\",\"msg\":\"\",\"nonce\":1,"
                           "\"owner\":\"a.b\",\"data_id\":\"\",\"result\":{\"Error\":{"
                           "\"message\":\"\"}},\"swap_contract_id\":\"a.b\",\"token_id\":"
                           "\"a.b\",\"developer\":\"a.b\",\"plans\":[],"
                           "\"accessor\":{\"System\":\"PaymentKey\"},\"profile\":\"1\","
                           "\"encrypted_secrets_base64\":\"A\",\"access\":\"AllowAll\","
                           "\"new_access\":\"AllowAll\",\"agent_pubkey\":\"\","
                           "\"wallet_signature\":\"\",\"_repo\":\"\","
                           "\"wallet_pubkey\":\"\",\"encrypted_data\":\"\","
                           "\"item\":{\"WalletPolicy\":{\"wallet_pubkey\":\"\"}},"
                           "\"storage_refund_to\":\"a.b\","
                           "\"public_key\":\"ed25519:11111111111111111111111111111111\"}";
        if (strcmp(methods[i].name, "new") == 0 ||
            strcmp(methods[i].name, "contract_source_metadata") == 0)
            continue;
        if (methods[i].kind == NEAR_PRIVATE) {
            assert_false(fake_callback(methods[i].entry, alc_cstr(args), (struct alc_bytes){0}));
            assert_string_equal((const char *)fake_panic().p, "The contract is not initialized");
            continue;
        }
        panics("The contract is not initialized", methods[i].name, args);
    }
}

static void new_works_once_and_fills_in_defaults(void **state)
{
    (void)state;
    panics("The contract has already been initialized", "new", "{\"owner_id\":\"x.test\"}");
    fake_reset();
    ok("new", "{\"owner_id\":\"me.test\",\"operator_id\":null}");
    returns("[\"me.test\",\"me.test\"]", "get_config", "");
    returns("[\"near-outlayer\",\"1.0.0\"]", "get_event_metadata", "");
    returns("[\"1000000000000000000000\",\"100000000000000\",\"100000000000000000\","
            "\"100000000000000000\"]",
            "get_pricing", "");
    returns("{\"base_fee\":\"1000000000000000000000\",\"per_million_instructions_fee\":"
            "\"100000000000000\",\"per_ms_fee\":\"100000000000000000\",\"per_compile_ms_fee\":"
            "\"100000000000000000\",\"base_fee_usd\":\"1000\",\"per_million_instructions_fee_usd\":"
            "\"1\",\"per_sec_fee_usd\":\"1\",\"per_compile_ms_fee_usd\":\"10\"}",
            "get_pricing_full", "");
    returns("[0,\"0\"]", "get_stats", "");
    returns("[500000000000,180,300]", "get_max_limits", "");
    returns("false", "is_paused", "");
    returns("\"11\"", "get_storage_version", "");
    returns("{\"version\":\"" ALC_VERSION "\",\"link\":null,\"standards\":[{\"standard\":"
            "\"nep330\",\"version\":\"1.2.0\"}],\"build_info\":null}",
            "contract_source_metadata", "");
    returns("[0,8388608]", "get_pending_bytes", "");
    returns("[]", "get_worker_keys", "");
    returns("[]", "get_pending_request_ids", "{}");
    returns("null", "get_request", "{\"request_id\":0}");
    returns("null", "get_request_context", "{\"request_id\":0}");
    returns("null", "get_pending_output", "{\"request_id\":0}");
    returns("false", "has_pending_output", "{\"request_id\":0}");
}

static void a_deposit_is_refused_where_none_belongs(void **state)
{
    (void)state;
    fake_env.deposit = 1;
    for (size_t i = 0; methods[i].name != NULL; i++) {
        if (methods[i].kind != NEAR_CALL) continue;
        panics(fmt("Method %s doesn't accept deposit", methods[i].name), methods[i].name, "");
    }
    fake_env.deposit = 0;
}

static void the_callbacks_are_private(void **state)
{
    (void)state;
    as("op.test");
    panics("Method on_execution_response is private", "on_execution_response", "");
    panics("Method on_quote_verified is private", "on_quote_verified", "");
}

static void only_the_owner_changes_settings(void **state)
{
    static const char *const calls[][2] = {
        {"set_owner", "{\"new_owner_id\":\"eve.test\"}"},
        {"set_operator", "{\"new_operator_id\":\"eve.test\"}"},
        {"set_paused", "{\"paused\":true}"},
        {"set_pricing", "{}"},
        {"set_event_metadata", "{}"},
        {"set_pending_bytes_cap", "{\"max_bytes\":1}"},
        {"emergency_cancel_execution", "{\"request_id\":0}"},
        {"cancel_pending_requests", "{\"request_ids\":[0]}"},
        {"clear_all_pending_requests", "{}"},
        {"add_worker_key", "{\"public_key\":\"11111111111111111111111111111111\"}"},
        {"remove_worker_key", "{\"public_key\":\"11111111111111111111111111111111\"}"},
        {"retain_worker_keys", "{\"measurements\":[]}"},
        {"set_register", "{\"register_id\":\"eve.test\"}"},
    };
    (void)state;
    ask("");
    as("eve.test");
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        panics("Only owner can call this method", calls[i][0], calls[i][1]);
}

static void settings_are_kept(void **state)
{
    (void)state;
    ok("set_pricing", "{\"base_fee\":\"+007\",\"per_sec_fee_usd\":\"340282366920938463463374607431"
                      "768211455\",\"per_ms_fee\":null}");
    returns("[\"7\",\"100000000000000\",\"100000000000000000\",\"100000000000000000\"]",
            "get_pricing", "");
    ok("set_event_metadata", "{\"standard\":\"quo\\\"te\"}");
    returns("[\"quo\\\"te\",\"1.0.0\"]", "get_event_metadata", "");
    panics("at most 64 bytes", "set_event_metadata", fmt("{\"version\":\"%065d\"}", 0));
    ok("set_paused", "{\"paused\":true}");
    returns("true", "is_paused", "");
    panics("Contract is paused", "request_execution",
           "{\"source\":{\"Project\":{\"project_id\":\"x\"}}}");
    ok("set_operator", "{\"new_operator_id\":\"op2.test\"}");
    ok("set_owner", "{\"new_owner_id\":\"heir.test\"}");
    returns("[\"heir.test\",\"op2.test\"]", "get_config", "");
    panics("Only owner can call this method", "set_paused", "{\"paused\":false}");
}

/* ---- Money ---- */

static void estimates_are_the_published_ones(void **state)
{
    (void)state;
    returns("\"7000100000000000000000\"", "estimate_execution_cost", "{}");
    returns("\"7000100000000000000000\"", "estimate_execution_cost",
            "{\"resource_limits\":{\"max_instructions\":null}}");
    returns("\"1000000000000000000000\"", "estimate_execution_cost",
            "{\"resource_limits\":{\"max_instructions\":999999,\"max_execution_seconds\":0}}");
    ok("set_pricing", "{\"per_ms_fee\":\"340282366920938463463374607431768211455\"}");
    panics("amount overflow", "estimate_execution_cost", "{}");
}

static void a_success_costs_what_was_used(void **state)
{
    (void)state;
    ask(",\"payer_account_id\":\"payer.test\"");
    as("op.test");
    ok("resolve_execution",
       "{\"request_id\":0,\"response\":{\"success\":true,\"output\":{\"Text\":\"ok\"}," USED "}}");
    log_is(0, "5500000 instructions, 120 ms");
    log_is(1, "[[yNEAR charged: \"1012000500000000000000\"]]");
    wake();
    refunds("payer.test", 100 * MILLI - (near_u128)10120005 * 100000000000000);
    log_is(0, "[[yNEAR charged: \"1012000500000000000000\"]]");
    log_is(1, "EVENT_JSON:{\"standard\":\"near-outlayer\",\"version\":\"1.0.0\",\"event\":"
              "\"execution_completed\",\"data\":[{\"sender_id\":\"alice.test\",\"code_source\":"
              "{\"WasmUrl\":{\"url\":\"https://example.org/g.wasm\",\"hash\":\"" CODE_HASH
              "\",\"build_target\":null}},\"resources_used\":{\"instructions\":5500000,"
              "\"time_ms\":120,\"compile_time_ms\":null},\"success\":true,\"error_message\":null,"
              "\"payment_charged\":\"1012000500000000000000\",\"payment_refunded\":"
              "\"98987999500000000000000\",\"compilation_note\":null,\"timestamp\":"
              "1700000000000000000}]}");
    result_is("\"ok\"");
    returns("[1,\"1012000500000000000000\"]", "get_stats", "");
    returns("[0,8388608]", "get_pending_bytes", "");
}

static void compiling_is_charged_and_a_shortfall_is_not_collected(void **state)
{
    (void)state;
    ask("");
    as("op.test");
    ok("resolve_execution",
       "{\"request_id\":0,\"response\":{\"success\":true,\"resources_used\":{\"instructions\":"
       "999999,"
       "\"time_ms\":1,\"compile_time_ms\":2000},\"compilation_note\":\"built\\n\"}}");
    log_is(1, "[[yNEAR charged: \"1200100000000000000000\"]]");
    wake();
    assert_non_null(strstr((const char *)fake_log(1).p, "\"compile_time_ms\":2000"));
    assert_non_null(strstr((const char *)fake_log(1).p, "\"compilation_note\":\"built\\n\""));
    result_is("null");

    ask("");
    answer(1, "{\"success\":true,\"resources_used\":{\"instructions\":0,\"time_ms\":2000000}}");
    assert_int_equal(fake_receipts(), 0);
    log_is(0, "[[yNEAR charged: \"201000000000000000000000\"]]");
    assert_non_null(strstr((const char *)fake_log(1).p, "\"payment_refunded\":\"0\""));
}

static void a_failure_costs_the_base_fee(void **state)
{
    (void)state;
    ask("");
    as("op.test");
    ok("resolve_execution",
       "{\"request_id\":0,\"response\":{\"success\":false,\"output\":{\"Text\":"
       "\"never\"},\"error\":\"it \\\"broke\\\"\"," USED "}}");
    log_is(1, "[[yNEAR charged: \"1012000500000000000000\"]]"); /* metered, even so */
    wake();
    refunds("alice.test", 99 * MILLI);
    log_is(0, "[[yNEAR charged: \"1000000000000000000000\"]]");
    assert_non_null(strstr((const char *)fake_log(1).p, "\"success\":false,\"error_message\":"
                                                        "\"it \\\"broke\\\"\""));
    result_is("null");

    ask("");
    answer(1, "{\"success\":false," USED "}");
    assert_non_null(strstr((const char *)fake_log(1).p, "\"error_message\":\"Unknown error\""));
}

static void a_timeout_costs_the_base_fee_without_an_event(void **state)
{
    (void)state;
    ask("");
    assert_true(fake_callback(near_entry_on_execution_response, alc_cstr(last.request_data),
                              (struct alc_bytes){NULL, 0}));
    refunds("alice.test", 99 * MILLI);
    assert_int_equal(fake_logs(), 2);
    log_is(0, "[[yNEAR charged: \"1000000000000000000000\"]]");
    log_is(1, "Request 0 timed out");
    result_is("null");
    returns("[1,\"1000000000000000000000\"]", "get_stats", "");
}

static void a_base_fee_raised_meanwhile_takes_no_more_than_was_paid(void **state)
{
    (void)state;
    ask("");
    as("owner.test");
    ok("set_pricing", "{\"base_fee\":\"900000000000000000000000\"}");
    answer(0, "{\"success\":false," USED "}");
    assert_int_equal(fake_receipts(), 0);
}

static void too_little_money_is_refused(void **state)
{
    (void)state;
    fake_env.deposit = (near_u128)70001 * 100000000000000000 - 1;
    panics("Insufficient payment: 7000100000000000000000 yoctoNEAR needed, "
           "7000099999999999999999 attached",
           "request_execution", "{" SOURCE "," LIMITS "}");
    fake_env.deposit++;
    ok("request_execution", "{" SOURCE "," LIMITS "}");
    fake_env.deposit = MILLI - 1; /* compile-only: the base fee */
    panics("Insufficient payment", "request_execution", "{" SOURCE "}");
    fake_env.deposit++;
    ok("request_execution", "{" SOURCE "}");
    fake_env.deposit = 0;
}

/* ---- Cancelling ---- */

static void a_stale_request_is_cancelled_by_who_sent_it(void **state)
{
    uint64_t sent;
    (void)state;
    fake_env.deposit = 100 * MILLI;
    fake_env.signer = "human.test";
    fake_env.predecessor = "proxy.test";
    sent = fake_env.time_ns;
    ok("request_execution", "{" SOURCE "," LIMITS ",\"payer_account_id\":\"human.test\"}");
    fake_env.deposit = 0;
    fake_env.time_ns = sent + STALE_AFTER_NS;
    as("human.test");
    panics("Only the account that sent the request", "cancel_stale_execution",
           "{\"request_id\":0}");
    as("proxy.test");
    panics("not yet stale", "cancel_stale_execution", "{\"request_id\":0}");
    fake_env.time_ns++;
    ok("cancel_stale_execution", "{\"request_id\":0}");
    refunds("human.test", 100 * MILLI);
    assert_int_equal(fake_logs(), 0);
    panics("Execution request not found", "cancel_stale_execution", "{\"request_id\":0}");
    returns("[0,\"0\"]", "get_stats", "");
}

static void the_owner_cancels_many_and_unknown_ones_are_skipped(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++)
        ask("");
    returns("[0,1,2,3,4,5]", "get_pending_request_ids", "{}");
    returns("[2,3]", "get_pending_request_ids", "{\"from_index\":2,\"limit\":2}");
    returns("[]", "get_pending_request_ids", "{\"limit\":0}");
    as("owner.test");
    returns("2", "cancel_pending_requests", "{\"request_ids\":[4,99,1,4]}");
    assert_int_equal(fake_receipts(), 2);
    returns("[0,2,3,5]", "get_pending_request_ids", "{}");
    returns("1", "clear_all_pending_requests", "{\"limit\":1}");
    returns("[2,3,5]", "get_pending_request_ids", "{}");
    returns("3", "clear_all_pending_requests", "{}");
    returns("0", "clear_all_pending_requests", "{}");
    returns("[]", "get_pending_request_ids", "{}");
    panics("Execution request not found", "emergency_cancel_execution", "{\"request_id\":2}");
    ask("");
    returns("[6]", "get_pending_request_ids", "{}");
}

/* ids is the list of the numbers below `end`. */
static const char *ids(unsigned end)
{
    static char text[1024];
    size_t n = 0;

    for (unsigned i = 0; i < end; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%u", i == 0 ? "[" : ",", i);
    assert_in_range(snprintf(text + n, sizeof text - n, "]"), 1, sizeof text - n - 1);
    return text;
}

static void a_hundred_requests_are_shown_or_cleared_unless_told_otherwise(void **state)
{
    (void)state;
    for (int i = 0; i < 102; i++)
        ask("");
    returns(ids(100), "get_pending_request_ids", "{}");
    returns(ids(100), "get_pending_request_ids", "{\"limit\":null}");
    returns("[100,101]", "get_pending_request_ids", "{\"from_index\":100}");
    returns(ids(102), "get_pending_request_ids", "{\"limit\":18446744073709551615}");
    as("owner.test");
    returns("100", "clear_all_pending_requests", "{}");
    assert_int_equal(fake_receipts(), 100);
    returns("[100,101]", "get_pending_request_ids", "{}");
    returns("2", "clear_all_pending_requests", "{}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_works_before_new),
        TEST(new_works_once_and_fills_in_defaults),
        TEST(a_deposit_is_refused_where_none_belongs),
        TEST(the_callbacks_are_private),
        TEST(only_the_owner_changes_settings),
        TEST(settings_are_kept),
        TEST(estimates_are_the_published_ones),
        TEST(a_success_costs_what_was_used),
        TEST(compiling_is_charged_and_a_shortfall_is_not_collected),
        TEST(a_failure_costs_the_base_fee),
        TEST(a_timeout_costs_the_base_fee_without_an_event),
        TEST(a_base_fee_raised_meanwhile_takes_no_more_than_was_paid),
        TEST(too_little_money_is_refused),
        TEST(a_stale_request_is_cancelled_by_who_sent_it),
        TEST(the_owner_cancels_many_and_unknown_ones_are_skipped),
        TEST(a_hundred_requests_are_shown_or_cleared_unless_told_otherwise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
