/* contracts/compute/views.c — what anybody may read. */
#include "compute.h"

/* Views of a request carry its input and output: up to the protocol's limit. */
static uint8_t result_buf[NEAR_VALUE_MAX_BYTES];

struct near_out view_out(void)
{
    return NEAR_OUT(result_buf);
}

void view_give(const struct near_out *o)
{
    near_return(near_out_bytes(o, "The result is longer than 4 MiB"));
}

struct id_args {
    uint64_t id;
};

static const struct near_field id_fields[] = {
    NEAR_FIELD("request_id", struct id_args, id, near_read_u64, NEAR_MUST),
};

/* open_request reads the argument and the request; false: null has been returned. */
static bool open_request(struct state *s, struct request *r)
{
    struct id_args a;

    NEAR_ARGS(&a, id_fields);
    state_load(s);
    if (request_load(r, a.id)) return true;
    near_return(ALC_LIT("null"));
    return false;
}

static const struct alc_bytes output_names[] = {
    [OUTPUT_TEXT] = ALC_LIT("{\"Text\":"),
    [OUTPUT_JSON] = ALC_LIT("{\"Json\":"),
    [OUTPUT_BYTES] = ALC_LIT("{\"Bytes\":"),
};

void method_get_request(void)
{
    struct near_out o = view_out();
    struct request r;
    struct state s;

    if (!open_request(&s, &r)) return;
    near_out_lit(&o, "{\"request_id\":");
    near_out_u64(&o, r.id);
    near_out_lit(&o, ",\"data_id\":");
    near_out_octets(&o, alc_hash_bytes(&r.data_id));
    near_out_lit(&o, ",\"sender_id\":");
    out_account(&o, r.predecessor);
    near_out_lit(&o, ",\"execution_source\":");
    out_source(&o, &r.asked);
    near_out_lit(&o, ",\"resolved_source\":");
    out_source(&o, &r.source);
    near_out_lit(&o, ",\"resource_limits\":");
    out_limits(&o, &r.limits);
    near_out_lit(&o, ",\"payment\":");
    near_out_u128(&o, r.payment);
    near_out_lit(&o, ",\"timestamp\":");
    near_out_u64(&o, r.timestamp);
    near_out_lit(&o, ",\"secrets_ref\":");
    out_secrets_ref(&o, &r);
    near_out_lit(&o, ",\"response_format\":");
    out_format(&o, (enum format)r.format);
    near_out_lit(&o, ",\"input_data\":");
    near_out_opt_str(&o, request_input(&r));
    near_out_lit(&o, ",\"payer_account_id\":");
    out_account(&o, r.payer);
    near_out_lit(&o, ",\"attached_usd\":");
    near_out_u128(&o, r.attached_usd);
    near_out_lit(&o, ",\"pending_output\":");
    if ((r.flags & FLAG_OUTPUT) != 0) {
        struct output out;
        output_load(&out, r.id);
        near_out_raw(&o, output_names[out.kind]);
        near_out_octets(&o, out.bytes);
        near_out_lit(&o, "}");
    } else {
        near_out_lit(&o, "null");
    }
    near_out_lit(&o, ",\"output_submitted\":");
    near_out_bool(&o, (r.flags & FLAG_OUTPUT) != 0);
    near_out_lit(&o, "}");
    view_give(&o);
}

/* What a statement must name to be accepted for this request. */
void method_get_request_context(void)
{
    struct near_out o = view_out();
    struct alc_hash input_hash;
    struct limits l;
    struct request r;
    struct state s;

    if (!open_request(&s, &r)) return;
    l = filled(&r.limits);
    near_sha256(&input_hash, request_input(&r));
    near_out_lit(&o, "{\"request_id\":");
    near_out_u64(&o, r.id);
    near_out_lit(&o, ",\"signer_id\":");
    out_account(&o, r.signer);
    near_out_lit(&o, ",\"predecessor_id\":");
    out_account(&o, r.predecessor);
    near_out_lit(&o, ",\"request_hash\":");
    near_out_hex(&o, alc_hash_bytes(&r.request_hash));
    near_out_lit(&o, ",\"input_hash\":");
    near_out_hex(&o, alc_hash_bytes(&input_hash));
    near_out_lit(&o, ",\"code_hash\":");
    if (r.source.kind == SOURCE_WASM_URL)
        near_out_str(&o, r.source.what);
    else
        near_out_lit(&o, "null");
    near_out_lit(&o, ",\"data_id\":");
    near_out_hex(&o, alc_hash_bytes(&r.data_id));
    near_out_lit(&o, ",\"height\":");
    near_out_u64(&o, r.height);
    near_out_lit(&o, ",\"deployment_id\":");
    near_out_hex(&o, alc_hash_bytes(&s.deployment_id));
    near_out_lit(&o, ",\"chain_id\":");
    near_out_str(&o, s.chain_id);
    near_out_lit(&o, ",\"resource_limits\":");
    out_limits(&o, &l);
    near_out_lit(&o, ",\"compile_only\":");
    near_out_bool(&o, (r.flags & FLAG_COMPILE_ONLY) != 0);
    near_out_lit(&o, ",\"proof\":");
    near_out_str(&o, alc_cstr(proof_names[r.proof]));
    near_out_lit(&o, ",\"with_proof\":");
    near_out_bool(&o, (r.flags & FLAG_WITH_PROOF) != 0);
    near_out_lit(&o, ",\"project_id\":");
    near_out_opt_str(&o, request_project(&r));
    near_out_lit(&o, "}");
    view_give(&o);
}

void method_get_pending_output(void)
{
    struct near_out o = view_out();
    struct output out;
    struct request r;
    struct state s;

    if (!open_request(&s, &r)) return;
    if ((r.flags & FLAG_OUTPUT) == 0) {
        near_return(ALC_LIT("null"));
        return;
    }
    output_load(&out, r.id);
    near_out_raw(&o, output_names[out.kind]);
    if (out.kind == OUTPUT_TEXT)
        near_out_str(&o, out.bytes);
    else if (out.kind == OUTPUT_JSON)
        near_out_raw(&o, out.bytes);
    else
        near_out_octets(&o, out.bytes);
    near_out_lit(&o, "}");
    view_give(&o);
}

void method_has_pending_output(void)
{
    struct id_args a;
    struct request r;
    struct state s;
    bool has;

    NEAR_ARGS(&a, id_fields);
    state_load(&s);
    has = request_load(&r, a.id) && (r.flags & FLAG_OUTPUT) != 0;
    near_return(has ? ALC_LIT("true") : ALC_LIT("false"));
}

struct page_args {
    struct near_opt_u64 from, limit;
};

static const struct near_field page_fields[] = {
    NEAR_FIELD("from_index", struct page_args, from, near_read_opt_u64, NEAR_MAY),
    NEAR_FIELD("limit", struct page_args, limit, near_read_opt_u64, NEAR_MAY),
};

void method_get_pending_request_ids(void)
{
    struct page_args a = {.from = {0, 1}, .limit = {100, 1}};
    struct near_out o = view_out();
    uint64_t skip, left, waiting;
    bool first = true;
    struct state s;

    NEAR_ARGS(&a, page_fields);
    state_load(&s);
    skip = a.from.v;
    left = a.limit.v;
    waiting = s.pending;
    near_out_lit(&o, "[");
    for (uint64_t id = s.first_id; id < s.next_id && waiting > 0 && left > 0; id++) {
        if (!request_exists(id)) continue;
        waiting--;
        if (skip > 0) {
            skip--;
            continue;
        }
        left--;
        if (!first) near_out_lit(&o, ",");
        first = false;
        near_out_u64(&o, id);
    }
    near_out_lit(&o, "]");
    view_give(&o);
}

/* [locked now, allowed] */
void method_get_pending_bytes(void)
{
    struct near_out o = view_out();
    struct state s;

    state_load(&s);
    near_out_lit(&o, "[");
    near_out_u64(&o, s.pending_bytes);
    near_out_lit(&o, ",");
    near_out_u64(&o, s.pending_bytes_cap);
    near_out_lit(&o, "]");
    view_give(&o);
}

void method_get_stats(void)
{
    struct near_out o = view_out();
    struct state s;

    state_load(&s);
    near_out_lit(&o, "[");
    near_out_u64(&o, s.executions);
    near_out_lit(&o, ",");
    near_out_u128_str(&o, s.fees);
    near_out_lit(&o, "]");
    view_give(&o);
}

void method_get_pricing(void)
{
    struct near_out o = view_out();
    struct state s;

    state_load(&s);
    near_out_lit(&o, "[");
    near_out_u128_str(&o, s.prices.base_fee);
    near_out_lit(&o, ",");
    near_out_u128_str(&o, s.prices.per_million_instructions_fee);
    near_out_lit(&o, ",");
    near_out_u128_str(&o, s.prices.per_ms_fee);
    near_out_lit(&o, ",");
    near_out_u128_str(&o, s.prices.per_compile_ms_fee);
    near_out_lit(&o, "]");
    view_give(&o);
}

static void price(struct near_out *o, struct alc_bytes key, near_u128 v)
{
    near_out_raw(o, key);
    near_out_u128_str(o, v);
}

void method_get_pricing_full(void)
{
    struct near_out o = view_out();
    struct prices_usd usd;
    struct state s;

    state_load(&s);
    usd_load(&usd);
    price(&o, ALC_LIT("{\"base_fee\":"), s.prices.base_fee);
    price(&o, ALC_LIT(",\"per_million_instructions_fee\":"), s.prices.per_million_instructions_fee);
    price(&o, ALC_LIT(",\"per_ms_fee\":"), s.prices.per_ms_fee);
    price(&o, ALC_LIT(",\"per_compile_ms_fee\":"), s.prices.per_compile_ms_fee);
    price(&o, ALC_LIT(",\"base_fee_usd\":"), usd.base_fee);
    price(&o, ALC_LIT(",\"per_million_instructions_fee_usd\":"), usd.per_million_instructions_fee);
    price(&o, ALC_LIT(",\"per_sec_fee_usd\":"), usd.per_sec_fee);
    price(&o, ALC_LIT(",\"per_compile_ms_fee_usd\":"), usd.per_compile_ms_fee);
    near_out_lit(&o, "}");
    view_give(&o);
}

struct estimate_args {
    struct limits limits;
};

static const struct near_field estimate_fields[] = {
    NEAR_FIELD("resource_limits", struct estimate_args, limits, read_limits, NEAR_MAY),
};

void method_estimate_execution_cost(void)
{
    struct estimate_args a = {.limits = {{0, 0}, {0, 0}, {0, 0}}};
    struct near_out o = view_out();
    struct state s;

    NEAR_ARGS(&a, estimate_fields);
    state_load(&s);
    near_out_u128_str(&o, estimate(&s.prices, &a.limits));
    view_give(&o);
}

void method_get_max_limits(void)
{
    struct near_out o = view_out();
    struct state s;

    state_load(&s);
    near_out_lit(&o, "[");
    near_out_u64(&o, MAX_INSTRUCTIONS);
    near_out_lit(&o, ",");
    near_out_u64(&o, MAX_SECONDS);
    near_out_lit(&o, ",");
    near_out_u64(&o, MAX_COMPILE_SECONDS);
    near_out_lit(&o, "]");
    view_give(&o);
}

void method_is_paused(void)
{
    struct state s;

    state_load(&s);
    near_return(s.paused != 0 ? ALC_LIT("true") : ALC_LIT("false"));
}

static void give_pair(struct alc_bytes a, struct alc_bytes b)
{
    struct near_out o = view_out();

    near_out_lit(&o, "[");
    near_out_str(&o, a);
    near_out_lit(&o, ",");
    near_out_str(&o, b);
    near_out_lit(&o, "]");
    view_give(&o);
}

void method_get_config(void)
{
    struct state s;

    state_load(&s);
    give_pair(s.owner, s.operator_id);
}

void method_get_register(void)
{
    struct near_out o = view_out();
    struct near_account id;
    struct state s;

    state_load(&s);
    if (register_load(&id))
        out_account(&o, near_account_bytes(&id));
    else
        near_out_lit(&o, "null");
    view_give(&o);
}

void method_get_event_metadata(void)
{
    struct state s;

    state_load(&s);
    give_pair(s.standard, s.version);
}

void method_get_storage_version(void)
{
    struct state s;

    state_load(&s);
    near_return(ALC_LIT("\"11\""));
}
