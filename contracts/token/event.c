#include "token.h"

void out_account(struct near_out *o, struct alc_bytes a)
{
    near_out_lit(o, "\""); /* an account id holds nothing to escape */
    near_out_raw(o, a);
    near_out_lit(o, "\"");
}

static void event(const char *name, const char *first, struct alc_bytes account,
                  struct alc_bytes to, near_u128 amount, struct alc_bytes memo)
{
    static uint8_t buf[NEAR_LOG_MAX_BYTES];
    struct near_out o = NEAR_OUT(buf);

    near_out_lit(&o, "EVENT_JSON:{\"standard\":\"nep141\",\"version\":\"1.0.0\",\"event\":\"");
    near_out_raw(&o, alc_cstr(name));
    near_out_lit(&o, "\",\"data\":[{\"");
    near_out_raw(&o, alc_cstr(first));
    near_out_lit(&o, "\":");
    out_account(&o, account);
    if (to.p != NULL) {
        near_out_lit(&o, ",\"new_owner_id\":");
        out_account(&o, to);
    }
    near_out_lit(&o, ",\"amount\":");
    near_out_u128_str(&o, amount);
    if (memo.p != NULL) {
        near_out_lit(&o, ",\"memo\":");
        near_out_str(&o, memo);
    }
    near_out_lit(&o, "}]}");
    near_log(near_out_bytes(&o, "The memo is too long for a log"));
}

void event_transfer(struct alc_bytes from, struct alc_bytes to, near_u128 amount,
                    struct alc_bytes memo)
{
    event("ft_transfer", "old_owner_id", from, to, amount, memo);
}

void event_mint(struct alc_bytes owner, near_u128 amount)
{
    event("ft_mint", "owner_id", owner, (struct alc_bytes){NULL, 0}, amount,
          (struct alc_bytes){NULL, 0});
}

void event_burn(struct alc_bytes owner, near_u128 amount, struct alc_bytes memo)
{
    event("ft_burn", "owner_id", owner, (struct alc_bytes){NULL, 0}, amount, memo);
}
