/* The operator's account cannot pay for the gas of an answer: the log says so, and the answer goes
 * out once it can. */
#include "flow.h"

#include <stdio.h>

static int open_chain(void **state)
{
    *state = flow_open();
    return 0;
}

static int close_chain(void **state)
{
    flow_close(*state);
    return 0;
}

/* give sets the operator's balance, the way no chain would. */
static void give(struct flow *f, const char *yocto)
{
    char text[512];

    snprintf(text, sizeof text,
             "{\"records\":[{\"Account\":{\"account_id\":\"" CLI_DEVNET_OPERATOR
             "\",\"account\":{\"amount\":\"%s\",\"locked\":\"0\",\"code_hash\":"
             "\"11111111111111111111111111111111\",\"storage_usage\":350,\"version\":\"V1\"}}}]}",
             yocto);
    flow_rpc(f, "sandbox_patch_state", text);
}

static void an_operator_without_balance_hears_of_it(void **state)
{
    struct flow *f = *state;
    struct flow_end end;
    struct alc_hash tx;

    flow_up(f, NULL, (const char *const[]){"--worker-module", flow_guest("echo"), NULL});
    give(f, "3500000000000000000000"); /* what its storage takes */
    flow_ask(f, &tx, &(struct flow_ask){.code = flow_code(f, "echo"), .input = ALC_LIT("poor")});
    flow_logged(f, "settle.not_taken", 2);
    flow_logged(f, "NotEnoughBalance", 1);
    give(f, "10000000000000000000000000");
    flow_end(f, &end, &tx);
    if (!alc_bytes_is(end.value, "\"poor\"")) flow_fail(f, "no answer: %s", end.error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_operator_without_balance_hears_of_it),
    };
    return cmocka_run_group_tests(tests, open_chain, close_chain);
}
