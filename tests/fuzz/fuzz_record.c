/* tests/fuzz/fuzz_record.c — a record is read or refused; one that was read has a hash, and no
 * quote over zeros is bound to it. */
#include <assert.h>
#include <string.h>

#include "attest/attest.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static uint8_t memory[256u << 10];
    static const uint8_t zeros[64];
    struct alc_verify_work w = ALC_VERIFY_WORK(memory);
    struct alc_record r;
    struct alc_hash a, b;

    alc_crypto_init();
    if (n > sizeof memory / 4) return 0;
    if (alc_record_read(&r, (struct alc_bytes){p, n}, &w) != ALC_REFUSAL_NONE) return 0;
    assert(alc_record_hash(&a, &r, &w, &alc_verify_native));
    assert(alc_record_binding(&r, zeros, &w, &alc_verify_native) == ALC_REFUSAL_RECORD_BINDING);
    r.task_id ^= 1; /* always hashed, at a place of its own */
    assert(alc_record_hash(&b, &r, &w, &alc_verify_native));
    assert(memcmp(&a, &b, sizeof a) != 0);
    return 0;
}
