/* alc_schema has one row a room: how many of its steps the tables have seen. */
#include "store/db.h"

#include <inttypes.h>

/* The look before keeps an opening from waiting behind another thread's write. */
static enum alc_rc schema_table(struct alc_store *s, struct alc_err *err)
{
    bool has;
    enum alc_rc rc = alc_store_has(s, &has, "alc_schema", err);

    if (rc != ALC_OK || has) return rc;
    return alc_store_exec(s, NULL,
                          "CREATE TABLE IF NOT EXISTS alc_schema ("
                          "room TEXT PRIMARY KEY, version BIGINT NOT NULL)",
                          ALC_NO_ARGS, err);
}

static enum alc_rc version_of(struct alc_store *s, int64_t *version, const char *room,
                              struct alc_err *err)
{
    struct alc_rows r;
    enum alc_rc rc;

    rc = alc_rows_start(&r, s, "SELECT version FROM alc_schema WHERE room = $1",
                        ALC_ARGS(ALC_TEXT(alc_cstr(room))), err);
    if (rc == ALC_OK) rc = alc_rows_next(&r, err);
    if (rc == ALC_OK) *version = alc_rows_int(&r, 0);
    if (rc == ALC_NOT_FOUND) {
        *version = 0;
        rc = ALC_OK;
    }
    alc_rows_end(&r);
    return rc;
}

/* One step, with the lock held from the look at the version on: of several threads that start at
 * once, one does it. */
static enum alc_rc step_once(struct alc_store *s, int64_t *version, const char *room,
                             const char *const *steps, size_t count, struct alc_err *err)
{
    enum alc_rc rc = alc_store_begin(s, err);

    if (rc != ALC_OK) return rc;
    rc = version_of(s, version, room, err);
    if (rc != ALC_OK || *version < 0 || (uint64_t)*version >= count) {
        alc_store_rollback(s);
        return rc;
    }
    rc = alc_store_script(s, steps[*version], err);
    if (rc == ALC_OK)
        rc = alc_store_exec(s, NULL,
                            "INSERT INTO alc_schema (room, version) VALUES ($1, $2) "
                            "ON CONFLICT (room) DO UPDATE SET version = excluded.version",
                            ALC_ARGS(ALC_TEXT(alc_cstr(room)), ALC_INT(*version + 1)), err);
    if (rc == ALC_OK) rc = alc_store_commit(s, err);
    if (rc != ALC_OK) {
        alc_store_rollback(s);
        alc_fail_in(err, "tables of %s, step %" PRId64, room, *version);
        return rc;
    }
    ++*version;
    return ALC_OK;
}

enum alc_rc alc_store_migrate(struct alc_store *s, const char *room, const char *const *steps,
                              size_t count, struct alc_err *err)
{
    int64_t version;
    enum alc_rc rc;

    rc = schema_table(s, err);
    if (rc == ALC_OK) rc = version_of(s, &version, room, err);
    while (rc == ALC_OK && version >= 0 && (uint64_t)version < count)
        rc = step_once(s, &version, room, steps, count, err);
    if (rc != ALC_OK) return rc;
    if (version < 0 || (uint64_t)version > count)
        return alc_fail(err, ALC_CORRUPT,
                        "the tables of %s are of version %" PRId64
                        ", this program knows them up to %zu: use a newer program",
                        room, version, count);
    return ALC_OK;
}
