/* src/store/db.h — what the files of this room share; nobody else includes it. */
#ifndef ALC_STORE_DB_H
#define ALC_STORE_DB_H

#include "store/store.h"

struct stmt; /* of stmt.c */

/* A connection: db.c has it and the turn to write, stmt.c the table of its statements. */
struct alc_store {
    struct sqlite3 *db;
    struct alc_store_lock *lock; /* NULL for ":memory:" */
    struct stmt **slots;         /* open addressing by the address of the text */
    size_t slots_count;          /* a power of two */
    size_t kept;
    unsigned marks; /* savepoints open now */
    bool has_turn;  /* to write; from begin to commit or rollback */
};

const char *alc_store_path(const struct alc_store *s); /* for sentences; borrowed */

/* alc_store_fail: what SQLite said last, in our words. */
enum alc_rc alc_store_fail(const struct alc_store *s, const char *doing, struct alc_err *err);

/* alc_store_turn takes the turn to write unless the store has it; alc_store_turn_end gives it.
 * ALC_BUSY: another thread has it for too long. */
ALC_MUST enum alc_rc alc_store_turn(struct alc_store *s, struct alc_err *err);
void alc_store_turn_end(struct alc_store *s);

/* The table of statements; its end frees them, while the connection is still there. */
ALC_MUST bool alc_stmts_init(struct alc_store *s);
void alc_stmts_fini(struct alc_store *s);

/* alc_store_script runs a text of several statements without arguments, one after the other; the
 * first that fails ends it. */
ALC_MUST enum alc_rc alc_store_script(struct alc_store *s, const char *sql, struct alc_err *err);

/* alc_store_has asks the catalogue, without the write lock, whether there is such a table. */
ALC_MUST enum alc_rc alc_store_has(struct alc_store *s, bool *has, const char *table,
                                   struct alc_err *err);

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
