/* tests/unit/verify/scene.h — a quote, a set and a policy, all signed by a local PKI and right
 * until a test changes one thing in them. */
#ifndef ALC_VERIFY_SCENE_H
#define ALC_VERIFY_SCENE_H

#include "quote_test.h"

#include <jansson.h>

#include "attest/sim.h"

#define NOW_S UINT64_C(1760000000)
#define DAY_S UINT64_C(86400)

static inline uint64_t now_ns(void *ctx)
{
    (void)ctx;
    return NOW_S * 1000000000u;
}

static const struct alc_clock now_clock = {now_ns, now_ns, NULL};
static struct alc_sim *sim;

/* ---- a scene: quote, set and policy, right until a test changes them ---- */

static struct {
    struct alc_sim_quote quote;
    struct alc_sim_set set;
    json_t *tcb, *qe; /* what is signed as TCB info and QE identity */
    struct alc_quote_policy policy;
    struct alc_trust trust;
    uint64_t now_s;
    size_t print;                      /* jansson's flags */
    void (*spoil)(json_t *collateral); /* changes the set after it was signed */
    struct alc_quote_verdict v;        /* of the last judgement */
} s;

static inline int open_sim(void **state)
{
    struct alc_err err = {0};
    (void)state;
    alc_crypto_init();
    return alc_sim_open(&sim, NULL, &now_clock, &err) == ALC_OK ? 0 : -1;
}

static inline int close_sim(void **state)
{
    (void)state;
    json_decref(s.tcb);
    json_decref(s.qe);
    alc_sim_close(sim);
    return 0;
}

static struct alc_collateral set, kept;

static inline json_t *parse(const struct alc_buf *text)
{
    json_t *j = json_loadb((const char *)text->p, text->n, 0, NULL);
    assert_non_null(j);
    return j;
}

static inline void stage(enum alc_tee tee)
{
    struct alc_buf text = ALC_BUF(1u << 20);
    struct alc_err err = {0};

    json_decref(s.tcb);
    json_decref(s.qe);
    memset(&s, 0, sizeof s);
    alc_sim_quote_usual(&s.quote, tee);
    assert_int_equal(alc_sim_tcb_info(sim, tee, NOW_S, &text, &err), ALC_OK);
    s.tcb = parse(&text);
    alc_buf_reset(&text);
    assert_int_equal(alc_sim_qe_identity(sim, tee, NOW_S, &text, &err), ALC_OK);
    s.qe = parse(&text);
    alc_buf_fini(&text);
    s.set = (struct alc_sim_set){.tee = tee, .now_s = NOW_S};
    s.policy.allow_simulated = true;
    s.trust.simulated_root = alc_sim_root(sim);
    s.now_s = NOW_S;
    s.print = JSON_COMPACT;
}

static inline void make_set(struct alc_buf *json)
{
    char *tcb = json_dumps(s.tcb, s.print), *qe = json_dumps(s.qe, s.print);
    struct alc_err err = {0};

    s.set.tcb_info = alc_cstr(tcb);
    s.set.qe_identity = alc_cstr(qe);
    assert_int_equal(alc_sim_collateral(sim, &s.set, json, &err), ALC_OK);
    if (s.spoil != NULL) {
        json_t *j = parse(json);
        char *again;
        s.spoil(j);
        again = json_dumps(j, JSON_COMPACT);
        alc_buf_reset(json);
        alc_buf_put_text(json, again);
        free(again);
        json_decref(j);
    }
    free(tcb);
    free(qe);
}

/* Judges the scene twice: with the set, and with what was kept of it; both say the same. */
static inline enum alc_refusal why(void)
{
    static uint8_t digest[ALC_COLLATERAL_DIGEST_MAX_BYTES];
    static uint8_t said[2][ALC_QUOTE_VERDICT_MAX_BYTES];
    struct alc_buf json = ALC_BUF(1u << 20), quote = ALC_BUF(1u << 20);
    struct alc_err err = {0};
    struct alc_quote_ask ask;
    enum alc_refusal r;
    size_t n;

    make_set(&json);
    r = verify_set(&set, alc_buf_bytes(&json), &s.trust);
    alc_buf_fini(&json);
    if (r != ALC_REFUSAL_NONE) return r;
    assert_true(set.simulated);
    n = alc_collateral_write(&set, digest, sizeof digest);
    assert_true(n > 0);
    assert_true(alc_collateral_read(&kept, (struct alc_bytes){digest, n}));

    assert_int_equal(alc_sim_quote(sim, &s.quote, &quote, &err), ALC_OK);
    ask = (struct alc_quote_ask){.quote = alc_buf_bytes(&quote),
                                 .collateral = &set,
                                 .now_s = s.now_s,
                                 .policy = &s.policy,
                                 .trust = &s.trust};
    s.v = judge(&ask);
    n = alc_quote_verdict_json(&s.v, said[0], sizeof said[0]);
    assert_true(n > 0 && s.v.simulated == s.v.read);
    ask.collateral = &kept;
    s.v = judge(&ask);
    assert_int_equal(alc_quote_verdict_json(&s.v, said[1], sizeof said[1]), n);
    assert_memory_equal(said[0], said[1], n);
    s.v.quote = (struct alc_quote){0}; /* it borrowed */
    alc_buf_fini(&quote);
    return s.v.refusal;
}

#define assert_good() assert_int_equal(why(), ALC_REFUSAL_NONE)
#define assert_why(want) assert_int_equal(why(), want)

static inline void has_status(uint8_t status)
{
    s.policy.statuses = UINT32_MAX;
    (void)why();
    assert_true(s.v.has_status);
    assert_int_equal(s.v.status, status);
    s.policy.statuses = 0;
}

/* ---- changing JSON ---- */

static inline json_t *at(json_t *j, const char *key)
{
    json_t *v = json_object_get(j, key);
    assert_non_null(v);
    return v;
}

static inline json_t *level(json_t *of, size_t i)
{
    json_t *l = json_array_get(at(of, "tcbLevels"), i);
    assert_non_null(l);
    return l;
}

static inline json_t *module(void)
{
    return json_array_get(at(s.tcb, "tdxModuleIdentities"), 0);
}

static inline json_t *component(size_t i, const char *of, size_t k)
{
    return json_array_get(at(at(level(s.tcb, i), "tcb"), of), k);
}

static inline void put(json_t *j, const char *key, json_t *v)
{
    assert_int_equal(json_object_set_new(j, key, v), 0);
}

static inline void reverse(json_t *array)
{
    for (size_t i = json_array_size(array); i-- > 0;)
        json_array_append(array, json_array_get(array, i));
    for (size_t n = json_array_size(array) / 2; n-- > 0;)
        json_array_remove(array, 0);
}

#endif
