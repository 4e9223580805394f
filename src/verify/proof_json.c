#include "verify/parts.h"

#include "base/enc.h"

static void hash(struct vf_out *o, const char *key, const struct alc_hash *h)
{
    vf_out_hex(o, key, h->b, sizeof h->b);
}

/* Texts, since JavaScript's numbers end at 2^53. */
static void decimal(struct vf_out *o, const char *key, uint64_t v)
{
    char digits[ALC_U128_DIGITS];
    size_t n = alc_u128_encode(digits, v);
    vf_out_text(o, key, (struct alc_bytes){(const uint8_t *)digits, n});
}

static void worker_key(struct vf_out *o, const struct alc_hash *key)
{
    static const char prefix[8] = "ed25519:";
    char out[sizeof prefix + ALC_BASE58_CHARS(32)];
    size_t n = 0;

    __builtin_memcpy(out, prefix, sizeof prefix);
    if (!alc_base58_encode(out + sizeof prefix, sizeof out - sizeof prefix, &n,
                           alc_hash_bytes(key)))
        o->full = true;
    vf_out_text(o, "worker_key", (struct alc_bytes){(const uint8_t *)out, sizeof prefix + n});
}

static void statement(struct vf_out *o, const struct alc_verdict *v)
{
    const struct alc_statement *s = &v->statement;

    hash(o, "statement_hash", &v->hash);
    worker_key(o, &s->worker_key);
    vf_out_text(o, "chain_id", s->chain_id);
    vf_out_text(o, "contract_id", s->contract_id);
    decimal(o, "request_id", s->request_id);
    vf_out_text(o, "call_id", s->call_id);
    hash(o, "request_hash", &s->request_hash);
    decimal(o, "anchor_height", s->anchor_height);
    hash(o, "anchor_hash", &s->anchor_hash);
    vf_out_u64(o, "attempt", s->attempt);
    decimal(o, "sequence", s->sequence);
    hash(o, "previous", &s->previous);
    vf_out_text(o, "signer_id", s->signer_id);
    vf_out_text(o, "predecessor_id", s->predecessor_id);
    vf_out_text(o, "project_id", s->project_id);
    hash(o, "code_hash", &s->code_hash);
    hash(o, "source_hash", &s->source_hash);
    hash(o, "input_hash", &s->input_hash);
    hash(o, "env_hash", &s->env_hash);
    hash(o, "secrets_hash", &s->secrets_hash);
    hash(o, "policy_hash", &s->policy_hash);
    vf_out_text(o, "outcome", alc_cstr(alc_outcome_name(s->outcome)));
    vf_out_u64(o, "instructions", s->instructions);
    hash(o, "output_hash", &s->output_hash);
    hash(o, "egress_root", &s->egress_root);
    vf_out_u64(o, "egress_count", s->egress_count);
    decimal(o, "finished_ms", s->finished_ms);
    hash(o, "measurement", &s->measurement);
}

static void evidence(struct vf_out *o, const struct alc_evidence *e)
{
    vf_out_open(o, "evidence", '{');
    vf_out_text(o, "kind", alc_cstr(e->binding.kind == ALC_EVIDENCE_BATCH ? "batch" : "statement"));
    hash(o, "nonce", &e->binding.nonce);
    hash(o, "anchor_hash", &e->binding.anchor_hash);
    hash(o, "previous", &e->binding.previous);
    vf_out_u64(o, "path_steps", e->path_count);
    vf_out_close(o, '}');
}

static void hex(struct vf_out *o, const char *key, struct alc_bytes b)
{
    if (b.p == NULL)
        vf_out_null(o, key);
    else
        vf_out_hex(o, key, b.p, b.n);
}

static void events(struct vf_out *o, const struct alc_events *e)
{
    vf_out_open(o, "events", '{');
    vf_out_u64(o, "count", e->count);
    hex(o, "app_id", e->app_id);
    hex(o, "compose_hash", e->compose_hash);
    hex(o, "instance_id", e->instance_id);
    hex(o, "os_image_hash", e->os_image_hash);
    if (e->key_provider.p == NULL)
        vf_out_null(o, "key_provider");
    else
        vf_out_text(o, "key_provider", e->key_provider);
    hex(o, "policy_hash", e->policy_hash);
    vf_out_close(o, '}');
}

size_t alc_proof_verdict_json(const struct alc_proof_verdict *v, uint8_t *out, size_t cap)
{
    static const struct vf_out fresh;
    struct vf_out w = fresh, *o = &w;
    bool simulated = v->statement.simulated || (v->has_quote && v->quote.simulated);

    w.p = out;
    w.cap = cap;
    vf_out_open(o, NULL, '{');
    vf_out_bool(o, "accepted", v->accepted);
    if (v->refusal == ALC_REFUSAL_NONE) {
        vf_out_null(o, "refusal");
        vf_out_null(o, "reason");
    } else {
        vf_out_text(o, "refusal", alc_cstr(alc_refusal_word(v->refusal)));
        vf_out_text(o, "reason", alc_cstr(alc_refusal_text(v->refusal)));
    }
    vf_out_bool(o, "hardware", v->hardware);
    vf_out_text(o, "attestation",
                alc_cstr(simulated     ? "SIMULATED"
                         : v->hardware ? "hardware"
                                       : "none"));
    if (v->statement.refusal != ALC_REFUSAL_FORMAT) statement(o, &v->statement);
    if (v->has_quote) {
        evidence(o, &v->evidence);
        vf_out_open(o, "quote", '{');
        vf_out_quote_verdict(o, &v->quote);
        vf_out_close(o, '}');
    } else {
        vf_out_null(o, "evidence");
        vf_out_null(o, "quote");
    }
    if (v->has_events)
        events(o, &v->events);
    else
        vf_out_null(o, "events");
    vf_out_close(o, '}');
    return w.full ? 0 : w.n;
}
