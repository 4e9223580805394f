/* tests/unit/engine/fixture.h — an engine, the guests that the build made, and one call to run one.
 */
#ifndef ENGINE_FIXTURE_H
#define ENGINE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "crypto/crypto.h"
#include "engine/engine.h"
#include "engine_signals.h"

#define GUESTS ALC_BUILD_DIR "/guests/"

static const struct alc_engine_conf test_conf = {
    .slots = 4,
    .max_memory_mb = 256,
    .compiled_max_bytes = 64u << 20,
};

static const struct alc_run_limits test_limits = {
    .max_instructions = 300000000,
    .max_memory_mb = 64,
    .max_ms = 20000,
    .max_output_bytes = 1u << 20,
};

static inline struct alc_engine *open_engine(const struct alc_engine_conf *conf)
{
    struct alc_engine *e = NULL;
    struct alc_err err = {0};

    alc_crypto_init();
    if (alc_engine_open(&e, conf, &err) != ALC_OK) fail_msg("%s", err.text);
    engine_signals_save();
    return e;
}

static inline struct alc_buf read_guest(const char *name)
{
    struct alc_buf b = ALC_BUF(32u << 20);
    char path[512];
    uint8_t block[65536];
    size_t n;
    FILE *f;

    snprintf(path, sizeof path, GUESTS "%s.wasm", name);
    f = fopen(path, "rb");
    if (f == NULL) fail_msg("no guest %s", path);
    while ((n = fread(block, 1, sizeof block, f)) > 0)
        alc_buf_put(&b, block, n);
    fclose(f);
    assert_false(b.failed);
    return b;
}

static inline enum alc_rc compile_bytes(struct alc_engine *e, struct alc_module **m,
                                        struct alc_compiled *info, struct alc_bytes wasm,
                                        enum alc_target target, struct alc_err *err)
{
    struct alc_hash code;

    alc_sha256(&code, wasm);
    return alc_engine_compile(e, m, info, &code, wasm, target, err);
}

static inline struct alc_module *load(struct alc_engine *e, const char *name)
{
    struct alc_buf wasm = read_guest(name);
    struct alc_module *m = NULL;
    struct alc_err err = {0};

    if (compile_bytes(e, &m, NULL, alc_buf_bytes(&wasm), ALC_TARGET_ANY, &err) != ALC_OK)
        fail_msg("%s: %s", name, err.text);
    alc_buf_fini(&wasm);
    return m;
}

#endif
