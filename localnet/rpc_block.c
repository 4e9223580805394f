/* localnet/rpc_block.c — block, chunk, gas_price, and what a block changed. */
#include <inttypes.h>

#include "base/json.h"
#include "localnet/rpc_call.h"

bool lnet_do_block(struct lnet_call *c)
{
    struct alc_err err = {0};
    struct lnet_ref ref;
    enum alc_rc rc = lnet_params_ref(&ref, c->params, false, &err);

    if (rc != ALC_OK) return lnet_fail_params(c, rc, &err);
    rc = lnet_read_block(c->chain, &ref.id, c->out, NULL, &err);
    if (rc == ALC_NOT_FOUND) return lnet_fail_block(c, &ref, false);
    return rc == ALC_OK || lnet_fail_internal(c, rc, &err);
}

bool lnet_do_chunk(struct lnet_call *c)
{
    struct alc_err err = {0};
    struct lnet_block_ref at;
    struct lnet_chunk_ref ref;
    enum alc_rc rc = lnet_params_chunk(&ref, c->params, &err);
    struct alc_jw info = {.out = &c->error.info};

    if (rc != ALC_OK) return lnet_fail_params(c, rc, &err);
    if (ref.by_hash) {
        rc = lnet_read_by_chunk(c->chain, &ref.hash, c->out, &err);
        if (rc == ALC_NOT_FOUND)
            return lnet_fail_hash(c, LNET_UNKNOWN_CHUNK, "chunk_hash", &ref.hash);
        return rc == ALC_OK || lnet_fail_internal(c, rc, &err);
    }
    rc = lnet_read_block_ref(c->chain, &ref.block.id, &at, NULL, &err);
    if (rc == ALC_OK && ref.shard_id != 0) {
        alc_jw_obj(&info);
        alc_jw_key(&info, "shard_id");
        alc_jw_u64(&info, ref.shard_id);
        alc_jw_end(&info);
        return lnet_fail(c, LNET_INVALID_SHARD_ID, "Shard id %" PRIu64 " does not exist",
                         ref.shard_id);
    }
    if (rc == ALC_OK) rc = lnet_read_chunk(c->chain, &ref.block.id, c->out, NULL, &err);
    if (rc == ALC_NOT_FOUND) return lnet_fail_block(c, &ref.block, false);
    return rc == ALC_OK || lnet_fail_internal(c, rc, &err);
}

bool lnet_do_gas_price(struct lnet_call *c)
{
    struct alc_err err = {0};
    struct alc_jw w = {.out = c->out};
    struct lnet_block_ref at;
    struct lnet_ref ref;
    __uint128_t price = 0;
    enum alc_rc rc = lnet_params_ref(&ref, c->params, true, &err);

    if (rc != ALC_OK) return lnet_fail_params(c, rc, &err);
    rc = lnet_read_block_ref(c->chain, &ref.id, &at, &price, &err);
    if (rc == ALC_NOT_FOUND) return lnet_fail_block(c, &ref, false);
    if (rc != ALC_OK) return lnet_fail_internal(c, rc, &err);
    alc_jw_obj(&w);
    alc_jw_key(&w, "gas_price");
    alc_jw_u128_str(&w, price);
    alc_jw_end(&w);
    return true;
}

/* The changes of a block as a document; *list is closed by the caller. */
static bool open_changes(struct lnet_call *c, const struct lnet_ref *ref, struct alc_json **list,
                         struct lnet_block_ref *at)
{
    struct alc_buf text = ALC_BUF(LNET_RPC_ANSWER_MAX_BYTES);
    struct alc_err err = {0};
    enum alc_rc rc = lnet_read_changes(c->chain, &ref->id, &text, at, &err);
    bool known = rc != ALC_NOT_FOUND;

    if (rc == ALC_OK)
        rc = alc_json_open(list, alc_buf_bytes(&text), LNET_RPC_ANSWER_MAX_BYTES, &err);
    alc_buf_fini(&text);
    if (rc == ALC_OK) return true;
    if (known) return lnet_fail_internal(c, rc, &err);
    (void)lnet_fail_block(c, ref, false);
    return lnet_fail_twice(c, LNET_UNKNOWN_BLOCK);
}

static void begin_changes(struct alc_jw *w, const struct lnet_block_ref *at)
{
    alc_jw_obj(w);
    alc_jw_key(w, "block_hash");
    alc_jw_base58(w, alc_hash_bytes(&at->hash));
    alc_jw_key(w, "changes");
    alc_jw_arr(w);
}

bool lnet_do_changes(struct lnet_call *c)
{
    struct alc_err err = {0};
    struct alc_jw w = {.out = c->out};
    struct alc_buf one = ALC_BUF(LNET_RPC_ANSWER_MAX_BYTES);
    struct lnet_changes_ref ref;
    struct lnet_block_ref at;
    struct alc_json *list = NULL;
    enum alc_rc rc = lnet_params_changes(&ref, c->params, c->arena, &err);

    if (rc != ALC_OK) return lnet_fail_params(c, rc, &err);
    if (!open_changes(c, &ref.at, &list, &at)) return false;
    begin_changes(&w, &at);
    for (size_t i = 0; i < alc_json_count(list); i++) {
        const struct alc_json *change = alc_json_at(list, i);
        if (!lnet_changes_has(&ref, change)) continue;
        alc_buf_reset(&one);
        alc_json_dump(change, &one);
        alc_jw_raw(&w, alc_buf_bytes(&one));
    }
    alc_jw_end(&w);
    alc_jw_end(&w);
    if (one.failed) c->out->failed = true;
    alc_buf_fini(&one);
    alc_json_close(list);
    return true;
}

/* account_update and account_deletion touch the account, and so on. */
static const char *touch_of(struct alc_bytes type)
{
    static const struct {
        const char *begin, *touch;
    } kinds[] = {{"account_", "account_touched"},
                 {"access_key_", "access_key_touched"},
                 {"data_", "data_touched"},
                 {"contract_code_", "contract_code_touched"}};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct alc_bytes begin = alc_cstr(kinds[i].begin);
        if (type.n > begin.n && alc_bytes_eq((struct alc_bytes){type.p, begin.n}, begin))
            return kinds[i].touch;
    }
    return NULL;
}

/* The touch of the i-th change and its account; false for a change of no kind that is shown. */
static bool touch_at(const struct alc_json *list, size_t i, const char **touch,
                     struct alc_bytes *account)
{
    const struct alc_json *change = alc_json_at(list, i);
    struct alc_bytes type;

    if (!alc_json_str(alc_json_get(change, "type"), &type)) return false;
    *touch = touch_of(type);
    return *touch != NULL &&
           alc_json_str(alc_json_get(alc_json_get(change, "change"), "account_id"), account);
}

/* Each account and kind is told once; a block of this chain changes few, so a scan will do. */
static bool told_before(const struct alc_json *list, size_t end, const char *touch,
                        struct alc_bytes account)
{
    const char *before;
    struct alc_bytes whose;

    for (size_t i = 0; i < end; i++)
        if (touch_at(list, i, &before, &whose) && before == touch && alc_bytes_eq(whose, account))
            return true;
    return false;
}

bool lnet_do_block_effects(struct lnet_call *c)
{
    struct alc_err err = {0};
    struct alc_jw w = {.out = c->out};
    struct lnet_ref ref;
    struct lnet_block_ref at;
    struct alc_json *list = NULL;
    enum alc_rc rc = lnet_params_ref(&ref, c->params, false, &err);

    if (rc != ALC_OK) return lnet_fail_params(c, rc, &err);
    if (!open_changes(c, &ref, &list, &at)) return false;
    begin_changes(&w, &at);
    for (size_t i = 0; i < alc_json_count(list); i++) {
        struct alc_bytes account;
        const char *touch;
        if (!touch_at(list, i, &touch, &account) || told_before(list, i, touch, account)) continue;
        alc_jw_obj(&w);
        alc_jw_key(&w, "type");
        alc_jw_text(&w, touch);
        alc_jw_key(&w, "account_id");
        alc_jw_str(&w, account);
        alc_jw_end(&w);
    }
    alc_jw_end(&w);
    alc_jw_end(&w);
    alc_json_close(list);
    return true;
}
