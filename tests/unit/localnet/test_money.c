/* tests/unit/localnet/test_money.c — nothing is lost and nothing comes from nowhere: gas figures to
 * the last yoctoNEAR, and the sum of all balances over random batches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/enc.h"
#include "net.h"

/* The signed transaction of the NEAR vectors: sandbox makes alice.sandbox with 1 NEAR. */
static const char vector_tx[] =
    "BwAAAHNhbmRib3gAPhAD2VgzzYHR/n62i50KUrRinEdFISAx93BRVjAPPPoHAAAAAAAAAA0AAABhbGljZS5zYW5kYm94"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAAAAAAMAAACh7czOG8LTAAAAAAAAANeJ0J7MDpFw/LnCLluy"
    "tQHVv2ShhwZWH5wLu93y+3477k2ElkgNutxLdY3ZVWHiM1n+nyzYOx3hsiZSv1Jv/gA=";

/* What a node answers for it, applied in block 100 at the least gas price; %1..%3: block hashes. */
static const char vector_result[] =
    "{\"final_execution_status\":\"FINAL\",\"status\":{\"SuccessValue\":\"\"},"
    "\"transaction\":{\"signer_id\":\"sandbox\","
    "\"public_key\":\"ed25519:5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dB\",\"nonce\":7,"
    "\"receiver_id\":\"alice.sandbox\",\"actions\":[\"CreateAccount\","
    "{\"Transfer\":{\"deposit\":\"1000000000000000000000000\"}}],\"priority_fee\":0,"
    "\"hash\":\"FbDqaAPeNpicGdcXinpJy9YySUs8JEHkHfVXguJeudP9\",\"signature\":\"ed25519:"
    "5JwVVDVmvMoKnBZmkfxfcMnZCD7FrM1FEyrsvYL1LSKACf9bTmVtk8Uhb51sMqFfzvLvMBJ2w3JNk1LAPZZTqqmh\"},"
    "\"transaction_outcome\":{\"proof\":[],\"block_hash\":\"%s\","
    "\"id\":\"FbDqaAPeNpicGdcXinpJy9YySUs8JEHkHfVXguJeudP9\",\"outcome\":{\"logs\":[],"
    "\"receipt_ids\":[\"HiXeFGwEWUX7MNRAFSa5QJLUVMpxHLbqHDyqbjFtELwV\"],\"gas_burnt\":723182562500,"
    "\"tokens_burnt\":\"72318256250000000000\",\"executor_id\":\"sandbox\","
    "\"status\":{\"SuccessReceiptId\":\"HiXeFGwEWUX7MNRAFSa5QJLUVMpxHLbqHDyqbjFtELwV\"},"
    "\"metadata\":{\"version\":1,\"gas_profile\":null}}},\"receipts_outcome\":["
    "{\"proof\":[],\"block_hash\":\"%s\",\"id\":\"HiXeFGwEWUX7MNRAFSa5QJLUVMpxHLbqHDyqbjFtELwV\","
    "\"outcome\":{\"logs\":[],\"receipt_ids\":[\"BipYrheKiShq6WFyw77vPt3Kphi1odCEsTJYw4jMcNHo\"],"
    "\"gas_burnt\":7423182562500,\"tokens_burnt\":\"7022318256250000000000\","
    "\"executor_id\":\"alice.sandbox\",\"status\":{\"SuccessValue\":\"\"},"
    "\"metadata\":{\"version\":4,\"gas_profile\":[],\"contracts\":[null,null]}}},"
    "{\"proof\":[],\"block_hash\":\"%s\",\"id\":\"BipYrheKiShq6WFyw77vPt3Kphi1odCEsTJYw4jMcNHo\","
    "\"outcome\":{\"logs\":[],\"receipt_ids\":[],\"gas_burnt\":223182562500,\"tokens_burnt\":\"0\","
    "\"executor_id\":\"sandbox\",\"status\":{\"SuccessValue\":\"\"},"
    "\"metadata\":{\"version\":4,\"gas_profile\":[],\"contracts\":[null]}}}]}";

/* The vector names the zero block: an honest chain has none, so the test puts one in. */
static void add_zero_block(struct net *n)
{
    struct alc_err err;
    lnet_take(n->chain);
    assert_int_equal(
        alc_store_exec(n->chain->store, NULL,
                       "INSERT INTO block SELECT 2, zeroblob(32), zeroblob(32), time, gas_price,"
                       " tx_from, tx_to, made_from, made_to, out_from, out_to, header,"
                       " chunk_header, changes FROM block WHERE height = 0",
                       ALC_NO_ARGS, &err),
        ALC_OK);
    lnet_give(n->chain);
}

static void block_hash_of(struct net *n, uint64_t height, char out[64])
{
    struct lnet_block_id id = {.by = LNET_BY_HEIGHT, .height = height};
    struct lnet_block_ref ref;
    struct alc_err err;
    size_t len;
    assert_int_equal(lnet_read_block_ref(n->chain, &id, &ref, NULL, &err), ALC_OK);
    assert_true(alc_base58_encode(out, 63, &len, alc_hash_bytes(&ref.hash)));
    out[len] = 0;
}

static void worked_example_is_exact(void **state)
{
    struct net *n = *state;
    struct alc_err err;
    struct alc_buf got = ALC_BUF(1u << 20);
    uint8_t raw[400];
    size_t len;
    char b100[64], b101[64], b102[64];
    assert_int_equal(
        net_records(n,
                    "[{\"Account\":{\"account_id\":\"sandbox\",\"account\":{\"amount\":"
                    "\"10000000000000000000000000000\",\"locked\":\"0\",\"code_hash\":"
                    "\"11111111111111111111111111111111\",\"storage_usage\":182}}},"
                    "{\"AccessKey\":{\"account_id\":\"sandbox\",\"public_key\":\"ed25519:"
                    "5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dB\",\"access_key\":"
                    "{\"nonce\":0,\"permission\":\"FullAccess\"}}}]",
                    &err),
        ALC_OK);
    net_forward(n, 99 - net_height(n));
    add_zero_block(n);
    assert_true(alc_base64_decode(raw, sizeof raw, &len, alc_cstr(vector_tx)));
    struct alc_hash hash = net_submit(n, (struct alc_bytes){raw, len});
    net_step(n);
    assert_int_equal(net_height(n), 100);
    /* all of it was taken at once */
    __uint128_t deposit = NEAR(1), cost = 0;
    assert_true(alc_u128_decode(&cost, ALC_LIT("7495500818750000000000")));
    assert_true(NEAR(10000) - net_amount(n, "sandbox") == deposit + cost);
    net_settle(n);
    assert_int_equal(net_height(n), 102);
    block_hash_of(n, 100, b100);
    block_hash_of(n, 101, b101);
    block_hash_of(n, 102, b102);
    assert_int_equal(lnet_read_tx(n->chain, &hash, false, &got, &err), ALC_OK);
    const char *want = alc_arena_text(&n->arena, vector_result, b100, b101, b102);
    assert_true(net_same(net_json(want), net_json(alc_buf_text(&got))));
    __uint128_t refund = 0;
    assert_true(alc_u128_decode(&refund, ALC_LIT("400864306250000000000")));
    assert_true(NEAR(10000) - net_amount(n, "sandbox") == deposit + cost - refund);
    assert_true(net_amount(n, "alice.sandbox") == NEAR(1));
    alc_buf_fini(&got);
}

static void transfer_and_call_cost_what_the_tables_say(void **state)
{
    struct net *n = *state;
    struct alc_near_action pay = net_act_transfer(NEAR(1));
    struct net_result r = net_send(n, "alice.test", "bob.test", &pay, 1);
    assert_int_equal(net_u64(&r, "transaction_outcome.outcome.gas_burnt"), 223182562500);
    assert_string_equal(net_text(&r, "transaction_outcome.outcome.tokens_burnt"),
                        "22318256250000000000");
    assert_string_equal(net_text(&r, "receipts.1.receipt.Action.actions.0.Transfer.deposit"),
                        "200864306250000000000");
    struct alc_near_action call = net_act_call("hello", "{}", 0, 30 * ALC_NEAR_TGAS);
    __uint128_t before = net_amount(n, "alice.test");
    struct alc_hash hash = net_submit(n, net_tx(n, "alice.test", "tool.test", &call, 1));
    net_step(n);
    __uint128_t taken = before - net_amount(n, "alice.test");
    assert_true(taken == (__uint128_t)308393286005u * 100000000u +
                             (__uint128_t)30888075151538u * 1000000000u);
    net_settle(n);
    r = net_result_of(n, &hash);
    assert_int_equal(net_u64(&r, "transaction_outcome.outcome.gas_burnt"), 308393286005);
}

/* ---- conservation ---- */

static uint64_t dice_state;
static uint64_t dice(uint64_t below)
{
    dice_state = dice_state * 6364136223846793005u + 1442695040888963407u;
    return (dice_state >> 33) % below;
}

/* Σ balances + what is under way, against the supply that blocks account for. */
static void assert_conserved(struct net *n)
{
    struct lnet_info info;
    lnet_chain_info(n->chain, &info);
    if (net_total(n) == info.total_supply) return;
    char a[40] = {0}, b[40] = {0};
    alc_u128_encode(a, net_total(n));
    alc_u128_encode(b, info.total_supply);
    print_error("block %llu: there is %s, there should be %s\n",
                (unsigned long long)info.head.height, a, b);
    fail();
}

/* A gas refund for an account that deleted itself finds nobody. */
static void lost_refund_is_burnt(void **state)
{
    struct net *n = *state;
    struct alc_near_action end = {.kind = ALC_NEAR_DELETE_ACCOUNT,
                                  .account_id = ALC_LIT("bob.test")};
    net_create(n, "gone.test", NEAR(7));
    struct net_result r = net_send(n, "gone.test", "gone.test", &end, 1);
    assert_true(net_is(&r, ""));
    assert_true(net_has(&r, "{\"AccountDoesNotExist\":{\"account_id\":\"gone.test\"}}"));
    assert_conserved(n);
}

static const char *const whose[] = {"r1", "r2", "r3"};

/* Gas keys come, are filled, emptied, used and go; some hold too much to go. */
static struct alc_near_action random_gas_action(void)
{
    struct alc_near_action a = {.key = net_public(whose[dice(3)])};
    switch (dice(4)) {
    case 0:
        a.kind = ALC_NEAR_ADD_KEY;
        a.access.permission = ALC_NEAR_GAS_FULL_ACCESS;
        a.access.gas_nonces = (uint16_t)(1 + dice(5));
        break;
    case 1:
        a.kind = ALC_NEAR_WITHDRAW_GAS_KEY;
        a.amount = NEAR(dice(3)) / 2;
        break;
    default:
        a.kind = ALC_NEAR_TRANSFER_GAS_KEY;
        a.amount = NEAR(1 + dice(8)) / 5;
    }
    return a;
}

static struct alc_near_action random_action(void)
{
    static const char *const methods[] = {"set",  "boom",     "chain", "chain_fails",    "join",
                                          "pay",  "weigh",    "ask",   "resume",         "fill",
                                          "make", "ask_then", "none",  "ask_and_resume", "del"};
    static const char *const args[] = {"bob.test", "nobody.test", "x", "k.tool.test"};
    switch (dice(9)) {
    case 0:
        return net_act_transfer(dice(1000000));
    case 1:
        return net_act_key(whose[dice(3)]);
    case 2:
        return (struct alc_near_action){.kind = ALC_NEAR_DELETE_KEY,
                                        .key = net_public(whose[dice(3)])};
    case 3:
        return (struct alc_near_action){.kind = ALC_NEAR_CREATE_ACCOUNT};
    case 4:
        return random_gas_action();
    default:
        return net_act_call(methods[dice(15)], args[dice(4)], dice(2) * dice(1000000),
                            (1 + dice(60)) * ALC_NEAR_TGAS);
    }
}

/* Signed by the account's key, or by a gas key if it has the one that was drawn. */
static struct alc_bytes random_tx(struct net *n, const char *signer, const char *receiver,
                                  struct alc_near_action *a, uint32_t count, size_t *by_gas_keys)
{
    const char *gas = whose[dice(3)];
    struct alc_near_key key = net_public(signer), gas_key = net_public(gas);
    struct alc_buf nonces = ALC_BUF(1u << 20);
    struct lnet_block_ref at;
    struct alc_err err;
    uint64_t ahead = 1 + dice(2);
    bool has = lnet_read_gas_nonces(n->chain, signer, &gas_key, &nonces, &at, &err) == ALC_OK;
    alc_buf_fini(&nonces);
    if (!has || dice(2) == 0)
        return net_tx_with(n, signer, net_key(signer), net_nonce(n, signer, &key) + ahead, receiver,
                           a, count);
    ++*by_gas_keys;
    return net_tx_gas(n, signer, net_key(gas), 0, net_gas_nonce(n, signer, &gas_key, 0) + ahead,
                      receiver, a, count);
}

static void nothing_is_lost_in_random_batches(void **state)
{
    static const char *const signers[] = {"alice.test", "bob.test", "tool.test", "test"};
    static const char implicit[] =
        "3e1003d95833cd81d1fe7eb68b9d0a52b4629c4745212031f7705156300f3cfa";
    static const char *const receivers[] = {"alice.test", "bob.test", "tool.test", "new.test",
                                            implicit};
    struct net *n = *state;
    size_t accepted = 0, by_gas_keys = 0;
    dice_state = 20261123;
    for (size_t i = 0; i < 4; i++) {
        struct alc_near_action add[] = {
            {.kind = ALC_NEAR_ADD_KEY,
             .key = net_public(whose[0]),
             .access = {.permission = ALC_NEAR_GAS_FULL_ACCESS, .gas_nonces = 2}},
            {.kind = ALC_NEAR_TRANSFER_GAS_KEY, .key = net_public(whose[0]), .amount = NEAR(5)}};
        struct net_result r = net_send(n, signers[i], signers[i], add, 2);
        assert_true(net_is(&r, ""));
    }
    for (size_t round = 0; round < 250; round++) {
        for (size_t i = 0, count = dice(4); i < count; i++) {
            struct alc_near_action a[3];
            struct alc_buf invalid = ALC_BUF(1u << 20);
            struct alc_hash hash;
            struct alc_err err;
            uint32_t actions = (uint32_t)(1 + dice(3));
            const char *signer = signers[dice(4)];
            for (uint32_t k = 0; k < actions; k++)
                a[k] = random_action();
            struct alc_bytes tx =
                random_tx(n, signer, receivers[dice(5)], a, actions, &by_gas_keys);
            enum alc_rc rc = lnet_chain_submit(n->chain, tx, &hash, &invalid, &err);
            assert_true(rc == ALC_OK || rc == ALC_CONFLICT);
            if (rc == ALC_OK) accepted++;
            alc_buf_fini(&invalid);
        }
        if (round == 100) net_forward(n, 250); /* all yields time out */
        net_step(n);
        assert_conserved(n);
    }
    assert_true(accepted > 200 && by_gas_keys > 40);
    net_settle(n);
    assert_conserved(n);
}

static void same_transactions_make_the_same_chain(void **state)
{
    struct lnet_info info[2];
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct net *n = net_open(NULL);
        net_deploy(n, "tool.test");
        net_call(n, "alice.test", "tool.test", "join", "", 0);
        net_call(n, "bob.test", "tool.test", "dice", "", 5);
        lnet_chain_info(n->chain, &info[i]);
        net_close(n);
    }
    assert_int_equal(info[0].head.height, info[1].head.height);
    assert_true(alc_hash_eq(&info[0].state_root, &info[1].state_root));
    assert_true(alc_hash_eq(&info[0].head.hash, &info[1].head.hash));
}

int main(void)
{
#define E(name) cmocka_unit_test_setup_teardown(name, net_setup, net_teardown)
#define T(name) cmocka_unit_test_setup_teardown(name, net_setup_tool, net_teardown)
    const struct CMUnitTest tests[] = {
        E(worked_example_is_exact),
        T(transfer_and_call_cost_what_the_tables_say),
        E(lost_refund_is_burnt),
        T(nothing_is_lost_in_random_batches),
        cmocka_unit_test(same_transactions_make_the_same_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
