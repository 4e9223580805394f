#include "attest/der_out.h"
#include "attest/sim_parts.h"

#include <string.h>

#define OID(name, ...) static const uint8_t name[] = {__VA_ARGS__}
OID(oid_ecdsa_sha256, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02);
OID(oid_ec_key, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01);
OID(oid_p256, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07);
OID(oid_cn, 0x55, 0x04, 0x03);
OID(oid_c, 0x55, 0x04, 0x06);
OID(oid_l, 0x55, 0x04, 0x07);
OID(oid_st, 0x55, 0x04, 0x08);
OID(oid_o, 0x55, 0x04, 0x0a);
OID(oid_ski, 0x55, 0x1d, 0x0e);
OID(oid_usage, 0x55, 0x1d, 0x0f);
OID(oid_basic, 0x55, 0x1d, 0x13);
OID(oid_crl_number, 0x55, 0x1d, 0x14);
OID(oid_reason, 0x55, 0x1d, 0x15);
OID(oid_aki, 0x55, 0x1d, 0x23);
OID(oid_sgx, 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01);

#define BYTES(array) ((struct alc_bytes){(array), sizeof(array)})

/* The names of the roles are Intel's, since verifiers compare them; the organisation and the root's
 * name are not, so that nobody takes one for the other. */
static const struct role {
    const char *name;
    enum sim_role issuer;
    bool ca;
    uint8_t path_len;
} roles[SIM_CERTS] = {
    [SIM_ROOT] = {"SIMULATED SGX Root CA", SIM_ROOT, true, 1},
    [SIM_CA] = {"Intel SGX PCK Platform CA", SIM_ROOT, true, 0},
    [SIM_PCK] = {"Intel SGX PCK Certificate", SIM_CA, false, 0},
    [SIM_TCB] = {"Intel SGX TCB Signing", SIM_ROOT, false, 0},
};

const uint8_t sim_components[16] = {2, 2, 2, 2, 3, 1, 0, 3, 255, 0, 0, 0, 0, 0, 0, 0};
const uint8_t sim_fmspc[6] = {'S', 'I', 'M', 0, 0, 0};

void sim_key_id(uint8_t out[20], const struct alc_sim *s, enum sim_role role)
{
    uint8_t point[65] = {4};
    struct alc_hash h;

    memcpy(point + 1, s->key[role].public_key, 64);
    alc_sha256(&h, BYTES(point));
    memcpy(out, h.b, 20); /* RFC 7093, method 1 */
}

static void put_algorithm(struct alc_buf *b)
{
    size_t at = att_der_open(b, ATT_DER_SEQUENCE);
    att_der_put(b, ATT_DER_OID, BYTES(oid_ecdsa_sha256));
    att_der_close(b, at);
}

static void put_name_part(struct alc_buf *b, struct alc_bytes oid, uint8_t tag, const char *text)
{
    size_t set = att_der_open(b, ATT_DER_SET), both = att_der_open(b, ATT_DER_SEQUENCE);
    att_der_put(b, ATT_DER_OID, oid);
    att_der_put(b, tag, alc_cstr(text));
    att_der_close(b, both);
    att_der_close(b, set);
}

static void put_name(struct alc_buf *b, enum sim_role role)
{
    size_t at = att_der_open(b, ATT_DER_SEQUENCE);
    put_name_part(b, BYTES(oid_cn), ATT_DER_UTF8, roles[role].name);
    put_name_part(b, BYTES(oid_o), ATT_DER_UTF8, "SIMULATED");
    put_name_part(b, BYTES(oid_l), ATT_DER_UTF8, "SIMULATED");
    put_name_part(b, BYTES(oid_st), ATT_DER_UTF8, "CA");
    put_name_part(b, BYTES(oid_c), ATT_DER_PRINTABLE, "US");
    att_der_close(b, at);
}

static void put_key(struct alc_buf *b, const struct alc_sim *s, enum sim_role role)
{
    uint8_t point[65] = {4};
    size_t at = att_der_open(b, ATT_DER_SEQUENCE), kind = att_der_open(b, ATT_DER_SEQUENCE);

    memcpy(point + 1, s->key[role].public_key, 64);
    att_der_put(b, ATT_DER_OID, BYTES(oid_ec_key));
    att_der_put(b, ATT_DER_OID, BYTES(oid_p256));
    att_der_close(b, kind);
    att_der_bits(b, 0, BYTES(point));
    att_der_close(b, at);
}

/* An extension begins; its value is what is written until extension_close. */
struct extension {
    size_t whole, value;
};

static struct extension extension_open(struct alc_buf *b, struct alc_bytes oid, bool critical)
{
    struct extension x;
    x.whole = att_der_open(b, ATT_DER_SEQUENCE);
    att_der_put(b, ATT_DER_OID, oid);
    if (critical) att_der_bool(b, true);
    x.value = att_der_open(b, ATT_DER_OCTETS);
    return x;
}

static void extension_close(struct alc_buf *b, struct extension x)
{
    att_der_close(b, x.value);
    att_der_close(b, x.whole);
}

static void put_issuer_key_id(struct alc_buf *b, const struct alc_sim *s, enum sim_role issuer)
{
    struct extension x = extension_open(b, BYTES(oid_aki), false);
    size_t at = att_der_open(b, ATT_DER_SEQUENCE);
    uint8_t id[20];

    sim_key_id(id, s, issuer);
    att_der_put(b, 0x80, BYTES(id));
    att_der_close(b, at);
    extension_close(b, x);
}

/* One field of the SGX extension: SEQUENCE { OID, value }; the value is written by the caller. */
static size_t field_open(struct alc_buf *b, const uint8_t *suffix, size_t n)
{
    size_t at = att_der_open(b, ATT_DER_SEQUENCE), oid = att_der_open(b, ATT_DER_OID);
    alc_buf_put(b, oid_sgx, sizeof oid_sgx);
    alc_buf_put(b, suffix, n);
    att_der_close(b, oid);
    return at;
}

static void put_octets(struct alc_buf *b, uint8_t number, struct alc_bytes value)
{
    size_t at = field_open(b, &number, 1);
    att_der_put(b, ATT_DER_OCTETS, value);
    att_der_close(b, at);
}

static void put_tcb(struct alc_buf *b)
{
    size_t field = field_open(b, (const uint8_t[]){2}, 1);
    size_t list = att_der_open(b, ATT_DER_SEQUENCE), at;

    for (uint8_t i = 0; i < 16; i++) {
        at = field_open(b, (const uint8_t[]){2, (uint8_t)(i + 1)}, 2);
        att_der_u64(b, sim_components[i]);
        att_der_close(b, at);
    }
    at = field_open(b, (const uint8_t[]){2, 17}, 2);
    att_der_u64(b, SIM_PCESVN);
    att_der_close(b, at);
    at = field_open(b, (const uint8_t[]){2, 18}, 2);
    att_der_put(b, ATT_DER_OCTETS, BYTES(sim_components));
    att_der_close(b, at);
    att_der_close(b, list);
    att_der_close(b, field);
}

static void put_sgx(struct alc_buf *b, const struct alc_sim *s)
{
    static const uint8_t pceid[2] = {0, 0}, scalable = 1;
    struct extension x = extension_open(b, BYTES(oid_sgx), false);
    size_t list = att_der_open(b, ATT_DER_SEQUENCE), field, at;
    struct alc_hash instance;

    put_octets(b, 1, BYTES(s->ppid));
    put_tcb(b);
    put_octets(b, 3, BYTES(pceid));
    put_octets(b, 4, BYTES(sim_fmspc));
    field = field_open(b, (const uint8_t[]){5}, 1);
    att_der_put(b, ATT_DER_ENUMERATED, (struct alc_bytes){&scalable, 1});
    att_der_close(b, field);
    alc_sha256(&instance, BYTES(s->ppid));
    put_octets(b, 6, (struct alc_bytes){instance.b, 16});
    field = field_open(b, (const uint8_t[]){7}, 1);
    at = att_der_open(b, ATT_DER_SEQUENCE);
    for (uint8_t i = 1; i <= 3; i++) { /* dynamic platform, cached keys, SMT */
        size_t one = field_open(b, (const uint8_t[]){7, i}, 2);
        att_der_bool(b, true);
        att_der_close(b, one);
    }
    att_der_close(b, at);
    att_der_close(b, field);
    att_der_close(b, list);
    extension_close(b, x);
}

static void put_extensions(struct alc_buf *b, const struct alc_sim *s, enum sim_role role)
{
    /* keyCertSign and cRLSign; or digitalSignature and nonRepudiation */
    const uint8_t usage = roles[role].ca ? 0x06 : 0xc0;
    size_t outer = att_der_open(b, 0xa3), list = att_der_open(b, ATT_DER_SEQUENCE), at;
    struct extension x;
    uint8_t id[20];

    put_issuer_key_id(b, s, roles[role].issuer);
    x = extension_open(b, BYTES(oid_ski), false);
    sim_key_id(id, s, role);
    att_der_put(b, ATT_DER_OCTETS, BYTES(id));
    extension_close(b, x);
    x = extension_open(b, BYTES(oid_usage), true);
    att_der_bits(b, roles[role].ca ? 1 : 6, (struct alc_bytes){&usage, 1});
    extension_close(b, x);
    x = extension_open(b, BYTES(oid_basic), true);
    at = att_der_open(b, ATT_DER_SEQUENCE);
    if (roles[role].ca) {
        att_der_bool(b, true);
        att_der_u64(b, roles[role].path_len);
    }
    att_der_close(b, at);
    extension_close(b, x);
    if (role == SIM_PCK) put_sgx(b, s);
    att_der_close(b, list);
    att_der_close(b, outer);
}

/* SEQUENCE { tbs, algorithm, signature }, around a tbs that was written from tbs_at on. */
static enum alc_rc seal(struct alc_sim *s, enum sim_role issuer, size_t outer, size_t tbs_at,
                        struct alc_buf *out)
{
    uint8_t sig[64];
    enum alc_rc rc;

    if (out->failed) return ALC_NOMEM;
    rc = sim_sign(s, issuer, sig, (struct alc_bytes){out->p + tbs_at, out->n - tbs_at});
    if (rc != ALC_OK) return rc;
    put_algorithm(out);
    att_der_signature(out, sig);
    att_der_close(out, outer);
    return out->failed ? ALC_NOMEM : ALC_OK;
}

enum alc_rc sim_cert(struct alc_sim *s, enum sim_role role, uint64_t from_s, struct alc_buf *out)
{
    size_t outer = att_der_open(out, ATT_DER_SEQUENCE), tbs_at = out->n;
    size_t tbs = att_der_open(out, ATT_DER_SEQUENCE), at;
    uint8_t serial[20];

    at = att_der_open(out, 0xa0);
    att_der_u64(out, 2); /* version 3 */
    att_der_close(out, at);
    sim_key_id(serial, s, role);
    att_der_uint(out, BYTES(serial));
    put_algorithm(out);
    put_name(out, roles[role].issuer);
    at = att_der_open(out, ATT_DER_SEQUENCE);
    att_der_time(out, from_s);
    att_der_time(out, from_s + SIM_VALID_S);
    att_der_close(out, at);
    put_name(out, role);
    put_key(out, s, role);
    put_extensions(out, s, role);
    att_der_close(out, tbs);
    return seal(s, roles[role].issuer, outer, tbs_at, out);
}

static void put_revoked(struct alc_buf *b, const struct alc_sim *s, enum sim_role role,
                        uint64_t when_s)
{
    static const uint8_t key_compromise = 1;
    size_t entry = att_der_open(b, ATT_DER_SEQUENCE), list;
    struct extension x;
    uint8_t serial[20];

    sim_key_id(serial, s, role);
    att_der_uint(b, BYTES(serial));
    att_der_time(b, when_s);
    list = att_der_open(b, ATT_DER_SEQUENCE);
    x = extension_open(b, BYTES(oid_reason), false);
    att_der_put(b, ATT_DER_ENUMERATED, (struct alc_bytes){&key_compromise, 1});
    extension_close(b, x);
    att_der_close(b, list);
    att_der_close(b, entry);
}

enum alc_rc sim_crl(struct alc_sim *s, enum sim_role issuer, unsigned revoked, uint64_t from_s,
                    uint64_t until_s, struct alc_buf *out)
{
    size_t outer = att_der_open(out, ATT_DER_SEQUENCE), tbs_at = out->n;
    size_t tbs = att_der_open(out, ATT_DER_SEQUENCE), at, list;
    struct extension x;

    att_der_u64(out, 1); /* version 2 */
    put_algorithm(out);
    put_name(out, issuer);
    att_der_time(out, from_s);
    att_der_time(out, until_s);
    if (revoked != 0) { /* an empty list is left out */
        at = att_der_open(out, ATT_DER_SEQUENCE);
        for (enum sim_role r = SIM_ROOT; r < SIM_CERTS; r++)
            if ((revoked >> r & 1) != 0) put_revoked(out, s, r, from_s);
        att_der_close(out, at);
    }
    at = att_der_open(out, 0xa0);
    list = att_der_open(out, ATT_DER_SEQUENCE);
    x = extension_open(out, BYTES(oid_crl_number), false);
    att_der_u64(out, 1);
    extension_close(out, x);
    put_issuer_key_id(out, s, issuer);
    att_der_close(out, list);
    att_der_close(out, at);
    att_der_close(out, tbs);
    return seal(s, issuer, outer, tbs_at, out);
}
