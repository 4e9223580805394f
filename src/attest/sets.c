#include "attest/sets.h"
#include "attest/pcs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum alc_rc alc_sets_open(struct alc_sets **out, const struct alc_sets_conf *conf,
                          struct alc_err *err)
{
    struct alc_sets *s;

    if (strlen(conf->dir) >= sizeof s->dir || strlen(conf->url) >= sizeof s->url)
        return alc_fail(err, ALC_BAD_INPUT, "the folder or the URL for collateral is too long");
    if (!conf->look && mkdir(conf->dir, 0700) != 0 && errno != EEXIST)
        return alc_fail(err, ALC_IO, "cannot make %s: %s", conf->dir, strerror(errno));
    s = calloc(1, sizeof *s);
    if (s == NULL) return alc_fail(err, ALC_NOMEM, "no memory for collateral");
    pthread_mutex_init(&s->lock, NULL);
    snprintf(s->dir, sizeof s->dir, "%s", conf->dir);
    snprintf(s->url, sizeof s->url, "%s", conf->url);
    for (size_t n = strlen(s->url); n > 0 && s->url[n - 1] == '/'; n--)
        s->url[n - 1] = 0;
    s->early = conf->early;
    s->plain_ok = conf->plain_ok;
    s->look = conf->look;
    s->timeout_ms = conf->timeout_ms;
    s->attest = conf->attest;
    s->clock = conf->clock;
    if (conf->simulated_root.n > 0) {
        uint8_t *root = malloc(conf->simulated_root.n);
        if (root == NULL) {
            alc_sets_close(s);
            return alc_fail(err, ALC_NOMEM, "no memory for collateral");
        }
        memcpy(root, conf->simulated_root.p, conf->simulated_root.n);
        s->simulated_root = (struct alc_bytes){root, conf->simulated_root.n};
    }
    *out = s;
    return ALC_OK;
}

void alc_sets_close(struct alc_sets *s)
{
    if (s == NULL) return;
    pthread_mutex_destroy(&s->lock);
    free((void *)(uintptr_t)s->simulated_root.p);
    free(s);
}

enum alc_rc alc_sets_platform(struct alc_platform *out, struct alc_bytes quote, struct alc_err *err)
{
    uint8_t room[ALC_QUOTE_MAX_BYTES];
    struct alc_verify_work work = ALC_VERIFY_WORK(room);
    struct alc_quote q;
    enum alc_refusal refusal = alc_quote_read(&q, quote);

    if (refusal == ALC_REFUSAL_NONE) refusal = alc_quote_platform(out, &q, &work);
    if (refusal == ALC_REFUSAL_NONE) return ALC_OK;
    return alc_fail(err, ALC_BAD_INPUT, "%s", alc_refusal_text(refusal));
}

uint64_t att_sets_now_s(const struct alc_sets *s)
{
    return alc_clock_wall_ms(s->clock) / 1000;
}

struct alc_trust att_sets_trust(const struct alc_sets *s)
{
    struct alc_trust t = {.simulated_root = s->simulated_root};
    if (s->attest != NULL) t.simulated_root = alc_attest_simulated_root(s->attest);
    return t;
}

/* ---- checks ---- */

static enum alc_rc check(struct alc_sets *s, struct alc_collateral *out, struct alc_bytes json,
                         struct alc_err *err)
{
    struct alc_verify_work work = ALC_VERIFY_WORK(s->room);
    struct alc_trust t = att_sets_trust(s);
    enum alc_refusal refusal = alc_collateral_verify(out, json, &t, &work, &alc_verify_native);

    if (refusal == ALC_REFUSAL_NONE) return ALC_OK;
    return alc_fail(err, ALC_DENIED, "the collateral does not prove itself: %s",
                    alc_refusal_text(refusal));
}

enum alc_rc att_sets_find(struct alc_sets *s, struct alc_collateral *out, struct att_kept *e,
                          struct att_find find, struct alc_buf *json, struct alc_err *err)
{
    struct alc_buf text = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);
    enum alc_rc rc;

    for (;;) {
        rc = att_archive_find(s->dir, e, &find, err);
        if (rc != ALC_OK) break;
        alc_buf_reset(&text);
        rc = att_archive_read(s->dir, e->name, &text, err);
        if (rc == ALC_OK) rc = check(s, out, alc_buf_bytes(&text), err);
        if (rc == ALC_OK || rc == ALC_NOMEM) break;
        /* What is older still stands, and a fetched set shall not be refused for this one.  One
         * that cannot be read may be whole: it stays where it is. */
        if ((rc == ALC_DENIED || rc == ALC_LIMIT) && !s->look && att_archive_aside(s->dir, e))
            continue;
        if (find.oldest) {
            rc = alc_fail(err, ALC_NOT_FOUND, "the oldest kept set is damaged");
            break;
        }
        find.below = e;
    }
    if (rc == ALC_OK && json != NULL) {
        alc_buf_put_bytes(json, alc_buf_bytes(&text));
        if (json->failed) rc = alc_fail(err, ALC_NOMEM, "no memory for a set of collateral");
    }
    alc_buf_fini(&text);
    return rc;
}

static bool is_for(const struct alc_collateral *set, const struct alc_platform *p)
{
    return set->tee == p->tee && set->ca == p->ca &&
           memcmp(set->fmspc, p->fmspc, sizeof p->fmspc) == 0 &&
           memcmp(set->pceid, p->pceid, sizeof p->pceid) == 0;
}

/* older: whether `a` hides what `b` already said.  Issue dates and evaluation numbers only rise;
 * the register contract compares the same six. */
static bool older(const struct alc_collateral *a, const struct alc_collateral *b)
{
    return a->tcb.from_s < b->tcb.from_s || a->qe.from_s < b->qe.from_s ||
           a->tcb_evaluation < b->tcb_evaluation || a->qe_evaluation < b->qe_evaluation ||
           a->root_crl.from_s < b->root_crl.from_s || a->pck_crl.from_s < b->pck_crl.from_s;
}

static enum alc_rc accept(struct alc_sets *s, const struct alc_platform *p, struct alc_bytes json,
                          struct alc_err *err)
{
    const uint64_t now = att_sets_now_s(s);
    const struct att_find newest = {.platform = p, .at_s = ATT_ANY, .from_most_s = ATT_ANY};
    struct alc_window w;
    struct att_kept last;
    enum alc_rc rc = check(s, &s->set, json, err);

    if (rc != ALC_OK) return rc;
    if (!is_for(&s->set, p))
        return alc_fail(err, ALC_DENIED, "the collateral that came is for another platform");
    w = alc_collateral_window(&s->set);
    if (now < w.from_s || now > w.until_s)
        return alc_fail(err, ALC_DENIED,
                        "the collateral that came holds from %" PRIu64 " to %" PRIu64
                        ", and it is %" PRIu64 " now: is the clock right?",
                        w.from_s, w.until_s, now);
    rc = att_sets_find(s, &s->before, &last, newest, NULL, err);
    if (rc == ALC_OK && older(&s->set, &s->before))
        return alc_fail(err, ALC_CONFLICT,
                        "the collateral that came is older than what is kept: a mirror may hide an "
                        "update (evaluation number %u, kept %u)",
                        s->set.tcb_evaluation, s->before.tcb_evaluation);
    if (rc != ALC_OK && rc != ALC_NOT_FOUND) return rc;
    return att_archive_put(s->dir, &s->set, json, err);
}

/* own_sets: a simulated platform is known to nobody but its own source, or to a service that
 * somebody made for it and named. */
static bool own_sets(const struct alc_sets *s)
{
    return s->attest != NULL && alc_attest_source(s->attest) == ALC_SOURCE_SIMULATED &&
           (s->url[0] == 0 || strcmp(s->url, ALC_PCS_URL) == 0);
}

enum alc_rc alc_sets_refresh(struct alc_sets *s, const struct alc_platform *p, struct alc_buf *json,
                             const volatile bool *stop, struct alc_err *err)
{
    const struct alc_pcs_ask ask = {.url = s->url,
                                    .early = s->early,
                                    .plain_ok = s->plain_ok,
                                    .timeout_ms = s->timeout_ms,
                                    .platform = p,
                                    .stop = stop};
    struct alc_buf fetched = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);
    enum alc_rc rc;

    if (own_sets(s))
        rc = alc_attest_simulated_collateral(s->attest, &fetched, err);
    else if (s->url[0] == 0)
        rc = alc_fail(err, ALC_NOT_FOUND, "no service is named from which collateral could come");
    else
        rc = alc_pcs_fetch(&fetched, &ask, err);
    pthread_mutex_lock(&s->lock);
    if (rc == ALC_OK) rc = accept(s, p, alc_buf_bytes(&fetched), err);
    pthread_mutex_unlock(&s->lock);
    if (rc == ALC_OK) alc_buf_put_bytes(json, alc_buf_bytes(&fetched));
    alc_buf_fini(&fetched);
    return rc == ALC_OK && json->failed ? alc_fail(err, ALC_NOMEM, "no memory for collateral") : rc;
}

enum alc_rc alc_sets_keep(struct alc_sets *s, struct alc_bytes json, struct alc_err *err)
{
    enum alc_rc rc;

    pthread_mutex_lock(&s->lock);
    rc = check(s, &s->set, json, err);
    if (rc == ALC_OK) rc = att_archive_put(s->dir, &s->set, json, err);
    pthread_mutex_unlock(&s->lock);
    return rc;
}

enum alc_rc alc_sets_at(struct alc_sets *s, const struct alc_platform *p, uint64_t at_s,
                        struct alc_buf *json, struct alc_err *err)
{
    const struct att_find covering = {.platform = p, .at_s = at_s, .from_most_s = ATT_ANY};
    struct att_kept e;
    enum alc_rc rc;

    pthread_mutex_lock(&s->lock);
    rc = att_sets_find(s, &s->set, &e, covering, json, err);
    pthread_mutex_unlock(&s->lock);
    return rc;
}

enum alc_rc alc_sets_keep_quote(struct alc_sets *s, struct alc_bytes quote, struct alc_err *err)
{
    enum alc_rc rc;

    pthread_mutex_lock(&s->lock);
    rc = att_archive_put_quote(s->dir, quote, err);
    pthread_mutex_unlock(&s->lock);
    return rc;
}

enum alc_rc alc_sets_quote(struct alc_sets *s, struct alc_buf *quote, struct alc_err *err)
{
    return att_archive_read(s->dir, "quote", quote, err);
}
