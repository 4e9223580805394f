/* tests/contract/test_vm_upgrade.c — the compiled contract in NEAR's VM over the state of "The main
 * job". */
#include "tests/contract/old_state.h"
#include "tests/contract/vm_calls.h"

#define STATE_1 "state-1.txt"
#define FIRST 2u
#define LAST 7u
#define PAID (100 * MILLI)
#define BASE (2 * MILLI)
#define COST (BASE + 500000000000000u + (__uint128_t)120 * 150000000000000000u)
#define USED "\"resources_used\":{\"instructions\":5500000,\"time_ms\":120}"

static int upgraded(void **state)
{
    const struct old_state *old = old_state(STATE_1);
    (void)state;
    h = vmhost_open("c.test", vmhost_file(COMPUTE_WASM));
    vmhost_env(h)->time_ns = UINT64_C(1700000700000000000);
    for (size_t i = 0; i < old->records_n; i++)
        vmhost_put(h, old->records[i].key, old->records[i].value);
    return 0;
}

static void ends(unsigned id, struct alc_bytes payload, const char *result, __uint128_t refund)
{
    const struct nearvm_result r = {payload.p != NULL ? NEARVM_RESULT_DATA : NEARVM_RESULT_FAILED,
                                    payload};
    const struct old_yield *y = &old_state(STATE_1)->yields[id - FIRST];
    const struct nearvm_outcome *o =
        vmhost_call(h, &(struct vmhost_call){.method = "on_execution_response",
                                             .args = alc_cstr(y->args),
                                             .predecessor = "c.test",
                                             .results = &r,
                                             .results_count = 1});

    assert_true(vmhost_returned(o, result));
    assert_true(vmhost_action(h, 0, 0)->amount == refund);
}

static void views_answer_as_before(void **state)
{
    const struct old_state *old = old_state(STATE_1);
    (void)state;
    for (size_t i = 0; i < old->views_n; i++)
        assert_true(vmhost_returned(vmhost_view(h, old->views[i].method, old->views[i].args),
                                    old->views[i].result));
}

static void migrated(void)
{
    struct alc_bytes value;

    assert_true(vmhost_panicked(vmhost_do(h, "migrate", ""), "Method migrate is private"));
    assert_true(vmhost_ok(
        vmhost_call(h, &(struct vmhost_call){.method = "migrate", .predecessor = "c.test"})));
    assert_true(vmhost_get(h, ALC_LIT("s"), &value));
    assert_int_equal(value.p[0], 2);
}

static void waiting_requests_end(void **state)
{
    static const char answer[] = "{\"success\":true,\"output\":{\"Text\":\"new\"}," USED "}";
    const struct old_state *old = old_state(STATE_1);
    (void)state;
    ends(3, alc_cstr(answer), "\"new\"", PAID - COST);
    migrated(); /* in the middle of them */
    ends(2, (struct alc_bytes){NULL, 0}, "null", PAID - BASE);
    ends(4, alc_cstr("{\"success\":true,\"output\":null," USED "}"), "\"kept since before\"",
         PAID - COST);
    ends(5, (struct alc_bytes){NULL, 0}, "null", PAID - BASE);
    assert_true(vmhost_ok(vmhost_do(h, "cancel_stale_execution", "{\"request_id\":6}")));
    assert_true(vmhost_action(h, 0, 0)->amount == PAID);
    ends(7, old->yields[LAST - FIRST].payload, "\"AAH/\"",
         PAID - COST - (__uint128_t)3 * 100000000000000000u);
    assert_true(vmhost_returned(vmhost_view(h, "get_pending_request_ids", "{}"), "[]"));
    assert_true(vmhost_returned(vmhost_view(h, "get_pending_bytes", ""), "[0,8388608]"));
}

/* All that the old requests locked is free again. */
static void cancelling_leaves_no_record(void **state)
{
    const struct old_state *old = old_state(STATE_1);
    (void)state;
    for (unsigned id = FIRST; id <= LAST; id++) {
        char args[32];
        snprintf(args, sizeof args, "{\"request_id\":%u}", id);
        assert_true(vmhost_ok(vmhost_do(h, "cancel_stale_execution", args)));
        assert_true(vmhost_action(h, 0, 0)->amount == PAID);
        assert_true(vmhost_panicked(vmhost_do(h, "cancel_stale_execution", args),
                                    "Execution request not found"));
    }
    assert_int_equal(vmhost_records(h), old->records_n - 8); /* with an input and an output */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, upgraded, close_contract)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(views_answer_as_before),
        TEST(waiting_requests_end),
        TEST(cancelling_leaves_no_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
