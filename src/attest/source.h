/* src/attest/source.h — where quotes come from: one table of functions a source.  Not for others.
 *
 * A source belongs to one thread at a time; attest.c takes turns. */
#ifndef ALC_ATTEST_SOURCE_H
#define ALC_ATTEST_SOURCE_H

#include "attest/attest.h"
#include "attest/sim.h"

#define ATT_REPORT_DATA_BYTES 64u

struct att_source {
    /* open looks whether the source is there; ALC_NOT_FOUND says what is missing. */
    enum alc_rc (*open)(void **self, const struct alc_attest_conf *conf, struct alc_err *err);
    void (*close)(void *self);
    /* quote appends what came to both; nobody has looked at it yet. */
    enum alc_rc (*quote)(void *self, const uint8_t report_data[ATT_REPORT_DATA_BYTES],
                         struct alc_buf *quote, struct alc_buf *event_log, struct alc_err *err);
    /* what opening found: one line for people; `open` has succeeded. */
    void (*describe)(void *self, char *line, size_t cap);
};

extern const struct att_source att_configfs, att_dstack, att_simulated;

/* The PKI behind the simulated source. */
struct alc_sim *att_simulated_pki(void *self);

#endif
