#include "made.h"

#include <assert.h>
#include <string.h>

#include "attest/der_out.h"

#define X(name) #name,
const char *const twist_names[TWIST_COUNT] = {TWISTS(X)};
#undef X

#define OID(text) ALC_LIT(text)
#define CN OID("\x55\x04\x03")
#define ORGANISATION OID("\x55\x04\x0a")
#define CONSTRAINTS OID("\x55\x1d\x13")
#define USAGE OID("\x55\x1d\x0f")
#define NAME_CONSTRAINTS OID("\x55\x1d\x1e")
#define CRL_NUMBER OID("\x55\x1d\x14")
#define REASON OID("\x55\x1d\x15")
#define CERTIFICATE_ISSUER OID("\x55\x1d\x1d")

static void put_algorithm(struct alc_buf *b, bool other)
{
    size_t at = att_der_open(b, ATT_DER_SEQUENCE);
    /* ecdsa-with-SHA256, or ecdsa-with-SHA384 */
    att_der_put(b, ATT_DER_OID,
                other ? OID("\x2a\x86\x48\xce\x3d\x04\x03\x03")
                      : OID("\x2a\x86\x48\xce\x3d\x04\x03\x02"));
    att_der_close(b, at);
}

static void put_name_part(struct alc_buf *b, struct alc_bytes oid, uint8_t tag, const char *text)
{
    size_t set = att_der_open(b, ATT_DER_SET), pair = att_der_open(b, ATT_DER_SEQUENCE);
    att_der_put(b, ATT_DER_OID, oid);
    att_der_put(b, tag, alc_cstr(text));
    att_der_close(b, pair);
    att_der_close(b, set);
}

static void put_name(struct alc_buf *b, const char *cn, enum twist twist)
{
    size_t at = att_der_open(b, ATT_DER_SEQUENCE);
    if (twist != TWIST_NO_CN)
        put_name_part(b, CN, twist == TWIST_CN_IN_UTF16 ? 0x1e : ATT_DER_UTF8, cn);
    put_name_part(b, ORGANISATION, ATT_DER_PRINTABLE, "test");
    if (twist == TWIST_TWO_CN) put_name_part(b, CN, ATT_DER_UTF8, "Intel SGX TCB Signing");
    att_der_close(b, at);
}

static void put_extension(struct alc_buf *b, struct alc_bytes oid, bool critical,
                          struct alc_bytes value)
{
    size_t at = att_der_open(b, ATT_DER_SEQUENCE);
    att_der_put(b, ATT_DER_OID, oid);
    if (critical) att_der_bool(b, true);
    att_der_put(b, ATT_DER_OCTETS, value);
    att_der_close(b, at);
}

static void put_constraints(struct alc_buf *b, const struct made_cert *m)
{
    struct alc_buf v = ALC_BUF(64);
    size_t at = att_der_open(&v, ATT_DER_SEQUENCE);

    if (m->ca) att_der_bool(&v, true);
    if (m->twist == TWIST_CA_FALSE_SPELT_OUT) att_der_bool(&v, false);
    if ((m->ca && m->path_len >= 0) || m->twist == TWIST_PATH_LEN_WITHOUT_CA)
        att_der_u64(&v, m->path_len > 0 ? (uint64_t)m->path_len : 0);
    att_der_close(&v, at);
    put_extension(b, CONSTRAINTS, true, alc_buf_bytes(&v));
    alc_buf_fini(&v);
}

static void put_usage(struct alc_buf *b, const struct made_cert *m)
{
    uint8_t v[4] = {ATT_DER_BITS, 2, 1, m->usage};
    put_extension(b, USAGE, true, (struct alc_bytes){v, sizeof v});
}

static void put_extensions(struct alc_buf *b, const struct made_cert *m)
{
    size_t context = att_der_open(b, 0xa3), at = att_der_open(b, ATT_DER_SEQUENCE);

    if (m->twist != TWIST_NO_CONSTRAINTS) put_constraints(b, m);
    if (m->twist != TWIST_NO_USAGE) put_usage(b, m);
    if (m->twist == TWIST_REPEATED_EXTENSION) put_usage(b, m);
    put_extension(b, NAME_CONSTRAINTS, m->twist == TWIST_UNKNOWN_CRITICAL, ALC_LIT("\x30\x00"));
    att_der_close(b, at);
    att_der_close(b, context);
}

static void put_key(struct alc_buf *b, const struct made_cert *m)
{
    uint8_t point[65] = {4};
    size_t at = att_der_open(b, ATT_DER_SEQUENCE), kind = att_der_open(b, ATT_DER_SEQUENCE);

    memcpy(point + 1, m->key->public_key, 64);
    att_der_put(b, ATT_DER_OID, OID("\x2a\x86\x48\xce\x3d\x02\x01"));
    /* prime256v1, or prime239v1 */
    att_der_put(b, ATT_DER_OID,
                m->twist == TWIST_CURVE ? OID("\x2a\x86\x48\xce\x3d\x03\x01\x04")
                                        : OID("\x2a\x86\x48\xce\x3d\x03\x01\x07"));
    att_der_close(b, kind);
    att_der_bits(b, 0, (struct alc_bytes){point, sizeof point});
    att_der_close(b, at);
}

static void put_u64_integer(struct alc_buf *b, uint64_t v)
{
    uint8_t be[8];
    for (size_t i = 0; i < sizeof be; i++)
        be[i] = (uint8_t)(v >> (56 - 8 * i));
    att_der_uint(b, (struct alc_bytes){be, sizeof be});
}

static void put_serial(struct alc_buf *b, const struct made_cert *m)
{
    static const uint8_t longer[21] = {1};

    if (m->twist == TWIST_SERIAL_ZERO)
        alc_buf_put_bytes(b, ALC_LIT("\x02\x01\x00"));
    else if (m->twist == TWIST_SERIAL_NEGATIVE)
        alc_buf_put_bytes(b, ALC_LIT("\x02\x01\x80"));
    else if (m->twist == TWIST_SERIAL_LONG)
        att_der_put(b, ATT_DER_INTEGER, (struct alc_bytes){longer, sizeof longer});
    else
        put_u64_integer(b, m->serial);
}

/* sign_frame wraps a finished tbs into SEQUENCE { tbs, algorithm, signature }. */
static void sign_frame(struct alc_buf *der, struct alc_bytes tbs, const struct alc_p256 *signer,
                       enum twist twist)
{
    size_t whole = att_der_open(der, ATT_DER_SEQUENCE), before;
    struct alc_hash digest;
    uint8_t sig[64];

    alc_sha256(&digest, tbs);
    assert(alc_p256_sign(sig, signer, &digest) == ALC_OK);
    alc_buf_put_bytes(der, tbs);
    put_algorithm(der, twist == TWIST_OUTER_ALGORITHM);
    before = der->n;
    att_der_signature(der, sig);
    if (twist == TWIST_UNUSED_SIGNATURE_BITS) der->p[before + 2] = 1;
    att_der_close(der, whole);
    if (twist == TWIST_TRAILING) alc_buf_put_bytes(der, ALC_LIT("\0"));
    assert(!der->failed);
}

void make_cert(struct alc_buf *der, const struct made_cert *m)
{
    struct alc_buf tbs = ALC_BUF(4096);
    size_t whole = att_der_open(&tbs, ATT_DER_SEQUENCE), at;

    if (m->twist != TWIST_VERSION) alc_buf_put_bytes(&tbs, ALC_LIT("\xa0\x03\x02\x01\x02"));
    put_serial(&tbs, m);
    put_algorithm(&tbs, m->twist == TWIST_INNER_ALGORITHM);
    put_name(&tbs, m->issuer_cn, TWIST_NONE);
    at = att_der_open(&tbs, ATT_DER_SEQUENCE);
    att_der_time(&tbs, m->from_s);
    att_der_time(&tbs, m->until_s);
    att_der_close(&tbs, at);
    put_name(&tbs, m->cn, m->twist);
    put_key(&tbs, m);
    if (m->twist == TWIST_UNIQUE_ID) alc_buf_put_bytes(&tbs, ALC_LIT("\x81\x02\x00\x01"));
    if (m->twist != TWIST_NO_EXTENSIONS) put_extensions(&tbs, m);
    att_der_close(&tbs, whole);
    sign_frame(der, alc_buf_bytes(&tbs), m->signer, m->twist);
    alc_buf_fini(&tbs);
}

static void put_entry(struct alc_buf *b, uint64_t serial, const struct made_crl *m)
{
    size_t whole = att_der_open(b, ATT_DER_SEQUENCE), at;

    put_u64_integer(b, serial);
    att_der_time(b, m->from_s);
    if (m->twist == TWIST_ENTRY_CRITICAL || m->twist == TWIST_ENTRY_EXTENSION) {
        at = att_der_open(b, ATT_DER_SEQUENCE);
        put_extension(b, REASON, false, ALC_LIT("\x0a\x01\x01"));
        if (m->twist == TWIST_ENTRY_CRITICAL)
            put_extension(b, CERTIFICATE_ISSUER, true, ALC_LIT("\x30\x00"));
        att_der_close(b, at);
    }
    att_der_close(b, whole);
}

void make_crl(struct alc_buf *der, const struct made_crl *m)
{
    struct alc_buf tbs = ALC_BUF(1u << 18);
    size_t whole = att_der_open(&tbs, ATT_DER_SEQUENCE), at, list;

    if (m->twist != TWIST_VERSION) att_der_u64(&tbs, 1);
    put_algorithm(&tbs, m->twist == TWIST_INNER_ALGORITHM);
    put_name(&tbs, m->issuer_cn, TWIST_NONE);
    att_der_time(&tbs, m->from_s);
    if (m->twist != TWIST_NO_NEXT_UPDATE) att_der_time(&tbs, m->until_s);
    if (m->count > 0) {
        at = att_der_open(&tbs, ATT_DER_SEQUENCE);
        for (size_t i = 0; i < m->count; i++)
            put_entry(&tbs, m->serials[i], m);
        att_der_close(&tbs, at);
    }
    if (m->twist != TWIST_NO_LIST_EXTENSIONS) {
        at = att_der_open(&tbs, 0xa0);
        list = att_der_open(&tbs, ATT_DER_SEQUENCE);
        put_extension(&tbs, CRL_NUMBER, m->twist == TWIST_LIST_CRITICAL, ALC_LIT("\x02\x01\x01"));
        att_der_close(&tbs, list);
        att_der_close(&tbs, at);
    }
    att_der_close(&tbs, whole);
    sign_frame(der, alc_buf_bytes(&tbs), m->signer, m->twist);
    alc_buf_fini(&tbs);
}

/* ---- a whole set ---- */

#define COMPONENTS(name, first)                                                                    \
    "\"" name "\":[{\"svn\":" first "},{\"svn\":1},{\"svn\":1},{\"svn\":1},{\"svn\":1},"           \
    "{\"svn\":1},{\"svn\":1},{\"svn\":1},{\"svn\":1},{\"svn\":1},{\"svn\":1},{\"svn\":1},"         \
    "{\"svn\":1},{\"svn\":1},{\"svn\":1},{\"svn\":1}]"
#define ZERO48                                                                                     \
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" \
    "0000"
#define INFO_HEAD(id)                                                                              \
    "{\"id\":\"" id "\",\"version\":3,\"issueDate\":\"2026-01-02T03:04:05Z\",\"nextUpdate\":"      \
    "\"2026-02-01T03:04:05Z\",\"fmspc\":\"00A0b0C0d0E0\",\"pceId\":\"0102\",\"tcbType\":0,"        \
    "\"tcbEvaluationDataNumber\":19,"
#define LEVEL_END "\"tcbDate\":\"2025-01-01T00:00:00Z\",\"tcbStatus\":\"UpToDate\"}"
#define QE_HEAD(id)                                                                                \
    "{\"id\":\"" id "\",\"version\":2,\"issueDate\":\"2026-01-03T00:00:00Z\",\"nextUpdate\":"      \
    "\"2026-02-02T00:00:00Z\",\"tcbEvaluationDataNumber\":20,\"miscselect\":\"01020304\","         \
    "\"miscselectMask\":\"FFffFFff\",\"attributes\":\"11000000000000000000000000000000\","         \
    "\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\",\"mrsigner\":\"dc9e2a7c6f948f17474e"  \
    "34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5\",\"isvprodid\":2,\"tcbLevels\":["               \
    "{\"tcb\":{\"isvsvn\":4}," LEVEL_END "]}"

const char made_tdx_info[] = INFO_HEAD(
    "TDX") "\"tdxModule\":{\"mrsigner\":\"" ZERO48
           "\",\"attributes\":\"0000000000000000\",\"attributesMask\":\"FFFFFFFFFFFFFFFF\"},"
           "\"tcbLevels\":[{\"tcb\":{" COMPONENTS(
               "sgxtcbcomponents", "2") ",\"pcesvn\":11," COMPONENTS("tdxtcbcomponents",
                                                                     "3") "}," LEVEL_END "]}";
const char made_sgx_info[] = INFO_HEAD("SGX") "\"tcbLevels\":[{\"tcb\":{" COMPONENTS(
    "sgxtcbcomponents", "2") ",\"pcesvn\":11}," LEVEL_END "]}";
const char made_td_qe[] = QE_HEAD("TD_QE");
const char made_qe[] = QE_HEAD("QE");

#define FROM_S 1760000000u
#define UNTIL_S 1960000000u

void made_init(struct made *m)
{
    static const struct {
        const char *cn;
        enum made_role issuer;
        bool ca;
        int path_len;
        uint8_t usage;
    } usual[MADE_ROLES] = {
        [MADE_ROOT] = {"SIMULATED test root", MADE_ROOT, true, 1, USAGE_CERTS | USAGE_CRLS},
        [MADE_CA] = {"Intel SGX PCK Platform CA", MADE_ROOT, true, 0, USAGE_CERTS | USAGE_CRLS},
        [MADE_TCB] = {"Intel SGX TCB Signing", MADE_ROOT, false, -1, USAGE_SIGN},
        [MADE_QE] = {"Intel SGX TCB Signing", MADE_ROOT, false, -1, USAGE_SIGN},
        [MADE_LEAF] = {"Intel SGX PCK Certificate", MADE_CA, false, -1, USAGE_SIGN},
    };

    memset(m, 0, sizeof *m);
    for (size_t i = 0; i < MADE_ROLES; i++) {
        uint8_t scalar[32] = {0};
        scalar[31] = (uint8_t)(i + 1);
        scalar[0] = 0x5a;
        assert(alc_p256_init(&m->key[i], scalar) == ALC_OK);
        m->cert[i] = (struct made_cert){.cn = usual[i].cn,
                                        .issuer_cn = usual[usual[i].issuer].cn,
                                        .serial = 0x8000000000000001u + i,
                                        .key = &m->key[i],
                                        .signer = &m->key[usual[i].issuer],
                                        .from_s = FROM_S + i,
                                        .until_s = UNTIL_S - i,
                                        .ca = usual[i].ca,
                                        .path_len = usual[i].path_len,
                                        .usage = usual[i].usage};
    }
    m->root_crl = (struct made_crl){.issuer_cn = usual[MADE_ROOT].cn,
                                    .signer = &m->key[MADE_ROOT],
                                    .from_s = FROM_S + 100,
                                    .until_s = UNTIL_S - 100};
    m->pck_crl = (struct made_crl){.issuer_cn = usual[MADE_CA].cn,
                                   .signer = &m->key[MADE_CA],
                                   .from_s = FROM_S + 200,
                                   .until_s = UNTIL_S - 200};
    m->tcb_info = alc_cstr(made_tdx_info);
    m->qe_identity = alc_cstr(made_td_qe);
    m->tcb_signer = m->qe_signer = MADE_TCB;
    m->pck_ca = MADE_CA;
    m->with_root = true;
    m->root = ALC_BUF(4096);
}

void made_fini(struct made *m)
{
    for (size_t i = 0; i < MADE_ROLES; i++)
        alc_p256_fini(&m->key[i]);
    alc_buf_fini(&m->root);
}

static void put_json_text(struct alc_buf *b, struct alc_bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\n')
            alc_buf_put_text(b, "\\n");
        else if (text.p[i] == '"' || text.p[i] == '\\')
            alc_buf_printf(b, "\\%c", text.p[i]);
        else
            alc_buf_put(b, text.p + i, 1);
    }
}

static void put_hex(struct alc_buf *b, struct alc_bytes in)
{
    for (size_t i = 0; i < in.n; i++)
        alc_buf_printf(b, "%02x", in.p[i]);
}

static void put_chain(struct alc_buf *json, const struct made *m, const char *name,
                      struct alc_bytes first)
{
    struct alc_buf pem = ALC_BUF(16384);

    att_pem_put(&pem, first);
    if (m->with_root) att_pem_put(&pem, alc_buf_bytes(&m->root));
    alc_buf_printf(json, "\"%s\":\"", name);
    put_json_text(json, alc_buf_bytes(&pem));
    alc_buf_put_text(json, "\",");
    alc_buf_fini(&pem);
}

static void put_crl(struct alc_buf *json, const char *name, const struct made_crl *crl)
{
    struct alc_buf der = ALC_BUF(1u << 18);

    make_crl(&der, crl);
    alc_buf_printf(json, "\"%s\":\"", name);
    put_hex(json, alc_buf_bytes(&der));
    alc_buf_put_text(json, "\",");
    alc_buf_fini(&der);
}

static void put_signed(struct alc_buf *json, const char *name, struct alc_bytes text,
                       const struct alc_p256 *key, const char *end)
{
    struct alc_hash digest;
    uint8_t sig[64];

    alc_sha256(&digest, text);
    assert(alc_p256_sign(sig, key, &digest) == ALC_OK);
    alc_buf_printf(json, "\"%s\":\"", name);
    put_json_text(json, text);
    alc_buf_printf(json, "\",\"%s_signature\":\"", name);
    put_hex(json, (struct alc_bytes){sig, sizeof sig});
    alc_buf_put_text(json, end);
}

void made_set(struct made *m, struct alc_buf *json)
{
    struct alc_buf ca = ALC_BUF(4096), tcb = ALC_BUF(4096), qe = ALC_BUF(4096);

    alc_buf_reset(json);
    alc_buf_reset(&m->root);
    make_cert(&m->root, &m->cert[MADE_ROOT]);
    make_cert(&ca, &m->cert[m->pck_ca]);
    make_cert(&tcb, &m->cert[m->tcb_signer]);
    if (m->qe_signer == m->tcb_signer)
        alc_buf_put_bytes(&qe, alc_buf_bytes(&tcb)); /* made again, it would be signed anew */
    else
        make_cert(&qe, &m->cert[m->qe_signer]);
    alc_buf_put_text(json, "{");
    put_chain(json, m, "pck_crl_issuer_chain", alc_buf_bytes(&ca));
    put_crl(json, "root_ca_crl", &m->root_crl);
    put_crl(json, "pck_crl", &m->pck_crl);
    put_chain(json, m, "tcb_info_issuer_chain", alc_buf_bytes(&tcb));
    put_signed(json, "tcb_info", m->tcb_info, &m->key[m->tcb_signer], "\",");
    put_chain(json, m, "qe_identity_issuer_chain", alc_buf_bytes(&qe));
    put_signed(json, "qe_identity", m->qe_identity, &m->key[m->qe_signer], "\"}");
    assert(!json->failed);
    alc_buf_fini(&ca);
    alc_buf_fini(&tcb);
    alc_buf_fini(&qe);
}
