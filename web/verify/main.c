/* web/verify/main.c — src/verify for a browser: JavaScript writes inputs into this module's memory
 * and reads a verdict as JSON, the same bytes that the other embedders give.
 *
 * One page, one thread, one verdict at a time: everything is static.  Hashes and signatures are
 * imports (verify.js, over noble). */
#include "verify/verify.h"

#define IMPORT(name) __attribute__((import_module("env"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

IMPORT(sha256) void js_sha256(const uint8_t *p, size_t n, uint8_t *out);
IMPORT(sha384) void js_sha384(const uint8_t *p, size_t n, uint8_t *out);
IMPORT(ed25519) int js_ed25519(const uint8_t *sig, const uint8_t *key, const uint8_t *p, size_t n);
IMPORT(p256) int js_p256(const uint8_t *sig, const uint8_t *key, const uint8_t *digest);

static void op_sha256(void *ctx, struct alc_hash *out, struct alc_bytes in)
{
    (void)ctx;
    js_sha256(in.p, in.n, out->b);
}

static void op_sha384(void *ctx, uint8_t out[48], struct alc_bytes in)
{
    (void)ctx;
    js_sha384(in.p, in.n, out);
}

static bool op_ed25519(void *ctx, const uint8_t sig[64], const struct alc_hash *key,
                       struct alc_bytes message)
{
    (void)ctx;
    return js_ed25519(sig, key->b, message.p, message.n) != 0;
}

static bool op_p256(void *ctx, const uint8_t sig[64], const uint8_t key[64],
                    const struct alc_hash *digest)
{
    (void)ctx;
    return js_p256(sig, key, digest->b) != 0;
}

static const struct alc_verify_ops ops = {
    .sha256 = op_sha256, .sha384 = op_sha384, .ed25519 = op_ed25519, .p256 = op_p256};

/* ---- inputs ---- */

/* The numbers are verify.js's. */
enum input {
    STATEMENT, /* encoding and signature */
    EVIDENCE,
    EVENT_LOG,
    COLLATERAL,
    QUOTE,
    RECORD, /* OutLayer's, as JSON */
    SIMULATED_ROOT,
    INPUT,
    OUTPUT,
    CODE,
    REQUEST,
    REPORT_DATA, /* of a lone quote: what it must say */
    SOURCE_CODE, /* hash of the module that the file's note on the source is about */
    INPUTS
};

#define HEAP_BYTES (48u << 20) /* a module of 32 MiB beside its input and output */
#define LIST_MAX 64u
#define RECORD_WORK_BYTES (1u << 20)

static uint8_t heap[HEAP_BYTES];
static size_t heap_used;
static struct alc_bytes inputs[INPUTS];
static bool given[INPUTS];
static struct alc_quote_policy policy;
static struct alc_bytes advisories[LIST_MAX];
static struct alc_measurement measurements[LIST_MAX];
static uint8_t ppids[LIST_MAX][16];
static uint8_t answer[ALC_PROOF_VERDICT_MAX_BYTES];

/* begin forgets the last verdict with its inputs and its policy. */
EXPORT(begin) void begin(void);
void begin(void)
{
    heap_used = 0;
    for (int i = 0; i < INPUTS; i++) {
        inputs[i] = (struct alc_bytes){NULL, 0};
        given[i] = false;
    }
    policy = (struct alc_quote_policy){.advisories = advisories,
                                       .measurements = measurements,
                                       .ppids = (const uint8_t(*)[16])ppids};
}

static uint8_t *take(size_t n)
{
    uint8_t *p = heap + heap_used;
    if (n > HEAP_BYTES - 8 || heap_used > HEAP_BYTES - 8 - n) return NULL;
    heap_used += (n + 7) & ~(size_t)7;
    return p;
}

/* input gives room for n bytes of an input; NULL: there is none left. */
EXPORT(input) uint8_t *input(int which, size_t n);
uint8_t *input(int which, size_t n)
{
    uint8_t *p = which >= 0 && which < INPUTS ? take(n) : NULL;
    if (p == NULL) return NULL;
    inputs[which] = (struct alc_bytes){p, n};
    given[which] = true;
    return p;
}

/* ---- policy ---- */

EXPORT(accept_statuses) void accept_statuses(uint32_t bits);
void accept_statuses(uint32_t bits)
{
    policy.statuses = bits;
}

EXPORT(accept_advisory) uint8_t *accept_advisory(size_t n);
uint8_t *accept_advisory(size_t n)
{
    uint8_t *p = policy.advisories_count < LIST_MAX ? take(n) : NULL;
    if (p != NULL) advisories[policy.advisories_count++] = (struct alc_bytes){p, n};
    return p;
}

/* MRTD and RTMR0..3: 240 bytes. */
EXPORT(accept_measurement) uint8_t *accept_measurement(void);
uint8_t *accept_measurement(void)
{
    if (policy.measurements_count == LIST_MAX) return NULL;
    return (uint8_t *)&measurements[policy.measurements_count++];
}
_Static_assert(sizeof(struct alc_measurement) == 240, "gaps in a measurement");

EXPORT(accept_ppid) uint8_t *accept_ppid(void);
uint8_t *accept_ppid(void)
{
    return policy.ppids_count == LIST_MAX ? NULL : ppids[policy.ppids_count++];
}

EXPORT(accept_grace) void accept_grace(double seconds);
void accept_grace(double seconds)
{
    policy.grace = true;
    policy.grace_s = (uint64_t)seconds;
}

EXPORT(require_evaluation) void require_evaluation(uint32_t number);
void require_evaluation(uint32_t number)
{
    policy.min_evaluation = number;
}

/* ---- verdicts ---- */

static struct alc_trust trust(void)
{
    policy.allow_simulated = given[SIMULATED_ROOT]; /* naming the root is the explicit word */
    return (struct alc_trust){.simulated_root = inputs[SIMULATED_ROOT]};
}

/* The set, when one was given and holds; NULL and why not otherwise. */
static const struct alc_collateral *read_collateral(enum alc_refusal *refused,
                                                    const struct alc_trust *t)
{
    static uint8_t room[2 * ALC_COLLATERAL_MAX_BYTES];
    static struct alc_collateral set;
    struct alc_verify_work work = ALC_VERIFY_WORK(room);

    *refused = ALC_REFUSAL_NONE;
    if (inputs[COLLATERAL].n == 0) return NULL;
    *refused = alc_collateral_verify(&set, inputs[COLLATERAL], t, &work, &ops);
    return *refused == ALC_REFUSAL_NONE ? &set : NULL;
}

static struct alc_verify_work work_room(void)
{
    static uint8_t room[2 * ALC_EVENTS_MAX_BYTES];
    return ALC_VERIFY_WORK(room);
}

static struct alc_bytes found; /* the answer's length is asked for by itself */

static const uint8_t *answer_of(size_t n)
{
    found = (struct alc_bytes){answer, n};
    return answer;
}

EXPORT(answer_length) size_t answer_length(void);
size_t answer_length(void)
{
    return found.n;
}

static struct alc_quote_verdict judge_quote(struct alc_bytes quote, struct alc_bytes report_data,
                                            uint64_t now_s)
{
    struct alc_verify_work work = work_room();
    struct alc_trust t = trust();
    struct alc_quote_ask ask = {.quote = quote, .now_s = now_s, .policy = &policy, .trust = &t};
    struct alc_quote_verdict v;

    ask.collateral = read_collateral(&ask.set_refused, &t);
    if (ask.collateral != NULL)
        ask.set_refused = alc_collateral_pck_chain(&ask.pck_chain, inputs[COLLATERAL], &work);
    if (ask.set_refused != ALC_REFUSAL_NONE) ask.collateral = NULL;
    policy.report_data = report_data;
    alc_quote_verify(&v, &ask, &work, &ops);
    return v;
}

/* verify_quote judges QUOTE with COLLATERAL. */
EXPORT(verify_quote) const uint8_t *verify_quote(double now_s);
const uint8_t *verify_quote(double now_s)
{
    struct alc_quote_verdict v = judge_quote(inputs[QUOTE], inputs[REPORT_DATA], (uint64_t)now_s);
    return answer_of(alc_quote_verdict_json(&v, answer, sizeof answer));
}

/* verify_record judges OutLayer's RECORD and the quote in it. */
EXPORT(verify_record) const uint8_t *verify_record(double now_s);
const uint8_t *verify_record(double now_s)
{
    struct alc_verify_work work = {take(RECORD_WORK_BYTES), RECORD_WORK_BYTES, 0};
    struct alc_quote_verdict v = {.accepted = false};
    enum alc_refusal binding;
    struct alc_record r;

    if (work.p == NULL) work.n = 0;
    v.refusal = alc_record_read(&r, inputs[RECORD], &work);
    if (v.refusal == ALC_REFUSAL_NONE) {
        v = judge_quote(r.quote, (struct alc_bytes){NULL, 0}, (uint64_t)now_s);
        if (v.accepted) {
            binding = alc_record_binding(&r, alc_quote_report_data(&v.quote), &work, &ops);
            v.accepted = binding == ALC_REFUSAL_NONE;
            v.refusal = binding;
        }
    }
    return answer_of(alc_quote_verdict_json(&v, answer, sizeof answer));
}

static const struct alc_bytes *if_given(enum input which)
{
    return given[which] ? &inputs[which] : NULL;
}

/* verify_proof judges STATEMENT, with EVIDENCE and EVENT_LOG when they are given. */
EXPORT(verify_proof) const uint8_t *verify_proof(double now_s);
const uint8_t *verify_proof(double now_s)
{
    static struct alc_proof_verdict v;
    struct alc_verify_work work = work_room();
    struct alc_trust t = trust();
    struct alc_expect expect = {.input = if_given(INPUT),
                                .output = if_given(OUTPUT),
                                .code = if_given(CODE),
                                .request = if_given(REQUEST)};
    struct alc_proof_ask ask = {.signed_statement = inputs[STATEMENT],
                                .expect = &expect,
                                .evidence = inputs[EVIDENCE],
                                .event_log = inputs[EVENT_LOG],
                                .now_s = (uint64_t)now_s,
                                .policy = &policy,
                                .trust = &t};

    if (inputs[SOURCE_CODE].n == sizeof *expect.code_hash)
        expect.code_hash = (const struct alc_hash *)(const void *)inputs[SOURCE_CODE].p;
    ask.collateral = read_collateral(&ask.set_refused, &t);
    alc_proof_verify(&v, &ask, &work, &ops);
    return answer_of(alc_proof_verdict_json(&v, answer, sizeof answer));
}
