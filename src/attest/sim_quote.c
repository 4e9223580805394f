#include "attest/sim_parts.h"

#include <string.h>

#define TD_10_BYTES 584u
#define TD_15_BYTES 648u
#define SGX_BYTES 384u

static void put_le(struct alc_buf *b, uint64_t v, size_t width)
{
    uint8_t le[8];
    for (size_t i = 0; i < width; i++)
        le[i] = (uint8_t)(v >> (8 * i));
    alc_buf_put(b, le, width);
}

static void put_zeros(struct alc_buf *b, size_t n)
{
    static const uint8_t zeros[64];
    for (; n > 0 && !b->failed; n -= n < sizeof zeros ? n : sizeof zeros)
        alc_buf_put(b, zeros, n < sizeof zeros ? n : sizeof zeros);
}

/* SGX report, 384 bytes: 0 CPUSVN | 16 MISCSELECT | 20 - | 48 attributes | 64 MRENCLAVE | 96 -
 * | 128 MRSIGNER | 160 - | 256 product | 258 SVN | 260 - | 320 report data */
static void put_sgx_report(struct alc_buf *b, const struct alc_sgx_report *r)
{
    alc_buf_put(b, r->cpusvn, 16);
    put_le(b, r->miscselect, 4);
    put_zeros(b, 28);
    alc_buf_put(b, r->attributes, 16);
    alc_buf_put(b, r->mrenclave, 32);
    put_zeros(b, 32);
    alc_buf_put(b, r->mrsigner, 32);
    put_zeros(b, 96);
    put_le(b, r->isvprodid, 2);
    put_le(b, r->isvsvn, 2);
    put_zeros(b, 60);
    alc_buf_put(b, r->report_data, 64);
}

static void put_td_report(struct alc_buf *b, const struct alc_td_report *r, bool v15)
{
    alc_buf_put(b, r->tee_tcb_svn, 16);
    alc_buf_put(b, r->mrseam, 48);
    alc_buf_put(b, r->mrsignerseam, 48);
    alc_buf_put(b, r->seamattributes, 8);
    put_le(b, r->td_attributes, 8);
    put_le(b, r->xfam, 8);
    alc_buf_put(b, r->mrtd, 48);
    alc_buf_put(b, r->mrconfigid, 48);
    alc_buf_put(b, r->mrowner, 48);
    alc_buf_put(b, r->mrownerconfig, 48);
    for (size_t i = 0; i < 4; i++)
        alc_buf_put(b, r->rtmr[i], 48);
    alc_buf_put(b, r->report_data, 64);
    if (!v15) return;
    alc_buf_put(b, r->tee_tcb_svn_2, 16);
    alc_buf_put(b, r->mrservicetd, 48);
}

/* Header, 48 bytes; of version 5 also 6 bytes that name the body; then the body. */
static void put_signed(struct alc_buf *b, const struct alc_sim *s, const struct alc_sim_quote *q)
{
    static const uint8_t intel[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                      0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};
    struct alc_hash platform;

    put_le(b, q->version, 2);
    put_le(b, 2, 2); /* ECDSA P-256 */
    put_le(b, q->body_type == 1 ? ALC_TEE_SGX : ALC_TEE_TDX, 4);
    put_le(b, q->version == 3 ? SIM_QE_ISVSVN : 0, 2);
    put_le(b, q->version == 3 ? SIM_PCESVN : 0, 2);
    alc_buf_put(b, intel, sizeof intel); /* readers refuse any other */
    alc_sha256(&platform, (struct alc_bytes){s->ppid, sizeof s->ppid});
    alc_buf_put(b, platform.b + 16, 16);
    put_zeros(b, 4);
    if (q->version >= 5) {
        put_le(b, q->body_type, 2);
        put_le(b, q->body_type == 1 ? SGX_BYTES : q->body_type == 3 ? TD_15_BYTES : TD_10_BYTES, 4);
    }
    if (q->body_type == 1)
        put_sgx_report(b, &q->sgx);
    else
        put_td_report(b, &q->td, q->body_type == 3);
}

/* What vouches for the attestation key: the QE's report, its signature by the PCK key, the data
 * that it was asked to include, and the certificate chain. */
static enum alc_rc put_qe(struct alc_buf *b, struct alc_sim *s, const struct alc_sim_quote *q)
{
    struct alc_buf bound = ALC_BUF(64 + 65536);
    struct alc_sgx_report qe = q->qe;
    uint8_t sig[64];
    struct alc_hash h;
    size_t at = b->n;
    enum alc_rc rc;

    if (!q->keep_qe_report_data) {
        alc_buf_put(&bound, s->key[SIM_QE].public_key, 64);
        alc_buf_put_bytes(&bound, q->auth_data);
        alc_sha256(&h, alc_buf_bytes(&bound));
        memset(qe.report_data, 0, sizeof qe.report_data);
        memcpy(qe.report_data, h.b, sizeof h.b);
    }
    put_sgx_report(b, &qe);
    rc = bound.failed || b->failed
             ? ALC_NOMEM
             : sim_sign(s, SIM_PCK, sig, (struct alc_bytes){b->p + at, SGX_BYTES});
    alc_buf_fini(&bound);
    if (rc != ALC_OK) return rc;
    alc_buf_put(b, sig, sizeof sig);
    put_le(b, q->auth_data.n, 2);
    alc_buf_put_bytes(b, q->auth_data);
    put_le(b, q->inner_type, 2);
    put_le(b, s->pck_chain.n + 1, 4);
    alc_buf_put_bytes(b, alc_buf_bytes(&s->pck_chain));
    put_zeros(b, 1); /* as the real ones end */
    return b->failed ? ALC_NOMEM : ALC_OK;
}

enum alc_rc alc_sim_quote(struct alc_sim *s, const struct alc_sim_quote *q, struct alc_buf *out,
                          struct alc_err *err)
{
    struct alc_buf quote = ALC_BUF(1u << 20), qe = ALC_BUF(1u << 20);
    uint8_t sig[64];
    enum alc_rc rc = ALC_NOMEM;

    put_signed(&quote, s, q);
    if (quote.failed) goto out;
    rc = sim_sign(s, SIM_QE, sig, alc_buf_bytes(&quote));
    if (rc == ALC_OK) rc = put_qe(&qe, s, q);
    if (rc != ALC_OK) goto out;
    put_le(&quote, (q->version == 3 ? 128u : 134u) + qe.n, 4);
    alc_buf_put(&quote, sig, sizeof sig);
    alc_buf_put(&quote, s->key[SIM_QE].public_key, 64);
    if (q->version != 3) {
        put_le(&quote, q->outer_type, 2);
        put_le(&quote, qe.n, 4);
    }
    alc_buf_put_bytes(&quote, alc_buf_bytes(&qe));
    put_zeros(&quote, q->trailing);
    if (!quote.failed) alc_buf_put_bytes(out, alc_buf_bytes(&quote));
    if (quote.failed || out->failed) rc = ALC_NOMEM;
out:
    alc_buf_fini(&qe);
    alc_buf_fini(&quote);
    return rc == ALC_OK ? ALC_OK : alc_fail(err, rc, "no memory for a simulated quote");
}

/* One extension of a register that was zero. */
static void extend_once(uint8_t out[48], const char *what)
{
    uint8_t both[96] = {0};
    alc_sha384(both + 48, alc_cstr(what));
    alc_sha384(out, (struct alc_bytes){both, sizeof both});
}

void alc_sim_quote_usual(struct alc_sim_quote *q, enum alc_tee tee)
{
    static uint8_t auth[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                               16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
    struct alc_hash h;

    *q = (struct alc_sim_quote){
        .version = tee == ALC_TEE_TDX ? 4 : 3,
        .body_type = tee == ALC_TEE_TDX ? 2 : 1,
        .auth_data = {auth, sizeof auth},
        .outer_type = 6,
        .inner_type = 5,
    };
    memcpy(q->td.tee_tcb_svn, sim_tee_tcb_svn, 16);
    memcpy(q->td.tee_tcb_svn_2, sim_tee_tcb_svn, 16);
    alc_sha384(q->td.mrseam, ALC_LIT("SIMULATED TDX module"));
    q->td.td_attributes = ALC_TD_SEPT_VE_DISABLE;
    q->td.xfam = UINT64_C(0x602e7);
    alc_sha384(q->td.mrtd, ALC_LIT("ALCOVE SIMULATED"));
    extend_once(q->td.rtmr[0], "SIMULATED RTMR0");
    extend_once(q->td.rtmr[1], "SIMULATED RTMR1");
    extend_once(q->td.rtmr[2], "SIMULATED RTMR2");

    memcpy(q->sgx.cpusvn, sim_components, 16);
    q->sgx.attributes[0] = 0x05; /* INIT, MODE64 */
    q->sgx.attributes[8] = 0xe7;
    alc_sha256(&h, ALC_LIT("SIMULATED enclave"));
    memcpy(q->sgx.mrenclave, h.b, 32);
    alc_sha256(&h, ALC_LIT("SIMULATED enclave's signer"));
    memcpy(q->sgx.mrsigner, h.b, 32);
    q->sgx.isvprodid = 1;
    q->sgx.isvsvn = 1;

    memcpy(q->qe.cpusvn, sim_components, 16);
    q->qe.attributes[0] = SIM_QE_FLAGS;
    q->qe.attributes[8] = 0xe7;
    alc_sha256(&h, ALC_LIT("SIMULATED quoting enclave"));
    memcpy(q->qe.mrenclave, h.b, 32);
    sim_signer(q->qe.mrsigner);
    q->qe.isvprodid = sim_qe_product(tee);
    q->qe.isvsvn = SIM_QE_ISVSVN;
}
