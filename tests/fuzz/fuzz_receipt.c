/* tests/fuzz/fuzz_receipt.c — a stored receipt that decodes is written back byte for byte. */
#include <assert.h>
#include <string.h>

#include "localnet/node.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct alc_arena arena = ALC_ARENA(256u << 20);
    struct alc_buf back = ALC_BUF(16u << 20);
    struct lnet_receipt r;
    struct alc_err err = {0};

    if (lnet_receipt_read(&r, (struct alc_bytes){p, n}, &arena, &err) == ALC_OK) {
        lnet_receipt_write(&back, &r);
        assert(!back.failed && back.n == n && memcmp(back.p, p, n) == 0);
    } else {
        assert(err.text[0] != 0);
    }
    alc_buf_fini(&back);
    alc_arena_fini(&arena);
    return 0;
}
