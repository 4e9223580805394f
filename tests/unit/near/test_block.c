/* tests/unit/near/test_block.c — what is kept of a block document. */
#include "near_test.h"

#include <stdlib.h>

struct read {
    struct alc_arena arena;
    struct alc_near_stream_block block;
    struct alc_err err;
};

static enum alc_rc read_text(struct read *r, struct alc_bytes text, const char *only)
{
    return alc_near_block_read(&r->block, text, only, &r->arena, &r->err);
}

static void read_vector(struct read *r, const char *only)
{
    *r = (struct read){.arena = ALC_ARENA(4u << 20)};
    if (read_text(r, vector_file("block.json", &r->arena), only) != ALC_OK)
        fail_msg("%s", r->err.text);
}

static void successful_receipts_come_in_order_with_who_and_what(void **state)
{
    static const char *const ids[] = {"R1", "R3", "R4", "R5"};
    const struct alc_near_logs *l;
    struct read r;
    (void)state;

    read_vector(&r, NULL);
    assert_false(r.block.skipped);
    assert_int_equal(r.block.height, 1234);
    assert_hash_text(&r.block.hash, "4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi");
    assert_true(r.block.timestamp_ns == 1700000000000000001u);
    assert_int_equal(r.block.receipts_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_text(r.block.receipts[i].receipt_id, ids[i]);
    l = &r.block.receipts[0];
    assert_text(l->executor_id, "compute.near");
    assert_text(l->predecessor_id, "relay.near");
    assert_text(l->signer_id, "alice.near");
    assert_text(l->signer_key, KEY_2_PUBLIC);
    assert_text(l->tx_hash, "FbDqaAPeNpicGdcXinpJy9YySUs8JEHkHfVXguJeudP9");
    assert_true(l->gas_burnt == 1392000000000u);
    assert_int_equal(l->logs_count, 2);
    assert_memory_equal(l->logs[0].p, "EVENT_JSON:{", 12);
    assert_int_equal(l->logs[1].n, 25); /* the ü is two bytes, the NUL counts */
    assert_int_equal(r.block.receipts[1].tx_hash.n, 0);
    assert_int_equal(r.block.receipts[2].logs_count, 0);
    alc_arena_fini(&r.arena);
}

static void receipts_that_are_no_action_have_no_signer(void **state)
{
    struct read r;
    (void)state;

    read_vector(&r, "globals.near");
    assert_int_equal(r.block.receipts_count, 1);
    assert_int_equal(r.block.receipts[0].signer_id.n, 0);
    assert_int_equal(r.block.receipts[0].signer_key.n, 0);
    assert_text(r.block.receipts[0].predecessor_id, "system");
    alc_arena_fini(&r.arena);
}

static void only_one_accounts_receipts_are_kept_when_asked(void **state)
{
    struct read r;
    (void)state;

    read_vector(&r, "compute.near");
    assert_int_equal(r.block.receipts_count, 2); /* not the failed one, not the unknown one */
    assert_text(r.block.receipts[0].receipt_id, "R1");
    assert_text(r.block.receipts[1].receipt_id, "R4");
    alc_arena_fini(&r.arena);
    read_vector(&r, "compute.nea");
    assert_int_equal(r.block.receipts_count, 0);
    alc_arena_fini(&r.arena);
}

static void null_is_a_skipped_height(void **state)
{
    struct read r = {.arena = ALC_ARENA(4096)};
    (void)state;

    assert_int_equal(read_text(&r, ALC_LIT("null"), NULL), ALC_OK);
    assert_true(r.block.skipped);
    assert_int_equal(r.block.receipts_count, 0);
    alc_arena_fini(&r.arena);
}

#define HASH_1 "\"4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi\""
#define BLOCK(shards)                                                                              \
    "{\"block\":{\"header\":{\"height\":1,\"hash\":" HASH_1                                        \
    ",\"timestamp\":5}},\"shards\":" shards "}"
#define ITEM(outcome, receipt)                                                                     \
    BLOCK("[{\"receipt_execution_outcomes\":[{\"execution_outcome\":{\"id\":\"R\",\"outcome\":{"   \
          "\"status\":{\"SuccessValue\":\"\"}," outcome "}},\"receipt\":" receipt "}]}]")
#define ACTION                                                                                     \
    "{\"predecessor_id\":\"p\",\"receipt\":{\"Action\":{\"signer_id\":\"s\",\"signer_public_"      \
    "key\":"                                                                                       \
    "\"k\"}}}"

static void a_time_without_text_is_read_as_a_number(void **state)
{
    struct read r = {.arena = ALC_ARENA(4096)};
    (void)state;

    assert_int_equal(
        read_text(&r,
                  ALC_LIT(ITEM("\"executor_id\":\"e\",\"logs\":[\"l\"],\"gas_burnt\":9", ACTION)),
                  NULL),
        ALC_OK);
    assert_int_equal(r.block.timestamp_ns, 5);
    assert_int_equal(r.block.receipts_count, 1);
    assert_text(r.block.receipts[0].logs[0], "l");
    alc_arena_fini(&r.arena);
}

static void documents_of_another_form_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        "7",
        "{\"block\":{\"header\":{\"height\":-1,\"hash\":" HASH_1
        ",\"timestamp\":5}},\"shards\":[]}",
        "{\"block\":{\"header\":{\"height\":1,\"hash\":\"x\",\"timestamp\":5}},\"shards\":[]}",
        "{\"block\":{\"header\":{\"height\":1,\"hash\":" HASH_1 "}},\"shards\":[]}",
        "{\"block\":{\"header\":{\"height\":1,\"hash\":" HASH_1
        ",\"timestamp_nanosec\":\"18446744073709551616\"}},\"shards\":[]}",
        "{\"block\":{\"header\":{\"height\":1,\"hash\":" HASH_1 ",\"timestamp\":5}}}",
        BLOCK("{}"),
        BLOCK("[7]"),
        BLOCK("[{\"receipt_execution_outcomes\":{}}]"),
        ITEM("\"logs\":[],\"gas_burnt\":9", ACTION),
        ITEM("\"executor_id\":\"e\",\"gas_burnt\":9", ACTION),
        ITEM("\"executor_id\":\"e\",\"logs\":[7],\"gas_burnt\":9", ACTION),
        ITEM("\"executor_id\":\"e\",\"logs\":[]", ACTION),
        ITEM("\"executor_id\":\"e\",\"logs\":[],\"gas_burnt\":1.5", ACTION),
        ITEM("\"executor_id\":\"e\",\"logs\":[],\"gas_burnt\":9", "null"),
        ITEM("\"executor_id\":\"e\",\"logs\":[],\"gas_burnt\":9",
             "{\"predecessor_id\":\"p\",\"receipt\":{\"Action\":{\"signer_id\":\"s\"}}}"),
    };
    struct read r = {.arena = ALC_ARENA(65536)};
    (void)state;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (read_text(&r, alc_cstr(bad[i]), NULL) != ALC_BAD_INPUT)
            fail_msg("should be refused: %s", bad[i]);
    alc_arena_fini(&r.arena);
}

static void an_arena_too_small_is_no_memory_and_not_the_documents_fault(void **state)
{
    struct alc_arena text_arena = ALC_ARENA(1u << 20);
    struct alc_bytes text = vector_file("block.json", &text_arena);
    enum alc_rc rc = ALC_NOMEM;
    (void)state;

    for (size_t max = 0; rc == ALC_NOMEM; max += 64) {
        struct read r = {.arena = ALC_ARENA(max)};
        assert_true(max < 65536);
        rc = read_text(&r, text, NULL);
        alc_arena_fini(&r.arena);
    }
    assert_int_equal(rc, ALC_OK);
    alc_arena_fini(&text_arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(successful_receipts_come_in_order_with_who_and_what),
        cmocka_unit_test(receipts_that_are_no_action_have_no_signer),
        cmocka_unit_test(only_one_accounts_receipts_are_kept_when_asked),
        cmocka_unit_test(null_is_a_skipped_height),
        cmocka_unit_test(a_time_without_text_is_read_as_a_number),
        cmocka_unit_test(documents_of_another_form_are_refused),
        cmocka_unit_test(an_arena_too_small_is_no_memory_and_not_the_documents_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
