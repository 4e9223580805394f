/* Reading the borsh of transactions and actions, whose forms tx.c describes.  It comes from
 * anybody: counts are bounded by the bytes that are there, and a failure names its field. */
#include "near/near.h"

#include <string.h>

#include "base/utf8.h"

struct rd {
    struct alc_cur c;
    struct alc_arena *arena;
    enum alc_rc rc;   /* of the first failure */
    const char *what; /* the field it happened in */
    bool any_count;   /* actions over the limit are counted, not refused */
};

static bool no(struct rd *r, enum alc_rc rc, const char *what)
{
    if (r->rc == ALC_OK) {
        r->rc = rc;
        r->what = what;
    }
    return false;
}

static bool need(struct rd *r, bool read, const char *what)
{
    return read || no(r, ALC_BAD_INPUT, what);
}

static bool get_vec(struct rd *r, struct alc_bytes *out, const char *what)
{
    return need(r, alc_borsh_bytes(&r->c, UINT32_MAX, out), what);
}

static bool get_string(struct rd *r, struct alc_bytes *out, const char *what)
{
    return get_vec(r, out, what) && need(r, alc_utf8_good(*out) == out->n, what);
}

static bool get_tag(struct rd *r, uint8_t *out, uint8_t last, const char *what)
{
    return need(r, alc_cur_u8(&r->c, out) && *out <= last, what);
}

static bool get_key(struct rd *r, struct alc_near_key *out)
{
    return need(r, alc_near_key_take(&r->c, out), "public_key");
}

static bool get_sig(struct rd *r, struct alc_near_sig *out)
{
    struct alc_bytes raw;

    *out = (struct alc_near_sig){0};
    if (!need(r,
              alc_cur_u8(&r->c, &out->curve) && out->curve <= ALC_NEAR_ML_DSA_65 &&
                  alc_cur_take(&r->c, alc_near_sig_raw(out).n, &raw),
              "signature"))
        return false;
    if (out->curve == ALC_NEAR_ML_DSA_65)
        out->full = raw.p;
    else
        memcpy(out->b, raw.p, raw.n);
    /* s of an Ed25519 signature is below 2^253 */
    return need(r, out->curve != ALC_NEAR_ED25519 || (out->b[63] & 0xe0) == 0, "signature");
}

bool alc_near_key_take(struct alc_cur *c, struct alc_near_key *out)
{
    struct alc_cur at = *c;
    struct alc_near_key k = {0};
    struct alc_bytes raw;

    if (!alc_cur_u8(&at, &k.curve) || k.curve > ALC_NEAR_ML_DSA_65 ||
        !alc_cur_take(&at, alc_near_key_bytes(&k), &raw))
        return false;
    if (k.curve == ALC_NEAR_ML_DSA_65)
        k.full = raw.p;
    else
        memcpy(k.b, raw.p, raw.n);
    *c = at;
    *out = k;
    return true;
}

/* get_count bounds a count by what the bytes left could hold before anything is allocated. */
static bool get_count(struct rd *r, uint32_t *out, size_t item_bytes, const char *what)
{
    return need(r, alc_cur_u32le(&r->c, out) && *out <= r->c.n / item_bytes, what);
}

static bool get_array(struct rd *r, void **out, uint32_t count, size_t size)
{
    *out = alc_arena_array(r->arena, count, size);
    return *out != NULL || no(r, ALC_NOMEM, "no memory for a list");
}

static bool get_call_permission(struct rd *r, struct alc_near_access *a)
{
    void *methods;

    if (!need(r, alc_borsh_flag(&r->c, &a->has_allowance), "allowance") ||
        !need(r, !a->has_allowance || alc_cur_u128le(&r->c, &a->allowance), "allowance") ||
        !get_string(r, &a->receiver_id, "receiver_id of a key") ||
        !get_count(r, &a->methods_count, 4, "method_names") ||
        !get_array(r, &methods, a->methods_count, sizeof *a->methods))
        return false;
    a->methods = methods;
    for (uint32_t i = 0; i < a->methods_count; i++)
        if (!get_string(r, &a->methods[i], "method_names")) return false;
    return true;
}

/* AccessKey: nonce u64 | tag u8, then by tag
 *   0 allowance Option<u128>, receiver_id String, method_names Vec<String> | 1 nothing |
 *   2 balance u128, num_nonces u16 and the fields of 0 | 3 balance u128, num_nonces u16 */
static bool get_access(struct rd *r, struct alc_near_access *a)
{
    if (!need(r, alc_cur_u64le(&r->c, &a->nonce), "nonce of a key") ||
        !get_tag(r, &a->permission, ALC_NEAR_GAS_FULL_ACCESS, "permission"))
        return false;
    if (alc_near_is_gas_key(a) &&
        !need(r, alc_cur_u128le(&r->c, &a->gas_balance) && alc_cur_u16le(&r->c, &a->gas_nonces),
              "gas key"))
        return false;
    return !alc_near_is_call_key(a) || get_call_permission(r, a);
}

/* Contract identifier: tag u8: 0 hash [32], 1 account id String */
static bool get_identifier(struct rd *r, struct alc_near_action *a)
{
    if (!get_tag(r, &a->by_account, 1, "contract identifier")) return false;
    if (a->by_account) return get_string(r, &a->account_id, "contract identifier");
    return need(r, alc_cur_hash(&r->c, &a->code_hash), "contract identifier");
}

/* less: a comes before b, byte by byte, a prefix first. */
static bool less(struct alc_bytes a, struct alc_bytes b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n == 0 ? 0 : memcmp(a.p, b.p, n);
    return order < 0 || (order == 0 && a.n < b.n);
}

/* State init: tag u8 = 0 | identifier | map<Vec<u8>, Vec<u8>>, strictly by key | deposit u128 */
static bool get_state_init(struct rd *r, struct alc_near_action *a)
{
    struct alc_bytes before = {0}, key, value;
    const uint8_t *map;
    uint32_t count;
    uint8_t version;

    if (!get_tag(r, &version, 0, "state init version") || !get_identifier(r, a)) return false;
    map = r->c.p;
    if (!get_count(r, &count, 8, "state init data")) return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!get_vec(r, &key, "state init data") || !get_vec(r, &value, "state init data") ||
            !need(r, i == 0 || less(before, key), "state init data"))
            return false;
        before = key;
    }
    a->data = (struct alc_bytes){map, (size_t)(r->c.p - map)};
    return need(r, alc_cur_u128le(&r->c, &a->amount), "deposit");
}

static bool get_actions(struct rd *r, struct alc_near_action **out, uint32_t *count, bool nested);

/* Signed delegate: sender_id, receiver_id Strings | actions | nonce u64 | max_block_height u64 |
 * public_key | signature */
static bool get_delegate(struct rd *r, struct alc_near_action *a)
{
    struct alc_near_delegate *d = alc_arena_alloc(r->arena, sizeof *d);

    if (d == NULL) return no(r, ALC_NOMEM, "no memory for a delegate");
    a->delegate = d;
    return get_string(r, &d->sender_id, "sender_id") &&
           get_string(r, &d->receiver_id, "receiver_id of a delegate") &&
           get_actions(r, &d->actions, &d->actions_count, true) &&
           need(r, alc_cur_u64le(&r->c, &d->nonce) && alc_cur_u64le(&r->c, &d->max_block_height),
                "nonce of a delegate") &&
           get_key(r, &d->key) && get_sig(r, &d->sig);
}

/* Signed delegate V2: version u8 = 0, then as above, but the nonce is that of a V1 transaction.
 * The network refuses these since protocol 87, so only their extent is of use: they stay raw. */
static bool get_delegate_v2(struct rd *r, struct alc_near_action *a)
{
    const uint8_t *start = r->c.p;
    struct alc_near_action *actions;
    struct alc_near_key key;
    struct alc_near_sig sig;
    struct alc_bytes id;
    uint32_t count;
    uint64_t number;
    uint16_t index;
    uint8_t tag;

    if (!get_tag(r, &tag, 0, "delegate version") || !get_string(r, &id, "sender_id") ||
        !get_string(r, &id, "receiver_id of a delegate") ||
        !get_actions(r, &actions, &count, true) || !get_tag(r, &tag, 1, "nonce of a delegate") ||
        !need(r, alc_cur_u64le(&r->c, &number), "nonce of a delegate") ||
        !need(r, tag == 0 || alc_cur_u16le(&r->c, &index), "nonce of a delegate") ||
        !need(r, alc_cur_u64le(&r->c, &number), "max_block_height") || !get_key(r, &key) ||
        !get_sig(r, &sig))
        return false;
    a->data = (struct alc_bytes){start, (size_t)(r->c.p - start)};
    return true;
}

static bool get_action(struct rd *r, struct alc_near_action *a, bool nested)
{
    if (!get_tag(r, &a->kind, ALC_NEAR_UNIVERSAL_INIT, "kind of an action")) return false;
    switch ((enum alc_near_action_kind)a->kind) {
    case ALC_NEAR_CREATE_ACCOUNT:
        return true;
    case ALC_NEAR_DEPLOY:
        return get_vec(r, &a->data, "code");
    case ALC_NEAR_CALL:
        return get_string(r, &a->method, "method_name") && get_vec(r, &a->data, "args") &&
               need(r, alc_cur_u64le(&r->c, &a->gas), "gas") &&
               need(r, alc_cur_u128le(&r->c, &a->amount), "deposit");
    case ALC_NEAR_TRANSFER:
        return need(r, alc_cur_u128le(&r->c, &a->amount), "deposit");
    case ALC_NEAR_STAKE:
        return need(r, alc_cur_u128le(&r->c, &a->amount), "stake") && get_key(r, &a->key);
    case ALC_NEAR_ADD_KEY:
        return get_key(r, &a->key) && get_access(r, &a->access);
    case ALC_NEAR_DELETE_KEY:
        return get_key(r, &a->key);
    case ALC_NEAR_DELETE_ACCOUNT:
        return get_string(r, &a->account_id, "beneficiary_id");
    case ALC_NEAR_DELEGATE:
        return need(r, !nested, "a delegate within a delegate") && get_delegate(r, a);
    case ALC_NEAR_DEPLOY_GLOBAL:
        return get_vec(r, &a->data, "code") && get_tag(r, &a->by_account, 1, "deploy_mode");
    case ALC_NEAR_USE_GLOBAL:
        return get_identifier(r, a);
    case ALC_NEAR_STATE_INIT:
        return get_state_init(r, a);
    case ALC_NEAR_TRANSFER_GAS_KEY:
    case ALC_NEAR_WITHDRAW_GAS_KEY:
        return get_key(r, &a->key) && need(r, alc_cur_u128le(&r->c, &a->amount), "amount");
    case ALC_NEAR_DELEGATE_V2:
        return need(r, !nested, "a delegate within a delegate") && get_delegate_v2(r, a);
    case ALC_NEAR_UNIVERSAL_INIT:
        return get_vec(r, &a->data, "state_init") &&
               need(r, alc_cur_u128le(&r->c, &a->amount), "deposit");
    }
    return no(r, ALC_BAD_INPUT, "kind of an action");
}

/* More than are kept: read for their extent alone. */
static bool skip_actions(struct rd *r, struct alc_near_action **out, uint32_t count, bool nested)
{
    for (uint32_t i = 0; i < count; i++) {
        struct alc_near_action a = {0};
        if (!get_action(r, &a, nested)) return false;
    }
    *out = NULL;
    return true;
}

static bool get_actions(struct rd *r, struct alc_near_action **out, uint32_t *count, bool nested)
{
    void *actions;

    if (!get_count(r, count, 1, "actions")) return false;
    if (*count > ALC_NEAR_ACTIONS_MAX && r->any_count) return skip_actions(r, out, *count, nested);
    if (*count > ALC_NEAR_ACTIONS_MAX) return no(r, ALC_LIMIT, "more than 100 actions");
    if (!get_array(r, &actions, *count, sizeof **out)) return false;
    *out = actions;
    for (uint32_t i = 0; i < *count; i++)
        if (!get_action(r, &(*out)[i], nested)) return false;
    return true;
}

bool alc_near_action_read(struct alc_cur *c, struct alc_near_action *out, struct alc_arena *arena)
{
    struct rd r = {.c = *c, .arena = arena, .rc = ALC_OK};
    struct alc_near_action a = {0};

    if (!get_action(&r, &a, false)) return false;
    *c = r.c;
    *out = a;
    return true;
}

static bool get_tx(struct rd *r, struct alc_near_tx *tx)
{
    uint8_t tag = 0;

    if (!need(r, r->c.n >= 2, "version")) return false;
    tx->version = r->c.p[1] != 0;
    if (tx->version == 1 && !need(r, alc_cur_u8(&r->c, &tag) && tag == 1, "version")) return false;
    if (!get_string(r, &tx->signer_id, "signer_id") || !get_key(r, &tx->key)) return false;
    if (tx->version == 1) {
        if (!get_tag(r, &tag, 1, "nonce")) return false;
        tx->gas_key_nonce = tag == 1;
    }
    if (!need(r, alc_cur_u64le(&r->c, &tx->nonce), "nonce") ||
        !need(r, !tx->gas_key_nonce || alc_cur_u16le(&r->c, &tx->nonce_index), "nonce") ||
        !get_string(r, &tx->receiver_id, "receiver_id") ||
        !need(r, alc_cur_hash(&r->c, &tx->block_hash), "block_hash") ||
        !get_actions(r, &tx->actions, &tx->actions_count, false))
        return false;
    return tx->version == 0 || get_tag(r, &tx->nonce_mode, 1, "nonce_mode");
}

static enum alc_rc read_signed(struct alc_near_signed *out, struct alc_bytes in, bool any_count,
                               struct alc_arena *arena, struct alc_err *err)
{
    struct rd r = {.c = alc_cur(in), .arena = arena, .rc = ALC_OK, .any_count = any_count};
    struct alc_near_signed s = {0};

    if (get_tx(&r, &s.tx)) {
        alc_sha256(&s.hash, (struct alc_bytes){in.p, in.n - r.c.n});
        if (get_sig(&r, &s.sig)) need(&r, r.c.n == 0, "bytes left over");
    }
    if (r.rc != ALC_OK)
        return alc_fail(err, r.rc, "not a signed transaction: %s, at byte %zu of %zu", r.what,
                        in.n - r.c.n, in.n);
    *out = s;
    return ALC_OK;
}

enum alc_rc alc_near_tx_read(struct alc_near_signed *out, struct alc_bytes in,
                             struct alc_arena *arena, struct alc_err *err)
{
    if (in.n > ALC_NEAR_TX_MAX_BYTES)
        return alc_fail(err, ALC_LIMIT, "transaction of %zu bytes, at most %u", in.n,
                        ALC_NEAR_TX_MAX_BYTES);
    return read_signed(out, in, false, arena, err);
}

enum alc_rc alc_near_tx_read_any(struct alc_near_signed *out, struct alc_bytes in,
                                 struct alc_arena *arena, struct alc_err *err)
{
    return read_signed(out, in, true, arena, err);
}
