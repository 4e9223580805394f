/* sdk/contract/json.h — JSON for contracts: a cursor over the call's arguments, tables that say
 * what an object may hold, and a writer into a fixed buffer.
 *
 * Reading accepts what serde_json accepts of the same types, since that is what callers of NEAR
 * contracts write for: exact integers (no 1e9, 1.0, "5" or -0), known keys once, unknown keys
 * skimmed, at most 127 levels, UTF-8, no unpaired surrogate, an object also as an array of its
 * values in the table's order.  A text that is not what was asked for panics; nothing returns an
 * error.  Strings are unescaped in place, so the text is ours to change and is read once. */
#ifndef NEAR_JSON_H
#define NEAR_JSON_H

#include "contract/near.h"

#define NEAR_JSON_DEPTH_MAX 127u

struct near_json {
    uint8_t *p;
    uint8_t *end;
    unsigned depth;
    bool soft, failed; /* near_json_member's: what is wrong does not panic */
};

/* near_json_begin and near_json_end frame a text: nothing but white space may follow its value. */
struct near_json near_json_begin(uint8_t *p, size_t n);
void near_json_end(struct near_json *j);
NEAR_NORETURN void near_json_fail(const char *why);

/* One key of an object: how its value is read, to where in the struct, and whether it must be
 * there.  Keys and values are matched in any order. */
enum near_need {
    NEAR_MUST,    /* absent is an error */
    NEAR_MAY,     /* absent or null: the struct keeps what it held */
    NEAR_DEFAULT, /* absent: the struct keeps what it held; null is an error */
};

struct near_field {
    const char *name;
    uint16_t at;
    uint8_t value; /* enum near_value, or one of the contract's own */
    uint8_t need : 2, name_n : 6;
};

#define NEAR_FIELD(name, type, member, read, need)                                                 \
    {name, offsetof(type, member), NEAR_VALUE_##read, need, sizeof name - 1}
/* One that is read to, or written from, the whole struct. */
#define NEAR_FIELD_ALL(name, read, need) {name, 0, NEAR_VALUE_##read, need, sizeof name - 1}

/* near_json_object reads one object into the struct at `out`, which holds the defaults.  A table
 * has at most 32 fields. */
void near_json_object(struct near_json *j, void *out, const struct near_field *fields, size_t n);

/* near_args reads the call's arguments: one object.  They live until the next near_args. */
void near_args(void *out, const struct near_field *fields, size_t n);
#define NEAR_ARGS(out, fields) near_args(out, fields, sizeof(fields) / sizeof((fields)[0]))

/* Values that may be absent; `some` is 0 or 1.  Integers without gaps, so that a struct of them can
 * be stored as it lies in memory. */
struct near_opt_u64 {
    uint64_t v;
    uint64_t some;
};
struct near_opt_u32 {
    uint32_t v;
    uint32_t some;
};
struct near_opt_u128 {
    near_u128 v;
    bool some;
};

/* Readers for the tables; the type that `out` must point to is named. */
void near_read_bool(struct near_json *j, void *out);     /* bool */
void near_read_u8(struct near_json *j, void *out);       /* uint32_t, at most 255 */
void near_read_u32(struct near_json *j, void *out);      /* uint32_t */
void near_read_u64(struct near_json *j, void *out);      /* uint64_t */
void near_read_opt_u32(struct near_json *j, void *out);  /* struct near_opt_u32 */
void near_read_opt_u64(struct near_json *j, void *out);  /* struct near_opt_u64 */
void near_read_u128(struct near_json *j, void *out);     /* near_u128, a decimal string */
void near_read_opt_u128(struct near_json *j, void *out); /* struct near_opt_u128 */
void near_read_string(struct near_json *j, void *out);   /* struct alc_bytes; p is never NULL */
void near_read_account(struct near_json *j, void *out);  /* struct alc_bytes, a valid id */
void near_read_key(struct near_json *j, void *out);      /* struct alc_hash: an Ed25519 key */
void near_read_hash(struct near_json *j, void *out);     /* struct alc_hash: 64 hex digits */
void near_read_octets(struct near_json *j, void *out);   /* struct alc_bytes: [0..255, ...] */

/* near_read_json checks any value and borrows it without its insignificant white space. */
void near_read_json(struct near_json *j, void *out); /* struct alc_bytes */

/* ---- Values that a table can name, by their readers ---- */

struct near_out;

struct near_value {
    void (*read)(struct near_json *j, void *out);
    void (*write)(struct near_out *o, const void *in); /* NULL: a string */
};

#define NEAR_VALUE_NAMED(read, write) NEAR_VALUE_##read,
#define NEAR_VALUE_DECLARED(read, write) void read(struct near_json *j, void *out);
#define NEAR_VALUE_ROW(read, write) {read, write},

enum near_value_named {
    NEAR_VALUE_near_read_string,
    NEAR_VALUE_near_read_account,
    NEAR_VALUE_near_read_bool,
    NEAR_VALUE_near_read_u8,
    NEAR_VALUE_near_read_u32,
    NEAR_VALUE_near_read_u64,
    NEAR_VALUE_near_read_opt_u32,
    NEAR_VALUE_near_read_opt_u64,
    NEAR_VALUE_near_read_hash,
#ifndef NEAR_PLAIN_VALUES /* a contract that has none of these is 3 kB shorter for saying so */
    NEAR_VALUE_near_read_u128,
    NEAR_VALUE_near_read_opt_u128,
    NEAR_VALUE_near_read_key,
    NEAR_VALUE_near_read_octets,
    NEAR_VALUE_near_read_json,
#endif
    NEAR_VALUES
};

/* Those of a contract's own it lists once with their writers, which may be NULL,
 *
 *     #define VALUES(X) X(read_shape, write_shape) X(read_colours, NULL)
 *
 * in a header says NEAR_OWN_VALUES(VALUES) and in one of its files NEAR_OWN_VALUES_DEFINED(VALUES).
 */
#define NEAR_OWN_VALUES(LIST)                                                                      \
    LIST(NEAR_VALUE_DECLARED)                                                                      \
    enum near_own_value_named { NEAR_OWN_VALUES_BEFORE = NEAR_VALUES - 1, LIST(NEAR_VALUE_NAMED) };
#define NEAR_OWN_VALUES_DEFINED(LIST)                                                              \
    const struct near_value near_own_values[] = {LIST(NEAR_VALUE_ROW)};
extern const struct near_value near_own_values[];

/* An enum: a string, or an object with one key.  near_json_variant sets *name and returns whether
 * a value follows, which the caller reads; then near_json_variant_end(j, that answer). */
bool near_json_variant(struct near_json *j, struct alc_bytes *name);
void near_json_variant_end(struct near_json *j, bool with_value);
/* For a variant without a value: null may follow. */
void near_json_variant_unit(struct near_json *j, bool with_value);
bool near_json_null(struct near_json *j);    /* takes a null if one comes next */
uint8_t near_json_peek(struct near_json *j); /* the next token's first byte; 0 at the end */

/* near_json_member finds in a text of its own, which is ours to change, the string that an object
 * holds under `key`: of repeated keys the last one's.  false, and never a panic: the text is not
 * JSON, not an object, or holds no string there. */
ALC_MUST bool near_json_member(struct alc_bytes *out, struct alc_bytes key, uint8_t *p, size_t n);

/* near_json_list reads an array and calls `item` at each element. */
void near_json_list(struct near_json *j, void (*item)(struct near_json *j, void *to), void *to);

/* The writer.  What does not fit sets `full` and is left out; near_out_bytes panics with `what`
 * when that happened, so that a cut text is never used. */
struct near_out {
    uint8_t *p;
    size_t n;
    size_t cap;
    bool full;
};

#define NEAR_OUT(buf) ((struct near_out){(buf), 0, sizeof(buf), false})
#define near_out_lit(o, text) near_out_put(o, text, sizeof(text) - 1)

struct alc_bytes near_out_bytes(const struct near_out *o, const char *what);
void near_out_put(struct near_out *o, const void *p, size_t n);
void near_out_raw(struct near_out *o, struct alc_bytes b);
void near_out_text(struct near_out *o, const char *text);      /* as it is */
void near_out_esc(struct near_out *o, struct alc_bytes s);     /* a string's inside */
void near_out_str(struct near_out *o, struct alc_bytes s);     /* with its quotes */
void near_out_opt_str(struct near_out *o, struct alc_bytes s); /* p NULL: null */
void near_out_u64(struct near_out *o, uint64_t v);
void near_out_opt_u64(struct near_out *o, uint64_t v, bool some);
void near_out_u128(struct near_out *o, near_u128 v);     /* digits */
void near_out_u128_str(struct near_out *o, near_u128 v); /* "digits" */
void near_out_bool(struct near_out *o, bool v);
void near_out_octets(struct near_out *o, struct alc_bytes b);    /* [1,2,3] */
void near_out_hex(struct near_out *o, struct alc_bytes b);       /* "0a1b" */
void near_out_base64(struct near_out *o, struct alc_bytes b);    /* "AAEC" */
void near_out_key(struct near_out *o, const struct alc_hash *k); /* "ed25519:..." */

/* near_out_members writes what a table describes, "name":value,"name":value and so on in the
 * table's order, without the braces; near_out_object with them.  Each value is written as its
 * reader reads it; a string with p NULL is null. */
void near_out_members(struct near_out *o, const void *in, const struct near_field *fields,
                      size_t n);
void near_out_object(struct near_out *o, const void *in, const struct near_field *fields, size_t n);
#define NEAR_OUT_MEMBERS(o, in, fields)                                                            \
    near_out_members(o, in, fields, sizeof(fields) / sizeof((fields)[0]))
#define NEAR_OUT_OBJECT(o, in, fields)                                                             \
    near_out_object(o, in, fields, sizeof(fields) / sizeof((fields)[0]))

#endif
