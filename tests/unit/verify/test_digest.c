/* tests/unit/verify/test_digest.c — a digest holds all of a verified set and has one form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attest/attest.h"
#include "made.h"
#include "tdx_vectors.h"

static struct alc_collateral a, b;
static uint8_t memory[ALC_COLLATERAL_MAX_BYTES];
static uint8_t digest[ALC_COLLATERAL_DIGEST_MAX_BYTES];
static uint8_t again[ALC_COLLATERAL_DIGEST_MAX_BYTES];

static size_t sample(const char *name)
{
    struct alc_bytes text = tdx_vector(name);
    struct alc_verify_work w = ALC_VERIFY_WORK(memory);

    if (text.n == 0) {
        print_message("skipped: the sample sets are not there\n");
        skip();
    }
    assert_int_equal(alc_collateral_verify(&a, text, NULL, &w, &alc_verify_native),
                     ALC_REFUSAL_NONE);
    return alc_collateral_write(&a, digest, sizeof digest);
}

static bool reads(const uint8_t *p, size_t n)
{
    return alc_collateral_read(&b, (struct alc_bytes){p, n});
}

static void a_set_comes_back_from_its_digest_bit_for_bit(void **state)
{
    static const char *const names[] = {"sgx_quote_collateral.json", "tdx_quote_collateral.json",
                                        "tdx_quote_outdated_collateral.json"};
    (void)state;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t n = sample(names[i]);
        assert_true(n > 500 && n < 4000);
        assert_true(reads(digest, n));
        assert_memory_equal(&a, &b, sizeof a);
        assert_memory_equal(digest, "ALCOL/1\0", 8);
    }
}

static void every_cut_or_longer_digest_is_refused(void **state)
{
    size_t n = sample("tdx_quote_collateral.json");
    (void)state;

    for (size_t i = 0; i < n; i++) {
        uint8_t *copy = malloc(i + 1);
        memcpy(copy, digest, i);
        assert_false(reads(copy, i));
        free(copy);
    }
    digest[n] = 0;
    assert_false(reads(digest, n + 1));
}

/* Whatever still reads after a change is another set, which is written as exactly these bytes. */
static void a_changed_digest_is_refused_or_another_set(void **state)
{
    size_t n = sample("sgx_quote_collateral.json"), refused = 0, other = 0;
    (void)state;

    for (size_t i = 0; i < 8 * n; i++) {
        digest[i / 8] ^= (uint8_t)(1u << i % 8);
        if (!reads(digest, n)) {
            refused++;
        } else {
            other++;
            assert_int_equal(alc_collateral_write(&b, again, sizeof again), n);
            assert_memory_equal(again, digest, n);
            assert_memory_not_equal(&a, &b, sizeof a);
        }
        digest[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    assert_true(refused > n / 4 && other > n);
}

static void a_digest_that_does_not_fit_is_not_written(void **state)
{
    size_t n = sample("tdx_quote_outdated_collateral.json");
    (void)state;

    for (size_t cap = 0; cap < n; cap++) {
        uint8_t *out = malloc(cap + 1);
        assert_int_equal(alc_collateral_write(&a, out, cap), 0);
        free(out);
    }
    assert_int_equal(alc_collateral_write(&a, again, n), n);
}

static void what_cannot_be_is_not_written(void **state)
{
    static struct alc_collateral good;
    (void)state;

    assert_true(sample("tdx_quote_collateral.json") > 0);
    good = a;
#define REFUSED(change)                                                                            \
    do {                                                                                           \
        a = good;                                                                                  \
        change;                                                                                    \
        if (alc_collateral_write(&a, digest, sizeof digest) != 0)                                  \
            fail_msg("written: %s", #change);                                                      \
    } while (0)
    REFUSED(a.levels_count = ALC_TCB_LEVELS_MAX + 1);
    REFUSED(a.svn_levels_count++);
    REFUSED(a.modules_count = ALC_MODULES_MAX + 1);
    REFUSED(a.modules_count = 0);
    REFUSED(a.revoked_count = ALC_REVOKED_MAX + 1);
    REFUSED(a.advisories_count = ALC_ADVISORIES_MAX + 1);
    REFUSED(a.advisories_count--);
    REFUSED(a.advisories[1] = a.advisories[0]);
    REFUSED(a.advisories[0].n = 32);
    REFUSED(a.advisories[0].n = 0);
    REFUSED(a.advisories[0].b[0] = '"');
    REFUSED(a.levels[0].status = ALC_TCB_COUNT);
    REFUSED(a.levels[0] = a.levels[1]);
    REFUSED(a.levels[0].sgx[0] = 0);
    REFUSED(a.levels[0].advisories.bits[1] = 1);
    REFUSED(a.svn_levels[0].status = ALC_TCB_COUNT);
    REFUSED(a.svn_levels[2].isvsvn = a.svn_levels[1].isvsvn);
    REFUSED(a.modules[0].number = 7);
    REFUSED(a.modules[0].levels = 1);
    REFUSED(a.modules[1].number = 0);
    REFUSED(a.modules[1].number = a.modules[2].number);
    REFUSED(a.modules[1].first = 1);
    REFUSED(a.qe_first = 0);
    REFUSED(a.qe_levels = 200);
    REFUSED(a.tee = ALC_TEE_SGX);
    REFUSED(a.tee = (enum alc_tee)1);
    REFUSED(a.ca = (enum alc_pck_ca)2);
#undef REFUSED
    a = good;
    assert_true(alc_collateral_write(&a, digest, sizeof digest) > 0);
}

/* Each count at its most. */
static void the_longest_digest_fits(void **state)
{
    size_t n;
    (void)state;

    memset(&a, 0, sizeof a);
    a.tee = ALC_TEE_TDX;
    a.revoked_count = ALC_REVOKED_MAX;
    a.modules_count = ALC_MODULES_MAX;
    for (unsigned i = 0; i < ALC_MODULES_MAX; i++)
        a.modules[i].number = (uint8_t)i;
    a.levels_count = a.svn_levels_count = a.qe_levels = ALC_TCB_LEVELS_MAX;
    for (unsigned i = 0; i < ALC_TCB_LEVELS_MAX; i++) {
        a.levels[i].sgx[0] = (uint8_t)(ALC_TCB_LEVELS_MAX - i);
        a.svn_levels[i].isvsvn = (uint16_t)(ALC_TCB_LEVELS_MAX - i);
        memset(&a.levels[i].advisories, 0xff, sizeof a.levels[i].advisories);
    }
    a.advisories_count = ALC_ADVISORIES_MAX;
    for (unsigned i = 0; i < ALC_ADVISORIES_MAX; i++) {
        a.advisories[i].n = ALC_ADVISORY_MAX_BYTES;
        memset(a.advisories[i].b, 'A', ALC_ADVISORY_MAX_BYTES);
        a.advisories[i].b[0] = (uint8_t)('0' + i / 16);
        a.advisories[i].b[1] = (uint8_t)('0' + i % 16);
    }
    n = alc_collateral_write(&a, digest, sizeof digest);
    assert_true(n > 30000);
    assert_true(reads(digest, n));
    assert_memory_equal(&a, &b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_comes_back_from_its_digest_bit_for_bit),
        cmocka_unit_test(every_cut_or_longer_digest_is_refused),
        cmocka_unit_test(a_changed_digest_is_refused_or_another_set),
        cmocka_unit_test(a_digest_that_does_not_fit_is_not_written),
        cmocka_unit_test(what_cannot_be_is_not_written),
        cmocka_unit_test(the_longest_digest_fits),
    };
    alc_crypto_init();
    return cmocka_run_group_tests_name("verify/digest", tests, NULL, NULL);
}
