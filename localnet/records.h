/* localnet/records.h — NEAR's state records out of a file of any size: a genesis.json, a dump, or
 * the bare array of records.
 *
 * The file is read piece by piece: one record at a time is in memory, never the list. */
#ifndef LNET_RECORDS_H
#define LNET_RECORDS_H

#include <stdio.h>

#include "base/json.h"

#define LNET_RECORD_MAX_BYTES (64u << 20)       /* of one record's text */
#define LNET_RECORDS_REST_MAX_BYTES (16u << 20) /* of all members beside the records */

/* One record, by its text and parsed, counted from 0.  Anything but ALC_OK ends the reading. */
typedef enum alc_rc lnet_record_fn(void *ctx, size_t i, struct alc_bytes text,
                                   const struct alc_json *record, struct alc_err *err);

/* lnet_records_read reads from where `f` stands to its end: {"records":[...], ...} or [...].  Each
 * record is handed to `each` (NULL: they are passed over).  `rest`, unless NULL, gets the object's
 * other members as an object.  ALC_BAD_INPUT: what is wrong, and where; ALC_LIMIT: a record or the
 * rest is too large; ALC_IO, ALC_NOMEM; and what `each` returned, with the record's number before
 * the sentence. */
ALC_MUST enum alc_rc lnet_records_read(FILE *f, struct alc_buf *rest, lnet_record_fn *each,
                                       void *ctx, struct alc_err *err);

/* What a genesis says of itself, beside its records. */
struct lnet_genesis {
    char chain_id[65]; /* "": not said */
    uint64_t time_ns;  /* 0: not said */
    uint64_t height;
    bool has_supply;
    __uint128_t supply;
    struct alc_buf validators; /* JSON array */
};
/* lnet_genesis_read takes the rest of a genesis file.  `out` is owned by the caller, also on
 * failure.  ALC_BAD_INPUT names the member.  ALC_LIMIT, ALC_NOMEM. */
ALC_MUST enum alc_rc lnet_genesis_read(struct lnet_genesis *out, struct alc_bytes rest,
                                       struct alc_err *err);
void lnet_genesis_fini(struct lnet_genesis *g);

#endif
