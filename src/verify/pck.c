#include "verify/parts.h"

/* The SGX extension: SEQUENCE OF SEQUENCE { OID, value }, each OID being 1.2.840.113741.1.13.1 and
 * a number or two. .1 PPID | .2 TCB: .2.1 .. .2.16 components, .2.17 PCESVN, .2.18 CPUSVN | .3
 * PCEID | .4 FMSPC What comes after (type, platform instance, configuration) decides nothing. */
static const uint8_t prefix[9] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};

#define PCESVN 17u
#define CPUSVN 18u

/* pair reads SEQUENCE { OID, value }: the OID is the prefix, `under` unless that is 0, and *number;
 * *value stands at the value. */
static bool pair(struct alc_cur *list, uint8_t under, uint8_t *number, struct alc_cur *value)
{
    struct alc_bytes b, oid;
    size_t n = sizeof prefix + (under != 0);

    if (!vf_der(list, 0x30, &b)) return false;
    *value = alc_cur(b);
    if (!vf_der(value, 0x06, &oid) || oid.n != n + 1 ||
        __builtin_memcmp(oid.p, prefix, sizeof prefix) != 0 ||
        (under != 0 && oid.p[sizeof prefix] != under))
        return false;
    *number = oid.p[n];
    return *number > 0 && *number < 32;
}

static bool octets(struct alc_cur *c, uint8_t *out, size_t n)
{
    struct alc_bytes b;
    if (!vf_der(c, 0x04, &b) || b.n != n) return false;
    __builtin_memcpy(out, b.p, n);
    return true;
}

/* once notes that a number was there; false: it was there before. */
static bool once(uint32_t *seen, uint8_t number)
{
    uint32_t bit = UINT32_C(1) << number;
    bool fresh = (*seen & bit) == 0;
    *seen |= bit;
    return fresh;
}

static bool read_tcb(struct vf_pck *out, struct alc_cur *c)
{
    struct alc_cur list, value;
    struct alc_bytes b;
    uint32_t seen = 0;
    uint64_t v;
    uint8_t k;

    if (!vf_der(c, 0x30, &b)) return false;
    for (list = alc_cur(b); list.n > 0;) {
        if (!pair(&list, 2, &k, &value) || k > CPUSVN || !once(&seen, k)) return false;
        if (k == CPUSVN) {
            if (!octets(&value, out->cpusvn, sizeof out->cpusvn)) return false;
        } else {
            if (!vf_der_uint(&value, k == PCESVN ? 0xffff : 0xff, &v)) return false;
            if (k == PCESVN)
                out->pcesvn = (uint16_t)v;
            else
                out->components[k - 1] = (uint8_t)v;
        }
        if (value.n != 0) return false;
    }
    /* All 18, and the two forms of the components say the same. */
    return seen == (UINT32_C(1) << (CPUSVN + 1)) - 2 &&
           __builtin_memcmp(out->cpusvn, out->components, sizeof out->cpusvn) == 0;
}

bool vf_pck_read(struct vf_pck *out, struct alc_bytes extension)
{
    struct alc_cur c = alc_cur(extension), list, value;
    struct alc_bytes b;
    uint32_t seen = 0;
    uint8_t k;

    if (!vf_der(&c, 0x30, &b) || c.n != 0) return false;
    for (list = alc_cur(b); list.n > 0;) {
        bool good = true;
        if (!pair(&list, 0, &k, &value) || !once(&seen, k)) return false;
        switch (k) {
        case 1:
            good = octets(&value, out->ppid, sizeof out->ppid);
            break;
        case 2:
            good = read_tcb(out, &value);
            break;
        case 3:
            good = octets(&value, out->pceid, sizeof out->pceid);
            break;
        case 4:
            good = octets(&value, out->fmspc, sizeof out->fmspc);
            break;
        default:
            continue;
        }
        if (!good || value.n != 0) return false;
    }
    return (seen & 0x1e) == 0x1e;
}

bool vf_pck_ca(enum alc_pck_ca *out, struct alc_bytes common_name)
{
    bool platform = alc_bytes_eq(common_name, ALC_LIT("Intel SGX PCK Platform CA"));
    *out = platform ? ALC_PCK_PLATFORM : ALC_PCK_PROCESSOR;
    return platform || alc_bytes_eq(common_name, ALC_LIT("Intel SGX PCK Processor CA"));
}
