/* src/base/enc.h — hex, base58 (Bitcoin alphabet), base64 (RFC 4648 §4), decimal u128.
 *
 * Freestanding, so that contracts use the same source.  Each writes into the caller's buffer of
 * `cap` bytes and sets *n; false: the text is malformed, or the result does not fit. */
#ifndef ALC_ENC_H
#define ALC_ENC_H

#include "base/bytes.h"

#define ALC_HEX_CHARS(n) (2 * (n))
#define ALC_BASE64_CHARS(n) (((n) + 2) / 3 * 4)
/* What base58 is used for is short: in contracts keys and hashes, elsewhere ML-DSA-65 keys and
 * signatures too.  Its time grows with the square. */
#ifdef __wasm__
#define ALC_BASE58_MAX_BYTES 128u
#else
#define ALC_BASE58_MAX_BYTES 3328u
#endif
#define ALC_BASE58_CHARS(n) ((n) * 138 / 100 + 1)
#define ALC_U128_DIGITS 39u

ALC_MUST bool alc_hex_encode(char *out, size_t cap, size_t *n,
                             struct alc_bytes in); /* lower case */
ALC_MUST bool alc_hex_decode(uint8_t *out, size_t cap, size_t *n, struct alc_bytes in); /* either */

ALC_MUST bool alc_base64_encode(char *out, size_t cap, size_t *n, struct alc_bytes in); /* padded */
/* alc_base64_decode wants padding, no white space, and zero bits at the end. */
ALC_MUST bool alc_base64_decode(uint8_t *out, size_t cap, size_t *n, struct alc_bytes in);

ALC_MUST bool alc_base58_encode(char *out, size_t cap, size_t *n, struct alc_bytes in);
ALC_MUST bool alc_base58_decode(uint8_t *out, size_t cap, size_t *n, struct alc_bytes in);

/* alc_u128_encode writes 1..39 digits; returns how many.  alc_u128_decode takes digits alone, 1 or
 * more, leading zeros allowed, at most 2^128-1. */
size_t alc_u128_encode(char out[ALC_U128_DIGITS], __uint128_t v);
ALC_MUST bool alc_u128_decode(__uint128_t *v, struct alc_bytes in);

/* alc_u128_divide leaves the quotient in *v and returns the rest; d is not 0.  In steps of 32 bits:
 * a contract that has no other wide division is 0.5 kB shorter. */
uint32_t alc_u128_divide(__uint128_t *v, uint32_t d);

#endif
