/* localnet/rpc_sandbox.c — what only a development chain does: state set at will, heights jumped.
 */
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
        rc = alc_fail(&err, ALC_BAD_INPUT, "missing field `records`");
        return lnet_fail_params(c, rc, &err);
    }
    alc_json_dump(list, &records);
    rc = records.failed ? ALC_NOMEM : lnet_chain_patch(c->chain, alc_buf_bytes(&records), &err);
    alc_buf_fini(&records);
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
