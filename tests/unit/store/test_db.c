/* tests/unit/store/test_db.c — values, statements and transactions of one connection and of two. */
#include "fixture.h"

#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

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
    OK(alc_store_exec(f.store, NULL, "CREATE TABLE t (id BIGINT PRIMARY KEY, v BYTEA)", ALC_NO_ARGS,
                      &err));
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

static void put(struct alc_store *s, int64_t id)
{
    struct alc_err err = {0};
    OK(alc_store_exec(s, NULL, "INSERT INTO t (id) VALUES ($1)", ALC_ARGS(ALC_INT(id)), &err));
}

static int64_t count(struct alc_store *s)
{
    return one_int(s, "SELECT count(*) FROM t");
}

/* -- values ---------------------------------------------------------------------------------- */

static void values_come_back_as_they_went_in(void **state)
{
    struct fixture *f = *state;
    static const uint8_t raw[] = {0, 255, 0, 7};
    struct alc_err err = {0};
    struct alc_rows r;

    OK(alc_rows_start(&r, f->store, "SELECT $1, $2, $3, $4, $5",
                      ALC_ARGS(ALC_INT(INT64_MIN), ALC_INT(INT64_MAX),
                               ALC_BLOB(((struct alc_bytes){raw, sizeof raw})),
                               ALC_TEXT(ALC_LIT("h\xc3\xa9")), ALC_NULL_ARG),
                      &err));
    OK(alc_rows_next(&r, &err));
    assert_true(alc_rows_int(&r, 0) == INT64_MIN);
    assert_true(alc_rows_int(&r, 1) == INT64_MAX);
    assert_true(alc_bytes_eq(alc_rows_bytes(&r, 2), (struct alc_bytes){raw, sizeof raw}));
    assert_true(alc_bytes_is(alc_rows_bytes(&r, 3), "h\xc3\xa9"));
    assert_true(alc_rows_null(&r, 4));
    assert_int_equal(alc_rows_bytes(&r, 4).n, 0);
    assert_int_equal(alc_rows_int(&r, 4), 0);
    assert_false(alc_rows_null(&r, 0));
    assert_int_equal(alc_rows_next(&r, &err), ALC_NOT_FOUND);
    assert_int_equal(alc_rows_next(&r, &err), ALC_NOT_FOUND); /* and does not start again */
    alc_rows_end(&r);
    alc_rows_end(&r); /* harmless */
}

static void empty_bytes_are_not_null(void **state)
{
    struct fixture *f = *state;
    struct alc_bytes none = {NULL, 0};
    struct alc_err err = {0};
    struct alc_rows r;

    OK(alc_rows_start(&r, f->store, "SELECT typeof($1), typeof($2), typeof($3)",
                      ALC_ARGS(ALC_BLOB(none), ALC_TEXT(none), ALC_NULL_ARG), &err));
    OK(alc_rows_next(&r, &err));
    assert_true(alc_bytes_is(alc_rows_bytes(&r, 0), "blob"));
    assert_true(alc_bytes_is(alc_rows_bytes(&r, 1), "text"));
    assert_true(alc_bytes_is(alc_rows_bytes(&r, 2), "null"));
    alc_rows_end(&r);
}

static void arguments_go_by_number_not_by_place(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};
    struct alc_rows r;

    OK(alc_rows_start(&r, f->store, "SELECT $2, $1, $2 + $3",
                      ALC_ARGS(ALC_INT(1), ALC_INT(20), ALC_INT(300)), &err));
    OK(alc_rows_next(&r, &err));
    assert_int_equal(alc_rows_int(&r, 0), 20);
    assert_int_equal(alc_rows_int(&r, 1), 1);
    assert_int_equal(alc_rows_int(&r, 2), 320);
    alc_rows_end(&r);
}

static void rows_keep_their_arguments(void **state)
{
    struct fixture *f = *state;
    uint8_t word[] = "gone";
    struct alc_err err = {0};
    struct alc_rows r;

    OK(alc_rows_start(&r, f->store, "SELECT $1", ALC_ARGS(ALC_TEXT(((struct alc_bytes){word, 4}))),
                      &err));
    memset(word, 'x', 4); /* the caller's bytes end before the first row */
    OK(alc_rows_next(&r, &err));
    assert_true(alc_bytes_is(alc_rows_bytes(&r, 0), "gone"));
    alc_rows_end(&r);
}

/* -- statements ------------------------------------------------------------------------------ */

static void a_statement_with_other_arguments_is_refused(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};
    struct alc_rows r;

    assert_int_equal(alc_store_exec(f->store, NULL, "INSERT INTO t (id) VALUES ($1)",
                                    ALC_ARGS(ALC_INT(1), ALC_INT(2)), &err),
                     ALC_BAD_INPUT);
    assert_int_equal(alc_rows_start(&r, f->store, "SELECT $2", ALC_ARGS(ALC_INT(1)), &err),
                     ALC_BAD_INPUT);
    alc_rows_end(&r); /* always allowed */
    assert_int_equal(
        alc_store_exec(f->store, NULL, "DELETE FROM t WHERE id = ?", ALC_NO_ARGS, &err),
        ALC_BAD_INPUT);
    assert_int_equal(
        alc_store_exec(f->store, NULL, "DELETE FROM t; DELETE FROM t", ALC_NO_ARGS, &err),
        ALC_BAD_INPUT);
    assert_int_equal(alc_store_exec(f->store, NULL, "", ALC_NO_ARGS, &err), ALC_BAD_INPUT);
    assert_int_equal(count(f->store), 0);
}

static void a_wrong_table_is_named(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};

    assert_int_equal(alc_store_exec(f->store, NULL, "DELETE FROM nothing", ALC_NO_ARGS, &err),
                     ALC_CORRUPT);
    assert_non_null(strstr(err.text, "nothing"));
    assert_non_null(strstr(err.text, f->folder.file));
}

static void changed_counts_the_rows_of_this_statement(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};
    int64_t n = -1;

    for (int i = 0; i < 5; i++)
        put(f->store, i);
    OK(alc_store_exec(f->store, &n, "UPDATE t SET v = $1 WHERE id < $2",
                      ALC_ARGS(ALC_BLOB(ALC_LIT("x")), ALC_INT(3)), &err));
    assert_int_equal(n, 3);
    OK(alc_store_exec(f->store, &n, "UPDATE t SET v = NULL WHERE id = $1", ALC_ARGS(ALC_INT(77)),
                      &err));
    assert_int_equal(n, 0);
    put(f->store, 9);
    OK(alc_store_exec(f->store, &n, "CREATE TABLE other (a BIGINT)", ALC_NO_ARGS, &err));
    assert_int_equal(n, 0);
}

static void a_key_that_is_there_is_a_conflict(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};

    OK(alc_store_exec(f->store, NULL, "CREATE TABLE u (a BIGINT UNIQUE, b BIGINT NOT NULL)",
                      ALC_NO_ARGS, &err));
    OK(alc_store_exec(f->store, NULL, "INSERT INTO u VALUES (1, 1)", ALC_NO_ARGS, &err));
    assert_int_equal(
        alc_store_exec(f->store, NULL, "INSERT INTO u VALUES (1, 2)", ALC_NO_ARGS, &err),
        ALC_CONFLICT);
    put(f->store, 1);
    assert_int_equal(alc_store_exec(f->store, NULL, "INSERT INTO t (id) VALUES ($1)",
                                    ALC_ARGS(ALC_INT(1)), &err),
                     ALC_CONFLICT);
    /* Other broken promises are our own mistake, not the caller's. */
    assert_int_equal(
        alc_store_exec(f->store, NULL, "INSERT INTO u VALUES (2, NULL)", ALC_NO_ARGS, &err),
        ALC_CORRUPT);
}

static void a_reference_to_nothing_is_refused(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};

    OK(alc_store_exec(f->store, NULL, "CREATE TABLE c (t BIGINT REFERENCES t (id))", ALC_NO_ARGS,
                      &err));
    assert_int_equal(alc_store_exec(f->store, NULL, "INSERT INTO c VALUES (5)", ALC_NO_ARGS, &err),
                     ALC_CORRUPT);
    put(f->store, 5);
    OK(alc_store_exec(f->store, NULL, "INSERT INTO c VALUES (5)", ALC_NO_ARGS, &err));
}

static void a_statement_may_run_inside_its_own_rows(void **state)
{
    static const char *const sql = "SELECT id FROM t ORDER BY id";
    struct fixture *f = *state;
    struct alc_err err = {0};
    struct alc_rows outer, inner;
    int64_t sum = 0;

    for (int i = 1; i <= 3; i++)
        put(f->store, i);
    OK(alc_rows_start(&outer, f->store, sql, ALC_NO_ARGS, &err));
    while (alc_rows_next(&outer, &err) == ALC_OK) {
        OK(alc_rows_start(&inner, f->store, sql, ALC_NO_ARGS, &err));
        while (alc_rows_next(&inner, &err) == ALC_OK)
            sum += alc_rows_int(&outer, 0) * alc_rows_int(&inner, 0);
        alc_rows_end(&inner);
    }
    alc_rows_end(&outer);
    assert_int_equal(sum, 36);
}

static void many_statements_are_kept_apart(void **state)
{
    enum { N = 300 };
    static char sql[N][32]; /* lives longer than the store */
    struct fixture *f = *state;

    for (int i = 0; i < N; i++)
        snprintf(sql[i], sizeof sql[i], "SELECT %d", i);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < N; i++)
            assert_int_equal(one_int(f->store, sql[i]), i);
}

/* -- transactions ---------------------------------------------------------------------------- */

static void a_rollback_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};

    OK(alc_store_begin(f->store, &err));
    put(f->store, 1);
    put(f->store, 2);
    assert_int_equal(count(f->store), 2);
    alc_store_rollback(f->store);
    assert_int_equal(count(f->store), 0);
    alc_store_rollback(f->store); /* forgives a missing begin */
    OK(alc_store_begin(f->store, &err));
    put(f->store, 1);
    OK(alc_store_commit(f->store, &err));
    assert_int_equal(count(f->store), 1);
}

static void begin_and_commit_come_in_pairs(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};

    assert_int_equal(alc_store_commit(f->store, &err), ALC_CONFLICT);
    OK(alc_store_begin(f->store, &err));
    assert_int_equal(alc_store_begin(f->store, &err), ALC_CONFLICT);
    put(f->store, 1);
    OK(alc_store_commit(f->store, &err)); /* the refused begin took nothing away */
    assert_int_equal(count(f->store), 1);
}

static void marks_nest(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};

    OK(alc_store_begin(f->store, &err));
    put(f->store, 1);
    OK(alc_store_mark(f->store, &err));
    put(f->store, 2);
    OK(alc_store_mark(f->store, &err));
    put(f->store, 3);
    OK(alc_store_undo(f->store, &err)); /* 3 */
    OK(alc_store_mark(f->store, &err));
    put(f->store, 4);
    OK(alc_store_keep(f->store, &err));
    assert_int_equal(count(f->store), 3);
    OK(alc_store_undo(f->store, &err)); /* 2, and 4 that was kept inside it */
    assert_int_equal(count(f->store), 1);
    OK(alc_store_commit(f->store, &err));
    assert_int_equal(one_int(f->store, "SELECT sum(id) FROM t"), 1);
}

static void a_mark_needs_a_transaction(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};

    assert_int_equal(alc_store_mark(f->store, &err), ALC_CONFLICT);
    assert_int_equal(alc_store_keep(f->store, &err), ALC_CONFLICT);
    OK(alc_store_begin(f->store, &err));
    assert_int_equal(alc_store_keep(f->store, &err), ALC_CONFLICT);
    assert_int_equal(alc_store_undo(f->store, &err), ALC_CONFLICT);
    OK(alc_store_mark(f->store, &err));
    OK(alc_store_commit(f->store, &err)); /* takes the open mark along */
    OK(alc_store_begin(f->store, &err));
    assert_int_equal(alc_store_undo(f->store, &err), ALC_CONFLICT);
    alc_store_rollback(f->store);
}

static void a_reader_sees_committed_rows_alone(void **state)
{
    struct fixture *f = *state;
    struct alc_store *other;
    struct alc_err err = {0};

    OK(alc_store_open(&other, f->folder.file, false, &err));
    OK(alc_store_begin(f->store, &err));
    put(f->store, 1);
    assert_int_equal(count(other), 0); /* and does not wait */
    OK(alc_store_commit(f->store, &err));
    assert_int_equal(count(other), 1);
    alc_store_close(other);
}

struct second {
    const char *file;
    pthread_barrier_t ready; /* the second thread has opened and is about to begin */
    int first_is_done;       /* written before the commit that lets it in */
    int seen;
};

static void *write_second(void *arg)
{
    struct second *t = arg;
    struct alc_store *s = NULL;
    struct alc_err err = {0};
    enum alc_rc rc = alc_store_open(&s, t->file, false, &err);

    pthread_barrier_wait(&t->ready);
    if (rc == ALC_OK && alc_store_begin(s, &err) == ALC_OK) {
        t->seen = __atomic_load_n(&t->first_is_done, __ATOMIC_SEQ_CST) ? 1 : -1;
        alc_store_rollback(s);
    }
    alc_store_close(s);
    return NULL;
}

static void a_second_writer_waits_for_the_first(void **state)
{
    struct fixture *f = *state;
    struct second t = {.file = f->folder.file};
    struct alc_err err = {0};
    pthread_t thread;

    assert_int_equal(pthread_barrier_init(&t.ready, NULL, 2), 0);
    OK(alc_store_begin(f->store, &err));
    assert_int_equal(pthread_create(&thread, NULL, write_second, &t), 0);
    pthread_barrier_wait(&t.ready);
    for (int i = 0; i < 3000; i++)
        put(f->store, i);
    __atomic_store_n(&t.first_is_done, 1, __ATOMIC_SEQ_CST);
    OK(alc_store_commit(f->store, &err));
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&t.ready);
    assert_int_equal(t.seen, 1);
}

/* Looks, then writes what follows from it: without the lock from the beginning on, another thread
 * would write in between. */
static enum alc_rc append_next(struct alc_store *s, struct alc_err *err)
{
    struct alc_rows r;
    int64_t next = 0;
    enum alc_rc rc;

    rc = alc_store_begin(s, err);
    if (rc != ALC_OK) return rc;
    rc = alc_rows_start(&r, s, "SELECT count(*) FROM t", ALC_NO_ARGS, err);
    if (rc == ALC_OK) rc = alc_rows_next(&r, err);
    if (rc == ALC_OK) next = alc_rows_int(&r, 0);
    alc_rows_end(&r);
    if (rc == ALC_OK)
        rc =
            alc_store_exec(s, NULL, "INSERT INTO t (id) VALUES ($1)", ALC_ARGS(ALC_INT(next)), err);
    if (rc == ALC_OK) return alc_store_commit(s, err);
    alc_store_rollback(s);
    return rc;
}

static void *write_many(void *arg)
{
    struct alc_store *s;
    struct alc_err err = {0};
    intptr_t done = 0;

    if (alc_store_open(&s, arg, false, &err) != ALC_OK) return NULL;
    for (int i = 0; i < 200; i++) {
        if (append_next(s, &err) != ALC_OK) break;
        /* A write outside a transaction stands in the same line. */
        if (alc_store_exec(s, NULL, "UPDATE t SET v = NULL WHERE id = $1", ALC_ARGS(ALC_INT(i)),
                           &err) != ALC_OK)
            break;
        done++;
    }
    alc_store_close(s);
    return (void *)done;
}

static void threads_write_one_after_the_other(void **state)
{
    enum { THREADS = 4 };
    struct fixture *f = *state;
    pthread_t threads[THREADS];
    void *done;

    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, f->folder.file), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &done);
        assert_int_equal((intptr_t)done, 200);
    }
    assert_int_equal(count(f->store), THREADS * 200);
}

/* -- the file -------------------------------------------------------------------------------- */

static void what_was_committed_is_there_after_reopening(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};

    put(f->store, 7);
    OK(alc_store_begin(f->store, &err));
    put(f->store, 8);
    alc_store_close(f->store); /* inside a transaction */
    OK(alc_store_open(&f->store, f->folder.file, true, &err));
    assert_int_equal(one_int(f->store, "SELECT sum(id) FROM t"), 7);
}

static void a_process_killed_inside_a_transaction_leaves_nothing_of_it(void **state)
{
    struct fixture *f = *state;
    struct alc_err err = {0};
    int status;
    pid_t pid;

    put(f->store, 1);
    alc_store_close(f->store); /* the child is a process of its own: it takes the file */
    f->store = NULL;
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct alc_store *s;
        if (alc_store_open(&s, f->folder.file, false, &err) != ALC_OK) _exit(1);
        put(s, 2); /* committed */
        if (alc_store_begin(s, &err) != ALC_OK) _exit(1);
        for (int i = 10; i < 3000; i++)
            put(s, i); /* more than fits SQLite's cache */
        kill(getpid(), SIGKILL);
        _exit(1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    OK(alc_store_open(&f->store, f->folder.file, false, &err));
    assert_int_equal(one_int(f->store, "SELECT sum(id) FROM t"), 3);
    char word[16];
    one_text(f->store, "PRAGMA integrity_check", word, sizeof word);
    assert_string_equal(word, "ok");
}

static void the_file_is_for_its_owner_alone(void **state)
{
    struct fixture *f = *state;
    char name[128];
    struct stat st;
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};

    put(f->store, 1);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(name, sizeof name, "%s%s", f->folder.file, ends[i]);
        assert_int_equal(stat(name, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
}

static void the_settings_are_what_the_header_promises(void **state)
{
    struct fixture *f = *state;
    struct alc_store *durable;
    struct alc_err err = {0};
    char mode[16];

    one_text(f->store, "PRAGMA journal_mode", mode, sizeof mode);
    assert_string_equal(mode, "wal");
    assert_int_equal(one_int(f->store, "PRAGMA foreign_keys"), 1);
    assert_int_equal(one_int(f->store, "PRAGMA busy_timeout"), 10000);
    assert_int_equal(one_int(f->store, "PRAGMA synchronous"), 1);
    OK(alc_store_open(&durable, f->folder.file, true, &err));
    assert_int_equal(one_int(durable, "PRAGMA synchronous"), 2);
    alc_store_close(durable);
}

static void what_is_no_database_is_refused(void **state)
{
    struct fixture *f = *state;
    struct alc_store *s = NULL;
    struct alc_err err = {0};
    char name[128];
    FILE *file;

    snprintf(name, sizeof name, "%s/text", f->folder.path);
    file = fopen(name, "w");
    assert_non_null(file);
    for (int i = 0; i < 200; i++)
        fputs("this is not a database\n", file);
    fclose(file);
    assert_int_equal(alc_store_open(&s, name, false, &err), ALC_CORRUPT);
    assert_non_null(strstr(err.text, name));
    assert_null(s);
}

#define FILE_MAX_BYTES (1u << 20)

static void bytes_of(const char *path, uint8_t out[FILE_MAX_BYTES], size_t *n)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    *n = fread(out, 1, FILE_MAX_BYTES, f);
    assert_true(feof(f));
    fclose(f);
}

/* A database with tables of somebody else is left byte for byte as it was. */
static void the_database_of_another_program_is_refused(void **state)
{
    static uint8_t before[FILE_MAX_BYTES], after[FILE_MAX_BYTES];
    struct fixture *f = *state;
    struct alc_store *again = NULL;
    struct alc_err err = {0};
    size_t n, m;

    OK(alc_store_exec(f->store, NULL, "DROP TABLE alc_schema", ALC_NO_ARGS, &err));
    alc_store_close(f->store);
    f->store = NULL;
    bytes_of(f->folder.file, before, &n);
    assert_int_equal(alc_store_open(&again, f->folder.file, false, &err), ALC_CORRUPT);
    assert_non_null(strstr(err.text, "is the database of another program"));
    assert_non_null(strstr(err.text, f->folder.file));
    assert_null(again);
    bytes_of(f->folder.file, after, &m);
    assert_int_equal(n, m);
    assert_memory_equal(before, after, n);
}

static void a_missing_folder_is_named(void **state)
{
    struct fixture *f = *state;
    struct alc_store *s = NULL;
    struct alc_err err = {0};
    char name[160], folder[128];

    snprintf(folder, sizeof folder, "%s/no/such", f->folder.path);
    snprintf(name, sizeof name, "%s/a.db", folder);
    assert_int_equal(alc_store_open(&s, name, false, &err), ALC_IO);
    assert_non_null(strstr(err.text, folder));
    assert_int_equal(alc_store_open(&s, f->folder.path, false, &err), ALC_IO); /* a folder itself */
    assert_non_null(strstr(err.text, f->folder.path));
    assert_int_equal(alc_store_open(&s, "", false, &err), ALC_IO);
    assert_null(s);
}

static void memory_holds_a_store_of_its_own(void **state)
{
    struct alc_store *a, *b;
    struct alc_err err = {0};
    (void)state;

    OK(alc_store_open(&a, ":memory:", false, &err));
    OK(alc_store_open(&b, ":memory:", true, &err));
    OK(alc_store_begin(a, &err));
    OK(alc_store_begin(b, &err));
    OK(alc_store_exec(a, NULL, "CREATE TABLE t (id BIGINT)", ALC_NO_ARGS, &err));
    OK(alc_store_exec(b, NULL, "CREATE TABLE t (id BIGINT)", ALC_NO_ARGS, &err));
    OK(alc_store_commit(a, &err));
    alc_store_close(a);
    alc_store_close(b);
    alc_store_close(NULL);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)
    const struct CMUnitTest tests[] = {
        T(values_come_back_as_they_went_in),
        T(empty_bytes_are_not_null),
        T(arguments_go_by_number_not_by_place),
        T(rows_keep_their_arguments),
        T(a_statement_with_other_arguments_is_refused),
        T(a_wrong_table_is_named),
        T(changed_counts_the_rows_of_this_statement),
        T(a_key_that_is_there_is_a_conflict),
        T(a_reference_to_nothing_is_refused),
        T(a_statement_may_run_inside_its_own_rows),
        T(many_statements_are_kept_apart),
        T(a_rollback_leaves_nothing),
        T(begin_and_commit_come_in_pairs),
        T(marks_nest),
        T(a_mark_needs_a_transaction),
        T(a_reader_sees_committed_rows_alone),
        T(a_second_writer_waits_for_the_first),
        T(threads_write_one_after_the_other),
        T(what_was_committed_is_there_after_reopening),
        T(a_process_killed_inside_a_transaction_leaves_nothing_of_it),
        T(the_file_is_for_its_owner_alone),
        T(the_settings_are_what_the_header_promises),
        T(what_is_no_database_is_refused),
        T(the_database_of_another_program_is_refused),
        T(a_missing_folder_is_named),
        T(memory_holds_a_store_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
