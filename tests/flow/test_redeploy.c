/* The contract is deleted and deployed anew under the same name: its requests count from 0 again,
 * and what was computed for the old ones answers none of the new. */
#include "flow.h"

#include <stdio.h>

#define GAS (100u * (uint64_t)ALC_NEAR_TGAS)

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

/* deploy_anew: the contract's account has no key, so it is given one the way no chain would. */
static void deploy_anew(struct flow *f)
{
    struct alc_near_key root = alc_near_key_of(&f->dev.root);
    char key[ALC_NEAR_KEY_TEXT_MAX], text[ALC_NEAR_KEY_TEXT_MAX + 1024];
    struct alc_near_action delete = {.kind = ALC_NEAR_DELETE_ACCOUNT,
                                     .account_id = alc_near_id_bytes(&f->dev.root_id)};
    struct alc_near_action make[4] = {
        {.kind = ALC_NEAR_CREATE_ACCOUNT},
        {.kind = ALC_NEAR_TRANSFER, .amount = 100 * ALC_NEAR_YOCTO},
        {.kind = ALC_NEAR_DEPLOY, .data = cli_embedded(CLI_COMPUTE)},
    };
    struct alc_near_action add;

    alc_near_key_text(key, &root);
    snprintf(
        text, sizeof text,
        "{\"records\":[{\"AccessKey\":{\"account_id\":\"" CLI_DEVNET_CONTRACT
        "\",\"public_key\":\"%s\",\"access_key\":{\"nonce\":0,\"permission\":\"FullAccess\"}}}]}",
        key);
    flow_rpc(f, "sandbox_patch_state", text);
    flow_call(f, CLI_DEVNET_CONTRACT, CLI_DEVNET_CONTRACT, &delete, 1);
    snprintf(text, sizeof text,
             "{\"owner_id\":\"%s\",\"operator_id\":\"" CLI_DEVNET_OPERATOR
             "\",\"chain_id\":\"localnet\"}",
             f->dev.root_id.s);
    make[3] = cli_call("new", text, GAS, 0);
    flow_call(f, NULL, CLI_DEVNET_CONTRACT, make, 4);
    alc_near_key_text(key, &f->worker);
    snprintf(text, sizeof text, "{\"public_key\":\"%s\"}", key);
    add = cli_call("add_worker_key", text, GAS, 0);
    flow_call(f, NULL, CLI_DEVNET_CONTRACT, &add, 1);
}

static void check(struct flow *f, const struct alc_hash *tx, const char *want)
{
    struct flow_end end;

    flow_end(f, &end, tx);
    if (!alc_bytes_is(end.value, want) || end.events != 1)
        flow_fail(f, "%u events, '%s' %s", end.events,
                  end.value.n > 0 ? (const char *)end.value.p : "", end.error);
}

static void node(struct flow *f, const char *failpoint)
{
    flow_up(f, failpoint, (const char *const[]){"--worker-module", flow_guest("echo"), NULL});
}

/* The job of the old deployment is at the point where the node died when the new request with the
 * same number comes. */
static void old_answers_stay_unused(struct flow *f, const char *failpoint, const char *params)
{
    struct flow_ask ask = {.code = flow_code(f, "echo"), .params = params};
    struct alc_hash old, fresh;
    uint64_t settled;

    node(f, failpoint);
    ask.input = ALC_LIT("old");
    flow_ask(f, &old, &ask);
    flow_died(f);
    deploy_anew(f);
    ask.input = ALC_LIT("fresh");
    flow_ask(f, &fresh, &ask);
    node(f, NULL);
    check(f, &fresh, "\"fresh\"");
    flow_ended(f, 2, &settled);
    assert_true(settled >= 1);
}

static void signed_answer_of_before(void **state)
{
    old_answers_stay_unused(*state, "settle.signed", NULL);
}

static void signed_answer_of_before_with_proof(void **state)
{
    old_answers_stay_unused(*state, "settle.signed", "{\"proof\":\"key\"}");
}

static void claimed_job_of_before(void **state)
{
    old_answers_stay_unused(*state, "worker.claimed", NULL);
}

static void same_ids_are_other_requests(void **state)
{
    struct flow *f = *state;
    struct flow_ask ask = {.code = flow_code(f, "echo"), .input = ALC_LIT("first")};
    struct alc_hash tx;
    uint64_t settled;

    node(f, NULL);
    flow_ask(f, &tx, &ask);
    check(f, &tx, "\"first\"");
    deploy_anew(f);
    ask.input = ALC_LIT("second");
    flow_ask(f, &tx, &ask);
    check(f, &tx, "\"second\"");
    flow_ended(f, 2, &settled);
    assert_int_equal(settled, 2);
}

#define REDEPLOY(test) cmocka_unit_test_setup_teardown(test, open_chain, close_chain)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REDEPLOY(same_ids_are_other_requests),
        REDEPLOY(claimed_job_of_before),
        REDEPLOY(signed_answer_of_before),
        REDEPLOY(signed_answer_of_before_with_proof),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
