#include "tests/contract/register_calls.h"

const struct method methods[METHODS_MAX] = {REGISTER_METHODS(METHOD_ROW)};

void returned_has(const char *part)
{
    assert_non_null(fake_returned().p);
    if (strstr((const char *)fake_returned().p, part) == NULL)
        fail_msg("returned %s, wanted in it: %s", (const char *)fake_returned().p, part);
}

void logged(const char *part)
{
    for (size_t i = 0; i < fake_logs(); i++)
        if (strstr((const char *)fake_log(i).p, part) != NULL) return;
    fail_msg("no log line with: %s; the first: %s", part,
             fake_logs() > 0 ? (const char *)fake_log(0).p : "none");
}

static void reset(void)
{
    fake_reset();
    fake_env.current = "op.test";
    fake_env.time_ns = WORLD_S * NS_PER_S;
    as("owner.test");
}

int fresh(void **state)
{
    (void)state;
    reset();
    ok("new", "{" NAMES ",\"chain_id\":\"localnet\"}");
    return 0;
}

int fresh_simulated(void **state)
{
    (void)state;
    reset();
    ok("new",
       world_text("{" NAMES ",\"chain_id\":\"localnet\",\"simulated_root\":\"%s\"}", world_root()));
    ok_bytes("put_collateral", world_put(world_set(ALC_TEE_TDX, WORLD_S), ""));
    ok("add_approved_measurements", world_text("{\"measurements\":%s}", world_measurement()));
    return 0;
}

int done(void **state)
{
    (void)state;
    fake_reset();
    return 0;
}

const char *register_args(uint8_t byte, struct alc_bytes quote, const char *more)
{
    return world_text("{\"public_key\":\"%s\",\"tdx_quote_hex\":\"%s\"%s}", world_key_of(byte),
                      world_hex(quote), more);
}

void registers(uint8_t byte)
{
    as("init.test");
    ok("register_worker_key", register_args(byte, world_quote_of(byte, NULL), ""));
}

void key_added(uint8_t byte, bool success)
{
    uint8_t id[32];
    const char *args;

    memset(id, byte, sizeof id);
    args = world_text("{\"ed25519\":true,\"id\":\"%s\"}",
                      world_hex((struct alc_bytes){id, sizeof id}));
    assert_true(fake_callback(near_entry_on_key_added, alc_cstr(args),
                              success ? ALC_LIT("") : (struct alc_bytes){NULL, 0}));
}
