/* contracts/compute/condition.h — who may have a secret.  The contract keeps a condition, as
 * compact JSON in the interface's order of keys, and the keystore judges by it.
 *
 * Any tree is read in one pass: as deep as JSON may nest here, which is 63 conditions within each
 * other. */
#ifndef COMPUTE_CONDITION_H
#define COMPUTE_CONDITION_H

#include "values.h"

struct condition {
    struct alc_bytes text; /* borrowed until the next one is read */
    uint32_t patterns;     /* AccountPattern leaves */
    uint32_t asks;         /* leaves that ask the chain */
    uint32_t bad_hashes;   /* WasmHash leaves that name no SHA-256 */
    uint32_t empty;        /* Logic nodes that hold nothing */
    uint64_t pattern_bytes;
};

void read_condition(struct near_json *j, void *out); /* struct condition */

/* condition_check panics with the first bound that the condition breaks. */
void condition_check(const struct condition *c);

#endif
