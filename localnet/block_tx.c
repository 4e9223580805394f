/* localnet/block_tx.c — transactions in a block: checked once more, paid for, and made into
 * receipts (near.md 5). */
#include <string.h>

#include "localnet/views.h"

static enum alc_rc write_tx(struct lnet_chain *c, struct lnet_block *b,
                            const struct alc_near_signed *s, struct alc_err *err)
{
    struct alc_buf doc = ALC_BUF(LNET_DOC_MAX_BYTES);
    struct alc_jw w = {.out = &doc};
    enum alc_rc rc = ALC_NOMEM;
    lnet_view_tx(&w, s);
    if (!doc.failed) /* its receipt is work; a refused one takes that back */
        rc = alc_store_exec(
            c->store, NULL,
            "INSERT INTO tx(seq, hash, sir, work, refunds, doc) VALUES($1, $2, $3, 1, 0, $4)",
            ALC_ARGS(ALC_INT(b->head.tx_seq + 1), ALC_BLOB(alc_hash_bytes(&s->hash)),
                     ALC_INT(alc_bytes_eq(s->tx.signer_id, s->tx.receiver_id)),
                     ALC_TEXT(alc_buf_bytes(&doc))),
            err);
    if (rc == ALC_OK) b->head.tx_seq++;
    alc_buf_fini(&doc);
    return rc;
}

/* The key's side of what the signer pays: its nonce is used, and a gas key's balance. */
static enum alc_rc write_key(struct lnet_chain *c, const struct alc_near_signed *s, const char *id,
                             const struct lnet_signer *signer, struct alc_err *err)
{
    enum alc_rc rc = lnet_key_touch(c, id, &s->tx.key, &signer->access, err);
    if (rc != ALC_OK || !s->tx.gas_key_nonce) return rc;
    return lnet_gas_nonce_put(c, id, &s->tx.key, s->tx.nonce_index, s->tx.nonce, err);
}

/* A gas key pays for the look at a transaction whose deposits the account cannot pay. */
static enum alc_rc charge_refused(struct lnet_chain *c, struct lnet_block *b,
                                  const struct alc_near_signed *s, const struct lnet_signer *signer,
                                  struct lnet_outcome *o, struct alc_err *err)
{
    struct alc_near_id id;
    if (!alc_near_id_set(&id, s->tx.signer_id))
        return alc_fail(err, ALC_CORRUPT, "a checked transaction names no account");
    o->gas_burnt = signer->cost.burnt_gas;
    o->tokens_burnt = signer->cost.burnt;
    b->burnt += signer->cost.burnt;
    b->gas_used += signer->cost.burnt_gas;
    lnet_journal_cause(c, "transaction_processing", "tx_hash", &s->hash);
    return write_key(c, s, id.s, signer, err);
}

/* A transaction that was valid when it came and is not any more. */
static enum alc_rc refuse_tx(struct lnet_chain *c, struct lnet_block *b,
                             const struct alc_near_signed *s, const struct lnet_signer *signer,
                             const struct alc_buf *why, struct alc_err *err)
{
    struct alc_buf failure = ALC_BUF(LNET_DOC_MAX_BYTES);
    struct lnet_outcome o = {.id = s->hash,
                             .block_hash = b->head.ref.hash,
                             .executor = s->tx.signer_id,
                             .status = LNET_STATUS_FAILURE,
                             .is_tx = true};
    enum alc_rc rc = ALC_OK;
    alc_buf_put_text(&failure, "{\"InvalidTxError\":");
    alc_buf_put_bytes(&failure, alc_buf_bytes(why));
    alc_buf_put_text(&failure, "}");
    o.failure = alc_buf_bytes(&failure);
    if (signer->deposit_failed) rc = charge_refused(c, b, s, signer, &o, err);
    if (failure.failed) rc = ALC_NOMEM;
    if (rc == ALC_OK) rc = lnet_block_outcome(c, b, b->head.tx_seq, &o, -1, 0, err);
    alc_buf_fini(&failure);
    return rc;
}

/* The signer pays, and one receipt is made. */
static enum alc_rc convert(struct lnet_chain *c, struct lnet_block *b,
                           const struct alc_near_signed *s, const struct lnet_signer *signer,
                           struct alc_err *err)
{
    struct lnet_receipt r = {.kind = LNET_ACTION,
                             .tx = b->head.tx_seq,
                             .signer_key = s->tx.key,
                             .gas_price = signer->cost.receipt_gas_price,
                             .actions = s->tx.actions,
                             .actions_count = s->tx.actions_count};
    struct lnet_outcome o = {.id = s->hash,
                             .block_hash = b->head.ref.hash,
                             .executor = s->tx.signer_id,
                             .gas_burnt = signer->cost.burnt_gas,
                             .tokens_burnt = signer->cost.burnt,
                             .children = &r.id,
                             .children_count = 1,
                             .status = LNET_STATUS_RECEIPT,
                             .is_tx = true};
    bool local = alc_bytes_eq(s->tx.signer_id, s->tx.receiver_id);
    enum alc_rc rc;
    if (!alc_near_id_set(&r.predecessor, s->tx.signer_id) ||
        !alc_near_id_set(&r.receiver, s->tx.receiver_id))
        return alc_fail(err, ALC_CORRUPT, "a checked transaction names no account");
    r.signer = r.predecessor;
    lnet_journal_cause(c, "transaction_processing", "tx_hash", &s->hash);
    rc = lnet_account_put(c, r.signer.s, &signer->account, err);
    if (rc == ALC_OK) rc = write_key(c, s, r.signer.s, signer, err);
    if (rc != ALC_OK) return rc;
    b->burnt += signer->cost.burnt;
    b->gas_used += signer->cost.burnt_gas;
    lnet_ix(&r.id, &s->hash, b->head.ref.height, 0);
    o.next = r.id;
    rc = lnet_block_outcome(c, b, r.tx, &o, 0, 0, err);
    if (rc == ALC_OK) rc = lnet_block_receipt(c, b, &r, local ? LNET_LOCAL : LNET_TRAVELS, err);
    if (rc == ALC_OK && local) b->local[b->local_count++] = r;
    return rc;
}

static enum alc_rc take_tx(struct lnet_chain *c, struct lnet_block *b,
                           const struct alc_near_signed *s, struct alc_err *err)
{
    struct alc_arena arena = ALC_ARENA(LNET_RECEIPT_ARENA_BYTES);
    struct alc_buf why = ALC_BUF(LNET_DOC_MAX_BYTES);
    struct lnet_signer signer = {0};
    enum alc_rc rc = write_tx(c, b, s, err);
    if (rc == ALC_CONFLICT) { /* it is in an earlier block */
        rc = ALC_OK;
    } else if (rc == ALC_OK) {
        rc = lnet_check_state(c, &s->tx, b->head.ref.height, b->gas_price, &signer, &why, &arena,
                              err);
        if (rc == ALC_OK)
            rc =
                why.n > 0 ? refuse_tx(c, b, s, &signer, &why, err) : convert(c, b, s, &signer, err);
    }
    alc_buf_fini(&why);
    alc_arena_fini(&arena);
    return rc;
}

enum alc_rc lnet_block_txs(struct lnet_chain *c, struct lnet_block *b, const struct lnet_pending *p,
                           size_t *taken, struct alc_err *err)
{
    size_t count = 0;
    for (const struct lnet_pending *q = p; q != NULL; q = q->next)
        count++;
    b->local = alc_arena_array(&b->arena, count, sizeof *b->local);
    if (b->local == NULL) return ALC_NOMEM;
    for (*taken = 0; p != NULL; p = p->next) {
        if (b->gas_used > LNET_GAS_LIMIT / 2) break;
        enum alc_rc rc = take_tx(c, b, &p->tx, err);
        if (rc != ALC_OK) return rc;
        ++*taken;
    }
    return ALC_OK;
}
