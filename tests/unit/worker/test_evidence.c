/* tests/unit/worker/test_evidence.c — one quote for many statements, whatever is cut off or fails.
 */
#include "prover_test.h"

static const struct alc_answer good = {
    .success = true, .output_kind = ALC_OUTPUT_TEXT, .output = {(const uint8_t *)"42", 2}};

static void finish(struct prover *f, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        prover_finish(f, &good);
}

/* check finds the evidence of job `id` and checks that its quote was made for its statement. */
static struct alc_evidence check(struct prover *f, uint64_t id)
{
    struct alc_bytes bytes;
    struct alc_evidence e;
    struct alc_quote q;
    uint8_t wanted[64];

    OK(alc_queue_evidence(f->slot.queue, &bytes, &f->hashes[id - 1], &f->arena, &f->err));
    assert_true(alc_evidence_read(&e, bytes));
    assert_int_equal(e.binding.kind, ALC_EVIDENCE_BATCH);
    assert_int_equal(alc_quote_read(&q, e.quote), ALC_REFUSAL_NONE);
    alc_evidence_report_data(wanted, &e, &f->hashes[id - 1], &alc_verify_native);
    assert_memory_equal(alc_quote_report_data(&q), wanted, sizeof wanted);
    return e;
}

static size_t prove_all(struct prover *f, size_t most)
{
    struct alc_unproven *list = calloc(most, sizeof *list);
    size_t count;

    assert_non_null(list);
    OK(alc_queue_unproven(f->slot.queue, list, &count, most, &f->err));
    if (count > 0) OK(wk_prove_batch(&f->slot, list, count, &f->err));
    free(list);
    return count;
}

static void one_quote_vouches_for_each_statement_of_a_batch(void **state)
{
    static const unsigned sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 33, 100};
    struct prover *f = *state;

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint64_t first = f->jobs + 1;
        struct alc_bytes quote;
        finish(f, sizes[i]);
        assert_int_equal(prove_all(f, ALC_WORKER_BATCH_MAX), sizes[i]);
        quote = check(f, first).quote;
        for (uint64_t id = first; id <= f->jobs; id++) {
            struct alc_evidence e = check(f, id);
            assert_true(alc_bytes_eq(e.quote, quote));
        }
        alc_arena_fini(&f->arena);
    }
    assert_int_equal(f->w.stats.batches, sizeof sizes / sizeof *sizes);
}

static void a_batch_at_its_greatest_has_good_paths(void **state)
{
    struct prover *f = *state;

    finish(f, ALC_WORKER_BATCH_MAX);
    assert_int_equal(prove_all(f, ALC_WORKER_BATCH_MAX), ALC_WORKER_BATCH_MAX);
    check(f, 1);
    check(f, 999);
    assert_true(check(f, 1000).path_count <= 10);
}

static void a_batch_names_the_one_before_and_a_block(void **state)
{
    struct prover *f = *state;
    const struct alc_hash none = {{0}};
    struct alc_evidence first, second;
    struct alc_hash leaf;

    finish(f, 1);
    prove_all(f, 10);
    finish(f, 2);
    prove_all(f, 10);
    first = check(f, 1);
    second = check(f, 2);
    assert_true(alc_hash_eq(&first.binding.previous, &none));
    assert_false(alc_hash_eq(&first.binding.anchor_hash, &none));
    alc_merkle_leaf(&leaf, &f->hashes[0], &alc_verify_native); /* a tree of one leaf */
    assert_true(alc_hash_eq(&second.binding.previous, &leaf));
}

/* ---- the thread ---- */

static bool proven(struct prover *f, uint64_t id)
{
    struct alc_bytes bytes;
    return alc_queue_evidence(f->slot.queue, &bytes, &f->hashes[id - 1], &f->arena, &f->err) ==
           ALC_OK;
}

struct thread {
    struct wk_slot slot; /* with connections of its own */
    pthread_t id;
};

static void thread_start(struct prover *f, struct thread *t)
{
    const struct alc_near_rpc_conf rpc = {
        .urls = f->urls, .urls_count = 1, .plain_ok = true, .stop = &f->w.stop, .timeout_ms = 2000};

    t->slot = (struct wk_slot){.worker = &f->w};
    f->w.stop = false;
    OK(alc_store_open(&t->slot.store, f->path, false, &f->err));
    OK(alc_queue_open(&t->slot.queue, t->slot.store, &f->err));
    OK(alc_near_rpc_open(&t->slot.rpc, &rpc, &f->err));
    assert_int_equal(pthread_create(&t->id, NULL, wk_prover, &t->slot), 0);
}

static void thread_stop(struct prover *f, struct thread *t)
{
    pthread_mutex_lock(&f->w.lock);
    f->w.stop = true;
    pthread_cond_broadcast(&f->w.prove);
    pthread_cond_broadcast(&f->w.rest);
    pthread_mutex_unlock(&f->w.lock);
    pthread_join(t->id, NULL);
    alc_near_rpc_close(t->slot.rpc);
    alc_queue_close(t->slot.queue);
    alc_store_close(t->slot.store);
}

static void wait_until(struct prover *f, bool (*holds)(struct prover *f, uint64_t x), uint64_t x)
{
    const struct timespec tick = {.tv_nsec = 2000000};
    uint64_t until = alc_clock_mono_ms(&alc_clock_system) + 30000;

    while (!holds(f, x)) {
        if (alc_clock_mono_ms(&alc_clock_system) > until) fail_msg("waited 30 s in vain");
        nanosleep(&tick, NULL);
    }
}

static bool failed_so_often(struct prover *f, uint64_t times)
{
    struct alc_worker_stats stats;
    alc_worker_stats(&f->w, &stats);
    return stats.quote_failures >= times;
}

static bool recorded(struct prover *f, uint64_t id)
{
    struct alc_bytes text;
    return alc_queue_record(f->slot.queue, &text, id, &f->arena, &f->err) == ALC_OK;
}

static void what_a_former_process_left_is_taken_first(void **state)
{
    struct prover *f = *state;
    struct thread t;

    finish(f, 5);
    thread_start(f, &t);
    for (uint64_t id = 1; id <= 5; id++)
        wait_until(f, proven, id);
    thread_stop(f, &t);
    assert_int_equal(f->w.stats.batches, 1);
    check(f, 5);
}

static void a_held_job_comes_back_with_its_quote(void **state)
{
    struct prover *f = *state;
    struct thread t;

    thread_start(f, &t);
    finish(f, 1);
    wk_hold(&f->w, 1);
    wk_prove(&f->w);
    wait_until(f, proven, 1);
    thread_stop(f, &t);
    assert_int_equal(f->w.held.count, 0);
    assert_int_equal(f->w.filed.count, 1);
    assert_int_equal(f->w.filed.ids[0], 1);
}

static void a_failure_is_tried_again_until_quotes_come(void **state)
{
    struct prover *f = *state;
    struct thread t;

    f->silent = true;
    finish(f, 2);
    thread_start(f, &t);
    wait_until(f, failed_so_often, 2);
    assert_false(proven(f, 1));
    f->silent = false;
    wait_until(f, proven, 1);
    thread_stop(f, &t);
    check(f, 2);
}

static void records_follow_the_batches(void **state)
{
    struct prover *f = *state;
    struct thread t;

    f->w.conf.records = true;
    finish(f, 3);
    thread_start(f, &t);
    for (uint64_t id = 1; id <= 3; id++)
        wait_until(f, recorded, id);
    thread_stop(f, &t);
    assert_int_equal(f->w.stats.records, 3);
    assert_int_equal(f->w.stats.batches, 1);
    assert_int_equal(f->w.stats.quotes, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROVER_TEST(one_quote_vouches_for_each_statement_of_a_batch),
        PROVER_TEST(a_batch_at_its_greatest_has_good_paths),
        PROVER_TEST(a_batch_names_the_one_before_and_a_block),
        PROVER_TEST(what_a_former_process_left_is_taken_first),
        PROVER_TEST(a_held_job_comes_back_with_its_quote),
        PROVER_TEST(a_failure_is_tried_again_until_quotes_come),
        PROVER_TEST(records_follow_the_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
