/* The archive is a folder; a file's name says what is in it, so that finding a set opens one file:
 *   <tee>-<fmspc>-<ca>-<from>-<until>-<first 16 hex digits of SHA-256>.json   times in Unix seconds
 */
#include "attest/collateral.h"
#include "attest/pcs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_S 86400u

struct alc_sets {
    pthread_mutex_t lock; /* the rooms below are for one at a time */
    char dir[3900];
    char url[1000];
    bool early, plain_ok;
    struct alc_attest *attest;
    const struct alc_clock *clock;
    struct alc_collateral set, before;
    uint8_t room[2 * ALC_COLLATERAL_MAX_BYTES + ALC_QUOTE_MAX_BYTES];
};

/* A file of the archive, as its name tells. */
struct entry {
    char name[160];
    struct alc_window window;
};

enum alc_rc alc_sets_open(struct alc_sets **out, const struct alc_sets_conf *conf,
                          struct alc_err *err)
{
    struct alc_sets *s;

    if (strlen(conf->dir) >= sizeof s->dir || strlen(conf->url) >= sizeof s->url)
        return alc_fail(err, ALC_BAD_INPUT, "the folder or the URL for collateral is too long");
    if (mkdir(conf->dir, 0700) != 0 && errno != EEXIST)
        return alc_fail(err, ALC_IO, "cannot make %s: %s", conf->dir, strerror(errno));
    s = calloc(1, sizeof *s);
    if (s == NULL) return alc_fail(err, ALC_NOMEM, "no memory for collateral");
    pthread_mutex_init(&s->lock, NULL);
    snprintf(s->dir, sizeof s->dir, "%s", conf->dir);
    snprintf(s->url, sizeof s->url, "%s", conf->url);
    for (size_t n = strlen(s->url); n > 0 && s->url[n - 1] == '/'; n--)
        s->url[n - 1] = 0;
    s->early = conf->early;
    s->plain_ok = conf->plain_ok;
    s->attest = conf->attest;
    s->clock = conf->clock;
    *out = s;
    return ALC_OK;
}

void alc_sets_close(struct alc_sets *s)
{
    if (s == NULL) return;
    pthread_mutex_destroy(&s->lock);
    free(s);
}

enum alc_rc alc_sets_platform(struct alc_platform *out, struct alc_bytes quote, struct alc_err *err)
{
    uint8_t room[ALC_QUOTE_MAX_BYTES];
    struct alc_verify_work work = ALC_VERIFY_WORK(room);
    struct alc_quote q;
    enum alc_refusal refusal = alc_quote_read(&q, quote);

    if (refusal == ALC_REFUSAL_NONE) refusal = alc_quote_platform(out, &q, &work);
    if (refusal == ALC_REFUSAL_NONE) return ALC_OK;
    return alc_fail(err, ALC_BAD_INPUT, "%s", alc_refusal_text(refusal));
}

static uint64_t now_s(const struct alc_sets *s)
{
    return alc_clock_wall_ms(s->clock) / 1000;
}

static struct alc_trust trust(const struct alc_sets *s)
{
    struct alc_trust t = {.simulated_root = {NULL, 0}};
    if (s->attest != NULL) t.simulated_root = alc_attest_simulated_root(s->attest);
    return t;
}

/* ---- the folder ---- */

static void prefix_of(char out[64], const struct alc_platform *p)
{
    snprintf(out, 64, "%s-%02x%02x%02x%02x%02x%02x-%s-", p->tee == ALC_TEE_TDX ? "tdx" : "sgx",
             p->fmspc[0], p->fmspc[1], p->fmspc[2], p->fmspc[3], p->fmspc[4], p->fmspc[5],
             p->ca == ALC_PCK_PLATFORM ? "platform" : "processor");
}

static bool entry_read(struct entry *out, const char *name, const char *prefix)
{
    size_t n = strlen(prefix);
    uint64_t from, until;
    int end = 0;

    if (strncmp(name, prefix, n) != 0 || strlen(name) >= sizeof out->name) return false;
    if (sscanf(name + n, "%" SCNu64 "-%" SCNu64 "-%*16[0-9a-f].json%n", &from, &until, &end) != 2 ||
        end == 0 || name[n + (size_t)end] != 0)
        return false;
    snprintf(out->name, sizeof out->name, "%s", name);
    out->window = (struct alc_window){from, until};
    return true;
}

/* newest finds the set with the latest start of those that cover at_s (UINT64_MAX: any) and begin
 * before `below_s`. */
static enum alc_rc newest(const struct alc_sets *s, struct entry *out, const struct alc_platform *p,
                          uint64_t at_s, uint64_t below_s, struct alc_err *err)
{
    char prefix[64];
    DIR *dir = opendir(s->dir);
    bool found = false;
    struct dirent *d;

    if (dir == NULL) return alc_fail(err, ALC_IO, "cannot read %s: %s", s->dir, strerror(errno));
    prefix_of(prefix, p);
    while ((d = readdir(dir)) != NULL) {
        struct entry e;
        if (!entry_read(&e, d->d_name, prefix) || e.window.from_s >= below_s) continue;
        if (at_s != UINT64_MAX && (at_s < e.window.from_s || at_s > e.window.until_s)) continue;
        if (found && e.window.from_s <= out->window.from_s) continue;
        *out = e;
        found = true;
    }
    closedir(dir);
    return found ? ALC_OK : alc_fail(err, ALC_NOT_FOUND, "no kept set of collateral covers this");
}

static enum alc_rc read_entry(const struct alc_sets *s, const struct entry *e, struct alc_buf *json,
                              struct alc_err *err)
{
    char path[4096], piece[4096];
    ssize_t got;
    int fd;

    snprintf(path, sizeof path, "%s/%s", s->dir, e->name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return alc_fail(err, ALC_IO, "cannot read %s: %s", path, strerror(errno));
    while ((got = read(fd, piece, sizeof piece)) > 0)
        alc_buf_put(json, piece, (size_t)got);
    close(fd);
    if (got < 0) return alc_fail(err, ALC_IO, "cannot read %s: %s", path, strerror(errno));
    return json->failed ? alc_fail(err, ALC_LIMIT, "%s is too long for a set", path) : ALC_OK;
}

/* write_whole writes beside and renames, so that a name never stands for half a set. */
static enum alc_rc write_whole(const char *path, struct alc_bytes text, struct alc_err *err)
{
    char part[4096];
    size_t at = 0;
    int fd;

    if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part)
        return alc_fail(err, ALC_BAD_INPUT, "the folder for collateral has too long a name");
    fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return alc_fail(err, ALC_IO, "cannot write %s: %s", part, strerror(errno));
    while (at < text.n) {
        ssize_t put = write(fd, text.p + at, text.n - at);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) break;
        at += (size_t)put;
    }
    if (at < text.n || fsync(fd) != 0 || close(fd) != 0 || rename(part, path) != 0) {
        alc_fail(err, ALC_IO, "cannot write %s: %s", path, strerror(errno));
        unlink(part);
        return ALC_IO;
    }
    return ALC_OK;
}

/* ---- checks ---- */

static enum alc_rc check(struct alc_sets *s, struct alc_collateral *out, struct alc_bytes json,
                         struct alc_err *err)
{
    struct alc_verify_work work = ALC_VERIFY_WORK(s->room);
    struct alc_trust t = trust(s);
    enum alc_refusal refusal = alc_collateral_verify(out, json, &t, &work, &alc_verify_native);

    if (refusal == ALC_REFUSAL_NONE) return ALC_OK;
    return alc_fail(err, ALC_DENIED, "the collateral does not prove itself: %s",
                    alc_refusal_text(refusal));
}

static enum alc_rc keep(struct alc_sets *s, const struct alc_collateral *set, struct alc_bytes json,
                        struct alc_err *err)
{
    const struct alc_window w = alc_collateral_window(set);
    struct alc_platform p = {.tee = set->tee, .ca = set->ca};
    char prefix[64], path[4096];
    struct alc_hash hash;

    memcpy(p.fmspc, set->fmspc, sizeof p.fmspc);
    prefix_of(prefix, &p);
    alc_sha256(&hash, json);
    if (snprintf(path, sizeof path,
                 "%s/%s%" PRIu64 "-%" PRIu64 "-%02x%02x%02x%02x%02x%02x%02x%02x.json", s->dir,
                 prefix, w.from_s, w.until_s, hash.b[0], hash.b[1], hash.b[2], hash.b[3], hash.b[4],
                 hash.b[5], hash.b[6], hash.b[7]) >= (int)sizeof path)
        return alc_fail(err, ALC_BAD_INPUT, "the folder for collateral has too long a name");
    if (access(path, F_OK) == 0) return ALC_OK;
    return write_whole(path, json, err);
}

enum alc_rc alc_sets_keep(struct alc_sets *s, struct alc_bytes json, struct alc_err *err)
{
    enum alc_rc rc;

    pthread_mutex_lock(&s->lock);
    rc = check(s, &s->set, json, err);
    if (rc == ALC_OK) rc = keep(s, &s->set, json, err);
    pthread_mutex_unlock(&s->lock);
    return rc;
}

static bool is_for(const struct alc_collateral *set, const struct alc_platform *p)
{
    return set->tee == p->tee && set->ca == p->ca &&
           memcmp(set->fmspc, p->fmspc, sizeof p->fmspc) == 0 &&
           memcmp(set->pceid, p->pceid, sizeof p->pceid) == 0;
}

/* older: whether `a` hides what `b` already said.  Issue dates and evaluation numbers only rise. */
static bool older(const struct alc_collateral *a, const struct alc_collateral *b)
{
    return a->tcb.from_s < b->tcb.from_s || a->qe.from_s < b->qe.from_s ||
           a->tcb_evaluation < b->tcb_evaluation || a->qe_evaluation < b->qe_evaluation;
}

/* load reads and checks a kept set into *out. */
static enum alc_rc load(struct alc_sets *s, struct alc_collateral *out, const struct entry *e,
                        struct alc_err *err)
{
    struct alc_buf json = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);
    enum alc_rc rc = read_entry(s, e, &json, err);

    if (rc == ALC_OK) rc = check(s, out, alc_buf_bytes(&json), err);
    alc_buf_fini(&json);
    return rc;
}

static enum alc_rc accept(struct alc_sets *s, const struct alc_platform *p, struct alc_bytes json,
                          struct alc_err *err)
{
    const uint64_t now = now_s(s);
    struct alc_window w;
    struct entry last;
    enum alc_rc rc = check(s, &s->set, json, err);

    if (rc != ALC_OK) return rc;
    if (!is_for(&s->set, p))
        return alc_fail(err, ALC_DENIED, "the collateral that came is for another platform");
    w = alc_collateral_window(&s->set);
    if (now < w.from_s || now > w.until_s)
        return alc_fail(err, ALC_DENIED,
                        "the collateral that came holds from %" PRIu64 " to %" PRIu64
                        ", and it is %" PRIu64 " now: is the clock right?",
                        w.from_s, w.until_s, now);
    rc = newest(s, &last, p, UINT64_MAX, UINT64_MAX, NULL);
    if (rc == ALC_OK) rc = load(s, &s->before, &last, err);
    if (rc == ALC_OK && older(&s->set, &s->before))
        return alc_fail(err, ALC_CONFLICT,
                        "the collateral that came is older than what is kept: a mirror may hide an "
                        "update (evaluation number %u, kept %u)",
                        s->set.tcb_evaluation, s->before.tcb_evaluation);
    return rc == ALC_OK || rc == ALC_NOT_FOUND ? keep(s, &s->set, json, err) : rc;
}

enum alc_rc alc_sets_refresh(struct alc_sets *s, const struct alc_platform *p, struct alc_buf *json,
                             struct alc_err *err)
{
    const struct alc_pcs_ask ask = {
        .url = s->url, .early = s->early, .plain_ok = s->plain_ok, .platform = p};
    struct alc_buf fetched = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);
    enum alc_rc rc;

    if (s->attest != NULL && alc_attest_source(s->attest) == ALC_SOURCE_SIMULATED)
        rc = alc_attest_simulated_collateral(s->attest, &fetched, err);
    else if (s->url[0] == 0)
        rc = alc_fail(err, ALC_NOT_FOUND, "no service is named from which collateral could come");
    else
        rc = alc_pcs_fetch(&fetched, &ask, err);
    pthread_mutex_lock(&s->lock);
    if (rc == ALC_OK) rc = accept(s, p, alc_buf_bytes(&fetched), err);
    pthread_mutex_unlock(&s->lock);
    if (rc == ALC_OK) alc_buf_put_bytes(json, alc_buf_bytes(&fetched));
    alc_buf_fini(&fetched);
    return rc == ALC_OK && json->failed ? ALC_NOMEM : rc;
}

enum alc_rc alc_sets_at(struct alc_sets *s, const struct alc_platform *p, uint64_t at_s,
                        struct alc_buf *json, struct alc_err *err)
{
    struct entry e;
    enum alc_rc rc;

    pthread_mutex_lock(&s->lock);
    rc = newest(s, &e, p, at_s, UINT64_MAX, err);
    if (rc == ALC_OK) rc = read_entry(s, &e, json, err);
    pthread_mutex_unlock(&s->lock);
    return rc;
}

/* ---- warnings ---- */

static void warn(struct alc_sets_health *h, const char *fmt, ...) ALC_PRINTF(2, 3);
static void warn(struct alc_sets_health *h, const char *fmt, ...)
{
    va_list args;

    if (h->count == sizeof h->warnings / sizeof *h->warnings) return;
    va_start(args, fmt);
    vsnprintf(h->warnings[h->count++], sizeof *h->warnings, fmt, args);
    va_end(args);
}

/* The status that a set gives to our own quote, in the middle of the set's window: what is asked is
 * what the platform reaches, not whether the set is fresh. */
static bool status_by(struct alc_sets *s, const struct alc_collateral *set, struct alc_bytes quote,
                      uint8_t *status)
{
    struct alc_verify_work work = ALC_VERIFY_WORK(s->room);
    const struct alc_window w = alc_collateral_window(set);
    const struct alc_trust t = trust(s);
    struct alc_quote_verdict v;

    alc_quote_verify(&v,
                     &(struct alc_quote_ask){.quote = quote,
                                             .collateral = set,
                                             .now_s = w.from_s + (w.until_s - w.from_s) / 2,
                                             .trust = &t},
                     &work, &alc_verify_native);
    if (v.refusal == ALC_REFUSAL_PLATFORM_LEVEL) { /* no level at all is the worst */
        *status = ALC_TCB_REVOKED;
        return true;
    }
    *status = v.status;
    return v.has_status;
}

static void watch_time(struct alc_sets_health *h, uint64_t now)
{
    if (now > h->window.until_s)
        warn(h,
             "the collateral expired %" PRIu64 " days ago: quotes are refused until a new set is "
             "put on chain; see that the collateral service can be reached",
             (now - h->window.until_s) / DAY_S);
    else if (h->window.until_s - now < ALC_SET_WARN_S)
        warn(h, "the collateral expires in %" PRIu64 " days and no newer set came yet",
             (h->window.until_s - now) / DAY_S);
}

static void watch_levels(struct alc_sets *s, struct alc_sets_health *h, struct alc_bytes quote)
{
    if (h->evaluation > h->evaluation_before)
        warn(h,
             "Intel's evaluation number rose from %u to %u: contracts that ask for the new one "
             "refuse older sets",
             h->evaluation_before, h->evaluation);
    if (quote.n == 0 || !status_by(s, &s->set, quote, &h->status) ||
        !status_by(s, &s->before, quote, &h->status_before))
        return;
    h->has_status = true;
    if (h->status > h->status_before)
        warn(h,
             "this machine's TCB status fell from %s to %s: update its firmware and microcode "
             "before keys expire",
             alc_tcb_name(h->status_before), alc_tcb_name(h->status));
    else if (h->status != ALC_TCB_UP_TO_DATE)
        warn(h, "this machine's TCB status is %s: a contract with the usual policy refuses it",
             alc_tcb_name(h->status));
}

enum alc_rc alc_sets_watch(struct alc_sets *s, const struct alc_platform *p, struct alc_bytes quote,
                           struct alc_sets_health *out, struct alc_err *err)
{
    struct alc_sets_health h = {.there = false};
    struct entry last, before;
    enum alc_rc rc;

    pthread_mutex_lock(&s->lock);
    rc = newest(s, &last, p, UINT64_MAX, UINT64_MAX, NULL);
    if (rc == ALC_OK) {
        before = last;
        (void)newest(s, &before, p, UINT64_MAX, last.window.from_s, NULL);
        rc = load(s, &s->set, &last, err);
        if (rc == ALC_OK) rc = load(s, &s->before, &before, err);
        if (rc == ALC_OK) {
            h.there = true;
            h.simulated = s->set.simulated;
            h.window = last.window;
            h.evaluation = s->set.tcb_evaluation;
            h.evaluation_before = s->before.tcb_evaluation;
            watch_time(&h, now_s(s));
            watch_levels(s, &h, quote);
        }
    } else if (rc == ALC_NOT_FOUND) {
        warn(&h, "no collateral is kept for this machine: quotes cannot be verified on chain");
        rc = ALC_OK;
    }
    pthread_mutex_unlock(&s->lock);
    if (rc == ALC_OK) *out = h;
    return rc;
}
