/* alcove run: a guest here, no chain.  What it prints goes to standard output, what is to be said
 * about the run to standard error; --json says all of it in one object on standard output. */
#include "cli/cli.h"
#include "cli/settings.h"

#include "base/buf.h"
#include "base/conf.h"
#include "base/enc.h"
#include "base/json.h"
#include "crypto/crypto.h"
#include "engine/engine.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define INPUT_MAX_BYTES ((size_t)256 << 20)
#define MIB ((size_t)1 << 20)

struct settings {
    const char *input, *input_file;
    const char *const *env, *const *args;
    uint64_t max_instructions;
    uint32_t max_memory_mb, max_seconds;
    bool json;
};

#define AT(field) offsetof(struct settings, field)
static const struct alc_conf_item items[] = {
    {"input", ALC_CONF_STR, AT(input), "", 0, 0, "what the guest reads"},
    {"input-file", ALC_CONF_STR, AT(input_file), "", 0, 0,
     "file that it reads; - is standard input"},
    {"env", ALC_CONF_LIST, AT(env), "", 0, 0, "NAME=VALUE, may be repeated"},
    {"arg", ALC_CONF_LIST, AT(args), "", 0, 0, "an argument, may be repeated"},
    {"max-instructions", ALC_CONF_U64, AT(max_instructions), "1000000000", 1, 0,
     "WebAssembly instructions"},
    {"max-memory-mb", ALC_CONF_U32, AT(max_memory_mb), "128", 1, 4096,
     "memory, and as much output"},
    {"max-seconds", ALC_CONF_U32, AT(max_seconds), "60", 1, 86400, "wall-clock time"},
    {"json", ALC_CONF_BOOL, AT(json), "false", 0, 0, "one JSON object with output and figures"},
};
static const struct alc_conf_table table = {items, sizeof items / sizeof *items, cli_others};

static const struct {
    const char *name;
    enum alc_rc rc; /* its exit code is ours */
} ends[] = {
    [ALC_RUN_OK] = {"ok", ALC_OK},
    [ALC_RUN_EXIT] = {"exit status", ALC_TRAP},
    [ALC_RUN_TRAP] = {"trap", ALC_TRAP},
    [ALC_RUN_INSTRUCTIONS] = {"out of instructions", ALC_LIMIT},
    [ALC_RUN_TIME] = {"out of time", ALC_TIMEOUT},
    [ALC_RUN_MEMORY] = {"out of memory", ALC_LIMIT},
    [ALC_RUN_OUTPUT] = {"output over its cap", ALC_LIMIT},
    [ALC_RUN_MODULE] = {"module refused", ALC_BAD_INPUT},
    [ALC_RUN_HOST] = {"host failure", ALC_IO},
    [ALC_RUN_CANCELLED] = {"cancelled", ALC_CONFLICT},
};

static volatile bool interrupted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = true;
}

static void print_help(void)
{
    puts("usage: alcove run FILE.wasm [-] [flags]\n\n"
         "Runs a WASI Preview 1 command or a Preview 2 component under limits.  Its input is "
         "empty,\n"
         "or --input, or --input-file, or standard input when a - stands behind the file.\n");
    alc_conf_help(&table);
}

static enum alc_rc read_stream(struct alc_buf *b, FILE *f, const char *name, struct alc_err *err)
{
    uint8_t *to;
    size_t n;

    do {
        to = alc_buf_room(b, 65536);
        if (to == NULL) return alc_fail(err, ALC_LIMIT, "%s is over %zu bytes", name, b->max_bytes);
        n = fread(to, 1, 65536, f);
        alc_buf_add(b, n);
    } while (n > 0);
    return ferror(f) ? alc_fail(err, ALC_IO, "cannot read %s: %s", name, strerror(errno)) : ALC_OK;
}

static enum alc_rc read_path(struct alc_buf *b, const char *path, struct alc_err *err)
{
    enum alc_rc rc;
    FILE *f;

    if (strcmp(path, "-") == 0) return read_stream(b, stdin, "standard input", err);
    f = fopen(path, "rbe");
    if (f == NULL)
        return alc_fail(err, errno == ENOENT ? ALC_NOT_FOUND : ALC_IO, "cannot open %s: %s", path,
                        strerror(errno));
    rc = read_stream(b, f, path, err);
    fclose(f);
    return rc;
}

static enum alc_rc read_input(struct alc_buf *b, const struct settings *s, bool from_stdin,
                              struct alc_err *err)
{
    const int sources = (s->input[0] != 0) + (s->input_file[0] != 0) + from_stdin;

    if (sources > 1) return alc_fail(err, ALC_BAD_INPUT, "give one of --input, --input-file and -");
    if (from_stdin) return read_path(b, "-", err);
    if (s->input_file[0] != 0) return read_path(b, s->input_file, err);
    alc_buf_put_text(b, s->input);
    return b->failed ? alc_fail(err, ALC_NOMEM, "no memory for the input") : ALC_OK;
}

static size_t count(const char *const *list)
{
    size_t n = 0;
    while (list != NULL && list[n] != NULL)
        n++;
    return n;
}

static enum alc_rc split_env(struct alc_run *run, const char *const *list, struct alc_arena *arena,
                             struct alc_err *err)
{
    const size_t n = count(list);
    struct alc_env_var *vars = alc_arena_array(arena, n, sizeof *vars);
    const char *equals;

    if (vars == NULL) return alc_fail(err, ALC_NOMEM, "no memory for the environment");
    for (size_t i = 0; i < n; i++) {
        equals = strchr(list[i], '=');
        if (equals == NULL || equals == list[i])
            return alc_fail(err, ALC_BAD_INPUT, "--env %s: NAME=VALUE is wanted", list[i]);
        vars[i].name = alc_arena_text(arena, "%.*s", (int)(equals - list[i]), list[i]);
        vars[i].value = equals + 1;
        if (vars[i].name == NULL) return alc_fail(err, ALC_NOMEM, "no memory for the environment");
    }
    run->env = vars;
    run->env_count = n;
    return ALC_OK;
}

static const char *kind_name(enum alc_module_kind kind)
{
    return kind == ALC_MODULE_P1 ? "WASI Preview 1 module" : "WASI Preview 2 component";
}

static void say(const struct alc_run_result *r, const struct alc_compiled *how,
                const struct alc_hash *code)
{
    char hex[ALC_HEX_CHARS(32) + 1] = "";
    size_t n;

    if (!alc_hex_encode(hex, sizeof hex, &n, alc_hash_bytes(code))) n = 0;
    fwrite(r->output.p, 1, r->output.n, stdout);
    fflush(stdout);
    fwrite(r->errors.p, 1, r->errors.n, stderr);
    if (r->errors.n > 0 && r->errors.p[r->errors.n - 1] != '\n') fputc('\n', stderr);
    fprintf(stderr, "-- %s, %s", kind_name(how->kind), ends[r->end].name);
    if (r->end == ALC_RUN_EXIT) fprintf(stderr, " %" PRId32, r->exit_code);
    fprintf(stderr,
            "\n-- %" PRIu64 " instructions in %" PRIu64 ".%03" PRIu64 " ms, %" PRIu64
            " KiB of memory; compiled in %" PRIu64 " ms\n-- code %.*s\n",
            r->instructions, r->time_us / 1000, r->time_us % 1000, r->memory_peak_bytes >> 10,
            how->compile_us / 1000, (int)n, hex);
    if (r->end == ALC_RUN_OK) return;
    fprintf(stderr, "alcove: %s\n", r->text);
    if (r->end == ALC_RUN_MODULE) fprintf(stderr, "alcove: %s\n", r->detail);
}

static enum alc_rc say_json(const struct alc_run_result *r, const struct alc_compiled *how,
                            const struct alc_hash *code, const struct alc_engine *e,
                            struct alc_err *err)
{
    struct alc_buf out = ALC_BUF(4 * (r->output.n + r->errors.n) + 8 * MIB);
    struct alc_jw w = {.out = &out};
    struct alc_hash id;
    bool whole;

    alc_engine_id(e, &id);
    alc_jw_obj(&w);
    alc_jw_key(&w, "kind"), alc_jw_text(&w, how->kind == ALC_MODULE_P1 ? "wasip1" : "wasip2");
    alc_jw_key(&w, "outcome"), alc_jw_text(&w, ends[r->end].name);
    alc_jw_key(&w, "exit_code"), alc_jw_i64(&w, r->exit_code);
    alc_jw_key(&w, "error"), alc_jw_text(&w, r->text);
    alc_jw_key(&w, "detail"), alc_jw_text(&w, r->end == ALC_RUN_OK ? "" : r->detail);
    alc_jw_key(&w, "instructions"), alc_jw_u64(&w, r->instructions);
    alc_jw_key(&w, "time_us"), alc_jw_u64(&w, r->time_us);
    alc_jw_key(&w, "compile_us"), alc_jw_u64(&w, how->compile_us);
    alc_jw_key(&w, "memory_peak_bytes"), alc_jw_u64(&w, r->memory_peak_bytes);
    alc_jw_key(&w, "code_hash"), alc_jw_hex(&w, alc_hash_bytes(code));
    alc_jw_key(&w, "engine_id"), alc_jw_hex(&w, alc_hash_bytes(&id));
    alc_jw_key(&w, "output"), alc_jw_str(&w, r->output);
    alc_jw_key(&w, "output_base64"), alc_jw_base64(&w, r->output);
    alc_jw_key(&w, "stderr"), alc_jw_str(&w, r->errors);
    alc_jw_end(&w);
    whole = !out.failed;
    if (whole) puts(alc_buf_text(&out));
    alc_buf_fini(&out);
    return whole ? ALC_OK : alc_fail(err, ALC_NOMEM, "no memory for the JSON");
}

/* execute compiles and runs; *rc_of_end tells how the guest ended. */
static enum alc_rc execute(const struct settings *s, struct alc_bytes wasm, struct alc_run *run,
                           enum alc_rc *rc_of_end, struct alc_err *err)
{
    const struct alc_engine_conf conf = {
        .slots = 1, .max_memory_mb = s->max_memory_mb, .compiled_max_bytes = 256 * MIB};
    struct alc_arena arena = ALC_ARENA(s->max_memory_mb * MIB + 16 * MIB);
    struct alc_engine *e = NULL;
    struct alc_module *m = NULL;
    struct alc_compiled how;
    struct alc_run_result r;
    struct alc_hash code;
    enum alc_rc rc;

    alc_sha256(&code, wasm);
    rc = alc_engine_open(&e, &conf, err);
    if (rc == ALC_OK) rc = alc_engine_compile(e, &m, &how, &code, wasm, ALC_TARGET_ANY, err);
    if (rc == ALC_OK) rc = alc_engine_run(e, &r, m, run, NULL, &arena, err);
    if (rc == ALC_OK) {
        *rc_of_end = ends[r.end].rc;
        if (s->json)
            rc = say_json(&r, &how, &code, e, err);
        else
            say(&r, &how, &code);
    }
    if (e != NULL) alc_module_release(e, m);
    alc_engine_close(e);
    alc_arena_fini(&arena);
    return rc;
}

int alc_cli_run(int argc, char **argv)
{
    struct alc_arena arena = ALC_ARENA(4 * MIB);
    struct alc_buf wasm = ALC_BUF(ALC_ENGINE_MODULE_MAX_BYTES + 65536);
    struct alc_buf input = ALC_BUF(INPUT_MAX_BYTES);
    struct alc_conf_rest rest = {0};
    struct settings s = {0};
    struct alc_run run = {.cancel = &interrupted};
    enum alc_rc rc, ended = ALC_OK;
    struct alc_err err = {0};
    bool dash;

    rc = alc_conf_read(&s, &rest, &table, NULL, argc, argv, &arena, &err);
    if (rc != ALC_OK) goto out;
    if (rest.help) {
        print_help();
        goto out;
    }
    dash = rest.count == 2 && strcmp(rest.words[1], "-") == 0;
    if (rest.count != 1 && !dash) {
        rc =
            alc_fail(&err, ALC_BAD_INPUT, "one module is wanted: alcove run FILE.wasm; see --help");
        goto out;
    }
    rc = read_path(&wasm, rest.words[0], &err);
    if (rc != ALC_OK) goto out;
    rc = read_input(&input, &s, dash, &err);
    if (rc != ALC_OK) goto out;
    rc = split_env(&run, s.env, &arena, &err);
    if (rc != ALC_OK) goto out;
    run.input = alc_buf_bytes(&input);
    run.args = s.args;
    run.args_count = count(s.args);
    run.limits = (struct alc_run_limits){.max_instructions = s.max_instructions,
                                         .max_memory_mb = s.max_memory_mb,
                                         .max_ms = s.max_seconds * 1000,
                                         .max_output_bytes = s.max_memory_mb * MIB};
    signal(SIGINT, on_interrupt);
    rc = execute(&s, alc_buf_bytes(&wasm), &run, &ended, &err);
out:
    if (rc != ALC_OK) fprintf(stderr, "alcove: %s\n", alc_err_text(&err, rc));
    alc_buf_fini(&input);
    alc_buf_fini(&wasm);
    alc_arena_fini(&arena);
    return alc_rc_exit(rc != ALC_OK ? rc : ended);
}
