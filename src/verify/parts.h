/* src/verify/parts.h — the readers that the files of this room share.  Not for others. */
#ifndef ALC_VERIFY_PARTS_H
#define ALC_VERIFY_PARTS_H

#include "verify/verify.h"

/* ---- working memory ---- */

/* vf_take borrows n bytes, aligned to 8; NULL: none left. */
uint8_t *vf_take(struct alc_verify_work *w, size_t n);

/* ---- json.c: a cursor over JSON text ----
 *
 * Accepts RFC 8259 without floats: integers alone, unknown keys skipped, repeated keys refused,
 * depth at most VF_JSON_DEPTH_MAX.  A failed cursor stays failed: check j->bad once at the end. */
#define VF_JSON_DEPTH_MAX 8u

struct vf_json {
    struct alc_bytes text;
    size_t at;
    unsigned depth;
    bool bad;
};
struct vf_json vf_json(struct alc_bytes text);
/* vf_json_end: nothing but white space is left, and nothing was wrong. */
ALC_MUST bool vf_json_end(struct vf_json *j);

/* An object is read by a table, which finds repeated keys: `read` is called with the cursor at the
 * value and must consume it.  Keys are compared unescaped.  `must`: absence is an error. */
struct vf_member {
    const char *name;
    void (*read)(struct vf_json *j, void *ctx);
    bool must;
};
#define VF_MEMBERS_MAX 32u
/* Returns a bit for each member that was there (in the table's order). */
uint32_t vf_json_object(struct vf_json *j, const struct vf_member *members, size_t count,
                        void *ctx);
/* vf_json_array calls `item` at each element; more than `max` is an error. */
void vf_json_array(struct vf_json *j, size_t max, void (*item)(struct vf_json *j, void *ctx),
                   void *ctx);
void vf_json_skip(struct vf_json *j);
bool vf_json_null(struct vf_json *j); /* takes a null when one stands next */
uint64_t vf_json_u64(struct vf_json *j);
int64_t vf_json_i64(struct vf_json *j);
/* vf_json_text borrows the string without unescaping: a string with a backslash is an error. */
struct alc_bytes vf_json_text(struct vf_json *j);
/* vf_json_string unescapes into work memory; UTF-8 is checked. */
struct alc_bytes vf_json_string(struct vf_json *j, struct alc_verify_work *w);
/* vf_json_hex reads a string of exactly 2n hex digits, either case. */
void vf_json_hex(struct vf_json *j, uint8_t *out, size_t n);
/* vf_json_time reads an RFC 3339 UTC time ("2025-06-19T10:32:27Z") as Unix seconds. */
uint64_t vf_json_time(struct vf_json *j);

/* ---- der.c: DER (X.690), definite lengths in their shortest form ---- */

/* vf_der reads one element with tag byte `tag` and sets *content; false moves nothing. */
ALC_MUST bool vf_der(struct alc_cur *c, uint8_t tag, struct alc_bytes *content);
/* vf_der_whole: like vf_der, and *whole is the element with its header. */
ALC_MUST bool vf_der_whole(struct alc_cur *c, uint8_t tag, struct alc_bytes *content,
                           struct alc_bytes *whole);
ALC_MUST bool vf_der_any(struct alc_cur *c, uint8_t *tag, struct alc_bytes *content);
ALC_MUST bool vf_der_uint(struct alc_cur *c, uint64_t max, uint64_t *v); /* INTEGER, not negative */
/* A signature's SEQUENCE { INTEGER r, INTEGER s } as r‖s. */
ALC_MUST bool vf_der_signature(uint8_t out[64], struct alc_bytes der);
ALC_MUST bool vf_der_time(struct alc_cur *c, uint64_t *unix_s); /* UTCTime or GeneralizedTime, Z */
/* An INTEGER above zero of at most `max` bytes, without its leading zero. */
ALC_MUST bool vf_der_positive(struct alc_cur *c, size_t max, struct alc_bytes *v);
/* vf_der_next takes these very bytes; false: others stand there. */
ALC_MUST bool vf_der_next(struct alc_cur *c, struct alc_bytes want);
/* vf_time: "YYYYMMDDhhmmss" from 1970 on as Unix seconds; false: it is no date. */
ALC_MUST bool vf_time(const uint8_t digits[14], uint64_t *unix_s);

/* ---- x509.c ---- */

/* What certificates and revocation lists share: SEQUENCE { tbs, algorithm, signature }, the
 * algorithm being ECDSA P-256 with SHA-256.  `bad` is the refusal when it cannot be read; else
 * CERTIFICATE_ALGORITHM. */
struct vf_frame {
    struct alc_bytes tbs;  /* what is signed */
    struct alc_cur fields; /* inside it */
    uint8_t signature[64];
};
ALC_MUST enum alc_refusal vf_frame_read(struct vf_frame *out, struct alc_bytes der,
                                        enum alc_refusal bad);
/* The same algorithm inside tbs, where the cursor stands. */
ALC_MUST bool vf_algorithm(struct alc_cur *c);

/* vf_extension_next reads the next of a list of extensions; false: none is left, or it is none
 * (then c->n is not 0). */
struct vf_extension {
    struct alc_bytes oid, value;
    bool critical;
};
ALC_MUST bool vf_extension_next(struct alc_cur *c, struct vf_extension *out);

struct vf_cert {
    struct alc_bytes der, tbs;
    struct alc_bytes issuer, subject; /* whole DER names */
    struct alc_bytes issuer_cn, subject_cn;
    struct alc_bytes serial; /* without leading zeros */
    uint64_t from_s, until_s;
    uint8_t key[64];
    uint8_t signature[64];
    bool ca;
    bool has_path_len;
    uint32_t path_len;
    bool may_sign, may_sign_certs, may_sign_crls; /* keyUsage, which must be there */
    struct alc_bytes sgx; /* content of the SGX extension's OCTET STRING; n 0: none */
};
ALC_MUST enum alc_refusal vf_cert_read(struct vf_cert *out, struct alc_bytes der);

/* vf_pem_next decodes the next CERTIFICATE block of *text into work memory and moves *text behind
 * it; text between blocks, CR and a final NUL are tolerated.  *der.n 0: none is left.  PEM, WORK.
 */
ALC_MUST enum alc_refusal vf_pem_next(struct alc_bytes *der, struct alc_bytes *text,
                                      struct alc_verify_work *w);

/* vf_signed: the bytes' SHA-256 is signed by `key`. */
ALC_MUST bool vf_signed(struct alc_bytes bytes, const uint8_t signature[64], const uint8_t key[64],
                        const struct alc_verify_ops *ops);
/* vf_serial_is compares as unsigned integers. */
bool vf_serial_is(const uint8_t padded[ALC_SERIAL_BYTES], struct alc_bytes serial);

/* A root that ends chains. */
struct vf_root {
    struct alc_hash certificate; /* SHA-256 of the DER */
    uint8_t key[64];
    struct alc_bytes subject, serial;
    uint64_t from_s, until_s;
    bool simulated;
};
extern const struct vf_root vf_intel_root;
/* vf_root_find gives the root with this subject: Intel's, or trust->simulated_root when that is a
 * self-issued CA certificate with SIMULATED in its common name.  False: it is another. */
ALC_MUST bool vf_root_find(struct vf_root *out, struct alc_bytes subject,
                           const struct alc_trust *trust, const struct alc_verify_ops *ops);

/* The SGX extension of a PCK certificate (1.2.840.113741.1.13.1). */
struct vf_pck {
    uint8_t ppid[16], components[16], cpusvn[16], pceid[2], fmspc[6];
    uint16_t pcesvn;
};
ALC_MUST bool vf_pck_read(struct vf_pck *out, struct alc_bytes extension);

/* vf_pck_ca tells the two PCK CAs by their common name; false: it is neither. */
ALC_MUST bool vf_pck_ca(enum alc_pck_ca *out, struct alc_bytes common_name);

/* ---- crl.c ---- */

struct vf_crl {
    struct alc_bytes tbs, issuer;
    struct alc_window window; /* thisUpdate .. nextUpdate - 1 */
    uint8_t signature[64];
    struct alc_cur revoked; /* the entries, for vf_crl_next */
};
ALC_MUST enum alc_refusal vf_crl_read(struct vf_crl *out, struct alc_bytes der);
/* vf_crl_next borrows the next revoked serial, without leading zeros; false: none is left.  All
 * entries were checked by vf_crl_read. */
bool vf_crl_next(struct alc_cur *revoked, struct alc_bytes *serial);

/* ---- tcb.c: TCB info and QE identity ---- */

/* The TCB info first: *out is zero before, and the QE identity must be of its kind (out->tee). */
ALC_MUST enum alc_refusal vf_tcb_info_read(struct alc_collateral *out, struct alc_bytes json);
ALC_MUST enum alc_refusal vf_qe_identity_read(struct alc_collateral *out, struct alc_bytes json);
/* vf_level_order: by components, PCESVN, TDX components; levels stand in falling order. */
int vf_level_order(const struct alc_tcb_level *a, const struct alc_tcb_level *b);

/* ---- advisory.c: the names in a set, and which of them a level has ---- */

bool vf_advisory_name(struct alc_bytes name); /* visible ASCII that JSON prints as it is */
/* vf_advisory_order compares advisory i with a name; the set's advisories stand in rising order. */
int vf_advisory_order(const struct alc_collateral *c, size_t i, struct alc_bytes name);
/* vf_advisory_add puts a name into `open`, the advisories of a level that is not in `c` yet.
 * False: it is no name, or one too many. */
ALC_MUST bool vf_advisory_add(struct alc_collateral *c, struct alc_advisories *open,
                              struct alc_bytes name);

/* ---- level.c: which levels a platform reaches, and what they come to together ---- */

struct vf_levels {
    enum alc_refusal refusal;
    const struct alc_tcb_level *platform;
    const struct alc_svn_level *module; /* NULL: the module has no levels of its own */
    const struct alc_svn_level *qe;
    uint8_t merged;
    struct alc_advisories advisories;
};
void vf_levels(struct vf_levels *out, const struct alc_collateral *c, const struct vf_pck *pck,
               const struct alc_quote *q, uint16_t qe_isvsvn, bool tdx_from_zero);

/* ---- print.c: JSON out ---- */

struct vf_out {
    uint8_t *p;
    size_t n, cap;
    bool full;
    bool comma; /* a value stands before on this level */
};
void vf_out_raw(struct vf_out *o, const char *text);
void vf_out_open(struct vf_out *o, const char *key, char bracket); /* key NULL: in an array */
void vf_out_close(struct vf_out *o, char bracket);
void vf_out_text(struct vf_out *o, const char *key, struct alc_bytes text);
void vf_out_hex(struct vf_out *o, const char *key, const uint8_t *p, size_t n);
void vf_out_u64(struct vf_out *o, const char *key, uint64_t v);
void vf_out_bool(struct vf_out *o, const char *key, bool v);
void vf_out_null(struct vf_out *o, const char *key);
/* The members of a quote's verdict, into an object that is open. */
void vf_out_quote_verdict(struct vf_out *o, const struct alc_quote_verdict *v);

#endif
