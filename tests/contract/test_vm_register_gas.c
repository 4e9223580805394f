/* tests/contract/test_vm_register_gas.c — what the register contract burns in NEAR's VM stays
 * within limits. */
#include "tests/contract/gas_register.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void every_call_stays_within_its_limit(void **state)
{
    struct gas_row rows[GAS_ROWS_MAX];
    bool real;
    size_t n = gas_register_measure(rows, &real);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        print_message("%-32s %6.3f Tgas, %6.3f with trie nodes\n", rows[i].name,
                      (double)rows[i].bare / 1e12, (double)rows[i].nodes / 1e12);
        if (rows[i].limit != 0) assert_in_range(rows[i].bare, 1, rows[i].limit);
    }
    if (!real) print_message("skipped: the rows of the sample quote, which is not here\n");
}

static void the_code_is_small(void **state)
{
    (void)state;
    print_message("register.wasm %zu bytes, register-software.wasm %zu bytes\n",
                  gas_register_code_bytes(), gas_register_software_code_bytes());
    assert_in_range(gas_register_code_bytes(), 1, 64 * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_stays_within_its_limit),
        cmocka_unit_test(the_code_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
