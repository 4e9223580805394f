/* tests/fuzz/fuzz_evidence.c — what is read as evidence is written back byte for byte, and one way
 * of a Merkle tree leads to its root while the same way from another leaf does not. */
#include <assert.h>
#include <string.h>

#include "attest/attest.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

#define LEAVES_MAX 64u

static void codec(struct alc_bytes in)
{
    static uint8_t back[ALC_EVIDENCE_MAX_BYTES];
    static const struct alc_hash statement = {{1, 2, 3}};
    uint8_t data[64];
    struct alc_evidence e;

    if (!alc_evidence_read(&e, in)) return;
    assert(in.n <= sizeof back);
    assert(alc_evidence_write(&e, back, sizeof back) == in.n);
    assert(memcmp(back, in.p, in.n) == 0);
    assert(alc_evidence_write(&e, back, in.n - 1) == 0);
    alc_evidence_report_data(data, &e, &statement, &alc_verify_native);
    if (e.binding.kind == ALC_EVIDENCE_STATEMENT) assert(memcmp(data, statement.b, 32) == 0);
}

/* The input's first bytes choose a tree and two of its leaves. */
static void tree(struct alc_bytes in)
{
    struct alc_hash records[LEAVES_MAX], nodes[LEAVES_MAX], root;
    uint8_t path[33 * ALC_EVIDENCE_PATH_MAX], data[64];
    struct alc_evidence e = {.binding = {.kind = ALC_EVIDENCE_BATCH}};
    size_t count, one, other;

    if (in.n < 3) return;
    count = 1 + in.p[0] % LEAVES_MAX;
    one = in.p[1] % count;
    other = in.p[2] % count;
    for (size_t i = 0; i < count; i++) {
        memset(records[i].b, (int)i, 32);
        memcpy(records[i].b, in.p, in.n < 31 ? in.n : 31);
        alc_merkle_leaf(&nodes[i], &records[i], &alc_verify_native);
    }
    alc_merkle_root(&root, nodes, count, &alc_verify_native);
    for (size_t i = 0; i < count; i++)
        alc_merkle_leaf(&nodes[i], &records[i], &alc_verify_native);
    e.path_count = alc_merkle_path(path, nodes, count, one, &alc_verify_native);
    e.path = (struct alc_bytes){path, 33 * (size_t)e.path_count};
    alc_evidence_report_data(data, &e, &records[one], &alc_verify_native);
    assert(memcmp(data, root.b, 32) == 0);
    if (other == one) return;
    alc_evidence_report_data(data, &e, &records[other], &alc_verify_native);
    assert(memcmp(data, root.b, 32) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    alc_crypto_init();
    codec((struct alc_bytes){p, n});
    tree((struct alc_bytes){p, n});
    return 0;
}
