/* src/engine/room.h — what the files of this room share; nobody else includes it. */
#ifndef ALC_ENGINE_ROOM_H
#define ALC_ENGINE_ROOM_H

#include "base/base.h"
#include "crypto/crypto.h"
#include "engine/engine.h"
#include "engine/wasmtime/alcove_wasmtime.h"

#include <pthread.h>
#include <time.h>

#define ENGINE_BUCKETS 256u
#define ENGINE_TICK_MS 10u      /* an epoch; how late a wall-clock limit may be noticed */
#define ENGINE_COMPILERS_MAX 4u /* modules compiled at once; those given up on count until done */
#define ENGINE_WASM_STACK_BYTES (1u << 20)
#define ENGINE_TABLE_ELEMENTS 100000u
#define ENGINE_MEMORIES 4u
#define ENGINE_TABLES 8u
#define ENGINE_INSTANCES 16u

/* A module's life; `lock` of the engine guards all but `w`, which nobody changes once it is READY.
 *
 *   LOADING ──publish──► READY ──evict, close──► freed with its last reference
 *      └─────publish──► FAILED ─────────────────────────┘ */
enum module_state { MODULE_LOADING, MODULE_READY, MODULE_FAILED };

struct alc_module {
    struct alc_hash code;
    enum alc_module_kind kind;
    enum module_state state;
    unsigned refs; /* one of the cache while listed, one of the compiling thread, one per caller */
    bool listed;
    size_t size_bytes;                /* of its artifact: what counts against compiled_max_bytes */
    struct alcw_module *w;            /* when READY */
    struct alc_err err;               /* when FAILED */
    struct alc_compiled how;          /* as the first caller is told */
    struct alc_module *chain;         /* next in its bucket */
    struct alc_module *newer, *older; /* by last use; READY and listed ones alone */
};

struct alc_engine {
    struct alc_engine_conf conf; /* cache_dir is ours, cache_key points into `key` */
    struct alc_secret key;
    struct alcw_engine *w;
    struct alc_hash id, build; /* of text, and of what an artifact depends on */
    char *text;

    pthread_mutex_t lock;   /* all below */
    pthread_cond_t changed; /* a module's state, `compiling`, or `closing` */
    uint32_t running, compiling;
    bool closing, ticker_asleep;
    struct alc_module *buckets[ENGINE_BUCKETS];
    struct alc_module *newest, *oldest;
    struct alc_engine_stats stats;

    pthread_cond_t ticker_wake;
    pthread_t ticker;
    bool ticker_runs;

    pthread_mutex_t disk_lock; /* one writer at a time cleans up */
};

/* in_ms is the time on CLOCK_MONOTONIC so many milliseconds from now. */
static inline struct timespec in_ms(uint32_t ms)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000L;
    if (t.tv_nsec >= 1000000000L) {
        t.tv_nsec -= 1000000000L;
        t.tv_sec++;
    }
    return t;
}

/* memory.c */
void alc_engine_drop_modules(struct alc_engine *e); /* at close */

/* shape.c — ALC_LIMIT: compiling it could take more time or memory than it is worth. */
ALC_MUST enum alc_rc alc_engine_check_shape(struct alc_bytes wasm, struct alc_err *err);

/* disk.c — compiled modules in a folder.
 *
 * alc_engine_disk_get reads the artifact of (code, kind) into *file and points *artifact into it;
 * the bytes have passed their MAC.  ALC_NOT_FOUND: none that may be used; a bad one was removed and
 * logged.  *file is freed by the caller. */
ALC_MUST enum alc_rc alc_engine_disk_open(struct alc_engine *e, struct alc_err *err);
ALC_MUST enum alc_rc alc_engine_disk_get(struct alc_engine *e, const struct alc_hash *code,
                                         enum alc_module_kind kind, uint8_t **file,
                                         struct alc_bytes *artifact);
/* alc_engine_disk_put keeps an artifact, best effort: a full disk costs a log line and a later
 * compile. */
void alc_engine_disk_put(struct alc_engine *e, const struct alc_hash *code,
                         enum alc_module_kind kind, struct alc_bytes artifact);
/* alc_engine_disk_refuse removes an artifact that did not load. */
void alc_engine_disk_refuse(struct alc_engine *e, const struct alc_hash *code, const char *reason);

/* outcome.c — the sentence of a run that was no success, in the arena; NULL when that is full. */
struct ended {
    enum alc_run_end end;
    enum alc_module_kind kind;
    const struct alcw_result *raw;
    const struct alc_run *run;
    struct alc_bytes errors;
};
const char *alc_engine_outcome_text(const struct ended *x, struct alc_arena *arena);

#endif
