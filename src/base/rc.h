/* src/base/rc.h — every way a call can end.  HTTP status, exit code of the command line, the
 * decision to retry and the reason given on chain are all read from this one table. */
#ifndef ALC_RC_H
#define ALC_RC_H

#include <stdbool.h>

/*    name       http  again  exit  meaning */
#define ALC_RC_MAP(X)                                                                              \
    X(OK, 200, false, 0, "done")                                                                   \
    X(BAD_INPUT, 400, false, 2, "the caller's bytes are not what was asked for")                   \
    X(UNPAID, 402, false, 3, "the payer's balance does not cover it")                              \
    X(DENIED, 403, false, 4, "the caller may not do this")                                         \
    X(NOT_FOUND, 404, false, 5, "there is no such thing")                                          \
    X(CONFLICT, 409, false, 6, "it is not in the state this needs")                                \
    X(LIMIT, 413, false, 7, "over a stated limit")                                                 \
    X(TRAP, 422, false, 8, "the guest failed by itself")                                           \
    X(CORRUPT, 500, false, 9, "stored data contradicts itself")                                    \
    X(IO, 502, true, 10, "something outside failed")                                               \
    X(NOMEM, 503, true, 11, "no memory")                                                           \
    X(BUSY, 503, true, 12, "taken right now")                                                      \
    X(TIMEOUT, 504, true, 13, "no answer in time")

enum alc_rc {
#define ALC_RC_ENUM(name, http, again, code, text) ALC_##name,
    ALC_RC_MAP(ALC_RC_ENUM)
#undef ALC_RC_ENUM
        ALC_RC_COUNT
};

/* Each takes any value; one outside the table reads as ALC_CORRUPT. */
const char *alc_rc_name(enum alc_rc rc); /* "BAD_INPUT" */
const char *alc_rc_text(enum alc_rc rc); /* the meaning, a clause without a full stop */
int alc_rc_http(enum alc_rc rc);
int alc_rc_exit(enum alc_rc rc);
bool alc_rc_again(enum alc_rc rc); /* the same call may succeed later */

#endif
