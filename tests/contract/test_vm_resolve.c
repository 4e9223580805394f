/* tests/contract/test_vm_resolve.c — level "onchain" with both compiled contracts in NEAR's VM: the
 * main contract asks the register about quotes of a SIMULATED platform. */
#include "tests/contract/vm_calls.h"
#include "tests/contract/vm_proofs.h"

#include "attest/sim.h"
#include "base/enc.h"
#include "base/json.h"

#define MORE_THAN_KEY (9 * (uint64_t)ALC_NEAR_TGAS)

static struct vmhost *compute, *judge;
static struct alc_sim *sim;
static struct alc_sim_quote usual;
static struct alc_hash enclave;

/* call_with passes one string argument, escaped. */
static void call_with(struct vmhost *who, const char *method, const char *key,
                      struct alc_bytes value)
{
    struct alc_buf args = ALC_BUF(1u << 20);
    struct alc_jw w = {.out = &args};

    alc_jw_obj(&w);
    alc_jw_key(&w, key);
    alc_jw_str(&w, value);
    alc_jw_end(&w);
    assert_false(args.failed);
    must(vmhost_call(who,
                     &(struct vmhost_call){.method = method,
                                           .args = alc_buf_bytes(&args),
                                           .deposit = (__uint128_t)ALC_NEAR_TGAS * 1000000000000u}),
         method);
    alc_buf_fini(&args);
}

static const char *hex48(const uint8_t b[48])
{
    static char text[8][97];
    static unsigned turn;
    char *out = text[turn++ % 8];
    size_t n;
    assert_true(alc_hex_encode(out, 96, &n, (struct alc_bytes){b, 48}));
    out[96] = 0;
    return out;
}

static void approve(const char *method)
{
    char args[1024];
    snprintf(
        args, sizeof args,
        "{\"measurements\":{\"mrtd\":\"%s\",\"rtmr0\":\"%s\",\"rtmr1\":\"%s\",\"rtmr2\":\"%s\","
        "\"rtmr3\":\"%s\"}}",
        hex48(usual.td.mrtd), hex48(usual.td.rtmr[0]), hex48(usual.td.rtmr[1]),
        hex48(usual.td.rtmr[2]), hex48(usual.td.rtmr[3]));
    must(vmhost_do(judge, method, args), method);
}

static int open_both(void **state)
{
    static char args[4096], root[2800];
    struct alc_buf set = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);
    uint64_t now_ns = alc_clock_system.wall_ns(alc_clock_system.ctx);
    struct alc_measurement m;
    struct alc_err err = {0};
    size_t n;

    (void)state;
    alc_crypto_init();
    if (alc_sim_open(&sim, NULL, &alc_clock_system, &err) != ALC_OK) fail_msg("%s", err.text);
    alc_sim_quote_usual(&usual, ALC_TEE_TDX);
    memcpy(m.mrtd, usual.td.mrtd, 48);
    memcpy(m.rtmr, usual.td.rtmr, sizeof m.rtmr);
    alc_measurement_hash(&enclave, &m, &alc_verify_native);

    judge = vmhost_open(VM_OPERATOR, vmhost_file(REGISTER_WASM));
    vmhost_env(judge)->time_ns = now_ns;
    assert_true(alc_base64_encode(root, sizeof root - 1, &n, alc_sim_root(sim)));
    root[n] = 0;
    snprintf(args, sizeof args,
             "{\"owner_id\":\"" VMHOST_SIGNER "\",\"init_worker_account\":\"" VMHOST_SIGNER
             "\",\"outlayer_contract_id\":\"c.test\",\"chain_id\":\"localnet\","
             "\"simulated_root\":\"%s\"}",
             root);
    must(vmhost_do(judge, "new", args), "new");
    if (alc_sim_collateral(sim,
                           &(struct alc_sim_set){.tee = ALC_TEE_TDX, .now_s = now_ns / 1000000000u},
                           &set, &err) != ALC_OK)
        fail_msg("%s", err.text);
    call_with(judge, "put_collateral", "collateral", alc_buf_bytes(&set));
    alc_buf_fini(&set);
    approve("add_approved_measurements");

    compute = vmhost_open("c.test", vmhost_file(COMPUTE_WASM));
    vmhost_env(compute)->time_ns = now_ns;
    must(vmhost_do(compute, "new",
                   "{\"owner_id\":\"" VMHOST_SIGNER "\",\"operator_id\":\"" VM_OPERATOR
                   "\",\"chain_id\":\"localnet\"}"),
         "new");
    must(vm_vouched(compute, &enclave), "add_worker_key");
    return 0;
}

static int close_both(void **state)
{
    (void)state;
    vmhost_close(compute);
    vmhost_close(judge);
    alc_sim_close(sim);
    compute = judge = NULL;
    sim = NULL;
    return 0;
}

static void request(const char *level)
{
    char args[512];
    snprintf(args, sizeof args,
             "{" SOURCE
             ",\"resource_limits\":{},\"params\":{\"proof\":\"%s\",\"with_proof\":true}}",
             level);
    must(vmhost_call(compute,
                     &(struct vmhost_call){.method = "request_execution",
                                           .args = alc_cstr(args),
                                           .deposit = (__uint128_t)ALC_NEAR_TGAS * 100000000000u}),
         "request_execution");
}

/* A quote of the usual TD with this report data, with one byte changed when flip is below its
 * length. */
static void prove(struct vm_proof *p, uint64_t id, size_t flip)
{
    struct alc_buf quote = ALC_BUF(ALC_QUOTE_MAX_BYTES);
    struct alc_sim_quote q = usual;
    struct alc_err err = {0};

    vm_statement(p, compute, id, ALC_OUTPUT_JSON, alc_cstr(VM_OUTPUT), &enclave);
    memcpy(q.td.report_data, p->report_data, 64);
    if (alc_sim_quote(sim, &q, &quote, &err) != ALC_OK) fail_msg("%s", err.text);
    if (flip < quote.n) quote.p[flip] ^= 1;
    vm_evidence(p, alc_buf_bytes(&quote));
    alc_buf_fini(&quote);
}

static const struct nearvm_outcome *resolve(uint64_t id, const struct vm_proof *p, bool evidence)
{
    static char args[65536];
    snprintf(args, sizeof args, "{\"request_id\":%u," VM_ANSWER ",\"statement\":\"%s\"%s%s%s}",
             (unsigned)id, p->statement64, evidence ? ",\"evidence\":\"" : "",
             evidence ? p->evidence64 : "", evidence ? "\"" : "");
    return vm_by_operator(compute, "resolve_execution", args);
}

/* Carries the question to the register and its verdict back; returns the gas of both. */
static uint64_t carry(const struct vm_asked *asked, const char *value, const char *logged)
{
    const struct nearvm_outcome *o;
    uint64_t gas;
    char *verdict;

    o = vmhost_call(judge, &(struct vmhost_call){.method = "verify_quote",
                                                 .args = alc_cstr(asked->verify),
                                                 .signer = VM_OPERATOR,
                                                 .predecessor = "c.test",
                                                 .gas = asked->verify_gas});
    must(o, "verify_quote");
    gas = o->burnt_gas;
    print_message("verify_quote: %.3f Tgas\n", tgas(gas));
    verdict = strndup((const char *)o->value.p, o->value.n);
    assert_non_null(verdict);
    o = vm_verdict(compute, asked, alc_cstr(verdict));
    if (!vmhost_returned(o, value)) fail_msg("%s", verdict);
    if (logged != NULL) assert_true(vmhost_logged(o, logged));
    print_message("on_quote_verified: %.3f Tgas\n", tgas(o->burnt_gas));
    free(verdict);
    return gas + o->burnt_gas;
}

static void onchain_costs_little_more_than_key(void **state)
{
    static struct vm_proof p;
    const struct nearvm_outcome *o;
    struct vm_asked asked;
    uint64_t key, onchain;

    (void)state;
    request("key");
    prove(&p, 0, SIZE_MAX);
    o = resolve(0, &p, false);
    must(o, "resolve_execution, key");
    key = o->burnt_gas;
    assert_true(vmhost_ok(vmhost_wake(compute, 0)));

    request("onchain");
    prove(&p, 1, SIZE_MAX);
    o = resolve(1, &p, true);
    must(o, "resolve_execution, onchain");
    onchain = o->burnt_gas;
    asked = vm_asked(compute);
    onchain += carry(&asked, "true", NULL);
    o = vmhost_wake(compute, 0);
    must(o, "on_execution_response");
    assert_true(holds(o->value, "\"statement_hash\":\""));
    print_message("onchain: %.3f Tgas above key (%.3f and %.3f)\n", tgas(onchain - key),
                  tgas(onchain), tgas(key));
    assert_in_range(onchain, key, key + MORE_THAN_KEY);
    vm_asked_fini(&asked);
}

static void the_register_refuses_and_the_request_waits_on(void **state)
{
    static struct vm_proof p, other;
    struct vm_asked asked;

    (void)state;
    request("onchain");
    prove(&p, 0, 200); /* a byte of the signed report */
    must(resolve(0, &p, true), "resolve");
    asked = vm_asked(compute);
    (void)carry(&asked, "false", "Quote refused: QUOTE_SIGNATURE");
    vm_asked_fini(&asked);

    request("onchain");
    prove(&other, 1, SIZE_MAX); /* a genuine quote, over another statement */
    prove(&p, 0, SIZE_MAX);
    memcpy(other.statement64, p.statement64, sizeof p.statement64);
    must(resolve(0, &other, true), "resolve");
    asked = vm_asked(compute);
    (void)carry(&asked, "false", "Quote refused: REPORT_DATA");
    vm_asked_fini(&asked);

    approve("remove_approved_measurements"); /* today's list decides */
    must(resolve(0, &p, true), "resolve");
    asked = vm_asked(compute);
    (void)carry(&asked, "false", "Quote refused: MEASUREMENT");

    approve("add_approved_measurements"); /* the same question, asked again */
    (void)carry(&asked, "true", NULL);
    assert_true(vmhost_ok(vmhost_wake(compute, 0)));
    vm_asked_fini(&asked);
}

/* flip alters a bit of a field inside an encoded statement, whose evidence stays what it was. */
static void flip(struct vm_proof *p, size_t field, size_t bit)
{
    static uint8_t was[ALC_STATEMENT_MAX_BYTES], now[ALC_STATEMENT_MAX_BYTES];
    struct alc_statement t;
    size_t n;

    assert_true(alc_base64_decode(was, sizeof was, &n, alc_cstr(p->statement64)));
    assert_true(alc_statement_read(&t, (struct alc_bytes){was, n}));
    ((uint8_t *)&t + field)[bit / 8] ^= (uint8_t)(1u << bit % 8);
    n = alc_statement_write(&t, now, sizeof now);
    assert_true(alc_base64_encode(p->statement64, sizeof p->statement64 - 1, &n,
                                  (struct alc_bytes){now, n}));
    p->statement64[n] = 0;
}

/* What the request says is compared by the main contract, at any level; what only the enclave knows
 * by the register, through the quote.  Every bit of these fields: test_compute_onchain.c. */
static void a_statement_altered_by_one_bit_is_refused(void **state)
{
    static const struct {
        size_t at;
        const char *why; /* NULL: the quote is over another statement */
    } fields[] = {
        {offsetof(struct alc_statement, input_hash), "another input"},
        {offsetof(struct alc_statement, output_hash), "another output"},
        {offsetof(struct alc_statement, code_hash), "another module"},
        {offsetof(struct alc_statement, request_hash), "another request text"},
        {offsetof(struct alc_statement, egress_root), NULL},
    };
    static char args[65536];
    static struct vm_proof p, good;
    struct vm_asked asked;

    (void)state;
    request("onchain");
    prove(&good, 0, SIZE_MAX);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        for (size_t bit = 0; bit < 256; bit += 85) {
            p = good;
            flip(&p, fields[i].at, bit);
            if (fields[i].why != NULL) {
                refused(resolve(0, &p, true), fields[i].why);
                continue;
            }
            must(resolve(0, &p, true), "resolve_execution");
            asked = vm_asked(compute);
            (void)carry(&asked, "false", "Quote refused: REPORT_DATA");
            vm_asked_fini(&asked);
        }
    /* The answer itself: the statement is over other bytes. */
    snprintf(args, sizeof args,
             "{\"request_id\":0," VM_ANSWER ",\"statement\":\"%s\",\"evidence\":\"%s\"}",
             good.statement64, good.evidence64);
    strstr(args, VM_OUTPUT)[sizeof VM_OUTPUT - 3] ^= 1; /* {"payout":0} */
    refused(vm_by_operator(compute, "resolve_execution", args), "another output");

    must(resolve(0, &good, true), "resolve_execution");
    asked = vm_asked(compute);
    (void)carry(&asked, "true", NULL);
    assert_true(vmhost_ok(vmhost_wake(compute, 0)));
    vm_asked_fini(&asked);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_both, close_both)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(onchain_costs_little_more_than_key),
        TEST(the_register_refuses_and_the_request_waits_on),
        TEST(a_statement_altered_by_one_bit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
