/* localnet/sandbox.c — what real chains do not have: records written straight into the state, by a
 * patch or out of a file, and time that jumps (near.md 15). */
#include <errno.h>
#include <string.h>

#include "base/failpoint.h"
#include "localnet/node.h"
#include "localnet/records.h"

#define PATCH_MAX_BYTES (64u << 20)

/* ---- a patch ---- */

enum alc_rc lnet_patch_apply(struct lnet_chain *c, struct lnet_block *b, struct alc_bytes records,
                             struct alc_err *err)
{
    struct alc_json *doc = NULL;
    enum alc_rc rc = alc_json_open(&doc, records, PATCH_MAX_BYTES, err);
    if (rc != ALC_OK) return rc;
    lnet_journal_cause(c, "initial_state", NULL, NULL);
    alc_sha256_update(&b->roll, records);
    if (alc_json_kind(doc) != ALC_JSON_ARRAY)
        rc = alc_fail(err, ALC_BAD_INPUT, "records is not an array");
    for (size_t i = 0; rc == ALC_OK && i < alc_json_count(doc); i++) {
        rc = lnet_record_apply(c, b, alc_json_at(doc, i), LNET_RECORD_CHANGES, err);
        if (rc != ALC_OK) alc_fail_in(err, "record %zu", i);
    }
    alc_json_close(doc);
    return rc;
}

enum alc_rc lnet_chain_patch(struct lnet_chain *c, struct alc_bytes records, struct alc_err *err)
{
    if (records.n == 0) return alc_fail(err, ALC_BAD_INPUT, "records is empty");
    return lnet_chain_block(c, &(struct lnet_block_plan){.jump = 1, .patch = records}, err);
}

/* ---- a file ---- */

struct import {
    struct lnet_chain *c;
    struct lnet_block *b;
    enum lnet_record_mode mode;
};

static enum alc_rc each(void *ctx, size_t i, struct alc_bytes text, const struct alc_json *record,
                        struct alc_err *err)
{
    struct import *im = ctx;
    if (i == 1) alc_failpoint("import.record"); /* some are written, nothing is committed */
    alc_sha256_update(&im->b->roll, text);
    return lnet_record_apply(im->c, im->b, record, im->mode, err);
}

enum alc_rc lnet_import_apply(struct lnet_chain *c, struct lnet_block *b, FILE *f,
                              enum lnet_record_mode mode, struct alc_err *err)
{
    struct import im = {c, b, mode};
    enum alc_rc rc;
    c->journal.off = true; /* hundreds of megabytes are no news for followers */
    rc = lnet_records_read(f, NULL, each, &im, err);
    c->journal.off = false;
    return rc;
}

enum alc_rc lnet_file_hash(FILE *f, struct alc_hash *out, struct alc_err *err)
{
    struct alc_sha256 s;
    uint8_t piece[16384];
    size_t n;
    alc_sha256_init(&s);
    while ((n = fread(piece, 1, sizeof piece, f)) > 0)
        alc_sha256_update(&s, (struct alc_bytes){piece, n});
    alc_sha256_final(&s, out);
    if (ferror(f) || fseek(f, 0, SEEK_SET) != 0)
        return alc_fail(err, ALC_IO, "the file cannot be read");
    return ALC_OK;
}

/* What lnet_block_make does with plan->import. */
enum alc_rc lnet_import_block(struct lnet_chain *c, struct lnet_block *b,
                              const struct lnet_import *im, struct alc_err *err)
{
    enum alc_rc rc = lnet_import_apply(c, b, im->f, LNET_RECORD_CHANGES, err);
    if (rc != ALC_OK) return rc;
    return alc_store_exec(
        c->store, NULL, "INSERT INTO imported(hash, height) VALUES($1, $2)",
        ALC_ARGS(ALC_BLOB(alc_hash_bytes(&im->hash)), ALC_INT(b->head.ref.height)), err);
}

static enum alc_rc was_imported(struct lnet_chain *c, const struct alc_hash *hash, bool *was,
                                struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc;
    lnet_take(c);
    rc = lnet_row(&r, c->store, "SELECT 1 FROM imported WHERE hash = $1",
                  ALC_ARGS(ALC_BLOB(alc_hash_bytes(hash))), err);
    if (rc == ALC_OK) alc_rows_end(&r);
    lnet_give(c);
    *was = rc == ALC_OK;
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

enum alc_rc lnet_chain_import(struct lnet_chain *c, const char *path, bool *done,
                              struct alc_err *err)
{
    struct lnet_import im = {.f = fopen(path, "rbe")};
    bool was = false;
    enum alc_rc rc;
    *done = false;
    if (im.f == NULL)
        return alc_fail(err, errno == ENOENT ? ALC_NOT_FOUND : ALC_IO, "%s: %s", path,
                        strerror(errno));
    rc = lnet_file_hash(im.f, &im.hash, err);
    if (rc == ALC_OK) rc = was_imported(c, &im.hash, &was, err);
    if (rc == ALC_OK && !was)
        rc = lnet_chain_block(c, &(struct lnet_block_plan){.jump = 1, .import = &im}, err);
    fclose(im.f);
    if (rc != ALC_OK) alc_fail_in(err, "%s", path);
    *done = rc == ALC_OK && !was;
    return rc;
}

/* ---- time ---- */

enum alc_rc lnet_chain_fast_forward(struct lnet_chain *c, uint64_t delta, struct alc_err *err)
{
    if (delta > LNET_FAST_FORWARD_MAX)
        return alc_fail(err, ALC_LIMIT, "one jump goes over at most %u heights",
                        LNET_FAST_FORWARD_MAX);
    if (delta == 0) return ALC_OK;
    return lnet_chain_block(c, &(struct lnet_block_plan){.jump = delta}, err);
}
