/* The compiled modules in memory: looked up by code hash, each compiled by one thread while the
 * others wait, the least recently used dropped first. */
#include "engine/room.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define COMPILER_STACK_BYTES (16u << 20) /* Cranelift recurses with the shape of foreign code */

/* What a compiling thread owns. */
struct order {
    struct alc_engine *e;
    struct alc_module *m;
    size_t n;
    uint8_t wasm[]; /* a copy: the caller may have given up waiting and gone */
};

static struct alc_module **bucket(struct alc_engine *e, const struct alc_hash *code)
{
    return &e->buckets[code->b[0] % ENGINE_BUCKETS];
}

static struct alc_module *find(struct alc_engine *e, const struct alc_hash *code)
{
    struct alc_module *m = *bucket(e, code);
    while (m != NULL && !alc_hash_eq(&m->code, code))
        m = m->chain;
    return m;
}

/* unref gives back the module when that was the last reference, to be freed without the lock. */
static struct alc_module *unref(struct alc_module *m)
{
    assert(m->refs > 0);
    return --m->refs == 0 ? m : NULL;
}

static void free_module(struct alc_module *m)
{
    if (m == NULL) return;
    if (m->w != NULL) alcw_module_free(m->w);
    free(m);
}

static void unlink_use(struct alc_engine *e, struct alc_module *m)
{
    *(m->newer != NULL ? &m->newer->older : &e->newest) = m->older;
    *(m->older != NULL ? &m->older->newer : &e->oldest) = m->newer;
    m->newer = m->older = NULL;
}

static void link_newest(struct alc_engine *e, struct alc_module *m)
{
    m->older = e->newest;
    *(m->older != NULL ? &m->older->newer : &e->oldest) = m;
    e->newest = m;
}

/* unlist takes the module out of the cache and gives it back when nobody else holds it. */
static struct alc_module *unlist(struct alc_engine *e, struct alc_module *m)
{
    struct alc_module **at = bucket(e, &m->code);

    while (*at != m)
        at = &(*at)->chain;
    *at = m->chain;
    m->chain = NULL;
    m->listed = false;
    if (m->state == MODULE_READY) {
        unlink_use(e, m);
        e->stats.memory_bytes -= m->size_bytes;
    }
    return unref(m);
}

void alc_engine_drop_modules(struct alc_engine *e)
{
    while (e->oldest != NULL) {
        struct alc_module *m = unlist(e, e->oldest);
        assert(m != NULL); /* the caller has released every module */
        free_module(m);
    }
}

static void publish(struct alc_engine *e, struct alc_module *m, struct alcw_module *w,
                    enum alc_rc rc)
{
    struct alc_module *dead = NULL, *gone;

    pthread_mutex_lock(&e->lock);
    m->w = w;
    m->state = rc == ALC_OK ? MODULE_READY : MODULE_FAILED;
    if (rc == ALC_OK) {
        link_newest(e, m);
        e->stats.memory_bytes += m->size_bytes;
        *(m->how.from_disk ? &e->stats.disk_hits : &e->stats.compiled) += 1;
    } else {
        gone = unlist(e, m);
        assert(gone == NULL); /* the compiling thread still holds it */
    }
    while (e->stats.memory_bytes > e->conf.compiled_max_bytes) {
        gone = unlist(e, e->oldest);
        e->stats.memory_evicted++;
        if (gone == NULL) continue;
        gone->chain = dead; /* free to use: it is in no bucket */
        dead = gone;
    }
    pthread_cond_broadcast(&e->changed);
    pthread_mutex_unlock(&e->lock);
    while (dead != NULL) {
        gone = dead;
        dead = dead->chain;
        free_module(gone);
    }
}

/* leave is the loading thread's last word: from here on the engine may be gone. */
static void leave(struct alc_engine *e, struct alc_module *m)
{
    alc_module_release(e, m);
    pthread_mutex_lock(&e->lock);
    e->compiling--;
    pthread_cond_broadcast(&e->changed);
    pthread_mutex_unlock(&e->lock);
}

static enum alc_rc from_disk(struct alc_engine *e, struct alc_module *m, struct alcw_module **w)
{
    struct alc_bytes artifact;
    uint8_t *file = NULL;
    char why[300] = "";
    enum alc_rc rc;

    rc = alc_engine_disk_get(e, &m->code, m->kind, &file, &artifact);
    if (rc != ALC_OK) return rc;
    if (alcw_load(w, e->w, (enum alcw_kind)m->kind, artifact.p, artifact.n,
                  (struct alcw_text){why, sizeof why}) == ALCW_OK) {
        m->size_bytes = artifact.n;
        m->how.from_disk = true;
    } else {
        alc_engine_disk_refuse(e, &m->code, why);
        rc = ALC_NOT_FOUND;
    }
    free(file);
    return rc;
}

static enum alc_rc invalid(struct alc_err *err, enum alc_module_kind kind, const char *why)
{
    return alc_fail(err, ALC_BAD_INPUT, "Not a valid WASI Preview %d %s: %s", (int)kind,
                    kind == ALC_MODULE_P1 ? "module" : "component", why);
}

static enum alc_rc compile(struct order *o, struct alcw_module **w, struct alcw_blob *artifact)
{
    struct alc_module *m = o->m;
    const enum alcw_kind kind = (enum alcw_kind)m->kind;
    const uint64_t began = alc_clock_system.mono_ns(NULL);
    char why[400] = "";
    const struct alcw_text text = {why, sizeof why};
    enum alcw_rc got;
    enum alc_rc rc;

    rc = alc_engine_check_shape((struct alc_bytes){o->wasm, o->n}, &m->err);
    if (rc != ALC_OK) return rc;
    got = alcw_compile(artifact, o->e->w, kind, o->wasm, o->n, text);
    if (got == ALCW_INVALID) return invalid(&m->err, m->kind, why);
    if (got == ALCW_OK) got = alcw_load(w, o->e->w, kind, artifact->p, artifact->n, text);
    if (got == ALCW_REFUSED)
        return alc_fail(&m->err, ALC_LIMIT, "the module declares more than a run is given: %s",
                        why);
    if (got != ALCW_OK) /* a panic of the compiler, which the same bytes would meet again */
        return alc_fail(&m->err, ALC_BAD_INPUT, "the module cannot be compiled: %s", why);
    m->size_bytes = artifact->n;
    m->how.compile_us = (alc_clock_system.mono_ns(NULL) - began) / 1000;
    return ALC_OK;
}

static void *fulfil(void *arg)
{
    struct order *o = arg;
    struct alc_engine *e = o->e;
    struct alc_module *m = o->m;
    struct alcw_blob artifact = {0};
    struct alcw_module *w = NULL;
    enum alc_rc rc = ALC_NOT_FOUND;

    if (e->conf.cache_dir != NULL) rc = from_disk(e, m, &w);
    if (rc != ALC_OK) rc = compile(o, &w, &artifact);
    free(o);
    publish(e, m, w, rc);
    if (rc == ALC_OK && e->conf.cache_dir != NULL && artifact.n > 0)
        alc_engine_disk_put(e, &m->code, m->kind, (struct alc_bytes){artifact.p, artifact.n});
    alcw_blob_free(&artifact);
    leave(e, m);
    return NULL;
}

/* enlist puts a new module into the cache for a thread of its own to load; the caller holds the
 * lock and one of its references. */
static struct alc_module *enlist(struct alc_engine *e, const struct alc_hash *code,
                                 enum alc_module_kind kind)
{
    struct alc_module *m = calloc(1, sizeof *m);

    if (m == NULL) return NULL;
    m->code = *code;
    m->kind = m->how.kind = kind;
    m->state = MODULE_LOADING;
    m->refs = 3;
    m->listed = true;
    m->chain = *bucket(e, code);
    *bucket(e, code) = m;
    e->compiling++;
    return m;
}

static bool start(struct order *o)
{
    pthread_attr_t attr;
    pthread_t thread;
    bool runs;

    if (pthread_attr_init(&attr) != 0) return false;
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, COMPILER_STACK_BYTES);
    runs = pthread_create(&thread, &attr, fulfil, o) == 0;
    pthread_attr_destroy(&attr);
    return runs;
}

/* begin has `m` loaded by a thread of its own; when that cannot be, `m` is published as failed. */
static void begin(struct alc_engine *e, struct alc_module *m, struct alc_bytes wasm)
{
    struct order *o = malloc(sizeof *o + wasm.n);

    if (o != NULL) {
        o->e = e;
        o->m = m;
        o->n = wasm.n;
        memcpy(o->wasm, wasm.p, wasm.n);
        if (start(o)) return;
    }
    free(o);
    publish(e, m, NULL, alc_fail(&m->err, ALC_NOMEM, "no memory to compile the module"));
    leave(e, m);
}

static bool sniff(struct alc_bytes wasm, enum alc_module_kind *kind)
{
    static const uint8_t module[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    static const uint8_t component[8] = {0, 'a', 's', 'm', 13, 0, 1, 0};

    if (wasm.n < 8) return false;
    if (memcmp(wasm.p, module, 8) == 0)
        *kind = ALC_MODULE_P1;
    else if (memcmp(wasm.p, component, 8) == 0)
        *kind = ALC_MODULE_P2;
    else
        return false;
    return true;
}

static enum alc_rc check_target(enum alc_target target, bool known, enum alc_module_kind kind,
                                struct alc_err *err)
{
    if (target == ALC_TARGET_P1 && (!known || kind != ALC_MODULE_P1))
        return alc_fail(err, ALC_BAD_INPUT, "Not a valid WASI Preview 1 module");
    if (target == ALC_TARGET_P2 && (!known || kind != ALC_MODULE_P2))
        return alc_fail(err, ALC_BAD_INPUT, "Not a valid WASI Preview 2 component");
    return ALC_OK;
}

static enum alc_rc check(const struct alc_engine *e, struct alc_bytes wasm, enum alc_target target,
                         enum alc_module_kind *kind, struct alc_err *err)
{
    bool known = sniff(wasm, kind);

    if (wasm.n > e->conf.module_max_bytes)
        return alc_fail(err, ALC_LIMIT, "the module is %zu bytes, at most %zu", wasm.n,
                        e->conf.module_max_bytes);
    if (check_target(target, known, *kind, err) != ALC_OK) return ALC_BAD_INPUT;
    if (!known)
        return alc_fail(err, ALC_BAD_INPUT,
                        "Failed to load WASM binary: not a valid WASI P2 component or WASI P1 "
                        "module.\nBuild target: None\nSupported: wasm32-wasip2 (component), "
                        "wasm32-wasip1 (module with _start)");
    return ALC_OK;
}

/* wait sleeps until something changed; false: the deadline has passed. */
static bool wait(struct alc_engine *e, const struct timespec *deadline)
{
    return pthread_cond_timedwait(&e->changed, &e->lock, deadline) == 0;
}

static enum alc_rc settle(struct alc_engine *e, struct alc_module *m,
                          const struct timespec *deadline, struct alc_err *err)
{
    while (m->state == MODULE_LOADING)
        if (!wait(e, deadline) && m->state == MODULE_LOADING)
            return alc_fail(err, ALC_TIMEOUT, "the module takes more than %u ms to compile",
                            e->conf.compile_max_ms);
    if (m->state == MODULE_READY) return ALC_OK;
    if (err != NULL) *err = m->err;
    return m->err.rc;
}

enum alc_rc alc_engine_compile(struct alc_engine *e, struct alc_module **out,
                               struct alc_compiled *info, const struct alc_hash *code,
                               struct alc_bytes wasm, enum alc_target target, struct alc_err *err)
{
    struct alc_module *m, *gone = NULL;
    struct alc_compiled how;
    struct timespec deadline;
    bool first = false;
    enum alc_module_kind kind = ALC_MODULE_P1;
    enum alc_rc rc;

    rc = check(e, wasm, target, &kind, err);
    if (rc != ALC_OK) return rc;
    deadline = in_ms(e->conf.compile_max_ms);
    pthread_mutex_lock(&e->lock);
    while ((m = find(e, code)) == NULL && e->compiling >= ENGINE_COMPILERS_MAX && rc == ALC_OK)
        if (!wait(e, &deadline))
            rc = alc_fail(err, ALC_TIMEOUT, "too many modules are being compiled");
    if (rc != ALC_OK) goto out;
    if (m != NULL) {
        m->refs++;
    } else {
        m = enlist(e, code, kind);
        if (m == NULL) {
            rc = alc_fail(err, ALC_NOMEM, "no memory to compile the module");
            goto out;
        }
        first = true;
        pthread_mutex_unlock(&e->lock);
        begin(e, m, wasm);
        pthread_mutex_lock(&e->lock);
    }
    rc = settle(e, m, &deadline, err);
    if (rc != ALC_OK) {
        gone = unref(m);
        goto out;
    }
    if (first) {
        how = m->how;
    } else {
        how = (struct alc_compiled){.kind = kind, .from_memory = true};
        e->stats.memory_hits++;
    }
    if (m->listed) {
        unlink_use(e, m);
        link_newest(e, m);
    }
    if (info != NULL) *info = how;
    *out = m;
out:
    pthread_mutex_unlock(&e->lock);
    free_module(gone);
    return rc;
}

enum alc_rc alc_engine_find(struct alc_engine *e, struct alc_module **out,
                            const struct alc_hash *code, enum alc_target target,
                            struct alc_err *err)
{
    struct alc_module *m;
    enum alc_rc rc = ALC_NOT_FOUND;

    pthread_mutex_lock(&e->lock);
    m = find(e, code);
    if (m != NULL && m->state == MODULE_READY) rc = check_target(target, true, m->kind, err);
    if (rc == ALC_OK) {
        m->refs++;
        e->stats.memory_hits++;
        if (m->listed) {
            unlink_use(e, m);
            link_newest(e, m);
        }
        *out = m;
    }
    pthread_mutex_unlock(&e->lock);
    return rc;
}

void alc_module_release(struct alc_engine *e, struct alc_module *m)
{
    if (m == NULL) return;
    pthread_mutex_lock(&e->lock);
    m = unref(m);
    pthread_mutex_unlock(&e->lock);
    free_module(m);
}

enum alc_module_kind alc_module_kind(const struct alc_module *m)
{
    return m->kind;
}
