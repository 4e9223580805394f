/* tests/unit/localnet/test_past.c — the state at blocks before the head: of every kind of change,
 * as a client asks for it, and what is not kept. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/enc.h"
#include "localnet/rpc.h"
#include "net.h"

static struct alc_err err;

/* ---- a net with an RPC, in memory or in a folder ---- */

static struct lnet_rpc *rpc;
static struct alc_httpd_answer answer;

static void open_rpc(struct net *n)
{
    struct lnet_rpc_conf conf = {.chain = n->chain, .host = "127.0.0.1", .port = 3030};
    assert_int_equal(lnet_rpc_init(&rpc, &conf, &err), ALC_OK);
}

static int in_memory(void **state)
{
    struct net *n = net_open(NULL);
    net_deploy(n, "tool.test");
    open_rpc(n);
    *state = n;
    return 0;
}

static int in_folder(void **state)
{
    static char folder[64];
    struct net *n = net_open(net_folder_make(folder));
    net_deploy(n, "tool.test");
    open_rpc(n);
    *state = n;
    return 0;
}

static int deterministic(void **state)
{
    struct net *n = net_open_as(&(struct lnet_conf){.deterministic = true});
    net_deploy(n, "tool.test");
    open_rpc(n);
    *state = n;
    return 0;
}

static int drop(void **state)
{
    struct net *n = *state;
    const char *folder = n->wanted.folder;
    alc_buf_fini(&answer.body);
    lnet_rpc_close(rpc);
    net_close(n);
    if (folder != NULL) net_folder_drop(folder);
    return 0;
}

static void reopen(struct net *n)
{
    lnet_rpc_close(rpc);
    net_reopen(n);
    open_rpc(n);
}

/* ---- blocks and all that they hold ---- */

#define MARKS_MAX 400
static struct mark {
    struct lnet_block_ref at;
    struct alc_hash state; /* of the dump */
} marks[MARKS_MAX];
static size_t marks_count;

static enum alc_rc add(void *ctx, struct alc_bytes piece, struct alc_err *e)
{
    (void)e;
    alc_sha256_update(ctx, piece);
    return ALC_OK;
}

static struct alc_hash dump(struct net *n)
{
    struct alc_sha256 s;
    struct alc_hash h;
    alc_sha256_init(&s);
    assert_int_equal(lnet_chain_dump(n->chain, NULL, 0, add, &s, &err), ALC_OK);
    alc_sha256_final(&s, &h);
    return h;
}

static struct lnet_block_ref head(struct net *n)
{
    struct lnet_info info;
    lnet_chain_info(n->chain, &info);
    return info.head;
}

static void mark(struct net *n)
{
    assert_true(marks_count < MARKS_MAX);
    marks[marks_count++] = (struct mark){head(n), dump(n)};
}

static struct lnet_block_id by_height(uint64_t height)
{
    return (struct lnet_block_id){.by = LNET_BY_HEIGHT, .height = height};
}

static struct lnet_block_id by_hash(const struct alc_hash *hash)
{
    return (struct lnet_block_id){.by = LNET_BY_HASH, .hash = *hash};
}

static enum alc_rc open_at(struct net *n, struct lnet_block_id id)
{
    struct lnet_block_ref at;
    return lnet_past_open(n->chain, &id, &at, &err);
}

static void expect_mark(struct net *n, const struct mark *m, struct lnet_block_id id)
{
    struct lnet_block_ref at;
    struct alc_hash is;
    assert_int_equal(lnet_past_open(n->chain, &id, &at, &err), ALC_OK);
    is = dump(n);
    lnet_past_close(n->chain);
    assert_int_equal(at.height, m->at.height);
    assert_true(alc_hash_eq(&at.hash, &m->at.hash));
    assert_int_equal(at.timestamp_ns, m->at.timestamp_ns);
    assert_true(alc_hash_eq(&is, &m->state));
}

/* All marks from number `first` on, the newest first and the oldest first; the head is as it was.
 */
static void expect_marks(struct net *n, size_t first)
{
    struct mark now = {head(n), dump(n)};
    for (size_t i = first; i < marks_count; i++)
        expect_mark(n, &marks[i], by_height(marks[i].at.height));
    for (size_t i = marks_count; i > first; i--)
        expect_mark(n, &marks[i - 1], by_hash(&marks[i - 1].at.hash));
    struct alc_hash is = dump(n);
    assert_true(alc_hash_eq(&is, &now.state));
    assert_int_equal(head(n).height, now.at.height);
}

/* One transaction; a mark at each of its blocks. */
static void send(struct net *n, const char *signer, const char *receiver, struct alc_near_action a)
{
    net_submit(n, net_tx(n, signer, receiver, &a, 1));
    if (n->wanted.deterministic) {
        mark(n);
        return;
    }
    do {
        net_step(n);
        mark(n);
    } while (n->chain->receipts);
}

static void call(struct net *n, const char *method, const char *args)
{
    send(n, "alice.test", "tool.test", net_act_call(method, args, 0, NET_GAS));
}

static void patch(struct net *n, const char *json)
{
    assert_int_equal(net_records(n, json, &err), ALC_OK);
    mark(n);
}

static const char empty_module[] = "\0asm\1\0\0\0";
#define EMPTY_MODULE ((struct alc_bytes){(const uint8_t *)empty_module, 8})

/* Each table of the state gets, changes and loses rows. */
static void live(struct net *n)
{
    struct alc_near_key gas = net_public("gas");
    struct alc_near_action deploy = {.kind = ALC_NEAR_DEPLOY, .data = EMPTY_MODULE};
    struct alc_near_action global = {
        .kind = ALC_NEAR_DEPLOY_GLOBAL, .data = EMPTY_MODULE, .by_account = 1};
    struct alc_near_action use = {
        .kind = ALC_NEAR_USE_GLOBAL, .by_account = 1, .account_id = ALC_LIT("alice.test")};
    struct alc_near_action add_gas = {
        .kind = ALC_NEAR_ADD_KEY,
        .key = gas,
        .access = {.permission = ALC_NEAR_GAS_FULL_ACCESS, .gas_nonces = 2}};
    struct alc_near_action drop_key = {.kind = ALC_NEAR_DELETE_KEY, .key = net_public("other")};
    marks_count = 0;
    mark(n);
    call(n, "set", "one");
    call(n, "set", "two");
    call(n, "boom", "");
    net_deploy(n, "big.test"); /* too much to be deleted with its account */
    send(n, "alice.test", "big.test", net_act_call("fill", "", 0, NET_GAS));
    call(n, "del", "");
    send(n, "bob.test", "bob.test", net_act_key("other"));
    send(n, "bob.test", "bob.test", drop_key);
    send(n, "bob.test", "bob.test", add_gas);
    send(
        n, "bob.test", "bob.test",
        (struct alc_near_action){.kind = ALC_NEAR_TRANSFER_GAS_KEY, .key = gas, .amount = NEAR(1)});
    uint64_t nonce = net_gas_nonce(n, "bob.test", &gas, 1) + 1;
    struct alc_near_action set = net_act_call("set", "by gas key", 0, NET_GAS);
    net_submit(n, net_tx_gas(n, "bob.test", net_key("gas"), 1, nonce, "tool.test", &set, 1));
    net_settle(n);
    mark(n);
    send(n, "bob.test", "bob.test", deploy);
    send(n, "alice.test", "alice.test", global);
    send(n, "bob.test", "bob.test", use);
    global.data = ALC_LIT("\0asm\1\0\0\0\0\1\0");
    send(n, "alice.test", "alice.test", global);
    net_step(n); /* changes nothing */
    mark(n);
    net_forward(n, 5000);
    mark(n);
    patch(n,
          "[{\"Data\":{\"account_id\":\"tool.test\",\"data_key\":\"aw==\",\"value\":\"eA==\"}}]");
    call(n, "end_me", "bob.test"); /* with its records and keys */
    net_create(n, "tool.test", NEAR(3));
    mark(n);
}

static void every_block_answers_with_its_state(void **state)
{
    live(*state);
    expect_marks(*state, 0);
}

static void restart_forgets_nothing(void **state)
{
    struct net *n = *state;
    live(n);
    reopen(n);
    expect_marks(n, 0);
    send(n, "alice.test", "bob.test", net_act_transfer(7));
    expect_marks(n, 0);
}

/* ---- what a client sees ---- */

static const struct alc_json *ask(const char *method, const char *params)
{
    struct alc_buf body = ALC_BUF(1u << 16);
    struct alc_httpd_ask a = {.method = "POST", .path = "/"};
    alc_buf_printf(&body, "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"%s\",\"params\":%s}",
                   method, params);
    a.body = alc_buf_bytes(&body);
    alc_buf_fini(&answer.body);
    answer = (struct alc_httpd_answer){
        .status = 200, .type = "application/json", .body = ALC_BUF(1u << 20)};
    lnet_rpc_answer(rpc, &a, &answer);
    alc_buf_fini(&body);
    return net_json(alc_buf_text(&answer.body));
}

/* A query at a block, named by height and by hash: the same answer, which names the block. */
static const struct alc_json *query(const struct lnet_block_ref *at, const char *rest)
{
    char params[4096], hash[45];
    const char *said;
    uint64_t height;
    size_t n;
    snprintf(params, sizeof params, "{\"block_id\":%llu,%s}", (unsigned long long)at->height, rest);
    const struct alc_json *a = ask("query", params);
    assert_true(alc_base58_encode(hash, sizeof hash - 1, &n, alc_hash_bytes(&at->hash)));
    hash[n] = 0;
    snprintf(params, sizeof params, "{\"block_id\":\"%s\",%s}", hash, rest);
    const struct alc_json *b = ask("query", params);
    assert_true(net_same(a, b));
    if (alc_json_kind(net_path(a, "error")) == ALC_JSON_OBJECT) return a;
    assert_true(alc_json_u64(net_path(a, "result.block_height"), &height));
    assert_true(alc_json_text(net_path(a, "result.block_hash"), &said));
    assert_int_equal(height, at->height);
    assert_string_equal(said, hash);
    return a;
}

static const char *text(const struct alc_json *v, const char *path)
{
    const char *t = NULL;
    if (!alc_json_text(net_path(v, path), &t)) fail_msg("no text at %s", path);
    return t;
}

#define CAUSE "error.cause.name"
#define ACCOUNT(id) "\"request_type\":\"view_account\",\"account_id\":\"" id "\""

static void balances_and_accounts_of_then(void **state)
{
    struct net *n = *state;
    struct lnet_block_ref before = head(n), born, paid;
    net_create(n, "carol.test", NEAR(5));
    born = head(n);
    struct alc_near_action pay = net_act_transfer(NEAR(2));
    net_send(n, "bob.test", "carol.test", &pay, 1);
    paid = head(n);
    struct alc_near_action end = {.kind = ALC_NEAR_DELETE_ACCOUNT,
                                  .account_id = ALC_LIT("bob.test")};
    net_send(n, "carol.test", "carol.test", &end, 1);
    const char *at_birth = text(query(&born, ACCOUNT("carol.test")), "result.amount");
    assert_string_equal(at_birth, "5000000000000000000000000");
    assert_string_equal(text(query(&paid, ACCOUNT("carol.test")), "result.amount"),
                        "7000000000000000000000000");
    assert_string_equal(text(query(&before, ACCOUNT("carol.test")), CAUSE), "UNKNOWN_ACCOUNT");
    struct lnet_block_ref now = head(n);
    assert_string_equal(text(query(&now, ACCOUNT("carol.test")), CAUSE), "UNKNOWN_ACCOUNT");
    assert_string_equal(
        text(query(&paid, "\"request_type\":\"view_access_key_list\",\"account_id\":"
                          "\"carol.test\""),
             "result.keys.0.access_key.permission"),
        "FullAccess");
    /* without a block, and in the form that has none: the head */
    assert_string_equal(text(ask("query", "[\"account/carol.test\",\"\"]"), CAUSE),
                        "UNKNOWN_ACCOUNT");
    assert_string_equal(text(ask("EXPERIMENTAL_view_account",
                                 "{\"finality\":\"final\",\"account_id\":\"carol.test\"}"),
                             CAUSE),
                        "UNKNOWN_ACCOUNT");
}

static void keys_and_nonces_of_then(void **state)
{
    struct net *n = *state;
    char rest[ALC_NEAR_KEY_TEXT_MAX + 128], key[ALC_NEAR_KEY_TEXT_MAX];
    struct alc_near_key alice = net_public("alice.test");
    struct lnet_block_ref first, second;
    uint64_t a, b;
    net_call(n, "alice.test", "tool.test", "set", "1", 0);
    first = head(n);
    net_call(n, "alice.test", "tool.test", "set", "2", 0);
    second = head(n);
    net_call(n, "alice.test", "tool.test", "set", "3", 0);
    alc_near_key_text(key, &alice);
    snprintf(rest, sizeof rest,
             "\"request_type\":\"view_access_key\",\"account_id\":\"alice.test\","
             "\"public_key\":\"%s\"",
             key);
    assert_true(alc_json_u64(net_path(query(&first, rest), "result.nonce"), &a));
    assert_true(alc_json_u64(net_path(query(&second, rest), "result.nonce"), &b));
    assert_int_equal(b, a + 1);
    assert_int_equal(net_nonce(n, "alice.test", &alice), a + 2);
    /* a gas key that comes and goes */
    struct alc_near_key gas = net_public("gas");
    struct alc_near_action with = {
        .kind = ALC_NEAR_ADD_KEY,
        .key = gas,
        .access = {.permission = ALC_NEAR_GAS_FULL_ACCESS, .gas_nonces = 2}};
    struct alc_near_action without = {.kind = ALC_NEAR_DELETE_KEY, .key = gas};
    net_send(n, "bob.test", "bob.test", &with, 1);
    struct lnet_block_ref there = head(n);
    net_send(n, "bob.test", "bob.test", &without, 1);
    struct lnet_block_ref gone = head(n);
    alc_near_key_text(key, &gas);
    snprintf(rest, sizeof rest,
             "\"request_type\":\"view_gas_key_nonces\",\"account_id\":\"bob.test\","
             "\"public_key\":\"%s\"",
             key);
    assert_int_equal(alc_json_count(net_path(query(&there, rest), "result.nonces")), 2);
    assert_string_equal(text(query(&gone, rest), CAUSE), "UNKNOWN_GAS_KEY");
    assert_string_equal(text(query(&second, rest), CAUSE), "UNKNOWN_GAS_KEY");
}

static void state_of_then_by_prefix_and_page(void **state)
{
    struct net *n = *state;
    struct lnet_block_ref full, less;
    static const char *const keys[] = {"YTA=", "YTE=", "YTI=", "YjA="}; /* a0 a1 a2 b0 */
    char json[160];
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        snprintf(
            json, sizeof json,
            "[{\"Data\":{\"account_id\":\"bob.test\",\"data_key\":\"%s\",\"value\":\"MQ==\"}}]",
            keys[i]);
        assert_int_equal(net_records(n, json, &err), ALC_OK);
        if (i == 2) less = head(n);
    }
    full = head(n);
    assert_int_equal(
        net_records(n,
                    "[{\"Data\":{\"account_id\":\"bob.test\",\"data_key\":\"YTA=\",\"value\":"
                    "\"Mg==\"}}]",
                    &err),
        ALC_OK);
#define STATE(more)                                                                                \
    "\"request_type\":\"view_state\",\"account_id\":\"bob.test\",\"prefix_base64\":" more
    const struct alc_json *a = query(&full, STATE("\"\""));
    assert_int_equal(alc_json_count(net_path(a, "result.values")), 4);
    assert_string_equal(text(a, "result.values.0.value"), "MQ==");
    assert_int_equal(alc_json_count(net_path(query(&less, STATE("\"\"")), "result.values")), 3);
    a = query(&full, STATE("\"Yg==\"")); /* b */
    assert_int_equal(alc_json_count(net_path(a, "result.values")), 1);
    assert_int_equal(alc_json_count(net_path(query(&less, STATE("\"Yg==\"")), "result.values")), 0);
    struct lnet_page page = {.limit = 2, .after = ALC_LIT("a0")};
    struct alc_buf out = ALC_BUF(4096);
    struct lnet_block_ref at;
    assert_int_equal(open_at(n, by_height(less.height)), ALC_OK);
    assert_int_equal(lnet_read_state(n->chain, "bob.test", ALC_LIT(""), &page, &out, &at, &err),
                     ALC_OK);
    lnet_past_close(n->chain);
    assert_string_equal(alc_buf_text(&out), "[{\"key\":\"YTE=\",\"value\":\"MQ==\"},"
                                            "{\"key\":\"YTI=\",\"value\":\"MQ==\"}]");
    assert_int_equal(at.height, less.height);
    alc_buf_fini(&out);
}

static void code_and_calls_of_then(void **state)
{
    struct net *n = *state;
    struct alc_near_action deploy = {.kind = ALC_NEAR_DEPLOY, .data = EMPTY_MODULE};
    struct lnet_block_ref then, later;
    struct lnet_block_id id;
    net_call(n, "alice.test", "tool.test", "set", "then", 0);
    then = head(n);
    net_call(n, "alice.test", "tool.test", "set", "later", 0);
    net_forward(n, 1000);
    later = head(n);
    net_send(n, "tool.test", "tool.test", &deploy, 1);
    struct lnet_block_ref now = head(n);
#define CODE "\"request_type\":\"view_code\",\"account_id\":\"tool.test\""
    const char *old = text(query(&then, CODE), "result.hash");
    assert_string_equal(text(query(&later, CODE), "result.hash"), old);
    assert_string_not_equal(text(query(&now, CODE), "result.hash"), old);
#define CALL(m)                                                                                    \
    "\"request_type\":\"call_function\",\"account_id\":\"tool.test\",\"method_name\":\"" m         \
    "\",\"args_base64\":\"\""
    uint64_t first;
    const struct alc_json *a = query(&then, CALL("get"));
    assert_int_equal(alc_json_count(net_path(a, "result.result")), strlen("then"));
    assert_true(alc_json_u64(net_path(a, "result.result.0"), &first));
    assert_int_equal(first, 't');
    assert_int_equal(alc_json_count(net_path(query(&later, CALL("get")), "result.result")),
                     strlen("later"));
    assert_non_null(strstr(text(query(&now, CALL("get")), "result.error"), "MethodNotFound"));
    /* and what the call learns of its block */
    id = by_height(then.height);
    for (int i = 0; i < 2; i++, id = by_hash(&later.hash)) {
        const struct lnet_block_ref *want = i == 0 ? &then : &later;
        struct lnet_view v = {.result = ALC_BUF(64),
                              .logs = ALC_BUF(64),
                              .error = ALC_BUF(4096),
                              .error_json = ALC_BUF(4096)};
        uint64_t told[2];
        assert_int_equal(open_at(n, id), ALC_OK);
        assert_int_equal(
            lnet_read_view(n->chain, "tool.test", ALC_LIT("where"), ALC_LIT(""), &v, &err), ALC_OK);
        lnet_past_close(n->chain);
        assert_int_equal(v.result.n, sizeof told);
        memcpy(told, v.result.p, sizeof told);
        assert_int_equal(told[0], want->height);
        assert_int_equal(told[1], want->timestamp_ns);
        alc_buf_fini(&v.result);
        alc_buf_fini(&v.logs);
        alc_buf_fini(&v.error);
        alc_buf_fini(&v.error_json);
    }
}

/* ---- what is not kept ---- */

static void older_than_the_limit_is_collected(void **state)
{
    struct net *n = *state;
    struct lnet_block_ref kept, lost = head(n);
    struct alc_near_action pay = net_act_transfer(1);
    __uint128_t had = net_amount(n, "bob.test");
    net_step(n);
    kept = head(n);
    for (unsigned i = 1; i < LNET_PAST_BLOCKS; i++) {
        net_submit(n, net_tx(n, "alice.test", "bob.test", &pay, 1));
        net_step(n); /* and the receipt of the one before */
    }
    query(&kept, ACCOUNT("bob.test"));
    assert_int_equal(open_at(n, by_height(kept.height)), ALC_OK);
    assert_true(net_amount(n, "bob.test") == had);
    lnet_past_close(n->chain);
    assert_true(net_amount(n, "bob.test") == had + LNET_PAST_BLOCKS - 2);
    assert_string_equal(text(query(&lost, ACCOUNT("bob.test")), CAUSE), "GARBAGE_COLLECTED_BLOCK");
    net_step(n);
    assert_string_equal(text(query(&kept, ACCOUNT("bob.test")), CAUSE), "GARBAGE_COLLECTED_BLOCK");
    assert_string_equal(
        text(ask("query", "{\"block_id\":99999999," ACCOUNT("bob.test") "}"), CAUSE),
        "UNKNOWN_BLOCK");
    /* and what nobody can ask for is gone, sooner or later */
    for (unsigned i = 0; i < 100; i++) {
        net_submit(n, net_tx(n, "alice.test", "bob.test", &pay, 1));
        net_step(n);
    }
    struct alc_rows r;
    assert_int_equal(
        alc_rows_start(&r, n->chain->store, "SELECT COUNT(*) FROM past", ALC_NO_ARGS, &err),
        ALC_OK);
    assert_int_equal(alc_rows_next(&r, &err), ALC_OK);
    assert_in_range(alc_rows_int(&r, 0), LNET_PAST_BLOCKS, LNET_PAST_BLOCKS + 64);
    alc_rows_end(&r);
}

static void idle_blocks_keep_no_rows(void **state)
{
    struct net *n = *state;
    struct alc_rows r;
    const char *sql = "SELECT COUNT(*) FROM past";
    int64_t rows[2];
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(alc_rows_start(&r, n->chain->store, sql, ALC_NO_ARGS, &err), ALC_OK);
        assert_int_equal(alc_rows_next(&r, &err), ALC_OK);
        rows[i] = alc_rows_int(&r, 0);
        alc_rows_end(&r);
        for (unsigned k = 0; k < 20; k++)
            net_step(n);
    }
    assert_int_equal(rows[0], rows[1]);
}

#define RECORDS                                                                                    \
    "{\"records\":[{\"Account\":{\"account_id\":\"one.test\",\"account\":{\"amount\":\"1\","       \
    "\"locked\":\"0\",\"storage_usage\":100}}}]}"

static void import_is_a_block_like_others(void **state)
{
    struct net *n = *state;
    char path[128];
    bool done;
    snprintf(path, sizeof path, "%s/records.json", n->wanted.folder);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_true(fputs(RECORDS, f) >= 0);
    assert_int_equal(fclose(f), 0);
    marks_count = 0;
    mark(n);
    assert_int_equal(lnet_chain_import(n->chain, path, &done, &err), ALC_OK);
    assert_true(done);
    mark(n);
    call(n, "set", "x");
    reopen(n);
    expect_marks(n, 0);
    assert_string_equal(text(query(&marks[1].at, ACCOUNT("one.test")), "result.amount"), "1");
    assert_string_equal(text(query(&marks[0].at, ACCOUNT("one.test")), CAUSE), "UNKNOWN_ACCOUNT");
}

static void snapshot_brings_its_past_with_it(void **state)
{
    struct net *n = *state;
    uint64_t id = 0;
    live(n);
    assert_int_equal(lnet_chain_snapshot(n->chain, &id, &err), ALC_OK);
    net_forward(n, 10);
    net_create(n, "dora.test", NEAR(1));
    struct lnet_block_ref gone = head(n);
    assert_int_equal(lnet_chain_restore(n->chain, id, &err), ALC_OK);
    expect_marks(n, 0);
    assert_int_equal(open_at(n, by_hash(&gone.hash)), ALC_NOT_FOUND);
    send(n, "alice.test", "bob.test", net_act_transfer(9));
    net_create(n, "emil.test", NEAR(1));
    mark(n);
    expect_marks(n, 0);
}

/* ---- a folder of a program that kept no past ---- */

static void sql(struct alc_store *s, const char *one)
{
    assert_int_equal(alc_store_exec(s, NULL, one, ALC_NO_ARGS, &err), ALC_OK);
}

/* Back to the tables as they were; the keys' rows lack the column that came with an ALTER. */
static void make_old(const char *folder)
{
    struct alc_store *s;
    char path[128];
    snprintf(path, sizeof path, "%s/chain.db", folder);
    assert_int_equal(alc_store_open(&s, path, false, &err), ALC_OK);
    sql(s, "DROP TABLE past");
    sql(s, "ALTER TABLE access_key DROP COLUMN gas_nonces");
    sql(s, "ALTER TABLE access_key ADD COLUMN gas_nonces INTEGER NOT NULL DEFAULT 0");
    sql(s, "UPDATE alc_schema SET version = version - 1 WHERE room = 'localnet'");
    alc_store_close(s);
}

static void upgrade_begins_a_past(void **state)
{
    struct net *n = *state;
    net_call(n, "alice.test", "tool.test", "set", "old", 0);
    struct lnet_block_ref last = head(n);
    marks_count = 0;
    mark(n);
    lnet_rpc_close(rpc);
    lnet_chain_close(n->chain);
    n->chain = NULL;
    make_old(n->wanted.folder);
    net_reopen(n);
    open_rpc(n);
    call(n, "set", "new"); /* by a key as old as the folder */
    expect_marks(n, 0);
    assert_string_equal(text(query(&last, CALL("get")), "result.block_hash"),
                        text(query(&last, ACCOUNT("bob.test")), "result.block_hash"));
    struct lnet_block_ref before;
    struct lnet_block_id id = by_height(last.height - 1);
    assert_int_equal(lnet_read_block_ref(n->chain, &id, &before, NULL, &err), ALC_OK);
    assert_string_equal(text(query(&before, ACCOUNT("bob.test")), CAUSE),
                        "GARBAGE_COLLECTED_BLOCK");
}

/* ---- others at work ---- */

struct reader {
    struct net *n;
    struct lnet_block_id at;
    struct alc_hash want;
    _Atomic bool stop;
    bool wrong;
    unsigned done;
};

static void *read_on(void *arg)
{
    struct reader *r = arg;
    while (!r->stop) {
        struct lnet_block_ref at;
        struct alc_err e;
        struct alc_sha256 s;
        struct alc_hash is = {{0}};
        alc_sha256_init(&s);
        if (lnet_past_open(r->n->chain, &r->at, &at, &e) != ALC_OK ||
            lnet_chain_dump(r->n->chain, NULL, 0, add, &s, &e) != ALC_OK)
            r->wrong = true;
        lnet_past_close(r->n->chain);
        alc_sha256_final(&s, &is);
        if (!alc_hash_eq(&is, &r->want)) r->wrong = true;
        r->done++;
    }
    return NULL;
}

static void readers_of_the_past_and_blocks_do_not_meet(void **state)
{
    struct net *n = *state;
    struct reader r[2];
    pthread_t t[2];
    marks_count = 0;
    mark(n);
    call(n, "set", "a");
    for (size_t i = 0; i < 2; i++) {
        r[i] = (struct reader){.n = n, .at = by_height(marks[i].at.height), .want = marks[i].state};
        assert_int_equal(pthread_create(&t[i], NULL, read_on, &r[i]), 0);
    }
    for (int i = 0; i < 50; i++) {
        struct net_result res = net_call(n, "alice.test", "tool.test", "set", "b", 0);
        assert_true(net_is(&res, ""));
        assert_string_equal(net_view(n, "tool.test", "get", ""), "b");
    }
    for (size_t i = 0; i < 2; i++) {
        r[i].stop = true;
        pthread_join(t[i], NULL);
        assert_false(r[i].wrong);
        assert_true(r[i].done > 0);
    }
}

/* ---- death ---- */

static int be_killed(const char *folder)
{
    struct net *n = net_open(folder);
    net_call(n, "alice.test", "tool.test", "set", "new", 0);
    return 2; /* still alive */
}

static void kill_at(struct net *n, const char *point)
{
    int status;
    lnet_rpc_close(rpc);
    lnet_chain_close(n->chain);
    n->chain = NULL;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setenv("ALC_FAILPOINT", point, 1);
        execl("/proc/self/exe", "test_localnet_past", "be-killed", n->wanted.folder, (char *)NULL);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    net_reopen(n);
    open_rpc(n);
}

static void death_tears_no_block_from_its_past(void **state)
{
#ifndef ALC_FAILPOINTS
    (void)state;
    print_message("skipped: this build has no failpoints (ALC_FAILPOINTS)\n");
    skip();
#else
    struct net *n = *state;
    live(n);
    kill_at(n, "block.filled");
    mark(n);
    expect_marks(n, 0);
    kill_at(n, "block.committed");
    expect_marks(n, 0);
    net_settle(n);
    mark(n);
    expect_marks(n, 0);
#endif
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "be-killed") == 0) return be_killed(argv[2]);
#define M(name) {#name " in memory", name, in_memory, drop, NULL}
#define F(name) {#name " in a folder", name, in_folder, drop, NULL}
    const struct CMUnitTest tests[] = {
        M(every_block_answers_with_its_state),
        F(every_block_answers_with_its_state),
        {"every_block_answers_with_its_state, deterministic", every_block_answers_with_its_state,
         deterministic, drop, NULL},
        F(restart_forgets_nothing),
        M(balances_and_accounts_of_then),
        M(keys_and_nonces_of_then),
        M(state_of_then_by_prefix_and_page),
        M(code_and_calls_of_then),
        M(older_than_the_limit_is_collected),
        M(idle_blocks_keep_no_rows),
        F(import_is_a_block_like_others),
        M(snapshot_brings_its_past_with_it),
        F(snapshot_brings_its_past_with_it),
        F(upgrade_begins_a_past),
        F(readers_of_the_past_and_blocks_do_not_meet),
        F(death_tears_no_block_from_its_past),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
