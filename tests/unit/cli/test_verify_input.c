/* tests/unit/cli/test_verify_input.c — what people hand to `alcove verify` by mistake: it says what
 * the thing is and what to do, and exits with 2 when there was nothing to judge. */
#include "example.h"
#include "program.h"

#include "tdx_vectors.h"

#define INSIDE "1751000000" /* a second at which the samples' sets hold */

static void put(const struct program *p, const char *name, struct alc_bytes bytes)
{
    char path[128];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", p->dir, name);
    f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
    assert_int_equal(fclose(f), 0);
}

/* unreadable: exit 2, nothing on standard output, and each of the words on the other. */
static void unreadable(struct program *p, const char *words, const char *says, const char *cure)
{
    int code = program_run(p, "verify %s", words);

    program_said(&p->err, says);
    program_said(&p->err, cure);
    if (code != 2) fail_msg("verify %s: exit %d", words, code);
    assert_int_equal(p->out.n, 0);
}

static void what_is_no_file_to_read_is_said(void **state)
{
    struct program *p = *state;
    char path[128];

    unreadable(p, "nothing.json", "nothing.json: No such file", "");
    unreadable(p, ".", ". is a folder", "");
    put(p, "empty", ALC_LIT(""));
    unreadable(p, "empty", "empty is empty", "");
    snprintf(path, sizeof path, "%s/fifo", p->dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    unreadable(p, "fifo", "fifo is no regular file", "save it first"); /* and it does not wait */
    put(p, "huge", ALC_LIT(""));
    snprintf(path, sizeof path, "%s/huge", p->dir);
    assert_int_equal(truncate(path, (off_t)64 << 20), 0);
    unreadable(p, "huge", "huge is 67108864 bytes, at most 8388608", "");
    unreadable(p, "''", "name one file", "--gateway");
    unreadable(p, "empty empty", "name one file", "--help");
    unreadable(p, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
               "there is no file 2cf24dba", "--gateway URL");
}

static void json_of_another_kind_is_called_by_its_name(void **state)
{
    struct program *p = *state;

    put(p, "object", ALC_LIT(" {}\n"));
    unreadable(p, "object", "neither a statement (it has no \"format\")", "\"task_id\"");
    put(p, "list", ALC_LIT("[]"));
    unreadable(p, "list", "neither a statement", "OutLayer record");
    put(p, "set", ALC_LIT("{\"tcb_info\":\"{}\"}"));
    unreadable(p, "set", "set is a set of collateral", "with --collateral");
    put(p, "served", ALC_LIT("{\"collateral\":\"{}\",\"fmspc\":\"00\"}"));
    unreadable(p, "served", "served is a set of collateral", "with --collateral");
    assert_int_equal(program_run(p, "attest --attest-source simulated --json >attested"), 0);
    unreadable(p, "attested", "what `alcove attest --json` says", "--out FILE");
    put(p, "torn", ALC_LIT("{\"format\":\"alcove-statement/1\",\n"));
    unreadable(p, "torn", "torn is no statement file: not valid JSON at line 2", "");
    put(p, "twice", ALC_LIT("{\"format\":\"alcove-statement/1\",\"format\":\"x\"}"));
    unreadable(p, "twice", "twice is no statement file", "duplicate object key");
    put(p, "later", ALC_LIT("{\"format\":\"alcove-statement/9\"}"));
    unreadable(p, "later", "its \"format\" is not \"alcove-statement/1\"", "");
    put(p, "record", ALC_LIT("{\"task_id\":7}"));
    unreadable(p, "record", "this is no attestation record, or a field is missing", "");
}

static void bytes_that_are_no_quote_are_rejected_with_what_a_file_may_be(void **state)
{
    static const uint8_t junk[3000] = {0xde, 0xad, 0xbe, 0xef};
    static const char *const texts[] = {"0x0400abc", "not hex", "04 00 02 00", NULL};
    struct program *p = *state;

    put(p, "file", (struct alc_bytes){junk, sizeof junk});
    for (size_t i = 0;; i++) {
        assert_int_equal(program_run(p, "verify file"), 1);
        program_said(&p->out, "REJECTED: ");
        program_said(&p->out, "neither a statement nor a record, and was read as a quote");
        assert_int_equal(p->err.n, 0);
        if (texts[i] == NULL) break;
        put(p, "file", alc_cstr(texts[i]));
    }
}

static void flags_that_name_the_wrong_file_say_which(void **state)
{
    struct program *p = *state;

    put(p, "good.json", example());
    put(p, "empty", ALC_LIT(""));
    put(p, "junk", ALC_LIT("\x30\x82\x01\x00 of another length"));
    put(p, "root.pem", ALC_LIT("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
    assert_int_equal(program_run(p, "verify good.json"), 0);
    unreadable(p, "good.json --simulated-root junk",
               "simulated-root: junk is no certificate in DER", "simulated/root.der");
    unreadable(p, "good.json --simulated-root empty", "empty is no certificate in DER", "");
    unreadable(p, "good.json --simulated-root root.pem", "root.pem is PEM",
               "openssl x509 -in root.pem -outform DER");
    unreadable(p, "good.json --simulated-root nothing", "nothing: No such file", "");
    unreadable(p, "good.json --collateral empty", "collateral: empty is empty", "");
    unreadable(p, "good.json --collateral nothing", "nothing: No such file", "");
    unreadable(p, "good.json --measurement junk", "not valid JSON", "");
    unreadable(p, "good.json --ppid xy", "ppid: `xy` is not 16 bytes in hex", "");
    unreadable(p, "good.json --report-data abc", "report-data: it is not hex", "");
    unreadable(p, "good.json --at tomorrow", "`tomorrow` is neither", "2026-03-01T12:00:00Z");
    unreadable(p, "good.json --grace-days x", "grace-days: 'x'", "a number from 0 to 36500");
    unreadable(p, "good.json --accept-status Fine", "`Fine` is no status", "SWHardeningNeeded");
    unreadable(p, "good.json --gateway nowhere", "name a statement by 64 hex digits", "");
    unreadable(p, "good.json --code", "--code wants a value", "");
    unreadable(p, "good.json --bogus", "there is no flag --bogus", "--help");
}

/* The example's request with another input in it, and a statement that agrees with its words only.
 */
static void an_input_that_is_not_the_one_asked_for_is_refused(void **state)
{
    struct alc_buf text = ALC_BUF(1u << 20);
    struct alc_arena arena = ALC_ARENA(1u << 20);
    uint8_t bytes[ALC_STATEMENT_SIGNED_MAX_BYTES];
    struct alc_statement s = sample();
    struct alc_bundle b;
    struct program *p = *state;

    assert_int_equal(alc_bundle_read(&b, example(), &arena, NULL), ALC_OK);
    b.has_input = false; /* what stands in the request is compared instead */
    alc_bundle_write(&text, &b);
    put(p, "file", alc_buf_bytes(&text));
    assert_int_equal(program_run(p, "verify file"), 0);
    program_said(&p->out, "  input       "
                          "e5580dd1c00485a595bb1723e3f7b927fd01f00f22f97d5ff7637a8aa00c8b4e  "
                          "compared\n");
    assert_true(
        alc_statement_read(&s, (struct alc_bytes){b.signed_statement.p,
                                                  b.signed_statement.n - ALC_STATEMENT_SIG_BYTES}));
    alc_sha256(&s.input_hash, ALC_LIT("{\"place\":\"Spokane\"}"));
    b.signed_statement = sign_as_is(bytes, &s, test_seed); /* the worker's own word */
    alc_buf_reset(&text);
    alc_bundle_write(&text, &b);
    put(p, "file", alc_buf_bytes(&text));
    assert_int_equal(program_run(p, "verify file"), 1);
    program_said(&p->out, alc_refusal_text(ALC_REFUSAL_INPUT));
    s.input_hash = (struct alc_hash){{0}}; /* a run that never began */
    b.signed_statement = sign_as_is(bytes, &s, test_seed);
    alc_buf_reset(&text);
    alc_bundle_write(&text, &b);
    put(p, "file", alc_buf_bytes(&text));
    assert_int_equal(program_run(p, "verify file"), 0);
    alc_buf_fini(&text);
    alc_arena_fini(&arena);
}

/* ---- real quotes ---- */

static void sample_to(struct program *p, const char *name)
{
    struct alc_bytes bytes = tdx_vector(name);

    if (bytes.n == 0) {
        print_message("skipped: no sample %s; build qvl_vectors or set ALCOVE_VECTORS\n", name);
        skip();
    }
    put(p, name, bytes);
}

static void real_quotes_are_judged_by_their_own_set_alone(void **state)
{
    struct program *p = *state;

    sample_to(p, "tdx_quote");
    sample_to(p, "tdx_quote_collateral.json");
    sample_to(p, "sgx_quote");
    sample_to(p, "sgx_quote_collateral.json");
#define WITH(set) " --collateral " set "_quote_collateral.json --at " INSIDE
    assert_int_equal(program_run(p, "verify tdx_quote" WITH("tdx")), 0);
    program_said(&p->out, "made by genuine hardware");
    assert_null(strstr(alc_buf_text(&p->out), "SIMULATED"));
    assert_int_equal(program_run(p, "verify tdx_quote"), 3);
    program_said(&p->out, "UNPROVEN: there is no collateral");
    program_said(&p->out, "/public/collateral?fmspc=");
    assert_int_equal(
        program_run(p, "verify tdx_quote --collateral tdx_quote_collateral.json --now"), 3);
    program_said(&p->out, "UNPROVEN: ");
    program_said(&p->out, "another time with --at");
    assert_int_equal(program_run(p, "verify sgx_quote" WITH("tdx")), 1); /* another kind */
    program_said(&p->out, "an SGX quote an SGX set");
    assert_int_equal(program_run(p, "verify tdx_quote" WITH("sgx")), 1);
    assert_int_equal(
        program_run(p, "verify tdx_quote" WITH(
                           "tdx") " --ppid "
                                  "00000000000000000000000000000000"), /* another machine */
        1);
    program_said(&p->out, "another machine than those that you named");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, program_set_up, program_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_no_file_to_read_is_said),
        TEST(json_of_another_kind_is_called_by_its_name),
        TEST(bytes_that_are_no_quote_are_rejected_with_what_a_file_may_be),
        TEST(flags_that_name_the_wrong_file_say_which),
        TEST(an_input_that_is_not_the_one_asked_for_is_refused),
        TEST(real_quotes_are_judged_by_their_own_set_alone),
    };
    alc_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
