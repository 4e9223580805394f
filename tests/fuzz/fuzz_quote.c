/* tests/fuzz/fuzz_quote.c — any bytes as a quote: what is read lies inside of them, and a verdict
 * is JSON whatever it says.  Signatures all hold here and the set is fitted to the quote, so that
 * the checks behind them are reached as well. */
#include <assert.h>
#include <jansson.h>
#include <string.h>

#include "attest/attest.h"
#include "base/utf8.h"
#include "verify/parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static uint8_t memory[16384];

static bool p256_yes(void *ctx, const uint8_t sig[64], const uint8_t key[64],
                     const struct alc_hash *digest)
{
    (void)ctx;
    (void)digest;
    return sig[0] + key[0] >= 0; /* reads both: ASan sees where they lie */
}

static bool p256_no(void *ctx, const uint8_t sig[64], const uint8_t key[64],
                    const struct alc_hash *digest)
{
    (void)p256_yes(ctx, sig, key, digest);
    return false;
}

static bool inside(struct alc_bytes in, const uint8_t *q, size_t n)
{
    return n == 0 || (q >= in.p && (size_t)(q - in.p) <= in.n && n <= in.n - (size_t)(q - in.p));
}

static void is_well_read(const struct alc_quote *q, struct alc_bytes in)
{
    assert(q->version >= 3 && q->version <= 5);
    assert(q->tee == ALC_TEE_SGX || q->tee == ALC_TEE_TDX);
    assert((q->tee == ALC_TEE_SGX) == (q->body_type == 1) && q->body_type <= 3);
    assert(q->signed_bytes.p == in.p && inside(in, q->signed_bytes.p, q->signed_bytes.n));
    assert(inside(in, q->signature, 64) && inside(in, q->attestation_key, 64));
    assert(q->qe_report.n == 384 && inside(in, q->qe_report.p, 384));
    assert(inside(in, q->qe_report_signature, 64));
    assert(q->auth_data.n <= ALC_QUOTE_AUTH_MAX_BYTES);
    assert(inside(in, q->auth_data.p, q->auth_data.n));
    assert(inside(in, q->pck_chain.p, q->pck_chain.n));
}

/* What a set would have to say for this quote to pass; the trusted root borrows from `kept`. */
static void fit(struct alc_collateral *c, struct alc_trust *trust, const struct alc_quote *q)
{
    static uint8_t kept[16384];
    struct alc_verify_work work = ALC_VERIFY_WORK(kept);
    struct alc_bytes pem = q->pck_chain, der[3] = {{NULL, 0}};
    struct alc_sgx_report qe;
    struct alc_platform platform;

    memset(c, 0, sizeof *c);
    c->simulated = true;
    c->tee = q->tee;
    for (size_t i = 0; i < 3; i++)
        if (vf_pem_next(&der[i], &pem, &work) != ALC_REFUSAL_NONE) break;
    trust->simulated_root = der[2];
    alc_sha256(&c->ca_certificate, der[1]);
    alc_sha256(&c->root, der[2]);
    work = (struct alc_verify_work){memory, sizeof memory, 0};
    if (alc_quote_platform(&platform, q, &work) == ALC_REFUSAL_NONE) {
        memcpy(c->fmspc, platform.fmspc, sizeof c->fmspc);
        memcpy(c->pceid, platform.pceid, sizeof c->pceid);
    }
    c->tcb.until_s = c->qe.until_s = c->root_crl.until_s = c->pck_crl.until_s = c->chains.until_s =
        INT64_MAX;
    alc_sgx_report_read(&qe, q->qe_report.p);
    memcpy(c->qe_mrsigner, qe.mrsigner, 32);
    c->qe_isvprodid = qe.isvprodid;
    c->levels_count = c->svn_levels_count = c->qe_levels = c->modules_count = 1;
    c->levels[0].status = qe.attributes[15] % ALC_TCB_COUNT;
    c->levels[0].advisories.bits[0] = qe.attributes[14];
    c->modules[0].number = q->td.tee_tcb_svn[1];
    c->modules[0].levels = 1;
    c->advisories_count = 8;
    for (uint8_t i = 0; i < 8; i++) {
        c->advisories[i].n = (uint8_t)(i * 4);
        memcpy(c->advisories[i].b, q->td.report_data + i, i * 4u);
    }
}

static void is_json(const struct alc_quote_verdict *v)
{
    static uint8_t text[ALC_QUOTE_VERDICT_MAX_BYTES];
    size_t n = alc_quote_verdict_json(v, text, sizeof text);
    json_t *j;

    assert(n > 0);
    assert(alc_utf8_good((struct alc_bytes){text, n}) == n);
    j = json_loadb((const char *)text, n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    assert(j != NULL);
    assert(json_is_true(json_object_get(j, "accepted")) == v->accepted);
    assert(json_is_null(json_object_get(j, "refusal")) == v->accepted);
    json_decref(j);
}

static bool accepts(const struct alc_quote_ask *ask,
                    bool (*p256)(void *ctx, const uint8_t sig[64], const uint8_t key[64],
                                 const struct alc_hash *digest))
{
    struct alc_verify_work work = ALC_VERIFY_WORK(memory);
    struct alc_verify_ops ops = alc_verify_native;
    struct alc_quote_verdict v;

    ops.p256 = p256;
    alc_quote_verify(&v, ask, &work, &ops);
    assert(v.accepted == (v.refusal == ALC_REFUSAL_NONE));
    assert(v.genuine || !v.accepted);
    assert(!v.genuine || (v.read && v.has_platform && v.has_status && v.has_window));
    is_json(&v);
    return v.accepted;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static const struct alc_quote_policy strict, loose = {.statuses = UINT32_MAX,
                                                          .allow_simulated = true,
                                                          .allow_debug = true,
                                                          .allow_service_td = true};
    static struct alc_collateral c;
    struct alc_trust trust = {.simulated_root = {NULL, 0}};
    struct alc_quote_ask ask = {
        .quote = {p, n}, .collateral = &c, .now_s = 1800000000, .policy = &loose, .trust = &trust};
    struct alc_quote q;

    alc_crypto_init();
    memset(&c, 0, sizeof c);
    if (alc_quote_read(&q, ask.quote) != ALC_REFUSAL_NONE) {
        assert(!accepts(&ask, p256_yes));
        return 0;
    }
    is_well_read(&q, ask.quote);
    assert(!accepts(&ask, p256_yes)); /* a set of zeros fits nothing */
    fit(&c, &trust, &q);
    (void)accepts(&ask, p256_yes);
    assert(!accepts(&ask, p256_no));
    ask.policy = &strict; /* simulated */
    assert(!accepts(&ask, p256_yes));
    return 0;
}
