/* tests/contract/test_vm_onchain.c — level "onchain" of the compiled main contract in NEAR's VM:
 * that the gas it sets aside suffices where it is needed most. */
#include "tests/contract/vm_calls.h"
#include "tests/contract/vm_proofs.h"

#include "tests/lib/around.h"

#include "base/enc.h"

#define REFUSED "{\"accepted\":false,\"simulated\":true,\"refusal\":\"QUOTE_SIGNATURE\"}"

static const struct alc_hash enclave = {{0x11}};

static int open_vouched(void **state)
{
    (void)state;
    open_compute("{\"owner_id\":\"" VMHOST_SIGNER "\",\"operator_id\":\"" VM_OPERATOR
                 "\",\"chain_id\":\"localnet\"}");
    must(vm_vouched(h, &enclave), "add_worker_key");
    return 0;
}

static void request(void)
{
    static const char args[] = "{" SOURCE ",\"resource_limits\":{},\"params\":{\"proof\":"
                               "\"onchain\",\"with_proof\":true}}";
    assert_true(vmhost_ok(vmhost_call(
        h, &(struct vmhost_call){.method = "request_execution",
                                 .args = alc_cstr(args),
                                 .deposit = (__uint128_t)ALC_NEAR_TGAS * 100000000000u})));
}

/* An answer with `n` times `unit` of text, stored, under a quote of `quote_n` bytes. */
static struct vm_asked submit(uint64_t id, char unit, size_t n, size_t quote_n, uint64_t gas)
{
    static struct vm_proof proof;
    uint8_t *quote = calloc(1, quote_n + 1);
    char *out = malloc(n + 1), *args = malloc(2 * n + 65536);
    char *json = around("", unit == '"' ? "\\\"" : (char[]){unit, 0}, n, "");
    const struct nearvm_outcome *o;
    struct vm_asked asked;

    assert_true(out != NULL && args != NULL && quote != NULL);
    memset(out, unit, n);
    out[n] = 0;
    vm_statement(&proof, h, id, ALC_OUTPUT_TEXT, (struct alc_bytes){(const uint8_t *)out, n},
                 &enclave);
    vm_evidence(&proof, (struct alc_bytes){quote, quote_n});
    sprintf(args,
            "{\"request_id\":%u,\"output\":{\"Text\":\"%s\"},\"success\":true,\"resources_used\":{"
            "\"instructions\":5500000,\"time_ms\":120},\"statement\":\"%s\",\"evidence\":\"%s\"}",
            (unsigned)id, json, proof.statement64, proof.evidence64);
    o = vmhost_call(h, &(struct vmhost_call){.method = "submit_execution_output_and_resolve",
                                             .args = alc_cstr(args),
                                             .signer = VM_OPERATOR,
                                             .key = &(struct alc_near_key){.b = {0}},
                                             .gas = gas});
    assert_true(vmhost_panicked(o, "Statement refused: the transaction is signed by another key"));
    o = vm_by_operator(h, "submit_execution_output_and_resolve", args);
    assert_true(vmhost_ok(o));
    print_message("submit and resolve, %zu bytes: %.3f Tgas\n", n, tgas(o->burnt_gas));
    asked = vm_asked(h);
    free(args);
    free(json);
    free(out);
    free(quote);
    return asked;
}

static void the_longest_output_is_removed_within_the_callbacks_gas(void **state)
{
    static const struct {
        char unit;
        size_t n;
    } texts[] = {{'y', 1}, {'y', 655360}, {'"', 655360}};
    (void)state;
    for (unsigned i = 0; i < COUNT(texts); i++) {
        const struct nearvm_outcome *o;
        struct vm_asked asked;
        char pending[64], id[64];

        request();
        o = vmhost_view(h, "get_pending_bytes", "");
        assert_true(vmhost_ok(o));
        snprintf(pending, sizeof pending, "%.*s", (int)o->value.n, (const char *)o->value.p);
        asked = submit(i, texts[i].unit, texts[i].n, 16384, VMHOST_GAS);
        o = vm_verdict(h, &asked, ALC_LIT(REFUSED));
        assert_true(vmhost_returned(o, "false"));
        assert_true(vmhost_logged(o, "Quote refused: QUOTE_SIGNATURE"));
        print_message("on_quote_verified, %zu bytes removed: %.3f of %.0f Tgas\n", texts[i].n,
                      tgas(o->burnt_gas), tgas(asked.callback_gas));
        assert_true(vmhost_returned(vmhost_view(h, "get_pending_bytes", ""), pending));
        snprintf(id, sizeof id, "{\"request_id\":%u}", i);
        assert_true(vmhost_returned(vmhost_view(h, "has_pending_output", id), "false"));
        vm_asked_fini(&asked);

        /* And the same answer once more, which is accepted. */
        asked = submit(i, texts[i].unit, texts[i].n, 16384, VMHOST_GAS);
        o = vm_verdict(h, &asked, alc_cstr(vm_accepting(&asked, &enclave)));
        assert_true(vmhost_returned(o, "true"));
        o = vmhost_wake(h, 0);
        assert_true(vmhost_ok(o));
        assert_true(holds(o->value, "\"statement_hash\":\""));
        assert_true(o->value.n > texts[i].n);
        vm_asked_fini(&asked);
    }
}

/* A statement over a stored text is held against the text: its JSON string is read once more. */
static void the_dearest_stored_text_is_judged_within_a_transaction(void **state)
{
    static struct vm_proof proof;
    static char resolve[40960];
    const uint8_t quote[5006] = {0};
    char *text = around("", "\n", 655360, ""), *json = around("", "\\n", 655360, "\"}}");
    char *args = around("{\"request_id\":0,\"output\":{\"Text\":\"", json, 1, "");
    const struct nearvm_outcome *o;
    struct vm_asked asked;
    (void)state;
    request();
    must(vm_by_operator(h, "submit_execution_output", args), "submit_execution_output");
    for (unsigned i = 0; i < 2; i++) { /* of other bytes, then of these */
        vm_statement(&proof, h, 0, ALC_OUTPUT_TEXT, alc_cstr(i == 0 ? json : text), &enclave);
        vm_evidence(&proof, (struct alc_bytes){quote, sizeof quote});
        snprintf(resolve, sizeof resolve,
                 "{\"request_id\":0,\"response\":{\"success\":true,\"resources_used\":{"
                 "\"instructions\":5500000,\"time_ms\":120}},\"statement\":\"%s\",\"evidence\":"
                 "\"%s\"}",
                 proof.statement64, proof.evidence64);
        o = vm_by_operator(h, "resolve_execution", resolve);
        if (i == 0) assert_true(vmhost_panicked(o, "Statement refused: another output"));
    }
    assert_true(vmhost_ok(o));
    print_message("resolve over 655360 stored line breaks: %.1f Tgas\n", tgas(o->burnt_gas));
    asked = vm_asked(h);
    assert_true(
        vmhost_returned(vm_verdict(h, &asked, alc_cstr(vm_accepting(&asked, &enclave))), "true"));
    o = vmhost_wake(h, 0);
    assert_true(vmhost_ok(o));
    assert_in_range(o->burnt_gas, 1, 50 * (uint64_t)ALC_NEAR_TGAS);
    assert_true(o->value.n > 2 * 655360);
    vm_asked_fini(&asked);
    free(text);
    free(json);
    free(args);
}

static void what_60_tgas_leave_for_the_register(void **state)
{
    static struct vm_proof proof;
    static char args[40960];
    const struct nearvm_outcome *o;
    struct vm_asked asked;
    uint8_t quote[5006] = {0};
    struct alc_near_key key = {.b = {0}};

    (void)state;
    request();
    memset(key.b, 0x22, 32);
    vm_statement(&proof, h, 0, ALC_OUTPUT_JSON, alc_cstr(VM_OUTPUT), &enclave);
    vm_evidence(&proof, (struct alc_bytes){quote, sizeof quote});
    snprintf(args, sizeof args,
             "{\"request_id\":0," VM_ANSWER ",\"statement\":\"%s\",\"evidence\":\"%s\"}",
             proof.statement64, proof.evidence64);
    o = vmhost_call(h, &(struct vmhost_call){.method = "resolve_execution",
                                             .args = alc_cstr(args),
                                             .signer = VM_OPERATOR,
                                             .key = &key,
                                             .gas = 60 * (uint64_t)ALC_NEAR_TGAS});
    assert_true(vmhost_ok(o));
    asked = vm_asked(h);
    print_message("of 60 Tgas: %.3f burnt, verify_quote gets %.1f, the callback %.1f\n",
                  tgas(o->burnt_gas), tgas(asked.verify_gas), tgas(asked.callback_gas));
    assert_true(asked.verify_gas >= 40 * (uint64_t)ALC_NEAR_TGAS);
    o = vm_verdict(h, &asked, (struct alc_bytes){NULL, 0});
    assert_true(vmhost_returned(o, "false"));
    assert_true(vmhost_logged(o, "Quote refused: NO_VERDICT"));
    vm_asked_fini(&asked);
}

static void a_full_list_of_keys_can_be_emptied_and_shown(void **state)
{
    static char args[256];
    const struct nearvm_outcome *o;

    (void)state;
    for (unsigned i = 0; i < 255; i++) {
        struct alc_hash k = {{(uint8_t)i, 1, 7}};
        char key[64];
        size_t n;
        assert_true(alc_base58_encode(key, sizeof key, &n, alc_hash_bytes(&k)));
        snprintf(args, sizeof args,
                 "{\"public_key\":\"%.*s\",\"expires_ns\":%s,\"measurement\":\"%064d\","
                 "\"simulated\":true}",
                 (int)n, key, i == 0 ? "5" : "1800000000000000000", 0);
        o = vm_by_operator(h, "add_worker_key", args);
        assert_true(vmhost_ok(o));
    }
    print_message("add_worker_key to 255: %.3f Tgas\n", tgas(o->burnt_gas));
    snprintf(args, sizeof args,
             "{\"public_key\":\"11111111111111111111111111111112\",\"expires_ns\":5}");
    o = vm_by_operator(h, "add_worker_key", args);
    assert_true(vmhost_ok(o));
    print_message("add_worker_key to 256, one has expired: %.3f Tgas\n", tgas(o->burnt_gas));
    assert_in_range(o->burnt_gas, 1, 5 * (uint64_t)ALC_NEAR_TGAS);
    assert_true(vmhost_ok(vmhost_view(h, "get_worker_keys", "")));
    o = vm_by_operator(h, "retain_worker_keys", "{\"measurements\":[]}");
    assert_true(vmhost_ok(o));
    print_message("retain_worker_keys, all 256 end: %.3f Tgas\n", tgas(o->burnt_gas));
    assert_in_range(o->burnt_gas, 1, 60 * (uint64_t)ALC_NEAR_TGAS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_vouched, close_contract)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_longest_output_is_removed_within_the_callbacks_gas),
        TEST(the_dearest_stored_text_is_judged_within_a_transaction),
        TEST(what_60_tgas_leave_for_the_register),
        TEST(a_full_list_of_keys_can_be_emptied_and_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
