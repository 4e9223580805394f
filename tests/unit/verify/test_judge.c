/* tests/unit/verify/test_judge.c — each check of a quote has its own refusal.  A sample quote is
 * judged against its set, in which one thing is changed after the set's signatures were checked. */
#include "stage.h"

/* Refused by the caller's wish alone. */
static void unwanted(enum alc_refusal want)
{
    struct alc_quote_verdict v = judge(&s.ask);
    assert_int_equal(v.refusal, want);
    assert_true(v.genuine);
    assert_true(v.has_status && v.has_platform && v.has_window);
}

/* Refused whatever the caller wishes. */
static void untrue(enum alc_refusal want)
{
    struct alc_quote_verdict v = judge(&s.ask);
    assert_int_equal(v.refusal, want);
    assert_false(v.genuine);
}

static void a_sound_quote_is_accepted_by_default(void **state)
{
    struct alc_quote_verdict v;
    (void)state;

    stage_tdx();
    s.ask.policy = NULL;
    v = judge(&s.ask);
    assert_int_equal(v.refusal, ALC_REFUSAL_NONE);
    assert_true(v.genuine && v.read && v.has_platform && v.has_status && v.has_window);
    assert_false(v.simulated);
}

static void a_quote_without_collateral_is_refused(void **state)
{
    struct alc_quote_verdict v;
    (void)state;

    stage_tdx();
    s.ask.collateral = NULL;
    v = judge(&s.ask);
    assert_int_equal(v.refusal, ALC_REFUSAL_NO_COLLATERAL);
    assert_true(v.read);
    assert_false(v.has_window);
}

static void each_window_counts_at_both_ends(void **state)
{
    static const struct {
        size_t at;
        enum alc_refusal future, expired;
    } part[] = {
        {offsetof(struct alc_collateral, tcb), ALC_REFUSAL_TCB_FUTURE, ALC_REFUSAL_TCB_EXPIRED},
        {offsetof(struct alc_collateral, qe), ALC_REFUSAL_QE_FUTURE, ALC_REFUSAL_QE_EXPIRED},
        {offsetof(struct alc_collateral, root_crl), ALC_REFUSAL_CRL_FUTURE,
         ALC_REFUSAL_CRL_EXPIRED},
        {offsetof(struct alc_collateral, pck_crl), ALC_REFUSAL_CRL_FUTURE, ALC_REFUSAL_CRL_EXPIRED},
        {offsetof(struct alc_collateral, chains), ALC_REFUSAL_CERTIFICATE_FUTURE,
         ALC_REFUSAL_CERTIFICATE_EXPIRED},
    };
    (void)state;

    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        struct alc_window *w = (struct alc_window *)(void *)((uint8_t *)&s.c + part[i].at);
        struct alc_quote_verdict v;
        stage_tdx();
        w->from_s = w->until_s = WITHIN;
        v = judge(&s.ask);
        assert_int_equal(v.refusal, ALC_REFUSAL_NONE);
        assert_int_equal(v.window.from_s, WITHIN);
        assert_int_equal(v.window.until_s, WITHIN);
        s.ask.now_s = WITHIN - 1;
        untrue(part[i].future);
        s.ask.now_s = WITHIN + 1;
        v = judge(&s.ask);
        assert_int_equal(v.refusal, part[i].expired);
        /* who is refused learns when it would have held */
        assert_true(v.has_window);
        assert_int_equal(v.window.until_s, WITHIN);
    }
}

static void the_leafs_own_window_counts(void **state)
{
    struct alc_quote_verdict v;
    (void)state;

    stage_tdx();
    s.c.tcb = s.c.qe = s.c.root_crl = s.c.pck_crl = s.c.chains = (struct alc_window){0, UINT64_MAX};
    v = judge(&s.ask);
    assert_int_equal(v.refusal, ALC_REFUSAL_NONE);
    assert_true(v.window.from_s > 0 && v.window.until_s < UINT64_MAX);
    s.ask.now_s = v.window.from_s;
    assert_int_equal(why(), ALC_REFUSAL_NONE);
    s.ask.now_s = v.window.from_s - 1;
    untrue(ALC_REFUSAL_CERTIFICATE_FUTURE);
    s.ask.now_s = v.window.until_s;
    assert_int_equal(why(), ALC_REFUSAL_NONE);
    s.ask.now_s = v.window.until_s + 1;
    untrue(ALC_REFUSAL_CERTIFICATE_EXPIRED);
}

static void a_root_that_nobody_pinned_is_refused(void **state)
{
    (void)state;

    stage_tdx();
    s.c.root.b[31] ^= 1;
    untrue(ALC_REFUSAL_ROOT);
    stage_tdx();
    s.c.simulated = true; /* the flag does not make Intel's root a simulated one */
    s.policy.allow_simulated = true;
    untrue(ALC_REFUSAL_ROOT);
}

static void the_set_is_for_this_platform(void **state)
{
    (void)state;

    stage_tdx();
    s.c.ca_certificate.b[0] ^= 1;
    untrue(ALC_REFUSAL_PCK_CA);
    stage_tdx();
    s.c.ca_key[63] ^= 1;
    untrue(ALC_REFUSAL_CHAIN_SIGNATURE);
    stage_tdx();
    s.c.fmspc[5] ^= 1;
    untrue(ALC_REFUSAL_FMSPC);
    stage_tdx();
    s.c.pceid[0] ^= 1;
    untrue(ALC_REFUSAL_PCEID);
    stage_tdx();
    s.c.tee = ALC_TEE_SGX;
    untrue(ALC_REFUSAL_TCB_ID);
}

static void a_revoked_leaf_is_refused(void **state)
{
    struct alc_verify_work work = ALC_VERIFY_WORK(test_memory);
    struct alc_bytes pem, der;
    struct alc_quote q;
    struct vf_cert leaf;
    (void)state;

    stage_tdx();
    assert_int_equal(alc_quote_read(&q, s.ask.quote), ALC_REFUSAL_NONE);
    pem = q.pck_chain;
    assert_int_equal(vf_pem_next(&der, &pem, &work), ALC_REFUSAL_NONE);
    assert_int_equal(vf_cert_read(&leaf, der), ALC_REFUSAL_NONE);
    assert_true(s.c.revoked_count > 1 && leaf.serial.n <= ALC_SERIAL_BYTES);
    for (size_t i = 0; i < s.c.revoked_count; i++) {
        uint8_t kept[ALC_SERIAL_BYTES];
        memcpy(kept, s.c.revoked[i], sizeof kept);
        memset(s.c.revoked[i], 0, sizeof kept);
        memcpy(s.c.revoked[i] + sizeof kept - leaf.serial.n, leaf.serial.p, leaf.serial.n);
        if (i == 0 || i + 1 == s.c.revoked_count) untrue(ALC_REFUSAL_REVOKED_CERTIFICATE);
        memcpy(s.c.revoked[i], kept, sizeof kept);
    }
    assert_int_equal(why(), ALC_REFUSAL_NONE);
}

static void each_field_of_the_quoting_enclave_counts(void **state)
{
    (void)state;

    for (size_t i = 0; i < 32; i++) {
        stage_tdx();
        s.c.qe_mrsigner[i] ^= 1;
        untrue(ALC_REFUSAL_QE_SIGNER);
    }
    stage_tdx();
    s.c.qe_isvprodid ^= 0x100;
    untrue(ALC_REFUSAL_QE_PRODUCT);
    for (unsigned bit = 0; bit < 32; bit++) {
        stage_tdx();
        s.c.qe_miscselect ^= UINT32_C(1) << bit;
        s.c.qe_miscselect_mask = UINT32_C(1) << bit;
        untrue(ALC_REFUSAL_QE_MISCSELECT);
        s.c.qe_miscselect_mask = ~s.c.qe_miscselect_mask;
        assert_int_equal(why(), ALC_REFUSAL_NONE);
    }
    for (size_t i = 0; i < 16; i++) {
        stage_tdx();
        s.c.qe_attributes[i] ^= 0x08; /* set nowhere in the sample */
        s.c.qe_attributes_mask[i] |= 0x08;
        untrue(ALC_REFUSAL_QE_ATTRIBUTES);
        s.c.qe_attributes_mask[i] &= 0xf7;
        assert_int_equal(why(), ALC_REFUSAL_NONE);
    }
    stage_tdx();
    for (size_t i = 0; i < s.c.qe_levels; i++)
        s.c.svn_levels[s.c.qe_first + i].isvsvn = 0xffff;
    untrue(ALC_REFUSAL_QE_LEVEL);
}

static void levels_decide(void **state)
{
    struct alc_quote_verdict v;
    (void)state;

    stage_tdx();
    s.c.levels_count = 0;
    untrue(ALC_REFUSAL_PLATFORM_LEVEL);
    stage_tdx();
    s.c.levels[0].status = ALC_TCB_REVOKED;
    s.policy.statuses = UINT32_MAX; /* Revoked is no status that anybody could accept */
    v = judge(&s.ask);
    assert_int_equal(v.refusal, ALC_REFUSAL_TCB_REVOKED);
    assert_false(v.genuine);
    assert_true(v.has_status); /* and still said */
    assert_int_equal(v.status, ALC_TCB_REVOKED);
    stage_tdx();
    for (size_t i = 0; i < s.c.modules_count; i++)
        s.c.modules[i].mrsigner[0] = 1;
    untrue(ALC_REFUSAL_MODULE_IDENTITY);
}

static void only_the_statuses_of_the_policy_pass(void **state)
{
    (void)state;

    for (uint8_t status = 0; status < ALC_TCB_REVOKED; status++) {
        stage_tdx();
        s.c.levels[0].status = status;
        if (status != ALC_TCB_UP_TO_DATE) unwanted(ALC_REFUSAL_STATUS);
        s.policy.statuses = 1u << status;
        assert_int_equal(why(), ALC_REFUSAL_NONE);
        s.policy.statuses = ~s.policy.statuses;
        unwanted(ALC_REFUSAL_STATUS);
    }
}

static void only_the_advisories_of_the_policy_pass(void **state)
{
    static const struct alc_bytes list[] = {ALC_LIT("INTEL-SA-00615"), ALC_LIT("INTEL-SA-00289")};
    static const struct alc_bytes near_miss[] = {ALC_LIT("INTEL-SA-00615"),
                                                 ALC_LIT("INTEL-SA-0028")};
    (void)state;

    stage_sgx();
    unwanted(ALC_REFUSAL_STATUS);
    s.policy.statuses = 1u << ALC_TCB_CONFIGURATION_AND_SW_HARDENING;
    unwanted(ALC_REFUSAL_ADVISORY);
    s.policy.advisories = list;
    s.policy.advisories_count = 1;
    unwanted(ALC_REFUSAL_ADVISORY);
    s.policy.advisories_count = 2;
    assert_int_equal(why(), ALC_REFUSAL_NONE);
    s.policy.advisories = near_miss;
    unwanted(ALC_REFUSAL_ADVISORY);
    /* also beside UpToDate, and whatever the level that they came with */
    stage_tdx();
    s.c.svn_levels[s.c.qe_first].advisories.bits[0] = 1;
    assert_true(s.c.advisories_count > 0);
    unwanted(ALC_REFUSAL_ADVISORY);
}

static void grace_ends_with_the_oldest_outdated_part(void **state)
{
    (void)state;

    stage_tdx();
    s.policy.statuses = 1u << ALC_TCB_UP_TO_DATE | 1u << ALC_TCB_OUT_OF_DATE;
    s.policy.grace = true;
    s.policy.grace_s = 1000;
    s.c.levels[0].date_s = 1; /* old, but not behind: no matter */
    assert_int_equal(why(), ALC_REFUSAL_NONE);
    s.c.levels[0].status = ALC_TCB_OUT_OF_DATE;
    unwanted(ALC_REFUSAL_GRACE);
    s.c.levels[0].date_s = WITHIN - 1000;
    assert_int_equal(why(), ALC_REFUSAL_NONE);
    s.c.levels[0].date_s--;
    unwanted(ALC_REFUSAL_GRACE);
    s.c.levels[0].date_s = WITHIN + 1000; /* dated after now */
    assert_int_equal(why(), ALC_REFUSAL_NONE);
    s.c.svn_levels[s.c.qe_first].status = ALC_TCB_OUT_OF_DATE;
    s.c.svn_levels[s.c.qe_first].date_s = WITHIN - 1001;
    unwanted(ALC_REFUSAL_GRACE);
    s.policy.grace = false; /* then any age will do */
    assert_int_equal(why(), ALC_REFUSAL_NONE);
    s.policy.grace = true;
    s.policy.grace_s = 1001;
    assert_int_equal(why(), ALC_REFUSAL_NONE);
    for (size_t i = 0; i < s.c.svn_levels_count; i++) /* the module's among them */
        s.c.svn_levels[i].status = ALC_TCB_OUT_OF_DATE;
    unwanted(ALC_REFUSAL_GRACE);
}

static void both_evaluation_numbers_reach_the_minimum(void **state)
{
    (void)state;

    stage_tdx();
    s.policy.min_evaluation = 17;
    assert_int_equal(why(), ALC_REFUSAL_NONE);
    s.policy.min_evaluation = 18;
    unwanted(ALC_REFUSAL_EVALUATION);
    s.c.tcb_evaluation = 18;
    unwanted(ALC_REFUSAL_EVALUATION);
    s.c.qe_evaluation = 18;
    assert_int_equal(why(), ALC_REFUSAL_NONE);
    s.c.tcb_evaluation = 17;
    unwanted(ALC_REFUSAL_EVALUATION);
}

static void only_the_measurements_of_the_policy_pass(void **state)
{
    struct alc_measurement list[2] = {0};
    struct alc_hash some = {{1}};
    struct alc_quote q;
    (void)state;

    stage_tdx();
    assert_int_equal(alc_quote_read(&q, s.ask.quote), ALC_REFUSAL_NONE);
    s.policy.measurements = list;
    s.policy.measurements_count = 2;
    unwanted(ALC_REFUSAL_MEASUREMENT);
    for (size_t i = 0; i < 2; i++) {
        memset(list, 0, sizeof list);
        list[i] = alc_quote_measurement(&q);
        assert_int_equal(why(), ALC_REFUSAL_NONE);
    }
    for (size_t i = 0; i < 240; i += 40) {
        ((uint8_t *)&list[1])[i] ^= 1;
        unwanted(ALC_REFUSAL_MEASUREMENT);
        ((uint8_t *)&list[1])[i] ^= 1;
    }
    /* who allows enclaves alone allows no TD */
    s.policy.measurements_count = 0;
    s.policy.mrsigners = &some;
    s.policy.mrsigners_count = 1;
    unwanted(ALC_REFUSAL_MEASUREMENT);
}

static void only_the_enclaves_of_the_policy_pass(void **state)
{
    static const struct alc_bytes advisories[] = {ALC_LIT("INTEL-SA-00615"),
                                                  ALC_LIT("INTEL-SA-00289")};
    struct alc_measurement td = {.mrtd = {0}};
    struct alc_hash signer[2] = {0}, enclave[2] = {0};
    struct alc_quote q;
    (void)state;

    stage_sgx();
    s.policy.statuses = 1u << ALC_TCB_CONFIGURATION_AND_SW_HARDENING;
    s.policy.advisories = advisories;
    s.policy.advisories_count = 2;
    assert_int_equal(why(), ALC_REFUSAL_NONE);
    assert_int_equal(alc_quote_read(&q, s.ask.quote), ALC_REFUSAL_NONE);
    s.policy.mrsigners = signer;
    s.policy.mrsigners_count = 2;
    unwanted(ALC_REFUSAL_MEASUREMENT);
    memcpy(signer[1].b, q.sgx.mrsigner, 32);
    assert_int_equal(why(), ALC_REFUSAL_NONE);
    s.policy.mrenclaves = enclave;
    s.policy.mrenclaves_count = 2;
    unwanted(ALC_REFUSAL_MEASUREMENT);
    memcpy(enclave[0].b, q.sgx.mrenclave, 32);
    assert_int_equal(why(), ALC_REFUSAL_NONE);
    s.policy.mrsigners_count = 1; /* the right one stands behind */
    unwanted(ALC_REFUSAL_MEASUREMENT);
    s.policy.mrsigners_count = 0;
    assert_int_equal(why(), ALC_REFUSAL_NONE);
    /* who allows TDs alone allows no enclave, not even by a measurement of zeros */
    s.policy.mrenclaves_count = 0;
    s.policy.measurements = &td;
    s.policy.measurements_count = 1;
    unwanted(ALC_REFUSAL_MEASUREMENT);
}

static void report_data_must_begin_as_expected(void **state)
{
    uint8_t want[65] = {0};
    struct alc_quote q;
    (void)state;

    stage_tdx();
    assert_int_equal(alc_quote_read(&q, s.ask.quote), ALC_REFUSAL_NONE);
    memcpy(want, alc_quote_report_data(&q), 64);
    for (size_t n = 1; n <= 64; n++) {
        s.policy.report_data = (struct alc_bytes){want, n};
        assert_int_equal(why(), ALC_REFUSAL_NONE);
        want[n - 1] ^= 1;
        unwanted(ALC_REFUSAL_REPORT_DATA);
        want[n - 1] ^= 1;
    }
    s.policy.report_data.n = 65;
    unwanted(ALC_REFUSAL_REPORT_DATA);
}

static void only_the_platforms_of_the_policy_pass(void **state)
{
    uint8_t ppids[2][16] = {{0}};
    (void)state;

    stage_tdx();
    s.policy.ppids = (const uint8_t(*)[16])ppids;
    s.policy.ppids_count = 2;
    unwanted(ALC_REFUSAL_PPID);
    memcpy(ppids[1], judge(&s.ask).ppid, 16);
    assert_int_equal(why(), ALC_REFUSAL_NONE);
    ppids[1][15] ^= 1;
    unwanted(ALC_REFUSAL_PPID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_quote_is_accepted_by_default),
        cmocka_unit_test(a_quote_without_collateral_is_refused),
        cmocka_unit_test(each_window_counts_at_both_ends),
        cmocka_unit_test(the_leafs_own_window_counts),
        cmocka_unit_test(a_root_that_nobody_pinned_is_refused),
        cmocka_unit_test(the_set_is_for_this_platform),
        cmocka_unit_test(a_revoked_leaf_is_refused),
        cmocka_unit_test(each_field_of_the_quoting_enclave_counts),
        cmocka_unit_test(levels_decide),
        cmocka_unit_test(only_the_statuses_of_the_policy_pass),
        cmocka_unit_test(only_the_advisories_of_the_policy_pass),
        cmocka_unit_test(grace_ends_with_the_oldest_outdated_part),
        cmocka_unit_test(both_evaluation_numbers_reach_the_minimum),
        cmocka_unit_test(only_the_measurements_of_the_policy_pass),
        cmocka_unit_test(only_the_enclaves_of_the_policy_pass),
        cmocka_unit_test(report_data_must_begin_as_expected),
        cmocka_unit_test(only_the_platforms_of_the_policy_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
