/* localnet/views.h — NEAR's JSON forms of accounts, keys, actions, transactions, receipts, outcomes
 * and blocks.  Pure: a struct in, JSON appended.  A writer that runs out of room leaves
 * out->failed. */
#ifndef LNET_VIEWS_H
#define LNET_VIEWS_H

#include "base/json.h"
#include "localnet/node.h"
#include "near/near.h"

enum lnet_status { LNET_STATUS_VALUE, LNET_STATUS_RECEIPT, LNET_STATUS_FAILURE };

struct lnet_outcome {
    struct alc_hash id; /* of the transaction or receipt */
    struct alc_hash block_hash;
    struct alc_bytes executor;
    uint64_t gas_burnt;
    __uint128_t tokens_burnt;
    struct alc_bytes logs;           /* JSON strings with commas between */
    const struct alc_hash *children; /* receipt_ids */
    size_t children_count;
    enum lnet_status status;
    struct alc_bytes value;              /* VALUE: raw */
    struct alc_hash next;                /* RECEIPT */
    struct alc_bytes failure;            /* FAILURE: JSON under "Failure" */
    bool is_tx;                          /* metadata of version 1 */
    struct alc_bytes profile, contracts; /* JSON values with commas between */
};

void lnet_view_account(struct alc_jw *w, const struct lnet_account *a);
void lnet_view_account_fields(struct alc_jw *w, const struct lnet_account *a); /* its members */
void lnet_view_key(struct alc_jw *w, const struct alc_near_key *key);          /* a string */
void lnet_view_access(struct alc_jw *w, const struct alc_near_access *a);
/* lnet_view_access_plain: as state records and the actions in a delegate have it. */
void lnet_view_access_plain(struct alc_jw *w, const struct alc_near_access *a);
void lnet_view_action(struct alc_jw *w, const struct alc_near_action *a);
void lnet_view_tx(struct alc_jw *w, const struct alc_near_signed *s);
void lnet_view_receipt(struct alc_jw *w, const struct lnet_receipt *r);
/* lnet_view_status writes the ExecutionStatus alone. */
void lnet_view_status(struct alc_jw *w, const struct lnet_outcome *o);
void lnet_view_outcome(struct alc_jw *w, const struct lnet_outcome *o); /* OutcomeWithId */
void lnet_view_header(struct alc_jw *w, const struct lnet_chain *c, const struct lnet_block *b);
void lnet_view_chunk_header(struct alc_jw *w, const struct lnet_chain *c,
                            const struct lnet_block *b);
/* lnet_view_contract is what an account runs, as outcomes list it: null, {"local":hash}, ... */
void lnet_view_contract(struct alc_jw *w, const struct lnet_account *a);

#endif
