/* Every way a request can go, through contract, watcher, worker and settlement: what the caller
 * gets back, what the event says, and where each yoctoNEAR went. */
#include "flow.h"

#include "base/enc.h"
#include "base/httpd.h"
#include "verify/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROOF "{\"proof\":\"key\",\"with_proof\":true}"
#define GITHUB "{\"GitHub\":{\"repo\":\"github.com/a/b\",\"commit\":\"main\"}}"
#define HOUR_OF_FUEL UINT64_C(500000000000)

struct ctx {
    struct flow *f;
    struct alc_httpd *mirror;
};

/* ---- modules that the worker gets from a mirror ---- */

static const char junk[] = "this is no WebAssembly";
static struct alc_bytes echo_p2;
static struct {
    struct alc_hash hash;
    struct alc_bytes bytes;
} served[3];
static struct alc_hash absent;

enum { OTHER_BYTES, JUNK, FETCHED };

static void mirror(void *ctx, const struct alc_httpd_ask *ask, struct alc_httpd_answer *answer)
{
    (void)ctx;
    for (size_t i = 0; i < sizeof served / sizeof *served; i++) {
        char hex[65];
        if (strcmp(ask->path + 1, cli_hex(hex, &served[i].hash)) != 0) continue;
        alc_buf_put_bytes(&answer->body, served[i].bytes);
        return;
    }
    answer->status = 404;
}

static void serve(struct ctx *c)
{
    const struct alc_httpd_conf conf = {.host = "127.0.0.1", .handle = mirror};
    struct alc_bytes wasm = flow_wasm(c->f, "echo.p2");
    struct alc_err err;
    uint8_t *copy = malloc(wasm.n);

    assert_non_null(copy);
    memcpy(copy, wasm.p, wasm.n);
    echo_p2 = (struct alc_bytes){copy, wasm.n};
    memset(served[OTHER_BYTES].hash.b, 0xaa, 32);
    memset(absent.b, 0xbb, 32);
    served[OTHER_BYTES].bytes = served[JUNK].bytes = alc_cstr(junk);
    alc_sha256(&served[JUNK].hash, alc_cstr(junk));
    served[FETCHED].bytes = echo_p2;
    alc_sha256(&served[FETCHED].hash, echo_p2);
    flow_must(c->f, alc_httpd_open(&c->mirror, &conf, &err), &err);
}

/* ---- the table ---- */

struct row {
    const char *name;
    const char *guest; /* a built one; NULL: `code`, or ask.source */
    const struct alc_hash *code;
    struct flow_ask ask;
    size_t fill;       /* the input is so many bytes */
    const char *pad;   /* the input is this, filled up with blanks to `fill` bytes */
    uint8_t byte;      /* the input is `fill` of these */
    const char *value; /* what is returned; NULL: the input as a text */
    size_t xs;         /* what is returned is a text of so many x */
    const char *error; /* the run fails with a sentence that holds this */
    bool no_proof;     /* the contract offers no proof for it */
};

#define IN(text) {.input = ALC_LIT(text)}
#define UNICODE "she said \"h\xc3\xa9llo \xe2\x82\xac \xf0\x9f\x8c\xa7\" \\ \x01\t\n{}"

static const struct row rows[] = {
    /* answers */
    {.name = "text, Preview 1", .guest = "echo", .ask = IN("hello")},
    {.name = "text, Preview 2 from the mirror", .code = &served[FETCHED].hash, .ask = IN("hello")},
    {.name = "text, Preview 2 as asked",
     .guest = "echo.p2",
     .ask = {.input = ALC_LIT("hi"), .target = "wasm32-wasip2"}},
    {.name = "no input", .guest = "echo", .value = "\"\""},
    {.name = "input of 0 B", .guest = "echo", .ask = IN("")},
    {.name = "unicode and quotes", .guest = "echo", .ask = IN(UNICODE)},
    {.name = "unicode and quotes, Preview 2", .guest = "echo.p2", .ask = IN(UNICODE)},
    {.name = "response just under 1,024 bytes", .guest = "echo", .fill = 840},
    {.name = "response about 1,024 bytes", .guest = "echo", .fill = 860},
    {.name = "response just over 1,024 bytes", .guest = "echo", .fill = 880},
    {.name = "input of 9,999 B", .guest = "echo", .fill = 9999},
    {.name = "input of 10,000 B", .guest = "echo", .fill = 10000},
    {.name = "input of 300 kB", .guest = "probe", .fill = 300000, .pad = "exit 0", .value = "\"\""},
    {.name = "input and output of 200 kB", .guest = "echo", .fill = 200000},
    {.name = "input of 1 MB", .guest = "probe", .fill = 1000000, .pad = "exit 0", .value = "\"\""},
    {.name = "input and output of 150 kB, all to be escaped",
     .guest = "echo",
     .fill = 150000,
     .byte = 1},
    {.name = "output of 200 kB", .guest = "probe", .ask = IN("flood 200000"), .xs = 200000},
    {.name = "output of 256 KiB", .guest = "probe", .ask = IN("flood 262144"), .xs = 262144},
    {.name = "Json",
     .guest = "echo",
     .ask = {.input = ALC_LIT(" {\"b\" : 1.50, \"a\":[1, \"\\u00e9\"]}\n"), .format = "Json"},
     .value = "{\"b\":1.5,\"a\":[1,\"\xc3\xa9\"]}"},
    {.name = "Json null",
     .guest = "echo",
     .ask = {.input = ALC_LIT("null"), .format = "Json"},
     .value = "null"},
    {.name = "Bytes",
     .guest = "echo",
     .ask = {.input = ALC_LIT("\x01\x02~"), .format = "Bytes"},
     .value = "\"AQJ+\""},
    {.name = "compile-only, no limits named",
     .guest = "echo",
     .ask = {.no_limits = true},
     .value = "hash"},
    {.name = "compile-only, asked for",
     .guest = "echo.p2",
     .ask = {.params = "{\"compile_only\":true}"},
     .value = "hash",
     .no_proof = true},
    {.name = "exit 0 after stderr",
     .guest = "probe",
     .ask = IN("grumble 100"),
     .value = "\"done\\n\""},

    /* failures of the guest */
    {.name = "exit status", .guest = "probe", .ask = IN("exit 3"), .error = "exit status 3"},
    {.name = "stderr is the sentence",
     .guest = "probe",
     .ask = IN("complain rain \xe2\x82\xac"),
     .error = "rain \xe2\x82\xac"},
    {.name = "a long stderr is cut",
     .guest = "probe",
     .fill = 4000,
     .pad = "complain",
     .error = "(truncated, original size: "},
    {.name = "trap", .guest = "probe", .ask = IN("trap"), .error = "unreachable"},
    {.name = "trap, Preview 2", .guest = "probe.p2", .ask = IN("trap"), .error = "unreachable"},
    {.name = "out of bounds", .guest = "out_of_bounds", .error = "out of bounds"},
    {.name = "endless recursion", .guest = "recursion", .error = "call stack exhausted"},
    {.name = "endless loop, out of instructions",
     .guest = "probe",
     .ask = {.input = ALC_LIT("spin"), .max_instructions = 20000000},
     .error = "fuel"},
    {.name = "endless loop, out of time",
     .guest = "probe",
     .ask = {.input = ALC_LIT("spin"), .max_instructions = HOUR_OF_FUEL, .max_seconds = 1},
     .error = "timed out after 1 seconds"},
    {.name = "asleep, out of time",
     .guest = "probe.p2",
     .ask = {.input = ALC_LIT("sleep"), .max_seconds = 1},
     .error = "timed out after 1 seconds"},
    {.name = "grows to 4 GiB", .guest = "grow_4gib", .error = "memory"},
    {.name = "declares 4 GiB", .guest = "declares_4_gib", .error = "memory"},
    {.name = "asks for 4 GiB", .guest = "echo", .ask = {.max_memory_mb = 4096}, .error = "4096"},
    {.name = "1 GiB of output",
     .guest = "probe",
     .ask = {.input = ALC_LIT("flood 1073741824"), .max_instructions = HOUR_OF_FUEL},
     .error = "output"},
    {.name = "output over 256 KiB", .guest = "probe", .ask = IN("flood 262145"), .error = "output"},
    {.name = "output is not the Json that was asked",
     .guest = "echo",
     .ask = {.input = ALC_LIT("{\"a\":"), .format = "Json"},
     .error = "Failed to parse output as JSON"},

    /* failures before the guest */
    {.name = "wrong module hash", .code = &served[OTHER_BYTES].hash, .error = "another SHA-256"},
    {.name = "missing module", .code = &absent, .error = "404"},
    {.name = "invalid module", .code = &served[JUNK].hash, .error = "not a valid WASI"},
    {.name = "no entry point", .guest = "no_start", .error = "_start"},
    {.name = "unknown import", .guest = "unknown_import", .error = "instantiate"},
    {.name = "another build target",
     .guest = "echo",
     .ask = {.target = "wasm32-wasip2"},
     .error = "Not a valid WASI Preview 2"},
    {.name = "compile-only of an invalid module",
     .code = &served[JUNK].hash,
     .ask = {.no_limits = true},
     .error = "not a valid WASI"},

    /* what is not built yet */
    {.name = "secrets_ref",
     .guest = "echo",
     .ask = {.secrets = "{\"profile\":\"p\",\"account_id\":\"user.test.near\"}"},
     .error = "secrets_ref is not served"},
    {.name = "GitHub",
     .ask = {.source = GITHUB},
     .error = "GitHub sources are not built",
     .no_proof = true},
    {.name = "GitHub, compile-only",
     .ask = {.source = GITHUB, .no_limits = true},
     .error = "GitHub sources are not built",
     .no_proof = true},
    {.name = "force_rebuild",
     .ask = {.source = GITHUB, .params = "{\"force_rebuild\":true}"},
     .error = "not",
     .no_proof = true},
    {.name = "store_on_fastfs",
     .ask = {.source = GITHUB, .params = "{\"force_rebuild\":true,\"store_on_fastfs\":true}"},
     .error = "not",
     .no_proof = true},
};

/* Fills `buf` for rows whose input is long. */
static struct alc_bytes long_input(const struct row *r, uint8_t *buf)
{
    size_t n = r->pad != NULL ? strlen(r->pad) : 0;

    for (size_t i = 0; i < r->fill; i++)
        buf[i] = r->byte != 0 ? r->byte
                 : i < n      ? (uint8_t)r->pad[i]
                 : n > 0      ? ' '
                              : (uint8_t)('a' + i % 26);
    return (struct alc_bytes){buf, r->fill};
}

/* ---- checks ---- */

struct money {
    __uint128_t payer, fees;
    uint64_t executions;
};

static struct money look(struct flow *f)
{
    struct money m = {.payer = flow_balance(f, FLOW_PAYER)};
    flow_stats(f, &m.executions, &m.fees);
    return m;
}

static __uint128_t cost(const struct flow *f, const struct flow_end *end)
{
    return f->price[0] + end->instructions / 1000000 * f->price[1] + end->time_ms * f->price[2] +
           end->compile_ms * f->price[3];
}

/* Success pays for what was used, failure for the base fee; the rest is back with the payer. */
static void check_money(struct flow *f, const struct row *r, const struct money *before,
                        const struct flow_end *end, __uint128_t payment)
{
    struct money after = look(f);
    __uint128_t owed = r->error == NULL ? cost(f, end) : f->price[0];

    if (end->charged != owed) flow_fail(f, "%s: the charge is not the price", r->name);
    if (end->refunded != (payment > owed ? payment - owed : 0))
        flow_fail(f, "%s: payment, charge and refund do not add up", r->name);
    if (after.payer - before->payer != end->refunded)
        flow_fail(f, "%s: the payer did not get the refund", r->name);
    if (after.fees - before->fees != owed) flow_fail(f, "%s: the fees do not add up", r->name);
    if (after.executions - before->executions != 1)
        flow_fail(f, "%s: the request did not end once", r->name);
}

static void check_text(struct flow *f, const struct row *r, struct alc_bytes got,
                       struct alc_bytes want)
{
    if (!alc_bytes_eq(got, want))
        flow_fail(f, "%s: got %zu bytes '%.100s', want %zu", r->name, got.n, got.p, want.n);
}

static void check_value(struct flow *f, const struct row *r, const struct flow_ask *ask,
                        struct alc_bytes value)
{
    struct alc_bytes input = ask->input.p != NULL ? ask->input : ALC_LIT("");
    char hex[68];

    if (r->xs > 0) {
        value = flow_text(f, value);
        check_text(f, r, (struct alc_bytes){value.p, value.n}, (struct alc_bytes){value.p, r->xs});
        for (size_t i = 0; i < value.n; i++)
            if (value.p[i] != 'x') flow_fail(f, "%s: byte %zu is no x", r->name, i);
    } else if (r->value == NULL) {
        check_text(f, r, flow_text(f, value), input);
    } else if (strcmp(r->value, "hash") == 0) {
        check_text(f, r, flow_text(f, value), alc_cstr(cli_hex(hex, &ask->code)));
    } else {
        check_text(f, r, value, alc_cstr(r->value));
    }
}

/* open_envelope checks what surrounds a value with proof, and returns the value's JSON. */
static struct alc_bytes open_envelope(struct flow *f, const struct row *r, struct alc_bytes value)
{
    struct alc_buf output = ALC_BUF(4u << 20);
    struct alc_json *doc = NULL;
    char worker[ALC_NEAR_KEY_TEXT_MAX];
    struct alc_bytes text, copy;
    struct alc_err err;
    uint64_t id;

    flow_must(f, alc_json_open(&doc, value, 4u << 20, &err), &err);
    alc_near_key_text(worker, &f->worker);
    if (alc_json_count(doc) != 4 || !alc_json_u64(alc_json_get(doc, "request_id"), &id) ||
        !alc_json_str(alc_json_get(doc, "worker_key"), &text) || !alc_bytes_is(text, worker) ||
        !alc_json_str(alc_json_get(doc, "statement_hash"), &text) || text.n != 64)
        flow_fail(f, "%s: the proof is %.300s", r->name, value.p);
    alc_json_dump(alc_json_get(doc, "output"), &output);
    assert_true(alc_arena_copy(&f->arena, alc_buf_bytes(&output), &copy));
    alc_buf_fini(&output);
    alc_json_close(doc);
    return copy;
}

static void run_row(struct flow *f, const struct row *r, bool proof)
{
    static uint8_t buf[1000000];
    struct flow_ask ask = r->ask;
    struct flow_end end;
    struct alc_hash tx;
    struct money before;

    if (r->guest != NULL) ask.code = flow_code(f, r->guest);
    if (r->code != NULL) ask.code = *r->code;
    if (r->fill > 0) ask.input = long_input(r, buf);
    if (proof) ask.params = PROOF;
    ask.payer = FLOW_PAYER;
    before = look(f);
    flow_ask(f, &tx, &ask);
    flow_end(f, &end, &tx);
    if (end.failure != NULL) flow_fail(f, "%s: the call failed: %s", r->name, end.failure);
    if (end.events != 1) flow_fail(f, "%s: %u events tell of the end", r->name, end.events);
    check_money(f, r, &before, &end, FLOW_PAYMENT);
    if (r->error != NULL) {
        if (end.success || strstr(end.error, r->error) == NULL)
            flow_fail(f, "%s: '%s' does not say '%s'", r->name, end.error, r->error);
        check_text(f, r, end.value, ALC_LIT("null"));
    } else if (!end.success) {
        flow_fail(f, "%s: failed: %s", r->name, end.error);
    } else {
        check_value(f, r, &ask, proof ? open_envelope(f, r, end.value) : end.value);
    }
    flow_forget(f);
}

static void requests_end_as_the_reference_says(void **state)
{
    struct ctx *c = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        run_row(c->f, &rows[i], false);
}

static void requests_with_proof_end_the_same_way(void **state)
{
    struct ctx *c = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!rows[i].no_proof) run_row(c->f, &rows[i], true);
}

/* Gas and attempts were right the first time. */
static void no_answer_was_refused(void **state)
{
    struct ctx *c = *state;
    assert_int_equal(flow_log_count(c->f, "settle.refused"), 0);
}

/* Without a payer the refund goes to who called; all that is missing is the price and the gas. */
static void the_caller_gets_the_refund(void **state)
{
    struct flow *f = ((struct ctx *)*state)->f;
    __uint128_t before = flow_balance(f, CLI_DEVNET_USER);
    struct flow_end end;
    struct alc_hash tx;

    flow_ask(f, &tx, &(struct flow_ask){.code = flow_code(f, "echo"), .input = ALC_LIT("x")});
    flow_end(f, &end, &tx);
    assert_true(end.success);
    assert_true(before - flow_balance(f, CLI_DEVNET_USER) == end.charged + end.burnt);
}

/* ---- calls that the contract does not take ---- */

static const struct {
    struct flow_ask ask;
    size_t quotes; /* the input is so many */
    const char *says;
} refusals[] = {
    {{.source = "{\"Project\":{\"project_id\":\"user.test.near/p\"}}"}, 0, "Project not found"},
    {{.params = "{\"attached_usd\":\"1\"}"}, 0, "attached_usd needs a Project source"},
    {{.source = "{\"WasmUrl\":{\"url\":\"http://a/b\",\"hash\":\"00\"}}"},
     0,
     "source.hash must be"},
    {{.params = "{\"force_rebuild\":true}"}, 0, "force_rebuild"},
    {{.source = GITHUB, .params = "{\"store_on_fastfs\":true}"}, 0, "store_on_fastfs"},
    {{.input = ALC_LIT("x"), .no_limits = true}, 0, "compile-only"},
    {{.max_seconds = 181}, 0, "max_execution_seconds"},
    {{.max_instructions = HOUR_OF_FUEL + 1}, 0, "max_instructions"},
    {{.payment = 1}, 0, "Insufficient payment"},
    {{.source = GITHUB, .params = "{\"proof\":\"key\"}"}, 0, "needs a WasmUrl source"},
    {{.params = "{\"proof\":\"onchain\"}"}, 0, "no register contract is set"},
    {{.params = "{\"with_proof\":true}"}, 0, "needs params.proof"},
    {{.format = "Text"}, 9999, "16384 bytes of logs"}, /* each is four bytes in the event */
};

static void refused_calls_keep_nothing(void **state)
{
    struct flow *f = ((struct ctx *)*state)->f;
    static uint8_t quotes[9999];
    unsigned jobs = flow_log_count(f, "job.new");

    memset(quotes, '"', sizeof quotes);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct flow_ask ask = refusals[i].ask;
        __uint128_t before = flow_balance(f, CLI_DEVNET_USER);
        struct flow_end end;
        struct alc_hash tx;
        ask.code = flow_code(f, "echo");
        if (refusals[i].quotes > 0) ask.input = (struct alc_bytes){quotes, refusals[i].quotes};
        flow_ask(f, &tx, &ask);
        flow_end(f, &end, &tx);
        if (end.failure == NULL || strstr(end.failure, refusals[i].says) == NULL)
            flow_fail(f, "'%s' does not say '%s'", end.failure != NULL ? end.failure : "no failure",
                      refusals[i].says);
        assert_true(before - flow_balance(f, CLI_DEVNET_USER) == end.burnt);
    }
    assert_int_equal(flow_pending(f), 0);
    assert_int_equal(flow_log_count(f, "job.new"), jobs);
}

/* ---- projects ---- */

/* publish makes a project of the root's whose first version is the guest. */
static void publish(struct flow *f, const char *name, const char *guest)
{
    struct alc_hash code = flow_code(f, guest);
    struct alc_near_action call;
    char args[512], hex[68];

    snprintf(args, sizeof args,
             "{\"name\":\"%s\",\"source\":{\"WasmUrl\":{\"url\":\"" FLOW_URL
             "\",\"hash\":\"%s\"}}}",
             name, cli_hex(hex, &code));
    call = cli_call("create_project", args, 50u * (uint64_t)ALC_NEAR_TGAS, ALC_NEAR_YOCTO / 100);
    flow_call(f, NULL, CLI_DEVNET_CONTRACT, &call, 1);
}

/* The code is the version's, and the proof names the project. */
static void a_project_is_run_by_its_version_and_proven(void **state)
{
    static const struct row row = {.name = "a project", .ask = IN("x"), .value = NULL};
    struct flow *f = ((struct ctx *)*state)->f;
    char source[256];
    struct row r = row;

    publish(f, "echo", "echo");
    snprintf(source, sizeof source, "{\"Project\":{\"project_id\":\"%s/echo\"}}", f->dev.root_id.s);
    r.ask.source = source;
    run_row(f, &r, false);
    run_row(f, &r, true);
    r.name = "a project, compile-only";
    r.ask = (struct flow_ask){.source = source, .no_limits = true, .code = flow_code(f, "echo")};
    r.value = "hash";
    run_row(f, &r, true);
    assert_int_equal(flow_log_count(f, "settle.refused"), 0);
}

/* ---- an answer that the contract does not take ---- */

static void worker_key(struct flow *f, const char *method)
{
    char key[ALC_NEAR_KEY_TEXT_MAX], args[ALC_NEAR_KEY_TEXT_MAX + 64];
    struct alc_near_action call;

    alc_near_key_text(key, &f->worker);
    snprintf(args, sizeof args, "{\"public_key\":\"%s\"}", key);
    call = cli_call(method, args, 50u * (uint64_t)ALC_NEAR_TGAS, 0);
    flow_call(f, NULL, CLI_DEVNET_CONTRACT, &call, 1);
}

static void a_key_that_is_not_registered_proves_nothing(void **state)
{
    static const struct row row = {.name = "unregistered key",
                                   .guest = "echo",
                                   .ask = IN("x"),
                                   .error = "the contract refused the answer"};
    struct ctx *c = *state;

    worker_key(c->f, "remove_worker_key");
    run_row(c->f, &row, true);
    assert_int_equal(flow_log_count(c->f, "settle.refused"), 1);
    worker_key(c->f, "add_worker_key");
    run_row(c->f, &rows[0], true);
}

static void everything_is_settled(void **state)
{
    struct ctx *c = *state;
    unsigned jobs = flow_log_count(c->f, "job.new");
    uint64_t settled;

    flow_ended(c->f, jobs, &settled);
    assert_int_equal(settled, jobs);
}

static int up(void **state)
{
    static const char *const guests[] = {"echo",           "probe",     "probe.p2",
                                         "out_of_bounds",  "recursion", "grow_4gib",
                                         "declares_4_gib", "no_start",  "unknown_import"};
    static struct ctx c;
    static char paths[sizeof guests / sizeof *guests][4096], url[64];
    const char *flags[3 + 2 * sizeof guests / sizeof *guests] = {"--worker-mirror", url};
    size_t n = 2;

    c.f = flow_open();
    serve(&c);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", alc_httpd_port(c.mirror));
    for (size_t i = 0; i < sizeof guests / sizeof *guests; i++) {
        snprintf(paths[i], sizeof paths[i], "%s", flow_guest(guests[i]));
        flags[n++] = "--worker-module";
        flags[n++] = paths[i];
    }
    flow_up(c.f, NULL, flags);
    *state = &c;
    return 0;
}

static int down(void **state)
{
    struct ctx *c = *state;
    flow_close(c->f);
    alc_httpd_close(c->mirror);
    free((void *)(uintptr_t)echo_p2.p);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_end_as_the_reference_says),
        cmocka_unit_test(requests_with_proof_end_the_same_way),
        cmocka_unit_test(the_caller_gets_the_refund),
        cmocka_unit_test(refused_calls_keep_nothing),
        cmocka_unit_test(no_answer_was_refused),
        cmocka_unit_test(a_project_is_run_by_its_version_and_proven),
        cmocka_unit_test(a_key_that_is_not_registered_proves_nothing),
        cmocka_unit_test(everything_is_settled),
    };
    return cmocka_run_group_tests(tests, up, down);
}
