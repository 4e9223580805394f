/* tests/web/test_embedders.c — the questions of embedders.h, of them here those about Intel's
 * samples, and about quotes whose root is not named. */
#include "tests/web/embedders.h"
#include "tests/web/embedders_tests.h"

#include "tdx_vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FILE_NAME ALC_BUILD_DIR "/web/embedders.json"

static const struct alc_bytes no_root;

/* ---- Intel's samples ---- */

#define SAMPLES 6u
static const struct sample {
    const char *quote, *set;
    uint64_t from_s, until_s; /* the window of set and certificates */
    enum alc_refusal before, inside, after, alone;
} samples[SAMPLES] = {
    {"tdx_quote", "tdx_quote_collateral.json", 1750329147, 1752919234, ALC_REFUSAL_QE_FUTURE,
     ALC_REFUSAL_NONE, ALC_REFUSAL_CRL_EXPIRED, ALC_REFUSAL_NO_COLLATERAL},
    {"sgx_quote", "sgx_quote_collateral.json", 1750330571, 1752919278, ALC_REFUSAL_TCB_FUTURE,
     ALC_REFUSAL_STATUS, ALC_REFUSAL_QE_EXPIRED, ALC_REFUSAL_NO_COLLATERAL},
    /* its platform is below every level of its set */
    {"tdx_quote_outdated", "tdx_quote_outdated_collateral.json", 1771412331, 1774003274,
     ALC_REFUSAL_TCB_FUTURE, ALC_REFUSAL_PLATFORM_LEVEL, ALC_REFUSAL_CRL_EXPIRED,
     ALC_REFUSAL_NO_COLLATERAL},
    {"tdx-quote.hex", "tdx_quote_collateral.json", 1750329147, 1752919234, ALC_REFUSAL_QE_FUTURE,
     ALC_REFUSAL_PLATFORM_LEVEL, ALC_REFUSAL_CRL_EXPIRED, ALC_REFUSAL_NO_COLLATERAL},
    {"quote-from-tappd.hex", "tdx_quote_collateral.json", 1750329147, 1752919234,
     ALC_REFUSAL_QE_FUTURE, ALC_REFUSAL_PLATFORM_LEVEL, ALC_REFUSAL_CRL_EXPIRED,
     ALC_REFUSAL_NO_COLLATERAL},
    /* refused on purpose, whatever the time: docs/differences.md says why */
    {"tdx_quote_td15ex", "tdx_quote_td15ex_collateral.json", 1791418186, 1794008711,
     ALC_REFUSAL_QUOTE_TEE, ALC_REFUSAL_QUOTE_TEE, ALC_REFUSAL_QUOTE_TEE, ALC_REFUSAL_QUOTE_TEE},
};

static void need_samples(void)
{
    for (size_t i = 0; i < SAMPLES; i++)
        if (tdx_vector(samples[i].quote).n == 0 || tdx_vector(samples[i].set).n == 0) {
            print_message("skipped: the sample quotes are not here\n");
            skip();
        }
}

static struct alc_bytes sample_open(const struct sample *s)
{
    struct alc_bytes quote = tdx_vector(s->quote);
    struct alc_measurement m = measured(quote);

    stage_open(no_root, &m);
    return quote;
}

static void samples_are_judged_alike_at_the_edges_of_their_windows(void **state)
{
    (void)state;
    need_samples();
    for (size_t i = 0; i < SAMPLES; i++) {
        const struct sample *s = &samples[i];
        struct alc_bytes quote = sample_open(s);
        const char *name = s->quote;

        says(name, at(quote, s->from_s), s->alone);
        assert_int_equal(stage_put(tdx_vector(s->set)), ALC_REFUSAL_NONE);
        says(name, at(quote, s->from_s - 1), s->before);
        says(name, at(quote, s->from_s), s->inside);
        says(name, at(quote, s->from_s + (s->until_s - s->from_s) / 2), s->inside);
        says(name, at(quote, s->until_s), s->inside);
        says(name, at(quote, s->until_s + 1), s->after);
        stage_close();
    }
}

static void a_sample_under_another_set_is_refused_alike(void **state)
{
    (void)state;
    need_samples();
    for (size_t i = 0; i < SAMPLES; i++)
        for (size_t k = 0; k < SAMPLES; k++) {
            struct question q;

            if (strcmp(samples[i].set, samples[k].set) == 0) continue;
            q = at(sample_open(&samples[i]), samples[k].from_s);
            assert_int_equal(stage_put(tdx_vector(samples[k].set)), ALC_REFUSAL_NONE);
            assert_int_not_equal(ask(samples[i].quote, &q), ALC_REFUSAL_NONE);
            stage_close();
        }
}

static void the_sgx_sample_passes_where_its_status_is_accepted(void **state)
{
    const struct sample *s = &samples[1];
    struct rules rules = {.statuses = 1u << ALC_TCB_CONFIGURATION_AND_SW_HARDENING,
                          .advisories = {ALC_LIT("INTEL-SA-00289"), ALC_LIT("INTEL-SA-00615")},
                          .advisories_count = 1,
                          .any_enclave = true};
    struct question q;

    (void)state;
    need_samples();
    q = at(sample_open(s), s->from_s);
    q.rules = &rules;
    assert_int_equal(stage_put(tdx_vector(s->set)), ALC_REFUSAL_NONE);
    says("one advisory of two", q, ALC_REFUSAL_ADVISORY);
    rules.advisories_count = 2;
    says("both advisories", q, ALC_REFUSAL_NONE);
    rules.any_enclave = false;
    says("where TDs alone are listed", q, ALC_REFUSAL_MEASUREMENT);
    stage_close();
}

/* ---- altered quotes ---- */

static void an_altered_sample_is_refused_alike(void **state)
{
    const struct sample *s = samples;
    struct alc_bytes quote;

    (void)state;
    need_samples();
    quote = sample_open(s);
    assert_int_equal(stage_put(tdx_vector(s->set)), ALC_REFUSAL_NONE);
    alter(quote, s->from_s, 83, 70); /* 70 zeros stand behind it */
    says("nothing altered", at(quote, s->from_s), ALC_REFUSAL_NONE);
    stage_close();
}

/* ---- altered sets ---- */

/* Alters the set in many places; each is refused when it is put, and with it the quote. */
static void alter_set(struct alc_bytes quote, struct alc_bytes set, uint64_t now_s)
{
    uint8_t *changed = malloc(set.n);
    struct question q = at(quote, now_s);
    enum alc_refusal refusal;
    size_t refused = 0, places = 0;

    assert_non_null(changed);
    for (size_t i = 0; i < set.n; i += set.n / 41) {
        memcpy(changed, set.p, set.n);
        changed[i] ^= 1;
        refusal = stage_put((struct alc_bytes){changed, set.n});
        assert_int_equal(ask("an altered set", &q), refusal);
        refused += refusal != ALC_REFUSAL_NONE;
        places++;
    }
    /* A byte of the root's copy in a chain may be free: the root that counts is the pinned one. */
    assert_in_range(refused, places * 3 / 4, places);
    for (size_t i = 1; i <= 4; i++) {
        refusal = stage_put((struct alc_bytes){set.p, set.n * i / 5});
        assert_int_equal(refusal, ALC_REFUSAL_COLLATERAL_FORMAT);
        assert_int_equal(ask("half a set", &q), refusal);
    }
    (void)stage_put(ALC_LIT("{}"));
    assert_int_equal(ask("an empty object", &q), ALC_REFUSAL_COLLATERAL_FORMAT);
    free(changed);
}

static void an_altered_set_is_refused_alike(void **state)
{
    struct alc_measurement m = measured(world_quote_of(0x22, NULL));
    struct alc_bytes quote;

    (void)state;
    stage_open(world_root_der(), &m);
    alter_set(world_quote_of(0x22, NULL), world_set(ALC_TEE_TDX, WORLD_S), WORLD_S);
    stage_close();
    need_samples();
    quote = sample_open(samples);
    alter_set(quote, tdx_vector(samples->set), WORLD_S);
    stage_close();
}

static void simulated_quotes_pass_nowhere_without_their_root(void **state)
{
    struct alc_bytes quote = world_quote_of(0x22, NULL), set = world_set(ALC_TEE_TDX, WORLD_S);
    struct alc_measurement m = measured(quote);
    struct alc_bytes other = {malloc(4096), 0}, root = world_root_der();

    (void)state;
    stage_open(no_root, &m);
    assert_int_equal(stage_put(set), ALC_REFUSAL_ROOT);
    says("a SIMULATED quote, its root not named", at(quote, WORLD_S), ALC_REFUSAL_ROOT);
    stage_close();

    assert_non_null(other.p);
    memcpy((uint8_t *)(uintptr_t)other.p, root.p, root.n);
    other.n = root.n;
    ((uint8_t *)(uintptr_t)other.p)[root.n - 1] ^= 1;
    stage_open(other, &m);
    assert_int_equal(stage_put(set), ALC_REFUSAL_ROOT);
    says("a SIMULATED quote, another root named", at(quote, WORLD_S), ALC_REFUSAL_ROOT);
    stage_close();
    free((void *)(uintptr_t)other.p);
    need_samples();
    stage_open(root, &m); /* naming it does no harm to hardware's */
    assert_int_equal(stage_put(tdx_vector(samples->set)), ALC_REFUSAL_NONE);
    says("hardware beside a simulated root", at(tdx_vector(samples->quote), WORLD_S),
         ALC_REFUSAL_MEASUREMENT);
    stage_close();
}

/* ---- what was asked ---- */

static void the_list_is_long_enough_to_mean_something(void **state)
{
    size_t words = 0;

    (void)state;
    for (size_t i = 1; i < ALC_REFUSAL_COUNT; i++)
        words += tally.refusals[i];
    print_message(
        "%zu questions, %zu accepted, %zu refused for %zu reasons; in the VM %zu verdicts "
        "with the native bytes, %zu of its own, %zu sets refused\n",
        tally.asked, tally.accepted, tally.asked - tally.accepted, words, tally.in_the_vm,
        tally.of_its_own, tally.sets_refused);
    assert_in_range(tally.asked, 300, 2000);
    assert_in_range(tally.accepted, 8, tally.asked);
    assert_in_range(words, 30, ALC_REFUSAL_COUNT);
    assert_in_range(tally.in_the_vm, 100, tally.asked);
    assert_in_range(tally.sets_refused, 30, tally.asked);
}

static int open_all(void **state)
{
    (void)state;
    embedders_open();
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    embedders_close(FILE_NAME);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_judged_alike_at_the_edges_of_their_windows),
        cmocka_unit_test(a_sample_under_another_set_is_refused_alike),
        cmocka_unit_test(the_sgx_sample_passes_where_its_status_is_accepted),
        cmocka_unit_test(an_altered_sample_is_refused_alike),
        cmocka_unit_test(an_altered_set_is_refused_alike),
        cmocka_unit_test(simulated_quotes_of_every_kind_are_judged_alike),
        cmocka_unit_test(an_altered_simulated_quote_is_refused_alike),
        cmocka_unit_test(simulated_quotes_pass_nowhere_without_their_root),
        cmocka_unit_test(sets_of_a_simulated_platform_are_judged_alike),
        cmocka_unit_test(policies_decide_alike),
        cmocka_unit_test(statements_altered_by_one_bit_are_refused),
        cmocka_unit_test(statements_are_bound_to_their_quotes),
        cmocka_unit_test(the_list_is_long_enough_to_mean_something),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
