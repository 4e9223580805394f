/* tests/unit/queue/test_kill.c — a process that dies anywhere leaves a queue that adds up. */
#include "fixture.h"

#include <signal.h>
#include <sys/wait.h>

#define PER_BLOCK 3u
#define ROUNDS 20

/* What a watcher, a worker and a settler do, in one process, until it is killed: a byte on `out`
 * after each call. */
static void work(struct fixture *f, int out)
{
    struct alc_answer answer = good, read_back;
    struct alc_order order = {.worker_key = {{1}}};
    struct alc_err err = {0};
    struct alc_job job;
    uint64_t height = 0;
    enum alc_rc rc;
    size_t n;

    answer.statement = ALC_LIT("statement");
    queue_open(f);
    rc = alc_queue_cursor(f->queue, &height, CHAIN, &err);
    if (rc != ALC_OK && rc != ALC_NOT_FOUND) _exit(1);
    rc = alc_queue_order(f->queue, &order, &order.worker_key, &err);
    if (rc != ALC_OK && rc != ALC_NOT_FOUND) _exit(1);
    if (alc_queue_expire(f->queue, &n, UINT64_MAX, &err) != ALC_OK) _exit(1);
    for (;;) {
        height++;
        take(f, height, height * PER_BLOCK, PER_BLOCK);
        if (write(out, "t", 1) != 1) _exit(1);
        while (alc_queue_claim(f->queue, &job, "w", 1, LEASE_MS, &f->arena, &err) == ALC_OK) {
            if (write(out, "c", 1) != 1) _exit(1);
            order.sequence++;
            memcpy(order.hash.b, &order.sequence, sizeof order.sequence);
            if (alc_queue_finish(f->queue, job.id, job.tries, &answer, &order, &err) != ALC_OK)
                _exit(1);
            if (write(out, "f", 1) != 1) _exit(1);
            rc = alc_queue_unsettled(f->queue, &job, &read_back, 0, &f->arena, &err);
            if (rc != ALC_OK || alc_queue_settle(f->queue, job.id, "resolved", &err) != ALC_OK)
                _exit(1);
            if (write(out, "s", 1) != 1) _exit(1);
            alc_arena_fini(&f->arena);
        }
    }
}

static void kill_after(struct fixture *f, unsigned calls)
{
    int pipes[2], status;
    char byte;
    pid_t pid;

    assert_int_equal(pipe(pipes), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(pipes[0]);
        work(f, pipes[1]);
    }
    close(pipes[1]);
    while (calls-- > 0)
        assert_int_equal(read(pipes[0], &byte, 1), 1);
    kill(pid, SIGKILL); /* in whatever the child does by now */
    close(pipes[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

static void check(struct fixture *f)
{
    uint64_t height = 0, id, n[ALC_JOB_STATES], jobs = 0, ended;
    struct alc_err err = {0};

    queue_open(f);
    OK(alc_queue_cursor(f->queue, &height, CHAIN, &err));
    OK(alc_queue_count(f->queue, n, &err));
    for (int i = 0; i < ALC_JOB_STATES; i++)
        jobs += n[i];
    /* The cursor and the jobs of its block came together, each request once. */
    assert_int_equal(jobs, height * PER_BLOCK);
    OK(alc_queue_find(f->queue, &id, ALC_LIT("compute.near"), (height + 1) * PER_BLOCK - 1, &err));
    assert_int_equal(
        alc_queue_find(f->queue, &id, ALC_LIT("compute.near"), (height + 1) * PER_BLOCK, &err),
        ALC_NOT_FOUND);
    /* A job has ended with its answer and its statement, or has none of the three. */
    ended = n[ALC_JOB_DONE] + n[ALC_JOB_FAILED] + n[ALC_JOB_SETTLED];
    assert_int_equal(one_int(f->store, "SELECT count(*) FROM alc_answer"), ended);
    assert_int_equal(one_int(f->store, "SELECT count(*) FROM alc_answer a JOIN alc_job j "
                                       "ON j.id = a.id WHERE j.state IN (2, 3, 4)"),
                     ended);
    assert_int_equal(one_int(f->store, "SELECT count(*) FROM alc_statement"),
                     one_int(f->store, "SELECT max(sequence) FROM alc_statement"));
    assert_in_range(n[ALC_JOB_RUNNING], 0, 1);
    queue_close(f);
}

static void a_queue_adds_up_whenever_its_process_is_killed(void **state)
{
    struct fixture *f = *state;
    unsigned calls = 3;

    queue_close(f); /* the file is the child's now */
    for (int round = 0; round < ROUNDS; round++) {
        calls = (calls * 17 + 5) % 97; /* no pattern that the steps could share */
        kill_after(f, calls + 10);
        check(f);
    }
    queue_open(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        QUEUE_TEST(a_queue_adds_up_whenever_its_process_is_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
