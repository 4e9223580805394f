/* contracts/register/collateral.c — collateral sets, which prove themselves.
 *
 * Whoever puts a set, six signatures are checked once and its digest is kept for the platforms it
 * speaks of.  Newer sets replace older ones, never the other way round: else somebody could bring
 * back a list that does not know yet that a certificate was revoked.  The windows are looked at
 * when a quote is judged; here only that a set is not of a far future, where nothing is newer. Sets
 * under the simulated root have places of their own. */
#include "register.h"

#include "base/enc.h"

#define STORAGE_YOCTO_PER_BYTE UINT64_C(10000000000000000000)
#define AHEAD_S 86400u /* by so much the clocks of signers and blocks may differ */

struct place {
    uint8_t b[10];
};

static struct place place_of(const struct alc_platform *p, bool simulated)
{
    struct place at = {{'c', simulated, (uint8_t)p->tee}};
    __builtin_memcpy(at.b + 3, p->fmspc, sizeof p->fmspc);
    at.b[9] = (uint8_t)p->ca;
    return at;
}

static struct alc_bytes place_bytes(const struct place *at)
{
    return (struct alc_bytes){at->b, sizeof at->b};
}

static uint8_t kept[ALC_COLLATERAL_DIGEST_MAX_BYTES];

/* digest_load leaves the kept digest in `kept`, of *n bytes. */
static bool digest_load(struct alc_collateral *c, const struct place *at, size_t *n)
{
    if (!near_get(place_bytes(at), kept, sizeof kept, n)) return false;
    if (!alc_collateral_read(c, (struct alc_bytes){kept, *n}))
        near_panic("a stored record contradicts itself");
    return true;
}

bool collateral_load(struct alc_collateral *c, const struct alc_platform *p, bool simulated)
{
    struct place at = place_of(p, simulated);
    size_t n;
    return digest_load(c, &at, &n);
}

/* ---- keeping a set ---- */

static void not_older(bool holds, const char *what)
{
    if (!holds)
        near_panic_with("Collateral refused: older than the set that is stored: ", alc_cstr(what));
}

static void check_progress(const struct alc_collateral *fresh, const struct alc_collateral *old)
{
    not_older(fresh->tcb_evaluation >= old->tcb_evaluation,
              "the TCB info's evaluation number is lower");
    not_older(fresh->qe_evaluation >= old->qe_evaluation,
              "the QE identity's evaluation number is lower");
    not_older(fresh->tcb.from_s >= old->tcb.from_s, "the TCB info was issued before");
    not_older(fresh->qe.from_s >= old->qe.from_s, "the QE identity was issued before");
}

/* Revocation lists are of a CA, not of a platform: the newest that were seen count for all.  Else
 * who has a revoked machine of a model that nobody put a set for brings a list from before. */
static void keep_lists(const struct alc_collateral *c)
{
    const uint8_t at[] = {'l', c->simulated, (uint8_t)c->ca};
    const uint64_t now[2] = {c->root_crl.from_s, c->pck_crl.from_s};
    uint64_t seen[2];
    size_t n;

    if (near_get((struct alc_bytes){at, sizeof at}, (uint8_t *)seen, sizeof seen, &n)) {
        not_older(now[0] >= seen[0], "the root CA's revocation list");
        not_older(now[1] >= seen[1], "the PCK CA's revocation list");
    }
    near_put((struct alc_bytes){at, sizeof at},
             (struct alc_bytes){(const uint8_t *)now, sizeof now});
}

static void out_tee(struct near_out *o, enum alc_tee tee)
{
    near_out_raw(o, tee == ALC_TEE_TDX ? ALC_LIT("tdx") : ALC_LIT("sgx"));
}

static void out_ca(struct near_out *o, enum alc_pck_ca ca)
{
    near_out_raw(o, ca == ALC_PCK_PLATFORM ? ALC_LIT("platform") : ALC_LIT("processor"));
}

static void log_set(const struct alc_collateral *c, bool stored)
{
    struct near_out o = log_begin(c->simulated);
    struct alc_window w = alc_collateral_window(c);

    near_out_raw(&o, stored ? ALC_LIT("Collateral stored: ")
                            : ALC_LIT("Collateral is stored already: "));
    out_tee(&o, c->tee);
    near_out_lit(&o, " ");
    near_out_hex(&o, (struct alc_bytes){c->fmspc, sizeof c->fmspc});
    near_out_lit(&o, " ");
    out_ca(&o, c->ca);
    near_out_lit(&o, ", evaluation ");
    near_out_u64(&o, c->tcb_evaluation);
    near_out_lit(&o, " and ");
    near_out_u64(&o, c->qe_evaluation);
    near_out_lit(&o, ", valid ");
    near_out_u64(&o, w.from_s);
    near_out_lit(&o, " to ");
    near_out_u64(&o, w.until_s);
    log_end(&o);
}

static struct alc_collateral fresh, old;

/* keep verifies a set and stores its digest; returns by how many bytes the storage grew. */
static uint64_t keep(const struct state *s, struct alc_bytes text)
{
    static uint8_t digest[ALC_COLLATERAL_DIGEST_MAX_BYTES];
    struct alc_verify_work work = ALC_VERIFY_WORK(verify_buf);
    struct alc_trust trust = state_trust(s);
    struct alc_platform platform;
    enum alc_refusal refusal;
    struct alc_bytes value;
    struct place at;
    size_t old_n = 0;
    bool replaces;

    refusal = alc_collateral_verify(&fresh, text, &trust, &work, &verify_ops);
    if (refusal != ALC_REFUSAL_NONE) refuse("Collateral refused: ", refusal);
    /* It would keep its place until then, and no other set could take it. */
    if (alc_collateral_window(&fresh).from_s > near_host_block_timestamp() / NS_PER_S + AHEAD_S)
        near_panic("Collateral refused: issued more than a day ahead");
    value = (struct alc_bytes){digest, alc_collateral_write(&fresh, digest, sizeof digest)};
    if (value.n == 0) near_panic("Collateral refused: its digest is longer than 40960 bytes");

    platform = (struct alc_platform){.tee = fresh.tee, .ca = fresh.ca};
    __builtin_memcpy(platform.fmspc, fresh.fmspc, sizeof platform.fmspc);
    at = place_of(&platform, fresh.simulated);
    replaces = digest_load(&old, &at, &old_n);
    if (replaces) {
        if (alc_bytes_eq(value, (struct alc_bytes){kept, old_n})) {
            log_set(&fresh, false);
            return 0;
        }
        check_progress(&fresh, &old);
    }
    keep_lists(&fresh);
    near_put(place_bytes(&at), value);
    log_set(&fresh, true);
    if (!replaces) return NEAR_STORAGE_RECORD_BYTES + sizeof at.b + value.n;
    return value.n > old_n ? value.n - old_n : 0;
}

/* ---- putting ---- */

struct put_args {
    struct alc_bytes collateral;
    uint32_t index;
};

static const struct near_field put_fields[] = {
    NEAR_FIELD("collateral", struct put_args, collateral, near_read_string, NEAR_MUST),
};

/* The contract pays for those who run it. */
static bool pays_nothing(const struct state *s, struct alc_bytes caller)
{
    struct near_account self;

    near_current(&self);
    return alc_bytes_eq(caller, s->owner) || alc_bytes_eq(caller, s->init_worker) ||
           alc_bytes_eq(caller, near_account_bytes(&self));
}

void method_put_collateral(void)
{
    near_u128 deposit = near_deposit(), cost;
    struct near_account caller;
    struct put_args a;
    struct state s;

    NEAR_ARGS(&a, put_fields);
    state_load(&s);
    near_predecessor(&caller);
    cost = near_mul(STORAGE_YOCTO_PER_BYTE, keep(&s, a.collateral));
    if (pays_nothing(&s, near_account_bytes(&caller))) cost = 0;
    if (deposit < cost) {
        uint8_t buf[128];
        struct near_out o = NEAR_OUT(buf);
        near_out_lit(&o, "Attach ");
        near_out_u128(&o, cost);
        near_out_lit(&o, " yoctoNEAR for the storage of this set");
        near_panic_bytes(near_out_bytes(&o, "Attach more"));
    }
    if (deposit > cost) near_transfer(near_account_bytes(&caller), deposit - cost);
}

static const struct near_field update_fields[] = {
    NEAR_FIELD("collateral", struct put_args, collateral, near_read_string, NEAR_MUST),
    NEAR_FIELD("index", struct put_args, index, near_read_u32, NEAR_MUST),
};

static struct alc_bytes slot_key(uint8_t buf[2], uint32_t slot)
{
    buf[0] = 't';
    buf[1] = (uint8_t)slot;
    return (struct alc_bytes){buf, 2};
}

static uint32_t slots_used(void)
{
    uint8_t buf[2];
    uint32_t n = 0;
    while (n < SLOTS && near_has(slot_key(buf, n)))
        n++;
    return n;
}

void method_update_collateral(void)
{
    struct put_args a;
    struct state s;
    uint8_t buf[2];

    NEAR_ARGS(&a, update_fields);
    state_load(&s);
    only_owner(&s);
    if (a.index >= SLOTS) near_panic("Collateral index must be 0 or 1");
    if (a.index > slots_used()) near_panic("Collateral index leaves a gap");
    (void)keep(&s, a.collateral);
    near_put(slot_key(buf, a.index), a.collateral);
}

/* ---- views ---- */

static uint8_t text_buf[ALC_COLLATERAL_MAX_BYTES];
static uint8_t out_buf[SLOTS * (6 * ALC_COLLATERAL_MAX_BYTES + 4)];

/* out_slot writes a slot's text, or null. */
static void out_slot(struct near_out *o, uint32_t slot)
{
    uint8_t buf[2];
    struct alc_bytes text = {NULL, 0};

    if (near_get(slot_key(buf, slot), text_buf, sizeof text_buf, &text.n)) text.p = text_buf;
    near_out_opt_str(o, text);
}

void method_get_collateral(void)
{
    struct near_out o = NEAR_OUT(out_buf);
    struct state s;

    state_load(&s);
    out_slot(&o, 0);
    near_return(near_out_bytes(&o, "result too long"));
}

void method_get_collaterals(void)
{
    struct near_out o = NEAR_OUT(out_buf);
    struct state s;
    uint32_t n;

    state_load(&s);
    n = slots_used();
    near_out_lit(&o, "[");
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0) near_out_lit(&o, ",");
        out_slot(&o, i);
    }
    near_out_lit(&o, "]");
    near_return(near_out_bytes(&o, "result too long"));
}

void read_fmspc(struct near_json *j, void *out)
{
    struct alc_bytes s;
    size_t n;

    near_read_string(j, &s);
    if (!alc_hex_decode(out, 6, &n, s) || n != 6) near_json_fail("an fmspc is 12 hex digits");
}

void read_ca(struct near_json *j, void *out)
{
    enum alc_pck_ca *ca = out;
    struct alc_bytes s;

    near_read_string(j, &s);
    if (alc_bytes_is(s, "platform"))
        *ca = ALC_PCK_PLATFORM;
    else if (alc_bytes_is(s, "processor"))
        *ca = ALC_PCK_PROCESSOR;
    else
        near_json_fail("a ca is platform or processor");
}

void read_tee(struct near_json *j, void *out)
{
    enum alc_tee *tee = out;
    struct alc_bytes s;

    near_read_string(j, &s);
    if (alc_bytes_is(s, "tdx"))
        *tee = ALC_TEE_TDX;
    else if (alc_bytes_is(s, "sgx"))
        *tee = ALC_TEE_SGX;
    else
        near_json_fail("a tee is tdx or sgx");
}

static const struct near_field info_fields[] = {
    NEAR_FIELD("fmspc", struct alc_platform, fmspc, read_fmspc, NEAR_MUST),
    NEAR_FIELD("ca", struct alc_platform, ca, read_ca, NEAR_MUST),
    NEAR_FIELD("tee", struct alc_platform, tee, read_tee, NEAR_MAY),
};

void method_get_collateral_info(void)
{
    uint8_t buf[512];
    struct near_out o = NEAR_OUT(buf);
    struct alc_platform p = {.tee = ALC_TEE_TDX};
    struct alc_window w;
    struct alc_hash h;
    struct place at;
    struct state s;
    size_t n;

    NEAR_ARGS(&p, info_fields);
    state_load(&s);
    at = place_of(&p, false);
    if (!digest_load(&old, &at, &n)) {
        at = place_of(&p, true);
        if (!digest_load(&old, &at, &n)) {
            near_return(ALC_LIT("null"));
            return;
        }
    }
    w = alc_collateral_window(&old);
    near_sha256(&h, (struct alc_bytes){kept, n});
    near_out_lit(&o, "{\"tcb_evaluation_data_number\":");
    near_out_u64(&o, old.tcb_evaluation);
    near_out_lit(&o, ",\"qe_evaluation_data_number\":");
    near_out_u64(&o, old.qe_evaluation);
    near_out_lit(&o, ",\"tcb_issued\":");
    near_out_u64(&o, old.tcb.from_s);
    near_out_lit(&o, ",\"valid_from\":");
    near_out_u64(&o, w.from_s);
    near_out_lit(&o, ",\"valid_until\":");
    near_out_u64(&o, w.until_s);
    near_out_lit(&o, ",\"simulated\":");
    near_out_bool(&o, old.simulated);
    near_out_lit(&o, ",\"sha256\":");
    near_out_hex(&o, alc_hash_bytes(&h));
    near_out_lit(&o, "}");
    near_return(near_out_bytes(&o, "result too long"));
}
