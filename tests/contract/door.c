/* tests/contract/door.c — a contract that asks the register about a quote: the worked example of
 * contracts/register/README.md.
 *
 * `open` lets an approved enclave in.  Its quote must say who brings it, so that nobody comes in
 * with a quote that he saw elsewhere: report data begins with the SHA-256 of the caller's id. */
#include "contract/json.h"

#define VERIFY_GAS (8 * (uint64_t)NEAR_TGAS) /* a verdict burns 5.5 */
#define BACK_GAS (3 * (uint64_t)NEAR_TGAS)

#define METHODS(X)                                                                                 \
    X(new, CALL)                                                                                   \
    X(open, CALL)                                                                                  \
    X(on_verdict, PRIVATE)                                                                         \
    X(get_guest, VIEW)

#define DECLARED(name, kind) static void method_##name(void);
METHODS(DECLARED)
METHODS(NEAR_METHOD)

/* "r": the register's account.  "g": the last guest's, and what its enclave measured. */
static struct alc_bytes register_id(void)
{
    static uint8_t buf[NEAR_ACCOUNT_MAX_BYTES];
    struct alc_bytes id = {buf, 0};

    if (!near_get(ALC_LIT("r"), buf, sizeof buf, &id.n))
        near_panic("The contract is not initialized");
    return id;
}

static const struct near_field new_fields[] = {
    NEAR_FIELD_ALL("register_id", near_read_account, NEAR_MUST),
};

static void method_new(void)
{
    struct alc_bytes id;

    NEAR_ARGS(&id, new_fields);
    if (near_has(ALC_LIT("r"))) near_panic("The contract has already been initialized");
    near_put(ALC_LIT("r"), id);
}

/* ---- asking ---- */

static const struct near_field open_fields[] = {
    NEAR_FIELD_ALL("quote", near_read_string, NEAR_MUST),
};

static void method_open(void)
{
    static uint8_t ask_buf[24576], back_buf[128];
    struct near_out ask = NEAR_OUT(ask_buf), back = NEAR_OUT(back_buf);
    struct near_account self, caller;
    struct alc_bytes quote; /* base64 or hex */
    struct alc_hash wanted;
    uint64_t promise;

    NEAR_ARGS(&quote, open_fields);
    near_current(&self);
    near_predecessor(&caller);
    near_sha256(&wanted, near_account_bytes(&caller));

    near_out_lit(&ask, "{\"quote\":");
    near_out_str(&ask, quote);
    near_out_lit(&ask, ",\"report_data\":");
    near_out_hex(&ask, alc_hash_bytes(&wanted));
    near_out_lit(&ask, "}");
    near_out_lit(&back, "{\"guest\":");
    near_out_str(&back, near_account_bytes(&caller));
    near_out_lit(&back, "}");

    promise =
        near_call(NEAR_NOW, &(struct near_call){.account = register_id(),
                                                .method = "verify_quote",
                                                .args = near_out_bytes(&ask, "Quote too long"),
                                                .gas = VERIFY_GAS});
    promise = near_call(promise, &(struct near_call){.account = near_account_bytes(&self),
                                                     .method = "on_verdict",
                                                     .args = near_out_bytes(&back, "Id too long"),
                                                     .gas = BACK_GAS});
    near_return_promise(promise);
}

/* ---- the verdict ---- */

struct verdict { /* members that are not named here are passed over */
    bool accepted, simulated;
    struct alc_bytes refusal, measurement;
};

static const struct near_field verdict_fields[] = {
    NEAR_FIELD("accepted", struct verdict, accepted, near_read_bool, NEAR_MUST),
    NEAR_FIELD("simulated", struct verdict, simulated, near_read_bool, NEAR_MUST),
    NEAR_FIELD("refusal", struct verdict, refusal, near_read_string, NEAR_MAY),
    NEAR_FIELD("measurement", struct verdict, measurement, near_read_string, NEAR_MAY),
};

static const struct near_field guest_fields[] = {
    NEAR_FIELD_ALL("guest", near_read_account, NEAR_MUST),
};

/* Returns whether the guest came in. */
static void method_on_verdict(void)
{
    static uint8_t answer[16384], line_buf[256];
    struct near_out line = NEAR_OUT(line_buf);
    struct verdict v = {.accepted = false};
    struct alc_bytes guest;
    struct near_json j;
    size_t n;

    NEAR_ARGS(&guest, guest_fields);
    if (!near_result(answer, sizeof answer, &n)) { /* no gas, no such contract */
        near_log(ALC_LIT("The register gave no verdict"));
        near_return(ALC_LIT("false"));
        return;
    }
    j = near_json_begin(answer, n);
    near_json_object(&j, &v, verdict_fields, sizeof verdict_fields / sizeof verdict_fields[0]);
    near_json_end(&j);

    near_out_lit(&line, "{\"guest\":");
    near_out_str(&line, guest);
    near_out_raw(&line, v.accepted ? ALC_LIT(",\"measurement\":") : ALC_LIT(",\"refusal\":"));
    near_out_str(&line, v.accepted ? v.measurement : v.refusal);
    near_out_lit(&line, ",\"simulated\":");
    near_out_bool(&line, v.simulated);
    near_out_lit(&line, "}");
    near_log(near_out_bytes(&line, "Line too long"));
    if (v.accepted) near_put(ALC_LIT("g"), near_out_bytes(&line, "Line too long"));
    near_return(v.accepted ? ALC_LIT("true") : ALC_LIT("false"));
}

static void method_get_guest(void)
{
    static uint8_t buf[256];
    struct alc_bytes line = {buf, 0};

    near_return(near_get(ALC_LIT("g"), buf, sizeof buf, &line.n) ? line : ALC_LIT("null"));
}
