/* sdk/contract/json.c — objects by table, and the readers of their values. */
#include "contract/json_text.h"

#include "base/enc.h"

static NEAR_NORETURN void fail_with(const char *why, const char *name)
{
    near_panic_parts("Failed to deserialize input from JSON: ", alc_cstr(why), name);
}

void near_json_fail(const char *why)
{
    fail_with(why, "");
}

/* ---- Objects by table ---- */

static const struct near_field *field_of(const struct near_field *fields, size_t n,
                                         struct alc_bytes key)
{
    for (size_t i = 0; i < n; i++)
        if (fields[i].name_n == key.n && __builtin_memcmp(fields[i].name, key.p, key.n) == 0)
            return &fields[i];
    return NULL;
}

static void (*const readers[NEAR_VALUES])(struct near_json *j, void *out) = {
    [NEAR_VALUE_near_read_string] = near_read_string,
    [NEAR_VALUE_near_read_account] = near_read_account,
    [NEAR_VALUE_near_read_bool] = near_read_bool,
    [NEAR_VALUE_near_read_u8] = near_read_u8,
    [NEAR_VALUE_near_read_u32] = near_read_u32,
    [NEAR_VALUE_near_read_u64] = near_read_u64,
    [NEAR_VALUE_near_read_opt_u32] = near_read_opt_u32,
    [NEAR_VALUE_near_read_opt_u64] = near_read_opt_u64,
    [NEAR_VALUE_near_read_hash] = near_read_hash,
#ifndef NEAR_PLAIN_VALUES
    [NEAR_VALUE_near_read_u128] = near_read_u128,
    [NEAR_VALUE_near_read_opt_u128] = near_read_opt_u128,
    [NEAR_VALUE_near_read_key] = near_read_key,
    [NEAR_VALUE_near_read_octets] = near_read_octets,
    [NEAR_VALUE_near_read_json] = near_read_json,
#endif
};

static void read_field(struct near_json *j, uint8_t *out, const struct near_field *f)
{
    if (f->need == NEAR_MAY && near_json_null(j)) return;
    if (f->value < NEAR_VALUES)
        readers[f->value](j, out + f->at);
    else
        near_own_values[f->value - NEAR_VALUES].read(j, out + f->at);
}

static void from_array(struct near_json *j, uint8_t *out, const struct near_field *fields, size_t n)
{
    size_t i = 0;

    if (!json_take(j, ']')) {
        do {
            if (i == n) near_json_fail("too many elements");
            read_field(j, out, &fields[i++]);
        } while (json_take(j, ','));
        json_expect(j, ']');
    }
    for (; i < n; i++)
        if (fields[i].need == NEAR_MUST) near_json_fail("too few elements");
}

void near_json_object(struct near_json *j, void *out, const struct near_field *fields, size_t n)
{
    uint32_t seen = 0;

    json_enter(j);
    if (json_take(j, '[')) {
        from_array(j, out, fields, n);
        j->depth--;
        return;
    }
    json_expect(j, '{');
    if (!json_take(j, '}')) {
        do {
            const struct near_field *f;
            struct alc_bytes key;

            json_expect(j, '"');
            key = json_string(j);
            json_expect(j, ':');
            f = field_of(fields, n, key);
            if (f == NULL) {
                json_skim(j);
                continue;
            }
            if ((seen >> (f - fields) & 1) != 0) fail_with("duplicate field ", f->name);
            seen |= UINT32_C(1) << (f - fields);
            read_field(j, out, f);
        } while (json_take(j, ','));
        json_expect(j, '}');
    }
    for (size_t i = 0; i < n; i++)
        if (fields[i].need == NEAR_MUST && (seen >> i & 1) == 0)
            fail_with("missing field ", fields[i].name);
    j->depth--;
}

void near_args(void *out, const struct near_field *fields, size_t n)
{
    static uint8_t buf[NEAR_ARGS_MAX_BYTES];
    struct alc_bytes in = near_input(buf, sizeof buf);
    struct near_json j = near_json_begin(buf, in.n);

    near_json_object(&j, out, fields, n);
    near_json_end(&j);
}

/* ---- Readers ---- */

void near_read_bool(struct near_json *j, void *out)
{
    bool v = near_json_peek(j) == 't';
    json_word(j, v ? ALC_LIT("true") : ALC_LIT("false"));
    *(bool *)out = v;
}

void near_read_string(struct near_json *j, void *out)
{
    json_expect(j, '"');
    *(struct alc_bytes *)out = json_string(j);
}

void near_read_u128(struct near_json *j, void *out)
{
    struct alc_bytes s;
    near_read_string(j, &s);
    if (s.n > 0 && s.p[0] == '+') s = (struct alc_bytes){s.p + 1, s.n - 1};
    if (!alc_u128_decode(out, s)) near_json_fail("expected an amount as a decimal string");
}

void near_read_opt_u128(struct near_json *j, void *out)
{
    struct near_opt_u128 *o = out;
    near_read_u128(j, &o->v);
    o->some = true;
}

/* Here, since guests read accounts too and have no host. */
bool near_account_valid(struct alc_bytes id)
{
    bool separator = true; /* none may come first, last, or after another */

    if (id.n < 2 || id.n > NEAR_ACCOUNT_MAX_BYTES) return false;
    for (size_t i = 0; i < id.n; i++) {
        uint8_t c = id.p[i];
        if (c == '-' || c == '_' || c == '.') {
            if (separator) return false;
            separator = true;
        } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            separator = false;
        } else {
            return false;
        }
    }
    return !separator;
}

void near_read_account(struct near_json *j, void *out)
{
    near_read_string(j, out);
    if (!near_account_valid(*(struct alc_bytes *)out)) near_json_fail("not an account id");
}

void near_read_key(struct near_json *j, void *out)
{
    static const char curve[] = "ed25519";
    struct alc_hash *key = out;
    struct alc_bytes s;
    size_t i = 0, n;

    near_read_string(j, &s);
    while (i < s.n && s.p[i] != ':')
        i++;
    if (i < s.n) { /* no prefix means Ed25519 */
        if (i != sizeof curve - 1) near_json_fail("expected an ed25519 key");
        for (size_t k = 0; k < i; k++)
            if ((s.p[k] | 0x20) != (uint8_t)curve[k]) near_json_fail("expected an ed25519 key");
        s = (struct alc_bytes){s.p + i + 1, s.n - i - 1};
    }
    if (!alc_base58_decode(key->b, sizeof key->b, &n, s) || n != sizeof key->b)
        near_json_fail("expected an ed25519 key");
}

void near_read_hash(struct near_json *j, void *out)
{
    struct alc_hash *h = out;
    struct alc_bytes text;
    size_t n;

    near_read_string(j, &text);
    if (!alc_hex_decode(h->b, sizeof h->b, &n, text) || n != sizeof h->b)
        near_json_fail("expected 64 hex digits");
}

void near_json_list(struct near_json *j, void (*item)(struct near_json *j, void *to), void *to)
{
    json_enter(j);
    json_expect(j, '[');
    if (!json_take(j, ']')) {
        do {
            item(j, to);
        } while (json_take(j, ','));
        json_expect(j, ']');
    }
    j->depth--;
}

static void octet(struct near_json *j, void *to)
{
    uint8_t **p = to;
    uint64_t v;
    near_read_u64(j, &v);
    if (v > 255) near_json_fail("integer out of range");
    *(*p)++ = (uint8_t)v;
}

void near_read_octets(struct near_json *j, void *out)
{
    uint8_t *start, *end; /* written over the array's own text, which is never shorter */

    (void)near_json_peek(j);
    start = end = j->p;
    near_json_list(j, octet, &end);
    *(struct alc_bytes *)out = (struct alc_bytes){start, (size_t)(end - start)};
}

bool near_json_variant(struct near_json *j, struct alc_bytes *name)
{
    bool with_value = json_take(j, '{');

    if (with_value) json_enter(j);
    near_read_string(j, name);
    if (with_value) json_expect(j, ':');
    return with_value;
}

void near_json_variant_end(struct near_json *j, bool with_value)
{
    if (!with_value) near_json_fail("a variant lacks its value");
    json_expect(j, '}');
    j->depth--;
}

void near_json_variant_unit(struct near_json *j, bool with_value)
{
    if (!with_value) return;
    if (!near_json_null(j)) near_json_fail("a variant has no value");
    near_json_variant_end(j, with_value);
}
