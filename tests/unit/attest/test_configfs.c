/* The kernel's quote interface, played by a folder: plain files cannot answer a mkdir or a write as
 * configfs does, so the system calls that the source makes are wrapped (the linker's --wrap) and
 * the folder does on them what the kernel would. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "attest/sim.h"

int __real_mkdir(const char *path, mode_t mode);
int __real_rmdir(const char *path);
ssize_t __real_read(int fd, void *p, size_t n);
ssize_t __real_write(int fd, const void *p, size_t n);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_rmdir(const char *path);
ssize_t __wrap_read(int fd, void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n);
int __wrap_nanosleep(const struct timespec *t, struct timespec *left);

/* The machine that is played, and what was done to it. */
static struct machine {
    char dir[64];
    struct alc_sim *pki;
    const char *provider;
    int mkdir_fails; /* errno */
    int read_fails;  /* errno of outblob, as often as: */
    unsigned read_fails_times;
    unsigned other_writes; /* by someone else, after ours */
    size_t takes;          /* bytes that inblob takes of a write */
    bool stale;            /* the quote is for other data */
    bool sgx;
    bool extended; /* RTMR3 is another than at first */
    int blob;      /* what outblob holds: 0 a quote, 1 nothing, 2 no quote, 3 too much */

    unsigned requests, writes, pauses;
    uint64_t paused_ms;
    unsigned open_count; /* requests that are there */
    char names[32][64];
    size_t wrote; /* bytes of the last write */
} m;

static void put_file(const char *folder, const char *name, const void *p, size_t n)
{
    char path[PATH_MAX];
    int fd;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(__real_write(fd, p, n), n);
    close(fd);
}

static bool ours(const char *path)
{
    return m.dir[0] != 0 && strncmp(path, m.dir, strlen(m.dir)) == 0 && path[strlen(m.dir)] == '/';
}

/* The file behind a descriptor: whether it is `name` of a request, whose folder goes to `folder`.
 */
static bool is_file(int fd, const char *name, char folder[PATH_MAX])
{
    char link[64];
    ssize_t n;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, folder, PATH_MAX - 1);
    if (n <= 0) return false;
    folder[n] = 0;
    if (!ours(folder) || strcmp(strrchr(folder, '/') + 1, name) != 0) return false;
    *strrchr(folder, '/') = 0;
    return true;
}

int __wrap_mkdir(const char *path, mode_t mode)
{
    char provider[64];

    if (!ours(path)) return __real_mkdir(path, mode);
    if (m.mkdir_fails != 0) {
        errno = m.mkdir_fails;
        return -1;
    }
    if (__real_mkdir(path, mode) != 0) return -1;
    snprintf(provider, sizeof provider, "%s\n", m.provider);
    put_file(path, "provider", provider, strlen(provider));
    put_file(path, "generation", "7\n", 2);
    put_file(path, "inblob", "", 0);
    put_file(path, "outblob", "", 0);
    snprintf(m.names[m.requests++ % 32], 64, "%s", path + strlen(m.dir) + 1);
    m.open_count++;
    return 0;
}

int __wrap_rmdir(const char *path)
{
    static const char *const files[] = {"provider", "generation", "inblob", "outblob"};
    char file[PATH_MAX];

    if (!ours(path)) return __real_rmdir(path);
    for (size_t i = 0; i < 4; i++) {
        snprintf(file, sizeof file, "%s/%s", path, files[i]);
        unlink(file);
    }
    m.open_count--;
    return __real_rmdir(path);
}

static void answer(const char *folder, const void *p, size_t n)
{
    struct alc_buf quote = ALC_BUF(1 << 20);
    struct alc_sim_quote q;
    static const uint8_t much[ALC_QUOTE_MAX_BYTES + 1];

    alc_sim_quote_usual(&q, m.sgx ? ALC_TEE_SGX : ALC_TEE_TDX);
    memcpy(m.sgx ? q.sgx.report_data : q.td.report_data, p, n < 64 ? n : 64);
    if (m.stale) q.td.report_data[63] ^= 1;
    if (m.extended) q.td.rtmr[3][0] ^= 1;
    q.trailing = 70;
    assert_int_equal(alc_sim_quote(m.pki, &q, &quote, NULL), ALC_OK);
    if (m.blob == 0) put_file(folder, "outblob", quote.p, quote.n);
    if (m.blob == 2) put_file(folder, "outblob", "no quote", 8);
    if (m.blob == 3) put_file(folder, "outblob", much, sizeof much);
    alc_buf_fini(&quote);
}

ssize_t __wrap_write(int fd, const void *p, size_t n)
{
    char folder[PATH_MAX], generation[32];

    if (!is_file(fd, "inblob", folder)) return __real_write(fd, p, n);
    m.writes++;
    m.wrote = n;
    snprintf(generation, sizeof generation, "%u\n", 7 + 1 + m.other_writes);
    put_file(folder, "generation", generation, strlen(generation));
    answer(folder, p, n);
    return (ssize_t)(n < m.takes ? n : m.takes);
}

ssize_t __wrap_read(int fd, void *p, size_t n)
{
    char folder[PATH_MAX];

    if (m.read_fails_times > 0 && is_file(fd, "outblob", folder)) {
        m.read_fails_times--;
        errno = m.read_fails;
        return -1;
    }
    return __real_read(fd, p, n);
}

int __wrap_nanosleep(const struct timespec *t, struct timespec *left)
{
    (void)left;
    m.pauses++;
    m.paused_ms += (uint64_t)t->tv_sec * 1000 + (uint64_t)t->tv_nsec / 1000000;
    return 0;
}

/* ---- */

static int set_up(void **state)
{
    (void)state;
    m = (struct machine){.provider = "tdx_guest", .takes = 64};
    strcpy(m.dir, "/tmp/alcove-tsm-XXXXXX");
    assert_non_null(mkdtemp(m.dir));
    assert_int_equal(alc_sim_open(&m.pki, NULL, &alc_clock_system, NULL), ALC_OK);
    return 0;
}

static int tear_down(void **state)
{
    char dir[64];
    (void)state;
    alc_sim_close(m.pki);
    strcpy(dir, m.dir);
    m.dir[0] = 0;
    assert_int_equal(rmdir(dir), 0); /* each request took its folder away */
    return 0;
}

static enum alc_rc open_attest(struct alc_attest **out, struct alc_err *err)
{
    const struct alc_attest_conf conf = {.source = ALC_SOURCE_CONFIGFS, .configfs_dir = m.dir};
    struct alc_ed25519 key = {0};
    enum alc_rc rc;

    assert_int_equal(alc_ed25519_make(&key), ALC_OK);
    rc = alc_attest_open(out, &key, &conf, err);
    alc_ed25519_fini(&key);
    return rc;
}

static struct alc_attest *opened(void)
{
    struct alc_attest *a = NULL;
    struct alc_err err = {0};
    enum alc_rc rc = open_attest(&a, &err);
    if (rc != ALC_OK) fail_msg("%s", alc_err_text(&err, rc));
    return a;
}

/* Opening fails so, in these words, and leaves nothing behind. */
static void assert_refused(enum alc_rc want, const char *says)
{
    struct alc_attest *a = NULL;
    struct alc_err err = {0};
    enum alc_rc rc = open_attest(&a, &err);
    if (rc != want || strstr(err.text, says) == NULL) fail_msg("%s: %s", alc_rc_name(rc), err.text);
    assert_null(a);
    assert_int_equal(m.open_count, 0);
}

static void a_quote_is_asked_for_in_one_write_of_64_bytes(void **state)
{
    struct alc_attest *a = opened();
    struct alc_buf quote = ALC_BUF(1 << 16), log = ALC_BUF(1 << 16);
    uint8_t data[64];
    struct alc_quote q;
    unsigned before = m.writes;
    (void)state;

    memset(data, 0xa5, sizeof data);
    assert_int_equal(alc_attest_quote(a, data, &quote, &log, NULL), ALC_OK);
    assert_int_equal(m.writes, before + 1);
    assert_int_equal(m.wrote, 64);
    assert_int_equal(alc_quote_read(&q, alc_buf_bytes(&quote)), ALC_REFUSAL_NONE);
    assert_memory_equal(alc_quote_report_data(&q), data, 64);
    assert_int_equal(log.n, 0);
    assert_int_equal(m.open_count, 0);
    assert_int_equal(m.pauses, 0);
    assert_int_equal(alc_attest_source(a), ALC_SOURCE_CONFIGFS);
    assert_false(alc_attest_simulated(a)); /* as far as the source can tell */
    alc_buf_fini(&quote);
    alc_buf_fini(&log);
    alc_attest_close(a);
}

static void opening_learns_what_is_measured(void **state)
{
    struct alc_attest *a = opened();
    struct alc_measurement got = alc_attest_measurement(a);
    struct alc_sim_quote usual;
    struct alc_hash h, want;
    (void)state;

    alc_sim_quote_usual(&usual, ALC_TEE_TDX);
    assert_memory_equal(got.mrtd, usual.td.mrtd, 48);
    assert_memory_equal(got.rtmr, usual.td.rtmr, sizeof usual.td.rtmr);
    alc_measurement_hash(&want, &got, &alc_verify_native);
    alc_attest_measurement_hash(a, &h);
    assert_true(alc_hash_eq(&h, &want));
    alc_attest_close(a);
}

static void each_request_has_a_folder_of_its_own(void **state)
{
    struct alc_attest *a = opened();
    struct alc_buf quote = ALC_BUF(1 << 20);
    const uint8_t data[64] = {1};
    (void)state;

    while (m.requests < 16)
        assert_int_equal(alc_attest_quote(a, data, &quote, NULL, NULL), ALC_OK);
    for (unsigned i = 0; i < m.requests; i++)
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(m.names[i], m.names[j]);
    alc_buf_fini(&quote);
    alc_attest_close(a);
}

static void a_busy_host_is_asked_again_after_a_pause(void **state)
{
    static const int passing[] = {EBUSY, EINTR, ETIMEDOUT};
    struct alc_attest *a = opened();
    const uint8_t data[64] = {2};
    (void)state;

    for (size_t i = 0; i < 3; i++) {
        struct alc_buf quote = ALC_BUF(1 << 20);
        unsigned writes = m.writes;
        m.read_fails = passing[i];
        m.read_fails_times = 3;
        m.pauses = 0;
        assert_int_equal(alc_attest_quote(a, data, &quote, NULL, NULL), ALC_OK);
        assert_int_equal(m.pauses, 3);
        assert_int_equal(m.writes,
                         writes + 1); /* the question stands: only the answer is awaited */
        assert_true(quote.n > 0);
        alc_buf_fini(&quote);
    }
    alc_attest_close(a);
}

static void a_host_that_stays_busy_is_a_timeout(void **state)
{
    struct alc_attest *a = opened();
    struct alc_buf quote = ALC_BUF(1 << 20);
    const uint8_t data[64] = {3};
    struct alc_err err = {0};
    (void)state;

    m.read_fails = EBUSY;
    m.read_fails_times = 1000;
    assert_int_equal(alc_attest_quote(a, data, &quote, NULL, &err), ALC_TIMEOUT);
    assert_non_null(strstr(err.text, "no quote in 10 tries"));
    assert_int_equal(1000 - m.read_fails_times, 10);
    assert_int_equal(m.pauses, 9);
    assert_true(m.paused_ms < 15000);
    assert_int_equal(quote.n, 0);
    assert_int_equal(m.open_count, 0);
    alc_buf_fini(&quote);
    alc_attest_close(a);
}

static void other_failures_are_told_at_once(void **state)
{
    (void)state;
    m.read_fails = EIO;
    m.read_fails_times = 1;
    assert_refused(ALC_IO, "quoting service refused");
    m.read_fails = ENXIO;
    m.read_fails_times = 1;
    assert_refused(ALC_IO, "outblob cannot be read");
    assert_int_equal(m.pauses, 0);
}

static void a_second_writer_is_noticed(void **state)
{
    (void)state;
    m.other_writes = 1;
    assert_refused(ALC_IO, "someone else wrote");
}

static void a_quote_for_other_data_is_refused(void **state)
{
    (void)state;
    m.stale = true;
    assert_refused(ALC_CORRUPT, "other report data");
}

static void a_short_write_is_refused(void **state)
{
    (void)state;
    m.takes = 32;
    assert_refused(ALC_IO, "32 of 64 bytes");
}

static void what_is_no_quote_of_a_td_is_refused(void **state)
{
    (void)state;
    m.blob = 1;
    assert_refused(ALC_IO, "outblob cannot be read");
    m.blob = 2;
    assert_refused(ALC_CORRUPT, "what came from the source of quotes is none");
    m.blob = 3;
    assert_refused(ALC_IO, "over 16384 bytes");
    m.blob = 0;
    m.sgx = true;
    assert_refused(ALC_CORRUPT, "SGX enclave");
}

static void a_machine_without_the_interface_is_told_why(void **state)
{
    (void)state;
    m.mkdir_fails = ENOENT;
    assert_refused(ALC_NOT_FOUND, "Linux 6.7");
    m.mkdir_fails = EACCES;
    assert_refused(ALC_NOT_FOUND, "takes root");
    m.mkdir_fails = 0;
    m.provider = "sev_guest";
    assert_refused(ALC_NOT_FOUND, "`sev_guest`, not tdx_guest");
}

static void an_rtmr_that_moved_since_the_start_is_noticed(void **state)
{
    struct alc_attest *a = opened();
    struct alc_buf quote = ALC_BUF(1 << 20);
    const uint8_t data[64] = {4};
    struct alc_err err = {0};
    (void)state;

    assert_int_equal(alc_attest_quote(a, data, &quote, NULL, &err), ALC_OK);
    alc_buf_reset(&quote);
    m.extended = true;
    assert_int_equal(alc_attest_quote(a, data, &quote, NULL, &err), ALC_CORRUPT);
    assert_non_null(strstr(err.text, "extended an RTMR"));
    assert_int_equal(quote.n, 0);
    alc_buf_fini(&quote);
    alc_attest_close(a);
}

static void a_probe_asks_for_no_quote(void **state)
{
    const struct alc_attest_conf conf = {.configfs_dir = m.dir};
    char line[600];
    (void)state;

    assert_true(alc_attest_probe(ALC_SOURCE_CONFIGFS, &conf, line, sizeof line));
    assert_non_null(strstr(line, m.dir));
    assert_int_equal(m.requests, 1);
    assert_int_equal(m.writes, 0);
    assert_int_equal(m.open_count, 0);
    assert_true(alc_attest_probe(ALC_SOURCE_AUTO, &conf, line, sizeof line));
    assert_non_null(strstr(line, m.dir));
    m.mkdir_fails = ENOENT;
    assert_false(alc_attest_probe(ALC_SOURCE_CONFIGFS, &conf, line, sizeof line));
    assert_non_null(strstr(line, "Linux 6.7"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_quote_is_asked_for_in_one_write_of_64_bytes),
        TEST(opening_learns_what_is_measured),
        TEST(each_request_has_a_folder_of_its_own),
        TEST(a_busy_host_is_asked_again_after_a_pause),
        TEST(a_host_that_stays_busy_is_a_timeout),
        TEST(other_failures_are_told_at_once),
        TEST(a_second_writer_is_noticed),
        TEST(a_quote_for_other_data_is_refused),
        TEST(a_short_write_is_refused),
        TEST(what_is_no_quote_of_a_td_is_refused),
        TEST(a_machine_without_the_interface_is_told_why),
        TEST(an_rtmr_that_moved_since_the_start_is_noticed),
        TEST(a_probe_asks_for_no_quote),
    };
    alc_crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
