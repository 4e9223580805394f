#include "gateway/room.h"

#include "base/enc.h"

#include <string.h>

/* ---- /statements/<hash> ---- */

/* add_source notes whence the module came, in the words of the request that the statement answers.
 */
static enum alc_rc add_source(struct alc_bundle *b, const struct alc_statement *s,
                              struct alc_arena *arena, struct alc_err *err)
{
    const struct alc_json *source, *url, *github;
    struct alc_bytes text;
    struct alc_json *doc = NULL;
    bool ok = true;

    if (alc_json_open(&doc, b->request, ALC_JOB_REQUEST_MAX_BYTES, NULL) != ALC_OK) return ALC_OK;
    source = alc_json_get(doc, "code_source");
    url = alc_json_get(source, "WasmUrl");
    github = alc_json_get(source, "GitHub");
    if (alc_json_str(alc_json_get(url, "url"), &text)) {
        ok = alc_arena_copy(arena, text, &b->source_url);
        b->has_source = ok;
    }
    if (alc_json_str(alc_json_get(github, "repo"), &text)) {
        ok = ok && alc_arena_copy(arena, text, &b->source_repo);
        b->has_source = ok;
    }
    if (alc_json_str(alc_json_get(github, "commit"), &text))
        ok = ok && alc_arena_copy(arena, text, &b->source_commit);
    b->source_code = s->code_hash;
    alc_json_close(doc);
    return ok ? ALC_OK : alc_fail(err, ALC_NOMEM, "no memory for the module's source");
}

/* add_request puts request and answer beside the statement, when the job is still known. */
static enum alc_rc add_request(struct alc_gateway *g, struct alc_bundle *b,
                               const struct alc_statement *s, struct alc_arena *arena,
                               struct alc_err *err)
{
    struct alc_answer answer;
    struct alc_job job;
    bool answered;
    uint64_t id;
    enum alc_rc rc = alc_queue_find(g->queue, &id, s->contract_id, s->request_id, err);

    if (rc == ALC_OK) rc = alc_queue_get(g->queue, &job, &answer, &answered, id, arena, err);
    if (rc == ALC_NOT_FOUND) return ALC_OK;
    if (rc != ALC_OK || !answered || !alc_bytes_eq(answer.statement, b->signed_statement))
        return rc;
    b->has_request = true;
    b->request = job.request.data;
    b->has_output = answer.output_kind != ALC_OUTPUT_NONE;
    b->output = answer.output;
    return add_source(b, s, arena, err);
}

/* add_quote puts the quote that vouches for the statement beside it, with its boot log and the set
 * of that day, when they are there. */
static enum alc_rc add_quote(struct alc_gateway *g, struct alc_bundle *b,
                             const struct alc_statement *s, const struct alc_hash *hash,
                             struct alc_arena *arena, struct alc_err *err)
{
    struct alc_buf set = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);
    struct alc_platform platform;
    struct alc_evidence e;
    enum alc_rc rc = alc_queue_evidence(g->queue, &b->evidence, hash, arena, err);

    if (rc == ALC_NOT_FOUND) return ALC_OK;
    if (rc == ALC_OK) rc = alc_queue_event_log(g->queue, &b->event_log, hash, arena, err);
    if (rc == ALC_NOT_FOUND) rc = ALC_OK;
    if (rc != ALC_OK || g->sets == NULL || !alc_evidence_read(&e, b->evidence) ||
        alc_sets_platform(&platform, e.quote, err) != ALC_OK)
        return rc; /* a quote that cannot be read is for the verifier to refuse */
    rc = gw_set_at(g, &platform, s->finished_ms / 1000, &set, err);
    if (rc == ALC_OK && !alc_arena_copy(arena, alc_buf_bytes(&set), &b->collateral))
        rc = alc_fail(err, ALC_NOMEM, "no memory for the collateral");
    alc_buf_fini(&set);
    return rc;
}

enum alc_rc gw_statement(struct alc_gateway *g, struct alc_bytes name, struct alc_httpd_answer *out,
                         struct alc_arena *arena, struct alc_err *err)
{
    struct alc_bundle b = {.has_request = false};
    struct alc_statement s;
    struct alc_bytes body;
    struct alc_hash hash;
    size_t n;
    enum alc_rc rc;

    if (!alc_hex_decode(hash.b, sizeof hash.b, &n, name) || n != sizeof hash.b)
        return alc_fail(err, ALC_BAD_INPUT, "a statement is named by 64 hex digits");
    rc = alc_queue_statement(g->queue, &b.signed_statement, &hash, arena, err);
    if (rc != ALC_OK) return rc;
    body = b.signed_statement;
    if (body.n >= ALC_STATEMENT_SIG_BYTES) {
        body.n -= ALC_STATEMENT_SIG_BYTES;
        if (alc_statement_read(&s, body)) {
            rc = add_request(g, &b, &s, arena, err);
            if (rc == ALC_OK) rc = add_quote(g, &b, &s, &hash, arena, err);
        }
    }
    if (rc == ALC_OK) alc_bundle_write(&out->body, &b);
    return rc;
}

/* ---- /requests/<id> ---- */

static void put_answer(struct alc_jw *w, const struct alc_answer *a)
{
    struct alc_bytes body = a->statement;
    struct alc_hash hash;

    alc_jw_key(w, "success");
    alc_jw_bool(w, a->success);
    alc_jw_key(w, "error");
    if (a->error.n > 0)
        alc_jw_str(w, a->error);
    else
        alc_jw_null(w);
    alc_jw_key(w, "statement_hash");
    if (body.n > ALC_STATEMENT_SIG_BYTES) {
        body.n -= ALC_STATEMENT_SIG_BYTES;
        alc_sha256(&hash, body);
        alc_jw_hex(w, alc_hash_bytes(&hash));
    } else {
        alc_jw_null(w);
    }
}

enum alc_rc gw_request(struct alc_gateway *g, struct alc_bytes name, struct alc_httpd_answer *out,
                       struct alc_arena *arena, struct alc_err *err)
{
    struct alc_jw w = {.out = &out->body};
    struct alc_answer answer;
    struct alc_job job;
    uint64_t request, id;
    bool answered;
    enum alc_rc rc;

    if (!gw_number(name, &request))
        return alc_fail(err, ALC_BAD_INPUT, "a request is named by its number");
    rc = alc_queue_find(g->queue, &id, g->contract_id, request, err);
    if (rc == ALC_OK) rc = alc_queue_get(g->queue, &job, &answer, &answered, id, arena, err);
    if (rc != ALC_OK) return rc;
    alc_jw_obj(&w);
    alc_jw_key(&w, "contract_id");
    alc_jw_str(&w, g->contract_id);
    alc_jw_key(&w, "request_id");
    alc_jw_u64(&w, request);
    alc_jw_key(&w, "state");
    alc_jw_text(&w, gw_state_names[job.state]);
    alc_jw_key(&w, "tries");
    alc_jw_u64(&w, job.tries);
    if (answered) put_answer(&w, &answer);
    alc_jw_end(&w);
    return ALC_OK;
}
