/* tests/contract/old_state.h — a state that an earlier version of the main contract left behind,
 * from tests/contract/data. */
#ifndef OLD_STATE_H
#define OLD_STATE_H

#include "base/bytes.h"

#define OLD_STATE_MAX 32u

struct old_record {
    struct alc_bytes key, value;
};

struct old_yield {
    struct alc_hash data_id;
    struct alc_bytes payload; /* p NULL: not resumed */
    const char *args;
};

struct old_view {
    const char *method, *args, *result;
};

struct old_state {
    struct old_record records[OLD_STATE_MAX];
    struct old_yield yields[OLD_STATE_MAX];
    struct old_view views[OLD_STATE_MAX];
    size_t records_n, yields_n, views_n;
};

/* old_state reads a file of that folder; it lives as long as the program.  What cannot go on
 * aborts. */
const struct old_state *old_state(const char *file);

#endif
