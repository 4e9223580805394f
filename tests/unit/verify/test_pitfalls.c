/* tests/unit/verify/test_pitfalls.c — where verifiers of quotes went wrong before, and what no
 * sample shows because Intel never signed it: the quote. */
#include "scene.h"

static void the_usual_scene_is_accepted(void **state)
{
    (void)state;

    stage(ALC_TEE_TDX);
    assert_good();
    assert_true(s.v.genuine && s.v.accepted);
    assert_int_equal(s.v.status, ALC_TCB_UP_TO_DATE);
    stage(ALC_TEE_SGX);
    assert_good();
}

static void simulation_passes_only_where_it_was_asked_for(void **state)
{
    struct alc_buf json = ALC_BUF(1u << 20), quote = ALC_BUF(1u << 20);
    struct alc_quote_ask ask = {.now_s = NOW_S, .collateral = &set};
    static uint8_t other_root[4096];
    struct alc_err err = {0};
    struct alc_quote_verdict v;
    struct alc_trust other;
    (void)state;

    stage(ALC_TEE_TDX);
    s.policy.allow_simulated = false;
    assert_why(ALC_REFUSAL_SIMULATED);
    s.trust.simulated_root.n = 0; /* then the set itself leads nowhere */
    assert_why(ALC_REFUSAL_ROOT);
    stage(ALC_TEE_TDX);
    make_set(&json);
    assert_int_equal(verify_set(&set, alc_buf_bytes(&json), &s.trust), ALC_REFUSAL_NONE);
    assert_int_equal(alc_sim_quote(sim, &s.quote, &quote, &err), ALC_OK);
    ask.quote = alc_buf_bytes(&quote);
    /* nor does a kept set pass where nobody names its root, or names another */
    ask.policy = &s.policy;
    v = judge(&ask);
    assert_int_equal(v.refusal, ALC_REFUSAL_ROOT);
    assert_true(v.simulated);
    memcpy(other_root, s.trust.simulated_root.p, s.trust.simulated_root.n);
    other_root[s.trust.simulated_root.n - 1] ^= 1;
    other = (struct alc_trust){.simulated_root = {other_root, s.trust.simulated_root.n}};
    ask.trust = &other;
    assert_int_equal(judge(&ask).refusal, ALC_REFUSAL_ROOT);
    ask.trust = &s.trust;
    assert_int_equal(judge(&ask).refusal, ALC_REFUSAL_NONE);
    ask.policy = NULL; /* the strictest */
    assert_int_equal(judge(&ask).refusal, ALC_REFUSAL_SIMULATED);
    set.simulated = false; /* nor when somebody forgot the flag */
    assert_int_equal(judge(&ask).refusal, ALC_REFUSAL_ROOT);
    alc_buf_fini(&json);
    alc_buf_fini(&quote);
}

static void an_enclave_that_is_not_intels_qe_vouches_for_nothing(void **state)
{
    (void)state;

    for (size_t i = 0; i < 32; i += 31) {
        stage(ALC_TEE_TDX);
        s.quote.qe.mrsigner[i] ^= 1;
        assert_why(ALC_REFUSAL_QE_SIGNER);
    }
    stage(ALC_TEE_TDX);
    s.quote.qe.isvprodid++;
    assert_why(ALC_REFUSAL_QE_PRODUCT);
    stage(ALC_TEE_TDX);
    s.quote.qe.miscselect = UINT32_C(1) << 31;
    assert_why(ALC_REFUSAL_QE_MISCSELECT);
    stage(ALC_TEE_TDX);
    s.quote.qe.attributes[0] ^= 0x10; /* without PROVISION_KEY */
    assert_why(ALC_REFUSAL_QE_ATTRIBUTES);
    stage(ALC_TEE_TDX);
    s.quote.qe.attributes[0] |= 2; /* debug */
    assert_why(ALC_REFUSAL_QE_ATTRIBUTES);
    put(s.qe, "attributesMask", json_string("f9ffffffffffffff0000000000000000"));
    assert_why(ALC_REFUSAL_QE_ATTRIBUTES); /* whatever the mask covers */
    stage(ALC_TEE_TDX);
    s.quote.qe.attributes[0] ^= 0x04; /* MODE64 is outside the mask */
    assert_good();
    stage(ALC_TEE_TDX);
    s.quote.qe.isvsvn = 3; /* below the last level */
    assert_why(ALC_REFUSAL_QE_LEVEL);
    stage(ALC_TEE_TDX);
    s.quote.keep_qe_report_data = true; /* a true QE's report, made for another key */
    assert_why(ALC_REFUSAL_QE_BINDING);
    /* the QE of the other kind */
    stage(ALC_TEE_TDX);
    s.quote.qe.isvprodid = 1;
    assert_why(ALC_REFUSAL_QE_PRODUCT);
    put(s.qe, "id", json_string("QE"));
    assert_why(ALC_REFUSAL_QE_ID);
}

static void debug_is_refused_unless_it_was_asked_for_by_name(void **state)
{
    (void)state;

    stage(ALC_TEE_TDX);
    s.quote.td.td_attributes |= ALC_TD_DEBUG;
    assert_why(ALC_REFUSAL_DEBUG);
    assert_false(s.v.genuine);
    s.policy.allow_debug = true;
    assert_good();
    stage(ALC_TEE_SGX);
    s.quote.sgx.attributes[0] |= 2;
    assert_why(ALC_REFUSAL_DEBUG);
    s.policy.allow_debug = true;
    assert_good();
}

static void only_harmless_attributes_pass(void **state)
{
    const uint64_t harmless = UINT64_C(3) << 30 | UINT64_C(1) << 63 | ALC_TD_SEPT_VE_DISABLE;
    (void)state;

    for (unsigned bit = 1; bit < 64; bit++) {
        stage(ALC_TEE_TDX);
        s.policy.allow_debug = s.policy.allow_service_td = true; /* that opens nothing else */
        s.quote.td.td_attributes |= UINT64_C(1) << bit;
        assert_why((harmless >> bit & 1) != 0 ? ALC_REFUSAL_NONE : ALC_REFUSAL_ATTRIBUTES);
    }
    stage(ALC_TEE_TDX);
    s.quote.td.td_attributes &= ~ALC_TD_SEPT_VE_DISABLE;
    assert_why(ALC_REFUSAL_ATTRIBUTES);
    for (unsigned bit = 0; bit < 2; bit++) {
        stage(ALC_TEE_TDX);
        s.quote.td.xfam &= ~(UINT64_C(1) << bit);
        assert_why(ALC_REFUSAL_ATTRIBUTES);
    }
}

static void a_service_td_is_refused_unless_it_was_allowed(void **state)
{
    (void)state;

    for (size_t i = 0; i < 48; i += 47) {
        stage(ALC_TEE_TDX);
        s.quote.version = 5;
        s.quote.body_type = 3;
        assert_good();
        s.quote.td.mrservicetd[i] = 1;
        assert_why(ALC_REFUSAL_SERVICE_TD);
        s.policy.allow_service_td = true;
        assert_good();
    }
}

static void an_older_set_does_not_hide_a_recovery(void **state)
{
    (void)state;

    stage(ALC_TEE_TDX);
    s.policy.min_evaluation = 17;
    assert_good();
    put(s.tcb, "tcbEvaluationDataNumber", json_integer(16));
    assert_why(ALC_REFUSAL_EVALUATION);
    assert_true(s.v.genuine);
    stage(ALC_TEE_TDX);
    s.policy.min_evaluation = 17;
    put(s.qe, "tcbEvaluationDataNumber", json_integer(16));
    assert_why(ALC_REFUSAL_EVALUATION);
}

static void hardening_is_accepted_with_named_advisories_alone(void **state)
{
    static const struct alc_bytes list[] = {ALC_LIT("SIMULATED-SA-00001")};
    (void)state;

    stage(ALC_TEE_TDX);
    s.quote.td.tee_tcb_svn[2]--; /* the loader is one behind: the second level */
    assert_why(ALC_REFUSAL_STATUS);
    assert_int_equal(s.v.status, ALC_TCB_SW_HARDENING);
    s.policy.statuses = 1u << ALC_TCB_UP_TO_DATE | 1u << ALC_TCB_SW_HARDENING;
    assert_why(ALC_REFUSAL_ADVISORY);
    s.policy.advisories = list;
    s.policy.advisories_count = 1;
    assert_good();
}

static void outdated_platforms_have_a_grace_at_most(void **state)
{
    static const struct alc_bytes list[] = {ALC_LIT("SIMULATED-SA-00002")};
    (void)state;

    stage(ALC_TEE_TDX);
    s.quote.td.tee_tcb_svn[2] = 0;
    assert_why(ALC_REFUSAL_STATUS);
    assert_int_equal(s.v.status, ALC_TCB_OUT_OF_DATE);
    s.policy.statuses = 1u << ALC_TCB_OUT_OF_DATE;
    s.policy.advisories = list;
    s.policy.advisories_count = 1;
    s.policy.grace = true;
    s.policy.grace_s = s.now_s - s.v.tcb_date_s;
    assert_true(s.policy.grace_s >= 500 * DAY_S);
    assert_good();
    s.policy.grace_s--;
    assert_why(ALC_REFUSAL_GRACE);
}

static void the_relying_party_checks_whom_and_for_what(void **state)
{
    uint8_t nonce[64], ppid[1][16];
    (void)state;

    stage(ALC_TEE_TDX);
    for (size_t i = 0; i < sizeof nonce; i++)
        s.quote.td.report_data[i] = nonce[i] = (uint8_t)(i + 1);
    s.policy.report_data = (struct alc_bytes){nonce, sizeof nonce};
    assert_good();
    memcpy(ppid[0], s.v.ppid, 16);
    s.policy.ppids = (const uint8_t(*)[16])ppid;
    s.policy.ppids_count = 1;
    assert_good();
    ppid[0][0] ^= 1; /* an extracted key signs under its own machine's name */
    assert_why(ALC_REFUSAL_PPID);
    ppid[0][0] ^= 1;
    s.quote.td.report_data[63] ^= 1; /* yesterday's nonce */
    assert_why(ALC_REFUSAL_REPORT_DATA);
}

static void legal_forms_that_no_sample_has_are_accepted(void **state)
{
    static const uint8_t auth[1024] = {1, 2, 3};
    static const uint16_t lengths[] = {0, 1, 31, 33, 1024};
    (void)state;

    for (uint16_t version = 3; version <= 5; version++) {
        stage(ALC_TEE_SGX);
        s.quote.version = version;
        assert_good();
        s.quote.trailing = 70;
        assert_good();
    }
    for (uint16_t type = 2; type <= 3; type++) {
        stage(ALC_TEE_TDX);
        s.quote.version = 5;
        s.quote.body_type = type;
        assert_good();
    }
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        stage(ALC_TEE_TDX);
        s.quote.auth_data = (struct alc_bytes){auth, lengths[i]};
        assert_good();
    }
}

static void other_certification_data_is_refused(void **state)
{
    (void)state;

    stage(ALC_TEE_TDX);
    s.quote.inner_type = 3;
    assert_why(ALC_REFUSAL_CERTIFICATION);
    stage(ALC_TEE_SGX);
    s.quote.inner_type = 3;
    assert_why(ALC_REFUSAL_CERTIFICATION);
    stage(ALC_TEE_TDX);
    s.quote.outer_type = 7;
    assert_why(ALC_REFUSAL_CERTIFICATION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_usual_scene_is_accepted),
        cmocka_unit_test(simulation_passes_only_where_it_was_asked_for),
        cmocka_unit_test(an_enclave_that_is_not_intels_qe_vouches_for_nothing),
        cmocka_unit_test(debug_is_refused_unless_it_was_asked_for_by_name),
        cmocka_unit_test(only_harmless_attributes_pass),
        cmocka_unit_test(a_service_td_is_refused_unless_it_was_allowed),
        cmocka_unit_test(an_older_set_does_not_hide_a_recovery),
        cmocka_unit_test(hardening_is_accepted_with_named_advisories_alone),
        cmocka_unit_test(outdated_platforms_have_a_grace_at_most),
        cmocka_unit_test(the_relying_party_checks_whom_and_for_what),
        cmocka_unit_test(legal_forms_that_no_sample_has_are_accepted),
        cmocka_unit_test(other_certification_data_is_refused),
    };
    return cmocka_run_group_tests(tests, open_sim, close_sim);
}
