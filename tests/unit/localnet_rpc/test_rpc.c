/* What a client reads: whole answers, to the letter, for every way a request can go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "fixture.h"

#define HASH5 "11111111111111111111111111111116" /* of the fake block 5 */
#define KEY "ed25519:5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dB"
#define SERVER "\"code\":-32000,\"message\":\"Server error\""

/* The whole answer to {"method": ..., "params": ...} is the status and this text. */
static void expect_answer(struct fixture *f, const char *method, const char *params, int status,
                          const char *kind, const char *value)
{
    struct alc_buf want = ALC_BUF(1u << 16), body = ALC_BUF(1u << 16);

    alc_buf_printf(&body, "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"%s\",\"params\":%s}",
                   method, params);
    alc_buf_printf(&want, "{\"jsonrpc\":\"2.0\",\"%s\":%s,\"id\":\"x\"}", kind, value);
    assert_string_equal(request(f, "POST", "/", alc_buf_text(&body)), alc_buf_text(&want));
    assert_int_equal(f->answer.status, status);
    alc_buf_fini(&want);
    alc_buf_fini(&body);
}

static void expect_result(struct fixture *f, const char *method, const char *params,
                          const char *result)
{
    expect_answer(f, method, params, 200, "result", result);
}

static void expect_error(struct fixture *f, const char *method, const char *params, int status,
                         const char *error)
{
    expect_answer(f, method, params, status, "error", error);
}

/* ---- the envelope ---- */

static void id_is_echoed_as_it_came(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(request(f, "POST", "/",
                                "{\"jsonrpc\":\"2.0\",\"id\":[7,null],"
                                "\"method\":\"health\"}"),
                        "{\"jsonrpc\":\"2.0\",\"result\":null,\"id\":[7,null]}");
    assert_string_equal(request(f, "POST", "/", "{\"jsonrpc\":\"2.0\",\"method\":\"health\"}"),
                        "{\"jsonrpc\":\"2.0\",\"result\":null,\"id\":null}");
}

static void unknown_method_is_named(void **state)
{
    expect_error(*state, "no_such", "[]", 400,
                 "{\"name\":\"REQUEST_VALIDATION_ERROR\",\"cause\":{\"name\":\"METHOD_NOT_FOUND\","
                 "\"info\":{\"method_name\":\"no_such\"}},\"code\":-32601,"
                 "\"message\":\"Method not found\",\"data\":\"no_such\"}");
}

static void bad_envelope_is_a_parse_error(void **state)
{
    static const char *const bodies[] = {
        "",
        "{",
        "[]",
        "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"health\"}]",
        "{\"jsonrpc\":\"2.0\",\"id\":1}",
        "{\"id\":1,\"method\":\"health\"}",
        "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"health\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        const char *got = request(f, "POST", "/", bodies[i]);
        assert_int_equal(f->answer.status, 400);
        assert_non_null(strstr(got, "{\"name\":\"REQUEST_VALIDATION_ERROR\",\"cause\":{\"name\":"
                                    "\"PARSE_ERROR\",\"info\":{\"error_message\":"));
        assert_non_null(strstr(got, "\"code\":-32700,\"message\":\"Parse error\",\"data\":"));
    }
}

static void parse_error_says_what_is_wrong(void **state)
{
    expect_error(*state, "block", "{}", 400,
                 "{\"name\":\"REQUEST_VALIDATION_ERROR\",\"cause\":{\"name\":\"PARSE_ERROR\","
                 "\"info\":{\"error_message\":\"Failed parsing args: a block is expected: "
                 "`block_id`, `finality` or `sync_checkpoint`\"}},\"code\":-32700,"
                 "\"message\":\"Parse error\",\"data\":\"Failed parsing args: a block is expected: "
                 "`block_id`, `finality` or `sync_checkpoint`\"}");
}

/* ---- pages ---- */

static void pages_are_read_without_an_envelope(void **state)
{
    struct fixture *f = *state;
    assert_non_null(strstr(request(f, "GET", "/status", ""), "\"chain_id\":\"localnet\""));
    assert_int_equal(f->answer.status, 200);
    assert_string_equal(request(f, "GET", "/health", ""), "null");
    assert_non_null(strstr(request(f, "GET", "/network_info", ""), "\"num_active_peers\":0"));
    request(f, "GET", "/nothing", "");
    assert_int_equal(f->answer.status, 404);
    request(f, "PUT", "/status", "");
    assert_int_equal(f->answer.status, 405);
}

static void dead_chain_is_not_healthy(void **state)
{
    struct fixture *f = *state;
    f->chain.failed = true;
    request(f, "GET", "/health", "");
    assert_int_equal(f->answer.status, 500);
}

static void status_holds_what_clients_read(void **state)
{
    struct fixture *f = *state;
    const char *got = request(f, "GET", "/status", "");
    assert_non_null(strstr(got, "\"latest_block_hash\":\"" HASH5 "\",\"latest_block_height\":5"));
    assert_non_null(strstr(got, "\"latest_block_time\":\"1970-01-01T00:00:05.000000005Z\""));
    assert_non_null(strstr(got, "\"earliest_block_height\":2"));
    assert_non_null(strstr(got, "\"validator_account_id\":\"test.near\""));
}

/* ---- blocks ---- */

static void block_is_found_by_every_reference(void **state)
{
    static const char *const refs[] = {
        "[5]",
        "[\"" HASH5 "\"]",
        "{\"block_id\":5}",
        "{\"block_id\":\"" HASH5 "\"}",
        "{\"finality\":\"final\"}",
        "{\"finality\":\"near-final\"}",
        "{\"finality\":\"optimistic\"}",
        "{\"sync_checkpoint\":\"genesis\"}",
        "{\"sync_checkpoint\":\"earliest_available\"}",
    };
    for (size_t i = 0; i < sizeof refs / sizeof refs[0]; i++)
        expect_result(*state, "block", refs[i], "{\"author\":\"test.near\"}");
}

#define NO_HEIGHT(h)                                                                               \
    "{\"name\":\"HANDLER_ERROR\",\"cause\":{\"name\":\"UNKNOWN_BLOCK\",\"info\":{}}," SERVER       \
    ",\"data\":\"DB Not Found Error: BLOCK HEIGHT: " h " \\n Cause: Unknown\"}"

static void unknown_block_says_how_it_was_named(void **state)
{
    struct fixture *f = *state;
    expect_error(f, "block", "{\"block_id\":4}", 422, NO_HEIGHT("4")); /* below the head */
    expect_error(f, "block", "[4]", 200, NO_HEIGHT("4"));
    expect_error(f, "block", "{\"block_id\":6}", 200, NO_HEIGHT("6"));
    expect_error(
        f, "block", "[\"111111111111111111111111111111Ls\"]", 200,
        "{\"name\":\"HANDLER_ERROR\",\"cause\":{\"name\":\"UNKNOWN_BLOCK\",\"info\":{}}," SERVER
        ",\"data\":\"DB Not Found Error: BLOCK HEADER: "
        "111111111111111111111111111111Ls \\n Cause: Unknown\"}");
}

static void gas_price_takes_null_for_the_newest_block(void **state)
{
    expect_result(*state, "gas_price", "[null]", "{\"gas_price\":\"100000000\"}");
    expect_result(*state, "gas_price", "[5]", "{\"gas_price\":\"100000000\"}");
    expect_result(*state, "gas_price", "{\"block_id\":null}", "{\"gas_price\":\"100000000\"}");
}

static void chunk_is_found_in_both_ways(void **state)
{
    struct fixture *f = *state;
    expect_result(f, "chunk", "[\"" HASH5 "\"]", "{\"chunk\":\"by hash\"}");
    expect_result(f, "chunk", "{\"chunk_id\":\"" HASH5 "\"}", "{\"chunk\":\"by hash\"}");
    expect_result(f, "chunk", "[[5,0]]", "{\"chunk\":\"of a block\"}");
    expect_result(f, "chunk", "{\"block_id\":5,\"shard_id\":0}", "{\"chunk\":\"of a block\"}");
    expect_error(f, "chunk", "[[5,1]]", 200,
                 "{\"name\":\"HANDLER_ERROR\",\"cause\":{\"name\":\"INVALID_SHARD_ID\",\"info\":"
                 "{\"shard_id\":1}}," SERVER ",\"data\":\"Shard id 1 does not exist\"}");
    expect_error(f, "chunk", "[\"111111111111111111111111111111Ls\"]", 200,
                 "{\"name\":\"HANDLER_ERROR\",\"cause\":{\"name\":\"UNKNOWN_CHUNK\",\"info\":"
                 "{\"chunk_hash\":\"111111111111111111111111111111Ls\"}}," SERVER
                 ",\"data\":\"Chunk Missing (unavailable on the node): ChunkHash("
                 "`111111111111111111111111111111Ls`) \\n Cause: Unknown\"}");
}

static void changes_are_those_that_were_asked_for(void **state)
{
    struct fixture *f = *state;
    expect_result(f, "EXPERIMENTAL_changes",
                  "{\"block_id\":5,\"changes_type\":\"data_changes\",\"account_ids\":[\"a.near\"],"
                  "\"key_prefix_base64\":\"U1Q=\"}",
                  "{\"block_hash\":\"" HASH5 "\",\"changes\":[{\"cause\":{},\"type\":"
                  "\"data_update\",\"change\":{\"account_id\":\"a.near\",\"key_base64\":"
                  "\"U1RBVEU=\"}}]}");
    expect_result(f, "changes",
                  "{\"finality\":\"final\",\"changes_type\":\"account_changes\","
                  "\"account_ids\":[\"b.near\"]}",
                  "{\"block_hash\":\"" HASH5 "\",\"changes\":[]}");
}

static void block_effects_tell_each_touch_once(void **state)
{
    expect_result(*state, "EXPERIMENTAL_changes_in_block", "[5]",
                  "{\"block_hash\":\"" HASH5 "\",\"changes\":["
                  "{\"type\":\"account_touched\",\"account_id\":\"a.near\"},"
                  "{\"type\":\"data_touched\",\"account_id\":\"a.near\"},"
                  "{\"type\":\"data_touched\",\"account_id\":\"b.near\"}]}");
}

/* ---- queries ---- */

#define AT "\"block_height\":5,\"block_hash\":\"" HASH5 "\""

static void account_carries_its_block(void **state)
{
    expect_result(*state, "query",
                  "{\"request_type\":\"view_account\",\"finality\":\"final\","
                  "\"account_id\":\"a.near\"}",
                  "{\"amount\":\"1\",\"locked\":\"7\"," AT "}");
    expect_result(*state, "query", "[\"account/a.near\",\"\"]",
                  "{\"amount\":\"1\",\"locked\":\"7\"," AT "}");
}

static void missing_account_is_an_error(void **state)
{
    struct fixture *f = *state;
    const char *error = "{\"name\":\"HANDLER_ERROR\",\"cause\":{\"name\":\"UNKNOWN_ACCOUNT\","
                        "\"info\":{\"requested_account_id\":\"a.near\"," AT "}}," SERVER
                        ",\"data\":\"account a.near does not exist while viewing\"}";
    f->chain.state_rc = ALC_NOT_FOUND;
    expect_error(f, "query",
                 "{\"request_type\":\"view_account\",\"finality\":\"final\",\"account_id\":"
                 "\"a.near\"}",
                 200, error);
    expect_error(f, "query", "[\"call/a.near/m\",\"\"]", 200, error);
    expect_error(f, "EXPERIMENTAL_view_account",
                 "{\"finality\":\"final\",\"account_id\":\"a.near\"}", 200, error);
}

static void nonces_of_a_gas_key_are_listed(void **state)
{
    static const char ask[] = "{\"request_type\":\"view_gas_key_nonces\",\"finality\":\"final\","
                              "\"account_id\":\"a.near\",\"public_key\":\"" KEY "\"}";
    struct fixture *f = *state;
    expect_result(f, "query", ask, "{\"nonces\":[7,8]," AT "}");
    f->chain.state_rc = ALC_NOT_FOUND;
    expect_error(f, "query", ask, 200,
                 "{\"name\":\"HANDLER_ERROR\",\"cause\":{\"name\":\"UNKNOWN_GAS_KEY\",\"info\":"
                 "{\"public_key\":\"" KEY "\"," AT "}}," SERVER
                 ",\"data\":\"Gas key for public key " KEY " does not exist while viewing\"}");
}

static void missing_key_is_an_error_inside_the_result(void **state)
{
    struct fixture *f = *state;
    f->chain.state_rc = ALC_NOT_FOUND;
    expect_result(f, "query",
                  "{\"request_type\":\"view_access_key\",\"finality\":\"final\",\"account_id\":"
                  "\"a.near\",\"public_key\":\"" KEY "\"}",
                  "{\"error\":\"access key " KEY " does not exist while viewing\",\"logs\":[]," AT
                  "}");
    expect_error(f, "EXPERIMENTAL_view_access_key",
                 "{\"finality\":\"final\",\"account_id\":\"a.near\",\"public_key\":\"" KEY "\"}",
                 200,
                 "{\"name\":\"HANDLER_ERROR\",\"cause\":{\"name\":\"UNKNOWN_ACCESS_KEY\",\"info\":"
                 "{\"public_key\":\"" KEY "\"," AT "}}," SERVER
                 ",\"data\":\"Access key for public key " KEY " does not exist while viewing\"}");
}

static void view_call_gives_bytes_as_numbers(void **state)
{
    struct fixture *f = *state;
    f->chain.view = "7\xff";
    expect_result(f, "query",
                  "{\"request_type\":\"call_function\",\"finality\":\"optimistic\",\"account_id\":"
                  "\"a.near\",\"method_name\":\"m\",\"args_base64\":\"e30=\"}",
                  "{\"result\":[55,255],\"logs\":[]," AT "}");
}

static void failed_view_call_is_an_error_inside_the_result(void **state)
{
    struct fixture *f = *state;
    f->chain.state_rc = ALC_TRAP;
    expect_result(
        f, "query",
        "{\"request_type\":\"call_function\",\"finality\":\"optimistic\",\"account_id\":"
        "\"a.near\",\"method_name\":\"m\",\"args_base64\":\"\"}",
        "{\"error\":\"wasm execution failed with error: HostError(GuestPanic { panic_msg: "
        "\\\"no\\\\n\\\" })\",\"logs\":[]," AT "}");
    expect_error(f, "EXPERIMENTAL_call_function",
                 "{\"finality\":\"optimistic\",\"account_id\":\"a.near\",\"method_name\":\"m\"}",
                 200,
                 "{\"name\":\"HANDLER_ERROR\",\"cause\":{\"name\":\"CONTRACT_EXECUTION_ERROR\","
                 "\"info\":{\"vm_error\":{\"ExecutionError\":\"no\"}," AT "}}," SERVER
                 ",\"data\":\"Function call returned an error: wasm execution failed with error: "
                 "HostError(GuestPanic { panic_msg: \\\"no\\\\n\\\" })\"}");
}

static void state_and_code_are_shown(void **state)
{
    struct fixture *f = *state;
    expect_result(
        f, "query",
        "{\"request_type\":\"view_state\",\"finality\":\"final\",\"account_id\":\"a.near\","
        "\"prefix_base64\":\"\"}",
        "{\"values\":[{\"key\":\"YQ==\",\"value\":\"\"}]," AT "}");
    expect_result(
        f, "query",
        "{\"request_type\":\"view_state\",\"finality\":\"final\",\"account_id\":\"a.near\","
        "\"prefix_base64\":\"YQ==\",\"include_proof\":true}",
        "{\"values\":[],\"proof\":[]," AT "}");
    expect_result(
        f, "query",
        "{\"request_type\":\"view_state\",\"finality\":\"final\",\"account_id\":\"a.near\","
        "\"prefix_base64\":\"\",\"limit\":1}",
        "{\"values\":[{\"key\":\"YQ==\",\"value\":\"\"}],\"last_key\":\"YQ==\"," AT "}");
    expect_result(
        f, "query",
        "{\"request_type\":\"view_state\",\"finality\":\"final\",\"account_id\":\"a.near\","
        "\"prefix_base64\":\"\",\"after_key_base64\":\"YQ==\",\"limit\":1}",
        "{\"values\":[]," AT "}");
    expect_result(f, "query",
                  "{\"request_type\":\"view_access_key_list\",\"finality\":\"final\","
                  "\"account_id\":\"a.near\",\"limit\":1}",
                  "{\"keys\":[],\"last_key\":\"ed25519:last\"," AT "}");
    expect_result(f, "query", "[\"code/a.near\",\"\"]",
                  "{\"code_base64\":\"Y29kZQ==\",\"hash\":\"1111111111111111111111111111111A\"," AT
                  "}");
    f->chain.state_rc = ALC_CONFLICT;
    expect_error(f, "query", "[\"code/a.near\",\"\"]", 200,
                 "{\"name\":\"HANDLER_ERROR\",\"cause\":{\"name\":\"NO_CONTRACT_CODE\",\"info\":"
                 "{\"contract_account_id\":\"a.near\"," AT "}}," SERVER
                 ",\"data\":\"Contract code for contract ID #a.near has never been observed on the "
                 "node\"}");
    f->chain.state_rc = ALC_LIMIT;
    expect_error(f, "query", "[\"contract/a.near\",\"\"]", 200,
                 "{\"name\":\"HANDLER_ERROR\",\"cause\":{\"name\":\"TOO_LARGE_CONTRACT_STATE\","
                 "\"info\":{\"contract_account_id\":\"a.near\"," AT "}}," SERVER
                 ",\"data\":\"State of contract a.near is too large to be viewed\"}");
}

static void query_at_an_unknown_block_repeats_the_reference(void **state)
{
    expect_error(*state, "query",
                 "{\"request_type\":\"view_account\",\"block_id\":4,\"account_id\":\"a.near\"}",
                 422,
                 "{\"name\":\"HANDLER_ERROR\",\"cause\":{\"name\":\"UNKNOWN_BLOCK\",\"info\":"
                 "{\"block_reference\":{\"block_id\":4}}}," SERVER
                 ",\"data\":\"DB Not Found Error: BLOCK HEIGHT: 4 \\n Cause: Unknown\"}");
}

/* Reading another block's state than the one that was named would be a silent lie. */
static void state_of_a_collected_block_is_refused(void **state)
{
    struct fixture *f = *state;
    const char *error =
        "{\"name\":\"HANDLER_ERROR\",\"cause\":{\"name\":\"GARBAGE_COLLECTED_BLOCK\",\"info\":"
        "{\"block_height\":3,\"block_hash\":\"11111111111111111111111111111114\"}}," SERVER
        ",\"data\":\"The state at block #3 is not kept: this node keeps that of the newest 1000 "
        "blocks\"}";
    f->chain.oldest = 4;
    expect_error(f, "query",
                 "{\"request_type\":\"view_account\",\"block_id\":3,\"account_id\":\"a.near\"}",
                 200, error);
    f->chain.state_rc = ALC_TRAP; /* not even its failures */
    expect_error(f, "EXPERIMENTAL_call_function",
                 "{\"block_id\":3,\"account_id\":\"a.near\",\"method_name\":\"m\"}", 200, error);
}

static void state_of_an_older_block_says_which(void **state)
{
    struct fixture *f = *state;
    const char *at3 = "{\"amount\":\"1\",\"locked\":\"7\",\"block_height\":3,\"block_hash\":"
                      "\"11111111111111111111111111111114\"}";
    expect_result(f, "query",
                  "{\"request_type\":\"view_account\",\"block_id\":3,\"account_id\":\"a.near\"}",
                  at3);
    expect_result(f, "EXPERIMENTAL_view_account", "{\"block_id\":3,\"account_id\":\"a.near\"}",
                  at3);
    assert_int_equal(f->chain.past, 0); /* each has come home */
    f->chain.state_rc = ALC_NOT_FOUND;
    expect_error(f, "query",
                 "{\"request_type\":\"view_account\",\"block_id\":3,\"account_id\":\"a.near\"}",
                 200,
                 "{\"name\":\"HANDLER_ERROR\",\"cause\":{\"name\":\"UNKNOWN_ACCOUNT\",\"info\":"
                 "{\"requested_account_id\":\"a.near\",\"block_height\":3,\"block_hash\":"
                 "\"11111111111111111111111111111114\"}}," SERVER
                 ",\"data\":\"account a.near does not exist while viewing\"}");
    assert_int_equal(f->chain.past, 0);
}

static void block_made_while_a_query_runs_does_no_harm(void **state)
{
    struct fixture *f = *state;
    f->chain.moves = true;
    expect_result(f, "query", "[\"account/a.near\",\"\"]",
                  "{\"amount\":\"1\",\"locked\":\"7\",\"block_height\":6,\"block_hash\":"
                  "\"11111111111111111111111111111117\"}");
}

/* ---- transactions ---- */

#define GOOD "Z29vZA=="                                          /* the bytes "good" */
#define GOOD_HASH "91kEPvGtCg7ntyy8oQRiV8iYZFdaSp7RGdaeaVYjxWdR" /* their SHA-256 */

static void send_waits_and_shows_the_transaction(void **state)
{
    struct fixture *f = *state;
    expect_result(f, "send_tx", "[\"" GOOD "\"]", "{\"status\":{}}");
    expect_result(f, "broadcast_tx_commit", "[\"" GOOD "\"]", "{\"status\":{}}");
    expect_result(f, "send_tx", "{\"signed_tx_base64\":\"" GOOD "\",\"wait_until\":\"FINAL\"}",
                  "{\"status\":{}}");
    f->chain.waits = 0;
    expect_result(f, "send_tx", "{\"signed_tx_base64\":\"" GOOD "\",\"wait_until\":\"NONE\"}",
                  "{\"final_execution_status\":\"NONE\"}");
    assert_int_equal(f->chain.waits, 0);
}

static void send_times_out(void **state)
{
    struct fixture *f = *state;
    f->chain.level = LNET_INCLUDED;
    expect_error(f, "send_tx", "[\"" GOOD "\"]", 408,
                 "{\"name\":\"HANDLER_ERROR\",\"cause\":{\"name\":\"TIMEOUT_ERROR\"}," SERVER
                 ",\"data\":\"Timeout\"}");
}

static void invalid_transaction_shows_the_variant(void **state)
{
    expect_error(*state, "send_tx", "[\"YmFk\"]", 200,
                 "{\"name\":\"HANDLER_ERROR\",\"cause\":{\"name\":\"INVALID_TRANSACTION\",\"info\":"
                 "{}}," SERVER
                 ",\"data\":{\"TxExecutionError\":{\"InvalidTxError\":\"Expired\"}}}");
}

/* near-api-js signs anew on INVALID_TRANSACTION, not on a failure inside a result. */
static void overtaken_transaction_is_invalid_for_its_sender(void **state)
{
    struct fixture *f = *state;
    f->chain.result =
        "{\"status\":{\"Failure\":{\"InvalidTxError\":{\"InvalidNonce\":{\"tx_nonce\":1,"
        "\"ak_nonce\":2}}}}}";
    expect_error(f, "send_tx", "[\"" GOOD "\"]", 200,
                 "{\"name\":\"HANDLER_ERROR\",\"cause\":{\"name\":\"INVALID_TRANSACTION\",\"info\":"
                 "{}}," SERVER
                 ",\"data\":{\"TxExecutionError\":{\"InvalidTxError\":{\"InvalidNonce\":"
                 "{\"tx_nonce\":1,\"ak_nonce\":2}}}}}");
    expect_result(f, "tx", "[\"" GOOD_HASH "\",\"a.near\"]", f->chain.result);
    f->chain.result = "{\"status\":{\"SuccessValue\":\"\"},\"said\":\"\\\"InvalidTxError\\\"\"}";
    expect_result(f, "send_tx", "[\"" GOOD "\"]", f->chain.result);
    f->chain.result = "{\"status\":{\"SuccessValue\":\"\"},\"InvalidTxError\":1}";
    expect_result(f, "send_tx", "[\"" GOOD "\"]", f->chain.result);
}

static void bytes_that_are_no_transaction_are_a_parse_error(void **state)
{
    expect_error(*state, "broadcast_tx_async", "[\"bm9pc2U=\"]", 400,
                 "{\"name\":\"REQUEST_VALIDATION_ERROR\",\"cause\":{\"name\":\"PARSE_ERROR\","
                 "\"info\":{\"error_message\":\"Failed parsing args: failed to decode the "
                 "transaction: the transaction ends early\"}},\"code\":-32700,\"message\":\"Parse "
                 "error\",\"data\":\"Failed parsing args: failed to decode the transaction: the "
                 "transaction ends early\"}");
}

static void full_chain_asks_to_come_again(void **state)
{
    expect_error(*state, "send_tx", "[\"ZnVsbA==\"]", 500,
                 "{\"name\":\"INTERNAL_ERROR\",\"cause\":{\"name\":\"INTERNAL_ERROR\",\"info\":"
                 "{\"error_message\":\"too many wait\"}}," SERVER ",\"data\":\"too many wait\"}");
}

static void async_gives_the_hash_even_of_an_invalid_one(void **state)
{
    expect_result(*state, "broadcast_tx_async", "[\"" GOOD "\"]", "\"" GOOD_HASH "\"");
    expect_result(*state, "broadcast_tx_async", "[\"YmFk\"]", "\"" GOOD_HASH "\"");
}

static void transaction_is_shown_when_known(void **state)
{
    struct fixture *f = *state;
    f->chain.sent = true;
    expect_result(f, "tx", "[\"" GOOD_HASH "\",\"a.near\"]", "{\"status\":{}}");
    expect_result(f, "EXPERIMENTAL_tx_status",
                  "{\"tx_hash\":\"" GOOD_HASH "\",\"sender_account_id\":\"a.near\","
                  "\"wait_until\":\"FINAL\"}",
                  "{\"receipts\":[]}");
    f->chain.level = LNET_INCLUDED;
    expect_result(f, "tx",
                  "{\"tx_hash\":\"" GOOD_HASH "\",\"sender_account_id\":\"a.near\","
                  "\"wait_until\":\"NONE\"}",
                  "{\"status\":{}}");
    expect_error(f, "tx", "[\"" GOOD_HASH "\",\"a.near\"]", 408,
                 "{\"name\":\"HANDLER_ERROR\",\"cause\":{\"name\":\"TIMEOUT_ERROR\"}," SERVER
                 ",\"data\":\"Timeout\"}");
}

static void unknown_transaction_is_not_a_timeout(void **state)
{
    expect_error(*state, "tx", "[\"" GOOD_HASH "\",\"a.near\"]", 200,
                 "{\"name\":\"HANDLER_ERROR\",\"cause\":{\"name\":\"UNKNOWN_TRANSACTION\",\"info\":"
                 "{\"requested_transaction_hash\":\"" GOOD_HASH "\"}}," SERVER
                 ",\"data\":\"Transaction " GOOD_HASH " doesn't exist\"}");
}

static void unknown_receipt_repeats_the_cause_as_data(void **state)
{
    expect_result(*state, "EXPERIMENTAL_receipt", "{\"receipt_id\":\"" HASH5 "\"}",
                  "{\"receipt\":{}}");
    expect_error(*state, "EXPERIMENTAL_receipt", "{\"receipt_id\":\"" GOOD_HASH "\"}", 200,
                 "{\"name\":\"HANDLER_ERROR\",\"cause\":{\"name\":\"UNKNOWN_RECEIPT\",\"info\":"
                 "{\"receipt_id\":\"" GOOD_HASH "\"}}," SERVER
                 ",\"data\":{\"name\":\"UNKNOWN_RECEIPT\",\"info\":{\"receipt_id\":\"" GOOD_HASH
                 "\"}}}");
}

/* ---- configurations, sandbox ---- */

static void configurations_hold_what_clients_compute_with(void **state)
{
    struct fixture *f = *state;
    const char *got =
        request(f, "POST", "/",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
                "\"EXPERIMENTAL_protocol_config\",\"params\":{\"finality\":\"final\"}}");
    assert_non_null(strstr(got, "\"runtime_config\":{\"storage_amount_per_byte\":"
                                "\"10000000000000000000\"}"));
    assert_non_null(strstr(got, "\"minimum_stake_ratio\":[1,6250]"));
    got = request(f, "POST", "/",
                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"EXPERIMENTAL_genesis_config\"}");
    assert_non_null(strstr(got, "\"avg_hidden_validator_seats_per_shard\":[0]"));
}

/* Every answer that is put together from pieces is JSON, each member there once. */
static void answers_are_json(void **state)
{
    static const char *const methods[] = {"status", "network_info", "validators", "genesis_config"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        struct alc_json *doc = NULL;
        char body[200];
        const char *got;
        (void)snprintf(body, sizeof body,
                       "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\","
                       "\"params\":[null]}",
                       methods[i]);
        got = request(f, "POST", "/", body);
        assert_int_equal(alc_json_open(&doc, alc_cstr(got), 1u << 20, NULL), ALC_OK);
        assert_int_equal(alc_json_kind(alc_json_get(doc, "result")), ALC_JSON_OBJECT);
        alc_json_close(doc);
    }
}

static void validators_name_the_one_there_is(void **state)
{
    struct fixture *f = *state;
    const char *got =
        request(f, "POST", "/",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"validators\",\"params\":[null]}");
    assert_non_null(strstr(got, "\"account_id\":\"test.near\""));
    assert_non_null(strstr(got, "\"stake\":\"7\""));
    expect_error(f, "validators", "[6]", 200,
                 "{\"name\":\"HANDLER_ERROR\",\"cause\":{\"name\":\"UNKNOWN_EPOCH\"}," SERVER
                 ",\"data\":\"Unknown Epoch\"}");
}

static void sandbox_requests_reach_the_chain(void **state)
{
    struct fixture *f = *state;
    expect_result(f, "sandbox_patch_state", "{\"records\":[{\"Account\":{\"account_id\":\"a\"}}]}",
                  "{}");
    assert_string_equal(f->chain.patched, "[{\"Account\":{\"account_id\":\"a\"}}]");
    expect_result(f, "sandbox_fast_forward", "{\"delta_height\":201}", "{}");
    assert_int_equal(f->chain.delta, 201);
    expect_error(f, "sandbox_patch_state", "{\"records\":[]}", 400,
                 "{\"name\":\"REQUEST_VALIDATION_ERROR\",\"cause\":{\"name\":\"PARSE_ERROR\","
                 "\"info\":{\"error_message\":\"Failed parsing args: record 0: no kind\"}},"
                 "\"code\":-32700,\"message\":\"Parse error\",\"data\":\"Failed parsing args: "
                 "record 0: no kind\"}");
}

static void snapshots_have_ids(void **state)
{
    struct fixture *f = *state;
    expect_result(f, "sandbox_snapshot", "{}", "{\"id\":1}");
    expect_result(f, "sandbox_snapshot", "null", "{\"id\":2}");
    expect_result(f, "sandbox_restore", "{\"id\":2}", "{}");
    assert_int_equal(f->chain.restored, 2);
    expect_error(f, "sandbox_snapshot", "[]", 400,
                 "{\"name\":\"REQUEST_VALIDATION_ERROR\",\"cause\":{\"name\":\"PARSE_ERROR\","
                 "\"info\":{\"error_message\":\"Failed parsing args: there are 2 snapshots: drop "
                 "some\"}},\"code\":-32700,\"message\":\"Parse error\",\"data\":\"Failed parsing "
                 "args: there are 2 snapshots: drop some\"}");
    expect_result(f, "sandbox_drop_snapshot", "{\"id\":1}", "{}");
    expect_error(f, "sandbox_restore", "{\"id\":7}", 400,
                 "{\"name\":\"REQUEST_VALIDATION_ERROR\",\"cause\":{\"name\":\"PARSE_ERROR\","
                 "\"info\":{\"error_message\":\"Failed parsing args: there is no snapshot 7\"}},"
                 "\"code\":-32700,\"message\":\"Parse error\",\"data\":\"Failed parsing args: "
                 "there is no snapshot 7\"}");
    expect_error(f, "sandbox_restore", "[1]", 400,
                 "{\"name\":\"REQUEST_VALIDATION_ERROR\",\"cause\":{\"name\":\"PARSE_ERROR\","
                 "\"info\":{\"error_message\":\"Failed parsing args: missing field `id`, a "
                 "number\"}},\"code\":-32700,\"message\":\"Parse error\",\"data\":\"Failed "
                 "parsing args: missing field `id`, a number\"}");
}

static void state_is_dumped_as_records(void **state)
{
    struct fixture *f = *state;
    expect_result(f, "sandbox_dump_state", "{}", "{\"records\":[]}");
    expect_result(f, "sandbox_dump_state", "{\"account_ids\":[\"a.near\",\"b.near\",\"a.near\"]}",
                  "{\"records\":[\"a.near\",\"b.near\"]}");
    expect_error(f, "sandbox_dump_state", "{\"account_ids\":[\"a.near\",5]}", 400,
                 "{\"name\":\"REQUEST_VALIDATION_ERROR\",\"cause\":{\"name\":\"PARSE_ERROR\","
                 "\"info\":{\"error_message\":\"Failed parsing args: account_ids: entry 1 is no "
                 "account\"}},\"code\":-32700,\"message\":\"Parse error\",\"data\":\"Failed "
                 "parsing args: account_ids: entry 1 is no account\"}");
    expect_error(f, "sandbox_dump_state", "{\"account_ids\":\"a.near\"}", 400,
                 "{\"name\":\"REQUEST_VALIDATION_ERROR\",\"cause\":{\"name\":\"PARSE_ERROR\","
                 "\"info\":{\"error_message\":\"Failed parsing args: account_ids: an array is "
                 "expected\"}},\"code\":-32700,\"message\":\"Parse error\",\"data\":\"Failed "
                 "parsing args: account_ids: an array is expected\"}");
}

/* ---- the block stream ---- */

static void stream_points_to_the_newest_and_the_first_block(void **state)
{
    struct fixture *f = *state;
    request(f, "GET", "/v0/last_block/final", "");
    assert_int_equal(f->answer.status, 302);
    assert_string_equal(f->answer.location, "/v0/block/5");
    request(f, "GET", "/v0/last_block/optimistic", "");
    assert_string_equal(f->answer.location, "/v0/block_opt/5");
    request(f, "GET", "/v0/first_block", "");
    assert_string_equal(f->answer.location, "/v0/block/2");
}

static void stream_gives_blocks_and_null_for_heights_without(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(request(f, "GET", "/v0/block/5", ""), "{\"block\":{},\"shards\":[]}");
    assert_string_equal(request(f, "GET", "/v0/block_opt/5", ""), "{\"block\":{},\"shards\":[]}");
    assert_string_equal(request(f, "GET", "/v0/block/4", ""), "null");
    assert_int_equal(f->answer.status, 200);
}

static void stream_names_the_heights_it_has_not(void **state)
{
    static const struct {
        const char *path, *type;
        int status;
    } cases[] = {
        {"/v0/block/6", "BLOCK_DOES_NOT_EXIST", 404},  /* waited for, in vain */
        {"/v0/block/16", "BLOCK_DOES_NOT_EXIST", 404}, /* too far to wait */
        {"/v0/block/1", "BLOCK_HEIGHT_TOO_LOW", 404},
        {"/v0/block/1000000000000001", "BLOCK_HEIGHT_TOO_HIGH", 404},
        {"/v0/block/99999999999999999999", "BLOCK_HEIGHT_TOO_HIGH", 404},
        {"/v0/block/", "INVALID_BLOCK_HEIGHT", 400},
        {"/v0/block/-1", "INVALID_BLOCK_HEIGHT", 400},
        {"/v0/block/5x", "INVALID_BLOCK_HEIGHT", 400},
        {"/v0/nothing", "NOT_FOUND", 404},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char want[64];
        (void)snprintf(want, sizeof want, "\"type\":\"%s\"}", cases[i].type);
        assert_non_null(strstr(request(f, "GET", cases[i].path, ""), want));
        assert_int_equal(f->answer.status, cases[i].status);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(id_is_echoed_as_it_came),
        TEST(unknown_method_is_named),
        TEST(bad_envelope_is_a_parse_error),
        TEST(parse_error_says_what_is_wrong),
        TEST(pages_are_read_without_an_envelope),
        TEST(dead_chain_is_not_healthy),
        TEST(status_holds_what_clients_read),
        TEST(block_is_found_by_every_reference),
        TEST(unknown_block_says_how_it_was_named),
        TEST(gas_price_takes_null_for_the_newest_block),
        TEST(chunk_is_found_in_both_ways),
        TEST(changes_are_those_that_were_asked_for),
        TEST(block_effects_tell_each_touch_once),
        TEST(account_carries_its_block),
        TEST(missing_account_is_an_error),
        TEST(nonces_of_a_gas_key_are_listed),
        TEST(missing_key_is_an_error_inside_the_result),
        TEST(view_call_gives_bytes_as_numbers),
        TEST(failed_view_call_is_an_error_inside_the_result),
        TEST(state_and_code_are_shown),
        TEST(query_at_an_unknown_block_repeats_the_reference),
        TEST(state_of_a_collected_block_is_refused),
        TEST(state_of_an_older_block_says_which),
        TEST(block_made_while_a_query_runs_does_no_harm),
        TEST(send_waits_and_shows_the_transaction),
        TEST(send_times_out),
        TEST(invalid_transaction_shows_the_variant),
        TEST(overtaken_transaction_is_invalid_for_its_sender),
        TEST(bytes_that_are_no_transaction_are_a_parse_error),
        TEST(full_chain_asks_to_come_again),
        TEST(async_gives_the_hash_even_of_an_invalid_one),
        TEST(transaction_is_shown_when_known),
        TEST(unknown_transaction_is_not_a_timeout),
        TEST(unknown_receipt_repeats_the_cause_as_data),
        TEST(configurations_hold_what_clients_compute_with),
        TEST(answers_are_json),
        TEST(validators_name_the_one_there_is),
        TEST(sandbox_requests_reach_the_chain),
        TEST(snapshots_have_ids),
        TEST(state_is_dumped_as_records),
        TEST(stream_points_to_the_newest_and_the_first_block),
        TEST(stream_gives_blocks_and_null_for_heights_without),
        TEST(stream_names_the_heights_it_has_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
