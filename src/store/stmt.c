/* Statements: a text is prepared once and kept; its rows are read one by one. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "store/db.h"

#define STMTS_MIN 64u      /* slots of the table at birth; a power of two */
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

/* -- the table ------------------------------------------------------------------------------- */

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

bool alc_stmts_init(struct alc_store *s)
{
    return slots_grow(s);
}

void alc_stmts_fini(struct alc_store *s)
{
    for (size_t i = 0; i < s->slots_count; i++)
        stmt_free(s->slots[i]);
    free(s->slots);
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

    if (t == NULL) return alc_fail(err, ALC_NOMEM, "database %s: no memory", alc_store_path(s));
    t->sql = sql;
    if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &t->st, &tail) != SQLITE_OK) {
        enum alc_rc rc = alc_store_fail(s, sql, err);
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
            return alc_store_fail(s, t->sql, err);
    return ALC_OK;
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
    if (rc == ALC_OK && alone && sqlite3_stmt_readonly(t->st) == 0) rc = alc_store_turn(s, err);
    if (rc == ALC_OK) {
        do {
            code = sqlite3_step(t->st);
        } while (code == SQLITE_ROW);
        if (code != SQLITE_DONE) rc = alc_store_fail(s, sql, err);
    }
    /* sqlite3_changes alone would still show the statement before this one when it is no write. */
    if (rc == ALC_OK && changed != NULL)
        *changed = sqlite3_total_changes64(s->db) == before ? 0 : sqlite3_changes64(s->db);
    stmt_put(t);
    if (sqlite3_get_autocommit(s->db) != 0) alc_store_turn_end(s); /* BEGIN has left it: kept */
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
        return alc_store_fail(r->store, t->sql, err);
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
