/* contracts/compute/resolve.c — the worker's side: an answer arrives and resumes the promise. */
#include "call.h"

/* ---- Arguments ---- */

static const char *const output_names[] = {
    [OUTPUT_TEXT] = "Text",
    [OUTPUT_JSON] = "Json",
    [OUTPUT_BYTES] = "Bytes",
    [OUTPUT_STRING] = "Text",
};

void read_output(struct near_json *j, void *out)
{
    struct output *o = out;
    struct alc_bytes name;
    const bool with_value = near_json_variant(j, &name);
    unsigned kind = OUTPUT_TEXT;

    if (!with_value) near_json_fail("an output lacks its value");
    while (!alc_bytes_is(name, output_names[kind]))
        if (++kind > OUTPUT_BYTES) near_json_fail("unknown output");
    o->kind = (enum output_kind)kind;
    if (kind == OUTPUT_TEXT)
        near_read_string(j, &o->bytes);
    else if (kind == OUTPUT_JSON)
        near_read_json(j, &o->bytes);
    else
        near_read_octets(j, &o->bytes);
    near_json_variant_end(j, with_value);
}

void out_pending(struct near_out *o, const struct output *out, bool raw)
{
    near_out_lit(o, "{\"");
    near_out_text(o, output_names[out->kind]);
    near_out_lit(o, "\":");
    if (raw || out->kind == OUTPUT_BYTES)
        near_out_octets(o, out->bytes);
    else
        out_output(o, out);
    near_out_lit(o, "}");
}

const struct near_field metrics_fields[METRICS_FIELDS] = {
    NEAR_FIELD("instructions", struct metrics, instructions, near_read_u64, NEAR_MUST),
    NEAR_FIELD("time_ms", struct metrics, time_ms, near_read_u64, NEAR_MUST),
    NEAR_FIELD("compile_time_ms", struct metrics, compile_ms, near_read_opt_u64, NEAR_MAY),
};

void read_metrics(struct near_json *j, void *out)
{
    near_json_object(j, out, metrics_fields, METRICS_FIELDS);
}

static const struct near_field response_fields[] = {
    NEAR_FIELD("success", struct response, success, near_read_bool, NEAR_MUST),
    NEAR_FIELD("output", struct response, output, read_output, NEAR_MAY),
    NEAR_FIELD("error", struct response, error, near_read_string, NEAR_MAY),
    NEAR_FIELD("resources_used", struct response, used, read_metrics, NEAR_MUST),
    NEAR_FIELD("compilation_note", struct response, note, near_read_string, NEAR_MAY),
    NEAR_FIELD("refund_usd", struct response, refund_usd, near_read_opt_u64, NEAR_MAY),
};

void read_response(struct near_json *j, void *out)
{
    near_json_object(j, out, response_fields, 6);
}

struct resolve_args {
    uint64_t id;
    struct response response;
    struct alc_bytes statement; /* base64; p NULL: none */
    struct alc_bytes evidence;  /* base64, of a quote over the statement; p NULL: none */
};

static const struct near_field resolve_fields[] = {
    NEAR_FIELD("request_id", struct resolve_args, id, near_read_u64, NEAR_MUST),
    NEAR_FIELD("response", struct resolve_args, response, read_response, NEAR_MUST),
    NEAR_FIELD("statement", struct resolve_args, statement, near_read_string, NEAR_MAY),
    NEAR_FIELD("evidence", struct resolve_args, evidence, near_read_string, NEAR_MAY),
};

/* submit_execution_output takes the first two. */
static const struct near_field both_fields[] = {
    NEAR_FIELD("request_id", struct resolve_args, id, near_read_u64, NEAR_MUST),
    NEAR_FIELD("output", struct resolve_args, response.output, read_output, NEAR_MUST),
    NEAR_FIELD("success", struct resolve_args, response.success, near_read_bool, NEAR_MUST),
    NEAR_FIELD("error", struct resolve_args, response.error, near_read_string, NEAR_MAY),
    NEAR_FIELD("resources_used", struct resolve_args, response.used, read_metrics, NEAR_MUST),
    NEAR_FIELD("compilation_note", struct resolve_args, response.note, near_read_string, NEAR_MAY),
    NEAR_FIELD("refund_usd", struct resolve_args, response.refund_usd, near_read_opt_u64, NEAR_MAY),
    NEAR_FIELD("statement", struct resolve_args, statement, near_read_string, NEAR_MAY),
    NEAR_FIELD("evidence", struct resolve_args, evidence, near_read_string, NEAR_MAY),
};

/* ---- Money and logs ---- */

near_u128 cost(const struct metrics *m)
{
    const struct prices *p = &here.state.prices;
    near_u128 sum =
        near_add(p->base_fee, near_mul(p->per_million_instructions_fee, m->instructions / 1000000));

    sum = near_add(sum, near_mul(p->per_ms_fee, m->time_ms));
    return near_add(sum, near_mul(p->per_compile_ms_fee, m->compile_ms.v));
}

/* The one line of the log that machines read besides events. */
void log_charged(near_u128 yocto)
{
    say_anew();
    say_amount("[[yNEAR charged: ", yocto);
    say("]]");
    near_log(said());
}

static void log_metrics(const struct metrics *m)
{
    say_anew();
    say_u64("", m->instructions);
    say_u64(" instructions, ", m->time_ms);
    say(" ms");
    near_log(said());
}

/* ---- The payload of a resume ----
 *
 *   form u8 = 1 | bits u8 | instructions u64 | time_ms u64 | [compile_ms u64] | [refund_usd u64]
 *   | output kind u8, bytes | [error] | [note] | [statement_hash [32], worker_key [32]]
 *
 * Only this contract can write one.  It is shorter than the same response as JSON, so that whatever
 * OutLayer's 1024 bytes carry fits here together with a proof. */
enum { PAYLOAD_FORM = 1 };

/* What the bits tell of, from the lowest on; BIT_SHOWN: a statement was checked, BIT_STORED: over
 * the stored output. */
enum {
    BIT_SUCCESS = 1 << 0,
    BIT_COMPILE = 1 << 1,
    BIT_REFUND = 1 << 2,
    BIT_ERROR = 1 << 3,
    BIT_NOTE = 1 << 4,
    BIT_SHOWN = 1 << 5,
    BIT_STORED = 1 << 6,
};

static void walk_payload(struct response *r, struct shown *p)
{
    uint8_t form = PAYLOAD_FORM, kind = (uint8_t)r->output.kind;
    uint8_t bits = (uint8_t)(r->success | (r->used.compile_ms.some != 0) << 1 |
                             (r->refund_usd.some != 0) << 2 | (r->error.p != NULL) << 3 |
                             (r->note.p != NULL) << 4 | p->some << 5 | p->stored << 6);

    walk_raw(&form, 1);
    walk_raw(&bits, 1);
    walk_raw(&r->used, 2 * sizeof(uint64_t)); /* instructions, time_ms */
    if ((bits & BIT_COMPILE) != 0) walk_raw(&r->used.compile_ms.v, sizeof(uint64_t));
    if ((bits & BIT_REFUND) != 0) walk_raw(&r->refund_usd.v, sizeof(uint64_t));
    walk_raw(&kind, 1);
    walk_bytes(&r->output.bytes);
    if ((bits & BIT_ERROR) != 0) walk_bytes(&r->error);
    if ((bits & BIT_NOTE) != 0) walk_bytes(&r->note);
    if ((bits & BIT_SHOWN) != 0) {
        walk_raw(&p->statement_hash, sizeof p->statement_hash);
        walk_raw(&p->worker_key, sizeof p->worker_key);
    }
    walk_refuse(form != PAYLOAD_FORM || bits > 127 || kind > OUTPUT_BYTES);
    r->success = (bits & BIT_SUCCESS) != 0;
    r->used.compile_ms.some = (bits & BIT_COMPILE) != 0;
    r->refund_usd.some = (bits & BIT_REFUND) != 0;
    r->output.kind = (enum output_kind)(kind & 3);
    p->some = (bits & BIT_SHOWN) != 0;
    p->stored = (bits & BIT_STORED) != 0;
}

/* A response in OutLayer's JSON is understood too; it cannot carry a proof. */
void payload_read(struct response *r, struct shown *p, uint8_t *buf, size_t n)
{
    struct near_json j = near_json_begin(buf, n);

    *r = (struct response){.success = false};
    *p = (struct shown){.some = false};
    if (n > 0 && buf[0] != '{') {
        walk_read((struct alc_bytes){buf, n});
        walk.phrase = "The resume payload is not ours";
        walk_payload(r, p);
        walk_end();
        return;
    }
    read_response(&j, r);
    near_json_end(&j);
}

/* ---- Methods ---- */

static struct resolve_args a;
static struct request r;

/* open_request reads the arguments and makes the checks that all three methods share. */
static void open_request(const struct near_field *fields, size_t n)
{
    a = (struct resolve_args){.statement = {NULL, 0}};
    near_args(&a, fields, n);
    begin(BY_OPERATOR);
    near_refuse(!request_load(&r, a.id), "Execution request not found");
}

/* judge holds the statement, if any, against the response and `out`, which the caller would
 * receive. */
static void judge(struct shown *shown, const struct output *out)
{
    static const struct output none = {OUTPUT_NONE, {NULL, 0}};

    *shown = (struct shown){.some = false};
    proof_check(shown, &r, &a.response, a.response.success ? out : &none, a.statement);
}

/* resume lets the promise go on with the response, and with the stored output when there is one; at
 * level "onchain" once the register has judged the quote.  `mine`: the length of an output's record
 * that this call stored, or 0. */
static void resume(struct shown *shown, size_t mine)
{
    static uint8_t payload[NEAR_RESUME_MAX_BYTES];
    const bool stored = (r.flags & FLAG_OUTPUT) != 0;
    struct response *const p = &a.response;

    log_metrics(&p->used);
    log_charged(cost(&p->used));

    /* What the callback would not look at stays out of the payload. */
    shown->stored = shown->some && stored;
    if (stored || !p->success) p->output = (struct output){OUTPUT_NONE, {NULL, 0}};
    if (p->success) p->error = (struct alc_bytes){NULL, 0};
    walk_write(payload, sizeof payload,
               "The response is over 1024 bytes: use submit_execution_output_and_resolve");
    walk_payload(p, shown);
    if (r.proof == PROOF_ONCHAIN && shown->some)
        onchain_ask(&r, shown, walk_written(), shown->stored && p->success, mine, a.evidence);
    else if (!near_yield_resume(&r.data_id, walk_written()))
        near_panic("Unable to resume: the request no longer waits");
}

static void refuse_second_output(void)
{
    near_refuse((r.flags & FLAG_OUTPUT) != 0, "Output already submitted for this request");
}

static size_t submit(void)
{
    const size_t n = request_add_output(&r, &a.response.output);

    state_save();
    return n;
}

void method_resolve_execution(void)
{
    struct output out;
    struct shown shown;

    open_request(resolve_fields, 4);
    out = a.response.output;
    if ((r.flags & FLAG_OUTPUT) != 0 && a.statement.p != NULL) output_load(&out, r.id);
    judge(&shown, &out);
    resume(&shown, 0);
}

void method_submit_execution_output(void)
{
    open_request(both_fields, 2);
    refuse_second_output();
    (void)submit();
}

void method_submit_execution_output_and_resolve(void)
{
    struct shown shown;

    open_request(both_fields, 9);
    refuse_second_output();
    judge(&shown, &a.response.output);
    resume(&shown, submit());
}
