/* tests/contract/vm_calls.h — compiled contracts in NEAR's VM: what their tests begin with. */
#ifndef VM_CALLS_H
#define VM_CALLS_H

#include "tests/lib/vmhost.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COMPUTE_WASM ALC_BUILD_DIR "/contracts/compute.wasm"
#define REGISTER_WASM ALC_BUILD_DIR "/contracts/register.wasm"
#define SOURCE                                                                                     \
    "\"source\":{\"WasmUrl\":{\"url\":\"https://example.org/g.wasm\",\"hash\":"                    \
    "\"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\"}}"
#define MILLI ((__uint128_t)1000000000u * 1000000000000u) /* 0.001 NEAR */
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* The contract of a test that has one.  open_contract makes it a main contract of VMHOST_SIGNER,
 * c.test; open_compute one that `new` got these arguments for.  Both close the one before. */
extern struct vmhost *h;
void open_compute(const char *args);
int open_contract(void **state);
int close_contract(void **state);

/* Each fails the test when it is otherwise, must with what was done. */
const struct nearvm_outcome *must(const struct nearvm_outcome *o, const char *what);
void refused(const struct nearvm_outcome *o, const char *part); /* part of the sentence */
bool holds(struct alc_bytes in, const char *part);

double tgas(uint64_t gas);

#endif
