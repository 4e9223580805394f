/* tests/contract/compute_calls.h — calling the main contract natively, and the usual way of a
 * request: what the tests of it share. */
#ifndef COMPUTE_CALLS_H
#define COMPUTE_CALLS_H

#include "tests/contract/fake_near.h"

#include "compute.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CODE_HASH "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define SOURCE                                                                                     \
    "\"source\":{\"WasmUrl\":{\"url\":\"https://example.org/g.wasm\",\"hash\":\"" CODE_HASH "\"}}"
#define LIMITS                                                                                     \
    "\"resource_limits\":{\"max_instructions\":1000000000,\"max_memory_mb\":128,"                  \
    "\"max_execution_seconds\":60}"
#define USED "\"resources_used\":{\"instructions\":5500000,\"time_ms\":120}"
#define MILLI ((near_u128)1000000000u * 1000000000000u) /* 0.001 NEAR */

#define ENTRY(name, kind) NEAR_ENTRY(name);
COMPUTE_METHODS(ENTRY)
#undef ENTRY

struct method {
    const char *name;
    void (*entry)(void);
    enum near_kind kind;
};
#define METHODS_MAX 160u
extern const struct method methods[METHODS_MAX]; /* ends with a row without a name */

/* Each fails the test when the contract does otherwise. */
bool call(const char *method, struct alc_bytes args); /* false: it panicked */
void ok(const char *method, const char *args);
void panics(const char *phrase, const char *method, const char *args);
void panics_bytes(const char *phrase, const char *method, struct alc_bytes args);
void returns(const char *expected, const char *method, const char *args);
void result_is(const char *expected); /* of the last call */
void log_is(size_t i, const char *expected);
void refunds(const char *account, near_u128 yocto); /* and makes no other receipt */

/* fmt prints into one of four buffers that take turns. */
const char *fmt(const char *format, ...) ALC_PRINTF(1, 2);
char *key_text(uint8_t byte); /* base58 of a key of 32 such bytes; four take turns */

void as(const char *account); /* signer and predecessor from now on */
int fresh(void **state);      /* a contract of owner.test with operator op.test */
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
