/* tests/contract/test_vm_policy.c — policies of wallets in NEAR's VM, whose ecrecover and Ed25519
 * are the real ones. */
#include "tests/contract/vm_calls.h"

#define ED25519 "ed25519:ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c"
#define SECP256K1 "secp256k1:02989c0b76cb563971fdc9bef31ec06c3560f3249d6ee9e5d83c57625596e05f6f"
#define BYTE ((__uint128_t)10000000000u * 1000000000u)

/* Of "blob", as ctrl.near sends it, under the keys of 32 bytes 7. */
#define ED25519_SIGNATURE                                                                          \
    "cb933cceff848e3d4c62d5c83d3373d45886355057a16122610b41c438cc96ef"                             \
    "a61ac8e8cb1a49f7efa4000cc557cd325806bec1b84a3e82c3fcc1e3ffdb0708"
#define SECP256K1_SIGNATURE                                                                        \
    "12cc8a34f9e8f7302e4983c17481c7b74082f97ee9a4de8183476148c23a8ad3"                             \
    "4730917428971cc2ce4d187fc961ab0458b44d88a698505d57f5518f178c2996"                             \
    "01"
/* n - s and the other parity, which recover the same key */
#define HIGH_S_SIGNATURE                                                                           \
    "12cc8a34f9e8f7302e4983c17481c7b74082f97ee9a4de8183476148c23a8ad3"                             \
    "b8cf6e8bd768e33d31b2e780369e54fa61fa8f5e08b04fde67dd0cfdb8aa17ab"                             \
    "00"

static const struct nearvm_outcome *store(const char *key, const char *data, const char *signature)
{
    char args[512];

    snprintf(args, sizeof args,
             "{\"wallet_pubkey\":\"%s\",\"encrypted_data\":\"%s\",\"wallet_signature\":\"%s\"}",
             key, data, signature);
    return vmhost_call(h, &(struct vmhost_call){.method = "store_wallet_policy",
                                                .args = alc_cstr(args),
                                                .signer = "ctrl.near",
                                                .deposit = 221 * BYTE});
}

static void both_curves_sign(void **state)
{
    (void)state;
    assert_true(vmhost_ok(store(ED25519, "blob", ED25519_SIGNATURE)));
    assert_true(vmhost_action(h, 0, 0)->amount == 4 * BYTE);
    assert_true(vmhost_ok(store(SECP256K1, "blob", SECP256K1_SIGNATURE)));
    assert_true(vmhost_returned(
        vmhost_view(h, "has_wallet_policy", "{\"wallet_pubkey\":\"" SECP256K1 "\"}"), "true"));
}

static void other_signatures_are_refused(void **state)
{
    (void)state;
    assert_true(vmhost_panicked(store(SECP256K1, "blob", HIGH_S_SIGNATURE),
                                "Invalid secp256k1 wallet signature"));
    assert_true(vmhost_panicked(store(SECP256K1, "blog", SECP256K1_SIGNATURE),
                                "Invalid secp256k1 wallet signature"));
    assert_true(vmhost_panicked(store(SECP256K1, "blob", ED25519_SIGNATURE "00"),
                                "Invalid secp256k1 wallet signature"));
    assert_true(vmhost_panicked(store(SECP256K1, "blob", ED25519_SIGNATURE "04"),
                                "Invalid secp256k1 wallet signature"));
    assert_true(vmhost_panicked(store(ED25519, "blog", ED25519_SIGNATURE),
                                "Invalid Ed25519 wallet signature"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_contract, close_contract)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_curves_sign),
        TEST(other_signatures_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
