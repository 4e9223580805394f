/* tests/unit/verify/test_digest_layout.c — the bytes of docs/collateral-digest.md, read by hand.
 *
 * Contracts keep digests, so their layout is fixed.  Nothing here comes from the code that writes
 * them: each line takes the next bytes and says what they must be, in the order of that page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verify/verify.h"

static struct alc_collateral set, back;
static uint8_t digest[ALC_COLLATERAL_DIGEST_MAX_BYTES];
static uint8_t again[ALC_COLLATERAL_DIGEST_MAX_BYTES];
static const uint8_t *at;

/* ---- reading ---- */

static void number(size_t width, uint64_t expected)
{
    uint64_t v = 0;

    for (size_t i = 0; i < width; i++)
        v |= (uint64_t)at[i] << (8 * i);
    at += width;
    assert_int_equal(v, expected);
}

/* n bytes that all have this value. */
static void run(size_t n, uint8_t value)
{
    for (size_t i = 0; i < n; i++)
        assert_int_equal(at[i], value);
    at += n;
}

static void text(const char *expected)
{
    number(4, strlen(expected));
    assert_memory_equal(at, expected, strlen(expected));
    at += strlen(expected);
}

static void behind(size_t offset)
{
    assert_int_equal(at - digest, offset);
}

/* ---- sets with another value in every field ---- */

static struct alc_svn_level svn(uint16_t isvsvn, uint8_t status, uint64_t date_s, uint64_t first,
                                uint64_t second)
{
    return (struct alc_svn_level){isvsvn, status, date_s, {{first, second}}};
}

static void advisory(size_t i, const char *name)
{
    set.advisories[i].n = (uint8_t)strlen(name);
    memcpy(set.advisories[i].b, name, strlen(name));
}

static void fixed_fields(enum alc_tee tee)
{
    memset(&set, 0, sizeof set);
    set.simulated = true;
    set.tee = tee;
    memset(set.root.b, 0x01, 32);
    memset(set.fmspc, 0x02, 6);
    memset(set.pceid, 0x03, 2);
    set.tcb_evaluation = 0x04050607;
    set.qe_evaluation = 0x08090a0b;
    set.tcb = (struct alc_window){101, 102};
    set.qe = (struct alc_window){103, 104};
    set.root_crl = (struct alc_window){105, 106};
    set.pck_crl = (struct alc_window){107, 0xa1a2a3a4a5a6a7a8};
    set.chains = (struct alc_window){109, 110};
    set.ca = ALC_PCK_PLATFORM;
    memset(set.ca_certificate.b, 0x0c, 32);
    memset(set.ca_key, 0x0d, 64);
    memset(set.qe_mrsigner, 0x0e, 32);
    set.qe_isvprodid = 0x0f10;
    set.qe_miscselect = 0x11121314;
    set.qe_miscselect_mask = 0x15161718;
    memset(set.qe_attributes, 0x19, 16);
    memset(set.qe_attributes_mask, 0x1a, 16);
}

static void tdx_set(void)
{
    fixed_fields(ALC_TEE_TDX);
    set.revoked_count = 2;
    memset(set.revoked[0], 0x21, 20);
    memset(set.revoked[1], 0x22, 20);
    set.advisories_count = 70; /* more than one word of bits */
    for (size_t i = 0; i < 70; i++) {
        char name[] = {'S', (char)('A' + i / 26), (char)('a' + i % 26), 0};
        advisory(i, name);
    }
    set.modules_count = 2;
    memset(set.modules[0].mrsigner, 0x23, 48);
    memset(set.modules[0].attributes, 0x24, 8);
    memset(set.modules[0].mask, 0x25, 8);
    set.modules[1].number = 3;
    memset(set.modules[1].mrsigner, 0x26, 48);
    memset(set.modules[1].attributes, 0x27, 8);
    memset(set.modules[1].mask, 0x28, 8);
    set.modules[1].levels = 2;
    set.svn_levels[0] = svn(0x2902, ALC_TCB_UP_TO_DATE, 201, 0, 0);
    set.svn_levels[1] = svn(0x2901, ALC_TCB_OUT_OF_DATE, 202, UINT64_C(1) << 63, 1);
    set.qe_first = 2;
    set.qe_levels = 1;
    set.svn_levels[2] = svn(0x2a2b, ALC_TCB_REVOKED, 203, 5, 0x20);
    set.svn_levels_count = 3;
    set.levels_count = 2;
    memset(set.levels[0].sgx, 0x2d, 16);
    memset(set.levels[0].tdx, 0x2e, 16);
    set.levels[0].pcesvn = 0x2f30;
    set.levels[0].status = ALC_TCB_SW_HARDENING;
    set.levels[0].date_s = 204;
    set.levels[0].advisories.bits[0] = 0x3132333435363738;
    memset(set.levels[1].sgx, 0x2c, 16);
    set.levels[1].status = ALC_TCB_OUT_OF_DATE_CONFIGURATION;
}

static size_t written(void)
{
    size_t n = alc_collateral_write(&set, digest, sizeof digest);

    assert_true(n > 0);
    assert_true(alc_collateral_read(&back, (struct alc_bytes){digest, n}));
    assert_int_equal(alc_collateral_write(&back, again, sizeof again), n);
    assert_memory_equal(again, digest, n);
    at = digest;
    return n;
}

/* ---- the page, line by line ---- */

static void head(uint8_t tee)
{
    assert_memory_equal(at, "ALCOL/1\0", 8);
    at += 8;
    number(1, 1);
    number(1, tee);
    run(32, 0x01);
    run(6, 0x02);
    run(2, 0x03);
    behind(50);
    number(4, 0x04050607);
    number(4, 0x08090a0b);
    number(8, 101);
    number(8, 102);
    number(8, 103);
    number(8, 104);
    behind(90);
    number(8, 105);
    number(8, 106);
    number(8, 107);
    number(8, 0xa1a2a3a4a5a6a7a8);
    number(8, 109);
    number(8, 110);
    behind(138);
    number(1, 1);
    run(32, 0x0c);
    run(64, 0x0d);
    behind(235);
}

static void quoting_enclave(void)
{
    run(32, 0x0e);
    number(2, 0x0f10);
    number(4, 0x11121314);
    number(4, 0x15161718);
    run(16, 0x19);
    run(16, 0x1a);
}

static void a_tdx_digest_is_laid_out_as_its_page_says(void **state)
{
    size_t n;
    (void)state;

    tdx_set();
    n = written();
    head(0x81);
    number(4, 2); /* revoked */
    run(20, 0x21);
    run(20, 0x22);
    number(4, 70); /* advisories */
    for (size_t i = 0; i < 70; i++) {
        char name[] = {'S', (char)('A' + i / 26), (char)('a' + i % 26), 0};
        text(name);
    }
    number(4, 2); /* modules */
    number(1, 0);
    run(48, 0x23);
    run(8, 0x24);
    run(8, 0x25);
    number(4, 0);
    number(1, 3);
    run(48, 0x26);
    run(8, 0x27);
    run(8, 0x28);
    number(4, 2);
    number(2, 0x2902);
    number(1, 0);
    number(8, 201);
    run(16, 0);
    number(2, 0x2901);
    number(1, 4);
    number(8, 202);
    number(8, UINT64_C(1) << 63); /* advisory 63 */
    number(8, 1);                 /* advisory 64 */
    quoting_enclave();
    number(4, 1);
    number(2, 0x2a2b);
    number(1, 6);
    number(8, 203);
    number(8, 5);
    number(8, 0x20);
    number(4, 2); /* platform levels */
    run(16, 0x2d);
    run(16, 0x2e);
    number(2, 0x2f30);
    number(1, 1);
    number(8, 204);
    number(8, 0x3132333435363738);
    number(8, 0);
    run(16, 0x2c);
    run(16, 0);
    number(2, 0);
    number(1, 5);
    run(24, 0);
    behind(n);
}

static void an_sgx_digest_has_no_modules(void **state)
{
    size_t n;
    (void)state;

    fixed_fields(ALC_TEE_SGX);
    n = written();
    head(0x00);
    number(4, 0); /* revoked */
    number(4, 0); /* advisories */
    number(4, 0); /* modules */
    quoting_enclave();
    number(4, 0);
    number(4, 0);
    behind(n);
    assert_int_equal(n, 329); /* the shortest */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tdx_digest_is_laid_out_as_its_page_says),
        cmocka_unit_test(an_sgx_digest_has_no_modules),
    };
    return cmocka_run_group_tests_name("verify/digest_layout", tests, NULL, NULL);
}
