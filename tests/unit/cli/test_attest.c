/* tests/unit/cli/test_attest.c — `alcove attest` as its users meet it. */
#include "program.h"

#include "attest/attest.h"
#include "base/enc.h"

static struct alc_bytes hex_of(const struct alc_json *v, uint8_t *out, size_t cap)
{
    struct alc_bytes text;
    size_t n;
    assert_true(alc_json_str(v, &text));
    assert_true(alc_hex_decode(out, cap, &n, text));
    return (struct alc_bytes){out, n};
}

static void the_quote_holds_the_report_data_and_what_is_printed(void **state)
{
    static const char *const names[] = {"rtmr0", "rtmr1", "rtmr2", "rtmr3"};
    static uint8_t bytes[ALC_QUOTE_MAX_BYTES];
    struct program *p = *state;
    struct alc_json *doc;
    const struct alc_json *measured;
    struct alc_measurement m;
    struct alc_hash hash;
    struct alc_quote q;
    uint8_t field[64], want[64] = {0xab, 0xcd};
    bool simulated;

    assert_int_equal(program_run(p, "attest --attest-source simulated --report-data abCD --json"),
                     0);
    doc = program_json(p);
    assert_int_equal(alc_quote_read(&q, hex_of(alc_json_get(doc, "quote"), bytes, sizeof bytes)),
                     ALC_REFUSAL_NONE);
    assert_memory_equal(q.td.report_data, want, 64);
    assert_memory_equal(hex_of(alc_json_get(doc, "report_data"), field, 64).p, want, 64);
    measured = alc_json_get(doc, "measurements");
    assert_int_equal(alc_json_count(measured), 5);
    assert_int_equal(hex_of(alc_json_get(measured, "mrtd"), field, 64).n, 48);
    assert_memory_equal(field, q.td.mrtd, 48);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(hex_of(alc_json_get(measured, names[i]), field, 64).n, 48);
        assert_memory_equal(field, q.td.rtmr[i], 48);
    }
    m = alc_quote_measurement(&q);
    alc_measurement_hash(&hash, &m, &alc_verify_native);
    assert_memory_equal(hex_of(alc_json_get(doc, "measurement"), field, 64).p, hash.b, 32);
    assert_true(alc_json_bool(alc_json_get(doc, "simulated"), &simulated));
    assert_true(simulated);
    alc_json_close(doc);
}

static void people_read_that_no_hardware_made_it(void **state)
{
    struct program *p = *state;
    assert_int_equal(program_run(p, "attest --attest-source simulated"), 0);
    program_said(&p->out, "source        SIMULATED\n");
    program_said(&p->out, "hardware      none");
    program_said(&p->out, "measurements  {\"mrtd\":\"");
    program_said(&p->out, ",\"rtmr3\":\"");
    program_said(&p->out, "\n0400020081000000"); /* the quote begins */
    assert_int_equal(p->err.n, 0);
}

static void a_file_takes_the_raw_quote(void **state)
{
    struct program *p = *state;
    struct alc_buf file = ALC_BUF(1u << 20);
    char path[96];
    struct alc_quote q;
    FILE *f;

    assert_int_equal(program_run(p, "attest --attest-source simulated --report-data 77 --out q"),
                     0);
    assert_null(strstr(alc_buf_text(&p->out), "0400020081000000"));
    program_said(&p->out, "bytes in q\n");
    snprintf(path, sizeof path, "%s/q", p->dir);
    f = fopen(path, "rb");
    assert_non_null(f);
    program_read(&file, f);
    fclose(f);
    assert_int_equal(alc_quote_read(&q, alc_buf_bytes(&file)), ALC_REFUSAL_NONE);
    assert_int_equal(q.td.report_data[0], 0x77);
    alc_buf_fini(&file);
}

static void a_state_folder_keeps_one_pki(void **state)
{
    struct program *p = *state;
    static uint8_t first[8192], second[8192];
    char path[96];
    FILE *f;
    size_t n;

    snprintf(path, sizeof path, "%s/simulated/root.der", p->dir);
    assert_int_equal(program_run(p, "attest --attest-source simulated --state ."), 0);
    f = fopen(path, "rb");
    assert_non_null(f);
    n = fread(first, 1, sizeof first, f);
    fclose(f);
    assert_true(n > 300);
    assert_int_equal(program_run(p, "attest --attest-source simulated --state ."), 0);
    f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fread(second, 1, sizeof second, f), n);
    fclose(f);
    assert_memory_equal(first, second, n);
}

static void a_policy_moves_rtmr3_alone(void **state)
{
    struct program *p = *state;
    char mrtd[2][97], rtmr2[2][97], rtmr3[2][97];

    for (int i = 0; i < 2; i++) {
        struct alc_json *doc;
        const struct alc_json *m;
        const char *text;
        assert_int_equal(
            program_run(p, "attest --attest-source simulated --json --policy %064d", i), 0);
        doc = program_json(p);
        m = alc_json_get(doc, "measurements");
        assert_true(alc_json_text(alc_json_get(m, "mrtd"), &text));
        snprintf(mrtd[i], 97, "%s", text);
        assert_true(alc_json_text(alc_json_get(m, "rtmr2"), &text));
        snprintf(rtmr2[i], 97, "%s", text);
        assert_true(alc_json_text(alc_json_get(m, "rtmr3"), &text));
        snprintf(rtmr3[i], 97, "%s", text);
        alc_json_close(doc);
    }
    assert_string_equal(mrtd[0], mrtd[1]);
    assert_string_equal(rtmr2[0], rtmr2[1]);
    assert_string_not_equal(rtmr3[0], rtmr3[1]);
}

/* text_of is a member of what `alcove attest --json` said. */
static void text_of(char out[512], const struct program *p, const char *key)
{
    struct alc_json *doc = program_json(p);
    const char *text = "";

    if (!alc_json_text(alc_json_get(doc, key), &text)) fail_msg("no %s", key);
    snprintf(out, 512, "%s", text);
    alc_json_close(doc);
}

#define SIMULATED_JSON "attest --attest-source simulated --json "

static void the_settings_of_the_roles_are_the_policy(void **state)
{
    struct program *p = *state;
    char usual[512], other[512], named[512];

    assert_int_equal(program_run(p, SIMULATED_JSON), 0);
    text_of(usual, p, "policy");
    assert_int_equal(program_run(p, SIMULATED_JSON "--localnet-port 3030 --worker-slots 3"), 0);
    text_of(other, p, "policy");
    assert_string_equal(usual, other); /* the same words, and a setting that binds nothing */
    assert_int_equal(program_run(p, SIMULATED_JSON "--worker-max-memory-mb 100"), 0);
    text_of(other, p, "policy");
    assert_string_not_equal(usual, other);
    assert_int_equal(program_run(p, SIMULATED_JSON "--near-rpc http://127.0.0.1:3030 "
                                                   "--dev-plain-http"),
                     0);
    text_of(named, p, "policy");
    assert_string_equal(usual, named); /* a development chain is a network that is not named */
    text_of(named, p, "policy_is");
    assert_string_equal(named, "of these settings");
    assert_int_equal(program_run(p, SIMULATED_JSON "--policy %064d", 7), 0);
    text_of(named, p, "policy");
    assert_int_equal(strspn(named, "0"), 63);
    text_of(named, p, "policy_is");
    assert_string_equal(named, "as --policy says");
}

static void what_a_worker_left_must_be_readable(void **state)
{
    struct program *p = *state;
    char path[128];
    FILE *f;

    snprintf(path, sizeof path, "%s/simulated", p->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/simulated/worker.json", p->dir);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs("{\"policy\":\"00\"}", f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(program_run(p, "attest --attest-source simulated --state ."), 9);
    program_said(&p->err, "./simulated/worker.json names no policy");
    assert_int_equal(p->out.n, 0);
}

static void without_a_source_it_says_why_and_what_to_do(void **state)
{
    struct program *p = *state;
    assert_int_equal(
        program_run(p, "attest --attest-configfs-dir ./tsm --attest-dstack-socket ./sock"), 5);
    assert_int_equal(p->out.n, 0);
    program_said(&p->err, "./tsm");
    program_said(&p->err, "./sock");
    program_said(&p->err, "--attest-source simulated");
}

static void words_it_does_not_know_are_refused(void **state)
{
    struct program *p = *state;
    assert_int_equal(program_run(p, "attest --attest-source nowhere"), 2);
    program_said(&p->err, "`nowhere` is not auto");
    assert_int_equal(program_run(p, "attest --attest-source none"), 5);
    program_said(&p->err, "makes no quotes");
    assert_int_equal(program_run(p, "attest --attest-source simulated --report-data abc"), 2);
    program_said(&p->err, "report-data: `abc` is not hex of at most 64 bytes");
    assert_int_equal(program_run(p, "attest --attest-source simulated --policy xy"), 2);
    program_said(&p->err, "policy: `xy` is not hex");
    assert_int_equal(program_run(p, "attest --attest-source simulated --policy 00"), 2);
    program_said(&p->err, "a hash is 32");
    assert_int_equal(program_run(p, "attest --attest-source simulated --out nowhere/q"), 10);
    program_said(&p->err, "cannot write nowhere/q");
    assert_int_equal(program_run(p, "attest --attest-source simulated --state nowhere"), 2);
    program_said(&p->err, "there is no folder nowhere");
    assert_int_equal(program_run(p, "attest quote"), 2);
    program_said(&p->err, "`quote`");
    assert_int_equal(program_run(p, "attest --help"), 0);
    program_said(&p->out, "--attest-source");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, program_set_up, program_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_quote_holds_the_report_data_and_what_is_printed),
        TEST(people_read_that_no_hardware_made_it),
        TEST(a_file_takes_the_raw_quote),
        TEST(a_state_folder_keeps_one_pki),
        TEST(a_policy_moves_rtmr3_alone),
        TEST(the_settings_of_the_roles_are_the_policy),
        TEST(what_a_worker_left_must_be_readable),
        TEST(without_a_source_it_says_why_and_what_to_do),
        TEST(words_it_does_not_know_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
