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

/* A request while it is opened: its arguments, and what is announced of it. */
struct opened {
    struct request r;
    bool limits_given;
    struct params params;
    /* The order of keys is part of the interface; these are the ones that are no member of `r`. */
    struct limits limits; /* workers need all three */
    struct alc_bytes input, project_uuid, project_id, proof;
    bool apart, compile_only;
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
    struct opened *t = out;
    t->limits_given = true;
    read_limits(j, &t->r.limits);
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

#define ROW(name, member, read, need) NEAR_FIELD(name, struct opened, member, read, need)

static const struct near_field args_fields[] = {
    ROW("source", r.asked, read_source, NEAR_MUST),
    NEAR_FIELD_ALL("resource_limits", read_given_limits, NEAR_MAY),
    ROW("input_data", r.input, near_read_string, NEAR_MAY),
    ROW("secrets_ref", r.secrets, read_secrets, NEAR_MAY),
    ROW("response_format", r.format, read_format, NEAR_MAY),
    ROW("payer_account_id", r.payer, near_read_account, NEAR_MAY),
    ROW("params", params, read_params, NEAR_MAY),
};

/* ---- Rules ---- */

static enum proof check_proof(const struct opened *t)
{
    const struct params *p = &t->params;
    enum proof proof = PROOF_NONE;
    struct near_account judge;

    if (p->proof.p != NULL) {
        while (proof < PROOF_COUNT && !alc_bytes_is(p->proof, proof_names[proof]))
            proof++;
        near_refuse(proof == PROOF_COUNT,
                    "params.proof must be \"none\", \"key\", \"quote\" or \"onchain\"");
    }
    near_refuse(proof == PROOF_NONE && p->with_proof,
                "params.with_proof needs params.proof \"key\"");
    near_refuse(proof > PROOF_NONE && t->r.source.kind == SOURCE_GITHUB,
                "params.proof needs a WasmUrl source: GitHub names no code hash");
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
    say_anew();
    say("Insufficient payment: ");
    near_out_u128(&here.out, needed);
    say(" yoctoNEAR needed, ");
    near_out_u128(&here.out, paid);
    say(" attached");
    near_panic_bytes(said());
}

/* ---- Writing ---- */

NEAR_APART struct limits filled(const struct limits *l)
{
    struct limits f = *l;
    if (!f.instructions.some) f.instructions = (struct near_opt_u64){DEFAULT_INSTRUCTIONS, 1};
    if (!f.memory_mb.some) f.memory_mb = (struct near_opt_u32){DEFAULT_MEMORY_MB, 1};
    if (!f.seconds.some) f.seconds = (struct near_opt_u64){DEFAULT_SECONDS, 1};
    return f;
}

/* Our own keys come last and only when asked for, so that a request without them is announced in
 * OutLayer's very bytes. */
static const struct near_field announced_fields[] = {
    ROW("request_id", r.id, near_read_u64, NEAR_MUST),
    ROW("sender_id", r.signer, near_read_account, NEAR_MUST),
    ROW("predecessor_id", r.predecessor, near_read_account, NEAR_MUST),
    ROW("code_source", r.source, read_source, NEAR_MUST),
    ROW("resource_limits", limits, read_limits, NEAR_MUST),
    ROW("input_data", input, near_read_string, NEAR_MUST),
    ROW("input_data_in_state", apart, near_read_bool, NEAR_MUST),
    ROW("secrets_ref", r.secrets, read_secrets, NEAR_MUST),
    ROW("response_format", r.format, read_format, NEAR_MUST),
    ROW("payment", r.payment, near_read_u128, NEAR_MUST),
    ROW("attached_usd", r.attached_usd, near_read_u128, NEAR_MUST),
    ROW("timestamp", r.timestamp, near_read_u64, NEAR_MUST),
    ROW("compile_only", compile_only, near_read_bool, NEAR_MUST),
    ROW("force_rebuild", params.force_rebuild, near_read_bool, NEAR_MUST),
    ROW("store_on_fastfs", params.store_on_fastfs, near_read_bool, NEAR_MUST),
    ROW("use_bound_identity", params.use_bound_identity, near_read_bool, NEAR_MUST),
    ROW("project_uuid", project_uuid, near_read_string, NEAR_MUST),
    ROW("project_id", project_id, near_read_string, NEAR_MUST),
};

static void say_request_data(struct opened *t)
{
    const struct request *r = &t->r;

    t->apart = r->input.n > INPUT_IN_EVENT_MAX_BYTES;
    t->input = r->input;
    if (t->apart || r->input.p == NULL) t->input = ALC_LIT("");
    t->project_id = request_project(r);
    t->project_uuid = (struct alc_bytes){NULL, 0};
    if (r->project != 0) t->project_uuid = project_uuid(r->project);
    say("{");
    NEAR_OUT_MEMBERS(&here.out, t, announced_fields);
    if (t->params.with_proof) say(",\"with_proof\":true");
    if (r->proof != PROOF_NONE) {
        t->proof = alc_cstr(proof_names[r->proof]);
        say_str(",\"proof\":", &t->proof);
    }
    say("}");
}

/* ---- The method ---- */

/* check finds the code of the request, and takes its stablecoin from who asks. */
static void check(struct opened *t)
{
    struct request *const r = &t->r;
    const struct params *p = &t->params;

    if (r->secrets.profile.p != NULL) profile_check(r->secrets.profile, "secrets_ref.profile");
    r->source = r->asked;
    if (r->asked.kind == SOURCE_PROJECT)
        r->project = project_resolve(&r->source, &r->asked);
    else
        source_check(&r->asked);
    near_refuse(r->source.kind == SOURCE_WASM_URL && p->force_rebuild,
                "force_rebuild needs a GitHub source");
    near_refuse(p->store_on_fastfs && !p->force_rebuild, "store_on_fastfs needs force_rebuild");
    if (t->compile_only) {
        near_refuse(r->input.n > 0, "A compile-only request takes no input_data");
    } else {
        near_refuse(r->limits.instructions.v > MAX_INSTRUCTIONS,
                    "max_instructions is over the limit of 500000000000");
        near_refuse(r->limits.seconds.v > MAX_SECONDS,
                    "max_execution_seconds is over the limit of 180");
        if (r->project != 0) price_admit(r);
    }
    near_refuse(r->attached_usd > 0 && r->project == 0, "attached_usd needs a Project source");
    if (r->attached_usd > 0)
        purse_take(PURSE_USER, &r->predecessor, r->attached_usd, "Insufficient stablecoin balance");
    check_payment(r->payment, t->compile_only ? here.state.prices.base_fee : estimate(&r->limits));
}

void method_request_execution(void)
{
    static struct opened t;
    static struct near_account signer;
    struct request *const r = &t.r;
    struct alc_bytes text;
    uint64_t promise;

    t = (struct opened){.r.format = FORMAT_TEXT};
    NEAR_ARGS(&t, args_fields);
    begin(BY | IF_UNPAUSED);
    near_signer(&signer);
    r->id = here.state.next_id++;
    r->height = near_host_block_index();
    r->timestamp = near_host_block_timestamp();
    r->payment = near_deposit();
    r->attached_usd = t.params.attached_usd;
    r->predecessor = here.by;
    r->signer = near_account_bytes(&signer);
    if (r->payer.p == NULL) r->payer = here.by;
    r->input_n = (uint32_t)r->input.n;
    t.compile_only = t.params.compile_only || !t.limits_given;
    check(&t);
    r->proof = (uint8_t)check_proof(&t);
    t.limits = filled(&r->limits);
    if (!t.limits_given) r->limits = t.limits;
    if (t.compile_only) r->flags |= FLAG_COMPILE_ONLY;
    if (t.params.with_proof) r->flags |= FLAG_WITH_PROOF;

    say_request_data(&t);
    text = said();
    near_sha256(&r->request_hash, text);
    promise =
        near_yield("on_execution_response", text,
                   CALLBACK_GAS + (t.apart ? r->input.n * CALLBACK_GAS_BYTE : 0), 1, &r->data_id);
    request_add(r);
    state_save();

    event_begin("execution_requested");
    say_str("{\"request_data\":", &text);
    say(",\"data_id\":");
    near_out_octets(&here.out, alc_hash_bytes(&r->data_id));
    say_u64(",\"timestamp\":", r->timestamp);
    say("}");
    event_end();
    near_return_promise(promise);
}
