/* contracts/register/quote.c — quotes judged by what this contract knows. */
#include "register.h"

#include "base/enc.h"
#include "p256.h"
#ifndef REGISTER_SOFTWARE_P256
#include "contract/near_p256.h"
#endif

/* ---- the table of hashes and signatures ---- */

static void op_sha256(void *ctx, struct alc_hash *out, struct alc_bytes in)
{
    (void)ctx;
    near_sha256(out, in);
}

static bool op_p256(void *ctx, const uint8_t sig[64], const uint8_t key[64],
                    const struct alc_hash *digest)
{
    (void)ctx;
#ifdef REGISTER_SOFTWARE_P256
    return p256_check(sig, key, digest);
#else
    uint8_t compressed[33];

    if (!p256_on_curve(key)) return false; /* the host will not see Y */
    compressed[0] = 2 | (key[63] & 1);
    __builtin_memcpy(compressed + 1, key, 32);
    return near_p256_verify(sig, compressed, digest);
#endif
}

/* Quotes need neither Ed25519 nor SHA-384. */
const struct alc_verify_ops verify_ops = {.sha256 = op_sha256, .p256 = op_p256};

uint8_t verify_buf[sizeof verify_buf];

/* ---- judging ---- */

static struct alc_quote_policy policy_of(const struct state *s, struct alc_bytes report_data)
{
    const struct policy *p = &s->policy;
    struct alc_quote_policy q = {
        .statuses = p->statuses,
        .advisories = p->advisories,
        .advisories_count = p->advisories_count,
        .min_evaluation = p->min_evaluation,
        .report_data = report_data,
        /* by way of an integer: gcc 12 sees no const in an array of const */
        .ppids = (const uint8_t(*)[16])(uintptr_t)p->ppids.p,
        .ppids_count = p->any_platform ? 0 : p->ppids_count,
        .allow_simulated = s->simulated};
    q.measurements = measurements_load(&q.measurements_count);
    return q;
}

/* An empty list of measurements means "any" to the verifier, and "none" here. */
static void demand_measurement(struct alc_quote_verdict *v, const struct alc_quote_policy *policy)
{
    if (policy->measurements_count > 0) return;
    if (!v->accepted && v->refusal != ALC_REFUSAL_REPORT_DATA && v->refusal != ALC_REFUSAL_PPID)
        return; /* refused for something that comes before */
    v->accepted = false;
    v->refusal = ALC_REFUSAL_MEASUREMENT;
}

void quote_judge(struct alc_quote_verdict *v, const struct state *s, struct alc_bytes quote,
                 struct alc_bytes report_data)
{
    static struct alc_collateral collateral;
    struct alc_quote_policy policy = policy_of(s, report_data);
    struct alc_trust trust = state_trust(s);
    struct alc_verify_work work = ALC_VERIFY_WORK(verify_buf);
    struct alc_quote_ask ask = {.quote = quote,
                                .now_s = near_host_block_timestamp() / NS_PER_S,
                                .policy = &policy,
                                .trust = &trust};
    enum alc_refusal refusal;
    struct alc_platform p;
    struct alc_quote q;

    refusal = alc_quote_read(&q, quote);
    if (refusal == ALC_REFUSAL_NONE) refusal = alc_quote_platform(&p, &q, &work);
    if (refusal != ALC_REFUSAL_NONE) {
        ask.set_refused = refusal;
        alc_quote_verify(v, &ask, &work, &verify_ops); /* as far as it can be read */
        return;
    }
    /* Where the two roots have a set each for one platform, the quote fits one of them. */
    __builtin_memset(v, 0, sizeof *v);
    if (collateral_load(&collateral, &p, false)) {
        ask.collateral = &collateral;
        work.used = 0;
        alc_quote_verify(v, &ask, &work, &verify_ops);
    }
    if (s->simulated && !v->genuine && collateral_load(&collateral, &p, true)) {
        ask.collateral = &collateral;
        work.used = 0;
        alc_quote_verify(v, &ask, &work, &verify_ops);
    }
    if (ask.collateral == NULL) {
        alc_quote_verify(v, &ask, &work, &verify_ops);
        return;
    }
    demand_measurement(v, &policy);
}

/* ---- verify_quote ---- */

struct verify_args {
    struct alc_bytes quote;
    struct alc_bytes report_data; /* hex */
};

static const struct near_field verify_fields[] = {
    NEAR_FIELD("quote", struct verify_args, quote, near_read_string, NEAR_MUST),
    NEAR_FIELD("report_data", struct verify_args, report_data, near_read_string, NEAR_MAY),
};

/* Hex or base64: no quote's base64 is made of hex digits alone, since its header is not. */
static bool read_quote(struct alc_bytes text, struct alc_bytes *quote)
{
    static uint8_t buf[ALC_QUOTE_MAX_BYTES];

    quote->p = buf;
    return alc_hex_decode(buf, sizeof buf, &quote->n, text) ||
           alc_base64_decode(buf, sizeof buf, &quote->n, text);
}

void method_verify_quote(void)
{
    static uint8_t out[ALC_QUOTE_VERDICT_MAX_BYTES];
    static struct alc_quote_verdict v;
    struct verify_args a = {.report_data = {NULL, 0}};
    struct alc_bytes quote, wanted = {NULL, 0};
    uint8_t report_data[64];
    struct state s;
    size_t n;

    NEAR_ARGS(&a, verify_fields);
    state_load(&s);
    if (a.report_data.p != NULL) {
        if (!alc_hex_decode(report_data, sizeof report_data, &wanted.n, a.report_data) ||
            (wanted.n != 32 && wanted.n != 64))
            near_json_fail("report_data is 64 or 128 hex digits");
        wanted.p = report_data;
    }
    __builtin_memset(&v, 0, sizeof v);
    if (read_quote(a.quote, &quote))
        quote_judge(&v, &s, quote, wanted);
    else
        v.refusal = ALC_REFUSAL_QUOTE_FORMAT;
    n = alc_quote_verdict_json(&v, out, sizeof out);
    if (n == 0) near_panic("result too long");
    near_return((struct alc_bytes){out, n});
}
