/* tests/unit/worker/test_record.c — a run in OutLayer's form: what is hashed, and that its quote
 * was made for it. */
#include "prover_test.h"

static const char *text_of(struct alc_buf *out, const struct alc_answer *a)
{
    alc_buf_reset(out);
    assert_int_equal(wk_record_text(out, a), ALC_OK);
    return alc_buf_text(out);
}

static void the_answer_is_hashed_as_compact_json_with_sorted_keys(void **state)
{
    static const uint8_t bytes[] = {0, 1, 255};
    struct alc_answer a = {.success = true,
                           .output_kind = ALC_OUTPUT_JSON,
                           .output = ALC_LIT("{\"b\":[{\"z\":1,\"a\":-2.5}],\"a\":\"\xc3\xa9\","
                                             "\"B\":null,\"\":true}")};
    struct alc_buf out = ALC_BUF(4096);
    (void)state;

    assert_string_equal(text_of(&out, &a),
                        "{\"\":true,\"B\":null,\"a\":\"\xc3\xa9\",\"b\":[{\"a\":-2.5,\"z\":1}]}");
    a.output_kind = ALC_OUTPUT_TEXT;
    a.output = ALC_LIT("say \"42\"");
    assert_string_equal(text_of(&out, &a), "\"say \\\"42\\\"\"");
    a.output_kind = ALC_OUTPUT_BYTES;
    a.output = (struct alc_bytes){bytes, sizeof bytes};
    assert_string_equal(text_of(&out, &a), "\"AAH/\"");
    a.success = false;
    assert_string_equal(text_of(&out, &a), "[EXECUTION-FAILED]");
    alc_buf_fini(&out);
}

/* record makes job 1's record and reads it back as its verifier does. */
static struct alc_record record(struct prover *f, const struct alc_answer *answer,
                                struct alc_bytes *text)
{
    struct alc_verify_work work = {alc_arena_alloc(&f->arena, 64u << 10), 64u << 10, 0};
    struct alc_record r;

    prover_finish(f, answer);
    OK(wk_record(&f->slot, 1, &f->err));
    OK(alc_queue_record(f->slot.queue, text, 1, &f->arena, &f->err));
    assert_int_equal(alc_record_read(&r, *text, &work), ALC_REFUSAL_NONE);
    return r;
}

static void a_record_says_what_ran_and_its_quote_is_over_it(void **state)
{
    static const struct alc_answer answer = {
        .success = true, .output_kind = ALC_OUTPUT_JSON, .output = {(const uint8_t *)"{}", 2}};
    static uint8_t mem[64u << 10];
    struct prover *f = *state;
    struct alc_verify_work work = ALC_VERIFY_WORK(mem);
    struct alc_bytes text;
    struct alc_record r = record(f, &answer, &text);
    struct alc_quote q;
    struct alc_hash hash;
    char hex[65] = "";
    size_t n;

    assert_true(alc_bytes_is(r.task_type, "execute"));
    assert_int_equal(r.task_id, 1);
    assert_int_equal(r.repo.n, 0);
    assert_true(alc_bytes_is(r.build_target, "wasm32-wasip1"));
    assert_true(alc_bytes_is(r.caller, "alice.near"));
    assert_int_equal(r.block_height, 77);
    assert_int_equal(r.timestamp, 1785309658);
    assert_true(alc_bytes_is(r.project_id, "alice.near/oracle"));
    assert_true(alc_bytes_is(r.attached_usd, "0"));
    assert_true(alc_bytes_is(r.wasm_hash,
                             "ddaa9df2d989b311289dd1d7af19611a24b03180cd66d46d171d16f28f7fb94b"));
    alc_sha256(&hash, ALC_LIT("in"));
    assert_true(alc_hex_encode(hex, 64, &n, alc_hash_bytes(&hash)));
    assert_true(alc_bytes_is(r.input_hash, hex));
    alc_sha256(&hash, ALC_LIT("{}"));
    assert_true(alc_hex_encode(hex, 64, &n, alc_hash_bytes(&hash)));
    assert_true(alc_bytes_is(r.output_hash, hex));
    assert_int_equal(alc_quote_read(&q, r.quote), ALC_REFUSAL_NONE);
    assert_int_equal(alc_record_binding(&r, alc_quote_report_data(&q), &work, &alc_verify_native),
                     ALC_REFUSAL_NONE);
    r.task_id++;
    work.used = 0;
    assert_int_equal(alc_record_binding(&r, alc_quote_report_data(&q), &work, &alc_verify_native),
                     ALC_REFUSAL_RECORD_BINDING);
}

static void a_record_is_found_by_its_transaction(void **state)
{
    static const struct alc_answer answer = {.error = {(const uint8_t *)"no", 2}};
    struct prover *f = *state;
    struct alc_bytes text, again;
    struct alc_record r = record(f, &answer, &text);
    struct alc_hash hash;
    char hex[65] = "";
    size_t n;

    alc_sha256(&hash, ALC_LIT("[EXECUTION-FAILED]"));
    assert_true(alc_hex_encode(hex, 64, &n, alc_hash_bytes(&hash)));
    assert_true(alc_bytes_is(r.output_hash, hex));
    OK(alc_queue_record_by_tx(f->slot.queue, &again, ALC_LIT("7tx"), &f->arena, &f->err));
    assert_true(alc_bytes_eq(text, again));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_is_hashed_as_compact_json_with_sorted_keys),
        PROVER_TEST(a_record_says_what_ran_and_its_quote_is_over_it),
        PROVER_TEST(a_record_is_found_by_its_transaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
