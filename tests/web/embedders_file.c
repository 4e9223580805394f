#include "tests/web/embedders_file.h"
#include "tests/contract/register_world.h"
#include "tests/web/embedders.h"

#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define FILE_MAX_BYTES (64u << 20)
#define BLOBS_MAX 2048u

static struct alc_buf cases, blobs, bundles;
struct alc_jw case_w, bundle_w;
static struct alc_jw blob_w;
static struct alc_hash blob_hashes[BLOBS_MAX];
static size_t blobs_count;

static void array_open(struct alc_jw *w, struct alc_buf *b)
{
    *b = ALC_BUF(FILE_MAX_BYTES);
    *w = (struct alc_jw){.out = b};
    alc_jw_arr(w);
}

void embedders_open(void)
{
    world_open();
    array_open(&case_w, &cases);
    array_open(&blob_w, &blobs);
    array_open(&bundle_w, &bundles);
}

void embedders_close(const char *path)
{
    struct alc_jw *w[] = {&case_w, &blob_w, &bundle_w};
    FILE *f;

    for (size_t i = 0; i < 3; i++) {
        alc_jw_end(w[i]);
        assert_false(w[i]->out->failed);
    }
    if (path != NULL) {
        f = fopen(path, "wb");
        if (f == NULL) fail_msg("%s cannot be written", path);
        fprintf(f, "{\"blobs\":%s,\n\"bundles\":%s,\n\"cases\":%s}\n", alc_buf_text(&blobs),
                alc_buf_text(&bundles), alc_buf_text(&cases));
        assert_int_equal(fclose(f), 0);
    }
    for (size_t i = 0; i < 3; i++)
        alc_buf_fini(w[i]->out);
    world_close();
}

void put_input(struct alc_jw *w, const char *key, struct alc_bytes b)
{
    struct alc_hash h;
    size_t i = 0;

    if (b.n == 0) return;
    alc_sha256(&h, b);
    while (i < blobs_count && !alc_hash_eq(&blob_hashes[i], &h))
        i++;
    if (i == blobs_count) {
        assert_in_range(i, 0, BLOBS_MAX - 1);
        blob_hashes[blobs_count++] = h;
        alc_jw_base64(&blob_w, b);
    }
    alc_jw_key(w, key);
    alc_jw_u64(w, i);
}

void put_case(const char *kind, const char *name, uint64_t now_s)
{
    alc_jw_obj(&case_w);
    alc_jw_key(&case_w, "name");
    alc_jw_text(&case_w, name);
    alc_jw_key(&case_w, "kind");
    alc_jw_text(&case_w, kind);
    alc_jw_key(&case_w, "now");
    alc_jw_u64(&case_w, now_s);
    alc_jw_key(&case_w, "inputs");
    alc_jw_obj(&case_w);
}

void put_verdict(struct alc_bytes verdict)
{
    alc_jw_key(&case_w, "verdict");
    alc_jw_str(&case_w, verdict);
    alc_jw_end(&case_w);
}
