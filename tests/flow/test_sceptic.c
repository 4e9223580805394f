/* tests/flow/test_sceptic.c — a caller who trusts nobody: a request at level `quote`, what the
 * gateway shows of it to whoever asks, and `alcove verify` on that, whole and altered, today and
 * years later; OutLayer's record of the same run; and `alcove attest` in the worker's folder. */
#include "flow.h"
#include "program.h"

#include "base/enc.h"
#include "base/http.h"

#define ROOT " --simulated-root root.der"
#define FAR "2036-01-01T00:00:00Z"
#define FILE_MAX_BYTES ALC_BUNDLE_MAX_BYTES

struct ctx {
    struct flow *flow;
    struct program *program;
    char url[256], hash[65]; /* of the gateway, and of the statement */
    struct alc_bundle bundle;
    struct alc_evidence evidence;
    uint64_t from_s, until_s; /* the window of the set of that day */
};

static char echo[4096];
static const char *const flags[] = {"--worker-slots", "1", "--worker-module", echo, NULL};

static void put_file(struct ctx *x, const char *name, struct alc_bytes bytes)
{
    char path[128];
    struct alc_err err;

    snprintf(path, sizeof path, "%s/%s", x->program->dir, name);
    if (cli_write_file(path, bytes, &err) != ALC_OK) fail_msg("%s", err.text);
}

static void put_bundle(struct ctx *x, const struct alc_bundle *b)
{
    struct alc_buf text = ALC_BUF(FILE_MAX_BYTES);

    alc_bundle_write(&text, b);
    assert_false(text.failed);
    put_file(x, "proof.json", alc_buf_bytes(&text));
    alc_buf_fini(&text);
}

/* get asks the gateway for a page; its status is returned. */
static int get(struct ctx *x, struct alc_bytes *body, const char *page)
{
    struct alc_http_ask ask = {.method = "GET",
                               .timeout_ms = 5000,
                               .max_bytes = FILE_MAX_BYTES,
                               .tries = 1,
                               .plain_ok = true};
    struct alc_http_answer answer = {0};
    struct alc_http *http = NULL;
    struct alc_err err;

    ask.url = alc_arena_text(&x->flow->arena, "%s%s", x->url, page);
    flow_must(x->flow, alc_http_open(&http, &err), &err);
    flow_must(x->flow, alc_http_do(http, &answer, &ask, NULL, &x->flow->arena, &err), &err);
    alc_http_close(http);
    *body = answer.body;
    return answer.status;
}

static bool shown(struct flow *f, void *ctx)
{
    struct ctx *x = ctx;
    struct alc_bytes body;
    char page[128];
    struct alc_err err;

    snprintf(page, sizeof page, "/statements/%s", x->hash);
    if (get(x, &body, page) != 200) return false;
    flow_must(f, alc_bundle_read(&x->bundle, body, &f->arena, &err), &err);
    return x->bundle.evidence.n > 0;
}

/* read_ready takes gateway and measurement from the node's ready line. */
static const char *ready(struct ctx *x, const char *key)
{
    struct alc_json *doc = NULL;
    const char *text;
    struct alc_err err;

    flow_must(x->flow, alc_json_open(&doc, alc_cstr(x->flow->ready), sizeof x->flow->ready, &err),
              &err);
    if (!alc_json_text(alc_json_get(doc, key), &text)) fail_msg("the ready line has no %s", key);
    text = alc_arena_text(&x->flow->arena, "%s", text);
    assert_non_null(text);
    alc_json_close(doc);
    return text;
}

static void ask_at_level_quote(struct ctx *x)
{
    struct flow *f = x->flow;
    const struct flow_ask ask = {
        .code = flow_code(f, "echo"), .input = ALC_LIT("hello"), .params = "{\"proof\":\"quote\"}"};
    struct alc_json *doc = NULL;
    struct flow_end end;
    struct alc_bytes body, hash;
    struct alc_hash tx;
    struct alc_err err;

    flow_ask(f, &tx, &ask);
    flow_end(f, &end, &tx);
    if (!alc_bytes_is(end.value, "\"hello\""))
        flow_fail(f, "'%.*s' %s", (int)end.value.n, (const char *)end.value.p, end.error);
    assert_int_equal(get(x, &body, "/requests/0"), 200);
    flow_must(f, alc_json_open(&doc, body, 65536, &err), &err);
    assert_true(alc_json_str(alc_json_get(doc, "statement_hash"), &hash));
    assert_int_equal(hash.n, 64);
    memcpy(x->hash, hash.p, 64);
    alc_json_close(doc);
    flow_until(f, shown, x, "the gateway shows the quote");
    assert_true(alc_evidence_read(&x->evidence, x->bundle.evidence));
}

static int begin(void **state)
{
    static struct ctx x;
    struct alc_bytes root;
    struct alc_err err;
    char path[4200];
    void *program;

    program_set_up(&program);
    x.program = program;
    snprintf(echo, sizeof echo, "%s", flow_guest("echo"));
    x.flow = flow_open_attested();
    flow_up(x.flow, NULL, flags);
    snprintf(x.url, sizeof x.url, "%s", ready(&x, "gateway"));
    ask_at_level_quote(&x);
    put_bundle(&x, &x.bundle);
    snprintf(path, sizeof path, "%s/simulated/root.der", x.flow->state.path);
    flow_must(x.flow, cli_read_file(&root, path, 1u << 16, &x.flow->arena, &err), &err);
    put_file(&x, "root.der", root);
    *state = &x;
    return 0;
}

static int end(void **state)
{
    struct ctx *x = *state;
    void *program = x->program;

    flow_close(x->flow);
    return program_tear_down(&program);
}

/* ---- whole ---- */

static void says(struct ctx *x, const char *word)
{
    program_said(&x->program->out, word);
}

static void number(struct alc_json *doc, const char *key, uint64_t *out)
{
    if (!alc_json_u64(alc_json_get(alc_json_get(doc, "quote"), key), out)) fail_msg("no %s", key);
}

static void the_gateways_file_is_accepted_as_simulated_and_not_without(void **state)
{
    struct ctx *x = *state;
    struct alc_json *doc;

    assert_true(x->bundle.collateral.n > 0 && x->bundle.event_log.n > 0 && x->bundle.has_source);
    assert_int_equal(program_run(x->program, "verify proof.json" ROOT), 0);
    says(x, "ACCEPTED statement ");
    says(x, x->hash);
    says(x, "SIMULATED: no hardware made it");
    says(x, "  input       2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824  "
            "compared\n"); /* SHA-256 of `hello`, which stands in the request */
    says(x, "events lead to the quote's RTMRs");
    says(x, "measured, and named by the statement");
    assert_int_equal(program_run(x->program, "verify proof.json"), 1);
    says(x, "REJECTED: ");
    says(x, "--simulated-root");
    assert_int_equal(program_run(x->program, "verify proof.json --hardware" ROOT), 1);
    says(x, "REJECTED: no hardware vouches for the key");
    assert_int_equal(program_run(x->program, "verify --gateway %s %s" ROOT, x->url, x->hash), 0);
    assert_int_equal(program_run(x->program, "verify proof.json --code %s" ROOT, echo), 0);
    assert_null(strstr(alc_buf_text(&x->program->out), "not shown"));
    assert_int_equal(program_run(x->program, "verify proof.json --json" ROOT), 0);
    doc = program_json(x->program);
    number(doc, "valid_from", &x->from_s);
    number(doc, "valid_until", &x->until_s);
    alc_json_close(doc);
}

/* ---- altered ---- */

/* copy gives bytes of the file to write on. */
static uint8_t *copy(struct ctx *x, struct alc_bytes *bytes)
{
    assert_true(alc_arena_copy(&x->flow->arena, *bytes, bytes));
    return (uint8_t *)(uintptr_t)bytes->p;
}

/* alter flips one bit of a text behind `mark`, keeping it a hex digit or a letter. */
static void alter(struct ctx *x, struct alc_bytes *text, const char *mark)
{
    uint8_t *p = copy(x, text), *at = memmem(p, text->n, mark, strlen(mark));

    if (at == NULL) fail_msg("there is no %s", mark);
    at += strlen(mark);
    *at = *at == '2' ? '3' : '2';
}

static void refused(struct ctx *x, const struct alc_bundle *b, enum alc_refusal why)
{
    put_bundle(x, b);
    assert_int_equal(program_run(x->program, "verify proof.json" ROOT), 1);
    says(x, "REJECTED: ");
    says(x, alc_refusal_text(why));
    assert_null(strstr(alc_buf_text(&x->program->out), "Proven"));
    put_bundle(x, &x->bundle);
}

static void each_part_altered_by_one_byte_is_refused_with_the_reason(void **state)
{
    struct ctx *x = *state;
    const size_t quote = (size_t)(x->evidence.quote.p - x->bundle.evidence.p);
    const struct {
        size_t at; /* in the evidence */
        enum alc_refusal why;
    } in_evidence[] = {
        {0, ALC_REFUSAL_EVIDENCE_FORMAT},                /* its tag */
        {12, ALC_REFUSAL_BINDING},                       /* the nonce */
        {quote + 1, ALC_REFUSAL_QUOTE_VERSION},          /* version */
        {quote + 48 + 136, ALC_REFUSAL_QUOTE_SIGNATURE}, /* MRTD */
        {quote + 48 + 520, ALC_REFUSAL_QUOTE_SIGNATURE}, /* report data */
        {quote + 636 + 10, ALC_REFUSAL_QUOTE_SIGNATURE}, /* the signature */
    };
    struct alc_bundle b;

    for (size_t i = 0; i < sizeof in_evidence / sizeof *in_evidence; i++) {
        b = x->bundle;
        copy(x, &b.evidence)[in_evidence[i].at] ^= 1;
        refused(x, &b, in_evidence[i].why);
    }
    for (size_t at = 20; at < x->bundle.signed_statement.n; at += 37) {
        b = x->bundle;
        copy(x, &b.signed_statement)[at] ^= 1;
        put_bundle(x, &b);
        assert_int_equal(program_run(x->program, "verify proof.json" ROOT), 1);
        says(x, "REJECTED: ");
    }
    b = x->bundle;
    copy(x, &b.signed_statement)[b.signed_statement.n - 1] ^= 1;
    refused(x, &b, ALC_REFUSAL_SIGNATURE);
    b = x->bundle;
    alter(x, &b.collateral, "\\\"fmspc\\\":\\\"");
    refused(x, &b, ALC_REFUSAL_TCB_SIGNATURE);
    b = x->bundle;
    alter(x, &b.collateral, "\"qe_identity_signature\":\"");
    refused(x, &b, ALC_REFUSAL_QE_SIGNATURE);
    b = x->bundle;
    alter(x, &b.event_log, "\"event\":\"alcove-policy\",\"event_payload\":\"");
    refused(x, &b, ALC_REFUSAL_EVENTS_RTMR);
    b = x->bundle;
    alter(x, &b.request, "\"input_data\":\"");
    refused(x, &b, ALC_REFUSAL_REQUEST);
    b = x->bundle;
    b.has_input = true;
    b.input = ALC_LIT("hallo");
    refused(x, &b, ALC_REFUSAL_INPUT);
    b = x->bundle;
    copy(x, &b.output)[0] ^= 1;
    refused(x, &b, ALC_REFUSAL_OUTPUT);
    b = x->bundle;
    b.source_code.b[31] ^= 1;
    refused(x, &b, ALC_REFUSAL_CODE);
    assert_int_equal(program_run(x->program, "verify proof.json" ROOT), 0);
}

/* ---- years later ---- */

static void years_later_the_set_of_that_day_decides(void **state)
{
    struct ctx *x = *state;
    struct alc_bundle b = x->bundle;
    struct alc_bytes body;
    char page[128];

    assert_true(x->from_s > 0 && x->until_s > x->from_s);
    /* The file's own day is the default, whenever it is asked for; another day is not its set's. */
    assert_int_equal(program_run(x->program, "verify proof.json --at " FAR ROOT), 3);
    says(x, "UNPROVEN: ");
    says(x, FAR ", as --at asks");
    says(x, "Give the set of that day");
    assert_int_equal(
        program_run(x->program, "verify proof.json --at %llu" ROOT, (unsigned long long)x->until_s),
        0);
    assert_int_equal(program_run(x->program, "verify proof.json --at %llu" ROOT,
                                 (unsigned long long)x->until_s + 1),
                     3);
    assert_int_equal(
        program_run(x->program, "verify proof.json --at %llu" ROOT, (unsigned long long)x->from_s),
        0);
    assert_int_equal(program_run(x->program, "verify proof.json --at %llu" ROOT,
                                 (unsigned long long)x->from_s - 1),
                     3);
    /* Without the set inside it, the gateway's archive has it. */
    b.collateral.n = 0;
    put_bundle(x, &b);
    assert_int_equal(program_run(x->program, "verify proof.json" ROOT), 3);
    snprintf(page, sizeof page, "/public/collateral?fmspc=53494d000000&at=%llu",
             (unsigned long long)(x->from_s + 1));
    assert_int_equal(get(x, &body, page), 200);
    put_file(x, "set.json", body);
    assert_int_equal(program_run(x->program, "verify proof.json --collateral set.json" ROOT), 0);
    put_bundle(x, &x->bundle);
}

/* ---- OutLayer's record ---- */

/* replace writes the record with one part of its text changed. */
static void replace(struct ctx *x, struct alc_bytes *text, const char *part, const char *by)
{
    const uint8_t *at = memmem(text->p, text->n, part, strlen(part));
    struct alc_buf out = ALC_BUF(FILE_MAX_BYTES);

    if (at == NULL) fail_msg("no %s in %.*s", part, (int)text->n, (const char *)text->p);
    alc_buf_put(&out, text->p, (size_t)(at - text->p));
    alc_buf_put_text(&out, by);
    at += strlen(part);
    alc_buf_put(&out, at, (size_t)(text->p + text->n - at));
    assert_true(!out.failed && alc_arena_copy(&x->flow->arena, alc_buf_bytes(&out), text));
    alc_buf_fini(&out);
    put_file(x, "record.json", *text);
}

static void outlayers_record_of_the_run_is_accepted_and_its_splits_too(void **state)
{
    static const char judge[] = "verify record.json --collateral set.json" ROOT;
    struct ctx *x = *state;
    struct alc_bytes record, body;
    char first[65], second[65];
    const char *at;

    assert_int_equal(get(x, &body, "/public/collateral?fmspc=53494d000000"), 200);
    put_file(x, "set.json", body);
    assert_int_equal(get(x, &record, "/attestations/1"), 200);
    put_file(x, "record.json", record);
    assert_int_equal(program_run(x->program, "%s", judge), 0);
    says(x, "ACCEPTED OutLayer record of task 1");
    says(x, "SIMULATED");
    at = strstr(alc_buf_text(&x->program->out), "\n  hash        ");
    assert_non_null(at);
    snprintf(first, sizeof first, "%s", at + strlen("\n  hash        "));
    assert_int_equal(program_run(x->program, "verify record.json" ROOT), 3);
    assert_int_equal(program_run(x->program, "verify record.json --collateral set.json"), 1);

    /* Another record with the same hash, and with that the same quote. */
    replace(x, &record, "\"caller_account_id\":\"user.test.near\"",
            "\"caller_account_id\":\"user.test.\",\"project_id\":\"near\"");
    assert_int_equal(program_run(x->program, "%s", judge), 0);
    says(x, "project near");
    at = strstr(alc_buf_text(&x->program->out), "\n  hash        ");
    assert_non_null(at);
    snprintf(second, sizeof second, "%s", at + strlen("\n  hash        "));
    assert_string_equal(first, second);
    replace(x, &record, "\"project_id\":\"near\"", "\"project_id\":\"neat\"");
    assert_int_equal(program_run(x->program, "%s", judge), 1);
    says(x, alc_refusal_text(ALC_REFUSAL_RECORD_BINDING));
}

static void a_byte_that_moves_to_its_neighbour_is_seen_in_our_statement(void **state)
{
    struct ctx *x = *state;
    struct alc_bytes body = x->bundle.signed_statement;
    uint8_t bytes[ALC_STATEMENT_SIGNED_MAX_BYTES];
    struct alc_bundle b = x->bundle;
    struct alc_statement s;
    size_t n;

    body.n -= ALC_STATEMENT_SIG_BYTES;
    assert_true(alc_statement_read(&s, body));
    assert_true(alc_bytes_is(s.signer_id, "user.test.near"));
    assert_true(alc_bytes_is(s.predecessor_id, "user.test.near"));
    s.signer_id = ALC_LIT("user.test.nearu");
    s.predecessor_id = ALC_LIT("ser.test.near");
    n = alc_statement_write(&s, bytes, sizeof bytes);
    assert_int_equal(n, body.n);
    assert_int_not_equal(memcmp(bytes, body.p, n), 0);
    memcpy(bytes + n, body.p + body.n, ALC_STATEMENT_SIG_BYTES);
    b.signed_statement = (struct alc_bytes){bytes, n + ALC_STATEMENT_SIG_BYTES};
    refused(x, &b, ALC_REFUSAL_SIGNATURE);
}

/* ---- the worker's folder ---- */

/* attested: what `alcove attest` in the node's folder measures is what the node said. */
static void attested(struct ctx *x, const char *more)
{
    struct alc_json *doc;
    const char *text;

    assert_int_equal(
        program_run(x->program, "attest --json --state %s %s", x->flow->state.path, more), 0);
    doc = program_json(x->program);
    assert_true(alc_json_text(alc_json_get(doc, "measurement"), &text));
    assert_string_equal(text, ready(x, "measurement"));
    assert_true(alc_json_text(alc_json_get(doc, "source"), &text));
    assert_string_equal(text, "SIMULATED");
    alc_json_close(doc);
}

static bool approved(struct ctx *x)
{
    struct alc_buf args = ALC_BUF(8192);
    struct alc_jw w = {.out = &args};
    struct alc_buf list = ALC_BUF(4096);
    struct alc_json *doc = program_json(x->program);
    struct alc_bytes answer;
    struct alc_err err;

    alc_json_dump(alc_json_get(doc, "measurements"), &list);
    alc_jw_obj(&w);
    alc_jw_key(&w, "measurements");
    alc_jw_raw(&w, alc_buf_bytes(&list));
    alc_jw_end(&w);
    flow_must(x->flow,
              alc_near_rpc_view(x->flow->dev.client, &answer, CLI_DEVNET_OPERATOR,
                                "is_measurements_approved", alc_buf_bytes(&args), &x->flow->arena,
                                &err),
              &err);
    alc_json_close(doc);
    alc_buf_fini(&list);
    alc_buf_fini(&args);
    return alc_bytes_is(answer, "true");
}

#define NOWHERE "--attest-configfs-dir ./none --attest-dstack-socket ./none"

static void attest_in_the_folder_measures_what_the_register_allows(void **state)
{
    static const char *const other[] = {"--worker-max-memory-mb", "333", "--worker-module", echo,
                                        NULL};
    struct ctx *x = *state;

    attested(x, NOWHERE); /* without a word on the source, as the worker's was */
    assert_true(approved(x));
    attested(x, "--attest-source simulated");
    assert_true(approved(x));
    /* With another policy the folder's next worker is another enclave, and attest follows it. */
    flow_down(x->flow);
    flow_up(x->flow, NULL, other);
    attested(x, NOWHERE);
    assert_false(approved(x));
    /* The settings of a network are taken at their word, and the worker's are not hidden. */
    assert_int_equal(program_run(x->program,
                                 "attest --attest-source simulated --state %s --near-rpc %s "
                                 "--dev-plain-http",
                                 x->flow->state.path, x->flow->dev.rpc),
                     0);
    says(x, "of these settings; the worker that last started in ");
    says(x, " had another: ");
    assert_int_equal(program_run(x->program,
                                 "attest --json --attest-source simulated --state %s --near-rpc %s "
                                 "--dev-plain-http",
                                 x->flow->state.path, x->flow->dev.rpc),
                     0);
    assert_true(approved(x)); /* the one of the first worker */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gateways_file_is_accepted_as_simulated_and_not_without),
        cmocka_unit_test(each_part_altered_by_one_byte_is_refused_with_the_reason),
        cmocka_unit_test(years_later_the_set_of_that_day_decides),
        cmocka_unit_test(outlayers_record_of_the_run_is_accepted_and_its_splits_too),
        cmocka_unit_test(a_byte_that_moves_to_its_neighbour_is_seen_in_our_statement),
        cmocka_unit_test(attest_in_the_folder_measures_what_the_register_allows),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
