#include "base/enc.h"

bool alc_hex_encode(char *out, size_t cap, size_t *n, struct alc_bytes in)
{
    static const char digit[] = "0123456789abcdef";
    if (in.n > cap / 2) return false;
    for (size_t i = 0; i < in.n; i++) {
        out[2 * i] = digit[in.p[i] >> 4];
        out[2 * i + 1] = digit[in.p[i] & 15];
    }
    *n = 2 * in.n;
    return true;
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool alc_hex_decode(uint8_t *out, size_t cap, size_t *n, struct alc_bytes in)
{
    if (in.n % 2 != 0 || in.n / 2 > cap) return false;
    for (size_t i = 0; i < in.n; i += 2) {
        int hi = hex_value(in.p[i]), lo = hex_value(in.p[i + 1]);
        if (hi < 0 || lo < 0) return false;
        out[i / 2] = (uint8_t)(hi << 4 | lo);
    }
    *n = in.n / 2;
    return true;
}

static const char base64_digit[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool alc_base64_encode(char *out, size_t cap, size_t *n, struct alc_bytes in)
{
    size_t m = 0;
    if (in.n > cap / 4 * 3 || ALC_BASE64_CHARS(in.n) > cap) return false;
    for (size_t i = 0; i < in.n; i += 3) {
        size_t left = in.n - i;
        uint32_t v = (uint32_t)in.p[i] << 16;
        if (left > 1) v |= (uint32_t)in.p[i + 1] << 8;
        if (left > 2) v |= in.p[i + 2];
        out[m++] = base64_digit[v >> 18];
        out[m++] = base64_digit[v >> 12 & 63];
        out[m++] = left > 1 ? base64_digit[v >> 6 & 63] : '=';
        out[m++] = left > 2 ? base64_digit[v & 63] : '=';
    }
    *n = m;
    return true;
}

/* Its inverse; -1 elsewhere.  A table, since contracts pay for every instruction. */
#define NONE4 -1, -1, -1, -1
#define NONE16 NONE4, NONE4, NONE4, NONE4
#define NONE64 NONE16, NONE16, NONE16, NONE16
static const int8_t base64_value[256] = {
    NONE16, NONE16, NONE4, NONE4, -1, -1, -1, 62,    -1, -1, -1, 63, 52, 53, 54,    55,     56,
    57,     58,     59,    60,    61, -1, -1, NONE4, -1, 0,  1,  2,  3,  4,  5,     6,      7,
    8,      9,      10,    11,    12, 13, 14, 15,    16, 17, 18, 19, 20, 21, 22,    23,     24,
    25,     -1,     NONE4, -1,    26, 27, 28, 29,    30, 31, 32, 33, 34, 35, 36,    37,     38,
    39,     40,     41,    42,    43, 44, 45, 46,    47, 48, 49, 50, 51, -1, NONE4, NONE64, NONE64,
};

bool alc_base64_decode(uint8_t *out, size_t cap, size_t *n, struct alc_bytes in)
{
    const uint8_t *p = in.p;
    size_t m = 0, pad = 0, whole = in.n;

    if (in.n % 4 != 0) return false;
    if (in.n > 0 && in.p[in.n - 1] == '=') pad = in.p[in.n - 2] == '=' ? 2 : 1;
    if (in.n / 4 * 3 - pad > cap) return false;
    if (pad > 0) whole -= 4;
    for (size_t i = 0; i < whole; i += 4, p += 4) {
        int a = base64_value[p[0]], b = base64_value[p[1]];
        int c = base64_value[p[2]], d = base64_value[p[3]];
        if ((a | b | c | d) < 0) return false;
        out[m++] = (uint8_t)(a << 2 | b >> 4);
        out[m++] = (uint8_t)(b << 4 | c >> 2);
        out[m++] = (uint8_t)(c << 6 | d);
    }
    if (pad > 0) {
        int a = base64_value[p[0]], b = base64_value[p[1]];
        int c = pad == 1 ? base64_value[p[2]] : 0;
        if ((a | b | c) < 0) return false;
        if (pad == 1 ? (c & 3) != 0 : (b & 15) != 0) return false; /* bits that mean nothing */
        out[m++] = (uint8_t)(a << 2 | b >> 4);
        if (pad == 1) out[m++] = (uint8_t)(b << 4 | c >> 2);
    }
    *n = m;
    return true;
}

static const char base58_digit[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

bool alc_base58_encode(char *out, size_t cap, size_t *n, struct alc_bytes in)
{
    uint8_t digits[ALC_BASE58_CHARS(ALC_BASE58_MAX_BYTES)];
    size_t zeros = 0, m = 0;

    if (in.n > ALC_BASE58_MAX_BYTES) return false;
    while (zeros < in.n && in.p[zeros] == 0)
        zeros++;
    for (size_t i = zeros; i < in.n; i++) {
        uint32_t carry = in.p[i];
        for (size_t j = 0; j < m; j++) {
            carry += (uint32_t)digits[j] << 8;
            digits[j] = (uint8_t)(carry % 58);
            carry /= 58;
        }
        for (; carry > 0; carry /= 58)
            digits[m++] = (uint8_t)(carry % 58);
    }
    if (zeros + m > cap) return false;
    for (size_t i = 0; i < zeros; i++)
        out[i] = '1';
    for (size_t i = 0; i < m; i++)
        out[zeros + i] = base58_digit[digits[m - 1 - i]];
    *n = zeros + m;
    return true;
}

static int base58_value(uint8_t c)
{
    for (int i = 0; i < 58; i++)
        if ((uint8_t)base58_digit[i] == c) return i;
    return -1;
}

bool alc_base58_decode(uint8_t *out, size_t cap, size_t *n, struct alc_bytes in)
{
    uint8_t bytes[ALC_BASE58_MAX_BYTES]; /* little endian */
    size_t zeros = 0, m = 0;

    while (zeros < in.n && in.p[zeros] == '1')
        zeros++;
    for (size_t i = zeros; i < in.n; i++) {
        int d = base58_value(in.p[i]);
        uint32_t carry = (uint32_t)d;
        if (d < 0) return false;
        for (size_t j = 0; j < m; j++) {
            carry += (uint32_t)bytes[j] * 58;
            bytes[j] = (uint8_t)carry;
            carry >>= 8;
        }
        for (; carry > 0; carry >>= 8) {
            if (m == sizeof bytes) return false;
            bytes[m++] = (uint8_t)carry;
        }
    }
    if (zeros > cap || m > cap - zeros) return false;
    for (size_t i = 0; i < zeros; i++)
        out[i] = 0;
    for (size_t i = 0; i < m; i++)
        out[zeros + i] = bytes[m - 1 - i];
    *n = zeros + m;
    return true;
}

uint32_t alc_u128_divide(__uint128_t *v, uint32_t d)
{
    uint64_t rest = 0;

    for (int limb = 0; limb < 4; limb++) { /* its digit leaves at the top, the quotient's enters */
        rest = rest << 32 | (uint32_t)(*v >> 96);
        *v = *v << 32 | rest / d;
        rest %= d;
    }
    return (uint32_t)rest;
}

size_t alc_u128_encode(char out[ALC_U128_DIGITS], __uint128_t v)
{
    char rev[ALC_U128_DIGITS];
    size_t n = 0;

    do { /* nine digits to a division */
        uint32_t group = alc_u128_divide(&v, 1000000000);
        for (int i = 0; i < 9 && (v > 0 || group > 0 || n == 0); i++) {
            rev[n++] = (char)('0' + group % 10);
            group /= 10;
        }
    } while (v > 0);
    for (size_t i = 0; i < n; i++)
        out[i] = rev[n - 1 - i];
    return n;
}

bool alc_u128_decode(__uint128_t *v, struct alc_bytes in)
{
    const __uint128_t most = ~(__uint128_t)0;
    __uint128_t r = 0;
    if (in.n == 0) return false;
    for (size_t i = 0; i < in.n; i++) {
        unsigned d = (unsigned)(in.p[i] - '0');
        if (d > 9 || r > most / 10 || r * 10 > most - d) return false;
        r = r * 10 + d;
    }
    *v = r;
    return true;
}
