#include "store/store.h"

#include <assert.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "store/db.h"

#define BUSY_TIMEOUT_MS 10000
#define STMTS_MIN 64u      /* slots of the statement table at birth; a power of two */
#define STMT_PARAMS_MAX 32 /* $1 .. $32 */

/* A prepared statement and where it stands. */
struct stmt {
    const char *sql;
    sqlite3_stmt *st;
    int params;                      /* how many SQLite counts */
    uint8_t number[STMT_PARAMS_MAX]; /* SQLite's i-th parameter is our $number[i] */
    bool kept;                       /* in the table; otherwise it dies at the end of its rows */
    bool busy;                       /* somebody reads its rows */
    bool done;                       /* the last row was given: a step would run it again */
};

struct alc_store {
    sqlite3 *db;
    struct alc_store_lock *lock; /* NULL for ":memory:" */
    struct stmt **slots;         /* open addressing by the address of the text */
    size_t slots_count;          /* a power of two */
    size_t kept;
    unsigned marks; /* savepoints open now */
    bool has_turn;  /* to write; from begin to commit or rollback */
};

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

static const char *path_of(const struct alc_store *s)
{
    return s->lock != NULL ? alc_store_lock_path(s->lock) : ":memory:";
}

static enum alc_rc fail(const struct alc_store *s, const char *doing, struct alc_err *err)
{
    int code = sqlite3_extended_errcode(s->db);
    enum alc_rc rc = rc_of(code);
    if (rc == ALC_OK) rc = ALC_CORRUPT;
    return alc_fail(err, rc, "database %s: %.80s: %s", path_of(s), doing, sqlite3_errmsg(s->db));
}

/* -- statements ------------------------------------------------------------------------------ */

static void stmt_free(struct stmt *t)
{
    if (t == NULL) return;
    sqlite3_finalize(t->st);
    free(t);
}

static size_t slot_of(const struct alc_store *s, const char *sql)
{
    uint64_t h = (uint64_t)(uintptr_t)sql * 0x9e3779b97f4a7c15u; /* Fibonacci hashing */
    size_t i = (size_t)(h >> 32) & (s->slots_count - 1);
    while (s->slots[i] != NULL && s->slots[i]->sql != sql)
        i = (i + 1) & (s->slots_count - 1);
    return i;
}

/* Keeps the table at most half full, so that a search ends soon. */
static bool slots_grow(struct alc_store *s)
{
    size_t old_count = s->slots_count;
    struct stmt **old = s->slots;
    size_t count = old_count == 0 ? STMTS_MIN : old_count * 2;

    if (s->kept * 2 < old_count) return true;
    s->slots = calloc(count, sizeof(struct stmt *));
    if (s->slots == NULL) {
        s->slots = old;
        return false;
    }
    s->slots_count = count;
    for (size_t i = 0; i < old_count; i++)
        if (old[i] != NULL) s->slots[slot_of(s, old[i]->sql)] = old[i];
    free(old);
    return true;
}

/* SQLite numbers $name parameters by first appearance, PostgreSQL by their digits: the table of
 * numbers makes one text mean the same to both. */
static bool stmt_number(struct stmt *t)
{
    t->params = sqlite3_bind_parameter_count(t->st);
    if (t->params > STMT_PARAMS_MAX) return false;
    for (int i = 1; i <= t->params; i++) {
        const char *name = sqlite3_bind_parameter_name(t->st, i);
        char *end;
        unsigned long n;
        if (name == NULL || name[0] != '$') return false;
        n = strtoul(name + 1, &end, 10);
        if (*end != 0 || n < 1 || n > STMT_PARAMS_MAX) return false;
        t->number[i - 1] = (uint8_t)n;
    }
    return true;
}

static enum alc_rc stmt_new(struct alc_store *s, struct stmt **out, const char *sql,
                            struct alc_err *err)
{
    struct stmt *t = calloc(1, sizeof *t);
    const char *tail;

    if (t == NULL) return alc_fail(err, ALC_NOMEM, "database %s: no memory", path_of(s));
    t->sql = sql;
    if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &t->st, &tail) != SQLITE_OK) {
        enum alc_rc rc = fail(s, sql, err);
        stmt_free(t);
        return rc;
    }
    if (t->st == NULL || tail[strspn(tail, " \n\t;")] != 0 || !stmt_number(t)) {
        stmt_free(t);
        return alc_fail(err, ALC_BAD_INPUT, "not one statement with $1 .. $%d: %.80s",
                        STMT_PARAMS_MAX, sql);
    }
    *out = t;
    return ALC_OK;
}

/* stmt_get: a prepared statement that nobody uses, the kept one where possible. */
static enum alc_rc stmt_get(struct alc_store *s, struct stmt **out, const char *sql,
                            struct alc_err *err)
{
    size_t i = slot_of(s, sql);
    enum alc_rc rc;

    if (s->slots[i] != NULL && !s->slots[i]->busy) {
        *out = s->slots[i];
        return ALC_OK;
    }
    rc = stmt_new(s, out, sql, err);
    if (rc != ALC_OK || s->slots[i] != NULL) return rc; /* the kept one is being read: a second */
    if (!slots_grow(s)) return ALC_OK;                  /* no memory to keep it: it serves once */
    s->slots[slot_of(s, sql)] = *out;
    s->kept++;
    (*out)->kept = true;
    return ALC_OK;
}

static void stmt_put(struct stmt *t)
{
    if (!t->kept) {
        stmt_free(t);
        return;
    }
    sqlite3_reset(t->st);
    sqlite3_clear_bindings(t->st);
    t->busy = false;
}

static int bind_one(sqlite3_stmt *st, int at, const struct alc_arg *a, sqlite3_destructor_type life)
{
    const void *p = a->b.n > 0 ? (const void *)a->b.p : ""; /* NULL would make an SQL NULL */

    switch (a->kind) {
    case ALC_ARG_NULL:
        return sqlite3_bind_null(st, at);
    case ALC_ARG_INT:
        return sqlite3_bind_int64(st, at, a->i);
    case ALC_ARG_BLOB:
        return sqlite3_bind_blob64(st, at, p, a->b.n, life);
    case ALC_ARG_TEXT:
        return sqlite3_bind_text64(st, at, p, a->b.n, life, SQLITE_UTF8);
    }
    return SQLITE_MISUSE;
}

static enum alc_rc stmt_bind(struct alc_store *s, struct stmt *t, const struct alc_arg *args,
                             size_t count, sqlite3_destructor_type life, struct alc_err *err)
{
    size_t most = 0;

    for (int i = 0; i < t->params; i++)
        if (t->number[i] > most) most = t->number[i];
    if (most != count)
        return alc_fail(err, ALC_BAD_INPUT, "%zu arguments for a statement of %zu: %.80s", count,
                        most, t->sql);
    for (int i = 0; i < t->params; i++)
        if (bind_one(t->st, i + 1, &args[t->number[i] - 1], life) != SQLITE_OK)
            return fail(s, t->sql, err);
    return ALC_OK;
}

/* -- the turn to write ----------------------------------------------------------------------- */

static enum alc_rc turn_take(struct alc_store *s, struct alc_err *err)
{
    if (s->lock == NULL || s->has_turn) return ALC_OK;
    if (!alc_store_turn_take(s->lock, BUSY_TIMEOUT_MS))
        return alc_fail(err, ALC_BUSY, "database %s: another thread writes for over %d s",
                        path_of(s), BUSY_TIMEOUT_MS / 1000);
    s->has_turn = true;
    return ALC_OK;
}

static void turn_give(struct alc_store *s)
{
    if (s->has_turn) alc_store_turn_give(s->lock);
    s->has_turn = false;
}

struct sqlite3 *alc_store_handle(const struct alc_store *s)
{
    return s->db;
}

enum alc_rc alc_store_write_begin(struct alc_store *s, struct alc_err *err)
{
    if (sqlite3_get_autocommit(s->db) == 0)
        return alc_fail(err, ALC_CONFLICT, "database %s: a transaction is open", path_of(s));
    return turn_take(s, err);
}

void alc_store_write_end(struct alc_store *s)
{
    turn_give(s);
}

/* -- life ------------------------------------------------------------------------------------ */

enum alc_rc alc_store_script(struct alc_store *s, const char *sql, struct alc_err *err)
{
    if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK) return fail(s, sql, err);
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
        rc = alc_fail(err, ALC_IO, "the file system of %s has no write-ahead log", path_of(s));
    alc_rows_end(&r);
    return rc;
}

static enum alc_rc set_up(struct alc_store *s, bool durable, struct alc_err *err)
{
    enum alc_rc rc;

    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    rc = use_wal(s, err);
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

    if (s == NULL || !slots_grow(s)) {
        rc = alc_fail(err, ALC_NOMEM, "no memory to open %s", path);
        goto out;
    }
    if (strcmp(path, ":memory:") != 0) {
        rc = alc_store_lock_take(&s->lock, path, err);
        if (rc != ALC_OK) goto out;
    }
    if (sqlite3_open_v2(path_of(s), &s->db, flags, NULL) != SQLITE_OK) {
        rc = s->db == NULL ? alc_fail(err, ALC_NOMEM, "no memory to open %s", path)
                           : fail(s, "open", err);
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
        return fail(s, "sync", err);
    if (wal == NULL || wal->pMethods == NULL) return ALC_OK; /* in memory, or nothing written yet */
    if (wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL) != SQLITE_OK)
        return alc_fail(err, ALC_IO, "%s: the disk does not take the write-ahead log", path_of(s));
    return ALC_OK;
}

void alc_store_close(struct alc_store *s)
{
    int code;

    if (s == NULL) return;
    for (size_t i = 0; i < s->slots_count; i++)
        stmt_free(s->slots[i]);
    free(s->slots);
    code = sqlite3_close(s->db); /* an open transaction is rolled back */
    assert(code == SQLITE_OK);   /* else rows were not ended */
    (void)code;
    turn_give(s);
    alc_store_lock_drop(s->lock);
    free(s);
}

/* -- one statement --------------------------------------------------------------------------- */

enum alc_rc alc_store_exec(struct alc_store *s, int64_t *changed, const char *sql,
                           const struct alc_arg *args, size_t args_count, struct alc_err *err)
{
    sqlite3_int64 before = sqlite3_total_changes64(s->db);
    bool alone = sqlite3_get_autocommit(s->db) != 0; /* a transaction by itself */
    struct stmt *t;
    enum alc_rc rc;
    int code;

    rc = stmt_get(s, &t, sql, err);
    if (rc != ALC_OK) return rc;
    rc = stmt_bind(s, t, args, args_count, SQLITE_STATIC, err);
    if (rc == ALC_OK && alone && sqlite3_stmt_readonly(t->st) == 0) rc = turn_take(s, err);
    if (rc == ALC_OK) {
        do {
            code = sqlite3_step(t->st);
        } while (code == SQLITE_ROW);
        if (code != SQLITE_DONE) rc = fail(s, sql, err);
    }
    /* sqlite3_changes alone would still show the statement before this one when it is no write. */
    if (rc == ALC_OK && changed != NULL)
        *changed = sqlite3_total_changes64(s->db) == before ? 0 : sqlite3_changes64(s->db);
    stmt_put(t);
    if (sqlite3_get_autocommit(s->db) != 0) turn_give(s); /* BEGIN has left it: kept */
    return rc;
}

enum alc_rc alc_rows_start(struct alc_rows *r, struct alc_store *s, const char *sql,
                           const struct alc_arg *args, size_t args_count, struct alc_err *err)
{
    struct stmt *t;
    enum alc_rc rc;

    *r = (struct alc_rows){NULL, NULL};
    rc = stmt_get(s, &t, sql, err);
    if (rc != ALC_OK) return rc;
    rc = stmt_bind(s, t, args, args_count, SQLITE_TRANSIENT, err);
    if (rc != ALC_OK) {
        stmt_put(t);
        return rc;
    }
    t->busy = true;
    t->done = false;
    *r = (struct alc_rows){s, t};
    return ALC_OK;
}

enum alc_rc alc_rows_next(struct alc_rows *r, struct alc_err *err)
{
    struct stmt *t = r->stmt;

    if (t->done) return ALC_NOT_FOUND;
    switch (sqlite3_step(t->st)) {
    case SQLITE_ROW:
        return ALC_OK;
    case SQLITE_DONE:
        t->done = true;
        return ALC_NOT_FOUND;
    default:
        t->done = true;
        return fail(r->store, t->sql, err);
    }
}

int64_t alc_rows_int(const struct alc_rows *r, int column)
{
    const struct stmt *t = r->stmt;
    return sqlite3_column_int64(t->st, column);
}

struct alc_bytes alc_rows_bytes(const struct alc_rows *r, int column)
{
    const struct stmt *t = r->stmt;
    const uint8_t *p = sqlite3_column_blob(t->st, column);
    return (struct alc_bytes){p, p == NULL ? 0 : (size_t)sqlite3_column_bytes(t->st, column)};
}

bool alc_rows_null(const struct alc_rows *r, int column)
{
    const struct stmt *t = r->stmt;
    return sqlite3_column_type(t->st, column) == SQLITE_NULL;
}

void alc_rows_end(struct alc_rows *r)
{
    if (r->stmt != NULL) stmt_put(r->stmt);
    *r = (struct alc_rows){NULL, NULL};
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

/* -- transactions ---------------------------------------------------------------------------- */

enum alc_rc alc_store_begin(struct alc_store *s, struct alc_err *err)
{
    if (sqlite3_get_autocommit(s->db) == 0)
        return alc_fail(err, ALC_CONFLICT, "database %s: a transaction is open", path_of(s));
    s->marks = 0;
    return alc_store_exec(s, NULL, "BEGIN IMMEDIATE", ALC_NO_ARGS, err);
}

enum alc_rc alc_store_commit(struct alc_store *s, struct alc_err *err)
{
    enum alc_rc rc;

    /* SQLite ends a transaction by itself after some failures (disk full, no memory). */
    if (sqlite3_get_autocommit(s->db) != 0)
        return alc_fail(err, ALC_CONFLICT, "database %s: no transaction to commit", path_of(s));
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
    turn_give(s);
}

/* All marks bear one name: both databases take the newest of a name and uncover the one below. */

enum alc_rc alc_store_mark(struct alc_store *s, struct alc_err *err)
{
    enum alc_rc rc;

    if (sqlite3_get_autocommit(s->db) != 0)
        return alc_fail(err, ALC_CONFLICT, "database %s: a mark outside a transaction", path_of(s));
    rc = alc_store_exec(s, NULL, "SAVEPOINT mark", ALC_NO_ARGS, err);
    if (rc == ALC_OK) s->marks++;
    return rc;
}

static enum alc_rc need_mark(const struct alc_store *s, struct alc_err *err)
{
    if (s->marks > 0 && sqlite3_get_autocommit(s->db) == 0) return ALC_OK;
    return alc_fail(err, ALC_CONFLICT, "database %s: there is no mark", path_of(s));
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
