/* src/base/json.h — JSON: a reader over jansson and a writer into a growing buffer.
 *
 * The reader refuses what RFC 8259 refuses, repeated keys, keys with an inner NUL, and anything
 * over the limits given.  An integer beyond 64 signed bits is kept as its nearest double
 * (`get_request` of the contract shows amounts so) while those beside it stay exact; nobody reads
 * money from such a number.  A document belongs to one thread. */
#ifndef ALC_JSON_H
#define ALC_JSON_H

#include "base/buf.h"
#include "base/err.h"

#define ALC_JSON_MAX_DEPTH 128u /* nesting that the reader accepts */
#define ALC_JSON_MAX_VALUES                                                                        \
    (1u << 21) /* in one document, since `{}` takes a hundred times its text */

struct alc_json; /* a value; borrowed from its document, valid until the document is closed */

enum alc_json_kind {
    ALC_JSON_NULL,
    ALC_JSON_BOOL,
    ALC_JSON_INT,
    ALC_JSON_REAL,
    ALC_JSON_STRING,
    ALC_JSON_ARRAY,
    ALC_JSON_OBJECT,
};

/* alc_json_open parses a whole text of at most max_bytes.  ALC_BAD_INPUT (with line and column),
 * ALC_LIMIT, ALC_NOMEM. */
ALC_MUST enum alc_rc alc_json_open(struct alc_json **out, struct alc_bytes text, size_t max_bytes,
                                   struct alc_err *err);
void alc_json_close(struct alc_json *doc);
/* alc_json_keep makes a part of a document one of its own: closed by itself, in any order, on the
 * same thread.  It copies nothing. */
struct alc_json *alc_json_keep(const struct alc_json *part);

/* The readers below take NULL for "absent", so that a path can be walked in one expression. */
enum alc_json_kind alc_json_kind(const struct alc_json *v); /* ALC_JSON_NULL for NULL */
const struct alc_json *alc_json_get(const struct alc_json *object, const char *key); /* or NULL */
const struct alc_json *alc_json_at(const struct alc_json *array, size_t i);          /* or NULL */
size_t alc_json_count(const struct alc_json *array_or_object); /* 0 if neither */
/* alc_json_member is the i-th member in the order of the text, its key in *key; NULL past the end.
 */
const struct alc_json *alc_json_member(const struct alc_json *object, size_t i, const char **key);

/* Each returns false, and sets nothing, when v is absent or of another kind or out of range.  A
 * string is UTF-8 and may hold NULs; it is followed by a NUL. */
ALC_MUST bool alc_json_str(const struct alc_json *v, struct alc_bytes *out);
ALC_MUST bool alc_json_text(const struct alc_json *v, const char **out); /* refuses inner NULs */
ALC_MUST bool alc_json_u64(const struct alc_json *v, uint64_t *out);
ALC_MUST bool alc_json_i64(const struct alc_json *v, int64_t *out);
ALC_MUST bool alc_json_real(const struct alc_json *v, double *out); /* an integer counts */
ALC_MUST bool alc_json_bool(const struct alc_json *v, bool *out);

/* alc_json_dump appends v as compact JSON, members in their order; a double as the shortest digits
 * that read back equal. */
void alc_json_dump(const struct alc_json *v, struct alc_buf *out);

/* The writer: commas are put by themselves.  `struct alc_jw w = {.out = &buf}`.
 *   alc_jw_obj(&w); alc_jw_key(&w, "n"); alc_jw_u64(&w, 1); alc_jw_end(&w);      → {"n":1}
 * Failure shows in out->failed.  Strings must be UTF-8; where they are not, U+FFFD stands for
 * each longest piece of a broken sequence (as Unicode recommends and Rust's lossy conversion does).
 */
struct alc_jw {
    struct alc_buf *out;
    uint64_t is_array; /* bit per depth */
    unsigned depth;    /* at most 64; deeper sets out->failed */
    bool comma;        /* a value stands before, on this level */
};

void alc_jw_obj(struct alc_jw *w);
void alc_jw_arr(struct alc_jw *w);
void alc_jw_end(struct alc_jw *w); /* of the innermost object or array */
void alc_jw_key(struct alc_jw *w, const char *key);
void alc_jw_key_bytes(struct alc_jw *w, struct alc_bytes key);
void alc_jw_str(struct alc_jw *w, struct alc_bytes s);
void alc_jw_text(struct alc_jw *w, const char *s);
void alc_jw_textf(struct alc_jw *w, const char *fmt, ...) ALC_PRINTF(2, 3); /* a string */
void alc_jw_u64(struct alc_jw *w, uint64_t v);
void alc_jw_i64(struct alc_jw *w, int64_t v);
void alc_jw_u128_str(struct alc_jw *w, __uint128_t v); /* "340282…": NEAR's balances */
void alc_jw_bool(struct alc_jw *w, bool v);
void alc_jw_null(struct alc_jw *w);
void alc_jw_hex(struct alc_jw *w, struct alc_bytes b);
void alc_jw_base64(struct alc_jw *w, struct alc_bytes b);
void alc_jw_base58(struct alc_jw *w, struct alc_bytes b);
/* alc_jw_raw puts text that is JSON already. */
void alc_jw_raw(struct alc_jw *w, struct alc_bytes json);

#endif
