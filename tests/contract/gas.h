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

#define GAS_TRIE_NODES 10u /* a state of some thousand records */
#define GAS_ROWS_MAX 24u

/* Each runs its day twice and fills rows[0..n); returns n.  What cannot go on aborts. */
size_t gas_measure(struct gas_row rows[GAS_ROWS_MAX]);          /* executions */
size_t gas_projects_measure(struct gas_row rows[GAS_ROWS_MAX]); /* gas_project.c */
size_t gas_secrets_measure(struct gas_row rows[GAS_ROWS_MAX]);  /* gas_secret.c */
size_t gas_money_measure(struct gas_row rows[GAS_ROWS_MAX]);    /* gas_money.c */

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
/* gas_new initialises the contract for VMHOST_SIGNER with VM_OPERATOR. */
const struct nearvm_outcome *gas_new(struct gas_day *d);
size_t gas_code_bytes(void); /* of compute.wasm */

#endif
