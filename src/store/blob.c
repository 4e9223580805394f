#include "crypto/crypto.h"
#include "store/db.h"

enum alc_rc alc_blob_tables(struct alc_store *s, struct alc_err *err)
{
    static const char *const steps[] = {
        "CREATE TABLE alc_blob (name BYTEA PRIMARY KEY, bytes BYTEA NOT NULL)",
    };
    return alc_store_migrate(s, "blob", steps, sizeof steps / sizeof *steps, err);
}

static bool is_named(const struct alc_hash *name, struct alc_bytes bytes)
{
    struct alc_hash h;
    alc_sha256(&h, bytes);
    return alc_hash_eq(&h, name);
}

enum alc_rc alc_blob_put(struct alc_store *s, const struct alc_hash *name, struct alc_bytes bytes,
                         struct alc_err *err)
{
    if (!is_named(name, bytes))
        return alc_fail(err, ALC_BAD_INPUT, "a blob of %zu bytes has another hash than its name",
                        bytes.n);
    /* Other bytes under the name are damage, which the good ones mend. */
    return alc_store_exec(s, NULL,
                          "INSERT INTO alc_blob (name, bytes) VALUES ($1, $2) "
                          "ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes "
                          "WHERE alc_blob.bytes <> excluded.bytes",
                          ALC_ARGS(ALC_BLOB(alc_hash_bytes(name)), ALC_BLOB(bytes)), err);
}

enum alc_rc alc_blob_get(struct alc_store *s, struct alc_bytes *out, const struct alc_hash *name,
                         struct alc_arena *arena, struct alc_err *err)
{
    struct alc_bytes found;
    struct alc_rows r;
    enum alc_rc rc;

    rc = alc_rows_start(&r, s, "SELECT bytes FROM alc_blob WHERE name = $1",
                        ALC_ARGS(ALC_BLOB(alc_hash_bytes(name))), err);
    if (rc == ALC_OK) rc = alc_rows_next(&r, err);
    if (rc != ALC_OK) goto out;
    found = alc_rows_bytes(&r, 0);
    if (!is_named(name, found))
        rc = alc_fail(err, ALC_CORRUPT, "a stored blob of %zu bytes is damaged", found.n);
    else if (!alc_arena_copy(arena, found, out))
        rc = alc_fail(err, ALC_NOMEM, "no room for a blob of %zu bytes", found.n);
out:
    alc_rows_end(&r);
    return rc;
}
