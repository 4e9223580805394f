/* localnet/trace.c — for --log debug: one line for each transaction that is done, with what its
 * contracts logged and how it failed.  Who develops a contract reads them; no other log of ours
 * shows what a user said. */
#include "localnet/node.h"

#define TRACE_MAX_BYTES 65536u

/* What the line says of all outcomes of a transaction. */
struct trace {
    struct alc_buf logs, failure;
    uint64_t gas;
    size_t logs_count;
};

static void add_logs(struct trace *t, const struct alc_json *logs)
{
    for (size_t i = 0; i < alc_json_count(logs); i++) {
        if (t->logs_count++ > 0) alc_buf_put_text(&t->logs, ",");
        alc_json_dump(alc_json_at(logs, i), &t->logs);
    }
}

static void add_outcome(struct trace *t, struct alc_bytes doc)
{
    const struct alc_json *o, *failure;
    struct alc_json *parsed = NULL;
    uint64_t gas = 0;

    if (alc_json_open(&parsed, doc, LNET_DOC_MAX_BYTES, NULL) != ALC_OK) return;
    o = alc_json_get(parsed, "outcome");
    failure = alc_json_get(alc_json_get(o, "status"), "Failure");
    if (alc_json_u64(alc_json_get(o, "gas_burnt"), &gas)) t->gas += gas;
    add_logs(t, alc_json_get(o, "logs"));
    if (failure != NULL && t->failure.n == 0) alc_json_dump(failure, &t->failure);
    alc_json_close(parsed);
}

/* The transaction's own outcome is the first, and not long ago: no index is needed. */
static enum alc_rc add_outcomes(struct lnet_chain *c, const struct lnet_touched *tx,
                                struct trace *t, struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc =
        alc_rows_start(&r, c->store,
                       "SELECT doc FROM outcome WHERE tx = $1 AND"
                       " seq >= (SELECT seq FROM outcome WHERE id = $2) ORDER BY seq",
                       ALC_ARGS(ALC_INT(tx->seq), ALC_BLOB(alc_hash_bytes(&tx->hash))), err);
    if (rc != ALC_OK) return rc;
    while ((rc = alc_rows_next(&r, err)) == ALC_OK)
        add_outcome(t, alc_rows_bytes(&r, 0));
    alc_rows_end(&r);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

static const char *member(const struct alc_json *doc, const char *name)
{
    const char *text;
    return alc_json_text(alc_json_get(doc, name), &text) ? text : "";
}

static void say(const struct trace *t, struct alc_bytes tx)
{
    struct alc_json *doc = NULL;

    if (alc_json_open(&doc, tx, LNET_DOC_MAX_BYTES, NULL) != ALC_OK) return;
    alc_log(ALC_DEBUG, "localnet.tx", "hash=%s signer=%s receiver=%s gas=%llu %s%s logs=[%s]",
            member(doc, "hash"), member(doc, "signer_id"), member(doc, "receiver_id"),
            (unsigned long long)t->gas, t->failure.n > 0 ? "failed=" : "ok",
            alc_buf_text(&t->failure), alc_buf_text(&t->logs));
    alc_json_close(doc);
}

static void trace_tx(struct lnet_chain *c, const struct lnet_touched *tx)
{
    struct trace t = {.logs = ALC_BUF(TRACE_MAX_BYTES), .failure = ALC_BUF(TRACE_MAX_BYTES)};
    struct alc_err err = {0};
    struct alc_rows r;

    if (add_outcomes(c, tx, &t, &err) == ALC_OK &&
        lnet_row(&r, c->store, "SELECT doc FROM tx WHERE seq = $1", ALC_ARGS(ALC_INT(tx->seq)),
                 &err) == ALC_OK) {
        say(&t, alc_rows_bytes(&r, 0));
        alc_rows_end(&r);
    }
    alc_buf_fini(&t.logs);
    alc_buf_fini(&t.failure);
}

void lnet_trace_block(struct lnet_chain *c, const struct lnet_block *b)
{
    if (!alc_log_wants(ALC_DEBUG)) return;
    for (size_t i = 0; i < b->touched_count; i++)
        if (b->touched[i].level == LNET_FINAL) trace_tx(c, &b->touched[i]);
}
