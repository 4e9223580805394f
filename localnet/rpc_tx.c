/* localnet/rpc_tx.c — sending transactions, waiting for them, reading them and their receipts. */
#include <string.h>

#include "base/json.h"
#include "localnet/rpc_call.h"

static bool fail_decode(struct lnet_call *c, const struct alc_err *err)
{
    struct alc_err said = {0};

    (void)alc_fail(&said, ALC_BAD_INPUT, "failed to decode the transaction: %s",
                   alc_err_text(err, ALC_BAD_INPUT));
    return lnet_fail_params(c, ALC_BAD_INPUT, &said);
}

/* `data` is the object {"TxExecutionError": ...} that clients walk into. */
static bool fail_invalid(struct lnet_call *c, const struct alc_buf *invalid)
{
    c->error.cause = LNET_INVALID_TRANSACTION;
    alc_buf_put_text(&c->error.info, "{}");
    alc_buf_put_bytes(&c->error.data, alc_buf_bytes(invalid));
    return false;
}

/* submit returns true when the transaction is in the chain's hands, or was before. */
static bool submit(struct lnet_call *c, struct alc_bytes signed_tx, struct alc_hash *hash)
{
    struct alc_buf invalid = ALC_BUF(64u << 10);
    struct alc_err err = {0};
    enum alc_rc rc = lnet_chain_submit(c->chain, signed_tx, hash, &invalid, &err);
    bool ok = rc == ALC_OK;

    if (rc == ALC_BAD_INPUT || rc == ALC_LIMIT)
        ok = fail_decode(c, &err);
    else if (rc == ALC_CONFLICT)
        ok = fail_invalid(c, &invalid);
    else if (rc != ALC_OK)
        ok = lnet_fail_internal(c, rc, &err);
    alc_buf_fini(&invalid);
    return ok;
}

/* read_tx puts the TxResult; at level NONE nothing but the level, as NEAR answers. */
static bool read_tx(struct lnet_call *c, const struct alc_hash *hash, enum lnet_level level,
                    bool receipts)
{
    struct alc_err err = {0};
    enum alc_rc rc;

    if (level == LNET_NONE) {
        alc_buf_put_text(c->out, "{\"final_execution_status\":\"NONE\"}");
        return true;
    }
    rc = lnet_read_tx(c->chain, hash, receipts, c->out, &err);
    if (rc == ALC_NOT_FOUND)
        return lnet_fail_hash(c, LNET_UNKNOWN_TRANSACTION, "requested_transaction_hash", hash);
    return rc == ALC_OK || lnet_fail_internal(c, rc, &err);
}

static bool wait_sent(struct lnet_call *c, const struct alc_hash *hash, enum lnet_level level)
{
    struct alc_err err = {0};
    enum lnet_level is;
    bool known;
    enum alc_rc rc;

    if (level == LNET_NONE) return true;
    rc = lnet_chain_wait(c->chain, hash, level, c->conf->wait_ms, &is, &known, &err);
    if (rc == ALC_TIMEOUT) return lnet_fail_timeout(c);
    return rc == ALC_OK || lnet_fail_internal(c, rc, &err);
}

/* A transaction may be overtaken on its way into the block: valid when it was sent, it then stands
 * there as a failure with InvalidTxError.  Its sender is told INVALID_TRANSACTION all the same,
 * because that is what clients sign anew on.  `tx` shows it as it stands. */
static bool refuse_overtaken(struct lnet_call *c, struct alc_bytes result)
{
    static const char name[] = "\"InvalidTxError\"";
    const struct alc_json *invalid;
    struct alc_json *doc = NULL;
    struct alc_buf text = ALC_BUF(64u << 10);

    if (result.n == 0 || memmem(result.p, result.n, name, sizeof name - 1) == NULL ||
        alc_json_open(&doc, result, result.n, NULL) != ALC_OK)
        return true;
    invalid = alc_json_get(alc_json_get(doc, "status"), "Failure");
    if (alc_json_get(invalid, "InvalidTxError") != NULL) {
        alc_buf_put_text(&text, "{\"TxExecutionError\":");
        alc_json_dump(invalid, &text);
        alc_buf_put_text(&text, "}");
        (void)fail_invalid(c, &text);
    }
    alc_json_close(doc);
    alc_buf_fini(&text);
    return c->error.data.n == 0;
}

static bool send_at(struct lnet_call *c, bool commit)
{
    struct alc_err err = {0};
    size_t begin = c->out->n;
    struct lnet_send send;
    struct alc_hash hash;
    enum alc_rc rc = lnet_params_send(&send, c->params, c->arena, &err);

    if (rc != ALC_OK) return lnet_fail_params(c, rc, &err);
    if (commit) send.level = LNET_EXECUTED_OPTIMISTIC;
    return submit(c, send.signed_tx, &hash) && wait_sent(c, &hash, send.level) &&
           read_tx(c, &hash, send.level, false) &&
           refuse_overtaken(c, (struct alc_bytes){c->out->p + begin, c->out->n - begin});
}

bool lnet_do_send(struct lnet_call *c)
{
    return send_at(c, false);
}

bool lnet_do_broadcast_commit(struct lnet_call *c)
{
    return send_at(c, true);
}

/* Answers with the hash at once; one that turns out to be invalid is dropped, as NEAR does. */
bool lnet_do_broadcast_async(struct lnet_call *c)
{
    struct alc_err err = {0};
    struct alc_jw w = {.out = c->out};
    struct lnet_send send;
    struct alc_hash hash;
    enum alc_rc rc = lnet_params_send(&send, c->params, c->arena, &err);

    if (rc != ALC_OK) return lnet_fail_params(c, rc, &err);
    if (!submit(c, send.signed_tx, &hash) && c->error.cause != LNET_INVALID_TRANSACTION)
        return false;
    alc_jw_base58(&w, alc_hash_bytes(&hash));
    return true;
}

/* A transaction that nobody has sent is waited for a little: clients send without waiting and ask
 * in the same breath.  NEAR's nodes wait the whole time for it and then answer TIMEOUT_ERROR, which
 * makes clients ask on for minutes. */
static bool wait_asked(struct lnet_call *c, const struct lnet_tx_ref *ref)
{
    uint64_t left_ms = c->conf->wait_ms;
    uint32_t first_ms = c->conf->unknown_wait_ms;
    struct alc_err err = {0};
    enum lnet_level is = LNET_NONE;
    bool known = false;
    enum alc_rc rc;

    if (first_ms > left_ms) first_ms = (uint32_t)left_ms;
    if (ref->level == LNET_NONE) first_ms = 0;
    rc = lnet_chain_wait(c->chain, &ref->hash, ref->level, first_ms, &is, &known, &err);
    if (!known && (rc == ALC_OK || rc == ALC_TIMEOUT))
        return lnet_fail_hash(c, LNET_UNKNOWN_TRANSACTION, "requested_transaction_hash",
                              &ref->hash);
    if (rc == ALC_TIMEOUT)
        rc = lnet_chain_wait(c->chain, &ref->hash, ref->level, (uint32_t)(left_ms - first_ms), &is,
                             &known, &err);
    if (rc == ALC_TIMEOUT) return lnet_fail_timeout(c);
    return rc == ALC_OK || lnet_fail_internal(c, rc, &err);
}

static bool ask_tx(struct lnet_call *c, bool receipts)
{
    struct alc_err err = {0};
    struct lnet_tx_ref ref;
    enum alc_rc rc = lnet_params_tx(&ref, c->params, c->arena, &err);

    if (rc != ALC_OK) return lnet_fail_params(c, rc, &err);
    /* Asked at NONE, a transaction that is known is still shown as far as it is. */
    return wait_asked(c, &ref) && read_tx(c, &ref.hash, LNET_INCLUDED, receipts);
}

bool lnet_do_tx(struct lnet_call *c)
{
    return ask_tx(c, false);
}

bool lnet_do_tx_status(struct lnet_call *c)
{
    return ask_tx(c, true);
}

bool lnet_do_receipt(struct lnet_call *c)
{
    struct alc_jw info = {.out = &c->error.info};
    struct alc_err err = {0};
    struct alc_hash id;
    enum alc_rc rc = lnet_params_hash(&id, c->params, "receipt_id", &err);

    if (rc != ALC_OK) return lnet_fail_params(c, rc, &err);
    rc = lnet_read_receipt(c->chain, &id, c->out, &err);
    if (rc == ALC_OK) return true;
    if (rc != ALC_NOT_FOUND) return lnet_fail_internal(c, rc, &err);
    alc_jw_obj(&info);
    alc_jw_key(&info, "receipt_id");
    alc_jw_text(&info, lnet_text58(c, &id));
    alc_jw_end(&info);
    return lnet_fail_twice(c, LNET_UNKNOWN_RECEIPT);
}
