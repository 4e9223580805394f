/* Compiled modules on disk.  A file is code that will be executed, so nothing in it is believed
 * before its MAC was checked over the very buffer that is then loaded:
 *
 *   0 MAC [32] = HMAC-SHA-256(cache_key, all that follows)
 *   32 tag [8] = "ALCCODE1" | 40 engine id [32] | 72 build [32] | 104 code hash [32]
 *   136 kind u8 | 137 zero [7] | 144 artifact
 *
 * `build` hashes what Wasmtime says an artifact depends on: version, settings, processor features.
 * A file is named after its code hash, written beside and renamed, and touched when it is used. */
#include "engine/room.h"

#include "base/enc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAC_BYTES 32u
#define HEAD_BYTES 112u /* after the MAC, before the artifact */
#define FILE_MAX_BYTES ((size_t)1 << 30)
#define SUFFIX ".code"
#define STALE_TEMPORARY_S 600 /* a temporary file this old has no writer left */

static const uint8_t tag[8] = {'A', 'L', 'C', 'C', 'O', 'D', 'E', '1'};

struct path {
    char s[4096];
};

static bool path_of(const struct alc_engine *e, const struct alc_hash *code, const char *suffix,
                    struct path *out)
{
    char hex[ALC_HEX_CHARS(32) + 1];
    size_t n;
    int len;

    if (!alc_hex_encode(hex, sizeof hex, &n, alc_hash_bytes(code))) return false;
    len = snprintf(out->s, sizeof out->s, "%s/%.64s%s", e->conf.cache_dir, hex, suffix);
    return len > 0 && (size_t)len < sizeof out->s;
}

static void write_head(const struct alc_engine *e, const struct alc_hash *code,
                       enum alc_module_kind kind, uint8_t head[HEAD_BYTES])
{
    memset(head, 0, HEAD_BYTES);
    memcpy(head, tag, sizeof tag);
    memcpy(head + 8, e->id.b, 32);
    memcpy(head + 40, e->build.b, 32);
    memcpy(head + 72, code->b, 32);
    head[104] = (uint8_t)kind;
}

/* Temporary files of writers that died. */
static void sweep(const char *dir)
{
    DIR *d = opendir(dir);
    time_t now = time(NULL);
    struct dirent *entry;
    struct stat st;

    if (d == NULL) return;
    while ((entry = readdir(d)) != NULL) {
        size_t n = strlen(entry->d_name);
        if (n < 4 || strcmp(entry->d_name + n - 4, ".tmp") != 0) continue;
        if (fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (S_ISREG(st.st_mode) && now - st.st_mtime > STALE_TEMPORARY_S)
            unlinkat(dirfd(d), entry->d_name, 0);
    }
    closedir(d);
}

enum alc_rc alc_engine_disk_open(struct alc_engine *e, struct alc_err *err)
{
    const char *dir = e->conf.cache_dir;

    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return alc_fail(err, ALC_IO, "cannot make the code cache %s: %s", dir, strerror(errno));
    if (access(dir, R_OK | W_OK | X_OK) != 0)
        return alc_fail(err, ALC_IO, "cannot use the code cache %s: %s", dir, strerror(errno));
    sweep(dir);
    return ALC_OK;
}

void alc_engine_disk_refuse(struct alc_engine *e, const struct alc_hash *code, const char *reason)
{
    struct path path;

    if (!path_of(e, code, SUFFIX, &path)) return;
    unlink(path.s);
    alc_log(ALC_WARN, "engine.artifact_refused", "file=%s reason=\"%s\" next=compile", path.s,
            reason);
    pthread_mutex_lock(&e->lock);
    e->stats.disk_refused++;
    pthread_mutex_unlock(&e->lock);
}

/* read_file reads a regular file of a plausible size and marks it as used; ALC_NOT_FOUND: absent.
 */
static enum alc_rc read_file(const char *path, uint8_t **out, size_t *n)
{
    enum alc_rc rc = ALC_CORRUPT;
    struct stat st;
    size_t size, got = 0;
    ssize_t m = 0;
    uint8_t *p = NULL;
    int fd;

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return errno == ENOENT ? ALC_NOT_FOUND : ALC_CORRUPT;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) goto out;
    size = (size_t)st.st_size;
    if (size < MAC_BYTES + HEAD_BYTES || size > FILE_MAX_BYTES) goto out;
    p = malloc(size);
    if (p == NULL) {
        rc = ALC_NOT_FOUND; /* nothing wrong with the file */
        goto out;
    }
    while (got < size && (m = read(fd, p + got, size - got)) > 0)
        got += (size_t)m;
    if (got != size) goto out;
    futimens(fd, NULL);
    *out = p;
    *n = size;
    p = NULL;
    rc = ALC_OK;
out:
    free(p);
    close(fd);
    return rc;
}

/* verdict of a file: NULL when it is the artifact of this engine for (code, kind); "" when it is
 * genuine but of another engine, say before an upgrade; else what is wrong. */
static const char *judge(const struct alc_engine *e, const struct alc_hash *code,
                         enum alc_module_kind kind, const uint8_t *file, size_t n)
{
    uint8_t head[HEAD_BYTES];
    struct alc_hash mac;

    alc_hmac_sha256(&mac, e->conf.cache_key, (struct alc_bytes){file + MAC_BYTES, n - MAC_BYTES});
    if (!alc_equal_ct(mac.b, file, MAC_BYTES)) return "its MAC is wrong";
    write_head(e, code, kind, head);
    if (memcmp(file + MAC_BYTES, head, HEAD_BYTES) == 0) return NULL;
    if (memcmp(file + MAC_BYTES + 8, head + 8, 64) != 0) return "";
    return "it belongs to another module";
}

enum alc_rc alc_engine_disk_get(struct alc_engine *e, const struct alc_hash *code,
                                enum alc_module_kind kind, uint8_t **file,
                                struct alc_bytes *artifact)
{
    const char *wrong;
    struct path path;
    uint8_t *p;
    size_t n;
    enum alc_rc rc;

    if (!path_of(e, code, SUFFIX, &path)) return ALC_NOT_FOUND;
    rc = read_file(path.s, &p, &n);
    if (rc == ALC_NOT_FOUND) return rc;
    if (rc != ALC_OK) {
        alc_engine_disk_refuse(e, code, "it cannot be read whole");
        return ALC_NOT_FOUND;
    }
    wrong = judge(e, code, kind, p, n);
    if (wrong == NULL) {
        *file = p;
        *artifact = (struct alc_bytes){p + MAC_BYTES + HEAD_BYTES, n - MAC_BYTES - HEAD_BYTES};
        return ALC_OK;
    }
    if (wrong[0] != 0) alc_engine_disk_refuse(e, code, wrong); /* else the new one replaces it */
    free(p);
    return ALC_NOT_FOUND;
}

struct kept {
    char name[ALC_HEX_CHARS(32) + sizeof SUFFIX];
    size_t size;
    struct timespec used;
};

static int by_use(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;

    if (x->used.tv_sec != y->used.tv_sec) return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
    if (x->used.tv_nsec != y->used.tv_nsec) return x->used.tv_nsec < y->used.tv_nsec ? -1 : 1;
    return 0;
}

/* list collects the artifacts in d; false: no memory. */
static bool list(DIR *d, struct kept **out, size_t *count, size_t *total)
{
    struct kept *all = NULL, *more;
    struct dirent *entry;
    size_t n = 0, cap = 0;
    struct stat st;

    while ((entry = readdir(d)) != NULL) {
        size_t len = strlen(entry->d_name);
        if (len != sizeof all->name - 1 || strcmp(entry->d_name + 64, SUFFIX) != 0) continue;
        if (fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (n == cap) {
            cap = cap == 0 ? 64 : cap * 2;
            more = realloc(all, cap * sizeof *all);
            if (more == NULL) {
                free(all);
                return false;
            }
            all = more;
        }
        memcpy(all[n].name, entry->d_name, sizeof all->name);
        all[n].size = (size_t)st.st_size;
        all[n].used = st.st_mtim;
        *total += all[n++].size;
    }
    *out = all;
    *count = n;
    return true;
}

/* trim removes the least recently used artifacts until the folder is within its size. */
static void trim(struct alc_engine *e)
{
    DIR *d = opendir(e->conf.cache_dir);
    struct kept *all = NULL;
    size_t count = 0, total = 0, removed = 0;

    if (d == NULL) return;
    if (list(d, &all, &count, &total) && total > e->conf.cache_max_bytes) {
        qsort(all, count, sizeof *all, by_use);
        for (size_t i = 0; i < count && total > e->conf.cache_max_bytes; i++) {
            if (unlinkat(dirfd(d), all[i].name, 0) != 0) continue;
            total -= all[i].size;
            removed++;
        }
    }
    free(all);
    closedir(d);
    pthread_mutex_lock(&e->lock);
    e->stats.disk_evicted += removed;
    pthread_mutex_unlock(&e->lock);
}

static bool write_all(int fd, const uint8_t *p, size_t n)
{
    while (n > 0) {
        ssize_t m = write(fd, p, n);
        if (m < 0 && errno == EINTR) continue;
        if (m <= 0) return false;
        p += m;
        n -= (size_t)m;
    }
    return true;
}

/* No fsync: a file that a crash cuts short does not pass its MAC. */
static bool write_file(const struct path *to, const struct path *beside, const uint8_t *p, size_t n)
{
    int fd = open(beside->s, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok;

    if (fd < 0) return false;
    ok = write_all(fd, p, n);
    if (close(fd) != 0) ok = false;
    if (ok && rename(beside->s, to->s) == 0) return true;
    unlink(beside->s);
    return false;
}

void alc_engine_disk_put(struct alc_engine *e, const struct alc_hash *code,
                         enum alc_module_kind kind, struct alc_bytes artifact)
{
    struct path to, beside;
    struct alc_hash mac;
    char suffix[32];
    uint8_t *file;
    size_t n;

    if (!alc_add(artifact.n, MAC_BYTES + HEAD_BYTES, &n) || n > e->conf.cache_max_bytes ||
        n > FILE_MAX_BYTES)
        return;
    snprintf(suffix, sizeof suffix, ".%ld.tmp", (long)getpid());
    if (!path_of(e, code, SUFFIX, &to) || !path_of(e, code, suffix, &beside)) return;
    file = malloc(n);
    if (file == NULL) return;
    write_head(e, code, kind, file + MAC_BYTES);
    memcpy(file + MAC_BYTES + HEAD_BYTES, artifact.p, artifact.n);
    alc_hmac_sha256(&mac, e->conf.cache_key, (struct alc_bytes){file + MAC_BYTES, n - MAC_BYTES});
    memcpy(file, mac.b, MAC_BYTES);

    pthread_mutex_lock(&e->disk_lock);
    if (write_file(&to, &beside, file, n))
        trim(e);
    else
        alc_log(ALC_WARN, "engine.artifact_not_kept", "file=%s error=\"%s\"", to.s,
                strerror(errno));
    pthread_mutex_unlock(&e->disk_lock);
    free(file);
}
