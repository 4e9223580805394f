/* contracts/compute/agent.c — secrets of a wallet's key.  Their owner is the key's implicit
 * account, whoever brings the signed message; he pays, and gets back what was held before. */
#include "compute.h"
#include "secret.h"
#include "wallet.h"

#include "base/enc.h"

/* ---- Signed messages ---- */

bool wallet_ed25519(struct alc_hash *key, struct alc_bytes text)
{
    size_t n;

    return text.n == 8 + 64 && __builtin_memcmp(text.p, "ed25519:", 8) == 0 &&
           alc_hex_decode(key->b, sizeof key->b, &n, (struct alc_bytes){text.p + 8, 64});
}

void wallet_must_sign(const struct alc_hash *key, struct alc_bytes message,
                      struct alc_bytes signature)
{
    struct alc_hash digest;
    uint8_t sig[64];
    size_t n;

    near_sha256(&digest, message);
    if (!alc_hex_decode(sig, sizeof sig, &n, signature) || n != sizeof sig ||
        !near_ed25519(sig, key, alc_hash_bytes(&digest)))
        near_panic("Invalid Ed25519 wallet signature");
}

static void part(struct near_out *m, const struct alc_bytes *b)
{
    near_out_lit(m, ":");
    near_out_put(m, b->p, b->n);
}

/* <kind>:<agent_pubkey>:N:<binding>:<profile>:[<ciphertext>:]<caller>[:<vault>:<access>], where the
 * binding names what the secret is for, and N is its length. */
static struct alc_bytes message(const struct secret_call *c, bool store)
{
    const struct accessor *a = &c->s.id.accessor;
    const struct alc_bytes caller = near_account_bytes(&c->caller);
    const bool hash = a->kind == ACCESSOR_WASM_HASH;
    struct near_out m = view_out();

    near_out_raw(&m, alc_cstr(store ? "store_secrets_for:v1" : "delete_agent_secret:v1"));
    part(&m, &c->agent_key);
    near_out_lit(&m, ":");
    near_out_u64(&m, a->what.n + (hash ? 5 : 0));
    if (hash) near_out_lit(&m, ":wasm");
    part(&m, &a->what);
    part(&m, &c->s.id.profile);
    if (store) part(&m, &c->s.ciphertext);
    part(&m, &caller);
    if (store) {
        part(&m, &c->s.vault);
        part(&m, &c->access.text);
    }
    return near_out_bytes(&m, "The secret is longer than 4 MiB");
}

/* ---- Methods ---- */

static void agent_call(const struct near_field *fields, size_t n, bool store)
{
    struct secret_call *c = secret_begin(fields, n);
    const enum accessor_kind kind = c->s.id.accessor.kind;
    struct secret kept;
    struct alc_hash key;
    char account[64];

    if (!wallet_ed25519(&key, c->agent_key))
        near_panic("agent_pubkey must be ed25519:<64 hex digits>");
    if (store) profile_check(c->s.id.profile, "profile");
    for (size_t i = 0; i < c->s.id.profile.n; i++)
        if (c->s.id.profile.p[i] == ':') near_panic("profile must not contain ':'");
    if (kind != ACCESSOR_PROJECT && kind != ACCESSOR_WASM_HASH)
        near_panic("An agent's accessor must be Project or WasmHash");
    wallet_must_sign(&key, message(c, store), c->signature);
    if (!alc_hex_encode(account, sizeof account, &n, alc_hash_bytes(&key))) return; /* it fits */
    c->s.id.owner = (struct alc_bytes){(const uint8_t *)account, n};
    if (store) {
        secret_store(c);
    } else {
        secret_must_load(&kept, &c->s.id, "Secrets not found");
        secret_remove(&kept, near_account_bytes(&c->caller));
    }
}

void method_store_agent_secret(void)
{
    agent_call(agent_store_fields, AGENT_STORE_FIELDS, true);
}

void method_delete_agent_secret(void)
{
    agent_call(agent_delete_fields, AGENT_DELETE_FIELDS, false);
}
