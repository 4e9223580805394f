/* contracts/compute/price.h — what a project's operations cost in stablecoin, and who gets it.
 *
 * Table "T", by project id, all in one list:
 *
 *   position u32 | id | ProjectPricing as compact JSON
 *
 * A row belongs to the id, not to the project: it survives a deletion, and a project that comes to
 * bear the id is priced. */
#ifndef COMPUTE_PRICE_H
#define COMPUTE_PRICE_H

#include "call.h"

#define PRICED_BODY_MAX_BYTES 10000u

bool priced(const struct alc_bytes *project_id);

/* price_admit panics unless the input of a request names an operation of the project, if it is
 * priced, and `attached` covers it. */
void price_admit(const struct request *r);

/* price_settle divides what is attached to a request that succeeded among developer, author and the
 * caller, to whom `refund` goes back; price_return gives it all back. */
void price_settle(const struct request *r, uint64_t refund);
void price_return(const struct request *r);

#endif
