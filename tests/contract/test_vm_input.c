/* tests/contract/test_vm_input.c — inputs and outputs of every size and kind, with the gas of
 * production: what the interface can carry is carried, and what it cannot fails with a sentence.
 *
 * The borders are the reference's: an input below 10,000 bytes is announced in an event, escaped
 * twice, and all logs of a call hold 16,384 bytes; a longer one is announced as being in the state.
 * An answer whose JSON has at most 1024 bytes goes through resolve_execution. */
#include "tests/contract/vm_calls.h"
#include "tests/lib/around.h"

#include "base/enc.h"

#define EMBEDDED_MAX 9999u
#define LOG_MAX 16384u
#define OUTPUT_MAX 655360u
#define TEXT_MAX 1800000u /* as a JSON string */
#define ARGS "{" SOURCE ",\"resource_limits\":{},\"input_data\":\""
#define USED                                                                                       \
    "\"resources_used\":{\"instructions\":5500000,\"time_ms\":120,\"compile_time_ms\":null}"

/* What texts are made of: as JSON, and what it means. */
static const struct unit {
    const char *name, *json, *raw;
} units[] = {
    {"plain", "x", "x"},
    {"quotes", "\\\"", "\""},
    {"backslashes", "\\\\", "\\"},
    {"line breaks", "\\n", "\n"},
    {"control characters", "\\u0001", "\x01"},
    {"slashes", "\\/", "/"},
    {"two-byte letters", "\xc3\xa9", "\xc3\xa9"},
    {"escaped three bytes", "\\u2603", "\xe2\x98\x83"},
    {"surrogate pairs", "\\ud83d\\ude00", "\xf0\x9f\x98\x80"},
    {"quotes and letters", "\\\"key\\\":1,", "\"key\":1,"},
};

/* ---- Texts ---- */

/* The inside of a JSON string, by the table of the interface. */
static char *escaped(const char *text)
{
    char *out = malloc(strlen(text) * 6 + 1), *to = out;

    assert_non_null(out);
    for (const char *p = text; *p != 0; p++) {
        static const char plain[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
        const char *at = strchr(plain, *p);
        if (at != NULL)
            to += sprintf(to, "\\%c", letter[at - plain]);
        else if ((unsigned char)*p < 0x20)
            to += sprintf(to, "\\u%04x", (unsigned)*p);
        else
            *to++ = *p;
    }
    *to = 0;
    return out;
}

/* ---- Requests ---- */

/* A contract of its own for each request: what an event holds besides the input is then the same to
 * the byte, data_id included. */
static void again(void)
{
    assert_int_equal(open_contract(NULL), 0);
}

static const struct nearvm_outcome *request(const struct unit *u, size_t n)
{
    char *args = around(ARGS, u->json, n, "\"}");
    const struct nearvm_outcome *o = vmhost_call(
        h, &(struct vmhost_call){.method = "request_execution",
                                 .args = alc_cstr(args),
                                 .deposit = (__uint128_t)ALC_NEAR_TGAS * 100000000000u});
    free(args);
    return o;
}

static size_t logs_of(const struct nearvm_outcome *o)
{
    size_t n = 0;
    for (size_t i = 0; i < o->logs_count; i++)
        n += o->logs[i].n;
    return n;
}

/* Of the log of a request, what is not input. */
static size_t log_of_no_input(void)
{
    static size_t n;

    if (n > 0) return n;
    again();
    n = logs_of(request(&units[0], 0));
    assert_in_range(n, 500, 2000);
    return n;
}

/* What the interface says of an input of n units, computed from its rules alone. */
static bool fits(const struct unit *u, size_t n)
{
    char *raw = around("", u->raw, n, ""), *once = escaped(raw), *twice = escaped(once);
    const bool yes = strlen(raw) > EMBEDDED_MAX || log_of_no_input() + strlen(twice) <= LOG_MAX;

    free(raw);
    free(once);
    free(twice);
    return yes;
}

/* It is announced, whole or as being in the state; kept; and answered. */
static void taken(const struct nearvm_outcome *o, const struct unit *u, size_t n)
{
    char *raw = around("", u->raw, n, ""), *once = escaped(raw);
    const bool apart = strlen(raw) > EMBEDDED_MAX;
    char *inside = around("\"input_data\":\"", "", 0, apart ? "" : once);
    char *announced = malloc(strlen(inside) + 64), *line, *kept;

    if (!vmhost_ok(o)) fail_msg("%zu of %s", n, u->name);
    assert_non_null(announced);
    sprintf(announced, "%s\",\"input_data_in_state\":%s,", inside, apart ? "true" : "false");
    assert_int_equal(vmhost_yields(h), 1);
    assert_true(holds(vmhost_yield(h, 0)->args, announced));
    line = escaped(announced);
    assert_int_equal(o->logs_count, 1);
    assert_true(o->logs[0].n <= LOG_MAX);
    assert_true(holds(o->logs[0], line));
    o = vmhost_view(h, "get_request", "{\"request_id\":0}");
    assert_true(vmhost_ok(o));
    kept = malloc(strlen(once) + 64);
    assert_non_null(kept);
    sprintf(kept, "\"input_data\":\"%s\",\"payer_account_id\":", once);
    assert_true(holds(o->value, kept));
    assert_true(vmhost_ok(vmhost_do(h, "resolve_execution",
                                    "{\"request_id\":0,\"response\":{\"success\":true,\"output\":{"
                                    "\"Text\":\"ok\"}," USED "}}")));
    o = vmhost_wake(h, 0);
    assert_true(vmhost_returned(o, "\"ok\""));
    free(raw);
    free(once);
    free(inside);
    free(announced);
    free(line);
    free(kept);
}

/* It fails with a sentence, and nothing stays of it. */
static void not_taken(const struct nearvm_outcome *o, const struct unit *u, size_t n)
{
    if (!vmhost_panicked(o, "The event is longer than 16384 bytes of logs: input of 10000 bytes or "
                            "more is not part of it"))
        fail_msg("%zu of %s", n, u->name);
    assert_int_equal(vmhost_yields(h), 0);
    assert_true(vmhost_returned(vmhost_view(h, "get_pending_request_ids", "{}"), "[]"));
    assert_true(vmhost_returned(vmhost_view(h, "get_request", "{\"request_id\":0}"), "null"));
}

static bool check_input(const struct unit *u, size_t n)
{
    const bool yes = fits(u, n);
    const struct nearvm_outcome *o;

    again();
    o = request(u, n);
    if (yes)
        taken(o, u, n);
    else
        not_taken(o, u, n);
    return yes;
}

/* The largest number of units below `end` that fits, when not all do. */
static size_t last_that_fits(const struct unit *u, size_t end)
{
    size_t lo = 0, hi = end;

    while (hi - lo > 1) {
        const size_t mid = lo + (hi - lo) / 2;
        if (fits(u, mid))
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

static void inputs_of_every_kind_and_size_do_what_the_interface_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(units); i++) {
        const struct unit *u = &units[i];
        const size_t size = strlen(u->raw);
        /* the first that is not announced */
        const size_t apart = (EMBEDDED_MAX + size) / size;
        const size_t border = last_that_fits(u, apart);
        size_t good = 0, bad = 0;

        for (size_t n = 0; n <= 20000 / size; n += 1 + 1313 / size)
            *(check_input(u, n) ? &good : &bad) += 1;
        for (size_t n = apart - 2; n <= apart + 2; n++)
            *(check_input(u, n) ? &good : &bad) += 1;
        for (size_t n = border - 2; n <= border + 2; n++)
            *(check_input(u, n) ? &good : &bad) += 1;
        assert_true(check_input(u, 20000 / size));
        assert_true(check_input(u, border));
        assert_true(check_input(u, apart));
        assert_int_equal(check_input(u, border + 1), border + 1 == apart);
        print_message("%-20s announced up to %5zu bytes, from %5zu in the state; "
                      "%zu taken, %zu refused\n",
                      u->name, border * size, apart * size, good, bad);
    }
}

/* Beyond what the interface speaks of: as long as arguments may be. */
static void long_inputs_are_taken_within_300_tgas(void **state)
{
    static const struct {
        size_t unit, bytes; /* of arguments */
    } inputs[] = {{0, 4194304 - 512}, {6, 1u << 20}, {1, 1u << 20}, {3, 1u << 20}, {4, 1u << 20}};
    (void)state;
    for (size_t i = 0; i < COUNT(inputs); i++) {
        const struct unit *u = &units[inputs[i].unit];
        const size_t n = inputs[i].bytes / strlen(u->json);
        const struct nearvm_outcome *o;
        uint64_t asked, shown;

        again();
        o = request(u, n);
        if (!vmhost_ok(o)) fail_msg("%zu of %s", n, u->name);
        asked = o->burnt_gas;
        o = vmhost_view(h, "get_request", "{\"request_id\":0}");
        shown = o->burnt_gas;
        /* A view has no more than a transaction; a text that grows beyond 4 MiB has no view. */
        if (strlen(u->raw) * n < 3u << 20) assert_true(vmhost_ok(o));
        print_message("%-20s %7zu bytes of arguments: request %5.1f Tgas, get_request %5.1f\n",
                      u->name, inputs[i].bytes, tgas(asked), tgas(shown));
        assert_in_range(asked, 1, VMHOST_GAS);
    }
}

/* ---- Outputs ---- */

static const struct nearvm_outcome *by_operator(const char *method, const char *args)
{
    return vmhost_do(h, method, args); /* the owner, who is the operator too */
}

/* What a caller gets for an output; freed by the caller. */
static char *result_of(const char *kind, const char *raw)
{
    char *out, *inside;

    if (strcmp(kind, "Json") == 0) {
        char *once = escaped(raw);
        out = around("[\"", once, 1, "\"]");
        free(once);
        return out;
    }
    if (strcmp(kind, "Text") == 0) {
        inside = escaped(raw);
    } else {
        const size_t n = strlen(raw), cap = n * 4 / 3 + 8;
        size_t got;

        inside = malloc(cap + 1);
        assert_non_null(inside);
        assert_true(alc_base64_encode(inside, cap, &got, alc_cstr(raw)));
        inside[got] = 0;
    }
    out = around("\"", inside, 1, "\"");
    free(inside);
    return out;
}

/* The output as a worker writes it: {"Text":".."}, {"Json":[".."]} or {"Bytes":[..]}. */
static char *output_of(const char *kind, const struct unit *u, size_t n)
{
    char *inside, *out, *to;

    if (strcmp(kind, "Text") == 0) return around("{\"Text\":\"", u->json, n, "\"}");
    if (strcmp(kind, "Json") == 0) {
        char *raw = around("", u->raw, n, ""), *once = escaped(raw);
        out = around("{\"Json\":[\"", once, 1, "\"]}");
        free(raw);
        free(once);
        return out;
    }
    inside = around("", u->raw, n, "");
    out = malloc(strlen(inside) * 4 + 16);
    assert_non_null(out);
    to = out + sprintf(out, "{\"Bytes\":[");
    for (const char *p = inside; *p != 0; p++)
        to += sprintf(to, "%s%u", p == inside ? "" : ",", (unsigned)(unsigned char)*p);
    strcpy(to, "]}");
    free(inside);
    return out;
}

/* The response as the reference writes it for a resume: all six keys, text escaped by its table. */
static size_t payload_bytes(const char *kind, const struct unit *u, size_t n)
{
    char *raw = around("", u->raw, n, ""), *once = escaped(raw), *bytes;
    size_t size = strlen("{\"success\":true,\"output\":,\"error\":null," USED
                         ",\"compilation_note\":null,\"refund_usd\":null}");

    if (strcmp(kind, "Bytes") == 0) {
        bytes = output_of(kind, u, n);
        size += strlen(bytes);
        free(bytes);
    } else if (strcmp(kind, "Text") == 0) {
        size += strlen("{\"Text\":\"\"}") + strlen(once);
    } else {
        size += strlen("{\"Json\":[\"\"]}") + strlen(once);
    }
    free(raw);
    free(once);
    return size;
}

static void returns_output(const char *kind, const struct unit *u, size_t n)
{
    char *raw = around("", u->raw, n, ""), *expected = result_of(kind, raw);
    const struct nearvm_outcome *o = vmhost_wake(h, 0);

    if (!vmhost_ok(o) || !alc_bytes_eq(o->value, alc_cstr(expected)))
        fail_msg("%zu of %s as %s came back otherwise", n, u->name, kind);
    free(raw);
    free(expected);
}

static const char *const kinds[] = {"Text", "Json", "Bytes"};

static void outputs_go_through_resolve_as_far_as_the_interface_says(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT(kinds); k++)
        for (size_t i = 0; i < COUNT(units); i++) {
            const struct unit *u = &units[i];
            size_t good = 0, bad = 0, reference = 0;

            for (size_t n = 0; n * strlen(u->raw) <= 1100; n += 1 + 23 / strlen(u->raw)) {
                const bool must = payload_bytes(kinds[k], u, n) <= 1024;
                char *output = output_of(kinds[k], u, n), *args;
                const struct nearvm_outcome *o;

                again();
                assert_true(vmhost_ok(request(&units[0], 0)));
                args =
                    around("{\"request_id\":0,\"response\":{\"success\":true,\"output\":", output,
                           1, "," USED "}}");
                o = by_operator("resolve_execution", args);
                if (o->end == NEARVM_OK) {
                    returns_output(kinds[k], u, n);
                    good++;
                } else {
                    assert_true(vmhost_panicked(o, "The response is over 1024 bytes: use "
                                                   "submit_execution_output_and_resolve"));
                    if (must) fail_msg("%zu of %s as %s", n, u->name, kinds[k]);
                    bad++;
                }
                reference += must;
                free(output);
                free(args);
            }
            assert_true(good > 0 && bad > 0);
            print_message("%-5s of %-20s %2zu sizes taken (%2zu by the reference), %2zu refused\n",
                          kinds[k], u->name, good, reference, bad);
        }
}

static void outputs_of_every_kind_go_through_the_combined_method(void **state)
{
    static const size_t sizes[] = {0, 1, 1023, 1025, 9999, 10000, 16384, 20000, 262144};
    (void)state;
    for (size_t k = 0; k < COUNT(kinds); k++)
        for (size_t i = 0; i < COUNT(units); i++) {
            const struct unit *u = &units[i];
            for (size_t s = 0; s < COUNT(sizes); s++) {
                const size_t n = sizes[s] / strlen(u->raw);
                const struct nearvm_outcome *o;
                char *output, *args;

                output = output_of(kinds[k], u, n);
                args = around("{\"request_id\":0,\"output\":", output, 1,
                              ",\"success\":true," USED "}");
                again();
                assert_true(vmhost_ok(request(&units[0], 0)));
                o = by_operator("submit_execution_output_and_resolve", args);
                /* Json is kept as its text, which escapes may make longer than this contract
                 * keeps. */
                if (k == 1 && strlen(output) - strlen("{\"Json\":}") > OUTPUT_MAX) {
                    assert_true(vmhost_panicked(o, "The output is longer than 655360 bytes"));
                } else {
                    if (!vmhost_ok(o)) fail_msg("%zu of %s as %s", n, u->name, kinds[k]);
                    returns_output(kinds[k], u, n);
                }
                free(output);
                free(args);
            }
        }
}

/* The most that is kept of an output.  Every callback has 50 Tgas for sure. */
static void the_longest_outputs_come_back(void **state)
{
    static const struct {
        size_t unit, kind, bytes;
    } outputs[] = {{0, 0, OUTPUT_MAX}, {6, 0, OUTPUT_MAX}, {1, 0, OUTPUT_MAX}, {3, 0, OUTPUT_MAX},
                   {4, 0, 262144},     {0, 1, 655300},     {1, 1, 327600},     {0, 2, 393216}};
    (void)state;
    for (size_t i = 0; i < COUNT(outputs); i++) {
        const struct unit *u = &units[outputs[i].unit];
        const char *kind = kinds[outputs[i].kind];
        const size_t n = outputs[i].bytes / strlen(u->raw);
        char *output = output_of(kind, u, n);
        char *args =
            around("{\"request_id\":0,\"output\":", output, 1, ",\"success\":true," USED "}");
        char *raw = around("", u->raw, n, ""), *expected = result_of(kind, raw);
        const struct nearvm_outcome *o;

        again();
        assert_true(vmhost_ok(request(&units[0], 0)));
        o = by_operator("submit_execution_output_and_resolve", args);
        assert_true(vmhost_ok(o));
        print_message("%s of %zu %s: submit %.1f", kind, n, u->name, tgas(o->burnt_gas));
        o = vmhost_wake(h, 0);
        assert_true(vmhost_ok(o));
        print_message(", callback %.1f Tgas\n", tgas(o->burnt_gas));
        assert_true(alc_bytes_eq(o->value, alc_cstr(expected)));
        assert_in_range(o->burnt_gas, 1, 50 * (uint64_t)ALC_NEAR_TGAS);
        free(output);
        free(args);
        free(raw);
        free(expected);
    }
}

/* A text is kept as its JSON string, of at most 1,800,000 bytes with its quotes. */
static void a_text_beyond_2_mib_as_json_is_refused(void **state)
{
    const size_t least = (TEXT_MAX - 2 - OUTPUT_MAX + 4) / 5; /* characters of six bytes in it */
    (void)state;
    for (size_t n = TEXT_MAX; n <= TEXT_MAX + 1; n++) {
        const size_t six = least + n - TEXT_MAX;
        char *control = around("", "\\u0001", six, "\"");
        char *text = around("\"", "x", n - 2 - 6 * six, control);
        char *args = around("{\"request_id\":0,\"output\":{\"Text\":", text, 1,
                            "},\"success\":true," USED "}");
        const struct nearvm_outcome *o;

        assert_int_equal(strlen(text), n);
        again();
        assert_true(vmhost_ok(request(&units[0], 0)));
        o = by_operator("submit_execution_output_and_resolve", args);
        print_message("Text of %zu bytes as JSON: submit %.1f", n, tgas(o->burnt_gas));
        if (n == TEXT_MAX) {
            assert_true(vmhost_ok(o));
            o = vmhost_wake(h, 0);
            print_message(", callback %.1f Tgas\n", tgas(o->burnt_gas));
            assert_true(vmhost_ok(o));
            assert_true(alc_bytes_eq(o->value, alc_cstr(text)));
            assert_in_range(o->burnt_gas, 1, 50 * (uint64_t)ALC_NEAR_TGAS);
        } else {
            print_message(" Tgas\n");
            assert_true(
                vmhost_panicked(o, "The output is longer than 1800000 bytes as a JSON string"));
            assert_true(vmhost_returned(vmhost_view(h, "has_pending_output", "{\"request_id\":0}"),
                                        "false"));
        }
        free(control);
        free(text);
        free(args);
    }
}

#define TEST(name) cmocka_unit_test_teardown(name, close_contract)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(inputs_of_every_kind_and_size_do_what_the_interface_says),
        TEST(long_inputs_are_taken_within_300_tgas),
        TEST(outputs_go_through_resolve_as_far_as_the_interface_says),
        TEST(outputs_of_every_kind_go_through_the_combined_method),
        TEST(the_longest_outputs_come_back),
        TEST(a_text_beyond_2_mib_as_json_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
