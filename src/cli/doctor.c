/* What the roles need of this machine, one line a check.  Nothing is made or changed: a file that
 * tries the state folder is removed at once. */
#include "cli/cli.h"
#include "cli/settings.h"

#include "attest/attest.h"
#include "base/json.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define ARENA_BYTES (4u << 20)
#define SPACE_BAD_MB 256u                          /* compiled modules and a day of statements */
#define SPACE_WARN_MB 2048u                        /* twice the preset of worker.cache-mb */
#define BEFORE_THIS_PROGRAM_S UINT64_C(1767225600) /* 2026-01-01: no right clock is earlier */
#define CLOCK_WARN_S 30                            /* between this clock and the chain's */
#define CLOCK_BAD_S 300
#define RPC_TIMEOUT_MS 5000u

struct settings {
    const char *state, *source, *configfs_dir, *dstack_socket;
    const char *const *rpc;
    bool plain_http, json;
};

#define FIELD(f) offsetof(struct settings, f)
static const struct alc_conf_item items[] = {
    {"state", ALC_CONF_STR, FIELD(state), "", 0, 3800, "folder of the roles"},
    {"near.rpc", ALC_CONF_LIST, FIELD(rpc), "", 0, 0, "JSON-RPC endpoint, may be repeated"},
    {"attest.source", ALC_CONF_STR, FIELD(source), "", 0, 16,
     "none, auto, configfs, dstack or simulated; when named it must be there"},
    {"attest.configfs-dir", ALC_CONF_STR, FIELD(configfs_dir), "", 0, 3800,
     "where the kernel's reports are asked for; none: /sys/kernel/config/tsm/report"},
    {"attest.dstack-socket", ALC_CONF_STR, FIELD(dstack_socket), "", 0, 107,
     "socket of dstack's guest agent; none: the usual places"},
    {"dev.plain-http", ALC_CONF_BOOL, FIELD(plain_http), "false", 0, 0,
     "development: http:// and loopback addresses may be asked"},
    {"json", ALC_CONF_BOOL, FIELD(json), "false", 0, 0, "print the findings as JSON"},
};
static const struct alc_conf_table table = {items, sizeof items / sizeof *items, cli_others};

static const char help[] =
    "alcove doctor: looks at what the roles need here, and says what is missing\n\n"
    "exit: 0 nothing keeps the roles from running as they were set, 1 something does\n\n";

/* ---- findings ---- */

enum level { OK, NOTE, WARN, BAD };
static const char *const levels[] = {"ok", "note", "warn", "BAD"};

struct doctor {
    const struct settings *set;
    const char *check; /* the one that runs */
    struct alc_buf out;
    struct alc_jw json;
    bool bad;
};

/* One finding of the check that runs; `cure` is what to do about it, NULL: nothing. */
static void ALC_PRINTF(4, 5)
    find(struct doctor *d, enum level level, const char *cure, const char *fmt, ...)
{
    char text[700];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (level == BAD) d->bad = true;
    if (!d->set->json) {
        alc_buf_printf(&d->out, "%-4s  %-10s  %s%s%s\n", levels[level], d->check, text,
                       cure == NULL ? "" : " -- ", cure == NULL ? "" : cure);
        return;
    }
    alc_jw_obj(&d->json);
    alc_jw_key(&d->json, "check");
    alc_jw_text(&d->json, d->check);
    alc_jw_key(&d->json, "level");
    alc_jw_text(&d->json, level == BAD ? "bad" : levels[level]);
    alc_jw_key(&d->json, "finding");
    alc_jw_text(&d->json, text);
    alc_jw_key(&d->json, "cure");
    if (cure == NULL)
        alc_jw_null(&d->json);
    else
        alc_jw_text(&d->json, cure);
    alc_jw_end(&d->json);
}

/* ---- the machine ---- */

static void check_versions(struct doctor *d)
{
    struct utsname u;

    if (uname(&u) != 0) memset(&u, 0, sizeof u);
    find(d, OK, NULL, "alcove %s on %s %s, %s", ALC_VERSION, u.sysname, u.release, u.machine);
}

static uint64_t now_s(void)
{
    return alc_clock_system.wall_ns(NULL) / 1000000000u;
}

static void check_clock(struct doctor *d)
{
    struct timex t = {0};
    int state = adjtimex(&t);

    if (now_s() < BEFORE_THIS_PROGRAM_S)
        find(d, BAD, "set the clock; collateral is judged by it",
             "the clock says %" PRIu64 " s since 1970, before this program was made", now_s());
    else if (state == TIME_ERROR || (t.status & STA_UNSYNC) != 0)
        find(d, WARN, "run an NTP client, or trust the host's clock knowingly",
             "the kernel does not know its clock to be right");
    else
        find(d, OK, NULL, "the clock is kept right");
}

/* ---- the state folder ---- */

/* Tries a file in the folder. */
static bool writable(const char *dir)
{
    int fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    char path[4096];

    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) { /* not all file systems can */
        snprintf(path, sizeof path, "%s/.alcove-doctor-%ld", dir, (long)getpid());
        fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
        if (fd >= 0) unlink(path);
    }
    if (fd < 0) return false;
    close(fd);
    return true;
}

static void check_space(struct doctor *d, const char *dir)
{
    struct statvfs fs;
    uint64_t mb;

    if (statvfs(dir, &fs) != 0) {
        find(d, BAD, NULL, "the space at %s cannot be told: %s", dir, strerror(errno));
        return;
    }
    mb = (uint64_t)fs.f_bavail * fs.f_frsize >> 20;
    if (mb < SPACE_BAD_MB)
        find(d, BAD, "make room: a full disk stops the worker", "%" PRIu64 " MB are free at %s", mb,
             dir);
    else if (mb < SPACE_WARN_MB)
        find(d, WARN, "make room, or lower worker.cache-mb", "%" PRIu64 " MB are free at %s", mb,
             dir);
    else
        find(d, OK, NULL, "%" PRIu64 " MB are free at %s", mb, dir);
}

/* The folder that would hold a state folder that is not there yet. */
static void parent_of(char out[4096], const char *path)
{
    char *slash;
    snprintf(out, 4096, "%s", path);
    for (size_t n = strlen(out); n > 1 && out[n - 1] == '/'; n--)
        out[n - 1] = 0;
    slash = strrchr(out, '/');
    if (slash == NULL)
        strcpy(out, ".");
    else
        slash[slash == out ? 1 : 0] = 0;
}

static void check_key_file(struct doctor *d, const char *state)
{
    char path[4096];
    struct stat st;

    snprintf(path, sizeof path, "%s/worker.json", state);
    if (stat(path, &st) == 0 && (st.st_mode & 077) != 0)
        find(d, BAD, "chmod 600 it, and think of the key as known",
             "%s may be read by others (mode %03o)", path, (unsigned)(st.st_mode & 0777));
}

static void check_state(struct doctor *d)
{
    const char *state = d->set->state;
    char parent[4096];
    struct stat st;

    if (state[0] == 0) {
        find(d, NOTE, "name one with --state to keep key and answers",
             "no state folder: all is gone at the end");
        return;
    }
    if (stat(state, &st) != 0 && errno == ENOENT) {
        parent_of(parent, state);
        if (!writable(parent)) {
            find(d, BAD, "make it, owned by the user that runs alcove",
                 "%s is not there and cannot be made: %s", state, strerror(errno));
            return;
        }
        find(d, OK, NULL, "%s is not there yet and can be made", state);
        check_space(d, parent);
        return;
    }
    if (stat(state, &st) != 0 || !S_ISDIR(st.st_mode)) {
        find(d, BAD, "name a folder", "%s is no folder", state);
        return;
    }
    if (!writable(state))
        find(d, BAD, "chown it to the user that runs alcove", "%s cannot be written: %s", state,
             strerror(errno));
    else if ((st.st_mode & 077) != 0)
        find(d, WARN, "chmod 700 it: keys lie there", "%s is open to others (mode %03o)", state,
             (unsigned)(st.st_mode & 0777));
    else
        find(d, OK, NULL, "%s can be written, and by nobody else", state);
    check_key_file(d, state);
    check_space(d, state);
}

/* ---- the database ---- */

static void check_store(struct doctor *d)
{
    struct alc_store *store = NULL;
    struct alc_rows rows;
    struct alc_err err = {0};
    char path[4096] = ":memory:";
    struct stat st;
    enum alc_rc rc;

    if (d->set->state[0] != 0) {
        snprintf(path, sizeof path, "%s/alcove.db", d->set->state);
        if (stat(path, &st) != 0) strcpy(path, ":memory:"); /* looking must not make one */
    }
    rc = alc_store_open(&store, path, false, &err);
    if (rc == ALC_BUSY) {
        find(d, OK, NULL, "%s is in use: alcove is running", path);
        return;
    }
    if (rc == ALC_OK)
        rc = alc_rows_start(&rows, store, "SELECT sqlite_version()", ALC_NO_ARGS, &err);
    if (rc == ALC_OK) {
        rc = alc_rows_next(&rows, &err);
        if (rc == ALC_OK) {
            struct alc_bytes v = alc_rows_bytes(&rows, 0);
            find(d, OK, NULL, "SQLite %.*s opens %s", (int)v.n, (const char *)v.p, path);
        }
        alc_rows_end(&rows);
    }
    if (rc != ALC_OK)
        find(d, BAD, "see the file's owner and disk; if it is damaged, restore it", "%s",
             alc_err_text(&err, rc));
    alc_store_close(store);
}

/* ---- quotes ---- */

static const char *or_null(const char *text)
{
    return text[0] == 0 ? NULL : text;
}

static void check_source(struct doctor *d)
{
    const struct settings *set = d->set;
    struct alc_attest_conf conf = {.configfs_dir = or_null(set->configfs_dir),
                                   .dstack_socket = or_null(set->dstack_socket)};
    static const enum alc_source hardware[] = {ALC_SOURCE_CONFIGFS, ALC_SOURCE_DSTACK};
    char dir[4096], line[600];
    enum alc_source named;

    if (set->state[0] != 0) {
        snprintf(dir, sizeof dir, "%s/simulated", set->state);
        conf.simulated_dir = dir;
    }
    if (set->source[0] != 0 && !alc_source_read(&named, set->source)) {
        find(d, BAD, "name none, auto, configfs, dstack or simulated",
             "attest.source: there is no `%s`", set->source);
        return;
    }
    if (set->source[0] != 0) {
        bool there = alc_attest_probe(named, &conf, line, sizeof line);
        bool real = there && named != ALC_SOURCE_NONE && named != ALC_SOURCE_SIMULATED;
        find(d,
             real    ? OK
             : there ? NOTE
                     : BAD,
             there ? NULL : "run in a TDX guest, or set attest.source=simulated for development",
             "%s: %s", alc_source_name(named), line);
        return;
    }
    for (size_t i = 0; i < sizeof hardware / sizeof hardware[0]; i++) {
        bool there = alc_attest_probe(hardware[i], &conf, line, sizeof line);
        find(d, there ? OK : NOTE, NULL, "%s: %s", alc_source_name(hardware[i]), line);
    }
}

/* ---- collateral ---- */

/* kept_health looks at what a worker left in the archive: its sets, and a quote of this machine. */
static enum alc_rc kept_health(struct alc_sets_health *out, const char *state, struct alc_err *err)
{
    struct alc_arena arena = ALC_ARENA(ARENA_BYTES);
    struct alc_buf quote = ALC_BUF(ALC_QUOTE_MAX_BYTES);
    const char *root = alc_arena_text(&arena, "%s/simulated/root.der", state);
    const char *dir = alc_arena_text(&arena, "%s/collateral", state);
    struct alc_sets_conf conf = {.dir = dir, .url = "", .look = true, .clock = &alc_clock_system};
    struct alc_platform platform;
    struct alc_sets *sets = NULL;
    enum alc_rc rc;

    if (root == NULL || dir == NULL)
        rc = alc_fail(err, ALC_NOMEM, "no memory for collateral");
    else
        rc = cli_read_file(&conf.simulated_root, root, 1u << 16, &arena, NULL);
    if (rc != ALC_NOMEM) rc = alc_sets_open(&sets, &conf, err); /* most have no such root */
    if (rc == ALC_OK) rc = alc_sets_quote(sets, &quote, err);
    if (rc == ALC_OK) rc = alc_sets_platform(&platform, alc_buf_bytes(&quote), err);
    if (rc == ALC_OK) rc = alc_sets_watch(sets, &platform, alc_buf_bytes(&quote), out, err);
    alc_sets_close(sets);
    alc_buf_fini(&quote);
    alc_arena_fini(&arena);
    return rc;
}

static void check_collateral(struct doctor *d)
{
    const char *cure = "see Collateral in docs/operations.md";
    struct alc_sets_health h;
    struct alc_err err = {0};
    char until[40] = "";
    struct tm tm;
    time_t t;
    enum alc_rc rc = d->set->state[0] == 0 ? ALC_NOT_FOUND : kept_health(&h, d->set->state, &err);

    if (rc == ALC_NOT_FOUND) {
        find(d, NOTE, NULL, "none is kept here yet: the worker fetches it with its first quote");
        return;
    }
    if (rc != ALC_OK) {
        find(d, WARN, "see the folder collateral and its owner", "%s", alc_err_text(&err, rc));
        return;
    }
    t = (time_t)h.window.until_s;
    if (h.there && gmtime_r(&t, &tm) != NULL) strftime(until, sizeof until, "%Y-%m-%d %H:%M", &tm);
    if (h.there)
        find(d, OK, NULL, "%sheld until %s UTC, evaluation number %u, TCB status %s",
             h.simulated ? "SIMULATED, " : "", until, h.evaluation,
             h.has_status ? alc_sets_level(h.status) : "not known");
    for (unsigned i = 0; i < h.count; i++) /* no firmware helps a simulated machine */
        find(d, h.there && h.simulated ? NOTE : WARN, cure, "%s%s",
             h.there && h.simulated ? "SIMULATED, " : "", h.warnings[i]);
}

/* ---- the chain ---- */

/* Scheme and host: the rest of a URL may be a key. */
static void host_of(char *out, size_t cap, const char *url)
{
    const char *host = strstr(url, "://"), *at;
    size_t n;

    host = host == NULL ? url : host + 3;
    n = strcspn(host, "/?#");
    at = memchr(host, '@', n);
    if (at != NULL) {
        n -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    snprintf(out, cap, "%.*s", (int)n, host);
}

static void check_one_rpc(struct doctor *d, const char *url)
{
    const struct alc_near_rpc_conf conf = {.urls = &url,
                                           .urls_count = 1,
                                           .timeout_ms = RPC_TIMEOUT_MS,
                                           .plain_ok = d->set->plain_http};
    struct alc_near_rpc *rpc = NULL;
    struct alc_near_block_ref block;
    struct alc_err err = {0};
    char host[200];
    int64_t late;
    enum alc_rc rc = alc_near_rpc_open(&rpc, &conf, &err);

    host_of(host, sizeof host, url);
    if (rc == ALC_OK) rc = alc_near_rpc_final(rpc, &block, &err);
    alc_near_rpc_close(rpc);
    if (rc != ALC_OK) {
        find(d, BAD, "check the address and the way out of this machine", "%s: %s", host,
             alc_err_text(&err, rc));
        return;
    }
    late = (int64_t)now_s() - (int64_t)(block.timestamp_ns / 1000000000u);
    if (late > CLOCK_BAD_S || late < -CLOCK_BAD_S)
        find(d, BAD, "set the clock, or take an endpoint that follows the chain",
             "%s: block %" PRIu64 " is %" PRId64 " s off this clock", host, block.height, late);
    else if (late > CLOCK_WARN_S || late < -CLOCK_WARN_S)
        find(d, WARN, "set the clock, or take an endpoint that follows the chain",
             "%s: block %" PRIu64 " is %" PRId64 " s off this clock", host, block.height, late);
    else
        find(d, OK, NULL, "%s: final block %" PRIu64 ", %" PRId64 " s old", host, block.height,
             late);
}

static void check_rpc(struct doctor *d)
{
    const char *const *url = d->set->rpc;

    if (url == NULL || url[0] == NULL)
        find(d, NOTE, "name a network with --near-rpc", "no endpoint: a development chain is used");
    for (; url != NULL && *url != NULL; url++)
        check_one_rpc(d, *url);
}

/* ---- all of them ---- */

/* In the order of a start.  A new check is a function above and a row here. */
static const struct {
    const char *name;
    void (*run)(struct doctor *d);
} checks[] = {
    {"version", check_versions}, {"clock", check_clock},   {"state", check_state},
    {"sqlite", check_store},     {"quotes", check_source}, {"collateral", check_collateral},
    {"chain", check_rpc},
};

static enum alc_rc examine(const struct settings *set, bool *bad, struct alc_err *err)
{
    struct doctor d = {.set = set, .out = ALC_BUF(1u << 20)};
    enum alc_rc rc = ALC_OK;

    d.json.out = &d.out;
    if (set->json) {
        alc_jw_obj(&d.json);
        alc_jw_key(&d.json, "checks");
        alc_jw_arr(&d.json);
    }
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        d.check = checks[i].name;
        checks[i].run(&d);
    }
    if (set->json) {
        alc_jw_end(&d.json);
        alc_jw_key(&d.json, "ok");
        alc_jw_bool(&d.json, !d.bad);
        alc_jw_end(&d.json);
        alc_buf_put_text(&d.out, "\n");
    }
    if (d.out.failed)
        rc = alc_fail(err, ALC_NOMEM, "no memory for the findings");
    else
        fputs(alc_buf_text(&d.out), stdout);
    *bad = d.bad;
    alc_buf_fini(&d.out);
    return rc;
}

int alc_cli_doctor(int argc, char **argv)
{
    struct alc_arena arena = ALC_ARENA(ARENA_BYTES);
    struct alc_conf_rest rest = {0};
    struct settings set;
    struct alc_err err = {0};
    bool bad = false;
    enum alc_rc rc = alc_conf_read(&set, &rest, &table, NULL, argc, argv, &arena, &err);

    if (rc == ALC_OK && rest.help) {
        fputs(help, stdout);
        alc_conf_help(&table);
        alc_arena_fini(&arena);
        return 0;
    }
    if (rc == ALC_OK && rest.count > 0)
        rc = alc_fail(&err, ALC_BAD_INPUT, "`%s`: only flags are understood here; see --help",
                      rest.words[0]);
    if (rc == ALC_OK) rc = examine(&set, &bad, &err);
    if (rc != ALC_OK) fprintf(stderr, "alcove doctor: %s\n", alc_err_text(&err, rc));
    alc_arena_fini(&arena);
    if (rc != ALC_OK) return alc_rc_exit(rc);
    return bad ? 1 : 0;
}
