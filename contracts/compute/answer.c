/* contracts/compute/answer.c — the promise goes on: refund, event, and the caller's result. */
#include "price.h"

struct callback_args {
    uint64_t id;
};

/* The callback's arguments are the announced request_data; the record knows the rest of it. */
static const struct near_field callback_fields[] = {
    NEAR_FIELD("request_id", struct callback_args, id, near_read_u64, NEAR_MUST),
};

static void log_request(const char *before, uint64_t id, const char *after)
{
    uint8_t buf[96];
    struct near_out o = NEAR_OUT(buf);

    near_out_raw(&o, alc_cstr(before));
    near_out_u64(&o, id);
    near_out_raw(&o, alc_cstr(after));
    near_log(near_out_bytes(&o, "log line too long"));
}

static void log_completed(const struct state *s, const struct request *r, const struct response *a,
                          near_u128 charged, near_u128 refunded)
{
    static uint8_t buf[NEAR_LOG_MAX_BYTES];
    struct near_out o = NEAR_OUT(buf);
    struct alc_bytes error = {NULL, 0};

    if (!a->success) error = a->error.p != NULL ? a->error : ALC_LIT("Unknown error");
    event_begin(&o, s, ALC_LIT("execution_completed"));
    near_out_lit(&o, "{\"sender_id\":");
    out_account(&o, r->signer);
    near_out_lit(&o, ",\"code_source\":");
    out_source(&o, &r->source);
    near_out_lit(&o, ",\"resources_used\":");
    out_metrics(&o, &a->used);
    near_out_lit(&o, ",\"success\":");
    near_out_bool(&o, a->success);
    near_out_lit(&o, ",\"error_message\":");
    near_out_opt_str(&o, error);
    near_out_lit(&o, ",\"payment_charged\":");
    near_out_u128_str(&o, charged);
    near_out_lit(&o, ",\"payment_refunded\":");
    near_out_u128_str(&o, refunded);
    near_out_lit(&o, ",\"compilation_note\":");
    near_out_opt_str(&o, a->note);
    near_out_lit(&o, ",\"timestamp\":");
    near_out_u64(&o, near_host_block_timestamp());
    near_out_lit(&o, "}");
    event_end(&o);
}

static void out_output(struct near_out *o, const struct output *out)
{
    switch (out->kind) {
    case OUTPUT_NONE:
        near_out_lit(o, "null");
        return;
    case OUTPUT_TEXT:
        near_out_str(o, out->bytes);
        return;
    case OUTPUT_JSON:
        near_out_raw(o, out->bytes);
        return;
    case OUTPUT_BYTES:
        near_out_base64(o, out->bytes);
        return;
    }
}

/* The result is the bare value, as OutLayer gives it, or an envelope for who asked with_proof. */
static void give(const struct request *r, const struct output *out, const struct shown *shown)
{
    static uint8_t buf[NEAR_VALUE_MAX_BYTES];
    struct near_out o = NEAR_OUT(buf);
    bool envelope = shown->some && (r->flags & FLAG_WITH_PROOF) != 0;

    if (envelope) near_out_lit(&o, "{\"output\":");
    out_output(&o, out);
    if (envelope) {
        near_out_lit(&o, ",\"statement_hash\":");
        near_out_hex(&o, alc_hash_bytes(&shown->statement_hash));
        near_out_lit(&o, ",\"worker_key\":");
        near_out_key(&o, &shown->worker_key);
        near_out_lit(&o, ",\"request_id\":");
        near_out_u64(&o, r->id);
        near_out_lit(&o, "}");
    }
    near_return(near_out_bytes(&o, "The output is too long to be returned"));
}

void method_on_execution_response(void)
{
    static uint8_t payload[NEAR_RESUME_MAX_BYTES];
    struct callback_args args;
    struct response a = {.success = false};
    struct shown shown = {.some = false};
    struct output stored, out;
    near_u128 charged, refund;
    struct request r;
    struct state s;
    bool resumed;
    size_t n;

    NEAR_ARGS(&args, callback_fields);
    resumed = near_result(payload, sizeof payload, &n);
    if (resumed) payload_read(&a, &shown, payload, n);
    state_load(&s);
    if (!request_take(&r, &stored, &s, args.id)) {
        log_request("Request ", args.id, " had already ended");
        near_return(ALC_LIT("null"));
        return;
    }
    if (a.success && r.proof != PROOF_NONE && !shown.some)
        near_panic("Proof was asked for: an output needs a statement");
    charged = a.success ? cost(&s.prices, &a.used) : s.prices.base_fee;
    refund = r.payment > charged ? r.payment - charged : 0;
    s.executions++;
    s.fees = near_add(s.fees, charged);
    state_save(&s);
    if (refund > 0) near_transfer(r.payer, refund);
    if (a.success)
        price_settle(&r, a.refund_usd.v);
    else
        price_return(&r);

    log_charged(charged);
    if (resumed) log_completed(&s, &r, &a, charged, refund);
    log_request("Request ", r.id, a.success ? " done" : resumed ? " failed" : " timed out");
    if (!a.success) {
        near_return(ALC_LIT("null"));
        return;
    }
    /* What a statement was checked over is final, whatever was submitted since. */
    out = a.output;
    if (shown.some ? shown.stored : (r.flags & FLAG_OUTPUT) != 0) out = stored;
    give(&r, &out, &shown);
}
