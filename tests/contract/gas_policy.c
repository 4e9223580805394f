/* tests/contract/gas_policy.c — a day of a wallet's policy. */
#include "tests/contract/gas.h"

#include "crypto/crypto.h"
#include "tests/contract/vm_proofs.h"

#include "base/enc.h"

#include <stdio.h>
#include <string.h>

#define SPONSOR "sponsor.test"
#define BYTES 500u /* of ciphertext */

static char wallet[96]; /* ed25519:<hex> */

/* The arguments that store `BYTES` of `letter`, as the key of the seed 07..07 signs them. */
static const char *store(char letter, const char *more)
{
    static char args[4096], message[2048];
    char data[BYTES + 1], key[65], sig[129];
    struct alc_ed25519 k = {0};
    struct alc_hash digest;
    uint8_t seed[32], raw[64];
    size_t n;

    memset(seed, 7, sizeof seed);
    memset(data, letter, BYTES);
    data[BYTES] = 0;
    need(alc_ed25519_init(&k, seed) == ALC_OK, "a key");
    need(alc_hex_encode(key, 64, &n, alc_hash_bytes(&k.public_key)), "hex");
    key[n] = 0;
    snprintf(wallet, sizeof wallet, "ed25519:%s", key);
    snprintf(message, sizeof message, "store_wallet_policy:v1:%s:%u:%s:" VMHOST_SIGNER, wallet,
             BYTES, data);
    alc_sha256(&digest, alc_cstr(message));
    alc_ed25519_sign(raw, &k, alc_hash_bytes(&digest));
    alc_ed25519_fini(&k);
    need(alc_hex_encode(sig, 128, &n, (struct alc_bytes){raw, sizeof raw}), "hex");
    sig[n] = 0;
    snprintf(args, sizeof args,
             "{\"wallet_pubkey\":\"%s\",\"encrypted_data\":\"%s\",\"wallet_signature\":\"%s\"%s}",
             wallet, data, sig, more);
    return args;
}

/* A call about the wallet, with `before` and `after` around its key. */
static const struct nearvm_outcome *about(struct gas_day *d, const char *method, const char *signer,
                                          const char *before, const char *after)
{
    char args[512];

    snprintf(args, sizeof args, "{%s\"wallet_pubkey\":\"%s\"%s}", before, wallet, after);
    return vmhost_call(d->h, &(struct vmhost_call){.method = method,
                                                   .args = alc_cstr(args),
                                                   .signer = signer,
                                                   .view = signer == NULL});
}

static void day(struct gas_day *d)
{
    need(vmhost_ok(gas_new(d)), "new");
    gas_note(d, "store_wallet_policy, 500 B",
             gas_pay(d, NULL, "store_wallet_policy",
                     store('A', ",\"storage_refund_to\":\"" SPONSOR "\"")),
             1500, 0);
    gas_note(d, "store_wallet_policy, again",
             gas_pay(d, NULL, "store_wallet_policy", store('B', "")), 1500, 0);
    gas_note(d, "set_storage_refund_to",
             about(d, "set_storage_refund_to", SPONSOR, "\"item\":{\"WalletPolicy\":{",
                   "}},\"storage_refund_to\":\"other.test\""),
             900, 0);
    gas_note(d, "freeze_wallet", about(d, "freeze_wallet", VMHOST_SIGNER, "", ""), 800, 0);
    gas_note(d, "unfreeze_wallet", about(d, "unfreeze_wallet", VMHOST_SIGNER, "", ""), 800, 0);
    gas_note(d, "has_wallet_policy", about(d, "has_wallet_policy", NULL, "", ""), GAS_VIEW_LIMIT,
             0);
    gas_note(d, "get_wallet_policy", about(d, "get_wallet_policy", NULL, "", ""), GAS_VIEW_LIMIT,
             0);
    gas_note(d, "get_wallet_policies_by_owner, one",
             vmhost_view(d->h, "get_wallet_policies_by_owner", "{\"owner\":\"" VMHOST_SIGNER "\"}"),
             300, 0);
    gas_note(d, "estimate_wallet_policy_cost",
             about(d, "estimate_wallet_policy_cost", NULL, "", ",\"encrypted_data\":\"blob\""),
             GAS_VIEW_LIMIT, 0);
    gas_note(d, "delete_wallet_policy", about(d, "delete_wallet_policy", VMHOST_SIGNER, "", ""),
             1000, 0);
}

size_t gas_policies_measure(struct gas_row rows[GAS_ROWS_MAX])
{
    alc_crypto_init();
    return gas_days(rows, day);
}
