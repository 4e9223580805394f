/* src/attest/der_out.h — a small writer of DER (X.690), for the certificates and lists of the
 * simulated PKI alone.  What is written goes to the end of a buffer, whose `failed` is checked once
 * at the end. */
#ifndef ALC_ATTEST_DER_OUT_H
#define ALC_ATTEST_DER_OUT_H

#include "base/buf.h"

enum {
    ATT_DER_BOOLEAN = 0x01,
    ATT_DER_INTEGER = 0x02,
    ATT_DER_BITS = 0x03,
    ATT_DER_OCTETS = 0x04,
    ATT_DER_OID = 0x06,
    ATT_DER_ENUMERATED = 0x0a,
    ATT_DER_UTF8 = 0x0c,
    ATT_DER_PRINTABLE = 0x13,
    ATT_DER_SEQUENCE = 0x30,
    ATT_DER_SET = 0x31,
};

/* att_der_open begins an element whose content follows; att_der_close, given what open returned,
 * puts its length in front of what was written since. */
ALC_MUST size_t att_der_open(struct alc_buf *b, uint8_t tag);
void att_der_close(struct alc_buf *b, size_t start);

void att_der_put(struct alc_buf *b, uint8_t tag, struct alc_bytes content);
/* Both are INTEGERs that are not negative; the first is big endian, leading zeros allowed. */
void att_der_uint(struct alc_buf *b, struct alc_bytes magnitude);
void att_der_u64(struct alc_buf *b, uint64_t v);
void att_der_bool(struct alc_buf *b, bool v);
void att_der_bits(struct alc_buf *b, uint8_t unused_bits, struct alc_bytes content);
/* UTCTime before 2050, GeneralizedTime from then on (RFC 5280). */
void att_der_time(struct alc_buf *b, uint64_t unix_s);
/* BIT STRING { SEQUENCE { r, s } } */
void att_der_signature(struct alc_buf *b, const uint8_t sig[64]);

/* att_pem_put appends a CERTIFICATE block in lines of 64. */
void att_pem_put(struct alc_buf *b, struct alc_bytes der);

#endif
