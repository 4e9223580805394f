/* tests/contract/test_register_quote.c — verify_quote, which any contract may ask. */
#include "tests/contract/register_calls.h"

#include "base/enc.h"
#include "base/json.h"

/* member gives a string or "true"/"false" of the verdict that the last call returned. */
static const char *member(const char *key)
{
    struct alc_json *doc;
    struct alc_bytes text;
    struct alc_err err;
    const char *out = "";
    bool flag;

    assert_non_null(fake_returned().p);
    assert_int_equal(alc_json_open(&doc, fake_returned(), 65536, &err), ALC_OK);
    if (alc_json_str(alc_json_get(doc, key), &text))
        out = world_text("%.*s", (int)text.n, (const char *)text.p);
    else if (alc_json_bool(alc_json_get(doc, key), &flag))
        out = flag ? "true" : "false";
    alc_json_close(doc);
    return out;
}

static void says(const char *args, const char *refusal)
{
    ok("verify_quote", args);
    assert_string_equal(member("accepted"), strcmp(refusal, "NONE") == 0 ? "true" : "false");
    assert_string_equal(member("refusal"), strcmp(refusal, "NONE") == 0 ? "" : refusal);
}

static const char *quote_args(struct alc_bytes quote, const char *more)
{
    return world_text("{\"quote\":\"%s\"%s}", world_base64(quote), more);
}

static void an_approved_enclave_is_accepted_and_called_simulated(void **state)
{
    struct alc_bytes quote = world_quote_of(0x22, NULL);

    (void)state;
    says(quote_args(quote, ""), "NONE");
    assert_string_equal(member("simulated"), "true");
    assert_string_equal(member("measurement"), world_measurement_hash(quote));
    returned_has("SIMULATED");
    says(world_text("{\"quote\":\"%s\"}", world_hex(quote)), "NONE");
    /* A view and a call alike. */
    assert_true(fake_call(near_entry_verify_quote, alc_cstr(quote_args(quote, ""))));
    assert_string_equal(member("accepted"), "true");
    assert_int_equal(fake_receipts(), 0);
}

static void report_data_is_compared_from_its_beginning(void **state)
{
    struct alc_hash half = {{5, 5, 5}};
    struct alc_bytes quote = world_quote_of(0x22, &half);
    uint8_t rd[64];
    const char *whole, *first;

    (void)state;
    memset(rd, 0x22, 32);
    memcpy(rd + 32, half.b, 32);
    whole = world_hex((struct alc_bytes){rd, 64});
    first = world_hex((struct alc_bytes){rd, 32});
    says(quote_args(quote, world_text(",\"report_data\":\"%s\"", whole)), "NONE");
    says(quote_args(quote, world_text(",\"report_data\":\"%s\"", first)), "NONE");
    assert_string_equal(member("report_data"), whole);
    rd[63] ^= 1;
    whole = world_hex((struct alc_bytes){rd, 64});
    says(quote_args(quote, world_text(",\"report_data\":\"%s\"", whole)), "REPORT_DATA");
    panics("report_data is 64 or 128 hex digits", "verify_quote",
           quote_args(quote, ",\"report_data\":\"00\""));
}

static void sept_off(struct alc_sim_quote *q)
{
    q->td.td_attributes = 0;
}

static void other_mrtd(struct alc_sim_quote *q)
{
    q->td.mrtd[0] ^= 1;
}

static void the_contracts_policy_decides(void **state)
{
    uint8_t rd[64] = {0};
    struct alc_bytes quote = world_quote_of(0x22, NULL);

    (void)state;
    says(quote_args(world_quote(ALC_TEE_TDX, rd, other_mrtd), ""), "MEASUREMENT");
    assert_string_equal(member("genuine"), "true");
    says(quote_args(world_quote(ALC_TEE_TDX, rd, sept_off), ""), "ATTRIBUTES");
    assert_string_equal(member("genuine"), "false");
    as("owner.test");
    ok("set_policy", "{\"min_evaluation\":18}");
    says(quote_args(quote, ""), "EVALUATION");
    ok("set_policy", "{\"min_evaluation\":0,\"ppids\":[\"00000000000000000000000000000001\"]}");
    says(quote_args(quote, ""), "PPID");
    ok("set_policy", "{\"ppids\":null}");
    says(quote_args(quote, ""), "NONE");
    fake_env.time_ns = (WORLD_S + 31 * WORLD_DAY_S) * NS_PER_S;
    says(quote_args(quote, ""), "TCB_EXPIRED");
}

static void an_empty_list_approves_nobody(void **state)
{
    struct alc_bytes quote = world_quote_of(0x22, NULL);
    uint8_t rd[64] = {0};

    (void)state;
    as("owner.test");
    ok_bytes("put_collateral", world_put(world_set(ALC_TEE_SGX, WORLD_S), ""));
    says(quote_args(world_quote(ALC_TEE_SGX, rd, NULL), ""), "MEASUREMENT");
    ok("clear_all_approved_measurements", "");
    says(quote_args(quote, ""), "MEASUREMENT");
    says(quote_args(world_quote(ALC_TEE_SGX, rd, NULL), ""), "MEASUREMENT");
    says(quote_args(quote, world_text(",\"report_data\":\"%064u\"", 0)), "MEASUREMENT");
    ok("set_policy", "{\"ppids\":[\"00000000000000000000000000000001\"]}");
    says(quote_args(quote, ""), "MEASUREMENT");
    ok("set_policy", "{\"min_evaluation\":18}");
    says(quote_args(quote, ""), "EVALUATION");
}

static void a_bad_quote_never_panics(void **state)
{
    struct alc_bytes quote = world_quote_of(0x22, NULL);
    uint8_t *bad = malloc(quote.n);

    (void)state;
    assert_non_null(bad);
    says("{\"quote\":\"\"}", "QUOTE_FORMAT");
    says("{\"quote\":\"not base64!\"}", "QUOTE_FORMAT");
    says("{\"quote\":\"AAAA\"}", "QUOTE_FORMAT");
    says(quote_args(ALC_LIT("NO_ATTESTATION:dev"), ""), "STUB");
    for (size_t n = 0; n < quote.n; n += 37) {
        ok("verify_quote", quote_args((struct alc_bytes){quote.p, n}, ""));
        assert_string_equal(member("accepted"), "false");
    }
    for (size_t i = 0; i < quote.n - 8; i += 23) { /* the last bytes end a PEM: white space */
        memcpy(bad, quote.p, quote.n);
        bad[i] ^= 0x20;
        ok("verify_quote", quote_args((struct alc_bytes){bad, quote.n}, ""));
        if (i < 632) assert_string_equal(member("accepted"), "false");
    }
    free(bad);
}

static void quotes_longer_than_any_are_no_quotes(void **state)
{
    uint8_t *big = calloc(1, ALC_QUOTE_MAX_BYTES + 3);

    (void)state;
    assert_non_null(big);
    says(quote_args((struct alc_bytes){big, ALC_QUOTE_MAX_BYTES + 3}, ""), "QUOTE_FORMAT");
    says(world_text("{\"quote\":\"%s\"}",
                    world_hex((struct alc_bytes){big, ALC_QUOTE_MAX_BYTES + 1})),
         "QUOTE_FORMAT");
    free(big);
}

static void without_the_simulated_root_no_simulated_quote_passes(void **state)
{
    (void)state;
    says(quote_args(world_quote_of(0x22, NULL), ""), "NO_COLLATERAL");
    assert_string_equal(member("accepted"), "false");
}

/* ---- real hardware ---- */

static void the_sample_quote_is_judged_as_hardware(void **state)
{
    struct alc_bytes quote, set;

    (void)state;
    if (!world_real(&quote, &set)) {
        print_message("skipped: the sample quotes are not here\n");
        skip();
    }
    says(quote_args(quote, ""), "NO_COLLATERAL");
    as("owner.test");
    ok_bytes("put_collateral", world_put(set, ""));
    ok("clear_all_approved_measurements", "");
    says(quote_args(quote, ""), "MEASUREMENT");
    ok("add_approved_measurements",
       world_text("{\"measurements\":%s}", world_measurement_of(quote)));
    says(quote_args(quote, ""), "NONE");
    assert_string_equal(member("simulated"), "false");
    says(quote_args(quote, ",\"report_data\":\"" REAL_KEY_HEX "\""), "NONE");
    ok("set_policy", "{\"ppids\":[\"811dca2a26b952e85bb6448b097ba4fd\"],\"min_evaluation\":17}");
    says(quote_args(quote, ""), "NONE");
    fake_env.time_ns = UINT64_C(1750329147) * NS_PER_S;
    says(quote_args(quote, ""), "NONE");
    fake_env.time_ns -= 1;
    says(quote_args(quote, ""), "QE_FUTURE");
    fake_env.time_ns = UINT64_C(1752919235) * NS_PER_S - 1;
    says(quote_args(quote, ""), "NONE");
    fake_env.time_ns += 1;
    says(quote_args(quote, ""), "CRL_EXPIRED");
}

/* The sample's report data ends in bytes that answer to no challenge of ours, so that it passes all
 * but the last check of a registration. */
static void the_sample_quote_is_not_bound_to_this_contract(void **state)
{
    struct alc_bytes quote, set;
    uint8_t key[32];
    size_t n;
    const char *args;

    (void)state;
    if (!world_real(&quote, &set)) {
        print_message("skipped: the sample quotes are not here\n");
        skip();
    }
    assert_true(alc_hex_decode(key, sizeof key, &n, ALC_LIT(REAL_KEY_HEX)));
    args = world_text("{\"public_key\":\"%s\",\"tdx_quote_hex\":\"%s\"}", world_key(key),
                      world_hex(quote));
    as("owner.test");
    ok_bytes("update_collateral", world_put(set, ",\"index\":0"));
    as("init.test");
    panics("not approved", "register_worker_key", args);
    as("owner.test");
    ok("add_approved_measurements",
       world_text("{\"measurements\":%s}", world_measurement_of(quote)));
    as("init.test");
    panics("answers to no challenge", "register_worker_key", args);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(an_approved_enclave_is_accepted_and_called_simulated),
        SIM_TEST(report_data_is_compared_from_its_beginning),
        SIM_TEST(the_contracts_policy_decides),
        SIM_TEST(an_empty_list_approves_nobody),
        SIM_TEST(a_bad_quote_never_panics),
        SIM_TEST(quotes_longer_than_any_are_no_quotes),
        TEST(without_the_simulated_root_no_simulated_quote_passes),
        TEST(the_sample_quote_is_judged_as_hardware),
        SIM_TEST(the_sample_quote_is_judged_as_hardware),
        SIM_TEST(the_sample_quote_is_not_bound_to_this_contract),
        TEST(the_sample_quote_is_not_bound_to_this_contract),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
