/* localnet/rpc.c — HTTP in, JSON-RPC out: the envelope, the table of methods, and the pages that
 * are read by GET. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "localnet/rpc_call.h"

struct lnet_rpc {
    struct lnet_rpc_conf conf; /* with the defaults filled in; not changed once it listens */
    struct alc_httpd *httpd;
    _Atomic uint16_t port; /* the real one, known a moment after the first request may come */
    uint64_t started_ms;
};

/* ---- the table ---- */

static const struct {
    const char *name;
    lnet_method *run;
} methods[] = {
    {"status", lnet_do_status},
    {"health", lnet_do_health},
    {"network_info", lnet_do_network_info},
    {"validators", lnet_do_validators},
    {"EXPERIMENTAL_protocol_config", lnet_do_protocol_config},
    {"genesis_config", lnet_do_genesis_config},
    {"EXPERIMENTAL_genesis_config", lnet_do_genesis_config},
    {"block", lnet_do_block},
    {"chunk", lnet_do_chunk},
    {"gas_price", lnet_do_gas_price},
    {"changes", lnet_do_changes},
    {"EXPERIMENTAL_changes", lnet_do_changes},
    {"block_effects", lnet_do_block_effects},
    {"EXPERIMENTAL_changes_in_block", lnet_do_block_effects},
    {"query", lnet_do_query},
    {"EXPERIMENTAL_view_account", lnet_do_view_account},
    {"EXPERIMENTAL_view_code", lnet_do_view_code},
    {"EXPERIMENTAL_view_state", lnet_do_view_state},
    {"EXPERIMENTAL_view_access_key", lnet_do_view_key},
    {"EXPERIMENTAL_view_access_key_list", lnet_do_view_keys},
    {"EXPERIMENTAL_call_function", lnet_do_call_function},
    {"broadcast_tx_async", lnet_do_broadcast_async},
    {"broadcast_tx_commit", lnet_do_broadcast_commit},
    {"send_tx", lnet_do_send},
    {"tx", lnet_do_tx},
    {"tx_status", lnet_do_tx_status},
    {"EXPERIMENTAL_tx_status", lnet_do_tx_status},
    {"EXPERIMENTAL_receipt", lnet_do_receipt},
    {"sandbox_patch_state", lnet_do_patch_state},
    {"sandbox_fast_forward", lnet_do_fast_forward},
    {"sandbox_snapshot", lnet_do_snapshot},
    {"sandbox_restore", lnet_do_restore},
    {"sandbox_drop_snapshot", lnet_do_drop_snapshot},
    {"sandbox_dump_state", lnet_do_dump_state},
};

bool lnet_rpc_dispatch(struct lnet_call *c, struct alc_bytes method)
{
    struct alc_jw info = {.out = &c->error.info};

    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (alc_bytes_is(method, methods[i].name)) return methods[i].run(c);
    alc_jw_obj(&info);
    alc_jw_key(&info, "method_name");
    alc_jw_str(&info, method);
    alc_jw_end(&info);
    return lnet_fail(c, LNET_METHOD_NOT_FOUND, "%.*s", (int)method.n, (const char *)method.p);
}

/* ---- the envelope ---- */

#define METHOD_MAX_BYTES 256u

/* Where a value that begins at `i` ends, in a text that is known to be JSON. */
static size_t value_end(struct alc_bytes t, size_t i)
{
    size_t depth = 0;
    bool in_string = false;

    for (; i < t.n; i++) {
        uint8_t c = t.p[i];
        if (in_string) {
            if (c == '\\') i++;
            if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (depth > 0 && (c == '}' || c == ']')) {
            depth--;
        } else if (depth == 0 && (c == ',' || c == ':' || c == '}' || c == ']')) {
            break;
        }
    }
    return i;
}

static struct alc_bytes trimmed(struct alc_bytes t)
{
    while (t.n > 0 && t.p[0] <= ' ') {
        t.p++;
        t.n--;
    }
    while (t.n > 0 && t.p[t.n - 1] <= ' ')
        t.n--;
    return t;
}

/* The text of the request's id.  It is echoed as it came, and the document would not do: it rounds
 * numbers of more than 64 bits.  Empty where there is none (or its name is spelt with escapes). */
static struct alc_bytes id_text(struct alc_bytes body)
{
    size_t i = 0;

    while (i < body.n && body.p[i] != '{')
        i++;
    for (i++; i < body.n; i++) {
        size_t colon = value_end(body, i), end = value_end(body, colon + 1);
        while (i < colon && body.p[i] != '"')
            i++;
        if (colon - i >= 4 && memcmp(body.p + i, "\"id\"", 4) == 0)
            return trimmed((struct alc_bytes){body.p + colon + 1, end - colon - 1});
        i = end;
    }
    return (struct alc_bytes){NULL, 0};
}

static struct lnet_call new_call(const struct lnet_rpc *r, struct alc_arena *arena,
                                 struct alc_buf *out)
{
    const struct alc_clock *clock = r->conf.clock;

    return (struct lnet_call){
        .conf = &r->conf,
        .chain = r->conf.chain,
        .port = r->port,
        .uptime_ms = alc_clock_mono_ms(clock) - r->started_ms,
        .arena = arena,
        .out = out,
        .error = {.info = ALC_BUF(1u << 20), .data = ALC_BUF(1u << 20)},
    };
}

/* What was begun is not sent: an answer that grew too large, or found no memory, is an error. */
static bool whole(struct lnet_call *c)
{
    struct alc_err err = {0};
    enum alc_rc rc;

    if (!c->out->failed && !c->error.info.failed && !c->error.data.failed) return true;
    alc_buf_reset(&c->error.info);
    alc_buf_reset(&c->error.data);
    rc = alc_fail(&err, ALC_LIMIT, "the answer is too large");
    return lnet_fail_internal(c, rc, &err);
}

/* Ends {"jsonrpc":"2.0", ... ,"id":<id>}; `ok` says that the result stands there already. */
static void end_envelope(struct lnet_call *c, bool ok, const struct alc_json *id,
                         struct alc_bytes body, struct alc_httpd_answer *answer)
{
    struct alc_bytes said = {NULL, 0};

    if (id != NULL) said = id_text(body);
    if (!whole(c)) ok = false;
    if (!ok) {
        alc_buf_reset(c->out);
        alc_buf_put_text(c->out, "{\"jsonrpc\":\"2.0\",\"error\":");
        lnet_error_write(c->out, &c->error);
        answer->status = lnet_error_status(&c->error);
    }
    alc_buf_put_text(c->out, ",\"id\":");
    if (said.n > 0)
        alc_buf_put_bytes(c->out, said);
    else
        alc_json_dump(id, c->out); /* NULL is null */
    alc_buf_put_text(c->out, "}");
}

/* {"jsonrpc":"2.0","id":any,"method":text,"params":absent, null, array or object} */
static bool run_request(struct lnet_call *c, const struct alc_json *request)
{
    struct alc_err err = {0};
    struct alc_bytes method, version;
    enum alc_rc rc = ALC_OK;

    if (alc_json_kind(request) == ALC_JSON_ARRAY)
        rc = alc_fail(&err, ALC_BAD_INPUT, "several requests in one are not served");
    else if (!alc_json_str(alc_json_get(request, "method"), &method))
        rc = alc_fail(&err, ALC_BAD_INPUT, "a request has a `method`");
    else if (method.n > METHOD_MAX_BYTES)
        rc = alc_fail(&err, ALC_BAD_INPUT, "a `method` has at most %u bytes", METHOD_MAX_BYTES);
    else if (!alc_json_str(alc_json_get(request, "jsonrpc"), &version) ||
             !alc_bytes_is(version, "2.0"))
        rc = alc_fail(&err, ALC_BAD_INPUT, "a request has `jsonrpc`: \"2.0\"");
    if (rc != ALC_OK) return lnet_fail_params(c, rc, &err);
    c->params = alc_json_get(request, "params");
    alc_buf_put_text(c->out, "{\"jsonrpc\":\"2.0\",\"result\":");
    return lnet_rpc_dispatch(c, method);
}

static void answer_rpc(const struct lnet_rpc *r, struct alc_bytes body,
                       struct alc_httpd_answer *answer)
{
    struct alc_arena arena = ALC_ARENA(LNET_RPC_BODY_MAX_BYTES);
    struct lnet_call c = new_call(r, &arena, &answer->body);
    struct alc_json *request = NULL;
    struct alc_err err = {0};
    enum alc_rc rc = alc_json_open(&request, body, LNET_RPC_BODY_MAX_BYTES, &err);
    bool ok;

    if (rc == ALC_LIMIT) rc = ALC_BAD_INPUT; /* nested too deep, or of too many values */
    ok = rc == ALC_OK ? run_request(&c, request) : lnet_fail_params(&c, rc, &err);
    end_envelope(&c, ok, alc_json_get(request, "id"), body, answer);
    lnet_error_fini(&c.error);
    alc_json_close(request);
    alc_arena_fini(&arena);
}

/* ---- pages ---- */

/* A method without parameters as a page: the bare result, or the bare error. */
static void answer_page(const struct lnet_rpc *r, lnet_method *run, struct alc_httpd_answer *answer)
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct lnet_call c = new_call(r, &arena, &answer->body);

    if (!run(&c) || !whole(&c)) {
        alc_buf_reset(c.out);
        lnet_error_write(c.out, &c.error);
        answer->status = 500;
    }
    lnet_error_fini(&c.error);
    alc_arena_fini(&arena);
}

static void answer_plain(struct alc_httpd_answer *answer, int status, const char *sentence)
{
    struct alc_jw w = {.out = &answer->body};

    answer->status = status;
    alc_jw_obj(&w);
    alc_jw_key(&w, "error");
    alc_jw_text(&w, sentence);
    alc_jw_end(&w);
}

void lnet_rpc_answer(struct lnet_rpc *r, const struct alc_httpd_ask *ask,
                     struct alc_httpd_answer *answer)
{
    answer->body.max_bytes = LNET_RPC_ANSWER_MAX_BYTES;
    if (strcmp(ask->method, "POST") == 0 && strcmp(ask->path, "/") == 0)
        answer_rpc(r, ask->body, answer);
    else if (strcmp(ask->method, "GET") != 0)
        answer_plain(answer, 405, "JSON-RPC is a POST to /, everything else a GET");
    else if (strcmp(ask->path, "/status") == 0)
        answer_page(r, lnet_do_status, answer);
    else if (strcmp(ask->path, "/health") == 0)
        answer_page(r, lnet_do_health, answer);
    else if (strcmp(ask->path, "/network_info") == 0)
        answer_page(r, lnet_do_network_info, answer);
    else if (strncmp(ask->path, "/v0/", 4) == 0)
        lnet_stream_answer(&r->conf, ask->path, answer);
    else
        answer_plain(answer, 404, "no such page");
}

/* ---- life ---- */

static void handle(void *ctx, const struct alc_httpd_ask *ask, struct alc_httpd_answer *answer)
{
    lnet_rpc_answer(ctx, ask, answer);
}

enum alc_rc lnet_rpc_init(struct lnet_rpc **out, const struct lnet_rpc_conf *conf,
                          struct alc_err *err)
{
    struct lnet_rpc *r = calloc(1, sizeof *r);

    if (r == NULL) return alc_fail(err, ALC_NOMEM, "no memory for the RPC server");
    r->conf = *conf;
    if (r->conf.wait_ms == 0) r->conf.wait_ms = LNET_RPC_WAIT_MS;
    if (r->conf.unknown_wait_ms == 0) r->conf.unknown_wait_ms = LNET_RPC_UNKNOWN_WAIT_MS;
    if (r->conf.stream_wait_ms == 0) r->conf.stream_wait_ms = LNET_RPC_STREAM_WAIT_MS;
    if (r->conf.clock == NULL) r->conf.clock = &alc_clock_system;
    r->port = conf->port;
    r->started_ms = alc_clock_mono_ms(r->conf.clock);
    *out = r;
    return ALC_OK;
}

enum alc_rc lnet_rpc_open(struct lnet_rpc **out, const struct lnet_rpc_conf *conf,
                          struct alc_err *err)
{
    struct lnet_rpc *r;
    enum alc_rc rc = lnet_rpc_init(&r, conf, err);

    if (rc != ALC_OK) return rc;
    rc = alc_httpd_open(&r->httpd,
                        &(struct alc_httpd_conf){.host = conf->host,
                                                 .port = conf->port,
                                                 .max_body_bytes = LNET_RPC_BODY_MAX_BYTES,
                                                 .max_connections = LNET_RPC_CONNECTIONS_MAX,
                                                 .cors = true,
                                                 .handle = handle,
                                                 .ctx = r},
                        err);
    if (rc != ALC_OK) {
        lnet_rpc_close(r);
        return rc;
    }
    r->port = alc_httpd_port(r->httpd);
    *out = r;
    return ALC_OK;
}

uint16_t lnet_rpc_port(const struct lnet_rpc *r)
{
    return r->port;
}

void lnet_rpc_close(struct lnet_rpc *r)
{
    if (r == NULL) return;
    if (r->httpd != NULL) alc_httpd_close(r->httpd);
    free(r);
}
