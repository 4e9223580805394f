/* What the tests of this room share: cmocka, files under tests/vectors/near, texts as bytes. */
#ifndef NEAR_TEST_H
#define NEAR_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/enc.h"
#include "near/near.h"

#define KEY_2_SECRET                                                                               \
    "ed25519:"                                                                                     \
    "3tgdk2wPraJzT4nsTuf86UX41xgPNk3MHnq8epARMdBNs29AFEztAuaQ7iHddDfXG9F2RzV1XNQYgJyAyoW51"        \
    "UBB"
#define KEY_2_PUBLIC "ed25519:5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dB"

static inline struct alc_bytes vector_file(const char *name, struct alc_arena *arena)
{
    char path[512];
    struct alc_bytes out;
    struct alc_buf b = ALC_BUF(4u << 20);
    FILE *f;
    uint8_t *to;

    snprintf(path, sizeof path, "%s/tests/vectors/near/%s", ALC_SOURCE_DIR, name);
    f = fopen(path, "rb");
    if (f == NULL) fail_msg("cannot open %s", path);
    to = alc_buf_room(&b, 1u << 20);
    alc_buf_add(&b, fread(to, 1, 1u << 20, f));
    assert_false(b.failed || ferror(f));
    fclose(f);
    assert_true(alc_arena_copy(arena, alc_buf_bytes(&b), &out));
    alc_buf_fini(&b);
    return out;
}

static inline void assert_text(struct alc_bytes got, const char *want)
{
    assert_int_equal(got.n, strlen(want));
    if (got.n > 0) assert_memory_equal(got.p, want, got.n);
}

static inline struct alc_bytes unhex(const char *text, struct alc_arena *arena)
{
    size_t n = strlen(text), got;
    uint8_t *p = alc_arena_alloc(arena, n / 2 + 1);

    assert_non_null(p);
    assert_true(alc_hex_decode(p, n / 2 + 1, &got, alc_cstr(text)));
    return (struct alc_bytes){p, got};
}

static inline void assert_hash_text(const struct alc_hash *h, const char *want)
{
    char text[ALC_BASE58_CHARS(32)];
    size_t n;

    assert_true(alc_base58_encode(text, sizeof text, &n, alc_hash_bytes(h)));
    assert_text((struct alc_bytes){(const uint8_t *)text, n}, want);
}

#endif
