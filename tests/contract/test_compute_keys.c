/* tests/contract/test_compute_keys.c — worker keys: who names them, what is known of them, and when
 * they end. */
#include "tests/contract/compute_proofs.h"

#include "base/enc.h"

#define NOBODY ",\"measurement\":null,\"simulated\":false}"

static void worker_keys_are_added_listed_and_removed(void **state)
{
    (void)state;
    ok("add_worker_key", fmt("{\"public_key\":\"ed25519:%s\"}", key_text(1)));
    ok("add_worker_key", fmt("{\"public_key\":\"ED25519:%s\",\"expires_ns\":5}", key_text(2)));
    ok("add_worker_key", fmt("{\"public_key\":\"%s\",\"expires_ns\":null}", key_text(3)));
    ok("add_worker_key", fmt("{\"public_key\":\"%s\",\"expires_ns\":9}", key_text(1)));
    returns(fmt("[{\"public_key\":\"ed25519:%s\",\"expires_ns\":9" NOBODY
                ",{\"public_key\":\"ed25519:%s\",\"expires_ns\":5" NOBODY
                ",{\"public_key\":\"ed25519:%s\",\"expires_ns\":null" NOBODY "]",
                key_text(1), key_text(2), key_text(3)),
            "get_worker_keys", "");
    returns(fmt("{\"public_key\":\"ed25519:%s\",\"expires_ns\":5" NOBODY, key_text(2)),
            "get_worker_key", fmt("{\"public_key\":\"%s\"}", key_text(2)));
    ok("remove_worker_key", fmt("{\"public_key\":\"%s\"}", key_text(1)));
    returns(fmt("[{\"public_key\":\"ed25519:%s\",\"expires_ns\":null" NOBODY
                ",{\"public_key\":\"ed25519:%s\",\"expires_ns\":5" NOBODY "]",
                key_text(3), key_text(2)),
            "get_worker_keys", "");
    returns("null", "get_worker_key", fmt("{\"public_key\":\"%s\"}", key_text(1)));
    panics("This worker key is not registered", "remove_worker_key",
           fmt("{\"public_key\":\"%s\"}", key_text(1)));
    panics("expected an ed25519 key", "add_worker_key", "{\"public_key\":\"secp256k1:11\"}");
    panics("expected an ed25519 key", "add_worker_key", "{\"public_key\":\"ed25519:11\"}");
    panics("expected an ed25519 key", "add_worker_key", "{\"public_key\":\"ed25519:0OIl\"}");
}

/* ---- the register ---- */

static void key_is(const char *expected, uint8_t key)
{
    returns(expected, "get_worker_key", fmt("{\"public_key\":\"%s\"}", key_text(key)));
}

static void the_owner_sets_and_takes_away_the_register(void **state)
{
    (void)state;
    returns("null", "get_register", "");
    ok("set_register", "{\"register_id\":\"register.test\"}");
    returns("\"register.test\"", "get_register", "");
    ok("set_register", "{\"register_id\":\"other.test\"}");
    returns("\"other.test\"", "get_register", "");
    panics("missing field register_id", "set_register", "{}");
    panics("not an account id", "set_register", "{\"register_id\":\"\"}");
    panics("Failed to deserialize input from JSON", "set_register", "{\"register_id\":7}");
    returns("\"other.test\"", "get_register", "");
    ok("set_register", "{\"register_id\":null}");
    returns("null", "get_register", "");
    ok("set_register", "{\"register_id\":null}");
    assert_int_equal(fake_records(), 2); /* state and prices */
}

static void keys_come_from_the_register_while_one_is_set(void **state)
{
    const char *args = fmt("{\"public_key\":\"%s\"}", key_text(7));
    (void)state;
    set_register();
    panics("Worker keys come from the register contract " REGISTER, "add_worker_key", args);
    panics("Worker keys come from the register contract " REGISTER, "retain_worker_keys",
           "{\"measurements\":[]}");
    as("eve.test");
    panics("Worker keys come from the register contract " REGISTER, "add_worker_key", args);
    panics("Only owner", "remove_worker_key", args);
    as(REGISTER);
    ok("add_worker_key", args);
    ok("remove_worker_key", args);
    ok("add_worker_key", args);
    as("owner.test");
    ok("remove_worker_key", args); /* an owner may always end a key */
    ok("set_register", "{\"register_id\":null}");
    ok("add_worker_key", args);
    as(REGISTER);
    panics("Only owner", "add_worker_key", args);
    panics("Only owner", "remove_worker_key", args);
    panics("Only owner", "retain_worker_keys", "{\"measurements\":[]}");
}

static void a_key_shows_which_enclave_holds_it(void **state)
{
    (void)state;
    set_register();
    vouch(1, 77, M1, true);
    key_is(fmt("{\"public_key\":\"ed25519:%s\",\"expires_ns\":77,\"measurement\":\"" M1
               "\",\"simulated\":true}",
               key_text(1)),
           1);
    vouch(1, 78, fmt("ABCDEF%s", &M2[6]), false); /* again: everything is new; hex in either case */
    key_is(fmt("{\"public_key\":\"ed25519:%s\",\"expires_ns\":78,\"measurement\":"
               "\"abcdef%s\",\"simulated\":false}",
               key_text(1), &M2[6]),
           1);
    ok("add_worker_key", fmt("{\"public_key\":\"%s\",\"measurement\":\"" M1 "\"}", key_text(2)));
    key_is(fmt("{\"public_key\":\"ed25519:%s\",\"expires_ns\":null,\"measurement\":\"" M1
               "\",\"simulated\":false}",
               key_text(2)),
           2);
    ok("add_worker_key",
       fmt("{\"public_key\":\"%s\",\"measurement\":null,\"simulated\":null}", key_text(2)));
    key_is(fmt("{\"public_key\":\"ed25519:%s\",\"expires_ns\":null" NOBODY, key_text(2)), 2);
    panics("simulated needs a measurement", "add_worker_key",
           fmt("{\"public_key\":\"%s\",\"simulated\":true}", key_text(3)));
    panics("expected 64 hex digits", "add_worker_key",
           fmt("{\"public_key\":\"%s\",\"measurement\":\"11\"}", key_text(3)));
    panics("expected 64 hex digits", "add_worker_key",
           fmt("{\"public_key\":\"%s\",\"measurement\":\"" M1 "11\"}", key_text(3)));
    panics("expected 64 hex digits", "add_worker_key",
           fmt("{\"public_key\":\"%s\",\"measurement\":\"%.63sg\"}", key_text(3), M1));
    key_is("null", 3);
}

/* Records of an earlier code: empty, or 8 bytes of expiry. */
static void records_of_the_earlier_form_are_read(void **state)
{
    static const uint8_t never[1], at_five[8] = {5};
    uint8_t key[33] = {'k'};
    (void)state;
    memset(key + 1, 1, 32);
    fake_put((struct alc_bytes){key, 33}, (struct alc_bytes){never, 0});
    key_is(fmt("{\"public_key\":\"ed25519:%s\",\"expires_ns\":null" NOBODY, key_text(1)), 1);
    fake_put((struct alc_bytes){key, 33}, (struct alc_bytes){at_five, 8});
    key_is(fmt("{\"public_key\":\"ed25519:%s\",\"expires_ns\":5" NOBODY, key_text(1)), 1);
}

/* A name without its record is passed over, and the list stays JSON. */
static void the_list_of_keys_shows_records(void **state)
{
    uint8_t names[64];
    (void)state;
    ok("add_worker_key", fmt("{\"public_key\":\"%s\"}", key_text(2)));
    memset(names, 1, 32);
    memset(names + 32, 2, 32);
    fake_put(ALC_LIT("K"), (struct alc_bytes){names, sizeof names});
    returns(fmt("[{\"public_key\":\"ed25519:%s\",\"expires_ns\":null" NOBODY "]", key_text(2)),
            "get_worker_keys", "{}");
}

static void retain_ends_the_keys_of_other_enclaves(void **state)
{
    struct alc_bytes list;
    size_t records;
    (void)state;
    ok("add_worker_key", fmt("{\"public_key\":\"%s\"}", key_text(9))); /* nobody vouches for it */
    set_register();
    records = fake_records();
    vouch(1, 77, M1, true);
    vouch(2, 77, M2, true);
    vouch(3, 77, M1, false);
    ok("retain_worker_keys", "{\"measurements\":[\"" M2 "\",\"" M1 "\"]}");
    assert_int_equal(fake_records(), records + 3);
    ok("retain_worker_keys", fmt("{\"measurements\":[\"%.63s0\",\"" M1 "\"]}", M2));
    key_is("null", 2);
    returns(fmt("[{\"public_key\":\"ed25519:%s\",\"expires_ns\":null" NOBODY
                ",{\"public_key\":\"ed25519:%s\",\"expires_ns\":77,\"measurement\":\"" M1
                "\",\"simulated\":true},{\"public_key\":\"ed25519:%s\",\"expires_ns\":77,"
                "\"measurement\":\"" M1 "\",\"simulated\":false}]",
                key_text(9), key_text(1), key_text(3)),
            "get_worker_keys", "");
    panics("expected 64 hex digits", "retain_worker_keys", "{\"measurements\":[\"\"]}");
    ok("retain_worker_keys", "{\"measurements\":[]}");
    returns(fmt("[{\"public_key\":\"ed25519:%s\",\"expires_ns\":null" NOBODY "]", key_text(9)),
            "get_worker_keys", "");
    assert_int_equal(fake_records(), records);
    assert_true(fake_get(ALC_LIT("K"), &list));
    assert_int_equal(list.n, 32); /* their places are free again */
}

/* ---- a full list ---- */

static const char *numbered(unsigned i)
{
    static char text[64];
    struct alc_hash k = {{(uint8_t)i, (uint8_t)(i >> 8), 1}};
    size_t n;

    assert_true(alc_base58_encode(text, 63, &n, alc_hash_bytes(&k)));
    text[n] = 0;
    return text;
}

static void a_full_list_drops_a_key_that_has_expired(void **state)
{
    uint64_t now = fake_env.time_ns;
    size_t records;
    (void)state;
    for (unsigned i = 0; i < WORKER_KEYS_MAX; i++)
        ok("add_worker_key", fmt("{\"public_key\":\"%s\",\"expires_ns\":%" PRIu64 "}", numbered(i),
                                 i == 0 ? now + 9 * DAY_NS : now + DAY_NS + i));
    records = fake_records();
    panics("256 worker keys", "add_worker_key", fmt("{\"public_key\":\"%s\"}", key_text(77)));
    ok("add_worker_key", fmt("{\"public_key\":\"%s\"}", numbered(200))); /* one of them, again */

    fake_env.time_ns = now + DAY_NS + 2; /* the second and the third have ended */
    ok("add_worker_key", fmt("{\"public_key\":\"%s\"}", key_text(77)));
    assert_int_equal(fake_records(), records);
    returns("null", "get_worker_key", fmt("{\"public_key\":\"%s\"}", numbered(1)));
    ok("get_worker_key", fmt("{\"public_key\":\"%s\"}", numbered(2)));
    assert_true(fake_returned().n > 4);
    ok("add_worker_key", fmt("{\"public_key\":\"%s\"}", key_text(78)));
    returns("null", "get_worker_key", fmt("{\"public_key\":\"%s\"}", numbered(2)));
    panics("256 worker keys", "add_worker_key", fmt("{\"public_key\":\"%s\"}", key_text(79)));
    ok("get_worker_keys", "");
    assert_non_null(strstr((const char *)fake_returned().p, key_text(77)));
    assert_non_null(strstr((const char *)fake_returned().p, key_text(78)));
    assert_null(strstr((const char *)fake_returned().p, numbered(1)));
    assert_memory_equal(strstr((const char *)fake_returned().p, "ed25519:") + 8, numbered(0), 40);
    ok("remove_worker_key", fmt("{\"public_key\":\"%s\"}", numbered(255)));
    ok("add_worker_key", fmt("{\"public_key\":\"%s\"}", key_text(79)));
    assert_int_equal(fake_records(), records);
}

/* ---- what a key's enclave means for a statement ---- */

static void a_statement_must_name_the_enclave_of_its_key(void **state)
{
    struct alc_statement t;
    (void)state;
    set_register();
    vouch(WORKER, fake_env.time_ns + DAY_NS, M1, true);
    ask(",\"input_data\":\"in\",\"params\":{\"proof\":\"key\"}");
    good_statement(&t, 0);
    t.simulated = 1;
    as_worker();
    panics("Statement refused: another enclave", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    memset(t.measurement.b, 0x11, 32);
    t.measurement.b[31] ^= 1;
    panics("Statement refused: another enclave", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    t.measurement.b[31] ^= 1;
    t.simulated = 0;
    panics("Statement refused: SIMULATED", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    vouch(WORKER, fake_env.time_ns + DAY_NS, M1, false);
    as_worker();
    t.simulated = 1;
    panics("Statement refused: SIMULATED", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    t.simulated = 0;
    ok("resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    wake();
    result_is("{\"payout\":1}");
}

static void a_vouched_key_ends_with_its_time_and_with_its_enclave(void **state)
{
    struct alc_statement t;
    (void)state;
    set_register();
    vouch(WORKER, fake_env.time_ns + DAY_NS, M1, true);
    ask(",\"input_data\":\"in\",\"params\":{\"proof\":\"quote\"}");
    good_statement(&t, 0);
    t.simulated = 1;
    memset(t.measurement.b, 0x11, 32);
    fake_env.time_ns += DAY_NS;
    as_worker();
    panics("has expired", "resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    vouch(WORKER, fake_env.time_ns + 1, M1, true);
    as(REGISTER);
    ok("retain_worker_keys", "{\"measurements\":[\"" M2 "\"]}");
    as_worker();
    panics("not registered", "resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    vouch(WORKER, fake_env.time_ns + 1, M1, true);
    as_worker();
    ok("resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    wake();
    result_is("{\"payout\":1}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(worker_keys_are_added_listed_and_removed),
        TEST(the_owner_sets_and_takes_away_the_register),
        TEST(keys_come_from_the_register_while_one_is_set),
        TEST(a_key_shows_which_enclave_holds_it),
        TEST(records_of_the_earlier_form_are_read),
        TEST(the_list_of_keys_shows_records),
        TEST(retain_ends_the_keys_of_other_enclaves),
        TEST(a_full_list_drops_a_key_that_has_expired),
        TEST(a_statement_must_name_the_enclave_of_its_key),
        TEST(a_vouched_key_ends_with_its_time_and_with_its_enclave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
