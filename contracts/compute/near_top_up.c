/* contracts/compute/near_top_up.c — a payment key topped up with NEAR: the deposit is wrapped, sent
 * to a swap contract, and a project of the operator's is asked to swap it and to top the key up.
 *
 *   top_up_payment_key_with_near ─► wrap contract: near_deposit, ft_transfer (both or neither)
 *       └─► on_near_wrapped ─► request_execution of this contract, or all NEAR back
 *
 * What the request costs is set aside before, and must cover its price of that moment. */
#include "payment_key.h"
#include "project.h"

#define MILLI_NEAR ((near_u128)1000000000u * 1000000000000u)
#define REQUEST_DEPOSIT (15 * MILLI_NEAR)
#define SET_ASIDE (REQUEST_DEPOSIT + 1) /* ft_transfer wants one yoctoNEAR */
#define WRAPPED_MIN (10 * MILLI_NEAR)
#define DEPOSIT_GAS (10 * (uint64_t)NEAR_TGAS)
#define TRANSFER_GAS (30 * (uint64_t)NEAR_TGAS)
#define WRAPPED_GAS (20 * (uint64_t)NEAR_TGAS)

static const struct limits request_limits = {{10000000000, 1}, {256, 1}, {120, 1}};

/* ---- The two accounts: record "w" is the text that the view returns ---- */

static struct accounts {
    struct alc_bytes wrap;    /* the contract of wrapped NEAR */
    struct alc_bytes intents; /* owner of the project and of its secret */
    struct alc_bytes project; /* which swaps */
    uint8_t project_b[NEAR_ACCOUNT_MAX_BYTES + 32];
} accounts;

static const struct near_field accounts_fields[] = {
    NEAR_FIELD("wrap_contract_id", struct accounts, wrap, near_read_account, NEAR_MAY),
    NEAR_FIELD("intents_account_id", struct accounts, intents, near_read_account, NEAR_MAY),
};

static uint8_t stored[224];

static struct alc_bytes stored_accounts(void)
{
    static const char preset[] = "{\"wrap_contract_id\":\"wrap.near\",\"intents_"
                                 "account_id\":\"publishintent.near\"}";
    struct alc_bytes text = {stored, sizeof preset - 1};

    __builtin_memcpy(stored, preset, sizeof preset);
    (void)!near_get(ALC_LIT("w"), stored, sizeof stored, &text.n);
    return text;
}

static void accounts_load(void)
{
    const struct alc_bytes name = ALC_LIT("payment-keys-with-intents");
    struct near_json j = near_json_begin(stored, stored_accounts().n);

    near_json_object(&j, &accounts, accounts_fields, 2);
    accounts.project =
        joined(accounts.project_b, sizeof accounts.project_b, &accounts.intents, '/', &name);
}

/* Sets those given. */
void method_set_near_top_up(void)
{
    accounts_load();
    NEAR_ARGS(&accounts, accounts_fields);
    begin(BY_OWNER);
    near_put(ALC_LIT("w"), args_of(&accounts, accounts_fields, 2));
}

void method_get_near_top_up(void)
{
    state_load();
    near_return(stored_accounts());
}

/* ---- The way ---- */

struct near_top_up {
    struct payment p; /* its amount is what is wrapped */
    struct alc_bytes token;
    struct alc_bytes swap;
};

/* Arguments of the callback, and input of the request. */
static const struct near_field fields[] = {
    NEAR_FIELD("owner", struct near_top_up, p.owner, near_read_account, NEAR_MUST),
    NEAR_FIELD("nonce", struct near_top_up, p.nonce, near_read_u32, NEAR_MUST),
    NEAR_FIELD("token_id", struct near_top_up, token, near_read_account, NEAR_MUST),
    NEAR_FIELD("amount", struct near_top_up, p.amount, near_read_u128, NEAR_MUST),
    NEAR_FIELD("swap_contract_id", struct near_top_up, swap, near_read_account, NEAR_MUST),
};
static const struct near_field caller_fields[] = {
    NEAR_FIELD("nonce", struct near_top_up, p.nonce, near_read_u32, NEAR_MUST),
    NEAR_FIELD("swap_contract_id", struct near_top_up, swap, near_read_account, NEAR_MUST),
};

void method_top_up_payment_key_with_near(void)
{
    struct near_top_up t;
    uint64_t batch;
    near_u128 paid;

    NEAR_ARGS(&t, caller_fields);
    begin(BY | IF_UNPAUSED);
    paid = near_deposit();
    near_refuse(paid < SET_ASIDE + WRAPPED_MIN, "Attach at least 0.025 NEAR and 1 yoctoNEAR");
    accounts_load();
    t.p.owner = here.by;
    t.token = accounts.wrap;
    t.p.amount = paid - SET_ASIDE;
    payment_key_must(&t.p);
    /* Nothing moves unless the request can be expected to be taken. */
    near_refuse(estimate(&request_limits) > REQUEST_DEPOSIT,
                "The execution costs more than 0.015 NEAR");
    near_refuse(!project_exists(&accounts.project), "Project not found");
    batch = near_batch(accounts.wrap);
    near_batch_call(
        batch,
        &(struct near_call){.method = "near_deposit", .deposit = t.p.amount, .gas = DEPOSIT_GAS});
    ft_transfer(batch, &(struct ft_call){t.swap, t.p.amount, {NULL, 0}}, TRANSFER_GAS);
    near_return_promise(call_self(batch, "on_near_wrapped", WRAPPED_GAS, &t, fields, 5));
}

void method_on_near_wrapped(void)
{
    struct alc_bytes input;
    uint8_t result[64];
    struct near_top_up t;
    bool sent;
    size_t n;

    NEAR_ARGS(&t, fields);
    sent = near_result(result, sizeof result, &n);
    begin(0);
    if (!sent) { /* what went there came back with the failure */
        near_transfer(t.p.owner, near_add(t.p.amount, SET_ASIDE));
        return;
    }
    accounts_load();
    input = args_of(&t, fields, 5);
    say_str("{\"source\":{\"Project\":{\"project_id\":", &accounts.project);
    say(",\"version_key\":null}},\"resource_limits\":");
    SAY_OBJECT(&request_limits, limits_fields);
    say_str(",\"input_data\":", &input);
    say_str(",\"secrets_ref\":{\"profile\":\"intents-swap\",\"account_id\":", &accounts.intents);
    say("},\"response_format\":\"Json\",\"payer_account_id\":null,\"params\":"
        "null}");
    near_return_promise(near_call(NEAR_NOW, &(struct near_call){.account = here.state.self,
                                                                .method = "request_execution",
                                                                .args = said(),
                                                                .deposit = REQUEST_DEPOSIT,
                                                                .weight = 1}));
}

void method_top_up_payment_key_with_token(void)
{
    state_load();
    near_panic("This method is disabled");
}
