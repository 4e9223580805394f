/* src/attest/sets.h — what the two files of an alc_sets share.  Not a door.
 *
 *   sets.c   life cycle, fetching, taking, keeping
 *   watch.c  what an operator should know ahead */
#ifndef ALC_ATTEST_SETS_H
#define ALC_ATTEST_SETS_H

#include "attest/archive.h"
#include "attest/attest.h"

#include <pthread.h>

struct alc_sets {
    pthread_mutex_t lock; /* the rooms below are for one at a time */
    char dir[3900];
    char url[1000];
    bool early, plain_ok, look;
    uint32_t timeout_ms;
    struct alc_attest *attest;
    struct alc_bytes simulated_root; /* owned */
    const struct alc_clock *clock;
    struct alc_collateral set, before;
    uint8_t room[2 * ALC_COLLATERAL_MAX_BYTES + ALC_QUOTE_MAX_BYTES];
};

uint64_t att_sets_now_s(const struct alc_sets *s);
struct alc_trust att_sets_trust(const struct alc_sets *s);
/* att_sets_find reads and checks the first kept set of *find that proves itself, past damaged ones,
 * which are set aside.  json, when not NULL, gets its text.  The lock is held. */
ALC_MUST enum alc_rc att_sets_find(struct alc_sets *s, struct alc_collateral *out,
                                   struct att_kept *e, struct att_find find, struct alc_buf *json,
                                   struct alc_err *err);

#endif
