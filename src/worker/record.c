/* OutLayer's record of a run: the fields of its preimage, and a quote over their hash alone.  It
 * says less than our statement does (it has no lengths, no nonce and no order), and stands here so
 * that its clients and verifiers find what they look for. */
#include "worker/parts.h"

#include "base/enc.h"

#include <stdlib.h>
#include <string.h>

#define JOB_ARENA_BYTES (16u << 20)
#define TEXT_MAX_BYTES (4u << 20)
#define FAILED_TEXT "[EXECUTION-FAILED]"

/* ---- the answer as text: compact JSON with sorted keys ---- */

static int by_key(const void *x, const void *y)
{
    const char *const *a = x, *const *b = y;
    return strcmp(*a, *b);
}

static enum alc_rc put_sorted(struct alc_jw *w, const struct alc_json *v);

static enum alc_rc put_members(struct alc_jw *w, const struct alc_json *v)
{
    size_t n = alc_json_count(v);
    const char **keys = malloc((n + 1) * sizeof *keys);
    enum alc_rc rc = keys == NULL ? ALC_NOMEM : ALC_OK;

    alc_jw_obj(w);
    for (size_t i = 0; i < n && rc == ALC_OK; i++)
        (void)alc_json_member(v, i, &keys[i]);
    if (rc == ALC_OK && n > 1) qsort(keys, n, sizeof *keys, by_key);
    for (size_t i = 0; i < n && rc == ALC_OK; i++) {
        alc_jw_key(w, keys[i]);
        rc = put_sorted(w, alc_json_get(v, keys[i]));
    }
    alc_jw_end(w);
    free(keys);
    return rc;
}

static enum alc_rc put_sorted(struct alc_jw *w, const struct alc_json *v)
{
    struct alc_buf one = ALC_BUF(TEXT_MAX_BYTES);
    enum alc_rc rc = ALC_OK;

    switch (alc_json_kind(v)) {
    case ALC_JSON_OBJECT:
        return put_members(w, v);
    case ALC_JSON_ARRAY:
        alc_jw_arr(w);
        for (size_t i = 0; i < alc_json_count(v) && rc == ALC_OK; i++)
            rc = put_sorted(w, alc_json_at(v, i));
        alc_jw_end(w);
        return rc;
    case ALC_JSON_NULL:
    case ALC_JSON_BOOL:
    case ALC_JSON_INT:
    case ALC_JSON_REAL:
    case ALC_JSON_STRING:
        break;
    }
    alc_json_dump(v, &one);
    alc_jw_raw(w, alc_buf_bytes(&one));
    if (one.failed) rc = ALC_NOMEM;
    alc_buf_fini(&one);
    return rc;
}

enum alc_rc wk_record_text(struct alc_buf *out, const struct alc_answer *a)
{
    struct alc_jw w = {.out = out};
    struct alc_json *doc = NULL;
    enum alc_rc rc = ALC_OK;

    if (!a->success || a->output_kind == ALC_OUTPUT_NONE) {
        alc_buf_put_text(out, FAILED_TEXT);
    } else if (a->output_kind == ALC_OUTPUT_BYTES) {
        alc_jw_base64(&w, a->output);
    } else if (a->output_kind == ALC_OUTPUT_TEXT) {
        alc_jw_str(&w, a->output);
    } else {
        rc = alc_json_open(&doc, a->output, ALC_WORKER_OUTPUT_MAX_BYTES, NULL);
        if (rc == ALC_OK) rc = put_sorted(&w, doc);
        alc_json_close(doc);
    }
    return rc == ALC_OK && out->failed ? ALC_NOMEM : rc;
}

/* ---- the record ---- */

static const char *hex(const struct alc_hash *h, struct alc_arena *arena)
{
    char *out = alc_arena_alloc(arena, 65);
    size_t n;
    return out != NULL && alc_hex_encode(out, 64, &n, alc_hash_bytes(h)) ? out : NULL;
}

/* What a record is made of. */
struct source {
    const struct alc_job *job;
    const struct alc_answer *answer;
    struct wk_request request;
    struct alc_statement statement;
    const char *executed, *wasm, *input, *output; /* hex; NULL: absent */
};

static enum alc_rc gather(struct source *s, struct alc_arena *arena, struct alc_err *err)
{
    struct alc_buf text = ALC_BUF(TEXT_MAX_BYTES);
    struct alc_bytes body = s->answer->statement;
    struct alc_hash output;
    enum alc_rc rc;

    body.n -= ALC_STATEMENT_SIG_BYTES;
    if (!alc_statement_read(&s->statement, body))
        return alc_fail(err, ALC_CORRUPT, "job %llu has a statement that is none",
                        (unsigned long long)s->job->id);
    rc = wk_request_read(&s->request, s->job->request.data, arena, err);
    if (rc == ALC_OK) rc = wk_record_text(&text, s->answer);
    if (rc == ALC_OK) {
        alc_sha256(&output, alc_buf_bytes(&text));
        s->output = hex(&output, arena);
        s->executed = hex(&s->statement.code_hash, arena);
        if (s->output == NULL || s->executed == NULL) rc = ALC_NOMEM;
    }
    alc_buf_fini(&text);
    if (rc != ALC_OK) return rc;
    if (s->request.compile_only) { /* the answer is the module's own hash, as text */
        if (s->answer->success) s->output = s->executed;
        return ALC_OK;
    }
    s->wasm = s->executed;
    s->input = hex(&s->statement.input_hash, arena);
    return s->input == NULL ? ALC_NOMEM : ALC_OK;
}

static struct alc_bytes opt(const char *text)
{
    return text == NULL ? (struct alc_bytes){NULL, 0} : alc_cstr(text);
}

static struct alc_record record_of(const struct source *s)
{
    const struct alc_request *q = &s->job->request;
    return (struct alc_record){
        .task_type = alc_cstr(s->request.compile_only ? "compile" : "execute"),
        .task_id = (int64_t)s->job->id,
        .build_target = s->request.build_target,
        .wasm_hash = opt(s->wasm),
        .input_hash = opt(s->input),
        .output_hash = opt(s->output),
        .has_block_height = true,
        .block_height = q->block_height,
        .caller = s->request.signer_id,
        .project_id = s->request.project_id,
        .timestamp = (int64_t)(q->block_timestamp_ns / 1000000000u),
        .attached_usd = opt(s->request.attached_usd),
    };
}

static void put_text(struct alc_jw *w, const char *key, struct alc_bytes text)
{
    if (text.n == 0) return;
    alc_jw_key(w, key);
    alc_jw_str(w, text);
}

static void put_u64(struct alc_jw *w, const char *key, uint64_t v)
{
    alc_jw_key(w, key);
    alc_jw_u64(w, v);
}

/* The members of GET /attestations, in its order. */
static void write_record(struct alc_buf *out, const struct source *s, const struct alc_record *r,
                         struct alc_bytes quote, const struct alc_measurement *m)
{
    const struct alc_request *q = &s->job->request;
    struct alc_jw w = {.out = out};

    alc_jw_obj(&w);
    put_u64(&w, "id", s->job->id);
    put_u64(&w, "task_id", s->job->id);
    put_text(&w, "task_type", r->task_type);
    alc_jw_key(&w, "tdx_quote");
    alc_jw_base64(&w, quote);
    alc_jw_key(&w, "worker_measurement");
    alc_jw_hex(&w, (struct alc_bytes){m->rtmr[3], sizeof m->rtmr[3]});
    put_u64(&w, "request_id", q->request_id);
    put_text(&w, "caller_account_id", r->caller);
    put_text(&w, "transaction_hash", q->tx_hash);
    put_u64(&w, "block_height", r->block_height);
    put_text(&w, "build_target", r->build_target);
    put_text(&w, "wasm_hash", r->wasm_hash);
    put_text(&w, "executed_wasm_sha256", opt(s->executed));
    put_text(&w, "input_hash", r->input_hash);
    put_text(&w, "output_hash", r->output_hash);
    put_text(&w, "project_id", r->project_id);
    put_text(&w, "attached_usd", r->attached_usd);
    alc_jw_key(&w, "timestamp");
    alc_jw_i64(&w, r->timestamp);
    alc_jw_end(&w);
}

static enum alc_rc make(struct wk_slot *slot, const struct source *s, struct alc_arena *arena,
                        struct alc_err *err)
{
    struct alc_attest *attest = slot->worker->conf.attest;
    const struct alc_measurement measurement = alc_attest_measurement(attest);
    const struct alc_record r = record_of(s);
    struct alc_verify_work work = {alc_arena_alloc(arena, 16u << 10), 16u << 10, 0};
    struct alc_buf quote = ALC_BUF(ALC_QUOTE_MAX_BYTES), text = ALC_BUF(64u << 10);
    uint8_t report_data[64] = {0};
    struct alc_hash hash;
    enum alc_rc rc = ALC_OK;

    if (work.p == NULL || !alc_record_hash(&hash, &r, &work, &alc_verify_native))
        rc = alc_fail(err, ALC_NOMEM, "no room for a record's fields");
    if (rc == ALC_OK) {
        memcpy(report_data, hash.b, sizeof hash.b);
        rc = alc_attest_quote(attest, report_data, &quote, NULL, err);
    }
    if (rc == ALC_OK) {
        write_record(&text, s, &r, alc_buf_bytes(&quote), &measurement);
        rc = text.failed ? ALC_NOMEM : ALC_OK;
    }
    if (rc == ALC_OK)
        rc = alc_queue_put_record(slot->queue, s->job->id, (struct alc_bytes){NULL, 0},
                                  s->job->request.tx_hash, alc_buf_bytes(&text), err);
    alc_buf_fini(&text);
    alc_buf_fini(&quote);
    return rc;
}

enum alc_rc wk_record(struct wk_slot *s, uint64_t job_id, struct alc_err *err)
{
    struct alc_arena arena = ALC_ARENA(JOB_ARENA_BYTES);
    struct alc_answer answer;
    struct alc_job job;
    struct source source = {.job = &job, .answer = &answer};
    bool answered;
    enum alc_rc rc = alc_queue_get(s->queue, &job, &answer, &answered, job_id, &arena, err);

    if (rc == ALC_OK && (!answered || answer.statement.n <= ALC_STATEMENT_SIG_BYTES))
        rc = alc_fail(err, ALC_CORRUPT, "job %llu waits for a record without a statement",
                      (unsigned long long)job_id);
    if (rc == ALC_OK) rc = gather(&source, &arena, err);
    if (rc == ALC_OK) rc = make(s, &source, &arena, err);
    if (rc == ALC_OK) {
        pthread_mutex_lock(&s->worker->lock);
        s->worker->stats.quotes++;
        s->worker->stats.records++;
        pthread_mutex_unlock(&s->worker->lock);
    }
    alc_arena_fini(&arena);
    return rc;
}
