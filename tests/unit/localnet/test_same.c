/* tests/unit/localnet/test_same.c — the same transactions in the same order make the same chain:
 * two processes play 200 of them, and every byte of the block stream is compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "net.h"

#define TRANSACTIONS 200

/* ---- what is played ---- */

static uint64_t dice(uint64_t *seed, uint64_t n)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*seed >> 33) % n;
}

static const char *const people[] = {"alice.test", "bob.test", "test"};
static const char *const methods[] = {"set",  "chain",  "chain_fails", "join",           "boom",
                                      "dice", "pay",    "make",        "ask_and_resume", "where",
                                      "ask",  "resume", "weigh"};

/* Some are refused, some fail: they are part of the play. */
static void send(struct net *n, const char *who, const char *to, struct alc_near_action *a)
{
    struct alc_buf invalid = ALC_BUF(1u << 20);
    struct alc_err err;
    struct alc_hash hash;
    enum alc_rc rc = lnet_chain_submit(n->chain, net_tx(n, who, to, a, 1), &hash, &invalid, &err);
    if (rc != ALC_OK && rc != ALC_CONFLICT) abort();
    alc_buf_fini(&invalid);
}

static void play_one(struct net *n, uint64_t *seed)
{
    const char *who = people[dice(seed, 3)], *method = methods[dice(seed, 13)];
    char name[32];
    struct alc_near_action a;
    snprintf(name, sizeof name, "a%u.tool.test", (unsigned)dice(seed, 6));
    switch (dice(seed, 6)) {
    case 0:
        a = net_act_transfer(dice(seed, 1000000));
        send(n, who, people[dice(seed, 3)], &a);
        break;
    case 1:
        a = net_act_key(name);
        send(n, who, who, &a);
        break;
    case 2:
        net_forward(n, 1 + dice(seed, 90));
        break;
    default:
        a = net_act_call(method, strcmp(method, "pay") == 0 ? "bob.test" : name, 0, NET_GAS);
        send(n, who, "tool.test", &a);
    }
}

/* Plays on the machine's own clock and writes the stream to `path`. */
static int play(const char *path, uint64_t seed)
{
    struct net *n =
        net_open_as(&(struct lnet_conf){.deterministic = true, .clock = &alc_clock_system});
    struct alc_buf doc = ALC_BUF(LNET_DOC_MAX_BYTES);
    struct alc_err err;
    FILE *f = fopen(path, "wb");
    if (f == NULL) return 1;
    net_deploy(n, "tool.test");
    for (size_t i = 0; i < TRANSACTIONS; i++)
        play_one(n, &seed);
    for (uint64_t h = 0; h <= net_height(n); h++) {
        alc_buf_reset(&doc);
        enum alc_rc rc = lnet_read_stream(n->chain, h, &doc, &err);
        if (rc != ALC_OK && rc != ALC_NOT_FOUND) return 1;
        alc_buf_put_text(&doc, "\n");
        if (fwrite(doc.p, 1, doc.n, f) != doc.n) return 1;
    }
    alc_buf_fini(&doc);
    net_close(n);
    return fclose(f) == 0 ? 0 : 1;
}

/* ---- and compared ---- */

static void play_in_a_process(const char *path)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        execl("/proc/self/exe", "test_localnet_same", "play", path, (char *)NULL);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static size_t read_file(const char *path, char **out)
{
    FILE *f = fopen(path, "rb");
    long n;
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    n = ftell(f);
    rewind(f);
    *out = malloc((size_t)n + 1);
    assert_non_null(*out);
    assert_int_equal(fread(*out, 1, (size_t)n, f), n);
    (*out)[n] = 0;
    fclose(f);
    return (size_t)n;
}

static size_t count(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        n++;
    return n;
}

static void two_processes_make_the_same_stream(void **state)
{
    char folder[64], path[2][128], *text[2];
    size_t n[2];
    (void)state;
    net_folder_make(folder);
    for (size_t i = 0; i < 2; i++) {
        snprintf(path[i], sizeof path[i], "%s/%zu", folder, i);
        play_in_a_process(path[i]);
        n[i] = read_file(path[i], &text[i]);
    }
    assert_int_equal(n[0], n[1]);
    assert_memory_equal(text[0], text[1], n[0]);
    /* the play was worth it */
    assert_true(count(text[0], "\"signer_id\"") > 150);
    assert_true(count(text[0], "\"Failure\"") > 10);
    assert_true(count(text[0], "PromiseYield") + count(text[0], "is_promise_yield") > 0);
    for (size_t i = 0; i < 2; i++)
        free(text[i]);
    net_folder_drop(folder);
}

static void deterministic_time_is_a_second_a_block(void **state)
{
    struct net *n = net_open_as(&(struct lnet_conf){.deterministic = true});
    struct lnet_info info;
    (void)state;
    n->now_ns += UINT64_C(1000000000000);
    net_create(n, "carol.test", NEAR(1));
    net_forward(n, 100);
    lnet_chain_info(n->chain, &info);
    assert_int_equal(info.genesis.timestamp_ns, LNET_GENESIS_TIME_NS);
    assert_int_equal(info.head.timestamp_ns,
                     LNET_GENESIS_TIME_NS + info.head.height * UINT64_C(1000000000));
    net_close(n);
}

/* Nothing is left to a thread: when the call returns, the transaction is at its end. */
static void deterministic_transaction_runs_to_its_end(void **state)
{
    struct net *n = net_open_as(&(struct lnet_conf){.deterministic = true});
    struct alc_near_action call = net_act_call("join", "", 0, NET_GAS);
    struct lnet_block_id id = {.by = LNET_BY_HEIGHT};
    struct lnet_block_ref ref;
    struct alc_err err;
    enum lnet_level is;
    bool known;
    (void)state;
    net_deploy(n, "tool.test");
    uint64_t before = net_height(n);
    struct alc_hash tx = net_submit(n, net_tx(n, "alice.test", "tool.test", &call, 1));
    assert_int_equal(lnet_chain_wait(n->chain, &tx, LNET_FINAL, 0, &is, &known, &err), ALC_OK);
    struct net_result r = net_result_of(n, &tx);
    assert_true(net_has(&r, "\"FINAL\""));
    for (id.height = before; id.height <= net_height(n); id.height++)
        assert_int_equal(lnet_read_block_ref(n->chain, &id, &ref, NULL, &err), ALC_OK);
    net_close(n);
}

/* A death between the blocks of one transaction: the rest is made at the next start. */
static void deterministic_chain_ends_what_was_cut_off(void **state)
{
    char folder[64];
    struct alc_near_action call = net_act_call("chain", "", 0, NET_GAS);
    struct lnet_conf conf = {.folder = net_folder_make(folder), .deterministic = true};
    struct lnet_chain *c;
    struct net *n;
    struct alc_err err;
    enum lnet_level is;
    bool known;
    (void)state;
    net_close(net_open_as(&conf));
    n = net_open(folder); /* as if it died: this one stops where it is told */
    net_deploy(n, "tool.test");
    struct alc_hash tx = net_submit(n, net_tx(n, "alice.test", "tool.test", &call, 1));
    net_step(n);
    lnet_chain_close(n->chain);
    n->chain = NULL;
    assert_int_equal(lnet_chain_open(&c, &conf, &err), ALC_OK);
    assert_int_equal(lnet_chain_wait(c, &tx, LNET_FINAL, 0, &is, &known, &err), ALC_OK);
    lnet_chain_close(c);
    net_close(n);
    net_folder_drop(folder);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "play") == 0) return play(argv[2], 20260101);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_processes_make_the_same_stream),
        cmocka_unit_test(deterministic_time_is_a_second_a_block),
        cmocka_unit_test(deterministic_transaction_runs_to_its_end),
        cmocka_unit_test(deterministic_chain_ends_what_was_cut_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
