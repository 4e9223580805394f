/* localnet/rpc_sandbox.c — what only a development chain does: state set at will and read as
 * records, heights jumped, the whole chain put by and brought back. */
#include "base/json.h"
#include "localnet/rpc_call.h"

static bool answer_empty(struct lnet_call *c)
{
    alc_buf_put_text(c->out, "{}");
    return true;
}

bool lnet_do_patch_state(struct lnet_call *c)
{
    struct alc_buf records = ALC_BUF(LNET_RPC_BODY_MAX_BYTES);
    const struct alc_json *list = alc_json_get(c->params, "records");
    struct alc_err err = {0};
    enum alc_rc rc;

    if (alc_json_kind(list) != ALC_JSON_ARRAY) {
        rc = alc_fail(&err, ALC_BAD_INPUT, "%s",
                      list == NULL ? "missing field `records`" : "records: an array is expected");
        return lnet_fail_params(c, rc, &err);
    }
    alc_json_dump(list, &records);
    rc = records.failed ? ALC_NOMEM : lnet_chain_patch(c->chain, alc_buf_bytes(&records), &err);
    alc_buf_fini(&records);
    if (rc == ALC_LIMIT) rc = ALC_BAD_INPUT; /* of what one patch may hold */
    return rc == ALC_OK ? answer_empty(c) : lnet_fail_params(c, rc, &err);
}

bool lnet_do_fast_forward(struct lnet_call *c)
{
    struct alc_err err = {0};
    uint64_t delta;
    enum alc_rc rc = lnet_params_delta(&delta, c->params, &err);

    if (rc == ALC_OK) rc = lnet_chain_fast_forward(c->chain, delta, &err);
    return rc == ALC_OK ? answer_empty(c) : lnet_fail_params(c, rc, &err);
}

/* ---- snapshots ---- */

bool lnet_do_snapshot(struct lnet_call *c)
{
    struct alc_jw w = {.out = c->out};
    struct alc_err err = {0};
    uint64_t id;
    enum alc_rc rc = lnet_chain_snapshot(c->chain, &id, &err);

    if (rc == ALC_LIMIT) return lnet_fail_params(c, ALC_BAD_INPUT, &err);
    if (rc != ALC_OK) return lnet_fail_internal(c, rc, &err);
    alc_jw_obj(&w);
    alc_jw_key(&w, "id");
    alc_jw_u64(&w, id);
    alc_jw_end(&w);
    return true;
}

static bool by_id(struct lnet_call *c,
                  enum alc_rc (*run)(struct lnet_chain *, uint64_t, struct alc_err *))
{
    struct alc_err err = {0};
    uint64_t id;
    enum alc_rc rc = lnet_params_snapshot(&id, c->params, &err);

    if (rc != ALC_OK) return lnet_fail_params(c, rc, &err);
    rc = run(c->chain, id, &err);
    if (rc == ALC_NOT_FOUND) return lnet_fail_params(c, ALC_BAD_INPUT, &err);
    return rc == ALC_OK ? answer_empty(c) : lnet_fail_internal(c, rc, &err);
}

bool lnet_do_restore(struct lnet_call *c)
{
    return by_id(c, lnet_chain_restore);
}

bool lnet_do_drop_snapshot(struct lnet_call *c)
{
    return by_id(c, lnet_chain_drop_snapshot);
}

/* ---- records ---- */

static enum alc_rc put_piece(void *ctx, struct alc_bytes piece, struct alc_err *err)
{
    struct alc_buf *out = ctx;
    alc_buf_put_bytes(out, piece);
    return out->failed ? alc_fail(err, ALC_LIMIT, "the records are over %zu bytes", out->max_bytes)
                       : ALC_OK;
}

bool lnet_do_dump_state(struct lnet_call *c)
{
    const char **ids;
    size_t count;
    struct alc_err err = {0};
    enum alc_rc rc = lnet_params_accounts(&ids, &count, c->params, c->arena, &err);

    if (rc != ALC_OK) return lnet_fail_params(c, rc, &err);
    rc = lnet_chain_dump(c->chain, ids, count, put_piece, c->out, &err);
    if (rc == ALC_NOT_FOUND) return lnet_fail_params(c, ALC_BAD_INPUT, &err);
    return rc == ALC_OK || lnet_fail_internal(c, rc, &err);
}
