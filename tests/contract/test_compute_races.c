/* tests/contract/test_compute_races.c — level "onchain": what may happen while a verdict is out. */
#include "tests/contract/compute_onchain.h"

static uint64_t pending_bytes(void)
{
    unsigned long long n;
    ok("get_pending_bytes", "");
    assert_int_equal(sscanf((const char *)fake_returned().p, "[%llu,", &n), 1);
    return n;
}

static struct question resolve(uint64_t id, const struct alc_statement *t, const char *output)
{
    as_worker();
    ok("resolve_execution", resolve_with(id, t, output, evidence_for(t)));
    return answered();
}

static struct question submit(uint64_t id, const struct alc_statement *t)
{
    as_worker();
    ok("submit_execution_output_and_resolve", submit_with(id, t, evidence_for(t)));
    return answered();
}

static void too_late(const struct question *q, const char *verdict, const char *line)
{
    judged(q, verdict, false);
    assert_int_equal(fake_logs(), 1);
    log_is(0, line);
    assert_int_equal(fake_receipts(), 0);
}

/* ---- a refusal leaves all as it was ---- */

static void a_refused_output_goes_and_the_books_agree(void **state)
{
    struct alc_statement t;
    struct question q;
    uint64_t bytes, pending;
    size_t records;

    (void)state;
    ask_onchain(&t, 0);
    bytes = fake_state_bytes();
    pending = pending_bytes();
    records = fake_records();
    for (int i = 0; i < 3; i++) {
        q = submit(0, &t);
        assert_int_equal(fake_records(), records + 1);
        assert_int_equal(pending_bytes(), pending + 40 + 9 + 1 + OUTPUT.n);
        assert_int_equal(fake_state_bytes() - bytes, pending_bytes() - pending);
        panics("Output already submitted", "submit_execution_output_and_resolve",
               submit_with(0, &t, evidence_for(&t)));
        refused(&q, REFUSED, "QUOTE_SIGNATURE");
        assert_int_equal(fake_state_bytes(), bytes);
        assert_int_equal(pending_bytes(), pending);
        assert_int_equal(fake_records(), records);
        returns("false", "has_pending_output", "{\"request_id\":0}");
        returns("[0]", "get_pending_request_ids", "{}");
        question_fini(&q);
    }
    q = submit(0, &t);
    judged(&q, ACCEPTED(&t), true);
    wake();
    envelope_is(&t, "{\"payout\":1}", 0);
    assert_int_equal(pending_bytes(), 0);
    question_fini(&q);
}

static void an_output_that_was_there_before_stays(void **state)
{
    struct alc_statement t;
    struct question q;
    uint64_t pending;

    (void)state;
    ask_onchain(&t, 0);
    ok("submit_execution_output", "{\"request_id\":0,\"output\":" OUTPUT_ARG "}");
    pending = pending_bytes();
    q = resolve(0, &t, "null");
    refused(&q, REFUSED, "QUOTE_SIGNATURE");
    returns("true", "has_pending_output", "{\"request_id\":0}");
    assert_int_equal(pending_bytes(), pending);
    judged(&q, ACCEPTED(&t), true); /* the same question, had the register been of another mind */
    wake();
    envelope_is(&t, "{\"payout\":1}", 0);
    question_fini(&q);
}

/* ---- two answers at a time ---- */

/* The payload that the yield was resumed with first; a chain drops whatever comes later. */
static uint8_t kept[NEAR_RESUME_MAX_BYTES];
static size_t kept_n;

static void judge(const struct question *q, bool accepts, const struct alc_statement *t)
{
    struct alc_bytes payload;
    struct alc_hash id;

    if (!fake_callback(near_entry_on_quote_verified, alc_cstr(q->callback),
                       alc_cstr(accepts ? ACCEPTED(t) : REFUSED)))
        fail_msg("on_quote_verified panicked: %s", (const char *)fake_panic().p);
    if (!fake_resumed(&id, &payload)) return;
    assert_true(accepts);
    assert_memory_equal(id.b, last.data_id.b, 32);
    if (kept_n > 0) return;
    kept_n = payload.n;
    memcpy(kept, payload.p, kept_n);
}

enum crossing {
    BOTH_CARRY,    /* their output */
    SECOND_STORES, /* after the first, which carries its own, has asked */
    BOTH_LEAN,     /* on an output stored before */
    SECOND_LEANS,  /* on the output that came with the first */
    CROSSINGS,
};

/* Two answers of two workers, whose verdicts come in either order and of either mind, where the
 * chain says of a yield that has its data that it waits, or that it does not. */
static void cross(uint64_t id, enum crossing way, unsigned minds, bool swapped, bool says_waits)
{
    struct alc_statement t[2];
    const struct alc_statement *expected = NULL;
    struct question q[2];
    size_t records;

    fake_yields_wait(true);
    kept_n = 0;
    ask_onchain(&t[0], id);
    records = fake_records();
    t[1] = t[0];
    t[1].sequence = 9;
    if (way == BOTH_LEAN) {
        as_worker();
        ok("submit_execution_output",
           fmt("{\"request_id\":%u,\"output\":" OUTPUT_ARG "}", (unsigned)id));
    }
    q[0] = way == SECOND_LEANS ? submit(id, &t[0])
                               : resolve(id, &t[0], way == BOTH_LEAN ? "null" : OUTPUT_ARG);
    q[1] = way == SECOND_STORES ? submit(id, &t[1])
                                : resolve(id, &t[1], way == BOTH_CARRY ? OUTPUT_ARG : "null");
    for (unsigned k = 0; k < 2; k++) {
        unsigned i = k ^ (swapped ? 1 : 0);
        bool accepts = (minds >> i & 1) != 0;

        judge(&q[i], accepts, &t[i]);
        /* When the first is refused its output goes, and the second has nothing to lean on. */
        if (accepts && expected == NULL && !(way == SECOND_LEANS && i == 1 && !swapped))
            expected = &t[i];
        if (kept_n > 0 && !says_waits) fake_yields_wait(false);
    }
    assert_int_equal(kept_n > 0, expected != NULL);
    assert_true(fake_callback(near_entry_on_execution_response, alc_cstr(last.request_data),
                              (struct alc_bytes){expected != NULL ? kept : NULL, kept_n}));
    if (expected != NULL)
        envelope_is(expected, "{\"payout\":1}", id);
    else
        result_is("null");
    assert_int_equal(pending_bytes(), 0);
    assert_int_equal(fake_records(), records - 1);
    question_fini(&q[0]);
    question_fini(&q[1]);
}

static void two_answers_cross_and_one_goes_on(void **state)
{
    uint64_t id = 0;
    (void)state;
    for (unsigned way = 0; way < CROSSINGS; way++)
        for (unsigned minds = 0; minds < 4; minds++)
            for (unsigned order = 0; order < 2; order++)
                for (unsigned says = 0; says < 2; says++)
                    cross(id++, (enum crossing)way, minds, order != 0, says != 0);
}

static void an_output_that_took_the_place_of_another_is_not_believed(void **state)
{
    struct alc_statement t, u;
    struct question mine, leans;

    (void)state;
    ask_onchain(&t, 0);
    u = t;
    u.sequence = 9;
    mine = submit(0, &t);
    leans = resolve(0, &u, "null");
    refused(&mine, REFUSED, "QUOTE_SIGNATURE");
    as_worker();
    ok("submit_execution_output", "{\"request_id\":0,\"output\":{\"Json\":{\"payout\":2}}}");
    refused(&leans, ACCEPTED(&u), "OUTPUT_CHANGED");
    refused(&mine, REFUSED, "QUOTE_SIGNATURE"); /* it is not his output that lies there */
    returns("true", "has_pending_output", "{\"request_id\":0}");
    question_fini(&mine);
    question_fini(&leans);
}

static void a_proven_failure_leans_on_no_output(void **state)
{
    struct alc_statement t, failed;
    struct question mine, q;

    (void)state;
    ask_onchain(&t, 0);
    failed = t;
    failed.outcome = ALC_OUTCOME_TRAP;
    failed.output_kind = ALC_OUTPUT_NONE;
    memset(failed.output_hash.b, 0, 32);
    mine = submit(0, &t);
    ok("resolve_execution", failure_with(0, &failed, evidence_for(&failed)));
    q = answered();
    refused(&mine, REFUSED, "QUOTE_SIGNATURE");
    judged(&q, ACCEPTED(&failed), true);
    wake();
    result_is("null");
    assert_int_equal(pending_bytes(), 0);
    question_fini(&mine);
    question_fini(&q);
}

static void an_output_that_was_proven_is_not_taken_back(void **state)
{
    struct alc_statement t, u;
    struct question mine, leans;

    (void)state;
    ask_onchain(&t, 0);
    u = t;
    u.sequence = 9;
    kept_n = 0;
    mine = submit(0, &t);
    leans = resolve(0, &u, "null");
    judge(&leans, true, &u);
    assert_true(kept_n > 0);
    refused(&mine, REFUSED, "QUOTE_SIGNATURE");
    assert_true(fake_callback(near_entry_on_execution_response, alc_cstr(last.request_data),
                              (struct alc_bytes){kept, kept_n}));
    envelope_is(&u, "{\"payout\":1}", 0);
    assert_int_equal(pending_bytes(), 0);
    question_fini(&mine);
    question_fini(&leans);
}

static void refusals_of_one_request_are_bounded(void **state)
{
    struct alc_statement t;
    struct question q;

    (void)state;
    ask_onchain(&t, 0);
    for (unsigned i = 0; i < 255; i++) {
        q = submit(0, &t);
        refused(&q, REFUSED, "QUOTE_SIGNATURE");
        question_fini(&q);
    }
    panics("Too many quotes were refused", "submit_execution_output_and_resolve",
           submit_with(0, &t, evidence_for(&t)));
    ok("resolve_execution", "{\"request_id\":0,\"response\":{\"success\":false," USED "}}");
    wake();
    result_is("null");
}

/* ---- the request ends meanwhile ---- */

static void a_verdict_on_a_request_that_timed_out_changes_nothing(void **state)
{
    struct alc_statement t;
    struct question q;

    (void)state;
    for (unsigned stored = 0; stored < 2; stored++)
        for (unsigned accepts = 0; accepts < 2; accepts++) {
            uint64_t id = 2 * stored + accepts;
            fake_yields_wait(true);
            ask_onchain(&t, id);
            q = stored != 0 ? submit(id, &t) : resolve(id, &t, OUTPUT_ARG);
            if (accepts != 0) { /* the yield is over, its callback on the way */
                fake_yields_wait(false);
                too_late(&q, ACCEPTED(&t), "Too late: the request no longer waits");
            }
            assert_true(fake_callback(near_entry_on_execution_response, alc_cstr(last.request_data),
                                      (struct alc_bytes){NULL, 0}));
            refunds("alice.test", 99 * MILLI);
            assert_int_equal(pending_bytes(), 0);
            too_late(&q, accepts != 0 ? ACCEPTED(&t) : REFUSED, "Too late: the request has ended");
            assert_int_equal(pending_bytes(), 0);
            question_fini(&q);
        }
}

static void a_verdict_on_a_cancelled_request_changes_nothing(void **state)
{
    struct alc_statement t;
    struct question q;
    uint64_t bytes;

    (void)state;
    ask_onchain(&t, 0);
    q = submit(0, &t);
    fake_env.time_ns += STALE_AFTER_NS + 1;
    as("alice.test");
    ok("cancel_stale_execution", "{\"request_id\":0}");
    refunds("alice.test", 100 * MILLI);
    bytes = fake_state_bytes();
    too_late(&q, ACCEPTED(&t), "Too late: the request has ended");
    too_late(&q, REFUSED, "Too late: the request has ended");
    assert_int_equal(fake_state_bytes(), bytes);
    assert_int_equal(pending_bytes(), 0);
    question_fini(&q);
}

static void a_failure_reported_meanwhile_wins(void **state)
{
    struct alc_statement t;
    struct question q;

    (void)state;
    ask_onchain(&t, 0);
    q = submit(0, &t);
    ok("resolve_execution", "{\"request_id\":0,\"response\":{\"success\":false," USED "}}");
    wake();
    result_is("null");
    too_late(&q, ACCEPTED(&t), "Too late: the request has ended");
    assert_int_equal(pending_bytes(), 0);
    question_fini(&q);
}

/* ---- the register changes meanwhile ---- */

static void a_verdict_of_a_register_that_was_replaced_is_refused(void **state)
{
    struct alc_statement t;
    struct question q;

    (void)state;
    ask_onchain(&t, 0);
    q = submit(0, &t);
    as("owner.test");
    ok("set_register", "{\"register_id\":\"other.test\"}");
    refused(&q, ACCEPTED(&t), "REGISTER_CHANGED");
    returns("false", "has_pending_output", "{\"request_id\":0}");
    question_fini(&q);
    as("owner.test");
    ok("set_register", "{\"register_id\":null}");
    as("owner.test");
    ok("set_register", "{\"register_id\":\"" REGISTER "\"}");
    q = submit(0, &t);
    as("owner.test");
    ok("set_register", "{\"register_id\":null}");
    refused(&q, ACCEPTED(&t), "REGISTER_CHANGED");
    question_fini(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_refused_output_goes_and_the_books_agree),
        TEST(an_output_that_was_there_before_stays),
        TEST(two_answers_cross_and_one_goes_on),
        TEST(an_output_that_took_the_place_of_another_is_not_believed),
        TEST(a_proven_failure_leans_on_no_output),
        TEST(an_output_that_was_proven_is_not_taken_back),
        TEST(refusals_of_one_request_are_bounded),
        TEST(a_verdict_on_a_request_that_timed_out_changes_nothing),
        TEST(a_verdict_on_a_cancelled_request_changes_nothing),
        TEST(a_failure_reported_meanwhile_wins),
        TEST(a_verdict_of_a_register_that_was_replaced_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
