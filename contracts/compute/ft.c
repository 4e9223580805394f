/* contracts/compute/ft.c — stablecoin that comes in, by messages of the payment token, and the
 * settings and views of it. */
#include "payment_key.h"

#include "purse.h"

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
    static uint8_t text[NEAR_ARGS_MAX_BYTES];
    struct near_json j = near_json_begin(text, msg.n);

    if (msg.n > 0) __builtin_memcpy(text, msg.p, msg.n);
    if (near_json_peek(&j) != '{') near_json_fail("msg is not an object");
    near_json_object(&j, out, fields, n);
    near_json_end(&j);
}

static size_t read_message(struct payment *p)
{
    static const struct near_field tag = {"action", near_read_string, 0, 6, NEAR_MUST};
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
    struct near_account caller;
    struct payment p;
    struct state s;

    NEAR_ARGS(&p, transfer_fields);
    state_load(&s);
    if (s.token.n == 0) near_panic("Payment token is not configured");
    near_predecessor(&caller);
    if (!alc_bytes_eq(near_account_bytes(&caller), s.token))
        near_panic("Only the payment token may call ft_on_transfer");
    p.owner = p.payer; /* unless the message names another */
    switch (read_message(&p)) {
    case OF_TOP_UP:
        payment_key_top_up(&s, &p);
        return; /* the callback says how much the token takes back */
    case OF_PURCHASE:
        subscription_buy(&s, &p);
        break;
    default:
        purse_add(PURSE_USER, p.payer, p.amount);
    }
    near_return(ALC_LIT("\"0\""));
}

/* ---- The token ---- */

struct token_args {
    struct alc_bytes token;
};

static const struct near_field token_fields[] = {
    NEAR_FIELD("token_contract", struct token_args, token, near_read_account, NEAR_MAY),
};

void method_set_payment_token_contract(void)
{
    struct token_args a = {.token = {NULL, 0}};
    struct state s;

    NEAR_ARGS(&a, token_fields);
    state_load(&s);
    only_owner(&s);
    s.token = a.token;
    state_save(&s);
}

void method_get_payment_token_contract(void)
{
    struct near_out o = view_out();
    struct state s;

    state_load(&s);
    if (s.token.n > 0)
        out_account(&o, s.token);
    else
        near_out_lit(&o, "null");
    view_give(&o);
}

/* ---- What belongs to an account ---- */

struct account_args {
    struct alc_bytes account;
};

static const struct near_field account_fields[] = {
    NEAR_FIELD("account_id", struct account_args, account, near_read_account, NEAR_MUST),
};

static void give(enum purse which, near_u128 more, bool quoted)
{
    struct near_out o = view_out();
    struct account_args a;
    struct state s;

    NEAR_ARGS(&a, account_fields);
    state_load(&s);
    more += purse_get(which, a.account);
    if (quoted)
        near_out_u128_str(&o, more);
    else
        near_out_u128(&o, more);
    view_give(&o);
}

void method_get_user_stablecoin_balance(void)
{
    give(PURSE_USER, 0, true);
}

void method_get_developer_earnings(void)
{
    give(PURSE_EARNINGS, 0, true);
}

void method_get_payment_key_nonce_floor(void)
{
    give(PURSE_NONCE, 0, false);
}

/* A key raises the floor when it is made, so no living one is above it. */
void method_get_next_payment_key_nonce(void)
{
    give(PURSE_NONCE, 1, false);
}
