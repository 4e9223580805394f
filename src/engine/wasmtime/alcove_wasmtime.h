/* src/engine/wasmtime/alcove_wasmtime.h — the C ABI of the crate beside it; engine/ alone includes
 * it.
 *
 * The crate binds Wasmtime and decides nothing: limits, caches, time and sentences are in C.
 * src/abi.rs mirrors every struct here, field by field.  No Rust panic leaves a door: it becomes
 * ALCW_PANIC, or ALCW_END_PANIC of a run. */
#ifndef ALCOVE_WASMTIME_H
#define ALCOVE_WASMTIME_H

#include <stddef.h>
#include <stdint.h>

struct alcw_engine; /* opaque; for any thread */
struct alcw_module; /* opaque; for any thread; freed before its engine */

enum alcw_rc {
    ALCW_OK = 0,
    ALCW_INVALID = 1, /* not valid WebAssembly of this kind */
    ALCW_REFUSED = 2, /* valid, but the pool cannot hold what it declares; or the artifact is of
                       * another Wasmtime, configuration or processor */
    ALCW_FAILED = 3,  /* the engine cannot be made */
    ALCW_PANIC = 4,
};

enum alcw_kind { ALCW_P1 = 1, ALCW_P2 = 2 };

/* Where a door that fails leaves its sentence: UTF-8, NUL-terminated, cut at cap. */
struct alcw_text {
    char *p;
    size_t cap;
};

struct alcw_conf {
    uint32_t slots;
    uint64_t memory_max_bytes; /* of one linear memory */
    uint32_t memories_max;     /* in one run */
    uint32_t tables_max;       /* in one run */
    uint32_t instances_max;    /* core instances in one component */
    uint32_t table_elements_max;
    uint64_t
        instance_max_bytes; /* of one instance's own bookkeeping: grows with its declarations */
    uint64_t wasm_stack_bytes;
    uint64_t host_stack_bytes;  /* a run's stack is both */
    uint64_t memory_keep_bytes; /* of a pooled memory, wiped in place instead of given back */
    uint64_t table_keep_bytes;
};

/* Bytes that the crate owns until alcw_blob_free. */
struct alcw_blob {
    uint8_t *p;
    size_t n, cap;
};

/* What a run calls back, always on the thread that called alcw_run and never after it returned. */
struct alcw_host {
    void *ctx;
    uint64_t (*wall_ns)(void *ctx);
    uint64_t (*mono_ns)(void *ctx);
    void (*random)(void *ctx, uint8_t *out, size_t n);
    int32_t (*write)(void *ctx, int32_t fd, const uint8_t *p,
                     size_t n); /* fd 1, 2; ≠ 0 ends the run */
    int32_t (*tick)(void *ctx); /* at each epoch and every few ms of a wait; ≠ 0 ends the run */
    /* A memory wants to grow from current to desired bytes; 0 refuses.  maximum: its own or the
     * pool's, UINT64_MAX when none. */
    int32_t (*grow)(void *ctx, uint64_t current, uint64_t desired, uint64_t maximum);
    /* The calls that wait, as engine.h says; start is NULL when there are none.  What read sets
     * (0; ≠ 0: there is no answer, which ends the run) stays until the next read. */
    int64_t (*start)(void *ctx, const char *verb, const uint8_t *request, size_t n);
    int32_t (*poll)(void *ctx, int64_t handle, uint32_t wait_ms);
    int32_t (*read)(void *ctx, int64_t handle, const uint8_t **answer, size_t *n);
    void (*cancel)(void *ctx, int64_t handle);
};

struct alcw_pair {
    const char *name, *value; /* NUL-terminated; bytes that are not UTF-8 are replaced */
};

struct alcw_run {
    const uint8_t *input;
    size_t input_n;
    const struct alcw_pair *env;
    size_t env_n;
    const char *const *args;
    size_t args_n;
    uint64_t fuel;
    /* how often tick is called while the guest waits in a host call, and how long poll may take */
    uint32_t wait_ms;
    size_t request_max_bytes; /* of a call that waits; far below 4 GiB */
};

enum alcw_end {
    ALCW_END_OK = 0,
    ALCW_END_ERR = 1,  /* Preview 2: run returned err */
    ALCW_END_EXIT = 2, /* exit with `code` */
    ALCW_END_TRAP = 3,
    ALCW_END_FUEL = 4,
    ALCW_END_STOPPED = 5, /* tick or write ended it */
    ALCW_END_LINK = 6,    /* an import that nobody provides, or of another type */
    ALCW_END_NO_ENTRY = 7,
    ALCW_END_START = 8, /* it could not be instantiated; no guest code ran */
    ALCW_END_HOST = 9,  /* an error that is none of these */
    ALCW_END_PANIC = 10,
};

struct alcw_result {
    enum alcw_end end;
    int32_t code;
    uint64_t fuel_left;
    char cause[512];  /* "wasm trap: ...": the innermost reason */
    char trace[4096]; /* "error while executing at wasm backtrace: ...", or "" */
};

enum alcw_rc alcw_engine_new(struct alcw_engine **out, const struct alcw_conf *conf,
                             struct alcw_text text);
void alcw_engine_free(struct alcw_engine *e);
void alcw_engine_tick(struct alcw_engine *e); /* one epoch on */

/* alcw_engine_build writes what an artifact depends on (version, settings, processor features) into
 * out and returns how long that is, also when it is longer than cap. */
size_t alcw_engine_build(const struct alcw_engine *e, uint8_t *out, size_t cap);

enum alcw_rc alcw_compile(struct alcw_blob *out, const struct alcw_engine *e, enum alcw_kind kind,
                          const uint8_t *wasm, size_t n, struct alcw_text text);
void alcw_blob_free(struct alcw_blob *b);

/* alcw_load maps the code of an artifact.  The bytes are executed: they come from alcw_compile, or
 * carry a MAC that was checked over this very buffer.  artifact may be freed afterwards. */
enum alcw_rc alcw_load(struct alcw_module **out, const struct alcw_engine *e, enum alcw_kind kind,
                       const uint8_t *artifact, size_t n, struct alcw_text text);
void alcw_module_free(struct alcw_module *m);

void alcw_run(struct alcw_result *out, const struct alcw_engine *e, const struct alcw_module *m,
              const struct alcw_run *run, const struct alcw_host *host);

#endif
