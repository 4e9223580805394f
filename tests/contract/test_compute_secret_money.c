/* tests/contract/test_compute_secret_money.c — over random calls, what was paid in for secrets is
 * what was sent back, what the views report as held, and the floors of payment keys: to the last
 * unit. */
#include "tests/contract/compute_secrets.h"

#define ROUNDS 4000u
#define PEOPLE 3u

static const char *const people[PEOPLE] = {"alice.near", "bob.near", "charlie"};

/* xorshift64*: the same calls in every run. */
static uint64_t seed;

static unsigned pick(unsigned n)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (unsigned)((seed * UINT64_C(2685821657736338717)) >> 33) % n;
}

static const char *random_name(void)
{
    static const char *const accessors[] = {
        REPO, "{\"Repo\":{\"repo\":\"github.com/a/b\"}}", PAYMENT_KEY,
        ("{\"WasmHash\":{\"hash\":\"ABABabababababababababababababababababababababababababababab"
         "abab\"}}")};
    const unsigned which = pick(4);

    return fmt("\"accessor\":%s,\"profile\":\"%u\"", accessors[which],
               which == 2 ? 1 + pick(200) : pick(3));
}

static const char *random_access(void)
{
    static const char *const accesses[] = {
        "\"AllowAll\"", "{\"Whitelist\":{\"accounts\":[\"a.near\",\"b.near\"]}}",
        "{\"Logic\":{\"conditions\":[\"AllowAll\"],\"operator\":\"Or\"}}",
        "{\"Logic\":{\"conditions\":[],\"operator\":\"Or\"}}"};
    return accesses[pick(4)];
}

static bool random_call(void)
{
    const unsigned what = pick(8);
    const char *name = random_name();

    if (what < 4)
        return call("store_secrets",
                    alc_cstr(fmt("{%s,\"encrypted_secrets_base64\":\"%.*s\",\"access\":%s%s}", name,
                                 (int)pick(9), "AAAAAAAA", random_access(),
                                 pick(3) == 0 ? ",\"vault_id\":\"v.near\"" : "")));
    if (what < 6)
        return call("update_access",
                    alc_cstr(fmt("{%s,\"new_access\":%s}", name, random_access())));
    return call(what == 6 ? "delete_secrets" : "unbind_secret_vault", alc_cstr(fmt("{%s}", name)));
}

/* What the list of an account says is held, and what its floor cost. */
static near_u128 reported(const char *account, unsigned *secrets)
{
    near_u128 sum = 0;

    ok("list_user_secrets", fmt("{\"account_id\":\"%s\",\"limit\":500}", account));
    for (const char *p = (const char *)fake_returned().p;
         (p = strstr(p, "\"storage_deposit\":\"")) != NULL; (*secrets)++) {
        near_u128 v = 0;
        for (p += strlen("\"storage_deposit\":\""); *p != '"'; p++)
            v = v * 10 + (unsigned)(*p - '0');
        sum += v;
    }
    ok("get_payment_key_nonce_floor", fmt("{\"account_id\":\"%s\"}", account));
    if (strcmp((const char *)fake_returned().p, "0") != 0) sum += (49 + strlen(account)) * BYTE;
    return sum;
}

static void nothing_is_made_and_nothing_is_lost(void **state)
{
    static const near_u128 amounts[] = {0, 1, 5 * MILLI, 2 * MILLI, 3 * BYTE, 214 * BYTE - 1};
    near_u128 in = 0, out = 0;
    const size_t empty = fake_records();
    unsigned passed = 0, secrets = 0, most = 0;
    (void)state;
    seed = 20260101;
    for (unsigned i = 0; i < ROUNDS; i++) {
        near_u128 held = 0;
        const char *caller = people[pick(PEOPLE)];

        as(caller);
        fake_env.deposit = amounts[pick(6)];
        fake_env.time_ns++;
        if (random_call()) {
            passed++;
            in += fake_env.deposit;
        }
        for (size_t r = 0; r < fake_receipts(); r++) {
            assert_string_equal(fake_receipt(r)->receiver, caller);
            out += fake_receipt(r)->amount;
        }
        fake_env.deposit = 0;
        if (i % 8 != 0) continue;
        secrets = 0;
        for (unsigned a = 0; a < PEOPLE; a++)
            held += reported(people[a], &secrets);
        assert_true(in == out + held);
        if (secrets > most) most = secrets;
    }
    print_message("%u of %u calls passed, up to %u secrets at a time\n", passed, ROUNDS, most);
    assert_in_range(passed, ROUNDS / 8, ROUNDS);
    assert_in_range(most, 10, ROUNDS);
    /* two records each, and a floor for each account */
    assert_in_range(fake_records(), empty, empty + 2 * most + PEOPLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(nothing_is_made_and_nothing_is_lost)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
