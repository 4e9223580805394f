/* tests/unit/verify/stage.h — a sample quote and its set, in which a test changes one thing after
 * the set's signatures were checked. */
#ifndef ALC_VERIFY_STAGE_H
#define ALC_VERIFY_STAGE_H

#include "quote_test.h"

/* The sample and its set, fresh for each test. */
struct scene {
    struct alc_collateral c;
    struct alc_quote_policy policy;
    struct alc_quote_ask ask;
};
static struct scene s;

static inline void stage(const char *quote, const char *set)
{
    static struct alc_collateral tdx, sgx;
    struct alc_collateral *kept = strcmp(quote, "sgx_quote") == 0 ? &sgx : &tdx;

    if (kept->levels_count == 0) sample_set(kept, set);
    s = (struct scene){.c = *kept};
    s.ask = (struct alc_quote_ask){
        .quote = sample(quote), .collateral = &s.c, .now_s = WITHIN, .policy = &s.policy};
}

static inline void stage_tdx(void)
{
    stage("tdx_quote", "tdx_quote_collateral.json");
}

static inline void stage_sgx(void)
{
    stage("sgx_quote", "sgx_quote_collateral.json");
}

static inline enum alc_refusal why(void)
{
    return judge(&s.ask).refusal;
}

#endif
