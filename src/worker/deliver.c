/* From an answer to a call in the outbox: which method, which key, how much gas. */
#include "worker/parts.h"

#include "base/failpoint.h"

#include <string.h>

#define ARGS_MAX_BYTES (1500u << 10) /* what a transaction carries */

/* Gas by need: it is bought at a price above what it burns at, so what is attached binds the
 * operator's balance.  Measured on localnet: a resolve burns 2.2 Tgas with its receipt, a stored
 * output about 60 Ggas a kilobyte of arguments. */
#define GAS_BASE (8u * (uint64_t)ALC_NEAR_TGAS)
#define GAS_PER_BYTE UINT64_C(150000000)
#define GAS_MOST (300u * (uint64_t)ALC_NEAR_TGAS)

#define GAS_LONG_INPUT (100u * (uint64_t)ALC_NEAR_TGAS) /* the contract hashes it for a proof */
/* Another contract checks three signatures. */
#define GAS_EVIDENCE (60u * (uint64_t)ALC_NEAR_TGAS)

static uint64_t gas_for(size_t args_bytes, uint32_t attempt, const struct wk_request *r,
                        bool evidence)
{
    uint64_t gas = GAS_BASE + args_bytes * GAS_PER_BYTE;
    if (r->proof && r->input_in_state) gas += GAS_LONG_INPUT;
    if (evidence) gas += GAS_EVIDENCE;
    return attempt > 1 || gas > GAS_MOST ? GAS_MOST : gas;
}

const char *wk_plain(const char *failure, struct alc_arena *arena)
{
    struct alc_json *doc = NULL;
    const struct alc_json *kind;
    struct alc_bytes words;
    const char *out = failure;

    if (alc_json_open(&doc, alc_cstr(failure), 1u << 20, NULL) != ALC_OK) return failure;
    kind = alc_json_get(alc_json_get(doc, "ActionError"), "kind");
    if (alc_json_str(alc_json_get(alc_json_get(kind, "FunctionCallError"), "ExecutionError"),
                     &words) &&
        alc_arena_copy(arena, words, &words))
        out = (const char *)words.p;
    alc_json_close(doc);
    return out;
}

/* request_of reads what was asked; what cannot be read gets its failure all the same. */
static struct wk_request request_of(const struct alc_job *job, struct alc_arena *arena)
{
    struct wk_request r;
    struct alc_err err;
    if (wk_request_read(&r, job->request.data, arena, &err) != ALC_OK) r = (struct wk_request){0};
    return r;
}

/* make_failure: a failure without a statement, which any of the operator's keys may tell. */
static enum alc_rc make_failure(struct wk_delivery *d, const char *sentence,
                                struct alc_arena *arena)
{
    if (sentence == NULL) return ALC_NOMEM;
    d->answer->statement = (struct alc_bytes){NULL, 0};
    return wk_answer_fail(d->answer, sentence, arena);
}

/* signer reads who signed the answer's statement; false: there is none. */
static bool signer(const struct alc_answer *a, struct alc_hash *key)
{
    struct alc_bytes body = a->statement;
    struct alc_statement s;

    if (body.n <= ALC_STATEMENT_SIG_BYTES) return false;
    body.n -= ALC_STATEMENT_SIG_BYTES;
    if (!alc_statement_read(&s, body)) return false;
    *key = s.worker_key;
    return true;
}

enum alc_rc wk_deliver_key(struct wk_slot *s, struct alc_hash *key, struct wk_delivery *d,
                           bool (*lost)(void *ctx, const struct alc_hash *key), void *ctx,
                           struct alc_arena *arena, struct alc_err *err)
{
    const struct alc_hash newest = alc_attest_key(s->worker->conf.attest)->public_key;
    const struct wk_request request = request_of(d->job, arena);
    enum alc_rc rc = ALC_OK;

    (void)err;
    if (d->refusal != NULL)
        rc = make_failure(d,
                          alc_arena_text(arena, "the contract refused the answer: %s",
                                         wk_plain(d->refusal, arena)),
                          arena);
    *key = newest;
    if (rc != ALC_OK || !request.proof || !signer(d->answer, key) || !lost(ctx, key)) return rc;
    *key = newest;
    return make_failure(d, "the key that signed the statement is no longer the worker's", arena);
}

/* evidence_of finds the quote that vouches for the answer's statement.  ALC_BUSY: it is not made
 * yet; the job is on the list of held ones from before the look, so that a quote which comes
 * meanwhile brings it back. */
static enum alc_rc evidence_of(struct wk_slot *s, struct alc_bytes *out,
                               const struct wk_delivery *d, struct alc_arena *arena,
                               struct alc_err *err)
{
    struct alc_bytes body = d->answer->statement;
    struct alc_hash hash;
    enum alc_rc rc;

    body.n -= ALC_STATEMENT_SIG_BYTES;
    alc_sha256(&hash, body);
    rc = alc_queue_evidence(s->queue, out, &hash, arena, err);
    if (rc != ALC_NOT_FOUND) return rc;
    wk_hold(s->worker, d->job->id);
    rc = alc_queue_evidence(s->queue, out, &hash, arena, err);
    return rc == ALC_NOT_FOUND ? ALC_BUSY : rc;
}

enum alc_rc wk_deliver(struct wk_slot *s, struct alc_settle *settle, struct wk_delivery *d,
                       struct alc_arena *arena, struct alc_err *err)
{
    const struct wk_request request = request_of(d->job, arena);
    struct alc_buf args = ALC_BUF(ARGS_MAX_BYTES);
    struct alc_bytes evidence = {NULL, 0};
    const char *method = NULL;
    enum alc_rc rc = ALC_OK;

    if (request.onchain && d->answer->statement.n > ALC_STATEMENT_SIG_BYTES) {
        if (s->worker->quotes)
            rc = evidence_of(s, &evidence, d, arena, err);
        else /* it says so itself: a failure, which needs no proof */
            d->answer->statement = (struct alc_bytes){NULL, 0};
    }
    if (rc == ALC_OK)
        rc = wk_answer_call(&method, &args, d->job, d->answer, evidence, request.proof,
                            request.with_proof);
    if (rc == ALC_NOMEM && d->answer->success) {
        alc_buf_reset(&args);
        evidence.n = 0;
        rc = make_failure(d, "the output does not fit into a transaction", arena);
        if (rc == ALC_OK)
            rc = wk_answer_call(&method, &args, d->job, d->answer, evidence, request.proof,
                                request.with_proof);
    }
    if (rc == ALC_OK)
        rc = alc_settle_put(settle, d->job->id, d->attempt, s->worker->conf.contract_id, method,
                            alc_buf_bytes(&args),
                            gas_for(args.n, d->attempt, &request, evidence.n > 0), err);
    alc_buf_fini(&args);
    if (rc == ALC_OK) alc_failpoint("settle.signed");
    return rc == ALC_CONFLICT ? ALC_OK : rc; /* put before a crash */
}

enum alc_rc wk_quote_refused(struct wk_slot *s, const char **why, const struct alc_hash *tx,
                             struct alc_arena *arena, struct alc_err *err)
{
    static const char mark[] = "Quote refused: ";
    struct alc_near_tx_status status = {0};
    const struct alc_json *all;
    enum alc_rc rc = alc_near_rpc_tx(s->rpc, &status, tx, s->worker->conf.operator_id, "FINAL",
                                     true, arena, err);

    if (rc != ALC_OK) return rc;
    *why = NULL;
    all = alc_json_get(status.json, "receipts_outcome");
    for (size_t i = 0; i < alc_json_count(all); i++) {
        const struct alc_json *outcome = alc_json_get(alc_json_at(all, i), "outcome");
        const struct alc_json *logs = alc_json_get(outcome, "logs");
        struct alc_bytes who, line;
        if (!alc_json_str(alc_json_get(outcome, "executor_id"), &who) ||
            !alc_bytes_is(who, s->worker->conf.contract_id))
            continue;
        for (size_t j = 0; j < alc_json_count(logs) && rc == ALC_OK; j++)
            if (alc_json_str(alc_json_at(logs, j), &line) && line.n >= sizeof mark - 1 &&
                memcmp(line.p, mark, sizeof mark - 1) == 0) {
                if (alc_arena_copy(arena, line, &line))
                    *why = (const char *)line.p;
                else
                    rc = ALC_NOMEM;
            }
    }
    alc_json_close(status.json);
    return rc;
}
