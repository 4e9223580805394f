/* tests/unit/verify/test_vectors.c — the encoder agrees with tests/vectors/statement, which another
 * encoder made. */
#include "statement_test.h"

#include <dirent.h>
#include <stdio.h>

#include "base/enc.h"
#include "base/json.h"

#define FOLDER ALC_SOURCE_DIR "/tests/vectors/statement"
#define VECTOR_MAX_BYTES (64u << 10)

static struct alc_json *open_vector(const char *folder, const char *name)
{
    static char text[VECTOR_MAX_BYTES];
    struct alc_json *doc = NULL;
    struct alc_err err = {0};
    char path[1024];
    size_t n;
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", folder, name);
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

static uint64_t number(const struct alc_json *v)
{
    struct alc_bytes text;
    __uint128_t wide = 0;
    uint64_t n;
    if (alc_json_u64(v, &n)) return n;
    assert_true(alc_json_str(v, &text) && alc_u128_decode(&wide, text) && wide <= UINT64_MAX);
    return (uint64_t)wide;
}

static void fill(struct alc_statement *s, const struct alc_json *given)
{
    assert_int_equal(alc_json_count(given), FIELDS_COUNT);
    for (size_t i = 0; i < FIELDS_COUNT; i++) {
        const struct alc_json *v = alc_json_get(given, fields[i].name);
        if (v == NULL) fail_msg("no %s", fields[i].name);
        if (fields[i].kind == FIELD_STRING)
            assert_true(alc_json_str(v, field_of(s, &fields[i])));
        else if (fields[i].kind == FIELD_HASH)
            assert_int_equal(hex(field_of(s, &fields[i]), 32, v), 32);
        else
            field_set_number(s, &fields[i], number(v));
    }
}

static unsigned check_vector(const char *name)
{
    static uint8_t want[ALC_STATEMENT_SIGNED_MAX_BYTES], got[ALC_STATEMENT_SIGNED_MAX_BYTES];
    struct alc_json *doc = open_vector(FOLDER, name);
    struct alc_expect nothing = {0};
    struct alc_statement s = {0}, back;
    struct alc_hash hash, want_hash;
    struct alc_verdict v;
    uint8_t seed[32];
    unsigned outcome;
    size_t n;

    fill(&s, alc_json_get(doc, "fields"));
    n = hex(want, ALC_STATEMENT_MAX_BYTES, alc_json_get(doc, "encoding"));
    if (alc_statement_write(&s, got, ALC_STATEMENT_MAX_BYTES) != n || memcmp(got, want, n) != 0)
        fail_msg("%s: another encoding", name);
    assert_true(alc_statement_read(&back, (struct alc_bytes){want, n}));
    for (size_t i = 0; i < FIELDS_COUNT; i++)
        if (!field_same(&s, &back, &fields[i])) fail_msg("%s: %s", name, fields[i].name);

    alc_sha256(&hash, (struct alc_bytes){want, n});
    hex(want_hash.b, 32, alc_json_get(doc, "hash"));
    assert_true(alc_hash_eq(&hash, &want_hash));

    assert_int_equal(hex(want + n, 64, alc_json_get(doc, "signature")), 64);
    assert_int_equal(hex(seed, 32, alc_json_get(doc, "seed")), 32);
    assert_memory_equal(seed, test_seed, 32);
    assert_memory_equal(sign_as_is(got, &s, seed).p + n, want + n, 64);
    alc_verify_signed(&v, (struct alc_bytes){want, n + 64}, &nothing, &alc_verify_native);
    assert_true(v.accepted);
    outcome = s.outcome;
    alc_json_close(doc);
    return outcome;
}

static void the_encoder_agrees_with_every_vector(void **state)
{
    bool outcomes[ALC_OUTCOME_COUNT] = {false};
    unsigned count = 0;
    struct dirent *e;
    DIR *d = opendir(FOLDER);
    (void)state;

    assert_non_null(d);
    while ((e = readdir(d)) != NULL) {
        size_t n = strlen(e->d_name);
        if (n < 5 || strcmp(e->d_name + n - 5, ".json") != 0) continue;
        outcomes[check_vector(e->d_name)] = true;
        count++;
    }
    closedir(d);
    assert_true(count >= 16);
    for (unsigned i = 0; i < ALC_OUTCOME_COUNT; i++)
        if (!outcomes[i]) fail_msg("no vector has outcome %u", i);
}

static size_t length_of(const char *name)
{
    static uint8_t bytes[ALC_STATEMENT_MAX_BYTES];
    struct alc_json *doc = open_vector(FOLDER, name);
    size_t n = hex(bytes, sizeof bytes, alc_json_get(doc, "encoding"));
    alc_json_close(doc);
    return n;
}

static void the_bounds_of_the_document_are_reached(void **state)
{
    (void)state;
    assert_int_equal(length_of("smallest.json"), 839);
    assert_int_equal(length_of("longest.json"), ALC_STATEMENT_MAX_BYTES);
}

static void check_env(const char *name)
{
    struct alc_json *doc = open_vector(FOLDER "/env", name);
    const struct alc_json *given = alc_json_get(doc, "facts");
    struct alc_env_fact facts[8];
    size_t count = alc_json_count(given);
    struct alc_hash want, got;

    assert_true(count <= 8);
    for (size_t i = 0; i < count; i++) {
        const struct alc_json *f = alc_json_at(given, i);
        assert_true(alc_json_str(alc_json_get(f, "name"), &facts[i].name) &&
                    alc_json_str(alc_json_get(f, "value"), &facts[i].value));
        facts[i].kind = (uint8_t)number(alc_json_get(f, "kind"));
    }
    assert_int_equal(alc_attest_env(&got, facts, count), ALC_OK);
    assert_int_equal(hex(want.b, 32, alc_json_get(doc, "hash")), 32);
    if (!alc_hash_eq(&want, &got)) fail_msg("%s: another hash", name);
    alc_json_close(doc);
}

static void environments_agree_with_their_vectors(void **state)
{
    (void)state;
    check_env("none.json");
    check_env("plain-values.json");
    check_env("with-a-secret.json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_encoder_agrees_with_every_vector),
        cmocka_unit_test(the_bounds_of_the_document_are_reached),
        cmocka_unit_test(environments_agree_with_their_vectors),
    };
    return cmocka_run_group_tests(tests, crypto_ready, NULL);
}
