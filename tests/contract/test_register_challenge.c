/* tests/contract/test_register_challenge.c — the second half of a registration's report data. */
#include "tests/contract/register_calls.h"

#include "base/enc.h"

static struct alc_hash challenge(void)
{
    struct alc_hash h;
    const char *at;
    size_t n;

    as("anyone.test");
    ok("new_challenge", "{}");
    at = strstr((const char *)fake_returned().p, "\"challenge\":\"");
    assert_non_null(at);
    assert_true(alc_hex_decode(h.b, 32, &n, (struct alc_bytes){(const uint8_t *)at + 13, 64}));
    return h;
}

static const struct alc_hash policy = {{7, 7, 7}};

static struct alc_hash half(const struct alc_hash *c)
{
    struct alc_hash h;
    alc_registration_half(&h, ALC_LIT("localnet"), ALC_LIT("compute.test"), ALC_LIT("op.test"), c,
                          &policy, &alc_verify_native);
    return h;
}

static const char *bound_args(const struct alc_hash *second, const char *more)
{
    return register_args(0x22, world_quote_of(0x22, second), more);
}

static const char *policy_arg(void)
{
    return world_text(",\"policy_hash\":\"%s\"", world_hex(alc_hash_bytes(&policy)));
}

static void a_quote_that_answers_a_challenge_is_accepted(void **state)
{
    struct alc_hash c = challenge(), second = half(&c);

    (void)state;
    as("init.test");
    ok("register_worker_key", bound_args(&second, policy_arg()));
    /* With another policy, or none, it is another registration. */
    panics("answers to no challenge", "register_worker_key", bound_args(&second, ""));
    panics("answers to no challenge", "register_worker_key",
           bound_args(&second, world_text(",\"policy_hash\":\"%064u\"", 1)));
    panics("expected 64 hex digits", "register_worker_key",
           bound_args(&second, ",\"policy_hash\":\"00\""));
}

static void each_field_of_the_binding_counts(void **state)
{
    struct alc_hash c = challenge(), other = {{1}}, second;
    const struct {
        struct alc_bytes chain, contract, account;
        const struct alc_hash *challenge;
    } wrong[] = {
        {ALC_LIT("testnet"), ALC_LIT("compute.test"), ALC_LIT("op.test"), &c},
        {ALC_LIT("localnet"), ALC_LIT("other.test"), ALC_LIT("op.test"), &c},
        {ALC_LIT("localnet"), ALC_LIT("compute.test"), ALC_LIT("init.test"), &c},
        {ALC_LIT("localnet"), ALC_LIT("compute.test"), ALC_LIT("op.test"), &other},
    };
    (void)state;
    as("init.test");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        alc_registration_half(&second, wrong[i].chain, wrong[i].contract, wrong[i].account,
                              wrong[i].challenge, &policy, &alc_verify_native);
        panics("answers to no challenge of the last 1000 blocks", "register_worker_key",
               bound_args(&second, policy_arg()));
    }
    memset(second.b, 0xff, 32);
    panics("answers to no challenge", "register_worker_key", bound_args(&second, policy_arg()));
}

static void zeros_do_unless_binding_is_required(void **state)
{
    struct alc_hash c, second, zeros = {{0}};

    (void)state;
    as("init.test");
    ok("register_worker_key", bound_args(&zeros, policy_arg()));
    as("owner.test");
    ok("set_policy", "{\"require_binding\":true}");
    as("init.test");
    panics("answers to no challenge", "register_worker_key", bound_args(&zeros, policy_arg()));
    c = challenge();
    second = half(&c);
    as("init.test");
    ok("register_worker_key", bound_args(&second, policy_arg()));
}

static void a_challenge_is_good_for_a_thousand_blocks(void **state)
{
    uint64_t made;
    struct alc_hash c, second;

    (void)state;
    made = fake_env.height;
    c = challenge();
    second = half(&c);
    as("init.test");
    fake_env.height = made + 1000;
    ok("register_worker_key", bound_args(&second, policy_arg()));
    fake_env.height = made + 1001;
    panics("answers to no challenge", "register_worker_key", bound_args(&second, policy_arg()));
}

static void a_stranger_cannot_push_out_a_challenge(void **state)
{
    uint64_t made = fake_env.height;
    struct alc_hash first = challenge(), again, second, third;

    (void)state;
    fake_env.height = made + 500;
    again = challenge();
    assert_true(alc_hash_eq(&first, &again));
    fake_env.height = made + 501;
    again = challenge();
    assert_false(alc_hash_eq(&first, &again));
    fake_env.height = made + 999; /* as often as they like */
    third = challenge();
    assert_true(alc_hash_eq(&again, &third));
    second = half(&first);
    fake_env.height = made + 1000;
    as("init.test");
    ok("register_worker_key", bound_args(&second, policy_arg()));
    second = half(&again);
    ok("register_worker_key", bound_args(&second, policy_arg()));
}

static void the_newest_challenge_is_shown_while_it_is_good(void **state)
{
    uint64_t made;

    (void)state;
    returns("null", "get_challenge", "");
    made = fake_env.height;
    (void)challenge();
    ok("get_challenge", "");
    returned_has(world_text("\"height\":%llu}", (unsigned long long)made));
    fake_env.height = made + 1001;
    returns("null", "get_challenge", "");
}

static void without_a_chain_id_nothing_can_be_bound(void **state)
{
    struct alc_hash c, second;

    (void)state;
    fake_reset();
    fake_env.current = "op.test";
    fake_env.time_ns = WORLD_S * NS_PER_S;
    as("owner.test");
    ok("new", "{" NAMES "}");
    c = challenge();
    second = half(&c);
    as("init.test");
    panics("TDX quote verification failed: NO_COLLATERAL", "register_worker_key",
           bound_args(&second, policy_arg()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(a_quote_that_answers_a_challenge_is_accepted),
        SIM_TEST(each_field_of_the_binding_counts),
        SIM_TEST(zeros_do_unless_binding_is_required),
        SIM_TEST(a_challenge_is_good_for_a_thousand_blocks),
        SIM_TEST(a_stranger_cannot_push_out_a_challenge),
        SIM_TEST(the_newest_challenge_is_shown_while_it_is_good),
        TEST(without_a_chain_id_nothing_can_be_bound),
    };
    return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
