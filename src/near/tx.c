/* Borsh of transactions and actions.
 *
 *   SignedTransaction = Transaction ‖ signature
 *   Transaction V0    = signer_id String | public_key | nonce u64 | receiver_id String |
 *                       block_hash [32] | actions Vec<Action>
 *   Transaction V1    = 01 | signer_id | public_key | tag u8: 0 nonce u64, 1 nonce u64 and index
 * u16 | receiver_id | block_hash | actions | nonce_mode u8
 *   public_key        = tag u8 | [32], [64] or [1952];  signature = tag u8 | [64], [65] or [3309]
 *
 * V0 begins with the u32 length of an account id, so its second byte is 0; in V1 that byte is the
 * low byte of such a length and is not.
 *
 * What is read is what is written back: whoever signs or hashes goes through one writer, which
 * feeds either a buffer or a hash. */
#include "near/near.h"

#include <assert.h>
#include <string.h>

#define DELEGATE_PREFIX ((1u << 30) + 366u) /* NEP-461: no transaction begins like this */

/* ---- reading ---- */

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

/* continuation reads the n bytes 10xxxxxx after a UTF-8 lead byte. */
static bool continuation(const uint8_t *p, size_t left, size_t n, uint32_t *code)
{
    if (left <= n) return false;
    for (size_t i = 1; i <= n; i++) {
        if ((p[i] & 0xc0) != 0x80) return false;
        *code = *code << 6 | (p[i] & 0x3fu);
    }
    return true;
}

static bool is_utf8(struct alc_bytes s)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000}; /* shorter forms are not allowed */
    size_t more;

    for (size_t i = 0; i < s.n; i += more + 1) {
        uint32_t code;
        uint8_t b = s.p[i];
        if (b < 0x80) {
            more = 0;
            continue;
        }
        if ((b & 0xe0) == 0xc0) {
            more = 1;
            code = b & 0x1fu;
        } else if ((b & 0xf0) == 0xe0) {
            more = 2;
            code = b & 0x0fu;
        } else if ((b & 0xf8) == 0xf0) {
            more = 3;
            code = b & 0x07u;
        } else {
            return false;
        }
        if (!continuation(s.p + i, s.n - i, more, &code)) return false;
        if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
            return false;
    }
    return true;
}

static bool get_vec(struct rd *r, struct alc_bytes *out, const char *what)
{
    return need(r, alc_borsh_bytes(&r->c, UINT32_MAX, out), what);
}

static bool get_string(struct rd *r, struct alc_bytes *out, const char *what)
{
    return get_vec(r, out, what) && need(r, is_utf8(*out), what);
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

/* ---- writing ---- */

/* A buffer or a hash; the other is NULL. */
struct sink {
    struct alc_buf *buf;
    struct alc_sha256 *sha;
};

static void put(const struct sink *w, const void *p, size_t n)
{
    if (w->buf != NULL) alc_buf_put(w->buf, p, n);
    if (w->sha != NULL) alc_sha256_update(w->sha, (struct alc_bytes){p, n});
}

static void put_uint(const struct sink *w, size_t width, uint64_t v)
{
    uint8_t b[8];
    for (size_t i = 0; i < width; i++)
        b[i] = (uint8_t)(v >> (8 * i));
    put(w, b, width);
}

static void put_u128(const struct sink *w, __uint128_t v)
{
    put_uint(w, 8, (uint64_t)v);
    put_uint(w, 8, (uint64_t)(v >> 64));
}

static void put_vec(const struct sink *w, struct alc_bytes b)
{
    assert(b.n <= UINT32_MAX); /* callers hold no such thing: a transaction has 1.5 MB */
    put_uint(w, 4, b.n);
    put(w, b.p, b.n);
}

static void put_key(const struct sink *w, const struct alc_near_key *k)
{
    struct alc_bytes raw = alc_near_key_raw(k);
    put_uint(w, 1, k->curve);
    put(w, raw.p, raw.n);
}

static void put_sig(const struct sink *w, const struct alc_near_sig *s)
{
    struct alc_bytes raw = alc_near_sig_raw(s);
    put_uint(w, 1, s->curve);
    put(w, raw.p, raw.n);
}

static void put_access(const struct sink *w, const struct alc_near_access *a)
{
    put_uint(w, 8, a->nonce);
    put_uint(w, 1, a->permission);
    if (alc_near_is_gas_key(a)) {
        put_u128(w, a->gas_balance);
        put_uint(w, 2, a->gas_nonces);
    }
    if (!alc_near_is_call_key(a)) return;
    put_uint(w, 1, a->has_allowance);
    if (a->has_allowance) put_u128(w, a->allowance);
    put_vec(w, a->receiver_id);
    put_uint(w, 4, a->methods_count);
    for (uint32_t i = 0; i < a->methods_count; i++)
        put_vec(w, a->methods[i]);
}

static void put_identifier(const struct sink *w, const struct alc_near_action *a)
{
    put_uint(w, 1, a->by_account);
    if (a->by_account)
        put_vec(w, a->account_id);
    else
        put(w, a->code_hash.b, sizeof a->code_hash.b);
}

static void put_action(const struct sink *w, const struct alc_near_action *a);

static void put_actions(const struct sink *w, const struct alc_near_action *actions, uint32_t count)
{
    put_uint(w, 4, count);
    for (uint32_t i = 0; i < count; i++)
        put_action(w, &actions[i]);
}

static void put_delegate(const struct sink *w, const struct alc_near_delegate *d)
{
    put_vec(w, d->sender_id);
    put_vec(w, d->receiver_id);
    put_actions(w, d->actions, d->actions_count);
    put_uint(w, 8, d->nonce);
    put_uint(w, 8, d->max_block_height);
    put_key(w, &d->key);
}

static void put_action(const struct sink *w, const struct alc_near_action *a)
{
    put_uint(w, 1, a->kind);
    switch ((enum alc_near_action_kind)a->kind) {
    case ALC_NEAR_CREATE_ACCOUNT:
        break;
    case ALC_NEAR_DEPLOY:
        put_vec(w, a->data);
        break;
    case ALC_NEAR_CALL:
        put_vec(w, a->method);
        put_vec(w, a->data);
        put_uint(w, 8, a->gas);
        put_u128(w, a->amount);
        break;
    case ALC_NEAR_TRANSFER:
        put_u128(w, a->amount);
        break;
    case ALC_NEAR_STAKE:
        put_u128(w, a->amount);
        put_key(w, &a->key);
        break;
    case ALC_NEAR_ADD_KEY:
        put_key(w, &a->key);
        put_access(w, &a->access);
        break;
    case ALC_NEAR_DELETE_KEY:
        put_key(w, &a->key);
        break;
    case ALC_NEAR_DELETE_ACCOUNT:
        put_vec(w, a->account_id);
        break;
    case ALC_NEAR_DELEGATE:
        put_delegate(w, a->delegate);
        put_sig(w, &a->delegate->sig);
        break;
    case ALC_NEAR_DEPLOY_GLOBAL:
        put_vec(w, a->data);
        put_uint(w, 1, a->by_account);
        break;
    case ALC_NEAR_USE_GLOBAL:
        put_identifier(w, a);
        break;
    case ALC_NEAR_STATE_INIT:
        put_uint(w, 1, 0); /* version */
        put_identifier(w, a);
        if (a->data.n > 0)
            put(w, a->data.p, a->data.n);
        else
            put_uint(w, 4, 0);
        put_u128(w, a->amount);
        break;
    case ALC_NEAR_TRANSFER_GAS_KEY:
    case ALC_NEAR_WITHDRAW_GAS_KEY:
        put_key(w, &a->key);
        put_u128(w, a->amount);
        break;
    case ALC_NEAR_DELEGATE_V2:
        put(w, a->data.p, a->data.n);
        break;
    case ALC_NEAR_UNIVERSAL_INIT:
        put_vec(w, a->data);
        put_u128(w, a->amount);
        break;
    }
}

static void put_tx(const struct sink *w, const struct alc_near_tx *tx)
{
    if (tx->version == 1) put_uint(w, 1, 1);
    put_vec(w, tx->signer_id);
    put_key(w, &tx->key);
    if (tx->version == 1) put_uint(w, 1, tx->gas_key_nonce);
    put_uint(w, 8, tx->nonce);
    if (tx->version == 1 && tx->gas_key_nonce) put_uint(w, 2, tx->nonce_index);
    put_vec(w, tx->receiver_id);
    put(w, tx->block_hash.b, sizeof tx->block_hash.b);
    put_actions(w, tx->actions, tx->actions_count);
    if (tx->version == 1) put_uint(w, 1, tx->nonce_mode);
}

void alc_near_tx_write(struct alc_buf *out, const struct alc_near_tx *tx)
{
    put_tx(&(struct sink){.buf = out}, tx);
}

void alc_near_action_write(struct alc_buf *out, const struct alc_near_action *a)
{
    put_action(&(struct sink){.buf = out}, a);
}

void alc_near_key_write(struct alc_buf *out, const struct alc_near_key *k)
{
    put_key(&(struct sink){.buf = out}, k);
}

void alc_near_delegate_hash(struct alc_hash *out, const struct alc_near_delegate *d)
{
    struct alc_sha256 sha;
    struct sink w = {.sha = &sha};

    alc_sha256_init(&sha);
    put_uint(&w, 4, DELEGATE_PREFIX);
    put_delegate(&w, d);
    alc_sha256_final(&sha, out);
}

enum alc_rc alc_near_tx_sign(struct alc_buf *out, struct alc_hash *hash,
                             const struct alc_near_tx *tx, const struct alc_ed25519 *k)
{
    struct alc_near_key key = alc_near_key_of(k);
    struct alc_near_sig sig = {.curve = ALC_NEAR_ED25519};
    struct sink w = {.buf = out};
    struct alc_sha256 sha;
    struct alc_hash h;

    assert(alc_near_key_eq(&tx->key, &key));
    (void)key; /* without assertions */
    alc_sha256_init(&sha);
    put_tx(&(struct sink){.sha = &sha}, tx);
    alc_sha256_final(&sha, &h);
    alc_ed25519_sign(sig.b, k, alc_hash_bytes(&h));
    put_tx(&w, tx);
    put_sig(&w, &sig);
    if (out->failed) return ALC_NOMEM;
    *hash = h;
    return ALC_OK;
}
