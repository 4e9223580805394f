/* contracts/compute/agent.c — secrets of a wallet's key.  Their owner is the key's implicit
 * account, whoever brings the signed message; he pays, and gets back what was held before. */
#include "call.h"
#include "secret.h"
#include "wallet.h"

#include "base/enc.h"
#include "contract/near_ecrecover.h"

/* ---- Signed messages ---- */

bool wallet_key(struct wallet_key *key, struct alc_bytes text)
{
    const bool ed25519 = text.n == 8 + 64;
    const size_t prefix = ed25519 ? 8 : 10;
    size_t n;

    key->b[0] = 0;
    return (ed25519 || text.n == 10 + 66) &&
           __builtin_memcmp(text.p, ed25519 ? "ed25519:" : "secp256k1:", prefix) == 0 &&
           alc_hex_decode(key->b + ed25519, sizeof key->b, &n,
                          (struct alc_bytes){text.p + prefix, text.n - prefix}) &&
           (ed25519 || (key->b[0] | 1) == 3);
}

/* of_point: r‖s‖v of `digest` is by this point. */
static bool of_point(const struct wallet_key *key, const uint8_t sig[65],
                     const struct alc_hash *digest)
{
    uint8_t point[64];

    if (sig[64] > 1 || near_host_ecrecover(sizeof digest->b, (uintptr_t)digest->b, 64,
                                           (uintptr_t)sig, sig[64], 1, 0) != 1)
        return false;
    near_host_read_register(0, (uintptr_t)point);
    return key->b[0] == (2 | (point[63] & 1)) && __builtin_memcmp(key->b + 1, point, 32) == 0;
}

void wallet_must_sign(const struct wallet_key *key, struct alc_bytes message,
                      struct alc_bytes signature)
{
    const bool ed25519 = key->b[0] == 0;
    struct alc_hash digest, public_key;
    uint8_t sig[65];
    size_t n;

    near_sha256(&digest, message);
    __builtin_memcpy(public_key.b, key->b + 1, sizeof public_key.b);
    if (!alc_hex_decode(sig, sizeof sig, &n, signature) || n != sizeof sig - ed25519 ||
        !(ed25519 ? near_ed25519(sig, &public_key, alc_hash_bytes(&digest))
                  : of_point(key, sig, &digest)))
        near_panic(ed25519 ? "Invalid Ed25519 wallet signature"
                           : "Invalid secp256k1 wallet signature");
}

static void part(const struct alc_bytes *b)
{
    say(":");
    near_out_put(&here.out, b->p, b->n);
}

/* <kind>:<agent_pubkey>:N:<binding>:<profile>:[<ciphertext>:]<caller>[:<vault>:<access>], where the
 * binding names what the secret is for, and N is its length. */
static struct alc_bytes message(const struct secret_call *c, bool store)
{
    const struct accessor *a = &c->s.id.accessor;
    const bool hash = a->kind == ACCESSOR_WASM_HASH;

    say_anew();
    say(store ? "store_secrets_for:v1" : "delete_agent_secret:v1");
    part(&c->agent_key);
    say_u64(":", a->what.n + (hash ? 5 : 0));
    if (hash) say(":wasm");
    part(&a->what);
    part(&c->s.id.profile);
    if (store) part(&c->s.ciphertext);
    part(&here.by);
    if (store) {
        part(&c->s.vault);
        part(&c->access.text);
    }
    return said();
}

/* ---- Methods ---- */

static void agent_call(const struct near_field *fields, size_t n, bool store)
{
    struct secret_call *c = secret_begin(fields, n);
    const enum accessor_kind kind = c->s.id.accessor.kind;
    struct secret kept;
    struct wallet_key key;
    char account[64];

    near_refuse(!wallet_key(&key, c->agent_key) || key.b[0] != 0,
                "agent_pubkey must be ed25519:<64 hex digits>");
    if (store) profile_check(c->s.id.profile, "profile");
    for (size_t i = 0; i < c->s.id.profile.n; i++)
        near_refuse(c->s.id.profile.p[i] == ':', "profile must not contain ':'");
    near_refuse(kind != ACCESSOR_PROJECT && kind != ACCESSOR_WASM_HASH,
                "An agent's accessor must be Project or WasmHash");
    wallet_must_sign(&key, message(c, store), c->signature);
    if (!alc_hex_encode(account, sizeof account, &n, (struct alc_bytes){key.b + 1, 32}))
        return; /* it fits */
    c->s.id.owner = (struct alc_bytes){(const uint8_t *)account, n};
    if (store) {
        secret_store(c);
    } else {
        secret_must_load(&kept, &c->s.id, "Secrets not found");
        secret_remove(&kept, here.by);
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
