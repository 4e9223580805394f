/* tests/unit/worker/test_collateral.c — when the worker asks for collateral, what it makes of the
 * answers, and what it puts on chain when there is little to put. */
#include "tests/unit/attest/pcs_test.h"

#include "worker/register.h"

struct looker {
    struct pcs_test t; /* the service, its PKI and the clock */
    struct alc_worker w;
    struct wk_slot slot;
    struct wk_collateral c;
};

static int set_up(void **state)
{
    struct looker *l = calloc(1, sizeof *l);
    struct pcs_test *f = &l->t;
    struct alc_ed25519 key = {0};
    char dir[80], archive[80];
    struct alc_attest_conf attest = {
        .source = ALC_SOURCE_SIMULATED, .simulated_dir = dir, .clock = &f->clock};
    struct alc_sets_conf sets = {.dir = archive, .plain_ok = true, .clock = &f->clock};

    if (l == NULL) return -1;
    alc_crypto_init();
    alc_log_set(ALC_ERROR);
    strcpy(f->dir, "/tmp/alcove-look-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(dir, sizeof dir, "%s/simulated", f->dir);
    snprintf(archive, sizeof archive, "%s/collateral", f->dir);
    f->clock = (struct alc_clock){pcs_now, pcs_now, &f->now_ns};
    pcs_at(f, NOW_S);
    OK(alc_ed25519_make(&key));
    OK(alc_attest_open(&l->w.conf.attest, &key, &attest, &f->err));
    OK(alc_sim_open(&f->pki, dir, &f->clock, &f->err));
    f->server = pcs_server_open(false);
    sets.url = pcs_server_url(f->server);
    sets.attest = l->w.conf.attest;
    OK(alc_sets_open(&l->w.conf.sets, &sets, &f->err));
    l->w.conf.clock = &f->clock;
    l->w.conf.collateral_ms = 6 * 3600000;
    pthread_mutex_init(&l->w.lock, NULL);
    l->slot.worker = &l->w;
    *state = l;
    return 0;
}

static int tear_down(void **state)
{
    struct looker *l = *state;
    alc_sets_close(l->w.conf.sets);
    pcs_server_close(l->t.server);
    alc_sim_close(l->t.pki);
    alc_attest_close(l->w.conf.attest);
    pthread_mutex_destroy(&l->w.lock);
    nftw(l->t.dir, pcs_remove, 16, FTW_DEPTH | FTW_PHYS);
    free(l);
    return 0;
}

/* looked_after passes so many milliseconds and returns how often the service was asked then. */
static unsigned looked_after(struct looker *l, uint64_t ms)
{
    unsigned before = pcs_server_count(l->t.server);
    l->t.now_ns += ms * 1000000u;
    wk_collateral_look(&l->slot, &l->c);
    return pcs_server_count(l->t.server) - before;
}

static void the_first_look_is_at_once_and_the_next_when_it_is_time(void **state)
{
    struct looker *l = *state;
    const struct pcs_made made = {.from_s = NOW_S}, next = {.from_s = NOW_S + 3600};
    struct alc_worker_stats s;
    struct alc_buf quote = ALC_BUF(ALC_QUOTE_MAX_BYTES);

    pcs_serve(&l->t, &made);
    assert_int_equal(looked_after(l, 0), 4);
    alc_worker_stats(&l->w, &s);
    assert_true(s.collateral.there && s.collateral.has_status);
    assert_int_equal(s.collateral.window.from_s, NOW_S);
    assert_int_equal(s.collateral_failures, 0);
    assert_int_equal(alc_sets_quote(l->w.conf.sets, &quote, NULL), ALC_OK); /* for the doctor */
    pcs_serve(&l->t, &next);
    assert_int_equal(looked_after(l, 6 * 3600000 - 1), 0);
    assert_int_equal(looked_after(l, 1), 4);
    alc_worker_stats(&l->w, &s);
    assert_int_equal(s.collateral.window.from_s, NOW_S + 3600);
    alc_buf_fini(&quote);
}

static void a_failing_service_is_asked_with_growing_pauses(void **state)
{
    static const uint64_t pauses_ms[] = {60000,  120000,  240000,  480000,
                                         960000, 1920000, 3600000, 3600000};
    struct looker *l = *state;
    const struct pcs_made made = {.from_s = NOW_S}, next = {.from_s = NOW_S + 60};
    struct alc_worker_stats s;

    pcs_serve(&l->t, &made);
    assert_int_equal(looked_after(l, 0), 4);
    pcs_server_fault(l->t.server, PCS_TCB, PCS_BROKEN);
    assert_int_equal(looked_after(l, 6 * 3600000), 1);
    for (size_t i = 0; i < sizeof pauses_ms / sizeof pauses_ms[0]; i++) {
        assert_int_equal(looked_after(l, pauses_ms[i] - 1), 0);
        assert_int_equal(looked_after(l, 1), 1);
    }
    alc_worker_stats(&l->w, &s);
    assert_int_equal(s.collateral_failures, 9);
    assert_true(s.collateral.there); /* what is kept */
    assert_int_equal(s.collateral.window.from_s, NOW_S);
    pcs_server_fault(l->t.server, PCS_TCB, PCS_GOOD);
    pcs_serve(&l->t, &next);
    assert_int_equal(looked_after(l, 3600000), 4);
    assert_int_equal(looked_after(l, 6 * 3600000 - 1), 0); /* in peace again */
    assert_int_equal(looked_after(l, 1), 4);
    pcs_server_fault(l->t.server, PCS_QE, PCS_MISSING);
    assert_int_equal(looked_after(l, 6 * 3600000), 2);
    assert_int_equal(looked_after(l, 60000), 2); /* and from the shortest pause */
}

static void an_expiry_shows_while_the_service_is_away(void **state)
{
    struct looker *l = *state;
    const struct pcs_made made = {.from_s = NOW_S};
    struct alc_worker_stats s;

    pcs_serve(&l->t, &made);
    looked_after(l, 0);
    pcs_server_fault(l->t.server, PCS_TCB, PCS_MISSING);
    looked_after(l, 24 * DAY_S * 1000);
    alc_worker_stats(&l->w, &s);
    assert_int_equal(s.collateral.count, 1);
    assert_non_null(strstr(s.collateral.warnings[0], "expires in 5 days"));
    looked_after(l, 6 * DAY_S * 1000);
    alc_worker_stats(&l->w, &s);
    assert_non_null(strstr(s.collateral.warnings[0], "expired 0 days ago"));
}

static void an_older_set_than_the_kept_one_is_a_failure(void **state)
{
    struct looker *l = *state;
    const struct pcs_made made = {.from_s = NOW_S, .evaluation = "18"}, older = {.from_s = NOW_S};
    struct alc_worker_stats s;

    pcs_serve(&l->t, &made);
    looked_after(l, 0);
    pcs_serve(&l->t, &older);
    assert_int_equal(looked_after(l, 6 * 3600000), 4);
    alc_worker_stats(&l->w, &s);
    assert_int_equal(s.collateral_failures, 1);
    assert_int_equal(s.collateral.evaluation, 18);
    assert_non_null(strstr(l->c.said, "older than what is kept"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_first_look_is_at_once_and_the_next_when_it_is_time),
        TEST(a_failing_service_is_asked_with_growing_pauses),
        TEST(an_expiry_shows_while_the_service_is_away),
        TEST(an_older_set_than_the_kept_one_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
