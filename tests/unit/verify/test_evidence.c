/* tests/unit/verify/test_evidence.c — what ties a statement to a quote: report data, Merkle paths
 * and their encoding, beside tests/vectors/evidence, which another implementation made. */
#include "statement_test.h"

#include <stdio.h>

#include "base/enc.h"
#include "base/json.h"

#define FOLDER ALC_SOURCE_DIR "/tests/vectors/evidence"
#define VECTOR_MAX_BYTES (64u << 10)
#define LEAVES_MAX 70u
#define PATH_MAX_BYTES (33u * ALC_EVIDENCE_PATH_MAX)
static const struct alc_verify_ops *const ops = &alc_verify_native;

static struct alc_json *open_vector(const char *name)
{
    static char text[VECTOR_MAX_BYTES];
    struct alc_json *doc = NULL;
    struct alc_err err = {0};
    char path[1024];
    size_t n;
    FILE *f;

    snprintf(path, sizeof path, FOLDER "/%s.json", name);
    f = fopen(path, "rb");
    if (f == NULL) fail_msg("cannot read %s", path);
    n = fread(text, 1, sizeof text, f);
    fclose(f);
    if (alc_json_open(&doc, (struct alc_bytes){(const uint8_t *)text, n}, sizeof text, &err) !=
        ALC_OK)
        fail_msg("%s: %s", path, err.text);
    return doc;
}

static size_t hex(uint8_t *out, size_t cap, const struct alc_json *v)
{
    struct alc_bytes text;
    size_t n = 0;
    assert_true(alc_json_str(v, &text) && alc_hex_decode(out, cap, &n, text));
    return n;
}

static void hash(struct alc_hash *out, const struct alc_json *doc, const char *name)
{
    assert_int_equal(hex(out->b, sizeof out->b, alc_json_get(doc, name)), sizeof out->b);
}

static struct alc_bytes string(const struct alc_json *doc, const char *name)
{
    struct alc_bytes s;
    assert_true(alc_json_str(alc_json_get(doc, name), &s));
    return s;
}

static size_t statements(struct alc_hash out[LEAVES_MAX], const struct alc_json *doc)
{
    const struct alc_json *list = alc_json_get(doc, "statements");
    size_t n = alc_json_count(list);

    assert_in_range(n, 1, LEAVES_MAX);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(hex(out[i].b, 32, alc_json_at(list, i)), 32);
    return n;
}

static void leaves(struct alc_hash *out, const struct alc_hash *records, size_t n)
{
    for (size_t i = 0; i < n; i++)
        alc_merkle_leaf(&out[i], &records[i], ops);
}

/* ---- vectors ---- */

static void check_vector(const char *name)
{
    static uint8_t want[ALC_EVIDENCE_MAX_BYTES], got[ALC_EVIDENCE_MAX_BYTES];
    static uint8_t quote[ALC_QUOTE_MAX_BYTES];
    uint8_t path[PATH_MAX_BYTES], want_data[64], data[64];
    struct alc_json *doc = open_vector(name);
    struct alc_hash records[LEAVES_MAX], nodes[LEAVES_MAX], subject;
    struct alc_evidence e = {.path = {path, 0}}, back;
    uint64_t kind, index;
    size_t n, count = statements(records, doc);

    assert_true(alc_json_u64(alc_json_get(doc, "kind"), &kind));
    assert_true(alc_json_u64(alc_json_get(doc, "index"), &index));
    e.binding.kind = (uint8_t)kind;
    hash(&e.binding.nonce, doc, "nonce");
    hash(&e.binding.anchor_hash, doc, "anchor_hash");
    hash(&e.binding.previous, doc, "previous");
    hash(&subject, doc, "subject");
    e.quote = (struct alc_bytes){quote, hex(quote, sizeof quote, alc_json_get(doc, "quote"))};
    if (kind == ALC_EVIDENCE_BATCH) {
        struct alc_hash root;
        const struct alc_json *steps = alc_json_get(doc, "path");

        leaves(nodes, records, count);
        alc_merkle_root(&root, nodes, count, ops);
        assert_true(alc_hash_eq(&root, &subject));
        leaves(nodes, records, count);
        e.path_count = alc_merkle_path(path, nodes, count, (size_t)index, ops);
        e.path.n = 33 * (size_t)e.path_count;
        assert_int_equal(e.path_count, alc_json_count(steps));
        for (size_t i = 0; i < e.path_count; i++) {
            struct alc_hash other;
            uint64_t side;
            assert_true(alc_json_u64(alc_json_get(alc_json_at(steps, i), "side"), &side));
            hash(&other, alc_json_at(steps, i), "hash");
            assert_int_equal(path[33 * i], side);
            assert_memory_equal(path + 33 * i + 1, other.b, 32);
        }
    }

    n = hex(want, sizeof want, alc_json_get(doc, "encoding"));
    assert_int_equal(alc_evidence_write(&e, got, sizeof got), n);
    assert_memory_equal(got, want, n);
    assert_true(alc_evidence_read(&back, (struct alc_bytes){want, n}));
    assert_memory_equal(&back.binding, &e.binding, sizeof e.binding);
    assert_int_equal(back.path_count, e.path_count);
    assert_true(alc_bytes_eq(back.path, e.path) && alc_bytes_eq(back.quote, e.quote));

    assert_int_equal(hex(want_data, 64, alc_json_get(doc, "report_data")), 64);
    alc_evidence_report_data(data, &back, &records[index], ops);
    assert_memory_equal(data, want_data, 64);
    alc_report_data(data, &subject, &e.binding, ops);
    assert_memory_equal(data, want_data, 64);
    alc_json_close(doc);
}

static void evidence_agrees_with_every_vector(void **state)
{
    static const char *const names[] = {
        "statement",      "unbound",    "empty-quote", "batch-of-1",       "batch-of-2",
        "batch-of-3-odd", "batch-of-7", "batch-of-70", "batch-of-70-last",
    };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        check_vector(names[i]);
}

static void roots_of_1_to_70_leaves_agree(void **state)
{
    struct alc_json *doc = open_vector("roots");
    const struct alc_json *roots = alc_json_get(doc, "roots");
    struct alc_hash records[LEAVES_MAX], nodes[LEAVES_MAX], root, want;

    (void)state;
    assert_int_equal(statements(records, doc), LEAVES_MAX);
    assert_int_equal(alc_json_count(roots), LEAVES_MAX);
    for (size_t n = 1; n <= LEAVES_MAX; n++) {
        leaves(nodes, records, n);
        alc_merkle_root(&root, nodes, n, ops);
        assert_int_equal(hex(want.b, 32, alc_json_at(roots, n - 1)), 32);
        if (!alc_hash_eq(&root, &want)) fail_msg("another root of %zu leaves", n);
    }
    alc_json_close(doc);
}

static void registrations_agree(void **state)
{
    struct alc_json *doc = open_vector("registrations");
    const struct alc_json *list = alc_json_get(doc, "registrations");
    size_t n = alc_json_count(list);

    (void)state;
    assert_true(n >= 5);
    for (size_t i = 0; i < n; i++) {
        const struct alc_json *r = alc_json_at(list, i);
        struct alc_hash challenge, policy, half, want;

        hash(&challenge, r, "challenge");
        hash(&policy, r, "policy_hash");
        hash(&want, r, "half");
        alc_registration_half(&half, string(r, "chain_id"), string(r, "contract_id"),
                              string(r, "operator_id"), &challenge, &policy, ops);
        if (!alc_hash_eq(&half, &want)) fail_msg("another half of registration %zu", i);
    }
    alc_json_close(doc);
}

/* A name that does not fit must not lose its end, which would let two names share one half. */
static void a_name_that_does_not_fit_gives_no_half(void **state)
{
    static char name[600];
    static const struct alc_hash zero;
    struct alc_hash half;

    (void)state;
    memset(name, 'n', sizeof name - 1);
    alc_registration_half(&half, alc_cstr(name), ALC_LIT("c"), ALC_LIT("o"), &zero, &zero, ops);
    for (size_t i = 0; i < sizeof half.b; i++)
        assert_int_equal(half.b[i], 0xff);
}

/* ---- trees ---- */

struct tree {
    struct alc_hash records[LEAVES_MAX], root;
    size_t n;
};

static void grow(struct tree *t, size_t n)
{
    struct alc_hash nodes[LEAVES_MAX];

    t->n = n;
    for (size_t i = 0; i < n; i++)
        alc_sha256(&t->records[i], (struct alc_bytes){(const uint8_t *)&i, sizeof i});
    leaves(nodes, t->records, n);
    alc_merkle_root(&t->root, nodes, n, ops);
}

static struct alc_evidence evidence_of(uint8_t path[PATH_MAX_BYTES], const struct tree *t, size_t i)
{
    struct alc_hash nodes[LEAVES_MAX];
    struct alc_evidence e = {.binding = {.kind = ALC_EVIDENCE_BATCH}};

    leaves(nodes, t->records, t->n);
    e.path_count = alc_merkle_path(path, nodes, t->n, i, ops);
    e.path = (struct alc_bytes){path, 33 * (size_t)e.path_count};
    return e;
}

static bool leads_to_root(const struct tree *t, const struct alc_evidence *e,
                          const struct alc_hash *record)
{
    uint8_t data[64];
    alc_evidence_report_data(data, e, record, ops);
    return memcmp(data, t->root.b, 32) == 0;
}

static void every_leaf_of_1_to_70_leads_to_the_root(void **state)
{
    uint8_t path[PATH_MAX_BYTES];
    struct tree t;

    (void)state;
    for (size_t n = 1; n <= LEAVES_MAX; n++) {
        grow(&t, n);
        for (size_t i = 0; i < n; i++) {
            struct alc_evidence e = evidence_of(path, &t, i);
            assert_in_range(e.path_count, 0, 7); /* 70 leaves are seven levels */
            if (!leads_to_root(&t, &e, &t.records[i])) fail_msg("leaf %zu of %zu", i, n);
        }
    }
}

static void an_altered_step_side_or_statement_does_not(void **state)
{
    uint8_t path[PATH_MAX_BYTES];
    struct tree t;

    (void)state;
    for (size_t n = 1; n <= 11; n++) {
        grow(&t, n);
        for (size_t i = 0; i < n; i++) {
            struct alc_evidence e = evidence_of(path, &t, i);
            struct alc_hash record = t.records[i];

            for (size_t bit = 0; bit < 256; bit++) {
                record.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
                assert_false(leads_to_root(&t, &e, &record));
                record.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
            }
            for (size_t at = 0; at < e.path.n; at++) {
                unsigned bits = at % 33 == 0 ? 1 : 8; /* a side is one bit */
                for (unsigned bit = 0; bit < bits; bit++) {
                    path[at] ^= (uint8_t)(1u << bit);
                    assert_false(leads_to_root(&t, &e, &record));
                    path[at] ^= (uint8_t)(1u << bit);
                }
            }
            for (size_t k = 0; k < e.path_count; k++) { /* one step less, at either end */
                struct alc_evidence cut = e;
                cut.path_count--;
                cut.path.n -= 33;
                assert_false(leads_to_root(&t, &cut, &record));
                cut.path.p += 33;
                assert_false(leads_to_root(&t, &cut, &record));
            }
            for (size_t k = 0; k < n; k++)
                if (k != i) assert_false(leads_to_root(&t, &e, &t.records[k]));
            assert_true(leads_to_root(&t, &e, &record));
        }
    }
}

static void an_inner_node_cannot_pass_for_a_statement(void **state)
{
    uint8_t path[PATH_MAX_BYTES];
    struct alc_hash inner, pair[2];
    struct alc_evidence e;
    struct tree t;

    (void)state;
    grow(&t, 4);
    leaves(pair, t.records, 2);
    alc_merkle_root(&inner, pair, 2, ops);
    e = evidence_of(path, &t, 0);
    e.path.p += 33; /* the way from the inner node on */
    e.path.n -= 33;
    e.path_count--;
    assert_false(leads_to_root(&t, &e, &inner));
}

static void each_part_of_a_binding_changes_the_report_data(void **state)
{
    const struct alc_binding good = {.kind = ALC_EVIDENCE_STATEMENT};
    struct alc_binding b;
    struct alc_hash subject = {{7}};
    uint8_t data[64], other[64];

    (void)state;
    alc_report_data(data, &subject, &good, ops);
    assert_memory_equal(data, subject.b, 32);
    for (size_t i = 0; i < sizeof b; i++) {
        b = good;
        ((uint8_t *)&b)[i] ^= 1;
        alc_report_data(other, &subject, &b, ops);
        assert_memory_equal(other, subject.b, 32);
        assert_memory_not_equal(data + 32, other + 32, 32);
    }
}

/* ---- the encoding ---- */

/* Evidence with `steps` steps and a quote of `quote_n` bytes, written without the writer's checks.
 */
static size_t raw(uint8_t *out, uint8_t kind, uint32_t steps, uint8_t side, uint32_t quote_n)
{
    size_t n = 0;

    memcpy(out, "ALCEVI/1", 8);
    out[8] = kind;
    memset(out + 9, 0x5a, 96);
    n = 105;
    memcpy(out + n, &steps, 4); /* this host is little endian, as the format is */
    n += 4;
    for (uint32_t i = 0; i < steps; i++, n += 33) {
        out[n] = side;
        memset(out + n + 1, (int)i, 32);
    }
    memcpy(out + n, &quote_n, 4);
    n += 4;
    memset(out + n, 0x33, quote_n);
    return n + quote_n;
}

static bool reads(const uint8_t *p, size_t n)
{
    struct alc_evidence e;
    return alc_evidence_read(&e, (struct alc_bytes){p, n});
}

static void every_truncation_and_every_longer_encoding_is_refused(void **state)
{
    static uint8_t buf[ALC_EVIDENCE_MAX_BYTES + 1];
    size_t n = raw(buf, ALC_EVIDENCE_BATCH, 3, 1, 40);

    (void)state;
    assert_true(reads(buf, n));
    for (size_t i = 0; i < n; i++) {
        uint8_t *cut = malloc(i + 1); /* sized, so that reading beyond it is seen */
        assert_non_null(cut);
        memcpy(cut, buf, i);
        if (reads(cut, i)) fail_msg("%zu bytes of %zu were taken", i, n);
        free(cut);
    }
    assert_false(reads(buf, n + 1));
}

static void bounds_are_exact(void **state)
{
    static uint8_t buf[ALC_EVIDENCE_MAX_BYTES + 64];
    size_t n;

    (void)state;
    n = raw(buf, ALC_EVIDENCE_BATCH, ALC_EVIDENCE_PATH_MAX, 1, ALC_QUOTE_MAX_BYTES);
    assert_int_equal(n, ALC_EVIDENCE_MAX_BYTES);
    assert_true(reads(buf, n));
    assert_false(reads(buf, raw(buf, ALC_EVIDENCE_BATCH, ALC_EVIDENCE_PATH_MAX + 1, 1, 8)));
    assert_false(reads(buf, raw(buf, ALC_EVIDENCE_BATCH, 0, 0, ALC_QUOTE_MAX_BYTES + 1)));
    assert_false(reads(buf, raw(buf, ALC_EVIDENCE_BATCH, 1, 2, 8)));
    assert_true(reads(buf, raw(buf, ALC_EVIDENCE_STATEMENT, 0, 0, 8)));
    assert_false(reads(buf, raw(buf, ALC_EVIDENCE_STATEMENT, 1, 0, 8))); /* no way to go */
    for (unsigned kind = 0; kind < 256; kind++)
        if (kind != ALC_EVIDENCE_STATEMENT && kind != ALC_EVIDENCE_BATCH)
            assert_false(reads(buf, raw(buf, (uint8_t)kind, 0, 0, 8)));
    n = raw(buf, ALC_EVIDENCE_BATCH, 2, 0, 8);
    for (size_t i = 0; i < 8; i++) {
        buf[i] ^= 1;
        assert_false(reads(buf, n));
        buf[i] ^= 1;
    }
    memset(buf + 105, 0xff, 4); /* a count that would overflow */
    assert_false(reads(buf, n));
    assert_false(reads(NULL, 0));
}

static void the_writer_refuses_what_the_reader_would(void **state)
{
    static uint8_t out[ALC_EVIDENCE_MAX_BYTES], steps[33 * (ALC_EVIDENCE_PATH_MAX + 1)];
    static uint8_t quote[ALC_QUOTE_MAX_BYTES + 1];
    const struct alc_evidence good = {
        .binding = {.kind = ALC_EVIDENCE_BATCH},
        .path_count = 2,
        .path = {steps, 66},
        .quote = {quote, 9},
    };
    struct alc_evidence e = good;
    size_t n = alc_evidence_write(&e, out, sizeof out);

    (void)state;
    assert_int_equal(n, 8 + 1 + 96 + 4 + 66 + 4 + 9);
    for (size_t cap = 0; cap < n; cap++)
        assert_int_equal(alc_evidence_write(&e, out, cap), 0);
    assert_int_equal(alc_evidence_write(&e, out, n), n);
    e.path_count = 1;
    assert_int_equal(alc_evidence_write(&e, out, sizeof out), 0);
    e = good;
    e.path_count = ALC_EVIDENCE_PATH_MAX + 1;
    e.path.n = sizeof steps;
    assert_int_equal(alc_evidence_write(&e, out, sizeof out), 0);
    e = good;
    e.quote.n = sizeof quote;
    assert_int_equal(alc_evidence_write(&e, out, sizeof out), 0);
    e = good;
    e.binding.kind = ALC_EVIDENCE_STATEMENT;
    assert_int_equal(alc_evidence_write(&e, out, sizeof out), 0);
    e.path_count = 0;
    e.path.n = 0;
    assert_int_not_equal(alc_evidence_write(&e, out, sizeof out), 0);
    e.binding.kind = ALC_EVIDENCE_REGISTRATION;
    assert_int_equal(alc_evidence_write(&e, out, sizeof out), 0);
    e = good;
    steps[33] = 2;
    assert_int_equal(alc_evidence_write(&e, out, sizeof out), 0);
    steps[33] = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evidence_agrees_with_every_vector),
        cmocka_unit_test(roots_of_1_to_70_leaves_agree),
        cmocka_unit_test(registrations_agree),
        cmocka_unit_test(a_name_that_does_not_fit_gives_no_half),
        cmocka_unit_test(every_leaf_of_1_to_70_leads_to_the_root),
        cmocka_unit_test(an_altered_step_side_or_statement_does_not),
        cmocka_unit_test(an_inner_node_cannot_pass_for_a_statement),
        cmocka_unit_test(each_part_of_a_binding_changes_the_report_data),
        cmocka_unit_test(every_truncation_and_every_longer_encoding_is_refused),
        cmocka_unit_test(bounds_are_exact),
        cmocka_unit_test(the_writer_refuses_what_the_reader_would),
    };
    return cmocka_run_group_tests(tests, crypto_ready, NULL);
}
