/* tests/unit/attest/test_sets.c — the archive: what is taken, what is refused, what stays, and what
 * a damaged file does. */
#include "pcs_test.h"

#include <dirent.h>
#include <fcntl.h>

#include "tdx_vectors.h"

static bool ends(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

/* Files of the archive whose name has this end; *name, when not NULL, is one of them. */
static unsigned files(struct pcs_test *f, const char *end, char name[400])
{
    DIR *d = opendir(f->dir);
    unsigned n = 0;

    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        if (e->d_name[0] != '.' && ends(e->d_name, end)) {
            if (name != NULL) snprintf(name, 400, "%s/%s", f->dir, e->d_name);
            n++;
        }
    closedir(d);
    return n;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* kept_at checks that the archive has this very set for a time; n 0: none. */
static void kept_at(struct pcs_test *f, uint64_t at_s, struct alc_bytes want)
{
    struct alc_buf json = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);
    enum alc_rc rc = alc_sets_at(f->sets, &f->platform, at_s, &json, &f->err);

    assert_int_equal(rc, want.n == 0 ? ALC_NOT_FOUND : ALC_OK);
    assert_true(alc_bytes_eq(alc_buf_bytes(&json), want));
    alc_buf_fini(&json);
}

static void a_set_comes_and_is_kept_once(void **state)
{
    struct pcs_test *f = *state;
    const struct pcs_made made = {.from_s = NOW_S};

    pcs_serve(f, &made);
    OK(pcs_refresh(f));
    assert_int_equal(files(f, ".json", NULL), 1);
    kept_at(f, NOW_S, alc_buf_bytes(&f->json));
    OK(pcs_refresh(f)); /* the same again */
    assert_int_equal(files(f, "", NULL), 1);
}

static void an_older_set_is_refused_and_the_kept_one_stays(void **state)
{
    static const struct pcs_made older[] = {
        {.from_s = NOW_S - 1},                              /* issued before */
        {.from_s = NOW_S + 1, .evaluation = "16"},          /* hides an evaluation */
        {.from_s = NOW_S + 1, .crl_from_s = NOW_S - DAY_S}, /* hides a revocation */
    };
    struct pcs_test *f = *state;
    const struct pcs_made first = {.from_s = NOW_S};
    struct alc_buf kept = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);

    pcs_serve(f, &first);
    OK(pcs_refresh(f));
    alc_buf_put_bytes(&kept, alc_buf_bytes(&f->json));
    pcs_at(f, NOW_S + 5);
    for (size_t i = 0; i < sizeof older / sizeof older[0]; i++) {
        pcs_serve(f, &older[i]);
        assert_int_equal(pcs_refresh(f), ALC_CONFLICT);
        assert_non_null(strstr(f->err.text, "older than what is kept"));
        assert_int_equal(f->json.n, 0);
        assert_int_equal(files(f, "", NULL), 1);
        kept_at(f, NOW_S + 5, alc_buf_bytes(&kept));
    }
    alc_buf_fini(&kept);
}

static void a_set_that_does_not_hold_now_is_refused(void **state)
{
    struct pcs_test *f = *state;
    const struct pcs_made made = {.from_s = NOW_S};

    pcs_serve(f, &made);
    pcs_at(f, NOW_S - 1);
    assert_int_equal(pcs_refresh(f), ALC_DENIED);
    assert_non_null(strstr(f->err.text, "is the clock right?"));
    pcs_at(f, NOW_S + HOLDS_S + 1);
    assert_int_equal(pcs_refresh(f), ALC_DENIED);
    assert_int_equal(files(f, "", NULL), 0);
    pcs_at(f, NOW_S + HOLDS_S); /* its last second */
    OK(pcs_refresh(f));
}

static void a_set_of_another_platform_or_root_is_refused(void **state)
{
    struct pcs_test *f = *state;
    const struct pcs_made made = {.from_s = NOW_S};
    const struct alc_sets_conf stranger = {
        .dir = f->dir, .url = pcs_server_url(f->server), .plain_ok = true, .clock = &f->clock};

    pcs_serve(f, &made);
    f->platform.fmspc[0] ^= 1;
    assert_int_equal(pcs_refresh(f), ALC_DENIED);
    assert_non_null(strstr(f->err.text, "for another platform"));
    f->platform.fmspc[0] ^= 1;
    f->platform.ca = ALC_PCK_PROCESSOR;
    assert_int_equal(pcs_refresh(f), ALC_DENIED);
    f->platform.ca = ALC_PCK_PLATFORM;
    alc_sets_close(f->sets);
    OK(alc_sets_open(&f->sets, &stranger, &f->err)); /* who trusts Intel alone */
    assert_int_equal(pcs_refresh(f), ALC_DENIED);
    assert_int_equal(files(f, "", NULL), 0);
}

static void nobody_is_asked_where_nobody_is_named(void **state)
{
    struct pcs_test *f = *state;
    const struct alc_sets_conf conf = {.dir = f->dir, .url = "", .clock = &f->clock};

    alc_sets_close(f->sets);
    OK(alc_sets_open(&f->sets, &conf, &f->err));
    assert_int_equal(pcs_refresh(f), ALC_NOT_FOUND);
    assert_int_equal(pcs_server_count(f->server), 0);
}

static void every_set_of_the_past_is_found_again(void **state)
{
    struct pcs_test *f = *state;
    static struct alc_buf sets[3];
    const uint64_t from[3] = {NOW_S, NOW_S + 10 * DAY_S, NOW_S + 50 * DAY_S};

    for (size_t i = 0; i < 3; i++) {
        const struct pcs_made made = {.from_s = from[i]};
        sets[i] = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);
        pcs_serve(f, &made);
        pcs_at(f, from[i]);
        OK(pcs_refresh(f));
        alc_buf_put_bytes(&sets[i], alc_buf_bytes(&f->json));
    }
    pcs_open(f); /* as a process years later */
    kept_at(f, NOW_S - 1, (struct alc_bytes){NULL, 0});
    kept_at(f, NOW_S, alc_buf_bytes(&sets[0]));
    kept_at(f, NOW_S + 10 * DAY_S - 1, alc_buf_bytes(&sets[0]));
    kept_at(f, NOW_S + 10 * DAY_S, alc_buf_bytes(&sets[1])); /* both cover it */
    kept_at(f, NOW_S + 10 * DAY_S + HOLDS_S, alc_buf_bytes(&sets[1]));
    kept_at(f, NOW_S + 45 * DAY_S, (struct alc_bytes){NULL, 0}); /* a gap */
    kept_at(f, NOW_S + 50 * DAY_S + HOLDS_S, alc_buf_bytes(&sets[2]));
    for (size_t i = 0; i < 3; i++)
        alc_buf_fini(&sets[i]);
}

/* Of two sets that begin at the same time the one with the higher number is the newer. */
static void the_evaluation_number_decides_between_equal_times(void **state)
{
    struct pcs_test *f = *state;
    const struct pcs_made low = {.from_s = NOW_S}, high = {.from_s = NOW_S, .evaluation = "18"};
    struct alc_buf first = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);

    pcs_make(f, &first, &low);
    pcs_serve(f, &high);
    OK(pcs_refresh(f));
    OK(alc_sets_keep(f->sets, alc_buf_bytes(&first), &f->err));
    assert_int_equal(files(f, ".json", NULL), 2);
    kept_at(f, NOW_S, alc_buf_bytes(&f->json));
    alc_buf_fini(&first);
}

static void half_written_and_foreign_files_are_ignored(void **state)
{
    struct pcs_test *f = *state;
    const struct pcs_made made = {.from_s = NOW_S}, next = {.from_s = NOW_S + DAY_S};
    char name[400], path[500];

    pcs_serve(f, &made);
    OK(pcs_refresh(f));
    assert_int_equal(files(f, ".json", name), 1);
    snprintf(path, sizeof path, "%s.a1B2c3", name);
    write_file(path, "{\"pck_crl_iss");
    snprintf(path, sizeof path, "%s/notes", f->dir);
    write_file(path, "mine");
    snprintf(path, sizeof path, "%s/tdx-%s", f->dir, "53494d000000-platform-99-1-9-zz.json");
    write_file(path, "{}");
    kept_at(f, NOW_S, alc_buf_bytes(&f->json));
    pcs_serve(f, &next);
    pcs_at(f, NOW_S + DAY_S);
    OK(pcs_refresh(f));
    assert_int_equal(files(f, ".bad", NULL), 0);
}

/* damage spoils the newest kept set by a text of another kind. */
static void damage(struct pcs_test *f, const char *text)
{
    char name[400];

    assert_int_equal(files(f, ".json", name), 1);
    write_file(name, text);
}

static void a_damaged_set_is_put_aside_and_stops_nothing(void **state)
{
    static const char *const texts[] = {"", "{\"tcb_info\":", "no set at all"};
    struct pcs_test *f = *state;

    for (unsigned i = 0; i < 3; i++) {
        const struct pcs_made made = {.from_s = NOW_S + i};
        struct alc_sets_health h;
        pcs_serve(f, &made);
        pcs_at(f, NOW_S + i);
        OK(pcs_refresh(f));
        damage(f, texts[i]);
        kept_at(f, NOW_S + i, (struct alc_bytes){NULL, 0});
        assert_int_equal(files(f, ".json", NULL), 0);
        assert_int_equal(files(f, ".bad", NULL), i + 1);
        OK(pcs_refresh(f)); /* the same set comes again and is kept again */
        kept_at(f, NOW_S + i, alc_buf_bytes(&f->json));
        OK(alc_sets_watch(f->sets, &f->platform, alc_buf_bytes(&f->quote), &h, &f->err));
        assert_true(h.there);
        assert_int_equal(h.count, 1);
        assert_non_null(strstr(h.warnings[0], "damaged"));
        char name[400];
        assert_int_equal(files(f, ".json", name), 1);
        unlink(name);
    }
}

static void a_damaged_set_does_not_hide_the_one_before_it(void **state)
{
    struct pcs_test *f = *state;
    const struct pcs_made first = {.from_s = NOW_S}, next = {.from_s = NOW_S + DAY_S},
                          older = {.from_s = NOW_S - DAY_S};
    struct alc_buf kept = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);
    char path[500];
    FILE *file;

    pcs_serve(f, &first);
    OK(pcs_refresh(f));
    alc_buf_put_bytes(&kept, alc_buf_bytes(&f->json));
    pcs_make(f, &f->json, &next);
    /* a newer one, of which a byte of the TCB info is another */
    snprintf(path, sizeof path, "%s/tdx-53494d000000-platform-17-%llu-%llu-0123456789abcdef.json",
             f->dir, (unsigned long long)(NOW_S + DAY_S), (unsigned long long)(NOW_S + 31 * DAY_S));
    pcs_change(&f->json, "OutOfDate", "UpToDatE!");
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(f->json.p, 1, f->json.n, file), f->json.n);
    assert_int_equal(fclose(file), 0);
    pcs_serve(f, &older);
    pcs_at(f, NOW_S + 2 * DAY_S);
    assert_int_equal(pcs_refresh(f), ALC_CONFLICT); /* than the one before the damaged */
    assert_int_equal(files(f, ".bad", NULL), 1);
    kept_at(f, NOW_S + 2 * DAY_S, alc_buf_bytes(&kept));
    alc_buf_fini(&kept);
}

static void who_only_looks_changes_nothing(void **state)
{
    struct pcs_test *f = *state;
    const struct pcs_made made = {.from_s = NOW_S};
    struct alc_sets_conf conf = {.dir = f->dir,
                                 .url = "",
                                 .look = true,
                                 .simulated_root = alc_sim_root(f->pki),
                                 .clock = &f->clock};
    struct alc_sets_health h;
    char nowhere[100];

    pcs_serve(f, &made);
    OK(pcs_refresh(f));
    damage(f, "{}");
    alc_sets_close(f->sets);
    OK(alc_sets_open(&f->sets, &conf, &f->err));
    kept_at(f, NOW_S, (struct alc_bytes){NULL, 0});
    assert_int_equal(files(f, ".json", NULL), 1);
    assert_int_equal(files(f, "", NULL), 1);
    alc_sets_close(f->sets);
    snprintf(nowhere, sizeof nowhere, "%s/nowhere", f->dir);
    conf.dir = nowhere;
    OK(alc_sets_open(&f->sets, &conf, &f->err));
    OK(alc_sets_watch(f->sets, &f->platform, alc_buf_bytes(&f->quote), &h, &f->err));
    assert_false(h.there);
    assert_int_not_equal(access(nowhere, F_OK), 0);
}

static void a_quote_is_kept_in_the_place_of_the_last(void **state)
{
    struct pcs_test *f = *state;
    struct alc_buf back = ALC_BUF(ALC_QUOTE_MAX_BYTES);

    assert_int_equal(alc_sets_quote(f->sets, &back, &f->err), ALC_NOT_FOUND);
    OK(alc_sets_keep_quote(f->sets, ALC_LIT("first"), &f->err));
    OK(alc_sets_keep_quote(f->sets, alc_buf_bytes(&f->quote), &f->err));
    OK(alc_sets_quote(f->sets, &back, &f->err));
    assert_true(alc_bytes_eq(alc_buf_bytes(&back), alc_buf_bytes(&f->quote)));
    alc_buf_fini(&back);
}

/* Intel's own sets, in the window of the samples. */
static void real_sets_are_fetched_and_kept(void **state)
{
    static const char *const names[][2] = {{"tdx_quote", "tdx_quote_collateral.json"},
                                           {"sgx_quote", "sgx_quote_collateral.json"}};
    struct pcs_test *f = *state;

    pcs_at(f, SAMPLE_S);
    for (size_t i = 0; i < 2; i++) {
        struct alc_bytes quote = tdx_vector(names[i][0]), set = tdx_vector(names[i][1]);
        struct alc_sets_health h;
        if (quote.n == 0 || set.n == 0) {
            print_message("skipped: %s is not there (target qvl_vectors)\n", names[i][0]);
            skip();
        }
        pcs_server_serve(f->server, set);
        OK(alc_sets_platform(&f->platform, quote, &f->err));
        OK(pcs_refresh(f));
        kept_at(f, SAMPLE_S, alc_buf_bytes(&f->json));
        OK(alc_sets_watch(f->sets, &f->platform, quote, &h, &f->err));
        assert_true(h.there && h.has_status && !h.simulated);
        assert_int_equal(h.evaluation, 17);
        assert_int_equal(h.status,
                         i == 0 ? ALC_TCB_UP_TO_DATE : ALC_TCB_CONFIGURATION_AND_SW_HARDENING);
        assert_int_equal(h.count, i);
    }
    assert_int_equal(files(f, ".json", NULL), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PCS_TEST(a_set_comes_and_is_kept_once),
        PCS_TEST(an_older_set_is_refused_and_the_kept_one_stays),
        PCS_TEST(a_set_that_does_not_hold_now_is_refused),
        PCS_TEST(a_set_of_another_platform_or_root_is_refused),
        PCS_TEST(nobody_is_asked_where_nobody_is_named),
        PCS_TEST(every_set_of_the_past_is_found_again),
        PCS_TEST(the_evaluation_number_decides_between_equal_times),
        PCS_TEST(half_written_and_foreign_files_are_ignored),
        PCS_TEST(a_damaged_set_is_put_aside_and_stops_nothing),
        PCS_TEST(a_damaged_set_does_not_hide_the_one_before_it),
        PCS_TEST(who_only_looks_changes_nothing),
        PCS_TEST(a_quote_is_kept_in_the_place_of_the_last),
        PCS_TEST(real_sets_are_fetched_and_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
