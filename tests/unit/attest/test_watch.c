/* tests/unit/attest/test_watch.c — what an operator is told ahead, in which order, and for how
 * long.
 */
#include "pcs_test.h"

#include "tdx_vectors.h"

static struct alc_sets_health watch(struct pcs_test *f, struct alc_bytes quote)
{
    struct alc_sets_health h;
    OK(alc_sets_watch(f->sets, &f->platform, quote, &h, &f->err));
    return h;
}

static struct alc_sets_health look(struct pcs_test *f)
{
    return watch(f, alc_buf_bytes(&f->quote));
}

/* take serves a set and takes it at the moment of its start. */
static void take(struct pcs_test *f, const struct pcs_made *made)
{
    pcs_serve(f, made);
    pcs_at(f, made->from_s);
    OK(pcs_refresh(f));
}

static void says(const struct alc_sets_health *h, unsigned i, const char *part)
{
    if (i >= h->count) fail_msg("%u warnings, no `%s`", h->count, part);
    if (strstr(h->warnings[i], part) == NULL) fail_msg("no `%s` in %s", part, h->warnings[i]);
}

static void an_empty_archive_is_warned_of(void **state)
{
    struct pcs_test *f = *state;
    struct alc_sets_health h = look(f);

    assert_false(h.there);
    assert_int_equal(h.count, 1);
    says(&h, 0, "no collateral is kept");
}

static void a_fresh_set_warns_of_nothing(void **state)
{
    struct pcs_test *f = *state;
    const struct pcs_made made = {.from_s = NOW_S};
    struct alc_sets_health h;

    take(f, &made);
    h = look(f);
    assert_true(h.there && h.simulated && h.has_status);
    assert_int_equal(h.count, 0);
    assert_int_equal(h.window.from_s, NOW_S);
    assert_int_equal(h.window.until_s, NOW_S + HOLDS_S);
    assert_int_equal(h.evaluation, 17);
    assert_int_equal(h.status, ALC_TCB_UP_TO_DATE);
    h = watch(f, (struct alc_bytes){NULL, 0});
    assert_false(h.has_status); /* nobody is UpToDate unseen */
    assert_int_equal(h.count, 0);
}

static void a_set_that_ends_is_told_a_week_ahead_and_after(void **state)
{
    struct pcs_test *f = *state;
    const struct pcs_made made = {.from_s = NOW_S};
    const uint64_t end_s = NOW_S + HOLDS_S;
    struct alc_sets_health h;

    take(f, &made);
    pcs_at(f, end_s - 7 * DAY_S);
    assert_int_equal(look(f).count, 0);
    pcs_at(f, end_s - 7 * DAY_S + 1);
    h = look(f);
    assert_int_equal(h.count, 1);
    says(&h, 0, "expires in 6 days");
    pcs_at(f, end_s);
    h = look(f);
    says(&h, 0, "expires in 0 days");
    pcs_at(f, end_s + 1);
    h = look(f);
    assert_int_equal(h.count, 1);
    says(&h, 0, "expired 0 days ago");
    pcs_at(f, end_s + 3 * DAY_S);
    h = look(f);
    says(&h, 0, "expired 3 days ago");
}

static void a_rise_of_the_number_is_told_for_a_week(void **state)
{
    struct pcs_test *f = *state;
    const struct pcs_made first = {.from_s = NOW_S};
    struct alc_sets_health h;

    take(f, &first);
    for (uint64_t day = 1; day <= 9; day++) { /* one set a day, as Intel issues them */
        const struct pcs_made next = {.from_s = NOW_S + day * DAY_S, .evaluation = "18"};
        take(f, &next);
        h = look(f);
        assert_int_equal(h.evaluation, 18);
        assert_int_equal(h.count, day <= 7 ? 1 : 0);
        if (day <= 7) says(&h, 0, "rose from 17 to 18");
    }
}

static void a_fallen_level_is_told_before_the_number(void **state)
{
    struct pcs_test *f = *state;
    const struct pcs_made first = {.from_s = NOW_S},
                          next = {.from_s = NOW_S + DAY_S, .evaluation = "18", .svn = "255"};
    struct alc_sets_health h;

    take(f, &first);
    take(f, &next);
    h = look(f);
    assert_int_equal(h.status_before, ALC_TCB_UP_TO_DATE);
    assert_int_equal(h.status, ALC_TCB_SW_HARDENING);
    assert_int_equal(h.count, 2);
    says(&h, 0, "fell from UpToDate to SWHardeningNeeded");
    says(&h, 1, "rose from 17 to 18");
    pcs_at(f, NOW_S + 29 * DAY_S);
    h = look(f);
    assert_int_equal(h.count, 3);
    says(&h, 0, "expires in 1 days");
    says(&h, 1, "fell from UpToDate");
}

static void a_level_that_is_not_up_to_date_is_told_always(void **state)
{
    struct pcs_test *f = *state;
    const struct pcs_made made = {.from_s = NOW_S, .status = "OutOfDate"};
    struct alc_sets_health h;

    take(f, &made);
    h = look(f);
    assert_int_equal(h.count, 1);
    says(&h, 0, "TCB status is OutOfDate");
}

static void a_machine_that_was_revoked_is_told(void **state)
{
    struct pcs_test *f = *state;
    const struct pcs_made first = {.from_s = NOW_S};
    const struct alc_sim_set revoked = {
        .tee = ALC_TEE_TDX, .now_s = NOW_S + DAY_S, .revoke_leaf = true};
    struct alc_sets_health h;

    take(f, &first);
    alc_buf_reset(&f->json);
    OK(alc_sim_collateral(f->pki, &revoked, &f->json, &f->err));
    pcs_server_serve(f->server, alc_buf_bytes(&f->json));
    pcs_at(f, NOW_S + DAY_S);
    OK(pcs_refresh(f));
    h = look(f);
    assert_false(h.has_status);
    assert_int_equal(h.count, 1);
    says(&h, 0, "quotes are refused by the newest set");
}

/* A real machine whose component is older than every level of its set. */
static void a_real_machine_below_every_level_is_told(void **state)
{
    struct pcs_test *f = *state;
    struct alc_bytes quote = tdx_vector("tdx_quote_outdated"),
                     set = tdx_vector("tdx_quote_outdated_collateral.json");
    struct alc_sets_health h;

    if (quote.n == 0 || set.n == 0) {
        print_message("skipped: tdx_quote_outdated is not there (target qvl_vectors)\n");
        skip();
    }
    pcs_at(f, 1772500000);
    pcs_server_serve(f->server, set);
    OK(alc_sets_platform(&f->platform, quote, &f->err));
    OK(pcs_refresh(f));
    h = watch(f, quote);
    assert_true(h.has_status && !h.simulated);
    assert_int_equal(h.status, ALC_SETS_NO_LEVEL);
    assert_int_equal(h.evaluation, 18);
    assert_int_equal(h.count, 1);
    says(&h, 0, "TCB status is below every level");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PCS_TEST(an_empty_archive_is_warned_of),
        PCS_TEST(a_fresh_set_warns_of_nothing),
        PCS_TEST(a_set_that_ends_is_told_a_week_ahead_and_after),
        PCS_TEST(a_rise_of_the_number_is_told_for_a_week),
        PCS_TEST(a_fallen_level_is_told_before_the_number),
        PCS_TEST(a_level_that_is_not_up_to_date_is_told_always),
        PCS_TEST(a_machine_that_was_revoked_is_told),
        PCS_TEST(a_real_machine_below_every_level_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
