/* localnet/check.c — is this transaction valid (near.md 5).
 *
 * What needs no state (form, signature) is checked on the caller's thread before it asks for its
 * turn at the state; a transaction that is wrong in both ways shows the first. */
#include <string.h>

#include "localnet/node.h"

/* ---- refusals: each writes NEAR's JSON and returns false ---- */

static bool refuse(struct alc_buf *fail, const char *name)
{
    struct alc_jw w = {.out = fail};
    alc_jw_text(&w, name);
    return false;
}

static bool refuse_over(struct alc_buf *fail, const char *name, const char *field, uint64_t value,
                        uint64_t limit)
{
    struct alc_jw w = {.out = fail};
    alc_jw_obj(&w);
    alc_jw_key(&w, name);
    alc_jw_obj(&w);
    alc_jw_key(&w, field);
    alc_jw_u64(&w, value);
    alc_jw_key(&w, "limit");
    alc_jw_u64(&w, limit);
    alc_jw_end(&w);
    alc_jw_end(&w);
    return false;
}

static bool refuse_text(struct alc_buf *fail, const char *name, const char *field,
                        struct alc_bytes value)
{
    struct alc_jw w = {.out = fail};
    alc_jw_obj(&w);
    alc_jw_key(&w, name);
    alc_jw_obj(&w);
    alc_jw_key(&w, field);
    alc_jw_str(&w, value);
    alc_jw_end(&w);
    alc_jw_end(&w);
    return false;
}

static bool refuse_numbers(struct alc_buf *fail, const char *name, const char *first, uint64_t a,
                           const char *second, uint64_t b)
{
    alc_buf_printf(fail, "{\"%s\":{\"%s\":%llu,\"%s\":%llu}}", name, first, (unsigned long long)a,
                   second, (unsigned long long)b);
    return false;
}

static bool refuse_feature(struct alc_buf *fail, const char *name, const char *feature)
{
    alc_buf_printf(fail, "{\"%s\":{\"protocol_feature\":\"%s\",\"version\":%u}}", name, feature,
                   LNET_PROTOCOL_VERSION);
    return false;
}

/* ---- actions ---- */

static bool check_call_permission(const struct nearvm_fees *f, struct alc_buf *fail,
                                  const struct alc_near_access *a)
{
    size_t total = 0;
    if (!alc_near_is_call_key(a)) return true;
    if (!alc_near_id_valid(a->receiver_id))
        return refuse_text(fail, "InvalidAccountId", "account_id", a->receiver_id);
    for (uint32_t i = 0; i < a->methods_count; i++) {
        if (a->methods[i].n > f->max_method_name_bytes)
            return refuse_over(fail, "AddKeyMethodNameLengthExceeded", "length", a->methods[i].n,
                               f->max_method_name_bytes);
        total += a->methods[i].n + 1;
    }
    if (total > f->max_key_method_names_bytes)
        return refuse_over(fail, "AddKeyMethodNamesNumberOfBytesExceeded", "total_number_of_bytes",
                           total, f->max_key_method_names_bytes);
    return true;
}

/* At protocol 88 NEAR's VM prices them by 1953 bytes, and what its receipt is worth by 33: what is
 * in between would be lost on the way. */
static bool refuse_ml_dsa_gas_key(struct alc_buf *fail)
{
    return refuse_feature(fail, "UnsupportedProtocolFeature", "GasKeys");
}

/* A new gas key is empty: what it is to hold comes by a transfer, so that it was somebody's. */
static bool check_add_key(const struct nearvm_fees *f, struct alc_buf *fail,
                          const struct alc_near_key *key, const struct alc_near_access *a)
{
    struct alc_jw w = {.out = fail};
    if (!check_call_permission(f, fail, a)) return false;
    if (!alc_near_is_gas_key(a)) return true;
    if (key->curve == ALC_NEAR_ML_DSA_65) return refuse_ml_dsa_gas_key(fail);
    if (alc_near_is_call_key(a) && a->has_allowance)
        return refuse(fail, "GasKeyFunctionCallAllowanceNotAllowed");
    if (a->gas_nonces == 0 || a->gas_nonces > ALC_NEAR_GAS_NONCES_MAX)
        return refuse_over(fail, "GasKeyInvalidNumNonces", "requested_nonces", a->gas_nonces,
                           ALC_NEAR_GAS_NONCES_MAX);
    if (a->gas_balance == 0) return true;
    alc_jw_obj(&w);
    alc_jw_key(&w, "AddGasKeyWithNonZeroBalance");
    alc_jw_obj(&w);
    alc_jw_key(&w, "balance");
    alc_jw_u128_str(&w, a->gas_balance);
    alc_jw_end(&w);
    alc_jw_end(&w);
    return false;
}

/* Money leaves a gas key only by a transaction of the account's own. */
static bool check_delegate(const struct nearvm_fees *f, struct alc_buf *fail,
                           const struct alc_near_delegate *d)
{
    if (!alc_near_id_valid(d->sender_id))
        return refuse_text(fail, "InvalidAccountId", "account_id", d->sender_id);
    if (!alc_near_id_valid(d->receiver_id))
        return refuse_text(fail, "InvalidAccountId", "account_id", d->receiver_id);
    for (uint32_t i = 0; i < d->actions_count; i++)
        if (d->actions[i].kind == ALC_NEAR_WITHDRAW_GAS_KEY)
            return refuse(fail, "WithdrawFromGasKeyNotAllowedInDelegate");
    return lnet_check_actions(f, fail, d->actions, d->actions_count);
}

static bool check_call(const struct nearvm_fees *f, struct alc_buf *fail,
                       const struct alc_near_action *a)
{
    if (a->gas == 0) return refuse(fail, "FunctionCallZeroAttachedGas");
    if (a->method.n == 0) return refuse(fail, "FunctionCallEmptyMethodName");
    if (a->method.n > f->max_method_name_bytes)
        return refuse_over(fail, "FunctionCallMethodNameLengthExceeded", "length", a->method.n,
                           f->max_method_name_bytes);
    if (a->data.n > f->max_arguments_bytes)
        return refuse_over(fail, "FunctionCallArgumentsLengthExceeded", "length", a->data.n,
                           f->max_arguments_bytes);
    return true;
}

static bool check_action(const struct nearvm_fees *f, struct alc_buf *fail,
                         const struct alc_near_action *a)
{
    switch ((enum alc_near_action_kind)a->kind) {
    case ALC_NEAR_CREATE_ACCOUNT:
    case ALC_NEAR_TRANSFER:
    case ALC_NEAR_DELETE_KEY:
        return true;
    case ALC_NEAR_TRANSFER_GAS_KEY:
    case ALC_NEAR_WITHDRAW_GAS_KEY:
        return a->key.curve != ALC_NEAR_ML_DSA_65 || refuse_ml_dsa_gas_key(fail);
    case ALC_NEAR_DEPLOY:
    case ALC_NEAR_DEPLOY_GLOBAL:
        if (a->data.n > f->max_contract_bytes)
            return refuse_over(fail, "ContractSizeExceeded", "size", a->data.n,
                               f->max_contract_bytes);
        return true;
    case ALC_NEAR_CALL:
        return check_call(f, fail, a);
    case ALC_NEAR_STAKE:
        if (a->key.curve != ALC_NEAR_ED25519) {
            char text[ALC_NEAR_KEY_TEXT_MAX];
            alc_near_key_text(text, &a->key);
            return refuse_text(fail, "UnsuitableStakingKey", "public_key", alc_cstr(text));
        }
        return true;
    case ALC_NEAR_ADD_KEY:
        return check_add_key(f, fail, &a->key, &a->access);
    case ALC_NEAR_DELETE_ACCOUNT:
        if (!alc_near_id_valid(a->account_id))
            return refuse_text(fail, "InvalidAccountId", "account_id", a->account_id);
        return true;
    case ALC_NEAR_USE_GLOBAL:
        if (a->by_account && !alc_near_id_valid(a->account_id))
            return refuse_text(fail, "InvalidAccountId", "account_id", a->account_id);
        return true;
    case ALC_NEAR_DELEGATE:
        return check_delegate(f, fail, a->delegate);
    case ALC_NEAR_STATE_INIT:
        return refuse_feature(fail, "UnsupportedProtocolFeature", "DeterministicAccountIds");
    case ALC_NEAR_DELEGATE_V2:
        return refuse_feature(fail, "RemovedProtocolFeature", "DelegateV2");
    case ALC_NEAR_UNIVERSAL_INIT:
        return refuse_feature(fail, "UnsupportedProtocolFeature", "UniversalAccounts");
    }
    return refuse_feature(fail, "UnsupportedProtocolFeature", "UnknownAction");
}

/* Comes before any look at the actions: those over the limit are counted, and not there. */
static bool check_count(const struct nearvm_fees *f, struct alc_buf *fail, uint32_t count)
{
    if (count <= f->max_actions_per_receipt && count <= ALC_NEAR_ACTIONS_MAX) return true;
    return refuse_over(fail, "TotalNumberOfActionsExceeded", "total_number_of_actions", count,
                       f->max_actions_per_receipt);
}

bool lnet_check_actions(const struct nearvm_fees *f, struct alc_buf *fail,
                        const struct alc_near_action *actions, uint32_t count)
{
    uint32_t delegates = 0;
    uint64_t deploys = 0, gas = 0;
    if (!check_count(f, fail, count)) return false;
    for (uint32_t i = 0; i < count; i++) {
        const struct alc_near_action *a = &actions[i];
        if (a->kind == ALC_NEAR_DELEGATE && !check_count(f, fail, a->delegate->actions_count))
            return false;
        if (a->kind == ALC_NEAR_DELETE_ACCOUNT && i + 1 != count)
            return refuse(fail, "DeleteActionMustBeFinal");
        if (a->kind == ALC_NEAR_DELEGATE && delegates++ > 0)
            return refuse(fail, "DelegateActionMustBeOnlyOne");
        if (a->kind == ALC_NEAR_DEPLOY || a->kind == ALC_NEAR_DEPLOY_GLOBAL) deploys++;
        if (a->kind == ALC_NEAR_CALL && __builtin_add_overflow(gas, a->gas, &gas))
            return refuse(fail, "IntegerOverflow");
        for (uint32_t k = 0; a->kind == ALC_NEAR_DELEGATE && k < a->delegate->actions_count; k++)
            if (a->delegate->actions[k].kind == ALC_NEAR_CALL &&
                __builtin_add_overflow(gas, a->delegate->actions[k].gas, &gas))
                return refuse(fail, "IntegerOverflow");
        if (!check_action(f, fail, a)) return false;
    }
    if (deploys > f->max_deploys_per_receipt)
        return refuse_over(fail, "TotalNumberOfDeployActionsExceeded", "number_of_deploy_actions",
                           deploys, f->max_deploys_per_receipt);
    if (gas > f->max_total_prepaid_gas)
        return refuse_over(fail, "TotalPrepaidGasExceeded", "total_prepaid_gas", gas,
                           f->max_total_prepaid_gas);
    return true;
}

/* ---- what needs no state ---- */

bool lnet_sig_ok(const struct alc_near_sig *sig, const struct alc_near_key *key,
                 const struct alc_hash *hash)
{
    if (sig->curve == ALC_NEAR_ML_DSA_65 && key->curve == ALC_NEAR_ML_DSA_65)
        return nearvm_ml_dsa_65_ok(alc_near_key_raw(key), alc_near_sig_raw(sig), hash);
    return alc_near_sig_ok(sig, key, hash);
}

bool lnet_check_stateless(const struct nearvm_fees *f, const struct alc_near_signed *s,
                          size_t size_bytes, struct alc_buf *fail)
{
    struct alc_buf inner = ALC_BUF(1u << 20);
    if (!lnet_check_actions(f, &inner, s->tx.actions, s->tx.actions_count)) {
        alc_buf_put_text(fail, "{\"ActionsValidation\":");
        alc_buf_put_bytes(fail, alc_buf_bytes(&inner));
        alc_buf_put_text(fail, "}");
        alc_buf_fini(&inner);
        return false;
    }
    alc_buf_fini(&inner);
    if (size_bytes > f->max_transaction_bytes)
        return refuse_over(fail, "TransactionSizeExceeded", "size", size_bytes,
                           f->max_transaction_bytes);
    if (!lnet_sig_ok(&s->sig, &s->tx.key, &s->hash)) return refuse(fail, "InvalidSignature");
    return true;
}

/* ---- what needs the state ---- */

bool lnet_check_call_key(const struct alc_near_access *access, struct alc_buf *fail,
                         struct alc_bytes receiver, const struct alc_near_action *actions,
                         uint32_t count)
{
    if (!alc_near_is_call_key(access)) return true;
    if (count != 1 || actions[0].kind != ALC_NEAR_CALL) return refuse(fail, "RequiresFullAccess");
    if (actions[0].amount > 0) return refuse(fail, "DepositWithFunctionCall");
    if (!alc_bytes_eq(access->receiver_id, receiver)) {
        struct alc_jw w = {.out = fail};
        alc_jw_obj(&w);
        alc_jw_key(&w, "ReceiverMismatch");
        alc_jw_obj(&w);
        alc_jw_key(&w, "tx_receiver");
        alc_jw_str(&w, receiver);
        alc_jw_key(&w, "ak_receiver");
        alc_jw_str(&w, access->receiver_id);
        alc_jw_end(&w);
        alc_jw_end(&w);
        return false;
    }
    for (uint32_t i = 0; i < access->methods_count; i++)
        if (alc_bytes_eq(access->methods[i], actions[0].method)) return true;
    if (access->methods_count == 0) return true;
    return refuse_text(fail, "MethodNameMismatch", "method_name", actions[0].method);
}

/* {name:{signer_id, balance, cost[, reason]}} */
static void fail_balance(struct alc_buf *fail, const char *name, struct alc_bytes signer,
                         __uint128_t balance, __uint128_t cost, const char *reason)
{
    struct alc_jw w = {.out = fail};
    alc_jw_obj(&w);
    alc_jw_key(&w, name);
    alc_jw_obj(&w);
    alc_jw_key(&w, "signer_id");
    alc_jw_str(&w, signer);
    alc_jw_key(&w, "balance");
    alc_jw_u128_str(&w, balance);
    alc_jw_key(&w, "cost");
    alc_jw_u128_str(&w, cost);
    if (reason != NULL) {
        alc_jw_key(&w, "reason");
        alc_jw_text(&w, reason);
    }
    alc_jw_end(&w);
    alc_jw_end(&w);
}

/* {"InvalidAccessKeyError":{name:{account_id, public_key[, allowance, cost]}}} */
static void fail_key(struct alc_buf *fail, const char *name, const struct alc_near_tx *tx,
                     const __uint128_t *allowance, const __uint128_t *cost)
{
    char key[ALC_NEAR_KEY_TEXT_MAX];
    struct alc_jw w = {.out = fail};
    alc_near_key_text(key, &tx->key);
    alc_jw_obj(&w);
    alc_jw_key(&w, "InvalidAccessKeyError");
    alc_jw_obj(&w);
    alc_jw_key(&w, name);
    alc_jw_obj(&w);
    alc_jw_key(&w, "account_id");
    alc_jw_str(&w, tx->signer_id);
    alc_jw_key(&w, "public_key");
    alc_jw_text(&w, key);
    if (allowance != NULL) {
        alc_jw_key(&w, "allowance");
        alc_jw_u128_str(&w, *allowance);
        alc_jw_key(&w, "cost");
        alc_jw_u128_str(&w, *cost);
    }
    alc_jw_end(&w);
    alc_jw_end(&w);
    alc_jw_end(&w);
}

/* The named block must be ours and young enough. */
static enum alc_rc check_block(struct lnet_chain *c, const struct alc_hash *hash,
                               struct alc_buf *fail, struct alc_err *err)
{
    struct alc_rows r;
    uint64_t height;
    enum alc_rc rc = lnet_row(&r, c->store, "SELECT height FROM block WHERE hash = $1",
                              ALC_ARGS(ALC_BLOB(alc_hash_bytes(hash))), err);
    if (rc == ALC_NOT_FOUND) {
        refuse(fail, "Expired");
        return ALC_OK;
    }
    if (rc != ALC_OK) return rc;
    height = (uint64_t)alc_rows_int(&r, 0);
    alc_rows_end(&r);
    if (c->head.ref.height - height > c->conf.validity_blocks) refuse(fail, "Expired");
    return ALC_OK;
}

/* {"InvalidNonceIndex":{"tx_nonce_index":n or null,"num_nonces":n}}; a plain key has none. */
static void fail_index(struct alc_buf *fail, const struct alc_near_tx *tx, uint16_t nonces)
{
    struct alc_jw w = {.out = fail};
    alc_jw_obj(&w);
    alc_jw_key(&w, "InvalidNonceIndex");
    alc_jw_obj(&w);
    alc_jw_key(&w, "tx_nonce_index");
    if (tx->gas_key_nonce)
        alc_jw_u64(&w, tx->nonce_index);
    else
        alc_jw_null(&w);
    alc_jw_key(&w, "num_nonces");
    alc_jw_u64(&w, nonces);
    alc_jw_end(&w);
    alc_jw_end(&w);
}

static bool check_nonce(const struct alc_near_tx *tx, uint64_t height, uint64_t used,
                        struct alc_buf *fail)
{
    uint64_t limit = height * LNET_NONCES_PER_BLOCK;
    if (tx->nonce_mode == 1 ? tx->nonce - 1 != used || tx->nonce == 0 : tx->nonce <= used)
        return refuse_numbers(fail, "InvalidNonce", "tx_nonce", tx->nonce, "ak_nonce", used);
    if (tx->nonce >= limit)
        return refuse_numbers(fail, "NonceTooLarge", "tx_nonce", tx->nonce, "upper_bound", limit);
    return true;
}

static void check_rights(const struct alc_near_tx *tx, const struct alc_near_access *access,
                         struct alc_buf *fail)
{
    struct alc_buf inner = ALC_BUF(1u << 20);
    if (!lnet_check_call_key(access, &inner, tx->receiver_id, tx->actions, tx->actions_count)) {
        alc_buf_put_text(fail, "{\"InvalidAccessKeyError\":");
        alc_buf_put_bytes(fail, alc_buf_bytes(&inner));
        alc_buf_put_text(fail, "}");
    }
    alc_buf_fini(&inner);
}

/* Nonce, balance, allowance, storage and rights, once account and key are there. */
static void check_means(struct lnet_chain *c, const struct alc_near_tx *tx, uint64_t height,
                        struct lnet_signer *s, struct alc_buf *fail)
{
    __uint128_t lack;

    if (!check_nonce(tx, height, s->access.nonce, fail)) return;
    if (s->account.amount < s->cost.total) {
        fail_balance(fail, "NotEnoughBalance", tx->signer_id, s->account.amount, s->cost.total,
                     NULL);
        return;
    }
    if (s->access.permission == ALC_NEAR_FUNCTION_CALL_KEY && s->access.has_allowance) {
        if (s->access.allowance < s->cost.total) {
            fail_key(fail, "NotEnoughAllowance", tx, &s->access.allowance, &s->cost.total);
            return;
        }
        s->access.allowance -= s->cost.total;
    }
    s->account.amount -= s->cost.total;
    s->access.nonce = tx->nonce;
    lack = lnet_storage_lack(&c->fees, &s->account);
    if (lack > 0) {
        struct alc_jw w = {.out = fail};
        alc_jw_obj(&w);
        alc_jw_key(&w, "LackBalanceForState");
        alc_jw_obj(&w);
        alc_jw_key(&w, "signer_id");
        alc_jw_str(&w, tx->signer_id);
        alc_jw_key(&w, "amount");
        alc_jw_u128_str(&w, lack);
        alc_jw_end(&w);
        alc_jw_end(&w);
        return;
    }
    check_rights(tx, &s->access, fail);
}

/* The same of a gas key, which pays for the gas; the account pays the deposits alone.  That it
 * cannot is found last and by then the key owes what the conversion burns (nearcore,
 * verify_and_charge_gas_key_tx_ephemeral). */
static void check_gas_key_means(struct lnet_chain *c, const struct alc_near_tx *tx, uint64_t height,
                                uint64_t used, struct lnet_signer *s, struct alc_buf *fail)
{
    __uint128_t before = s->access.gas_balance, lack;

    if (!check_nonce(tx, height, used, fail)) return;
    if (before < s->cost.gas) {
        fail_balance(fail, "NotEnoughGasKeyBalance", tx->signer_id, before, s->cost.gas, NULL);
        return;
    }
    check_rights(tx, &s->access, fail);
    if (fail->n > 0) return;
    if (s->account.amount < s->cost.deposits) {
        fail_balance(fail, "NotEnoughBalanceForDeposit", tx->signer_id, s->account.amount,
                     s->cost.deposits, "NotEnoughBalance");
    } else {
        s->account.amount -= s->cost.deposits;
        lack = lnet_storage_lack(&c->fees, &s->account);
        if (lack > 0)
            fail_balance(fail, "NotEnoughBalanceForDeposit", tx->signer_id, s->account.amount, lack,
                         "LackBalanceForState");
    }
    s->deposit_failed = fail->n > 0;
    s->access.gas_balance = before - (s->deposit_failed ? s->cost.burnt : s->cost.gas);
}

/* A nonce with an index is a gas key's, one without any other key's. */
static enum alc_rc check_key_kind(struct lnet_chain *c, const struct alc_near_tx *tx,
                                  uint64_t height, const struct alc_near_id *signer,
                                  struct lnet_signer *s, struct alc_buf *fail, struct alc_err *err)
{
    uint64_t used = 0;
    enum alc_rc rc = ALC_NOT_FOUND;
    if (tx->gas_key_nonce != alc_near_is_gas_key(&s->access)) {
        fail_index(fail, tx, s->access.gas_nonces);
        return ALC_OK;
    }
    if (!tx->gas_key_nonce) {
        check_means(c, tx, height, s, fail);
        return ALC_OK;
    }
    if (tx->nonce_index < s->access.gas_nonces)
        rc = lnet_gas_nonce_get(c, signer->s, &tx->key, tx->nonce_index, &used, err);
    if (rc == ALC_OK) check_gas_key_means(c, tx, height, used, s, fail);
    if (rc != ALC_NOT_FOUND) return rc;
    fail_index(fail, tx, s->access.gas_nonces);
    return ALC_OK;
}

enum alc_rc lnet_check_state(struct lnet_chain *c, const struct alc_near_tx *tx, uint64_t height,
                             __uint128_t gas_price, struct lnet_signer *out, struct alc_buf *fail,
                             struct alc_arena *arena, struct alc_err *err)
{
    struct lnet_signer s = {0};
    struct alc_near_id signer;
    enum alc_rc rc = check_block(c, &tx->block_hash, fail, err);
    if (rc != ALC_OK || fail->n > 0) return rc;
    if (!lnet_cost_of(&c->fees, &s.cost, tx, gas_price)) {
        refuse(fail, "CostOverflow");
        return ALC_OK;
    }
    if (!alc_near_id_set(&signer, tx->signer_id) || strcmp(signer.s, LNET_SYSTEM) == 0) {
        refuse_text(fail, "InvalidSignerId", "signer_id", tx->signer_id);
        return ALC_OK;
    }
    rc = lnet_account_get(c, signer.s, &s.account, err);
    if (rc == ALC_NOT_FOUND) {
        refuse_text(fail, "SignerDoesNotExist", "signer_id", tx->signer_id);
        return ALC_OK;
    }
    if (rc != ALC_OK) return rc;
    rc = lnet_key_get(c, signer.s, &tx->key, &s.access, arena, err);
    if (rc == ALC_NOT_FOUND) {
        fail_key(fail, "AccessKeyNotFound", tx, NULL, NULL);
        return ALC_OK;
    }
    if (rc != ALC_OK) return rc;
    rc = check_key_kind(c, tx, height, &signer, &s, fail, err);
    if (rc != ALC_OK) return rc;
    if (fail->failed) return ALC_NOMEM;
    if (fail->n == 0 || s.deposit_failed) *out = s;
    return ALC_OK;
}
