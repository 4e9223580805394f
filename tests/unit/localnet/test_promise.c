/* tests/unit/localnet/test_promise.c — promises, yields, and delegates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net.h"

/* ---- promises ---- */

static void result_goes_to_the_callback(void **state)
{
    struct net_result r = net_call(*state, "alice.test", "tool.test", "chain", "", 0);
    assert_true(net_is(&r, "1one;"));
    assert_string_equal(net_text(&r, "final_execution_status"), "FINAL");
}

static void failure_goes_to_the_callback(void **state)
{
    struct net_result r = net_call(*state, "alice.test", "tool.test", "chain_fails", "", 0);
    assert_true(net_is(&r, "2;"));
}

static void joined_results_keep_their_order(void **state)
{
    struct net_result r = net_call(*state, "alice.test", "tool.test", "join", "", 0);
    assert_true(net_is(&r, "1a;2;11one;;")); /* the third is a chain that answers by its callback */
}

static void failure_at_the_side_does_not_show(void **state)
{
    struct net_result r = net_call(*state, "alice.test", "tool.test", "side_fails", "", 0);
    assert_true(net_is(&r, "fine"));
    assert_true(net_has(&r, "Smart contract panicked: boom"));
}

static void promise_pays_and_a_refund_comes_back(void **state)
{
    struct net *n = *state;
    __uint128_t bob = net_amount(n, "bob.test"), tool = net_amount(n, "tool.test");
    struct net_result r = net_call(n, "alice.test", "tool.test", "pay", "bob.test", 0);
    assert_true(net_is(&r, ""));
    assert_true(net_amount(n, "bob.test") == bob + NEAR(1));
    assert_true(net_amount(n, "tool.test") == tool - NEAR(1));
    net_call(n, "alice.test", "tool.test", "pay", "nobody.test", 0);
    assert_true(net_amount(n, "tool.test") == tool - NEAR(1)); /* deposit: back to who paid it */
    net_call(n, "alice.test", "tool.test", "pay_and_boom", "bob.test", 0);
    assert_true(net_amount(n, "bob.test") == bob + NEAR(1));
}

static void contract_makes_an_account(void **state)
{
    struct net *n = *state;
    struct net_result r = net_call(n, "alice.test", "tool.test", "make", "child.tool.test", 0);
    assert_true(net_is(&r, ""));
    assert_true(net_amount(n, "child.tool.test") == NEAR(2));
}

static void weights_share_what_is_left(void **state)
{
    struct net_result r = net_call(*state, "alice.test", "tool.test", "weigh", "", 0);
    assert_true(net_is(&r, ""));
    uint64_t one = net_u64(&r, "receipts.1.receipt.Action.actions.0.FunctionCall.gas");
    uint64_t two = net_u64(&r, "receipts.1.receipt.Action.actions.1.FunctionCall.gas");
    assert_true(one > 25u * ALC_NEAR_TGAS);
    assert_true(two >= 2 * one && two <= 2 * one + 2); /* the remainder goes to the last */
}

/* ---- yields ---- */

static struct alc_hash ask(struct net *n, const char *method)
{
    struct alc_near_action a = net_act_call(method, "", 0, NET_GAS);
    struct alc_hash hash = net_submit(n, net_tx(n, "alice.test", "tool.test", &a, 1));
    net_settle(n);
    return hash;
}

static void yield_waits_for_its_resume(void **state)
{
    struct net *n = *state;
    struct alc_hash hash = ask(n, "ask");
    struct net_result r = net_result_of(n, &hash);
    assert_string_equal(net_text(&r, "status"), "Started");
    assert_string_equal(net_text(&r, "final_execution_status"), "INCLUDED_FINAL");
    r = net_call(n, "bob.test", "tool.test", "resume", "42", 0);
    assert_true(net_is(&r, "1"));
    r = net_result_of(n, &hash);
    assert_true(net_is(&r, "142;"));
    assert_string_equal(net_text(&r, "final_execution_status"), "FINAL");
    r = net_call(n, "bob.test", "tool.test", "resume", "again", 0);
    assert_true(net_is(&r, "0"));
}

static void yield_feeds_a_promise_after_it(void **state)
{
    struct net *n = *state;
    struct alc_hash hash = ask(n, "ask_then");
    net_call(n, "bob.test", "tool.test", "resume", "x", 0);
    struct net_result r = net_result_of(n, &hash);
    assert_true(net_is(&r, "11x;;"));
}

static void yield_may_be_resumed_by_the_call_that_made_it(void **state)
{
    struct net_result r = net_call(*state, "alice.test", "tool.test", "ask_and_resume", "", 0);
    assert_true(net_is(&r, "1now;"));
}

static void yield_times_out_after_200_blocks(void **state)
{
    struct net *n = *state;
    struct alc_hash hash = ask(n, "ask");
    uint64_t made = net_height(n); /* at most two blocks after the call ran */
    while (net_height(n) < made + 197)
        net_step(n);
    struct net_result r = net_result_of(n, &hash);
    assert_string_equal(net_text(&r, "status"), "Started");
    while (net_height(n) < made + 202)
        net_step(n);
    r = net_result_of(n, &hash);
    assert_true(net_is(&r, "2;"));
    r = net_call(n, "bob.test", "tool.test", "resume", "late", 0);
    assert_true(net_is(&r, "0"));
}

static void jump_over_the_timeout_fires_it(void **state)
{
    struct net *n = *state;
    struct alc_hash hash = ask(n, "ask");
    net_forward(n, 300);
    net_settle(n);
    struct net_result r = net_result_of(n, &hash);
    assert_true(net_is(&r, "2;"));
    assert_true(net_total(n) > 0);
}

static void second_resume_in_one_block_is_ignored(void **state)
{
    struct net *n = *state;
    struct alc_hash hash = ask(n, "ask");
    struct alc_near_action first = net_act_call("resume", "first", 0, NET_GAS);
    struct alc_near_action second = net_act_call("resume", "second", 0, NET_GAS);
    struct alc_hash a = net_submit(n, net_tx(n, "alice.test", "tool.test", &first, 1));
    struct alc_hash b = net_submit(n, net_tx(n, "bob.test", "tool.test", &second, 1));
    net_settle(n);
    struct net_result ra = net_result_of(n, &a), rb = net_result_of(n, &b);
    assert_true(net_is(&ra, "1"));
    assert_true(net_is(&rb, "1")); /* the yield still waits while the first is under way */
    struct net_result r = net_result_of(n, &hash);
    assert_true(net_is(&r, "1first;"));
}

static void resume_under_way_beats_the_timeout(void **state)
{
    struct net *n = *state;
    struct alc_hash hash = ask(n, "ask");
    struct alc_near_action a = net_act_call("resume", "just", 0, NET_GAS);
    /* the block that takes the transaction also ends the yield's time: in the next one the call
     * runs first, then the timeout arrives, and gives way */
    net_submit(n, net_tx(n, "bob.test", "tool.test", &a, 1));
    net_forward(n, 500);
    net_settle(n);
    struct net_result r = net_result_of(n, &hash);
    assert_true(net_is(&r, "1just;"));
}

static void yield_of_a_failed_call_is_gone(void **state)
{
    struct net *n = *state;
    struct net_result r = net_call(n, "alice.test", "tool.test", "ask_and_boom", "", 0);
    assert_true(net_failed(&r, "no question"));
    uint64_t yields;
    bool receipts;
    struct alc_err err;
    assert_int_equal(lnet_block_work(n->chain, &receipts, &yields, &err), ALC_OK);
    assert_false(receipts);
    assert_int_equal(yields, 0);
}

/* ---- delegates ---- */

struct delegated {
    struct alc_near_delegate d;
    struct alc_near_action outer, inner;
};

static void sign_delegate(struct delegated *x, const char *who)
{
    struct alc_hash hash;
    x->d.key = net_public(who);
    alc_near_delegate_hash(&hash, &x->d);
    x->d.sig.curve = ALC_NEAR_ED25519;
    alc_ed25519_sign(x->d.sig.b, net_key(who), alc_hash_bytes(&hash));
}

static void delegate(struct net *n, struct delegated *x, const char *receiver,
                     struct alc_near_action inner)
{
    struct alc_near_key key = net_public("bob.test");
    *x = (struct delegated){.inner = inner};
    x->d = (struct alc_near_delegate){.sender_id = ALC_LIT("bob.test"),
                                      .receiver_id = alc_cstr(receiver),
                                      .actions = &x->inner,
                                      .actions_count = 1,
                                      .nonce = net_nonce(n, "bob.test", &key) + 1,
                                      .max_block_height = net_height(n) + 100};
    x->outer = (struct alc_near_action){.kind = ALC_NEAR_DELEGATE, .delegate = &x->d};
    sign_delegate(x, "bob.test");
}

static void relayer_pays_for_a_delegate(void **state)
{
    struct net *n = *state;
    struct delegated x;
    __uint128_t bob = net_amount(n, "bob.test"), tool = net_amount(n, "tool.test");
    delegate(n, &x, "tool.test", net_act_call("set", "by bob", NEAR(1), NET_GAS));
    struct net_result r = net_send(n, "alice.test", "bob.test", &x.outer, 1);
    assert_true(net_is(&r, ""));
    assert_string_equal(net_view(n, "tool.test", "get", ""), "by bob");
    assert_true(net_amount(n, "bob.test") == bob);
    assert_true(net_amount(n, "tool.test") == tool + NEAR(1));
    assert_string_equal(net_text(&r, "receipts.1.predecessor_id"), "bob.test");
    assert_string_equal(net_text(&r, "receipts.1.receipt.Action.signer_id"), "alice.test");
    /* the same again: its nonce is used */
    r = net_send(n, "alice.test", "bob.test", &x.outer, 1);
    assert_true(net_failed(&r, "DelegateActionInvalidNonce"));
}

static void failed_delegate_refunds_its_sender(void **state)
{
    struct net *n = *state;
    struct delegated x;
    __uint128_t bob = net_amount(n, "bob.test");
    delegate(n, &x, "tool.test", net_act_call("boom", "", NEAR(1), NET_GAS));
    struct net_result r = net_send(n, "alice.test", "bob.test", &x.outer, 1);
    assert_true(net_is(&r, "")); /* the failure is inside */
    assert_true(net_has(&r, "Smart contract panicked: boom"));
    assert_true(net_amount(n, "bob.test") == bob + NEAR(1));
}

static void delegate_has_to_fit(void **state)
{
    struct net *n = *state;
    struct delegated x;
    struct alc_near_action set = net_act_call("set", "x", 0, NET_GAS);
    delegate(n, &x, "tool.test", set);
    struct net_result r = net_send(n, "alice.test", "tool.test", &x.outer, 1);
    assert_true(net_failed(&r, "DelegateActionSenderDoesNotMatchTxReceiver"));
    x.d.nonce++;
    r = net_send(n, "alice.test", "bob.test", &x.outer, 1);
    assert_true(net_failed(&r, "DelegateActionInvalidSignature"));
    delegate(n, &x, "tool.test", set);
    x.d.max_block_height = net_height(n);
    sign_delegate(&x, "bob.test");
    r = net_send(n, "alice.test", "bob.test", &x.outer, 1);
    assert_true(net_failed(&r, "DelegateActionExpired"));
    delegate(n, &x, "tool.test", set);
    sign_delegate(&x, "stranger");
    r = net_send(n, "alice.test", "bob.test", &x.outer, 1);
    assert_true(net_failed(&r, "AccessKeyNotFound"));
    delegate(n, &x, "tool.test", set);
    x.d.nonce = (net_height(n) + 100) * 1000000;
    sign_delegate(&x, "bob.test");
    r = net_send(n, "alice.test", "bob.test", &x.outer, 1);
    assert_true(net_failed(&r, "DelegateActionNonceTooLarge"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, net_setup_tool, net_teardown)
    const struct CMUnitTest tests[] = {
        T(result_goes_to_the_callback),
        T(failure_goes_to_the_callback),
        T(joined_results_keep_their_order),
        T(failure_at_the_side_does_not_show),
        T(promise_pays_and_a_refund_comes_back),
        T(contract_makes_an_account),
        T(weights_share_what_is_left),
        T(yield_waits_for_its_resume),
        T(yield_feeds_a_promise_after_it),
        T(yield_may_be_resumed_by_the_call_that_made_it),
        T(yield_times_out_after_200_blocks),
        T(jump_over_the_timeout_fires_it),
        T(second_resume_in_one_block_is_ignored),
        T(resume_under_way_beats_the_timeout),
        T(yield_of_a_failed_call_is_gone),
        T(relayer_pays_for_a_delegate),
        T(failed_delegate_refunds_its_sender),
        T(delegate_has_to_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
