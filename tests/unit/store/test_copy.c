/* tests/unit/store/test_copy.c — one store made the same as another. */
#include "fixture.h"

static struct alc_err err;

struct pair {
    struct folder folder;
    struct alc_store *file, *memory;
};

static int open_pair(void **state)
{
    static struct pair p;
    folder_make(&p.folder);
    OK(alc_store_open(&p.file, p.folder.file, false, &err));
    OK(alc_store_open(&p.memory, ":memory:", false, &err));
    OK(alc_store_exec(p.file, NULL, "CREATE TABLE t (id BIGINT PRIMARY KEY)", ALC_NO_ARGS, &err));
    OK(alc_store_exec(p.memory, NULL, "CREATE TABLE other (x TEXT)", ALC_NO_ARGS, &err));
    *state = &p;
    return 0;
}

static int close_pair(void **state)
{
    struct pair *p = *state;
    alc_store_close(p->file);
    alc_store_close(p->memory);
    folder_remove(&p->folder);
    return 0;
}

static void put(struct alc_store *s, int64_t id)
{
    OK(alc_store_exec(s, NULL, "INSERT INTO t (id) VALUES ($1)", ALC_ARGS(ALC_INT(id)), &err));
}

static int64_t sum(struct alc_store *s)
{
    return one_int(s, "SELECT COALESCE(SUM(id), 0) FROM t");
}

/* Thousands of rows: more pages than the first step takes. */
static void fill(struct alc_store *s)
{
    OK(alc_store_begin(s, &err));
    for (int64_t i = 1; i <= 20000; i++)
        put(s, i);
    OK(alc_store_commit(s, &err));
}

static void copy_holds_what_the_other_held(void **state)
{
    struct pair *p = *state;
    fill(p->file);
    OK(alc_store_copy(p->memory, p->file, &err));
    assert_int_equal(sum(p->memory), 200010000);
    assert_int_equal(
        alc_store_exec(p->memory, NULL, "INSERT INTO other VALUES ('x')", ALC_NO_ARGS, &err),
        ALC_CORRUPT);       /* what was there is gone */
    put(p->memory, 100000); /* both live on, apart */
    put(p->file, 200000);
    assert_int_equal(sum(p->memory), 200110000);
    assert_int_equal(sum(p->file), 200210000);
}

/* Statements that were prepared before see what came after, in both directions, many times. */
static void copy_back_undoes(void **state)
{
    struct pair *p = *state;
    fill(p->file);
    OK(alc_store_copy(p->memory, p->file, &err));
    for (int64_t i = 0; i < 5; i++) {
        put(p->file, 1000000 + i);
        assert_int_equal(sum(p->file), 200010000 + 1000000 + i);
        OK(alc_store_copy(p->file, p->memory, &err));
        assert_int_equal(sum(p->file), 200010000);
    }
    alc_store_close(p->file); /* and it is on the disk */
    p->file = NULL;
    OK(alc_store_open(&p->file, p->folder.file, false, &err));
    assert_int_equal(sum(p->file), 200010000);
}

static void open_transaction_is_in_the_way(void **state)
{
    struct pair *p = *state;
    put(p->file, 1);
    OK(alc_store_begin(p->file, &err));
    put(p->file, 2);
    assert_int_equal(alc_store_copy(p->file, p->memory, &err), ALC_CONFLICT);
    OK(alc_store_commit(p->file, &err));
    assert_int_equal(sum(p->file), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(copy_holds_what_the_other_held, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(copy_back_undoes, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(open_transaction_is_in_the_way, open_pair, close_pair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
