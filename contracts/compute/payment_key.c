/* contracts/compute/payment_key.c — the life of a payment key: its nonce, its top-ups, its end.
 *
 *   ft_on_transfer     ─► yield ─► resume_topup              ─► on_top_up_response
 *   delete_payment_key ─► yield ─► resume_delete_payment_key ─► on_delete_payment_key_response */
#include "payment_key.h"

#include "purse.h"
#include "secret.h"

#include "base/enc.h"

#define YIELD_GAS (30 * (uint64_t)NEAR_TGAS)
/* The callback writes the whole record anew within that gas: 80 Mgas a byte. */
#define TOP_UP_ACCESS_MAX_BYTES 65536u

NEAR_APART uint32_t nonce_floor(const struct alc_bytes *account)
{
    return (uint32_t)purse_get(PURSE_NONCE, account);
}

void nonce_raise(const struct alc_bytes *account, uint32_t nonce)
{
    const uint32_t floor = nonce_floor(account);

    if (nonce > floor) purse_add(PURSE_NONCE, account, nonce - floor);
}

/* ---- Parts ---- */

void one_yocto(void)
{
    near_refuse(near_deposit() == 0, "Attach at least 1 yoctoNEAR");
}

/* The events' members; of them the callbacks' arguments, and of those delete_payment_key's. */
static const struct near_field fields[] = {
    NEAR_FIELD("data_id", struct payment, id, near_read_octets, NEAR_MUST),
    NEAR_FIELD("owner", struct payment, owner, near_read_account, NEAR_MUST),
    NEAR_FIELD("nonce", struct payment, nonce, near_read_u32, NEAR_MUST),
    NEAR_FIELD("amount", struct payment, amount, near_read_u128, NEAR_MUST),
    NEAR_FIELD("encrypted_data", struct payment, ciphertext, near_read_string, NEAR_MUST),
};
enum { OWNER_FIELD = 1, NONCE_FIELD, AMOUNT_FIELD, ALL_FIELDS = 5 };

static void key_load(struct secret *key, const struct payment *p)
{
    const struct secret_id id = payment_key_id(p->owner, p->nonce);

    near_refuse(!secret_load(key, &id), "Payment key not found");
}

void payment_key_must(const struct payment *p)
{
    struct secret key;

    key_load(&key, p);
}

static void announce(struct payment *t, bool top_up)
{
    t->id = alc_hash_bytes(&t->data_id);
    system_event(top_up ? "TopUpPaymentKey" : "DeletePaymentKey", t, fields,
                 top_up ? ALL_FIELDS : AMOUNT_FIELD);
}

void payment_announce(struct payment *t)
{
    announce(t, true);
}

struct alc_bytes args_of(const void *args, const struct near_field *f, size_t n)
{
    static uint8_t buf[640];
    struct near_out o = NEAR_OUT(buf);

    near_out_object(&o, args, f, n);
    return near_out_bytes(&o, "call too long");
}

uint64_t call_self(uint64_t after, const char *method, uint64_t gas, const void *args,
                   const struct near_field *f, size_t n)
{
    return near_call(after, &(struct near_call){.account = here.state.self,
                                                .method = method,
                                                .args = args_of(args, f, n),
                                                .gas = gas,
                                                .weight = 1});
}

/* wait asks the operator, and returns the promise of what the callback will make of its answer. */
static void wait(struct payment *t, bool top_up)
{
    const uint64_t promise =
        near_yield(top_up ? "on_top_up_response" : "on_delete_payment_key_response",
                   args_of(t, fields + OWNER_FIELD, top_up ? 3 : 2), YIELD_GAS, 1, &t->data_id);

    announce(t, top_up);
    near_return_promise(promise);
}

/* ---- The operator's answer: "Success", {"Success":{"new_encrypted_data":..}} of a top-up, or
 * {"Error":{"message":..}} ---- */

struct result {
    bool success;
    struct alc_bytes text; /* the new ciphertext, or the message */
};

static void read_result(struct near_json *j, struct result *r, bool top_up)
{
    static const struct near_field texts[] = {
        NEAR_FIELD_ALL("message", near_read_string, NEAR_MUST),
        NEAR_FIELD_ALL("new_encrypted_data", near_read_string, NEAR_MUST),
    };
    struct alc_bytes name;
    const bool with_value = near_json_variant(j, &name);

    r->success = alc_bytes_is(name, "Success");
    if (!r->success && !alc_bytes_is(name, "Error")) near_json_fail("unknown result");
    if (r->success && !top_up) {
        near_json_variant_unit(j, with_value);
        return;
    }
    if (with_value) near_json_object(j, &r->text, texts + r->success, 1);
    near_json_variant_end(j, with_value);
}

void read_top_up_result(struct near_json *j, void *out)
{
    read_result(j, out, true);
}

void read_delete_result(struct near_json *j, void *out)
{
    read_result(j, out, false);
}

struct resume_args {
    struct alc_bytes data_id;
    struct result result;
};

static const struct near_field resume_fields[] = {
    NEAR_FIELD("result", struct resume_args, result, read_delete_result, NEAR_MUST),
    NEAR_FIELD("data_id", struct resume_args, data_id, near_read_string, NEAR_MUST),
    NEAR_FIELD("result", struct resume_args, result, read_top_up_result, NEAR_MUST),
};

/* What the yield is resumed with is ours to read: nothing for an error, else '+' of a top-up or '-'
 * of a deletion, and the text. */
static void resume(bool top_up)
{
    uint8_t payload[NEAR_RESUME_MAX_BYTES];
    struct near_out o = NEAR_OUT(payload);
    struct resume_args a = {.result = {.text = {NULL, 0}}};
    struct alc_hash id;
    size_t n;

    near_args(&a, resume_fields + top_up, 2);
    begin(BY);
    if (!is_caller(here.state.operator_id))
        near_panic(top_up ? "Only operator can resume topup"
                          : "Only operator can resume delete_payment_key");
    near_refuse(!alc_hex_decode(id.b, sizeof id.b, &n, a.data_id) || n != sizeof id.b,
                "data_id must be 64 hex digits");
    if (a.result.success) {
        near_out_put(&o, top_up ? "+" : "-", 1);
        near_out_raw(&o, a.result.text);
    }
    if (!near_yield_resume(&id, near_out_bytes(&o, "The result is longer than 1024 bytes")))
        near_panic_with(top_up ? "TopUp yield resume failed: no yield for data_id="
                               : "DeletePaymentKey yield resume failed: no yield for data_id=",
                        a.data_id);
}

void method_resume_topup(void)
{
    resume(true);
}

void method_resume_delete_payment_key(void)
{
    resume(false);
}

/* answered reads a callback's arguments and its promise; false: an error, or nobody answered. */
static bool answered(struct payment *t, bool top_up)
{
    static uint8_t payload[NEAR_RESUME_MAX_BYTES];
    size_t n = 0;

    near_args(t, fields + OWNER_FIELD, top_up ? 3 : 2);
    if (!near_result(payload, sizeof payload, &n)) n = 0;
    begin(0);
    near_refuse(n > 0 && payload[0] != (top_up ? '+' : '-'), "The answer is to something else");
    if (n > 0) t->ciphertext = (struct alc_bytes){payload + 1, n - 1};
    return n > 0;
}

/* ---- Top-up ---- */

void payment_key_top_up(struct payment *t)
{
    struct secret key;

    near_refuse(t->amount < TOP_UP_MIN, "A top-up is at least 10000 units ($0.01)");
    key_load(&key, t);
    near_refuse(key.access.n > TOP_UP_ACCESS_MAX_BYTES,
                "A key with access over 65536 bytes takes no top-up");
    t->ciphertext = key.ciphertext;
    wait(t, true);
}

/* Returns to the token how much it shall give back. */
void method_on_top_up_response(void)
{
    struct secret_id id;
    struct secret key;
    struct payment t;

    if (answered(&t, true)) {
        id = payment_key_id(t.owner, t.nonce);
        if (secret_load(&key, &id)) {
            key.ciphertext = t.ciphertext;
            key.updated = near_host_block_timestamp();
            secret_put(&key, true);
            t.amount = 0;
        }
    }
    say_anew();
    say_amount("", t.amount);
    give();
}

/* ---- Deletion ---- */

void method_delete_payment_key(void)
{
    struct payment t;

    near_args(&t, fields + NONCE_FIELD, 1);
    begin(BY);
    one_yocto();
    t.owner = here.by;
    payment_key_must(&t);
    wait(&t, false);
}

void method_on_delete_payment_key_response(void)
{
    struct secret_id id;
    struct secret key;
    struct payment t;

    if (!answered(&t, false)) return; /* the key stays */
    id = payment_key_id(t.owner, t.nonce);
    near_refuse(!secret_load(&key, &id), "Secrets not found");
    secret_remove(&key, t.owner);
    nonce_raise(&t.owner, t.nonce);
}
