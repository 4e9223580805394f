/* tests/unit/watcher/test_watcher.c — which log lines are requests, and what is said of the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "watcher/watcher.h"

#define STANDARD "near-outlayer"
#define DATA_ID                                                                                    \
    "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,0,255"
#define REQUEST "{\\\"request_id\\\":7,\\\"input_data\\\":\\\"hi\\\"}"
#define EVENT(name, request, id)                                                                   \
    "EVENT_JSON:{\"standard\":\"near-outlayer\",\"version\":\"1.0.0\",\"event\":\"" name           \
    "\",\"data\":[{\"request_data\":\"" request "\",\"data_id\":[" id                              \
    "],\"timestamp\":1785000000000000000}]}"

/* As the reference's contract announces it, with an input of quotes, unicode and a line break. */
static const char real_line[] =
    "EVENT_JSON:{\"standard\":\"near-outlayer\",\"version\":\"1.0.0\",\"event\":"
    "\"execution_requested\",\"data\":[{\"request_data\":\"{\\\"request_id\\\":41,"
    "\\\"sender_id\\\":\\\"alice.near\\\",\\\"predecessor_id\\\":\\\"app.near\\\",\\\"code_"
    "source\\\":"
    "{\\\"WasmUrl\\\":{\\\"url\\\":\\\"https://modules.example/a.wasm\\\",\\\"hash\\\":\\\"00\\\","
    "\\\"build_target\\\":null}},\\\"resource_limits\\\":{\\\"max_instructions\\\":1000000000,"
    "\\\"max_memory_mb\\\":128,\\\"max_execution_seconds\\\":60},\\\"input_data\\\":"
    "\\\"say \\\\\\\"caf\u00e9\\\\\\\" \\\\n \U0001F600\\\",\\\"input_data_in_state\\\":false,"
    "\\\"secrets_ref\\\":null,\\\"response_format\\\":\\\"Text\\\","
    "\\\"payment\\\":\\\"50000000000000000000000\\\",\\\"attached_usd\\\":\\\"0\\\","
    "\\\"timestamp\\\":1785000000000000000,\\\"compile_only\\\":false,\\\"force_rebuild\\\":false,"
    "\\\"store_on_fastfs\\\":false,\\\"use_bound_identity\\\":false,\\\"project_uuid\\\":null,"
    "\\\"project_id\\\":null}\",\"data_id\":[" DATA_ID "],\"timestamp\":1785000000000000000}]}";
static const char real_text[] =
    "{\"request_id\":41,\"sender_id\":\"alice.near\",\"predecessor_id\":\"app.near\",\"code_"
    "source\":"
    "{\"WasmUrl\":{\"url\":\"https://modules.example/"
    "a.wasm\",\"hash\":\"00\",\"build_target\":null}},"
    "\"resource_limits\":{\"max_instructions\":1000000000,\"max_memory_mb\":128,"
    "\"max_execution_seconds\":60},\"input_data\":\"say \\\"caf\u00e9\\\" \\n \U0001F600\","
    "\"input_data_in_state\":false,\"secrets_ref\":null,\"response_format\":\"Text\","
    "\"payment\":\"50000000000000000000000\",\"attached_usd\":\"0\","
    "\"timestamp\":1785000000000000000,\"compile_only\":false,\"force_rebuild\":false,"
    "\"store_on_fastfs\":false,\"use_bound_identity\":false,\"project_uuid\":null,"
    "\"project_id\":null}";

/* reads copies the line to the heap, exactly as long as it is, and drops the copy before *out is
 * looked at: what was read lives in the arena alone. */
static bool reads(struct alc_request *out, struct alc_bytes line, const char **odd,
                  struct alc_arena *arena)
{
    uint8_t *exact = malloc(line.n + (line.n == 0));
    bool ok;

    assert_non_null(exact);
    if (line.n > 0) memcpy(exact, line.p, line.n);
    ok = alc_watcher_read(out, (struct alc_bytes){exact, line.n}, STANDARD, odd, arena);
    free(exact);
    return ok;
}

static void is_request(const char *line, uint64_t id)
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_request r;
    const char *odd = "before";

    if (!reads(&r, alc_cstr(line), &odd, &arena)) fail_msg("%s: %s", odd == NULL ? "" : odd, line);
    assert_int_equal(r.request_id, id);
    assert_null(odd);
    alc_arena_fini(&arena);
}

/* why: a piece of the reason, NULL when the line is simply nothing for us. */
static void is_none(struct alc_bytes line, const char *why)
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_request r;
    const char *odd = "before";

    if (reads(&r, line, &odd, &arena))
        fail_msg("was read: %.*s", (int)line.n, (const char *)line.p);
    if (why == NULL)
        assert_null(odd);
    else if (odd == NULL || strstr(odd, why) == NULL)
        fail_msg("%s, not %s: %.*s", odd == NULL ? "nothing odd" : odd, why, (int)line.n,
                 (const char *)line.p);
    alc_arena_fini(&arena);
}

static void an_announced_request_is_read_byte_for_byte(void **state)
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_request r;
    const char *odd;
    (void)state;

    assert_true(reads(&r, ALC_LIT(real_line), &odd, &arena));
    assert_int_equal(r.request_id, 41);
    assert_int_equal(r.data.n, sizeof real_text - 1);
    assert_memory_equal(r.data.p, real_text, r.data.n);
    for (size_t i = 0; i < 30; i++)
        assert_int_equal(r.data_id.b[i], i + 1);
    assert_int_equal(r.data_id.b[30], 0);
    assert_int_equal(r.data_id.b[31], 255);
    alc_arena_fini(&arena);
}

static void the_smallest_event_is_read(void **state)
{
    (void)state;
    is_request(EVENT("execution_requested", REQUEST, DATA_ID), 7);
    is_request(EVENT("execution_requested", "{\\\"request_id\\\":0}", DATA_ID), 0);
}

static void other_lines_are_nothing_for_us(void **state)
{
    static const char *const lines[] = {
        "",
        "E",
        "EVENT_JSON",
        "[[yNEAR charged: \"1\"]]",
        "event_json:{}",
        " " EVENT("execution_requested", REQUEST, DATA_ID),
        "note: " EVENT("execution_requested", REQUEST, DATA_ID),
        EVENT("execution_completed", REQUEST, DATA_ID),
        EVENT("system_event", REQUEST, DATA_ID),
        EVENT("execution_requested ", REQUEST, DATA_ID),
        EVENT("execution_requested\\u0000", REQUEST, DATA_ID),
        "EVENT_JSON:{}",
        "EVENT_JSON:[]",
        "EVENT_JSON:\"near-outlayer\"",
        "EVENT_JSON:{\"standard\":7,\"event\":\"execution_requested\",\"data\":[]}",
        "EVENT_JSON:{\"standard\":\"near-outlayer\",\"event\":null,\"data\":[]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        is_none(alc_cstr(lines[i]), NULL);
}

static void an_event_of_an_unknown_version_is_odd(void **state)
{
    static const char *const versions[] = {"\"0.9.9\"", "\"\"", "null", "1", "\"v1.0.0\""};
    (void)state;
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        struct alc_arena arena = ALC_ARENA(1u << 16);
        struct alc_request r;
        const char *odd;
        char line[256];
        snprintf(line, sizeof line,
                 "EVENT_JSON:{\"standard\":\"near-outlayer\",\"version\":%s,"
                 "\"event\":\"execution_requested\",\"data\":[{}]}",
                 versions[i]);
        assert_false(alc_watcher_read(&r, alc_cstr(line), "near-outlayer", &odd, &arena));
        assert_string_equal(odd, "its version is before 1.0.0");
        alc_arena_fini(&arena);
    }
}

static void another_standard_is_not_ours(void **state)
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_bytes line = ALC_LIT(EVENT("execution_requested", REQUEST, DATA_ID));
    static const char *const others[] = {"near-outlayer-dev", "near-outlaye", "", "nep141"};
    struct alc_request r;
    const char *odd;
    (void)state;

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(alc_watcher_read(&r, line, others[i], &odd, &arena));
        assert_null(odd);
    }
    assert_true(alc_watcher_read(&r, line, STANDARD, &odd, &arena));
    alc_arena_fini(&arena);
}

static void malformed_events_have_a_reason(void **state)
{
    static const char prefix[] = "EVENT_JSON:{\"standard\":\"near-outlayer\",\"version\":\"1.0.0\","
                                 "\"event\":\"execution_requested\"";
    static const struct {
        const char *rest, *why;
    } cases[] = {
        {"", "not JSON"},
        {"}x", "not JSON"},
        {",\"data\":[{\"request_data\":\"\x01\"}]}", "not JSON"},
        {",\"data\":[{\"request_data\":\"\xff\"}]}", "not JSON"},
        {",\"event\":\"execution_requested\"}", "not JSON"}, /* which of the two? */
        {"}", "request_data"},
        {",\"data\":null}", "request_data"},
        {",\"data\":[]}", "request_data"},
        {",\"data\":{\"request_data\":\"{}\"}}", "request_data"},
        {",\"data\":[{\"request_data\":{\"request_id\":7}}]}", "request_data"},
        {",\"data\":[{\"request_data\":\"{\\\"request_id\\\":7}\"}]}", "data_id"},
    };
    char line[512];
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(line, sizeof line, "%s%s", prefix, cases[i].rest);
        is_none(alc_cstr(line), cases[i].why);
    }
}

static void a_data_id_is_32_bytes(void **state)
{
    (void)state;
    is_none(alc_cstr(EVENT("execution_requested", REQUEST, "")), "data_id");
    is_none(alc_cstr(EVENT("execution_requested", REQUEST, "1,2,3")), "data_id");
    is_none(alc_cstr(EVENT("execution_requested", REQUEST, DATA_ID ",1")), "data_id");
    is_none(alc_cstr(EVENT("execution_requested", REQUEST,
                           "256,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,"
                           "27,28,29,30,31,32")),
            "data_id");
    is_none(alc_cstr(EVENT("execution_requested", REQUEST,
                           "-1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,"
                           "27,28,29,30,31,32")),
            "data_id");
    is_none(alc_cstr(EVENT("execution_requested", REQUEST,
                           "1.0,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,"
                           "27,28,29,30,31,32")),
            "data_id");
}

static void a_request_data_is_an_object_with_a_request_id(void **state)
{
    static const char *const lines[] = {
        EVENT("execution_requested", "", DATA_ID),
        EVENT("execution_requested", "[]", DATA_ID),
        EVENT("execution_requested", "7", DATA_ID),
        EVENT("execution_requested", "{}", DATA_ID),
        EVENT("execution_requested", "{\\\"request_id\\\":-1}", DATA_ID),
        EVENT("execution_requested", "{\\\"request_id\\\":7.0}", DATA_ID),
        EVENT("execution_requested", "{\\\"request_id\\\":\\\"7\\\"}", DATA_ID),
        EVENT("execution_requested", "{\\\"request_id\\\":7", DATA_ID),
        EVENT("execution_requested", "{\\\"request_id\\\":7,\\\"request_id\\\":8}", DATA_ID),
    };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        is_none(alc_cstr(lines[i]), "request_data");
}

/* What a caller wrote stays what a caller wrote, however much it looks like an event. */
static void an_event_inside_of_an_input_is_only_an_input(void **state)
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_request r;
    const char *odd;
    (void)state;

    assert_true(
        reads(&r,
              ALC_LIT(EVENT("execution_requested",
                            "{\\\"request_id\\\":7,\\\"input_data\\\":"
                            "\\\"\\\\\\\"}]}\\\\nEVENT_JSON:{\\\\\\\"standard\\\\\\\":"
                            "\\\\\\\"near-outlayer\\\\\\\",\\\\\\\"request_id\\\\\\\":8}\\\"}",
                            DATA_ID)),
              &odd, &arena));
    assert_int_equal(r.request_id, 7);
    alc_arena_fini(&arena);
    /* A log that breaks into two lines is still one log. */
    is_none(ALC_LIT("hello\n" EVENT("execution_requested", REQUEST, DATA_ID)), NULL);
    is_none(ALC_LIT(EVENT("execution_requested", REQUEST, DATA_ID) "\n" EVENT("execution_requested",
                                                                              REQUEST, DATA_ID)),
            "not JSON");
}

static void a_nul_in_the_line_ends_nothing(void **state)
{
    (void)state;
    is_none(ALC_LIT(EVENT("execution_requested", REQUEST, DATA_ID) "\0"), "not JSON");
    is_none(ALC_LIT("\0" EVENT("execution_requested", REQUEST, DATA_ID)), NULL);
}

static void a_line_beyond_every_limit_is_odd(void **state)
{
    size_t n = 80u << 10;
    char *line = malloc(n + 1);
    (void)state;

    assert_non_null(line);
    memset(line, ' ', n);
    memcpy(line, "EVENT_JSON:", 11);
    line[n] = 0;
    is_none(alc_cstr(line), "not JSON");
    free(line);
}

static void an_arena_without_room_is_said(void **state)
{
    struct alc_arena arena = ALC_ARENA(16);
    struct alc_request r;
    const char *odd;
    (void)state;

    assert_false(reads(&r, ALC_LIT(real_line), &odd, &arena));
    assert_string_equal(odd, "no memory");
    alc_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_announced_request_is_read_byte_for_byte),
        cmocka_unit_test(the_smallest_event_is_read),
        cmocka_unit_test(other_lines_are_nothing_for_us),
        cmocka_unit_test(another_standard_is_not_ours),
        cmocka_unit_test(an_event_of_an_unknown_version_is_odd),
        cmocka_unit_test(malformed_events_have_a_reason),
        cmocka_unit_test(a_data_id_is_32_bytes),
        cmocka_unit_test(a_request_data_is_an_object_with_a_request_id),
        cmocka_unit_test(an_event_inside_of_an_input_is_only_an_input),
        cmocka_unit_test(a_nul_in_the_line_ends_nothing),
        cmocka_unit_test(a_line_beyond_every_limit_is_odd),
        cmocka_unit_test(an_arena_without_room_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
