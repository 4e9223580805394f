/* tests/contract/test_compute_secret.c — secrets are stored, edited, unbound and deleted: rules in
 * their order, deposits to the last unit. */
#include "tests/contract/compute_secrets.h"

#define HASH_64 "abababababababababababababababababababababababababababababababab"
#define AT "{\"accessor\":" REPO ",\"profile\":\"default\",\"owner\":\"charlie\"}"
#define MINE "{\"accessor\":" REPO ",\"profile\":\"default\"}"
#define KEY_1 "{\"accessor\":" PAYMENT_KEY ",\"profile\":\"1\"}"
#define ALL "\"AllowAll\""
#define VAULT ",\"vault_id\":\"vault.test\""

static const char *args_of(const char *accessor, const char *profile, const char *data,
                           const char *access, const char *more)
{
    return fmt("{\"accessor\":%s,\"profile\":\"%s\",\"encrypted_secrets_base64\":\"%s\","
               "\"access\":%s%s}",
               accessor, profile, data, access, more);
}

/* `call` with `yocto` attached; "": it passes. */
static void with(near_u128 yocto, const char *phrase, const char *method, const char *args)
{
    fake_env.deposit = yocto;
    if (*phrase == 0)
        ok(method, args);
    else
        panics(phrase, method, args);
    fake_env.deposit = 0;
}

static void update(near_u128 yocto, const char *phrase, const char *access)
{
    with(yocto, phrase, "update_access",
         fmt("{\"accessor\":" REPO ",\"profile\":\"default\",\"new_access\":%s}", access));
}

static void secret_is(const char *data, const char *access, uint64_t created, uint64_t updated,
                      unsigned bytes)
{
    returns(fmt("{\"encrypted_secrets\":\"%s\",\"access\":%s,\"created_at\":%" PRIu64
                ",\"updated_at\":%" PRIu64 ",\"storage_deposit\":\"%u0000000000000000000\","
                "\"accessor\":" REPO "}",
                data, access, created, updated, bytes),
            "get_secrets", AT);
}

/* ---- Deposits ---- */

static void a_new_secret_costs_what_the_formula_says(void **state)
{
    const char *args = args_of(REPO, "default", "AAAA", ALL, "");
    const uint64_t now = fake_env.time_ns;
    (void)state;
    as("charlie");
    with(214 * BYTE - 1,
         "Insufficient storage deposit: required 2140000000000000000000 yoctoNEAR, attached "
         "2139999999999999999999",
         "store_secrets", args);
    assert_int_equal(fake_receipts(), 0);
    returns("null", "get_secrets", AT);
    with(214 * BYTE, "", "store_secrets", args);
    assert_int_equal(fake_receipts(), 0);
    assert_int_equal(fake_logs(), 0);
    assert_null(fake_returned().p);
    secret_is("AAAA", ALL, now, now, 214);
    ok("delete_secrets", MINE);
    refunds("charlie", 214 * BYTE);
    panics("Secrets not found", "delete_secrets", MINE);
    assert_int_equal(fake_receipts(), 0);
    with(214 * BYTE + 1, "", "store_secrets", args);
    refunds("charlie", 1);
}

static void every_accessor_has_its_own_bytes(void **state)
{
    (void)state;
    assert_int_equal(
        store_secret("{\"Repo\":{\"repo\":\"github.com/a/b\"}}", "default", "AAAA", ALL, ""),
        214 - 8);
    assert_int_equal(
        store_secret("{\"WasmHash\":{\"hash\":\"" HASH_64 "\"}}", "default", "AAAA", ALL, ""),
        214 - 28 + 69);
    as("charlie");
    with(100 * MILLI, "", "create_project", "{\"name\":\"app\"," SOURCE "}");
    assert_int_equal(
        store_secret("{\"Project\":{\"project_id\":\"charlie/app\"}}", "default", "AAAA", ALL, ""),
        214 - 28 + 16);
    /* of the condition the compact text counts, of a text its bytes */
    assert_int_equal(store_secret("{\"Repo\":{\"repo\":\"r\"}}", "\xc3\xa9", "\xc3\xa9\\n",
                                  "{ \"NftOwned\": {\"contract\":\"aa\"}}", ""),
                     40 + (1 + 4 + 1 + 1) + (4 + 2) + (4 + 7) + (4 + 3) + 46 + 10 + 32 + 64);
}

static void an_update_pays_the_difference_and_starts_anew(void **state)
{
    uint64_t now;
    (void)state;
    assert_int_equal(store_secret(REPO, "default", "AAAA", ALL, ""), 214);
    fake_env.time_ns += 5;
    now = fake_env.time_ns;
    with(4 * BYTE - 1, "Insufficient deposit for update: required 2180000000000000000000",
         "store_secrets", args_of(REPO, "default", "AAAABBBB", ALL, ""));
    with(4 * BYTE, "", "store_secrets", args_of(REPO, "default", "AAAABBBB", ALL, ""));
    assert_int_equal(fake_receipts(), 0);
    secret_is("AAAABBBB", ALL, now, now, 218);
    with(0, "", "store_secrets", args_of(REPO, "default", "CCCC", ALL, ""));
    refunds("charlie", 4 * BYTE);
    with(7, "", "store_secrets", args_of(REPO, "default", "CC", ALL, ""));
    refunds("charlie", 2 * BYTE + 7);
    secret_is("CC", ALL, now, now, 212);
}

static void an_edited_condition_pays_or_pays_back(void **state)
{
#define ONE "{\"Whitelist\":{\"accounts\":[\"aa\"]}}" /* 23 bytes more than AllowAll */
    const uint64_t then = fake_env.time_ns, now = then + 9;
    (void)state;
    as("charlie");
    update(BYTE, "Secrets not found", "{\"Logic\":[\"And\",[]]}");
    store_secret(REPO, "default", "AAAA", ALL, "");
    fake_env.time_ns = now;
    update(0, "must hold at least one condition", "{\"Logic\":[\"And\",[]]}");
    update(23 * BYTE - 1, "Insufficient deposit for this condition", ONE);
    secret_is("AAAA", ALL, then, then, 214);
    update(23 * BYTE, "", ONE);
    assert_int_equal(fake_receipts(), 0);
    secret_is("AAAA", ONE, then, now, 237);
    update(3, "", ONE);
    refunds("charlie", 3);
    fake_env.time_ns++;
    update(0, "", ALL);
    refunds("charlie", 23 * BYTE);
    secret_is("AAAA", ALL, then, now + 1, 214);
#undef ONE
}

/* ---- Bindings ---- */

static void a_binding_is_paid_for_as_long_as_it_is_counted(void **state)
{
    const unsigned bound = 214 + 40 + 50 + 4 + 64;
    (void)state;
    as("charlie");
    panics("secret not found or not owned by caller", "unbind_secret_vault", MINE);
    assert_int_equal(store_secret(REPO, "default", "AAAA", ALL, VAULT), bound);
    returns("\"vault.test\"", "get_secret_vault", AT);
    /* none leaves it, another replaces it, at the same price */
    with(0, "", "store_secrets", args_of(REPO, "default", "AAAA", ALL, ""));
    returns("\"vault.test\"", "get_secret_vault", AT);
    with(0, "", "store_secrets", args_of(REPO, "default", "AAAA", ALL, ",\"vault_id\":null"));
    returns("\"vault.test\"", "get_secret_vault", AT);
    with(0, "", "store_secrets",
         args_of(REPO, "default", "AAAA", ALL, ",\"vault_id\":\"a-longer-name.vault.test\""));
    assert_int_equal(fake_receipts(), 0);
    returns("\"a-longer-name.vault.test\"", "get_secret_vault", AT);
    update(0, "", ALL);
    assert_int_equal(fake_receipts(), 0);
    /* unbinding refunds nothing; the next change of the row does */
    as("mallory");
    panics("secret not found or not owned by caller", "unbind_secret_vault", MINE);
    as("charlie");
    with(1, "doesn't accept deposit", "unbind_secret_vault", MINE);
    ok("unbind_secret_vault", MINE);
    assert_int_equal(fake_receipts(), 0);
    returns("null", "get_secret_vault", AT);
    secret_is("AAAA", ALL, fake_env.time_ns, fake_env.time_ns, bound);
    ok("unbind_secret_vault", MINE);
    update(0, "", ALL);
    refunds("charlie", (bound - 214) * BYTE);
    /* and a deletion forgets it */
    store_secret(REPO, "default", "AAAA", ALL, VAULT);
    ok("delete_secrets", MINE);
    refunds("charlie", bound * BYTE);
    store_secret(REPO, "default", "AAAA", ALL, "");
    returns("null", "get_secret_vault", AT);
}

/* ---- Payment keys ---- */

static const char *announced(unsigned nonce, const char *data)
{
    return fmt("EVENT_JSON:{\"standard\":\"near-outlayer\",\"version\":\"1.0.0\",\"event\":"
               "\"system_event\",\"data\":[{\"TopUpPaymentKey\":{\"data_id\":[0,0,0,0,0,0,0,0,0,0,"
               "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],\"owner\":\"charlie\",\"nonce\":%u,"
               "\"amount\":\"0\",\"encrypted_data\":\"%s\"}}]}",
               nonce, data);
}

static void a_payment_key_is_written_once_above_the_floor(void **state)
{
    const char *first = args_of(PAYMENT_KEY, "1", "AAAA", ALL, VAULT);
    (void)state;
    as("charlie");
    with(364 * BYTE - 1, "Insufficient storage deposit: required 3640000000000000000000",
         "store_secrets", first);
    assert_int_equal(fake_logs(), 0);
    returns("0", "get_payment_key_nonce_floor", "{\"account_id\":\"charlie\"}");
    with(364 * BYTE, "", "store_secrets", first);
    assert_int_equal(fake_receipts(), 0);
    assert_int_equal(fake_logs(), 1);
    log_is(0, announced(1, "AAAA"));
    returns("1", "get_payment_key_nonce_floor", "{\"account_id\":\"charlie\"}");
    with(364 * BYTE, "already exists", "store_secrets", args_of(PAYMENT_KEY, "+01", "B", ALL, ""));
    /* the next ones pay no floor, and rise */
    assert_int_equal(store_secret(PAYMENT_KEY, "007", "AAAA", ALL, ""), 308 - 40 - 18 - 4 - 64);
    log_is(0, announced(7, "AAAA"));
    with(364 * BYTE, "has already been used by this account", "store_secrets",
         args_of(PAYMENT_KEY, "6", "AAAA", ALL, ""));
    /* a deletion keeps the floor, which nobody pays back */
    ok("delete_secrets", KEY_1);
    refunds("charlie", 308 * BYTE);
    ok("delete_secrets", "{\"accessor\":" PAYMENT_KEY ",\"profile\":\"07\"}");
    refunds("charlie", 182 * BYTE);
    with(364 * BYTE, "has already been used by this account", "store_secrets",
         args_of(PAYMENT_KEY, "7", "AAAA", ALL, ""));
    returns("8", "get_next_payment_key_nonce", "{\"account_id\":\"charlie\"}");
    assert_int_equal(store_secret(PAYMENT_KEY, "2147483647", "AAAA", ALL, ""), 191);
    /* others have a floor of their own */
    as("dave.near");
    with(100 * MILLI, "", "store_secrets", args_of(PAYMENT_KEY, "1", "AAAA", ALL, ""));
    assert_int_equal(kept_bytes(100 * MILLI, "dave.near"), 182 + 2 + 49 + 9);
}

static void a_nonce_is_a_number_from_1_to_2147483647(void **state)
{
    static const char *const bad[] = {"", "a", "-1", "1.0", " 1", "++1", "+", "0x1", "4294967296"};
    (void)state;
    as("charlie");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        with(MILLI, "must be a number from 1 to 2147483647", "store_secrets",
             args_of(PAYMENT_KEY, bad[i], "AAAA", ALL, ""));
    with(MILLI, "must be a number from 1 to 2147483647", "store_secrets",
         args_of(PAYMENT_KEY, "000", "AAAA", ALL, ""));
    with(MILLI, "must be a number from 1 to 2147483647", "store_secrets",
         args_of(PAYMENT_KEY, "2147483648", "AAAA", ALL, ""));
    with(MILLI, "must be a number from 1 to 2147483647", "store_secrets",
         args_of(PAYMENT_KEY, "4294967295", "AAAA", ALL, ""));
}

/* ---- Rules ---- */

#define EMPTY_AND "{\"Logic\":[\"And\",[]]}"
#define BAD_REPO "{\"Repo\":{\"repo\":\"\"}}"

static void checks_come_in_order(void **state)
{
    (void)state;
    as("charlie");
    with(0, "must hold at least one condition", "store_secrets",
         args_of(BAD_REPO, "a b", "", EMPTY_AND, ""));
    with(0, "accessor.repo must not be empty", "store_secrets",
         args_of(BAD_REPO, "a b", "", ALL, ""));
    with(0,
         "profile must be 1\xe2\x80\x93"
         "64 bytes of letters, digits, '-' or '_' (it contains ' ')",
         "store_secrets", args_of(REPO, "a b", "", ALL, ""));
    with(0, "encrypted_secrets_base64 must not be empty", "store_secrets",
         args_of(REPO, HASH_64, "", ALL, ""));
    with(0, "profile of 64 hex digits must be the owner's account id", "store_secrets",
         args_of(REPO, HASH_64, "A", ALL, ""));
    with(0, "Insufficient storage deposit", "store_secrets", args_of(REPO, "p", "A", ALL, ""));
    /* a nonce comes before the profile's rule, an existing key before the floor */
    with(0, "must be a number from 1 to 2147483647", "store_secrets",
         args_of(PAYMENT_KEY, "a b", "", ALL, ""));
    with(0, "encrypted_secrets_base64", "store_secrets", args_of(PAYMENT_KEY, "1", "", ALL, ""));
    store_secret(PAYMENT_KEY, "1", "AAAA", ALL, "");
    with(0, "already exists", "store_secrets", args_of(PAYMENT_KEY, "1", "AAAA", ALL, ""));
    as(HASH_64);
    with(MILLI * 10, "", "store_secrets", args_of(REPO, HASH_64, "A", ALL, ""));
}

static void accessors_are_checked(void **state)
{
    static char branch[300];
    (void)state;
    as("charlie");
    memset(branch, 'b', 256);
    with(0, "accessor.branch must be 1 to 255 bytes", "store_secrets",
         args_of(fmt("{\"Repo\":{\"repo\":\"r\",\"branch\":\"%s\"}}", branch), "p", "A", ALL, ""));
    with(0, "accessor.branch must be 1 to 255 bytes", "store_secrets",
         args_of("{\"Repo\":{\"repo\":\"r\",\"branch\":\"\"}}", "p", "A", ALL, ""));
    assert_int_equal(store_secret(fmt("{\"Repo\":{\"branch\":\"%s\",\"repo\":\"r\"}}", branch + 1),
                                  "p", "A", ALL, ""),
                     40 + (1 + 4 + 1 + 1 + 4 + 255) + 5 + 11 + 5 + 20 + 32 + 64);
    with(0, "accessor.hash must be 64 hex digits", "store_secrets",
         args_of("{\"WasmHash\":{\"hash\":\"ab\"}}", "p", "A", ALL, ""));
    with(0, "accessor.hash must be 64 hex digits", "store_secrets",
         args_of("{\"WasmHash\":{\"hash\":\"g" HASH_64 "\"}}", "p", "A", ALL, ""));
    with(0, "does not exist", "store_secrets",
         args_of("{\"Project\":{\"project_id\":\"\"}}", "p", "A", ALL, ""));
    with(0, "does not exist", "store_secrets",
         args_of("{\"Project\":{\"project_id\":\"charlie\"}}", "p", "A", ALL, ""));
    with(0, "does not exist", "store_secrets",
         args_of("{\"Project\":{\"project_id\":\"charlie/app\"}}", "p", "A", ALL, ""));
    with(0, "does not exist", "store_secrets",
         args_of("{\"Project\":{\"project_id\":\"/\"}}", "p", "A", ALL, ""));
#define NONE "Failed to deserialize input from JSON"
    with(0, NONE, "store_secrets", args_of("{\"System\":\"Other\"}", "1", "A", ALL, ""));
    with(0, NONE, "store_secrets", args_of("{\"System\":{\"PaymentKey\":1}}", "1", "A", ALL, ""));
    with(0, NONE, "store_secrets", args_of("\"PaymentKey\"", "1", "A", ALL, ""));
    with(0, NONE, "store_secrets", args_of("{\"Repo\":{}}", "1", "A", ALL, ""));
    with(0, NONE, "store_secrets", args_of("{\"Org\":{\"repo\":\"r\"}}", "1", "A", ALL, ""));
    with(0, NONE, "store_secrets", args_of("null", "1", "A", ALL, ""));
    with(0, NONE, "store_secrets", args_of(REPO, "1", "A", ALL, ",\"vault_id\":\"V\""));
    with(0, NONE, "store_secrets", args_of(REPO, "1", "A", ALL, "," VAULT));
#undef NONE
}

static void secrets_work_while_the_contract_is_paused(void **state)
{
    (void)state;
    as("owner.test");
    ok("set_paused", "{\"paused\":true}");
    store_secret(REPO, "default", "AAAA", ALL, VAULT);
    update(0, "", ALL);
    ok("unbind_secret_vault", MINE);
    ok("delete_secrets", MINE);
}

static void a_stranger_reaches_nothing(void **state)
{
    (void)state;
    store_secret(REPO, "default", "AAAA", ALL, VAULT);
    as("mallory");
    panics("Secrets not found", "delete_secrets", MINE);
    update(MILLI, "Secrets not found", ALL);
    with(MILLI, "doesn't accept deposit", "delete_secrets", MINE);
    with(10 * MILLI, "", "store_secrets", args_of(REPO, "default", "MINE", ALL, ""));
    secret_is("AAAA", ALL, fake_env.time_ns, fake_env.time_ns, 372);
    ok("delete_secrets", MINE);
    refunds("mallory", 214 * BYTE);
    secret_is("AAAA", ALL, fake_env.time_ns, fake_env.time_ns, 372);
}

static void a_name_ends_where_a_storage_key_would(void **state)
{
    static char repo[2048];
    (void)state;
    memset(repo, 'r', 1990);
    store_secret(fmt("{\"Repo\":{\"repo\":\"%s\"}}", repo), "p", "A", ALL, "");
    memset(repo, 'r', 2040);
    with(100 * MILLI, "a name is too long", "store_secrets",
         args_of(fmt("{\"Repo\":{\"repo\":\"%s\"}}", repo), "p", "A", ALL, ""));
}

/* Names of the same bytes in other places are other names. */
static void names_do_not_run_into_each_other(void **state)
{
    (void)state;
    store_secret("{\"Repo\":{\"repo\":\"a\",\"branch\":\"b\"}}", "c", "1", ALL, "");
    store_secret("{\"Repo\":{\"repo\":\"ab\"}}", "c", "2", ALL, "");
    store_secret("{\"Repo\":{\"repo\":\"a\"}}", "bc", "3", ALL, "");
    store_secret("{\"WasmHash\":{\"hash\":\"" HASH_64 "\"}}", "c", "4", ALL, "");
    store_secret("{\"Repo\":{\"repo\":\"" HASH_64 "\"}}", "c", "5", ALL, "");
    ok("list_user_secrets", "{\"account_id\":\"charlie\"}");
    for (unsigned i = 0; i < 5; i++) {
        ok("list_user_secrets",
           fmt("{\"account_id\":\"charlie\",\"from_index\":%u,\"limit\":1}", i));
        assert_true(fake_returned().n > 2);
    }
    returns("[]", "list_user_secrets", "{\"account_id\":\"charlie\",\"from_index\":5}");
}

/* A secret has no limit of its own, and does not hinder its neighbours. */
static void a_long_ciphertext_is_kept_and_moves(void **state)
{
    const size_t n = 1 << 20;
    char *args = malloc(n + 512), *at = args;
    (void)state;
    assert_non_null(args);
    at += sprintf(at, "{\"accessor\":" REPO ",\"profile\":\"long\",\"access\":" ALL
                      ",\"encrypted_secrets_base64\":\"");
    memset(at, 'x', n);
    strcpy(at + n, "\"}");
    store_secret(REPO, "default", "AAAA", ALL, "");
    with(20000 * MILLI, "", "store_secrets", args);
    assert_int_equal(kept_bytes(20000 * MILLI, "charlie"), 214 - 3 - 4 + n);
    free(args);
    ok("delete_secrets", MINE); /* the long one moves into its place */
    ok("get_secrets", "{\"accessor\":" REPO ",\"profile\":\"long\",\"owner\":\"charlie\"}");
    assert_true(fake_returned().n > n);
    ok("delete_secrets", "{\"accessor\":" REPO ",\"profile\":\"long\"}");
    returns("[]", "list_user_secrets", "{\"account_id\":\"charlie\"}");
}

/* What is locked of the contract's balance is never more than what was deposited. */
static void a_secret_locks_no_more_than_its_deposit(void **state)
{
    static const struct {
        const char *what, *accessor, *profile, *access, *more;
    } rows[] = {
        {"Repo, branch", REPO, "default", ALL, ""},
        {"Repo, branch, vault", REPO, "bound", ALL, VAULT},
        {"Repo", "{\"Repo\":{\"repo\":\"r\"}}", "p", ALL, ""},
        {"WasmHash", "{\"WasmHash\":{\"hash\":\"" HASH_64 "\"}}", "p", ALL, ""},
        {"PaymentKey, floor", PAYMENT_KEY, "1", ALL, ""},
        {"PaymentKey", PAYMENT_KEY, "2", ALL, ""},
        {"Whitelist", REPO, "w", "{\"Whitelist\":{\"accounts\":[\"alice.near\"]}}", ""},
    };
    (void)state;
    for (unsigned edited = 0; edited < 2; edited++) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            uint64_t before, locked;
            int64_t paid;

            fresh(NULL);
            if (strcmp(rows[i].profile, "2") == 0) store_secret(PAYMENT_KEY, "1", "A", ALL, "");
            before = fake_state_bytes();
            paid = store_secret(rows[i].accessor, rows[i].profile, "AAAA", rows[i].access,
                                rows[i].more);
            fake_env.time_ns++;
            if (edited == 1)
                ok("update_access", fmt("{\"accessor\":%s,\"profile\":\"%s\",\"new_access\":%s}",
                                        rows[i].accessor, rows[i].profile, rows[i].access));
            locked = fake_state_bytes() - before;
            print_message("%-20s %s %3u bytes stored, %3d paid for\n", rows[i].what,
                          edited == 1 ? "edited," : "new,   ", (unsigned)locked, (int)paid);
            assert_in_range(locked, 1, paid);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_secret_costs_what_the_formula_says),
        TEST(every_accessor_has_its_own_bytes),
        TEST(an_update_pays_the_difference_and_starts_anew),
        TEST(an_edited_condition_pays_or_pays_back),
        TEST(a_binding_is_paid_for_as_long_as_it_is_counted),
        TEST(a_payment_key_is_written_once_above_the_floor),
        TEST(a_nonce_is_a_number_from_1_to_2147483647),
        TEST(checks_come_in_order),
        TEST(accessors_are_checked),
        TEST(secrets_work_while_the_contract_is_paused),
        TEST(a_stranger_reaches_nothing),
        TEST(names_do_not_run_into_each_other),
        TEST(a_name_ends_where_a_storage_key_would),
        TEST(a_long_ciphertext_is_kept_and_moves),
        TEST(a_secret_locks_no_more_than_its_deposit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
