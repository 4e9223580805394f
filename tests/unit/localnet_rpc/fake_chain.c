#include "fake_chain.h"

#include <stdio.h>
#include <string.h>

struct alc_hash fake_hash(uint64_t height)
{
    struct alc_hash h = {{0}};
    h.b[31] = (uint8_t)height;
    return h;
}

struct alc_hash fake_tx(void)
{
    struct alc_hash h;
    alc_sha256(&h, ALC_LIT("good"));
    return h;
}

static struct lnet_block_ref block(uint64_t height)
{
    return (struct lnet_block_ref){height, fake_hash(height), height * 1000000001u};
}

void lnet_chain_info(struct lnet_chain *c, struct lnet_info *out)
{
    *out = (struct lnet_info){.chain_id = "localnet",
                              .head = block(c->head),
                              .genesis = block(c->genesis),
                              .gas_price = 100000000,
                              .genesis_supply = 77,
                              .validators = "[]",
                              .validity_blocks = 77,
                              .failed = c->failed};
}

static enum alc_rc find(struct lnet_chain *c, const struct lnet_block_id *id,
                        struct lnet_block_ref *ref)
{
    uint64_t h = c->head;

    if (id->by == LNET_GENESIS) h = c->genesis;
    if (id->by == LNET_BY_HEIGHT) h = id->height;
    if (id->by == LNET_BY_HASH) {
        struct alc_hash same = fake_hash(id->hash.b[31]);
        h = id->hash.b[31];
        if (!alc_hash_eq(&same, &id->hash)) return ALC_NOT_FOUND;
    }
    if (h < c->genesis || h > c->head || (h >= c->jump_from && h <= c->jump_to))
        return ALC_NOT_FOUND;
    if (ref != NULL) *ref = block(h);
    return ALC_OK;
}

static enum alc_rc put(struct alc_buf *out, enum alc_rc rc, const char *json)
{
    if (rc == ALC_OK) alc_buf_put_text(out, json);
    return rc;
}

enum alc_rc lnet_read_block(struct lnet_chain *c, const struct lnet_block_id *id,
                            struct alc_buf *out, struct lnet_block_ref *ref, struct alc_err *err)
{
    (void)err;
    return put(out, find(c, id, ref), "{\"author\":\"test.near\"}");
}

enum alc_rc lnet_read_chunk(struct lnet_chain *c, const struct lnet_block_id *id,
                            struct alc_buf *out, struct lnet_block_ref *ref, struct alc_err *err)
{
    (void)err;
    return put(out, find(c, id, ref), "{\"chunk\":\"of a block\"}");
}

enum alc_rc lnet_read_by_chunk(struct lnet_chain *c, const struct alc_hash *chunk,
                               struct alc_buf *out, struct alc_err *err)
{
    struct lnet_block_id id = {.by = LNET_BY_HASH, .hash = *chunk};
    (void)err;
    return put(out, find(c, &id, NULL), "{\"chunk\":\"by hash\"}");
}

enum alc_rc lnet_read_stream(struct lnet_chain *c, uint64_t height, struct alc_buf *out,
                             struct alc_err *err)
{
    struct lnet_block_id id = {.by = LNET_BY_HEIGHT, .height = height};
    (void)err;
    return put(out, find(c, &id, NULL), "{\"block\":{},\"shards\":[]}");
}

enum alc_rc lnet_read_block_ref(struct lnet_chain *c, const struct lnet_block_id *id,
                                struct lnet_block_ref *ref, __uint128_t *gas_price,
                                struct alc_err *err)
{
    enum alc_rc rc = find(c, id, ref);
    (void)err;
    if (rc == ALC_OK && gas_price != NULL) *gas_price = 100000000;
    if (rc == ALC_OK && c->moves) c->head++;
    return rc;
}

/* Two blocks make an epoch here, and its id is its number's. */
enum alc_rc lnet_read_epoch(struct lnet_chain *c, const struct alc_hash *id,
                            const struct lnet_block_id *block, struct lnet_epoch *out,
                            struct alc_err *err)
{
    struct lnet_block_ref ref = {.height = id != NULL ? 2u * id->b[31] : 0};
    enum alc_rc rc = id != NULL ? ALC_OK : find(c, block, &ref);
    (void)err;
    if (rc != ALC_OK || ref.height > c->head) return ALC_NOT_FOUND;
    out->height = ref.height / 2;
    out->start_height = ref.height / 2 * 2;
    out->id = fake_hash(out->height);
    out->blocks = 2;
    return ALC_OK;
}

enum alc_rc lnet_read_changes(struct lnet_chain *c, const struct lnet_block_id *id,
                              struct alc_buf *out, struct lnet_block_ref *ref, struct alc_err *err)
{
    (void)err;
    return put(out, find(c, id, ref),
               "[{\"cause\":{},\"type\":\"account_update\",\"change\":{\"account_id\":\"a.near\"}},"
               "{\"cause\":{},\"type\":\"data_update\",\"change\":{\"account_id\":\"a.near\","
               "\"key_base64\":\"U1RBVEU=\"}},"
               "{\"cause\":{},\"type\":\"data_deletion\",\"change\":{\"account_id\":\"a.near\","
               "\"key_base64\":\"eA==\"}},"
               "{\"cause\":{},\"type\":\"data_update\",\"change\":{\"account_id\":\"b.near\","
               "\"key_base64\":\"U1RBVEU=\"}}]");
}

enum alc_rc lnet_chain_wait_height(struct lnet_chain *c, uint64_t height, uint32_t timeout_ms)
{
    (void)timeout_ms;
    return height <= c->head ? ALC_OK : ALC_TIMEOUT;
}

/* ---- transactions ---- */

static const char *const levels[] = {"NONE",           "INCLUDED", "EXECUTED_OPTIMISTIC",
                                     "INCLUDED_FINAL", "EXECUTED", "FINAL"};

const char *lnet_level_name(enum lnet_level level)
{
    return levels[level];
}

bool lnet_level_of(struct alc_bytes name, enum lnet_level *out)
{
    for (unsigned i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (alc_bytes_is(name, levels[i])) {
            *out = (enum lnet_level)i;
            return true;
        }
    return false;
}

enum alc_rc lnet_chain_submit(struct lnet_chain *c, struct alc_bytes signed_tx,
                              struct alc_hash *hash, struct alc_buf *invalid, struct alc_err *err)
{
    if (alc_bytes_is(signed_tx, "noise"))
        return alc_fail(err, ALC_BAD_INPUT, "the transaction ends early");
    *hash = fake_tx();
    if (alc_bytes_is(signed_tx, "full")) return alc_fail(err, ALC_BUSY, "too many wait");
    if (!alc_bytes_is(signed_tx, "good")) {
        alc_buf_put_text(invalid, "{\"TxExecutionError\":{\"InvalidTxError\":\"Expired\"}}");
        return ALC_CONFLICT;
    }
    c->sent = true;
    return ALC_OK;
}

/* Levels are compared plainly: what meets what is the chain's affair. */
enum alc_rc lnet_chain_wait(struct lnet_chain *c, const struct alc_hash *tx, enum lnet_level level,
                            uint32_t timeout_ms, enum lnet_level *is, bool *known,
                            struct alc_err *err)
{
    struct alc_hash good = fake_tx();
    (void)timeout_ms;
    (void)err;
    c->waits++;
    *known = c->sent && alc_hash_eq(tx, &good);
    *is = *known ? c->level : LNET_NONE;
    return *is >= level ? ALC_OK : ALC_TIMEOUT;
}

enum alc_rc lnet_read_tx(struct lnet_chain *c, const struct alc_hash *tx, bool receipts,
                         struct alc_buf *out, struct alc_err *err)
{
    struct alc_hash good = fake_tx();
    (void)err;
    return put(out, c->sent && alc_hash_eq(tx, &good) ? ALC_OK : ALC_NOT_FOUND,
               c->result != NULL ? c->result
               : receipts        ? "{\"receipts\":[]}"
                                 : "{\"status\":{}}");
}

enum alc_rc lnet_read_receipt(struct lnet_chain *c, const struct alc_hash *receipt,
                              struct alc_buf *out, struct alc_err *err)
{
    struct lnet_block_id id = {.by = LNET_BY_HASH, .hash = *receipt};
    (void)err;
    return put(out, find(c, &id, NULL), "{\"receipt\":{}}");
}

/* ---- state ---- */

enum alc_rc lnet_past_open(struct lnet_chain *c, const struct lnet_block_id *id,
                           struct lnet_block_ref *at, struct alc_err *err)
{
    enum alc_rc rc = find(c, id, at);
    if (rc != ALC_OK) return rc;
    if (at->height < c->oldest) return alc_fail(err, ALC_LIMIT, "not kept");
    if (id->by != LNET_LATEST) c->past = at->height;
    if (c->moves) c->head++;
    return ALC_OK;
}

void lnet_past_close(struct lnet_chain *c)
{
    c->past = 0;
}

static enum alc_rc state(struct lnet_chain *c, struct alc_buf *out, struct lnet_block_ref *at,
                         const char *json)
{
    *at = block(c->past != 0 ? c->past : c->head);
    return put(out, c->state_rc, json);
}

enum alc_rc lnet_read_account(struct lnet_chain *c, const char *id, struct alc_buf *out,
                              struct lnet_block_ref *at, struct alc_err *err)
{
    (void)id;
    (void)err;
    return state(c, out, at, "{\"amount\":\"1\",\"locked\":\"7\"}");
}

enum alc_rc lnet_read_key(struct lnet_chain *c, const char *id, const struct alc_near_key *key,
                          struct alc_buf *out, struct lnet_block_ref *at, struct alc_err *err)
{
    (void)id;
    (void)key;
    (void)err;
    return state(c, out, at, "{\"nonce\":1,\"permission\":\"FullAccess\"}");
}

enum alc_rc lnet_read_gas_nonces(struct lnet_chain *c, const char *id,
                                 const struct alc_near_key *key, struct alc_buf *out,
                                 struct lnet_block_ref *at, struct alc_err *err)
{
    (void)id;
    (void)key;
    (void)err;
    return state(c, out, at, "[7,8]");
}

enum alc_rc lnet_read_keys(struct lnet_chain *c, const char *id, const struct lnet_page *page,
                           struct alc_buf *out, struct lnet_block_ref *at, struct alc_err *err)
{
    (void)id;
    (void)err;
    if (page->limit == 1) alc_buf_put_text(page->last, "\"ed25519:last\"");
    return state(c, out, at, "[]");
}

enum alc_rc lnet_read_code(struct lnet_chain *c, const char *id, struct alc_buf *out,
                           struct alc_hash *hash, struct lnet_block_ref *at, struct alc_err *err)
{
    (void)id;
    (void)err;
    *hash = fake_hash(9);
    return state(c, out, at, "code");
}

enum alc_rc lnet_read_global_code(struct lnet_chain *c, const struct alc_hash *hash, const char *id,
                                  struct alc_buf *out, struct alc_hash *found,
                                  struct lnet_block_ref *at, struct alc_err *err)
{
    (void)hash;
    return lnet_read_code(c, id, out, found, at, err);
}

enum alc_rc lnet_read_state(struct lnet_chain *c, const char *id, struct alc_bytes prefix,
                            const struct lnet_page *page, struct alc_buf *out,
                            struct lnet_block_ref *at, struct alc_err *err)
{
    (void)id;
    (void)err;
    if (page->after.n == 1) return state(c, out, at, "[]");
    if (page->limit == 1) alc_buf_put_text(page->last, "\"YQ==\"");
    return state(c, out, at, prefix.n == 0 ? "[{\"key\":\"YQ==\",\"value\":\"\"}]" : "[]");
}

enum alc_rc lnet_read_view(struct lnet_chain *c, const char *id, struct alc_bytes method,
                           struct alc_bytes args, struct lnet_view *out, struct alc_err *err)
{
    (void)id;
    (void)method;
    (void)args;
    (void)err;
    alc_buf_put_text(&out->logs, "[]");
    if (c->state_rc == ALC_TRAP) {
        alc_buf_put_text(&out->error, FAKE_PANIC);
        alc_buf_put_text(&out->error_json, "{\"ExecutionError\":\"no\"}");
    }
    return state(c, &out->result, &out->at, c->view);
}

enum alc_rc lnet_read_runtime_config(struct lnet_chain *c, struct alc_buf *out, struct alc_err *err)
{
    (void)c;
    (void)err;
    return put(out, ALC_OK, "{\"storage_amount_per_byte\":\"10000000000000000000\"}");
}

/* ---- sandbox ---- */

enum alc_rc lnet_chain_patch(struct lnet_chain *c, struct alc_bytes records, struct alc_err *err)
{
    if (records.n == 2) return alc_fail(err, ALC_BAD_INPUT, "record 0: no kind");
    (void)snprintf(c->patched, sizeof c->patched, "%.*s", (int)records.n, (const char *)records.p);
    return ALC_OK;
}

enum alc_rc lnet_chain_fast_forward(struct lnet_chain *c, uint64_t delta, struct alc_err *err)
{
    (void)err;
    c->delta = delta;
    return ALC_OK;
}

enum alc_rc lnet_chain_snapshot(struct lnet_chain *c, uint64_t *id, struct alc_err *err)
{
    if (c->snapshots == 2) return alc_fail(err, ALC_LIMIT, "there are 2 snapshots: drop some");
    *id = ++c->snapshots;
    return ALC_OK;
}

static enum alc_rc known(const struct lnet_chain *c, uint64_t id, struct alc_err *err)
{
    if (id == 0 || id > c->snapshots)
        return alc_fail(err, ALC_NOT_FOUND, "there is no snapshot %u", (unsigned)id);
    return ALC_OK;
}

enum alc_rc lnet_chain_restore(struct lnet_chain *c, uint64_t id, struct alc_err *err)
{
    enum alc_rc rc = known(c, id, err);
    if (rc == ALC_OK) c->restored = id;
    return rc;
}

enum alc_rc lnet_chain_drop_snapshot(struct lnet_chain *c, uint64_t id, struct alc_err *err)
{
    enum alc_rc rc = known(c, id, err);
    if (rc == ALC_OK) c->snapshots--;
    return rc;
}

enum alc_rc lnet_chain_dump(struct lnet_chain *c, const char *const *ids, size_t count,
                            lnet_put_fn *give, void *ctx, struct alc_err *err)
{
    enum alc_rc rc = ALC_OK;
    if (c->state_rc != ALC_OK) return alc_fail(err, c->state_rc, "no dump");
    rc = give(ctx, ALC_LIT("{\"records\":["), err);
    for (size_t i = 0; i < count && rc == ALC_OK; i++) {
        rc = give(ctx, alc_cstr(i > 0 ? ",\"" : "\""), err);
        if (rc == ALC_OK) rc = give(ctx, alc_cstr(ids[i]), err);
        if (rc == ALC_OK) rc = give(ctx, ALC_LIT("\""), err);
    }
    return rc == ALC_OK ? give(ctx, ALC_LIT("]}"), err) : rc;
}
