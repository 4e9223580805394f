/* The simulated source with allocation 1, 2, 3 ... failing: it says ALC_NOMEM, leaks nothing and
 * leaves no half-made folder. */
#include "../base/fail_alloc.h"

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/sim.h"

static enum alc_rc make_everything(void)
{
    const struct alc_sim_set set = {
        .tee = ALC_TEE_TDX, .now_s = 1795500000, .with_pck_chain = true};
    struct alc_buf json = ALC_BUF(1u << 20), quote = ALC_BUF(1u << 20);
    struct alc_sim *s = NULL;
    struct alc_sim_quote q;
    enum alc_rc rc;

    alc_sim_quote_usual(&q, ALC_TEE_TDX);
    rc = alc_sim_open(&s, NULL, &alc_clock_system, NULL);
    if (rc == ALC_OK) rc = alc_sim_collateral(s, &set, &json, NULL);
    if (rc == ALC_OK) rc = alc_sim_quote(s, &q, &quote, NULL);
    alc_sim_close(s);
    alc_buf_fini(&json);
    alc_buf_fini(&quote);
    return rc;
}

static void a_pki_sets_and_quotes(void **state)
{
    (void)state;
    each_allocation_failing(make_everything);
}

static enum alc_rc attest_everything(void)
{
    const struct alc_attest_conf conf = {.source = ALC_SOURCE_SIMULATED};
    struct alc_buf quote = ALC_BUF(1u << 20), log = ALC_BUF(1u << 20), json = ALC_BUF(1u << 20);
    struct alc_attest *a = NULL;
    struct alc_ed25519 key = {0};
    const uint8_t data[64] = {1};
    enum alc_rc rc = alc_ed25519_make(&key);

    if (rc == ALC_OK) rc = alc_attest_open(&a, &key, &conf, NULL);
    if (rc == ALC_OK) rc = alc_attest_quote(a, data, &quote, &log, NULL);
    if (rc != ALC_OK) assert_int_equal(quote.n + log.n, 0); /* whole or not at all */
    if (rc == ALC_OK) rc = alc_attest_simulated_collateral(a, &json, NULL);
    alc_attest_close(a);
    alc_ed25519_fini(&key);
    alc_buf_fini(&quote);
    alc_buf_fini(&log);
    alc_buf_fini(&json);
    return rc;
}

static void a_source_and_its_quotes(void **state)
{
    (void)state;
    each_allocation_failing(attest_everything);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static char folder[64];

/* In a folder of its own; whatever fails, the next one finds a folder that it can use. */
static enum alc_rc keep_everything(void)
{
    struct alc_sim *s = NULL;
    enum alc_rc rc = alc_sim_open(&s, folder, &alc_clock_system, NULL);

    alc_sim_close(s);
    return rc;
}

static void a_folder_made_and_read(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/alcove-nomem-XXXXXX");
    assert_non_null(mkdtemp(folder));
    each_allocation_failing(keep_everything);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pki_sets_and_quotes),
        cmocka_unit_test(a_source_and_its_quotes),
        cmocka_unit_test(a_folder_made_and_read),
    };
    alc_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
