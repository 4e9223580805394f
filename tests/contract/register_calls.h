/* tests/contract/register_calls.h — calling the register contract natively: what its tests share.
 *
 * The contract lives on op.test, belongs to owner.test, serves compute.test, and init.test
 * registers keys; its block time is WORLD_S. */
#ifndef REGISTER_CALLS_H
#define REGISTER_CALLS_H

#include "tests/contract/fake_near.h"
#include "tests/contract/register_world.h"

#include "register.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MILLI ((near_u128)1000000000u * 1000000000000u) /* 0.001 NEAR */
#define NAMES                                                                                      \
    "\"owner_id\":\"owner.test\",\"init_worker_account\":\"init.test\","                           \
    "\"outlayer_contract_id\":\"compute.test\""

#define ENTRY(name, kind) NEAR_ENTRY(name);
REGISTER_METHODS(ENTRY)
#undef ENTRY

struct method {
    const char *name;
    void (*entry)(void);
    enum near_kind kind;
};
extern const struct method methods[]; /* ends with a row without a name */

/* Each fails the test when the contract does otherwise. */
bool call(const char *method, struct alc_bytes args); /* false: it panicked */
void ok(const char *method, const char *args);
void ok_bytes(const char *method, struct alc_bytes args);
void panics(const char *phrase, const char *method, const char *args);
void panics_bytes(const char *phrase, const char *method, struct alc_bytes args);
void returns(const char *expected, const char *method, const char *args);
void returned_has(const char *part); /* in what the last call returned */
void logged(const char *part);       /* by the last call, in one line */

void as(const char *account); /* predecessor from now on */

/* Groups: world_setup and world_teardown around all tests of a program. */
int world_setup(void **state);
int world_teardown(void **state);
int fresh(void **state);           /* Intel's root alone */
int fresh_simulated(void **state); /* and the simulated one, its set put, its TD approved */
int done(void **state);

/* register_worker_key of a key of bytes `byte`, as init.test. */
const char *register_args(uint8_t byte, struct alc_bytes quote, const char *more);
void registers(uint8_t byte); /* with the usual quote */
/* on_key_added for the key, as the receipt's outcome says. */
void key_added(uint8_t byte, bool success);

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, done)
#define SIM_TEST(name) cmocka_unit_test_setup_teardown(name, fresh_simulated, done)

#endif
