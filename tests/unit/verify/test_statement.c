/* tests/unit/verify/test_statement.c — one encoding for each statement, and nothing else is read.
 */
#include "statement_test.h"

#include "engine/engine.h"

static uint8_t bytes[ALC_STATEMENT_MAX_BYTES + 64];

static size_t encode(const struct alc_statement *s)
{
    size_t n = alc_statement_write(s, bytes, ALC_STATEMENT_MAX_BYTES);
    assert_true(n > 0);
    return n;
}

/* reads copies to the heap, so that a read past the end is seen. */
static bool reads(const uint8_t *p, size_t n)
{
    struct alc_statement s;
    uint8_t *exact = malloc(n + (n == 0));
    bool ok;

    assert_non_null(exact);
    memcpy(exact, p, n);
    ok = alc_statement_read(&s, (struct alc_bytes){exact, n});
    free(exact);
    return ok;
}

static void what_is_written_is_read_back(void **state)
{
    struct alc_statement s = sample(), back;
    size_t n = encode(&s);
    (void)state;

    assert_true(alc_statement_read(&back, (struct alc_bytes){bytes, n}));
    for (size_t i = 0; i < FIELDS_COUNT; i++)
        if (!field_same(&s, &back, &fields[i])) fail_msg("%s changed", fields[i].name);
}

static void the_order_is_that_of_the_document(void **state)
{
    struct alc_statement s = sample();
    struct alc_cur c = alc_cur((struct alc_bytes){bytes, encode(&s)});
    struct alc_bytes b;
    (void)state;

    assert_true(alc_cur_take(&c, 8, &b) && alc_bytes_is(b, "ALCOVE/1"));
    for (size_t i = 0; i < FIELDS_COUNT; i++) {
        const struct field *f = &fields[i];
        size_t width = f->kind == FIELD_U8 ? 1 : f->kind == FIELD_U32 ? 4 : 8;
        uint64_t v = 0;
        bool ok;
        if (f->kind == FIELD_STRING)
            ok = alc_borsh_bytes(&c, 128, &b) && alc_bytes_is(b, f->name);
        else if (f->kind == FIELD_HASH)
            ok = alc_cur_take(&c, 32, &b) && memcmp(b.p, field_of(&s, f), 32) == 0;
        else
            ok = alc_cur_uint_le(&c, width, &v) && v == field_number(&s, f);
        if (!ok) fail_msg("%s is not where it belongs", f->name);
    }
    assert_int_equal(c.n, 0);
}

static void a_refused_encoding_changes_nothing(void **state)
{
    struct alc_statement s = sample(), out = sample();
    size_t n = encode(&s);
    (void)state;

    out.request_id = 4242;
    bytes[n - 1] = 2; /* simulated */
    assert_false(alc_statement_read(&out, (struct alc_bytes){bytes, n}));
    assert_int_equal(out.request_id, 4242);
    assert_true(alc_bytes_is(out.chain_id, "chain_id"));
}

static void every_truncation_is_refused(void **state)
{
    struct alc_statement s = sample();
    size_t n = encode(&s);
    (void)state;

    assert_true(reads(bytes, n));
    for (size_t i = 0; i < n; i++)
        if (reads(bytes, i)) fail_msg("the first %zu of %zu bytes were read", i, n);
}

static void every_byte_left_over_is_refused(void **state)
{
    struct alc_statement s = sample();
    size_t n = encode(&s);
    (void)state;

    for (unsigned extra = 0; extra < 256; extra++) {
        bytes[n] = (uint8_t)extra;
        assert_false(reads(bytes, n + 1));
    }
}

static void another_tag_is_refused(void **state)
{
    struct alc_statement s = sample();
    size_t n = encode(&s);
    (void)state;

    for (size_t i = 0; i < 8; i++) {
        bytes[i] ^= 0x20;
        assert_false(reads(bytes, n));
        bytes[i] ^= 0x20;
    }
    assert_true(reads(bytes, n));
}

/* Where a number of one byte lies is found by writing two values and comparing. */
static size_t place_of(const struct field *f)
{
    static uint8_t other[ALC_STATEMENT_MAX_BYTES];
    struct alc_statement s = sample();
    size_t n = encode(&s), i = 0;

    field_set_number(&s, f, 0);
    assert_int_equal(alc_statement_write(&s, other, sizeof other), n);
    while (i < n && other[i] == bytes[i])
        i++;
    assert_true(i < n);
    return i;
}

static void numbers_out_of_range_are_neither_written_nor_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < FIELDS_COUNT; i++) {
        struct alc_statement s = sample();
        size_t at, n = encode(&s);
        if (fields[i].kind != FIELD_U8) continue;
        at = place_of(&fields[i]);
        for (unsigned v = 0; v < 256; v++) {
            bool fits = v <= fields[i].most;
            field_set_number(&s, &fields[i], v);
            assert_int_equal(alc_statement_write(&s, bytes, sizeof bytes), fits ? n : 0);
            field_set_number(&s, &fields[i], 0);
            assert_int_equal(alc_statement_write(&s, bytes, sizeof bytes), n);
            bytes[at] = (uint8_t)v;
            assert_int_equal(reads(bytes, n), fits);
        }
    }
}

/* put_longer writes s by hand with the i-th string one byte over its limit. */
static size_t put_longer(struct alc_statement *s, size_t longer, uint8_t *out, size_t cap)
{
    struct alc_borsh w = alc_borsh(out, cap);

    alc_borsh_put(&w, ALC_STATEMENT_TAG, 8);
    for (size_t i = 0; i < FIELDS_COUNT; i++) {
        const struct field *f = &fields[i];
        uint8_t text[129];
        memset(text, 'x', sizeof text);
        if (f->kind == FIELD_STRING)
            alc_borsh_put_bytes(&w, (struct alc_bytes){text, (size_t)f->most + (i == longer)});
        else if (f->kind == FIELD_HASH)
            alc_borsh_put_hash(&w, field_of(s, f));
        else
            alc_borsh_put_uint(&w,
                               f->kind == FIELD_U8    ? 1
                               : f->kind == FIELD_U32 ? 4
                                                      : 8,
                               field_number(s, f));
    }
    assert_false(w.full);
    return w.n;
}

static void longer_strings_are_neither_written_nor_read(void **state)
{
    static const uint8_t text[129] = {'x'};
    (void)state;

    for (size_t i = 0; i < FIELDS_COUNT; i++) {
        struct alc_statement s = sample();
        struct alc_bytes *field = field_of(&s, &fields[i]);
        size_t n;
        if (fields[i].kind != FIELD_STRING) continue;
        *field = (struct alc_bytes){text, (size_t)fields[i].most};
        assert_true(alc_statement_write(&s, bytes, sizeof bytes) > 0);
        *field = (struct alc_bytes){text, (size_t)fields[i].most + 1};
        assert_int_equal(alc_statement_write(&s, bytes, sizeof bytes), 0);

        s = sample();
        n = put_longer(&s, i, bytes, sizeof bytes);
        if (reads(bytes, n))
            fail_msg("%s of %u bytes was read", fields[i].name, (unsigned)fields[i].most + 1);
        n = put_longer(&s, FIELDS_COUNT, bytes, sizeof bytes); /* nothing is too long: it is read */
        assert_true(reads(bytes, n));
    }
}

static void a_length_beyond_the_end_is_refused(void **state)
{
    static const uint32_t lengths[] = {65, 0xffff, 0x7fffffff, 0x80000000, UINT32_MAX};
    struct alc_statement s = sample();
    size_t n = encode(&s);
    (void)state;

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct alc_borsh w = alc_borsh(bytes + 8, 4); /* chain_id's */
        alc_borsh_put_u32(&w, lengths[i]);
        assert_false(reads(bytes, n));
    }
}

static void the_greatest_length_is_tight(void **state)
{
    static uint8_t text[128];
    struct alc_statement s = sample();
    struct alc_statement back;
    (void)state;

    memset(text, 'y', sizeof text);
    for (size_t i = 0; i < FIELDS_COUNT; i++)
        if (fields[i].kind == FIELD_STRING)
            *(struct alc_bytes *)field_of(&s, &fields[i]) =
                (struct alc_bytes){text, (size_t)fields[i].most};
    assert_int_equal(ALC_STATEMENT_MAX_BYTES, 1287);
    assert_int_equal(alc_statement_write(&s, bytes, sizeof bytes), ALC_STATEMENT_MAX_BYTES);
    assert_true(alc_statement_read(&back, (struct alc_bytes){bytes, ALC_STATEMENT_MAX_BYTES}));
    assert_int_equal(alc_statement_write(&s, bytes, ALC_STATEMENT_MAX_BYTES - 1), 0);
}

static void too_little_room_writes_nothing_beyond_it(void **state)
{
    struct alc_statement s = sample();
    size_t n = encode(&s);
    (void)state;

    for (size_t cap = 0; cap < n; cap++) {
        uint8_t *room = malloc(cap + (cap == 0));
        assert_non_null(room);
        assert_int_equal(alc_statement_write(&s, room, cap), 0);
        free(room);
    }
}

static void every_number_has_a_name_and_a_text(void **state)
{
    static const char *const names[] = {"OK",     "EXIT",   "TRAP",   "INSTRUCTIONS", "TIME",
                                        "MEMORY", "OUTPUT", "MODULE", "HOST",         "CANCELLED"};
    (void)state;

    assert_int_equal(sizeof names / sizeof names[0], ALC_OUTCOME_COUNT);
    for (unsigned i = 0; i < 256; i++) {
        bool known = i < ALC_OUTCOME_COUNT;
        assert_string_equal(alc_outcome_name((uint8_t)i), known ? names[i] : "UNKNOWN");
        assert_int_equal(strcmp(alc_outcome_text((uint8_t)i), "an unknown outcome") != 0, known);
    }
}

/* engine.h promises it; the worker casts one to the other. */
static void the_engines_ends_are_the_outcomes(void **state)
{
    (void)state;
    assert_int_equal(ALC_RUN_OK, ALC_OUTCOME_OK);
    assert_int_equal(ALC_RUN_EXIT, ALC_OUTCOME_EXIT);
    assert_int_equal(ALC_RUN_TRAP, ALC_OUTCOME_TRAP);
    assert_int_equal(ALC_RUN_INSTRUCTIONS, ALC_OUTCOME_INSTRUCTIONS);
    assert_int_equal(ALC_RUN_TIME, ALC_OUTCOME_TIME);
    assert_int_equal(ALC_RUN_MEMORY, ALC_OUTCOME_MEMORY);
    assert_int_equal(ALC_RUN_OUTPUT, ALC_OUTCOME_OUTPUT);
    assert_int_equal(ALC_RUN_MODULE, ALC_OUTCOME_MODULE);
    assert_int_equal(ALC_RUN_HOST, ALC_OUTCOME_HOST);
    assert_int_equal(ALC_RUN_CANCELLED, ALC_OUTCOME_CANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(the_order_is_that_of_the_document),
        cmocka_unit_test(a_refused_encoding_changes_nothing),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_byte_left_over_is_refused),
        cmocka_unit_test(another_tag_is_refused),
        cmocka_unit_test(numbers_out_of_range_are_neither_written_nor_read),
        cmocka_unit_test(longer_strings_are_neither_written_nor_read),
        cmocka_unit_test(a_length_beyond_the_end_is_refused),
        cmocka_unit_test(the_greatest_length_is_tight),
        cmocka_unit_test(too_little_room_writes_nothing_beyond_it),
        cmocka_unit_test(every_number_has_a_name_and_a_text),
        cmocka_unit_test(the_engines_ends_are_the_outcomes),
    };
    return cmocka_run_group_tests(tests, crypto_ready, NULL);
}
