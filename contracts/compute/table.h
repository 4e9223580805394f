/* contracts/compute/table.h — records that are found by a name and listed by whom they belong to,
 * in the order in which they came; a removal moves the last one into the gap.
 *
 *   tag | hash(name)                              position u32 | the record's own bytes
 *   tag + 0x80 | owner | position u32             hash(name) [ | count u32, where position is 0 ]
 *
 * hash: SHA-256 cut to 20 bytes, of the name's parts with their lengths.  Names are whole by
 * themselves: they name the owner where two owners could use the same.  An owner is an account id,
 * an id of 8 bytes, or empty; the tags keep apart what has owners of different kinds.
 *
 * One more record of 65 bytes and the owner's length for a listed one; adding writes three records,
 * finding reads one. */
#ifndef COMPUTE_TABLE_H
#define COMPUTE_TABLE_H

#include "contract/near.h"

#define TABLE_NAME_MAX_BYTES 2048u /* with four bytes for each part; a longer one panics */
#define TABLE_POSITION_BYTES 4u

struct table_key {
    uint8_t b[21];
};

/* The parts of a name; p NULL counts like an empty part. */
struct table_key table_key(char tag, const struct alc_bytes *parts, size_t n);

/* table_get reads the record into buf; *record is what follows the position.  false: none. */
ALC_MUST bool table_get(struct alc_bytes *record, const struct table_key *k, uint8_t *buf,
                        size_t cap);
bool table_has(const struct table_key *k);

/* A record to be written begins with TABLE_POSITION_BYTES that the table fills in.
 * table_add: there was none, and it becomes the owner's last.
 * table_change: there is one, which was read with table_get into `buf` or is at `position`. */
void table_add(const struct table_key *k, struct alc_bytes owner, uint8_t *record, size_t n);
void table_change(const struct table_key *k, uint32_t position, uint8_t *record, size_t n);
uint32_t table_position(struct alc_bytes record); /* of what table_get gave */

/* table_remove takes the record at `position` away, whose key is k. */
void table_remove(const struct table_key *k, struct alc_bytes owner, uint32_t position);

/* The owner's records: how many there are, with the first one's key in *k if there is one; and one
 * of them. */
uint32_t table_count(struct table_key *k, char tag, struct alc_bytes owner);
ALC_MUST bool table_at(struct table_key *k, char tag, struct alc_bytes owner, uint32_t position);

#endif
