/* tests/contract/gas.h — the main contract's ordinary day in NEAR's VM, and what each call burns.
 *
 * Shared by the test that holds the limits and the bench that prints the table. */
#ifndef GAS_H
#define GAS_H

#include <stddef.h>
#include <stdint.h>

struct gas_row {
    const char *name;
    uint64_t bare;   /* gas burnt in the VM, no trie nodes */
    uint64_t nodes;  /* the same with GAS_TRIE_NODES per write and removal */
    uint64_t limit;  /* of `bare`; 0: none was set */
    double outlayer; /* Tgas that OutLayer's binary burns for the same; 0: not known */
};

#define GAS_TRIE_NODES 10u /* a state of some thousand records */
#define GAS_ROWS_MAX 24u

/* gas_measure runs the day twice and fills rows[0..n); returns n.  What cannot go on aborts. */
size_t gas_measure(struct gas_row rows[GAS_ROWS_MAX]);
size_t gas_code_bytes(void); /* of compute.wasm */

#endif
