#include "attest/archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define PATH_BYTES 4200u

static void prefix_of(char out[64], const struct alc_platform *p)
{
    snprintf(out, 64, "%s-%02x%02x%02x%02x%02x%02x-%s-", p->tee == ALC_TEE_TDX ? "tdx" : "sgx",
             p->fmspc[0], p->fmspc[1], p->fmspc[2], p->fmspc[3], p->fmspc[4], p->fmspc[5],
             p->ca == ALC_PCK_PLATFORM ? "platform" : "processor");
}

/* entry_read: whether `name` is that of a set under this prefix, with `tail` behind it. */
static bool entry_read(struct att_kept *out, const char *name, const char *prefix, const char *tail)
{
    size_t n = strlen(prefix);
    uint64_t from, until;
    uint32_t evaluation;
    int end = 0;

    if (strncmp(name, prefix, n) != 0 || strlen(name) >= sizeof out->name) return false;
    if (sscanf(name + n, "%" SCNu32 "-%" SCNu64 "-%" SCNu64 "-%*16[0-9a-f].json%n", &evaluation,
               &from, &until, &end) != 3 ||
        end == 0 || strcmp(name + n + (size_t)end, tail) != 0)
        return false;
    snprintf(out->name, sizeof out->name, "%s", name);
    out->evaluation = evaluation;
    out->window = (struct alc_window){from, until};
    return true;
}

/* Evaluation numbers only rise, and then issue dates; the rest makes the order a strict one. */
static bool newer(const struct att_kept *a, const struct att_kept *b)
{
    if (a->evaluation != b->evaluation) return a->evaluation > b->evaluation;
    if (a->window.from_s != b->window.from_s) return a->window.from_s > b->window.from_s;
    if (a->window.until_s != b->window.until_s) return a->window.until_s > b->window.until_s;
    return strcmp(a->name, b->name) > 0;
}

static bool wanted(const struct att_kept *e, const struct att_find *find)
{
    if (find->at_s != ATT_ANY && (find->at_s < e->window.from_s || find->at_s > e->window.until_s))
        return false;
    if (find->from_most_s != ATT_ANY && e->window.from_s > find->from_most_s) return false;
    return find->below == NULL || newer(find->below, e);
}

static enum alc_rc no_folder(const char *dir, struct alc_err *err)
{
    if (errno == ENOENT) return alc_fail(err, ALC_NOT_FOUND, "there is no folder %s", dir);
    return alc_fail(err, ALC_IO, "cannot read %s: %s", dir, strerror(errno));
}

enum alc_rc att_archive_find(const char *dir, struct att_kept *out, const struct att_find *find,
                             struct alc_err *err)
{
    struct att_kept best, e;
    DIR *folder = opendir(dir);
    bool found = false;
    struct dirent *d;
    char prefix[64];

    if (folder == NULL) return no_folder(dir, err);
    prefix_of(prefix, find->platform);
    while ((d = readdir(folder)) != NULL) {
        if (!entry_read(&e, d->d_name, prefix, "") || !wanted(&e, find)) continue;
        if (found && newer(&e, &best) == find->oldest) continue;
        best = e;
        found = true;
    }
    closedir(folder);
    if (!found) return alc_fail(err, ALC_NOT_FOUND, "no kept set of collateral covers this");
    *out = best;
    return ALC_OK;
}

unsigned att_archive_bad(const char *dir, const struct alc_platform *p)
{
    DIR *folder = opendir(dir);
    struct att_kept e;
    struct dirent *d;
    char prefix[64];
    unsigned n = 0;

    if (folder == NULL) return 0;
    prefix_of(prefix, p);
    while ((d = readdir(folder)) != NULL)
        n += entry_read(&e, d->d_name, prefix, ".bad");
    closedir(folder);
    return n;
}

bool att_archive_aside(const char *dir, const struct att_kept *e)
{
    char from[PATH_BYTES], to[PATH_BYTES];

    return snprintf(from, sizeof from, "%s/%s", dir, e->name) < (int)sizeof from &&
           snprintf(to, sizeof to, "%s/%s.bad", dir, e->name) < (int)sizeof to &&
           rename(from, to) == 0;
}

enum alc_rc att_archive_read(const char *dir, const char *name, struct alc_buf *out,
                             struct alc_err *err)
{
    char path[PATH_BYTES], piece[4096];
    ssize_t got;
    int fd;

    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
        return alc_fail(err, ALC_BAD_INPUT, "the folder for collateral has too long a name");
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return alc_fail(err, ALC_NOT_FOUND, "there is no %s", path);
    if (fd < 0) return alc_fail(err, ALC_IO, "cannot read %s: %s", path, strerror(errno));
    while ((got = read(fd, piece, sizeof piece)) > 0)
        alc_buf_put(out, piece, (size_t)got);
    if (got < 0) alc_fail(err, ALC_IO, "cannot read %s: %s", path, strerror(errno));
    close(fd);
    if (got < 0) return ALC_IO;
    return out->failed ? alc_fail(err, ALC_LIMIT, "%s is too long", path) : ALC_OK;
}

enum alc_rc att_archive_put(const char *dir, const struct alc_collateral *set,
                            struct alc_bytes json, struct alc_err *err)
{
    const struct alc_window w = alc_collateral_window(set);
    struct alc_platform p = {.tee = set->tee, .ca = set->ca};
    char prefix[64], path[PATH_BYTES], hex[17] = "";
    struct alc_hash hash;

    memcpy(p.fmspc, set->fmspc, sizeof p.fmspc);
    prefix_of(prefix, &p);
    alc_sha256(&hash, json);
    for (size_t i = 0; i < 8; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash.b[i]);
    if (snprintf(path, sizeof path, "%s/%s%" PRIu32 "-%" PRIu64 "-%" PRIu64 "-%s.json", dir, prefix,
                 set->tcb_evaluation, w.from_s, w.until_s, hex) >= (int)sizeof path)
        return alc_fail(err, ALC_BAD_INPUT, "the folder for collateral has too long a name");
    if (access(path, F_OK) == 0) return ALC_OK;
    return alc_file_write(path, json, err);
}

enum alc_rc att_archive_put_quote(const char *dir, struct alc_bytes quote, struct alc_err *err)
{
    char path[PATH_BYTES];

    if (snprintf(path, sizeof path, "%s/quote", dir) >= (int)sizeof path)
        return alc_fail(err, ALC_BAD_INPUT, "the folder for collateral has too long a name");
    return alc_file_write(path, quote, err);
}
