/* tests/unit/verify/samples.h — the three sample sets, verified once. */
#ifndef ALC_VERIFY_SAMPLES_H
#define ALC_VERIFY_SAMPLES_H

#include "quote_test.h"

static struct alc_collateral sgx, tdx, outdated;

static inline void load(void)
{
    if (sgx.levels_count > 0) return;
    sample_set(&sgx, "sgx_quote_collateral.json");
    sample_set(&tdx, "tdx_quote_collateral.json");
    sample_set(&outdated, "tdx_quote_outdated_collateral.json");
}

static inline struct alc_quote_verdict verdict(struct alc_bytes quote,
                                               const struct alc_collateral *c, uint64_t now_s)
{
    struct alc_quote_ask ask = {.quote = quote, .collateral = c, .now_s = now_s};
    return judge(&ask);
}

#endif
