/* tests/fuzz/fuzz_records.c — any bytes as a genesis or a dump: read piece by piece into a chain's
 * state, refused with a sentence or written whole; the state is rolled back after each input.
 *
 * What was accepted is accepted again, with the same records, as a bare array of them. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "localnet/node.h"
#include "localnet/records.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static struct lnet_chain *chain; /* one for all inputs, which leave nothing in it */

static void close_chain(void)
{
    lnet_chain_close(chain);
}

static void open_chain(void)
{
    struct lnet_conf conf = {.manual = true, .deterministic = true};

    if (chain != NULL) return;
    alc_crypto_init();
    if (lnet_chain_open(&chain, &conf, NULL) != ALC_OK || atexit(close_chain) != 0) abort();
}

static FILE *file_of(const void *p, size_t n)
{
    static char empty[1];
    FILE *f = n > 0 ? fmemopen((void *)(uintptr_t)p, n, "rb") : fmemopen(empty, 1, "rb");

    if (f == NULL) abort();
    if (n == 0 && fgetc(f) != 0) abort(); /* fmemopen of nothing fails: step over the one byte */
    return f;
}

/* Collects the records' texts, and how many there are. */
struct list {
    struct alc_buf text;
    size_t count;
};

static enum alc_rc collect(void *ctx, size_t i, struct alc_bytes text,
                           const struct alc_json *record, struct alc_err *err)
{
    struct list *l = ctx;

    (void)err;
    assert(i == l->count && record != NULL);
    alc_buf_put_text(&l->text, l->count++ == 0 ? "[" : ",");
    alc_buf_put_bytes(&l->text, text);
    return ALC_OK;
}

static void read_twice(const uint8_t *p, size_t n)
{
    struct list first = {.text = ALC_BUF(64u << 20)}, second = first;
    struct alc_buf rest = ALC_BUF(LNET_RECORDS_REST_MAX_BYTES);
    struct lnet_genesis g;
    struct alc_err err = {0};
    FILE *f = file_of(p, n);
    enum alc_rc rc = lnet_records_read(f, &rest, collect, &first, &err);

    fclose(f);
    if (rc == ALC_OK) {
        alc_buf_put_text(&first.text, first.count == 0 ? "[]" : "]");
        f = file_of(first.text.p, first.text.n);
        rc = lnet_records_read(f, NULL, collect, &second, &err);
        fclose(f);
        assert(rc == ALC_OK && first.count == second.count);
        rc = lnet_genesis_read(&g, alc_buf_bytes(&rest), &err);
        assert(rc == ALC_OK || err.text[0] != 0);
        lnet_genesis_fini(&g);
    } else {
        assert(rc == ALC_BAD_INPUT && err.text[0] != 0);
    }
    alc_buf_fini(&first.text);
    alc_buf_fini(&second.text);
    alc_buf_fini(&rest);
}

static void write_once(const uint8_t *p, size_t n, enum lnet_record_mode mode)
{
    struct alc_err err = {0};
    struct lnet_block b;
    FILE *f = file_of(p, n);
    enum alc_rc rc;

    lnet_take(chain);
    lnet_block_begin(chain, &b, 1);
    if (alc_store_begin(chain->store, NULL) != ALC_OK) abort();
    rc = lnet_import_apply(chain, &b, f, mode, &err);
    assert(rc == ALC_OK || (rc == ALC_BAD_INPUT && err.text[0] != 0));
    alc_store_rollback(chain->store);
    lnet_block_fini(&b);
    lnet_give(chain);
    fclose(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    open_chain();
    read_twice(p, n);
    write_once(p, n, LNET_RECORD_CHANGES);
    write_once(p, n, LNET_RECORD_GENESIS);
    return 0;
}
