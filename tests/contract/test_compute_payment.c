/* tests/contract/test_compute_payment.c — payment keys: nonces, top-ups and deletion, with the
 * operator's answers, refusals and silence. */
#include "tests/contract/compute_money.h"

#include "payment_key.h"

#define ZEROES "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0"
#define EVENT                                                                                      \
    "EVENT_JSON:{\"standard\":\"near-outlayer\",\"version\":\"1.0.0\",\"event\":\"system_event\"," \
    "\"data\":[{"
#define TOP_UP "{\"action\":\"top_up_payment_key\",\"nonce\":1}"
#define ALICE "{\"account_id\":\"alice.test\"}"
#define KEY_1                                                                                      \
    "{\"accessor\":{\"System\":\"PaymentKey\"},\"profile\":\"1\",\"owner\":\"alice.test\"}"
#define CREATED "1700000000000000000"

static void key_holds(const char *ciphertext, const char *updated)
{
    returns(fmt("{\"encrypted_secrets\":\"%s\",\"access\":\"AllowAll\",\"created_at\":" CREATED
                ",\"updated_at\":%s,\"storage_deposit\":\"1850000000000000000000\","
                "\"accessor\":{\"System\":\"PaymentKey\"}}",
                ciphertext, updated),
            "get_secrets", KEY_1);
}

/* ---- nonces ---- */

static void a_new_key_raises_the_floor_and_is_announced(void **state)
{
    (void)state;
    returns("1", "get_next_payment_key_nonce", ALICE);
    returns("0", "get_payment_key_nonce_floor", ALICE);
    store_key("alice.test", 5);
    assert_int_equal(fake_logs(), 1);
    log_is(0, EVENT "\"TopUpPaymentKey\":{\"data_id\":[" ZEROES "],\"owner\":\"alice.test\","
                    "\"nonce\":5,\"amount\":\"0\",\"encrypted_data\":\"AAAA\"}}]}");
    refunds("alice.test", (400 - 185 - 59) * YOCTO_BYTE);
    returns("6", "get_next_payment_key_nonce", ALICE);
    returns("5", "get_payment_key_nonce_floor", ALICE);
    returns("0", "get_payment_key_nonce_floor", "{\"account_id\":\"bob.test\"}");
    store_key("alice.test", 6);
    refunds("alice.test", (400 - 185) * YOCTO_BYTE); /* the floor is paid once */
    returns("7", "get_next_payment_key_nonce", ALICE);
}

static const char *store_args(const char *profile)
{
    return fmt("{\"accessor\":{\"System\":\"PaymentKey\"},\"profile\":\"%s\","
               "\"encrypted_secrets_base64\":\"AAAA\",\"access\":\"AllowAll\"}",
               profile);
}

static void a_used_nonce_is_refused(void **state)
{
    (void)state;
    store_key("alice.test", 300);
    fake_env.deposit = 400 * YOCTO_BYTE;
    panics("already exists", "store_secrets", store_args("+0300"));
    panics("has already been used by this account", "store_secrets", store_args("299"));
    fake_env.deposit = 0;
    ok("delete_secrets", "{\"accessor\":{\"System\":\"PaymentKey\"},\"profile\":\"300\"}");
    returns("300", "get_payment_key_nonce_floor", ALICE);
    fake_env.deposit = 400 * YOCTO_BYTE;
    panics("has already been used by this account", "store_secrets", store_args("300"));
    panics("2147483647", "store_secrets", store_args("2147483648"));
    ok("store_secrets", store_args("2147483647"));
    fake_env.deposit = 0;
    returns("2147483647", "get_payment_key_nonce_floor", ALICE);
    returns("2147483648", "get_next_payment_key_nonce", ALICE); /* which no store accepts */
}

static void the_floors_record_is_within_what_was_paid(void **state)
{
    uint64_t before;
    (void)state;
    store_key("alice.test", 2147483646);
    before = fake_state_bytes();
    ok("delete_secrets", "{\"accessor\":{\"System\":\"PaymentKey\"},\"profile\":\"2147483646\"}");
    assert_true(before - fake_state_bytes() <= 185 + 9);
    refunds("alice.test", (185 + 9) * YOCTO_BYTE);
    for (size_t i = 0; i < fake_records(); i++) {
        struct alc_bytes key, value;
        fake_record(i, &key, &value);
        if (key.p[0] == 'f') assert_true(40 + key.n + value.n <= NONCE_FLOOR_BYTES(10));
    }
}

/* ---- top-up ---- */

static void waits_for(const char *callback)
{
    uint64_t gas, weight;
    const char *method = fake_yielded_to(&gas, &weight);

    assert_non_null(method);
    assert_string_equal(method, callback);
    assert_int_equal(gas, UINT64_C(30000000000000));
    assert_int_equal(weight, 1);
}

static void top_up(const char *amount)
{
    transfer("alice.test", amount, TOP_UP);
    keep_yield();
}

static void a_top_up_is_announced_and_waits(void **state)
{
    (void)state;
    store_key("alice.test", 1);
    top_up("10000");
    waits_for("on_top_up_response");
    assert_string_equal(last.request_data,
                        "{\"owner\":\"alice.test\",\"nonce\":1,\"amount\":\"10000\"}");
    log_is(0, fmt(EVENT "\"TopUpPaymentKey\":{\"data_id\":%s,\"owner\":\"alice.test\",\"nonce\":1,"
                        "\"amount\":\"10000\",\"encrypted_data\":\"AAAA\"}}]}",
                  data_id_array()));
    assert_int_equal(fake_logs(), 1);
    assert_int_equal(fake_promise_returned(), FAKE_RECEIPTS_MAX); /* the yield */
    assert_null(fake_returned().p);
}

static void a_good_answer_replaces_the_ciphertext_and_keeps_the_tokens(void **state)
{
    (void)state;
    store_key("alice.test", 1);
    top_up("20000");
    resumes("resume_topup", "{\"Success\":{\"new_encrypted_data\":\"BBBBBBBB\"}}");
    assert_null(fake_returned().p);
    fake_env.time_ns += 77;
    wake_money("on_top_up_response");
    result_is("\"0\"");
    key_holds("BBBBBBBB", "1700000000000000077");
    returns("\"0\"", "get_user_stablecoin_balance", ALICE);
}

static void an_error_or_silence_gives_all_tokens_back(void **state)
{
    (void)state;
    store_key("alice.test", 1);
    top_up("340282366920938463463374607431768211455");
    resumes("resume_topup", "{\"Error\":{\"message\":\"no \\\"room\\\"\"}}");
    wake_money("on_top_up_response");
    result_is("\"340282366920938463463374607431768211455\"");
    top_up("10001");
    times_out("on_top_up_response");
    result_is("\"10001\"");
    key_holds("AAAA", CREATED);
}

static void a_key_that_vanished_gives_all_tokens_back(void **state)
{
    (void)state;
    store_key("alice.test", 1);
    top_up("10000");
    as("alice.test");
    ok("delete_secrets", "{\"accessor\":{\"System\":\"PaymentKey\"},\"profile\":\"1\"}");
    resumes("resume_topup", "{\"Success\":{\"new_encrypted_data\":\"BBBB\"}}");
    wake_money("on_top_up_response");
    result_is("\"10000\"");
    returns("null", "get_secrets", KEY_1);
}

static void a_top_up_may_be_for_the_key_of_another(void **state)
{
    (void)state;
    store_key("alice.test", 1);
    transfer("bob.test", "10000",
             "{\"extra\":[1e999],\"owner\":\"alice.test\",\"nonce\":1,\"action\":\"top_up_payment_"
             "key\"}");
    keep_yield();
    assert_string_equal(last.request_data,
                        "{\"owner\":\"alice.test\",\"nonce\":1,\"amount\":\"10000\"}");
    transfer_panics("Payment key not found", "bob.test", "10000", TOP_UP);
    transfer_panics("Payment key not found", "alice.test", "10000",
                    "{\"action\":\"top_up_payment_key\",\"nonce\":2}");
}

static void a_top_up_below_a_cent_is_refused(void **state)
{
    (void)state;
    store_key("alice.test", 1);
    transfer_panics("at least 10000", "alice.test", "9999", TOP_UP);
    transfer_panics("at least 10000", "nokey.test", "9999", TOP_UP); /* the amount comes first */
    transfer_panics("Payment key not found", "nokey.test", "10000", TOP_UP);
}

/* ---- resuming ---- */

#define GOOD "{\"Success\":{\"new_encrypted_data\":\"BBBB\"}}"

static void only_the_operator_resumes(void **state)
{
    const char *args;
    (void)state;
    store_key("alice.test", 1);
    top_up("10000");
    args = fmt("{\"data_id\":\"%s\",\"result\":" GOOD "}", data_id_hex());
    as("owner.test");
    panics("Only operator can resume topup", "resume_topup", args);
    panics("Only operator can resume topup", "resume_topup",
           "{\"data_id\":\"zz\",\"result\":" GOOD "}"); /* before the id */
    panics("Only operator can resume delete_payment_key", "resume_delete_payment_key",
           "{\"data_id\":\"zz\",\"result\":\"Success\"}");
    as("op.test");
    fake_env.deposit = 1;
    panics("Method resume_topup doesn't accept deposit", "resume_topup", args);
    panics("Method resume_delete_payment_key doesn't accept deposit", "resume_delete_payment_key",
           args);
}

static void a_resume_that_finds_nothing_panics(void **state)
{
    const char *id = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";
    (void)state;
    as("op.test");
    fake_yields_wait(false);
    panics(fmt("TopUp yield resume failed: no yield for data_id=%s", id), "resume_topup",
           fmt("{\"data_id\":\"%s\",\"result\":" GOOD "}", id));
    panics("TopUp yield resume failed: no yield for data_id=", "resume_topup",
           fmt("{\"data_id\":\"%s\",\"result\":{\"Error\":{\"message\":\"\"}}}", id));
    panics(fmt("DeletePaymentKey yield resume failed: no yield for data_id=%s", id),
           "resume_delete_payment_key", fmt("{\"data_id\":\"%s\",\"result\":\"Success\"}", id));
}

static void a_malformed_resume_is_refused(void **state)
{
    static const char *const results[] = {
        "\"Success\"",
        "{\"Success\":null}",
        "{\"Success\":{}}",
        "{\"Success\":{\"new_encrypted_data\":null}}",
        "{\"Error\":{}}",
        "\"Error\"",
        "{\"success\":{\"new_encrypted_data\":\"B\"}}",
        "{\"Success\":{\"new_encrypted_data\":\"B\"},\"Error\":{\"message\":\"\"}}",
        "null",
    };
    static const char *const ids[] = {
        "",
        "00",
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeef",
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00",
        "0x112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
    };
    (void)state;
    as("op.test");
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        panics("Failed to deserialize input from JSON", "resume_topup",
               fmt("{\"data_id\":\"%064d\",\"result\":%s}", 0, results[i]));
    panics("Failed to deserialize input from JSON", "resume_delete_payment_key",
           fmt("{\"data_id\":\"%064d\",\"result\":{\"Success\":{}}}", 0));
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        panics("data_id must be 64 hex digits", "resume_topup",
               fmt("{\"data_id\":\"%s\",\"result\":" GOOD "}", ids[i]));
}

static void a_ciphertext_fits_a_resume_or_is_refused(void **state)
{
    char text[1100];
    (void)state;
    store_key("alice.test", 1);
    top_up("10000");
    memset(text, 'B', sizeof text);
    text[1024] = 0;
    as("op.test");
    panics("longer than 1024 bytes", "resume_topup",
           fmt("{\"data_id\":\"%s\",\"result\":{\"Success\":{\"new_encrypted_data\":\"%s\"}}}",
               data_id_hex(), text));
    text[1023] = 0;
    resumes("resume_topup", fmt("{\"Success\":{\"new_encrypted_data\":\"%s\"}}", text));
    wake_money("on_top_up_response");
    result_is("\"0\"");
    key_holds(text, CREATED);
}

static void callbacks_are_private(void **state)
{
    (void)state;
    as("op.test");
    panics("Method on_top_up_response is private", "on_top_up_response", "{}");
    panics("Method on_delete_payment_key_response is private", "on_delete_payment_key_response",
           "{}");
    panics("Method on_near_wrapped is private", "on_near_wrapped", "{}");
    panics("Method on_withdraw_developer_earnings is private", "on_withdraw_developer_earnings",
           "{}");
}

/* ---- deletion ---- */

static void delete_key(void)
{
    as("alice.test");
    fake_env.deposit = 1;
    ok("delete_payment_key", "{\"nonce\":1}");
    fake_env.deposit = 0;
    keep_yield();
}

static void a_deletion_is_announced_and_waits(void **state)
{
    (void)state;
    store_key("alice.test", 1);
    delete_key();
    waits_for("on_delete_payment_key_response");
    assert_string_equal(last.request_data, "{\"owner\":\"alice.test\",\"nonce\":1}");
    log_is(0, fmt(EVENT "\"DeletePaymentKey\":{\"data_id\":%s,\"owner\":\"alice.test\","
                        "\"nonce\":1}}]}",
                  data_id_array()));
    assert_int_equal(fake_receipts(), 0); /* the yoctoNEAR is kept */
    key_holds("AAAA", CREATED);
}

static void an_agreed_deletion_refunds_the_owner_once(void **state)
{
    (void)state;
    store_key("alice.test", 1);
    delete_key();
    resumes("resume_delete_payment_key", "\"Success\"");
    wake_money("on_delete_payment_key_response");
    refunds("alice.test", 185 * YOCTO_BYTE);
    assert_null(fake_returned().p);
    returns("null", "get_secrets", KEY_1);
    returns("1", "get_payment_key_nonce_floor", ALICE);
    resumes("resume_delete_payment_key", "{\"Success\":null}");
    {
        struct alc_bytes payload = ALC_LIT("-");
        assert_false(fake_callback(near_entry_on_delete_payment_key_response,
                                   alc_cstr(last.request_data), payload));
        assert_non_null(strstr((const char *)fake_panic().p, "Secrets not found"));
        assert_int_equal(fake_receipts(), 0);
    }
}

static void a_refused_or_forgotten_deletion_keeps_the_key(void **state)
{
    (void)state;
    store_key("alice.test", 1);
    delete_key();
    resumes("resume_delete_payment_key", "{\"Error\":{\"message\":\"busy\"}}");
    wake_money("on_delete_payment_key_response");
    assert_int_equal(fake_receipts(), 0);
    delete_key();
    times_out("on_delete_payment_key_response");
    assert_int_equal(fake_receipts(), 0);
    key_holds("AAAA", CREATED);
}

static void only_an_owner_with_a_yocto_deletes(void **state)
{
    (void)state;
    store_key("alice.test", 1);
    as("bob.test");
    fake_env.deposit = 1;
    panics("Payment key not found", "delete_payment_key", "{\"nonce\":1}");
    as("alice.test");
    panics("Payment key not found", "delete_payment_key", "{\"nonce\":0}");
    panics("Failed to deserialize input from JSON", "delete_payment_key", "{\"nonce\":\"1\"}");
    panics("Failed to deserialize input from JSON", "delete_payment_key", "{\"nonce\":4294967296}");
    fake_env.deposit = 0;
    panics("at least 1 yoctoNEAR", "delete_payment_key", "{\"nonce\":1}");
    panics("at least 1 yoctoNEAR", "delete_payment_key", "{\"nonce\":2}"); /* before the key */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MONEY(a_new_key_raises_the_floor_and_is_announced),
        MONEY(a_used_nonce_is_refused),
        MONEY(the_floors_record_is_within_what_was_paid),
        MONEY(a_top_up_is_announced_and_waits),
        MONEY(a_good_answer_replaces_the_ciphertext_and_keeps_the_tokens),
        MONEY(an_error_or_silence_gives_all_tokens_back),
        MONEY(a_key_that_vanished_gives_all_tokens_back),
        MONEY(a_top_up_may_be_for_the_key_of_another),
        MONEY(a_top_up_below_a_cent_is_refused),
        MONEY(only_the_operator_resumes),
        MONEY(a_resume_that_finds_nothing_panics),
        MONEY(a_malformed_resume_is_refused),
        MONEY(a_ciphertext_fits_a_resume_or_is_refused),
        MONEY(callbacks_are_private),
        MONEY(a_deletion_is_announced_and_waits),
        MONEY(an_agreed_deletion_refunds_the_owner_once),
        MONEY(a_refused_or_forgotten_deletion_keeps_the_key),
        MONEY(only_an_owner_with_a_yocto_deletes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
