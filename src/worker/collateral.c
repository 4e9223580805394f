/* The collateral of this machine's quotes: asked for before it ends and at least daily, archived,
 * put on chain where it says more than what is there, and watched. */
#include "worker/register.h"

#include "base/enc.h"
#include "base/failpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ARENA_BYTES (4u << 20)
#define AGAIN_MS 60000u        /* after a failure; it doubles */
#define AGAIN_MAX_MS 3600000u  /* a PCCS that is away for a day costs 30 tries */
#define AHEAD_S ALC_SET_WARN_S /* what ends sooner on chain is replaced where it can be */

uint32_t wk_longer(uint32_t again_ms)
{
    if (again_ms == 0) return AGAIN_MS;
    return again_ms > AGAIN_MAX_MS / 2 ? AGAIN_MAX_MS : again_ms * 2;
}

/* ---- looking ---- */

/* platform_of learns which collateral this enclave's quotes need, and keeps such a quote for those
 * who cannot make one.  Its report data begins with no key of ours, so it registers none. */
static enum alc_rc platform_of(struct wk_slot *s, struct wk_collateral *c, struct alc_buf *quote,
                               struct alc_err *err)
{
    static const uint8_t nobody[64] = "ALCOVE/LOOK/1";
    const struct alc_worker_conf *conf = &s->worker->conf;
    enum alc_rc rc = alc_attest_quote(conf->attest, nobody, quote, NULL, err);

    if (rc == ALC_OK) rc = alc_sets_platform(&c->platform, alc_buf_bytes(quote), err);
    if (rc == ALC_OK) c->known = true;
    if (rc == ALC_OK && conf->sets != NULL) {
        enum alc_rc kept = alc_sets_keep_quote(conf->sets, alc_buf_bytes(quote), err);
        if (kept != ALC_OK)
            alc_log(ALC_WARN, "collateral.archive", "why=\"%s\"", alc_err_text(err, kept));
    }
    return rc;
}

static bool told(const struct alc_sets_health *h, const char *warning)
{
    for (unsigned i = 0; i < h->count; i++)
        if (strcmp(h->warnings[i], warning) == 0) return true;
    return false;
}

/* tell logs what was not told before. */
static void tell(struct alc_sets_health *last, const struct alc_sets_health *h)
{
    const char *mark = h->simulated ? " SIMULATED" : "";

    if (h->there &&
        (h->window.from_s != last->window.from_s || h->window.until_s != last->window.until_s))
        alc_log(ALC_INFO, "collateral.kept",
                "evaluation=%u from_s=%" PRIu64 " until_s=%" PRIu64 " tcb=\"%s\"%s", h->evaluation,
                h->window.from_s, h->window.until_s,
                h->has_status ? alc_sets_level(h->status) : "not known", mark);
    for (unsigned i = 0; i < h->count; i++)
        if (!told(last, h->warnings[i]))
            alc_log(ALC_WARN, "collateral.warning", "what=\"%s\"%s", h->warnings[i], mark);
    if (h->count == 0 && last->count > 0)
        alc_log(ALC_INFO, "collateral.well", "state=\"nothing is left to warn of\"%s", mark);
    *last = *h;
}

static void watch(struct wk_slot *s, struct wk_collateral *c, struct alc_bytes quote)
{
    struct alc_worker *w = s->worker;
    struct alc_sets_health h;
    struct alc_err err = {0};
    enum alc_rc rc = alc_sets_watch(w->conf.sets, &c->platform, quote, &h, &err);

    if (rc != ALC_OK) {
        alc_log(ALC_WARN, "collateral.archive", "why=\"%s\"", alc_err_text(&err, rc));
        return;
    }
    tell(&c->told, &h);
    pthread_mutex_lock(&w->lock);
    w->stats.collateral = h;
    pthread_mutex_unlock(&w->lock);
}

void wk_collateral_look(struct wk_slot *s, struct wk_collateral *c)
{
    struct alc_worker *w = s->worker;
    struct alc_buf quote = ALC_BUF(ALC_QUOTE_MAX_BYTES), json = ALC_BUF(ALC_COLLATERAL_MAX_BYTES);
    struct alc_err err = {0};
    enum alc_rc rc;

    if (w->conf.sets == NULL || alc_clock_mono_ms(w->conf.clock) < c->due_ms) return;
    rc = platform_of(s, c, &quote, &err);
    if (rc == ALC_OK) rc = alc_sets_refresh(w->conf.sets, &c->platform, &json, &w->stop, &err);
    if (w->stop) goto out;
    c->again_ms = rc == ALC_OK ? 0 : wk_longer(c->again_ms);
    if (c->again_ms > w->conf.collateral_ms) c->again_ms = w->conf.collateral_ms;
    if (rc == ALC_OK) {
        c->said[0] = 0;
    } else {
        pthread_mutex_lock(&w->lock);
        w->stats.collateral_failures++;
        pthread_mutex_unlock(&w->lock);
        if (strcmp(c->said, alc_err_text(&err, rc)) != 0)
            alc_log(ALC_WARN, "collateral.fetch",
                    "why=\"%s\" next=\"what is kept is used, again in "
                    "%u ms and then with growing pauses\"",
                    alc_err_text(&err, rc), c->again_ms);
        snprintf(c->said, sizeof c->said, "%s", alc_err_text(&err, rc));
    }
    if (c->known) watch(s, c, alc_buf_bytes(&quote));
    c->due_ms =
        alc_clock_mono_ms(w->conf.clock) + (rc == ALC_OK ? w->conf.collateral_ms : c->again_ms);
out:
    alc_buf_fini(&json);
    alc_buf_fini(&quote);
}

/* ---- putting ---- */

/* our_set gets the set that holds now, and what it says of itself. */
static enum alc_rc our_set(struct wk_slot *s, const struct alc_platform *platform,
                           struct alc_collateral *out, struct alc_buf *json,
                           struct alc_arena *arena, struct alc_err *err)
{
    const struct alc_worker_conf *conf = &s->worker->conf;
    const struct alc_trust trust = {.simulated_root = alc_attest_simulated_root(conf->attest)};
    struct alc_verify_work work = {alc_arena_alloc(arena, ALC_COLLATERAL_MAX_BYTES),
                                   ALC_COLLATERAL_MAX_BYTES, 0};
    enum alc_refusal why;
    enum alc_rc rc;

    if (work.p == NULL) return ALC_NOMEM;
    if (conf->sets != NULL)
        rc = alc_sets_at(conf->sets, platform, alc_clock_wall_ms(conf->clock) / 1000, json, err);
    else if (trust.simulated_root.n > 0)
        rc = alc_attest_simulated_collateral(conf->attest, json, err);
    else
        rc = ALC_NOT_FOUND;
    if (rc != ALC_OK) return rc;
    why = alc_collateral_verify(out, alc_buf_bytes(json), &trust, &work, &alc_verify_native);
    if (why != ALC_REFUSAL_NONE)
        return alc_fail(err, ALC_DENIED, "our own collateral does not prove itself: %s",
                        alc_refusal_text(why));
    return ALC_OK;
}

/* better: whether our set says more than the one on chain. */
static bool better(const struct alc_collateral *ours, const struct alc_json *theirs, uint64_t now_s)
{
    const struct alc_window window = alc_collateral_window(ours);
    uint64_t tcb, qe, issued, until;

    if (!alc_json_u64(alc_json_get(theirs, "tcb_evaluation_data_number"), &tcb) ||
        !alc_json_u64(alc_json_get(theirs, "qe_evaluation_data_number"), &qe) ||
        !alc_json_u64(alc_json_get(theirs, "tcb_issued"), &issued) ||
        !alc_json_u64(alc_json_get(theirs, "valid_until"), &until))
        return true; /* none is there */
    if (ours->tcb_evaluation != tcb || ours->qe_evaluation != qe)
        return ours->tcb_evaluation >= tcb && ours->qe_evaluation >= qe;
    return ours->tcb.from_s > issued && until < now_s + AHEAD_S && window.until_s > until;
}

static enum alc_rc put(struct wk_slot *s, const struct alc_ed25519 *init,
                       const struct alc_platform *platform, struct alc_arena *arena,
                       struct alc_err *err)
{
    struct alc_worker *w = s->worker;
    const char *args, *id = w->conf.register_id;
    struct alc_collateral *set = alc_arena_alloc(arena, sizeof *set);
    struct alc_buf json = ALC_BUF(ALC_COLLATERAL_MAX_BYTES), call_args = ALC_BUF(1u << 20);
    struct alc_jw j = {.out = &call_args};
    struct alc_near_block_ref head;
    struct alc_json *theirs = NULL;
    struct alc_bytes value;
    char fmspc[13] = "";
    size_t n;
    enum alc_rc rc = ALC_NOMEM;

    if (set == NULL || !alc_hex_encode(fmspc, 12, &n, (struct alc_bytes){platform->fmspc, 6}))
        goto out;
    rc = our_set(s, platform, set, &json, arena, err);
    if (rc != ALC_OK) {
        /* What is on chain may do; if it does not, the register says so. */
        if (rc != ALC_NOT_FOUND)
            alc_log(ALC_WARN, "worker.collateral", "why=\"%s\" next=\"what is on chain is used\"",
                    alc_err_text(err, rc));
        rc = ALC_OK;
        goto out;
    }
    args = alc_arena_text(arena, "{\"fmspc\":\"%s\",\"ca\":\"%s\",\"tee\":\"%s\"}", fmspc,
                          platform->ca == ALC_PCK_PLATFORM ? "platform" : "processor",
                          platform->tee == ALC_TEE_TDX ? "tdx" : "sgx");
    rc = wk_view(s, &theirs, id, "get_collateral_info", args, arena, err);
    if (rc == ALC_OK) rc = alc_near_rpc_final(s->rpc, &head, err);
    if (rc != ALC_OK || !better(set, theirs, head.timestamp_ns / 1000000000u)) goto out;
    alc_jw_obj(&j);
    alc_jw_key(&j, "collateral");
    alc_jw_str(&j, alc_buf_bytes(&json));
    alc_jw_end(&j);
    rc = call_args.failed ? ALC_NOMEM : ALC_OK;
    if (rc == ALC_OK)
        rc = wk_call(s, init, "put_collateral", alc_buf_bytes(&call_args), &value, arena, err);
    if (rc != ALC_OK) goto out;
    alc_log(ALC_INFO, "worker.collateral", "fmspc=%s evaluation=%u put=%s%s", fmspc,
            set->tcb_evaluation, id, set->simulated ? " SIMULATED" : "");
    pthread_mutex_lock(&w->lock);
    w->stats.collateral_puts++;
    pthread_mutex_unlock(&w->lock);
    alc_failpoint("registrar.collateral");
out:
    alc_json_close(theirs);
    alc_buf_fini(&call_args);
    alc_buf_fini(&json);
    return rc;
}

enum alc_rc wk_collateral_put(struct wk_slot *s, const struct alc_ed25519 *init,
                              struct wk_collateral *c, struct alc_err *err)
{
    struct alc_buf quote = ALC_BUF(ALC_QUOTE_MAX_BYTES);
    struct alc_arena arena = ALC_ARENA(ARENA_BYTES);
    enum alc_rc rc = c->known ? ALC_OK : platform_of(s, c, &quote, err);

    if (rc == ALC_OK) rc = put(s, init, &c->platform, &arena, err);
    alc_buf_fini(&quote);
    alc_arena_fini(&arena);
    return rc;
}
