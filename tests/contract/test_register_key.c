/* tests/contract/test_register_key.c — worker keys: registered, told, renewed, ended. */
#include "tests/contract/register_calls.h"

#include "base/enc.h"

#define METHOD_NAMES                                                                               \
    "resolve_execution,submit_execution_output_and_resolve,resume_topup,resume_delete_payment_key"
#define PPID_NONE "00000000000000000000000000000000"

static const char *key_arg(uint8_t byte)
{
    return world_text("{\"public_key\":\"%s\"}", world_key_of(byte));
}

static const char *keys_arg(uint8_t a, uint8_t b)
{
    return world_text("{\"public_keys\":[\"%s\",\"%s\"]}", world_key_of(a), world_key_of(b));
}

/* ---- registering ---- */

static void a_key_gets_access_and_is_told_to_the_main_contract(void **state)
{
    const uint64_t expires_ns = (WORLD_S + 7 * WORLD_DAY_S) * NS_PER_S;
    const char *hash = world_measurement_hash(world_quote_of(0, NULL));
    const struct fake_receipt *r;

    (void)state;
    registers(0x22);
    logged("SIMULATED: Worker key registered: \"ed25519:");
    assert_int_equal(fake_receipts(), 3);

    r = fake_receipt(0); /* the access key, which is the call's result */
    assert_string_equal(r->receiver, "op.test");
    assert_int_equal(r->add_key.n, 33);
    assert_int_equal(r->add_key.p[0], 0);
    assert_int_equal(r->add_key.p[1], 0x22);
    assert_true(r->allowance == 10000 * MILLI);
    assert_string_equal(r->key_receiver, "compute.test");
    assert_string_equal(r->key_methods, METHOD_NAMES);
    assert_int_equal(r->after, NEAR_NOW);
    assert_int_equal(fake_promise_returned(), 0);

    r = fake_receipt(1);
    assert_string_equal(r->receiver, "op.test");
    assert_string_equal(r->method, "on_key_added");
    assert_int_equal(r->after, 0);

    r = fake_receipt(2); /* on its own: neither waits for the other */
    assert_string_equal(r->receiver, "compute.test");
    assert_string_equal(r->method, "add_worker_key");
    assert_int_equal(r->after, NEAR_NOW);
    assert_int_equal(r->gas, 5 * (uint64_t)NEAR_TGAS);
    assert_int_equal(r->weight, 1); /* and what is left: its list may have to be searched */
    assert_true(r->amount == 0);
    assert_string_equal((const char *)r->args.p,
                        world_text("{\"public_key\":\"%s\",\"expires_ns\":%llu,\"measurement\":"
                                   "\"%s\",\"simulated\":true}",
                                   world_key_of(0x22), (unsigned long long)expires_ns, hash));

    ok("get_worker_key", key_arg(0x22));
    returned_has(world_text("{\"expires_ns\":%llu,\"measurement\":\"%s\",\"ppid\":\"",
                            (unsigned long long)expires_ns, hash));
    returned_has(world_text("\"simulated\":true,\"registered_ns\":%llu}",
                            (unsigned long long)(WORLD_S * NS_PER_S)));
    returns("null", "get_worker_key", key_arg(0x23));
}

static void the_key_must_be_the_quotes(void **state)
{
    (void)state;
    as("init.test");
    panics("report data does not begin with this public key", "register_worker_key",
           register_args(0x23, world_quote_of(0x22, NULL), ""));
    assert_int_equal(fake_receipts(), 0);
    returns("null", "get_worker_key", key_arg(0x23));
}

/* Workers ask for quotes over zeros to see what they measure; their host sees them too. */
static void a_quote_for_nobody_registers_no_key(void **state)
{
    (void)state;
    as("init.test");
    panics("report data does not begin with this public key", "register_worker_key",
           register_args(0, world_quote_of(0, NULL), ""));
    returns("null", "get_worker_key", key_arg(0));
}

static void only_the_init_account_registers(void **state)
{
    static const char *const who[] = {"owner.test", "op.test", "mallory.test", "compute.test"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        as(who[i]);
        panics("Only init worker account", "register_worker_key",
               register_args(0x22, world_quote_of(0x22, NULL), ""));
    }
}

static void a_key_lives_as_long_as_the_policy_says(void **state)
{
    (void)state;
    as("owner.test");
    ok("set_policy", "{\"key_lifetime_s\":3600}");
    registers(0x22);
    ok("get_worker_key", key_arg(0x22));
    returned_has(
        world_text("{\"expires_ns\":%llu,", (unsigned long long)((WORLD_S + 3600) * NS_PER_S)));
}

static void a_key_that_is_registered_again_is_renewed(void **state)
{
    (void)state;
    registers(0x22);
    key_added(0x22, true);
    fake_env.time_ns += WORLD_DAY_S * NS_PER_S;
    registers(0x22);
    assert_int_equal(fake_receipts(), 3);
    assert_int_equal(fake_promise_returned(), 2); /* that the access key is there is no failure */
    key_added(0x22, false);
    ok("get_worker_key", key_arg(0x22));
    returned_has(world_text("{\"expires_ns\":%llu,",
                            (unsigned long long)((WORLD_S + 8 * WORLD_DAY_S) * NS_PER_S)));
    /* and it is still ours to delete */
    fake_env.time_ns += 8 * WORLD_DAY_S * NS_PER_S;
    as("anyone.test");
    ok("drop_expired_worker_keys", keys_arg(0x22, 0x33));
    assert_int_equal(fake_receipts(), 1);
}

/* ---- what is refused ---- */

static void half_patched(struct alc_sim_quote *q)
{
    q->td.tee_tcb_svn[2] = 1;
}

static void debugged(struct alc_sim_quote *q)
{
    q->td.td_attributes |= ALC_TD_DEBUG;
}

static void other_rtmr(struct alc_sim_quote *q)
{
    q->td.rtmr[3][47] ^= 1;
}

static const char *changed(void (*change)(struct alc_sim_quote *q))
{
    uint8_t report_data[64] = {0};
    memset(report_data, 0x22, 32);
    return register_args(0x22, world_quote(ALC_TEE_TDX, report_data, change), "");
}

static void an_enclave_that_is_not_approved_is_refused(void **state)
{
    (void)state;
    as("init.test");
    panics("not approved", "register_worker_key", changed(other_rtmr));
    as("owner.test");
    ok("clear_all_approved_measurements", "");
    as("init.test");
    panics("TDX measurements are not approved: SHA-256 \"", "register_worker_key",
           register_args(0x22, world_quote_of(0x22, NULL), ""));
}

static void approvals_of_any_case_match(void **state)
{
    char *upper = strdup(world_measurement());

    (void)state;
    assert_non_null(upper);
    for (char *c = upper; *c != 0; c++) /* digits alone: the keys keep their case */
        if (*c >= 'a' && *c <= 'f' && c - upper > 8 && strncmp(c - 1, "\"r", 2) != 0 &&
            strncmp(c, "d\":", 3) != 0)
            *c = (char)(*c - 32);
    as("owner.test");
    ok("clear_all_approved_measurements", "");
    ok("add_approved_measurements", world_text("{\"measurements\":%s}", upper));
    assert_true(strpbrk(upper, "ABCDEF") != NULL);
    free(upper);
    registers(0x22);
}

static void statuses_and_advisories_are_the_policys(void **state)
{
    (void)state;
    as("init.test");
    panics("TDX quote verification failed: STATUS", "register_worker_key", changed(half_patched));
    as("owner.test");
    ok("set_policy", "{\"statuses\":[\"UpToDate\",\"SWHardeningNeeded\"]}");
    as("init.test");
    panics("TDX quote verification failed: ADVISORY: an advisory applies", "register_worker_key",
           changed(half_patched));
    as("owner.test");
    ok("set_policy", "{\"advisories\":[\"SIMULATED-SA-00001\"]}");
    as("init.test");
    ok("register_worker_key", changed(half_patched));
    panics("TDX quote verification failed: DEBUG", "register_worker_key", changed(debugged));
    as("owner.test");
    ok("set_policy", "{\"min_evaluation\":18}");
    as("init.test");
    panics("TDX quote verification failed: EVALUATION", "register_worker_key",
           changed(half_patched));
}

static void platforms_are_the_policys(void **state)
{
    struct alc_bytes key, value;
    const char *ppid = NULL;

    (void)state;
    registers(0x22);
    for (size_t i = 0; i < fake_records(); i++) {
        fake_record(i, &key, &value);
        if (key.p[0] == 'k') ppid = world_hex((struct alc_bytes){value.p + 48, 16});
    }
    assert_non_null(ppid);
    as("owner.test");
    ok("set_policy", world_text("{\"ppids\":[\"%s\"]}", PPID_NONE));
    as("init.test");
    panics("TDX quote verification failed: PPID", "register_worker_key",
           register_args(0x23, world_quote_of(0x23, NULL), ""));
    as("owner.test");
    ok("set_policy", world_text("{\"ppids\":[\"%s\",\"%s\"]}", PPID_NONE, ppid));
    registers(0x23);
}

static void garbage_is_no_quote(void **state)
{
    static const struct {
        const char *phrase, *quote;
    } bad[] = {
        {"TDX quote verification failed: tdx_quote_hex is not hex", "xyz"},
        {"TDX quote verification failed: tdx_quote_hex is not hex", "0x00"},
        {"TDX quote verification failed: QUOTE_FORMAT", ""},
        {"TDX quote verification failed: QUOTE_FORMAT", "0400"},
        {"TDX quote verification failed: STUB", "4e4f5f4154544553544154494f4e3a64657600"},
    };
    struct alc_bytes quote = world_quote_of(0x22, NULL);
    uint8_t zero[64] = {0};

    (void)state;
    as("init.test");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        panics(bad[i].phrase, "register_worker_key",
               world_text("{\"public_key\":\"%s\",\"tdx_quote_hex\":\"%s\"}", world_key_of(0x22),
                          bad[i].quote));
    for (size_t n = 0; n < quote.n - 1; n += 131)
        panics("TDX quote verification failed: ", "register_worker_key",
               register_args(0x22, (struct alc_bytes){quote.p, n}, ""));
    /* An enclave of SGX is none that the list can name. */
    as("owner.test");
    ok_bytes("put_collateral", world_put(world_set(ALC_TEE_SGX, WORLD_S), ""));
    as("init.test");
    panics("not approved", "register_worker_key",
           register_args(0, world_quote(ALC_TEE_SGX, zero, NULL), ""));
}

static void a_quote_needs_the_collateral_of_its_platform(void **state)
{
    (void)state; /* no simulated root, no set */
    as("init.test");
    panics("TDX quote verification failed: NO_COLLATERAL", "register_worker_key",
           register_args(0x22, world_quote_of(0x22, NULL), ""));
}

static void expired_collateral_serves_nobody(void **state)
{
    (void)state;
    fake_env.time_ns = (WORLD_S - 1) * NS_PER_S;
    as("init.test");
    panics("TDX quote verification failed: TCB_FUTURE", "register_worker_key",
           register_args(0x22, world_quote_of(0x22, NULL), ""));
    fake_env.time_ns = (WORLD_S + 31 * WORLD_DAY_S) * NS_PER_S;
    panics("TDX quote verification failed: TCB_EXPIRED", "register_worker_key",
           register_args(0x22, world_quote_of(0x22, NULL), ""));
    as("owner.test");
    ok_bytes("put_collateral", world_put(world_set(ALC_TEE_TDX, WORLD_S + 30 * WORLD_DAY_S), ""));
    registers(0x22);
}

static void a_revoked_platform_is_refused(void **state)
{
    (void)state;
    as("owner.test");
    ok_bytes("put_collateral",
             world_put(world_set_of(&(struct alc_sim_set){
                           .tee = ALC_TEE_TDX, .now_s = WORLD_S + 1, .revoke_leaf = true}),
                       ""));
    fake_env.time_ns += NS_PER_S;
    as("init.test");
    panics("TDX quote verification failed: REVOKED_CERTIFICATE", "register_worker_key",
           register_args(0x22, world_quote_of(0x22, NULL), ""));
}

/* ---- keys of other kinds ---- */

/* ml_dsa_text writes the 1,952 bytes as base58, the slow way. */
static char *ml_dsa_text(const uint8_t key[1952])
{
    static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    static uint8_t digits[2800];
    size_t n = 0, zeros = 0;
    char *out;

    for (size_t i = 0; i < 1952; i++) {
        unsigned carry = key[i];
        for (size_t d = 0; d < n; d++) {
            carry += (unsigned)digits[d] << 8;
            digits[d] = (uint8_t)(carry % 58);
            carry /= 58;
        }
        for (; carry > 0; carry /= 58)
            digits[n++] = (uint8_t)(carry % 58);
    }
    while (zeros < 1952 && key[zeros] == 0)
        zeros++;
    out = malloc(zeros + n + 1);
    assert_non_null(out);
    memset(out, '1', zeros);
    for (size_t i = 0; i < n; i++)
        out[zeros + i] = alphabet[digits[n - 1 - i]];
    out[zeros + n] = 0;
    return out;
}

static void a_post_quantum_key_is_bound_by_its_hash(void **state)
{
    uint8_t key[1952], report_data[64] = {0};
    struct alc_hash h;
    char *text;

    (void)state;
    for (unsigned zeros = 0; zeros <= 40; zeros += 20) {
        for (size_t i = 0; i < sizeof key; i++)
            key[i] = i < zeros ? 0 : (uint8_t)(i * 7 + 3);
        alc_sha256(&h, (struct alc_bytes){key, sizeof key});
        memcpy(report_data, h.b, 32);
        text = ml_dsa_text(key);
        as("init.test");
        ok("register_worker_key",
           world_text("{\"public_key\":\"ML-DSA-65:%s\",\"tdx_quote_hex\":\"%s\"}", text,
                      world_hex(world_quote(ALC_TEE_TDX, report_data, NULL))));
        logged(
            world_text("registered: ml-dsa-65 with SHA-256 \"%s\"", world_hex(alc_hash_bytes(&h))));
        assert_int_equal(fake_receipts(), 2); /* the main contract knows Ed25519 alone */
        assert_int_equal(fake_receipt(0)->add_key.n, 1953);
        assert_int_equal(fake_receipt(0)->add_key.p[0], 2);
        assert_memory_equal(fake_receipt(0)->add_key.p + 1, key, sizeof key);
        assert_string_equal(fake_receipt(1)->method, "on_key_added");
        ok("get_worker_key", world_text("{\"public_key\":\"ml-dsa-65:%s\"}", text));
        returned_has("\"simulated\":true");
        free(text);
    }
}

static void other_keys_are_refused(void **state)
{
    static const char *const bad[] = {
        ("secp256k1:"
         "qMoRgcoXai4mBPsdbHi1wfyxF9TdbPCF4qSDQTRP3TfescSRoUdSx6nmeQoN3aiwGzwMyGXAb1gUjBTv5AY8DXj"),
        "ed25519:",
        "ed25519:1111111111111111111111111111111",
        "ed25519:111111111111111111111111111111111",
        "ed25519:0OIl1111111111111111111111111111",
        "ml-dsa-65:2",
        "",
    };
    (void)state;
    as("init.test");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        panics("Failed to deserialize input from JSON", "register_worker_key",
               world_text("{\"public_key\":\"%s\",\"tdx_quote_hex\":\"00\"}", bad[i]));
    ok("get_worker_key", world_text("{\"public_key\":\"%s\"}", world_key_of(9) + 8)); /* bare */
    returns("null", "get_worker_key",
            "{\"public_key\":\"ED25519:11111111111111111111111111111111\"}");
}

/* ---- ending ---- */

static void the_owner_removes_keys_one_by_one(void **state)
{
    (void)state;
    registers(0x22);
    as("owner.test");
    ok("remove_worker_keys", keys_arg(0x22, 0x33));
    assert_int_equal(fake_receipts(), 3);
    assert_string_equal(fake_receipt(0)->receiver, "op.test");
    assert_int_equal(fake_receipt(0)->delete_key.p[1], 0x22);
    assert_string_equal(fake_receipt(1)->receiver, "compute.test");
    assert_string_equal(fake_receipt(1)->method, "remove_worker_key");
    assert_string_equal((const char *)fake_receipt(1)->args.p, key_arg(0x22));
    assert_int_equal(fake_receipt(2)->delete_key.p[1],
                     0x33); /* unknown here: deleted all the same */
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(fake_receipt(i)->after, NEAR_NOW);
    returns("null", "get_worker_key", key_arg(0x22));
    panics("Failed to deserialize", "remove_worker_keys", "{\"public_keys\":[\"x\"]}");
    panics("Failed to deserialize", "remove_worker_keys", "{}");
}

static void anybody_drops_keys_that_have_expired(void **state)
{
    (void)state;
    registers(0x22);
    key_added(0x22, true);
    fake_env.time_ns += WORLD_DAY_S * NS_PER_S;
    registers(0x33);
    key_added(0x33, true);

    fake_env.time_ns = (WORLD_S + 7 * WORLD_DAY_S) * NS_PER_S - 1;
    as("anyone.test");
    ok("drop_expired_worker_keys", keys_arg(0x22, 0x33));
    assert_int_equal(fake_receipts(), 0);
    logged("Expired worker keys dropped: 0");
    fake_env.time_ns++;
    ok("drop_expired_worker_keys", keys_arg(0x33, 0x22));
    assert_int_equal(fake_receipts(), 1);
    assert_string_equal(fake_receipt(0)->receiver, "op.test");
    assert_int_equal(fake_receipt(0)->delete_key.p[1], 0x22);
    logged("Expired worker keys dropped: 1");
    returns("null", "get_worker_key", key_arg(0x22));
    ok("drop_expired_worker_keys", keys_arg(0x22, 0x22));
    assert_int_equal(fake_receipts(), 0);
    ok("get_worker_key", key_arg(0x33));
    returned_has("\"simulated\":true");
}

static void keys_of_enclaves_that_are_no_longer_approved_may_be_dropped(void **state)
{
    (void)state;
    registers(0x22);
    key_added(0x22, true);
    as("owner.test");
    ok("clear_all_approved_measurements", "");
    as("anyone.test");
    ok("drop_expired_worker_keys", keys_arg(0x22, 0x33));
    assert_int_equal(fake_receipts(), 1);
    assert_int_equal(fake_receipt(0)->delete_key.p[1], 0x22);
}

/* A record that goes before its access key comes would leave that key to nobody. */
static void a_key_on_its_way_is_not_dropped(void **state)
{
    (void)state;
    registers(0x22);
    as("owner.test");
    ok("clear_all_approved_measurements", "");
    as("anyone.test");
    ok("drop_expired_worker_keys", keys_arg(0x22, 0x33));
    assert_int_equal(fake_receipts(), 0);
    ok("get_worker_key", key_arg(0x22));
    returned_has("\"simulated\":true");
    key_added(0x22, true);
    ok("drop_expired_worker_keys", keys_arg(0x22, 0x33));
    assert_int_equal(fake_receipts(), 1);
    returns("null", "get_worker_key", key_arg(0x22));
}

/* A key that the account had before, its owner's perhaps, was not added by this contract: nobody
 * may have it deleted by way of an enclave that names it. */
static void a_key_that_was_not_ours_is_not_deleted_by_strangers(void **state)
{
    (void)state;
    registers(0x22);
    key_added(0x22, false);
    fake_env.time_ns += 8 * WORLD_DAY_S * NS_PER_S;
    as("anyone.test");
    ok("drop_expired_worker_keys", keys_arg(0x22, 0x33));
    assert_int_equal(fake_receipts(), 0);
    returns("null", "get_worker_key", key_arg(0x22));
    key_added(0x22, true); /* too late: the record is gone, and nothing happens */
    returns("null", "get_worker_key", key_arg(0x22));
}

static void lists_of_keys_have_an_end(void **state)
{
    struct alc_buf b = ALC_BUF(1u << 20);

    (void)state;
    alc_buf_put_text(&b, "{\"public_keys\":[");
    for (unsigned i = 0; i < KEYS_PER_CALL_MAX; i++)
        alc_buf_printf(&b, "%s\"%s\"", i > 0 ? "," : "", world_key_of((uint8_t)i));
    as("owner.test");
    ok("remove_worker_keys", world_text("%s]}", alc_buf_text(&b)));
    assert_int_equal(fake_receipts(), KEYS_PER_CALL_MAX);
    panics("At most 256 keys", "remove_worker_keys",
           world_text("%s,\"%s\"]}", alc_buf_text(&b), world_key_of(1)));
    alc_buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(a_key_gets_access_and_is_told_to_the_main_contract),
        SIM_TEST(the_key_must_be_the_quotes),
        SIM_TEST(a_quote_for_nobody_registers_no_key),
        SIM_TEST(only_the_init_account_registers),
        SIM_TEST(a_key_lives_as_long_as_the_policy_says),
        SIM_TEST(a_key_that_is_registered_again_is_renewed),
        SIM_TEST(an_enclave_that_is_not_approved_is_refused),
        SIM_TEST(approvals_of_any_case_match),
        SIM_TEST(statuses_and_advisories_are_the_policys),
        SIM_TEST(platforms_are_the_policys),
        SIM_TEST(garbage_is_no_quote),
        TEST(a_quote_needs_the_collateral_of_its_platform),
        SIM_TEST(expired_collateral_serves_nobody),
        SIM_TEST(a_revoked_platform_is_refused),
        SIM_TEST(a_post_quantum_key_is_bound_by_its_hash),
        SIM_TEST(other_keys_are_refused),
        SIM_TEST(the_owner_removes_keys_one_by_one),
        SIM_TEST(anybody_drops_keys_that_have_expired),
        SIM_TEST(keys_of_enclaves_that_are_no_longer_approved_may_be_dropped),
        SIM_TEST(a_key_on_its_way_is_not_dropped),
        SIM_TEST(a_key_that_was_not_ours_is_not_deleted_by_strangers),
        SIM_TEST(lists_of_keys_have_an_end),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
