/* localnet/call.c — the function call, through NEAR's VM: the state it sees, and what becomes of
 * the promises it made. */
#include <string.h>

#include "localnet/node.h"

/* ---- the state, as the VM sees it ---- */

/* Keeps the first failure for whoever asked for the run; the VM only learns that there was one. */
static int failed(struct lnet_call_ctx *x, enum alc_rc rc)
{
    if (x->rc == ALC_OK) x->rc = rc;
    return -1;
}

static int state_get(void *ctx, struct alc_bytes key, struct alc_bytes *value)
{
    struct lnet_call_ctx *x = ctx;
    struct alc_rows r;
    enum alc_rc rc = lnet_row(&r, x->c->store, "SELECT value FROM data WHERE id = $1 AND key = $2",
                              ALC_ARGS(ALC_TEXT(alc_cstr(x->id)), ALC_BLOB(key)), x->err);
    if (rc == ALC_NOT_FOUND) return 0;
    if (rc != ALC_OK) return failed(x, rc);
    alc_buf_reset(&x->value);
    alc_buf_put_bytes(&x->value, alc_rows_bytes(&r, 0));
    alc_rows_end(&r);
    if (x->value.failed) return failed(x, ALC_NOMEM);
    *value = alc_buf_bytes(&x->value);
    return 1;
}

static int state_set(void *ctx, struct alc_bytes key, struct alc_bytes value, struct alc_bytes *old)
{
    struct lnet_call_ctx *x = ctx;
    int had = state_get(ctx, key, old);
    if (had < 0) return had;
    enum alc_rc rc = lnet_data_put(x->c, x->id, key, value, x->err);
    return rc == ALC_OK ? had : failed(x, rc);
}

static int state_remove(void *ctx, struct alc_bytes key, struct alc_bytes *old)
{
    struct lnet_call_ctx *x = ctx;
    int had = state_get(ctx, key, old);
    if (had <= 0) return had;
    enum alc_rc rc = lnet_data_drop(x->c, x->id, key, x->err);
    return rc == ALC_OK ? had : failed(x, rc);
}

static int state_has(void *ctx, struct alc_bytes key)
{
    struct lnet_call_ctx *x = ctx;
    struct alc_rows r;
    enum alc_rc rc = lnet_row(&r, x->c->store, "SELECT 1 FROM data WHERE id = $1 AND key = $2",
                              ALC_ARGS(ALC_TEXT(alc_cstr(x->id)), ALC_BLOB(key)), x->err);
    if (rc == ALC_NOT_FOUND) return 0;
    if (rc != ALC_OK) return failed(x, rc);
    alc_rows_end(&r);
    return 1;
}

static void state_data_id(void *ctx, uint64_t k, struct alc_hash *out)
{
    struct lnet_call_ctx *x = ctx;
    lnet_ix(out, &x->action_hash, x->height, k);
}

static int state_yield_waits(void *ctx, const struct alc_hash *data_id)
{
    struct lnet_call_ctx *x = ctx;
    enum alc_rc rc = lnet_yield_waits(x->c, x->id, data_id, x->err);
    if (rc == ALC_NOT_FOUND) return 0;
    return rc == ALC_OK ? 1 : failed(x, rc);
}

static int state_yield_by_id(void *ctx, const struct alc_hash *yield_id, struct alc_hash *data_id)
{
    struct lnet_call_ctx *x = ctx;
    enum alc_rc rc = lnet_yield_by_id(x->c, x->id, yield_id, data_id, x->err);
    if (rc == ALC_NOT_FOUND) return 0;
    return rc == ALC_OK ? 1 : failed(x, rc);
}

/* What an account has staked: its locked balance. */
static int state_stake(void *ctx, struct alc_bytes id, __uint128_t *out)
{
    struct lnet_call_ctx *x = ctx;
    struct alc_near_id account;
    struct lnet_account a;
    enum alc_rc rc;
    if (!alc_near_id_set(&account, id)) return 0;
    rc = lnet_account_get(x->c, account.s, &a, x->err);
    if (rc == ALC_NOT_FOUND) return 0;
    if (rc != ALC_OK) return failed(x, rc);
    *out = a.locked;
    return a.locked > 0;
}

static int state_total_stake(void *ctx, __uint128_t *out)
{
    return state_stake(ctx, ALC_LIT(LNET_VALIDATOR), out);
}

struct nearvm_state lnet_call_state(struct lnet_call_ctx *x)
{
    return (struct nearvm_state){.ctx = x,
                                 .get = state_get,
                                 .set = state_set,
                                 .remove = state_remove,
                                 .has = state_has,
                                 .data_id = state_data_id,
                                 .yield_waits = state_yield_waits,
                                 .yield_id_pending = state_yield_by_id,
                                 .validator_stake = state_stake,
                                 .validator_total = state_total_stake};
}

/* ---- what the call made ---- */

static enum alc_rc take_actions(struct lnet_apply *a, struct lnet_receipt *to,
                                const struct nearvm_receipt *from, struct alc_err *err)
{
    to->actions = alc_arena_array(a->arena, from->actions_count, sizeof *to->actions);
    if (to->actions == NULL || from->actions_count > UINT32_MAX) return ALC_NOMEM;
    to->actions_count = (uint32_t)from->actions_count;
    for (uint32_t i = 0; i < to->actions_count; i++) {
        struct alc_bytes own; /* the VM's bytes go with its outcome */
        if (!alc_arena_copy(a->arena, from->actions[i], &own)) return ALC_NOMEM;
        struct alc_cur cur = alc_cur(own);
        if (!alc_near_action_read(&cur, &to->actions[i], a->arena) || cur.n != 0)
            return alc_fail(err, ALC_CORRUPT, "an action of the VM does not decode");
    }
    return ALC_OK;
}

/* Receipt `to` waits for `dep`: an edge, with the data id on both sides. */
static enum alc_rc take_dep(struct lnet_apply *a, size_t first, size_t to,
                            const struct nearvm_dep *dep, struct alc_err *err)
{
    if (dep->receipt >= to - first)
        return alc_fail(err, ALC_CORRUPT, "a promise of the VM waits for a later one");
    struct lnet_receipt *from = &a->made[first + dep->receipt];
    struct lnet_output *outputs =
        alc_arena_array(a->arena, (size_t)from->outputs_count + 1, sizeof *outputs);
    if (outputs == NULL) return ALC_NOMEM;
    if (from->outputs_count > 0)
        memcpy(outputs, from->outputs, from->outputs_count * sizeof *outputs);
    outputs[from->outputs_count++] = (struct lnet_output){dep->data_id, a->made[to].receiver};
    from->outputs = outputs;
    a->made[to].inputs[a->made[to].inputs_count++] = dep->data_id;
    return ALC_OK;
}

static enum alc_rc take_receipt(struct lnet_apply *a, size_t first, const struct nearvm_receipt *v,
                                struct alc_err *err)
{
    size_t at = a->made_count;
    struct lnet_receipt *r = lnet_apply_add(a);
    enum alc_rc rc = ALC_OK;
    if (r == NULL) return ALC_NOMEM;
    if (!alc_near_id_set(&r->receiver, v->receiver_id) ||
        (v->refund_to_id.n > 0 && !alc_near_id_set(&r->refund_to, v->refund_to_id)))
        return alc_fail(err, ALC_CORRUPT, "a promise of the VM names no account");
    r->inputs = alc_arena_array(a->arena, v->deps_count + 1, sizeof *r->inputs);
    if (r->inputs == NULL) return ALC_NOMEM;
    if (v->kind != NEARVM_RECEIPT_ACTION) {
        r->kind = LNET_YIELD;
        r->inputs[r->inputs_count++] = v->data_id;
        rc = lnet_yield_open(a->c, a->b, r->receiver.s, &v->data_id,
                             v->kind == NEARVM_RECEIPT_YIELD_WITH_ID ? &v->yield_id : NULL, err);
    }
    for (size_t i = 0; rc == ALC_OK && i < v->deps_count; i++)
        rc = take_dep(a, first, at, &v->deps[i], err);
    return rc == ALC_OK ? take_actions(a, &a->made[at], v, err) : rc;
}

static enum alc_rc take_resume(struct lnet_apply *a, const struct nearvm_resume *v,
                               struct alc_err *err)
{
    struct lnet_receipt *r = lnet_apply_add(a);
    if (r == NULL) return ALC_NOMEM;
    r->kind = LNET_RESUME;
    r->receiver = a->r->receiver;
    r->data_id = v->data_id;
    r->has_data = true;
    if (!alc_arena_copy(a->arena, v->payload, &r->data)) return ALC_NOMEM;
    return lnet_yield_resumed(a->c, a->r->receiver.s, &v->data_id, err);
}

static enum alc_rc take_outcome(struct lnet_apply *a, const struct nearvm_outcome *out,
                                struct alc_err *err)
{
    size_t first = a->made_count;
    enum alc_rc rc = ALC_OK;
    a->account.amount = out->balance;
    a->account.usage_bytes = out->storage_usage_bytes;
    a->minted += out->subsidized;
    a->returned = out->returned;
    if (out->returned == NEARVM_RETURN_VALUE && !alc_arena_copy(a->arena, out->value, &a->value))
        return ALC_NOMEM;
    for (size_t i = 0; rc == ALC_OK && i < out->receipts_count; i++)
        rc = take_receipt(a, first, &out->receipts[i], err);
    for (size_t i = 0; rc == ALC_OK && i < out->resumes_count; i++)
        rc = take_resume(a, &out->resumes[i], err);
    if (rc == ALC_OK && out->returned == NEARVM_RETURN_PROMISE) {
        if (out->promise >= out->receipts_count)
            return alc_fail(err, ALC_CORRUPT, "the VM returned a promise that is not there");
        a->promise = first + out->promise;
    }
    return rc;
}

/* Gas, logs and profile count whether the call went well or not. */
static void take_costs(struct lnet_apply *a, const struct nearvm_outcome *out)
{
    struct alc_jw w = {.out = &a->logs};
    a->gas_burnt += out->burnt_gas;
    a->gas_used += out->used_gas;
    for (size_t i = 0; i < out->logs_count; i++) {
        w.comma = a->logs.n > 0;
        alc_jw_str(&w, out->logs[i]);
    }
    if (out->gas_profile.n <= 2) return; /* "[]" */
    if (a->profile.n > 0) alc_buf_put_text(&a->profile, ",");
    alc_buf_put(&a->profile, out->gas_profile.p + 1, out->gas_profile.n - 2);
}

/* ---- the call ---- */

static enum alc_rc run(struct lnet_apply *a, struct nearvm_call *call, struct lnet_call_ctx *x,
                       struct alc_err *err)
{
    struct nearvm_state state = lnet_call_state(x);
    struct nearvm_outcome out = {0};
    enum alc_rc rc = nearvm_run(a->c->vm, call, &state, &out, err);
    if (x->rc != ALC_OK) rc = x->rc; /* the state's own reason */
    if (rc == ALC_OK) {
        take_costs(a, &out);
        if (out.end == NEARVM_OK) {
            rc = take_outcome(a, &out, err);
        } else {
            alc_buf_put_text(&a->fail.json, "{\"FunctionCallError\":");
            alc_buf_put_bytes(&a->fail.json, out.error_json);
            alc_buf_put_text(&a->fail.json, "}");
        }
    }
    nearvm_outcome_free(&out);
    return rc;
}

enum alc_rc lnet_action_call(struct lnet_apply *a, const struct alc_near_action *act, uint32_t i,
                             struct alc_err *err)
{
    const struct lnet_receipt *r = a->r;
    struct lnet_call_ctx x = {.c = a->c,
                              .id = r->receiver.s,
                              .height = a->b->head.ref.height,
                              .value = ALC_BUF(LNET_DOC_MAX_BYTES),
                              .err = err};
    bool last = i + 1 == r->actions_count;
    struct alc_bytes *receivers =
        alc_arena_array(a->arena, last ? r->outputs_count : 0, sizeof *receivers);
    struct alc_bytes signer_raw = alc_near_key_raw(&r->signer_key);
    uint8_t *signer_key = alc_arena_alloc(a->arena, 1 + signer_raw.n);
    struct alc_hash seed;
    uint8_t seed_of[64];
    struct nearvm_call call = {.account_balance = a->account.amount,
                               .account_locked = a->account.locked,
                               .deposit = act->amount,
                               .method = act->method,
                               .args = act->data,
                               .current_id = alc_near_id_bytes(&r->receiver),
                               .signer_id = alc_near_id_bytes(&r->signer),
                               .signer_key = {signer_key, 1 + signer_raw.n},
                               .predecessor_id = alc_near_id_bytes(&r->predecessor),
                               .refund_to_id = alc_near_id_bytes(&r->refund_to),
                               .chain_id = alc_cstr(a->c->chain_id),
                               .random_seed = alc_hash_bytes(&seed),
                               .results = a->results,
                               .results_count = a->results_count,
                               .receivers = receivers,
                               .receivers_count = last ? r->outputs_count : 0,
                               .prepaid_gas = act->gas,
                               .block_height = x.height,
                               .block_time_ns = a->b->head.ref.timestamp_ns,
                               .epoch_height = a->b->epoch_height,
                               .storage_usage_bytes = a->account.usage_bytes,
                               .contract = a->account.contract,
                               .contract_hash = a->account.code,
                               .contract_account = alc_near_id_bytes(&a->account.code_owner),
                               .trie_nodes_per_write = a->c->conf.trie_nodes_per_write};
    enum alc_rc rc;

    if (receivers == NULL || signer_key == NULL) return ALC_NOMEM;
    for (uint32_t k = 0; k < call.receivers_count; k++)
        receivers[k] = alc_near_id_bytes(&r->outputs[k].receiver);
    lnet_ix(&x.action_hash, &r->id, x.height, UINT64_MAX - i);
    memcpy(seed_of, x.action_hash.b, 32);
    memcpy(seed_of + 32, a->b->random.b, 32);
    alc_sha256(&seed, (struct alc_bytes){seed_of, sizeof seed_of});
    signer_key[0] = r->signer_key.curve;
    memcpy(signer_key + 1, signer_raw.p, signer_raw.n);
    rc = lnet_contract_get(a->c, &a->account, &call.code, &call.code_hash, err);
    if (rc == ALC_OK || rc == ALC_NOT_FOUND) rc = run(a, &call, &x, err);
    alc_buf_fini(&x.value);
    return rc;
}
