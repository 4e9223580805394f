/* tests/contract/test_vm_reserve.c — callbacks in NEAR's VM with no more gas than was reserved for
 * them: a callback that ran out would leave a record, and the bytes that it takes of a cap, behind.
 */
#include "tests/contract/vm_calls.h"
#include "tests/lib/around.h"

#include "base/enc.h"

#include <inttypes.h>

#define TGAS ((uint64_t)ALC_NEAR_TGAS)
#define ARGS "{" SOURCE ",\"resource_limits\":{},\"input_data\":\""
#define ARGS_END "\"}"
#define ARGS_MAX 4194304u
#define INPUT_MAX (ARGS_MAX - (sizeof ARGS - 1) - (sizeof ARGS_END - 1))
#define OUTPUT_MAX 655360u
#define TEXT_MAX 1800000u /* as a JSON string */
#define TRIE_NODES 10u    /* charged for each write and removal of a callback */
#define TOKEN "usdc.test"
#define ACCESS_MAX 65536u
#define CIPHERTEXT_MAX 16000u /* with which the event of a top-up still fits a log */

/* one_fits makes a contract in which one request with so much input may wait, and not two.  What an
 * event holds besides the input differs with the calls before it: whatever compares gas begins so.
 */
static void one_fits(size_t input)
{
    char args[64];

    open_contract(NULL);
    snprintf(args, sizeof args, "{\"max_bytes\":%zu}", input + 2000);
    must(vmhost_do(h, "set_pending_bytes_cap", args), "set_pending_bytes_cap");
}

static const struct nearvm_outcome *request(const char *by, size_t input, uint64_t gas)
{
    char *args = around(ARGS, "x", input, ARGS_END);
    const struct nearvm_outcome *o = vmhost_call(h, &(struct vmhost_call){
                                                        .method = "request_execution",
                                                        .args = alc_cstr(args),
                                                        .signer = by,
                                                        .deposit = 100 * MILLI,
                                                        .gas = gas,
                                                    });
    free(args);
    return o;
}

static uint64_t reserve_of(size_t input)
{
    return 50 * TGAS + (input < 10000 ? 0 : input * 16000000);
}

/* The least gas that a transaction with such a request needs.  What it has beyond goes to the
 * callback, whose weight is the only one. */
static uint64_t least_gas(size_t input)
{
    uint64_t given;

    one_fits(input);
    must(request("alice.test", input, VMHOST_GAS), "a request with 300 Tgas");
    given = vmhost_yield(h, 0)->gas;
    assert_in_range(given, reserve_of(input) + 1, VMHOST_GAS);
    return VMHOST_GAS - (given - reserve_of(input));
}

/* request_at_least opens a request whose callback will have its reserve alone. */
static void request_at_least(size_t input)
{
    const uint64_t gas = least_gas(input);

    one_fits(input);
    must(request("alice.test", input, gas), "a request with the least gas");
    assert_int_equal(vmhost_yield(h, 0)->gas, reserve_of(input));
}

static const struct nearvm_outcome *wake(void)
{
    const struct nearvm_outcome *o;

    vmhost_env(h)->trie_nodes = TRIE_NODES;
    o = vmhost_wake(h, 0);
    vmhost_env(h)->trie_nodes = 0;
    return o;
}

static void pending_is(uint64_t bytes, size_t input)
{
    char text[64];

    snprintf(text, sizeof text, "[%" PRIu64 ",%zu]", bytes, input + 2000);
    assert_true(vmhost_returned(vmhost_view(h, "get_pending_bytes", ""), text));
}

static void nothing_waits(size_t input)
{
    pending_is(0, input);
    assert_true(vmhost_returned(vmhost_view(h, "get_pending_request_ids", "{}"), "[]"));
    assert_true(vmhost_returned(vmhost_view(h, "get_request", "{\"request_id\":0}"), "null"));
    assert_int_equal(vmhost_yields(h), 0);
}

static const size_t inputs[] = {9999, 10000, 100000, 1000000, 3000000, INPUT_MAX};

static void a_timeout_needs_no_more_than_its_reserve(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(inputs); i++) {
        const size_t n = inputs[i];
        const struct nearvm_outcome *o;
        uint64_t usage;

        request_at_least(n);
        refused(request("bob.test", n, VMHOST_GAS),
                "Too many bytes of pending requests: try again later");
        o = wake();
        if (!vmhost_returned(o, "null")) fail_msg("the timeout of %zu bytes", n);
        assert_true(vmhost_action(h, 0, 0)->amount == 99 * MILLI);
        print_message("%7zu bytes of input: timeout %5.1f of %5.1f Tgas\n", n, tgas(o->burnt_gas),
                      tgas(reserve_of(n)));
        nothing_waits(n);
        usage = vmhost_env(h)->usage_bytes;
        must(request("bob.test", n, VMHOST_GAS), "the next one's request");
        pending_is(vmhost_env(h)->usage_bytes - usage, n);
    }
}

static void a_request_that_cannot_reserve_fails_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(inputs); i++) {
        const uint64_t gas = least_gas(inputs[i]);
        const struct nearvm_outcome *o;
        uint64_t usage;

        one_fits(inputs[i]);
        usage = vmhost_env(h)->usage_bytes;
        o = request("alice.test", inputs[i], gas - 1);
        refused(o, "Exceeded the prepaid gas");
        nothing_waits(inputs[i]);
        assert_int_equal(vmhost_env(h)->usage_bytes, usage);
        print_message("%7zu bytes of input: a request needs %5.1f Tgas\n", inputs[i], tgas(gas));
    }
}

/* The longest input and the dearest output together. */
static void the_longest_answer_needs_no_more_than_its_reserve(void **state)
{
    static const struct {
        const char *json;
        size_t n;
    } outputs[] = {{"\\\"", OUTPUT_MAX}, {"\\n", OUTPUT_MAX}, {"\\u0001", 262144}};
    (void)state;
    for (size_t i = 0; i < COUNT(outputs); i++) {
        char *args =
            around("{\"request_id\":0,\"output\":{\"Text\":\"", outputs[i].json, outputs[i].n,
                   "\"},\"success\":true,\"resources_used\":{\"instructions\":5500000,"
                   "\"time_ms\":120}}");
        char *expected = around("\"", outputs[i].json, outputs[i].n, "\"");
        const struct nearvm_outcome *o;

        request_at_least(INPUT_MAX);
        must(vmhost_do(h, "submit_execution_output_and_resolve", args), "the answer");
        o = wake();
        assert_true(vmhost_ok(o));
        assert_true(alc_bytes_eq(o->value, alc_cstr(expected)));
        print_message("%zu of %s: callback %.1f of %.1f Tgas\n", outputs[i].n, outputs[i].json,
                      tgas(o->burnt_gas), tgas(reserve_of(INPUT_MAX)));
        nothing_waits(INPUT_MAX);
        free(args);
        free(expected);
    }
}

/* ---- A settlement ---- */

#define PROJECT VMHOST_SIGNER "/app"

static const struct nearvm_outcome *by_token(const char *args, uint64_t gas)
{
    return vmhost_call(h, &(struct vmhost_call){.method = "ft_on_transfer",
                                                .args = alc_cstr(args),
                                                .predecessor = TOKEN,
                                                .gas = gas});
}

/* priced makes a contract with a project whose price list is as long as it may be, and stablecoin
 * of VMHOST_SIGNER. */
static void priced(void)
{
    static char args[16384];
    size_t n;

    open_contract(NULL);
    must(vmhost_do(h, "set_payment_token_contract", "{\"token_contract\":\"" TOKEN "\"}"), "token");
    must(by_token("{\"sender_id\":\"" VMHOST_SIGNER
                  "\",\"amount\":\"1000000\",\"msg\":\"{\\\"action\\\":\\\"deposit_balance\\\"}\"}",
                  VMHOST_GAS),
         "deposit_balance");
    must(vmhost_call(h, &(struct vmhost_call){.method = "create_project",
                                              .args = ALC_LIT("{\"name\":\"app\"," SOURCE "}"),
                                              .deposit = 100 * MILLI}),
         "create_project");
    n = (size_t)snprintf(args, sizeof args,
                         "{\"project_id\":\"" PROJECT
                         "\",\"pricing\":{\"author_account_id\":\"%064d\",\"operations\":[",
                         0);
    for (unsigned i = 0; i < 32; i++)
        n += (size_t)snprintf(args + n, sizeof args - n,
                              "%s{\"operation\":\"%0400u\",\"price_usd\":\"5\","
                              "\"developer_share_bp\":5000}",
                              i == 0 ? "" : ",", i);
    snprintf(args + n, sizeof args - n, "]}}");
    must(vmhost_do(h, "set_project_pricing", args), "set_project_pricing");
}

static const struct nearvm_outcome *priced_request(uint64_t gas)
{
    static char head[1024];
    const struct nearvm_outcome *o;
    char *args;

    snprintf(head, sizeof head,
             "{\"source\":{\"Project\":{\"project_id\":\"" PROJECT
             "\"}},\"resource_limits\":{},\"params\":{\"attached_usd\":\"9\"},\"input_data\":"
             "\"{\\\"operation\\\":\\\"%0400u\\\",\\\"x\\\":[0",
             31);
    args = around(head, ",0", 4700, "]}\"}");
    o = vmhost_call(h, &(struct vmhost_call){.method = "request_execution",
                                             .args = alc_cstr(args),
                                             .deposit = 100 * MILLI,
                                             .gas = gas});
    free(args);
    return o;
}

/* The longest text that is kept, to a request that is settled among three accounts: nothing else
 * costs a callback as much without an input for which more gas is reserved. */
static void the_dearest_settlement_needs_no_more_than_its_reserve(void **state)
{
    const size_t six = (TEXT_MAX - 2 - OUTPUT_MAX + 4) / 5, one = TEXT_MAX - 2 - 6 * six;
    char *control = around("", "\\u0001", six, "\"");
    char *text = around("\"", "x", one, control);
    char *args = around("{\"request_id\":0,\"output\":{\"Text\":", text, 1, "}}");
    const struct nearvm_outcome *o;
    uint64_t given;
    (void)state;
    priced();
    must(priced_request(VMHOST_GAS), "a request with 300 Tgas");
    given = vmhost_yield(h, 0)->gas;
    priced();
    must(priced_request(VMHOST_GAS - (given - 50 * TGAS)), "a request with the least gas");
    assert_int_equal(vmhost_yield(h, 0)->gas, 50 * TGAS);
    must(vmhost_do(h, "submit_execution_output", args), "submit_execution_output");
    must(vmhost_do(h, "resolve_execution",
                   "{\"request_id\":0,\"response\":{\"success\":true,\"resources_used\":{"
                   "\"instructions\":5500000,\"time_ms\":120}}}"),
         "resolve_execution");
    o = wake();
    print_message("%u bytes of text, settled: %.1f of 50.0 Tgas\n", TEXT_MAX, tgas(o->burnt_gas));
    assert_true(vmhost_ok(o));
    assert_true(alc_bytes_eq(o->value, alc_cstr(text)));
    free(control);
    free(text);
    free(args);
}

/* ---- Top-ups ---- */

/* A condition that is `n` bytes of compact JSON; freed by the caller. */
static char *access_of(size_t n)
{
    static const char head[] = "{\"Whitelist\":{\"accounts\":[\"";
    static const char unit[] = "a-name-of-twenty-two.x\",\"";
    const size_t left = n - (sizeof head - 1) - 4, units = (left - 2) / (sizeof unit - 1);
    char last[64];
    char *text;

    snprintf(last, sizeof last, "%0*d\"]}}", (int)(left - units * (sizeof unit - 1)), 0);
    text = around(head, unit, units, last);
    assert_int_equal(strlen(text), n);
    return text;
}

/* key_with makes a contract with a payment token, and a payment key with `access` bytes of
 * condition. */
static void key_with(size_t access)
{
    char *text = access_of(access), *args;
    const char before[] = "{\"accessor\":{\"System\":\"PaymentKey\"},\"profile\":\"1\",\"access\":";
    char *data = around(",\"encrypted_secrets_base64\":\"", "A", CIPHERTEXT_MAX, "\"}");

    open_contract(NULL);
    must(vmhost_do(h, "set_payment_token_contract", "{\"token_contract\":\"" TOKEN "\"}"), "token");
    args = around(before, text, 1, data);
    must(vmhost_call(h, &(struct vmhost_call){.method = "store_secrets",
                                              .args = alc_cstr(args),
                                              .deposit = 2000 * MILLI}),
         "store_secrets");
    free(text);
    free(args);
    free(data);
}

static const struct nearvm_outcome *top_up(uint64_t gas)
{
    return by_token("{\"sender_id\":\"" VMHOST_SIGNER
                    "\",\"amount\":\"20000\",\"msg\":\"{\\\"action\\\":\\\"top_up_payment_key\\\","
                    "\\\"nonce\\\":1}\"}",
                    gas);
}

static struct alc_bytes key_of_alice(void)
{
    const struct nearvm_outcome *o =
        vmhost_view(h, "get_secrets",
                    "{\"accessor\":{\"System\":\"PaymentKey\"},\"profile\":\"1\",\"owner\":"
                    "\"" VMHOST_SIGNER "\"}");

    return must(o, "get_secrets")->value;
}

static void a_top_up_needs_no_more_than_its_reserve(void **state)
{
    static char args[2048];
    char id[65] = {0}, *data = around("", "B", 1023, "");
    const struct nearvm_outcome *o;
    uint64_t given;
    size_t n;
    (void)state;
    key_with(ACCESS_MAX);
    must(top_up(VMHOST_GAS), "a top-up with 300 Tgas");
    given = vmhost_yield(h, 0)->gas;
    assert_in_range(given, 30 * TGAS + 1, VMHOST_GAS);
    key_with(ACCESS_MAX);
    refused(top_up(VMHOST_GAS - (given - 30 * TGAS) - 1), "Exceeded the prepaid gas");
    assert_int_equal(vmhost_yields(h), 0);
    key_with(ACCESS_MAX);
    must(top_up(VMHOST_GAS - (given - 30 * TGAS)), "a top-up with the least gas");
    assert_int_equal(vmhost_yield(h, 0)->gas, 30 * TGAS);

    assert_true(alc_hex_encode(id, 64, &n, alc_hash_bytes(&vmhost_yield(h, 0)->data_id)));
    snprintf(args, sizeof args,
             "{\"data_id\":\"%s\",\"result\":{\"Success\":{\"new_encrypted_data\":\"%s\"}}}", id,
             data);
    must(vmhost_do(h, "resume_topup", args), "resume_topup");
    o = wake();
    assert_true(vmhost_returned(o, "\"0\""));
    print_message("%u bytes of access: on_top_up_response %.1f of 30.0 Tgas\n", ACCESS_MAX,
                  tgas(o->burnt_gas));
    snprintf(args, sizeof args, "{\"encrypted_secrets\":\"%s\",\"access\":{\"Whitelist\":", data);
    assert_true(holds(key_of_alice(), args));
    free(data);
}

/* The condition may grow while the answer is awaited.  The callback then fails, upon which the
 * token gives all back: the ciphertext must be the old one. */
static void a_top_up_that_fails_changes_no_key(void **state)
{
    static char resume[256];
    char id[65] = {0}, *access = access_of(1000000), *args;
    const struct nearvm_outcome *o;
    size_t n;
    (void)state;
    key_with(ACCESS_MAX);
    must(top_up(40 * TGAS), "a top-up with 40 Tgas");
    args = around("{\"accessor\":{\"System\":\"PaymentKey\"},\"profile\":\"1\",\"new_access\":",
                  access, 1, "}");
    must(vmhost_call(h, &(struct vmhost_call){.method = "update_access",
                                              .args = alc_cstr(args),
                                              .deposit = 20000 * MILLI}),
         "update_access");
    assert_true(alc_hex_encode(id, 64, &n, alc_hash_bytes(&vmhost_yield(h, 0)->data_id)));
    snprintf(resume, sizeof resume,
             "{\"data_id\":\"%s\",\"result\":{\"Success\":{\"new_encrypted_data\":\"B\"}}}", id);
    must(vmhost_do(h, "resume_topup", resume), "resume_topup");
    o = wake();
    refused(o, "Exceeded the prepaid gas");
    assert_true(holds(key_of_alice(), "{\"encrypted_secrets\":\"AAAA"));
    free(access);
    free(args);
}

static void a_key_with_more_access_takes_no_top_up(void **state)
{
    (void)state;
    key_with(ACCESS_MAX + 1);
    assert_true(
        vmhost_panicked(top_up(VMHOST_GAS), "A key with access over 65536 bytes takes no top-up"));
    assert_int_equal(vmhost_yields(h), 0);
}

static void a_deletion_needs_no_more_than_its_reserve(void **state)
{
    static char args[256];
    char id[65] = {0};
    const struct vmhost_call ask = {
        .method = "delete_payment_key", .args = ALC_LIT("{\"nonce\":1}"), .deposit = 1};
    struct vmhost_call least = ask;
    const struct nearvm_outcome *o;
    size_t n;
    (void)state;
    key_with(ACCESS_MAX);
    must(vmhost_call(h, &ask), "a deletion with 300 Tgas");
    least.gas = VMHOST_GAS - (vmhost_yield(h, 0)->gas - 30 * TGAS);
    key_with(ACCESS_MAX);
    must(vmhost_call(h, &least), "a deletion with the least gas");
    assert_int_equal(vmhost_yield(h, 0)->gas, 30 * TGAS);
    assert_true(alc_hex_encode(id, 64, &n, alc_hash_bytes(&vmhost_yield(h, 0)->data_id)));
    snprintf(args, sizeof args, "{\"data_id\":\"%s\",\"result\":\"Success\"}", id);
    must(vmhost_do(h, "resume_delete_payment_key", args), "resume_delete_payment_key");
    o = wake();
    assert_true(vmhost_ok(o));
    print_message("%u bytes of access: on_delete_payment_key_response %.1f of 30.0 Tgas\n",
                  ACCESS_MAX, tgas(o->burnt_gas));
    assert_true(alc_bytes_is(key_of_alice(), "null"));
}

#define TEST(name) cmocka_unit_test_teardown(name, close_contract)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_timeout_needs_no_more_than_its_reserve),
        TEST(a_request_that_cannot_reserve_fails_whole),
        TEST(the_longest_answer_needs_no_more_than_its_reserve),
        TEST(the_dearest_settlement_needs_no_more_than_its_reserve),
        TEST(a_top_up_needs_no_more_than_its_reserve),
        TEST(a_top_up_that_fails_changes_no_key),
        TEST(a_key_with_more_access_takes_no_top_up),
        TEST(a_deletion_needs_no_more_than_its_reserve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
