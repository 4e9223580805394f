#include "verify/parts.h"

#define SEQUENCE 0x30u

/* TBSCertList ::= SEQUENCE { version 1, algorithm, issuer, thisUpdate, nextUpdate,
 *   revoked SEQUENCE OF entry OPTIONAL, [0] SEQUENCE OF Extension OPTIONAL }
 * entry ::= SEQUENCE { serial, time, SEQUENCE OF Extension OPTIONAL } */

/* An extension that must be understood changes what a list means (a delta, another issuer's
 * entries, a part of the certificates): none of them is Intel's. */
static bool read_extensions(struct alc_bytes list)
{
    struct alc_cur c = alc_cur(list);
    struct vf_extension e;

    while (vf_extension_next(&c, &e))
        if (e.critical) return false;
    return c.n == 0;
}

static bool read_entry(struct alc_cur *revoked, struct alc_bytes *serial)
{
    struct alc_bytes b;
    struct alc_cur c;
    uint64_t when;

    if (!vf_der(revoked, SEQUENCE, &b)) return false;
    c = alc_cur(b);
    if (!vf_der_positive(&c, ALC_SERIAL_BYTES, serial) || !vf_der_time(&c, &when)) return false;
    if (c.n == 0) return true;
    return vf_der(&c, SEQUENCE, &b) && c.n == 0 && read_extensions(b);
}

bool vf_crl_next(struct alc_cur *revoked, struct alc_bytes *serial)
{
    return revoked->n > 0 && read_entry(revoked, serial);
}

static bool read_list(struct vf_crl *out, struct alc_cur c)
{
    struct alc_bytes b;
    struct alc_cur each;

    if (!vf_der_whole(&c, SEQUENCE, &b, &out->issuer) || !vf_der_time(&c, &out->window.from_s) ||
        !vf_der_time(&c, &out->window.until_s) || out->window.until_s == 0)
        return false;
    out->window.until_s--; /* a list has expired at its nextUpdate */
    if (vf_der(&c, SEQUENCE, &b)) {
        out->revoked = alc_cur(b);
        for (each = out->revoked; each.n > 0;)
            if (!read_entry(&each, &b)) return false;
    }
    if (c.n == 0) return true;
    if (!vf_der(&c, 0xa0, &b) || c.n != 0) return false;
    c = alc_cur(b);
    return vf_der(&c, SEQUENCE, &b) && c.n == 0 && read_extensions(b);
}

enum alc_refusal vf_crl_read(struct vf_crl *out, struct alc_bytes der)
{
    struct vf_crl v = {0};
    struct vf_frame frame;
    enum alc_refusal r = vf_frame_read(&frame, der, ALC_REFUSAL_CRL);

    if (r != ALC_REFUSAL_NONE) return r;
    v.tbs = frame.tbs;
    __builtin_memcpy(v.signature, frame.signature, sizeof v.signature);
    if (!vf_der_next(&frame.fields, ALC_LIT("\x02\x01\x01"))) return ALC_REFUSAL_CRL;
    if (!vf_algorithm(&frame.fields)) return ALC_REFUSAL_CERTIFICATE_ALGORITHM;
    if (!read_list(&v, frame.fields)) return ALC_REFUSAL_CRL;
    *out = v;
    return ALC_REFUSAL_NONE;
}
