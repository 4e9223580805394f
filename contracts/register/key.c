/* contracts/register/key.c — public keys as text. */
#include "register.h"

enum { ED25519 = 0, ML_DSA_65 = 2 }; /* borsh tags */

/* base58 decodes exactly n bytes, a multiple of 4: a number of words grows by five digits at a
 * time, which costs 3 Tgas for 1,952 bytes.  A leading 1 is a leading zero byte.  One
 * decoder for both lengths, since base's takes short texts alone. */
#define LIMBS (ML_DSA_65_BYTES / 4)
#define BASE58_5 656356768u

static bool base58(uint8_t *out, size_t n, struct alc_bytes text)
{
    static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    static uint32_t limbs[LIMBS]; /* least significant first */
    static uint8_t digit_of[256];
    size_t used = 0, zeros = 0, first = 0;

    for (size_t i = 0; i < sizeof digit_of; i++)
        digit_of[i] = 58;
    for (size_t i = 0; i < 58; i++)
        digit_of[(uint8_t)alphabet[i]] = (uint8_t)i;
    for (size_t at = 0; at < text.n;) {
        uint64_t carry = 0, scale = 1;
        do {
            uint8_t digit = digit_of[text.p[at++]];
            if (digit == 58) return false;
            carry = carry * 58 + digit;
            scale *= 58;
        } while (at < text.n && scale < BASE58_5);
        for (size_t i = 0; i < used; i++) {
            carry += limbs[i] * scale;
            limbs[i] = (uint32_t)carry;
            carry >>= 32;
        }
        if (carry == 0) continue;
        if (used == n / 4) return false;
        limbs[used++] = (uint32_t)carry;
    }
    for (size_t i = 0; i < n; i++) {
        size_t up = n - 1 - i;
        uint32_t limb = up / 4 < used ? limbs[up / 4] : 0;
        out[i] = (uint8_t)(limb >> 8 * (up % 4));
    }
    while (zeros < text.n && text.p[zeros] == '1')
        zeros++;
    while (first < n && out[first] == 0)
        first++;
    return zeros == first;
}

static bool curve_is(struct alc_bytes name, struct alc_bytes curve)
{
    if (name.n != curve.n) return false;
    for (size_t i = 0; i < name.n; i++) {
        uint8_t c = name.p[i];
        if (c >= 'A' && c <= 'Z') c = (uint8_t)(c | 0x20);
        if (c != curve.p[i]) return false;
    }
    return true;
}

void read_public_key(struct near_json *j, void *out)
{
    struct public_key *key = out;
    struct alc_bytes s, curve = ALC_LIT("ed25519"); /* without a prefix */
    bool ed25519;
    size_t i = 0, n;

    near_read_string(j, &s);
    while (i < s.n && s.p[i] != ':')
        i++;
    if (i < s.n) {
        curve = (struct alc_bytes){s.p, i};
        s = (struct alc_bytes){s.p + i + 1, s.n - i - 1};
    }
    ed25519 = curve_is(curve, ALC_LIT("ed25519"));
    if (!ed25519 && !curve_is(curve, ALC_LIT("ml-dsa-65")))
        near_json_fail("a worker key is of ed25519 or ml-dsa-65");
    n = ed25519 ? sizeof key->id.b : ML_DSA_65_BYTES;
    if (!base58(key->borsh + 1, n, s)) near_json_fail("not a public key");
    key->borsh[0] = ed25519 ? ED25519 : ML_DSA_65;
    key->n = 1 + n;
    key->base58 = s;
    if (ed25519)
        __builtin_memcpy(key->id.b, key->borsh + 1, sizeof key->id.b);
    else
        near_sha256(&key->id, (struct alc_bytes){key->borsh + 1, n});
}

bool key_is_ed25519(const struct public_key *key)
{
    return key->borsh[0] == ED25519;
}

void out_ed25519(struct near_out *o, const struct public_key *key)
{
    near_out_lit(o, "\"ed25519:");
    near_out_raw(o, key->base58);
    near_out_lit(o, "\"");
}

void out_fingerprint(struct near_out *o, const struct public_key *key)
{
    if (key_is_ed25519(key)) {
        out_ed25519(o, key);
        return;
    }
    near_out_lit(o, "ml-dsa-65 with SHA-256 ");
    near_out_hex(o, alc_hash_bytes(&key->id));
}
