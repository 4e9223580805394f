/* tests/unit/watcher/test_run.c — blocks become jobs once, with all that the block says of them,
 * and a new watcher goes on where the last one stopped. */
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/near/near_server.h"

#include "store/store.h"
#include "watcher/watcher.h"

#define ID "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,"
#define EVENT(id, last)                                                                            \
    "\"EVENT_JSON:{\\\"standard\\\":\\\"near-outlayer\\\",\\\"version\\\":\\\"1.0.0\\\","          \
    "\\\"event\\\":\\\"execution_requested\\\",\\\"data\\\":[{\\\"request_data\\\":\\\""           \
    "{\\\\\\\"request_id\\\\\\\":" id "}\\\",\\\"data_id\\\":[" ID last "]}]}\""
#define RECEIPT(id, executor, logs)                                                                \
    "{\"execution_outcome\":{\"id\":\"" id "\",\"outcome\":{\"logs\":[" logs                       \
    "],\"gas_burnt\":1400000000000,\"executor_id\":\"" executor                                    \
    "\",\"status\":{\"SuccessValue\":\"\"}}},\"receipt\":{\"predecessor_id\":\"app.near\","        \
    "\"receipt\":{\"Action\":{\"signer_id\":\"alice.near\",\"signer_public_key\":\"ed25519:KEY\"}" \
    "}},\"tx_hash\":\"TX" id "\"}"
#define BLOCK(height, receipts)                                                                    \
    "{\"block\":{\"header\":{\"height\":" height                                                   \
    ",\"hash\":\"4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi\",\"timestamp\":178500000000000000"   \
    "5}},\"shards\":[{\"receipt_execution_outcomes\":[" receipts "]}]}"

/* From height 10 on; behind the last one the watcher is told to stop. */
static const char *const blocks[] = {
    BLOCK("10", RECEIPT("R1", "compute.near", "\"hello\"," EVENT("1", "1")) "," RECEIPT(
                    "R2", "evil.near", EVENT("66", "66"))),
    "null", /* no block has height 11 */
    BLOCK("12", RECEIPT("R3", "compute.near", EVENT("2", "2") "," EVENT("3", "3")) "," RECEIPT(
                    "R4", "compute.near",
                    "\"EVENT_JSON:{\",\"EVENT_JSON:{}\"") "," RECEIPT("R5", "compute.near",
                                                                      EVENT("4", "4"))),
};
#define FIRST 10u
#define LAST 12u
#define FAR 17u

struct fixture {
    struct server server;
    struct alc_store *store;
    struct alc_queue *queue;
    struct alc_near_stream *stream;
    struct alc_watcher_conf conf;
    size_t fresh;
    struct alc_arena arena;
    struct alc_err err;
};

static void answer_block(struct server *s, unsigned n, const struct alc_httpd_ask *ask,
                         struct alc_httpd_answer *answer)
{
    unsigned height = 0;

    if (strcmp(ask->path, "/v0/last_block/final") == 0) {
        answer->status = 302;
        snprintf(answer->location, sizeof answer->location, "/v0/block/%u", LAST);
        return;
    }
    if (sscanf(ask->path, "/v0/block/%u", &height) != 1 || height < FIRST) {
        words(answer, 404, "{\"error\":\"no\",\"type\":\"BLOCK_HEIGHT_TOO_LOW\"}");
        return;
    }
    if (height > FAR) {                           /* the chain is not there yet */
        for (unsigned i = 0; i < n && i < 8; i++) /* told how far it is, it may leave */
            if (strcmp(s->method[i], "/v0/last_block/final") == 0) s->stop = true;
        words(answer, 404, "{\"error\":\"no\",\"type\":\"BLOCK_DOES_NOT_EXIST\"}");
        return;
    }
    if (height > LAST) s->stop = true;
    words(answer, 200, height > LAST ? "null" : blocks[height - FIRST]);
}

static void count_fresh(void *ctx, size_t jobs)
{
    ((struct fixture *)ctx)->fresh += jobs;
}

static void open_stream(struct fixture *f, uint32_t timeout_ms)
{
    const char *const urls[] = {f->server.url};
    const struct alc_near_stream_conf conf = {.urls = urls,
                                              .urls_count = 1,
                                              .timeout_ms = timeout_ms,
                                              .plain_ok = true,
                                              .stop = &f->server.stop};
    f->server.stop = false;
    assert_int_equal(alc_near_stream_open(&f->stream, &conf, &f->err), ALC_OK);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (f == NULL) return -1;
    server_open(&f->server, answer_block);
    open_stream(f, 0);
    assert_int_equal(alc_store_open(&f->store, ":memory:", false, &f->err), ALC_OK);
    assert_int_equal(alc_queue_open(&f->queue, f->store, &f->err), ALC_OK);
    f->conf = (struct alc_watcher_conf){.chain = "localnet",
                                        .contract_id = "compute.near",
                                        .standard = "near-outlayer",
                                        .start_height = FIRST,
                                        .stop = &f->server.stop,
                                        .fresh = count_fresh,
                                        .ctx = f};
    f->arena = ALC_ARENA(1u << 20);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    alc_near_stream_close(f->stream);
    server_close(&f->server);
    alc_queue_close(f->queue);
    alc_store_close(f->store);
    alc_arena_fini(&f->arena);
    free(f);
    return 0;
}

static void run(struct fixture *f)
{
    if (alc_watcher_run(&f->conf, f->stream, f->queue, &f->err) != ALC_OK)
        fail_msg("%s", f->err.text);
}

static uint64_t cursor(struct fixture *f)
{
    uint64_t height = 0;
    assert_int_equal(alc_queue_cursor(f->queue, &height, "localnet", &f->err), ALC_OK);
    return height;
}

static void claim(struct fixture *f, struct alc_job *job)
{
    assert_int_equal(alc_queue_claim(f->queue, job, "w", 0, 1000, &f->arena, &f->err), ALC_OK);
}

static void each_announced_request_becomes_one_job(void **state)
{
    static const char *const receipts[] = {"R1", "R3", "R3", "R5"};
    struct fixture *f = *state;
    struct alc_job job;

    run(f);
    assert_int_equal(f->fresh, 4);
    assert_true(cursor(f) >= LAST);
    for (unsigned i = 0; i < 4; i++) {
        char text[32];
        claim(f, &job);
        assert_int_equal(job.request.request_id, i + 1);
        assert_int_equal(job.request.data_id.b[0], 1);
        assert_int_equal(job.request.data_id.b[31], i + 1);
        snprintf(text, sizeof text, "{\"request_id\":%u}", i + 1);
        assert_true(alc_bytes_is(job.request.data, text));
        assert_true(alc_bytes_is(job.request.contract_id, "compute.near"));
        assert_int_equal(job.request.block_height, i == 0 ? 10 : 12);
        assert_true(job.request.block_timestamp_ns == UINT64_C(1785000000000000005));
        assert_true(alc_bytes_is(job.request.receipt_id, receipts[i]));
        snprintf(text, sizeof text, "TX%s", receipts[i]);
        assert_true(alc_bytes_is(job.request.tx_hash, text));
        assert_true(alc_bytes_is(job.request.signer_key, "ed25519:KEY"));
        assert_true(job.request.gas_burnt == UINT64_C(1400000000000));
    }
    assert_int_equal(alc_queue_claim(f->queue, &job, "w", 0, 1000, &f->arena, &f->err),
                     ALC_NOT_FOUND);
}

static void the_next_watcher_goes_on_behind_the_cursor(void **state)
{
    struct fixture *f = *state;
    unsigned asked;
    char want[32];

    run(f);
    alc_near_stream_close(f->stream);
    open_stream(f, 0);
    snprintf(want, sizeof want, "/v0/block/%u", (unsigned)cursor(f) + 1);
    asked = server_asked(&f->server);
    assert_true(asked < 8); /* the server remembers eight */
    run(f);
    assert_string_equal(f->server.method[asked], want);
    assert_int_equal(f->fresh, 4);
}

/* Another cursor on the same queue: the blocks come again, the jobs do not. */
static void blocks_taken_again_bring_no_job_again(void **state)
{
    struct fixture *f = *state;

    run(f);
    alc_near_stream_close(f->stream);
    open_stream(f, 0);
    f->conf.chain = "localnet-again";
    run(f);
    assert_int_equal(f->fresh, 4);
}

static void a_new_cursor_begins_at_the_newest_block(void **state)
{
    struct fixture *f = *state;

    f->conf.start_height = 0;
    run(f);
    assert_string_equal(f->server.method[0], "/v0/last_block/final");
    assert_string_equal(f->server.method[1], "/v0/block/12");
    assert_int_equal(f->fresh, 3);
}

/* From the moment it is placed a watcher misses nothing, even if it dies before its first block. */
static void a_place_is_kept_before_the_first_block(void **state)
{
    struct fixture *f = *state;

    f->conf.start_height = 0;
    assert_int_equal(alc_watcher_place(&f->conf, f->stream, f->queue, &f->err), ALC_OK);
    assert_int_equal(cursor(f), LAST - 1);
    f->conf.start_height = FIRST; /* too late: the place is kept */
    assert_int_equal(alc_watcher_place(&f->conf, f->stream, f->queue, &f->err), ALC_OK);
    assert_int_equal(cursor(f), LAST - 1);
    run(f);
    assert_int_equal(f->fresh, 3);
}

static void blocks_that_are_gone_need_a_person(void **state)
{
    struct fixture *f = *state;

    f->conf.start_height = 3;
    assert_int_equal(alc_watcher_run(&f->conf, f->stream, f->queue, &f->err), ALC_NOT_FOUND);
    assert_true(f->err.text[0] != 0);
}

/* said_of_run is what the log says while the watcher runs; the caller frees it. */
static char *said_of_run(struct fixture *f)
{
    int kept = dup(STDERR_FILENO);
    FILE *log = tmpfile();
    char *text = calloc(1, 65536);

    assert_true(kept >= 0 && log != NULL && text != NULL);
    assert_true(dup2(fileno(log), STDERR_FILENO) >= 0);
    run(f);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    rewind(log);
    (void)!fread(text, 1, 65535, log);
    fclose(log);
    return text;
}

static void a_chain_that_ends_before_the_cursor_is_told_of(void **state)
{
    struct fixture *f = *state;
    size_t fresh;
    char *text;

    assert_int_equal(alc_queue_take_block(f->queue, &fresh, "localnet", FAR, NULL, 0, &f->err),
                     ALC_OK);
    alc_near_stream_close(f->stream);
    open_stream(f, 300);
    text = said_of_run(f);
    if (strstr(text, "watcher.ahead chain=localnet taken=17 last=12") == NULL) fail_msg("%s", text);
    free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(each_announced_request_becomes_one_job),
        TEST(the_next_watcher_goes_on_behind_the_cursor),
        TEST(blocks_taken_again_bring_no_job_again),
        TEST(a_new_cursor_begins_at_the_newest_block),
        TEST(a_place_is_kept_before_the_first_block),
        TEST(blocks_that_are_gone_need_a_person),
        TEST(a_chain_that_ends_before_the_cursor_is_told_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
