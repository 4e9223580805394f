/* localnet/fees.c — gas and tokens of actions, from NEAR's parameter table (near.md 4 and 5.1).
 *
 * Single fees are at most a few Tgas plus some Ggas per byte of a transaction that fits 1.5 MB, so
 * one action's fee fits 64 bits by far; sums over foreign numbers (attached gas, deposits) report
 * overflow. */
#include "localnet/node.h"

/* Lengths that gas keys are priced by (near-parameters, functions gas_key_*): a key's place in the
 * state is a column byte, the account id, a separator and the borsh of the key; a nonce adds its
 * index, and is 8 bytes long itself. */
#define PLACE_BYTES 2u
#define NONCE_INDEX_BYTES 2u
#define NONCE_BYTES 8u
#define GAS_INFO_BYTES 18u  /* balance u128, num_nonces u16 */
#define GAS_VALUE_BYTES 27u /* the least access key with them: nonce u64, tag u8 */

enum fee_side { SEND_SIR, SEND, EXEC };

static uint64_t fee(const struct nearvm_fees *f, enum nearvm_cost cost, enum fee_side side)
{
    const struct nearvm_fee *x = &f->action[cost];
    switch (side) {
    case SEND_SIR:
        return x->send_sir;
    case SEND:
        return x->send_not_sir;
    case EXEC:
        break;
    }
    return x->exec;
}

static uint64_t names_bytes(const struct alc_near_access *a)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < a->methods_count; i++)
        n += a->methods[i].n + 1;
    return n;
}

/* Paying an implicit account costs as if it were made, whether it exists or not. */
static uint64_t transfer_fee(const struct nearvm_fees *f, enum fee_side side,
                             struct alc_bytes receiver)
{
    uint64_t gas = fee(f, NEARVM_TRANSFER, side);
    enum lnet_id_kind kind = lnet_id_kind(receiver);
    if (kind != LNET_NAMED) gas += fee(f, NEARVM_CREATE_ACCOUNT, side);
    if (kind == LNET_IMPLICIT_NEAR) gas += fee(f, NEARVM_ADD_FULL_KEY, side);
    return gas;
}

/* As it is stored.  (Gas keys, the only ones priced by length, are never ML-DSA-65 here.) */
static uint64_t key_borsh_bytes(const struct alc_near_key *k)
{
    return 1 + (k->curve == ALC_NEAR_ML_DSA_65 ? sizeof(struct alc_hash) : alc_near_key_bytes(k));
}

static uint64_t add_key_fee(const struct nearvm_fees *f, const struct alc_near_action *a,
                            enum fee_side side, struct alc_bytes receiver)
{
    const struct alc_near_access *k = &a->access;
    uint64_t place = PLACE_BYTES + receiver.n + key_borsh_bytes(&a->key);
    uint64_t gas = alc_near_is_call_key(k)
                       ? fee(f, NEARVM_ADD_CALL_KEY_BASE, side) +
                             fee(f, NEARVM_ADD_CALL_KEY_BYTE, side) * names_bytes(k)
                       : fee(f, NEARVM_ADD_FULL_KEY, side);
    if (!alc_near_is_gas_key(k)) return gas;
    if (side != EXEC) return gas + fee(f, NEARVM_GAS_KEY_BYTE, side) * GAS_INFO_BYTES;
    return gas + k->gas_nonces * (fee(f, NEARVM_GAS_KEY_NONCE_WRITE, EXEC) +
                                  fee(f, NEARVM_GAS_KEY_BYTE, EXEC) *
                                      (place + NONCE_INDEX_BYTES + NONCE_BYTES));
}

/* Money in or out of a gas key: sent it is the key, executed it is the key's row read and written.
 */
static uint64_t gas_transfer_fee(const struct nearvm_fees *f, const struct alc_near_key *key,
                                 enum fee_side side, struct alc_bytes receiver)
{
    uint64_t bytes = key_borsh_bytes(key);
    if (side == EXEC) bytes += PLACE_BYTES + receiver.n + GAS_VALUE_BYTES;
    return fee(f, NEARVM_GAS_KEY_TRANSFER_BASE, side) + fee(f, NEARVM_GAS_KEY_BYTE, side) * bytes;
}

/* One action by itself; of a delegate its own base alone. */
static uint64_t one_fee(const struct nearvm_fees *f, const struct alc_near_action *a,
                        enum fee_side side, struct alc_bytes receiver)
{
    switch ((enum alc_near_action_kind)a->kind) {
    case ALC_NEAR_CREATE_ACCOUNT:
        return fee(f, NEARVM_CREATE_ACCOUNT, side);
    case ALC_NEAR_DEPLOY:
        return fee(f, NEARVM_DEPLOY_BASE, side) + fee(f, NEARVM_DEPLOY_BYTE, side) * a->data.n;
    case ALC_NEAR_CALL:
        return fee(f, NEARVM_CALL_BASE, side) +
               fee(f, NEARVM_CALL_BYTE, side) * (a->method.n + a->data.n);
    case ALC_NEAR_TRANSFER:
        return transfer_fee(f, side, receiver);
    case ALC_NEAR_STAKE:
        return fee(f, NEARVM_STAKE, side);
    case ALC_NEAR_ADD_KEY:
        return add_key_fee(f, a, side, receiver);
    case ALC_NEAR_DELETE_KEY:
        return fee(f, NEARVM_DELETE_KEY, side);
    case ALC_NEAR_DELETE_ACCOUNT:
        return fee(f, NEARVM_DELETE_ACCOUNT, side);
    case ALC_NEAR_DELEGATE:
        return fee(f, NEARVM_DELEGATE, side);
    case ALC_NEAR_DEPLOY_GLOBAL:
        return fee(f, NEARVM_DEPLOY_GLOBAL_BASE, side) +
               fee(f, NEARVM_DEPLOY_GLOBAL_BYTE, side) * a->data.n;
    case ALC_NEAR_USE_GLOBAL:
        return fee(f, NEARVM_USE_GLOBAL_BASE, side) +
               fee(f, NEARVM_USE_GLOBAL_BYTE, side) *
                   (a->by_account ? a->account_id.n : sizeof a->code_hash.b);
    case ALC_NEAR_TRANSFER_GAS_KEY:
    case ALC_NEAR_WITHDRAW_GAS_KEY:
        return gas_transfer_fee(f, &a->key, side, receiver);
    case ALC_NEAR_STATE_INIT: /* refused before any fee is asked for */
    case ALC_NEAR_DELEGATE_V2:
    case ALC_NEAR_UNIVERSAL_INIT:
        break;
    }
    return 0;
}

static uint64_t fees(const struct nearvm_fees *f, const struct alc_near_action *actions,
                     uint32_t count, enum fee_side side, struct alc_bytes receiver)
{
    uint64_t gas = 0;
    for (uint32_t i = 0; i < count; i++)
        gas += one_fee(f, &actions[i], side, receiver);
    return gas;
}

uint64_t lnet_fee_send(const struct nearvm_fees *f, const struct alc_near_action *a, bool sir,
                       struct alc_bytes receiver)
{
    enum fee_side side = sir ? SEND_SIR : SEND;
    uint64_t gas = one_fee(f, a, side, receiver);
    if (a->kind == ALC_NEAR_DELEGATE)
        gas += fees(f, a->delegate->actions, a->delegate->actions_count, side,
                    a->delegate->receiver_id);
    return gas;
}

uint64_t lnet_fee_exec(const struct nearvm_fees *f, const struct alc_near_action *a,
                       struct alc_bytes receiver)
{
    return one_fee(f, a, EXEC, receiver);
}

static bool add_gas(uint64_t *sum, uint64_t gas)
{
    return !__builtin_add_overflow(*sum, gas, sum);
}

bool lnet_gas_of(const struct nearvm_fees *f, struct lnet_gas *out,
                 const struct alc_near_action *actions, uint32_t count, bool sir,
                 struct alc_bytes receiver)
{
    struct lnet_gas g = {fee(f, NEARVM_ACTION_RECEIPT, sir ? SEND_SIR : SEND),
                         fee(f, NEARVM_ACTION_RECEIPT, EXEC), 0};
    for (uint32_t i = 0; i < count; i++) {
        const struct alc_near_action *a = &actions[i];
        if (!add_gas(&g.send, lnet_fee_send(f, a, sir, receiver)) ||
            !add_gas(&g.exec, lnet_fee_exec(f, a, receiver)))
            return false;
        if (a->kind == ALC_NEAR_CALL && !add_gas(&g.prepaid, a->gas)) return false;
        if (a->kind != ALC_NEAR_DELEGATE) continue;
        const struct alc_near_delegate *d = a->delegate;
        enum fee_side side = alc_bytes_eq(d->sender_id, d->receiver_id) ? SEND_SIR : SEND;
        if (!add_gas(&g.prepaid, fees(f, d->actions, d->actions_count, side, d->receiver_id)) ||
            !add_gas(&g.exec, fee(f, NEARVM_ACTION_RECEIPT, EXEC)) ||
            !add_gas(&g.exec, fees(f, d->actions, d->actions_count, EXEC, d->receiver_id)))
            return false;
        for (uint32_t k = 0; k < d->actions_count; k++)
            if (d->actions[k].kind == ALC_NEAR_CALL && !add_gas(&g.prepaid, d->actions[k].gas))
                return false;
    }
    *out = g;
    return true;
}

static bool has_deposit(const struct alc_near_action *a)
{
    return a->kind == ALC_NEAR_CALL || a->kind == ALC_NEAR_TRANSFER ||
           a->kind == ALC_NEAR_STATE_INIT || a->kind == ALC_NEAR_UNIVERSAL_INIT ||
           a->kind == ALC_NEAR_TRANSFER_GAS_KEY;
}

bool lnet_deposits_of(const struct alc_near_action *actions, uint32_t count, __uint128_t *out)
{
    __uint128_t sum = 0, inner;
    for (uint32_t i = 0; i < count; i++) {
        const struct alc_near_action *a = &actions[i];
        if (has_deposit(a) && __builtin_add_overflow(sum, a->amount, &sum)) return false;
        if (a->kind == ALC_NEAR_DELEGATE &&
            (!lnet_deposits_of(a->delegate->actions, a->delegate->actions_count, &inner) ||
             __builtin_add_overflow(sum, inner, &sum)))
            return false;
    }
    *out = sum;
    return true;
}

bool lnet_receipt_value(const struct nearvm_fees *f, const struct lnet_receipt *r, __uint128_t *out)
{
    struct lnet_gas g;
    __uint128_t gas, deposits;
    *out = 0;
    if (!lnet_has_outcome(r)) return true;
    if (!lnet_gas_of(f, &g, r->actions, r->actions_count, false, alc_near_id_bytes(&r->receiver)) ||
        !lnet_deposits_of(r->actions, r->actions_count, &deposits) ||
        __builtin_mul_overflow((__uint128_t)g.prepaid + g.exec, r->gas_price, &gas))
        return false;
    return !__builtin_add_overflow(gas, deposits, out);
}

uint64_t lnet_key_usage(const struct nearvm_fees *f, const struct alc_near_key *key,
                        const struct alc_near_access *access)
{
    /* borsh of the key, of the access key (nonce, permission tag, fields), and the record; each
     * nonce of a gas key is a record of its own */
    uint64_t n = key_borsh_bytes(key) + 8 + 1 + f->record_bytes;
    if (alc_near_is_gas_key(access))
        n += GAS_INFO_BYTES + access->gas_nonces * (key_borsh_bytes(key) + NONCE_INDEX_BYTES +
                                                    NONCE_BYTES + f->record_bytes);
    if (!alc_near_is_call_key(access)) return n;
    n += access->has_allowance ? 17 : 1;
    n += 4 + access->receiver_id.n + 4;
    for (uint32_t i = 0; i < access->methods_count; i++)
        n += 4 + access->methods[i].n;
    return n;
}

/* Looking at ML-DSA-65 signatures costs something on top, the sender's of a delegate included; it
 * is burnt with the conversion. */
static uint64_t signature_fees(const struct nearvm_fees *f, const struct alc_near_tx *tx)
{
    uint64_t gas = tx->key.curve == ALC_NEAR_ML_DSA_65 ? f->ml_dsa_verify : 0;
    for (uint32_t i = 0; i < tx->actions_count; i++)
        if (tx->actions[i].kind == ALC_NEAR_DELEGATE &&
            tx->actions[i].delegate->key.curve == ALC_NEAR_ML_DSA_65)
            gas += f->ml_dsa_verify;
    return gas;
}

bool lnet_cost_of(const struct nearvm_fees *f, struct lnet_cost *out, const struct alc_near_tx *tx,
                  __uint128_t gas_price)
{
    struct lnet_gas g;
    __uint128_t burnt, rest, deposits, gas_cost, total;
    __uint128_t p = gas_price > f->min_gas_purchase_price ? gas_price : f->min_gas_purchase_price;
    if (!lnet_gas_of(f, &g, tx->actions, tx->actions_count,
                     alc_bytes_eq(tx->signer_id, tx->receiver_id), tx->receiver_id) ||
        !add_gas(&g.send, signature_fees(f, tx)) ||
        !lnet_deposits_of(tx->actions, tx->actions_count, &deposits) ||
        __builtin_mul_overflow((__uint128_t)g.send, gas_price, &burnt) ||
        __builtin_mul_overflow((__uint128_t)g.prepaid + g.exec, p, &rest) ||
        __builtin_add_overflow(burnt, rest, &gas_cost) ||
        __builtin_add_overflow(gas_cost, deposits, &total))
        return false;
    *out = (struct lnet_cost){.burnt_gas = g.send,
                              .burnt = burnt,
                              .gas = gas_cost,
                              .deposits = deposits,
                              .total = total,
                              .receipt_gas_price = p};
    return true;
}

__uint128_t lnet_storage_lack(const struct nearvm_fees *f, const struct lnet_account *a)
{
    if (a->usage_bytes <= LNET_FREE_USAGE_BYTES) return 0;
    __uint128_t need = f->storage_price_per_byte * a->usage_bytes;
    __uint128_t have = a->amount + a->locked;
    return have >= need ? 0 : need - have;
}
