/* localnet/rpc_query.c — reading the state: `query`, and the newer methods that do one kind each.
 *
 * `query` tells two failures inside a successful answer ({"error": text, "logs": []}): a missing
 * access key, and a view call that failed.  Clients compare those texts over their whole length.
 * The newer methods ("modern" below) use proper errors. */
#include "localnet/rpc_call.h"

#include "base/json.h"

#define LAST_KEY_MAX_BYTES 4096u /* a storage key is at most 2,048 bytes, base64 a third more */

struct view {
    struct lnet_call *call;
    const struct lnet_query *q;
    bool modern;
    struct lnet_block_ref at; /* where the state was read */
};

/* ---- failing ---- */

static bool fail_about(struct view *v, enum lnet_cause cause, const char *key, const char *value,
                       const char *text)
{
    struct alc_jw w = {.out = &v->call->error.info};

    alc_jw_obj(&w);
    alc_jw_key(&w, key);
    alc_jw_text(&w, value);
    lnet_put_at(&w, &v->at);
    alc_jw_end(&w);
    return lnet_fail(v->call, cause, "%s", text);
}

static bool fail_account(struct view *v)
{
    const char *id = v->q->account.s;
    const char *text =
        alc_arena_text(v->call->arena, "account %s does not exist while viewing", id);
    return fail_about(v, LNET_UNKNOWN_ACCOUNT, "requested_account_id", id, text);
}

static bool fail_contract(struct view *v, enum lnet_cause cause, const char *before,
                          const char *after)
{
    const char *id = v->q->account.s;
    const char *text = alc_arena_text(v->call->arena, "%s%s%s", before, id, after);
    return fail_about(v, cause, "contract_account_id", id, text);
}

/* An answer from another block than the one that was named would be a wrong answer. */
static bool fail_collected(struct lnet_call *c, const struct lnet_block_ref *wanted)
{
    struct alc_jw w = {.out = &c->error.info};

    alc_jw_obj(&w);
    lnet_put_at(&w, wanted);
    alc_jw_end(&w);
    return lnet_fail(c, LNET_GARBAGE_COLLECTED_BLOCK,
                     "The state at block #%llu is not kept: this node keeps that of the newest "
                     "%u blocks",
                     (unsigned long long)wanted->height, LNET_PAST_BLOCKS);
}

/* The quirk: an error as the result. */
static bool error_as_result(struct view *v, struct alc_bytes text)
{
    struct alc_jw w = {.out = v->call->out};

    alc_jw_obj(&w);
    alc_jw_key(&w, "error");
    alc_jw_str(&w, text);
    alc_jw_key(&w, "logs");
    alc_jw_arr(&w);
    alc_jw_end(&w);
    lnet_put_at(&w, &v->at);
    alc_jw_end(&w);
    return true;
}

/* ---- the kinds ---- */

/* An object that the chain wrote gets the two members that every answer carries. */
static void add_at(struct view *v)
{
    struct alc_buf *out = v->call->out;
    struct alc_buf at = ALC_BUF(256);
    struct alc_jw w = {.out = &at};

    alc_jw_obj(&w);
    lnet_put_at(&w, &v->at);
    alc_jw_end(&w);
    if (out->failed || at.failed || out->n < 3) { /* {"a":… is longer */
        out->failed = true;
    } else {
        out->n--; /* the object's brace */
        alc_buf_put_text(out, ",");
        alc_buf_put(out, at.p + 1, at.n - 1);
    }
    alc_buf_fini(&at);
}

static enum alc_rc view_account(struct view *v, struct alc_err *err)
{
    struct lnet_call *c = v->call;
    enum alc_rc rc = lnet_read_account(c->chain, v->q->account.s, c->out, &v->at, err);

    if (rc == ALC_OK) add_at(v);
    return rc;
}

static enum alc_rc view_key(struct view *v, struct alc_err *err)
{
    struct lnet_call *c = v->call;
    enum alc_rc rc = lnet_read_key(c->chain, v->q->account.s, &v->q->key, c->out, &v->at, err);

    if (rc == ALC_OK) add_at(v);
    return rc;
}

/* {"<key>": <list as the chain wrote it>, ["proof": []], ["last_key"], "block_height",
 * "block_hash"}; last_key says that entries are left, and where they begin. */
static void put_list(struct view *v, const char *key, const struct alc_buf *list,
                     const struct alc_buf *last, bool proof)
{
    struct alc_jw w = {.out = v->call->out};

    alc_jw_obj(&w);
    alc_jw_key(&w, key);
    alc_jw_raw(&w, alc_buf_bytes(list));
    if (proof) {
        alc_jw_key(&w, "proof");
        alc_jw_arr(&w);
        alc_jw_end(&w);
    }
    if (last->n > 0) {
        alc_jw_key(&w, "last_key");
        alc_jw_raw(&w, alc_buf_bytes(last));
    }
    lnet_put_at(&w, &v->at);
    alc_jw_end(&w);
    if (list->failed || last->failed) v->call->out->failed = true;
}

static enum alc_rc view_keys(struct view *v, struct alc_err *err)
{
    struct alc_buf list = ALC_BUF(LNET_RPC_ANSWER_MAX_BYTES), last = ALC_BUF(4096);
    struct lnet_page page = {
        .after_key = v->q->has_after ? &v->q->key : NULL, .limit = v->q->limit, .last = &last};
    enum alc_rc rc = lnet_read_keys(v->call->chain, v->q->account.s, &page, &list, &v->at, err);

    if (rc == ALC_OK) put_list(v, "keys", &list, &last, false);
    alc_buf_fini(&list);
    alc_buf_fini(&last);
    return rc;
}

static enum alc_rc view_gas_nonces(struct view *v, struct alc_err *err)
{
    struct alc_buf list = ALC_BUF(LNET_RPC_ANSWER_MAX_BYTES), last = {0};
    enum alc_rc rc =
        lnet_read_gas_nonces(v->call->chain, v->q->account.s, &v->q->key, &list, &v->at, err);

    if (rc == ALC_OK) put_list(v, "nonces", &list, &last, false);
    alc_buf_fini(&list);
    return rc;
}

static enum alc_rc view_state(struct view *v, struct alc_err *err)
{
    struct alc_buf list = ALC_BUF(LNET_RPC_ANSWER_MAX_BYTES), last = ALC_BUF(LAST_KEY_MAX_BYTES);
    struct lnet_page page = {.limit = v->q->limit, .last = &last};
    bool proof = false;
    enum alc_rc rc;

    if (v->q->has_after) page.after = v->q->after;
    rc = lnet_read_state(v->call->chain, v->q->account.s, v->q->data, &page, &list, &v->at, err);

    /* There is no trie, so there are no nodes to show; who asks for a proof finds the member. */
    if (!alc_json_bool(alc_json_get(v->call->params, "include_proof"), &proof)) proof = false;
    if (rc == ALC_OK) put_list(v, "values", &list, &last, proof);
    alc_buf_fini(&list);
    alc_buf_fini(&last);
    return rc;
}

static void put_code(struct view *v, const struct alc_buf *code, const struct alc_hash *hash)
{
    struct alc_jw w = {.out = v->call->out};

    alc_jw_obj(&w);
    alc_jw_key(&w, "code_base64");
    alc_jw_base64(&w, alc_buf_bytes(code));
    alc_jw_key(&w, "hash");
    alc_jw_base58(&w, alc_hash_bytes(hash));
    lnet_put_at(&w, &v->at);
    alc_jw_end(&w);
}

static enum alc_rc view_code(struct view *v, struct alc_err *err)
{
    struct alc_buf code = ALC_BUF(LNET_RPC_ANSWER_MAX_BYTES);
    struct alc_hash hash;
    enum alc_rc rc = lnet_read_code(v->call->chain, v->q->account.s, &code, &hash, &v->at, err);

    if (rc == ALC_OK) put_code(v, &code, &hash);
    alc_buf_fini(&code);
    return rc;
}

static enum alc_rc view_global(struct view *v, struct alc_err *err)
{
    const struct lnet_query *q = v->q;
    struct alc_buf code = ALC_BUF(LNET_RPC_ANSWER_MAX_BYTES);
    struct alc_hash hash;
    enum alc_rc rc = lnet_read_global_code(
        v->call->chain, q->kind == LNET_VIEW_GLOBAL_BY_HASH ? &q->code_hash : NULL, q->account.s,
        &code, &hash, &v->at, err);

    if (rc == ALC_OK) put_code(v, &code, &hash);
    alc_buf_fini(&code);
    return rc;
}

static void put_call(struct view *v, const struct lnet_view *result)
{
    struct alc_jw w = {.out = v->call->out};

    alc_jw_obj(&w);
    alc_jw_key(&w, "result");
    alc_jw_arr(&w);
    for (size_t i = 0; i < result->result.n; i++)
        alc_jw_u64(&w, result->result.p[i]);
    alc_jw_end(&w);
    alc_jw_key(&w, "logs");
    alc_jw_raw(&w, alc_buf_bytes(&result->logs));
    lnet_put_at(&w, &v->at);
    alc_jw_end(&w);
}

static bool call_failed(struct view *v, const struct lnet_view *result)
{
    struct alc_jw w = {.out = &v->call->error.info};

    if (!v->modern) return error_as_result(v, alc_buf_bytes(&result->error));
    alc_jw_obj(&w);
    alc_jw_key(&w, "vm_error");
    alc_jw_raw(&w, alc_buf_bytes(&result->error_json));
    lnet_put_at(&w, &v->at);
    alc_jw_end(&w);
    return lnet_fail(v->call, LNET_CONTRACT_EXECUTION_ERROR, "Function call returned an error: %s",
                     alc_buf_text(&result->error));
}

/* ALC_TRAP is answered here, one way or the other; *answer is what the method returns. */
static enum alc_rc call_function(struct view *v, bool *answer, struct alc_err *err)
{
    struct lnet_view result = {.result = ALC_BUF(8u << 20),
                               .logs = ALC_BUF(1u << 20),
                               .error = ALC_BUF(1u << 20),
                               .error_json = ALC_BUF(1u << 20)};
    enum alc_rc rc =
        lnet_read_view(v->call->chain, v->q->account.s, v->q->method, v->q->data, &result, err);

    v->at = result.at;
    *answer = rc == ALC_OK;
    if (rc == ALC_OK) put_call(v, &result);
    if (rc == ALC_TRAP) *answer = call_failed(v, &result);
    alc_buf_fini(&result.result);
    alc_buf_fini(&result.logs);
    alc_buf_fini(&result.error);
    alc_buf_fini(&result.error_json);
    return rc;
}

/* ---- what was not found ---- */

static bool fail_key(struct view *v)
{
    char key[ALC_NEAR_KEY_TEXT_MAX];
    const char *text;

    alc_near_key_text(key, &v->q->key);
    text = alc_arena_text(v->call->arena, "access key %s does not exist while viewing", key);
    if (!v->modern) return error_as_result(v, alc_cstr(text));
    text = alc_arena_text(v->call->arena,
                          "Access key for public key %s does not exist while viewing", key);
    return fail_about(v, LNET_UNKNOWN_ACCESS_KEY, "public_key", key, text);
}

static bool fail_gas_key(struct view *v)
{
    char key[ALC_NEAR_KEY_TEXT_MAX];

    alc_near_key_text(key, &v->q->key);
    return fail_about(v, LNET_UNKNOWN_GAS_KEY, "public_key", key,
                      alc_arena_text(v->call->arena,
                                     "Gas key for public key %s does not exist while viewing",
                                     key));
}

static bool fail_global(struct view *v)
{
    bool by_hash = v->q->kind == LNET_VIEW_GLOBAL_BY_HASH;
    const char *name = by_hash ? lnet_text58(v->call, &v->q->code_hash) : v->q->account.s;
    struct alc_jw w = {.out = &v->call->error.info};

    alc_jw_obj(&w);
    alc_jw_key(&w, "identifier");
    alc_jw_obj(&w);
    alc_jw_key(&w, by_hash ? "hash" : "account_id");
    alc_jw_text(&w, name);
    alc_jw_end(&w);
    lnet_put_at(&w, &v->at);
    alc_jw_end(&w);
    return lnet_fail(v->call, LNET_NO_GLOBAL_CONTRACT_CODE,
                     "Global contract code for %s has never been observed on the node", name);
}

static bool fail_view(struct view *v, enum alc_rc rc, const struct alc_err *err)
{
    if (rc == ALC_NOT_FOUND && v->q->kind == LNET_VIEW_KEY) return fail_key(v);
    if (rc == ALC_NOT_FOUND && v->q->kind == LNET_VIEW_GAS_KEY) return fail_gas_key(v);
    if (rc == ALC_NOT_FOUND &&
        (v->q->kind == LNET_VIEW_GLOBAL_BY_HASH || v->q->kind == LNET_VIEW_GLOBAL_BY_ACCOUNT))
        return fail_global(v);
    if (rc == ALC_NOT_FOUND) return fail_account(v);
    if (rc == ALC_CONFLICT)
        return fail_contract(v, LNET_NO_CONTRACT_CODE, "Contract code for contract ID #",
                             " has never been observed on the node");
    if (rc == ALC_LIMIT && v->q->kind == LNET_VIEW_STATE)
        return fail_contract(v, LNET_TOO_LARGE_CONTRACT_STATE, "State of contract ",
                             " is too large to be viewed");
    return lnet_fail_internal(v->call, rc, err);
}

/* ---- the way of a query ---- */

static enum alc_rc read_view(struct view *v, bool *answer, struct alc_err *err)
{
    enum alc_rc rc = ALC_OK;

    switch (v->q->kind) {
    case LNET_VIEW_ACCOUNT:
        rc = view_account(v, err);
        break;
    case LNET_VIEW_CODE:
        rc = view_code(v, err);
        break;
    case LNET_VIEW_STATE:
        rc = view_state(v, err);
        break;
    case LNET_VIEW_KEY:
        rc = view_key(v, err);
        break;
    case LNET_VIEW_KEYS:
        rc = view_keys(v, err);
        break;
    case LNET_CALL_FUNCTION:
        return call_function(v, answer, err);
    case LNET_VIEW_GLOBAL_BY_HASH:
    case LNET_VIEW_GLOBAL_BY_ACCOUNT:
        rc = view_global(v, err);
        break;
    case LNET_VIEW_GAS_KEY:
        rc = view_gas_nonces(v, err);
        break;
    case LNET_QUERY_KINDS:
        rc = ALC_BAD_INPUT;
        break;
    }
    *answer = rc == ALC_OK;
    return rc;
}

static bool answer_query(struct lnet_call *c, const struct lnet_query *q, bool modern)
{
    struct view v = {.call = c, .q = q, .modern = modern};
    struct alc_err err = {0};
    bool answer = false;
    enum alc_rc rc = lnet_past_open(c->chain, &q->at.id, &v.at, &err);

    if (rc == ALC_NOT_FOUND) return lnet_fail_block(c, &q->at, true);
    if (rc == ALC_LIMIT) return fail_collected(c, &v.at);
    if (rc != ALC_OK) return lnet_fail_internal(c, rc, &err);
    rc = read_view(&v, &answer, &err);
    lnet_past_close(c->chain);
    return rc == ALC_OK || rc == ALC_TRAP ? answer : fail_view(&v, rc, &err);
}

bool lnet_do_query(struct lnet_call *c)
{
    struct alc_err err = {0};
    struct lnet_query q;
    enum alc_rc rc = lnet_params_query(&q, c->params, c->arena, &err);

    return rc == ALC_OK ? answer_query(c, &q, false) : lnet_fail_params(c, rc, &err);
}

static bool query_as(struct lnet_call *c, enum lnet_query_kind kind)
{
    struct alc_err err = {0};
    struct lnet_query q;
    enum alc_rc rc = lnet_params_query_as(&q, kind, c->params, c->arena, &err);

    return rc == ALC_OK ? answer_query(c, &q, true) : lnet_fail_params(c, rc, &err);
}

bool lnet_do_view_account(struct lnet_call *c)
{
    return query_as(c, LNET_VIEW_ACCOUNT);
}

bool lnet_do_view_code(struct lnet_call *c)
{
    return query_as(c, LNET_VIEW_CODE);
}

bool lnet_do_view_state(struct lnet_call *c)
{
    return query_as(c, LNET_VIEW_STATE);
}

bool lnet_do_view_key(struct lnet_call *c)
{
    return query_as(c, LNET_VIEW_KEY);
}

bool lnet_do_view_keys(struct lnet_call *c)
{
    return query_as(c, LNET_VIEW_KEYS);
}

bool lnet_do_call_function(struct lnet_call *c)
{
    return query_as(c, LNET_CALL_FUNCTION);
}
