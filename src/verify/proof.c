#include "verify/parts.h"

/* The log must lead to RTMR3, from which its names are read.  Of the other three, firmware, kernel
 * and command line, a log may leave out all events: then it says nothing about them, and the quote
 * alone does. */
static bool leads_to(const struct alc_events *e, const struct alc_td_report *td)
{
    static const uint8_t untouched[48];

    for (unsigned i = 0; i < 4; i++) {
        if (i < 3 && __builtin_memcmp(e->rtmr[i], untouched, sizeof untouched) == 0) continue;
        if (__builtin_memcmp(e->rtmr[i], td->rtmr[i], sizeof td->rtmr[i]) != 0) return false;
    }
    return true;
}

static enum alc_refusal judge_quote(struct alc_proof_verdict *v, const struct alc_proof_ask *ask,
                                    struct alc_verify_work *work, const struct alc_verify_ops *ops)
{
    static const struct alc_quote_ask none;
    const struct alc_statement *s = &v->statement.statement;
    struct alc_quote_ask q = none;
    uint8_t want[64];

    if (!alc_evidence_read(&v->evidence, ask->evidence)) return ALC_REFUSAL_EVIDENCE_FORMAT;
    q.quote = v->evidence.quote;
    q.collateral = ask->collateral;
    q.set_refused = ask->set_refused;
    q.now_s = ask->now_s;
    q.policy = ask->policy;
    q.trust = ask->trust;
    v->has_quote = true;
    alc_quote_verify(&v->quote, &q, work, ops);
    if (!v->quote.accepted) return v->quote.refusal;
    alc_evidence_report_data(want, &v->evidence, &v->statement.hash, ops);
    if (__builtin_memcmp(want, alc_quote_report_data(&v->quote.quote), sizeof want) != 0)
        return ALC_REFUSAL_BINDING;
    /* A statement names a TD: an SGX enclave's quote has no measurement to compare with. */
    if (v->quote.quote.tee != ALC_TEE_TDX || !alc_hash_eq(&v->quote.measurement, &s->measurement))
        return ALC_REFUSAL_STATEMENT_MEASUREMENT;
    if (v->quote.simulated != v->statement.simulated) return ALC_REFUSAL_STATEMENT_SIMULATED;
    return ALC_REFUSAL_NONE;
}

static enum alc_refusal judge_events(struct alc_proof_verdict *v, const struct alc_proof_ask *ask,
                                     struct alc_verify_work *work, const struct alc_verify_ops *ops)
{
    const struct alc_bytes *policy = &v->events.policy_hash;
    enum alc_refusal refusal = alc_events_replay(&v->events, ask->event_log, work, ops);

    if (refusal != ALC_REFUSAL_NONE) return refusal;
    if (!leads_to(&v->events, &v->quote.quote.td)) return ALC_REFUSAL_EVENTS_RTMR;
    v->has_events = true;
    if (policy->p != NULL &&
        !alc_bytes_eq(*policy, alc_hash_bytes(&v->statement.statement.policy_hash)))
        return ALC_REFUSAL_STATEMENT_POLICY;
    return ALC_REFUSAL_NONE;
}

static enum alc_refusal judge(struct alc_proof_verdict *v, const struct alc_proof_ask *ask,
                              struct alc_verify_work *work, const struct alc_verify_ops *ops)
{
    static const struct alc_expect nothing;
    enum alc_refusal refusal;

    alc_verify_signed(&v->statement, ask->signed_statement,
                      ask->expect != NULL ? ask->expect : &nothing, ops);
    refusal = v->statement.refusal;
    if (refusal != ALC_REFUSAL_NONE || ask->evidence.n == 0) return refusal;
    refusal = judge_quote(v, ask, work, ops);
    if (refusal == ALC_REFUSAL_NONE && ask->event_log.n > 0)
        refusal = judge_events(v, ask, work, ops);
    return refusal;
}

void alc_proof_verify(struct alc_proof_verdict *out, const struct alc_proof_ask *ask,
                      struct alc_verify_work *work, const struct alc_verify_ops *ops)
{
    static const struct alc_proof_verdict rejected;

    *out = rejected;
    out->refusal = judge(out, ask, work, ops);
    out->accepted = out->refusal == ALC_REFUSAL_NONE;
    out->hardware = out->accepted && out->has_quote && !out->quote.simulated;
}
