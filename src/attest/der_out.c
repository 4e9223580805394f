#include "attest/der_out.h"

#include "base/enc.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

size_t att_der_open(struct alc_buf *b, uint8_t tag)
{
    const uint8_t head[2] = {tag, 0};
    alc_buf_put(b, head, sizeof head);
    return b->n;
}

/* Lengths take one byte below 128, and up to three here: nothing is longer than 64 kB. */
void att_der_close(struct alc_buf *b, size_t start)
{
    size_t n, more;

    if (b->failed) return;
    n = b->n - start;
    more = n < 0x80 ? 0 : n < 0x100 ? 1 : 2;
    if (n > 0xffff || (more > 0 && alc_buf_room(b, more) == NULL)) {
        b->failed = true;
        return;
    }
    if (more > 0) memmove(b->p + start + more, b->p + start, n);
    b->p[start - 1] = more == 0 ? (uint8_t)n : (uint8_t)(0x80 | more);
    if (more == 2) b->p[start] = (uint8_t)(n >> 8);
    if (more > 0) b->p[start + more - 1] = (uint8_t)n;
    alc_buf_add(b, more);
}

void att_der_put(struct alc_buf *b, uint8_t tag, struct alc_bytes content)
{
    size_t at = att_der_open(b, tag);
    alc_buf_put_bytes(b, content);
    att_der_close(b, at);
}

void att_der_uint(struct alc_buf *b, struct alc_bytes magnitude)
{
    size_t at = att_der_open(b, ATT_DER_INTEGER);

    while (magnitude.n > 0 && magnitude.p[0] == 0) {
        magnitude.p++;
        magnitude.n--;
    }
    if (magnitude.n == 0 || magnitude.p[0] >= 0x80) alc_buf_put(b, "", 1);
    alc_buf_put_bytes(b, magnitude);
    att_der_close(b, at);
}

void att_der_u64(struct alc_buf *b, uint64_t v)
{
    uint8_t be[8];
    for (size_t i = 0; i < 8; i++)
        be[i] = (uint8_t)(v >> (56 - 8 * i));
    att_der_uint(b, (struct alc_bytes){be, sizeof be});
}

void att_der_bool(struct alc_buf *b, bool v)
{
    const uint8_t octet = v ? 0xff : 0;
    att_der_put(b, ATT_DER_BOOLEAN, (struct alc_bytes){&octet, 1});
}

void att_der_bits(struct alc_buf *b, uint8_t unused_bits, struct alc_bytes content)
{
    size_t at = att_der_open(b, ATT_DER_BITS);
    alc_buf_put(b, &unused_bits, 1);
    alc_buf_put_bytes(b, content);
    att_der_close(b, at);
}

void att_der_time(struct alc_buf *b, uint64_t unix_s)
{
    const time_t t = (time_t)unix_s;
    struct tm tm;
    char text[32];
    size_t n;

    if (gmtime_r(&t, &tm) == NULL || tm.tm_year < 70 || tm.tm_year > 8099) { /* year 9999 */
        b->failed = true;
        return;
    }
    n = strftime(text, sizeof text, "%Y%m%d%H%M%SZ", &tm);
    if (tm.tm_year < 150) /* UTCTime leaves the century out */
        att_der_put(b, 0x17, (struct alc_bytes){(const uint8_t *)text + 2, n - 2});
    else
        att_der_put(b, 0x18, (struct alc_bytes){(const uint8_t *)text, n});
}

void att_der_signature(struct alc_buf *b, const uint8_t sig[64])
{
    size_t bits = att_der_open(b, ATT_DER_BITS), both;

    alc_buf_put(b, "", 1); /* no unused bits */
    both = att_der_open(b, ATT_DER_SEQUENCE);
    att_der_uint(b, (struct alc_bytes){sig, 32});
    att_der_uint(b, (struct alc_bytes){sig + 32, 32});
    att_der_close(b, both);
    att_der_close(b, bits);
}

void att_pem_put(struct alc_buf *b, struct alc_bytes der)
{
    char line[ALC_BASE64_CHARS(48)];

    alc_buf_put_text(b, "-----BEGIN CERTIFICATE-----\n");
    for (size_t at = 0; at < der.n; at += 48) {
        size_t part = der.n - at < 48 ? der.n - at : 48, n;
        if (!alc_base64_encode(line, sizeof line, &n, (struct alc_bytes){der.p + at, part})) {
            b->failed = true;
            return;
        }
        alc_buf_put(b, line, n);
        alc_buf_put_text(b, "\n");
    }
    alc_buf_put_text(b, "-----END CERTIFICATE-----\n");
}
