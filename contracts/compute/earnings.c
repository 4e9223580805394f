/* contracts/compute/earnings.c — what developers earned goes to them as a transfer of the token. */
#include "payment_key.h"

#include "purse.h"

#define TRANSFER_GAS (10 * (uint64_t)NEAR_TGAS)
#define AFTER_TRANSFER_GAS (5 * (uint64_t)NEAR_TGAS)

static const struct near_field transfer_fields[] = {
    NEAR_FIELD("receiver_id", struct ft_call, to, near_read_account, NEAR_MUST),
    NEAR_FIELD("amount", struct ft_call, amount, near_read_u128, NEAR_MUST),
    NEAR_FIELD("memo", struct ft_call, memo, near_read_string, NEAR_MAY),
};

void ft_transfer(uint64_t batch, const struct ft_call *t, uint64_t gas)
{
    near_batch_call(
        batch, &(struct near_call){.method = "ft_transfer",
                                   .args = args_of(t, transfer_fields, t->memo.p != NULL ? 3 : 2),
                                   .deposit = 1,
                                   .gas = gas});
}

struct withdrawal {
    struct alc_bytes developer;
    near_u128 amount;
};

static const struct near_field fields[] = {
    NEAR_FIELD("developer", struct withdrawal, developer, near_read_account, NEAR_MUST),
    NEAR_FIELD("amount", struct withdrawal, amount, near_read_u128, NEAR_MUST),
};

void method_withdraw_developer_earnings(void)
{
    struct withdrawal w;
    uint64_t transfer;

    begin(BY);
    one_yocto();
    w.developer = here.by;
    w.amount = purse_get(PURSE_EARNINGS, &w.developer);
    near_refuse(w.amount == 0, "No earnings to withdraw");
    near_refuse(here.state.token.n == 0, "Payment token is not configured");
    purse_take(PURSE_EARNINGS, &w.developer, w.amount, "");
    transfer = near_batch(here.state.token);
    ft_transfer(transfer, &(struct ft_call){w.developer, w.amount, ALC_LIT("Developer earnings")},
                TRANSFER_GAS);
    near_return_promise(
        call_self(transfer, "on_withdraw_developer_earnings", AFTER_TRANSFER_GAS, &w, fields, 2));
}

void method_on_withdraw_developer_earnings(void)
{
    struct withdrawal a;
    uint8_t buf[32];
    struct near_json j;
    bool sent;
    size_t n;

    NEAR_ARGS(&a, fields);
    sent = near_result(buf, sizeof buf, &n);
    if (sent && n > 0) { /* a transfer answers with nothing, or with null */
        j = near_json_begin(buf, n);
        if (!near_json_null(&j)) near_json_fail("ft_transfer answered something");
        near_json_end(&j);
    }
    state_load();
    if (!sent) purse_add(PURSE_EARNINGS, &a.developer, a.amount);
}
