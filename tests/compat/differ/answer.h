/* tests/compat/differ/answer.h — what a verifier said, in one form for both. */
#ifndef DIFFER_ANSWER_H
#define DIFFER_ANSWER_H

#include "case.h"
#include "peer.h"
#include "verify/verify.h"

enum field {
    FIELD_STATUS,
    FIELD_ADVISORIES,
    FIELD_PLATFORM, /* platform and TDX module together: status, then advisories */
    FIELD_PLATFORM_ADVISORIES,
    FIELD_QE,
    FIELD_QE_ADVISORIES,
    FIELD_PPID,
    FIELD_REPORT,
    FIELDS
};
extern const char *const field_names[FIELDS];

struct answer {
    bool accepted;                /* genuine, whatever a policy might say */
    struct alc_buf field[FIELDS]; /* of an accepted one: text */
    char why[400];                /* of a refused one */
    enum alc_refusal refusal;     /* ours alone */
    /* ours alone: as far as it came */
    struct alc_quote_verdict verdict;
};

void answer_init(struct answer *a);
void answer_fini(struct answer *a);

/* answer_ours judges with Alcove's verifier, the collateral once through its digest and back. */
void answer_ours(struct answer *a, const struct kase *c, const struct alc_trust *trust);
/* answer_ours_again: the same case, whose set passed, with the set that answer_ours found. */
void answer_ours_again(struct answer *a, const struct kase *c, const struct alc_trust *trust);
/* answer_theirs reads the peer's document. */
void answer_theirs(struct answer *a, const struct alc_json *doc);

/* The fields that differ, as bits; 0: the same.  Whether both accept is not among them. */
unsigned answer_differs(const struct answer *a, const struct answer *b);

#endif
