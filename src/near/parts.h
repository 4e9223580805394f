/* src/near/parts.h — inside this room: pieces of JSON that blocks, views and the stream share. */
#ifndef ALC_NEAR_PARTS_H
#define ALC_NEAR_PARTS_H

#include "near/near.h"

/* alc_near_hash_read: a string of 32 bytes in base58. */
ALC_MUST bool alc_near_hash_read(struct alc_hash *out, const struct alc_json *v);

/* alc_near_header_read takes height, hash and time from a block header. */
ALC_MUST bool alc_near_header_read(struct alc_near_block_ref *out, const struct alc_json *header);

#endif
