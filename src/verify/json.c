#include "base/enc.h"
#include "base/utf8.h"
#include "verify/parts.h"

#define KEY_MAX 64u /* a longer key is none that anybody asks for */

struct vf_json vf_json(struct alc_bytes text)
{
    return (struct vf_json){text, 0, 0, false};
}

static void fail(struct vf_json *j)
{
    j->bad = true;
}

/* peek skips white space; 0 stands for the end and for a failed cursor, and begins nothing. */
static uint8_t peek(struct vf_json *j)
{
    if (j->bad) return 0;
    for (; j->at < j->text.n; j->at++) {
        uint8_t c = j->text.p[j->at];
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return c;
    }
    return 0;
}

static bool take(struct vf_json *j, uint8_t c)
{
    if (peek(j) != c) return false;
    j->at++;
    return true;
}

static void expect(struct vf_json *j, uint8_t c)
{
    if (!take(j, c)) fail(j);
}

static bool word(struct vf_json *j, struct alc_bytes w)
{
    if (peek(j) == 0 || j->text.n - j->at < w.n ||
        __builtin_memcmp(j->text.p + j->at, w.p, w.n) != 0)
        return false;
    j->at += w.n;
    return true;
}

bool vf_json_end(struct vf_json *j)
{
    (void)peek(j);
    if (j->at != j->text.n) fail(j);
    return !j->bad;
}

bool vf_json_null(struct vf_json *j)
{
    return word(j, ALC_LIT("null"));
}

/* ---- strings ---- */

struct raw {               /* of a cursor that failed: nothing */
    struct alc_bytes text; /* between the quotes */
    bool escaped;          /* a backslash is in it */
};

static struct raw raw_string(struct vf_json *j)
{
    const uint8_t *p = j->text.p;
    const size_t n = j->text.n;
    struct raw r = {{0}, false};
    bool escaped = false;
    uint8_t any = 0; /* all bytes together: is one of them not ASCII? */
    size_t i, from;

    expect(j, '"');
    if (j->bad) return r;
    from = j->at;
    for (i = from;; i++) {
        uint8_t b;
        while (i < n && (b = p[i]) >= 0x20 && b != '"' && b != '\\') {
            any |= b;
            i++;
        }
        if (i >= n || p[i] < 0x20) {
            fail(j);
            return r;
        }
        if (p[i] == '"') break;
        escaped = true;
        /* What follows is judged by unescape; it must only not end the string here. */
        if (i + 1 < n && p[i + 1] >= 0x20) any |= p[++i];
    }
    r = (struct raw){{p + from, i - from}, escaped};
    j->at = i + 1;
    if (any >= 0x80 && alc_utf8_good(r.text) != r.text.n) fail(j);
    return r;
}

static bool hex4(struct alc_cur *c, uint32_t *v)
{
    struct alc_bytes digits;
    uint8_t b[2];
    size_t n;

    if (!alc_cur_take(c, 4, &digits) || !alc_hex_decode(b, sizeof b, &n, digits)) return false;
    *v = (uint32_t)b[0] << 8 | b[1];
    return true;
}

/* unicode reads what follows \u, with the second half of a surrogate pair. */
static bool unicode(struct alc_cur *c, uint32_t *v)
{
    struct alc_bytes b;
    uint32_t low;

    if (!hex4(c, v)) return false;
    if (*v < 0xd800 || *v > 0xdfff) return true;
    if (*v >= 0xdc00 || !alc_cur_take(c, 2, &b) || !alc_bytes_eq(b, ALC_LIT("\\u")) ||
        !hex4(c, &low) || low < 0xdc00 || low > 0xdfff)
        return false;
    *v = 0x10000 + ((*v - 0xd800) << 10 | (low - 0xdc00));
    return true;
}

static size_t utf8_put(uint8_t out[4], uint32_t v)
{
    size_t n = v < 0x80 ? 1 : v < 0x800 ? 2 : v < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};

    for (size_t i = n; i-- > 1; v >>= 6)
        out[i] = (uint8_t)(0x80 | (v & 0x3f));
    out[0] = (uint8_t)(lead[n - 1] | v);
    return n;
}

/* escape reads what follows a backslash, as the bytes it stands for; 0: it is none. */
static size_t escape(struct alc_cur *c, uint8_t out[4])
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    uint32_t v;
    uint8_t b;

    if (!alc_cur_u8(c, &b)) return 0;
    if (b == 'u') return unicode(c, &v) ? utf8_put(out, v) : 0;
    for (size_t i = 0; i < sizeof from - 1; i++) {
        if ((uint8_t)from[i] != b) continue;
        out[0] = (uint8_t)to[i];
        return 1;
    }
    return 0;
}

/* unescape writes the text of a raw string, which never grows, to out[0..cap); *n is its whole
 * length, also when it does not fit. */
static bool unescape(struct alc_bytes raw, uint8_t *out, size_t cap, size_t *n)
{
    const uint8_t *p = raw.p, *end;
    size_t m = 0;

    *n = 0;
    if (raw.n == 0) return true; /* then p may be NULL */
    end = p + raw.n;
    while (p < end) {
        uint8_t b = *p++;
        if (b != '\\') {
            if (m < cap) out[m] = b;
            m++;
        } else {
            struct alc_cur c = {p, (size_t)(end - p)};
            uint8_t ch[4];
            size_t count = escape(&c, ch);
            if (count == 0) return false;
            for (size_t i = 0; i < count; i++, m++)
                if (m < cap) out[m] = ch[i];
            p = c.p;
        }
    }
    *n = m;
    return true;
}

struct alc_bytes vf_json_text(struct vf_json *j)
{
    struct raw r = raw_string(j);
    if (r.escaped) fail(j);
    return j->bad ? (struct alc_bytes){0} : r.text;
}

struct alc_bytes vf_json_string(struct vf_json *j, struct alc_verify_work *w)
{
    struct raw r = raw_string(j);
    uint8_t *p = j->bad ? NULL : vf_take(w, r.text.n);
    size_t n;

    if (p == NULL || !unescape(r.text, p, r.text.n, &n)) {
        fail(j);
        return (struct alc_bytes){0};
    }
    w->used -= r.text.n - n;
    return (struct alc_bytes){p, n};
}

void vf_json_hex(struct vf_json *j, uint8_t *out, size_t n)
{
    struct alc_bytes t = vf_json_text(j);
    size_t m;
    if (t.n != 2 * n || !alc_hex_decode(out, n, &m, t)) fail(j);
}

uint64_t vf_json_time(struct vf_json *j)
{
    static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
    struct alc_bytes t = vf_json_text(j);
    uint8_t parts[14];
    uint64_t v = 0;
    size_t n = 0;

    if (t.n != sizeof form - 1) fail(j);
    for (size_t i = 0; !j->bad && i < t.n; i++) {
        if (form[i] == 'd')
            parts[n++] = t.p[i];
        else if ((uint8_t)form[i] != t.p[i])
            fail(j);
    }
    if (!j->bad && !vf_time(parts, &v)) fail(j);
    return v;
}

/* ---- numbers ---- */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* digits reads an integer without a sign; false: none is there, or it exceeds 64 bits (in which
 * case it was passed all the same). */
static bool digits(struct vf_json *j, uint64_t *v)
{
    size_t from = j->at;
    bool fits = true;

    *v = 0;
    for (; j->at < j->text.n && is_digit(j->text.p[j->at]); j->at++)
        fits = fits && !__builtin_mul_overflow(*v, 10, v) &&
               !__builtin_add_overflow(*v, (uint64_t)(j->text.p[j->at] - '0'), v);
    if (j->at == from || (j->text.p[from] == '0' && j->at > from + 1)) fail(j);
    return fits && !j->bad;
}

uint64_t vf_json_u64(struct vf_json *j)
{
    uint64_t v;
    if (peek(j) == 0 || !digits(j, &v)) {
        fail(j);
        return 0;
    }
    return v;
}

int64_t vf_json_i64(struct vf_json *j)
{
    bool minus = take(j, '-');
    uint64_t v;

    if (j->bad || !digits(j, &v) || v > (uint64_t)INT64_MAX + minus) {
        fail(j);
        return 0;
    }
    return (int64_t)(minus ? 0 - v : v);
}

/* ---- what holds other values ---- */

static void enter(struct vf_json *j, uint8_t bracket)
{
    expect(j, bracket);
    if (++j->depth > VF_JSON_DEPTH_MAX) fail(j);
}

/* more says whether another element comes, and leaves the object or array when none does. */
static bool more(struct vf_json *j, bool first, uint8_t bracket)
{
    if (take(j, bracket)) {
        j->depth--;
        return false;
    }
    if (!first) expect(j, ',');
    return !j->bad;
}

static size_t find(struct alc_bytes key, const struct vf_member *members, size_t count)
{
    size_t i = 0;
    while (i < count && !alc_bytes_is(key, members[i].name))
        i++;
    return i;
}

uint32_t vf_json_object(struct vf_json *j, const struct vf_member *members, size_t count, void *ctx)
{
    uint32_t seen = 0;

    enter(j, '{');
    for (bool first = true; more(j, first, '}'); first = false) {
        struct raw r = raw_string(j);
        uint8_t plain[KEY_MAX];
        size_t i;

        if (r.escaped) {
            size_t n = 0;
            if (!unescape(r.text, plain, sizeof plain, &n)) fail(j);
            r.text = (struct alc_bytes){plain, n <= sizeof plain ? n : 0};
        }
        expect(j, ':');
        if (j->bad) break;
        i = find(r.text, members, count);
        if (i == count) {
            vf_json_skip(j);
            continue;
        }
        if ((seen >> i & 1) != 0) fail(j);
        seen |= UINT32_C(1) << i;
        if (!j->bad) members[i].read(j, ctx);
    }
    for (size_t i = 0; i < count; i++)
        if (members[i].must && (seen >> i & 1) == 0) fail(j);
    return seen;
}

void vf_json_array(struct vf_json *j, size_t max, void (*item)(struct vf_json *j, void *ctx),
                   void *ctx)
{
    enter(j, '[');
    for (size_t n = 0; more(j, n == 0, ']'); n++) {
        if (n == max) fail(j);
        if (!j->bad) item(j, ctx);
    }
}

static void skip_item(struct vf_json *j, void *ctx)
{
    (void)ctx;
    vf_json_skip(j);
}

void vf_json_skip(struct vf_json *j)
{
    uint8_t c = peek(j);
    uint64_t v;

    if (c == '{') {
        (void)vf_json_object(j, NULL, 0, NULL);
    } else if (c == '[') {
        vf_json_array(j, SIZE_MAX, skip_item, NULL);
    } else if (c == '"') {
        struct raw r = raw_string(j);
        size_t n;
        if (r.escaped && !unescape(r.text, NULL, 0, &n)) fail(j);
    } else if (c == '-' || is_digit(c)) {
        (void)take(j, '-');
        (void)digits(j, &v);
    } else if (!vf_json_null(j) && !word(j, ALC_LIT("true")) && !word(j, ALC_LIT("false"))) {
        fail(j);
    }
}
