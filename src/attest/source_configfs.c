/* The kernel's interface to the TDX module: configfs-tsm (Documentation/ABI/testing/configfs-tsm).
 *
 *   mkdir <dir>/<name>      a request of our own; the kernel puts these files into it:
 *     provider              "tdx_guest"
 *     inblob                takes the 64 bytes of report data in one write
 *     generation            counts writes: when it grew by more than our one, someone else wrote
 *     outblob               the quote, made when it is first read
 *   rmdir <dir>/<name> */
#include "attest/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define KERNELS_DIR "/sys/kernel/config/tsm/report"
#define PROVIDER "tdx_guest"
#define TRIES_MAX 10u
#define PAUSE_FIRST_MS 50u
#define PAUSE_MAX_MS 2000u

struct configfs {
    char dir[3800];
};

/* A request's folder, while it is there. */
struct request {
    char path[4000];
    int fd;
};

static enum alc_rc request_open(struct request *r, const struct configfs *c, struct alc_err *err)
{
    uint8_t random[8];
    uint64_t name;

    alc_random(random, sizeof random); /* each request has its own, also across processes */
    memcpy(&name, random, sizeof name);
    snprintf(r->path, sizeof r->path, "%s/alcove-%016" PRIx64, c->dir, name);
    r->fd = -1;
    if (mkdir(r->path, 0700) != 0) {
        if (errno == ENOENT)
            return alc_fail(err, ALC_NOT_FOUND,
                            "there is no %s: it takes a TDX guest with Linux 6.7 or later, and "
                            "configfs mounted",
                            c->dir);
        if (errno == EACCES || errno == EPERM)
            return alc_fail(err, ALC_NOT_FOUND, "asking in %s takes root", c->dir);
        return alc_fail(err, ALC_NOT_FOUND, "cannot make a request in %s: %s", c->dir,
                        strerror(errno));
    }
    r->fd = open(r->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->fd >= 0) return ALC_OK;
    rmdir(r->path);
    return alc_fail(err, ALC_IO, "cannot open %s: %s", r->path, strerror(errno));
}

static void request_close(struct request *r)
{
    if (r->fd < 0) return;
    close(r->fd);
    rmdir(r->path);
    r->fd = -1;
}

/* A short text attribute, without its line's end. */
static bool read_text(const struct request *r, const char *name, char *out, size_t cap)
{
    int fd = openat(r->fd, name, O_RDONLY | O_CLOEXEC), why;
    ssize_t n = -1;

    if (fd < 0) return false;
    do
        n = read(fd, out, cap - 1);
    while (n < 0 && errno == EINTR);
    why = errno;
    close(fd);
    errno = why;
    if (n < 0) return false;
    out[n] = 0;
    out[strcspn(out, "\n")] = 0;
    return true;
}

static enum alc_rc check_provider(const struct request *r, struct alc_err *err)
{
    char provider[64];

    if (!read_text(r, "provider", provider, sizeof provider))
        return alc_fail(err, ALC_NOT_FOUND, "%s/provider cannot be read: %s", r->path,
                        strerror(errno));
    if (strcmp(provider, PROVIDER) != 0)
        return alc_fail(err, ALC_NOT_FOUND, "the provider of quotes is `%s`, not " PROVIDER,
                        provider);
    return ALC_OK;
}

static enum alc_rc read_generation(const struct request *r, uint64_t *out, struct alc_err *err)
{
    char text[32], *end;

    if (!read_text(r, "generation", text, sizeof text))
        return alc_fail(err, ALC_IO, "%s/generation cannot be read: %s", r->path, strerror(errno));
    errno = 0;
    *out = strtoull(text, &end, 10);
    if (end == text || *end != 0 || errno != 0)
        return alc_fail(err, ALC_IO, "%s/generation is no number", r->path);
    return ALC_OK;
}

/* Exactly one write: the kernel takes each for a whole request, and tells of a wrong length only
 * when the quote is read. */
static enum alc_rc write_once(const struct request *r, const uint8_t *p, size_t n,
                              struct alc_err *err)
{
    int fd = openat(r->fd, "inblob", O_WRONLY | O_CLOEXEC);
    ssize_t wrote = fd < 0 ? -1 : write(fd, p, n);
    int why = errno;

    if (fd >= 0 && close(fd) != 0 && wrote >= 0) {
        wrote = -1;
        why = errno;
    }
    if (wrote < 0)
        return alc_fail(err, ALC_IO, "%s/inblob cannot be written: %s", r->path, strerror(why));
    if ((size_t)wrote != n)
        return alc_fail(err, ALC_IO, "%s/inblob took %zd of %zu bytes", r->path, wrote, n);
    return ALC_OK;
}

/* read_quote appends all of outblob.  0, or an errno. */
static int read_quote(const struct request *r, struct alc_buf *out)
{
    struct alc_buf got = ALC_BUF(ALC_QUOTE_MAX_BYTES);
    int fd = openat(r->fd, "outblob", O_RDONLY | O_CLOEXEC), why = 0;
    uint8_t part[4096];
    ssize_t n = 1;

    if (fd < 0) return errno;
    while (n > 0 && why == 0) {
        n = read(fd, part, sizeof part);
        if (n < 0) why = errno;
        if (n > 0) alc_buf_put(&got, part, (size_t)n);
        if (got.failed) why = EFBIG; /* whatever the host sent: we hold no more than a quote */
    }
    close(fd);
    if (why == 0) alc_buf_put_bytes(out, alc_buf_bytes(&got));
    if (why == 0 && got.n == 0) why = ENODATA;
    if (out->failed) why = ENOMEM;
    alc_buf_fini(&got);
    return why;
}

static void pause_ms(uint32_t ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    while (nanosleep(&t, &t) != 0 && errno == EINTR)
        ;
}

/* EBUSY: the host still has an earlier request, perhaps one whose asker was killed. */
static bool worth_repeating(int why)
{
    return why == EBUSY || why == EINTR || why == ETIMEDOUT;
}

static enum alc_rc await_quote(const struct request *r, struct alc_buf *quote, struct alc_err *err)
{
    uint32_t wait_ms = PAUSE_FIRST_MS;
    int why = 0;

    for (unsigned try = 1; try <= TRIES_MAX; try++) {
        why = read_quote(r, quote);
        if (why == 0) return ALC_OK;
        if (!worth_repeating(why)) break;
        if (try < TRIES_MAX) pause_ms(wait_ms);
        wait_ms = wait_ms * 2 < PAUSE_MAX_MS ? wait_ms * 2 : PAUSE_MAX_MS;
    }
    if (worth_repeating(why))
        return alc_fail(err, ALC_TIMEOUT, "the host made no quote in %u tries: %s", TRIES_MAX,
                        strerror(why));
    if (why == EFBIG)
        return alc_fail(err, ALC_IO, "%s/outblob is over %u bytes: no quote is", r->path,
                        ALC_QUOTE_MAX_BYTES);
    if (why == EIO)
        return alc_fail(err, ALC_IO, "the host's quoting service refused: is it running there?");
    return alc_fail(err, why == ENOMEM ? ALC_NOMEM : ALC_IO, "%s/outblob cannot be read: %s",
                    r->path, strerror(why));
}

static enum alc_rc quote(void *self, const uint8_t report_data[ATT_REPORT_DATA_BYTES],
                         struct alc_buf *quote, struct alc_buf *event_log, struct alc_err *err)
{
    uint64_t before, after;
    struct request r;
    enum alc_rc rc = request_open(&r, self, err);

    (void)event_log; /* the kernel keeps one in ACPI tables, in a form of its own */
    if (rc != ALC_OK) return rc;
    rc = check_provider(&r, err);
    if (rc == ALC_OK) rc = read_generation(&r, &before, err);
    if (rc == ALC_OK) rc = write_once(&r, report_data, ATT_REPORT_DATA_BYTES, err);
    if (rc == ALC_OK) rc = await_quote(&r, quote, err);
    if (rc == ALC_OK) rc = read_generation(&r, &after, err);
    if (rc == ALC_OK && after != before + 1)
        rc = alc_fail(err, ALC_IO, "someone else wrote to %s: the quote may be for other data",
                      r.path);
    request_close(&r);
    return rc;
}

static void close_configfs(void *self)
{
    free(self);
}

static enum alc_rc open_configfs(void **self, const struct alc_attest_conf *conf,
                                 struct alc_err *err)
{
    struct configfs *c = calloc(1, sizeof *c);
    const char *dir = conf->configfs_dir == NULL ? KERNELS_DIR : conf->configfs_dir;
    struct request r;
    enum alc_rc rc;

    if (c == NULL) return alc_fail(err, ALC_NOMEM, "no memory for a source of quotes");
    if (strlen(dir) >= sizeof c->dir) {
        rc = alc_fail(err, ALC_NOT_FOUND, "the name of the configfs folder is too long");
    } else {
        strcpy(c->dir, dir);
        rc = request_open(&r, c, err);
        if (rc == ALC_OK) {
            rc = check_provider(&r, err);
            request_close(&r);
        }
    }
    if (rc == ALC_OK)
        *self = c;
    else
        free(c);
    return rc;
}

static void describe(void *self, char *line, size_t cap)
{
    const struct configfs *c = self;
    snprintf(line, cap, "this TDX guest's kernel (%s)", c->dir);
}

const struct att_source att_configfs = {open_configfs, close_configfs, quote, describe};
