/* tests/fuzz/fuzz_statement.c — what is read as a statement is written back byte for byte, and a
 * verdict over any bytes accepts exactly when it names no refusal. */
#include <assert.h>
#include <string.h>

#include "attest/attest.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void judge(struct alc_bytes in, bool statement)
{
    static const struct alc_expect nothing;
    struct alc_verdict v;

    alc_verify_signed(&v, in, &nothing, &alc_verify_native);
    assert(v.accepted == (v.refusal == ALC_REFUSAL_NONE));
    if (statement) assert(v.refusal != ALC_REFUSAL_FORMAT);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static uint8_t back[ALC_STATEMENT_SIGNED_MAX_BYTES];
    struct alc_statement s;
    size_t m;

    alc_crypto_init();
    judge((struct alc_bytes){p, n}, false);
    if (!alc_statement_read(&s, (struct alc_bytes){p, n})) return 0;
    m = alc_statement_write(&s, back, ALC_STATEMENT_MAX_BYTES);
    assert(m == n && memcmp(back, p, n) == 0);
    memset(back + m, 0, ALC_STATEMENT_SIG_BYTES);
    judge((struct alc_bytes){back, m + ALC_STATEMENT_SIG_BYTES}, true);
    return 0;
}
