/* tests/unit/localnet/test_genesis.c — chains that begin with a file, and accounts that are carried
 * from one chain to another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net.h"

static struct alc_err err;
static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    alc_crypto_init();
    net_folder_make(folder);
    return 0;
}

static int drop_folder(void **state)
{
    (void)state;
    net_folder_drop(folder);
    return 0;
}

/* Writes a file of the test's folder; its path is good until the next call but three. */
static const char *file_of(const char *text)
{
    static char paths[4][128];
    static size_t turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%zu.json", folder, turn);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    return path;
}

static const char *key_text(const char *id)
{
    static char text[4][ALC_NEAR_KEY_TEXT_MAX];
    static size_t turn;
    struct alc_near_key key = net_public(id);
    char *out = text[turn++ % 4];
    alc_near_key_text(out, &key);
    return out;
}

#define ACCOUNT(id, amount, locked)                                                                \
    "{\"Account\":{\"account_id\":\"" id "\",\"account\":{\"amount\":\"" amount                    \
    "\",\"locked\":\"" locked "\",\"code_hash\":\"11111111111111111111111111111111\","             \
    "\"storage_usage\":182,\"version\":\"V1\"}}}"

/* Two accounts with their keys. */
static char *people(void)
{
    static char text[4096];
    snprintf(text, sizeof text,
             ACCOUNT("alice.test", "1000000000000000000000000000",
                     "5") ",\n"
                          "{\"AccessKey\":{\"account_id\":\"alice.test\",\"public_key\":\"%s\","
                          "\"access_key\":"
                          "{\"nonce\":7,\"permission\":\"FullAccess\"}}}, " ACCOUNT("bob.test",
                                                                                    "95", "0"),
             key_text("alice.test"));
    return text;
}

static char *genesis(const char *members, const char *records)
{
    static char text[16384];
    snprintf(text, sizeof text, "{%s\"records\":[%s]}", members, records);
    return text;
}

/* ---- a genesis ---- */

static void genesis_says_what_the_chain_is(void **state)
{
    const char *path =
        file_of(genesis("\"chain_id\":\"mine\",\"genesis_time\":\"2026-01-31T12:00:00.25Z\","
                        "\"genesis_height\":1000,\"total_supply\":\"1000000000000000000000000100\","
                        "\"gas_limit\":1000000000000000,\"unknown\":{\"a\":[1,\"}]\\\"\"]},"
                        "\"validators\":[{\"account_id\":\"alice.test\",\"amount\":\"5\"}],",
                        people()));
    struct net *n = net_open_as(&(struct lnet_conf){.genesis = path});
    struct alc_near_key key = net_public("alice.test");
    struct alc_near_action pay = net_act_transfer(5);
    struct lnet_info info;
    (void)state;
    lnet_chain_info(n->chain, &info);
    assert_string_equal(info.chain_id, "mine");
    assert_int_equal(info.genesis.height, 1000);
    assert_int_equal(info.head.height, 1000);
    assert_int_equal(info.genesis.timestamp_ns, UINT64_C(1769860800250000000));
    assert_true(info.total_supply == net_total(n) && info.genesis_supply == info.total_supply);
    assert_string_equal(info.validators, "[{\"account_id\":\"alice.test\",\"amount\":\"5\"}]");
    assert_int_equal(net_nonce(n, "alice.test", &key), 7);
    assert_false(net_exists(n, "test"));
    struct net_result r = net_send(n, "alice.test", "bob.test", &pay, 1);
    assert_true(net_is(&r, ""));
    assert_true(net_amount(n, "bob.test") == 100);
    assert_int_equal(net_height(n) > 1000, true);
    net_close(n);
}

static void genesis_is_read_once(void **state)
{
    char home[80], path[128];
    struct lnet_conf conf = {.folder = home, .genesis = path, .genesis_once = true};
    struct lnet_info info;
    (void)state;
    snprintf(home, sizeof home, "%s/chain", folder);
    snprintf(path, sizeof path, "%s",
             file_of(genesis("\"chain_id\":\"mine\",\"validators\":[7],", people())));
    struct net *n = net_open_as(&conf);
    assert_int_equal(remove(path), 0);
    net_reopen(n);
    lnet_chain_info(n->chain, &info);
    assert_string_equal(info.chain_id, "mine");
    assert_string_equal(info.validators, "[7]");
    assert_true(net_amount(n, "bob.test") == 95);
    net_close(n);
    assert_int_equal(net_try_open(&(struct lnet_conf){.folder = home, .chain_id = "other"}, &err),
                     ALC_CORRUPT);
}

static void broken_genesis_is_named(void **state)
{
    static const struct {
        const char *members, *records, *says;
        enum alc_rc rc;
    } cases[] = {
        {"\"chain_id\":\"\",", "", "chain_id", ALC_BAD_INPUT},
        {"\"chain_id\":5,", "", "chain_id", ALC_BAD_INPUT},
        {"\"chain_id\":\"other\",", "", "of the chain other, not mine", ALC_BAD_INPUT},
        {"\"genesis_time\":\"2026-02-30T00:00:00Z\",", "", "genesis_time", ALC_BAD_INPUT},
        {"\"genesis_time\":\"2026-02-20T00:00:00+01:00\",", "", "genesis_time", ALC_BAD_INPUT},
        {"\"genesis_height\":-1,", "", "genesis_height", ALC_BAD_INPUT},
        {"\"genesis_height\":9223372036854775807,", "", "genesis_height", ALC_BAD_INPUT},
        {"\"total_supply\":100,", "", "total_supply", ALC_BAD_INPUT},
        {"\"total_supply\":\"94\",", ACCOUNT("bob.test", "95", "0"),
         "total_supply is 94, but the accounts of the records hold 95", ALC_BAD_INPUT},
        {"\"validators\":{},", "", "validators", ALC_BAD_INPUT},
        {"\"records\":[],", "", "twice", ALC_BAD_INPUT},
        {"", "[]", "record 0: not an object", ALC_BAD_INPUT},
        {"", "{}", "record 0: not an object", ALC_BAD_INPUT},
        {"", "{\"Account\":{},\"Data\":{}}", "record 0: not an object", ALC_BAD_INPUT},
        {"", "{\"DelayedReceipt\":{}}", "record 0: records of kind DelayedReceipt", ALC_BAD_INPUT},
        {"", "{\"Account\":{\"account_id\":\"A\"}}", "Account: account_id", ALC_BAD_INPUT},
        {"", ACCOUNT("bob.test", "-5", "0"), "Account of bob.test: account.amount", ALC_BAD_INPUT},
        {"", ACCOUNT("bob.test", "5", "x"), "Account of bob.test: account.locked", ALC_BAD_INPUT},
        {"", ACCOUNT("system", "5", "0"), "refunds", ALC_BAD_INPUT},
        {"", ACCOUNT("bob.test", "5", "0") "," ACCOUNT("bob.test", "5", "0"),
         "record 1: Account of bob.test: it is there already", ALC_BAD_INPUT},
        {"", ACCOUNT("a.test", "340282366920938463463374607431768211455", "1"),
         "more than there can be", ALC_BAD_INPUT},
        {"", "{\"AccessKey\":{\"account_id\":\"bob.test\"}}", "no such account before it",
         ALC_BAD_INPUT},
        {"", "{\"Contract\":{\"account_id\":\"bob.test\",\"code\":\"\"}}",
         "Contract of bob.test: there is no such account before it", ALC_BAD_INPUT},
        {"", "{\"Data\":{\"account_id\":\"bob.test\"}}", "no such account before it",
         ALC_BAD_INPUT},
        {"",
         ACCOUNT("bob.test", "5",
                 "0") ",{\"AccessKey\":{\"account_id\":\"bob.test\",\"public_key\":\"rsa:1\"}}",
         "record 1: AccessKey of bob.test: public_key", ALC_BAD_INPUT},
        {"",
         ACCOUNT("bob.test", "5",
                 "0") ",{\"AccessKey\":{\"account_id\":\"bob.test\",\"public_key\":"
                      "\"5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dB\","
                      "\"access_key\":{\"nonce\":1,\"permission\":\"Root\"}}}",
         "permission", ALC_BAD_INPUT},
        {"",
         ACCOUNT("bob.test", "5",
                 "0") ",{\"Data\":{\"account_id\":\"bob.test\",\"data_key\":\"a\",\"value\":\"\"}}",
         "data_key is no base64", ALC_BAD_INPUT},
        {"",
         ACCOUNT("bob.test", "5",
                 "0") ",{\"GasKeyNonce\":{\"account_id\":\"bob.test\",\"public_key\":"
                      "\"5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dB\",\"index\":0,"
                      "\"nonce\":1}}",
         "record 1: GasKeyNonce of bob.test: there is no gas key before it", ALC_BAD_INPUT},
        {"", "{\"Account\":}", "record 0", ALC_BAD_INPUT},
        {"", "5 5", "',' or ']'", ALC_BAD_INPUT},
        {"", "5,", "a value is missing", ALC_BAD_INPUT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lnet_conf conf = {.genesis = file_of(genesis(cases[i].members, cases[i].records)),
                                 .chain_id = "mine"};
        enum alc_rc rc = net_try_open(&conf, &err);
        if (rc != cases[i].rc || strstr(err.text, cases[i].says) == NULL)
            fail_msg("%s %s: %s, wanted %s", cases[i].members, cases[i].records,
                     alc_err_text(&err, rc), cases[i].says);
        assert_non_null(strstr(err.text, conf.genesis)); /* which file */
    }
}

static void file_that_is_no_list_of_records_is_told(void **state)
{
    static const char *const texts[] = {
        "",
        " ",
        "5",
        "\"records\"",
        "{}",
        "{\"records\":5}",
        "[",
        "[]]",
        "[] 1",
        "{\"records\":[]",
        "{\"records\"",
        "{\"records\":[]}}",
        "{5:[]}",
        "{\"a\" 5}",
        "{\"a\":}",
        "{\"a\":5,}",
        "[\"a",
        "[{\"a\":\"]}]",
        "[nul]",
        "[{\"Account\":{}}}",
        "]",
        "}",
        ",",
        "{\"records\":[,]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        enum alc_rc rc = net_try_open(&(struct lnet_conf){.genesis = file_of(texts[i])}, &err);
        if (rc != ALC_BAD_INPUT) fail_msg("%s: %s", texts[i], alc_err_text(&err, rc));
    }
    assert_int_equal(net_try_open(&(struct lnet_conf){.genesis = "nowhere.json"}, &err),
                     ALC_NOT_FOUND);
}

/* ---- from chain to chain ---- */

static enum alc_rc put(void *ctx, struct alc_bytes piece, struct alc_err *e)
{
    (void)e;
    return fwrite(piece.p, 1, piece.n, ctx) == piece.n ? ALC_OK : ALC_IO;
}

static const char *dump(struct net *n, const char *const *ids, size_t count)
{
    const char *path = file_of("");
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(lnet_chain_dump(n->chain, ids, count, put, f, &err), ALC_OK);
    assert_int_equal(fclose(f), 0);
    return path;
}

/* A chain with a contract that keeps something, a key for one method, and a global contract. */
static struct net *source(void)
{
    struct net *n = net_open(NULL);
    struct alc_bytes methods[] = {ALC_LIT("set"), ALC_LIT("get")};
    struct alc_near_action key = net_act_key("bob.test");
    struct alc_near_action global = {.kind = ALC_NEAR_DEPLOY_GLOBAL, .by_account = 1};
    struct alc_near_action use = {.kind = ALC_NEAR_USE_GLOBAL, .by_account = 1};
    struct alc_buf code = ALC_BUF(1u << 20);
    struct lnet_block_ref at;
    struct alc_hash hash;
    net_deploy(n, "tool.test");
    net_call(n, "alice.test", "tool.test", "set", "carried over", 0);
    net_call(n, "alice.test", "tool.test", "fill", "", 0);
    key.access = (struct alc_near_access){.permission = ALC_NEAR_FUNCTION_CALL_KEY,
                                          .has_allowance = true,
                                          .allowance = NEAR(1),
                                          .receiver_id = ALC_LIT("tool.test"),
                                          .methods = methods,
                                          .methods_count = 2};
    struct net_result r = net_send(n, "alice.test", "alice.test", &key, 1);
    assert_true(net_is(&r, ""));
    assert_int_equal(lnet_read_code(n->chain, "tool.test", &code, &hash, &at, &err), ALC_OK);
    global.data = alc_buf_bytes(&code);
    r = net_send(n, "bob.test", "bob.test", &global, 1);
    assert_true(net_is(&r, ""));
    struct alc_near_action gas[] = {
        {.kind = ALC_NEAR_ADD_KEY,
         .key = net_public("gas"),
         .access = {.permission = ALC_NEAR_GAS_FUNCTION_CALL_KEY,
                    .gas_nonces = 3,
                    .receiver_id = ALC_LIT("tool.test")}},
        {.kind = ALC_NEAR_TRANSFER_GAS_KEY, .key = net_public("gas"), .amount = NEAR(2)}};
    r = net_send(n, "alice.test", "alice.test", gas, 2);
    assert_true(net_is(&r, ""));
    struct alc_near_action set = net_act_call("set", "carried over", 0, NET_GAS);
    net_submit(n, net_tx_gas(n, "alice.test", net_key("gas"), 2,
                             net_gas_nonce(n, "alice.test", &gas[0].key, 2) + 9, "tool.test", &set,
                             1));
    net_settle(n);
    use.account_id = ALC_LIT("bob.test");
    r = net_send(n, "alice.test", "alice.test", &use, 1);
    assert_true(net_is(&r, ""));
    net_call(n, "bob.test", "alice.test", "set", "by a global contract", 0);
    alc_buf_fini(&code);
    return n;
}

static const char *text_of(struct net *n, const char *id)
{
    struct alc_buf out = ALC_BUF(1u << 20);
    struct lnet_block_ref at;
    assert_int_equal(lnet_read_account(n->chain, id, &out, &at, &err), ALC_OK);
    assert_int_equal(lnet_read_keys(n->chain, id, NULL, &out, &at, &err), ALC_OK);
    assert_int_equal(
        lnet_read_state(n->chain, id, (struct alc_bytes){NULL, 0}, NULL, &out, &at, &err), ALC_OK);
    struct alc_near_key gas = net_public("gas");
    enum alc_rc rc = lnet_read_gas_nonces(n->chain, id, &gas, &out, &at, &err);
    assert_int_equal(rc, strcmp(id, "alice.test") == 0 ? ALC_OK : ALC_NOT_FOUND);
    const char *text = alc_arena_text(&n->arena, "%s", alc_buf_text(&out));
    alc_buf_fini(&out);
    return text;
}

static void dump_of_all_is_a_genesis(void **state)
{
    static const char *const ids[] = {"alice.test", "bob.test", "registrar", "test", "tool.test"};
    struct net *a = source();
    struct net *b = net_open_as(&(struct lnet_conf){.genesis = dump(a, NULL, 0)});
    struct lnet_info x, y;
    (void)state;
    lnet_chain_info(a->chain, &x);
    lnet_chain_info(b->chain, &y);
    assert_true(x.total_supply == y.total_supply && y.total_supply == net_total(b));
    struct alc_near_key gas = net_public("gas");
    assert_true(net_gas_balance(b, "alice.test", &gas) ==
                net_gas_balance(a, "alice.test", &gas)); /* more than most of the 2 NEAR */
    assert_true(net_gas_balance(b, "alice.test", &gas) > NEAR(1));
    assert_int_equal(net_gas_nonce(b, "alice.test", &gas, 2),
                     net_gas_nonce(b, "alice.test", &gas, 1) + 9);
    assert_int_equal(x.head.height, y.genesis.height);
    assert_int_equal(x.head.timestamp_ns, y.genesis.timestamp_ns);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(text_of(a, ids[i]), text_of(b, ids[i]));
    assert_string_equal(net_view(b, "tool.test", "get", ""), "carried over");
    assert_string_equal(net_view(b, "alice.test", "get", ""), "by a global contract");
    struct net_result r = net_call(b, "bob.test", "tool.test", "join", "", 0);
    assert_true(net_has(&r, "SuccessValue"));
    net_close(a);
    net_close(b);
}

static void some_accounts_are_imported_in_a_block_of_their_own(void **state)
{
    static const char *const ids[] = {"alice.test", "tool.test"};
    struct net *a = source(), *b = net_open(NULL);
    const char *path = dump(a, ids, 2);
    struct lnet_info before, after;
    bool done;
    (void)state;
    net_call(b, "bob.test", "bob.test", "x", "", 0);
    lnet_chain_info(b->chain, &before);
    assert_int_equal(lnet_chain_import(b->chain, path, &done, &err), ALC_OK);
    assert_true(done);
    lnet_chain_info(b->chain, &after);
    assert_int_equal(after.head.height, before.head.height + 1);
    assert_true(after.total_supply == net_total(b));
    assert_string_equal(text_of(a, "tool.test"), text_of(b, "tool.test"));
    assert_string_equal(text_of(a, "alice.test"), text_of(b, "alice.test"));
    assert_string_equal(net_view(b, "alice.test", "get", ""), "by a global contract");

    net_call(b, "bob.test", "tool.test", "set", "newer", 0);
    uint64_t height = net_height(b);
    assert_int_equal(lnet_chain_import(b->chain, path, &done, &err), ALC_OK); /* once is enough */
    assert_false(done);
    assert_int_equal(net_height(b), height);
    assert_string_equal(net_view(b, "tool.test", "get", ""), "newer");
    net_close(a);
    net_close(b);
}

static void bad_import_changes_nothing(void **state)
{
    struct net *n = net_open(NULL);
    uint64_t height = net_height(n);
    bool done;
    (void)state;
    const char *bad = file_of("[" ACCOUNT("carol.test", "5", "0") ",{\"Data\":{\"account_id\":"
                                                                  "\"dave.test\"}}]");
    assert_int_equal(lnet_chain_import(n->chain, bad, &done, &err), ALC_BAD_INPUT);
    assert_non_null(strstr(err.text, "record 1: Data of dave.test"));
    assert_non_null(strstr(err.text, bad));
    assert_int_equal(lnet_chain_import(n->chain, "nowhere.json", &done, &err), ALC_NOT_FOUND);
    assert_false(net_exists(n, "carol.test"));
    assert_int_equal(net_height(n), height);
    net_create(n, "carol.test", NEAR(1)); /* the chain goes on */
    assert_true(net_exists(n, "carol.test"));
    net_close(n);
}

static void dump_of_a_stranger_is_refused(void **state)
{
    static const char *const ids[] = {"alice.test", "nobody"};
    struct net *n = net_open(NULL);
    (void)state;
    assert_int_equal(lnet_chain_dump(n->chain, ids, 2, put, stderr, &err), ALC_NOT_FOUND);
    assert_non_null(strstr(err.text, "nobody"));
    net_close(n);
}

/* The list is never in memory: values of a size that only a stream takes, cut by every boundary of
 * the pieces in which the file is read. */
static void long_file_is_read_piece_by_piece(void **state)
{
    const char *path = file_of("");
    const size_t count = 3000;
    FILE *f = fopen(path, "wb");
    bool done;
    struct net *n = net_open(NULL);
    (void)state;
    assert_non_null(f);
    fprintf(f, "{\"before\":\"%s\",\n \"records\" : [\n", "[[[{{{\\\"");
    for (size_t i = 0; i < count; i++)
        fprintf(f,
                "%s{\"Data\":{\"account_id\":\"test\",\"data_key\":\"%08zu\",\"value\":\"%0*d\"}}",
                i > 0 ? " ,\n" : "", i, (int)(4 + 4 * (i % 97)), 0);
    fprintf(f, "] , \"after\":[1,2,{\"records\":[{}]}] } \n");
    assert_int_equal(fclose(f), 0);
    enum alc_rc rc = lnet_chain_import(n->chain, path, &done, &err);
    if (rc != ALC_OK) fail_msg("%s", alc_err_text(&err, rc));
    struct alc_buf out = ALC_BUF(64u << 20);
    struct lnet_block_ref at;
    assert_int_equal(
        lnet_read_state(n->chain, "test", (struct alc_bytes){NULL, 0}, NULL, &out, &at, &err),
        ALC_OK);
    const struct alc_json *list = net_json(alc_buf_text(&out));
    assert_int_equal(alc_json_count(list), count);
    alc_buf_fini(&out);
    net_close(n);
}

int main(void)
{
#define F(name) cmocka_unit_test_setup_teardown(name, make_folder, drop_folder)
    const struct CMUnitTest tests[] = {
        F(genesis_says_what_the_chain_is),   F(genesis_is_read_once),
        F(broken_genesis_is_named),          F(file_that_is_no_list_of_records_is_told),
        F(dump_of_all_is_a_genesis),         F(some_accounts_are_imported_in_a_block_of_their_own),
        F(bad_import_changes_nothing),       F(dump_of_a_stranger_is_refused),
        F(long_file_is_read_piece_by_piece),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
