/* tests/contract/compute_calls.h — calling the main contract natively, and the usual way of a
 * request: what the tests of it share. */
#ifndef COMPUTE_CALLS_H
#define COMPUTE_CALLS_H

#include "tests/contract/calls.h"

#include "compute.h"

#define CODE_HASH "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define SOURCE                                                                                     \
    "\"source\":{\"WasmUrl\":{\"url\":\"https://example.org/g.wasm\",\"hash\":\"" CODE_HASH "\"}}"
#define LIMITS                                                                                     \
    "\"resource_limits\":{\"max_instructions\":1000000000,\"max_memory_mb\":128,"                  \
    "\"max_execution_seconds\":60}"
#define USED "\"resources_used\":{\"instructions\":5500000,\"time_ms\":120}"

COMPUTE_METHODS(METHOD_ENTRY)

void refunds(const char *account, near_u128 yocto); /* and makes no other receipt */

/* fmt prints into one of four buffers that take turns. */
const char *fmt(const char *format, ...) ALC_PRINTF(1, 2);
char *key_text(uint8_t byte); /* base58 of a key of 32 such bytes; four take turns */

int fresh(void **state); /* a contract of owner.test with operator op.test */
int done(void **state);

/* The last request: the yield it waits in and what was announced, which the callback gets. */
struct asked {
    struct alc_hash data_id;
    char *request_data;
};
extern struct asked last;

void ask(const char *more); /* of alice.test, 0.1 NEAR, `more` behind source and limits */
void keep_yield(void);      /* makes what the last call yielded `last` */
void wake(void);            /* runs the callback with what the last call resumed it with */
void answer(uint64_t id, const char *response); /* resolve_execution, then wake */

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, done)

#endif
