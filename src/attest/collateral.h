/* src/attest/collateral.h — sets of collateral for operators: fetched, checked, kept, watched.
 * Part of the door attest.h.
 *
 * A set proves itself, so where it comes from needs no trust; a hostile mirror can only deny one or
 * serve an older one, which is why an older one than the newest seen is never taken.  Every set
 * that was ever taken stays in the archive: a quote is judged years later by the set of its day.
 * An alc_sets is for any thread. */
#ifndef ALC_COLLATERAL_H
#define ALC_COLLATERAL_H

#include "attest/attest.h"

#define ALC_PCS_URL "https://api.trustedservices.intel.com"
#define ALC_SET_WARN_S (7u * 24 * 3600) /* before a set expires */

struct alc_sets; /* opaque */

struct alc_sets_conf {
    const char *dir;           /* the archive, one file a set; made when it is not there */
    const char *url;           /* Intel's PCS or a PCCS, without the path; "": nothing is fetched */
    bool early;                /* Intel's early releases instead of the standard ones */
    bool plain_ok;             /* development: http:// and the loopback */
    uint32_t timeout_ms;       /* of each of a set's four parts; 0: 20 s */
    struct alc_attest *attest; /* NULL, or who quotes: a simulated source makes its own sets, unless
                                * another service than Intel's is named */
    struct alc_bytes simulated_root; /* without attest: the root that simulated sets may have */
    bool look; /* nothing is made, written or moved: what is not there is not found */
    const struct alc_clock *clock;
};

/* alc_sets_open: ALC_IO: the folder cannot be made. */
ALC_MUST enum alc_rc alc_sets_open(struct alc_sets **out, const struct alc_sets_conf *conf,
                                   struct alc_err *err);
void alc_sets_close(struct alc_sets *s);

/* alc_sets_platform reads which collateral this machine's quotes need, from a quote of its own. */
ALC_MUST enum alc_rc alc_sets_platform(struct alc_platform *out, struct alc_bytes quote,
                                       struct alc_err *err);

/* alc_sets_refresh asks for the newest set, checks it, keeps it, and appends its JSON.  `stop`,
 * when not NULL, ends the wait. ALC_CONFLICT: what came is older than what is kept.  ALC_DENIED: it
 * does not prove itself, or does not hold now.  ALC_NOT_FOUND: nowhere to ask, or the platform is
 * unknown there. ALC_BAD_INPUT, ALC_LIMIT: what came is no set.  ALC_IO, ALC_TIMEOUT: ask again. */
ALC_MUST enum alc_rc alc_sets_refresh(struct alc_sets *s, const struct alc_platform *p,
                                      struct alc_buf *json, const volatile bool *stop,
                                      struct alc_err *err);

/* alc_sets_keep archives a set that came another way, after the same checks as a fetched one, but
 * for its time. */
ALC_MUST enum alc_rc alc_sets_keep(struct alc_sets *s, struct alc_bytes json, struct alc_err *err);

/* alc_sets_at appends the newest kept set that covers `at_s`.  ALC_NOT_FOUND: none does.  A kept
 * file that no longer proves itself is renamed to <name>.bad, here and wherever one is read. */
ALC_MUST enum alc_rc alc_sets_at(struct alc_sets *s, const struct alc_platform *p, uint64_t at_s,
                                 struct alc_buf *json, struct alc_err *err);

/* alc_sets_keep_quote keeps a quote of this machine in the place of the last, for those who look at
 * the archive without a source of quotes.  alc_sets_quote appends it.  ALC_NOT_FOUND: none is kept.
 */
ALC_MUST enum alc_rc alc_sets_keep_quote(struct alc_sets *s, struct alc_bytes quote,
                                         struct alc_err *err);
ALC_MUST enum alc_rc alc_sets_quote(struct alc_sets *s, struct alc_buf *quote, struct alc_err *err);

/* What an operator should know ahead. */
#define ALC_SETS_NO_LEVEL                                                                          \
    ((uint8_t)ALC_TCB_COUNT) /* worse than all: the machine reaches no level */
struct alc_sets_health {
    bool there; /* a set is kept; without it nothing below is set but warnings */
    bool simulated;
    struct alc_window window;
    uint32_t evaluation;           /* of TCB info */
    uint32_t evaluation_before;    /* of the set of ALC_SET_WARN_S before, else of the oldest */
    bool has_status;               /* a quote of ours was judged by both sets */
    uint8_t status, status_before; /* enum alc_tcb_status, or ALC_SETS_NO_LEVEL */
    unsigned count;
    char warnings[6][240]; /* sentences, the most urgent first */
};
/* alc_sets_watch looks at the kept sets of a platform at this moment; `quote` (n 0: none) is a
 * recent one of this machine. */
ALC_MUST enum alc_rc alc_sets_watch(struct alc_sets *s, const struct alc_platform *p,
                                    struct alc_bytes quote, struct alc_sets_health *out,
                                    struct alc_err *err);
const char *alc_sets_level(uint8_t status); /* its name for people */

#endif
