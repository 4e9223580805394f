/* tests/contract/calls.h — calling a contract natively by the names of its methods: what the tests
 * of all contracts share.  Which contract it is, the table `methods` says, which the test or its
 * support defines. */
#ifndef CALLS_H
#define CALLS_H

#include "tests/contract/fake_near.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MILLI ((near_u128)1000000000u * 1000000000000u) /* 0.001 NEAR */

struct method {
    const char *name;
    void (*entry)(void);
    enum near_kind kind;
};
#define METHODS_MAX 160u
extern const struct method methods[METHODS_MAX]; /* ends with a row without a name */

/* For a contract's list: its entries are declared, and are the rows of `methods`. */
#define METHOD_ENTRY(name, kind) NEAR_ENTRY(name);
#define METHOD_ROW(name, kind) {#name, near_entry_##name, NEAR_##kind},

/* Each fails the test when the contract does otherwise, or has no such method. */
const struct method *method_of(const char *name);
bool call(const char *method, struct alc_bytes args); /* false: it panicked */
void ok(const char *method, const char *args);
void ok_bytes(const char *method, struct alc_bytes args);
void panics(const char *phrase, const char *method, const char *args);
void panics_bytes(const char *phrase, const char *method, struct alc_bytes args);
void returns(const char *expected, const char *method, const char *args);
void result_is(const char *expected); /* of the last call */
void log_is(size_t i, const char *expected);

void as(const char *account); /* signer and predecessor from now on */

#endif
