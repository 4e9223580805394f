/* tests/contract/register_calls.h — calling the register contract natively: what its tests share.
 *
 * The contract lives on op.test, belongs to owner.test, serves compute.test, and init.test
 * registers keys; its block time is WORLD_S. */
#ifndef REGISTER_CALLS_H
#define REGISTER_CALLS_H

#include "tests/contract/calls.h"
#include "tests/contract/register_world.h"

#include "register.h"

#define NAMES                                                                                      \
    "\"owner_id\":\"owner.test\",\"init_worker_account\":\"init.test\","                           \
    "\"outlayer_contract_id\":\"compute.test\""

REGISTER_METHODS(METHOD_ENTRY)

/* Each fails the test when the contract does otherwise. */
void returned_has(const char *part); /* in what the last call returned */
void logged(const char *part);       /* by the last call, in one line */

/* Groups have world_setup and world_teardown around them. */
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
