/* contracts/compute/onchain.c — level "onchain": before the promise goes on, the register judges a
 * quote over the statement.
 *
 *   resolve ─► register.verify_quote ─► on_quote_verified ─► resume
 *                                                       └──► refused: all as it was before the
 * resolve
 *
 * Between these three anything else may happen: another answer, a timeout, a cancellation, another
 * register.  What the callback relies on it looks up again, and it never panics over a refusal, so
 * that the log stays and a stored output goes. */
#include "call.h"

#include "base/enc.h"
#include "verify/verify.h"

/* The judge gets what the caller attached beyond it too.  The callback has some on top for each
 * byte of an output that it may have to remove. */
#define VERIFY_GAS (15 * (uint64_t)NEAR_TGAS)
#define VERIFIED_GAS (8 * (uint64_t)NEAR_TGAS)
#define VERIFIED_GAS_BYTE (19 * (uint64_t)NEAR_TGAS / 1000000)

/* ---- Asking ---- */

static void sha256(void *ctx, struct alc_hash *out, struct alc_bytes in)
{
    (void)ctx;
    near_sha256(out, in);
}

static const struct alc_verify_ops ops = {.sha256 = sha256};

/* What this contract tells itself when it asks. */
struct asked {
    uint64_t id, turn;
    bool simulated;
    bool leans; /* the statement covers the stored output */
    bool mine;  /* which came with the same call */
    struct alc_bytes register_id, report_data, measurement, payload;
};

static const struct near_field asked_fields[] = {
    NEAR_FIELD("request_id", struct asked, id, near_read_u64, NEAR_MUST),
    NEAR_FIELD("register_id", struct asked, register_id, near_read_string, NEAR_MUST),
    NEAR_FIELD("report_data", struct asked, report_data, near_read_string, NEAR_MUST),
    NEAR_FIELD("measurement", struct asked, measurement, near_read_string, NEAR_MUST),
    NEAR_FIELD("simulated", struct asked, simulated, near_read_bool, NEAR_MUST),
    NEAR_FIELD("turn", struct asked, turn, near_read_u64, NEAR_MUST),
    NEAR_FIELD("leans", struct asked, leans, near_read_bool, NEAR_MUST),
    NEAR_FIELD("mine", struct asked, mine, near_read_bool, NEAR_MUST),
    NEAR_FIELD("payload", struct asked, payload, near_read_string, NEAR_MUST),
};

/* Of these the judge gets. */
static const struct near_field quote_fields[] = {
    NEAR_FIELD("quote", struct asked, payload, near_read_string, NEAR_MUST),
    NEAR_FIELD("report_data", struct asked, report_data, near_read_string, NEAR_MUST),
};

/* text_of is the inside of a JSON string that `out` wrote at the end of here.out. */
static struct alc_bytes text_of(void (*out)(struct near_out *o, struct alc_bytes b),
                                struct alc_bytes b)
{
    const size_t from = here.out.n + 1;

    out(&here.out, b);
    return (struct alc_bytes){here.out.p + from, here.out.n - 1 - from};
}

void onchain_ask(const struct request *r, const struct shown *shown, struct alc_bytes payload,
                 bool leans, size_t mine, struct alc_bytes evidence)
{
    static uint8_t bytes[ALC_EVIDENCE_MAX_BYTES],
        quote[ALC_BASE64_CHARS(ALC_QUOTE_MAX_BYTES) + 256];
    static uint8_t back[ALC_BASE64_CHARS(NEAR_RESUME_MAX_BYTES) + 640];
    struct near_out q = NEAR_OUT(quote), b = NEAR_OUT(back);
    struct near_account judge;
    uint8_t report_data[64];
    struct alc_evidence e;
    struct asked t;
    uint64_t promise;
    size_t n;

    near_refuse(evidence.p == NULL, "At level onchain a statement needs evidence");
    register_must(&judge);
    near_refuse(!alc_base64_decode(bytes, sizeof bytes, &n, evidence) ||
                    !alc_evidence_read(&e, (struct alc_bytes){bytes, n}),
                "Evidence refused: not base64 of evidence v1");
    near_refuse(r->turn == UINT8_MAX, "Too many quotes were refused for this request");
    alc_evidence_report_data(report_data, &e, &shown->statement_hash, &ops);

    say_anew();
    t = (struct asked){
        .id = r->id,
        .turn = r->turn,
        .simulated = shown->simulated,
        .leans = leans,
        .mine = mine > 0,
        .register_id = near_account_bytes(&judge),
        .report_data = text_of(near_out_hex, (struct alc_bytes){report_data, sizeof report_data}),
        .measurement = text_of(near_out_hex, alc_hash_bytes(&shown->measurement)),
        .payload = text_of(near_out_base64, payload),
    };
    NEAR_OUT_OBJECT(&b, &t, asked_fields);
    t.payload = text_of(near_out_base64, e.quote);
    NEAR_OUT_OBJECT(&q, &t, quote_fields);

    promise = near_call(NEAR_NOW, &(struct near_call){
                                      .account = t.register_id,
                                      .method = "verify_quote",
                                      .args = near_out_bytes(&q, "The quote is too long"),
                                      .gas = VERIFY_GAS,
                                      .weight = 1,
                                  });
    promise = near_call(promise, &(struct near_call){
                                     .account = here.state.self,
                                     .method = "on_quote_verified",
                                     .args = near_out_bytes(&b, "The callback is too long"),
                                     .gas = VERIFIED_GAS + mine * VERIFIED_GAS_BYTE,
                                 });
    near_return_promise(promise);
}

/* ---- The verdict ---- */

struct verdict {
    bool accepted;
    bool simulated;
    struct alc_bytes refusal, measurement, report_data;
};

static const struct near_field verdict_fields[] = {
    NEAR_FIELD("accepted", struct verdict, accepted, near_read_bool, NEAR_MUST),
    NEAR_FIELD("refusal", struct verdict, refusal, near_read_string, NEAR_MAY),
    NEAR_FIELD("simulated", struct verdict, simulated, near_read_bool, NEAR_MUST),
    NEAR_FIELD("measurement", struct verdict, measurement, near_read_string, NEAR_MAY),
    NEAR_FIELD("report_data", struct verdict, report_data, near_read_string, NEAR_MAY),
};

/* refusal_of reads the verdict and holds it against what was asked; p NULL: nothing is wrong.  The
 * words are those of verify/ops.h, and three of our own. */
static struct alc_bytes refusal_of(const struct asked *a, const struct request *r)
{
    static uint8_t buf[ALC_QUOTE_VERDICT_MAX_BYTES];
    struct verdict v = {.refusal = {NULL, 0}};
    struct near_account judge;
    struct near_json j;
    size_t n;

    if (!near_result(buf, sizeof buf, &n)) return ALC_LIT("NO_VERDICT");
    j = near_json_begin(buf, n);
    near_json_object(&j, &v, verdict_fields, sizeof verdict_fields / sizeof verdict_fields[0]);
    near_json_end(&j);
    if (!v.accepted) return v.refusal.n > 0 && v.refusal.n <= 64 ? v.refusal : ALC_LIT("UNKNOWN");
    if (!alc_bytes_eq(v.report_data, a->report_data)) return ALC_LIT("BINDING");
    if (!alc_bytes_eq(v.measurement, a->measurement)) return ALC_LIT("STATEMENT_MEASUREMENT");
    if (v.simulated != a->simulated) return ALC_LIT("STATEMENT_SIMULATED");
    if (!register_load(&judge) || !alc_bytes_eq(near_account_bytes(&judge), a->register_id))
        return ALC_LIT("REGISTER_CHANGED");
    if (a->leans && a->turn != r->turn) return ALC_LIT("OUTPUT_CHANGED");
    return (struct alc_bytes){NULL, 0};
}

static void log_refused(const struct alc_bytes *word)
{
    say_anew();
    say("Quote refused: ");
    near_out_raw(&here.out, *word);
    near_log(said());
}

/* Returns whether the promise goes on.  The payload is ours, so that it is base64 and fits. */
void method_on_quote_verified(void)
{
    static uint8_t payload[NEAR_RESUME_MAX_BYTES];
    struct alc_bytes why;
    struct request r;
    struct asked a;
    size_t n = 0;
    bool resumed = false;

    NEAR_ARGS(&a, asked_fields);
    state_load();
    if (!request_load(&r, a.id)) {
        near_log(ALC_LIT("Too late: the request has ended"));
    } else if ((why = refusal_of(&a, &r)).p != NULL) {
        log_refused(&why);
        if (a.mine && a.turn == r.turn) {
            request_next_turn(&r, true);
            state_save();
        }
    } else if (!alc_base64_decode(payload, sizeof payload, &n, a.payload) ||
               !near_yield_resume(&r.data_id, (struct alc_bytes){payload, n})) {
        near_log(ALC_LIT("Too late: the request no longer waits"));
    } else {
        if (a.leans) request_next_turn(&r, false);
        resumed = true;
    }
    give_bool(resumed);
}
