/* tests/unit/store/test_changes.c — what a transaction changed, undone later. */
#include "fixture.h"

static struct alc_err err;
static const char *const tables[] = {"t", "pair"};
static struct alc_changes *changes;

static int open_store(void **state)
{
    struct alc_store *s;
    OK(alc_store_open(&s, ":memory:", false, &err));
    OK(alc_store_exec(s, NULL, "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)", ALC_NO_ARGS,
                      &err));
    OK(alc_store_exec(s, NULL,
                      "CREATE TABLE pair(a TEXT NOT NULL, b BLOB NOT NULL, v BLOB,"
                      " PRIMARY KEY(a, b)) WITHOUT ROWID",
                      ALC_NO_ARGS, &err));
    OK(alc_store_exec(s, NULL, "CREATE TABLE other(id INTEGER PRIMARY KEY)", ALC_NO_ARGS, &err));
    OK(alc_store_exec(s, NULL, "INSERT INTO t VALUES(1, 'one'), (2, 'two')", ALC_NO_ARGS, &err));
    OK(alc_store_exec(s, NULL, "INSERT INTO pair VALUES('x', x'00', x''), ('y', x'01', NULL)",
                      ALC_NO_ARGS, &err));
    OK(alc_changes_open(&changes, s, tables, 2, 1000, &err));
    *state = s;
    return 0;
}

static int close_store(void **state)
{
    alc_changes_close(changes);
    alc_store_close(*state);
    return 0;
}

/* Both tables as one text. */
static const char *content(struct alc_store *s)
{
    static char out[512];
    one_text(s,
             "SELECT (SELECT group_concat(id || v) FROM (SELECT * FROM t ORDER BY id)) || ';' ||"
             " (SELECT group_concat(a || hex(b) || iif(v IS NULL, '-', '.' || hex(v)))"
             " FROM (SELECT * FROM pair ORDER BY a, b))",
             out, sizeof out);
    return out;
}

#define BEFORE "1one,2two;x00.,y01-"

static void change_all(struct alc_store *s)
{
    OK(alc_store_exec(s, NULL, "UPDATE t SET v = 'eins' WHERE id = 1", ALC_NO_ARGS, &err));
    OK(alc_store_exec(s, NULL, "DELETE FROM t WHERE id = 2", ALC_NO_ARGS, &err));
    OK(alc_store_exec(s, NULL,
                      "INSERT INTO pair VALUES('x', x'00', x'ff'), ('z', x'02', x'01')"
                      " ON CONFLICT(a, b) DO UPDATE SET v = excluded.v",
                      ALC_NO_ARGS, &err));
    OK(alc_store_exec(s, NULL, "DELETE FROM pair WHERE a = 'y'", ALC_NO_ARGS, &err));
    OK(alc_store_exec(s, NULL, "INSERT INTO other VALUES(7)", ALC_NO_ARGS, &err));
}

#define AFTER "1eins;x00.FF,z02.01"

/* Runs `change` in a transaction; its changes, for the caller to free. */
static struct alc_bytes changes_of(struct alc_store *s, void change(struct alc_store *s))
{
    struct alc_bytes taken;
    uint8_t *copy;
    OK(alc_store_begin(s, &err));
    OK(alc_changes_begin(changes, &err));
    change(s);
    OK(alc_changes_take(changes, &taken, &err));
    copy = malloc(taken.n + 1);
    assert_non_null(copy);
    if (taken.n > 0) memcpy(copy, taken.p, taken.n);
    taken.p = copy;
    OK(alc_store_commit(s, &err));
    return taken;
}

static void undone_changes_were_never(void **state)
{
    struct alc_store *s = *state;
    struct alc_bytes b = changes_of(s, change_all);
    assert_string_equal(content(s), AFTER);
    OK(alc_store_begin(s, &err));
    OK(alc_changes_undo(changes, b, &err));
    assert_string_equal(content(s), BEFORE);
    assert_int_equal(one_int(s, "SELECT COUNT(*) FROM other"), 1); /* nobody named it */
    alc_store_rollback(s);
    assert_string_equal(content(s), AFTER);
    OK(alc_store_begin(s, &err));
    OK(alc_changes_undo(changes, b, &err));
    OK(alc_store_commit(s, &err));
    assert_string_equal(content(s), BEFORE);
    free((void *)(uintptr_t)b.p);
}

static void change_nothing(struct alc_store *s)
{
    OK(alc_store_exec(s, NULL, "DELETE FROM t WHERE id = 99", ALC_NO_ARGS, &err));
    OK(alc_store_exec(s, NULL, "INSERT INTO other VALUES(8)", ALC_NO_ARGS, &err));
}

static void nothing_touched_is_nothing(void **state)
{
    struct alc_bytes b = changes_of(*state, change_all), none = changes_of(*state, change_nothing);
    assert_true(b.n > 0);
    assert_int_equal(none.n, 0);
    free((void *)(uintptr_t)b.p);
    free((void *)(uintptr_t)none.p);
}

static void change_keys(struct alc_store *s)
{
    OK(alc_store_exec(s, NULL, "UPDATE t SET id = id + 10, v = 'moved'", ALC_NO_ARGS, &err));
    OK(alc_store_exec(s, NULL, "UPDATE t SET id = 1 WHERE id = 12", ALC_NO_ARGS, &err));
    OK(alc_store_exec(s, NULL, "INSERT INTO t VALUES(2, 1.5), (-3, -7)", ALC_NO_ARGS, &err));
}

static void change_again(struct alc_store *s)
{
    OK(alc_store_exec(s, NULL, "DELETE FROM t WHERE id < 3", ALC_NO_ARGS, &err));
}

static void several_are_undone_backwards(void **state)
{
    struct alc_store *s = *state;
    struct alc_bytes first = changes_of(s, change_keys);
    char between[512];
    snprintf(between, sizeof between, "%s", content(s));
    assert_string_equal(between, "-3-7,1moved,21.5,11moved;x00.,y01-");
    struct alc_bytes second = changes_of(s, change_again);
    OK(alc_store_begin(s, &err));
    OK(alc_changes_undo(changes, second, &err));
    assert_string_equal(content(s), between);
    OK(alc_changes_undo(changes, first, &err));
    assert_string_equal(content(s), BEFORE);
    OK(alc_store_commit(s, &err));
    free((void *)(uintptr_t)first.p);
    free((void *)(uintptr_t)second.p);
}

static void change_past_a_mark(struct alc_store *s)
{
    OK(alc_store_mark(s, &err));
    OK(alc_store_exec(s, NULL, "DELETE FROM t WHERE id = 1", ALC_NO_ARGS, &err));
    OK(alc_store_exec(s, NULL, "INSERT INTO t VALUES(4, 'lost')", ALC_NO_ARGS, &err));
    OK(alc_store_undo(s, &err));
    OK(alc_store_exec(s, NULL, "UPDATE t SET v = 'uno' WHERE id = 1", ALC_NO_ARGS, &err));
    OK(alc_store_exec(s, NULL, "INSERT INTO t VALUES(4, 'four')", ALC_NO_ARGS, &err));
}

static void what_a_mark_took_back_is_not_among_them(void **state)
{
    struct alc_store *s = *state;
    struct alc_bytes b = changes_of(s, change_past_a_mark);
    assert_string_equal(content(s), "1uno,2two,4four;x00.,y01-");
    OK(alc_store_begin(s, &err));
    OK(alc_changes_undo(changes, b, &err));
    assert_string_equal(content(s), BEFORE);
    alc_store_rollback(s);
    free((void *)(uintptr_t)b.p);
}

static void each_row_is_written_down_once(void **state)
{
    struct alc_store *s = *state;
    struct alc_bytes b;
    OK(alc_store_begin(s, &err));
    OK(alc_changes_begin(changes, &err));
    for (int64_t i = 0; i < 1000; i++)
        OK(alc_store_exec(s, NULL, "UPDATE t SET v = $1", ALC_ARGS(ALC_INT(i)), &err));
    OK(alc_changes_take(changes, &b, &err));
    OK(alc_changes_undo(changes, b, &err));
    assert_string_equal(content(s), BEFORE);
    alc_store_rollback(s);
}

static void too_much_is_said(void **state)
{
    struct alc_store *s = *state;
    struct alc_bytes b;
    OK(alc_store_begin(s, &err));
    OK(alc_changes_begin(changes, &err));
    for (int64_t i = 10; i < 2000; i++)
        OK(alc_store_exec(s, NULL, "INSERT INTO t VALUES($1, 'x')", ALC_ARGS(ALC_INT(i)), &err));
    assert_int_equal(alc_changes_take(changes, &b, &err), ALC_LIMIT);
    alc_store_rollback(s);
    b = changes_of(s, change_all); /* the next one is not hurt */
    OK(alc_store_begin(s, &err));
    OK(alc_changes_undo(changes, b, &err));
    assert_string_equal(content(s), BEFORE);
    alc_store_rollback(s);
    free((void *)(uintptr_t)b.p);
}

static void cut_bytes_are_refused(void **state)
{
    struct alc_store *s = *state;
    struct alc_bytes b = changes_of(s, change_all), cut = {b.p, 0};
    unsigned refused = 0;
    for (; cut.n < b.n; cut.n++) {
        OK(alc_store_begin(s, &err));
        refused += alc_changes_undo(changes, cut, &err) == ALC_CORRUPT;
        alc_store_rollback(s);
    }
    assert_int_equal(refused, b.n - 5); /* but between two of the five rows, and none at all */
    assert_string_equal(content(s), AFTER);
    free((void *)(uintptr_t)b.p);
}

static void needs_a_transaction_and_a_key(void **state)
{
    struct alc_store *s = *state;
    struct alc_changes *c = NULL;
    const char *const absent[] = {"absent"}, *const keyless[] = {"keyless"};
    assert_int_equal(alc_changes_begin(changes, &err), ALC_CONFLICT);
    assert_int_equal(alc_changes_undo(changes, ALC_LIT(""), &err), ALC_CONFLICT);
    OK(alc_store_begin(s, &err));
    OK(alc_changes_begin(changes, &err));
    assert_int_equal(alc_changes_begin(changes, &err), ALC_CONFLICT);
    assert_int_equal(alc_changes_undo(changes, ALC_LIT(""), &err), ALC_CONFLICT);
    alc_changes_end(changes);
    alc_store_rollback(s);
    OK(alc_store_exec(s, NULL, "CREATE TABLE keyless(a TEXT)", ALC_NO_ARGS, &err));
    assert_int_equal(alc_changes_open(&c, s, absent, 1, 1000, &err), ALC_BAD_INPUT);
    assert_int_equal(alc_changes_open(&c, s, keyless, 1, 1000, &err), ALC_BAD_INPUT);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)
    const struct CMUnitTest tests[] = {
        T(undone_changes_were_never),     T(nothing_touched_is_nothing),
        T(several_are_undone_backwards),  T(what_a_mark_took_back_is_not_among_them),
        T(each_row_is_written_down_once), T(too_much_is_said),
        T(cut_bytes_are_refused),         T(needs_a_transaction_and_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
