/* What the tests of this room share: cmocka, texts as bytes, an allocator that fails on demand. */
#ifndef BASE_TEST_H
#define BASE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"

#define KIB ((size_t)1024)
#define MIB (KIB * 1024)

static inline void assert_text(struct alc_bytes got, const char *want)
{
    if (!alc_bytes_is(got, want)) fail_msg("got '%.*s', want '%s'", (int)got.n, got.p, want);
}

/* The sentence holds each of the words, so that a reader learns what is wrong. */
#define assert_says(err, ...)                                                                      \
    assert_says_all((err), (const char *const[]){__VA_ARGS__},                                     \
                    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static inline void assert_says_all(const struct alc_err *err, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strstr(err->text, words[i]) == NULL)
            fail_msg("'%s' is not in the sentence '%s'", words[i], err->text);
}

#endif
