#include "store/store.h"

#include <assert.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "store/db.h"

#define BUSY_TIMEOUT_MS 10000

/* The first switch of a file to its WAL fails at once, without waiting, when another connection is
 * at the same: connections are opened one by one. */
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

/* What SQLite says, in our words. */
static enum alc_rc rc_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return ALC_OK;
    case SQLITE_CONSTRAINT:
        return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
                       code == SQLITE_CONSTRAINT_ROWID
                   ? ALC_CONFLICT
                   : ALC_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ALC_BUSY;
    case SQLITE_NOMEM:
        return ALC_NOMEM;
    case SQLITE_TOOBIG:
        return ALC_LIMIT;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_INTERRUPT:
    case SQLITE_PROTOCOL:
        return ALC_IO;
    default:
        return ALC_CORRUPT; /* not a database, damaged, or other tables than this program's */
    }
}

const char *alc_store_path(const struct alc_store *s)
{
    return s->lock != NULL ? alc_store_lock_path(s->lock) : ":memory:";
}

enum alc_rc alc_store_fail(const struct alc_store *s, const char *doing, struct alc_err *err)
{
    int code = sqlite3_extended_errcode(s->db);
    enum alc_rc rc = rc_of(code);
    if (rc == ALC_OK) rc = ALC_CORRUPT;
    return alc_fail(err, rc, "database %s: %.80s: %s", alc_store_path(s), doing,
                    sqlite3_errmsg(s->db));
}

/* -- the turn to write ----------------------------------------------------------------------- */

enum alc_rc alc_store_turn(struct alc_store *s, struct alc_err *err)
{
    if (s->lock == NULL || s->has_turn) return ALC_OK;
    if (!alc_store_turn_take(s->lock, BUSY_TIMEOUT_MS))
        return alc_fail(err, ALC_BUSY, "database %s: another thread writes for over %d s",
                        alc_store_path(s), BUSY_TIMEOUT_MS / 1000);
    s->has_turn = true;
    return ALC_OK;
}

void alc_store_turn_end(struct alc_store *s)
{
    if (s->has_turn) alc_store_turn_give(s->lock);
    s->has_turn = false;
}

/* -- life ------------------------------------------------------------------------------------ */

enum alc_rc alc_store_script(struct alc_store *s, const char *sql, struct alc_err *err)
{
    if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK) return alc_store_fail(s, sql, err);
    return ALC_OK;
}

enum alc_rc alc_store_has(struct alc_store *s, bool *has, const char *table, struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc;

    rc = alc_rows_start(&r, s, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1",
                        ALC_ARGS(ALC_TEXT(alc_cstr(table))), err);
    if (rc == ALC_OK) rc = alc_rows_next(&r, err);
    alc_rows_end(&r);
    if (rc != ALC_OK && rc != ALC_NOT_FOUND) return rc;
    *has = rc == ALC_OK;
    return ALC_OK;
}

/* A WAL that was asked for and refused (a file system without shared memory) would lose the
 * readers' freedom and the meaning of `durable` in silence. */
static enum alc_rc use_wal(struct alc_store *s, struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc = alc_rows_start(&r, s, "PRAGMA journal_mode = WAL", ALC_NO_ARGS, err);

    if (rc == ALC_OK) rc = alc_rows_next(&r, err);
    if (rc == ALC_OK && s->lock != NULL && !alc_bytes_is(alc_rows_bytes(&r, 0), "wal"))
        rc = alc_fail(err, ALC_IO, "the file system of %s has no write-ahead log",
                      alc_store_path(s));
    alc_rows_end(&r);
    return rc;
}

/* The first table that any store gets is alc_schema.  A file that has tables but not that one is
 * somebody else's, and must not be written to: the switch to the WAL would do it. */
static enum alc_rc check_owner(struct alc_store *s, struct alc_err *err)
{
    struct alc_rows r;
    bool ours = true;
    enum alc_rc rc = alc_rows_start(&r, s, "SELECT 1 FROM sqlite_schema LIMIT 1", ALC_NO_ARGS, err);

    if (rc == ALC_OK) rc = alc_rows_next(&r, err);
    alc_rows_end(&r);
    if (rc == ALC_NOT_FOUND) return ALC_OK;
    if (rc == ALC_OK) rc = alc_store_has(s, &ours, "alc_schema", err);
    if (rc != ALC_OK || ours) return rc;
    return alc_fail(err, ALC_CORRUPT, "%s is the database of another program", alc_store_path(s));
}

static enum alc_rc set_up(struct alc_store *s, bool durable, struct alc_err *err)
{
    enum alc_rc rc;

    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    rc = check_owner(s, err);
    if (rc == ALC_OK) rc = use_wal(s, err);
    if (rc != ALC_OK) return rc;
    /* With a WAL, NORMAL loses no commit when the process dies and the newest ones when the
     * machine does; FULL loses none.  The WAL file is cut back after a burst. */
    rc = alc_store_script(s, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL",
                          err);
    if (rc != ALC_OK) return rc;
    rc = alc_store_script(s,
                          "PRAGMA foreign_keys = ON;"
                          "PRAGMA trusted_schema = OFF;"
                          "PRAGMA temp_store = MEMORY;"
                          "PRAGMA journal_size_limit = 67108864;",
                          err);
    if (rc != ALC_OK) return rc;
    return alc_blob_tables(s, err);
}

enum alc_rc alc_store_open(struct alc_store **out, const char *path, bool durable,
                           struct alc_err *err)
{
    const int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    struct alc_store *s = calloc(1, sizeof *s);
    enum alc_rc rc;

    if (s == NULL || !alc_stmts_init(s)) {
        rc = alc_fail(err, ALC_NOMEM, "no memory to open %s", path);
        goto out;
    }
    if (strcmp(path, ":memory:") != 0) {
        rc = alc_store_lock_take(&s->lock, path, err);
        if (rc != ALC_OK) goto out;
    }
    if (sqlite3_open_v2(alc_store_path(s), &s->db, flags, NULL) != SQLITE_OK) {
        rc = s->db == NULL ? alc_fail(err, ALC_NOMEM, "no memory to open %s", path)
                           : alc_store_fail(s, "open", err);
        goto out;
    }
    pthread_mutex_lock(&opening);
    rc = set_up(s, durable, err);
    pthread_mutex_unlock(&opening);
    if (rc != ALC_OK) goto out;
    *out = s;
    return ALC_OK;
out:
    alc_store_close(s);
    return rc;
}

enum alc_rc alc_store_sync(struct alc_store *s, struct alc_err *err)
{
    sqlite3_file *wal = NULL;

    if (sqlite3_file_control(s->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal) != SQLITE_OK)
        return alc_store_fail(s, "sync", err);
    if (wal == NULL || wal->pMethods == NULL) return ALC_OK; /* in memory, or nothing written yet */
    if (wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL) != SQLITE_OK)
        return alc_fail(err, ALC_IO, "%s: the disk does not take the write-ahead log",
                        alc_store_path(s));
    return ALC_OK;
}

void alc_store_close(struct alc_store *s)
{
    int code;

    if (s == NULL) return;
    alc_stmts_fini(s);
    code = sqlite3_close(s->db); /* an open transaction is rolled back */
    assert(code == SQLITE_OK);   /* else rows were not ended */
    (void)code;
    alc_store_turn_end(s);
    alc_store_lock_drop(s->lock);
    free(s);
}

/* -- transactions ---------------------------------------------------------------------------- */

enum alc_rc alc_store_begin(struct alc_store *s, struct alc_err *err)
{
    if (sqlite3_get_autocommit(s->db) == 0)
        return alc_fail(err, ALC_CONFLICT, "database %s: a transaction is open", alc_store_path(s));
    s->marks = 0;
    return alc_store_exec(s, NULL, "BEGIN IMMEDIATE", ALC_NO_ARGS, err);
}

enum alc_rc alc_store_commit(struct alc_store *s, struct alc_err *err)
{
    enum alc_rc rc;

    /* SQLite ends a transaction by itself after some failures (disk full, no memory). */
    if (sqlite3_get_autocommit(s->db) != 0)
        return alc_fail(err, ALC_CONFLICT, "database %s: no transaction to commit",
                        alc_store_path(s));
    rc = alc_store_exec(s, NULL, "COMMIT", ALC_NO_ARGS, err);
    if (rc != ALC_OK) alc_store_rollback(s); /* over in any case */
    s->marks = 0;
    return rc;
}

void alc_store_rollback(struct alc_store *s)
{
    s->marks = 0;
    if (sqlite3_get_autocommit(s->db) == 0) {
        /* It fails only when SQLite has rolled back by itself. */
        enum alc_rc rc = alc_store_exec(s, NULL, "ROLLBACK", ALC_NO_ARGS, NULL);
        (void)rc;
    }
    alc_store_turn_end(s);
}

/* All marks bear one name: both databases take the newest of a name and uncover the one below. */

enum alc_rc alc_store_mark(struct alc_store *s, struct alc_err *err)
{
    enum alc_rc rc;

    if (sqlite3_get_autocommit(s->db) != 0)
        return alc_fail(err, ALC_CONFLICT, "database %s: a mark outside a transaction",
                        alc_store_path(s));
    rc = alc_store_exec(s, NULL, "SAVEPOINT mark", ALC_NO_ARGS, err);
    if (rc == ALC_OK) s->marks++;
    return rc;
}

static enum alc_rc need_mark(const struct alc_store *s, struct alc_err *err)
{
    if (s->marks > 0 && sqlite3_get_autocommit(s->db) == 0) return ALC_OK;
    return alc_fail(err, ALC_CONFLICT, "database %s: there is no mark", alc_store_path(s));
}

enum alc_rc alc_store_keep(struct alc_store *s, struct alc_err *err)
{
    enum alc_rc rc = need_mark(s, err);

    if (rc != ALC_OK) return rc;
    rc = alc_store_exec(s, NULL, "RELEASE SAVEPOINT mark", ALC_NO_ARGS, err);
    if (rc == ALC_OK) s->marks--;
    return rc;
}

enum alc_rc alc_store_undo(struct alc_store *s, struct alc_err *err)
{
    enum alc_rc rc = need_mark(s, err);

    if (rc != ALC_OK) return rc;
    rc = alc_store_exec(s, NULL, "ROLLBACK TO SAVEPOINT mark", ALC_NO_ARGS, err);
    if (rc != ALC_OK) return rc;
    return alc_store_keep(s, err);
}
