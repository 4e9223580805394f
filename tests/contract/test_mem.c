/* tests/contract/test_mem.c — what sdk/contract supplies in place of a C library, against the real
 * one and the compiler's own 128-bit arithmetic. */
#define memcpy near_memcpy
#define memmove near_memmove
#define memset near_memset
#define memcmp near_memcmp
#define __multi3 near_multi3
#define __udivti3 near_udivti3
#define __umodti3 near_umodti3
#include "contract/mem.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t next(void)
{
    static uint64_t x = 88172645463325252u; /* xorshift64: the same numbers in every run */
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x;
}

/* Numbers of every length, with runs of ones and zeroes: where division goes wrong. */
static wide number(void)
{
    unsigned bits = (unsigned)(next() % 129);
    wide v = (wide)next() << 64 | next();
    if (next() % 4 == 0) v = ~(wide)0;
    if (next() % 4 == 0) v ^= (wide)next() << next() % 64;
    return bits == 0 ? 0 : v >> (128 - bits);
}

static void arithmetic_agrees_with_the_compiler(void **state)
{
    (void)state;
    for (int i = 0; i < 2000000; i++) {
        wide a = number(), b = number();
        assert_true(near_multi3(a, b) == a * b);
        if (b == 0) continue;
        assert_true(near_udivti3(a, b) == a / b);
        assert_true(near_umodti3(a, b) == a % b);
    }
}

static void bytes_move_as_they_should(void **state)
{
    uint8_t a[160], b[160], c[160];
    (void)state;
    for (int i = 0; i < 100000; i++) {
        size_t n = next() % 80, from = next() % 80, to = next() % 80;
        for (size_t k = 0; k < sizeof a; k++)
            a[k] = b[k] = (uint8_t)next();
        near_memmove(a + to, a + from, n);
        memmove(b + to, b + from, n);
        assert_memory_equal(a, b, sizeof a);
        near_memcpy(c + to, a + from, n);
        assert_memory_equal(c + to, a + from, n);
        near_memset(a + to, (int)from, n);
        memset(b + to, (int)from, n);
        assert_memory_equal(a, b, sizeof a);
        if (n > 0 && next() % 2 == 0) b[next() % n] ^= 1;
        assert_int_equal(near_memcmp(a, b, n) < 0, memcmp(a, b, n) < 0);
        assert_int_equal(near_memcmp(a, b, n) > 0, memcmp(a, b, n) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arithmetic_agrees_with_the_compiler),
        cmocka_unit_test(bytes_move_as_they_should),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
