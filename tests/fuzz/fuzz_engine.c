/* tests/fuzz/fuzz_engine.c — any bytes as a module: refused, or run to an outcome within limits. */
#include "crypto/crypto.h"
#include "engine/engine.h"

#include <stdlib.h>

#define INSTRUCTIONS 200000u
#define MEMORY_MB 4u
#define OUTPUT_BYTES 4096u

static struct alc_engine *engine;

static void must(bool holds) /* in every build, unlike assert */
{
    if (!holds) abort();
}

static void close_engine(void)
{
    alc_engine_close(engine);
}

static void open_engine(void)
{
    const struct alc_engine_conf conf = {.slots = 1,
                                         .max_memory_mb = MEMORY_MB,
                                         .compiled_max_bytes = 1u << 20,
                                         .compile_max_ms = 10000};

    alc_crypto_init();
    if (alc_engine_open(&engine, &conf, NULL) != ALC_OK) abort();
    atexit(close_engine);
}

static void run(struct alc_module *m, struct alc_bytes input)
{
    struct alc_arena arena = ALC_ARENA(16u << 20);
    const struct alc_run order = {.input = input,
                                  .limits = {.max_instructions = INSTRUCTIONS,
                                             .max_memory_mb = MEMORY_MB,
                                             .max_ms = 200,
                                             .max_output_bytes = OUTPUT_BYTES}};
    struct alc_run_result r;

    if (alc_engine_run(engine, &r, m, &order, NULL, &arena, NULL) != ALC_OK) abort();
    must(r.instructions <= INSTRUCTIONS);
    must(r.memory_peak_bytes <= (uint64_t)MEMORY_MB << 20);
    must(r.output.n <= OUTPUT_BYTES);
    must(r.end != ALC_RUN_HOST);
    must((r.end == ALC_RUN_OK) == (r.text[0] == 0));
    alc_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    const struct alc_bytes wasm = {p, n};
    struct alc_module *m = NULL;
    struct alc_err err = {0};
    struct alc_hash code;
    enum alc_rc rc;

    if (engine == NULL) open_engine();
    alc_sha256(&code, wasm);
    rc = alc_engine_compile(engine, &m, NULL, &code, wasm, ALC_TARGET_ANY, &err);
    must(rc == ALC_OK || err.text[0] != 0);
    must(rc == ALC_OK || rc == ALC_BAD_INPUT || rc == ALC_LIMIT || rc == ALC_TIMEOUT);
    if (rc == ALC_OK) run(m, wasm);
    alc_module_release(engine, m);
    return 0;
}
