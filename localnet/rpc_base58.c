/* localnet/rpc_base58.c — base58 of many bytes: the arguments of the older `query` form.  What else
 * is written so (keys, hashes) is short, and read by base/enc.h. */
#include <string.h>

#include "localnet/rpc_params.h"

/* Five digits go into a number of 32 bits limbs at a time: 58^5 is below 2^32. */
#define DIGITS 5u

static int digit_of(uint8_t c)
{
    static const char digits[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    const char *at = c == 0 ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)(at - digits);
}

/* number = number * by + add, over *used limbs, the lowest first. */
static void multiply_add(uint32_t *limbs, size_t *used, uint32_t by, uint32_t add)
{
    uint64_t carry = add;
    for (size_t i = 0; i < *used; i++) {
        carry += (uint64_t)limbs[i] * by;
        limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry > 0) limbs[(*used)++] = (uint32_t)carry;
}

enum alc_rc lnet_base58_read(struct alc_bytes *out, struct alc_bytes text, struct alc_arena *arena,
                             struct alc_err *err)
{
    const size_t most = (size_t)LNET_BASE58_DATA_MAX_BYTES * 138 / 100 + 1; /* digits */
    size_t zeros = 0, used = 0, n = 0;
    uint32_t *limbs;
    uint8_t *p;

    while (zeros < text.n && text.p[zeros] == '1')
        zeros++;
    if (text.n > most)
        return alc_fail(err, ALC_BAD_INPUT, "the data is over %u bytes, which base58 may have here",
                        LNET_BASE58_DATA_MAX_BYTES);
    limbs = alc_arena_array(arena, text.n / DIGITS + 2, sizeof *limbs);
    p = alc_arena_alloc(arena, text.n + 4);
    if (limbs == NULL || p == NULL) return alc_fail(err, ALC_NOMEM, "no memory for the data");
    for (size_t i = zeros; i < text.n;) {
        uint32_t by = 1, add = 0;
        for (size_t k = 0; k < DIGITS && i < text.n; k++, i++) {
            int d = digit_of(text.p[i]);
            if (d < 0) return alc_fail(err, ALC_BAD_INPUT, "the data is not base58");
            by *= 58;
            add = add * 58 + (uint32_t)d;
        }
        multiply_add(limbs, &used, by, add);
    }
    memset(p, 0, zeros);
    n = zeros;
    for (size_t i = used * 4; i > 0; i--) { /* the highest byte first, without zeros before it */
        uint8_t byte = (uint8_t)(limbs[(i - 1) / 4] >> (8 * ((i - 1) % 4)));
        if (byte != 0 || n > zeros) p[n++] = byte;
    }
    if (n > LNET_BASE58_DATA_MAX_BYTES)
        return alc_fail(err, ALC_BAD_INPUT, "the data is over %u bytes, which base58 may have here",
                        LNET_BASE58_DATA_MAX_BYTES);
    *out = (struct alc_bytes){p, n};
    return ALC_OK;
}
