#include "verify/parts.h"

/* header reads tag and length and takes the content with it. */
static bool element(struct alc_cur *c, uint8_t *tag, struct alc_bytes *content,
                    struct alc_bytes *whole)
{
    struct alc_cur d = *c;
    uint8_t first;
    size_t n;

    if (!alc_cur_u8(&d, tag) || (*tag & 0x1f) == 0x1f || !alc_cur_u8(&d, &first)) return false;
    n = first;
    if (first >= 0x80) {
        struct alc_bytes b;
        if (first == 0x80 || first > 0x84 || !alc_cur_take(&d, first & 0x7f, &b)) return false;
        n = 0;
        for (size_t i = 0; i < b.n; i++)
            n = n << 8 | b.p[i];
        /* the shortest form alone */
        if (b.p[0] == 0 || n < 0x80) return false;
    }
    if (!alc_cur_take(&d, n, content)) return false;
    *whole = (struct alc_bytes){c->p, c->n - d.n};
    *c = d;
    return true;
}

bool vf_der_any(struct alc_cur *c, uint8_t *tag, struct alc_bytes *content)
{
    struct alc_bytes whole;
    return element(c, tag, content, &whole);
}

bool vf_der_whole(struct alc_cur *c, uint8_t tag, struct alc_bytes *content,
                  struct alc_bytes *whole)
{
    uint8_t got;
    return c->n > 0 && c->p[0] == tag && element(c, &got, content, whole);
}

bool vf_der(struct alc_cur *c, uint8_t tag, struct alc_bytes *content)
{
    struct alc_bytes whole;
    return vf_der_whole(c, tag, content, &whole);
}

bool vf_der_next(struct alc_cur *c, struct alc_bytes want)
{
    if (c->n < want.n || __builtin_memcmp(c->p, want.p, want.n) != 0) return false;
    c->p += want.n;
    c->n -= want.n;
    return true;
}

/* unsigned_integer: an INTEGER in its shortest form that is not negative, without the zero that
 * keeps its sign; zero itself has no bytes. */
static bool unsigned_integer(struct alc_cur *c, struct alc_bytes *v)
{
    struct alc_cur d = *c;

    if (!vf_der(&d, 0x02, v) || v->n == 0 || v->p[0] >= 0x80) return false;
    if (v->p[0] == 0) {
        if (v->n > 1 && v->p[1] < 0x80) return false;
        v->p++;
        v->n--;
    }
    *c = d;
    return true;
}

bool vf_der_positive(struct alc_cur *c, size_t max, struct alc_bytes *v)
{
    struct alc_cur d = *c;
    if (!unsigned_integer(&d, v) || v->n == 0 || v->n > max) return false;
    *c = d;
    return true;
}

bool vf_der_uint(struct alc_cur *c, uint64_t max, uint64_t *v)
{
    struct alc_cur d = *c;
    struct alc_bytes b;
    uint64_t r = 0;

    if (!unsigned_integer(&d, &b) || b.n > sizeof r) return false;
    for (size_t i = 0; i < b.n; i++)
        r = r << 8 | b.p[i];
    if (r > max) return false;
    *v = r;
    *c = d;
    return true;
}

bool vf_der_signature(uint8_t out[64], struct alc_bytes der)
{
    struct alc_cur c = alc_cur(der);
    struct alc_bytes v;

    if (!vf_der(&c, 0x30, &v) || c.n != 0) return false;
    c = alc_cur(v);
    __builtin_memset(out, 0, 64);
    for (size_t end = 32; end <= 64; end += 32) {
        if (!vf_der_positive(&c, 32, &v)) return false;
        __builtin_memcpy(out + end - v.n, v.p, v.n);
    }
    return c.n == 0;
}

static bool number(const uint8_t *p, size_t n, uint32_t least, uint32_t most, uint32_t *v)
{
    *v = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9') return false;
        *v = *v * 10 + (uint32_t)(p[i] - '0');
    }
    return *v >= least && *v <= most;
}

bool vf_time(const uint8_t digits[14], uint64_t *unix_s)
{
    static const uint16_t before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    uint32_t year, month, day, hour, minute, second, days, to, length;

    if (!number(digits, 4, 1970, 9999, &year) || !number(digits + 4, 2, 1, 12, &month) ||
        !number(digits + 6, 2, 1, 31, &day) || !number(digits + 8, 2, 0, 23, &hour) ||
        !number(digits + 10, 2, 0, 59, &minute) || !number(digits + 12, 2, 0, 59, &second))
        return false;
    length = (month < 12 ? before[month] : 365u) - before[month - 1];
    if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)) length++;
    if (day > length) return false;
    to = month > 2 ? year : year - 1; /* the last year whose leap day may have passed */
    days = (year - 1970) * 365 + before[month - 1] + day - 1;
    days += to / 4 - to / 100 + to / 400 - 477; /* 477 leap days before 1970 */
    *unix_s = ((uint64_t)days * 24 + hour) * 3600 + minute * 60 + second;
    return true;
}

bool vf_der_time(struct alc_cur *c, uint64_t *unix_s)
{
    struct alc_cur d = *c;
    uint8_t digits[14] = {'2', '0'};
    struct alc_bytes v;
    uint8_t tag;
    size_t century;

    if (!vf_der_any(&d, &tag, &v) || (tag != 0x17 && tag != 0x18)) return false;
    century = tag == 0x17 ? 2 : 0; /* UTCTime has two digits of the year: 1950 .. 2049 */
    if (v.n != sizeof digits + 1 - century || v.p[v.n - 1] != 'Z') return false;
    if (century != 0 && v.p[0] >= '5') {
        digits[0] = '1';
        digits[1] = '9';
    }
    __builtin_memcpy(digits + century, v.p, v.n - 1);
    if (!vf_time(digits, unix_s)) return false;
    *c = d;
    return true;
}
