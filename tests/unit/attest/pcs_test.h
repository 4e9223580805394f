/* tests/unit/attest/pcs_test.h — sets of the local PKI and of the samples, a clock that a test
 * turns, a service and an archive. */
#ifndef PCS_TEST_H
#define PCS_TEST_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "attest/sim.h"
#include "pcs_server.h"

#define NOW_S UINT64_C(1795500000)
#define DAY_S UINT64_C(86400)
#define HOLDS_S (30 * DAY_S - 1)      /* a list does not hold in the second of its nextUpdate */
#define SAMPLE_S UINT64_C(1751000000) /* both samples of 2025 hold then */

#define OK(call)                                                                                   \
    do {                                                                                           \
        enum alc_rc rc_ = (call);                                                                  \
        if (rc_ != ALC_OK)                                                                         \
            fail_msg("%s: %s: %s", #call, alc_rc_name(rc_), alc_err_text(&f->err, rc_));           \
    } while (0)

struct pcs_test {
    char dir[64];
    uint64_t now_ns;
    struct alc_clock clock;
    struct alc_sim *pki;
    struct pcs_server *server;
    struct alc_sets *sets;
    struct alc_platform platform; /* of the quote */
    struct alc_buf quote;         /* of the local PKI's machine */
    struct alc_buf json;          /* what the last refresh gave */
    struct alc_err err;
};

static inline uint64_t pcs_now(void *ctx)
{
    return *(uint64_t *)ctx;
}

static inline void pcs_at(struct pcs_test *f, uint64_t now_s)
{
    f->now_ns = now_s * 1000000000u;
}

static inline int pcs_remove(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

/* pcs_open opens the archive against the service; the one before is closed. */
static inline void pcs_open(struct pcs_test *f)
{
    const struct alc_sets_conf conf = {.dir = f->dir,
                                       .url = pcs_server_url(f->server),
                                       .plain_ok = true,
                                       .timeout_ms = 5000,
                                       .simulated_root = alc_sim_root(f->pki),
                                       .clock = &f->clock};
    alc_sets_close(f->sets);
    f->sets = NULL;
    OK(alc_sets_open(&f->sets, &conf, &f->err));
}

static inline int pcs_set_up(void **state)
{
    struct pcs_test *f = calloc(1, sizeof *f);
    struct alc_sim_quote like;

    if (f == NULL) return -1;
    alc_crypto_init();
    strcpy(f->dir, "/tmp/alcove-sets-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->clock = (struct alc_clock){pcs_now, pcs_now, &f->now_ns};
    pcs_at(f, NOW_S);
    f->quote = ALC_BUF(ALC_QUOTE_MAX_BYTES);
    f->json = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);
    OK(alc_sim_open(&f->pki, NULL, &f->clock, &f->err));
    alc_sim_quote_usual(&like, ALC_TEE_TDX);
    OK(alc_sim_quote(f->pki, &like, &f->quote, &f->err));
    OK(alc_sets_platform(&f->platform, alc_buf_bytes(&f->quote), &f->err));
    f->server = pcs_server_open(false);
    pcs_open(f);
    *state = f;
    return 0;
}

static inline int pcs_tear_down(void **state)
{
    struct pcs_test *f = *state;
    alc_sets_close(f->sets);
    pcs_server_close(f->server);
    alc_sim_close(f->pki);
    alc_buf_fini(&f->quote);
    alc_buf_fini(&f->json);
    nftw(f->dir, pcs_remove, 16, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

/* Puts `to` in the place of the first `from`. */
static inline void pcs_change(struct alc_buf *text, const char *from, const char *to)
{
    struct alc_buf made = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);
    const char *at = strstr(alc_buf_text(text), from);

    if (at == NULL) fail_msg("no `%s` in %s", from, alc_buf_text(text));
    alc_buf_put(&made, text->p, (size_t)(at - alc_buf_text(text)));
    alc_buf_put_text(&made, to);
    alc_buf_put_text(&made, at + strlen(from));
    alc_buf_reset(text);
    alc_buf_put_bytes(text, alc_buf_bytes(&made));
    alc_buf_fini(&made);
}

/* What a made set is like. */
struct pcs_made {
    uint64_t from_s;
    const char *evaluation; /* "18"; NULL: as usual, 17 */
    const char *status;     /* of the newest platform level; NULL: UpToDate */
    const char *svn;        /* what its first component wants; NULL: what the machine has */
    uint64_t crl_from_s;    /* 0: from_s */
};

/* pcs_make appends a set of the local PKI. */
static inline void pcs_make(struct pcs_test *f, struct alc_buf *out, const struct pcs_made *m)
{
    struct alc_buf tcb = ALC_BUF(ALC_COLLATERAL_MAX_BYTES), qe = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);
    struct alc_sim_set set = {.tee = ALC_TEE_TDX,
                              .now_s = m->from_s,
                              .crl_from_s = m->crl_from_s,
                              .crl_until_s = m->crl_from_s == 0 ? 0 : m->crl_from_s + 40 * DAY_S};
    char text[120];
    struct alc_buf levels = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);
    const char *at;

    OK(alc_sim_tcb_info(f->pki, ALC_TEE_TDX, m->from_s, &tcb, &f->err));
    OK(alc_sim_qe_identity(f->pki, ALC_TEE_TDX, m->from_s, &qe, &f->err));
    if (m->evaluation != NULL) {
        snprintf(text, sizeof text, "\"tcbEvaluationDataNumber\":%s", m->evaluation);
        pcs_change(&tcb, "\"tcbEvaluationDataNumber\":17", text);
        pcs_change(&qe, "\"tcbEvaluationDataNumber\":17", text);
    }
    at = strstr(alc_buf_text(&tcb), "\"sgxtcbcomponents\"");
    assert_non_null(at);
    alc_buf_put_text(&levels, at); /* the platform's levels, behind the modules' */
    tcb.n = (size_t)(at - alc_buf_text(&tcb));
    if (m->status != NULL) {
        snprintf(text, sizeof text, "\"tcbStatus\":\"%s\"", m->status);
        pcs_change(&levels, "\"tcbStatus\":\"UpToDate\"", text);
    }
    if (m->svn != NULL) {
        snprintf(text, sizeof text, "\"sgxtcbcomponents\":[{\"svn\":%s},", m->svn);
        at = strchr(alc_buf_text(&levels), ',');
        assert_non_null(at);
        alc_buf_put_text(&tcb, text);
        alc_buf_put_text(&tcb, at + 1);
    } else {
        alc_buf_put_bytes(&tcb, alc_buf_bytes(&levels));
    }
    set.tcb_info = alc_buf_bytes(&tcb);
    set.qe_identity = alc_buf_bytes(&qe);
    alc_buf_reset(out);
    OK(alc_sim_collateral(f->pki, &set, out, &f->err));
    alc_buf_fini(&levels);
    alc_buf_fini(&qe);
    alc_buf_fini(&tcb);
}

/* pcs_serve makes a set and serves it. */
static inline void pcs_serve(struct pcs_test *f, const struct pcs_made *m)
{
    struct alc_buf json = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);
    pcs_make(f, &json, m);
    pcs_server_serve(f->server, alc_buf_bytes(&json));
    alc_buf_fini(&json);
}

static inline enum alc_rc pcs_refresh(struct pcs_test *f)
{
    f->err = (struct alc_err){0};
    alc_buf_reset(&f->json);
    return alc_sets_refresh(f->sets, &f->platform, &f->json, NULL, &f->err);
}

#define PCS_TEST(name) cmocka_unit_test_setup_teardown(name, pcs_set_up, pcs_tear_down)

#endif
