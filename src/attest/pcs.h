/* src/attest/pcs.h — a set of collateral from Intel's PCS or a PCCS (API version 4).  Not a door.
 *
 *   pcs.c       asks for the four parts
 *   pcs_read.c  takes them out of the answers */
#ifndef ALC_ATTEST_PCS_H
#define ALC_ATTEST_PCS_H

#include "attest/attest.h"
#include "base/http.h"

struct alc_pcs_ask {
    const char *url; /* without the path */
    bool early, plain_ok;
    uint32_t timeout_ms; /* of one part; 0: 20 s */
    const struct alc_platform *platform;
    const volatile bool *stop; /* ends the wait; may be NULL */
};
/* alc_pcs_fetch appends the set's JSON, not checked.  ALC_NOT_FOUND: the platform is unknown there.
 * ALC_BAD_INPUT: an answer of another shape.  ALC_LIMIT: an answer longer than any set.  ALC_IO,
 * ALC_TIMEOUT, ALC_NOMEM. */
ALC_MUST enum alc_rc alc_pcs_fetch(struct alc_buf *json, const struct alc_pcs_ask *ask,
                                   struct alc_err *err);

/* ---- answers ---- */

#define ALC_PCS_PART_MAX_BYTES (512u << 10)

enum alc_pcs_kind { ALC_PCS_TCB_INFO, ALC_PCS_QE_IDENTITY };
/* A signed part: the exact text that the signature covers, the signature in hex, and the issuers as
 * PEM. */
struct alc_pcs_part {
    struct alc_bytes text, signature, chain;
};
/* Each takes a part out of an answer of status 200; what comes out borrows the answer or lives in
 * the arena.  ALC_BAD_INPUT says what is missing.  ALC_NOMEM. */
ALC_MUST enum alc_rc alc_pcs_read_part(struct alc_pcs_part *out, enum alc_pcs_kind kind,
                                       const struct alc_http_answer *a, struct alc_arena *arena,
                                       struct alc_err *err);
/* A list as DER; `chain`, when not NULL, gets its issuers. */
ALC_MUST enum alc_rc alc_pcs_read_crl(struct alc_bytes *der, struct alc_bytes *chain,
                                      const struct alc_http_answer *a, struct alc_arena *arena,
                                      struct alc_err *err);

#endif
