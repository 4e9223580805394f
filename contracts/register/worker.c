/* contracts/register/worker.c — registering worker keys, and ending them. */
#include "register.h"

#include "base/enc.h"

/* 10 NEAR of gas for each key. */
#define ALLOWANCE ((near_u128)10000000000000u * 1000000000000u)
#define METHOD_NAMES                                                                               \
    "resolve_execution,submit_execution_output_and_resolve,resume_topup,resume_delete_payment_key"
#define TELL_GAS (5 * (uint64_t)NEAR_TGAS)
#define ON_ADDED_GAS (3 * (uint64_t)NEAR_TGAS)
#define ON_ITS_WAY_NS (600 * NS_PER_S) /* receipts take seconds */

static struct alc_bytes key_bytes(const struct public_key *key)
{
    return (struct alc_bytes){key->borsh, key->n};
}

/* ---- registering ---- */

struct register_args {
    struct public_key key;
    struct alc_bytes quote; /* hex */
    struct alc_hash policy_hash;
};

static const struct near_field register_fields[] = {
    NEAR_FIELD("public_key", struct register_args, key, read_public_key, NEAR_MUST),
    NEAR_FIELD("tdx_quote_hex", struct register_args, quote, near_read_string, NEAR_MUST),
    NEAR_FIELD("policy_hash", struct register_args, policy_hash, near_read_hash, NEAR_MAY),
};

NEAR_NORETURN static void not_approved(const struct alc_quote_verdict *v)
{
    uint8_t buf[256];
    struct near_out o = NEAR_OUT(buf);

    near_out_lit(&o, "TDX measurements are not approved: SHA-256 ");
    near_out_hex(&o, alc_hash_bytes(&v->measurement));
    near_out_lit(&o, ", MRTD ");
    near_out_hex(&o, (struct alc_bytes){v->quote.td.mrtd, 48});
    near_panic_bytes(near_out_bytes(&o, "TDX measurements are not approved"));
}

/* Whose key it is stands in the first half of the report data, for which registration it was made
 * in the second.  Report data of zeros alone is for nobody: workers ask for such quotes to look at
 * themselves, and under the key of zeros, a point of small order, anybody can sign. */
static void check_binding(const struct alc_quote_verdict *v, const struct state *s,
                          const struct register_args *a)
{
    static const uint8_t zeros[32];
    const uint8_t *data = alc_quote_report_data(&v->quote);

    if (__builtin_memcmp(data, a->key.id.b, sizeof zeros) != 0 ||
        __builtin_memcmp(data, zeros, sizeof zeros) == 0)
        near_panic("The quote's report data does not begin with this public key");
    if (!s->policy.require_binding && __builtin_memcmp(data + 32, zeros, sizeof zeros) == 0) return;
    if (!challenge_answered(data + 32, s, &a->policy_hash))
        near_panic("The quote's report data answers to no challenge of the last 1000 blocks: call "
                   "new_challenge, and bind the quote to chain_id, contract, account and policy");
}

/* tell sends the main contract the key it may believe; returns the promise.  A full list there is
 * searched for a key that has expired: so it gets all the gas that is left, and seldom needs it. */
static uint64_t tell(const struct state *s, const struct public_key *key,
                     const struct worker_key *w)
{
    static uint8_t buf[512];
    struct near_out o = NEAR_OUT(buf);
    struct near_call call = {
        .account = s->outlayer, .method = "add_worker_key", .gas = TELL_GAS, .weight = 1};

    near_out_lit(&o, "{\"public_key\":");
    out_ed25519(&o, key);
    near_out_lit(&o, ",\"expires_ns\":");
    near_out_u64(&o, w->expires_ns);
    near_out_lit(&o, ",\"measurement\":");
    near_out_hex(&o, alc_hash_bytes(&w->measurement));
    near_out_lit(&o, ",\"simulated\":");
    near_out_bool(&o, w->simulated);
    near_out_lit(&o, "}");
    call.args = near_out_bytes(&o, "arguments too long");
    return near_call(NEAR_NOW, &call);
}

/* add_access_key makes the receipt that adds the key, and the callback that notes whether it was
 * this contract that added it: only then may anybody have it removed again. */
static uint64_t add_access_key(const struct state *s, const struct public_key *key)
{
    static uint8_t buf[128];
    struct near_out o = NEAR_OUT(buf);
    struct near_account self;
    struct near_call noted = {.method = "on_key_added", .gas = ON_ADDED_GAS};
    uint64_t added;

    near_current(&self);
    added = near_batch(near_account_bytes(&self));
    near_batch_add_key(added, key_bytes(key), ALLOWANCE, s->outlayer, ALC_LIT(METHOD_NAMES));
    near_out_lit(&o, "{\"ed25519\":");
    near_out_bool(&o, key_is_ed25519(key));
    near_out_lit(&o, ",\"id\":");
    near_out_hex(&o, alc_hash_bytes(&key->id));
    near_out_lit(&o, "}");
    noted.account = near_account_bytes(&self);
    noted.args = near_out_bytes(&o, "arguments too long");
    (void)near_call(added, &noted);
    return added;
}

static void log_registered(const struct public_key *key, const struct worker_key *w)
{
    struct near_out o = log_begin(w->simulated);

    near_out_lit(&o, "Worker key registered: ");
    out_fingerprint(&o, key);
    near_out_lit(&o, ", measurement ");
    near_out_hex(&o, alc_hash_bytes(&w->measurement));
    near_out_lit(&o, ", ppid ");
    near_out_hex(&o, (struct alc_bytes){w->ppid, sizeof w->ppid});
    near_out_lit(&o, ", expires ");
    near_out_u64(&o, w->expires_ns);
    log_end(&o);
}

void method_register_worker_key(void)
{
    static uint8_t quote_buf[ALC_QUOTE_MAX_BYTES];
    static struct alc_quote_verdict v;
    static struct register_args a;
    struct worker_key w = {.added = false};
    struct alc_bytes quote = {quote_buf, 0};
    struct near_account caller;
    uint64_t added, told = 0;
    struct state s;
    bool again;

    a.policy_hash = (struct alc_hash){{0}};
    NEAR_ARGS(&a, register_fields);
    state_load(&s);
    near_predecessor(&caller);
    if (!alc_bytes_eq(near_account_bytes(&caller), s.init_worker))
        near_panic("Only init worker account can register worker keys");
    if (!alc_hex_decode(quote_buf, sizeof quote_buf, &quote.n, a.quote))
        near_panic(
            "TDX quote verification failed: tdx_quote_hex is not hex of at most 16384 bytes");
    quote_judge(&v, &s, quote, (struct alc_bytes){NULL, 0});
    if (v.refusal == ALC_REFUSAL_MEASUREMENT) not_approved(&v);
    if (!v.accepted) refuse("TDX quote verification failed: ", v.refusal);
    check_binding(&v, &s, &a);

    again = worker_key_load(&w, &a.key);
    w.registered_ns = near_host_block_timestamp();
    w.expires_ns = w.registered_ns + s.policy.key_lifetime_s * NS_PER_S;
    w.measurement = v.measurement;
    __builtin_memcpy(w.ppid, v.ppid, sizeof w.ppid);
    w.simulated = v.simulated;
    worker_key_save(&w, &a.key);
    log_registered(&a.key, &w);
    added = add_access_key(&s, &a.key);
    if (key_is_ed25519(&a.key)) told = tell(&s, &a.key, &w);
    /* A key that is registered again has its access key already: that receipt fails, the rest
     * counts. */
    if (!again)
        near_return_promise(added);
    else if (key_is_ed25519(&a.key))
        near_return_promise(told);
}

struct added_args {
    bool ed25519;
    struct alc_hash id;
};

static const struct near_field added_fields[] = {
    NEAR_FIELD("ed25519", struct added_args, ed25519, near_read_bool, NEAR_MUST),
    NEAR_FIELD("id", struct added_args, id, near_read_hash, NEAR_MUST),
};

void method_on_key_added(void)
{
    struct public_key key;
    struct added_args a;
    struct worker_key w;
    struct state s;
    uint8_t nothing[1];
    size_t n;

    NEAR_ARGS(&a, added_fields);
    state_load(&s);
    key.borsh[0] = a.ed25519 ? 0 : 2;
    key.id = a.id;
    if (!near_result(nothing, sizeof nothing, &n) || !worker_key_load(&w, &key)) return;
    w.added = true;
    worker_key_save(&w, &key);
}

/* ---- ending ---- */

struct keys_args {
    size_t count;
    void (*each)(const struct public_key *key);
};

static void read_key(struct near_json *j, void *out)
{
    static struct public_key key;
    struct keys_args *a = out;

    if (a->count++ == KEYS_PER_CALL_MAX) near_panic("At most 256 keys in one call");
    read_public_key(j, &key);
    a->each(&key);
}

/* The list is walked as it is read: what stands behind a text that is not JSON is not kept. */
void read_keys(struct near_json *j, void *out)
{
    near_json_list(j, read_key, out);
}

static const struct near_field keys_fields[] = {
    NEAR_FIELD_ALL("public_keys", read_keys, NEAR_MUST),
};

static struct state ending; /* of the call that ends keys */
static struct near_account ending_self;
static size_t ended;
static struct alc_hash approved[MEASUREMENTS_MAX];
static size_t approved_count;

static void begin_ending(void)
{
    state_load(&ending);
    near_current(&ending_self);
    ended = 0;
}

static void delete_access_key(const struct public_key *key)
{
    near_batch_delete_key(near_batch(near_account_bytes(&ending_self)), key_bytes(key));
    ended++;
}

static void remove_one(const struct public_key *key)
{
    static uint8_t buf[128];
    struct near_out o = NEAR_OUT(buf);
    struct near_call call = {
        .account = ending.outlayer, .method = "remove_worker_key", .gas = TELL_GAS};
    struct worker_key w;
    bool known = worker_key_load(&w, key);

    delete_access_key(key); /* known or not: it may be older than this contract */
    if (!known) return;
    worker_key_remove(key);
    if (!key_is_ed25519(key)) return;
    near_out_lit(&o, "{\"public_key\":");
    out_ed25519(&o, key);
    near_out_lit(&o, "}");
    call.args = near_out_bytes(&o, "arguments too long");
    (void)near_call(NEAR_NOW, &call);
}

static void log_ended(const char *what)
{
    struct near_out o = log_begin(false);

    near_out_raw(&o, alc_cstr(what));
    near_out_u64(&o, ended);
    log_end(&o);
}

void method_remove_worker_keys(void)
{
    struct keys_args a = {0, remove_one};

    begin_ending();
    only_owner(&ending);
    NEAR_ARGS(&a, keys_fields);
    log_ended("Worker keys removed: ");
}

static bool has_ended(const struct worker_key *w)
{
    if (near_host_block_timestamp() >= w->expires_ns) return true;
    for (size_t i = 0; i < approved_count; i++)
        if (alc_hash_eq(&w->measurement, &approved[i])) return false;
    return true;
}

/* Keys that are good still, or unknown, are passed over: a list may be old when it arrives.  One
 * whose access key may still be on its way stays too: its record is all that could end it then. */
static void drop_one(const struct public_key *key)
{
    struct worker_key w;

    if (!worker_key_load(&w, key) || !has_ended(&w)) return;
    if (!w.added && near_host_block_timestamp() - w.registered_ns < ON_ITS_WAY_NS) return;
    worker_key_remove(key);
    if (w.added) delete_access_key(key);
}

void method_drop_expired_worker_keys(void)
{
    struct keys_args a = {0, drop_one};
    const struct alc_measurement *list;

    begin_ending();
    list = measurements_load(&approved_count);
    for (size_t i = 0; i < approved_count; i++)
        alc_measurement_hash(&approved[i], &list[i], &verify_ops);
    NEAR_ARGS(&a, keys_fields);
    log_ended("Expired worker keys dropped: ");
}

/* ---- views ---- */

static const struct near_field key_fields[] = {
    NEAR_FIELD_ALL("public_key", read_public_key, NEAR_MUST),
};

void method_get_worker_key(void)
{
    static struct public_key key;
    uint8_t buf[512];
    struct near_out o = NEAR_OUT(buf);
    struct worker_key w;
    struct state s;

    NEAR_ARGS(&key, key_fields);
    state_load(&s);
    if (!worker_key_load(&w, &key)) {
        near_return(ALC_LIT("null"));
        return;
    }
    near_out_lit(&o, "{\"expires_ns\":");
    near_out_u64(&o, w.expires_ns);
    near_out_lit(&o, ",\"measurement\":");
    near_out_hex(&o, alc_hash_bytes(&w.measurement));
    near_out_lit(&o, ",\"ppid\":");
    near_out_hex(&o, (struct alc_bytes){w.ppid, sizeof w.ppid});
    near_out_lit(&o, ",\"simulated\":");
    near_out_bool(&o, w.simulated);
    near_out_lit(&o, ",\"registered_ns\":");
    near_out_u64(&o, w.registered_ns);
    near_out_lit(&o, "}");
    near_return(near_out_bytes(&o, "result too long"));
}
