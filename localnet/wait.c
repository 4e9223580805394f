/* localnet/wait.c — receipts in their slot of a block: those that wait for data, the data, yields
 * and their timeouts (near.md 8).
 *
 * A yield is a receipt that waits for data which the contract itself sends later.  Its row in
 * `yield` says so from the call that made it on, and goes with the data's arrival; its row in
 * `expiry` stays until its time, and is then ignored if nothing waits. */
#include "localnet/node.h"

/* ---- data ---- */

static enum alc_rc keep_data(struct lnet_chain *c, const struct lnet_receipt *r,
                             struct alc_err *err)
{
    return alc_store_exec(c->store, NULL,
                          "INSERT INTO received(account, data_id, data) VALUES($1, $2, $3)"
                          " ON CONFLICT(account, data_id) DO NOTHING",
                          ALC_ARGS(ALC_TEXT(alc_near_id_bytes(&r->receiver)),
                                   ALC_BLOB(alc_hash_bytes(&r->data_id)),
                                   r->has_data ? ALC_BLOB(r->data) : ALC_NULL_ARG),
                          err);
}

/* Takes one input out of the store.  ALC_NOT_FOUND: it has not come yet. */
static enum alc_rc take_data(struct lnet_chain *c, const char *account,
                             const struct alc_hash *data_id, struct nearvm_result *out,
                             struct alc_arena *arena, struct alc_err *err)
{
    struct alc_arg args[] = {ALC_TEXT(alc_cstr(account)), ALC_BLOB(alc_hash_bytes(data_id))};
    struct alc_rows r;
    bool copied = true;
    enum alc_rc rc =
        lnet_row(&r, c->store, "SELECT data FROM received WHERE account = $1 AND data_id = $2",
                 args, 2, err);
    if (rc != ALC_OK) return rc;
    out->kind = alc_rows_null(&r, 0) ? NEARVM_RESULT_FAILED : NEARVM_RESULT_DATA;
    if (out->kind == NEARVM_RESULT_DATA)
        copied = alc_arena_copy(arena, alc_rows_bytes(&r, 0), &out->data);
    alc_rows_end(&r);
    if (!copied) return ALC_NOMEM;
    return alc_store_exec(c->store, NULL,
                          "DELETE FROM received WHERE account = $1 AND data_id = $2", args, 2, err);
}

static enum alc_rc has_data(struct lnet_chain *c, const char *account,
                            const struct alc_hash *data_id, bool *has, struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc =
        lnet_row(&r, c->store, "SELECT 1 FROM received WHERE account = $1 AND data_id = $2",
                 ALC_ARGS(ALC_TEXT(alc_cstr(account)), ALC_BLOB(alc_hash_bytes(data_id))), err);
    *has = rc == ALC_OK;
    if (rc == ALC_NOT_FOUND) return ALC_OK;
    if (rc == ALC_OK) alc_rows_end(&r);
    return rc;
}

/* All inputs are there: runs the receipt with them, in the order of its input ids. */
static enum alc_rc run_receipt(struct lnet_chain *c, struct lnet_block *b,
                               const struct lnet_receipt *r, struct alc_arena *arena,
                               struct alc_err *err)
{
    struct nearvm_result *results = alc_arena_array(arena, r->inputs_count, sizeof *results);
    if (results == NULL) return ALC_NOMEM;
    for (uint32_t i = 0; i < r->inputs_count; i++) {
        enum alc_rc rc = take_data(c, r->receiver.s, &r->inputs[i], &results[i], arena, err);
        if (rc == ALC_NOT_FOUND)
            return alc_fail(err, ALC_CORRUPT, "a receipt's input is gone before it ran");
        if (rc != ALC_OK) return rc;
    }
    return lnet_apply_action(c, b, r, results, r->inputs_count, arena, err);
}

/* ---- receipts that wait ---- */

static enum alc_rc postpone(struct lnet_chain *c, const struct lnet_receipt *r, int64_t missing,
                            struct alc_err *err)
{
    struct alc_buf body = ALC_BUF(LNET_DOC_MAX_BYTES);
    enum alc_rc rc = ALC_NOMEM;
    lnet_receipt_write(&body, r);
    if (!body.failed)
        rc = alc_store_exec(c->store, NULL,
                            "INSERT INTO waiting(id, missing, body) VALUES($1, $2, $3)",
                            ALC_ARGS(ALC_BLOB(alc_hash_bytes(&r->id)), ALC_INT(missing),
                                     ALC_BLOB(alc_buf_bytes(&body))),
                            err);
    alc_buf_fini(&body);
    return rc;
}

static enum alc_rc expect(struct lnet_chain *c, const struct lnet_receipt *r,
                          const struct alc_hash *data_id, struct alc_err *err)
{
    return alc_store_exec(
        c->store, NULL, "INSERT INTO input(account, data_id, receipt) VALUES($1, $2, $3)",
        ALC_ARGS(ALC_TEXT(alc_near_id_bytes(&r->receiver)), ALC_BLOB(alc_hash_bytes(data_id)),
                 ALC_BLOB(alc_hash_bytes(&r->id))),
        err);
}

static enum alc_rc deliver_action(struct lnet_chain *c, struct lnet_block *b,
                                  const struct lnet_receipt *r, struct alc_arena *arena,
                                  struct alc_err *err)
{
    int64_t missing = 0;
    for (uint32_t i = 0; i < r->inputs_count; i++) {
        bool has;
        enum alc_rc rc = has_data(c, r->receiver.s, &r->inputs[i], &has, err);
        if (rc == ALC_OK && !has) rc = expect(c, r, &r->inputs[i], err);
        if (rc != ALC_OK) return rc;
        if (!has) missing++;
    }
    if (missing > 0) return postpone(c, r, missing, err);
    return run_receipt(c, b, r, arena, err);
}

/* The receipt that waits for this data.  ALC_NOT_FOUND: none. */
static enum alc_rc who_waits(struct lnet_chain *c, const char *account,
                             const struct alc_hash *data_id, struct alc_hash *receipt,
                             struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc =
        lnet_row(&r, c->store, "SELECT receipt FROM input WHERE account = $1 AND data_id = $2",
                 ALC_ARGS(ALC_TEXT(alc_cstr(account)), ALC_BLOB(alc_hash_bytes(data_id))), err);
    if (rc != ALC_OK) return rc;
    rc = lnet_hash_get(receipt, alc_rows_bytes(&r, 0), err);
    alc_rows_end(&r);
    return rc;
}

static enum alc_rc read_waiting(struct lnet_chain *c, const struct alc_hash *id,
                                struct lnet_receipt *out, int64_t *missing, struct alc_arena *arena,
                                struct alc_err *err)
{
    struct alc_rows r;
    struct alc_bytes body;
    bool copied;
    enum alc_rc rc = lnet_row(&r, c->store, "SELECT missing, body FROM waiting WHERE id = $1",
                              ALC_ARGS(ALC_BLOB(alc_hash_bytes(id))), err);
    if (rc == ALC_NOT_FOUND) return alc_fail(err, ALC_CORRUPT, "a waiting receipt is gone");
    if (rc != ALC_OK) return rc;
    *missing = alc_rows_int(&r, 0);
    copied = alc_arena_copy(arena, alc_rows_bytes(&r, 1), &body);
    alc_rows_end(&r);
    return copied ? lnet_receipt_read(out, body, arena, err) : ALC_NOMEM;
}

/* Data has come.  The last one a receipt waited for makes it run, in the slot of the data. */
static enum alc_rc deliver_data(struct lnet_chain *c, struct lnet_block *b,
                                const struct lnet_receipt *d, struct alc_arena *arena,
                                struct alc_err *err)
{
    struct alc_hash id;
    struct lnet_receipt r;
    int64_t missing;
    enum alc_rc rc = keep_data(c, d, err);
    if (rc == ALC_OK) rc = who_waits(c, d->receiver.s, &d->data_id, &id, err);
    if (rc == ALC_NOT_FOUND) return ALC_OK; /* it came before its receipt */
    if (rc == ALC_OK)
        rc = alc_store_exec(c->store, NULL, "DELETE FROM input WHERE account = $1 AND data_id = $2",
                            ALC_ARGS(ALC_TEXT(alc_near_id_bytes(&d->receiver)),
                                     ALC_BLOB(alc_hash_bytes(&d->data_id))),
                            err);
    if (rc == ALC_OK) rc = read_waiting(c, &id, &r, &missing, arena, err);
    if (rc != ALC_OK) return rc;
    if (missing > 1)
        return alc_store_exec(c->store, NULL,
                              "UPDATE waiting SET missing = missing - 1 WHERE id = $1",
                              ALC_ARGS(ALC_BLOB(alc_hash_bytes(&id))), err);
    rc = alc_store_exec(c->store, NULL, "DELETE FROM waiting WHERE id = $1",
                        ALC_ARGS(ALC_BLOB(alc_hash_bytes(&id))), err);
    return rc == ALC_OK ? run_receipt(c, b, &r, arena, err) : rc;
}

/* ---- yields ---- */

enum alc_rc lnet_yield_open(struct lnet_chain *c, struct lnet_block *b, const char *account,
                            const struct alc_hash *data_id, const struct alc_hash *yield_id,
                            struct alc_err *err)
{
    enum alc_rc rc = alc_store_exec(
        c->store, NULL,
        "INSERT INTO yield(account, data_id, resumed, yield_id) VALUES($1, $2, 0, $3)",
        ALC_ARGS(ALC_TEXT(alc_cstr(account)), ALC_BLOB(alc_hash_bytes(data_id)),
                 yield_id != NULL ? ALC_BLOB(alc_hash_bytes(yield_id)) : ALC_NULL_ARG),
        err);
    if (rc != ALC_OK) return rc;
    return alc_store_exec(c->store, NULL,
                          "INSERT INTO expiry(height, account, data_id) VALUES($1, $2, $3)",
                          ALC_ARGS(ALC_INT(b->head.ref.height + c->fees.yield_timeout_blocks),
                                   ALC_TEXT(alc_cstr(account)), ALC_BLOB(alc_hash_bytes(data_id))),
                          err);
}

enum alc_rc lnet_yield_resumed(struct lnet_chain *c, const char *account,
                               const struct alc_hash *data_id, struct alc_err *err)
{
    return alc_store_exec(
        c->store, NULL, "UPDATE yield SET resumed = 1 WHERE account = $1 AND data_id = $2",
        ALC_ARGS(ALC_TEXT(alc_cstr(account)), ALC_BLOB(alc_hash_bytes(data_id))), err);
}

static enum alc_rc yield_state(struct lnet_chain *c, const char *account,
                               const struct alc_hash *data_id, bool *resumed, struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc =
        lnet_row(&r, c->store, "SELECT resumed FROM yield WHERE account = $1 AND data_id = $2",
                 ALC_ARGS(ALC_TEXT(alc_cstr(account)), ALC_BLOB(alc_hash_bytes(data_id))), err);
    if (rc != ALC_OK) return rc;
    *resumed = alc_rows_int(&r, 0) != 0;
    alc_rows_end(&r);
    return ALC_OK;
}

enum alc_rc lnet_yield_waits(struct lnet_chain *c, const char *account,
                             const struct alc_hash *data_id, struct alc_err *err)
{
    bool resumed; /* a second resume is taken too; the first to arrive wins */
    return yield_state(c, account, data_id, &resumed, err);
}

enum alc_rc lnet_yield_by_id(struct lnet_chain *c, const char *account,
                             const struct alc_hash *yield_id, struct alc_hash *data_id,
                             struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc =
        lnet_row(&r, c->store, "SELECT data_id FROM yield WHERE account = $1 AND yield_id = $2",
                 ALC_ARGS(ALC_TEXT(alc_cstr(account)), ALC_BLOB(alc_hash_bytes(yield_id))), err);
    if (rc != ALC_OK) return rc;
    rc = lnet_hash_get(data_id, alc_rows_bytes(&r, 0), err);
    alc_rows_end(&r);
    return rc;
}

/* A timeout gives way to a resume that is on its way; what comes second finds nothing. */
static enum alc_rc deliver_resume(struct lnet_chain *c, struct lnet_block *b,
                                  const struct lnet_receipt *d, struct alc_arena *arena,
                                  struct alc_err *err)
{
    bool resumed;
    enum alc_rc rc = yield_state(c, d->receiver.s, &d->data_id, &resumed, err);
    if (rc == ALC_NOT_FOUND) return ALC_OK;
    if (rc != ALC_OK || (!d->has_data && resumed)) return rc;
    rc = alc_store_exec(
        c->store, NULL, "DELETE FROM yield WHERE account = $1 AND data_id = $2",
        ALC_ARGS(ALC_TEXT(alc_near_id_bytes(&d->receiver)), ALC_BLOB(alc_hash_bytes(&d->data_id))),
        err);
    return rc == ALC_OK ? deliver_data(c, b, d, arena, err) : rc;
}

/* Takes the oldest yield whose time is over.  ALC_NOT_FOUND: none. */
static enum alc_rc next_expired(struct lnet_chain *c, uint64_t height, struct lnet_receipt *out,
                                struct alc_err *err)
{
    struct alc_rows r;
    int64_t seq;
    bool due;
    /* heights grow with seq, so the first row decides */
    enum alc_rc rc = lnet_row(
        &r, c->store, "SELECT seq, height, account, data_id FROM expiry ORDER BY seq LIMIT 1",
        ALC_NO_ARGS, err);
    if (rc != ALC_OK) return rc;
    seq = alc_rows_int(&r, 0);
    due = (uint64_t)alc_rows_int(&r, 1) <= height;
    *out = (struct lnet_receipt){.kind = LNET_RESUME};
    if (due && !alc_near_id_set(&out->receiver, alc_rows_bytes(&r, 2)))
        rc = alc_fail(err, ALC_CORRUPT, "a yield's expiry names no account");
    if (due && rc == ALC_OK) rc = lnet_hash_get(&out->data_id, alc_rows_bytes(&r, 3), err);
    alc_rows_end(&r);
    if (rc != ALC_OK) return rc;
    if (!due) return ALC_NOT_FOUND;
    out->predecessor = out->receiver;
    return alc_store_exec(c->store, NULL, "DELETE FROM expiry WHERE seq = $1",
                          ALC_ARGS(ALC_INT(seq)), err);
}

enum alc_rc lnet_yield_timeouts(struct lnet_chain *c, struct lnet_block *b, struct alc_err *err)
{
    uint64_t height = b->head.ref.height;
    for (uint64_t k = 0;;) {
        struct alc_arena arena = ALC_ARENA(LNET_RECEIPT_ARENA_BYTES);
        struct lnet_receipt timeout, waiting;
        struct alc_hash id;
        int64_t missing;
        enum alc_rc rc = next_expired(c, height, &timeout, err);
        if (rc == ALC_NOT_FOUND) return ALC_OK;
        if (rc == ALC_OK) rc = who_waits(c, timeout.receiver.s, &timeout.data_id, &id, err);
        if (rc == ALC_NOT_FOUND) continue; /* it was resumed */
        if (rc == ALC_OK) rc = read_waiting(c, &id, &waiting, &missing, &arena, err);
        if (rc == ALC_OK) {
            timeout.tx = waiting.tx;
            lnet_ix(&timeout.id, &timeout.data_id, height, k++);
            rc = lnet_block_receipt(c, b, &timeout, LNET_TRAVELS, err);
        }
        alc_arena_fini(&arena);
        if (rc != ALC_OK) return rc;
    }
}

/* ---- any receipt ---- */

static enum alc_rc deliver_global(struct lnet_chain *c, const struct lnet_receipt *r,
                                  struct alc_err *err)
{
    struct alc_hash hash;
    enum alc_rc rc = lnet_code_put(c, &hash, r->data, err);
    if (rc != ALC_OK) return rc;
    return lnet_global_put(c, &hash, r->by_account ? r->predecessor.s : NULL, err);
}

enum alc_rc lnet_deliver(struct lnet_chain *c, struct lnet_block *b, const struct lnet_receipt *r,
                         struct alc_arena *arena, struct alc_err *err)
{
    switch (r->kind) {
    case LNET_ACTION:
    case LNET_YIELD:
        return deliver_action(c, b, r, arena, err);
    case LNET_DATA:
        return deliver_data(c, b, r, arena, err);
    case LNET_RESUME:
        return deliver_resume(c, b, r, arena, err);
    case LNET_GLOBAL:
        break;
    }
    return deliver_global(c, r, err);
}
