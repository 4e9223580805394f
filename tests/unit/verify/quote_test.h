/* tests/unit/verify/quote_test.h — what the tests of the verdict on quotes share. */
#ifndef ALC_QUOTE_TEST_H
#define ALC_QUOTE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attest/attest.h"
#include "base/enc.h"
#include "tdx_vectors.h"
#include "verify/parts.h"

#define WITHIN 1751000000u /* both sets of 2025 are valid */
#define WITHIN_OUTDATED 1772000000u

/* One thing at a time is verified: all tests share the memory. */
static uint8_t test_memory[2 * ALC_COLLATERAL_MAX_BYTES];

static inline enum alc_refusal verify_set(struct alc_collateral *c, struct alc_bytes json,
                                          const struct alc_trust *trust)
{
    struct alc_verify_work work = ALC_VERIFY_WORK(test_memory);
    return alc_collateral_verify(c, json, trust, &work, &alc_verify_native);
}

static inline struct alc_quote_verdict judge(const struct alc_quote_ask *ask)
{
    struct alc_verify_work work = {test_memory, 16384, 0}; /* what the header promises to suffice */
    struct alc_quote_verdict v;

    memset(&v, 0xff, sizeof v); /* a verdict that was never set would look accepted */
    alc_quote_verify(&v, ask, &work, &alc_verify_native);
    assert_int_equal(v.accepted, v.refusal == ALC_REFUSAL_NONE);
    assert_true(!v.accepted || v.genuine);
    return v;
}

/* The sample, or the test says that it was skipped. */
static inline struct alc_bytes sample(const char *name)
{
    struct alc_bytes b = tdx_vector(name);
    if (b.n == 0) {
        printf("skipped: no sample %s; build qvl_vectors or set ALCOVE_VECTORS\n", name);
        skip();
    }
    return b;
}

static inline void sample_set(struct alc_collateral *c, const char *name)
{
    assert_int_equal(verify_set(c, sample(name), NULL), ALC_REFUSAL_NONE);
}

#endif
