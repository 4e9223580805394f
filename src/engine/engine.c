#include "engine/room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Then it sleeps until a run starts: an idle engine costs nothing. */
#define TICKER_IDLE_TICKS 100u
#define COMPILE_MAX_MS 30000u
#define KEY_MIN_BYTES 32u
#define SLOTS_MAX 1024u
#define MEMORY_MAX_MB 4096u /* 32-bit memories end there */

/* The epoch ticker.  It runs while guests do and a little longer, so that a stream of short runs
 * does not wake it each time. */
static void *tick(void *arg)
{
    struct alc_engine *e = arg;
    struct timespec next;
    unsigned idle = 0;

    pthread_mutex_lock(&e->lock);
    while (!e->closing) {
        idle = e->running > 0 ? 0 : idle + 1;
        e->ticker_asleep = idle > TICKER_IDLE_TICKS;
        if (e->ticker_asleep) {
            pthread_cond_wait(&e->ticker_wake, &e->lock);
            continue;
        }
        next = in_ms(ENGINE_TICK_MS);
        if (pthread_cond_timedwait(&e->ticker_wake, &e->lock, &next) == 0) continue;
        pthread_mutex_unlock(&e->lock);
        alcw_engine_tick(e->w);
        pthread_mutex_lock(&e->lock);
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

static enum alc_rc check(const struct alc_engine_conf *c, struct alc_err *err)
{
    if (c->slots == 0 || c->slots > SLOTS_MAX)
        return alc_fail(err, ALC_BAD_INPUT, "engine slots: %u, from 1 to %u", c->slots, SLOTS_MAX);
    if (c->max_memory_mb == 0 || c->max_memory_mb > MEMORY_MAX_MB)
        return alc_fail(err, ALC_BAD_INPUT, "engine memory: %u MB, from 1 to %u", c->max_memory_mb,
                        MEMORY_MAX_MB);
    if (c->cache_dir != NULL && c->cache_key.n < KEY_MIN_BYTES)
        return alc_fail(err, ALC_BAD_INPUT, "engine cache key: %zu bytes, at least %u",
                        c->cache_key.n, KEY_MIN_BYTES);
    return ALC_OK;
}

static enum alc_rc copy_conf(struct alc_engine *e, const struct alc_engine_conf *conf)
{
    e->conf = *conf;
    e->conf.cache_dir = NULL;
    e->conf.cache_key = (struct alc_bytes){0};
    if (e->conf.module_max_bytes == 0) e->conf.module_max_bytes = ALC_ENGINE_MODULE_MAX_BYTES;
    if (e->conf.compile_max_ms == 0) e->conf.compile_max_ms = COMPILE_MAX_MS;
    if (conf->cache_dir == NULL) return ALC_OK;
    if (alc_secret_init(&e->key, conf->cache_key.n) != ALC_OK) return ALC_NOMEM;
    memcpy(e->key.p, conf->cache_key.p, conf->cache_key.n);
    e->conf.cache_key = (struct alc_bytes){e->key.p, e->key.n};
    e->conf.cache_dir = strdup(conf->cache_dir);
    return e->conf.cache_dir == NULL ? ALC_NOMEM : ALC_OK;
}

/* What decides what a guest computes.  The processor is not in it: code for another one is other
 * code of the same meaning; so is the operator's memory cap, since a run states its own limit. */
static enum alc_rc name(struct alc_engine *e)
{
    uint8_t build[8192];
    size_t n;
    int len;

    len = asprintf(&e->text,
                   "alcove engine 1; wasmtime 48.0.8; wasmtime-wasi 48.0.8; fuel default; "
                   "nan canonical; relaxed-simd deterministic; threads off; memory64 off; gc off; "
                   "multi-memory on; wasm stack %u; table elements %u; memories %u; tables %u; "
                   "instances %u",
                   ENGINE_WASM_STACK_BYTES, ENGINE_TABLE_ELEMENTS, ENGINE_MEMORIES, ENGINE_TABLES,
                   ENGINE_INSTANCES);
    if (len < 0) {
        e->text = NULL;
        return ALC_NOMEM;
    }
    alc_sha256(&e->id, (struct alc_bytes){(const uint8_t *)e->text, (size_t)len});
    n = alcw_engine_build(e->w, build, sizeof build);
    if (n == 0 || n > sizeof build) return ALC_CORRUPT;
    alc_sha256(&e->build, (struct alc_bytes){build, n});
    return ALC_OK;
}

static enum alc_rc start_wasmtime(struct alc_engine *e, struct alc_err *err)
{
    const struct alcw_conf conf = {
        .slots = e->conf.slots,
        .memory_max_bytes = (uint64_t)e->conf.max_memory_mb << 20,
        .memories_max = ENGINE_MEMORIES,
        .tables_max = ENGINE_TABLES,
        .instances_max = ENGINE_INSTANCES,
        .table_elements_max = ENGINE_TABLE_ELEMENTS,
        .instance_max_bytes = 4u << 20,
        .wasm_stack_bytes = ENGINE_WASM_STACK_BYTES,
        .host_stack_bytes = 1u << 20,
        .memory_keep_bytes = 256u << 10,
        .table_keep_bytes = 32u << 10,
    };
    char why[400] = "";

    if (alcw_engine_new(&e->w, &conf, (struct alcw_text){why, sizeof why}) == ALCW_OK)
        return ALC_OK;
    e->w = NULL;
    return alc_fail(err, ALC_IO, "Wasmtime does not start: %s", why);
}

static void init_locks(struct alc_engine *e)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&e->lock, NULL);
    pthread_mutex_init(&e->disk_lock, NULL);
    pthread_cond_init(&e->changed, &attr);
    pthread_cond_init(&e->ticker_wake, &attr);
    pthread_condattr_destroy(&attr);
}

enum alc_rc alc_engine_open(struct alc_engine **out, const struct alc_engine_conf *conf,
                            struct alc_err *err)
{
    struct alc_engine *e;
    enum alc_rc rc;

    rc = check(conf, err);
    if (rc != ALC_OK) return rc;
    e = calloc(1, sizeof *e);
    if (e == NULL) return alc_fail(err, ALC_NOMEM, "no memory for the engine");
    init_locks(e);
    rc = copy_conf(e, conf);
    if (rc != ALC_OK) goto fail;
    rc = start_wasmtime(e, err);
    if (rc != ALC_OK) goto fail;
    rc = name(e);
    if (rc != ALC_OK) goto fail;
    if (e->conf.cache_dir != NULL) rc = alc_engine_disk_open(e, err);
    if (rc != ALC_OK) goto fail;
    if (pthread_create(&e->ticker, NULL, tick, e) != 0) {
        rc = alc_fail(err, ALC_NOMEM, "no thread for the engine's ticker");
        goto fail;
    }
    e->ticker_runs = true;
    *out = e;
    return ALC_OK;
fail:
    alc_engine_close(e);
    return rc;
}

void alc_engine_close(struct alc_engine *e)
{
    if (e == NULL) return;
    pthread_mutex_lock(&e->lock);
    e->closing = true;
    pthread_cond_broadcast(&e->ticker_wake);
    while (e->compiling > 0)
        pthread_cond_wait(&e->changed, &e->lock);
    pthread_mutex_unlock(&e->lock);
    if (e->ticker_runs) pthread_join(e->ticker, NULL);
    alc_engine_drop_modules(e);
    if (e->w != NULL) alcw_engine_free(e->w);
    alc_secret_fini(&e->key);
    free((void *)(uintptr_t)e->conf.cache_dir); /* copy_conf made it */
    free(e->text);
    pthread_cond_destroy(&e->ticker_wake);
    pthread_cond_destroy(&e->changed);
    pthread_mutex_destroy(&e->disk_lock);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

void alc_engine_id(const struct alc_engine *e, struct alc_hash *out)
{
    *out = e->id;
}

const char *alc_engine_text(const struct alc_engine *e)
{
    return e->text;
}

void alc_engine_stats(struct alc_engine *e, struct alc_engine_stats *out)
{
    pthread_mutex_lock(&e->lock);
    *out = e->stats;
    out->running = e->running;
    pthread_mutex_unlock(&e->lock);
}
