/* contracts/consumer/consumer.c — a contract that believes only what is proven: rain insurance.
 *
 *   insure ─► the insurer locks the sum and fixes the program that decides
 *   claim  ─► asks compute to run that program, and waits
 *   on_answer ─► with proof: pays what the program says, at most the sum, and keeps the answer;
 *                without: keeps nothing and says why
 *
 * It is also the SDK's worked example: arguments by table, borsh records, a call, a callback. */
#include "contract/json.h"

#define STATE_VERSION 1u
#define TEXT_MAX_BYTES 8192u /* of a policy, a URL, an answer */
#define RECORD_MAX_BYTES (3 * TEXT_MAX_BYTES)
#define ARGS_MAX_BYTES (4 * TEXT_MAX_BYTES)
#define ASK_GAS (70 * (uint64_t)NEAR_TGAS) /* compute's callback alone reserves 50 */
#define ANSWER_GAS (15 * (uint64_t)NEAR_TGAS)
#define NO_POLICY UINT64_MAX

#define METHODS(X)                                                                                 \
    X(new, CALL)                                                                                   \
    X(insure, PAYABLE)                                                                             \
    X(claim, PAYABLE)                                                                              \
    X(ask, PAYABLE)                                                                                \
    X(on_answer, PRIVATE)                                                                          \
    X(get_policy, VIEW)                                                                            \
    X(get_last_answer, VIEW)

#define DECLARED(name, kind) static void method_##name(void);
METHODS(DECLARED)
METHODS(NEAR_METHOD)

/* ---- Records ----
 *
 * "s": version u8 | next_id u64 | owner | compute.  "p" + id: a policy.  "a": the last answer, as
 * the JSON that the view returns. */

struct state {
    uint64_t next_id;
    struct alc_bytes owner;   /* the insurer */
    struct alc_bytes compute; /* the contract that runs programs */
};

static void state_save(const struct state *s)
{
    uint8_t buf[256];
    struct alc_borsh w = alc_borsh(buf, sizeof buf);

    alc_borsh_put_u8(&w, STATE_VERSION);
    alc_borsh_put_u64(&w, s->next_id);
    alc_borsh_put_bytes(&w, s->owner);
    alc_borsh_put_bytes(&w, s->compute);
    near_put(ALC_LIT("s"), (struct alc_bytes){buf, w.n});
}

static void state_load(struct state *s)
{
    static uint8_t buf[256];
    struct alc_cur c;
    uint8_t version;
    size_t n;

    if (!near_get(ALC_LIT("s"), buf, sizeof buf, &n)) near_panic("The contract is not initialized");
    c = alc_cur((struct alc_bytes){buf, n});
    if (!alc_cur_u8(&c, &version) || version != STATE_VERSION || !alc_cur_u64le(&c, &s->next_id) ||
        !alc_borsh_bytes(&c, NEAR_ACCOUNT_MAX_BYTES, &s->owner) ||
        !alc_borsh_bytes(&c, NEAR_ACCOUNT_MAX_BYTES, &s->compute))
        near_panic("the stored state is of another version");
}

struct policy {
    uint64_t id;
    bool settled;         /* the first proven answer settles it; until then anybody may claim */
    near_u128 max_payout; /* locked in this contract until then */
    struct alc_bytes beneficiary;
    struct alc_bytes url; /* the program that decides, fixed when the policy is made */
    struct alc_bytes hash;
    struct alc_bytes text; /* the policy itself: JSON that only the program understands */
};

struct policy_key {
    uint8_t b[9];
};

static struct policy_key policy_key(uint64_t id)
{
    struct policy_key k = {{'p'}};
    for (int i = 0; i < 8; i++)
        k.b[1 + i] = (uint8_t)(id >> (56 - 8 * i));
    return k;
}

static void policy_save(const struct policy *p)
{
    static uint8_t buf[RECORD_MAX_BYTES];
    struct policy_key k = policy_key(p->id);
    struct alc_borsh w = alc_borsh(buf, sizeof buf);

    alc_borsh_put_u8(&w, p->settled);
    alc_borsh_put_u128(&w, p->max_payout);
    alc_borsh_put_bytes(&w, p->beneficiary);
    alc_borsh_put_bytes(&w, p->url);
    alc_borsh_put_bytes(&w, p->hash);
    alc_borsh_put_bytes(&w, p->text);
    if (w.full) near_panic("The policy is too long");
    near_put((struct alc_bytes){k.b, sizeof k.b}, (struct alc_bytes){buf, w.n});
}

static bool policy_load(struct policy *p, uint64_t id)
{
    static uint8_t buf[RECORD_MAX_BYTES];
    struct policy_key k = policy_key(id);
    struct alc_cur c;
    size_t n;

    if (!near_get((struct alc_bytes){k.b, sizeof k.b}, buf, sizeof buf, &n)) return false;
    c = alc_cur((struct alc_bytes){buf, n});
    p->id = id;
    if (!alc_borsh_flag(&c, &p->settled) || !alc_cur_u128le(&c, &p->max_payout) ||
        !alc_borsh_bytes(&c, NEAR_ACCOUNT_MAX_BYTES, &p->beneficiary) ||
        !alc_borsh_bytes(&c, TEXT_MAX_BYTES, &p->url) ||
        !alc_borsh_bytes(&c, TEXT_MAX_BYTES, &p->hash) ||
        !alc_borsh_bytes(&c, TEXT_MAX_BYTES, &p->text))
        near_panic("a stored policy contradicts itself");
    return true;
}

/* ---- new, insure ---- */

static const struct near_field new_fields[] = {
    NEAR_FIELD("compute_id", struct state, compute, near_read_account, NEAR_MUST),
    NEAR_FIELD("owner_id", struct state, owner, near_read_account, NEAR_MAY),
};

static void method_new(void)
{
    struct state s = {.next_id = 0};
    struct near_account caller;

    NEAR_ARGS(&s, new_fields);
    if (near_has(ALC_LIT("s"))) near_panic("The contract has already been initialized");
    near_predecessor(&caller);
    if (s.owner.p == NULL) s.owner = near_account_bytes(&caller);
    state_save(&s);
}

static const struct near_field insure_fields[] = {
    NEAR_FIELD("beneficiary", struct policy, beneficiary, near_read_account, NEAR_MUST),
    NEAR_FIELD("policy", struct policy, text, near_read_json, NEAR_MUST),
    NEAR_FIELD("max_payout", struct policy, max_payout, near_read_u128, NEAR_MUST),
    NEAR_FIELD("url", struct policy, url, near_read_string, NEAR_MUST),
    NEAR_FIELD("hash", struct policy, hash, near_read_string, NEAR_MUST),
};

/* Returns the policy's id.  The deposit is the sum insured: what is promised is there. */
static void method_insure(void)
{
    struct policy p = {.settled = false};
    struct near_account caller;
    uint8_t buf[20];
    struct near_out o = NEAR_OUT(buf);
    struct state s;

    NEAR_ARGS(&p, insure_fields);
    state_load(&s);
    near_predecessor(&caller);
    if (!alc_bytes_eq(near_account_bytes(&caller), s.owner))
        near_panic("Only the insurer can insure");
    if (near_deposit() != p.max_payout) near_panic("The deposit must be the sum insured");
    p.id = s.next_id++;
    policy_save(&p);
    state_save(&s);
    near_out_u64(&o, p.id);
    near_return(near_out_bytes(&o, "id too long"));
}

/* ---- Asking ---- */

struct question {
    struct alc_bytes url;
    struct alc_bytes hash;
    struct alc_bytes input;
    uint64_t max_instructions;
    uint64_t max_seconds;
    uint64_t policy_id;     /* NO_POLICY: asked for its own sake */
    struct alc_bytes proof; /* "key", "quote" or "onchain": compute refuses what is none */
};

/* send asks compute for the answer together with its proof, and makes this call's result that of
 * the callback. */
static void send(const struct state *s, const struct question *q)
{
    static uint8_t buf[ARGS_MAX_BYTES], back_buf[64];
    struct near_out o = NEAR_OUT(buf), back = NEAR_OUT(back_buf);
    struct near_account self, caller;
    uint64_t promise;

    near_current(&self);
    near_predecessor(&caller);
    near_out_lit(&o, "{\"source\":{\"WasmUrl\":{\"url\":");
    near_out_str(&o, q->url);
    near_out_lit(&o, ",\"hash\":");
    near_out_str(&o, q->hash);
    near_out_lit(&o, ",\"build_target\":\"wasm32-wasip1\"}},\"resource_limits\":{"
                     "\"max_instructions\":");
    near_out_u64(&o, q->max_instructions);
    near_out_lit(&o, ",\"max_memory_mb\":128,\"max_execution_seconds\":");
    near_out_u64(&o, q->max_seconds);
    near_out_lit(&o, "},\"input_data\":");
    near_out_str(&o, q->input);
    near_out_lit(&o, ",\"response_format\":\"Json\",\"payer_account_id\":");
    near_out_str(&o, near_account_bytes(&caller));
    near_out_lit(&o, ",\"params\":{\"with_proof\":true,\"proof\":");
    near_out_str(&o, q->proof);
    near_out_lit(&o, "}}");

    near_out_lit(&back, "{\"policy_id\":");
    near_out_opt_u64(&back, q->policy_id, q->policy_id != NO_POLICY);
    near_out_lit(&back, "}");

    promise = near_call(NEAR_NOW, &(struct near_call){
                                      .account = s->compute,
                                      .method = "request_execution",
                                      .args = near_out_bytes(&o, "The question is too long"),
                                      .deposit = near_deposit(),
                                      .gas = ASK_GAS,
                                      .weight = 1,
                                  });
    promise = near_call(promise, &(struct near_call){
                                     .account = near_account_bytes(&self),
                                     .method = "on_answer",
                                     .args = near_out_bytes(&back, "The callback is too long"),
                                     .gas = ANSWER_GAS,
                                 });
    near_return_promise(promise);
}

static const struct near_field ask_fields[] = {
    NEAR_FIELD("url", struct question, url, near_read_string, NEAR_MUST),
    NEAR_FIELD("hash", struct question, hash, near_read_string, NEAR_MUST),
    NEAR_FIELD("input_data", struct question, input, near_read_string, NEAR_MAY),
    NEAR_FIELD("max_instructions", struct question, max_instructions, near_read_u64, NEAR_MAY),
    NEAR_FIELD("max_execution_seconds", struct question, max_seconds, near_read_u64, NEAR_MAY),
    NEAR_FIELD("proof", struct question, proof, near_read_string, NEAR_MAY),
};

/* Any question, whose answer is kept and changes nothing else.  The deposit pays the run. */
static void method_ask(void)
{
    struct question q = {.max_instructions = 1000000000,
                         .max_seconds = 60,
                         .policy_id = NO_POLICY,
                         .proof = ALC_LIT("key")};
    struct state s;

    NEAR_ARGS(&q, ask_fields);
    state_load(&s);
    send(&s, &q);
}

struct id_args {
    uint64_t id;
};

static const struct near_field id_fields[] = {
    NEAR_FIELD("policy_id", struct id_args, id, near_read_u64, NEAR_MUST),
};

struct claim_args {
    uint64_t id;
    struct alc_bytes proof;
};

static const struct near_field claim_fields[] = {
    NEAR_FIELD("policy_id", struct claim_args, id, near_read_u64, NEAR_MUST),
    NEAR_FIELD("proof", struct claim_args, proof, near_read_string, NEAR_MAY),
};

/* Anybody may ask what a policy pays, and how strong the proof must be beyond "key": the program,
 * not the asker, decides. */
static void method_claim(void)
{
    static uint8_t buf[TEXT_MAX_BYTES + 16];
    struct near_out o = NEAR_OUT(buf);
    struct claim_args a = {.proof = ALC_LIT("key")};
    struct policy p;
    struct state s;

    NEAR_ARGS(&a, claim_fields);
    state_load(&s);
    if (!policy_load(&p, a.id)) near_panic("There is no such policy");
    if (p.settled) near_panic("This policy is settled");
    near_out_lit(&o, "{\"policy\":");
    near_out_raw(&o, p.text);
    near_out_lit(&o, "}");
    send(&s, &(struct question){
                 .url = p.url,
                 .hash = p.hash,
                 .input = near_out_bytes(&o, "The policy is too long"),
                 .max_instructions = 1000000000,
                 .max_seconds = 60,
                 .policy_id = p.id,
                 .proof = a.proof,
             });
}

/* ---- The answer ---- */

/* What compute returns to who asked with_proof. */
struct answer {
    struct alc_bytes output; /* JSON */
    struct alc_bytes statement_hash;
    struct alc_bytes worker_key;
    struct near_opt_u64 request_id;
};

static const struct near_field answer_fields[] = {
    NEAR_FIELD("output", struct answer, output, near_read_json, NEAR_DEFAULT),
    NEAR_FIELD("statement_hash", struct answer, statement_hash, near_read_string, NEAR_MAY),
    NEAR_FIELD("worker_key", struct answer, worker_key, near_read_string, NEAR_MAY),
    NEAR_FIELD("request_id", struct answer, request_id, near_read_opt_u64, NEAR_MAY),
};

static bool read_answer(struct answer *a, uint8_t *buf, size_t n)
{
    struct near_json j = near_json_begin(buf, n);

    if (near_json_peek(&j) != '{') return false; /* a bare value, and what it is worth */
    near_json_object(&j, a, answer_fields, 4);
    near_json_end(&j);
    return a->output.p != NULL && a->statement_hash.p != NULL && a->worker_key.p != NULL &&
           a->request_id.some;
}

struct verdict {
    near_u128 payout;
};

static const struct near_field verdict_fields[] = {
    NEAR_FIELD("payout_yocto", struct verdict, payout, near_read_u128, NEAR_MUST),
};

/* pay gives the beneficiary what the program says, at most the sum insured, and the insurer the
 * rest; returns what was paid. */
static near_u128 pay(const struct state *s, struct policy *p, struct alc_bytes output)
{
    static uint8_t buf[TEXT_MAX_BYTES];
    struct near_json j = near_json_begin(buf, output.n);
    struct verdict v;

    if (output.n > sizeof buf) near_panic("The answer is too long");
    __builtin_memcpy(buf, output.p, output.n); /* reading changes the text, and it is kept */
    near_json_object(&j, &v, verdict_fields, 1);
    near_json_end(&j);
    if (v.payout > p->max_payout) v.payout = p->max_payout;
    if (v.payout > 0) near_transfer(p->beneficiary, v.payout);
    if (v.payout < p->max_payout) near_transfer(s->owner, p->max_payout - v.payout);
    p->settled = true;
    policy_save(p);
    return v.payout;
}

static void keep(const struct answer *a, uint64_t policy_id, near_u128 paid)
{
    static uint8_t buf[RECORD_MAX_BYTES];
    struct near_out o = NEAR_OUT(buf);
    struct alc_bytes text;

    near_out_lit(&o, "{\"policy_id\":");
    near_out_opt_u64(&o, policy_id, policy_id != NO_POLICY);
    near_out_lit(&o, ",\"output\":");
    near_out_raw(&o, a->output);
    near_out_lit(&o, ",\"paid_yocto\":");
    near_out_u128_str(&o, paid);
    near_out_lit(&o, ",\"statement_hash\":");
    near_out_str(&o, a->statement_hash);
    near_out_lit(&o, ",\"worker_key\":");
    near_out_str(&o, a->worker_key);
    near_out_lit(&o, ",\"request_id\":");
    near_out_u64(&o, a->request_id.v);
    near_out_lit(&o, "}");
    text = near_out_bytes(&o, "The answer is too long");
    near_put(ALC_LIT("a"), text);
    near_return(text);
}

static void refuse(const char *why)
{
    near_log(alc_cstr(why));
    near_return(ALC_LIT("null"));
}

static const struct near_field back_fields[] = {
    NEAR_FIELD("policy_id", struct id_args, id, near_read_u64, NEAR_MAY),
};

static void method_on_answer(void)
{
    static uint8_t buf[RECORD_MAX_BYTES];
    struct id_args args = {.id = NO_POLICY};
    struct answer a = {.output = {NULL, 0}};
    near_u128 paid = 0;
    struct policy p;
    struct state s;
    bool resumed;
    size_t n = 0;

    NEAR_ARGS(&args, back_fields);
    resumed = near_result(buf, sizeof buf, &n);
    state_load(&s);
    if (!resumed) {
        refuse("Refused: the request itself failed");
        return;
    }
    if (alc_bytes_is((struct alc_bytes){buf, n}, "null")) {
        refuse("Refused: there is no answer");
        return;
    }
    if (!read_answer(&a, buf, n)) {
        refuse("Refused: the answer comes without proof");
        return;
    }
    if (args.id != NO_POLICY) {
        if (!policy_load(&p, args.id)) near_panic("There is no such policy");
        if (p.settled) {
            refuse("Refused: the policy is settled");
            return;
        }
        paid = pay(&s, &p, a.output);
    }
    keep(&a, args.id, paid);
}

/* ---- Views ---- */

static void method_get_policy(void)
{
    static uint8_t buf[2 * RECORD_MAX_BYTES];
    struct near_out o = NEAR_OUT(buf);
    struct id_args a;
    struct policy p;

    NEAR_ARGS(&a, id_fields);
    if (!policy_load(&p, a.id)) {
        near_return(ALC_LIT("null"));
        return;
    }
    near_out_lit(&o, "{\"policy_id\":");
    near_out_u64(&o, p.id);
    near_out_lit(&o, ",\"settled\":");
    near_out_bool(&o, p.settled);
    near_out_lit(&o, ",\"beneficiary\":");
    near_out_str(&o, p.beneficiary);
    near_out_lit(&o, ",\"max_payout\":");
    near_out_u128_str(&o, p.max_payout);
    near_out_lit(&o, ",\"url\":");
    near_out_str(&o, p.url);
    near_out_lit(&o, ",\"hash\":");
    near_out_str(&o, p.hash);
    near_out_lit(&o, ",\"policy\":");
    near_out_raw(&o, p.text);
    near_out_lit(&o, "}");
    near_return(near_out_bytes(&o, "The policy is too long"));
}

static void method_get_last_answer(void)
{
    static uint8_t buf[RECORD_MAX_BYTES];
    size_t n;

    if (near_get(ALC_LIT("a"), buf, sizeof buf, &n))
        near_return((struct alc_bytes){buf, n});
    else
        near_return(ALC_LIT("null"));
}
