/* tests/unit/store/test_blob.c — bytes under the name of their hash. */
#include "fixture.h"

#include "crypto/crypto.h"

static int open_store(void **state)
{
    struct alc_err err = {0};
    struct alc_store *s;

    OK(alc_store_open(&s, ":memory:", false, &err));
    *state = s;
    return 0;
}

static int close_store(void **state)
{
    alc_store_close(*state);
    return 0;
}

static struct alc_hash put(struct alc_store *s, struct alc_bytes bytes)
{
    struct alc_err err = {0};
    struct alc_hash name;

    alc_sha256(&name, bytes);
    OK(alc_blob_put(s, &name, bytes, &err));
    return name;
}

static void check(struct alc_store *s, const struct alc_hash *name, struct alc_bytes want)
{
    struct alc_arena arena = ALC_ARENA(2u << 20);
    struct alc_err err = {0};
    struct alc_bytes got;

    OK(alc_blob_get(s, &got, name, &arena, &err));
    assert_true(alc_bytes_eq(got, want));
    alc_arena_fini(&arena);
}

static void what_is_put_is_got(void **state)
{
    static uint8_t large[1u << 20];
    struct alc_bytes all = {large, sizeof large};
    struct alc_hash small, empty, big;

    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (uint8_t)(i * 7);
    small = put(*state, ALC_LIT("\0asm"));
    empty = put(*state, (struct alc_bytes){NULL, 0});
    big = put(*state, all);
    check(*state, &small, ALC_LIT("\0asm"));
    check(*state, &empty, (struct alc_bytes){NULL, 0});
    check(*state, &big, all);
}

static void putting_twice_is_putting_once(void **state)
{
    struct alc_hash name = put(*state, ALC_LIT("again"));

    put(*state, ALC_LIT("again"));
    assert_int_equal(one_int(*state, "SELECT count(*) FROM alc_blob"), 1);
    check(*state, &name, ALC_LIT("again"));
}

static void a_name_that_nobody_put_is_not_found(void **state)
{
    struct alc_arena arena = ALC_ARENA(100);
    struct alc_hash name = {{1}};
    struct alc_bytes got;

    assert_int_equal(alc_blob_get(*state, &got, &name, &arena, NULL), ALC_NOT_FOUND);
    alc_arena_fini(&arena);
}

static void bytes_under_a_false_name_are_refused(void **state)
{
    struct alc_err err = {0};
    struct alc_hash name;

    alc_sha256(&name, ALC_LIT("one"));
    assert_int_equal(alc_blob_put(*state, &name, ALC_LIT("two"), &err), ALC_BAD_INPUT);
    assert_int_equal(one_int(*state, "SELECT count(*) FROM alc_blob"), 0);
}

static void damage_is_noticed_and_mended_by_the_true_bytes(void **state)
{
    struct alc_arena arena = ALC_ARENA(100);
    struct alc_hash name = put(*state, ALC_LIT("module"));
    struct alc_err err = {0};
    struct alc_bytes got;

    OK(alc_store_exec(*state, NULL, "UPDATE alc_blob SET bytes = $1",
                      ALC_ARGS(ALC_BLOB(ALC_LIT("modulf"))), &err));
    assert_int_equal(alc_blob_get(*state, &got, &name, &arena, &err), ALC_CORRUPT);
    put(*state, ALC_LIT("module"));
    check(*state, &name, ALC_LIT("module"));
    alc_arena_fini(&arena);
}

static void a_blob_over_the_arena_is_no_memory(void **state)
{
    struct alc_arena arena = ALC_ARENA(64);
    struct alc_hash name = put(*state, ALC_LIT("0123456789012345678901234567890123456789"
                                               "0123456789012345678901234567890123456789"));
    struct alc_err err = {0};
    struct alc_bytes got;

    assert_int_equal(alc_blob_get(*state, &got, &name, &arena, &err), ALC_NOMEM);
    alc_arena_fini(&arena);
}

static void a_blob_belongs_to_the_transaction_around_it(void **state)
{
    struct alc_err err = {0};

    OK(alc_store_begin(*state, &err));
    put(*state, ALC_LIT("undone"));
    alc_store_rollback(*state);
    assert_int_equal(one_int(*state, "SELECT count(*) FROM alc_blob"), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)
    const struct CMUnitTest tests[] = {
        T(what_is_put_is_got),
        T(putting_twice_is_putting_once),
        T(a_name_that_nobody_put_is_not_found),
        T(bytes_under_a_false_name_are_refused),
        T(damage_is_noticed_and_mended_by_the_true_bytes),
        T(a_blob_over_the_arena_is_no_memory),
        T(a_blob_belongs_to_the_transaction_around_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
