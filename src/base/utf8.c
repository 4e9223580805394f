#include "base/utf8.h"

size_t alc_utf8_next(struct alc_bytes t, bool *ok)
{
    uint8_t c = t.p[0];
    uint8_t least = 0x80, most = 0xbf; /* of the second byte */
    size_t n, i;

    *ok = c < 0x80;
    if (c < 0xc2 || c > 0xf4) return 1;
    n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    if (c == 0xe0) least = 0xa0;
    if (c == 0xed) most = 0x9f;
    if (c == 0xf0) least = 0x90;
    if (c == 0xf4) most = 0x8f;
    for (i = 1; i < n; i++) {
        if (i >= t.n || t.p[i] < least || t.p[i] > most) return i;
        least = 0x80;
        most = 0xbf;
    }
    *ok = true;
    return n;
}

size_t alc_utf8_good(struct alc_bytes t)
{
    size_t i = 0;
    while (i < t.n) {
        bool ok;
        size_t n = alc_utf8_next((struct alc_bytes){t.p + i, t.n - i}, &ok);
        if (!ok) break;
        i += n;
    }
    return i;
}

size_t alc_utf8_cut(struct alc_bytes t, size_t most)
{
    if (t.n <= most) return t.n;
    while (most > 0 && (t.p[most] & 0xc0) == 0x80)
        most--;
    return most;
}
