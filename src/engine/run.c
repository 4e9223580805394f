/* One run: the limits, and what a guest's streams, clocks and memory are made of. */
#include "engine/room.h"

#include "base/buf.h"

#include <assert.h>
#include <string.h>

#define MIB ((uint64_t)1 << 20)

enum stop { GOES_ON, STOP_TIME, STOP_CANCELLED, STOP_OUTPUT, STOP_NOMEM };

struct guest {
    const struct alc_run *run;
    struct alc_host host; /* with defaults filled in */
    uint64_t deadline_ns; /* by the system's clock: a replayed run has limits too */
    enum stop stop;
    uint64_t memory_bytes, peak_bytes;
    uint64_t memory_max_bytes; /* of this run */
    uint64_t pool_max_bytes;   /* of any memory: what Wasmtime names when a module names nothing */
    bool memory_denied;
    struct alc_buf out, errors;
    struct alc_arena answer; /* of the last call that waited */
};

static uint64_t system_wall_ns(void *ctx)
{
    (void)ctx;
    return alc_clock_system.wall_ns(alc_clock_system.ctx);
}

static uint64_t system_mono_ns(void *ctx)
{
    (void)ctx;
    return alc_clock_system.mono_ns(alc_clock_system.ctx);
}

static void system_random(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    alc_random(out, n);
}

static uint64_t guest_wall_ns(void *ctx)
{
    struct guest *g = ctx;
    return g->host.wall_ns(g->host.ctx);
}

static uint64_t guest_mono_ns(void *ctx)
{
    struct guest *g = ctx;
    return g->host.mono_ns(g->host.ctx);
}

static void guest_random(void *ctx, uint8_t *out, size_t n)
{
    struct guest *g = ctx;
    g->host.random(g->host.ctx, out, n);
}

/* put keeps what fits; false: not all did, or there was no memory. */
static bool put(struct guest *g, struct alc_buf *b, const uint8_t *p, size_t n)
{
    size_t room = b->max_bytes - b->n;

    alc_buf_put(b, p, n < room ? n : room);
    if (b->failed) g->stop = STOP_NOMEM;
    return n <= room && !b->failed;
}

static int32_t guest_write(void *ctx, int32_t fd, const uint8_t *p, size_t n)
{
    struct guest *g = ctx;

    if (fd == 1 && !put(g, &g->out, p, n) && g->stop == GOES_ON) g->stop = STOP_OUTPUT;
    if (fd == 2) (void)put(g, &g->errors, p, n); /* what is over the cap is dropped */
    return g->stop != GOES_ON;
}

static int32_t guest_tick(void *ctx)
{
    struct guest *g = ctx;

    if (g->stop != GOES_ON) return 1;
    if (g->run->cancel != NULL && *g->run->cancel)
        g->stop = STOP_CANCELLED;
    else if (system_mono_ns(NULL) >= g->deadline_ns)
        g->stop = STOP_TIME;
    return g->stop != GOES_ON;
}

/* The limit is on the sum of a run's memories.  A request beyond the maximum that the module itself
 * declares fails by itself and says nothing about our limit. */
static int32_t guest_grow(void *ctx, uint64_t current, uint64_t desired, uint64_t maximum)
{
    struct guest *g = ctx;
    const uint64_t others = g->memory_bytes - current;
    const bool declared = maximum < g->pool_max_bytes && maximum <= g->memory_max_bytes - others;

    if (declared && desired > maximum) return 1;
    if (desired > g->memory_max_bytes - others) {
        g->memory_denied = true;
        return 0;
    }
    g->memory_bytes = others + desired;
    if (g->memory_bytes > g->peak_bytes) g->peak_bytes = g->memory_bytes;
    return 1;
}

static int64_t guest_start(void *ctx, const char *verb, const uint8_t *request, size_t n)
{
    struct guest *g = ctx;
    return g->host.start(g->host.ctx, verb, (struct alc_bytes){request, n});
}

static int32_t guest_poll(void *ctx, int64_t handle, uint32_t wait_ms)
{
    struct guest *g = ctx;
    return g->host.poll(g->host.ctx, handle, wait_ms);
}

static int32_t guest_read(void *ctx, int64_t handle, const uint8_t **answer, size_t *n)
{
    struct guest *g = ctx;
    struct alc_bytes b = {0};

    alc_arena_fini(&g->answer);
    if (g->host.read(g->host.ctx, handle, &g->answer, &b) != ALC_OK) return 1;
    *answer = b.p;
    *n = b.n;
    return 0;
}

static void guest_cancel(void *ctx, int64_t handle)
{
    struct guest *g = ctx;
    g->host.cancel(g->host.ctx, handle);
}

/* The tank holds one instruction more than the limit.  Wasmtime looks at the gauge at calls and
 * loops only, so a guest may return on an empty tank; one that used its limit exactly has one left.
 */
static uint64_t tank(uint64_t max_instructions)
{
    return max_instructions < UINT64_MAX ? max_instructions + 1 : max_instructions;
}

static bool failed_by_itself(enum alcw_end end)
{
    return end == ALCW_END_ERR || end == ALCW_END_TRAP || end == ALCW_END_START ||
           end == ALCW_END_EXIT;
}

static enum alc_run_end outcome(const struct guest *g, const struct alcw_result *raw)
{
    static const enum alc_run_end of_raw[] = {
        [ALCW_END_OK] = ALC_RUN_OK,
        [ALCW_END_ERR] = ALC_RUN_EXIT,
        [ALCW_END_EXIT] = ALC_RUN_EXIT,
        [ALCW_END_TRAP] = ALC_RUN_TRAP,
        [ALCW_END_FUEL] = ALC_RUN_INSTRUCTIONS,
        [ALCW_END_STOPPED] = ALC_RUN_HOST,
        [ALCW_END_LINK] = ALC_RUN_MODULE,
        [ALCW_END_NO_ENTRY] = ALC_RUN_MODULE,
        [ALCW_END_START] = ALC_RUN_MODULE,
        [ALCW_END_HOST] = ALC_RUN_HOST,
        [ALCW_END_PANIC] = ALC_RUN_HOST,
    };
    static const enum alc_run_end of_stop[] = {
        [STOP_TIME] = ALC_RUN_TIME,
        [STOP_CANCELLED] = ALC_RUN_CANCELLED,
        [STOP_OUTPUT] = ALC_RUN_OUTPUT,
    };

    if (g->stop != GOES_ON && raw->end != ALCW_END_PANIC) return of_stop[g->stop];
    if (raw->fuel_left == 0 && raw->end != ALCW_END_PANIC) return ALC_RUN_INSTRUCTIONS;
    if (raw->end == ALCW_END_EXIT && raw->code == 0) return ALC_RUN_OK;
    if (g->memory_denied && failed_by_itself(raw->end)) return ALC_RUN_MEMORY;
    return of_raw[raw->end];
}

/* finish moves everything into the arena. */
static enum alc_rc finish(const struct guest *g, struct alc_run_result *r,
                          enum alc_module_kind kind, const struct alcw_result *raw,
                          struct alc_arena *arena, struct alc_err *err)
{
    const uint64_t max = g->run->limits.max_instructions;
    struct alc_bytes detail = {0};
    uint64_t used;

    if (g->stop == STOP_NOMEM) goto nomem;
    r->end = outcome(g, raw);
    r->exit_code = r->end != ALC_RUN_EXIT ? 0 : raw->end == ALCW_END_ERR ? 1 : raw->code;
    used = tank(max) - raw->fuel_left;
    r->instructions = r->end == ALC_RUN_TIME || used > max ? max : used;
    r->memory_peak_bytes = g->peak_bytes;
    r->text = "";
    if (!alc_arena_copy(arena, alc_buf_bytes(&g->out), &r->output) ||
        !alc_arena_copy(arena, alc_buf_bytes(&g->errors), &r->errors) ||
        !alc_arena_copy(arena, alc_cstr(raw->cause), &detail))
        goto nomem;
    r->detail = (const char *)detail.p;
    if (r->end == ALC_RUN_OK) return ALC_OK;
    r->text = alc_engine_outcome_text(
        &(struct ended){
            .end = r->end, .kind = kind, .raw = raw, .run = g->run, .errors = r->errors},
        arena);
    if (r->text != NULL) return ALC_OK;
nomem:
    return alc_fail(err, ALC_NOMEM, "no memory for what the guest wrote");
}

/* admit takes a slot and wakes the ticker. */
static enum alc_rc admit(struct alc_engine *e, const struct alc_run_limits *limits,
                         struct alc_err *err)
{
    bool full;

    if (limits->max_memory_mb > e->conf.max_memory_mb)
        return alc_fail(err, ALC_LIMIT, "the run asks for %u MB of memory, this host gives %u",
                        limits->max_memory_mb, e->conf.max_memory_mb);
    pthread_mutex_lock(&e->lock);
    full = e->running == e->conf.slots;
    if (!full) e->running++;
    if (e->ticker_asleep) {
        e->ticker_asleep = false;
        pthread_cond_signal(&e->ticker_wake);
    }
    pthread_mutex_unlock(&e->lock);
    return full ? alc_fail(err, ALC_BUSY, "all %u slots of the engine run a guest", e->conf.slots)
                : ALC_OK;
}

static void leave(struct alc_engine *e)
{
    pthread_mutex_lock(&e->lock);
    e->running--;
    pthread_mutex_unlock(&e->lock);
}

enum alc_rc alc_engine_run(struct alc_engine *e, struct alc_run_result *result,
                           struct alc_module *m, const struct alc_run *run,
                           const struct alc_host *host, struct alc_arena *arena,
                           struct alc_err *err)
{
    static_assert(sizeof(struct alcw_pair) == sizeof(struct alc_env_var), "one layout for both");
    const uint64_t began = system_mono_ns(NULL);
    struct guest g = {
        .run = run,
        .host = host != NULL ? *host : (struct alc_host){0},
        .deadline_ns = began + (uint64_t)run->limits.max_ms * 1000000u,
        .memory_max_bytes = run->limits.max_memory_mb * MIB,
        .pool_max_bytes = e->conf.max_memory_mb * MIB,
        .out = ALC_BUF(run->limits.max_output_bytes),
        .errors = ALC_BUF(ALC_ENGINE_STDERR_MAX_BYTES),
        .answer = ALC_ARENA(ALC_ENGINE_CALL_MAX_BYTES),
    };
    const struct alcw_host table = {
        .ctx = &g,
        .wall_ns = guest_wall_ns,
        .mono_ns = guest_mono_ns,
        .random = guest_random,
        .write = guest_write,
        .tick = guest_tick,
        .grow = guest_grow,
        .start = g.host.start != NULL ? guest_start : NULL,
        .poll = guest_poll,
        .read = guest_read,
        .cancel = guest_cancel,
    };
    const struct alcw_run order = {
        .input = run->input.p,
        .input_n = run->input.n,
        .env = (const struct alcw_pair *)(const void *)run->env,
        .env_n = run->env_count,
        .args = run->args,
        .args_n = run->args_count,
        .fuel = tank(run->limits.max_instructions),
        .wait_ms = ENGINE_TICK_MS,
        .request_max_bytes = ALC_ENGINE_CALL_MAX_BYTES,
    };
    struct alc_run_result r = {0};
    struct alcw_result raw;
    enum alc_rc rc;

    if (g.host.wall_ns == NULL) g.host.wall_ns = system_wall_ns;
    if (g.host.mono_ns == NULL) g.host.mono_ns = system_mono_ns;
    if (g.host.random == NULL) g.host.random = system_random;
    rc = admit(e, &run->limits, err);
    if (rc != ALC_OK) return rc;
    alcw_run(&raw, e->w, m->w, &order, &table);
    leave(e);
    r.time_us = (system_mono_ns(NULL) - began) / 1000;
    rc = finish(&g, &r, m->kind, &raw, arena, err);
    alc_buf_fini(&g.out);
    alc_buf_fini(&g.errors);
    alc_arena_fini(&g.answer);
    if (rc == ALC_OK) *result = r;
    return rc;
}
