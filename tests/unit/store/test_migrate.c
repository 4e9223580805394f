/* tests/unit/store/test_migrate.c — tables go forward, a step at a time. */
#include "fixture.h"

#include <pthread.h>

static const char *const steps[] = {
    "CREATE TABLE a (x BIGINT); INSERT INTO a VALUES (1);",
    "INSERT INTO a VALUES (10); CREATE TABLE b (x BIGINT);",
    "INSERT INTO a VALUES (100);",
};

struct fixture {
    struct folder folder;
    struct alc_store *store;
};

static int open_store(void **state)
{
    static struct fixture f;
    struct alc_err err = {0};

    folder_make(&f.folder);
    OK(alc_store_open(&f.store, f.folder.file, false, &err));
    *state = &f;
    return 0;
}

static int close_store(void **state)
{
    struct fixture *f = *state;
    alc_store_close(f->store);
    folder_remove(&f->folder);
    return 0;
}

static int64_t version(struct alc_store *s)
{
    return one_int(s, "SELECT version FROM alc_schema WHERE room = 'house'");
}

static int64_t sum(struct alc_store *s)
{
    return one_int(s, "SELECT sum(x) FROM a");
}

static void each_step_is_done_once(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};

    OK(alc_store_migrate(f->store, "house", steps, 3, &err));
    OK(alc_store_migrate(f->store, "house", steps, 3, &err));
    assert_int_equal(sum(f->store), 111);
    assert_int_equal(version(f->store), 3);
}

static void an_older_store_gets_the_steps_it_lacks(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};

    OK(alc_store_migrate(f->store, "house", steps, 1, &err)); /* by the program of last year */
    assert_int_equal(sum(f->store), 1);
    alc_store_close(f->store);
    OK(alc_store_open(&f->store, f->folder.file, false, &err));
    OK(alc_store_migrate(f->store, "house", steps, 3, &err));
    assert_int_equal(sum(f->store), 111);
}

static void a_newer_store_is_left_alone(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};

    OK(alc_store_migrate(f->store, "house", steps, 3, &err));
    assert_int_equal(alc_store_migrate(f->store, "house", steps, 2, &err), ALC_CORRUPT);
    assert_non_null(strstr(err.text, "house"));
    assert_non_null(strstr(err.text, "version 3"));
    assert_int_equal(version(f->store), 3);
}

static void a_step_that_fails_leaves_the_version_before_it(void **state)
{
    static const char *const bad[] = {
        "CREATE TABLE a (x BIGINT); INSERT INTO a VALUES (1);",
        "INSERT INTO a VALUES (10); INSERT INTO nowhere VALUES (1);",
    };
    struct fixture *f = *state;
    struct alc_err err = {0};

    assert_int_equal(alc_store_migrate(f->store, "house", bad, 2, &err), ALC_CORRUPT);
    assert_non_null(strstr(err.text, "step 1"));
    assert_int_equal(version(f->store), 1);
    assert_int_equal(sum(f->store), 1);
    OK(alc_store_migrate(f->store, "house", steps, 3, &err)); /* the corrected program goes on */
    assert_int_equal(sum(f->store), 111);
}

static void rooms_do_not_share_a_version(void **state)
{
    static const char *const garden[] = {"CREATE TABLE g (x BIGINT)"};
    struct fixture *f = *state;
    struct alc_err err = {0};

    OK(alc_store_migrate(f->store, "house", steps, 3, &err));
    OK(alc_store_migrate(f->store, "garden", garden, 1, &err));
    assert_int_equal(one_int(f->store, "SELECT count(*) FROM g"), 0);
    assert_int_equal(version(f->store), 3);
}

static void tables_are_not_changed_inside_a_transaction(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};

    OK(alc_store_begin(f->store, &err));
    assert_int_equal(alc_store_migrate(f->store, "house", steps, 3, &err), ALC_CONFLICT);
    alc_store_rollback(f->store);
    OK(alc_store_migrate(f->store, "house", steps, 3, &err));
}

struct starter {
    const char *file;
    pthread_barrier_t *together;
    enum alc_rc rc;
    char why[sizeof((struct alc_err *)0)->text];
};

static void *open_and_migrate(void *arg)
{
    struct starter *t = arg;
    struct alc_store *s = NULL;
    struct alc_err err = {0};

    pthread_barrier_wait(t->together);
    t->rc = alc_store_open(&s, t->file, false, &err);
    if (t->rc == ALC_OK) t->rc = alc_store_migrate(s, "house", steps, 3, &err);
    alc_store_close(s);
    snprintf(t->why, sizeof t->why, "%s", err.text);
    return NULL;
}

static void threads_that_start_at_once_make_one_set_of_tables(void **state)
{
    enum { THREADS = 6, FILES = 25 }; /* a race shows in one file of eight */
    struct fixture *f = *state;
    struct starter starters[THREADS];
    pthread_t threads[THREADS];
    pthread_barrier_t together;
    struct alc_err err = {0};
    struct alc_store *s;
    char fresh[128];

    assert_int_equal(pthread_barrier_init(&together, NULL, THREADS), 0);
    for (int k = 0; k < FILES; k++) {
        snprintf(fresh, sizeof fresh, "%s/fresh%d.db", f->folder.path, k);
        for (int i = 0; i < THREADS; i++) {
            starters[i] = (struct starter){.file = fresh, .together = &together};
            assert_int_equal(pthread_create(&threads[i], NULL, open_and_migrate, &starters[i]), 0);
        }
        for (int i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        for (int i = 0; i < THREADS; i++)
            if (starters[i].rc != ALC_OK) fail_msg("%s", starters[i].why);
        OK(alc_store_open(&s, fresh, false, &err));
        assert_int_equal(sum(s), 111);
        alc_store_close(s);
    }
    pthread_barrier_destroy(&together);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)
    const struct CMUnitTest tests[] = {
        T(each_step_is_done_once),
        T(an_older_store_gets_the_steps_it_lacks),
        T(a_newer_store_is_left_alone),
        T(a_step_that_fails_leaves_the_version_before_it),
        T(rooms_do_not_share_a_version),
        T(tables_are_not_changed_inside_a_transaction),
        T(threads_that_start_at_once_make_one_set_of_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
