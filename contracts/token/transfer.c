/* contracts/token/transfer.c — NEP-141: tokens move, alone or with a message. */
#include "token.h"

#include "base/enc.h"

#define RESOLVE_GAS (5 * (uint64_t)NEAR_TGAS)

void one_yocto(void)
{
    if (near_deposit() != 1) near_panic("Requires attached deposit of exactly 1 yoctoNEAR");
}

struct transfer_args {
    struct alc_bytes receiver;
    near_u128 amount;
    struct alc_bytes memo; /* p NULL: none */
    struct alc_bytes msg;
};

static const struct near_field transfer_fields[] = {
    NEAR_FIELD("receiver_id", struct transfer_args, receiver, near_read_account, NEAR_MUST),
    NEAR_FIELD("amount", struct transfer_args, amount, near_read_u128, NEAR_MUST),
    NEAR_FIELD("memo", struct transfer_args, memo, near_read_string, NEAR_MAY),
    NEAR_FIELD("msg", struct transfer_args, msg, near_read_string, NEAR_MUST),
};

#define PLAIN_FIELDS 3 /* those before the message */
#define CALL_FIELDS 4

static void move(struct alc_bytes from, struct alc_bytes to, near_u128 amount,
                 struct alc_bytes memo)
{
    near_u128 has, gets;

    if (alc_bytes_eq(from, to)) near_panic("Sender and receiver should be different");
    if (amount == 0) near_panic("The amount should be a positive number");
    has = balance_must(from);
    if (has < amount) near_panic("The account doesn't have enough balance");
    gets = balance_must(to);
    balance_put(from, has - amount);
    balance_put(to, gets + amount); /* no balance is above the supply */
    event_transfer(from, to, amount, memo);
}

static void transfer(struct transfer_args *a, struct near_account *caller, size_t fields)
{
    struct token t;

    *a = (struct transfer_args){.memo = {NULL, 0}};
    near_args(a, transfer_fields, fields);
    token_load(&t);
    one_yocto();
    near_predecessor(caller);
    move(near_account_bytes(caller), a->receiver, a->amount, a->memo);
}

void method_ft_transfer(void)
{
    struct near_account caller;
    struct transfer_args a;

    transfer(&a, &caller, PLAIN_FIELDS);
}

/* ---- ft_transfer_call ---- */

void method_ft_transfer_call(void)
{
    static uint8_t args_buf[NEAR_ARGS_MAX_BYTES];
    struct near_out args = NEAR_OUT(args_buf);
    struct near_account caller, self;
    uint8_t after_buf[256];
    struct near_out after = NEAR_OUT(after_buf);
    struct transfer_args a;
    struct alc_bytes sender;
    uint64_t told;

    transfer(&a, &caller, CALL_FIELDS);
    sender = near_account_bytes(&caller);
    near_out_lit(&args, "{\"sender_id\":");
    out_account(&args, sender);
    near_out_lit(&args, ",\"amount\":");
    near_out_u128_str(&args, a.amount);
    near_out_lit(&args, ",\"msg\":");
    near_out_str(&args, a.msg);
    near_out_lit(&args, "}");
    near_out_lit(&after, "{\"sender_id\":");
    out_account(&after, sender);
    near_out_lit(&after, ",\"receiver_id\":");
    out_account(&after, a.receiver);
    near_out_lit(&after, ",\"amount\":");
    near_out_u128_str(&after, a.amount);
    near_out_lit(&after, "}");
    near_current(&self);
    told = near_call(NEAR_NOW, &(struct near_call){.account = a.receiver,
                                                   .method = "ft_on_transfer",
                                                   .args = near_out_bytes(&args, "msg too long"),
                                                   .weight = 1});
    near_return_promise(
        near_call(told, &(struct near_call){.account = near_account_bytes(&self),
                                            .method = "ft_resolve_transfer",
                                            .args = near_out_bytes(&after, "call too long"),
                                            .gas = RESOLVE_GAS}));
}

/* What the receiver left unused: a string of digits, and no more than was sent.  Whatever else it
 * answered counts as nothing used, for the answer is a stranger's and this call must not fail. */
static near_u128 unused(near_u128 sent)
{
    static uint8_t buf[NEAR_VALUE_MAX_BYTES];
    struct alc_bytes text = {buf, 0};
    near_u128 v;

    if (!near_result(buf, sizeof buf, &text.n)) return sent;
    if (text.n < 3 || text.n > 2 + ALC_U128_DIGITS || text.p[0] != '"' || text.p[text.n - 1] != '"')
        return sent;
    text = (struct alc_bytes){text.p + 1, text.n - 2};
    if (!alc_u128_decode(&v, text)) return sent;
    return v < sent ? v : sent;
}

struct resolve_args {
    struct alc_bytes sender;
    struct alc_bytes receiver;
    near_u128 amount;
};

static const struct near_field resolve_fields[] = {
    NEAR_FIELD("sender_id", struct resolve_args, sender, near_read_account, NEAR_MUST),
    NEAR_FIELD("receiver_id", struct resolve_args, receiver, near_read_account, NEAR_MUST),
    NEAR_FIELD("amount", struct resolve_args, amount, near_read_u128, NEAR_MUST),
};

/* Returns how much the receiver kept.  It can give back only what it still has; a sender who has
 * unregistered meanwhile gets nothing, and the tokens are burnt. */
void method_ft_resolve_transfer(void)
{
    near_u128 back, has, gets;
    struct resolve_args a;
    struct token t;

    NEAR_ARGS(&a, resolve_fields);
    back = unused(a.amount);
    token_load(&t);
    if (back > 0 && balance_get(a.receiver, &has) && has > 0) {
        if (back > has) back = has;
        balance_put(a.receiver, has - back);
        if (balance_get(a.sender, &gets)) {
            balance_put(a.sender, gets + back);
            event_transfer(a.receiver, a.sender, back, ALC_LIT("refund"));
            a.amount -= back;
        } else {
            t.supply -= back;
            token_save(&t);
            event_burn(a.receiver, back, ALC_LIT("refund"));
        }
    }
    give_amount(a.amount);
}

/* ---- ft_balance_of ---- */

struct account_args {
    struct alc_bytes account;
};

static const struct near_field account_fields[] = {
    NEAR_FIELD("account_id", struct account_args, account, near_read_account, NEAR_MUST),
};

void method_ft_balance_of(void)
{
    struct account_args a;
    near_u128 balance;
    struct token t;

    NEAR_ARGS(&a, account_fields);
    token_load(&t);
    give_amount(balance_get(a.account, &balance) ? balance : 0);
}
