/* tests/contract/test_compute_secret_views.c — what anybody may read of secrets. */
#include "tests/contract/compute_secrets.h"

#define HASH_64 "abababababababababababababababababababababababababababababababab"
#define ALL "\"AllowAll\""
#define T "1700000000000000000"
#define BARE "{\"Repo\":{\"repo\":\"github.com/a/b\",\"branch\":null}}"
#define OTHER "{\"Repo\":{\"repo\":\"github.com/a/b\",\"branch\":\"dev\"}}"

static const char *at(const char *accessor, const char *profile)
{
    return fmt("{\"accessor\":%s,\"profile\":\"%s\",\"owner\":\"charlie\"}", accessor, profile);
}

static const char *secret(const char *data, const char *accessor, unsigned bytes)
{
    return fmt("{\"encrypted_secrets\":\"%s\",\"access\":" ALL ",\"created_at\":" T
               ",\"updated_at\":" T
               ",\"storage_deposit\":\"%u0000000000000000000\",\"accessor\":%s}",
               data, bytes, accessor);
}

static void a_branch_falls_back_to_its_repository(void **state)
{
    (void)state;
    returns("null", "get_secrets", at(REPO, "p"));
    returns("{\"profile\":null,\"vault_id\":null}", "get_secret_with_vault", at(REPO, "p"));
    store_secret(REPO, "p", "MAIN", ALL, "");
    store_secret(BARE, "p", "BARE", ALL, ",\"vault_id\":\"v.near\"");
    returns(secret("MAIN", REPO, 208), "get_secrets", at(REPO, "p"));
    returns(secret("BARE", BARE, 344), "get_secrets", at(BARE, "p"));
    returns(secret("BARE", BARE, 344), "get_secrets", at(OTHER, "p"));
    returns(secret("BARE", BARE, 344), "get_secrets",
            at("{\"Repo\":{\"repo\":\"github.com/a/b\"}}", "p"));
    returns("null", "get_secrets", at(OTHER, "q"));
    /* the binding is that of the secret that was found */
    returns(fmt("{\"profile\":%s,\"vault_id\":\"v.near\"}", secret("BARE", BARE, 344)),
            "get_secret_with_vault", at(OTHER, "p"));
    returns(fmt("{\"profile\":%s,\"vault_id\":null}", secret("MAIN", REPO, 208)),
            "get_secret_with_vault", at(REPO, "p"));
    /* these two look for what was named alone */
    returns("null", "get_secret_vault", at(OTHER, "p"));
    returns("\"v.near\"", "get_secret_vault", at(BARE, "p"));
    returns("null", "get_secret_vault", at(REPO, "p"));
    returns("false", "secrets_exist", at(OTHER, "p"));
    returns("true", "secrets_exist", at(BARE, "p"));
    returns("false", "secrets_exist",
            at("{\"Repo\":{\"repo\":\"github.com/a/b\",\"branch\":\"\"}}", "p"));
}

static void names_are_looked_up_in_their_canonical_form(void **state)
{
#define LOWER "{\"WasmHash\":{\"hash\":\"" HASH_64 "\"}}"
#define MIXED                                                                                      \
    "{\"WasmHash\":{\"hash\":"                                                                     \
    "\"ABabababababababababababababababababababababababababababababABAB\"}}"
    (void)state;
    store_secret(MIXED, "p", "HASH", ALL, "");
    returns(secret("HASH", LOWER, 249), "get_secrets", at(LOWER, "p"));
    returns(secret("HASH", LOWER, 249), "get_secrets", at(MIXED, "p"));
    store_secret(PAYMENT_KEY, "+0012", "CODE", ALL, "");
    returns(secret("CODE", PAYMENT_KEY, 183), "get_secrets", at(PAYMENT_KEY, "12"));
    returns(secret("CODE", PAYMENT_KEY, 183), "get_secrets", at(PAYMENT_KEY, "012"));
    returns("true", "secrets_exist", at("{\"System\":{\"PaymentKey\":null}}", "+12"));
    /* only of payment keys, and repositories are compared as given */
    store_secret(REPO, "12", "REPO", ALL, "");
    returns("false", "secrets_exist", at(REPO, "012"));
    returns("false", "secrets_exist",
            at("{\"Repo\":{\"repo\":\"GitHub.com/a/b\",\"branch\":\"main\"}}", "12"));
#undef MIXED
#undef LOWER
}

static const char *listed(const char *profile, unsigned bytes)
{
    return fmt("{\"accessor\":" REPO ",\"profile\":\"%s\",\"created_at\":" T ",\"updated_at\":" T
               ",\"storage_deposit\":\"%u0000000000000000000\",\"access\":" ALL "}",
               profile, bytes);
}

static const char *page(const char *from, const char *limit)
{
    return fmt("{\"account_id\":\"charlie\",\"from_index\":%s,\"limit\":%s}", from, limit);
}

static void secrets_are_listed_in_the_order_they_came(void **state)
{
    (void)state;
    returns("[]", "list_user_secrets", "{\"account_id\":\"charlie\"}");
    store_secret(REPO, "a", "AAAA", ALL, "");
    store_secret(REPO, "b", "AAAA", ALL, "");
    store_secret(REPO, "c", "AAAA", ALL, "");
    store_secret(REPO, "a", "AAAAA", ALL, ""); /* again: it keeps its place */
    returns(fmt("[%s,%s,%s]", listed("a", 209), listed("b", 208), listed("c", 208)),
            "list_user_secrets", "{\"account_id\":\"charlie\"}");
    returns(fmt("[%s]", listed("b", 208)), "list_user_secrets", page("1", "1"));
    returns(fmt("[%s,%s]", listed("b", 208), listed("c", 208)), "list_user_secrets",
            page("1", "null"));
    returns("[]", "list_user_secrets", page("0", "0"));
    returns("[]", "list_user_secrets", page("3", "10"));
    returns("[]", "list_user_secrets", page("18446744073709551615", "18446744073709551615"));
    returns("[]", "list_user_secrets", page("4294967296", "1"));
    returns("[]", "list_user_secrets", "{\"account_id\":\"dave.near\"}");
    ok("delete_secrets", "{\"accessor\":" REPO ",\"profile\":\"a\"}");
    returns(fmt("[%s,%s]", listed("c", 208), listed("b", 208)), "list_user_secrets",
            page("null", "null"));
    panics("Failed to deserialize input from JSON", "list_user_secrets", "{}");
    panics("Failed to deserialize input from JSON", "list_user_secrets", page("-1", "1"));
}

static size_t count_listed(const char *args)
{
    size_t n = 0;

    ok("list_user_secrets", args);
    for (const char *p = (const char *)fake_returned().p; (p = strstr(p, "\"profile\"")) != NULL;
         p++)
        n++;
    return n;
}

static void a_page_has_100_secrets_and_at_most_500(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 510; i++)
        store_secret("{\"Repo\":{\"repo\":\"r\"}}", fmt("p%u", i), "A", ALL, "");
    assert_int_equal(count_listed("{\"account_id\":\"charlie\"}"), 100);
    assert_int_equal(count_listed(page("0", "500")), 500);
    assert_int_equal(count_listed(page("0", "501")), 500);
    assert_int_equal(count_listed(page("9", "4294967297")), 500);
    assert_int_equal(count_listed(page("500", "500")), 10);
}

/* ---- Estimates ---- */

static void estimate_is(unsigned bytes, const char *accessor, const char *profile, const char *data,
                        const char *more)
{
    returns(fmt("\"%u0000000000000000000\"", bytes), "estimate_storage_cost",
            fmt("{\"accessor\":%s,\"profile\":\"%s\",\"owner\":\"charlie\","
                "\"encrypted_secrets_base64\":\"%s\",\"access\":" ALL "%s}",
                accessor, profile, data, more));
}

static void an_estimate_is_what_storing_would_require(void **state)
{
    (void)state;
    estimate_is(214, REPO, "default", "AAAA", "");
    estimate_is(372, REPO, "default", "AAAA", ",\"vault_id\":\"vault.test\"");
    estimate_is(364, PAYMENT_KEY, "1", "AAAA", ",\"vault_id\":\"vault.test\"");
    estimate_is(182 + 56, PAYMENT_KEY, "01", "AAAA", "");
    /* an update is quoted in full, with the binding that it will keep */
    store_secret(REPO, "default", "AAAA", ALL, ",\"vault_id\":\"v.near\"");
    estimate_is(372, REPO, "default", "AAAA", "");
    estimate_is(372, REPO, "default", "AAAA", ",\"vault_id\":null");
    /* the floor is paid for by the first key alone */
    store_secret(PAYMENT_KEY, "5", "AAAA", ALL, "");
    estimate_is(182, PAYMENT_KEY, "5", "AAAA", "");
    estimate_is(182, PAYMENT_KEY, "6", "AAAA", "");
    estimate_is(182, PAYMENT_KEY, "4", "AAAA", ""); /* used: priced all the same */
    ok("delete_secrets", "{\"accessor\":" PAYMENT_KEY ",\"profile\":\"5\"}");
    estimate_is(182, PAYMENT_KEY, "5", "AAAA", "");
}

static void an_estimate_validates_nothing_but_bounds(void **state)
{
    (void)state;
    estimate_is(40 + 7 + 4 + 11 + 4 + 20 + 32 + 64, "{\"WasmHash\":{\"hash\":\"zz\"}}", "", "", "");
    estimate_is(40 + 6 + 4 + 11 + 4 + 20 + 32 + 64, "{\"Repo\":{\"repo\":\"\"}}", "", "", "");
    estimate_is(40 + 5 + 7 + 11 + 4 + 20 + 32 + 64, "{\"Project\":{\"project_id\":\"\"}}", "a b",
                "", "");
    estimate_is(40 + 2 + 5 + 11 + 4 + 20 + 32 + 64 + 56, PAYMENT_KEY, "x", "", "");
    panics("must hold at least one condition", "estimate_storage_cost",
           "{\"accessor\":" REPO ",\"profile\":\"p\",\"owner\":\"charlie\","
           "\"encrypted_secrets_base64\":\"A\",\"access\":{\"Logic\":[\"Or\",[]]}}");
    panics("missing field owner", "estimate_storage_cost",
           "{\"accessor\":" REPO ",\"profile\":\"p\",\"encrypted_secrets_base64\":\"A\",\"access\":"
           "\"AllowAll\"}");
}

static void profiles_are_no_longer_listed(void **state)
{
    (void)state;
    store_secret(REPO, "default", "AAAA", ALL, "");
    returns("[]", "list_profiles", "{\"_repo\":\"github.com/a/b\",\"_branch\":\"main\"}");
    returns("[]", "list_profiles", "{\"_repo\":\"github.com/a/b\"}");
    panics("missing field _repo", "list_profiles", "{\"repo\":\"github.com/a/b\"}");
}

static void nothing_is_read_before_new(void **state)
{
    static const char *const named[] = {"get_secrets", "get_secret_vault", "get_secret_with_vault",
                                        "secrets_exist"};
    (void)state;
    fake_reset();
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
        panics("The contract is not initialized", named[i], at(REPO, "p"));
    panics("The contract is not initialized", "list_user_secrets", page("0", "1"));
    panics("The contract is not initialized", "list_profiles", "{\"_repo\":\"\"}");
    panics("The contract is not initialized", "estimate_storage_cost",
           "{\"accessor\":" REPO ",\"profile\":\"p\",\"owner\":\"charlie\","
           "\"encrypted_secrets_base64\":\"A\",\"access\":" ALL "}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_branch_falls_back_to_its_repository),
        TEST(names_are_looked_up_in_their_canonical_form),
        TEST(secrets_are_listed_in_the_order_they_came),
        TEST(a_page_has_100_secrets_and_at_most_500),
        TEST(an_estimate_is_what_storing_would_require),
        TEST(an_estimate_validates_nothing_but_bounds),
        TEST(profiles_are_no_longer_listed),
        TEST(nothing_is_read_before_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
