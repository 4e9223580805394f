/* src/engine/engine.h — runs a WebAssembly guest under limits.
 *
 * Knows modules, limits and what a guest may call.  Knows nothing of jobs, chains or proofs.
 * Wasmtime is behind it; a Rust crate (src/engine/wasmtime) binds it and decides nothing.
 * An engine is for any thread; a guest runs on the thread that calls alc_engine_run.
 * The first engine of a process takes SIGSEGV, SIGILL, SIGFPE and SIGBUS, by which some traps come;
 * nobody replaces those handlers afterwards. */
#ifndef ALC_ENGINE_H
#define ALC_ENGINE_H

#include "base/base.h"

#define ALC_ENGINE_MODULE_MAX_BYTES (10u << 20)    /* guest-abi: a WasmUrl is at most 10 MiB */
#define ALC_ENGINE_FUNCTION_MAX_BYTES (192u << 10) /* of one function's code */
#define ALC_ENGINE_FUNCTIONS_MAX 65536u
#define ALC_ENGINE_STDERR_MAX_BYTES (1u << 20) /* what is kept; the rest is dropped */
#define ALC_ENGINE_CALL_MAX_BYTES (16u << 20)  /* of a host call's request, and of its answer */

struct alc_engine; /* opaque */
struct alc_module; /* opaque; counted by the engine's cache */

struct alc_engine_conf {
    uint32_t slots;             /* guests at once: instances are pooled for so many */
    uint32_t max_memory_mb;     /* the operator's cap; a run that asks for more is refused */
    size_t compiled_max_bytes;  /* memory for compiled modules (LRU) */
    const char *cache_dir;      /* compiled modules on disk; NULL: none */
    size_t cache_max_bytes;     /* of that folder; least recently used files go first */
    struct alc_bytes cache_key; /* ≥ 32 bytes; every artifact carries an HMAC under it.  In an
                                 * enclave the keystore gives it; from a plain file it guards
                                 * against accident alone */
    size_t module_max_bytes;    /* 0 = ALC_ENGINE_MODULE_MAX_BYTES */
    uint32_t compile_max_ms;    /* 0 = 30 s */
};

/* WASI Preview 1 command, Preview 2 component */
enum alc_module_kind { ALC_MODULE_P1 = 1, ALC_MODULE_P2 = 2 };

/* What the caller said the module is. ALC_TARGET_ANY: the header decides; else it must agree. */
enum alc_target { ALC_TARGET_ANY = 0, ALC_TARGET_P1 = 1, ALC_TARGET_P2 = 2 };

/* The numbers equal enum alc_outcome of verify.h (a test holds them together). */
enum alc_run_end {
    ALC_RUN_OK = 0,
    ALC_RUN_EXIT = 1,
    ALC_RUN_TRAP = 2,
    ALC_RUN_INSTRUCTIONS = 3,
    ALC_RUN_TIME = 4,
    ALC_RUN_MEMORY = 5, /* it failed after memory over the limit was refused to it */
    ALC_RUN_OUTPUT = 6,
    ALC_RUN_MODULE = 7, /* does not instantiate: unknown import, no entry point, ... */
    ALC_RUN_HOST = 8,
    ALC_RUN_CANCELLED = 9,
};

struct alc_run_limits {
    uint64_t max_instructions; /* Wasmtime fuel, exact */
    uint32_t max_memory_mb;    /* sum of linear memories, in MiB */
    uint32_t max_ms;           /* wall clock, host calls included */
    size_t max_output_bytes;   /* stdout; more ends the run with ALC_RUN_OUTPUT */
};

struct alc_env_var {
    const char *name, *value;
};

struct alc_run {
    struct alc_bytes input; /* stdin */
    const struct alc_env_var *env;
    size_t env_count;
    const char *const *args; /* OutLayer gives none */
    size_t args_count;
    struct alc_run_limits limits;
    const volatile bool *cancel; /* may be NULL; set by another thread: ALC_RUN_CANCELLED */
};

/* What a guest can reach.  Each function gets `ctx`; all run on the guest's thread.  NULL members
 * get the defaults named.  Clocks are what the guest reads; limits go by the system's. */
struct alc_host {
    void *ctx;
    uint64_t (*wall_ns)(void *ctx); /* default: the system's */
    uint64_t (*mono_ns)(void *ctx);
    void (*random)(void *ctx, uint8_t *out, size_t n); /* default: the system's generator */
    /* Calls that wait, since epochs do not interrupt C: all four functions are given, or none.  A
     * component gets at them by importing near:rpc/api@0.1.0; without `start` that import is
     * unresolved, and the run ends with ALC_RUN_MODULE.
     *
     * start begins the call that `verb` names, "<interface>.<function>" in the words of the WIT
     * ("near:rpc/api@0.1.0.view-account"), and returns at once: a handle ≥ 0, or -1: no such verb,
     * which the guest is told as the call's error.  `request` is borrowed until start returns: the
     * parameters as borsh Vec<String>, at most ALC_ENGINE_CALL_MAX_BYTES. */
    int64_t (*start)(void *ctx, const char *verb, struct alc_bytes request);
    /* poll returns 1 as soon as the answer is there, 0 when wait_ms (some 10) went by without it.
     * It is asked again until it says 1; in between the engine looks at the wall-clock limit and at
     * `cancel` of the run, so a poll that takes longer than wait_ms delays both. */
    int (*poll)(void *ctx, int64_t handle, uint32_t wait_ms);
    /* read comes once, after poll said 1, and frees the handle whatever it returns.  *answer is
     * two borsh Strings and nothing else, the value and the error ("": none), in `arena`, which has
     * room for ALC_ENGINE_CALL_MAX_BYTES and is emptied before the next read.  Other bytes, or a
     * result other than ALC_OK, end the run with ALC_RUN_HOST. */
    enum alc_rc (*read)(void *ctx, int64_t handle, struct alc_arena *arena,
                        struct alc_bytes *answer);
    /* cancel frees a handle unread.  It comes exactly once for each handle that is not read,
     * whatever ended the run, and before alc_engine_run returns. */
    void (*cancel)(void *ctx, int64_t handle);
};

struct alc_run_result {
    enum alc_run_end end;
    int32_t exit_code;     /* of ALC_RUN_EXIT; Preview 2 knows only 1 */
    uint64_t instructions; /* fuel used.  The meter is stale when a clock or a flag ended the run:
                            * ALC_RUN_TIME gives the limit, ALC_RUN_CANCELLED what it last showed */
    uint64_t time_us;      /* store creation to drop, host waits included; no compilation */
    uint64_t memory_peak_bytes;
    struct alc_bytes output; /* stdout, in the arena; what was written before the end in any case */
    struct alc_bytes errors; /* stderr, in the arena, at most ALC_ENGINE_STDERR_MAX_BYTES */
    const char *text;   /* in the arena: the failure in a sentence (guest-abi §1.5); "" when OK */
    const char *detail; /* in the arena: the engine's own reason, for the operator; or "" */
};

/* alc_engine_open makes the one engine of a process: pools, epoch ticker, caches.  conf is copied.
 * ALC_BAD_INPUT (which setting), ALC_IO (cache_dir), ALC_NOMEM. */
ALC_MUST enum alc_rc alc_engine_open(struct alc_engine **out, const struct alc_engine_conf *conf,
                                     struct alc_err *err);
/* alc_engine_close: after the last run, with every module released.  It waits for compilations that
 * their callers gave up. */
void alc_engine_close(struct alc_engine *e);

/* What happened since open; for /metrics and tests. */
struct alc_engine_stats {
    uint64_t compiled, disk_hits, memory_hits;
    uint64_t disk_refused; /* artifacts that did not pass their check and were removed */
    uint64_t memory_evicted, disk_evicted;
    size_t memory_bytes; /* of compiled modules in the cache */
    uint32_t running;    /* now */
};
void alc_engine_stats(struct alc_engine *e, struct alc_engine_stats *out);

/* alc_engine_id: SHA-256 over the text of version and configuration that decides what a guest
 * computes; a replay needs the same.  alc_engine_text is that text. */
void alc_engine_id(const struct alc_engine *e, struct alc_hash *out);
const char *alc_engine_text(const struct alc_engine *e);

struct alc_compiled {
    enum alc_module_kind kind;
    uint64_t compile_us; /* 0 when a cache had it */
    bool from_disk, from_memory;
};

/* alc_engine_compile looks the module up by `code` (SHA-256 of wasm, which the caller has checked)
 * in memory, then on disk, then compiles `wasm`.  Two callers at once compile once.  *info may be
 * NULL.  *out is released by the caller.
 * ALC_BAD_INPUT: not WebAssembly, invalid, or not of `target` (guest-abi §1.1 sentences).
 * ALC_LIMIT: over module_max_bytes or the limits on functions above, or what it declares (memories,
 * tables) exceeds the pool.
 * ALC_TIMEOUT: over compile_max_ms.  ALC_NOMEM, ALC_IO. */
ALC_MUST enum alc_rc alc_engine_compile(struct alc_engine *e, struct alc_module **out,
                                        struct alc_compiled *info, const struct alc_hash *code,
                                        struct alc_bytes wasm, enum alc_target target,
                                        struct alc_err *err);
/* alc_engine_find is alc_engine_compile for who has not got the bytes at hand: it looks in memory
 * alone.  ALC_NOT_FOUND: not there.  ALC_BAD_INPUT: there, and not of `target`. */
ALC_MUST enum alc_rc alc_engine_find(struct alc_engine *e, struct alc_module **out,
                                     const struct alc_hash *code, enum alc_target target,
                                     struct alc_err *err);
void alc_module_release(struct alc_engine *e, struct alc_module *m); /* NULL is fine */
enum alc_module_kind alc_module_kind(const struct alc_module *m);

/* alc_engine_run makes a fresh instance, runs it to its end and drops it.  Whatever the guest does
 * is ALC_OK with result->end; bytes live in `arena`, which bounds them.  host may be NULL.
 * ALC_LIMIT: limits over the operator's caps (nothing ran).  ALC_BUSY: every slot runs a guest.
 * ALC_NOMEM: the arena is too small. */
ALC_MUST enum alc_rc alc_engine_run(struct alc_engine *e, struct alc_run_result *result,
                                    struct alc_module *m, const struct alc_run *run,
                                    const struct alc_host *host, struct alc_arena *arena,
                                    struct alc_err *err);

#endif
