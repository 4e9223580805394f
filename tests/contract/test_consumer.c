/* tests/contract/test_consumer.c — the consumer pays by a proven answer and by no other. */
#include "tests/contract/fake_near.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HASH "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define POLICY                                                                                     \
    "{\"beneficiary\":\"farmer.test\",\"policy\":{ \"place\" : \"Seattle\" },\"max_payout\":"      \
    "\"1000\",\"url\":\"https://example.org/rain.wasm\",\"hash\":\"" HASH "\"}"
#define PROVEN(output)                                                                             \
    "{\"output\":" output                                                                          \
    ",\"statement_hash\":\"aa\",\"worker_key\":\"ed25519:k\",\"request_id\":7}"

NEAR_ENTRY(new);
NEAR_ENTRY(insure);
NEAR_ENTRY(claim);
NEAR_ENTRY(ask);
NEAR_ENTRY(on_answer);
NEAR_ENTRY(get_policy);
NEAR_ENTRY(get_last_answer);

static void ok(void (*entry)(void), const char *args)
{
    if (!fake_call(entry, alc_cstr(args))) fail_msg("panicked: %s", (const char *)fake_panic().p);
}

static void panics(const char *phrase, void (*entry)(void), const char *args)
{
    assert_false(fake_call(entry, alc_cstr(args)));
    assert_non_null(strstr((const char *)fake_panic().p, phrase));
}

static void shows(const char *expected, void (*entry)(void), const char *args)
{
    assert_true(fake_view(entry, alc_cstr(args)));
    assert_string_equal((const char *)fake_returned().p, expected);
}

static void answered(const char *result)
{
    assert_true(fake_callback(near_entry_on_answer, alc_cstr("{\"policy_id\":0}"),
                              result == NULL ? (struct alc_bytes){NULL, 0} : alc_cstr(result)));
}

static void as(const char *account)
{
    fake_env.predecessor = fake_env.signer = account;
}

static int insured(void **state)
{
    (void)state;
    fake_reset();
    fake_env.current = "consumer.test";
    as("insurer.test");
    ok(near_entry_new, "{\"compute_id\":\"compute.test\"}");
    fake_env.deposit = 1000;
    ok(near_entry_insure, POLICY);
    fake_env.deposit = 0;
    return 0;
}

static int done(void **state)
{
    (void)state;
    fake_reset();
    return 0;
}

static void a_claim_asks_for_proof(void **state)
{
    (void)state;
    as("anyone.test");
    fake_env.deposit = 5;
    ok(near_entry_claim, "{\"policy_id\":0}");
    assert_int_equal(fake_receipts(), 2);
    assert_string_equal(fake_receipt(0)->receiver, "compute.test");
    assert_string_equal(fake_receipt(0)->method, "request_execution");
    assert_true(fake_receipt(0)->amount == 5);
    assert_string_equal(
        (const char *)fake_receipt(0)->args.p,
        "{\"source\":{\"WasmUrl\":{\"url\":\"https://example.org/rain.wasm\",\"hash\":\"" HASH
        "\",\"build_target\":\"wasm32-wasip1\"}},\"resource_limits\":{\"max_instructions\":"
        "1000000000,\"max_memory_mb\":128,\"max_execution_seconds\":60},\"input_data\":"
        "\"{\\\"policy\\\":{\\\"place\\\":\\\"Seattle\\\"}}\",\"response_format\":\"Json\","
        "\"payer_account_id\":\"anyone.test\",\"params\":{\"with_proof\":true,\"proof\":\"key\"}}");
    assert_string_equal(fake_receipt(1)->receiver, "consumer.test");
    assert_string_equal(fake_receipt(1)->method, "on_answer");
    assert_string_equal((const char *)fake_receipt(1)->args.p, "{\"policy_id\":0}");
    assert_int_equal(fake_receipt(1)->after, 0);
}

static void the_asker_chooses_the_level_of_proof(void **state)
{
    (void)state;
    as("anyone.test");
    ok(near_entry_claim, "{\"policy_id\":0,\"proof\":\"onchain\"}");
    assert_non_null(strstr((const char *)fake_receipt(0)->args.p,
                           "\"params\":{\"with_proof\":true,\"proof\":\"onchain\"}}"));
    ok(near_entry_ask, "{\"url\":\"u\",\"hash\":\"h\",\"proof\":\"quote\"}");
    assert_non_null(strstr((const char *)fake_receipt(0)->args.p,
                           "\"params\":{\"with_proof\":true,\"proof\":\"quote\"}}"));
    ok(near_entry_ask, "{\"url\":\"u\",\"hash\":\"h\",\"proof\":null}");
    assert_non_null(strstr((const char *)fake_receipt(0)->args.p,
                           "\"params\":{\"with_proof\":true,\"proof\":\"key\"}}"));
    ok(near_entry_claim, "{\"policy_id\":0,\"proof\":\"x\\\",\\\"y\"}");
    assert_non_null(strstr((const char *)fake_receipt(0)->args.p,
                           "\"proof\":\"x\\\",\\\"y\"}}")); /* stays one string */
}

static void a_proven_answer_is_paid_and_kept(void **state)
{
    (void)state;
    answered(PROVEN("{\"payout_yocto\":\"400\",\"reasons\":[\"rain\"]}"));
    assert_int_equal(fake_receipts(), 2);
    assert_string_equal(fake_receipt(0)->receiver, "farmer.test");
    assert_true(fake_receipt(0)->amount == 400);
    assert_string_equal(fake_receipt(1)->receiver, "insurer.test");
    assert_true(fake_receipt(1)->amount == 600);
    shows("{\"policy_id\":0,\"output\":{\"payout_yocto\":\"400\",\"reasons\":[\"rain\"]},"
          "\"paid_yocto\":\"400\",\"statement_hash\":\"aa\",\"worker_key\":\"ed25519:k\","
          "\"request_id\":7}",
          near_entry_get_last_answer, "");
    shows(
        "{\"policy_id\":0,\"settled\":true,\"beneficiary\":\"farmer.test\",\"max_payout\":\"1000\","
        "\"url\":\"https://example.org/rain.wasm\",\"hash\":\"" HASH
        "\",\"policy\":{\"place\":\"Seattle\"}}",
        near_entry_get_policy, "{\"policy_id\":0}");
}

static void an_answer_without_proof_is_refused_and_nothing_kept(void **state)
{
    static const char *const bare[] = {
        "{\"payout_yocto\":\"1000\"}",
        "\"{\\\"payout_yocto\\\":\\\"1000\\\"}\"",
        "{\"output\":{\"payout_yocto\":\"1000\"},\"worker_key\":\"k\",\"request_id\":7}",
        "{\"output\":{\"payout_yocto\":\"1000\"},\"statement_hash\":\"aa\",\"request_id\":7}",
        ("{\"output\":{\"payout_yocto\":\"1000\"},\"statement_hash\":null,\"worker_key\":\"k\","
         "\"request_id\":7}"),
        "7",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bare / sizeof bare[0]; i++) {
        answered(bare[i]);
        assert_int_equal(fake_receipts(), 0);
        assert_string_equal((const char *)fake_log(0).p, "Refused: the answer comes without proof");
        assert_string_equal((const char *)fake_returned().p, "null");
    }
    shows("null", near_entry_get_last_answer, "");
    answered("null");
    assert_string_equal((const char *)fake_log(0).p, "Refused: there is no answer");
    answered(NULL);
    assert_string_equal((const char *)fake_log(0).p, "Refused: the request itself failed");
    answered(PROVEN("{\"payout_yocto\":\"1\"}")); /* the policy is still open */
    assert_int_equal(fake_receipts(), 2);
}

static void no_more_than_the_sum_insured_is_paid_and_only_once(void **state)
{
    (void)state;
    answered(PROVEN("{\"payout_yocto\":\"99999999\"}"));
    assert_int_equal(fake_receipts(), 1);
    assert_true(fake_receipt(0)->amount == 1000);
    answered(PROVEN("{\"payout_yocto\":\"5\"}"));
    assert_int_equal(fake_receipts(), 0);
    assert_string_equal((const char *)fake_log(0).p, "Refused: the policy is settled");
    panics("This policy is settled", near_entry_claim, "{\"policy_id\":0}");
}

static void a_proven_answer_that_is_no_verdict_changes_nothing(void **state)
{
    (void)state;
    assert_false(fake_callback(near_entry_on_answer, alc_cstr("{\"policy_id\":0}"),
                               alc_cstr(PROVEN("{\"payout\":5}"))));
    assert_false(fake_callback(near_entry_on_answer, alc_cstr("{\"policy_id\":0}"),
                               alc_cstr(PROVEN("{\"payout_yocto\":5}"))));
    answered(PROVEN("{\"payout_yocto\":\"0\"}"));
    assert_int_equal(fake_receipts(), 1);
    assert_string_equal(fake_receipt(0)->receiver, "insurer.test");
}

static void an_answer_to_a_plain_question_moves_no_money(void **state)
{
    (void)state;
    fake_env.deposit = 9;
    ok(near_entry_ask, "{\"url\":\"https://x\",\"hash\":\"h\",\"input_data\":\"q\"}");
    assert_string_equal((const char *)fake_receipt(1)->args.p, "{\"policy_id\":null}");
    fake_env.deposit = 0;
    assert_true(fake_callback(near_entry_on_answer, alc_cstr("{\"policy_id\":null}"),
                              alc_cstr(PROVEN("[1, 2]"))));
    assert_int_equal(fake_receipts(), 0);
    shows("{\"policy_id\":null,\"output\":[1,2],\"paid_yocto\":\"0\",\"statement_hash\":\"aa\","
          "\"worker_key\":\"ed25519:k\",\"request_id\":7}",
          near_entry_get_last_answer, "");
}

static void insuring_has_its_conditions(void **state)
{
    (void)state;
    fake_env.deposit = 999;
    panics("The deposit must be the sum insured", near_entry_insure, POLICY);
    fake_env.deposit = 1000;
    as("eve.test");
    panics("Only the insurer can insure", near_entry_insure, POLICY);
    as("insurer.test");
    ok(near_entry_insure, POLICY);
    assert_string_equal((const char *)fake_returned().p, "1");
    fake_env.deposit = 0;
    panics("There is no such policy", near_entry_claim, "{\"policy_id\":2}");
    shows("null", near_entry_get_policy, "{\"policy_id\":2}");
    panics("The contract has already been initialized", near_entry_new,
           "{\"compute_id\":\"eve.test\"}");
    panics("Method on_answer is private", near_entry_on_answer, "{}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, insured, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_claim_asks_for_proof),
        TEST(the_asker_chooses_the_level_of_proof),
        TEST(a_proven_answer_is_paid_and_kept),
        TEST(an_answer_without_proof_is_refused_and_nothing_kept),
        TEST(no_more_than_the_sum_insured_is_paid_and_only_once),
        TEST(a_proven_answer_that_is_no_verdict_changes_nothing),
        TEST(an_answer_to_a_plain_question_moves_no_money),
        TEST(insuring_has_its_conditions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
