/* The worker's keys as files.  A key is on disk before the chain hears of it, and stays until what
 * it signed is settled; so a crash between any two steps leaves every key that is still needed. */
#include "worker/parts.h"

#include "base/failpoint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_MAX_BYTES 4096
#define NUMBER_MAX 1000000000u

static void newest_path(char out[PATH_MAX_BYTES], const char *dir)
{
    snprintf(out, PATH_MAX_BYTES, "%s/worker.json", dir);
}

static void next_path(char out[PATH_MAX_BYTES], const char *dir)
{
    snprintf(out, PATH_MAX_BYTES, "%s/worker-next.json", dir);
}

static void old_path(char out[PATH_MAX_BYTES], const char *dir, unsigned number)
{
    snprintf(out, PATH_MAX_BYTES, "%s/worker-%u.json", dir, number);
}

static bool there(const char *path)
{
    return access(path, F_OK) == 0;
}

static enum alc_rc load_or_make(struct alc_ed25519 *out, const char *path, struct alc_err *err)
{
    enum alc_rc rc;

    if (there(path)) return alc_near_key_file(out, NULL, path, err);
    rc = alc_ed25519_make(out);
    if (rc == ALC_OK) rc = alc_near_key_file_write(path, out, NULL, err);
    if (rc != ALC_OK) alc_ed25519_fini(out);
    return rc;
}

static enum alc_rc move(const char *from, const char *to, struct alc_err *err)
{
    if (rename(from, to) == 0) return ALC_OK;
    return alc_fail(err, ALC_IO, "cannot rename %s to %s: %s", from, to, strerror(errno));
}

/* sync_folder makes renames last through a power cut. */
static void sync_folder(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    if (fsync(fd) != 0)
        alc_log(ALC_WARN, "worker.keys", "folder=%s why=\"%s\"", dir, strerror(errno));
    close(fd);
}

enum alc_rc alc_worker_key(struct alc_ed25519 *out, const char *dir, struct alc_err *err)
{
    char newest[PATH_MAX_BYTES], next[PATH_MAX_BYTES];
    enum alc_rc rc = ALC_OK;

    newest_path(newest, dir);
    next_path(next, dir);
    /* A rotation was cut between its two renames. */
    if (!there(newest) && there(next)) rc = move(next, newest, err);
    return rc == ALC_OK ? load_or_make(out, newest, err) : rc;
}

/* ---- older keys ---- */

static bool old_number(const char *name, unsigned *out)
{
    int used = 0;
    return sscanf(name, "worker-%9u.json%n", out, &used) == 1 && used > 0 && name[used] == 0 &&
           *out < NUMBER_MAX;
}

static void remember(struct alc_worker *w, const struct alc_hash *key, unsigned number)
{
    pthread_mutex_lock(&w->lock);
    if (w->old_count < ALC_WORKER_KEYS_MAX)
        w->old[w->old_count++] = (struct wk_old_key){*key, number};
    pthread_mutex_unlock(&w->lock);
}

static enum alc_rc load_old(struct alc_worker *w, unsigned number, struct alc_err *err)
{
    char path[PATH_MAX_BYTES];
    struct alc_ed25519 key = {0};
    struct alc_hash name;
    enum alc_rc rc;

    old_path(path, w->conf.keys_dir, number);
    rc = alc_near_key_file(&key, NULL, path, err);
    if (rc != ALC_OK) return rc;
    name = key.public_key;
    if (alc_attest_find(w->conf.attest, &name) == NULL)
        rc = alc_attest_add(w->conf.attest, &key, err);
    alc_ed25519_fini(&key);
    if (rc == ALC_OK) remember(w, &name, number);
    return rc;
}

enum alc_rc wk_keys_load(struct alc_worker *w, struct alc_err *err)
{
    struct dirent *e;
    enum alc_rc rc = ALC_OK;
    DIR *dir;

    if (w->conf.keys_dir == NULL) return ALC_OK;
    dir = opendir(w->conf.keys_dir);
    if (dir == NULL)
        return alc_fail(err, ALC_IO, "cannot read the folder %s: %s", w->conf.keys_dir,
                        strerror(errno));
    while (rc == ALC_OK && (e = readdir(dir)) != NULL) {
        unsigned number;
        if (old_number(e->d_name, &number)) rc = load_old(w, number, err);
    }
    closedir(dir);
    return rc;
}

size_t wk_keys_old(struct alc_worker *w, struct alc_hash out[ALC_WORKER_KEYS_MAX])
{
    size_t n;
    pthread_mutex_lock(&w->lock);
    for (n = 0; n < w->old_count; n++)
        out[n] = w->old[n].public_key;
    pthread_mutex_unlock(&w->lock);
    return n;
}

void wk_keys_drop(struct alc_worker *w, const struct alc_hash *public_key)
{
    char path[PATH_MAX_BYTES] = "";

    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < w->old_count; i++) {
        if (!alc_hash_eq(&w->old[i].public_key, public_key)) continue;
        old_path(path, w->conf.keys_dir, w->old[i].number);
        w->old[i] = w->old[--w->old_count];
        break;
    }
    pthread_mutex_unlock(&w->lock);
    if (path[0] == 0) return;
    /* Nobody signs with it: that waited for the rotation.  Its line to the chain is closed. */
    alc_attest_forget(w->conf.attest, public_key);
    if (unlink(path) != 0)
        alc_log(ALC_WARN, "worker.keys", "file=%s why=\"%s\"", path, strerror(errno));
    else
        alc_log(ALC_INFO, "worker.key_drained", "file=%s", path);
}

/* ---- the next key ---- */

enum alc_rc wk_keys_next(struct alc_worker *w, struct alc_ed25519 *out, struct alc_err *err)
{
    char next[PATH_MAX_BYTES];
    next_path(next, w->conf.keys_dir);
    return load_or_make(out, next, err);
}

enum alc_rc wk_keys_rotate(struct alc_worker *w, struct alc_ed25519 *next, struct alc_err *err)
{
    char newest[PATH_MAX_BYTES], after[PATH_MAX_BYTES], old[PATH_MAX_BYTES];
    struct alc_hash was = alc_attest_key(w->conf.attest)->public_key;
    unsigned number = 1;
    enum alc_rc rc;

    newest_path(newest, w->conf.keys_dir);
    next_path(after, w->conf.keys_dir);
    for (;; number++) {
        old_path(old, w->conf.keys_dir, number);
        if (!there(old)) break;
    }
    /* Signing waits meanwhile: a statement and its place in the order belong to one key. */
    pthread_mutex_lock(&w->order);
    rc = alc_attest_rotate(w->conf.attest, next, err);
    if (rc == ALC_OK) {
        rc = move(newest, old, err);
        if (rc == ALC_OK) alc_failpoint("registrar.between");
        if (rc == ALC_OK) rc = move(after, newest, err);
    }
    pthread_mutex_unlock(&w->order);
    if (rc != ALC_OK) return rc;
    sync_folder(w->conf.keys_dir);
    remember(w, &was, number);
    return ALC_OK;
}
