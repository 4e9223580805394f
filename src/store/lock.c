#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_US 2000u

/* One thread in line, on its own stack. */
struct waiter {
    struct waiter *next;
    uint64_t since_us;
    pthread_cond_t called;
    bool has_turn;
};

struct alc_store_lock {
    struct alc_store_lock *next;
    char *path; /* as realpath gives it: one file has one name here */
    int fd;     /* of the lock file */
    unsigned users;
    pthread_mutex_t line; /* guards what is below */
    bool taken;
    struct waiter *first;
};

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static struct alc_store_lock *held; /* by this process; under `guard` */

static void entry_free(struct alc_store_lock *l)
{
    if (l->fd >= 0) close(l->fd);
    pthread_mutex_destroy(&l->line);
    free(l->path);
    free(l);
}

/* The folder part of a path, for the sentence: "." when there is none. */
static void folder_of(char *out, size_t cap, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL ? 0 : (size_t)(slash - path);
    if (slash == NULL)
        snprintf(out, cap, ".");
    else
        snprintf(out, cap, "%.*s", n == 0 ? 1 : (int)n, path);
}

/* The database file itself is opened by SQLite alone: closing any other descriptor of it would
 * drop SQLite's own locks.  O_EXCL fails before it opens a file that is there. */
static enum alc_rc create_file(const char *path, struct alc_err *err)
{
    char folder[400];
    int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);

    if (fd >= 0) {
        close(fd);
        return ALC_OK;
    }
    if (errno == EEXIST) return ALC_OK;
    if (errno == ENOENT || errno == ENOTDIR) {
        folder_of(folder, sizeof folder, path);
        return alc_fail(err, ALC_IO, "cannot create the database %s: there is no folder %s", path,
                        folder);
    }
    return alc_fail(err, ALC_IO, "cannot create the database %s: %s", path, strerror(errno));
}

static enum alc_rc lock_file(struct alc_store_lock *l, struct alc_err *err)
{
    char *name;

    if (asprintf(&name, "%s.lock", l->path) < 0)
        return alc_fail(err, ALC_NOMEM, "no memory to open %s", l->path);
    l->fd = open(name, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    free(name);
    if (l->fd < 0)
        return alc_fail(err, ALC_IO, "cannot open %s.lock: %s", l->path, strerror(errno));
    if (flock(l->fd, LOCK_EX | LOCK_NB) == 0) return ALC_OK;
    if (errno == EWOULDBLOCK)
        return alc_fail(err, ALC_BUSY, "the database %s is in use by another process", l->path);
    return alc_fail(err, ALC_IO, "cannot lock %s.lock: %s", l->path, strerror(errno));
}

enum alc_rc alc_store_lock_take(struct alc_store_lock **out, const char *path, struct alc_err *err)
{
    struct alc_store_lock *l = NULL;
    enum alc_rc rc;
    char *real;

    rc = create_file(path, err);
    if (rc != ALC_OK) return rc;
    real = realpath(path, NULL);
    if (real == NULL) return alc_fail(err, ALC_IO, "cannot find %s: %s", path, strerror(errno));

    pthread_mutex_lock(&guard);
    for (l = held; l != NULL; l = l->next)
        if (strcmp(l->path, real) == 0) break;
    if (l != NULL) {
        free(real);
        l->users++;
        *out = l;
        goto out;
    }
    l = malloc(sizeof *l);
    if (l == NULL) {
        free(real);
        rc = alc_fail(err, ALC_NOMEM, "no memory to open %s", path);
        goto out;
    }
    *l = (struct alc_store_lock){
        .path = real, .fd = -1, .users = 1, .line = PTHREAD_MUTEX_INITIALIZER};
    rc = lock_file(l, err);
    if (rc != ALC_OK) {
        entry_free(l);
        goto out;
    }
    l->next = held;
    held = l;
    *out = l;
out:
    pthread_mutex_unlock(&guard);
    return rc;
}

void alc_store_lock_drop(struct alc_store_lock *l)
{
    struct alc_store_lock **at;

    if (l == NULL) return;
    pthread_mutex_lock(&guard);
    if (--l->users == 0) {
        for (at = &held; *at != l;)
            at = &(*at)->next;
        *at = l->next;
        entry_free(l);
    }
    pthread_mutex_unlock(&guard);
}

const char *alc_store_lock_path(const struct alc_store_lock *l)
{
    return l->path;
}

static uint64_t mono_us(void)
{
    return alc_clock_system.mono_ns(alc_clock_system.ctx) / 1000;
}

static void leave_line(struct alc_store_lock *l, const struct waiter *w)
{
    struct waiter **at = &l->first;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
}

static void join_line(struct alc_store_lock *l, struct waiter *w)
{
    struct waiter **end = &l->first;
    while (*end != NULL)
        end = &(*end)->next;
    *end = w;
}

static struct timespec timespec_of(uint64_t us)
{
    return (struct timespec){(time_t)(us / 1000000), (long)(us % 1000000) * 1000};
}

bool alc_store_turn_take(struct alc_store_lock *l, uint32_t timeout_ms)
{
    struct waiter w = {.called = PTHREAD_COND_INITIALIZER};
    struct timespec until;
    bool late = false;

    pthread_mutex_lock(&l->line);
    if (!l->taken) {
        l->taken = true;
        pthread_mutex_unlock(&l->line);
        return true;
    }
    w.since_us = mono_us();
    until = timespec_of(w.since_us + timeout_ms * 1000ull);
    join_line(l, &w);
    while (!w.has_turn && l->taken && !late)
        late = pthread_cond_clockwait(&w.called, &l->line, CLOCK_MONOTONIC, &until) == ETIMEDOUT;
    if (!w.has_turn) {
        leave_line(l, &w);
        w.has_turn = !l->taken;
        l->taken = true;
    }
    pthread_mutex_unlock(&l->line);
    pthread_cond_destroy(&w.called);
    return w.has_turn;
}

/* Handing the turn over each time would cost a thread switch a transaction (more than half of the
 * rate, measured), so a running thread may come before one that has to wake up; but not once the
 * first in line has been patient, and so nobody starves. */
void alc_store_turn_give(struct alc_store_lock *l)
{
    struct waiter *w;

    pthread_mutex_lock(&l->line);
    w = l->first;
    l->taken = false;
    if (w != NULL) {
        if (mono_us() - w->since_us > PATIENCE_US) {
            l->first = w->next;
            w->has_turn = true;
            l->taken = true;
        }
        pthread_cond_signal(&w->called);
    }
    pthread_mutex_unlock(&l->line);
}
