/* src/store/store.h — the one database layer: prepared statements, typed rows, transactions,
 * migrations that only go forward, changes that can be undone, and blobs by content.
 *
 * SQLite (WAL) is behind it; SQL is written with $1, $2 ... so that one text can serve PostgreSQL.
 * A store belongs to one thread at a time; several threads open one each on the same file.
 * A file belongs to one process. */
#ifndef ALC_STORE_H
#define ALC_STORE_H

#include "base/base.h"

struct alc_store; /* opaque: one connection */

/* alc_store_open opens or creates the file; ":memory:" lives as long as the store.  The database
 * waits up to 10 s for another thread's write.  A commit survives a crash of this process and, with
 * `durable`, of the machine.  The file is for its owner alone (0600); its folder must exist.
 * ALC_BUSY: another process has the file.  ALC_IO (path and reason), ALC_CORRUPT: no database,
 * or another program's, which is left as it is. */
ALC_MUST enum alc_rc alc_store_open(struct alc_store **out, const char *path, bool durable,
                                    struct alc_err *err);
void alc_store_close(struct alc_store *s);

/* alc_store_sync brings every commit so far to the disk, those of other connections to the file
 * included: a barrier before something leaves the house, for stores that are not durable commit by
 * commit. */
ALC_MUST enum alc_rc alc_store_sync(struct alc_store *s, struct alc_err *err);

/* alc_store_copy makes `to` hold what `from` holds, in place of all it held: tables, rows,
 * versions. Whoever dies on the way leaves `to` as it was.  Neither may have a transaction or rows
 * open. ALC_CONFLICT: one has.  ALC_BUSY, ALC_IO, ALC_NOMEM. */
ALC_MUST enum alc_rc alc_store_copy(struct alc_store *to, struct alc_store *from,
                                    struct alc_err *err);

/* Arguments of a statement: ALC_INT(x), ALC_BLOB(bytes), ALC_TEXT(bytes), ALC_NULL_ARG. */
enum alc_arg_kind { ALC_ARG_NULL, ALC_ARG_INT, ALC_ARG_BLOB, ALC_ARG_TEXT };
struct alc_arg {
    enum alc_arg_kind kind;
    int64_t i;
    struct alc_bytes b;
};
#define ALC_INT(x) ((struct alc_arg){ALC_ARG_INT, (int64_t)(x), {NULL, 0}})
#define ALC_BLOB(x) ((struct alc_arg){ALC_ARG_BLOB, 0, (x)})
#define ALC_TEXT(x) ((struct alc_arg){ALC_ARG_TEXT, 0, (x)})
#define ALC_NULL_ARG ((struct alc_arg){ALC_ARG_NULL, 0, {NULL, 0}})
#define ALC_ARGS(...)                                                                              \
    (struct alc_arg[]){__VA_ARGS__},                                                               \
        sizeof((struct alc_arg[]){__VA_ARGS__}) / sizeof(struct alc_arg)
#define ALC_NO_ARGS NULL, 0

/* alc_store_exec runs one statement that gives no rows; *changed (may be NULL): rows it touched.
 * `sql` must be a string literal or live as long as the store: statements are kept by its address.
 * ALC_CONFLICT: a unique key is there already.  ALC_BUSY, ALC_IO, ALC_NOMEM. */
ALC_MUST enum alc_rc alc_store_exec(struct alc_store *s, int64_t *changed, const char *sql,
                                    const struct alc_arg *args, size_t args_count,
                                    struct alc_err *err);

/* Rows: start, then next until ALC_NOT_FOUND, then end (always).  Arguments are copied.  Columns
 * count from 0 and are borrowed until the next call on these rows; NULL reads as 0 and as no bytes,
 * a text reads as its bytes. */
struct alc_rows {
    struct alc_store *store;
    void *stmt;
};
ALC_MUST enum alc_rc alc_rows_start(struct alc_rows *r, struct alc_store *s, const char *sql,
                                    const struct alc_arg *args, size_t args_count,
                                    struct alc_err *err);
ALC_MUST enum alc_rc alc_rows_next(struct alc_rows *r, struct alc_err *err);
int64_t alc_rows_int(const struct alc_rows *r, int column);
struct alc_bytes alc_rows_bytes(const struct alc_rows *r, int column);
bool alc_rows_null(const struct alc_rows *r, int column);
void alc_rows_end(struct alc_rows *r);

/* alc_store_begin takes the write lock at once, so that a transaction never fails half-way for
 * want of it; other threads of this process that write stand in line.  ALC_CONFLICT: one is open.
 * A commit that fails has rolled back.  Rollback forgives a missing begin. */
ALC_MUST enum alc_rc alc_store_begin(struct alc_store *s, struct alc_err *err);
ALC_MUST enum alc_rc alc_store_commit(struct alc_store *s, struct alc_err *err);
void alc_store_rollback(struct alc_store *s);
/* Savepoints nest inside a transaction.  ALC_CONFLICT: there is no transaction, or no mark. */
ALC_MUST enum alc_rc alc_store_mark(struct alc_store *s, struct alc_err *err);
ALC_MUST enum alc_rc alc_store_keep(struct alc_store *s, struct alc_err *err); /* innermost mark */
ALC_MUST enum alc_rc alc_store_undo(struct alc_store *s, struct alc_err *err); /* innermost mark */

/* What transactions change in the rows of some tables, written down so that it can be undone later.
 * For each row that was touched it is what it was before, so several in a row are undone the last
 * one first.  A table has a primary key, no other unique one, and at most 16 columns.  One
 * alc_changes a store at most, closed before it.
 *   open   `tables` live as long as it does, at most 16; max_bytes < 4 GiB: of one transaction's.
 *          ALC_BAD_INPUT: no such table, or it has no key.  ALC_LIMIT, ALC_IO, ALC_NOMEM.
 *   begin  from here on; inside a transaction (ALC_CONFLICT), and ended with it or before.
 *   take   ends it; *out is what was written down, bytes of this room's own that may be kept;
 *          empty: nothing was touched.  Borrowed until the next begin.  ALC_LIMIT: over max_bytes.
 *          ALC_NOMEM.
 *   end    without taking; forgives a missing begin.
 *   undo   makes the rows what they were before `changes`, of a store with the same tables in the
 *          same order.  Inside a transaction and not while it writes down (ALC_CONFLICT); after a
 *          failure (ALC_CORRUPT: no such bytes; ALC_IO, ALC_NOMEM) that one is to be rolled back.
 */
struct alc_changes; /* opaque */
ALC_MUST enum alc_rc alc_changes_open(struct alc_changes **out, struct alc_store *s,
                                      const char *const *tables, size_t count, size_t max_bytes,
                                      struct alc_err *err);
void alc_changes_close(struct alc_changes *c); /* may be NULL */
ALC_MUST enum alc_rc alc_changes_begin(struct alc_changes *c, struct alc_err *err);
ALC_MUST enum alc_rc alc_changes_take(struct alc_changes *c, struct alc_bytes *out,
                                      struct alc_err *err);
void alc_changes_end(struct alc_changes *c);
ALC_MUST enum alc_rc alc_changes_undo(struct alc_changes *c, struct alc_bytes changes,
                                      struct alc_err *err);

/* alc_store_migrate brings the tables of `room` to version `count`: step i (0-based) leads from
 * version i to i+1, each in a transaction of its own (so not inside one: ALC_CONFLICT), and may
 * hold several statements.  ALC_CORRUPT: the store is newer than this program. */
ALC_MUST enum alc_rc alc_store_migrate(struct alc_store *s, const char *room,
                                       const char *const *steps, size_t count, struct alc_err *err);

/* Blobs: bytes by their SHA-256, in the same store.  alc_blob_put is idempotent, and mends a blob
 * that was damaged (ALC_BAD_INPUT: another hash than the name); alc_blob_get checks the hash again:
 * ALC_CORRUPT when the bytes are not what their name says, ALC_NOT_FOUND. */
ALC_MUST enum alc_rc alc_blob_put(struct alc_store *s, const struct alc_hash *name,
                                  struct alc_bytes bytes, struct alc_err *err);
ALC_MUST enum alc_rc alc_blob_get(struct alc_store *s, struct alc_bytes *out,
                                  const struct alc_hash *name, struct alc_arena *arena,
                                  struct alc_err *err);

#endif
