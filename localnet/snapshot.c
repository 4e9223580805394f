/* localnet/snapshot.c — the whole chain put by, and brought back: a copy of the store, in memory or
 * as FOLDER/snapshots/ID.db.  A copy that is not whole has another name. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "localnet/node.h"

struct lnet_snapshot { /* in memory */
    uint64_t id;
    struct alc_store *store;
    struct lnet_snapshot *next;
};

#define PATH_MAX_BYTES 4096

/* A file of the snapshots' folder; its name in two parts. */
static void path_of(const struct lnet_chain *c, char out[PATH_MAX_BYTES], const char *name,
                    const char *end)
{
    (void)snprintf(out, PATH_MAX_BYTES, "%.3900s/snapshots/%s%s", c->folder, name, end);
}

static void path_of_id(const struct lnet_chain *c, char out[PATH_MAX_BYTES], uint64_t id,
                       const char *end)
{
    char name[32];
    (void)snprintf(name, sizeof name, "%" PRIu64, id);
    path_of(c, out, name, end);
}

/* ---- what there is ---- */

static bool id_of(const char *file, uint64_t *id)
{
    size_t n = strspn(file, "0123456789");
    if (n == 0 || n > 18 || strcmp(file + n, ".db") != 0) return false;
    *id = strtoull(file, NULL, 10);
    return true;
}

/* How many snapshots the folder holds, and the highest id. */
static enum alc_rc look(const struct lnet_chain *c, size_t *count, uint64_t *last,
                        struct alc_err *err)
{
    char path[PATH_MAX_BYTES];
    const struct dirent *e;
    uint64_t id;
    DIR *d;
    *count = 0;
    path_of(c, path, "", "");
    d = opendir(path);
    if (d == NULL && errno == ENOENT) return ALC_OK;
    if (d == NULL) return alc_fail(err, ALC_IO, "%s: %s", path, strerror(errno));
    while ((e = readdir(d)) != NULL) {
        if (!id_of(e->d_name, &id)) continue;
        ++*count;
        if (id > *last) *last = id;
    }
    closedir(d);
    return ALC_OK;
}

enum alc_rc lnet_snapshots_find(struct lnet_chain *c, struct alc_err *err)
{
    size_t count;
    return c->folder != NULL ? look(c, &count, &c->snapshot_last, err) : ALC_OK;
}

static enum alc_rc count_all(const struct lnet_chain *c, size_t *count, struct alc_err *err)
{
    uint64_t last = 0;
    if (c->folder != NULL) return look(c, count, &last, err);
    *count = 0;
    for (const struct lnet_snapshot *s = c->snapshots; s != NULL; s = s->next)
        ++*count;
    return ALC_OK;
}

void lnet_snapshots_fini(struct lnet_chain *c)
{
    while (c->snapshots != NULL) {
        struct lnet_snapshot *s = c->snapshots;
        c->snapshots = s->next;
        alc_store_close(s->store);
        free(s);
    }
}

/* ---- taking ---- */

static enum alc_rc keep_in_memory(struct lnet_chain *c, uint64_t id, struct alc_err *err)
{
    struct lnet_snapshot *s = calloc(1, sizeof *s);
    enum alc_rc rc;
    if (s == NULL) return ALC_NOMEM;
    s->id = id;
    rc = alc_store_open(&s->store, ":memory:", false, err);
    if (rc == ALC_OK) rc = alc_store_copy(s->store, c->store, err);
    if (rc != ALC_OK) {
        alc_store_close(s->store);
        free(s);
        return rc;
    }
    s->next = c->snapshots;
    c->snapshots = s;
    return ALC_OK;
}

static const char *const ends[] = {"", "-wal", "-shm", ".lock"}; /* files of one database */

static void remove_files(const struct lnet_chain *c, const char *name)
{
    char path[PATH_MAX_BYTES];
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        path_of(c, path, name, ends[i]);
        (void)unlink(path);
    }
}

static enum alc_rc keep_in_folder(struct lnet_chain *c, uint64_t id, struct alc_err *err)
{
    char path[PATH_MAX_BYTES], whole[PATH_MAX_BYTES];
    struct alc_store *copy = NULL;
    enum alc_rc rc;
    path_of(c, path, "", "");
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return alc_fail(err, ALC_IO, "%s: %s", path, strerror(errno));
    remove_files(c, "new"); /* of one who died here */
    path_of(c, path, "new", "");
    path_of_id(c, whole, id, ".db");
    rc = alc_store_open(&copy, path, false, err);
    if (rc == ALC_OK) rc = alc_store_copy(copy, c->store, err);
    alc_store_close(copy); /* its log goes into the file */
    alc_failpoint("snapshot.copied");
    if (rc == ALC_OK && rename(path, whole) != 0)
        rc = alc_fail(err, ALC_IO, "%s: %s", whole, strerror(errno));
    alc_failpoint("snapshot.kept");
    remove_files(c, "new");
    return rc;
}

enum alc_rc lnet_chain_snapshot(struct lnet_chain *c, uint64_t *id, struct alc_err *err)
{
    size_t count;
    enum alc_rc rc;
    lnet_take(c);
    rc = count_all(c, &count, err);
    if (rc == ALC_OK && count >= LNET_SNAPSHOTS_MAX)
        rc = alc_fail(err, ALC_LIMIT, "there are %zu snapshots: drop some", count);
    if (rc == ALC_OK)
        rc = c->folder != NULL ? keep_in_folder(c, c->snapshot_last + 1, err)
                               : keep_in_memory(c, c->snapshot_last + 1, err);
    if (rc == ALC_OK) *id = ++c->snapshot_last;
    lnet_give(c);
    return rc;
}

/* ---- bringing back ---- */

static enum alc_rc unknown(uint64_t id, struct alc_err *err)
{
    return alc_fail(err, ALC_NOT_FOUND, "there is no snapshot %" PRIu64, id);
}

static enum alc_rc find(struct lnet_chain *c, uint64_t id, struct alc_store **out,
                        struct alc_err *err)
{
    char path[PATH_MAX_BYTES];
    if (c->folder == NULL) {
        for (struct lnet_snapshot *s = c->snapshots; s != NULL; s = s->next)
            if (s->id == id) {
                *out = s->store;
                return ALC_OK;
            }
        return unknown(id, err);
    }
    path_of_id(c, path, id, ".db");
    if (access(path, F_OK) != 0) return unknown(id, err);
    return alc_store_open(out, path, false, err);
}

/* Time goes on from the restored head as if nothing had been in between.  Who dies before this is
 * written finds the restored chain with the clock of the day. */
static enum alc_rc set_clock(struct lnet_chain *c, struct alc_err *err)
{
    if (c->conf.deterministic) return ALC_OK;
    return alc_store_exec(c->store, NULL, "UPDATE head SET time_ahead = time - $1",
                          ALC_ARGS(ALC_INT(c->clock->wall_ns(c->clock->ctx))), err);
}

enum alc_rc lnet_chain_restore(struct lnet_chain *c, uint64_t id, struct alc_err *err)
{
    struct alc_store *copy = NULL;
    enum alc_rc rc;
    lnet_take(c);
    rc = find(c, id, &copy, err);
    if (rc == ALC_OK) rc = lnet_state_migrate(copy, err); /* of an older program, perhaps */
    if (rc == ALC_OK) rc = alc_store_copy(c->store, copy, err);
    if (c->folder != NULL) alc_store_close(copy);
    alc_failpoint("restore.done");
    if (rc == ALC_OK) {
        enum alc_rc clock = set_clock(c, err);
        rc = lnet_chain_reload(c, err); /* whatever the clock says, the chain is another one */
        if (rc == ALC_OK) rc = clock;
    }
    lnet_give(c);
    return rc;
}

enum alc_rc lnet_chain_drop_snapshot(struct lnet_chain *c, uint64_t id, struct alc_err *err)
{
    char name[32], path[PATH_MAX_BYTES];
    enum alc_rc rc = ALC_OK;
    lnet_take(c);
    if (c->folder != NULL) {
        (void)snprintf(name, sizeof name, "%" PRIu64 ".db", id);
        path_of(c, path, name, "");
        if (access(path, F_OK) != 0)
            rc = unknown(id, err);
        else
            remove_files(c, name);
    } else {
        struct lnet_snapshot **at = &c->snapshots, *s;
        while (*at != NULL && (*at)->id != id)
            at = &(*at)->next;
        s = *at;
        if (s == NULL) {
            rc = unknown(id, err);
        } else {
            *at = s->next;
            alc_store_close(s->store);
            free(s);
        }
    }
    lnet_give(c);
    return rc;
}
