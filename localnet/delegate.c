/* localnet/delegate.c — a delegate action (NEP-366): what somebody else signed and the outer signer
 * pays for. */
#include "localnet/node.h"

static void fail_text(struct lnet_apply *a, const char *kind)
{
    struct alc_jw w = {.out = &a->fail.json};
    alc_jw_text(&w, kind);
}

static void fail_nonce(struct lnet_apply *a, const char *kind, uint64_t nonce, const char *field,
                       uint64_t other)
{
    alc_buf_printf(&a->fail.json, "{\"%s\":{\"delegate_nonce\":%llu,\"%s\":%llu}}", kind,
                   (unsigned long long)nonce, field, (unsigned long long)other);
}

static void fail_access(struct lnet_apply *a, const struct alc_buf *why)
{
    alc_buf_put_text(&a->fail.json, "{\"DelegateActionAccessKeyError\":");
    alc_buf_put_bytes(&a->fail.json, alc_buf_bytes(why));
    alc_buf_put_text(&a->fail.json, "}");
}

static void fail_no_key(struct lnet_apply *a, const struct alc_near_delegate *d)
{
    char key[ALC_NEAR_KEY_TEXT_MAX];
    struct alc_buf why = ALC_BUF(4096);
    struct alc_jw w = {.out = &why};
    alc_near_key_text(key, &d->key);
    alc_jw_obj(&w);
    alc_jw_key(&w, "AccessKeyNotFound");
    alc_jw_obj(&w);
    alc_jw_key(&w, "account_id");
    alc_jw_str(&w, d->sender_id);
    alc_jw_key(&w, "public_key");
    alc_jw_text(&w, key);
    alc_jw_end(&w);
    alc_jw_end(&w);
    fail_access(a, &why);
    alc_buf_fini(&why);
}

/* The sender's key: there, with a fresh nonce, and allowed to do this. */
static enum alc_rc check_key(struct lnet_apply *a, const struct alc_near_delegate *d,
                             struct alc_err *err)
{
    struct alc_buf why = ALC_BUF(1u << 20);
    struct alc_near_access access;
    uint64_t limit = a->b->head.ref.height * LNET_NONCES_PER_BLOCK;
    enum alc_rc rc = lnet_key_get(a->c, a->r->receiver.s, &d->key, &access, a->arena, err);
    if (rc == ALC_NOT_FOUND) {
        fail_no_key(a, d);
        return ALC_OK;
    }
    if (rc != ALC_OK) return rc;
    if (alc_near_is_gas_key(&access)) { /* only the DelegateV2 of old named one of its nonces */
        alc_buf_put_text(&why, "\"DelegateActionRequiresNonGasKey\"");
        fail_access(a, &why);
    } else if (d->nonce <= access.nonce) {
        fail_nonce(a, "DelegateActionInvalidNonce", d->nonce, "ak_nonce", access.nonce);
    } else if (d->nonce >= limit) {
        fail_nonce(a, "DelegateActionNonceTooLarge", d->nonce, "upper_bound", limit);
    } else if (!lnet_check_call_key(&access, &why, d->receiver_id, d->actions, d->actions_count)) {
        fail_access(a, &why);
    } else {
        access.nonce = d->nonce;
        rc = lnet_key_touch(a->c, a->r->receiver.s, &d->key, &access, err);
    }
    alc_buf_fini(&why);
    return rc;
}

/* What the inner receipt costs was prepaid with the outer one; now it is used. */
static enum alc_rc use_gas(struct lnet_apply *a, const struct alc_near_delegate *d,
                           struct alc_err *err)
{
    const struct nearvm_fees *f = &a->c->fees;
    bool sir = alc_bytes_eq(d->sender_id, d->receiver_id);
    struct lnet_gas g;
    if (!lnet_gas_of(f, &g, d->actions, d->actions_count, sir, d->receiver_id))
        return alc_fail(err, ALC_CORRUPT, "a delegate carries more gas than was ever paid");
    /* the new receipt itself is sent for free */
    uint64_t send = g.send - (sir ? f->action[NEARVM_ACTION_RECEIPT].send_sir
                                  : f->action[NEARVM_ACTION_RECEIPT].send_not_sir);
    a->gas_burnt += send;
    a->gas_used += send + g.exec + g.prepaid;
    return ALC_OK;
}

enum alc_rc lnet_action_delegate(struct lnet_apply *a, const struct alc_near_delegate *d,
                                 struct alc_err *err)
{
    struct alc_hash hash;
    struct lnet_receipt *r;
    enum alc_rc rc;
    alc_near_delegate_hash(&hash, d);
    if (!lnet_sig_ok(&d->sig, &d->key, &hash)) {
        fail_text(a, "DelegateActionInvalidSignature");
        return ALC_OK;
    }
    if (a->b->head.ref.height > d->max_block_height) {
        fail_text(a, "DelegateActionExpired");
        return ALC_OK;
    }
    if (!alc_bytes_eq(d->sender_id, alc_near_id_bytes(&a->r->receiver))) {
        struct alc_jw w = {.out = &a->fail.json};
        alc_jw_obj(&w);
        alc_jw_key(&w, "DelegateActionSenderDoesNotMatchTxReceiver");
        alc_jw_obj(&w);
        alc_jw_key(&w, "sender_id");
        alc_jw_str(&w, d->sender_id);
        alc_jw_key(&w, "receiver_id");
        alc_jw_text(&w, a->r->receiver.s);
        alc_jw_end(&w);
        alc_jw_end(&w);
        return ALC_OK;
    }
    rc = check_key(a, d, err);
    if (rc != ALC_OK || a->fail.json.n > 0) return rc;
    r = lnet_apply_add(a); /* predecessor: the sender; signer and key: the outer ones */
    if (r == NULL) return ALC_NOMEM;
    if (!alc_near_id_set(&r->receiver, d->receiver_id))
        return alc_fail(err, ALC_CORRUPT, "a delegate names no receiver");
    r->actions = d->actions;
    r->actions_count = d->actions_count;
    return use_gas(a, d, err);
}
