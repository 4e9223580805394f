/* tests/contract/fake_ecrecover.c — the host function ecrecover over libsecp256k1, as NEAR has it.
 */
#include "contract/near_ecrecover.h"

#include "tests/contract/fake_near.h"

#include <secp256k1_recovery.h>
#include <stdio.h>
#include <stdlib.h>

size_t fake_ecrecovers;

uint64_t near_host_ecrecover(uint64_t hash_n, uint64_t hash, uint64_t sig_n, uint64_t sig,
                             uint64_t v, uint64_t low_s_alone, uint64_t reg)
{
    const secp256k1_context *ctx = secp256k1_context_static;
    secp256k1_ecdsa_recoverable_signature s;
    secp256k1_ecdsa_signature plain;
    secp256k1_pubkey key;
    uint8_t point[65];
    size_t n = sizeof point;

    fake_ecrecovers++;
    if (hash_n != 32 || sig_n != 64 || v > 3 || low_s_alone > 1) {
        fputs("fake_ecrecover: an argument out of bounds\n", stderr);
        abort();
    }
    if (!secp256k1_ecdsa_recoverable_signature_parse_compact(
            ctx, &s, (const uint8_t *)(uintptr_t)sig, (int)v))
        return 0;
    (void)secp256k1_ecdsa_recoverable_signature_convert(ctx, &plain, &s);
    if (low_s_alone == 1 && secp256k1_ecdsa_signature_normalize(ctx, NULL, &plain)) return 0;
    if (!secp256k1_ecdsa_recover(ctx, &key, &s, (const uint8_t *)(uintptr_t)hash)) return 0;
    (void)secp256k1_ec_pubkey_serialize(ctx, point, &n, &key, SECP256K1_EC_UNCOMPRESSED);
    fake_register(reg, (struct alc_bytes){point + 1, 64});
    return 1;
}
