/* tests/unit/verify/made.h — certificates, revocation lists and whole collateral sets of a test's
 * own making, so that what Intel never signs can be signed: each thing can be wrong in one way. */
#ifndef ALC_TEST_MADE_H
#define ALC_TEST_MADE_H

#include "base/buf.h"
#include "crypto/crypto.h"
#include "verify/parts.h"

#define TWISTS(X)                                                                                  \
    X(NONE)                                                                                        \
    /* a certificate's, and the first three a list's too */                                        \
    X(OUTER_ALGORITHM)                                                                             \
    X(INNER_ALGORITHM)                                                                             \
    X(TRAILING)                                                                                    \
    X(VERSION)                                                                                     \
    X(CURVE)                                                                                       \
    X(UNIQUE_ID)                                                                                   \
    X(NO_EXTENSIONS)                                                                               \
    X(UNKNOWN_CRITICAL)                                                                            \
    X(REPEATED_EXTENSION)                                                                          \
    X(NO_CONSTRAINTS)                                                                              \
    X(NO_USAGE)                                                                                    \
    X(CA_FALSE_SPELT_OUT)                                                                          \
    X(PATH_LEN_WITHOUT_CA)                                                                         \
    X(NO_CN)                                                                                       \
    X(TWO_CN)                                                                                      \
    X(CN_IN_UTF16)                                                                                 \
    X(SERIAL_ZERO)                                                                                 \
    X(SERIAL_NEGATIVE)                                                                             \
    X(SERIAL_LONG)                                                                                 \
    X(UNUSED_SIGNATURE_BITS)                                                                       \
    /* a list's */                                                                                 \
    X(NO_NEXT_UPDATE)                                                                              \
    X(ENTRY_CRITICAL)                                                                              \
    X(LIST_CRITICAL)                                                                               \
    X(ENTRY_EXTENSION)                                                                             \
    X(NO_LIST_EXTENSIONS)

enum twist {
#define TWIST(name) TWIST_##name,
    TWISTS(TWIST)
#undef TWIST
        TWIST_COUNT
};
extern const char *const twist_names[TWIST_COUNT];

#define USAGE_SIGN 0x80u
#define USAGE_CERTS 0x04u
#define USAGE_CRLS 0x02u

struct made_cert {
    const char *cn, *issuer_cn;
    uint64_t serial; /* with a leading zero in DER when its top bit is set */
    const struct alc_p256 *key, *signer;
    uint64_t from_s, until_s;
    bool ca;
    int path_len; /* -1: none */
    uint8_t usage;
    enum twist twist;
};
void make_cert(struct alc_buf *der, const struct made_cert *m);

struct made_crl {
    const char *issuer_cn;
    const struct alc_p256 *signer;
    uint64_t from_s, until_s;
    const uint64_t *serials;
    size_t count;
    enum twist twist;
};
void make_crl(struct alc_buf *der, const struct made_crl *m);

/* ---- a whole set ---- */

enum made_role { MADE_ROOT, MADE_CA, MADE_TCB, MADE_QE, MADE_LEAF, MADE_ROLES };

/* Keys, and what each part of a set is made from: usual, and free to change before made_set. */
struct made {
    struct alc_p256 key[MADE_ROLES];
    struct made_cert cert[MADE_ROLES];
    struct made_crl root_crl, pck_crl;
    struct alc_bytes tcb_info, qe_identity; /* signed as they are */
    enum made_role tcb_signer, qe_signer; /* whose key signs them, whose certificate comes along */
    enum made_role pck_ca;
    bool with_root;      /* chains carry the root */
    struct alc_buf root; /* DER, after made_set: what alc_trust names */
};
void made_init(struct made *m);
void made_fini(struct made *m);
void made_set(struct made *m, struct alc_buf *json);

/* Texts of a TDX and an SGX set that are as short as can be. */
extern const char made_tdx_info[], made_sgx_info[], made_td_qe[], made_qe[];

#endif
