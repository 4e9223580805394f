/* tests/unit/verify/test_pitfalls_set.c — where verifiers of quotes went wrong before, and what no
 * sample shows because Intel never signed it: the collateral, and the levels in it. */
#include "scene.h"

static void an_old_quoting_enclave_makes_the_platform_outdated(void **state)
{
    (void)state;

    stage(ALC_TEE_TDX);
    s.quote.qe.isvsvn = 7;
    assert_why(ALC_REFUSAL_STATUS);
    assert_int_equal(s.v.status, ALC_TCB_OUT_OF_DATE);
    assert_int_equal(s.v.platform_status, ALC_TCB_UP_TO_DATE);
    assert_int_equal(s.v.qe_status, ALC_TCB_OUT_OF_DATE);
    put(level(s.tcb, 0), "tcbStatus", json_string("ConfigurationNeeded"));
    has_status(ALC_TCB_OUT_OF_DATE_CONFIGURATION);
}

static void a_level_has_sixteen_components(void **state)
{
    static const char *const of[] = {"sgxtcbcomponents", "tdxtcbcomponents"};
    (void)state;

    for (size_t i = 0; i < 2; i++)
        for (size_t l = 0; l < 3; l++) {
            json_t *array;
            stage(ALC_TEE_TDX);
            array = at(at(level(s.tcb, l), "tcb"), of[i]);
            json_array_remove(array, 15);
            assert_why(ALC_REFUSAL_TCB_FORMAT);
            json_array_append(array, json_array_get(array, 14));
            json_array_append(array, json_array_get(array, 14));
            assert_why(ALC_REFUSAL_TCB_FORMAT); /* nor seventeen */
            put(at(level(s.tcb, l), "tcb"), of[i], json_null());
            assert_why(ALC_REFUSAL_TCB_FORMAT);
            json_object_del(at(level(s.tcb, l), "tcb"), of[i]);
            assert_why(ALC_REFUSAL_TCB_FORMAT);
        }
}

static void the_modules_identity_counts(void **state)
{
    (void)state;

    stage(ALC_TEE_TDX);
    s.quote.td.tee_tcb_svn[1] = 2;
    assert_why(ALC_REFUSAL_MODULE_IDENTITY);
    stage(ALC_TEE_TDX);
    json_array_clear(at(s.tcb, "tdxModuleIdentities"));
    assert_why(ALC_REFUSAL_MODULE_IDENTITY);
    stage(ALC_TEE_TDX);
    s.quote.td.mrsignerseam[5] = 1;
    assert_why(ALC_REFUSAL_MODULE_IDENTITY);
    stage(ALC_TEE_TDX);
    s.quote.td.seamattributes[5] = 1;
    assert_why(ALC_REFUSAL_MODULE_IDENTITY);
    stage(ALC_TEE_TDX);
    s.quote.td.tee_tcb_svn[0] = 2;
    assert_why(ALC_REFUSAL_MODULE_LEVEL);
    stage(ALC_TEE_TDX);
    s.quote.td.tee_tcb_svn[0] = 4;
    assert_why(ALC_REFUSAL_STATUS);
    assert_int_equal(s.v.status, ALC_TCB_OUT_OF_DATE);
    assert_int_equal(s.v.module_status, ALC_TCB_OUT_OF_DATE);
    assert_int_equal(s.v.platform_status, ALC_TCB_UP_TO_DATE);
}

/* Intel leaves the first two components to the module's identity; who compares them refuses a
 * machine that is up to date. */
static void a_newer_module_line_may_count_from_below(void **state)
{
    (void)state;

    stage(ALC_TEE_TDX);
    put(module(), "id", json_string("TDX_03"));
    put(at(json_array_get(at(module(), "tcbLevels"), 0), "tcb"), "isvsvn", json_integer(3));
    json_array_remove(at(module(), "tcbLevels"), 1);
    s.quote.td.tee_tcb_svn[0] = 3;
    s.quote.td.tee_tcb_svn[1] = 3;
    assert_good();
    for (size_t i = 0; i < 3; i++)
        put(component(i, "tdxtcbcomponents", 0), "svn", json_integer(5));
    assert_good();
    s.trust.tdx_components_from_zero = true;
    assert_why(ALC_REFUSAL_PLATFORM_LEVEL);
}

static void the_order_of_levels_in_the_text_does_not_matter(void **state)
{
    (void)state;

    for (int sgx = 0; sgx < 2; sgx++) {
        stage(sgx ? ALC_TEE_SGX : ALC_TEE_TDX);
        reverse(at(s.tcb, "tcbLevels"));
        reverse(at(s.qe, "tcbLevels"));
        if (!sgx) reverse(at(module(), "tcbLevels"));
        assert_good();
        assert_int_equal(s.v.status, ALC_TCB_UP_TO_DATE);
    }
}

static void components_are_not_a_number(void **state)
{
    json_int_t second;
    (void)state;

    stage(ALC_TEE_TDX);
    second = json_integer_value(at(component(0, "sgxtcbcomponents", 1), "svn"));
    for (size_t i = 0; i < 2; i++) { /* less in the first, more in the second */
        json_t *first = at(component(i, "sgxtcbcomponents", 0), "svn");
        json_integer_set(first, json_integer_value(first) - 1);
        put(component(i, "sgxtcbcomponents", 1), "svn", json_integer(second + 1));
    }
    has_status(ALC_TCB_OUT_OF_DATE);
}

static void revoked_is_an_error(void **state)
{
    (void)state;

    for (int i = 0; i < 3; i++) {
        json_t *of;
        stage(ALC_TEE_TDX);
        of = i == 0 ? s.tcb : i == 1 ? s.qe : module();
        put(level(of, 0), "tcbStatus", json_string("Revoked"));
        s.policy.statuses = UINT32_MAX;
        assert_why(ALC_REFUSAL_TCB_REVOKED);
        assert_false(s.v.genuine);
        assert_int_equal(s.v.status, ALC_TCB_REVOKED);
    }
}

static void an_unknown_status_is_an_error(void **state)
{
    static const char *const bad[] = {"uptodate", "UpToDate ", "", "TDRelaunchAdvised", "OK"};
    (void)state;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        stage(ALC_TEE_TDX);
        put(level(s.tcb, 2), "tcbStatus", json_string(bad[i])); /* even if not reached */
        assert_why(ALC_REFUSAL_TCB_FORMAT);
        stage(ALC_TEE_TDX);
        put(level(s.qe, 0), "tcbStatus", json_string(bad[i]));
        assert_why(ALC_REFUSAL_QE_FORMAT);
    }
}

static void revoked_certificates_are_refused(void **state)
{
    (void)state;

    stage(ALC_TEE_TDX);
    s.set.revoke_leaf = true;
    assert_why(ALC_REFUSAL_REVOKED_CERTIFICATE);
    assert_int_equal(set.revoked_count, 1);
    stage(ALC_TEE_TDX);
    s.set.revoke_ca = true;
    assert_why(ALC_REFUSAL_REVOKED_CERTIFICATE);
    stage(ALC_TEE_TDX);
    s.set.revoke_tcb_signing = true;
    assert_why(ALC_REFUSAL_REVOKED_CERTIFICATE);
}

static void a_pck_key_signs_no_collateral(void **state)
{
    (void)state;

    /* what was extracted from one machine would declare all machines up to date */
    stage(ALC_TEE_TDX);
    s.set.tcb_info_chain = alc_sim_pck_chain(sim);
    s.set.tcb_info_by_pck = true;
    assert_why(ALC_REFUSAL_ROLE);
    stage(ALC_TEE_TDX);
    s.set.tcb_info_by_pck = true; /* under the right certificate */
    assert_why(ALC_REFUSAL_TCB_SIGNATURE);
}

static void lists_hold_from_their_first_to_their_last_second(void **state)
{
    static const struct {
        int64_t off;
        enum alc_refusal want;
    } edge[] = {{-1, ALC_REFUSAL_CRL_FUTURE},
                {0, ALC_REFUSAL_NONE},
                {99, ALC_REFUSAL_NONE},
                {100, ALC_REFUSAL_CRL_EXPIRED}}; /* nextUpdate itself is outside */
    (void)state;

    stage(ALC_TEE_TDX);
    s.set.crl_from_s = NOW_S + DAY_S;
    s.set.crl_until_s = NOW_S + DAY_S + 100;
    for (size_t i = 0; i < sizeof edge / sizeof *edge; i++) {
        s.now_s = (uint64_t)((int64_t)s.set.crl_from_s + edge[i].off);
        assert_why(edge[i].want);
        assert_int_equal(s.v.window.until_s, NOW_S + DAY_S + 99);
    }
}

static void texts_hold_from_their_first_to_their_last_second(void **state)
{
    (void)state;

    for (int qe = 0; qe < 2; qe++) {
        json_t *j;
        stage(ALC_TEE_TDX);
        j = qe ? s.qe : s.tcb;
        put(j, "issueDate", json_string("2025-10-10T00:00:00Z"));
        put(j, "nextUpdate", json_string("2025-10-10T00:01:00Z"));
        s.now_s = 1760054399;
        assert_why(qe ? ALC_REFUSAL_QE_FUTURE : ALC_REFUSAL_TCB_FUTURE);
        s.now_s = 1760054400;
        assert_good();
        s.now_s = 1760054460;
        assert_good();
        assert_int_equal(s.v.window.from_s, 1760054400);
        assert_int_equal(s.v.window.until_s, 1760054460);
        s.now_s = 1760054461;
        assert_why(qe ? ALC_REFUSAL_QE_EXPIRED : ALC_REFUSAL_TCB_EXPIRED);
    }
}

static void reprint(json_t *collateral)
{
    char *text = json_dumps(s.tcb, JSON_COMPACT);
    put(collateral, "tcb_info", json_string(text));
    free(text);
}

static void pem_list(json_t *collateral)
{
    static const char pem[] = "-----BEGIN X509 CRL-----";
    char hex[2 * sizeof pem];
    size_t n;

    assert_true(alc_hex_encode(hex, sizeof hex - 1, &n, ALC_LIT(pem)));
    hex[n] = 0;
    put(collateral, "pck_crl", json_string(hex));
}

static void signatures_are_over_text_and_lists_are_der(void **state)
{
    (void)state;

    stage(ALC_TEE_TDX);
    s.print = JSON_INDENT(2); /* signed like that, it is good like that */
    assert_good();
    s.spoil = reprint; /* the same data, and not what was signed */
    assert_why(ALC_REFUSAL_TCB_SIGNATURE);
    stage(ALC_TEE_TDX);
    s.spoil = pem_list;
    assert_why(ALC_REFUSAL_CRL);
}

static void sets_of_the_other_kind_and_of_other_platforms_are_refused(void **state)
{
    (void)state;

    stage(ALC_TEE_TDX);
    alc_sim_quote_usual(&s.quote, ALC_TEE_SGX);
    assert_why(ALC_REFUSAL_TCB_ID);
    stage(ALC_TEE_SGX);
    alc_sim_quote_usual(&s.quote, ALC_TEE_TDX);
    assert_why(ALC_REFUSAL_TCB_ID);
    stage(ALC_TEE_TDX);
    put(s.tcb, "fmspc", json_string("00906ed50000"));
    assert_why(ALC_REFUSAL_FMSPC);
    stage(ALC_TEE_TDX);
    put(s.tcb, "pceId", json_string("0100"));
    assert_why(ALC_REFUSAL_PCEID);
    stage(ALC_TEE_TDX);
    put(s.tcb, "version", json_integer(2));
    assert_why(ALC_REFUSAL_TCB_FORMAT);
    stage(ALC_TEE_TDX);
    put(s.qe, "version", json_integer(3));
    assert_why(ALC_REFUSAL_QE_FORMAT);
    /* caches write null for what SGX does not have */
    stage(ALC_TEE_SGX);
    put(s.tcb, "tdxModule", json_null());
    put(s.tcb, "tdxModuleIdentities", json_null());
    assert_good();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_old_quoting_enclave_makes_the_platform_outdated),
        cmocka_unit_test(a_level_has_sixteen_components),
        cmocka_unit_test(the_modules_identity_counts),
        cmocka_unit_test(a_newer_module_line_may_count_from_below),
        cmocka_unit_test(the_order_of_levels_in_the_text_does_not_matter),
        cmocka_unit_test(components_are_not_a_number),
        cmocka_unit_test(revoked_is_an_error),
        cmocka_unit_test(an_unknown_status_is_an_error),
        cmocka_unit_test(revoked_certificates_are_refused),
        cmocka_unit_test(a_pck_key_signs_no_collateral),
        cmocka_unit_test(lists_hold_from_their_first_to_their_last_second),
        cmocka_unit_test(texts_hold_from_their_first_to_their_last_second),
        cmocka_unit_test(signatures_are_over_text_and_lists_are_der),
        cmocka_unit_test(sets_of_the_other_kind_and_of_other_platforms_are_refused),
    };
    return cmocka_run_group_tests(tests, open_sim, close_sim);
}
