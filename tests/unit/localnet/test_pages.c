/* tests/unit/localnet/test_pages.c — state and keys in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "net.h"

struct piece {
    struct alc_buf list, last;
};

static struct piece piece(void)
{
    return (struct piece){ALC_BUF(1u << 20), ALC_BUF(4096)};
}

static void fini(struct piece *p)
{
    alc_buf_fini(&p->list);
    alc_buf_fini(&p->last);
}

/* The records "a0" to "a3" and "b0" of bob. */
static void put_records(struct net *n)
{
    static const char *const keys[] = {"YTA=", "YTE=", "YTI=", "YTM=", "YjA="};
    char json[160];
    struct alc_err err = {0};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        (void)snprintf(json, sizeof json,
                       "[{\"Data\":{\"account_id\":\"bob.test\",\"data_key\":\"%s\","
                       "\"value\":\"\"}}]",
                       keys[i]);
        assert_int_equal(net_records(n, json, &err), ALC_OK);
    }
}

static void expect_state(struct net *n, const char *prefix, const char *after, uint32_t limit,
                         const char *list, const char *last)
{
    struct piece p = piece();
    struct lnet_page page = {.limit = limit, .last = &p.last};
    struct lnet_block_ref at;
    struct alc_err err = {0};
    if (after != NULL) page.after = alc_cstr(after);
    assert_int_equal(
        lnet_read_state(n->chain, "bob.test", alc_cstr(prefix), &page, &p.list, &at, &err), ALC_OK);
    assert_string_equal(alc_buf_text(&p.list), list);
    assert_string_equal(alc_buf_text(&p.last), last);
    fini(&p);
}

#define ITEM(key) "{\"key\":\"" key "\",\"value\":\"\"}"

static void state_is_read_in_pieces_that_meet(void **state)
{
    struct net *n = *state;
    put_records(n);
    expect_state(n, "", NULL, 2, "[" ITEM("YTA=") "," ITEM("YTE=") "]", "\"YTE=\"");
    expect_state(n, "", "a1", 2, "[" ITEM("YTI=") "," ITEM("YTM=") "]", "\"YTM=\"");
    expect_state(n, "", "a3", 2, "[" ITEM("YjA=") "]", "");
    expect_state(n, "", "b0", 2, "[]", "");
    expect_state(n, "", "a2x", 0, "[" ITEM("YTM=") "," ITEM("YjA=") "]", "");
}

static void a_piece_that_ends_with_the_prefix_is_the_last(void **state)
{
    struct net *n = *state;
    put_records(n);
    expect_state(n, "a", "a1", 2, "[" ITEM("YTI=") "," ITEM("YTM=") "]", "");
    expect_state(n, "b", "a0", 1, "[" ITEM("YjA=") "]", "");
    expect_state(n, "a", "b", 1, "[]", "");
}

static size_t count(const struct alc_buf *list)
{
    return alc_json_count(net_json(alc_buf_text(list)));
}

static void keys_are_read_in_pieces_that_meet(void **state)
{
    struct net *n = *state;
    struct alc_near_action more[] = {net_act_key("bob.test"), net_act_key("more"),
                                     net_act_key("most")};
    struct piece all = piece(), first = piece(), rest = piece();
    struct lnet_page page = {.limit = 3, .last = &first.last};
    struct alc_near_key last;
    struct alc_bytes text;
    struct lnet_block_ref at;
    struct alc_err err = {0};

    net_send(n, "alice.test", "alice.test", more, 3);
    assert_int_equal(lnet_read_keys(n->chain, "alice.test", NULL, &all.list, &at, &err), ALC_OK);
    assert_int_equal(count(&all.list), 4);
    assert_int_equal(lnet_read_keys(n->chain, "alice.test", &page, &first.list, &at, &err), ALC_OK);
    assert_int_equal(count(&first.list), 3);
    assert_true(alc_json_str(net_json(alc_buf_text(&first.last)), &text));
    assert_true(alc_near_key_read(&last, text));

    page = (struct lnet_page){.after_key = &last, .limit = 1, .last = &rest.last};
    assert_int_equal(lnet_read_keys(n->chain, "alice.test", &page, &rest.list, &at, &err), ALC_OK);
    assert_int_equal(count(&rest.list), 1);
    assert_int_equal(rest.last.n, 0);
    /* the pieces together are the whole */
    first.list.n--;
    alc_buf_put_text(&first.list, ",");
    alc_buf_put(&first.list, rest.list.p + 1, rest.list.n - 1);
    assert_string_equal(alc_buf_text(&first.list), alc_buf_text(&all.list));
    fini(&all);
    fini(&first);
    fini(&rest);
}

#define T(name) cmocka_unit_test_setup_teardown(name, net_setup, net_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(state_is_read_in_pieces_that_meet),
        T(a_piece_that_ends_with_the_prefix_is_the_last),
        T(keys_are_read_in_pieces_that_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
