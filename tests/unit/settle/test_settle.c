/* tests/unit/settle/test_settle.c — a call in the outbox reaches the chain once: whatever is cut
 * off, lost, refused or late. */
#include "fake_chain.h"

#include <unistd.h>

#include "settle/settle.h"

#define ACCOUNT "worker.test.near"
#define GAS 15000000000000u

static const uint8_t seed[32] = {7};

struct fixture {
    struct chain chain;
    uint64_t now_ms;
    struct alc_clock clock;
    struct alc_ed25519 key;
    char path[64];
    struct alc_store *store;
    struct alc_near_rpc *rpc;
    struct alc_settle *settle;
    struct alc_arena arena;
    struct alc_err err;
};

static uint64_t now_ns(void *ctx)
{
    return ((struct fixture *)ctx)->now_ms * 1000000;
}

#define OK(call)                                                                                   \
    do {                                                                                           \
        enum alc_rc rc_ = (call);                                                                  \
        if (rc_ != ALC_OK)                                                                         \
            fail_msg("%s: %s: %s", #call, alc_rc_name(rc_), alc_err_text(&f->err, rc_));           \
    } while (0)

static enum alc_rc open_settle(struct fixture *f)
{
    const struct alc_settle_conf conf = {
        .account_id = ACCOUNT, .key = &f->key, .rpc = f->rpc, .clock = &f->clock};
    return alc_settle_open(&f->settle, f->store, &conf, &f->err);
}

/* start and die are the life of a process: all that passes from one to the next is the file. */
static void start(struct fixture *f)
{
    const char *const urls[] = {f->chain.url};
    const struct alc_near_rpc_conf conf = {.urls = urls, .urls_count = 1, .plain_ok = true};

    OK(alc_store_open(&f->store, f->path, false, &f->err));
    OK(alc_near_rpc_open(&f->rpc, &conf, &f->err));
    OK(open_settle(f));
}

static void die(struct fixture *f)
{
    alc_settle_close(f->settle);
    alc_near_rpc_close(f->rpc);
    alc_store_close(f->store);
    f->settle = NULL;
    f->rpc = NULL;
    f->store = NULL;
}

static void restart(struct fixture *f)
{
    die(f);
    start(f);
}

static void remove_files(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    char name[80];
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (f == NULL) return -1;
    alc_crypto_init();
    chain_open(&f->chain);
    f->now_ms = 1000;
    f->clock = (struct alc_clock){now_ns, now_ns, f};
    f->arena = ALC_ARENA(1u << 20);
    snprintf(f->path, sizeof f->path, "test_settle.%d.db", (int)getpid());
    remove_files(f->path);
    OK(alc_ed25519_init(&f->key, seed));
    start(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    die(f);
    chain_close(&f->chain);
    alc_ed25519_fini(&f->key);
    alc_arena_fini(&f->arena);
    remove_files(f->path);
    free(f);
    return 0;
}

static enum alc_rc put(struct fixture *f, uint64_t job, uint32_t attempt)
{
    char args[64];
    snprintf(args, sizeof args, "{\"request_id\":%u}", (unsigned)job);
    return alc_settle_put(f->settle, job, attempt, CHAIN_CONTRACT, "resolve_execution",
                          alc_cstr(args), GAS, &f->err);
}

static void put_and_send(struct fixture *f, uint64_t job)
{
    OK(put(f, job, 1));
    OK(alc_settle_send(f->settle, &f->err));
}

/* poll, when the pause since the last question is over. */
static enum alc_rc poll_later(struct fixture *f, struct alc_settled *out)
{
    f->now_ms += 10000;
    return alc_settle_poll(f->settle, out, &f->arena, &f->err);
}

static void nothing_final(struct fixture *f)
{
    struct alc_settled s;
    assert_int_equal(poll_later(f, &s), ALC_NOT_FOUND);
}

static size_t pending(struct fixture *f)
{
    size_t n = 99;
    OK(alc_settle_pending(f->settle, &n, &f->err));
    return n;
}

/* ---- before sending ---- */

static void a_call_is_written_down_before_it_is_sent(void **state)
{
    struct fixture *f = *state;

    OK(put(f, 1, 1));
    assert_int_equal(f->chain.count, 0);
    assert_int_equal(pending(f), 1);
    OK(alc_settle_send(f->settle, &f->err));
    assert_int_equal(f->chain.count, 1);
    assert_string_equal(f->chain.txs[0].method, "resolve_execution");
    assert_string_equal(f->chain.txs[0].args, "{\"request_id\":1}");
    assert_int_equal(f->chain.txs[0].gas, GAS);
    assert_int_equal(f->chain.txs[0].nonce, 501);
    OK(alc_settle_send(f->settle, &f->err));
    assert_int_equal(f->chain.count, 1);
    assert_int_equal(pending(f), 1);
}

static void one_job_and_attempt_is_put_once(void **state)
{
    struct fixture *f = *state;

    OK(put(f, 1, 1));
    assert_int_equal(put(f, 1, 1), ALC_CONFLICT);
    OK(put(f, 1, 2)); /* another attempt is another call */
    OK(put(f, 2, 1));
    assert_int_equal(put(f, 1, 2), ALC_CONFLICT);
    restart(f);
    assert_int_equal(put(f, 1, 1), ALC_CONFLICT);
    OK(alc_settle_send(f->settle, &f->err));
    assert_int_equal(put(f, 1, 1), ALC_CONFLICT);
    assert_int_equal(f->chain.count, 3);
    for (unsigned i = 0; i < 3; i++) /* what was refused took no nonce with it */
        assert_int_equal(f->chain.txs[i].nonce, 501 + i);
}

/* A process that died after a second attempt looks at the job anew and would begin with the first.
 */
static void an_attempt_before_the_newest_is_refused(void **state)
{
    struct fixture *f = *state;

    OK(put(f, 1, 2));
    assert_int_equal(put(f, 1, 1), ALC_CONFLICT);
    OK(put(f, 1, 3));
    assert_int_equal(put(f, 1, 2), ALC_CONFLICT);
    OK(put(f, 2, 1));
    OK(alc_settle_send(f->settle, &f->err));
    assert_int_equal(f->chain.count, 3);
    assert_int_equal(f->chain.txs[2].nonce, 503);
}

static void a_forgotten_job_is_neither_sent_nor_shown(void **state)
{
    struct fixture *f = *state;
    struct alc_settled s;

    put_and_send(f, 1);
    OK(put(f, 1, 2));
    OK(put(f, 2, 1));
    OK(alc_settle_forget(f->store, 1, &f->err));
    OK(alc_settle_forget(f->store, 1, &f->err)); /* once more is nothing */
    assert_int_equal(pending(f), 1);
    OK(alc_settle_send(f->settle, &f->err));
    assert_int_equal(f->chain.count, 2);
    assert_string_equal(f->chain.txs[1].args, "{\"request_id\":2}");
    chain_end(&f->chain, 0, CHAIN_OK);
    nothing_final(f);
    chain_end(&f->chain, 1, CHAIN_OK);
    OK(poll_later(f, &s));
    assert_int_equal(s.job, 2);
}

static void calls_go_in_the_order_of_their_nonces(void **state)
{
    struct fixture *f = *state;

    for (unsigned job = 9; job > 0; job--)
        OK(put(f, job, 1));
    OK(alc_settle_send(f->settle, &f->err));
    assert_int_equal(f->chain.count, 9);
    for (unsigned i = 0; i < 9; i++) {
        char want[64];
        snprintf(want, sizeof want, "{\"request_id\":%u}", 9 - i);
        assert_string_equal(f->chain.txs[i].args, want);
        assert_int_equal(f->chain.txs[i].nonce, 501 + i);
    }
}

static void a_call_too_large_for_a_transaction_is_refused(void **state)
{
    struct fixture *f = *state;
    size_t n = ALC_NEAR_TX_MAX_BYTES;
    uint8_t *args = calloc(1, n);

    assert_non_null(args);
    assert_int_equal(alc_settle_put(f->settle, 1, 1, CHAIN_CONTRACT, "resolve_execution",
                                    (struct alc_bytes){args, n}, GAS, &f->err),
                     ALC_LIMIT);
    free(args);
    assert_int_equal(pending(f), 0);
    put_and_send(f, 1);
    assert_int_equal(f->chain.txs[0].nonce, 501);
}

/* ---- dying ---- */

static struct alc_bytes bytes_in_outbox(struct fixture *f)
{
    struct alc_bytes out = {NULL, 0};
    struct alc_rows rows;

    OK(alc_rows_start(&rows, f->store, "SELECT tx FROM outbox", ALC_NO_ARGS, &f->err));
    OK(alc_rows_next(&rows, &f->err));
    assert_true(alc_arena_copy(&f->arena, alc_rows_bytes(&rows, 0), &out));
    alc_rows_end(&rows);
    return out;
}

static void death_between_put_and_send_sends_the_same_bytes_once(void **state)
{
    struct fixture *f = *state;
    struct alc_bytes was;

    OK(put(f, 1, 1));
    was = bytes_in_outbox(f);
    restart(f);
    assert_int_equal(f->chain.count, 0);
    OK(alc_settle_send(f->settle, &f->err));
    restart(f);
    OK(alc_settle_send(f->settle, &f->err));
    assert_int_equal(f->chain.count, 1);
    assert_true(alc_bytes_eq(alc_buf_bytes(&f->chain.txs[0].bytes), was));
}

static void death_after_the_send_asks_and_does_not_send_again(void **state)
{
    struct fixture *f = *state;
    struct alc_settled s;

    put_and_send(f, 1);
    chain_end(&f->chain, 0, CHAIN_OK);
    restart(f);
    OK(alc_settle_send(f->settle, &f->err));
    OK(poll_later(f, &s));
    assert_int_equal(s.job, 1);
    assert_int_equal(s.end, ALC_SETTLED_OK);
    assert_int_equal(f->chain.count, 1);
}

/* The answer to send_tx was lost with the process: the row still says unsent, and the chain has it.
 */
static void death_in_the_send_is_harmless(void **state)
{
    struct fixture *f = *state;
    struct alc_settled s;

    put_and_send(f, 1);
    OK(alc_store_exec(f->store, NULL, "UPDATE outbox SET state = 0", ALC_NO_ARGS, &f->err));
    chain_end(&f->chain, 0, CHAIN_OK);
    restart(f);
    OK(alc_settle_send(f->settle, &f->err)); /* refused for its nonce, but known */
    assert_int_equal(f->chain.count, 2);
    assert_true(alc_hash_eq(&f->chain.txs[0].hash, &f->chain.txs[1].hash));
    OK(poll_later(f, &s));
    assert_int_equal(s.end, ALC_SETTLED_OK);
    assert_int_equal(f->chain.count, 2);
}

static void a_nonce_given_away_is_not_given_again(void **state)
{
    struct fixture *f = *state;

    OK(put(f, 1, 1)); /* 501, unsent; the chain still says 500 */
    restart(f);
    OK(put(f, 2, 1));
    OK(alc_settle_send(f->settle, &f->err));
    assert_int_equal(f->chain.txs[0].nonce, 501);
    assert_int_equal(f->chain.txs[1].nonce, 502);
    f->chain.nonce = 700; /* somebody used the key while we were away */
    restart(f);
    OK(put(f, 3, 1));
    OK(alc_settle_send(f->settle, &f->err));
    assert_int_equal(f->chain.txs[2].nonce, 701);
}

/* ---- to the end ---- */

static void what_is_final_is_shown_until_it_is_dropped(void **state)
{
    struct fixture *f = *state;
    struct alc_settled s;

    put_and_send(f, 1);
    nothing_final(f);
    chain_end(&f->chain, 0, CHAIN_OK);
    for (unsigned i = 0; i < 3; i++) {
        memset(&s, 0xff, sizeof s);
        OK(poll_later(f, &s));
        assert_int_equal(s.job, 1);
        assert_int_equal(s.attempt, 1);
        assert_int_equal(s.end, ALC_SETTLED_OK);
        assert_string_equal(s.failure, "");
        assert_int_equal(s.gas_burnt, 321);
        assert_true(s.tokens_burnt == ((__uint128_t)3 * 10000000000000000u * 1000000 + 7));
        assert_true(alc_hash_eq(&s.hash, &f->chain.txs[0].hash));
        if (i == 1) restart(f);
    }
    assert_int_equal(pending(f), 0);
    OK(alc_settle_drop(f->settle, 1, 1, &f->err));
    nothing_final(f);
    OK(put(f, 1, 1)); /* forgotten entirely */
}

static void a_failure_is_shown_with_its_reason(void **state)
{
    struct fixture *f = *state;
    struct alc_settled s;

    put_and_send(f, 1);
    chain_end(&f->chain, 0, CHAIN_FAILED);
    OK(poll_later(f, &s));
    assert_int_equal(s.end, ALC_SETTLED_FAILED);
    assert_string_equal(s.failure, "{\"ActionError\":{\"index\":0}}");
    assert_int_equal(s.gas_burnt, 321);
    OK(alc_settle_drop(f->settle, 1, 1, &f->err));
    nothing_final(f);
    assert_int_equal(f->chain.count, 1); /* a failure is an end: it is not sent again */
}

static void several_ends_come_one_by_one(void **state)
{
    struct fixture *f = *state;
    bool seen[4] = {false};
    struct alc_settled s;

    for (unsigned job = 1; job <= 3; job++)
        OK(put(f, job, 1));
    OK(alc_settle_send(f->settle, &f->err));
    for (unsigned i = 0; i < 3; i++)
        chain_end(&f->chain, i, i == 1 ? CHAIN_FAILED : CHAIN_OK);
    for (unsigned i = 0; i < 3; i++) {
        OK(poll_later(f, &s));
        assert_in_range(s.job, 1, 3);
        assert_false(seen[s.job]);
        seen[s.job] = true;
        assert_int_equal(s.end, s.job == 2 ? ALC_SETTLED_FAILED : ALC_SETTLED_OK);
        OK(alc_settle_drop(f->settle, s.job, s.attempt, &f->err));
    }
    nothing_final(f);
}

static void questions_come_with_growing_pauses(void **state)
{
    struct fixture *f = *state;
    struct alc_settled s;
    unsigned asked;

    put_and_send(f, 1);
    f->now_ms += 50; /* nothing is final at once */
    assert_int_equal(alc_settle_poll(f->settle, &s, &f->arena, &f->err), ALC_NOT_FOUND);
    asked = f->chain.tx_asked;
    assert_int_equal(asked, 1);
    for (unsigned pause = 100; pause <= 1600; pause *= 2) {
        f->now_ms += pause - 1;
        assert_int_equal(alc_settle_poll(f->settle, &s, &f->arena, &f->err), ALC_NOT_FOUND);
        assert_int_equal(f->chain.tx_asked, asked);
        f->now_ms += 1;
        assert_int_equal(alc_settle_poll(f->settle, &s, &f->arena, &f->err), ALC_NOT_FOUND);
        assert_int_equal(f->chain.tx_asked, ++asked);
    }
    for (unsigned i = 0; i < 3; i++) { /* and no longer than this one */
        f->now_ms += 3200;
        assert_int_equal(alc_settle_poll(f->settle, &s, &f->arena, &f->err), ALC_NOT_FOUND);
        assert_int_equal(f->chain.tx_asked, ++asked);
    }
}

/* ---- lost ---- */

static unsigned arrivals(const struct chain *c, const struct alc_hash *hash)
{
    unsigned n = 0;
    for (unsigned i = 0; i < c->count; i++)
        n += alc_hash_eq(&c->txs[i].hash, hash);
    return n;
}

static void an_unknown_call_that_may_still_come_is_sent_again_as_it_is(void **state)
{
    struct fixture *f = *state;
    struct alc_settled s;

    f->chain.lose = true;
    put_and_send(f, 1);
    nothing_final(f);
    f->chain.height += CHAIN_VALID_BLOCKS; /* its last block */
    nothing_final(f);
    assert_int_equal(f->chain.count, 3);
    assert_int_equal(arrivals(&f->chain, &f->chain.txs[0].hash), 3);
    f->chain.lose = false;
    nothing_final(f); /* now it lands */
    assert_int_equal(f->chain.count, 4);
    chain_end(&f->chain, 3, CHAIN_OK);
    OK(poll_later(f, &s));
    assert_true(alc_hash_eq(&s.hash, &f->chain.txs[0].hash));
    assert_int_equal(f->chain.count, 4);
}

static void signed_anew(struct fixture *f)
{
    const struct chain_tx *old = &f->chain.txs[0], *new = &f->chain.txs[1];
    struct alc_hash last = old->hash;
    struct alc_settled s;

    nothing_final(f);
    assert_int_equal(f->chain.count, 2);
    assert_false(alc_hash_eq(&old->hash, &new->hash));
    assert_true(new->nonce > old->nonce);
    assert_string_equal(new->method, old->method);
    assert_string_equal(new->args, old->args);
    assert_int_equal(new->gas, old->gas);
    assert_int_equal(new->state, CHAIN_WAITS);
    for (unsigned i = 0; i < 3; i++)
        nothing_final(f);
    restart(f);
    OK(alc_settle_send(f->settle, &f->err));
    nothing_final(f);
    assert_int_equal(arrivals(&f->chain, &last), 1); /* the old bytes were never sent again */
    assert_int_equal(f->chain.count, 2);
    chain_end(&f->chain, 1, CHAIN_OK);
    OK(poll_later(f, &s));
    assert_int_equal(s.job, 1);
    assert_int_equal(s.attempt, 1);
    assert_true(alc_hash_eq(&s.hash, &f->chain.txs[1].hash));
}

static void a_call_whose_nonce_was_passed_is_signed_anew(void **state)
{
    struct fixture *f = *state;

    f->chain.lose = true;
    put_and_send(f, 1);
    f->chain.lose = false;
    f->chain.nonce = 501; /* another transaction has it */
    signed_anew(f);
    assert_int_equal(f->chain.txs[1].nonce, 502);
}

static void a_call_whose_block_expired_is_signed_anew(void **state)
{
    struct fixture *f = *state;

    f->chain.lose = true;
    put_and_send(f, 1);
    f->chain.lose = false;
    f->chain.height += CHAIN_VALID_BLOCKS + 1;
    signed_anew(f);
    assert_false(alc_hash_eq(&f->chain.txs[0].block_hash, &f->chain.txs[1].block_hash));
}

static void a_call_refused_for_its_nonce_is_signed_anew(void **state)
{
    struct fixture *f = *state;

    OK(put(f, 1, 1));
    f->chain.nonce = 900; /* between signing and sending */
    OK(alc_settle_send(f->settle, &f->err));
    assert_int_equal(f->chain.txs[0].state, CHAIN_LOST);
    signed_anew(f);
    assert_int_equal(f->chain.txs[1].nonce, 901);
}

/* A refusal that says nothing of nonce or block is no reason for a second signature. */
static void a_call_refused_while_it_may_still_come_keeps_its_bytes(void **state)
{
    struct fixture *f = *state;

    f->chain.refuse = true;
    put_and_send(f, 1);
    nothing_final(f);
    nothing_final(f);
    assert_true(f->chain.count >= 3);
    assert_int_equal(arrivals(&f->chain, &f->chain.txs[0].hash), f->chain.count);
}

/* It lands between the first question and the question for the nonce: the nonce is then its own. */
static void a_call_that_lands_while_we_ask_is_not_signed_anew(void **state)
{
    struct fixture *f = *state;
    struct alc_settled s;

    put_and_send(f, 1); /* the chain's nonce is now 501, ours */
    f->chain.hide = 1;
    nothing_final(f);
    assert_int_equal(f->chain.hide, 0);
    assert_int_equal(f->chain.count, 1);
    f->chain.hide = 1;
    chain_end(&f->chain, 0, CHAIN_OK);
    OK(poll_later(f, &s));
    assert_int_equal(s.end, ALC_SETTLED_OK);
    assert_int_equal(f->chain.count, 1);
}

/* ---- opening ---- */

static void a_key_that_is_not_on_chain_is_named(void **state)
{
    struct fixture *f = *state;
    char key[ALC_NEAR_KEY_TEXT_MAX];
    struct alc_near_key k = alc_near_key_of(&f->key);

    alc_near_key_text(key, &k);
    alc_settle_close(f->settle);
    f->settle = NULL;
    f->chain.no_key = true;
    assert_int_equal(open_settle(f), ALC_NOT_FOUND);
    assert_non_null(strstr(f->err.text, key));
    assert_non_null(strstr(f->err.text, ACCOUNT));
    assert_null(f->settle);
    f->chain.no_key = false;
    OK(open_settle(f));
}

/* ---- several keys on one outbox ---- */

/* open_other opens a second settle on the outbox, under a key of its own. */
static struct alc_settle *open_other(struct fixture *f, struct alc_ed25519 *key)
{
    static const uint8_t other_seed[32] = {8};
    const struct alc_settle_conf conf = {
        .account_id = ACCOUNT, .key = key, .rpc = f->rpc, .clock = &f->clock};
    struct alc_settle *other = NULL;

    OK(alc_ed25519_init(key, other_seed));
    OK(alc_settle_open(&other, f->store, &conf, &f->err));
    return other;
}

static void each_key_sends_and_hears_of_its_own_calls(void **state)
{
    struct fixture *f = *state;
    struct alc_ed25519 key = {0};
    struct alc_settle *other = open_other(f, &key);
    struct alc_settled done;
    struct alc_hash keys[3];
    size_t n = 99;

    OK(put(f, 1, 1));
    OK(alc_settle_put(other, 2, 1, CHAIN_CONTRACT, "resolve_execution", ALC_LIT("{}"), GAS,
                      &f->err));
    assert_int_equal(alc_settle_put(other, 1, 1, CHAIN_CONTRACT, "resolve_execution", ALC_LIT("{}"),
                                    GAS, &f->err),
                     ALC_CONFLICT); /* a job is delivered under one key */
    OK(alc_settle_keys(f->store, keys, &n, 3, &f->err));
    assert_int_equal(n, 2);
    OK(alc_settle_send(other, &f->err));
    assert_int_equal(f->chain.count, 1);
    chain_end(&f->chain, 0, CHAIN_OK);
    f->now_ms += 100;
    assert_int_equal(alc_settle_poll(f->settle, &done, &f->arena, &f->err), ALC_NOT_FOUND);
    OK(alc_settle_poll(other, &done, &f->arena, &f->err));
    assert_int_equal(done.job, 2);
    OK(alc_settle_pending(f->settle, &n, &f->err));
    assert_int_equal(n, 1);
    OK(alc_settle_pending(other, &n, &f->err));
    assert_int_equal(n, 0);
    OK(alc_settle_held(f->store, &n, &key.public_key, &f->err));
    assert_int_equal(n, 1); /* final, but not dropped */
    OK(alc_settle_drop(other, 2, 1, &f->err));
    OK(alc_settle_held(f->store, &n, &key.public_key, &f->err));
    assert_int_equal(n, 0);
    alc_settle_close(other);
    alc_ed25519_fini(&key);
}

/* Rows from before keys were written down say by their transaction whose they are. */
static void rows_of_a_former_version_learn_whose_they_are(void **state)
{
    struct fixture *f = *state;
    struct alc_hash key;
    size_t n = 0;

    OK(put(f, 1, 1));
    OK(alc_store_exec(f->store, NULL, "UPDATE outbox SET signer = x''", ALC_NO_ARGS, &f->err));
    restart(f);
    OK(alc_settle_keys(f->store, &key, &n, 1, &f->err));
    assert_int_equal(n, 1);
    assert_true(alc_hash_eq(&key, &f->key.public_key));
    OK(alc_settle_pending(f->settle, &n, &f->err));
    assert_int_equal(n, 1);
}

static void a_key_that_the_account_lost_is_told_of_and_given_up(void **state)
{
    struct fixture *f = *state;
    struct alc_settled done;
    size_t n = 99;

    OK(put(f, 1, 1));
    f->chain.lose = true;
    OK(alc_settle_send(f->settle, &f->err));
    f->chain.no_key = true;
    f->now_ms += 100;
    assert_int_equal(alc_settle_poll(f->settle, &done, &f->arena, &f->err), ALC_DENIED);
    OK(alc_settle_lose(f->store, &f->key.public_key, &f->err));
    OK(alc_settle_held(f->store, &n, &f->key.public_key, &f->err));
    assert_int_equal(n, 0);
}

static void an_account_id_that_is_none_is_refused(void **state)
{
    struct fixture *f = *state;
    const struct alc_settle_conf conf = {
        .account_id = "Not An Account", .key = &f->key, .rpc = f->rpc, .clock = &f->clock};
    struct alc_settle *other = NULL;

    assert_int_equal(alc_settle_open(&other, f->store, &conf, &f->err), ALC_BAD_INPUT);
    assert_null(other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_call_is_written_down_before_it_is_sent),
        TEST(one_job_and_attempt_is_put_once),
        TEST(an_attempt_before_the_newest_is_refused),
        TEST(a_forgotten_job_is_neither_sent_nor_shown),
        TEST(calls_go_in_the_order_of_their_nonces),
        TEST(a_call_too_large_for_a_transaction_is_refused),
        TEST(death_between_put_and_send_sends_the_same_bytes_once),
        TEST(death_after_the_send_asks_and_does_not_send_again),
        TEST(death_in_the_send_is_harmless),
        TEST(a_nonce_given_away_is_not_given_again),
        TEST(what_is_final_is_shown_until_it_is_dropped),
        TEST(a_failure_is_shown_with_its_reason),
        TEST(several_ends_come_one_by_one),
        TEST(questions_come_with_growing_pauses),
        TEST(an_unknown_call_that_may_still_come_is_sent_again_as_it_is),
        TEST(a_call_whose_nonce_was_passed_is_signed_anew),
        TEST(a_call_whose_block_expired_is_signed_anew),
        TEST(a_call_refused_for_its_nonce_is_signed_anew),
        TEST(a_call_refused_while_it_may_still_come_keeps_its_bytes),
        TEST(a_call_that_lands_while_we_ask_is_not_signed_anew),
        TEST(a_key_that_is_not_on_chain_is_named),
        TEST(each_key_sends_and_hears_of_its_own_calls),
        TEST(rows_of_a_former_version_learn_whose_they_are),
        TEST(a_key_that_the_account_lost_is_told_of_and_given_up),
        TEST(an_account_id_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
