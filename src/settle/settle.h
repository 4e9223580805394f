/* src/settle/settle.h — the outbox: function calls that must reach the chain once, whatever dies.
 *
 * A call is signed and written to disk before it is sent.  After a crash the same bytes are sent
 * again; a new signature is made only when the old transaction can no longer be included: its
 * block hash expired, or the key's nonce went past it, and the chain does not know it.
 * Knows accounts, nonces and transactions.  Knows nothing of jobs but their numbers.
 * An alc_settle belongs to one thread, and no other program may send from its key.  Several, each
 * with a key of its own, may share an outbox: when a worker changes its key, what the old one
 * signed goes out under the old one. */
#ifndef ALC_SETTLE_H
#define ALC_SETTLE_H

#include "near/near.h"
#include "store/store.h"

struct alc_settle; /* opaque */

struct alc_settle_conf {
    const char *account_id;        /* whose access key `key` is */
    const struct alc_ed25519 *key; /* borrowed */
    struct alc_near_rpc *rpc;      /* borrowed */
    const struct alc_clock *clock; /* borrowed */
    bool durable;                  /* what is sent is on disk first, through a power cut too */
};

/* alc_settle_open migrates the outbox in `store` (borrowed), and asks the chain for the key's nonce
 * and for how long a block hash is valid.  ALC_NOT_FOUND: the account has no such key. */
ALC_MUST enum alc_rc alc_settle_open(struct alc_settle **out, struct alc_store *store,
                                     const struct alc_settle_conf *conf, struct alc_err *err);
void alc_settle_close(struct alc_settle *s);

/* alc_settle_put signs a call under the next nonce and writes it down; nothing is sent yet.
 * (job, attempt) names it for ever: ALC_CONFLICT when it, or a later attempt, is there already. */
ALC_MUST enum alc_rc alc_settle_put(struct alc_settle *s, uint64_t job, uint32_t attempt,
                                    const char *contract_id, const char *method,
                                    struct alc_bytes args, uint64_t gas, struct alc_err *err);

/* alc_settle_send sends what was never sent, in the order of nonces, without waiting for results.
 */
ALC_MUST enum alc_rc alc_settle_send(struct alc_settle *s, struct alc_err *err);

enum alc_settled_end { ALC_SETTLED_OK, ALC_SETTLED_FAILED };
struct alc_settled {
    uint64_t job;
    uint32_t attempt;
    enum alc_settled_end end;
    struct alc_hash hash;
    const char *failure; /* JSON of the chain's error, in the arena; "" when OK */
    uint64_t gas_burnt;
    __uint128_t tokens_burnt;
};

/* alc_settle_poll asks after the calls that were sent and returns one that is final; it is returned
 * again until dropped.  Calls that can no longer be included are signed anew and sent.
 * ALC_NOT_FOUND: none is final now.  ALC_DENIED: the account has lost the key; see
 * alc_settle_lose. */
ALC_MUST enum alc_rc alc_settle_poll(struct alc_settle *s, struct alc_settled *out,
                                     struct alc_arena *arena, struct alc_err *err);

/* alc_settle_drop forgets a call that is final; so the next poll shows the next one. */
ALC_MUST enum alc_rc alc_settle_drop(struct alc_settle *s, uint64_t job, uint32_t attempt,
                                     struct alc_err *err);

/* alc_settle_pending: calls of this key that are not final. */
ALC_MUST enum alc_rc alc_settle_pending(struct alc_settle *s, size_t *count, struct alc_err *err);

/* ---- the outbox as a whole; `store` is borrowed ---- */

/* alc_settle_keys fills out[0..*count), *count <= limit, with the public keys under which calls lie
 * in the outbox, final or not.  It migrates the outbox. */
ALC_MUST enum alc_rc alc_settle_keys(struct alc_store *store, struct alc_hash *out, size_t *count,
                                     size_t limit, struct alc_err *err);
/* alc_settle_held: rows under a key, final ones too. */
ALC_MUST enum alc_rc alc_settle_held(struct alc_store *store, size_t *count,
                                     const struct alc_hash *key, struct alc_err *err);
/* alc_settle_forget drops all calls of a job, sent or not, under whatever key, and whatever becomes
 * of them: their answer is no longer asked for. */
ALC_MUST enum alc_rc alc_settle_forget(struct alc_store *store, uint64_t job, struct alc_err *err);
/* alc_settle_lose drops all calls under a key that the account no longer has: they can never be
 * included. */
ALC_MUST enum alc_rc alc_settle_lose(struct alc_store *store, const struct alc_hash *key,
                                     struct alc_err *err);

#endif
