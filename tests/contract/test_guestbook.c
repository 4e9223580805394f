/* tests/contract/test_guestbook.c — the example of contracts/README.md natively: the page shows the
 * whole of it, and it keeps what it promises whatever the token answers. */
#include "tests/contract/fake_near.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BOOK "book.test"
#define PRICE ((near_u128)10000000000u * NEAR_TGAS)
#define LONG10 "\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001\\u0001"

NEAR_ENTRY(new);
NEAR_ENTRY(sign);
NEAR_ENTRY(on_balance);
NEAR_ENTRY(get_entries);

static int setup(void **state)
{
    (void)state;
    fake_reset();
    fake_env.current = BOOK;
    assert_true(fake_call(near_entry_new, ALC_LIT("{\"token_id\":\"usd.test\"}")));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake_reset();
    return 0;
}

static bool sign(const char *guest, const char *args, near_u128 deposit)
{
    bool ok;

    fake_env.predecessor = fake_env.signer = guest;
    fake_env.deposit = deposit;
    ok = fake_call(near_entry_sign, alc_cstr(args));
    fake_env.deposit = 0;
    return ok;
}

static void refuses(const char *why)
{
    assert_string_equal((const char *)fake_panic().p, why);
}

static void book_is(const char *entries)
{
    assert_true(fake_view(near_entry_get_entries, ALC_LIT("{}")));
    assert_string_equal((const char *)fake_returned().p, entries);
}

/* Brings the callback what sign gave it, with the token's answer; NULL: the token failed. */
static void answer(const char *balance)
{
    const struct fake_receipt *r = fake_receipt(fake_receipts() - 1);
    char *args = strdup((const char *)r->args.p);

    assert_non_null(args);
    assert_string_equal(r->method, "on_balance");
    assert_true(fake_callback(near_entry_on_balance, alc_cstr(args),
                              balance == NULL ? (struct alc_bytes){NULL, 0} : alc_cstr(balance)));
    free(args);
}

static void a_guest_who_holds_the_token_gets_an_entry(void **state)
{
    (void)state;
    assert_true(sign("alice.test", "{\"text\":\"Hello\"}", PRICE));
    assert_int_equal(fake_receipts(), 2);
    assert_string_equal(fake_receipt(0)->receiver, "usd.test");
    assert_string_equal((const char *)fake_receipt(0)->args.p, "{\"account_id\":\"alice.test\"}");
    assert_int_equal(fake_promise_returned(), 1);
    answer("\"1\"");
    assert_string_equal((const char *)fake_returned().p, "true");
    assert_int_equal(fake_receipts(), 0);
    assert_string_equal((const char *)fake_log(0).p,
                        "EVENT_JSON:{\"standard\":\"guestbook\",\"version\":\"1.0.0\",\"event\":"
                        "\"signed\",\"data\":[{\"number\":0,\"guest\":\"alice.test\"}]}");
    book_is("[{\"guest\":\"alice.test\",\"text\":\"Hello\"}]");
}

static void what_is_above_the_price_comes_back_at_once(void **state)
{
    (void)state;
    assert_true(sign("alice.test", "{\"text\":\"Hello\"}", PRICE + 7));
    assert_int_equal(fake_receipts(), 3);
    assert_string_equal(fake_receipt(0)->receiver, "alice.test");
    assert_true(fake_receipt(0)->amount == 7);
}

static void a_guest_without_the_token_gets_the_price_back(void **state)
{
    /* no balance, no token, an answer that is none, and one that hides a balance */
    static const char *const answers[] = {"\"0\"",
                                          NULL,
                                          "",
                                          "null",
                                          "5",
                                          "\"\"",
                                          "\"-1\"",
                                          "\"1e3\"",
                                          "[\"1\"]",
                                          "\"1\"\"",
                                          "\"340282366920938463463374607431768211456\""};

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        assert_true(sign("bob.test", "{\"text\":\"Me too\"}", PRICE));
        answer(answers[i]);
        assert_string_equal((const char *)fake_returned().p, "false");
        assert_int_equal(fake_receipts(), 1);
        assert_string_equal(fake_receipt(0)->receiver, "bob.test");
        assert_true(fake_receipt(0)->amount == PRICE);
    }
    book_is("[]");
}

static void the_longest_entry_fits(void **state)
{
    char guest[65];

    (void)state;
    memset(guest, 'a', 64);
    guest[64] = 0;
    assert_true(sign(
        guest,
        "{\"text\":\"" LONG10 LONG10 LONG10 LONG10 LONG10 LONG10 LONG10 LONG10 LONG10 LONG10 "\"}",
        PRICE));
    answer("\"1\"");
    assert_true(fake_state_bytes() < 1000); /* 0.01 NEAR pays 1000 bytes */
    assert_false(sign(
        guest,
        "{\"text\":\"" LONG10 LONG10 LONG10 LONG10 LONG10 LONG10 LONG10 LONG10 LONG10 LONG10 "a\"}",
        PRICE));
    refuses("A text has at most 100 bytes");
}

static void a_call_that_is_refused_says_why(void **state)
{
    (void)state;
    assert_false(sign("bob.test", "{\"text\":\"Hello\"}", PRICE - 1));
    refuses("An entry costs 0.01 NEAR");
    assert_false(sign("bob.test", "{}", PRICE));
    assert_false(fake_call(near_entry_new, ALC_LIT("{\"token_id\":\"mine.test\"}")));
    refuses("The book is set up already");
    assert_false(fake_call(near_entry_on_balance,
                           ALC_LIT("{\"guest\":\"bob.test\",\"text\":\"I was here\"}")));
    refuses("Method on_balance is private");
    assert_false(fake_view(near_entry_get_entries, ALC_LIT("{\"limit\":51}")));
    refuses("A page has at most 50 entries");
    fake_reset();
    assert_false(sign("bob.test", "{\"text\":\"Hello\"}", PRICE));
    refuses("The book is not set up");
}

/* Two guests sign before the first answer is there: each gets a number of his own. */
static void entries_come_in_the_order_of_the_answers(void **state)
{
    (void)state;
    assert_true(sign("alice.test", "{\"text\":\"a\"}", PRICE));
    assert_true(sign("bob.test", "{\"text\":\"b\"}", PRICE));
    answer("\"1\"");
    assert_true(fake_callback(near_entry_on_balance,
                              ALC_LIT("{\"guest\":\"alice.test\",\"text\":\"a\"}"),
                              ALC_LIT("\"1\"")));
    book_is("[{\"guest\":\"bob.test\",\"text\":\"b\"},{\"guest\":\"alice.test\",\"text\":\"a\"}]");
}

static void pages_are_read_one_by_one(void **state)
{
    (void)state;
    for (int i = 0; i < 51; i++) {
        assert_true(sign("alice.test", "{\"text\":\"\"}", PRICE));
        answer("\"1\"");
    }
    assert_true(fake_view(near_entry_get_entries, ALC_LIT("{\"from\":50,\"limit\":10}")));
    assert_string_equal((const char *)fake_returned().p,
                        "[{\"guest\":\"alice.test\",\"text\":\"\"}]");
    assert_true(fake_view(near_entry_get_entries, ALC_LIT("{\"from\":18446744073709551615}")));
    assert_string_equal((const char *)fake_returned().p, "[]");
    assert_true(fake_view(near_entry_get_entries, ALC_LIT("{\"limit\":0}")));
    assert_string_equal((const char *)fake_returned().p, "[]");
    assert_true(fake_view(near_entry_get_entries, ALC_LIT("{}"))); /* fifty */
    assert_int_equal(fake_returned().n, 50 * sizeof "{\"guest\":\"alice.test\",\"text\":\"\"}" + 1);
}

/* ---- the page ---- */

static char *file(const char *path)
{
    static char buf[2][65536];
    static unsigned turn;
    char *text = buf[turn++ % 2];
    FILE *f = fopen(path, "rb");
    size_t n;

    assert_non_null(f);
    n = fread(text, 1, sizeof buf[0] - 1, f);
    assert_true(feof(f));
    fclose(f);
    text[n] = 0;
    return text;
}

/* The pieces of the source that the page shows, one after the other with a blank line between,
 * leave nothing of it out. */
static void the_page_shows_all_of_the_source(void **state)
{
    static const char mark[] = "<!-- from tests/contract/guestbook.c -->\n```c\n";
    const char *page = file(ALC_SOURCE_DIR "/contracts/README.md");
    const char *rest = file(ALC_SOURCE_DIR "/tests/contract/guestbook.c");
    size_t pieces = 0;

    (void)state;
    for (const char *p = page; (p = strstr(p, mark)) != NULL; pieces++) {
        const char *end;
        size_t n;

        p += sizeof mark - 1;
        end = strstr(p, "\n```\n");
        assert_non_null(end);
        n = (size_t)(end + 1 - p);
        if (pieces > 0) assert_int_equal(*rest++, '\n');
        if (strncmp(rest, p, n) != 0) fail_msg("the page has not this piece: %.60s", rest);
        rest += n;
    }
    assert_true(pieces > 1);
    assert_string_equal(rest, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_guest_who_holds_the_token_gets_an_entry),
        TEST(what_is_above_the_price_comes_back_at_once),
        TEST(a_guest_without_the_token_gets_the_price_back),
        TEST(the_longest_entry_fits),
        TEST(a_call_that_is_refused_says_why),
        TEST(entries_come_in_the_order_of_the_answers),
        TEST(pages_are_read_one_by_one),
        cmocka_unit_test(the_page_shows_all_of_the_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
