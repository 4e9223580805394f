/* tests/contract/test_compute_request.c — request_execution: rules, sizes, announcement, and the
 * JSON that every method reads. */
#include "tests/contract/compute_calls.h"

/* ---- request_execution ---- */

static void a_request_is_announced_to_the_byte(void **state)
{
    char *expected;
    (void)state;
    as("alice.test");
    fake_env.predecessor = "proxy.test";
    fake_env.deposit = 100 * MILLI;
    ok("request_execution",
       "{" SOURCE "," LIMITS ",\"input_data\":\"say \\\"hi\\\"\\n\\u00e9\",\"secrets_ref\":"
       "{\"profile\":\"main\",\"account_id\":\"alice.test\"},\"response_format\":\"Json\","
       "\"payer_account_id\":\"payer.test\",\"params\":{\"project_uuid\":\"p0001\","
       "\"use_bound_identity\":true,\"attached_usd\":\"0\"}}");
    fake_env.deposit = 0;
    keep_yield();
    assert_string_equal(
        last.request_data,
        "{\"request_id\":0,\"sender_id\":\"alice.test\",\"predecessor_id\":\"proxy.test\","
        "\"code_source\":{\"WasmUrl\":{\"url\":\"https://example.org/g.wasm\",\"hash\":\"" CODE_HASH
        "\",\"build_target\":null}},\"resource_limits\":{\"max_instructions\":1000000000,"
        "\"max_memory_mb\":128,\"max_execution_seconds\":60},\"input_data\":\"say \\\"hi\\\"\\n"
        "\xc3\xa9\",\"input_data_in_state\":false,\"secrets_ref\":{\"profile\":\"main\","
        "\"account_id\":\"alice.test\"},\"response_format\":\"Json\",\"payment\":"
        "\"100000000000000000000000\",\"attached_usd\":\"0\",\"timestamp\":1700000000000000000,"
        "\"compile_only\":false,\"force_rebuild\":false,\"store_on_fastfs\":false,"
        "\"use_bound_identity\":true,\"project_uuid\":null,\"project_id\":null}");
    expected = strdup((const char *)fake_log(0).p);
    assert_non_null(strstr(expected, "EVENT_JSON:{\"standard\":\"near-outlayer\",\"version\":"
                                     "\"1.0.0\",\"event\":\"execution_requested\",\"data\":[{"
                                     "\"request_data\":\"{\\\"request_id\\\":0,"));
    assert_non_null(strstr(expected, "say \\\\\\\"hi\\\\\\\"\\\\n\xc3\xa9")); /* " became \\\" */
    assert_non_null(strstr(expected, "\\\"project_id\\\":null}\",\"data_id\":[7,8,9,10,11,12,"));
    assert_non_null(strstr(expected, ",36,37,38],\"timestamp\":1700000000000000000}]}"));
    free(expected);
    returns(
        fmt("{\"request_id\":0,\"data_id\":[7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,"
            "25,26,27,28,29,30,31,32,33,34,35,36,37,38],\"sender_id\":\"proxy.test\","
            "\"execution_source\":{\"WasmUrl\":{\"url\":\"https://example.org/g.wasm\",\"hash\":"
            "\"" CODE_HASH "\",\"build_target\":null}},\"resolved_source\":{\"WasmUrl\":"
            "{\"url\":\"https://example.org/g.wasm\",\"hash\":\"" CODE_HASH
            "\",\"build_target\":null}},\"resource_limits\":{\"max_instructions\":1000000000,"
            "\"max_memory_mb\":128,\"max_execution_seconds\":60},\"payment\":"
            "100000000000000000000000,\"timestamp\":1700000000000000000,\"secrets_ref\":"
            "{\"profile\":\"main\",\"account_id\":\"alice.test\"},\"response_format\":\"Json\","
            "\"input_data\":\"say \\\"hi\\\"\\n\xc3\xa9\",\"payer_account_id\":\"payer.test\","
            "\"attached_usd\":0,\"pending_output\":null,\"output_submitted\":false}"),
        "get_request", "{\"request_id\":0}");
}

static void partial_limits_are_completed_in_the_event_alone(void **state)
{
    (void)state;
    as("alice.test");
    fake_env.deposit = 100 * MILLI;
    ok("request_execution", "{" SOURCE ",\"resource_limits\":{\"max_memory_mb\":64}}");
    keep_yield();
    assert_non_null(strstr(last.request_data,
                           "{\"max_instructions\":1000000000,\"max_memory_mb\":64,"
                           "\"max_execution_seconds\":60}"));
    ok("get_request", "{\"request_id\":0}");
    assert_non_null(strstr((const char *)fake_returned().p,
                           "{\"max_instructions\":null,\"max_memory_mb\":64,"
                           "\"max_execution_seconds\":null}"));
    fake_env.deposit = MILLI;
    ok("request_execution",
       "{\"source\":{\"GitHub\":{\"repo\":\"https://github.com/o/r\",\"commit\":"
       "\"main\",\"build_target\":\"wasm32-wasip2\"}},\"resource_limits\":null}");
    keep_yield();
    assert_non_null(strstr(last.request_data,
                           "{\"GitHub\":{\"repo\":\"https://github.com/o/r\",\"commit\":\"main\","
                           "\"build_target\":\"wasm32-wasip2\"}},\"resource_limits\":"
                           "{\"max_instructions\":1000000000,\"max_memory_mb\":128,"
                           "\"max_execution_seconds\":60},\"input_data\":\"\""));
    assert_non_null(strstr(last.request_data, "\"compile_only\":true"));
    fake_env.deposit = 0;
    ok("get_request", "{\"request_id\":1}");
    assert_non_null(strstr((const char *)fake_returned().p, "\"max_instructions\":1000000000"));
    assert_non_null(strstr((const char *)fake_returned().p, "\"input_data\":null"));
}

#define URL(url) "\"source\":{\"WasmUrl\":{\"url\":\"" url "\",\"hash\":\"" CODE_HASH "\"}}," LIMITS
#define HASH(hash) "\"source\":{\"WasmUrl\":{\"url\":\"https://x\",\"hash\":\"" hash "\"}}," LIMITS
#define GIT(repo, commit)                                                                          \
    "\"source\":{\"GitHub\":{\"repo\":\"" repo "\",\"commit\":\"" commit "\"}}," LIMITS
#define TARGET(t)                                                                                  \
    "\"source\":{\"GitHub\":{\"repo\":\"o/r\",\"commit\":\"c\",\"build_target\":\"" t "\"}}"       \
    "," LIMITS
#define SECRETS(profile)                                                                           \
    SOURCE "," LIMITS ",\"secrets_ref\":{\"profile\":\"" profile "\",\"account_id\":\"a.test\"}"
#define PARAMS(p) SOURCE "," LIMITS ",\"params\":{" p "}"
#define FORTY "abcdefghijabcdefghijabcdefghijabcdefghij"

static void requests_against_the_rules_are_refused(void **state)
{
    static const char *const bad[][2] = {
        {"secrets_ref.profile must be 1\xe2\x80\x93"
         "64 bytes of letters, digits, '-' or '_' (got 0 bytes)",
         SECRETS("")},
        {"(got 80 bytes)", SECRETS(FORTY FORTY)},
        {"(it contains ' ')", SECRETS("a b")},
        {"(it contains '\xc2\xa0')", SECRETS("a\xc2\xa0")},
        {"secrets_ref.profile", SECRETS("/") ",\"params\":{\"force_rebuild\":true}"},
        {"Project not found",
         "\"source\":{\"Project\":{\"project_id\":\"a.test/p\",\"version_key\":null}}"},
        {"source.hash must be", HASH("")},
        {"source.hash must be",
         HASH("2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824")},
        {"source.hash must be",
         HASH("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b982g")},
        {"source.url", URL("http://example.org")},
        {"source.url", URL("HTTPS://example.org")},
        {"source.url", URL("https://")},
        {"source.url", URL("ipfs://x")},
        {"source.url", URL("https://a b")},
        {"source.url", URL("https://a\\nb")},
        {"source.url", URL("https://a\\u0085b")},
        {"source.url", URL("https://a\\u00a0b")},
        {"source.url", URL("https://a\\u1680b")},
        {"source.url", URL("https://a\\u2003b")},
        {"source.url", URL("https://a\\u2029b")},
        {"source.url", URL("https://a\\u202fb")},
        {"source.url", URL("https://a\\u205fb")},
        {"source.url", URL("https://a\\u3000b")},
        {"source.url", URL("https://a\\u007fb")},
        {"source.url must not contain EVENT_JSON", URL("https://a/EVENT_JSON:")},
        {"source.repo", GIT("", "c")},
        {"source.repo", GIT("git@github.com:o/r", "c")},
        {"source.repo", GIT("-o/r", "c")},
        {"source.repo", GIT("o/../r", "c")},
        {"source.repo must not contain EVENT_JSON", GIT("o/EVENT_JSON", "c")},
        {"source.commit", GIT("o/EVENT_JSON", "")},
        {"source.commit", GIT("o/r", "-c")},
        {"source.commit", GIT("o/r", "a..b")},
        {"source.commit", GIT("o/r", "a b")},
        {"source.commit must not contain EVENT_JSON", GIT("o/r", "EVENT_JSON")},
        {"source.build_target", TARGET("")},
        {"source.build_target", TARGET("a/b")},
        {"source.build_target", TARGET(FORTY FORTY)},
        {"force_rebuild", PARAMS("\"force_rebuild\":true")},
        {"store_on_fastfs needs force_rebuild", PARAMS("\"store_on_fastfs\":true")},
        {"store_on_fastfs needs force_rebuild",
         PARAMS("\"store_on_fastfs\":true,\"compile_only\":true") ",\"input_data\":\"x\""},
        {"compile-only", PARAMS("\"compile_only\":true") ",\"input_data\":\"x\""},
        {"compile-only", SOURCE ",\"input_data\":\"x\""},
        {"max_instructions", SOURCE ",\"resource_limits\":{\"max_instructions\":500000000001}"},
        {"max_execution_seconds", SOURCE ",\"resource_limits\":{\"max_execution_seconds\":181}"},
        {"attached_usd", PARAMS("\"attached_usd\":\"1\"")},
        {"params.proof must be", PARAMS("\"proof\":\"strong\"")},
        {"no register contract is set", PARAMS("\"proof\":\"onchain\"")},
        {"with_proof needs", PARAMS("\"with_proof\":true")},
        {"with_proof needs", PARAMS("\"with_proof\":true,\"proof\":\"none\"")},
        {"needs a WasmUrl source", GIT("o/r", "c") ",\"params\":{\"proof\":\"key\"}"},
    };
    (void)state;
    fake_env.deposit = 100 * MILLI;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        panics(bad[i][0], "request_execution", fmt("{%s}", bad[i][1]));
    assert_int_equal(fake_records(), 2); /* state and dollar prices: nothing was kept */
    fake_env.deposit = 0;
}

/* a_request names a source whose `field` has n bytes, beginning with `head`. */
static const char *a_request(const char *field, const char *head, int n)
{
    const char *text = fmt("%s%0*d", head, n - (int)strlen(head), 0);

    if (strcmp(field, "url") == 0)
        return fmt("{\"source\":{\"WasmUrl\":{\"url\":\"%s\",\"hash\":\"" CODE_HASH "\"}}}", text);
    return fmt(
        "{\"source\":{\"GitHub\":{\"repo\":\"%s\",\"commit\":\"%s\",\"build_target\":\"%s\"}}}",
        strcmp(field, "repo") == 0 ? text : "o/r", strcmp(field, "commit") == 0 ? text : "c",
        strcmp(field, "build_target") == 0 ? text : "wasm32-wasip1");
}

static void the_parts_of_a_source_end_at_their_limits(void **state)
{
    static const struct {
        const char *field, *head;
        int most; /* bytes */
    } parts[] = {{"url", "https://", 2048},
                 {"repo", "o/", 512},
                 {"commit", "", 256},
                 {"build_target", "", 64}};
    (void)state;
    fake_env.deposit = MILLI;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        ok("request_execution", a_request(parts[i].field, parts[i].head, parts[i].most));
        panics(fmt("source.%s must be", parts[i].field), "request_execution",
               a_request(parts[i].field, parts[i].head, parts[i].most + 1));
    }
    returns("[0,1,2,3]", "get_pending_request_ids", "{}");
    fake_env.deposit = 0;
}

static void odd_but_allowed_requests_pass(void **state)
{
    static const char *const good[] = {
        SECRETS("\xc3\xa9t\xc3\xa9-1_"),
        SECRETS(FORTY "abcdefghijabcdefghij1234"),
        URL("https://x"),
        URL("https://\xe2\x98\x83.example"),
        GIT("https://github.com/o/r", "feature/x+1"),
        TARGET("wasm32-wasip1"),
        SOURCE ",\"input_data\":\"\"",
        GIT("o/r", "c") ",\"params\":{\"force_rebuild\":true,\"store_on_fastfs\":true}",
        SOURCE ",\"resource_limits\":{\"max_instructions\":500000000000,"
               "\"max_execution_seconds\":180,\"max_memory_mb\":4294967295}",
        SOURCE ",\"params\":{\"compile_only\":true},\"resource_limits\":{\"max_instructions\":"
               "18446744073709551615,\"max_execution_seconds\":18446744073709551615}",
        PARAMS("\"proof\":\"none\",\"with_proof\":false"),
        PARAMS("\"proof\":null"),
    };
    (void)state;
    fake_env.deposit = 2000 * MILLI;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ok("request_execution", fmt("{%s}", good[i]));
        keep_yield();
        assert_null(strstr(last.request_data, "proof"));
    }
    fake_env.deposit = 0;
}

static void proof_is_announced_last_and_only_when_asked(void **state)
{
    (void)state;
    ask(",\"params\":{\"proof\":\"key\"}");
    assert_non_null(strstr(last.request_data, "\"project_id\":null,\"proof\":\"key\"}"));
    ask(",\"params\":{\"proof\":\"key\",\"with_proof\":true}");
    assert_non_null(
        strstr(last.request_data, "\"project_id\":null,\"with_proof\":true,\"proof\":\"key\"}"));
    fake_reset();
    as("owner.test");
    ok("new", "{\"owner_id\":\"owner.test\"}");
    fake_env.deposit = 100 * MILLI;
    panics("without a chain_id", "request_execution", fmt("{%s}", PARAMS("\"proof\":\"key\"")));
}

/* ---- Sizes ---- */

static char *long_request(size_t input, const char *unit)
{
    size_t unit_n = strlen(unit), cap = 1024 + input * unit_n, n;
    char *args = malloc(cap);

    assert_non_null(args);
    n = (size_t)snprintf(args, cap, "{" SOURCE "," LIMITS ",\"input_data\":\"");
    for (size_t i = 0; i < input; i++, n += unit_n)
        memcpy(args + n, unit, unit_n);
    memcpy(args + n, "\"}", 3);
    return args;
}

static void request_of(size_t input, const char *unit, bool in_event, uint64_t id)
{
    char *args = long_request(input, unit);
    const char *view;

    fake_env.deposit = 100 * MILLI;
    as("alice.test");
    ok("request_execution", args);
    free(args);
    fake_env.deposit = 0;
    keep_yield();
    assert_true((strstr(last.request_data, "\"input_data_in_state\":true") != NULL) != in_event);
    ok("get_request", fmt("{\"request_id\":%u}", (unsigned)id));
    view = strstr((const char *)fake_returned().p, "\"input_data\":\"");
    assert_non_null(view);
    view += strlen("\"input_data\":\"");
    for (size_t i = 0; i < input; i++, view += strlen(unit))
        assert_memory_equal(view, unit, strlen(unit));
    assert_int_equal(*view, '"');
}

static void input_of_every_size_is_kept(void **state)
{
    (void)state;
    request_of(0, "x", true, 0);
    request_of(9999, "x", true, 1);
    request_of(10000, "x", false, 2);
    request_of(300000, "x", false, 3);
    request_of(5000, "\xc3\xa9", false, 4);
    request_of(4999, "\xc3\xa9", true, 5);
    request_of(1000, "\\\"", true, 6);
}

static void the_callback_waits_with_gas_for_its_input(void **state)
{
    static const struct {
        size_t units;
        const char *unit;
        uint64_t apart; /* bytes of input with a record of their own */
    } inputs[] = {{0, "x", 0},           {9999, "x", 0},        {10000, "x", 10000},
                  {300000, "x", 300000}, {4999, "\xc3\xa9", 0}, {5000, "\xc3\xa9", 10000},
                  {10000, "\\n", 10000}};
    (void)state;
    as("alice.test");
    fake_env.deposit = 100 * MILLI;
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        char *args = long_request(inputs[i].units, inputs[i].unit);
        const char *callback;
        uint64_t gas, weight;

        ok("request_execution", args);
        free(args);
        callback = fake_yielded_to(&gas, &weight);
        assert_non_null(callback);
        assert_string_equal(callback, "on_execution_response");
        assert_int_equal(gas, UINT64_C(50000000000000) + inputs[i].apart * 16000000);
        assert_int_equal(weight, 1);
    }
    fake_env.deposit = 0;
}

static void input_too_dense_for_the_log_fails_with_a_sentence(void **state)
{
    char *args = long_request(6000, "\\\"");
    (void)state;
    fake_env.deposit = 100 * MILLI;
    panics("16384 bytes of logs", "request_execution", args);
    free(args);
    fake_env.deposit = 0;
}

static void pending_bytes_are_what_the_requests_lock(void **state)
{
    uint64_t empty = fake_state_bytes();
    (void)state;
    request_of(20, "x", true, 0);
    request_of(20000, "x", false, 1);
    as("op.test");
    ok("submit_execution_output", "{\"request_id\":1,\"output\":{\"Bytes\":[1,2,3,255]}}");
    returns(fmt("[%u,8388608]", (unsigned)(fake_state_bytes() - empty)), "get_pending_bytes", "");
    as("owner.test");
    ok("emergency_cancel_execution", "{\"request_id\":1}");
    ok("emergency_cancel_execution", "{\"request_id\":0}");
    returns("[0,8388608]", "get_pending_bytes", "");
    assert_int_equal(fake_state_bytes(), empty);
    assert_int_equal(fake_records(), 2);
}

static void requests_over_the_cap_are_refused(void **state)
{
    char *args = long_request(20000, "x");
    (void)state;
    ok("set_pending_bytes_cap", "{\"max_bytes\":30000}");
    fake_env.deposit = 100 * MILLI;
    ok("request_execution", args);
    panics("Too many bytes of pending requests", "request_execution", args);
    fake_env.deposit = 0;
    as("owner.test");
    ok("clear_all_pending_requests", "{}");
    fake_env.deposit = 100 * MILLI;
    ok("request_execution", args);
    fake_env.deposit = 0;
    ok("set_pending_bytes_cap", "{\"max_bytes\":0}");
    fake_env.deposit = 100 * MILLI;
    panics("Too many bytes of pending requests", "request_execution", "{" SOURCE "}");
    fake_env.deposit = 0;
    free(args);
}

/* ---- JSON ---- */

static void malformed_arguments_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "[]",
        "null",
        "{}x",
        "{\"request_id\":1}}",
        "{\"request_id\":1,}",
        "{\"request_id\":1 \"x\":2}",
        "{\"request_id\" 1}",
        "{request_id:1}",
        "{'request_id':1}",
        "{}",
        "{\"request_id\":null}",
        "{\"request_id\":\"1\"}",
        "{\"request_id\":1.0}",
        "{\"request_id\":1e0}",
        "{\"request_id\":-1}",
        "{\"request_id\":-0}",
        "{\"request_id\":+1}",
        "{\"request_id\":01}",
        "{\"request_id\":18446744073709551616}",
        "{\"request_id\":99999999999999999999999999}",
        "{\"request_id\":0x1}",
        "{\"request_id\":1,\"request_id\":1}",
        "{\"request_id\":1,\"request\\u005fid\":1}",
        "{\"request_id\":1,\"x\":}",
        "{\"request_id\":1,\"x\":tru}",
        "{\"request_id\":1,\"x\":nul}",
        "{\"request_id\":1,\"x\":+1}",
        "{\"request_id\":1,\"x\":01}",
        "{\"request_id\":1,\"x\":.5}",
        "{\"request_id\":1,\"x\":1.}",
        "{\"request_id\":1,\"x\":1e}",
        "{\"request_id\":1,\"x\":-}",
        "{\"request_id\":1,\"x\":[1,]}",
        "{\"request_id\":1,\"x\":[1 2]}",
        "{\"request_id\":1,\"x\":[}",
        "{\"request_id\":1,\"x\":{]}",
        "{\"request_id\":1,\"x\":{\"a\"}}",
        "{\"request_id\":1,\"x\":{1:2}}",
        "{\"request_id\":1,\"x\":\"\\x\"}",
        "{\"request_id\":1,\"x\":\"\\u12\"}",
        "{\"request_id\":1,\"x\":\"\\u12g4\"}",
        "{\"request_id\":1,\"x\":\"\n\"}",
        "{\"request_id\":1,\"x\":\"",
        "{\"request_id\":1,\"x\":\"\\",
        "{\"request_id\":1,\"x\":\"\\u",
        "{\"\\ud800\":1,\"request_id\":1}",
        "{\"\xff\":1,\"request_id\":1}",
        "[1,2]",
        "[\"1\"]",
        "[1",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        panics("Failed to deserialize input from JSON", "has_pending_output", bad[i]);
    panics_bytes("Failed to deserialize input from JSON", "has_pending_output",
                 (struct alc_bytes){(const uint8_t *)"{\"request_id\":1}\0", 17});
}

static void unusual_arguments_are_accepted(void **state)
{
    static const char *const good[] = {
        " \t\r\n{ \"request_id\" : 1 } \n",
        "{\"request\\u005fid\":1}",
        "[1]",
        "[ 1 ]",
        "{\"request_id\":0}",
        "{\"request_id\":18446744073709551615}",
        "{\"x\":1e999,\"request_id\":1}",
        "{\"x\":\"\\ud800\",\"request_id\":1}",
        "{\"x\":\"\xff\",\"request_id\":1}",
        "{\"x\":[{},[],{\"a\":{\"b\":[null,true,false,-0,1.5e-3,\"\\\"\"]}}],\"request_id\":1}",
        "{\"x\":1,\"x\":2,\"request_id\":1}",
    };
    char deep[1200];
    size_t n;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        returns("false", "has_pending_output", good[i]);
    n = (size_t)snprintf(deep, sizeof deep, "{\"request_id\":1,\"x\":");
    memset(deep + n, '[', 500);
    memset(deep + n + 500, ']', 500);
    memcpy(deep + n + 1000, "}", 2);
    returns("false", "has_pending_output", deep);
}

static void values_of_the_wrong_kind_are_refused(void **state)
{
    static const char *const bad[] = {
        "\"x\":1",
        "\"source\":null",
        "\"source\":\"WasmUrl\"",
        "\"source\":{}",
        "\"source\":{\"Ftp\":{}}",
        "\"source\":{\"WasmUrl\":{\"url\":\"https://x\"}}",
        "\"source\":{\"WasmUrl\":{\"url\":\"https://x\",\"hash\":1}}",
        "\"source\":{\"WasmUrl\":{\"url\":\"https://x\",\"hash\":\"\"},\"GitHub\":{}}",
        "\"source\":{\"WasmUrl\":{\"url\":\"\\ud800\",\"hash\":\"\"}}",
        "\"source\":{\"WasmUrl\":{\"url\":\"\\udc00\",\"hash\":\"\"}}",
        "\"source\":{\"WasmUrl\":{\"url\":\"\\ud800\\u0041\",\"hash\":\"\"}}",
        "\"source\":{\"WasmUrl\":{\"url\":\"\xed\xa0\x80\",\"hash\":\"\"}}",
        "\"source\":{\"WasmUrl\":{\"url\":\"\xc0\xaf\",\"hash\":\"\"}}",
        "\"source\":{\"WasmUrl\":{\"url\":\"\xf5\x80\x80\x80\",\"hash\":\"\"}}",
        "\"source\":{\"WasmUrl\":{\"url\":\"\xe2\x98\",\"hash\":\"\"}}",
        "\"code_source\":{\"WasmUrl\":{\"url\":\"https://x\",\"hash\":\"\"}}",
        SOURCE ",\"resource_limits\":1",
        SOURCE ",\"resource_limits\":{\"max_memory_mb\":4294967296}",
        SOURCE ",\"resource_limits\":{\"max_instructions\":\"5\"}",
        SOURCE ",\"input_data\":5",
        SOURCE ",\"secrets_ref\":{\"profile\":\"p\"}",
        SOURCE ",\"secrets_ref\":{\"profile\":\"p\",\"account_id\":\"A\"}",
        SOURCE ",\"response_format\":\"Xml\"",
        SOURCE ",\"response_format\":{\"Text\":1}",
        SOURCE ",\"response_format\":{\"Text\":null,\"Json\":null}",
        SOURCE ",\"payer_account_id\":\"a\"",
        SOURCE ",\"payer_account_id\":\"a..b\"",
        SOURCE ",\"payer_account_id\":\".ab\"",
        SOURCE ",\"payer_account_id\":\"ab_\"",
        SOURCE ",\"payer_account_id\":\"a b\"",
        SOURCE ",\"params\":{\"force_rebuild\":null}",
        SOURCE ",\"params\":{\"compile_only\":1}",
        SOURCE ",\"params\":{\"attached_usd\":1}",
        SOURCE ",\"params\":{\"attached_usd\":\"\"}",
        SOURCE ",\"params\":{\"attached_usd\":\"+\"}",
        SOURCE ",\"params\":{\"attached_usd\":\"-1\"}",
        SOURCE ",\"params\":{\"attached_usd\":\"340282366920938463463374607431768211456\"}",
        SOURCE ",\"params\":{\"with_proof\":null}",
        SOURCE ",\"params\":{\"proof\":1}",
    };
    (void)state;
    fake_env.deposit = 100 * MILLI;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        panics("Failed to deserialize input from JSON", "request_execution", fmt("{%s}", bad[i]));
    ok("request_execution",
       "[{\"WasmUrl\":[\"https://x\",\"" CODE_HASH "\",null]},[1,null,2],null,null,"
       "{\"Text\":null},null,[false,false,false,null,null,true]]");
    keep_yield();
    assert_non_null(strstr(last.request_data, "\"use_bound_identity\":true"));
    fake_env.deposit = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_is_announced_to_the_byte),
        TEST(partial_limits_are_completed_in_the_event_alone),
        TEST(requests_against_the_rules_are_refused),
        TEST(the_parts_of_a_source_end_at_their_limits),
        TEST(odd_but_allowed_requests_pass),
        TEST(proof_is_announced_last_and_only_when_asked),
        TEST(input_of_every_size_is_kept),
        TEST(the_callback_waits_with_gas_for_its_input),
        TEST(input_too_dense_for_the_log_fails_with_a_sentence),
        TEST(pending_bytes_are_what_the_requests_lock),
        TEST(requests_over_the_cap_are_refused),
        TEST(malformed_arguments_are_refused),
        TEST(unusual_arguments_are_accepted),
        TEST(values_of_the_wrong_kind_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
