/* tests/unit/engine/test_run.c — each way a run can end, for both kinds of guest. */
#include "fixture.h"

#include "verify/verify.h"

#include <pthread.h>

struct fixture {
    struct alc_engine *engine;
    struct alc_module *probe[2]; /* Preview 1, Preview 2 */
    struct alc_arena arena;
    struct alc_run_result r;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    f->engine = open_engine(&test_conf);
    f->probe[0] = load(f->engine, "probe");
    f->probe[1] = load(f->engine, "probe.p2");
    f->arena = ALC_ARENA(64u << 20);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    alc_arena_fini(&f->arena);
    alc_module_release(f->engine, f->probe[0]);
    alc_module_release(f->engine, f->probe[1]);
    alc_engine_close(f->engine);
    free(f);
    return 0;
}

static int between(void **state)
{
    struct fixture *f = *state;

    alc_arena_fini(&f->arena);
    f->r = (struct alc_run_result){0};
    return 0;
}

static void run_as(struct fixture *f, struct alc_module *m, const struct alc_run *run,
                   const struct alc_host *host)
{
    struct alc_err err = {0};

    engine_signals_restore();
    if (alc_engine_run(f->engine, &f->r, m, run, host, &f->arena, &err) != ALC_OK)
        fail_msg("%s", err.text);
}

/* tell runs the probe of preview p with the words. */
static void tell(struct fixture *f, int p, const char *words)
{
    run_as(f, f->probe[p - 1], &(struct alc_run){.input = alc_cstr(words), .limits = test_limits},
           NULL);
}

static void run_named(struct fixture *f, const char *name)
{
    struct alc_module *m = load(f->engine, name);

    run_as(f, m, &(struct alc_run){.limits = test_limits}, NULL);
    alc_module_release(f->engine, m);
}

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

#define assert_output(f, text) assert_true(alc_bytes_is((f)->r.output, text))

static void outcomes_have_the_numbers_of_the_statement(void **state)
{
    (void)state;
    assert_int_equal(ALC_RUN_OK, ALC_OUTCOME_OK);
    assert_int_equal(ALC_RUN_EXIT, ALC_OUTCOME_EXIT);
    assert_int_equal(ALC_RUN_TRAP, ALC_OUTCOME_TRAP);
    assert_int_equal(ALC_RUN_INSTRUCTIONS, ALC_OUTCOME_INSTRUCTIONS);
    assert_int_equal(ALC_RUN_TIME, ALC_OUTCOME_TIME);
    assert_int_equal(ALC_RUN_MEMORY, ALC_OUTCOME_MEMORY);
    assert_int_equal(ALC_RUN_OUTPUT, ALC_OUTCOME_OUTPUT);
    assert_int_equal(ALC_RUN_MODULE, ALC_OUTCOME_MODULE);
    assert_int_equal(ALC_RUN_HOST, ALC_OUTCOME_HOST);
    assert_int_equal(ALC_RUN_CANCELLED, ALC_OUTCOME_CANCELLED);
}

static void echo_gives_its_input_back(void **state)
{
    static const char *const names[] = {"echo", "echo.p2"};
    struct fixture *f = *state;
    static uint8_t input[300000];

    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (uint8_t)(i * 31 >> 3);
    for (size_t k = 0; k < 2; k++) {
        struct alc_module *m = load(f->engine, names[k]);
        const size_t sizes[] = {0, 1, 9999, 10000, sizeof input};
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            struct alc_bytes in = {input, sizes[i]};
            run_as(f, m, &(struct alc_run){.input = in, .limits = test_limits}, NULL);
            assert_int_equal(f->r.end, ALC_RUN_OK);
            assert_true(alc_bytes_eq(f->r.output, in));
            assert_int_equal(f->r.errors.n, 0);
            assert_string_equal(f->r.text, "");
            assert_true(f->r.instructions > 0);
            assert_true(f->r.memory_peak_bytes >= 65536);
        }
        alc_module_release(f->engine, m);
    }
}

static void exit_status_zero_is_success(void **state)
{
    struct fixture *f = *state;

    for (int p = 1; p <= 2; p++) {
        tell(f, p, "exit 0");
        assert_int_equal(f->r.end, ALC_RUN_OK);
        assert_string_equal(f->r.text, "");
    }
}

static void another_exit_status_is_a_failure_with_its_code(void **state)
{
    struct fixture *f = *state;

    tell(f, 1, "exit 3");
    assert_int_equal(f->r.end, ALC_RUN_EXIT);
    assert_int_equal(f->r.exit_code, 3);
    assert_string_equal(f->r.text,
                        "WASM program exited with error status. This usually means invalid "
                        "input_data or panic in code. Input received: exit 3. Original error: "
                        "Exited with i32 exit status 3");
    tell(f, 2, "exit 3"); /* the interface carries only ok or err */
    assert_int_equal(f->r.end, ALC_RUN_EXIT);
    assert_int_equal(f->r.exit_code, 1);
    assert_true(starts(f->r.text, "Component execution failed: Exited with i32 exit status 1"));
}

static void stderr_is_the_error_of_a_failed_run(void **state)
{
    struct fixture *f = *state;

    tell(f, 1, "complain bad \xff input");
    assert_int_equal(f->r.end, ALC_RUN_EXIT);
    assert_string_equal(f->r.text, "bad \xef\xbf\xbd input");
    assert_true(alc_bytes_is(f->r.errors, "bad \xff input"));
    tell(f, 2, "complain bad");
    assert_int_equal(f->r.end, ALC_RUN_EXIT);
    assert_true(starts(f->r.text, "bad"));
}

static void a_long_input_is_cut_in_the_error(void **state)
{
    struct fixture *f = *state;
    char words[301] = "exit 3 ", want[400];

    memset(words + 7, 'a', 293);
    tell(f, 1, words);
    snprintf(want, sizeof want, "Input received: %.200s.... Original error", words);
    assert_non_null(strstr(f->r.text, want));
}

static void a_trap_names_its_cause_first(void **state)
{
    struct fixture *f = *state;

    tell(f, 1, "trap");
    assert_int_equal(f->r.end, ALC_RUN_TRAP);
    assert_true(starts(f->r.text,
                       "WASM execution failed: wasm trap: wasm `unreachable` "
                       "instruction executed\nerror while executing at wasm backtrace:"));
    tell(f, 2, "trap");
    assert_int_equal(f->r.end, ALC_RUN_TRAP);
    assert_true(starts(f->r.text, "Component execution failed: wasm trap: wasm `unreachable`"));
    tell(f, 2, "trap oh no");
    assert_true(starts(f->r.text, "oh no\nTrap: wasm trap: wasm `unreachable`"));
}

static void bad_memory_access_and_recursion_are_traps(void **state)
{
    struct fixture *f = *state;

    run_named(f, "out_of_bounds");
    assert_int_equal(f->r.end, ALC_RUN_TRAP);
    assert_non_null(strstr(f->r.text, "out of bounds memory access"));
    run_named(f, "recursion");
    assert_int_equal(f->r.end, ALC_RUN_TRAP);
    assert_non_null(strstr(f->r.text, "call stack exhausted"));
}

static void an_endless_loop_runs_out_of_instructions(void **state)
{
    struct fixture *f = *state;
    struct alc_run run = {.input = ALC_LIT("spin"), .limits = test_limits};

    run.limits.max_instructions = 5000000;
    for (int p = 0; p < 2; p++) {
        run_as(f, f->probe[p], &run, NULL);
        assert_int_equal(f->r.end, ALC_RUN_INSTRUCTIONS);
        assert_int_equal(f->r.instructions, 5000000);
        assert_non_null(strstr(f->r.text, "all fuel consumed by WebAssembly"));
    }
}

static void the_start_section_is_limited_too(void **state)
{
    struct fixture *f = *state;

    run_named(f, "start_section_loops");
    assert_int_equal(f->r.end, ALC_RUN_INSTRUCTIONS);
    assert_int_equal(f->r.instructions, test_limits.max_instructions);
}

/* The limit is exact: what a run used is enough for it, one less is not. */
static void the_instruction_limit_is_exact(void **state)
{
    static const char *const words[] = {"work 1000", "exit 0", "env", "nan"};
    struct fixture *f = *state;

    for (int p = 0; p < 2; p++) {
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            struct alc_run run = {.input = alc_cstr(words[i]), .limits = test_limits};
            run_as(f, f->probe[p], &run, NULL);
            assert_int_equal(f->r.end, ALC_RUN_OK);
            run.limits.max_instructions = f->r.instructions;
            run_as(f, f->probe[p], &run, NULL);
            assert_int_equal(f->r.end, ALC_RUN_OK);
            assert_int_equal(f->r.instructions, run.limits.max_instructions);
            run.limits.max_instructions--;
            run_as(f, f->probe[p], &run, NULL);
            assert_int_equal(f->r.end, ALC_RUN_INSTRUCTIONS);
            assert_int_equal(f->r.instructions, run.limits.max_instructions);
        }
    }
}

static void equal_runs_use_equal_instructions(void **state)
{
    struct fixture *f = *state;
    uint64_t first;

    for (int p = 1; p <= 2; p++) {
        tell(f, p, "work 12345");
        first = f->r.instructions;
        for (int i = 0; i < 20; i++) {
            tell(f, p, "work 12345");
            assert_int_equal(f->r.instructions, first);
        }
        tell(f, p, "work 20000");
        assert_true(f->r.instructions > first);
    }
}

static void every_nan_has_the_same_bits(void **state)
{
    struct fixture *f = *state;

    for (int p = 1; p <= 2; p++) {
        tell(f, p, "nan");
        assert_int_equal(f->r.end, ALC_RUN_OK);
        assert_output(f, "7ff8000000000000 7ff8000000000000 7ff8000000000000 7ff8000000000000 "
                         "7fc00000\n");
    }
}

static void expect_time(struct fixture *f, uint64_t max_instructions, uint32_t ms)
{
    assert_int_equal(f->r.end, ALC_RUN_TIME);
    assert_int_equal(f->r.instructions, max_instructions);
    assert_true(f->r.time_us >= ms * 1000u);
    assert_true(f->r.time_us < ms * 1000u + 400000u); /* some 15 ms on an idle machine */
    assert_true(starts(f->r.text, "WASM execution timed out after 0.120 seconds (penalty). "));
}

static void the_clock_ends_a_run_that_computes(void **state)
{
    struct fixture *f = *state;
    struct alc_run run = {.input = ALC_LIT("spin"), .limits = test_limits};

    run.limits.max_ms = 120;
    run.limits.max_instructions = (uint64_t)1 << 50;
    for (int p = 0; p < 2; p++) {
        run_as(f, f->probe[p], &run, NULL);
        expect_time(f, run.limits.max_instructions, 120);
    }
}

static void the_clock_ends_a_run_that_waits_in_a_host_call(void **state)
{
    static const char *const names[] = {"sleeps_an_hour", "yields_forever"};
    struct fixture *f = *state;
    struct alc_run run = {.input = ALC_LIT("sleep"), .limits = test_limits};

    run.limits.max_ms = 120;
    run.limits.max_instructions = (uint64_t)1 << 50;
    for (int p = 0; p < 2; p++) {
        run_as(f, f->probe[p], &run, NULL);
        expect_time(f, run.limits.max_instructions, 120);
        assert_output(f, "asleep\n"); /* what it wrote before is kept */
    }
    for (size_t i = 0; i < 2; i++) {
        struct alc_module *m = load(f->engine, names[i]);
        run_as(f, m, &run, NULL);
        expect_time(f, run.limits.max_instructions, 120);
        alc_module_release(f->engine, m);
    }
}

static void one_call_draws_a_mebibyte_of_randomness_at_most(void **state)
{
    struct fixture *f = *state;

    run_named(f, "draws_randomness"); /* nothing could end it before it has all of them */
    assert_int_equal(f->r.end, ALC_RUN_TRAP);
    assert_non_null(strstr(f->r.text, "exceeds limit 1048576"));
}

static void whole_seconds_are_told_as_the_reference_does(void **state)
{
    struct fixture *f = *state;
    struct alc_run run = {.input = ALC_LIT("spin"), .limits = test_limits};

    run.limits.max_ms = 1000;
    run.limits.max_instructions = 1000000000000;
    run_as(f, f->probe[0], &run, NULL);
    assert_string_equal(f->r.text,
                        "WASM execution timed out after 1 seconds (penalty). Full execution cost "
                        "is charged with no refund (consumed 1000000000000 instructions)");
}

static uint64_t cancel_when_asked(void *ctx)
{
    *(volatile bool *)ctx = true;
    return 1;
}

static void a_flag_cancels_a_run(void **state)
{
    static const char *const words[] = {"clock-spin", "clock-sleep"};
    struct fixture *f = *state;
    volatile bool cancel;
    const struct alc_host host = {.ctx = (void *)(uintptr_t)&cancel, .wall_ns = cancel_when_asked};

    for (int p = 0; p < 2; p++) {
        for (size_t i = 0; i < 2; i++) {
            struct alc_run run = {
                .input = alc_cstr(words[i]), .limits = test_limits, .cancel = &cancel};
            run.limits.max_instructions = (uint64_t)1 << 50;
            cancel = false;
            run_as(f, f->probe[p], &run, &host);
            assert_int_equal(f->r.end, ALC_RUN_CANCELLED);
            assert_string_equal(f->r.text, "The run was cancelled");
            assert_true(f->r.time_us < 2000000u);
        }
    }
}

static void memory_over_the_limit_is_refused_to_the_guest(void **state)
{
    struct alc_run all = {.input = ALC_LIT("eat"), .limits = test_limits};
    struct fixture *f = *state;

    all.limits.max_memory_mb = test_conf.max_memory_mb;

    for (int p = 1; p <= 2; p++) {
        tell(f, p, "cope 32");
        assert_int_equal(f->r.end, ALC_RUN_OK);
        assert_output(f, "given\n");
        tell(f, p, "cope 65");
        assert_int_equal(f->r.end, ALC_RUN_OK); /* a guest may live with it */
        assert_output(f, "refused\n");
        assert_true(f->r.memory_peak_bytes <= 64u << 20);
        tell(f, p, "eat");
        assert_int_equal(f->r.end, ALC_RUN_MEMORY);
        assert_true(starts(f->r.text, "Out of memory: the guest asked for more than 64 MB and "
                                      "failed when it was refused. "));
        assert_true(f->r.memory_peak_bytes > 60u << 20 && f->r.memory_peak_bytes <= 64u << 20);
    }
    run_as(f, f->probe[0], &all, NULL); /* also when the limit is the operator's own */
    assert_int_equal(f->r.end, ALC_RUN_MEMORY);
    assert_true(f->r.memory_peak_bytes > 250u << 20);
    run_named(f, "grow_4gib");
    assert_int_equal(f->r.end, ALC_RUN_MEMORY);
    assert_true(f->r.memory_peak_bytes <= 64u << 20);
}

static void a_module_that_declares_more_memory_than_the_run_has_does_not_start(void **state)
{
    struct fixture *f = *state;
    struct alc_module *m = load(f->engine, "declares_64_mb");
    struct alc_run run = {.limits = test_limits};

    run_as(f, m, &run, NULL);
    assert_int_equal(f->r.end, ALC_RUN_OK);
    run.limits.max_memory_mb = 63;
    run_as(f, m, &run, NULL);
    assert_int_equal(f->r.end, ALC_RUN_MEMORY);
    assert_int_equal(f->r.instructions, 0);
    assert_string_equal(f->r.text,
                        "Out of memory: the guest asked for more than 63 MB and could not start");
    alc_module_release(f->engine, m);
}

static void a_maximum_of_its_own_is_not_our_memory_limit(void **state)
{
    struct fixture *f = *state;

    run_named(f, "own_maximum");
    assert_int_equal(f->r.end, ALC_RUN_TRAP);
}

static void a_table_stops_growing(void **state)
{
    struct fixture *f = *state;

    run_named(f, "grow_table");
    assert_int_equal(f->r.end, ALC_RUN_OK);
}

static void output_over_its_cap_ends_the_run(void **state)
{
    struct fixture *f = *state;
    struct alc_run run = {.limits = test_limits};

    for (int p = 0; p < 2; p++) {
        run.limits.max_output_bytes = 100000;
        run.input = ALC_LIT("flood 100000");
        run_as(f, f->probe[p], &run, NULL);
        assert_int_equal(f->r.end, ALC_RUN_OK);
        assert_int_equal(f->r.output.n, 100000);
        run.input = ALC_LIT("flood 100001");
        run_as(f, f->probe[p], &run, NULL);
        assert_int_equal(f->r.end, ALC_RUN_OUTPUT);
        assert_int_equal(f->r.output.n, 100000);
        assert_string_equal(f->r.text, "The output is over 100000 bytes");
        run.input = ALC_LIT("flood 1073741824");
        run_as(f, f->probe[p], &run, NULL);
        assert_int_equal(f->r.end, ALC_RUN_OUTPUT);
        assert_int_equal(f->r.output.n, 100000);
    }
}

static void stderr_over_its_cap_is_dropped(void **state)
{
    struct fixture *f = *state;

    for (int p = 1; p <= 2; p++) {
        tell(f, p, "grumble 1200000");
        assert_int_equal(f->r.end, ALC_RUN_OK);
        assert_output(f, "done\n");
        assert_int_equal(f->r.errors.n, ALC_ENGINE_STDERR_MAX_BYTES);
    }
}

static void what_does_not_link_is_refused_before_it_runs(void **state)
{
    static const char *const names[] = {"unknown_import", "mistyped_import"};
    struct fixture *f = *state;

    for (size_t i = 0; i < 2; i++) {
        run_named(f, names[i]);
        assert_int_equal(f->r.end, ALC_RUN_MODULE);
        assert_string_equal(f->r.text, "Failed to instantiate WASI P1 module");
        assert_int_equal(f->r.instructions, 0);
    }
    assert_non_null(strstr(f->r.detail, "proc_exit"));
}

static void a_module_without_entry_is_told_what_to_do(void **state)
{
    static const char *const names[] = {"no_start", "start_takes_argument"};
    struct fixture *f = *state;

    for (size_t i = 0; i < 2; i++) {
        run_named(f, names[i]);
        assert_int_equal(f->r.end, ALC_RUN_MODULE);
        assert_string_equal(f->r.text,
                            "Failed to find _start function. Make sure you're using [[bin]] "
                            "format with fn main(), not [lib] with cdylib");
    }
}

static void rename_all(struct alc_buf *b, const char *from, const char *to)
{
    uint8_t *at = b->p;

    while ((at = memmem(at, b->n - (size_t)(at - b->p), from, strlen(from))) != NULL)
        memcpy(at, to, strlen(to));
}

static void run_renamed(struct fixture *f, const char *from, const char *to)
{
    struct alc_buf wasm = read_guest("probe.p2");
    struct alc_module *m = NULL;
    struct alc_err err = {0};

    rename_all(&wasm, from, to);
    if (compile_bytes(f->engine, &m, NULL, alc_buf_bytes(&wasm), ALC_TARGET_P2, &err) != ALC_OK)
        fail_msg("%s", err.text);
    run_as(f, m, &(struct alc_run){.input = ALC_LIT("exit 0"), .limits = test_limits}, NULL);
    alc_module_release(f->engine, m);
    alc_buf_fini(&wasm);
}

static void any_patch_version_of_wasi_0_2_links(void **state)
{
    struct fixture *f = *state;

    run_renamed(f, "@0.2.0", "@0.2.6");
    assert_int_equal(f->r.end, ALC_RUN_OK);
    run_renamed(f, "@0.2.0", "@0.2.9");
    assert_int_equal(f->r.end, ALC_RUN_OK);
    run_renamed(f, "@0.2.0", "@0.9.0"); /* another track */
    assert_int_equal(f->r.end, ALC_RUN_MODULE);
    assert_string_equal(f->r.text, "Failed to instantiate component");
    run_renamed(f, "wasi:cli/stdout", "near:cli/stdout"); /* nobody's interface */
    assert_int_equal(f->r.end, ALC_RUN_MODULE);
}

static void environment_and_arguments_arrive(void **state)
{
    static const struct alc_env_var env[] = {{"NEAR_NETWORK_ID", "testnet"}, {"EMPTY", ""}};
    static const char *const args[] = {"one", "two words"};
    struct fixture *f = *state;

    for (int p = 0; p < 2; p++) {
        run_as(f, f->probe[p],
               &(struct alc_run){
                   .input = ALC_LIT("env"), .env = env, .env_count = 2, .limits = test_limits},
               NULL);
        assert_output(f, "NEAR_NETWORK_ID=testnet\nEMPTY=\n");
        tell(f, p + 1, "env"); /* and nothing of the host's */
        assert_output(f, "");
        run_as(f, f->probe[p],
               &(struct alc_run){.args = args, .args_count = 2, .limits = test_limits}, NULL);
        assert_output(f, "one\ntwo words\n");
    }
}

static uint64_t fixed_wall(void *ctx)
{
    (void)ctx;
    return 1700000000123456789u;
}

static uint64_t fixed_mono(void *ctx)
{
    (void)ctx;
    return 42000000007u;
}

static void fixed_random(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    memset(out, 0xab, n);
}

static void clocks_and_randomness_are_the_host_tables(void **state)
{
    const struct alc_host host = {
        .wall_ns = fixed_wall, .mono_ns = fixed_mono, .random = fixed_random};
    struct fixture *f = *state;
    char before[17];

    for (int p = 0; p < 2; p++) {
        struct alc_run run = {.input = ALC_LIT("times"), .limits = test_limits};
        run_as(f, f->probe[p], &run, &host);
        assert_output(f, "1700000000.123456789 42.000000007\n");
        run.input = ALC_LIT("random");
        run_as(f, f->probe[p], &run, &host);
        assert_output(f, "abababababababab");
        tell(f, p + 1, "random");
        assert_int_equal(f->r.output.n, 16);
        memcpy(before, f->r.output.p, 16);
        tell(f, p + 1, "random");
        assert_memory_not_equal(before, f->r.output.p, 16);
    }
}

static void nothing_of_the_file_system_is_open(void **state)
{
    struct fixture *f = *state;

    for (int p = 1; p <= 2; p++) {
        tell(f, p, "files /etc/passwd");
        assert_output(f, "closed\n");
        tell(f, p, "files .");
        assert_output(f, "closed\n");
    }
}

static void limits_over_the_operators_are_refused(void **state)
{
    struct fixture *f = *state;
    struct alc_run run = {.limits = test_limits};
    struct alc_err err = {0};

    run.limits.max_memory_mb = test_conf.max_memory_mb + 1;
    assert_int_equal(alc_engine_run(f->engine, &f->r, f->probe[0], &run, NULL, &f->arena, &err),
                     ALC_LIMIT);
    assert_string_equal(err.text, "the run asks for 257 MB of memory, this host gives 256");
}

static void an_arena_too_small_for_the_output_is_said(void **state)
{
    struct fixture *f = *state;
    struct alc_arena small = ALC_ARENA(1000);
    struct alc_run run = {.input = ALC_LIT("flood 5000"), .limits = test_limits};

    assert_int_equal(alc_engine_run(f->engine, &f->r, f->probe[0], &run, NULL, &small, NULL),
                     ALC_NOMEM);
    alc_arena_fini(&small);
}

struct crowd {
    struct fixture *f;
    int seed;
    enum alc_rc rc;
    bool same;
};

static void *many_runs(void *arg)
{
    struct crowd *c = arg;
    char words[32], first[64] = "", out[64];
    uint64_t instructions = 0;

    c->same = true;
    snprintf(words, sizeof words, "work %d", 1000 + c->seed);
    for (int i = 0; i < 200 && c->rc == ALC_OK; i++) {
        struct alc_arena arena = ALC_ARENA(1u << 20);
        struct alc_run run = {.input = alc_cstr(words), .limits = test_limits};
        struct alc_run_result r;
        c->rc = alc_engine_run(c->f->engine, &r, c->f->probe[i % 2], &run, NULL, &arena, NULL);
        if (c->rc == ALC_OK) {
            snprintf(out, sizeof out, "%.*s", (int)r.output.n, (const char *)r.output.p);
            if (i == 0) memcpy(first, out, sizeof first);
            if (i < 2) instructions += r.instructions;
            if (i >= 2 && i % 2 == 1) c->same &= r.instructions < instructions;
            c->same &= r.end == ALC_RUN_OK && strcmp(first, out) == 0;
        }
        alc_arena_fini(&arena);
    }
    return NULL;
}

static void threads_run_guests_side_by_side(void **state)
{
    struct fixture *f = *state;
    struct crowd crowd[4];
    pthread_t threads[4];

    for (int i = 0; i < 4; i++) {
        crowd[i] = (struct crowd){.f = f, .seed = i};
        assert_int_equal(pthread_create(&threads[i], NULL, many_runs, &crowd[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(crowd[i].rc, ALC_OK);
        assert_true(crowd[i].same);
    }
}

/* A host call of the outer run tries an inner one: the only slot is taken. */
struct nested {
    struct alc_engine *e;
    struct alc_module *m;
    enum alc_rc rc;
};

static uint64_t run_inside(void *ctx)
{
    struct nested *n = ctx;
    struct alc_arena arena = ALC_ARENA(1u << 20);
    struct alc_run run = {.input = ALC_LIT("exit 0"), .limits = test_limits};
    struct alc_run_result r;

    n->rc = alc_engine_run(n->e, &r, n->m, &run, NULL, &arena, NULL);
    alc_arena_fini(&arena);
    return 0;
}

static void more_guests_than_slots_are_told_to_come_again(void **state)
{
    struct alc_engine_conf conf = test_conf;
    struct nested n = {0};
    const struct alc_host host = {.ctx = &n, .wall_ns = run_inside};
    struct fixture *f = *state;
    struct alc_run run = {.input = ALC_LIT("times"), .limits = test_limits};

    conf.slots = 1;
    n.e = open_engine(&conf);
    n.m = load(n.e, "probe");
    n.rc = ALC_OK;
    assert_int_equal(alc_engine_run(n.e, &f->r, n.m, &run, &host, &f->arena, NULL), ALC_OK);
    assert_int_equal(f->r.end, ALC_RUN_OK);
    assert_int_equal(n.rc, ALC_BUSY);
    alc_module_release(n.e, n.m);
    alc_engine_close(n.e);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, between)
    const struct CMUnitTest tests[] = {
        T(outcomes_have_the_numbers_of_the_statement),
        T(echo_gives_its_input_back),
        T(exit_status_zero_is_success),
        T(another_exit_status_is_a_failure_with_its_code),
        T(stderr_is_the_error_of_a_failed_run),
        T(a_long_input_is_cut_in_the_error),
        T(a_trap_names_its_cause_first),
        T(bad_memory_access_and_recursion_are_traps),
        T(an_endless_loop_runs_out_of_instructions),
        T(the_start_section_is_limited_too),
        T(the_instruction_limit_is_exact),
        T(equal_runs_use_equal_instructions),
        T(every_nan_has_the_same_bits),
        T(the_clock_ends_a_run_that_computes),
        T(the_clock_ends_a_run_that_waits_in_a_host_call),
        T(one_call_draws_a_mebibyte_of_randomness_at_most),
        T(whole_seconds_are_told_as_the_reference_does),
        T(a_flag_cancels_a_run),
        T(memory_over_the_limit_is_refused_to_the_guest),
        T(a_module_that_declares_more_memory_than_the_run_has_does_not_start),
        T(a_maximum_of_its_own_is_not_our_memory_limit),
        T(a_table_stops_growing),
        T(output_over_its_cap_ends_the_run),
        T(stderr_over_its_cap_is_dropped),
        T(what_does_not_link_is_refused_before_it_runs),
        T(a_module_without_entry_is_told_what_to_do),
        T(any_patch_version_of_wasi_0_2_links),
        T(environment_and_arguments_arrive),
        T(clocks_and_randomness_are_the_host_tables),
        T(nothing_of_the_file_system_is_open),
        T(limits_over_the_operators_are_refused),
        T(an_arena_too_small_for_the_output_is_said),
        T(threads_run_guests_side_by_side),
        T(more_guests_than_slots_are_told_to_come_again),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
