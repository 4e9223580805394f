/* tests/unit/nearvm/test_nearvm.c — what contracts do in NEAR's VM comes out as C data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vmhost.h"

/* Prices of protocol version 88, from NEAR's documentation, not from the crate. */
#define GAS_INSTRUCTION 822756u
#define GAS_LOAD_BASE 35445963u
#define GAS_LOAD_BYTE 1089295u
#define GAS_READ_MEMORY_BASE 2609863200u
#define GAS_READ_MEMORY_BYTE 3801333u
#define GAS_WRITE_REGISTER_BASE 2865522486u
#define GAS_WRITE_REGISTER_BYTE 3801564u
#define GAS_READ_REGISTER_BYTE 98562u
#define GAS_SHA256_BASE 4540970250u
#define GAS_SHA256_BYTE 24117351u
#define GAS_TRIE_NODE 2280000000u
#define GAS_EVICTED_BYTE 32117307u
#define GAS_STAKE 911834726400u
#define GAS_RESUME_BASE 1195627285210u

static int open_probe(void **state)
{
    *state = vmhost_open("probe.test", vmhost_file(WASM_DIR "/probe.wasm"));
    return 0;
}

static int close_probe(void **state)
{
    vmhost_close(*state);
    return 0;
}

static void assert_text(struct alc_bytes got, const char *want)
{
    if (!alc_bytes_is(got, want))
        fail_msg("got `%.*s`, want `%s`", (int)got.n, (const char *)got.p, want);
}

static void assert_holds(struct alc_bytes got, const char *part)
{
    if (memmem(got.p, got.n, part, strlen(part)) == NULL)
        fail_msg("`%s` is not in `%.*s`", part, (int)got.n, (const char *)got.p);
}

/* ---- ends ---- */

static void value_comes_back(void **state)
{
    const struct nearvm_outcome *o = vmhost_do(*state, "value", "");
    assert_true(vmhost_returned(o, "ok"));
    assert_int_equal(o->returned, NEARVM_RETURN_VALUE);
    assert_int_equal(o->abort, NEARVM_ABORT_NONE);
    assert_int_equal(o->error.n, 0);
    assert_int_equal(o->used_gas, o->burnt_gas);
    assert_int_equal(vmhost_do(*state, "empty", "")->returned, NEARVM_RETURN_NONE);
}

static void panic_says_its_text_in_all_forms(void **state)
{
    const struct nearvm_outcome *o = vmhost_do(*state, "panic", "");
    assert_true(vmhost_panicked(o, "no luck"));
    assert_int_equal(o->abort, NEARVM_ABORT_HOST);
    assert_text(o->error_debug, "HostError(GuestPanic { panic_msg: \"no luck\" })");
    assert_text(o->error_json, "{\"ExecutionError\":\"Smart contract panicked: no luck\"}");
    assert_true(o->burnt_gas > 0);
}

static void log_lines_come_out(void **state)
{
    const struct nearvm_outcome *o = vmhost_do(*state, "log", "");
    assert_int_equal(o->logs_count, 1);
    assert_text(o->logs[0], "hello");
}

static void missing_method_is_named_so(void **state)
{
    const struct nearvm_outcome *o = vmhost_do(*state, "nothing", "");
    assert_int_equal(o->end, NEARVM_ABORTED);
    assert_int_equal(o->abort, NEARVM_ABORT_METHOD);
    assert_text(o->error_debug, "MethodResolveError(MethodNotFound)");
    assert_text(o->error_json, "{\"MethodResolveError\":\"MethodNotFound\"}");
}

static void empty_method_name_is_refused(void **state)
{
    const struct nearvm_outcome *o = vmhost_do(*state, "", "");
    assert_text(o->error_json, "{\"MethodResolveError\":\"MethodEmptyName\"}");
}

static void unreachable_is_a_trap(void **state)
{
    const struct nearvm_outcome *o = vmhost_do(*state, "trap", "");
    assert_int_equal(o->abort, NEARVM_ABORT_TRAP);
    assert_text(o->error, "WebAssembly trap: An `unreachable` opcode was executed.");
}

/* The VM finds this one by a signal: it must live beside a sanitizer's handlers. */
static void memory_out_of_bounds_is_a_trap(void **state)
{
    const struct nearvm_outcome *o = vmhost_do(*state, "out_of_bounds", "");
    assert_int_equal(o->abort, NEARVM_ABORT_TRAP);
    assert_text(o->error, "WebAssembly trap: Memory out of bounds trap.");
    assert_true(vmhost_returned(vmhost_do(*state, "value", ""), "ok"));
}

static void endless_recursion_ends(void **state)
{
    assert_int_equal(vmhost_do(*state, "recurse", "")->end, NEARVM_ABORTED);
    assert_true(vmhost_returned(vmhost_do(*state, "value", ""), "ok"));
}

static void endless_loop_uses_the_gas_it_was_given_and_no_more(void **state)
{
    const struct nearvm_outcome *o = vmhost_call(
        *state, &(struct vmhost_call){.method = "spin", .gas = 2 * (uint64_t)ALC_NEAR_TGAS});
    assert_text(o->error, "Exceeded the prepaid gas.");
    assert_int_equal(o->burnt_gas, 2 * (uint64_t)ALC_NEAR_TGAS);
    assert_int_equal(o->used_gas, 2 * (uint64_t)ALC_NEAR_TGAS);
}

static void bytes_that_are_no_module_are_refused(void **state)
{
    const struct nearvm_outcome *o;
    vmhost_deploy(*state, ALC_LIT("#!/bin/sh\n"));
    o = vmhost_do(*state, "value", "");
    assert_int_equal(o->abort, NEARVM_ABORT_COMPILATION);
    assert_text(o->error_json, "{\"CompilationError\":{\"PrepareError\":\"Deserialization\"}}");
}

static void empty_code_is_no_module(void **state)
{
    vmhost_deploy(*state, ALC_LIT(""));
    assert_int_equal(vmhost_do(*state, "value", "")->abort, NEARVM_ABORT_COMPILATION);
}

static void unknown_import_makes_every_method_fail(void **state)
{
    const struct nearvm_outcome *o;
    vmhost_deploy(*state, vmhost_file(WASM_DIR "/stranger.wasm"));
    o = vmhost_do(*state, "empty", "");
    assert_int_equal(o->end, NEARVM_ABORTED);
    assert_int_equal(o->abort, NEARVM_ABORT_LINK);
    assert_holds(o->error_json, "{\"ExecutionError\":\"Link Error: ");
}

/* ---- context ---- */

static void contract_sees_who_calls_and_which_chain(void **state)
{
    const struct vmhost_call call = {.method = "who", .predecessor = "bob.test"};
    assert_true(vmhost_returned(vmhost_call(*state, &call), "bob.test"));
    vmhost_env(*state)->chain_id = "somewhere";
    assert_true(vmhost_returned(vmhost_do(*state, "chain", ""), "somewhere"));
}

static void view_reads_and_may_not_write(void **state)
{
    const struct nearvm_outcome *o;
    assert_true(vmhost_ok(vmhost_do(*state, "put", "v")));
    assert_true(vmhost_returned(vmhost_view(*state, "get", ""), "v"));
    o = vmhost_view(*state, "put", "w");
    assert_int_equal(o->end, NEARVM_ABORTED);
    assert_text(o->error_debug, "HostError(ProhibitedInView { method_name: \"storage_write\" })");
    assert_text(vmhost_view(*state, "who", "")->error,
                "predecessor_account_id is not allowed in view calls");
    assert_true(vmhost_returned(vmhost_view(*state, "get", ""), "v"));
}

static void deposit_is_in_the_balance_and_promises_take_from_it(void **state)
{
    __uint128_t before = vmhost_env(*state)->balance;
    const struct vmhost_call call = {.method = "empty", .deposit = 3};
    assert_true(vmhost_ok(vmhost_call(*state, &call)));
    assert_true(vmhost_env(*state)->balance == before + 3);
    assert_true(vmhost_ok(vmhost_do(*state, "promises", "")));
    assert_true(vmhost_env(*state)->balance == before + 3 - 10);
}

static void validator_stake_is_asked_of_the_chain(void **state)
{
    const struct nearvm_outcome *o = vmhost_do(*state, "stake_of", "");
    static const uint8_t zero[16];
    assert_true(vmhost_ok(o));
    assert_int_equal(o->value.n, 16);
    assert_memory_equal(o->value.p, zero, 16);
    assert_true(o->burnt_gas > GAS_STAKE);
}

/* ---- storage ---- */

static void storage_writes_evicts_reads_and_removes(void **state)
{
    const struct nearvm_outcome *o;
    uint64_t before = vmhost_env(*state)->usage_bytes;
    o = vmhost_do(*state, "put", "first");
    assert_true(vmhost_ok(o));
    assert_int_equal(o->value.n, 0);
    assert_int_equal(o->storage_usage_bytes, before + 1 + 5 + 40);
    assert_true(vmhost_returned(vmhost_do(*state, "put", "second!"), "first"));
    assert_int_equal(vmhost_env(*state)->usage_bytes, before + 1 + 7 + 40);
    assert_true(vmhost_returned(vmhost_do(*state, "get", ""), "second!"));
    assert_true(vmhost_returned(vmhost_do(*state, "has", ""), "1"));
    assert_true(vmhost_returned(vmhost_do(*state, "drop", ""), "second!"));
    assert_int_equal(vmhost_env(*state)->usage_bytes, before);
    assert_true(vmhost_returned(vmhost_do(*state, "has", ""), "0"));
    assert_int_equal(vmhost_do(*state, "get", "")->returned, NEARVM_RETURN_NONE);
    assert_int_equal(vmhost_do(*state, "drop", "")->returned, NEARVM_RETURN_NONE);
}

static void empty_value_is_a_value(void **state)
{
    assert_true(vmhost_ok(vmhost_do(*state, "put", "")));
    assert_int_equal(vmhost_do(*state, "get", "")->returned, NEARVM_RETURN_VALUE);
    assert_int_equal(vmhost_do(*state, "put", "x")->returned, NEARVM_RETURN_VALUE);
}

static void failed_call_leaves_no_writes(void **state)
{
    struct alc_bytes value;
    assert_true(vmhost_ok(vmhost_do(*state, "put", "kept")));
    assert_true(vmhost_panicked(vmhost_do(*state, "put_then_panic", ""), "no luck"));
    assert_int_equal(vmhost_records(*state), 1);
    assert_true(vmhost_get(*state, ALC_LIT("k"), &value));
    assert_text(value, "kept");
}

/* ---- promises ---- */

static void promises_come_out_as_receipts(void **state)
{
    const struct nearvm_outcome *o = vmhost_do(*state, "promises", "");
    const struct nearvm_receipt *r = o->receipts;
    const struct alc_near_action *a;

    assert_true(vmhost_ok(o));
    assert_int_equal(o->receipts_count, 3);
    assert_int_equal(o->returned, NEARVM_RETURN_PROMISE);
    assert_int_equal(o->promise, 2);

    assert_text(r[0].receiver_id, "bob.test");
    assert_int_equal(r[0].deps_count, 0);
    a = vmhost_action(*state, 0, 0);
    assert_int_equal(a->kind, ALC_NEAR_CALL);
    assert_text(a->method, "work");
    assert_text(a->data, "{}");
    assert_int_equal(a->gas, 10 * (uint64_t)ALC_NEAR_TGAS);
    assert_true(a->amount == 5);

    assert_text(r[1].receiver_id, "carol.test");
    a = vmhost_action(*state, 1, 0);
    assert_int_equal(a->kind, ALC_NEAR_TRANSFER);
    assert_true(a->amount == 5);

    assert_text(r[2].receiver_id, "probe.test");
    assert_int_equal(r[2].deps_count, 2);
    assert_int_equal(r[2].deps[0].receipt, 0);
    assert_int_equal(r[2].deps[1].receipt, 1);
    assert_false(alc_hash_eq(&r[2].deps[0].data_id, &r[2].deps[1].data_id));
    assert_int_equal(r[2].refund_to_id.n, 0);
}

static void gas_left_over_goes_to_the_weighted_call(void **state)
{
    const struct nearvm_outcome *o = vmhost_do(*state, "promises", "");
    assert_int_equal(o->used_gas, VMHOST_GAS);
    assert_true(vmhost_action(*state, 2, 0)->gas > 200 * (uint64_t)ALC_NEAR_TGAS);
}

static void weights_share_and_the_last_gets_the_remainder(void **state)
{
    const struct nearvm_outcome *o = vmhost_do(*state, "weights", "");
    const struct nearvm_fees *f = vmhost_fees();
    uint64_t one = vmhost_action(*state, 0, 0)->gas, two = vmhost_action(*state, 0, 1)->gas - 5;
    uint64_t reserved =
        f->action[NEARVM_ACTION_RECEIPT].exec +
        2 * (f->action[NEARVM_CALL_BASE].exec + 4 * f->action[NEARVM_CALL_BYTE].exec);
    assert_int_equal(o->used_gas, VMHOST_GAS);
    assert_int_equal(one + two, VMHOST_GAS - o->burnt_gas - reserved - 5);
    assert_int_equal(one, (one + two) / 3);
    assert_int_equal(two, one + two - one);
    assert_true(two - 2 * one < 3);
}

static void every_action_decodes_as_near_encodes_it(void **state)
{
    const struct nearvm_outcome *o = vmhost_do(*state, "actions", "");
    static const enum alc_near_action_kind kinds[] = {
        ALC_NEAR_CREATE_ACCOUNT, ALC_NEAR_TRANSFER,   ALC_NEAR_ADD_KEY,    ALC_NEAR_ADD_KEY,
        ALC_NEAR_ADD_KEY,        ALC_NEAR_DEPLOY,     ALC_NEAR_CALL,       ALC_NEAR_STAKE,
        ALC_NEAR_DEPLOY_GLOBAL,  ALC_NEAR_USE_GLOBAL, ALC_NEAR_STATE_INIT, ALC_NEAR_DELETE_KEY,
        ALC_NEAR_DELETE_ACCOUNT};
    static const uint8_t map[] = {2, 0, 0, 0,   1,   0,   0,   0,   '1', 1, 0, 0, 0,   '0', 5,
                                  0, 0, 0, 'h', 'e', 'l', 'l', 'o', 2,   0, 0, 0, 'o', 'k'};
    const struct alc_near_action *a[13];

    assert_true(vmhost_ok(o));
    assert_int_equal(o->receipts_count, 1);
    assert_text(o->receipts[0].refund_to_id, "carol.test");
    assert_int_equal(o->receipts[0].actions_count, 13);
    for (size_t i = 0; i < 13; i++) {
        a[i] = vmhost_action(*state, 0, i);
        assert_int_equal(a[i]->kind, kinds[i]);
    }
    assert_true(a[1]->amount == 5);
    assert_int_equal(a[2]->access.permission, ALC_NEAR_FULL_ACCESS);
    assert_int_equal(a[2]->access.nonce, 9);
    assert_int_equal(a[2]->key.b[31], 'a');
    assert_int_equal(a[3]->access.permission, ALC_NEAR_FUNCTION_CALL_KEY);
    assert_true(a[3]->access.has_allowance && a[3]->access.allowance == 5);
    assert_text(a[3]->access.receiver_id, "carol.test");
    assert_int_equal(a[3]->access.methods_count, 2);
    assert_text(a[3]->access.methods[1], "sub");
    assert_false(a[4]->access.has_allowance); /* 0 is no limit, the host says */
    assert_int_equal(a[4]->access.methods_count, 0);
    assert_text(a[5]->data, "hello");
    assert_text(a[6]->method, "work");
    assert_int_equal(a[6]->gas, 7);
    assert_true(a[7]->amount == 5);
    assert_text(a[8]->data, "hello");
    assert_int_equal(a[8]->by_account, 0);
    assert_int_equal(a[9]->by_account, 1);
    assert_text(a[9]->account_id, "carol.test");
    assert_int_equal(a[10]->by_account, 0);
    assert_memory_equal(a[10]->code_hash.b, "0123456789abcdef0123456789abcdef", 32);
    assert_int_equal(a[10]->data.n, sizeof map);
    assert_memory_equal(a[10]->data.p, map, sizeof map);
    assert_true(a[10]->amount == 5);
    assert_text(a[12]->account_id, "carol.test");
}

/* A `0u` state init, version 1: no code, no data, two keys. */
#define UNIVERSAL_KEY_AT 10u
#define UNIVERSAL_KEY_BYTES 33u
#define UNIVERSAL_BYTES (UNIVERSAL_KEY_AT + 2 * UNIVERSAL_KEY_BYTES)

static struct alc_bytes universal_init(uint8_t out[UNIVERSAL_BYTES], uint8_t first, uint8_t second)
{
    memset(out, 0, UNIVERSAL_BYTES);
    out[UNIVERSAL_KEY_AT - 4] = 2;
    memset(out + UNIVERSAL_KEY_AT + 1, first, 32);
    memset(out + UNIVERSAL_KEY_AT + UNIVERSAL_KEY_BYTES + 1, second, 32);
    return (struct alc_bytes){out, UNIVERSAL_BYTES};
}

static void newer_actions_decode_too(void **state)
{
    uint8_t bytes[UNIVERSAL_BYTES];
    const struct vmhost_call call = {.method = "actions", .args = universal_init(bytes, 1, 2)};
    const struct nearvm_outcome *o;
    const struct alc_near_action *a[6];

    vmhost_deploy(*state, vmhost_file(WASM_DIR "/newer.wasm"));
    o = vmhost_call(*state, &call);
    assert_true(vmhost_ok(o));
    assert_int_equal(o->receipts[0].actions_count, 6);
    for (size_t i = 0; i < 6; i++)
        a[i] = vmhost_action(*state, 0, i);
    assert_int_equal(a[0]->kind, ALC_NEAR_TRANSFER_GAS_KEY);
    assert_true(a[0]->amount == 5);
    assert_int_equal(a[0]->key.b[0], 'a');
    assert_int_equal(a[1]->access.permission, ALC_NEAR_GAS_FULL_ACCESS);
    assert_int_equal(a[1]->access.gas_nonces, 3);
    assert_true(a[1]->access.gas_balance == 0);
    assert_int_equal(a[2]->access.permission, ALC_NEAR_GAS_FUNCTION_CALL_KEY);
    assert_int_equal(a[2]->access.gas_nonces, 4);
    assert_true(a[2]->access.has_allowance && a[2]->access.allowance == 5);
    assert_text(a[2]->access.receiver_id, "carol.test");
    assert_int_equal(a[2]->access.methods_count, 2);
    assert_int_equal(a[3]->kind, ALC_NEAR_DEPLOY_GLOBAL);
    assert_int_equal(a[3]->by_account, 1);
    assert_int_equal(a[4]->kind, ALC_NEAR_USE_GLOBAL);
    assert_int_equal(a[4]->by_account, 0);
    assert_memory_equal(a[4]->code_hash.b, "0123456789abcdef0123456789abcdef", 32);
    assert_int_equal(a[5]->kind, ALC_NEAR_UNIVERSAL_INIT);
    assert_int_equal(a[5]->data.n, UNIVERSAL_BYTES);
    assert_memory_equal(a[5]->data.p, bytes, UNIVERSAL_BYTES);
    assert_true(a[5]->amount == 5);
}

static void universal_init_must_be_canonical(void **state)
{
    uint8_t bytes[UNIVERSAL_BYTES];
    struct vmhost_call call = {.method = "derive", .args = universal_init(bytes, 1, 2)};
    const struct nearvm_outcome *o;

    vmhost_deploy(*state, vmhost_file(WASM_DIR "/newer.wasm"));
    o = vmhost_call(*state, &call);
    assert_int_equal(o->value.n, 54);
    assert_memory_equal(o->value.p, "0u", 2);
    universal_init(bytes, 2, 1);
    assert_true(vmhost_returned(vmhost_call(*state, &call), "2"));
    call.args.n--;
    assert_true(vmhost_returned(vmhost_call(*state, &call), "1"));
    call.args.n = 0;
    assert_true(vmhost_returned(vmhost_call(*state, &call), "1"));
}

/* Priced by what it holds: keys cost like keys of a new account. */
static void universal_init_is_charged_for_its_keys(void **state)
{
    uint8_t bytes[UNIVERSAL_BYTES];
    struct vmhost_call call = {.method = "actions", .args = universal_init(bytes, 1, 2)};
    const struct nearvm_fee *key = &vmhost_fees()->action[NEARVM_ADD_FULL_KEY];
    uint64_t canonical, malformed;

    vmhost_deploy(*state, vmhost_file(WASM_DIR "/newer.wasm"));
    canonical = vmhost_call(*state, &call)->used_gas;
    bytes[0] = 9; /* no such version: its bytes are paid, nothing else is seen */
    malformed = vmhost_call(*state, &call)->used_gas;
    assert_int_equal(canonical - malformed, 2 * (key->send_not_sir + key->exec));
}

/* ---- yields ---- */

static void yield_waits_is_resumed_and_wakes_with_the_answer(void **state)
{
    const struct nearvm_outcome *o = vmhost_do(*state, "sleep", "");
    struct alc_hash id;
    struct vmhost_call wake = {.method = "wake", .args = alc_hash_bytes(&id)};

    assert_true(vmhost_ok(o));
    assert_int_equal(o->receipts_count, 1);
    assert_int_equal(o->receipts[0].kind, NEARVM_RECEIPT_YIELD);
    assert_text(o->receipts[0].receiver_id, "probe.test");
    assert_int_equal(o->receipts[0].deps_count, 0);
    assert_int_equal(o->value.n, 32);
    memcpy(id.b, o->value.p, 32);
    assert_true(alc_hash_eq(&id, &o->receipts[0].data_id));
    assert_int_equal(vmhost_yields(*state), 1);
    assert_string_equal(vmhost_yield(*state, 0)->method, "woken");
    assert_int_equal(vmhost_yield(*state, 0)->gas, 5 * (uint64_t)ALC_NEAR_TGAS);

    o = vmhost_call(*state, &wake);
    assert_true(vmhost_returned(o, "1"));
    assert_int_equal(o->resumes_count, 1);
    assert_text(o->resumes[0].payload, "answer");
    assert_true(alc_hash_eq(&o->resumes[0].data_id, &id));
    assert_true(o->burnt_gas > GAS_RESUME_BASE);

    assert_true(vmhost_returned(vmhost_wake(*state, 0), "answer"));
    assert_int_equal(vmhost_yields(*state), 0);
    o = vmhost_call(*state, &wake);
    assert_true(vmhost_returned(o, "0"));
    assert_int_equal(o->resumes_count, 0);
}

static void yield_that_nobody_resumes_wakes_with_a_failure(void **state)
{
    assert_true(vmhost_ok(vmhost_do(*state, "sleep", "")));
    assert_true(vmhost_returned(vmhost_wake(*state, 0), "timeout"));
}

static void yield_may_be_returned_and_resumed_by_its_maker(void **state)
{
    const struct nearvm_outcome *o = vmhost_do(*state, "sleep_and_return", "");
    assert_int_equal(o->returned, NEARVM_RETURN_PROMISE);
    assert_int_equal(o->promise, 0);
    o = vmhost_do(*state, "sleep_and_wake", "");
    assert_true(vmhost_returned(o, "1"));
    assert_int_equal(o->resumes_count, 1);
    assert_true(alc_hash_eq(&o->resumes[0].data_id, &o->receipts[0].data_id));
}

static void yield_of_a_failed_call_does_not_wait(void **state)
{
    const struct vmhost_call call = {.method = "sleep", .gas = (uint64_t)ALC_NEAR_TGAS};
    assert_text(vmhost_call(*state, &call)->error, "Exceeded the prepaid gas.");
    assert_int_equal(vmhost_yields(*state), 0);
}

static void yield_with_a_chosen_id_is_alone_and_found_by_it(void **state)
{
    const struct nearvm_outcome *o;
    assert_true(vmhost_returned(vmhost_do(*state, "wake_by_name", ""), "0"));
    o = vmhost_do(*state, "sleep_by_name", "");
    assert_true(vmhost_returned(o, "1"));
    assert_int_equal(o->receipts[0].kind, NEARVM_RECEIPT_YIELD_WITH_ID);
    assert_memory_equal(o->receipts[0].yield_id.b, "0123456789abcdef0123456789abcdef", 32);
    o = vmhost_do(*state, "sleep_by_name", "");
    assert_true(vmhost_returned(o, "0"));
    assert_int_equal(o->receipts_count, 0);
    assert_true(vmhost_returned(vmhost_do(*state, "wake_by_name", ""), "1"));
    assert_true(vmhost_returned(vmhost_wake(*state, 0), "answer"));
    assert_true(vmhost_returned(vmhost_do(*state, "sleep_by_name", ""), "1"));
}

/* ---- gas ---- */

static void empty_call_costs_loading_and_a_few_instructions(void **state)
{
    struct alc_bytes tiny = vmhost_file(WASM_DIR "/tiny.wasm");
    uint64_t rest;
    vmhost_deploy(*state, tiny);
    rest = vmhost_do(*state, "empty", "")->burnt_gas - GAS_LOAD_BASE - GAS_LOAD_BYTE * tiny.n;
    assert_int_equal(rest % GAS_INSTRUCTION, 0);
    assert_in_range(rest / GAS_INSTRUCTION, 1, 8); /* entering a function is charged like some */
}

static void sha256_costs_what_its_formula_says(void **state)
{
    uint64_t empty = vmhost_do(*state, "empty", "")->burnt_gas;
    uint64_t none = vmhost_do(*state, "sha_0", "")->burnt_gas;
    uint64_t all = vmhost_do(*state, "sha_64", "")->burnt_gas;
    uint64_t fixed = GAS_SHA256_BASE + GAS_READ_MEMORY_BASE + GAS_WRITE_REGISTER_BASE +
                     32u * (uint64_t)GAS_WRITE_REGISTER_BYTE;
    uint64_t rest = none - empty - fixed;
    assert_int_equal(rest % GAS_INSTRUCTION, 0);
    assert_in_range(rest / GAS_INSTRUCTION, 1, 8);
    assert_int_equal(all - none, 64u * (uint64_t)(GAS_SHA256_BYTE + GAS_READ_MEMORY_BYTE));
}

static void trie_nodes_are_charged_per_write_and_removal_alone(void **state)
{
    uint64_t bare[3], walked[3];
    for (int i = 0; i < 2; i++) {
        uint64_t *gas = i == 0 ? bare : walked;
        vmhost_env(*state)->trie_nodes = i == 0 ? 0 : 7;
        gas[0] = vmhost_do(*state, "put", "v")->burnt_gas;
        gas[1] = vmhost_do(*state, "get", "")->burnt_gas;
        gas[2] = vmhost_do(*state, "drop", "")->burnt_gas;
    }
    assert_int_equal(walked[0] - bare[0], 7 * (uint64_t)GAS_TRIE_NODE);
    assert_int_equal(walked[1], bare[1]);
    assert_int_equal(walked[2] - bare[2], 7 * (uint64_t)GAS_TRIE_NODE);
}

static void evicted_bytes_are_charged(void **state)
{
    uint64_t one, many;
    assert_true(vmhost_ok(vmhost_do(*state, "put", "1")));
    one = vmhost_do(*state, "put", "12345678901")->burnt_gas;
    many = vmhost_do(*state, "put", "12345678901")->burnt_gas;
    /* Ten bytes more leave; they pass a register and are returned from it. */
    assert_int_equal(many - one, 10 * (uint64_t)(GAS_EVICTED_BYTE + GAS_WRITE_REGISTER_BYTE +
                                                 GAS_READ_REGISTER_BYTE));
}

static void profile_adds_up_to_what_was_burnt(void **state)
{
    const struct nearvm_outcome *o = vmhost_do(*state, "sha_64", "");
    const char *p = (const char *)o->gas_profile.p, *at = p;
    uint64_t sum = 0;
    assert_holds(o->gas_profile,
                 "{\"cost\":\"SHA256_BASE\",\"cost_category\":\"WASM_HOST_COST\",\"gas_used\":"
                 "\"4540970250\"}");
    assert_holds(o->gas_profile, "WASM_INSTRUCTION");
    while ((at = memmem(at, o->gas_profile.n - (size_t)(at - p), "gas_used\":\"", 11)) != NULL) {
        at += 11;
        for (uint64_t n = 0;; at++) {
            if (*at < '0' || *at > '9') {
                sum += n;
                break;
            }
            n = n * 10 + (uint64_t)(*at - '0');
        }
    }
    assert_int_equal(sum, o->burnt_gas);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_probe, close_probe)
    const struct CMUnitTest tests[] = {
        TEST(value_comes_back),
        TEST(panic_says_its_text_in_all_forms),
        TEST(log_lines_come_out),
        TEST(missing_method_is_named_so),
        TEST(empty_method_name_is_refused),
        TEST(unreachable_is_a_trap),
        TEST(memory_out_of_bounds_is_a_trap),
        TEST(endless_recursion_ends),
        TEST(endless_loop_uses_the_gas_it_was_given_and_no_more),
        TEST(bytes_that_are_no_module_are_refused),
        TEST(empty_code_is_no_module),
        TEST(unknown_import_makes_every_method_fail),
        TEST(contract_sees_who_calls_and_which_chain),
        TEST(view_reads_and_may_not_write),
        TEST(deposit_is_in_the_balance_and_promises_take_from_it),
        TEST(validator_stake_is_asked_of_the_chain),
        TEST(storage_writes_evicts_reads_and_removes),
        TEST(empty_value_is_a_value),
        TEST(failed_call_leaves_no_writes),
        TEST(promises_come_out_as_receipts),
        TEST(gas_left_over_goes_to_the_weighted_call),
        TEST(weights_share_and_the_last_gets_the_remainder),
        TEST(every_action_decodes_as_near_encodes_it),
        TEST(newer_actions_decode_too),
        TEST(universal_init_must_be_canonical),
        TEST(universal_init_is_charged_for_its_keys),
        TEST(yield_waits_is_resumed_and_wakes_with_the_answer),
        TEST(yield_that_nobody_resumes_wakes_with_a_failure),
        TEST(yield_may_be_returned_and_resumed_by_its_maker),
        TEST(yield_of_a_failed_call_does_not_wait),
        TEST(yield_with_a_chosen_id_is_alone_and_found_by_it),
        TEST(empty_call_costs_loading_and_a_few_instructions),
        TEST(sha256_costs_what_its_formula_says),
        TEST(trie_nodes_are_charged_per_write_and_removal_alone),
        TEST(evicted_bytes_are_charged),
        TEST(profile_adds_up_to_what_was_burnt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
