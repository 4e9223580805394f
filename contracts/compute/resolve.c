/* contracts/compute/resolve.c — the worker's side: an answer arrives and resumes the promise. */
#include "compute.h"

/* ---- Arguments ---- */

static void read_output(struct near_json *j, void *out)
{
    struct output *o = out;
    struct alc_bytes name;
    bool with_value = near_json_variant(j, &name);

    if (!with_value) near_json_fail("an output lacks its value");
    if (alc_bytes_is(name, "Text")) {
        o->kind = OUTPUT_TEXT;
        near_read_string(j, &o->bytes);
    } else if (alc_bytes_is(name, "Json")) {
        o->kind = OUTPUT_JSON;
        near_read_json(j, &o->bytes);
    } else if (alc_bytes_is(name, "Bytes")) {
        o->kind = OUTPUT_BYTES;
        near_read_octets(j, &o->bytes);
    } else {
        near_json_fail("unknown output");
    }
    near_json_variant_end(j, with_value);
}

static const struct near_field metrics_fields[] = {
    NEAR_FIELD("instructions", struct metrics, instructions, near_read_u64, NEAR_MUST),
    NEAR_FIELD("time_ms", struct metrics, time_ms, near_read_u64, NEAR_MUST),
    NEAR_FIELD("compile_time_ms", struct metrics, compile_ms, near_read_opt_u64, NEAR_MAY),
};

static void read_metrics(struct near_json *j, void *out)
{
    near_json_object(j, out, metrics_fields, 3);
}

static const struct near_field response_fields[] = {
    NEAR_FIELD("success", struct response, success, near_read_bool, NEAR_MUST),
    NEAR_FIELD("output", struct response, output, read_output, NEAR_MAY),
    NEAR_FIELD("error", struct response, error, near_read_string, NEAR_MAY),
    NEAR_FIELD("resources_used", struct response, used, read_metrics, NEAR_MUST),
    NEAR_FIELD("compilation_note", struct response, note, near_read_string, NEAR_MAY),
    NEAR_FIELD("refund_usd", struct response, refund_usd, near_read_opt_u64, NEAR_MAY),
};

static void read_response(struct near_json *j, void *out)
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

static const struct near_field submit_fields[] = {
    NEAR_FIELD("request_id", struct resolve_args, id, near_read_u64, NEAR_MUST),
    NEAR_FIELD("output", struct resolve_args, response.output, read_output, NEAR_MUST),
};

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

near_u128 cost(const struct prices *p, const struct metrics *m)
{
    near_u128 sum =
        near_add(p->base_fee, near_mul(p->per_million_instructions_fee, m->instructions / 1000000));
    sum = near_add(sum, near_mul(p->per_ms_fee, m->time_ms));
    return near_add(sum, near_mul(p->per_compile_ms_fee, m->compile_ms.v));
}

/* The one line of the log that machines read besides events. */
void log_charged(near_u128 yocto)
{
    uint8_t buf[96];
    struct near_out o = NEAR_OUT(buf);

    near_out_lit(&o, "[[yNEAR charged: ");
    near_out_u128_str(&o, yocto);
    near_out_lit(&o, "]]");
    near_log(near_out_bytes(&o, "log line too long"));
}

static void log_metrics(const struct metrics *m)
{
    uint8_t buf[128];
    struct near_out o = NEAR_OUT(buf);

    near_out_u64(&o, m->instructions);
    near_out_lit(&o, " instructions, ");
    near_out_u64(&o, m->time_ms);
    near_out_lit(&o, " ms");
    near_log(near_out_bytes(&o, "log line too long"));
}

void out_metrics(struct near_out *o, const struct metrics *m)
{
    near_out_lit(o, "{\"instructions\":");
    near_out_u64(o, m->instructions);
    near_out_lit(o, ",\"time_ms\":");
    near_out_u64(o, m->time_ms);
    near_out_lit(o, ",\"compile_time_ms\":");
    near_out_opt_u64(o, m->compile_ms.v, m->compile_ms.some);
    near_out_lit(o, "}");
}

/* ---- The payload of a resume ----
 *
 *   form u8 = 1 | bits u8 | instructions u64 | time_ms u64 | [compile_ms u64] | [refund_usd u64]
 *   | output kind u8, bytes | [error] | [note] | [statement_hash [32], worker_key [32]]
 *
 * Only this contract can write one.  It is shorter than the same response as JSON, so that whatever
 * OutLayer's 1024 bytes carry fits here together with a proof. */
enum {
    PAYLOAD_FORM = 1,
    BIT_SUCCESS = 1 << 0,
    BIT_COMPILE = 1 << 1,
    BIT_REFUND = 1 << 2,
    BIT_ERROR = 1 << 3,
    BIT_NOTE = 1 << 4,
    BIT_SHOWN = 1 << 5,  /* a statement was checked */
    BIT_STORED = 1 << 6, /* over the stored output */
};

static size_t payload_write(uint8_t *buf, size_t cap, const struct response *r,
                            const struct shown *p)
{
    struct alc_borsh w = alc_borsh(buf, cap);
    unsigned bits = 0;

    if (r->success) bits |= BIT_SUCCESS;
    if (r->used.compile_ms.some) bits |= BIT_COMPILE;
    if (r->refund_usd.some) bits |= BIT_REFUND;
    if (r->error.p != NULL) bits |= BIT_ERROR;
    if (r->note.p != NULL) bits |= BIT_NOTE;
    if (p->some) bits |= BIT_SHOWN;
    if (p->stored) bits |= BIT_STORED;

    alc_borsh_put_u8(&w, PAYLOAD_FORM);
    alc_borsh_put_u8(&w, (uint8_t)bits);
    alc_borsh_put_u64(&w, r->used.instructions);
    alc_borsh_put_u64(&w, r->used.time_ms);
    if (r->used.compile_ms.some) alc_borsh_put_u64(&w, r->used.compile_ms.v);
    if (r->refund_usd.some) alc_borsh_put_u64(&w, r->refund_usd.v);
    alc_borsh_put_u8(&w, (uint8_t)r->output.kind);
    alc_borsh_put_bytes(&w, r->output.bytes);
    if (r->error.p != NULL) alc_borsh_put_bytes(&w, r->error);
    if (r->note.p != NULL) alc_borsh_put_bytes(&w, r->note);
    if (p->some) {
        alc_borsh_put_hash(&w, &p->statement_hash);
        alc_borsh_put_hash(&w, &p->worker_key);
    }
    return w.full ? 0 : w.n;
}

static bool read_payload(struct response *r, struct shown *p, struct alc_cur *c)
{
    const size_t max = NEAR_RESUME_MAX_BYTES;
    uint8_t form, bits, kind;

    if (!alc_cur_u8(c, &form) || form != PAYLOAD_FORM || !alc_cur_u8(c, &bits) || bits > 127)
        return false;
    r->success = (bits & BIT_SUCCESS) != 0;
    r->used.compile_ms.some = (bits & BIT_COMPILE) != 0;
    r->refund_usd.some = (bits & BIT_REFUND) != 0;
    p->some = (bits & BIT_SHOWN) != 0;
    p->stored = (bits & BIT_STORED) != 0;
    if (!alc_cur_u64le(c, &r->used.instructions) || !alc_cur_u64le(c, &r->used.time_ms))
        return false;
    if (r->used.compile_ms.some && !alc_cur_u64le(c, &r->used.compile_ms.v)) return false;
    if (r->refund_usd.some && !alc_cur_u64le(c, &r->refund_usd.v)) return false;
    if (!alc_cur_u8(c, &kind) || kind > OUTPUT_BYTES) return false;
    r->output.kind = (enum output_kind)kind;
    if (!alc_borsh_bytes(c, max, &r->output.bytes)) return false;
    if ((bits & BIT_ERROR) != 0 && !alc_borsh_bytes(c, max, &r->error)) return false;
    if ((bits & BIT_NOTE) != 0 && !alc_borsh_bytes(c, max, &r->note)) return false;
    if (p->some && (!alc_cur_hash(c, &p->statement_hash) || !alc_cur_hash(c, &p->worker_key)))
        return false;
    return c->n == 0;
}

/* A response in OutLayer's JSON is understood too; it cannot carry a proof. */
void payload_read(struct response *r, struct shown *p, uint8_t *buf, size_t n)
{
    struct alc_cur c = alc_cur((struct alc_bytes){buf, n});
    struct near_json j = near_json_begin(buf, n);

    *r = (struct response){.success = false};
    *p = (struct shown){.some = false};
    if (n > 0 && buf[0] != '{') {
        if (!read_payload(r, p, &c)) near_panic("The resume payload is not ours");
        return;
    }
    read_response(&j, r);
    near_json_end(&j);
}

/* ---- Methods ---- */

/* open_request makes the checks that all three methods share. */
static void open_request(struct state *s, struct request *r, uint64_t id)
{
    struct near_account caller;

    state_load(s);
    near_predecessor(&caller);
    if (!alc_bytes_eq(near_account_bytes(&caller), s->operator_id))
        near_panic("Only operator can call this");
    if (!request_load(r, id)) near_panic("Execution request not found");
}

/* judge holds the statement, if any, against `a` and `out`, which the caller would receive. */
static struct shown judge(const struct state *s, const struct request *r, const struct response *a,
                          const struct output *out, struct alc_bytes statement)
{
    static const struct output none = {OUTPUT_NONE, {NULL, 0}};
    struct shown shown = {.some = false};

    proof_check(&shown, s, r, a, a->success ? out : &none, statement);
    return shown;
}

/* resume lets the promise go on with the response, and with the stored output when there is one; at
 * level "onchain" once the register has judged the quote.  `mine`: this call stored the output. */
static void resume(const struct state *s, const struct request *r, struct resolve_args *args,
                   struct shown *shown, bool mine)
{
    static uint8_t payload[NEAR_RESUME_MAX_BYTES];
    bool stored = (r->flags & FLAG_OUTPUT) != 0;
    struct response *a = &args->response;
    size_t n;

    log_metrics(&a->used);
    log_charged(cost(&s->prices, &a->used));

    /* What the callback would not look at stays out of the payload. */
    shown->stored = shown->some && stored;
    if (stored || !a->success) a->output = (struct output){OUTPUT_NONE, {NULL, 0}};
    if (a->success) a->error = (struct alc_bytes){NULL, 0};
    n = payload_write(payload, sizeof payload, a, shown);
    if (n == 0)
        near_panic("The response is over 1024 bytes: use submit_execution_output_and_resolve");
    if (r->proof == PROOF_ONCHAIN && shown->some)
        onchain_ask(r, shown, (struct alc_bytes){payload, n}, shown->stored && a->success, mine,
                    args->evidence);
    else if (!near_yield_resume(&r->data_id, (struct alc_bytes){payload, n}))
        near_panic("Unable to resume: the request no longer waits");
}

static void refuse_second_output(const struct request *r)
{
    if ((r->flags & FLAG_OUTPUT) != 0) near_panic("Output already submitted for this request");
}

static void submit(struct state *s, struct request *r, const struct output *o)
{
    request_add_output(r, o, s);
    state_save(s);
}

void method_resolve_execution(void)
{
    struct resolve_args a = {.statement = {NULL, 0}};
    struct output out;
    struct shown shown;
    struct request r;
    struct state s;

    NEAR_ARGS(&a, resolve_fields);
    open_request(&s, &r, a.id);
    out = a.response.output;
    if ((r.flags & FLAG_OUTPUT) != 0 && a.statement.p != NULL) output_load(&out, r.id);
    shown = judge(&s, &r, &a.response, &out, a.statement);
    resume(&s, &r, &a, &shown, false);
}

void method_submit_execution_output(void)
{
    struct resolve_args a = {.statement = {NULL, 0}};
    struct request r;
    struct state s;

    NEAR_ARGS(&a, submit_fields);
    open_request(&s, &r, a.id);
    refuse_second_output(&r);
    submit(&s, &r, &a.response.output);
}

void method_submit_execution_output_and_resolve(void)
{
    struct resolve_args a = {.statement = {NULL, 0}};
    struct shown shown;
    struct request r;
    struct state s;

    NEAR_ARGS(&a, both_fields);
    open_request(&s, &r, a.id);
    refuse_second_output(&r);
    shown = judge(&s, &r, &a.response, &a.response.output, a.statement);
    submit(&s, &r, &a.response.output);
    resume(&s, &r, &a, &shown, true);
}
