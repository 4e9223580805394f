/* tests/unit/verify/test_quote.c — quotes of every version and body are taken apart, and nothing
 * that contradicts itself is.  Bytes are built here; samples of real machines are in
 * test_quote_vectors.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attest/attest.h"
#include "verify/parts.h"

static const uint8_t vendor[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                   0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};
static const char pem[] = "-----BEGIN CERTIFICATE-----";

/* What a quote is made of, and lengths that may lie. */
struct make {
    uint16_t version, key_type, body_type;
    uint32_t tee;
    size_t body, auth;
    uint16_t outer_type, inner_type;
    int size_more, section_more, outer_more, inner_more; /* added to the lengths */
    size_t inner_rest, outer_rest, trailing; /* bytes behind data, nested block and quote */
};

struct made {
    uint8_t b[ALC_QUOTE_MAX_BYTES + 4096];
    size_t n;
    size_t body, section, qe, auth, inner; /* where they begin */
};

static struct make tdx4(void)
{
    return (struct make){.version = 4,
                         .key_type = 2,
                         .body_type = 2,
                         .tee = 0x81,
                         .body = 584,
                         .auth = 32,
                         .outer_type = 6,
                         .inner_type = 5};
}

static struct make v5(uint16_t type, size_t body)
{
    struct make m = tdx4();
    m.version = 5;
    m.body_type = type;
    m.tee = type == 1 ? 0 : 0x81;
    m.body = body;
    return m;
}

static struct make sgx(uint16_t version)
{
    struct make m = tdx4();
    m.version = version;
    m.tee = 0;
    m.body = 384;
    return m;
}

static void put(struct made *q, const void *p, size_t n)
{
    memcpy(q->b + q->n, p, n);
    q->n += n;
}

static void put_uint(struct made *q, size_t width, uint64_t v)
{
    for (size_t i = 0; i < width; i++)
        q->b[q->n++] = (uint8_t)(v >> (8 * i));
}

/* Bytes that tell where they are. */
static void put_pattern(struct made *q, size_t n, unsigned salt)
{
    for (size_t i = 0; i < n; i++)
        q->b[q->n++] = (uint8_t)(i * 7 + i / 256 + salt);
}

static void build(struct made *q, const struct make *m)
{
    size_t inner = 4 + 2 + sizeof pem - 1 + m->inner_rest;
    size_t nested = 384 + 64 + 2 + m->auth + inner + m->outer_rest;
    size_t section = 128 + nested + (m->version > 3 ? 6 : 0);

    q->n = 0;
    put_uint(q, 2, m->version);
    put_uint(q, 2, m->key_type);
    put_uint(q, 4, m->tee);
    put_uint(q, 4, 0);
    put(q, vendor, sizeof vendor);
    put_pattern(q, 20, 1);
    if (m->version == 5) {
        put_uint(q, 2, m->body_type);
        put_uint(q, 4, m->body + (size_t)m->size_more);
    }
    q->body = q->n;
    put_pattern(q, m->body, 2);
    put_uint(q, 4, section + (size_t)m->section_more);
    q->section = q->n;
    put_pattern(q, 128, 3);
    if (m->version > 3) {
        put_uint(q, 2, m->outer_type);
        put_uint(q, 4, nested + (size_t)m->outer_more);
    }
    q->qe = q->n;
    put_pattern(q, 448, 4);
    put_uint(q, 2, m->auth);
    q->auth = q->n;
    put_pattern(q, m->auth, 5);
    put_uint(q, 2, m->inner_type);
    put_uint(q, 4, sizeof pem - 1 + (size_t)m->inner_more);
    q->inner = q->n;
    put(q, pem, sizeof pem - 1);
    put_pattern(q, m->inner_rest + m->outer_rest, 6);
    put_pattern(q, m->trailing, 7);
}

/* Reads from memory of exactly this size, so that a reader that goes too far is seen. */
static enum alc_refusal read_exactly(struct alc_quote *q, const uint8_t *p, size_t n)
{
    uint8_t *copy = malloc(n > 0 ? n : 1);
    enum alc_refusal r;

    assert_non_null(copy);
    memcpy(copy, p, n);
    memset(q, 0xee, sizeof *q);
    r = alc_quote_read(q, (struct alc_bytes){copy, n});
    free(copy);
    return r;
}

static enum alc_refusal refusal_of(const struct make *m)
{
    static struct made made;
    static struct alc_quote q;

    build(&made, m);
    return read_exactly(&q, made.b, made.n);
}

static void takes_apart(const struct make *m)
{
    static struct made made;
    struct alc_quote q;
    struct alc_bytes in;

    build(&made, m);
    in = (struct alc_bytes){made.b, made.n};
    memset(&q, 0xee, sizeof q);
    assert_int_equal(alc_quote_read(&q, in), ALC_REFUSAL_NONE);
    assert_int_equal(q.version, m->version);
    assert_int_equal(q.tee, m->tee);
    assert_memory_equal(q.qe_id, made.b + 28, 16);
    assert_ptr_equal(q.signed_bytes.p, made.b);
    assert_int_equal(q.signed_bytes.n, made.body + m->body);
    assert_ptr_equal(q.signature, made.b + made.section);
    assert_ptr_equal(q.attestation_key, made.b + made.section + 64);
    assert_ptr_equal(q.qe_report.p, made.b + made.qe);
    assert_int_equal(q.qe_report.n, 384);
    assert_ptr_equal(q.qe_report_signature, made.b + made.qe + 384);
    assert_int_equal(q.auth_data.n, m->auth);
    if (m->auth > 0) assert_ptr_equal(q.auth_data.p, made.b + made.auth);
    assert_ptr_equal(q.pck_chain.p, made.b + made.inner);
    assert_int_equal(q.pck_chain.n, sizeof pem - 1);
}

static void every_version_and_body_is_taken_apart(void **state)
{
    const struct make all[] = {sgx(3), sgx(4), tdx4(), v5(1, 384), v5(2, 584), v5(3, 648)};
    (void)state;

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        takes_apart(&all[i]);
}

static uint64_t le(const uint8_t *p, size_t width)
{
    uint64_t v = 0;
    for (size_t i = width; i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

static void a_td_reports_fields_lie_where_they_should(void **state)
{
    static struct made made;
    struct make m = v5(3, 648);
    struct alc_measurement got;
    struct alc_quote q;
    const uint8_t *b;
    (void)state;

    build(&made, &m);
    b = made.b + 54;
    assert_int_equal(alc_quote_read(&q, (struct alc_bytes){made.b, made.n}), ALC_REFUSAL_NONE);
    assert_int_equal(q.body_type, 3);
    assert_memory_equal(q.td.tee_tcb_svn, b, 16);
    assert_memory_equal(q.td.mrseam, b + 16, 48);
    assert_memory_equal(q.td.mrsignerseam, b + 64, 48);
    assert_memory_equal(q.td.seamattributes, b + 112, 8);
    assert_true(q.td.td_attributes == le(b + 120, 8));
    assert_true(q.td.xfam == le(b + 128, 8));
    assert_memory_equal(q.td.mrtd, b + 136, 48);
    assert_memory_equal(q.td.mrconfigid, b + 184, 48);
    assert_memory_equal(q.td.mrowner, b + 232, 48);
    assert_memory_equal(q.td.mrownerconfig, b + 280, 48);
    for (size_t i = 0; i < 4; i++)
        assert_memory_equal(q.td.rtmr[i], b + 328 + 48 * i, 48);
    assert_memory_equal(q.td.report_data, b + 520, 64);
    assert_ptr_equal(alc_quote_report_data(&q), q.td.report_data);
    assert_true(q.td.v15);
    assert_memory_equal(q.td.tee_tcb_svn_2, b + 584, 16);
    assert_memory_equal(q.td.mrservicetd, b + 600, 48);
    got = alc_quote_measurement(&q);
    assert_memory_equal(got.mrtd, b + 136, 48);
    assert_memory_equal(got.rtmr, b + 328, 192);

    m = tdx4();
    build(&made, &m);
    assert_int_equal(alc_quote_read(&q, (struct alc_bytes){made.b, made.n}), ALC_REFUSAL_NONE);
    assert_int_equal(q.body_type, 2);
    assert_false(q.td.v15);
    assert_int_equal(le(q.td.mrservicetd, 8), 0);
    assert_memory_equal(q.td.report_data, made.b + 568, 64);
}

static void an_sgx_reports_fields_lie_where_they_should(void **state)
{
    static struct made made;
    struct make m = sgx(3);
    struct alc_measurement none;
    struct alc_quote q;
    const uint8_t *b;
    (void)state;

    build(&made, &m);
    b = made.b + 48;
    assert_int_equal(alc_quote_read(&q, (struct alc_bytes){made.b, made.n}), ALC_REFUSAL_NONE);
    assert_int_equal(q.body_type, 1);
    assert_memory_equal(q.sgx.cpusvn, b, 16);
    assert_int_equal(q.sgx.miscselect, le(b + 16, 4));
    assert_memory_equal(q.sgx.attributes, b + 48, 16);
    assert_memory_equal(q.sgx.mrenclave, b + 64, 32);
    assert_memory_equal(q.sgx.mrsigner, b + 128, 32);
    assert_int_equal(q.sgx.isvprodid, le(b + 256, 2));
    assert_int_equal(q.sgx.isvsvn, le(b + 258, 2));
    assert_memory_equal(q.sgx.report_data, b + 320, 64);
    assert_ptr_equal(alc_quote_report_data(&q), q.sgx.report_data);
    none = alc_quote_measurement(&q);
    for (size_t i = 0; i < sizeof none; i++)
        assert_int_equal(((const uint8_t *)&none)[i], 0);
}

static void measurements_hash_as_statements_do(void **state)
{
    struct alc_measurement m;
    struct alc_hash got, want;
    (void)state;

    for (size_t i = 0; i < sizeof m; i++)
        ((uint8_t *)&m)[i] = (uint8_t)i;
    alc_sha256(&want, (struct alc_bytes){(const uint8_t *)&m, 240});
    alc_measurement_hash(&got, &m, &alc_verify_native);
    assert_memory_equal(got.b, want.b, 32);
}

static void headers_that_are_not_ours_are_refused(void **state)
{
    struct make m = tdx4();
    struct alc_quote q;
    static struct made made;
    (void)state;

    m.version = 2;
    assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_VERSION);
    m.version = 6;
    assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_VERSION);
    m.version = 0x104;
    assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_VERSION);
    m.version = 3; /* a TD's quote cannot be of version 3 */
    assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_TEE);
    for (uint16_t type = 0; type < 5; type++) {
        m = tdx4();
        m.key_type = type;
        assert_int_equal(refusal_of(&m), type == 2 ? ALC_REFUSAL_NONE : ALC_REFUSAL_QUOTE_KEY_TYPE);
    }
    m = tdx4();
    m.tee = 0x80;
    assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_TEE);
    m.tee = 0x01000081;
    assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_TEE);
    m.tee = 0; /* SGX in version 4 is legal, but then the body has another length */
    assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_FORMAT);
    m = tdx4();
    build(&made, &m);
    for (size_t bit = 0; bit < 128; bit++) {
        made.b[12 + bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(read_exactly(&q, made.b, made.n), ALC_REFUSAL_QUOTE_VENDOR);
        made.b[12 + bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void a_bodys_type_fits_its_size_and_its_tee(void **state)
{
    struct make m = v5(4, 885); /* known from headers alone: nobody can say what is safe in it */
    (void)state;

    assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_TEE);
    m = v5(0, 584);
    assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_TEE);
    m = v5(0x102, 584);
    assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_TEE);
    m = v5(2, 584);
    m.tee = 0;
    assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_TEE);
    m = v5(3, 648);
    m.tee = 0;
    assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_TEE);
    m = v5(1, 384);
    m.tee = 0x81;
    assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_TEE);
    for (int more = -1; more <= 1; more += 2) {
        m = v5(3, 648);
        m.size_more = more;
        assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_FORMAT);
    }
    m = v5(2, 648); /* agrees with itself, not with the type */
    assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_FORMAT);
}

static void auth_data_has_any_length_up_to_its_limit(void **state)
{
    static const size_t good[] = {0, 1, 31, 32, 33, 1024};
    struct make m;
    (void)state;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        m = tdx4();
        m.auth = good[i];
        takes_apart(&m);
        m = sgx(3);
        m.auth = good[i];
        takes_apart(&m);
    }
    m = tdx4();
    m.auth = 1025;
    assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_FORMAT);
}

static void nested_data_fills_its_container(void **state)
{
    const struct make base[] = {sgx(3), sgx(4), tdx4(), v5(3, 648)};
    struct make m;
    (void)state;

    for (size_t i = 0; i < sizeof base / sizeof *base; i++) {
        m = base[i];
        m.inner_rest = 1;
        assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_FORMAT);
        m.inner_more = 1; /* then it fills it again */
        assert_int_equal(refusal_of(&m), ALC_REFUSAL_NONE);
        m.inner_more = 2;
        assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_FORMAT);
        m = base[i];
        m.inner_more = -1;
        assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_FORMAT);
        m = base[i];
        m.section_more = 1;
        assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_FORMAT);
        m.trailing = 1; /* the section takes it, and nobody in it */
        assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_FORMAT);
        m = base[i];
        m.section_more = -1;
        assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_FORMAT);
        m = base[i];
        m.outer_rest = 1;
        assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_FORMAT);
        if (m.version == 3) continue;
        for (int more = -1; more <= 1; more += 2) {
            m = base[i];
            m.outer_more = more;
            assert_int_equal(refusal_of(&m), ALC_REFUSAL_QUOTE_FORMAT);
        }
    }
}

static void certification_data_is_the_pck_chain(void **state)
{
    struct make m;
    (void)state;

    for (uint16_t type = 0; type < 9; type++) {
        m = tdx4();
        m.inner_type = type;
        assert_int_equal(refusal_of(&m), type == 5 ? ALC_REFUSAL_NONE : ALC_REFUSAL_CERTIFICATION);
        m = sgx(3);
        m.inner_type = type;
        assert_int_equal(refusal_of(&m), type == 5 ? ALC_REFUSAL_NONE : ALC_REFUSAL_CERTIFICATION);
        m = tdx4();
        m.outer_type = type;
        assert_int_equal(refusal_of(&m), type == 6 ? ALC_REFUSAL_NONE : ALC_REFUSAL_CERTIFICATION);
    }
}

static void bytes_behind_the_quote_are_ignored(void **state)
{
    struct make m = tdx4();
    static struct made made;
    struct alc_quote q;
    (void)state;

    m.trailing = 70;
    takes_apart(&m);
    build(&made, &m);
    memset(made.b + made.n, 0, sizeof made.b - made.n);
    assert_int_equal(read_exactly(&q, made.b, ALC_QUOTE_MAX_BYTES), ALC_REFUSAL_NONE);
    assert_int_equal(read_exactly(&q, made.b, ALC_QUOTE_MAX_BYTES + 1), ALC_REFUSAL_QUOTE_FORMAT);
}

static void every_truncation_is_refused(void **state)
{
    const struct make all[] = {sgx(3), sgx(4), tdx4(), v5(1, 384), v5(3, 648)};
    static struct made made;
    struct alc_quote q;
    (void)state;

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        build(&made, &all[i]);
        for (size_t n = 0; n < made.n; n++)
            assert_int_equal(read_exactly(&q, made.b, n), ALC_REFUSAL_QUOTE_FORMAT);
        assert_int_equal(read_exactly(&q, made.b, made.n), ALC_REFUSAL_NONE);
    }
}

static void development_stubs_are_named(void **state)
{
    static const char *const stub[] = {"NO_ATTESTATION:pubkey=00112233", "no-attestation-dev-mode",
                                       "4e4f5f4154544553544154494f4e3a7075626b65793d3030",
                                       "bm8tYXR0ZXN0YXRpb24tZGV2LW1vZGU="};
    struct alc_quote q;
    (void)state;

    for (size_t i = 0; i < sizeof stub / sizeof *stub; i++)
        assert_int_equal(alc_quote_read(&q, alc_cstr(stub[i])), ALC_REFUSAL_STUB);
    assert_int_equal(alc_quote_read(&q, alc_cstr("no-attestation")), ALC_REFUSAL_QUOTE_FORMAT);
    assert_int_equal(alc_quote_read(&q, (struct alc_bytes){NULL, 0}), ALC_REFUSAL_QUOTE_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_version_and_body_is_taken_apart),
        cmocka_unit_test(a_td_reports_fields_lie_where_they_should),
        cmocka_unit_test(an_sgx_reports_fields_lie_where_they_should),
        cmocka_unit_test(measurements_hash_as_statements_do),
        cmocka_unit_test(headers_that_are_not_ours_are_refused),
        cmocka_unit_test(a_bodys_type_fits_its_size_and_its_tee),
        cmocka_unit_test(auth_data_has_any_length_up_to_its_limit),
        cmocka_unit_test(nested_data_fills_its_container),
        cmocka_unit_test(certification_data_is_the_pck_chain),
        cmocka_unit_test(bytes_behind_the_quote_are_ignored),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(development_stubs_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
