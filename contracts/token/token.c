/* contracts/token/token.c — set-up, minting, and what the token is called. */
#include "token.h"

TOKEN_METHODS(NEAR_METHOD)

#define TOKEN_VALUES(X) X(read_metadata, NULL)
NEAR_OWN_VALUES(TOKEN_VALUES)
NEAR_OWN_VALUES_DEFINED(TOKEN_VALUES)

void give_amount(near_u128 v)
{
    uint8_t buf[48];
    struct near_out o = NEAR_OUT(buf);

    near_out_u128_str(&o, v);
    near_return(near_out_bytes(&o, "result too long"));
}

/* ---- new ---- */

struct metadata {
    struct alc_bytes spec;
    struct alc_bytes name;
    struct alc_bytes symbol;
    struct alc_bytes icon;
    uint32_t decimals;
};

static const struct near_field metadata_fields[] = {
    NEAR_FIELD("spec", struct metadata, spec, near_read_string, NEAR_MAY),
    NEAR_FIELD("name", struct metadata, name, near_read_string, NEAR_MUST),
    NEAR_FIELD("symbol", struct metadata, symbol, near_read_string, NEAR_MUST),
    NEAR_FIELD("icon", struct metadata, icon, near_read_string, NEAR_MAY),
    NEAR_FIELD("decimals", struct metadata, decimals, near_read_u32, NEAR_MUST),
};

void read_metadata(struct near_json *j, void *out)
{
    near_json_object(j, out, metadata_fields, sizeof metadata_fields / sizeof metadata_fields[0]);
}

struct new_args {
    struct alc_bytes owner;
    near_u128 supply;
    struct metadata metadata;
};

static const struct near_field new_fields[] = {
    NEAR_FIELD("owner_id", struct new_args, owner, near_read_account, NEAR_MUST),
    NEAR_FIELD("total_supply", struct new_args, supply, near_read_u128, NEAR_MAY),
    NEAR_FIELD("metadata", struct new_args, metadata, read_metadata, NEAR_MAY),
};

/* The owner begins with the whole supply.  Without metadata: a dollar of six decimals. */
void method_new(void)
{
    struct new_args a = {.metadata = {.spec = ALC_LIT("ft-1.0.0"),
                                      .name = ALC_LIT("Test Dollar"),
                                      .symbol = ALC_LIT("tUSD"),
                                      .decimals = 6}};
    struct token t;

    NEAR_ARGS(&a, new_fields);
    if (token_exists()) near_panic("The contract has already been initialized");
    if (!alc_bytes_is(a.metadata.spec, "ft-1.0.0")) near_panic("metadata.spec must be ft-1.0.0");
    if (a.metadata.decimals > UINT8_MAX) near_panic("metadata.decimals is at most 255");
    if (a.metadata.name.n > NAME_MAX_BYTES || a.metadata.symbol.n > NAME_MAX_BYTES)
        near_panic("metadata.name and metadata.symbol have at most 256 bytes");
    if (a.metadata.icon.n > ICON_MAX_BYTES) near_panic("metadata.icon has at most 16384 bytes");
    t = (struct token){.supply = a.supply,
                       .owner = a.owner,
                       .decimals = (uint8_t)a.metadata.decimals,
                       .name = a.metadata.name,
                       .symbol = a.metadata.symbol,
                       .icon = a.metadata.icon};
    token_save(&t);
    balance_put(a.owner, a.supply);
    if (a.supply > 0) event_mint(a.owner, a.supply);
}

/* ---- mint ---- */

struct mint_args {
    struct alc_bytes account;
    near_u128 amount;
};

static const struct near_field mint_fields[] = {
    NEAR_FIELD("account_id", struct mint_args, account, near_read_account, NEAR_MUST),
    NEAR_FIELD("amount", struct mint_args, amount, near_read_u128, NEAR_MUST),
};

/* Registers the account where needed: the record is then paid by this contract, or by whatever the
 * owner attached.  A deposit is not given back. */
void method_mint(void)
{
    struct near_account caller;
    struct mint_args a;
    near_u128 balance;
    struct token t;

    NEAR_ARGS(&a, mint_fields);
    token_load(&t);
    near_predecessor(&caller);
    if (!alc_bytes_eq(near_account_bytes(&caller), t.owner))
        near_panic("Only owner can call this method");
    if (a.amount == 0) near_panic("The amount should be a positive number");
    t.supply = near_add(t.supply, a.amount);
    if (!balance_get(a.account, &balance)) balance = 0;
    balance_put(a.account, balance + a.amount); /* no balance is above the supply */
    token_save(&t);
    event_mint(a.account, a.amount);
}

/* ---- Views ---- */

void method_ft_total_supply(void)
{
    struct token t;

    token_load(&t);
    give_amount(t.supply);
}

void method_ft_metadata(void)
{
    static uint8_t buf[(2 * NAME_MAX_BYTES + ICON_MAX_BYTES) * 6 + 256];
    struct near_out o = NEAR_OUT(buf);
    struct token t;

    token_load(&t);
    near_out_lit(&o, "{\"spec\":\"ft-1.0.0\",\"name\":");
    near_out_str(&o, t.name);
    near_out_lit(&o, ",\"symbol\":");
    near_out_str(&o, t.symbol);
    near_out_lit(&o, ",\"icon\":");
    near_out_opt_str(&o, t.icon);
    near_out_lit(&o, ",\"reference\":null,\"reference_hash\":null,\"decimals\":");
    near_out_u64(&o, t.decimals);
    near_out_lit(&o, "}");
    near_return(near_out_bytes(&o, "result too long"));
}
