/* tests/fuzz/fuzz_events.c — a log is read or refused, twice to the same end, in memory that stays
 * within its bounds; what it tells borrows from that memory and has the sizes that its kind has. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "attest/attest.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void inside(const struct alc_verify_work *w, struct alc_bytes b, size_t most)
{
    if (b.p == NULL) return;
    assert(b.n <= most && b.p >= w->p && b.p + b.n <= w->p + w->used);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static uint8_t memory[64u << 10];
    struct alc_verify_work w = ALC_VERIFY_WORK(memory);
    struct alc_events e, again;
    enum alc_refusal r;

    alc_crypto_init();
    r = alc_events_replay(&e, (struct alc_bytes){p, n}, &w, &alc_verify_native);
    if (r != ALC_REFUSAL_NONE) {
        assert(r == ALC_REFUSAL_EVENTS_FORMAT || r == ALC_REFUSAL_WORK);
        return 0;
    }
    inside(&w, e.app_id, 20);
    inside(&w, e.compose_hash, 32);
    inside(&w, e.instance_id, 20);
    inside(&w, e.os_image_hash, 64);
    inside(&w, e.key_provider, 512);
    inside(&w, e.policy_hash, 32);
    w.used = 0;
    r = alc_events_replay(&again, (struct alc_bytes){p, n}, &w, &alc_verify_native);
    assert(r == ALC_REFUSAL_NONE && memcmp(e.rtmr, again.rtmr, sizeof e.rtmr) == 0);
    return 0;
}
