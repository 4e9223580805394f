/* 200 requests at once: each ends once, with the answer to its own input. */
#include "flow.h"

#include <stdio.h>

#define REQUESTS 200u

static void all_at_once(void **state)
{
    static struct alc_hash tx[REQUESTS];
    struct flow *f = *state;
    const struct alc_hash code = flow_code(f, "echo");
    uint64_t height = flow_height(f), executions, now, settled;
    struct alc_near_block_ref block;
    struct flow_end end;
    struct alc_err err;
    __uint128_t fees;
    char text[64];

    flow_stats(f, &executions, &fees);
    flow_must(f, alc_near_rpc_final(f->dev.client, &block, &err), &err);
    for (unsigned i = 0; i < REQUESTS; i++) {
        struct flow_ask ask = {.code = code};
        if (i % 4 == 3) ask.params = "{\"proof\":\"key\"}";
        snprintf(text, sizeof text, "input %u of %u", i * 7919u, REQUESTS);
        ask.input = alc_cstr(text);
        flow_send(f, &tx[i], &ask, &block.hash, "NONE");
    }
    for (unsigned i = 0; i < REQUESTS; i++) {
        flow_end(f, &end, &tx[i]);
        snprintf(text, sizeof text, "\"input %u of %u\"", i * 7919u, REQUESTS);
        if (!alc_bytes_is(end.value, text) || end.events != 1)
            flow_fail(f, "request %u: %u events, '%s' %s", i, end.events,
                      end.value.n > 0 ? (const char *)end.value.p : "", end.error);
    }
    flow_ended(f, REQUESTS, &settled);
    assert_int_equal(settled, REQUESTS);
    flow_stats(f, &now, &fees);
    assert_int_equal(now - executions, REQUESTS);
    assert_int_equal(flow_events(f, "execution_completed", height), REQUESTS);
    assert_int_equal(flow_pending(f), 0);
}

static int up(void **state)
{
    struct flow *f = flow_open();
    flow_up(f, NULL, (const char *const[]){"--worker-module", flow_guest("echo"), NULL});
    *state = f;
    return 0;
}

static int down(void **state)
{
    flow_close(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_at_once)};
    return cmocka_run_group_tests(tests, up, down);
}
