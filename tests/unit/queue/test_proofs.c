/* tests/unit/queue/test_proofs.c — quotes and records come later than the statements that they
 * vouch for, once each. */
#include "fixture.h"

/* done runs job `id` to an answer with a statement that waits for a quote and a record. */
static struct alc_hash done(struct fixture *f, uint64_t id)
{
    struct alc_answer answer = good;
    struct alc_order order = {
        .worker_key = {{0xaa}}, .sequence = id, .prove = true, .record = true};
    struct alc_err err = {0};

    memcpy(order.hash.b, &id, sizeof id);
    order.hash.b[31] = 1;
    answer.statement = ALC_LIT("ALCOVE/1...");
    assert_int_equal(claim_as(f, "w"), id);
    OK(alc_queue_finish(f->queue, id, 1, &answer, &order, &err));
    return order.hash;
}

static size_t unproven(struct fixture *f, struct alc_unproven *out, size_t limit)
{
    struct alc_err err = {0};
    size_t n = 99;

    OK(alc_queue_unproven(f->queue, out, &n, limit, &err));
    return n;
}

static const struct alc_batch batch = {
    .root = {{7}}, .head = ALC_LIT("head|"), .tail = ALC_LIT("|quote"), .event_log = ALC_LIT("[]")};

static enum alc_rc evidence(struct fixture *f, struct alc_bytes *out, const struct alc_hash *hash)
{
    struct alc_err err = {0};
    return alc_queue_evidence(f->queue, out, hash, &f->arena, &err);
}

static void statements_wait_for_their_quote_oldest_first(void **state)
{
    struct fixture *f = *state;
    struct alc_unproven list[4];
    struct alc_hash hash[3];

    assert_int_equal(unproven(f, list, 4), 0);
    take(f, 1, 1, 3);
    for (uint64_t i = 0; i < 3; i++)
        hash[i] = done(f, i + 1);
    assert_int_equal(unproven(f, list, 2), 2);
    assert_int_equal(unproven(f, list, 4), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(list[i].job, i + 1);
        assert_true(alc_hash_eq(&list[i].statement, &hash[i]));
    }
}

static void a_statement_that_asks_for_no_quote_waits_for_none(void **state)
{
    struct fixture *f = *state;
    struct alc_answer answer = good;
    const struct alc_order order = {.worker_key = {{1}}, .sequence = 1, .hash = {{9}}};
    struct alc_unproven list[1];
    struct alc_err err = {0};
    uint64_t job;
    size_t n = 99;

    take(f, 1, 1, 1);
    claim_as(f, "w");
    answer.statement = ALC_LIT("s");
    OK(alc_queue_finish(f->queue, 1, 1, &answer, &order, &err));
    assert_int_equal(unproven(f, list, 1), 0);
    OK(alc_queue_unrecorded(f->queue, &job, &n, 1, &err));
    assert_int_equal(n, 0);
}

static void the_evidence_of_each_is_its_own_part_of_the_batch(void **state)
{
    struct fixture *f = *state;
    struct alc_batch_leaf leaves[2] = {{.path = ALC_LIT("left")}, {.path = ALC_LIT("")}};
    struct alc_bytes out, log;
    struct alc_unproven list[3];
    struct alc_err err = {0};
    struct alc_hash third, root;

    take(f, 1, 1, 3);
    leaves[0].statement = done(f, 1);
    leaves[1].statement = done(f, 2);
    third = done(f, 3);
    assert_int_equal(evidence(f, &out, &third), ALC_NOT_FOUND);
    assert_int_equal(alc_queue_last_root(f->queue, &root, &err), ALC_NOT_FOUND);
    OK(alc_queue_put_batch(f->queue, &batch, leaves, 2, &err));
    OK(evidence(f, &out, &leaves[0].statement));
    assert_true(alc_bytes_is(out, "head|left|quote"));
    OK(evidence(f, &out, &leaves[1].statement));
    assert_true(alc_bytes_is(out, "head||quote"));
    assert_int_equal(evidence(f, &out, &third), ALC_NOT_FOUND);
    OK(alc_queue_event_log(f->queue, &log, &leaves[0].statement, &f->arena, &err));
    assert_true(alc_bytes_is(log, "[]"));
    OK(alc_queue_last_root(f->queue, &root, &err));
    assert_true(alc_hash_eq(&root, &batch.root));
    assert_int_equal(unproven(f, list, 3), 1);
    assert_true(alc_hash_eq(&list[0].statement, &third));
}

static void a_second_quote_for_a_statement_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct alc_batch_leaf leaves[2] = {{.path = ALC_LIT("a")}, {.path = ALC_LIT("b")}};
    struct alc_batch other = batch;
    struct alc_unproven list[2];
    struct alc_bytes out;
    struct alc_err err = {0};
    struct alc_hash root;

    take(f, 1, 1, 2);
    leaves[0].statement = done(f, 1);
    leaves[1].statement = done(f, 2);
    OK(alc_queue_put_batch(f->queue, &batch, leaves, 1, &err));
    /* The same root, or a statement that has its quote: nothing of the batch is kept. */
    assert_int_equal(alc_queue_put_batch(f->queue, &batch, leaves + 1, 1, &err), ALC_CONFLICT);
    other.root.b[0] = 8;
    memcpy(leaves, &(struct alc_batch_leaf[2]){leaves[1], leaves[0]}, sizeof leaves);
    assert_int_equal(alc_queue_put_batch(f->queue, &other, leaves, 2, &err), ALC_CONFLICT);
    assert_int_equal(evidence(f, &out, &leaves[0].statement), ALC_NOT_FOUND);
    OK(alc_queue_last_root(f->queue, &root, &err));
    assert_true(alc_hash_eq(&root, &batch.root));
    assert_int_equal(unproven(f, list, 2), 1);
}

static void a_record_is_found_three_ways(void **state)
{
    struct fixture *f = *state;
    const struct alc_bytes none = {NULL, 0};
    struct alc_err err = {0};
    struct alc_bytes out;
    uint64_t jobs[4];
    size_t n = 99;

    take(f, 1, 1, 3);
    for (uint64_t i = 1; i <= 3; i++)
        done(f, i);
    OK(alc_queue_unrecorded(f->queue, jobs, &n, 2, &err));
    assert_int_equal(n, 2);
    assert_int_equal(jobs[0], 1);
    OK(alc_queue_put_record(f->queue, 2, none, ALC_LIT("tx"), ALC_LIT("{\"old\":2}"), &err));
    OK(alc_queue_put_record(f->queue, 2, none, ALC_LIT("tx"), ALC_LIT("{\"task_id\":2}"), &err));
    OK(alc_queue_put_record(f->queue, 1, ALC_LIT("call"), ALC_LIT("tx"), ALC_LIT("{\"task_id\":1}"),
                            &err));
    OK(alc_queue_record(f->queue, &out, 2, &f->arena, &err));
    assert_true(alc_bytes_is(out, "{\"task_id\":2}"));
    OK(alc_queue_record_by_tx(f->queue, &out, ALC_LIT("tx"), &f->arena, &err));
    assert_true(alc_bytes_is(out, "{\"task_id\":1}")); /* the first of the transaction */
    OK(alc_queue_record_by_call(f->queue, &out, ALC_LIT("call"), &f->arena, &err));
    assert_true(alc_bytes_is(out, "{\"task_id\":1}"));
    assert_int_equal(alc_queue_record(f->queue, &out, 3, &f->arena, &err), ALC_NOT_FOUND);
    assert_int_equal(alc_queue_record_by_tx(f->queue, &out, none, &f->arena, &err), ALC_NOT_FOUND);
    assert_int_equal(alc_queue_record_by_call(f->queue, &out, none, &f->arena, &err),
                     ALC_NOT_FOUND);
    OK(alc_queue_unrecorded(f->queue, jobs, &n, 4, &err));
    assert_int_equal(n, 1);
    assert_int_equal(jobs[0], 3);
}

static void a_key_owes_until_what_it_signed_is_settled(void **state)
{
    struct fixture *f = *state;
    const struct alc_hash key = {{0xaa}}, stranger = {{0xbb}};
    struct alc_err err = {0};
    size_t n = 99;

    take(f, 1, 1, 2);
    done(f, 1);
    done(f, 2);
    OK(alc_queue_owes(f->queue, &n, &key, &err));
    assert_int_equal(n, 2);
    OK(alc_queue_settle(f->queue, 1, "resolved", &err));
    OK(alc_queue_settle(f->queue, 2, "gone", &err));
    OK(alc_queue_owes(f->queue, &n, &key, &err));
    assert_int_equal(n, 0);
    OK(alc_queue_owes(f->queue, &n, &stranger, &err));
    assert_int_equal(n, 0);
}

/* A store from before quotes gains the tables, and what is in it stays. */
static void a_store_of_the_first_version_goes_on(void **state)
{
    static const char *const undo[] = {
        "DROP TABLE alc_proof",    "DROP TABLE alc_batch",
        "DROP TABLE alc_unproven", "DROP TABLE alc_unrecorded",
        "DROP TABLE alc_record",   "UPDATE alc_schema SET version = 1 WHERE room = 'queue'"};
    struct fixture *f = *state;
    struct alc_unproven list[1];
    struct alc_err err = {0};

    take(f, 1, 1, 2);
    done(f, 1);
    for (size_t i = 0; i < sizeof undo / sizeof *undo; i++)
        OK(alc_store_exec(f->store, NULL, undo[i], ALC_NO_ARGS, &err));
    queue_close(f);
    queue_open(f);
    assert_int_equal(state_of(f, 1), ALC_JOB_DONE);
    assert_int_equal(unproven(f, list, 1), 0);
    done(f, 2);
    assert_int_equal(unproven(f, list, 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        QUEUE_TEST(statements_wait_for_their_quote_oldest_first),
        QUEUE_TEST(a_statement_that_asks_for_no_quote_waits_for_none),
        QUEUE_TEST(the_evidence_of_each_is_its_own_part_of_the_batch),
        QUEUE_TEST(a_second_quote_for_a_statement_changes_nothing),
        QUEUE_TEST(a_record_is_found_three_ways),
        QUEUE_TEST(a_key_owes_until_what_it_signed_is_settled),
        QUEUE_TEST(a_store_of_the_first_version_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
