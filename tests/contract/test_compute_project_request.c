/* tests/contract/test_compute_project_request.c — requests that name a project: which code they
 * mean, what is announced of them, and what a proof must say. */
#include "tests/contract/compute_projects.h"

#define TWO "{\"project_id\":\"" APP "\",\"version_key\":\"" HASH2 "\"}"

static int with_versions(void **state)
{
    if (fresh(state) != 0) return -1;
    publish("bob.test", "app");
    publish("alice.test", "app");
    paying(100 * MILLI, "add_version",
           "{\"project_name\":\"app\",\"source\":{\"WasmUrl\":{\"url\":\"" URL
           "\",\"hash\":\"" HASH2 "\",\"build_target\":\"wasm32-wasip2\"}},\"set_active\":false}");
    set_usd(PURSE_USER, "alice.test", 1000000);
    return 0;
}

static void a_project_is_announced_with_its_code_and_uuid(void **state)
{
    (void)state;
    ask_project(0, "");
    assert_string_equal(
        last.request_data,
        "{\"request_id\":0,\"sender_id\":\"alice.test\",\"predecessor_id\":\"alice.test\","
        "\"code_source\":{\"WasmUrl\":{\"url\":\"" URL "\",\"hash\":\"" CODE_HASH
        "\",\"build_target\":null}},\"resource_limits\":{\"max_instructions\":1000000000,"
        "\"max_memory_mb\":128,\"max_execution_seconds\":60},\"input_data\":\"\","
        "\"input_data_in_state\":false,\"secrets_ref\":null,\"response_format\":\"Text\","
        "\"payment\":\"100000000000000000000000\",\"attached_usd\":\"0\",\"timestamp\":"
        "1700000000000000000,\"compile_only\":false,\"force_rebuild\":false,"
        "\"store_on_fastfs\":false,\"use_bound_identity\":false,\"project_uuid\":"
        "\"p0000000000000002\",\"project_id\":\"alice.test/app\"}");
    as("alice.test");
    paying(100 * MILLI, "request_execution",
           "{\"source\":{\"Project\":" TWO "}," LIMITS ",\"params\":{\"attached_usd\":\"30\","
           "\"project_uuid\":\"p0000000000000001\"}}");
    keep_yield();
    /* the named version; the caller's own project_uuid is ignored */
    assert_non_null(strstr(last.request_data,
                           "\"code_source\":{\"WasmUrl\":{\"url\":\"" URL "\",\"hash\":\"" HASH2
                           "\",\"build_target\":\"wasm32-wasip2\"}}"));
    assert_non_null(strstr(last.request_data, "\"attached_usd\":\"30\""));
    assert_non_null(strstr(last.request_data, "\"project_uuid\":\"p0000000000000002\","
                                              "\"project_id\":\"alice.test/app\"}"));
    ok("get_request", "{\"request_id\":1}");
    assert_non_null(strstr((const char *)fake_returned().p,
                           ",\"execution_source\":{\"Project\":" TWO "},\"resolved_source\":{"
                           "\"WasmUrl\":{\"url\":\"" URL "\",\"hash\":\"" HASH2
                           "\",\"build_target\":\"wasm32-wasip2\"}},"));
    assert_non_null(
        strstr((const char *)fake_returned().p, ",\"attached_usd\":30,\"pending_output\":null"));
    ok("get_request_context", "{\"request_id\":1}");
    assert_non_null(strstr((const char *)fake_returned().p, "\"code_hash\":\"" HASH2 "\""));
    assert_non_null(strstr((const char *)fake_returned().p,
                           ",\"with_proof\":false,\"project_id\":\"alice.test/app\"}"));
}

static void refused(const char *phrase, const char *source, const char *rest)
{
    as("alice.test");
    paying_panics(100 * MILLI, phrase, "request_execution",
                  fmt("{\"source\":{\"Project\":{%s}},%s}", source, rest));
}

static void what_a_request_cannot_name_panics_in_order(void **state)
{
    (void)state;
    refused("secrets_ref.profile must be", "\"project_id\":\"none\"",
            LIMITS ",\"secrets_ref\":{\"profile\":\"\",\"account_id\":\"a.test\"}");
    refused("Project not found", "\"project_id\":\"none\"", LIMITS);
    refused("Project not found", "\"project_id\":\"\"", LIMITS);
    refused("Project not found", "\"project_id\":\"alice.test/App\"", LIMITS);
    refused("Version not found", "\"project_id\":\"" APP "\",\"version_key\":\"\"", LIMITS);
    refused("Version not found", "\"project_id\":\"" APP "\",\"version_key\":\"" GIT_KEY "\"",
            LIMITS ",\"params\":{\"force_rebuild\":true}");
    refused("force_rebuild needs a GitHub source", "\"project_id\":\"" APP "\"",
            LIMITS ",\"params\":{\"force_rebuild\":true}");
    refused("store_on_fastfs needs force_rebuild", "\"project_id\":\"" APP "\"",
            LIMITS ",\"params\":{\"store_on_fastfs\":true}");
}

/* A request holds on to the code it was resolved to. */
static void later_versions_do_not_change_what_was_asked(void **state)
{
    (void)state;
    ask_project(0, "");
    ok("set_active_version", "{\"project_name\":\"app\",\"version_key\":\"" HASH2 "\"}");
    ok("remove_version", "{\"project_name\":\"app\",\"version_key\":\"" CODE_HASH "\"}");
    ok("get_request", "{\"request_id\":0}");
    assert_non_null(strstr((const char *)fake_returned().p, CODE_HASH));
    answer(0, "{\"success\":true,\"output\":{\"Text\":\"ok\"}," USED "}");
    result_is("\"ok\"");
    assert_non_null(strstr((const char *)fake_log(1).p,
                           "\"code_source\":{\"WasmUrl\":{\"url\":\"" URL "\",\"hash\":\"" CODE_HASH
                           "\",\"build_target\":null}}"));
    ask_project(0, "");
    assert_non_null(strstr(last.request_data, HASH2));
}

/* ---- proof ---- */

static void ask_proof(void)
{
    as("owner.test");
    ok("add_worker_key", fmt("{\"public_key\":\"ed25519:%s\"}", key_text(WORKER)));
    as("alice.test");
    paying(100 * MILLI, "request_execution",
           "{" APP_SOURCE "," LIMITS ",\"input_data\":\"in\",\"response_format\":\"Json\","
           "\"params\":{\"proof\":\"key\",\"with_proof\":true}}");
    keep_yield();
}

static void a_statement_names_the_project(void **state)
{
    struct alc_statement t;
    (void)state;
    ask_proof();
    good_statement(&t, 0);
    as_worker();
    panics("Statement refused: another project", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    t.project_id = ALC_LIT("bob.test/app");
    panics("Statement refused: another project", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    t.project_id = ALC_LIT(APP);
    t.code_hash.b[0] ^= 1;
    panics("Statement refused: another module", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    t.code_hash.b[0] ^= 1;
    ok("resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    wake();
    envelope_is(&t, "{\"payout\":1}", 0);
}

static void a_statement_of_a_request_without_a_project_names_none(void **state)
{
    struct alc_statement t;
    (void)state;
    ask_proof();
    ask(",\"input_data\":\"in\",\"params\":{\"proof\":\"key\"}");
    good_statement(&t, 1);
    t.project_id = ALC_LIT(APP);
    as_worker();
    panics("Statement refused: another project", "resolve_execution",
           resolve_args(1, OUTPUT_ARG, base64_of(&t, "")));
}

static void a_github_version_cannot_be_proven(void **state)
{
    (void)state;
    as("alice.test");
    paying(100 * MILLI, "add_version",
           "{\"project_name\":\"app\",\"source\":" GIT ",\"set_active\":true}");
    refused("params.proof needs a WasmUrl source", "\"project_id\":\"" APP "\"",
            LIMITS ",\"params\":{\"proof\":\"key\"}");
    ask_project(0, "");
    assert_non_null(strstr(last.request_data, "\"code_source\":{\"GitHub\":{\"repo\":"
                                              "\"github.com/a/b\",\"commit\":\"1\","));
}

int main(void)
{
#define VERSIONS(name) cmocka_unit_test_setup_teardown(name, with_versions, done)
    const struct CMUnitTest tests[] = {
        VERSIONS(a_project_is_announced_with_its_code_and_uuid),
        VERSIONS(what_a_request_cannot_name_panics_in_order),
        VERSIONS(later_versions_do_not_change_what_was_asked),
        VERSIONS(a_statement_names_the_project),
        VERSIONS(a_statement_of_a_request_without_a_project_names_none),
        VERSIONS(a_github_version_cannot_be_proven),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
