/* tests/contract/test_compute_answer.c — answers: what comes back, what is refused, and when. */
#include "tests/contract/compute_calls.h"

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
    big = strdup(
        fmt("{\"request_id\":0,\"response\":{\"success\":true,\"output\":{\"Text\":\"%01024d\"}"
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
    assert_false(
        fake_callback(near_entry_on_execution_response, alc_cstr(last.request_data),
                      alc_cstr("{\"success\":true,\"output\":{\"Text\":\"x\"}," USED "}")));
    assert_false(fake_callback(near_entry_on_execution_response, alc_cstr(last.request_data),
                               alc_cstr("nonsense")));
    assert_false(
        fake_callback(near_entry_on_execution_response, alc_cstr(last.request_data), alc_cstr("")));
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
    assert_true(fake_callback(near_entry_on_execution_response, alc_cstr(last.request_data), none));
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

/* Texts that a JSON string has to write otherwise; what is shown of them are their octets. */
#define ODD_JSON "\\\"\\\"\\\\\\n\\u0001\\u001f/\x7f\xc3\xa9\xe2\x98\x83\xf0\x9f\x98\x80"
#define ODD_OCTETS "[34,34,92,10,1,31,47,127,195,169,226,152,131,240,159,152,128]"

static void an_odd_text_waits(uint64_t id)
{
    returns("{\"Text\":\"" ODD_JSON "\"}", "get_pending_output",
            fmt("{\"request_id\":%" PRIu64 "}", id));
    ok("get_request", fmt("{\"request_id\":%" PRIu64 "}", id));
    assert_non_null(strstr((const char *)fake_returned().p,
                           "\"pending_output\":{\"Text\":" ODD_OCTETS
                           "},\"output_submitted\":true}"));
}

static void a_text_is_kept_as_it_will_be_returned(void **state)
{
    struct alc_bytes record;
    (void)state;
    ask("");
    as("op.test");
    ok("submit_execution_output", "{\"request_id\":0,\"output\":{\"Text\":"
                                  "\"\\u0022\\\"\\u005c\\n\\u0001\\u001f\\/\x7f\\u00e9\xe2\x98"
                                  "\x83\\ud83d\\ude00\"}}");
    assert_true(fake_get((struct alc_bytes){(const uint8_t *)"o\0\0\0\0\0\0\0", 9}, &record));
    assert_string_equal((const char *)record.p, "\x04\"" ODD_JSON "\"");
    an_odd_text_waits(0);
    answer(0, "{\"success\":true," USED "}");
    result_is("\"" ODD_JSON "\"");
    returns("[0,8388608]", "get_pending_bytes", "");
}

/* The version before kept the text itself, under the kind 1. */
static void a_text_of_before_is_shown_and_returned(void **state)
{
    const struct alc_bytes key = {(const uint8_t *)"o\0\0\0\0\0\0\0", 9};
    struct alc_bytes record;
    uint8_t old[64];
    size_t n;
    (void)state;
    ask("");
    as("op.test");
    ok("submit_execution_output", "{\"request_id\":0,\"output\":{\"Bytes\":" ODD_OCTETS "}}");
    assert_true(fake_get(key, &record));
    n = record.n;
    memcpy(old, record.p, n);
    assert_int_equal(old[0], OUTPUT_BYTES);
    old[0] = OUTPUT_TEXT;
    fake_put(key, (struct alc_bytes){old, n});
    an_odd_text_waits(0);
    answer(0, "{\"success\":true," USED "}");
    result_is("\"" ODD_JSON "\"");
    returns("[0,8388608]", "get_pending_bytes", "");
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
        snprintf(
            args, n + 512,
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

static void a_text_beyond_the_limit_of_its_json_is_refused(void **state)
{
    const size_t most = (OUTPUT_TEXT_MAX_BYTES - 2) / 6, plain = (OUTPUT_TEXT_MAX_BYTES - 2) % 6;
    const char before[] = "{\"request_id\":%u,\"output\":{\"Text\":\"";
    char *args = malloc(OUTPUT_TEXT_MAX_BYTES + 512);
    (void)state;
    assert_non_null(args);
    for (unsigned more = 0; more < 2; more++) {
        size_t n;

        ask("");
        as("op.test");
        n = (size_t)sprintf(args, before, more);
        for (size_t i = 0; i < most; i++, n += 6)
            memcpy(args + n, "\\u0001", 6);
        memset(args + n, 'x', plain + more);
        strcpy(args + n + plain + more, "\"},\"success\":true," USED "}");
        if (more == 0) {
            ok("submit_execution_output_and_resolve", args);
            wake();
            assert_int_equal(fake_returned().n, OUTPUT_TEXT_MAX_BYTES);
        } else {
            panics("The output is longer than 1800000 bytes as a JSON string",
                   "submit_execution_output_and_resolve", args);
            returns("false", "has_pending_output", "{\"request_id\":1}");
        }
    }
    free(args);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(outputs_come_back_as_they_were_given),
        TEST(outputs_that_make_no_sense_are_refused),
        TEST(resolving_has_its_conditions),
        TEST(an_answer_that_fits_in_json_fits_with_room_for_proof),
        TEST(the_reference_payload_is_understood),
        TEST(a_late_callback_finds_nothing_and_pays_nothing),
        TEST(stored_output_replaces_what_resolve_brings),
        TEST(a_text_is_kept_as_it_will_be_returned),
        TEST(a_text_of_before_is_shown_and_returned),
        TEST(a_long_output_goes_through_the_combined_method),
        TEST(an_output_beyond_the_limit_is_refused),
        TEST(a_text_beyond_the_limit_of_its_json_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
