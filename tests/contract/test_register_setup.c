/* tests/contract/test_register_setup.c — setting up, the owner's lists and policy, who may call. */
#include "tests/contract/register_calls.h"

#define M(digit)                                                                                   \
    "{\"mrtd\":\"" digit digit digit digit digit digit "\",\"rtmr0\":\"" Z "\",\"rtmr1\":\"" Z     \
    "\",\"rtmr2\":\"" Z "\",\"rtmr3\":\"" Z "\"}"
#define Z                                                                                          \
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" \
    "0000"
#define LOWER "abababababababab" /* a sixth of a register */
#define UPPER "ABABABABABABABAB"
#define OTHER "cdcdcdcdcdcdcdcd"

static void it_is_set_up_once(void **state)
{
    (void)state;
    returns("\"init.test\"", "get_init_worker_account", "");
    returns("[]", "get_approved_measurements", "");
    returns("null", "get_collateral", "");
    returns("[]", "get_collaterals", "");
    panics("The contract has already been initialized", "new", "{" NAMES "}");
    panics("duplicate field owner_id", "new", "{" NAMES ",\"owner_id\":\"x.test\"}");
    panics("not an account id", "new",
           "{\"owner_id\":\"O\",\"init_worker_account\":\"i.test\",\"outlayer_contract_id\":"
           "\"c.test\"}");
}

static void nothing_works_before_it_is_set_up(void **state)
{
    (void)state;
    fake_reset();
    for (const struct method *m = methods; m->name != NULL; m++) {
        if (strcmp(m->name, "new") == 0) continue;
        if (m->kind == NEAR_PRIVATE) fake_env.predecessor = fake_env.current;
        (void)call(m->name, ALC_LIT("{}"));
        assert_non_null(fake_panic().p);
        assert_int_equal(fake_records(), 0);
    }
    panics("The contract is not initialized", "get_policy", "");
    panics("The contract is not initialized", "new_challenge", "{}");
}

static void a_simulated_root_is_refused_where_it_could_be_mistaken(void **state)
{
    const char *root = world_root();

    (void)state;
    fake_reset();
    panics("simulated_root needs chain_id", "new",
           world_text("{" NAMES ",\"simulated_root\":\"%s\"}", root));
    panics("refused on mainnet", "new",
           world_text("{" NAMES ",\"chain_id\":\"mainnet\",\"simulated_root\":\"%s\"}", root));
    panics("not a certificate", "new",
           "{" NAMES ",\"chain_id\":\"testnet\",\"simulated_root\":\"AAAA\"}");
    panics("not a certificate", "new",
           "{" NAMES ",\"chain_id\":\"testnet\",\"simulated_root\":\"not base64\"}");
    assert_int_equal(fake_records(), 0);
    ok("new", world_text("{" NAMES ",\"chain_id\":\"testnet\",\"simulated_root\":\"%s\"}", root));
    logged("SIMULATED: ");
    ok("get_policy", "");
    returned_has("\"root\":\"SIMULATED\"");
}

static void deposits_are_refused_but_for_collateral(void **state)
{
    (void)state;
    fake_env.deposit = 1;
    for (const struct method *m = methods; m->name != NULL; m++) {
        if (m->kind != NEAR_CALL) continue;
        panics(world_text("Method %s doesn't accept deposit", m->name), m->name, "{}");
    }
    fake_env.deposit = 0;
}

static void strangers_change_nothing(void **state)
{
    static const struct {
        const char *method, *args;
    } calls[] = {
        {"update_collateral", "{\"collateral\":\"{}\",\"index\":0}"},
        {"add_approved_measurements", "{\"measurements\":" M(LOWER) "}"},
        {"remove_approved_measurements", "{\"measurements\":" M(LOWER) "}"},
        {"clear_all_approved_measurements", ""},
        {"remove_worker_keys", "{\"public_keys\":[]}"},
        {"transfer_ownership", "{\"new_owner\":\"mallory.test\"}"},
        {"set_policy", "{\"min_evaluation\":0}"},
    };
    static const char *const who[] = {"mallory.test", "init.test", "compute.test", "op.test"};

    (void)state;
    for (size_t w = 0; w < sizeof who / sizeof who[0]; w++) {
        as(who[w]);
        for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
            panics("Only owner can call this method", calls[i].method, calls[i].args);
    }
    as("owner.test"); /* who may not register keys either */
    panics("Only init worker account", "register_worker_key",
           world_text("{\"public_key\":\"%s\",\"tdx_quote_hex\":\"\"}", world_key_of(1)));
    panics("Method migrate is private", "migrate", "");
    panics("Method on_key_added is private", "on_key_added", "{}");
}

static void ownership_moves_at_once(void **state)
{
    (void)state;
    ok("transfer_ownership", "{\"new_owner\":\"next.test\"}");
    panics("Only owner", "set_policy", "{\"min_evaluation\":1}");
    as("next.test");
    ok("set_policy", "{\"min_evaluation\":1}");
    as("op.test");
    ok("migrate", "");
    as("next.test");
    ok("set_policy", "{\"min_evaluation\":2}");
}

/* ---- measurements ---- */

static void measurements_are_the_same_in_either_case(void **state)
{
    (void)state;
    ok("add_approved_measurements", "{\"measurements\":" M(UPPER) "}");
    assert_int_equal(fake_receipts(), 0);
    ok("add_approved_measurements", "{\"measurements\":" M(LOWER) "}");
    returns("[" M(LOWER) "]", "get_approved_measurements", "");
    returns("true", "is_measurements_approved", "{\"measurements\":" M(UPPER) "}");
    returns("true", "is_measurements_approved", "{\"measurements\":" M(LOWER) "}");
    returns("false", "is_measurements_approved", "{\"measurements\":" M(OTHER) "}");
    ok("remove_approved_measurements", "{\"measurements\":" M(UPPER) "}");
    returns("[]", "get_approved_measurements", "");
}

static void what_is_left_is_told_to_the_main_contract(void **state)
{
    struct alc_measurement m = {.mrtd = {0}};
    struct alc_hash left;
    const char *expected;

    (void)state;
    memset(m.mrtd, 0xcd, 48);
    alc_measurement_hash(&left, &m, &alc_verify_native);
    expected = world_text("{\"measurements\":[\"%s\"]}", world_hex(alc_hash_bytes(&left)));

    ok("add_approved_measurements", "{\"measurements\":" M(LOWER) "}");
    ok("add_approved_measurements", "{\"measurements\":" M(OTHER) "}");
    ok("remove_approved_measurements", "{\"measurements\":" M(LOWER) "}");
    assert_int_equal(fake_receipts(), 1);
    assert_string_equal(fake_receipt(0)->receiver, "compute.test");
    assert_string_equal(fake_receipt(0)->method, "retain_worker_keys");
    assert_string_equal((const char *)fake_receipt(0)->args.p, expected);
    assert_true(fake_receipt(0)->weight > 0); /* the rest of the gas goes there */
    assert_true(fake_receipt(0)->amount == 0);

    ok("remove_approved_measurements", "{\"measurements\":" M(LOWER) "}"); /* silent, and heals */
    assert_string_equal((const char *)fake_receipt(0)->args.p, expected);
    returns("[" M(OTHER) "]", "get_approved_measurements", "");

    ok("add_approved_measurements", "{\"measurements\":" M(OTHER) ",\"clear_others\":true}");
    assert_string_equal((const char *)fake_receipt(0)->args.p, expected);
    ok("add_approved_measurements", "{\"measurements\":" M(LOWER) ",\"clear_others\":true}");
    returns("[" M(LOWER) "]", "get_approved_measurements", "");
    ok("clear_all_approved_measurements", "");
    assert_string_equal((const char *)fake_receipt(0)->args.p, "{\"measurements\":[]}");
    returns("[]", "get_approved_measurements", "");
}

static void malformed_measurements_are_refused(void **state)
{
    static const char *const bad[] = {
        "{\"measurements\":" M("ab") "}",
        "{\"measurements\":" M("xyxyxyxyxyxyxyxy") "}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        panics("A measurement is 96 hex digits", "add_approved_measurements", bad[i]);
    panics("missing field mrtd", "add_approved_measurements", "{\"measurements\":{}}");
    panics("missing field measurements", "add_approved_measurements", "{}");
    panics("Failed to deserialize", "add_approved_measurements", "");
}

static void the_list_has_an_end(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MEASUREMENTS_MAX; i++)
        ok("add_approved_measurements",
           world_text("{\"measurements\":{\"mrtd\":\"%096x\",\"rtmr0\":\"" Z "\",\"rtmr1\":\"" Z
                      "\",\"rtmr2\":\"" Z "\",\"rtmr3\":\"" Z "\"}}",
                      i));
    panics("64 measurements are approved", "add_approved_measurements",
           "{\"measurements\":" M(LOWER) "}");
    ok("get_approved_measurements", "");
    ok("add_approved_measurements", "{\"measurements\":" M(LOWER) ",\"clear_others\":true}");
    returns("[" M(LOWER) "]", "get_approved_measurements", "");
}

/* ---- policy ---- */

#define POLICY(statuses, advisories, min, ppids, binding, life)                                    \
    "{\"statuses\":[" statuses "],\"advisories\":[" advisories "],\"min_evaluation\":" min         \
    ",\"ppids\":" ppids ",\"require_binding\":" binding ",\"key_lifetime_s\":" life                \
    ",\"root\":\"Intel\"}"
#define PPID_A "811dca2a26b952e85bb6448b097ba4fd"

static void the_policy_is_the_strictest_at_first(void **state)
{
    (void)state;
    returns(POLICY("\"UpToDate\"", "", "0", "null", "false", "604800"), "get_policy", "");
}

static void what_a_policy_call_does_not_name_stays(void **state)
{
    (void)state;
    ok("set_policy", "{\"statuses\":[\"SWHardeningNeeded\",\"UpToDate\",\"UpToDate\"],"
                     "\"advisories\":[\"INTEL-SA-00837\"]}");
    ok("set_policy", "{\"min_evaluation\":17,\"ppids\":[\"" PPID_A "\"]}");
    ok("set_policy", "{\"require_binding\":true,\"key_lifetime_s\":3600}");
    ok("set_policy", "{\"statuses\":null,\"advisories\":null,\"min_evaluation\":null,"
                     "\"require_binding\":null,\"key_lifetime_s\":null}");
    ok("set_policy", "{}");
    returns(POLICY("\"UpToDate\",\"SWHardeningNeeded\"", "\"INTEL-SA-00837\"", "17",
                   "[\"" PPID_A "\"]", "true", "3600"),
            "get_policy", "");
    ok("set_policy", "{\"ppids\":null,\"advisories\":[],\"require_binding\":false}");
    returns(POLICY("\"UpToDate\",\"SWHardeningNeeded\"", "", "17", "null", "false", "3600"),
            "get_policy", "");
}

static void a_policy_out_of_bounds_is_refused(void **state)
{
    static const struct {
        const char *phrase, *args;
    } bad[] = {
        {"There is no TCB status", "{\"statuses\":[\"uptodate\"]}"},
        {"Revoked cannot be accepted", "{\"statuses\":[\"Revoked\"]}"},
        {"name at least one", "{\"statuses\":[]}"},
        {"1 to 31 bytes", "{\"advisories\":[\"\"]}"},
        {"1 to 31 bytes", "{\"advisories\":[\"INTEL-SA-0000000000000000000000000000\"]}"},
        {"32 hex digits", "{\"ppids\":[\"00\"]}"},
        {"names at least one", "{\"ppids\":[]}"},
        {"3600 (an hour) to 7776000", "{\"key_lifetime_s\":3599}"},
        {"3600 (an hour) to 7776000", "{\"key_lifetime_s\":7776001}"},
        {"Failed to deserialize", "{\"min_evaluation\":4294967296}"},
        {"Failed to deserialize", "{\"min_evaluation\":\"1\"}"},
        {"Failed to deserialize", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        panics(bad[i].phrase, "set_policy", bad[i].args);
    returns(POLICY("\"UpToDate\"", "", "0", "null", "false", "604800"), "get_policy", "");
    ok("set_policy", "{\"key_lifetime_s\":7776000}");

    fake_reset();
    as("owner.test");
    ok("new", "{" NAMES "}");
    panics("require_binding needs a chain_id", "set_policy", "{\"require_binding\":true}");
}

static void the_longest_policy_fits(void **state)
{
    struct alc_buf b = ALC_BUF(1u << 20);

    (void)state;
    alc_buf_put_text(&b, "{\"advisories\":[");
    for (unsigned i = 0; i < POLICY_ADVISORIES_MAX; i++)
        alc_buf_printf(&b, "%s\"%031u\"", i > 0 ? "," : "", i);
    alc_buf_put_text(&b, "],\"ppids\":[");
    for (unsigned i = 0; i < POLICY_PPIDS_MAX; i++)
        alc_buf_printf(&b, "%s\"%032x\"", i > 0 ? "," : "", i);
    alc_buf_put_text(&b, "]}");
    ok("set_policy", alc_buf_text(&b));
    ok("get_policy", "");
    returned_has("\"000000000000000000000000000000ff\"]");
    alc_buf_fini(&b);
    panics("At most 64 advisories", "set_policy",
           world_text("{\"advisories\":[%s\"a\"]}",
                      "\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\","
                      "\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\","
                      "\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\","
                      "\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\","
                      "\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\","
                      "\"a\",\"a\",\"a\",\"a\","));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_set_up_once),
        TEST(nothing_works_before_it_is_set_up),
        TEST(a_simulated_root_is_refused_where_it_could_be_mistaken),
        TEST(deposits_are_refused_but_for_collateral),
        TEST(strangers_change_nothing),
        TEST(ownership_moves_at_once),
        TEST(measurements_are_the_same_in_either_case),
        TEST(what_is_left_is_told_to_the_main_contract),
        TEST(malformed_measurements_are_refused),
        TEST(the_list_has_an_end),
        TEST(the_policy_is_the_strictest_at_first),
        TEST(what_a_policy_call_does_not_name_stays),
        TEST(a_policy_out_of_bounds_is_refused),
        TEST(the_longest_policy_fits),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
