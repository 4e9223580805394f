/* tests/contract/test_compute_shapes.c — the interface as text: its methods and what may be sent
 * with them, events and records whole, and what is returned where nothing is. */
#include "tests/contract/attack.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define EVENT(name)                                                                                \
    "EVENT_JSON:{\"standard\":\"near-outlayer\",\"version\":\"1.0.0\",\"event\":\"" name           \
    "\",\"data\":[{"
#define GIT_FULL                                                                                   \
    "{\"GitHub\":{\"repo\":\"https://github.com/o/r\",\"commit\":\"main\",\"build_target\":"       \
    "\"wasm32-wasip2\"}}"
#define DATA_ID                                                                                    \
    "[7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,"  \
    "38]"

/* ---- Methods ---- */

/* Those of the interface, and which of them take money. */
static void every_method_is_there_and_as_payable_as_said(void **state)
{
    static const struct {
        enum near_kind kind;
        const char *names;
    } interface[] = {
        {NEAR_PAYABLE,
         " request_execution store_secrets store_agent_secret update_access create_project "
         "add_version accept_project_transfer delete_payment_key withdraw_developer_earnings "
         "top_up_payment_key_with_near top_up_payment_key_with_token store_wallet_policy "},
        {NEAR_CALL,
         " new resolve_execution submit_execution_output submit_execution_output_and_resolve "
         "cancel_stale_execution emergency_cancel_execution cancel_pending_requests "
         "clear_all_pending_requests ft_on_transfer resume_topup resume_delete_payment_key "
         "set_owner set_operator set_paused set_pricing set_payment_token_contract "
         "set_event_metadata set_subscription_plans set_project_pricing remove_project_pricing "
         "set_active_version remove_version delete_project transfer_project "
         "revoke_project_transfer delete_secrets delete_agent_secret unbind_secret_vault "
         "set_storage_refund_to freeze_wallet unfreeze_wallet delete_wallet_policy "},
        {NEAR_PRIVATE,
         " migrate on_execution_response on_top_up_response on_delete_payment_key_response "
         "on_withdraw_developer_earnings "},
        {NEAR_VIEW,
         " get_request get_pending_output has_pending_output get_pending_request_ids get_stats "
         "get_pricing get_pricing_full get_payment_token_contract estimate_execution_cost "
         "get_max_limits is_paused get_config get_event_metadata get_developer_earnings "
         "get_user_stablecoin_balance get_next_payment_key_nonce get_payment_key_nonce_floor "
         "get_subscription_plans get_project_pricing get_project_max_price get_priced_projects "
         "get_priced_project_count get_storage_version get_project list_user_projects get_version "
         "list_versions get_version_count has_project_uuid get_project_transfer_acceptance "
         "estimate_transfer_acceptance_cost estimate_storage_cost get_secrets get_secret_vault "
         "get_secret_with_vault secrets_exist list_user_secrets list_profiles has_wallet_policy "
         "get_wallet_policy get_wallet_policies_by_owner estimate_wallet_policy_cost "
         "contract_source_metadata "},
        /* what is beyond it */
        {NEAR_CALL,
         " set_pending_bytes_cap add_worker_key remove_worker_key retain_worker_keys set_register "
         "set_near_top_up "},
        {NEAR_PRIVATE, " on_quote_verified on_near_wrapped "},
        {NEAR_VIEW,
         " get_worker_keys get_worker_key get_request_context get_pending_bytes get_register "
         "get_near_top_up "},
    };
    size_t named = 0, there = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(interface); i++) {
        for (const char *p = interface[i].names; (p = strchr(p + 1, ' ')) != NULL;)
            named++;
        for (size_t k = 0; methods[k].name != NULL; k++)
            if (strstr(interface[i].names, fmt(" %s ", methods[k].name)) != NULL) {
                assert_int_equal(methods[k].kind, interface[i].kind);
                there++;
            }
    }
    assert_int_equal(named, there);
    for (size_t k = 0; methods[k].name != NULL; k++)
        there--;
    assert_int_equal(there, 0);
}

/* ---- Requests and answers ---- */

static void a_request_is_announced_in_one_line(void **state)
{
    (void)state;
    as("alice.test");
    paying(MILLI * 100, "request_execution",
           "{\"source\":" GIT_FULL "," LIMITS ",\"input_data\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u001f"
           "\x7f\",\"response_format\":\"Bytes\",\"params\":{\"force_rebuild\":true,"
           "\"store_on_fastfs\":true}}");
    assert_int_equal(fake_logs(), 1);
    log_is(
        0,
        EVENT("execution_requested") "\"request_data\":\"{\\\"request_id\\\":0,"
                                     "\\\"sender_id\\\":\\\"alice.test\\\",\\\"predecessor_id\\\":"
                                     "\\\"alice.test\\\","
                                     "\\\"code_source\\\":{\\\"GitHub\\\":{\\\"repo\\\":\\\"https:/"
                                     "/github.com/o/r\\\","
                                     "\\\"commit\\\":\\\"main\\\",\\\"build_target\\\":\\\"wasm32-"
                                     "wasip2\\\"}},"
                                     "\\\"resource_limits\\\":{\\\"max_instructions\\\":1000000000,"
                                     "\\\"max_memory_mb\\\":128,"
                                     "\\\"max_execution_seconds\\\":60},\\\"input_data\\\":"
                                     "\\\"\\\\\\\"\\\\\\\\/"
                                     "\\\\b\\\\f\\\\n\\\\r\\\\t\\\\u001f\x7f\\\","
                                     "\\\"input_data_in_state\\\":false,\\\"secrets_ref\\\":null,"
                                     "\\\"response_format\\\":\\\"Bytes\\\",\\\"payment\\\":"
                                     "\\\"100000000000000000000000\\\","
                                     "\\\"attached_usd\\\":\\\"0\\\",\\\"timestamp\\\":"
                                     "1700000000000000000,"
                                     "\\\"compile_only\\\":false,\\\"force_rebuild\\\":true,"
                                     "\\\"store_on_fastfs\\\":true,"
                                     "\\\"use_bound_identity\\\":false,\\\"project_uuid\\\":null,"
                                     "\\\"project_id\\\":null}\","
                                     "\"data_id\":" DATA_ID
                                     ",\"timestamp\":1700000000000000000}]}");
    keep_yield();
    as("op.test");
    ok("resolve_execution",
       "{\"request_id\":0,\"response\":{\"success\":false,\"output\":null,\"error\":\"no "
       "\\\"x\\\"\","
       "\"resources_used\":{\"instructions\":1,\"time_ms\":2,\"compile_time_ms\":3},"
       "\"compilation_note\":\"a\\nb\",\"refund_usd\":null}}");
    log_is(1, "[[yNEAR charged: \"1000500000000000000000\"]]");
    wake();
    log_is(0, "[[yNEAR charged: \"1000000000000000000000\"]]");
    log_is(1, EVENT("execution_completed") "\"sender_id\":\"alice.test\",\"code_source\":" GIT_FULL
                                           ",\"resources_used\":{\"instructions\":1,\"time_ms\":2,"
                                           "\"compile_time_ms\":3},"
                                           "\"success\":false,\"error_message\":\"no \\\"x\\\"\","
                                           "\"payment_charged\":\"1000000000000000000000\","
                                           "\"payment_refunded\":\"99000000000000000000000\","
                                           "\"compilation_note\":\"a\\nb\","
                                           "\"timestamp\":1700000000000000000}]}");
    result_is("null");
}

static void a_record_is_shown_whole(void **state)
{
    static const struct {
        const char *output, *stored, *shown;
    } outputs[] = {
        {"{\"Bytes\":[0,9,255]}", "{\"Bytes\":[0,9,255]}", "{\"Bytes\":[0,9,255]}"},
        {"{\"Bytes\":[]}", "{\"Bytes\":[]}", "{\"Bytes\":[]}"},
        {"{\"Json\":{ \"a\" : [1, null] }}",
         "{\"Json\":[123,34,97,34,58,91,49,44,110,117,108,108,93,125]}",
         "{\"Json\":{\"a\":[1,null]}}"},
        {"{\"Text\":\"\\\"\xc3\xa9\"}", "{\"Text\":[34,195,169]}", "{\"Text\":\"\\\"\xc3\xa9\"}"},
    };

    for (size_t i = 0; i < COUNT(outputs); i++) {
        ask_project(20000, ",\"payer_account_id\":\"payer.test\"" OP_INPUT);
        as("op.test");
        ok("submit_execution_output", fmt("{\"request_id\":0,\"output\":%s}", outputs[i].output));
        assert_null(fake_returned().p);
        returns(outputs[i].shown, "get_pending_output", "{\"request_id\":0}");
        returns(fmt("{\"request_id\":0,\"data_id\":" DATA_ID ",\"sender_id\":\"alice.test\","
                    "\"execution_source\":{\"Project\":{\"project_id\":\"" APP
                    "\",\"version_key\":null}},\"resolved_source\":{\"WasmUrl\":{\"url\":\"" URL
                    "\",\"hash\":\"" CODE_HASH "\",\"build_target\":null}},\"resource_limits\":{"
                    "\"max_instructions\":1000000000,\"max_memory_mb\":128,"
                    "\"max_execution_seconds\":60},\"payment\":100000000000000000000000,"
                    "\"timestamp\":1700000000000000000,\"secrets_ref\":null,\"response_format\":"
                    "\"Text\",\"input_data\":\"{\\\"operation\\\":\\\"op\\\"}\","
                    "\"payer_account_id\":\"payer.test\",\"attached_usd\":20000,"
                    "\"pending_output\":%s,\"output_submitted\":true}",
                    outputs[i].stored),
                "get_request", "{\"request_id\":0}");
        returns("[0]", "get_pending_request_ids", "{}");
        done(state);
        assert_int_equal(attack_world(state), 0);
    }
}

/* ---- Enums without a value ---- */

/* A bare variant may come as {"Variant":null}, with nothing else behind it. */
static void bare_variants_come_in_two_forms(void **state)
{
    static const struct {
        const char *caller, *method, *before, *variant, *after;
        near_u128 deposit;
    } bare[] = {
        {"bob.test", "request_execution", "{" SOURCE "," LIMITS ",\"response_format\":", "Bytes",
         "}", 100 * MILLI},
        {"bob.test", "request_execution", "{" SOURCE "," LIMITS ",\"response_format\":", "Text",
         "}", 100 * MILLI},
        {"bob.test", "request_execution", "{" SOURCE "," LIMITS ",\"response_format\":", "Json",
         "}", 100 * MILLI},
        {"alice.test", "update_access", "{" ATTACK_SECRET_ID ",\"new_access\":", "AllowAll", "}",
         100 * MILLI},
#define OPERATOR(op)                                                                               \
    {"alice.test",                                                                                 \
     "update_access",                                                                              \
     "{" ATTACK_SECRET_ID ",\"new_access\":{\"NearBalance\":{\"value\":\"1\",\"operator\":",       \
     op,                                                                                           \
     "}}}",                                                                                        \
     100 * MILLI}
        OPERATOR("Gte"),
        OPERATOR("Lte"),
        OPERATOR("Gt"),
        OPERATOR("Lt"),
        OPERATOR("Eq"),
        OPERATOR("Ne"),
#define LOGIC(op)                                                                                  \
    {"alice.test",                                                                                 \
     "update_access",                                                                              \
     "{" ATTACK_SECRET_ID ",\"new_access\":{\"Logic\":{\"conditions\":[\"AllowAll\"],"             \
     "\"operator\":",                                                                              \
     op,                                                                                           \
     "}}}",                                                                                        \
     100 * MILLI}
        LOGIC("And"),
        LOGIC("Or"),
        {"alice.test", "secrets_exist",
         "{\"profile\":\"1\",\"owner\":\"alice.test\",\"accessor\":{\"System\":", "PaymentKey",
         "}}", 0},
        {"op.test", "resume_delete_payment_key",
         "{\"data_id\":\"" CODE_HASH "\",\"result\":", "Success", "}", 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(bare); i++) {
        static const char *const good[] = {"\"%s\"", "{\"%s\":null}", " { \"%s\" : null } "};
        static const char *const bad[] = {"{\"%s\":1}", "{\"%s\":{}}", "{\"%s\":null,\"x\":null}",
                                          "[\"%s\"]",   "{\"%s\"}",    "\"%s \""};
        char form[64];

        as(bare[i].caller);
        fake_env.deposit = bare[i].deposit;
        for (size_t k = 0; k < COUNT(good) + COUNT(bad); k++) {
            const char *pattern = k < COUNT(good) ? good[k] : bad[k - COUNT(good)];
            const char *at = strstr(pattern, "%s");
            const char *args;

            snprintf(form, sizeof form, "%.*s%s%s", (int)(at - pattern), pattern, bare[i].variant,
                     at + 2);
            args = fmt("%s%s%s", bare[i].before, form, bare[i].after);
            if (k < COUNT(good))
                ok(bare[i].method, args);
            else
                panics("Failed to deserialize input from JSON", bare[i].method, args);
        }
        fake_env.deposit = 0;
    }
}

/* ---- Nothing ---- */

/* Where nothing is returned the result is empty, and not null. */
static void nothing_is_an_empty_result(void **state)
{
    static const struct {
        const char *caller, *method, *args;
        near_u128 deposit;
    } calls[] = {
        {"alice.test", "create_project", "{\"name\":\"b\",\"source\":" GIT "}", 100 * MILLI},
        {"alice.test", "add_version",
         "{\"project_name\":\"b\",\"source\":" WASM(CODE_HASH) ",\"set_active\":false}",
         100 * MILLI},
        {"alice.test", "set_active_version",
         "{\"project_name\":\"b\",\"version_key\":\"" CODE_HASH "\"}", 0},
        {"alice.test", "remove_version", "{\"project_name\":\"b\",\"version_key\":\"" GIT_KEY "\"}",
         0},
        {"bob.test", "accept_project_transfer", "{\"from\":\"alice.test\",\"name\":\"b\"}",
         100 * MILLI},
        {"bob.test", "revoke_project_transfer", "{\"from\":\"alice.test\",\"name\":\"b\"}", 0},
        {"bob.test", "accept_project_transfer", "{\"from\":\"alice.test\",\"name\":\"b\"}",
         100 * MILLI},
        {"alice.test", "transfer_project", "{\"project_name\":\"b\",\"new_owner\":\"bob.test\"}",
         0},
        {"bob.test", "delete_project", "{\"project_name\":\"b\"}", 0},
        {"alice.test", "update_access", "{" ATTACK_SECRET_ID ",\"new_access\":\"AllowAll\"}", 0},
        {"alice.test", "unbind_secret_vault", "{" ATTACK_SECRET_ID "}", 0},
        {"alice.test", "delete_secrets", "{" ATTACK_SECRET_ID "}", 0},
        {"alice.test", "store_secrets", ATTACK_SECRET("\"AllowAll\""), 100 * MILLI},
        {"payer.near", "store_agent_secret", ATTACK_STORE_AGENT, 100 * MILLI},
        {"payer.near", "delete_agent_secret", ATTACK_DELETE_AGENT, 0},
        {"ctrl.near", "store_wallet_policy", ATTACK_POLICY, 100 * MILLI},
        {"ctrl.near", "freeze_wallet", ATTACK_WALLET_ARGS, 0},
        {"ctrl.near", "unfreeze_wallet", ATTACK_WALLET_ARGS, 0},
        {"ctrl.near", "delete_wallet_policy", ATTACK_WALLET_ARGS, 0},
        {"owner.test", "set_pricing", "{}", 0},
        {"owner.test", "set_paused", "{\"paused\":false}", 0},
        {"owner.test", "set_event_metadata", "{}", 0},
        {"owner.test", "set_operator", "{\"new_operator_id\":\"op.test\"}", 0},
        {"owner.test", "set_payment_token_contract", "{\"token_contract\":\"" TOKEN "\"}", 0},
        {"owner.test", "set_subscription_plans", "{\"plans\":[]}", 0},
        {"owner.test", "remove_project_pricing", PROJECT, 0},
        {"owner.test", "set_owner", "{\"new_owner_id\":\"owner.test\"}", 0},
        {"op.test", "resume_topup",
         "{\"data_id\":\"" CODE_HASH "\",\"result\":{\"Error\":{\"message\":\"\"}}}", 0},
        {"op.test", "resume_delete_payment_key",
         "{\"data_id\":\"" CODE_HASH "\",\"result\":\"Success\"}", 0},
        {"op.test", "submit_execution_output", "{\"request_id\":0,\"output\":{\"Text\":\"x\"}}", 0},
        {"op.test", "resolve_execution", "{\"request_id\":0,\"response\":" DONE "}", 0},
        {"alice.test", "cancel_stale_execution", "{\"request_id\":0}", 0},
    };
    (void)state;
    ask_project(20000, OP_INPUT);
    fake_env.time_ns += STALE_AFTER_NS + 1;
    for (size_t i = 0; i < COUNT(calls); i++) {
        as(calls[i].caller);
        paying(calls[i].deposit, calls[i].method, calls[i].args);
        if (fake_returned().p != NULL)
            fail_msg("%s returned %s", calls[i].method, (const char *)fake_returned().p);
    }
    ask_project(20000, OP_INPUT);
    as("owner.test");
    ok("emergency_cancel_execution", "{\"request_id\":1}");
    assert_null(fake_returned().p);
    as("compute.test");
    assert_true(fake_callback(near_entry_on_delete_payment_key_response,
                              ALC_LIT("{\"owner\":\"alice.test\",\"nonce\":1}"),
                              (struct alc_bytes){NULL, 0}));
    assert_null(fake_returned().p);
    assert_true(fake_callback(near_entry_on_withdraw_developer_earnings,
                              ALC_LIT("{\"developer\":\"alice.test\",\"amount\":\"1\"}"),
                              ALC_LIT("null")));
    assert_null(fake_returned().p);
    ok("migrate", "{}");
    assert_null(fake_returned().p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ATTACK(every_method_is_there_and_as_payable_as_said),
        ATTACK(a_request_is_announced_in_one_line),
        ATTACK(a_record_is_shown_whole),
        ATTACK(bare_variants_come_in_two_forms),
        ATTACK(nothing_is_an_empty_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
