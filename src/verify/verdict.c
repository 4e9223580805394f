#include "verify/verify.h"

static bool same_bytes(const struct alc_bytes *want, struct alc_bytes got)
{
    return want == NULL || alc_bytes_eq(*want, got);
}

static bool same_hash(const struct alc_verify_ops *ops, const struct alc_bytes *want,
                      const struct alc_hash *got)
{
    struct alc_hash h;
    if (want == NULL) return true;
    ops->sha256(ops->ctx, &h, *want);
    return alc_hash_eq(&h, got);
}

static enum alc_refusal judge(struct alc_verdict *v, struct alc_bytes in,
                              const struct alc_expect *expect, const struct alc_verify_ops *ops)
{
    const struct alc_statement *s = &v->statement;
    struct alc_bytes body = in;

    if (in.n < ALC_STATEMENT_SIG_BYTES) return ALC_REFUSAL_FORMAT;
    body.n -= ALC_STATEMENT_SIG_BYTES;
    if (!alc_statement_read(&v->statement, body)) return ALC_REFUSAL_FORMAT;
    v->simulated = s->simulated != 0;
    ops->sha256(ops->ctx, &v->hash, body);
    if (!ops->ed25519(ops->ctx, in.p + body.n, &s->worker_key, alc_hash_bytes(&v->hash)))
        return ALC_REFUSAL_SIGNATURE;
    if (!same_bytes(expect->chain_id, s->chain_id)) return ALC_REFUSAL_CHAIN;
    if (!same_bytes(expect->contract_id, s->contract_id)) return ALC_REFUSAL_CONTRACT;
    if (expect->request_id != NULL && *expect->request_id != s->request_id)
        return ALC_REFUSAL_REQUEST_ID;
    if (expect->worker_key != NULL && !alc_hash_eq(expect->worker_key, &s->worker_key))
        return ALC_REFUSAL_WORKER_KEY;
    if (!same_hash(ops, expect->request, &s->request_hash)) return ALC_REFUSAL_REQUEST;
    if ((expect->code_hash != NULL && !alc_hash_eq(expect->code_hash, &s->code_hash)) ||
        !same_hash(ops, expect->code, &s->code_hash))
        return ALC_REFUSAL_CODE;
    if (!same_hash(ops, expect->input, &s->input_hash)) return ALC_REFUSAL_INPUT;
    if (!same_hash(ops, expect->output, &s->output_hash)) return ALC_REFUSAL_OUTPUT;
    return ALC_REFUSAL_NONE;
}

void alc_verify_signed(struct alc_verdict *out, struct alc_bytes signed_statement,
                       const struct alc_expect *expect, const struct alc_verify_ops *ops)
{
    static const struct alc_verdict rejected;
    *out = rejected;
    out->refusal = judge(out, signed_statement, expect, ops);
    out->accepted = out->refusal == ALC_REFUSAL_NONE;
}
