/* tests/unit/verify/test_crl.c — revocation lists: real ones, and those that say more or less than
 * is understood. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "attest/attest.h"
#include "base/enc.h"
#include "made.h"
#include "tdx_vectors.h"
#include "verify/parts.h"

/* One list of a sample's set, decoded from its hex. */
static struct alc_bytes sample_crl(const char *set, const char *name)
{
    static uint8_t der[8192];
    struct alc_bytes text = tdx_vector(set);
    json_t *root;
    size_t n = 0;

    if (text.n == 0) {
        print_message("skipped: the sample sets are not there\n");
        skip();
    }
    root = json_loadb((const char *)text.p, text.n, 0, NULL);
    assert_non_null(root);
    assert_true(alc_hex_decode(der, sizeof der, &n,
                               alc_cstr(json_string_value(json_object_get(root, name)))));
    json_decref(root);
    return (struct alc_bytes){der, n};
}

static size_t entries(const struct vf_crl *crl)
{
    struct alc_cur each = crl->revoked;
    struct alc_bytes serial;
    size_t n = 0;
    while (vf_crl_next(&each, &serial))
        n++;
    assert_int_equal(each.n, 0);
    return n;
}

static bool has(const struct vf_crl *crl, const char *serial)
{
    struct alc_cur each = crl->revoked;
    struct alc_bytes s;
    uint8_t b[20];
    size_t n;
    bool found = false;

    assert_true(alc_hex_decode(b, sizeof b, &n, alc_cstr(serial)));
    while (vf_crl_next(&each, &s))
        found = found || alc_bytes_eq(s, (struct alc_bytes){b, n});
    return found;
}

static void real_lists_have_their_window_and_entries(void **state)
{
    static const struct {
        const char *set, *name;
        uint64_t from_s, until_s;
        size_t entries;
    } rows[] = {
        {"sgx_quote_collateral.json", "root_ca_crl", 1742469717, 1775215316, 0},
        {"sgx_quote_collateral.json", "pck_crl", 1750328598, 1752920597, 0},
        {"tdx_quote_collateral.json", "pck_crl", 1750327235, 1752919234, 44},
        {"tdx_quote_outdated_collateral.json", "pck_crl", 1771411275, 1774003274, 57},
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct vf_crl crl;
        struct alc_bytes der = sample_crl(rows[i].set, rows[i].name);
        assert_int_equal(vf_crl_read(&crl, der), ALC_REFUSAL_NONE);
        assert_int_equal(crl.window.from_s, rows[i].from_s);
        assert_int_equal(crl.window.until_s, rows[i].until_s);
        assert_int_equal(entries(&crl), rows[i].entries);
        if (i == 0) {
            assert_true(alc_bytes_eq(crl.issuer, vf_intel_root.subject));
            assert_true(vf_signed(crl.tbs, crl.signature, vf_intel_root.key, &alc_verify_native));
        }
        if (i != 2) continue;
        assert_true(has(&crl, "6fc34e5023e728923435d61aa4b83c618166ad35"));
        /* stands with a leading zero in DER */
        assert_true(has(&crl, "efae6e9715fca13b87e333e8261ed6d990a926ad"));
        assert_false(has(&crl, "3c16ed54eacbb4ced072be72630c85788cf46e36"));
    }
}

static void every_cut_list_is_refused(void **state)
{
    struct alc_bytes der = sample_crl("tdx_quote_collateral.json", "pck_crl");
    struct vf_crl crl;
    (void)state;

    for (size_t n = 0; n < der.n; n++) {
        uint8_t *copy = malloc(n + 1);
        memcpy(copy, der.p, n);
        assert_int_not_equal(vf_crl_read(&crl, (struct alc_bytes){copy, n}), ALC_REFUSAL_NONE);
        free(copy);
    }
}

static void every_flipped_bit_of_a_list_is_refused(void **state)
{
    struct alc_bytes der = sample_crl("sgx_quote_collateral.json", "root_ca_crl");
    uint8_t copy[1024];
    struct vf_crl crl;
    (void)state;

    for (size_t i = 0; i < 8 * der.n; i++) {
        memcpy(copy, der.p, der.n);
        copy[i / 8] ^= (uint8_t)(1u << i % 8);
        if (vf_crl_read(&crl, (struct alc_bytes){copy, der.n}) == ALC_REFUSAL_NONE)
            assert_false(vf_signed(crl.tbs, crl.signature, vf_intel_root.key, &alc_verify_native));
    }
}

static void each_form_that_is_not_understood_is_refused(void **state)
{
    static const uint64_t serials[] = {1, 0x8000000000000000u};
    static const struct {
        enum twist twist;
        enum alc_refusal want;
    } rows[] = {
        {TWIST_NONE, ALC_REFUSAL_NONE},
        {TWIST_ENTRY_EXTENSION, ALC_REFUSAL_NONE},
        {TWIST_NO_LIST_EXTENSIONS, ALC_REFUSAL_NONE},
        {TWIST_OUTER_ALGORITHM, ALC_REFUSAL_CERTIFICATE_ALGORITHM},
        {TWIST_INNER_ALGORITHM, ALC_REFUSAL_CERTIFICATE_ALGORITHM},
        {TWIST_TRAILING, ALC_REFUSAL_CRL},
        {TWIST_VERSION, ALC_REFUSAL_CRL},
        {TWIST_UNUSED_SIGNATURE_BITS, ALC_REFUSAL_CRL},
        {TWIST_NO_NEXT_UPDATE, ALC_REFUSAL_CRL},
        {TWIST_ENTRY_CRITICAL, ALC_REFUSAL_CRL},
        {TWIST_LIST_CRITICAL, ALC_REFUSAL_CRL},
    };
    struct alc_buf der = ALC_BUF(4096);
    struct made m;
    struct vf_crl crl;
    (void)state;

    made_init(&m);
    m.pck_crl.serials = serials;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum alc_refusal got;
        m.pck_crl.twist = rows[i].twist;
        m.pck_crl.count = i % 2 == 0 ? 2 : 0;
        if (rows[i].twist == TWIST_ENTRY_CRITICAL || rows[i].twist == TWIST_ENTRY_EXTENSION)
            m.pck_crl.count = 2;
        alc_buf_reset(&der);
        make_crl(&der, &m.pck_crl);
        got = vf_crl_read(&crl, alc_buf_bytes(&der));
        if (got != rows[i].want)
            fail_msg("%s: %s", twist_names[rows[i].twist], alc_refusal_word(got));
        if (got != ALC_REFUSAL_NONE) continue;
        assert_int_equal(entries(&crl), m.pck_crl.count);
        assert_int_equal(crl.window.from_s, m.pck_crl.from_s);
        assert_int_equal(crl.window.until_s, m.pck_crl.until_s - 1);
        assert_int_equal(has(&crl, "8000000000000000"), m.pck_crl.count > 0);
    }
    alc_buf_fini(&der);
    made_fini(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_lists_have_their_window_and_entries),
        cmocka_unit_test(every_cut_list_is_refused),
        cmocka_unit_test(every_flipped_bit_of_a_list_is_refused),
        cmocka_unit_test(each_form_that_is_not_understood_is_refused),
    };
    alc_crypto_init();
    return cmocka_run_group_tests_name("verify/crl", tests, NULL, NULL);
}
