/* tests/unit/localnet_rpc/test_edges.c — what a client reads at the edges of the protocol: ids and
 * requests of unusual size, values of the wrong kind, references to what is not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/enc.h"
#include "base/json.h"
#include "fixture.h"
#include "localnet/rpc_params.h"

#define GOOD_HASH "91kEPvGtCg7ntyy8oQRiV8iYZFdaSp7RGdaeaVYjxWdR"
#define KEY "ed25519:5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dB"

static const char *ask(struct fixture *f, const char *method, const char *params)
{
    struct alc_buf body = ALC_BUF(4u << 20);
    const char *got;

    alc_buf_printf(&body, "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"%s\",\"params\":%s}",
                   method, params);
    got = request(f, "POST", "/", alc_buf_text(&body));
    alc_buf_fini(&body);
    return got;
}

static void assert_part(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) fprintf(stderr, "no %s in %.500s\n", part, text);
    assert_non_null(strstr(text, part));
}

static void expect_refusal(struct fixture *f, const char *method, const char *params,
                           const char *sentence)
{
    const char *got = ask(f, method, params);
    assert_part(got, "\"cause\":{\"name\":\"PARSE_ERROR\"");
    assert_part(got, sentence);
    assert_int_equal(f->answer.status, 400);
}

/* ---- the envelope ---- */

static void every_id_is_echoed_as_it_came(void **state)
{
    static const char *const ids[] = {
        "9223372036854775808",
        "18446744073709551616",
        "-9223372036854775809",
        "123456789012345678901234567890",
        "1.50",
        "1e2",
        "\"\\u0061\\\"}\"",
        "[18446744073709551616,{\"id\":1}]",
        "{\"a\":\",\"}",
        "true",
        "null",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        for (size_t place = 0; place < 2; place++) {
            char body[256], want[256];
            (void)snprintf(body, sizeof body,
                           place == 0 ? "{\"id\" : %s ,\"jsonrpc\":\"2.0\",\"method\":\"health\"}"
                                      : "{\"jsonrpc\":\"2.0\",\"method\":\"health\",\"params\":"
                                        "{\"id\":7},\"x\":\"\\\"id\\\":8,\",\"id\":%s}",
                           ids[i]);
            (void)snprintf(want, sizeof want, "{\"jsonrpc\":\"2.0\",\"result\":null,\"id\":%s}",
                           ids[i]);
            assert_string_equal(request(f, "POST", "/", body), want);
        }
}

/* The name of the member may be spelt with escapes; then the document has to do. */
static void id_under_a_name_with_escapes_is_echoed(void **state)
{
    assert_string_equal(
        request(*state, "POST", "/",
                "{\"jsonrpc\":\"2.0\",\"\\u0069d\":[7,\"x\"],\"method\":\"health\"}"),
        "{\"jsonrpc\":\"2.0\",\"result\":null,\"id\":[7,\"x\"]}");
}

static void deep_json_is_a_parse_error(void **state)
{
    struct fixture *f = *state;
    struct alc_buf deep = ALC_BUF(4096);
    for (size_t i = 0; i < 200; i++)
        alc_buf_put_text(&deep, "[");
    for (size_t i = 0; i < 200; i++)
        alc_buf_put_text(&deep, "]");
    expect_refusal(f, "block", alc_buf_text(&deep), "nested");
    alc_buf_fini(&deep);
}

static void long_method_is_a_parse_error(void **state)
{
    struct fixture *f = *state;
    static char name[(2u << 20) + 1];
    memset(name, 'm', sizeof name - 1);
    expect_refusal(f, name, "[]", "a `method` has at most 256 bytes");
    name[256] = 0;
    assert_part(ask(f, name, "[]"), "METHOD_NOT_FOUND");
    assert_int_equal(f->answer.status, 400);
}

/* ---- values of the wrong kind ---- */

static void wrong_kind_is_not_called_missing(void **state)
{
    static const struct {
        const char *method, *params, *sentence;
    } cases[] = {
        {"query", "{\"request_type\":7}", "request_type: a string is expected"},
        {"query", "{}", "missing field `request_type`"},
        {"query", "{\"request_type\":\"view_account\",\"finality\":\"final\",\"account_id\":7}",
         "account_id: a string is expected"},
        {"query", "{\"request_type\":\"view_account\",\"finality\":\"final\"}",
         "missing field `account_id`"},
        {"query",
         "{\"request_type\":\"view_access_key\",\"finality\":\"final\",\"account_id\":\"a.near\","
         "\"public_key\":[]}",
         "public_key: a string is expected"},
        {"query",
         "{\"request_type\":\"call_function\",\"finality\":\"final\",\"account_id\":\"a.near\","
         "\"method_name\":{}}",
         "method_name: a string is expected"},
        {"send_tx", "{\"signed_tx_base64\":7}", "signed_tx_base64: a string is expected"},
        {"send_tx", "[]", "missing field `signed_tx_base64`"},
        {"EXPERIMENTAL_changes", "{\"changes_type\":[],\"finality\":\"final\"}",
         "changes_type: a string is expected"},
        {"sandbox_fast_forward", "{\"delta_height\":\"9\"}", "delta_height: a number is expected"},
        {"sandbox_fast_forward", "{}", "missing field `delta_height`"},
        {"sandbox_restore", "{\"id\":\"1\"}", "id: a number is expected"},
        {"sandbox_patch_state", "{\"records\":{}}", "records: an array is expected"},
        {"sandbox_patch_state", "{}", "missing field `records`"},
        {"tx", "[\"" GOOD_HASH "\"]", "the sender's account is missing"},
        {"tx", "{\"tx_hash\":\"" GOOD_HASH "\"}", "missing field `sender_account_id`"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_refusal(f, cases[i].method, cases[i].params, cases[i].sentence);
}

static void changes_of_who_cannot_exist_are_refused(void **state)
{
    struct fixture *f = *state;
    expect_refusal(f, "EXPERIMENTAL_changes",
                   "{\"changes_type\":\"account_changes\",\"account_ids\":[\"a.near\",\"A\"],"
                   "\"finality\":\"final\"}",
                   "account_ids: not a valid account id");
    expect_refusal(f, "EXPERIMENTAL_changes",
                   "{\"changes_type\":\"data_changes\",\"account_ids\":[7],\"key_prefix_base64\":"
                   "\"\",\"finality\":\"final\"}",
                   "account_ids: a string is expected");
    expect_refusal(f, "EXPERIMENTAL_changes",
                   "{\"changes_type\":\"single_access_key_changes\",\"keys\":[{\"account_id\":"
                   "\"a.near\"}],\"finality\":\"final\"}",
                   "missing field `public_key`");
    expect_refusal(f, "EXPERIMENTAL_changes",
                   "{\"changes_type\":\"single_access_key_changes\",\"keys\":[{\"account_id\":"
                   "\"a.near\",\"public_key\":\"x\"}],\"finality\":\"final\"}",
                   "public_key: not a public key");
    assert_part(ask(f, "EXPERIMENTAL_changes",
                    "{\"changes_type\":\"single_access_key_changes\",\"keys\":[{\"account_id\":"
                    "\"a.near\",\"public_key\":\"" KEY "\"}],\"finality\":\"final\"}"),
                "\"changes\":[]");
}

/* A filter under another name would be passed over, and every account dumped. */
static void dump_refuses_what_it_would_pass_over(void **state)
{
    struct fixture *f = *state;
    expect_refusal(f, "sandbox_dump_state", "{\"accounts\":[\"a.near\"]}",
                   "`accounts` is not known here, only `account_ids`");
    expect_refusal(f, "sandbox_dump_state", "[\"a.near\"]", "no array");
    assert_part(ask(f, "sandbox_dump_state", "[]"), "{\"records\":[]}");
    assert_part(ask(f, "sandbox_dump_state", "{\"account_ids\":null}"), "{\"records\":[]}");
}

/* ---- what is not there ---- */

static void unknown_block_of_changes_is_told_twice(void **state)
{
    static const char *const methods[] = {"EXPERIMENTAL_changes", "EXPERIMENTAL_changes_in_block",
                                          "changes", "block_effects"};
    struct fixture *f = *state;
    for (size_t i = 0; i < 4; i++) {
        const char *got = ask(f, methods[i],
                              "{\"changes_type\":\"account_changes\",\"account_ids\":[\"a.near\"],"
                              "\"block_id\":4}");
        assert_part(got, "\"cause\":{\"name\":\"UNKNOWN_BLOCK\",\"info\":{}},\"code\":-32000,"
                         "\"message\":\"Server error\",\"data\":{\"name\":\"UNKNOWN_BLOCK\","
                         "\"info\":{}}}");
        assert_int_equal(f->answer.status, 422);
    }
}

static void unknown_block_of_the_configuration_has_its_own_words(void **state)
{
    struct fixture *f = *state;
    assert_part(ask(f, "EXPERIMENTAL_protocol_config", "{\"block_id\":9}"),
                "\"data\":\"Block Not Found: DB Not Found Error: BLOCK HEIGHT: 9 ");
    assert_part(ask(f, "EXPERIMENTAL_protocol_config", "{\"block_id\":\"" GOOD_HASH "\"}"),
                "\"data\":\"Block Not Found: DB Not Found Error: BLOCK HEADER: " GOOD_HASH);
    assert_part(ask(f, "block", "{\"block_id\":9}"),
                "\"data\":\"DB Not Found Error: BLOCK HEIGHT: 9 ");
}

static void validity_is_that_of_the_chain(void **state)
{
    struct fixture *f = *state;
    assert_part(ask(f, "EXPERIMENTAL_protocol_config", "{\"finality\":\"final\"}"),
                "\"transaction_validity_period\":77");
    assert_part(ask(f, "genesis_config", "null"), "\"transaction_validity_period\":77");
}

static void validators_are_of_the_epoch_asked_for(void **state)
{
    struct fixture *f = *state;
    assert_part(ask(f, "validators", "[null]"), "\"epoch_start_height\":4,\"epoch_height\":2");
    assert_part(ask(f, "validators", "[3]"), "\"epoch_start_height\":2,\"epoch_height\":1");
    assert_part(ask(f, "validators", "{\"block_id\":3}"), "\"epoch_height\":1");
    assert_part(ask(f, "validators", "{\"epoch_id\":\"11111111111111111111111111111112\"}"),
                "\"epoch_start_height\":2,\"epoch_height\":1");
    assert_part(ask(f, "validators", "{\"epoch_id\":\"" GOOD_HASH "\"}"), "UNKNOWN_EPOCH");
    assert_part(ask(f, "validators", "[9]"), "UNKNOWN_EPOCH");
}

static void too_high_is_any_number_of_digits(void **state)
{
    static const char *const pages[] = {
        "/v0/block/1000000000000001", "/v0/block/18446744073709551615",
        "/v0/block/18446744073709551616", "/v0/block_opt/99999999999999999999999999999999999"};
    struct fixture *f = *state;
    for (size_t i = 0; i < 4; i++) {
        assert_part(request(f, "GET", pages[i], ""), "\"type\":\"BLOCK_HEIGHT_TOO_HIGH\"");
        assert_int_equal(f->answer.status, 404);
    }
    request(f, "GET", "/v0/block/99999999999999999999x", "");
    assert_int_equal(f->answer.status, 400);
}

/* ---- base58 of many bytes ---- */

/* The slow way, digit by digit, to compare with. */
static void put_base58(struct alc_buf *out, const uint8_t *p, size_t n)
{
    static const char digits[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    static uint8_t number[4096];
    static char text[8192];
    size_t zeros = 0, m = 0;

    memcpy(number, p, n);
    while (zeros < n && p[zeros] == 0)
        zeros++;
    for (size_t from = zeros; from < n;) {
        unsigned rest = 0;
        for (size_t i = from; i < n; i++) {
            unsigned v = rest << 8 | number[i];
            number[i] = (uint8_t)(v / 58);
            rest = v % 58;
        }
        text[m++] = digits[rest];
        while (from < n && number[from] == 0)
            from++;
    }
    for (size_t i = 0; i < zeros; i++)
        alc_buf_put_text(out, "1");
    while (m > 0)
        alc_buf_put(out, &text[--m], 1);
}

static void long_base58_is_read(void **state)
{
    struct fixture *f = *state;
    uint8_t bytes[2000];
    uint32_t seed = 1;

    for (size_t n = 0; n < sizeof bytes; n += n < 40 ? 1 : 163) {
        struct alc_buf text = ALC_BUF(8192);
        struct alc_bytes got;
        for (size_t i = 0; i < n; i++) {
            seed = seed * 1103515245u + 12345u;
            bytes[i] = i < n % 3 ? 0 : (uint8_t)(seed >> 16);
        }
        put_base58(&text, bytes, n);
        assert_int_equal(lnet_base58_read(&got, alc_buf_bytes(&text), &f->arena, NULL), ALC_OK);
        assert_int_equal(got.n, n);
        assert_memory_equal(got.p, bytes, n);
        alc_buf_fini(&text);
    }
}

static void legacy_call_takes_long_arguments(void **state)
{
    struct fixture *f = *state;
    struct alc_buf params = ALC_BUF(1u << 20);
    f->chain.view = "ok";
    for (size_t i = 0; i < 2; i++) {
        alc_buf_reset(&params);
        alc_buf_put_text(&params, "[\"call/a.near/m\",\"");
        for (size_t k = 0; k < (i == 0 ? 89000u : 90000u); k++) /* 64 KiB are 89,500 digits */
            alc_buf_put_text(&params, "z");
        alc_buf_put_text(&params, "\"]");
        if (i == 0)
            assert_part(ask(f, "query", alc_buf_text(&params)), "\"result\":[111,107]");
        else
            expect_refusal(f, "query", alc_buf_text(&params), "over 65536 bytes");
    }
    expect_refusal(f, "query", "[\"call/a.near/m\",\"0\"]", "the data is not base58");
    alc_buf_fini(&params);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_id_is_echoed_as_it_came),
        TEST(id_under_a_name_with_escapes_is_echoed),
        TEST(deep_json_is_a_parse_error),
        TEST(long_method_is_a_parse_error),
        TEST(wrong_kind_is_not_called_missing),
        TEST(changes_of_who_cannot_exist_are_refused),
        TEST(dump_refuses_what_it_would_pass_over),
        TEST(unknown_block_of_changes_is_told_twice),
        TEST(unknown_block_of_the_configuration_has_its_own_words),
        TEST(validity_is_that_of_the_chain),
        TEST(validators_are_of_the_epoch_asked_for),
        TEST(too_high_is_any_number_of_digits),
        TEST(long_base58_is_read),
        TEST(legacy_call_takes_long_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
