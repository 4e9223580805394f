/* Quotes and records, which come some time after the statements that they vouch for.  What still
 * waits for one stands on a list of its own, so that a look costs the same beside a million that
 * have theirs. */
#include <inttypes.h>
#include <string.h>

#include "base/failpoint.h"
#include "queue/room.h"

enum alc_rc alc_proof_list(struct alc_queue *q, uint64_t id, const struct alc_order *order,
                           struct alc_err *err)
{
    enum alc_rc rc = ALC_OK;

    if (order->prove)
        rc = alc_store_exec(
            q->store, NULL, "INSERT INTO alc_unproven (job, statement) VALUES ($1, $2)",
            ALC_ARGS(ALC_INT(alc_clamp(id)), ALC_BLOB(alc_hash_bytes(&order->hash))), err);
    if (rc == ALC_OK && order->record)
        rc = alc_store_exec(q->store, NULL, "INSERT INTO alc_unrecorded (job) VALUES ($1)",
                            ALC_ARGS(ALC_INT(alc_clamp(id))), err);
    return rc;
}

/* -- quotes ---------------------------------------------------------------------------------- */

static enum alc_rc batch_new(struct alc_queue *q, const struct alc_batch *b, struct alc_err *err)
{
    enum alc_rc rc;

    rc = alc_store_exec(q->store, NULL,
                        "INSERT INTO alc_batch (id, root, head, tail, event_log) "
                        "SELECT COALESCE(MAX(id), 0) + 1, $1, $2, $3, $4 FROM alc_batch",
                        ALC_ARGS(ALC_BLOB(alc_hash_bytes(&b->root)), ALC_BLOB(b->head),
                                 ALC_BLOB(b->tail), ALC_BLOB(b->event_log)),
                        err);
    if (rc == ALC_CONFLICT) return alc_fail(err, rc, "a quote for this root is kept already");
    return rc;
}

static enum alc_rc leaf_new(struct alc_queue *q, const struct alc_hash *root,
                            const struct alc_batch_leaf *leaf, struct alc_err *err)
{
    struct alc_bytes hash = alc_hash_bytes(&leaf->statement);
    enum alc_rc rc;

    rc = alc_store_exec(
        q->store, NULL,
        "INSERT INTO alc_proof (statement, batch, path) "
        "SELECT $1, id, $2 FROM alc_batch WHERE root = $3",
        ALC_ARGS(ALC_BLOB(hash), ALC_BLOB(leaf->path), ALC_BLOB(alc_hash_bytes(root))), err);
    if (rc == ALC_CONFLICT) return alc_fail(err, rc, "a statement of the batch has its quote");
    if (rc == ALC_OK)
        rc = alc_store_exec(q->store, NULL, "DELETE FROM alc_unproven WHERE statement = $1",
                            ALC_ARGS(ALC_BLOB(hash)), err);
    return rc;
}

enum alc_rc alc_queue_put_batch(struct alc_queue *q, const struct alc_batch *batch,
                                const struct alc_batch_leaf *leaves, size_t count,
                                struct alc_err *err)
{
    enum alc_rc rc = alc_store_begin(q->store, err);

    if (rc != ALC_OK) return rc;
    rc = batch_new(q, batch, err);
    for (size_t i = 0; rc == ALC_OK && i < count; i++) {
        rc = leaf_new(q, &batch->root, &leaves[i], err);
        if (i == 0) alc_failpoint("queue.batch"); /* some have their quote, nothing is kept yet */
    }
    return alc_queue_end(q, rc, err);
}

enum alc_rc alc_queue_evidence(struct alc_queue *q, struct alc_bytes *out,
                               const struct alc_hash *statement, struct alc_arena *arena,
                               struct alc_err *err)
{
    struct alc_bytes part[3];
    struct alc_rows r;
    uint8_t *p;
    enum alc_rc rc;

    rc = alc_rows_start(&r, q->store,
                        "SELECT b.head, p.path, b.tail FROM alc_proof p "
                        "JOIN alc_batch b ON b.id = p.batch WHERE p.statement = $1",
                        ALC_ARGS(ALC_BLOB(alc_hash_bytes(statement))), err);
    if (rc == ALC_OK) rc = alc_rows_next(&r, err);
    if (rc != ALC_OK) goto out;
    for (int i = 0; i < 3; i++)
        part[i] = alc_rows_bytes(&r, i);
    p = alc_arena_alloc(arena, part[0].n + part[1].n + part[2].n);
    if (p == NULL) {
        rc = alc_fail(err, ALC_NOMEM, "no room for a statement's evidence");
        goto out;
    }
    *out = (struct alc_bytes){p, 0};
    for (int i = 0; i < 3; i++) {
        if (part[i].n > 0) memcpy(p + out->n, part[i].p, part[i].n);
        out->n += part[i].n;
    }
out:
    alc_rows_end(&r);
    return rc;
}

/* one_text copies the one column of the first row of `r`, which it ends; `rc` is of its start. */
static enum alc_rc one_text(struct alc_rows *r, enum alc_rc rc, struct alc_bytes *out,
                            struct alc_arena *arena, struct alc_err *err)
{
    if (rc == ALC_OK) rc = alc_rows_next(r, err);
    if (rc == ALC_OK && !alc_arena_copy(arena, alc_rows_bytes(r, 0), out))
        rc = alc_fail(err, ALC_NOMEM, "no room for what the store holds");
    alc_rows_end(r);
    return rc;
}

enum alc_rc alc_queue_event_log(struct alc_queue *q, struct alc_bytes *out,
                                const struct alc_hash *statement, struct alc_arena *arena,
                                struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc;

    rc = alc_rows_start(&r, q->store,
                        "SELECT b.event_log FROM alc_proof p "
                        "JOIN alc_batch b ON b.id = p.batch WHERE p.statement = $1",
                        ALC_ARGS(ALC_BLOB(alc_hash_bytes(statement))), err);
    return one_text(&r, rc, out, arena, err);
}

static bool hash_of(const struct alc_rows *r, int column, struct alc_hash *out)
{
    struct alc_bytes b = alc_rows_bytes(r, column);
    if (b.n != sizeof out->b) return false;
    memcpy(out->b, b.p, sizeof out->b);
    return true;
}

enum alc_rc alc_queue_last_root(struct alc_queue *q, struct alc_hash *out, struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc;

    rc = alc_rows_start(&r, q->store, "SELECT root FROM alc_batch ORDER BY id DESC LIMIT 1",
                        ALC_NO_ARGS, err);
    if (rc == ALC_OK) rc = alc_rows_next(&r, err);
    if (rc == ALC_OK && !hash_of(&r, 0, out))
        rc = alc_fail(err, ALC_CORRUPT, "a batch is kept under a root that is no hash");
    alc_rows_end(&r);
    return rc;
}

enum alc_rc alc_queue_unproven(struct alc_queue *q, struct alc_unproven *out, size_t *count,
                               size_t limit, struct alc_err *err)
{
    struct alc_rows r;
    size_t n = 0;
    enum alc_rc rc;

    rc = alc_rows_start(&r, q->store,
                        "SELECT job, statement FROM alc_unproven ORDER BY job LIMIT $1",
                        ALC_ARGS(ALC_INT(alc_clamp(limit))), err);
    while (rc == ALC_OK && (rc = alc_rows_next(&r, err)) == ALC_OK) {
        out[n].job = (uint64_t)alc_rows_int(&r, 0);
        if (!hash_of(&r, 1, &out[n].statement))
            rc = alc_fail(err, ALC_CORRUPT, "job %" PRIu64 " waits for a quote over no hash",
                          out[n].job);
        n++;
    }
    alc_rows_end(&r);
    if (rc == ALC_NOT_FOUND) rc = ALC_OK;
    if (rc == ALC_OK) *count = n;
    return rc;
}

/* -- records --------------------------------------------------------------------------------- */

enum alc_rc alc_queue_put_record(struct alc_queue *q, uint64_t job, struct alc_bytes call_id,
                                 struct alc_bytes tx_hash, struct alc_bytes text,
                                 struct alc_err *err)
{
    enum alc_rc rc = alc_store_begin(q->store, err);

    if (rc != ALC_OK) return rc;
    rc = alc_store_exec(
        q->store, NULL,
        "INSERT INTO alc_record (job, call_id, tx_hash, text) "
        "VALUES ($1, $2, $3, $4) ON CONFLICT (job) DO UPDATE SET "
        "call_id = excluded.call_id, tx_hash = excluded.tx_hash, "
        "text = excluded.text",
        ALC_ARGS(ALC_INT(alc_clamp(job)), ALC_TEXT(call_id), ALC_TEXT(tx_hash), ALC_BLOB(text)),
        err);
    if (rc == ALC_OK)
        rc = alc_store_exec(q->store, NULL, "DELETE FROM alc_unrecorded WHERE job = $1",
                            ALC_ARGS(ALC_INT(alc_clamp(job))), err);
    return alc_queue_end(q, rc, err);
}

enum alc_rc alc_queue_record(struct alc_queue *q, struct alc_bytes *out, uint64_t job,
                             struct alc_arena *arena, struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc = alc_rows_start(&r, q->store, "SELECT text FROM alc_record WHERE job = $1",
                                    ALC_ARGS(ALC_INT(alc_clamp(job))), err);
    return one_text(&r, rc, out, arena, err);
}

enum alc_rc alc_queue_record_by_tx(struct alc_queue *q, struct alc_bytes *out,
                                   struct alc_bytes tx_hash, struct alc_arena *arena,
                                   struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc;

    if (tx_hash.n == 0) return ALC_NOT_FOUND; /* those without one have nothing in common */
    rc = alc_rows_start(&r, q->store,
                        "SELECT text FROM alc_record WHERE tx_hash = $1 AND tx_hash <> '' "
                        "ORDER BY job LIMIT 1",
                        ALC_ARGS(ALC_TEXT(tx_hash)), err);
    return one_text(&r, rc, out, arena, err);
}

enum alc_rc alc_queue_record_by_call(struct alc_queue *q, struct alc_bytes *out,
                                     struct alc_bytes call_id, struct alc_arena *arena,
                                     struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc;

    if (call_id.n == 0) return ALC_NOT_FOUND;
    rc = alc_rows_start(&r, q->store,
                        "SELECT text FROM alc_record WHERE call_id = $1 AND call_id <> '' "
                        "ORDER BY job LIMIT 1",
                        ALC_ARGS(ALC_TEXT(call_id)), err);
    return one_text(&r, rc, out, arena, err);
}

enum alc_rc alc_queue_unrecorded(struct alc_queue *q, uint64_t *out, size_t *count, size_t limit,
                                 struct alc_err *err)
{
    struct alc_rows r;
    size_t n = 0;
    enum alc_rc rc;

    rc = alc_rows_start(&r, q->store, "SELECT job FROM alc_unrecorded ORDER BY job LIMIT $1",
                        ALC_ARGS(ALC_INT(alc_clamp(limit))), err);
    while (rc == ALC_OK && (rc = alc_rows_next(&r, err)) == ALC_OK)
        out[n++] = (uint64_t)alc_rows_int(&r, 0);
    alc_rows_end(&r);
    if (rc == ALC_NOT_FOUND) rc = ALC_OK;
    if (rc == ALC_OK) *count = n;
    return rc;
}
