/* tests/fuzz/fuzz_collateral.c — sets, the texts in them, and their digests.  Every signature
 * counts as good, so that what lies behind them is reached; what is accepted has one digest, which
 * reads back as the same set.  The first byte says what follows: a whole set, TCB info, a QE
 * identity of SGX or TDX, a digest. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "verify/parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void no_hash(void *ctx, struct alc_hash *out, struct alc_bytes in)
{
    (void)ctx;
    memset(out, 0, sizeof *out);
    if (in.n > 0) out->b[0] = in.p[in.n - 1];
}

static bool always(void *ctx, const uint8_t sig[64], const uint8_t key[64],
                   const struct alc_hash *digest)
{
    (void)ctx;
    (void)sig;
    (void)key;
    (void)digest;
    return true;
}

static const struct alc_verify_ops ops = {.sha256 = no_hash, .p256 = always};
static struct alc_collateral set, back;

static enum alc_refusal read_set(struct alc_bytes in)
{
    struct alc_verify_work w = {malloc(ALC_COLLATERAL_MAX_BYTES), ALC_COLLATERAL_MAX_BYTES, 0};
    struct alc_bytes chain;
    enum alc_refusal r;

    assert(w.p != NULL);
    r = alc_collateral_verify(&set, in, NULL, &w, &ops);
    assert(w.used == 0);
    if (r == ALC_REFUSAL_NONE) {
        enum alc_refusal same = alc_collateral_pck_chain(&chain, in, &w);
        assert(same == ALC_REFUSAL_NONE || same == ALC_REFUSAL_COLLATERAL_FORMAT);
        assert(!set.simulated);
    }
    free(w.p);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static uint8_t digest[ALC_COLLATERAL_DIGEST_MAX_BYTES];
    struct alc_bytes in = {p + 1, n - 1};
    enum alc_refusal r = ALC_REFUSAL_FORMAT;
    size_t m;

    if (n == 0) return 0;
    memset(&set, 0, sizeof set);
    switch (p[0]) {
    case 'c':
        r = read_set(in);
        break;
    case 't':
        r = vf_tcb_info_read(&set, in);
        assert(r == ALC_REFUSAL_NONE || r == ALC_REFUSAL_TCB_FORMAT || r == ALC_REFUSAL_TCB_ID);
        set.qe_first = set.svn_levels_count; /* where the QE's would begin */
        break;
    case 'q':
    case 'Q':
        set.tee = p[0] == 'q' ? ALC_TEE_SGX : ALC_TEE_TDX;
        set.modules_count = p[0] == 'Q';
        r = vf_qe_identity_read(&set, in);
        assert(r == ALC_REFUSAL_NONE || r == ALC_REFUSAL_QE_FORMAT || r == ALC_REFUSAL_QE_ID);
        break;
    case 'd':
        if (alc_collateral_read(&set, in)) r = ALC_REFUSAL_NONE;
        break;
    default:
        break;
    }
    if (r != ALC_REFUSAL_NONE) return 0;
    m = alc_collateral_write(&set, digest, sizeof digest);
    assert(m > 0);
    if (p[0] == 'd') assert(m == in.n && memcmp(digest, in.p, m) == 0);
    assert(alc_collateral_read(&back, (struct alc_bytes){digest, m}));
    assert(memcmp(&set, &back, sizeof set) == 0);
    return 0;
}
