/* tests/unit/verify/test_x509.c — certificates, their PEM, the PCK extension, and whose root it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attest/attest.h"
#include "attest/der_out.h"
#include "base/enc.h"
#include "made.h"
#include "tdx_vectors.h"
#include "verify/parts.h"

static uint8_t memory[16384];

struct chain {
    struct alc_bytes der[3];
    struct vf_cert cert[3];
};

/* The PEM chain of a sample quote, found by its first line. */
static struct alc_bytes sample_pem(const char *quote)
{
    struct alc_bytes q = tdx_vector(quote);
    static const char begin[] = "-----BEGIN";
    uint8_t *at;

    if (q.n == 0) {
        print_message("skipped: the sample quotes are not there\n");
        skip();
    }
    at = memmem(q.p, q.n, begin, sizeof begin - 1);
    assert_non_null(at);
    return (struct alc_bytes){at, q.n - (size_t)(at - q.p)};
}

static void read_chain(struct chain *c, const char *quote)
{
    struct alc_verify_work w = ALC_VERIFY_WORK(memory);
    struct alc_bytes pem = sample_pem(quote), none;

    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(vf_pem_next(&c->der[i], &pem, &w), ALC_REFUSAL_NONE);
        assert_true(c->der[i].n > 0);
        assert_int_equal(vf_cert_read(&c->cert[i], c->der[i]), ALC_REFUSAL_NONE);
    }
    assert_int_equal(vf_pem_next(&none, &pem, &w), ALC_REFUSAL_NONE);
    assert_int_equal(none.n, 0);
}

static bool good_signature(const struct vf_cert *c, const uint8_t key[64])
{
    return vf_signed(c->tbs, c->signature, key, &alc_verify_native);
}

static uint8_t *hex(const char *text)
{
    static uint8_t b[256];
    size_t n;
    assert_true(alc_hex_decode(b, sizeof b, &n, alc_cstr(text)));
    return b;
}

#define assert_hex(p, n, text)                                                                     \
    do {                                                                                           \
        assert_int_equal(strlen(text), 2 * (n));                                                   \
        assert_memory_equal(p, hex(text), n);                                                      \
    } while (0)

/* ---- real chains ---- */

static void the_pinned_root_is_the_third_certificate_of_a_real_chain(void **state)
{
    static struct chain c;
    struct alc_hash h;
    const struct vf_cert *root = &c.cert[2];
    (void)state;

    read_chain(&c, "tdx_quote");
    alc_sha256(&h, root->der);
    assert_int_equal(root->der.n, 659);
    assert_memory_equal(&h, &vf_intel_root.certificate, 32);
    assert_hex(h.b, 32, "44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3");
    assert_memory_equal(root->key, vf_intel_root.key, 64);
    assert_true(alc_bytes_eq(root->subject, vf_intel_root.subject));
    assert_true(alc_bytes_eq(root->issuer, vf_intel_root.subject));
    assert_true(alc_bytes_eq(root->serial, vf_intel_root.serial));
    assert_int_equal(root->from_s, vf_intel_root.from_s);
    assert_int_equal(root->until_s, vf_intel_root.until_s);
    assert_true(root->ca && root->has_path_len && root->path_len == 1);
    assert_true(root->may_sign_certs && root->may_sign_crls);
    assert_true(good_signature(root, vf_intel_root.key));
}

static void a_real_leaf_says_what_the_reference_says(void **state)
{
    static struct chain c;
    const struct vf_cert *leaf = &c.cert[0], *ca = &c.cert[1];
    enum alc_pck_ca which;
    (void)state;

    read_chain(&c, "tdx_quote");
    assert_true(alc_bytes_is(leaf->subject_cn, "Intel SGX PCK Certificate"));
    assert_true(alc_bytes_is(leaf->issuer_cn, "Intel SGX PCK Platform CA"));
    assert_true(alc_bytes_eq(leaf->issuer, ca->subject));
    assert_hex(leaf->serial.p, 20, "3c16ed54eacbb4ced072be72630c85788cf46e36");
    assert_int_equal(leaf->from_s, 1738884351);  /* 2025-02-06T23:25:51Z */
    assert_int_equal(leaf->until_s, 1959722751); /* 2032-02-06T23:25:51Z */
    assert_false(leaf->ca || leaf->may_sign_certs || leaf->may_sign_crls);
    assert_true(leaf->may_sign);
    assert_true(leaf->sgx.n > 0);
    assert_true(good_signature(leaf, ca->key));
    assert_false(good_signature(leaf, vf_intel_root.key));
    assert_true(ca->ca && ca->has_path_len && ca->path_len == 0);
    assert_int_equal(ca->sgx.n, 0);
    assert_hex(ca->serial.p, 20, "956f5dcdbd1be1e94049c9d4f433ce01570bde54");
    assert_true(good_signature(ca, vf_intel_root.key));
    assert_true(vf_pck_ca(&which, ca->subject_cn));
    assert_int_equal(which, ALC_PCK_PLATFORM);
    read_chain(&c, "sgx_quote");
    assert_true(vf_pck_ca(&which, ca->subject_cn));
    assert_int_equal(which, ALC_PCK_PROCESSOR);
    assert_hex(ca->serial.p, 20, "d0e8aada75d7f92e4917983c7b1465d0d5f2594d");
    assert_false(vf_pck_ca(&which, leaf->subject_cn));
}

static void the_extensions_of_real_leaves_are_read(void **state)
{
    static const struct {
        const char *quote, *ppid, *fmspc, *components;
        uint16_t pcesvn;
    } rows[] = {
        {"sgx_quote", "d04ec06d4e6d92dc90d0ad3cf5ee2ddf", "00a067110000",
         "0b0b0202ff0100000000000000000000", 13},
        {"tdx_quote", "811dca2a26b952e85bb6448b097ba4fd", "b0c06f000000",
         "03030202040100050000000000000000", 11},
        {"tdx_quote_outdated", "66498c9263c04ed2f0657c530ac2b0cb", "90c06f000000",
         "03030202040100030000000000000000", 13},
        {"tdx-quote.hex", "de5d028ab970ae67f36c3da32d5ee27e", "b0c06f000000",
         "02020202030100030000000000000000", 11},
        {"quote-from-tappd.hex", "de5d028ab970ae67f36c3da32d5ee27e", "b0c06f000000",
         "02020202030100030000000000000000", 11},
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct chain c;
        struct vf_pck p;
        read_chain(&c, rows[i].quote);
        assert_true(vf_pck_read(&p, c.cert[0].sgx));
        assert_hex(p.ppid, 16, rows[i].ppid);
        assert_hex(p.fmspc, 6, rows[i].fmspc);
        assert_hex(p.pceid, 2, "0000");
        assert_hex(p.components, 16, rows[i].components);
        assert_memory_equal(p.cpusvn, p.components, 16);
        assert_int_equal(p.pcesvn, rows[i].pcesvn);
    }
}

/* ---- damage ---- */

static void every_flipped_bit_of_a_certificate_is_refused(void **state)
{
    static struct chain c;
    uint8_t copy[2048];
    struct vf_cert v;
    size_t unread = 0, unsigned_ = 0;
    (void)state;

    read_chain(&c, "tdx_quote");
    for (size_t i = 0; i < c.der[0].n; i++) {
        memcpy(copy, c.der[0].p, c.der[0].n);
        copy[i] ^= (uint8_t)(1u << i % 8);
        if (vf_cert_read(&v, (struct alc_bytes){copy, c.der[0].n}) != ALC_REFUSAL_NONE)
            unread++;
        else if (!good_signature(&v, c.cert[1].key))
            unsigned_++;
        else
            fail_msg("byte %zu does not matter", i);
    }
    assert_int_equal(unread + unsigned_, c.der[0].n);
    assert_true(unread > 100 && unsigned_ > 100);
}

static void every_cut_certificate_is_refused(void **state)
{
    static struct chain c;
    struct vf_cert v;
    (void)state;

    read_chain(&c, "sgx_quote");
    for (size_t n = 0; n < c.der[0].n; n++) {
        uint8_t *copy = malloc(n + 1);
        memcpy(copy, c.der[0].p, n);
        assert_int_not_equal(vf_cert_read(&v, (struct alc_bytes){copy, n}), ALC_REFUSAL_NONE);
        free(copy);
    }
}

static void every_damaged_extension_is_refused_or_says_something_else(void **state)
{
    static struct chain c;
    struct vf_pck good, p;
    uint8_t copy[1024];
    (void)state;

    read_chain(&c, "tdx_quote");
    assert_true(vf_pck_read(&good, c.cert[0].sgx));
    for (size_t n = 0; n < c.cert[0].sgx.n; n++)
        assert_false(vf_pck_read(&p, (struct alc_bytes){c.cert[0].sgx.p, n}));
    for (size_t i = 0; i < c.cert[0].sgx.n; i++) {
        memcpy(copy, c.cert[0].sgx.p, c.cert[0].sgx.n);
        copy[i] ^= 1;
        if (!vf_pck_read(&p, (struct alc_bytes){copy, c.cert[0].sgx.n})) continue;
        /* what decides nothing may change: SGX type, platform instance, configuration */
        if (memcmp(&p, &good, sizeof p) == 0) assert_true(i > 422);
        assert_memory_equal(p.cpusvn, p.components, 16);
    }
}

/* ---- made certificates ---- */

static void each_form_that_is_not_intels_is_refused(void **state)
{
    struct made m;
    struct alc_buf der = ALC_BUF(4096);
    struct vf_cert v;
    (void)state;

    made_init(&m);
    for (enum twist t = TWIST_NONE; t <= TWIST_UNUSED_SIGNATURE_BITS; t++) {
        enum alc_refusal want = ALC_REFUSAL_CERTIFICATE, got;
        if (t == TWIST_NONE) want = ALC_REFUSAL_NONE;
        if (t == TWIST_OUTER_ALGORITHM || t == TWIST_INNER_ALGORITHM || t == TWIST_CURVE)
            want = ALC_REFUSAL_CERTIFICATE_ALGORITHM;
        alc_buf_reset(&der);
        m.cert[MADE_LEAF].twist = t;
        make_cert(&der, &m.cert[MADE_LEAF]);
        got = vf_cert_read(&v, alc_buf_bytes(&der));
        if (got != want) fail_msg("%s: %s", twist_names[t], alc_refusal_word(got));
        if (t == TWIST_NONE) assert_true(good_signature(&v, m.key[MADE_CA].public_key));
    }
    alc_buf_fini(&der);
    made_fini(&m);
}

static void what_a_certificate_may_do_is_read(void **state)
{
    struct made m;
    struct alc_buf der = ALC_BUF(4096);
    struct vf_cert v;
    (void)state;

    made_init(&m);
    for (unsigned usage = 0; usage < 8; usage++) {
        struct made_cert *c = &m.cert[MADE_CA];
        c->usage = (uint8_t)((usage & 1) * USAGE_SIGN | (usage >> 1 & 1) * USAGE_CERTS |
                             (usage >> 2 & 1) * USAGE_CRLS);
        c->path_len = (int)usage - 1;
        alc_buf_reset(&der);
        make_cert(&der, c);
        assert_int_equal(vf_cert_read(&v, alc_buf_bytes(&der)), ALC_REFUSAL_NONE);
        assert_int_equal(v.may_sign, usage & 1);
        assert_int_equal(v.may_sign_certs, usage >> 1 & 1);
        assert_int_equal(v.may_sign_crls, usage >> 2 & 1);
        assert_int_equal(v.has_path_len, usage > 0);
        if (usage > 0) assert_int_equal(v.path_len, usage - 1);
    }
    alc_buf_fini(&der);
    made_fini(&m);
}

static bool finds(struct made *m, struct vf_root *r, enum twist twist)
{
    struct alc_trust trust = {0};
    struct alc_buf der = ALC_BUF(4096), other = ALC_BUF(4096);
    struct vf_cert v;
    bool found;

    m->cert[MADE_ROOT].twist = TWIST_NONE;
    make_cert(&der, &m->cert[MADE_ROOT]);
    assert_int_equal(vf_cert_read(&v, alc_buf_bytes(&der)), ALC_REFUSAL_NONE);
    m->cert[MADE_ROOT].twist = twist;
    make_cert(&other, &m->cert[MADE_ROOT]);
    trust.simulated_root = alc_buf_bytes(&other);
    found = vf_root_find(r, v.subject, &trust, &alc_verify_native);
    assert_false(vf_root_find(r, v.subject, NULL, &alc_verify_native));
    trust.simulated_root.n = 0;
    assert_false(vf_root_find(r, v.subject, &trust, &alc_verify_native));
    trust.simulated_root = alc_buf_bytes(&other);
    if (found) assert_true(vf_root_find(r, v.subject, &trust, &alc_verify_native));
    /* r borrows names from the certificate: compared here, while it lives */
    if (found) assert_true(alc_bytes_eq(r->subject, v.subject));
    alc_buf_fini(&der);
    alc_buf_fini(&other);
    return found;
}

static void a_simulated_root_is_a_ca_that_says_so(void **state)
{
    struct made m;
    struct vf_root r;
    struct made_cert *c = &m.cert[MADE_ROOT];
    (void)state;

    made_init(&m);
    assert_true(finds(&m, &r, TWIST_NONE));
    assert_true(r.simulated);
    assert_memory_equal(r.key, m.key[MADE_ROOT].public_key, 64);
    assert_int_equal(r.from_s, c->from_s);
    assert_false(finds(&m, &r, TWIST_UNKNOWN_CRITICAL));
    c->path_len = 0; /* no room for a PCK CA and its leaves */
    assert_false(finds(&m, &r, TWIST_NONE));
    c->path_len = -1;
    assert_true(finds(&m, &r, TWIST_NONE));
    c->usage = USAGE_CERTS;
    assert_false(finds(&m, &r, TWIST_NONE));
    c->usage = USAGE_CRLS;
    assert_false(finds(&m, &r, TWIST_NONE));
    c->usage = USAGE_CERTS | USAGE_CRLS;
    c->ca = false;
    assert_false(finds(&m, &r, TWIST_NONE));
    c->ca = true;
    c->cn = c->issuer_cn = "SIMULATE test root";
    assert_false(finds(&m, &r, TWIST_NONE));
    c->cn = c->issuer_cn = "Intel SGX Root CA";
    assert_false(finds(&m, &r, TWIST_NONE));
    c->cn = c->issuer_cn = "SIMULATED";
    assert_true(finds(&m, &r, TWIST_NONE));
    c->issuer_cn = "SIMULATED other";
    assert_false(finds(&m, &r, TWIST_NONE));
    made_fini(&m);
}

static void intels_root_is_found_whomever_else_one_trusts(void **state)
{
    struct vf_root r;
    struct alc_trust nonsense = {.simulated_root = ALC_LIT("no certificate")};
    (void)state;

    assert_true(vf_root_find(&r, vf_intel_root.subject, NULL, &alc_verify_native));
    assert_false(r.simulated);
    assert_true(vf_root_find(&r, vf_intel_root.subject, &nonsense, &alc_verify_native));
    assert_memory_equal(r.key, vf_intel_root.key, 64);
    assert_false(vf_root_find(&r, ALC_LIT("\x30\x00"), &nonsense, &alc_verify_native));
}

/* ---- the PCK extension ---- */

/* What one field of the extension is made of. */
struct ext {
    uint32_t with;       /* bits of .1 .. .7 */
    unsigned components; /* 16 */
    uint8_t component[16];
    uint64_t pcesvn;
    size_t ppid_n, fmspc_n;
    bool repeat_fmspc, repeat_component, other_cpusvn, foreign_oid, rest;
};

static void put_field(struct alc_buf *b, const uint8_t *suffix, size_t n, struct alc_bytes value)
{
    size_t at = att_der_open(b, ATT_DER_SEQUENCE), oid = att_der_open(b, ATT_DER_OID);
    alc_buf_put_bytes(b, ALC_LIT("\x2a\x86\x48\x86\xf8\x4d\x01\x0d\x01"));
    alc_buf_put(b, suffix, n);
    att_der_close(b, oid);
    alc_buf_put_bytes(b, value);
    att_der_close(b, at);
}

static void put_octets(struct alc_buf *b, const uint8_t *suffix, size_t n, const uint8_t *p,
                       size_t p_n)
{
    struct alc_buf v = ALC_BUF(256);
    att_der_put(&v, ATT_DER_OCTETS, (struct alc_bytes){p, p_n});
    put_field(b, suffix, n, alc_buf_bytes(&v));
    alc_buf_fini(&v);
}

static void put_u64(struct alc_buf *b, uint8_t number, uint64_t value)
{
    struct alc_buf v = ALC_BUF(64);
    att_der_u64(&v, value);
    put_field(b, (const uint8_t[]){2, number}, 2, alc_buf_bytes(&v));
    alc_buf_fini(&v);
}

static void put_tcb(struct alc_buf *b, const struct ext *e)
{
    struct alc_buf v = ALC_BUF(2048);
    uint8_t cpusvn[16];
    size_t at = att_der_open(&v, ATT_DER_SEQUENCE);

    for (unsigned i = 0; i < e->components; i++)
        put_u64(&v, (uint8_t)(i + 1), e->component[i % 16]);
    if (e->repeat_component) put_u64(&v, 3, e->component[2]);
    put_u64(&v, 17, e->pcesvn);
    memcpy(cpusvn, e->component, 16);
    cpusvn[5] ^= e->other_cpusvn;
    put_octets(&v, (const uint8_t[]){2, 18}, 2, cpusvn, 16);
    att_der_close(&v, at);
    put_field(b, (const uint8_t[]){2}, 1, alc_buf_bytes(&v));
    alc_buf_fini(&v);
}

static bool ext_reads(const struct ext *e, struct vf_pck *out)
{
    static const uint8_t data[32] = {9, 8, 7, 6, 5, 4, 3, 2, 1};
    struct alc_buf b = ALC_BUF(4096);
    size_t at = att_der_open(&b, ATT_DER_SEQUENCE);
    bool good;

    if (e->with & 1) put_octets(&b, (const uint8_t[]){1}, 1, data, e->ppid_n);
    if (e->with & 2) put_tcb(&b, e);
    if (e->with & 4) put_octets(&b, (const uint8_t[]){3}, 1, data, 2);
    if (e->with & 8) put_octets(&b, (const uint8_t[]){4}, 1, data, e->fmspc_n);
    if (e->repeat_fmspc) put_octets(&b, (const uint8_t[]){4}, 1, data, e->fmspc_n);
    if (e->with & 16) put_field(&b, (const uint8_t[]){5}, 1, ALC_LIT("\x0a\x01\x01"));
    if (e->foreign_oid) alc_buf_put_bytes(&b, ALC_LIT("\x30\x06\x06\x02\x2a\x03\x05\x00"));
    att_der_close(&b, at);
    if (e->rest) alc_buf_put_bytes(&b, ALC_LIT("\x05\x00"));
    good = vf_pck_read(out, alc_buf_bytes(&b));
    alc_buf_fini(&b);
    return good;
}

static struct ext usual_ext(void)
{
    return (struct ext){.with = 15,
                        .components = 16,
                        .component = {255, 128, 127, 0, 1},
                        .pcesvn = 13,
                        .ppid_n = 16,
                        .fmspc_n = 6};
}

static void the_extension_has_each_field_once_and_in_its_range(void **state)
{
    struct ext e = usual_ext();
    struct vf_pck p;
    (void)state;

    assert_true(ext_reads(&e, &p));
    assert_int_equal(p.components[0], 255);
    assert_int_equal(p.components[1], 128);
    e.pcesvn = 65535; /* three bytes of content */
    assert_true(ext_reads(&e, &p));
    assert_int_equal(p.pcesvn, 65535);
    e.pcesvn = 65536;
    assert_false(ext_reads(&e, &p));
    e = usual_ext();
    e.with |= 16; /* what decides nothing */
    assert_true(ext_reads(&e, &p));
#define REFUSED(change)                                                                            \
    do {                                                                                           \
        e = usual_ext();                                                                           \
        change;                                                                                    \
        if (ext_reads(&e, &p)) fail_msg("accepted: %s", #change);                                  \
    } while (0)
    REFUSED(e.with = 14);
    REFUSED(e.with = 13);
    REFUSED(e.with = 11);
    REFUSED(e.with = 7);
    REFUSED(e.components = 15);
    REFUSED(e.components = 17); /* then .17 is there twice */
    REFUSED(e.components = 0);
    REFUSED(e.ppid_n = 15);
    REFUSED(e.ppid_n = 17);
    REFUSED(e.fmspc_n = 5);
    REFUSED(e.repeat_fmspc = true);
    REFUSED(e.repeat_component = true);
    REFUSED(e.other_cpusvn = true);
    REFUSED(e.foreign_oid = true);
    REFUSED(e.rest = true);
#undef REFUSED
    assert_false(vf_pck_read(&p, (struct alc_bytes){0}));
}

/* ---- PEM ---- */

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END "-----END CERTIFICATE-----"

static enum alc_refusal pem(const char *text, size_t n, struct alc_bytes *first,
                            struct alc_bytes *second)
{
    struct alc_verify_work w = ALC_VERIFY_WORK(memory);
    struct alc_bytes in = {(const uint8_t *)text, n};
    enum alc_refusal r = vf_pem_next(first, &in, &w);
    return r == ALC_REFUSAL_NONE ? vf_pem_next(second, &in, &w) : r;
}
#define PEM(text, a, b) pem(text, sizeof(text) - 1, a, b)

static void pem_is_taken_with_whatever_stands_around_it(void **state)
{
    struct alc_bytes a, b;
    (void)state;

    assert_int_equal(PEM("leaf:\r\n" BEGIN "\r\nYWJj\r\nZGU=\r\n" END "\r\n# next\n" BEGIN
                         "YQ==" END "\n\0",
                         &a, &b),
                     ALC_REFUSAL_NONE);
    assert_true(alc_bytes_is(a, "abcde"));
    assert_true(alc_bytes_is(b, "a"));
    assert_int_equal(PEM("nothing of the kind", &a, &b), ALC_REFUSAL_NONE);
    assert_int_equal(a.n, 0);
    assert_int_equal(PEM("", &a, &b), ALC_REFUSAL_NONE);
    assert_int_equal(a.n, 0);
}

static void broken_pem_is_refused(void **state)
{
    static const char *const bad[] = {
        BEGIN "YWJj",
        BEGIN "YWJj-----END CERTIFICATE----",
        BEGIN END,
        BEGIN "\n\n" END,
        BEGIN "YWJ" END,
        BEGIN "YWJjZ===" END,
        BEGIN "YW*j" END,
        BEGIN "YQ==YQ==" END,
        BEGIN "YR==" END,
        BEGIN BEGIN "YWJj" END,
        BEGIN "YWJj\x01" END,
    };
    struct alc_bytes a, b;
    (void)state;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (pem(bad[i], strlen(bad[i]), &a, &b) != ALC_REFUSAL_PEM)
            fail_msg("accepted: %s", bad[i]);
}

static void pem_that_does_not_fit_says_so(void **state)
{
    uint8_t small[16];
    struct alc_verify_work w = ALC_VERIFY_WORK(small);
    struct alc_bytes in = ALC_LIT(BEGIN "YWJjYWJjYWJjYWJjYWJj" END), der;
    (void)state;

    assert_int_equal(vf_pem_next(&der, &in, &w), ALC_REFUSAL_WORK);
}

static void memory_is_lent_in_pieces_of_eight(void **state)
{
    struct alc_verify_work w = {memory + 3, 40, 0};
    (void)state;

    assert_int_equal((uintptr_t)vf_take(&w, 1) % 8, 0);
    assert_int_equal((uintptr_t)vf_take(&w, 8) % 8, 0);
    assert_null(vf_take(&w, 41));
    assert_null(vf_take(&w, SIZE_MAX));
    assert_non_null(vf_take(&w, 8));
    assert_null(vf_take(&w, 16));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pinned_root_is_the_third_certificate_of_a_real_chain),
        cmocka_unit_test(a_real_leaf_says_what_the_reference_says),
        cmocka_unit_test(the_extensions_of_real_leaves_are_read),
        cmocka_unit_test(every_flipped_bit_of_a_certificate_is_refused),
        cmocka_unit_test(every_cut_certificate_is_refused),
        cmocka_unit_test(every_damaged_extension_is_refused_or_says_something_else),
        cmocka_unit_test(each_form_that_is_not_intels_is_refused),
        cmocka_unit_test(what_a_certificate_may_do_is_read),
        cmocka_unit_test(a_simulated_root_is_a_ca_that_says_so),
        cmocka_unit_test(intels_root_is_found_whomever_else_one_trusts),
        cmocka_unit_test(the_extension_has_each_field_once_and_in_its_range),
        cmocka_unit_test(pem_is_taken_with_whatever_stands_around_it),
        cmocka_unit_test(broken_pem_is_refused),
        cmocka_unit_test(pem_that_does_not_fit_says_so),
        cmocka_unit_test(memory_is_lent_in_pieces_of_eight),
    };
    alc_crypto_init();
    return cmocka_run_group_tests_name("verify/x509", tests, NULL, NULL);
}
