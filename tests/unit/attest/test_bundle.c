/* tests/unit/cli/test_bundle.c — statement files: written and read back, and what is wrong with one
 * is said. */
#include "example.h"

#include "attest/attest.h"
#include "base/enc.h"
#include "engine/engine.h"
#include "worker/worker.h"

static uint8_t signed_bytes[ALC_STATEMENT_SIGNED_MAX_BYTES];

static struct alc_bundle whole(void)
{
    struct alc_statement s = sample();
    return (struct alc_bundle){.signed_statement = sign_as_is(signed_bytes, &s, test_seed),
                               .has_request = true,
                               .has_input = true,
                               .has_output = true,
                               .request = ALC_LIT("{\"input\":\"caf\xc3\xa9 \\\" \\n\"}"),
                               .input = ALC_LIT("\0\xff raw"),
                               .output = ALC_LIT("")};
}

static void what_is_written_is_read_back(void **state)
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_buf text = ALC_BUF(1u << 20);
    struct alc_bundle b = whole(), back;
    struct alc_err err = {0};
    (void)state;

    alc_bundle_write(&text, &b);
    assert_false(text.failed);
    assert_int_equal(text.p[text.n - 1], '\n');
    if (alc_bundle_read(&back, alc_buf_bytes(&text), &arena, &err) != ALC_OK)
        fail_msg("%s", err.text);
    alc_buf_fini(&text); /* what was read lives in the arena */
    assert_true(alc_bytes_eq(back.signed_statement, b.signed_statement));
    assert_true(back.has_request && alc_bytes_eq(back.request, b.request));
    assert_true(back.has_input && alc_bytes_eq(back.input, b.input));
    assert_true(back.has_output && alc_bytes_eq(back.output, b.output));
    alc_arena_fini(&arena);
}

static void a_quote_and_what_goes_with_it_are_read_back(void **state)
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_buf text = ALC_BUF(1u << 20);
    struct alc_bundle b = whole(), back;
    struct alc_err err = {0};
    (void)state;

    b.evidence = ALC_LIT("ALCEVI/1\0\xff");
    b.collateral = ALC_LIT("{\"tcb_info\":\"{\\\"id\\\":1} \"}"); /* not a byte may change */
    b.event_log = ALC_LIT("[ {\"imr\":3} ]");
    b.has_source = true;
    memset(&b.source_code, 0xab, sizeof b.source_code);
    b.source_repo = ALC_LIT("https://github.com/alice/tool");
    b.source_commit = ALC_LIT("0123");
    b.has_judged_at = true;
    b.judged_at_s = 1790000000;
    alc_bundle_write(&text, &b);
    assert_false(text.failed);
    if (alc_bundle_read(&back, alc_buf_bytes(&text), &arena, &err) != ALC_OK)
        fail_msg("%s", err.text);
    assert_true(alc_bytes_eq(back.evidence, b.evidence));
    assert_true(alc_bytes_eq(back.collateral, b.collateral));
    assert_true(alc_bytes_eq(back.event_log, b.event_log));
    assert_true(back.has_source && alc_hash_eq(&back.source_code, &b.source_code));
    assert_true(alc_bytes_eq(back.source_repo, b.source_repo));
    assert_true(alc_bytes_eq(back.source_commit, b.source_commit));
    assert_int_equal(back.source_url.n, 0);
    assert_true(back.has_judged_at && back.judged_at_s == 1790000000);
    alc_buf_fini(&text);
    alc_arena_fini(&arena);
}

static void evidence_may_be_absent(void **state)
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_buf text = ALC_BUF(1u << 20);
    struct alc_bundle b = {.signed_statement = whole().signed_statement}, back;
    (void)state;

    alc_bundle_write(&text, &b);
    assert_int_equal(alc_bundle_read(&back, alc_buf_bytes(&text), &arena, NULL), ALC_OK);
    assert_false(back.has_request || back.has_input || back.has_output);
    assert_true(back.evidence.n == 0 && back.collateral.n == 0 && back.event_log.n == 0);
    assert_false(back.has_source || back.has_judged_at);
    assert_true(alc_bytes_eq(back.signed_statement, b.signed_statement));
    alc_buf_fini(&text);
    alc_arena_fini(&arena);
}

static void bytes_too_few_to_be_signed_are_not_written(void **state)
{
    struct alc_buf text = ALC_BUF(1u << 20);
    struct alc_bundle b = {.signed_statement = {signed_bytes, ALC_STATEMENT_SIG_BYTES - 1}};
    (void)state;

    alc_bundle_write(&text, &b);
    assert_true(text.failed);
    alc_buf_fini(&text);
}

#define SIG                                                                                        \
    "\"ed25519:5BPpdvMiuxCQGkvMWebEDTRBN5Xy4VtvPpzgpCAyd4qU9B6wmNGnVp7AXK6Efj1yR92M1TmS1cHfLBzb"   \
    "rKQno6TL\""
#define GOOD "\"format\":\"alcove-statement/1\",\"statement\":\"QUJD\",\"signature\":" SIG

static void what_is_wrong_with_a_file_is_said(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", ""},
        {"not JSON", ""},
        {"[]", "format"},
        {"null", "format"},
        {"{}", "format"},
        {"{\"format\":1}", "format"},
        {"{\"format\":\"alcove-statement/2\"}", "format"},
        {"{\"format\":\"alcove-statement/1\"}", "statement"},
        {"{\"format\":\"alcove-statement/1\",\"statement\":7}", "statement"},
        {"{\"format\":\"alcove-statement/1\",\"statement\":\"QUJ\"}", "statement"},
        {"{\"format\":\"alcove-statement/1\",\"statement\":\"QU JD\"}", "statement"},
        {"{\"format\":\"alcove-statement/1\",\"statement\":\"QUJD\"}", "signature"},
        {"{\"format\":\"alcove-statement/1\",\"statement\":\"QUJD\",\"signature\":7}", "signature"},
        {"{\"format\":\"alcove-statement/1\",\"statement\":\"QUJD\",\"signature\":\"\"}",
         "signature"},
        {"{\"format\":\"alcove-statement/1\",\"statement\":\"QUJD\",\"signature\":\"ed25519:\"}",
         "signature"},
        {"{\"format\":\"alcove-statement/1\",\"statement\":\"QUJD\",\"signature\":\"ed25519:2\"}",
         "signature"},
        {"{\"format\":\"alcove-statement/"
         "1\",\"statement\":\"QUJD\",\"signature\":\"ed25519:0OIl\"}",
         "signature"},
        {"{\"format\":\"alcove-statement/1\",\"statement\":\"QUJD\",\"signature\":\"secp256k1:2\"}",
         "signature"},
        {"{" GOOD ",\"request\":{\"request_id\":1}}", "request"},
        {"{" GOOD ",\"request\":null}", "request"},
        {"{" GOOD ",\"input\":7}", "input"},
        {"{" GOOD ",\"input\":\"=\"}", "input"},
        {"{" GOOD ",\"output\":null}", "output"},
        {"{" GOOD ",\"output\":\"####\"}", "output"},
        {"{" GOOD ",\"input\":\"\",\"input\":\"\"}", ""},
        {"{" GOOD ",\"evidence\":\"#\"}", "evidence"},
        {"{" GOOD ",\"collateral\":[]}", "collateral"},
        {"{" GOOD ",\"collateral\":null}", "collateral"},
        {"{" GOOD ",\"event_log\":{}}", "event_log"},
        {"{" GOOD ",\"source\":{}}", "source"},
        {"{" GOOD ",\"source\":{\"code_hash\":\"00\"}}", "source"},
        {"{" GOOD ",\"source\":\"rain.wasm\"}", "source"},
        {"{" GOOD ",\"judged_at\":\"today\"}", "judged_at"},
        {"{" GOOD ",\"judged_at\":-1}", "judged_at"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct alc_arena arena = ALC_ARENA(1u << 20);
        struct alc_err err = {0};
        struct alc_bundle b;
        enum alc_rc rc = alc_bundle_read(&b, alc_cstr(cases[i].text), &arena, &err);
        if (rc != ALC_BAD_INPUT || err.text[0] == 0 || strstr(err.text, cases[i].why) == NULL)
            fail_msg("%s: %s: %s", cases[i].text, alc_rc_name(rc), err.text);
        alc_arena_fini(&arena);
    }
}

static void the_cases_above_lack_nothing_else(void **state)
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_bundle b;
    (void)state;

    assert_int_equal(alc_bundle_read(&b, ALC_LIT("{" GOOD ",\"of tomorrow\":[]}"), &arena, NULL),
                     ALC_OK);
    assert_int_equal(b.signed_statement.n, 3 + ALC_STATEMENT_SIG_BYTES);
    alc_arena_fini(&arena);
}

/* Agents and services hand JSON out both as it is and inside a text. */
static void collateral_and_event_log_may_stand_as_they_are(void **state)
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_bundle b;
    (void)state;

    assert_int_equal(
        alc_bundle_read(&b,
                        ALC_LIT("{" GOOD ",\"collateral\": {\"tcb_info\": \"{ \\\"a\\\""
                                ":1}\"},\"event_log\":[{\"imr\":0}]}"),
                        &arena, NULL),
        ALC_OK);
    assert_true(alc_bytes_is(b.collateral, "{\"tcb_info\":\"{ \\\"a\\\":1}\"}"));
    assert_true(alc_bytes_is(b.event_log, "[{\"imr\":0}]"));
    alc_arena_fini(&arena);
}

static void no_memory_is_said_at_every_step(void **state)
{
    struct alc_buf text = ALC_BUF(1u << 20);
    struct alc_bundle b = whole(), back;
    unsigned failed = 0;
    (void)state;

    b.evidence = b.collateral = b.event_log = b.source_url = ALC_LIT("text");
    b.has_source = true;
    alc_bundle_write(&text, &b);
    for (size_t max = 0;; max += 64) {
        struct alc_arena arena = ALC_ARENA(max);
        enum alc_rc rc = alc_bundle_read(&back, alc_buf_bytes(&text), &arena, NULL);
        alc_arena_fini(&arena);
        if (rc == ALC_OK) break;
        failed++;
    }
    assert_true(failed > 20);
    alc_buf_fini(&text);
}

/* ---- docs/statement.md ---- */

static struct alc_verdict judge_example(struct alc_bundle *b, struct alc_arena *arena)
{
    struct alc_expect expect = {0};
    struct alc_err err = {0};
    struct alc_verdict v;

    if (alc_bundle_read(b, example(), arena, &err) != ALC_OK) fail_msg("%s", err.text);
    assert_true(b->has_request && b->has_input && b->has_output);
    expect.request = &b->request;
    expect.input = &b->input;
    expect.output = &b->output;
    alc_verify_signed(&v, b->signed_statement, &expect, &alc_verify_native);
    return v;
}

static void the_example_of_the_document_is_accepted(void **state)
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_bundle b;
    struct alc_verdict v = judge_example(&b, &arena);
    struct alc_ed25519 key = {0};
    (void)state;

    if (!v.accepted) fail_msg("%s", alc_refusal_text(v.refusal));
    assert_true(v.simulated);
    assert_int_equal(v.statement.outcome, ALC_OUTCOME_OK);
    assert_int_equal(v.statement.output_kind, ALC_OUTPUT_JSON);
    assert_true(alc_bytes_is(v.statement.contract_id, "compute.test.near"));
    assert_int_equal(alc_ed25519_init(&key, test_seed), ALC_OK);
    assert_true(alc_hash_eq(&v.statement.worker_key, &key.public_key)); /* as the page says */
    alc_ed25519_fini(&key);
    alc_arena_fini(&arena);
}

static void the_numbers_of_the_document_are_those_of_the_code(void **state)
{
    const char *page = document();
    struct alc_hash h;
    char text[128], hex[65];
    size_t n;
    (void)state;

    n = (size_t)snprintf(text, sizeof text, "ALCOVE/POLICY/1 output=%u stderr=%u memory_mb=512",
                         ALC_WORKER_OUTPUT_MAX_BYTES, ALC_ENGINE_STDERR_MAX_BYTES);
    alc_sha256(&h, (struct alc_bytes){(const uint8_t *)text, n});
    assert_true(alc_hex_encode(hex, sizeof hex, &n, alc_hash_bytes(&h)));
    hex[n] = 0;
    assert_non_null(strstr(page, hex));
    assert_non_null(strstr(page, "839 to 1,287 bytes"));
    for (size_t i = 0; i < FIELDS_COUNT; i++) {
        snprintf(text, sizeof text, "| `%s` | ", fields[i].name);
        if (strstr(page, text) == NULL) fail_msg("the table has no %s", fields[i].name);
    }
    for (unsigned i = 0; i < ALC_OUTCOME_COUNT; i++) {
        snprintf(text, sizeof text, "| %u | %s | ", i, alc_outcome_name((uint8_t)i));
        if (strstr(page, text) == NULL) fail_msg("the page has no outcome %u", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(a_quote_and_what_goes_with_it_are_read_back),
        cmocka_unit_test(collateral_and_event_log_may_stand_as_they_are),
        cmocka_unit_test(evidence_may_be_absent),
        cmocka_unit_test(bytes_too_few_to_be_signed_are_not_written),
        cmocka_unit_test(what_is_wrong_with_a_file_is_said),
        cmocka_unit_test(the_cases_above_lack_nothing_else),
        cmocka_unit_test(no_memory_is_said_at_every_step),
        cmocka_unit_test(the_example_of_the_document_is_accepted),
        cmocka_unit_test(the_numbers_of_the_document_are_those_of_the_code),
    };
    return cmocka_run_group_tests(tests, crypto_ready, NULL);
}
