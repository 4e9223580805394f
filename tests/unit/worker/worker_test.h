/* tests/unit/worker/worker_test.h — what the tests of the worker's inner files share. */
#ifndef WORKER_TEST_H
#define WORKER_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "worker/parts.h"

static inline struct alc_bytes bytes(const char *s)
{
    return alc_cstr(s);
}

#endif
