/* contracts/compute/request.c — opens a request: checks it, keeps it, announces it, and yields. */
#include "compute.h"

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

struct secrets_ref {
    struct alc_bytes profile;
    struct alc_bytes account;
};

struct args {
    struct source source;
    bool limits_given;
    struct limits limits;
    struct alc_bytes input;
    struct secrets_ref secrets;
    enum format format;
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

static const struct near_field limits_fields[] = {
    NEAR_FIELD("max_instructions", struct limits, instructions, near_read_opt_u64, NEAR_MAY),
    NEAR_FIELD("max_memory_mb", struct limits, memory_mb, near_read_opt_u32, NEAR_MAY),
    NEAR_FIELD("max_execution_seconds", struct limits, seconds, near_read_opt_u64, NEAR_MAY),
};

void read_limits(struct near_json *j, void *out)
{
    near_json_object(j, out, limits_fields, 3);
}

static void read_given_limits(struct near_json *j, void *out)
{
    struct args *a = out;
    a->limits_given = true;
    read_limits(j, &a->limits);
}

static const struct near_field secrets_fields[] = {
    NEAR_FIELD("profile", struct secrets_ref, profile, near_read_string, NEAR_MUST),
    NEAR_FIELD("account_id", struct secrets_ref, account, near_read_account, NEAR_MUST),
};

static void read_secrets(struct near_json *j, void *out)
{
    near_json_object(j, out, secrets_fields, 2);
}

static const char *const format_names[] = {"Bytes", "Text", "Json"};

static void read_format(struct near_json *j, void *out)
{
    struct alc_bytes name;
    bool with_value = near_json_variant(j, &name);

    for (unsigned i = 0; i < 3; i++) {
        if (!alc_bytes_is(name, format_names[i])) continue;
        near_json_variant_unit(j, with_value);
        *(enum format *)out = (enum format)i;
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

static void read_params(struct near_json *j, void *out)
{
    near_json_object(j, out, params_fields, sizeof params_fields / sizeof params_fields[0]);
}

static const struct near_field args_fields[] = {
    NEAR_FIELD("source", struct args, source, read_source, NEAR_MUST),
    {"resource_limits", read_given_limits, 0, sizeof "resource_limits" - 1, NEAR_MAY},
    NEAR_FIELD("input_data", struct args, input, near_read_string, NEAR_MAY),
    NEAR_FIELD("secrets_ref", struct args, secrets, read_secrets, NEAR_MAY),
    NEAR_FIELD("response_format", struct args, format, read_format, NEAR_MAY),
    NEAR_FIELD("payer_account_id", struct args, payer, near_read_account, NEAR_MAY),
    NEAR_FIELD("params", struct args, params, read_params, NEAR_MAY),
};

/* ---- Rules ---- */

static enum proof check_proof(const struct args *a, const struct source *code,
                              const struct state *s)
{
    enum proof proof = PROOF_NONE;
    struct near_account judge;

    if (a->params.proof.p != NULL) {
        while (proof < PROOF_COUNT && !alc_bytes_is(a->params.proof, proof_names[proof]))
            proof++;
        if (proof == PROOF_COUNT)
            near_panic("params.proof must be \"none\", \"key\", \"quote\" or \"onchain\"");
    }
    if (proof == PROOF_NONE && a->params.with_proof)
        near_panic("params.with_proof needs params.proof \"key\": there is no proof to name");
    if (proof > PROOF_NONE && code->kind == SOURCE_GITHUB)
        near_panic("params.proof needs a WasmUrl source: a GitHub source names no code hash");
    if (proof > PROOF_NONE && s->chain_id.n == 0)
        near_panic("params.proof is not offered: this contract was set up without a chain_id");
    if (proof == PROOF_ONCHAIN) register_must(&judge);
    return proof;
}

near_u128 estimate(const struct prices *p, const struct limits *l)
{
    struct limits f = filled(l);
    near_u128 sum = near_add(p->base_fee,
                             near_mul(p->per_million_instructions_fee, f.instructions.v / 1000000));
    if (f.seconds.v > UINT64_MAX / 1000) near_panic("amount overflow");
    return near_add(sum, near_mul(p->per_ms_fee, f.seconds.v * 1000));
}

static void check_payment(near_u128 paid, near_u128 needed)
{
    uint8_t buf[160];
    struct near_out o = NEAR_OUT(buf);

    if (paid >= needed) return;
    near_out_lit(&o, "Insufficient payment: ");
    near_out_u128(&o, needed);
    near_out_lit(&o, " yoctoNEAR needed, ");
    near_out_u128(&o, paid);
    near_out_lit(&o, " attached");
    near_panic_bytes((struct alc_bytes){buf, o.n});
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

void out_limits(struct near_out *o, const struct limits *l)
{
    near_out_lit(o, "{\"max_instructions\":");
    near_out_opt_u64(o, l->instructions.v, l->instructions.some);
    near_out_lit(o, ",\"max_memory_mb\":");
    near_out_opt_u64(o, l->memory_mb.v, l->memory_mb.some);
    near_out_lit(o, ",\"max_execution_seconds\":");
    near_out_opt_u64(o, l->seconds.v, l->seconds.some);
    near_out_lit(o, "}");
}

void out_secrets_ref(struct near_out *o, const struct request *r)
{
    if (r->secrets_profile.p == NULL) {
        near_out_lit(o, "null");
        return;
    }
    near_out_lit(o, "{\"profile\":");
    near_out_str(o, r->secrets_profile);
    near_out_lit(o, ",\"account_id\":");
    out_account(o, r->secrets_account);
    near_out_lit(o, "}");
}

void out_format(struct near_out *o, enum format f)
{
    near_out_str(o, alc_cstr(format_names[f]));
}

static void out_flag(struct near_out *o, struct alc_bytes key, bool v)
{
    near_out_raw(o, key);
    near_out_bool(o, v);
}

/* The order of keys is part of the interface.  Ours come last and only when asked for, so that a
 * request without them is announced in OutLayer's very bytes. */
static void out_request_data(struct near_out *o, const struct request *r, const struct params *p)
{
    bool apart = r->input.n > INPUT_IN_EVENT_MAX_BYTES;
    struct limits l = filled(&r->limits); /* workers need all three */

    near_out_lit(o, "{\"request_id\":");
    near_out_u64(o, r->id);
    near_out_lit(o, ",\"sender_id\":");
    out_account(o, r->signer);
    near_out_lit(o, ",\"predecessor_id\":");
    out_account(o, r->predecessor);
    near_out_lit(o, ",\"code_source\":");
    out_source(o, &r->source);
    near_out_lit(o, ",\"resource_limits\":");
    out_limits(o, &l);
    near_out_lit(o, ",\"input_data\":");
    near_out_str(o, apart ? (struct alc_bytes){NULL, 0} : r->input);
    out_flag(o, ALC_LIT(",\"input_data_in_state\":"), apart);
    near_out_lit(o, ",\"secrets_ref\":");
    out_secrets_ref(o, r);
    near_out_lit(o, ",\"response_format\":");
    out_format(o, (enum format)r->format);
    near_out_lit(o, ",\"payment\":");
    near_out_u128_str(o, r->payment);
    near_out_lit(o, ",\"attached_usd\":");
    near_out_u128_str(o, r->attached_usd);
    near_out_lit(o, ",\"timestamp\":");
    near_out_u64(o, r->timestamp);
    out_flag(o, ALC_LIT(",\"compile_only\":"), (r->flags & FLAG_COMPILE_ONLY) != 0);
    out_flag(o, ALC_LIT(",\"force_rebuild\":"), p->force_rebuild);
    out_flag(o, ALC_LIT(",\"store_on_fastfs\":"), p->store_on_fastfs);
    out_flag(o, ALC_LIT(",\"use_bound_identity\":"), p->use_bound_identity);
    near_out_lit(o, ",\"project_uuid\":");
    if (r->project != 0)
        out_project_uuid(o, r->project);
    else
        near_out_lit(o, "null");
    near_out_lit(o, ",\"project_id\":");
    near_out_opt_str(o, request_project(r));
    if ((r->flags & FLAG_WITH_PROOF) != 0) near_out_lit(o, ",\"with_proof\":true");
    if (r->proof != PROOF_NONE) {
        near_out_lit(o, ",\"proof\":");
        near_out_str(o, alc_cstr(proof_names[r->proof]));
    }
    near_out_lit(o, "}");
}

/* ---- The method ---- */

/* check finds the code of *r, and takes its stablecoin from who asks. */
static void check(struct request *r, const struct args *a, const struct state *s, bool compile_only)
{
    if (a->secrets.profile.p != NULL) profile_check(a->secrets.profile, "secrets_ref.profile");
    if (a->source.kind == SOURCE_PROJECT)
        r->project = project_resolve(&r->source, &a->source);
    else
        source_check(&a->source);
    if (r->source.kind == SOURCE_WASM_URL && a->params.force_rebuild)
        near_panic("force_rebuild needs a GitHub source: a WasmUrl is not built");
    if (a->params.store_on_fastfs && !a->params.force_rebuild)
        near_panic("store_on_fastfs needs force_rebuild");
    if (compile_only && a->input.n > 0) near_panic("A compile-only request takes no input_data");
    if (!compile_only && a->limits.instructions.v > MAX_INSTRUCTIONS)
        near_panic("max_instructions is over the limit of 500000000000");
    if (!compile_only && a->limits.seconds.v > MAX_SECONDS)
        near_panic("max_execution_seconds is over the limit of 180");
    if (!compile_only && r->project != 0)
        price_admit(a->source.where, a->input, a->params.attached_usd);
    if (a->params.attached_usd > 0 && r->project == 0)
        near_panic("attached_usd needs a Project source");
    if (a->params.attached_usd > 0)
        purse_take(PURSE_USER, r->predecessor, a->params.attached_usd,
                   "Insufficient stablecoin balance");
    check_payment(r->payment, compile_only ? s->prices.base_fee : estimate(&s->prices, &a->limits));
}

void method_request_execution(void)
{
    static uint8_t data_buf[NEAR_LOG_MAX_BYTES], event_buf[NEAR_LOG_MAX_BYTES];
    struct near_out data = NEAR_OUT(data_buf), event = NEAR_OUT(event_buf);
    struct args a = {.format = FORMAT_TEXT};
    struct near_account predecessor, signer;
    struct alc_bytes text;
    struct request r;
    struct state s;
    uint64_t promise;
    bool compile_only;

    NEAR_ARGS(&a, args_fields);
    state_load(&s);
    not_paused(&s);
    compile_only = a.params.compile_only || !a.limits_given;
    near_predecessor(&predecessor);
    near_signer(&signer);
    r = (struct request){
        .id = s.next_id++,
        .format = (uint8_t)a.format,
        .height = near_host_block_index(),
        .timestamp = near_host_block_timestamp(),
        .payment = near_deposit(),
        .attached_usd = a.params.attached_usd,
        .asked = a.source,
        .source = a.source,
        .predecessor = near_account_bytes(&predecessor),
        .signer = near_account_bytes(&signer),
        .payer = a.payer.p != NULL ? a.payer : near_account_bytes(&predecessor),
        .secrets_profile = a.secrets.profile,
        .secrets_account = a.secrets.account,
        .input = a.input,
        .input_n = (uint32_t)a.input.n,
    };
    check(&r, &a, &s, compile_only);
    r.proof = (uint8_t)check_proof(&a, &r.source, &s);
    r.limits = a.limits_given ? a.limits : filled(&a.limits);
    if (compile_only) r.flags |= FLAG_COMPILE_ONLY;
    if (a.params.with_proof) r.flags |= FLAG_WITH_PROOF;

    out_request_data(&data, &r, &a.params);
    text = near_out_bytes(&data, "The event is longer than 16384 bytes of logs: "
                                 "input of 10000 bytes or more is not part of it");
    near_sha256(&r.request_hash, text);
    promise = near_yield("on_execution_response", text, CALLBACK_GAS, 1, &r.data_id);
    request_add(&r, &s);
    state_save(&s);

    event_begin(&event, &s, ALC_LIT("execution_requested"));
    near_out_lit(&event, "{\"request_data\":");
    near_out_str(&event, text);
    near_out_lit(&event, ",\"data_id\":");
    near_out_octets(&event, alc_hash_bytes(&r.data_id));
    near_out_lit(&event, ",\"timestamp\":");
    near_out_u64(&event, r.timestamp);
    near_out_lit(&event, "}");
    event_end(&event);
    near_return_promise(promise);
}
