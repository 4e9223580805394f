/* src/store/db.h — what the files of this room share; nobody else includes it. */
#ifndef ALC_STORE_DB_H
#define ALC_STORE_DB_H

#include "store/store.h"

/* alc_store_script runs a text of several statements without arguments, one after the other; the
 * first that fails ends it. */
ALC_MUST enum alc_rc alc_store_script(struct alc_store *s, const char *sql, struct alc_err *err);

/* alc_store_has asks the catalogue, without the write lock, whether there is such a table. */
ALC_MUST enum alc_rc alc_store_has(struct alc_store *s, bool *has, const char *table,
                                   struct alc_err *err);

/* For copy.c: the connection, and the turn to write of a store without a transaction. */
struct sqlite3 *alc_store_handle(const struct alc_store *s);
ALC_MUST enum alc_rc alc_store_write_begin(struct alc_store *s, struct alc_err *err);
void alc_store_write_end(struct alc_store *s);

/* alc_blob_tables makes the tables of blob.c. */
ALC_MUST enum alc_rc alc_blob_tables(struct alc_store *s, struct alc_err *err);

/* The right of this process to a database file: an advisory lock on `<file>.lock`, one for all
 * connections of the process, let go by the kernel when the process dies. */
struct alc_store_lock;

/* alc_store_lock_take creates the file when it is absent (mode 0600: it holds what callers sent)
 * and sets *out.  For any thread.  ALC_BUSY: another process has it.  ALC_IO, ALC_NOMEM. */
ALC_MUST enum alc_rc alc_store_lock_take(struct alc_store_lock **out, const char *path,
                                         struct alc_err *err);
void alc_store_lock_drop(struct alc_store_lock *l); /* may be NULL */

/* The turn to write.  SQLite lets one connection write at a time and has the others sleep and try
 * again, which starves some of them for tenths of a second; threads of one process stand in line
 * instead.  SQLite's own lock stays what is relied on.  alc_store_turn_take returns false when the
 * turn did not come within timeout_ms; the thread that gives need not be the one that took. */
ALC_MUST bool alc_store_turn_take(struct alc_store_lock *l, uint32_t timeout_ms);
void alc_store_turn_give(struct alc_store_lock *l);

/* The absolute path, links resolved; borrowed. */
const char *alc_store_lock_path(const struct alc_store_lock *l);

#endif
