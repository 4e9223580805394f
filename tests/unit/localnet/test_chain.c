/* tests/unit/localnet/test_chain.c — transactions and receipts end to end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net.h"

static int open_net(void **state)
{
    struct net *n = net_open(NULL);
    net_deploy(n, "tool.test");
    *state = n;
    return 0;
}

static int close_net(void **state)
{
    net_close(*state);
    return 0;
}

static void call_writes_and_view_reads(void **state)
{
    struct net *n = *state;
    struct net_result r = net_call(n, "alice.test", "tool.test", "set", "seven", 0);
    assert_true(net_is(&r, ""));
    assert_string_equal(net_view(n, "tool.test", "get", ""), "seven");
}

static void promise_chain_passes_the_result_on(void **state)
{
    struct net_result r = net_call(*state, "alice.test", "tool.test", "chain", "", 0);
    assert_true(net_is(&r, "1one;"));
}

static void yield_waits_for_its_resume(void **state)
{
    struct net *n = *state;
    struct alc_near_action ask = net_act_call("ask", "", 0, NET_GAS);
    struct alc_hash hash = net_submit(n, net_tx(n, "alice.test", "tool.test", &ask, 1));
    net_settle(n);
    struct net_result r = net_result_of(n, &hash);
    assert_string_equal(net_text(&r, "status"), "Started");
    assert_string_equal(net_text(&r, "final_execution_status"), "INCLUDED_FINAL");
    r = net_call(n, "bob.test", "tool.test", "resume", "42", 0);
    assert_true(net_is(&r, "1"));
    r = net_result_of(n, &hash);
    assert_true(net_is(&r, "142;"));
    assert_string_equal(net_text(&r, "final_execution_status"), "FINAL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(call_writes_and_view_reads, open_net, close_net),
        cmocka_unit_test_setup_teardown(promise_chain_passes_the_result_on, open_net, close_net),
        cmocka_unit_test_setup_teardown(yield_waits_for_its_resume, open_net, close_net),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
