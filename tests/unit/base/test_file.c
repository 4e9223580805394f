#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "fail_alloc.h"

#define NOBODY 65534

/* Each test has an empty folder and works in it. */
static char folder[] = "file.XXXXXX";

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "file.XXXXXX");
    return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static unsigned count(void)
{
    DIR *d = opendir(".");
    struct dirent *e;
    unsigned n = 0;

    assert_non_null(d);
    while ((e = readdir(d)) != NULL)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return n;
}

static int tear_down(void **state)
{
    DIR *d = opendir(".");
    struct dirent *e;

    (void)state;
    if (d == NULL) return -1;
    while ((e = readdir(d)) != NULL)
        if (e->d_name[0] != '.') remove(e->d_name);
    closedir(d);
    return chdir("..") == 0 ? rmdir(folder) : -1; /* fails when a hidden file was left behind */
}

static void writes(const char *path, const char *text)
{
    struct alc_err err = {0};
    if (alc_file_write(path, alc_cstr(text), &err) != ALC_OK) fail_msg("%s", err.text);
}

static void refused(const char *path, const char *why)
{
    struct alc_err err = {0};

    assert_int_equal(alc_file_write(path, ALC_LIT("new"), &err), ALC_IO);
    assert_says(&err, "cannot write ", why);
}

static void fd_holds(int fd, const char *text)
{
    char got[4096];
    ssize_t n = pread(fd, got, sizeof got, 0);

    assert_true(n >= 0);
    assert_text((struct alc_bytes){(const uint8_t *)got, (size_t)n}, text);
}

static void holds(const char *path, const char *text)
{
    int fd = open(path, O_RDONLY);

    assert_true(fd >= 0);
    fd_holds(fd, text);
    close(fd);
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode;
}

static void a_new_file_is_whole_private_and_alone(void **state)
{
    mode_t old = umask(0);
    char path[4096];

    (void)state;
    writes("a", "one\n");
    umask(old);
    holds("a", "one\n");
    assert_int_equal(mode_of("a"), S_IFREG | 0600);
    writes("./b", "");
    holds("b", "");
    assert_non_null(getcwd(path, sizeof path - 2));
    strcat(path, "/c");
    writes(path, "three");
    holds("c", "three");
    assert_int_equal(count(), 3);
}

/* Who has the old file open goes on reading it: the new one is another file under its name. */
static void an_existing_file_is_replaced_not_written_into(void **state)
{
    int before;

    (void)state;
    writes("a", "old");
    assert_int_equal(chmod("a", 0644), 0);
    before = open("a", O_RDONLY);
    assert_true(before >= 0);
    writes("a", "newer");
    fd_holds(before, "old");
    holds("a", "newer");
    assert_int_equal(mode_of("a"), S_IFREG | 0600);
    assert_int_equal(count(), 1);
    close(before);
}

static void a_link_is_replaced_not_followed(void **state)
{
    (void)state;
    writes("target", "kept");
    assert_int_equal(symlink("target", "link"), 0);
    writes("link", "new");
    holds("target", "kept");
    holds("link", "new");
    assert_true(S_ISREG(mode_of("link")));
}

static void a_missing_folder_is_named(void **state)
{
    (void)state;
    refused("none/a", "none/a: No such file");
    writes("plain", "");
    refused("plain/a", "Not a directory");
    refused("", "No such file");
    assert_int_equal(count(), 1);
}

static void a_folder_is_not_replaced(void **state)
{
    (void)state;
    assert_int_equal(mkdir("d", 0700), 0);
    refused("d", "Is a directory");
    refused("d/", "directory");
    assert_int_equal(count(), 1);
    assert_int_equal(rmdir("d"), 0); /* and nothing lies in it */
}

static void without_leave_nothing_changes(void **state)
{
    bool root = geteuid() == 0; /* may everything: somebody else tries */

    (void)state;
    writes("a", "old");
    assert_int_equal(chmod(".", 0555), 0);
    if (root) assert_int_equal(seteuid(NOBODY), 0);
    refused("a", "Permission denied");
    if (root) assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(".", 0700), 0);
    holds("a", "old");
    assert_int_equal(count(), 1);
}

static void a_name_has_at_most_248_bytes(void **state)
{
    char name[250];

    (void)state;
    memset(name, 'n', sizeof name);
    name[248] = 0;
    writes(name, "fits");
    holds(name, "fits");
    name[248] = 'n';
    name[249] = 0;
    refused(name, "File name too long");
    assert_int_equal(count(), 1);
}

/* The limit of the process stands for a disk that is full in the middle of the file. */
static void a_disk_that_is_full_leaves_the_old_file(void **state)
{
    static char big[8192];
    struct rlimit old, few;
    struct alc_err err = {0};

    (void)state;
    memset(big, 'x', sizeof big - 1);
    writes("a", "old");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    few = old;
    few.rlim_cur = 4096;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &few), 0);
    assert_int_equal(alc_file_write("a", alc_cstr(big), &err), ALC_IO);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_says(&err, "cannot write a: File too large");
    holds("a", "old");
    assert_int_equal(count(), 1);
}

static enum alc_rc try_write(void)
{
    return alc_file_write("a", ALC_LIT("new"), NULL);
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    each_allocation_failing(try_write);
    assert_int_equal(count(), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_file_is_whole_private_and_alone),
        TEST(an_existing_file_is_replaced_not_written_into),
        TEST(a_link_is_replaced_not_followed),
        TEST(a_missing_folder_is_named),
        TEST(a_folder_is_not_replaced),
        TEST(without_leave_nothing_changes),
        TEST(a_name_has_at_most_248_bytes),
        TEST(a_disk_that_is_full_leaves_the_old_file),
        TEST(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
