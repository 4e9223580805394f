/* tests/contract/test_vm_secret.c — secrets in NEAR's VM: what only its stack, its memory and its
 * gas can show. */
#include "tests/contract/vm_calls.h"

#define NAMED "\"accessor\":{\"Repo\":{\"repo\":\"r\"}},\"profile\":\"p\""
#define TOO_DEEP "Failed to deserialize input from JSON: nested too deeply"
#define NOT "{\"Not\":{\"condition\":"
#define OR "{\"Logic\":{\"conditions\":["
#define OR_END "],\"operator\":\"Or\"}}"

/* store_secrets with a ciphertext of n bytes and a condition of `accounts` names inside `depth`
 * nodes. */
static const struct nearvm_outcome *store(size_t n, unsigned accounts, unsigned depth,
                                          const char *before, const char *behind)
{
    const size_t room = 4096 + n + accounts * 24 + depth * 80;
    const struct nearvm_outcome *o;
    char *args = malloc(room), *at = args;

    assert_non_null(args);
    at += sprintf(at, "{" NAMED ",\"encrypted_secrets_base64\":\"");
    memset(at, 'A', n);
    at += n + (size_t)sprintf(at + n, "\",\"access\":");
    for (unsigned i = 0; i < depth; i++)
        at += sprintf(at, "%s", before);
    if (accounts == 0) at += sprintf(at, "\"AllowAll\"");
    for (unsigned i = 0; i < accounts; i++)
        at += sprintf(at, "%s\"account-%07u.near\"",
                      i == 0 ? "{\"Whitelist\":{\"accounts\":[" : ",", i);
    if (accounts > 0) at += sprintf(at, "]}}");
    for (unsigned i = 0; i < depth; i++)
        at += sprintf(at, "%s", behind);
    strcpy(at, "}");
    o = vmhost_call(h, &(struct vmhost_call){.method = "store_secrets",
                                             .args = alc_cstr(args),
                                             .deposit = (__uint128_t)ALC_NEAR_TGAS *
                                                        1000000000000u * (1 + room / 50000)});
    free(args);
    return o;
}

static void conditions_as_deep_as_json_may_be_fit_the_stack(void **state)
{
    (void)state;
    assert_true(vmhost_ok(store(4, 0, 63, NOT, "}}")));
    assert_true(vmhost_panicked(store(4, 0, 64, NOT, "}}"), TOO_DEEP));
    assert_true(vmhost_ok(store(4, 0, 42, OR, OR_END)));
    assert_true(vmhost_panicked(store(4, 0, 43, OR, OR_END), TOO_DEEP));
    assert_true(vmhost_panicked(store(4, 0, 20000, OR, OR_END), TOO_DEEP));
}

/* Twice the accounts cost twice the gas, 41 nodes deep too, where each operator comes last. */
static void gas_follows_the_length_of_a_condition(void **state)
{
    static const unsigned depths[] = {1, 41};
    uint64_t gas[2][3];
    (void)state;
    for (size_t d = 0; d < 2; d++) {
        for (unsigned i = 0; i < 3; i++) {
            const struct nearvm_outcome *o = store(4, 1000u << i, depths[d], OR, OR_END);
            assert_true(vmhost_ok(o));
            gas[d][i] = o->burnt_gas;
            assert_true(vmhost_ok(vmhost_do(h, "delete_secrets", "{" NAMED "}")));
        }
        print_message("%2u deep: %.2f, %.2f, %.2f Tgas for 1000, 2000, 4000 accounts\n", depths[d],
                      tgas(gas[d][0]), tgas(gas[d][1]), tgas(gas[d][2]));
        assert_in_range(gas[d][2] - gas[d][1], 1, (gas[d][1] - gas[d][0]) * 21 / 10);
    }
    assert_in_range(gas[1][2], 1, gas[0][2] * 11 / 10);
}

static void a_megabyte_of_ciphertext_is_taken_and_read(void **state)
{
    const struct nearvm_outcome *o = store(1 << 20, 0, 0, "", "");
    (void)state;
    assert_true(vmhost_ok(o));
    print_message("store_secrets, 1 MiB: %.1f Tgas\n", tgas(o->burnt_gas));
    o = vmhost_view(h, "get_secrets", "{" NAMED ",\"owner\":\"" VMHOST_SIGNER "\"}");
    assert_true(vmhost_ok(o));
    assert_in_range(o->value.n, 1 << 20, (1 << 20) + 512);
    assert_true(vmhost_ok(vmhost_do(h, "delete_secrets", "{" NAMED "}")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_contract, close_contract)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(conditions_as_deep_as_json_may_be_fit_the_stack),
        TEST(gas_follows_the_length_of_a_condition),
        TEST(a_megabyte_of_ciphertext_is_taken_and_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
