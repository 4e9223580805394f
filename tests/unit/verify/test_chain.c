/* tests/unit/verify/test_chain.c — a quote's certificates: which, in which order, in which roles,
 * and what they say of the platform. */
#include "stage.h"

#include <jansson.h>

/* Chains that are put together from others' certificates, each of which is a true one. */
static struct alc_bytes block(struct alc_bytes chain, unsigned k)
{
    static const char end[] = "-----END CERTIFICATE-----\n";
    const uint8_t *from = chain.p, *to = chain.p;

    for (unsigned i = 0; i <= k; i++) {
        from = to;
        to = memmem(from, chain.n - (size_t)(from - chain.p), end, sizeof end - 1);
        assert_non_null(to);
        to += sizeof end - 1;
    }
    return (struct alc_bytes){from, (size_t)(to - from)};
}

static enum alc_refusal with_chain(struct alc_bytes a, struct alc_bytes b, struct alc_bytes c)
{
    struct alc_buf chain = ALC_BUF(1u << 16);
    enum alc_refusal r;

    alc_buf_put_bytes(&chain, a);
    alc_buf_put_bytes(&chain, b);
    alc_buf_put_bytes(&chain, c);
    s.ask.pck_chain = alc_buf_bytes(&chain);
    r = why();
    alc_buf_fini(&chain);
    return r;
}

static void a_chain_is_leaf_ca_and_root(void **state)
{
    static const struct alc_bytes none;
    struct alc_bytes leaf, ca, root, other, text, signing;
    struct alc_quote q;
    (void)state;

    stage_sgx();
    assert_int_equal(alc_quote_read(&q, s.ask.quote), ALC_REFUSAL_NONE);
    other = block(q.pck_chain, 0);
    stage_tdx();
    assert_int_equal(alc_quote_read(&q, s.ask.quote), ALC_REFUSAL_NONE);
    leaf = block(q.pck_chain, 0);
    ca = block(q.pck_chain, 1);
    root = block(q.pck_chain, 2);
    assert_int_equal(with_chain(leaf, ca, root), ALC_REFUSAL_NONE);
    assert_int_equal(with_chain(leaf, ca, none), ALC_REFUSAL_PEM);
    assert_int_equal(with_chain(leaf, none, none), ALC_REFUSAL_PEM);
    assert_int_equal(with_chain(ALC_LIT("no chain at all"), none, none), ALC_REFUSAL_PEM);
    assert_int_equal(with_chain(leaf, ca, ca), ALC_REFUSAL_ROOT);
    assert_int_equal(with_chain(leaf, root, root), ALC_REFUSAL_PCK_CA);
    assert_int_equal(with_chain(ca, ca, root), ALC_REFUSAL_ROLE);
    assert_int_equal(with_chain(root, ca, root), ALC_REFUSAL_ROLE);
    assert_int_equal(with_chain(other, ca, root), ALC_REFUSAL_PCK_CA); /* of the other CA */
    /* TCB signing: a leaf as well, with another role; its PEM is JSON text with escaped lines */
    text = sample("tdx_quote_collateral.json");
    {
        json_t *j = json_loadb((const char *)text.p, text.n, 0, NULL);
        signing = alc_cstr(json_string_value(json_object_get(j, "tcb_info_issuer_chain")));
        assert_int_equal(with_chain(block(signing, 0), ca, root), ALC_REFUSAL_ROLE);
        json_decref(j);
    }
}

static void put_pem(struct alc_buf *out, struct alc_bytes der)
{
    char text[4096];
    size_t n;

    assert_true(alc_base64_encode(text, sizeof text - 1, &n, der));
    text[n] = 0;
    alc_buf_printf(out, "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n", text);
}

static bool p256_yes(void *ctx, const uint8_t sig[64], const uint8_t key[64],
                     const struct alc_hash *digest)
{
    (void)ctx;
    (void)sig;
    (void)key;
    (void)digest;
    return true;
}

/* A leaf that Intel would have to have signed: so here all signatures hold. */
static void a_leaf_without_a_sound_extension_is_refused(void **state)
{
    struct alc_verify_work work = ALC_VERIFY_WORK(test_memory);
    struct alc_verify_ops ops = alc_verify_native;
    struct alc_quote_verdict v;
    struct alc_buf chain = ALC_BUF(1u << 16);
    struct alc_bytes pem, der;
    uint8_t copy[2048];
    struct alc_quote q;
    struct vf_cert leaf;
    (void)state;

    stage_tdx();
    ops.p256 = p256_yes;
    assert_int_equal(alc_quote_read(&q, s.ask.quote), ALC_REFUSAL_NONE);
    pem = q.pck_chain;
    assert_int_equal(vf_pem_next(&der, &pem, &work), ALC_REFUSAL_NONE);
    assert_int_equal(vf_cert_read(&leaf, der), ALC_REFUSAL_NONE);
    assert_true(der.n <= sizeof copy && leaf.sgx.n > 0);
    memcpy(copy, der.p, der.n);
    for (int broken = 0; broken < 2; broken++) {
        if (broken) copy[leaf.sgx.p - der.p] ^= 1; /* its SEQUENCE's tag */
        alc_buf_reset(&chain);
        put_pem(&chain, (struct alc_bytes){copy, der.n});
        alc_buf_put_bytes(&chain, block(q.pck_chain, 1));
        alc_buf_put_bytes(&chain, block(q.pck_chain, 2));
        s.ask.pck_chain = alc_buf_bytes(&chain);
        work.used = 0;
        alc_quote_verify(&v, &s.ask, &work, &ops);
        assert_int_equal(v.refusal, broken ? ALC_REFUSAL_PCK_EXTENSION : ALC_REFUSAL_NONE);
        assert_int_equal(v.has_platform, !broken);
    }
    alc_buf_fini(&chain);
}

static void a_platform_is_found_without_a_verdict(void **state)
{
    struct alc_verify_work work = ALC_VERIFY_WORK(test_memory);
    struct alc_platform p;
    struct alc_quote q;
    (void)state;

    stage_tdx();
    assert_int_equal(alc_quote_read(&q, s.ask.quote), ALC_REFUSAL_NONE);
    assert_int_equal(alc_quote_platform(&p, &q, &work), ALC_REFUSAL_NONE);
    assert_int_equal(p.tee, ALC_TEE_TDX);
    assert_memory_equal(p.fmspc, "\xb0\xc0\x6f\0\0\0", 6);
    assert_memory_equal(p.pceid, "\0\0", 2);
    assert_int_equal(p.ca, ALC_PCK_PLATFORM);
    stage_sgx();
    assert_int_equal(alc_quote_read(&q, s.ask.quote), ALC_REFUSAL_NONE);
    assert_int_equal(alc_quote_platform(&p, &q, &work), ALC_REFUSAL_NONE);
    assert_int_equal(p.tee, ALC_TEE_SGX);
    assert_int_equal(p.ca, ALC_PCK_PROCESSOR);
    q.pck_chain.n = 0;
    assert_int_equal(alc_quote_platform(&p, &q, &work), ALC_REFUSAL_PEM);
    work.n = work.used;
    assert_int_equal(alc_quote_read(&q, s.ask.quote), ALC_REFUSAL_NONE);
    assert_int_equal(alc_quote_platform(&p, &q, &work), ALC_REFUSAL_WORK);
}

static void a_platform_is_named_by_a_pck_certificate_alone(void **state)
{
    struct alc_verify_work work = ALC_VERIFY_WORK(test_memory);
    struct alc_buf chain = ALC_BUF(1u << 16);
    struct alc_bytes pem, der;
    struct alc_platform p;
    uint8_t copy[2048], *ca;
    struct alc_quote q;
    (void)state;

    stage_tdx();
    assert_int_equal(alc_quote_read(&q, s.ask.quote), ALC_REFUSAL_NONE);
    pem = q.pck_chain;
    q.pck_chain = block(pem, 1); /* a CA has no such extension */
    assert_int_equal(alc_quote_platform(&p, &q, &work), ALC_REFUSAL_PCK_EXTENSION);
    /* and an issuer that is none of the two CAs says nothing of where its list is */
    assert_int_equal(vf_pem_next(&der, &pem, &work), ALC_REFUSAL_NONE);
    assert_true(der.n <= sizeof copy);
    memcpy(copy, der.p, der.n);
    ca = memmem(copy, der.n, "PCK Platform CA", 15);
    assert_non_null(ca);
    ca[4] = 'p';
    put_pem(&chain, (struct alc_bytes){copy, der.n});
    q.pck_chain = alc_buf_bytes(&chain);
    assert_int_equal(alc_quote_platform(&p, &q, &work), ALC_REFUSAL_ROLE);
    alc_buf_fini(&chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_is_leaf_ca_and_root),
        cmocka_unit_test(a_leaf_without_a_sound_extension_is_refused),
        cmocka_unit_test(a_platform_is_found_without_a_verdict),
        cmocka_unit_test(a_platform_is_named_by_a_pck_certificate_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
