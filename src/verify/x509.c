#include "verify/parts.h"

#define SEQUENCE 0x30u
#define SET 0x31u
#define OID 0x06u
#define BIT_STRING 0x03u
#define OCTET_STRING 0x04u

/* Bytes that have one form in every certificate of Intel's, compared whole. */
#define ALGORITHM "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02" /* ecdsa-with-SHA256 */
#define VERSION_3 "\xa0\x03\x02\x01\x02"
/* SEQUENCE { SEQUENCE { ecPublicKey, prime256v1 }, BIT STRING of 66 bytes: 0 unused, uncompressed }
 */
#define P256_KEY                                                                                   \
    "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07" \
    "\x03\x42\x00\x04"

bool vf_signed(struct alc_bytes bytes, const uint8_t signature[64], const uint8_t key[64],
               const struct alc_verify_ops *ops)
{
    struct alc_hash digest;
    ops->sha256(ops->ctx, &digest, bytes);
    return ops->p256(ops->ctx, signature, key, &digest);
}

bool vf_serial_is(const uint8_t padded[ALC_SERIAL_BYTES], struct alc_bytes serial)
{
    size_t zeros = ALC_SERIAL_BYTES - serial.n;

    if (serial.n > ALC_SERIAL_BYTES || __builtin_memcmp(padded + zeros, serial.p, serial.n) != 0)
        return false;
    for (size_t i = 0; i < zeros; i++)
        if (padded[i] != 0) return false;
    return true;
}

/* ---- the frame ---- */

bool vf_algorithm(struct alc_cur *c)
{
    return vf_der_next(c, ALC_LIT(ALGORITHM));
}

/* Certificate, CertificateList ::= SEQUENCE { tbs SEQUENCE, algorithm, signature BIT STRING } */
enum alc_refusal vf_frame_read(struct vf_frame *out, struct alc_bytes der, enum alc_refusal bad)
{
    struct alc_cur c = alc_cur(der);
    struct alc_bytes inside, signature;

    if (!vf_der(&c, SEQUENCE, &inside) || c.n != 0) return bad;
    c = alc_cur(inside);
    if (!vf_der_whole(&c, SEQUENCE, &inside, &out->tbs)) return bad;
    out->fields = alc_cur(inside);
    if (!vf_algorithm(&c)) return ALC_REFUSAL_CERTIFICATE_ALGORITHM;
    if (!vf_der(&c, BIT_STRING, &signature) || c.n != 0) return bad;
    if (signature.n == 0 || signature.p[0] != 0) return bad;
    signature.p++;
    signature.n--;
    return vf_der_signature(out->signature, signature) ? ALC_REFUSAL_NONE : bad;
}

/* Extension ::= SEQUENCE { OID, critical BOOLEAN DEFAULT FALSE, value OCTET STRING } */
bool vf_extension_next(struct alc_cur *c, struct vf_extension *out)
{
    struct alc_cur d = *c, in;
    struct alc_bytes b;

    if (!vf_der(&d, SEQUENCE, &b)) return false;
    in = alc_cur(b);
    if (!vf_der(&in, OID, &out->oid)) return false;
    out->critical = vf_der_next(&in, ALC_LIT("\x01\x01\xff"));
    if (!vf_der(&in, OCTET_STRING, &out->value) || in.n != 0) return false;
    *c = d;
    return true;
}

/* ---- a certificate ---- */

/* Name ::= SEQUENCE OF SET OF SEQUENCE { OID, value }; exactly one common name is in it. */
static bool read_name(struct alc_cur *c, struct alc_bytes *whole, struct alc_bytes *cn)
{
    struct alc_bytes b, oid, value;
    struct alc_cur names, set, pair;
    uint8_t tag;

    cn->p = NULL;
    if (!vf_der_whole(c, SEQUENCE, &b, whole)) return false;
    for (names = alc_cur(b); names.n > 0;) {
        if (!vf_der(&names, SET, &b)) return false;
        for (set = alc_cur(b); set.n > 0;) {
            if (!vf_der(&set, SEQUENCE, &b)) return false;
            pair = alc_cur(b);
            if (!vf_der(&pair, OID, &oid) || !vf_der_any(&pair, &tag, &value) || pair.n != 0)
                return false;
            if (!alc_bytes_eq(oid, ALC_LIT("\x55\x04\x03"))) continue;
            /* UTF8String or PrintableString: bytes that compare as text */
            if ((tag != 0x0c && tag != 0x13) || cn->p != NULL) return false;
            *cn = value;
        }
    }
    return cn->p != NULL;
}

/* BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLen INTEGER OPTIONAL } */
static bool read_constraints(struct vf_cert *out, struct alc_bytes value)
{
    struct alc_cur c = alc_cur(value);
    struct alc_bytes b;
    uint64_t n;

    if (!vf_der(&c, SEQUENCE, &b) || c.n != 0) return false;
    c = alc_cur(b);
    out->ca = vf_der_next(&c, ALC_LIT("\x01\x01\xff"));
    if (!out->ca || c.n == 0) return c.n == 0;
    if (!vf_der_uint(&c, UINT32_MAX, &n)) return false;
    out->has_path_len = true;
    out->path_len = (uint32_t)n;
    return c.n == 0;
}

/* KeyUsage ::= BIT STRING, the first bit is the highest */
static bool read_usage(struct vf_cert *out, struct alc_bytes value)
{
    struct alc_cur c = alc_cur(value);
    struct alc_bytes b;

    if (!vf_der(&c, BIT_STRING, &b) || c.n != 0 || b.n < 2 || b.n > 3 || b.p[0] > 7) return false;
    out->may_sign = (b.p[1] & 0x80) != 0;
    out->may_sign_certs = (b.p[1] & 0x04) != 0;
    out->may_sign_crls = (b.p[1] & 0x02) != 0;
    return true;
}

static bool read_sgx(struct vf_cert *out, struct alc_bytes value)
{
    out->sgx = value;
    return value.n > 0;
}

static bool read_extensions(struct vf_cert *out, struct alc_cur c)
{
    static const struct {
        struct alc_bytes oid;
        bool (*read)(struct vf_cert *out, struct alc_bytes value);
    } known[] = {
        {{(const uint8_t *)"\x55\x1d\x13", 3}, read_constraints},
        {{(const uint8_t *)"\x55\x1d\x0f", 3}, read_usage},
        {{(const uint8_t *)"\x2a\x86\x48\x86\xf8\x4d\x01\x0d\x01", 9}, read_sgx},
    };
    const size_t count = sizeof known / sizeof *known;
    struct vf_extension e;
    unsigned seen = 0;
    size_t i;

    while (vf_extension_next(&c, &e)) {
        for (i = 0; i < count && !alc_bytes_eq(e.oid, known[i].oid); i++)
            ;
        /* One that we do not know must not matter; one that we know must not come twice. */
        if (i == count) {
            if (e.critical) return false;
            continue;
        }
        if ((seen >> i & 1) != 0 || !known[i].read(out, e.value)) return false;
        seen |= 1u << i;
    }
    return c.n == 0 && (seen & 3) == 3;
}

/* TBSCertificate ::= SEQUENCE { [0] version, serial, algorithm, issuer, SEQUENCE { notBefore,
 *   notAfter }, subject, key, [3] SEQUENCE OF Extension }; unique identifiers ([1], [2]) are none
 * of Intel's. */
enum alc_refusal vf_cert_read(struct vf_cert *out, struct alc_bytes der)
{
    const enum alc_refusal bad = ALC_REFUSAL_CERTIFICATE;
    struct vf_cert v = {0};
    struct vf_frame frame;
    struct alc_bytes b;
    struct alc_cur c, in;
    enum alc_refusal r = vf_frame_read(&frame, der, bad);

    if (r != ALC_REFUSAL_NONE) return r;
    v.der = der;
    v.tbs = frame.tbs;
    __builtin_memcpy(v.signature, frame.signature, sizeof v.signature);
    c = frame.fields;
    if (!vf_der_next(&c, ALC_LIT(VERSION_3)) || !vf_der_positive(&c, ALC_SERIAL_BYTES, &v.serial))
        return bad;
    if (!vf_algorithm(&c)) return ALC_REFUSAL_CERTIFICATE_ALGORITHM;
    if (!read_name(&c, &v.issuer, &v.issuer_cn) || !vf_der(&c, SEQUENCE, &b)) return bad;
    in = alc_cur(b);
    if (!vf_der_time(&in, &v.from_s) || !vf_der_time(&in, &v.until_s) || in.n != 0) return bad;
    if (!read_name(&c, &v.subject, &v.subject_cn)) return bad;
    if (!vf_der_next(&c, ALC_LIT(P256_KEY))) return ALC_REFUSAL_CERTIFICATE_ALGORITHM;
    if (!alc_cur_copy(&c, v.key, sizeof v.key)) return bad;
    if (!vf_der(&c, 0xa3, &b) || c.n != 0) return bad;
    c = alc_cur(b);
    if (!vf_der(&c, SEQUENCE, &b) || c.n != 0) return bad;
    if (!read_extensions(&v, alc_cur(b))) return bad;
    *out = v;
    return ALC_REFUSAL_NONE;
}

/* ---- roots ---- */

#define INTEL_ATTRIBUTE(set, seq, oid, tag, n, text)                                               \
    "\x31" set "\x30" seq "\x06\x03\x55\x04" oid tag n text
static const char intel_subject[] =
    "\x30\x68" INTEL_ATTRIBUTE("\x1a", "\x18", "\x03", "\x0c", "\x11", "Intel SGX Root CA")
        INTEL_ATTRIBUTE("\x1a", "\x18", "\x0a", "\x0c", "\x11", "Intel Corporation")
            INTEL_ATTRIBUTE("\x14", "\x12", "\x07", "\x0c", "\x0b", "Santa Clara")
                INTEL_ATTRIBUTE("\x0b", "\x09", "\x08", "\x0c", "\x02", "CA")
                    INTEL_ATTRIBUTE("\x0b", "\x09", "\x06", "\x13", "\x02", "US");
static const char intel_serial[] =
    "\x22\x65\x0c\xd6\x5a\x9d\x34\x89\xf3\x83\xb4\x95\x52\xbf\x50\x1b\x39\x27\x06\xac";

const struct vf_root vf_intel_root = {
    .certificate = {{0x44, 0xa0, 0x19, 0x6b, 0x2b, 0x99, 0xf8, 0x89, 0xb8, 0xe1, 0x49,
                     0xe9, 0x5b, 0x80, 0x7a, 0x35, 0x0e, 0x74, 0x24, 0x96, 0x43, 0x99,
                     0xe8, 0x85, 0xa7, 0xcb, 0xb8, 0xcc, 0xfa, 0xb6, 0x74, 0xd3}},
    .key = {0x0b, 0xa9, 0xc4, 0xc0, 0xc0, 0xc8, 0x61, 0x93, 0xa3, 0xfe, 0x23, 0xd6, 0xb0,
            0x2c, 0xda, 0x10, 0xa8, 0xbb, 0xd4, 0xe8, 0x8e, 0x48, 0xb4, 0x45, 0x85, 0x61,
            0xa3, 0x6e, 0x70, 0x55, 0x25, 0xf5, 0x67, 0x91, 0x8e, 0x2e, 0xdc, 0x88, 0xe4,
            0x0d, 0x86, 0x0b, 0xd0, 0xcc, 0x4e, 0xe2, 0x6a, 0xac, 0xc9, 0x88, 0xe5, 0x05,
            0xa9, 0x53, 0x55, 0x8c, 0x45, 0x3f, 0x6b, 0x09, 0x04, 0xae, 0x73, 0x94},
    .subject = {(const uint8_t *)intel_subject, sizeof intel_subject - 1},
    .serial = {(const uint8_t *)intel_serial, sizeof intel_serial - 1},
    .from_s = 1526899510,  /* 2018-05-21T10:45:10Z */
    .until_s = 2524607999, /* 2049-12-31T23:59:59Z */
};

static bool has(struct alc_bytes text, struct alc_bytes part)
{
    for (size_t i = 0; text.n - i >= part.n; i++)
        if (__builtin_memcmp(text.p + i, part.p, part.n) == 0) return true;
    return false;
}

static bool is_simulated_root(const struct vf_cert *c)
{
    return alc_bytes_eq(c->issuer, c->subject) && c->ca && c->may_sign_certs && c->may_sign_crls &&
           (!c->has_path_len || c->path_len > 0) && c->subject_cn.n >= 9 &&
           has(c->subject_cn, ALC_LIT("SIMULATED"));
}

bool vf_root_find(struct vf_root *out, struct alc_bytes subject, const struct alc_trust *trust,
                  const struct alc_verify_ops *ops)
{
    struct vf_cert c;

    if (alc_bytes_eq(subject, vf_intel_root.subject)) {
        *out = vf_intel_root;
        return true;
    }
    if (trust == NULL || trust->simulated_root.n == 0 ||
        vf_cert_read(&c, trust->simulated_root) != ALC_REFUSAL_NONE || !is_simulated_root(&c) ||
        !alc_bytes_eq(subject, c.subject))
        return false;
    *out = (struct vf_root){.subject = c.subject,
                            .serial = c.serial,
                            .from_s = c.from_s,
                            .until_s = c.until_s,
                            .simulated = true};
    ops->sha256(ops->ctx, &out->certificate, c.der);
    __builtin_memcpy(out->key, c.key, sizeof out->key);
    return true;
}
