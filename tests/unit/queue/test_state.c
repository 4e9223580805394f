/* tests/unit/queue/test_state.c — each verb in each state: the arrows, and no others. */
#include "fixture.h"

/* Brings job 1 to `state`; it is in its first try where it has one. */
static void bring_to(struct fixture *f, enum alc_job_state state)
{
    const struct alc_answer bad = {.error = ALC_LIT("no")};
    struct alc_err err = {0};

    take(f, 1, 1, 1);
    if (state == ALC_JOB_WAITING) return;
    if (state == ALC_JOB_CANCELLED) {
        OK(alc_queue_cancel(f->queue, 1, "timed out on chain", &err));
        return;
    }
    assert_int_equal(claim_as(f, "w"), 1);
    if (state == ALC_JOB_RUNNING) return;
    OK(alc_queue_finish(f->queue, 1, 1, state == ALC_JOB_FAILED ? &bad : &good, NULL, &err));
    if (state == ALC_JOB_SETTLED) OK(alc_queue_settle(f->queue, 1, "resolved", &err));
}

static enum alc_rc finish(struct fixture *f, struct alc_err *err)
{
    return alc_queue_finish(f->queue, 1, 1, &good, NULL, err);
}

static enum alc_rc give_back(struct fixture *f, struct alc_err *err)
{
    return alc_queue_give_back(f->queue, 1, 1, 0, "why", err);
}

static enum alc_rc settle(struct fixture *f, struct alc_err *err)
{
    return alc_queue_settle(f->queue, 1, "gone", err);
}

static enum alc_rc cancel(struct fixture *f, struct alc_err *err)
{
    return alc_queue_cancel(f->queue, 1, "timed out on chain", err);
}

static enum alc_rc claim(struct fixture *f, struct alc_err *err)
{
    struct alc_job job;
    enum alc_rc rc = alc_queue_claim(f->queue, &job, "w", f->now_ms, LEASE_MS, &f->arena, err);
    return rc == ALC_NOT_FOUND ? ALC_CONFLICT : rc;
}

static enum alc_rc run_out(struct fixture *f, struct alc_err *err)
{
    size_t n;
    enum alc_rc rc = alc_queue_expire(f->queue, &n, UINT64_MAX, err);
    return rc == ALC_OK && n == 0 ? ALC_CONFLICT : rc;
}

#define NO ALC_JOB_STATES /* the verb is refused and the state stays */

static const struct {
    enum alc_rc (*verb)(struct fixture *, struct alc_err *);
    enum alc_job_state after[ALC_JOB_STATES];
} arrows[] = {
    /*           waiting            running            done             failed           settled
       cancelled */
    {claim, {ALC_JOB_RUNNING, NO, NO, NO, NO, NO}},
    {finish, {NO, ALC_JOB_DONE, NO, NO, NO, NO}},
    {give_back, {NO, ALC_JOB_WAITING, NO, NO, NO, NO}},
    {run_out, {NO, ALC_JOB_WAITING, NO, NO, NO, NO}},
    {settle, {NO, NO, ALC_JOB_SETTLED, ALC_JOB_SETTLED, NO, NO}},
    {cancel, {ALC_JOB_CANCELLED, ALC_JOB_CANCELLED, NO, NO, NO, NO}},
};

static void every_verb_draws_its_arrows_and_no_others(void **state)
{
    (void)state;
    for (size_t v = 0; v < sizeof arrows / sizeof *arrows; v++) {
        for (unsigned from = 0; from < ALC_JOB_STATES; from++) {
            enum alc_job_state want = arrows[v].after[from];
            struct alc_err err = {0};
            void *fixture;

            setup(&fixture);
            bring_to(fixture, (enum alc_job_state)from);
            enum alc_rc rc = arrows[v].verb(fixture, &err);
            if (rc != (want == NO ? ALC_CONFLICT : ALC_OK))
                fail_msg("verb %zu from state %u: %s", v, from, alc_rc_name(rc));
            assert_int_equal(state_of(fixture, 1), want == NO ? (enum alc_job_state)from : want);
            teardown(&fixture);
        }
    }
}

static void a_verb_on_no_job_is_refused(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};

    assert_int_equal(finish(f, &err), ALC_CONFLICT);
    assert_int_equal(give_back(f, &err), ALC_CONFLICT);
    assert_int_equal(settle(f, &err), ALC_NOT_FOUND);
    assert_int_equal(cancel(f, &err), ALC_NOT_FOUND);
}

static void a_cancelled_job_is_out_of_the_way(void **state)
{
    struct fixture *f = *state;
    struct alc_answer answer;
    struct alc_err err = {0};
    struct alc_job job;

    take(f, 1, 1, 2);
    OK(cancel(f, &err));
    assert_int_equal(claim_as(f, "w"), 2);
    assert_int_equal(alc_queue_unsettled(f->queue, &job, &answer, 0, &f->arena, &err),
                     ALC_NOT_FOUND);
}

static void the_count_is_by_state(void **state)
{
    struct fixture *f = *state;
    const struct alc_answer bad = {.error = ALC_LIT("no")};
    uint64_t n[ALC_JOB_STATES];
    struct alc_err err = {0};

    take(f, 1, 1, 21);
    OK(cancel(f, &err)); /* 1 cancelled */
    for (int i = 0; i < 14; i++)
        claim_as(f, "w");                /* jobs 2 .. 15 */
    for (uint64_t id = 2; id <= 6; id++) /* of which 5 end well */
        OK(alc_queue_finish(f->queue, id, 1, &good, NULL, &err));
    for (uint64_t id = 7; id <= 10; id++) /* and 4 do not */
        OK(alc_queue_finish(f->queue, id, 1, &bad, NULL, &err));
    OK(alc_queue_settle(f->queue, 2, "resolved", &err));
    OK(alc_queue_settle(f->queue, 3, "resolved", &err));
    OK(alc_queue_settle(f->queue, 7, "gone", &err));
    OK(alc_queue_count(f->queue, n, &err));
    assert_int_equal(n[ALC_JOB_WAITING], 6);
    assert_int_equal(n[ALC_JOB_RUNNING], 5);
    assert_int_equal(n[ALC_JOB_DONE], 3);
    assert_int_equal(n[ALC_JOB_FAILED], 3);
    assert_int_equal(n[ALC_JOB_SETTLED], 3);
    assert_int_equal(n[ALC_JOB_CANCELLED], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verb_draws_its_arrows_and_no_others),
        QUEUE_TEST(a_verb_on_no_job_is_refused),
        QUEUE_TEST(a_cancelled_job_is_out_of_the_way),
        QUEUE_TEST(the_count_is_by_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
