#include "near/near.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/http.h"
#include "near/hosts.h"
#include "near/parts.h"

#define TIMEOUT_MS 15000u                   /* of timeout_ms = 0; nodes themselves wait 10 s */
#define REPLY_MAX_BYTES ((size_t)32 << 20)  /* more than the largest view result as numbers */
#define REQUEST_MAX_BYTES ((size_t)4 << 20) /* the largest transaction in base64, and change */
#define SEND_TRIES 2u
#define DETAIL_MAX_BYTES 400u /* of a node's own words in a sentence of ours */

struct alc_near_rpc {
    struct alc_near_hosts hosts;
    struct alc_http *http;
    struct alc_secret auth; /* the Authorization line with the API key; empty without one */
    const char *headers[3];
    uint32_t timeout_ms;
    bool plain_ok;
    const volatile bool *stop;
    uint64_t last_id;
};

static const char auth_name[] = "Authorization: Bearer ";

enum alc_rc alc_near_rpc_open(struct alc_near_rpc **out, const struct alc_near_rpc_conf *conf,
                              struct alc_err *err)
{
    struct alc_near_rpc *r = calloc(1, sizeof *r);
    enum alc_rc rc;

    if (r == NULL) return alc_fail(err, ALC_NOMEM, "no memory for a NEAR client");
    r->timeout_ms = conf->timeout_ms == 0 ? TIMEOUT_MS : conf->timeout_ms;
    r->plain_ok = conf->plain_ok;
    r->stop = conf->stop;
    r->headers[0] = "Content-Type: application/json";
    rc = alc_near_hosts_init(&r->hosts, conf->urls, conf->urls_count, conf->plain_ok, err);
    if (rc != ALC_OK) goto fail;
    if (conf->api_key != NULL) {
        size_t name = sizeof auth_name - 1, n = strlen(conf->api_key);
        rc = alc_secret_init(&r->auth, name + n + 1); /* zeroes */
        if (rc != ALC_OK) {
            rc = alc_fail(err, rc, "no locked memory for an API key");
            goto fail;
        }
        memcpy(r->auth.p, auth_name, name);
        memcpy(r->auth.p + name, conf->api_key, n);
        r->headers[1] = (const char *)r->auth.p;
    }
    rc = alc_http_open(&r->http, err);
    if (rc != ALC_OK) goto fail;
    *out = r;
    return ALC_OK;
fail:
    alc_near_rpc_close(r);
    return rc;
}

void alc_near_rpc_close(struct alc_near_rpc *r)
{
    if (r == NULL) return;
    alc_http_close(r->http);
    alc_secret_fini(&r->auth);
    alc_near_hosts_fini(&r->hosts);
    free(r);
}

/* ---- errors of a node ---- */

/* What a node names as cause → what the caller can do about it.  ALC_IO: this node cannot say, and
 * another may. */
static const struct {
    const char *cause;
    enum alc_rc rc;
} causes[] = {
    {"UNKNOWN_ACCOUNT", ALC_NOT_FOUND},
    {"UNKNOWN_ACCESS_KEY", ALC_NOT_FOUND},
    {"UNKNOWN_BLOCK", ALC_NOT_FOUND},
    {"UNKNOWN_TRANSACTION", ALC_NOT_FOUND},
    {"UNKNOWN_CHUNK", ALC_NOT_FOUND},
    {"UNKNOWN_RECEIPT", ALC_NOT_FOUND},
    {"UNKNOWN_EPOCH", ALC_NOT_FOUND},
    {"NO_CONTRACT_CODE", ALC_NOT_FOUND},
    {"GARBAGE_COLLECTED_BLOCK", ALC_NOT_FOUND},
    {"INVALID_ACCOUNT", ALC_BAD_INPUT},
    {"INVALID_SHARD_ID", ALC_BAD_INPUT},
    {"TOO_LARGE_CONTRACT_STATE", ALC_LIMIT},
    {"CONTRACT_EXECUTION_ERROR", ALC_TRAP},
    {"INVALID_TRANSACTION", ALC_CONFLICT},
    {"TIMEOUT_ERROR", ALC_TIMEOUT},
    {"INTERNAL_ERROR", ALC_IO},
    {"NO_SYNCED_BLOCKS", ALC_IO},
    {"NOT_SYNCED_YET", ALC_IO},
    {"UNAVAILABLE_SHARD", ALC_IO},
    {"DOES_NOT_TRACK_SHARD", ALC_IO},
    {"REQUEST_ROUTED", ALC_IO},
};

static enum alc_rc rc_of_cause(const char *cause)
{
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
        if (strcmp(cause, causes[i].cause) == 0) return causes[i].rc;
    return ALC_IO; /* unheard of: perhaps of a server before the node, and gone the next time */
}

static bool is_variant(const char *name)
{
    return name[0] >= 'A' && name[0] <= 'Z';
}

/* put_variant names an error value by its nested variants: "InvalidNonce",
 * "InvalidAccessKeyError.RequiresFullAccess". */
static void put_variant(struct alc_buf *out, const struct alc_json *v)
{
    const char *name;

    while (alc_json_kind(v) == ALC_JSON_OBJECT && alc_json_count(v) == 1) {
        const struct alc_json *inner = alc_json_member(v, 0, &name);
        if (!is_variant(name)) return;
        if (out->n > 0) alc_buf_put_text(out, ".");
        alc_buf_put_text(out, name);
        v = inner;
    }
    if (alc_json_text(v, &name) && is_variant(name))
        alc_buf_printf(out, "%s%s", out->n > 0 ? "." : "", name);
}

/* fail_with leaves "<cause> <variant>: <the node's words>"; nothing that is absent. */
static enum alc_rc fail_with(const char *cause, const struct alc_json *error, enum alc_rc rc,
                             struct alc_err *err)
{
    const struct alc_json *data = alc_json_get(error, "data");
    const struct alc_json *tx = alc_json_get(data, "TxExecutionError");
    struct alc_buf variant = ALC_BUF(DETAIL_MAX_BYTES), detail = ALC_BUF(1u << 20);
    const char *text;

    if (tx != NULL) put_variant(&variant, alc_json_get(tx, "InvalidTxError"));
    if (variant.n == 0 && tx != NULL) put_variant(&variant, tx);
    if (alc_json_kind(data) == ALC_JSON_NULL) data = alc_json_get(error, "message");
    if (alc_json_text(data, &text))
        alc_buf_put_text(&detail, text);
    else if (data != NULL)
        alc_json_dump(data, &detail);
    alc_fail(err, rc, "%s%s%s%s%.*s", cause, variant.n > 0 ? " " : "", alc_buf_text(&variant),
             detail.n > 0 ? ": " : "", (int)DETAIL_MAX_BYTES, alc_buf_text(&detail));
    alc_buf_fini(&variant);
    alc_buf_fini(&detail);
    return rc;
}

/* rc_of_code is for what stands before a node and knows the old form of errors alone. */
static enum alc_rc rc_of_code(const struct alc_json *code)
{
    int64_t v;

    if (!alc_json_i64(code, &v)) return ALC_IO;
    return v == -32700 || (v <= -32600 && v >= -32602) ? ALC_BAD_INPUT : ALC_IO;
}

static enum alc_rc fail_as_node(char cause[64], const struct alc_json *error, struct alc_err *err)
{
    const char *name, *found;
    enum alc_rc rc;

    if (!alc_json_text(alc_json_get(error, "name"), &name)) name = NULL;
    if (!alc_json_text(alc_json_get(alc_json_get(error, "cause"), "name"), &found)) found = name;
    if (found == NULL)
        rc = rc_of_code(alc_json_get(error, "code"));
    else if (name != NULL && strcmp(name, "REQUEST_VALIDATION_ERROR") == 0)
        rc = ALC_BAD_INPUT;
    else
        rc = rc_of_cause(found);
    if (found == NULL) found = "error";
    if (cause != NULL) snprintf(cause, 64, "%s", found);
    return fail_with(found, error, rc, err);
}

/* ---- one request ---- */

static void put_request(struct alc_buf *out, uint64_t id, const char *method,
                        struct alc_bytes params)
{
    struct alc_jw w = {.out = out};

    alc_jw_obj(&w);
    alc_jw_key(&w, "jsonrpc");
    alc_jw_text(&w, "2.0");
    alc_jw_key(&w, "id");
    alc_jw_u64(&w, id);
    alc_jw_key(&w, "method");
    alc_jw_text(&w, method);
    alc_jw_key(&w, "params");
    alc_jw_raw(&w, params);
    alc_jw_end(&w);
}

/* reply_ok: the envelope of an answer to request `id`; errors may come without an id. */
static bool reply_ok(const struct alc_json *reply, uint64_t id)
{
    uint64_t echo;

    if (alc_json_kind(alc_json_get(reply, "error")) == ALC_JSON_OBJECT) return true;
    return alc_json_get(reply, "result") != NULL &&
           alc_json_u64(alc_json_get(reply, "id"), &echo) && echo == id;
}

/* ask sends one request to one server.  ALC_IO, ALC_TIMEOUT: it gave no answer to this request;
 * *too_often when it asks for a rest.  Nodes use other statuses than 200 for some errors, so the
 * body counts for more than the status. */
static enum alc_rc ask(struct alc_near_rpc *r, const char *url, struct alc_bytes body, uint64_t id,
                       struct alc_json **reply, bool *too_often, struct alc_err *err)
{
    struct alc_arena arena = ALC_ARENA(REPLY_MAX_BYTES + 4096);
    const struct alc_http_ask request = {.method = "POST",
                                         .url = url,
                                         .headers = r->headers,
                                         .body = body,
                                         .timeout_ms = r->timeout_ms,
                                         .max_bytes = REPLY_MAX_BYTES,
                                         .plain_ok = r->plain_ok};
    struct alc_http_answer answer = {0};
    struct alc_json *doc = NULL;
    enum alc_rc rc;

    *too_often = false;
    rc = alc_http_do(r->http, &answer, &request, r->stop, &arena, err);
    if (rc != ALC_OK) goto out;
    *too_often = answer.status == 429;
    if (*too_often) {
        rc = alc_fail(err, ALC_IO, "asked too often (HTTP 429)");
        goto out;
    }
    rc = alc_json_open(&doc, answer.body, REPLY_MAX_BYTES, err);
    if (rc == ALC_BAD_INPUT || (rc == ALC_OK && !reply_ok(doc, id)))
        rc = alc_fail(err, answer.status == 408 ? ALC_TIMEOUT : ALC_IO,
                      "answered HTTP %d without a JSON-RPC reply", answer.status);
    if (rc != ALC_OK) goto out;
    *reply = doc;
    doc = NULL;
out:
    alc_json_close(doc);
    alc_arena_fini(&arena);
    return rc;
}

enum alc_rc alc_near_rpc_call(struct alc_near_rpc *r, struct alc_json **result, const char *method,
                              struct alc_bytes params, char cause[64], struct alc_err *err)
{
    struct alc_buf body = ALC_BUF(REQUEST_MAX_BYTES);
    enum alc_rc rc = ALC_TIMEOUT;
    struct alc_near_walk walk = {0};
    uint64_t id = ++r->last_id;
    bool too_often;
    size_t i;

    if (cause != NULL) cause[0] = 0;
    put_request(&body, id, method, params);
    if (body.failed) {
        rc = alc_fail(err, ALC_LIMIT, "%s: a request over %zu bytes", method, REQUEST_MAX_BYTES);
        goto out;
    }
    alc_fail(err, rc, "stopped"); /* what stands when no server was asked */
    while (alc_near_hosts_next(&r->hosts, &walk, &i, r->stop)) {
        const struct alc_json *error;
        struct alc_json *reply = NULL;

        if (cause != NULL) cause[0] = 0; /* not that of the server before */
        rc = ask(r, r->hosts.all[i].url, alc_buf_bytes(&body), id, &reply, &too_often, err);
        if (rc == ALC_OK) {
            error = alc_json_get(reply, "error");
            if (alc_json_kind(error) == ALC_JSON_OBJECT)
                rc = fail_as_node(cause, error, err);
            else
                *result = alc_json_keep(alc_json_get(reply, "result"));
            alc_json_close(reply);
            if (rc != ALC_IO) { /* an answer, whatever it says */
                alc_near_hosts_answered(&r->hosts, i);
                break;
            }
        }
        if (rc == ALC_NOMEM) break;           /* the next would say the same */
        if (rc == ALC_BAD_INPUT) rc = ALC_IO; /* this URL cannot be asked */
        if (rc == ALC_TIMEOUT || rc == ALC_LIMIT)
            alc_near_hosts_skip(&walk, i); /* waited, or heard, long enough */
        alc_near_hosts_failed(&r->hosts, i, too_often);
        alc_fail_in(err, "server %zu of %zu", i + 1, r->hosts.count);
    }
    if (rc != ALC_OK) alc_fail_in(err, "%s", method);
out:
    alc_buf_fini(&body);
    return rc;
}

/* ---- blocks, keys, views ---- */

static enum alc_rc odd(struct alc_err *err, const char *method)
{
    return alc_fail(err, ALC_IO, "%s: the node's result is not of the known form", method);
}

enum alc_rc alc_near_rpc_final(struct alc_near_rpc *r, struct alc_near_block_ref *out,
                               struct alc_err *err)
{
    struct alc_json *block = NULL;
    enum alc_rc rc;

    rc = alc_near_rpc_call(r, &block, "block", ALC_LIT("{\"finality\":\"final\"}"), NULL, err);
    if (rc != ALC_OK) return rc;
    if (!alc_near_header_read(out, alc_json_get(block, "header"))) rc = odd(err, "block");
    alc_json_close(block);
    return rc;
}

/* begin_query opens the parameters of a query at `final`; alc_jw_end closes them. */
static void begin_query(struct alc_jw *w, const char *type, const char *account_id)
{
    alc_jw_obj(w);
    alc_jw_key(w, "request_type");
    alc_jw_text(w, type);
    alc_jw_key(w, "finality");
    alc_jw_text(w, "final");
    alc_jw_key(w, "account_id");
    alc_jw_text(w, account_id);
}

/* query calls and finds the failures that `query` reports inside a result. */
static enum alc_rc query(struct alc_near_rpc *r, struct alc_json **result, struct alc_buf *params,
                         struct alc_err *err)
{
    const char *text;
    enum alc_rc rc;

    if (params->failed) return alc_fail(err, ALC_LIMIT, "query: arguments too long");
    rc = alc_near_rpc_call(r, result, "query", alc_buf_bytes(params), NULL, err);
    if (rc != ALC_OK || !alc_json_text(alc_json_get(*result, "error"), &text)) return rc;
    rc = strstr(text, "does not exist while viewing") != NULL ||
                 strstr(text, "MethodResolveError(MethodNotFound)") != NULL ||
                 strstr(text, "CodeDoesNotExist") != NULL
             ? ALC_NOT_FOUND
             : ALC_TRAP;
    rc = alc_fail(err, rc, "%s", text);
    alc_json_close(*result);
    *result = NULL;
    return rc;
}

enum alc_rc alc_near_rpc_nonce(struct alc_near_rpc *r, uint64_t *nonce, const char *account_id,
                               const struct alc_near_key *k, struct alc_err *err)
{
    char key[ALC_NEAR_KEY_TEXT_MAX];
    struct alc_buf params = ALC_BUF(4096);
    struct alc_jw w = {.out = &params};
    struct alc_json *result = NULL;
    enum alc_rc rc;

    alc_near_key_text(key, k);
    begin_query(&w, "view_access_key", account_id);
    alc_jw_key(&w, "public_key");
    alc_jw_text(&w, key);
    alc_jw_end(&w);
    rc = query(r, &result, &params, err);
    if (rc == ALC_OK && !alc_json_u64(alc_json_get(result, "nonce"), nonce)) rc = odd(err, "query");
    alc_json_close(result);
    alc_buf_fini(&params);
    return rc;
}

/* A view's result is an array of its bytes as numbers. */
static enum alc_rc read_numbers(struct alc_bytes *out, const struct alc_json *array,
                                struct alc_arena *arena, struct alc_err *err)
{
    size_t n = alc_json_count(array);
    uint8_t *p;

    if (alc_json_kind(array) != ALC_JSON_ARRAY) return odd(err, "query");
    p = alc_arena_alloc(arena, n + 1); /* a NUL behind, for those who print */
    if (p == NULL) return alc_fail(err, ALC_NOMEM, "no memory for a view's %zu bytes", n);
    for (size_t i = 0; i < n; i++) {
        uint64_t v;
        if (!alc_json_u64(alc_json_at(array, i), &v) || v > 255) return odd(err, "query");
        p[i] = (uint8_t)v;
    }
    *out = (struct alc_bytes){p, n};
    return ALC_OK;
}

enum alc_rc alc_near_rpc_view(struct alc_near_rpc *r, struct alc_bytes *out, const char *account_id,
                              const char *method, struct alc_bytes args, struct alc_arena *arena,
                              struct alc_err *err)
{
    struct alc_buf params = ALC_BUF(REQUEST_MAX_BYTES);
    struct alc_jw w = {.out = &params};
    struct alc_json *result = NULL;
    enum alc_rc rc;

    begin_query(&w, "call_function", account_id);
    alc_jw_key(&w, "method_name");
    alc_jw_text(&w, method);
    alc_jw_key(&w, "args_base64");
    alc_jw_base64(&w, args);
    alc_jw_end(&w);
    rc = query(r, &result, &params, err);
    if (rc == ALC_OK) rc = read_numbers(out, alc_json_get(result, "result"), arena, err);
    if (rc != ALC_OK) alc_fail_in(err, "%s.%s", account_id, method);
    alc_json_close(result);
    alc_buf_fini(&params);
    return rc;
}

/* ---- transactions ---- */

static enum alc_rc read_value(struct alc_bytes *out, struct alc_bytes base64,
                              struct alc_arena *arena, struct alc_err *err)
{
    uint8_t *p = alc_arena_alloc(arena, base64.n + 1);
    size_t n;

    if (p == NULL) return alc_fail(err, ALC_NOMEM, "no memory for a transaction's result");
    if (!alc_base64_decode(p, base64.n, &n, base64)) return odd(err, "tx");
    p[n] = 0;
    *out = (struct alc_bytes){p, n};
    return ALC_OK;
}

static enum alc_rc read_failure(const char **out, const struct alc_json *failure,
                                struct alc_arena *arena, struct alc_err *err)
{
    struct alc_buf text = ALC_BUF(REPLY_MAX_BYTES);
    struct alc_bytes copy;
    enum alc_rc rc = ALC_OK;

    alc_json_dump(failure, &text);
    if (text.failed || !alc_arena_copy(arena, alc_buf_bytes(&text), &copy))
        rc = alc_fail(err, ALC_NOMEM, "no memory for a transaction's failure");
    else
        *out = (const char *)copy.p;
    alc_buf_fini(&text);
    return rc;
}

/* add_outcome adds what one outcome burnt. */
static bool add_outcome(struct alc_near_tx_status *s, const struct alc_json *with_id)
{
    const struct alc_json *outcome = alc_json_get(with_id, "outcome");
    struct alc_bytes text;
    __uint128_t tokens;
    uint64_t gas;

    return alc_json_u64(alc_json_get(outcome, "gas_burnt"), &gas) &&
           alc_json_str(alc_json_get(outcome, "tokens_burnt"), &text) &&
           alc_u128_decode(&tokens, text) &&
           !__builtin_add_overflow(s->gas_burnt, gas, &s->gas_burnt) &&
           !__builtin_add_overflow(s->tokens_burnt, tokens, &s->tokens_burnt);
}

static bool add_outcomes(struct alc_near_tx_status *s, const struct alc_json *result)
{
    const struct alc_json *receipts = alc_json_get(result, "receipts_outcome");

    if (!add_outcome(s, alc_json_get(result, "transaction_outcome")) ||
        alc_json_kind(receipts) != ALC_JSON_ARRAY)
        return false;
    for (size_t i = 0; i < alc_json_count(receipts); i++)
        if (!add_outcome(s, alc_json_at(receipts, i))) return false;
    return true;
}

/* read_status reads a TxResult.  Without an outcome (level NONE, or not executed yet) the
 * transaction is pending. */
static enum alc_rc read_status(struct alc_near_tx_status *s, const struct alc_json *result,
                               struct alc_arena *arena, struct alc_err *err)
{
    const struct alc_json *status = alc_json_get(result, "status");
    const struct alc_json *failure = alc_json_get(status, "Failure");
    struct alc_bytes level, value;
    enum alc_rc rc = ALC_OK;

    if (!alc_json_str(alc_json_get(result, "final_execution_status"), &level))
        level = ALC_LIT(""); /* nodes from before the levels */
    s->final = alc_bytes_is(level, "FINAL");
    s->state = ALC_NEAR_TX_PENDING;
    if (status == NULL) return level.n > 0 ? ALC_OK : odd(err, "tx");
    if (!add_outcomes(s, result)) return odd(err, "tx");
    if (alc_json_str(alc_json_get(status, "SuccessValue"), &value)) {
        s->state = ALC_NEAR_TX_OK;
        rc = read_value(&s->value, value, arena, err);
    } else if (failure != NULL) {
        s->state = ALC_NEAR_TX_FAILED;
        rc = read_failure(&s->failure, failure, arena, err);
    }
    return rc;
}

/* call_tx calls a method that answers with a TxResult. */
static enum alc_rc call_tx(struct alc_near_rpc *r, struct alc_near_tx_status *out,
                           const char *method, struct alc_bytes params, bool keep_json,
                           char cause[64], struct alc_arena *arena, struct alc_err *err)
{
    struct alc_near_tx_status s = {0};
    struct alc_json *result = NULL;
    enum alc_rc rc;

    rc = alc_near_rpc_call(r, &result, method, params, cause, err);
    if (rc == ALC_OK) rc = read_status(&s, result, arena, err);
    if (rc != ALC_OK) goto out;
    if (keep_json) {
        s.json = result;
        result = NULL;
    }
    *out = s;
out:
    alc_json_close(result);
    return rc;
}

enum alc_rc alc_near_rpc_tx(struct alc_near_rpc *r, struct alc_near_tx_status *out,
                            const struct alc_hash *hash, const char *sender_id,
                            const char *wait_until, bool keep_json, struct alc_arena *arena,
                            struct alc_err *err)
{
    struct alc_buf params = ALC_BUF(4096);
    struct alc_jw w = {.out = &params};
    char cause[64];
    enum alc_rc rc;

    alc_jw_obj(&w);
    alc_jw_key(&w, "tx_hash");
    alc_jw_base58(&w, alc_hash_bytes(hash));
    alc_jw_key(&w, "sender_account_id");
    alc_jw_text(&w, sender_id);
    alc_jw_key(&w, "wait_until");
    alc_jw_text(&w, wait_until);
    alc_jw_end(&w);
    if (params.failed)
        rc = alc_fail(err, ALC_LIMIT, "tx: arguments too long");
    else
        rc = call_tx(r, out, "tx", alc_buf_bytes(&params), keep_json, cause, arena, err);
    if (rc == ALC_NOT_FOUND && strcmp(cause, "UNKNOWN_TRANSACTION") == 0) {
        *out = (struct alc_near_tx_status){.state = ALC_NEAR_TX_UNKNOWN};
        rc = ALC_OK;
    }
    alc_buf_fini(&params);
    return rc;
}

/* find asks whether the chain knows the transaction: after a send that got no answer, and after one
 * that was refused, since an earlier arrival of the same bytes makes a nonce look used. */
static bool find(struct alc_near_rpc *r, struct alc_near_tx_status *out,
                 const struct alc_near_signed *tx, bool keep_json, struct alc_arena *arena)
{
    struct alc_near_tx_status s = {0};
    struct alc_near_id sender;
    struct alc_err err;

    if (!alc_near_id_set(&sender, tx->tx.signer_id) ||
        alc_near_rpc_tx(r, &s, &tx->hash, sender.s, "NONE", keep_json, arena, &err) != ALC_OK ||
        s.state == ALC_NEAR_TX_UNKNOWN)
        return false;
    *out = s;
    return true;
}

enum alc_rc alc_near_rpc_send(struct alc_near_rpc *r, struct alc_near_tx_status *out,
                              struct alc_bytes signed_tx, const char *wait_until, bool keep_json,
                              struct alc_arena *arena, struct alc_err *err)
{
    struct alc_arena scratch = ALC_ARENA((size_t)16 << 20);
    struct alc_buf params = ALC_BUF(REQUEST_MAX_BYTES);
    struct alc_jw w = {.out = &params};
    struct alc_near_signed tx;
    enum alc_rc rc;

    rc = alc_near_tx_read(&tx, signed_tx, &scratch, err);
    if (rc != ALC_OK) goto out;
    alc_jw_obj(&w);
    alc_jw_key(&w, "signed_tx_base64");
    alc_jw_base64(&w, signed_tx);
    alc_jw_key(&w, "wait_until");
    alc_jw_text(&w, wait_until);
    alc_jw_end(&w);
    if (params.failed) {
        rc = alc_fail(err, ALC_NOMEM, "no memory to send a transaction");
        goto out;
    }
    for (uint32_t try = 0; try < SEND_TRIES; try++) {
        rc = call_tx(r, out, "send_tx", alc_buf_bytes(&params), keep_json, NULL, arena, err);
        if ((rc != ALC_IO && rc != ALC_TIMEOUT) || (r->stop != NULL && *r->stop)) break;
    }
    if ((rc == ALC_IO || rc == ALC_TIMEOUT || rc == ALC_CONFLICT) &&
        find(r, out, &tx, keep_json, arena))
        rc = ALC_OK;
out:
    alc_buf_fini(&params);
    alc_arena_fini(&scratch);
    return rc;
}
