/* localnet/view_parts.h — for the files of the views alone: members that they all write. */
#ifndef LNET_VIEW_PARTS_H
#define LNET_VIEW_PARTS_H

#include "localnet/views.h"

static inline void key_hash(struct alc_jw *w, const char *key, const struct alc_hash *h)
{
    alc_jw_key(w, key);
    alc_jw_base58(w, alc_hash_bytes(h));
}

static inline void key_id(struct alc_jw *w, const char *key, struct alc_bytes id)
{
    alc_jw_key(w, key);
    alc_jw_str(w, id);
}

static inline void key_u64(struct alc_jw *w, const char *key, uint64_t v)
{
    alc_jw_key(w, key);
    alc_jw_u64(w, v);
}

static inline void key_amount(struct alc_jw *w, const char *key, __uint128_t v)
{
    alc_jw_key(w, key);
    alc_jw_u128_str(w, v);
}

void lnet_view_sig(struct alc_jw *w, const struct alc_near_sig *sig); /* a string */

#endif
