/* tests/contract/test_attack_stranger.c — what is another's: calls, yields, tokens, storage. */
#include "tests/contract/attack.h"

#define ANSWER "{\"request_id\":0,\"response\":" DONE "}"
#define WORKER_KEY "ed25519:11111111111111111111111111111111"
#define PRICING                                                                                    \
    "{\"project_id\":\"" APP                                                                       \
    "\",\"pricing\":{\"author_account_id\":\"eve.test\",\"operations\":[" OPERATION("op", "1",     \
                                                                                    "1") "]}}"
#define WRAPPED                                                                                    \
    "{\"owner\":\"alice.test\",\"nonce\":1,\"token_id\":\"wrap.near\",\"amount\":\"1\","           \
    "\"swap_contract_id\":\"swap.test\"}"

/* A call that one account may make, and what others hear. */
struct guarded {
    const char *method, *args, *whose, *phrase;
};

#define OWNER_ONLY "Only owner can call this method"
#define OPERATOR_ONLY "Only operator can call this"

static const struct guarded guarded[] = {
    {"resolve_execution", ANSWER, "op.test", OPERATOR_ONLY},
    {"submit_execution_output", "{\"request_id\":0,\"output\":{\"Text\":\"x\"}}", "op.test",
     OPERATOR_ONLY},
    {"submit_execution_output_and_resolve",
     "{\"request_id\":0,\"output\":{\"Text\":\"x\"},\"success\":true," USED "}", "op.test",
     OPERATOR_ONLY},
    {"resume_topup",
     "{\"data_id\":\"" CODE_HASH "\",\"result\":{\"Success\":{\"new_encrypted_data\":\"B\"}}}",
     "op.test", "Only operator can resume topup"},
    {"resume_delete_payment_key", "{\"data_id\":\"" CODE_HASH "\",\"result\":\"Success\"}",
     "op.test", "Only operator can resume delete_payment_key"},
    {"ft_on_transfer",
     "{\"sender_id\":\"alice.test\",\"amount\":\"5\",\"msg\":\"{\\\"action\\\":"
     "\\\"deposit_balance\\\"}\"}",
     TOKEN, "Only the payment token"},
    {"set_owner", "{\"new_owner_id\":\"eve.test\"}", "owner.test", OWNER_ONLY},
    {"set_operator", "{\"new_operator_id\":\"eve.test\"}", "owner.test", OWNER_ONLY},
    {"set_paused", "{\"paused\":true}", "owner.test", OWNER_ONLY},
    {"set_pricing", "{\"base_fee\":\"0\"}", "owner.test", OWNER_ONLY},
    {"set_event_metadata", "{\"standard\":\"x\"}", "owner.test", OWNER_ONLY},
    {"set_payment_token_contract", "{\"token_contract\":\"eve.test\"}", "owner.test", OWNER_ONLY},
    {"set_subscription_plans", "{\"plans\":[]}", "owner.test", OWNER_ONLY},
    {"set_project_pricing", PRICING, "owner.test", OWNER_ONLY},
    {"remove_project_pricing", PROJECT, "owner.test", OWNER_ONLY},
    {"set_near_top_up", "{\"wrap_contract_id\":\"eve.test\"}", "owner.test", OWNER_ONLY},
    {"set_pending_bytes_cap", "{\"max_bytes\":1}", "owner.test", OWNER_ONLY},
    {"set_register", "{\"register_id\":\"eve.test\"}", "owner.test", OWNER_ONLY},
    {"add_worker_key", "{\"public_key\":\"" WORKER_KEY "\"}", "owner.test", OWNER_ONLY},
    {"remove_worker_key", "{\"public_key\":\"" WORKER_KEY "\"}", "owner.test", OWNER_ONLY},
    {"retain_worker_keys", "{\"measurements\":[]}", "owner.test", OWNER_ONLY},
    {"emergency_cancel_execution", "{\"request_id\":0}", "owner.test", OWNER_ONLY},
    {"cancel_pending_requests", "{\"request_ids\":[0]}", "owner.test", OWNER_ONLY},
    {"clear_all_pending_requests", "{}", "owner.test", OWNER_ONLY},
    {"cancel_stale_execution", "{\"request_id\":0}", "alice.test",
     "Only the account that sent the request"},
    /* What is addressed by the caller's own name is not found. */
    {"set_active_version", "{\"project_name\":\"app\",\"version_key\":\"" CODE_HASH "\"}",
     "alice.test", "Project not found"},
    {"remove_version", "{\"project_name\":\"app\",\"version_key\":\"" GIT_KEY "\"}", "alice.test",
     "Project not found"},
    {"delete_project", "{\"project_name\":\"app\"}", "alice.test", "Project not found"},
    {"transfer_project", "{\"project_name\":\"app\",\"new_owner\":\"bob.test\"}", "alice.test",
     "has not accepted project"},
    {"revoke_project_transfer", "{\"from\":\"alice.test\",\"name\":\"app\"}", "bob.test",
     "has no acceptance for project"},
    {"delete_secrets", "{" ATTACK_SECRET_ID "}", "alice.test", "Secrets not found"},
    {"update_access", "{" ATTACK_SECRET_ID ",\"new_access\":\"AllowAll\"}", "alice.test",
     "Secrets not found"},
    {"unbind_secret_vault", "{" ATTACK_SECRET_ID "}", "alice.test",
     "secret not found or not owned by caller"},
    {"store_agent_secret", ATTACK_STORE_AGENT, "payer.near", "Invalid Ed25519 wallet signature"},
    {"delete_agent_secret", ATTACK_DELETE_AGENT, "payer.near", "Invalid Ed25519 wallet signature"},
    {"freeze_wallet", ATTACK_WALLET_ARGS, "ctrl.near", "Only the original controller"},
    {"delete_wallet_policy", ATTACK_WALLET_ARGS, "ctrl.near", "Only the original controller"},
    {"delete_payment_key", "{\"nonce\":1}", "alice.test", "Payment key not found"},
    {"top_up_payment_key_with_near", "{\"nonce\":1,\"swap_contract_id\":\"swap.test\"}",
     "alice.test", "Payment key not found"},
    {"withdraw_developer_earnings", "", "alice.test", "No earnings to withdraw"},
};

/* Everything there is in the contract that has an owner; the request is one that waits too long. */
static int guarded_world(void **state)
{
    if (attack_world(state) != 0) return -1;
    as("owner.test");
    ok("remove_project_pricing", PROJECT);
    as("alice.test");
    paying(253 * BYTE, "add_version",
           "{\"project_name\":\"app\",\"source\":" GIT ",\"set_active\":false}");
    as("payer.near");
    paying(309 * BYTE, "store_agent_secret", ATTACK_STORE_AGENT);
    as("ctrl.near");
    paying(217 * BYTE, "store_wallet_policy", ATTACK_POLICY);
    accept("bob.test", "alice.test", "app");
    as("owner.test");
    ok("add_worker_key", "{\"public_key\":\"" WORKER_KEY "\"}");
    ask_project(0, "");
    fake_env.time_ns += STALE_AFTER_NS + 1;
    return 0;
}

static void nobody_else_gets_through(void **state)
{
    static const char *const strangers[] = {
        "eve.test",     "alice.test",       "bob.test", "owner.test", "op.test",    TOKEN,
        "compute.test", "op.test.eve.test", "xop.test", "op.tes",     "payer.near", "ctrl.near"};

    (void)state;
    for (size_t i = 0; i < sizeof guarded / sizeof guarded[0]; i++) {
        const struct guarded *g = &guarded[i];

        fake_env.deposit = method_of(g->method)->kind == NEAR_PAYABLE ? 1000 * MILLI : 0;
        for (size_t k = 0; k < sizeof strangers / sizeof strangers[0]; k++) {
            if (strcmp(strangers[k], g->whose) == 0) continue;
            as(strangers[k]);
            panics(g->phrase, g->method, g->args);
            fake_env.signer = g->whose; /* a contract that the rightful account was lured to */
            panics(g->phrase, g->method, g->args);
        }
    }
    fake_env.deposit = 0;
}

static void who_may_gets_through_whoever_signed(void **state)
{
    for (size_t i = 0; i < sizeof guarded / sizeof guarded[0]; i++) {
        const struct guarded *g = &guarded[i];

        as(g->whose);
        fake_env.signer = "eve.test";
        fake_env.deposit = method_of(g->method)->kind == NEAR_PAYABLE ? 1000 * MILLI : 0;
        ok(g->method, g->args);
        done(state);
        assert_int_equal(guarded_world(state), 0);
    }
}

/* Methods that change state and are not in the table take whatever they touch from the caller's own
 * name: adding one to the contract means deciding which it is. */
static void every_method_is_guarded_or_ones_own(void **state)
{
    static const char *const own[] = {"new",
                                      "request_execution",
                                      "top_up_payment_key_with_token",
                                      "create_project",
                                      "add_version",
                                      "accept_project_transfer",
                                      "store_secrets",
                                      "store_wallet_policy",
                                      "set_storage_refund_to",
                                      "unfreeze_wallet"};

    (void)state;
    for (size_t i = 0; methods[i].name != NULL; i++) {
        bool known = methods[i].kind == NEAR_VIEW || methods[i].kind == NEAR_PRIVATE;
        for (size_t k = 0; !known && k < sizeof guarded / sizeof guarded[0]; k++)
            known = strcmp(guarded[k].method, methods[i].name) == 0;
        for (size_t k = 0; !known && k < sizeof own / sizeof own[0]; k++)
            known = strcmp(own[k], methods[i].name) == 0;
        if (!known) fail_msg("who may call %s?", methods[i].name);
    }
}

static void nobody_but_the_contract_calls_back(void **state)
{
    static const char *const strangers[] = {"eve.test", "owner.test", "op.test", TOKEN,
                                            "alice.test"};

    (void)state;
    for (size_t i = 0; methods[i].name != NULL; i++) {
        if (methods[i].kind != NEAR_PRIVATE) continue;
        for (size_t k = 0; k < sizeof strangers / sizeof strangers[0]; k++) {
            as(strangers[k]);
            fake_env.signer = "compute.test";
            fake_env.deposit = k % 2; /* this check comes before that of the deposit */
            panics(fmt("Method %s is private", methods[i].name), methods[i].name, WRAPPED);
        }
    }
    fake_env.deposit = 0;
}

/* ---- Storage ---- */

static void a_foreign_uuid_is_not_announced(void **state)
{
    static const char uuid[] = ",\"params\":{\"project_uuid\":\"p0000000000000001\"}";

    (void)state;
    publish("eve.test", "mine"); /* the third project */
    as("eve.test");
    paying(100 * MILLI, "request_execution", fmt("{" SOURCE "," LIMITS "%s}", uuid));
    keep_yield();
    assert_non_null(strstr(last.request_data, "\"project_uuid\":null,\"project_id\":null}"));
    assert_null(strstr((const char *)fake_log(0).p, "p0000000000000001"));
    paying(100 * MILLI, "request_execution",
           fmt("{\"source\":{\"Project\":{\"project_id\":\"eve.test/mine\"}}," LIMITS "%s}", uuid));
    keep_yield();
    assert_non_null(
        strstr(last.request_data,
               "\"project_uuid\":\"p0000000000000003\",\"project_id\":\"eve.test/mine\"}"));
    assert_null(strstr((const char *)fake_log(0).p, "p0000000000000001"));
}

/* ---- Tokens ---- */

static void a_wrong_token_pays_nothing(void **state)
{
    static const char *const messages[] = {
        "{\"action\":\"deposit_balance\"}",
        "{\"action\":\"top_up_payment_key\",\"nonce\":1}",
        "{\"action\":\"buy_subscription\",\"nonce\":1,\"plan\":2}",
    };
    char *replayed[3];
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        transfer("alice.test", "20000", messages[i]);
        replayed[i] =
            strdup(fmt("{\"sender_id\":\"alice.test\",\"amount\":\"20000\",\"msg\":"
                       "\"%s\"}",
                       i == 0   ? "{\\\"action\\\":\\\"deposit_balance\\\"}"
                       : i == 1 ? "{\\\"action\\\":\\\"top_up_payment_key\\\",\\\"nonce\\\":1}"
                                : "{\\\"action\\\":\\\"buy_subscription\\\",\\\"nonce\\\":1,"
                                  "\\\"plan\\\":2}"));
        as("fake-usdc.test");
        fake_env.signer = TOKEN;
        panics("Only the payment token", "ft_on_transfer", replayed[i]);
        as("sub." TOKEN);
        panics("Only the payment token", "ft_on_transfer", replayed[i]);
    }
    assert_int_equal(usd(PURSE_USER, "alice.test"), 1020000);
    /* The token that was replaced is a wrong one too, and without one all are. */
    as("owner.test");
    ok("set_payment_token_contract", "{\"token_contract\":\"usdt.test\"}");
    for (size_t i = 0; i < 3; i++) {
        as(TOKEN);
        panics("Only the payment token", "ft_on_transfer", replayed[i]);
    }
    as("owner.test");
    ok("set_payment_token_contract", "{}");
    for (size_t i = 0; i < 3; i++) {
        as(TOKEN);
        panics("Payment token is not configured", "ft_on_transfer", replayed[i]);
        free(replayed[i]);
    }
    assert_int_equal(usd(PURSE_USER, "alice.test"), 1020000);
}

/* ---- Yields ---- */

/* wakes runs a callback of the contract with a payload that another yield was resumed with; false:
 * it panicked. */
static bool wakes(void (*entry)(void), const char *args)
{
    uint8_t buf[NEAR_RESUME_MAX_BYTES];
    struct alc_bytes payload;
    struct alc_hash id;

    assert_true(fake_resumed(&id, &payload));
    if (payload.n > 0) memcpy(buf, payload.p, payload.n);
    as("compute.test");
    return fake_callback(entry, alc_cstr(args), (struct alc_bytes){buf, payload.n});
}

/* The operator resumes by a data_id of its choice.  What belongs to a key does nothing to a
 * request: the record stays, and its sender has it back after ten minutes. */
static void a_request_is_not_resumed_as_a_key(void **state)
{
    static const char *const results[] = {
        "{\"Success\":{\"new_encrypted_data\":\"BBBB\"}}",
        "{\"Success\":{\"new_encrypted_data\":\"{}\"}}",
        "{\"Error\":{\"message\":\"no\"}}",
    };

    (void)state;
    ask_project(20000, OP_INPUT);
    for (size_t i = 0; i < 3; i++) {
        resumes("resume_topup", results[i]);
        assert_false(wakes(near_entry_on_execution_response, "{\"request_id\":0}"));
    }
    resumes("resume_delete_payment_key", "\"Success\"");
    assert_false(wakes(near_entry_on_execution_response, "{\"request_id\":0}"));
    fake_env.time_ns += STALE_AFTER_NS + 1;
    as("alice.test");
    ok("cancel_stale_execution", "{\"request_id\":0}");
    refunds("alice.test", 100 * MILLI);
    assert_int_equal(usd(PURSE_USER, "alice.test"), 1000000);
}

/* A yield of one kind is not answered as another: a payload that was meant for a deletion does not
 * top a key up, nor the other way round. */
static void a_key_is_not_resumed_as_another_thing(void **state)
{
    static const char one[] = "{\"accessor\":{\"System\":\"PaymentKey\"},\"profile\":\"1\","
                              "\"owner\":\"alice.test\"}";

    (void)state;
    transfer("alice.test", "20000", "{\"action\":\"top_up_payment_key\",\"nonce\":1}");
    keep_yield();
    resumes("resume_delete_payment_key", "\"Success\"");
    /* It panics, and so the token gives all back. */
    assert_false(wakes(near_entry_on_top_up_response,
                       "{\"owner\":\"alice.test\",\"nonce\":1,\"amount\":\"20000\"}"));
    ok("get_secrets", one);
    assert_non_null(strstr((const char *)fake_returned().p, "\"encrypted_secrets\":\"AAAA\""));

    as("alice.test");
    paying(1, "delete_payment_key", "{\"nonce\":1}");
    keep_yield();
    resumes("resume_topup", "{\"Success\":{\"new_encrypted_data\":\"BBBB\"}}");
    assert_false(
        wakes(near_entry_on_delete_payment_key_response, "{\"owner\":\"alice.test\",\"nonce\":1}"));
    assert_int_equal(fake_receipts(), 0);
    ok("get_secrets", one);
    assert_non_null(strstr((const char *)fake_returned().p, "\"encrypted_secrets\":\"AAAA\""));
}

/* And the yields of two requests know each their own: an answer goes to the data_id in the record,
 * whatever a worker says. */
static void an_answer_resumes_the_yield_of_its_request(void **state)
{
    struct alc_hash first, second, resumed;
    struct alc_bytes payload;

    (void)state;
    ask_project(20000, OP_INPUT);
    first = last.data_id;
    ask_project(20000, OP_INPUT);
    second = last.data_id;
    assert_memory_not_equal(first.b, second.b, 32);
    as("op.test");
    ok("resolve_execution",
       "{\"request_id\":1,\"data_id\":\"" CODE_HASH "\",\"response\":" DONE "}");
    assert_true(fake_resumed(&resumed, &payload));
    assert_memory_equal(resumed.b, second.b, 32);
    ok("resolve_execution", ANSWER);
    assert_true(fake_resumed(&resumed, &payload));
    assert_memory_equal(resumed.b, first.b, 32);
}

#define GUARDED(name) cmocka_unit_test_setup_teardown(name, guarded_world, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GUARDED(nobody_else_gets_through),
        GUARDED(who_may_gets_through_whoever_signed),
        ATTACK(every_method_is_guarded_or_ones_own),
        ATTACK(nobody_but_the_contract_calls_back),
        ATTACK(a_foreign_uuid_is_not_announced),
        ATTACK(a_wrong_token_pays_nothing),
        ATTACK(a_request_is_not_resumed_as_a_key),
        ATTACK(a_key_is_not_resumed_as_another_thing),
        ATTACK(an_answer_resumes_the_yield_of_its_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
