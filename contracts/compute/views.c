/* contracts/compute/views.c — what anybody may read. */
#include "call.h"

#include "base/enc.h"

/* ---- A request ---- */

/* A request, and what follows from it. */
struct shown_request {
    struct request r;
    struct output output;
    struct limits limits; /* all of them */
    struct alc_hash input_hash;
    struct alc_bytes data_id, input, code_hash, proof, project_id;
    struct alc_bytes payment, attached_usd; /* in digits */
    uint8_t digits[2][39];
    bool has_output, compile_only, with_proof;
};

static struct shown_request shown;

#define ROW(name, member, read) NEAR_FIELD(name, struct shown_request, member, read, NEAR_MUST)

static const struct near_field request_fields[] = {
    ROW("request_id", r.id, near_read_u64),
    ROW("data_id", data_id, near_read_octets),
    ROW("sender_id", r.predecessor, near_read_account),
    ROW("execution_source", r.asked, read_source),
    ROW("resolved_source", r.source, read_source),
    ROW("resource_limits", r.limits, read_limits),
    ROW("payment", payment, near_read_json),
    ROW("timestamp", r.timestamp, near_read_u64),
    ROW("secrets_ref", r.secrets, read_secrets),
    ROW("response_format", r.format, read_format),
    ROW("input_data", input, near_read_string),
    ROW("payer_account_id", r.payer, near_read_account),
    ROW("attached_usd", attached_usd, near_read_json),
    ROW("pending_output", output, read_output),
    ROW("output_submitted", has_output, near_read_bool),
};

/* What a statement must name to be accepted for this request; the deployment's two come from the
 * state, in between. */
static const struct near_field context_fields[] = {
    ROW("request_id", r.id, near_read_u64),
    ROW("signer_id", r.signer, near_read_account),
    ROW("predecessor_id", r.predecessor, near_read_account),
    ROW("request_hash", r.request_hash, near_read_hash),
    ROW("input_hash", input_hash, near_read_hash),
    ROW("code_hash", code_hash, near_read_string),
    ROW("data_id", r.data_id, near_read_hash),
    ROW("height", r.height, near_read_u64),
    ROW("resource_limits", limits, read_limits),
    ROW("compile_only", compile_only, near_read_bool),
    ROW("proof", proof, near_read_string),
    ROW("with_proof", with_proof, near_read_bool),
    ROW("project_id", project_id, near_read_string),
};
#define CONTEXT_FIELDS (sizeof context_fields / sizeof context_fields[0])
#define BEFORE_DEPLOYMENT 8u

static const struct near_field deployment_fields[] = {
    NEAR_FIELD("deployment_id", struct state, deployment_id, near_read_hash, NEAR_MUST),
    NEAR_FIELD("chain_id", struct state, chain_id, near_read_string, NEAR_MUST),
};

static struct alc_bytes digits(uint8_t *buf, near_u128 v)
{
    return (struct alc_bytes){buf, alc_u128_encode((char *)buf, v)};
}

/* open_request reads the argument and the request; false: null has been returned.  Where there is a
 * request, the contract was initialised: the state is not read for that. */
static bool open_request(void)
{
    struct request *const r = &shown.r;

    read_args(ARG_REQUEST_ID);
    say_anew();
    if (!request_load(r, arg.id)) {
        state_load();
        give_null();
        return false;
    }
    shown.has_output = (r->flags & FLAG_OUTPUT) != 0;
    shown.output = (struct output){OUTPUT_NONE, {NULL, 0}};
    return true;
}

void method_get_request(void)
{
    struct request *const r = &shown.r;

    if (!open_request()) return;
    shown.data_id = alc_hash_bytes(&r->data_id);
    shown.input = request_input(r);
    shown.payment = digits(shown.digits[0], r->payment);
    shown.attached_usd = digits(shown.digits[1], r->attached_usd);
    if (shown.has_output) output_load(&shown.output, r->id);
    SAY_OBJECT(&shown, request_fields);
    give();
}

void method_get_request_context(void)
{
    struct request *const r = &shown.r;

    if (!open_request()) return;
    state_load();
    shown.limits = filled(&r->limits);
    near_sha256(&shown.input_hash, request_input(r));
    shown.code_hash = (struct alc_bytes){NULL, 0};
    if (r->source.kind == SOURCE_WASM_URL) shown.code_hash = r->source.what;
    shown.compile_only = (r->flags & FLAG_COMPILE_ONLY) != 0;
    shown.with_proof = (r->flags & FLAG_WITH_PROOF) != 0;
    shown.proof = alc_cstr(proof_names[r->proof]);
    shown.project_id = request_project(r);
    say("{");
    near_out_members(&here.out, &shown, context_fields, BEFORE_DEPLOYMENT);
    say(",");
    NEAR_OUT_MEMBERS(&here.out, &here.state, deployment_fields);
    say(",");
    near_out_members(&here.out, &shown, context_fields + BEFORE_DEPLOYMENT,
                     CONTEXT_FIELDS - BEFORE_DEPLOYMENT);
    say("}");
    give();
}

void method_get_pending_output(void)
{
    if (!open_request()) return;
    if (!shown.has_output) {
        give_null();
        return;
    }
    output_kept(&shown.output, shown.r.id);
    out_pending(&here.out, &shown.output, false);
    give();
}

void method_has_pending_output(void)
{
    begin(ARG_REQUEST_ID);
    give_bool(request_load(&shown.r, arg.id) && (shown.r.flags & FLAG_OUTPUT) != 0);
}

void method_get_pending_request_ids(void)
{
    uint64_t left = 100, waiting;
    const char *before = "[";

    begin(ARG_PAGE);
    if (arg.limit.some) left = arg.limit.v;
    waiting = here.state.pending;
    for (uint64_t id = here.state.first_id; id < here.state.next_id && waiting > 0 && left > 0;
         id++) {
        if (!request_exists(id)) continue;
        waiting--;
        if (arg.skip.v > 0) {
            arg.skip.v--;
            continue;
        }
        left--;
        say_u64(before, id);
        before = ",";
    }
    say(before[0] == '[' ? "[]" : "]");
    give();
}

/* ---- The contract ---- */

/* [locked now, allowed] */
void method_get_pending_bytes(void)
{
    begin(0);
    say_u64("[", here.state.pending_bytes);
    say_u64(",", here.state.pending_bytes_cap);
    say("]");
    give();
}

void method_get_stats(void)
{
    begin(0);
    say_u64("[", here.state.executions);
    say_amount(",", here.state.fees);
    say("]");
    give();
}

void method_get_pricing(void)
{
    const struct prices *const p = &here.state.prices;

    begin(0);
    say_amount("[", p->base_fee);
    say_amount(",", p->per_million_instructions_fee);
    say_amount(",", p->per_ms_fee);
    say_amount(",", p->per_compile_ms_fee);
    say("]");
    give();
}

void method_estimate_execution_cost(void)
{
    begin(ARG_RESOURCE_LIMITS);
    say_amount("", estimate(&arg.limits));
    give();
}

void method_get_max_limits(void)
{
    state_load();
    near_return(ALC_LIT("[500000000000,180,300]")); /* the MAX_ limits of compute.h */
}

void method_is_paused(void)
{
    state_load();
    give_bool(here.state.paused != 0);
}

static void give_pair(const struct alc_bytes *a, const struct alc_bytes *b)
{
    begin(0);
    say_str("[", a);
    say_str(",", b);
    say("]");
    give();
}

void method_get_config(void)
{
    give_pair(&here.state.owner, &here.state.operator_id);
}

void method_get_event_metadata(void)
{
    give_pair(&here.state.standard, &here.state.version);
}

void method_get_register(void)
{
    struct near_account id;
    struct alc_bytes b;

    begin(0);
    b = register_load(&id) ? near_account_bytes(&id) : (struct alc_bytes){NULL, 0};
    say_str("", &b);
    give();
}

void method_get_storage_version(void)
{
    state_load();
    near_return(ALC_LIT("\"11\""));
}

/* NEP-330, which asks of nothing whether the contract is set up. */
void method_contract_source_metadata(void)
{
    near_return(ALC_LIT("{\"version\":\"" ALC_VERSION
                        "\",\"link\":null,\"standards\":[{\"standard\":"
                        "\"nep330\",\"version\":\"1.2.0\"}],\"build_info\":null}"));
}
