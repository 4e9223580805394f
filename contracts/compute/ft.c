/* contracts/compute/ft.c — stablecoin that comes in, by messages of the payment token, and the
 * settings and views of it. */
#include "payment_key.h"

#include "purse.h"
#include "room.h"

/* ---- ft_on_transfer ---- */

static const struct near_field transfer_fields[] = {
    NEAR_FIELD("sender_id", struct payment, payer, near_read_account, NEAR_MUST),
    NEAR_FIELD("amount", struct payment, amount, near_read_u128, NEAR_MUST),
    NEAR_FIELD("msg", struct payment, msg, near_read_string, NEAR_MUST),
};

/* Rows of purchase_fields that come with an action. */
enum { OF_DEPOSIT = 0, OF_TOP_UP = 2, OF_PURCHASE = 3 };

/* The tag says which keys count, and stands anywhere among them: the text is read twice, and
 * reading spends it. */
static void read_pass(void *out, struct alc_bytes msg, const struct near_field *fields, size_t n)
{
    struct near_json j = near_json_begin(room_message, msg.n);

    if (msg.n > 0) __builtin_memcpy(room_message, msg.p, msg.n);
    if (near_json_peek(&j) != '{') near_json_fail("msg is not an object");
    near_json_object(&j, out, fields, n);
    near_json_end(&j);
}

static size_t read_message(struct payment *p)
{
    static const struct near_field tag = NEAR_FIELD_ALL("action", near_read_string, NEAR_MUST);
    struct alc_bytes action;
    size_t rows;

    read_pass(&action, p->msg, &tag, 1);
    if (alc_bytes_is(action, "deposit_balance"))
        rows = OF_DEPOSIT;
    else if (alc_bytes_is(action, "top_up_payment_key"))
        rows = OF_TOP_UP;
    else if (alc_bytes_is(action, "buy_subscription"))
        rows = OF_PURCHASE;
    else
        near_json_fail("msg names no known action");
    read_pass(p, p->msg, purchase_fields, rows);
    return rows;
}

void method_ft_on_transfer(void)
{
    static struct payment p;

    NEAR_ARGS(&p, transfer_fields);
    begin(BY);
    near_refuse(here.state.token.n == 0, "Payment token is not configured");
    near_refuse(!is_caller(here.state.token), "Only the payment token may call ft_on_transfer");
    p.owner = p.payer; /* unless the message names another */
    switch (read_message(&p)) {
    case OF_TOP_UP:
        payment_key_top_up(&p);
        return; /* the callback says how much the token takes back */
    case OF_PURCHASE:
        subscription_buy(&p);
        break;
    default:
        purse_add(PURSE_USER, &p.payer, p.amount);
    }
    near_return(ALC_LIT("\"0\""));
}

/* ---- The token ---- */

void method_set_payment_token_contract(void)
{
    begin(ARG_TOKEN_CONTRACT | BY_OWNER);
    here.state.token = arg.account;
    state_save();
}

void method_get_payment_token_contract(void)
{
    struct alc_bytes token;

    begin(0);
    token = here.state.token;
    if (token.n == 0) token.p = NULL;
    say_str("", &token);
    give();
}

/* ---- What belongs to an account ---- */

static void give_purse(enum purse which)
{
    begin(ARG_ACCOUNT_ID);
    say_amount("", purse_get(which, &arg.account));
    give();
}

void method_get_user_stablecoin_balance(void)
{
    give_purse(PURSE_USER);
}

void method_get_developer_earnings(void)
{
    give_purse(PURSE_EARNINGS);
}

static void give_nonce(uint64_t more)
{
    begin(ARG_ACCOUNT_ID);
    say_u64("", more + nonce_floor(&arg.account));
    give();
}

void method_get_payment_key_nonce_floor(void)
{
    give_nonce(0);
}

/* A key raises the floor when it is made, so no living one is above it. */
void method_get_next_payment_key_nonce(void)
{
    give_nonce(1);
}
