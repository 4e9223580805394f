/* tests/unit/queue/test_claim.c — leases: one owner at a time, back in line when lost. */
#include "fixture.h"

#include <pthread.h>

static void claims_go_by_age(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(claim_as(f, "w"), 0);
    take(f, 1, 1, 3);
    assert_int_equal(claim_as(f, "a"), 1);
    assert_int_equal(claim_as(f, "b"), 2);
    assert_int_equal(claim_as(f, "a"), 3);
    assert_int_equal(claim_as(f, "a"), 0);
}

static void a_claim_brings_the_whole_request(void **state)
{
    struct fixture *f = *state;
    struct alc_request want = request(1);
    struct alc_err err = {0};
    struct alc_job job;

    take(f, 1, 1, 1);
    OK(alc_queue_claim(f->queue, &job, "w", f->now_ms, LEASE_MS, &f->arena, &err));
    assert_int_equal(job.tries, 1);
    assert_int_equal(job.state, ALC_JOB_RUNNING);
    assert_true(alc_bytes_eq(job.request.data, want.data));
    assert_true(alc_hash_eq(&job.request.data_id, &want.data_id));
}

static void a_claim_without_room_leaves_the_job_waiting(void **state)
{
    struct fixture *f = *state;
    struct alc_arena tiny = ALC_ARENA(32);
    struct alc_err err = {0};
    struct alc_job job;

    take(f, 1, 1, 1);
    assert_int_equal(alc_queue_claim(f->queue, &job, "w", f->now_ms, LEASE_MS, &tiny, &err),
                     ALC_NOMEM);
    alc_arena_fini(&tiny);
    assert_int_equal(state_of(f, 1), ALC_JOB_WAITING);
    assert_int_equal(claim_as(f, "w"), 1);
}

static void expired_lease_is_claimed_again(void **state)
{
    struct fixture *f = *state;

    take(f, 1, 1, 1);
    assert_int_equal(claim_as(f, "first"), 1);
    f->now_ms += LEASE_MS;
    assert_int_equal(expire(f), 0); /* its last millisecond */
    f->now_ms += 1;
    assert_int_equal(expire(f), 1);
    assert_int_equal(expire(f), 0);
    assert_int_equal(claim_as(f, "second"), 1);
}

static void a_renewed_lease_lives_longer(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};

    take(f, 1, 1, 1);
    claim_as(f, "w");
    f->now_ms += LEASE_MS;
    OK(alc_queue_renew(f->queue, 1, 1, f->now_ms, LEASE_MS, &err));
    f->now_ms += LEASE_MS;
    assert_int_equal(expire(f), 0);
    f->now_ms += 1;
    OK(alc_queue_renew(f->queue, 1, 1, f->now_ms, LEASE_MS, &err)); /* late, and nobody took it */
    assert_int_equal(expire(f), 0);
}

static void a_lost_lease_is_not_renewed(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};

    take(f, 1, 1, 1);
    assert_int_equal(alc_queue_renew(f->queue, 1, 0, f->now_ms, LEASE_MS, &err),
                     ALC_CONFLICT); /* not claimed yet */
    claim_as(f, "first");
    assert_int_equal(alc_queue_renew(f->queue, 1, 2, f->now_ms, LEASE_MS, &err), ALC_CONFLICT);
    assert_int_equal(alc_queue_renew(f->queue, 9, 1, f->now_ms, LEASE_MS, &err), ALC_CONFLICT);
    f->now_ms += LEASE_MS + 1;
    expire(f);
    assert_int_equal(alc_queue_renew(f->queue, 1, 1, f->now_ms, LEASE_MS, &err), ALC_CONFLICT);
    claim_as(f, "second");
    assert_int_equal(alc_queue_renew(f->queue, 1, 1, f->now_ms, LEASE_MS, &err), ALC_CONFLICT);
    OK(alc_queue_finish(f->queue, 1, 2, &good, NULL, &err));
    assert_int_equal(alc_queue_renew(f->queue, 1, 2, f->now_ms, LEASE_MS, &err), ALC_CONFLICT);
}

static void every_lease_ends_when_the_owner_of_the_store_starts(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};
    struct alc_job job;
    size_t n;

    take(f, 1, 1, 3);
    claim_as(f, "a");
    OK(alc_queue_claim(f->queue, &job, "b", UINT64_MAX - 5, UINT32_MAX, &f->arena, &err));
    OK(alc_queue_expire(f->queue, &n, UINT64_MAX, &err));
    assert_int_equal(n, 2);
    assert_int_equal(claim_as(f, "c"), 1);
    assert_int_equal(claim_as(f, "c"), 2);
    assert_int_equal(claim_as(f, "c"), 3);
}

static void a_job_given_back_waits_for_its_time_and_keeps_its_age(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};

    take(f, 1, 1, 4);
    assert_int_equal(claim_as(f, "w"), 1);
    OK(alc_queue_give_back(f->queue, 1, 1, f->now_ms + 500, "no network", &err));
    assert_int_equal(state_of(f, 1), ALC_JOB_WAITING);
    assert_int_equal(claim_as(f, "w"), 2); /* the others do not wait for it */
    f->now_ms += 499;
    assert_int_equal(claim_as(f, "w"), 3);
    f->now_ms += 1;
    assert_int_equal(claim_as(f, "w"), 1); /* before 4, which is younger */
    assert_int_equal(claim_as(f, "w"), 4);
}

static void a_job_given_back_at_once_is_claimed_at_once(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};

    take(f, 1, 1, 2);
    claim_as(f, "w");
    OK(alc_queue_give_back(f->queue, 1, 1, 0, "shutdown", &err));
    assert_int_equal(claim_as(f, "w"), 1);
    OK(alc_queue_give_back(f->queue, 1, 2, UINT64_MAX, "for ever", &err));
    assert_int_equal(claim_as(f, "w"), 2);
    assert_int_equal(claim_as(f, "w"), 0);
}

static void a_released_job_never_fails_for_it(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};

    take(f, 1, 1, 1);
    for (uint32_t tries = 1; tries <= 2 * ALC_JOB_TRIES_MAX; tries++) {
        assert_int_equal(claim_as(f, "w"), 1);
        assert_int_equal(alc_queue_release(f->queue, 1, tries + 1, &err), ALC_CONFLICT);
        OK(alc_queue_release(f->queue, 1, tries, &err));
        assert_int_equal(state_of(f, 1), ALC_JOB_WAITING);
    }
    assert_int_equal(alc_queue_release(f->queue, 1, 2 * ALC_JOB_TRIES_MAX, &err), ALC_CONFLICT);
}

static void only_the_owner_gives_back(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};

    take(f, 1, 1, 1);
    assert_int_equal(alc_queue_give_back(f->queue, 1, 0, 0, "x", &err), ALC_CONFLICT);
    claim_as(f, "w");
    assert_int_equal(alc_queue_give_back(f->queue, 1, 2, 0, "x", &err), ALC_CONFLICT);
    assert_int_equal(alc_queue_give_back(f->queue, 2, 1, 0, "x", &err), ALC_CONFLICT);
    assert_int_equal(alc_queue_give_back(f->queue, 9, ALC_JOB_TRIES_MAX, 0, "x", &err),
                     ALC_CONFLICT);
    OK(alc_queue_give_back(f->queue, 1, 1, 0, "x", &err));
    assert_int_equal(alc_queue_give_back(f->queue, 1, 1, 0, "x", &err), ALC_CONFLICT);
}

static void the_last_try_that_is_given_back_is_a_failure_with_its_reason(void **state)
{
    struct fixture *f = *state;
    struct alc_answer answer;
    struct alc_err err = {0};
    struct alc_job job;

    take(f, 1, 1, 1);
    for (uint32_t tries = 1; tries <= ALC_JOB_TRIES_MAX; tries++) {
        assert_int_equal(claim_as(f, "w"), 1);
        OK(alc_queue_give_back(f->queue, 1, tries, 0, "the module's server is away", &err));
    }
    assert_int_equal(claim_as(f, "w"), 0);
    OK(alc_queue_unsettled(f->queue, &job, &answer, 0, &f->arena, &err));
    assert_int_equal(job.id, 1);
    assert_int_equal(job.state, ALC_JOB_FAILED);
    assert_int_equal(job.tries, ALC_JOB_TRIES_MAX);
    assert_false(answer.success);
    assert_true(alc_bytes_is(answer.error, "the module's server is away"));
    assert_int_equal(answer.statement.n, 0);
}

static void the_last_lease_that_runs_out_is_a_failure_with_a_sentence(void **state)
{
    struct fixture *f = *state;
    struct alc_answer answer;
    struct alc_err err = {0};
    struct alc_job job;

    take(f, 1, 1, 1);
    for (uint32_t tries = 1; tries <= ALC_JOB_TRIES_MAX; tries++) {
        assert_int_equal(claim_as(f, "w"), 1);
        f->now_ms += LEASE_MS + 1;
        assert_int_equal(expire(f), 1);
    }
    assert_int_equal(claim_as(f, "w"), 0);
    OK(alc_queue_unsettled(f->queue, &job, &answer, 0, &f->arena, &err));
    assert_int_equal(job.state, ALC_JOB_FAILED);
    assert_false(answer.success);
    assert_true(alc_bytes_is(answer.error, "the worker was lost in try 3 of 3"));
}

/* -- two threads ----------------------------------------------------------------------------- */

enum { JOBS = 1000 };

struct claimer {
    const char *file;
    uint64_t ids[JOBS];
    size_t count;
    enum alc_rc rc;
};

static void *claim_all(void *arg)
{
    struct claimer *c = arg;
    struct alc_arena arena = ALC_ARENA(ARENA_MAX_BYTES);
    struct alc_store *store = NULL;
    struct alc_queue *queue = NULL;
    struct alc_err err = {0};
    struct alc_job job;

    c->rc = alc_store_open(&store, c->file, false, &err);
    if (c->rc == ALC_OK) c->rc = alc_queue_open(&queue, store, &err);
    while (c->rc == ALC_OK) {
        c->rc = alc_queue_claim(queue, &job, "w", 1, LEASE_MS, &arena, &err);
        if (c->rc == ALC_OK && c->count < JOBS) c->ids[c->count++] = job.id;
        alc_arena_fini(&arena);
    }
    alc_queue_close(queue);
    alc_store_close(store);
    return NULL;
}

static void threads_share_the_work_and_no_job(void **state)
{
    enum { THREADS = 2 };
    static struct claimer claimers[THREADS];
    static unsigned seen[JOBS + 1];
    struct fixture *f = *state;
    pthread_t threads[THREADS];

    memset(seen, 0, sizeof seen);
    take(f, 1, 1, JOBS);
    for (int i = 0; i < THREADS; i++) {
        claimers[i] = (struct claimer){.file = f->folder.file};
        assert_int_equal(pthread_create(&threads[i], NULL, claim_all, &claimers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(claimers[i].rc, ALC_NOT_FOUND);
        for (size_t k = 0; k < claimers[i].count; k++) {
            assert_in_range(claimers[i].ids[k], 1, JOBS);
            seen[claimers[i].ids[k]]++;
        }
    }
    for (int id = 1; id <= JOBS; id++)
        assert_int_equal(seen[id], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        QUEUE_TEST(claims_go_by_age),
        QUEUE_TEST(a_claim_brings_the_whole_request),
        QUEUE_TEST(a_claim_without_room_leaves_the_job_waiting),
        QUEUE_TEST(expired_lease_is_claimed_again),
        QUEUE_TEST(a_renewed_lease_lives_longer),
        QUEUE_TEST(a_lost_lease_is_not_renewed),
        QUEUE_TEST(every_lease_ends_when_the_owner_of_the_store_starts),
        QUEUE_TEST(a_job_given_back_waits_for_its_time_and_keeps_its_age),
        QUEUE_TEST(a_job_given_back_at_once_is_claimed_at_once),
        QUEUE_TEST(a_released_job_never_fails_for_it),
        QUEUE_TEST(only_the_owner_gives_back),
        QUEUE_TEST(the_last_try_that_is_given_back_is_a_failure_with_its_reason),
        QUEUE_TEST(the_last_lease_that_runs_out_is_a_failure_with_a_sentence),
        QUEUE_TEST(threads_share_the_work_and_no_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
