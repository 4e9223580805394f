/* tests/contract/test_chain_attack.c — two main contracts on one chain: who runs one of them cannot
 * answer, call back or resume what waits in the other, and nobody makes a contract call itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/localnet/net.h"

#define COMPUTE "compute.test" /* of alice.test, who asks */
#define FOREIGN "foreign.test" /* of bob.test, its operator too */
#define SOURCE                                                                                     \
    "\"source\":{\"WasmUrl\":{\"url\":\"https://example.org/g.wasm\",\"hash\":"                    \
    "\"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\"}}"
#define ANSWER                                                                                     \
    "{\"request_id\":0,\"response\":{\"success\":true,\"output\":{\"Text\":\"ok\"},"               \
    "\"resources_used\":{\"instructions\":1,\"time_ms\":1}}}"
#define MILLI ((__uint128_t)1000000000u * 1000000000000u) /* 0.001 NEAR */

static struct net *n;
static struct alc_hash asked; /* the transaction that waits */

static void deploy(const char *id, const char *owner)
{
    char args[128];
    struct net_result r;

    net_deploy(n, id); /* TOOL_WASM is the main contract */
    snprintf(args, sizeof args, "{\"owner_id\":\"%s\"}", owner);
    r = net_call(n, owner, id, "new", args, 0);
    assert_true(net_is(&r, ""));
}

static int setup(void **state)
{
    struct alc_near_action a = net_act_call(
        "request_execution", "{" SOURCE ",\"resource_limits\":{}}", 100 * MILLI, 3 * NET_GAS);

    if (net_setup(state) != 0) return -1;
    n = *state;
    deploy(COMPUTE, "alice.test");
    deploy(FOREIGN, "bob.test");
    asked = net_submit(n, net_tx(n, "alice.test", COMPUTE, &a, 1));
    net_settle(n);
    return 0;
}

/* The data_id of the request, in hex, as anybody can read it. */
static const char *data_id(void)
{
    static char hex[65];
    const char *p = strstr(net_view(n, COMPUTE, "get_request", "{\"request_id\":0}"), "data_id");

    assert_non_null(p);
    p = strchr(p, '[');
    for (unsigned i = 0; i < 32; i++) {
        assert_non_null(p);
        snprintf(hex + (size_t)2 * i, 3, "%02x", (unsigned)strtoul(p + 1, NULL, 10));
        p = strpbrk(p + 1, ",]");
    }
    return hex;
}

static void refused(const char *who, const char *where, const char *method, const char *args,
                    const char *why)
{
    struct net_result r = net_call(n, who, where, method, args, 0);
    assert_true(net_failed(&r, why));
}

/* The request still waits, and its own operator's answer is the one that counts. */
static void still_waits(void)
{
    struct net_result r;

    assert_string_equal(net_view(n, COMPUTE, "get_pending_request_ids", "{}"), "[0]");
    r = net_call(n, "alice.test", COMPUTE, "resolve_execution", ANSWER, 0);
    assert_true(net_is(&r, ""));
    r = net_result_of(n, &asked);
    assert_true(net_is(&r, "\"ok\""));
}

static void the_yield_of_another_contract_is_not_resumed(void **state)
{
    char args[512];
    (void)state;
    snprintf(args, sizeof args,
             "{\"data_id\":\"%s\",\"result\":{\"Success\":{\"new_encrypted_data\":\"B\"}}}",
             data_id());
    refused("bob.test", FOREIGN, "resume_topup", args,
            "TopUp yield resume failed: no yield for data_id=");
    snprintf(args, sizeof args, "{\"data_id\":\"%s\",\"result\":\"Success\"}", data_id());
    refused("bob.test", FOREIGN, "resume_delete_payment_key", args,
            "DeletePaymentKey yield resume failed: no yield for data_id=");
    refused("bob.test", FOREIGN, "resolve_execution", ANSWER, "Execution request not found");
    still_waits();
}

static void strangers_neither_answer_nor_call_back(void **state)
{
    char args[512];
    (void)state;
    snprintf(args, sizeof args,
             "{\"data_id\":\"%s\",\"result\":{\"Success\":{\"new_encrypted_data\":\"B\"}}}",
             data_id());
    refused("bob.test", COMPUTE, "resume_topup", args, "Only operator can resume topup");
    refused("bob.test", COMPUTE, "resolve_execution", ANSWER, "Only operator can call this");
    refused("bob.test", COMPUTE, "on_execution_response", "{\"request_id\":0}",
            "Method on_execution_response is private");
    refused("alice.test", COMPUTE, "on_execution_response", "{\"request_id\":0}",
            "Method on_execution_response is private");
    refused("bob.test", COMPUTE, "cancel_stale_execution", "{\"request_id\":0}",
            "Only the account that sent the request");
    still_waits();
}

/* What was answered, or ran out of time, is paid back once whatever comes after. */
static void an_end_is_the_only_one(void **state)
{
    struct net_result r;
    (void)state;
    net_forward(n, 201);
    net_settle(n);
    r = net_result_of(n, &asked);
    assert_true(net_is(&r, "null"));
    refused("alice.test", COMPUTE, "resolve_execution", ANSWER, "Execution request not found");
    refused("alice.test", COMPUTE, "cancel_stale_execution", "{\"request_id\":0}",
            "Execution request not found");
    refused("alice.test", COMPUTE, "emergency_cancel_execution", "{\"request_id\":0}",
            "Execution request not found");
    assert_string_equal(net_view(n, COMPUTE, "get_stats", "{}"), "[1,\"1000000000000000000000\"]");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, net_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_yield_of_another_contract_is_not_resumed),
        TEST(strangers_neither_answer_nor_call_back),
        TEST(an_end_is_the_only_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
