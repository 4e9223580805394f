/* Borsh of transactions and actions.
 *
 *   SignedTransaction = Transaction ‖ signature
 *   Transaction V0    = signer_id String | public_key | nonce u64 | receiver_id String |
 *                       block_hash [32] | actions Vec<Action>
 *   Transaction V1    = 01 | signer_id | public_key | tag u8: 0 nonce u64, 1 nonce u64 and
 *                       index u16 | receiver_id | block_hash | actions | nonce_mode u8
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
