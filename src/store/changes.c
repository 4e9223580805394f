/* What a transaction changes: for each row that it touches, the content before the first touch.
 *
 *   changes  = entry*
 *   entry    = table u8, there u8 (was the row there?), key, rest (empty if not there)
 *   key,rest = length u32, value*: the columns of the primary key, then all others, in order
 *   value    = type u8 as SQLite counts them; 8 bytes, or length u32 and bytes, or nothing
 *
 * All numbers little endian. What a mark takes back needs no care: the row gets the same content.
 */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/borsh.h"
#include "base/buf.h"
#include "store/db.h"

#define TABLES_MAX 16u
#define COLUMNS_MAX 16
#define SLOTS_MIN 256u
#define SMALL_BYTES (1u << 20) /* what is kept for the next transaction */

struct table {
    const char *name;
    int columns, keys;      /* keys: columns of the primary key */
    int order[COLUMNS_MAX]; /* those first */
    sqlite3_stmt *put, *drop;
};

struct alc_changes {
    struct alc_store *store;
    struct table tables[TABLES_MAX];
    size_t count;
    bool on, lost; /* lost: no memory */
    struct alc_buf log;
    uint32_t *slots; /* open addressing by the key: where its entry begins, and 1; 0 is free */
    size_t slots_count, used;
};

/* -- the tables ------------------------------------------------------------------------------ */

static enum alc_rc read_columns(struct alc_changes *c, struct table *t, char names[COLUMNS_MAX][64],
                                struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc = alc_rows_start(
        &r, c->store, "SELECT name, pk > 0, cid FROM pragma_table_info($1) ORDER BY pk = 0, cid",
        ALC_ARGS(ALC_TEXT(alc_cstr(t->name))), err);
    if (rc != ALC_OK) return rc;
    while ((rc = alc_rows_next(&r, err)) == ALC_OK) {
        struct alc_bytes name = alc_rows_bytes(&r, 0);
        if (t->columns == COLUMNS_MAX || name.n > 63) {
            rc = alc_fail(err, ALC_LIMIT, "the table %s has many or long columns", t->name);
            break;
        }
        memcpy(names[t->columns], name.p, name.n);
        names[t->columns][name.n] = 0;
        t->order[t->columns++] = (int)alc_rows_int(&r, 2);
        t->keys += alc_rows_int(&r, 1) != 0;
    }
    alc_rows_end(&r);
    if (rc == ALC_NOT_FOUND && t->keys == 0)
        return alc_fail(err, ALC_BAD_INPUT, "no table %s with a primary key", t->name);
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

static enum alc_rc prepare(struct alc_changes *c, struct table *t, char names[COLUMNS_MAX][64],
                           struct alc_err *err)
{
    struct alc_buf put = ALC_BUF(4096), drop = ALC_BUF(4096);
    enum alc_rc rc = ALC_OK;
    alc_buf_printf(&put, "INSERT OR REPLACE INTO \"%s\"(", t->name);
    for (int i = 0; i < t->columns; i++)
        alc_buf_printf(&put, "%s\"%s\"", i > 0 ? ", " : "", names[i]);
    for (int i = 0; i < t->columns; i++)
        alc_buf_put_text(&put, i > 0 ? ", ?" : ") VALUES(?");
    alc_buf_put_text(&put, ")");
    alc_buf_printf(&drop, "DELETE FROM \"%s\" WHERE ", t->name);
    for (int i = 0; i < t->keys; i++)
        alc_buf_printf(&drop, "%s\"%s\" = ?", i > 0 ? " AND " : "", names[i]);
    if (put.failed || drop.failed)
        rc = ALC_NOMEM;
    else if (sqlite3_prepare_v2(c->store->db, alc_buf_text(&put), -1, &t->put, NULL) != SQLITE_OK ||
             sqlite3_prepare_v2(c->store->db, alc_buf_text(&drop), -1, &t->drop, NULL) != SQLITE_OK)
        rc = alc_store_fail(c->store, t->name, err);
    alc_buf_fini(&put);
    alc_buf_fini(&drop);
    return rc;
}

enum alc_rc alc_changes_open(struct alc_changes **out, struct alc_store *s,
                             const char *const *tables, size_t count, size_t max_bytes,
                             struct alc_err *err)
{
    char names[COLUMNS_MAX][64];
    enum alc_rc rc = ALC_OK;
    struct alc_changes *c;
    if (count > TABLES_MAX || max_bytes >= UINT32_MAX)
        return alc_fail(err, ALC_LIMIT, "changes of %zu tables, %zu bytes", count, max_bytes);
    c = calloc(1, sizeof *c);
    if (c == NULL) return alc_fail(err, ALC_NOMEM, "no memory to write down changes");
    c->store = s;
    c->log = ALC_BUF(max_bytes);
    for (; rc == ALC_OK && c->count < count; c->count++) {
        struct table *t = &c->tables[c->count];
        t->name = tables[c->count];
        rc = read_columns(c, t, names, err);
        if (rc == ALC_OK) rc = prepare(c, t, names, err);
    }
    if (rc == ALC_OK)
        *out = c;
    else
        alc_changes_close(c);
    return rc;
}

void alc_changes_close(struct alc_changes *c)
{
    if (c == NULL) return;
    alc_changes_end(c);
    for (size_t i = 0; i < TABLES_MAX; i++) {
        sqlite3_finalize(c->tables[i].put);
        sqlite3_finalize(c->tables[i].drop);
    }
    alc_buf_fini(&c->log);
    free(c->slots);
    free(c);
}

/* -- writing down ---------------------------------------------------------------------------- */

static void put_le(uint8_t *out, size_t width, uint64_t v)
{
    for (size_t i = 0; i < width; i++)
        out[i] = (uint8_t)(v >> (8 * i));
}

static void put_value(struct alc_buf *b, sqlite3_value *v)
{
    int type = sqlite3_value_type(v);
    uint8_t head[9] = {(uint8_t)type};
    if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) {
        uint64_t bits = (uint64_t)sqlite3_value_int64(v);
        double d = sqlite3_value_double(v);
        if (type == SQLITE_FLOAT) memcpy(&bits, &d, sizeof bits);
        put_le(head + 1, 8, bits);
        alc_buf_put(b, head, 9);
    } else if (type == SQLITE_TEXT || type == SQLITE_BLOB) {
        const void *p = type == SQLITE_TEXT ? sqlite3_value_text(v) : sqlite3_value_blob(v);
        size_t n = (size_t)sqlite3_value_bytes(v);
        put_le(head + 1, 4, n);
        alc_buf_put(b, head, 5);
        if (n > 0) alc_buf_put(b, p, n);
    } else {
        alc_buf_put(b, head, 1);
    }
}

/* Appends a length and columns `from` to `to` of the row as it was, or as it will be. */
static void put_columns(struct alc_changes *c, const struct table *t, bool was, int from, int to)
{
    size_t at = c->log.n;
    alc_buf_put(&c->log, (uint8_t[4]){0}, 4);
    for (int i = from; i < to; i++) {
        sqlite3_value *v = NULL;
        int code = was ? sqlite3_preupdate_old(c->store->db, t->order[i], &v)
                       : sqlite3_preupdate_new(c->store->db, t->order[i], &v);
        if (code != SQLITE_OK || v == NULL)
            c->lost = true;
        else
            put_value(&c->log, v);
    }
    if (!c->log.failed) put_le(c->log.p + at, 4, c->log.n - at - 4);
}

/* The table and the key of an entry, which are all that two entries of a row have in common. */
static struct alc_bytes key_at(const struct alc_changes *c, size_t at)
{
    struct alc_cur cur = alc_cur((struct alc_bytes){c->log.p + at + 2, c->log.n - at - 2});
    struct alc_bytes key = {NULL, 0};
    if (!alc_borsh_bytes(&cur, c->log.n, &key)) return (struct alc_bytes){NULL, 0};
    return key;
}

static size_t slot_of(const struct alc_changes *c, size_t at)
{
    struct alc_bytes key = key_at(c, at);
    uint64_t h = 0xcbf29ce484222325u ^ c->log.p[at]; /* FNV-1a */
    size_t i;
    for (size_t k = 0; k < key.n; k++)
        h = (h ^ key.p[k]) * 0x100000001b3u;
    for (i = (size_t)(h ^ h >> 32) & (c->slots_count - 1); c->slots[i] != 0;
         i = (i + 1) & (c->slots_count - 1)) {
        size_t other = c->slots[i] - 1;
        if (c->log.p[other] == c->log.p[at] && alc_bytes_eq(key_at(c, other), key)) break;
    }
    return i;
}

/* Keeps the table at most half full. */
static bool slots_grow(struct alc_changes *c)
{
    uint32_t *old = c->slots;
    size_t old_count = c->slots_count, count = old_count == 0 ? SLOTS_MIN : old_count * 2;
    if (c->used * 2 < old_count) return true;
    c->slots = calloc(count, sizeof *c->slots);
    if (c->slots == NULL) {
        c->slots = old;
        return false;
    }
    c->slots_count = count;
    for (size_t i = 0; i < old_count; i++)
        if (old[i] != 0) c->slots[slot_of(c, old[i] - 1)] = old[i];
    free(old);
    return true;
}

/* Notes the row that was there, or the one that will be and was not. */
static void note(struct alc_changes *c, const struct table *t, bool was)
{
    size_t at = c->log.n, slot;
    uint8_t head[2] = {(uint8_t)(t - c->tables), was};
    alc_buf_put(&c->log, head, sizeof head);
    put_columns(c, t, was, 0, t->keys);
    if (!slots_grow(c)) c->lost = true;
    if (c->lost || c->log.failed) return;
    slot = slot_of(c, at);
    if (c->slots[slot] != 0) {
        c->log.n = at; /* touched before */
        return;
    }
    c->slots[slot] = (uint32_t)at + 1;
    c->used++;
    put_columns(c, t, was, t->keys, was ? t->columns : t->keys);
}

static void on_change(void *ctx, sqlite3 *db, int op, const char *schema, const char *name,
                      sqlite3_int64 from, sqlite3_int64 to)
{
    struct alc_changes *c = ctx;
    (void)db;
    (void)schema;
    (void)from;
    (void)to;
    for (size_t i = 0; i < c->count && !c->lost && !c->log.failed; i++) {
        if (strcmp(c->tables[i].name, name) != 0) continue;
        if (op != SQLITE_INSERT) note(c, &c->tables[i], true);
        if (op != SQLITE_DELETE && !c->lost && !c->log.failed) note(c, &c->tables[i], false);
        return;
    }
}

enum alc_rc alc_changes_begin(struct alc_changes *c, struct alc_err *err)
{
    if (sqlite3_get_autocommit(c->store->db) != 0 || c->on)
        return alc_fail(err, ALC_CONFLICT, "database %s: changes outside a transaction, or twice",
                        alc_store_path(c->store));
    if (c->slots_count * sizeof *c->slots > SMALL_BYTES) {
        free(c->slots);
        c->slots = NULL;
        c->slots_count = 0;
    }
    if (c->slots != NULL) memset(c->slots, 0, c->slots_count * sizeof *c->slots);
    if (c->log.cap > SMALL_BYTES) {
        size_t max_bytes = c->log.max_bytes;
        alc_buf_fini(&c->log);
        c->log = ALC_BUF(max_bytes);
    }
    alc_buf_reset(&c->log);
    c->used = 0;
    c->lost = false;
    c->on = true;
    sqlite3_preupdate_hook(c->store->db, on_change, c);
    return ALC_OK;
}

void alc_changes_end(struct alc_changes *c)
{
    if (c->on) sqlite3_preupdate_hook(c->store->db, NULL, NULL);
    c->on = false;
}

enum alc_rc alc_changes_take(struct alc_changes *c, struct alc_bytes *out, struct alc_err *err)
{
    alc_changes_end(c);
    if (c->lost) return alc_fail(err, ALC_NOMEM, "no memory to write down changes");
    if (c->log.failed)
        return alc_fail(err, ALC_LIMIT, "changes of over %zu bytes", c->log.max_bytes);
    *out = alc_buf_bytes(&c->log);
    return ALC_OK;
}

/* -- undoing --------------------------------------------------------------------------------- */

static bool bind_value(sqlite3_stmt *st, int at, struct alc_cur *in)
{
    struct alc_bytes b;
    uint64_t bits;
    double d;
    uint8_t type;
    if (!alc_cur_u8(in, &type)) return false;
    switch (type) {
    case SQLITE_NULL:
        return sqlite3_bind_null(st, at) == SQLITE_OK;
    case SQLITE_INTEGER:
        return alc_cur_u64le(in, &bits) && sqlite3_bind_int64(st, at, (int64_t)bits) == SQLITE_OK;
    case SQLITE_FLOAT:
        if (!alc_cur_u64le(in, &bits)) return false;
        memcpy(&d, &bits, sizeof d);
        return sqlite3_bind_double(st, at, d) == SQLITE_OK;
    case SQLITE_TEXT:
        return alc_borsh_bytes(in, SIZE_MAX, &b) &&
               sqlite3_bind_text64(st, at, (const char *)b.p, b.n, SQLITE_STATIC, SQLITE_UTF8) ==
                   SQLITE_OK;
    case SQLITE_BLOB:
        return alc_borsh_bytes(in, SIZE_MAX, &b) &&
               sqlite3_bind_blob64(st, at, b.p, b.n, SQLITE_STATIC) == SQLITE_OK;
    default:
        return false;
    }
}

static bool bind_columns(sqlite3_stmt *st, int from, int to, struct alc_bytes values)
{
    struct alc_cur in = alc_cur(values);
    for (int i = from; i < to; i++)
        if (!bind_value(st, i + 1, &in)) return false;
    return in.n == 0;
}

static enum alc_rc undo_one(struct alc_changes *c, struct alc_cur *in, struct alc_err *err)
{
    struct alc_bytes key, rest;
    const struct table *t;
    sqlite3_stmt *st;
    uint8_t table, was;
    enum alc_rc rc = ALC_OK;
    if (!alc_cur_u8(in, &table) || !alc_cur_u8(in, &was) || table >= c->count || was > 1 ||
        !alc_borsh_bytes(in, SIZE_MAX, &key) || !alc_borsh_bytes(in, SIZE_MAX, &rest))
        return alc_fail(err, ALC_CORRUPT, "malformed changes");
    t = &c->tables[table];
    st = was != 0 ? t->put : t->drop;
    if (!bind_columns(st, 0, t->keys, key) ||
        !bind_columns(st, t->keys, was != 0 ? t->columns : t->keys, rest))
        rc = alc_fail(err, ALC_CORRUPT, "malformed changes of %s", t->name);
    else if (sqlite3_step(st) != SQLITE_DONE)
        rc = alc_store_fail(c->store, t->name, err);
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    return rc;
}

enum alc_rc alc_changes_undo(struct alc_changes *c, struct alc_bytes changes, struct alc_err *err)
{
    struct alc_cur in = alc_cur(changes);
    enum alc_rc rc = ALC_OK;
    if (sqlite3_get_autocommit(c->store->db) != 0 || c->on)
        return alc_fail(err, ALC_CONFLICT, "database %s: changes undone outside a transaction",
                        alc_store_path(c->store));
    while (rc == ALC_OK && in.n > 0)
        rc = undo_one(c, &in, err);
    return rc;
}
