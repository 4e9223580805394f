/* tests/unit/attest/test_attest.c — what the worker signs says who signed and that no hardware
 * stands behind it, and an environment has one hash. */
#include "statement_test.h"

static struct alc_attest *open_attest(void)
{
    struct alc_attest *a = NULL;
    struct alc_ed25519 key = {0};

    assert_int_equal(alc_ed25519_init(&key, test_seed), ALC_OK);
    assert_int_equal(alc_attest_open(&a, &key, &(struct alc_attest_conf){.source = ALC_SOURCE_NONE}, NULL), ALC_OK);
    assert_null(key.key.p); /* taken */
    return a;
}

static void a_signed_statement_is_accepted_and_says_simulated(void **state)
{
    struct alc_attest *a = open_attest();
    struct alc_statement s = sample();
    uint8_t out[ALC_STATEMENT_SIGNED_MAX_BYTES];
    static const struct alc_hash zero;
    struct alc_expect nothing = {0};
    struct alc_verdict v;
    struct alc_hash hash;
    struct alc_err err = {0};
    size_t n = 0;
    (void)state;

    s.simulated = 0; /* a caller cannot claim hardware, nor another key */
    assert_int_equal(alc_attest_sign(a, &s, out, &n, &hash, &err), ALC_OK);
    alc_verify_signed(&v, (struct alc_bytes){out, n}, &nothing, &alc_verify_native);
    assert_true(v.accepted);
    assert_true(v.simulated);
    assert_true(alc_hash_eq(&v.hash, &hash));
    assert_true(alc_hash_eq(&v.statement.worker_key, &alc_attest_key(a)->public_key));
    assert_true(alc_hash_eq(&v.statement.measurement, &zero));
    assert_true(alc_hash_eq(&s.worker_key, &v.statement.worker_key));
    for (size_t i = 0; i < FIELDS_COUNT; i++) /* what it signed is what *s now says */
        if (!field_same(&s, &v.statement, &fields[i])) fail_msg("%s", fields[i].name);
    alc_attest_close(a);
}

static void a_string_over_its_limit_is_not_signed(void **state)
{
    static uint8_t text[65];
    struct alc_attest *a = open_attest();
    struct alc_statement s = sample();
    uint8_t out[ALC_STATEMENT_SIGNED_MAX_BYTES];
    struct alc_hash hash;
    struct alc_err err = {0};
    size_t n = 77;
    (void)state;

    memset(text, 'x', sizeof text);
    s.signer_id = (struct alc_bytes){text, 64};
    assert_int_equal(alc_attest_sign(a, &s, out, &n, &hash, &err), ALC_OK);
    n = 77;
    s.signer_id.n = 65;
    assert_int_equal(alc_attest_sign(a, &s, out, &n, &hash, &err), ALC_LIMIT);
    assert_int_equal(n, 77);
    assert_non_null(strstr(err.text, "over its limit"));
    alc_attest_close(a);
}

static void the_longest_statement_can_be_signed(void **state)
{
    static uint8_t text[128];
    struct alc_attest *a = open_attest();
    struct alc_statement s = sample();
    uint8_t *out = malloc(ALC_STATEMENT_SIGNED_MAX_BYTES);
    struct alc_hash hash;
    size_t n = 0;
    (void)state;

    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < FIELDS_COUNT; i++)
        if (fields[i].kind == FIELD_STRING)
            *(struct alc_bytes *)field_of(&s, &fields[i]) =
                (struct alc_bytes){text, (size_t)fields[i].most};
    assert_non_null(out);
    assert_int_equal(alc_attest_sign(a, &s, out, &n, &hash, NULL), ALC_OK);
    assert_int_equal(n, ALC_STATEMENT_SIGNED_MAX_BYTES);
    free(out);
    alc_attest_close(a);
}

static void close_takes_nothing(void **state)
{
    (void)state;
    alc_attest_close(NULL);
}

static struct alc_hash env_of(const struct alc_env_fact *facts, size_t count)
{
    struct alc_env_fact copy[4];
    struct alc_hash h;

    assert_true(count <= 4);
    if (count > 0) memcpy(copy, facts, count * sizeof *copy);
    assert_int_equal(alc_attest_env(&h, copy, count), ALC_OK);
    for (size_t i = 1; i < count; i++) { /* sorted in place, bytewise, a prefix first */
        struct alc_bytes a = copy[i - 1].name, b = copy[i].name;
        int d = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
        assert_true(d < 0 || (d == 0 && a.n < b.n));
    }
    return h;
}

static bool same_env(const struct alc_env_fact *a, size_t m, const struct alc_env_fact *b, size_t n)
{
    struct alc_hash x = env_of(a, m), y = env_of(b, n);
    return alc_hash_eq(&x, &y);
}

static void every_order_of_an_environment_has_one_hash(void **state)
{
    const struct alc_env_fact f[4] = {{ALC_LIT("B"), ALC_LIT("1"), 0},
                                      {ALC_LIT("A"), ALC_LIT("2"), 0},
                                      {ALC_LIT("AB"), ALC_LIT(""), 1},
                                      {ALC_LIT("\xc3\x84"), ALC_LIT("4"), 0}};
    unsigned orders = 0;
    (void)state;

    for (unsigned i = 0; i < 256; i++) {
        const unsigned at[4] = {i & 3, i >> 2 & 3, i >> 4 & 3, i >> 6};
        struct alc_env_fact g[4];
        if ((1u << at[0] | 1u << at[1] | 1u << at[2] | 1u << at[3]) != 15) continue;
        for (unsigned k = 0; k < 4; k++)
            g[k] = f[at[k]];
        assert_true(same_env(f, 4, g, 4));
        orders++;
    }
    assert_int_equal(orders, 24);
}

static void an_environment_cannot_be_read_as_another(void **state)
{
    const struct alc_env_fact plain[1] = {{ALC_LIT("AB"), ALC_LIT("C"), 0}};
    const struct alc_env_fact secret[1] = {{ALC_LIT("AB"), ALC_LIT("C"), 1}};
    const struct alc_env_fact moved[1] = {{ALC_LIT("A"), ALC_LIT("BC"), 0}};
    const struct alc_env_fact longer[2] = {{ALC_LIT("AB"), ALC_LIT("C"), 0},
                                           {ALC_LIT("D"), ALC_LIT(""), 0}};
    (void)state;

    assert_true(same_env(plain, 1, plain, 1));
    assert_false(same_env(plain, 1, secret, 1));
    assert_false(same_env(plain, 1, moved, 1));
    assert_false(same_env(plain, 1, longer, 2));
    assert_false(same_env(plain, 1, NULL, 0));
}

static void an_environment_too_large_to_hash_is_no_memory(void **state)
{
    static uint8_t huge[16u << 20];
    struct alc_env_fact f = {ALC_LIT("A"), {huge, sizeof huge}, 0};
    struct alc_hash h;
    (void)state;

    assert_int_equal(alc_attest_env(&h, &f, 1), ALC_NOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signed_statement_is_accepted_and_says_simulated),
        cmocka_unit_test(a_string_over_its_limit_is_not_signed),
        cmocka_unit_test(the_longest_statement_can_be_signed),
        cmocka_unit_test(close_takes_nothing),
        cmocka_unit_test(every_order_of_an_environment_has_one_hash),
        cmocka_unit_test(an_environment_cannot_be_read_as_another),
        cmocka_unit_test(an_environment_too_large_to_hash_is_no_memory),
    };
    return cmocka_run_group_tests(tests, crypto_ready, NULL);
}
