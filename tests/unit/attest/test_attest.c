/* tests/unit/attest/test_attest.c — what the worker signs says who signed and what stands behind
 * it, keys are kept as long as somebody may ask for them, and an environment has one hash. */
#include "statement_test.h"

#include "base/json.h"

#include <pthread.h>
#include <strings.h>

static struct alc_attest *open_attest(void)
{
    struct alc_attest *a = NULL;
    struct alc_ed25519 key = {0};

    assert_int_equal(alc_ed25519_init(&key, test_seed), ALC_OK);
    assert_int_equal(
        alc_attest_open(&a, &key, &(struct alc_attest_conf){.source = ALC_SOURCE_NONE}, NULL),
        ALC_OK);
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

/* ---- keys ---- */

static struct alc_ed25519 key_number(uint8_t number)
{
    struct alc_ed25519 key = {0};
    uint8_t seed[32] = {0};
    seed[0] = number;
    assert_int_equal(alc_ed25519_init(&key, seed), ALC_OK);
    return key;
}

static struct alc_hash public_key_of(uint8_t number)
{
    struct alc_ed25519 key = key_number(number);
    struct alc_hash h = key.public_key;
    alc_ed25519_fini(&key);
    return h;
}

static void the_newest_key_signs_and_older_ones_are_found(void **state)
{
    struct alc_attest *a = open_attest();
    const struct alc_hash first = alc_attest_key(a)->public_key;
    const struct alc_hash next = public_key_of(1), older = public_key_of(2);
    const struct alc_ed25519 *lent = alc_attest_key(a);
    struct alc_ed25519 key = key_number(1);
    uint8_t out[ALC_STATEMENT_SIGNED_MAX_BYTES];
    struct alc_statement s = sample();
    struct alc_hash hash;
    size_t n;
    (void)state;

    assert_null(alc_attest_find(a, &next));
    assert_int_equal(alc_attest_rotate(a, &key, NULL), ALC_OK);
    assert_null(key.key.p);
    assert_true(alc_hash_eq(&alc_attest_key(a)->public_key, &next));
    key = key_number(2);
    assert_int_equal(alc_attest_add(a, &key, NULL), ALC_OK);
    assert_null(key.key.p);
    assert_true(alc_hash_eq(&alc_attest_key(a)->public_key, &next)); /* older: not the newest */
    assert_true(alc_hash_eq(&alc_attest_find(a, &older)->public_key, &older));
    assert_ptr_equal(alc_attest_find(a, &first), lent); /* what was lent stays where it is */
    assert_int_equal(alc_attest_sign(a, &s, out, &n, &hash, NULL), ALC_OK);
    assert_true(alc_hash_eq(&s.worker_key, &next));
    alc_attest_close(a);
}

static void a_key_that_is_held_is_not_held_twice(void **state)
{
    struct alc_attest *a = open_attest();
    const struct alc_hash first = alc_attest_key(a)->public_key;
    struct alc_ed25519 key;
    (void)state;

    for (unsigned i = 0; i < 200; i++) {
        key = key_number(1);
        assert_int_equal(
            i % 2 == 0 ? alc_attest_add(a, &key, NULL) : alc_attest_rotate(a, &key, NULL), ALC_OK);
        assert_null(key.key.p);
    }
    assert_int_equal(alc_ed25519_init(&key, test_seed), ALC_OK);
    assert_int_equal(alc_attest_rotate(a, &key, NULL), ALC_OK); /* back to the first */
    assert_true(alc_hash_eq(&alc_attest_key(a)->public_key, &first));
    alc_attest_close(a);
}

static void the_ring_has_64_places(void **state)
{
    struct alc_attest *a = open_attest();
    struct alc_err err = {0};
    struct alc_ed25519 key;
    struct alc_hash last;
    (void)state;

    for (uint8_t i = 1; i < 64; i++) {
        key = key_number(i);
        assert_int_equal(alc_attest_rotate(a, &key, &err), ALC_OK);
    }
    last = alc_attest_key(a)->public_key;
    key = key_number(64);
    assert_int_equal(alc_attest_rotate(a, &key, &err), ALC_LIMIT);
    assert_non_null(strstr(err.text, "64 worker keys"));
    assert_int_equal(alc_attest_add(a, &key, &err), ALC_LIMIT);
    assert_non_null(key.key.p); /* still the caller's */
    assert_true(alc_hash_eq(&alc_attest_key(a)->public_key, &last));
    alc_ed25519_fini(&key);
    alc_attest_close(a);
}

static void a_forgotten_key_makes_room(void **state)
{
    struct alc_attest *a = open_attest();
    struct alc_hash was = alc_attest_key(a)->public_key;
    const struct alc_hash none = {{0}};
    (void)state;

    for (uint8_t i = 1; i < 200; i++) {
        struct alc_ed25519 key = key_number(i);
        assert_int_equal(alc_attest_rotate(a, &key, NULL), ALC_OK);
        if (i > 1) { /* the first one stays, since something is still owed under it */
            alc_attest_forget(a, &was);
            alc_attest_forget(a, &was);
            assert_null(alc_attest_find(a, &was));
        }
        was = alc_attest_key(a)->public_key;
        assert_true(alc_hash_eq(&alc_attest_find(a, &was)->public_key, &was));
        assert_null(alc_attest_find(a, &none)); /* an empty place is no key */
    }
    alc_attest_forget(a, &was); /* the newest signs: it is not forgotten */
    assert_true(alc_hash_eq(&alc_attest_key(a)->public_key, &was));
    assert_non_null(alc_attest_find(a, &was));
    alc_attest_close(a);
}

struct signer {
    struct alc_attest *a;
    volatile bool *stop;
    unsigned made, wrong;
};

static void *sign_on(void *arg)
{
    struct signer *g = arg;
    const struct alc_expect nothing = {0};

    do {
        struct alc_statement s = sample();
        uint8_t out[ALC_STATEMENT_SIGNED_MAX_BYTES];
        struct alc_verdict v;
        struct alc_hash hash;
        size_t n;
        if (alc_attest_sign(g->a, &s, out, &n, &hash, NULL) != ALC_OK) g->wrong++;
        alc_verify_signed(&v, (struct alc_bytes){out, n}, &nothing, &alc_verify_native);
        if (!v.accepted || alc_attest_find(g->a, &s.worker_key) == NULL) g->wrong++;
        g->made++;
    } while (!__atomic_load_n(g->stop, __ATOMIC_RELAXED));
    return NULL;
}

static void keys_change_while_others_sign(void **state)
{
    struct alc_attest *a = open_attest();
    volatile bool stop = false;
    struct signer g[3];
    pthread_t t[3];
    (void)state;

    for (size_t i = 0; i < 3; i++) {
        g[i] = (struct signer){a, &stop, 0, 0};
        assert_int_equal(pthread_create(&t[i], NULL, sign_on, &g[i]), 0);
    }
    for (uint8_t i = 1; i < 64; i++) {
        struct alc_ed25519 key = key_number(i);
        assert_int_equal(alc_attest_rotate(a, &key, NULL), ALC_OK);
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pthread_join(t[i], NULL), 0);
        assert_true(g[i].made > 0);
        assert_int_equal(g[i].wrong, 0);
    }
    alc_attest_close(a);
}

/* ---- the simulated source ---- */

static struct alc_attest *open_simulated(const struct alc_hash *policy)
{
    const struct alc_attest_conf conf = {.source = ALC_SOURCE_SIMULATED, .policy_hash = *policy};
    struct alc_ed25519 key = key_number(9);
    struct alc_attest *a = NULL;
    assert_int_equal(alc_attest_open(&a, &key, &conf, NULL), ALC_OK);
    return a;
}

static const struct alc_hash policy = {{0xab, 0xcd}};

static void simulated_quotes_hold_what_was_asked(void **state)
{
    struct alc_attest *a = open_simulated(&policy);
    struct alc_buf quote = ALC_BUF(1 << 20);
    struct alc_measurement m = alc_attest_measurement(a), read;
    uint8_t data[64], mrtd[48];
    struct alc_quote q;
    (void)state;

    memset(data, 0x3c, sizeof data);
    assert_int_equal(alc_attest_quote(a, data, &quote, NULL, NULL), ALC_OK);
    assert_int_equal(alc_quote_read(&q, alc_buf_bytes(&quote)), ALC_REFUSAL_NONE);
    assert_int_equal(q.version, 4);
    assert_memory_equal(q.td.report_data, data, 64);
    assert_true(q.td.td_attributes == 0x10000000);
    assert_memory_equal(quote.p + 176, "\xe7\x02\x06\0\0\0\0\0", 8); /* XFAM */
    alc_sha384(mrtd, ALC_LIT("ALCOVE SIMULATED"));
    assert_memory_equal(q.td.mrtd, mrtd, 48);
    read = alc_quote_measurement(&q);
    assert_memory_equal(&read, &m, sizeof m);
    assert_int_equal(alc_attest_source(a), ALC_SOURCE_SIMULATED);
    assert_true(alc_attest_simulated(a));
    alc_buf_fini(&quote);
    alc_attest_close(a);
}

static void the_simulated_log_leads_to_the_quotes_registers(void **state)
{
    static uint8_t memory[65536];
    struct alc_attest *a = open_simulated(&policy);
    struct alc_buf quote = ALC_BUF(1 << 20), log = ALC_BUF(1 << 20);
    struct alc_verify_work work = ALC_VERIFY_WORK(memory);
    struct alc_measurement m = alc_attest_measurement(a);
    const uint8_t data[64] = {0};
    struct alc_events events;
    (void)state;

    assert_int_equal(alc_attest_quote(a, data, &quote, &log, NULL), ALC_OK);
    assert_int_equal(alc_events_replay(&events, alc_buf_bytes(&log), &work, &alc_verify_native),
                     ALC_REFUSAL_NONE);
    assert_memory_equal(events.rtmr, m.rtmr, sizeof m.rtmr);
    assert_true(alc_bytes_eq(events.policy_hash, alc_hash_bytes(&policy)));
    assert_int_equal(events.app_id.n, 20);
    assert_int_equal(events.compose_hash.n, 32);
    assert_memory_equal(events.app_id.p, events.compose_hash.p, 20);
    assert_int_equal(events.count, 11);
    alc_buf_fini(&quote);
    alc_buf_fini(&log);
    alc_attest_close(a);
}

static void another_policy_measures_differently(void **state)
{
    const struct alc_hash other = {{0xab, 0xce}};
    struct alc_attest *a = open_simulated(&policy), *b = open_simulated(&other);
    struct alc_attest *c = open_simulated(&policy);
    struct alc_measurement ma = alc_attest_measurement(a), mb = alc_attest_measurement(b);
    struct alc_measurement mc = alc_attest_measurement(c);
    (void)state;

    assert_memory_equal(&ma, &mc, sizeof ma); /* and another PKI does not */
    assert_memory_equal(ma.mrtd, mb.mrtd, 48);
    assert_memory_equal(ma.rtmr, mb.rtmr, 3 * 48);
    assert_memory_not_equal(ma.rtmr[3], mb.rtmr[3], 48);
    assert_false(alc_bytes_eq(alc_attest_simulated_root(a), alc_attest_simulated_root(c)));
    alc_attest_close(a);
    alc_attest_close(b);
    alc_attest_close(c);
}

static void statements_name_the_simulated_measurement(void **state)
{
    struct alc_attest *a = open_simulated(&policy);
    struct alc_statement s = sample();
    uint8_t out[ALC_STATEMENT_SIGNED_MAX_BYTES];
    struct alc_measurement m = alc_attest_measurement(a);
    struct alc_hash hash, want, got;
    size_t n;
    (void)state;

    s.simulated = 0;
    assert_int_equal(alc_attest_sign(a, &s, out, &n, &hash, NULL), ALC_OK);
    assert_int_equal(s.simulated, 1);
    alc_measurement_hash(&want, &m, &alc_verify_native);
    alc_attest_measurement_hash(a, &got);
    assert_true(alc_hash_eq(&s.measurement, &want));
    assert_true(alc_hash_eq(&got, &want));
    alc_attest_close(a);
}

static void simulated_collateral_goes_with_the_root(void **state)
{
    struct alc_attest *a = open_simulated(&policy);
    struct alc_buf json = ALC_BUF(1 << 20);
    struct alc_json *doc;
    (void)state;

    assert_int_equal(alc_attest_simulated_collateral(a, &json, NULL), ALC_OK);
    assert_true(json.n <= ALC_COLLATERAL_MAX_BYTES);
    assert_int_equal(alc_json_open(&doc, alc_buf_bytes(&json), json.n, NULL), ALC_OK);
    assert_int_equal(alc_json_count(doc), 9);
    assert_true(alc_attest_simulated_root(a).n > 300);
    alc_json_close(doc);
    alc_buf_fini(&json);
    alc_attest_close(a);
}

struct quoter {
    struct alc_attest *a;
    uint8_t mark;
    unsigned wrong;
};

static void *quote_on(void *arg)
{
    struct quoter *g = arg;
    for (unsigned i = 0; i < 10; i++) {
        struct alc_buf quote = ALC_BUF(1 << 16);
        struct alc_quote q;
        uint8_t data[64];
        memset(data, g->mark, sizeof data);
        data[0] = (uint8_t)i;
        if (alc_attest_quote(g->a, data, &quote, NULL, NULL) != ALC_OK ||
            alc_quote_read(&q, alc_buf_bytes(&quote)) != ALC_REFUSAL_NONE ||
            memcmp(q.td.report_data, data, 64) != 0)
            g->wrong++;
        alc_buf_fini(&quote);
    }
    return NULL;
}

static void threads_take_turns_for_quotes(void **state)
{
    struct alc_attest *a = open_simulated(&policy);
    struct quoter g[4];
    pthread_t t[4];
    (void)state;

    for (uint8_t i = 0; i < 4; i++) {
        g[i] = (struct quoter){a, (uint8_t)(i + 1), 0};
        assert_int_equal(pthread_create(&t[i], NULL, quote_on, &g[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(t[i], NULL), 0);
        assert_int_equal(g[i].wrong, 0);
    }
    alc_attest_close(a);
}

/* ---- no source ---- */

static void without_a_source_there_are_no_quotes(void **state)
{
    static const struct alc_measurement zero;
    struct alc_attest *a = NULL;
    struct alc_ed25519 key = key_number(1);
    struct alc_buf out = ALC_BUF(1 << 16);
    struct alc_measurement m;
    const uint8_t data[64] = {0};
    struct alc_err err = {0};
    (void)state;

    assert_int_equal(alc_attest_open(&a, &key, NULL, &err), ALC_OK);
    assert_int_equal(alc_attest_quote(a, data, &out, NULL, &err), ALC_NOT_FOUND);
    assert_int_equal(alc_attest_simulated_collateral(a, &out, &err), ALC_NOT_FOUND);
    assert_int_equal(out.n, 0);
    assert_int_equal(alc_attest_simulated_root(a).n, 0);
    m = alc_attest_measurement(a);
    assert_memory_equal(&m, &zero, sizeof m);
    assert_int_equal(alc_attest_source(a), ALC_SOURCE_NONE);
    assert_true(alc_attest_simulated(a));
    alc_attest_close(a);
}

static void a_source_that_is_not_there_leaves_the_key(void **state)
{
    const struct alc_attest_conf conf = {.source = ALC_SOURCE_AUTO,
                                         .configfs_dir = "/nonexistent/tsm",
                                         .dstack_socket = "/nonexistent/dstack.sock"};
    struct alc_attest *a = NULL;
    struct alc_ed25519 key = key_number(1);
    struct alc_err err = {0};
    (void)state;

    assert_int_equal(alc_attest_open(&a, &key, &conf, &err), ALC_NOT_FOUND);
    assert_null(a);
    assert_non_null(key.key.p);
    assert_non_null(strstr(err.text, "/nonexistent/tsm")); /* both are told */
    assert_non_null(strstr(err.text, "/nonexistent/dstack.sock"));
    assert_null(strstr(err.text, "SIMULATED")); /* which is never taken for want of another */
    alc_ed25519_fini(&key);
}

static void sources_have_names(void **state)
{
    static const char *const names[] = {"none", "auto", "configfs", "dstack", "simulated"};
    enum alc_source got;
    (void)state;

    for (unsigned i = 0; i < 5; i++) {
        assert_true(alc_source_read(&got, names[i]));
        assert_int_equal(got, i);
        assert_int_equal(strcasecmp(alc_source_name(got), names[i]), 0);
    }
    assert_string_equal(alc_source_name(ALC_SOURCE_SIMULATED), "SIMULATED");
    assert_false(alc_source_read(&got, "SIMULATED"));
    assert_false(alc_source_read(&got, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signed_statement_is_accepted_and_says_simulated),
        cmocka_unit_test(a_string_over_its_limit_is_not_signed),
        cmocka_unit_test(the_longest_statement_can_be_signed),
        cmocka_unit_test(close_takes_nothing),
        cmocka_unit_test(the_newest_key_signs_and_older_ones_are_found),
        cmocka_unit_test(a_key_that_is_held_is_not_held_twice),
        cmocka_unit_test(the_ring_has_64_places),
        cmocka_unit_test(a_forgotten_key_makes_room),
        cmocka_unit_test(keys_change_while_others_sign),
        cmocka_unit_test(simulated_quotes_hold_what_was_asked),
        cmocka_unit_test(the_simulated_log_leads_to_the_quotes_registers),
        cmocka_unit_test(another_policy_measures_differently),
        cmocka_unit_test(statements_name_the_simulated_measurement),
        cmocka_unit_test(simulated_collateral_goes_with_the_root),
        cmocka_unit_test(threads_take_turns_for_quotes),
        cmocka_unit_test(without_a_source_there_are_no_quotes),
        cmocka_unit_test(a_source_that_is_not_there_leaves_the_key),
        cmocka_unit_test(sources_have_names),
        cmocka_unit_test(every_order_of_an_environment_has_one_hash),
        cmocka_unit_test(an_environment_cannot_be_read_as_another),
        cmocka_unit_test(an_environment_too_large_to_hash_is_no_memory),
    };
    return cmocka_run_group_tests(tests, crypto_ready, NULL);
}
