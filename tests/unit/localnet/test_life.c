/* tests/unit/localnet/test_life.c — restarts, threads, waiting, and the sandbox's powers. */
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

#include "net.h"

static int in_folder(void **state)
{
    static char folder[64];
    struct net *n = net_open(net_folder_make(folder));
    net_deploy(n, "tool.test");
    *state = n;
    return 0;
}

static int drop_folder(void **state)
{
    struct net *n = *state;
    const char *folder = n->wanted.folder;
    net_close(n);
    net_folder_drop(folder);
    return 0;
}

/* ---- restarts ---- */

static void restart_keeps_state_and_work(void **state)
{
    struct net *n = *state;
    struct alc_near_action ask = net_act_call("ask", "", 0, NET_GAS);
    struct alc_near_action set = net_act_call("set", "kept", 0, NET_GAS);
    struct alc_hash asked = net_submit(n, net_tx(n, "alice.test", "tool.test", &ask, 1));
    net_settle(n);
    struct alc_hash under_way = net_submit(n, net_tx(n, "bob.test", "tool.test", &set, 1));
    net_step(n); /* its receipt waits for the next block */
    struct lnet_info before, after;
    lnet_chain_info(n->chain, &before);
    net_reopen(n);
    lnet_chain_info(n->chain, &after);
    assert_int_equal(before.head.height, after.head.height);
    assert_true(alc_hash_eq(&before.head.hash, &after.head.hash));
    assert_true(alc_hash_eq(&before.genesis.hash, &after.genesis.hash));
    assert_true(before.total_supply == after.total_supply);
    net_settle(n);
    struct net_result r = net_result_of(n, &under_way);
    assert_true(net_is(&r, ""));
    assert_string_equal(net_view(n, "tool.test", "get", ""), "kept");
    net_call(n, "bob.test", "tool.test", "resume", "later", 0);
    r = net_result_of(n, &asked);
    assert_true(net_is(&r, "1later;"));
}

static void other_chain_id_is_refused(void **state)
{
    struct net *n = *state;
    struct lnet_conf conf = {.folder = n->wanted.folder, .chain_id = "elsewhere", .manual = true};
    struct lnet_chain *c = NULL;
    struct alc_err err;
    lnet_chain_close(n->chain);
    n->chain = NULL;
    assert_int_equal(lnet_chain_open(&c, &conf, &err), ALC_CORRUPT);
    assert_non_null(strstr(err.text, "localnet"));
}

/* What the other process does: it opens the chain, sends the transaction of the file `tx`, says
 * that it is in a block, and is killed. */
static int be_killed(const char *folder)
{
    struct lnet_conf conf = {.folder = folder};
    struct lnet_chain *c;
    struct alc_buf invalid = ALC_BUF(4096);
    struct alc_err err;
    struct alc_hash hash;
    enum lnet_level is;
    bool known;
    static uint8_t raw[4096];
    char path[128];
    snprintf(path, sizeof path, "%s/tx", folder);
    FILE *f = fopen(path, "rb");
    if (f == NULL) return 1;
    struct alc_bytes tx = {raw, fread(raw, 1, sizeof raw, f)};
    fclose(f);
    alc_crypto_init();
    if (lnet_chain_open(&c, &conf, &err) != ALC_OK ||
        lnet_chain_submit(c, tx, &hash, &invalid, &err) != ALC_OK ||
        lnet_chain_wait(c, &hash, LNET_INCLUDED, 10000, &is, &known, &err) != ALC_OK ||
        write(STDOUT_FILENO, hash.b, sizeof hash.b) != sizeof hash.b)
        return 1;
    return raise(SIGKILL);
}

static void killed_chain_keeps_what_it_acknowledged(void **state)
{
    struct net *n = *state;
    struct alc_near_action set = net_act_call("set", "survives", 0, NET_GAS);
    struct alc_bytes tx = net_tx(n, "alice.test", "tool.test", &set, 1);
    struct alc_hash hash;
    char path[128];
    int pipe_to[2], status;
    lnet_chain_close(n->chain);
    n->chain = NULL;
    snprintf(path, sizeof path, "%s/tx", n->wanted.folder);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(tx.p, 1, tx.n, f), tx.n);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(pipe(pipe_to), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) { /* a fresh process: the VM's threads do not survive a fork */
        dup2(pipe_to[1], STDOUT_FILENO);
        execl("/proc/self/exe", "test_localnet_life", "be-killed", n->wanted.folder, (char *)NULL);
        _exit(1);
    }
    close(pipe_to[1]);
    assert_int_equal(read(pipe_to[0], hash.b, sizeof hash.b), sizeof hash.b);
    assert_int_equal(waitpid(child, &status, 0), child);
    close(pipe_to[0]);
    assert_true(WIFSIGNALED(status));
    struct lnet_conf conf = {.folder = n->wanted.folder, .clock = &n->clock, .manual = true};
    struct alc_err err;
    assert_int_equal(lnet_chain_open(&n->chain, &conf, &err), ALC_OK);
    net_settle(n);
    struct net_result r = net_result_of(n, &hash);
    assert_true(net_is(&r, ""));
    assert_string_equal(net_view(n, "tool.test", "get", ""), "survives");
}

/* ---- the thread ---- */

static struct lnet_chain *open_live(struct net *n, uint32_t block_time_ms, uint32_t idle_ms)
{
    struct lnet_conf conf = {
        .folder = n->wanted.folder, .block_time_ms = block_time_ms, .idle_ms = idle_ms};
    struct alc_err err;
    lnet_chain_close(n->chain);
    assert_int_equal(lnet_chain_open(&n->chain, &conf, &err), ALC_OK);
    return n->chain;
}

static void instant_chain_runs_by_itself(void **state)
{
    struct net *n = *state;
    struct lnet_chain *c = open_live(n, 0, 0);
    struct alc_near_action join = net_act_call("join", "", 0, NET_GAS);
    struct alc_hash hash = net_submit(n, net_tx(n, "alice.test", "tool.test", &join, 1));
    enum lnet_level is;
    bool known;
    struct alc_err err;
    assert_int_equal(lnet_chain_wait(c, &hash, LNET_FINAL, 10000, &is, &known, &err), ALC_OK);
    assert_int_equal(is, LNET_FINAL);
    struct net_result r = net_result_of(n, &hash);
    assert_true(net_is(&r, "1a;2;11one;;"));
    uint64_t height = net_height(n);
    assert_int_equal(lnet_chain_wait_height(c, height, 0), ALC_OK);
    assert_int_equal(lnet_chain_wait_height(c, height + 1, 30), ALC_TIMEOUT); /* nothing to do */
}

static void waiting_yield_makes_idle_blocks(void **state)
{
    struct net *n = *state;
    struct lnet_chain *c = open_live(n, 0, 1);
    struct alc_near_action ask = net_act_call("ask", "", 0, NET_GAS);
    struct alc_hash hash = net_submit(n, net_tx(n, "alice.test", "tool.test", &ask, 1));
    enum lnet_level is;
    bool known;
    struct alc_err err;
    assert_int_equal(lnet_chain_wait(c, &hash, LNET_FINAL, 60000, &is, &known, &err), ALC_OK);
    struct net_result r = net_result_of(n, &hash);
    assert_true(net_is(&r, "2;"));
}

static void fixed_block_time_goes_on_without_work(void **state)
{
    struct net *n = *state;
    struct lnet_chain *c = open_live(n, 2, 0);
    assert_int_equal(lnet_chain_wait_height(c, net_height(n) + 5, 10000), ALC_OK);
}

static void unknown_transaction_is_waited_for(void **state)
{
    struct net *n = *state;
    struct alc_hash hash = {{1}};
    enum lnet_level is;
    bool known = true;
    struct alc_err err;
    assert_int_equal(lnet_chain_wait(n->chain, &hash, LNET_INCLUDED, 20, &is, &known, &err),
                     ALC_TIMEOUT);
    assert_false(known);
}

static void levels_are_not_a_plain_order(void **state)
{
    enum lnet_level level;
    (void)state;
    assert_true(lnet_level_of(ALC_LIT("EXECUTED_OPTIMISTIC"), &level));
    assert_int_equal(level, LNET_EXECUTED_OPTIMISTIC);
    assert_false(lnet_level_of(ALC_LIT("executed"), &level));
    assert_string_equal(lnet_level_name(LNET_INCLUDED_FINAL), "INCLUDED_FINAL");
    assert_true(lnet_level_met(LNET_INCLUDED_FINAL, LNET_INCLUDED));
    assert_false(lnet_level_met(LNET_INCLUDED_FINAL, LNET_EXECUTED_OPTIMISTIC));
    assert_true(lnet_level_met(LNET_EXECUTED, LNET_EXECUTED_OPTIMISTIC));
    assert_true(lnet_level_met(LNET_EXECUTED, LNET_INCLUDED_FINAL));
    assert_false(lnet_level_met(LNET_EXECUTED, LNET_FINAL));
}

struct sender {
    struct net *n;
    pthread_t thread;
    struct alc_bytes txs[20];
    size_t done;
};

static void *send_all(void *arg)
{
    struct sender *s = arg;
    for (size_t i = 0; i < 20; i++) {
        struct alc_buf invalid = ALC_BUF(4096);
        struct alc_err err;
        struct alc_hash hash;
        enum lnet_level is;
        bool known;
        if (lnet_chain_submit(s->n->chain, s->txs[i], &hash, &invalid, &err) == ALC_OK &&
            lnet_chain_wait(s->n->chain, &hash, LNET_FINAL, 30000, &is, &known, &err) == ALC_OK)
            s->done++;
        alc_buf_fini(&invalid);
    }
    return NULL;
}

static void many_threads_submit_and_wait(void **state)
{
    static const char *const signers[] = {"alice.test", "bob.test", "tool.test", "test"};
    struct net *n = *state;
    struct sender s[4] = {0};
    open_live(n, 0, 0);
    for (size_t i = 0; i < 4; i++) {
        struct alc_near_key key = net_public(signers[i]);
        uint64_t nonce = net_nonce(n, signers[i], &key);
        struct alc_near_action a = net_act_call("set", "x", 0, 10 * ALC_NEAR_TGAS);
        s[i].n = n;
        for (size_t k = 0; k < 20; k++)
            s[i].txs[k] =
                net_tx_with(n, signers[i], net_key(signers[i]), nonce + 1 + k, "tool.test", &a, 1);
    }
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&s[i].thread, NULL, send_all, &s[i]), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(s[i].thread, NULL);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(s[i].done, 20);
}

static void *stop_it(void *arg)
{
    lnet_chain_stop(arg);
    return NULL;
}

static void stop_ends_all_waits(void **state)
{
    struct net *n = *state;
    struct lnet_chain *c = open_live(n, 0, 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop_it, c), 0);
    assert_int_equal(lnet_chain_wait_height(c, net_height(n) + 1, 60000), ALC_TIMEOUT);
    pthread_join(thread, NULL);
}

/* ---- the sandbox ---- */

static void patch_writes_all_or_nothing(void **state)
{
    struct net *n = *state;
    struct alc_err err;
    const char *good =
        "[{\"Account\":{\"account_id\":\"made\",\"account\":{\"amount\":\"5\",\"locked\":\"0\","
        "\"code_hash\":\"11111111111111111111111111111111\",\"storage_usage\":100,"
        "\"storage_paid_at\":0,\"block_height\":7}}},"
        "{\"AccessKey\":{\"account_id\":\"made\",\"public_key\":\"ed25519:"
        "5BGSaf6YjVm7565VzWQHNxoyEjwr3jUpRJSGjREvU9dB\",\"access_key\":{\"nonce\":3,\"permission\":"
        "{\"FunctionCall\":{\"allowance\":\"9\",\"receiver_id\":\"made\",\"method_names\":[\"m\"]}}"
        "}}},{\"Data\":{\"account_id\":\"tool.test\",\"data_key\":\"aw==\",\"value\":\"dg==\"}}]";
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(net_records(n, good, &err), ALC_OK);
    assert_true(net_amount(n, "made") == 5);
    assert_string_equal(net_view(n, "tool.test", "get", ""), "v");
    uint64_t height = net_height(n);
    assert_int_equal(
        net_records(n,
                    "[{\"Data\":{\"account_id\":\"tool.test\",\"data_key\":\"aw==\",\"value\":"
                    "\"eA==\"}},{\"DelayedReceipt\":{}}]",
                    &err),
        ALC_BAD_INPUT);
    assert_non_null(strstr(err.text, "record 1"));
    assert_int_equal(net_records(n,
                                 "[{\"Account\":{\"account_id\":\"rich\",\"account\":{\"amount\":"
                                 "\"340282366920938463463374607431768211455\",\"locked\":\"0\","
                                 "\"code_hash\":\"11111111111111111111111111111111\","
                                 "\"storage_usage\":100}}}]",
                                 &err),
                     ALC_BAD_INPUT);
    assert_string_equal(net_view(n, "tool.test", "get", ""), "v");
    assert_int_equal(net_height(n), height);
    struct lnet_info info;
    lnet_chain_info(n->chain, &info);
    assert_true(info.total_supply == net_total(n));
}

static void patched_contract_runs(void **state)
{
    struct net *n = *state;
    struct alc_buf code = ALC_BUF(1u << 20), json = ALC_BUF(1u << 20);
    struct alc_jw w = {.out = &json};
    struct alc_hash hash;
    struct lnet_block_ref at;
    struct alc_err err;
    assert_int_equal(lnet_read_code(n->chain, "tool.test", &code, &hash, &at, &err), ALC_OK);
    alc_jw_arr(&w);
    alc_jw_obj(&w);
    alc_jw_key(&w, "Contract");
    alc_jw_obj(&w);
    alc_jw_key(&w, "account_id");
    alc_jw_text(&w, "bob.test");
    alc_jw_key(&w, "code");
    alc_jw_base64(&w, alc_buf_bytes(&code));
    alc_jw_end(&w);
    alc_jw_end(&w);
    alc_jw_end(&w);
    assert_int_equal(net_records(n, alc_buf_text(&json), &err), ALC_OK);
    struct net_result r = net_call(n, "alice.test", "bob.test", "echo", "patched", 0);
    assert_true(net_is(&r, "patched"));
    alc_buf_fini(&code);
    alc_buf_fini(&json);
}

static void fast_forward_moves_height_and_time(void **state)
{
    struct net *n = *state;
    struct lnet_info before, after;
    struct lnet_block_id id = {.by = LNET_BY_HEIGHT};
    struct lnet_block_ref ref;
    struct alc_err err;
    lnet_chain_info(n->chain, &before);
    net_forward(n, 10000);
    lnet_chain_info(n->chain, &after);
    assert_int_equal(after.head.height, before.head.height + 10000);
    uint64_t passed = after.head.timestamp_ns - before.head.timestamp_ns;
    assert_true(passed >= UINT64_C(10000) * 1000000000);
    assert_int_equal(after.epoch_height, after.head.height / LNET_EPOCH_BLOCKS);
    id.height = before.head.height + 5; /* skipped */
    assert_int_equal(lnet_read_block_ref(n->chain, &id, &ref, NULL, &err), ALC_NOT_FOUND);
    net_step(n);
    lnet_chain_info(n->chain, &before);
    assert_true(before.head.timestamp_ns > after.head.timestamp_ns);
    assert_int_equal(lnet_chain_fast_forward(n->chain, (uint64_t)LNET_FAST_FORWARD_MAX + 1, &err),
                     ALC_LIMIT);
}

static void stream_shows_each_receipt_with_its_transaction(void **state)
{
    struct net *n = *state;
    struct net_result r = net_call(n, "alice.test", "tool.test", "boom", "", 0);
    struct alc_buf out = ALC_BUF(LNET_DOC_MAX_BYTES);
    struct alc_err err;
    assert_int_equal(lnet_read_stream(n->chain, net_height(n) - 2, &out, &err), ALC_OK);
    const struct alc_json *doc = net_json(alc_buf_text(&out));
    const char *text = NULL;
    assert_true(alc_json_text(
        net_path(doc, "shards.0.chunk.transactions.0.outcome.execution_outcome.id"), &text));
    assert_string_equal(text, net_text(&r, "transaction.hash"));
    alc_buf_reset(&out);
    assert_int_equal(lnet_read_stream(n->chain, net_height(n) - 1, &out, &err), ALC_OK);
    doc = net_json(alc_buf_text(&out));
    assert_true(
        alc_json_text(net_path(doc, "shards.0.receipt_execution_outcomes.0.tx_hash"), &text));
    assert_string_equal(text, net_text(&r, "transaction.hash"));
    assert_true(alc_json_text(net_path(doc, "shards.0.receipt_execution_outcomes.0."
                                            "execution_outcome.outcome.logs.0"),
                              &text));
    assert_string_equal(text, "before the end");
    assert_true(alc_json_text(net_path(doc, "shards.0.chunk.receipts.0.receipt_id"), &text));
    assert_string_equal(text, net_text(&r, "receipts_outcome.0.id"));
    assert_int_equal(lnet_read_stream(n->chain, net_height(n) + 1, &out, &err), ALC_NOT_FOUND);
    alc_buf_fini(&out);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "be-killed") == 0) return be_killed(argv[2]);
#define F(name) cmocka_unit_test_setup_teardown(name, in_folder, drop_folder)
#define T(name) cmocka_unit_test_setup_teardown(name, net_setup_tool, net_teardown)
    const struct CMUnitTest tests[] = {
        F(restart_keeps_state_and_work),
        F(other_chain_id_is_refused),
        F(killed_chain_keeps_what_it_acknowledged),
        F(instant_chain_runs_by_itself),
        F(waiting_yield_makes_idle_blocks),
        F(fixed_block_time_goes_on_without_work),
        F(unknown_transaction_is_waited_for),
        cmocka_unit_test(levels_are_not_a_plain_order),
        F(many_threads_submit_and_wait),
        F(stop_ends_all_waits),
        T(patch_writes_all_or_nothing),
        T(patched_contract_runs),
        T(fast_forward_moves_height_and_time),
        T(stream_shows_each_receipt_with_its_transaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
