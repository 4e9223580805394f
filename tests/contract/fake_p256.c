/* tests/contract/fake_p256.c — the host function p256_verify over OpenSSL, for contracts that
 * import it; apart from fake_near.c as contract/near_p256.h is from near.h. */
#include "contract/near_p256.h"

#include "crypto/crypto.h"

#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* decompress makes X‖Y of a SEC1 key; false: it is none. */
static bool decompress(uint8_t out[64], const uint8_t key[33])
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = group != NULL ? EC_POINT_new(group) : NULL;
    uint8_t whole[65];
    bool good;

    if (point == NULL) {
        fputs("fake_p256: no memory\n", stderr);
        abort();
    }
    good = EC_POINT_oct2point(group, point, key, 33, NULL) == 1 &&
           EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, whole, sizeof whole,
                              NULL) == sizeof whole;
    if (good) memcpy(out, whole + 1, 64);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return good;
}

uint64_t near_host_p256_verify(uint64_t sig_n, uint64_t sig, uint64_t message_n, uint64_t message,
                               uint64_t key_n, uint64_t key)
{
    struct alc_hash digest;
    uint8_t whole[64];

    if (sig_n != 64 || key_n != 33 || message_n != sizeof digest.b) {
        fputs("fake_p256: an argument of another length\n", stderr);
        abort();
    }
    memcpy(digest.b, (const void *)(uintptr_t)message, sizeof digest.b);
    return decompress(whole, (const uint8_t *)(uintptr_t)key) &&
           alc_p256_verify((const uint8_t *)(uintptr_t)sig, whole, &digest);
}
