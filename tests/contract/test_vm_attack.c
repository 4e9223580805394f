/* tests/contract/test_vm_attack.c — a megabyte of arguments, and brackets without end, against the
 * compiled main contract with the gas that a transaction can buy: every call is served or ends with
 * a sentence, and none by running out of gas or stack. */
#include "tests/contract/vm_calls.h"
#include "tests/lib/around.h"

#include "methods.h"

#include "contract/near.h"

#define MEGABYTE (1u << 20)
#define SECRET                                                                                     \
    "\"accessor\":{\"Repo\":{\"repo\":\"github.com/a/b\",\"branch\":null}},\"profile\":\"p\""

static const struct {
    const char *name;
    enum near_kind kind;
} methods[] = {
#define ROW(name, kind) {#name, NEAR_##kind},
    COMPUTE_METHODS(ROW)
#undef ROW
};

/* A call with what its kind wants; a callback hears that its promise failed. */
static const struct nearvm_outcome *call(size_t method, const char *args)
{
    const struct nearvm_result failed = {0};
    const bool callback = methods[method].kind == NEAR_PRIVATE;

    return vmhost_call(
        h, &(struct vmhost_call){.method = methods[method].name,
                                 .args = alc_cstr(args),
                                 .predecessor = callback ? "c.test" : NULL,
                                 .results = callback ? &failed : NULL,
                                 .results_count = callback ? 1 : 0,
                                 .view = methods[method].kind == NEAR_VIEW,
                                 .deposit = methods[method].kind == NEAR_PAYABLE
                                                ? (__uint128_t)ALC_NEAR_TGAS * 100000000000000u
                                                : 0});
}

/* Served, or refused with a sentence of the contract's own. */
static void must_end_well(const struct nearvm_outcome *o, const char *method, const char *args)
{
    static const char panicked[] = "Smart contract panicked: ";

    if (o->end == NEARVM_OK) return;
    if (o->end == NEARVM_ABORTED && o->error.n > sizeof panicked - 1 &&
        memcmp(o->error.p, panicked, sizeof panicked - 1) == 0)
        return;
    fail_msg("%s of %.40s... ended with %.*s after %.1f Tgas", method, args, (int)o->error.n,
             (const char *)o->error.p, tgas(o->burnt_gas));
}

static void a_megabyte_ends_within_the_gas_of_a_transaction(void **state)
{
    static const struct {
        const char *before, *unit, *after;
    } texts[] = {
        {"{\"x\":\"", "\\n", "\"}"},
        {"{\"x\":\"", "\xc3\xa9", "\"}"},
        {"{\"x\":", "[", ""},
        {"{\"x\":[0", ",1", "]}"},
        {"{\"x\":", "9", "}"},
        {"{", " ", "}"},
        {"", "[", ""},
        {"{\"k\":1", ",\"k\":1", "}"},
    };
    (void)state;
    for (size_t t = 0; t < COUNT(texts); t++) {
        uint64_t most = 0;
        const char *by = "";
        char *args = around(texts[t].before, texts[t].unit, MEGABYTE / strlen(texts[t].unit),
                            texts[t].after);

        for (size_t i = 0; i < COUNT(methods); i++) {
            const struct nearvm_outcome *o = call(i, args);
            must_end_well(o, methods[i].name, args);
            if (o->burnt_gas <= most) continue;
            most = o->burnt_gas;
            by = methods[i].name;
        }
        print_message("1 MiB of %-10s at most %6.1f Tgas (%s)\n", texts[t].unit, tgas(most), by);
        free(args);
    }
}

/* Arguments that do something with a megabyte. */
static void a_megabyte_that_is_used_is_taken(void **state)
{
    static const struct {
        const char *method, *before, *unit, *after;
        bool taken;
    } calls[] = {
        {"request_execution", "{" SOURCE ",\"resource_limits\":{},\"input_data\":\"", "x", "\"}",
         true},
        {"request_execution", "{" SOURCE ",\"resource_limits\":{},\"input_data\":\"", "\\\"", "\"}",
         true},
        {"request_execution", "{" SOURCE ",\"resource_limits\":{},\"input_data\":\"", "\\u0001",
         "\"}", true},
        {"request_execution", "{" SOURCE ",\"resource_limits\":{},\"input_data\":\"",
         "\xe2\x98\x83", "\"}", true},
        {"store_secrets", "{" SECRET ",\"access\":\"AllowAll\",\"encrypted_secrets_base64\":\"",
         "A", "\"}", true},
        {"store_secrets",
         "{" SECRET ",\"encrypted_secrets_base64\":\"A\",\"access\":{\"Whitelist\":{\"accounts\":["
         "\"a.test\"",
         ",\"b.test\"", "]}}}", true},
        {"store_secrets",
         "{" SECRET ",\"encrypted_secrets_base64\":\"A\",\"access\":{\"Logic\":{\"operator\":"
         "\"And\",\"conditions\":[\"AllowAll\"",
         ",\"AllowAll\"", "]}}}", true},
        {"store_secrets",
         "{" SECRET ",\"encrypted_secrets_base64\":\"A\",\"access\":{\"Logic\":{\"operator\":"
         "\"And\",\"conditions\":[\"AllowAll\"",
         ",{\"AccountPattern\":{\"pattern\":\"(a+)+$\"}}", "]}}}", false},
        {"cancel_pending_requests", "{\"request_ids\":[0", ",0", "]}", false},
        {"set_subscription_plans", "{\"plans\":[null", ",null", "]}", false},
        {"set_subscription_plans", "{\"plans\":[[1,\"n\",\"1\",true]", ",[1,\"n\",\"1\",true]",
         "]}", false},
        {"set_project_pricing",
         "{\"project_id\":\"a.test/a\",\"pricing\":[\"a.test\",[[\"op\",\"1\",1]",
         ",[\"op\",\"1\",1]", "]]}", false},
        {"retain_worker_keys", "{\"measurements\":[\"\"", ",\"\"", "]}", false},
        {"resolve_execution",
         "{\"request_id\":0,\"response\":{\"success\":true,\"resources_used\":{\"instructions\":1,"
         "\"time_ms\":1},\"output\":{\"Bytes\":[1",
         ",1", "]}}}", false},
        {"submit_execution_output", "{\"request_id\":0,\"output\":{\"Json\":[1", ",1", "]}}",
         false},
        {"ft_on_transfer", "{\"sender_id\":\"a.test\",\"amount\":\"1\",\"msg\":\"", "[", "\"}",
         false},
        {"ft_on_transfer",
         "{\"sender_id\":\"alice.test\",\"amount\":\"1\",\"msg\":\"{\\\"x\\\":\\\"", "y",
         "\\\",\\\"action\\\":\\\"deposit_balance\\\"}\"}", true},
    };
    (void)state;
    assert_true(vmhost_ok(
        vmhost_do(h, "set_payment_token_contract", "{\"token_contract\":\"" VMHOST_SIGNER "\"}")));
    for (size_t i = 0; i < COUNT(calls); i++) {
        char *args = around(calls[i].before, calls[i].unit, MEGABYTE / strlen(calls[i].unit),
                            calls[i].after);
        const struct nearvm_outcome *o;
        size_t m = 0;

        while (strcmp(methods[m].name, calls[i].method) != 0)
            m++;
        o = call(m, args);
        must_end_well(o, calls[i].method, args);
        print_message("%-24s of %-40s %6.1f Tgas\n", calls[i].method, calls[i].unit,
                      tgas(o->burnt_gas));
        if ((o->end == NEARVM_OK) != calls[i].taken)
            fail_msg("%s of %s: %.*s", calls[i].method, calls[i].unit, (int)o->error.n,
                     (const char *)o->error.p);
        free(args);
    }
}

/* What recursion there is stands on 64 kB of stack, which the depth of JSON bounds. */
static void brackets_do_not_use_up_the_stack(void **state)
{
    static const struct {
        const char *before, *open, *inside, *close, *after;
    } nests[] = {
        {"{" SECRET ",\"encrypted_secrets_base64\":\"A\",\"access\":", "{\"Not\":{\"condition\":",
         "\"AllowAll\"", "}}", "}"},
        {"{" SECRET ",\"encrypted_secrets_base64\":\"A\",\"access\":",
         "{\"Logic\":{\"conditions\":[", "\"AllowAll\"", "],\"operator\":\"Or\"}}", "}"},
        {"{" SECRET ",\"encrypted_secrets_base64\":\"A\",\"access\":", "{\"Not\":[", "\"AllowAll\"",
         "]}", "}"},
    };
    static const size_t depths[] = {1, 41, 42, 62, 63, 64, 127, 1000, 20000};
    size_t m = 0;
    (void)state;
    while (strcmp(methods[m].name, "store_secrets") != 0)
        m++;
    for (size_t i = 0; i < COUNT(nests); i++)
        for (size_t k = 0; k < COUNT(depths); k++) {
            char *open = around(nests[i].before, nests[i].open, depths[k], nests[i].inside);
            char *args = around(open, nests[i].close, depths[k], nests[i].after);
            const struct nearvm_outcome *o = call(m, args);

            must_end_well(o, "store_secrets", args);
            /* Two levels each, three of a Logic, and one for the arguments. */
            if ((o->end == NEARVM_OK) != (depths[k] <= (i == 1 ? 42 : 63)))
                fail_msg("%zu of %s: %.*s", depths[k], nests[i].open, (int)o->error.n,
                         (const char *)o->error.p);
            free(open);
            free(args);
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_contract, close_contract)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_megabyte_ends_within_the_gas_of_a_transaction),
        TEST(a_megabyte_that_is_used_is_taken),
        TEST(brackets_do_not_use_up_the_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
