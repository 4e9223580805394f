#include "token.h"

NEAR_NORETURN static void corrupt(void)
{
    near_panic("a stored record contradicts itself");
}

bool token_exists(void)
{
    return near_has(ALC_LIT("s"));
}

void token_load(struct token *t)
{
    static uint8_t buf[STATE_MAX_BYTES];
    struct alc_cur c;
    uint8_t version;
    bool icon;
    size_t n;

    if (!near_get(ALC_LIT("s"), buf, sizeof buf, &n)) near_panic("The contract is not initialized");
    c = alc_cur((struct alc_bytes){buf, n});
    t->icon = (struct alc_bytes){NULL, 0};
    if (!alc_cur_u8(&c, &version) || version != STATE_VERSION ||
        !alc_cur_copy(&c, (uint8_t *)&t->supply, sizeof t->supply) ||
        !alc_borsh_bytes(&c, NEAR_ACCOUNT_MAX_BYTES, &t->owner) || !alc_cur_u8(&c, &t->decimals) ||
        !alc_borsh_bytes(&c, NAME_MAX_BYTES, &t->name) ||
        !alc_borsh_bytes(&c, NAME_MAX_BYTES, &t->symbol) || !alc_borsh_flag(&c, &icon) ||
        (icon && !alc_borsh_bytes(&c, ICON_MAX_BYTES, &t->icon)) || c.n != 0)
        corrupt();
}

void token_save(const struct token *t)
{
    static uint8_t buf[STATE_MAX_BYTES];
    struct alc_borsh w = alc_borsh(buf, sizeof buf);

    alc_borsh_put_u8(&w, STATE_VERSION);
    alc_borsh_put_u128(&w, t->supply);
    alc_borsh_put_bytes(&w, t->owner);
    alc_borsh_put_u8(&w, t->decimals);
    alc_borsh_put_bytes(&w, t->name);
    alc_borsh_put_bytes(&w, t->symbol);
    alc_borsh_put_u8(&w, t->icon.p != NULL);
    if (t->icon.p != NULL) alc_borsh_put_bytes(&w, t->icon);
    if (w.full) corrupt();
    near_put(ALC_LIT("s"), (struct alc_bytes){buf, w.n});
}

/* ---- Balances ---- */

struct key {
    uint8_t b[1 + NEAR_ACCOUNT_MAX_BYTES];
    size_t n;
};

static struct key key_of(struct alc_bytes account)
{
    struct key k = {.b = {'a'}, .n = 1 + account.n};

    __builtin_memcpy(k.b + 1, account.p, account.n);
    return k;
}

bool balance_get(struct alc_bytes account, near_u128 *balance)
{
    struct key k = key_of(account);
    size_t n;

    return near_get((struct alc_bytes){k.b, k.n}, (uint8_t *)balance, sizeof *balance, &n);
}

near_u128 balance_must(struct alc_bytes account)
{
    uint8_t buf[128];
    struct near_out o = NEAR_OUT(buf);
    near_u128 balance;

    if (balance_get(account, &balance)) return balance;
    near_out_lit(&o, "The account ");
    near_out_raw(&o, account);
    near_out_lit(&o, " is not registered");
    near_panic_bytes((struct alc_bytes){buf, o.n});
}

void balance_put(struct alc_bytes account, near_u128 balance)
{
    struct key k = key_of(account);

    near_put((struct alc_bytes){k.b, k.n},
             (struct alc_bytes){(const uint8_t *)&balance, sizeof balance});
}

void balance_remove(struct alc_bytes account)
{
    struct key k = key_of(account);

    (void)near_remove((struct alc_bytes){k.b, k.n});
}
