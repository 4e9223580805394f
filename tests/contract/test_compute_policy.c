/* tests/contract/test_compute_policy.c — policies of wallets: who signs, who controls, who is paid
 * back. */
#include "tests/contract/compute_policies.h"

#include "purse.h"

#include "base/enc.h"
#include "crypto/crypto.h"

#define KEY "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c"
#define WALLET "ed25519:" KEY
#define NAMED "{\"wallet_pubkey\":\"" WALLET "\"}"
#define SIGNATURE                                                                                  \
    "cb933cceff848e3d4c62d5c83d3373d45886355057a16122610b41c438cc96ef"                             \
    "a61ac8e8cb1a49f7efa4000cc557cd325806bec1b84a3e82c3fcc1e3ffdb0708"
#define VECTOR                                                                                     \
    "{\"wallet_pubkey\":\"" WALLET                                                                 \
    "\",\"encrypted_data\":\"blob\",\"wallet_signature\":\"" SIGNATURE "\"}"
#define EVENT                                                                                      \
    "EVENT_JSON:{\"standard\":\"near-outlayer\",\"version\":\"1.0.0\",\"event\":\"system_event\"," \
    "\"data\":[{"
#define SPONSORED ",\"storage_refund_to\":\"sponsor.near\""
#define ITEM "{\"item\":{\"WalletPolicy\":{\"wallet_pubkey\":\"" WALLET "\"}},"
#define BYTES 217u
#define SPONSORED_BYTES 402u

static void pays(uint64_t bytes, const char *args)
{
    fake_env.deposit = storage_price(bytes);
    ok("store_wallet_policy", args);
    fake_env.deposit = 0;
}

static void store_panics(uint64_t bytes, const char *phrase, const char *args)
{
    fake_env.deposit = storage_price(bytes);
    panics(phrase, "store_wallet_policy", args);
    fake_env.deposit = 0;
}

static void frozen(bool yes)
{
    ok("get_wallet_policy", NAMED);
    assert_non_null(
        strstr((const char *)fake_returned().p, yes ? "\"frozen\":true" : "\"frozen\":false"));
}

static void updated_at(uint64_t ns)
{
    ok("get_wallet_policy", NAMED);
    assert_non_null(
        strstr((const char *)fake_returned().p, fmt("\"updated_at\":%" PRIu64 ",", ns)));
}

static void the_vector_holds(void **state)
{
    (void)state;
    as("ctrl.near");
    fake_env.time_ns = 77;
    store_panics(BYTES - 1, "Insufficient storage deposit", VECTOR);
    pays(BYTES, VECTOR);
    assert_int_equal(fake_receipts(), 0);
    log_is(0, EVENT "\"WalletPolicyUpdated\":{\"wallet_pubkey\":\"" WALLET
                    "\",\"owner\":\"ctrl.near\",\"encrypted_data\":\"blob\",\"frozen\":false}}]}");
    returns(
        "{\"owner\":\"ctrl.near\",\"encrypted_data\":\"blob\",\"frozen\":false,\"updated_at\":77,"
        "\"storage_refund_to\":null,\"storage_deposit\":\"2170000000000000000000\"}",
        "get_wallet_policy", NAMED);
    returns("[{\"wallet_pubkey\":\"" WALLET "\",\"owner\":\"ctrl.near\",\"frozen\":false,"
            "\"updated_at\":77,\"storage_refund_to\":null}]",
            "get_wallet_policies_by_owner", "{\"owner\":\"ctrl.near\"}");
    returns("true", "has_wallet_policy", NAMED);
    returns("[]", "get_wallet_policies_by_owner", "{\"owner\":\"other.near\"}");
}

static void the_formula_is_quoted(void **state)
{
    (void)state;
    returns("\"2170000000000000000000\"", "estimate_wallet_policy_cost",
            "{\"wallet_pubkey\":\"" WALLET "\",\"encrypted_data\":\"blob\"}");
    returns("\"4020000000000000000000\"", "estimate_wallet_policy_cost",
            "{\"wallet_pubkey\":\"" WALLET "\",\"encrypted_data\":\"blob\"" SPONSORED "}");
    returns("\"2170000000000000000000\"", "estimate_wallet_policy_cost",
            "{\"wallet_pubkey\":\"" WALLET
            "\",\"encrypted_data\":\"blob\",\"storage_refund_to\":null}");
    panics("not an account id", "estimate_wallet_policy_cost",
           "{\"wallet_pubkey\":\"x\",\"encrypted_data\":\"\",\"storage_refund_to\":\"!\"}");
}

static void junk_is_no_wallet(void **state)
{
    static const char *const junk[] = {"",
                                       "x",
                                       "ed25519:",
                                       "ed25519:" KEY "00",
                                       "secp256k1:" KEY "00",
                                       "secp256k1:04" KEY,
                                       "Ed25519:" KEY,
                                       "ed25519:zz4a6c63e29c520abef5507b132ec5f9954776aebebe7b92"
                                       "421eea691446d22c"};
    (void)state;
    as("ctrl.near");
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++) {
        const char *named = fmt("{\"wallet_pubkey\":\"%s\"}", junk[i]);
        returns("false", "has_wallet_policy", named);
        returns("null", "get_wallet_policy", named);
        panics("wallet_pubkey must be", "freeze_wallet", named);
        panics("wallet_pubkey must be", "delete_wallet_policy", named);
        store_panics(
            1000, "wallet_pubkey must be",
            fmt("{\"wallet_pubkey\":\"%s\",\"encrypted_data\":\"blob\",\"wallet_signature\":"
                "\"" SIGNATURE "\"}",
                junk[i]));
        panics("wallet_pubkey must be", "set_storage_refund_to",
               fmt("{\"item\":{\"WalletPolicy\":{\"wallet_pubkey\":\"%s\"}},\"storage_refund_to\":"
                   "\"a.near\"}",
                   junk[i]));
    }
    panics("unknown item", "set_storage_refund_to",
           "{\"item\":{\"Secret\":{}},\"storage_refund_to\":\"a.near\"}");
    panics("lacks its value", "set_storage_refund_to",
           "{\"item\":\"WalletPolicy\",\"storage_refund_to\":\"a.near\"}");
}

/* The canonical form is what is signed, found and shown. */
static void keys_come_in_either_case(void **state)
{
    char upper[sizeof KEY];
    (void)state;
    for (size_t i = 0; i < sizeof KEY; i++)
        upper[i] = KEY[i] >= 'a' && KEY[i] <= 'f' ? (char)(KEY[i] - 32) : KEY[i];
    as("ctrl.near");
    pays(BYTES, fmt("{\"wallet_pubkey\":\"ed25519:%s\",\"encrypted_data\":\"blob\","
                    "\"wallet_signature\":\"" SIGNATURE "\"}",
                    upper));
    assert_non_null(strstr((const char *)fake_log(0).p, "\"wallet_pubkey\":\"" WALLET "\""));
    returns("true", "has_wallet_policy", NAMED);
    returns("true", "has_wallet_policy", fmt("{\"wallet_pubkey\":\"ed25519:%s\"}", upper));
    ok("freeze_wallet", fmt("{\"wallet_pubkey\":\"ed25519:%s\"}", upper));
}

static void both_curves_sign(void **state)
{
    char args[1024];
    const char *of_secp;
    (void)state;
    as("ctrl.near");
    for (uint8_t seed = 1; seed < 9; seed++) { /* keys and signatures of both parities */
        pays(221, policy_args(SECP256K1, seed, "blob", "ctrl.near", ""));
        assert_int_equal(fake_receipts(), 0);
        pays(BYTES, policy_args(ED25519, seed, "blob", "ctrl.near", ""));
        returns("true", "has_wallet_policy",
                fmt("{\"wallet_pubkey\":\"%s\"}", wallet_text(SECP256K1, seed)));
    }
    /* another's signature, another caller's, another length, an s in the upper half */
    snprintf(args, sizeof args, "%s", policy_args(SECP256K1, 1, "blob", "other.near", ""));
    store_panics(500, "Invalid secp256k1 wallet signature", args);
    store_panics(500, "Invalid Ed25519 wallet signature",
                 policy_args(ED25519, 1, "blob", "other.near", ""));
    of_secp = wallet_sign(SECP256K1, 2, "store_wallet_policy:v1");
    store_panics(500, "Invalid secp256k1 wallet signature",
                 fmt("{\"wallet_pubkey\":\"%s\",\"encrypted_data\":\"blob\",\"wallet_signature\":"
                     "\"%s\"}",
                     wallet_text(SECP256K1, 1), of_secp));
    store_panics(500, "Invalid Ed25519 wallet signature",
                 fmt("{\"wallet_pubkey\":\"" WALLET "\",\"encrypted_data\":\"blob\","
                     "\"wallet_signature\":\"%s\"}",
                     of_secp));
    store_panics(500, "Invalid secp256k1 wallet signature",
                 fmt("{\"wallet_pubkey\":\"%s\",\"encrypted_data\":\"blob\",\"wallet_signature\":"
                     "\"" SIGNATURE "\"}",
                     wallet_text(SECP256K1, 1)));
    store_panics(500, "Invalid Ed25519 wallet signature",
                 "{\"wallet_pubkey\":\"" WALLET
                 "\",\"encrypted_data\":\"blob\",\"wallet_signature\":\"\"}");
}

/* n - s with the other parity verifies too, so it has to be refused; and v is 0 or 1 alone. */
static void a_signature_has_one_form(void **state)
{
    static const char order[] = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    const char *args;
    char changed[1024], *sig, text[131];
    uint8_t n[32], s[65];
    size_t len;
    int borrow = 0;
    size_t asked;
    (void)state;
    as("ctrl.near");
    args = policy_args(SECP256K1, 3, "blob", "ctrl.near", "");
    snprintf(changed, sizeof changed, "%s", args);
    sig = strstr(changed, "\"wallet_signature\":\"") + strlen("\"wallet_signature\":\"");
    assert_true(alc_hex_decode(n, sizeof n, &len, alc_cstr(order)));
    assert_true(alc_hex_decode(s, sizeof s, &len, (struct alc_bytes){(uint8_t *)sig, 130}));
    asked = fake_ecrecovers; /* which knows 2 and 3 too: the contract may not ask it */
    for (char v = '2'; v <= '4'; v++) {
        sig[129] = v;
        store_panics(500, "Invalid secp256k1 wallet signature", changed);
    }
    sig[128] = '8';
    sig[129] = s[64] == 0 ? '0' : '1';
    store_panics(500, "Invalid secp256k1 wallet signature", changed);
    assert_int_equal(fake_ecrecovers, asked);
    for (size_t i = 32; i-- > 0;) {
        int d = n[i] - s[32 + i] - borrow;
        borrow = d < 0;
        s[32 + i] = (uint8_t)(d + (borrow != 0 ? 256 : 0));
    }
    s[64] ^= 1;
    assert_true(alc_hex_encode(text, 130, &len, (struct alc_bytes){s, sizeof s}));
    memcpy(sig, text, 130);
    store_panics(500, "Invalid secp256k1 wallet signature", changed);
    assert_int_equal(fake_ecrecovers, asked + 1);
    pays(221, args);
}

static void checks_come_in_order(void **state)
{
    (void)state;
    as("owner.test");
    ok("set_paused", "{\"paused\":true}");
    as("ctrl.near");
    store_panics(0, "Contract is paused",
                 "{\"wallet_pubkey\":\"\",\"encrypted_data\":\"\",\"wallet_signature\":\"\"}");
    panics("Contract is paused", "freeze_wallet", "{\"wallet_pubkey\":\"\"}");
    panics("Contract is paused", "unfreeze_wallet", "{\"wallet_pubkey\":\"\"}");
    panics("Contract is paused", "set_storage_refund_to", ITEM "\"storage_refund_to\":\"a.near\"}");
    panics("Wallet policy not found", "delete_wallet_policy", NAMED);
    as("owner.test");
    ok("set_paused", "{\"paused\":false}");
    as("ctrl.near");
    store_panics(0, "encrypted_data must be",
                 "{\"wallet_pubkey\":\"\",\"encrypted_data\":\"\",\"wallet_signature\":\"\"}");
    store_panics(0, "Invalid Ed25519 wallet signature",
                 "{\"wallet_pubkey\":\"" WALLET
                 "\",\"encrypted_data\":\"x\",\"wallet_signature\":\"" SIGNATURE "\"}");
    pays(BYTES, VECTOR);
    as("other.near"); /* who is not the owner, and names a beneficiary, hears of that first */
    store_panics(0, "storage_refund_to is set when the policy is created",
                 policy_args(ED25519, 7, "blob", "other.near", SPONSORED));
    store_panics(0, "Only the original controller",
                 policy_args(ED25519, 7, "blob", "other.near", ""));
    as("ctrl.near");
    store_panics(0, "Insufficient deposit for update",
                 policy_args(ED25519, 7, "blobs", "ctrl.near", ""));
    fake_env.deposit = 1;
    panics("doesn't accept deposit", "freeze_wallet", NAMED);
    panics("doesn't accept deposit", "delete_wallet_policy", NAMED);
    fake_env.deposit = 0;
}

static void updates_pay_the_difference(void **state)
{
    (void)state;
    as("ctrl.near");
    pays(BYTES, VECTOR);
    pays(3, policy_args(ED25519, 7, "blobblo", "ctrl.near", ""));
    assert_int_equal(fake_receipts(), 0);
    pays(0, policy_args(ED25519, 7, "b", "ctrl.near", ""));
    refunds("ctrl.near", storage_price(6));
    pays(10, policy_args(ED25519, 7, "bl", "ctrl.near", ""));
    refunds("ctrl.near", storage_price(9));
    ok("delete_wallet_policy", NAMED);
    refunds("ctrl.near", storage_price(215));
    log_is(0, EVENT "\"WalletPolicyDeleted\":{\"wallet_pubkey\":\"" WALLET
                    "\",\"owner\":\"ctrl.near\",\"refunded_to\":\"ctrl.near\"}}]}");
    panics("Wallet policy not found", "delete_wallet_policy", NAMED);
    returns("null", "get_wallet_policy", NAMED);
}

static void freezing_is_the_owners(void **state)
{
    (void)state;
    as("ctrl.near");
    panics("Wallet policy not found", "freeze_wallet", NAMED);
    pays(BYTES, VECTOR);
    panics("Wallet is in that state already", "unfreeze_wallet", NAMED);
    fake_env.time_ns = 99;
    ok("freeze_wallet", NAMED);
    log_is(0, EVENT "\"WalletFrozenChanged\":{\"wallet_pubkey\":\"" WALLET
                    "\",\"owner\":\"ctrl.near\",\"frozen\":true}}]}");
    updated_at(99);
    fake_env.time_ns = 100;
    panics("Wallet is in that state already", "freeze_wallet", NAMED);
    updated_at(99);
    as("owner.test");
    panics("Only the original controller", "unfreeze_wallet", NAMED);
    panics("Only the original controller", "delete_wallet_policy", NAMED);
    as("ctrl.near"); /* an update leaves it frozen, and tells so */
    pays(0, policy_args(ED25519, 7, "new", "ctrl.near", ""));
    assert_non_null(strstr((const char *)fake_log(0).p, "\"frozen\":true"));
    frozen(true);
    updated_at(100);
    fake_env.time_ns = 101;
    ok("unfreeze_wallet", NAMED);
    frozen(false);
    updated_at(101);
    ok("freeze_wallet", NAMED);
    ok("delete_wallet_policy", NAMED);
    pays(BYTES, VECTOR);
    frozen(false);
}

static void a_sponsor_gets_every_refund(void **state)
{
    (void)state;
    as("ctrl.near");
    store_panics(SPONSORED_BYTES - 1, "Insufficient storage deposit",
                 policy_args(ED25519, 7, "blob", "ctrl.near", SPONSORED));
    pays(SPONSORED_BYTES + 5, policy_args(ED25519, 7, "blob", "ctrl.near", SPONSORED));
    refunds("sponsor.near", storage_price(5));
    pays(7, policy_args(ED25519, 7, "blobs", "ctrl.near", ""));
    refunds("sponsor.near", storage_price(6));
    ok("get_wallet_policy", NAMED);
    assert_non_null(strstr((const char *)fake_returned().p,
                           "\"storage_refund_to\":\"sponsor.near\","
                           "\"storage_deposit\":\"4030000000000000000000\"}"));
    panics("Only the storage beneficiary", "set_storage_refund_to",
           ITEM "\"storage_refund_to\":\"ctrl.near\"}");
    as("sponsor.near");
    ok("set_storage_refund_to", ITEM "\"storage_refund_to\":\"heir.near\"}");
    assert_int_equal(fake_receipts(), 0);
    log_is(0, EVENT "\"StorageRefundToChanged\":{\"item\":{\"WalletPolicy\":{\"wallet_pubkey\":"
                    "\"" WALLET "\"}},\"storage_refund_to\":\"heir.near\"}}]}");
    panics("Only the storage beneficiary", "set_storage_refund_to",
           ITEM "\"storage_refund_to\":\"sponsor.near\"}");
    as("ctrl.near");
    ok("get_wallet_policies_by_owner", "{\"owner\":\"ctrl.near\"}");
    assert_non_null(
        strstr((const char *)fake_returned().p, "\"storage_refund_to\":\"heir.near\"}]"));
    ok("delete_wallet_policy", NAMED);
    refunds("heir.near", storage_price(403));
    assert_non_null(strstr((const char *)fake_log(0).p, "\"refunded_to\":\"heir.near\""));
    panics("No storage beneficiary", "set_storage_refund_to",
           ITEM "\"storage_refund_to\":\"a.near\"}");
    pays(BYTES, VECTOR); /* made again it starts without one */
    as("heir.near");
    panics("No storage beneficiary is set for this item", "set_storage_refund_to",
           ITEM "\"storage_refund_to\":\"a.near\"}");
}

/* Listed in the order in which they came; a removal moves the last one into the gap. */
static void owners_see_their_policies(void **state)
{
    const char *list, *at = NULL;
    (void)state;
    as("ctrl.near");
    for (uint8_t i = 1; i <= 4; i++)
        pays(BYTES, policy_args(ED25519, i, "blob", "ctrl.near", ""));
    as("other.near");
    pays(BYTES, policy_args(ED25519, 5, "blob", "other.near", ""));
    as("ctrl.near");
    ok("delete_wallet_policy", fmt("{\"wallet_pubkey\":\"%s\"}", wallet_text(ED25519, 2)));
    ok("get_wallet_policies_by_owner", "{\"owner\":\"ctrl.near\"}");
    list = (const char *)fake_returned().p;
    for (uint8_t i = 0; i < 3; i++) {
        static const uint8_t order[] = {1, 4, 3};
        const char *next = strstr(list, wallet_text(ED25519, order[i]));
        assert_non_null(next);
        assert_true(at == NULL || next > at);
        at = next;
    }
    assert_null(strstr(list, wallet_text(ED25519, 2)));
    assert_null(strstr(list, wallet_text(ED25519, 5)));
}

static void long_data_ends_at_the_limit(void **state)
{
    char *args = malloc(101000 + 512), *at = args;
    (void)state;
    assert_non_null(args);
    as("ctrl.near");
    for (unsigned n = 100001; n >= 100000; n--) {
        at = args + sprintf(args, "{\"wallet_pubkey\":\"" WALLET "\",\"encrypted_data\":\"");
        memset(at, 'A', n);
        strcpy(at + n, "\",\"wallet_signature\":\"" SIGNATURE "\"}");
        store_panics(200000,
                     n > 100000 ? "encrypted_data must be" : "Invalid Ed25519 wallet signature",
                     args);
    }
    free(args);
}

/* What a policy locks against what it pays, by the length of its owner's name. */
static void deposits_cover_usual_owners(void **state)
{
    char owner[65] = {0};
    uint64_t before, most = 0;
    (void)state;
    for (size_t n = 2; n <= 64; n++) {
        memset(owner, 'a', n);
        as(owner);
        before = fake_state_bytes();
        pays(BYTES, policy_args(ED25519, 7, "blob", owner, ""));
        if (n == 10 || n == 20 || n == 64)
            print_message("an owner of %zu bytes: %" PRIu64 " of %u bytes\n", n,
                          fake_state_bytes() - before, BYTES);
        if (fake_state_bytes() - before > most) most = fake_state_bytes() - before;
        if (n <= 22) assert_in_range(fake_state_bytes() - before, 1, BYTES);
        ok("delete_wallet_policy", NAMED);
        assert_int_equal(fake_state_bytes(), before);
    }
    assert_in_range(most, 1, BYTES + 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_vector_holds),
        TEST(the_formula_is_quoted),
        TEST(junk_is_no_wallet),
        TEST(keys_come_in_either_case),
        TEST(both_curves_sign),
        TEST(a_signature_has_one_form),
        TEST(checks_come_in_order),
        TEST(updates_pay_the_difference),
        TEST(freezing_is_the_owners),
        TEST(a_sponsor_gets_every_refund),
        TEST(owners_see_their_policies),
        TEST(long_data_ends_at_the_limit),
        TEST(deposits_cover_usual_owners),
    };
    alc_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
