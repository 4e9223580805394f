/* tests/contract/test_register_collateral.c — sets that prove themselves, and never go back. */
#include "tests/contract/register_calls.h"

#define BYTE_YOCTO ((near_u128)10000000000000000000u)

static void put(struct alc_bytes set)
{
    ok_bytes("put_collateral", world_put(set, ""));
}

static void put_refused(const char *phrase, struct alc_bytes set)
{
    panics_bytes(phrase, "put_collateral", world_put(set, ""));
}

static void a_set_is_shown_by_its_platform(void **state)
{
    (void)state;
    ok("get_collateral_info", SIM_INFO);
    returned_has("{\"tcb_evaluation_data_number\":17,\"qe_evaluation_data_number\":17,"
                 "\"tcb_issued\":1751000000,\"valid_from\":1751000000,\"valid_until\":");
    returned_has(",\"simulated\":true,\"sha256\":\"");
    returns("null", "get_collateral_info",
            "{\"fmspc\":\"" SIM_FMSPC "\",\"ca\":\"platform\",\"tee\":\"sgx\"}");
    returns("null", "get_collateral_info",
            "{\"fmspc\":\"" SIM_FMSPC "\",\"ca\":\"processor\",\"tee\":\"tdx\"}");
    returns("null", "get_collateral_info", "{\"fmspc\":\"53494d000001\",\"ca\":\"platform\"}");
    panics("an fmspc is 12 hex digits", "get_collateral_info",
           "{\"fmspc\":\"53\",\"ca\":\"platform\"}");
    panics("a ca is platform or processor", "get_collateral_info",
           "{\"fmspc\":\"" SIM_FMSPC "\",\"ca\":\"root\"}");
    panics("a tee is tdx or sgx", "get_collateral_info",
           "{\"fmspc\":\"" SIM_FMSPC "\",\"ca\":\"platform\",\"tee\":\"sev\"}");

    put(world_set(ALC_TEE_SGX, WORLD_S));
    logged("SIMULATED: Collateral stored: sgx");
    ok("get_collateral_info", "{\"fmspc\":\"" SIM_FMSPC "\",\"ca\":\"platform\",\"tee\":\"sgx\"}");
    returned_has("\"simulated\":true");
}

static void the_record_is_the_digest_and_small(void **state)
{
    struct alc_bytes key, value, found = {NULL, 0};
    struct alc_hash h;

    (void)state;
    for (size_t i = 0; i < fake_records(); i++) {
        fake_record(i, &key, &value);
        if (key.p[0] == 'c') found = value;
    }
    assert_in_range(found.n, 500, 8192);
    alc_sha256(&h, found);
    ok("get_collateral_info", SIM_INFO);
    returned_has(world_hex(alc_hash_bytes(&h)));
}

static void a_newer_set_replaces_an_older_one_and_not_the_other_way_round(void **state)
{
    struct alc_bytes first = world_set(ALC_TEE_TDX, WORLD_S);
    struct alc_bytes next = world_set(ALC_TEE_TDX, WORLD_S + WORLD_DAY_S);

    (void)state;
    as("anyone.test");
    fake_env.deposit = 100 * MILLI;
    put(next);
    ok("get_collateral_info", SIM_INFO);
    returned_has("\"tcb_issued\":1751086400");
    put_refused("Collateral refused: older than the set that is stored: the TCB info was issued",
                first);
    put_refused("older than the set", world_set(ALC_TEE_TDX, WORLD_S + WORLD_DAY_S - 1));
    as("owner.test");
    fake_env.deposit = 0;
    panics_bytes("older than the set", "update_collateral", world_put(first, ",\"index\":0"));
    returns("null", "get_collateral", "");
    ok("get_collateral_info", SIM_INFO);
    returned_has("\"tcb_issued\":1751086400");
}

/* Nothing would be newer than a set of the far future: its platform would be closed until then. */
static void a_set_of_the_future_does_not_close_its_platform(void **state)
{
    (void)state;
    put_refused("Collateral refused: issued more than a day ahead",
                world_set(ALC_TEE_TDX, WORLD_S + WORLD_DAY_S + 1));
    put(world_set(ALC_TEE_TDX, WORLD_S + WORLD_DAY_S)); /* clocks differ */
    fake_env.time_ns += NS_PER_S;
    put(world_set(ALC_TEE_TDX, WORLD_S + WORLD_DAY_S + 1));
}

static void each_part_alone_must_not_be_older(void **state)
{
    const uint64_t later_s = WORLD_S + WORLD_DAY_S;
    struct alc_sim_set crl = {.tee = ALC_TEE_TDX,
                              .now_s = later_s,
                              .crl_from_s = WORLD_S - 1,
                              .crl_until_s = WORLD_S + 30 * WORLD_DAY_S};

    (void)state;
    put_refused("the TCB info's evaluation number is lower",
                world_set_changed(later_s, "\"tcbType\":0,\"tcbEvaluationDataNumber\":17",
                                  "\"tcbType\":0,\"tcbEvaluationDataNumber\":16"));
    put_refused("the QE identity's evaluation number is lower",
                world_set_changed(later_s, "\"tcbEvaluationDataNumber\":17,\"miscselect\"",
                                  "\"tcbEvaluationDataNumber\":16,\"miscselect\""));
    put_refused("the TCB info was issued before",
                world_set_changed(later_s, "\"issueDate\":\"2025-06-28T04:53:20Z\"",
                                  "\"issueDate\":\"2025-06-27T04:53:19Z\""));
    put_refused("the QE identity was issued before",
                world_set_changed(later_s,
                                  "\"TD_QE\",\"version\":2,\"issueDate\":\"2025-06-28T04:53:20Z\"",
                                  "\"TD_QE\",\"version\":2,"
                                  "\"issueDate\":\"2025-06-27T04:53:19Z\""));
    put_refused("revocation list", world_set_of(&crl));
    put(world_set_changed(later_s, "\"tcbType\":0,\"tcbEvaluationDataNumber\":17",
                          "\"tcbType\":0,\"tcbEvaluationDataNumber\":18"));
}

/* A platform without a set yet is no way back to a list that does not know of a revocation. */
static void revocation_lists_do_not_go_back_on_other_platforms(void **state)
{
    struct alc_sim_set other = {.tee = ALC_TEE_SGX,
                                .now_s = WORLD_S,
                                .crl_from_s = WORLD_S - 1,
                                .crl_until_s = WORLD_S + 30 * WORLD_DAY_S};

    (void)state;
    put_refused("older than the set that is stored: the root CA's revocation list",
                world_set_of(&other));
    returns("null", "get_collateral_info",
            "{\"fmspc\":\"" SIM_FMSPC "\",\"ca\":\"platform\",\"tee\":\"sgx\"}");
    other.crl_from_s = WORLD_S;
    put(world_set_of(&other));
    /* and what that one brought counts for the first */
    other.now_s = other.crl_from_s = WORLD_S + 9;
    put(world_set_of(&other));
    other = (struct alc_sim_set){.tee = ALC_TEE_TDX,
                                 .now_s = WORLD_S + 9,
                                 .crl_from_s = WORLD_S + 8,
                                 .crl_until_s = WORLD_S + 30 * WORLD_DAY_S};
    put_refused("revocation list", world_set_of(&other));
}

static void an_equal_set_changes_nothing_and_costs_nothing(void **state)
{
    (void)state;
    as("anyone.test");
    fake_env.deposit = MILLI;
    put(world_set(ALC_TEE_TDX, WORLD_S));
    logged("SIMULATED: Collateral is stored already: tdx");
    assert_int_equal(fake_receipts(), 1);
    assert_string_equal(fake_receipt(0)->receiver, "anyone.test");
    assert_true(fake_receipt(0)->amount == MILLI);
    fake_env.deposit = 0;
    put(world_set(ALC_TEE_TDX, WORLD_S));
    assert_int_equal(fake_receipts(), 0);
}

static void who_puts_a_set_pays_its_storage_to_the_yocto(void **state)
{
    uint64_t before = fake_state_bytes();
    struct alc_bytes set = world_set(ALC_TEE_SGX, WORLD_S);
    near_u128 cost;

    (void)state;
    put(set); /* the owner puts it for nothing: how large is it? */
    assert_int_equal(fake_receipts(), 0);
    cost = (near_u128)(fake_state_bytes() - before) * BYTE_YOCTO;
    assert_true(cost > 0);

    fresh_simulated(state);
    as("anyone.test");
    fake_env.deposit = cost - 1;
    put_refused(world_text("Attach %llu0000000000 yoctoNEAR for the storage of this set",
                           (unsigned long long)(cost / 10000000000u)),
                set);
    fake_env.deposit = 0;
    put_refused("Attach ", set);
    fake_env.deposit = cost;
    put(set);
    assert_int_equal(fake_receipts(), 0);
    assert_int_equal(fake_state_bytes() - before, (uint64_t)(cost / BYTE_YOCTO));

    /* A set of the same length costs nothing more: all of it comes back. */
    fake_env.deposit = MILLI + 7;
    put(world_set(ALC_TEE_SGX, WORLD_S + 60));
    assert_int_equal(fake_receipts(), 1);
    assert_string_equal(fake_receipt(0)->receiver, "anyone.test");
    assert_true(fake_receipt(0)->amount == MILLI + 7);
}

static void those_who_run_it_pay_nothing(void **state)
{
    static const char *const who[] = {"owner.test", "init.test", "op.test"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        fresh_simulated(state);
        as(who[i]);
        fake_env.deposit = 5;
        put(world_set(ALC_TEE_SGX, WORLD_S));
        assert_int_equal(fake_receipts(), 1);
        assert_true(fake_receipt(0)->amount == 5);
        fake_env.deposit = 0;
    }
}

static void garbage_is_refused_with_its_reason(void **state)
{
    struct alc_bytes set = world_set(ALC_TEE_TDX, WORLD_S + 1);
    char *text = malloc(set.n + 1), *at;
    const struct {
        const char *phrase, *find;
    } harm[] = {
        {"Collateral refused: TCB_SIGNATURE: the TCB info is not signed", "\"tcb_info_signature\""},
        {"Collateral refused: QE_SIGNATURE: the QE identity is not signed",
         "\"qe_identity_signature\""},
    };

    (void)state;
    assert_non_null(text);
    as("anyone.test");
    fake_env.deposit = 100 * MILLI;
    put_refused("Collateral refused: COLLATERAL_FORMAT: the collateral is not the JSON object",
                ALC_LIT("garbage"));
    put_refused("COLLATERAL_FORMAT", ALC_LIT(""));
    put_refused("COLLATERAL_FORMAT", ALC_LIT("{}"));
    for (size_t i = 0; i < sizeof harm / sizeof harm[0]; i++) {
        memcpy(text, set.p, set.n);
        text[set.n] = 0;
        at = strstr(text, harm[i].find);
        assert_non_null(at);
        at += strlen(harm[i].find) + 12; /* inside the hex */
        *at = *at == '0' ? '1' : '0';
        put_refused(harm[i].phrase, (struct alc_bytes){(const uint8_t *)text, set.n});
    }
    for (size_t n = 0; n < set.n; n += set.n / 97)
        put_refused("Collateral refused: ", (struct alc_bytes){set.p, n});
    free(text);
    panics("Failed to deserialize", "put_collateral", "{\"collateral\":7}");
    panics("missing field collateral", "put_collateral", "{}");
    ok("get_collateral_info", SIM_INFO);
    returned_has("\"tcb_issued\":1751000000");
}

static void revoked_signers_are_refused(void **state)
{
    (void)state;
    put_refused("REVOKED_CERTIFICATE",
                world_set_of(&(struct alc_sim_set){
                    .tee = ALC_TEE_TDX, .now_s = WORLD_S + 1, .revoke_ca = true}));
    put_refused("REVOKED_CERTIFICATE",
                world_set_of(&(struct alc_sim_set){
                    .tee = ALC_TEE_TDX, .now_s = WORLD_S + 1, .revoke_tcb_signing = true}));
}

static void simulated_sets_need_the_simulated_root(void **state)
{
    (void)state; /* a contract that was given none */
    put_refused("Collateral refused: ROOT", world_set(ALC_TEE_TDX, WORLD_S));
    returns("null", "get_collateral_info", SIM_INFO);
}

static void slots_show_the_text_that_the_owner_put(void **state)
{
    struct alc_bytes first = world_set(ALC_TEE_TDX, WORLD_S);
    struct alc_bytes next = world_set(ALC_TEE_TDX, WORLD_S + 5);
    struct alc_bytes put_args = world_put(first, "");
    const char *escaped; /* the JSON string of the text */

    (void)state;
    escaped = world_text("%.*s", (int)(put_args.n - 15), (const char *)put_args.p + 14);
    panics_bytes("leaves a gap", "update_collateral", world_put(first, ",\"index\":1"));
    panics_bytes("must be 0 or 1", "update_collateral", world_put(first, ",\"index\":2"));
    ok_bytes("update_collateral", world_put(first, ",\"index\":0"));
    returns(escaped, "get_collateral", "");
    ok_bytes("update_collateral", world_put(next, ",\"index\":1"));
    ok("get_collaterals", "");
    returned_has(world_text("[%s,\"{", escaped));
    ok_bytes("update_collateral", world_put(next, ",\"index\":0"));
    ok("get_collateral_info", SIM_INFO);
    returned_has("\"tcb_issued\":1751000005");
    panics("Collateral refused: COLLATERAL_FORMAT", "update_collateral",
           "{\"collateral\":\"not validated elsewhere\",\"index\":0}");
}

/* ---- the real set ---- */

static void the_real_set_is_taken_by_everybody(void **state)
{
    struct alc_bytes quote, set;

    (void)state;
    if (!world_real(&quote, &set)) {
        print_message("skipped: the sample quotes are not here\n");
        skip();
    }
    as("anyone.test");
    fake_env.deposit = 100 * MILLI;
    put(set);
    logged("Collateral stored: tdx \"b0c06f000000\" platform, evaluation 17 and 17, valid "
           "1750329147 to 1752919234");
    assert_int_equal(fake_receipts(), 1);
    print_message("storage of the real set: %.4f NEAR\n",
                  (double)(100 * MILLI - fake_receipt(0)->amount) / 1e24);
    ok("get_collateral_info", REAL_INFO);
    returned_has("\"valid_from\":1750329147,\"valid_until\":1752919234,\"simulated\":false");
    put(set);
    logged("Collateral is stored already");
    assert_true(fake_receipt(0)->amount == 100 * MILLI);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(a_set_is_shown_by_its_platform),
        SIM_TEST(the_record_is_the_digest_and_small),
        SIM_TEST(a_newer_set_replaces_an_older_one_and_not_the_other_way_round),
        SIM_TEST(a_set_of_the_future_does_not_close_its_platform),
        SIM_TEST(each_part_alone_must_not_be_older),
        SIM_TEST(revocation_lists_do_not_go_back_on_other_platforms),
        SIM_TEST(an_equal_set_changes_nothing_and_costs_nothing),
        SIM_TEST(who_puts_a_set_pays_its_storage_to_the_yocto),
        SIM_TEST(those_who_run_it_pay_nothing),
        SIM_TEST(garbage_is_refused_with_its_reason),
        SIM_TEST(revoked_signers_are_refused),
        TEST(simulated_sets_need_the_simulated_root),
        SIM_TEST(slots_show_the_text_that_the_owner_put),
        TEST(the_real_set_is_taken_by_everybody),
        SIM_TEST(the_real_set_is_taken_by_everybody),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
