/* localnet/action.c — what each action does to the receiver's account (near.md 6). */
#include <string.h>

#include "localnet/node.h"

#define DELETE_MAX_BYTES 10000u /* of state that an account may have when it is deleted */
/* What gas keys may hold when they, or their account, are deleted: it is burnt. */
#define BURN_MAX ALC_NEAR_YOCTO

/* ---- failures: each writes one ActionErrorKind ---- */

static void fail_account(struct lnet_apply *a, const char *kind)
{
    struct alc_jw w = {.out = &a->fail.json};
    alc_jw_obj(&w);
    alc_jw_key(&w, kind);
    alc_jw_obj(&w);
    alc_jw_key(&w, "account_id");
    alc_jw_str(&w, alc_near_id_bytes(&a->r->receiver));
    alc_jw_end(&w);
    alc_jw_end(&w);
}

static void fail_account_and(struct lnet_apply *a, const char *kind, const char *field,
                             struct alc_bytes text)
{
    struct alc_jw w = {.out = &a->fail.json};
    alc_jw_obj(&w);
    alc_jw_key(&w, kind);
    alc_jw_obj(&w);
    alc_jw_key(&w, "account_id");
    alc_jw_str(&w, alc_near_id_bytes(&a->r->receiver));
    alc_jw_key(&w, field);
    alc_jw_str(&w, text);
    alc_jw_end(&w);
    alc_jw_end(&w);
}

static void fail_key(struct lnet_apply *a, const char *kind, const struct alc_near_key *key)
{
    char text[ALC_NEAR_KEY_TEXT_MAX];
    alc_near_key_text(text, key);
    fail_account_and(a, kind, "public_key", alc_cstr(text));
}

/* {kind:{account_id, public_key (NULL: null), balance[, required]}} */
static void fail_gas_key(struct lnet_apply *a, const char *kind, const struct alc_near_key *key,
                         __uint128_t balance, const __uint128_t *required)
{
    char text[ALC_NEAR_KEY_TEXT_MAX];
    struct alc_jw w = {.out = &a->fail.json};
    alc_jw_obj(&w);
    alc_jw_key(&w, kind);
    alc_jw_obj(&w);
    alc_jw_key(&w, "account_id");
    alc_jw_text(&w, a->r->receiver.s);
    alc_jw_key(&w, "public_key");
    if (key != NULL) {
        alc_near_key_text(text, key);
        alc_jw_text(&w, text);
    } else {
        alc_jw_null(&w);
    }
    alc_jw_key(&w, "balance");
    alc_jw_u128_str(&w, balance);
    if (required != NULL) {
        alc_jw_key(&w, "required");
        alc_jw_u128_str(&w, *required);
    }
    alc_jw_end(&w);
    alc_jw_end(&w);
}

void lnet_fail_lack(struct lnet_apply *a, __uint128_t amount)
{
    struct alc_jw w = {.out = &a->fail.json};
    alc_jw_obj(&w);
    alc_jw_key(&w, "LackBalanceForState");
    alc_jw_obj(&w);
    alc_jw_key(&w, "account_id");
    alc_jw_str(&w, alc_near_id_bytes(&a->r->receiver));
    alc_jw_key(&w, "amount");
    alc_jw_u128_str(&w, amount);
    alc_jw_end(&w);
    alc_jw_end(&w);
}

/* ---- accounts ---- */

static bool is_child_of(const struct alc_near_id *id, const struct alc_near_id *parent)
{
    const char *dot = strchr(id->s, '.');
    return dot != NULL && strcmp(dot + 1, parent->s) == 0;
}

static void begin_account(struct lnet_apply *a)
{
    a->account = (struct lnet_account){.usage_bytes = a->c->fees.account_bytes};
    a->exists = a->created = true;
}

static void create_account(struct lnet_apply *a)
{
    const struct nearvm_fees *f = &a->c->fees;
    const struct alc_near_id *id = &a->r->receiver, *by = &a->r->predecessor;
    if (a->exists) {
        fail_account(a, "AccountAlreadyExists");
    } else if (lnet_id_kind(alc_near_id_bytes(id)) != LNET_NAMED) {
        fail_account(a, "OnlyImplicitAccountCreationAllowed");
    } else if (strchr(id->s, '.') == NULL && strlen(id->s) < f->min_top_level_name_bytes) {
        if (strcmp(by->s, f->registrar) == 0 && strcmp(id->s, LNET_SYSTEM) != 0) {
            begin_account(a);
            a->actor = *id;
            return;
        }
        struct alc_jw w = {.out = &a->fail.json};
        alc_jw_obj(&w);
        alc_jw_key(&w, "CreateAccountOnlyByRegistrar");
        alc_jw_obj(&w);
        alc_jw_key(&w, "account_id");
        alc_jw_text(&w, id->s);
        alc_jw_key(&w, "registrar_account_id");
        alc_jw_text(&w, f->registrar);
        alc_jw_key(&w, "predecessor_id");
        alc_jw_text(&w, by->s);
        alc_jw_end(&w);
        alc_jw_end(&w);
    } else if (!is_child_of(id, by)) {
        fail_account_and(a, "CreateAccountNotAllowed", "predecessor_id", alc_near_id_bytes(by));
    } else {
        begin_account(a);
        a->actor = *id;
    }
}

static uint64_t fresh_nonce(const struct lnet_apply *a)
{
    uint64_t h = a->b->head.ref.height;
    return (h > 0 ? h - 1 : 0) * LNET_NONCES_PER_BLOCK;
}

/* Pays an implicit account into being.  An ETH-implicit one gets no wallet contract here, so nobody
 * can act for it. */
static enum alc_rc create_implicit(struct lnet_apply *a, struct alc_err *err)
{
    struct alc_near_key key = {.curve = ALC_NEAR_ED25519};
    struct alc_near_access full = {.permission = ALC_NEAR_FULL_ACCESS, .nonce = fresh_nonce(a)};
    const char *hex = a->r->receiver.s;
    begin_account(a);
    if (lnet_id_kind(alc_cstr(hex)) != LNET_IMPLICIT_NEAR) return ALC_OK;
    for (size_t i = 0; i < 32; i++) {
        unsigned hi = (unsigned)hex[2 * i], lo = (unsigned)hex[2 * i + 1];
        key.b[i] = (uint8_t)((hi <= '9' ? hi - '0' : hi - 'a' + 10) << 4 |
                             (lo <= '9' ? lo - '0' : lo - 'a' + 10));
    }
    a->account.usage_bytes += lnet_key_usage(&a->c->fees, &key, &full);
    return lnet_key_put(a->c, hex, &key, &full, err);
}

static enum alc_rc gain(const struct lnet_apply *a, __uint128_t *balance, __uint128_t amount,
                        struct alc_err *err)
{
    if (__builtin_add_overflow(*balance, amount, balance))
        return alc_fail(err, ALC_CORRUPT, "the balance of %s overflows", a->r->receiver.s);
    return ALC_OK;
}

/* A gas refund goes where the gas was paid from: a gas key gets the money itself, a function-call
 * key its allowance back, while the account gets the money. */
static enum alc_rc refund_gas(struct lnet_apply *a, __uint128_t amount, struct alc_err *err)
{
    struct alc_near_access access = {0};
    const char *id = a->r->receiver.s;
    enum alc_rc rc = lnet_key_get(a->c, id, &a->r->signer_key, &access, a->arena, err);
    if (rc == ALC_NOT_FOUND)
        return gain(a, &a->account.amount, amount, err); /* it is gone by now */
    if (rc != ALC_OK) return rc;
    if (alc_near_is_gas_key(&access)) {
        rc = gain(a, &access.gas_balance, amount, err);
    } else {
        rc = gain(a, &a->account.amount, amount, err);
        if (rc != ALC_OK || !access.has_allowance) return rc;
        if (__builtin_add_overflow(access.allowance, amount, &access.allowance))
            access.allowance = ~(__uint128_t)0;
    }
    return rc == ALC_OK ? lnet_key_touch(a->c, id, &a->r->signer_key, &access, err) : rc;
}

static enum alc_rc transfer(struct lnet_apply *a, __uint128_t amount, struct alc_err *err)
{
    enum alc_rc rc = ALC_OK;
    if (!a->exists) rc = create_implicit(a, err);
    if (rc != ALC_OK) return rc;
    if (lnet_is_refund(a->r) && strcmp(a->r->signer.s, a->r->receiver.s) == 0)
        return refund_gas(a, amount, err);
    return gain(a, &a->account.amount, amount, err);
}

/* A tenth of the seat price, which is the least that has 1/6250 of all stake; the validator's is
 * all there is, as far as anybody produces blocks by it (nearcore, select_validators;
 * minimum_stake). */
static enum alc_rc minimum_stake(struct lnet_chain *c, __uint128_t *out, struct alc_err *err)
{
    struct lnet_account v = {0};
    enum alc_rc rc = lnet_account_get(c, LNET_VALIDATOR, &v, err);
    if (rc != ALC_OK && rc != ALC_NOT_FOUND) return rc;
    *out = (v.locked + 6248u) / 6249u / 10u;
    return ALC_OK;
}

static void fail_minimum(struct lnet_apply *a, __uint128_t amount, __uint128_t least)
{
    struct alc_jw w = {.out = &a->fail.json};
    alc_jw_obj(&w);
    alc_jw_key(&w, "InsufficientStake");
    alc_jw_obj(&w);
    alc_jw_key(&w, "account_id");
    alc_jw_text(&w, a->r->receiver.s);
    alc_jw_key(&w, "stake");
    alc_jw_u128_str(&w, amount);
    alc_jw_key(&w, "minimum_stake");
    alc_jw_u128_str(&w, least);
    alc_jw_end(&w);
    alc_jw_end(&w);
}

static enum alc_rc stake(struct lnet_apply *a, const struct alc_near_action *act,
                         struct alc_err *err)
{
    __uint128_t least;
    enum alc_rc rc = minimum_stake(a->c, &least, err);
    struct lnet_account *acc = &a->account;
    if (rc != ALC_OK) return rc;
    if (act->amount == 0 && acc->locked == 0) {
        fail_account(a, "TriesToUnstake");
        return ALC_OK;
    }
    if (acc->amount + acc->locked < act->amount) {
        struct alc_jw w = {.out = &a->fail.json};
        alc_jw_obj(&w);
        alc_jw_key(&w, "TriesToStake");
        alc_jw_obj(&w);
        alc_jw_key(&w, "account_id");
        alc_jw_text(&w, a->r->receiver.s);
        alc_jw_key(&w, "stake");
        alc_jw_u128_str(&w, act->amount);
        alc_jw_key(&w, "locked");
        alc_jw_u128_str(&w, acc->locked);
        alc_jw_key(&w, "balance");
        alc_jw_u128_str(&w, acc->amount);
        alc_jw_end(&w);
        alc_jw_end(&w);
        return ALC_OK;
    }
    if (act->amount > 0 && act->amount < least) {
        fail_minimum(a, act->amount, least);
        return ALC_OK;
    }
    if (act->amount > acc->locked) { /* less is given back after epochs, which nobody elects here */
        acc->amount -= act->amount - acc->locked;
        acc->locked = act->amount;
    }
    return ALC_OK;
}

static enum alc_rc delete_account(struct lnet_apply *a, struct alc_bytes beneficiary,
                                  struct alc_err *err)
{
    static const struct alc_near_id system = {LNET_SYSTEM};
    struct alc_near_action *pay = alc_arena_alloc(a->arena, sizeof *pay);
    __uint128_t in_keys = 0;
    uint64_t code;
    enum alc_rc rc = lnet_contract_usage(a->c, &a->account, &code, err);
    if (rc == ALC_OK) rc = lnet_gas_balances(a->c, a->r->receiver.s, &in_keys, err);
    if (rc != ALC_OK) return rc;
    if (pay == NULL) return ALC_NOMEM;
    if (a->account.locked > 0) {
        fail_account(a, "DeleteAccountStaking");
        return ALC_OK;
    }
    if (a->account.usage_bytes > code && a->account.usage_bytes - code > DELETE_MAX_BYTES) {
        fail_account(a, "DeleteAccountWithLargeState");
        return ALC_OK;
    }
    if (in_keys > BURN_MAX) {
        fail_gas_key(a, "GasKeyBalanceTooHigh", NULL, in_keys, NULL);
        return ALC_OK;
    }
    a->burnt += in_keys;
    if (a->account.amount > 0) {
        struct lnet_receipt *r = lnet_apply_add(a);
        if (r == NULL) return ALC_NOMEM;
        pay->kind = ALC_NEAR_TRANSFER;
        pay->amount = a->account.amount;
        r->predecessor = r->signer = system;
        r->signer_key = (struct alc_near_key){.curve = ALC_NEAR_ED25519};
        r->gas_price = 0;
        r->actions = pay;
        r->actions_count = 1;
        if (!alc_near_id_set(&r->receiver, beneficiary))
            return alc_fail(err, ALC_CORRUPT, "a deleted account names no beneficiary");
    }
    a->exists = false;
    if (a->account.contract == NEARVM_CONTRACT_LOCAL)
        lnet_journal_code(a->c, a->r->receiver.s, NULL);
    return lnet_account_drop(a->c, a->r->receiver.s, err);
}

/* ---- keys ---- */

static enum alc_rc add_key(struct lnet_apply *a, const struct alc_near_action *act,
                           struct alc_err *err)
{
    struct alc_near_access access = act->access, old;
    const char *id = a->r->receiver.s;
    enum alc_rc rc = lnet_key_get(a->c, id, &act->key, &old, a->arena, err);
    if (rc == ALC_OK) fail_key(a, "AddKeyAlreadyExists", &act->key);
    if (rc != ALC_NOT_FOUND) return rc;
    /* the one in the action is ignored */
    access.nonce = alc_near_is_gas_key(&access) ? 0 : fresh_nonce(a);
    a->account.usage_bytes += lnet_key_usage(&a->c->fees, &act->key, &access);
    rc = lnet_key_put(a->c, id, &act->key, &access, err);
    if (rc != ALC_OK || !alc_near_is_gas_key(&access)) return rc;
    return lnet_gas_nonces_put(a->c, id, &act->key, access.gas_nonces, fresh_nonce(a), false, err);
}

static void less_usage(struct lnet_account *acc, uint64_t bytes)
{
    acc->usage_bytes -= bytes < acc->usage_bytes ? bytes : acc->usage_bytes; /* patched: any */
}

static enum alc_rc delete_key(struct lnet_apply *a, const struct alc_near_key *key,
                              struct alc_err *err)
{
    struct alc_near_access old;
    enum alc_rc rc = lnet_key_get(a->c, a->r->receiver.s, key, &old, a->arena, err);
    if (rc == ALC_NOT_FOUND) {
        fail_key(a, "DeleteKeyDoesNotExist", key);
        return ALC_OK;
    }
    if (rc != ALC_OK) return rc;
    if (alc_near_is_gas_key(&old)) {
        if (old.gas_balance > BURN_MAX) {
            fail_gas_key(a, "GasKeyBalanceTooHigh", key, old.gas_balance, NULL);
            return ALC_OK;
        }
        a->burnt += old.gas_balance;
    }
    less_usage(&a->account, lnet_key_usage(&a->c->fees, key, &old));
    return lnet_key_drop(a->c, a->r->receiver.s, key, err);
}

/* Anybody may fill a gas key; the account alone takes out of it, into its own balance. */
static enum alc_rc move_gas_money(struct lnet_apply *a, const struct alc_near_action *act,
                                  struct alc_err *err)
{
    const char *id = a->r->receiver.s;
    struct alc_near_access access = {0};
    enum alc_rc rc = lnet_key_get(a->c, id, &act->key, &access, a->arena, err);
    if (rc == ALC_NOT_FOUND || (rc == ALC_OK && !alc_near_is_gas_key(&access))) {
        fail_key(a, "GasKeyDoesNotExist", &act->key);
        return ALC_OK;
    }
    if (rc != ALC_OK) return rc;
    if (act->kind == ALC_NEAR_TRANSFER_GAS_KEY) {
        rc = gain(a, &access.gas_balance, act->amount, err);
    } else if (access.gas_balance < act->amount) {
        fail_gas_key(a, "InsufficientGasKeyBalance", &act->key, access.gas_balance, &act->amount);
        return ALC_OK;
    } else {
        access.gas_balance -= act->amount;
        rc = gain(a, &a->account.amount, act->amount, err);
    }
    return rc == ALC_OK ? lnet_key_touch(a->c, id, &act->key, &access, err) : rc;
}

/* ---- code ---- */

static enum alc_rc set_contract(struct lnet_apply *a, const struct lnet_account *with,
                                struct alc_err *err)
{
    uint64_t before, after;
    enum alc_rc rc = lnet_contract_usage(a->c, &a->account, &before, err);
    if (rc == ALC_OK) rc = lnet_contract_usage(a->c, with, &after, err);
    if (rc != ALC_OK) return rc;
    less_usage(&a->account, before);
    a->account.usage_bytes += after;
    a->account.contract = with->contract;
    a->account.code = with->code;
    a->account.code_owner = with->code_owner;
    return ALC_OK;
}

static enum alc_rc deploy(struct lnet_apply *a, struct alc_bytes code, struct alc_err *err)
{
    struct lnet_account with = {.contract = NEARVM_CONTRACT_LOCAL};
    enum alc_rc rc = lnet_code_put(a->c, &with.code, code, err);
    lnet_journal_code(a->c, a->r->receiver.s, &code);
    return rc == ALC_OK ? set_contract(a, &with, err) : rc;
}

static enum alc_rc deploy_global(struct lnet_apply *a, const struct alc_near_action *act,
                                 struct alc_err *err)
{
    __uint128_t price = a->c->fees.global_price_per_byte * act->data.n;
    struct lnet_receipt *r;
    (void)err;
    if (a->account.amount < price) {
        lnet_fail_lack(a, price - a->account.amount);
        return ALC_OK;
    }
    r = lnet_apply_add(a);
    if (r == NULL) return ALC_NOMEM;
    a->account.amount -= price;
    a->burnt += price;
    r->kind = LNET_GLOBAL;
    r->receiver = a->r->receiver;
    r->by_account = act->by_account != 0;
    r->data = act->data;
    return ALC_OK;
}

static enum alc_rc use_global(struct lnet_apply *a, const struct alc_near_action *act,
                              struct alc_err *err)
{
    struct lnet_account with = {.contract = act->by_account ? NEARVM_CONTRACT_GLOBAL_BY_ACCOUNT
                                                            : NEARVM_CONTRACT_GLOBAL,
                                .code = act->code_hash};
    struct alc_hash hash = act->code_hash;
    struct alc_jw w = {.out = &a->fail.json};
    enum alc_rc rc;
    if (act->by_account && !alc_near_id_set(&with.code_owner, act->account_id))
        return alc_fail(err, ALC_CORRUPT, "a global contract is named by no account");
    rc = lnet_global_get(a->c, &hash, act->by_account ? with.code_owner.s : NULL, err);
    if (rc == ALC_OK) {
        if (a->account.contract == NEARVM_CONTRACT_LOCAL)
            lnet_journal_code(a->c, a->r->receiver.s, NULL);
        return set_contract(a, &with, err);
    }
    if (rc != ALC_NOT_FOUND) return rc;
    alc_jw_obj(&w);
    alc_jw_key(&w, "GlobalContractDoesNotExist");
    alc_jw_obj(&w);
    alc_jw_key(&w, "identifier");
    alc_jw_obj(&w);
    alc_jw_key(&w, act->by_account ? "account_id" : "hash");
    if (act->by_account)
        alc_jw_str(&w, act->account_id);
    else
        alc_jw_base58(&w, alc_hash_bytes(&act->code_hash));
    alc_jw_end(&w);
    alc_jw_end(&w);
    alc_jw_end(&w);
    return ALC_OK;
}

/* ---- all of them ---- */

/* Only the account itself may do these to itself. */
static bool needs_actor(uint8_t kind)
{
    return kind == ALC_NEAR_DEPLOY || kind == ALC_NEAR_STAKE || kind == ALC_NEAR_ADD_KEY ||
           kind == ALC_NEAR_DELETE_KEY || kind == ALC_NEAR_DELETE_ACCOUNT ||
           kind == ALC_NEAR_USE_GLOBAL || kind == ALC_NEAR_DEPLOY_GLOBAL ||
           kind == ALC_NEAR_WITHDRAW_GAS_KEY;
}

/* The account must be there, and be the actor's where that matters. */
static bool may_act(struct lnet_apply *a, const struct alc_near_action *act)
{
    bool pays_implicit = act->kind == ALC_NEAR_TRANSFER && a->r->actions_count == 1 &&
                         !lnet_is_refund(a->r) &&
                         lnet_id_kind(alc_near_id_bytes(&a->r->receiver)) != LNET_NAMED;
    if (act->kind == ALC_NEAR_CREATE_ACCOUNT) return true;
    if (!a->exists && !pays_implicit) {
        fail_account(a, "AccountDoesNotExist");
        return false;
    }
    if (needs_actor(act->kind) && strcmp(a->actor.s, a->r->receiver.s) != 0) {
        fail_account_and(a, "ActorNoPermission", "actor_id", alc_near_id_bytes(&a->actor));
        return false;
    }
    return true;
}

enum alc_rc lnet_action(struct lnet_apply *a, const struct alc_near_action *act, uint32_t i,
                        struct alc_err *err)
{
    if (!may_act(a, act)) return ALC_OK;
    switch ((enum alc_near_action_kind)act->kind) {
    case ALC_NEAR_CREATE_ACCOUNT:
        create_account(a);
        return ALC_OK;
    case ALC_NEAR_DEPLOY:
        return deploy(a, act->data, err);
    case ALC_NEAR_CALL:
        return lnet_action_call(a, act, i, err);
    case ALC_NEAR_TRANSFER:
        return transfer(a, act->amount, err);
    case ALC_NEAR_STAKE:
        return stake(a, act, err);
    case ALC_NEAR_ADD_KEY:
        return add_key(a, act, err);
    case ALC_NEAR_DELETE_KEY:
        return delete_key(a, &act->key, err);
    case ALC_NEAR_DELETE_ACCOUNT:
        return delete_account(a, act->account_id, err);
    case ALC_NEAR_DELEGATE:
        return lnet_action_delegate(a, act->delegate, err);
    case ALC_NEAR_DEPLOY_GLOBAL:
        return deploy_global(a, act, err);
    case ALC_NEAR_USE_GLOBAL:
        return use_global(a, act, err);
    case ALC_NEAR_TRANSFER_GAS_KEY:
    case ALC_NEAR_WITHDRAW_GAS_KEY:
        return move_gas_money(a, act, err);
    case ALC_NEAR_STATE_INIT: /* lnet_check_actions refuses these in every receipt */
    case ALC_NEAR_DELEGATE_V2:
    case ALC_NEAR_UNIVERSAL_INIT:
        break;
    }
    return alc_fail(err, ALC_CORRUPT, "a receipt holds an action of kind %u", act->kind);
}
