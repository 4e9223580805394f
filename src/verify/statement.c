#include "verify/verify.h"

/* One walk serves both directions, so that the layout is written down once: `op` is either the
 * reader or the writer, and each line below is one field in the order of docs/statement.md. */
struct walk {
    struct alc_cur *in;
    struct alc_borsh *out;
    bool ok;
};

static void string(struct walk *w, struct alc_bytes *s, size_t max)
{
    if (w->in != NULL) {
        w->ok = w->ok && alc_borsh_bytes(w->in, max, s);
        return;
    }
    w->ok = w->ok && s->n <= max;
    if (w->ok) alc_borsh_put_bytes(w->out, *s);
}

static void hash(struct walk *w, struct alc_hash *h)
{
    if (w->in != NULL)
        w->ok = w->ok && alc_cur_hash(w->in, h);
    else
        alc_borsh_put_hash(w->out, h);
}

static void u8(struct walk *w, uint8_t *v, uint8_t most)
{
    if (w->in != NULL) w->ok = w->ok && alc_cur_u8(w->in, v);
    w->ok = w->ok && *v <= most;
    if (w->in == NULL) alc_borsh_put_u8(w->out, *v);
}

static void u32(struct walk *w, uint32_t *v)
{
    if (w->in != NULL)
        w->ok = w->ok && alc_cur_u32le(w->in, v);
    else
        alc_borsh_put_u32(w->out, *v);
}

static void u64(struct walk *w, uint64_t *v)
{
    if (w->in != NULL)
        w->ok = w->ok && alc_cur_u64le(w->in, v);
    else
        alc_borsh_put_u64(w->out, *v);
}

static void fields(struct walk *w, struct alc_statement *s)
{
    const size_t max = ALC_STATEMENT_STRING_MAX_BYTES;

    string(w, &s->chain_id, max);
    string(w, &s->contract_id, max);
    hash(w, &s->deployment_id);
    u64(w, &s->request_id);
    hash(w, &s->data_id);
    string(w, &s->call_id, max);
    hash(w, &s->caller_nonce);
    hash(w, &s->request_hash);
    u64(w, &s->anchor_height);
    hash(w, &s->anchor_hash);

    u32(w, &s->attempt);
    u64(w, &s->sequence);
    hash(w, &s->previous);

    string(w, &s->signer_id, max);
    string(w, &s->predecessor_id, max);
    string(w, &s->project_id, ALC_STATEMENT_PROJECT_MAX_BYTES);

    hash(w, &s->code_hash);
    hash(w, &s->source_hash);
    hash(w, &s->input_hash);
    hash(w, &s->env_hash);
    hash(w, &s->secrets_hash);
    hash(w, &s->policy_hash);
    u64(w, &s->max_instructions);
    u32(w, &s->max_memory_mb);
    u32(w, &s->max_seconds);
    hash(w, &s->engine_id);

    u8(w, &s->outcome, ALC_OUTCOME_COUNT - 1);
    u32(w, &s->exit_code);
    u64(w, &s->instructions);
    u64(w, &s->time_ms);
    u64(w, &s->compile_ms);
    u64(w, &s->refund_usd);
    u8(w, &s->output_kind, ALC_OUTPUT_BYTES);
    hash(w, &s->output_hash);
    hash(w, &s->stdout_hash);

    hash(w, &s->egress_root);
    u32(w, &s->egress_count);
    hash(w, &s->storage_before);
    hash(w, &s->storage_after);
    hash(w, &s->key_log);
    hash(w, &s->transcript_hash);

    u64(w, &s->started_ms);
    u64(w, &s->finished_ms);

    hash(w, &s->worker_key);
    hash(w, &s->measurement);
    u8(w, &s->simulated, 1);
}

bool alc_statement_read(struct alc_statement *out, struct alc_bytes in)
{
    static const struct alc_statement none;
    struct alc_statement s = none;
    struct alc_cur c = alc_cur(in);
    struct alc_bytes tag;
    struct walk w = {&c, NULL, true};

    if (!alc_cur_take(&c, sizeof ALC_STATEMENT_TAG - 1, &tag)) return false;
    if (!alc_bytes_eq(tag, ALC_LIT(ALC_STATEMENT_TAG))) return false;
    fields(&w, &s);
    if (!w.ok || c.n != 0) return false;
    *out = s;
    return true;
}

size_t alc_statement_write(const struct alc_statement *s, uint8_t *out, size_t cap)
{
    struct alc_statement copy = *s;
    struct alc_borsh b = alc_borsh(out, cap);
    struct walk w = {NULL, &b, true};

    alc_borsh_put(&b, ALC_STATEMENT_TAG, sizeof ALC_STATEMENT_TAG - 1);
    fields(&w, &copy);
    return w.ok && !b.full ? b.n : 0;
}

const char *alc_outcome_name(uint8_t outcome)
{
    switch (outcome) {
#define NAME(name, number, text)                                                                   \
    case number:                                                                                   \
        return #name;
        ALC_OUTCOME_MAP(NAME)
#undef NAME
    }
    return "UNKNOWN";
}

const char *alc_outcome_text(uint8_t outcome)
{
    switch (outcome) {
#define TEXT(name, number, text)                                                                   \
    case number:                                                                                   \
        return text;
        ALC_OUTCOME_MAP(TEXT)
#undef TEXT
    }
    return "an unknown outcome";
}
