/* contracts/compute/secret_calls.c — secrets are stored, edited, unbound and deleted. */
#include "call.h"
#include "payment_key.h"
#include "project.h"
#include "purse.h"
#include "secret.h"

/* ---- Arguments ---- */

#define ROW(name, member, read, need) NEAR_FIELD(name, struct secret_call, member, read, need)
#define AGENT_KEY ROW("agent_pubkey", agent_key, near_read_string, NEAR_MUST)
#define ACCESSOR ROW("accessor", s.id.accessor, read_accessor, NEAR_MUST)
#define PROFILE ROW("profile", s.id.profile, near_read_string, NEAR_MUST)
#define OWNER ROW("owner", s.id.owner, near_read_account, NEAR_MUST)
#define DATA ROW("encrypted_secrets_base64", s.ciphertext, near_read_string, NEAR_MUST)
#define ACCESS(name) ROW(name, access, read_condition, NEAR_MUST)
#define VAULT ROW("vault_id", s.vault, near_read_account, NEAR_MAY)
#define SIGNATURE ROW("wallet_signature", signature, near_read_string, NEAR_MUST)

const struct near_field agent_store_fields[AGENT_STORE_FIELDS] = {
    AGENT_KEY, ACCESSOR, PROFILE, DATA, ACCESS("access"), VAULT, SIGNATURE,
};
const struct near_field agent_delete_fields[AGENT_DELETE_FIELDS] = {
    AGENT_KEY,
    ACCESSOR,
    PROFILE,
    SIGNATURE,
};
const struct near_field secret_view_fields[SECRET_VIEW_FIELDS] = {
    ACCESSOR, PROFILE, OWNER, DATA, ACCESS("access"), VAULT,
};
static const struct near_field update_fields[] = {ACCESSOR, PROFILE, ACCESS("new_access")};

struct secret_call *secret_named(const struct near_field *fields, size_t n)
{
    static struct secret_call c;

    c.s.vault = (struct alc_bytes){NULL, 0};
    near_args(&c, fields, n);
    secret_canonical(&c.s.id);
    return &c;
}

struct secret_call *secret_begin(const struct near_field *fields, size_t n)
{
    struct secret_call *c = secret_named(fields, n);

    begin(BY);
    c->s.id.owner = here.by;
    return c;
}

void secret_must_load(struct secret *s, const struct secret_id *id, const char *phrase)
{
    if (!secret_load(s, id)) near_panic(phrase);
}

/* ---- Storing ---- */

static void check_accessor(const struct secret_id *id, uint32_t *nonce)
{
    const struct accessor *a = &id->accessor;

    switch (a->kind) {
    case ACCESSOR_REPO:
        near_refuse(a->what.n == 0, "accessor.repo must not be empty");
        near_refuse(a->branch.p != NULL && (a->branch.n == 0 || a->branch.n > 255),
                    "accessor.branch must be 1 to 255 bytes");
        break;
    case ACCESSOR_WASM_HASH:
        near_refuse(!sha256_text(a->what), "accessor.hash must be 64 hex digits");
        break;
    case ACCESSOR_PROJECT:
        near_refuse_with(!project_exists(&a->what), "This project does not exist: ", &a->what);
        break;
    case ACCESSOR_PAYMENT_KEY:
        near_refuse(!profile_nonce(nonce, id->profile) || *nonce == 0 || *nonce > NONCE_MAX,
                    "A payment key's profile must be a number from 1 to 2147483647");
    }
}

void secret_store(struct secret_call *c)
{
    struct secret *s = &c->s;
    const bool key = s->id.accessor.kind == ACCESSOR_PAYMENT_KEY;
    struct payment announced;
    uint32_t nonce = 0, floor = 0;
    struct secret old = {.deposit = 0};
    bool exists;

    condition_check(&c->access);
    check_accessor(&s->id, &nonce);
    profile_check(s->id.profile, "profile");
    near_refuse(s->ciphertext.n == 0, "encrypted_secrets_base64 must not be empty");
    near_refuse(sha256_text(s->id.profile) && !alc_bytes_eq(s->id.profile, s->id.owner),
                "profile of 64 hex digits must be the owner's account id");
    exists = secret_load(&old, &s->id);
    if (key) {
        near_refuse(exists, "Payment key already exists");
        floor = nonce_floor(&s->id.owner);
        near_refuse(nonce <= floor, "This nonce has already been used by this account");
    }
    s->position = old.position;
    if (s->vault.p == NULL) s->vault = old.vault;
    s->access = c->access.text;
    s->created = s->updated = near_host_block_timestamp();
    s->deposit = (uint32_t)secret_bytes(s);
    storage_charge(s->deposit + (key && floor == 0 ? NONCE_FLOOR_BYTES(s->id.owner.n) : 0),
                   old.deposit, &here.by,
                   exists ? "Insufficient deposit for update" : "Insufficient storage deposit");
    secret_put(s, exists);
    if (!key) return;
    nonce_raise(&s->id.owner, nonce);
    announced = (struct payment){.owner = s->id.owner, .nonce = nonce, .ciphertext = s->ciphertext};
    payment_announce(&announced);
}

void method_store_secrets(void)
{
    secret_store(secret_begin(agent_store_fields + 1, AGENT_STORE_FIELDS - 2));
}

/* ---- Editing ---- */

void method_update_access(void)
{
    struct secret_call *c = secret_begin(update_fields, 3);
    struct secret kept;
    uint32_t held;

    secret_must_load(&kept, &c->s.id, "Secrets not found");
    condition_check(&c->access);
    held = kept.deposit;
    kept.access = c->access.text;
    kept.updated = near_host_block_timestamp();
    kept.deposit = (uint32_t)secret_bytes(&kept);
    storage_charge(kept.deposit, held, &kept.id.owner, "Insufficient deposit for this condition");
    secret_put(&kept, true);
}

void method_unbind_secret_vault(void)
{
    struct secret_call *c = secret_begin(update_fields, 2);
    struct secret kept;

    secret_must_load(&kept, &c->s.id, "secret not found or not owned by caller");
    kept.vault = (struct alc_bytes){NULL, 0};
    secret_put(&kept, true);
}

void method_delete_secrets(void)
{
    struct secret_call *c = secret_begin(update_fields, 2);
    struct secret kept;

    secret_must_load(&kept, &c->s.id, "Secrets not found");
    secret_remove(&kept, kept.id.owner);
}
