/* tests/fuzz/fuzz_near_tx.c — a signed transaction that parses is written back byte for byte. */
#include <assert.h>
#include <string.h>

#include "near/near.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct alc_arena arena = ALC_ARENA(64u << 20);
    struct alc_buf back = ALC_BUF(ALC_NEAR_TX_MAX_BYTES);
    struct alc_near_signed s;
    struct alc_hash hash;
    struct alc_err err;
    size_t sig_bytes;

    if (alc_near_tx_read(&s, (struct alc_bytes){p, n}, &arena, &err) != ALC_OK) goto out;
    alc_near_tx_write(&back, &s.tx);
    sig_bytes = s.sig.curve == ALC_NEAR_SECP256K1 ? 66 : 65;
    assert(!back.failed && back.n + sig_bytes == n && memcmp(back.p, p, back.n) == 0);
    alc_sha256(&hash, alc_buf_bytes(&back));
    assert(alc_hash_eq(&hash, &s.hash));
    for (uint32_t i = 0; i < s.tx.actions_count; i++)
        if (s.tx.actions[i].delegate != NULL)
            alc_near_delegate_hash(&hash, s.tx.actions[i].delegate);
out:
    alc_buf_fini(&back);
    alc_arena_fini(&arena);
    return 0;
}
