#include "purse.h"

#include "contract/json.h"

near_u128 storage_price(uint64_t bytes)
{
    return near_mul(STORAGE_BYTE_YOCTO, bytes);
}

static void send(const struct alc_bytes *to, near_u128 yocto)
{
    if (yocto > 0) near_transfer(*to, yocto);
}

void storage_charge(uint64_t required, uint64_t held, const struct alc_bytes *to,
                    const char *phrase)
{
    const near_u128 attached = near_deposit(), needed = storage_price(required);
    const near_u128 paid = near_add(attached, storage_price(held));
    uint8_t buf[200];
    struct near_out o = NEAR_OUT(buf);

    if (paid >= needed) {
        send(to, paid - needed);
        return;
    }
    near_out_text(&o, phrase);
    near_out_lit(&o, ": required ");
    near_out_u128(&o, needed);
    near_out_lit(&o, " yoctoNEAR, attached ");
    near_out_u128(&o, attached);
    if (held > 0) {
        near_out_lit(&o, " and held ");
        near_out_u128(&o, paid - attached);
    }
    near_panic_bytes((struct alc_bytes){buf, o.n});
}

void storage_release(uint64_t bytes, const struct alc_bytes *to)
{
    send(to, storage_price(bytes));
}

/* ---- Purses: the letter and the account, and the amount, little endian without zeroes at its end;
 * one without money has no record ---- */

struct purse_key {
    uint8_t b[1 + NEAR_ACCOUNT_MAX_BYTES];
    size_t n;
};

static struct purse_key key_of(enum purse which, const struct alc_bytes *account)
{
    struct purse_key k = {.b = {(uint8_t)which}, .n = 1 + account->n};

    __builtin_memcpy(k.b + 1, account->p, account->n);
    return k;
}

near_u128 purse_get(enum purse which, const struct alc_bytes *account)
{
    struct purse_key k = key_of(which, account);
    near_u128 held = 0;
    size_t n;

    (void)!near_get((struct alc_bytes){k.b, k.n}, (uint8_t *)&held, sizeof held, &n);
    return held;
}

static void put(enum purse which, const struct alc_bytes *account, near_u128 amount)
{
    struct purse_key k = key_of(which, account);
    const struct alc_bytes key = {k.b, k.n};
    struct alc_bytes value = {(const uint8_t *)&amount, sizeof amount};

    while (value.n > 0 && value.p[value.n - 1] == 0)
        value.n--;
    if (value.n == 0)
        (void)near_remove(key);
    else
        near_put(key, value);
}

void purse_add(enum purse which, const struct alc_bytes *account, near_u128 amount)
{
    if (amount > 0) put(which, account, near_add(purse_get(which, account), amount));
}

void purse_take(enum purse which, const struct alc_bytes *account, near_u128 amount,
                const char *phrase)
{
    const near_u128 held = purse_get(which, account);

    if (held < amount) near_panic(phrase);
    if (amount > 0) put(which, account, held - amount);
}
