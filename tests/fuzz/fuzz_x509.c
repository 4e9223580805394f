/* tests/fuzz/fuzz_x509.c — certificates, revocation lists, the SGX extension and PEM: what is read
 * lies inside what was given.  The first byte says what follows. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "verify/parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void inside(struct alc_bytes part, struct alc_bytes whole)
{
    assert(part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

static void certificate(struct alc_bytes in)
{
    struct vf_cert c;
    struct vf_pck pck;
    enum alc_pck_ca ca;

    if (vf_cert_read(&c, in) != ALC_REFUSAL_NONE) return;
    inside(c.tbs, in);
    inside(c.issuer, c.tbs);
    inside(c.subject, c.tbs);
    inside(c.issuer_cn, c.issuer);
    inside(c.subject_cn, c.subject);
    inside(c.serial, c.tbs);
    inside(c.sgx, c.tbs);
    assert(c.serial.n >= 1 && c.serial.n <= ALC_SERIAL_BYTES && c.serial.p[0] != 0);
    assert(c.ca || !c.has_path_len);
    if (vf_pck_ca(&ca, c.subject_cn)) assert(ca == ALC_PCK_PLATFORM || ca == ALC_PCK_PROCESSOR);
    if (c.sgx.n > 0 && vf_pck_read(&pck, c.sgx))
        assert(memcmp(pck.components, pck.cpusvn, sizeof pck.cpusvn) == 0);
}

static void list(struct alc_bytes in)
{
    struct vf_crl crl;
    struct alc_bytes serial;
    uint8_t padded[ALC_SERIAL_BYTES];

    if (vf_crl_read(&crl, in) != ALC_REFUSAL_NONE) return;
    inside(crl.tbs, in);
    inside(crl.issuer, crl.tbs);
    while (vf_crl_next(&crl.revoked, &serial)) {
        inside(serial, crl.tbs);
        memset(padded, 0, sizeof padded);
        memcpy(padded + sizeof padded - serial.n, serial.p, serial.n);
        assert(vf_serial_is(padded, serial));
    }
    assert(crl.revoked.n == 0);
}

static void chain(struct alc_bytes in)
{
    struct alc_verify_work w = {malloc(in.n + 64), in.n + 64, 0};
    struct alc_bytes der, left = in;

    assert(w.p != NULL);
    while (vf_pem_next(&der, &left, &w) == ALC_REFUSAL_NONE && der.n > 0) {
        inside(der, (struct alc_bytes){w.p, w.used});
        inside(left, in);
        certificate(der);
    }
    free(w.p);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct alc_bytes in = {p + 1, n - 1};
    struct vf_pck pck;

    if (n == 0) return 0;
    if (p[0] == 'c') certificate(in);
    if (p[0] == 'l') list(in);
    if (p[0] == 'e' && vf_pck_read(&pck, in))
        assert(memcmp(pck.components, pck.cpusvn, sizeof pck.cpusvn) == 0);
    if (p[0] == 'p') chain(in);
    return 0;
}
