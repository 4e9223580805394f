#include "verify/parts.h"

#define HEADER_BYTES 48u
#define SGX_BYTES 384u
#define TD10_BYTES 584u
#define TD15_BYTES 648u

enum { BODY_SGX = 1, BODY_TD10 = 2, BODY_TD15 = 3 };
enum { CERTIFICATION_PCK_CHAIN = 5, CERTIFICATION_QE_REPORT = 6 };

static const uint8_t intel_qe_vendor[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                            0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};

/* What stands in for a quote where there is no hardware, as it is and in the coding in which
 * OutLayer's records carry it. */
static bool is_stub(struct alc_bytes in)
{
    static const char *const stub[] = {
        "NO_ATTESTATION:",
        "4e4f5f4154544553544154494f4e3a",
        "no-attestation-dev-mode",
        "bm8tYXR0ZXN0YXRpb24tZGV2LW1vZG",
    };
    for (size_t i = 0; i < sizeof stub / sizeof *stub; i++) {
        struct alc_bytes want = alc_cstr(stub[i]);
        struct alc_bytes head = {in.p, in.n < want.n ? in.n : want.n};
        if (alc_bytes_eq(want, head)) return true;
    }
    return false;
}

/* The length of what is read through these two was checked before. */
static void get(const uint8_t **at, uint8_t *out, size_t n)
{
    __builtin_memcpy(out, *at, n);
    *at += n;
}

static uint64_t get_uint(const uint8_t **at, size_t width)
{
    uint64_t v = 0;
    for (size_t i = width; i-- > 0;)
        v = v << 8 | (*at)[i];
    *at += width;
    return v;
}

void alc_sgx_report_read(struct alc_sgx_report *out, const uint8_t in[384])
{
    const uint8_t *at = in;

    get(&at, out->cpusvn, 16);
    out->miscselect = (uint32_t)get_uint(&at, 4);
    at = in + 48; /* CONFIGID and the like are the enclave's own affair */
    get(&at, out->attributes, 16);
    get(&at, out->mrenclave, 32);
    at = in + 128;
    get(&at, out->mrsigner, 32);
    at = in + 256;
    out->isvprodid = (uint16_t)get_uint(&at, 2);
    out->isvsvn = (uint16_t)get_uint(&at, 2);
    at = in + 320;
    get(&at, out->report_data, 64);
}

static void td_report_read(struct alc_td_report *out, const uint8_t *at, bool v15)
{
    get(&at, out->tee_tcb_svn, 16);
    get(&at, out->mrseam, 48);
    get(&at, out->mrsignerseam, 48);
    get(&at, out->seamattributes, 8);
    out->td_attributes = get_uint(&at, 8);
    out->xfam = get_uint(&at, 8);
    get(&at, out->mrtd, 48);
    get(&at, out->mrconfigid, 48);
    get(&at, out->mrowner, 48);
    get(&at, out->mrownerconfig, 48);
    get(&at, out->rtmr[0], sizeof out->rtmr);
    get(&at, out->report_data, 64);
    out->v15 = v15;
    if (!v15) return;
    get(&at, out->tee_tcb_svn_2, 16);
    get(&at, out->mrservicetd, 48);
}

static size_t body_bytes(unsigned type)
{
    return type == BODY_SGX    ? SGX_BYTES
           : type == BODY_TD10 ? TD10_BYTES
           : type == BODY_TD15 ? TD15_BYTES
                               : 0;
}

/* Header, descriptor and body: what the quote's signature covers. */
static enum alc_refusal read_signed(struct alc_quote *q, struct alc_cur *c)
{
    const uint8_t *start = c->p, *at;
    struct alc_bytes header, body;
    uint64_t key_type, tee, size;

    if (!alc_cur_take(c, HEADER_BYTES, &header)) return ALC_REFUSAL_QUOTE_FORMAT;
    at = header.p;
    q->version = (uint16_t)get_uint(&at, 2);
    key_type = get_uint(&at, 2);
    tee = get_uint(&at, 4);
    if (q->version < 3 || q->version > 5) return ALC_REFUSAL_QUOTE_VERSION;
    if (key_type != 2) return ALC_REFUSAL_QUOTE_KEY_TYPE;
    if (tee != ALC_TEE_SGX && (tee != ALC_TEE_TDX || q->version == 3)) return ALC_REFUSAL_QUOTE_TEE;
    q->tee = (enum alc_tee)tee;
    at += 4; /* SVNs of QE and PCE in v3: nobody may decide by them */
    if (__builtin_memcmp(at, intel_qe_vendor, sizeof intel_qe_vendor) != 0)
        return ALC_REFUSAL_QUOTE_VENDOR;
    at += sizeof intel_qe_vendor;
    get(&at, q->qe_id, sizeof q->qe_id);

    q->body_type = tee == ALC_TEE_SGX ? BODY_SGX : BODY_TD10;
    if (q->version == 5) {
        if (!alc_cur_u16le(c, &q->body_type) || !alc_cur_uint_le(c, 4, &size))
            return ALC_REFUSAL_QUOTE_FORMAT;
        if (body_bytes(q->body_type) == 0 || (q->body_type == BODY_SGX) != (tee == ALC_TEE_SGX))
            return ALC_REFUSAL_QUOTE_TEE;
        if (size != body_bytes(q->body_type)) return ALC_REFUSAL_QUOTE_FORMAT;
    }
    if (!alc_cur_take(c, body_bytes(q->body_type), &body)) return ALC_REFUSAL_QUOTE_FORMAT;
    if (tee == ALC_TEE_SGX)
        alc_sgx_report_read(&q->sgx, body.p);
    else
        td_report_read(&q->td, body.p, q->body_type == BODY_TD15);
    q->signed_bytes = (struct alc_bytes){start, (size_t)(c->p - start)};
    return ALC_REFUSAL_NONE;
}

/* A certification record fills what is left of its container. */
static bool record(struct alc_cur *c, uint16_t *type, struct alc_bytes *data)
{
    uint32_t size;
    return alc_cur_u16le(c, type) && alc_cur_u32le(c, &size) && size == c->n &&
           alc_cur_take(c, size, data);
}

static bool fixed(struct alc_cur *c, size_t n, const uint8_t **out)
{
    struct alc_bytes b;
    if (!alc_cur_take(c, n, &b)) return false;
    *out = b.p;
    return true;
}

/* The signature section.  Its lengths are signed by nobody. */
static enum alc_refusal read_signature(struct alc_quote *q, struct alc_cur c)
{
    struct alc_bytes data;
    uint16_t type, auth;

    if (!fixed(&c, 64, &q->signature) || !fixed(&c, 64, &q->attestation_key))
        return ALC_REFUSAL_QUOTE_FORMAT;
    if (q->version > 3) {
        if (!record(&c, &type, &data)) return ALC_REFUSAL_QUOTE_FORMAT;
        if (type != CERTIFICATION_QE_REPORT) return ALC_REFUSAL_CERTIFICATION;
        c = alc_cur(data);
    }
    if (!alc_cur_take(&c, SGX_BYTES, &q->qe_report) || !fixed(&c, 64, &q->qe_report_signature) ||
        !alc_cur_u16le(&c, &auth) || auth > ALC_QUOTE_AUTH_MAX_BYTES ||
        !alc_cur_take(&c, auth, &q->auth_data) || !record(&c, &type, &q->pck_chain))
        return ALC_REFUSAL_QUOTE_FORMAT;
    return type == CERTIFICATION_PCK_CHAIN ? ALC_REFUSAL_NONE : ALC_REFUSAL_CERTIFICATION;
}

enum alc_refusal alc_quote_read(struct alc_quote *out, struct alc_bytes in)
{
    struct alc_cur c = alc_cur(in);
    struct alc_bytes section;
    enum alc_refusal refusal;
    uint32_t size;

    __builtin_memset(out, 0, sizeof *out);
    if (is_stub(in)) return ALC_REFUSAL_STUB;
    if (in.n > ALC_QUOTE_MAX_BYTES) return ALC_REFUSAL_QUOTE_FORMAT;
    refusal = read_signed(out, &c);
    if (refusal != ALC_REFUSAL_NONE) return refusal;
    if (!alc_cur_u32le(&c, &size) || !alc_cur_take(&c, size, &section))
        return ALC_REFUSAL_QUOTE_FORMAT;
    return read_signature(out, alc_cur(section)); /* generators leave zeros behind it */
}

const uint8_t *alc_quote_report_data(const struct alc_quote *q)
{
    return q->tee == ALC_TEE_TDX ? q->td.report_data : q->sgx.report_data;
}

struct alc_measurement alc_quote_measurement(const struct alc_quote *q)
{
    struct alc_measurement m;
    __builtin_memcpy(m.mrtd, q->td.mrtd, sizeof m.mrtd);
    __builtin_memcpy(m.rtmr, q->td.rtmr, sizeof m.rtmr);
    return m;
}

void alc_measurement_hash(struct alc_hash *out, const struct alc_measurement *m,
                          const struct alc_verify_ops *ops)
{
    uint8_t b[sizeof m->mrtd + sizeof m->rtmr];
    __builtin_memcpy(b, m->mrtd, sizeof m->mrtd);
    __builtin_memcpy(b + sizeof m->mrtd, m->rtmr, sizeof m->rtmr);
    ops->sha256(ops->ctx, out, (struct alc_bytes){b, sizeof b});
}

enum alc_refusal alc_quote_platform(struct alc_platform *out, const struct alc_quote *q,
                                    struct alc_verify_work *work)
{
    struct alc_bytes pem = q->pck_chain, der;
    struct vf_cert leaf;
    struct vf_pck pck;
    enum alc_refusal refusal = vf_pem_next(&der, &pem, work);

    if (refusal != ALC_REFUSAL_NONE) return refusal;
    if (der.n == 0) return ALC_REFUSAL_PEM;
    refusal = vf_cert_read(&leaf, der);
    if (refusal != ALC_REFUSAL_NONE) return refusal;
    if (!vf_pck_read(&pck, leaf.sgx)) return ALC_REFUSAL_PCK_EXTENSION;
    if (!vf_pck_ca(&out->ca, leaf.issuer_cn)) return ALC_REFUSAL_ROLE;
    out->tee = q->tee;
    __builtin_memcpy(out->fmspc, pck.fmspc, sizeof out->fmspc);
    __builtin_memcpy(out->pceid, pck.pceid, sizeof out->pceid);
    return ALC_REFUSAL_NONE;
}
