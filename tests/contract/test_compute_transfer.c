/* tests/contract/test_compute_transfer.c — a project moves only to who accepted it, with its uuid,
 * versions and deposits. */
#include "tests/contract/compute_projects.h"

#define GIVE(name, to) "{\"project_name\":\"" name "\",\"new_owner\":\"" to "\"}"
#define FROM(from, name) "{\"from\":\"" from "\",\"name\":\"" name "\"}"
#define NAMES "{\"new_owner\":\"bob.testnet\",\"from\":\"alice.testnet\",\"name\":\"my-app\"}"
#define EVENT(name, rest)                                                                          \
    "EVENT_JSON:{\"standard\":\"near-outlayer\",\"version\":\"1.0.0\",\"event\":\"system_event\"," \
    "\"data\":[{\"" name "\":{" rest "}}]}"

static void an_acceptance_costs_its_bytes_and_gives_them_back(void **state)
{
    uint64_t before = fake_state_bytes();
    (void)state;
    returns("\"990000000000000000000\"", "estimate_transfer_acceptance_cost", NAMES);
    returns("null", "get_project_transfer_acceptance", NAMES);
    as("bob.testnet");
    paying_panics(99 * BYTE - 1, "Insufficient storage deposit for the acceptance record",
                  "accept_project_transfer", FROM("alice.testnet", "my-app"));
    paying(99 * BYTE + 5, "accept_project_transfer", FROM("alice.testnet", "my-app"));
    refunds("bob.testnet", 5);
    log_is(0, EVENT("ProjectTransferAccepted", "\"new_owner\":\"bob.testnet\",\"from\":"
                                               "\"alice.testnet\",\"name\":\"my-app\""));
    assert_in_range(fake_state_bytes() - before, 1, 99);
    returns("\"990000000000000000000\"", "get_project_transfer_acceptance", NAMES);
    paying_panics(99 * BYTE, "has already accepted project", "accept_project_transfer",
                  FROM("alice.testnet", "my-app"));
    ok("revoke_project_transfer", FROM("alice.testnet", "my-app"));
    refunds("bob.testnet", 99 * BYTE);
    log_is(0, EVENT("ProjectTransferRevoked", "\"new_owner\":\"bob.testnet\",\"from\":"
                                              "\"alice.testnet\",\"name\":\"my-app\""));
    assert_int_equal(fake_state_bytes(), before);
    panics("has no acceptance for project", "revoke_project_transfer",
           FROM("alice.testnet", "my-app"));
    returns("null", "get_project_transfer_acceptance", NAMES);
}

static void accepting_checks_in_order(void **state)
{
    (void)state;
    publish("bob.test", "app");
    as("owner.test");
    ok("set_paused", "{\"paused\":true}");
    as("bob.test");
    panics("Contract is paused", "accept_project_transfer", FROM("alice.test", ""));
    as("owner.test");
    ok("set_paused", "{\"paused\":false}");
    as("bob.test");
    panics("cannot be empty", "accept_project_transfer", FROM("alice.test", ""));
    panics("only ASCII letters", "accept_project_transfer", FROM("alice.test", "a/b"));
    panics("already exists; a transfer onto that name", "accept_project_transfer",
           FROM("alice.test", "app"));
    panics("not an account id", "accept_project_transfer", FROM("Alice", "app"));
    accept("bob.test", "alice.test", "new"); /* the project need not exist */
    panics("has already accepted project", "accept_project_transfer", FROM("alice.test", "new"));
    panics("Insufficient storage deposit", "accept_project_transfer", FROM("carol.test", "new"));
    as("owner.test");
    ok("set_paused", "{\"paused\":true}");
    as("bob.test");
    ok("revoke_project_transfer", FROM("alice.test", "new")); /* goes on while paused */
}

/* A name that no acceptance can have finds none, whatever it holds. */
static void names_that_nobody_accepts_are_not_found(void **state)
{
    static const char head[] = "{\"from\":\"alice.test\",\"new_owner\":\"bob.test\",\"name\":\"";
    static char args[70000];
    (void)state;
    as("bob.test");
    panics("has no acceptance for project", "revoke_project_transfer", FROM("alice.test", ""));
    memset(args, 'x', sizeof args);
    memcpy(args, head, sizeof head - 1);
    memcpy(args + 60000, "\"}", 3);
    panics("has no acceptance for project", "revoke_project_transfer", args);
    returns("null", "get_project_transfer_acceptance", args);
    returns(fmt("\"%u0000000000000000000\"", (unsigned)(69 + 8 + 10 + 60000 - (sizeof head - 1))),
            "estimate_transfer_acceptance_cost", args);
}

static void a_transfer_keeps_uuid_versions_and_deposits(void **state)
{
    (void)state;
    publish("alice.test", "first");
    publish("alice.test", "app");
    paying(100 * MILLI, "add_version",
           "{\"project_name\":\"app\",\"source\":" GIT ",\"set_active\":true}");
    accept("bob.example", "alice.test", "app");
    as("alice.test");
    ok("transfer_project", GIVE("app", "bob.example"));
    refunds("bob.example", (69 + 11 + 10 + 3) * BYTE);
    log_is(0, EVENT("ProjectTransferred",
                    "\"old_project_id\":\"alice.test/app\",\"new_project_id\":\"bob.example/app\","
                    "\"project_uuid\":\"p0000000000000002\",\"old_owner\":\"alice.test\","
                    "\"new_owner\":\"bob.example\""));
    returns("null", "get_project", "{\"project_id\":\"alice.test/app\"}");
    returns("{\"uuid\":\"p0000000000000002\",\"owner\":\"bob.example\",\"name\":\"app\","
            "\"project_id\":\"bob.example/app\",\"active_version\":\"" GIT_KEY
            "\",\"created_at\":1700000000000000000,\"storage_deposit\":\"2550000000000000000000\"}",
            "get_project", "{\"project_id\":\"bob.example/app\"}");
    returns("2", "get_version_count", "{\"project_id\":\"bob.example/app\"}");
    returns("true", "has_project_uuid", "{\"project_uuid\":\"p0000000000000002\"}");
    ok("list_user_projects", "{\"account_id\":\"alice.test\"}");
    assert_null(strstr((const char *)fake_returned().p, "app"));
    ok("list_user_projects", "{\"account_id\":\"bob.example\"}");
    assert_non_null(strstr((const char *)fake_returned().p, "bob.example/app"));
    panics("Project not found", "set_active_version",
           "{\"project_name\":\"app\",\"version_key\":\"" CODE_HASH "\"}");
    as("bob.example");
    ok("delete_project", "{\"project_name\":\"app\"}"); /* what was paid goes to the owner of now */
    refunds("bob.example", (PROJECT_BYTES("alice.test/app") + VERSION_BYTES + GIT_BYTES) * BYTE);
    /* an acceptance counts once */
    publish("alice.test", "app");
    panics("has not accepted project", "transfer_project", GIVE("app", "bob.example"));
}

static void transferring_checks_in_order(void **state)
{
    (void)state;
    as("alice.test");
    panics("has not accepted project", "transfer_project", GIVE("app", "bob.test"));
    accept("bob.test", "alice.test", "app");
    as("alice.test");
    panics("Project not found", "transfer_project", GIVE("app", "bob.test"));
    publish("alice.test", "app");
    publish("bob.test", "app");
    as("alice.test");
    panics("already exists", "transfer_project", GIVE("app", "bob.test"));
    set_price("alice.test/app", "x.test", OPERATION("op", "5", "0"));
    as("alice.test");
    panics("is priced, and a priced project does not move", "transfer_project",
           GIVE("app", "bob.test"));
    panics("is priced, and a priced project does not move", "transfer_project",
           GIVE("app", "carol.test"));
    as("owner.test");
    ok("remove_project_pricing", "{\"project_id\":\"alice.test/app\"}");
    as("bob.test");
    ok("delete_project", "{\"project_name\":\"app\"}");
    as("alice.test");
    ok("transfer_project", GIVE("app", "bob.test")); /* the failures kept the acceptance */
}

static void a_pause_does_not_stop_a_transfer(void **state)
{
    (void)state;
    publish("alice.test", "app");
    accept("bob.test", "alice.test", "app");
    as("owner.test");
    ok("set_paused", "{\"paused\":true}");
    as("alice.test");
    ok("transfer_project", GIVE("app", "bob.test"));
    refunds("bob.test", (69 + 8 + 10 + 3) * BYTE);
    returns("true", "is_paused", "");
    returns("null", "get_project", "{\"project_id\":\"alice.test/app\"}");
    ok("get_project", "{\"project_id\":\"bob.test/app\"}");
    assert_non_null(strstr((const char *)fake_returned().p, "\"owner\":\"bob.test\""));
}

static void strangers_move_nothing(void **state)
{
    (void)state;
    publish("alice.test", "app");
    accept("bob.test", "alice.test", "app");
    as("bob.test");
    panics("has not accepted project", "transfer_project", GIVE("app", "bob.test"));
    as("eve.test");
    panics("has not accepted project", "transfer_project", GIVE("app", "bob.test"));
    panics("has no acceptance", "revoke_project_transfer", FROM("alice.test", "app"));
    accept("eve.test", "eve.test", "app");
    as("alice.test");
    panics("has not accepted project", "transfer_project", GIVE("app", "eve.test"));
    panics("has not accepted project", "transfer_project", GIVE("ap", "pbob.test"));
}

static void a_transfer_to_oneself_changes_nothing(void **state)
{
    (void)state;
    accept("alice.test", "alice.test", "app");
    publish("alice.test", "app");
    panics("already exists; a transfer onto that name", "accept_project_transfer",
           FROM("alice.test", "app"));
    ok("transfer_project", GIVE("app", "alice.test"));
    refunds("alice.test", (69 + 10 + 10 + 3) * BYTE);
    returns("true", "has_project_uuid", "{\"project_uuid\":\"p0000000000000001\"}");
    ok("get_project", "{\"project_id\":\"alice.test/app\"}");
    assert_non_null(strstr((const char *)fake_returned().p, "\"owner\":\"alice.test\""));
    panics("has not accepted project", "transfer_project", GIVE("app", "alice.test"));
}

static void a_price_row_under_the_new_name_starts_to_apply(void **state)
{
    (void)state;
    publish("bob.test", "app");
    set_price("bob.test/app", "x.test", OPERATION("op", "5", "0"));
    as("bob.test");
    ok("delete_project", "{\"project_name\":\"app\"}");
    publish("alice.test", "app");
    accept("bob.test", "alice.test", "app");
    as("alice.test");
    ok("transfer_project", GIVE("app", "bob.test"));
    as("bob.test");
    panics("is priced, and a priced project does not move", "transfer_project",
           GIVE("app", "alice.test"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_acceptance_costs_its_bytes_and_gives_them_back),
        TEST(accepting_checks_in_order),
        TEST(names_that_nobody_accepts_are_not_found),
        TEST(a_transfer_keeps_uuid_versions_and_deposits),
        TEST(transferring_checks_in_order),
        TEST(a_pause_does_not_stop_a_transfer),
        TEST(strangers_move_nothing),
        TEST(a_transfer_to_oneself_changes_nothing),
        TEST(a_price_row_under_the_new_name_starts_to_apply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
