/* The pages go through SQLite's backup: on the side of `to` they are one write transaction, which
 * its log either holds with the commit or not at all. */
#include <sqlite3.h>

#include "base/failpoint.h"
#include "store/db.h"

#define FIRST_PAGES 8 /* then all the rest; a test dies in between */

static enum alc_rc rc_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ALC_BUSY;
    case SQLITE_NOMEM:
        return ALC_NOMEM;
    case SQLITE_ERROR:
        return ALC_CONFLICT;
    default:
        return ALC_IO;
    }
}

enum alc_rc alc_store_copy(struct alc_store *to, struct alc_store *from, struct alc_err *err)
{
    sqlite3_backup *b;
    enum alc_rc rc;
    int code, end;

    if (sqlite3_get_autocommit(to->db) == 0)
        return alc_fail(err, ALC_CONFLICT, "database %s: a transaction is open",
                        alc_store_path(to));
    rc = alc_store_turn(to, err);
    if (rc != ALC_OK) return rc;
    b = sqlite3_backup_init(to->db, "main", from->db, "main");
    if (b == NULL) {
        code = end = sqlite3_extended_errcode(to->db);
    } else {
        code = sqlite3_backup_step(b, FIRST_PAGES);
        alc_failpoint("store.copy");
        if (code == SQLITE_OK) code = sqlite3_backup_step(b, -1);
        end = sqlite3_backup_finish(b);
    }
    if (code != SQLITE_DONE || end != SQLITE_OK)
        rc = alc_fail(err, rc_of(end != SQLITE_OK ? end : code), "copying a database: %s",
                      sqlite3_errstr(end != SQLITE_OK ? end : code));
    alc_store_turn_end(to);
    return rc;
}
