/* tests/fuzz/fuzz_condition.c — a condition that is read is written in a form that is JSON, that
 * reads back to itself, and that counts the same. */
#include "tests/contract/fake_near.h"

#include "condition.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static uint8_t text[1 << 20];
static size_t text_n;
static struct condition read;

static void entry(void)
{
    struct alc_bytes in = near_input(text, sizeof text);
    struct near_json j = near_json_begin(text, in.n);

    read_condition(&j, &read);
    near_json_end(&j);
    text_n = read.text.n;
    assert(text_n <= sizeof text);
    memcpy(text, read.text.p, text_n);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct condition first;
    struct alc_bytes kept;
    json_t *j;

    if (n > 65536) return 0;
    fake_reset();
    if (!fake_call(entry, (struct alc_bytes){p, n})) return 0;
    first = read;
    kept = (struct alc_bytes){malloc(text_n), text_n};
    assert(kept.p != NULL);
    memcpy((void *)(uintptr_t)kept.p, text, text_n);
    j = json_loadb((const char *)kept.p, kept.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    assert(j != NULL);
    json_decref(j);
    assert(fake_call(entry, kept));
    assert(text_n == kept.n && memcmp(text, kept.p, kept.n) == 0);
    assert(read.patterns == first.patterns && read.pattern_bytes == first.pattern_bytes);
    assert(read.asks == first.asks && read.bad_hashes == first.bad_hashes);
    assert(read.empty == first.empty);
    free((void *)(uintptr_t)kept.p);
    return 0;
}
