#include "verify/parts.h"

#include "base/enc.h"

/* The names are those of OutLayer's GET /attestations; a null is an absent member. */
struct reading {
    struct alc_record *out;
    struct alc_verify_work *work;
    struct alc_bytes payer, quote_text;
    bool bad, has_timestamp;
};

static void text(struct vf_json *j, struct reading *r, struct alc_bytes *out)
{
    if (vf_json_null(j)) return;
    *out = vf_json_string(j, r->work);
    if (out->n > ALC_RECORD_FIELD_MAX_BYTES) r->bad = true;
    if (out->n == 0) *out = (struct alc_bytes){NULL, 0};
}

#define TEXT_READER(field)                                                                         \
    static void read_##field(struct vf_json *j, void *ctx)                                         \
    {                                                                                              \
        struct reading *r = ctx;                                                                   \
        text(j, r, &r->out->field);                                                                \
    }
TEXT_READER(task_type)
TEXT_READER(repo)
TEXT_READER(commit)
TEXT_READER(build_target)
TEXT_READER(wasm_hash)
TEXT_READER(input_hash)
TEXT_READER(output_hash)
TEXT_READER(caller)
TEXT_READER(project_id)
TEXT_READER(secrets_ref)
TEXT_READER(attached_usd)
#undef TEXT_READER

static void read_payer(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    text(j, r, &r->payer);
}

static void read_task_id(struct vf_json *j, void *ctx)
{
    ((struct reading *)ctx)->out->task_id = vf_json_i64(j);
}

static void read_timestamp(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    if (vf_json_null(j)) return;
    r->out->timestamp = vf_json_i64(j);
    r->has_timestamp = true;
}

static void read_block_height(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    if (vf_json_null(j)) return;
    r->out->block_height = vf_json_u64(j);
    r->out->has_block_height = true;
}

static void read_quote(struct vf_json *j, void *ctx)
{
    struct reading *r = ctx;
    if (!vf_json_null(j)) r->quote_text = vf_json_string(j, r->work);
}

static const struct vf_member members[] = {
    {"task_type", read_task_type, true},
    {"task_id", read_task_id, true},
    {"repo_url", read_repo, false},
    {"commit_hash", read_commit, false},
    {"build_target", read_build_target, false},
    {"wasm_hash", read_wasm_hash, false},
    {"input_hash", read_input_hash, false},
    {"output_hash", read_output_hash, true},
    {"block_height", read_block_height, false},
    {"caller_account_id", read_caller, false},
    {"payment_key_owner", read_payer, false},
    {"project_id", read_project_id, false},
    {"secrets_ref", read_secrets_ref, false},
    {"timestamp", read_timestamp, false},
    {"attached_usd", read_attached_usd, false},
    {"tdx_quote", read_quote, false},
};

/* Hashes are hashed as their 64 characters, so another number of them would shift the fields. */
static bool is_hash(struct alc_bytes s, bool must)
{
    if (s.n == 0) return !must;
    if (s.n != 64) return false;
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f'))) return false;
    return true;
}

/* The record of a worker's start, task -1, has a quote over its key, in hex; all others have
 * base64.
 */
static bool decode_quote(struct reading *r)
{
    struct alc_bytes in = r->quote_text;
    bool hex = r->out->task_id == ALC_RECORD_STARTUP;
    size_t cap = hex ? in.n / 2 : in.n / 4 * 3, n = 0;
    uint8_t *p = vf_take(r->work, cap + 1);

    if (p == NULL) return false;
    if (in.n > 0 && !(hex ? alc_hex_decode(p, cap, &n, in) : alc_base64_decode(p, cap, &n, in)))
        return false;
    r->out->quote = (struct alc_bytes){p, n};
    return true;
}

enum alc_refusal alc_record_read(struct alc_record *out, struct alc_bytes json,
                                 struct alc_verify_work *work)
{
    static const struct alc_record none;
    static const struct reading fresh;
    struct vf_json j = vf_json(json);
    struct reading r = fresh;

    *out = none;
    r.out = out;
    r.work = work;
    (void)vf_json_object(&j, members, sizeof members / sizeof *members, &r);
    if (!vf_json_end(&j) || r.bad) return ALC_REFUSAL_RECORD_FORMAT;
    if (out->caller.n == 0) out->caller = r.payer; /* of an HTTPS call, who paid stands for it */
    /* Without its time nobody could say which form was hashed, and trying both is no check. */
    if (out->task_id != ALC_RECORD_STARTUP &&
        !(r.has_timestamp && is_hash(out->wasm_hash, false) && is_hash(out->input_hash, false) &&
          is_hash(out->output_hash, true)))
        return ALC_REFUSAL_RECORD_FORMAT;
    return decode_quote(&r) ? ALC_REFUSAL_NONE : ALC_REFUSAL_RECORD_FORMAT;
}

bool alc_record_hash(struct alc_hash *out, const struct alc_record *r, struct alc_verify_work *work,
                     const struct alc_verify_ops *ops)
{
    const struct alc_bytes front[] = {r->repo,      r->commit,     r->build_target,
                                      r->wasm_hash, r->input_hash, r->output_hash};
    const struct alc_bytes back[] = {r->caller, r->project_id, r->secrets_ref};
    const bool v1 = r->timestamp >= ALC_RECORD_V1_FROM_S;
    size_t cap = r->task_type.n + r->attached_usd.n + 3 * sizeof(uint64_t), mark = work->used;
    struct alc_borsh w;
    uint8_t *p;

    for (size_t i = 0; i < sizeof front / sizeof *front; i++)
        cap += front[i].n;
    for (size_t i = 0; i < sizeof back / sizeof *back; i++)
        cap += back[i].n;
    p = vf_take(work, cap);
    if (p == NULL) return false;
    w = alc_borsh(p, cap);
    alc_borsh_put(&w, r->task_type.p, r->task_type.n);
    alc_borsh_put_u64(&w, (uint64_t)r->task_id);
    for (size_t i = 0; i < sizeof front / sizeof *front; i++)
        alc_borsh_put(&w, front[i].p, front[i].n);
    if (r->has_block_height) alc_borsh_put_u64(&w, r->block_height);
    if (v1) {
        for (size_t i = 0; i < sizeof back / sizeof *back; i++)
            alc_borsh_put(&w, back[i].p, back[i].n);
        alc_borsh_put_u64(&w, (uint64_t)r->timestamp);
        alc_borsh_put(&w, r->attached_usd.p, r->attached_usd.n);
    }
    ops->sha256(ops->ctx, out, (struct alc_bytes){p, w.n});
    work->used = mark;
    return !w.full;
}

enum alc_refusal alc_record_binding(const struct alc_record *r, const uint8_t report_data[64],
                                    struct alc_verify_work *work, const struct alc_verify_ops *ops)
{
    struct alc_hash hash;
    uint8_t rest = 0;

    if (!alc_record_hash(&hash, r, work, ops)) return ALC_REFUSAL_WORK;
    for (size_t i = sizeof hash.b; i < 64; i++)
        rest |= report_data[i];
    return rest == 0 && __builtin_memcmp(report_data, hash.b, sizeof hash.b) == 0
               ? ALC_REFUSAL_NONE
               : ALC_REFUSAL_RECORD_BINDING;
}
