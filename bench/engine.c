/* bench/engine.c — what a guest costs through engine.h, beside bare Wasmtime in the same run.
 *
 * Prints `name n median p99 unit`.  Blocks of both hosts take turns, and `over_bare` is a ratio of
 * neighbouring blocks. */
#include "engine/engine.h"
#include "crypto/crypto.h"
#include "series.h"

#include <stdio.h>

#define ROUNDS 15u
#define RUNS 600u /* of each kind in a round */
#define WARM_UP 100u
#define COMPILES 40u

static const struct alc_run the_run = {
    .input = {(const uint8_t *)"hello alcove", 12},
    .limits = {.max_instructions = 1000000000,
               .max_memory_mb = 128,
               .max_ms = 60000,
               .max_output_bytes = 1u << 20},
};

static void run_once(struct alc_engine *e, struct alc_module *m)
{
    struct alc_arena arena = ALC_ARENA(4u << 20);
    struct alc_run_result r;
    struct alc_err err = {0};

    must(alc_engine_run(e, &r, m, &the_run, NULL, &arena, &err), &err);
    need(r.end == ALC_RUN_OK && alc_bytes_eq(r.output, the_run.input), r.text);
    alc_arena_fini(&arena);
}

static struct alc_module *compile(struct alc_engine *e, struct alc_bytes wasm)
{
    struct alc_module *m = NULL;
    struct alc_err err = {0};
    struct alc_hash code;

    alc_sha256(&code, wasm);
    must(alc_engine_compile(e, &m, NULL, &code, wasm, ALC_TARGET_ANY, &err), &err);
    return m;
}

static void measure_ours(struct series *s, struct alc_engine *e, struct alc_module *m)
{
    for (size_t i = 0; i < WARM_UP; i++)
        run_once(e, m);
    for (size_t i = 0; i < RUNS; i++) {
        const double began = now_us();
        run_once(e, m);
        series_add(s, now_us() - began);
    }
}

static void measure_bare(struct series *s, const char *kind, const char *path)
{
    char command[2048];

    snprintf(command, sizeof command, "'%s' %s '%s' %u %u", ALC_BARE_WASMTIME, kind, path, RUNS,
             WARM_UP);
    series_run(s, command);
}

/* Each compilation gets a module of its own: a custom section makes the difference. */
static void measure_compiling(struct series *s, struct alc_engine *e, struct alc_bytes wasm)
{
    struct alc_buf b = ALC_BUF(16u << 20);

    for (size_t i = 0; i < COMPILES; i++) {
        const uint8_t section[] = {0, 3, 1, 'n', (uint8_t)i};
        alc_buf_reset(&b);
        alc_buf_put_bytes(&b, wasm);
        alc_buf_put(&b, section, sizeof section);
        const double began = now_us();
        struct alc_module *m = compile(e, alc_buf_bytes(&b));
        run_once(e, m);
        series_add(s, now_us() - began);
        alc_module_release(e, m);
    }
    alc_buf_fini(&b);
}

static double print(const char *kind, const char *what, struct series *s, const char *unit)
{
    char name[64];

    snprintf(name, sizeof name, "engine.%s.%s", kind, what);
    return series_print(s, name, unit);
}

static void bench(struct alc_engine *e, const char *kind, const char *path)
{
    struct series ours = {0}, bare = {0}, ratios = {0}, compiling = {0}, gain = {0};
    struct alc_buf wasm = read_file(path);
    struct alc_module *m = compile(e, alc_buf_bytes(&wasm));
    double warm_us, compile_us;

    for (size_t i = 0; i < ROUNDS; i++) {
        measure_ours(&ours, e, m);
        measure_bare(&bare, kind, path);
        series_add(&ratios, series_ratio(&ours, &bare, RUNS));
    }
    measure_compiling(&compiling, e, alc_buf_bytes(&wasm));
    warm_us = print(kind, "warm", &ours, "us");
    print(kind, "bare_wasmtime", &bare, "us");
    print(kind, "over_bare", &ratios, "ratio");
    compile_us = print(kind, "compile_per_call", &compiling, "us");
    series_add(&gain, compile_us / warm_us);
    print(kind, "compile_over_warm", &gain, "ratio");
    alc_module_release(e, m);
    alc_buf_fini(&wasm);
}

int main(void)
{
    const struct alc_engine_conf conf = {
        .slots = 4, .max_memory_mb = 512, .compiled_max_bytes = 256u << 20};
    struct alc_engine *e = NULL;
    struct alc_err err = {0};

    alc_crypto_init();
    setvbuf(stdout, NULL, _IOLBF, 0);
    must(alc_engine_open(&e, &conf, &err), &err);
    bench(e, "p1", ALC_GUESTS "/echo.wasm");
    bench(e, "p2", ALC_GUESTS "/echo.p2.wasm");
    alc_engine_close(e);
    return 0;
}
