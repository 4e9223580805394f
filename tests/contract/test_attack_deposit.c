/* tests/contract/test_attack_deposit.c — money that an attacker would like to keep, or to have
 * twice: a deposit one unit short, and a deposit given back again. */
#include "tests/contract/attack.h"

#define GROWN "{\"Whitelist\":{\"accounts\":[\"bob.test\"]}}"

/* A payable call, what exactly it takes, and what it says to one yoctoNEAR less.  The bytes are the
 * reference's formulas worked out by hand. */
struct payable {
    const char *method, *args, *caller, *phrase;
    near_u128 takes;
};

static void one_unit_short_is_refused(void **state)
{
    const struct payable calls[] = {
        {"request_execution", "{" SOURCE "," LIMITS "}", "bob.test", "Insufficient payment",
         (near_u128)70001 * 100000000000000000u},
        {"request_execution", "{" SOURCE "," LIMITS ",\"params\":{\"compile_only\":true}}",
         "bob.test", "Insufficient payment", MILLI},
        {"request_execution", "{" SOURCE "}", "bob.test", "Insufficient payment", MILLI},
        {"request_execution",
         "{" APP_SOURCE "," LIMITS ",\"params\":{\"attached_usd\":\"12345\"}" OP_INPUT "}",
         "alice.test", "Insufficient payment", (near_u128)70001 * 100000000000000000u},
        /* project 200 + 13 + 17 + 24, version 150 + 26 + 64 + 0 + 64 + 24 */
        {"create_project", "{\"name\":\"my-a\",\"source\":" WASM(CODE_HASH) "}", "bob.test",
         "Insufficient storage deposit", (254 + 328) * BYTE},
        {"add_version", "{\"project_name\":\"app\",\"source\":" GIT ",\"set_active\":false}",
         "alice.test", "Insufficient storage deposit", 253 * BYTE},
        /* 69 + 8 + 10 + 3 */
        {"accept_project_transfer", "{\"from\":\"alice.test\",\"name\":\"app\"}", "bob.test",
         "Insufficient storage deposit for the acceptance record", 90 * BYTE},
        /* the reference's example, for charlie */
        {"store_secrets", ATTACK_SECRET("\"AllowAll\""), "charlie", "Insufficient storage deposit",
         214 * BYTE},
        /* 37 bytes of condition in place of 10, none of which is paid for */
        {"store_secrets", ATTACK_SECRET(GROWN), "alice.test", "Insufficient deposit for update",
         (sizeof GROWN - 11) * BYTE},
        {"update_access", "{" ATTACK_SECRET_ID ",\"new_access\":" GROWN "}", "alice.test",
         "Insufficient deposit for this condition", (sizeof GROWN - 11) * BYTE},
        /* 40 + 2 + 5 + 11 of key, 8 + 20 + 32, 64, and the floor's 49 + 7 */
        {"store_secrets", ATTACK_KEY("1"), "charlie", "Insufficient storage deposit",
         (182 + 56) * BYTE},
        {"store_secrets", ATTACK_KEY("2"), "alice.test", "Insufficient storage deposit",
         185 * BYTE},
        {"store_agent_secret", ATTACK_STORE_AGENT, "payer.near", "Insufficient storage deposit",
         309 * BYTE},
        {"store_wallet_policy", ATTACK_POLICY, "ctrl.near", "Insufficient storage deposit",
         217 * BYTE},
        {"delete_payment_key", "{\"nonce\":1}", "alice.test", "Attach at least 1 yocto", 1},
        {"withdraw_developer_earnings", "", "alice.test", "Attach at least 1 yocto", 1},
        {"top_up_payment_key_with_near", "{\"nonce\":1,\"swap_contract_id\":\"swap.test\"}",
         "alice.test", "Attach at least 0.025 NEAR", 25 * MILLI + 1},
    };

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        const struct payable *c = &calls[i];
        const size_t records = fake_records();

        as(c->caller);
        paying_panics(c->takes - 1, c->phrase, c->method, c->args);
        paying_panics(0, c->phrase, c->method, c->args);
        assert_int_equal(fake_records(), records);
        paying(c->takes, c->method, c->args);
        done(state);
        assert_int_equal(attack_world(state), 0);
    }
}

/* Of the payable methods each is in the table above, or takes nothing at all. */
static void every_payable_method_is_known(void **state)
{
    static const char *const known[] = {"request_execution",
                                        "create_project",
                                        "add_version",
                                        "accept_project_transfer",
                                        "store_secrets",
                                        "update_access",
                                        "store_agent_secret",
                                        "store_wallet_policy",
                                        "delete_payment_key",
                                        "withdraw_developer_earnings",
                                        "top_up_payment_key_with_near",
                                        "top_up_payment_key_with_token"};
    size_t payable = 0;
    (void)state;
    for (size_t i = 0; methods[i].name != NULL; i++) {
        bool found = false;
        if (methods[i].kind != NEAR_PAYABLE) continue;
        payable++;
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
            found |= strcmp(known[k], methods[i].name) == 0;
        if (!found) fail_msg("%s is payable, and no test sends it one unit less", methods[i].name);
    }
    assert_int_equal(payable, sizeof known / sizeof known[0]);
    paying_panics(1000 * MILLI, "disabled", "top_up_payment_key_with_token",
                  "{\"nonce\":1,\"token_id\":\"t.test\",\"amount\":\"1\",\"swap_contract_id\":"
                  "\"s.test\"}");
}

/* What all others do with one yoctoNEAR. */
static void other_methods_take_no_deposit(void **state)
{
    (void)state;
    for (size_t i = 0; methods[i].name != NULL; i++) {
        if (methods[i].kind != NEAR_CALL && methods[i].kind != NEAR_PRIVATE) continue;
        fake_env.deposit = 1;
        as("compute.test"); /* the check of private methods comes first */
        panics(fmt("Method %s doesn't accept deposit", methods[i].name), methods[i].name, "{}");
        fake_env.deposit = 0;
    }
}

/* ---- Stablecoin ---- */

static void stablecoin_one_unit_short_is_refused(void **state)
{
    (void)state;
    as("alice.test");
    paying_panics(100 * MILLI, "Insufficient stablecoin balance", "request_execution",
                  project_args(1000001, OP_INPUT));
    paying_panics(100 * MILLI, "attached_usd", "request_execution", project_args(12344, OP_INPUT));
    paying(100 * MILLI, "request_execution", project_args(12345, OP_INPUT));
    assert_int_equal(usd(PURSE_USER, "alice.test"), 1000000 - 12345);
    transfer_panics("at least 10000 units", "alice.test", "9999",
                    "{\"action\":\"top_up_payment_key\",\"nonce\":1}");
    transfer("alice.test", "10000", "{\"action\":\"top_up_payment_key\",\"nonce\":1}");
    transfer_panics("below the plan's price", "alice.test", "4999",
                    "{\"action\":\"buy_subscription\",\"nonce\":1,\"plan\":2}");
    transfer("alice.test", "5000", "{\"action\":\"buy_subscription\",\"nonce\":1,\"plan\":2}");
}

/* ---- A refund twice ---- */

struct refund {
    const char *prepare, *prepare_args; /* NULL: it is there */
    const char *method, *args, *caller;
    const char *again; /* what the second call says */
    near_u128 back;
};

static void a_storage_deposit_comes_back_once(void **state)
{
    static const struct refund refunds_of[] = {
        {NULL, NULL, "delete_secrets", "{" ATTACK_SECRET_ID "}", "alice.test", "Secrets not found",
         217 * BYTE},
        {NULL, NULL, "delete_secrets",
         "{\"accessor\":{\"System\":\"PaymentKey\"},\"profile\":\"1\"}", "alice.test",
         "Secrets not found", 185 * BYTE},
        {"store_agent_secret", ATTACK_STORE_AGENT, "delete_agent_secret", ATTACK_DELETE_AGENT,
         "payer.near", "Secrets not found", 309 * BYTE},
        {"add_version", "{\"project_name\":\"app\",\"source\":" GIT ",\"set_active\":false}",
         "remove_version", "{\"project_name\":\"app\",\"version_key\":\"" GIT_KEY "\"}",
         "alice.test", "Version not found", 253 * BYTE},
        {NULL, NULL, "delete_project", "{\"project_name\":\"app\"}", "alice.test",
         "Project not found", (255 + 328) * BYTE},
        {"accept_project_transfer", "{\"from\":\"carol.test\",\"name\":\"app\"}",
         "revoke_project_transfer", "{\"from\":\"carol.test\",\"name\":\"app\"}", "bob.test",
         "has no acceptance for project", 90 * BYTE},
        {"store_wallet_policy", ATTACK_POLICY, "delete_wallet_policy", ATTACK_WALLET_ARGS,
         "ctrl.near", "Wallet policy not found", 217 * BYTE},
    };

    for (size_t i = 0; i < sizeof refunds_of / sizeof refunds_of[0]; i++) {
        const struct refund *r = &refunds_of[i];

        as(r->caller);
        if (r->prepare != NULL) paying(r->back, r->prepare, r->prepare_args);
        ok(r->method, r->args);
        assert_int_equal(fake_receipts(), 1);
        assert_string_equal(fake_receipt(0)->receiver, r->caller);
        if (attack_sent() != r->back)
            fail_msg("%s gave back %" PRIu64 " bytes", r->method, (uint64_t)(attack_sent() / BYTE));
        panics(r->again, r->method, r->args);
        done(state);
        assert_int_equal(attack_world(state), 0);
    }
}

/* An acceptance is used up by the transfer, and its deposit goes to who paid it. */
static void an_acceptance_is_used_once(void **state)
{
    (void)state;
    publish("carol.test", "app");
    accept("bob.test", "carol.test", "app");
    as("carol.test");
    ok("transfer_project", "{\"project_name\":\"app\",\"new_owner\":\"bob.test\"}");
    refunds("bob.test", 90 * BYTE);
    as("bob.test");
    panics("has no acceptance for project", "revoke_project_transfer",
           "{\"from\":\"carol.test\",\"name\":\"app\"}");
    /* The name comes to life again with carol, and again wants bob's consent. */
    ok("delete_project", "{\"project_name\":\"app\"}");
    publish("carol.test", "app");
    as("carol.test");
    panics("has not accepted project", "transfer_project",
           "{\"project_name\":\"app\",\"new_owner\":\"bob.test\"}");
}

/* An edit that shrinks a secret pays back what it no longer locks, once. */
static void a_shrunk_secret_pays_back_once(void **state)
{
    const char *small = "{" ATTACK_SECRET_ID ",\"new_access\":\"AllowAll\"}";
    (void)state;
    as("alice.test");
    paying((sizeof GROWN - 11) * BYTE, "update_access",
           "{" ATTACK_SECRET_ID ",\"new_access\":" GROWN "}");
    ok("update_access", small);
    refunds("alice.test", (sizeof GROWN - 11) * BYTE);
    ok("update_access", small);
    assert_int_equal(fake_receipts(), 0);
    ok("delete_secrets", "{" ATTACK_SECRET_ID "}");
    refunds("alice.test", 217 * BYTE);
}

/* A key whose deletion is under way is deleted on the other way, and its deletion then agreed. */
static void a_payment_key_is_paid_back_on_one_of_two_ways(void **state)
{
    (void)state;
    as("alice.test");
    paying(1, "delete_payment_key", "{\"nonce\":1}");
    keep_yield();
    resumes("resume_delete_payment_key", "\"Success\"");
    as("alice.test");
    ok("delete_secrets", "{\"accessor\":{\"System\":\"PaymentKey\"},\"profile\":\"1\"}");
    refunds("alice.test", 185 * BYTE);
    as("compute.test");
    assert_false(fake_callback(near_entry_on_delete_payment_key_response,
                               ALC_LIT("{\"owner\":\"alice.test\",\"nonce\":1}"), ALC_LIT("+")));
    assert_int_equal(fake_receipts(), 0);
    /* And its number does not come back. */
    as("alice.test");
    paying_panics(1000 * MILLI, "has already been used", "store_secrets", ATTACK_KEY("1"));
}

/* A request is paid back by the first who ends it: callback, its sender, or the owner. */
static void a_request_is_paid_back_once(void **state)
{
    static const struct {
        const char *method, *args, *caller, *again;
    } ends[] = {
        {"cancel_stale_execution", "{\"request_id\":0}", "alice.test",
         "Execution request not found"},
        {"emergency_cancel_execution", "{\"request_id\":0}", "owner.test",
         "Execution request not found"},
        {"cancel_pending_requests", "{\"request_ids\":[0,0,0]}", "owner.test", NULL},
        {"clear_all_pending_requests", "{}", "owner.test", NULL},
    };

    for (size_t first = 0; first < sizeof ends / sizeof ends[0]; first++) {
        ask_project(20000, OP_INPUT);
        fake_env.time_ns += STALE_AFTER_NS + 1;
        as(ends[first].caller);
        ok(ends[first].method, ends[first].args);
        refunds("alice.test", 100 * MILLI);
        assert_int_equal(usd(PURSE_USER, "alice.test"), 1000000);
        for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
            as(ends[i].caller);
            if (ends[i].again != NULL) {
                panics(ends[i].again, ends[i].method, ends[i].args);
            } else {
                returns("0", ends[i].method, ends[i].args);
                assert_int_equal(fake_receipts(), 0);
            }
        }
        as("compute.test");
        timeout(); /* the yield still ends */
        result_is("null");
        assert_int_equal(fake_receipts(), 0);
        assert_int_equal(usd(PURSE_USER, "alice.test"), 1000000);
        as("op.test");
        panics("Execution request not found", "resolve_execution",
               "{\"request_id\":0,\"response\":" DONE "}");
        done(state);
        assert_int_equal(attack_world(state), 0);
    }
}

static void earnings_are_withdrawn_once(void **state)
{
    (void)state;
    as("alice.test");
    paying(1, "withdraw_developer_earnings", "");
    paying_panics(1, "No earnings to withdraw", "withdraw_developer_earnings", "");
    /* A transfer that failed gives back what it took, no more. */
    as("compute.test");
    assert_true(fake_callback(near_entry_on_withdraw_developer_earnings,
                              ALC_LIT("{\"developer\":\"alice.test\",\"amount\":\"1000000\"}"),
                              (struct alc_bytes){NULL, 0}));
    assert_int_equal(usd(PURSE_EARNINGS, "alice.test"), 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ATTACK(one_unit_short_is_refused),
        ATTACK(every_payable_method_is_known),
        ATTACK(other_methods_take_no_deposit),
        ATTACK(stablecoin_one_unit_short_is_refused),
        ATTACK(a_storage_deposit_comes_back_once),
        ATTACK(an_acceptance_is_used_once),
        ATTACK(a_shrunk_secret_pays_back_once),
        ATTACK(a_payment_key_is_paid_back_on_one_of_two_ways),
        ATTACK(a_request_is_paid_back_once),
        ATTACK(earnings_are_withdrawn_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
