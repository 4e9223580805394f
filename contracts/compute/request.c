/* contracts/compute/request.c — opens a request: checks it, keeps it, announces it, and yields. */
#include "call.h"

#include "base/enc.h"

#include "price.h"
#include "project.h"
#include "purse.h"

struct params {
    bool force_rebuild;
    bool store_on_fastfs;
    bool compile_only;
    bool use_bound_identity;
    bool with_proof;
    struct alc_bytes project_uuid; /* read and ignored: only a project names its storage */
    struct alc_bytes proof;
    near_u128 attached_usd;
};

struct args {
    struct source source;
    bool limits_given;
    struct limits limits;
    struct alc_bytes input;
    struct secrets_ref secrets;
    uint8_t format; /* enum format */
    struct alc_bytes payer;
    struct params params;
};

const char *const proof_names[PROOF_COUNT] = {
    [PROOF_NONE] = "none",
    [PROOF_KEY] = "key",
    [PROOF_QUOTE] = "quote",
    [PROOF_ONCHAIN] = "onchain",
};

/* ---- Arguments ---- */

const struct near_field limits_fields[LIMITS_FIELDS] = {
    NEAR_FIELD("max_instructions", struct limits, instructions, near_read_opt_u64, NEAR_MAY),
    NEAR_FIELD("max_memory_mb", struct limits, memory_mb, near_read_opt_u32, NEAR_MAY),
    NEAR_FIELD("max_execution_seconds", struct limits, seconds, near_read_opt_u64, NEAR_MAY),
};

void read_limits(struct near_json *j, void *out)
{
    near_json_object(j, out, limits_fields, LIMITS_FIELDS);
}

void read_given_limits(struct near_json *j, void *out)
{
    struct args *a = out;
    a->limits_given = true;
    read_limits(j, &a->limits);
}

const struct near_field secrets_fields[SECRETS_FIELDS] = {
    NEAR_FIELD("profile", struct secrets_ref, profile, near_read_string, NEAR_MUST),
    NEAR_FIELD("account_id", struct secrets_ref, account, near_read_account, NEAR_MUST),
};

void read_secrets(struct near_json *j, void *out)
{
    near_json_object(j, out, secrets_fields, SECRETS_FIELDS);
}

const char *const format_names[FORMATS] = {"Bytes", "Text", "Json"};

void read_format(struct near_json *j, void *out)
{
    struct alc_bytes name;
    bool with_value = near_json_variant(j, &name);

    for (unsigned i = 0; i < 3; i++) {
        if (!alc_bytes_is(name, format_names[i])) continue;
        near_json_variant_unit(j, with_value);
        *(uint8_t *)out = (uint8_t)i;
        return;
    }
    near_json_fail("unknown response_format");
}

static const struct near_field params_fields[] = {
    NEAR_FIELD("force_rebuild", struct params, force_rebuild, near_read_bool, NEAR_DEFAULT),
    NEAR_FIELD("store_on_fastfs", struct params, store_on_fastfs, near_read_bool, NEAR_DEFAULT),
    NEAR_FIELD("compile_only", struct params, compile_only, near_read_bool, NEAR_DEFAULT),
    NEAR_FIELD("project_uuid", struct params, project_uuid, near_read_string, NEAR_MAY),
    NEAR_FIELD("attached_usd", struct params, attached_usd, near_read_u128, NEAR_MAY),
    NEAR_FIELD("use_bound_identity", struct params, use_bound_identity, near_read_bool,
               NEAR_DEFAULT),
    NEAR_FIELD("with_proof", struct params, with_proof, near_read_bool, NEAR_DEFAULT),
    NEAR_FIELD("proof", struct params, proof, near_read_string, NEAR_MAY),
};

void read_params(struct near_json *j, void *out)
{
    near_json_object(j, out, params_fields, sizeof params_fields / sizeof params_fields[0]);
}

static const struct near_field args_fields[] = {
    NEAR_FIELD("source", struct args, source, read_source, NEAR_MUST),
    NEAR_FIELD_ALL("resource_limits", read_given_limits, NEAR_MAY),
    NEAR_FIELD("input_data", struct args, input, near_read_string, NEAR_MAY),
    NEAR_FIELD("secrets_ref", struct args, secrets, read_secrets, NEAR_MAY),
    NEAR_FIELD("response_format", struct args, format, read_format, NEAR_MAY),
    NEAR_FIELD("payer_account_id", struct args, payer, near_read_account, NEAR_MAY),
    NEAR_FIELD("params", struct args, params, read_params, NEAR_MAY),
};

/* ---- Rules ---- */

static enum proof check_proof(const struct args *a, const struct source *code)
{
    enum proof proof = PROOF_NONE;
    struct near_account judge;

    if (a->params.proof.p != NULL) {
        while (proof < PROOF_COUNT && !alc_bytes_is(a->params.proof, proof_names[proof]))
            proof++;
        near_refuse(proof == PROOF_COUNT,
                    "params.proof must be \"none\", \"key\", \"quote\" or \"onchain\"");
    }
    near_refuse(proof == PROOF_NONE && a->params.with_proof,
                "params.with_proof needs params.proof \"key\": there is no "
                "proof to name");
    near_refuse(proof > PROOF_NONE && code->kind == SOURCE_GITHUB,
                "params.proof needs a WasmUrl source: a GitHub source names no "
                "code hash");
    near_refuse(proof > PROOF_NONE && here.state.chain_id.n == 0,
                "params.proof is not offered: this contract was set up without "
                "a chain_id");
    if (proof == PROOF_ONCHAIN) register_must(&judge);
    return proof;
}

near_u128 estimate(const struct limits *l)
{
    const struct prices *p = &here.state.prices;
    struct limits f = filled(l);
    near_u128 sum = near_add(p->base_fee,
                             near_mul(p->per_million_instructions_fee, f.instructions.v / 1000000));
    near_refuse(f.seconds.v > UINT64_MAX / 1000, "amount overflow");
    return near_add(sum, near_mul(p->per_ms_fee, f.seconds.v * 1000));
}

static void check_payment(near_u128 paid, near_u128 needed)
{
    if (paid >= needed) return;
    here.out = view_out();
    say("Insufficient payment: ");
    near_out_u128(&here.out, needed);
    say(" yoctoNEAR needed, ");
    near_out_u128(&here.out, paid);
    say(" attached");
    near_panic_bytes(said());
}

/* ---- Writing ---- */

struct limits filled(const struct limits *l)
{
    struct limits f = *l;
    if (!f.instructions.some) f.instructions = (struct near_opt_u64){DEFAULT_INSTRUCTIONS, 1};
    if (!f.memory_mb.some) f.memory_mb = (struct near_opt_u32){DEFAULT_MEMORY_MB, 1};
    if (!f.seconds.some) f.seconds = (struct near_opt_u64){DEFAULT_SECONDS, 1};
    return f;
}

/* The order of keys is part of the interface.  Ours come last and only when asked for, so that a
 * request without them is announced in OutLayer's very bytes. */
struct announced {
    struct request r;
    struct limits limits; /* workers need all three */
    struct params params;
    struct alc_bytes input, project_uuid, project_id, proof;
    bool apart, compile_only, with_proof;
};

#define ROW(name, member, read) NEAR_FIELD(name, struct announced, member, read, NEAR_MUST)

static const struct near_field announced_fields[] = {
    ROW("request_id", r.id, near_read_u64),
    ROW("sender_id", r.signer, near_read_account),
    ROW("predecessor_id", r.predecessor, near_read_account),
    ROW("code_source", r.source, read_source),
    ROW("resource_limits", limits, read_limits),
    ROW("input_data", input, near_read_string),
    ROW("input_data_in_state", apart, near_read_bool),
    ROW("secrets_ref", r.secrets, read_secrets),
    ROW("response_format", r.format, read_format),
    ROW("payment", r.payment, near_read_u128),
    ROW("attached_usd", r.attached_usd, near_read_u128),
    ROW("timestamp", r.timestamp, near_read_u64),
    ROW("compile_only", compile_only, near_read_bool),
    ROW("force_rebuild", params.force_rebuild, near_read_bool),
    ROW("store_on_fastfs", params.store_on_fastfs, near_read_bool),
    ROW("use_bound_identity", params.use_bound_identity, near_read_bool),
    ROW("project_uuid", project_uuid, near_read_string),
    ROW("project_id", project_id, near_read_string),
};

static void say_request_data(struct announced *t)
{
    const struct request *r = &t->r;

    t->limits = filled(&r->limits);
    t->apart = r->input.n > INPUT_IN_EVENT_MAX_BYTES;
    t->input = r->input;
    if (t->apart || r->input.p == NULL) t->input = ALC_LIT("");
    t->project_id = request_project(r);
    t->project_uuid = (struct alc_bytes){NULL, 0};
    if (r->project != 0) t->project_uuid = project_uuid(r->project);
    say("{");
    NEAR_OUT_MEMBERS(&here.out, t, announced_fields);
    if (t->with_proof) say(",\"with_proof\":true");
    if (r->proof != PROOF_NONE) {
        t->proof = alc_cstr(proof_names[r->proof]);
        say_str(",\"proof\":", &t->proof);
    }
    say("}");
}

/* ---- The method ---- */

/* check finds the code of *r, and takes its stablecoin from who asks. */
static void check(struct request *r, const struct args *a, bool compile_only)
{
    if (a->secrets.profile.p != NULL) profile_check(a->secrets.profile, "secrets_ref.profile");
    if (a->source.kind == SOURCE_PROJECT)
        r->project = project_resolve(&r->source, &a->source);
    else
        source_check(&a->source);
    near_refuse(r->source.kind == SOURCE_WASM_URL && a->params.force_rebuild,
                "force_rebuild needs a GitHub source: a WasmUrl is not built");
    near_refuse(a->params.store_on_fastfs && !a->params.force_rebuild,
                "store_on_fastfs needs force_rebuild");
    near_refuse(compile_only && a->input.n > 0, "A compile-only request takes no input_data");
    near_refuse(!compile_only && a->limits.instructions.v > MAX_INSTRUCTIONS,
                "max_instructions is over the limit of 500000000000");
    near_refuse(!compile_only && a->limits.seconds.v > MAX_SECONDS,
                "max_execution_seconds is over the limit of 180");
    if (!compile_only && r->project != 0)
        price_admit(a->source.where, a->input, a->params.attached_usd);
    near_refuse(a->params.attached_usd > 0 && r->project == 0,
                "attached_usd needs a Project source");
    if (a->params.attached_usd > 0)
        purse_take(PURSE_USER, r->predecessor, a->params.attached_usd,
                   "Insufficient stablecoin balance");
    check_payment(r->payment, compile_only ? here.state.prices.base_fee : estimate(&a->limits));
}

void method_request_execution(void)
{
    static struct announced t;
    static struct args a;
    static struct near_account signer;
    struct request *const r = &t.r;
    struct alc_bytes text, data_id;
    uint64_t promise;

    a = (struct args){.format = FORMAT_TEXT};
    NEAR_ARGS(&a, args_fields);
    begin(BY | IF_UNPAUSED);
    near_signer(&signer);
    t.r = (struct request){
        .id = here.state.next_id++,
        .format = a.format,
        .height = near_host_block_index(),
        .timestamp = near_host_block_timestamp(),
        .payment = near_deposit(),
        .attached_usd = a.params.attached_usd,
        .asked = a.source,
        .source = a.source,
        .predecessor = here.by,
        .signer = near_account_bytes(&signer),
        .payer = a.payer.p != NULL ? a.payer : here.by,
        .secrets = a.secrets,
        .input = a.input,
        .input_n = (uint32_t)a.input.n,
    };
    t.params = a.params;
    t.with_proof = a.params.with_proof;
    t.compile_only = a.params.compile_only || !a.limits_given;
    check(r, &a, t.compile_only);
    r->proof = (uint8_t)check_proof(&a, &r->source);
    r->limits = a.limits_given ? a.limits : filled(&a.limits);
    if (t.compile_only) r->flags |= FLAG_COMPILE_ONLY;
    if (t.with_proof) r->flags |= FLAG_WITH_PROOF;

    say_request_data(&t);
    text = said();
    near_sha256(&r->request_hash, text);
    promise = near_yield("on_execution_response", text, CALLBACK_GAS, 1, &r->data_id);
    request_add(r);
    state_save();

    event_begin("execution_requested");
    say_str("{\"request_data\":", &text);
    say(",\"data_id\":");
    data_id = alc_hash_bytes(&r->data_id);
    near_out_octets(&here.out, data_id);
    say_u64(",\"timestamp\":", r->timestamp);
    say("}");
    event_end();
    near_return_promise(promise);
}
