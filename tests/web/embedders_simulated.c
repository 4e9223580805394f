#include "tests/web/embedders.h"
#include "tests/web/embedders_tests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void version_5(struct alc_sim_quote *q)
{
    q->version = 5;
}

static void td_15(struct alc_sim_quote *q)
{
    q->version = 5;
    q->body_type = 3;
}

static void service_td(struct alc_sim_quote *q)
{
    td_15(q);
    q->td.mrservicetd[0] = 1;
}

static void debug(struct alc_sim_quote *q)
{
    q->td.td_attributes |= ALC_TD_DEBUG;
    q->sgx.attributes[0] |= 2;
}

static void sept_off(struct alc_sim_quote *q)
{
    q->td.td_attributes = 0;
}

static void other_td(struct alc_sim_quote *q)
{
    q->td.mrtd[0] ^= 1;
}

static void old_module(struct alc_sim_quote *q)
{
    q->td.tee_tcb_svn[0] = 3;
}

static void ancient_module(struct alc_sim_quote *q)
{
    q->td.tee_tcb_svn[0] = 2;
}

static void unknown_module(struct alc_sim_quote *q)
{
    q->td.tee_tcb_svn[1] = 9;
}

static void old_loader(struct alc_sim_quote *q)
{
    q->td.tee_tcb_svn[2] = 1;
}

static void old_qe(struct alc_sim_quote *q)
{
    q->qe.isvsvn = 4;
}

static void foreign_qe(struct alc_sim_quote *q)
{
    q->qe.mrsigner[0] ^= 1;
}

static void debug_qe(struct alc_sim_quote *q)
{
    q->qe.attributes[0] |= 2;
}

static void unbound_qe(struct alc_sim_quote *q)
{
    q->keep_qe_report_data = true;
}

void simulated_quotes_of_every_kind_are_judged_alike(void **state)
{
    static const struct {
        const char *name;
        void (*change)(struct alc_sim_quote *q);
        enum alc_refusal want;
    } kinds[] = {
        {"SIMULATED v4", NULL, ALC_REFUSAL_NONE},
        {"SIMULATED v5", version_5, ALC_REFUSAL_NONE},
        {"SIMULATED TD 1.5", td_15, ALC_REFUSAL_NONE},
        {"service TD", service_td, ALC_REFUSAL_SERVICE_TD},
        {"debug", debug, ALC_REFUSAL_DEBUG},
        {"SEPT_VE_DISABLE off", sept_off, ALC_REFUSAL_ATTRIBUTES},
        {"another TD", other_td, ALC_REFUSAL_MEASUREMENT},
        {"old module", old_module, ALC_REFUSAL_STATUS},
        {"ancient module", ancient_module, ALC_REFUSAL_MODULE_LEVEL},
        {"unknown module", unknown_module, ALC_REFUSAL_MODULE_IDENTITY},
        {"old loader", old_loader, ALC_REFUSAL_STATUS},
        {"old QE", old_qe, ALC_REFUSAL_STATUS},
        {"foreign QE", foreign_qe, ALC_REFUSAL_QE_SIGNER},
        {"debug QE", debug_qe, ALC_REFUSAL_QE_ATTRIBUTES},
        {"QE that vouches for nothing", unbound_qe, ALC_REFUSAL_QE_BINDING},
    };
    const uint8_t report_data[64] = {7};
    struct alc_measurement m = measured(world_quote_of(0, NULL));
    struct alc_bytes sgx = world_quote(ALC_TEE_SGX, report_data, NULL);
    struct rules any = {.any_enclave = true};
    struct question q = at(sgx, WORLD_S);

    (void)state;
    stage_open(world_root_der(), &m);
    assert_int_equal(stage_put(world_set(ALC_TEE_TDX, WORLD_S)), ALC_REFUSAL_NONE);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        says(kinds[i].name, at(world_quote(ALC_TEE_TDX, report_data, kinds[i].change), WORLD_S),
             kinds[i].want);
    says("SGX under a set of TDX", q, ALC_REFUSAL_TCB_ID);
    stage_close();

    stage_open(world_root_der(), &m);
    assert_int_equal(stage_put(world_set(ALC_TEE_SGX, WORLD_S)), ALC_REFUSAL_NONE);
    says("SGX where TDs alone are listed", q, ALC_REFUSAL_MEASUREMENT);
    q.rules = &any;
    says("SIMULATED SGX", q, ALC_REFUSAL_NONE);
    q.quote = world_quote(ALC_TEE_SGX, report_data, debug);
    says("SGX, debug", q, ALC_REFUSAL_DEBUG);
    alter(sgx, WORLD_S, 157, 1);
    stage_close();
}

void an_altered_simulated_quote_is_refused_alike(void **state)
{
    struct alc_bytes quote = world_quote_of(0x22, NULL);
    struct alc_measurement m = measured(quote);

    (void)state;
    stage_open(world_root_der(), &m);
    assert_int_equal(stage_put(world_set(ALC_TEE_TDX, WORLD_S)), ALC_REFUSAL_NONE);
    alter(quote, WORLD_S, 97, 1);
    stage_close();
}

void sets_of_a_simulated_platform_are_judged_alike(void **state)
{
    const struct {
        const char *name;
        struct alc_sim_set set;
        enum alc_refusal of_set, of_quote;
    } kinds[] = {
        {"leaf revoked", {.revoke_leaf = true}, ALC_REFUSAL_NONE, ALC_REFUSAL_REVOKED_CERTIFICATE},
        {"CA revoked",
         {.revoke_ca = true},
         ALC_REFUSAL_REVOKED_CERTIFICATE,
         ALC_REFUSAL_REVOKED_CERTIFICATE},
        {"TCB signing revoked",
         {.revoke_tcb_signing = true},
         ALC_REFUSAL_REVOKED_CERTIFICATE,
         ALC_REFUSAL_REVOKED_CERTIFICATE},
        {"lists of yesterday",
         {.crl_from_s = WORLD_S - 2 * WORLD_DAY_S, .crl_until_s = WORLD_S - 1},
         ALC_REFUSAL_NONE,
         ALC_REFUSAL_CRL_EXPIRED},
        {"lists of tomorrow",
         {.crl_from_s = WORLD_S + 1, .crl_until_s = WORLD_S + WORLD_DAY_S},
         ALC_REFUSAL_NONE,
         ALC_REFUSAL_CRL_FUTURE},
        {"chain beside the quote's", {.with_pck_chain = true}, ALC_REFUSAL_NONE, ALC_REFUSAL_NONE},
    };
    struct alc_bytes quote = world_quote_of(0x22, NULL);
    struct alc_measurement m = measured(quote);

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct alc_sim_set set = kinds[i].set;

        set.tee = ALC_TEE_TDX;
        set.now_s = WORLD_S;
        stage_open(world_root_der(), &m);
        assert_int_equal(stage_put(world_set_of(&set)), kinds[i].of_set);
        says(kinds[i].name, at(quote, WORLD_S), kinds[i].of_quote);
        stage_close();
    }
    stage_open(world_root_der(), &m);
    assert_int_equal(stage_put(world_set_changed(WORLD_S, "UpToDate", "Revoked")),
                     ALC_REFUSAL_NONE);
    says("a level revoked", at(quote, WORLD_S), ALC_REFUSAL_TCB_REVOKED);
    stage_close();
}

/* ---- policies ---- */

void policies_decide_alike(void **state)
{
    static const uint8_t somebody[16] = {1};
    const uint32_t behind = 1u << ALC_TCB_OUT_OF_DATE | 1u << ALC_TCB_UP_TO_DATE;
    uint8_t report_data[64] = {7};
    struct alc_bytes usual = world_quote(ALC_TEE_TDX, report_data, NULL);
    struct alc_bytes old = world_quote(ALC_TEE_TDX, report_data, old_module);
    struct alc_measurement m = measured(usual);
    struct rules r = {.min_evaluation = 17};
    struct question q = at(usual, WORLD_S + WORLD_DAY_S);

    (void)state;
    q.rules = &r;
    stage_open(world_root_der(), &m);
    assert_int_equal(stage_put(world_set(ALC_TEE_TDX, WORLD_S)), ALC_REFUSAL_NONE);
    says("least evaluation", q, ALC_REFUSAL_NONE);
    r.min_evaluation = 18;
    says("above the evaluation", q, ALC_REFUSAL_EVALUATION);
    r = (struct rules){.ppid = &somebody};
    says("another platform", q, ALC_REFUSAL_PPID);
    r = (struct rules){.statuses = 1u << ALC_TCB_SW_HARDENING};
    says("up to date is not accepted", q, ALC_REFUSAL_STATUS);

    q.rules = NULL;
    q.report_data = (struct alc_bytes){report_data, 32};
    says("half the report data", q, ALC_REFUSAL_NONE);
    q.report_data.n = 64;
    says("all report data", q, ALC_REFUSAL_NONE);
    report_data[63] ^= 1;
    says("other report data", q, ALC_REFUSAL_REPORT_DATA);

    q = at(old, WORLD_S + WORLD_DAY_S);
    q.rules = &r;
    r = (struct rules){.statuses = behind};
    says("behind, advisory not accepted", q, ALC_REFUSAL_ADVISORY);
    r.advisories[0] = ALC_LIT("SIMULATED-SA-00003");
    r.advisories_count = 1;
    says("behind, accepted", q, ALC_REFUSAL_NONE);
    r.grace = true;
    r.grace_s = 501 * WORLD_DAY_S + WORLD_DAY_S;
    says("behind, in its grace", q, ALC_REFUSAL_NONE);
    r.grace_s = 499 * WORLD_DAY_S;
    says("behind, after its grace", q, ALC_REFUSAL_GRACE);
    stage_close();
}
