/* tests/compat/test_qvl.c — our verdict equals dcap-qvl's, but for the differences that are meant.
 *
 * Both verifiers get the samples that ship with dcap-qvl, then thousands of changed ones: every
 * case is drawn from its own number, and QVL_CASE=<number> shows one alone.  Differences are
 * counted by class (differ/classes.c). */
#include "differ/classes.h"
#include "differ/signed.h"

#include "crypto/crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEED UINT64_C(0x616c636f7665)
#define SIGNED_SEED UINT64_C(0x7369676e6564)
#define CASES 10400u        /* of the samples */
#define SIGNED_CASES 10400u /* of the simulated PKI */
#define SHOWN 40u
#define TYPE_4 3u /* of the samples */

struct fixture {
    struct peer *peer;
    struct sample samples[SAMPLES];
    struct kase kase;
    struct answer ours, theirs, from_zero;
    struct tally {
        size_t cases, accepted, refused, from_zero, classes[64], refusals[ALC_REFUSAL_COUNT],
            unexplained;
    } tally;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    alc_crypto_init();
    f->peer = peer_open(ALC_QVL_PEER);
    samples_open(f->samples, ALC_BUILD_DIR "/vectors/tdx");
    kase_init(&f->kase);
    answer_init(&f->ours);
    answer_init(&f->theirs);
    answer_init(&f->from_zero);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    peer_close(f->peer);
    samples_close(f->samples);
    kase_fini(&f->kase);
    answer_fini(&f->ours);
    answer_fini(&f->theirs);
    answer_fini(&f->from_zero);
    free(f);
    return 0;
}

static uint64_t from_env(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text == NULL ? otherwise : strtoull(text, NULL, 0);
}

/* ---- one case ---- */

static void show(const struct fixture *f, unsigned fields)
{
    print_message("case %llu: %s\n  ours: %s\n  dcap-qvl: %s\n", (unsigned long long)f->kase.seed,
                  f->kase.how, f->ours.accepted ? "accepted" : f->ours.why,
                  f->theirs.accepted ? "accepted" : f->theirs.why);
    for (size_t i = 0; i < FIELDS; i++)
        if (fields >> i & 1)
            print_message("  %s: %s | %s\n", field_names[i], alc_buf_text(&f->ours.field[i]),
                          alc_buf_text(&f->theirs.field[i]));
}

/* With all 16 TDX components compared (older verifiers do so) a verdict can only get worse, and
 * only where the module has an identity of its own. */
static void compare_from_zero(struct fixture *f, const struct alc_trust *trust)
{
    struct alc_trust from_zero = trust != NULL ? *trust : (struct alc_trust){0};
    const struct alc_quote_verdict *v = &f->ours.verdict;
    bool same;

    if (!v->read || v->quote.tee != ALC_TEE_TDX) return;
    from_zero.tdx_components_from_zero = true;
    answer_ours_again(&f->from_zero, &f->kase, &from_zero);
    same = f->ours.accepted == f->from_zero.accepted && f->ours.refusal == f->from_zero.refusal &&
           answer_differs(&f->ours, &f->from_zero) == 0;
    if (same) return;
    f->tally.from_zero++;
    if (v->quote.td.tee_tcb_svn[1] == 0 || (f->from_zero.accepted && !f->ours.accepted &&
                                            f->ours.refusal != ALC_REFUSAL_TCB_REVOKED)) {
        show(f, 0);
        fail_msg("with all TDX components: %s",
                 f->from_zero.accepted ? "accepted" : f->from_zero.why);
    }
}

static void compare(struct fixture *f, const struct alc_trust *trust, bool other_root)
{
    struct difference d = {.k = &f->kase, .ours = &f->ours, .theirs = &f->theirs};
    struct tally *t = &f->tally;
    struct alc_json *doc;
    int class;

    peer_ask(f->peer, alc_buf_bytes(&f->kase.quote), alc_buf_bytes(&f->kase.json), f->kase.now_s,
             other_root);
    answer_ours(&f->ours, &f->kase, trust);
    compare_from_zero(f, trust);
    doc = peer_answer(f->peer);
    answer_theirs(&f->theirs, doc);
    alc_json_close(doc);
    t->cases++;
    t->refusals[f->ours.refusal]++;
    if (f->ours.accepted == f->theirs.accepted) {
        d.fields = f->ours.accepted ? answer_differs(&f->ours, &f->theirs) : 0;
        if (d.fields == 0) {
            *(f->ours.accepted ? &t->accepted : &t->refused) += 1;
            return;
        }
    }
    d.layout = layout_of(alc_buf_bytes(&f->kase.quote));
    class = difference_class_of(&d);
    if (class >= 0)
        t->classes[class]++;
    else if (t->unexplained++ < SHOWN)
        show(f, d.fields);
}

static void report(struct fixture *f, const char *what, size_t least_accepted)
{
    const struct tally *t = &f->tally;

    print_message("%s: %zu cases, %zu accepted alike, %zu refused alike\n", what, t->cases,
                  t->accepted, t->refused);
    for (size_t i = 0; i < difference_classes_count; i++)
        if (t->classes[i] > 0)
            print_message("  %6zu %s\n", t->classes[i], difference_classes[i].name);
    for (size_t i = 0; i < ALC_REFUSAL_COUNT && getenv("QVL_VERBOSE") != NULL; i++)
        if (t->refusals[i] > 0)
            print_message("  %6zu refused by ours: %s\n", t->refusals[i],
                          alc_refusal_word((enum alc_refusal)i));
    if (t->from_zero > 0)
        print_message("  %6zu of our verdicts differ when all 16 TDX components count\n",
                      t->from_zero);
    if (t->unexplained > 0)
        fail_msg("%zu differences that nothing explains; QVL_CASE=<number> shows one",
                 t->unexplained);
    /* Verdicts that agree because nothing passes would say little. */
    if (getenv("QVL_CASE") == NULL) assert_true(t->accepted >= least_accepted);
}

/* The first of a run's case numbers. */
static uint64_t first_of(uint64_t seed)
{
    return seed + (from_env("QVL_SEED", 0) << 48);
}

/* QVL_CASE: that case alone. */
static bool wanted(uint64_t seed)
{
    return from_env("QVL_CASE", seed) == seed;
}

/* ---- the samples and their changes ---- */

static void samples_are_judged_alike(void **state)
{
    struct fixture *f = *state;

    memset(&f->tally, 0, sizeof f->tally);
    for (size_t i = 0; i < SAMPLES; i++) {
        const struct sample *s = &f->samples[i];
        const uint64_t times[] = {s->from_s - 1, s->from_s, s->until_s, s->until_s + 1};
        for (size_t t = 0; t < 4; t++) {
            kase_start(&f->kase, s, i);
            f->kase.now_s = times[t];
            kase_print(&f->kase);
            compare(f, NULL, false);
            if (getenv("QVL_VERBOSE") != NULL) show(f, 0);
        }
    }
    report(f, "samples", 4);
}

static void make(struct fixture *f, uint64_t seed)
{
    static const size_t typical[] = {0, 1, 1, 1, 2, 0, 4, 5};
    struct kase *k = &f->kase;
    size_t edits;

    /* The sample with a body of type 4 is refused by ours whatever happens to it: rarely. */
    kase_start(k, &f->samples[seed % 40 == 0 ? TYPE_4 : typical[seed % 8]], seed);
    edits = (size_t[]){1, 1, 1, 1, 1, 2, 2, 3}[below(k, 8)];
    for (size_t i = 0; i < edits; i++) {
        const uint64_t kind = below(k, 20);
        if (kind < 9)
            edit_quote(k, f->samples);
        else if (kind < 17)
            edit_set(k, f->samples);
        else
            edit_time(k);
    }
    kase_print(k);
    if (below(k, 12) == 0) {
        edit_json(k);
        kase_parts(k); /* what is explained by a part is looked up there */
    }
}

static void changed_samples_are_judged_alike(void **state)
{
    struct fixture *f = *state;

    memset(&f->tally, 0, sizeof f->tally);
    for (uint64_t i = 0; i < CASES; i++) {
        if (!wanted(first_of(SEED) + i)) continue;
        make(f, first_of(SEED) + i);
        compare(f, NULL, false);
        if (getenv("QVL_CASE") != NULL) show(f, 0);
    }
    report(f, "changed samples", CASES / 20);
}

/* ---- signed anew ---- */

static void signed_cases_are_judged_alike(void **state)
{
    struct fixture *f = *state;
    struct pki pki;

    memset(&f->tally, 0, sizeof f->tally);
    pki_open(&pki);
    peer_root(f->peer, alc_sim_root(pki.sim));
    for (uint64_t i = 0; i < SIGNED_CASES; i++) {
        if (!wanted(first_of(SIGNED_SEED) + i)) continue;
        kase_signed(&f->kase, &pki, f->samples, first_of(SIGNED_SEED) + i);
        compare(f, &pki.trust, true);
        if (getenv("QVL_CASE") != NULL) show(f, 0);
    }
    pki_close(&pki);
    report(f, "signed anew", SIGNED_CASES / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_judged_alike),
        cmocka_unit_test(changed_samples_are_judged_alike),
        cmocka_unit_test(signed_cases_are_judged_alike),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
