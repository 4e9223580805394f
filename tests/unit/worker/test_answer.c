/* tests/unit/worker/test_answer.c — from stdout to the call that resolves: what is reported, by
 * which method, and that a resume can carry it. */
#include "worker_test.h"

#include "base/enc.h"
#include "base/utf8.h"

#define RESUME_MAX_BYTES 1024u

struct fixture {
    struct alc_arena arena;
    struct alc_buf args;
    struct alc_answer answer;
    struct alc_job job;
    const char *method;
    struct alc_json *doc; /* args, parsed */
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (f == NULL) return -1;
    f->arena = ALC_ARENA(64u << 20);
    f->args = ALC_BUF(8u << 20);
    f->job.request.request_id = 41;
    f->answer = (struct alc_answer){.success = true, .instructions = 1234, .time_ms = 5};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    alc_json_close(f->doc);
    alc_buf_fini(&f->args);
    alc_arena_fini(&f->arena);
    free(f);
    return 0;
}

/* call writes the arguments and parses them again, to the same bytes. */
static void call(struct fixture *f, bool proved, bool with_proof)
{
    struct alc_buf again = ALC_BUF(8u << 20);
    struct alc_err err = {0};

    alc_buf_reset(&f->args);
    alc_json_close(f->doc);
    f->doc = NULL;
    f->method = NULL;
    assert_int_equal(wk_answer_call(&f->method, &f->args, &f->job, &f->answer,
                                    (struct alc_bytes){NULL, 0}, proved, with_proof),
                     ALC_OK);
    if (alc_json_open(&f->doc, alc_buf_bytes(&f->args), 8u << 20, &err) != ALC_OK)
        fail_msg("%s: %s", err.text, alc_buf_text(&f->args));
    alc_json_dump(f->doc, &again);
    assert_true(alc_bytes_eq(alc_buf_bytes(&f->args), alc_buf_bytes(&again)));
    alc_buf_fini(&again);
}

static void gives(struct fixture *f, const char *out, enum wk_format format)
{
    assert_int_equal(wk_answer_output(&f->answer, bytes(out), format, &f->arena), ALC_OK);
}

/* response_bytes is what the contract hands to the resume. */
static size_t response_bytes(struct fixture *f)
{
    struct alc_buf text = ALC_BUF(8u << 20);
    size_t n;

    assert_string_equal(f->method, "resolve_execution");
    assert_non_null(alc_json_get(f->doc, "response"));
    alc_json_dump(alc_json_get(f->doc, "response"), &text);
    n = text.n;
    alc_buf_fini(&text);
    return n;
}

static struct alc_bytes error_of(struct fixture *f)
{
    struct alc_bytes text = {NULL, 0};
    assert_true(alc_json_str(alc_json_get(alc_json_get(f->doc, "response"), "error"), &text));
    return text;
}

static void a_small_success_resolves_at_once(void **state)
{
    struct fixture *f = *state;

    gives(f, "hello", WK_TEXT);
    call(f, false, false);
    assert_string_equal(f->method, "resolve_execution");
    assert_string_equal(
        alc_buf_text(&f->args),
        "{\"request_id\":41,\"response\":{\"success\":true,\"output\":{\"Text\":\"hello\"},"
        "\"error\":null,\"resources_used\":{\"instructions\":1234,\"time_ms\":5,"
        "\"compile_time_ms\":null},\"compilation_note\":null,\"refund_usd\":null}}");
}

static void every_member_has_its_place(void **state)
{
    struct fixture *f = *state;

    gives(f, "[1, {\"b\" : 2, \"a\":3.5}]\n", WK_JSON);
    f->answer.has_compile_ms = true;
    f->answer.compile_ms = 77;
    f->answer.has_refund = true;
    f->answer.refund_usd = 9;
    f->answer.note = ALC_LIT("a note");
    f->answer.statement = ALC_LIT("0123456789012345678901234567890123456789012345678901234567890123"
                                  "encoding");
    call(f, true, false);
    assert_string_equal(
        alc_buf_text(&f->args),
        "{\"request_id\":41,\"response\":{\"success\":true,\"output\":{\"Json\":[1,{\"b\":2,"
        "\"a\":3.5}]},\"error\":null,\"resources_used\":{\"instructions\":1234,\"time_ms\":5,"
        "\"compile_time_ms\":77},\"compilation_note\":\"a note\",\"refund_usd\":9},"
        "\"statement\":\"MDEyMzQ1Njc=\"}"); /* without the 64 bytes of signature at its end */
}

static void a_statement_goes_along_only_where_proof_was_asked(void **state)
{
    uint8_t statement[ALC_STATEMENT_SIGNED_MAX_BYTES] = {0};
    struct fixture *f = *state;
    struct alc_bytes text;
    uint8_t back[ALC_STATEMENT_MAX_BYTES];
    size_t n;

    gives(f, "hello", WK_TEXT);
    f->answer.statement = (struct alc_bytes){statement, sizeof statement};
    call(f, false, false);
    assert_null(alc_json_get(f->doc, "statement"));
    call(f, true, false);
    assert_true(alc_json_str(alc_json_get(f->doc, "statement"), &text));
    assert_true(alc_base64_decode(back, sizeof back, &n, text));
    assert_int_equal(n, ALC_STATEMENT_MAX_BYTES);
    f->answer.statement = (struct alc_bytes){NULL, 0}; /* none was made */
    call(f, true, false);
    assert_null(alc_json_get(f->doc, "statement"));
}

static void text_that_is_no_utf8_is_a_success_that_says_so(void **state)
{
    struct fixture *f = *state;

    gives(f,
          "abc\xff"
          "def",
          WK_TEXT);
    assert_true(f->answer.success);
    assert_int_equal(f->answer.output_kind, ALC_OUTPUT_TEXT);
    assert_true(alc_bytes_is(f->answer.output,
                             "Invalid UTF-8 output: invalid utf-8 sequence from index 3"));
    gives(f, "\xe2\x82", WK_TEXT); /* cut in the middle of a character */
    assert_true(alc_bytes_is(f->answer.output,
                             "Invalid UTF-8 output: invalid utf-8 sequence from index 0"));
}

static void text_stays_byte_for_byte(void **state)
{
    static const uint8_t out[] =
        "quote \" slash \\ tab \t nul \0 \x1f caf\xc3\xa9 \xf0\x9f\x98\x80\n";
    struct alc_bytes want = {out, sizeof out - 1}, got;
    struct fixture *f = *state;

    assert_int_equal(wk_answer_output(&f->answer, want, WK_TEXT, &f->arena), ALC_OK);
    assert_true(alc_bytes_eq(f->answer.output, want)); /* what the statement hashes */
    call(f, false, false);
    assert_true(alc_json_str(
        alc_json_get(alc_json_get(alc_json_get(f->doc, "response"), "output"), "Text"), &got));
    assert_true(alc_bytes_eq(got, want));
}

static void bytes_are_numbers(void **state)
{
    uint8_t all[256];
    struct fixture *f = *state;
    const struct alc_json *array;

    for (unsigned i = 0; i < 256; i++)
        all[i] = (uint8_t)i;
    assert_int_equal(
        wk_answer_output(&f->answer, (struct alc_bytes){all, 200}, WK_BYTES, &f->arena), ALC_OK);
    call(f, false, false);
    array = alc_json_get(alc_json_get(alc_json_get(f->doc, "response"), "output"), "Bytes");
    assert_int_equal(alc_json_count(array), 200);
    for (unsigned i = 0; i < 200; i++) {
        uint64_t v;
        assert_true(alc_json_u64(alc_json_at(array, i), &v) && v == i);
    }
    gives(f, "", WK_BYTES);
    assert_int_equal(f->answer.output_kind, ALC_OUTPUT_BYTES); /* empty, not none */
}

static void empty_text_is_an_output(void **state)
{
    struct fixture *f = *state;

    gives(f, "", WK_TEXT);
    call(f, false, false);
    assert_non_null(strstr(alc_buf_text(&f->args), "\"output\":{\"Text\":\"\"}"));
}

static void json_is_what_the_statement_hashes(void **state)
{
    static const struct {
        const char *out, *compact;
    } cases[] = {
        {" {\"b\": 1, \"a\": [true, null]}\r\n", "{\"b\":1,\"a\":[true,null]}"},
        {"7", "7"},
        {"\"\\u00e9\\u0001\"", "\"\xc3\xa9\\u0001\""},
        {"null", "null"},
        {"1E+2", "1e2"},
        {"-0.5", "-0.5"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char want[128];
        gives(f, cases[i].out, WK_JSON);
        assert_int_equal(f->answer.output_kind, ALC_OUTPUT_JSON);
        if (!alc_bytes_is(f->answer.output, cases[i].compact))
            fail_msg("%s became %.*s", cases[i].out, (int)f->answer.output.n,
                     (const char *)f->answer.output.p);
        snprintf(want, sizeof want, "\"output\":{\"Json\":%s},", cases[i].compact);
        call(f, false, false);
        assert_non_null(strstr(alc_buf_text(&f->args), want));
    }
}

static void json_that_does_not_parse_is_a_failure(void **state)
{
    static const char *const outs[] = {"", "{", "hello", "1 2", "{\"a\":1,\"a\":2}", "\xff", "NaN"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof outs / sizeof outs[0]; i++) {
        struct alc_bytes e;
        f->answer.success = true;
        f->answer.has_refund = true;
        f->answer.refund_usd = 9;
        gives(f, outs[i], WK_JSON);
        assert_false(f->answer.success);
        assert_int_equal(f->answer.output_kind, ALC_OUTPUT_NONE);
        assert_int_equal(f->answer.instructions, 1234); /* still counted */
        assert_false(f->answer.has_refund);             /* dropped */
        call(f, false, false);
        e = error_of(f);
        assert_true(e.n > 0 && memcmp(e.p, "Failed to parse output as JSON: ", 32) == 0);
        assert_non_null(strstr((const char *)e.p, "Output was: "));
        assert_int_equal(alc_json_kind(alc_json_get(alc_json_get(f->doc, "response"), "output")),
                         ALC_JSON_NULL);
    }
}

static void repeat(struct fixture *f, size_t n, char c)
{
    char *text = malloc(n + 1);
    assert_non_null(text);
    memset(text, c, n);
    text[n] = 0;
    f->answer.success = true;
    assert_int_equal(
        wk_answer_output(&f->answer, (struct alc_bytes){(uint8_t *)text, n}, WK_TEXT, &f->arena),
        ALC_OK);
    assert_true(alc_arena_copy(&f->arena, f->answer.output, &f->answer.output));
    free(text);
}

static void the_method_changes_when_a_resume_cannot_carry_it(void **state)
{
    struct fixture *f = *state;
    size_t base, n;

    repeat(f, 0, 'x');
    call(f, false, false);
    base = response_bytes(f);
    n = RESUME_MAX_BYTES - 1 - base;
    repeat(f, n, 'x');
    call(f, false, false);
    assert_int_equal(response_bytes(f), 1023);
    repeat(f, n + 1, 'x');
    call(f, false, false);
    assert_string_equal(f->method, "submit_execution_output_and_resolve");
    repeat(f, n / 6, '\x01'); /* as \u0001 it is six bytes */
    call(f, false, false);
    assert_string_equal(f->method, "resolve_execution");
    repeat(f, n / 6 + 1, '\x01');
    call(f, false, false);
    assert_string_equal(f->method, "submit_execution_output_and_resolve");
}

/* With with_proof the contract adds statement_hash, worker_key and request_id to what it resumes.
 */
static void with_proof_leaves_room_for_it(void **state)
{
    struct fixture *f = *state;
    size_t n = 0;

    do {
        repeat(f, ++n, 'x');
        call(f, true, true);
    } while (strcmp(f->method, "resolve_execution") == 0);
    repeat(f, n - 1, 'x');
    call(f, true, true);
    assert_in_range(response_bytes(f), 800, RESUME_MAX_BYTES - 150);
}

static void a_large_output_goes_with_its_members(void **state)
{
    struct fixture *f = *state;
    struct alc_bytes got;
    bool ok = false;

    repeat(f, ALC_WORKER_OUTPUT_MAX_BYTES, 'x');
    f->answer.statement =
        ALC_LIT("encoding"
                "0123456789012345678901234567890123456789012345678901234567890123");
    call(f, true, true);
    assert_string_equal(f->method, "submit_execution_output_and_resolve");
    assert_true(alc_json_str(alc_json_get(alc_json_get(f->doc, "output"), "Text"), &got));
    assert_int_equal(got.n, ALC_WORKER_OUTPUT_MAX_BYTES);
    assert_true(alc_json_bool(alc_json_get(f->doc, "success"), &ok) && ok);
    assert_int_equal(alc_json_kind(alc_json_get(f->doc, "error")), ALC_JSON_NULL);
    assert_non_null(alc_json_get(alc_json_get(f->doc, "resources_used"), "instructions"));
    assert_null(alc_json_get(f->doc, "response"));
    assert_true(alc_json_str(alc_json_get(f->doc, "statement"), &got));
    assert_true(alc_bytes_is(got, "ZW5jb2Rpbmc="));
}

static void fail_with(struct fixture *f, const char *piece, size_t times)
{
    size_t n = strlen(piece);
    char *text = malloc(n * times + 1);

    assert_non_null(text);
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * n, piece, n);
    text[n * times] = 0;
    assert_int_equal(wk_answer_fail(&f->answer, text, &f->arena), ALC_OK);
    free(text);
    assert_false(f->answer.success);
    call(f, true, false);
    assert_true(response_bytes(f) < RESUME_MAX_BYTES);
    assert_true(alc_utf8_good(error_of(f)) == error_of(f).n);
}

static bool ends_with(struct alc_bytes text, const char *end)
{
    size_t n = strlen(end);
    return text.n >= n && memcmp(text.p + text.n - n, end, n) == 0;
}

static void an_error_that_fits_is_whole(void **state)
{
    struct fixture *f = *state;

    fail_with(f, "x", 1);
    assert_true(alc_bytes_is(error_of(f), "x"));
    fail_with(f, "x", 512);
    assert_int_equal(error_of(f).n, 512);
    fail_with(f, "x", 700); /* 1,023 bytes have room for it */
    assert_int_equal(error_of(f).n, 700);
}

static void an_error_that_does_not_fit_is_cut_to_512(void **state)
{
    struct fixture *f = *state;
    static const char end[] = "... (truncated, original size: 2000 bytes)";

    fail_with(f, "x", 2000);
    assert_int_equal(error_of(f).n, 512 + sizeof end - 1);
    assert_true(ends_with(error_of(f), end));
    fail_with(f, "\xf0\x9f\x98\x80x", 400); /* 512 is in the middle of a character: it goes */
    assert_int_equal(error_of(f).n, 510 + sizeof end - 1);
    assert_true(ends_with(error_of(f), end));
}

static void the_edge_of_a_whole_error_is_the_resume(void **state)
{
    struct fixture *f = *state;
    size_t base;

    fail_with(f, "x", 600);
    base = response_bytes(f) - 600;
    fail_with(f, "x", 1023 - base);
    assert_int_equal(error_of(f).n, 1023 - base);
    fail_with(f, "x", 1024 - base);
    assert_true(ends_with(error_of(f), " bytes)"));
}

static void errors_of_control_characters_still_fit(void **state)
{
    struct fixture *f = *state;

    fail_with(f, "\x01", 512);
    assert_true(error_of(f).n >= 100);
    fail_with(f, "\x01\x02\x03\x1b", 100000);
    assert_true(error_of(f).n >= 100);
    fail_with(f, "\"\\", 5000);
    assert_true(error_of(f).n >= 200);
}

static void an_error_that_is_no_utf8_is_shown_with_marks(void **state)
{
    struct fixture *f = *state;

    fail_with(f, "a\xff", 2);
    assert_true(alc_bytes_is(error_of(f), "a\xef\xbf\xbd"
                                          "a\xef\xbf\xbd"));
    fail_with(f, "\xe2\x82|", 1); /* one piece of a character, one mark */
    assert_true(alc_bytes_is(error_of(f), "\xef\xbf\xbd|"));
}

/* A guest may fill all of the stderr that the engine keeps, and then trap. */
static void the_longest_stderr_is_an_error_too(void **state)
{
    struct fixture *f = *state;

    fail_with(f, "\xff", ALC_ENGINE_STDERR_MAX_BYTES);
    assert_true(ends_with(error_of(f), "... (truncated, original size: 3145728 bytes)"));
    fail_with(f, "\xef\xbf\xbd", ALC_ENGINE_STDERR_MAX_BYTES + 100);
    assert_true(ends_with(error_of(f), " bytes)"));
}

static void a_failure_keeps_what_it_used_and_drops_its_output(void **state)
{
    struct fixture *f = *state;

    gives(f, "secret", WK_TEXT);
    f->answer.has_compile_ms = true;
    f->answer.compile_ms = 7;
    assert_int_equal(wk_answer_fail(&f->answer, "no", &f->arena), ALC_OK);
    call(f, true, true);
    assert_string_equal(
        alc_buf_text(&f->args),
        "{\"request_id\":41,\"response\":{\"success\":false,\"output\":null,\"error\":\"no\","
        "\"resources_used\":{\"instructions\":1234,\"time_ms\":5,\"compile_time_ms\":7},"
        "\"compilation_note\":null,\"refund_usd\":null}}");
}

static void arguments_that_do_not_fit_are_said(void **state)
{
    struct fixture *f = *state;
    struct alc_buf small = ALC_BUF(100);

    repeat(f, 5000, 'x');
    assert_int_equal(wk_answer_call(&f->method, &small, &f->job, &f->answer,
                                    (struct alc_bytes){NULL, 0}, false, false),
                     ALC_NOMEM);
    alc_buf_fini(&small);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_small_success_resolves_at_once),
        TEST(every_member_has_its_place),
        TEST(a_statement_goes_along_only_where_proof_was_asked),
        TEST(text_that_is_no_utf8_is_a_success_that_says_so),
        TEST(text_stays_byte_for_byte),
        TEST(bytes_are_numbers),
        TEST(empty_text_is_an_output),
        TEST(json_is_what_the_statement_hashes),
        TEST(json_that_does_not_parse_is_a_failure),
        TEST(the_method_changes_when_a_resume_cannot_carry_it),
        TEST(with_proof_leaves_room_for_it),
        TEST(a_large_output_goes_with_its_members),
        TEST(an_error_that_fits_is_whole),
        TEST(an_error_that_does_not_fit_is_cut_to_512),
        TEST(the_edge_of_a_whole_error_is_the_resume),
        TEST(errors_of_control_characters_still_fit),
        TEST(an_error_that_is_no_utf8_is_shown_with_marks),
        TEST(the_longest_stderr_is_an_error_too),
        TEST(a_failure_keeps_what_it_used_and_drops_its_output),
        TEST(arguments_that_do_not_fit_are_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
