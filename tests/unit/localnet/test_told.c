/* tests/unit/localnet/test_told.c — what readers are told of a block and an epoch, what a
 * transaction over a limit is told, and what a folder's chain says to who opens it in another way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/enc.h"
#include "net.h"

static struct alc_err err;

static void assert_part(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) fprintf(stderr, "no %s in %s\n", part, text);
    assert_non_null(strstr(text, part));
}

/* ---- deletions ---- */

/* The changes of the blocks from `from` on, and the stream's document of the same. */
static const char *changes_since(struct net *n, uint64_t from)
{
    struct alc_buf out = ALC_BUF(1u << 24);
    const char *text;
    for (uint64_t h = from; h <= net_height(n); h++) {
        struct lnet_block_id at = {.by = LNET_BY_HEIGHT, .height = h};
        assert_int_equal(lnet_read_changes(n->chain, &at, &out, NULL, &err), ALC_OK);
        alc_buf_put_text(&out, "stream:");
        assert_int_equal(lnet_read_stream(n->chain, h, &out, &err), ALC_OK);
    }
    text = alc_arena_text(&n->arena, "%s", alc_buf_text(&out));
    alc_buf_fini(&out);
    return text;
}

static size_t times(const char *text, const char *part)
{
    size_t n = 0;
    for (; (text = strstr(text, part)) != NULL; text++)
        n++;
    return n;
}

static void deleted_account_tells_of_all_it_had(void **state)
{
    struct net *n = *state;
    struct alc_near_action end = {.kind = ALC_NEAR_DELETE_ACCOUNT,
                                  .account_id = ALC_LIT("bob.test")};
    char key[ALC_NEAR_KEY_TEXT_MAX];
    struct alc_near_key public = net_public("tool.test");
    net_call(n, "alice.test", "tool.test", "set", "v", 0);
    uint64_t from = net_height(n) + 1;
    struct net_result r = net_send(n, "tool.test", "tool.test", &end, 1);
    assert_true(net_is(&r, ""));
    const char *text = changes_since(n, from);
    alc_near_key_text(key, &public);
    /* each in the list of changes and in the stream */
    assert_int_equal(
        times(text, "\"type\":\"account_deletion\",\"change\":{\"account_id\":\"tool.test\"}"), 2);
    assert_int_equal(
        times(text,
              "\"type\":\"contract_code_deletion\",\"change\":{\"account_id\":\"tool.test\"}"),
        2);
    assert_int_equal(times(text, "\"type\":\"data_deletion\",\"change\":{\"account_id\":"
                                 "\"tool.test\",\"key_base64\":\"aw==\"}"),
                     2);
    const char *told = alc_arena_text(&n->arena,
                                      "\"type\":\"access_key_deletion\",\"change\":{\"account_id\":"
                                      "\"tool.test\",\"public_key\":\"%s\"}",
                                      key);
    assert_int_equal(times(text, told), 2);
}

static void account_without_contract_tells_of_none(void **state)
{
    struct net *n = *state;
    struct alc_near_action end[] = {
        {.kind = ALC_NEAR_DELETE_ACCOUNT, .account_id = ALC_LIT("bob.test")}, net_act_transfer(1)};
    net_create(n, "gone.test", NEAR(7));
    uint64_t from = net_height(n) + 1;
    struct net_result r = net_send(n, "gone.test", "gone.test", end, 1);
    assert_true(net_is(&r, ""));
    const char *text = changes_since(n, from);
    assert_int_equal(times(text, "access_key_deletion"), 2);
    assert_int_equal(times(text, "contract_code_deletion"), 0);
    assert_int_equal(times(text, "data_deletion"), 0);
}

static void deletion_that_fails_tells_of_none(void **state)
{
    struct net *n = *state;
    struct alc_near_action end = {.kind = ALC_NEAR_DELETE_ACCOUNT,
                                  .account_id = ALC_LIT("bob.test")};
    net_call(n, "alice.test", "tool.test", "fill", "", 0);
    uint64_t from = net_height(n) + 1;
    struct net_result r = net_send(n, "tool.test", "tool.test", &end, 1);
    assert_true(net_failed(&r, "DeleteAccountWithLargeState"));
    assert_int_equal(times(changes_since(n, from), "_deletion"), 0);
}

static void global_contract_tells_that_the_local_one_went(void **state)
{
    struct net *n = *state;
    struct alc_buf code = ALC_BUF(1u << 20);
    struct lnet_block_ref at;
    struct alc_hash hash;
    assert_int_equal(lnet_read_code(n->chain, "tool.test", &code, &hash, &at, &err), ALC_OK);
    struct alc_near_action deploy = {.kind = ALC_NEAR_DEPLOY_GLOBAL, .data = alc_buf_bytes(&code)};
    struct alc_near_action use = {.kind = ALC_NEAR_USE_GLOBAL, .code_hash = hash};
    struct net_result r = net_send(n, "alice.test", "alice.test", &deploy, 1);
    assert_true(net_is(&r, ""));
    for (int turn = 0; turn < 2; turn++) { /* the second time there is no local one */
        uint64_t from = net_height(n) + 1;
        r = net_send(n, "tool.test", "tool.test", &use, 1);
        assert_true(net_is(&r, ""));
        assert_int_equal(times(changes_since(n, from), "contract_code_deletion"),
                         turn == 0 ? 2 : 0);
    }
    alc_buf_fini(&code);
}

/* ---- epochs ---- */

static void epoch_is_that_of_the_block(void **state)
{
    struct net *n = *state;
    struct lnet_block_id old = {.by = LNET_BY_HEIGHT, .height = net_height(n)};
    struct lnet_block_id latest = {.by = LNET_LATEST}, none = {.by = LNET_BY_HEIGHT, .height = 300};
    struct lnet_epoch e, by_id, now;
    struct alc_hash unknown = {{1}};
    net_forward(n, 1000);
    assert_int_equal(lnet_read_epoch(n->chain, NULL, &old, &e, &err), ALC_OK);
    assert_int_equal(e.height, old.height / LNET_EPOCH_BLOCKS);
    assert_int_equal(e.start_height, e.height * LNET_EPOCH_BLOCKS);
    assert_int_equal(e.blocks, old.height); /* from 1 on */
    assert_int_equal(lnet_read_epoch(n->chain, NULL, &latest, &now, &err), ALC_OK);
    assert_int_equal(now.height, net_height(n) / LNET_EPOCH_BLOCKS);
    assert_int_equal(now.blocks, 1);
    assert_int_equal(lnet_read_epoch(n->chain, &now.id, NULL, &by_id, &err), ALC_OK);
    assert_int_equal(by_id.height, now.height);
    assert_int_equal(lnet_read_epoch(n->chain, &e.id, NULL, &by_id, &err), ALC_OK);
    assert_int_equal(by_id.height, e.height);
    assert_int_equal(by_id.blocks, e.blocks);
    assert_int_equal(lnet_read_epoch(n->chain, NULL, &none, &e, &err), ALC_NOT_FOUND);
    assert_int_equal(lnet_read_epoch(n->chain, &unknown, NULL, &e, &err), ALC_NOT_FOUND);
}

/* ---- transactions over a limit ---- */

static struct alc_bytes delegate_of(struct net *n, struct alc_near_delegate *d,
                                    struct alc_near_action *inner, uint32_t count)
{
    struct alc_hash hash;
    *d = (struct alc_near_delegate){.sender_id = ALC_LIT("alice.test"),
                                    .receiver_id = ALC_LIT("bob.test"),
                                    .actions = inner,
                                    .actions_count = count,
                                    .nonce = 1,
                                    .max_block_height = 1000,
                                    .key = net_public("alice.test")};
    alc_near_delegate_hash(&hash, d);
    alc_ed25519_sign(d->sig.b, net_key("alice.test"), alc_hash_bytes(&hash));
    struct alc_near_action outer = {.kind = ALC_NEAR_DELEGATE, .delegate = d};
    return net_tx(n, "bob.test", "alice.test", &outer, 1);
}

static void too_many_actions_are_counted(void **state)
{
    struct net *n = *state;
    struct alc_near_delegate d;
    static struct alc_near_action many[300];
    for (size_t i = 0; i < 300; i++)
        many[i] = net_act_transfer(1);
    assert_string_equal(net_refused(n, net_tx(n, "alice.test", "bob.test", many, 101)),
                        "{\"TxExecutionError\":{\"InvalidTxError\":{\"ActionsValidation\":"
                        "{\"TotalNumberOfActionsExceeded\":{\"total_number_of_actions\":101,"
                        "\"limit\":100}}}}}");
    assert_part(net_refused(n, net_tx(n, "alice.test", "bob.test", many, 300)),
                "\"total_number_of_actions\":300");
    assert_part(net_refused(n, delegate_of(n, &d, many, 101)), "\"total_number_of_actions\":101");
    net_submit(n, net_tx(n, "alice.test", "bob.test", many, 100)); /* the most */
}

static void large_transaction_is_decoded_first(void **state)
{
    static uint8_t code[ALC_NEAR_TX_MAX_BYTES];
    struct net *n = *state;
    struct alc_near_action deploy = {.kind = ALC_NEAR_DEPLOY, .data = {code, sizeof code}};
    struct alc_bytes tx = net_tx(n, "alice.test", "alice.test", &deploy, 1);
    struct alc_buf invalid = ALC_BUF(4096);
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_near_signed s;
    struct alc_hash hash = {{0}};
    assert_int_equal(lnet_chain_submit(n->chain, tx, &hash, &invalid, &err), ALC_CONFLICT);
    assert_part(alc_buf_text(&invalid),
                "{\"InvalidTxError\":{\"TransactionSizeExceeded\":{\"size\":");
    assert_part(alc_buf_text(&invalid), "\"limit\":1572864}");
    assert_int_equal(alc_near_tx_read_any(&s, tx, &arena, &err), ALC_OK);
    assert_true(alc_hash_eq(&s.hash, &hash)); /* broadcast_tx_async answers with it */
    tx.n--;
    assert_string_equal(net_refused(n, tx), "BAD_INPUT");
    memset(code, 0xff, sizeof code); /* of that size, and no transaction at all */
    assert_string_equal(net_refused(n, (struct alc_bytes){code, sizeof code}), "BAD_INPUT");
    alc_arena_fini(&arena);
    alc_buf_fini(&invalid);
}

static void stake_has_a_minimum(void **state)
{
    struct net *n = *state;
    struct alc_near_action a = {.kind = ALC_NEAR_STAKE, .key = net_public("alice.test")};
    __uint128_t least = NEAR(50000000) / 6249 + 1;
    assert_int_equal(
        net_records(n,
                    "[{\"Account\":{\"account_id\":\"test.near\",\"account\":{\"amount\":\"1\","
                    "\"locked\":\"50000000000000000000000000000000\",\"storage_usage\":182}}}]",
                    &err),
        ALC_OK);
    a.amount = least / 10 - 1;
    struct net_result r = net_send(n, "alice.test", "alice.test", &a, 1);
    assert_true(net_failed(&r, "{\"InsufficientStake\":{\"account_id\":\"alice.test\","
                               "\"stake\":\"800128020483277324371899503\","
                               "\"minimum_stake\":\"800128020483277324371899504\"}}"));
    a.amount = least / 10;
    r = net_send(n, "alice.test", "alice.test", &a, 1);
    assert_true(net_is(&r, ""));
}

/* ---- records ---- */

static void records_want_their_account(void **state)
{
    static const char *const alone[] = {
        "{\"AccessKey\":{\"account_id\":\"nobody.test\",\"public_key\":"
        "\"ed25519:5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dB\",\"access_key\":{\"nonce\":0,"
        "\"permission\":\"FullAccess\"}}}",
        "{\"Data\":{\"account_id\":\"nobody.test\",\"data_key\":\"aw==\",\"value\":\"dg==\"}}",
        "{\"Contract\":{\"account_id\":\"nobody.test\",\"code\":\"AA==\"}}",
    };
    struct net *n = *state;
    for (size_t i = 0; i < 3; i++) {
        const char *json = alc_arena_text(&n->arena, "[%s]", alone[i]);
        assert_int_equal(net_records(n, json, &err), ALC_BAD_INPUT);
        assert_part(err.text, "of nobody.test: there is no such account before it");
        json = alc_arena_text(&n->arena,
                              "[{\"Account\":{\"account_id\":\"nobody.test\",\"account\":{"
                              "\"amount\":\"1\",\"locked\":\"0\",\"storage_usage\":100}}},%s]",
                              alone[i]);
        uint64_t id;
        assert_int_equal(lnet_chain_snapshot(n->chain, &id, &err), ALC_OK);
        assert_int_equal(net_records(n, json, &err), ALC_OK);
        assert_int_equal(lnet_chain_restore(n->chain, id, &err), ALC_OK);
    }
}

/* ---- a folder's chain, opened in another way ---- */

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

#define GENESIS                                                                                    \
    "{\"records\":[{\"Account\":{\"account_id\":\"alice.test\",\"account\":{\"amount\":\"9\","     \
    "\"locked\":\"0\",\"storage_usage\":182}}}]}"

static void genesis_of_another_file_is_refused(void **state)
{
    char folder[64], same[96], other[96];
    struct lnet_conf conf = {.folder = net_folder_make(folder)};
    (void)state;
    snprintf(same, sizeof same, "%s/same.json", folder);
    snprintf(other, sizeof other, "%s/other.json", folder);
    write_file(same, GENESIS);
    write_file(other, GENESIS "\n");
    conf.genesis = same;
    net_close(net_open_as(&conf));
    net_close(net_open_as(&conf)); /* the same flags at each start */
    conf.genesis = other;
    assert_int_equal(net_try_open(&conf, &err), ALC_BAD_INPUT);
    assert_part(err.text, "holds a chain already, which was not made from");
    assert_part(err.text, other);
    conf.genesis = "nowhere.json";
    assert_int_equal(net_try_open(&conf, &err), ALC_NOT_FOUND);
    conf.genesis = NULL;
    assert_int_equal(net_try_open(&conf, &err), ALC_OK);
    net_folder_drop(folder);

    conf.folder = net_folder_make(folder);
    net_close(net_open(folder)); /* without a file */
    snprintf(same, sizeof same, "%s/same.json", folder);
    write_file(same, GENESIS);
    conf.genesis = same;
    assert_int_equal(net_try_open(&conf, &err), ALC_BAD_INPUT);
    net_folder_drop(folder);
}

static void chain_does_not_become_deterministic(void **state)
{
    char folder[64];
    struct lnet_conf conf = {.folder = net_folder_make(folder), .deterministic = true};
    (void)state;
    net_close(net_open(folder));
    assert_int_equal(net_try_open(&conf, &err), ALC_BAD_INPUT);
    assert_part(err.text, "deterministic: the folder holds a chain that was begun without it");
    net_folder_drop(folder);
    conf.folder = net_folder_make(folder);
    net_close(net_open_as(&conf));
    assert_int_equal(net_try_open(&conf, &err), ALC_OK);
    net_folder_drop(folder);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, net_setup_tool, net_teardown)
    const struct CMUnitTest tests[] = {
        T(deleted_account_tells_of_all_it_had),
        T(account_without_contract_tells_of_none),
        T(deletion_that_fails_tells_of_none),
        T(global_contract_tells_that_the_local_one_went),
        T(epoch_is_that_of_the_block),
        T(too_many_actions_are_counted),
        T(large_transaction_is_decoded_first),
        T(stake_has_a_minimum),
        T(records_want_their_account),
        cmocka_unit_test(genesis_of_another_file_is_refused),
        cmocka_unit_test(chain_does_not_become_deterministic),
    };
    alc_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
