/* Parameters of JSON-RPC methods: every form that a client sends, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "localnet/rpc_params.h"

#define KEY "ed25519:5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dB"
#define ONE "11111111111111111111111111111112" /* 31 zero bytes and a one */

struct fixture {
    struct alc_json *doc;
    struct alc_arena arena;
    struct alc_err err;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.arena = ALC_ARENA(1u << 20)};
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    alc_json_close(f->doc);
    alc_arena_fini(&f->arena);
    return 0;
}

static const struct alc_json *parse(struct fixture *f, const char *text)
{
    alc_json_close(f->doc);
    f->doc = NULL;
    assert_int_equal(alc_json_open(&f->doc, alc_cstr(text), 1u << 20, &f->err), ALC_OK);
    return f->doc;
}

/* ---- blocks ---- */

static void refs_that_name_no_block_are_refused(void **state)
{
    static const char *const texts[] = {
        "[null]",
        "[]",
        "{}",
        "{\"block_id\":null}",
        "{\"block_id\":-1}",
        "{\"block_id\":1.5}",
        "{\"block_id\":\"x\"}",
        "{\"block_id\":\"111\"}",
        "{\"finality\":\"last\"}",
        "{\"finality\":7}",
        "{\"sync_checkpoint\":\"now\"}",
        "\"latest\"",
        "[\"0OIl\"]",
    };
    struct fixture *f = *state;
    struct lnet_ref ref;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(lnet_params_ref(&ref, parse(f, texts[i]), false, &f->err), ALC_BAD_INPUT);
}

static void absent_ref_is_the_newest_block_where_that_is_meant(void **state)
{
    static const char *const texts[] = {"null", "[]", "[null]", "{}", "{\"block_id\":null}"};
    struct fixture *f = *state;
    struct lnet_ref ref;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(lnet_params_ref(&ref, parse(f, texts[i]), true, &f->err), ALC_OK);
        assert_int_equal(ref.id.by, LNET_LATEST);
    }
    assert_int_equal(lnet_params_ref(&ref, NULL, true, &f->err), ALC_OK);
}

static void ref_keeps_what_was_said(void **state)
{
    struct fixture *f = *state;
    struct lnet_ref ref;

    assert_int_equal(lnet_params_ref(&ref, parse(f, "{\"block_id\":7}"), false, &f->err), ALC_OK);
    assert_int_equal(ref.id.by, LNET_BY_HEIGHT);
    assert_int_equal(ref.id.height, 7);
    assert_true(ref.numeric_in_object);
    assert_string_equal(ref.said_key, "block_id");
    assert_int_equal(lnet_params_ref(&ref, parse(f, "[7]"), false, &f->err), ALC_OK);
    assert_false(ref.numeric_in_object);
    assert_int_equal(lnet_params_ref(&ref, parse(f, "[\"" ONE "\"]"), false, &f->err), ALC_OK);
    assert_int_equal(ref.id.by, LNET_BY_HASH);
    assert_int_equal(ref.id.hash.b[31], 1);
}

static void epoch_and_block_of_validators_are_told_apart(void **state)
{
    struct fixture *f = *state;
    struct lnet_validators_ref ref;

    assert_int_equal(lnet_params_validators(&ref, parse(f, "{\"epoch_id\":\"" ONE "\"}"), &f->err),
                     ALC_OK);
    assert_true(ref.by_epoch);
    assert_int_equal(lnet_params_validators(&ref, parse(f, "{\"block_id\":3}"), &f->err), ALC_OK);
    assert_false(ref.by_epoch);
    assert_int_equal(ref.block.id.height, 3);
    assert_int_equal(lnet_params_validators(&ref, parse(f, "[null]"), &f->err), ALC_OK);
}

/* ---- queries ---- */

static void query_object_is_read(void **state)
{
    struct fixture *f = *state;
    struct lnet_query q;

    assert_int_equal(
        lnet_params_query(&q,
                          parse(f, "{\"request_type\":\"call_function\",\"finality\":"
                                   "\"final\",\"account_id\":\"a.near\","
                                   "\"method_name\":\"get\",\"args_base64\":\"e30=\"}"),
                          &f->arena, &f->err),
        ALC_OK);
    assert_int_equal(q.kind, LNET_CALL_FUNCTION);
    assert_string_equal(q.account.s, "a.near");
    assert_true(alc_bytes_is(q.method, "get"));
    assert_true(alc_bytes_is(q.data, "{}"));
}

static void query_path_is_read(void **state)
{
    static const struct {
        const char *path;
        enum lnet_query_kind kind;
    } cases[] = {
        {"[\"account/a.near\",\"\"]", LNET_VIEW_ACCOUNT},
        {"[\"access_key/a.near\",\"\"]", LNET_VIEW_KEYS},
        {"[\"access_key/a.near/" KEY "\",\"\"]", LNET_VIEW_KEY},
        {"[\"code/a.near\",\"\"]", LNET_VIEW_CODE},
        {"[\"contract/a.near\",\"\"]", LNET_VIEW_STATE},
        {"[\"call/a.near/get\",\"Hr\"]", LNET_CALL_FUNCTION},
    };
    struct fixture *f = *state;
    struct lnet_query q;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(lnet_params_query(&q, parse(f, cases[i].path), &f->arena, &f->err),
                         ALC_OK);
        assert_int_equal(q.kind, cases[i].kind);
        assert_int_equal(q.at.id.by, LNET_LATEST);
    }
    assert_true(alc_bytes_is(q.method, "get"));
    assert_int_equal(q.data.n, 2); /* "Hr" is the base58 of two bytes */
}

static void a_piece_of_a_listing_is_read(void **state)
{
    struct fixture *f = *state;
    struct lnet_query q;

    assert_int_equal(
        lnet_params_query(
            &q,
            parse(f, "{\"request_type\":\"view_access_key_list\",\"finality\":\"final\","
                     "\"account_id\":\"a.near\",\"after_key\":\"" KEY "\",\"limit\":4294967295}"),
            &f->arena, &f->err),
        ALC_OK);
    assert_true(q.has_after && q.key.b[0] != 0);
    assert_int_equal(q.limit, UINT32_MAX);
    assert_int_equal(
        lnet_params_query(&q,
                          parse(f, "{\"request_type\":\"view_state\",\"finality\":\"final\","
                                   "\"account_id\":\"a.near\",\"after_key_base64\":\"YQ==\"}"),
                          &f->arena, &f->err),
        ALC_OK);
    assert_true(q.has_after && alc_bytes_is(q.after, "a"));
    assert_int_equal(q.limit, 0);
}

static void malformed_queries_are_refused(void **state)
{
    static const char *const texts[] = {
        "null",
        "[]",
        "[7]",
        "[\"\"]",
        "[\"account\"]",
        "[\"account/A\"]",
        "[\"account/a.near/more\"]",
        "[\"call/a.near\"]",
        "[\"call/a.near/m/more\"]",
        "[\"nothing/a.near\"]",
        "[\"access_key/a.near/x:y\"]",
        "[\"account/a.near\",\"0\"]",
        "{\"request_type\":\"view_account\",\"account_id\":\"a.near\"}",
        "{\"request_type\":\"view_account\",\"finality\":\"final\"}",
        "{\"request_type\":\"view_account\",\"finality\":\"final\",\"account_id\":\"a..b\"}",
        "{\"request_type\":\"view_nothing\",\"finality\":\"final\",\"account_id\":\"a.near\"}",
        "{\"request_type\":\"view_access_key\",\"finality\":\"final\",\"account_id\":\"a.near\"}",
        "{\"request_type\":\"call_function\",\"finality\":\"final\",\"account_id\":\"a.near\"}",
        ("{\"request_type\":\"view_state\",\"finality\":\"final\",\"account_id\":\"aa\","
         "\"prefix_base64\":7}"),
        "{\"finality\":\"final\",\"account_id\":\"a.near\"}",
        ("{\"request_type\":\"view_state\",\"finality\":\"final\",\"account_id\":\"aa\","
         "\"prefix_base64\":\"\",\"limit\":0}"),
        ("{\"request_type\":\"view_state\",\"finality\":\"final\",\"account_id\":\"aa\","
         "\"prefix_base64\":\"\",\"limit\":4294967296}"),
        ("{\"request_type\":\"view_access_key_list\",\"finality\":\"final\","
         "\"account_id\":\"aa\",\"after_key\":\"ed25519:\"}"),
    };
    struct fixture *f = *state;
    struct lnet_query q;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(lnet_params_query(&q, parse(f, texts[i]), &f->arena, &f->err),
                         ALC_BAD_INPUT);
}

static void absent_arguments_are_empty_bytes(void **state)
{
    struct fixture *f = *state;
    struct lnet_query q;

    assert_int_equal(lnet_params_query_as(&q, LNET_CALL_FUNCTION,
                                          parse(f, "{\"finality\":\"final\",\"account_id\":"
                                                   "\"a.near\",\"method_name\":\"m\"}"),
                                          &f->arena, &f->err),
                     ALC_OK);
    assert_int_equal(q.data.n, 0);
}

/* ---- transactions ---- */

static void send_forms_are_read(void **state)
{
    struct fixture *f = *state;
    struct lnet_send s;

    assert_int_equal(lnet_params_send(&s, parse(f, "[\"YWI=\"]"), &f->arena, &f->err), ALC_OK);
    assert_true(alc_bytes_is(s.signed_tx, "ab"));
    assert_int_equal(s.level, LNET_EXECUTED_OPTIMISTIC);
    assert_int_equal(
        lnet_params_send(&s, parse(f, "{\"signed_tx_base64\":\"YWI=\",\"wait_until\":\"FINAL\"}"),
                         &f->arena, &f->err),
        ALC_OK);
    assert_int_equal(s.level, LNET_FINAL);
    assert_int_equal(lnet_params_send(&s, parse(f, "[\"YWI\"]"), &f->arena, &f->err),
                     ALC_BAD_INPUT);
    assert_int_equal(
        lnet_params_send(&s, parse(f, "{\"signed_tx_base64\":\"YWI=\",\"wait_until\":\"SOON\"}"),
                         &f->arena, &f->err),
        ALC_BAD_INPUT);
    assert_int_equal(lnet_params_send(&s, parse(f, "{}"), &f->arena, &f->err), ALC_BAD_INPUT);
}

/* Vector 2 of the transactions that near-api-js signs. */
static const char signed_tx[] =
    "BwAAAHNhbmRib3gAPhAD2VgzzYHR/n62i50KUrRinEdFISAx93BRVjAPPPoHAAAAAAAAAA0AAABhbGljZS5zYW5kYm94"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAAAAAAMAAACh7czOG8LTAAAAAAAAANeJ0J7MDpFw/LnCLluy"
    "tQHVv2ShhwZWH5wLu93y+3477k2ElkgNutxLdY3ZVWHiM1n+nyzYOx3hsiZSv1Jv/gA=";

static void transaction_is_named_by_hash_or_by_its_bytes(void **state)
{
    struct fixture *f = *state;
    struct lnet_tx_ref by_hash, by_bytes;
    char text[600];

    assert_int_equal(
        lnet_params_tx(&by_hash,
                       parse(f, "[\"FbDqaAPeNpicGdcXinpJy9YySUs8JEHkHfVXguJeudP9\",\"sandbox\"]"),
                       &f->arena, &f->err),
        ALC_OK);
    strcpy(text, "[\"");
    strcat(text, signed_tx);
    strcat(text, "\"]");
    assert_int_equal(lnet_params_tx(&by_bytes, parse(f, text), &f->arena, &f->err), ALC_OK);
    assert_true(alc_hash_eq(&by_hash.hash, &by_bytes.hash));
    assert_int_equal(lnet_params_tx(&by_bytes, parse(f, "[\"YWI=\"]"), &f->arena, &f->err),
                     ALC_BAD_INPUT);
    assert_int_equal(lnet_params_tx(&by_hash, parse(f, "[\"" ONE "\",\"A\"]"), &f->arena, &f->err),
                     ALC_BAD_INPUT);
    assert_int_equal(
        lnet_params_tx(&by_hash, parse(f, "{\"tx_hash\":\"" ONE "\"}"), &f->arena, &f->err),
        ALC_BAD_INPUT);
}

/* ---- changes ---- */

static bool has(struct fixture *f, const struct lnet_changes_ref *ref, const char *change)
{
    struct alc_json *doc = NULL;
    bool yes;

    assert_int_equal(alc_json_open(&doc, alc_cstr(change), 1000, &f->err), ALC_OK);
    yes = lnet_changes_has(ref, doc);
    alc_json_close(doc);
    return yes;
}

static void changes_are_chosen_by_type_account_and_key(void **state)
{
    struct fixture *f = *state;
    struct lnet_changes_ref ref;

    assert_int_equal(
        lnet_params_changes(&ref,
                            parse(f, "{\"finality\":\"final\",\"changes_type\":"
                                     "\"single_access_key_changes\",\"keys\":[{\"account_id\":"
                                     "\"aa\",\"public_key\":\"" KEY "\"}]}"),
                            &f->arena, &f->err),
        ALC_OK);
    assert_true(has(f, &ref,
                    "{\"type\":\"access_key_update\",\"change\":{\"account_id\":\"aa\","
                    "\"public_key\":\"" KEY "\"}}"));
    assert_false(has(f, &ref,
                     "{\"type\":\"access_key_update\",\"change\":{\"account_id\":\"aa\","
                     "\"public_key\":\"l\"}}"));
    assert_false(has(f, &ref,
                     "{\"type\":\"account_update\",\"change\":{\"account_id\":\"aa\","
                     "\"public_key\":\"" KEY "\"}}"));
}

static void nonces_of_gas_keys_come_with_all_keys_alone(void **state)
{
    static const char change[] =
        "{\"type\":\"gas_key_nonce_update\",\"change\":{\"account_id\":"
        "\"alice.test\",\"public_key\":\"ed25519:5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dB\","
        "\"index\":0,\"nonce\":7}}";
    static const char *const wanted[] = {
        "{\"finality\":\"final\",\"changes_type\":\"all_access_key_changes\","
        "\"account_ids\":[\"alice.test\"]}",
        "{\"finality\":\"final\",\"changes_type\":\"all_access_key_changes\","
        "\"account_ids\":[\"bob.test\"]}",
        "{\"finality\":\"final\",\"changes_type\":\"single_access_key_changes\","
        "\"keys\":[{\"account_id\":\"alice.test\",\"public_key\":\"ed25519:"
        "5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dB\"}]}",
        "{\"finality\":\"final\",\"changes_type\":\"account_changes\",\"account_ids\":[\"alice."
        "test\"]}",
    };
    struct fixture *f = *state;
    struct lnet_changes_ref ref;

    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_int_equal(lnet_params_changes(&ref, parse(f, wanted[i]), &f->arena, &f->err),
                         ALC_OK);
        assert_int_equal(has(f, &ref, change), i == 0);
    }
}

/* A prefix longer than one piece of decoding, one longer than the key, and an empty one. */
static void data_changes_are_chosen_by_prefix(void **state)
{
    static const char change[] = /* the key is 60 times "a" */
        "{\"type\":\"data_update\",\"change\":{\"account_id\":\"aa\",\"key_base64\":\""
        "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh\"}}";
    static const struct {
        const char *prefix;
        bool has;
    } cases[] = {
        {"", true},
        {"YQ==", true},
        {"Yg==", false},
        {"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=", true},
        {"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWI=", false},
        {"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYQ==",
         false},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lnet_changes_ref ref;
        char text[300] = "{\"finality\":\"final\",\"changes_type\":\"data_changes\","
                         "\"account_ids\":[\"aa\"],\"key_prefix_base64\":\"";
        strcat(text, cases[i].prefix);
        strcat(text, "\"}");
        assert_int_equal(lnet_params_changes(&ref, parse(f, text), &f->arena, &f->err), ALC_OK);
        assert_int_equal(has(f, &ref, change), cases[i].has);
    }
}

/* ---- sandbox ---- */

static void delta_has_limits(void **state)
{
    static const char *const bad[] = {"{}",
                                      "[5]",
                                      "{\"delta_height\":0}",
                                      "{\"delta_height\":-5}",
                                      "{\"delta_height\":100000001}",
                                      "{\"delta_height\":\"5\"}"};
    struct fixture *f = *state;
    uint64_t delta;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(lnet_params_delta(&delta, parse(f, bad[i]), &f->err), ALC_BAD_INPUT);
    assert_int_equal(lnet_params_delta(&delta, parse(f, "{\"delta_height\":201}"), &f->err),
                     ALC_OK);
    assert_int_equal(delta, 201);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(refs_that_name_no_block_are_refused),
        TEST(absent_ref_is_the_newest_block_where_that_is_meant),
        TEST(ref_keeps_what_was_said),
        TEST(epoch_and_block_of_validators_are_told_apart),
        TEST(query_object_is_read),
        TEST(query_path_is_read),
        TEST(a_piece_of_a_listing_is_read),
        TEST(malformed_queries_are_refused),
        TEST(absent_arguments_are_empty_bytes),
        TEST(send_forms_are_read),
        TEST(transaction_is_named_by_hash_or_by_its_bytes),
        TEST(changes_are_chosen_by_type_account_and_key),
        TEST(nonces_of_gas_keys_come_with_all_keys_alone),
        TEST(data_changes_are_chosen_by_prefix),
        TEST(delta_has_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
