/* contracts/compute/policy.c — policies of wallets: a ciphertext that says what a wallet may do,
 * under the wallet's key, which signs each version.  Who brings the first one controls it.
 *
 *   table "W", by key, listed by a hash of the owner    the fixed part of struct policy_call
 *                                                       | owner | beneficiary | ciphertext
 *
 * What was paid for a policy follows from its record. */
#include "project.h"
#include "purse.h"
#include "room.h"
#include "wallet.h"

#include "base/enc.h"

#define DATA_MAX_BYTES 100000u

/* What a call is about, besides `here`.  Strings are borrowed from the arguments, or from `texts`
 * until the next record is loaded. */
static struct policy_call {
    struct alc_bytes owner, data;
    struct alc_bytes beneficiary; /* p NULL: none */
    struct alc_bytes pubkey;      /* as given, then in its canonical form */
    struct alc_bytes signature;
    struct alc_bytes item; /* the policy as a StorageItem, JSON */
    near_u128 deposit;
    /* From here on as it is stored. */
    uint32_t position;
    bool frozen;
    uint8_t owner_n, beneficiary_n, zero;
    uint64_t updated; /* ns */
    struct wallet_key key;
    uint8_t texts[2 * NEAR_ACCOUNT_MAX_BYTES + DATA_MAX_BYTES];
} c;

#define FIXED_BYTES (offsetof(struct policy_call, texts) - offsetof(struct policy_call, position))
_Static_assert(FIXED_BYTES == 16 + sizeof(struct wallet_key), "gaps in a policy's record");

#define ROW(name, member, read, need) NEAR_FIELD(name, struct policy_call, member, read, need)
#define PUBKEY ROW("wallet_pubkey", pubkey, near_read_string, NEAR_MUST)
#define DATA ROW("encrypted_data", data, near_read_string, NEAR_MUST)
#define OWNER ROW("owner", owner, near_read_account, NEAR_MUST)
#define REFUND(need) ROW("storage_refund_to", beneficiary, near_read_account, need)
#define STATUS                                                                                     \
    ROW("frozen", frozen, near_read_bool, NEAR_MUST),                                              \
        ROW("updated_at", updated, near_read_u64, NEAR_MUST), REFUND(NEAR_MUST)

/* Arguments. */
static const struct near_field store_fields[] = {
    PUBKEY,
    DATA,
    ROW("wallet_signature", signature, near_read_string, NEAR_MUST),
    REFUND(NEAR_MAY),
};
static const struct near_field estimate_fields[] = {PUBKEY, DATA, REFUND(NEAR_MAY)};
static const struct near_field hand_on_fields[] = {
    ROW("item", pubkey, read_item, NEAR_MUST),
    REFUND(NEAR_MUST),
};

/* What is shown of a policy: all of it from `owner` on, of which the first four are an event; in a
 * list, of which the first three are one; at its end; as its refunds go to another. */
static const struct near_field policy_fields[] = {
    PUBKEY, OWNER, DATA, STATUS, ROW("storage_deposit", deposit, near_read_u128, NEAR_MUST),
};
static const struct near_field listed_fields[] = {PUBKEY, OWNER, STATUS};
static const struct near_field deleted_fields[] = {
    PUBKEY,
    OWNER,
    ROW("refunded_to", beneficiary, near_read_account, NEAR_MUST),
};
static const struct near_field handed_on_fields[] = {
    ROW("item", item, near_read_json, NEAR_MUST),
    REFUND(NEAR_MUST),
};

void read_item(struct near_json *j, void *out)
{
    struct alc_bytes name;
    const bool with_value = near_json_variant(j, &name);

    (void)out; /* which is `pubkey` of the one call */
    if (!alc_bytes_is(name, "WalletPolicy")) near_json_fail("unknown item");
    if (with_value) near_json_object(j, &c, store_fields, 1);
    near_json_variant_end(j, with_value);
}

/* ---- Names ---- */

/* name_it writes the key in its canonical form. */
static void name_it(void)
{
    static char buf[80];
    const bool ed25519 = c.key.b[0] == 0;
    const size_t prefix = ed25519 ? 8 : 10;
    size_t n = 0;

    __builtin_memcpy(buf, ed25519 ? "ed25519:  " : "secp256k1:", 10);
    c.pubkey.p = (const uint8_t *)buf;
    if (alc_hex_encode(buf + prefix, sizeof buf - 10, &n,
                       (struct alc_bytes){c.key.b + ed25519, sizeof c.key.b - ed25519}))
        c.pubkey.n = prefix + n; /* it fits */
}

/* key_read takes c.pubkey apart and makes it canonical; false: it is no key. */
static bool key_read(void)
{
    if (!wallet_key(&c.key, c.pubkey)) return false;
    name_it();
    return true;
}

static struct table_key key_of(void)
{
    return table_key('W', &(struct alc_bytes){c.key.b, sizeof c.key.b}, 1);
}

/* A list's key holds no more of its owner than tells owners apart: deposits pay for little. */
static struct alc_bytes list_of(void)
{
    static struct table_key k;

    k = table_key('W', &c.owner, 1);
    return (struct alc_bytes){k.b + 1, 12};
}

/* ---- Records ---- */

/* What the interface has this policy cost. */
static uint64_t bytes(void)
{
    return 40 + 4 + 68 + 4 + 25 + (uint64_t)c.pubkey.n + c.data.n +
           (c.beneficiary.n > 0 ? 113 + (uint64_t)c.pubkey.n : 0);
}

static bool load_at(const struct table_key *k)
{
    struct alc_bytes record;

    if (!table_get(&record, k, (uint8_t *)&c.position, FIXED_BYTES + sizeof c.texts)) return false;
    c.owner = (struct alc_bytes){c.texts, c.owner_n};
    c.beneficiary = (struct alc_bytes){c.texts + c.owner_n, c.beneficiary_n};
    c.data.p = c.beneficiary.p + c.beneficiary_n;
    c.data.n = (size_t)(record.p + record.n - c.data.p);
    if (c.beneficiary_n == 0) c.beneficiary.p = NULL;
    return true;
}

static bool load(void)
{
    const struct table_key k = key_of();
    return load_at(&k);
}

static void save(bool add)
{
    const struct table_key k = key_of();
    struct alc_bytes record;

    c.owner_n = (uint8_t)c.owner.n;
    c.beneficiary_n = (uint8_t)c.beneficiary.n;
    walk_write(room_said, sizeof room_said, NULL); /* which has room for all of it */
    walk_raw(&c.position, FIXED_BYTES);
    walk_raw((uint8_t *)(uintptr_t)c.owner.p, c.owner.n);
    walk_raw((uint8_t *)(uintptr_t)c.beneficiary.p, c.beneficiary.n);
    walk_raw((uint8_t *)(uintptr_t)c.data.p, c.data.n);
    record = walk_written();
    if (add)
        table_add(&k, list_of(), room_said, record.n);
    else
        table_change(&k, c.position, room_said, record.n);
}

/* ---- Methods ---- */

/* `how`: BY unless it is a view, and IF_UNPAUSED. */
static void open_call(uint32_t how, const struct near_field *fields, size_t n)
{
    c.beneficiary = (struct alc_bytes){NULL, 0};
    near_args(&c, fields, n);
    begin(how);
}

static void must_name_a_key(void)
{
    if (!key_read()) near_panic("wallet_pubkey must be ed25519:<64 hex> or secp256k1:<66 hex>");
}

static void must_control(void)
{
    if (!is_caller(c.owner)) near_panic("Only the original controller can do that");
}

/* must_sign panics unless the wallet's key signed this ciphertext for this caller. */
static void must_sign(void)
{
    say("store_wallet_policy:v1:");
    near_out_raw(&here.out, c.pubkey);
    say_u64(":", c.data.n);
    say(":");
    near_out_raw(&here.out, c.data);
    say(":");
    near_out_raw(&here.out, here.by);
    wallet_must_sign(&c.key, said(), c.signature);
}

void method_store_wallet_policy(void)
{
    struct alc_bytes data;
    uint64_t held = 0;
    bool named;

    open_call(BY | IF_UNPAUSED, store_fields, 4);
    data = c.data;
    named = c.beneficiary.p != NULL;
    if (data.n == 0 || data.n > DATA_MAX_BYTES)
        near_panic("encrypted_data must be 1 to 100000 bytes");
    must_name_a_key();
    must_sign();
    if (load()) {
        if (named) near_panic("storage_refund_to is set when the policy is created");
        must_control();
        held = bytes();
    } else {
        c.owner = here.by;
        c.frozen = false;
    }
    c.data = data;
    c.updated = near_host_block_timestamp();
    storage_charge(bytes(), held, c.beneficiary.n > 0 ? &c.beneficiary : &c.owner,
                   held > 0 ? "Insufficient deposit for update" : "Insufficient storage deposit");
    save(held == 0);
    system_event("WalletPolicyUpdated", &c, policy_fields, 4);
}

/* The policy of this wallet_pubkey, which the caller controls. */
static void begin_with_mine(uint32_t how)
{
    open_call(how, store_fields, 1);
    must_name_a_key();
    if (!load()) near_panic("Wallet policy not found");
    must_control();
}

void method_set_storage_refund_to(void)
{
    struct alc_bytes next;

    open_call(BY | IF_UNPAUSED, hand_on_fields, 2);
    next = c.beneficiary;
    must_name_a_key();
    if (!load() || c.beneficiary.n == 0) near_panic("No storage beneficiary is set for this item");
    if (!is_caller(c.beneficiary)) near_panic("Only the storage beneficiary can do that");
    c.beneficiary = next;
    save(false);
    say_anew();
    say_str("{\"WalletPolicy\":{\"wallet_pubkey\":", &c.pubkey);
    say("}}");
    c.item = said();
    system_event("StorageRefundToChanged", &c, handed_on_fields, 2);
}

static void freeze(bool frozen)
{
    begin_with_mine(BY | IF_UNPAUSED);
    if (c.frozen == frozen) near_panic("Wallet is in that state already");
    c.frozen = frozen;
    c.updated = near_host_block_timestamp();
    save(false);
    system_event("WalletFrozenChanged", &c, listed_fields, 3);
}

void method_freeze_wallet(void)
{
    freeze(true);
}

void method_unfreeze_wallet(void)
{
    freeze(false);
}

void method_delete_wallet_policy(void)
{
    struct table_key k;
    uint64_t held;

    begin_with_mine(BY);
    k = key_of();
    table_remove(&k, list_of(), c.position);
    held = bytes();
    if (c.beneficiary.n == 0) c.beneficiary = c.owner;
    storage_release(held, &c.beneficiary);
    system_event("WalletPolicyDeleted", &c, deleted_fields, 3);
}

/* ---- Views ---- */

/* What is no key has no policy. */
static bool found(void)
{
    open_call(0, store_fields, 1);
    return key_read() && load();
}

void method_has_wallet_policy(void)
{
    give_bool(found());
}

void method_get_wallet_policy(void)
{
    if (!found()) {
        give_null();
        return;
    }
    c.deposit = storage_price(bytes());
    say_object(&c, policy_fields + 1, 6);
    give();
}

static void row(const struct table_key *k)
{
    if (!load_at(k)) corrupt();
    name_it();
    say_object(&c, listed_fields, 5);
}

void method_get_wallet_policies_by_owner(void)
{
    near_args(&c, listed_fields + 1, 1);
    say_anew();
    say_list('W', list_of(), UINT64_MAX, 0, row);
}

void method_estimate_wallet_policy_cost(void)
{
    open_call(0, estimate_fields, 3);
    say_price("", bytes());
    give();
}
