/* src/worker/register.h — what the registrar reads from and says to the chain; for its three files.
 */
#ifndef ALC_WORKER_REGISTER_H
#define ALC_WORKER_REGISTER_H

#include "worker/parts.h"

/* What the chain says of a key: the register, which saw its quote, and the contract, which believes
 * the register. */
struct wk_standing {
    bool kept;                /* the register has a record of it */
    bool believed;            /* and the contract takes it for this very enclave, now */
    uint64_t from_s, until_s; /* of the record */
    uint64_t now_s;           /* the chain's clock */
};
ALC_MUST enum alc_rc wk_register_standing(struct wk_slot *s, struct wk_standing *out,
                                          const struct alc_hash *public_key, struct alc_err *err);

/* ---- collateral ---- */

/* What the registrar's thread remembers of collateral between two looks; `= {0}` is new. */
struct wk_collateral {
    bool known; /* the platform, from a quote of this machine */
    struct alc_platform platform;
    uint64_t due_ms;             /* of the clock that never goes back; 0: at once */
    uint32_t again_ms;           /* the pause after the last failure; 0: there was none */
    char said[600];              /* the last failure, which is not said again */
    struct alc_sets_health told; /* as it was told last */
};

/* wk_collateral_look does nothing before c->due_ms.  Then it asks for the newest set, which is
 * archived, and looks for what an operator should know: that goes to the log, once a change, and to
 * the worker's stats.  A service that fails is asked again with growing pauses. */
void wk_collateral_look(struct wk_slot *s, struct wk_collateral *c);

/* wk_longer: the pause after one more failure, from a minute to an hour. */
uint32_t wk_longer(uint32_t again_ms);

/* wk_collateral_put puts the kept set of this moment on chain where the register has none, an older
 * one, or one that soon ends.  ALC_OK also when there is nothing to put. */
ALC_MUST enum alc_rc wk_collateral_put(struct wk_slot *s, const struct alc_ed25519 *init,
                                       struct wk_collateral *c, struct alc_err *err);

/* ---- the key ---- */

/* wk_register_key sees to the register's collateral, asks for a challenge, and registers the key
 * with a fresh quote, by the init account.  ALC_DENIED: the register refuses, in its own words. */
ALC_MUST enum alc_rc wk_register_key(struct wk_slot *s, const struct alc_ed25519 *init,
                                     struct wk_collateral *c, const struct alc_hash *public_key,
                                     struct alc_err *err);

/* ---- the chain ---- */

/* wk_view asks a view, whose answer is JSON; args NULL: no memory for them.  wk_call sends one call
 * to the register by the init account and waits until all of it is final; *value is what it
 * returned. */
ALC_MUST enum alc_rc wk_view(struct wk_slot *s, struct alc_json **out, const char *account_id,
                             const char *method, const char *args, struct alc_arena *arena,
                             struct alc_err *err);
ALC_MUST enum alc_rc wk_call(struct wk_slot *s, const struct alc_ed25519 *init, const char *method,
                             struct alc_bytes args, struct alc_bytes *value,
                             struct alc_arena *arena, struct alc_err *err);

#endif
