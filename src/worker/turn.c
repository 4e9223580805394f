#include "worker/parts.h"

#include "base/failpoint.h"

#include <string.h>

#define CHAIN_PATIENCE_MS 600000u /* longer than a yield waits */
#define CHAIN_PAUSE_MS 500u       /* before the chain is asked again; it doubles */
#define CHAIN_PAUSE_MAX_MS 4000u

#define AGAIN_MS 500u /* before the next try of a job that could not be run */

/* What a turn gathers on its way; all in the job's arena. */
struct turn {
    struct wk_slot *slot;
    const struct alc_job *job;
    struct alc_arena *arena;
    struct wk_request request;
    struct wk_context context;
    struct alc_env_var *env;
    size_t env_count;
    struct alc_answer answer;
    struct alc_statement statement;
};

/* fail makes the answer a failure; ALC_OK unless memory runs out. */
static enum alc_rc fail(struct turn *t, enum alc_outcome outcome, const char *sentence)
{
    t->statement.outcome = (uint8_t)outcome;
    return wk_answer_fail(&t->answer, sentence, t->arena);
}

/* identify checks that the contract waits for this very request, and fills `where` and `who`.
 * ALC_NOT_FOUND: it does not. */
static enum alc_rc identify(struct turn *t, struct alc_err *err)
{
    const struct alc_worker_conf *conf = &t->slot->worker->conf;
    const struct alc_request *announced = &t->job->request;
    struct alc_statement *s = &t->statement;
    enum alc_rc rc;

    rc = wk_context_read(t->slot, &t->context, t->request.request_id, announced->block_height,
                         t->arena, err);
    if (rc != ALC_OK) return rc;
    if (!alc_hash_eq(&t->context.data_id, &announced->data_id))
        return alc_fail(err, ALC_NOT_FOUND, "the contract was deployed anew since");
    alc_sha256(&s->request_hash, announced->data);
    if (!alc_hash_eq(&t->context.request_hash, &s->request_hash))
        return alc_fail(err, ALC_NOT_FOUND,
                        "the watcher's text is not what the contract announced");
    rc = wk_anchor(t->slot, err);
    if (rc != ALC_OK) return rc;
    s->chain_id = alc_cstr(conf->chain_id);
    s->contract_id = announced->contract_id;
    s->deployment_id = t->context.deployment_id;
    s->request_id = t->request.request_id;
    s->data_id = announced->data_id;
    s->anchor_height = t->slot->anchor.height;
    s->anchor_hash = t->slot->anchor.hash;
    s->attempt = t->job->tries;
    s->signer_id = t->request.signer_id;
    s->predecessor_id = t->request.predecessor_id;
    s->project_id = t->request.project_id;
    return ALC_OK;
}

/* prepare fills `ran`: everything that is fixed before the guest starts. */
static enum alc_rc prepare(struct turn *t, struct alc_err *err)
{
    struct alc_worker *w = t->slot->worker;
    struct wk_request *r = &t->request;
    struct alc_statement *s = &t->statement;
    struct alc_env_fact *facts;
    enum alc_rc rc = ALC_OK;

    if (r->input_in_state) rc = wk_input(t->slot, &r->input, r->request_id, t->arena, err);
    if (rc == ALC_OK) rc = wk_env(&t->env, &t->env_count, w, r, &t->job->request, t->arena);
    if (rc != ALC_OK) return rc;
    facts = alc_arena_array(t->arena, t->env_count, sizeof *facts);
    if (facts == NULL) return ALC_NOMEM;
    for (size_t i = 0; i < t->env_count; i++)
        facts[i] = (struct alc_env_fact){alc_cstr(t->env[i].name), alc_cstr(t->env[i].value), 0};
    s->code_hash = r->code;
    s->engine_id = w->engine_id;
    s->policy_hash = w->policy_hash;
    s->max_instructions = r->limits.max_instructions;
    s->max_memory_mb = r->limits.max_memory_mb;
    s->max_seconds = r->limits.max_ms / 1000;
    s->started_ms = alc_clock_wall_ms(w->conf.clock);
    alc_sha256(&s->input_hash, r->input);
    return alc_attest_env(&s->env_hash, facts, t->env_count);
}

static enum alc_rc run_guest(struct turn *t, struct alc_module *module, struct alc_err *err)
{
    struct alc_worker *w = t->slot->worker;
    const struct alc_run run = {.input = t->request.input,
                                .env = t->env,
                                .env_count = t->env_count,
                                .limits = t->request.limits,
                                .cancel = &w->stop};
    struct alc_run_result result = {0};
    struct alc_answer *a = &t->answer;
    enum alc_rc rc;

    rc = alc_engine_run(w->conf.engine, &result, module, &run, NULL, t->arena, err);
    if (rc == ALC_LIMIT) return fail(t, ALC_OUTCOME_HOST, alc_err_text(err, rc));
    if (rc != ALC_OK) return rc;
    if (result.end == ALC_RUN_CANCELLED) return alc_fail(err, ALC_BUSY, "the worker is stopping");
    alc_failpoint("worker.ran");
    a->instructions = result.instructions;
    a->time_ms = (result.time_us + 999) / 1000;
    t->statement.outcome = (uint8_t)result.end;
    t->statement.exit_code = (uint32_t)result.exit_code;
    alc_sha256(&t->statement.stdout_hash, result.output);
    if (result.end != ALC_RUN_OK) return wk_answer_fail(a, result.text, t->arena);
    a->success = true;
    rc = wk_answer_output(a, result.output, t->request.format, t->arena);
    if (rc == ALC_OK && !a->success) t->statement.outcome = ALC_OUTCOME_HOST;
    return rc;
}

/* load gets the module compiled: from the engine's memory, or from its bytes wherever they are.
 * ALC_NOMEM and ALC_BUSY are worth another try; the rest is the request's fault. */
static enum alc_rc load(struct turn *t, struct alc_module **module, struct alc_err *err)
{
    struct alc_worker *w = t->slot->worker;
    struct alc_compiled compiled = {0};
    struct alc_bytes wasm;
    uint64_t fetched_ms;
    bool fetched;
    enum alc_rc rc;

    rc = alc_engine_find(w->conf.engine, module, &t->request.code, t->request.target, err);
    if (rc != ALC_NOT_FOUND) return rc;
    rc = wk_module(t->slot, &wasm, &fetched_ms, &fetched, &t->request, t->arena, err);
    if (w->stop) return alc_fail(err, ALC_BUSY, "the worker is stopping");
    if (rc != ALC_OK) return rc;
    rc = alc_engine_compile(w->conf.engine, module, &compiled, &t->request.code, wasm,
                            t->request.target, err);
    if (fetched) { /* who brings a module pays for getting and compiling it */
        t->answer.has_compile_ms = true;
        t->answer.compile_ms = fetched_ms + (compiled.compile_us + 999) / 1000;
    }
    return rc;
}

/* compute loads and runs the module.  ALC_OK with an answer, a failure included; other results are
 * worth another try. */
static enum alc_rc compute(struct turn *t, struct alc_err *err)
{
    struct alc_module *module = NULL;
    enum alc_rc rc = load(t, &module, err);

    if (rc == ALC_NOMEM || rc == ALC_BUSY) return rc;
    if (rc != ALC_OK) return fail(t, ALC_OUTCOME_MODULE, alc_err_text(err, rc));
    if (t->request.compile_only) {
        t->answer.success = true;
        t->answer.output_kind = ALC_OUTPUT_TEXT;
        t->answer.output = t->request.hash_hex;
    } else {
        rc = run_guest(t, module, err);
    }
    alc_module_release(t->slot->worker->conf.engine, module);
    return rc;
}

/* file signs the statement, in its place behind this key's last one, and keeps the answer. */
static enum alc_rc file(struct turn *t, struct alc_err *err)
{
    struct alc_worker *w = t->slot->worker;
    struct alc_statement *s = &t->statement;
    struct alc_answer *a = &t->answer;
    uint8_t bytes[ALC_STATEMENT_SIGNED_MAX_BYTES];
    struct alc_order last, next = {.sequence = 0};
    size_t n;
    enum alc_rc rc;

    s->instructions = a->instructions;
    s->time_ms = a->time_ms;
    s->compile_ms = a->compile_ms;
    s->output_kind = a->output_kind;
    if (a->output_kind != ALC_OUTPUT_NONE) alc_sha256(&s->output_hash, a->output);
    s->finished_ms = alc_clock_wall_ms(w->conf.clock);

    pthread_mutex_lock(&w->order);
    next.worker_key = alc_attest_key(w->conf.attest)->public_key;
    rc = alc_queue_order(t->slot->queue, &last, &next.worker_key, err);
    next.sequence = rc == ALC_OK ? last.sequence + 1 : 0;
    if (rc == ALC_OK) s->previous = last.hash;
    s->sequence = next.sequence;
    if (rc == ALC_NOT_FOUND) rc = ALC_OK;
    if (rc == ALC_OK) rc = alc_attest_sign(w->conf.attest, s, bytes, &n, &next.hash, err);
    next.prove = w->quotes;
    next.record = w->quotes && w->conf.records;
    if (rc == ALC_OK) {
        a->statement = (struct alc_bytes){bytes, n};
        rc = alc_queue_finish(t->slot->queue, t->job->id, t->job->tries, a, &next, err);
    }
    pthread_mutex_unlock(&w->order);
    return rc;
}

/* refuse files a failure that no statement stands behind: the request itself cannot be read. */
static enum alc_rc refuse(struct turn *t, const char *sentence, struct alc_err *err)
{
    enum alc_rc rc = wk_answer_fail(&t->answer, sentence, t->arena);
    if (rc != ALC_OK) return rc;
    return alc_queue_finish(t->slot->queue, t->job->id, t->job->tries, &t->answer, NULL, err);
}

/* ask_chain is identify and prepare with patience: a chain that gives no answer is not the job's
 * fault and costs it no try, and no other job could run meanwhile either. */
static enum alc_rc ask_chain(struct turn *t, struct alc_err *err)
{
    struct alc_worker *w = t->slot->worker;
    uint64_t begun = alc_clock_mono_ms(w->conf.clock);

    for (uint32_t pause_ms = CHAIN_PAUSE_MS;; pause_ms *= 2) {
        enum alc_rc rc = identify(t, err);
        if (rc == ALC_OK) rc = prepare(t, err);
        if (!alc_rc_again(rc) || rc == ALC_NOMEM || w->stop ||
            alc_clock_mono_ms(w->conf.clock) - begun > CHAIN_PATIENCE_MS)
            return rc;
        if (pause_ms > CHAIN_PAUSE_MAX_MS) pause_ms = CHAIN_PAUSE_MAX_MS;
        alc_log(ALC_WARN, "worker.chain", "job=%llu why=\"%s\" next=\"asks again in %u ms\"",
                (unsigned long long)t->job->id, alc_err_text(err, rc), pause_ms);
        pthread_mutex_lock(&w->lock);
        if (!w->stop) wk_pause(w, &w->wake, pause_ms);
        pthread_mutex_unlock(&w->lock);
    }
}

static enum alc_rc turn(struct turn *t, bool *gone, struct alc_err *err)
{
    const char *unbuilt;
    enum alc_rc rc;

    rc = wk_request_read(&t->request, t->job->request.data, t->arena, err);
    if (rc == ALC_BAD_INPUT || rc == ALC_LIMIT) return refuse(t, alc_err_text(err, rc), err);
    if (rc == ALC_OK) rc = ask_chain(t, err);
    *gone = rc == ALC_NOT_FOUND;
    if (rc != ALC_OK) return rc;
    unbuilt = wk_request_unbuilt(&t->request);
    if (unbuilt == NULL && t->request.quote && !t->slot->worker->quotes)
        unbuilt = "this worker has no source of quotes: ask for proof at level key";
    rc = unbuilt != NULL ? fail(t, ALC_OUTCOME_HOST, unbuilt) : compute(t, err);
    if (rc == ALC_OK) rc = file(t, err);
    if (rc == ALC_OK) wk_prove(t->slot->worker);
    return rc;
}

void wk_turn(struct wk_slot *s, const struct alc_job *job, struct alc_arena *arena)
{
    struct alc_worker *w = s->worker;
    struct turn t = {.slot = s, .job = job, .arena = arena};
    struct alc_err err = {0}, late = {0};
    bool gone = false;
    enum alc_rc rc = turn(&t, &gone, &err);

    if (rc == ALC_OK) {
        alc_log(ALC_INFO, "worker.answer", "job=%llu request=%llu success=%d outcome=%s ms=%llu",
                (unsigned long long)job->id, (unsigned long long)job->request.request_id,
                t.answer.success, alc_outcome_name(t.statement.outcome),
                (unsigned long long)t.answer.time_ms);
        wk_file(w, job->id);
        return;
    }
    if (rc == ALC_CONFLICT) {
        alc_log(ALC_WARN, "worker.lease_lost", "job=%llu tries=%u", (unsigned long long)job->id,
                job->tries);
        return;
    }
    if (gone) {
        alc_log(ALC_INFO, "worker.gone", "job=%llu request=%llu why=\"%s\"",
                (unsigned long long)job->id, (unsigned long long)job->request.request_id,
                alc_err_text(&err, rc));
        rc = alc_queue_cancel(s->queue, job->id, alc_err_text(&err, rc), &late);
    } else if (w->stop) {
        rc = alc_queue_release(s->queue, job->id, job->tries, &late);
    } else {
        alc_log(ALC_WARN, "worker.again", "job=%llu tries=%u why=\"%s\"",
                (unsigned long long)job->id, job->tries, alc_err_text(&err, rc));
        rc = alc_queue_give_back(s->queue, job->id, job->tries,
                                 alc_clock_wall_ms(w->conf.clock) + AGAIN_MS,
                                 alc_err_text(&err, rc), &late);
        wk_file(w, job->id); /* out of tries, it is an answer */
    }
    if (rc != ALC_OK && rc != ALC_CONFLICT)
        alc_log(ALC_ERROR, "worker.stuck", "job=%llu why=\"%s\" next=\"its lease runs out\"",
                (unsigned long long)job->id, alc_err_text(&late, rc));
}
