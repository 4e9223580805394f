/* tests/unit/cli/test_doctor.c — `alcove doctor`: what keeps the roles from running is found, what
 * does not is not called so, and looking changes nothing. */
#include "program.h"

#include <dirent.h>
#include <time.h>

#include "attest/attest.h"
#include "base/httpd.h"
#include "store/store.h"
#include "tdx_vectors.h"

#define NOWHERE "--attest-configfs-dir ./tsm --attest-dstack-socket ./sock"

static void put_file(const struct program *p, const char *name, const char *text, mode_t mode)
{
    char path[128];
    FILE *f;
    snprintf(path, sizeof path, "%s/%s", p->dir, name);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void assert_empty(const struct program *p)
{
    DIR *d = opendir(p->dir);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            fail_msg("doctor left %s", e->d_name);
    closedir(d);
}

static void a_machine_without_quotes_can_run_the_roles(void **state)
{
    struct program *p = *state;
    assert_int_equal(program_run(p, "doctor --state . " NOWHERE), 0);
    program_said(&p->out, "ok    version     alcove ");
    program_said(&p->out, "ok    state       . can be written");
    program_said(&p->out, "ok    sqlite      SQLite 3");
    program_said(&p->out, "note  quotes      configfs: there is no ./tsm");
    program_said(&p->out,
                 "note  quotes      dstack: there is no socket of a dstack guest agent at ./s");
    assert_null(strstr(alc_buf_text(&p->out), "BAD"));
    assert_empty(p);
}

static void a_source_that_was_named_must_be_there(void **state)
{
    struct program *p = *state;
    assert_int_equal(program_run(p, "doctor --attest-source auto " NOWHERE), 1);
    program_said(&p->out, "BAD   quotes      auto: no source of quotes");
    program_said(&p->out, "attest.source=simulated"); /* the cure */
    assert_int_equal(program_run(p, "doctor --attest-source dstack " NOWHERE), 1);
    program_said(&p->out, "BAD   quotes      dstack: there is no socket");
    assert_int_equal(program_run(p, "doctor --attest-source nowhere"), 1);
    program_said(&p->out, "BAD   quotes      attest.source: there is no `nowhere`");
    assert_int_equal(program_run(p, "doctor --state . --attest-source simulated"), 0);
    program_said(&p->out, "note  quotes      SIMULATED: a local PKI (./simulated), no hardware");
    assert_int_equal(program_run(p, "doctor --attest-source none"), 0);
    assert_empty(p);
}

static void a_state_folder_must_be_one_and_ours(void **state)
{
    struct program *p = *state;

    put_file(p, "file", "", 0600);
    assert_int_equal(program_run(p, "doctor --state file"), 1);
    program_said(&p->out, "BAD   state       file is no folder");
    assert_int_equal(program_run(p, "doctor --state no/such"), 1);
    program_said(&p->out, "BAD   state       no/such is not there and cannot be made");
    assert_int_equal(program_run(p, "doctor --state new/"), 0);
    program_said(&p->out, "ok    state       new/ is not there yet and can be made");
    assert_int_equal(chmod(p->dir, 0755), 0);
    assert_int_equal(program_run(p, "doctor --state ."), 0);
    program_said(&p->out, "warn  state       . is open to others (mode 755)");
    assert_int_equal(program_run(p, "doctor"), 0);
    program_said(&p->out, "note  state       no state folder");
}

static void a_worker_key_that_others_may_read_is_bad(void **state)
{
    struct program *p = *state;
    put_file(p, "worker.json", "{}", 0600);
    assert_int_equal(program_run(p, "doctor --state ."), 0);
    put_file(p, "worker.json", "{}", 0640);
    assert_int_equal(program_run(p, "doctor --state ."), 1);
    program_said(&p->out, "worker.json may be read by others (mode 640)");
}

static void a_damaged_database_is_bad_and_a_busy_one_is_not(void **state)
{
    struct program *p = *state;
    struct alc_store *store = NULL;
    char path[128];

    snprintf(path, sizeof path, "%s/alcove.db", p->dir);
    assert_int_equal(alc_store_open(&store, path, false, NULL), ALC_OK);
    assert_int_equal(program_run(p, "doctor --state ."), 0);
    program_said(&p->out, "ok    sqlite      ./alcove.db is in use: alcove is running");
    alc_store_close(store);
    assert_int_equal(program_run(p, "doctor --state ."), 0);
    program_said(&p->out, "opens ./alcove.db");
    put_file(p, "alcove.db", "this is not what SQLite writes, and long enough to be looked at",
             0600);
    assert_int_equal(program_run(p, "doctor --state ."), 1);
    program_said(&p->out, "BAD   sqlite      ");
}

/* ---- collateral ---- */

/* archive opens the one of the program's state folder. */
static struct alc_sets *archive(const struct program *p, struct alc_attest *attest,
                                const struct alc_clock *clock)
{
    char dir[128];
    const struct alc_sets_conf conf = {.dir = dir, .url = "", .attest = attest, .clock = clock};
    struct alc_sets *sets = NULL;

    snprintf(dir, sizeof dir, "%s/collateral", p->dir);
    assert_int_equal(alc_sets_open(&sets, &conf, NULL), ALC_OK);
    return sets;
}

/* The clock of a machine that ran 40 days ago, and of one that runs now. */
static uint64_t ago_ns(void *days)
{
    return ((uint64_t)time(NULL) - *(const uint64_t *)days * 86400) * 1000000000u;
}

/* A SIMULATED worker was here, so many days ago. */
static void simulated_worker(const struct program *p, uint64_t days)
{
    const struct alc_clock clock = {ago_ns, ago_ns, &days};
    char dir[128];
    const struct alc_attest_conf conf = {
        .source = ALC_SOURCE_SIMULATED, .simulated_dir = dir, .clock = &clock};
    struct alc_buf quote = ALC_BUF(ALC_QUOTE_MAX_BYTES), set = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);
    const uint8_t data[64] = {0};
    struct alc_attest *attest = NULL;
    struct alc_ed25519 key = {0};
    struct alc_platform platform;
    struct alc_sets *sets;

    alc_crypto_init();
    snprintf(dir, sizeof dir, "%s/simulated", p->dir);
    assert_int_equal(alc_ed25519_make(&key), ALC_OK);
    assert_int_equal(alc_attest_open(&attest, &key, &conf, NULL), ALC_OK);
    sets = archive(p, attest, &clock);
    assert_int_equal(alc_attest_quote(attest, data, &quote, NULL, NULL), ALC_OK);
    assert_int_equal(alc_sets_platform(&platform, alc_buf_bytes(&quote), NULL), ALC_OK);
    assert_int_equal(alc_sets_keep_quote(sets, alc_buf_bytes(&quote), NULL), ALC_OK);
    assert_int_equal(alc_sets_refresh(sets, &platform, &set, NULL, NULL), ALC_OK);
    alc_sets_close(sets);
    alc_attest_close(attest);
    alc_ed25519_fini(&key);
    alc_buf_fini(&quote);
    alc_buf_fini(&set);
}

static void kept_collateral_is_shown_and_says_simulated(void **state)
{
    struct program *p = *state;

    assert_int_equal(program_run(p, "doctor --state . " NOWHERE), 0);
    program_said(&p->out, "note  collateral  none is kept here yet");
    simulated_worker(p, 0);
    assert_int_equal(program_run(p, "doctor --state . " NOWHERE), 0);
    program_said(&p->out, "ok    collateral  SIMULATED, held until 20");
    program_said(&p->out, "UTC, evaluation number 17, TCB status UpToDate");
    assert_null(strstr(alc_buf_text(&p->out), "warn  collateral"));
}

static void collateral_that_ended_is_a_note_where_it_was_simulated(void **state)
{
    struct program *p = *state;

    simulated_worker(p, 40);
    assert_int_equal(program_run(p, "doctor --state . " NOWHERE), 0);
    program_said(&p->out, "ok    collateral  SIMULATED, held until 20");
    program_said(&p->out, "note  collateral  SIMULATED, the collateral expired 10 days ago");
    program_said(&p->out, "see Collateral in docs/operations.md");
}

/* A machine of Intel's samples, whose set ended in July 2025. */
static void a_real_machine_s_collateral_that_ended_is_warned_of(void **state)
{
    struct program *p = *state;
    struct alc_bytes quote = tdx_vector("tdx_quote"), set = tdx_vector("tdx_quote_collateral.json");
    struct alc_sets *sets;

    if (quote.n == 0 || set.n == 0) {
        print_message("skipped: tdx_quote is not there (target qvl_vectors)\n");
        skip();
    }
    sets = archive(p, NULL, &alc_clock_system);
    assert_int_equal(alc_sets_keep_quote(sets, quote, NULL), ALC_OK);
    assert_int_equal(alc_sets_keep(sets, set, NULL), ALC_OK);
    alc_sets_close(sets);
    assert_int_equal(program_run(p, "doctor --state . " NOWHERE), 0);
    program_said(&p->out,
                 "ok    collateral  held until 2025-07-19 10:00 UTC, evaluation number 17, "
                 "TCB status UpToDate");
    program_said(&p->out, "warn  collateral  the collateral expired ");
    assert_null(strstr(alc_buf_text(&p->out), "SIMULATED, "));
}

static void a_damaged_archive_is_told_and_left_as_it_is(void **state)
{
    struct program *p = *state;
    struct alc_sets *sets = archive(p, NULL, &alc_clock_system);

    assert_int_equal(alc_sets_keep_quote(sets, ALC_LIT("no quote"), NULL), ALC_OK);
    alc_sets_close(sets);
    assert_int_equal(program_run(p, "doctor --state . " NOWHERE), 0);
    program_said(&p->out, "warn  collateral  ");
    assert_int_equal(program_run(p, "doctor --state . " NOWHERE), 0);
    program_said(&p->out, "warn  collateral  ");
}

/* ---- a chain ---- */

struct chain {
    struct alc_httpd *httpd;
    long late_s; /* how old its newest block is */
};

static void answer_block(void *ctx, const struct alc_httpd_ask *ask,
                         struct alc_httpd_answer *answer)
{
    const struct chain *c = ctx;
    unsigned long long at_ns = (unsigned long long)(time(NULL) - c->late_s) * 1000000000u;
    struct alc_json *doc = NULL;
    uint64_t id = 0;

    if (alc_json_open(&doc, ask->body, 1u << 20, NULL) == ALC_OK &&
        !alc_json_u64(alc_json_get(doc, "id"), &id))
        id = 0;
    alc_json_close(doc);
    alc_buf_printf(&answer->body,
                   "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"result\":{\"header\":{\"height\":77,"
                   "\"hash\":\"11111111111111111111111111111111\",\"timestamp\":%llu,"
                   "\"timestamp_nanosec\":\"%llu\",\"prev_height\":76,"
                   "\"prev_hash\":\"11111111111111111111111111111111\"}}}",
                   (unsigned long long)id, at_ns, at_ns);
}

static void the_chain_is_asked_and_its_clock_compared(void **state)
{
    static const struct {
        long late_s;
        int exit;
        const char *says;
    } cases[] = {{2, 0, "ok    chain       127.0.0.1:"},
                 {120, 0, "warn  chain       127.0.0.1:"},
                 {-120, 0, "warn  chain       127.0.0.1:"},
                 {3600, 1, "BAD   chain       127.0.0.1:"},
                 {-3600, 1, "BAD   chain       127.0.0.1:"}};
    struct program *p = *state;
    struct chain c = {0};
    struct alc_httpd_conf conf = {.host = "127.0.0.1", .handle = answer_block, .ctx = &c};

    assert_int_equal(alc_httpd_open(&c.httpd, &conf, NULL), ALC_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        c.late_s = cases[i].late_s;
        assert_int_equal(program_run(p, "doctor --dev-plain-http --near-rpc http://127.0.0.1:%u",
                                     alc_httpd_port(c.httpd)),
                         cases[i].exit);
        program_said(&p->out, cases[i].says);
        program_said(&p->out, "block 77");
    }
    alc_httpd_close(c.httpd);
}

static void an_endpoint_that_is_away_is_bad_and_its_key_stays_unsaid(void **state)
{
    struct program *p = *state;
    struct chain c = {0};
    struct alc_httpd_conf conf = {.host = "127.0.0.1", .handle = answer_block, .ctx = &c};
    uint16_t port;

    assert_int_equal(alc_httpd_open(&c.httpd, &conf, NULL), ALC_OK);
    port = alc_httpd_port(c.httpd);
    alc_httpd_close(c.httpd); /* nobody listens there now */
    assert_int_equal(
        program_run(p, "doctor --dev-plain-http --near-rpc http://u:pass@127.0.0.1:%u/api-key",
                    port),
        1);
    program_said(&p->out, "BAD   chain       127.0.0.1:");
    program_said(&p->out, "check the address");
    assert_null(strstr(alc_buf_text(&p->out), "api-key"));
    assert_null(strstr(alc_buf_text(&p->out), "pass"));
}

static void machines_read_the_same_findings(void **state)
{
    struct program *p = *state;
    struct alc_json *doc;
    size_t bad = 0;
    bool ok;

    assert_int_equal(program_run(p, "doctor --json --attest-source configfs " NOWHERE), 1);
    doc = program_json(p);
    assert_true(alc_json_bool(alc_json_get(doc, "ok"), &ok));
    assert_false(ok);
    assert_true(alc_json_count(alc_json_get(doc, "checks")) >= 6);
    for (size_t i = 0; i < alc_json_count(alc_json_get(doc, "checks")); i++) {
        const struct alc_json *one = alc_json_at(alc_json_get(doc, "checks"), i);
        const char *name, *level, *finding;
        assert_true(alc_json_text(alc_json_get(one, "check"), &name));
        assert_true(alc_json_text(alc_json_get(one, "level"), &level));
        assert_true(alc_json_text(alc_json_get(one, "finding"), &finding));
        assert_non_null(alc_json_get(one, "cure"));
        if (strcmp(level, "bad") != 0) continue;
        bad++;
        assert_string_equal(name, "quotes");
        assert_int_equal(alc_json_kind(alc_json_get(one, "cure")), ALC_JSON_STRING);
    }
    assert_int_equal(bad, 1);
    alc_json_close(doc);
    assert_int_equal(program_run(p, "doctor --json " NOWHERE), 0);
    doc = program_json(p);
    assert_true(alc_json_bool(alc_json_get(doc, "ok"), &ok));
    assert_true(ok);
    alc_json_close(doc);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, program_set_up, program_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_machine_without_quotes_can_run_the_roles),
        TEST(a_source_that_was_named_must_be_there),
        TEST(a_state_folder_must_be_one_and_ours),
        TEST(a_worker_key_that_others_may_read_is_bad),
        TEST(a_damaged_database_is_bad_and_a_busy_one_is_not),
        TEST(kept_collateral_is_shown_and_says_simulated),
        TEST(collateral_that_ended_is_a_note_where_it_was_simulated),
        TEST(a_real_machine_s_collateral_that_ended_is_warned_of),
        TEST(a_damaged_archive_is_told_and_left_as_it_is),
        TEST(the_chain_is_asked_and_its_clock_compared),
        TEST(an_endpoint_that_is_away_is_bad_and_its_key_stays_unsaid),
        TEST(machines_read_the_same_findings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
