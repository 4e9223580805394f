#include "verify/proof.h"

#define TAG "ALCEVI/1"
#define STEP_BYTES 33u /* side u8 | hash [32] */

/* ---- report data ---- */

_Static_assert(sizeof(struct alc_binding) == 1 + 3 * sizeof(struct alc_hash),
               "a binding is encoded as it lies in memory");

void alc_report_data(uint8_t out[64], const struct alc_hash *subject, const struct alc_binding *b,
                     const struct alc_verify_ops *ops)
{
    uint8_t buf[11 + sizeof *b];
    struct alc_borsh w = alc_borsh(buf, sizeof buf);
    struct alc_hash half;

    alc_borsh_put(&w, "ALCOVE/RD/1", 11);
    alc_borsh_put(&w, b, sizeof *b);
    ops->sha256(ops->ctx, &half, (struct alc_bytes){buf, w.n});
    __builtin_memcpy(out, subject->b, sizeof subject->b);
    __builtin_memcpy(out + sizeof subject->b, half.b, sizeof half.b);
}

/* Names of accounts and chains have at most 64 bytes; twice that is room enough. */
#define NAME_MAX_BYTES 128u

void alc_registration_half(struct alc_hash *out, struct alc_bytes chain_id,
                           struct alc_bytes contract_id, struct alc_bytes operator_id,
                           const struct alc_hash *challenge, const struct alc_hash *policy_hash,
                           const struct alc_verify_ops *ops)
{
    uint8_t buf[12 + 3 * (4 + NAME_MAX_BYTES) + 2 * sizeof(struct alc_hash)];
    struct alc_borsh w = alc_borsh(buf, sizeof buf);

    alc_borsh_put(&w, "ALCOVE/REG/1", 12);
    alc_borsh_put_bytes(&w, chain_id);
    alc_borsh_put_bytes(&w, contract_id);
    alc_borsh_put_bytes(&w, operator_id);
    alc_borsh_put_hash(&w, challenge);
    alc_borsh_put_hash(&w, policy_hash);
    /* What does not fit is bound by nothing, and must not pass for the zeroes of "unbound". */
    __builtin_memset(out->b, 0xff, sizeof out->b);
    if (!w.full) ops->sha256(ops->ctx, out, (struct alc_bytes){buf, w.n});
}

/* ---- the codec ---- */

/* Whether these parts are evidence for a statement: reader and writer ask the same. */
static bool good(const struct alc_evidence *e)
{
    bool batch = e->binding.kind == ALC_EVIDENCE_BATCH;

    if (!batch && e->binding.kind != ALC_EVIDENCE_STATEMENT) return false;
    if (e->path_count > (batch ? ALC_EVIDENCE_PATH_MAX : 0)) return false;
    if (e->path.n != (size_t)e->path_count * STEP_BYTES || e->quote.n > ALC_QUOTE_MAX_BYTES)
        return false;
    for (size_t i = 0; i < e->path.n; i += STEP_BYTES)
        if (e->path.p[i] > 1) return false;
    return true;
}

bool alc_evidence_read(struct alc_evidence *out, struct alc_bytes in)
{
    struct alc_cur c = alc_cur(in);
    struct alc_bytes tag;

    if (!alc_cur_take(&c, sizeof TAG - 1, &tag) || !alc_bytes_eq(tag, ALC_LIT(TAG)) ||
        !alc_cur_copy(&c, (uint8_t *)&out->binding, sizeof out->binding) ||
        !alc_cur_u32le(&c, &out->path_count) || out->path_count > ALC_EVIDENCE_PATH_MAX ||
        !alc_cur_take(&c, (size_t)out->path_count * STEP_BYTES, &out->path) ||
        !alc_borsh_bytes(&c, ALC_QUOTE_MAX_BYTES, &out->quote) || c.n != 0)
        return false;
    return good(out);
}

size_t alc_evidence_write(const struct alc_evidence *e, uint8_t *out, size_t cap)
{
    struct alc_borsh w = alc_borsh(out, cap);

    if (!good(e)) return 0;
    alc_borsh_put(&w, TAG, sizeof TAG - 1);
    alc_borsh_put(&w, &e->binding, sizeof e->binding);
    alc_borsh_put_u32(&w, e->path_count);
    alc_borsh_put(&w, e->path.p, e->path.n);
    alc_borsh_put_bytes(&w, e->quote);
    return w.full ? 0 : w.n;
}

/* ---- Merkle trees: leaf SHA-256(0x00 ‖ record), node SHA-256(0x01 ‖ left ‖ right) ---- */

static void node(struct alc_hash *out, const uint8_t left[32], const uint8_t right[32],
                 const struct alc_verify_ops *ops)
{
    uint8_t buf[1 + 2 * sizeof(struct alc_hash)] = {1};

    __builtin_memcpy(buf + 1, left, 32);
    __builtin_memcpy(buf + 33, right, 32);
    ops->sha256(ops->ctx, out, (struct alc_bytes){buf, sizeof buf});
}

void alc_merkle_leaf(struct alc_hash *out, const struct alc_hash *record,
                     const struct alc_verify_ops *ops)
{
    uint8_t buf[1 + sizeof(struct alc_hash)] = {0};

    __builtin_memcpy(buf + 1, record->b, sizeof record->b);
    ops->sha256(ops->ctx, out, (struct alc_bytes){buf, sizeof buf});
}

/* One level up, in place: pairs become nodes, and one that is left over moves up as it is. */
static size_t fold(struct alc_hash *nodes, size_t count, const struct alc_verify_ops *ops)
{
    size_t pairs = count / 2;

    for (size_t i = 0; i < pairs; i++)
        node(&nodes[i], nodes[2 * i].b, nodes[2 * i + 1].b, ops);
    if (count % 2 != 0) nodes[pairs] = nodes[count - 1];
    return pairs + count % 2;
}

void alc_merkle_root(struct alc_hash *out, struct alc_hash *nodes, size_t count,
                     const struct alc_verify_ops *ops)
{
    while (count > 1)
        count = fold(nodes, count, ops);
    *out = nodes[0];
}

uint32_t alc_merkle_path(uint8_t out[33 * ALC_EVIDENCE_PATH_MAX], struct alc_hash *nodes,
                         size_t count, size_t index, const struct alc_verify_ops *ops)
{
    uint32_t steps = 0;

    for (; count > 1; count = fold(nodes, count, ops), index /= 2) {
        size_t other = index ^ 1;
        if (other >= count) continue;
        out[steps * STEP_BYTES] = other > index;
        __builtin_memcpy(out + steps * STEP_BYTES + 1, nodes[other].b, 32);
        steps++;
    }
    return steps;
}

void alc_evidence_report_data(uint8_t out[64], const struct alc_evidence *e,
                              const struct alc_hash *statement_hash,
                              const struct alc_verify_ops *ops)
{
    struct alc_hash subject = *statement_hash;

    if (e->binding.kind == ALC_EVIDENCE_BATCH) {
        alc_merkle_leaf(&subject, statement_hash, ops);
        for (size_t i = 0; i < e->path.n; i += STEP_BYTES) {
            const uint8_t *other = e->path.p + i + 1;
            if (e->path.p[i] == 0)
                node(&subject, other, subject.b, ops);
            else
                node(&subject, subject.b, other, ops);
        }
    }
    alc_report_data(out, &subject, &e->binding, ops);
}
