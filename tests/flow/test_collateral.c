/* Collateral while the node runs: a service gets a newer set, and it is on chain without a restart;
 * a service that fails only warns, and requests are answered all the while. */
#include "flow.h"

#include "tests/unit/attest/pcs_test.h"

static char echo[4096], url[100];
static const char *const flags[] = {"--worker-slots",
                                    "1",
                                    "--worker-module",
                                    echo,
                                    "--attest-collateral-ms",
                                    "100",
                                    "--attest-collateral-url",
                                    url,
                                    NULL};

static struct pcs_test made; /* the PKI of the node's SIMULATED source, and a service for it */

static int open_chain(void **state)
{
    char dir[4200];
    struct flow *f = flow_open_attested();
    struct alc_err err;

    snprintf(echo, sizeof echo, "%s", flow_guest("echo"));
    snprintf(dir, sizeof dir, "%s/simulated", f->state.path);
    made = (struct pcs_test){.server = pcs_server_open(true)};
    snprintf(url, sizeof url, "%s", pcs_server_url(made.server));
    flow_must(f, alc_sim_open(&made.pki, dir, &alc_clock_system, &err), &err);
    *state = f;
    return 0;
}

static int close_chain(void **state)
{
    flow_close(*state);
    pcs_server_close(made.server);
    alc_sim_close(made.pki);
    return 0;
}

/* serve lets the service have a set that began `ago_s` before now. */
static void serve(uint64_t ago_s, const char *evaluation)
{
    const struct pcs_made set = {.from_s = alc_clock_wall_ms(&alc_clock_system) / 1000 - ago_s,
                                 .evaluation = evaluation};
    pcs_serve(&made, &set);
}

/* on_chain: the register's set has this evaluation number. */
static bool on_chain(struct flow *f, void *number)
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_json *info = NULL;
    struct alc_bytes text;
    struct alc_err err;
    uint64_t have = 0;

    flow_must(f,
              alc_near_rpc_view(f->dev.client, &text, CLI_DEVNET_OPERATOR, "get_collateral_info",
                                ALC_LIT("{\"fmspc\":\"53494d000000\",\"ca\":\"platform\","
                                        "\"tee\":\"tdx\"}"),
                                &arena, &err),
              &err);
    flow_must(f, alc_json_open(&info, text, 4096, &err), &err);
    if (!alc_json_u64(alc_json_get(info, "tcb_evaluation_data_number"), &have)) have = 0;
    alc_json_close(info);
    alc_arena_fini(&arena);
    return have == *(const uint64_t *)number;
}

static void answered(struct flow *f)
{
    struct flow_end end;
    struct alc_hash tx;

    flow_ask(f, &tx,
             &(struct flow_ask){.code = flow_code(f, "echo"),
                                .input = ALC_LIT("hello"),
                                .params = "{\"proof\":\"onchain\"}"});
    flow_end(f, &end, &tx);
    if (!alc_bytes_is(end.value, "\"hello\"")) flow_fail(f, "%s", end.error);
}

static void a_newer_set_is_on_chain_without_a_restart(void **state)
{
    struct flow *f = *state;
    uint64_t first = 17, next = 18;

    serve(7200, NULL);
    flow_up(f, NULL, flags);
    flow_logged(f, "worker.registered", 1);
    assert_true(on_chain(f, &first));
    flow_until(f, flow_shows, "alcove_collateral_evaluation_number 17\n", "the set in /metrics");
    assert_true(flow_shows(f, "alcove_collateral_warnings 0\n"));
    assert_true(flow_shows(f, "alcove_tcb_status 0\n"));
    assert_true(flow_shows(f, "alcove_attestation_simulated 1\n"));
    assert_false(flow_shows(f, "alcove_collateral_valid_until_seconds 0\n"));
    answered(f);
    serve(3600, "18");
    flow_until(f, on_chain, &next, "the newer set on chain");
    flow_until(f, flow_shows, "alcove_collateral_evaluation_number 18\n", "it in /metrics");
    flow_until(f, flow_shows, "alcove_collateral_warnings 1\n", "its warning in /metrics");
    flow_until(f, flow_shows, "alcove_collateral_puts_total 2\n", "both puts in /metrics");
    flow_logged(f, "evaluation number rose from 17 to 18", 1);
    answered(f); /* under the newer set */
    assert_int_equal(flow_log_count(f, "settle.refused"), 0);
    /* Many looks later: told once, kept once, put once. */
    unsigned asked = pcs_server_count(made.server);
    while (pcs_server_count(made.server) < asked + 12)
        answered(f);
    assert_int_equal(flow_log_count(f, "evaluation number rose"), 1);
    assert_int_equal(flow_log_count(f, "collateral.kept"), 2);
    assert_int_equal(flow_log_count(f, " put="), 2);
}

/* With the same number a newer set is put when the one on chain has less than a week left. */
static void a_set_that_soon_ends_on_chain_is_replaced(void **state)
{
    struct flow *f = *state;

    serve(7200, NULL);
    flow_up(f, NULL, flags);
    flow_logged(f, "worker.registered", 1);
    serve(5400, NULL);
    flow_logged(f, "collateral.kept", 2);
    unsigned asked = pcs_server_count(made.server);
    while (pcs_server_count(made.server) < asked + 8)
        answered(f);
    assert_true(flow_shows(f, "alcove_collateral_puts_total 1\n"));
    flow_forward(f, 24 * 86400); /* a block each second */
    flow_until(f, flow_shows, "alcove_collateral_puts_total 2\n", "the second put");
    assert_int_equal(flow_log_count(f, " put="), 2);
}

static void a_service_that_fails_only_warns(void **state)
{
    struct flow *f = *state;
    uint64_t first = 17, next = 18;
    unsigned asked;

    serve(7200, NULL);
    flow_up(f, NULL, flags);
    flow_logged(f, "worker.registered", 1);
    pcs_server_fault(made.server, PCS_TCB, PCS_BROKEN);
    flow_logged(f, "collateral.fetch", 1);
    asked = pcs_server_count(made.server);
    while (pcs_server_count(made.server) < asked + 3)
        answered(f);
    assert_int_equal(flow_log_count(f, "collateral.fetch"), 1); /* once, not each time */
    assert_int_equal(flow_log_count(f, "answered 500"), 1);
    assert_true(on_chain(f, &first));
    assert_int_equal(flow_log_count(f, "settle.refused"), 0);
    serve(3600, "18");
    pcs_server_fault(made.server, PCS_TCB, PCS_GOOD);
    flow_until(f, on_chain, &next, "the newer set on chain once the service answers");
}

/* A service that never answers does not keep a node from ending. */
static void a_silent_service_holds_up_nobody(void **state)
{
    struct flow *f = *state;

    serve(7200, NULL);
    flow_up(f, NULL, flags);
    flow_logged(f, "worker.registered", 1);
    pcs_server_fault(made.server, PCS_QE, PCS_SILENT);
    unsigned asked = pcs_server_count(made.server);
    while (pcs_server_count(made.server) < asked + 2)
        answered(f);
    flow_down(f);
}

#define ON_CHAIN(test) cmocka_unit_test_setup_teardown(test, open_chain, close_chain)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_CHAIN(a_newer_set_is_on_chain_without_a_restart),
        ON_CHAIN(a_set_that_soon_ends_on_chain_is_replaced),
        ON_CHAIN(a_service_that_fails_only_warns),
        ON_CHAIN(a_silent_service_holds_up_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
