#include "tdx_vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"

#define FILE_MAX_BYTES (1u << 17)
#define FILES_MAX 16u

static struct {
    char name[64];
    uint8_t *p;
    size_t n;
} kept[FILES_MAX];
static size_t kept_count;

static void forget(void)
{
    while (kept_count > 0)
        free(kept[--kept_count].p);
}

static FILE *find(const char *name)
{
    const char *dir = getenv("ALCOVE_VECTORS");
    char path[4096];

    if (dir == NULL) dir = ALC_BUILD_DIR "/vectors";
    snprintf(path, sizeof path, "%s/tdx/%s", dir, name);
    return fopen(path, "rb");
}

/* Hex text in place, without "0x" before it and the line's end. */
static size_t decode(uint8_t *p, size_t n)
{
    struct alc_bytes in = {p, n};

    if (n >= 2 && p[0] == '0' && p[1] == 'x') in = (struct alc_bytes){p + 2, n - 2};
    while (in.n > 0 && (in.p[in.n - 1] == '\n' || in.p[in.n - 1] == '\r'))
        in.n--;
    return alc_hex_decode(p, n, &n, in) ? n : 0;
}

struct alc_bytes tdx_vector(const char *name)
{
    struct alc_bytes none = {NULL, 0};
    FILE *f;

    for (size_t i = 0; i < kept_count; i++)
        if (strcmp(kept[i].name, name) == 0) return (struct alc_bytes){kept[i].p, kept[i].n};
    f = kept_count < FILES_MAX && strlen(name) < sizeof kept->name ? find(name) : NULL;
    if (f == NULL) return none;
    if (kept_count == 0) atexit(forget);
    strcpy(kept[kept_count].name, name);
    kept[kept_count].p = malloc(FILE_MAX_BYTES);
    if (kept[kept_count].p != NULL) {
        kept[kept_count].n = fread(kept[kept_count].p, 1, FILE_MAX_BYTES, f);
        if (strstr(name, ".hex") != NULL)
            kept[kept_count].n = decode(kept[kept_count].p, kept[kept_count].n);
        kept_count++;
    }
    fclose(f);
    return kept_count > 0 ? (struct alc_bytes){kept[kept_count - 1].p, kept[kept_count - 1].n}
                          : none;
}
