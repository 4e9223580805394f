/* tests/unit/worker/test_env.c — a guest of a chain request sees the variables of guest-abi §2.2:
 * those names, those values, and no other. */
#include "worker_test.h"

static const struct alc_env_var wanted[] = {
    {"OUTLAYER_EXECUTION_TYPE", "NEAR"},
    {"NEAR_NETWORK_ID", "testnet"},
    {"NEAR_SENDER_ID", "alice.near"},
    {"NEAR_USER_ACCOUNT_ID", "alice.near"},
    {"NEAR_PREDECESSOR_ID", "app.near"},
    {"NEAR_RELAYER_ID", ""},
    {"NEAR_SIGNER_PUBLIC_KEY", "ed25519:FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z"},
    {"NEAR_CONTRACT_ID", "compute.near"},
    {"NEAR_RECEIPT_ID", "9FtHUFBQsZ2MG77K3x3MJ9wjX3UT8zE1TczCrhZEcG8U"},
    {"NEAR_TRANSACTION_HASH", "6zgh2u9DqHHiXzdy9ouTP7oGky2T4nugqzqt9wJZwNFm"},
    {"NEAR_BLOCK_HEIGHT", "1042"},
    {"NEAR_BLOCK_TIMESTAMP", "1785000000000000000"},
    {"NEAR_GAS_BURNT", "1400000000000"},
    {"NEAR_REQUEST_ID", "18446744073709551614"},
    {"NEAR_PAYMENT_YOCTO", "50000000000000000000000"},
    {"ATTACHED_USD", "250000"},
    {"USD_PAYMENT", "0"},
    {"OUTLAYER_CALL_ID", ""},
    {"NEAR_MAX_INSTRUCTIONS", "1000000000"},
    {"NEAR_MAX_MEMORY_MB", "128"},
    {"NEAR_MAX_EXECUTION_SECONDS", "60"},
};
#define WANTED (sizeof wanted / sizeof wanted[0])

static struct alc_worker worker = {
    .conf = {.network_id = "testnet", .contract_id = "compute.near"}};

static struct wk_request request(void)
{
    return (struct wk_request){
        .request_id = UINT64_MAX - 1,
        .signer_id = ALC_LIT("alice.near"),
        .predecessor_id = ALC_LIT("app.near"),
        .limits = {.max_instructions = 1000000000, .max_memory_mb = 128, .max_ms = 60000},
        .payment = "50000000000000000000000",
        .attached_usd = "250000"};
}

static struct alc_request announced(void)
{
    return (struct alc_request){
        .receipt_id = ALC_LIT("9FtHUFBQsZ2MG77K3x3MJ9wjX3UT8zE1TczCrhZEcG8U"),
        .tx_hash = ALC_LIT("6zgh2u9DqHHiXzdy9ouTP7oGky2T4nugqzqt9wJZwNFm"),
        .signer_key = ALC_LIT("ed25519:FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z"),
        .block_height = 1042,
        .block_timestamp_ns = UINT64_C(1785000000000000000),
        .gas_burnt = UINT64_C(1400000000000)};
}

static const char *value_of(const struct alc_env_var *env, size_t count, const char *name)
{
    const char *found = NULL;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(env[i].name, name) != 0) continue;
        if (found != NULL) fail_msg("%s is there twice", name);
        found = env[i].value;
    }
    return found;
}

static void a_chain_request_gives_exactly_these(void **state)
{
    struct alc_arena arena = ALC_ARENA(1u << 16);
    struct wk_request r = request();
    struct alc_request q = announced();
    struct alc_env_var *env;
    size_t count;
    (void)state;

    assert_int_equal(wk_env(&env, &count, &worker, &r, &q, &arena), ALC_OK);
    for (size_t i = 0; i < WANTED; i++) {
        const char *v = value_of(env, count, wanted[i].name);
        if (v == NULL) fail_msg("no %s", wanted[i].name);
        assert_string_equal(v, wanted[i].value);
    }
    assert_int_equal(count, WANTED); /* so there is no other */
    alc_arena_fini(&arena);
}

static void a_project_run_names_its_project(void **state)
{
    struct alc_arena arena = ALC_ARENA(1u << 16);
    struct wk_request r = request();
    struct alc_request q = announced();
    struct alc_env_var *env;
    size_t count;
    (void)state;

    r.project_id = ALC_LIT("alice.near/oracle");
    r.project_owner = ALC_LIT("alice.near");
    r.project_name = ALC_LIT("oracle");
    r.project_uuid = ALC_LIT("p0000000000000001");
    assert_int_equal(wk_env(&env, &count, &worker, &r, &q, &arena), ALC_OK);
    assert_string_equal(value_of(env, count, "OUTLAYER_PROJECT_ID"), "alice.near/oracle");
    assert_string_equal(value_of(env, count, "OUTLAYER_PROJECT_OWNER"), "alice.near");
    assert_string_equal(value_of(env, count, "OUTLAYER_PROJECT_NAME"), "oracle");
    assert_string_equal(value_of(env, count, "OUTLAYER_PROJECT_UUID"), "p0000000000000001");
    assert_int_equal(count, WANTED + 4);
    alc_arena_fini(&arena);
}

static void what_the_chain_did_not_tell_is_absent(void **state)
{
    static const char *const absent[] = {"NEAR_SIGNER_PUBLIC_KEY", "NEAR_RECEIPT_ID",
                                         "NEAR_TRANSACTION_HASH"};
    struct alc_arena arena = ALC_ARENA(1u << 16);
    struct wk_request r = request();
    struct alc_request q = announced();
    struct alc_env_var *env;
    size_t count;
    (void)state;

    q.receipt_id = q.tx_hash = q.signer_key = (struct alc_bytes){NULL, 0};
    assert_int_equal(wk_env(&env, &count, &worker, &r, &q, &arena), ALC_OK);
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
        assert_null(value_of(env, count, absent[i]));
    assert_int_equal(count, WANTED - 3);
    alc_arena_fini(&arena);
}

static void no_memory_is_said_at_every_step(void **state)
{
    struct wk_request r = request();
    struct alc_request q = announced();
    struct alc_env_var *env;
    unsigned failed = 0;
    size_t count;
    (void)state;

    for (size_t max = 0;; max += 8) {
        struct alc_arena arena = ALC_ARENA(max);
        enum alc_rc rc = wk_env(&env, &count, &worker, &r, &q, &arena);
        alc_arena_fini(&arena);
        if (rc == ALC_OK) break;
        assert_int_equal(rc, ALC_NOMEM);
        failed++;
    }
    assert_true(failed > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_request_gives_exactly_these),
        cmocka_unit_test(a_project_run_names_its_project),
        cmocka_unit_test(what_the_chain_did_not_tell_is_absent),
        cmocka_unit_test(no_memory_is_said_at_every_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
