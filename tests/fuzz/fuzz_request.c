/* tests/fuzz/fuzz_request.c — what a contract announces, as the watcher and the worker read it: an
 * event line from anywhere, and a request_data from anywhere. */
#include <assert.h>
#include <string.h>

#include "base/enc.h"
#include "watcher/watcher.h"
#include "worker/parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* read_request holds what the rest of the worker takes for granted. */
static void read_request(struct alc_bytes text, struct alc_arena *arena)
{
    struct wk_request r;
    struct alc_err err = {0};
    struct alc_hash h;
    size_t n;

    if (wk_request_read(&r, text, arena, &err) != ALC_OK) {
        assert(err.text[0] != 0);
        return;
    }
    assert(r.payment != NULL && r.attached_usd != NULL && r.input.n <= text.n);
    assert(r.limits.max_ms % 1000 == 0 && r.limits.max_output_bytes == ALC_WORKER_OUTPUT_MAX_BYTES);
    if (r.github) {
        assert(wk_request_unbuilt(&r) != NULL);
        return;
    }
    assert(alc_hex_decode(h.b, sizeof h.b, &n, r.hash_hex) && n == 32 && alc_hash_eq(&h, &r.code));
    assert(r.url.p != NULL && r.url.p[r.url.n] == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct alc_arena arena = ALC_ARENA(4u << 20);
    struct alc_bytes line = {p, n};
    struct alc_request event;
    const char *odd;

    if (alc_watcher_read(&event, line, "near-outlayer", &odd, &arena)) {
        assert(n > 11 && memcmp(p, "EVENT_JSON:", 11) == 0);
        assert(odd == NULL && event.data.n > 0 && event.data.n < n);
        read_request(event.data, &arena);
    }
    read_request(line, &arena);
    alc_arena_fini(&arena);
    return 0;
}
