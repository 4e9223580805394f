/* tests/unit/worker/test_keys.c — the worker's keys as files: at whatever line a rotation is cut
 * off, the next start has the key that counts, and every older one that may still be needed. */
#include "worker_test.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    char dir[64];
    struct alc_worker w; /* as much of one as keys need */
    struct alc_err err;
};

#define OK(call)                                                                                   \
    do {                                                                                           \
        enum alc_rc rc_ = (call);                                                                  \
        if (rc_ != ALC_OK)                                                                         \
            fail_msg("%s: %s: %s", #call, alc_rc_name(rc_), alc_err_text(&f->err, rc_));           \
    } while (0)

static void start(struct fixture *f)
{
    struct alc_ed25519 key = {0};

    f->w = (struct alc_worker){.conf = {.keys_dir = f->dir}};
    pthread_mutex_init(&f->w.lock, NULL);
    pthread_mutex_init(&f->w.order, NULL);
    OK(alc_worker_key(&key, f->dir, &f->err));
    OK(alc_attest_open(&f->w.conf.attest, &key, NULL, &f->err));
    OK(wk_keys_load(&f->w, &f->err));
}

static void stop(struct fixture *f)
{
    alc_attest_close(f->w.conf.attest);
    f->w.conf.attest = NULL;
    pthread_mutex_destroy(&f->w.lock);
    pthread_mutex_destroy(&f->w.order);
}

static void restart(struct fixture *f)
{
    stop(f);
    start(f);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (f == NULL) return -1;
    alc_crypto_init();
    alc_log_set(ALC_ERROR);
    strcpy(f->dir, "test_keys.XXXXXX");
    if (mkdtemp(f->dir) == NULL) return -1;
    start(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char path[512];
    struct dirent *e;
    DIR *dir = opendir(f->dir);

    while (dir != NULL && (e = readdir(dir)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", f->dir, e->d_name);
        if (e->d_name[0] != '.') unlink(path);
    }
    if (dir != NULL) closedir(dir);
    rmdir(f->dir);
    stop(f);
    free(f);
    return 0;
}

static bool there(struct fixture *f, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    return access(path, F_OK) == 0;
}

static struct alc_hash newest(struct fixture *f)
{
    return alc_attest_key(f->w.conf.attest)->public_key;
}

static void rotate(struct fixture *f)
{
    struct alc_ed25519 next = {0};
    OK(wk_keys_next(&f->w, &next, &f->err));
    OK(wk_keys_rotate(&f->w, &next, &f->err));
    alc_ed25519_fini(&next);
}

static void a_key_is_made_once_and_for_its_owner_alone(void **state)
{
    struct fixture *f = *state;
    struct alc_hash first = newest(f), again;
    char path[128];
    struct stat st;

    restart(f);
    again = newest(f);
    assert_true(alc_hash_eq(&first, &again));
    snprintf(path, sizeof path, "%s/worker.json", f->dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void the_next_key_is_on_disk_before_it_counts(void **state)
{
    struct fixture *f = *state;
    struct alc_ed25519 next = {0}, again = {0};
    struct alc_hash first = newest(f), now;

    OK(wk_keys_next(&f->w, &next, &f->err));
    restart(f);
    now = newest(f);
    assert_true(alc_hash_eq(&first, &now));
    OK(wk_keys_next(&f->w, &again, &f->err)); /* the same one: the chain may know it */
    assert_true(alc_hash_eq(&next.public_key, &again.public_key));
    alc_ed25519_fini(&next);
    alc_ed25519_fini(&again);
}

static void an_older_key_settles_until_it_is_dropped(void **state)
{
    struct fixture *f = *state;
    struct alc_hash first = newest(f), second, third, old[ALC_WORKER_KEYS_MAX];

    rotate(f);
    second = newest(f);
    assert_false(alc_hash_eq(&first, &second));
    rotate(f);
    third = newest(f);
    for (int i = 0; i < 2; i++) {
        struct alc_hash now = newest(f);
        assert_true(alc_hash_eq(&third, &now));
        assert_int_equal(wk_keys_old(&f->w, old), 2);
        assert_non_null(alc_attest_find(f->w.conf.attest, &first));
        assert_non_null(alc_attest_find(f->w.conf.attest, &second));
        restart(f);
    }
    wk_keys_drop(&f->w, &first);
    wk_keys_drop(&f->w, &first); /* once more is nothing */
    restart(f);
    assert_int_equal(wk_keys_old(&f->w, old), 1);
    assert_true(alc_hash_eq(&old[0], &second));
    assert_null(alc_attest_find(f->w.conf.attest, &first));
}

static void keys_rotate_without_end_while_old_ones_are_dropped(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 2 * (int)ALC_WORKER_KEYS_MAX; i++) {
        struct alc_hash was = newest(f);
        rotate(f);
        wk_keys_drop(&f->w, &was);
        assert_null(alc_attest_find(f->w.conf.attest, &was));
    }
}

/* Between its two renames a rotation leaves no worker.json: the next key takes its place. */
static void a_rotation_that_was_cut_in_the_middle_is_finished(void **state)
{
    struct fixture *f = *state;
    struct alc_hash first = newest(f), now, old[ALC_WORKER_KEYS_MAX];
    struct alc_ed25519 next = {0};
    char from[128], to[128];

    OK(wk_keys_next(&f->w, &next, &f->err));
    snprintf(from, sizeof from, "%s/worker.json", f->dir);
    snprintf(to, sizeof to, "%s/worker-1.json", f->dir);
    assert_int_equal(rename(from, to), 0);
    restart(f);
    now = newest(f);
    assert_true(alc_hash_eq(&next.public_key, &now));
    assert_false(there(f, "worker-next.json"));
    assert_int_equal(wk_keys_old(&f->w, old), 1);
    assert_true(alc_hash_eq(&old[0], &first));
    alc_ed25519_fini(&next);
}

static void files_of_other_names_are_no_keys(void **state)
{
    static const char *const names[] = {"worker-.json", "worker-1.json.tmp", "worker-x.json"};
    struct fixture *f = *state;
    struct alc_hash old[ALC_WORKER_KEYS_MAX];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        FILE *file;
        snprintf(path, sizeof path, "%s/%s", f->dir, names[i]);
        file = fopen(path, "w");
        assert_non_null(file);
        fclose(file);
    }
    restart(f);
    assert_int_equal(wk_keys_old(&f->w, old), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_is_made_once_and_for_its_owner_alone),
        TEST(the_next_key_is_on_disk_before_it_counts),
        TEST(an_older_key_settles_until_it_is_dropped),
        TEST(keys_rotate_without_end_while_old_ones_are_dropped),
        TEST(a_rotation_that_was_cut_in_the_middle_is_finished),
        TEST(files_of_other_names_are_no_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
