/* localnet/view_action.c — NEAR's JSON forms of keys, signatures, access keys and actions (near.md
 * 11).
 *
 * There are two: views, and "plain", in which state records and the actions in a delegate stand. */
#include "base/enc.h"
#include "localnet/view_parts.h"

/* ---- keys ---- */

void lnet_view_key(struct alc_jw *w, const struct alc_near_key *key)
{
    char text[ALC_NEAR_KEY_TEXT_MAX];
    alc_near_key_text(text, key);
    alc_jw_text(w, text);
}

void lnet_view_sig(struct alc_jw *w, const struct alc_near_sig *sig)
{
    static const char *const names[] = {"ed25519", "secp256k1", "ml-dsa-65"};
    char b58[ALC_BASE58_CHARS(ALC_NEAR_ML_DSA_65_SIG_BYTES)];
    size_t n = 0;
    if (sig->curve >= sizeof names / sizeof names[0] ||
        !alc_base58_encode(b58, sizeof b58, &n, alc_near_sig_raw(sig)))
        w->out->failed = true; /* it was decoded, and the buffer is large enough */
    else
        alc_jw_textf(w, "%s:%.*s", names[sig->curve], (int)n, b58);
}

static void gas_fields(struct alc_jw *w, const struct alc_near_access *a)
{
    key_amount(w, "balance", a->gas_balance);
    key_u64(w, "num_nonces", a->gas_nonces);
}

static void call_fields(struct alc_jw *w, const struct alc_near_access *a)
{
    alc_jw_key(w, "allowance");
    if (a->has_allowance)
        alc_jw_u128_str(w, a->allowance);
    else
        alc_jw_null(w);
    key_id(w, "receiver_id", a->receiver_id);
    alc_jw_key(w, "method_names");
    alc_jw_arr(w);
    for (uint32_t i = 0; i < a->methods_count; i++)
        alc_jw_str(w, a->methods[i]);
    alc_jw_end(w);
}

/* A gas key for calls is one object in views, and a pair of them as it is stored. */
static void view_gas_call(struct alc_jw *w, const struct alc_near_access *a, bool plain)
{
    if (!plain) {
        alc_jw_obj(w);
        gas_fields(w, a);
        call_fields(w, a);
        alc_jw_end(w);
        return;
    }
    alc_jw_arr(w);
    alc_jw_obj(w);
    gas_fields(w, a);
    alc_jw_end(w);
    alc_jw_obj(w);
    call_fields(w, a);
    alc_jw_end(w);
    alc_jw_end(w);
}

static void view_permission(struct alc_jw *w, const struct alc_near_access *a, bool plain)
{
    static const char *const names[] = {
        [ALC_NEAR_FUNCTION_CALL_KEY] = "FunctionCall",
        [ALC_NEAR_FULL_ACCESS] = "FullAccess",
        [ALC_NEAR_GAS_FUNCTION_CALL_KEY] = "GasKeyFunctionCall",
        [ALC_NEAR_GAS_FULL_ACCESS] = "GasKeyFullAccess",
    };
    const char *name = names[a->permission & 3];
    if (a->permission == ALC_NEAR_FULL_ACCESS) {
        alc_jw_text(w, name);
        return;
    }
    alc_jw_obj(w);
    alc_jw_key(w, name);
    if (a->permission == ALC_NEAR_GAS_FUNCTION_CALL_KEY) {
        view_gas_call(w, a, plain);
    } else {
        alc_jw_obj(w);
        if (alc_near_is_gas_key(a))
            gas_fields(w, a);
        else
            call_fields(w, a);
        alc_jw_end(w);
    }
    alc_jw_end(w);
}

static void view_access(struct alc_jw *w, const struct alc_near_access *a, bool plain)
{
    alc_jw_obj(w);
    key_u64(w, "nonce", a->nonce);
    alc_jw_key(w, "permission");
    view_permission(w, a, plain);
    alc_jw_end(w);
}

void lnet_view_access(struct alc_jw *w, const struct alc_near_access *a)
{
    view_access(w, a, false);
}

void lnet_view_access_plain(struct alc_jw *w, const struct alc_near_access *a)
{
    view_access(w, a, true);
}

/* ---- actions ---- */

/* Views show a module by its hash; the plain actions inside a delegate show all of it. */
static void view_code(struct alc_jw *w, struct alc_bytes code, bool plain)
{
    struct alc_hash h;
    alc_jw_key(w, "code");
    if (plain) {
        alc_jw_base64(w, code);
        return;
    }
    alc_sha256(&h, code);
    alc_jw_base64(w, alc_hash_bytes(&h));
}

static void view_deploy_global(struct alc_jw *w, const struct alc_near_action *a, bool plain)
{
    alc_jw_key(w, plain || !a->by_account ? "DeployGlobalContract"
                                          : "DeployGlobalContractByAccountId");
    alc_jw_obj(w);
    view_code(w, a->data, plain);
    if (plain) {
        alc_jw_key(w, "deploy_mode");
        alc_jw_text(w, a->by_account ? "AccountId" : "CodeHash");
    }
    alc_jw_end(w);
}

static void view_use_global(struct alc_jw *w, const struct alc_near_action *a, bool plain)
{
    alc_jw_key(w, plain || !a->by_account ? "UseGlobalContract" : "UseGlobalContractByAccountId");
    alc_jw_obj(w);
    if (plain) {
        alc_jw_key(w, "contract_identifier");
        alc_jw_obj(w);
    }
    if (a->by_account)
        key_id(w, "account_id", a->account_id);
    else
        key_hash(w, plain ? "hash" : "code_hash", &a->code_hash);
    if (plain) alc_jw_end(w);
    alc_jw_end(w);
}

static void view_action(struct alc_jw *w, const struct alc_near_action *a, bool plain);

static void view_delegate(struct alc_jw *w, const struct alc_near_delegate *d)
{
    alc_jw_key(w, "Delegate");
    alc_jw_obj(w);
    alc_jw_key(w, "delegate_action");
    alc_jw_obj(w);
    key_id(w, "sender_id", d->sender_id);
    key_id(w, "receiver_id", d->receiver_id);
    alc_jw_key(w, "actions");
    alc_jw_arr(w);
    for (uint32_t i = 0; i < d->actions_count; i++)
        view_action(w, &d->actions[i], true);
    alc_jw_end(w);
    key_u64(w, "nonce", d->nonce);
    key_u64(w, "max_block_height", d->max_block_height);
    alc_jw_key(w, "public_key");
    lnet_view_key(w, &d->key);
    alc_jw_end(w);
    alc_jw_key(w, "signature");
    lnet_view_sig(w, &d->sig);
    alc_jw_end(w);
}

static void view_call(struct alc_jw *w, const struct alc_near_action *a)
{
    alc_jw_key(w, "FunctionCall");
    alc_jw_obj(w);
    key_id(w, "method_name", a->method);
    alc_jw_key(w, "args");
    alc_jw_base64(w, a->data);
    key_u64(w, "gas", a->gas);
    key_amount(w, "deposit", a->amount);
    alc_jw_end(w);
}

static const char *key_action_name(uint8_t kind)
{
    switch (kind) {
    case ALC_NEAR_ADD_KEY:
        return "AddKey";
    case ALC_NEAR_STAKE:
        return "Stake";
    case ALC_NEAR_TRANSFER_GAS_KEY:
        return "TransferToGasKey";
    case ALC_NEAR_WITHDRAW_GAS_KEY:
        return "WithdrawFromGasKey";
    default:
        return "DeleteKey";
    }
}

static void view_key_action(struct alc_jw *w, const struct alc_near_action *a, bool plain)
{
    alc_jw_key(w, key_action_name(a->kind));
    alc_jw_obj(w);
    if (a->kind == ALC_NEAR_STAKE) key_amount(w, "stake", a->amount);
    alc_jw_key(w, "public_key");
    lnet_view_key(w, &a->key);
    if (a->kind == ALC_NEAR_ADD_KEY) {
        alc_jw_key(w, "access_key");
        view_access(w, &a->access, plain);
    }
    if (a->kind == ALC_NEAR_TRANSFER_GAS_KEY) key_amount(w, "deposit", a->amount);
    if (a->kind == ALC_NEAR_WITHDRAW_GAS_KEY) key_amount(w, "amount", a->amount);
    alc_jw_end(w);
}

static void view_action(struct alc_jw *w, const struct alc_near_action *a, bool plain)
{
    if (a->kind == ALC_NEAR_CREATE_ACCOUNT && !plain) {
        alc_jw_text(w, "CreateAccount");
        return;
    }
    alc_jw_obj(w);
    switch ((enum alc_near_action_kind)a->kind) {
    case ALC_NEAR_CREATE_ACCOUNT:
        alc_jw_key(w, "CreateAccount");
        alc_jw_obj(w);
        alc_jw_end(w);
        break;
    case ALC_NEAR_DEPLOY:
        alc_jw_key(w, "DeployContract");
        alc_jw_obj(w);
        view_code(w, a->data, plain);
        alc_jw_end(w);
        break;
    case ALC_NEAR_CALL:
        view_call(w, a);
        break;
    case ALC_NEAR_TRANSFER:
        alc_jw_key(w, "Transfer");
        alc_jw_obj(w);
        key_amount(w, "deposit", a->amount);
        alc_jw_end(w);
        break;
    case ALC_NEAR_STAKE:
    case ALC_NEAR_ADD_KEY:
    case ALC_NEAR_DELETE_KEY:
    case ALC_NEAR_TRANSFER_GAS_KEY:
    case ALC_NEAR_WITHDRAW_GAS_KEY:
        view_key_action(w, a, plain);
        break;
    case ALC_NEAR_DELETE_ACCOUNT:
        alc_jw_key(w, "DeleteAccount");
        alc_jw_obj(w);
        key_id(w, "beneficiary_id", a->account_id);
        alc_jw_end(w);
        break;
    case ALC_NEAR_DELEGATE:
        view_delegate(w, a->delegate);
        break;
    case ALC_NEAR_DEPLOY_GLOBAL:
        view_deploy_global(w, a, plain);
        break;
    case ALC_NEAR_USE_GLOBAL:
        view_use_global(w, a, plain);
        break;
    case ALC_NEAR_STATE_INIT: /* refused before they get into a receipt */
    case ALC_NEAR_DELEGATE_V2:
    case ALC_NEAR_UNIVERSAL_INIT:
        break;
    }
    alc_jw_end(w);
}

void lnet_view_action(struct alc_jw *w, const struct alc_near_action *a)
{
    view_action(w, a, false);
}
