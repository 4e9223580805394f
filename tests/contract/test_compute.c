/* tests/contract/test_compute.c — the main contract against a fake host: every check, bad paths
 * first of all.  Gas and the real VM: test_vm_gas.c. */
#include "tests/contract/fake_near.h"

#include "base/enc.h"
#include "compute.h"
#include "crypto/crypto.h"
#include "verify/verify.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CODE_HASH "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define SOURCE                                                                                     \
    "\"source\":{\"WasmUrl\":{\"url\":\"https://example.org/g.wasm\",\"hash\":\"" CODE_HASH "\"}}"
#define LIMITS                                                                                     \
    "\"resource_limits\":{\"max_instructions\":1000000000,\"max_memory_mb\":128,"                  \
    "\"max_execution_seconds\":60}"
#define USED "\"resources_used\":{\"instructions\":5500000,\"time_ms\":120}"
#define MILLI ((near_u128)1000000000u * 1000000000000u) /* 0.001 NEAR */

/* ---- Calling ---- */

#define ENTRY(name, kind) NEAR_ENTRY(name);
COMPUTE_METHODS(ENTRY)
#undef ENTRY

static const struct {
    const char *name;
    void (*entry)(void);
    enum near_kind kind;
} methods[] = {
#define ROW(name, kind) {#name, near_entry_##name, NEAR_##kind},
    COMPUTE_METHODS(ROW)
#undef ROW
};

static size_t index_of(const char *name)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(methods[i].name, name) == 0) return i;
    fail_msg("no method %s", name);
    return 0;
}

static bool call_bytes(const char *method, struct alc_bytes args)
{
    size_t i = index_of(method);
    return methods[i].kind == NEAR_VIEW ? fake_view(methods[i].entry, args)
                                        : fake_call(methods[i].entry, args);
}

static void ok(const char *method, const char *args)
{
    if (!call_bytes(method, alc_cstr(args)))
        fail_msg("%s panicked: %s", method, (const char *)fake_panic().p);
}

static void panics_bytes(const char *phrase, const char *method, struct alc_bytes args)
{
    if (call_bytes(method, args)) fail_msg("%s did not panic, wanted: %s", method, phrase);
    if (strstr((const char *)fake_panic().p, phrase) == NULL)
        fail_msg("%s panicked with: %s, wanted: %s", method, (const char *)fake_panic().p, phrase);
}

static void panics(const char *phrase, const char *method, const char *args)
{
    panics_bytes(phrase, method, alc_cstr(args));
}

static void returns(const char *expected, const char *method, const char *args)
{
    ok(method, args);
    assert_non_null(fake_returned().p);
    assert_string_equal((const char *)fake_returned().p, expected);
}

static ALC_PRINTF(1, 2) const char *fmt(const char *format, ...)
{
    static char bufs[4][1 << 16];
    static unsigned turn;
    char *buf = bufs[turn++ % 4];
    va_list ap;
    int n;

    va_start(ap, format);
    n = vsnprintf(buf, sizeof bufs[0], format, ap);
    va_end(ap);
    assert_in_range(n, 0, sizeof bufs[0] - 1);
    return buf;
}

static void as(const char *account)
{
    fake_env.predecessor = fake_env.signer = account;
}

/* ---- The usual way ---- */

static int fresh(void **state)
{
    (void)state;
    fake_reset();
    as("owner.test");
    ok("new", "{\"owner_id\":\"owner.test\",\"operator_id\":\"op.test\",\"chain_id\":\"localnet\"}");
    return 0;
}

struct asked {
    struct alc_hash data_id;
    char *request_data; /* what was announced, and what the callback gets */
};

static struct asked last;

static void keep_yield(void)
{
    struct alc_bytes args;

    assert_true(fake_yielded(&last.data_id, &args));
    free(last.request_data);
    last.request_data = strndup((const char *)args.p, args.n);
    assert_non_null(last.request_data);
}

static int done(void **state)
{
    (void)state;
    fake_reset();
    free(last.request_data);
    last.request_data = NULL;
    return 0;
}

/* ask sends a request of alice with `more` behind source and limits, and 0.1 NEAR. */
static void ask(const char *more)
{
    as("alice.test");
    fake_env.deposit = 100 * MILLI;
    ok("request_execution", fmt("{" SOURCE "," LIMITS "%s}", more));
    fake_env.deposit = 0;
    keep_yield();
}

/* wake runs the callback of the last request with what the last call resumed it with. */
static void wake(void)
{
    struct alc_hash id;
    struct alc_bytes payload, kept;
    uint8_t buf[NEAR_RESUME_MAX_BYTES];

    assert_true(fake_resumed(&id, &payload));
    assert_memory_equal(id.b, last.data_id.b, 32);
    memcpy(buf, payload.p, payload.n);
    kept = (struct alc_bytes){buf, payload.n};
    assert_true(fake_callback(near_entry_on_execution_response, alc_cstr(last.request_data), kept));
}

static void answer(uint64_t id, const char *response)
{
    as("op.test");
    ok("resolve_execution", fmt("{\"request_id\":%u,\"response\":%s}", (unsigned)id, response));
    wake();
}

static void result_is(const char *expected)
{
    assert_non_null(fake_returned().p);
    assert_string_equal((const char *)fake_returned().p, expected);
}

static void log_is(size_t i, const char *expected)
{
    assert_string_equal((const char *)fake_log(i).p, expected);
}

static void refunds(const char *account, near_u128 yocto)
{
    assert_int_equal(fake_receipts(), 1);
    assert_string_equal(fake_receipt(0)->receiver, account);
    assert_true(fake_receipt(0)->amount == yocto);
}

/* ---- Setting up ---- */

static void nothing_works_before_new(void **state)
{
    (void)state;
    fake_reset();
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        const char *args = "{\"request_id\":0,\"owner_id\":\"a.b\",\"new_owner_id\":\"a.b\","
                           "\"new_operator_id\":\"a.b\",\"paused\":true,\"max_bytes\":1,"
                           "\"request_ids\":[]," SOURCE ",\"response\":{\"success\":true," USED "},"
                           "\"output\":{\"Text\":\"\"},\"success\":true," USED ","
                           "\"public_key\":\"ed25519:11111111111111111111111111111111\"}";
        if (strcmp(methods[i].name, "new") == 0) continue;
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
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (methods[i].kind != NEAR_CALL) continue;
        panics(fmt("Method %s doesn't accept deposit", methods[i].name), methods[i].name, "");
    }
    fake_env.deposit = 0;
}

static void the_callback_is_private(void **state)
{
    (void)state;
    as("op.test");
    panics("Method on_execution_response is private", "on_execution_response", "");
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
    panics("at most 64 bytes", "set_event_metadata",
           fmt("{\"version\":\"%065d\"}", 0));
    ok("set_paused", "{\"paused\":true}");
    returns("true", "is_paused", "");
    panics("Contract is paused", "request_execution", "{\"source\":{\"Project\":{\"project_id\":\"x\"}}}");
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
       "{\"request_id\":0,\"response\":{\"success\":true,\"resources_used\":{\"instructions\":999999,"
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
    ok("resolve_execution", "{\"request_id\":0,\"response\":{\"success\":false,\"output\":{\"Text\":"
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
    returns(fmt("{\"request_id\":0,\"data_id\":[7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,"
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
    assert_non_null(strstr(last.request_data, "{\"max_instructions\":1000000000,\"max_memory_mb\":64,"
                                              "\"max_execution_seconds\":60}"));
    ok("get_request", "{\"request_id\":0}");
    assert_non_null(strstr((const char *)fake_returned().p,
                           "{\"max_instructions\":null,\"max_memory_mb\":64,"
                           "\"max_execution_seconds\":null}"));
    fake_env.deposit = MILLI;
    ok("request_execution", "{\"source\":{\"GitHub\":{\"repo\":\"https://github.com/o/r\",\"commit\":"
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
    "\"source\":{\"GitHub\":{\"repo\":\"o/r\",\"commit\":\"c\",\"build_target\":\"" t "\"}}," LIMITS
#define SECRETS(profile) SOURCE "," LIMITS ",\"secrets_ref\":{\"profile\":\"" profile               \
                                "\",\"account_id\":\"a.test\"}"
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
        {"compile-only", PARAMS("\"compile_only\":true") ",\"input_data\":\"x\""},
        {"compile-only", SOURCE ",\"input_data\":\"x\""},
        {"max_instructions", SOURCE ",\"resource_limits\":{\"max_instructions\":500000000001}"},
        {"max_execution_seconds", SOURCE ",\"resource_limits\":{\"max_execution_seconds\":181}"},
        {"attached_usd", PARAMS("\"attached_usd\":\"1\"")},
        {"params.proof must be", PARAMS("\"proof\":\"strong\"")},
        {"not offered yet", PARAMS("\"proof\":\"quote\"")},
        {"not offered yet", PARAMS("\"proof\":\"onchain\"")},
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
    for (size_t i = 0; i < input; i++, n += unit_n) memcpy(args + n, unit, unit_n);
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
    uint64_t empty;
    (void)state;
    empty = fake_state_bytes();
    request_of(0, "x", true, 0);
    request_of(9999, "x", true, 1);
    request_of(10000, "x", false, 2);
    request_of(300000, "x", false, 3);
    request_of(5000, "\xc3\xa9", false, 4);
    request_of(4999, "\xc3\xa9", true, 5);
    request_of(1000, "\\\"", true, 6);
    request_of(6000, "\\\"", false, 7); /* 6000 characters, but the contract counts bytes */
    (void)empty;
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
        panics("Failed to deserialize input from JSON", "request_execution",
               fmt("{%s}", bad[i]));
    ok("request_execution",
       "[{\"WasmUrl\":[\"https://x\",\"" CODE_HASH "\",null]},[1,null,2],null,null,"
       "{\"Text\":null},null,[false,false,false,null,null,true]]");
    keep_yield();
    assert_non_null(strstr(last.request_data, "\"use_bound_identity\":true"));
    fake_env.deposit = 0;
}

/* ---- Answers ---- */

static void json_answer(const char *expected, const char *output, uint64_t id)
{
    ask("");
    answer(id, fmt("{\"success\":true,\"output\":{\"Json\":%s}," USED "}", output));
    result_is(expected);
}

static void outputs_come_back_as_they_were_given(void **state)
{
    uint64_t id = 0;
    (void)state;
    ask("");
    answer(id++, "{\"success\":true,\"output\":{\"Text\":\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/"
                 "\\u007f\\u00e9\\ud83d\\ude00\"}," USED "}");
    result_is("\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/\x7f\xc3\xa9\xf0\x9f\x98\x80\"");
    ask("");
    answer(id++, "{\"success\":true,\"output\":{\"Bytes\":[0,255 , 16]}," USED "}");
    result_is("\"AP8Q\"");
    ask("");
    answer(id++, "{\"success\":true,\"output\":{\"Bytes\":[]}," USED "}");
    result_is("\"\"");
    ask("");
    answer(id++, "{\"success\":true,\"output\":null," USED "}");
    result_is("null");
    json_answer("{\"a\":[1,2.50,\" x \\u0041\"],\"b\":{}}",
                " { \"a\" : [ 1 ,\n2.50 , \" x \\u0041\" ] ,\t\"b\" : { } } ", id++);
    json_answer("null", "null", id++);
    json_answer("-0.0e+1", " -0.0e+1 ", id++);
    json_answer("1.7976931348623157e308", "1.7976931348623157e308", id++);
    json_answer("0e99999999999999999999", "0e99999999999999999999", id++);
    json_answer("[[],[[]]]", "[ [ ] , [ [ ] ] ]", id);
}

static void outputs_that_make_no_sense_are_refused(void **state)
{
    static const char *const bad[] = {
        "{\"Json\":1e309}",
        "{\"Json\":1.797693134862315808e308}",
        "{\"Json\":[-1e999]}",
        "{\"Json\":\"\\ud800\"}",
        "{\"Json\":\"\\udc00\\ud800\"}",
        "{\"Json\":\"\xff\"}",
        "{\"Json\":[1,]}",
        "{\"Json\":}",
        "{\"Json\"}",
        "{\"Text\":1}",
        "{\"Text\":null}",
        "{\"Bytes\":\"AAAA\"}",
        "{\"Bytes\":[256]}",
        "{\"Bytes\":[-1]}",
        "{\"Bytes\":[1.0]}",
        "{\"Xml\":1}",
        "\"Text\"",
    };
    char deep[512];
    size_t n;

    (void)state;
    ask("");
    as("op.test");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        panics("Failed to deserialize input from JSON", "resolve_execution",
               fmt("{\"request_id\":0,\"response\":{\"success\":true,\"output\":%s," USED "}}",
                   bad[i]));
    /* 127 levels from the outermost bracket: three are the arguments' own. */
    for (size_t levels = 124; levels <= 125; levels++) {
        n = 0;
        memset(deep, '[', levels);
        memset(deep + levels, ']', levels);
        n = 2 * levels;
        deep[n] = 0;
        if (levels == 124)
            ok("resolve_execution",
               fmt("{\"request_id\":0,\"response\":{\"success\":true,\"output\":{\"Json\":%s}," USED
                   "}}",
                   deep));
        else
            panics("nested too deeply", "resolve_execution",
                   fmt("{\"request_id\":0,\"response\":{\"success\":true,\"output\":{\"Json\":"
                       "%s}," USED "}}",
                       deep));
    }
}

static void resolving_has_its_conditions(void **state)
{
    char *big;
    (void)state;
    ask("");
    panics("Only operator can call this", "resolve_execution",
           "{\"request_id\":0,\"response\":{\"success\":true," USED "}}");
    panics("Only operator can call this", "submit_execution_output",
           "{\"request_id\":0,\"output\":{\"Text\":\"x\"}}");
    panics("Only operator can call this", "submit_execution_output_and_resolve",
           "{\"request_id\":0,\"output\":{\"Text\":\"x\"},\"success\":true," USED "}");
    as("op.test");
    panics("Execution request not found", "resolve_execution",
           "{\"request_id\":1,\"response\":{\"success\":true," USED "}}");
    panics("Execution request not found", "submit_execution_output",
           "{\"request_id\":1,\"output\":{\"Text\":\"x\"}}");
    panics("Failed to deserialize", "resolve_execution",
           "{\"request_id\":0,\"response\":{\"success\":true}}");
    fake_yields_wait(false);
    panics("Unable to resume", "resolve_execution",
           "{\"request_id\":0,\"response\":{\"success\":true," USED "}}");
    fake_yields_wait(true);
    big = strdup(fmt("{\"request_id\":0,\"response\":{\"success\":true,\"output\":{\"Text\":\"%01024d\"}"
                     "," USED "}}",
                     0));
    panics("over 1024 bytes: use submit_execution_output_and_resolve", "resolve_execution", big);
    free(big);
}

static void an_answer_that_fits_in_json_fits_with_room_for_proof(void **state)
{
    (void)state;
    /* The reference's payload: six keys, nulls included, 1024 bytes with this output. */
    ask("");
    answer(0, fmt("{\"success\":true,\"output\":{\"Text\":\"%0880d\"},\"error\":null," USED
                  ",\"compilation_note\":null,\"refund_usd\":null}",
                  7));
    assert_int_equal(fake_returned().n, 882);
}

static void the_reference_payload_is_understood(void **state)
{
    (void)state;
    ask("");
    assert_true(fake_callback(
        near_entry_on_execution_response, alc_cstr(last.request_data),
        alc_cstr("{\"success\":true,\"output\":{\"Json\":{\"a\": 1}},\"error\":null," USED
                 ",\"compilation_note\":null,\"refund_usd\":null}")));
    result_is("{\"a\":1}");
    ask(",\"params\":{\"proof\":\"key\"}");
    assert_false(fake_callback(near_entry_on_execution_response, alc_cstr(last.request_data),
                               alc_cstr("{\"success\":true,\"output\":{\"Text\":\"x\"}," USED "}")));
    assert_false(fake_callback(near_entry_on_execution_response, alc_cstr(last.request_data),
                               alc_cstr("nonsense")));
    assert_false(fake_callback(near_entry_on_execution_response, alc_cstr(last.request_data),
                               alc_cstr("")));
    ok("get_request", "{\"request_id\":1}");
    assert_string_not_equal((const char *)fake_returned().p, "null");
}

static void a_late_callback_finds_nothing_and_pays_nothing(void **state)
{
    struct alc_bytes none = {NULL, 0};
    (void)state;
    ask("");
    as("owner.test");
    ok("emergency_cancel_execution", "{\"request_id\":0}");
    refunds("alice.test", 100 * MILLI);
    assert_true(
        fake_callback(near_entry_on_execution_response, alc_cstr(last.request_data), none));
    result_is("null");
    assert_int_equal(fake_receipts(), 0);
    log_is(0, "Request 0 had already ended");
    returns("[0,\"0\"]", "get_stats", "");
}

static void stored_output_replaces_what_resolve_brings(void **state)
{
    (void)state;
    ask("");
    as("op.test");
    ok("submit_execution_output", "{\"request_id\":0,\"output\":{\"Text\":\"stored \\u00e9\"}}");
    panics("Output already submitted", "submit_execution_output",
           "{\"request_id\":0,\"output\":{\"Text\":\"again\"}}");
    returns("{\"Text\":\"stored \xc3\xa9\"}", "get_pending_output", "{\"request_id\":0}");
    returns("true", "has_pending_output", "{\"request_id\":0}");
    ok("get_request", "{\"request_id\":0}");
    assert_non_null(strstr((const char *)fake_returned().p,
                           "\"pending_output\":{\"Text\":[115,116,111,114,101,100,32,195,169]},"
                           "\"output_submitted\":true}"));
    answer(0, "{\"success\":true,\"output\":{\"Text\":\"brought\"}," USED "}");
    result_is("\"stored \xc3\xa9\"");
    assert_int_equal(fake_records(), 2);
}

static void a_long_output_goes_through_the_combined_method(void **state)
{
    static char big[200000], expected[200010];
    (void)state;
    ask("");
    as("op.test");
    memset(big, 'y', 150000);
    snprintf(expected, sizeof expected, "\"%s\"", big);
    {
        size_t n = strlen(big);
        char *args = malloc(n + 512);
        assert_non_null(args);
        snprintf(args, n + 512,
                 "{\"request_id\":0,\"output\":{\"Text\":\"%s\"},\"success\":true,\"error\":null," USED
                 ",\"compilation_note\":null,\"refund_usd\":5}",
                 big);
        ok("submit_execution_output_and_resolve", args);
        free(args);
    }
    wake();
    result_is(expected);
    ask("");
    as("op.test");
    ok("submit_execution_output_and_resolve",
       "{\"request_id\":1,\"output\":{\"Json\":[ 1 ]},\"success\":false,\"error\":\"e\"," USED "}");
    wake();
    result_is("null");
    refunds("alice.test", 99 * MILLI);
    assert_int_equal(fake_records(), 2);
}

static void an_output_beyond_the_limit_is_refused(void **state)
{
    size_t n = OUTPUT_MAX_BYTES + 1;
    char *args = malloc(n + 512);
    size_t at;

    (void)state;
    assert_non_null(args);
    ask("");
    as("op.test");
    at = (size_t)sprintf(args, "{\"request_id\":0,\"output\":{\"Text\":\"");
    memset(args + at, '\x7f', n);
    strcpy(args + at + n, "\"},\"success\":true," USED "}");
    panics("The output is longer than 655360 bytes", "submit_execution_output_and_resolve", args);
    /* One byte less passes, and as the dearest JSON string still fits a result. */
    at = (size_t)sprintf(args, "{\"request_id\":0,\"output\":{\"Text\":\"");
    memset(args + at, 'z', OUTPUT_MAX_BYTES);
    strcpy(args + at + OUTPUT_MAX_BYTES, "\"},\"success\":true," USED "}");
    ok("submit_execution_output_and_resolve", args);
    wake();
    assert_int_equal(fake_returned().n, OUTPUT_MAX_BYTES + 2);
    free(args);
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
    for (int i = 0; i < 6; i++) ask("");
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

/* ---- Worker keys ---- */

static char *key_text(uint8_t byte)
{
    static char text[2][64];
    static unsigned turn;
    char *out = text[turn++ % 2];
    struct alc_hash k;
    size_t n;

    memset(k.b, byte, sizeof k.b);
    assert_true(alc_base58_encode(out, 63, &n, alc_hash_bytes(&k)));
    out[n] = 0;
    return out;
}

static void worker_keys_are_added_listed_and_removed(void **state)
{
    (void)state;
    ok("add_worker_key", fmt("{\"public_key\":\"ed25519:%s\"}", key_text(1)));
    ok("add_worker_key", fmt("{\"public_key\":\"ED25519:%s\",\"expires_ns\":5}", key_text(2)));
    ok("add_worker_key", fmt("{\"public_key\":\"%s\",\"expires_ns\":null}", key_text(3)));
    ok("add_worker_key", fmt("{\"public_key\":\"%s\",\"expires_ns\":9}", key_text(1)));
    returns(fmt("[{\"public_key\":\"ed25519:%s\",\"expires_ns\":9},{\"public_key\":\"ed25519:%s\","
                "\"expires_ns\":5},{\"public_key\":\"ed25519:%s\",\"expires_ns\":null}]",
                strcpy((char[64]){0}, key_text(1)), key_text(2), key_text(3)),
            "get_worker_keys", "");
    ok("remove_worker_key", fmt("{\"public_key\":\"%s\"}", key_text(1)));
    returns(fmt("[{\"public_key\":\"ed25519:%s\",\"expires_ns\":null},{\"public_key\":\"ed25519:%s\","
                "\"expires_ns\":5}]",
                key_text(3), key_text(2)),
            "get_worker_keys", "");
    panics("This worker key is not registered", "remove_worker_key",
           fmt("{\"public_key\":\"%s\"}", key_text(1)));
    panics("expected an ed25519 key", "add_worker_key", "{\"public_key\":\"secp256k1:11\"}");
    panics("expected an ed25519 key", "add_worker_key", "{\"public_key\":\"ed25519:11\"}");
    panics("expected an ed25519 key", "add_worker_key", "{\"public_key\":\"ed25519:0OIl\"}");
    for (unsigned i = 10; i < 10 + WORKER_KEYS_MAX - 2; i++) {
        struct alc_hash k = {{(uint8_t)i, (uint8_t)(i >> 8), 1}};
        char text[64];
        size_t n;
        assert_true(alc_base58_encode(text, 63, &n, alc_hash_bytes(&k)));
        text[n] = 0;
        ok("add_worker_key", fmt("{\"public_key\":\"%s\"}", text));
    }
    panics("256 worker keys", "add_worker_key", fmt("{\"public_key\":\"%s\"}", key_text(77)));
    ok("get_worker_keys", "");
}

/* ---- Proof ---- */

static const struct alc_bytes OUTPUT = {(const uint8_t *)"{\"payout\":1}", 12};
#define OUTPUT_ARG "{\"Json\":{ \"payout\" : 1 }}"
#define WORKER 0x22

/* The statement that the last request accepts for OUTPUT; made from what was announced, not from
 * what the contract says of itself, but for the deployment id. */
static void good_statement(struct alc_statement *t, uint64_t id)
{
    const char *view, *at;
    size_t n;

    *t = (struct alc_statement){
        .chain_id = ALC_LIT("localnet"),
        .contract_id = ALC_LIT("compute.test"),
        .request_id = id,
        .data_id = last.data_id,
        .anchor_height = fake_env.height,
        .attempt = 1,
        .signer_id = ALC_LIT("alice.test"),
        .predecessor_id = ALC_LIT("alice.test"),
        .max_instructions = 1000000000,
        .max_memory_mb = 128,
        .max_seconds = 60,
        .instructions = 5500000,
        .time_ms = 120,
        .output_kind = ALC_OUTPUT_JSON,
    };
    alc_sha256(&t->request_hash, alc_cstr(last.request_data));
    alc_sha256(&t->input_hash, ALC_LIT("in"));
    alc_sha256(&t->output_hash, OUTPUT);
    assert_true(alc_hex_decode(t->code_hash.b, 32, &n, ALC_LIT(CODE_HASH)));
    memset(t->worker_key.b, WORKER, 32);
    ok("get_request_context", fmt("{\"request_id\":%u}", (unsigned)id));
    view = (const char *)fake_returned().p;
    at = strstr(view, "\"deployment_id\":\"");
    assert_non_null(at);
    assert_true(alc_hex_decode(t->deployment_id.b, 32, &n,
                               (struct alc_bytes){(const uint8_t *)at + 17, 64}));
}

static const char *base64_of(const struct alc_statement *t, const char *extra)
{
    uint8_t buf[ALC_STATEMENT_MAX_BYTES + 8];
    static char text[4096];
    size_t n = alc_statement_write(t, buf, ALC_STATEMENT_MAX_BYTES), m;

    assert_in_range(n, 1, ALC_STATEMENT_MAX_BYTES);
    memcpy(buf + n, extra, strlen(extra));
    assert_true(alc_base64_encode(text, sizeof text - 1, &m,
                                  (struct alc_bytes){buf, n + strlen(extra)}));
    text[m] = 0;
    return text;
}

static const char *resolve_args(uint64_t id, const char *output, const char *statement)
{
    return fmt("{\"request_id\":%u,\"response\":{\"success\":true,\"output\":%s," USED
               "},\"statement\":\"%s\"}",
               (unsigned)id, output, statement);
}

static void as_worker(void)
{
    as("op.test");
    memset(fake_env.signer_key + 1, WORKER, 32);
}

static void ask_with_proof(void)
{
    as("owner.test");
    ok("add_worker_key", fmt("{\"public_key\":\"%s\"}", key_text(WORKER)));
    ask(",\"input_data\":\"in\",\"params\":{\"proof\":\"key\",\"with_proof\":true}");
}

static void envelope_is(const struct alc_statement *t, const char *output, uint64_t id)
{
    uint8_t buf[ALC_STATEMENT_MAX_BYTES];
    struct alc_hash h;
    char hex[65];
    size_t n = alc_statement_write(t, buf, sizeof buf);

    alc_sha256(&h, (struct alc_bytes){buf, n});
    assert_true(alc_hex_encode(hex, 64, &n, alc_hash_bytes(&h)));
    hex[64] = 0;
    result_is(fmt("{\"output\":%s,\"statement_hash\":\"%s\",\"worker_key\":\"ed25519:%s\","
                  "\"request_id\":%u}",
                  output, hex, key_text(WORKER), (unsigned)id));
}

static void a_proven_answer_comes_back_with_its_proof(void **state)
{
    struct alc_statement t;
    (void)state;
    ask_with_proof();
    good_statement(&t, 0);
    as_worker();
    ok("resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    wake();
    envelope_is(&t, "{\"payout\":1}", 0);
}

static void the_context_tells_what_a_statement_must_name(void **state)
{
    char data_id[65], request[65], input[65];
    struct alc_hash h;
    size_t n;
    const char *view;

    (void)state;
    ask_with_proof();
    assert_true(alc_hex_encode(data_id, 64, &n, alc_hash_bytes(&last.data_id)));
    alc_sha256(&h, alc_cstr(last.request_data));
    assert_true(alc_hex_encode(request, 64, &n, alc_hash_bytes(&h)));
    alc_sha256(&h, ALC_LIT("in"));
    assert_true(alc_hex_encode(input, 64, &n, alc_hash_bytes(&h)));
    ok("get_request_context", "{\"request_id\":0}");
    view = (const char *)fake_returned().p;
    assert_non_null(strstr(
        view, fmt("{\"request_id\":0,\"signer_id\":\"alice.test\",\"predecessor_id\":\"alice.test\","
                  "\"request_hash\":\"%.64s\",\"input_hash\":\"%.64s\",\"code_hash\":\"" CODE_HASH
                  "\",\"data_id\":\"%.64s\",\"height\":1002,\"deployment_id\":\"",
                  request, input, data_id)));
    assert_non_null(strstr(view, "\",\"chain_id\":\"localnet\",\"resource_limits\":{"
                                 "\"max_instructions\":1000000000,\"max_memory_mb\":128,"
                                 "\"max_execution_seconds\":60},\"compile_only\":false,\"proof\":"
                                 "\"key\",\"with_proof\":true}"));
}

static void a_stored_output_is_proven_too(void **state)
{
    struct alc_statement t;
    (void)state;
    ask_with_proof();
    good_statement(&t, 0);
    as_worker();
    ok("submit_execution_output_and_resolve",
       fmt("{\"request_id\":0,\"output\":" OUTPUT_ARG ",\"success\":true," USED
           ",\"statement\":\"%s\"}",
           base64_of(&t, "")));
    wake();
    envelope_is(&t, "{\"payout\":1}", 0);

    ask(",\"input_data\":\"in\",\"params\":{\"proof\":\"key\",\"with_proof\":true}");
    good_statement(&t, 1);
    as_worker();
    ok("submit_execution_output", "{\"request_id\":1,\"output\":" OUTPUT_ARG "}");
    ok("resolve_execution", resolve_args(1, "null", base64_of(&t, "")));
    wake();
    envelope_is(&t, "{\"payout\":1}", 1);
}

static void other_bytes_are_refused_on_every_way(void **state)
{
    struct alc_statement t;
    (void)state;
    ask_with_proof();
    good_statement(&t, 0);
    as_worker();
    panics("Statement refused: another output", "resolve_execution",
           resolve_args(0, "{\"Json\":{\"payout\":2}}", base64_of(&t, "")));
    panics("Statement refused: another kind of output", "resolve_execution",
           resolve_args(0, "{\"Text\":\"{\\\"payout\\\":1}\"}", base64_of(&t, "")));
    panics("Statement refused: another kind of output", "resolve_execution",
           resolve_args(0, "null", base64_of(&t, "")));
    panics("Statement refused: another output", "submit_execution_output_and_resolve",
           fmt("{\"request_id\":0,\"output\":{\"Json\":{\"payout\":2}},\"success\":true," USED
               ",\"statement\":\"%s\"}",
               base64_of(&t, "")));
    returns("false", "has_pending_output", "{\"request_id\":0}");
    /* Stored first, proven for other bytes: what is stored is what would be returned. */
    ok("submit_execution_output", "{\"request_id\":0,\"output\":{\"Json\":{\"payout\":2}}}");
    panics("Statement refused: another output", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    panics("Proof was asked for", "resolve_execution",
           "{\"request_id\":0,\"response\":{\"success\":true," USED "}}");
}

static void an_output_stored_after_the_proof_changes_nothing(void **state)
{
    struct alc_statement t;
    struct alc_hash id;
    struct alc_bytes payload;
    uint8_t buf[NEAR_RESUME_MAX_BYTES];
    size_t n;

    (void)state;
    ask_with_proof();
    good_statement(&t, 0);
    as_worker();
    ok("resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    assert_true(fake_resumed(&id, &payload));
    n = payload.n;
    memcpy(buf, payload.p, n);
    ok("submit_execution_output", "{\"request_id\":0,\"output\":{\"Json\":{\"payout\":2}}}");
    assert_true(fake_callback(near_entry_on_execution_response, alc_cstr(last.request_data),
                              (struct alc_bytes){buf, n}));
    envelope_is(&t, "{\"payout\":1}", 0);
    assert_int_equal(fake_records(), 4); /* state, prices, and the key with its list */
}

static void without_a_statement_only_failure_is_possible(void **state)
{
    (void)state;
    ask_with_proof();
    as_worker();
    panics("Proof was asked for: an output needs a statement", "resolve_execution",
           "{\"request_id\":0,\"response\":{\"success\":true,\"output\":" OUTPUT_ARG "," USED "}}");
    panics("Proof was asked for: an output needs a statement",
           "submit_execution_output_and_resolve",
           "{\"request_id\":0,\"output\":" OUTPUT_ARG ",\"success\":true," USED
           ",\"statement\":null}");
    ok("resolve_execution", "{\"request_id\":0,\"response\":{\"success\":false,\"output\":" OUTPUT_ARG
                            ",\"error\":\"no\"," USED "}}");
    wake();
    result_is("null");
    refunds("alice.test", 99 * MILLI);
}

static void a_failure_can_be_proven(void **state)
{
    struct alc_statement t;
    (void)state;
    ask_with_proof();
    good_statement(&t, 0);
    t.outcome = ALC_OUTCOME_TRAP;
    as_worker();
    panics("Statement refused: another outcome", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    panics("Statement refused: another kind of output", "resolve_execution",
           fmt("{\"request_id\":0,\"response\":{\"success\":false," USED "},\"statement\":\"%s\"}",
               base64_of(&t, "")));
    t.output_kind = ALC_OUTPUT_NONE;
    panics("Statement refused: another output", "resolve_execution",
           fmt("{\"request_id\":0,\"response\":{\"success\":false," USED "},\"statement\":\"%s\"}",
               base64_of(&t, "")));
    memset(t.output_hash.b, 0, 32);
    ok("resolve_execution",
       fmt("{\"request_id\":0,\"response\":{\"success\":false," USED "},\"statement\":\"%s\"}",
           base64_of(&t, "")));
    wake();
    result_is("null");
}

#define BYTES_FIELD(f) {#f, offsetof(struct alc_statement, f), 0}
#define FIELD(f) {#f, offsetof(struct alc_statement, f), sizeof(((struct alc_statement *)0)->f)}

static void each_changed_field_is_refused(void **state)
{
    static const struct {
        const char *name;
        size_t at;
        size_t n; /* 0: borrowed bytes */
    } fields[] = {
        BYTES_FIELD(chain_id),    BYTES_FIELD(contract_id),    FIELD(deployment_id),
        FIELD(request_id),        FIELD(data_id),              FIELD(request_hash),
        FIELD(anchor_height),     BYTES_FIELD(signer_id),      BYTES_FIELD(predecessor_id),
        BYTES_FIELD(project_id),  FIELD(code_hash),            FIELD(input_hash),
        FIELD(max_instructions),  FIELD(max_memory_mb),        FIELD(max_seconds),
        FIELD(outcome),           FIELD(instructions),         FIELD(time_ms),
        FIELD(compile_ms),        FIELD(refund_usd),           FIELD(output_kind),
        FIELD(output_hash),       FIELD(worker_key),
    };
    struct alc_statement good, t;

    (void)state;
    ask_with_proof();
    good_statement(&good, 0);
    as_worker();
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        uint8_t *p = (uint8_t *)&t + fields[i].at;
        t = good;
        if (fields[i].n == 0)
            *(struct alc_bytes *)(void *)p = ALC_LIT("other.test");
        else if (fields[i].n > 8)
            p[fields[i].n - 1] ^= 1;
        else
            *p = (uint8_t)(*p + 1);
        if (call_bytes("resolve_execution",
                       alc_cstr(resolve_args(0, OUTPUT_ARG, base64_of(&t, "")))))
            fail_msg("a changed %s was accepted", fields[i].name);
        assert_non_null(strstr((const char *)fake_panic().p, "Statement refused: "));
    }
    ok("resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&good, "")));
}

static void statements_that_do_not_decode_are_refused(void **state)
{
    struct alc_statement t;
    char *text, *args;
    (void)state;
    ask_with_proof();
    good_statement(&t, 0);
    as_worker();
    panics("Statement refused: not statement v1", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "x")));
    panics("Statement refused: not statement v1", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, ""));
    panics("Statement refused: not base64", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, "AAA"));
    panics("Statement refused: not base64", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, "AA A"));
    text = strdup(base64_of(&t, ""));
    args = malloc(4096);
    assert_non_null(args);
    for (size_t n = strlen(text) - 4; n > 0; n -= 4) {
        text[n] = 0;
        panics("Statement refused: not statement v1", "resolve_execution",
               resolve_args(0, OUTPUT_ARG, text));
        if (n < 64) break;
        n -= 40;
    }
    memset(args, 'A', 4092);
    args[4092] = 0;
    panics("Statement refused: not base64, or too long", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, args));
    free(args);
    free(text);
}

static void the_wrong_signer_is_refused(void **state)
{
    struct alc_statement t;
    (void)state;
    ask_with_proof();
    good_statement(&t, 0);
    as_worker();
    fake_env.signer = "relay.test";
    panics("straight from a transaction", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    as_worker();
    fake_env.signer_key[0] = 1;
    panics("signed by another key", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    fake_env.signer_key[0] = 0;
    fake_env.signer_key[32] ^= 1;
    panics("signed by another key", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    t.worker_key.b[31] ^= 1; /* consistent, but nobody registered it */
    panics("not registered", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
}

static void an_expired_or_removed_key_is_refused(void **state)
{
    struct alc_statement t;
    (void)state;
    ask_with_proof();
    good_statement(&t, 0);
    as("owner.test");
    ok("add_worker_key", fmt("{\"public_key\":\"%s\",\"expires_ns\":%" PRIu64 "}",
                             key_text(WORKER), fake_env.time_ns));
    as_worker();
    panics("has expired", "resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    as("owner.test");
    ok("remove_worker_key", fmt("{\"public_key\":\"%s\"}", key_text(WORKER)));
    as_worker();
    panics("not registered", "resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    as("owner.test");
    ok("add_worker_key", fmt("{\"public_key\":\"%s\",\"expires_ns\":%" PRIu64 "}",
                             key_text(WORKER), fake_env.time_ns + 1));
    as_worker();
    ok("resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
}

static void a_statement_of_an_earlier_deployment_is_refused(void **state)
{
    struct alc_statement old, now;
    (void)state;
    ask_with_proof();
    good_statement(&old, 0);
    fake_reset();
    as("owner.test");
    fake_env.height += 50;
    ok("new", "{\"owner_id\":\"owner.test\",\"operator_id\":\"op.test\",\"chain_id\":\"localnet\"}");
    ask_with_proof();
    good_statement(&now, 0);
    assert_memory_equal(old.data_id.b, now.data_id.b, 32); /* the fake's; a chain gives others */
    assert_memory_equal(old.request_hash.b, now.request_hash.b, 32);
    as_worker();
    panics("Statement refused: another deployment", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&old, "")));
    ok("resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&now, "")));
}

static void a_statement_given_unasked_is_checked_all_the_same(void **state)
{
    struct alc_statement t;
    (void)state;
    as("owner.test");
    ok("add_worker_key", fmt("{\"public_key\":\"%s\"}", key_text(WORKER)));
    ask(",\"input_data\":\"in\"");
    good_statement(&t, 0);
    t.time_ms++;
    as_worker();
    panics("Statement refused: other resources than reported", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    t.time_ms--;
    ok("resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    wake();
    result_is("{\"payout\":1}"); /* no envelope: it was not asked for */
}

static void metrics_in_a_statement_include_compiling_and_refund(void **state)
{
    struct alc_statement t;
    const char *form = "{\"request_id\":0,\"response\":{\"success\":true,\"output\":" OUTPUT_ARG
                       ",\"resources_used\":{\"instructions\":5500000,\"time_ms\":120,"
                       "\"compile_time_ms\":%u},\"refund_usd\":%u},\"statement\":\"%s\"}";
    (void)state;
    ask_with_proof();
    good_statement(&t, 0);
    t.compile_ms = 3;
    t.refund_usd = 4;
    as_worker();
    panics("other resources", "resolve_execution", fmt("{\"request_id\":0,\"response\":{\"success\":"
                                                       "true,\"output\":" OUTPUT_ARG "," USED
                                                       ",\"refund_usd\":4},\"statement\":\"%s\"}",
                                                       base64_of(&t, "")));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    panics("another refund", "resolve_execution", fmt(form, 3, 5, base64_of(&t, "")));
    ok("resolve_execution", fmt(form, 3, 4, base64_of(&t, "")));
#pragma GCC diagnostic pop
}

static void a_long_input_is_proven_from_where_it_lies(void **state)
{
    struct alc_statement t;
    static char in[20001];
    (void)state;
    as("owner.test");
    ok("add_worker_key", fmt("{\"public_key\":\"%s\"}", key_text(WORKER)));
    memset(in, 'i', sizeof in - 1);
    ask(fmt(",\"input_data\":\"%s\",\"params\":{\"proof\":\"key\"}", in));
    good_statement(&t, 0);
    as_worker();
    panics("Statement refused: another input", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    alc_sha256(&t.input_hash, alc_cstr(in));
    ok("resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    wake();
    result_is("{\"payout\":1}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_works_before_new),
        TEST(new_works_once_and_fills_in_defaults),
        TEST(a_deposit_is_refused_where_none_belongs),
        TEST(the_callback_is_private),
        TEST(only_the_owner_changes_settings),
        TEST(settings_are_kept),
        TEST(estimates_are_the_published_ones),
        TEST(a_success_costs_what_was_used),
        TEST(compiling_is_charged_and_a_shortfall_is_not_collected),
        TEST(a_failure_costs_the_base_fee),
        TEST(a_timeout_costs_the_base_fee_without_an_event),
        TEST(a_base_fee_raised_meanwhile_takes_no_more_than_was_paid),
        TEST(too_little_money_is_refused),
        TEST(a_request_is_announced_to_the_byte),
        TEST(partial_limits_are_completed_in_the_event_alone),
        TEST(requests_against_the_rules_are_refused),
        TEST(odd_but_allowed_requests_pass),
        TEST(proof_is_announced_last_and_only_when_asked),
        TEST(input_of_every_size_is_kept),
        TEST(input_too_dense_for_the_log_fails_with_a_sentence),
        TEST(pending_bytes_are_what_the_requests_lock),
        TEST(requests_over_the_cap_are_refused),
        TEST(malformed_arguments_are_refused),
        TEST(unusual_arguments_are_accepted),
        TEST(values_of_the_wrong_kind_are_refused),
        TEST(outputs_come_back_as_they_were_given),
        TEST(outputs_that_make_no_sense_are_refused),
        TEST(resolving_has_its_conditions),
        TEST(an_answer_that_fits_in_json_fits_with_room_for_proof),
        TEST(the_reference_payload_is_understood),
        TEST(a_late_callback_finds_nothing_and_pays_nothing),
        TEST(stored_output_replaces_what_resolve_brings),
        TEST(a_long_output_goes_through_the_combined_method),
        TEST(an_output_beyond_the_limit_is_refused),
        TEST(a_stale_request_is_cancelled_by_who_sent_it),
        TEST(the_owner_cancels_many_and_unknown_ones_are_skipped),
        TEST(worker_keys_are_added_listed_and_removed),
        TEST(a_proven_answer_comes_back_with_its_proof),
        TEST(the_context_tells_what_a_statement_must_name),
        TEST(a_stored_output_is_proven_too),
        TEST(other_bytes_are_refused_on_every_way),
        TEST(an_output_stored_after_the_proof_changes_nothing),
        TEST(without_a_statement_only_failure_is_possible),
        TEST(a_failure_can_be_proven),
        TEST(each_changed_field_is_refused),
        TEST(statements_that_do_not_decode_are_refused),
        TEST(the_wrong_signer_is_refused),
        TEST(an_expired_or_removed_key_is_refused),
        TEST(a_statement_of_an_earlier_deployment_is_refused),
        TEST(a_statement_given_unasked_is_checked_all_the_same),
        TEST(metrics_in_a_statement_include_compiling_and_refund),
        TEST(a_long_input_is_proven_from_where_it_lies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
