/* tests/contract/test_vm_compute.c — the compiled main contract in NEAR's VM: what only the real
 * thing can show (its memory, its limits, our substitute for a C library), at sizes that matter. */
#include "tests/contract/vm_calls.h"
#include "tests/lib/around.h"

#define USED "\"resources_used\":{\"instructions\":5500000,\"time_ms\":120}"

static const struct nearvm_outcome *request(const char *unit, size_t n)
{
    char *args = around("{" SOURCE ",\"resource_limits\":{},\"input_data\":\"", unit, n, "\"}");
    const struct nearvm_outcome *o = vmhost_call(
        h, &(struct vmhost_call){.method = "request_execution",
                                 .args = alc_cstr(args),
                                 .deposit = (__uint128_t)ALC_NEAR_TGAS * 100000000000u});
    free(args);
    return o;
}

static bool returned_json_string(const struct nearvm_outcome *o, const char *unit, size_t n)
{
    char *expected = around("\"", unit, n, "\"");
    bool same = alc_bytes_eq(o->value, alc_cstr(expected));
    free(expected);
    return same;
}

static void inputs_of_every_size_are_taken(void **state)
{
    static const size_t sizes[] = {0, 9999, 10000, 300000};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char args[64];
        char *input = around("\"input_data\":\"", "x", sizes[i], "\",\"payer");
        const struct nearvm_outcome *o;

        assert_true(vmhost_ok(request("x", sizes[i])));
        snprintf(args, sizeof args, "{\"request_id\":%zu}", i);
        o = vmhost_view(h, "get_request", args);
        assert_true(vmhost_ok(o));
        assert_true(holds(o->value, input));
        free(input);
    }
    assert_true(vmhost_panicked(request("\\\"", 6000),
                                "The event is longer than 16384 bytes of logs: "
                                "input of 10000 bytes or more is not part of it"));
}

static void long_outputs_come_back_within_the_callback_gas(void **state)
{
    static const struct {
        const char *unit, *back;
        size_t n;
    } outputs[] = {
        {"y", "y", 262144},
        {"\\u0001", "\\u0001", 65536},
        {"\\n", "\\n", 262144},
        {"\xc3\xa9", "\xc3\xa9", 131072},
    };
    (void)state;
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
        char before[96];
        char *args;
        const struct nearvm_outcome *o;

        assert_true(vmhost_ok(request("", 0)));
        snprintf(before, sizeof before, "{\"request_id\":%zu,\"output\":{\"Text\":\"", i);
        args = around(before, outputs[i].unit, outputs[i].n, "\"},\"success\":true," USED "}");
        assert_true(vmhost_ok(vmhost_do(h, "submit_execution_output_and_resolve", args)));
        free(args);
        o = vmhost_wake(h, 0);
        assert_true(vmhost_ok(o));
        assert_true(returned_json_string(o, outputs[i].back, outputs[i].n));
        print_message("%s x %zu: %.1f Tgas\n", outputs[i].unit, outputs[i].n, tgas(o->burnt_gas));
        assert_in_range(o->burnt_gas, 1, 50 * (uint64_t)ALC_NEAR_TGAS);
    }
}

static void amounts_are_exact(void **state)
{
    static const char *const amounts[] = {
        "0",
        "9",
        "999999999999999999",
        "1000000000000000000",
        "18446744073709551615",
        "18446744073709551616",
        "100000000000000000000000000000000000000",
        "340282366920938463463374607431768211455",
    };
    (void)state;
    for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++) {
        char args[128];
        snprintf(args, sizeof args, "{\"base_fee\":\"%s\",\"per_ms_fee\":\"0\"}", amounts[i]);
        assert_true(vmhost_ok(vmhost_do(h, "set_pricing", args)));
        snprintf(args, sizeof args, "\"%s\"", amounts[i]);
        assert_true(vmhost_returned(vmhost_view(h, "estimate_execution_cost",
                                                "{\"resource_limits\":{\"max_instructions\":0}}"),
                                    args));
    }
    assert_true(
        vmhost_panicked(vmhost_view(h, "estimate_execution_cost", "{}"), "amount overflow"));
}

static void a_timeout_refunds_all_but_the_base_fee(void **state)
{
    const struct alc_near_action *a;
    (void)state;
    assert_true(vmhost_ok(request("x", 10)));
    assert_true(vmhost_returned(vmhost_wake(h, 0), "null"));
    a = vmhost_action(h, 0, 0);
    assert_true(a->amount == (__uint128_t)99 * 1000000000000u * 1000000000u);
    assert_true(vmhost_returned(vmhost_view(h, "get_stats", ""), "[1,\"1000000000000000000000\"]"));
}

static void a_second_answer_finds_nothing(void **state)
{
    static const char answer[] =
        "{\"request_id\":0,\"response\":{\"success\":true,\"output\":{\"Text\":\"ok\"}," USED "}}";
    (void)state;
    assert_true(vmhost_ok(request("x", 10)));
    assert_true(vmhost_ok(vmhost_do(h, "resolve_execution", answer)));
    assert_true(vmhost_returned(vmhost_wake(h, 0), "\"ok\""));
    assert_true(
        vmhost_panicked(vmhost_do(h, "resolve_execution", answer), "Execution request not found"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_contract, close_contract)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(inputs_of_every_size_are_taken),
        TEST(long_outputs_come_back_within_the_callback_gas),
        TEST(amounts_are_exact),
        TEST(a_timeout_refunds_all_but_the_base_fee),
        TEST(a_second_answer_finds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
