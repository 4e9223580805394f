#include "tests/contract/compute_projects.h"

void paying(near_u128 deposit, const char *method, const char *args)
{
    fake_env.deposit = deposit;
    ok(method, args);
    fake_env.deposit = 0;
}

void paying_panics(near_u128 deposit, const char *phrase, const char *method, const char *args)
{
    fake_env.deposit = deposit;
    panics(phrase, method, args);
    fake_env.deposit = 0;
}

void publish_source(const char *owner, const char *name, const char *source)
{
    as(owner);
    paying(100 * MILLI, "create_project", fmt("{\"name\":\"%s\",\"source\":%s}", name, source));
}

void publish(const char *owner, const char *name)
{
    publish_source(owner, name, WASM(CODE_HASH));
}

void accept(const char *new_owner, const char *from, const char *name)
{
    as(new_owner);
    paying(100 * MILLI, "accept_project_transfer",
           fmt("{\"from\":\"%s\",\"name\":\"%s\"}", from, name));
}

/* The contract's own words about a purse, run as a call. */
static struct {
    enum purse which;
    struct alc_bytes account;
    near_u128 amount;
} asked_purse;

static void look_into(void)
{
    asked_purse.amount = purse_get(asked_purse.which, &asked_purse.account);
}

static void fill(void)
{
    purse_take(asked_purse.which, &asked_purse.account,
               purse_get(asked_purse.which, &asked_purse.account), "");
    purse_add(asked_purse.which, &asked_purse.account, asked_purse.amount);
}

near_u128 usd_whole(enum purse which, const char *account)
{
    asked_purse.which = which;
    asked_purse.account = alc_cstr(account);
    assert_true(fake_view(look_into, ALC_LIT("")));
    return asked_purse.amount;
}

uint64_t usd(enum purse which, const char *account)
{
    near_u128 v = usd_whole(which, account);
    assert_true(v <= UINT64_MAX);
    return (uint64_t)v;
}

void set_usd(enum purse which, const char *account, near_u128 amount)
{
    asked_purse.which = which;
    asked_purse.account = alc_cstr(account);
    asked_purse.amount = amount;
    assert_true(fake_call(fill, ALC_LIT("")));
}

void set_price(const char *project_id, const char *author, const char *operations)
{
    as("owner.test");
    ok("set_project_pricing",
       fmt("{\"project_id\":\"%s\",\"pricing\":{\"author_account_id\":\"%s\",\"operations\":[%s]}}",
           project_id, author, operations));
}

const char *project_args(uint64_t attached, const char *more)
{
    return fmt("{" APP_SOURCE "," LIMITS ",\"params\":{\"attached_usd\":\"%" PRIu64 "\"}%s}",
               attached, more);
}

void ask_project(uint64_t attached, const char *more)
{
    as("alice.test");
    paying(100 * MILLI, "request_execution", project_args(attached, more));
    keep_yield();
}

void timeout(void)
{
    assert_true(fake_callback(near_entry_on_execution_response, alc_cstr(last.request_data),
                              (struct alc_bytes){NULL, 0}));
}

const char *body_of(size_t n)
{
    static const char head[] = "{\"operation\":\"op\",\"x\":\"", tail[] = "\"}";
    static char input[20000];
    char *at = input;

    at += sprintf(at, INPUT("{\\\"operation\\\":\\\"op\\\",\\\"x\\\":\\\""));
    at -= 1; /* the closing quote */
    for (size_t i = sizeof head - 1 + sizeof tail - 1; i < n; i++)
        *at++ = 'y';
    sprintf(at, "\\\"}\"");
    return input;
}

int published(void **state)
{
    if (fresh(state) != 0) return -1;
    publish("alice.test", "app");
    set_usd(PURSE_USER, "alice.test", 1000000);
    return 0;
}
