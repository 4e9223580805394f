/* An allocator that fails at the n-th call: programs that include this are linked with
 * -Wl,--wrap for malloc, calloc, realloc, strdup and vasprintf, so it is seen by our objects alone,
 * not by the libraries. */
#ifndef FAIL_ALLOC_H
#define FAIL_ALLOC_H

#include "base_test.h"

static long fail_at; /* 0: never; 1: the next call */
static bool did_fail;

static inline bool fails_now(void)
{
    if (fail_at == 0 || --fail_at > 0) return false;
    did_fail = true;
    return true;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
int __real_vasprintf(char **out, const char *fmt, va_list ap);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
int __wrap_vasprintf(char **out, const char *fmt, va_list ap);

void *__wrap_malloc(size_t n)
{
    return fails_now() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t n)
{
    return fails_now() ? NULL : __real_calloc(count, n);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails_now() ? NULL : __real_realloc(p, n);
}

char *__wrap_strdup(const char *s)
{
    return fails_now() ? NULL : __real_strdup(s);
}

int __wrap_vasprintf(char **out, const char *fmt, va_list ap)
{
    return fails_now() ? -1 : __real_vasprintf(out, fmt, ap);
}

/* each_allocation_failing(try) calls it with allocation 1, 2, 3 ... failing until none does.  `try`
 * returns a result: ALC_NOMEM while one fails (leaks are the sanitizer's to find), ALC_OK at last.
 */
static inline void each_allocation_failing(enum alc_rc (*try)(void))
{
    for (long n = 1; n < 1000; n++) {
        enum alc_rc rc;
        did_fail = false;
        fail_at = n;
        rc = try();
        fail_at = 0;
        if (!did_fail) {
            assert_int_equal(rc, ALC_OK);
            assert_true(n > 1); /* something was tried */
            return;
        }
        assert_int_equal(rc, ALC_NOMEM);
    }
    fail_msg("it allocates without end");
}

#endif
