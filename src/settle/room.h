/* src/settle/room.h — what the files of this room share; nobody else includes it. */
#ifndef ALC_SETTLE_ROOM_H
#define ALC_SETTLE_ROOM_H

#include "settle/settle.h"

#define TX_ARENA_BYTES (8u << 20) /* a transaction of 1.5 MiB, read and signed */

/* alc_outbox_migrate makes the table, or brings it to its newest form. */
ALC_MUST enum alc_rc alc_outbox_migrate(struct alc_store *store, struct alc_err *err);
/* alc_outbox_hash reads a column of 32 bytes. */
ALC_MUST bool alc_outbox_hash(const struct alc_rows *rows, int column, struct alc_hash *out);
/* alc_outbox_count runs a query for one number, whose only argument is a key. */
ALC_MUST enum alc_rc alc_outbox_count(struct alc_store *store, size_t *count, const char *sql,
                                      const struct alc_hash *key, struct alc_err *err);

#endif
