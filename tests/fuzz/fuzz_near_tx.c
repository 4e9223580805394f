/* tests/fuzz/fuzz_near_tx.c — a signed transaction that parses is written back byte for byte, and
 * is read alike with limits and without. */
#include <assert.h>
#include <string.h>

#include "near/near.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct alc_arena arena = ALC_ARENA(64u << 20);
    struct alc_buf back = ALC_BUF(ALC_NEAR_TX_MAX_BYTES);
    struct alc_near_signed s, any;
    enum alc_rc rc, any_rc;
    struct alc_hash hash;
    struct alc_err err;
    size_t sig_bytes;

    rc = alc_near_tx_read(&s, (struct alc_bytes){p, n}, &arena, &err);
    any_rc = alc_near_tx_read_any(&any, (struct alc_bytes){p, n}, &arena, &err);
    if (rc != ALC_OK) { /* what the one refuses by a limit alone, the other counts */
        assert(any_rc != ALC_OK || rc == ALC_LIMIT || rc == ALC_NOMEM);
        goto out;
    }
    assert(any_rc == ALC_NOMEM || (any_rc == ALC_OK && alc_hash_eq(&any.hash, &s.hash)));
    alc_near_tx_write(&back, &s.tx);
    sig_bytes = 1 + alc_near_sig_raw(&s.sig).n;
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
