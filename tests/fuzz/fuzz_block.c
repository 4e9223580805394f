/* tests/fuzz/fuzz_block.c — a block document from anywhere never crashes the reader, and keeping
 * one account's receipts keeps no more than all. */
#include <assert.h>

#include "near/near.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct alc_arena arena = ALC_ARENA(64u << 20);
    struct alc_near_stream_block all, some;
    struct alc_bytes text = {p, n};
    struct alc_err err;

    if (alc_near_block_read(&all, text, NULL, &arena, &err) != ALC_OK) goto out;
    for (size_t i = 0; i < all.receipts_count; i++) {
        const struct alc_near_logs *l = &all.receipts[i];
        size_t bytes = l->executor_id.n + l->tx_hash.n;
        for (size_t k = 0; k < l->logs_count; k++)
            bytes += l->logs[k].n;
        assert(bytes <= n);
    }
    assert(alc_near_block_read(&some, text, "compute.near", &arena, &err) == ALC_OK);
    assert(some.skipped == all.skipped && some.receipts_count <= all.receipts_count);
out:
    alc_arena_fini(&arena);
    return 0;
}
