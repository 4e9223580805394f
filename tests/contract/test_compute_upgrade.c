/* tests/contract/test_compute_upgrade.c — new code over the state of "The main job": nothing that
 * waited is lost, and every payment ends as it would have. */
#include "tests/contract/compute_projects.h"
#include "tests/contract/old_state.h"

#define FIRST 2u /* requests 2 to 7 wait */
#define LAST 7u
#define PAID (100 * MILLI)
#define BASE (2 * MILLI)
/* 5,500,000 instructions and 120 ms at the prices of then */
#define COST (BASE + 500000000000000u + (near_u128)120 * 150000000000000000u)
#define ID(id) fmt("{\"request_id\":%u}", (unsigned)(id))
#define STATE_1 "state-1.txt"

static int upgraded(void **state)
{
    const struct old_state *old = old_state(STATE_1);
    (void)state;
    fake_reset();
    fake_env.time_ns = UINT64_C(1700000700000000000); /* past the staleness of all */
    for (size_t i = 0; i < old->records_n; i++)
        fake_put(old->records[i].key, old->records[i].value);
    as("alice.test");
    return 0;
}

static const struct old_yield *yield_of(unsigned id)
{
    return &old_state(STATE_1)->yields[id - FIRST];
}

static const char *payer_of(unsigned id)
{
    return id == 2 ? "payer.test" : "alice.test";
}

static void nothing_waits(void)
{
    returns("[]", "get_pending_request_ids", "{}");
    returns("[0,8388608]", "get_pending_bytes", "");
}

/* The callback of a request with `payload`; p NULL: nobody answered. */
static void callback(unsigned id, struct alc_bytes payload)
{
    assert_true(
        fake_callback(near_entry_on_execution_response, alc_cstr(yield_of(id)->args), payload));
}

static void finish(unsigned id, const char *response, const char *result, near_u128 refund)
{
    uint8_t buf[NEAR_RESUME_MAX_BYTES];
    struct alc_bytes payload;
    struct alc_hash resumed;

    as("operator.test");
    ok("resolve_execution", fmt("{\"request_id\":%u,\"response\":%s}", id, response));
    assert_true(fake_resumed(&resumed, &payload));
    assert_memory_equal(resumed.b, yield_of(id)->data_id.b, sizeof resumed.b);
    memcpy(buf, payload.p, payload.n);
    callback(id, (struct alc_bytes){buf, payload.n});
    result_is(result);
    refunds(payer_of(id), refund);
}

static void views_answer_as_before(void **state)
{
    const struct old_state *old = old_state(STATE_1);
    (void)state;
    assert_in_range(old->views_n, 10, OLD_STATE_MAX);
    for (unsigned migrated = 0; migrated < 2; migrated++) {
        for (size_t i = 0; i < old->views_n; i++)
            returns(old->views[i].result, old->views[i].method, old->views[i].args);
        ok("get_request", ID(3));
        assert_in_range(fake_returned().n, 10000, 12000);
        ok("get_worker_keys", "");
        assert_non_null(strstr((const char *)fake_returned().p, "\"expires_ns\":null,"));
        assert_non_null(
            strstr((const char *)fake_returned().p, "\"expires_ns\":1800000000000000000,"));
        as(fake_env.current);
        ok("migrate", "");
    }
}

static void every_request_can_be_answered(void **state)
{
    static const char done_text[] = "{\"success\":true,\"output\":{\"Text\":\"new\"}," USED "}";
    (void)state;
    finish(2, done_text, "\"new\"", PAID - COST);
    finish(3, done_text, "\"new\"", PAID - COST);
    finish(4, "{\"success\":true," USED "}", "\"kept since before\"", PAID - COST);
    as("operator.test");
    panics("statement", "resolve_execution",
           fmt("{\"request_id\":5,\"response\":%s}", done_text)); /* proof was asked for */
    finish(5, "{\"success\":false,\"error\":\"no\"," USED "}", "null", PAID - BASE);
    finish(6, done_text, "\"new\"", PAID - COST);
    /* what was answered before the upgrade, in the words of then */
    callback(7, yield_of(7)->payload);
    result_is("\"AAH/\"");
    refunds("alice.test", PAID - COST - (near_u128)3 * 100000000000000000u);
    log_is(0, "[[yNEAR charged: \"2018300500000000000000\"]]");
    nothing_waits();
    ok("get_stats", "");
    assert_non_null(strstr((const char *)fake_returned().p, "[8,"));
}

static void every_request_times_out(void **state)
{
    (void)state;
    for (unsigned id = FIRST; id <= LAST; id++) {
        callback(id, (struct alc_bytes){NULL, 0});
        result_is("null");
        refunds(payer_of(id), PAID - BASE);
    }
    nothing_waits();
}

static void every_request_can_be_cancelled(void **state)
{
    for (unsigned way = 0; way < 4; way++) {
        upgraded(state);
        if (way == 3) { /* by migration first */
            as(fake_env.current);
            ok("migrate", "");
        }
        for (unsigned id = FIRST; id <= LAST; id++) {
            as(way == 1 ? "owner.test" : "alice.test");
            if (way == 2) {
                as("owner.test");
                returns("1", "cancel_pending_requests", fmt("{\"request_ids\":[%u]}", id));
            } else {
                ok(way == 1 ? "emergency_cancel_execution" : "cancel_stale_execution", ID(id));
            }
            refunds(payer_of(id), PAID);
            callback(id, yield_of(id)->payload); /* finds nothing */
            assert_int_equal(fake_receipts(), 0);
        }
        nothing_waits();
    }
    upgraded(state);
    as("owner.test");
    returns("6", "clear_all_pending_requests", "{}");
    assert_int_equal(fake_receipts(), 6);
    for (unsigned i = 0; i < 6; i++) {
        assert_string_equal(fake_receipt(i)->receiver, payer_of(FIRST + i));
        assert_true(fake_receipt(i)->amount == PAID);
    }
    nothing_waits();
}

static uint8_t state_version(void)
{
    struct alc_bytes value;

    assert_true(fake_get(ALC_LIT("s"), &value));
    return value.p[0];
}

static void migrate_is_the_contracts_own(void **state)
{
    (void)state;
    assert_int_equal(state_version(), 1);
    as("owner.test");
    panics("Method migrate is private", "migrate", "");
    as(fake_env.current);
    fake_env.deposit = 1;
    panics("doesn't accept deposit", "migrate", "");
    fake_env.deposit = 0;
    assert_int_equal(state_version(), 1);
    ok("migrate", "");
    assert_int_equal(state_version(), STATE_VERSION);
    ok("migrate", "");
    assert_int_equal(state_version(), STATE_VERSION);
    fake_reset();
    as(fake_env.current);
    panics("The contract is not initialized", "migrate", "");
}

static void what_is_new_works_on_the_old_state(void **state)
{
    (void)state;
    as("owner.test");
    returns("null", "get_payment_token_contract", "");
    ok("set_payment_token_contract", "{\"token_contract\":\"usdc.test\"}");
    returns("\"usdc.test\"", "get_payment_token_contract", "");
    publish("alice.test", "app");
    ok("get_project", PROJECT);
    assert_non_null(strstr((const char *)fake_returned().p, "\"uuid\":\"p0000000000000001\""));
    as("alice.test");
    fake_env.deposit = PAID;
    ok("request_execution", "{" APP_SOURCE "," LIMITS "}");
    fake_env.deposit = 0;
    returns("[2,3,4,5,6,7,8]", "get_pending_request_ids", "{}");
}

#define UPGRADED(name) cmocka_unit_test_setup_teardown(name, upgraded, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UPGRADED(views_answer_as_before),       UPGRADED(every_request_can_be_answered),
        UPGRADED(every_request_times_out),      UPGRADED(every_request_can_be_cancelled),
        UPGRADED(migrate_is_the_contracts_own), UPGRADED(what_is_new_works_on_the_old_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
