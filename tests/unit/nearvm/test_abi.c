/* tests/unit/nearvm/test_abi.c — the edges of nearvm.h: opening, numbers, a state that fails, many
 * threads, compiled contracts kept in files. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <pthread.h>

#include "crypto/crypto.h"
#include "localnet/nearvm/nearvm.h"

#define TGAS 1000000000000u
#define THREADS 4
#define CALLS_PER_THREAD 50

static struct alc_bytes read_module(const char *name, uint8_t *buf, size_t cap)
{
    char path[512];
    FILE *f;
    size_t n;
    snprintf(path, sizeof path, "%s/%s", WASM_DIR, name);
    f = fopen(path, "rb");
    assert_non_null(f);
    n = fread(buf, 1, cap, f);
    assert_true(n > 0 && n < cap);
    fclose(f);
    return (struct alc_bytes){buf, n};
}

static uint8_t probe_bytes[16384];
static struct alc_bytes probe;

static int open_vm(void **state)
{
    struct nearvm *vm = NULL;
    struct alc_err err;
    if (nearvm_open(&vm, NEARVM_PROTOCOL, NULL, &err) != ALC_OK) return -1;
    probe = read_module("probe.wasm", probe_bytes, sizeof probe_bytes);
    *state = vm;
    return 0;
}

static int close_vm(void **state)
{
    nearvm_close(*state);
    return 0;
}

/* A state with no records; an answer of -1 where the test says so. */
struct void_state {
    int answer;
};

static int void_get(void *ctx, struct alc_bytes key, struct alc_bytes *value)
{
    (void)key;
    (void)value;
    return ((struct void_state *)ctx)->answer;
}

static int void_set(void *ctx, struct alc_bytes key, struct alc_bytes value, struct alc_bytes *old)
{
    (void)value;
    return void_get(ctx, key, old);
}

static int void_has(void *ctx, struct alc_bytes key)
{
    (void)key;
    return ((struct void_state *)ctx)->answer;
}

static void void_data_id(void *ctx, uint64_t k, struct alc_hash *out)
{
    (void)ctx;
    memset(out->b, (int)k + 1, sizeof out->b);
}

static int void_waits(void *ctx, const struct alc_hash *data_id)
{
    (void)data_id;
    return ((struct void_state *)ctx)->answer;
}

static struct nearvm_state state_of(struct void_state *v)
{
    return (struct nearvm_state){.ctx = v,
                                 .get = void_get,
                                 .set = void_set,
                                 .remove = void_get,
                                 .has = void_has,
                                 .data_id = void_data_id,
                                 .yield_waits = void_waits};
}

static struct nearvm_call call_of(const char *method)
{
    static const uint8_t key[33], seed[32];
    struct nearvm_call call = {.account_balance = TGAS,
                               .code = probe,
                               .method = alc_cstr(method),
                               .current_id = ALC_LIT("probe.test"),
                               .signer_id = ALC_LIT("alice.test"),
                               .signer_key = {key, sizeof key},
                               .predecessor_id = ALC_LIT("alice.test"),
                               .chain_id = ALC_LIT("localnet"),
                               .random_seed = {seed, sizeof seed},
                               .prepaid_gas = 100 * (uint64_t)TGAS,
                               .block_height = 1,
                               .storage_usage_bytes = 5000,
                               .contract = NEARVM_CONTRACT_LOCAL};
    alc_sha256(&call.code_hash, probe);
    call.contract_hash = call.code_hash;
    return call;
}

static void unknown_protocol_versions_are_refused(void **state)
{
    struct nearvm *vm = NULL;
    struct alc_err err = {0};
    (void)state;
    assert_int_equal(nearvm_open(&vm, 12, NULL, &err), ALC_BAD_INPUT);
    assert_int_equal(err.rc, ALC_BAD_INPUT);
    assert_string_equal(err.text, "protocol version 12 is not among 84 to 88");
    assert_int_equal(nearvm_open(&vm, 1000, NULL, NULL), ALC_BAD_INPUT);
    assert_null(vm);
}

static void cache_folder_that_cannot_be_made_is_said(void **state)
{
    struct nearvm *vm = NULL;
    struct alc_err err = {0};
    (void)state;
    assert_int_equal(nearvm_open(&vm, NEARVM_PROTOCOL, "/dev/null/x", &err), ALC_IO);
    assert_non_null(strstr(err.text, "/dev/null/x"));
    nearvm_close(NULL);
}

/* Against NEAR's published numbers of version 88. */
/* The hash by another implementation: Python's
 * hashlib.sha3_256(b"near:ml-dsa-65-pubkey-hash:v1" + bytes(1952)).  That good signatures pass is
 * shown by tests/compat/rust_client, which has somebody to make them. */
static void post_quantum_keys_have_handles_and_judge_signatures(void **state)
{
    static const uint8_t want[] = {0xeb, 0xbc, 0x6d, 0xa7, 0x8b, 0x9b, 0x3c, 0x33, 0x0c, 0x14, 0x2b,
                                   0x20, 0x72, 0xa2, 0x66, 0x85, 0x09, 0x32, 0xb8, 0x87, 0xd7, 0xec,
                                   0xe6, 0xc4, 0xdf, 0x24, 0x39, 0x55, 0xac, 0x7a, 0x8f, 0x09};
    static uint8_t key[1952], sig[3309];
    struct alc_bytes k = {key, sizeof key}, s = {sig, sizeof sig};
    struct alc_hash h = {{0}};
    (void)state;
    assert_true(nearvm_ml_dsa_65_handle(k, &h));
    assert_memory_equal(h.b, want, sizeof want);
    assert_false(nearvm_ml_dsa_65_ok(k, s, &h));
    memset(key, 0xff, sizeof key);
    memset(sig, 0xff, sizeof sig);
    assert_false(nearvm_ml_dsa_65_ok(k, s, &h));
    for (size_t n = 0; n < sizeof sig; n += 827)
        assert_false(nearvm_ml_dsa_65_ok(k, (struct alc_bytes){sig, n}, &h));
    for (size_t n = 0; n < sizeof key; n += 487) {
        assert_false(nearvm_ml_dsa_65_ok((struct alc_bytes){key, n}, s, &h));
        assert_false(nearvm_ml_dsa_65_handle((struct alc_bytes){key, n}, &h));
    }
}

static void fees_are_those_of_the_protocol(void **state)
{
    struct nearvm_fees f;
    nearvm_fees(*state, &f);
    assert_int_equal(f.action[NEARVM_ACTION_RECEIPT].send_sir, 108059500000);
    assert_int_equal(f.action[NEARVM_DATA_RECEIPT_BYTE].send_not_sir, 47683715);
    assert_int_equal(f.action[NEARVM_CREATE_ACCOUNT].send_sir, 500000000000);
    assert_int_equal(f.action[NEARVM_CREATE_ACCOUNT].exec, 7200000000000);
    assert_int_equal(f.action[NEARVM_CALL_BASE].send_not_sir, 200000000000);
    assert_int_equal(f.action[NEARVM_CALL_BASE].exec, 780000000000);
    assert_int_equal(f.action[NEARVM_CALL_BYTE].send_sir, 2235934);
    assert_int_equal(f.action[NEARVM_CALL_BYTE].send_not_sir, 47683715);
    assert_int_equal(f.action[NEARVM_TRANSFER].exec, 115123062500);
    assert_int_equal(f.action[NEARVM_STAKE].send_sir, 141715687500);
    assert_int_equal(f.action[NEARVM_STAKE].exec, 102217625000);
    assert_int_equal(f.action[NEARVM_DELETE_ACCOUNT].exec, 147489000000);
    assert_int_equal(f.action[NEARVM_DEPLOY_BYTE].exec, 64572944);
    assert_int_equal(f.action[NEARVM_DEPLOY_GLOBAL_BYTE].exec, 70000000);
    assert_int_equal(f.action[NEARVM_GAS_KEY_NONCE_WRITE].exec, 64196736000);
    assert_int_equal(f.action[NEARVM_UNIVERSAL_INIT_ENTRY].send_sir, 3100000000);
    assert_true(f.storage_price_per_byte == (__uint128_t)10000000000u * 1000000000u);
    assert_true(f.min_gas_purchase_price == 1000000000u);
    assert_true(f.account_creation_charge == (__uint128_t)7 * TGAS * 1000000000u);
    assert_int_equal(f.ml_dsa_verify, 100000000000);
    assert_int_equal(f.account_bytes, 100);
    assert_int_equal(f.record_bytes, 40);
    assert_int_equal(f.contract_reward.num, 0);
    assert_int_equal(f.gas_refund_penalty.num, 0);
    assert_int_equal(f.max_gas_burnt, 1000 * (uint64_t)TGAS);
    assert_int_equal(f.max_transaction_bytes, 1572864);
    assert_int_equal(f.max_actions_per_receipt, 100);
    assert_int_equal(f.max_yield_payload_bytes, 1024);
    assert_int_equal(f.yield_timeout_blocks, 200);
    assert_int_equal(f.min_top_level_name_bytes, 65);
    assert_string_equal(f.registrar, "registrar");
}

static void config_is_json_as_nodes_show_it(void **state)
{
    struct alc_bytes json = nearvm_config_json(*state);
    static const char *parts[] = {"\"storage_amount_per_byte\":\"10000000000000000000\"",
                                  "\"transaction_costs\":{", "\"wasm_config\":{",
                                  "\"yield_timeout_length_in_blocks\":200",
                                  "\"registrar_account_id\":\"registrar\""};
    assert_true(json.n > 1000 && json.p[0] == '{' && json.p[json.n - 1] == '}');
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_non_null(memmem(json.p, json.n, parts[i], strlen(parts[i])));
}

static void account_without_code_is_an_outcome(void **state)
{
    struct void_state v = {0};
    struct nearvm_state s = state_of(&v);
    struct nearvm_call call = call_of("value");
    struct nearvm_outcome o = {0};
    struct alc_bytes want =
        ALC_LIT("{\"CompilationError\":{\"CodeDoesNotExist\":{\"account_id\":\"probe.test\"}}}");
    call.code = (struct alc_bytes){NULL, 0};
    assert_int_equal(nearvm_run(*state, &call, &s, &o, NULL), ALC_OK);
    assert_int_equal(o.end, NEARVM_NO_CODE);
    assert_int_equal(o.burnt_gas, 0);
    assert_true(alc_bytes_eq(o.error_json, want));
    assert_true(alc_bytes_is(o.error_debug,
                             "CompilationError(CodeDoesNotExist { account_id: \"probe.test\" })"));
    nearvm_outcome_free(&o);
    nearvm_outcome_free(&o);
}

static void account_ids_of_no_valid_form_are_refused(void **state)
{
    struct void_state v = {0};
    struct nearvm_state s = state_of(&v);
    struct nearvm_call call = call_of("value");
    struct nearvm_outcome o = {0};
    struct alc_err err = {0};
    call.predecessor_id = ALC_LIT("Not.Valid");
    assert_int_equal(nearvm_run(*state, &call, &s, &o, &err), ALC_BAD_INPUT);
    assert_non_null(strstr(err.text, "predecessor_id \"Not.Valid\""));
    call = call_of("value");
    call.method = ALC_LIT("\xff");
    assert_int_equal(nearvm_run(*state, &call, &s, &o, &err), ALC_BAD_INPUT);
}

static void state_that_fails_ends_the_run_as_io(void **state)
{
    static const char *methods[] = {"get", "put", "drop", "has", "wake"};
    static const char *texts[] = {"the state failed in get", "the state failed in set",
                                  "the state failed in remove", "the state failed in has",
                                  "the state failed in yield_waits"};
    static const uint8_t id[32];
    struct void_state v = {.answer = -1};
    struct nearvm_state s = state_of(&v);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        struct nearvm_call call = call_of(methods[i]);
        struct nearvm_outcome o = {0};
        struct alc_err err = {0};
        call.args = (struct alc_bytes){id, sizeof id};
        assert_int_equal(nearvm_run(*state, &call, &s, &o, &err), ALC_IO);
        assert_string_equal(err.text, texts[i]);
        assert_null(o.owner);
    }
}

static void data_ids_count_edges_and_yields_together(void **state)
{
    struct void_state v = {0};
    struct nearvm_state s = state_of(&v);
    struct nearvm_call call = call_of("promises");
    struct nearvm_outcome o = {0};
    assert_int_equal(nearvm_run(*state, &call, &s, &o, NULL), ALC_OK);
    assert_int_equal(o.end, NEARVM_OK);
    assert_int_equal(o.receipts[2].deps[0].data_id.b[0], 1);
    assert_int_equal(o.receipts[2].deps[1].data_id.b[0], 2);
    nearvm_outcome_free(&o);
    call = call_of("sleep_and_wake");
    assert_int_equal(nearvm_run(*state, &call, &s, &o, NULL), ALC_OK);
    assert_int_equal(o.receipts[0].data_id.b[31], 1);
    nearvm_outcome_free(&o);
}

static void promise_without_balance_is_refused(void **state)
{
    struct void_state v = {0};
    struct nearvm_state s = state_of(&v);
    struct nearvm_call call = call_of("promises");
    struct nearvm_outcome o = {0};
    call.account_balance = 7;
    assert_int_equal(nearvm_run(*state, &call, &s, &o, NULL), ALC_OK);
    assert_true(alc_bytes_is(o.error, "Exceeded the account balance."));
    assert_int_equal(o.receipts_count, 0);
    nearvm_outcome_free(&o);
}

static void view_has_a_gas_limit_of_its_own(void **state)
{
    struct void_state v = {0};
    struct nearvm_state s = state_of(&v);
    struct nearvm_call call = call_of("spin");
    struct nearvm_outcome o = {0};
    call.view = true;
    call.view_max_gas = TGAS;
    assert_int_equal(nearvm_run(*state, &call, &s, &o, NULL), ALC_OK);
    assert_int_equal(o.end, NEARVM_ABORTED);
    assert_int_equal(o.burnt_gas, TGAS);
    nearvm_outcome_free(&o);
}

struct crowd {
    struct nearvm *vm;
    unsigned good;
};

static void *call_many_times(void *arg)
{
    static const char *methods[] = {"value", "panic", "sleep"};
    struct crowd *c = arg;
    struct void_state v = {0};
    struct nearvm_state s = state_of(&v);
    for (unsigned i = 0; i < CALLS_PER_THREAD; i++) {
        struct nearvm_call call = call_of(methods[i % 3]);
        struct nearvm_outcome o = {0};
        if (nearvm_run(c->vm, &call, &s, &o, NULL) != ALC_OK) break;
        if (o.end == (i % 3 == 1 ? NEARVM_ABORTED : NEARVM_OK)) c->good++;
        nearvm_outcome_free(&o);
    }
    return NULL;
}

static void one_vm_serves_many_threads(void **state)
{
    struct crowd crowd[THREADS];
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        crowd[i] = (struct crowd){.vm = *state};
        assert_int_equal(pthread_create(&threads[i], NULL, call_many_times, &crowd[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(crowd[i].good, CALLS_PER_THREAD);
    }
}

static size_t empty_folder(const char *path)
{
    DIR *d = opendir(path);
    size_t n = 0;
    struct dirent *e;
    assert_non_null(d);
    while ((e = readdir(d)) != NULL) {
        char file[1024];
        if (e->d_name[0] == '.') continue;
        snprintf(file, sizeof file, "%s/%s", path, e->d_name);
        assert_int_equal(unlink(file), 0);
        n++;
    }
    closedir(d);
    return n;
}

static void compiled_contracts_are_kept_in_the_folder(void **state)
{
    char dir[] = "nearvm-cache-XXXXXX", inner[64];
    struct void_state v = {0};
    struct nearvm_state s = state_of(&v);
    struct nearvm_call call = call_of("value");
    uint64_t burnt[2];
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(inner, sizeof inner, "%s/compiled", dir);
    for (int i = 0; i < 2; i++) {
        struct nearvm *vm = NULL;
        struct nearvm_outcome o = {0};
        assert_int_equal(nearvm_open(&vm, NEARVM_PROTOCOL, dir, NULL), ALC_OK);
        assert_int_equal(nearvm_run(vm, &call, &s, &o, NULL), ALC_OK);
        assert_true(alc_bytes_is(o.value, "ok"));
        burnt[i] = o.burnt_gas;
        nearvm_outcome_free(&o);
        nearvm_close(vm);
    }
    assert_int_equal(burnt[0], burnt[1]);
    assert_int_equal(empty_folder(inner), 1);
    assert_int_equal(rmdir(inner), 0);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_protocol_versions_are_refused),
        cmocka_unit_test(cache_folder_that_cannot_be_made_is_said),
        cmocka_unit_test(fees_are_those_of_the_protocol),
        cmocka_unit_test(post_quantum_keys_have_handles_and_judge_signatures),
        cmocka_unit_test(config_is_json_as_nodes_show_it),
        cmocka_unit_test(account_without_code_is_an_outcome),
        cmocka_unit_test(account_ids_of_no_valid_form_are_refused),
        cmocka_unit_test(state_that_fails_ends_the_run_as_io),
        cmocka_unit_test(data_ids_count_edges_and_yields_together),
        cmocka_unit_test(promise_without_balance_is_refused),
        cmocka_unit_test(view_has_a_gas_limit_of_its_own),
        cmocka_unit_test(one_vm_serves_many_threads),
        cmocka_unit_test(compiled_contracts_are_kept_in_the_folder),
    };
    return cmocka_run_group_tests(tests, open_vm, close_vm);
}
