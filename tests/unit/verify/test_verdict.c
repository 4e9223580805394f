/* tests/unit/verify/test_verdict.c — a signed statement is accepted when all of it holds, and each
 * thing that does not has its own refusal. */
#include "statement_test.h"

static const uint8_t other_seed[32] = {1};
static uint8_t bytes[ALC_STATEMENT_SIGNED_MAX_BYTES];
static const struct alc_expect nothing;

static struct alc_verdict judge(struct alc_bytes in, const struct alc_expect *expect)
{
    struct alc_verdict v;
    memset(&v, 0xff, sizeof v); /* a verdict that was never set would look accepted */
    alc_verify_signed(&v, in, expect, &alc_verify_native);
    return v;
}

static void refused(struct alc_bytes in, const struct alc_expect *expect, enum alc_refusal why)
{
    struct alc_verdict v = judge(in, expect);
    assert_int_equal(v.refusal, why);
    assert_false(v.accepted);
}

static void a_sound_statement_is_accepted(void **state)
{
    struct alc_statement s = sample();
    struct alc_bytes in = sign_as_is(bytes, &s, test_seed);
    struct alc_verdict v = judge(in, &nothing);
    struct alc_hash h;
    (void)state;

    assert_true(v.accepted);
    assert_int_equal(v.refusal, ALC_REFUSAL_NONE);
    assert_int_equal(v.statement.request_id, s.request_id);
    alc_sha256(&h, (struct alc_bytes){bytes, in.n - ALC_STATEMENT_SIG_BYTES});
    assert_true(alc_hash_eq(&v.hash, &h));
}

static void no_hardware_is_seen_and_simulation_is_said(void **state)
{
    struct alc_statement s = sample();
    struct alc_verdict v;
    (void)state;

    for (uint8_t simulated = 0; simulated < 2; simulated++) {
        s.simulated = simulated;
        v = judge(sign_as_is(bytes, &s, test_seed), &nothing);
        assert_true(v.accepted);
        assert_int_equal(v.simulated, simulated);
    }
}

static void bytes_that_are_no_statement_have_no_verdict_but_format(void **state)
{
    struct alc_statement s = sample();
    struct alc_bytes in = sign_as_is(bytes, &s, test_seed);
    (void)state;

    for (size_t n = 0; n < in.n; n++) /* the signature is the last 64, so each cut moves it */
        refused((struct alc_bytes){in.p, n}, &nothing, ALC_REFUSAL_FORMAT);
    refused((struct alc_bytes){in.p + 1, in.n - 1}, &nothing, ALC_REFUSAL_FORMAT);
    refused((struct alc_bytes){NULL, 0}, &nothing, ALC_REFUSAL_FORMAT);
}

static void one_bit_anywhere_is_seen(void **state)
{
    struct alc_statement s = sample();
    struct alc_bytes in = sign_as_is(bytes, &s, test_seed);
    (void)state;

    for (size_t i = 0; i < in.n; i++) {
        struct alc_verdict v;
        bytes[i] = (uint8_t)(bytes[i] ^ 1u << (i % 8));
        v = judge(in, &nothing);
        if (v.accepted || (v.refusal != ALC_REFUSAL_FORMAT && v.refusal != ALC_REFUSAL_SIGNATURE))
            fail_msg("byte %zu: %s", i, alc_refusal_text(v.refusal));
        bytes[i] = (uint8_t)(bytes[i] ^ 1u << (i % 8));
    }
    assert_true(judge(in, &nothing).accepted);
}

/* A forger who keeps the signature and writes one field anew. */
static void each_field_is_under_the_signature(void **state)
{
    (void)state;
    for (size_t i = 0; i < FIELDS_COUNT; i++) {
        struct alc_statement s = sample();
        struct alc_bytes in = sign_as_is(bytes, &s, test_seed);
        uint8_t sig[ALC_STATEMENT_SIG_BYTES];
        size_t n;

        memcpy(sig, in.p + in.n - sizeof sig, sizeof sig);
        if (fields[i].kind == FIELD_STRING)
            *(struct alc_bytes *)field_of(&s, &fields[i]) = ALC_LIT("another");
        else if (fields[i].kind == FIELD_HASH)
            ((struct alc_hash *)field_of(&s, &fields[i]))->b[31] ^= 0x80;
        else
            field_set_number(&s, &fields[i], field_number(&s, &fields[i]) - 1);
        n = alc_statement_write(&s, bytes, ALC_STATEMENT_MAX_BYTES);
        assert_true(n > 0);
        memcpy(bytes + n, sig, sizeof sig);
        refused((struct alc_bytes){bytes, n + sizeof sig}, &nothing, ALC_REFUSAL_SIGNATURE);
    }
}

static void a_signature_of_another_key_or_over_other_bytes_is_refused(void **state)
{
    struct alc_statement s = sample();
    struct alc_bytes in = sign_as_is(bytes, &s, test_seed);
    size_t n = in.n - ALC_STATEMENT_SIG_BYTES;
    struct alc_ed25519 key = {0}, other = {0};
    struct alc_hash h;
    (void)state;

    assert_int_equal(alc_ed25519_init(&key, test_seed), ALC_OK);
    assert_int_equal(alc_ed25519_init(&other, other_seed), ALC_OK);
    alc_sha256(&h, (struct alc_bytes){bytes, n});
    alc_ed25519_sign(bytes + n, &other, alc_hash_bytes(&h));
    refused(in, &nothing, ALC_REFUSAL_SIGNATURE);
    alc_ed25519_sign(bytes + n, &key, (struct alc_bytes){bytes, n}); /* not over the hash */
    refused(in, &nothing, ALC_REFUSAL_SIGNATURE);
    alc_ed25519_sign(bytes + n, &key, (struct alc_bytes){h.b, 31});
    refused(in, &nothing, ALC_REFUSAL_SIGNATURE);
    alc_ed25519_sign(bytes + n, &key, alc_hash_bytes(&h));
    assert_true(judge(in, &nothing).accepted);
    memset(bytes + n, 0, ALC_STATEMENT_SIG_BYTES);
    refused(in, &nothing, ALC_REFUSAL_SIGNATURE);
    alc_ed25519_fini(&key);
    alc_ed25519_fini(&other);
}

/* Keys of small order would make one signature fit every statement. */
static void a_key_of_small_order_signs_nothing(void **state)
{
    static const uint8_t orders[][2] = {{0, 0}, {1, 0}, {0, 0x80}};
    (void)state;

    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        struct alc_statement s = sample();
        size_t n;
        memset(&s.worker_key, 0, sizeof s.worker_key);
        s.worker_key.b[0] = orders[i][0];
        s.worker_key.b[31] = orders[i][1];
        n = alc_statement_write(&s, bytes, ALC_STATEMENT_MAX_BYTES);
        memset(bytes + n, 0, ALC_STATEMENT_SIG_BYTES);
        bytes[n] = 1; /* R is the neutral point, S is 0 */
        refused((struct alc_bytes){bytes, n + ALC_STATEMENT_SIG_BYTES}, &nothing,
                ALC_REFUSAL_SIGNATURE);
    }
}

static struct alc_statement of_evidence(void)
{
    struct alc_statement s = sample();
    alc_sha256(&s.request_hash, ALC_LIT("request"));
    alc_sha256(&s.code_hash, ALC_LIT("code"));
    alc_sha256(&s.input_hash, ALC_LIT("input"));
    alc_sha256(&s.output_hash, ALC_LIT("output"));
    return s;
}

static void everything_expected_and_found_is_accepted(void **state)
{
    const struct alc_bytes chain = ALC_LIT("chain_id"), contract = ALC_LIT("contract_id"),
                           request = ALC_LIT("request"), code = ALC_LIT("code"),
                           input = ALC_LIT("input"), output = ALC_LIT("output");
    struct alc_statement s = of_evidence();
    struct alc_bytes in = sign_as_is(bytes, &s, test_seed);
    struct alc_expect e = {.chain_id = &chain,
                           .contract_id = &contract,
                           .request_id = &s.request_id,
                           .worker_key = &s.worker_key,
                           .code_hash = &s.code_hash,
                           .input = &input,
                           .output = &output,
                           .code = &code,
                           .request = &request};
    (void)state;

    assert_true(judge(in, &e).accepted);
}

static void each_unmet_expectation_has_its_refusal(void **state)
{
    const struct alc_bytes other = ALC_LIT("other"), empty = {NULL, 0};
    const struct alc_hash other_key = {{1}};
    struct alc_statement s = of_evidence();
    struct alc_bytes in = sign_as_is(bytes, &s, test_seed);
    uint64_t id = s.request_id + 1;
    (void)state;

    refused(in, &(struct alc_expect){.chain_id = &other}, ALC_REFUSAL_CHAIN);
    refused(in, &(struct alc_expect){.contract_id = &other}, ALC_REFUSAL_CONTRACT);
    refused(in, &(struct alc_expect){.request_id = &id}, ALC_REFUSAL_REQUEST_ID);
    refused(in, &(struct alc_expect){.worker_key = &other_key}, ALC_REFUSAL_WORKER_KEY);
    refused(in, &(struct alc_expect){.request = &other}, ALC_REFUSAL_REQUEST);
    refused(in, &(struct alc_expect){.code = &other}, ALC_REFUSAL_CODE);
    refused(in, &(struct alc_expect){.input = &other}, ALC_REFUSAL_INPUT);
    refused(in, &(struct alc_expect){.output = &other}, ALC_REFUSAL_OUTPUT);
    /* Empty is a value, not "do not compare". */
    refused(in, &(struct alc_expect){.chain_id = &empty}, ALC_REFUSAL_CHAIN);
    refused(in, &(struct alc_expect){.output = &empty}, ALC_REFUSAL_OUTPUT);
}

static void expectations_do_not_excuse_the_signature(void **state)
{
    struct alc_statement s = of_evidence();
    const struct alc_bytes output = ALC_LIT("output");
    struct alc_bytes in = sign_as_is(bytes, &s, test_seed);
    (void)state;

    bytes[in.n - 1] ^= 1;
    refused(in, &(struct alc_expect){.output = &output}, ALC_REFUSAL_SIGNATURE);
}

static void every_refusal_has_its_own_sentence(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ALC_REFUSAL_COUNT; i++) {
        assert_string_not_equal(alc_refusal_text((enum alc_refusal)i), "an unknown refusal");
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(alc_refusal_text((enum alc_refusal)i),
                                    alc_refusal_text((enum alc_refusal)j));
    }
    assert_string_equal(alc_refusal_text(ALC_REFUSAL_COUNT), "an unknown refusal");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_statement_is_accepted),
        cmocka_unit_test(no_hardware_is_seen_and_simulation_is_said),
        cmocka_unit_test(bytes_that_are_no_statement_have_no_verdict_but_format),
        cmocka_unit_test(one_bit_anywhere_is_seen),
        cmocka_unit_test(each_field_is_under_the_signature),
        cmocka_unit_test(a_signature_of_another_key_or_over_other_bytes_is_refused),
        cmocka_unit_test(a_key_of_small_order_signs_nothing),
        cmocka_unit_test(everything_expected_and_found_is_accepted),
        cmocka_unit_test(each_unmet_expectation_has_its_refusal),
        cmocka_unit_test(expectations_do_not_excuse_the_signature),
        cmocka_unit_test(every_refusal_has_its_own_sentence),
    };
    return cmocka_run_group_tests(tests, crypto_ready, NULL);
}
