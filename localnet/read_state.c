/* localnet/read_state.c — accounts, keys, code, state and views, at the head or
 * where lnet_past_open has led. */
#include <string.h>

#include "localnet/views.h"

/* The turn, and the block that the answer holds for. */
static void begin(struct lnet_chain *c, struct lnet_block_ref *at)
{
    lnet_take(c);
    *at = c->head.ref;
}

enum alc_rc lnet_read_account(struct lnet_chain *c, const char *id, struct alc_buf *out,
                              struct lnet_block_ref *at, struct alc_err *err)
{
    struct alc_jw w = {.out = out};
    struct lnet_account a;
    enum alc_rc rc;
    begin(c, at);
    rc = lnet_account_get(c, id, &a, err);
    lnet_give(c);
    if (rc == ALC_OK) lnet_view_account(&w, &a);
    return rc;
}

enum alc_rc lnet_read_key(struct lnet_chain *c, const char *id, const struct alc_near_key *key,
                          struct alc_buf *out, struct lnet_block_ref *at, struct alc_err *err)
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_jw w = {.out = out};
    struct alc_near_access access;
    enum alc_rc rc;
    begin(c, at);
    rc = lnet_key_get(c, id, key, &access, &arena, err);
    lnet_give(c);
    if (rc == ALC_OK) lnet_view_access(&w, &access);
    alc_arena_fini(&arena);
    return rc;
}

enum alc_rc lnet_read_gas_nonces(struct lnet_chain *c, const char *id,
                                 const struct alc_near_key *key, struct alc_buf *out,
                                 struct lnet_block_ref *at, struct alc_err *err)
{
    struct alc_jw w = {.out = out};
    struct alc_rows r;
    uint8_t k[65];
    size_t count = 0;
    enum alc_rc rc;
    begin(c, at);
    rc = alc_rows_start(&r, c->store,
                        "SELECT nonce FROM gas_nonce WHERE id = $1 AND key = $2 ORDER BY place",
                        ALC_ARGS(ALC_TEXT(alc_cstr(id)), ALC_BLOB(lnet_key_bytes(k, key))), err);
    if (rc == ALC_OK) {
        alc_jw_arr(&w);
        for (; (rc = alc_rows_next(&r, err)) == ALC_OK; count++)
            alc_jw_u64(&w, (uint64_t)alc_rows_int(&r, 0));
        alc_jw_end(&w);
        alc_rows_end(&r);
        if (rc == ALC_NOT_FOUND && count > 0) rc = ALC_OK; /* a gas key has one at least */
    }
    lnet_give(c);
    return rc;
}

static const struct lnet_page whole;

/* Whether the page ends before this entry; the one before it is then the last. */
static bool page_ends(const struct lnet_page *page, uint32_t entries)
{
    return page->limit > 0 && entries == page->limit;
}

static enum alc_rc put_keys(struct lnet_chain *c, const char *id, const struct lnet_page *page,
                            struct alc_jw *w, struct alc_err *err)
{
    uint8_t k[65];
    struct alc_bytes after = {k, 0}; /* no stored key is empty, so all are behind this one */
    struct alc_near_key key = {0};
    struct alc_rows r;
    uint32_t entries = 0;
    enum alc_rc rc;
    if (page->after_key != NULL) after = lnet_key_bytes(k, page->after_key);
    rc = alc_rows_start(&r, c->store,
                        "SELECT " LNET_KEY_COLUMNS
                        " FROM access_key WHERE id = $1 AND key > $2 ORDER BY key",
                        ALC_ARGS(ALC_TEXT(alc_cstr(id)), ALC_BLOB(after)), err);
    if (rc != ALC_OK) return rc;
    for (; (rc = alc_rows_next(&r, err)) == ALC_OK; entries++) {
        struct alc_arena arena = ALC_ARENA(1u << 20);
        struct alc_near_access access;
        if (page_ends(page, entries)) {
            struct alc_jw last = {.out = page->last};
            if (page->last != NULL) lnet_view_key(&last, &key);
            break;
        }
        rc = lnet_key_row(&r, &key, &access, &arena, err);
        if (rc == ALC_OK) {
            alc_jw_obj(w);
            alc_jw_key(w, "public_key");
            lnet_view_key(w, &key);
            alc_jw_key(w, "access_key");
            lnet_view_access(w, &access);
            alc_jw_end(w);
        }
        alc_arena_fini(&arena);
        if (rc != ALC_OK) break;
    }
    alc_rows_end(&r);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

enum alc_rc lnet_read_keys(struct lnet_chain *c, const char *id, const struct lnet_page *page,
                           struct alc_buf *out, struct lnet_block_ref *at, struct alc_err *err)
{
    struct alc_jw w = {.out = out};
    enum alc_rc rc;
    begin(c, at);
    alc_jw_arr(&w);
    rc = put_keys(c, id, page != NULL ? page : &whole, &w, err);
    alc_jw_end(&w);
    lnet_give(c);
    return rc;
}

enum alc_rc lnet_read_code(struct lnet_chain *c, const char *id, struct alc_buf *out,
                           struct alc_hash *hash, struct lnet_block_ref *at, struct alc_err *err)
{
    struct lnet_account a;
    struct alc_bytes code;
    enum alc_rc rc;
    begin(c, at);
    rc = lnet_account_get(c, id, &a, err);
    if (rc == ALC_OK) {
        rc = lnet_contract_get(c, &a, &code, hash, err);
        if (rc == ALC_NOT_FOUND) rc = ALC_CONFLICT;
        if (rc == ALC_OK) alc_buf_put_bytes(out, code); /* borrowed: before the turn goes on */
    }
    lnet_give(c);
    return rc;
}

enum alc_rc lnet_read_global_code(struct lnet_chain *c, const struct alc_hash *hash, const char *id,
                                  struct alc_buf *out, struct alc_hash *found,
                                  struct lnet_block_ref *at, struct alc_err *err)
{
    struct alc_bytes code;
    enum alc_rc rc;
    begin(c, at);
    if (hash != NULL) *found = *hash;
    rc = lnet_global_get(c, found, hash != NULL ? NULL : id, err);
    if (rc == ALC_OK) rc = lnet_code_get(c, found, &code, err);
    if (rc == ALC_OK) alc_buf_put_bytes(out, code);
    lnet_give(c);
    return rc;
}

/* `last` holds the key of the entry before: a row is gone once the next one is read. */
static enum alc_rc put_state(struct lnet_chain *c, const char *id, struct alc_bytes prefix,
                             const struct lnet_page *page, struct alc_buf *last, struct alc_jw *w,
                             struct alc_err *err)
{
    struct alc_rows r;
    size_t bytes = 0, max = c->conf.state_view_max_bytes;
    uint32_t entries = 0;
    enum alc_rc rc = alc_rows_start(
        &r, c->store,
        "SELECT key, value FROM data WHERE id = $1 AND key >= $2 AND ($3 OR key > $4) ORDER BY key",
        ALC_ARGS(ALC_TEXT(alc_cstr(id)), ALC_BLOB(prefix), ALC_INT(page->after.p == NULL),
                 ALC_BLOB(page->after)),
        err);
    if (rc != ALC_OK) return rc;
    for (; (rc = alc_rows_next(&r, err)) == ALC_OK; entries++) {
        struct alc_bytes key = alc_rows_bytes(&r, 0), value = alc_rows_bytes(&r, 1);
        if (key.n < prefix.n || (prefix.n > 0 && memcmp(key.p, prefix.p, prefix.n) != 0)) break;
        if (page_ends(page, entries)) {
            struct alc_jw said = {.out = page->last};
            if (page->last != NULL) alc_jw_base64(&said, alc_buf_bytes(last));
            break;
        }
        if (entries + 1 == page->limit) alc_buf_put_bytes(last, key);
        bytes += key.n + value.n;
        if (max > 0 && bytes > max) {
            rc = alc_fail(err, ALC_LIMIT, "the state of %s is over %zu bytes", id, max);
            break;
        }
        alc_jw_obj(w);
        alc_jw_key(w, "key");
        alc_jw_base64(w, key);
        alc_jw_key(w, "value");
        alc_jw_base64(w, value);
        alc_jw_end(w);
    }
    alc_rows_end(&r);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

enum alc_rc lnet_read_state(struct lnet_chain *c, const char *id, struct alc_bytes prefix,
                            const struct lnet_page *page, struct alc_buf *out,
                            struct lnet_block_ref *at, struct alc_err *err)
{
    struct alc_buf last = ALC_BUF(LNET_DOC_MAX_BYTES);
    struct alc_jw w = {.out = out};
    struct lnet_account a;
    enum alc_rc rc;
    begin(c, at);
    rc = lnet_account_get(c, id, &a, err);
    if (rc == ALC_OK) {
        alc_jw_arr(&w);
        rc = put_state(c, id, prefix, page != NULL ? page : &whole, &last, &w, err);
        if (last.failed && rc == ALC_OK) rc = ALC_NOMEM;
        alc_jw_end(&w);
    }
    lnet_give(c);
    alc_buf_fini(&last);
    return rc;
}

/* ---- views ---- */

/* A view acts as the contract itself, signed by a key of 32 zero bytes. */
static void view_context(struct lnet_chain *c, struct nearvm_call *call,
                         const struct lnet_account *a, struct alc_bytes id)
{
    static const uint8_t key[33], seed[32];
    call->account_balance = a->amount;
    call->account_locked = a->locked;
    call->storage_usage_bytes = a->usage_bytes;
    call->contract = a->contract;
    call->contract_hash = a->code;
    call->contract_account = alc_near_id_bytes(&a->code_owner);
    call->current_id = call->signer_id = call->predecessor_id = id;
    call->signer_key = (struct alc_bytes){key, sizeof key};
    call->random_seed = (struct alc_bytes){seed, sizeof seed};
    call->chain_id = alc_cstr(c->chain_id);
    call->prepaid_gas = LNET_VIEW_GAS_MAX;
    call->block_height = c->head.ref.height;
    call->block_time_ns = c->head.ref.timestamp_ns;
    call->epoch_height = c->head.ref.height / LNET_EPOCH_BLOCKS;
    call->view = true;
}

static enum alc_rc take_view(struct lnet_view *out, const struct nearvm_outcome *o,
                             struct alc_err *err)
{
    struct alc_jw w = {.out = &out->logs};
    out->gas_burnt = o->burnt_gas;
    alc_jw_arr(&w);
    for (size_t i = 0; i < o->logs_count; i++)
        alc_jw_str(&w, o->logs[i]);
    alc_jw_end(&w);
    if (o->end == NEARVM_OK) {
        if (o->returned == NEARVM_RETURN_VALUE) alc_buf_put_bytes(&out->result, o->value);
        return out->result.failed || out->logs.failed ? ALC_NOMEM : ALC_OK;
    }
    alc_buf_put_text(&out->error, "wasm execution failed with error: ");
    alc_buf_put_bytes(&out->error, o->error_debug);
    alc_buf_put_bytes(&out->error_json, o->error_json);
    return alc_fail(err, ALC_TRAP, "%s", alc_buf_text(&out->error));
}

enum alc_rc lnet_read_view(struct lnet_chain *c, const char *id, struct alc_bytes method,
                           struct alc_bytes args, struct lnet_view *out, struct alc_err *err)
{
    struct lnet_call_ctx x = {.c = c, .id = id, .value = ALC_BUF(LNET_DOC_MAX_BYTES), .err = err};
    struct nearvm_state state = lnet_call_state(&x);
    struct nearvm_call call = {.method = method, .args = args};
    struct nearvm_outcome o = {0};
    struct lnet_account a;
    enum alc_rc rc;
    begin(c, &out->at);
    rc = lnet_account_get(c, id, &a, err);
    if (rc != ALC_OK) goto out;
    x.height = c->head.ref.height;
    view_context(c, &call, &a, alc_cstr(id));
    rc = lnet_contract_get(c, &a, &call.code, &call.code_hash, err);
    if (rc != ALC_OK && rc != ALC_NOT_FOUND) goto out; /* without code the VM says so itself */
    rc = nearvm_run(c->vm, &call, &state, &o, err);
    if (x.rc != ALC_OK) rc = x.rc;
    if (rc == ALC_OK) rc = take_view(out, &o, err);
    nearvm_outcome_free(&o);
out:
    lnet_give(c);
    alc_buf_fini(&x.value);
    return rc;
}

enum alc_rc lnet_read_runtime_config(struct lnet_chain *c, struct alc_buf *out, struct alc_err *err)
{
    alc_buf_put_bytes(out, nearvm_config_json(c->vm));
    return out->failed ? alc_fail(err, ALC_NOMEM, "no memory for the runtime config") : ALC_OK;
}
