/* src/attest/pcs.h — a set of collateral from Intel's PCS or a PCCS (API version 4).  Not a door.
 */
#ifndef ALC_ATTEST_PCS_H
#define ALC_ATTEST_PCS_H

#include "attest/attest.h"

struct alc_pcs_ask {
    const char *url; /* without the path */
    bool early, plain_ok;
    const struct alc_platform *platform;
};
/* alc_pcs_fetch appends the set's JSON, not checked.  ALC_NOT_FOUND: the platform is unknown there.
 * ALC_BAD_INPUT: an answer of another shape.  ALC_IO, ALC_TIMEOUT. */
ALC_MUST enum alc_rc alc_pcs_fetch(struct alc_buf *json, const struct alc_pcs_ask *ask,
                                   struct alc_err *err);

#endif
