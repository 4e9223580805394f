/* tests/unit/engine/test_code.c — what is accepted as a module, and the caches of compiled code. */
#include "fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t key[32] = "a key of thirty-two bytes, fixed";
static const uint8_t other_key[32] = "another key of thirty-two bytes!";

struct fixture {
    char dir[64]; /* of the disk cache */
    struct alc_engine_conf conf;
    struct alc_engine *e;
    struct alc_buf wasm; /* the probe */
};

static void remove_dir(const char *dir)
{
    char path[512];
    struct dirent *entry;
    DIR *d = opendir(dir);

    while (d != NULL && (entry = readdir(d)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        unlink(path);
    }
    if (d != NULL) closedir(d);
    rmdir(dir);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    strcpy(f->dir, "/tmp/alcove-engine-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->conf = test_conf;
    f->conf.cache_dir = f->dir;
    f->conf.cache_max_bytes = 64u << 20;
    f->conf.cache_key = (struct alc_bytes){key, sizeof key};
    f->wasm = read_guest("probe");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    alc_engine_close(f->e);
    alc_buf_fini(&f->wasm);
    remove_dir(f->dir);
    free(f);
    return 0;
}

static void reopen(struct fixture *f)
{
    alc_engine_close(f->e);
    f->e = open_engine(&f->conf);
}

static struct alc_engine_stats stats(struct fixture *f)
{
    struct alc_engine_stats s;
    alc_engine_stats(f->e, &s);
    return s;
}

/* compile_once compiles, checks that the module runs, and lets go of it. */
static struct alc_compiled compile_once(struct fixture *f, struct alc_bytes wasm)
{
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_run run = {.input = ALC_LIT("cope 1"), .limits = test_limits};
    struct alc_module *m = NULL;
    struct alc_compiled how;
    struct alc_run_result r;
    struct alc_err err = {0};

    if (compile_bytes(f->e, &m, &how, wasm, ALC_TARGET_ANY, &err) != ALC_OK)
        fail_msg("%s", err.text);
    assert_int_equal(alc_engine_run(f->e, &r, m, &run, NULL, &arena, &err), ALC_OK);
    assert_true(alc_bytes_is(r.output, "given\n"));
    alc_module_release(f->e, m);
    alc_arena_fini(&arena);
    return how;
}

static struct alc_compiled compile_probe(struct fixture *f)
{
    return compile_once(f, alc_buf_bytes(&f->wasm));
}

/* variant is the probe with a custom section that makes it another module of the same meaning. */
static struct alc_buf variant(struct fixture *f, uint8_t which)
{
    const uint8_t section[] = {0, 3, 1, 'v', which};
    struct alc_buf b = ALC_BUF(32u << 20);

    alc_buf_put_bytes(&b, alc_buf_bytes(&f->wasm));
    alc_buf_put(&b, section, sizeof section);
    return b;
}

static struct alc_compiled compile_variant(struct fixture *f, uint8_t which)
{
    struct alc_buf b = variant(f, which);
    struct alc_compiled how = compile_once(f, alc_buf_bytes(&b));

    alc_buf_fini(&b);
    return how;
}

static enum alc_rc refused(struct fixture *f, struct alc_bytes wasm, enum alc_target target,
                           struct alc_err *err)
{
    struct alc_module *m = NULL;
    enum alc_rc rc = compile_bytes(f->e, &m, NULL, wasm, target, err);

    assert_null(m);
    return rc;
}

static void bytes_that_are_no_module_are_refused(void **state)
{
    static const char any[] = "Failed to load WASM binary: not a valid WASI P2 component or WASI "
                              "P1 module.\nBuild target: None";
    const struct alc_bytes garbage[] = {{NULL, 0},
                                        ALC_LIT("\0asm"),
                                        ALC_LIT("(module)"),
                                        ALC_LIT("\0asm\2\0\0\0"),
                                        ALC_LIT("<html>not found</html>")};
    struct fixture *f = *state;
    struct alc_err err;

    reopen(f);
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        assert_int_equal(refused(f, garbage[i], ALC_TARGET_ANY, &err), ALC_BAD_INPUT);
        assert_memory_equal(err.text, any, sizeof any - 1);
        assert_int_equal(refused(f, garbage[i], ALC_TARGET_P1, &err), ALC_BAD_INPUT);
        assert_string_equal(err.text, "Not a valid WASI Preview 1 module");
        assert_int_equal(refused(f, garbage[i], ALC_TARGET_P2, &err), ALC_BAD_INPUT);
        assert_string_equal(err.text, "Not a valid WASI Preview 2 component");
    }
}

static void a_stated_target_is_not_second_guessed(void **state)
{
    struct fixture *f = *state;
    struct alc_buf component = read_guest("probe.p2");
    struct alc_err err;

    reopen(f);
    assert_int_equal(refused(f, alc_buf_bytes(&component), ALC_TARGET_P1, &err), ALC_BAD_INPUT);
    assert_string_equal(err.text, "Not a valid WASI Preview 1 module");
    assert_int_equal(refused(f, alc_buf_bytes(&f->wasm), ALC_TARGET_P2, &err), ALC_BAD_INPUT);
    assert_string_equal(err.text, "Not a valid WASI Preview 2 component");
    assert_int_equal(compile_once(f, alc_buf_bytes(&component)).kind, ALC_MODULE_P2);
    assert_int_equal(compile_probe(f).kind, ALC_MODULE_P1);
    /* also when the cache has the other kind */
    assert_int_equal(refused(f, alc_buf_bytes(&f->wasm), ALC_TARGET_P2, &err), ALC_BAD_INPUT);
    alc_buf_fini(&component);
}

static void a_module_cut_anywhere_is_refused(void **state)
{
    static const char *const names[] = {"probe", "probe.p2"};
    struct fixture *f = *state;
    struct alc_err err;

    f->conf.cache_dir = NULL;
    reopen(f);
    for (size_t k = 0; k < 2; k++) {
        struct alc_buf wasm = read_guest(names[k]);
        for (size_t i = 1; i <= 40; i++) {
            struct alc_bytes cut = {wasm.p, 8 + (wasm.n - 9) * i / 40};
            assert_int_equal(refused(f, cut, ALC_TARGET_ANY, &err), ALC_BAD_INPUT);
            assert_memory_equal(err.text, "Not a valid WASI Preview ", 25);
        }
        alc_buf_fini(&wasm);
    }
}

static void proposals_that_are_off_are_refused(void **state)
{
    static const char *const names[] = {"shared_memory", "memory64"};
    struct fixture *f = *state;
    struct alc_err err;

    reopen(f);
    for (size_t i = 0; i < 2; i++) {
        struct alc_buf wasm = read_guest(names[i]);
        assert_int_equal(refused(f, alc_buf_bytes(&wasm), ALC_TARGET_P1, &err), ALC_BAD_INPUT);
        alc_buf_fini(&wasm);
    }
}

static void declarations_over_what_a_run_is_given_are_refused(void **state)
{
    static const char *const names[] = {"declares_4_gib", "declares_table"};
    struct fixture *f = *state;
    struct alc_err err;

    reopen(f);
    for (size_t i = 0; i < 2; i++) {
        struct alc_buf wasm = read_guest(names[i]);
        assert_int_equal(refused(f, alc_buf_bytes(&wasm), ALC_TARGET_ANY, &err), ALC_LIMIT);
        assert_memory_equal(err.text, "the module declares more than a run is given: ", 46);
        alc_buf_fini(&wasm);
    }
}

static void put_leb(struct alc_buf *b, size_t n)
{
    do {
        uint8_t byte = (uint8_t)((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
        alc_buf_put(b, &byte, 1);
        n >>= 7;
    } while (n > 0);
}

/* a_module has `count` functions () -> () of the same body; the first is _start. */
static struct alc_buf a_module(size_t count, struct alc_bytes body)
{
    static const uint8_t head[] = {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3};
    static const uint8_t exports[] = {7, 10, 1, 6, '_', 's', 't', 'a', 'r', 't', 0, 0, 10};
    static const uint8_t zero = 0;
    struct alc_buf types = ALC_BUF(8u << 20), code = ALC_BUF(8u << 20), b = ALC_BUF(16u << 20);

    put_leb(&types, count);
    put_leb(&code, count);
    for (size_t i = 0; i < count; i++) {
        alc_buf_put(&types, &zero, 1);
        put_leb(&code, body.n);
        alc_buf_put_bytes(&code, body);
    }
    alc_buf_put(&b, head, sizeof head);
    put_leb(&b, types.n);
    alc_buf_put_bytes(&b, alc_buf_bytes(&types));
    alc_buf_put(&b, exports, sizeof exports);
    put_leb(&b, code.n);
    alc_buf_put_bytes(&b, alc_buf_bytes(&code));
    assert_false(b.failed);
    alc_buf_fini(&types);
    alc_buf_fini(&code);
    return b;
}

/* nested is a module whose _start has `depth` blocks in each other. */
static struct alc_buf nested(size_t depth)
{
    static const uint8_t block[] = {0x02, 0x40}, end = 0x0b, no_locals = 0;
    struct alc_buf body = ALC_BUF(8u << 20), b;

    alc_buf_put(&body, &no_locals, 1);
    for (size_t i = 0; i < depth; i++)
        alc_buf_put(&body, block, sizeof block);
    for (size_t i = 0; i <= depth; i++)
        alc_buf_put(&body, &end, 1);
    b = a_module(1, alc_buf_bytes(&body));
    alc_buf_fini(&body);
    return b;
}

static void deep_nesting_compiles(void **state)
{
    static const size_t depths[] = {0, 10, 1000, 60000};
    struct fixture *f = *state;

    reopen(f);
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        struct alc_buf wasm = nested(depths[i]);
        struct alc_module *m = NULL;
        assert_int_equal(compile_bytes(f->e, &m, NULL, alc_buf_bytes(&wasm), ALC_TARGET_P1, NULL),
                         ALC_OK);
        alc_module_release(f->e, m);
        alc_buf_fini(&wasm);
    }
}

/* component puts a module or component into a component, `depth` times. */
static struct alc_buf component(struct alc_bytes module, size_t depth)
{
    static const uint8_t head[] = {0, 'a', 's', 'm', 13, 0, 1, 0};
    struct alc_buf inner = ALC_BUF(8u << 20), b = ALC_BUF(8u << 20);

    alc_buf_put_bytes(&b, module);
    for (size_t i = 0; i < depth; i++) {
        const uint8_t id = i == 0 ? 1 : 4;
        alc_buf_reset(&inner);
        alc_buf_put_bytes(&inner, alc_buf_bytes(&b));
        alc_buf_reset(&b);
        alc_buf_put(&b, head, sizeof head);
        alc_buf_put(&b, &id, 1);
        put_leb(&b, inner.n);
        alc_buf_put_bytes(&b, alc_buf_bytes(&inner));
    }
    assert_false(b.failed);
    alc_buf_fini(&inner);
    return b;
}

static void expect_limit(struct fixture *f, struct alc_buf *wasm, const char *sentence)
{
    struct alc_err err;

    assert_int_equal(refused(f, alc_buf_bytes(wasm), ALC_TARGET_ANY, &err), ALC_LIMIT);
    assert_string_equal(err.text, sentence);
    alc_buf_fini(wasm);
}

/* Also when they are hidden in a component, or in a component in a component. */
static void shapes_that_would_take_long_to_compile_are_refused(void **state)
{
    static const uint8_t nothing[] = {0, 0x0b};
    const struct alc_bytes empty = {nothing, sizeof nothing};
    struct fixture *f = *state;
    struct alc_buf large = nested(65536), many = a_module(65537, empty), small = nested(1), b;

    reopen(f);
    for (size_t depth = 1; depth <= 3; depth++) {
        b = component(alc_buf_bytes(&large), depth);
        expect_limit(f, &b, "a function of the module has 196610 bytes of code, at most 196608");
        b = component(alc_buf_bytes(&many), depth);
        expect_limit(f, &b, "the module has 65537 functions, at most 65536");
    }
    expect_limit(f, &large, "a function of the module has 196610 bytes of code, at most 196608");
    expect_limit(f, &many, "the module has 65537 functions, at most 65536");
    b = component(alc_buf_bytes(&small), 17);
    expect_limit(f, &b, "components are nested more than 16 deep");
    alc_buf_fini(&small);
}

static void a_module_over_the_size_limit_is_refused(void **state)
{
    struct fixture *f = *state;
    struct alc_err err;
    char want[100];

    f->conf.module_max_bytes = f->wasm.n - 1;
    reopen(f);
    snprintf(want, sizeof want, "the module is %zu bytes, at most %zu", f->wasm.n, f->wasm.n - 1);
    assert_int_equal(refused(f, alc_buf_bytes(&f->wasm), ALC_TARGET_ANY, &err), ALC_LIMIT);
    assert_string_equal(err.text, want);
}

/* The caller of a slow compilation goes away with ALC_TIMEOUT; the work is not lost. */
static void a_compilation_that_takes_too_long_is_given_up_by_its_caller_alone(void **state)
{
    struct fixture *f = *state;
    struct alc_buf wasm = nested(50000);
    struct alc_module *m = NULL;
    struct alc_err err = {0};
    enum alc_rc rc;

    f->conf.compile_max_ms = 1;
    reopen(f);
    rc = compile_bytes(f->e, &m, NULL, alc_buf_bytes(&wasm), ALC_TARGET_P1, &err);
    assert_int_equal(rc, ALC_TIMEOUT);
    assert_string_equal(err.text, "the module takes more than 1 ms to compile");
    while (rc == ALC_TIMEOUT) /* each call waits its millisecond */
        rc = compile_bytes(f->e, &m, NULL, alc_buf_bytes(&wasm), ALC_TARGET_P1, &err);
    assert_int_equal(rc, ALC_OK);
    assert_int_equal(stats(f).compiled, 1);
    alc_module_release(f->e, m);
    alc_buf_fini(&wasm);
}

/* Callers that come again and again with slow modules cannot pile up threads. */
static void no_more_than_four_modules_are_compiled_at_once(void **state)
{
    struct fixture *f = *state;
    struct alc_module *m = NULL;
    struct alc_err err = {0};

    f->conf.compile_max_ms = 1;
    reopen(f);
    for (size_t i = 0; i < 5; i++) {
        struct alc_buf wasm = nested(50000 + i);
        assert_int_equal(compile_bytes(f->e, &m, NULL, alc_buf_bytes(&wasm), ALC_TARGET_P1, &err),
                         ALC_TIMEOUT);
        alc_buf_fini(&wasm);
    }
    assert_string_equal(err.text, "too many modules are being compiled");
}

static void the_same_module_is_compiled_once(void **state)
{
    struct fixture *f = *state;
    struct alc_compiled how;

    reopen(f);
    how = compile_probe(f);
    assert_true(how.compile_us > 0 && !how.from_memory && !how.from_disk);
    how = compile_probe(f);
    assert_true(how.compile_us == 0 && how.from_memory && !how.from_disk);
    assert_int_equal(stats(f).compiled, 1);
    assert_int_equal(stats(f).memory_hits, 1);
}

static void what_memory_holds_is_found_without_its_bytes(void **state)
{
    struct fixture *f = *state;
    struct alc_module *m = NULL;
    struct alc_err err = {0};
    struct alc_hash code;

    alc_sha256(&code, alc_buf_bytes(&f->wasm));
    reopen(f);
    assert_int_equal(alc_engine_find(f->e, &m, &code, ALC_TARGET_ANY, &err), ALC_NOT_FOUND);
    compile_probe(f);
    assert_int_equal(alc_engine_find(f->e, &m, &code, ALC_TARGET_P1, &err), ALC_OK);
    assert_int_equal(alc_module_kind(m), ALC_MODULE_P1);
    alc_module_release(f->e, m);
    assert_int_equal(alc_engine_find(f->e, &m, &code, ALC_TARGET_P2, &err), ALC_BAD_INPUT);
    assert_string_equal(err.text, "Not a valid WASI Preview 2 component");
    reopen(f); /* what only the disk holds is not in memory */
    assert_int_equal(alc_engine_find(f->e, &m, &code, ALC_TARGET_ANY, &err), ALC_NOT_FOUND);
}

static void *compile_in_thread(void *arg)
{
    compile_probe(arg);
    return NULL;
}

static void callers_at_once_share_one_compilation(void **state)
{
    struct fixture *f = *state;
    pthread_t threads[4];

    reopen(f);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, compile_in_thread, f), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(stats(f).compiled, 1);
    assert_int_equal(stats(f).memory_hits, 3);
}

static void a_failed_compilation_is_tried_again(void **state)
{
    struct fixture *f = *state;
    struct alc_bytes cut = {f->wasm.p, f->wasm.n - 1};
    struct alc_err err;

    reopen(f);
    assert_int_equal(refused(f, cut, ALC_TARGET_ANY, &err), ALC_BAD_INPUT);
    assert_int_equal(refused(f, cut, ALC_TARGET_ANY, &err), ALC_BAD_INPUT);
    assert_int_equal(stats(f).compiled, 0);
    assert_int_equal(stats(f).memory_bytes, 0);
}

static void the_least_recently_used_module_leaves_memory_first(void **state)
{
    struct fixture *f = *state;
    size_t one;

    f->conf.cache_dir = NULL;
    reopen(f);
    compile_variant(f, 0);
    one = stats(f).memory_bytes;
    assert_true(one > 10000);

    f->conf.compiled_max_bytes = 2 * one + one / 2;
    reopen(f);
    compile_variant(f, 0);
    compile_variant(f, 1);
    assert_true(compile_variant(f, 0).from_memory); /* now 1 is the older one */
    compile_variant(f, 2);
    assert_int_equal(stats(f).memory_evicted, 1);
    assert_true(stats(f).memory_bytes <= f->conf.compiled_max_bytes);
    assert_true(compile_variant(f, 0).from_memory);
    assert_true(compile_variant(f, 2).from_memory);
    assert_false(compile_variant(f, 1).from_memory);
}

static void a_module_in_use_survives_its_eviction(void **state)
{
    struct fixture *f = *state;
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_run run = {.input = ALC_LIT("exit 0"), .limits = test_limits};
    struct alc_module *m = NULL;
    struct alc_run_result r;

    f->conf.compiled_max_bytes = 0; /* nothing stays */
    reopen(f);
    assert_int_equal(compile_bytes(f->e, &m, NULL, alc_buf_bytes(&f->wasm), ALC_TARGET_ANY, NULL),
                     ALC_OK);
    assert_int_equal(stats(f).memory_evicted, 1);
    assert_int_equal(stats(f).memory_bytes, 0);
    assert_int_equal(alc_engine_run(f->e, &r, m, &run, NULL, &arena, NULL), ALC_OK);
    assert_int_equal(r.end, ALC_RUN_OK);
    alc_module_release(f->e, m);
    alc_arena_fini(&arena);
}

/* one_file finds the only artifact in the cache. */
static void one_file(struct fixture *f, char path[512])
{
    struct dirent *entry;
    DIR *d = opendir(f->dir);
    int found = 0;

    assert_non_null(d);
    while ((entry = readdir(d)) != NULL) {
        if (entry->d_name[0] == '.') continue;
        snprintf(path, 512, "%s/%s", f->dir, entry->d_name);
        found++;
    }
    closedir(d);
    assert_int_equal(found, 1);
}

static void disk_keeps_code_across_restarts(void **state)
{
    struct fixture *f = *state;
    struct alc_buf component = read_guest("probe.p2");
    struct alc_compiled how;

    reopen(f);
    compile_probe(f);
    compile_once(f, alc_buf_bytes(&component));
    reopen(f);
    how = compile_probe(f);
    assert_true(how.from_disk && how.compile_us == 0);
    how = compile_once(f, alc_buf_bytes(&component));
    assert_true(how.from_disk && how.kind == ALC_MODULE_P2);
    assert_true(compile_probe(f).from_memory);
    assert_int_equal(stats(f).compiled, 0);
    assert_int_equal(stats(f).disk_hits, 2);
    assert_int_equal(stats(f).disk_refused, 0);
    alc_buf_fini(&component);
}

static void artifacts_are_for_their_owner_alone(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    char path[512];

    reopen(f);
    compile_probe(f);
    reopen(f); /* closing waits until the file is written */
    one_file(f, path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void path_of(struct fixture *f, struct alc_bytes wasm, char path[512])
{
    struct alc_hash code;
    char hex[65];

    alc_sha256(&code, wasm);
    for (size_t i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", code.b[i]);
    snprintf(path, 512, "%s/%s.code", f->dir, hex);
}

static void flip(const char *path, long at)
{
    FILE *file = fopen(path, "r+b");
    int c;

    assert_non_null(file);
    assert_int_equal(fseek(file, at, at < 0 ? SEEK_END : SEEK_SET), 0);
    c = fgetc(file);
    assert_int_not_equal(c, EOF);
    fseek(file, -1, SEEK_CUR);
    fputc(c ^ 1, file);
    fclose(file);
}

static void expect_refused(struct fixture *f)
{
    struct alc_compiled how;

    reopen(f);
    how = compile_probe(f);
    assert_false(how.from_disk);
    assert_true(how.compile_us > 0);
    assert_int_equal(stats(f).disk_refused, 1);
    assert_int_equal(stats(f).compiled, 1);
    reopen(f); /* the new artifact took its place */
    assert_true(compile_probe(f).from_disk);
}

static void a_changed_artifact_is_never_loaded(void **state)
{
    /* MAC, tag, engine id, build, code hash, kind, zero, artifact: its first, a middle and its last
     * byte */
    static const long at[] = {0, 31, 32, 40, 71, 72, 103, 104, 135, 136, 137, 143, 144, 20000, -1};
    struct fixture *f = *state;
    char path[512];

    reopen(f);
    compile_probe(f);
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        reopen(f);
        one_file(f, path);
        flip(path, at[i]);
        expect_refused(f);
    }
}

static void a_shortened_or_lengthened_artifact_is_never_loaded(void **state)
{
    static const long sizes[] = {0, 31, 143, 144, 20000, -1, 1};
    struct fixture *f = *state;
    struct stat st;
    char path[512];

    reopen(f);
    compile_probe(f);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        reopen(f);
        one_file(f, path);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(
            truncate(path, sizes[i] < 2 && sizes[i] != 0 ? st.st_size + sizes[i] : sizes[i]), 0);
        expect_refused(f);
    }
}

static void an_artifact_under_another_key_is_never_loaded(void **state)
{
    struct fixture *f = *state;

    reopen(f);
    compile_probe(f);
    f->conf.cache_key = (struct alc_bytes){other_key, sizeof other_key};
    expect_refused(f);
}

static void an_artifact_of_another_module_is_never_loaded(void **state)
{
    struct fixture *f = *state;
    struct alc_buf other = variant(f, 1);
    char first[512], second[512];

    reopen(f);
    compile_probe(f);
    reopen(f);
    one_file(f, first);
    snprintf(second, sizeof second, "%s/put-by", f->dir);
    assert_int_equal(rename(first, second), 0);
    compile_once(f, alc_buf_bytes(&other));
    alc_engine_close(f->e);
    f->e = NULL;
    /* the genuine artifact of the variant, under the probe's name */
    path_of(f, alc_buf_bytes(&other), second);
    assert_int_equal(rename(second, first), 0);
    expect_refused(f);
    alc_buf_fini(&other);
}

static void what_is_no_file_is_never_read(void **state)
{
    struct fixture *f = *state;
    char path[512];

    reopen(f);
    compile_probe(f);
    reopen(f);
    one_file(f, path);
    unlink(path);
    assert_int_equal(symlink("/dev/zero", path), 0);
    expect_refused(f);
}

/* used_at sets when the artifact of a variant was last used. */
static void used_at(struct fixture *f, uint8_t which, time_t when)
{
    const struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};
    struct alc_buf b = variant(f, which);
    char path[512];

    path_of(f, alc_buf_bytes(&b), path);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    alc_buf_fini(&b);
}

static void the_folder_keeps_to_its_size(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    char path[512];

    f->conf.compiled_max_bytes = 0;
    reopen(f);
    compile_variant(f, 0);
    reopen(f);
    one_file(f, path);
    assert_int_equal(stat(path, &st), 0);

    f->conf.cache_max_bytes = (size_t)st.st_size * 5 / 2;
    reopen(f);
    compile_variant(f, 1);
    reopen(f);
    used_at(f, 0, 1000);
    used_at(f, 1, 2000);
    assert_true(compile_variant(f, 0).from_disk); /* now 1 is the older one */
    compile_variant(f, 2);
    reopen(f);
    assert_true(compile_variant(f, 0).from_disk);
    assert_true(compile_variant(f, 2).from_disk);
    assert_false(compile_variant(f, 1).from_disk);
}

static void settings_that_make_no_sense_are_named(void **state)
{
    struct alc_engine_conf conf = test_conf;
    struct alc_engine *e = NULL;
    struct alc_err err;

    (void)state;
    conf.slots = 0;
    assert_int_equal(alc_engine_open(&e, &conf, &err), ALC_BAD_INPUT);
    assert_non_null(strstr(err.text, "slots"));
    conf = test_conf;
    conf.max_memory_mb = 5000;
    assert_int_equal(alc_engine_open(&e, &conf, &err), ALC_BAD_INPUT);
    assert_non_null(strstr(err.text, "memory"));
    conf = test_conf;
    conf.cache_dir = "/tmp";
    conf.cache_key = (struct alc_bytes){key, 31};
    assert_int_equal(alc_engine_open(&e, &conf, &err), ALC_BAD_INPUT);
    assert_non_null(strstr(err.text, "cache key"));
    conf.cache_key = (struct alc_bytes){key, 32};
    conf.cache_dir = "/proc/no/such/folder";
    assert_int_equal(alc_engine_open(&e, &conf, &err), ALC_IO);
    assert_non_null(strstr(err.text, "/proc/no/such/folder"));
    assert_null(e);
}

/* The text names the versions that Cargo.toml pins. */
static void the_engine_says_what_it_is(void **state)
{
    static const char *const pins[] = {"wasmtime = { version = \"=",
                                       "wasmtime-wasi = { version = \"="};
    struct fixture *f = *state;
    struct alc_hash id, want;
    char line[512], said[64];
    unsigned found = 0;
    FILE *cargo;

    reopen(f);
    alc_engine_id(f->e, &id);
    alc_sha256(&want, alc_cstr(alc_engine_text(f->e)));
    assert_true(alc_hash_eq(&id, &want));
    cargo = fopen(ALC_SOURCE_DIR "/src/engine/wasmtime/Cargo.toml", "r");
    assert_non_null(cargo);
    while (fgets(line, sizeof line, cargo) != NULL) {
        for (size_t i = 0; i < 2; i++) {
            const char *version = line + strlen(pins[i]);
            if (strncmp(line, pins[i], strlen(pins[i])) != 0) continue;
            snprintf(said, sizeof said, "; %.*s %.*s;", (int)strcspn(pins[i], " "), pins[i],
                     (int)strcspn(version, "\""), version);
            assert_non_null(strstr(alc_engine_text(f->e), said));
            found++;
        }
    }
    fclose(cargo);
    assert_int_equal(found, 2);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(bytes_that_are_no_module_are_refused),
        T(a_stated_target_is_not_second_guessed),
        T(a_module_cut_anywhere_is_refused),
        T(proposals_that_are_off_are_refused),
        T(declarations_over_what_a_run_is_given_are_refused),
        T(deep_nesting_compiles),
        T(shapes_that_would_take_long_to_compile_are_refused),
        T(a_module_over_the_size_limit_is_refused),
        T(a_compilation_that_takes_too_long_is_given_up_by_its_caller_alone),
        T(no_more_than_four_modules_are_compiled_at_once),
        T(the_same_module_is_compiled_once),
        T(what_memory_holds_is_found_without_its_bytes),
        T(callers_at_once_share_one_compilation),
        T(a_failed_compilation_is_tried_again),
        T(the_least_recently_used_module_leaves_memory_first),
        T(a_module_in_use_survives_its_eviction),
        T(disk_keeps_code_across_restarts),
        T(artifacts_are_for_their_owner_alone),
        T(a_changed_artifact_is_never_loaded),
        T(a_shortened_or_lengthened_artifact_is_never_loaded),
        T(an_artifact_under_another_key_is_never_loaded),
        T(an_artifact_of_another_module_is_never_loaded),
        T(what_is_no_file_is_never_read),
        T(the_folder_keeps_to_its_size),
        T(settings_that_make_no_sense_are_named),
        T(the_engine_says_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
