/* tests/unit/cli/test_verify_proof.c — `alcove verify` on bundles with a quote, on quotes, on
 * OutLayer's records, and on what a gateway has. */
#include "made_proof.h"
#include "program.h"

#include "attest/sim.h"
#include "base/enc.h"
#include "base/httpd.h"

struct fixture {
    struct program *program;
    struct made_proof *proof;
    struct alc_bundle bundle;
};

static void write_file(struct fixture *f, const char *name, struct alc_bytes bytes)
{
    char path[128];
    FILE *out;
    snprintf(path, sizeof path, "%s/%s", f->program->dir, name);
    out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes.p, 1, bytes.n, out), bytes.n);
    assert_int_equal(fclose(out), 0);
}

static void write_bundle(struct fixture *f)
{
    struct alc_buf text = ALC_BUF(1u << 20);
    alc_bundle_write(&text, &f->bundle);
    assert_false(text.failed);
    write_file(f, "statement.json", alc_buf_bytes(&text));
    alc_buf_fini(&text);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    void *program;

    if (f == NULL) return -1;
    alc_crypto_init();
    program_set_up(&program);
    f->program = program;
    f->proof = made_proof_open();
    f->bundle = (struct alc_bundle){.signed_statement = f->proof->signed_statement,
                                    .has_request = true,
                                    .has_input = true,
                                    .has_output = true,
                                    .request = MADE_REQUEST,
                                    .input = MADE_INPUT,
                                    .output = MADE_OUTPUT,
                                    .evidence = f->proof->evidence,
                                    .collateral = f->proof->collateral,
                                    .event_log = f->proof->event_log};
    write_bundle(f);
    write_file(f, "root.der", f->proof->root);
    write_file(f, "set.json", f->proof->collateral);
    write_file(f, "quote", alc_buf_bytes(&f->proof->quote));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    void *program = f->program;
    made_proof_close(f->proof);
    program_tear_down(&program);
    free(f);
    return 0;
}

static void says(struct fixture *f, const char *word)
{
    program_said(&f->program->out, word);
}

static void lacks(struct fixture *f, const char *word)
{
    if (strstr(alc_buf_text(&f->program->out), word) != NULL)
        fail_msg("`%s` in: %s", word, alc_buf_text(&f->program->out));
}

static void is_text(const struct alc_json *v, const char *want)
{
    const char *text = "";
    assert_true(alc_json_text(v, &text));
    assert_string_equal(text, want);
}

#define ROOT " --simulated-root root.der"

static void a_bundle_with_a_quote_is_accepted_as_simulated(void **state)
{
    struct fixture *f = *state;
    struct alc_json *doc;

    assert_int_equal(program_run(f->program, "verify statement.json" ROOT), 0);
    says(f, "ACCEPTED statement ");
    says(f, "SIMULATED: no hardware made it");
    says(f, "Proven: SIMULATED: a stand-in holds that key");
    says(f, "UpToDate");
    says(f, "boot log ");
    says(f, "when the statement says the run ended");
    says(f, "compare it with --measurement");
    lacks(f, "genuine hardware");

    assert_int_equal(program_run(f->program, "verify --json statement.json" ROOT), 0);
    doc = program_json(f->program);
    is_text(alc_json_get(doc, "verdict"), "pass");
    is_text(alc_json_get(doc, "attestation"), "SIMULATED");
    is_text(alc_json_get(alc_json_get(doc, "quote"), "attestation"), "SIMULATED");
    assert_int_equal(alc_json_kind(alc_json_get(doc, "events")), ALC_JSON_OBJECT);
    alc_json_close(doc);
}

static void simulated_quotes_pass_only_under_their_named_root(void **state)
{
    struct fixture *f = *state;
    struct alc_sim *other;

    assert_int_equal(program_run(f->program, "verify statement.json"), 1);
    says(f, "REJECTED: ");
    says(f, "SIMULATED");
    says(f, "--simulated-root");
    assert_int_equal(program_run(f->program, "verify --json statement.json"), 1);
    says(f, "\"verdict\":\"fail\"");
    says(f, "\"attestation\":\"SIMULATED\"");
    assert_int_equal(program_run(f->program, "verify statement.json --hardware" ROOT), 1);
    says(f, "no hardware vouches for the key");
    assert_int_equal(program_run(f->program, "verify quote --collateral set.json"), 1);
    says(f, "SIMULATED");
    assert_int_equal(program_run(f->program, "verify quote --hardware --collateral set.json" ROOT),
                     1);

    assert_int_equal(alc_sim_open(&other, NULL, &alc_clock_system, NULL), ALC_OK);
    write_file(f, "other.der", alc_sim_root(other));
    alc_sim_close(other);
    assert_int_equal(program_run(f->program, "verify statement.json --simulated-root other.der"),
                     1);
    assert_int_equal(program_run(f->program, "verify statement.json --simulated-root none.der"), 2);
}

static void what_was_changed_in_a_bundle_is_rejected(void **state)
{
    struct fixture *f = *state;
    const struct alc_bundle whole = f->bundle;

    f->bundle.output = ALC_LIT("{\"payout\":251}");
    write_bundle(f);
    assert_int_equal(program_run(f->program, "verify statement.json" ROOT), 1);
    says(f, alc_refusal_text(ALC_REFUSAL_OUTPUT));

    f->bundle = whole;
    f->proof->statement.sequence++; /* signed by the same key: another statement */
    made_proof_sign(f->proof);
    f->bundle.signed_statement = f->proof->signed_statement;
    write_bundle(f);
    assert_int_equal(program_run(f->program, "verify statement.json" ROOT), 1);
    says(f, alc_refusal_text(ALC_REFUSAL_BINDING));
    f->proof->statement.sequence--;
    made_proof_sign(f->proof);

    f->bundle = whole;
    f->bundle.event_log = ALC_LIT("[]");
    write_bundle(f);
    assert_int_equal(program_run(f->program, "verify statement.json" ROOT), 1);
    says(f, alc_refusal_text(ALC_REFUSAL_EVENTS_RTMR));

    f->bundle = whole;
    f->bundle.has_source = true; /* of a module that is not the statement's */
    f->bundle.source_url = ALC_LIT("https://modules.example/rain.wasm");
    write_bundle(f);
    assert_int_equal(program_run(f->program, "verify statement.json" ROOT), 1);
    says(f, alc_refusal_text(ALC_REFUSAL_CODE));
    f->bundle.source_code = f->proof->statement.code_hash;
    write_bundle(f);
    assert_int_equal(program_run(f->program, "verify statement.json" ROOT), 0);
    says(f, "module from https://modules.example/rain.wasm");
}

static void the_time_of_judgement_is_the_callers_to_choose(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(program_run(f->program, "verify statement.json --now" ROOT), 0);
    says(f, "now, by this machine's clock");
    assert_int_equal(
        program_run(f->program, "verify statement.json --at 2020-02-29T00:00:00Z" ROOT), 3);
    says(f, "UNPROVEN: ");
    says(f, "2020-02-29T00:00:00Z, as --at asks");
    lacks(f, "ACCEPTED");
    lacks(f, "Proven");
    assert_int_equal(program_run(f->program, "verify statement.json --at 9999999999" ROOT), 3);
    assert_int_equal(program_run(f->program, "verify statement.json --json --at 1" ROOT), 3);
    says(f, "{\"verdict\":\"unproven\",\"judged_at\":1,");
    says(f, "\"accepted\":false");
    for (const char *const *at = (const char *const[]){"yesterday", "2021-02-29T00:00:00Z",
                                                       "2020-02-29T00:00:00", "-1", "1.5", NULL};
         *at != NULL; at++)
        assert_int_equal(program_run(f->program, "verify statement.json --at=%s" ROOT, *at), 2);
    assert_int_equal(program_run(f->program, "verify statement.json --at 1 --now" ROOT), 2);
}

static void without_collateral_a_quote_is_unproven(void **state)
{
    struct fixture *f = *state;

    f->bundle.collateral.n = 0;
    write_bundle(f);
    assert_int_equal(program_run(f->program, "verify statement.json" ROOT), 3);
    says(f, "UNPROVEN: there is no collateral");
    says(f, "--collateral");
    assert_int_equal(program_run(f->program, "verify statement.json --collateral set.json" ROOT),
                     0);
    assert_int_equal(program_run(f->program, "verify quote" ROOT), 3);
    says(f, "UNPROVEN: there is no collateral");
    /* but a statement that does not hold is rejected all the same */
    f->bundle.output = ALC_LIT("{}");
    write_bundle(f);
    assert_int_equal(program_run(f->program, "verify statement.json" ROOT), 1);
}

static void a_lone_quote_is_judged_as_bytes_and_as_hex(void **state)
{
    struct fixture *f = *state;
    struct alc_buf hex = ALC_BUF(1u << 20);
    struct alc_bytes quote = alc_buf_bytes(&f->proof->quote);

    assert_int_equal(program_run(f->program, "verify quote --collateral set.json --now" ROOT), 0);
    says(f, "ACCEPTED quote");
    says(f, "SIMULATED");
    says(f, "a quote has no time");
    alc_buf_put_text(&hex, "0x");
    for (size_t i = 0; i < quote.n; i++)
        alc_buf_printf(&hex, "%02X", quote.p[i]);
    alc_buf_put_text(&hex, "\n");
    write_file(f, "quote.hex", alc_buf_bytes(&hex));
    assert_int_equal(program_run(f->program, "verify quote.hex --collateral set.json" ROOT), 0);
    hex.p[200] = hex.p[200] == '0' ? '1' : '0';
    write_file(f, "quote.hex", alc_buf_bytes(&hex));
    assert_int_equal(program_run(f->program, "verify quote.hex --collateral set.json" ROOT), 1);
    says(f, alc_refusal_text(ALC_REFUSAL_QUOTE_SIGNATURE));
    write_file(f, "stub", ALC_LIT("4e4f5f4154544553544154494f4e3a7075626b65793d3030"));
    assert_int_equal(program_run(f->program, "verify stub --collateral set.json" ROOT), 1);
    says(f, "development stub");
    write_file(f, "empty", ALC_LIT(""));
    assert_int_equal(program_run(f->program, "verify empty --collateral set.json" ROOT), 2);
    alc_buf_fini(&hex);
}

static void a_set_in_a_services_wrapping_is_unwrapped(void **state)
{
    struct fixture *f = *state;
    struct alc_buf text = ALC_BUF(1u << 20);
    struct alc_jw w = {.out = &text};

    alc_jw_obj(&w);
    alc_jw_key(&w, "collateral");
    alc_jw_str(&w, f->proof->collateral);
    alc_jw_end(&w);
    write_file(f, "wrapped.json", alc_buf_bytes(&text));
    assert_int_equal(program_run(f->program, "verify quote --collateral wrapped.json" ROOT), 0);
    write_file(f, "broken.json", ALC_LIT("{}"));
    assert_int_equal(program_run(f->program, "verify quote --collateral broken.json" ROOT), 1);
    says(f, alc_refusal_text(ALC_REFUSAL_COLLATERAL_FORMAT));
    alc_buf_fini(&text);
}

static void measurements(struct fixture *f, const char *name, uint8_t change)
{
    struct alc_measurement m = alc_attest_measurement(f->proof->attest);
    struct alc_buf text = ALC_BUF(4096);
    char hex[97];
    size_t n;

    m.rtmr[3][47] ^= change;
    alc_buf_put_text(&text, "[");
    for (int i = -1; i < 4; i++) {
        assert_true(alc_hex_encode(hex, sizeof hex, &n,
                                   (struct alc_bytes){i < 0 ? m.mrtd : m.rtmr[i], 48}));
        for (size_t k = 0; k < n; k++) /* either case */
            if (hex[k] >= 'a') hex[k] = (char)(hex[k] - 32);
        hex[n] = 0;
        if (i < 0)
            alc_buf_printf(&text, "{\"mrtd\":\"%s\"", hex);
        else
            alc_buf_printf(&text, ",\"rtmr%d\":\"%s\"", i, hex);
    }
    alc_buf_put_text(&text, "}]");
    write_file(f, name, alc_buf_bytes(&text));
    alc_buf_fini(&text);
}

static void the_policy_is_the_callers(void **state)
{
    struct fixture *f = *state;
    struct alc_json *doc;
    struct alc_bytes ppid;

#define QUOTE "verify quote --collateral set.json" ROOT " "
    measurements(f, "mine.json", 0);
    measurements(f, "other.json", 1);
    assert_int_equal(program_run(f->program, QUOTE "--measurement mine.json"), 0);
    says(f, "one of --measurement");
    assert_int_equal(program_run(f->program, QUOTE "--measurement other.json"), 1);
    says(f, alc_refusal_text(ALC_REFUSAL_MEASUREMENT));
    assert_int_equal(
        program_run(f->program, QUOTE "--measurement other.json --measurement mine.json"), 0);
    assert_int_equal(program_run(f->program, QUOTE "--measurement set.json"), 2);
    assert_int_equal(program_run(f->program, QUOTE "--measurement root.der"), 2);

    assert_int_equal(program_run(f->program, QUOTE "--json"), 0);
    doc = program_json(f->program);
    assert_true(alc_json_str(alc_json_get(doc, "ppid"), &ppid));
    assert_int_equal(
        program_run(f->program, QUOTE "--ppid %.*s", (int)ppid.n, (const char *)ppid.p), 0);
    assert_int_equal(program_run(f->program, QUOTE "--ppid 00000000000000000000000000000000"), 1);
    assert_int_equal(program_run(f->program, QUOTE "--ppid 00"), 2);
    alc_json_close(doc);

    assert_int_equal(program_run(f->program, QUOTE "--min-evaluation 4000000000"), 1);
    says(f, alc_refusal_text(ALC_REFUSAL_EVALUATION));
    assert_int_equal(program_run(f->program, QUOTE "--report-data 00"), 1);
    says(f, alc_refusal_text(ALC_REFUSAL_REPORT_DATA));
    assert_int_equal(program_run(f->program, QUOTE "--report-data 0"), 2);
    assert_int_equal(program_run(f->program, QUOTE "--accept-status Revoked"), 2);
    assert_int_equal(program_run(f->program, QUOTE "--accept-status uptodate"), 2);
    program_said(&f->program->err, "SWHardeningNeeded");
    assert_int_equal(program_run(f->program, QUOTE "--accept-status OutOfDate --grace-days 30 "
                                                   "--accept-advisory INTEL-SA-00615"),
                     0);
}

/* ---- OutLayer's record ---- */

#define OUT "82b2b42f1755c0e200fdcedbde8ca04d358c2a31177df5f5609123e8810560df"

static void write_record(struct fixture *f, const char *caller, const char *project, bool bound)
{
    struct alc_buf text = ALC_BUF(1u << 20), quote = ALC_BUF(1u << 16);
    struct alc_jw w = {.out = &text};
    uint8_t report_data[64] = {0}, memory[8192];
    struct alc_verify_work work = ALC_VERIFY_WORK(memory);
    struct alc_hash h;
    const struct alc_record r = {.task_type = ALC_LIT("execute"),
                                 .task_id = 7,
                                 .output_hash = ALC_LIT(OUT),
                                 .caller = ALC_LIT("alice.near"),
                                 .project_id = ALC_LIT("bob.near/app"),
                                 .timestamp = (int64_t)f->proof->now_s + 5};

    assert_true(alc_record_hash(&h, &r, &work, &alc_verify_native));
    memcpy(report_data, h.b, 32);
    report_data[63] = !bound;
    assert_int_equal(alc_attest_quote(f->proof->attest, report_data, &quote, NULL, NULL), ALC_OK);
    alc_buf_printf(&text,
                   "{\"id\":1,\"task_id\":7,\"task_type\":\"execute\",\"output_hash\":\"" OUT
                   "\",\"caller_account_id\":\"%s\",\"project_id\":\"%s\",\"timestamp\":%lld,"
                   "\"tdx_quote\":",
                   caller, project, (long long)r.timestamp);
    alc_jw_base64(&w, alc_buf_bytes(&quote));
    alc_buf_put_text(&text, "}");
    write_file(f, "record.json", alc_buf_bytes(&text));
    alc_buf_fini(&text);
    alc_buf_fini(&quote);
}

static void an_outlayer_record_is_judged_by_its_own_rule(void **state)
{
    struct fixture *f = *state;
    const char *run = "verify record.json --collateral set.json" ROOT;

    write_record(f, "alice.near", "bob.near/app", true);
    assert_int_equal(program_run(f->program, "%s", run), 0);
    says(f, "ACCEPTED OutLayer record of task 7");
    says(f, "SIMULATED");
    says(f, "when the record says the job began");
    says(f, "the hash has no lengths");
    assert_int_equal(program_run(f->program, "verify record.json" ROOT), 3);
    assert_int_equal(program_run(f->program, "verify record.json --collateral set.json"), 1);
    /* Bytes that move to a neighbour are not seen: that is what the last words above say. */
    write_record(f, "alice.nearbob.near", "/app", true);
    assert_int_equal(program_run(f->program, "%s", run), 0);
    write_record(f, "alicia.near", "bob.near/app", true);
    assert_int_equal(program_run(f->program, "%s", run), 1);
    says(f, alc_refusal_text(ALC_REFUSAL_RECORD_BINDING));
    write_record(f, "alice.near", "bob.near/app", false);
    assert_int_equal(program_run(f->program, "%s", run), 1);
    assert_int_equal(program_run(f->program, "%s --json", run), 1);
    says(f, "\"verdict\":\"fail\"");
    says(f, "\"refusal\":\"RECORD_BINDING\"");
    write_file(f, "record.json", ALC_LIT("{\"task_id\":7}"));
    assert_int_equal(program_run(f->program, "%s", run), 2);
}

/* ---- from a gateway ---- */

static void serve(void *ctx, const struct alc_httpd_ask *ask, struct alc_httpd_answer *a)
{
    struct fixture *f = ctx;
    if (strncmp(ask->path, "/statements/", 12) == 0 && ask->path[12] != 'f')
        alc_bundle_write(&a->body, &f->bundle);
    else
        a->status = 404;
}

static void a_statement_is_fetched_by_its_hash_and_must_be_that_one(void **state)
{
    struct fixture *f = *state;
    const struct alc_httpd_conf conf = {.host = "127.0.0.1", .handle = serve, .ctx = f};
    struct alc_httpd *d;
    char hex[65], url[64];
    size_t n;

    assert_int_equal(alc_httpd_open(&d, &conf, NULL), ALC_OK);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", alc_httpd_port(d));
    while (f->proof->hash.b[0] >= 0xf0) { /* the page that is not there is f... */
        f->proof->statement.sequence++;
        made_proof_sign(f->proof);
    }
    assert_true(alc_hex_encode(hex, sizeof hex, &n, alc_hash_bytes(&f->proof->hash)));
    hex[n] = 0;
    made_proof_quote(f->proof, &(struct alc_evidence){.binding.kind = ALC_EVIDENCE_STATEMENT});
    f->bundle.signed_statement = f->proof->signed_statement;
    f->bundle.evidence = f->proof->evidence;
    f->bundle.event_log = f->proof->event_log;

    assert_int_equal(program_run(f->program, "verify --gateway %s" ROOT " %s", url, hex), 0);
    says(f, hex);
    hex[5] = hex[5] == '0' ? '1' : '0';
    assert_int_equal(program_run(f->program, "verify --gateway %s" ROOT " %s", url, hex), 2);
    program_said(&f->program->err, "another statement");
    assert_int_equal(program_run(f->program, "verify --gateway %s" ROOT " f%s", url, hex + 1), 2);
    program_said(&f->program->err, "has no such statement");
    assert_int_equal(program_run(f->program, "verify --gateway %s" ROOT " statement.json", url), 2);
    alc_httpd_close(d);
    assert_int_equal(program_run(f->program, "verify --gateway %s" ROOT " %s", url, hex), 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_bundle_with_a_quote_is_accepted_as_simulated),
        TEST(simulated_quotes_pass_only_under_their_named_root),
        TEST(what_was_changed_in_a_bundle_is_rejected),
        TEST(the_time_of_judgement_is_the_callers_to_choose),
        TEST(without_collateral_a_quote_is_unproven),
        TEST(a_lone_quote_is_judged_as_bytes_and_as_hex),
        TEST(a_set_in_a_services_wrapping_is_unwrapped),
        TEST(the_policy_is_the_callers),
        TEST(an_outlayer_record_is_judged_by_its_own_rule),
        TEST(a_statement_is_fetched_by_its_hash_and_must_be_that_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
