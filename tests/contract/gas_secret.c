/* tests/contract/gas_secret.c — a day of secrets. */
#include "tests/contract/gas.h"

#include "crypto/crypto.h"
#include "tests/contract/vm_proofs.h"

#include "base/enc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_64 "abababababababababababababababababababababababababababababababab"
#define REPO "\"accessor\":{\"Repo\":{\"repo\":\"github.com/alice/project\",\"branch\":\"main\"}}"
#define NAMED REPO ",\"profile\":\"default\""
#define OWNED NAMED ",\"owner\":\"" VMHOST_SIGNER "\""
#define WASM ",\"accessor\":{\"WasmHash\":{\"hash\":\"" HASH_64 "\"}},\"profile\":\"prod\""
#define ALL "\"access\":\"AllowAll\""

/* A condition as owners write them: four nodes, three leaves. */
#define MIXED                                                                                      \
    "{\"Logic\":{\"operator\":\"Or\",\"conditions\":[{\"Whitelist\":{\"accounts\":[\"alice."       \
    "near\","                                                                                      \
    "\"bob.near\"]}},{\"Predecessor\":{\"condition\":{\"Whitelist\":{\"accounts\":[\"carol."       \
    "near\"]"                                                                                      \
    "}}}},{\"NearBalance\":{\"operator\":\"Gte\",\"value\":\"1000000000000000000000000\"}}]}}"

/* 500 bytes of ciphertext, as environment variables come to. */
static const char *store(const char *access)
{
    static char args[2048];
    char data[501];

    memset(data, 'A', 500);
    data[500] = 0;
    snprintf(args, sizeof args, "{" NAMED ",\"encrypted_secrets_base64\":\"%s\",%s}", data, access);
    return args;
}

static const char *signed_by_agent(const char *before, const char *message_kind, const char *rest)
{
    static char args[2048];
    char message[1024], key[65], sig[129];
    struct alc_ed25519 k = {0};
    uint8_t seed[32], raw[64];
    struct alc_hash digest;
    size_t n;

    memset(seed, 7, sizeof seed);
    need(alc_ed25519_init(&k, seed) == ALC_OK, "a key");
    need(alc_hex_encode(key, 64, &n, alc_hash_bytes(&k.public_key)), "hex");
    key[n] = 0;
    snprintf(message, sizeof message, "%sed25519:%s:69:wasm:" HASH_64 ":prod:%s", message_kind, key,
             rest);
    alc_sha256(&digest, alc_cstr(message));
    alc_ed25519_sign(raw, &k, alc_hash_bytes(&digest));
    alc_ed25519_fini(&k);
    need(alc_hex_encode(sig, 128, &n, (struct alc_bytes){raw, 64}), "hex");
    sig[n] = 0;
    snprintf(args, sizeof args,
             "{\"agent_pubkey\":\"ed25519:%s\"" WASM "%s,\"wallet_signature\":\"%s\"}", key, before,
             sig);
    return args;
}

/* A condition of `n` accounts inside `depth` Logics whose operators come last. */
static const char *deep(unsigned depth, unsigned n)
{
    static char args[1 << 20];
    size_t at = (size_t)sprintf(args, "{" NAMED ",\"new_access\":");

    for (unsigned i = 0; i < depth; i++)
        at += (size_t)sprintf(args + at, "{\"Logic\":{\"conditions\":[");
    at += (size_t)sprintf(args + at, "{\"Whitelist\":{\"accounts\":[\"a.near\"");
    for (unsigned i = 0; i < n; i++)
        at += (size_t)sprintf(args + at, ",\"account-%08u.near\"", i);
    at += (size_t)sprintf(args + at, "]}}");
    for (unsigned i = 0; i < depth; i++)
        at += (size_t)sprintf(args + at, "],\"operator\":\"Or\"}}");
    strcpy(args + at, "}");
    return args;
}

static void day(struct gas_day *d)
{
    need(vmhost_ok(gas_new(d)), "new");
    gas_note(d, "store_secrets, 500 B", gas_pay(d, NULL, "store_secrets", store(ALL)), 900, 0);
    gas_note(d, "store_secrets, again",
             gas_pay(d, NULL, "store_secrets", store("\"access\":" MIXED)), 900, 0);
    gas_note(d, "update_access",
             gas_pay(d, NULL, "update_access", "{" NAMED ",\"new_access\":" MIXED "}"), 800, 0);
    gas_note(d, "get_secrets", vmhost_view(d->h, "get_secrets", "{" OWNED "}"), 300, 0);
    gas_note(d, "secrets_exist", vmhost_view(d->h, "secrets_exist", "{" OWNED "}"), 300, 0);
    gas_note(d, "get_secret_with_vault", vmhost_view(d->h, "get_secret_with_vault", "{" OWNED "}"),
             300, 0);
    gas_note(d, "estimate_storage_cost",
             vmhost_view(d->h, "estimate_storage_cost",
                         "{" OWNED ",\"encrypted_secrets_base64\":\"AAAA\"," ALL "}"),
             300, 0);
    gas_note(d, "list_user_secrets, one",
             vmhost_view(d->h, "list_user_secrets", "{\"account_id\":\"" VMHOST_SIGNER "\"}"), 300,
             0);
    gas_note(d, "store_secrets, payment key",
             gas_pay(d, NULL, "store_secrets",
                     "{\"accessor\":{\"System\":\"PaymentKey\"},\"profile\":\"1\","
                     "\"encrypted_secrets_base64\":\"AAAA\"," ALL "}"),
             1200, 0);
    gas_note(
        d, "store_agent_secret",
        gas_pay(d, NULL, "store_agent_secret",
                signed_by_agent(",\"encrypted_secrets_base64\":\"QUJD\"," ALL,
                                "store_secrets_for:v1:", "QUJD:" VMHOST_SIGNER "::\"AllowAll\"")),
        1300, 0);
    gas_note(d, "delete_agent_secret",
             vmhost_do(d->h, "delete_agent_secret",
                       signed_by_agent("", "delete_agent_secret:v1:", VMHOST_SIGNER)),
             1300, 0);
    gas_note(d, "update_access, 10 kB, 1 deep", gas_pay(d, NULL, "update_access", deep(1, 450)), 0,
             0);
    gas_note(d, "update_access, 10 kB, 41 deep", gas_pay(d, NULL, "update_access", deep(41, 370)),
             0, 0);
    gas_note(d, "delete_secrets, one moves up", vmhost_do(d->h, "delete_secrets", "{" NAMED "}"),
             1400, 0);
}

size_t gas_secrets_measure(struct gas_row rows[GAS_ROWS_MAX])
{
    alc_crypto_init();
    return gas_days(rows, day);
}
