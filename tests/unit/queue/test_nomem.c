/* tests/unit/queue/test_nomem.c — the first, second, third ... allocation of the two rooms fails:
 * the answer is ALC_NOMEM, nothing leaks (the sanitizer looks), and what is stored adds up. */
#include "fixture.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);

static unsigned countdown; /* 0: none fails */
static bool failed;

static bool fails_now(void)
{
    if (countdown == 0 || --countdown != 0) return false;
    failed = true;
    return true;
}

void *__wrap_malloc(size_t n)
{
    return fails_now() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t n)
{
    return fails_now() ? NULL : __real_calloc(count, n);
}

/* A job's life on a store that is opened for it. */
static enum alc_rc live(const char *file, uint64_t height)
{
    struct alc_arena arena = ALC_ARENA(ARENA_MAX_BYTES);
    struct alc_store *store = NULL;
    struct alc_queue *queue = NULL;
    struct alc_request m = request(height);
    struct alc_answer answer;
    struct alc_err err = {0};
    struct alc_job job;
    size_t n;
    enum alc_rc rc;

    rc = alc_store_open(&store, file, false, &err);
    if (rc == ALC_OK) rc = alc_queue_open(&queue, store, &err);
    if (rc == ALC_OK) rc = alc_queue_expire(queue, &n, UINT64_MAX, &err);
    if (rc == ALC_OK) rc = alc_queue_take_block(queue, &n, CHAIN, height, &m, 1, &err);
    if (rc == ALC_OK) rc = alc_queue_claim(queue, &job, "w", 1, LEASE_MS, &arena, &err);
    if (rc == ALC_OK) rc = alc_queue_finish(queue, job.id, job.tries, &good, NULL, &err);
    if (rc == ALC_OK) rc = alc_queue_unsettled(queue, &job, &answer, 0, &arena, &err);
    if (rc == ALC_OK) rc = alc_queue_settle(queue, job.id, "resolved", &err);
    alc_queue_close(queue);
    alc_store_close(store);
    alc_arena_fini(&arena);
    return rc;
}

static void any_allocation_may_fail(void **state)
{
    struct fixture *f = *state;
    unsigned refused = 0, at = 0;
    uint64_t n[ALC_JOB_STATES];
    struct alc_err err = {0};
    enum alc_rc rc;

    queue_close(f);
    do {
        failed = false;
        countdown = ++at;
        rc = live(f->folder.file, at);
        countdown = 0;
        if (rc != ALC_OK) assert_int_equal(rc, ALC_NOMEM);
        if (rc != ALC_OK) assert_true(failed);
        refused += rc != ALC_OK;
    } while (failed);
    assert_int_equal(rc, ALC_OK);
    assert_true(refused >= 10);
    queue_open(f);
    OK(alc_queue_count(f->queue, n, &err));
    assert_true(n[ALC_JOB_SETTLED] >= 1);
    assert_int_equal(one_int(f->store, "SELECT count(*) FROM alc_answer"),
                     (int64_t)(n[ALC_JOB_DONE] + n[ALC_JOB_FAILED] + n[ALC_JOB_SETTLED]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {QUEUE_TEST(any_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
