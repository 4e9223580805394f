/* tests/unit/queue/test_jobs.c — blocks become jobs, each exactly once. */
#include "fixture.h"

static void a_block_becomes_waiting_jobs(void **state)
{
    struct fixture *f = *state;
    struct alc_request want = request(5);
    struct alc_answer answer;
    struct alc_err err = {0};
    struct alc_job job;
    uint64_t id, height;
    bool answered;

    assert_int_equal(alc_queue_cursor(f->queue, &height, CHAIN, &err), ALC_NOT_FOUND);
    assert_int_equal(take(f, 10, 5, 3), 3);
    OK(alc_queue_cursor(f->queue, &height, CHAIN, &err));
    assert_int_equal(height, 10);
    OK(alc_queue_find(f->queue, &id, want.contract_id, 5, &err));
    get(f, id, &job, &answer, &answered);
    assert_int_equal(job.id, id);
    assert_int_equal(job.state, ALC_JOB_WAITING);
    assert_int_equal(job.tries, 0);
    assert_false(answered);
    assert_true(alc_bytes_eq(job.request.contract_id, want.contract_id));
    assert_int_equal(job.request.request_id, 5);
    assert_true(alc_hash_eq(&job.request.data_id, &want.data_id));
    assert_true(alc_bytes_eq(job.request.data, want.data));
    assert_int_equal(job.request.block_height, 77);
    assert_true(job.request.block_timestamp_ns == UINT64_MAX);
    assert_true(alc_bytes_eq(job.request.receipt_id, want.receipt_id));
    assert_true(alc_bytes_eq(job.request.tx_hash, want.tx_hash));
    assert_true(alc_bytes_eq(job.request.signer_key, want.signer_key));
    assert_int_equal(job.request.gas_burnt, want.gas_burnt);
}

static void taking_a_block_twice_changes_nothing(void **state)
{
    struct fixture *f = *state;
    uint64_t before[ALC_JOB_STATES], after[ALC_JOB_STATES];
    struct alc_err err = {0};
    uint64_t id;

    take(f, 10, 1, 4);
    id = claim_as(f, "w");
    OK(alc_queue_count(f->queue, before, &err));
    assert_int_equal(take(f, 10, 1, 4), 0);
    OK(alc_queue_count(f->queue, after, &err));
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(state_of(f, id), ALC_JOB_RUNNING);
    assert_int_equal(take(f, 10, 1, 5), 1); /* half of a block that was cut, the rest now */
}

static void the_same_request_twice_in_a_block_is_one_job(void **state)
{
    struct fixture *f = *state;
    struct alc_request twice[2] = {request(1), request(1)};
    struct alc_err err = {0};
    size_t fresh;

    OK(alc_queue_take_block(f->queue, &fresh, CHAIN, 1, twice, 2, &err));
    assert_int_equal(fresh, 1);
}

static void the_cursor_never_goes_back(void **state)
{
    struct fixture *f = *state;
    struct alc_request m = request(50);
    struct alc_err err = {0};
    size_t fresh = 99;
    uint64_t height, id;

    take(f, 10, 1, 1);
    assert_int_equal(alc_queue_take_block(f->queue, &fresh, CHAIN, 9, &m, 1, &err), ALC_CONFLICT);
    assert_int_equal(fresh, 99);
    assert_int_equal(alc_queue_find(f->queue, &id, m.contract_id, 50, &err), ALC_NOT_FOUND);
    OK(alc_queue_cursor(f->queue, &height, CHAIN, &err));
    assert_int_equal(height, 10);
    assert_int_equal(take(f, 11, 0, 0), 0); /* an empty block moves it too */
    OK(alc_queue_cursor(f->queue, &height, CHAIN, &err));
    assert_int_equal(height, 11);
    OK(alc_queue_take_block(f->queue, &fresh, "other", 3, NULL, 0, &err)); /* each has its own */
    assert_int_equal(alc_queue_take_block(f->queue, &fresh, CHAIN, 1ull << 63, NULL, 0, &err),
                     ALC_BAD_INPUT);
}

static void a_block_that_fails_in_the_middle_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct alc_request all[3] = {request(1), request(2), request(3)};
    uint64_t n[ALC_JOB_STATES], height;
    uint8_t *large = calloc(1, ALC_JOB_REQUEST_MAX_BYTES + 1);
    struct alc_err err = {0};
    size_t fresh = 99;

    assert_non_null(large);
    all[1].data = (struct alc_bytes){large, ALC_JOB_REQUEST_MAX_BYTES + 1};
    assert_int_equal(alc_queue_take_block(f->queue, &fresh, CHAIN, 10, all, 3, &err), ALC_LIMIT);
    assert_non_null(strstr(err.text, "request 2"));
    OK(alc_queue_count(f->queue, n, &err));
    assert_int_equal(n[ALC_JOB_WAITING], 0);
    assert_int_equal(alc_queue_cursor(f->queue, &height, CHAIN, &err), ALC_NOT_FOUND);
    all[1].data.n--; /* as large as may be */
    OK(alc_queue_take_block(f->queue, &fresh, CHAIN, 10, all, 3, &err));
    assert_int_equal(fresh, 3);
    free(large);
}

static void a_number_used_again_after_a_redeploy_is_another_job(void **state)
{
    struct fixture *f = *state;
    struct alc_request m = request(0);
    struct alc_err err = {0};
    uint64_t first, second;
    size_t fresh;

    OK(alc_queue_take_block(f->queue, &fresh, CHAIN, 1, &m, 1, &err));
    OK(alc_queue_find(f->queue, &first, m.contract_id, 0, &err));
    m.data_id.b[31] = 1; /* the contract began to count from 0 again; the yield is another */
    OK(alc_queue_take_block(f->queue, &fresh, CHAIN, 2, &m, 1, &err));
    assert_int_equal(fresh, 1);
    OK(alc_queue_find(f->queue, &second, m.contract_id, 0, &err));
    assert_true(second > first);
    assert_int_equal(claim_as(f, "w"), first);
    assert_int_equal(claim_as(f, "w"), second);
}

static void contracts_do_not_share_their_numbers(void **state)
{
    struct fixture *f = *state;
    struct alc_request two[2] = {request(7), request(7)};
    struct alc_err err = {0};
    uint64_t a, b;
    size_t fresh;

    two[1].contract_id = ALC_LIT("other.near");
    OK(alc_queue_take_block(f->queue, &fresh, CHAIN, 1, two, 2, &err));
    assert_int_equal(fresh, 2);
    OK(alc_queue_find(f->queue, &a, two[0].contract_id, 7, &err));
    OK(alc_queue_find(f->queue, &b, two[1].contract_id, 7, &err));
    assert_int_not_equal(a, b);
}

static void the_largest_numbers_are_kept(void **state)
{
    struct fixture *f = *state;
    struct alc_request m = request(UINT64_MAX);
    struct alc_answer answer;
    struct alc_err err = {0};
    struct alc_job job;
    bool answered;
    size_t fresh;
    uint64_t id;

    m.receipt_id = m.tx_hash = m.signer_key = m.data = (struct alc_bytes){NULL, 0};
    OK(alc_queue_take_block(f->queue, &fresh, CHAIN, INT64_MAX, &m, 1, &err));
    OK(alc_queue_find(f->queue, &id, m.contract_id, UINT64_MAX, &err));
    get(f, id, &job, &answer, &answered);
    assert_true(job.request.request_id == UINT64_MAX);
    assert_int_equal(job.request.data.n, 0);
    assert_int_equal(job.request.signer_key.n, 0);
}

static void what_is_not_there_is_not_found(void **state)
{
    struct fixture *f = *state;
    struct alc_answer answer;
    struct alc_err err = {0};
    struct alc_job job;
    uint64_t id;
    bool answered;

    assert_int_equal(alc_queue_get(f->queue, &job, &answer, &answered, 1, &f->arena, &err),
                     ALC_NOT_FOUND);
    assert_int_equal(alc_queue_get(f->queue, &job, &answer, &answered, UINT64_MAX, &f->arena, &err),
                     ALC_NOT_FOUND);
    assert_int_equal(alc_queue_find(f->queue, &id, ALC_LIT("compute.near"), 1, &err),
                     ALC_NOT_FOUND);
}

static void a_small_arena_is_no_memory(void **state)
{
    struct fixture *f = *state;
    struct alc_answer answer;
    struct alc_err err = {0};
    struct alc_job job;
    bool answered;
    uint64_t id;

    take(f, 1, 1, 1);
    OK(alc_queue_find(f->queue, &id, ALC_LIT("compute.near"), 1, &err));
    for (size_t max = 0; max < 160; max += 16) {
        struct alc_arena tiny = ALC_ARENA(max);
        enum alc_rc rc = alc_queue_get(f->queue, &job, &answer, &answered, id, &tiny, &err);
        assert_int_equal(rc, max < 96 ? ALC_NOMEM : ALC_OK);
        alc_arena_fini(&tiny);
    }
}

static void everything_is_there_after_reopening(void **state)
{
    struct fixture *f = *state;
    uint64_t before[ALC_JOB_STATES], after[ALC_JOB_STATES], height, id;
    struct alc_err err = {0};

    take(f, 5, 1, 6);
    id = claim_as(f, "w");
    OK(alc_queue_finish(f->queue, id, 1, &good, NULL, &err));
    claim_as(f, "w");
    OK(alc_queue_count(f->queue, before, &err));
    queue_close(f);
    queue_open(f);
    OK(alc_queue_count(f->queue, after, &err));
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(after[ALC_JOB_WAITING], 4);
    assert_int_equal(after[ALC_JOB_RUNNING], 1);
    assert_int_equal(after[ALC_JOB_DONE], 1);
    OK(alc_queue_cursor(f->queue, &height, CHAIN, &err));
    assert_int_equal(height, 5);
    take(f, 6, 100, 1);
    OK(alc_queue_find(f->queue, &id, ALC_LIT("compute.near"), 100, &err));
    assert_true(id > 6); /* ids go on, none is used again */
}

static void a_queue_of_a_newer_program_is_refused(void **state)
{
    struct fixture *f = *state;
    struct alc_queue *q = NULL;
    struct alc_err err = {0};

    OK(alc_store_exec(f->store, NULL, "UPDATE alc_schema SET version = 99 WHERE room = 'queue'",
                      ALC_NO_ARGS, &err));
    assert_int_equal(alc_queue_open(&q, f->store, &err), ALC_CORRUPT);
    assert_null(q);
    alc_queue_close(NULL);
}

static void a_row_in_a_form_unknown_here_is_corrupt(void **state)
{
    struct fixture *f = *state;
    struct alc_answer answer;
    struct alc_err err = {0};
    struct alc_job job;
    bool answered;

    take(f, 1, 1, 1);
    OK(alc_store_exec(f->store, NULL, "UPDATE alc_job SET state = 17", ALC_NO_ARGS, &err));
    assert_int_equal(alc_queue_get(f->queue, &job, &answer, &answered, 1, &f->arena, &err),
                     ALC_CORRUPT);
    assert_int_equal(alc_queue_settle(f->queue, 1, "gone", &err), ALC_CORRUPT);
    OK(alc_store_exec(f->store, NULL, "UPDATE alc_job SET state = 0", ALC_NO_ARGS, &err));
    OK(alc_store_exec(f->store, NULL, "UPDATE alc_request SET data_id = $1",
                      ALC_ARGS(ALC_BLOB(ALC_LIT("short"))), &err));
    assert_int_equal(alc_queue_get(f->queue, &job, &answer, &answered, 1, &f->arena, &err),
                     ALC_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        QUEUE_TEST(a_block_becomes_waiting_jobs),
        QUEUE_TEST(taking_a_block_twice_changes_nothing),
        QUEUE_TEST(the_same_request_twice_in_a_block_is_one_job),
        QUEUE_TEST(the_cursor_never_goes_back),
        QUEUE_TEST(a_block_that_fails_in_the_middle_leaves_nothing),
        QUEUE_TEST(a_number_used_again_after_a_redeploy_is_another_job),
        QUEUE_TEST(contracts_do_not_share_their_numbers),
        QUEUE_TEST(the_largest_numbers_are_kept),
        QUEUE_TEST(what_is_not_there_is_not_found),
        QUEUE_TEST(a_small_arena_is_no_memory),
        QUEUE_TEST(everything_is_there_after_reopening),
        QUEUE_TEST(a_queue_of_a_newer_program_is_refused),
        QUEUE_TEST(a_row_in_a_form_unknown_here_is_corrupt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
