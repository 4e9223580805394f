#include "call.h"

#include "purse.h"
#include "room.h"

struct context here;
struct arg arg;

#define ROW(name, member, read, need) NEAR_FIELD(name, struct arg, member, read, need)

const struct near_field arg_fields[ARGS] = {
    ROW("project_name", name, near_read_string, NEAR_MUST),
    ROW("project_id", project_id, near_read_string, NEAR_MUST),
    ROW("account_id", account, near_read_account, NEAR_MUST),
    ROW("request_id", id, near_read_u64, NEAR_MUST),
    ROW("new_owner", new_owner, near_read_account, NEAR_MUST),
    ROW("from", from, near_read_account, NEAR_MUST),
    ROW("name", name, near_read_string, NEAR_MUST),
    ROW("version_key", version, near_read_string, NEAR_MUST),
    ROW("from_index", skip, near_read_opt_u64, NEAR_MAY),
    ROW("limit", limit, near_read_opt_u64, NEAR_MAY),
    ROW("source", source, read_code_source, NEAR_MUST),
    ROW("set_active", flag, near_read_bool, NEAR_MUST),
    ROW("project_uuid", name, near_read_string, NEAR_MUST),
    ROW("new_owner_id", account, near_read_account, NEAR_MUST),
    ROW("new_operator_id", account, near_read_account, NEAR_MUST),
    ROW("register_id", account, read_account_or_null, NEAR_MUST),
    ROW("token_contract", account, near_read_account, NEAR_MAY),
    ROW("paused", flag, near_read_bool, NEAR_MUST),
    ROW("max_bytes", id, near_read_u64, NEAR_MUST),
    ROW("resource_limits", limits, read_limits, NEAR_MAY),
};

void read_args(uint32_t mask)
{
    struct near_field fields[ARGS];
    size_t n = 0;

    for (size_t i = 0; i < ARGS; i++)
        if ((mask >> (FIRST_ARG + i) & 1) != 0) fields[n++] = arg_fields[i];
    if (n == 0) return;
    __builtin_memset(&arg, 0, sizeof arg);
    near_args(&arg, fields, n);
}

void begin_list(uint32_t mask)
{
    read_args(mask);
    say_anew();
}

void begin(uint32_t mask)
{
    begin_list(mask);
    state_load();
    if ((mask & IF_UNPAUSED) != 0) not_paused();
    if ((mask & BY) == 0) return;
    near_predecessor(&here.by_account);
    here.by = near_account_bytes(&here.by_account);
    if ((mask & BY_OWNER) == BY_OWNER) only_owner();
    near_refuse((mask & BY_OPERATOR) == BY_OPERATOR && !is_caller(here.state.operator_id),
                "Only operator can call this");
}

bool is_caller(struct alc_bytes account)
{
    return alc_bytes_eq(here.by, account);
}

void only_owner(void)
{
    near_refuse(!is_caller(here.state.owner), "Only owner can call this method");
}

void not_paused(void)
{
    near_refuse(here.state.paused != 0, "Contract is paused");
}

/* ---- Writing ---- */

NEAR_APART void say_anew(void)
{
    here.out = NEAR_OUT(room_said);
}

void say(const char *text)
{
    near_out_text(&here.out, text);
}

void say_str(const char *before, const struct alc_bytes *value)
{
    say(before);
    near_out_opt_str(&here.out, *value);
}

void say_u64(const char *before, uint64_t value)
{
    say(before);
    near_out_u64(&here.out, value);
}

void say_amount(const char *before, near_u128 price)
{
    say(before);
    near_out_u128_str(&here.out, price);
}

void say_price(const char *before, uint64_t bytes)
{
    say_amount(before, storage_price(bytes));
}

void say_object(const void *in, const struct near_field *fields, size_t n)
{
    near_out_object(&here.out, in, fields, n);
}

struct alc_bytes said(void)
{
    return near_out_bytes(&here.out, "The result is longer than 4 MiB");
}

void give(void)
{
    near_return(said());
}

void give_null(void)
{
    near_return(ALC_LIT("null"));
}

void give_bool(bool v)
{
    near_return(v ? ALC_LIT("true") : ALC_LIT("false"));
}
