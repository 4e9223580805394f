/* tests/unit/verify/test_record.c — OutLayer's attestation record: three that were published, and
 * what its hash does not hold apart. */
#include "events_test.h"

#define MAINNET_WASM "45070a47cb68e4a4a80cef011fbc16cd625b6f6423d9652b4f387dbdc06fccff"
#define MAINNET_IN "0cf36617a12e749a9875f4527b96c750cb3c64aae7e981627930c04b3f74162a"
#define MAINNET_OUT "82b2b42f1755c0e200fdcedbde8ca04d358c2a31177df5f5609123e8810560df"

#define MAINNET                                                                                    \
    "{\"id\":1,\"task_type\":\"execute\",\"task_id\":205123,\"repo_url\":"                         \
    "\"https://github.com/zavodil/random-ark\",\"commit_hash\":\"main\",\"build_target\":"         \
    "\"wasm32-wasip1\",\"wasm_hash\":\"" MAINNET_WASM "\",\"input_hash\":\"" MAINNET_IN            \
    "\",\"output_hash\":\"" MAINNET_OUT "\",\"block_height\":209012631,\"caller_account_id\":"     \
    "\"humblemee.near\",\"project_id\":\"humblemee.near\\/humble\",\"secrets_ref\":null,"          \
    "\"timestamp\":1785309658,\"attached_usd\":\"0\",\"worker_measurement\":\"00\"}"
#define LEGACY                                                                                     \
    "{\"task_type\":\"execute\",\"task_id\":500,\"repo_url\":null,\"build_target\":"               \
    "\"wasm32-wasip2\",\"wasm_hash\":"                                                             \
    "\"ddaa9df2d989b311289dd1d7af19611a24b03180cd66d46d171d16f28f7fb94b\",\"input_hash\":"         \
    "\"0a7d71085812f8eff09d42240cac5f8ccb88d851e25c76c3270d96e0d22df88a\",\"output_hash\":"        \
    "\"9e8427241137bb0c28575777378aed63218f2f554c2bef0cfac7b25b0316b4fb\",\"block_height\":"       \
    "183384885,\"caller_account_id\":\"not.hashed.near\",\"timestamp\":1769781716}"
#define TESTNET                                                                                    \
    "{\"task_type\":\"execute\",\"task_id\":2008,\"repo_url\":"                                    \
    "\"https://github.com/zavodil/weather-ark\",\"commit_hash\":\"main\",\"build_target\":"        \
    "\"wasm32-wasip2\",\"wasm_hash\":"                                                             \
    "\"788e865fffddb333cf36c29b7f2251a9c3c4da8306e5527d2b1e8c7045ec4ff0\",\"input_hash\":"         \
    "\"48592c499d13432c061534fafc8e6bd6353aeec799e6264a915805f3718344b0\",\"output_hash\":"        \
    "\"ca6e60c897ffa2b10211bb75e5e7cfa2f8ddc0ab1727097e35b383c1ea919a29\",\"block_height\":"       \
    "261245882,\"caller_account_id\":\"maguila.testnet\",\"secrets_ref\":"                         \
    "\"zavodil2.testnet/default\",\"timestamp\":1785196543,\"attached_usd\":\"0\"}"

static uint8_t record_work[128u << 10];

static enum alc_refusal read_record(struct alc_record *out, const char *json)
{
    struct alc_verify_work work = ALC_VERIFY_WORK(record_work);
    return alc_record_read(out, alc_cstr(json), &work);
}

static struct alc_hash hash_of(const struct alc_record *r)
{
    uint8_t buf[16u << 10];
    struct alc_verify_work work = ALC_VERIFY_WORK(buf);
    struct alc_hash h;
    assert_true(alc_record_hash(&h, r, &work, &alc_verify_native));
    assert_int_equal(work.used, 0);
    return h;
}

static void hashes_to(const char *json, const char *want)
{
    struct alc_record r;
    struct alc_hash h;
    assert_int_equal(read_record(&r, json), ALC_REFUSAL_NONE);
    h = hash_of(&r);
    assert_hex(h.b, 32, want);
}

static void published_records_have_their_published_hashes(void **state)
{
    (void)state;
    hashes_to(MAINNET, "7d19e4dcb6e3b36ff6f5e62580224e956fec8adac57e54156befc2c263c57efe");
    hashes_to(LEGACY, "ff60d3fa7acf5d8da64844dea25de7e056732a9c74a43a0efcd923a817973755");
    hashes_to(TESTNET, "1b91f4f71b77abae936bf0003fd07bf9f7d2c52195aca2f623aa2e78607eb1b1");
}

/* The form follows the time, from one second to the next, and never the outcome. */
static void the_form_changes_at_its_second(void **state)
{
    struct alc_record r, plain;
    struct alc_hash old, old_plain, new;
    (void)state;

    assert_int_equal(read_record(&r, MAINNET), ALC_REFUSAL_NONE);
    plain = r;
    plain.caller = plain.project_id = plain.attached_usd = (struct alc_bytes){NULL, 0};
    r.timestamp = plain.timestamp = ALC_RECORD_V1_FROM_S - 1;
    old = hash_of(&r);
    old_plain = hash_of(&plain);
    assert_true(alc_hash_eq(&old, &old_plain)); /* caller and all behind it are not hashed */
    r.timestamp = plain.timestamp = ALC_RECORD_V1_FROM_S;
    new = hash_of(&r);
    assert_false(alc_hash_eq(&old, &new));
    old_plain = hash_of(&plain);
    assert_false(alc_hash_eq(&new, &old_plain));
}

/* OutLayer puts the fields one behind the other without lengths, so bytes can move to a neighbour
 * and the hash, and with it the quote, stays. */
static void two_different_records_have_one_hash(void **state)
{
    struct alc_record a, b;
    struct alc_hash x, y;
    (void)state;

    assert_int_equal(read_record(&a, MAINNET), ALC_REFUSAL_NONE);
    b = a;
    a.repo = ALC_LIT("https://github.com/alice/tool");
    a.commit = ALC_LIT("main");
    b.repo = ALC_LIT("https://github.com/alice/too");
    b.commit = ALC_LIT("lmain");
    x = hash_of(&a);
    y = hash_of(&b);
    assert_true(alc_hash_eq(&x, &y));

    assert_int_equal(read_record(&a, MAINNET), ALC_REFUSAL_NONE);
    b = a;
    a.caller = ALC_LIT("alice.near");
    a.project_id = ALC_LIT("bob.near/app");
    b.caller = ALC_LIT("alice.nearbob.near/app");
    b.project_id = (struct alc_bytes){NULL, 0};
    x = hash_of(&a);
    y = hash_of(&b);
    assert_true(alc_hash_eq(&x, &y));
}

/* The same two moves in statements of ours: each string stands behind its length. */
static void two_such_statements_have_two_hashes(void **state)
{
    static const struct {
        const char *caller[2], *project[2];
    } moves[] = {
        {{"alice.near", "alice.nearbob.near/app"}, {"bob.near/app", ""}},
        {{"https://github.com/alice/tool", "https://github.com/alice/too"}, {"main", "lmain"}}};
    (void)state;

    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
        struct alc_hash h[2];
        for (int k = 0; k < 2; k++) {
            struct alc_statement s = {.predecessor_id = alc_cstr(moves[i].caller[k]),
                                      .project_id = alc_cstr(moves[i].project[k])};
            uint8_t bytes[ALC_STATEMENT_MAX_BYTES];
            size_t n = alc_statement_write(&s, bytes, sizeof bytes);
            assert_true(n > 0);
            alc_sha256(&h[k], (struct alc_bytes){bytes, n});
        }
        assert_false(alc_hash_eq(&h[0], &h[1]));
    }
}

static void a_quote_is_bound_by_the_hash_and_zeros(void **state)
{
    struct alc_verify_work work = ALC_VERIFY_WORK(record_work);
    struct alc_record r;
    struct alc_hash h;
    uint8_t data[64] = {0};
    (void)state;

    assert_int_equal(alc_record_read(&r, alc_cstr(MAINNET), &work), ALC_REFUSAL_NONE);
    h = hash_of(&r);
    memcpy(data, h.b, 32);
    assert_int_equal(alc_record_binding(&r, data, &work, &alc_verify_native), ALC_REFUSAL_NONE);
    for (size_t bit = 0; bit < 512; bit++) {
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(alc_record_binding(&r, data, &work, &alc_verify_native),
                         ALC_REFUSAL_RECORD_BINDING);
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    work.n = work.used; /* no memory left: no answer, and not a yes */
    assert_int_equal(alc_record_binding(&r, data, &work, &alc_verify_native), ALC_REFUSAL_WORK);
}

#define BASE                                                                                       \
    "\"task_type\":\"execute\",\"output_hash\":\"" MAINNET_OUT "\",\"timestamp\":1785309658"

static void who_paid_stands_for_the_caller_of_an_https_call(void **state)
{
    struct alc_record r;
    (void)state;

    assert_int_equal(read_record(&r, "{\"task_id\":7," BASE ",\"caller_account_id\":null,"
                                     "\"payment_key_owner\":\"payer.near\"}"),
                     ALC_REFUSAL_NONE);
    assert_true(alc_bytes_is(r.caller, "payer.near"));
    assert_false(r.has_block_height);
}

static void quotes_are_base64_and_that_of_a_start_is_hex(void **state)
{
    struct alc_record r;
    (void)state;

    assert_int_equal(read_record(&r, "{\"task_id\":7," BASE ",\"tdx_quote\":\"AAEC\"}"),
                     ALC_REFUSAL_NONE);
    assert_true(alc_bytes_eq(r.quote, ALC_LIT("\0\1\2")));
    assert_int_equal(read_record(&r, "{\"task_id\":7," BASE ",\"tdx_quote\":\"AAE\"}"),
                     ALC_REFUSAL_RECORD_FORMAT);
    assert_int_equal(read_record(&r, "{\"task_type\":\"execute\",\"task_id\":-1,\"output_hash\":"
                                     "\"worker_startup\",\"tdx_quote\":\"000102\"}"),
                     ALC_REFUSAL_NONE);
    assert_true(alc_bytes_eq(r.quote, ALC_LIT("\0\1\2")));
    assert_int_equal(r.task_id, ALC_RECORD_STARTUP);
}

static void what_is_no_record_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "[]",
        "{}",
        "null",
        "{" BASE "}",
        "{\"task_id\":\"7\"," BASE "}",
        "{\"task_id\":7," BASE "} x",
        "{\"task_id\":7,\"task_id\":7," BASE "}",
        "{\"task_id\":7,\"task_type\":\"execute\",\"timestamp\":1785309658}",
        /* no time: the form would be anybody's choice */
        "{\"task_id\":7,\"task_type\":\"execute\",\"output_hash\":\"" MAINNET_OUT "\"}",
        "{\"task_id\":7,\"task_type\":\"execute\",\"output_hash\":\"" MAINNET_OUT
        "\",\"timestamp\":null}",
        /* hashes of another length would move what stands behind them */
        "{\"task_id\":7," BASE ",\"wasm_hash\":\"00\"}",
        "{\"task_id\":7," BASE ",\"input_hash\":\"" MAINNET_IN "00\"}",
        "{\"task_id\":7," BASE
        ",\"input_hash\":\"0CF36617A12E749A9875F4527B96C750CB3C64AAE7E981627930C04B3F74162A\"}",
        "{\"task_id\":7,\"task_type\":\"execute\",\"timestamp\":1785309658,\"output_hash\":"
        "\"worker_startup\"}",
        "{\"task_id\":7," BASE ",\"block_height\":-1}",
        "{\"task_id\":7," BASE ",\"repo_url\":7}",
    };
    struct alc_record r;
    (void)state;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (read_record(&r, texts[i]) != ALC_REFUSAL_RECORD_FORMAT) fail_msg("%s", texts[i]);
    assert_int_equal(read_record(&r, "{\"task_id\":7," BASE "}"), ALC_REFUSAL_NONE);
}

static void a_field_beyond_its_limit_is_refused(void **state)
{
    static char json[8192];
    struct alc_record r;
    (void)state;

    for (int over = 0; over < 2; over++) {
        int n = snprintf(json, sizeof json, "{\"task_id\":7," BASE ",\"repo_url\":\"%*s\"}",
                         (int)ALC_RECORD_FIELD_MAX_BYTES + over, "x");
        assert_true(n > 0);
        assert_int_equal(read_record(&r, json),
                         over ? ALC_REFUSAL_RECORD_FORMAT : ALC_REFUSAL_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_records_have_their_published_hashes),
        cmocka_unit_test(the_form_changes_at_its_second),
        cmocka_unit_test(two_different_records_have_one_hash),
        cmocka_unit_test(two_such_statements_have_two_hashes),
        cmocka_unit_test(a_quote_is_bound_by_the_hash_and_zeros),
        cmocka_unit_test(who_paid_stands_for_the_caller_of_an_https_call),
        cmocka_unit_test(quotes_are_base64_and_that_of_a_start_is_hex),
        cmocka_unit_test(what_is_no_record_is_refused),
        cmocka_unit_test(a_field_beyond_its_limit_is_refused),
    };
    alc_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
