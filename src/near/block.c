#include "near/parts.h"

#include <inttypes.h>

#include "base/enc.h"

#define DOCUMENT_MAX_BYTES ((size_t)64 << 20)

bool alc_near_hash_read(struct alc_hash *out, const struct alc_json *v)
{
    struct alc_bytes text;
    struct alc_hash h;
    size_t n;

    if (!alc_json_str(v, &text) || !alc_base58_decode(h.b, sizeof h.b, &n, text) || n != sizeof h.b)
        return false;
    *out = h;
    return true;
}

/* The text form of the time is exact for as long as the number is; older servers have no text. */
static bool read_timestamp(uint64_t *out, const struct alc_json *header)
{
    struct alc_bytes text;
    __uint128_t v;

    if (!alc_json_str(alc_json_get(header, "timestamp_nanosec"), &text))
        return alc_json_u64(alc_json_get(header, "timestamp"), out);
    if (!alc_u128_decode(&v, text) || v > UINT64_MAX) return false;
    *out = (uint64_t)v;
    return true;
}

bool alc_near_header_read(struct alc_near_block_ref *out, const struct alc_json *header)
{
    struct alc_near_block_ref b;

    if (!alc_json_u64(alc_json_get(header, "height"), &b.height) ||
        !alc_near_hash_read(&b.hash, alc_json_get(header, "hash")) ||
        !read_timestamp(&b.timestamp_ns, header))
        return false;
    *out = b;
    return true;
}

/* ---- one receipt ---- */

static bool kept(const struct alc_json *outcome, const char *only)
{
    const struct alc_json *status = alc_json_get(outcome, "status");
    struct alc_bytes executor;

    /* A failed receipt shows its logs, but what it did was rolled back. */
    if (alc_json_get(status, "SuccessValue") == NULL &&
        alc_json_get(status, "SuccessReceiptId") == NULL)
        return false;
    return only == NULL || (alc_json_str(alc_json_get(outcome, "executor_id"), &executor) &&
                            alc_bytes_is(executor, only));
}

static bool no_memory(enum alc_rc *rc)
{
    *rc = ALC_NOMEM;
    return false;
}

/* copy_text keeps a string beyond the document.  An absent one stays empty when it may be. */
static bool copy_text(struct alc_bytes *out, const struct alc_json *v, bool may_be_absent,
                      struct alc_arena *arena, enum alc_rc *rc)
{
    struct alc_bytes text;

    if (v == NULL && may_be_absent) return true;
    if (!alc_json_str(v, &text)) return false;
    return alc_arena_copy(arena, text, out) || no_memory(rc);
}

static bool read_logs(struct alc_near_logs *out, const struct alc_json *logs,
                      struct alc_arena *arena, enum alc_rc *rc)
{
    if (alc_json_kind(logs) != ALC_JSON_ARRAY) return false;
    out->logs_count = alc_json_count(logs);
    out->logs = alc_arena_array(arena, out->logs_count, sizeof *out->logs);
    if (out->logs == NULL) return no_memory(rc);
    for (size_t i = 0; i < out->logs_count; i++)
        if (!copy_text(&out->logs[i], alc_json_at(logs, i), false, arena, rc)) return false;
    return true;
}

/* {"execution_outcome":{"id","outcome":{"logs","gas_burnt","executor_id",…}},
 *  "receipt":{"predecessor_id","receipt":{"Action":{"signer_id","signer_public_key",…}}},
 *  "tx_hash"}.  Receipts of other kinds than Action have no signer. */
static bool read_receipt(struct alc_near_logs *out, const struct alc_json *item,
                         struct alc_arena *arena, enum alc_rc *rc)
{
    const struct alc_json *with_id = alc_json_get(item, "execution_outcome");
    const struct alc_json *outcome = alc_json_get(with_id, "outcome");
    const struct alc_json *receipt = alc_json_get(item, "receipt");
    const struct alc_json *action = alc_json_get(alc_json_get(receipt, "receipt"), "Action");
    const struct alc_json *tx_hash = alc_json_get(item, "tx_hash");
    bool no_signer = action == NULL;

    if (alc_json_kind(tx_hash) == ALC_JSON_NULL) tx_hash = NULL;
    return copy_text(&out->executor_id, alc_json_get(outcome, "executor_id"), false, arena, rc) &&
           copy_text(&out->predecessor_id, alc_json_get(receipt, "predecessor_id"), false, arena,
                     rc) &&
           copy_text(&out->signer_id, alc_json_get(action, "signer_id"), no_signer, arena, rc) &&
           copy_text(&out->signer_key, alc_json_get(action, "signer_public_key"), no_signer, arena,
                     rc) &&
           copy_text(&out->receipt_id, alc_json_get(with_id, "id"), false, arena, rc) &&
           copy_text(&out->tx_hash, tx_hash, true, arena, rc) &&
           alc_json_u64(alc_json_get(outcome, "gas_burnt"), &out->gas_burnt) &&
           read_logs(out, alc_json_get(outcome, "logs"), arena, rc);
}

/* ---- the document ---- */

static const struct alc_json *outcomes_of(const struct alc_json *shard)
{
    return alc_json_get(shard, "receipt_execution_outcomes");
}

static const struct alc_json *outcome_of(const struct alc_json *item)
{
    return alc_json_get(alc_json_get(item, "execution_outcome"), "outcome");
}

static size_t count_kept(const struct alc_json *shards, const char *only)
{
    size_t count = 0;

    for (size_t s = 0; s < alc_json_count(shards); s++) {
        const struct alc_json *items = outcomes_of(alc_json_at(shards, s));
        for (size_t i = 0; i < alc_json_count(items); i++)
            count += kept(outcome_of(alc_json_at(items, i)), only);
    }
    return count;
}

static enum alc_rc read_document(struct alc_near_stream_block *out, const struct alc_json *doc,
                                 const char *only, struct alc_arena *arena, struct alc_err *err)
{
    const struct alc_json *shards = alc_json_get(doc, "shards");
    struct alc_near_stream_block b = {0};
    struct alc_near_block_ref ref;
    enum alc_rc rc = ALC_BAD_INPUT;
    size_t count;

    if (!alc_near_header_read(&ref, alc_json_get(alc_json_get(doc, "block"), "header")) ||
        alc_json_kind(shards) != ALC_JSON_ARRAY)
        return alc_fail(err, rc, "not a block document: no block.header or no shards");
    b.height = ref.height;
    b.hash = ref.hash;
    b.timestamp_ns = ref.timestamp_ns;
    count = count_kept(shards, only);
    b.receipts = alc_arena_array(arena, count, sizeof *b.receipts);
    if (b.receipts == NULL) return alc_fail(err, ALC_NOMEM, "no memory for a block's receipts");
    for (size_t s = 0; s < alc_json_count(shards); s++) {
        const struct alc_json *items = outcomes_of(alc_json_at(shards, s));
        if (alc_json_kind(items) != ALC_JSON_ARRAY)
            return alc_fail(err, rc, "block %" PRIu64 ": a shard has no receipt_execution_outcomes",
                            b.height);
        for (size_t i = 0; i < alc_json_count(items); i++) {
            const struct alc_json *item = alc_json_at(items, i);
            if (!kept(outcome_of(item), only)) continue;
            if (!read_receipt(&b.receipts[b.receipts_count++], item, arena, &rc))
                return alc_fail(err, rc, "block %" PRIu64 ": a receipt's outcome cannot be read%s",
                                b.height, rc == ALC_NOMEM ? ": no memory" : "");
        }
    }
    *out = b;
    return ALC_OK;
}

enum alc_rc alc_near_block_read(struct alc_near_stream_block *out, struct alc_bytes text,
                                const char *only, struct alc_arena *arena, struct alc_err *err)
{
    struct alc_json *doc = NULL;
    enum alc_rc rc = alc_json_open(&doc, text, DOCUMENT_MAX_BYTES, err);

    if (rc != ALC_OK) return rc;
    if (alc_json_kind(doc) == ALC_JSON_NULL)
        *out = (struct alc_near_stream_block){.skipped = true};
    else
        rc = read_document(out, doc, only, arena, err);
    alc_json_close(doc);
    return rc;
}
