/* tests/unit/cli/example.h — the statement file that docs/statement.md shows. */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <stdio.h>

#include "statement_test.h"

/* document reads all of docs/statement.md into a buffer of its own. */
static inline const char *document(void)
{
    static char text[128u << 10];
    FILE *f = fopen(ALC_SOURCE_DIR "/docs/statement.md", "rb");
    size_t n;

    assert_non_null(f);
    n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    assert_true(n > 0 && n < sizeof text - 1);
    text[n] = 0;
    return text;
}

/* example is the one block of JSON in it. */
static inline struct alc_bytes example(void)
{
    static const char fence[] = "```json\n";
    const char *from = strstr(document(), fence), *to;

    assert_non_null(from);
    from += sizeof fence - 1;
    to = strstr(from, "```");
    assert_non_null(to);
    assert_null(strstr(to, fence));
    return (struct alc_bytes){(const uint8_t *)from, (size_t)(to - from)};
}

#endif
