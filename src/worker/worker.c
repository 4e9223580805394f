#include "worker/parts.h"

#include "base/failpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LEASE_MS 15000u
#define HEART_MS 4000u
#define IDLE_MS 500u /* a slot looks for jobs so often even if nobody wakes it: given-back ones */
/* Input, module, output, stderr and their copies. */
#define JOB_ARENA_BYTES (64u << 20)

void wk_pause(struct alc_worker *w, pthread_cond_t *cond, uint32_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    t.tv_sec += ms / 1000 + t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    pthread_cond_timedwait(cond, &w->lock, &t);
}

/* add appends a job; false: no memory. */
static bool add(struct wk_jobs *list, uint64_t job)
{
    if (list->count == list->cap) {
        size_t cap = list->cap == 0 ? 64 : list->cap * 2;
        uint64_t *more = realloc(list->ids, cap * sizeof *more);
        if (more == NULL) return false;
        list->ids = more;
        list->cap = cap;
    }
    list->ids[list->count++] = job;
    return true;
}

void wk_file(struct alc_worker *w, uint64_t job)
{
    pthread_mutex_lock(&w->lock);
    if (!add(&w->filed, job)) w->look = true;
    pthread_cond_broadcast(&w->tell);
    pthread_mutex_unlock(&w->lock);
}

void wk_hold(struct alc_worker *w, uint64_t job)
{
    pthread_mutex_lock(&w->lock);
    if (!add(&w->held, job)) w->look = true; /* which finds it again */
    pthread_mutex_unlock(&w->lock);
}

void wk_unhold(struct alc_worker *w)
{
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < w->held.count; i++)
        if (!add(&w->filed, w->held.ids[i])) w->look = true;
    w->held.count = 0;
    pthread_cond_broadcast(&w->tell);
    pthread_mutex_unlock(&w->lock);
}

void wk_prove(struct alc_worker *w)
{
    if (!w->quotes) return;
    pthread_mutex_lock(&w->lock);
    w->unproven++;
    pthread_cond_broadcast(&w->prove);
    pthread_mutex_unlock(&w->lock);
}

void wk_ready(struct alc_worker *w, bool ready, uint64_t key_expires_s)
{
    pthread_mutex_lock(&w->lock);
    w->ready = w->stats.registered = ready;
    w->stats.key_expires_s = key_expires_s;
    if (ready && !w->known) {
        w->known = true;
        w->look = true; /* answers that waited for the key */
    }
    w->wakes++;
    pthread_cond_broadcast(&w->wake);
    pthread_cond_broadcast(&w->tell);
    pthread_mutex_unlock(&w->lock);
}

void alc_worker_stats(struct alc_worker *w, struct alc_worker_stats *out)
{
    pthread_mutex_lock(&w->lock);
    *out = w->stats;
    pthread_mutex_unlock(&w->lock);
}

void alc_worker_wake(struct alc_worker *w)
{
    pthread_mutex_lock(&w->lock);
    w->wakes++;
    pthread_cond_broadcast(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

static enum alc_rc tools_open(struct wk_slot *s, struct alc_worker *w, unsigned index,
                              struct alc_err *err)
{
    const struct alc_near_rpc_conf rpc = {.urls = w->conf.rpc_urls,
                                          .urls_count = w->conf.rpc_urls_count,
                                          .plain_ok = w->conf.plain_http,
                                          .stop = &w->stop};
    enum alc_rc rc;

    s->worker = w;
    s->index = index;
    rc = alc_store_open(&s->store, w->conf.store_path, false, err); /* settle has the barrier */
    if (rc == ALC_OK) rc = alc_queue_open(&s->queue, s->store, err);
    if (rc == ALC_OK) rc = alc_near_rpc_open(&s->rpc, &rpc, err);
    if (rc == ALC_OK) rc = alc_http_open(&s->http, err);
    return rc;
}

static void tools_close(struct wk_slot *s)
{
    alc_http_close(s->http);
    alc_near_rpc_close(s->rpc);
    alc_queue_close(s->queue);
    alc_store_close(s->store);
}

static void hold_lease(struct wk_slot *s, uint64_t job, uint32_t tries)
{
    pthread_mutex_lock(&s->worker->lock);
    s->job = job;
    s->tries = tries;
    pthread_mutex_unlock(&s->worker->lock);
}

/* one claims a job and sees it through.  ALC_NOT_FOUND: none waits. */
static enum alc_rc one(struct wk_slot *s, struct alc_err *err)
{
    struct alc_worker *w = s->worker;
    struct alc_arena arena = ALC_ARENA(JOB_ARENA_BYTES);
    struct alc_job job;
    enum alc_rc rc = alc_queue_claim(s->queue, &job, w->conf.name, alc_clock_wall_ms(w->conf.clock),
                                     LEASE_MS, &arena, err);

    if (rc == ALC_OK) {
        alc_failpoint("worker.claimed");
        hold_lease(s, job.id, job.tries);
        wk_turn(s, &job, &arena);
        hold_lease(s, 0, 0);
    }
    alc_arena_fini(&arena);
    return rc;
}

static bool may_claim(struct alc_worker *w)
{
    bool ready;
    pthread_mutex_lock(&w->lock);
    ready = w->ready;
    pthread_mutex_unlock(&w->lock);
    return ready;
}

static void *slot_thread(void *slot)
{
    struct wk_slot *s = slot;
    struct alc_worker *w = s->worker;
    uint64_t seen = 0;

    while (!w->stop) {
        struct alc_err err = {0};
        enum alc_rc rc = may_claim(w) ? one(s, &err) : ALC_NOT_FOUND;
        if (rc == ALC_OK) continue;
        if (rc != ALC_NOT_FOUND)
            alc_log(ALC_WARN, "worker.claim", "slot=%u why=\"%s\" next=\"again\"", s->index,
                    alc_err_text(&err, rc));
        pthread_mutex_lock(&w->lock);
        if (w->wakes == seen && !w->stop) wk_pause(w, &w->wake, IDLE_MS);
        seen = w->wakes;
        pthread_mutex_unlock(&w->lock);
    }
    return NULL;
}

/* heart_thread renews the leases of running jobs and returns those that somebody lost. */
static void *heart_thread(void *slot)
{
    struct wk_slot *s = slot;
    struct alc_worker *w = s->worker;

    while (!w->stop) {
        uint64_t now = alc_clock_wall_ms(w->conf.clock);
        struct alc_err err = {0};
        size_t count = 0;

        for (unsigned i = 0; i < w->slots_running; i++) {
            uint64_t job;
            uint32_t tries;
            enum alc_rc rc = ALC_OK;
            pthread_mutex_lock(&w->lock);
            job = w->slots[i].job;
            tries = w->slots[i].tries;
            pthread_mutex_unlock(&w->lock);
            if (job != 0) rc = alc_queue_renew(s->queue, job, tries, now, LEASE_MS, &err);
            if (rc != ALC_OK && rc != ALC_CONFLICT)
                alc_log(ALC_WARN, "worker.renew", "job=%llu why=\"%s\"", (unsigned long long)job,
                        alc_err_text(&err, rc));
        }
        if (alc_queue_expire(s->queue, &count, now, &err) == ALC_OK && count > 0) {
            alc_log(ALC_WARN, "worker.expired", "jobs=%zu", count);
            alc_worker_wake(w);
        }
        pthread_mutex_lock(&w->lock);
        if (count > 0) w->look = true; /* those out of tries are answers now */
        if (!w->stop) wk_pause(w, &w->beat, HEART_MS);
        pthread_mutex_unlock(&w->lock);
    }
    return NULL;
}

static void put_setting(struct alc_sha256 *h, const char *name, const char *value)
{
    char size[32];
    int n = snprintf(size, sizeof size, "=%zu:", strlen(value));

    alc_sha256_update(h, ALC_LIT(" "));
    alc_sha256_update(h, alc_cstr(name));
    alc_sha256_update(h, (struct alc_bytes){(const uint8_t *)size, (size_t)n});
    alc_sha256_update(h, alc_cstr(value));
}

/* The text that is hashed: numbers as they are, and strings as name=<length>:<value>, so that no
 * value can pass for a setting. */
void alc_worker_policy(struct alc_hash *out, const struct alc_worker_conf *conf)
{
    struct alc_sha256 h;
    char text[160];
    int n = snprintf(text, sizeof text,
                     "ALCOVE/POLICY/2 output=%u stderr=%u memory_mb=%u plain_http=%d rpc=%zu",
                     ALC_WORKER_OUTPUT_MAX_BYTES, ALC_ENGINE_STDERR_MAX_BYTES, conf->max_memory_mb,
                     conf->plain_http, conf->rpc_urls_count);

    alc_sha256_init(&h);
    alc_sha256_update(&h, (struct alc_bytes){(const uint8_t *)text, (size_t)n});
    for (size_t i = 0; i < conf->rpc_urls_count; i++)
        put_setting(&h, "url", conf->rpc_urls[i]);
    put_setting(&h, "chain", conf->chain_id);
    put_setting(&h, "network", conf->network_id);
    put_setting(&h, "contract", conf->contract_id);
    put_setting(&h, "operator", conf->operator_id);
    put_setting(&h, "mirror", conf->module_mirror);
    alc_sha256_final(&h, out);
}

static enum alc_rc start(struct wk_slot *s, void *(*body)(void *), bool *runs, struct alc_err *err)
{
    if (pthread_create(&s->thread, NULL, body, s) != 0)
        return alc_fail(err, ALC_NOMEM, "cannot start a thread of the worker");
    *runs = true;
    return ALC_OK;
}

static enum alc_rc start_all(struct alc_worker *w, struct alc_err *err)
{
    enum alc_rc rc;

    rc = start(&w->settler, wk_settler, &w->settler_runs, err);
    if (rc == ALC_OK && w->quotes) rc = start(&w->prover, wk_prover, &w->prover_runs, err);
    if (rc == ALC_OK && w->quotes && (!w->ready || w->conf.sets != NULL))
        rc = start(&w->registrar, wk_registrar, &w->registrar_runs, err);
    for (unsigned i = 0; i < w->conf.slots && rc == ALC_OK; i++) {
        bool runs = false;
        rc = start(&w->slots[i], slot_thread, &runs, err);
        w->slots_running += runs;
    }
    if (rc == ALC_OK) rc = start(&w->heart, heart_thread, &w->heart_runs, err);
    return rc;
}

enum alc_rc alc_worker_open(struct alc_worker **out, const struct alc_worker_conf *conf,
                            struct alc_err *err)
{
    struct alc_worker *w = calloc(1, sizeof *w);
    pthread_condattr_t attr;
    size_t given_back = 0;
    enum alc_rc rc;

    if (w == NULL) return alc_fail(err, ALC_NOMEM, "no memory for the worker");
    w->conf = *conf;
    pthread_mutex_init(&w->lock, NULL);
    pthread_mutex_init(&w->order, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&w->wake, &attr);
    pthread_cond_init(&w->tell, &attr);
    pthread_cond_init(&w->beat, &attr);
    pthread_cond_init(&w->prove, &attr);
    pthread_cond_init(&w->rest, &attr);
    pthread_condattr_destroy(&attr);
    if (conf->slots == 0 || conf->slots > ALC_WORKER_SLOTS_MAX) {
        rc = alc_fail(err, ALC_BAD_INPUT, "%u slots: give 1 to %u", conf->slots,
                      ALC_WORKER_SLOTS_MAX);
        goto out;
    }
    alc_engine_id(conf->engine, &w->engine_id);
    alc_worker_policy(&w->policy_hash, conf);
    w->quotes = alc_attest_source(conf->attest) != ALC_SOURCE_NONE;
    w->ready = w->known = w->stats.registered = !w->quotes || conf->register_id[0] == 0;
    if (!w->ready && (conf->init_key == NULL || conf->init_id == NULL || conf->keys_dir == NULL)) {
        rc = alc_fail(err, ALC_BAD_INPUT,
                      "registering the worker's key needs the init account, its key and a folder");
        goto out;
    }
    rc = wk_keys_load(w, err);
    if (rc != ALC_OK) goto out;
    w->slots = calloc(conf->slots, sizeof *w->slots);
    if (w->slots == NULL) {
        rc = alc_fail(err, ALC_NOMEM, "no memory for %u slots", conf->slots);
        goto out;
    }
    rc = tools_open(&w->heart, w, conf->slots, err);
    if (rc == ALC_OK) rc = tools_open(&w->settler, w, conf->slots + 1, err);
    if (rc == ALC_OK) rc = tools_open(&w->prover, w, conf->slots + 2, err);
    if (rc == ALC_OK) rc = tools_open(&w->registrar, w, conf->slots + 3, err);
    for (unsigned i = 0; i < conf->slots && rc == ALC_OK; i++)
        rc = tools_open(&w->slots[i], w, i, err);
    /* The store belongs to this process: whoever held a lease is dead. */
    if (rc == ALC_OK) rc = alc_queue_expire(w->heart.queue, &given_back, UINT64_MAX, err);
    if (rc == ALC_OK && given_back > 0) alc_log(ALC_INFO, "worker.resume", "jobs=%zu", given_back);
    if (rc == ALC_OK) rc = start_all(w, err);
out:
    if (rc == ALC_OK)
        *out = w;
    else
        alc_worker_close(w);
    return rc;
}

void alc_worker_close(struct alc_worker *w)
{
    if (w == NULL) return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_broadcast(&w->wake);
    pthread_cond_broadcast(&w->tell);
    pthread_cond_broadcast(&w->beat);
    pthread_cond_broadcast(&w->prove);
    pthread_cond_broadcast(&w->rest);
    pthread_mutex_unlock(&w->lock);
    for (unsigned i = 0; i < w->slots_running; i++)
        pthread_join(w->slots[i].thread, NULL);
    if (w->heart_runs) pthread_join(w->heart.thread, NULL);
    if (w->settler_runs) pthread_join(w->settler.thread, NULL);
    if (w->prover_runs) pthread_join(w->prover.thread, NULL);
    if (w->registrar_runs) pthread_join(w->registrar.thread, NULL);
    for (unsigned i = 0; w->slots != NULL && i < w->conf.slots; i++)
        tools_close(&w->slots[i]);
    tools_close(&w->heart);
    tools_close(&w->settler);
    tools_close(&w->prover);
    tools_close(&w->registrar);
    free(w->slots);
    free(w->filed.ids);
    free(w->held.ids);
    pthread_cond_destroy(&w->wake);
    pthread_cond_destroy(&w->tell);
    pthread_cond_destroy(&w->beat);
    pthread_cond_destroy(&w->prove);
    pthread_cond_destroy(&w->rest);
    pthread_mutex_destroy(&w->lock);
    pthread_mutex_destroy(&w->order);
    free(w);
}
