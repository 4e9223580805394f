/* contracts/compute/secret.h — secrets: ciphertexts that the keystore opens for whom their
 * condition admits, each under (owner, accessor, profile).  Payment keys are secrets too.
 *
 * A secret's record, in table "S" (table.h) under its three names, listed by its owner:
 *
 *   flags u8 | created u64 [ | updated u64 ] | deposit u32 | profile u8+ [ | what u16+ ]
 *   [ | branch u8+ ] [ | vault u8+ ] | access u32+ | ciphertext, to the end
 *
 * Times are nanoseconds; the deposit is in bytes, whose price never changes.  What a secret locks
 * of the contract's balance is never more than what the interface's formula has its payer deposit.
 */
#ifndef COMPUTE_SECRET_H
#define COMPUTE_SECRET_H

#include "call.h"
#include "condition.h"
#include "table.h"

enum accessor_kind { ACCESSOR_REPO, ACCESSOR_WASM_HASH, ACCESSOR_PROJECT, ACCESSOR_PAYMENT_KEY };

/* What a secret is for. */
struct accessor {
    enum accessor_kind kind;
    struct alc_bytes what;   /* repo, hash, project_id; of a payment key p NULL */
    struct alc_bytes branch; /* of a repo; p NULL: none */
};

/* Where a secret lies.  The bytes are borrowed. */
struct secret_id {
    struct accessor accessor;
    struct alc_bytes profile;
    struct alc_bytes owner;
};

struct secret {
    struct secret_id id;
    uint64_t created;        /* ns; both start again with every store */
    uint64_t updated;        /* and are kept as they lie here */
    uint32_t deposit;        /* bytes that were paid for */
    struct alc_bytes vault;  /* the account it is bound to; p NULL: none */
    struct alc_bytes access; /* the condition as compact JSON */
    struct alc_bytes ciphertext;
    uint32_t position; /* the table's */
};

/* secret_load fills *s, whose bytes are borrowed until the next load and from *id; false: there is
 * no such secret. */
ALC_MUST bool secret_load(struct secret *s, const struct secret_id *id);
/* secret_put adds a secret, or changes one that secret_load gave (`old`). */
void secret_put(struct secret *s, bool old);
/* secret_remove takes away a secret that secret_load gave, with its binding, and sends its deposit
 * to `refund_to`. */
void secret_remove(const struct secret *s, struct alc_bytes refund_to);
/* secret_under is secret_load of one whose key is known. */
#define SECRETS_TABLE 'S'
ALC_MUST bool secret_under(struct secret *s, const struct table_key *k, struct alc_bytes owner);
/* secret_bytes is what the interface has a secret cost; `vault` and `access` count, times do not.
 */
uint64_t secret_bytes(const struct secret *s);

/* payment_key_id is where the payment key `nonce` of `owner` lies; its profile is borrowed until
 * the next one. */
struct secret_id payment_key_id(struct alc_bytes owner, uint32_t nonce);
/* profile_nonce reads a profile as a payment key's nonce; false: it is none, or above 2^32-1. */
ALC_MUST bool profile_nonce(uint32_t *nonce, struct alc_bytes profile);

/* secret_must_load panics with `phrase` where secret_load finds none. */
void secret_must_load(struct secret *s, const struct secret_id *id, const char *phrase);

/* A method's call.  secret_named reads its arguments, in their canonical form; secret_begin also
 * loads the state and names the caller as the owner.  There is one call at a time. */
struct secret_call {
    struct secret s; /* vault p NULL: none was named */
    struct condition access;
    struct alc_bytes agent_key, signature;
};
struct secret_call *secret_named(const struct near_field *fields, size_t n);
struct secret_call *secret_begin(const struct near_field *fields, size_t n);
/* secret_store is store_secrets behind its arguments: every check, the deposit, which the caller
 * pays, and the record of c->s.id.owner. */
void secret_store(struct secret_call *c);

/* Tables of such arguments.  Those of store_agent_secret without first and last are those of
 * store_secrets, whose first two name a secret. */
#define AGENT_STORE_FIELDS 7u
#define AGENT_DELETE_FIELDS 4u
#define SECRET_VIEW_FIELDS 6u
#define SECRET_KEY_FIELDS 3u /* the first ones of a view */
extern const struct near_field agent_store_fields[AGENT_STORE_FIELDS];
extern const struct near_field agent_delete_fields[AGENT_DELETE_FIELDS];
extern const struct near_field secret_view_fields[SECRET_VIEW_FIELDS];

void read_accessor(struct near_json *j, void *out); /* struct accessor */
void out_accessor(struct near_out *o, const struct accessor *a);
/* secret_canonical gives *id its canonical form, which comes before anything is done with it. */
void secret_canonical(struct secret_id *id);

#endif
