/* Certificates and revocation lists with a change that their issuer signed: what a reader of DER
 * makes of it, behind good signatures. */
#include "signed.h"

#include "attest/der_out.h"
#include "attest/sim_parts.h"
#include "base/enc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t sgx_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};

/* ---- keys that are the same in every run ---- */

static void chain(struct alc_buf *out, const struct alc_sim *s, const enum sim_role *roles,
                  size_t count)
{
    alc_buf_reset(out);
    for (size_t i = 0; i < count; i++)
        att_pem_put(out, alc_buf_bytes(&s->cert[roles[i]]));
}

static void chains(struct alc_sim *s)
{
    static const enum sim_role leaf[] = {SIM_PCK, SIM_CA, SIM_ROOT}, signer[] = {SIM_TCB, SIM_ROOT};

    chain(&s->pck_chain, s, leaf, 3);
    chain(&s->ca_chain, s, leaf + 1, 2);
    chain(&s->tcb_chain, s, signer, 2);
}

void pki_fix(struct alc_sim *s, uint64_t from_s)
{
    for (enum sim_role r = SIM_ROOT; r < SIM_KEYS; r++) {
        const uint8_t seed = (uint8_t)r;
        struct alc_hash scalar;
        alc_sha256(&scalar, (struct alc_bytes){&seed, 1});
        alc_p256_fini(&s->key[r]);
        assert_int_equal(alc_p256_init(&s->key[r], scalar.b), ALC_OK);
    }
    memset(s->ppid, 0x5a, sizeof s->ppid);
    for (enum sim_role r = SIM_ROOT; r < SIM_CERTS; r++) {
        alc_buf_reset(&s->cert[r]);
        assert_int_equal(sim_cert(s, r, from_s, &s->cert[r]), ALC_OK);
    }
    chains(s);
}

/* ---- changes ---- */

/* The element at `at`: its content, and where the next one begins. */
static struct alc_bytes element(struct alc_bytes in, size_t at, size_t *next)
{
    size_t n = in.p[at + 1], head = 2;

    if (n >= 0x80) {
        const size_t width = n & 0x7f;
        n = 0;
        for (size_t i = 0; i < width; i++)
            n = n << 8 | in.p[at + 2 + i];
        head += width;
    }
    assert_true(at + head + n <= in.n);
    *next = at + head + n;
    return (struct alc_bytes){in.p + at + head, n};
}

static void change(struct kase *k, uint8_t *tbs, size_t n, const char *what)
{
    const uint8_t *places[40];
    size_t count = 0, at;

    for (size_t i = 0; i + sizeof sgx_oid < n && count < 40; i++)
        if (memcmp(tbs + i, sgx_oid, sizeof sgx_oid) == 0) places[count++] = tbs + i;
    if (count > 0 && below(k, 3) == 0) { /* the SGX extension: a value, mostly */
        at = (size_t)(places[below(k, count)] - tbs) + sizeof sgx_oid + below(k, 8);
        if (at >= n) return;
        tbs[at] = (uint8_t)(below(k, 2) == 0 ? tbs[at] + 1u : draw(k));
        kase_say(k, "%s: byte %zu, in the SGX extension", what, at);
        return;
    }
    if (below(k, 6) == 0) { /* a digit of a time */
        count = 0;
        for (size_t i = 0; i + 15 < n && count < 40; i++)
            if (tbs[i] == 0x17 && tbs[i + 1] == 13) places[count++] = tbs + i + 2;
        if (count > 0) {
            at = (size_t)(places[below(k, count)] - tbs) + below(k, 13);
            tbs[at] = (uint8_t)('0' + below(k, 11));
            kase_say(k, "%s: byte %zu, a time's digit", what, at);
            return;
        }
    }
    at = 4 + below(k, n - 4);
    tbs[at] ^= (uint8_t)(1u << below(k, 8));
    kase_say(k, "%s: byte %zu is 0x%02x", what, at, tbs[at]);
}

/* der := SEQUENCE { changed tbs, the same algorithm, a new signature } */
static void sign_changed(struct kase *k, struct alc_sim *s, struct alc_buf *der,
                         enum sim_role issuer, const char *what)
{
    struct alc_buf out = ALC_BUF(der->max_bytes);
    size_t end, tbs_end, algorithm_end, outer, tbs_at, at;
    struct alc_bytes inside = element(alc_buf_bytes(der), 0, &end);
    uint8_t sig[64];

    (void)element(inside, 0, &tbs_end);
    (void)element(inside, tbs_end, &algorithm_end);
    outer = att_der_open(&out, ATT_DER_SEQUENCE);
    tbs_at = at = out.n;
    alc_buf_put(&out, inside.p, tbs_end);
    assert_false(out.failed);
    change(k, out.p + at, tbs_end, what);
    assert_int_equal(sim_sign(s, issuer, sig, (struct alc_bytes){out.p + tbs_at, tbs_end}), ALC_OK);
    alc_buf_put(&out, inside.p + tbs_end, algorithm_end - tbs_end);
    att_der_signature(&out, sig);
    att_der_close(&out, outer);
    assert_false(out.failed);
    alc_buf_fini(der);
    *der = out;
}

static void put_pem(struct kase *k, enum part part, const struct alc_buf *first,
                    const struct alc_buf *second, const struct alc_buf *third)
{
    struct alc_buf pem = ALC_BUF(CASE_PART_MAX);

    att_pem_put(&pem, alc_buf_bytes(first));
    att_pem_put(&pem, alc_buf_bytes(second));
    if (third != NULL) att_pem_put(&pem, alc_buf_bytes(third));
    kase_part(k, part, alc_buf_bytes(&pem));
    alc_buf_fini(&pem);
}

static void change_cert(struct kase *k, struct alc_sim *s, enum sim_role role)
{
    static const char *const names[] = {"root", "PCK CA", "PCK leaf", "TCB signer"};
    const struct alc_buf *root = &s->cert[SIM_ROOT], *ca = &s->cert[SIM_CA];
    struct alc_buf der = ALC_BUF(SIM_CERT_MAX_BYTES);

    alc_buf_put_bytes(&der, alc_buf_bytes(&s->cert[role]));
    sign_changed(k, s, &der, role == SIM_PCK ? SIM_CA : SIM_ROOT, names[role]);
    if (role == SIM_PCK) {
        put_pem(k, PART_PCK_CHAIN, &der, ca, root);
    } else if (role == SIM_CA) {
        put_pem(k, PART_PCK_CRL_CHAIN, &der, root, NULL);
        put_pem(k, PART_PCK_CHAIN, &s->cert[SIM_PCK], &der, root);
    } else {
        put_pem(k, PART_TCB_CHAIN, &der, root, NULL);
        put_pem(k, PART_QE_CHAIN, &der, root, NULL);
    }
    alc_buf_fini(&der);
}

static void change_list(struct kase *k, struct alc_sim *s, enum part part, enum sim_role issuer)
{
    struct alc_buf der = ALC_BUF(SIM_CERT_MAX_BYTES), *hex = &k->part[part];
    uint8_t *room = alc_buf_room(&der, hex->n / 2);
    size_t n;

    assert_non_null(room);
    assert_true(alc_hex_decode(room, hex->n / 2, &n, alc_buf_bytes(hex)));
    alc_buf_add(&der, n);
    sign_changed(k, s, &der, issuer, part_names[part]);
    alc_buf_reset(hex);
    for (size_t i = 0; i < der.n; i++)
        alc_buf_printf(hex, "%02x", der.p[i]);
    alc_buf_fini(&der);
}

void edit_signed_der(struct kase *k, struct pki *p)
{
    kase_form(k, FORM_DER);
    switch (below(k, 8)) {
    case 0:
    case 1:
    case 2:
        change_cert(k, p->sim, SIM_PCK);
        break;
    case 3:
        change_cert(k, p->sim, SIM_CA);
        break;
    case 4:
        change_cert(k, p->sim, SIM_TCB);
        break;
    case 5:
    case 6:
        change_list(k, p->sim, PART_PCK_CRL, SIM_CA);
        break;
    default:
        change_list(k, p->sim, PART_ROOT_CRL, SIM_ROOT);
    }
}
