/* The thread that keeps the worker's newest key registered: at the start, before half of its life
 * is over, and after the chain has ended it.  Between that it sees to the collateral
 * (collateral.c), since both are sent by the init account, whose nonces are for one thread.
 *
 *   newest key ── never registered ──► registered as it is
 *              ── past half its life, ended on chain, or of another enclave ──► the next key is
 *                 made, registered, and then the newest; what the old one signed is settled by it
 */
#include "worker/register.h"

#include "base/failpoint.h"

#include <stdio.h>
#include <string.h>

#define AGAIN_MS 1000u /* after a refusal; it doubles */
#define AGAIN_MAX_MS 60000u
#define SHOW_TRIES 50u /* until the contract shows a key that the register told it of */
#define SHOW_MS 100u

struct registrar {
    struct wk_slot *slot;
    struct alc_ed25519 init;
    struct wk_collateral collateral;
    uint32_t put_again_ms; /* the pause after a set that did not get on chain; 0: there was none */
    uint64_t put_due_ms;
};

static void rest(struct alc_worker *w, uint32_t ms)
{
    pthread_mutex_lock(&w->lock);
    if (!w->stop) wk_pause(w, &w->rest, ms);
    pthread_mutex_unlock(&w->lock);
}

static const char *key_text(char out[ALC_NEAR_KEY_TEXT_MAX], const struct alc_hash *public_key)
{
    struct alc_near_key key = {.curve = ALC_NEAR_ED25519};
    memcpy(key.b, public_key->b, sizeof public_key->b);
    alc_near_key_text(out, &key);
    return out;
}

/* settled_in tells that the newest key is good. */
static void settled_in(struct wk_slot *s, const struct wk_standing *is)
{
    struct alc_worker *w = s->worker;
    char key[ALC_NEAR_KEY_TEXT_MAX];
    bool news;

    pthread_mutex_lock(&w->lock);
    news = !w->ready || w->stats.key_expires_s != is->until_s;
    pthread_mutex_unlock(&w->lock);
    if (news)
        alc_log(ALC_INFO, "worker.registered", "key=%s attestation=%s expires_s=%llu",
                key_text(key, &alc_attest_key(w->conf.attest)->public_key),
                alc_source_name(alc_attest_source(w->conf.attest)),
                (unsigned long long)is->until_s);
    wk_ready(w, true, is->until_s);
}

/* make_good registers `key` unless a former process has, and waits until the contract believes it.
 */
static enum alc_rc make_good(struct registrar *r, const struct alc_hash *key,
                             struct wk_standing *is, struct alc_err *err)
{
    struct wk_slot *s = r->slot;
    struct alc_worker *w = s->worker;
    struct alc_err said = {0};
    enum alc_rc rc = wk_register_standing(s, is, key, err), did;

    if (rc != ALC_OK || is->believed) return rc;
    did = wk_register_key(s, &r->init, &r->collateral, key, &said);
    if (did == ALC_OK) {
        pthread_mutex_lock(&w->lock);
        w->stats.registrations++;
        pthread_mutex_unlock(&w->lock);
    }
    /* Whatever came back, the chain's state decides. */
    for (unsigned i = 0;; i++) {
        rc = wk_register_standing(s, is, key, err);
        if (rc != ALC_OK || is->believed) return rc;
        if (did != ALC_OK) {
            *err = said;
            return did;
        }
        if (i == SHOW_TRIES || w->stop)
            return alc_fail(err, ALC_TIMEOUT, "%s took the key, but %s does not show it",
                            w->conf.register_id, w->conf.contract_id);
        rest(w, SHOW_MS);
    }
}

static bool young(const struct wk_standing *is)
{
    return is->now_s < is->from_s + (is->until_s - is->from_s) / 2;
}

/* rotate brings the next key in the place of the newest. */
static enum alc_rc rotate(struct registrar *r, struct alc_err *err)
{
    struct alc_worker *w = r->slot->worker;
    struct alc_ed25519 next = {0};
    struct wk_standing is;
    enum alc_rc rc = wk_keys_next(w, &next, err);

    if (rc == ALC_OK) rc = make_good(r, &next.public_key, &is, err);
    if (rc == ALC_OK) rc = wk_keys_rotate(w, &next, err);
    if (rc == ALC_OK) {
        alc_failpoint("registrar.rotated");
        alc_log(ALC_INFO, "worker.rotated", "state=\"statements are signed with the new key\"");
        settled_in(r->slot, &is);
    }
    alc_ed25519_fini(&next);
    return rc;
}

/* keep is one look at where the newest key stands, and what follows from it. */
static enum alc_rc keep(struct registrar *r, struct alc_err *err)
{
    struct wk_slot *s = r->slot;
    struct alc_worker *w = s->worker;
    const struct alc_hash *newest = &alc_attest_key(w->conf.attest)->public_key;
    struct wk_standing is;
    bool was_ready;
    enum alc_rc rc = wk_register_standing(s, &is, newest, err);

    if (rc != ALC_OK) return rc;
    pthread_mutex_lock(&w->lock);
    was_ready = w->ready;
    pthread_mutex_unlock(&w->lock);
    if (is.believed) {
        settled_in(s, &is);
        return young(&is) ? ALC_OK : rotate(r, err);
    }
    if (was_ready) {
        char key[ALC_NEAR_KEY_TEXT_MAX];
        alc_log(ALC_ERROR, "worker.key_ended",
                "key=%s why=\"%s\" next=\"no job is taken until a new key is registered\"",
                key_text(key, newest),
                is.now_s >= is.until_s && is.kept
                    ? "its time is over"
                    : "the chain no longer vouches for this enclave's key");
    }
    wk_ready(w, false, 0);
    if (is.kept) return rotate(r, err); /* a key that was ended does not come again */
    rc = make_good(r, newest, &is, err);
    if (rc == ALC_OK) settled_in(s, &is);
    return rc;
}

/* ---- collateral ---- */

/* supply looks for a newer set and puts what is kept on chain.  Whatever fails here waits for its
 * next time: the key's standing does not. */
static void supply(struct registrar *r)
{
    struct alc_worker *w = r->slot->worker;
    uint64_t now = alc_clock_mono_ms(w->conf.clock), due = r->collateral.due_ms;
    struct alc_err err = {0};
    enum alc_rc rc;

    if (w->conf.sets == NULL) return;
    wk_collateral_look(r->slot, &r->collateral);
    if (w->stop || w->conf.register_id[0] == 0) return;
    if (r->collateral.due_ms == due && (r->put_again_ms == 0 || now < r->put_due_ms)) return;
    rc = wk_collateral_put(r->slot, &r->init, &r->collateral, &err);
    if (rc == ALC_OK) {
        r->put_again_ms = 0;
        return;
    }
    r->put_again_ms = wk_longer(r->put_again_ms);
    r->put_due_ms = alc_clock_mono_ms(w->conf.clock) + r->put_again_ms;
    if (!w->stop)
        alc_log(ALC_WARN, "worker.collateral", "why=\"%s\" next=\"put again in %u ms\"",
                alc_err_text(&err, rc), r->put_again_ms);
}

/* ---- the thread ---- */

/* stand sees to the key's registration; the pause until the next look is returned. */
static uint32_t stand(struct registrar *r, uint32_t *again_ms)
{
    struct alc_worker *w = r->slot->worker;
    struct alc_err err = {0};
    enum alc_rc rc = keep(r, &err);

    if (rc == ALC_OK) {
        *again_ms = 0;
        return w->conf.check_ms;
    }
    *again_ms = *again_ms == 0 ? AGAIN_MS : *again_ms * 2;
    if (*again_ms > AGAIN_MAX_MS) *again_ms = AGAIN_MAX_MS;
    if (!w->stop)
        alc_log(alc_rc_again(rc) ? ALC_WARN : ALC_ERROR, "worker.unregistered",
                "why=\"%s\" next=\"again in %u ms\"", alc_err_text(&err, rc), *again_ms);
    return *again_ms;
}

void *wk_registrar(void *slot)
{
    struct registrar r = {.slot = slot};
    struct alc_worker *w = r.slot->worker;
    bool registers = w->conf.register_id[0] != 0;
    struct alc_err err = {0};
    uint32_t again_ms = 0, pause_ms = w->conf.check_ms;
    enum alc_rc rc = registers ? alc_near_key_file(&r.init, NULL, w->conf.init_key, &err) : ALC_OK;

    if (rc != ALC_OK) {
        alc_log(ALC_ERROR, "worker.registrar", "why=\"%s\" next=\"no job is taken\"",
                alc_err_text(&err, rc));
        return NULL;
    }
    if (registers)
        alc_log(ALC_INFO, "worker.registrar",
                "register=%s init=%s next=\"no job is taken before the worker's key is "
                "registered\"",
                w->conf.register_id, w->conf.init_id);
    while (!w->stop) {
        if (registers) pause_ms = stand(&r, &again_ms);
        if (!w->stop) supply(&r);
        rest(w, pause_ms);
    }
    alc_ed25519_fini(&r.init);
    return NULL;
}
