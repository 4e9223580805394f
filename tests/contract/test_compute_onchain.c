/* tests/contract/test_compute_onchain.c — level "onchain": an answer goes on when the register
 * accepts a quote over its statement, and not otherwise. */
#include "tests/contract/compute_onchain.h"

#include "base/enc.h"

/* ---- what is asked ---- */

static void the_register_is_asked_about_this_quote_and_this_statement(void **state)
{
    static uint8_t quote[600];
    char quote64[ALC_BASE64_CHARS(600) + 1];
    struct alc_statement t;
    struct question q;
    size_t n;

    (void)state;
    ask_onchain(&t, 0);
    assert_non_null(strstr(last.request_data, ",\"with_proof\":true,\"proof\":\"onchain\"}"));
    ok("get_request_context", "{\"request_id\":0}");
    assert_non_null(strstr((const char *)fake_returned().p, "\"proof\":\"onchain\""));
    ok("resolve_execution", resolve_with(0, &t, OUTPUT_ARG, evidence_for(&t)));
    assert_true(fake_receipt(0)->gas >= 15 * (uint64_t)NEAR_TGAS);
    assert_int_equal(fake_receipt(0)->weight, 1); /* and whatever else was attached */
    assert_true(fake_receipt(1)->gas >= 5 * (uint64_t)NEAR_TGAS);
    assert_int_equal(fake_receipt(1)->weight, 0);
    q = answered();
    for (size_t i = 0; i < sizeof quote; i++)
        quote[i] = (uint8_t)(i * 7);
    assert_true(alc_base64_encode(quote64, sizeof quote64 - 1, &n, (struct alc_bytes){quote, 600}));
    quote64[n] = 0;
    assert_string_equal(
        q.verify, fmt("{\"quote\":\"%s\",\"report_data\":\"%s\"}", quote64, report_data_of(&t)));
    question_fini(&q);
}

static void an_accepted_quote_lets_the_promise_go_on(void **state)
{
    struct alc_statement t;
    struct question q;

    (void)state;
    ask_onchain(&t, 0);
    ok("resolve_execution", resolve_with(0, &t, OUTPUT_ARG, evidence_for(&t)));
    q = answered();
    judged(&q, ACCEPTED(&t), true);
    assert_int_equal(fake_logs(), 0);
    wake();
    envelope_is(&t, "{\"payout\":1}", 0);
    returns("[0,8388608]", "get_pending_bytes", "");
    question_fini(&q);
}

static void a_stored_output_is_judged_too(void **state)
{
    struct alc_statement t;
    struct question q;

    (void)state;
    ask_onchain(&t, 0);
    ok("submit_execution_output_and_resolve", submit_with(0, &t, evidence_for(&t)));
    q = answered();
    judged(&q, ACCEPTED(&t), true);
    wake();
    envelope_is(&t, "{\"payout\":1}", 0);
    question_fini(&q);

    ask_onchain(&t, 1);
    ok("submit_execution_output", "{\"request_id\":1,\"output\":" OUTPUT_ARG "}");
    ok("resolve_execution", resolve_with(1, &t, "null", evidence_for(&t)));
    q = answered();
    judged(&q, ACCEPTED(&t), true);
    wake();
    envelope_is(&t, "{\"payout\":1}", 1);
    returns("[0,8388608]", "get_pending_bytes", "");
    question_fini(&q);
}

static void a_quote_over_the_statement_itself_serves_as_well(void **state)
{
    static const uint8_t quote[3] = {1, 2, 3};
    uint8_t buf[256], data[64];
    char text[400], hex[129];
    struct alc_evidence e = {.binding = {.kind = ALC_EVIDENCE_STATEMENT}, .quote = {quote, 3}};
    struct alc_statement t;
    struct alc_hash hash;
    struct question q;
    size_t n;

    (void)state;
    ask_onchain(&t, 0);
    n = alc_evidence_write(&e, buf, sizeof buf);
    assert_true(alc_base64_encode(text, sizeof text - 1, &n, (struct alc_bytes){buf, n}));
    text[n] = 0;
    hash = hash_of_statement(&t);
    alc_report_data(data, &hash, &e.binding, &native_ops);
    assert_true(alc_hex_encode(hex, 128, &n, (struct alc_bytes){data, 64}));
    hex[n] = 0;
    ok("resolve_execution", resolve_with(0, &t, OUTPUT_ARG, text));
    q = answered();
    assert_string_equal(q.verify, fmt("{\"quote\":\"AQID\",\"report_data\":\"%s\"}", hex));
    judged(&q, verdict(true, NULL, true, M1, hex), true);
    question_fini(&q);
}

static void a_caller_who_wants_no_envelope_is_served_the_same(void **state)
{
    struct alc_statement t;
    struct question q;

    (void)state;
    ask_onchain(&t, 0); /* the register and the key */
    ask(",\"input_data\":\"in\",\"params\":{\"proof\":\"onchain\"}");
    good_statement(&t, 1);
    memset(t.measurement.b, 0x11, 32);
    t.simulated = 1;
    as_worker();
    ok("resolve_execution", resolve_with(1, &t, OUTPUT_ARG, evidence_for(&t)));
    q = answered();
    assert_non_null(strstr(q.verify, report_data_of(&t)));
    judged(&q, ACCEPTED(&t), true);
    wake();
    result_is("{\"payout\":1}");
    question_fini(&q);
}

/* ---- what is not taken ---- */

static void evidence_is_needed_and_must_be_evidence(void **state)
{
    struct alc_statement t;
    char *text;
    size_t n;

    (void)state;
    ask_onchain(&t, 0);
    panics("needs evidence", "resolve_execution", resolve_with(0, &t, OUTPUT_ARG, NULL));
    panics("needs evidence", "submit_execution_output_and_resolve", submit_with(0, &t, NULL));
    panics("Evidence refused", "resolve_execution", resolve_with(0, &t, OUTPUT_ARG, ""));
    panics("Evidence refused", "resolve_execution", resolve_with(0, &t, OUTPUT_ARG, "A"));
    text = strdup(evidence_for(&t));
    assert_non_null(text);
    n = strlen(text);
    text[n - 4] = 0;
    panics("Evidence refused", "resolve_execution", resolve_with(0, &t, OUTPUT_ARG, text));
    text[n - 4] = 'A';
    text[0] ^= 1;
    panics("Evidence refused", "resolve_execution", resolve_with(0, &t, OUTPUT_ARG, text));
    free(text);
    text = malloc(40001); /* a quote beyond any that is taken */
    assert_non_null(text);
    memset(text, 'A', 40000);
    text[40000] = 0;
    panics("Evidence refused", "resolve_execution", resolve_with(0, &t, OUTPUT_ARG, text));
    free(text);
    panics("Proof was asked for: an output needs a statement", "resolve_execution",
           "{\"request_id\":0,\"response\":{\"success\":true,\"output\":" OUTPUT_ARG "," USED "}}");
    panics("Proof was asked for: an output needs a statement",
           "submit_execution_output_and_resolve",
           "{\"request_id\":0,\"output\":" OUTPUT_ARG ",\"success\":true," USED "}");
    returns("false", "has_pending_output", "{\"request_id\":0}");
}

static void a_failure_may_come_without_a_statement(void **state)
{
    struct alc_statement t;
    (void)state;
    ask_onchain(&t, 0);
    ok("resolve_execution",
       "{\"request_id\":0,\"response\":{\"success\":false,\"error\":\"no\"," USED "}}");
    assert_int_equal(fake_receipts(), 0);
    wake();
    result_is("null");
}

static void a_failure_with_a_statement_is_judged(void **state)
{
    struct alc_statement t;
    struct question q;
    (void)state;
    ask_onchain(&t, 0);
    t.outcome = ALC_OUTCOME_TRAP;
    t.output_kind = ALC_OUTPUT_NONE;
    memset(t.output_hash.b, 0, 32);
    panics("needs evidence", "resolve_execution", failure_with(0, &t, NULL));
    ok("resolve_execution", failure_with(0, &t, evidence_for(&t)));
    q = answered();
    refused(&q, REFUSED, "QUOTE_SIGNATURE");
    judged(&q, ACCEPTED(&t), true);
    wake();
    result_is("null");
    question_fini(&q);
}

static void without_a_register_the_level_is_not_offered(void **state)
{
    struct alc_statement t;
    (void)state;
    fake_env.deposit = 100 * MILLI;
    panics("no register contract is set", "request_execution",
           "{" SOURCE "," LIMITS ",\"params\":{\"proof\":\"onchain\"}}");
    fake_env.deposit = 0;
    ask_onchain(&t, 0);
    as("owner.test");
    ok("set_register", "{\"register_id\":null}");
    as_worker();
    panics("no register contract is set", "resolve_execution",
           resolve_with(0, &t, OUTPUT_ARG, evidence_for(&t)));
}

static void an_expired_or_retained_key_does_not_even_ask(void **state)
{
    struct alc_statement t;
    (void)state;
    ask_onchain(&t, 0);
    fake_env.time_ns += DAY_NS;
    panics("has expired", "resolve_execution", resolve_with(0, &t, OUTPUT_ARG, evidence_for(&t)));
    fake_env.time_ns -= 1;
    as(REGISTER);
    ok("retain_worker_keys", "{\"measurements\":[\"" M2 "\"]}"); /* M1 was removed */
    as_worker();
    panics("not registered", "resolve_execution",
           resolve_with(0, &t, OUTPUT_ARG, evidence_for(&t)));
    vouch(WORKER, fake_env.time_ns + 1, M2, true);
    as_worker();
    panics("another enclave", "resolve_execution",
           resolve_with(0, &t, OUTPUT_ARG, evidence_for(&t)));
}

/* Every bit of what a statement binds: either the record contradicts it, or the quote does. */
static void one_altered_bit_is_refused(void **state)
{
    static const struct {
        size_t at;
        const char *why; /* NULL: the request does not say, the quote does */
    } fields[] = {
        {offsetof(struct alc_statement, input_hash), "another input"},
        {offsetof(struct alc_statement, output_hash), "another output"},
        {offsetof(struct alc_statement, code_hash), "another module"},
        {offsetof(struct alc_statement, request_hash), "another request text"},
        {offsetof(struct alc_statement, egress_root), NULL},
        {offsetof(struct alc_statement, env_hash), NULL},
        {offsetof(struct alc_statement, previous), NULL},
    };
    struct alc_statement good, t;
    struct question q;
    const char *true_data;

    (void)state;
    ask_onchain(&good, 0);
    true_data = report_data_of(&good);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        for (size_t bit = 0; bit < 256; bit++) {
            t = good;
            ((uint8_t *)&t + fields[i].at)[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (fields[i].why != NULL) {
                panics(fields[i].why, "resolve_execution",
                       resolve_with(0, &t, OUTPUT_ARG, evidence_for(&good)));
                continue;
            }
            ok("resolve_execution", resolve_with(0, &t, OUTPUT_ARG, evidence_for(&good)));
            q = answered();
            /* The register would refuse; even one that did not look is not believed. */
            assert_null(strstr(q.verify, true_data));
            refused(&q, verdict(true, NULL, true, M1, true_data), "BINDING");
            question_fini(&q);
        }
    ok("resolve_execution", resolve_with(0, &good, OUTPUT_ARG, evidence_for(&good)));
}

static void evidence_of_another_statement_or_with_an_altered_path_is_refused(void **state)
{
    static uint8_t bytes[2048];
    char text[ALC_BASE64_CHARS(2048) + 1];
    struct alc_statement t, other;
    const char *true_data;
    struct question q;
    size_t n, m;

    (void)state;
    ask_onchain(&t, 0);
    true_data = report_data_of(&t);
    other = t;
    other.sequence++;
    ok("resolve_execution", resolve_with(0, &t, OUTPUT_ARG, evidence_for(&other)));
    q = answered();
    refused(&q, verdict(true, NULL, true, M1, report_data_of(&other)), "BINDING");
    question_fini(&q);

    assert_true(alc_base64_decode(bytes, sizeof bytes, &n, alc_cstr(evidence_for(&t))));
    /* kind, nonce, anchor, previous; then the three steps: side and hash */
    for (size_t at = 9; at < 9 + 96 + 4 + 99; at++) {
        if (at >= 105 && at < 109) continue; /* the count: other lengths are no evidence */
        bytes[at] ^= 1;
        assert_true(alc_base64_encode(text, sizeof text - 1, &m, (struct alc_bytes){bytes, n}));
        text[m] = 0;
        bytes[at] ^= 1;
        ok("resolve_execution", resolve_with(0, &t, OUTPUT_ARG, text));
        q = answered();
        assert_null(strstr(q.verify, true_data));
        refused(&q, verdict(true, NULL, true, M1, true_data), "BINDING");
        question_fini(&q);
    }
}

/* ---- verdicts ---- */

static void a_verdict_that_does_not_fit_is_refused(void **state)
{
    struct alc_statement t;
    struct question q;
    const char *data;
    char other[129];

    (void)state;
    ask_onchain(&t, 0);
    data = report_data_of(&t);
    strcpy(other, data);
    other[127] = other[127] == '0' ? '1' : '0';
    ok("resolve_execution", resolve_with(0, &t, OUTPUT_ARG, evidence_for(&t)));
    q = answered();
    refused(&q, NULL, "NO_VERDICT");
    refused(&q, REFUSED, "QUOTE_SIGNATURE");
    refused(&q, verdict(false, "SIMULATED", true, M1, data), "SIMULATED");
    refused(&q, verdict(false, NULL, true, M1, data), "UNKNOWN");
    refused(&q, verdict(false, "", true, M1, data), "UNKNOWN");
    refused(&q, verdict(false, M1 "x", true, M1, data), "UNKNOWN"); /* no word has 65 letters */
    refused(&q, verdict(true, NULL, true, M1, other), "BINDING");
    refused(&q, verdict(true, NULL, true, M1, ""), "BINDING");
    refused(&q, verdict(true, NULL, true, M2, data), "STATEMENT_MEASUREMENT");
    refused(&q, verdict(true, NULL, false, M1, data), "STATEMENT_SIMULATED");
    refused(&q, "{\"accepted\":true,\"simulated\":true}", "BINDING");
    refused(&q, "{\"accepted\":false,\"simulated\":false,\"refusal\":null}", "UNKNOWN");
    judged(&q, ACCEPTED(&t), true);
    wake();
    envelope_is(&t, "{\"payout\":1}", 0);
    question_fini(&q);
}

/* What is no verdict at all ends the callback; everything stays as the resolve left it. */
static void bytes_that_are_no_verdict_change_nothing(void **state)
{
    static const char *const bad[] = {
        "",
        "null",
        "{}",
        "[true]",
        "{\"accepted\":1,\"simulated\":true}",
        "{\"accepted\":true,\"accepted\":true,\"simulated\":true}",
        "{\"accepted\":true",
    };
    struct alc_statement t;
    struct question q;
    uint64_t bytes;

    (void)state;
    ask_onchain(&t, 0);
    ok("submit_execution_output_and_resolve", submit_with(0, &t, evidence_for(&t)));
    q = answered();
    bytes = fake_state_bytes();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(
            fake_callback(near_entry_on_quote_verified, alc_cstr(q.callback), alc_cstr(bad[i])));
        assert_int_equal(fake_state_bytes(), bytes);
    }
    judged(&q, ACCEPTED(&t), true);
    question_fini(&q);
}

static void a_stranger_cannot_bring_a_verdict(void **state)
{
    struct alc_statement t;
    struct question q;

    (void)state;
    ask_onchain(&t, 0);
    ok("resolve_execution", resolve_with(0, &t, OUTPUT_ARG, evidence_for(&t)));
    q = answered();
    panics("Method on_quote_verified is private", "on_quote_verified", q.callback);
    as("owner.test");
    panics("Method on_quote_verified is private", "on_quote_verified", q.callback);
    as("alice.test");
    panics("Method on_quote_verified is private", "on_quote_verified", q.callback);
    question_fini(&q);
}

static void other_levels_ask_nobody(void **state)
{
    static const char *const levels[] = {"key", "quote"};
    struct alc_statement t;

    (void)state;
    set_register();
    vouch(WORKER, fake_env.time_ns + DAY_NS, M1, true);
    for (unsigned i = 0; i < 2; i++) {
        ask(fmt(",\"input_data\":\"in\",\"params\":{\"proof\":\"%s\",\"with_proof\":true}",
                levels[i]));
        assert_non_null(strstr(last.request_data, fmt(",\"proof\":\"%s\"}", levels[i])));
        good_statement(&t, i);
        memset(t.measurement.b, 0x11, 32);
        t.simulated = 1;
        as_worker();
        panics("Proof was asked for", "resolve_execution",
               fmt("{\"request_id\":%u,\"response\":{\"success\":true,\"output\":" OUTPUT_ARG
                   "," USED "}}",
                   i));
        ok("resolve_execution", resolve_with(i, &t, OUTPUT_ARG, i == 0 ? NULL : evidence_for(&t)));
        assert_int_equal(fake_receipts(), 0);
        wake();
        envelope_is(&t, "{\"payout\":1}", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_register_is_asked_about_this_quote_and_this_statement),
        TEST(an_accepted_quote_lets_the_promise_go_on),
        TEST(a_stored_output_is_judged_too),
        TEST(a_quote_over_the_statement_itself_serves_as_well),
        TEST(a_caller_who_wants_no_envelope_is_served_the_same),
        TEST(evidence_is_needed_and_must_be_evidence),
        TEST(a_failure_may_come_without_a_statement),
        TEST(a_failure_with_a_statement_is_judged),
        TEST(without_a_register_the_level_is_not_offered),
        TEST(an_expired_or_retained_key_does_not_even_ask),
        TEST(one_altered_bit_is_refused),
        TEST(evidence_of_another_statement_or_with_an_altered_path_is_refused),
        TEST(a_verdict_that_does_not_fit_is_refused),
        TEST(bytes_that_are_no_verdict_change_nothing),
        TEST(a_stranger_cannot_bring_a_verdict),
        TEST(other_levels_ask_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
