/* tests/unit/queue/fixture.h — a queue in a file of its own, a clock that the test moves, and
 * requests that differ in their number. */
#ifndef TEST_QUEUE_FIXTURE_H
#define TEST_QUEUE_FIXTURE_H

#include "tests/unit/store/fixture.h"

#include "queue/queue.h"

#define CHAIN "test"
#define LEASE_MS 1000u
#define ARENA_MAX_BYTES (8u << 20)

struct fixture {
    struct folder folder;
    struct alc_store *store;
    struct alc_queue *queue;
    struct alc_arena arena;
    uint64_t now_ms;
};

static inline void queue_open(struct fixture *f)
{
    struct alc_err err = {0};
    OK(alc_store_open(&f->store, f->folder.file, false, &err));
    OK(alc_queue_open(&f->queue, f->store, &err));
}

static inline void queue_close(struct fixture *f)
{
    alc_queue_close(f->queue);
    alc_store_close(f->store);
    f->queue = NULL;
    f->store = NULL;
}

static inline int setup(void **state)
{
    static struct fixture f;

    alc_log_set(ALC_WARN);
    f = (struct fixture){.arena = ALC_ARENA(ARENA_MAX_BYTES), .now_ms = 1000000};
    folder_make(&f.folder);
    queue_open(&f);
    *state = &f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;

    queue_close(f);
    alc_arena_fini(&f->arena);
    folder_remove(&f->folder);
    return 0;
}

#define QUEUE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* A request that is told from others by n: its number, and its data_id. */
static inline struct alc_request request(uint64_t n)
{
    struct alc_request m = {
        .contract_id = ALC_LIT("compute.near"),
        .request_id = n,
        .data = ALC_LIT("{\"input\":\"\\u0000 \xc3\xa9\"}"),
        .block_height = 77,
        .block_timestamp_ns = UINT64_MAX, /* all 64 bits are kept */
        .receipt_id = ALC_LIT("receipt"),
        .tx_hash = ALC_LIT("hash"),
        .signer_key = ALC_LIT("ed25519:key"),
        .gas_burnt = 1u << 31,
    };
    memcpy(m.data_id.b, &n, sizeof n);
    return m;
}

/* Takes block `height` with the requests first .. first + count - 1; returns how many were new. */
static inline size_t take(struct fixture *f, uint64_t height, uint64_t first, size_t count)
{
    struct alc_request *all = calloc(count + 1, sizeof *all);
    struct alc_err err = {0};
    size_t fresh = 99;

    assert_non_null(all);
    for (size_t i = 0; i < count; i++)
        all[i] = request(first + i);
    OK(alc_queue_take_block(f->queue, &fresh, CHAIN, height, all, count, &err));
    free(all);
    return fresh;
}

/* The id of the job that was claimed, 0 for none. */
static inline uint64_t claim_as(struct fixture *f, const char *worker)
{
    struct alc_job job;
    struct alc_err err = {0};
    enum alc_rc rc = alc_queue_claim(f->queue, &job, worker, f->now_ms, LEASE_MS, &f->arena, &err);

    if (rc == ALC_NOT_FOUND) return 0;
    OK(rc);
    assert_int_equal(job.state, ALC_JOB_RUNNING);
    return job.id;
}

static inline void get(struct fixture *f, uint64_t id, struct alc_job *job,
                       struct alc_answer *answer, bool *answered)
{
    struct alc_err err = {0};
    OK(alc_queue_get(f->queue, job, answer, answered, id, &f->arena, &err));
}

static inline enum alc_job_state state_of(struct fixture *f, uint64_t id)
{
    struct alc_answer answer;
    struct alc_job job;
    bool answered;

    get(f, id, &job, &answer, &answered);
    return job.state;
}

static inline size_t expire(struct fixture *f)
{
    struct alc_err err = {0};
    size_t n = 99;

    OK(alc_queue_expire(f->queue, &n, f->now_ms, &err));
    return n;
}

static const struct alc_answer good = {
    .success = true, .output_kind = 1, .output = {(const uint8_t *)"42", 2}};

#endif
