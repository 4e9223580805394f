/* contracts/token/storage.c — NEP-145: an account pays for its record once, and gets the price back
 * when it leaves.  The price is fixed, so that nothing is ever available for withdrawal. */
#include "token.h"

struct storage_args {
    struct alc_bytes account; /* p NULL: the caller */
    bool registration_only;   /* makes no difference: there is nothing else to pay for */
    bool force;
    struct near_opt_u128 amount;
};

static const struct near_field deposit_fields[] = {
    NEAR_FIELD("account_id", struct storage_args, account, near_read_account, NEAR_MAY),
    NEAR_FIELD("registration_only", struct storage_args, registration_only, near_read_bool,
               NEAR_MAY),
};
static const struct near_field withdraw_fields[] = {
    NEAR_FIELD("amount", struct storage_args, amount, near_read_opt_u128, NEAR_MAY),
};
static const struct near_field unregister_fields[] = {
    NEAR_FIELD("force", struct storage_args, force, near_read_bool, NEAR_MAY),
};

static void out_registration(struct near_out *o, const char *first, const char *second)
{
    near_out_raw(o, alc_cstr(first));
    near_out_u128_str(o, REGISTRATION_YOCTO);
    near_out_raw(o, alc_cstr(second));
}

static void give_balance(bool registered)
{
    uint8_t buf[128];
    struct near_out o = NEAR_OUT(buf);

    if (registered)
        out_registration(&o, "{\"total\":", ",\"available\":\"0\"}");
    else
        near_out_lit(&o, "null");
    near_return(near_out_bytes(&o, "result too long"));
}

void method_storage_deposit(void)
{
    struct storage_args a = {.account = {NULL, 0}};
    struct near_account caller;
    near_u128 paid, balance;
    struct token t;

    NEAR_ARGS(&a, deposit_fields);
    token_load(&t);
    near_predecessor(&caller);
    if (a.account.p == NULL) a.account = near_account_bytes(&caller);
    paid = near_deposit();
    if (!balance_get(a.account, &balance)) {
        if (paid < REGISTRATION_YOCTO)
            near_panic("The attached deposit is less than the minimum storage balance");
        balance_put(a.account, 0);
        paid -= REGISTRATION_YOCTO;
    }
    if (paid > 0) near_transfer(near_account_bytes(&caller), paid);
    give_balance(true);
}

void method_storage_withdraw(void)
{
    struct storage_args a = {.amount = {0, false}};
    struct near_account caller;
    struct token t;

    NEAR_ARGS(&a, withdraw_fields);
    token_load(&t);
    one_yocto();
    near_predecessor(&caller);
    (void)balance_must(near_account_bytes(&caller));
    if (a.amount.some && a.amount.v > 0)
        near_panic("The amount is greater than the available storage balance");
    give_balance(true);
}

/* With `force` the account's tokens are burnt. */
void method_storage_unregister(void)
{
    struct storage_args a = {.force = false};
    struct near_account caller;
    struct alc_bytes account;
    near_u128 balance;
    struct token t;

    NEAR_ARGS(&a, unregister_fields);
    token_load(&t);
    one_yocto();
    near_predecessor(&caller);
    account = near_account_bytes(&caller);
    if (!balance_get(account, &balance)) {
        near_return(ALC_LIT("false"));
        return;
    }
    if (balance > 0) {
        if (!a.force)
            near_panic("Can't unregister the account with the positive balance without force");
        t.supply -= balance;
        token_save(&t);
        event_burn(account, balance, (struct alc_bytes){NULL, 0});
    }
    balance_remove(account);
    near_transfer(account, REGISTRATION_YOCTO + 1);
    near_return(ALC_LIT("true"));
}

/* ---- Views ---- */

void method_storage_balance_of(void)
{
    static const struct near_field fields[] = {
        NEAR_FIELD("account_id", struct storage_args, account, near_read_account, NEAR_MUST),
    };
    struct storage_args a;
    near_u128 balance;
    struct token t;

    NEAR_ARGS(&a, fields);
    token_load(&t);
    give_balance(balance_get(a.account, &balance));
}

void method_storage_balance_bounds(void)
{
    uint8_t buf[128];
    struct near_out o = NEAR_OUT(buf);
    struct token t;

    token_load(&t);
    out_registration(&o, "{\"min\":", ",\"max\":");
    out_registration(&o, "", "}");
    near_return(near_out_bytes(&o, "result too long"));
}
