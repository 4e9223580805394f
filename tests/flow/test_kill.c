/* The node, and the chain, killed at every step: a request ends once, with its answer or with its
 * refund, and nothing is left over. */
#include "flow.h"

#include <stdio.h>
#include <string.h>

#define REQUESTS 3u

static const char *const flags[5] = {"--worker-slots", "2"};
static const char *modules[8];

static int open_chain(void **state)
{
    struct flow *f = flow_open();
    static char echo[4096], probe[4096];

    snprintf(echo, sizeof echo, "%s", flow_guest("echo"));
    snprintf(probe, sizeof probe, "%s", flow_guest("probe"));
    memcpy(modules,
           (const char *[]){flags[0], flags[1], "--worker-module", echo, "--worker-module", probe,
                            NULL},
           7 * sizeof *modules);
    *state = f;
    return 0;
}

static int close_chain(void **state)
{
    flow_close(*state);
    return 0;
}

/* ask_all sends the requests without waiting, so that a block may hold several. */
static void ask_all(struct flow *f, struct alc_hash tx[REQUESTS])
{
    struct alc_near_block_ref block;
    struct alc_err err;
    char input[16];

    flow_must(f, alc_near_rpc_final(f->dev.client, &block, &err), &err);
    for (unsigned i = 0; i < REQUESTS; i++) {
        struct flow_ask ask = {.code = flow_code(f, "echo"), .payer = FLOW_PAYER};
        snprintf(input, sizeof input, "answer %u", i);
        ask.input = alc_cstr(input);
        flow_send(f, &tx[i], &ask, &block.hash, "NONE");
    }
}

static void check_answers(struct flow *f, const struct alc_hash tx[REQUESTS])
{
    char want[20];

    for (unsigned i = 0; i < REQUESTS; i++) {
        struct flow_end end;
        flow_end(f, &end, &tx[i]);
        snprintf(want, sizeof want, "\"answer %u\"", i);
        if (!alc_bytes_is(end.value, want) || end.events != 1)
            flow_fail(f, "request %u: %u events, '%s' %s", i, end.events,
                      end.value.n > 0 ? (const char *)end.value.p : "", end.error);
    }
}

/* Nothing ended twice, whoever asks: the contract's counter and all blocks since `height`. */
static void check_once(struct flow *f, uint64_t height, uint64_t executions)
{
    __uint128_t fees;
    uint64_t now;

    flow_stats(f, &now, &fees);
    assert_int_equal(now - executions, REQUESTS);
    assert_int_equal(flow_events(f, "execution_completed", height), REQUESTS);
    assert_int_equal(flow_pending(f), 0);
}

static void survive(struct flow *f, const char *failpoint)
{
    struct alc_hash tx[REQUESTS];
    uint64_t height = flow_height(f), executions, settled;
    __uint128_t fees;

    flow_stats(f, &executions, &fees);
    flow_up(f, failpoint, modules);
    ask_all(f, tx);
    flow_died(f);
    flow_up(f, NULL, modules);
    check_answers(f, tx);
    flow_ended(f, REQUESTS, &settled);
    assert_int_equal(settled, REQUESTS);
    check_once(f, height, executions);
}

static void killed_in_the_middle_of_a_block(void **state)
{
    survive(*state, "queue.block");
}

static void killed_after_the_claim(void **state)
{
    survive(*state, "worker.claimed");
}

static void killed_after_the_run(void **state)
{
    survive(*state, "worker.ran");
}

static void killed_before_the_transaction(void **state)
{
    survive(*state, "settle.signed");
}

static void killed_after_the_transaction(void **state)
{
    survive(*state, "settle.sent");
}

/* die_for_good kills the node and lets the requests time out.  At least so many of the jobs have
 * an answer by then. */
static void die_for_good(struct flow *f, const char *failpoint, uint64_t answered)
{
    struct alc_hash tx[REQUESTS];
    uint64_t height = flow_height(f), executions, now, settled;
    __uint128_t fees, payer = flow_balance(f, FLOW_PAYER);

    flow_stats(f, &executions, &fees);
    flow_up(f, failpoint, modules);
    ask_all(f, tx);
    flow_died(f);
    flow_forward(f, 250);
    for (unsigned i = 0; i < REQUESTS; i++) {
        struct flow_end ended;
        flow_end(f, &ended, &tx[i]);
        assert_null(ended.failure);
        assert_true(alc_bytes_is(ended.value, "null"));
        assert_int_equal(ended.events, 0); /* a timeout has no event */
    }
    payer += REQUESTS * (FLOW_PAYMENT - f->price[0]);
    assert_true(flow_balance(f, FLOW_PAYER) == payer);

    /* Late is harmless: the jobs find out that nobody waits. */
    flow_up(f, NULL, modules);
    flow_ended(f, REQUESTS, &settled);
    assert_true(settled >= answered);
    flow_stats(f, &now, &fees);
    assert_int_equal(now - executions, REQUESTS);
    assert_int_equal(flow_events(f, "execution_completed", height), 0);
    assert_true(flow_balance(f, FLOW_PAYER) == payer);
}

static void dead_since_the_block(void **state)
{
    die_for_good(*state, "queue.block", 0);
}

static void dead_since_the_claim(void **state)
{
    die_for_good(*state, "worker.claimed", 0);
}

static void dead_since_the_run(void **state)
{
    die_for_good(*state, "worker.ran", 0);
}

static void dead_before_the_transaction(void **state)
{
    die_for_good(*state, "settle.signed", 1);
}

/* What was sent comes true without the sender. */
static void dead_after_the_transaction(void **state)
{
    struct flow *f = *state;
    const struct flow_ask ask = {.code = flow_code(f, "echo"), .input = ALC_LIT("sent")};
    struct flow_end end;
    struct alc_hash tx;
    uint64_t settled;

    flow_up(f, "settle.sent", modules);
    flow_ask(f, &tx, &ask);
    flow_died(f);
    flow_end(f, &end, &tx);
    assert_true(alc_bytes_is(end.value, "\"sent\""));
    flow_up(f, NULL, modules);
    flow_ended(f, 1, &settled);
    assert_int_equal(settled, 1);
}

static void ask_for_work(struct flow *f, struct alc_hash tx[REQUESTS])
{
    const struct flow_ask ask = {.code = flow_code(f, "probe"),
                                 .input = ALC_LIT("work 1000000000"), /* a second or more */
                                 .max_instructions = UINT64_C(100000000000)};
    for (unsigned i = 0; i < REQUESTS; i++)
        flow_ask(f, &tx[i], &ask);
    flow_logged(f, "job.new", REQUESTS); /* all are on chain, */
    flow_logged(f, "to=running", 1);     /* and one runs */
    assert_int_equal(flow_pending(f), REQUESTS);
}

static void check_work(struct flow *f, const struct alc_hash tx[REQUESTS])
{
    for (unsigned i = 0; i < REQUESTS; i++) {
        struct flow_end end;
        flow_end(f, &end, &tx[i]);
        if (!end.success || end.events != 1) flow_fail(f, "request %u: %s", i, end.error);
    }
}

static void killed_in_the_run(void **state)
{
    struct flow *f = *state;
    uint64_t height = flow_height(f), executions, settled;
    struct alc_hash tx[REQUESTS];
    __uint128_t fees;

    flow_stats(f, &executions, &fees);
    flow_up(f, NULL, modules);
    ask_for_work(f, tx);
    flow_kill(f);
    flow_up(f, NULL, modules);
    check_work(f, tx);
    flow_ended(f, REQUESTS, &settled);
    assert_int_equal(settled, REQUESTS);
    check_once(f, height, executions);
}

/* The chain dies while requests wait on it, and comes back with what was in its blocks. */
static void killed_chain(void **state)
{
    struct flow *f = *state;
    uint64_t height = flow_height(f), executions, settled;
    struct alc_hash tx[REQUESTS];
    __uint128_t fees;

    flow_stats(f, &executions, &fees);
    flow_up(f, NULL, modules);
    ask_for_work(f, tx);
    flow_restart_chain(f);
    check_work(f, tx);
    flow_ended(f, REQUESTS, &settled);
    assert_int_equal(settled, REQUESTS);
    check_once(f, height, executions);
}

#define KILL(test) cmocka_unit_test_setup_teardown(test, open_chain, close_chain)

int main(void)
{
    const struct CMUnitTest tests[] = {
        KILL(killed_in_the_middle_of_a_block),
        KILL(killed_after_the_claim),
        KILL(killed_in_the_run),
        KILL(killed_after_the_run),
        KILL(killed_before_the_transaction),
        KILL(killed_after_the_transaction),
        KILL(dead_since_the_block),
        KILL(dead_since_the_claim),
        KILL(dead_since_the_run),
        KILL(dead_before_the_transaction),
        KILL(dead_after_the_transaction),
        KILL(killed_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
