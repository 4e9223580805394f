/* tests/unit/store/test_lock.c — who may open a file, and who may write it. */
#include "fixture.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "store/db.h"

static int make(void **state)
{
    static struct folder f;
    folder_make(&f);
    *state = &f;
    return 0;
}

static int drop(void **state)
{
    folder_remove(*state);
    return 0;
}

/* -- the file -------------------------------------------------------------------------------- */

static void another_process_is_kept_out_until_it_dies(void **state)
{
    struct folder *f = *state;
    struct alc_store *s = NULL;
    struct alc_err err = {0};
    int ready[2], status;
    char byte;
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (alc_store_open(&s, f->file, false, &err) != ALC_OK) _exit(1);
        if (write(ready[1], "x", 1) != 1) _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    assert_int_equal(alc_store_open(&s, f->file, false, &err), ALC_BUSY);
    assert_non_null(strstr(err.text, f->file));
    assert_null(s);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    OK(alc_store_open(&s, f->file, false, &err)); /* the kernel has let go of it */
    alc_store_close(s);
}

static void one_process_opens_a_file_many_times_and_by_many_names(void **state)
{
    struct folder *f = *state;
    struct alc_store *a, *b, *c;
    struct alc_err err = {0};
    char link[128];

    snprintf(link, sizeof link, "%s/link.db", f->path);
    OK(alc_store_open(&a, f->file, false, &err));
    assert_int_equal(symlink(f->file, link), 0);
    OK(alc_store_open(&b, link, false, &err));
    alc_store_close(a);
    OK(alc_store_open(&c, f->file, false, &err)); /* b has kept the lock */
    OK(alc_store_exec(b, NULL, "CREATE TABLE t (id BIGINT)", ALC_NO_ARGS, &err));
    assert_int_equal(one_int(c, "SELECT count(*) FROM t"), 0);
    alc_store_close(b);
    alc_store_close(c);
}

static void the_last_user_lets_the_file_go(void **state)
{
    struct folder *f = *state;
    struct alc_store *a, *b;
    struct alc_err err = {0};
    int status;
    pid_t pid;

    OK(alc_store_open(&a, f->file, false, &err));
    OK(alc_store_open(&b, f->file, false, &err));
    alc_store_close(a);
    alc_store_close(b);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) _exit(alc_store_open(&a, f->file, false, &err) == ALC_OK ? 0 : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* -- the turn to write ----------------------------------------------------------------------- */

static void the_turn_is_one_and_its_wait_ends(void **state)
{
    struct folder *f = *state;
    struct alc_store_lock *l;
    struct alc_err err = {0};

    OK(alc_store_lock_take(&l, f->file, &err));
    assert_true(alc_store_turn_take(l, 0));
    assert_false(alc_store_turn_take(l, 1));
    assert_false(alc_store_turn_take(l, 0));
    alc_store_turn_give(l);
    assert_true(alc_store_turn_take(l, 0)); /* those who gave up left no trace in the line */
    alc_store_turn_give(l);
    alc_store_lock_drop(l);
    alc_store_lock_drop(NULL);
}

#define TURNS 20000u

struct turner {
    struct alc_store_lock *lock;
    uint64_t *sum; /* not atomic: the turn guards it */
    unsigned failed;
};

static void *take_turns(void *arg)
{
    struct turner *t = arg;

    for (unsigned i = 0; i < TURNS; i++) {
        if (!alc_store_turn_take(t->lock, 60000)) {
            t->failed++;
            continue;
        }
        ++*t->sum;
        alc_store_turn_give(t->lock);
    }
    return NULL;
}

static void no_turn_is_lost_or_shared(void **state)
{
    enum { THREADS = 4 };
    struct folder *f = *state;
    struct turner turners[THREADS];
    struct alc_store_lock *l;
    pthread_t threads[THREADS];
    struct alc_err err = {0};
    uint64_t sum = 0;

    OK(alc_store_lock_take(&l, f->file, &err));
    for (int i = 0; i < THREADS; i++) {
        turners[i] = (struct turner){l, &sum, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, take_turns, &turners[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(turners[i].failed, 0);
    }
    assert_int_equal(sum, THREADS * TURNS);
    alc_store_lock_drop(l);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)
    const struct CMUnitTest tests[] = {
        T(another_process_is_kept_out_until_it_dies),
        T(one_process_opens_a_file_many_times_and_by_many_names),
        T(the_last_user_lets_the_file_go),
        T(the_turn_is_one_and_its_wait_ends),
        T(no_turn_is_lost_or_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
