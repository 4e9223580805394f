/* tests/contract/attack.h — what the tests of attacks on the main contract share: a contract where
 * everything that an attacker could be after is there. */
#ifndef ATTACK_H
#define ATTACK_H

#include "tests/contract/compute_money.h"
#include "tests/contract/compute_projects.h"

/* Of the wallet key of seed 07..07; the signatures are the reference's vectors. */
#define ATTACK_WALLET "ed25519:ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c"
#define ATTACK_AGENT_SECRET                                                                        \
    "\"agent_pubkey\":\"" ATTACK_WALLET "\",\"accessor\":{\"WasmHash\":{\"hash\":"                 \
    "\"abababababababababababababababababababababababababababababababab\"}},\"profile\":\"prod\""
#define ATTACK_STORE_AGENT                                                                         \
    "{" ATTACK_AGENT_SECRET ",\"encrypted_secrets_base64\":\"QUJD\",\"access\":\"AllowAll\","      \
    "\"wallet_signature\":"                                                                        \
    "\"dd076c3f9597f7824d16cb80513d882c21932d35eb95e8de0d3f8ec3909744ab"                           \
    "aaf3a059aa1971f113253985ec56726cab354adb78fb0e68ca36f11a60440f02\"}"
#define ATTACK_DELETE_AGENT                                                                        \
    "{" ATTACK_AGENT_SECRET ",\"wallet_signature\":"                                               \
    "\"ecc31f81dbe14408b7e315e7d9870034c9a44597973c8bafe92c113115f1028c"                           \
    "189e3b024b8108cff289d317e3c910ef9fe8173e9fd7feb7e4f13b34be46030c\"}"
#define ATTACK_POLICY                                                                              \
    "{\"wallet_pubkey\":\"" ATTACK_WALLET "\",\"encrypted_data\":\"blob\",\"wallet_signature\":"   \
    "\"cb933cceff848e3d4c62d5c83d3373d45886355057a16122610b41c438cc96ef"                           \
    "a61ac8e8cb1a49f7efa4000cc557cd325806bec1b84a3e82c3fcc1e3ffdb0708\"}"
#define ATTACK_WALLET_ARGS "{\"wallet_pubkey\":\"" ATTACK_WALLET "\"}"
#define ATTACK_SECRET_ID                                                                           \
    "\"accessor\":{\"Repo\":{\"repo\":\"github.com/a/"                                             \
    "b\",\"branch\":\"main\"}},\"profile\":\"default\""
#define ATTACK_SECRET(access)                                                                      \
    "{" ATTACK_SECRET_ID ",\"encrypted_secrets_base64\":\"AAAA\",\"access\":" access "}"
#define ATTACK_KEY(nonce)                                                                          \
    "{\"accessor\":{\"System\":\"PaymentKey\"},\"profile\":\"" nonce "\","                         \
    "\"encrypted_secrets_base64\":\"AAAA\",\"access\":\"AllowAll\"}"

/* attack_world is a contract of owner.test and op.test with the payment token, alice's priced
 * project `app` (operation `op`, 12345), her project that NEAR top-ups ask, her secret, her payment
 * key 1, 1000000 of her stablecoin and of her earnings, and a plan of 5000.  As alice.test. */
int attack_world(void **state);
#define ATTACK(name) cmocka_unit_test_setup_teardown(name, attack_world, done)

/* What the last call sent away as NEAR, to whomever. */
near_u128 attack_sent(void);

#endif
