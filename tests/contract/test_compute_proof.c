/* tests/contract/test_compute_proof.c — statements: which answer is believed. */
#include "tests/contract/compute_proofs.h"

#include "base/enc.h"

static void ask_with_proof(void)
{
    as("owner.test");
    ok("add_worker_key", fmt("{\"public_key\":\"%s\"}", key_text(WORKER)));
    ask(",\"input_data\":\"in\",\"params\":{\"proof\":\"key\",\"with_proof\":true}");
}

static void a_proven_answer_comes_back_with_its_proof(void **state)
{
    struct alc_statement t;
    (void)state;
    ask_with_proof();
    good_statement(&t, 0);
    as_worker();
    ok("resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    wake();
    envelope_is(&t, "{\"payout\":1}", 0);
}

static void the_context_tells_what_a_statement_must_name(void **state)
{
    char data_id[65], request[65], input[65];
    struct alc_hash h;
    size_t n;
    const char *view;

    (void)state;
    ask_with_proof();
    assert_true(alc_hex_encode(data_id, 64, &n, alc_hash_bytes(&last.data_id)));
    alc_sha256(&h, alc_cstr(last.request_data));
    assert_true(alc_hex_encode(request, 64, &n, alc_hash_bytes(&h)));
    alc_sha256(&h, ALC_LIT("in"));
    assert_true(alc_hex_encode(input, 64, &n, alc_hash_bytes(&h)));
    ok("get_request_context", "{\"request_id\":0}");
    view = (const char *)fake_returned().p;
    assert_non_null(strstr(
        view,
        fmt("{\"request_id\":0,\"signer_id\":\"alice.test\",\"predecessor_id\":\"alice.test\","
            "\"request_hash\":\"%.64s\",\"input_hash\":\"%.64s\",\"code_hash\":\"" CODE_HASH
            "\",\"data_id\":\"%.64s\",\"height\":1002,\"deployment_id\":\"",
            request, input, data_id)));
    assert_non_null(strstr(view, "\",\"chain_id\":\"localnet\",\"resource_limits\":{"
                                 "\"max_instructions\":1000000000,\"max_memory_mb\":128,"
                                 "\"max_execution_seconds\":60},\"compile_only\":false,\"proof\":"
                                 "\"key\",\"with_proof\":true,\"project_id\":null}"));
}

static void a_stored_output_is_proven_too(void **state)
{
    struct alc_statement t;
    (void)state;
    ask_with_proof();
    good_statement(&t, 0);
    as_worker();
    ok("submit_execution_output_and_resolve",
       fmt("{\"request_id\":0,\"output\":" OUTPUT_ARG ",\"success\":true," USED
           ",\"statement\":\"%s\"}",
           base64_of(&t, "")));
    wake();
    envelope_is(&t, "{\"payout\":1}", 0);

    ask(",\"input_data\":\"in\",\"params\":{\"proof\":\"key\",\"with_proof\":true}");
    good_statement(&t, 1);
    as_worker();
    ok("submit_execution_output", "{\"request_id\":1,\"output\":" OUTPUT_ARG "}");
    ok("resolve_execution", resolve_args(1, "null", base64_of(&t, "")));
    wake();
    envelope_is(&t, "{\"payout\":1}", 1);
}

/* What a statement covers is the text, however it is kept: `old` as the version before did. */
static void a_stored_text_is_proven(uint64_t id, bool old)
{
    static const char json[] = "\\\"\\\\\\n\\u0001/\xc3\xa9\xf0\x9f\x98\x80";
    static const char octets[] = "[34,92,10,1,47,195,169,240,159,152,128]";
    const uint8_t key[9] = {'o', [8] = (uint8_t)id};
    struct alc_statement t;

    ask(",\"input_data\":\"in\",\"params\":{\"proof\":\"key\",\"with_proof\":true}");
    good_statement(&t, id);
    t.output_kind = ALC_OUTPUT_TEXT;
    as_worker();
    ok("submit_execution_output", fmt(old ? "{\"request_id\":%u,\"output\":{\"Bytes\":%s}}"
                                          : "{\"request_id\":%u,\"output\":{\"Text\":\"%s\"}}",
                                      (unsigned)id, old ? octets : json));
    if (old) {
        struct alc_bytes record;
        uint8_t text[64];
        size_t n;

        assert_true(fake_get((struct alc_bytes){key, sizeof key}, &record));
        n = record.n;
        memcpy(text, record.p, n);
        text[0] = OUTPUT_TEXT;
        fake_put((struct alc_bytes){key, sizeof key}, (struct alc_bytes){text, n});
    }
    alc_sha256(&t.output_hash, alc_cstr(json)); /* of the JSON */
    panics("Statement refused: another output", "resolve_execution",
           resolve_args(id, "null", base64_of(&t, "")));
    alc_sha256(&t.output_hash, ALC_LIT("\"\\\n\x01/\xc3\xa9\xf0\x9f\x98\x80"));
    t.output_kind = ALC_OUTPUT_BYTES;
    panics("Statement refused: another kind of output", "resolve_execution",
           resolve_args(id, "null", base64_of(&t, "")));
    t.output_kind = ALC_OUTPUT_TEXT;
    ok("resolve_execution", resolve_args(id, "null", base64_of(&t, "")));
    wake();
    envelope_is(&t, fmt("\"%s\"", json), id);
}

static void a_stored_text_is_proven_by_its_raw_bytes(void **state)
{
    (void)state;
    as("owner.test");
    ok("add_worker_key", fmt("{\"public_key\":\"%s\"}", key_text(WORKER)));
    a_stored_text_is_proven(0, false);
    a_stored_text_is_proven(1, true);
}

static void other_bytes_are_refused_on_every_way(void **state)
{
    struct alc_statement t;
    (void)state;
    ask_with_proof();
    good_statement(&t, 0);
    as_worker();
    panics("Statement refused: another output", "resolve_execution",
           resolve_args(0, "{\"Json\":{\"payout\":2}}", base64_of(&t, "")));
    panics("Statement refused: another kind of output", "resolve_execution",
           resolve_args(0, "{\"Text\":\"{\\\"payout\\\":1}\"}", base64_of(&t, "")));
    panics("Statement refused: another kind of output", "resolve_execution",
           resolve_args(0, "null", base64_of(&t, "")));
    panics("Statement refused: another output", "submit_execution_output_and_resolve",
           fmt("{\"request_id\":0,\"output\":{\"Json\":{\"payout\":2}},\"success\":true," USED
               ",\"statement\":\"%s\"}",
               base64_of(&t, "")));
    returns("false", "has_pending_output", "{\"request_id\":0}");
    /* Stored first, proven for other bytes: what is stored is what would be returned. */
    ok("submit_execution_output", "{\"request_id\":0,\"output\":{\"Json\":{\"payout\":2}}}");
    panics("Statement refused: another output", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    panics("Proof was asked for", "resolve_execution",
           "{\"request_id\":0,\"response\":{\"success\":true," USED "}}");
}

static void an_output_stored_after_the_proof_changes_nothing(void **state)
{
    struct alc_statement t;
    struct alc_hash id;
    struct alc_bytes payload;
    uint8_t buf[NEAR_RESUME_MAX_BYTES];
    size_t n;

    (void)state;
    ask_with_proof();
    good_statement(&t, 0);
    as_worker();
    ok("resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    assert_true(fake_resumed(&id, &payload));
    n = payload.n;
    memcpy(buf, payload.p, n);
    ok("submit_execution_output", "{\"request_id\":0,\"output\":{\"Json\":{\"payout\":2}}}");
    assert_true(fake_callback(near_entry_on_execution_response, alc_cstr(last.request_data),
                              (struct alc_bytes){buf, n}));
    envelope_is(&t, "{\"payout\":1}", 0);
    assert_int_equal(fake_records(), 4); /* state, prices, and the key with its list */
}

static void without_a_statement_only_failure_is_possible(void **state)
{
    (void)state;
    ask_with_proof();
    as_worker();
    panics("Proof was asked for: an output needs a statement", "resolve_execution",
           "{\"request_id\":0,\"response\":{\"success\":true,\"output\":" OUTPUT_ARG "," USED "}}");
    panics("Proof was asked for: an output needs a statement",
           "submit_execution_output_and_resolve",
           "{\"request_id\":0,\"output\":" OUTPUT_ARG ",\"success\":true," USED
           ",\"statement\":null}");
    ok("resolve_execution",
       "{\"request_id\":0,\"response\":{\"success\":false,\"output\":" OUTPUT_ARG
       ",\"error\":\"no\"," USED "}}");
    wake();
    result_is("null");
    refunds("alice.test", 99 * MILLI);
}

static void a_failure_can_be_proven(void **state)
{
    struct alc_statement t;
    (void)state;
    ask_with_proof();
    good_statement(&t, 0);
    t.outcome = ALC_OUTCOME_TRAP;
    as_worker();
    panics("Statement refused: another outcome", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    panics("Statement refused: another kind of output", "resolve_execution",
           fmt("{\"request_id\":0,\"response\":{\"success\":false," USED "},\"statement\":\"%s\"}",
               base64_of(&t, "")));
    t.output_kind = ALC_OUTPUT_NONE;
    panics("Statement refused: another output", "resolve_execution",
           fmt("{\"request_id\":0,\"response\":{\"success\":false," USED "},\"statement\":\"%s\"}",
               base64_of(&t, "")));
    memset(t.output_hash.b, 0, 32);
    ok("resolve_execution",
       fmt("{\"request_id\":0,\"response\":{\"success\":false," USED "},\"statement\":\"%s\"}",
           base64_of(&t, "")));
    wake();
    result_is("null");
}

#define BYTES_FIELD(f) {#f, offsetof(struct alc_statement, f), 0}
#define FIELD(f) {#f, offsetof(struct alc_statement, f), sizeof(((struct alc_statement *)0)->f)}

static void each_changed_field_is_refused(void **state)
{
    static const struct {
        const char *name;
        size_t at;
        size_t n; /* 0: borrowed bytes */
    } fields[] = {
        BYTES_FIELD(chain_id),   BYTES_FIELD(contract_id), FIELD(deployment_id),
        FIELD(request_id),       FIELD(data_id),           FIELD(request_hash),
        FIELD(anchor_height),    BYTES_FIELD(signer_id),   BYTES_FIELD(predecessor_id),
        BYTES_FIELD(project_id), FIELD(code_hash),         FIELD(input_hash),
        FIELD(max_instructions), FIELD(max_memory_mb),     FIELD(max_seconds),
        FIELD(outcome),          FIELD(instructions),      FIELD(time_ms),
        FIELD(compile_ms),       FIELD(refund_usd),        FIELD(output_kind),
        FIELD(output_hash),      FIELD(worker_key),
    };
    struct alc_statement good, t;

    (void)state;
    ask_with_proof();
    good_statement(&good, 0);
    as_worker();
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        uint8_t *p = (uint8_t *)&t + fields[i].at;
        t = good;
        if (fields[i].n == 0)
            *(struct alc_bytes *)(void *)p = ALC_LIT("other.test");
        else if (fields[i].n > 8)
            p[fields[i].n - 1] ^= 1;
        else if (fields[i].at == offsetof(struct alc_statement, anchor_height))
            t.anchor_height = fake_env.height + 1;
        else
            *p = (uint8_t)(*p + 1);
        if (call("resolve_execution", alc_cstr(resolve_args(0, OUTPUT_ARG, base64_of(&t, "")))))
            fail_msg("a changed %s was accepted", fields[i].name);
        assert_non_null(strstr((const char *)fake_panic().p, "Statement refused: "));
    }
    ok("resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&good, "")));
}

static void statements_that_do_not_decode_are_refused(void **state)
{
    struct alc_statement t;
    char *text, *args;
    (void)state;
    ask_with_proof();
    good_statement(&t, 0);
    as_worker();
    panics("Statement refused: not statement v1", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "x")));
    panics("Statement refused: not statement v1", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, ""));
    panics("Statement refused: not base64", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, "AAA"));
    panics("Statement refused: not base64", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, "AA A"));
    text = strdup(base64_of(&t, ""));
    args = malloc(4096);
    assert_non_null(args);
    for (size_t n = strlen(text) - 4; n > 0; n -= 4) {
        text[n] = 0;
        panics("Statement refused: not statement v1", "resolve_execution",
               resolve_args(0, OUTPUT_ARG, text));
        if (n < 64) break;
        n -= 40;
    }
    memset(args, 'A', 4092);
    args[4092] = 0;
    panics("Statement refused: not base64, or too long", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, args));
    free(args);
    free(text);
}

static void the_wrong_signer_is_refused(void **state)
{
    struct alc_statement t;
    (void)state;
    ask_with_proof();
    good_statement(&t, 0);
    as_worker();
    fake_env.signer = "relay.test";
    panics("straight from a transaction", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    as_worker();
    fake_env.signer_key[0] = 1;
    panics("signed by another key", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    fake_env.signer_key[0] = 0;
    fake_env.signer_key[32] ^= 1;
    panics("signed by another key", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    t.worker_key.b[31] ^= 1; /* consistent, but nobody registered it */
    panics("not registered", "resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
}

static void an_expired_or_removed_key_is_refused(void **state)
{
    struct alc_statement t;
    (void)state;
    ask_with_proof();
    good_statement(&t, 0);
    as("owner.test");
    ok("add_worker_key", fmt("{\"public_key\":\"%s\",\"expires_ns\":%" PRIu64 "}", key_text(WORKER),
                             fake_env.time_ns));
    as_worker();
    panics("has expired", "resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    as("owner.test");
    ok("remove_worker_key", fmt("{\"public_key\":\"%s\"}", key_text(WORKER)));
    as_worker();
    panics("not registered", "resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    as("owner.test");
    ok("add_worker_key", fmt("{\"public_key\":\"%s\",\"expires_ns\":%" PRIu64 "}", key_text(WORKER),
                             fake_env.time_ns + 1));
    as_worker();
    ok("resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
}

static void a_statement_of_an_earlier_deployment_is_refused(void **state)
{
    struct alc_statement old, now;
    (void)state;
    ask_with_proof();
    good_statement(&old, 0);
    fake_reset();
    as("owner.test");
    fake_env.height += 50;
    ok("new",
       "{\"owner_id\":\"owner.test\",\"operator_id\":\"op.test\",\"chain_id\":\"localnet\"}");
    ask_with_proof();
    good_statement(&now, 0);
    assert_memory_equal(old.data_id.b, now.data_id.b, 32); /* the fake's; a chain gives others */
    assert_memory_equal(old.request_hash.b, now.request_hash.b, 32);
    as_worker();
    panics("Statement refused: another deployment", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&old, "")));
    ok("resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&now, "")));
}

static void a_statement_given_unasked_is_checked_all_the_same(void **state)
{
    struct alc_statement t;
    (void)state;
    as("owner.test");
    ok("add_worker_key", fmt("{\"public_key\":\"%s\"}", key_text(WORKER)));
    ask(",\"input_data\":\"in\"");
    good_statement(&t, 0);
    t.time_ms++;
    as_worker();
    panics("Statement refused: other resources than reported", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    t.time_ms--;
    ok("resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    wake();
    result_is("{\"payout\":1}"); /* no envelope: it was not asked for */
}

static void metrics_in_a_statement_include_compiling_and_refund(void **state)
{
    struct alc_statement t;
    const char *form = "{\"request_id\":0,\"response\":{\"success\":true,\"output\":" OUTPUT_ARG
                       ",\"resources_used\":{\"instructions\":5500000,\"time_ms\":120,"
                       "\"compile_time_ms\":%u},\"refund_usd\":%u},\"statement\":\"%s\"}";
    (void)state;
    ask_with_proof();
    good_statement(&t, 0);
    t.compile_ms = 3;
    t.refund_usd = 4;
    as_worker();
    panics("other resources", "resolve_execution",
           fmt("{\"request_id\":0,\"response\":{\"success\":"
               "true,\"output\":" OUTPUT_ARG "," USED ",\"refund_usd\":4},\"statement\":\"%s\"}",
               base64_of(&t, "")));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    panics("another refund", "resolve_execution", fmt(form, 3, 5, base64_of(&t, "")));
    ok("resolve_execution", fmt(form, 3, 4, base64_of(&t, "")));
#pragma GCC diagnostic pop
}

static void a_long_input_is_proven_from_where_it_lies(void **state)
{
    struct alc_statement t;
    static char in[20001];
    (void)state;
    as("owner.test");
    ok("add_worker_key", fmt("{\"public_key\":\"%s\"}", key_text(WORKER)));
    memset(in, 'i', sizeof in - 1);
    ask(fmt(",\"input_data\":\"%s\",\"params\":{\"proof\":\"key\"}", in));
    good_statement(&t, 0);
    as_worker();
    panics("Statement refused: another input", "resolve_execution",
           resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    alc_sha256(&t.input_hash, alc_cstr(in));
    ok("resolve_execution", resolve_args(0, OUTPUT_ARG, base64_of(&t, "")));
    wake();
    result_is("{\"payout\":1}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_proven_answer_comes_back_with_its_proof),
        TEST(the_context_tells_what_a_statement_must_name),
        TEST(a_stored_output_is_proven_too),
        TEST(a_stored_text_is_proven_by_its_raw_bytes),
        TEST(other_bytes_are_refused_on_every_way),
        TEST(an_output_stored_after_the_proof_changes_nothing),
        TEST(without_a_statement_only_failure_is_possible),
        TEST(a_failure_can_be_proven),
        TEST(each_changed_field_is_refused),
        TEST(statements_that_do_not_decode_are_refused),
        TEST(the_wrong_signer_is_refused),
        TEST(an_expired_or_removed_key_is_refused),
        TEST(a_statement_of_an_earlier_deployment_is_refused),
        TEST(a_statement_given_unasked_is_checked_all_the_same),
        TEST(metrics_in_a_statement_include_compiling_and_refund),
        TEST(a_long_input_is_proven_from_where_it_lies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
