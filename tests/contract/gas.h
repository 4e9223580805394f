/* tests/contract/gas.h — the main contract's ordinary days in NEAR's VM, and what each call burns.
 *
 * Shared by the test that holds the limits and the bench that prints the tables. */
#ifndef GAS_H
#define GAS_H

#include "tests/lib/vmhost.h"

struct gas_row {
    const char *name;
    uint64_t bare;   /* gas burnt in the VM, no trie nodes */
    uint64_t nodes;  /* the same with GAS_TRIE_NODES per write and removal */
    uint64_t limit;  /* of `bare`; 0: none was set */
    double outlayer; /* Tgas that OutLayer's binary burns for the same; 0: not known */
};

/* gas_ratio is what a call burns of what OutLayer's burns, without what the protocol takes for
 * yield_create or yield_resume from either; 0: not known. */
double gas_ratio(const struct gas_row *r);
#define GAS_RATIO_MAX 0.60

#define GAS_TRIE_NODES 10u /* a state of some thousand records */
#define GAS_ROWS_MAX 40u
#define GAS_VIEW_LIMIT 300u /* Ggas, of a view of a small record */

/* Each runs its day twice and fills rows[0..n); returns n.  What cannot go on aborts. */
typedef size_t gas_measure_fn(struct gas_row rows[GAS_ROWS_MAX]);
gas_measure_fn gas_measure;          /* executions */
gas_measure_fn gas_owner_measure;    /* gas_owner.c */
gas_measure_fn gas_rest_measure;     /* likewise */
gas_measure_fn gas_projects_measure; /* gas_project.c */
gas_measure_fn gas_secrets_measure;  /* gas_secret.c */
gas_measure_fn gas_policies_measure; /* gas_policy.c */
gas_measure_fn gas_money_measure;    /* gas_money.c */

/* All of the main contract's days; ends with NULL. */
extern gas_measure_fn *const gas_of_compute[];

/* What a record locks of the contract's balance, and what its deposit pays for. */
struct gas_size {
    const char *name;
    uint64_t bytes;
    uint64_t paid; /* 0: none is taken */
};
size_t gas_sizes(struct gas_size sizes[GAS_ROWS_MAX]); /* gas_size.c */

/* A day under way. */
struct gas_day {
    struct vmhost *h;
    struct gas_row *rows;
    size_t n;
    bool nodes; /* the second run, with trie nodes */
};

/* gas_days runs `day` twice, each time on a contract without state. */
size_t gas_days(struct gas_row rows[GAS_ROWS_MAX], void (*day)(struct gas_day *d));
/* gas_note keeps what a call burnt as a row; the limit is in Ggas.  A failed call aborts. */
void gas_note(struct gas_day *d, const char *name, const struct nearvm_outcome *o, uint64_t limit,
              double outlayer);
/* gas_pay calls as `who` (NULL: VMHOST_SIGNER) with 1 NEAR, more than any deposit here takes. */
const struct nearvm_outcome *gas_pay(struct gas_day *d, const char *who, const char *method,
                                     const char *args);
/* gas_new initialises the contract for VMHOST_SIGNER with VM_OPERATOR. */
const struct nearvm_outcome *gas_new(struct gas_day *d);
size_t gas_code_bytes(void); /* of compute.wasm */

#endif
