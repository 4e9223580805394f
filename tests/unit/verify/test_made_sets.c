/* tests/unit/verify/test_made_sets.c — sets under a root of our own, so that each thing that Intel
 * never signs is signed once: roles, rights, revocations, times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attest/attest.h"
#include "made.h"

static struct alc_collateral c;
static uint8_t memory[ALC_COLLATERAL_MAX_BYTES];
static struct alc_buf json;
static unsigned checked; /* signatures */

static bool counted(void *ctx, const uint8_t sig[64], const uint8_t key[64],
                    const struct alc_hash *digest)
{
    checked++;
    return alc_verify_native.p256(ctx, sig, key, digest);
}

static enum alc_refusal verify_under(struct made *m, const struct alc_trust *trust)
{
    struct alc_verify_ops ops = alc_verify_native;
    struct alc_verify_work w = ALC_VERIFY_WORK(memory);

    (void)m;
    ops.p256 = counted;
    checked = 0;
    return alc_collateral_verify(&c, alc_buf_bytes(&json), trust, &w, &ops);
}

static enum alc_refusal verify(struct made *m)
{
    struct alc_trust trust = {0};

    made_set(m, &json);
    trust.simulated_root = alc_buf_bytes(&m->root);
    return verify_under(m, &trust);
}

static struct made *usual(void **state)
{
    struct made *m = *state;
    made_fini(m);
    made_init(m);
    return m;
}

static void a_usual_set_is_simulated_and_good(void **state)
{
    struct made *m = usual(state);
    struct alc_hash h;
    struct alc_window w;

    assert_int_equal(verify(m), ALC_REFUSAL_NONE);
    assert_true(c.simulated);
    assert_int_equal(checked, 6);
    alc_sha256(&h, alc_buf_bytes(&m->root));
    assert_memory_equal(&c.root, &h, 32);
    assert_memory_equal(c.ca_key, m->key[MADE_CA].public_key, 64);
    assert_int_equal(c.ca, ALC_PCK_PLATFORM);
    assert_int_equal(c.tee, ALC_TEE_TDX);
    assert_int_equal(c.root_crl.from_s, m->root_crl.from_s);
    assert_int_equal(c.root_crl.until_s, m->root_crl.until_s - 1);
    assert_int_equal(c.pck_crl.from_s, m->pck_crl.from_s);
    assert_int_equal(c.pck_crl.until_s, m->pck_crl.until_s - 1);
    assert_int_equal(c.chains.from_s, m->cert[MADE_TCB].from_s);
    assert_int_equal(c.chains.until_s, m->cert[MADE_TCB].until_s);
    w = alc_collateral_window(&c);
    assert_int_equal(w.from_s, c.qe.from_s);
    assert_int_equal(w.until_s, c.tcb.until_s);
}

static void each_part_can_end_the_window(void **state)
{
    struct made *m = usual(state);
    uint64_t *const froms[] = {&m->root_crl.from_s, &m->pck_crl.from_s, &m->cert[MADE_ROOT].from_s,
                               &m->cert[MADE_CA].from_s, &m->cert[MADE_TCB].from_s};
    uint64_t *const untils[] = {&m->root_crl.until_s, &m->pck_crl.until_s,
                                &m->cert[MADE_ROOT].until_s, &m->cert[MADE_CA].until_s,
                                &m->cert[MADE_TCB].until_s};

    for (size_t i = 0; i < 5; i++) {
        uint64_t from = *froms[i], until = *untils[i];
        struct alc_window w;
        *froms[i] = 1768000000;
        *untils[i] = 1769000000;
        assert_int_equal(verify(m), ALC_REFUSAL_NONE);
        w = alc_collateral_window(&c);
        assert_int_equal(w.from_s, 1768000000);
        assert_int_equal(w.until_s, i < 2 ? 1768999999 : 1769000000);
        *froms[i] = from;
        *untils[i] = until;
    }
}

static void it_is_refused_by_whoever_does_not_trust_its_root(void **state)
{
    struct made *m = usual(state);
    struct alc_trust trust = {0};
    struct alc_buf other = ALC_BUF(4096);

    assert_int_equal(verify(m), ALC_REFUSAL_NONE);
    assert_int_equal(verify_under(m, NULL), ALC_REFUSAL_ROOT);
    assert_int_equal(verify_under(m, &trust), ALC_REFUSAL_ROOT);
    assert_int_equal(checked, 0);
    /* a root of the same name and another key */
    m->cert[MADE_ROOT].key = m->cert[MADE_ROOT].signer = &m->key[MADE_LEAF];
    make_cert(&other, &m->cert[MADE_ROOT]);
    trust.simulated_root = alc_buf_bytes(&other);
    assert_int_equal(verify_under(m, &trust), ALC_REFUSAL_CRL_SIGNATURE);
    alc_buf_fini(&other);
}

static void a_root_in_a_chain_is_the_one_that_is_trusted(void **state)
{
    struct made *m = usual(state);
    struct alc_trust trust = {0};
    struct alc_buf other = ALC_BUF(4096);

    m->with_root = false;
    assert_int_equal(verify(m), ALC_REFUSAL_NONE);
    m->with_root = true;
    assert_int_equal(verify(m), ALC_REFUSAL_NONE);
    /* the trusted certificate has the same name and key, but is another than the one that came */
    m->cert[MADE_ROOT].serial++;
    make_cert(&other, &m->cert[MADE_ROOT]);
    trust.simulated_root = alc_buf_bytes(&other);
    assert_int_equal(verify_under(m, &trust), ALC_REFUSAL_ROOT);
    m->with_root = false;
    made_set(m, &json);
    assert_int_equal(verify_under(m, &trust), ALC_REFUSAL_NONE);
    alc_buf_fini(&other);
}

static void each_signer_has_its_role_and_its_rights(void **state)
{
    struct made *m;

#define CHECK(want, change)                                                                        \
    do {                                                                                           \
        enum alc_refusal got;                                                                      \
        m = usual(state);                                                                          \
        change;                                                                                    \
        got = verify(m);                                                                           \
        if (got != ALC_REFUSAL_##want) fail_msg("%s: %s", #change, alc_refusal_word(got));         \
    } while (0)
    CHECK(NONE, (void)0);
    CHECK(ROLE, m->cert[MADE_TCB].cn = "Intel SGX PCK Certificate");
    CHECK(ROLE, m->cert[MADE_TCB].cn = "Intel SGX TCB Signin");
    CHECK(ROLE, m->cert[MADE_TCB].cn = "SIMULATED Intel SGX TCB Signing");
    CHECK(ROLE, m->cert[MADE_TCB].ca = true);
    CHECK(ROLE, m->cert[MADE_TCB].usage = USAGE_CERTS);
    CHECK(ROLE, m->cert[MADE_CA].cn = "Intel SGX PCK CA");
    CHECK(ROLE, m->cert[MADE_CA].ca = false);
    CHECK(ROLE, m->cert[MADE_CA].usage = USAGE_CERTS);
    CHECK(ROLE, m->cert[MADE_CA].usage = USAGE_CRLS | USAGE_SIGN);
    CHECK(CERTIFICATE, m->cert[MADE_CA].twist = TWIST_UNKNOWN_CRITICAL);
    CHECK(CERTIFICATE, m->cert[MADE_TCB].twist = TWIST_NO_USAGE);
    CHECK(CERTIFICATE_ALGORITHM, m->cert[MADE_TCB].twist = TWIST_CURVE);
    CHECK(ROOT, m->cert[MADE_ROOT].cn = m->cert[MADE_ROOT].issuer_cn = "test root");
    /* issued by the PCK CA, or in another's name */
    CHECK(ROOT, m->cert[MADE_TCB].issuer_cn = "Intel SGX PCK Platform CA";
          m->cert[MADE_TCB].signer = &m->key[MADE_CA]);
    CHECK(CHAIN_SIGNATURE, m->cert[MADE_TCB].signer = &m->key[MADE_CA]);
    CHECK(CHAIN_SIGNATURE, m->cert[MADE_CA].signer = &m->key[MADE_TCB]);
    CHECK(ROOT, m->cert[MADE_CA].issuer_cn = "SIMULATED other root");
    /* the platform's own key signs that it is up to date */
    CHECK(ROLE, m->tcb_signer = MADE_LEAF);
    CHECK(ROLE, m->qe_signer = MADE_LEAF);
    CHECK(ROLE, m->pck_ca = MADE_LEAF);
    CHECK(ROLE, m->tcb_signer = MADE_CA);
}

static void two_signers_are_both_checked(void **state)
{
    struct made *m;

    CHECK(NONE, m->qe_signer = MADE_QE);
    assert_int_equal(checked, 7);
    assert_int_equal(c.chains.from_s, m->cert[MADE_QE].from_s);
    assert_int_equal(c.chains.until_s, m->cert[MADE_QE].until_s);
    CHECK(ROLE, m->qe_signer = MADE_QE; m->cert[MADE_QE].cn = "Intel SGX PCK Certificate");
    CHECK(ROLE, m->qe_signer = MADE_QE; m->cert[MADE_QE].ca = true);
    CHECK(CHAIN_SIGNATURE, m->qe_signer = MADE_QE; m->cert[MADE_QE].signer = &m->key[MADE_QE]);
    CHECK(ROOT, m->qe_signer = MADE_QE; m->cert[MADE_QE].issuer_cn = "SIMULATED other");
    CHECK(REVOKED_CERTIFICATE, m->qe_signer = MADE_QE;
          m->root_crl.serials = &m->cert[MADE_QE].serial; m->root_crl.count = 1);
    /* one that is not in use may be revoked */
    CHECK(NONE, m->root_crl.serials = &m->cert[MADE_QE].serial; m->root_crl.count = 1);
}

static void whoever_the_root_revoked_is_refused(void **state)
{
    static const enum made_role roles[] = {MADE_ROOT, MADE_CA, MADE_TCB};
    struct made *m;

    for (size_t i = 0; i < 3; i++) {
        uint64_t serials[] = {3, 0, 4};
        CHECK(REVOKED_CERTIFICATE, serials[1] = m->cert[roles[i]].serial;
              m->root_crl.serials = serials; m->root_crl.count = 3);
    }
    /* whom the PCK CA revoked is kept for the leaves */
    CHECK(NONE, m->pck_crl.serials = &m->cert[MADE_LEAF].serial; m->pck_crl.count = 1);
    assert_int_equal(c.revoked_count, 1);
    assert_memory_equal(c.revoked[0], "\0\0\0\0\0\0\0\0\0\0\0\0\x80\0\0\0\0\0\0\x05", 20);
}

static void lists_come_from_the_issuer_itself(void **state)
{
    struct made *m;

    CHECK(CRL_SIGNATURE, m->root_crl.signer = &m->key[MADE_CA]);
    CHECK(CRL_SIGNATURE, m->pck_crl.signer = &m->key[MADE_ROOT]);
    CHECK(CRL_ISSUER, m->root_crl.issuer_cn = "SIMULATED other root");
    CHECK(CRL_ISSUER, m->pck_crl.issuer_cn = "Intel SGX PCK Processor CA");
    CHECK(CRL, m->pck_crl.twist = TWIST_LIST_CRITICAL);
    CHECK(CRL, m->root_crl.twist = TWIST_NO_NEXT_UPDATE);
    CHECK(CERTIFICATE_ALGORITHM, m->root_crl.twist = TWIST_OUTER_ALGORITHM);
    CHECK(NONE, m->cert[MADE_CA].cn = m->pck_crl.issuer_cn = "Intel SGX PCK Processor CA");
    assert_int_equal(c.ca, ALC_PCK_PROCESSOR);
}

static void a_list_has_at_most_1024_entries(void **state)
{
    static uint64_t serials[ALC_REVOKED_MAX + 1];
    struct made *m;

    for (size_t i = 0; i < sizeof serials / sizeof *serials; i++)
        serials[i] = i + 1;
    CHECK(NONE, m->pck_crl.serials = serials; m->pck_crl.count = ALC_REVOKED_MAX);
    assert_int_equal(c.revoked_count, ALC_REVOKED_MAX);
    assert_int_equal(c.revoked[ALC_REVOKED_MAX - 1][18], 4);
    CHECK(CRL, m->pck_crl.serials = serials; m->pck_crl.count = ALC_REVOKED_MAX + 1);
}

static void texts_are_read_after_their_signature(void **state)
{
    struct made *m;

    CHECK(NONE, m->tcb_info = alc_cstr(made_sgx_info); m->qe_identity = alc_cstr(made_qe));
    assert_int_equal(c.tee, ALC_TEE_SGX);
    CHECK(QE_ID, m->qe_identity = alc_cstr(made_qe));
    CHECK(QE_ID, m->tcb_info = alc_cstr(made_sgx_info));
    CHECK(TCB_FORMAT, m->tcb_info = ALC_LIT("{}"));
    CHECK(TCB_FORMAT, m->tcb_info = ALC_LIT(""));
    CHECK(QE_FORMAT, m->qe_identity = ALC_LIT("[]"));
    CHECK(TCB_FORMAT, m->tcb_info = alc_cstr(made_qe));
    CHECK(QE_FORMAT, m->qe_identity = alc_cstr(made_tdx_info));
}

static int set_up(void **state)
{
    struct made *m = malloc(sizeof *m);
    assert_non_null(m);
    made_init(m);
    json = ALC_BUF(1u << 18);
    *state = m;
    return 0;
}

static int tear_down(void **state)
{
    made_fini(*state);
    free(*state);
    alc_buf_fini(&json);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_usual_set_is_simulated_and_good),
        cmocka_unit_test(each_part_can_end_the_window),
        cmocka_unit_test(it_is_refused_by_whoever_does_not_trust_its_root),
        cmocka_unit_test(a_root_in_a_chain_is_the_one_that_is_trusted),
        cmocka_unit_test(each_signer_has_its_role_and_its_rights),
        cmocka_unit_test(two_signers_are_both_checked),
        cmocka_unit_test(whoever_the_root_revoked_is_refused),
        cmocka_unit_test(lists_come_from_the_issuer_itself),
        cmocka_unit_test(a_list_has_at_most_1024_entries),
        cmocka_unit_test(texts_are_read_after_their_signature),
    };
    alc_crypto_init();
    return cmocka_run_group_tests_name("verify/made_sets", tests, set_up, tear_down);
}
