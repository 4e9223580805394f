/* What an operator should know before quotes are refused: a set that ends, a machine that falls
 * behind, a number that rose. */
#include "attest/sets.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DAY_S 86400u

const char *alc_sets_level(uint8_t status)
{
    return status < ALC_TCB_COUNT ? alc_tcb_name(status) : "below every level";
}

static void warn(struct alc_sets_health *h, const char *fmt, ...) ALC_PRINTF(2, 3);
static void warn(struct alc_sets_health *h, const char *fmt, ...)
{
    va_list args;

    if (h->count == sizeof h->warnings / sizeof *h->warnings) return;
    va_start(args, fmt);
    vsnprintf(h->warnings[h->count++], sizeof *h->warnings, fmt, args);
    va_end(args);
}

/* The status that a set gives to our own quote, in the middle of the set's window: what is asked is
 * what the platform reaches, not whether the set is fresh.  false: the quote is not taken at all,
 * and *why says for what. */
static bool status_by(struct alc_sets *s, const struct alc_collateral *set, struct alc_bytes quote,
                      uint8_t *status, enum alc_refusal *why)
{
    static const struct alc_quote_policy lenient = {.statuses = ~UINT32_C(0),
                                                    .allow_debug = true,
                                                    .allow_service_td = true,
                                                    .allow_simulated = true};
    struct alc_verify_work work = ALC_VERIFY_WORK(s->room);
    const struct alc_window w = alc_collateral_window(set);
    const struct alc_trust t = att_sets_trust(s);
    struct alc_quote_verdict v;

    alc_quote_verify(&v,
                     &(struct alc_quote_ask){.quote = quote,
                                             .collateral = set,
                                             .now_s = w.from_s + (w.until_s - w.from_s) / 2,
                                             .policy = &lenient,
                                             .trust = &t},
                     &work, &alc_verify_native);
    *why = v.refusal;
    *status = v.refusal == ALC_REFUSAL_PLATFORM_LEVEL ? ALC_SETS_NO_LEVEL : v.status;
    return v.has_status || v.refusal == ALC_REFUSAL_PLATFORM_LEVEL;
}

static void watch_time(struct alc_sets_health *h, uint64_t now)
{
    if (now > h->window.until_s)
        warn(h,
             "the collateral expired %" PRIu64 " days ago: quotes are refused until a new set is "
             "put on chain; see that the collateral service can be reached",
             (now - h->window.until_s) / DAY_S);
    else if (h->window.until_s - now < ALC_SET_WARN_S)
        warn(h, "the collateral expires in %" PRIu64 " days and no newer set came yet",
             (h->window.until_s - now) / DAY_S);
}

static void watch_level(struct alc_sets *s, struct alc_sets_health *h, struct alc_bytes quote)
{
    enum alc_refusal why;
    bool before;

    if (quote.n == 0) return;
    before = status_by(s, &s->before, quote, &h->status_before, &why);
    if (!status_by(s, &s->set, quote, &h->status, &why)) {
        warn(h, "this machine's quotes are refused by the newest set: %s", alc_refusal_text(why));
        return;
    }
    if (!before) h->status_before = h->status;
    h->has_status = true;
    if (h->status > h->status_before)
        warn(h,
             "this machine's TCB status fell from %s to %s: update its firmware and microcode "
             "before keys expire",
             alc_sets_level(h->status_before), alc_sets_level(h->status));
    else if (h->status != ALC_TCB_UP_TO_DATE)
        warn(h, "this machine's TCB status is %s: a contract with the usual policy refuses it",
             alc_sets_level(h->status));
}

static void watch_evaluation(struct alc_sets_health *h)
{
    if (h->evaluation > h->evaluation_before)
        warn(h,
             "Intel's evaluation number rose from %u to %u: contracts that ask for the new one "
             "refuse older sets",
             h->evaluation_before, h->evaluation);
}

/* load_before: the newest set that began ALC_SET_WARN_S before the last, so that a warning stands
 * for as long; where none is so old, the oldest. */
static enum alc_rc load_before(struct alc_sets *s, const struct alc_platform *p,
                               const struct att_kept *last, struct alc_err *err)
{
    const uint64_t from_s = last->window.from_s;
    struct att_find find = {.platform = p,
                            .at_s = ATT_ANY,
                            .from_most_s = from_s > ALC_SET_WARN_S ? from_s - ALC_SET_WARN_S : 0};
    struct att_kept e;
    enum alc_rc rc = att_sets_find(s, &s->before, &e, find, NULL, err);

    if (rc != ALC_NOT_FOUND) return rc;
    find.from_most_s = ATT_ANY;
    find.oldest = true;
    rc = att_sets_find(s, &s->before, &e, find, NULL, err);
    if (rc == ALC_NOT_FOUND) {
        s->before = s->set;
        rc = ALC_OK;
    }
    return rc;
}

enum alc_rc alc_sets_watch(struct alc_sets *s, const struct alc_platform *p, struct alc_bytes quote,
                           struct alc_sets_health *out, struct alc_err *err)
{
    const struct att_find newest = {.platform = p, .at_s = ATT_ANY, .from_most_s = ATT_ANY};
    struct alc_sets_health h = {.there = false};
    struct att_kept last;
    unsigned bad;
    enum alc_rc rc;

    pthread_mutex_lock(&s->lock);
    rc = att_sets_find(s, &s->set, &last, newest, NULL, err);
    if (rc == ALC_OK) rc = load_before(s, p, &last, err);
    if (rc == ALC_OK) {
        h.there = true;
        h.simulated = s->set.simulated;
        h.window = alc_collateral_window(&s->set);
        h.evaluation = s->set.tcb_evaluation;
        h.evaluation_before = s->before.tcb_evaluation;
        watch_time(&h, att_sets_now_s(s));
        watch_level(s, &h, quote);
        watch_evaluation(&h);
    } else if (rc == ALC_NOT_FOUND) {
        warn(&h, "no collateral is kept for this machine: quotes cannot be verified on chain");
        rc = ALC_OK;
    }
    bad = att_archive_bad(s->dir, p);
    if (bad > 0)
        warn(&h,
             "%u kept sets are damaged and were renamed to *.bad: see the disk, then remove them",
             bad);
    pthread_mutex_unlock(&s->lock);
    if (rc == ALC_OK) *out = h;
    return rc;
}
