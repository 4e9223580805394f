/* tests/lib/around.h — long arguments for tests. */
#ifndef AROUND_H
#define AROUND_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* around is `before`, `n` times `unit`, and `after`; freed by the caller. */
static inline char *around(const char *before, const char *unit, size_t n, const char *after)
{
    const size_t b = strlen(before), u = strlen(unit), a = strlen(after);
    char *text = malloc(b + u * n + a + 1);

    assert_non_null(text);
    memcpy(text, before, b);
    for (size_t i = 0; i < n; i++)
        memcpy(text + b + i * u, unit, u);
    memcpy(text + b + u * n, after, a + 1);
    return text;
}

#endif
