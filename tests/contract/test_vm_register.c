/* tests/contract/test_vm_register.c — the compiled register contract in NEAR's VM: its memory, the
 * host's p256_verify and our own, the actions of its receipts; on simulated quotes and on the
 * sample of real hardware, both natively judged alike. */
#include "tests/contract/register_world.h"
#include "tests/contract/vm_calls.h"

#include "base/enc.h"

#define SOFTWARE_WASM ALC_BUILD_DIR "/contracts/register-software.wasm"
#define NS 1000000000u
#define INIT "init.test"
#define NAMES                                                                                      \
    "\"owner_id\":\"" VMHOST_SIGNER "\",\"init_worker_account\":\"" INIT                           \
    "\",\"outlayer_contract_id\":\"c.test\",\"chain_id\":\"localnet\""

static const struct nearvm_outcome *by(const char *who, const char *method, struct alc_bytes args)
{
    return vmhost_call(h, &(struct vmhost_call){.method = method, .args = args, .signer = who});
}

static void owner(const char *method, struct alc_bytes args)
{
    must(by(VMHOST_SIGNER, method, args), method);
}

static void open_with(const char *wasm, bool simulated)
{
    h = vmhost_open("op.test", vmhost_file(wasm));
    vmhost_env(h)->time_ns = WORLD_S * NS;
    owner("new",
          alc_cstr(simulated ? world_text("{" NAMES ",\"simulated_root\":\"%s\"}", world_root())
                             : "{" NAMES "}"));
}

static int open_known(const char *wasm)
{
    open_with(wasm, true);
    owner("put_collateral", world_put(world_set(ALC_TEE_TDX, WORLD_S), ""));
    owner("add_approved_measurements",
          alc_cstr(world_text("{\"measurements\":%s}", world_measurement())));
    return 0;
}

static int open_simulated(void **state)
{
    (void)state;
    return open_known(REGISTER_WASM);
}

static int open_software(void **state)
{
    (void)state;
    return open_known(SOFTWARE_WASM);
}

static int open_real(void **state)
{
    (void)state;
    open_with(REGISTER_WASM, false);
    return 0;
}

static struct alc_bytes registration(uint8_t byte, struct alc_bytes quote)
{
    return alc_cstr(world_text("{\"public_key\":\"%s\",\"tdx_quote_hex\":\"%s\"}",
                               world_key_of(byte), world_hex(quote)));
}

/* ---- receipts ---- */

static void a_registration_makes_its_receipts(void **state)
{
    const struct alc_near_action *a;
    const struct nearvm_outcome *o;

    (void)state;
    o = by(INIT, "register_worker_key", registration(0x22, world_quote_of(0x22, NULL)));
    assert_true(vmhost_ok(o));
    assert_true(vmhost_logged(o, "SIMULATED: Worker key registered: \"ed25519:"));
    assert_int_equal(o->returned, NEARVM_RETURN_PROMISE);
    assert_int_equal(o->promise, 0);
    assert_int_equal(o->receipts_count, 3);

    assert_true(alc_bytes_is(o->receipts[0].receiver_id, "op.test"));
    assert_int_equal(o->receipts[0].actions_count, 1);
    a = vmhost_action(h, 0, 0);
    assert_int_equal(a->kind, ALC_NEAR_ADD_KEY);
    assert_int_equal(a->key.curve, ALC_NEAR_ED25519);
    assert_int_equal(a->key.b[0], 0x22);
    assert_int_equal(a->key.b[31], 0x22);
    assert_int_equal(a->access.permission, ALC_NEAR_FUNCTION_CALL_KEY);
    assert_int_equal(a->access.nonce, 0);
    assert_true(a->access.has_allowance);
    assert_true(a->access.allowance == 10 * ALC_NEAR_YOCTO);
    assert_true(alc_bytes_is(a->access.receiver_id, "c.test"));
    assert_int_equal(a->access.methods_count, 4);
    assert_true(alc_bytes_is(a->access.methods[0], "resolve_execution"));
    assert_true(alc_bytes_is(a->access.methods[1], "submit_execution_output_and_resolve"));
    assert_true(alc_bytes_is(a->access.methods[2], "resume_topup"));
    assert_true(alc_bytes_is(a->access.methods[3], "resume_delete_payment_key"));

    assert_int_equal(o->receipts[1].deps_count, 1);
    assert_int_equal(o->receipts[1].deps[0].receipt, 0);
    a = vmhost_action(h, 1, 0);
    assert_true(alc_bytes_is(a->method, "on_key_added"));

    assert_true(alc_bytes_is(o->receipts[2].receiver_id, "c.test"));
    assert_int_equal(o->receipts[2].deps_count, 0);
    a = vmhost_action(h, 2, 0);
    assert_true(alc_bytes_is(a->method, "add_worker_key"));
    assert_true(a->gas > 5 * (uint64_t)ALC_NEAR_TGAS); /* and what was left over */
    assert_true(holds(a->data, "\"simulated\":true}"));
}

static void the_callback_counts_what_the_access_key_receipt_came_to(void **state)
{
    const struct nearvm_result added = {NEARVM_RESULT_DATA, ALC_LIT("")};
    const struct alc_near_action *a;
    const struct nearvm_outcome *o;
    struct alc_bytes args;

    (void)state;
    o = by(INIT, "register_worker_key", registration(0x22, world_quote_of(0x22, NULL)));
    assert_true(vmhost_ok(o));
    a = vmhost_action(h, 1, 0);
    args = alc_cstr(world_text("%.*s", (int)a->data.n, (const char *)a->data.p));
    assert_in_range(a->gas, 1, 3 * (uint64_t)ALC_NEAR_TGAS);
    o = vmhost_call(h, &(struct vmhost_call){.method = "on_key_added",
                                             .args = args,
                                             .signer = INIT,
                                             .predecessor = "op.test",
                                             .gas = 3 * (uint64_t)ALC_NEAR_TGAS,
                                             .results = &added,
                                             .results_count = 1});
    assert_true(vmhost_ok(o));
    vmhost_env(h)->time_ns += 8 * WORLD_DAY_S * NS;
    o = by("any.test", "drop_expired_worker_keys",
           alc_cstr(world_text("{\"public_keys\":[\"%s\"]}", world_key_of(0x22))));
    assert_true(vmhost_ok(o));
    assert_int_equal(o->receipts_count, 1);
    a = vmhost_action(h, 0, 0);
    assert_int_equal(a->kind, ALC_NEAR_DELETE_KEY);
    assert_int_equal(a->key.b[0], 0x22);
}

/* 1,952 bytes of zeros but the last: base58 of 1,951 leading zeros and one digit. */
static void a_post_quantum_key_gets_access(void **state)
{
    uint8_t key[1952] = {0}, report_data[64] = {0}, all[58];
    const struct nearvm_outcome *o;
    const char *text;
    struct alc_hash id;

    (void)state;
    memset(all, 0, sizeof all);
    key[1951] = 57;
    alc_sha256(&id, (struct alc_bytes){key, sizeof key});
    memcpy(report_data, id.b, 32);
    text = world_text("%01951dz", 0);
    for (char *c = (char *)(uintptr_t)text; *c != 0; c++)
        if (*c == '0') *c = '1';
    o = by(INIT, "register_worker_key",
           alc_cstr(world_text("{\"public_key\":\"ml-dsa-65:%s\",\"tdx_quote_hex\":\"%s\"}", text,
                               world_hex(world_quote(ALC_TEE_TDX, report_data, NULL)))));
    assert_true(vmhost_ok(o));
    assert_int_equal(o->receipts_count, 2);
    /* borsh of AddKey: tag, key tag, key, nonce ... */
    assert_int_equal(o->receipts[0].actions[0].p[0], 5);
    assert_int_equal(o->receipts[0].actions[0].p[1], 2);
    assert_memory_equal(o->receipts[0].actions[0].p + 2, key, sizeof key);
}

static void a_post_quantum_key_costs_little_more(void **state)
{
    static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    const struct nearvm_outcome *o;
    char text[2667];

    (void)state;
    /* A number just below 256^1952, the dearest to read; nobody attested it. */
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = alphabet[i == 0 ? 1 : i * 31 % 58];
    text[sizeof text - 1] = 0;
    o = by(INIT, "register_worker_key",
           alc_cstr(world_text("{\"public_key\":\"ml-dsa-65:%s\",\"tdx_quote_hex\":\"%s\"}", text,
                               world_hex(world_quote_of(0x22, NULL)))));
    refused(o, "does not begin with this public key");
    print_message("ml-dsa-65: %.3f Tgas to the binding check\n", tgas(o->burnt_gas));
    assert_in_range(o->burnt_gas, 1, 10 * (uint64_t)ALC_NEAR_TGAS);
}

/* ---- verdicts ---- */

static void verify_quote_answers_as_natively(struct alc_bytes quote, struct alc_bytes set,
                                             bool simulated)
{
    static uint8_t work[ALC_COLLATERAL_MAX_BYTES], out[ALC_QUOTE_VERDICT_MAX_BYTES];
    static struct alc_collateral collateral;
    struct alc_verify_work w = ALC_VERIFY_WORK(work);
    uint8_t root[4096];
    struct alc_trust trust = {.simulated_root = {root, 0}};
    struct alc_measurement m;
    struct alc_quote_policy policy = {
        .measurements = &m, .measurements_count = 1, .allow_simulated = simulated};
    struct alc_quote_ask ask = {.collateral = &collateral, .policy = &policy, .trust = &trust};
    uint8_t *changed = malloc(quote.n);
    struct alc_quote_verdict v;
    struct alc_quote q;
    size_t same = 0;

    assert_non_null(changed);
    if (simulated)
        assert_true(
            alc_base64_decode(root, sizeof root, &trust.simulated_root.n, alc_cstr(world_root())));
    assert_int_equal(alc_collateral_verify(&collateral, set, &trust, &w, &alc_verify_native),
                     ALC_REFUSAL_NONE);
    assert_int_equal(alc_quote_read(&q, quote), ALC_REFUSAL_NONE);
    m = alc_quote_measurement(&q);
    for (size_t at = 0; at <= quote.n; at += at < 700 ? 61 : 211) {
        const struct nearvm_outcome *o;
        struct alc_platform platform;

        memcpy(changed, quote.p, quote.n);
        if (at > 0) changed[at - 1] ^= 0x04;
        ask.quote = (struct alc_bytes){changed, quote.n};
        w.used = 0;
        /* Which platform's set is asked for stands in the quote: another one is not there. */
        if (alc_quote_read(&q, ask.quote) == ALC_REFUSAL_NONE &&
            (alc_quote_platform(&platform, &q, &w) != ALC_REFUSAL_NONE ||
             memcmp(platform.fmspc, collateral.fmspc, 6) != 0))
            continue;
        o = vmhost_view(h, "verify_quote",
                        world_text("{\"quote\":\"%s\"}", world_base64(ask.quote)));
        assert_true(vmhost_ok(o));
        ask.now_s = vmhost_env(h)->time_ns / NS;
        w.used = 0;
        alc_quote_verify(&v, &ask, &w, &alc_verify_native);
        if (at == 0) assert_true(v.accepted);
        assert_true(alc_bytes_eq(
            o->value, (struct alc_bytes){out, alc_quote_verdict_json(&v, out, sizeof out)}));
        same++;
    }
    print_message("%zu verdicts\n", same);
    assert_in_range(same, 15, 200);
    free(changed);
}

static void simulated_verdicts_are_those_of_the_native_verifier(void **state)
{
    (void)state;
    verify_quote_answers_as_natively(world_quote_of(0x22, NULL), world_set(ALC_TEE_TDX, WORLD_S),
                                     true);
}

static void real_verdicts_are_those_of_the_native_verifier(void **state)
{
    struct alc_bytes quote, set;

    (void)state;
    if (!world_real(&quote, &set)) {
        print_message("skipped: the sample quotes are not here\n");
        skip();
    }
    must(by("any.test", "new_challenge", ALC_LIT("{}")), "new_challenge");
    owner("update_collateral", world_put(set, ",\"index\":0"));
    owner("add_approved_measurements",
          alc_cstr(world_text("{\"measurements\":%s}", world_measurement_of(quote))));
    verify_quote_answers_as_natively(quote, set, false);
}

static void the_real_collateral_goes_back_as_it_came(void **state)
{
    struct alc_bytes quote, set;
    const struct nearvm_outcome *o;

    (void)state;
    if (!world_real(&quote, &set)) {
        print_message("skipped: the sample quotes are not here\n");
        skip();
    }
    owner("update_collateral", world_put(set, ",\"index\":0"));
    o = vmhost_view(h, "get_collateral", "");
    assert_true(vmhost_ok(o));
    assert_in_range(o->value.n, set.n, 2 * set.n);
    o = vmhost_view(h, "get_collateral_info", REAL_INFO);
    assert_true(vmhost_ok(o));
    assert_true(holds(o->value, "\"valid_until\":1752919234,\"simulated\":false"));
}

static void the_software_build_registers_too(void **state)
{
    const struct nearvm_outcome *o;

    (void)state;
    o = by(INIT, "register_worker_key", registration(0x22, world_quote_of(0x22, NULL)));
    assert_true(vmhost_ok(o));
    print_message("software P-256: %.3f Tgas\n", tgas(o->burnt_gas));
    refused(by(INIT, "register_worker_key", registration(0x23, world_quote_of(0x22, NULL))),
            "does not begin with this public key");
    refused(by("any.test", "register_worker_key", registration(0x22, world_quote_of(0x22, NULL))),
            "Only init worker account");
}

/* ---- imports ---- */

static bool imports(const char *path, const char *name)
{
    return holds(vmhost_file(path), name);
}

static void the_newer_host_function_is_imported_by_the_register_alone(void **state)
{
    (void)state;
    assert_true(imports(REGISTER_WASM, "p256_verify"));
    assert_false(imports(SOFTWARE_WASM, "p256_verify"));
    assert_false(imports(COMPUTE_WASM, "p256_verify"));
}

#define SIM_TEST(name) cmocka_unit_test_setup_teardown(name, open_simulated, close_contract)
#define REAL_TEST(name) cmocka_unit_test_setup_teardown(name, open_real, close_contract)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(a_registration_makes_its_receipts),
        SIM_TEST(the_callback_counts_what_the_access_key_receipt_came_to),
        SIM_TEST(a_post_quantum_key_gets_access),
        SIM_TEST(a_post_quantum_key_costs_little_more),
        SIM_TEST(simulated_verdicts_are_those_of_the_native_verifier),
        REAL_TEST(real_verdicts_are_those_of_the_native_verifier),
        REAL_TEST(the_real_collateral_goes_back_as_it_came),
        cmocka_unit_test_setup_teardown(the_software_build_registers_too, open_software,
                                        close_contract),
        cmocka_unit_test(the_newer_host_function_is_imported_by_the_register_alone),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
