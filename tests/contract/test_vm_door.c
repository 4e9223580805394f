/* tests/contract/test_vm_door.c — contracts/register/README.md is true: its example contract asks
 * the register, both compiled, in NEAR's VM; and the answer that it shows is the register's. */
#include "tests/contract/register_world.h"
#include "tests/contract/vm_calls.h"

#define README ALC_SOURCE_DIR "/contracts/register/README.md"
#define NS 1000000000u
#define GUEST "carol.test"

static struct vmhost *judge, *door;

static void judge_with(const char *more)
{
    judge = vmhost_open("register.test", vmhost_file(REGISTER_WASM));
    vmhost_env(judge)->time_ns = WORLD_S * NS;
    must(vmhost_do(judge, "new",
                   world_text("{\"owner_id\":\"" VMHOST_SIGNER
                              "\",\"init_worker_account\":\"init.test\",\"outlayer_contract_id\":"
                              "\"c.test\",\"chain_id\":\"localnet\"%s}",
                              more)),
         "new");
}

static void knows(struct alc_bytes set, const char *measurement)
{
    must(vmhost_call(judge,
                     &(struct vmhost_call){.method = "put_collateral", .args = world_put(set, "")}),
         "put_collateral");
    must(vmhost_do(judge, "add_approved_measurements",
                   world_text("{\"measurements\":%s}", measurement)),
         "add_approved_measurements");
}

static int open_both(void **state)
{
    (void)state;
    judge_with(world_text(",\"simulated_root\":\"%s\"", world_root()));
    knows(world_set(ALC_TEE_TDX, WORLD_S), world_measurement());
    door = vmhost_open("door.test", vmhost_file(ALC_BUILD_DIR "/tests/contract/door.wasm"));
    must(vmhost_do(door, "new", "{\"register_id\":\"register.test\"}"), "new");
    return 0;
}

static int close_both(void **state)
{
    (void)state;
    vmhost_close(door);
    vmhost_close(judge);
    door = judge = NULL;
    return 0;
}

/* The quote that an enclave makes for this caller. */
static struct alc_bytes quote_for(const char *caller)
{
    uint8_t report_data[64] = {0};
    struct alc_hash hash;

    alc_sha256(&hash, alc_cstr(caller));
    memcpy(report_data, hash.b, sizeof hash.b);
    return world_quote(ALC_TEE_TDX, report_data, NULL);
}

/* What travels between the two contracts. */
struct trip {
    const char *ask, *back;
    uint64_t ask_gas, back_gas;
};

static struct trip open_as(const char *caller, struct alc_bytes quote)
{
    const struct nearvm_outcome *o =
        vmhost_call(door, &(struct vmhost_call){.method = "open",
                                                .args = alc_cstr(world_text("{\"quote\":\"%s\"}",
                                                                            world_base64(quote))),
                                                .signer = caller});
    const struct alc_near_action *a;
    struct trip t;

    must(o, "open");
    assert_int_equal(o->receipts_count, 2);
    assert_int_equal(o->returned, NEARVM_RETURN_PROMISE);
    assert_int_equal(o->promise, 1);
    assert_true(alc_bytes_is(o->receipts[0].receiver_id, "register.test"));
    assert_int_equal(o->receipts[1].deps[0].receipt, 0);
    a = vmhost_action(door, 0, 0);
    assert_true(alc_bytes_is(a->method, "verify_quote"));
    t.ask = world_text("%.*s", (int)a->data.n, (const char *)a->data.p);
    t.ask_gas = a->gas;
    a = vmhost_action(door, 1, 0);
    assert_true(alc_bytes_is(a->method, "on_verdict"));
    t.back = world_text("%.*s", (int)a->data.n, (const char *)a->data.p);
    t.back_gas = a->gas;
    return t;
}

static const struct nearvm_outcome *arrives(const struct trip *t, const struct nearvm_result *r)
{
    return vmhost_call(door, &(struct vmhost_call){.method = "on_verdict",
                                                   .args = alc_cstr(t->back),
                                                   .signer = GUEST,
                                                   .predecessor = "door.test",
                                                   .gas = t->back_gas,
                                                   .results = r,
                                                   .results_count = 1});
}

/* Carries the question to the register and its verdict back. */
static const struct nearvm_outcome *judged(const struct trip *t)
{
    const struct nearvm_outcome *o =
        vmhost_call(judge, &(struct vmhost_call){.method = "verify_quote",
                                                 .args = alc_cstr(t->ask),
                                                 .signer = GUEST,
                                                 .predecessor = "door.test",
                                                 .gas = t->ask_gas});
    struct nearvm_result verdict = {NEARVM_RESULT_DATA, {NULL, 0}};

    must(o, "verify_quote");
    print_message("verify_quote: %.3f Tgas\n", tgas(o->burnt_gas));
    verdict.data = alc_cstr(world_text("%.*s", (int)o->value.n, (const char *)o->value.p));
    o = arrives(t, &verdict);
    must(o, "on_verdict");
    print_message("on_verdict: %.3f Tgas\n", tgas(o->burnt_gas));
    return o;
}

static void an_approved_enclave_comes_in(void **state)
{
    const struct trip t = open_as(GUEST, quote_for(GUEST));
    const struct nearvm_outcome *o = judged(&t);

    (void)state;
    assert_true(vmhost_returned(o, "true"));
    assert_true(vmhost_logged(o, "\"simulated\":true}"));
    assert_true(vmhost_returned(vmhost_view(door, "get_guest", ""),
                                world_text("{\"guest\":\"" GUEST
                                           "\",\"measurement\":\"%s\",\"simulated\":true}",
                                           world_measurement_hash(quote_for(GUEST)))));
}

static void a_quote_that_was_made_for_another_does_not_open(void **state)
{
    const struct trip t = open_as("mallory.test", quote_for(GUEST));
    const struct nearvm_outcome *o = judged(&t);

    (void)state;
    assert_true(vmhost_returned(o, "false"));
    assert_true(vmhost_logged(o, "\"refusal\":\"REPORT_DATA\""));
    assert_true(vmhost_returned(vmhost_view(door, "get_guest", ""), "null"));
}

static void an_enclave_that_is_no_longer_approved_does_not_come_in(void **state)
{
    const struct trip t = open_as(GUEST, quote_for(GUEST));
    const struct nearvm_outcome *o;

    (void)state;
    must(vmhost_do(judge, "clear_all_approved_measurements", ""), "clear");
    o = judged(&t);
    assert_true(vmhost_returned(o, "false"));
    assert_true(vmhost_logged(o, "\"refusal\":\"MEASUREMENT\""));
}

static void without_a_verdict_the_door_stays_shut(void **state)
{
    const struct nearvm_result failed = {NEARVM_RESULT_FAILED, {NULL, 0}};
    const struct trip t = open_as(GUEST, quote_for(GUEST));
    const struct nearvm_outcome *o = arrives(&t, &failed);

    (void)state;
    assert_true(vmhost_returned(o, "false"));
    assert_true(vmhost_returned(vmhost_view(door, "get_guest", ""), "null"));
}

/* ---- the answer that the page shows ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\n';
}

/* The first ```json block, without white space: no text in it has any. */
static const char *shown_answer(void)
{
    const struct alc_bytes page = vmhost_file(README);
    char *text = (char *)(uintptr_t)world_text("%.*s", (int)page.n, (const char *)page.p), *end;
    size_t n = 0;

    text = strstr(text, "```json\n");
    assert_non_null(text);
    text += strlen("```json\n");
    end = strstr(text, "```");
    assert_non_null(end);
    for (char *c = text; c < end; c++)
        if (!is_space(*c)) text[n++] = *c;
    text[n] = 0;
    return text;
}

static void the_page_shows_the_answer_to_a_quote_of_real_hardware(void **state)
{
    struct alc_bytes quote, set;

    (void)state;
    if (!world_real(&quote, &set)) {
        print_message("skipped: the sample quotes are not here\n");
        skip();
    }
    judge_with("");
    knows(set, world_measurement_of(quote));
    assert_true(vmhost_returned(
        vmhost_view(judge, "verify_quote", world_text("{\"quote\":\"%s\"}", world_base64(quote))),
        shown_answer()));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_both, close_both)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_approved_enclave_comes_in),
        TEST(a_quote_that_was_made_for_another_does_not_open),
        TEST(an_enclave_that_is_no_longer_approved_does_not_come_in),
        TEST(without_a_verdict_the_door_stays_shut),
        cmocka_unit_test_teardown(the_page_shows_the_answer_to_a_quote_of_real_hardware,
                                  close_both),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
