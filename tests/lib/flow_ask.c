/* Requests of the flow tests: asked by the user, read back from the transaction. */
#include "flow.h"

#include "base/enc.h"

#include <stdio.h>
#include <string.h>

#define ARGS_MAX_BYTES ALC_NEAR_TX_MAX_BYTES
#define GAS_ALL (300u * (uint64_t)ALC_NEAR_TGAS)
#define EVENT_MAX_BYTES (64u << 10)

static const char event_prefix[] = "EVENT_JSON:";

/* ---- asking ---- */

static void put_source(struct alc_jw *w, const struct flow_ask *ask)
{
    alc_jw_key(w, "source");
    if (ask->source != NULL) {
        alc_jw_raw(w, alc_cstr(ask->source));
        return;
    }
    alc_jw_obj(w);
    alc_jw_key(w, "WasmUrl");
    alc_jw_obj(w);
    alc_jw_key(w, "url");
    alc_jw_text(w, FLOW_URL);
    alc_jw_key(w, "hash");
    alc_jw_hex(w, alc_hash_bytes(&ask->code));
    if (ask->target != NULL) {
        alc_jw_key(w, "build_target");
        alc_jw_text(w, ask->target);
    }
    alc_jw_end(w);
    alc_jw_end(w);
}

static void put_limits(struct alc_jw *w, const struct flow_ask *ask)
{
    alc_jw_key(w, "resource_limits");
    alc_jw_obj(w);
    alc_jw_key(w, "max_instructions");
    alc_jw_u64(w, ask->max_instructions != 0 ? ask->max_instructions : 1000000000);
    alc_jw_key(w, "max_memory_mb");
    alc_jw_u64(w, ask->max_memory_mb != 0 ? ask->max_memory_mb : 128);
    alc_jw_key(w, "max_execution_seconds");
    alc_jw_u64(w, ask->max_seconds != 0 ? ask->max_seconds : 60);
    alc_jw_end(w);
}

static void put_args(struct alc_buf *out, const struct flow_ask *ask)
{
    struct alc_jw w = {.out = out};

    alc_jw_obj(&w);
    put_source(&w, ask);
    if (!ask->no_limits) put_limits(&w, ask);
    if (ask->input.p != NULL) {
        alc_jw_key(&w, "input_data");
        alc_jw_str(&w, ask->input);
    }
    if (ask->secrets != NULL) {
        alc_jw_key(&w, "secrets_ref");
        alc_jw_raw(&w, alc_cstr(ask->secrets));
    }
    if (ask->format != NULL) {
        alc_jw_key(&w, "response_format");
        alc_jw_text(&w, ask->format);
    }
    if (ask->payer != NULL) {
        alc_jw_key(&w, "payer_account_id");
        alc_jw_text(&w, ask->payer);
    }
    if (ask->params != NULL) {
        alc_jw_key(&w, "params");
        alc_jw_raw(&w, alc_cstr(ask->params));
    }
    alc_jw_end(&w);
}

void flow_send(struct flow *f, struct alc_hash *tx, const struct flow_ask *ask,
               const struct alc_hash *block, const char *wait_until)
{
    struct alc_buf args = ALC_BUF(ARGS_MAX_BYTES), bytes = ALC_BUF(ALC_NEAR_TX_MAX_BYTES);
    struct alc_near_action call = {
        .kind = ALC_NEAR_CALL,
        .method = ALC_LIT("request_execution"),
        .gas = GAS_ALL,
        .amount = ask->payment != 0 ? ask->payment : FLOW_PAYMENT,
    };
    struct alc_near_tx t = {.signer_id = ALC_LIT(CLI_DEVNET_USER),
                            .receiver_id = ALC_LIT(CLI_DEVNET_CONTRACT),
                            .key = alc_near_key_of(&f->user),
                            .nonce = ++f->nonce,
                            .block_hash = *block,
                            .actions = &call,
                            .actions_count = 1};
    struct alc_arena arena = ALC_ARENA(8u << 20);
    struct alc_near_tx_status status;
    struct alc_err err;
    enum alc_rc rc;

    put_args(&args, ask);
    assert_false(args.failed);
    call.data = alc_buf_bytes(&args);
    flow_must(f, alc_near_tx_sign(&bytes, tx, &t, &f->user), NULL);
    rc = alc_near_rpc_send(f->dev.client, &status, alc_buf_bytes(&bytes), wait_until, false, &arena,
                           &err);
    alc_buf_fini(&args);
    alc_buf_fini(&bytes);
    alc_arena_fini(&arena);
    flow_must(f, rc, &err);
}

void flow_ask(struct flow *f, struct alc_hash *tx, const struct flow_ask *ask)
{
    struct alc_near_block_ref block;
    struct alc_err err;

    flow_must(f, alc_near_rpc_final(f->dev.client, &block, &err), &err);
    flow_send(f, tx, ask, &block.hash, "INCLUDED");
}

/* ---- the end ---- */

static void read_u128(const struct alc_json *v, __uint128_t *out)
{
    struct alc_bytes text;
    assert_true(alc_json_str(v, &text));
    assert_true(alc_u128_decode(out, text));
}

static void read_completed(struct flow *f, struct flow_end *end, const struct alc_json *data)
{
    const struct alc_json *used = alc_json_get(data, "resources_used");
    const struct alc_json *compile = alc_json_get(used, "compile_time_ms");
    struct alc_bytes text, copy;

    end->events++;
    assert_true(alc_json_bool(alc_json_get(data, "success"), &end->success));
    end->error = "";
    if (alc_json_str(alc_json_get(data, "error_message"), &text)) {
        assert_true(alc_arena_copy(&f->arena, text, &copy));
        end->error = (const char *)copy.p;
    }
    assert_true(alc_json_u64(alc_json_get(used, "instructions"), &end->instructions));
    assert_true(alc_json_u64(alc_json_get(used, "time_ms"), &end->time_ms));
    if (!alc_json_u64(compile, &end->compile_ms)) end->compile_ms = 0;
    read_u128(alc_json_get(data, "payment_charged"), &end->charged);
    read_u128(alc_json_get(data, "payment_refunded"), &end->refunded);
}

static void read_log(struct flow *f, struct flow_end *end, struct alc_bytes line)
{
    const size_t skip = sizeof event_prefix - 1;
    struct alc_json *event = NULL;
    struct alc_bytes name;

    if (line.n < skip || memcmp(line.p, event_prefix, skip) != 0) return;
    line = (struct alc_bytes){line.p + skip, line.n - skip};
    assert_int_equal(alc_json_open(&event, line, EVENT_MAX_BYTES, NULL), ALC_OK);
    assert_true(alc_json_str(alc_json_get(event, "event"), &name));
    if (alc_bytes_is(name, "execution_completed"))
        read_completed(f, end, alc_json_at(alc_json_get(event, "data"), 0));
    alc_json_close(event);
}

static void read_logs(struct flow *f, struct flow_end *end, const struct alc_json *tx)
{
    const struct alc_json *all = alc_json_get(tx, "receipts_outcome");

    for (size_t i = 0; i < alc_json_count(all); i++) {
        const struct alc_json *outcome = alc_json_get(alc_json_at(all, i), "outcome");
        const struct alc_json *logs = alc_json_get(outcome, "logs");
        for (size_t j = 0; j < alc_json_count(logs); j++) {
            struct alc_bytes line;
            assert_true(alc_json_str(alc_json_at(logs, j), &line));
            read_log(f, end, line);
        }
    }
}

void flow_end(struct flow *f, struct flow_end *end, const struct alc_hash *tx)
{
    uint64_t until = alc_clock_mono_ms(&alc_clock_system) + FLOW_PATIENCE_MS;
    struct alc_near_tx_status status = {0};
    struct alc_err err;
    enum alc_rc rc;

    /* The node waits for as long as it likes to and then says so. */
    do {
        rc = alc_near_rpc_tx(f->dev.client, &status, tx, CLI_DEVNET_USER, "FINAL", true, &f->arena,
                             &err);
        if (rc == ALC_TIMEOUT && alc_clock_mono_ms(&alc_clock_system) > until)
            flow_fail(f, "the request has no end");
    } while (rc == ALC_TIMEOUT);
    flow_must(f, rc, &err);
    *end = (struct flow_end){.value = status.value, .error = "", .burnt = status.tokens_burnt};
    if (status.state == ALC_NEAR_TX_FAILED) end->failure = status.failure;
    read_logs(f, end, status.json);
    alc_json_close(status.json);
}

struct alc_bytes flow_text(struct flow *f, struct alc_bytes value)
{
    struct alc_json *doc = NULL;
    struct alc_bytes text, copy;
    struct alc_err err;

    flow_must(f, alc_json_open(&doc, value, 4u << 20, &err), &err);
    if (!alc_json_str(doc, &text)) flow_fail(f, "%.200s is no JSON string", value.p);
    assert_true(alc_arena_copy(&f->arena, text, &copy));
    alc_json_close(doc);
    return copy;
}
