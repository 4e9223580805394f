/* The outbox as a whole: its table, and what concerns every key in it. */
#include "settle/room.h"

#include <string.h>

static const char *const steps[] = {
    "CREATE TABLE outbox ("
    " job INTEGER NOT NULL, attempt INTEGER NOT NULL, state INTEGER NOT NULL,"
    " nonce INTEGER NOT NULL, hash BLOB NOT NULL, tx BLOB NOT NULL,"
    " last_valid INTEGER NOT NULL, asks INTEGER NOT NULL DEFAULT 0,"
    " ask_at_ms INTEGER NOT NULL DEFAULT 0,"
    " failure TEXT, gas_burnt INTEGER NOT NULL DEFAULT 0, tokens_burnt BLOB,"
    " PRIMARY KEY (job, attempt));"
    "CREATE INDEX outbox_state ON outbox (state, ask_at_ms)",
    /* Whose calls they are: public keys.  Rows from before learn theirs from the transaction. */
    "ALTER TABLE outbox ADD COLUMN signer BLOB NOT NULL DEFAULT x'';"
    "DROP INDEX outbox_state;"
    "CREATE INDEX outbox_state ON outbox (signer, state, ask_at_ms)",
};

bool alc_outbox_hash(const struct alc_rows *rows, int column, struct alc_hash *out)
{
    struct alc_bytes b = alc_rows_bytes(rows, column);
    if (b.n != sizeof out->b) return false;
    memcpy(out->b, b.p, sizeof out->b);
    return true;
}

/* name_signer writes down whose call the row of `hash` is. */
static enum alc_rc name_signer(struct alc_store *store, struct alc_bytes hash, struct alc_bytes tx,
                               struct alc_arena *arena, struct alc_err *err)
{
    struct alc_near_signed was;
    struct alc_bytes key;

    if (alc_near_tx_read(&was, tx, arena, err) != ALC_OK || was.tx.key.curve != ALC_NEAR_ED25519)
        return alc_fail(err, ALC_CORRUPT, "the outbox holds bytes that are no transaction of ours");
    key = (struct alc_bytes){was.tx.key.b, sizeof(struct alc_hash)};
    return alc_store_exec(store, NULL, "UPDATE outbox SET signer = $1 WHERE hash = $2",
                          ALC_ARGS(ALC_BLOB(key), ALC_BLOB(hash)), err);
}

enum alc_rc alc_outbox_migrate(struct alc_store *store, struct alc_err *err)
{
    enum alc_rc rc = alc_store_migrate(store, "settle", steps, sizeof steps / sizeof *steps, err);

    while (rc == ALC_OK) {
        struct alc_arena arena = ALC_ARENA(TX_ARENA_BYTES);
        struct alc_bytes hash, tx;
        struct alc_rows rows;
        rc = alc_rows_start(&rows, store, "SELECT hash, tx FROM outbox WHERE signer = x'' LIMIT 1",
                            ALC_NO_ARGS, err);
        if (rc == ALC_OK) rc = alc_rows_next(&rows, err);
        if (rc == ALC_OK && (!alc_arena_copy(&arena, alc_rows_bytes(&rows, 0), &hash) ||
                             !alc_arena_copy(&arena, alc_rows_bytes(&rows, 1), &tx)))
            rc = ALC_NOMEM;
        alc_rows_end(&rows);
        if (rc == ALC_OK) rc = name_signer(store, hash, tx, &arena, err);
        alc_arena_fini(&arena);
    }
    return rc == ALC_NOT_FOUND ? ALC_OK : rc;
}

enum alc_rc alc_settle_forget(struct alc_store *store, uint64_t job, struct alc_err *err)
{
    return alc_store_exec(store, NULL, "DELETE FROM outbox WHERE job = $1", ALC_ARGS(ALC_INT(job)),
                          err);
}

enum alc_rc alc_outbox_count(struct alc_store *store, size_t *count, const char *sql,
                             const struct alc_hash *key, struct alc_err *err)
{
    struct alc_rows rows;
    enum alc_rc rc =
        alc_rows_start(&rows, store, sql, ALC_ARGS(ALC_BLOB(alc_hash_bytes(key))), err);

    if (rc != ALC_OK) return rc;
    rc = alc_rows_next(&rows, err);
    if (rc == ALC_OK) *count = (size_t)alc_rows_int(&rows, 0);
    alc_rows_end(&rows);
    return rc;
}

enum alc_rc alc_settle_held(struct alc_store *store, size_t *count, const struct alc_hash *key,
                            struct alc_err *err)
{
    return alc_outbox_count(store, count, "SELECT COUNT(*) FROM outbox WHERE signer = $1", key,
                            err);
}

enum alc_rc alc_settle_keys(struct alc_store *store, struct alc_hash *out, size_t *count,
                            size_t limit, struct alc_err *err)
{
    struct alc_rows rows;
    size_t n = 0;
    enum alc_rc rc = alc_outbox_migrate(store, err);

    if (rc != ALC_OK) return rc;
    rc = alc_rows_start(&rows, store, "SELECT DISTINCT signer FROM outbox LIMIT $1",
                        ALC_ARGS(ALC_INT(limit)), err);
    while (rc == ALC_OK && (rc = alc_rows_next(&rows, err)) == ALC_OK)
        if (!alc_outbox_hash(&rows, 0, &out[n++]))
            rc = alc_fail(err, ALC_CORRUPT, "the outbox holds a key that is none");
    alc_rows_end(&rows);
    if (rc == ALC_NOT_FOUND) rc = ALC_OK;
    if (rc == ALC_OK) *count = n;
    return rc;
}

enum alc_rc alc_settle_lose(struct alc_store *store, const struct alc_hash *key,
                            struct alc_err *err)
{
    return alc_store_exec(store, NULL, "DELETE FROM outbox WHERE signer = $1",
                          ALC_ARGS(ALC_BLOB(alc_hash_bytes(key))), err);
}
