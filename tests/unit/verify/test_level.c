/* tests/unit/verify/test_level.c — which TCB levels a platform reaches and what they come to. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "verify/parts.h"

/* A set with one platform level, one module "TDX_01" and one QE level, all reached by `me`. */
struct place {
    struct alc_collateral c;
    struct vf_pck pck;
    struct alc_quote q;
    uint16_t qe_isvsvn;
    struct vf_levels l;
};

static struct place usual(void)
{
    static struct place p;

    memset(&p, 0, sizeof p);
    p.c.tee = p.q.tee = ALC_TEE_TDX;
    p.c.levels_count = 1;
    p.c.modules_count = 2;
    p.c.modules[1].number = 1;
    p.c.modules[1].levels = 1;
    memset(p.c.modules[0].mask, 0xff, 8);
    memset(p.c.modules[1].mask, 0xff, 8);
    p.c.svn_levels_count = 2;
    p.c.svn_levels[0].isvsvn = 4;
    p.c.qe_first = 1;
    p.c.qe_levels = 1;
    p.c.svn_levels[1].isvsvn = 6;
    p.q.td.tee_tcb_svn[0] = 4;
    p.q.td.tee_tcb_svn[1] = 1;
    p.qe_isvsvn = 6;
    return p;
}

static enum alc_refusal judge_with(struct place *p, bool from_zero)
{
    vf_levels(&p->l, &p->c, &p->pck, &p->q, p->qe_isvsvn, from_zero);
    return p->l.refusal;
}

static enum alc_refusal judged(struct place *p)
{
    return judge_with(p, false);
}

static void the_usual_place_is_up_to_date(void **state)
{
    struct place p = usual();
    (void)state;

    assert_int_equal(judged(&p), ALC_REFUSAL_NONE);
    assert_int_equal(p.l.merged, ALC_TCB_UP_TO_DATE);
    assert_ptr_equal(p.l.platform, &p.c.levels[0]);
    assert_ptr_equal(p.l.module, &p.c.svn_levels[0]);
    assert_ptr_equal(p.l.qe, &p.c.svn_levels[1]);
}

static void each_component_counts_by_itself(void **state)
{
    struct place p = usual();
    (void)state;

    /* [3,1] is greater than [2,5] as a number, but its second component is not enough. */
    p.c.levels[0].sgx[0] = 2;
    p.c.levels[0].sgx[1] = 5;
    p.pck.components[0] = 3;
    p.pck.components[1] = 1;
    assert_int_equal(judged(&p), ALC_REFUSAL_PLATFORM_LEVEL);
    assert_null(p.l.platform);
    p.pck.components[1] = 5;
    assert_int_equal(judged(&p), ALC_REFUSAL_NONE);
    for (size_t i = 0; i < 16; i++) {
        p = usual();
        p.c.levels[0].sgx[i] = 1;
        assert_int_equal(judged(&p), ALC_REFUSAL_PLATFORM_LEVEL);
        p.pck.components[i] = 1;
        assert_int_equal(judged(&p), ALC_REFUSAL_NONE);
        p.pck.components[i] = 255;
        assert_int_equal(judged(&p), ALC_REFUSAL_NONE);
    }
}

static void pcesvn_counts(void **state)
{
    struct place p = usual();
    (void)state;

    p.c.levels[0].pcesvn = 0x0100;
    p.pck.pcesvn = 0x00ff;
    assert_int_equal(judged(&p), ALC_REFUSAL_PLATFORM_LEVEL);
    p.pck.pcesvn = 0x0100;
    assert_int_equal(judged(&p), ALC_REFUSAL_NONE);
}

static void the_first_level_that_fits_is_taken(void **state)
{
    struct place p = usual();
    (void)state;

    p.c.levels_count = 3;
    p.c.levels[0].sgx[7] = 12;
    p.c.levels[1].sgx[7] = 5;
    p.c.levels[1].status = ALC_TCB_CONFIGURATION;
    p.c.levels[2].status = ALC_TCB_OUT_OF_DATE;
    p.pck.components[7] = 5;
    assert_int_equal(judged(&p), ALC_REFUSAL_NONE);
    assert_ptr_equal(p.l.platform, &p.c.levels[1]);
    p.pck.components[7] = 12;
    assert_int_equal(judged(&p), ALC_REFUSAL_NONE);
    assert_ptr_equal(p.l.platform, &p.c.levels[0]);
    p.pck.components[7] = 4;
    assert_int_equal(judged(&p), ALC_REFUSAL_NONE);
    assert_ptr_equal(p.l.platform, &p.c.levels[2]);
    p.c.levels_count = 0;
    assert_int_equal(judged(&p), ALC_REFUSAL_PLATFORM_LEVEL);
}

static void the_first_two_tdx_components_belong_to_the_module(void **state)
{
    struct place p = usual();
    (void)state;

    p.c.levels[0].tdx[0] = 5; /* the module, version 1, has 4 */
    p.c.levels[0].tdx[1] = 2;
    assert_int_equal(judged(&p), ALC_REFUSAL_NONE);
    assert_int_equal(judge_with(&p, true), ALC_REFUSAL_PLATFORM_LEVEL);
    p.q.td.tee_tcb_svn[0] = 5;
    assert_int_equal(judge_with(&p, true), ALC_REFUSAL_PLATFORM_LEVEL); /* 1 against 2 */
    p.c.levels[0].tdx[1] = 1;
    assert_int_equal(judge_with(&p, true), ALC_REFUSAL_NONE);
    for (size_t i = 2; i < 16; i++) {
        p = usual();
        p.c.levels[0].tdx[i] = 1;
        assert_int_equal(judged(&p), ALC_REFUSAL_PLATFORM_LEVEL);
        p.q.td.tee_tcb_svn[i] = 1;
        assert_int_equal(judged(&p), ALC_REFUSAL_NONE);
    }
}

static void a_module_of_version_zero_is_judged_by_all_components(void **state)
{
    struct place p = usual();
    (void)state;

    p.q.td.tee_tcb_svn[1] = 0;
    p.c.levels[0].tdx[0] = 5;
    assert_int_equal(judged(&p), ALC_REFUSAL_PLATFORM_LEVEL);
    p.q.td.tee_tcb_svn[0] = 5;
    assert_int_equal(judged(&p), ALC_REFUSAL_NONE);
    assert_null(p.l.module);
    p.c.levels[0].tdx[1] = 1;
    assert_int_equal(judged(&p), ALC_REFUSAL_PLATFORM_LEVEL);
    /* and its signer and attributes by tdxModule */
    p.c.levels[0].tdx[1] = 0;
    p.q.td.mrsignerseam[47] = 1;
    assert_int_equal(judged(&p), ALC_REFUSAL_MODULE_IDENTITY);
    p.c.modules[0].mrsigner[47] = 1;
    assert_int_equal(judged(&p), ALC_REFUSAL_NONE);
    p.q.td.seamattributes[3] = 1;
    assert_int_equal(judged(&p), ALC_REFUSAL_MODULE_IDENTITY);
}

static void an_unknown_module_is_refused(void **state)
{
    struct place p = usual();
    (void)state;

    p.q.td.tee_tcb_svn[1] = 2;
    assert_int_equal(judged(&p), ALC_REFUSAL_MODULE_IDENTITY);
    p = usual();
    p.c.modules_count = 1; /* no identities at all */
    assert_int_equal(judged(&p), ALC_REFUSAL_MODULE_IDENTITY);
    p.c.modules_count = 0;
    assert_int_equal(judged(&p), ALC_REFUSAL_MODULE_IDENTITY);
    p.q.td.tee_tcb_svn[1] = 0;
    assert_int_equal(judged(&p), ALC_REFUSAL_MODULE_IDENTITY);
}

static void a_modules_signer_and_attributes_must_be_its_identitys(void **state)
{
    struct place p = usual();
    (void)state;

    p.q.td.mrsignerseam[0] = 1;
    assert_int_equal(judged(&p), ALC_REFUSAL_MODULE_IDENTITY);
    p.c.modules[1].mrsigner[0] = 1;
    assert_int_equal(judged(&p), ALC_REFUSAL_NONE);
    p.q.td.seamattributes[0] = 0x10; /* under the mask */
    assert_int_equal(judged(&p), ALC_REFUSAL_MODULE_IDENTITY);
    p.c.modules[1].attributes[0] = 0x10;
    assert_int_equal(judged(&p), ALC_REFUSAL_NONE);
    p.c.modules[1].mask[0] = 0x0f; /* outside it */
    assert_int_equal(judged(&p), ALC_REFUSAL_MODULE_IDENTITY);
    p.q.td.seamattributes[0] = 0;
    assert_int_equal(judged(&p), ALC_REFUSAL_NONE);
    /* Intel's own modules have no attributes, whatever an identity says */
    p = usual();
    p.c.modules[1].attributes[7] = p.q.td.seamattributes[7] = 0x80;
    assert_int_equal(judged(&p), ALC_REFUSAL_MODULE_IDENTITY);
}

static void a_module_older_than_all_its_levels_is_refused(void **state)
{
    struct place p = usual();
    (void)state;

    p.q.td.tee_tcb_svn[0] = 3;
    assert_int_equal(judged(&p), ALC_REFUSAL_MODULE_LEVEL);
    p = usual();
    p.c.modules[1].levels = 0;
    assert_int_equal(judged(&p), ALC_REFUSAL_MODULE_LEVEL);
}

static void a_module_takes_its_own_levels_alone(void **state)
{
    struct place p = usual();
    (void)state;

    /* svn levels: TDX_01's at 0 and 1, TDX_03's at 2, the QE's at 3 */
    p.c.modules_count = 3;
    p.c.modules[1].levels = 2;
    p.c.svn_levels[0] = (struct alc_svn_level){.isvsvn = 6};
    p.c.svn_levels[1] = (struct alc_svn_level){.isvsvn = 2, .status = ALC_TCB_OUT_OF_DATE};
    p.c.modules[2] = p.c.modules[1];
    p.c.modules[2].number = 3;
    p.c.modules[2].first = 2;
    p.c.modules[2].levels = 1;
    p.c.svn_levels[2] = (struct alc_svn_level){.isvsvn = 3};
    p.c.svn_levels[3] = (struct alc_svn_level){.isvsvn = 6};
    p.c.svn_levels_count = 4;
    p.c.qe_first = 3;
    p.q.td.tee_tcb_svn[0] = 3;
    assert_int_equal(judged(&p), ALC_REFUSAL_NONE);
    assert_ptr_equal(p.l.module, &p.c.svn_levels[1]);
    assert_int_equal(p.l.merged, ALC_TCB_OUT_OF_DATE);
    p.q.td.tee_tcb_svn[1] = 3;
    assert_int_equal(judged(&p), ALC_REFUSAL_NONE);
    assert_ptr_equal(p.l.module, &p.c.svn_levels[2]);
    assert_int_equal(p.l.merged, ALC_TCB_UP_TO_DATE);
}

static void a_quoting_enclave_older_than_all_levels_is_refused(void **state)
{
    struct place p = usual();
    (void)state;

    p.qe_isvsvn = 5;
    assert_int_equal(judged(&p), ALC_REFUSAL_QE_LEVEL);
    p.qe_isvsvn = 7;
    assert_int_equal(judged(&p), ALC_REFUSAL_NONE);
    p.c.qe_levels = 0;
    assert_int_equal(judged(&p), ALC_REFUSAL_QE_LEVEL);
}

static void statuses_merge_by_intels_table(void **state)
{
    enum {
        U = ALC_TCB_UP_TO_DATE,
        S = ALC_TCB_SW_HARDENING,
        C = ALC_TCB_CONFIGURATION,
        B = ALC_TCB_CONFIGURATION_AND_SW_HARDENING,
        O = ALC_TCB_OUT_OF_DATE,
        X = ALC_TCB_OUT_OF_DATE_CONFIGURATION,
        R = ALC_TCB_REVOKED,
    };
    /* rows: the platform; columns: the part, in the order of enum alc_tcb_status */
    static const uint8_t want[ALC_TCB_COUNT][ALC_TCB_COUNT] = {
        [U] = {U, O, O, O, O, O, R}, [S] = {S, O, O, O, O, O, R}, [C] = {C, X, X, X, X, X, R},
        [B] = {B, X, X, X, X, X, R}, [O] = {O, O, O, O, O, O, R}, [X] = {X, X, X, X, X, X, R},
        [R] = {R, R, R, R, R, R, R},
    };
    (void)state;

    for (uint8_t i = 0; i < ALC_TCB_COUNT; i++)
        for (uint8_t k = 0; k < ALC_TCB_COUNT; k++) {
            struct place p = usual();
            p.c.levels[0].status = i;
            p.c.svn_levels[0].status = k; /* the module */
            assert_int_equal(judged(&p), ALC_REFUSAL_NONE);
            assert_int_equal(p.l.merged, want[i][k]);
            p = usual();
            p.c.levels[0].status = i;
            p.c.svn_levels[1].status = k; /* the QE */
            assert_int_equal(judged(&p), ALC_REFUSAL_NONE);
            assert_int_equal(p.l.merged, want[i][k]);
            for (uint8_t m = 0; m < ALC_TCB_COUNT; m++) { /* the module first, then the QE */
                p.c.svn_levels[0].status = m;
                assert_int_equal(judged(&p), ALC_REFUSAL_NONE);
                assert_int_equal(p.l.merged, want[want[i][m]][k]);
            }
        }
}

static void advisories_are_those_of_the_matched_levels(void **state)
{
    struct place p = usual();
    (void)state;

    p.c.levels_count = 2;
    p.c.levels[0].sgx[0] = 1; /* not reached */
    p.c.levels[0].advisories.bits[0] = 1u << 5;
    p.c.levels[1].advisories.bits[0] = 1u << 0 | 1u << 1;
    p.c.svn_levels[0].advisories.bits[0] = 1u << 1 | 1u << 2;
    p.c.svn_levels[1].advisories.bits[1] = 1u << 3;
    assert_int_equal(judged(&p), ALC_REFUSAL_NONE);
    assert_int_equal(p.l.advisories.bits[0], 7);
    assert_int_equal(p.l.advisories.bits[1], 8);
}

static void sgx_has_neither_module_nor_tdx_components(void **state)
{
    struct place p = usual();
    (void)state;

    p.c.tee = p.q.tee = ALC_TEE_SGX;
    p.c.modules_count = 0;
    memset(p.c.levels[0].tdx, 0xff, 16);
    assert_int_equal(judged(&p), ALC_REFUSAL_NONE);
    assert_null(p.l.module);
    assert_int_equal(judge_with(&p, true), ALC_REFUSAL_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_usual_place_is_up_to_date),
        cmocka_unit_test(each_component_counts_by_itself),
        cmocka_unit_test(pcesvn_counts),
        cmocka_unit_test(the_first_level_that_fits_is_taken),
        cmocka_unit_test(the_first_two_tdx_components_belong_to_the_module),
        cmocka_unit_test(a_module_of_version_zero_is_judged_by_all_components),
        cmocka_unit_test(an_unknown_module_is_refused),
        cmocka_unit_test(a_modules_signer_and_attributes_must_be_its_identitys),
        cmocka_unit_test(a_module_older_than_all_its_levels_is_refused),
        cmocka_unit_test(a_module_takes_its_own_levels_alone),
        cmocka_unit_test(a_quoting_enclave_older_than_all_levels_is_refused),
        cmocka_unit_test(statuses_merge_by_intels_table),
        cmocka_unit_test(advisories_are_those_of_the_matched_levels),
        cmocka_unit_test(sgx_has_neither_module_nor_tdx_components),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
