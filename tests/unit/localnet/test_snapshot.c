/* tests/unit/localnet/test_snapshot.c — the whole chain put by and brought back, and what is found
 * by who opens a chain that died at a bad moment. */
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

static struct alc_err err;

static int in_memory(void **state)
{
    struct net *n = net_open(NULL);
    net_deploy(n, "tool.test");
    *state = n;
    return 0;
}

static int in_folder(void **state)
{
    static char folder[64];
    struct net *n = net_open(net_folder_make(folder));
    net_deploy(n, "tool.test");
    *state = n;
    return 0;
}

static int drop(void **state)
{
    struct net *n = *state;
    const char *folder = n->wanted.folder;
    net_close(n);
    if (folder != NULL) net_folder_drop(folder);
    return 0;
}

static uint64_t snapshot(struct net *n)
{
    uint64_t id = 0;
    assert_int_equal(lnet_chain_snapshot(n->chain, &id, &err), ALC_OK);
    return id;
}

static void restore(struct net *n, uint64_t id)
{
    assert_int_equal(lnet_chain_restore(n->chain, id, &err), ALC_OK);
}

static void expect_same(const struct lnet_info *a, const struct lnet_info *b)
{
    assert_int_equal(a->head.height, b->head.height);
    assert_true(alc_hash_eq(&a->head.hash, &b->head.hash));
    assert_int_equal(a->head.timestamp_ns, b->head.timestamp_ns);
    assert_true(alc_hash_eq(&a->state_root, &b->state_root));
    assert_true(a->total_supply == b->total_supply);
    assert_true(a->gas_price == b->gas_price);
}

/* ---- what comes back ---- */

static void all_comes_back(void **state)
{
    struct net *n = *state;
    struct alc_near_key key = net_public("alice.test");
    struct alc_near_action ask = net_act_call("ask", "", 0, NET_GAS);
    struct alc_near_action set = net_act_call("set", "before", 0, NET_GAS);
    struct alc_near_key gas = net_public("gas");
    struct alc_near_action add[] = {
        {.kind = ALC_NEAR_ADD_KEY,
         .key = gas,
         .access = {.permission = ALC_NEAR_GAS_FULL_ACCESS, .gas_nonces = 2}},
        {.kind = ALC_NEAR_TRANSFER_GAS_KEY, .key = gas, .amount = NEAR(1)}};
    struct net_result r = net_send(n, "bob.test", "bob.test", add, 2);
    assert_true(net_is(&r, ""));
    uint64_t gas_nonce = net_gas_nonce(n, "bob.test", &gas, 1);
    struct lnet_info before, after;
    struct alc_hash asked = net_submit(n, net_tx(n, "alice.test", "tool.test", &ask, 1));
    net_settle(n);
    struct alc_hash under_way = net_submit(n, net_tx(n, "bob.test", "tool.test", &set, 1));
    net_step(n); /* its receipt waits for the next block */
    uint64_t nonce = net_nonce(n, "alice.test", &key);
    __uint128_t amount = net_amount(n, "alice.test");
    lnet_chain_info(n->chain, &before);
    uint64_t id = snapshot(n);

    net_call(n, "alice.test", "tool.test", "resume", "too early", 0);
    net_call(n, "alice.test", "tool.test", "set", "after", 0);
    net_create(n, "carol.test", NEAR(5));
    net_submit(n,
               net_tx_gas(n, "bob.test", net_key("gas"), 1, gas_nonce + 1, "tool.test", &set, 1));
    net_forward(n, 1000);
    for (int twice = 0; twice < 2; twice++) {
        restore(n, id);
        lnet_chain_info(n->chain, &after);
        expect_same(&before, &after);
    }
    assert_int_equal(net_nonce(n, "alice.test", &key), nonce);
    assert_true(net_amount(n, "alice.test") == amount);
    assert_true(net_gas_balance(n, "bob.test", &gas) == NEAR(1));
    assert_int_equal(net_gas_nonce(n, "bob.test", &gas, 1), gas_nonce);
    assert_false(net_exists(n, "carol.test"));
    assert_true(before.total_supply == net_total(n));

    net_settle(n); /* the receipt that was under way */
    r = net_result_of(n, &under_way);
    assert_true(net_is(&r, ""));
    assert_string_equal(net_view(n, "tool.test", "get", ""), "before");
    net_call(n, "bob.test", "tool.test", "resume", "later", 0);
    r = net_result_of(n, &asked);
    assert_true(net_is(&r, "1later;"));
}

/* The clock has moved on by days; the chain has not. */
static void time_goes_on_from_the_snapshot(void **state)
{
    struct net *n = *state;
    const uint64_t day = UINT64_C(86400) * 1000000000;
    struct lnet_info before, after;
    net_forward(n, 1000);
    lnet_chain_info(n->chain, &before);
    uint64_t id = snapshot(n);
    n->now_ns += 3 * day;
    net_forward(n, 5000);
    restore(n, id);
    net_step(n);
    lnet_chain_info(n->chain, &after);
    assert_int_equal(after.head.height, before.head.height + 1);
    assert_true(after.head.timestamp_ns > before.head.timestamp_ns);
    assert_true(after.head.timestamp_ns < before.head.timestamp_ns + 1000000000);
    if (n->wanted.folder == NULL) return;
    net_reopen(n); /* it is kept */
    net_step(n);
    lnet_chain_info(n->chain, &after);
    assert_true(after.head.timestamp_ns < before.head.timestamp_ns + 1000000000);
}

static void blocks_after_the_snapshot_are_gone(void **state)
{
    struct net *n = *state;
    uint64_t id = snapshot(n), height = net_height(n);
    struct lnet_block_id later = {.by = LNET_BY_HEIGHT, .height = height + 1};
    struct lnet_block_ref ref;
    struct alc_near_action pay = net_act_transfer(5);
    struct alc_bytes tx = net_tx(n, "alice.test", "bob.test", &pay, 1);
    struct alc_hash first = net_submit(n, tx);
    net_settle(n);
    assert_int_equal(lnet_read_block_ref(n->chain, &later, &ref, NULL, &err), ALC_OK);
    restore(n, id);
    assert_int_equal(lnet_read_block_ref(n->chain, &later, &ref, NULL, &err), ALC_NOT_FOUND);
    struct alc_buf out = ALC_BUF(1u << 20);
    assert_int_equal(lnet_read_tx(n->chain, &first, false, &out, &err), ALC_NOT_FOUND);
    alc_buf_fini(&out);
    struct alc_hash again = net_submit(n, tx); /* the same bytes are good again */
    net_settle(n);
    assert_true(alc_hash_eq(&first, &again));
    struct net_result r = net_result_of(n, &again);
    assert_true(net_is(&r, ""));
}

/* ---- who waits ---- */

struct waiting {
    struct lnet_chain *chain;
    struct alc_hash tx;
    enum alc_rc rc;
};

static void *wait_for_tx(void *arg)
{
    struct waiting *w = arg;
    enum lnet_level is;
    bool known;
    w->rc = lnet_chain_wait(w->chain, &w->tx, LNET_FINAL, 600000, &is, &known, NULL);
    return NULL;
}

static void *wait_for_height(void *arg)
{
    struct waiting *w = arg;
    w->rc = lnet_chain_wait_height(w->chain, 1000000, 600000);
    return NULL;
}

static void await_line(struct lnet_chain *c, size_t want)
{
    for (size_t n = 0; n < want;) {
        n = 0;
        pthread_mutex_lock(&c->door);
        for (const struct lnet_waiter *w = c->waiters; w != NULL; w = w->next)
            n++;
        pthread_mutex_unlock(&c->door);
    }
}

static void waits_end_and_pending_is_forgotten(void **state)
{
    struct net *n = *state;
    uint64_t id = snapshot(n);
    struct alc_near_action pay = net_act_transfer(5);
    struct waiting tx = {.chain = n->chain, .rc = ALC_OK}, height = tx;
    struct lnet_info info;
    pthread_t a, b;
    tx.tx = net_submit(n, net_tx(n, "alice.test", "bob.test", &pay, 1));
    assert_int_equal(pthread_create(&a, NULL, wait_for_tx, &tx), 0);
    assert_int_equal(pthread_create(&b, NULL, wait_for_height, &height), 0);
    await_line(n->chain, 2);
    restore(n, id);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    assert_int_equal(tx.rc, ALC_TIMEOUT);
    assert_int_equal(height.rc, ALC_TIMEOUT);
    lnet_chain_info(n->chain, &info);
    assert_int_equal(info.pending, 0);
}

/* ---- with the chain at work ---- */

struct sender {
    struct lnet_chain *chain;
    const struct alc_ed25519 *key;
    const char *id;
    _Atomic bool stop;
    unsigned done; /* executed, as far as it was told */
};

/* The nonce that comes next, out of the chain: after a restore it is an older one. */
static bool next_nonce(const struct sender *s, const struct alc_near_key *key, uint64_t *out)
{
    struct alc_buf text = ALC_BUF(4096);
    struct alc_json *doc = NULL;
    struct lnet_block_ref at;
    bool ok = lnet_read_key(s->chain, s->id, key, &text, &at, NULL) == ALC_OK &&
              alc_json_open(&doc, alc_buf_bytes(&text), text.n, NULL) == ALC_OK &&
              alc_json_u64(alc_json_get(doc, "nonce"), out);
    alc_json_close(doc);
    alc_buf_fini(&text);
    ++*out;
    return ok;
}

static void send_one(struct sender *s)
{
    struct alc_near_action pay = net_act_transfer(1);
    struct alc_near_tx tx = {.signer_id = alc_cstr(s->id),
                             .receiver_id = ALC_LIT("test"),
                             .key = alc_near_key_of(s->key),
                             .actions = &pay,
                             .actions_count = 1};
    struct alc_buf raw = ALC_BUF(4096), invalid = ALC_BUF(4096);
    struct lnet_info info;
    struct alc_hash hash;
    enum lnet_level is;
    bool known;
    lnet_chain_info(s->chain, &info);
    tx.block_hash = info.head.hash;
    if (next_nonce(s, &tx.key, &tx.nonce) && alc_near_tx_sign(&raw, &hash, &tx, s->key) == ALC_OK &&
        lnet_chain_submit(s->chain, alc_buf_bytes(&raw), &hash, &invalid, NULL) == ALC_OK &&
        /* one that a restore made forgotten before this wait began never comes: ask anew then */
        lnet_chain_wait(s->chain, &hash, LNET_FINAL, 500, &is, &known, NULL) == ALC_OK)
        s->done++;
    alc_buf_fini(&raw);
    alc_buf_fini(&invalid);
}

static void *keep_sending(void *arg)
{
    struct sender *s = arg;
    while (!s->stop)
        send_one(s);
    return NULL;
}

static void restore_under_load_loses_nothing(void **state)
{
    static const char *const ids[] = {"alice.test", "bob.test"};
    struct lnet_genesis_account accounts[3] = {0};
    struct net n = {.arena = ALC_ARENA(1u << 20)};
    struct sender senders[2] = {0};
    pthread_t threads[2];
    struct lnet_info info;
    uint64_t id;
    (void)state;
    alc_crypto_init();
    for (size_t i = 0; i < 3; i++) {
        snprintf(accounts[i].id.s, sizeof accounts[i].id.s, "%s", i < 2 ? ids[i] : "test");
        accounts[i].key = net_public(accounts[i].id.s);
        accounts[i].amount = NEAR(1000);
    }
    struct lnet_conf conf = {.accounts = accounts, .accounts_count = 3};
    assert_int_equal(lnet_chain_open(&n.chain, &conf, &err), ALC_OK);
    for (size_t i = 0; i < 2; i++) {
        senders[i] = (struct sender){.chain = n.chain, .key = net_key(ids[i]), .id = ids[i]};
        assert_int_equal(pthread_create(&threads[i], NULL, keep_sending, &senders[i]), 0);
    }
    for (size_t i = 0; i < 20; i++) {
        id = snapshot(&n);
        lnet_chain_info(n.chain, &info);
        assert_int_equal(lnet_chain_wait_height(n.chain, info.head.height + 4, 60000), ALC_OK);
        restore(&n, id);
        assert_int_equal(lnet_chain_drop_snapshot(n.chain, id, &err), ALC_OK);
    }
    for (size_t i = 0; i < 2; i++)
        senders[i].stop = true;
    for (size_t i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_true(senders[i].done > 0);
    }
    assert_int_equal(lnet_chain_settle(n.chain, &err), ALC_OK);
    lnet_chain_info(n.chain, &info);
    assert_false(info.failed);
    assert_true(info.total_supply == net_total(&n));
    lnet_chain_close(n.chain);
    alc_arena_fini(&n.arena);
}

/* ---- which there are ---- */

static void each_snapshot_is_its_own(void **state)
{
    struct net *n = *state;
    uint64_t ids[3];
    for (size_t i = 0; i < 3; i++) {
        char text[2] = {(char)('a' + i), 0};
        net_call(n, "alice.test", "tool.test", "set", text, 0);
        ids[i] = snapshot(n);
        assert_true(i == 0 || ids[i] > ids[i - 1]);
    }
    restore(n, ids[1]);
    assert_string_equal(net_view(n, "tool.test", "get", ""), "b");
    restore(n, ids[2]); /* forward again */
    assert_string_equal(net_view(n, "tool.test", "get", ""), "c");
    assert_int_equal(lnet_chain_drop_snapshot(n->chain, ids[1], &err), ALC_OK);
    assert_int_equal(lnet_chain_drop_snapshot(n->chain, ids[1], &err), ALC_NOT_FOUND);
    assert_int_equal(lnet_chain_restore(n->chain, ids[1], &err), ALC_NOT_FOUND);
    assert_non_null(strstr(err.text, "no snapshot"));
    restore(n, ids[0]);
    assert_string_equal(net_view(n, "tool.test", "get", ""), "a");
    assert_true(snapshot(n) > ids[2]);
}

static void too_many_snapshots_are_refused(void **state)
{
    struct net *n = *state;
    uint64_t id;
    for (size_t i = 0; i < LNET_SNAPSHOTS_MAX; i++)
        id = snapshot(n);
    assert_int_equal(lnet_chain_snapshot(n->chain, &id, &err), ALC_LIMIT);
    assert_int_equal(lnet_chain_drop_snapshot(n->chain, 1, &err), ALC_OK);
    assert_int_equal(snapshot(n), LNET_SNAPSHOTS_MAX + 1);
}

static void folder_keeps_snapshots_over_a_restart(void **state)
{
    struct net *n = *state;
    net_call(n, "alice.test", "tool.test", "set", "old", 0);
    uint64_t id = snapshot(n);
    net_call(n, "alice.test", "tool.test", "set", "new", 0);
    net_reopen(n);
    restore(n, id);
    assert_string_equal(net_view(n, "tool.test", "get", ""), "old");
    net_reopen(n);
    assert_string_equal(net_view(n, "tool.test", "get", ""), "old");
    assert_int_equal(snapshot(n), id + 1);
}

/* As a test suite does it: the same beginning for each test.  How soon is bench/localnet.c's. */
static void restore_brings_the_same_back_each_time(void **state)
{
    struct net *n = *state;
    struct lnet_info before, after;
    net_call(n, "alice.test", "tool.test", "set", "first", 0);
    lnet_chain_info(n->chain, &before);
    uint64_t id = snapshot(n);
    for (size_t i = 0; i < 9; i++) {
        struct net_result r = net_call(n, "alice.test", "tool.test", "set", "x", 0);
        assert_true(net_is(&r, ""));
        assert_string_equal(net_view(n, "tool.test", "get", ""), "x");
        restore(n, id);
        lnet_chain_info(n->chain, &after);
        expect_same(&before, &after);
        assert_string_equal(net_view(n, "tool.test", "get", ""), "first");
    }
}

/* ---- death ---- */

#define RECORDS                                                                                    \
    "{\"records\":[{\"Account\":{\"account_id\":\"one.test\",\"account\":{\"amount\":\"1\","       \
    "\"locked\":\"0\",\"storage_usage\":100}}},{\"Account\":{\"account_id\":\"two.test\","         \
    "\"account\":{\"amount\":\"1\",\"locked\":\"0\",\"storage_usage\":100}}}]}"

static void file_in(char out[128], const char *folder, const char *name)
{
    snprintf(out, 128, "%s/%s", folder, name);
}

/* The other process: it does one thing in the folder, on the way to which it is killed. */
static int be_killed(const char *folder, const char *what)
{
    struct net *n = net_open(folder);
    char path[128];
    bool done;
    if (strcmp(what, "call") == 0) {
        net_call(n, "alice.test", "tool.test", "set", "new", 0);
    } else if (strcmp(what, "snapshot") == 0) {
        uint64_t id;
        if (lnet_chain_snapshot(n->chain, &id, &err) != ALC_OK) return 1;
    } else if (strcmp(what, "restore") == 0) {
        if (lnet_chain_restore(n->chain, 1, &err) != ALC_OK) return 1;
    } else {
        file_in(path, folder, "records.json");
        if (lnet_chain_import(n->chain, path, &done, &err) != ALC_OK) return 1;
    }
    return 2; /* still alive */
}

/* Kills a process at `point` while it does `what`; the folder's chain is open again after it. */
static void kill_at(struct net *n, const char *point, const char *what)
{
    int status;
    lnet_chain_close(n->chain);
    n->chain = NULL;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setenv("ALC_FAILPOINT", point, 1);
        execl("/proc/self/exe", "test_localnet_snapshot", "be-killed", n->wanted.folder, what,
              (char *)NULL);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    net_reopen(n);
}

static const char *greeting(struct net *n)
{
    return net_view(n, "tool.test", "get", "");
}

static void death_finds_a_whole_chain(void **state)
{
#ifndef ALC_FAILPOINTS
    (void)state;
    print_message("skipped: this build has no failpoints (ALC_FAILPOINTS)\n");
    skip();
#else
    struct net *n = *state;
    struct lnet_info info;
    char path[128];
    bool done;

    /* a block: before its commit it never was, behind it is there */
    net_call(n, "alice.test", "tool.test", "set", "old", 0);
    uint64_t height = net_height(n);
    kill_at(n, "block.filled", "call");
    assert_int_equal(net_height(n), height);
    assert_string_equal(greeting(n), "old");
    kill_at(n, "block.committed", "call");
    assert_int_equal(net_height(n), height + 1);
    net_settle(n); /* its receipt was kept */
    assert_string_equal(greeting(n), "new");

    /* a snapshot: whole or not there */
    kill_at(n, "snapshot.copied", "snapshot");
    assert_int_equal(lnet_chain_restore(n->chain, 1, &err), ALC_NOT_FOUND);
    kill_at(n, "store.copy", "snapshot");
    assert_int_equal(lnet_chain_restore(n->chain, 1, &err), ALC_NOT_FOUND);
    kill_at(n, "snapshot.kept", "snapshot");
    net_call(n, "alice.test", "tool.test", "set", "newer", 0);

    /* a restore: the old chain or the restored one */
    kill_at(n, "store.copy", "restore");
    assert_string_equal(greeting(n), "newer");
    kill_at(n, "restore.done", "restore");
    assert_string_equal(greeting(n), "new");
    net_call(n, "alice.test", "tool.test", "set", "newest", 0);
    assert_string_equal(greeting(n), "newest");

    /* an import: all of it or nothing */
    file_in(path, n->wanted.folder, "records.json");
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_true(fputs(RECORDS, f) >= 0);
    assert_int_equal(fclose(f), 0);
    kill_at(n, "import.record", "import");
    assert_false(net_exists(n, "one.test"));
    kill_at(n, "block.committed", "import");
    assert_true(net_exists(n, "one.test") && net_exists(n, "two.test"));
    assert_int_equal(lnet_chain_import(n->chain, path, &done, &err), ALC_OK);
    assert_false(done);
    lnet_chain_info(n->chain, &info);
    assert_true(info.total_supply == net_total(n));
#endif
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "be-killed") == 0) return be_killed(argv[2], argv[3]);
#define M(name) {#name " in memory", name, in_memory, drop, NULL}
#define F(name) {#name " in a folder", name, in_folder, drop, NULL}
    const struct CMUnitTest tests[] = {
        M(all_comes_back),
        F(all_comes_back),
        M(time_goes_on_from_the_snapshot),
        F(time_goes_on_from_the_snapshot),
        M(blocks_after_the_snapshot_are_gone),
        F(blocks_after_the_snapshot_are_gone),
        M(waits_end_and_pending_is_forgotten),
        cmocka_unit_test(restore_under_load_loses_nothing),
        M(each_snapshot_is_its_own),
        F(each_snapshot_is_its_own),
        M(too_many_snapshots_are_refused),
        F(folder_keeps_snapshots_over_a_restart),
        M(restore_brings_the_same_back_each_time),
        F(restore_brings_the_same_back_each_time),
        F(death_finds_a_whole_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
