/* tests/contract/test_vm_guestbook.c — the examples of contracts/README.md, compiled, in NEAR's VM:
 * the guest book with the token that it asks, and the bell that waits. */
#include "tests/contract/vm_calls.h"

#define WASM(name) vmhost_file(ALC_BUILD_DIR "/" name ".wasm")
#define PRICE ((__uint128_t)10000000000u * ALC_NEAR_TGAS)

static struct vmhost *book, *token, *bell;

static int open_all(void **state)
{
    (void)state;
    book = vmhost_open("book.test", WASM("tests/contract/guestbook"));
    bell = vmhost_open("bell.test", WASM("tests/contract/bell"));
    token = vmhost_open("usd.test", WASM("contracts/token"));
    must(vmhost_do(token, "new", "{\"owner_id\":\"" VMHOST_SIGNER "\",\"total_supply\":\"1000\"}"),
         "the token");
    must(vmhost_do(book, "new", "{\"token_id\":\"usd.test\"}"), "the book");
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    vmhost_close(book);
    vmhost_close(bell);
    vmhost_close(token);
    book = bell = token = NULL;
    return 0;
}

static void within(const char *what, const struct nearvm_outcome *o, uint64_t limit)
{
    print_message("%-24s %.3f Tgas\n", what, tgas(o->burnt_gas));
    assert_in_range(o->burnt_gas, 1, limit);
}

/* A signature of `guest`, its question to the token, and the answer back. */
static const struct nearvm_outcome *signs(const char *guest, __uint128_t deposit)
{
    static char ask[256], back[1024], balance[128];
    const struct nearvm_outcome *o =
        must(vmhost_call(book, &(struct vmhost_call){.method = "sign",
                                                     .args = ALC_LIT("{\"text\":\"Hello\"}"),
                                                     .signer = guest,
                                                     .deposit = deposit}),
             "sign");
    size_t refund = deposit > PRICE ? 1 : 0;
    struct nearvm_result result = {NEARVM_RESULT_DATA, {NULL, 0}};
    const struct alc_near_action *a;
    uint64_t ask_gas, back_gas;

    within("sign", o, 2 * ALC_NEAR_TGAS);
    assert_int_equal(o->receipts_count, 2 + refund);
    assert_int_equal(o->promise, 1 + refund);
    if (refund > 0) {
        assert_true(alc_bytes_is(o->receipts[0].receiver_id, guest));
        assert_true(vmhost_action(book, 0, 0)->amount == deposit - PRICE);
    }
    a = vmhost_action(book, refund, 0);
    ask_gas = a->gas;
    snprintf(ask, sizeof ask, "%.*s", (int)a->data.n, (const char *)a->data.p);
    assert_true(alc_bytes_is(a->method, "ft_balance_of"));
    a = vmhost_action(book, 1 + refund, 0);
    back_gas = a->gas;
    snprintf(back, sizeof back, "%.*s", (int)a->data.n, (const char *)a->data.p);

    o = must(vmhost_call(token, &(struct vmhost_call){.method = "ft_balance_of",
                                                      .args = alc_cstr(ask),
                                                      .predecessor = "book.test",
                                                      .gas = ask_gas}),
             "ft_balance_of");
    snprintf(balance, sizeof balance, "%.*s", (int)o->value.n, (const char *)o->value.p);
    result.data = alc_cstr(balance);
    o = must(vmhost_call(book, &(struct vmhost_call){.method = "on_balance",
                                                     .args = alc_cstr(back),
                                                     .signer = guest,
                                                     .predecessor = "book.test",
                                                     .gas = back_gas,
                                                     .results = &result,
                                                     .results_count = 1}),
             "on_balance");
    within("on_balance", o, 2 * ALC_NEAR_TGAS);
    return o;
}

static void who_holds_the_token_signs(void **state)
{
    const struct nearvm_outcome *o = signs(VMHOST_SIGNER, PRICE + 1);

    (void)state;
    assert_true(vmhost_returned(o, "true"));
    assert_true(vmhost_logged(o, "\"event\":\"signed\",\"data\":[{\"number\":0"));
    o = vmhost_view(book, "get_entries", "{\"from\":0,\"limit\":10}");
    within("get_entries, of one", o, 600u * (ALC_NEAR_TGAS / 1000));
    assert_true(vmhost_returned(o, "[{\"guest\":\"" VMHOST_SIGNER "\",\"text\":\"Hello\"}]"));
}

static void who_holds_none_gets_the_price_back(void **state)
{
    const struct nearvm_outcome *o = signs("bob.test", PRICE);

    (void)state;
    assert_true(vmhost_returned(o, "false"));
    assert_int_equal(o->receipts_count, 1);
    assert_true(alc_bytes_is(o->receipts[0].receiver_id, "bob.test"));
    assert_true(vmhost_action(book, 0, 0)->amount == PRICE);
    assert_true(vmhost_returned(vmhost_view(book, "get_entries", "{}"), "[]"));
}

/* The longest answer that the gas for the question can send, and one that is read to its end. */
static void a_token_that_answers_at_length_cannot_keep_the_price(void **state)
{
    static uint8_t much[4u << 20];
    size_t n = 5 * ALC_NEAR_TGAS / vmhost_fees()->action[NEARVM_DATA_RECEIPT_BYTE].send_not_sir;
    struct nearvm_result result = {NEARVM_RESULT_DATA, {much, n}};
    const struct nearvm_outcome *o;

    (void)state;
    assert_in_range(n, 1000, sizeof much);
    memset(much, '0', n);
    much[0] = much[n - 1] = '"';
    o = vmhost_call(
        book, &(struct vmhost_call){.method = "on_balance",
                                    .args = ALC_LIT("{\"guest\":\"bob.test\",\"text\":\"Hello\"}"),
                                    .predecessor = "book.test",
                                    .gas = 5 * ALC_NEAR_TGAS,
                                    .results = &result,
                                    .results_count = 1});
    print_message("an answer of %zu bytes\n", n);
    within("on_balance of it", o, 4 * ALC_NEAR_TGAS);
    assert_true(vmhost_returned(o, "false"));
    assert_true(vmhost_action(book, 0, 0)->amount == PRICE);
}

static void a_full_page_is_within_the_gas_of_a_view(void **state)
{
    const struct nearvm_outcome *o;

    (void)state;
    for (int i = 0; i < 50; i++)
        (void)signs(VMHOST_SIGNER, PRICE);
    o = must(vmhost_view(book, "get_entries", "{}"), "get_entries");
    within("get_entries, of fifty", o, 20 * ALC_NEAR_TGAS);
    assert_int_equal(o->value.n, 50 * sizeof "{\"guest\":\"alice.test\",\"text\":\"Hello\"}" + 1);
}

static void the_code_is_small(void **state)
{
    size_t n = WASM("tests/contract/guestbook").n;

    (void)state;
    print_message("guestbook.wasm %zu bytes, bell.wasm %zu\n", n, WASM("tests/contract/bell").n);
    assert_in_range(n, 1, 16384);
}

/* ---- the bell ---- */

static void the_bell_waits_for_an_answer(void **state)
{
    const struct nearvm_outcome *o = must(vmhost_do(bell, "ring", ""), "ring");

    (void)state;
    assert_int_equal(o->returned, NEARVM_RETURN_PROMISE);
    assert_int_equal(vmhost_yields(bell), 1);
    assert_true(vmhost_panicked(vmhost_do(bell, "ring", ""), "Somebody is waiting"));
    must(vmhost_do(bell, "answer", "{\"text\":\"Who is \\\"there\\\"?\"}"), "answer");
    assert_true(vmhost_returned(vmhost_wake(bell, 0), "\"Who is \\\"there\\\"?\""));
    assert_true(vmhost_panicked(vmhost_do(bell, "answer", "{\"text\":\"\"}"), "Nobody is waiting"));
}

static void the_bell_does_not_wait_for_ever(void **state)
{
    (void)state;
    must(vmhost_do(bell, "ring", ""), "ring");
    assert_true(vmhost_returned(vmhost_wake(bell, 0), "null"));
    assert_int_equal(vmhost_records(bell), 0);
    must(vmhost_do(bell, "ring", ""), "ring again");
}

static void waiting_costs_little(void **state)
{
    (void)state;
    within("ring", must(vmhost_do(bell, "ring", ""), "ring"), ALC_NEAR_TGAS);
    within("answer", must(vmhost_do(bell, "answer", "{\"text\":\"Come in\"}"), "answer"),
           2 * ALC_NEAR_TGAS);
    within("on_answer", must(vmhost_wake(bell, 0), "on_answer"), ALC_NEAR_TGAS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_holds_the_token_signs),
        TEST(who_holds_none_gets_the_price_back),
        TEST(a_token_that_answers_at_length_cannot_keep_the_price),
        TEST(a_full_page_is_within_the_gas_of_a_view),
        cmocka_unit_test(the_code_is_small),
        TEST(the_bell_waits_for_an_answer),
        TEST(the_bell_does_not_wait_for_ever),
        TEST(waiting_costs_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
