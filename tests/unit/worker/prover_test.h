/* tests/unit/worker/prover_test.h — a store with finished jobs, a SIMULATED source, and a node that
 * knows one block: what the prover works with. */
#ifndef PROVER_TEST_H
#define PROVER_TEST_H

#include "worker_test.h"

#include "base/enc.h"
#include "base/httpd.h"

#include <unistd.h>

#define OK(call)                                                                                   \
    do {                                                                                           \
        enum alc_rc rc_ = (call);                                                                  \
        if (rc_ != ALC_OK)                                                                         \
            fail_msg("%s: %s: %s", #call, alc_rc_name(rc_), alc_err_text(&f->err, rc_));           \
    } while (0)

struct prover {
    struct alc_httpd *node;
    volatile bool silent; /* the node answers with errors */
    char url[64];
    const char *urls[1];
    char path[64];
    struct alc_worker w; /* as much of one as the prover needs */
    struct wk_slot slot;
    uint64_t jobs;
    struct alc_hash *hashes; /* of the statements of jobs 1, 2 ... */
    struct alc_arena arena;
    struct alc_err err;
};

static inline void prover_node(void *ctx, const struct alc_httpd_ask *ask,
                               struct alc_httpd_answer *answer)
{
    const struct prover *p = ctx;
    struct alc_json *doc = NULL;
    uint64_t id = 0;

    if (p->silent) {
        answer->status = 503;
        return;
    }
    if (alc_json_open(&doc, ask->body, 1u << 20, NULL) == ALC_OK)
        (void)!alc_json_u64(alc_json_get(doc, "id"), &id);
    alc_json_close(doc);
    alc_buf_printf(&answer->body,
                   "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"result\":{\"header\":{\"height\":7,\"hash\":"
                   "\"8opHzTAnfzRpPEx21XtnrVTX28YQuCpAjcn1PczScKh\",\"timestamp\":1,"
                   "\"timestamp_nanosec\":\"1\"}}}",
                   (unsigned long long)id);
}

static inline void prover_start(struct prover *f)
{
    const struct alc_near_rpc_conf rpc = {
        .urls = f->urls, .urls_count = 1, .plain_ok = true, .stop = &f->w.stop, .timeout_ms = 2000};

    f->slot = (struct wk_slot){.worker = &f->w};
    OK(alc_store_open(&f->slot.store, f->path, false, &f->err));
    OK(alc_queue_open(&f->slot.queue, f->slot.store, &f->err));
    OK(alc_near_rpc_open(&f->slot.rpc, &rpc, &f->err));
}

static inline void prover_stop(struct prover *f)
{
    alc_near_rpc_close(f->slot.rpc);
    alc_queue_close(f->slot.queue);
    alc_store_close(f->slot.store);
}

static inline void prover_remove(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    char name[80];
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

static inline int prover_set_up(void **state)
{
    struct prover *f = calloc(1, sizeof *f);
    struct alc_httpd_conf node = {
        .host = "127.0.0.1", .max_body_bytes = 1u << 20, .handle = prover_node, .ctx = f};
    const struct alc_attest_conf attest = {.source = ALC_SOURCE_SIMULATED,
                                           .clock = &alc_clock_system};
    struct alc_ed25519 key = {0};
    pthread_condattr_t attr;

    if (f == NULL) return -1;
    alc_crypto_init();
    alc_log_set(ALC_ERROR);
    f->arena = ALC_ARENA(64u << 20);
    OK(alc_httpd_open(&f->node, &node, &f->err));
    snprintf(f->url, sizeof f->url, "http://127.0.0.1:%u", alc_httpd_port(f->node));
    f->urls[0] = f->url;
    snprintf(f->path, sizeof f->path, "test_prover.%d.db", (int)getpid());
    prover_remove(f->path);
    f->w.conf.clock = &alc_clock_system;
    f->w.conf.batch_ms = 10;
    f->w.quotes = true;
    pthread_mutex_init(&f->w.lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&f->w.prove, &attr);
    pthread_cond_init(&f->w.rest, &attr);
    pthread_cond_init(&f->w.tell, &attr);
    pthread_condattr_destroy(&attr);
    OK(alc_ed25519_make(&key));
    OK(alc_attest_open(&f->w.conf.attest, &key, &attest, &f->err));
    f->hashes = calloc(4096, sizeof *f->hashes);
    prover_start(f);
    *state = f;
    return 0;
}

static inline int prover_tear_down(void **state)
{
    struct prover *f = *state;
    prover_stop(f);
    prover_remove(f->path);
    alc_httpd_close(f->node);
    alc_attest_close(f->w.conf.attest);
    pthread_mutex_destroy(&f->w.lock);
    pthread_cond_destroy(&f->w.prove);
    pthread_cond_destroy(&f->w.rest);
    pthread_cond_destroy(&f->w.tell);
    free(f->w.filed.ids);
    free(f->w.held.ids);
    free(f->hashes);
    alc_arena_fini(&f->arena);
    free(f);
    return 0;
}

static const char prover_data[] =
    "{\"request_id\":3,\"sender_id\":\"alice.near\",\"predecessor_id\":\"app.near\","
    "\"code_source\":{\"WasmUrl\":{\"url\":\"https://x.test/a.wasm\",\"hash\":"
    "\"ddaa9df2d989b311289dd1d7af19611a24b03180cd66d46d171d16f28f7fb94b\","
    "\"build_target\":\"wasm32-wasip1\"}},"
    "\"resource_limits\":{\"max_instructions\":1,\"max_memory_mb\":1,"
    "\"max_execution_seconds\":1},\"input_data\":\"in\",\"response_format\":\"Json\","
    "\"payment\":\"1\",\"attached_usd\":\"0\",\"project_uuid\":\"p0000000000000001\","
    "\"project_id\":\"alice.near/oracle\"}";

/* prover_finish makes one more job and brings it to `answer`, with a statement. */
static inline void prover_finish(struct prover *f, const struct alc_answer *answer)
{
    uint64_t id = f->jobs + 1;
    struct alc_request request = {.contract_id = ALC_LIT("compute.near"),
                                  .request_id = 3,
                                  .data = ALC_LIT(prover_data),
                                  .block_height = 77,
                                  .block_timestamp_ns = UINT64_C(1785309658123456789),
                                  .tx_hash = ALC_LIT("7tx")};
    struct alc_statement s = {.chain_id = ALC_LIT("localnet"),
                              .request_id = id,
                              .sequence = f->jobs,
                              .output_kind = answer->output_kind};
    struct alc_order order = {.sequence = f->jobs, .prove = true, .record = true};
    uint8_t bytes[ALC_STATEMENT_SIGNED_MAX_BYTES];
    struct alc_answer a = *answer;
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_job job;
    size_t n;

    memcpy(request.data_id.b, &id, sizeof id);
    order.worker_key = alc_attest_key(f->w.conf.attest)->public_key;
    (void)!alc_hex_decode(
        s.code_hash.b, 32, &n,
        ALC_LIT("ddaa9df2d989b311289dd1d7af19611a24b03180cd66d46d171d16f28f7fb94b"));
    alc_sha256(&s.input_hash, ALC_LIT("in"));
    OK(alc_attest_sign(f->w.conf.attest, &s, bytes, &n, &order.hash, &f->err));
    a.statement = (struct alc_bytes){bytes, n};
    OK(alc_queue_take_block(f->slot.queue, &n, "c", id, &request, 1, &f->err));
    OK(alc_queue_claim(f->slot.queue, &job, "w", 1, 60000, &arena, &f->err));
    assert_int_equal(job.id, id);
    OK(alc_queue_finish(f->slot.queue, id, 1, &a, &order, &f->err));
    f->hashes[f->jobs++] = order.hash;
    alc_arena_fini(&arena);
}

#define PROVER_TEST(name) cmocka_unit_test_setup_teardown(name, prover_set_up, prover_tear_down)

#endif
