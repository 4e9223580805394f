/* contracts/compute/answer.c — the promise goes on: refund, event, and the caller's result. */
#include "price.h"

/* What execution_completed tells. */
struct completed {
    struct request r;
    struct response a;
    near_u128 charged, refunded;
    uint64_t now;
    struct alc_bytes error;
};

#define ROW(name, member, read) NEAR_FIELD(name, struct completed, member, read, NEAR_MUST)

static const struct near_field completed_fields[] = {
    ROW("sender_id", r.signer, near_read_account),
    ROW("code_source", r.source, read_source),
    ROW("resources_used", a.used, read_metrics),
    ROW("success", a.success, near_read_bool),
    ROW("error_message", error, near_read_string),
    ROW("payment_charged", charged, near_read_u128),
    ROW("payment_refunded", refunded, near_read_u128),
    ROW("compilation_note", a.note, near_read_string),
    ROW("timestamp", now, near_read_u64),
};

static const struct near_field envelope_fields[] = {
    NEAR_FIELD("statement_hash", struct shown, statement_hash, near_read_hash, NEAR_MUST),
    NEAR_FIELD("worker_key", struct shown, worker_key, near_read_key, NEAR_MUST),
};

static void log_request(uint64_t id, const char *after)
{
    say_anew();
    say_u64("Request ", id);
    say(after);
    near_log(said());
}

void out_output(struct near_out *o, const struct output *out)
{
    switch (out->kind) {
    case OUTPUT_NONE:
        near_out_lit(o, "null");
        return;
    case OUTPUT_TEXT:
        near_out_str(o, out->bytes);
        return;
    case OUTPUT_JSON:
    case OUTPUT_STRING:
        near_out_raw(o, out->bytes);
        return;
    case OUTPUT_BYTES:
        near_out_base64(o, out->bytes);
        return;
    }
}

/* The result is the bare value, as OutLayer gives it, or an envelope for who asked with_proof. */
static void give_output(const struct request *r, const struct output *out,
                        const struct shown *shown)
{
    const bool envelope = shown->some && (r->flags & FLAG_WITH_PROOF) != 0;

    say_anew();
    if (envelope) say("{\"output\":");
    out_output(&here.out, out);
    if (envelope) {
        say(",");
        NEAR_OUT_MEMBERS(&here.out, shown, envelope_fields);
        say_u64(",\"request_id\":", r->id);
        say("}");
    }
    near_return(near_out_bytes(&here.out, "The output is too long to be returned"));
}

/* The callback's arguments are the announced request_data; the record knows the rest of it. */
void method_on_execution_response(void)
{
    static uint8_t payload[NEAR_RESUME_MAX_BYTES];
    static struct completed c;
    struct response *const a = &c.a;
    struct request *const r = &c.r;
    struct shown shown = {.some = false};
    struct output stored;
    bool resumed;
    size_t n;

    read_args(ARG_REQUEST_ID);
    c.a = (struct response){.success = false};
    resumed = near_result(payload, sizeof payload, &n);
    if (resumed) payload_read(a, &shown, payload, n);
    state_load();
    if (!request_take(r, &stored, arg.id)) {
        log_request(arg.id, " had already ended");
        give_null();
        return;
    }
    near_refuse(a->success && r->proof != PROOF_NONE && !shown.some,
                "Proof was asked for: an output needs a statement");
    c.charged = a->success ? cost(&a->used) : here.state.prices.base_fee;
    c.refunded = r->payment > c.charged ? r->payment - c.charged : 0;
    here.state.executions++;
    here.state.fees = near_add(here.state.fees, c.charged);
    state_save();
    if (c.refunded > 0) near_transfer(r->payer, c.refunded);
    if (a->success)
        price_settle(r, a->refund_usd.v);
    else
        price_return(r);

    log_charged(c.charged);
    if (resumed) {
        c.now = near_host_block_timestamp();
        c.error = (struct alc_bytes){NULL, 0};
        if (!a->success) c.error = a->error.p != NULL ? a->error : ALC_LIT("Unknown error");
        event_begin("execution_completed");
        SAY_OBJECT(&c, completed_fields);
        event_end();
    }
    log_request(r->id, a->success ? " done" : resumed ? " failed" : " timed out");
    if (!a->success) {
        give_null();
        return;
    }
    /* What a statement was checked over is final, whatever was submitted since. */
    if (!(shown.some ? shown.stored : (r->flags & FLAG_OUTPUT) != 0)) stored = a->output;
    give_output(r, &stored, &shown);
}
