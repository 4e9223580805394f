/* Cases under the simulated PKI: its keys sign a drawn quote and a drawn set. */
#include "signed.h"

#include "verify/verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BEGIN_S UINT64_C(1790000000) /* of the PKI, and of all its sets */
#define MONTH_S UINT64_C(2592000)

static uint64_t wall_ns(void *ctx)
{
    (void)ctx;
    return BEGIN_S * 1000000000u;
}

static const struct alc_clock standing = {.wall_ns = wall_ns, .mono_ns = wall_ns};

static bool one_in(struct kase *k, uint64_t n)
{
    return below(k, n) == 0;
}

static void must(enum alc_rc rc, const struct alc_err *err)
{
    if (rc != ALC_OK) fail_msg("%s", alc_err_text(err, rc));
}

/* The usual quote and set: they must pass, and tell what the platform has. */
static void learn(struct pki *p)
{
    static uint8_t memory[ALC_COLLATERAL_MAX_BYTES + 32768];
    static struct alc_collateral set;
    struct alc_verify_work work = ALC_VERIFY_WORK(memory);
    struct alc_sim_set usual = {.tee = ALC_TEE_TDX, .now_s = BEGIN_S};
    struct alc_quote_verdict v;
    struct alc_sim_quote q;
    struct alc_err err = {0};
    struct kase k;

    kase_init(&k);
    alc_sim_quote_usual(&q, ALC_TEE_TDX);
    must(alc_sim_quote(p->sim, &q, &k.quote, &err), &err);
    must(alc_sim_collateral(p->sim, &usual, &k.json, &err), &err);
    assert_int_equal(
        alc_collateral_verify(&set, alc_buf_bytes(&k.json), &p->trust, &work, &alc_verify_native),
        ALC_REFUSAL_NONE);
    alc_quote_verify(&v,
                     &(struct alc_quote_ask){.quote = alc_buf_bytes(&k.quote),
                                             .collateral = &set,
                                             .now_s = BEGIN_S,
                                             .trust = &p->trust},
                     &work, &alc_verify_native);
    assert_true(v.genuine);
    memcpy(p->components, v.cpusvn, 16);
    memcpy(p->fmspc, v.fmspc, 6);
    memcpy(p->pceid, v.pceid, 2);
    p->pcesvn = v.pcesvn;
    kase_parts(&k);
    p->base = (struct sample){.name = "signed",
                              .quote = ALC_BUF(CASE_QUOTE_MAX),
                              .from_s = BEGIN_S,
                              .until_s = BEGIN_S + MONTH_S};
    alc_buf_put_bytes(&p->base.quote, alc_buf_bytes(&k.quote));
    for (size_t i = 0; i < PARTS; i++) {
        p->base.part[i] = ALC_BUF(CASE_PART_MAX);
        if (k.part[i].n > 0) alc_buf_put_bytes(&p->base.part[i], alc_buf_bytes(&k.part[i]));
    }
    kase_fini(&k);
}

void pki_open(struct pki *p)
{
    struct alc_err err = {0};

    memset(p, 0, sizeof *p);
    must(alc_sim_open(&p->sim, NULL, &standing, &err), &err);
    pki_fix(p->sim, BEGIN_S - 86400);
    p->trust.simulated_root = alc_sim_root(p->sim);
    learn(p);
}

void pki_close(struct pki *p)
{
    alc_sim_close(p->sim);
    alc_buf_fini(&p->base.quote);
    for (size_t i = 0; i < PARTS; i++)
        alc_buf_fini(&p->base.part[i]);
}

/* ---- a quote ---- */

static void a_svn(struct kase *k, uint8_t svn[16])
{
    static const uint8_t versions[] = {1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 3, 3, 10, 2};

    svn[0] = (uint8_t)below(k, 9);
    svn[1] = versions[below(k, sizeof versions)];
    if (one_in(k, 3)) svn[2] = (uint8_t)below(k, 4);
    if (one_in(k, 6)) svn[below(k, 16)] = (uint8_t)below(k, 4);
}

static void fill(struct kase *k, uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)draw(k);
}

static void td(struct kase *k, struct alc_sim_quote *q)
{
    if (one_in(k, 2)) q->version = 5;
    if (q->version == 5 && !one_in(k, 3)) q->body_type = 3;
    if (!one_in(k, 3)) a_svn(k, q->td.tee_tcb_svn);
    memcpy(q->td.tee_tcb_svn_2, q->td.tee_tcb_svn, 16);
    if (one_in(k, 2)) a_svn(k, q->td.tee_tcb_svn_2);
    fill(k, q->td.mrtd, 48);
    fill(k, q->td.rtmr[below(k, 4)], 48);
    fill(k, q->td.report_data, 64);
    if (one_in(k, 60)) q->td.mrsignerseam[below(k, 48)] = 1;
    if (one_in(k, 60)) q->td.seamattributes[below(k, 8)] = 1;
    if (one_in(k, 6)) {
        const uint64_t bit = below(k, 64);
        q->td.td_attributes ^= UINT64_C(1) << bit;
        kase_say(k, "TD attribute %llu", (unsigned long long)bit);
    }
    if (one_in(k, 60)) q->td.xfam ^= UINT64_C(1) << below(k, 8);
    if (q->body_type == 3 && one_in(k, 60)) q->td.mrservicetd[below(k, 48)] = 1;
}

static void sgx(struct kase *k, struct alc_sim_quote *q)
{
    if (one_in(k, 8)) q->version = one_in(k, 2) ? 4 : 5;
    fill(k, q->sgx.report_data, 64);
    fill(k, q->sgx.mrenclave, 32);
    if (one_in(k, 20)) q->sgx.attributes[below(k, 16)] ^= (uint8_t)(1u << below(k, 8));
    q->sgx.miscselect = (uint32_t)below(k, 4);
    q->sgx.isvsvn = (uint16_t)draw(k);
}

static void quoting_enclave(struct kase *k, struct alc_sim_quote *q)
{
    if (one_in(k, 2)) q->qe.isvsvn = (uint16_t)below(k, 11);
    if (one_in(k, 80)) q->qe.mrsigner[below(k, 32)] ^= 1;
    if (one_in(k, 80)) q->qe.isvprodid ^= 1;
    if (one_in(k, 50)) q->qe.miscselect ^= UINT32_C(1) << below(k, 32);
    if (one_in(k, 30)) q->qe.attributes[below(k, 16)] ^= (uint8_t)(1u << below(k, 8));
    if (one_in(k, 80)) q->keep_qe_report_data = true;
}

static void a_quote(struct kase *k, struct pki *p, enum alc_tee tee, struct alc_sim_quote *q)
{
    static const size_t lengths[] = {0, 1, 31, 33, 64, 1024, 1025};
    static uint8_t auth[1025];
    struct alc_err err = {0};

    alc_sim_quote_usual(q, tee);
    if (tee == ALC_TEE_TDX)
        td(k, q);
    else
        sgx(k, q);
    quoting_enclave(k, q);
    if (one_in(k, 50)) {
        q->auth_data = (struct alc_bytes){auth, lengths[below(k, 7)]};
        kase_say(k, "auth data of %zu bytes", q->auth_data.n);
    }
    if (one_in(k, 100)) q->outer_type = (uint16_t)below(k, 9);
    if (one_in(k, 100)) q->inner_type = (uint16_t)below(k, 9);
    if (one_in(k, 8)) q->trailing = below(k, 100);
    alc_buf_reset(&k->quote);
    must(alc_sim_quote(p->sim, q, &k->quote, &err), &err);
}

/* ---- a set ---- */

static void a_time(struct kase *k, uint64_t issued_s, uint64_t next_s)
{
    const uint64_t edges[] = {BEGIN_S, BEGIN_S + MONTH_S, issued_s, next_s};

    k->now_s = BEGIN_S + 20 + below(k, MONTH_S - 40);
    if (one_in(k, 8)) k->now_s = edges[below(k, 4)] + below(k, 3) - 1;
}

static void a_set(struct kase *k, struct pki *p, enum alc_tee tee, const struct alc_sim_quote *q)
{
    struct alc_buf tcb = ALC_BUF(CASE_PART_MAX * 4), qe = ALC_BUF(CASE_PART_MAX);
    struct alc_sim_set set = {.tee = tee, .now_s = BEGIN_S};
    struct text_gen g = {.k = k,
                         .pki = p,
                         .tee = tee,
                         .issued_s = BEGIN_S + below(k, 20),
                         .next_s = BEGIN_S + MONTH_S - below(k, 20),
                         .form = FORMS};
    struct alc_err err = {0};

    memcpy(g.tee_tcb_svn, q->td.tee_tcb_svn, 16);
    if (one_in(k, 4)) g.form = (enum form)(FORM_NUMBER + below(k, FORM_DER - FORM_NUMBER));
    if (one_in(k, 5)) text_qe_identity(&g, &qe); /* either may come first to use the form */
    text_tcb_info(&g, &tcb);
    if (qe.n == 0) text_qe_identity(&g, &qe);
    assert_false(tcb.failed || qe.failed);
    set.tcb_info = alc_buf_bytes(&tcb);
    set.qe_identity = alc_buf_bytes(&qe);
    set.revoke_leaf = one_in(k, 60);
    set.revoke_ca = one_in(k, 60);
    set.revoke_tcb_signing = one_in(k, 60);
    set.with_pck_chain = one_in(k, 20);
    if (one_in(k, 30)) set.crl_from_s = BEGIN_S + below(k, MONTH_S);
    if (one_in(k, 30)) set.crl_until_s = BEGIN_S + below(k, MONTH_S);
    if (one_in(k, 80)) {
        set.tcb_info_chain = alc_sim_pck_chain(p->sim);
        set.tcb_info_by_pck = true;
        kase_say(k, "TCB info signed by the PCK key");
    }
    alc_buf_reset(&k->json);
    must(alc_sim_collateral(p->sim, &set, &k->json, &err), &err);
    a_time(k, g.issued_s, g.next_s);
    alc_buf_fini(&tcb);
    alc_buf_fini(&qe);
}

/* The usual quote and set but for one or two certificates or lists.  Some lists revoke: a
 * change may undo that. */
static void a_changed_der(struct kase *k, struct pki *p)
{
    struct alc_sim_set set = {.tee = ALC_TEE_TDX, .now_s = BEGIN_S};
    struct alc_sim_quote q;
    struct alc_err err = {0};

    alc_sim_quote_usual(&q, ALC_TEE_TDX);
    alc_buf_reset(&k->quote);
    alc_buf_reset(&k->json);
    must(alc_sim_quote(p->sim, &q, &k->quote, &err), &err);
    set.revoke_leaf = one_in(k, 4);
    set.revoke_ca = one_in(k, 8);
    must(alc_sim_collateral(p->sim, &set, &k->json, &err), &err);
    kase_parts(k);
    k->now_s = BEGIN_S + 1 + below(k, MONTH_S - 2);
    kase_say(k, "judged at %llu", (unsigned long long)k->now_s);
    edit_signed_der(k, p);
    kase_print(k);
}

void kase_signed(struct kase *k, struct pki *p, const struct sample *all, uint64_t seed)
{
    struct alc_sim_quote q;
    enum alc_tee tee;

    kase_start(k, &p->base, seed);
    k->same_bytes = false;
    if (one_in(k, 4)) {
        a_changed_der(k, p);
        return;
    }
    tee = one_in(k, 5) ? ALC_TEE_SGX : ALC_TEE_TDX;
    a_quote(k, p, tee, &q);
    a_set(k, p, one_in(k, 100) ? (tee == ALC_TEE_TDX ? ALC_TEE_SGX : ALC_TEE_TDX) : tee, &q);
    kase_say(k, "judged at %llu", (unsigned long long)k->now_s);
    kase_parts(k);
    if (one_in(k, 12)) edit_quote(k, all);
    if (one_in(k, 12)) {
        edit_set(k, all);
        kase_print(k);
    }
}
