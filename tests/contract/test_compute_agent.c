/* tests/contract/test_compute_agent.c — secrets of a wallet's key: what is signed, who may bring
 * it, who pays and who gets back. */
#include "tests/contract/compute_secrets.h"

#include "base/enc.h"
#include "crypto/crypto.h"

/* The key of the seed 07..07. */
#define KEY "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c"
#define AGENT "ed25519:" KEY
#define HASH_64 "abababababababababababababababababababababababababababababababab"
#define WASM "{\"WasmHash\":{\"hash\":\"" HASH_64 "\"}}"
#define STORE_MESSAGE                                                                              \
    "store_secrets_for:v1:" AGENT ":69:wasm:" HASH_64 ":prod:QUJD:payer.near::\"AllowAll\""
#define DELETE_MESSAGE "delete_agent_secret:v1:" AGENT ":69:wasm:" HASH_64 ":prod:payer.near"
#define STORE_SIGNATURE                                                                            \
    "dd076c3f9597f7824d16cb80513d882c21932d35eb95e8de0d3f8ec3909744ab"                             \
    "aaf3a059aa1971f113253985ec56726cab354adb78fb0e68ca36f11a60440f02"
#define DELETE_SIGNATURE                                                                           \
    "ecc31f81dbe14408b7e315e7d9870034c9a44597973c8bafe92c113115f1028c"                             \
    "189e3b024b8108cff289d317e3c910ef9fe8173e9fd7feb7e4f13b34be46030c"
/* 40 + 69 + 8 + 68 of the key, 4 + 4 + 10 + 10 + 32 of the value, 64 */
#define BYTES 309u

static void digest_of(struct alc_hash *out, const char *message)
{
    alc_sha256(out, alc_cstr(message));
}

/* The signature of a message under the seed 07..07, in hex; four take turns. */
static const char *sign(const char *message)
{
    static char text[4][129];
    static unsigned turn;
    char *out = text[turn++ % 4];
    struct alc_ed25519 k = {0};
    struct alc_hash digest;
    uint8_t seed[32], sig[64];
    size_t n;

    memset(seed, 7, sizeof seed);
    assert_int_equal(alc_ed25519_init(&k, seed), ALC_OK);
    digest_of(&digest, message);
    alc_ed25519_sign(sig, &k, alc_hash_bytes(&digest));
    alc_ed25519_fini(&k);
    assert_true(alc_hex_encode(out, 128, &n, (struct alc_bytes){sig, sizeof sig}));
    out[n] = 0;
    return out;
}

/* The fields of a call, as they come. */
struct call {
    const char *key, *accessor, *profile, *data, *access, *more, *signature;
};

static const struct call usual = {AGENT, WASM, "prod", "QUJD", "\"AllowAll\"", "", STORE_SIGNATURE};

static const char *store_json(const struct call *c)
{
    return fmt("{\"agent_pubkey\":\"%s\",\"accessor\":%s,\"profile\":\"%s\","
               "\"encrypted_secrets_base64\":\"%s\",\"access\":%s%s,\"wallet_signature\":\"%s\"}",
               c->key, c->accessor, c->profile, c->data, c->access, c->more, c->signature);
}

static const char *delete_json(const struct call *c)
{
    return fmt("{\"agent_pubkey\":\"%s\",\"accessor\":%s,\"profile\":\"%s\","
               "\"wallet_signature\":\"%s\"}",
               c->key, c->accessor, c->profile, c->signature);
}

static int64_t store(const struct call *c)
{
    const near_u128 attached = 1000 * MILLI;
    char payer[65];

    snprintf(payer, sizeof payer, "%s", fake_env.predecessor);
    fake_env.deposit = attached;
    ok("store_agent_secret", store_json(c));
    fake_env.deposit = 0;
    return kept_bytes(attached, payer);
}

static void refuses(const char *phrase, const struct call *c)
{
    fake_env.deposit = 1000 * MILLI;
    panics(phrase, "store_agent_secret", store_json(c));
    fake_env.deposit = 0;
    assert_int_equal(fake_receipts(), 0);
}

static const char *where(const char *owner)
{
    return fmt("{\"accessor\":" WASM ",\"profile\":\"prod\",\"owner\":\"%s\"}", owner);
}

static void hash_is(const char *hex, const char *message)
{
    struct alc_hash h, expected;
    size_t n;

    digest_of(&h, message);
    assert_true(alc_hex_decode(expected.b, 32, &n, alc_cstr(hex)));
    assert_memory_equal(h.b, expected.b, 32);
}

/* ---- Vectors ---- */

static void the_vectors_hold(void **state)
{
    (void)state;
    hash_is("a9973585ee163a2236dffa1d444256b92e9cc6b86188fde65ce061db05acd69e", STORE_MESSAGE);
    hash_is("71c63181e15e74ca6846959595a1546d334ac081560b672c023d6e3c03c0c6cc", DELETE_MESSAGE);
    assert_string_equal(sign(STORE_MESSAGE), STORE_SIGNATURE);
    assert_string_equal(sign(DELETE_MESSAGE), DELETE_SIGNATURE);
    as("payer.near");
    assert_int_equal(store(&usual), BYTES);
    assert_int_equal(fake_logs(), 0);
    returns("{\"encrypted_secrets\":\"QUJD\",\"access\":\"AllowAll\",\"created_at\":"
            "1700000000000000000,\"updated_at\":1700000000000000000,\"storage_deposit\":"
            "\"3090000000000000000000\",\"accessor\":" WASM "}",
            "get_secrets", where(KEY));
    returns("null", "get_secrets", where("payer.near"));
    returns("\"3090000000000000000000\"", "estimate_storage_cost",
            fmt("{\"accessor\":" WASM ",\"profile\":\"prod\",\"owner\":\"" KEY
                "\",\"encrypted_secrets_base64\":\"QUJD\",\"access\":\"AllowAll\"}"));
    ok("delete_agent_secret",
       delete_json(&(struct call){
           .key = AGENT, .accessor = WASM, .profile = "prod", .signature = DELETE_SIGNATURE}));
    refunds("payer.near", BYTES * BYTE);
    returns("null", "get_secrets", where(KEY));
    panics("Secrets not found", "delete_agent_secret",
           delete_json(&(struct call){
               .key = AGENT, .accessor = WASM, .profile = "prod", .signature = DELETE_SIGNATURE}));
}

/* ---- What is signed ---- */

#define BAD "Invalid Ed25519 wallet signature"

static void a_signature_covers_every_field(void **state)
{
    struct call c;
    (void)state;
    as("thief.near");
    refuses(BAD, &usual);
    as("payer.near");
#define CHANGED(member, value)                                                                     \
    c = usual;                                                                                     \
    c.member = (value);                                                                            \
    refuses(BAD, &c)
    CHANGED(profile, "prod2");
    CHANGED(data, "QUJE");
    CHANGED(data, "QUJD:payer.near::\\\"AllowAll\\\"");
    CHANGED(access, "{\"Whitelist\":{\"accounts\":[]}}");
    CHANGED(more, ",\"vault_id\":\"v.near\"");
    CHANGED(accessor, "{\"WasmHash\":{\"hash\":\"00" HASH_64 "\"}}");
    CHANGED(accessor, "{\"Project\":{\"project_id\":\"wasm:" HASH_64 "/\"}}");
    CHANGED(key, "ed25519:" HASH_64);
    CHANGED(signature, DELETE_SIGNATURE);
    CHANGED(signature, "");
    CHANGED(signature, STORE_SIGNATURE "00");
    CHANGED(signature, "zz");
#undef CHANGED
    assert_int_equal(store(&usual), BYTES);
    panics(BAD, "delete_agent_secret", delete_json(&usual));
    as("thief.near");
    c = usual;
    c.signature = DELETE_SIGNATURE;
    panics(BAD, "delete_agent_secret", delete_json(&c));
}

/* The key enters as it was sent; accessor, profile and condition in their canonical form. */
static void canonical_forms_are_signed(void **state)
{
#define UPPER "ed25519:EA4A6C63E29C520ABEF5507B132EC5F9954776AEBEBE7B92421EEA691446D22C"
    struct call c = usual;
    (void)state;
    as("payer.near");
    c.accessor = "{\"WasmHash\":{\"hash\":"
                 "\"ABabababababababababababababababababababababababababababababABAB\"}}";
    c.access = "{ \"AllowAll\" : null }";
    assert_int_equal(store(&c), BYTES);
    assert_int_equal(store(&usual), 0); /* replayed: the same row, which is paid for */
    c.key = UPPER;
    refuses(BAD, &c);
    c.signature = sign("store_secrets_for:v1:" UPPER ":69:wasm:" HASH_64
                       ":prod:QUJD:payer.near::\"AllowAll\"");
    assert_int_equal(store(&c), 0);
    c = usual;
    c.access = "{\"Logic\":{\"conditions\":[{\"NftOwned\":{\"contract\":\"n.near\"}}, "
               "\"AllowAll\"],\"operator\":\"Or\"}}";
    c.more = ",\"vault_id\":\"v.near\"";
    c.signature = sign("store_secrets_for:v1:" AGENT ":69:wasm:" HASH_64
                       ":prod:QUJD:payer.near:v.near:{\"Logic\":{\"operator\":\"Or\","
                       "\"conditions\":[{\"NftOwned\":{\"contract\":\"n.near\",\"token_id\":null}},"
                       "\"AllowAll\"]}}");
    store(&c);
    returns("\"v.near\"", "get_secret_vault", where(KEY));
#undef UPPER
}

static void a_project_is_bound_by_its_id(void **state)
{
    struct call c = usual;
    (void)state;
    as("payer.near");
    c.accessor = "{\"Project\":{\"project_id\":\"dev.near/app\"}}";
    c.signature = sign("store_secrets_for:v1:" AGENT ":12:dev.near/app:prod:QUJD:payer.near::"
                       "\"AllowAll\"");
    refuses("does not exist", &c);
    c.signature = STORE_SIGNATURE; /* an id that spells a hash's binding is no project's */
    c.accessor = "{\"Project\":{\"project_id\":\"wasm:" HASH_64 "\"}}";
    refuses("does not exist", &c);
    c.accessor = "{\"Project\":{\"project_id\":\"dev.near/app\"}}";
    c.signature = sign("store_secrets_for:v1:" AGENT ":12:dev.near/app:prod:QUJD:payer.near::"
                       "\"AllowAll\"");
    as("dev.near");
    fake_env.deposit = 100 * MILLI;
    ok("create_project", "{\"name\":\"app\"," SOURCE "}");
    as("payer.near");
    store(&c);
    returns("true", "secrets_exist",
            "{\"accessor\":{\"Project\":{\"project_id\":\"dev.near/app\"}},\"profile\":\"prod\","
            "\"owner\":\"" KEY "\"}");
    c.signature = sign("delete_agent_secret:v1:" AGENT ":12:dev.near/app:prod:payer.near");
    ok("delete_agent_secret", delete_json(&c));
}

/* ---- Order, and who pays ---- */

static void checks_come_in_order(void **state)
{
    struct call c = usual;
    (void)state;
    as("payer.near");
    c = (struct call){"secp256k1:00", REPO, "a:b", "", "{\"Logic\":[\"And\",[]]}", "", "00"};
    refuses("agent_pubkey must be ed25519", &c);
    c.key = "ed25519:" KEY "00";
    refuses("agent_pubkey must be ed25519", &c);
    c.key = "ed25519:zz4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c";
    refuses("agent_pubkey must be ed25519", &c);
    c.key = AGENT;
    refuses("profile must be", &c);
    panics("profile must not contain ':'", "delete_agent_secret", delete_json(&c));
    c.profile = "p";
    refuses("accessor", &c);
    panics("accessor", "delete_agent_secret", delete_json(&c));
    c.accessor = PAYMENT_KEY;
    c.profile = "1";
    refuses("accessor", &c);
    panics("accessor", "delete_agent_secret", delete_json(&c));
    c.accessor = "{\"WasmHash\":{\"hash\":\"12\"}}";
    refuses(BAD, &c);
    c.signature =
        sign("store_secrets_for:v1:" AGENT ":7:wasm:12:1::payer.near::{\"Logic\":{\"operator\":"
             "\"And\",\"conditions\":[]}}");
    refuses("must hold at least one condition", &c);
    c.access = "\"AllowAll\"";
    c.signature = sign("store_secrets_for:v1:" AGENT ":7:wasm:12:1::payer.near::\"AllowAll\"");
    refuses("accessor.hash must be 64 hex digits", &c);
    c.accessor = WASM;
    c.signature =
        sign("store_secrets_for:v1:" AGENT ":69:wasm:" HASH_64 ":1::payer.near::\"AllowAll\"");
    refuses("encrypted_secrets_base64 must not be empty", &c);
}

/* A profile of 64 hex digits names an account, and only that account's secrets bear it. */
static void a_profile_like_an_account_is_the_owners(void **state)
{
    struct call c = usual;
    (void)state;
    as("payer.near");
    c.profile = KEY;
    c.signature = sign("store_secrets_for:v1:" AGENT ":69:wasm:" HASH_64 ":" KEY
                       ":QUJD:payer.near::\"AllowAll\"");
    store(&c);
    c.profile = HASH_64;
    c.signature = sign("store_secrets_for:v1:" AGENT ":69:wasm:" HASH_64 ":" HASH_64
                       ":QUJD:payer.near::\"AllowAll\"");
    refuses("profile of 64 hex digits", &c);
}

static void the_next_payer_gets_the_old_deposit(void **state)
{
    struct call c = usual;
    (void)state;
    as("payer.near");
    assert_int_equal(store(&usual), BYTES);
    as("other.near");
    c.signature = sign("store_secrets_for:v1:" AGENT ":69:wasm:" HASH_64
                       ":prod:QUJD:other.near::\"AllowAll\"");
    ok("store_agent_secret", store_json(&c)); /* needs nothing: as much is held */
    assert_int_equal(fake_receipts(), 0);
    fake_env.deposit = 1;
    ok("store_agent_secret", store_json(&c));
    fake_env.deposit = 0;
    refunds("other.near", 1);
    c.signature = sign("delete_agent_secret:v1:" AGENT ":69:wasm:" HASH_64 ":prod:other.near");
    fake_env.deposit = 1;
    panics("doesn't accept deposit", "delete_agent_secret", delete_json(&c));
    fake_env.deposit = 0;
    ok("delete_agent_secret", delete_json(&c));
    refunds("other.near", BYTES * BYTE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_vectors_hold),
        TEST(a_signature_covers_every_field),
        TEST(canonical_forms_are_signed),
        TEST(a_project_is_bound_by_its_id),
        TEST(checks_come_in_order),
        TEST(a_profile_like_an_account_is_the_owners),
        TEST(the_next_payer_gets_the_old_deposit),
    };
    alc_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
