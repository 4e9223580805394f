/* src/base/utf8.h — whether bytes are UTF-8 (RFC 3629): no overlong forms, no surrogates. */
#ifndef ALC_UTF8_H
#define ALC_UTF8_H

#include "base/bytes.h"

/* alc_utf8_next is the length of the sequence at the front of t, which has a byte.  Not UTF-8: *ok
 * is false, and it is the length of the longest piece that could still have begun one, 1 at least.
 */
size_t alc_utf8_next(struct alc_bytes t, bool *ok);

/* alc_utf8_good is how many bytes from the front are whole valid sequences; t.n when all are. */
size_t alc_utf8_good(struct alc_bytes t);

/* alc_utf8_cut is the largest n at most `most` at which valid text can be cut between sequences. */
size_t alc_utf8_cut(struct alc_bytes t, size_t most);

#endif
