/* tests/contract/gas_money.c — a day of stablecoin: what the token brings, payment keys, earnings.
 */
#include "tests/contract/gas.h"

#include "tests/contract/vm_proofs.h"

#include "base/enc.h"

#include <stdio.h>

#define TOKEN "usdc.test"
#define ACCOUNT "{\"account_id\":\"" VMHOST_SIGNER "\"}"
#define MILLI ((__uint128_t)1000000000u * 1000000000000u) /* 0.001 NEAR */

static const struct nearvm_outcome *transfer(struct gas_day *d, const char *msg)
{
    static char args[512];

    snprintf(args, sizeof args,
             "{\"sender_id\":\"" VMHOST_SIGNER "\",\"amount\":\"20000\",\"msg\":\"%s\"}", msg);
    return vmhost_call(d->h, &(struct vmhost_call){.method = "ft_on_transfer",
                                                   .args = alc_cstr(args),
                                                   .predecessor = TOKEN});
}

static const struct nearvm_outcome *pay(struct gas_day *d, const char *method, const char *args,
                                        __uint128_t deposit)
{
    return vmhost_call(
        d->h, &(struct vmhost_call){.method = method, .args = alc_cstr(args), .deposit = deposit});
}

static const struct nearvm_outcome *resume(struct gas_day *d, const char *method,
                                           const char *result)
{
    static char args[512];
    char id[65];
    size_t n;

    need(vmhost_yields(d->h) == 1, "a yield");
    need(alc_hex_encode(id, 64, &n, alc_hash_bytes(&vmhost_yield(d->h, 0)->data_id)), "hex");
    id[n] = 0;
    snprintf(args, sizeof args, "{\"data_id\":\"%s\",\"result\":%s}", id, result);
    return vm_by_operator(d->h, method, args);
}

/* Of a resume, 1.2 Tgas are what the protocol takes for yield_resume alone. */
static void keys(struct gas_day *d)
{
    gas_note(d, "ft_on_transfer, top_up",
             transfer(d, "{\\\"action\\\":\\\"top_up_payment_key\\\",\\\"nonce\\\":1}"), 1000, 0);
    gas_note(d, "resume_topup",
             resume(d, "resume_topup", "{\"Success\":{\"new_encrypted_data\":\"BBBB\"}}"), 1500, 0);
    gas_note(d, "on_top_up_response", vmhost_wake(d->h, 0), 800, 0);
    gas_note(
        d, "ft_on_transfer, buy_subscription",
        transfer(d, "{\\\"action\\\":\\\"buy_subscription\\\",\\\"nonce\\\":1,\\\"plan\\\":2}"),
        900, 0);
    gas_note(d, "top_up_payment_key_with_near",
             pay(d, "top_up_payment_key_with_near",
                 "{\"nonce\":1,\"swap_contract_id\":\"swap.test\"}", 1000 * MILLI),
             1500, 0);
    gas_note(d, "delete_payment_key", pay(d, "delete_payment_key", "{\"nonce\":1}", 1), 1000, 0);
    gas_note(d, "resume_delete_payment_key", resume(d, "resume_delete_payment_key", "\"Success\""),
             1500, 0);
    gas_note(d, "on_delete_payment_key_response", vmhost_wake(d->h, 0), 1000, 0);
}

static void views(struct gas_day *d)
{
    static const char *const of_account[] = {
        "get_user_stablecoin_balance", "get_developer_earnings", "get_payment_key_nonce_floor",
        "get_next_payment_key_nonce"};

    for (size_t i = 0; i < sizeof of_account / sizeof *of_account; i++)
        gas_note(d, of_account[i], vmhost_view(d->h, of_account[i], ACCOUNT), 300, 0);
    gas_note(d, "get_subscription_plans", vmhost_view(d->h, "get_subscription_plans", ""), 300, 0);
    gas_note(d, "get_payment_token_contract", vmhost_view(d->h, "get_payment_token_contract", ""),
             300, 0);
    gas_note(d, "get_near_top_up", vmhost_view(d->h, "get_near_top_up", ""), 300, 0);
}

static void day(struct gas_day *d)
{
    static const uint8_t earned[] = {0x20, 0x4e};

    need(vmhost_ok(gas_new(d)), "new");
    gas_note(d, "set_payment_token_contract",
             vmhost_do(d->h, "set_payment_token_contract", "{\"token_contract\":\"" TOKEN "\"}"),
             600, 0);
    gas_note(
        d, "set_subscription_plans",
        vmhost_do(d->h, "set_subscription_plans",
                  "{\"plans\":[{\"index\":2,\"name\":\"Pro\",\"price_usd\":\"5000\",\"active\":"
                  "true},{\"index\":3,\"name\":\"Team\",\"price_usd\":\"9000\",\"active\":"
                  "true}]}"),
        600, 0);
    need(vmhost_ok(
             vmhost_do(d->h, "set_near_top_up", "{\"intents_account_id\":\"" VMHOST_SIGNER "\"}")),
         "set_near_top_up");
    need(vmhost_ok(pay(d, "create_project",
                       "{\"name\":\"payment-keys-with-intents\",\"source\":{\"GitHub\":{\"repo\":"
                       "\"a/b\",\"commit\":\"c\"}}}",
                       100 * MILLI)),
         "create_project");
    need(vmhost_ok(pay(d, "store_secrets",
                       "{\"accessor\":{\"System\":\"PaymentKey\"},\"profile\":\"1\","
                       "\"encrypted_secrets_base64\":\"AAAA\",\"access\":\"AllowAll\"}",
                       100 * MILLI)),
         "store_secrets");
    gas_note(d, "ft_on_transfer, deposit_balance",
             transfer(d, "{\\\"action\\\":\\\"deposit_balance\\\"}"), 600, 0);
    keys(d);
    vmhost_put(d->h, ALC_LIT("e" VMHOST_SIGNER), (struct alc_bytes){earned, sizeof earned});
    views(d);
    gas_note(d, "withdraw_developer_earnings", pay(d, "withdraw_developer_earnings", "", 1), 1200,
             0);
}

size_t gas_money_measure(struct gas_row rows[GAS_ROWS_MAX])
{
    return gas_days(rows, day);
}
