/* tests/unit/queue/test_answers.c — what a run came to is kept once, and settled once. */
#include "fixture.h"

static struct alc_order order_of(uint64_t sequence)
{
    struct alc_order o = {.worker_key = {{0xaa}}, .sequence = sequence};
    memcpy(o.hash.b, &sequence, sizeof sequence);
    o.hash.b[31] = 1;
    return o;
}

static void an_answer_is_kept_in_full(void **state)
{
    struct fixture *f = *state;
    static const uint8_t output[] = {0, 1, 255};
    struct alc_answer in = {.success = true,
                            .output_kind = 3,
                            .output = {output, sizeof output},
                            .instructions = UINT64_MAX,
                            .time_ms = 12,
                            .has_compile_ms = true,
                            .compile_ms = 34,
                            .note = ALC_LIT("cached"),
                            .has_refund = true,
                            .refund_usd = UINT64_MAX - 1,
                            .statement = ALC_LIT("ALCOVE/1...")};
    struct alc_order order = order_of(1);
    struct alc_answer out;
    struct alc_err err = {0};
    struct alc_bytes statement;
    struct alc_job job;
    bool answered;

    take(f, 1, 1, 1);
    claim_as(f, "w");
    OK(alc_queue_finish(f->queue, 1, 1, &in, &order, &err));
    get(f, 1, &job, &out, &answered);
    assert_true(answered);
    assert_int_equal(job.state, ALC_JOB_DONE);
    assert_true(out.success);
    assert_int_equal(out.output_kind, 3);
    assert_true(alc_bytes_eq(out.output, in.output));
    assert_int_equal(out.error.n, 0);
    assert_true(out.instructions == UINT64_MAX);
    assert_int_equal(out.time_ms, 12);
    assert_true(out.has_compile_ms);
    assert_int_equal(out.compile_ms, 34);
    assert_true(alc_bytes_eq(out.note, in.note));
    assert_true(out.has_refund);
    assert_true(out.refund_usd == UINT64_MAX - 1);
    assert_true(alc_bytes_eq(out.statement, in.statement));
    OK(alc_queue_statement(f->queue, &statement, &order.hash, &f->arena, &err));
    assert_true(alc_bytes_eq(statement, in.statement));
}

static void what_an_answer_lacks_it_lacks_when_read(void **state)
{
    struct fixture *f = *state;
    struct alc_answer in = {.error =
                                ALC_LIT("the guest trapped: \xe2\x80\x9cunreachable\xe2\x80\x9d")};
    struct alc_answer out;
    struct alc_err err = {0};
    struct alc_job job;
    bool answered;

    take(f, 1, 1, 1);
    claim_as(f, "w");
    OK(alc_queue_finish(f->queue, 1, 1, &in, NULL, &err));
    get(f, 1, &job, &out, &answered);
    assert_true(answered);
    assert_int_equal(job.state, ALC_JOB_FAILED);
    assert_false(out.success);
    assert_true(alc_bytes_eq(out.error, in.error));
    assert_false(out.has_compile_ms);
    assert_false(out.has_refund);
    assert_int_equal(out.output.n, 0);
    assert_int_equal(out.note.n, 0);
    assert_int_equal(out.statement.n, 0);
}

static void a_late_answer_is_refused_and_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct alc_answer signed_answer = good, out;
    struct alc_order order = order_of(1), newest;
    struct alc_err err = {0};
    struct alc_job job;
    bool answered;

    signed_answer.statement = ALC_LIT("statement");
    take(f, 1, 1, 1);
    claim_as(f, "first");
    f->now_ms += LEASE_MS + 1;
    expire(f);
    claim_as(f, "second");
    assert_int_equal(alc_queue_finish(f->queue, 1, 1, &signed_answer, &order, &err), ALC_CONFLICT);
    assert_non_null(strstr(err.text, "lost"));
    get(f, 1, &job, &out, &answered);
    assert_int_equal(job.state, ALC_JOB_RUNNING);
    assert_false(answered);
    assert_int_equal(alc_queue_order(f->queue, &newest, &order.worker_key, &err), ALC_NOT_FOUND);
    OK(alc_queue_finish(f->queue, 1, 2, &signed_answer, &order, &err));
    assert_int_equal(alc_queue_finish(f->queue, 1, 2, &signed_answer, &order, &err), ALC_CONFLICT);
    assert_int_equal(alc_queue_finish(f->queue, 5, 1, &good, NULL, &err), ALC_CONFLICT);
}

static void a_late_answer_that_nobody_took_over_is_welcome(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};

    take(f, 1, 1, 1);
    claim_as(f, "w");
    f->now_ms += 10 * LEASE_MS;
    OK(alc_queue_finish(f->queue, 1, 1, &good, NULL, &err));
    assert_int_equal(expire(f), 0);
}

static void a_sequence_is_used_once_by_a_worker(void **state)
{
    struct fixture *f = *state;
    struct alc_answer answer = good;
    struct alc_order first = order_of(1), other = order_of(1);
    struct alc_err err = {0};

    answer.statement = ALC_LIT("statement");
    take(f, 1, 1, 3);
    for (int i = 0; i < 3; i++)
        claim_as(f, "w");
    OK(alc_queue_finish(f->queue, 1, 1, &answer, &first, &err));
    other.hash.b[31] = 2;
    assert_int_equal(alc_queue_finish(f->queue, 2, 1, &answer, &other, &err), ALC_CONFLICT);
    assert_int_equal(state_of(f, 2), ALC_JOB_RUNNING);
    other.worker_key.b[0] = 0xbb; /* another worker counts for itself */
    OK(alc_queue_finish(f->queue, 2, 1, &answer, &other, &err));
    other.sequence = 2; /* the same statement cannot answer a second job */
    assert_int_equal(alc_queue_finish(f->queue, 3, 1, &answer, &other, &err), ALC_CONFLICT);
    other = order_of(1ull << 63);
    assert_int_equal(alc_queue_finish(f->queue, 3, 1, &answer, &other, &err), ALC_BAD_INPUT);
}

static void a_statement_and_its_order_come_together(void **state)
{
    struct fixture *f = *state;
    struct alc_answer with = good;
    struct alc_order order = order_of(1);
    struct alc_err err = {0};

    with.statement = ALC_LIT("statement");
    take(f, 1, 1, 1);
    claim_as(f, "w");
    assert_int_equal(alc_queue_finish(f->queue, 1, 1, &with, NULL, &err), ALC_BAD_INPUT);
    assert_int_equal(alc_queue_finish(f->queue, 1, 1, &good, &order, &err), ALC_BAD_INPUT);
    assert_int_equal(state_of(f, 1), ALC_JOB_RUNNING);
}

static void the_newest_order_goes_on_after_reopening(void **state)
{
    struct fixture *f = *state;
    struct alc_answer answer = good;
    struct alc_order newest;
    struct alc_err err = {0};

    answer.statement = ALC_LIT("statement");
    take(f, 1, 1, 12);
    for (uint64_t i = 1; i <= 12; i++) {
        struct alc_order order = order_of(i);
        claim_as(f, "w");
        OK(alc_queue_finish(f->queue, i, 1, &answer, &order, &err));
    }
    queue_close(f);
    queue_open(f);
    struct alc_order want = order_of(12), other = {.worker_key = {{0xbb}}};
    OK(alc_queue_order(f->queue, &newest, &want.worker_key, &err));
    assert_int_equal(newest.sequence, 12);
    assert_true(alc_hash_eq(&newest.hash, &want.hash));
    assert_true(alc_hash_eq(&newest.worker_key, &want.worker_key));
    assert_int_equal(alc_queue_order(f->queue, &newest, &other.worker_key, &err), ALC_NOT_FOUND);
}

static void a_statement_nobody_filed_is_not_found(void **state)
{
    struct fixture *f = *state;
    struct alc_order order = order_of(1);
    struct alc_answer answer = good;
    struct alc_arena tiny = ALC_ARENA(0);
    struct alc_bytes statement;
    struct alc_err err = {0};

    assert_int_equal(alc_queue_statement(f->queue, &statement, &order.hash, &f->arena, &err),
                     ALC_NOT_FOUND);
    answer.statement = ALC_LIT("statement");
    take(f, 1, 1, 1);
    claim_as(f, "w");
    OK(alc_queue_finish(f->queue, 1, 1, &answer, &order, &err));
    assert_int_equal(alc_queue_statement(f->queue, &statement, &order.hash, &tiny, &err),
                     ALC_NOMEM);
}

static void the_unsettled_come_by_age_until_they_are_settled(void **state)
{
    struct fixture *f = *state;
    struct alc_answer bad = {.error = ALC_LIT("no")}, answer;
    struct alc_err err = {0};
    struct alc_job job;

    take(f, 1, 1, 5);
    for (int i = 0; i < 4; i++)
        claim_as(f, "w");
    assert_int_equal(alc_queue_unsettled(f->queue, &job, &answer, 0, &f->arena, &err),
                     ALC_NOT_FOUND);
    OK(alc_queue_finish(f->queue, 4, 1, &good, NULL, &err));
    OK(alc_queue_finish(f->queue, 2, 1, &bad, NULL, &err));
    OK(alc_queue_unsettled(f->queue, &job, &answer, 0, &f->arena, &err));
    assert_int_equal(job.id, 2);
    assert_int_equal(job.state, ALC_JOB_FAILED);
    assert_true(alc_bytes_is(answer.error, "no"));
    OK(alc_queue_unsettled(f->queue, &job, &answer, 2, &f->arena, &err));
    assert_int_equal(job.id, 4);
    assert_true(alc_bytes_is(answer.output, "42"));
    assert_int_equal(alc_queue_unsettled(f->queue, &job, &answer, 4, &f->arena, &err),
                     ALC_NOT_FOUND);
    assert_int_equal(alc_queue_unsettled(f->queue, &job, &answer, UINT64_MAX, &f->arena, &err),
                     ALC_NOT_FOUND);
    OK(alc_queue_settle(f->queue, 2, "resolved", &err));
    OK(alc_queue_unsettled(f->queue, &job, &answer, 0, &f->arena, &err));
    assert_int_equal(job.id, 4);
    OK(alc_queue_settle(f->queue, 4, "gone", &err));
    assert_int_equal(alc_queue_unsettled(f->queue, &job, &answer, 0, &f->arena, &err),
                     ALC_NOT_FOUND);
    get(f, 4, &job, &answer, &(bool){false}); /* settled, and still to be looked up */
    assert_int_equal(job.state, ALC_JOB_SETTLED);
    assert_true(alc_bytes_is(answer.output, "42"));
}

static void an_answer_that_vanished_is_corrupt(void **state)
{
    struct fixture *f = *state;
    struct alc_answer answer;
    struct alc_err err = {0};
    struct alc_job job;

    take(f, 1, 1, 1);
    claim_as(f, "w");
    OK(alc_queue_finish(f->queue, 1, 1, &good, NULL, &err));
    OK(alc_store_exec(f->store, NULL, "DELETE FROM alc_answer", ALC_NO_ARGS, &err));
    assert_int_equal(alc_queue_unsettled(f->queue, &job, &answer, 0, &f->arena, &err), ALC_CORRUPT);
}

static void an_unsettled_answer_over_the_arena_is_no_memory(void **state)
{
    struct fixture *f = *state;
    static uint8_t large[4096];
    struct alc_answer in = good, out;
    struct alc_arena tiny = ALC_ARENA(2048);
    struct alc_err err = {0};
    struct alc_job job;

    in.output = (struct alc_bytes){large, sizeof large};
    take(f, 1, 1, 1);
    claim_as(f, "w");
    OK(alc_queue_finish(f->queue, 1, 1, &in, NULL, &err));
    assert_int_equal(alc_queue_unsettled(f->queue, &job, &out, 0, &tiny, &err), ALC_NOMEM);
    alc_arena_fini(&tiny);
}

/* -- cost ------------------------------------------------------------------------------------ */

static uint64_t now_ns(void)
{
    return alc_clock_system.mono_ns(alc_clock_system.ctx);
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* The median time of a job's whole life in the queue. */
static uint64_t life_ns(struct fixture *f, uint64_t height)
{
    enum { N = 101 };
    uint64_t ns[N];
    struct alc_answer answer;
    struct alc_err err = {0};
    struct alc_job job;

    assert_int_equal(take(f, height, height * 1000000, N), N);
    for (int i = 0; i < N; i++) {
        uint64_t start = now_ns(), id = claim_as(f, "w");
        assert_int_not_equal(id, 0);
        assert_int_equal(expire(f), 0);
        OK(alc_queue_finish(f->queue, id, 1, &good, NULL, &err));
        OK(alc_queue_unsettled(f->queue, &job, &answer, 0, &f->arena, &err));
        assert_int_equal(job.id, id);
        OK(alc_queue_settle(f->queue, id, "resolved", &err));
        ns[i] = now_ns() - start;
    }
    qsort(ns, N, sizeof *ns, by_size);
    return ns[N / 2];
}

enum { MANY = 100000 };

static void put_many(struct fixture *f, enum alc_job_state state, int64_t first)
{
    struct alc_err err = {0};

    OK(alc_store_begin(f->store, &err));
    OK(alc_store_exec(f->store, NULL,
                      "WITH RECURSIVE n (i) AS "
                      "(SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $2) "
                      "INSERT INTO alc_job SELECT i, $3, 0, 0, 0, '', '' FROM n",
                      ALC_ARGS(ALC_INT(first), ALC_INT(first + MANY - 1), ALC_INT(state)), &err));
    OK(alc_store_exec(f->store, NULL,
                      "INSERT INTO alc_request SELECT id, 'compute.near', id, "
                      "CAST(substr('many' || id || '................................', 1, 32) "
                      "AS BLOB), 'x', 1, 1, '', '', '', 0 FROM alc_job WHERE id >= $1",
                      ALC_ARGS(ALC_INT(first)), &err));
    OK(alc_store_exec(f->store, NULL, "UPDATE alc_job_last SET id = $1",
                      ALC_ARGS(ALC_INT(first + MANY)), &err));
    OK(alc_store_commit(f->store, &err));
}

/* Reading all of them even once would cost some hundred times more. */
static void many_jobs_do_not_slow_the_queue(void **state)
{
    struct fixture *f = *state;
    uint64_t alone, settled, waiting;

    alone = life_ns(f, 1);
    put_many(f, ALC_JOB_SETTLED, 1000);
    settled = life_ns(f, 2);
    put_many(f, ALC_JOB_WAITING, 1000000);
    waiting = life_ns(f, 3);
    print_message("a job's life: %llu us alone, %llu us beside %d settled jobs, %llu us with as "
                  "many waiting\n",
                  (unsigned long long)alone / 1000, (unsigned long long)settled / 1000, MANY,
                  (unsigned long long)waiting / 1000);
    assert_true(settled < 8 * alone + 1000000);
    assert_true(waiting < 8 * alone + 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        QUEUE_TEST(an_answer_is_kept_in_full),
        QUEUE_TEST(what_an_answer_lacks_it_lacks_when_read),
        QUEUE_TEST(a_late_answer_is_refused_and_leaves_nothing),
        QUEUE_TEST(a_late_answer_that_nobody_took_over_is_welcome),
        QUEUE_TEST(a_sequence_is_used_once_by_a_worker),
        QUEUE_TEST(a_statement_and_its_order_come_together),
        QUEUE_TEST(the_newest_order_goes_on_after_reopening),
        QUEUE_TEST(a_statement_nobody_filed_is_not_found),
        QUEUE_TEST(the_unsettled_come_by_age_until_they_are_settled),
        QUEUE_TEST(an_answer_that_vanished_is_corrupt),
        QUEUE_TEST(an_unsettled_answer_over_the_arena_is_no_memory),
        QUEUE_TEST(many_jobs_do_not_slow_the_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
